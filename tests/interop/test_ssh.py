# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenSSH with the module: ssh-keygen -D, ssh by PKCS11Provider, its own agent with ssh-add -s, and a
server sshd. The recipe is docs/recipes/ssh.md; keycask's agent is another matter."""
import contextlib
import os

from scene import *

MODULE = "/usr/lib/x86_64-linux-gnu/pkcs11/keycask-pkcs11.so"
SSHD_FOLDER = pathlib.Path("/run/sshd")


class Sshd:
    """An sshd of the scene's, which lets in whoever has a key of its authorized keys."""

    def __init__(self, scene, *identities):
        self.scene = scene
        self.port = free_port()
        self.keys = [self.public(identity) for identity in identities]

    def public(self, identity):
        """As ssh writes it."""
        return self.scene.run("ssh-keygen", "-i", "-m", "PKCS8", "-f", identity.public)[0].decode()

    def __enter__(self):
        scene = self.scene
        # which other tests' servers need at the same time, so that nobody removes it
        SSHD_FOLDER.mkdir(mode=0o755, exist_ok=True)
        scene.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", scene.work / "host")
        authorized = scene.write("authorized_keys", "".join(self.keys))
        config = scene.write("sshd_config", f"""
ListenAddress 127.0.0.1:{self.port}
HostKey {scene.work}/host
AuthorizedKeysFile {authorized}
AuthenticationMethods publickey
PermitRootLogin yes
PidFile none
StrictModes no
UsePAM no
""")
        host = (scene.work / "host.pub").read_text().split()
        known = scene.write("known_hosts", f"[www.example.org]:{self.port} {host[0]} {host[1]}\n")
        self.options = (f"-o UserKnownHostsFile={known} -o PreferredAuthentications=publickey "
                        f"-p {self.port}")
        self.process = scene.start("/usr/sbin/sshd", "-D", "-e", "-f", config)
        await_port(self.port, self.process)
        return self

    def __exit__(self, kind, *_):
        self.scene.end(self.process, kind)

    def recipe(self, identity):
        return self.scene.recipe("ssh", {
            MODULE: self.scene.module, "'Jo'": f"'{self.public(identity).split()[1]}'",
            "ssh -o": f"ssh {self.options} -o", "ssh -F": f"ssh {self.options} -F",
            "IdentityFile": "IdentityFile", " www.example.org true": " root@www.example.org true"})

    def login(self, *options):
        """The recipe's, as a command of its own."""
        return ("ssh", *self.options.split(), *options, "-o", "IdentityFile=me.pub", "-o",
                "IdentitiesOnly=yes", "root@www.example.org", "true")

    def logins(self):
        """Who came in, by the server's word."""
        return self.process.log.read_text().count("Accepted publickey")


@contextlib.contextmanager
def agent(scene, pin=PIN):
    """OpenSSH's, and somebody who types the PIN for ssh-add."""
    path = scene.work / "agent.sock"
    process = scene.start("ssh-agent", "-D", "-a", path)
    eventually(path.exists, "ssh-agent listens")
    answer = scene.write("askpass", f"#!/bin/sh\necho {pin}\n")
    answer.chmod(0o700)
    scene.env.update(SSH_AUTH_SOCK=str(path), SSH_ASKPASS=str(answer),
                     SSH_ASKPASS_REQUIRE="force")
    yield process
    scene.end(process)


@contextlib.contextmanager
def machine():
    """A scene with a server."""
    skip_unless(os.geteuid() == 0, "sshd needs root")
    with Scene() as scene:
        roles = ("card", "card ec", "software", "software ec")
        with Sshd(scene, *(scene.identities[role] for role in roles)) as sshd:
            yield scene, sshd


@test(seconds=PATIENT)
def ssh_logs_in_by_the_module():
    with machine() as (scene, sshd):
        for role in ("card", "card ec", "software", "software ec"):
            steps = sshd.recipe(scene.identities[role])
            before = sshd.logins()
            steps.run("See the keys", "Log in")
            check_equal(sshd.logins() - before, 2, f"logins with {role}")
        listed = (scene.work / "all.pub").read_text()
        for identity in scene.identities.values():
            check(sshd.public(identity).split()[1] in listed, f"no key {identity.name}")


@test(seconds=PATIENT)
def openssh_s_agent_takes_the_module():
    with machine() as (scene, sshd), agent(scene):
        for identity in scene.clients():
            before = sshd.logins()
            sshd.recipe(identity).run("See the keys", "With OpenSSH's agent")
            check_equal(sshd.logins() - before, 1, "logins")


@test(seconds=PATIENT)
def a_card_that_is_away_is_told_and_works_again():
    with machine() as (scene, sshd):
        steps = sshd.recipe(scene.identities["card"])
        steps.run("See the keys", "Log in")
        scene.pull()
        login = sshd.login("-o", f"PKCS11Provider={scene.module}")
        said = scene.run(*login, status=255)[1].decode()
        check("Permission denied" in said, f"what is wrong? {said}")
        software = sshd.recipe(scene.identities["software"])
        software.run("See the keys", "Log in")
        scene.insert()
        steps.run("See the keys", "Log in")


@test(seconds=PATIENT)
def a_card_pulled_while_it_is_wanted_ends_ssh():
    with machine() as (scene, sshd):
        steps = sshd.recipe(scene.identities["card"])
        steps.run("See the keys")
        scene.person.pin = None
        process = steps.start("See the keys", "Log in")
        scene.person.await_question()
        scene.pull()
        check(process.wait(60) != 0, "ssh is content")
        scene.person.pin = PIN
        scene.insert()
        steps.run("See the keys", "Log in")


@test(seconds=PATIENT)
def an_agent_goes_on_when_the_card_was_away():
    with machine() as (scene, sshd), agent(scene):
        steps = sshd.recipe(scene.identities["card"])
        login = sshd.login()
        steps.run("See the keys")
        scene.run("ssh-add", "-s", scene.module)
        scene.run(*login)
        scene.pull()
        said = scene.run(*login, status=255)[1].decode()
        check("refused operation" in said, f"what is wrong? {said}")
        scene.insert()
        scene.run("ssh-add", "-e", scene.module)
        scene.run("ssh-add", "-s", scene.module)
        scene.run(*login)


main()
