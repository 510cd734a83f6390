# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that want to break the ssh-agent, keep others from it, or learn what is not theirs; and what
a program in its place could do."""
import contextlib
import os
import random
import signal
import socket
import struct
import tty

from keycask_test import *
from made_keys import MadeKey, add_key
from ssh_scene import *
from mounted import in_a_root
from prompt_scene import PINENTRY, adopt, scripted
from terminal import Terminal


def serves(agent, n_keys=1):
    check_equal(len(agent.keys()), n_keys, "keys")


@contextlib.contextmanager
def scene():
    """A daemon with one key in its keychain, and its agent."""
    with SshDaemon() as daemon:
        with daemon.connect() as connection:
            add_key(connection, MadeKey("ed25519"), label="one")
        yield daemon, Agent(daemon)


@test
def lengths_that_lie():
    with scene() as (daemon, agent):
        for head in (b"\0\0\0\0", b"\xff\xff\xff\xff", struct.pack(">I", 256 * 1024 + 1)):
            with Wire(agent) as wire:
                wire.socket.sendall(head)
                check(wire.is_closed(), "it is closed")
        with Wire(agent) as wire:
            for body in (b"\x0d", b"\x0d\xff\xff\xff\xff", b"\x0d" + string("") * 2, b"\x11" + string("ssh-rsa"),
                         b"\x19" + string("ssh-ed25519") + string("x") * 3, b"\x1b", b"\x1b\0\0",
                         b"\x1b" + string("session-bind@openssh.com") + string("x") * 3 + b"\0", b"\xff",
                         b"\x01", b"\x0b\0", b"\x12" + string("x"), b"\x16", b"\x17" + string("x")):
                answer, content = wire.ask(body)
                check_equal((answer in (5, 28), content), (True, b""), f"answer to {body!r}")
            answer, content = wire.ask(b"\x1b" + string("query"))
            check_equal((answer, content), (29, string("query") + string("query") +
                                            string("session-bind@openssh.com")), "answer")
            check_equal(wire.ask(b"\x1b" + string("unknown@example.org"))[0], 5, "answer")
        serves(agent)


@test
def half_messages_and_floods_keep_nobody_out():
    with scene() as (_, agent):
        quiet = [Wire(agent) for _ in range(100)]  # more than there is room for
        for wire in quiet[70:]:
            wire.socket.sendall(b"\0\0")
        serves(agent)
        with Wire(agent) as flood:
            flood.socket.setblocking(False)
            sent = 0
            try:
                while sent < 16 * 1024 * 1024:
                    sent += flood.socket.send(string(b"\x0b") * 1000)
            except BlockingIOError:
                pass
            check(sent < 16 * 1024 * 1024, "it is not read faster than answered")
            serves(agent)
        check(quiet[0].is_closed(), "the oldest has made room")
        for wire in quiet:
            wire.socket.close()
        serves(agent)


@test
def random_bytes():
    with scene() as (daemon, agent):
        numbers = random.Random(6)
        public = blob_of(agent.public("one"))
        for _ in range(40):
            with Wire(agent) as wire:
                for _ in range(20):
                    kind = numbers.choice(b"\x0b\x0d\x11\x12\x13\x19\x1b\x1b")
                    body = bytearray(numbers.choice((
                        string(public) + string("data") + b"\0\0\0\0", numbers.randbytes(64),
                        string("session-bind@openssh.com") + string(public) + string("x" * 32) +
                        string(string("ssh-ed25519") + string("s" * 64)) + b"\1",
                        string("ssh-ed25519") + string("p" * 32) + string("s" * 64) + string("name"))))
                    for _ in range(numbers.randrange(3)):
                        body[numbers.randrange(len(body))] = numbers.randrange(256)
                    wire.ask(bytes([kind]) + body)
        serves(agent)
        check("ended with signal" not in daemon.read_log(), "the agent has not crashed")


@test
def a_binding_takes_the_hosts_signature():
    with scene() as (daemon, agent):
        host = make_key("p256", name="host")
        agent.add(host)
        session = b"s" * 32
        with Wire(agent) as wire:
            blob = blob_of(f"{host}.pub")
            _, answer = wire.ask(b"\x0d" + string(blob) + string(session) + b"\0\0\0\0")
            signature = answer[4:]
            bind = b"\x1b" + string("session-bind@openssh.com") + string(blob)
            check_equal(wire.ask(bind + string(b"t" * 32) + string(signature) + b"\0")[0], 28, "answer")
            other = signature[:-1] + bytes([signature[-1] ^ 1])
            check_equal(wire.ask(bind + string(session) + string(other) + b"\0")[0], 28, "answer")
            check_equal(wire.ask(bind + string(session) + string(signature) + b"\0")[0], 6, "answer")
            # bound for a login, it is bound to nothing else
            with Wire(agent) as other:  # this one may be a host's, since a binding was refused
                _, answer = other.ask(b"\x0d" + string(blob) + string(b"u" * 32) + b"\0\0\0\0")
            check_equal(wire.ask(bind + string(b"u" * 32) + string(answer[4:]) + b"\0")[0], 28, "answer")
        check("the signature does not match" in daemon.read_log(), "the log says why")


@test
def a_host_it_is_forwarded_to_gets_nothing_but_what_is_of_ssh():
    with scene() as (daemon, agent):
        host = make_key(name="host")
        agent.add(host)
        blob = blob_of(f"{host}.pub")
        foreign = b"\x0d" + string(blob) + string(b" " * 64 + b"TLS 1.3, client CertificateVerify\0") + b"\0" * 4
        with Wire(agent) as wire:
            answer, content = wire.ask(b"\x0d" + string(blob) + string(b"s" * 32) + b"\0" * 4)
            check_equal(answer, 14, "answer to a program of this machine")
            check_equal(wire.ask(foreign)[0], 14, "answer to a program of this machine")
            check_equal(wire.ask(b"\x1b" + string("session-bind@openssh.com") + string(blob) +
                                 string(b"s" * 32) + string(content[4:]) + b"\1")[0], 6, "binding")
            check_equal(wire.ask(foreign)[0], 5, "answer over another host")
        check("must not sign this for a host that the agent is forwarded to" in daemon.read_log(),
              "the log says why")


@test
def over_a_host_documents_and_certificates_are_signed():
    with scene() as (_, agent):
        public = agent.public("one")
        agent.add(easy := make_key())
        with Host("first.example", [f"{easy}.pub"]) as first:
            ssh = Ssh(agent, first)
            other = make_key(name="other")
            ssh.run("-A", first.name, f"ssh-keygen -q -Y sign -n file -f {public} {other}.pub && "
                    f"ssh-keygen -q -U -s {public} -I jo -n jo {other}.pub")
        check(os.path.exists(f"{other}.pub.sig") and os.path.exists(f"{other}-cert.pub"), "both are there")


@test
def nobody_takes_the_place_of_another_key():
    with scene() as (daemon, agent):
        public = blob_of(agent.public("one"))[-32:]
        with Wire(agent) as wire:
            check_equal(wire.ask(b"\x11" + string("ssh-ed25519") + string(public) +
                                 string(b"s" * 32 + public) + string("mine"))[0], 5, "answer")
        check("whose halves do not belong together" in daemon.read_log(), "the log says why")
        check(all("mine" not in comment for comment in agent.comments()), "it is not offered")
        serves(agent)


@test
def whoever_it_is_forwarded_to_is_named():
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    with SshDaemon(settings={"pinentry": PINENTRY}) as daemon, present(daemon, "piv:9a=p256"), \
            Terminal() as terminal:
        agent = Agent(daemon)
        easy = make_key()
        agent.add(easy)
        public = agent.public("PIV Auth")
        with Host("first.example", [f"{easy}.pub"]) as first, Host("inner.example", [public]) as inner:
            ssh = Ssh(agent, first, inner)
            inside = " ".join(map(str, ssh.command("-o", "IdentitiesOnly=yes", "-i", public, inner.name,
                                                   "true")))
            process = start(*ssh.command("-A", first.name, inside), env=agent.env,
                            preexec_fn=lambda: adopt(terminal))
            shown = terminal.read_prompt()
            reason = [line for line in shown.splitlines() if line.startswith("Reason")][0]
            check("FORWARDED, first.example (host key SHA256:" in reason, reason)
            check(") asks: log in as " in reason and "to inner.example (host key SHA256:" in reason and
                  reason.endswith(")"), f"nothing of it is cut: {reason}")
            terminal.type(PIN + "\n")
            check_equal(process.wait(30), 0, "exit status")
            check_equal(len(inner.accepted()), 1, "logins")


def sign_something(agent, public, *wrapper, display=None, **options):
    """ssh-keygen's exit status."""
    env = {**agent.env, **({"DISPLAY": display} if display else {})}
    return start(*wrapper, "ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", public, public,
                 env=env, **options).wait(20)


