# SPDX-License-Identifier: LGPL-2.1-or-later
"""The keychain's lock and its password (reference/keychain.md 4.3, 4.4), over the wire and with
keycask lock, unlock and passwd."""
import json
import os

from keychain_scene import (CLASSES, KeychainDaemon, add, check_state, data, get, in_memory,
                            password_item, query, set_password, unlock, with_secrets)
from keycask_test import check, check_equal, check_raises, main, test

LOCKED = "interaction_not_allowed"
NO_KEY = "not_available"


def refused(status, peer, method, *arguments, **options):
    """The record of that failure."""
    return check_raises(status, peer.call, method, *arguments, **options).record


# --- every class in every state ----------------------------------------------------------------


def readable(accessible, state):
    if accessible.startswith("always"):
        return True
    if accessible.startswith("after_first_unlock"):
        return state != "before_first_unlock"
    return state == "unlocked"


def expect(is_fine, peer, method, parameters):
    if is_fine:
        return peer.call(method, parameters)
    record = refused(LOCKED, peer, method, parameters)
    check_equal(record["hint"], "keycask unlock", f"hint of {method} {parameters}")
    return None


RETURNS = ({"return_data": True}, {"return_attributes": True}, {"return_persistent_ref": True}, {})


def check_verbs(peer, accessible, state):
    """§4.4: add, copy whatever is asked for, and update need the key; delete does not."""
    is_fine = readable(accessible, state)
    expect(is_fine, peer, "Items.Add", {"item": password_item(f"{state}-{accessible}",
                                                              accessible)})
    for wanted in RETURNS:
        expect(is_fine, peer, "Items.CopyMatching", query(accessible, **wanted))
    expect(is_fine, peer, "Items.Update", {**query(accessible), "changes": {"label": state}})
    expect(is_fine, peer, "Items.Update",
           {**query(accessible), "changes": {"value_data": data(state.encode())}})
    if is_fine:
        check_equal(get(peer, accessible), state.encode(), f"{accessible} {state}")
    peer.call("Items.Delete", query(f"{accessible}-{state}"))
    check_raises("item_not_found", peer.call, "Items.CopyMatching", query(f"{accessible}-{state}"))


@test
def every_class_in_every_state():
    with KeychainDaemon() as daemon:
        with daemon.connect() as peer:
            set_password(peer, "one")
            for accessible in CLASSES:
                add(peer, accessible, accessible)
                for state in ("unlocked", "locked", "before_first_unlock"):
                    add(peer, f"{accessible}-{state}", accessible)
            for accessible in CLASSES:
                check_verbs(peer, accessible, "unlocked")
            peer.call("Keychain.Lock")
            check_state(peer, "locked")
            for accessible in CLASSES:
                check_verbs(peer, accessible, "locked")
        daemon.stop()
        daemon.start()
        with daemon.connect() as peer:
            check_state(peer, "before_first_unlock")
            for accessible in CLASSES:
                check_verbs(peer, accessible, "before_first_unlock")
            unlock(peer, "one")
            for accessible in CLASSES:  # "readable again with no further action"
                get(peer, accessible)


@test
def one_locked_row_fails_the_whole_query():
    with KeychainDaemon() as daemon, daemon.connect() as peer:
        set_password(peer, "one")
        add(peer, "a", "always")
        add(peer, "b", "when_unlocked")
        everything = {"query": {"class": "generic_password", "match_limit": "all",
                                "return_data": True}}
        check_equal(len(peer.call("Items.CopyMatching", everything)["items"]), 2, "items")
        peer.call("Keychain.Lock")
        refused(LOCKED, peer, "Items.CopyMatching", everything)
        refused(LOCKED, peer, "Items.Update", {"query": {"class": "generic_password"},
                                               "changes": {"label": "x"}})
        check_equal(get(peer, "a"), b"secret", "what can be read")
        peer.call("Items.Delete", {"query": {"class": "generic_password"}})
        check_raises("item_not_found", peer.call, "Items.CopyMatching", everything)


