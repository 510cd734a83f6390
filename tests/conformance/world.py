# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a case acts on: one keycaskd per section, clients of it in processes of their own (on the
wire or on the library), a software card, a person at a pinentry, and the keychain's password."""
import base64
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys

from keycask_test import BUILD, PIN, Card, Daemon, check, end, scratch
from language import TableError, Variable
from lifecycle import configure

import fixtures
import judge

HERE = pathlib.Path(__file__).resolve().parent
CLASSES = ("generic_password", "internet_password", "certificate", "key")
PROFILE = "piv:9a=p256,9c=p256"
# Programs beside "main", of which nothing is said, and what entitlements.d says of them.
ENTITLEMENTS = {
    "two": {"access_groups": ["conformance.a", "conformance.b"]},
    "second": {"access_groups": ["conformance.b"]},
    "none": {},
    "blind": {"tokens": False},
    "denied": {"access_groups": ["conformance.a"], "deny": True},
}


class Client:
    """A process that makes calls when told to by a line."""

    def __init__(self, world, name):
        self.transport = world.transport
        self.process = subprocess.Popen(
            world.command(name), env={**world.daemon.env, "DISPLAY": ":77"}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        end(self.process)

    def raw(self, verb, *dictionaries):
        """status, and the rest of the answer as JSON or text."""
        line = "\t".join((verb, *(json.dumps(part) for part in dictionaries)))
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        check(answer, f"the client has ended in {line}")
        status, _, text = answer.rstrip("\n").partition("\t")
        if int(status) == 0:
            return 0, json.loads(text) if text else None
        return int(status), text

    def call(self, verb, *dictionaries):
        """Status name, and the result as judge.py wants it (of a failure its message)."""
        status, answer = self.raw(verb, *dictionaries)
        name = judge.NAMES.get(status, str(status))
        if status != 0:
            return name, answer
        if self.transport == "wire":
            return name, judge.shape_of_wire(verb, dictionaries[0], answer)
        return name, judge.shape_of_library(answer)


class World:
    """One section's daemon and everything around it."""

    def __init__(self, transport, variables):
        self.transport = transport
        self.fixtures = variables
        self.variables = {}
        self.daemon = None
        self.card = None
        self.clients = {}
        self.who = "main"
        self.password = None

    def __enter__(self):
        self.begin()
        return self

    def __exit__(self, *failure):
        self.finish(*failure)

    # --- the daemon ---------------------------------------------------------------------------

    def begin(self):
        self.daemon = Daemon()
        person = self.daemon.directory / "person"
        person.mkdir()
        shutil.copy(HERE / "person.py", person / "pinentry")
        (person / "pinentry").chmod(0o700)
        self.mind = person / "mind"
        self.set_mind("no")
        self.entitle()
        configure(self.daemon, pinentry=str(person / "pinentry"), **SETTINGS)
        self.daemon.__enter__()

    def finish(self, *failure):
        self.drop_clients()
        self.pull()
        self.daemon.__exit__(*(failure or (None, None, None)))
        self.daemon = None
        self.password = None

    def entitle(self):
        """A program of its own for each client that has groups of its own."""
        folder = pathlib.Path(self.daemon.env["KEYCASK_CONFIG_DIR"], "entitlements.d")
        folder.mkdir(parents=True)
        for name, said in ENTITLEMENTS.items():
            path = self.daemon.directory / f"client-{name}"
            shutil.copy(os.path.realpath(sys.executable) if self.transport == "wire"
                        else RUNNER, path)
            (folder / f"{name}.json").write_text(json.dumps(
                {"executable": str(path), "default_group": False, **said}))

    def command(self, name):
        path = self.daemon.directory / f"client-{name}"
        if self.transport == "library":
            return [str(path if path.exists() else RUNNER)]
        return [str(path if path.exists() else sys.executable), str(HERE / "wire.py")]

    def client(self):
        if self.who not in self.clients:
            self.clients[self.who] = Client(self, self.who)
        return self.clients[self.who]

    def drop_clients(self):
        for client in self.clients.values():
            client.close()
        self.clients = {}

    # --- between cases ------------------------------------------------------------------------

    def reset(self):
        """Everything as at the start of the section; a new daemon when that is what it takes."""
        self.variables = dict(self.fixtures)
        self.set_mind("no")
        self.pull()
        if self.password is not None:
            self.finish()
            self.begin()
        for name in ("main", *(set(self.clients) - {"main"})):
            self.who = name
            self.wipe()
        self.who = "main"

    def wipe(self):
        for item_class in CLASSES:
            status, said = self.client().raw("delete", {"class": item_class, "synchronizable": "any"})
            if status not in (0, judge.NUMBERS["item_not_found"],
                              judge.NUMBERS["missing_entitlement"]) and self.who != "denied":
                raise judge.Mismatch(f"between cases: delete {item_class}: {status} {said}")

    # --- steps --------------------------------------------------------------------------------

    def run(self, step):
        if hasattr(self, "do_" + step.verb):
            getattr(self, "do_" + step.verb)(*[self.value(word) for word in step.words])
            return
        if step.verb not in ("add", "copy", "update", "delete"):
            raise TableError(f"no step {step.verb}")
        parts = [step.query] if step.changes is None else [step.query, step.changes]
        status, result = self.client().call(
            step.verb, *[judge.plain(part, self.variables) for part in parts])
        said = f": {result}" if status != "success" else ""
        judge.expect(status == step.status, f"{status}, not {step.status}{said}")
        if step.shape:
            judge.judge(step.shape, result, self.variables)

    def value(self, word):
        """Of a step that is no verb: $name may be one that it makes."""
        if isinstance(word, Variable) and word.name not in self.variables:
            return word
        return self.variables[word.name] if isinstance(word, Variable) else word

    def do_as(self, who):
        self.who = who

    def set_mind(self, mind):
        self.mind.write_text(mind)

    do_person = set_mind

    def do_restart(self):
        self.drop_clients()
        self.daemon.stop()
        self.daemon.start()

    def do_reconnect(self):
        """The same programs, on new connections."""
        self.drop_clients()

    def do_password(self, password):
        """Set it, change it, or with false take it away."""
        parameters = {"current": self.password} if self.password else {}
        parameters.update({"new": password} if password else {"remove": True})
        self.daemon.call("Keychain.ChangePassword", parameters)
        self.password = password or ""

    def do_lock(self):
        self.daemon.call("Keychain.Lock")

    def do_unlock(self):
        self.daemon.call("Keychain.Unlock", {"password": self.password})

    def do_state(self, state):
        found = self.daemon.call("Keychain.State")["state"]
        judge.expect(found == state, f"the keychain is {found}, not {state}")

    def do_context(self, variable, *arguments):
        """$name, then NewContext's fields by name and value."""
        fields = dict(zip(arguments[::2], arguments[1::2]))
        status, answer = self.client().raw("context", fields)
        judge.expect(status == 0, f"a context: {status} {answer}")
        self.variables[variable.name] = answer[1] if isinstance(answer, list) else answer

    def do_insert(self):
        if self.card is None:
            self.card = Card(PROFILE, file=scratch() / f"{self.transport}-card.json")
        self.card.insert(self.daemon)
        self.variables["token"] = self.daemon.wait_for_token()["token_id"]
        self.variables["pin"] = PIN

    def pull(self):
        if self.card is not None and self.card.process is not None:
            self.card.pull()
            self.daemon.wait_for_removal()

    do_pull = pull

    def do_damage(self, table):
        """The last byte of what is sealed in each row of a table, while nobody has the file."""
        self.drop_clients()
        self.daemon.stop()
        path = pathlib.Path(self.daemon.env["KEYCASK_STATE_DIR"], "keychain.db")
        with sqlite3.connect(path) as database:
            rows = database.execute(f"SELECT position, attributes FROM {table}").fetchall()
            for position, sealed in rows:
                damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
                database.execute(f"UPDATE {table} SET attributes = ? WHERE position = ?",
                                 (damaged, position))
        database.close()
        check(rows, f"no row in {table}")
        self.daemon.start()

    @staticmethod
    def bytes_of(value):
        return value if isinstance(value, bytes) else base64.b64decode(value)

    def do_begins(self, value, start):
        found = self.bytes_of(value)
        judge.expect(found.startswith(start), f"it begins with {found[:len(start)]!r}")

    def do_same_tail(self, left, right):
        """Two persistent references of one row."""
        judge.expect(self.bytes_of(left)[4:] == self.bytes_of(right)[4:], "the rows differ")

    def do_differ(self, left, right):
        judge.expect(left != right, "they are equal")

    def do_length(self, value, n):
        """Of data: how many bytes."""
        found = len(self.bytes_of(value))
        judge.expect(found == n, f"{found} bytes, not {n}")


RUNNER = BUILD / "tests" / "conformance" / "runner"
SETTINGS = {"keychain_password_cost": 14, "prompt_quota": 1000}  # a person in a hurry
__all__ = ["World", "fixtures"]
