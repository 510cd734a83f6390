# SPDX-License-Identifier: LGPL-2.1-or-later
"""The keychain's file in every bad state: what happened and what to do is said by the calls, by
Keychain.State and by keycask doctor; nothing is lost, and tokens work all the same."""
import base64
import json
import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess

from keycask_test import (Card, Daemon, VarlinkError, check, check_equal, main, program,
                          skip_unless, start, test)
from lifecycle import configure
from mounted import Mount

PAGE = 4096


def make_daemon(**environment):
    return configure(Daemon(**environment), keychain_password_cost=14)


def state_folder(daemon):
    return pathlib.Path(daemon.env["KEYCASK_STATE_DIR"])


def file_of(daemon):
    return state_folder(daemon) / "keychain.db"


def password(account="me", **more):
    return {"class": "generic_password", "service": "test", "account": account, **more}


def add(daemon, account="me", value=b"open sesame"):
    daemon.call("Items.Add", {"item": password(
        account, value_data=base64.b64encode(value).decode())})


def read(daemon, account="me"):
    found = daemon.call("Items.CopyMatching", {"query": password(account, return_data=True)})
    return base64.b64decode(found["items"][0]["value_data"])


def filled(n=1, daemon=None):
    """A daemon that has ended, with items in its keychain."""
    daemon = daemon or make_daemon()
    with daemon:
        for number in range(n):
            add(daemon, f"me{number}", b"x" * 1000)
    return daemon


def count(daemon):
    try:
        return len(daemon.call("Items.CopyMatching", {"query": {
            "class": "generic_password", "match_limit": "all",
            "return_attributes": True}})["items"])
    except VarlinkError as error:
        check_equal(error.record["name"], "item_not_found", "status")
        return 0


def refusal(daemon, call, *arguments):
    """The record of a call that must fail."""
    try:
        call(daemon, *arguments)
    except VarlinkError as error:
        return error.record
    raise AssertionError("the call did not fail")


def findings(daemon):
    """What keycask doctor --json says of the keychain; other troubles of this machine are not ours."""
    out = subprocess.run([daemon.env["PATH"].split(":")[0] + "/keycask", "doctor", "--json"],
                         env=daemon.env, stdout=subprocess.PIPE, check=False).stdout
    return [found for found in json.loads(out) if found["topic"] == "keychain"]


def notes(daemon, *arguments):
    """What a person is told besides."""
    return subprocess.run([program("keycask"), *arguments], env=daemon.env, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE).stderr.decode()


def check_unavailable(daemon, message, hint):
    """The same words everywhere; and a token's items are there."""
    record = refusal(daemon, add)
    check_equal(record["name"], "not_available", "status of Add")
    check(message in record["message"], f"said: {record}")
    check(hint in record["hint"], f"said: {record}")
    check_equal(refusal(daemon, read)["name"], "not_available", "status of CopyMatching")
    state = daemon.call("Keychain.State")
    check_equal(state["state"], "unavailable", "state")
    check(message in state["reason"] and hint in state["hint"], f"State: {state}")
    found = findings(daemon)
    check_equal([one["state"] for one in found], ["problem"], "findings")
    check(message in found[0]["why"] and hint in found[0]["advice"], f"doctor: {found}")


def refused(daemon, message, hint):
    """Start with what is there, and leave it as it is."""
    path = file_of(daemon)
    before = os.lstat(path)
    with daemon, Card("piv:9a=p256") as card:
        check_unavailable(daemon, message, hint)
        card.insert(daemon)
        daemon.wait_for_token()
        check_equal(len(daemon.call("Items.CopyMatching", {"query": {
            "class": "certificate", "match_limit": "all"}})["items"]), 1, "certificates")
    after = os.lstat(path)
    for name in ("st_ino", "st_size", "st_mode", "st_mtime_ns"):
        check_equal(getattr(after, name), getattr(before, name), name)


# --- what is no keychain, or not for us ----------------------------------------------------------


@test
def a_symbolic_link_is_not_followed():
    daemon = filled()
    path = file_of(daemon)
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    refused(daemon, f"{path} is a symbolic link", "put the file itself in its place")
    path.unlink()
    path.symlink_to("nowhere")
    refused(daemon, f"{path} is a symbolic link", "put the file itself in its place")
    check(not path.with_name("nowhere").exists(), "made where the link leads")
    path.unlink()
    path.with_name("elsewhere").rename(path)
    with daemon:
        check_equal(count(daemon), 1, "items")


@test
def a_folder_in_its_place_is_left_alone():
    daemon = make_daemon()
    state_folder(daemon).mkdir(mode=0o700)
    (state_folder(daemon) / "device.key").write_bytes(bytes(32))
    (state_folder(daemon) / "device.key").chmod(0o600)
    file_of(daemon).mkdir()
    refused(daemon, "is not a file", "move it away")


@test
def modes_are_minded():
    for mode, message, hint in ((0o000, "may not be read (mode 000)", "chmod 600"),
                                (0o644, "is open to others (mode 644)", "chmod 600")):
        daemon = filled()
        file_of(daemon).chmod(mode)
        refused(daemon, message, hint)
        file_of(daemon).chmod(0o600)
        with daemon:
            check_equal(count(daemon), 1, "items")


