# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask card …: commands as they are, resets, who has the card, and what an ATR says."""
from keycask_test import (PIN, Card, Daemon, check, check_equal, eventually, main, program, run,
                          test)
from pin_scene import Scene

SLOT = "Embedded Slot 00"
SELECT_PIV = "00A4040009A00000030800001000"
VERIFY = "0020008008" + PIN.encode().hex().upper() + "FFFF"
OPENPGP_ATR = "3BDA18FF81B1FE751F030031F573C001600090001C"


def text(scene, *arguments, status=0, input=b""):  # pylint: disable=redefined-builtin
    """What it prints for people, and its complaint."""
    out, errors = run(program("keycask"), *arguments, input=input, env=scene.daemon.env,
                      status=status)
    return out.decode(), errors.decode()


def hold(connection):
    return connection.call("Slots.BeginSession", {"slot": SLOT})["session"]


@test
def commands_are_sent_in_one_session():
    with Scene() as scene:
        answer = scene.daemon.cli("card", "apdu", SELECT_PIV, "00 20 00 80", "00:EE:00:00")
        check_equal(answer["slot"], SLOT, "the slot")
        check_equal([exchange["sw"] for exchange in answer["exchanges"]],
                    ["9000", "63C3", "6D00"], "status words")
        check_equal(answer["exchanges"][1]["command"], "00200080", "the command")
        check(answer["exchanges"][0]["data"].startswith("61"), answer)
        out, _ = text(scene, "card", "apdu", "--slot", SLOT, "00EE0000")
        check_equal(out, "> 00EE0000\n< 6D00\n", "what it prints")


@test
def standard_input_may_hold_a_pin_and_output_never_does():
    with Scene() as scene:
        lines = f"{SELECT_PIV} # PIV\n\n# the PIN\n{VERIFY}\r\n00200080\n".encode()
        out, _ = text(scene, "card", "apdu", "--sensitive", input=lines)
        check("> 0020008008****************\n< 9000\n> 00200080\n< 9000\n" in out, out)
        check(PIN.encode().hex() not in out, "the PIN is printed")
        answer = scene.daemon.cli("card", "apdu", "-", input=SELECT_PIV.encode() + b"\n00200080")
        check_equal(answer["exchanges"][1]["sw"], "63C3", "the state after a sensitive session")
        n_verified = scene.n_verified()
        for arguments in ((VERIFY,), ("00EE0000", VERIFY)):
            failure = scene.daemon.cli("card", "apdu", *arguments, status=2)
            check_equal(failure["message"], "a PIN is not given on the command line", "message")
        failure = scene.daemon.cli("card", "send", "00200080", "--data",
                                   PIN.encode().hex() + "ffff", status=2)
        check_equal(failure["message"], "a PIN is not given on the command line", "message")
        check_equal(scene.n_verified(), n_verified, "PINs shown to the card")


@test
def a_long_answer_comes_whole():
    with Scene() as scene:
        answer = scene.daemon.cli("card", "send", "00CB3FFF", "--select", "A000000308", "--data",
                                  "5C035FC105")
        check_equal(answer["sw"], "9000", "the status word")
        check(answer["data"].startswith("5382") and len(answer["data"]) > 600, "it is cut")
        check_equal(scene.daemon.cli("card", "send", "00FD0000", "--le", "3"),
                    {"data": answer_of_version(scene), "sw": "9000"}, "the version")
        check_equal(scene.daemon.cli("card", "send", "00EE0000", "--no-le", status=1),
                    {"data": "", "sw": "6D00"}, "another status word")
        check_equal(text(scene, "card", "send", "00EE0000", status=1)[0], "6D00\n", "printed")
        failure = scene.daemon.cli("card", "send", "00EE0000", "--select", "F00000", status=1)
        check_equal((failure["name"], failure["message"]),
                    ("token_not_found", "the card does not have that application (6A82)"),
                    "the failure")


def answer_of_version(scene):
    """GET VERSION in the PIV application of a YubiKey, by card apdu."""
    answer = scene.daemon.cli("card", "apdu", SELECT_PIV, "00FD000003")
    return answer["exchanges"][1]["data"]


@test
def a_card_is_reset_and_looked_at():
    with Scene() as scene, scene.connect() as holder:
        n_resets = scene.n_resets()
        check_equal(scene.daemon.cli("card", "reset"), {"slot": SLOT}, "answer")
        scene.wait_for_reset(n_resets)
        session = hold(holder)
        failure = scene.daemon.cli("card", "reset", "--timeout", "0", status=1)
        check(failure["message"].startswith("the card was not free in time: python"), failure)
        check_equal(failure["hint"], "see who has it with: keycask card who-holds", "hint")
        out, _ = text(scene, "card", "reset", "--force", SLOT)
        check_equal(out, f"{SLOT}: the card was reset\n", "what it prints")
        holder.call("Slots.EndSession", {"session": session})
        events = scene.connect()
        stream = events.stream("Tokens.Watch")
        next(stream)
        check_equal(scene.daemon.cli("card", "reprobe", SLOT), {"slot": SLOT}, "answer")
        check_equal([next(stream)["event"], next(stream)["event"]], ["removed", "inserted"],
                    "events")
        events.close()