@test
def a_duplicate_is_locked_first():
    """§4.4: "also when it would be a duplicate"."""
    with KeychainDaemon() as daemon, daemon.connect() as peer:
        set_password(peer, "one")
        add(peer, "a")
        refused("duplicate_item", peer, "Items.Add", {"item": password_item("a")})
        peer.call("Keychain.Lock")
        refused(LOCKED, peer, "Items.Add", {"item": password_item("a")})
        refused("duplicate_item", peer, "Items.Add", {"item": password_item("a", "always")})


@test
def what_needs_a_passcode_vanishes_with_it():
    with KeychainDaemon() as daemon, daemon.connect() as peer:
        accessible = "when_passcode_set_this_device_only"
        record = refused(NO_KEY, peer, "Items.Add", {"item": password_item("a", accessible)})
        check_equal(record["hint"], "keycask passwd sets one", "hint")
        set_password(peer, "one")
        add(peer, "a", accessible)
        add(peer, "b", "when_unlocked")
        set_password(peer, "two", current="one")
        check_equal(get(peer, "a"), b"secret", "after another password")
        with_secrets(peer, "Keychain.ChangePassword", {"remove": True}, current="two")
        check_raises("item_not_found", peer.call, "Items.CopyMatching", query("a"))
        check_equal(get(peer, "b"), b"secret", "the other one")
        set_password(peer, "three")
        check_raises("item_not_found", peer.call, "Items.CopyMatching", query("a"))
        add(peer, "a", accessible)


# --- the password ------------------------------------------------------------------------------


@test
def without_a_password_it_is_open_and_cannot_be_locked():
    with KeychainDaemon() as daemon:
        with daemon.connect() as peer:
            answer = peer.call("Keychain.State")
            check_equal({**answer, "groups": None},
                        {"state": "unlocked", "has_password": False, "is_read_only": False,
                         "path": daemon.env["KEYCASK_STATE_DIR"] + "/keychain.db",
                         "groups": None}, "state")
            check(answer["groups"], "the caller's groups")
            record = refused(NO_KEY, peer, "Keychain.Lock")
            check_equal((record["message"], record["hint"]),
                        ("the keychain has no password", "keycask passwd sets one"), "no password")
            peer.call("Keychain.Unlock")
            add(peer, "a")
        daemon.stop()
        daemon.start()
        with daemon.connect() as peer:
            check_equal(get(peer, "a"), b"secret", "after a restart")


@test
def another_password_keeps_everything():
    with KeychainDaemon() as daemon:
        with daemon.connect() as peer:
            set_password(peer, "one")
            for accessible in CLASSES:
                add(peer, accessible, accessible)
            set_password(peer, "two", current="one")
        daemon.stop()
        daemon.start()
        with daemon.connect() as peer:
            check_raises("auth_failed", unlock, peer, "one")
            check_state(peer, "before_first_unlock")
            unlock(peer, "two")
            for accessible in CLASSES:
                check_equal(get(peer, accessible), b"secret", accessible)


@test
def a_wrong_password_is_auth_failed_and_changes_nothing():
    with KeychainDaemon() as daemon, daemon.connect() as peer:
        set_password(peer, "one")
        peer.call("Keychain.Lock")
        for wrong in ("two", "", "One", "one "):
            error = check_raises("auth_failed", unlock, peer, wrong)
            check_equal(error.record["message"], "wrong keychain password", "message")
        check_state(peer, "locked")
        check_raises("auth_failed", set_password, peer, "three", current="two")
        check_raises("auth_failed", with_secrets, peer, "Keychain.ChangePassword",
                     {"remove": True}, current="two")
        check_state(peer, "locked")
        unlock(peer, "one")
        check_raises("auth_failed", unlock, peer, "two")
        check_state(peer, "unlocked")


@test
def passwords_come_as_text_too():
    with KeychainDaemon() as daemon, daemon.connect() as peer:
        peer.call("Keychain.ChangePassword", {"new": "pässwörd"})
        peer.call("Keychain.Lock")
        refused("auth_failed", peer, "Keychain.Unlock", {"password": "passwoerd"})
        peer.call("Keychain.Unlock", {"password": "pässwörd"})
        check_state(peer, "unlocked")