@test
def a_file_of_somebody_else_is_left_alone():
    skip_unless(os.geteuid() == 0, "only root gives files away")
    daemon = filled()
    os.chown(file_of(daemon), 65534, 65534)
    refused(daemon, "belongs to another user", "make it yours")


@test
def a_database_of_something_else_is_left_alone():
    daemon = filled()
    file_of(daemon).unlink()
    with sqlite3.connect(file_of(daemon)) as other:
        other.execute("CREATE TABLE cookies (name TEXT)")
    other.close()
    file_of(daemon).chmod(0o600)
    refused(daemon, "is a database, but no keychain of keycask", "move it away")


@test
def a_newer_version_is_left_alone():
    daemon = filled()
    with sqlite3.connect(file_of(daemon)) as newer:
        newer.execute("PRAGMA journal_mode = DELETE")
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    refused(daemon, "is of a newer keycask (version 99, this one: 1)", "install that keycask again")


@test
def two_daemons_never_have_one_file():
    first = make_daemon()
    second = make_daemon(KEYCASK_STATE_DIR=first.env["KEYCASK_STATE_DIR"])
    with first:
        add(first)
        with second:
            check_unavailable(second, f"another keycaskd (process {first.pid}) has", "use that one")
        first.kill()
        with second:
            check_equal(read(second), b"open sesame", "value")
        first.start()


@test
def the_device_key_is_never_replaced():
    for damage in ("missing", "damaged"):
        daemon = filled()
        key = state_folder(daemon) / "device.key"
        content = key.read_bytes()
        key.unlink()
        if damage == "damaged":
            key.write_bytes(b"short")
            key.chmod(0o600)
        with daemon:
            check_unavailable(daemon, "is missing" if damage == "missing" else "is no device key",
                              "from a backup")
        check(not key.exists() or key.read_bytes() == b"short", "a new key was made")
        key.write_bytes(content)
        key.chmod(0o600)
        with daemon:
            check_equal(count(daemon), 1, "items")


# --- read only -----------------------------------------------------------------------------------


def check_read_only(daemon):
    check_equal(count(daemon), 1, "items")
    record = refusal(daemon, add, "another")
    check_equal(record["name"], "read_only", "status of Add")
    found = findings(daemon)
    check_equal([one["state"] for one in found], ["warning"], "findings")
    check("can only be read" in found[0]["what"] and found[0]["advice"], f"doctor: {found}")
    check(daemon.call("Keychain.State")["is_read_only"], "State does not say so")


@test
def a_file_without_write_permission_is_read():
    daemon = filled()
    file_of(daemon).chmod(0o400)
    with daemon:
        check_read_only(daemon)
    file_of(daemon).chmod(0o600)
    with daemon:
        add(daemon, "another")
        daemon.kill()
        file_of(daemon).chmod(0o400)  # with a log that nobody has read back
        daemon.start()
        check_equal(read(daemon, "another"), b"open sesame", "value from the log")
        check_equal(refusal(daemon, add, "third")["name"], "read_only", "status of Add")


@test
def a_read_only_file_system_keeps_what_it_has():
    """Nothing is done that could not be recorded: the daemon says so and ends."""
    with Mount("4M") as mount:
        daemon = make_daemon(KEYCASK_STATE_DIR=str(mount.folder / "state"))
        with daemon:
            add(daemon)
            daemon.kill()
            mount.remount("ro")
            process = start(program("keycaskd"), "--user", "--foreground", env=daemon.env,
                            log=daemon.log)
            check_equal(process.wait(20), 1, "exit status")
            check("Read-only file system" in daemon.read_log(), "the log does not say why")
            mount.remount("rw")
            daemon.start()
            check_equal(read(daemon), b"open sesame", "value")


# --- full ----------------------------------------------------------------------------------------


def fill_up(daemon):
    """Items until there is no more space; how many were acknowledged."""
    for number in range(10000):
        try:
            add(daemon, f"fill {number}", os.urandom(3000))
        except VarlinkError as error:
            check_equal(error.record["name"], "not_available", "status")
            check("no space left for the keychain; nothing was changed" in error.record["message"],
                  f"said: {error.record}")
            check("free some space" in error.record["hint"], f"said: {error.record}")
            return number
    raise AssertionError("it is never full")


def check_full(daemon, make_space):
    n = fill_up(daemon)
    check(n > 3, f"only {n} items")
    check_equal(count(daemon), n, "items while full")
    make_space()
    add(daemon, "after")
    check_equal(count(daemon), n + 1, "items with space again")
    daemon.stop()
    daemon.start()
    check_equal(count(daemon), n + 1, "items after a restart")


@test
def a_full_disk_loses_nothing():
    with Mount("1M") as mount:
        with make_daemon(KEYCASK_STATE_DIR=str(mount.folder / "state")) as daemon:
            check_full(daemon, lambda: mount.remount("size=8M"))


