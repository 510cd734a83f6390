# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/recipes/ssh-agent.md, against a real sshd."""
import pathlib
import sys

from keycask_test import SOURCE, check, check_equal, main, program, run, scratch, test
from ssh_scene import Agent, Host, Ssh, SshDaemon, make_key

sys.path.append(str(SOURCE / "tests" / "interop"))
from recipe import Recipe  # noqa: E402


class Bench:
    """Where a recipe is run."""

    def __init__(self, agent):
        self.work = scratch() / "work"
        self.work.mkdir()
        # no agent yet, and what it types is found
        self.env = {**agent.env, "SSH_AUTH_SOCK": "",
                    "PATH": f"{pathlib.Path(program('keycask')).parent}:{agent.env['PATH']}"}

    def run(self, *command):
        return b"".join(run(*command, cwd=self.work, env=self.env)).decode()


@test
def a_key_that_is_there_is_brought():
    with SshDaemon() as daemon:
        agent = Agent(daemon)
        bench = Bench(agent)
        paths = [make_key("ed25519", name=".ssh/id_ed25519"), make_key("rsa", name=".ssh/id_rsa")]
        run("ssh-keygen", "-q", "-p", "-P", "", "-N", "a passphrase", "-f", paths[1])
        typist = scratch() / "typist"
        typist.write_text("#!/bin/sh\necho a passphrase\n")
        typist.chmod(0o700)
        bench.env.update(SSH_ASKPASS=str(typist), SSH_ASKPASS_REQUIRE="force")
        recipe("ssh-agent", bench, {}).run("Bring the key that you have")
        check_equal(sorted(line.split()[1] for line in agent.keys()),
                    sorted(path.with_suffix(".pub").read_text().split()[1] for path in paths),
                    "keys that the agent offers")


def recipe(name, bench, words):
    return Recipe(bench, name, words)


@test
def the_recipe_holds():
    with SshDaemon() as daemon, Host("www.example.org") as host:
        agent = Agent(daemon)
        ssh = Ssh(agent, host)
        before = ssh.config.read_bytes()
        bench = Bench(agent)
        (bench.work / "letter.txt").write_text("a letter\n")
        command = f"ssh -F {ssh.config} "  # it does not go by HOME
        steps = recipe("ssh-agent", bench, {"ssh www": f"{command}www", "ssh -o": f"{command}-o"})
        said = steps.run("Have ssh ask it", "Make a key", "Show the public key")
        check("ssh asks keycask's agent" in said and "ssh-ed25519 " in said, said)
        (host.folder / "authorized").write_text((bench.work / "me.pub").read_text())
        bench.env["SSH_AUTH_SOCK"] = agent.path
        steps.run("Log in")
        check_equal(len(host.accepted()), 2, "logins")
        said = steps.run("Say what a key may be used for")
        check("www.example.org" in said, said)
        check("Good \"file\" signature" in steps.run("Sign a file"), "the file")
        steps.run("Take it back")
        check_equal(ssh.config.read_bytes(), before, "ssh's settings")
        home = pathlib.Path(agent.env["HOME"])
        check(not list(home.glob(".config/environment.d/*")), "something is left")


main()
