#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""PINs typed on the reader's own keypad: the software card's embedded slot has one, and a FIFO is
its keys. No process of the host ever sees the PIN; every way in which an entry can end is told.

vpcd's driver for pcscd knows no SCardControl(), so a keypad behind pcscd cannot be had here: that it
has none is seen through a real pcscd, and what is sent to one that has is the same structure, which
src/codec/test_pin_format.c holds against published ones."""
import os
import signal

from keycask_test import (Card, Daemon, VarlinkError, eventually, main, program, run, scratch,
                          skip_unless, start, test)
from memory import pieces
from pin_scene import (PIN, PROFILE, WRONG, Scene, audit_lines, check, check_equal,
                       check_raises, configure)
from piv_tools import Pcscd
from prompt_scene import PINENTRY, line, wait_for_no_pinentry
from terminal import Terminal

NEW = "90817263"  # nobody has it in memory by chance
PUK = "12345678"
CANCEL = "\x1b"
HERE = {"authentication_ui": "allow"}  # somebody may be asked, but there is no screen


class Typist:
    """Somebody before the keypad of the reader in which a card is."""

    def __init__(self, card):
        self.card = card
        self.n_typed = 0

    def prompts(self):
        """What the reader has asked for so far."""
        return [event.partition(": ")[2] for event in self.card.contacts.read_text().splitlines()
                if event.startswith("# keypad: ") and event != "# keypad: given up"]

    def type(self, *pins):
        """Each when the reader asks for it; what it asked."""
        asked = []
        for pin in pins:
            prompts = eventually(lambda: len(self.prompts()) > self.n_typed and self.prompts(),
                                 "the reader asks")
            asked.append(prompts[self.n_typed])
            self.n_typed += 1
            with open(self.card.keypad, "w", encoding="ascii") as keys:
                keys.write(pin)
        return asked


class KeypadScene(Scene):
    """A daemon, and a card in a reader with a keypad."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.card = Card(PROFILE, keypad=True)
        self.typist = Typist(self.card)
        self.type = self.typist.type
        self.prompts = self.typist.prompts

    def ask(self, connection, slot="9a", **options):
        """A signature that wants a PIN; its answer comes later."""
        connection.send("Keys.Sign", self.keys.parameters(slot, HERE, **options))

    def expect_signature(self, connection, slot="9a"):
        self.keys.judge(slot, connection.receive()[0])

    def helpers(self):
        """The daemon and its processes: {pid: name}."""
        return {self.daemon.pid: "keycaskd", **self.daemon.children()}


def expect_failure(connection, status, words):
    record = check_raises(status, connection.receive).record
    check(words in record["message"], f"message: {record}")
    return record


def set_pin(connection, method, **parameters):
    connection.send(f"Tokens.{method}", {"interaction": HERE, **parameters})


# --- nobody sees it -----------------------------------------------------------------------------


def remembers(pid, forms):
    """One of these byte strings is in the memory of that process."""
    return any(form in content for _, content in pieces(pid) for form in forms)


def who_has(scene, pin):
    """The processes of the host with that PIN in their memory."""
    forms = (pin.encode(), bytes(int(digit) for digit in pin), bytes.fromhex(pin))
    return [name for pid, name in scene.helpers().items() if remembers(pid, forms)]


def check_no_log_has(scene, pin):
    logs = [scene.daemon.read_log(), scene.card.contacts.read_text(), scene.card.log.read_text(),
            "".join(map(str, audit_lines(scene.daemon)))]
    check(not any(pin in log for log in logs), "the PIN is in a log")


@test
def no_process_of_the_host_sees_the_pin():
    with KeypadScene() as scene, scene.connect() as connection:
        set_pin(connection, "ChangePin", token_id=scene.keys.token_id)
        check_equal(scene.type(f"{PIN}\n", f"{NEW}\n", f"{NEW}\n"),
                    ["PIN", "new PIN", "new PIN again"], "what the reader asks")
        connection.receive()
        check_equal(who_has(scene, NEW), [], "who has the new PIN after the change")
        scene.ask(connection)
        eventually(lambda: len(scene.prompts()) == 4, "the reader asks")
        check_equal(who_has(scene, NEW), [], "who has the PIN while it is typed")
        check_equal(scene.type(f"{NEW}\n"), ["PIN"], "what the reader asks")
        scene.expect_signature(connection)
        check_equal(who_has(scene, NEW), [], "who has the PIN after the signature")
        check_no_log_has(scene, NEW)
        names = sorted(scene.helpers().values())
        check("keycask-slot" in names and any("driver" in name for name in names), f"{names}")
        # The look is a good one: a PIN that does pass through is found.
        with scene.connect() as other:
            scene.keys.sign(other, pin=NEW)
            check("keycaskd" in who_has(scene, NEW), "a PIN that must be there is not found")