@test
def a_sandbox_does_not_say_where_somebody_is_asked():
    pinentry = scripted("agreeing", "echo OK", "while read -r command; do echo OK; done")
    with SshDaemon(settings={"pinentry": pinentry}) as daemon:
        agent = Agent(daemon)
        agent.add("-c", make_key(name="added"))
        public = agent.public("added")
        check_equal(sign_something(agent, public, display=":99"), 0, "exit status outside")
        os.unlink(f"{public}.sig")
        wrapper = in_a_root("[Application]\nname=org.example.App\nruntime=x\n")
        check(sign_something(agent, public, *wrapper, display=":99") != 0, "it agrees with itself")
        check("nobody may be asked" in daemon.read_log() or "there is neither terminal nor display" in
              daemon.read_log(), "the log says why")


@test
def a_terminal_that_a_program_reads_is_not_asked_at():
    """As an ssh does while somebody works at a host to which it forwards the agent: what is typed at
    the prompt could be what it sends there."""
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    with SshDaemon(settings={"pinentry": PINENTRY}) as daemon, Terminal() as terminal:
        agent = Agent(daemon)
        agent.add("-c", make_key(name="added"))
        tty.setraw(terminal.keyboard)
        check(sign_something(agent, agent.public("added"), preexec_fn=lambda: adopt(terminal)) != 0,
              "exit status")
        check(terminal.is_quiet(), "nothing is shown there")
        check("there is neither terminal nor display" in daemon.read_log(), "the log says why")