@test
def who_holds_is_told():
    with Scene(lease_ms=0) as scene, scene.connect() as holder:
        hold(holder)
        found = scene.daemon.cli("card", "who-holds")
        check_equal([entry["what"] for entry in found], ["card session"], "holders")
        out, _ = text(scene, "card", "who-holds", "--slot", SLOT)
        check(str(found[0]["pid"]) in out and "card session" in out, out)
        holder.close()
        check_equal(scene.daemon.cli("card", "who-holds", "--slot", "Nowhere", status=1)["message"],
                    "there is no slot Nowhere", "message")


@test
def a_slot_that_is_not_meant_has_a_hint():
    with Scene(lease_ms=0) as scene:
        for words in (("apdu", "--slot", "Nowhere", "00A40000"), ("atr", "--slot", "Nowhere"),
                      ("reset", "Nowhere"), ("who-holds", "Nowhere")):
            check_equal(scene.daemon.cli("card", *words, status=1)["hint"].split(": ")[1],
                        "keycask slots", f"hint of {words}")
        out, _ = text(scene, "card", "who-holds")
        check("Nobody that keycask knows of has the card." in out, out)
    with Daemon() as daemon:
        for words in (("apdu", "00A40000"), ("atr",), ("reset",)):
            failure = daemon.cli("card", *words, status=1)
            check_equal((failure["message"], failure["hint"].split(": ")[1]),
                        ("no slot has a card", "keycask slots"), f"failure of {words}")


@test
def an_atr_is_explained():
    with Scene() as scene:
        answer = scene.daemon.cli("card", "atr", OPENPGP_ATR)
        check_equal(answer["protocols"], [1, 15], "protocols")
        check_equal(answer["interface_groups"][0], {"index": 1, "ta": 0x18, "tc": 0xFF}, "group 1")
        check_equal(answer["interface_groups"][3], {"index": 4, "protocol": 15, "ta": 3},
                    "group 4")
        check_equal(answer["historical_bytes"], "0031F573C00160009000", "historical bytes")
        check_equal(answer["historical_records"],
                    [{"tag": 3, "value": "F5"}, {"tag": 7, "value": "C00160"},
                     {"tag": 8, "value": "009000"}], "records")
        check_equal((answer["can_chain"], answer["can_extend"]), (False, True), "capabilities")
        out, _ = text(scene, "card", "atr", "--slot", SLOT)
        for line in ("Protocols         T=1", "  group 1          TA 13 TB 00 TC 00",
                     "  record 5        ", "Command chaining  yes"):
            check(line in out, f"{line!r} is not in {out}")
        failure = scene.daemon.cli("card", "atr", OPENPGP_ATR[:-2] + "1D", status=1)
        check_equal((failure["name"], failure["message"]),
                    ("decode", "the ATR's check byte is wrong"), "failure")
        out, _ = text(scene, "slots", "--long")
        check("Protocols         T=1" in out, out)
        check_equal(scene.daemon.cli("slots", "--long")[0]["max_input_length"], 65535, "a limit")


@test
def wrong_words_are_named():
    with Scene() as scene, Card("piv:9e=p256") as other:
        for arguments, message in (
                (("card", "apdu", "00EE000"), "not hexadecimal bytes: 00EE000"),
                (("card", "apdu", "hello"), "not hexadecimal bytes: hello"),
                (("card", "apdu", "-"), "no command"),
                (("card", "apdu", "--protocol", "t2", "00EE0000"), "--protocol is t0 or t1"),
                (("card", "send", "00EE"), "the header is four bytes: CLA INS P1 P2"),
                (("card", "send", "00EE0000", "--le", "70000"), "--le is at most 65536"),
                (("card", "send"), None),
                (("card", "atr", "--slot", SLOT, OPENPGP_ATR), "--slot or an ATR, not both"),
                (("card", "reset", "--timeout", "4000"), "--timeout is at most 3600"),
                (("card", "reset", "--slot", SLOT, SLOT), f"two slots: '{SLOT}' and '{SLOT}'")):
            failure = scene.daemon.cli(*arguments, status=2)
            check(message in (None, failure["message"]), failure)
        other.insert(scene.daemon)
        eventually(lambda: len(scene.daemon.call("Slots.List")["slots"]) == 2, "two slots")
        failure = scene.daemon.cli("card", "apdu", "00EE0000", status=2)
        check_equal(failure["message"], "several slots have cards", "message")
        check_equal(failure["hint"],
                    f"choose one: --slot '{SLOT}' or --slot 'Embedded Slot 01'", "hint")
        scene.card.pull()
        other.pull()
        scene.daemon.wait_for_removal()
        failure = scene.daemon.cli("card", "apdu", "00EE0000", status=1)
        check_equal(failure["message"], "no slot has a card", "message")


@test
def who_may_not_is_told_so():
    with Scene(raw_card_access="nobody") as scene:
        failure = scene.daemon.cli("card", "apdu", "00EE0000", status=1)
        check_equal((failure["name"], failure["message"]),
                    ("missing_entitlement", "keycask may not talk to cards without a driver"),
                    "failure")
        check_equal(failure["hint"],
                    "raw_card_access in config.json says who may: see keycaskd(8)", "hint")


if __name__ == "__main__":
    main()
