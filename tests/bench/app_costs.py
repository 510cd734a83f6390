# SPDX-License-Identifier: LGPL-2.1-or-later
"""What other people's programs pay for keycask: TLS handshakes with its keys, system calls and round
trips for a signature, the same card through three PKCS#11 modules, what loading a module costs, and
eight programs that list a card at once. The peers in turn, in one run.

    app_costs.py [--quick] [--write docs/app-costs.md]

The programs are those of key_costs.py, and module_load.c. Progress goes to standard error, the
document to standard output.
"""
import argparse
import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

from card_costs import N_APPLICATIONS, PROFILE, READER, at_once, module, settle, token_label
from key_costs import (BUILD, CLIENTS, KINDS, LIBRARIES, Daemon, Effort, Failure, Holder,
                       Keycask, KeycaskAgent, KeycaskModule, MadeKey, OpenSsl, P11KitServer, SoftHsm,
                       SshAgent, folder, measure_kind, module_path, run, say, scratch, sign_at_once,
                       summary, unb64)
from keycask_test import PIN, Card, check
from lifecycle import query
from made_keys import file_with
from piv_tools import Pcscd
from relay import Relay

SOFTWARE_KINDS = ("P-256", "RSA-2048")  # those that p11-kit server passes on
CARD_CLIENTS = (1, 2)
N_CARD_SIGNATURES = 100  # of one application in a round
N_COUNTED = 100
N_LOADS = 5  # of each module in a round
STEPS = ("dlopen", "C_Initialize", "C_GetSlotList", "session and search")
PROXY = LIBRARIES / "p11-kit-proxy.so"
REGISTERED = pathlib.Path("/usr/share/p11-kit/modules")


# --- TLS ---------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def certificate_of(key):
    return file_with(key.certificate("bench"))


class OverTls:
    """Before a holder: the same keys are a server's, used by keys_tls.c."""
    slowness = 4

    def command(self, kind):
        _, *words = super().command(kind)
        if len(words) == 3:
            path, token, pin = words
            words = [f"pkcs11:token={token};object={kind};type=private", path, pin]
        return "keys_tls", certificate_of(self.keys[kind]), *words


class FileTls(OverTls, OpenSsl):
    name = "a file"


class KeycaskTls(OverTls, KeycaskModule):
    name = "keycask"


class SoftHsmTls(OverTls, SoftHsm):
    name = "SoftHSM2, in process"


class P11KitServerTls(OverTls, P11KitServer):
    name = "SoftHSM2 behind p11-kit server"


@contextlib.contextmanager
def holders_of(kinds, keys):
    with contextlib.ExitStack() as stack:
        holders = []
        for kind in kinds:
            holders.append(kind(keys))
            stack.callback(holders[-1].finish)
        yield holders


def measure_tls(keys):
    with holders_of((FileTls, KeycaskTls, SoftHsmTls, P11KitServerTls), keys) as holders:
        return {f"{kind} {n_clients}": measure_kind(holders, kind, n_clients)
                for kind in SOFTWARE_KINDS for n_clients in CLIENTS}


# --- one signature -----------------------------------------------------------------------------

SAID = re.compile(r"\d+ +(?:write|writev|send|sendto|sendmsg)\((\d+),")
HEARD = re.compile(r"\d+ +(?:read|readv|recv|recvfrom|recvmsg)\((\d+),")


def count_trips(lines):
    """How often something was said on a descriptor and then heard on it."""
    spoken = set()
    n = 0
    for line in lines:
        said, heard = SAID.match(line), HEARD.match(line)
        if said and int(said[1]) > 2:
            spoken.add(said[1])
        elif heard and heard[1] in spoken:
            spoken.remove(heard[1])
            n += 1
    return n


def count_in(application):
    """System calls and round trips of an application, for each signature."""
    report = scratch() / "strace"
    strace = subprocess.Popen(["strace", "-f", "-o", report, "-p", str(application.process.pid)],
                              stderr=subprocess.PIPE, text=True)
    strace.stderr.readline()
    application.ask("sign", N_COUNTED)
    strace.send_signal(signal.SIGINT)
    strace.stderr.close()
    strace.wait()
    lines = report.read_text(errors="replace").splitlines()
    n_calls = sum(re.match(r"\d+ +\w+\(", line) is not None for line in lines)
    return n_calls / N_COUNTED, count_trips(lines) / N_COUNTED