@test
def a_locked_keychain_can_get_another_password():
    with KeychainDaemon() as daemon, daemon.connect() as peer:
        set_password(peer, "one")
        add(peer, "a")
        peer.call("Keychain.Lock")
        set_password(peer, "two", current="one")
        check_equal(get(peer, "a"), b"secret", "item")
        check_state(peer, "unlocked")


NOBODY = {"interaction": {"authentication_ui": "fail"}}


@test
def what_is_wrong_with_a_call_is_said():
    with KeychainDaemon() as daemon, daemon.connect() as peer:
        def wrong(method, parameters, message, status="param", descriptors=()):
            record = refused(status, peer, method, parameters, descriptors)
            check_equal(record["message"], message, f"{method} {parameters}")

        change = "Keychain.ChangePassword"
        wrong(change, {"new": ""}, "an empty password is none: \"remove\" takes it away")
        wrong(change, {"new": "x", "remove": True},
              "either a new password or none: \"new\" and \"remove\"")
        wrong(change, {"new": "x", "current": "y"},
              "the keychain has no password that \"current\" could be")
        wrong(change, {"remove": True}, "the keychain has no password", "not_available")
        wrong(change, {"new": "x" * 1024}, "the password is not text of up to 1023 bytes")
        wrong(change, NOBODY, "the keychain's password is needed", LOCKED)
        wrong(change, {"interaction": {"authentication_ui": "maybe"}},
              "authentication_ui must be \"allow\" or \"fail\"")
        descriptor = in_memory("a", "b")
        wrong(change, {"secrets_fd": 0, "secrets": ["new", "new"]}, "\"new\" is given twice",
              descriptors=[descriptor])
        wrong(change, {"secrets_fd": 0, "secrets": ["password"]}, "secrets names \"password\"",
              descriptors=[descriptor])
        wrong(change, {"secrets_fd": 0, "secrets": ["new"]},
              "secrets_fd has more than secrets has names", descriptors=[descriptor])
        wrong(change, {"secrets_fd": 1, "secrets": ["new"]}, "secrets_fd must be 0")
        os.close(descriptor)
        set_password(peer, "one")
        peer.call("Keychain.Lock")
        wrong("Keychain.Unlock", NOBODY, "the keychain's password is needed", LOCKED)
        wrong("Keychain.Unlock", {}, "the keychain's password is needed", LOCKED)
        wrong("Keychain.Unlock", {"password": "x" * 1024},
              "the password is not text of up to 1023 bytes")
        check_state(peer, "locked")


@test
def whoever_leaves_while_a_password_is_stretched_hinders_nobody():
    with KeychainDaemon() as daemon:
        with daemon.connect() as peer:
            set_password(peer, "one")
            peer.call("Keychain.Lock")
        for _ in range(8):
            with daemon.connect() as peer:
                peer.send("Keychain.Unlock", {"password": "two"})
        with daemon.connect() as peer:
            check_state(peer, "locked")
            unlock(peer, "one")
        with daemon.connect() as peer:  # and the daemon can end while one is
            peer.send("Keychain.Unlock", {"password": "two"})
            daemon.stop()
        daemon.start()


@test
def what_is_done_with_the_password_is_audited():
    with KeychainDaemon() as daemon:
        with daemon.connect() as peer:
            set_password(peer, "one")
            peer.call("Keychain.Lock")
            check_raises("auth_failed", unlock, peer, "two")
            unlock(peer, "one")
            with_secrets(peer, "Keychain.ChangePassword", {"remove": True}, current="one")
        log = open(daemon.env["KEYCASK_STATE_DIR"] + "/audit.log", encoding="utf-8").read()
        lines = [json.loads(line) for line in log.splitlines()]
        check_equal([(line["operation"], line["result"]) for line in lines],
                    [("set_password", "success"), ("lock", "success"), ("unlock", "auth_failed"),
                     ("unlock", "success"), ("remove_password", "success")], "audit log")
        check(all(line["pid"] == os.getpid() for line in lines), lines)


if __name__ == "__main__":
    main()
