# SPDX-License-Identifier: LGPL-2.1-or-later
"""The keychain's lock and its password (reference/keychain.md 4.3, 4.4), over the wire and with
keycask lock, unlock and passwd."""
import json
import os

from keychain_scene import (CLASSES, KeychainDaemon, add, check_state, data, get, in_memory,
                            password_item, query, set_password, state, unlock, with_secrets)
from keycask_test import (check, check_equal, check_raises, eventually, main, pipe_with, program,
                          run, scratch, skip_unless, test)
from login1 import Logind, is_available
from prompt_scene import PINENTRY, on_terminal, wait_for_no_pinentry
from terminal import Terminal

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
                for name in ("unlocked", "locked", "before_first_unlock"):
                    add(peer, f"{accessible}-{name}", accessible)
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
                         "n_unreadable": 0, "groups": None}, "state")
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


# --- keycask lock, unlock, passwd --------------------------------------------------------------


def keycask(daemon, *words, status=0, **passwords):
    """What it says; password_fd="one" and such are given on descriptors."""
    readers = {name: pipe_with(value) for name, value in passwords.items()}
    options = [word for name, reader in readers.items()
               for word in ("--" + name.replace("_", "-"), str(reader))]
    try:
        out, err = run(program("keycask"), *words, *options, env=daemon.env, status=status,
                       pass_fds=list(readers.values()))
    finally:
        for reader in readers.values():
            os.close(reader)
    return (out + err).decode()


@test
def the_commands_say_what_they_did():
    with KeychainDaemon() as daemon:
        def says(expected, *words, **options):
            check_equal(keycask(daemon, *words, **options), expected, f"keycask {words}")

        says("Every PIN is forgotten.\nThe keychain has no password and stays open: keycask passwd "
             "sets one.\n", "lock")
        check("  keychain     unlocked, no password\n" in keycask(daemon, "daemon", "status"),
              "keycask daemon status")
        says("The keychain has no password: it is always open.\n", "unlock")
        says("The keychain's password is set.\n", "passwd", new_password_fd="one\n")
        says("Every PIN is forgotten.\nThe keychain is locked.\n", "lock")
        check_equal(state(daemon), "locked", "state")
        check("  keychain     locked\n" in keycask(daemon, "daemon", "status"), "daemon status")
        check("the keychain is locked: " in keycask(daemon, "doctor", status=None), "doctor")
        says("keycask: unlock: wrong keychain password\n", "unlock",
             password_fd="two", status=1)
        says("The keychain is unlocked.\n", "unlock", password_fd="one")
        says("The keychain is unlocked.\n", "unlock")
        says("The keychain's password is changed.\n", "passwd", password_fd="one",
             new_password_fd="two")
        says("The keychain has no password any more: it is always open.\n", "passwd", "--remove",
             password_fd="two")


@test
def the_commands_have_json_for_machines():
    with KeychainDaemon() as daemon:
        def cli(*words, status=0, **passwords):
            return json.loads(keycask(daemon, *words, "--json", status=status, **passwords))

        check_equal(cli("lock"), {"was_running": True, "keychain_locked": False}, "lock")
        check_equal(cli("unlock"), {"has_password": False}, "unlock")
        check_equal(cli("passwd", new_password_fd="one"), {"has_password": True}, "passwd")
        check_equal(cli("lock"), {"was_running": True, "keychain_locked": True}, "lock")
        check_equal(cli("unlock", password_fd="two", status=1)["name"], "auth_failed", "wrong")
        check_equal(cli("unlock", "--no-prompt", status=1)["name"], LOCKED, "nobody may be asked")
        check_equal(cli("unlock", password_fd="one"), {"has_password": True}, "unlock")
        check("keycask passwd --remove takes it away" in
              cli("passwd", new_password_fd="\n", status=1)["message"], "an empty password")
        check_equal(cli("passwd", "--remove", new_password_fd="x", status=2)["name"], "param",
                    "both")
        check_equal(cli("passwd", "--remove", password_fd="one"), {"has_password": False}, "none")
        check_equal(cli("passwd", "--remove", status=1)["name"], NO_KEY, "there is none")


# --- a person ----------------------------------------------------------------------------------


def PromptDaemon(**settings):  # pylint: disable=invalid-name
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    return KeychainDaemon(pinentry=PINENTRY, **settings)


