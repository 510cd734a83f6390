# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenSSH's client, its server and our agent, each real, in a folder of the test's own. A server is an
sshd for each connection (sshd -i), behind a port that the test listens on."""
import base64
import os
import pathlib
import pwd
import shutil
import socket
import struct
import subprocess
import threading

from keycask_test import (Card, Daemon, check, check_equal, eventually, program, run, scratch,
                          skip_unless)
from pin_scene import configure

USER = pwd.getpwuid(os.getuid()).pw_name
SSHD = shutil.which("sshd", path="/usr/sbin:/sbin:" + os.environ.get("PATH", ""))


def SshDaemon(*arguments, settings=None, **environment):  # pylint: disable=invalid-name
    """A keycaskd; what its agent says is in its log."""
    skip_unless(SSHD, "sshd is not installed")
    known = scratch() / ".ssh" / "known_hosts"  # there before the agent confines itself
    known.parent.mkdir(exist_ok=True, mode=0o700)
    known.touch()
    return configure(Daemon(*arguments, KEYCASK_LOG_LEVEL="debug", **environment),
                     **(settings or {}))


class Agent:
    """The agent's socket, and OpenSSH's programs with it."""

    def __init__(self, daemon, path=None):
        self.daemon = daemon
        self.path = str(path or daemon.directory / "run" / "ssh-agent.sock")
        self.env = {**daemon.env, "SSH_AUTH_SOCK": self.path}

    def run(self, *command, status=0, env=None, **options):
        """(stdout, stderr) as text."""
        out, err = run(*command, env={**self.env, **(env or {})}, status=status, **options)
        return out.decode(), err.decode()

    def add(self, *arguments, status=0, **options):
        return self.run("ssh-add", "-q", *arguments, status=status, **options)

    def keys(self):
        """The public keys that are offered, "TYPE BASE64 COMMENT", best first."""
        out, _ = self.run("ssh-add", "-L", status=None)
        return [] if out.startswith("The agent has no") else out.splitlines()

    def comments(self):
        return [" ".join(line.split()[2:]) for line in self.keys()]

    def public(self, part):
        """A file with the one public key whose comment, or kind, has that part."""
        found = [line for line in self.keys() if part in line]
        check_equal(len(found), 1, f"keys with {part!r}")
        path = scratch() / f"public{len(os.listdir(scratch()))}.pub"
        path.write_text(found[0] + "\n")
        return path

    def command(self, *arguments, status=0):
        """keycask ssh-agent …"""
        return self.run(program("keycask"), "ssh-agent", *arguments, status=status)


def make_key(kind="ed25519", *arguments, name=None):
    """A new key of ssh-keygen's: its path."""
    path = scratch() / (name or f"key{len(os.listdir(scratch()))}")
    bits = {"rsa": ("-b", "2048"), "p256": ("-b", "256"), "p384": ("-b", "384"),
            "p521": ("-b", "521")}.get(kind, ())
    run("ssh-keygen", "-q", "-t", "ecdsa" if kind.startswith("p") else kind, *bits, "-N", "",
        "-C", path.name, "-f", path, *arguments)
    return path


class Host:
    """A machine that one logs in to: who may is in authorized, public key files."""

    def __init__(self, name, authorized=(), options=()):
        self.name = name
        self.folder = scratch() / f"host-{name}"
        self.folder.mkdir()
        self.key = make_key(name=f"host-{name}/key")
        self.log = self.folder / "log"
        self.log.touch()
        keys = "".join(pathlib.Path(path).read_text() for path in authorized)
        (self.folder / "authorized").write_text(keys)
        self.config = self.folder / "config"
        self.config.write_text("\n".join([
            f"HostKey {self.key}", f"AuthorizedKeysFile {self.folder}/authorized", "UsePAM no",
            "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no", "LogLevel VERBOSE",
            "KbdInteractiveAuthentication no", "PidFile none", *options, ""]))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.processes = []

    def __enter__(self):
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # of all tests, so that nobody removes it
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for process in self.processes:
            process.wait(20)

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                # pylint: disable-next=consider-using-with
                self.processes.append(subprocess.Popen(
                    [SSHD, "-i", "-f", self.config, "-E", self.log], stdin=connection,
                    stdout=connection, stderr=subprocess.DEVNULL))

    def accepted(self):
        """Lines of logins that succeeded."""
        return [line for line in self.log.read_text().splitlines() if "Accepted publickey" in line]

    def known(self):
        """Its line of known_hosts."""
        return f"{self.name} {' '.join(pathlib.Path(str(self.key) + '.pub').read_text().split()[:2])}\n"


class Ssh:
    """The client's configuration for some hosts."""

    def __init__(self, agent, *hosts, hashed=False):
        self.agent = agent
        folder = pathlib.Path(agent.env["HOME"]) / ".ssh"
        folder.mkdir(exist_ok=True, mode=0o700)
        self.known = folder / "known_hosts"
        self.known.write_text("".join(host.known() for host in hosts))
        if hashed:
            run("ssh-keygen", "-q", "-H", "-f", self.known, env=agent.env, status=None)
        self.config = folder / "config"
        self.config.write_text(f"UserKnownHostsFile {self.known}\nGlobalKnownHostsFile none\n"
                               "PreferredAuthentications publickey\nBatchMode yes\n"
                               f"IdentityFile none\nUser {USER}\n" + "".join(
                                   f"Host {host.name}\nHostName 127.0.0.1\nPort {host.port}\n"
                                   f"HostKeyAlias {host.name}\n" for host in hosts))

    def command(self, *arguments):
        return ["ssh", "-F", self.config, *arguments]

    def run(self, *arguments, status=0):
        return self.agent.run(*self.command(*arguments), status=status)


# --- the protocol, by hand --------------------------------------------------------------------


def string(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">I", len(data)) + data


def blob_of(path):
    """A public key file's blob."""
    return base64.b64decode(pathlib.Path(path).read_text().split()[1])


class Wire:
    """A connection to the agent."""

    def __init__(self, agent):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(agent.path)  # with a timeout, a full backlog would be an error
        self.socket.settimeout(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def receive(self, n):
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            check(part, "the agent closed the connection")
            data += part
        return data

    def ask(self, message):
        """The answer's type and content."""
        self.socket.sendall(string(message))
        answer = self.receive(struct.unpack(">I", self.receive(4))[0])
        return answer[0], answer[1:]

    def is_closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def agent_pid(daemon):
    """The agent's process."""
    return eventually(lambda: [pid for pid, name in daemon.children().items()
                               if name.startswith("keycask-ssh-ag")], "the agent runs")[0]


def present(daemon, profile):
    """A card of that profile in the daemon's slot."""
    card = Card(profile)
    card.insert(daemon)
    daemon.wait_for_token()
    return card
