# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask/smartcard.h in a program (card_application.c), beside a real daemon: what the objects
promise of sessions, marks, protocols and long commands."""
import subprocess

from keycask_test import (BUILD, PIN, Card, Daemon, check, check_equal, eventually, main, test)
from pin_scene import Scene

SLOT = "Embedded Slot 00"
SELECT_PIV = "00A4040009A00000030800001000"
PIN_STATE = "00200080"
VERIFY = "0020008008" + PIN.encode().hex() + "FFFF"
NOT_VERIFIED = "63c3"
MISSING, EMPTY, PROBING, MUTE, VALID = range(5)


class Program:
    """card_application.c, told one call after the other."""

    def __init__(self, daemon):
        path = BUILD / "tests/integration/card_application"
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(path)], env=daemon.env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def tell(self, *words):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()

    def hear(self):
        return self.process.stdout.readline().rstrip("\n")

    def ask(self, *words):
        self.tell(*words)
        return self.hear()

    def do(self, *words):
        """What comes after "success"."""
        answer = self.ask(*words)
        check(answer.split(" ")[0] == "success", f"{words} gives {answer}")
        return answer.partition(" ")[2]

    def fails(self, status, *words):
        """The message that comes with that status."""
        name, _, message = self.ask(*words).partition(" ")
        check_equal(name, status, f"the status of {words}")
        return message

    def show(self, card=0):
        return dict(word.split("=") for word in self.do(card, "show").split())


@test
def sessions_are_counted_and_needed():
    with Scene() as scene, Program(scene.daemon) as program:
        program.do(0, "new", SLOT)
        message = program.fails("not_available", 0, "transmit", SELECT_PIV)
        check_equal(message, "the card session has not begun", "message")
        check_equal(program.show()["protocol"], "0", "the protocol outside of a session")
        program.do(0, "begin")
        program.do(0, "begin")
        check_equal(program.show()["protocol"], "2", "the protocol")
        program.do(0, "end")
        check(program.do(0, "transmit", SELECT_PIV).endswith("9000"), "no answer")
        program.do(0, "end")
        program.fails("not_available", 0, "transmit", SELECT_PIV)
        program.do(0, "end")
        program.do(0, "within", SELECT_PIV)
        check_equal(program.show()["protocol"], "0", "the protocol after a session")


@test
def objects_of_one_program_exclude_each_other():
    with Scene() as scene, Program(scene.daemon) as program:
        program.do(0, "new", SLOT)
        program.do(1, "new", SLOT)
        program.do(0, "begin")
        message = program.fails("not_available", 1, "begin", 50)
        check(message.startswith("the card was not free in time: card_application"), message)
        program.do(0, "free")  # with its session
        program.do(1, "begin", 5000)


@test
def a_mark_stays_until_somebody_else_has_the_card():
    with Scene() as scene, Program(scene.daemon) as program:
        for card in (0, 1):
            program.do(card, "new", SLOT)
        program.do(0, "begin")
        program.do(0, "transmit", SELECT_PIV)
        program.do(0, "mark")
        program.do(0, "end")
        program.do(0, "begin")
        check_equal(program.show()["mark"], "1", "the mark, when nobody was there")
        program.do(0, "end")
        program.do(1, "begin")
        program.do(1, "end")
        program.do(0, "begin")
        check_equal(program.show()["mark"], "0", "the mark, after another object")
        program.do(0, "mark")
        program.do(0, "end")
        with scene.connect() as client:
            scene.keys.sign(client, "9e")
        program.do(0, "begin")
        check_equal(program.show()["mark"], "0", "the mark, after a token")
        program.do(0, "mark")
        program.do(0, "end")
        scene.daemon.call("Slots.Reset", {"slot": SLOT})
        program.do(0, "begin")
        check_equal(program.show()["mark"], "0", "the mark, after a reset")


@test
def a_sensitive_object_leaves_nothing_behind():
    with Scene() as scene, Program(scene.daemon) as program:
        for card in (0, 1):
            program.do(card, "new", SLOT)
        for is_sensitive, state in ((0, "9000"), (1, NOT_VERIFIED)):
            program.do(0, "begin")
            program.do(0, "transmit", SELECT_PIV)
            check_equal(program.do(0, "transmit", VERIFY), "9000", "VERIFY")
            program.do(0, "sensitive", is_sensitive)  # as documented: after it
            program.do(0, "end")
            program.do(1, "begin")
            if is_sensitive:
                program.do(1, "transmit", SELECT_PIV)
            check_equal(program.do(1, "transmit", PIN_STATE), state, "the PIN's state")
            program.do(1, "end")


@test
def protocols_are_chosen_when_a_session_begins():
    with Scene() as scene, Program(scene.daemon) as program:
        program.do(0, "new", SLOT)
        program.do(0, "allow", 1)
        message = program.fails("param", 0, "begin")
        check_equal(message, "the card has none of the protocols that are allowed", "message")
        program.do(0, "allow", 3)
        program.do(0, "begin")
        program.do(0, "allow", 1)
        check_equal(program.show()["protocol"], "2", "the protocol in the session")
        check(program.do(0, "transmit", SELECT_PIV).endswith("9000"), "no answer")


@test
def the_helper_does_all_four_cases():
    with Scene() as scene, Program(scene.daemon) as program:
        program.do(0, "new", SLOT)
        program.do(0, "begin")
        commands = scene.card.commands
        select = program.do(0, "send", "A4", "04", "00", "A000000308", 0)
        check(select.startswith("9000 61"), select)
        check_equal(commands()[-1], "00A4040005A00000030800", "case 4")
        program.do(0, "send", "A4", "04", "00", "A000000308", "none")
        check_equal(commands()[-1], "00A4040005A000000308", "case 3")
        check_equal(program.do(0, "send", "20", "00", "80", "-", "none"), "63C3",
                    "a status word that is no success")
        check_equal(commands()[-1], "00200080", "case 1")
        program.do(0, "send", "FD", "00", "00", "-", 0)
        check_equal(commands()[-1], "00FD000000", "case 2")
        program.do(0, "cla", "80")
        program.do(0, "send", "FD", "00", "00", "-", 3)
        check_equal(commands()[-1], "80FD000003", "case 2 with a length and another class")


@test
def long_answers_are_fetched_and_long_commands_take_a_form():
    with Scene() as scene, Program(scene.daemon) as program:
        program.do(0, "new", SLOT)
        settings = program.show()
        check_equal((settings["extended"], settings["chaining"]), ("1", "1"), "what the ATR says")
        program.do(0, "begin")
        program.do(0, "send", "A4", "04", "00", "A000000308", 0)
        answer = program.do(0, "send", "CB", "3F", "FF", "5C035FC105", 0)
        sw, data = answer.split(" ")
        check_equal(sw, "9000", "GET DATA")
        check(len(data) > 600 and data.startswith("5382"), "the certificate is cut")
        check(any(command.startswith("00C00000") for command in scene.card.commands()),
              "nothing was fetched")
        long_data = "5C035FC105" + "53820100" + "00" * 256
        program.do(0, "send", "DB", "3F", "FF", long_data, "none")
        check(scene.card.commands()[-1].startswith("00DB3FFF000109"), "not in the extended form")
        program.do(0, "extended", 0)
        program.do(0, "send", "DB", "3F", "FF", long_data, "none")
        check(scene.card.commands()[-1].startswith("10DB3FFFFF") or
              scene.card.commands()[-2].startswith("10DB3FFFFF"), "not chained")
        program.do(0, "chaining", 0)
        message = program.fails("param", 0, "send", "DB", "3F", "FF", long_data, "none")
        check("265 bytes needs the extended form or chaining" in message, message)
        program.do(0, "end")


@test
def a_card_that_comes_back_is_another_one():
    with Scene() as scene, Program(scene.daemon) as program:
        program.do(0, "new", SLOT)
        program.do(1, "new", SLOT)
        program.do(0, "begin")
        check_equal(program.do(0, "valid"), "yes", "validity")
        scene.card.pull()
        scene.daemon.wait_for_removal()
        message = program.fails("token_not_found", 0, "transmit", SELECT_PIV)
        check(message.startswith("the card was removed"), message)
        check_equal(program.do(0, "valid"), "no", "validity without the card")
        scene.card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        for card in (0, 1):
            check_equal(program.do(card, "valid"), "no", "validity")
            message = program.fails("token_not_found", card, "begin")
            check_equal(message, f"another card is in {SLOT} now", "message")
        program.do(2, "new", SLOT)
        program.do(2, "begin")


@test
def a_session_that_was_taken_away_can_begin_again():
    with Scene() as scene, Program(scene.daemon) as program:
        program.do(0, "new", SLOT)
        program.do(0, "begin")
        program.do(0, "begin")
        program.do(0, "mark")
        scene.daemon.call("Slots.Reset", {"slot": SLOT, "force": True})
        message = program.fails("not_available", 0, "transmit", SELECT_PIV)
        check_equal(message, "the card session has ended: the card was reset by somebody else",
                    "message")
        program.do(0, "begin")
        check_equal(program.show()["mark"], "0", "the mark")
        check(program.do(0, "transmit", SELECT_PIV).endswith("9000"), "no answer")
        program.do(0, "end")
        program.fails("not_available", 0, "transmit", SELECT_PIV)


@test
def a_daemon_that_leaves_ends_sessions():
    with Scene() as scene, Program(scene.daemon) as program:
        program.do(0, "new", SLOT)
        program.do(0, "begin")
        scene.daemon.kill()
        program.fails("not_available", 0, "transmit", SELECT_PIV)
        check_equal(program.show()["protocol"], "0", "the protocol")
        scene.card.process.wait()  # the daemon's end of the slot has closed
        scene.card.process = None
        scene.daemon.start()
        program.fails("item_not_found", 1, "new", "Nowhere")


@test
def access_is_refused_by_name():
    with Scene(raw_card_access="nobody") as scene, Program(scene.daemon) as program:
        program.do(0, "new", SLOT)
        message = program.fails("missing_entitlement", 0, "begin")
        check_equal(message, "card_application may not talk to cards without a driver", "message")


@test
def slots_change_and_missing_ones_stay_so():
    with Daemon() as daemon, Card("piv:9e=p256") as card, Card("piv:9e=p256") as other, \
            Program(daemon) as program:
        program.do("manager")
        check_equal(program.do("count"), "1", "slots")
        program.do("slot", SLOT)
        check_equal(program.do("show-slot"), f"{SLOT} state={EMPTY} atr=0 input=0 output=0",
                    "the empty slot")
        program.fails("token_not_found", 0, "make")
        card.insert(daemon)
        states = await_state(program, SLOT, VALID)
        check(states[:1] == [PROBING], f"states {states}")
        check_equal(program.do("show-slot"),
                    f"{SLOT} state={VALID} atr=1 input=65535 output=65535", "the full slot")
        program.do(0, "make")
        program.do(0, "begin")
        other.insert(daemon)
        await_state(program, "Embedded Slot 01", VALID)
        check_equal(program.do("count"), "2", "slots")
        program.do("slot", "Embedded Slot 01")
        program.do(1, "make")
        other.pull()
        await_state(program, "Embedded Slot 01", MISSING)
        check_equal(program.do("count"), "1", "slots")
        other.insert(daemon)
        await_state(program, "Embedded Slot 01", VALID)
        check_equal(program.do("show-slot"),
                    f"Embedded Slot 01 state={MISSING} atr=0 input=0 output=0",
                    "the slot that was missing")
        program.fails("token_not_found", 1, "begin")
        daemon.stop()
        eventually(lambda: program.ask("next", 100).startswith("not_available"), "it notices")
        check_equal(program.do("count"), "0", "slots without a daemon")


def await_state(program, name, state):
    """The states that the slot goes through until then."""
    states = []
    while state not in states:
        shown = program.do("next", 20000)
        if shown.startswith(f"{name} "):
            states.append(int(shown.split("state=")[1].split(" ")[0]))
        check(shown != "none", f"{name} is not {state}")
    return states


if __name__ == "__main__":
    main()
