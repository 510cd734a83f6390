# SPDX-License-Identifier: LGPL-2.1-or-later
"""What each operation costs a card: keycask beside OpenSC and ykcs11, on the same software card
behind real pcscd and vpcd, in one run. ./run bench runs it; it prints docs/card-costs.md.

The card has the keys 9A and 9D (RSA-2048), 9C (P-256, the PIN for each use) and 9E (P-256, no PIN),
each with a certificate. Everything passes relay.py, which counts.
"""
import base64
import contextlib
import glob
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

# pylint: disable=wrong-import-position
from keycask_test import PIN, Card, Daemon, check, program, run  # noqa: E402
from lifecycle import configure, private_dirty_kb, query  # noqa: E402
from pcsc_client import Scard  # noqa: E402
from piv_tools import Pcscd  # noqa: E402
from relay import Relay  # noqa: E402

PROFILE = "piv:9a=rsa2048,9c=p256,9d=rsa2048,9e=p256"
READER = "Yubico keycask"  # ykcs11 looks at no other reader
N_APPLICATIONS = 8
RSA = "rsa_signature_message_pkcs1v15_sha256"
ECDSA = "ecdsa_signature_message_x962_sha256"
IDLE_SECONDS = 20
N_SPAWNS = 100

OPERATIONS = {
    "first insertion": "a card never seen, until its items are in the keychain",
    "first insertion, background": "what is asked behind it",
    "re-insertion": "a card seen before, until its items are in the keychain",
    "re-insertion, background": "what is read again behind it",
    "list": "a program that has just started lists all objects",
    "first RSA-2048": "a program that has just started logs in and signs with 9A",
    "next RSA-2048": "the same session signs again",
    "first P-256": "a program that has just started signs with 9E, which wants no PIN",
    "next P-256": "the same session signs again",
    "8 list at once": "eight programs that have just started",
}
# SELECT and CHUID; each certificate of more than 256 bytes takes one GET RESPONSE more per 256;
# an RSA-2048 signature two chained commands and a GET RESPONSE.
LEAST = {
    "first insertion": "2 + certificates", "first insertion, background": "0", "re-insertion": "2", "re-insertion, background": "0",
    "list": "0", "first RSA-2048": "5", "next RSA-2048": "3", "first P-256": "2",
    "next P-256": "1", "8 list at once": "0",
}


class Measured:
    """Rows by operation, then by program: (APDUs, bytes, milliseconds)."""

    def __init__(self, relay):
        self.relay = relay
        self.rows = {name: {} for name in OPERATIONS}

    @contextlib.contextmanager
    def measure(self, who, operation):
        self.relay.take()
        start = time.monotonic()
        yield
        milliseconds = (time.monotonic() - start) * 1000
        self.rows[operation][who] = (*self.relay.take(), milliseconds)

    def note(self, who, operation):
        self.rows[operation][who] = (*self.relay.take(), 0)


def settle(relay, measured=None, operation=None):
    """Wait until nothing has passed for a while: an idle card has been given back by then. What
    passes meanwhile is the row of operation."""
    n_before = -1
    while n_before != len(relay.commands):
        n_before = len(relay.commands)
        time.sleep(6)
    if operation:
        measured.note("keycask", operation)
    relay.take()


# --- keycask -----------------------------------------------------------------------------------


def insertion_time(daemon, pcscd, card, measured, operation):
    """From pcscd's event, as another program hears it, to the items being there: milliseconds.
    What passed until then is the row."""
    heard = {}

    def hear_pcscd():
        with Scard() as scard:
            scard.wait_for_card(pcscd.readers[0])
            heard["pcscd"] = time.monotonic()

    def hear_keycask(events):
        next(event for event in events if event["event"] == "inserted")
        heard["items"] = time.monotonic()
        if operation:
            measured.note("keycask", operation)

    with daemon.connect() as watcher:
        threads = [threading.Thread(target=hear_pcscd),
                   threading.Thread(target=hear_keycask, args=[watcher.stream("Tokens.Watch")])]
        for thread in threads:
            thread.start()
        pcscd.insert(card, port=measured.relay.port)
        for thread in threads:
            thread.join()
    return (heard["items"] - heard["pcscd"]) * 1000