@test
def nobody_else_is_asked():
    with KeypadScene(pinentry="/bin/false") as scene, scene.connect() as connection:
        scene.ask(connection)
        scene.type(f"{PIN}\n")
        scene.expect_signature(connection)
        check_equal(scene.n_verified(), 1, "PINs shown to the card")
        # for the session, as with any other PIN
        scene.ask(connection)
        scene.expect_signature(connection)
        check_equal(scene.prompts(), ["PIN"], "what the reader asked")
        check_equal(scene.keys.pin_status(connection)[1], True, "authenticated")
        # and for nobody else
        with scene.connect() as other:
            check_equal(scene.keys.pin_status(other)[1], False, "authenticated")
            scene.keys.refuses("interaction_not_allowed", other)


@test
def a_key_that_always_wants_it_asks_each_time():
    with KeypadScene() as scene, scene.connect() as connection:
        for _ in range(2):
            scene.ask(connection, "9c")
            scene.type(f"{PIN}\n")
            scene.expect_signature(connection, "9c")
        check_equal(scene.prompts(), ["PIN", "PIN"], "what the reader asked")


@test
def a_pin_that_is_given_needs_no_keypad():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.keys.sign(connection, pin=PIN)
        check_equal(scene.prompts(), [], "what the reader asked")


# --- how an entry ends --------------------------------------------------------------------------


@test
def a_wrong_pin_costs_one_try_and_is_asked_for_again():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.ask(connection)
        scene.type(f"{WRONG}\n", f"{PIN}\n")
        scene.expect_signature(connection)
        check_equal(scene.n_verified(), 2, "PINs shown to the card")


@test
def a_pin_of_the_wrong_length_costs_none():
    with KeypadScene() as scene, scene.connect() as connection:
        before = scene.keys.tries()
        scene.ask(connection)
        scene.type("123\n")
        scene.type(CANCEL)
        expect_failure(connection, "user_canceled", "cancelled on the reader's keypad")
        check_equal(scene.n_verified(), 0, "PINs shown to the card")
        check_equal(scene.keys.tries(), before, "tries")


@test
def the_cancel_key_cancels():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.ask(connection)
        scene.type(f"1234{CANCEL}")
        expect_failure(connection, "user_canceled", "cancelled on the reader's keypad")
        check_equal(scene.n_verified(), 0, "PINs shown to the card")
        # and the card is as good as before
        scene.ask(connection)
        scene.type(f"{PIN}\n")
        scene.expect_signature(connection)


@test
def nobody_types():
    with KeypadScene(prompt_deadline_s=1) as scene, scene.connect() as connection:
        scene.ask(connection)
        expect_failure(connection, "user_canceled",
                       "no PIN was typed on the reader's keypad in time")
        check_equal(scene.n_verified(), 0, "PINs shown to the card")


@test
def somebody_is_slower_than_a_card_may_be():
    with KeypadScene(card_deadline_ms=2000) as scene, scene.connect() as connection:
        scene.ask(connection)
        eventually(scene.prompts, "the reader asks")
        signal.sigtimedwait([], 2.5)  # what is shown is that nothing happens
        scene.type(f"{PIN}\n")
        scene.expect_signature(connection)


@test
def the_card_is_pulled_while_somebody_types():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.ask(connection)
        scene.type("1234")
        scene.card.pull()
        record = check_raises("item_not_found", connection.receive).record
        check_equal(record["token_id"], scene.keys.token_id, "token")
        scene.daemon.wait_for_removal()
        scene.card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        check_equal(scene.keys.tries(), 3, "tries")


