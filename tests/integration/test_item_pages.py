# SPDX-License-Identifier: LGPL-2.1-or-later
"""org.keycask.Items.CopyMatching over more items than a message holds: page after page to whoever
takes several replies, and a clear refusal to whoever does not."""
import json
import os
import pathlib
import shutil
import socket
import tempfile
import threading

from der import b64
from keychain_scene import set_password
from keycask_test import (Daemon, Varlink, check, check_equal, check_raises, diagnose, eventually,
                          main, program, run, scratch, test)
from lifecycle import configure, is_sanitized, may_look_into, private_dirty_kb
from made_keys import MadeAuthority, MadeKey, add, der_of, file_with, unb64
from person_scene import Person, PersonScene, wait_for_quiet
from terminal import Terminal

MANY = 2000 if is_sanitized() else 20000
IN_FLIGHT = 30
N_WRITERS = 4
MESSAGE_MAX = 1024 * 1024
VALUES_MAX = 16384
SLOW_BYTES = 4096
MEMORY_KB = 12 * 1024


def item(number, **more):
    return {"class": "generic_password", "service": "org.example",
            "account": f"account {number:05}", "label": f"label {number % 100}",
            "value_data": b64(f"secret {number}".encode()), **more}


def fill(connection, items):
    """Several in flight: the answers come in the same order."""
    items = list(items)
    for start in range(0, len(items), IN_FLIGHT):
        part = items[start:start + IN_FLIGHT]
        for entry in part:
            connection.send("Items.Add", {"item": entry})
        for _ in part:
            connection.receive()