def key_named(daemon, key_type, constraint):
    found = [item for item in query(daemon, **{"class": "identity"}, return_attributes=True,
                                    return_persistent_ref=True)
             if item["key_type"] == key_type and item["access_control"].get("sign") == constraint]
    check(found, f"no {key_type} key with constraint {constraint}")
    return found[0]["value_persistent_ref"]


def sign_parameters(key, algorithm):
    return {"key": key, "algorithm": algorithm, "pin": PIN, "data": base64.b64encode(b"x").decode()}


def keycask_signs(daemon, measured, name, key, algorithm):
    settle(measured.relay)
    with daemon.connect() as session:
        with measured.measure("keycask", f"first {name}"):
            session.call("Keys.Sign", sign_parameters(key, algorithm))
        with measured.measure("keycask", f"next {name}"):
            session.call("Keys.Sign", {**sign_parameters(key, algorithm), "pin": None})


def count_insertion(daemon, pcscd, card, measured, operation):
    """On a card that is slow enough to see what was read before the items were there."""
    measured.relay.delay = 0.03
    insertion_time(daemon, pcscd, card, measured, operation)
    settle(measured.relay, measured, f"{operation}, background")
    measured.relay.delay = 0


def pull(daemon, pcscd, relay):
    pcscd.pull()
    daemon.wait_for_removal()
    relay.take()


def median_insertion(daemon, pcscd, card, measured):
    times = []
    for _ in range(5):
        pull(daemon, pcscd, measured.relay)
        times.append(insertion_time(daemon, pcscd, card, measured, None))
        settle(measured.relay)
    return f"{statistics.median(times):.1f} ms"


def keycask_rows(pcscd, card, measured, figures):
    with Daemon(providers="pcsc") as daemon:
        count_insertion(daemon, pcscd, card, measured, "first insertion")
        pull(daemon, pcscd, measured.relay)
        count_insertion(daemon, pcscd, card, measured, "re-insertion")
        figures["pcscd's event to items, re-insertion"] = \
            median_insertion(daemon, pcscd, card, measured)
        with measured.measure("keycask", "list"):
            daemon.cli("list")
        with measured.measure("keycask", "8 list at once"):
            check(at_once([program("keycask"), "list"], daemon.env) == 0, "keycask list failed")
        keycask_signs(daemon, measured, "RSA-2048", key_named(daemon, "rsa", "pin"), RSA)
        keycask_signs(daemon, measured, "P-256", key_named(daemon, "ec", "none"), ECDSA)
        settle(measured.relay)
        idle_figures(daemon, figures)
    with configure(Daemon(providers="pcsc"), card_cache=False) as daemon:
        daemon.wait_for_token()
        figures["pcscd's event to items, first insertion"] = \
            median_insertion(daemon, pcscd, card, measured)
    times = sorted(spawn_driver_once() for _ in range(N_SPAWNS))
    figures["driver process, spawn to first answer, confined"] = \
        f"{statistics.median(times):.1f} ms median, {times[0]:.1f} ms least"


def spawn_driver_once():
    """From posix_spawn to the first answer of a confined driver: milliseconds."""
    ends = socket.socketpair(), socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    actions = [(os.POSIX_SPAWN_DUP2, ours.fileno(), number)
               for number, (_, ours) in enumerate(ends, 3)]
    driver = program("keycask-driver-piv")
    start = time.monotonic()
    pid = os.posix_spawn(driver, [driver], {}, file_actions=actions)
    ends[0][0].sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
    check(ends[0][0].recv(4096), "the driver has ended")
    milliseconds = (time.monotonic() - start) * 1000
    for pair in ends:
        for end in pair:
            end.close()
    os.waitpid(pid, 0)
    return milliseconds