def kill_part(scene, name):
    """SIGKILL to the daemon's process whose name begins so."""
    found = [pid for pid, child in scene.helpers().items() if child.startswith(name)]
    check_equal(len(found), 1, f"processes called {name}")
    os.kill(found[0], signal.SIGKILL)


def is_usable(scene):
    try:
        with scene.connect() as connection:
            scene.keys.sign(connection, "9e")
    except VarlinkError:
        return False
    return True


@test
def the_slot_process_dies_while_somebody_types():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.ask(connection)
        scene.type("1234")
        kill_part(scene, "keycask-slot")
        check_raises("item_not_found", connection.receive)
        eventually(lambda: is_usable(scene), "the token is back")
        scene.ask(connection)
        scene.type(f"{PIN}\n")
        scene.expect_signature(connection)


@test
def the_driver_dies_while_somebody_types():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.ask(connection)
        scene.type("1234")
        n_resets = scene.n_resets()
        kill_part(scene, "keycask-driver-")
        check_raises("item_not_found", connection.receive)
        # The reader knows nothing of that. What it verifies serves nobody.
        with open(scene.card.keypad, "w", encoding="ascii") as keys:
            keys.write("56\n")
        scene.wait_for_reset(n_resets)
        eventually(lambda: is_usable(scene), "the token is back")
        scene.keys.refuses("interaction_not_allowed", connection)


@test
def a_client_that_leaves_leaves_nothing_behind():
    with KeypadScene() as scene:
        with scene.connect() as gone:
            scene.ask(gone)
            scene.type("1234")
        with scene.connect() as connection:
            scene.ask(connection, "9e")  # waits for the reader, and needs no PIN
            with open(scene.card.keypad, "w", encoding="ascii") as keys:
                keys.write("56\n")
            scene.expect_signature(connection, "9e")
            scene.keys.refuses("interaction_not_allowed", connection)


# --- new PINs -----------------------------------------------------------------------------------


@test
def a_new_pin_must_be_typed_alike_twice():
    with KeypadScene() as scene, scene.connect() as connection:
        set_pin(connection, "ChangePin", token_id=scene.keys.token_id)
        scene.type(f"{PIN}\n", f"{NEW}\n", f"{NEW[::-1]}\n")
        expect_failure(connection, "param", "the new PIN was not typed alike twice")
        scene.keys.sign(connection, pin=PIN)


@test
def a_change_can_be_cancelled_at_each_step():
    with KeypadScene() as scene, scene.connect() as connection:
        for typed in ((), (f"{PIN}\n",), (f"{PIN}\n", f"{NEW}\n")):
            set_pin(connection, "ChangePin", token_id=scene.keys.token_id)
            scene.type(*typed, CANCEL)
            expect_failure(connection, "user_canceled", "cancelled on the reader's keypad")
        check_equal(scene.keys.tries(), 3, "tries")
        scene.keys.sign(connection, pin=PIN)


@test
def a_change_that_nobody_waits_for_any_more_takes_the_old_pin_from_all():
    with KeypadScene() as scene, scene.connect() as other:
        scene.keys.sign(other, pin=PIN)
        with scene.connect() as gone:
            set_pin(gone, "ChangePin", token_id=scene.keys.token_id)
            scene.type(f"{PIN}\n", f"{NEW}\n")
        scene.daemon.call("Slots.List", {})  # it has noticed
        scene.type(f"{NEW}\n")
        scene.keys.refuses("interaction_not_allowed", other)
        check_equal(scene.keys.tries(), 3, "tries")
        scene.keys.sign(other, pin=NEW)


@test
def a_blocked_pin_is_unblocked_there():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.spend_tries(2)
        with scene.connect() as last:
            check_raises("pin_blocked", last.call, "Keys.Sign",
                         scene.keys.parameters(pin=WRONG, last_try=True))
        set_pin(connection, "UnblockPin", token_id=scene.keys.token_id)
        scene.type(f"{PUK}\n", f"{NEW}\n", f"{NEW}\n")
        connection.receive()
        check_equal(who_has(scene, NEW), [], "who has the new PIN")
        scene.keys.sign(connection, pin=NEW)


