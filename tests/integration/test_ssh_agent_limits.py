# SPDX-License-Identifier: LGPL-2.1-or-later
"""What keys may be used for: destinations, confirmation, lifetimes, the lock; of keys that ssh-add
brings, of those on tokens and in the keychain, of every type."""
import json
import os

from keycask_test import *
from made_keys import MadeKey, add_key
from ssh_scene import *
from prompt_scene import PINENTRY, adopt
from terminal import Terminal

KINDS = ("ed25519", "p256", "p384", "p521", "rsa")


def forwarded(agent, ssh, first, inner):
    """Log in to first, and from there with the forwarded agent to inner: its logins so far."""
    run(*ssh.command("-A", first.name, " ".join(map(str, ssh.command(inner.name, "true")))),
        env=agent.env, status=None)
    return len(inner.accepted())


@test
def ssh_add_brings_keys_and_takes_them_away():
    with SshDaemon() as daemon:
        agent = Agent(daemon)
        authority = make_key(name="authority")
        for kind in KINDS:
            key = make_key(kind, name=f"added-{kind}")
            run("ssh-keygen", "-q", "-s", authority, "-I", "jo", "-n", USER, f"{key}.pub")
            agent.add(key)
            check_equal(len(agent.keys()), 2, f"{kind} with its certificate")
            agent.run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", f"{key}.pub", f"{key}.pub")
            (scratch() / "allowed").write_text(f"jo {pathlib.Path(f'{key}.pub').read_text()}")
            agent.run("ssh-keygen", "-Y", "verify", "-n", "file", "-f", scratch() / "allowed", "-I",
                      "jo", "-s", f"{key}.pub.sig", input=pathlib.Path(f"{key}.pub").read_bytes())
            agent.add("-d", key)
            check_equal(agent.keys(), [], "keys")
        for kind in KINDS:
            agent.add(scratch() / f"added-{kind}")
        check_equal(len(agent.keys()), 2 * len(KINDS), "keys")
        with Host("host", options=[f"TrustedUserCAKeys {authority}.pub"]) as host:
            Ssh(agent, host).run(host.name, "true")
            check("-CERT" in host.accepted()[0], "it is a certificate")
        agent.add("-D")
        check_equal(agent.keys(), [], "keys")


@test
def removing_all_forgets_the_pin_and_leaves_the_card():
    with SshDaemon() as daemon, present(daemon, "piv:9a=p256"):
        agent = Agent(daemon)
        agent.add(make_key())
        check_equal(len(agent.keys()), 2, "keys")
        agent.add("-D")
        check_equal(len(agent.keys()), 1, "keys")
        agent.add("-d", agent.public("PIV Authentication"), status=1)
        check_equal(len(agent.keys()), 1, "keys")
        check("ssh-add has not brought this key" in daemon.read_log(), "the log says why")


@test
def a_lifetime_ends():
    with SshDaemon() as daemon:
        agent = Agent(daemon)
        key = make_key()
        agent.add("-t", "3600", key)
        check_equal(len(agent.keys()), 1, "keys")
        agent.add("-t", "1", key)
        eventually(lambda: not agent.keys(), "the key is gone")


@test
def a_locked_agent_shows_nothing():
    with SshDaemon() as daemon, Terminal() as terminal:
        agent = Agent(daemon)
        agent.add(make_key())
        public = agent.public("ed25519")

        def lock(option, password):
            process = start("ssh-add", option, env={**agent.env, "SSH_ASKPASS_REQUIRE": "never"},
                            preexec_fn=lambda: adopt(terminal))
            for prompt in ("assword:", "Again:")[:2 if option == "-x" else 1]:
                terminal.read_until(prompt)
                terminal.type(password + "\n")
            return process.wait(20)

        check_equal(lock("-x", "secret"), 0, "exit status")
        check_equal(agent.keys(), [], "keys")
        agent.add(make_key(), status=1)
        with Wire(agent) as wire:
            check_equal(wire.ask(b"\x0d" + string(blob_of(public)) + string("x") + b"\0\0\0\0")[0], 5,
                        "answer")
        check(lock("-X", "wrong") != 0, "another password does not open it")
        check_equal(agent.keys(), [], "keys")
        check_equal(lock("-X", "secret"), 0, "exit status")
        check_equal(len(agent.keys()), 1, "keys")


