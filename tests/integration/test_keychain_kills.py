# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of keycaskd at random moments while eight programs write to the keychain: every write that
was acknowledged is there, of every other one all or nothing, the file is whole, and persistent
references are alive. KEYCASK_SEED and KEYCASK_ROUNDS repeat a run."""
import base64
import json
import os
import pathlib
import random
import select
import shutil
import socket
import sqlite3
import sys
import time

from keycask_test import (SOAK, Daemon, Failure, Varlink, VarlinkError, check, check_equal, diagnose,
                          main, program, scratch, start, test)
from lifecycle import is_sanitized

N_WRITERS = 8
N_ACCOUNTS = 6  # of each writer
GROUPS = ("kills.a", "kills.b")
SEED = 20261123
LISTENER = 9  # its descriptor, one digit for sh
ACTIVATE = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&9 9<&-'
LONGEST = 0.03  # seconds that a daemon lives


def n_rounds():
    chosen = os.environ.get("KEYCASK_ROUNDS")
    if chosen:
        return int(chosen)
    if is_sanitized():
        return 1000 if SOAK else 40
    return 10000 if SOAK else 200


def value(writer, account, generation):
    """Told from any other, and now and then longer than a page of the file."""
    word = f"{writer}/{account}/{generation} "
    return (word * (1 if generation % 4 else 800)).encode()


class Item:
    """What one item is, as far as its writer knows."""

    def __init__(self, generation, group, reference=None):
        self.generation = generation
        self.group = group
        self.reference = reference

    def known(self):
        return self.generation, self.group


class Writer:
    """A program with items of its own, and one call under way at a time: before is what the
    keychain holds without it, after what it holds with it."""

    def __init__(self, number, dice):
        self.number = number
        self.dice = dice
        self.service = f"writer {number}"
        self.generation = 0
        self.before = {}
        self.after = None
        self.connection = None

    def items(self, **more):
        return {"class": "generic_password", "service": self.service, **more}

    # --- calls that cannot fail: each is chosen for what is there

    def add(self):
        account = self.dice.choice([n for n in range(N_ACCOUNTS) if n not in self.before])
        item = Item(self.generation, self.dice.choice(GROUPS))
        self.after = {**self.before, account: item}
        return "Items.Add", {"item": self.items(
            account=str(account), comment=str(self.generation), access_group=item.group,
            value_data=self.secret(account), return_persistent_ref=True)}

    def secret(self, account):
        return base64.b64encode(value(self.number, account, self.generation)).decode()

    def update(self):
        account = self.dice.choice(sorted(self.before))
        old = self.before[account]
        self.after = {**self.before, account: Item(self.generation, old.group, old.reference)}
        return "Items.Update", {
            "query": self.items(account=str(account)),
            "changes": {"comment": str(self.generation), "value_data": self.secret(account)}}

    def move(self):
        """All of them to one group, or none."""
        group = self.dice.choice(GROUPS)
        self.after = {account: Item(item.generation, group, item.reference)
                      for account, item in self.before.items()}
        return "Items.Update", {"query": self.items(), "changes": {"access_group": group}}

    def delete(self):
        account = self.dice.choice(sorted(self.before))
        self.after = {other: item for other, item in self.before.items() if other != account}
        return "Items.Delete", {"query": self.items(account=str(account))}

    def delete_all(self):
        self.after = {}
        return "Items.Delete", {"query": self.items()}

    def choose(self):
        if not self.before:
            return self.add
        choices = [self.update] * 4 + [self.move] * 2 + [self.delete]
        if len(self.before) < N_ACCOUNTS:
            choices += [self.add] * 4
        if self.dice.random() < 0.02:
            choices = [self.delete_all]
        return self.dice.choice(choices)

    def send(self):
        self.generation += 1
        self.connection.send(*self.choose()())

    def acknowledged(self, reply):
        reference = (reply.get("item") or {}).get("value_persistent_ref")
        for item in self.after.values():
            item.reference = item.reference or reference
        self.before, self.after = self.after, None

    # --- after the crash

    def check_with(self, connection):
        """What is there is what was, or what would have been; it is what is from now on."""
        found = self.look(connection)
        seen = {account: item.known() for account, item in found.items()}
        possible = [self.before] + ([] if self.after is None else [self.after])
        matching = [state for state in possible
                    if {account: item.known() for account, item in state.items()} == seen]
        check(matching, f"{self.service} has {seen}, expected one of "
              f"{[{a: i.known() for a, i in state.items()} for state in possible]}")
        for account, item in matching[0].items():
            check(item.reference in (None, found[account].reference),
                  f"{self.service}: {account} has another persistent reference")
        self.before, self.after = found, None

    def look(self, connection):
        try:
            items = connection.call("Items.CopyMatching", {"query": self.items(
                match_limit="all", return_attributes=True, return_data=True,
                return_persistent_ref=True)})["items"]
        except VarlinkError as error:
            check_equal(error.record["name"], "item_not_found", "status")
            items = []
        return {int(item["account"]): self.read(item) for item in items}

    def read(self, item):
        generation = int(item["comment"])
        check_equal(base64.b64decode(item["value_data"]),
                    value(self.number, int(item["account"]), generation), "secret of an item")
        return Item(generation, item["access_group"], item["value_persistent_ref"])

    def check_reference(self, connection):
        """By its reference alone."""
        if not self.before:
            return
        account, item = self.dice.choice(sorted(self.before.items()))
        found = connection.call("Items.CopyMatching", {"query": {
            "value_persistent_ref": item.reference, "return_attributes": True}})["items"]
        check_equal(found[0]["account"], str(account), "item of a persistent reference")


class World:
    """The listening socket stays while daemons come and go, as systemd would hold it: nobody has to
    wait for one to be ready."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.daemon = Daemon()
        self.writers = [Writer(number, self.dice) for number in range(N_WRITERS)]
        self.listener = socket.socket(socket.AF_UNIX)
        self.n_acknowledged = 0
        self.process = None
        self.configure()

    def configure(self):
        folder = pathlib.Path(self.daemon.env["KEYCASK_CONFIG_DIR"])
        folder.mkdir(mode=0o700)
        (folder / "config.json").write_text(json.dumps(
            {"providers": [], "keychain_password_cost": 14}))
        (folder / "entitlements.d").mkdir(mode=0o700)
        (folder / "entitlements.d" / "python.json").write_text(json.dumps(
            {"executable": os.path.realpath(sys.executable), "access_groups": GROUPS}))
        self.daemon.socket.parent.mkdir(mode=0o700)
        self.listener.bind(str(self.daemon.socket))
        self.listener.listen(64)
        os.dup2(self.listener.fileno(), LISTENER)

    def start(self):
        self.process = start("sh", "-c", ACTIVATE, "sh", program("keycaskd"), "--user",
                             "--foreground", env=self.daemon.env, log=self.daemon.log,
                             pass_fds=[LISTENER])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def live(self):
        """Writers write until the daemon is killed; what had been answered by then counts."""
        lifetime = self.dice.random() ** 2 * LONGEST
        for writer in self.writers:
            writer.connection = Varlink(self.daemon.socket)
            writer.send()
        first = self.writers[0].connection
        check(select.select([first], [], [], 20)[0], "the daemon does not answer")  # it is up
        self.serve(time.monotonic() + lifetime)
        self.kill()
        self.drain_backlog()
        for writer in self.writers:
            self.drain(writer)

    def serve(self, deadline):
        by_socket = {writer.connection: writer for writer in self.writers}
        while (left := deadline - time.monotonic()) > 0:
            for connection in select.select(list(by_socket), [], [], left)[0]:
                self.take_reply(by_socket[connection])

    def take_reply(self, writer):
        reply, _ = writer.connection.receive()
        self.n_acknowledged += 1
        writer.acknowledged(reply)
        writer.send()

    def drain(self, writer):
        text = writer.connection.receive_raw()
        if text is not None:
            reply = json.loads(text)
            check("error" not in reply, f"{writer.service}: {text}")
            self.n_acknowledged += 1
            writer.acknowledged(reply.get("parameters") or {})
        writer.connection.close()

    def drain_backlog(self):
        """Whom the dead daemon had not accepted must not be served by the next one."""
        self.listener.setblocking(False)
        try:
            while True:
                self.listener.accept()[0].close()
        except BlockingIOError:
            pass
        self.listener.setblocking(True)

    def check_file(self):
        """Of a copy, so that nothing but the daemon ever recovers the original."""
        copy = scratch() / "copy.db"
        for suffix in ("", "-wal"):
            source = pathlib.Path(self.daemon.env["KEYCASK_STATE_DIR"], "keychain.db" + suffix)
            target = pathlib.Path(str(copy) + suffix)
            target.unlink(missing_ok=True)
            if source.exists():
                shutil.copyfile(source, target)
        connection = sqlite3.connect(copy)
        check_equal(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)],
                    "integrity_check")
        connection.close()

    def check_writers(self):
        self.start()
        with Varlink(self.daemon.socket) as connection:
            for writer in self.writers:
                writer.check_with(connection)
            self.dice.choice(self.writers).check_reference(connection)


def seed():
    return int(os.environ.get("KEYCASK_SEED", SEED))


@test(seconds=230)
def nothing_acknowledged_is_lost():
    world = World(seed())
    rounds = n_rounds()
    began = time.monotonic()
    world.start()
    for number in range(rounds):
        try:
            world.live()
            world.check_file()
            world.check_writers()
        except (Failure, VarlinkError):
            diagnose(f"in round {number}: KEYCASK_SEED={seed()}")
            world.daemon.show_log()
            raise
    world.kill()
    world.daemon.check_log()
    spent = time.monotonic() - began
    diagnose(f"{rounds} kills, {world.n_acknowledged} acknowledged writes, "
             f"{spent / rounds * 1000:.0f} ms each")
    check(world.n_acknowledged > rounds, "hardly anything was written")


main()