@test
def a_limit_of_file_size_loses_nothing():
    daemon = make_daemon()
    with daemon:
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (600 * 1024, resource.RLIM_INFINITY))
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        check_full(daemon,
                   lambda: resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, unlimited))


# --- damaged -------------------------------------------------------------------------------------


def overwrite(path, at, size):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * size)


def check_mended(daemon, least, most):
    """What is told, what is there, and that the damaged file is kept."""
    damaged = file_of(daemon).read_bytes()
    with daemon:
        n = count(daemon)
        check(least <= n <= most, f"{n} items were saved")
        state = daemon.call("Keychain.State")
        check(f" {n} items were saved" in state["reason"], f"{n} items; State: {state}")
        found = [one for one in findings(daemon) if one["state"] == "warning"]
        check(f"{n} items were saved" in found[0]["why"], f"doctor: {found}")
        kept = pathlib.Path(found[0]["why"].rpartition(" kept as ")[2])
        check_equal(kept.read_bytes(), damaged, "the damaged file")
        check(pathlib.Path(f"{kept}.txt").read_text().endswith(f"{kept}\n"), "the report")
        for arguments in (["list"], ["password", "list"], ["password", "list", "--json"],
                          ["unlock"], ["password", "get", "nowhere"]):
            said = notes(daemon, *arguments)
            check(f"note: {state['reason']}\n→ look for what is missing" in said,
                  f"{arguments}: {said}")
        add(daemon, "after")
    with daemon:
        check_equal(count(daemon), n + 1, "items at the next start")
        check(f"{n} items were saved" in daemon.call("Keychain.State")["reason"], "it is told once")
    for path in kept.parent.glob(kept.name + "*"):
        path.unlink()
    with daemon:
        check_equal(daemon.call("Keychain.State").get("reason"), None, "reason")
        check_equal([one["state"] for one in findings(daemon)], ["ok"], "findings")
        check_equal(notes(daemon, "password", "list"), "", "notes")


@test
def a_damaged_header_costs_nothing():
    daemon = filled(20)
    overwrite(file_of(daemon), 0, 100)
    check_mended(daemon, 20, 20)


@test
def a_truncated_file_keeps_what_is_left():
    daemon = filled(200)
    os.truncate(file_of(daemon), file_of(daemon).stat().st_size // PAGE * 3 // 4 * PAGE)
    check_mended(daemon, 20, 200)


@test
def damage_is_found_in_use():
    """The call that meets it fails, or is answered from what was saved; the next one works."""
    daemon = filled(200)
    n_pages = file_of(daemon).stat().st_size // PAGE
    overwrite(file_of(daemon), n_pages * 3 // 4 * PAGE, n_pages // 8 * PAGE)
    with daemon:
        for number in range(200):
            try:
                read(daemon, f"me{number}")
            except VarlinkError as error:
                check(error.record["name"] in ("item_not_found", "not_available"),
                      f"said: {error.record}")
        n = count(daemon)
        check(20 <= n < 200, f"{n} items were saved")
        check("items were saved" in daemon.call("Keychain.State")["reason"], "nothing is said of it")
        add(daemon, "after")
    check_equal(len(list(state_folder(daemon).glob("keychain.db.damaged-*Z"))), 1, "files kept")


@test
def items_that_cannot_be_opened_are_counted():
    """A query passes over them; whoever looks for something is told."""
    daemon = filled(5)
    with sqlite3.connect(file_of(daemon)) as database:
        database.execute("UPDATE generic_passwords SET attributes = zeroblob(64)"
                         " WHERE position <= 2")
    database.close()
    with daemon:
        check_equal(daemon.call("Keychain.State")["n_unreadable"], 0, "before anyone has looked")
        for _ in range(2):
            check_equal(count(daemon), 3, "items")
            check_equal(daemon.call("Keychain.State")["n_unreadable"], 2, "items that do not open")
        found = [one for one in findings(daemon) if one["state"] == "warning"]
        check_equal([one["what"] for one in found], ["2 items cannot be opened"], "doctor")
        check("2 items of the keychain cannot be opened" in notes(daemon, "password", "list"),
              "nothing is said of them")
        daemon.call("Items.Delete", {"query": password("me0")})
        check("1 item of the keychain cannot be opened" in notes(daemon, "unlock"),
              "one of them is deleted")


@test
def an_emptied_file_is_not_taken_for_a_new_one():
    daemon = filled()
    os.truncate(file_of(daemon), 0)
    with daemon:
        check("its keys could not be read" in daemon.call("Keychain.State")["reason"],
              "nothing is said of it")
        add(daemon)
        check_equal(read(daemon), b"open sesame", "value")


@test
def a_log_of_another_file_is_not_played():
    """SQLite would: it goes by the name."""
    daemon = filled(5)
    path = file_of(daemon)
    daemon.start()
    add(daemon, "late")
    daemon.kill()
    log = path.with_name("keychain.db-wal")
    shutil.copy(log, log.with_name("stray"))
    path.unlink()
    with daemon:
        check_equal(count(daemon), 0, "items of a keychain that was removed")
        add(daemon)
    check(list(path.parent.glob("keychain.db.damaged-*-wal")), "the log is gone")


main()
