# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a lookup in the keychain's file and a signature with a key in it cost, in counts: as many
system calls among thousands of items as among a few, and no more memory. Times are tests/bench's
business."""
import re
import shutil
import signal
import subprocess

from der import b64
from keycask_test import (Daemon, check, check_equal, diagnose, main, scratch,
                          skip_unless, test)
from lifecycle import is_sanitized, may_look_into, private_dirty_kb
from made_keys import MadeKey, add_key

FEW, MANY = 200, 3000
N_CALLS = 200
PIPELINED = 100
VALUE = b64(bytes(800))
X962 = "ecdsa_signature_message_x962_sha256"
PKCS1 = "rsa_signature_message_pkcs1v15_sha256"


def item(number):
    return {"class": "generic_password", "service": "org.example", "account": f"account {number}"}


def add(connection, numbers):
    """Several in flight: the answers come in the same order."""
    numbers = list(numbers)
    for start in range(0, len(numbers), PIPELINED):
        part = numbers[start:start + PIPELINED]
        for number in part:
            connection.send("Items.Add", {"item": {**item(number), "value_data": VALUE}})
        for _ in part:
            connection.receive()


def find(connection, numbers):
    for number in numbers:
        found = connection.call("Items.CopyMatching",
                                {"query": {**item(number), "return_data": True}})["items"]
        check_equal([entry["value_data"] for entry in found], [VALUE], "what is found")


class Counted:
    """The daemon's system calls between begin and end, by name."""

    def __init__(self, daemon):
        self.report = scratch() / "strace"
        self.process = subprocess.Popen(
            ["strace", "-c", "-f", "-o", self.report, "-p", str(daemon.pid)],
            stderr=subprocess.PIPE, text=True)
        said = self.process.stderr.readline()
        check("attached" in said, f"strace: {said}")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.stderr.close()
        self.process.wait()
        rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$",
                          self.report.read_text(), re.M)
        return {name: int(n) for n, name in rows if name != "total"}


def count(daemon, act):
    """Of each of the N_CALLS that act() makes, by name; a first time warms what there is to warm."""
    act()
    counted = Counted(daemon)
    try:
        act()
    finally:
        found = counted.end()
    return {name: n / N_CALLS for name, n in found.items()}


def apart_from_the_loop(calls):
    """How often it looks for a call that has not come yet is a matter of when calls come."""
    return [n for name, n in calls.items() if name not in ("epoll_wait", "recvmsg", "gettid")]


def calls_per_lookup(daemon, connection, n_items):
    numbers = [i * 7919 % n_items for i in range(N_CALLS)]
    return count(daemon, lambda: find(connection, numbers))


def skip_unless_calls_are_ours():
    skip_unless(shutil.which("strace"), "strace is not installed")
    skip_unless(not is_sanitized(), "a sanitizer makes calls of its own")


@test
def a_lookup_costs_as_much_among_thousands_as_among_a_few():
    skip_unless_calls_are_ours()
    with Daemon() as daemon, daemon.connect() as connection:
        skip_unless(may_look_into(daemon.pid), "nobody may look into a process here")
        add(connection, range(FEW))
        few = calls_per_lookup(daemon, connection, FEW)
        add(connection, range(FEW, MANY))
        many = calls_per_lookup(daemon, connection, MANY)
        diagnose(f"{FEW}: {few}")
        diagnose(f"{MANY}: {many}")
        reads = [calls.pop("pread64", 0) for calls in (few, many)]
        # pages of the file: one level of a tree more, of two trees
        check(reads[1] <= reads[0] + 4, f"reads of the file: {reads}")
        check(abs(sum(apart_from_the_loop(many)) - sum(apart_from_the_loop(few))) < 0.5,
              f"calls: {few}, {many}")
        check(sum(many.values()) <= 12, f"calls of a lookup: {many}")


def calls_per_signature(daemon, connection, reference, algorithm):
    parameters = {"key": reference, "algorithm": algorithm, "data": b64(b"data")}

    def sign():
        for _ in range(N_CALLS):
            connection.call("Keys.Sign", parameters)

    found = count(daemon, sign)
    diagnose(f"{algorithm}: {found}")
    return found


@test
def a_signature_costs_a_few_calls_among_few_items_and_many():
    skip_unless_calls_are_ours()
    with Daemon() as daemon, daemon.connect() as connection:
        skip_unless(may_look_into(daemon.pid), "nobody may look into a process here")
        reference = add_key(connection, MadeKey("P-256"))
        few = calls_per_signature(daemon, connection, reference, X962)
        add(connection, range(FEW))
        many = calls_per_signature(daemon, connection, reference, X962)
        for found in (few, many):
            # its line of the audit log; a call comes and its answer goes
            for name in ("write", "sendmsg"):
                check(0.99 <= found.get(name, 0) <= 1.05, f"{name} of a signature: {found}")
            # neither memory nor a descriptor: what it takes, it has
            for name in ("mmap", "munmap", "mlock", "madvise", "brk", "clone", "clone3"):
                check(found.get(name, 0) < 0.05, f"{name} of a signature: {found}")
            # nine; now and then the loop finds that nothing has come
            check(sum(found.values()) <= 12, f"calls of a signature: {found}")


@test
def an_rsa_signature_makes_no_thread_of_its_own():
    skip_unless_calls_are_ours()
    with Daemon() as daemon, daemon.connect() as connection:
        skip_unless(may_look_into(daemon.pid), "nobody may look into a process here")
        reference = add_key(connection, MadeKey("rsa2048"))
        found = calls_per_signature(daemon, connection, reference, PKCS1)
        for name in ("clone", "clone3", "mmap", "epoll_ctl", "eventfd2"):
            check(found.get(name, 0) < 0.05, f"{name} of a signature: {found}")


@test
def memory_does_not_grow_with_the_items():
    skip_unless(not is_sanitized(), "a sanitizer's memory is not ours")
    with Daemon() as daemon, daemon.connect() as connection:
        skip_unless(may_look_into(daemon.pid), "nobody may look into a process here")
        sizes = []
        for first, last in ((0, FEW), (FEW, MANY // 2), (MANY // 2, MANY)):
            add(connection, range(first, last))
            find(connection, range(first, last, 7))
            sizes.append(private_dirty_kb(daemon.pid))
        diagnose(f"private dirty: {sizes} kB")
        # a cache of pages may fill up once; it does not grow with the file
        check(sizes[2] <= sizes[1] + 512, f"private dirty memory: {sizes} kB")
        check(sizes[2] <= sizes[0] + 4096, f"private dirty memory: {sizes} kB")


main()