class Person:
    """Somebody before a terminal, and a command of theirs."""

    def __init__(self, daemon, terminal, *words):
        self.terminal = terminal
        self.process = on_terminal(daemon, terminal, program("keycask"), *words)

    def answers(self, field, text, *said):
        """Asked for that, with these words before; types the answer."""
        shown = self.terminal.read_until(f"\n{field}: ")
        for words in said:
            check(words in shown, f"{words!r} is not in {shown!r}")
        self.terminal.type(text)

    def ends(self, shown, status=0):
        self.terminal.read_until(shown)
        check_equal(self.process.wait(20), status, "exit status")
        wait_for_no_pinentry()


class Beside:  # what on_terminal() wants of a scene
    def __init__(self, daemon):
        self.daemon = daemon


@test
def a_person_sets_changes_types_and_removes_a_password():
    with PromptDaemon() as daemon:
        scene = Beside(daemon)
        with Terminal() as terminal:
            person = Person(scene, terminal, "passwd")
            person.answers("New password", "one\n", "Choose the new password of your keychain")
            person.answers("New password again", "two\n", "once more")
            person.answers("New password", "one\n", "the two passwords differ")
            person.answers("New password again", "one\n")
            person.ends("password is set.")
        daemon.call("Keychain.Lock")
        with Terminal() as terminal:
            person = Person(scene, terminal, "unlock")
            person.answers("Keychain password", "two\n", "wants to unlock your keychain")
            person.answers("Keychain password", "one\n", "the password is wrong")
            person.ends("is unlocked.")
        check_equal(state(daemon), "unlocked", "state")
        with Terminal() as terminal:
            person = Person(scene, terminal, "passwd", "--remove")
            person.answers("Present password", "one\n", "the present one first")
            person.ends("no password any more")


@test
def three_wrong_passwords_end_it_and_cancelling_does():
    with PromptDaemon() as daemon:
        scene = Beside(daemon)
        daemon.call("Keychain.ChangePassword", {"new": "one"})
        daemon.call("Keychain.Lock")
        with Terminal() as terminal:
            person = Person(scene, terminal, "unlock")
            for wrong in ("two\n", "three\n", "four\n"):
                person.answers("Keychain password", wrong)
            person.ends("the password is wrong, 3 times", 1)
        with Terminal() as terminal:
            person = Person(scene, terminal, "unlock")
            person.answers("Keychain password", "\x04")
            person.ends("keycask: ", 1)
        with Terminal() as terminal:  # the present one was right, and the new one is not given
            person = Person(scene, terminal, "passwd")
            person.answers("Present password", "one\n")
            person.answers("New password", "\x04")
            person.ends("keycask: ", 1)
        check_equal(state(daemon), "locked", "nothing has changed")
        with daemon.connect() as peer:
            unlock(peer, "one")


@test
def whoever_leaves_takes_the_prompt_along():
    with PromptDaemon() as daemon, Terminal() as terminal:
        daemon.call("Keychain.ChangePassword", {"new": "one"})
        daemon.call("Keychain.Lock")
        with daemon.connect() as peer:
            peer.send("Keychain.Unlock", {"interaction": terminal.interaction()})
            terminal.read_until("\nKeychain password: ")
        wait_for_no_pinentry()
        check_equal(state(daemon), "locked", "state")


# --- the screen, and sleep ---------------------------------------------------------------------


def leave(is_locked_with_screen, order, expected):
    """Somebody leaves, in that way; then the machine sleeps, as soon as keycaskd lets it."""
    skip_unless(is_available(), "no dbus-daemon, or no python3-jeepney")
    daemon = KeychainDaemon(lock_keychain_with_screen=is_locked_with_screen)
    with Logind(scratch()) as logind:
        daemon.env.update(logind.environment)
        with daemon:
            eventually(lambda: logind.n_inhibitors() == 1, "keycaskd has subscribed")
            daemon.call("Keychain.ChangePassword", {"new": "one"})
            logind.order(*order)
            if order != ("sleep", "begin"):
                eventually(lambda: state(daemon) == expected, f"state after {order}")
                logind.order("sleep", "begin")
            eventually(lambda: logind.n_inhibitors() == 0, "the machine may sleep")
            check_equal(state(daemon), expected, f"state after {order}")


@test
def the_screen_locks_the_keychain():
    leave(True, ("signal", "Lock", "_31"), "locked")


@test
def sleep_locks_the_keychain():
    leave(True, ("sleep", "begin"), "locked")


@test
def a_setting_leaves_it_open():
    leave(False, ("sleep", "begin"), "unlocked")


if __name__ == "__main__":
    main()
