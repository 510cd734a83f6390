# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards without a driver, on the wire: sessions in one queue with tokens and with each other, their
limits, who may have them, and what a client can do that means no good."""
import base64
import os
import subprocess
import sys

from keycask_test import (PIN, VarlinkError, check, check_equal, check_raises, end, eventually,
                          main, start, test)
from lifecycle import child_named, kill
from pin_scene import Scene, audit_lines
from raw_card import NOT_VERIFIED, PIN_STATE, SELECT_PIV, SLOT, VERIFY, Raw, transmit


def holders(daemon):
    return daemon.call("Slots.WhoHolds", {"slot": SLOT})["holders"]


def begin_later(daemon, **terms):
    """A connection that waits in the queue, once it does."""
    before = len(holders(daemon))
    connection = daemon.connect()
    connection.send("Slots.BeginSession", {"slot": SLOT, **terms})
    eventually(lambda: len(holders(daemon)) > before, "it waits in the queue")
    return connection


# --- sessions ------------------------------------------------------------------------------------


@test
def commands_go_to_the_card_as_they_are():
    with Scene() as scene, Raw(scene.daemon) as raw:
        check_equal(raw.begun["protocol"], "t1", "the protocol")
        check(raw.send(SELECT_PIV).endswith("9000"), "PIV is not selected")
        check_equal(raw.send("00EE0000"), "6D00", "an instruction that no card has")
        check_equal(raw.send("0020008000"), NOT_VERIFIED, "an empty VERIFY with Le")
        raw.end()
        check("00EE0000" in scene.card.commands(), "it did not reach the card")


@test
def begins_are_counted():
    with Scene() as scene, Raw(scene.daemon) as raw:
        first = raw.begun["session"]
        check_equal(raw.begin()["session"], first, "the same session")
        raw.end()
        check(raw.send(SELECT_PIV).endswith("9000"), "one end too many was counted")
        raw.end()
        error = check_raises("not_available", raw.send, SELECT_PIV)
        check_equal(error.record["message"], "the card session has not begun", "message")
        raw.end()  # the card is given back already


@test
def sessions_wait_in_order_across_processes():
    with Scene() as scene, Raw(scene.daemon) as first:
        second = begin_later(scene.daemon)
        third = begin_later(scene.daemon)
        check(second.is_quiet() and third.is_quiet(), "two have the card")
        check_equal([holder["is_waiting"] for holder in holders(scene.daemon)],
                    [False, True, True], "the queue")
        first.end()
        session = second.receive()[0]["session"]
        check(third.is_quiet(), "two have the card")
        second.call("Slots.EndSession", {"session": session})
        third.receive()
        second.close()
        third.close()


@test
def a_token_waits_for_its_turn_and_selects_again():
    with Scene() as scene, scene.connect() as client:
        with Raw(scene.daemon) as raw:
            raw.send("00A4040000")
            client.send("Keys.Sign", scene.keys.parameters("9e"))
            eventually(lambda: len(holders(scene.daemon)) == 2, "the signature waits")
            check("operation of" in holders(scene.daemon)[1]["what"], holders(scene.daemon))
            n_before = len(scene.card.commands())
            raw.end()
            scene.keys.judge("9e", client.receive()[0])
        check(scene.card.commands()[n_before].startswith("00A40400"), "no SELECT after others")


@test
def what_a_token_proved_is_not_for_raw_sessions():
    with Scene(lease_ms=60000) as scene, scene.connect() as client:
        scene.keys.sign(client, "9a", pin=PIN)
        n_resets = scene.n_resets()
        with Raw(scene.daemon) as raw:
            raw.send(SELECT_PIV)
            check_equal(raw.send(PIN_STATE), NOT_VERIFIED, "the state of the PIN")
            check(scene.n_resets() > n_resets, "the card was not reset")
            check_equal(raw.send(VERIFY), "9000", "VERIFY")
            raw.end()
        # The client's PIN is still known to its own session and to no other.
        n_verified = scene.n_verified()
        scene.keys.sign(client, "9a")
        check_equal(scene.n_verified(), n_verified + 1, "PINs shown to the card")
        with scene.connect() as other:
            scene.keys.refuses("interaction_not_allowed", other, "9a")


@test
def a_verified_state_stays_with_who_is_not_sensitive():
    with Scene() as scene:
        with Raw(scene.daemon) as raw, scene.connect() as other:
            raw.send(SELECT_PIV)
            raw.send(VERIFY)
            generation = raw.begun["generation"]
            raw.end()
            check_equal(raw.begin()["generation"], generation, "the generation")
            check_equal(raw.send(PIN_STATE), "9000", "the state of the PIN")
            raw.end()
            session = other.call("Slots.BeginSession", {"slot": SLOT})["session"]
            check_equal(transmit(other, session, PIN_STATE), "9000", "and for another")
            other.call("Slots.EndSession", {"session": session})
            check(raw.begin()["generation"] != generation, "the other's session went unnoticed")
            raw.end()


@test
def a_sensitive_session_leaves_nothing_behind():
    with Scene() as scene:
        with Raw(scene.daemon) as raw, scene.connect() as other:
            raw.send(SELECT_PIV)
            raw.send(VERIFY)
            raw.end(reset=True)
            session = other.call("Slots.BeginSession", {"slot": SLOT})["session"]
            transmit(other, session, SELECT_PIV)
            check_equal(transmit(other, session, PIN_STATE), NOT_VERIFIED, "the PIN's state")
            transmit(other, session, VERIFY)
            other.call("Slots.EndSession", {"session": session})
            before = raw.begun["generation"]
            raw.begin(is_sensitive=True)
            check(raw.begun["generation"] != before, "the reset went unnoticed")
            raw.send(SELECT_PIV)
            check_equal(raw.send(PIN_STATE), NOT_VERIFIED, "the PIN's state before a session")
            raw.send(VERIFY)
            raw.end()
            session = other.call("Slots.BeginSession", {"slot": SLOT})["session"]
            transmit(other, session, SELECT_PIV)
            check_equal(transmit(other, session, PIN_STATE), NOT_VERIFIED, "and after it")


@test
def a_token_in_between_changes_the_generation():
    with Scene() as scene, Raw(scene.daemon) as raw:
        before = raw.begun["generation"]
        raw.end()
        with scene.connect() as client:
            scene.keys.sign(client, "9e")
        check(raw.begin()["generation"] != before, "the token's use went unnoticed")


# --- ends ----------------------------------------------------------------------------------------

HOLD = """
import json, socket, sys, time
line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
line.connect(sys.argv[1])
line.sendall(json.dumps({"method": "org.keycask.Slots.BeginSession",
                         "parameters": {"slot": sys.argv[2]}}).encode() + b"\\0")