def fill_together(daemon, items):
    items = list(items)

    def write(part):
        with daemon.connect() as connection:
            fill(connection, part)

    writers = [threading.Thread(target=write, args=(items[n::N_WRITERS],))
               for n in range(N_WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()


def folder_in_memory():
    """Twenty thousand transactions wait for no disk: what is measured is the answer."""
    if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK):
        return pathlib.Path(tempfile.mkdtemp(prefix="keycask-pages-", dir="/dev/shm"))
    return pathlib.Path(tempfile.mkdtemp(prefix="state", dir=scratch()))


class Full:
    """A daemon whose keychain has many items."""

    def __init__(self, items):
        self.state = folder_in_memory()
        self.items = items
        self.daemon = Daemon(KEYCASK_STATE_DIR=str(self.state / "state"))

    def __enter__(self):
        self.daemon.__enter__()
        fill_together(self.daemon, self.items)
        return self.daemon

    def __exit__(self, *error):
        try:
            self.daemon.__exit__(*error)
        finally:
            shutil.rmtree(self.state)


def query(**wanted):
    return {"class": "generic_password", "match_limit": "all", **wanted}


def values_of(value):
    """How many JSON values it is."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + sum(map(values_of, value)) if isinstance(value, list) else 1


def accounts(items):
    return sorted(int(entry["account"].split()[1]) for entry in items)


def check_all(found, expected, what):
    """check_equal() of lists that are too long to be shown."""
    check(list(found) == list(expected), f"{what}: {len(found)} items of {len(expected)}, or others")


# --- one answer, many pages --------------------------------------------------------------------


@test(seconds=600)
def many_items_come_in_pages():
    with Full(map(item, range(MANY))) as daemon, daemon.connect() as connection:
        connection.send("Items.CopyMatching", {"query": query(
            return_attributes=True, return_data=True, return_persistent_ref=True)}, more=True)
        found, n_pages, continues = [], 0, True
        while continues:
            text = connection.receive_raw()
            connection.input = text + b"\0" + connection.input
            page, continues = connection.receive()
            check(len(text) <= MESSAGE_MAX, f"a page of {len(text)} bytes")
            check(values_of(page) + 3 <= VALUES_MAX, f"a page of {values_of(page)} values")
            check(page["items"], "a page without items")
            found += page["items"]
            n_pages += 1
        diagnose(f"{len(found)} items in {n_pages} pages")
        check(n_pages > 3, "one page")
        check_all(accounts(found), range(MANY), "accounts")
        check_equal(len({entry["value_persistent_ref"] for entry in found}), MANY, "references")
        for entry in found[::97]:
            number = int(entry["account"].split()[1])
            check_equal(entry["value_data"], b64(f"secret {number}".encode()), "value_data")

        # The same by an index whose rows stand in another order, with a limit, and by another.
        check_all(accounts(connection.copy_matching(query(
            service="org.example", return_attributes=True))), range(MANY), "by service")
        limited = connection.copy_matching(query(match_limit=MANY // 4, return_attributes=True))
        check_all(accounts(limited), accounts(found[:MANY // 4]), "with a limit")
        check_equal(len(connection.copy_matching(query(
            label="label 7", return_attributes=True))), MANY // 100, "by label")
        check_raises("item_not_found", connection.copy_matching,
                     query(label="none", return_attributes=True))

        # Whoever takes one reply hears what to do.
        record = check_raises("param", connection.call, "Items.CopyMatching", {
            "query": query(return_attributes=True)}).record
        check_equal(record["message"], "more items match than one answer can hold", "message")
        check("match_limit" in record["hint"] and "more" in record["hint"], record["hint"])
        check_equal(len(connection.call("Items.CopyMatching", {"query": query(
            match_limit=200, return_attributes=True)})["items"]), 200, "without more")

        clients(daemon, found)
        readers(daemon)


def copy_by_cli(daemon, **wanted):
    answer = daemon.cli("item", "copy-matching", input=json.dumps(query(**wanted)).encode())
    check_equal(answer["status"], 0, "status")
    return answer["result"]


def clients(daemon, expected):
    """libkeycask joins the pages: the shapes of results are what they are of a few."""
    check_all(accounts(copy_by_cli(daemon, return_attributes=True)), range(MANY),
              "keycask item copy-matching")
    check_all(copy_by_cli(daemon, return_data=True),
              [entry["value_data"] for entry in expected], "bare data")
    check_equal(len(set(copy_by_cli(daemon, return_persistent_ref=True))), MANY, "references")
    both = copy_by_cli(daemon, return_data=True, return_attributes=True, match_limit=MANY // 2)
    check_all(accounts(both), accounts(expected[:MANY // 2]), "dictionaries up to a limit")
    one = copy_by_cli(daemon, return_attributes=True, match_limit="one")
    check_equal(one["account"], expected[0]["account"], "one item, bare")
    check_equal(copy_by_cli(daemon), None, "nothing was asked for")
    check_equal(len(daemon.cli("password", "list")), MANY, "keycask password list")


def readers(daemon):
    """Slow ones, two at once, and one that leaves; keycaskd's memory does not grow with them."""
    everything = query(return_attributes=True, return_data=True)
    with daemon.connect() as warm:
        warm.copy_matching(everything)
    before = private_dirty_kb(daemon.pid) if may_look_into(daemon.pid) else None
    slow = [Varlink(daemon.socket) for _ in range(8)]
    for reader in slow:
        reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BYTES)
        reader.send("Items.CopyMatching", {"query": everything}, more=True)
    for reader in slow:
        page, continues = reader.receive()
        check(page["items"] and continues, "the first page of many")
    with daemon.connect() as other:
        fill(other, [item(MANY)])
        other.call("Items.Update", {
            "query": {"class": "generic_password", "account": item(0)["account"]},
            "changes": {"comment": "changed"}})
    if before is not None and not is_sanitized():
        during = private_dirty_kb(daemon.pid)
        diagnose(f"private dirty {before} KB, with eight slow readers {during} KB")
        check(during - before < MEMORY_KB, f"{during - before} KB more")
    for reader in slow[2:]:
        reader.close()
    for reader in slow[:2]:
        rest, continues = [], True
        while continues:
            page, continues = reader.receive()
            rest += page["items"]
        check(len({entry["account"] for entry in rest}) == len(rest), "an item came twice")
        check(item(MANY)["account"] not in [entry["account"] for entry in rest],
              "what was added meanwhile")
        reader.close()
    with daemon.connect() as other:
        other.call("Items.Delete", {"query": {"class": "generic_password",
                                              "account": item(MANY)["account"]}})
        check_equal(len(other.copy_matching(everything)), MANY, "items afterwards")
    eventually(lambda: len(os.listdir(f"/proc/{daemon.pid}/fd")) < 64, "closed connections")


# --- failures in the middle --------------------------------------------------------------------


@test
def a_locked_item_fails_the_query_after_pages_of_others():
    """reference/keychain.md 4.4; libkeycask hands out nothing of what came before."""
    n = 3000
    items = (item(number, accessible="after_first_unlock") for number in range(n))
    with Full(items) as daemon, daemon.connect() as connection:
        set_password(connection, "secret")
        fill(connection, [item(n, accessible="when_unlocked")])
        check_equal(len(connection.copy_matching(query(return_attributes=True))), n + 1, "open")
        connection.call("Keychain.Lock")
        pages = connection.stream("Items.CopyMatching", {"query": query(return_attributes=True)})
        check(next(pages)["items"], "the first page")
        check_raises("interaction_not_allowed", list, pages)
        answer = daemon.cli("item", "copy-matching", status=1, input=json.dumps(query(
            return_attributes=True, use_authentication_ui="fail")).encode())
        check_equal(answer["name"], "interaction_not_allowed", "keycask item copy-matching")
        # The connection is good for the next call.
        found = connection.copy_matching(query(match_limit=n, return_attributes=True))
        check_equal(len(found), n, "all but the last")


def read_by_audit(daemon):
    """How many items each reading has given, by the audit log."""
    out, _ = run(program("keycask"), "audit", "--json", env=daemon.env)
    lines = map(json.loads, out.splitlines())
    return [line["n_items"] for line in lines if line["operation"] == "read"]


LARGE = 100000  # two of these are a page


def large(number):
    return f"{number} " + "x" * LARGE