def count_holder(holder):
    application = holder.application("P-256")
    try:
        application.ask("sign", N_COUNTED)
        return [*count_in(application), None]
    finally:
        application.close()


def count_software(keys):
    kinds = (OpenSsl, Keycask, KeycaskModule, KeycaskAgent, SoftHsm, P11KitServer, SshAgent)
    with holders_of(kinds, keys) as holders:
        return {holder.name: count_holder(holder) for holder in holders}


# --- a card ------------------------------------------------------------------------------------


class CardModule(Holder):
    """A PKCS#11 module on the card in pcscd's reader."""
    ids = {"RSA-2048": "01", "P-256": "04"}

    def __init__(self, name, path):
        super().__init__(None)
        self.name = name
        self.path = path
        self.label = None

    @contextlib.contextmanager
    def at_work(self, relay):
        """What it needs beside itself runs, and nothing of the others."""
        self.label = self.label or token_label(self.path)
        relay.take()
        yield

    def command(self, kind):
        return "keys_pkcs11", self.path, self.label, PIN, self.ids[kind]


class KeycaskCard(CardModule):
    def __init__(self):
        super().__init__("keycask", module_path())
        self.daemon = Daemon(directory=folder("card"), providers="pcsc")

    def env(self):
        return self.daemon.env

    @contextlib.contextmanager
    def at_work(self, relay):
        """As it is when a card has been in the reader for a while."""
        with self.daemon:
            token_id = self.daemon.wait_for_token()["token_id"]
            tokens = self.daemon.call("Tokens.List")["tokens"]
            self.label = next(token["label"] for token in tokens
                              if token["token_id"] == token_id)[:32]
            self.ids = {"RSA-2048": self.find_id("rsa", "pin"), "P-256": self.find_id("ec", "none")}
            settle(relay)
            yield

    def find_id(self, key_type, constraint):
        found = [item for item in query(self.daemon, **{"class": "identity"},
                                        return_attributes=True)
                 if item["key_type"] == key_type
                 and item["access_control"].get("sign") == constraint]
        check(found, f"no {key_type} key with constraint {constraint}")
        return unb64(found[0]["application_label"]).hex()