@test
def an_openpgp_card_has_no_blocks():
    """Its PINs stand in the commands as long as they are, one behind the other."""
    with Daemon() as daemon, Card("openpgp:sig=p256", keypad=True) as card:
        card.insert(daemon)
        token = {"token_id": daemon.wait_for_token()["token_id"]}
        typist = Typist(card)
        with daemon.connect() as connection:
            set_pin(connection, "VerifyPin", **token)
            typist.type(f"{PIN}\n")
            connection.receive()
            check(connection.call("Tokens.PinStatus", token)["is_authenticated"], "not verified")
            set_pin(connection, "ChangePin", **token)
            typist.type(f"{PIN}\n", "1234567890\n", "1234567890\n")
            connection.receive()
        with daemon.connect() as connection:
            check_raises("auth_failed", connection.call, "Tokens.VerifyPin", {**token, "pin": PIN})
            connection.call("Tokens.VerifyPin", {**token, "pin": "1234567890"})


# --- where there is none ------------------------------------------------------------------------


@test
def keypads_can_be_left_alone():
    with KeypadScene(use_keypads=False) as scene, scene.connect() as connection:
        scene.ask(connection)
        expect_failure(connection, "interaction_not_allowed", "nobody may be asked for it")
        check_equal(scene.prompts(), [], "what the reader asked")


@test
def a_reader_of_pcscd_without_keypad_has_none():
    with Pcscd() as pcscd, Card("piv:9a=p256") as card, \
            configure(Daemon(providers="embedded,pcsc"), lease_ms=20) as daemon:
        pcscd.put(card)
        token_id = daemon.wait_for_token()["token_id"]
        with daemon.connect() as connection:
            error = check_raises("interaction_not_allowed", connection.call, "Tokens.VerifyPin",
                                 {"token_id": token_id, "interaction": HERE})
            check("nobody may be asked for it" in error.record["message"], f"{error.record}")
        check("features" not in daemon.read_log(), "a question that fails is no trouble")


# --- for people ---------------------------------------------------------------------------------


MESSAGE = "Enter the PIN on the keypad of the card reader."
CHOICE = "[oc]? "  # of pinentry-tty: OK or cancel


def ScreenScene():  # pylint: disable=invalid-name
    """A reader with a keypad, and a pinentry for what is to be said about it."""
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    return KeypadScene(pinentry=PINENTRY)


def ask_at(scene, connection, terminal):
    """A signature that wants a PIN; returns when the screen and the reader say so."""
    connection.send("Keys.Sign", scene.keys.parameters("9a", terminal.interaction()))
    shown = terminal.read_until(CHOICE)
    eventually(scene.prompts, "the reader asks")
    return shown


@test
def a_message_that_is_cancelled_frees_the_client_at_once():
    with ScreenScene() as scene, scene.connect() as a, scene.connect() as b, \
            Terminal() as terminal:
        shown = ask_at(scene, a, terminal)
        check(MESSAGE in shown and line(shown, "Tries left") == "3", f"shown: {shown}")
        terminal.type("c\n")
        expect_failure(a, "user_canceled", "cancelled")
        wait_for_no_pinentry()
        # What is typed all the same serves nobody.
        with open(scene.card.keypad, "w", encoding="ascii") as keys:
            keys.write(f"{PIN}\n")
        scene.keys.refuses("interaction_not_allowed", a)
        scene.keys.sign(b, "9e")


@test
def a_message_that_has_been_read_is_gone():
    with ScreenScene() as scene, scene.connect() as connection, Terminal() as terminal:
        ask_at(scene, connection, terminal)
        terminal.type("o\n")
        wait_for_no_pinentry()
        scene.type(f"{PIN}\n")
        scene.expect_signature(connection)


@test
def whoever_leaves_takes_the_message_along():
    with ScreenScene() as scene, Terminal() as terminal:
        with scene.connect() as gone:
            ask_at(scene, gone, terminal)
        wait_for_no_pinentry()
        scene.card.pull()
        scene.daemon.wait_for_removal()
        scene.card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        with scene.connect() as connection:
            ask_at(scene, connection, terminal)
            scene.card.pull()
            check_raises("item_not_found", connection.receive)
        wait_for_no_pinentry()


@test
def a_message_that_cannot_be_shown_does_not_matter():
    with KeypadScene(pinentry="/bin/false") as scene, scene.connect() as connection, \
            Terminal() as terminal:
        connection.send("Keys.Sign", scene.keys.parameters("9a", terminal.interaction()))
        scene.type(f"{PIN}\n")
        scene.expect_signature(connection)


