# SPDX-License-Identifier: LGPL-2.1-or-later
"""Backup and restore: to another device, with other keys; what stays behind; what is damaged."""
import base64
import json
import os
import pathlib
import threading

from keycask_test import (Daemon, VarlinkError, check, check_equal, check_raises, eventually,
                          main, program, run, scratch, test)
from mounted import Mount

PASSWORD = "correct horse"
LEAST_COST = {"keychain_password_cost": 14}
HEADER = 8 + 4 + 32 + 16
HEAD = 5


def prepared():
    """A daemon whose passwords cost little."""
    daemon = Daemon()
    folder = pathlib.Path(daemon.env["KEYCASK_CONFIG_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(LEAST_COST))
    return daemon


def b64(text):
    return base64.b64encode(text.encode()).decode()


def add(connection, account, **attributes):
    """A generic password whose value is its account, reversed: its persistent reference."""
    item = {"class": "generic_password", "account": account, "service": "test",
            "value_data": b64(account[::-1]), "return_persistent_ref": True, **attributes}
    return connection.call("Items.Add", {"item": item})["item"]["value_persistent_ref"]


def everything(connection):
    """{account: (value, reference, creation date)}"""
    try:
        found = connection.call("Items.CopyMatching", {"query": {
            "class": "generic_password", "match_limit": "all", "return_attributes": True,
            "return_data": True, "return_persistent_ref": True}})["items"]
    except VarlinkError as error:
        check_equal(error.name, "item_not_found", "the failure of a query")
        return {}
    return {item["account"]: (base64.b64decode(item["value_data"]).decode(),
                              item["value_persistent_ref"], item["creation_date"])
            for item in found}


def backup(connection, path, password=PASSWORD, **parameters):
    """Write a backup to the file: what the daemon answers."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        return connection.call("Keychain.Backup", {"output_fd": 0, "new": password, **parameters},
                               [fd])
    finally:
        os.close(fd)


def restore(connection, path, password=PASSWORD, **parameters):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return connection.call("Keychain.Restore",
                               {"input_fd": 0, "password": password, **parameters}, [fd])
    finally:
        os.close(fd)


def records(path):
    """Where each record begins, after the header: the first is there for the password."""
    data, at, found = path.read_bytes(), HEADER, []
    while at < len(data):
        found.append(at)
        at += HEAD + int.from_bytes(data[at + 1:at + HEAD], "big")
    check_equal(at, len(data), "the end of the last record")
    return found


class Scene:
    """Two devices: one with items and a backup of them, one with nothing."""

    def __init__(self, n=5):
        self.file = scratch() / "backup"
        self.n = n

    def __enter__(self):
        self.first = prepared().__enter__()
        self.second = prepared().__enter__()
        self.here = self.first.connect()
        self.there = self.second.connect()
        for i in range(self.n):
            add(self.here, f"account {i}")
        return self

    def __exit__(self, *failure):
        self.here.close()
        self.there.close()
        self.second.__exit__(*failure)
        self.first.__exit__(*failure)


@test
def items_are_the_same_on_another_device():
    with Scene() as scene:
        check_equal(backup(scene.here, scene.file), {"n_items": 5, "n_left_out": 0}, "backup")
        check_equal(scene.file.stat().st_mode & 0o777, 0o600, "mode of the file")
        check_equal(restore(scene.there, scene.file),
                    {"n_added": 5, "n_kept": 0, "n_failed": 0, "is_complete": True}, "restore")
        check_equal(everything(scene.there), everything(scene.here), "items")
        check(everything(scene.here)["account 3"][0] == "3 tnuocca", "a value")
        keys = [pathlib.Path(daemon.env["KEYCASK_STATE_DIR"], "device.key").read_bytes()
                for daemon in (scene.first, scene.second)]
        check(keys[0] != keys[1], "the devices are one")


@test
def nothing_is_readable_in_a_backup():
    with Scene() as scene:
        backup(scene.here, scene.file)
        data = scene.file.read_bytes()
        for word in (b"account", b"tnuocca", b"test", b"generic", b"org.keycask", b"2026", b"20"):
            check(len(word) < 4 or word not in data, f"{word} stands in the file")
        check(base64.b64decode(everything(scene.here)["account 1"][1])[4:] not in data,
              "a reference stands in the file")


@test
def a_backup_of_nothing_is_a_backup():
    with Scene(0) as scene:
        check_equal(backup(scene.here, scene.file), {"n_items": 0, "n_left_out": 0}, "backup")
        check_equal(restore(scene.there, scene.file)["n_added"], 0, "added")


@test
def what_is_of_this_device_only_stays():
    with Scene(1) as scene:
        add(scene.here, "stays", accessible="when_unlocked_this_device_only")
        add(scene.here, "stays too", accessible="always_this_device_only")
        add(scene.here, "asks", access_control={"accessible": "when_unlocked",
                                                "flags": ["user_presence"]})
        add(scene.here, "goes", accessible="always")
        check_equal(backup(scene.here, scene.file), {"n_items": 2, "n_left_out": 3}, "backup")
        restore(scene.there, scene.file)
        check_equal(sorted(everything(scene.there)), ["account 0", "goes"], "items")


@test
def what_is_there_stays_as_it_is():
    with Scene(3) as scene:
        backup(scene.here, scene.file)
        again = restore(scene.here, scene.file)
        check_equal((again["n_added"], again["n_kept"]), (0, 3), "restored over itself")
        own = add(scene.there, "account 1", label="mine")
        check_equal(restore(scene.there, scene.file),
                    {"n_added": 2, "n_kept": 1, "n_failed": 0, "is_complete": True}, "restore")
        check_equal(everything(scene.there)["account 1"][1], own, "the item that was there")
        check_equal(restore(scene.there, scene.file)["n_kept"], 3, "kept the second time")


@test
def an_item_that_was_renamed_since_is_not_doubled():
    with Scene(1) as scene:
        backup(scene.here, scene.file)
        scene.here.call("Items.Update", {
            "query": {"class": "generic_password", "account": "account 0"},
            "changes": {"account": "another"}})
        check_equal(restore(scene.here, scene.file)["n_kept"], 1, "kept, by its reference")
        check_equal(list(everything(scene.here)), ["another"], "accounts")


@test
def a_wrong_password_opens_nothing():
    with Scene() as scene:
        backup(scene.here, scene.file)
        record = check_raises("auth_failed", restore, scene.there, scene.file, "wrong").record
        check("wrong password of the backup" in record["message"], record)
        check_equal(everything(scene.there), {}, "items")
        check_raises("param", backup, scene.here, scene.file, "")


@test
def a_backup_that_is_cut_off_is_refused_whole_and_taken_in_part_on_request():
    with Scene() as scene:
        backup(scene.here, scene.file)
        data, starts = scene.file.read_bytes(), records(scene.file)
        for end in (0, 7, HEADER, starts[1] - 1):
            scene.file.write_bytes(data[:end])
            check_raises("decode", restore, scene.there, scene.file, partial=True)
        for end in (starts[3], starts[3] + 2, starts[4] - 1):
            scene.file.write_bytes(data[:end])
            record = check_raises("decode", restore, scene.there, scene.file).record
            check("cut off after 2 items" in record["message"], record)
            check("--partial" in record["hint"], record)
            check_equal(everything(scene.there), {}, "items after a refusal")
        told = restore(scene.there, scene.file, partial=True)
        check_equal((told["n_added"], told["is_complete"]), (2, False), "restored in part")
        check("cut off" in told["reason"], told)
        check_equal(len(everything(scene.there)), 2, "items")


@test
def damage_in_the_middle_costs_what_it_hits():
    with Scene() as scene:
        backup(scene.here, scene.file)
        starts = records(scene.file)
        data = bytearray(scene.file.read_bytes())
        data[starts[2] + 40] ^= 1
        scene.file.write_bytes(data)
        record = check_raises("decode", restore, scene.there, scene.file).record
        check("1 of 5 items of the backup are damaged" in record["message"], record)
        check_equal(everything(scene.there), {}, "items after a refusal")
        check_equal(restore(scene.there, scene.file, partial=True),
                    {"n_added": 4, "n_kept": 0, "n_failed": 1, "is_complete": True}, "the rest")
        data[starts[4]] ^= 0x40
        scene.file.write_bytes(data)
        told = restore(scene.there, scene.file, partial=True)
        check_equal((told["n_kept"], told["is_complete"]), (2, False), "up to where it breaks")


@test
def records_cannot_be_moved_left_out_or_brought_over():
    with Scene() as scene:
        other = scratch() / "other"
        backup(scene.here, scene.file)
        backup(scene.here, other)
        starts, data = records(scene.file), scene.file.read_bytes()
        parts = [data[a:b] for a, b in zip(starts, starts[1:] + [len(data)])]
        foreign = other.read_bytes()[records(other)[2]:records(other)[3]]
        for changed in ([parts[0], parts[2], parts[1], *parts[3:]],
                        [parts[0], *parts[2:]],
                        [*parts[:2], foreign, *parts[3:]],
                        [*parts[:3], parts[2], *parts[3:]],
                        [*parts[:3], parts[-1]]):
            scene.file.write_bytes(data[:HEADER] + b"".join(changed))
            check_raises("decode", restore, scene.there, scene.file)
            check_equal(everything(scene.there), {}, "items")
        # what the password is stretched with belongs to it too
        header = bytearray(data)
        header[HEADER - 1] ^= 1
        scene.file.write_bytes(header)
        check_raises("auth_failed", restore, scene.there, scene.file)


@test
def what_is_no_backup_is_refused():
    with Scene(1) as scene:
        scene.file.write_bytes(os.urandom(4096))
        record = check_raises("decode", restore, scene.there, scene.file).record
        check_equal(record["message"], "this is no backup of keycask", "message")
        backup(scene.here, scene.file)
        data = bytearray(scene.file.read_bytes())
        data[8] = 2
        scene.file.write_bytes(data)
        record = check_raises("not_available", restore, scene.there, scene.file).record
        check("is of version 2" in record["message"], record)
        data[8], data[9] = 1, 60
        scene.file.write_bytes(data)
        check_raises("decode", restore, scene.there, scene.file)


@test
def wrong_descriptors_are_named():
    with Scene(1) as scene:
        wrong = {"output_fd": 0, "new": PASSWORD}
        check_raises("param", scene.here.call, "Keychain.Backup", wrong)
        with open("/dev/null", "wb") as null:
            record = check_raises("param", scene.here.call, "Keychain.Backup", wrong,
                                  [null.fileno()]).record
            check("a file or a pipe" in record["message"], record)
        scene.file.write_bytes(b"")
        with open(scene.file, "rb") as readable:
            record = check_raises("param", scene.here.call, "Keychain.Backup", wrong,
                                  [readable.fileno()]).record
            check("not open for writing" in record["message"], record)


@test
def through_a_pipe():
    with Scene(200) as scene:
        ours, theirs = os.pipe()
        scene.here.send("Keychain.Backup", {"output_fd": 0, "new": PASSWORD}, [theirs])
        scene.there.send("Keychain.Restore", {"input_fd": 0, "password": PASSWORD}, [ours])
        os.close(ours)
        os.close(theirs)
        check_equal(scene.here.receive()[0]["n_items"], 200, "backed up")
        check_equal(scene.there.receive()[0]["n_added"], 200, "restored")
        check_equal(everything(scene.there), everything(scene.here), "items")


@test
def a_pipe_that_nobody_reads_hinders_nobody():
    with Scene(200) as scene:
        ours, theirs = os.pipe()
        with scene.first.connect() as stuck:
            stuck.send("Keychain.Backup", {"output_fd": 0, "new": PASSWORD}, [theirs])
            os.close(theirs)
            check_equal(os.read(ours, 8), b"kcskback", "the beginning")
            add(scene.here, "meanwhile")
            check_equal(len(everything(scene.here)), 201, "items")
        while os.read(ours, 65536):
            pass  # the daemon has let go of its end
        os.close(ours)
        backup(scene.here, scene.file)


@test
def a_full_disk_is_named():
    with Mount("16k") as small, Scene(200) as scene:
        record = check_raises("not_available", backup, scene.here, small.folder / "b").record
        check("No space left" in record["message"], record)
        check("make room" in record["hint"], record)
        check_equal(backup(scene.here, scene.file)["n_items"], 200, "elsewhere")


@test
def writers_go_on_and_what_they_write_later_is_in_no_backup_that_has_begun():
    with Scene(300) as scene:
        ours, theirs = os.pipe()
        with scene.first.connect() as other:
            other.send("Keychain.Backup", {"output_fd": 0, "new": PASSWORD}, [theirs])
            os.close(theirs)
            data = os.read(ours, 1)  # it has begun
            for i in range(50):
                add(scene.here, f"later {i}")
            scene.here.call("Items.Update", {
                "query": {"class": "generic_password", "service": "test"},
                "changes": {"comment": "changed"}})
            scene.here.call("Items.Delete", {
                "query": {"class": "generic_password", "account": "account 299"}})
            while block := os.read(ours, 65536):
                data += block
            check_equal(other.receive()[0]["n_items"], 300, "of the moment when it began")
        os.close(ours)
        scene.file.write_bytes(data)
        check_equal(restore(scene.there, scene.file)["n_added"], 300, "restored")
        check("account 299" in everything(scene.there), "an item deleted later is missing")
        check_raises("item_not_found", scene.there.call, "Items.CopyMatching", {"query": {
            "class": "generic_password", "comment": "changed", "return_attributes": True}})


@test
def a_daemon_that_is_killed_in_the_middle_has_whole_items():
    with Scene(400) as scene:
        backup(scene.here, scene.file)
        with scene.second.connect() as other:
            fd = os.open(scene.file, os.O_RDONLY)
            other.send("Keychain.Restore", {"input_fd": 0, "password": PASSWORD}, [fd])
            os.close(fd)
            eventually(lambda: len(everything(scene.there)) > 0, "the first items")
            scene.second.kill()
        scene.there.close()
        scene.second.start()
        scene.there = scene.second.connect()
        there, here = everything(scene.there), everything(scene.here)
        check(0 < len(there), "no item")
        check(all(here[account] == item for account, item in there.items()), "a wrong item")
        told = restore(scene.there, scene.file)
        check_equal((told["n_added"] + told["n_kept"], told["n_kept"]), (400, len(there)),
                    "restored again")
        check_equal(everything(scene.there), here, "items")


@test
def a_daemon_that_is_killed_while_it_writes_leaves_what_is_refused():
    with Scene(400) as scene:
        ours, theirs = os.pipe()
        with scene.first.connect() as other:
            other.send("Keychain.Backup", {"output_fd": 0, "new": PASSWORD}, [theirs])
            os.close(theirs)
            data = os.read(ours, 4096)
            scene.first.kill()
            while block := os.read(ours, 65536):
                data += block
        os.close(ours)
        scene.file.write_bytes(data)
        check("cut off" in check_raises("decode", restore, scene.there, scene.file)
              .record["message"], "message")
        scene.here.close()
        scene.first.start()
        scene.here = scene.first.connect()
        check_equal(backup(scene.here, scene.file)["n_items"], 400, "after that")


@test
def a_locked_keychain_gives_and_takes_nothing():
    with Scene(1) as scene:
        backup(scene.here, scene.file)
        scene.here.call("Keychain.ChangePassword", {"new": "secret"})
        scene.here.call("Keychain.Lock")
        for call in (backup, restore):
            other = scratch() / "other"
            other.write_bytes(scene.file.read_bytes())
            record = check_raises("interaction_not_allowed", call, scene.here, other).record
            check("keycask unlock" in record["hint"], record)
        scene.here.call("Keychain.Unlock", {"password": "secret"})
        backup(scene.here, scene.file)
        check_equal(restore(scene.there, scene.file)["n_added"], 1, "added")


def n_calls_during_a_backup(scene):
    n_done = 0
    result = []
    with scene.first.connect() as other:
        worker = threading.Thread(target=lambda: result.append(backup(other, scene.file)))
        worker.start()
        while worker.is_alive():
            scene.here.call("Keychain.State")
            n_done += 1
        worker.join()
    check_equal(result[0]["n_items"], scene.n, "items")
    return n_done


@test
def others_have_their_turn_meanwhile():
    with Scene(1500) as scene:
        # it takes a fifth of a second, for which this program may stand still: then once more
        eventually(lambda: n_calls_during_a_backup(scene) > 20, "calls between 1500 items")


def keycask(daemon, *words, password=PASSWORD, status=0):
    """keycask --json with a password on a descriptor: what it prints."""
    ours, theirs = os.pipe()
    os.write(theirs, password.encode() + b"\n")
    os.close(theirs)
    try:
        said, _ = run(program("keycask"), *words, "--password-fd", ours, "--json", env=daemon.env,
                      pass_fds=[ours], status=status)
    finally:
        os.close(ours)
    return json.loads(said)


@test
def by_command():
    with Scene() as scene:
        check_equal(keycask(scene.first, "backup", scene.file), {"n_items": 5, "n_left_out": 0},
                    "backup")
        check_equal(scene.file.stat().st_mode & 0o777, 0o600, "mode of the file")
        check_equal(keycask(scene.second, "restore", scene.file),
                    {"n_added": 5, "n_kept": 0, "n_failed": 0, "is_complete": True}, "restore")
        check_equal(everything(scene.there), everything(scene.here), "items")
        check_equal(keycask(scene.second, "restore", scene.file, password="wrong",
                            status=1)["name"], "auth_failed", "a wrong password")


@test
def a_backup_is_not_overwritten_by_a_failure():
    with Scene(2) as scene:
        keycask(scene.first, "backup", scene.file)
        before = scene.file.read_bytes()
        told = keycask(scene.first, "backup", scene.file, status=1)
        check("File exists" in told["message"] and "--force" in told["hint"], told)
        scene.here.call("Keychain.ChangePassword", {"new": "secret"})
        scene.here.call("Keychain.Lock")
        told = keycask(scene.first, "backup", "--force", scene.file, status=1)
        check_equal(told["name"], "interaction_not_allowed", "locked")
        check_equal(scene.file.read_bytes(), before, "the file after a failure")
        check_equal(sorted(path.name for path in scratch().glob("backup*")), ["backup"], "files")
        other = scratch() / "other"
        keycask(scene.first, "backup", other, status=1)
        check(not other.exists(), "half a file")
        scene.here.call("Keychain.Unlock", {"password": "secret"})
        check_equal(keycask(scene.first, "backup", "--force", scene.file)["n_items"], 2, "items")
        check(scene.file.read_bytes() != before, "the file is the old one")


@test
def what_people_read():
    with Scene(2) as scene:
        add(scene.here, "stays", accessible="always_this_device_only")
        ours, theirs = os.pipe()
        os.write(theirs, b"secret\nsecret\n")
        os.close(theirs)
        said, _ = run(program("keycask"), "backup", scene.file, "--password-fd", ours,
                      env=scene.first.env, pass_fds=[ours])
        check_equal(said.decode(), f"2 items are in {scene.file}.\n1 stays here: of this device "
                    "only, or under access control.\n", "backup")
        data = scene.file.read_bytes()
        scene.file.write_bytes(data[:records(scene.file)[2]])
        said, _ = run(program("keycask"), "restore", "--partial", scene.file, "--password-fd",
                      ours, env=scene.second.env, pass_fds=[ours])
        check_equal(said.decode(), "1 item is restored, 0 were there and stay as they are.\n"
                    "That is not all: the backup is cut off after 1 item.\n", "restore")
        os.close(ours)
        _, said = run(program("keycask"), "backup", status=2, env=scene.first.env)
        check(b"FILE" in said, said)


@test
def without_anybody_to_ask():
    with Scene(1) as scene:
        _, said = run(program("keycask"), "backup", "--no-prompt", scene.file, status=1,
                      env=scene.first.env)
        check(b"the backup's password is needed" in said, said)
        check(not scene.file.exists(), "an empty file")


main()