@test
def a_person_is_asked_once_for_all_pages():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as person:
        for number in range(8):
            person.add("s", "user_presence", account=str(number),
                       value_data=b64(large(number).encode()))
        person.connection.send("Items.CopyMatching", {
            "query": person.query("s", return_data=True, match_limit="all"),
            "interaction": person.interaction}, more=True)
        terminal.read_until("[ad]? ")
        terminal.type("A")
        found, n_pages, continues = [], 0, True
        while continues:
            page, continues = person.connection.receive()
            found += [unb64(entry["value_data"]).decode() for entry in page["items"]]
            n_pages += 1
        check(n_pages > 3, f"{n_pages} pages")
        check_equal(found, [large(number) for number in range(8)], "values")
        wait_for_quiet(daemon)
        check_equal(read_by_audit(daemon), [8], "items in the audit log")


@test
def whoever_leaves_has_read_what_came_before():
    with Daemon() as daemon:
        with daemon.connect() as connection:
            fill(connection, [item(number, comment=large(number)) for number in range(100)])
        reader = daemon.connect()
        reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BYTES)
        reader.send("Items.CopyMatching", {"query": query(
            return_data=True, return_attributes=True)}, more=True)
        reader.receive()
        reader.close()
        (n_items,) = eventually(lambda: read_by_audit(daemon), "a line of the audit log")
        check(0 < n_items < 100, f"{n_items} items in the audit log")


@test
def certificates_are_judged_page_by_page():
    root, other = MadeAuthority("Root"), MadeAuthority("Other")
    path = file_with(root.pem_certificate)
    with configure(Daemon(), trust_store=str(path)) as daemon, daemon.connect() as connection:
        expected = []
        for number in range(9):
            pem = (other if number % 3 == 1 else root).issue(MadeKey("P-256"), f"leaf {number}")
            add(connection, **{"class": "certificate"}, value_data=b64(der_of(pem)),
                label=large(number))
            if number % 3 != 1:
                expected.append(large(number))
        pages = list(connection.stream("Items.CopyMatching", {"query": {
            "class": "certificate", "match_limit": "all", "match_trusted_only": True,
            "return_attributes": True}}))
        check(len(pages) > 2, f"{len(pages)} pages")
        check_equal([entry["label"] for page in pages for entry in page["items"]], expected,
                    "trusted")


@test
def identities_come_in_pages():
    with Daemon() as daemon, daemon.connect() as connection:
        for number in range(6):
            key = MadeKey("P-256")
            add(connection, **{"class": "identity"}, label=large(number),
                value_data=b64(key.certificate(f"jo {number}") + key.pem))
        wanted = {"class": "identity", "match_limit": "all", "return_attributes": True}
        pages = list(connection.stream("Items.CopyMatching", {"query": wanted}))
        check(len(pages) > 2, f"{len(pages)} pages")
        found = [entry["label"] for page in pages for entry in page["items"]]
        check_equal(found, [large(number) for number in range(6)], "identities")
        check_equal(len(daemon.copy_matching({**wanted, "key_class": "private"})), 6, "by key")


@test
def an_item_may_be_too_large_for_an_answer():
    """Updates can make what no message could have brought; each half can be read."""
    with Daemon() as daemon, daemon.connect() as connection:
        connection.call("Items.Add", {"item": {**item(1), "value_data": b64(bytes(500000))}})
        for name in ("comment", "label"):
            connection.call("Items.Update", {
                "query": {"class": "generic_password"}, "changes": {name: "x" * 250000}})
        for ask in (connection.copy_matching,
                    lambda wanted: connection.call("Items.CopyMatching", {"query": wanted})):
            record = check_raises("param", ask,
                                  query(return_attributes=True, return_data=True)).record
            check_equal(record["message"], "an item is larger than an answer can be", "message")
            check("one after the other" in record["hint"], record["hint"])
        for half in ("return_attributes", "return_data"):
            check_equal(len(connection.copy_matching(query(**{half: True}))), 1, half)


@test
def a_daemon_that_stops_finishes_its_answer():
    with Daemon() as daemon:
        with daemon.connect() as connection:
            fill(connection, [item(number, comment=large(number)) for number in range(100)])
        reader = daemon.connect()
        reader.send("Items.CopyMatching", {"query": query(return_attributes=True)}, more=True)
        found, continues = reader.receive()[0]["items"], True
        daemon.process.terminate()
        while continues:
            page, continues = reader.receive()
            found += page["items"]
        check_equal(accounts(found), list(range(100)), "items")
        reader.close()


@test
def keycask_list_shows_all_keys():
    n = 3000
    keys = ({"class": "key", "key_class": "symmetric", "label": f"key {number}",
             "application_tag": b64(f"tag {number}".encode()),
             "application_label": b64(f"label {number}".encode()),
             "value_data": b64(bytes(range(32)))} for number in range(n))
    with Full(keys) as daemon:
        check_equal(len(daemon.cli("list")), n, "keycask list")


main()
