# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ssh-agent with real OpenSSH: which keys it offers, logins, signatures of files, certificates,
cards that come and go, and what becomes of it when processes die."""
import os
import pathlib
import signal
import socket
import sys

from keycask_test import *
from made_keys import MadeAuthority, MadeKey, add, add_key, b64, der_of
from ssh_scene import *
from prompt_scene import PINENTRY, adopt
from terminal import Terminal

FREE = "piv:9e=p256"  # a key that wants no PIN


@test
def suitable_keys_are_offered():
    authority = MadeAuthority()
    with SshDaemon() as daemon:
        agent = Agent(daemon)
        check_equal(agent.keys(), [], "keys")
        with daemon.connect() as connection:
            for kind in ("rsa2048", "P-256", "P-384", "P-521", "ed25519", "x25519", "rsa1024"):
                add_key(connection, MadeKey(kind), label=f"label of {kind}")
            for kind, extension in (("encrypts", "keyUsage=keyEncipherment"),
                                    ("certifies", "keyUsage=keyCertSign"),
                                    ("signs", "keyUsage=digitalSignature")):
                key = MadeKey("rsa2048")
                add_key(connection, key, label=kind)
                add(connection, **{"class": "certificate"},
                    value_data=b64(der_of(authority.issue(key, kind, extension))))
        comments = [f"label of {kind} (keychain)"
                    for kind in ("rsa2048", "P-256", "P-384", "P-521", "ed25519")]
        check_equal(sorted(agent.comments()), sorted([*comments, "signs (keychain)"]), "comments")
        with present(daemon, "piv:9a=rsa2048,9d=rsa2048,9e=p256") as card:
            token = daemon.call("Tokens.List")["tokens"][0]["label"]
            offered = agent.comments()
            check_equal(len(offered), 8, "keys")
            check_equal(sorted(offered[:2]), [f"Key For Card Authentication ({token})",
                                              f"Key For PIV Authentication ({token})"],
                        "those of tokens are first, by names that somebody knows")
            card.pull()
            daemon.wait_for_removal()
            check_equal(len(agent.keys()), 6, "keys")


@test
def a_comment_is_one_line_that_nobody_reorders():
    with SshDaemon() as daemon:
        with daemon.connect() as connection:
            add_key(connection, MadeKey("ed25519"), label="one\nssh-rsa AAAA \u202eowt")
        comments = Agent(daemon).comments()
        check_equal(len(comments), 1, f"lines of {comments}")
        check("\u202e" not in comments[0] and comments[0].endswith("owt (keychain)"), comments[0])


@test
def a_locked_keychain_hides_no_card():
    with SshDaemon(settings={"keychain_password_cost": 14}) as daemon, present(daemon, FREE):
        agent = Agent(daemon)
        with daemon.connect() as connection:
            add_key(connection, MadeKey("ed25519"), label="of the keychain")
        check_equal(len(agent.keys()), 2, "keys")
        (scratch() / "password").write_text("password\n")
        with open(scratch() / "password", "rb") as password:
            daemon.cli("passwd", "--new-password-fd", password.fileno(), pass_fds=[password.fileno()])
        daemon.cli("lock")
        check_equal(len(agent.keys()), 1, "keys")
        agent.run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", agent.public("Card Auth"),
                  scratch() / "password")


@test
def each_kind_of_key_logs_in():
    with SshDaemon() as daemon, present(daemon, FREE):
        agent = Agent(daemon)
        with daemon.connect() as connection:
            for kind in ("rsa2048", "P-384", "P-521", "ed25519"):
                add_key(connection, MadeKey(kind), label=kind)
        for kind in ("rsa2048", "P-384", "P-521", "ed25519", "Card Authentication"):
            public = agent.public(kind)
            with Host(f"host{public.stem}", [public]) as host:
                ssh = Ssh(agent, host)
                out, _ = ssh.run(host.name, "echo inside")
                check_equal(out, "inside\n", "output")
                # the next one is offered this key first
                check_equal(len(host.accepted()), 1, "logins")


@test
def files_are_signed_and_verified():
    with SshDaemon() as daemon, present(daemon, FREE):
        agent = Agent(daemon)
        with daemon.connect() as connection:
            add_key(connection, MadeKey("rsa2048"), label="rsa")
            add_key(connection, MadeKey("ed25519"), label="ed")
        message = scratch() / "message"
        message.write_text("what is signed")
        for part in ("Card Authentication", "rsa (", "ed ("):
            public = agent.public(part)
            agent.run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", public, message)
            (scratch() / "allowed").write_text("jo " + public.read_text())
            agent.run("ssh-keygen", "-Y", "verify", "-n", "file", "-f", scratch() / "allowed", "-I",
                      "jo", "-s", f"{message}.sig", input=message.read_bytes())
            os.unlink(f"{message}.sig")


@test
def sha1_is_refused():
    with SshDaemon() as daemon:
        agent = Agent(daemon)
        with daemon.connect() as connection:
            add_key(connection, MadeKey("rsa2048"), label="rsa")
        blob = blob_of(agent.public("rsa ("))
        with Wire(agent) as wire:
            for flags, kind in ((b"\0\0\0\2", b"rsa-sha2-256"), (b"\0\0\0\4", b"rsa-sha2-512")):
                answer, content = wire.ask(b"\x0d" + string(blob) + string("data") + flags)
                check_equal((answer, kind in content), (14, True), "answer")
            answer, _ = wire.ask(b"\x0d" + string(blob) + string("data") + b"\0\0\0\0")
            check_equal(answer, 5, "answer")
        check("SHA-1: refused" in daemon.read_log(), "the log says why")


@test
def modules_are_refused():
    with SshDaemon() as daemon:
        agent = Agent(daemon)
        agent.add("-s", "/usr/lib/libz.so", status=1, env={"SSH_ASKPASS_REQUIRE": "never"})
        with Wire(agent) as wire:
            for kind in (b"\x14", b"\x15", b"\x1a"):
                check_equal(wire.ask(kind + string("/lib/x.so") + string("1234"))[0], 5, "answer")
        check("loads no PKCS#11 module" in daemon.read_log(), "the log says why")


@test
def certificates_of_an_authority_log_in():
    with SshDaemon() as daemon, present(daemon, FREE):
        agent = Agent(daemon)
        authority = make_key(name="authority")
        public = agent.public("Card Authentication")
        folder = daemon.directory / "config" / "ssh"
        folder.mkdir()
        agent.run("ssh-keygen", "-q", "-s", authority, "-I", "jo", "-n", USER, "-V", "+1h", public)
        certificate = public.with_name(public.stem + "-cert.pub")
        os.rename(certificate, folder / "card-cert.pub")
        check_equal([line.split()[0] for line in agent.keys()],
                    ["ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256"], "kinds")
        with Host("host", options=[f"TrustedUserCAKeys {authority}.pub"]) as host:
            Ssh(agent, host).run(host.name, "true")
            check("ECDSA-CERT" in host.accepted()[0], "it is the certificate")
        # one that is over is not offered, and one that is nonsense harms nobody
        agent.run("ssh-keygen", "-q", "-s", authority, "-I", "jo", "-n", USER, "-V", "-2h:-1h", public)
        (folder / "card-cert.pub").write_bytes(certificate.read_bytes())
        (folder / "nonsense.pub").write_text("ssh-rsa AAAA")
        check_equal([line.split()[0] for line in agent.keys()], ["ecdsa-sha2-nistp256"], "kinds")
        check("nonsense.pub is left out" in daemon.read_log(), "the log says what")


@test
def twenty_logins_take_one_pin():
    with SshDaemon(settings={"pinentry": PINENTRY}) as daemon, present(daemon, "piv:9a=p256") as card:
        skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
        agent = Agent(daemon)
        public = agent.public("PIV Authentication")
        with Terminal() as terminal, Host("host.example", [public]) as host:
            ssh = Ssh(agent, host)
            (scratch() / "twenty").write_text("for i in $(seq 20); do " + " ".join(map(str, ssh.command(
                host.name, "true"))) + " || exit; done")
            process = start("sh", scratch() / "twenty", env=agent.env,
                            preexec_fn=lambda: adopt(terminal))
            try:
                shown = terminal.read_prompt()
                check(f"log in as {USER} to host.example (host key SHA256:" in shown,
                      f"the host and its key are named: {shown}")
                check("ssh (process " in shown, f"who asks is named: {shown}")
                terminal.type(PIN + "\n")
                check_equal(process.wait(60), 0, "exit status")
            finally:
                process.kill()
                process.wait()
            check_equal(len(host.accepted()), 20, "logins")
        check_equal(len([apdu for apdu in card.commands() if apdu.startswith("0020008008")]), 1,
                    "PINs given to the card")


@test
def it_comes_back():
    with SshDaemon() as daemon, present(daemon, FREE):
        agent = Agent(daemon)
        check_equal(len(agent.keys()), 1, "keys")
        pid = agent_pid(daemon)
        os.kill(pid, signal.SIGKILL)
        check_equal(len(agent.keys()), 1, "keys after a crash of the agent")
        check(agent_pid(daemon) != pid, "it is another one")
        pid = agent_pid(daemon)
        daemon.kill()
        eventually(lambda: not os.path.exists(f"/proc/{pid}/exe"), "the agent ends with its daemon")
        daemon.start()
        check_equal(agent.run("ssh-add", "-l", status=None)[0], "The agent has no identities.\n", "keys")


@test
def it_ends_when_idle_and_is_started_again():
    with SshDaemon(KEYCASK_SSH_AGENT_IDLE_S="1") as daemon, present(daemon, FREE):
        agent = Agent(daemon)
        for _ in range(2):
            with Wire(agent):  # as long as somebody is connected it is not idle
                check_equal(len(agent.keys()), 1, "keys")
                pid = agent_pid(daemon)
            eventually(lambda pid=pid: pid not in daemon.children(), "it ends")
        check("the next one in" not in daemon.read_log(), "that is no crash")


def helpers():
    """A folder of keycask's programs, with no agent in it."""
    folder = scratch() / "libexec"
    folder.mkdir()
    for name in ("keycask-slot", "keycask-x509", "keycask-driver-piv", "keycask-driver-openpgp"):
        (folder / name).symlink_to(program(name))
    return folder