@test
def the_last_try_is_not_used_unless_somebody_says_so():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.spend_tries(2)
        scene.ask(connection)
        expect_failure(connection, "interaction_not_allowed", "one try is left")
        check_equal(scene.prompts(), [], "what the reader asked")
        scene.ask(connection, last_try=True)
        scene.type(f"{PIN}\n")
        scene.expect_signature(connection)


@test
def a_wrong_pin_does_not_lead_to_the_last_try_unsaid():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.spend_tries(1)
        scene.ask(connection)
        scene.type(f"{WRONG}\n")
        expect_failure(connection, "interaction_not_allowed", "one try is left")
        check_equal((scene.keys.tries(), len(scene.prompts())), (1, 1), "tries, and prompts")


@test
def a_program_may_not_ask_there_for_ever():
    with KeypadScene(prompt_quota=2) as scene, scene.connect() as connection:
        for _ in range(2):
            scene.ask(connection)
            scene.type(CANCEL)
            expect_failure(connection, "user_canceled", "cancelled on the reader's keypad")
        scene.ask(connection)
        expect_failure(connection, "not_available", "too many prompts")
        check_equal(len(scene.prompts()), 2, "how often the reader asked")
        scene.keys.sign(connection, pin=PIN)


@test
def a_locked_screen_forgets_who_typed():
    with KeypadScene() as scene, scene.connect() as connection:
        scene.ask(connection)
        scene.type(f"{PIN}\n")
        scene.expect_signature(connection)
        check_equal(scene.keys.pin_status(connection)[1], True, "authenticated")
        scene.daemon.call("Admin.Lock")
        scene.keys.refuses("interaction_not_allowed", connection)
        check_equal(scene.keys.pin_status(connection)[1], False, "authenticated")


@test
def a_screen_says_where_to_type():
    with ScreenScene() as scene, scene.connect() as connection, Terminal() as terminal:
        connection.send("Keys.Sign", scene.keys.parameters("9a", terminal.interaction()))
        terminal.read_until(MESSAGE)
        scene.type(f"{PIN}\n")
        scene.expect_signature(connection)
        eventually(terminal.is_as_before, "the message is gone")


@test
def without_a_screen_standard_error_says_where_to_type():
    with KeypadScene() as scene:
        said = scratch() / "verify.log"
        env = {name: value for name, value in scene.daemon.env.items()
               if name not in ("DISPLAY", "WAYLAND_DISPLAY", "GPG_TTY")}
        process = start(program("keycask"), "pin", "verify", env=env, log=said,
                        start_new_session=True)
        eventually(lambda: "if the reader has a keypad, enter the PIN there" in said.read_text(),
                   "the line")
        scene.type(f"{PIN}\n")
        check_equal(process.wait(), 0, "exit status")
        check("The PIN is right" in said.read_text(), said.read_text())


@test
def a_card_of_a_run_has_a_keypad_too():
    fifo, log, signature = (scratch() / name for name in ("keypad", "apdus", "signature"))
    process = start(program("keycask"), "vcard", "run", "--profile", "piv:9a=p256", "--keypad", fifo,
                    "--log", log, "--", program("keycask"), "sign", "--out", signature,
                    start_new_session=True)
    eventually(lambda: log.exists() and "# keypad: PIN" in log.read_text(), "the reader asks")
    fifo.write_text(f"{PIN}\n", encoding="ascii")
    check_equal(process.wait(), 0, "exit status")
    check(signature.stat().st_size > 60, "no signature")
    check(not fifo.exists(), "the keypad stays behind")


@test
def wrong_calls_are_told():
    with Card("piv:9a=p256") as card:
        for arguments, words in (
                (("--vpcd", "localhost", "--keypad", "k"), b"--keypad goes with --socket"),
                (("--socket", "s", "--keypad", card.file), b"is no FIFO"),
                (("--socket", "s", "--keypad", "/nowhere/k"), b"cannot make the keypad")):
            _, said = run(program("keycask-vcard"), "start", card.file, *arguments, status=None,
                          cwd=scratch())
            check(words in said, f"{arguments}: {said!r}")


if __name__ == "__main__":
    main()
