# SPDX-License-Identifier: LGPL-2.1-or-later
"""The audit log: who did what with items, how it ended, and nothing that they hold."""
import json
import os
import pathlib

from keycask_test import Daemon, check, check_equal, check_raises, main, program, run, test

SECRET = "c2VjcmV0IHZhbHVl"  # "secret value"
LIMIT = 4 * 1024 * 1024


def log_of(daemon):
    return pathlib.Path(daemon.env["KEYCASK_STATE_DIR"], "audit.log")


def lines(daemon, *names):
    """What each line has under these names."""
    return [tuple(json.loads(line).get(name) for name in names)
            for line in log_of(daemon).read_text().splitlines()]


def item(account="an account", **more):
    return {"class": "generic_password", "account": account, "label": "a label", **more}


@test
def each_change_and_each_reading_of_content_is_a_line():
    with Daemon() as daemon, daemon.connect() as connection:
        added = connection.call("Items.Add", {"item": item(
            value_data=SECRET, return_persistent_ref=True)})["item"]["value_persistent_ref"]
        connection.call("Items.CopyMatching", {"query": {
            "class": "generic_password", "return_attributes": True}})
        connection.call("Items.CopyMatching", {"query": {
            "class": "generic_password", "return_data": True, "match_limit": "all",
            "return_persistent_ref": True}})
        check_raises("duplicate_item", connection.call, "Items.Add", {"item": item()})
        connection.call("Items.Update", {"query": item(), "changes": {"comment": "a comment"}})
        connection.call("Items.Delete", {"query": {"value_persistent_ref": added}})
        check_equal(lines(daemon, "operation", "class", "persistent_ref", "n_items", "result"), [
            ("add", "generic_password", added, None, "success"),
            ("read", "generic_password", added, 1, "success"),
            ("add", "generic_password", None, None, "duplicate_item"),
            ("update", "generic_password", None, None, "success"),
            ("delete", None, added, None, "success")], "the log")
        who = lines(daemon, "pid", "uid", "groups")
        check_equal(set(map(str, who)), {str((os.getpid(), os.geteuid(), ["org.keycask.user"]))},
                    "who")
        text = log_of(daemon).read_text()
        for word in ("an account", "a label", "a comment", "secret", SECRET):
            check(word not in text, f"{word} is in the log")
        check_equal(log_of(daemon).stat().st_mode & 0o777, 0o600, "its mode")


@test
def content_that_a_number_asks_for_is_a_line_too():
    with Daemon() as daemon, daemon.connect() as connection:
        connection.call("Items.Add", {"item": item(value_data=SECRET)})
        found = connection.copy_matching({"class": "generic_password", "return_data": 1})
        check_equal(found[0]["value_data"], SECRET, "the content")
        check_equal(lines(daemon, "operation", "n_items"), [("add", None), ("read", 1)], "the log")


@test
def what_was_refused_is_a_line_and_what_was_not_there_is_none():
    with Daemon() as daemon, daemon.connect() as connection:
        check_raises("missing_entitlement", connection.call, "Items.CopyMatching", {"query": {
            "class": "generic_password", "access_group": "org.example.other"}})
        check_raises("item_not_found", connection.call, "Items.CopyMatching", {"query": {
            "class": "generic_password", "return_data": True}})
        check_raises("param", connection.call, "Items.Add", {"item": item(value_data=7)})
        check_equal(lines(daemon, "operation", "result"), [("read", "missing_entitlement")],
                    "the log")


@test
def a_log_that_has_grown_is_begun_anew():
    with Daemon() as daemon, daemon.connect() as connection:
        for account in "ab":
            with open(log_of(daemon), "ab") as log:
                log.truncate(LIMIT - 10)
            daemon.stop()
            connection.close()
            daemon.start()
            with daemon.connect() as other:
                other.call("Items.Add", {"item": item(account)})
                other.call("Items.Add", {"item": item(account + "2")})
        check_equal(len(lines(daemon, "operation")), 1, "lines of the new one")
        old = log_of(daemon).with_name("audit.log.1")
        check(old.stat().st_size > LIMIT, "the old one has less than it had")
        check_equal(old.stat().st_mode & 0o777, 0o600, "its mode")


@test
def people_read_it():
    with Daemon() as daemon, daemon.connect() as connection:
        connection.call("Items.Add", {"item": item(value_data=SECRET)})
        said, _ = run(program("keycask"), "audit", env=daemon.env)
        check(f"({os.getpid()})  add generic_password  success" in said.decode(), said)
        with open(log_of(daemon), "ab") as log:
            log.write(b'{"time": "cut o')
        said, _ = run(program("keycask"), "audit", "--json", env=daemon.env)
        check_equal([json.loads(line)["operation"] for line in said.splitlines()], ["add"], "JSON")


main()