def check_refused(agent):
    """At once; an agent without keys has ssh-add say so with status 1."""
    _, err = agent.run("ssh-add", "-l", status=None)
    check("agent refused operation" in err, f"it is sent away: {err!r}")


@test
def nobody_waits_for_an_agent_that_is_not_installed():
    folder = helpers()
    with SshDaemon(KEYCASK_LIBEXEC_DIR=str(folder)) as daemon:
        agent = Agent(daemon)
        for _ in range(3):
            check_refused(agent)
        log = daemon.read_log()
        check_equal(log.count("no ssh-agent"), 1, f"lines: {log}")
        check(f"{folder}/keycask-ssh-agent" in log and "keycask doctor" in log, f"log: {log}")
        (folder / "keycask-ssh-agent").symlink_to(program("keycask-ssh-agent"))
        eventually(lambda: "has no identities" in agent.run("ssh-add", "-l", status=None)[0],
                   "it is there once it is installed")


@test
def nobody_waits_for_an_agent_that_crashes_each_time():
    folder = helpers()
    starts = scratch() / "starts"
    (folder / "keycask-ssh-agent").write_text(f"#!/bin/sh\necho >>{starts}\nexit 9\n")
    (folder / "keycask-ssh-agent").chmod(0o755)
    with SshDaemon(KEYCASK_LIBEXEC_DIR=str(folder)) as daemon:
        agent = Agent(daemon)
        for _ in range(10):
            check_refused(agent)
        log = daemon.read_log()
        check_equal(log.count("ends with status 9 each time"), 1, f"log: {log}")
        check(starts.read_text().count("\n") < 10, "it is not started for each of them")


