# SPDX-License-Identifier: LGPL-2.1-or-later
"""What signatures with keys in software cost: keycask through libkeycask, its PKCS#11 module, its
ssh-agent and over its bare socket, beside OpenSSL and SoftHSM2 in the application's process, SoftHSM2 behind p11-kit server, ssh-agent,
and gpg-agent as an ssh-agent; 1 and 8 applications, in one run, the holders in turn.

    key_costs.py [--kinds P-256,RSA-2048,Ed25519] [--quick] [--write docs/key-costs.md]

Every holder's application answers the commands of keys.c. Progress goes to standard error, the
document to standard output.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

# pylint: disable=wrong-import-position
from keycask_test import BUILD, Daemon, Failure, end, eventually, run, scratch, start  # noqa: E402
from made_keys import MadeKey, add_key, unb64  # noqa: E402
from pkcs11_client import module_path  # noqa: E402

LIBRARIES = pathlib.Path("/usr/lib/x86_64-linux-gnu")
SOFTHSM = LIBRARIES / "softhsm" / "libsofthsm2.so"
P11_KIT_CLIENT = LIBRARIES / "pkcs11" / "p11-kit-client.so"
KINDS = {"P-256": "P-256", "RSA-2048": "rsa2048", "Ed25519": "ed25519"}
CLIENTS = (1, 8)
# signatures of one application in a round; one of the slow ones makes a tenth of them
N_SIGNATURES = {"P-256": 2000, "RSA-2048": 200, "Ed25519": 2000}
N_COUNTED = 200  # of the pass in which system calls are counted
PIN = "1234"


class Effort:
    """What the run is made of; quick() is to see that it runs."""
    n_rounds = 5
    divisor = 1

    @classmethod
    def quick(cls):
        cls.n_rounds = 2
        cls.divisor = 20


def say(text):
    print(text, file=sys.stderr, flush=True)


def cpu_us(pids):
    """What these processes have used, ended threads too: the kernel's CPU clock of a process."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids) * 1e6


class Application:
    """A process that answers keys.c's commands. It is awaited: of eight applications that open a
    SoftHSM2 store at once some find no token."""

    def __init__(self, command, env):
        self.process = subprocess.Popen([str(word) for word in command], env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != "ready\n":
            raise Failure(f"{self.process.args[:2]} does not start")

    def send(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def receive(self):
        answer = self.process.stdout.readline().split()
        if not answer:
            raise Failure(f"{self.process.args[:2]} has ended")
        return [float(word) for word in answer]

    def ask(self, *words):
        self.send(*words)
        return self.receive()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        end(self.process)


def folder(prefix):
    return pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=scratch()))


# --- who holds the keys ------------------------------------------------------------------------


class Holder:
    """What all have in common. slowness divides the number of signatures of a round."""
    slowness = 1
    is_in_process = False
    kinds = tuple(KINDS)

    def __init__(self, keys):
        self.keys = keys

    def command(self, kind):
        """Program and arguments behind the kind."""
        raise NotImplementedError

    def env(self):
        return dict(os.environ)

    def pids(self):
        """Of whoever signs, if it is not the application."""
        return []

    def application(self, kind):
        program, *arguments = self.command(kind)
        return Application([BUILD / "tests" / "bench" / program, kind, *arguments], self.env())

    def finish(self):
        pass


class OpenSsl(Holder):
    name = "OpenSSL, in process"
    is_in_process = True

    def command(self, kind):
        return "keys_openssl", self.keys[kind].path


class Keycask(Holder):
    name = "keycask, libkeycask"

    def __init__(self, keys):
        super().__init__(keys)
        self.daemon = Daemon(directory=folder("keycask"))
        self.daemon.start()
        with self.daemon.connect() as connection:
            self.references = {kind: add_key(connection, key, label=kind)
                               for kind, key in keys.items()}

    def command(self, kind):
        return "keys_keycask", unb64(self.references[kind]).hex()

    def env(self):
        return self.daemon.env

    def pids(self):
        return [self.daemon.pid]

    def finish(self):
        self.daemon.stop()


class KeycaskSocket(Keycask):
    name = "keycask, bare socket"

    def command(self, kind):
        return "keys_socket", self.daemon.socket, self.references[kind]