@test
def it_is_confined():
    with scene() as (daemon, agent):
        serves(agent)
        pid = agent_pid(daemon)
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        check_equal((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"), "confinement")
        check(open_descriptors(pid) < 24, "it has few descriptors")


@test
def one_that_crashes_is_started_more_and_more_slowly():
    with scene() as (daemon, agent):
        for _ in range(3):
            serves(agent)
            os.kill(agent_pid(daemon), signal.SIGKILL)
        serves(agent)
        check("the next one in 400 ms" in daemon.read_log(), "pauses grow")


@test
def programs_of_others_are_refused():
    skip_unless(os.getuid() == 0, "only root can be somebody else")
    with scene() as (_, agent):
        # mode and folder keep them off already; this is what is behind that
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with socket.socket(socket.AF_UNIX) as unix:
                    os.chmod(agent.path, 0o666)
                    os.chdir(os.path.dirname(agent.path))
                    os.setuid(65534)
                    unix.connect("ssh-agent.sock")
                    unix.sendall(string(b"\x0b"))
                    status = 0 if not unix.recv(1) else 1
            except (ConnectionResetError, BrokenPipeError):
                status = 0
            except PermissionError:
                status = 77
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        check(status in (0, 77), f"somebody else is served: {status}")
        serves(agent)


main()