def context_switches(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return sum(int(line.split()[1]) for line in text.splitlines() if "ctxt_switches" in line)


def idle_figures(daemon, figures):
    """One card in a reader, nothing to do."""
    processes = {"keycaskd": daemon.pid}
    for pid, name in daemon.children().items():
        processes[name] = pid
    before = {name: context_switches(pid) for name, pid in processes.items()}
    time.sleep(IDLE_SECONDS)
    for name, pid in processes.items():
        n_wakeups = context_switches(pid) - before[name]
        figures[f"idle: {name}"] = (f"{private_dirty_kb(pid) / 1024:.2f} MB private dirty, "
                                    f"{n_wakeups / IDLE_SECONDS:g} wakeups/s")


# --- the others --------------------------------------------------------------------------------


def at_once(command, env=None):
    """How many of the programs failed."""
    started = [subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL) for _ in range(N_APPLICATIONS)]
    return sum(process.wait(60) != 0 for process in started)


class Signer:
    """pkcs11_signer.py: one session, several signatures."""

    def __init__(self, module, label, key_id, mechanism):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", HERE / "pkcs11_signer.py", module, label, PIN, key_id, mechanism],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def expect(self):
        check(self.process.stdout.readline().strip().isdigit(), "no signature")

    def next(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.expect()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def peer_signs(measured, who, module, label, name, key_id, mechanism):
    with measured.measure(who, f"first {name}"):
        signer = Signer(module, label, key_id, mechanism)
        signer.expect()
    with measured.measure(who, f"next {name}"):
        signer.next()
    signer.end()


def peer_rows(measured, who, module, label, key_ids):
    command = ["pkcs11-tool", "--module", module, "--token-label", label, "--list-objects"]
    with measured.measure(who, "list"):
        run(*command)
    with measured.measure(who, "8 list at once"):
        n_failed = at_once(command)
    if n_failed:
        sys.stderr.write(f"{who}: {n_failed} of {N_APPLICATIONS} programs failed\n")
    peer_signs(measured, who, module, label, "RSA-2048", key_ids["9a"], "CKM_SHA256_RSA_PKCS")
    peer_signs(measured, who, module, label, "P-256", key_ids["9e"], "CKM_ECDSA")


def module(pattern):
    found = glob.glob(f"/usr/lib/*/{pattern}")
    check(found, f"{pattern} is not installed")
    return found[0]


def token_label(path):
    """The label under which pkcs11-tool knows the card in this module."""
    out, _ = run("pkcs11-tool", "--module", path, "--list-token-slots")
    return next(line.split(":", 1)[1].strip() for line in out.decode().splitlines()
                if "token label" in line)


# --- the document ------------------------------------------------------------------------------

PROGRAMS = ("keycask", "OpenSC", "ykcs11")


def cell(row):
    if row is None:
        return "–"
    n_apdus, n_bytes, milliseconds = row
    took = f", {milliseconds:.0f} ms" if milliseconds else ""
    return f"{n_apdus} / {n_bytes}{took}"


def document(measured, figures):
    lines = ["| operation | " + " | ".join(PROGRAMS) + " | least |", "|---|---|---|---|---|"]
    for name, rows in measured.rows.items():
        cells = [cell(rows.get(who)) for who in PROGRAMS]
        lines.append(f"| {name}: {OPERATIONS[name]} | " + " | ".join(cells)
                     + f" | {LEAST[name]} |")
    lines += ["", "| keycask alone | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in figures.items()]
    return "\n".join(lines)


def main():
    figures = {}
    with Pcscd(name=READER) as pcscd, Relay(pcscd.port) as relay, Card(PROFILE) as card:
        measured = Measured(relay)
        keycask_rows(pcscd, card, measured, figures)
        peer_rows(measured, "OpenSC", module("opensc-pkcs11.so"),
                  token_label(module("opensc-pkcs11.so")), {"9a": "01", "9e": "04"})
        peer_rows(measured, "ykcs11", module("libykcs11.so"), token_label(module("libykcs11.so")),
                  {"9a": "01", "9e": "04"})
    print(document(measured, figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