line.recv(65536)
print("has it", flush=True)
time.sleep(1000)
"""


def hold_in_another_process(daemon):
    process = start(sys.executable, "-c", HOLD, str(daemon.socket), SLOT,
                    stdout=subprocess.PIPE)
    check_equal(process.stdout.readline(), b"has it\n", "what the holder says")
    return process


@test
def who_holds_names_the_process():
    with Scene() as scene:
        holder = hold_in_another_process(scene.daemon)
        found = holders(scene.daemon)
        check_equal(len(found), 1, "holders")
        check_equal(found[0]["pid"], holder.pid, "the holder")
        check(found[0]["who"].startswith("python"), found)
        check_equal(found[0]["what"], "card session", "what for")
        check(found[0]["since"].endswith("Z") and not found[0]["is_waiting"], found)
        holder.stdout.close()
        end(holder)
        eventually(lambda: not [other for other in holders(scene.daemon) if "pid" in other],
                   "the holder is forgotten")


@test
def a_holder_that_is_killed_loses_the_card_and_its_state():
    with Scene() as scene:
        holder = hold_in_another_process(scene.daemon)
        n_resets = scene.n_resets()
        waiting = begin_later(scene.daemon)
        holder.kill()
        waiting.receive()
        scene.wait_for_reset(n_resets)
        holder.stdout.close()
        holder.wait()
        waiting.close()
        with scene.connect() as client:
            scene.keys.sign(client, "9a", pin=PIN)


@test
def a_client_that_leaves_in_the_middle_of_a_command_disturbs_nobody():
    with Scene(faults=("slow@20:300",)) as scene:
        for _ in range(25):  # one of them is slow, and its client does not wait
            raw = Raw(scene.daemon)
            sent = base64.b64encode(bytes.fromhex(SELECT_PIV)).decode()
            raw.connection.send("Slots.Transmit",
                                {"session": raw.begun["session"], "apdu": sent})
            raw.connection.close()
        with Raw(scene.daemon) as raw:
            check_equal(raw.send("00EE0000"), "6D00", "the response to the next client")
        with scene.connect() as client:
            scene.keys.sign(client, "9e")


@test
def a_session_without_commands_ends():
    with Scene(card_session_idle_s=1) as scene, Raw(scene.daemon) as raw:
        waiting = begin_later(scene.daemon)
        waiting.receive()
        waiting.close()
        error = check_raises("not_available", raw.send, SELECT_PIV)
        check_equal(error.record["message"], "the card session has ended: no command in 1 s",
                    "message")
        check("card_session_idle_s" in error.record["hint"], error.record)
        raw.begin()
        check(raw.send(SELECT_PIV).endswith("9000"), "it cannot begin again")


@test
def locking_ends_the_session_that_has_the_card():
    with Scene() as scene, Raw(scene.daemon) as raw:
        raw.begin()
        raw.send(SELECT_PIV)
        scene.daemon.cli("lock")
        error = check_raises("not_available", raw.send, SELECT_PIV)
        check_equal(error.record["message"],
                    "the card session has ended: the computer was locked", "message")
        raw.begin()
        check(raw.send(SELECT_PIV).endswith("9000"), "it cannot begin again")


@test
def a_session_that_lasts_too_long_ends():
    with Scene(card_session_absolute_s=1) as scene, Raw(scene.daemon) as raw:
        def ends():
            try:
                raw.send(PIN_STATE)
            except VarlinkError as error:
                return error

            return None

        error = eventually(ends, "the session ends")
        check_equal((error.name, error.record["message"]),
                    ("not_available", "the card session has ended after 1 s"), "failure")


@test
def waiting_has_a_deadline_and_ends_with_the_client():
    with Scene() as scene, Raw(scene.daemon) as raw, scene.connect() as other:
        error = check_raises("not_available", other.call, "Slots.BeginSession",
                             {"slot": SLOT, "timeout_ms": 50})
        check(error.record["message"].startswith("the card was not free in time: python"),
              error.record)
        check(f"process {os.getpid()}" in error.record["message"], error.record)
        check_equal(error.record["hint"], "see who has it with: keycask card who-holds", "hint")
        waiting = begin_later(scene.daemon)
        waiting.close()
        eventually(lambda: len(holders(scene.daemon)) == 1, "it waits no longer")
        check_equal(raw.send("00EE0000"), "6D00", "the session of the holder")


@test
def a_card_that_leaves_ends_its_sessions():
    with Scene() as scene, Raw(scene.daemon) as raw, scene.connect() as idle:
        waiting = begin_later(scene.daemon)
        insertion = scene.daemon.call("Slots.List")["slots"][0]["insertion"]
        scene.card.rip()
        check_raises("token_not_found", waiting.receive)
        check_raises("token_not_found", raw.send, SELECT_PIV)
        check_raises("token_not_found", idle.call, "Slots.BeginSession", {"slot": SLOT})
        scene.card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        error = check_raises("token_not_found", raw.begin, insertion=insertion)
        check_equal(error.record["message"], f"another card is in {SLOT} now", "message")
        check(raw.begin()["session"] > 0, "no session with the new card")
        waiting.close()


@test
def a_slot_process_that_is_killed_ends_its_sessions():
    with Scene() as scene, Raw(scene.daemon) as raw:
        raw.end()
        kill(child_named(scene.daemon, "keycask-slot"))
        eventually(lambda: check_begins(raw), "a session after that")


def check_begins(raw):
    try:
        raw.begin()
    except VarlinkError as error:
        check(error.name in ("token_not_found", "not_available"), error)
        return False
    return raw.send(SELECT_PIV).endswith("9000")


# --- reset and reprobe -----------------------------------------------------------------------------


@test
def a_reset_waits_its_turn_or_takes_it():
    with Scene() as scene, Raw(scene.daemon) as raw:
        n_resets = scene.n_resets()
        check_raises("not_available", scene.daemon.call, "Slots.Reset",
                     {"slot": SLOT, "timeout_ms": 50})
        check_equal(scene.n_resets(), n_resets, "resets")
        scene.daemon.call("Slots.Reset", {"slot": SLOT, "force": True})
        scene.wait_for_reset(n_resets)
        error = check_raises("not_available", raw.send, SELECT_PIV)
        check_equal(error.record["message"],
                    "the card session has ended: the card was reset by somebody else", "message")
        raw.begin()
        generation = raw.begun["generation"]
        raw.end()
        scene.daemon.call("Slots.Reset", {"slot": SLOT})
        check(raw.begin()["generation"] != generation, "the reset went unnoticed")


@test
def a_card_is_looked_at_anew():
    with Scene() as scene:
        with scene.connect() as watcher:
            events = watcher.stream("Tokens.Watch")
            check_equal(next(events)["event"], "inserted", "the first event")
            scene.daemon.call("Slots.Reprobe", {"slot": SLOT})
            check_equal(next(events)["event"], "removed", "then")
            check_equal(next(events)["event"], "inserted", "and then")
        with scene.connect() as client:
            scene.keys.sign(client, "9e")
        scene.card.pull()
        scene.daemon.wait_for_removal()
        error = check_raises("token_not_found", scene.daemon.call, "Slots.Reprobe",
                             {"slot": SLOT})
        check_equal(error.record["message"], f"there is no card in {SLOT}", "message")


@test
def sessions_are_in_the_audit_log():
    with Scene() as scene:
        before = len(audit_lines(scene.daemon))
        with Raw(scene.daemon) as raw:
            raw.send(SELECT_PIV)
        lines = audit_lines(scene.daemon)[before:]
        check_equal(len(lines), 1, "lines")
        check_equal({name: lines[0][name] for name in ("operation", "slot", "pid", "result")},
                    {"operation": "card_session", "slot": SLOT, "pid": os.getpid(),
                     "result": "success"}, "the line")
        check("key_hash" not in lines[0], lines[0])


# --- who may -----------------------------------------------------------------------------------------


@test
def raw_access_is_a_right():
    for access, who_may in (("nobody", False), (["/nowhere/program"], False),
                            ([os.path.realpath(sys.executable)], True), ("unsandboxed", True)):
        with Scene(raw_card_access=access) as scene:
            if who_may:
                with Raw(scene.daemon) as raw:
                    raw.send(SELECT_PIV)
                continue
            for method, parameters in (("BeginSession", {"slot": SLOT}), ("Reset", {"slot": SLOT}),
                                       ("Transmit", {"session": 1, "apdu": ""})):
                error = check_raises("missing_entitlement", scene.daemon.call, f"Slots.{method}",
                                     parameters)
                check(error.record["message"].endswith("may not talk to cards without a driver"),
                      error.record)
                check("raw_card_access" in error.record["hint"], error.record)
            check_equal(holders(scene.daemon), holders(scene.daemon), "who-holds is for all")
            with scene.connect() as client:
                scene.keys.sign(client, "9e")


# --- clients that mean no good --------------------------------------------------------------------------


@test
def wrong_calls_are_named():
    with Scene() as scene, Raw(scene.daemon) as raw:
        session = raw.begun["session"]
        connection = raw.connection
        for method, parameters, status, message in (
                ("BeginSession", {"slot": "Nowhere"}, "item_not_found",
                 "there is no slot Nowhere"),
                ("BeginSession", {"slot": SLOT, "allowed_protocols": ["t2"]}, "param",
                 'allowed_protocols are "t0" and "t1"'),
                ("BeginSession", {"slot": SLOT, "timeout_ms": -1}, "param",
                 "timeout_ms is from 0 (as long as it takes) to 3600000"),
                ("Transmit", {"session": session + 1, "apdu": "AAAA"}, "param",
                 f"this connection has no card session {session + 1}"),
                ("EndSession", {"session": -1}, "param",
                 "this connection has no card session -1"),
                ("Transmit", {"session": session, "apdu": "AAAA"}, "param",
                 "a command of 3 bytes: this slot carries 4 to 65535"),
                ("Transmit", {"session": session, "apdu": ""}, "param",
                 "a command of 0 bytes: this slot carries 4 to 65535"),
                ("Transmit", {"session": session, "apdu": "AAAAA"}, "param", None),
                ("Transmit", {"session": session,
                              "apdu": base64.b64encode(bytes(65536)).decode()}, "param",
                 "a command of 65536 bytes: this slot carries 4 to 65535"),
                ("Reset", {"slot": "Nowhere"}, "item_not_found", "there is no slot Nowhere"),
                ("Reprobe", {"slot": "Nowhere"}, "item_not_found", "there is no slot Nowhere"),
                ("WhoHolds", {"slot": "Nowhere"}, "item_not_found",
                 "there is no slot Nowhere")):
            error = check_raises(status, connection.call, f"Slots.{method}", parameters)
            check(message in (None, error.record["message"]), error.record)
        check(raw.send(SELECT_PIV).endswith("9000"), "the session did not survive that")


@test
def nobody_uses_anothers_session():
    with Scene() as scene, Raw(scene.daemon) as raw, scene.connect() as other:
        check_raises("param", transmit, other, raw.begun["session"], SELECT_PIV)
        check_raises("param", other.call, "Slots.EndSession",
                     {"session": raw.begun["session"], "reset": True})
        check(raw.send(SELECT_PIV).endswith("9000"), "it was ended by another")


@test
def a_protocol_that_the_card_has_not_is_refused():
    with Scene() as scene, scene.connect() as connection:
        error = check_raises("param", connection.call, "Slots.BeginSession",
                             {"slot": SLOT, "allowed_protocols": ["t0"]})
        check_equal(error.record["message"],
                    "the card has none of the protocols that are allowed", "message")
        check_raises("param", connection.call, "Slots.BeginSession",
                     {"slot": SLOT, "allowed_protocols": []})
        check_equal(connection.call("Slots.BeginSession",
                                    {"slot": SLOT, "allowed_protocols": ["t0", "t1"]})["protocol"],
                    "t1", "the protocol")


@test
def the_reader_gets_nothing_but_what_part_10_has():
    with Scene() as scene, Raw(scene.daemon) as raw:
        check_equal(raw.send("FFCA000000"), "6E00", "a pseudo-APDU of some readers")
        check_equal(raw.send("FFC20106"), "6A81", "a keypad that is not there")


if __name__ == "__main__":
    main()