class KeycaskModule(Keycask):
    name = "keycask, PKCS#11 module"

    def command(self, kind):
        return "keys_pkcs11", module_path(), "keycask", "-"


class KeycaskAgent(Keycask):
    """Two processes: the agent, which the daemon has started when somebody came, and the daemon."""
    name = "keycask, ssh-agent"
    slowness = 2

    def command(self, kind):
        return "keys_agent", self.daemon.socket.parent / "ssh-agent.sock"

    def pids(self):
        agents = [pid for pid, name in self.daemon.children().items()
                  if name == "keycask-ssh-agent"[:15]]
        return [self.daemon.pid, *agents]


class SoftHsm(Holder):
    name = "SoftHSM2, in process"
    is_in_process = True

    def __init__(self, keys):
        super().__init__(keys)
        self.folder = folder("softhsm")
        (self.folder / "tokens").mkdir()
        (self.folder / "softhsm2.conf").write_text(
            f"directories.tokendir = {self.folder / 'tokens'}\nobjectstore.backend = file\n")
        run("softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", PIN,
            "--so-pin", PIN, env=self.store_env())
        for number, (kind, key) in enumerate(keys.items(), 1):
            run("softhsm2-util", "--import", key.path, "--token", "bench", "--label", kind,
                "--id", f"{number:02}", "--pin", PIN, env=self.store_env())

    def store_env(self):
        return {**os.environ, "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    def env(self):
        return self.store_env()

    def command(self, kind):
        return "keys_pkcs11", SOFTHSM, "bench", PIN


class P11KitServer(SoftHsm):
    name = "SoftHSM2 behind p11-kit server"
    is_in_process = False
    slowness = 2
    kinds = ("P-256", "RSA-2048")  # it passes on no mechanism that is newer than PKCS#11 2.40

    def __init__(self, keys):
        super().__init__(keys)
        self.socket = self.folder / "p11-kit"
        self.server = start("p11-kit", "server", "--foreground", "--name", self.socket,
                            "--provider", SOFTHSM, "pkcs11:token=bench", env=self.store_env())
        eventually(self.socket.exists, "p11-kit server listens")

    def env(self):
        return {**os.environ, "P11_KIT_SERVER_ADDRESS": f"unix:path={self.socket}"}

    def command(self, kind):
        return "keys_pkcs11", P11_KIT_CLIENT, "bench", PIN

    def pids(self):
        """One for each client."""
        path = pathlib.Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def finish(self):
        end(self.server)


class SshAgent(Holder):
    name = "ssh-agent"
    slowness = 4

    def __init__(self, keys):
        super().__init__(keys)
        self.folder = folder("ssh")
        self.socket = self.folder / "agent"
        self.agent = start("ssh-agent", "-D", "-a", self.socket, env=self.env())
        eventually(self.socket.exists, "ssh-agent listens")
        for kind, key in keys.items():
            run("ssh-add", "-q", self.openssh_file(kind, key),
                env={**self.env(), "SSH_AUTH_SOCK": str(self.socket)})

    def openssh_file(self, kind, key):
        """ssh-add reads PKCS#8 of all but Ed25519, which OpenSSH has in a form of its own alone."""
        path = self.folder / kind
        if kind == "Ed25519":
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
        else:
            path.write_bytes(key.pem)
            path.chmod(0o600)
        return path

    def command(self, kind):
        return "keys_agent", self.socket

    def pids(self):
        return [self.agent.pid]

    def finish(self):
        end(self.agent)


class GpgAgent(Holder):
    """Its keys are its own: there is no way in for others that asks nobody for a passphrase."""
    name = "gpg-agent"
    slowness = 8
    kinds = {"P-256": "nistp256", "RSA-2048": "rsa2048", "Ed25519": "ed25519"}

    def __init__(self, keys):
        super().__init__(keys)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gpg", dir="/tmp"))  # a short path
        grips = [self.make_key(kind) for kind in keys]
        (self.folder / "sshcontrol").write_text("".join(f"{grip} 0\n" for grip in grips))
        self.gpgconf("--kill", "gpg-agent")
        run("gpg-agent", "--homedir", self.folder, "--daemon", "--enable-ssh-support",
            env=self.env())
        self.pid = self.find_pid()

    def env(self):
        return {**os.environ, "GNUPGHOME": str(self.folder)}

    def gpgconf(self, *words):
        run("gpgconf", "--homedir", self.folder, *words)

    def gpg(self, *words):
        return run("gpg", "--homedir", self.folder, "--batch", "--pinentry-mode", "loopback",
                   "--passphrase", "", *words)[0].decode()

    def make_key(self, kind):
        self.gpg("--quick-gen-key", f"{kind} <{kind}@example.org>", self.kinds[kind], "sign",
                 "never")
        listed = self.gpg("--with-colons", "--with-keygrip", "-K", f"{kind}@example.org")
        return re.search(r"^grp:+([0-9A-F]{40}):", listed, re.M)[1]

    def find_pid(self):
        said, _ = run("gpg-connect-agent", "--homedir", self.folder, "--no-autostart",
                      "GETINFO pid", "/bye")
        return int(re.search(rb"^D (\d+)", said, re.M)[1])

    def command(self, kind):
        return "keys_agent", self.folder / "S.gpg-agent.ssh"

    def pids(self):
        return [self.pid]

    def finish(self):
        self.gpgconf("--kill", "gpg-agent")
        shutil.rmtree(self.folder, ignore_errors=True)


HOLDERS = (OpenSsl, KeycaskSocket, Keycask, KeycaskModule, KeycaskAgent, SoftHsm, P11KitServer, SshAgent, GpgAgent)


# --- the run -----------------------------------------------------------------------------------


def sign_at_once(applications, n):
    """One round: signatures per second of all together, median and 99th percentile of each."""
    for application in applications:
        application.send("sign", n)
    answers = [application.receive() for application in applications]
    seconds = (max(row[3] for row in answers) - min(row[2] for row in answers)) / 1e6
    return (n * len(applications) / seconds, statistics.median(row[0] for row in answers),
            max(row[1] for row in answers))


def n_signatures(holder, kind, n_clients):
    n = N_SIGNATURES[kind] // (4 if n_clients > 1 else 1)
    n //= holder.slowness if kind != "RSA-2048" else 1
    return max(n // Effort.divisor, 20)


def measure_round(holder, kind, applications):
    n = n_signatures(holder, kind, len(applications))
    pids = holder.pids()
    before = cpu_us(pids)
    rate, median, p99 = sign_at_once(applications, n)
    return rate, median, p99, (cpu_us(pids) - before) / (n * len(applications))


def count_calls(holder, application):
    """System calls of whoever signs, for each signature."""
    pids = holder.pids() or [application.process.pid]
    report = scratch() / "strace"
    strace = subprocess.Popen(["strace", "-c", "-f", "-o", report,
                               *(word for pid in pids for word in ("-p", str(pid)))],
                              stderr=subprocess.PIPE, text=True)
    for _ in pids:
        strace.stderr.readline()
    application.ask("sign", N_COUNTED)
    strace.send_signal(signal.SIGINT)
    strace.stderr.close()
    strace.wait()
    total = re.search(r"^100\.00\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?total$", report.read_text(),
                      re.M)
    return int(total[1]) / N_COUNTED if total else 0.0


def summary(rounds):
    """Who else uses the machine lowers rates and raises the slowest of a hundred, never the other
    way: of these the round that was disturbed least counts."""
    rates, medians, p99s, cpus = zip(*rounds)
    return [max(rates), statistics.median(medians), min(p99s), statistics.median(cpus)]


def measure_kind(holders, kind, n_clients):
    """{holder: figures}, the holders in turn within each round."""
    holders = [holder for holder in holders if kind in holder.kinds]
    with contextlib.ExitStack() as stack:
        applications = {}
        for holder in holders:
            applications[holder] = [holder.application(kind) for _ in range(n_clients)]
            for application in applications[holder]:
                stack.callback(application.close)
        rounds = {holder: [] for holder in holders}
        for holder in holders:
            sign_at_once(applications[holder], 20)
        for number in range(Effort.n_rounds):
            say(f"{kind}, {n_clients} clients, round {number + 1} of {Effort.n_rounds}")
            for holder in holders:
                rounds[holder].append(measure_round(holder, kind, applications[holder]))
        figures = {holder.name: summary(rounds[holder]) for holder in holders}
        for holder in holders:
            calls = count_calls(holder, applications[holder][0]) if n_clients == 1 else None
            figures[holder.name].append(calls)
    return figures


def run_all(kinds):
    keys = {kind: MadeKey(KINDS[kind]) for kind in kinds}
    results = {}
    with contextlib.ExitStack() as stack:
        holders = []
        for kind in HOLDERS:
            holders.append(kind(keys))
            stack.callback(holders[-1].finish)
        probe = holders[0].application(kinds[0])
        floor = probe.ask("floor", 5000)[0]
        probe.close()
        for kind in kinds:
            for n_clients in CLIENTS:
                results[f"{kind} {n_clients}"] = measure_kind(holders, kind, n_clients)
                say(json.dumps(results[f"{kind} {n_clients}"]))
    return results, floor


# --- the document ------------------------------------------------------------------------------


def row(kind, n_clients, name, figures):
    rate, median, p99, cpu, calls = figures
    in_process = next(holder for holder in HOLDERS if holder.name == name).is_in_process
    cells = [kind, n_clients, name, f"{rate:.0f}", f"{median:.0f}", f"{p99:.0f}",
             "–" if in_process else f"{cpu:.0f}", "" if calls is None else f"{calls:.1f}"]
    return "| " + " | ".join(map(str, cells)) + " |"


def table(results):
    lines = ["| key | clients | who signs | signatures/s | median µs | p99 µs | its CPU, µs each "
             "| its system calls each |", "|---|---|---|---|---|---|---|---|"]
    for name, found in results.items():
        kind, n_clients = name.split()
        lines += [row(kind, n_clients, holder, figures) for holder, figures in found.items()]
    return "\n".join(lines)


def verdict(results, floor):
    one, eight = (results.get(f"P-256 {n}") for n in CLIENTS)
    if not one:
        return ""
    aim = 2 * one[OpenSsl.name][1] + 30
    return textwrap.fill(
        f"The aim for P-256 was twice OpenSSL in process and 30 µs, which is {aim:.0f} µs in this run, "
        f"and with eight applications 12 000 a second on two processors: {one[Keycask.name][1]:.0f} µs "
        f"and {eight[Keycask.name][0]:.0f}/s through libkeycask, {one[KeycaskModule.name][1]:.0f} µs and "
        f"{eight[KeycaskModule.name][0]:.0f}/s through its PKCS#11 module. A message of 512 bytes to a process that "
        f"only sends it back takes {floor:.0f} µs in the same run.", 100)


PROSE = """# What signatures with software keys cost

Signatures of 32 bytes with keys that are in the keychain, through libkeycask, through
`keycask-pkcs11.so` (C_SignInit and C_Sign), through keycask's ssh-agent, and over the bare socket
(the call is written once, the answer not read), beside OpenSSL in the application's own
process, SoftHSM2 (Debian's file backend) there and behind `p11-kit server`, OpenSSH's agent, and
gpg-agent on its ssh socket. Nobody is asked for anything, the keys have no passphrase. One run of
`./run bench keys` on a shared machine with two processors: {rounds} rounds, the holders in turn within
each. Times and CPU are medians over the rounds, signatures per second and the 99th percentile are of
the round that others on the machine disturbed least; they still cost those most that compute without
ever waiting, which is whoever signs in process: look at the medians first. Compare within a group of
rows, not with other machines.

{table}

{verdict}

"Its CPU" and "its system calls" are the daemon's or agent's, of keycask's ssh-agent those of both,
which starts a thread for each request since somebody might be asked (system calls in a pass of their own,
with one application); of what signs in process the application's calls. P-256 and Ed25519 are signed
in keycaskd's loop, RSA in threads beside it. keycask writes a line of the audit log for each signature;
none of the others does. A key that has been used three times within a moment stays open until nobody
has used it for two to four seconds (ARCHITECTURE.md): the figures are of such keys. OpenSSL's key
and SoftHSM2's session are as long open as the application runs; ssh-agent keeps its keys encrypted
in memory and opens them for each signature, gpg-agent reads them from its files.
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--quick", action="store_true", help="see that it runs")
    parser.add_argument("--write")
    options = parser.parse_args()
    if options.quick:
        Effort.quick()
    try:
        results, floor = run_all(options.kinds.split(","))
        text = PROSE.format(rounds=Effort.n_rounds, table=table(results), verdict=verdict(results, floor))
    finally:
        shutil.rmtree(scratch(), ignore_errors=True)
    if options.write:
        pathlib.Path(options.write).write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