ACTIVATE = """
import os, sys
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="ssh-agent")
os.dup2(int(sys.argv[1]), 3)
os.execv(sys.argv[2], sys.argv[2:])
"""


@test
def systemd_may_hold_the_socket():
    daemon = SshDaemon()
    daemon.socket.parent.mkdir(mode=0o700)
    agent = Agent(daemon, scratch() / "elsewhere.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(agent.path)
        listener.listen()
        process = start(sys.executable, "-c", ACTIVATE, listener.fileno(), program("keycaskd"), "--user",
                        "--foreground", env=daemon.env, log=daemon.log, pass_fds=[listener.fileno()])
        check_equal(agent.run("ssh-add", "-l", status=1)[0], "The agent has no identities.\n", "keys")
        eventually(daemon.socket.exists, "it listens for clients")
        check(agent.path in agent.command()[0], "a shell is told where it is")
        process.terminate()
        check_equal(process.wait(20), 0, "exit status")
        check(os.path.exists(agent.path), "systemd's socket stays")
    daemon.check_log()


@test
def a_shell_is_told_where_it_is():
    with SshDaemon() as daemon, present(daemon, FREE):
        agent = Agent(daemon)
        out, _ = agent.command()
        check_equal(out, f"SSH_AUTH_SOCK='{agent.path}'; export SSH_AUTH_SOCK;\n", "output")
        check_equal(os.stat(agent.path).st_mode & 0o777, 0o600, "mode")
        check_equal(agent.command("sh", "-c", "echo $SSH_AUTH_SOCK; exit 3", status=3)[0],
                    agent.path + "\n", "output")


@test
def a_daemon_without_an_agent():
    daemon = SshDaemon()
    agent = Agent(daemon)
    pathlib.Path(agent.path).mkdir(mode=0o700, parents=True)
    daemon.socket.parent.chmod(0o700)
    with daemon:
        check("ssh_agent_socket" not in daemon.call("Admin.Status"), "there is none")
        _, err = agent.command(status=1)
        check("has no agent for ssh" in err and "keycask daemon stop" in err, f"said: {err}")


@test
def an_agent_of_ones_own():
    with SshDaemon() as daemon, present(daemon, FREE) as card:
        own = Agent(daemon, daemon.directory / "own.sock")
        out, _ = own.command("-a", own.path, "sh", "-c", "ssh-add -L; exit 4", status=4)
        check("Card Authentication" in out, "the key is offered")
        check(not os.path.exists(own.path), "the socket is gone")
        out, _ = own.command("-a", own.path)
        pid = int(out.split("SSH_AGENT_PID=")[1].split(";")[0])
        check_equal(len(own.keys()), 1, "keys")
        _, err = own.command("-a", own.path, status=1)
        check("serves" in err and "already" in err, "there is one already")
        # the daemon restarts: the agent's own connection comes back
        daemon.kill()
        check_equal(own.run("ssh-add", "-l", status=1)[0], "The agent has no identities.\n", "keys")
        daemon.start()
        card.pull()
        card.insert(daemon)
        daemon.wait_for_token()
        check_equal(len(own.keys()), 1, "keys")
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not os.path.exists(own.path), "the socket is gone")
        # a server that crashes is waited for by nobody
        killed, _ = own.command("-a", own.path, "sh", "-c", """
            ssh-add -l && kill -9 $(cat /proc/$PPID/task/$PPID/children | tr ' ' '\\n' | grep -vx $$)
            while ssh-add -l; do :; done 2>&1; exit 5""", status=5)
        check("Error connecting to agent" in killed or
              "communication with agent failed" in killed, killed)  # the latter while it is dying
        # what goes wrong is said before anybody goes into the background
        _, err = Agent(daemon, "/proc/own.sock").command("-a", "/proc/own.sock", status=1)
        check("cannot listen at /proc/own.sock" in err, err)


@test
def wrong_calls_are_explained():
    with SshDaemon() as daemon:
        agent = Agent(daemon)
        (daemon.directory / "file").write_text("")
        for words, status, said in (
                (("-x",), 2, "unknown option"), (("allow",), 2, "one KEY"), (("restrict",), 2, "one KEY"),
                (("restrict", "--what", "x"), 2, "unknown option"), (("list", "x"), 2, "nothing but"),
                (("--inherited",), 2, "keycaskd"),
                (("restrict", "x"), 1, "restricted to what?"),
                (("restrict", "x", "--hide"), 1, "no key 'x'"), (("allow", "x"), 1, "no key 'x'"),
                (("-a", daemon.directory / "file"), 1, "no socket"),
                (("-a", "/" + 200 * "x"), 1, "longer than"),
                (("/nonexistent/program",), 127, "No such file")):
            _, err = agent.command(*words, status=status)
            check(said in err, f"{words}: {err!r}")
        check("keycask ssh-agent restrict KEY" in agent.command("--help")[0] or
              "restrict KEY" in agent.command("--help")[0], "there is help")


main()