@test
def destinations_hold_for_keys_of_ssh_add():
    with SshDaemon() as daemon:
        agent = Agent(daemon)
        key = make_key()
        publics = [f"{key}.pub"]
        with Host("first.example", publics) as first, Host("inner.example", publics) as inner, \
                Host("other.example", publics) as other:
            ssh = Ssh(agent, first, inner, other)
            agent.add("-H", ssh.known, "-h", "first.example", "-h",
                      f"first.example>{USER}@inner.example", key)
            ssh.run("other.example", "true", status=255)
            ssh.run("inner.example", "true", status=255)
            check_equal(forwarded(agent, ssh, first, inner), 1, "logins")
            check_equal(forwarded(agent, ssh, first, other), 0, "logins")
            agent.add("-D")
            agent.add("-H", ssh.known, "-h", "first.example", "-h",
                      "first.example>somebody@inner.example", key)
            check_equal(forwarded(agent, ssh, first, inner), 1, "logins")
            # a jump goes by way of a host without giving it the agent
            agent.add("-D")
            agent.add("-H", ssh.known, "-h", "first.example", "-h", "inner.example", key)
            jump = " ".join(map(str, ssh.command("-W", "%h:%p", "first.example")))
            ssh.run("-o", f"ProxyCommand={jump}", "inner.example", "true")
            check_equal(len(inner.accepted()), 2, "logins")
            check_equal(forwarded(agent, ssh, first, inner), 2, "logins")


@test
def destinations_hold_for_cards_and_the_keychain():
    """T15: wherever a key is. Each type of key and each constraint is in test_ssh_limits.c."""
    with SshDaemon() as daemon, present(daemon, "piv:9e=p256"):
        agent = Agent(daemon)
        with daemon.connect() as connection:
            add_key(connection, MadeKey("rsa2048"), label="software")
        publics = [agent.public(part) for part in ("Card Authentication", "software")]
        with Host("first.example", publics) as first, Host("other.example", publics) as other:
            ssh = Ssh(agent, first, other, hashed=True)
            for part, public in zip(("Card Auth", "software"), publics):
                agent.command("restrict", part, "--to", f"{USER}@first.example")
                only = ("-o", "IdentitiesOnly=yes", "-i", public)
                ssh.run(*only, "first.example", "true")
                ssh.run(*only, "other.example", "true", status=255)
                # neither a file, nor a login that was not bound to the connection
                agent.run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", public, ssh.config,
                          status=255)
                agent.command("restrict", part, "--to", "nobody@first.example")
                ssh.run(*only, "first.example", "true", status=255)
                agent.command("allow", part)
                ssh.run(*only, "other.example", "true")
            check_equal(len(first.accepted()), 2, "logins")
            check_equal(len(other.accepted()), 2, "logins")


@test
def restrictions_are_shown_and_taken_back():
    with SshDaemon() as daemon, present(daemon, "piv:9e=p256"):
        agent = Agent(daemon)
        path = daemon.directory / "config" / "ssh-agent.json"
        agent.command("restrict", "Card", "--hide", "--confirm", "--lifetime", "2h")
        check_equal(agent.keys(), [], "keys")
        shown, _ = agent.command("list")
        check("hidden" in shown and "each use is to be allowed" in shown and "until 2" in shown, shown)
        listed = json.loads(agent.command("list", "--json")[0])
        check_equal(listed[0]["limits"]["hidden"], True, "limits")
        agent.command("restrict", listed[0]["fingerprint"], "--lifetime", "1")
        eventually(lambda: not agent.keys(), "the time is over")
        check("not any more since" in agent.command("list")[0], "it is told")
        agent.command("allow", listed[0]["fingerprint"])
        check_equal(len(agent.keys()), 1, "keys")
        check_equal(json.loads(path.read_text()), {}, "settings")
        for words, said in ((("--to", "unknown.example"), "known_hosts has no key"),
                            (("--to", "a>b>c"), "is no destination"), (("--to", "@"), "no destination"),
                            (("--lifetime", "soon"), "is no time"), ((), "restricted to what?")):
            check(said in agent.command("restrict", "Card", *words, status=1)[1], said)
        # what cannot be understood forbids everything
        for text in ("{", "[]", '{"SHA256:x": {"confirm": "yes"}}', '{"SHA256:x": {"onfirm": true}}',
                     '{"SHA256:x": {"to": ["host"]}}', '{"SHA256:x": {"constraints": "AAAA"}}'):
            path.write_text(text)
            check_equal(agent.keys(), [], f"keys with {text}")
        path.write_text("{}")
        check_equal(len(agent.keys()), 1, "keys")
        path.chmod(0o666)
        check_equal(agent.keys(), [], "keys when anybody can write the settings")


@test
def each_use_is_confirmed():
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    with SshDaemon(settings={"pinentry": PINENTRY}) as daemon, present(daemon, "piv:9e=p256"), \
            Terminal() as terminal:
        agent = Agent(daemon)
        agent.add("-c", make_key(name="added"))
        agent.command("restrict", "Card", "--confirm")
        for part in ("added", "Card Authentication"):
            public = agent.public(part)
            for answer, status in (("a", 0), ("d", 255)):
                process = start("ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", public, public,
                                env=agent.env, preexec_fn=lambda: adopt(terminal))
                shown = terminal.read_until("eny")
                check("each use is to be allowed" in shown and 'sign data for "git"' in shown, shown)
                terminal.type(answer + "\n")
                check_equal(process.wait(20), status, "exit status")
                if status == 0:
                    os.unlink(f"{public}.sig")


main()
