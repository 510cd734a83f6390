# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the keychain costs: keycask over its socket, NSS softoken and SoftHSM2 in the application's
process, gnome-keyring over D-Bus, with the same numbers of items, in one run, in turn.

    keychain_costs.py [--sizes 1000,10000,100000] [--write docs/keychain-costs.md]

Every store answers the commands of items.c; a figure is the median over the rounds of the median
over the calls of a round. Progress goes to standard error, the document to standard output.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

# pylint: disable=wrong-import-position
from keycask_test import BUILD, Daemon, Failure, end, program, run, scratch, start  # noqa: E402

LIBRARIES = pathlib.Path("/usr/lib/x86_64-linux-gnu")
N_ROUNDS = 3
REST_S = 5  # before memory is measured: what is given back when nothing happens has been
N_BY_API = 1000  # as many are added as an application adds them; the rest is cloned where that is slow
OPERATIONS = {
    "hit": "an exact lookup that finds, with its value",
    "miss": "an exact lookup that finds nothing",
    "list": "everything, with names",
    "add": "one more, durable",
    "update": "an attribute of one",
    "delete": "one of them",
}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Application:
    """A process that answers items.c's commands."""

    def __init__(self, command, env):
        self.process = subprocess.Popen([str(word) for word in command], env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            raise Failure(f"{self.process.args[0]} has ended in {words}")
        return [float(word) for word in answer]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        end(self.process)


def memory_mb(pid):
    """Resident and private dirty."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return [int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1]) / 1024
            for name in ("Rss", "Private_Dirty")]


# --- the stores --------------------------------------------------------------------------------


class Store:
    """What all have in common. calls: how many of each operation make a round."""
    calls = {"hit": 1000, "miss": 1000, "list": 1, "add": 20, "update": 20, "delete": 20}
    largest = 10 ** 7
    reason = ""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="store", dir=scratch()))
        self.application = None
        self.n_items = 0
        self.n_added = 0

    def begin(self):
        self.application = self.new_application()

    def finish(self):
        self.application.close()
        self.application = None

    def load(self, n):
        """Seconds it took, and how."""
        seconds, _ = self.application.ask("load", self.n_items, n)
        return seconds, f"{n - self.n_items} added one after the other"

    def measure(self, operation):
        n = self.calls[operation]
        if operation in ("add", "delete"):
            base = 500000000 + self.n_added
            self.n_added += n if operation == "add" else 0
            return self.application.ask(operation, n, base if operation == "add" else base - n)[0]
        if operation == "list":
            took, found = self.application.ask("list", n)
            if found != self.n_items:
                raise Failure(f"{self.name} lists {found} items of {self.n_items}")
            return took
        return self.application.ask(operation, n, self.n_items)[0]

    def memory(self):
        return memory_mb(self.application.process.pid)

    def cold_start(self):
        """Milliseconds from nothing running to the first answer."""
        self.finish()
        begun = time.perf_counter()
        self.begin()
        self.application.ask("hit", 1, self.n_items)
        return (time.perf_counter() - begun) * 1000


class Keycask(Store):
    name = "keycask"

    def __init__(self):
        super().__init__()
        self.daemon = Daemon(directory=self.folder)
        self.daemon.start()

    def new_application(self):
        return Application([BUILD / "tests" / "bench" / "items_keycask"], self.daemon.env)

    def load(self, n):
        """By four applications at once."""
        begun = time.perf_counter()
        ends = [self.n_items + (n - self.n_items) * i // 4 for i in range(5)]
        applications = [self.new_application() for _ in range(4)]
        for application, first, last in zip(applications, ends, ends[1:]):
            application.process.stdin.write(f"load {first} {last}\n")
            application.process.stdin.flush()
        for application in applications:
            if not application.process.stdout.readline():
                raise Failure("keycask: loading has failed")
            application.close()
        return time.perf_counter() - begun, f"{n - self.n_items} added by four applications"

    def memory(self):
        return memory_mb(self.daemon.pid)

    def cold_start(self):
        self.finish()
        self.daemon.stop()
        begun = time.perf_counter()
        self.daemon.process = start(program("keycaskd"), "--user", "--foreground",
                                    *self.daemon.arguments, env=self.daemon.env,
                                    log=self.daemon.log)
        while not self.listens():
            time.sleep(0.0002)
        self.begin()
        self.application.ask("hit", 1, self.n_items)
        return (time.perf_counter() - begun) * 1000

    def listens(self):
        try:
            self.daemon.connect().close()
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def finish_all(self):
        self.finish()
        self.daemon.stop()


class Nss(Store):
    name = "NSS softoken"
    calls = {**Store.calls, "add": 10, "update": 10, "delete": 10}

    def new_application(self):
        parameters = (f"configDir='sql:{self.folder}' certPrefix='' keyPrefix='' "
                      "secmod='secmod.db' flags=")
        return Application([BUILD / "tests" / "bench" / "items_pkcs11",
                            LIBRARIES / "libsoftokn3.so", "2", "", parameters], dict(os.environ))

    def load(self, n):
        if self.n_items == 0 and n <= N_BY_API:
            return super().load(n)
        self.finish()
        begun = time.perf_counter()
        self.clone(n)
        took = time.perf_counter() - begun
        self.begin()
        return took, f"{n - self.n_items} rows cloned in cert9.db"

    def clone(self, n):
        """Rows like those that the module has written."""
        with sqlite3.connect(self.folder / "cert9.db") as database:
            database.row_factory = sqlite3.Row
            row = dict(database.execute("SELECT * FROM nssPublic WHERE a102 IS NOT NULL LIMIT 1")
                       .fetchone())
            free = database.execute("SELECT max(id) FROM nssPublic").fetchone()[0] + 1
            database.executemany(
                f"INSERT INTO nssPublic ({', '.join(row)}) "
                f"VALUES ({', '.join('?' for _ in row)})",
                (tuple({**row, "id": free + number, **self.names(number)}.values())
                 for number in range(self.n_items, n)))
        database.close()

    @staticmethod
    def names(number):
        return {"a3": f"item {number}".encode(), "a102": f"id-of-item-{number:09d}".encode(),
                "a101": f"the subject of item {number:09d}".encode(),
                "a82": f"{number:09d}".encode()}

    def finish_all(self):
        self.finish()


class SoftHsm(Store):
    name = "SoftHSM2"
    calls = {"hit": 5, "miss": 5, "list": 1, "add": 5, "update": 5, "delete": 5}
    largest = 1000
    reason = ("each lookup opens every file, a quarter of a second at 10 000, and filling it takes "
              "minutes")

    def __init__(self):
        super().__init__()
        (self.folder / "tokens").mkdir()
        (self.folder / "softhsm2.conf").write_text(
            f"directories.tokendir = {self.folder / 'tokens'}\nobjectstore.backend = file\n")
        self.env = {**os.environ, "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}
        run("softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", "1234",
            "--so-pin", "1234", env=self.env)

    def new_application(self):
        return Application([BUILD / "tests" / "bench" / "items_pkcs11",
                            LIBRARIES / "softhsm" / "libsofthsm2.so", "-", "1234"], self.env)

    def finish_all(self):
        self.finish()


class GnomeKeyring(Store):
    name = "gnome-keyring"
    calls = {"hit": 20, "miss": 20, "list": 1, "add": 5, "update": 5, "delete": 5}
    largest = 1000
    reason = "the keyring is one file, written anew by each addition: seconds for each at 10 000"

    def __init__(self):
        super().__init__()
        self.env = {**os.environ, "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder),
                    "XDG_DATA_HOME": str(self.folder / "data")}
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            self.env.pop(name, None)
        bus = self.folder / "bus"
        self.bus = start("dbus-daemon", "--session", "--nofork", "--nopidfile",
                         f"--address=unix:path={bus}", env=self.env)
        while not bus.exists():
            time.sleep(0.01)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"
        self.keyring = None
        self.begin_keyring()

    def begin_keyring(self):
        self.keyring = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            env=self.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.keyring.stdin.write(b"password")
        self.keyring.stdin.close()

    def new_application(self):
        return Application(["/usr/bin/python3", HERE / "items_secret_service.py"], self.env)

    def memory(self):
        return memory_mb(self.keyring.pid)

    def cold_start(self):
        self.finish()
        end(self.keyring)
        begun = time.perf_counter()
        self.begin_keyring()
        self.begin()
        self.application.ask("hit", 1, self.n_items)
        return (time.perf_counter() - begun) * 1000

    def finish_all(self):
        self.finish()
        end(self.keyring)
        end(self.bus)


STORES = (Keycask, Nss, SoftHsm, GnomeKeyring)


# --- the run -----------------------------------------------------------------------------------


def grow(store, n, figures):
    seconds, how = store.load(n)
    store.n_items = n
    say(f"{store.name}: {how} in {seconds:.1f} s")
    figures["load"] = (seconds, how)


def measure(stores, n):
    """{store: {operation: microseconds, …}} at this size, the stores in turn."""
    figures = {store.name: {name: [] for name in OPERATIONS} for store in stores}
    for store in stores:
        grow(store, n, figures[store.name])
    for number in range(N_ROUNDS):
        say(f"{n} items, round {number + 1} of {N_ROUNDS}")
        for operation in OPERATIONS:
            for store in stores:
                figures[store.name][operation].append(store.measure(operation))
    for store in stores:
        if isinstance(store, Keycask):
            figures[store.name]["floor"] = store.application.ask("floor", 5000)[0]
    time.sleep(REST_S)
    for store in stores:
        found = figures[store.name]
        for operation in OPERATIONS:
            found[operation] = statistics.median(found[operation])
        found["memory"] = store.memory()
        found["cold"] = statistics.median(store.cold_start() for _ in range(3))
    return figures


def run_all(sizes, names, tell):
    results = {}
    with contextlib.ExitStack() as stack:
        stores = []
        for kind in STORES:
            if names and kind.__name__.lower() not in names:
                continue
            store = kind()
            store.begin()
            stack.callback(store.finish_all)
            stores.append(store)
        for n in sizes:
            results[n] = measure([store for store in stores if store.largest >= n], n)
            tell(results)


# --- the document ------------------------------------------------------------------------------


def time_text(microseconds):
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    if microseconds < 1e6:
        return f"{microseconds / 1000:.{0 if microseconds >= 1e5 else 1}f} ms"
    return f"{microseconds / 1e6:.1f} s"


def cell(figures, row):
    if figures is None:
        return "not run"
    if row == "memory":
        return " / ".join(f"{mb:.1f}" for mb in figures["memory"]) + " MB"
    if row == "cold":
        return time_text(figures["cold"] * 1000)
    if row == "load":
        seconds, how = figures["load"]
        return f"{seconds:.1f} s: {how}"
    return time_text(figures[row])


ROWS = {**OPERATIONS, "cold": "cold start to the first answer",
        "memory": "resident / private dirty", "load": "filling it"}


def floor_of(results):
    return statistics.median(found["keycask"]["floor"] for found in results.values())


def table(results):
    kinds = [kind for kind in STORES if any(kind.name in found for found in results.values())]
    lines = ["| items | operation | " + " | ".join(kind.name for kind in kinds) + " |",
             "|---|---|" + "---|" * len(kinds)]
    for n, found in results.items():
        for row, text in ROWS.items():
            cells = [cell(found.get(kind.name), row) for kind in kinds]
            lines.append(f"| {n} | {row}: {text} | " + " | ".join(cells) + " |")
    lines += [""] + [f"{kind.name} beyond {kind.largest} items is not run: {kind.reason}."
                     for kind in kinds if kind.reason and max(results) > kind.largest]
    return "\n".join(lines)


PROSE = """# What the keychain costs

Generic passwords in keycask, through libkeycask and the daemon's socket, beside certificate objects
in NSS softoken (cert9.db) and SoftHSM2 (Debian's file backend), both in the application's own
process, and secrets in gnome-keyring over D-Bus. Each has a value of 800 bytes. One run of
`./run bench keychain` on a shared machine with two processors: {rounds} rounds, the stores in turn
within each; a figure is the median over the rounds of the median over a round's calls. Compare along
a row, not with other machines.

{table}

A lookup names the item exactly and reads its value, so keycask unseals a secret in each; NSS and
SoftHSM2 find a certificate by its ID and read it. "Everything" is one query with attributes in
keycask, an iteration with four attributes of each in the others. An update changes a comment, a
label. keycask's addition is on the disk when it answers. A cold start is that of the daemon and an
application, of NSS and SoftHSM2 that of an application. Memory is the daemon's, five seconds after
the last call and with the application still connected, of NSS and SoftHSM2 the application's: each
has its own. The client of gnome-keyring is in Python (secretstorage), which adds about a millisecond
to each call.

The aim for an exact lookup over the socket was half of what NSS takes in the application's own
process, at any number of items alike. It is alike, but that half cannot be had from another process
on this machine: a message of 1024 bytes to one that only sends it back takes {floor:.0f} µs in the same
run, which leaves nothing for the lookup. What a hit takes beyond that goes, on both sides together,
into JSON, the search, unsealing twice (attributes and value) and a line of the audit log.
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--stores", default="", help="keycask,nss,softhsm,gnomekeyring")
    parser.add_argument("--write")
    options = parser.parse_args()
    sizes = [int(word) for word in options.sizes.split(",")]
    text = ""

    def tell(results):
        """After each size, so that what was measured is not lost with what comes after."""
        nonlocal text
        say(json.dumps(results))
        text = PROSE.format(rounds=N_ROUNDS, table=table(results), floor=floor_of(results))
        if options.write:
            pathlib.Path(options.write).write_text(text)

    try:
        run_all(sizes, [word for word in options.stores.split(",") if word], tell)
    finally:
        shutil.rmtree(scratch(), ignore_errors=True)
    print(text)
    return 0


sys.exit(main())