def sign_round(holder, relay, kind, n_clients):
    """As measure_round() of key_costs.py, with APDUs in place of CPU, by applications that have just
    started: whoever is not at work leaves the card to the others."""
    with contextlib.ExitStack() as stack:
        applications = []
        for _ in range(n_clients):
            applications.append(holder.application(kind))
            stack.callback(applications[-1].close)
        n = max(N_CARD_SIGNATURES // Effort.divisor, 20)
        sign_at_once(applications, 5)
        relay.take()
        return *sign_at_once(applications, n), relay.take()[0] / (n * n_clients)


def count_card(holder, relay):
    application = holder.application("P-256")
    try:
        application.ask("sign", N_COUNTED)
        relay.take()
        counted = count_in(application)
        return [*counted, relay.take()[0] / N_COUNTED]
    finally:
        application.close()


def list_at_once(holder, relay):
    """APDUs, bytes and milliseconds."""
    command = ["pkcs11-tool", "--module", holder.path, "--token-label", holder.label,
               "--list-objects"]
    relay.take()
    began = time.monotonic()
    n_failed = at_once(command, holder.env())
    milliseconds = (time.monotonic() - began) * 1000
    if n_failed:
        say(f"{holder.name}: {n_failed} of {N_APPLICATIONS} programs failed to list")
    return *relay.take(), milliseconds, n_failed


def load_once(path, label, env):
    program = BUILD / "tests" / "bench" / "module_load"
    out, _ = run(program, path, *([label] if label else []), env=env)
    return [float(word) for word in out.split()]


class Rounds:
    """What is measured round by round, by what it is and whose."""

    def __init__(self):
        self.rows = {"list": {}, "load": {}, "count": {}}

    def add(self, row, name, *figures):
        self.rows.setdefault(row, {}).setdefault(name, []).extend(figures)

    def add_loads(self, name, path, label, env):
        self.add("load", name, *(load_once(path, label, env) for _ in range(N_LOADS)))


def measure_card_signatures(rounds, holder, relay):
    for kind in ("RSA-2048", "P-256"):
        for n_clients in CARD_CLIENTS:
            try:
                rounds.add(f"{kind} {n_clients}", holder.name,
                           sign_round(holder, relay, kind, n_clients))
            except (Failure, OSError) as error:
                say(f"{holder.name}, {kind}, {n_clients} clients: {error}")


def measure_card_module(rounds, holder, relay):
    """What begins with a card that is at rest comes first."""
    with holder.at_work(relay):
        rounds.add("list", holder.name, list_at_once(holder, relay))
        rounds.add_loads(f"{holder.name}, a card", holder.path, holder.label, holder.env())
        measure_card_signatures(rounds, holder, relay)
        if holder.name not in rounds.rows["count"]:
            rounds.add("count", holder.name, *count_card(holder, relay))


def measure_other_modules(rounds, softhsm, server, card_label):
    rounds.add_loads("keycask, no daemon", module_path(), None,
                     {**os.environ, "KEYCASK_SOCKET": str(scratch() / "nobody")})
    rounds.add_loads("SoftHSM2, two keys", softhsm.command("P-256")[1], "bench", softhsm.env())
    rounds.add_loads("p11-kit-client, SoftHSM2 behind it", server.command("P-256")[1], "bench",
                     server.env())
    rounds.add_loads("p11-kit-proxy, a card", PROXY, card_label, softhsm.env())


def measure_card(keys):
    rounds = Rounds()
    with Pcscd(name=READER) as pcscd, Relay(pcscd.port) as relay, Card(PROFILE) as card, \
            holders_of((SoftHsm, P11KitServer), keys) as others:
        pcscd.insert(card, port=relay.port)
        holders = [KeycaskCard(), CardModule("OpenSC", module("opensc-pkcs11.so")),
                   CardModule("ykcs11", module("libykcs11.so"))]
        for number in range(Effort.n_rounds):
            say(f"card and loading, round {number + 1} of {Effort.n_rounds}")
            for holder in holders:
                measure_card_module(rounds, holder, relay)
            measure_other_modules(rounds, *others, holders[1].label)
    return rounds.rows


# --- the document ------------------------------------------------------------------------------


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def tls_table(results):
    rows = []
    for name, found in results.items():
        for holder, (rate, median, p99, cpu, _) in found.items():
            cpu_text = f"{cpu:.0f}" if cpu else "–"
            rows.append([*name.split(), holder, f"{rate:.0f}", f"{median:.0f}", f"{p99:.0f}", cpu_text])
    return table(["key", "servers", "who has the key", "handshakes/s", "median µs", "p99 µs",
                  "its CPU, µs each"], rows)


def count_table(software, card):
    rows = [[name, f"{calls:.1f}", f"{trips:.1f}", "–" if apdus is None else f"{apdus:.1f}"]
            for found in (software, {f"{name}, a card": row for name, row in card.items()})
            for name, (calls, trips, apdus) in found.items()]
    return table(["P-256 through", "the program's system calls", "its round trips", "APDUs"], rows)


def card_cell(rounds):
    if not rounds:
        return "fails"
    rate, median, _, apdus = summary(rounds)
    return f"{rate:.0f} / {median:.0f} µs / {apdus:.1f}"


def card_table(rows, names):
    return table(["key", "programs", *names],
                 [[kind, n_clients, *(card_cell(rows.get(f"{kind} {n_clients}", {}).get(name))
                                      for name in names)]
                  for kind in ("RSA-2048", "P-256") for n_clients in CARD_CLIENTS])


def list_table(found):
    rows = []
    for name, rounds in found.items():
        apdus, n_bytes, milliseconds, failed = zip(*rounds)
        rows.append([name, f"{statistics.median(apdus):.0f}", f"{statistics.median(n_bytes):.0f}",
                     f"{statistics.median(milliseconds):.0f}", f"{min(milliseconds):.0f}",
                     f"{sum(failed)} of {N_APPLICATIONS * len(failed)}"])
    return table(["through", "APDUs", "bytes", "median ms", "least ms", "programs that failed"],
                 rows)


def load_table(found):
    rows = []
    for name, loads in found.items():
        steps = [statistics.median(column) for column in zip(*loads)]
        milliseconds = [us / 1000 for us in steps[:4]]
        rows.append([name, *(f"{ms:.2f}" for ms in milliseconds), f"{sum(milliseconds[:3]):.2f}",
                     *(f"{kb / 1024:.2f}" for kb in steps[4:6]), *(f"{n:.0f}" for n in steps[6:])])
    return table(["module", *(f"{step}, ms" for step in STEPS), "first three, ms", "resident, MB",
                  "private dirty, MB", "libraries", "objects"], rows)


def registered():
    return ", ".join(sorted(path.stem for path in REGISTERED.glob("*.module")))


PROSE = """# What programs pay for keycask

What a program has of a key that is in keycask, beside what it would have of it elsewhere. One run of
`./run bench apps` on a shared machine with two processors: {rounds} rounds, the peers in turn within each.
Times are medians; signatures and handshakes per second and 99th percentiles are of the round that
others on the machine disturbed least. Compare within a table, not with other machines.

## TLS

A server's full handshakes of TLS 1.3 without resumption, its key used through OpenSSL's engine
`pkcs11` as nginx does it, or from a file; the client, which checks the certificate, is in the same process
and both computations are in the figure. No byte passes a network. What a file takes is what the
handshake takes; the rest is the key's.

{tls}

"Its CPU" is that of keycaskd, or of `p11-kit server`'s process for the client.

## One signature

What the kernel sees of a program that signs 32 bytes with a key that it has found: system calls, and
how often something is said to another process and an answer heard, counted by strace over {counted}
signatures. keycask's aim is one. For a card, what passes pcscd's reader.

{count}

Through OpenSC and ykcs11 the round trips are pcscd's; keycask's own to pcscd are its daemon's, for
all programs together.

## The same card

Signatures per second, the median of one, and APDUs for each: a PIV card in software behind real pcscd
and vpcd, through a relay that counts. It answers at once; a real one takes milliseconds for each APDU, so
that these are what to look at. RSA-2048 is 9A, whose PIN each program has given; P-256 is 9E, which
wants none. The programs have just started, and only one kind of them is at work at a time.

{card}

A PIN that one program has given is good for that program alone in keycask, which proves it to the card
anew when another has been there; through OpenSC and ykcs11 it is good for whoever comes.

## Eight programs list the card at once

`pkcs11-tool --list-objects`, eight times at once, until the last has ended.

{list}

keycask has read the card when it was inserted; how much that is stands in `docs/card-costs.md`.

## Loading the module

In a program that has nothing else: a file in C, linked with libc. {loads} runs for each. keycask's aim was a
millisecond and a megabyte. "Session and search" is choosing the token, C_OpenSession, and the first
C_FindObjectsInit to C_FindObjectsFinal for everything. Memory is that of all of it together.

{load}

OpenSC, ykcs11 and the proxy read the card; keycask's daemon had read it. `p11-kit-proxy` has what was
registered on this machine: {registered}.
"""


def document(tls, counted, card):
    names = list(card["list"])
    return PROSE.format(
        rounds=Effort.n_rounds, counted=N_COUNTED, loads=N_LOADS * Effort.n_rounds, tls=tls_table(tls),
        count=count_table(counted, card["count"]), card=card_table(card, names),
        list=list_table(card["list"]), load=load_table(card["load"]), registered=registered())


def run_all():
    keys = {kind: MadeKey(KINDS[kind]) for kind in SOFTWARE_KINDS}
    tls = measure_tls(keys)
    say(json.dumps(tls))
    counted = count_software(keys)
    say(json.dumps(counted))
    card = measure_card(keys)
    say(json.dumps(card))
    return document(tls, counted, card)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="see that it runs")
    parser.add_argument("--write")
    options = parser.parse_args()
    if options.quick:
        Effort.quick()
    try:
        text = run_all()
    finally:
        shutil.rmtree(scratch(), ignore_errors=True)
    if options.write:
        pathlib.Path(options.write).write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
