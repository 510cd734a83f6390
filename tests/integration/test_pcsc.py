# SPDX-License-Identifier: LGPL-2.1-or-later
"""Readers behind a real pcscd: cards come and go, pcscd does too, other programs use the card
between our transactions or keep it, and a mute card hurts nobody else."""
import base64
import os
import signal
import threading
import time

from keycask_test import (PIN, SOAK, Card, Daemon, VarlinkError, arguments_of, check, check_equal,
                          check_raises, diagnose, eventually, main, openssl, processes, run, scratch, test)
from lifecycle import Key, Watcher, configure, n_when_back
from pcsc_client import (SELECT_PIV, SHARE_EXCLUSIVE, SHARING_VIOLATION, Scard, ScardError,
                         connect_when_free)
from piv_tools import READER, Pcscd

PROFILE = "piv:9a=rsa2048,9c=p256,9e=p256"
RSA = "rsa_signature_message_pkcs1v15_sha256"
BOTH = "embedded,pcsc"
PIN_STATE = "00200080"  # VERIFY without data: who is authenticated?
OWN_LEASE_MS = 20


def pcsc_daemon(*arguments, **settings):
    """A daemon with both providers, which gives cards back at once."""
    return configure(Daemon(*arguments, providers=BOTH), lease_ms=OWN_LEASE_MS, **settings)


def slot_of(daemon, name):
    """The slot's description, None when there is no such slot."""
    found = [slot for slot in daemon.call("Slots.List")["slots"] if slot["name"] == name]
    return found[0] if found else None


def await_state(daemon, name, state, **options):
    return eventually(lambda: (slot_of(daemon, name) or {}).get("state") == state and
                      slot_of(daemon, name), f"{name} is {state}", **options)


def await_token_in(daemon, name):
    """The token in that slot, once it is published."""
    def find():
        return [token for token in daemon.call("Tokens.List")["tokens"]
                if token["slot"] == name and token["state"] == "present"]

    return eventually(find, f"a token in {name}")[0]["token_id"]


def reason_of_pcsc(daemon):
    providers = {provider["name"]: provider for provider in
                 daemon.call("Admin.Status")["providers"]}
    return providers["pcsc"].get("reason")


def key_of(daemon, token_id, constraint="none"):
    with daemon.connect() as connection:
        return Key(connection, constraint=constraint, token_id=token_id)


def helpers(daemon, *wanted):
    """keycask-slot processes of the daemon whose arguments contain all of wanted."""
    return [pid for pid, name in daemon.children().items()
            if name == "keycask-slot" and set(wanted) <= set(arguments_of(pid))]


def sign_by_cli(daemon, item, data):
    answer = daemon.cli("sign", "--key", item["persistent_ref"], data, pin=PIN)
    return base64.b64decode(answer["signature"])


def check_signatures(daemon, token_id):
    """Each identity signs, openssl verifies."""
    data = scratch() / "data"
    data.write_bytes(b"through pcscd")
    identities = [item for item in daemon.cli("list", "--token", token_id)
                  if item["class"] == "identity"]
    check_equal(sorted(item["key_type"] for item in identities), ["ec", "ec", "rsa"], "keys")
    for item in identities:
        exported = daemon.cli("cert", "export", item["persistent_ref"])["certificate"]
        key = scratch() / "key.pem"
        key.write_bytes(openssl("x509", "-inform", "DER", "-pubkey", "-noout",
                                input=base64.b64decode(exported)))
        signature = scratch() / "signature"
        signature.write_bytes(sign_by_cli(daemon, item, data))
        openssl("dgst", "-sha256", "-verify", key, "-signature", signature, data)


@test
def a_card_comes_signs_goes_and_comes_again():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card, pcsc_daemon() as daemon:
        await_state(daemon, name, "empty")
        with Watcher(daemon) as watcher, Watcher(daemon, "Slots.Watch") as slots:
            for _ in range(3):
                slots.next()  # the embedded one and the two readers, as they are
            pcscd.put(card)
            token_id = watcher.expect("inserted")["token_id"]
            slots.expect_state("probing", name)
            slot = slots.expect_state("valid", name)
            check(slot["atr"].startswith("3B"), f"the ATR is {slot.get('atr')}")
            check(slot["max_input_length"] >= 261, "no limit of commands")
            check(slot["max_output_length"] >= 258, "no limit of responses")
            check_equal(slot["provider"], "pcsc", "provider")
            diagnose(f"APDUs of a first insertion: {len(card.commands())}")
            check_equal(slot_of(daemon, name)["token_ids"], [token_id], "tokens of the slot")
            check_signatures(daemon, token_id)
            key = key_of(daemon, token_id)
            card.pull()
            watcher.expect("removed", token_id)
            slots.expect_state("empty", name)
            with daemon.connect() as connection:
                check_raises("item_not_found", key.sign, connection)
            pcscd.put(card)
            watcher.expect("inserted", token_id)
            key.check_signs(daemon)


@test
def two_readers_work_at_once_beside_the_embedded_slot():
    with Pcscd() as pcscd, Card(PROFILE) as first, Card(PROFILE) as second, \
            Card(PROFILE) as third, pcsc_daemon() as daemon:
        pcscd.put(first, reader=0)
        pcscd.put(second, reader=1)
        third.insert(daemon)
        slots = [*pcscd.readers, "Embedded Slot 00"]
        keys = [key_of(daemon, await_token_in(daemon, name)) for name in slots]
        failures = []

        def sign(key):
            try:
                for _ in range(5):
                    key.check_signs(daemon)
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        threads = [threading.Thread(target=sign, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check_equal(failures, [], "failures")
        first.pull()
        await_state(daemon, slots[0], "empty")
        keys[1].check_signs(daemon)


def await_missing(slots, readers):
    """These and no others. Before that a slot may tell of a transaction that did not end."""
    remaining = set(readers)
    while remaining:
        slot = slots.next()["slot"]
        check(slot["name"] in remaining, f"of another slot: {slot}")
        if slot["state"] == "missing":
            remaining.discard(slot["name"])


@test
def pcscd_dies_and_all_works_again():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card, Card(PROFILE) as embedded, \
            pcsc_daemon() as daemon:
        embedded.insert(daemon)
        pcscd.put(card)
        key = key_of(daemon, await_token_in(daemon, name))
        other = key_of(daemon, await_token_in(daemon, "Embedded Slot 00"))
        for _ in range(2):
            with Watcher(daemon, "Slots.Watch") as slots:
                for _ in range(3):
                    slots.next()
                pcscd.kill()
                await_missing(slots, pcscd.readers)
            check(slot_of(daemon, name) is None, "a missing slot is still listed")
            check_equal(eventually(lambda: reason_of_pcsc(daemon), "a reason"),
                        "pcscd is not running", "reason")
            other.check_signs(daemon)
            with daemon.connect() as connection:
                check_raises("item_not_found", key.sign, connection)
            card.pull()
            pcscd.start()
            pcscd.put(card)
            began = time.monotonic()
            await_token_in(daemon, name)
            took = time.monotonic() - began
            diagnose(f"from pcscd's restart to the token: {took:.3f} s")
            check(not SOAK or took < 2, f"recovered after {took:.1f} s")
            key.check_signs(daemon)


@test
def pcscd_may_come_after_the_daemon():
    """Nothing happens meanwhile: whoever waits for it sleeps."""
    pcscd = Pcscd()
    with pcsc_daemon() as daemon, Card(PROFILE) as card:
        eventually(lambda: reason_of_pcsc(daemon) == "pcscd is not running", "the reason")
        check_equal([slot["provider"] for slot in daemon.call("Slots.List")["slots"]],
                    ["embedded"], "slots")
        said, _ = run("keycask", "slots", env=daemon.env)
        check(b"pcscd is not running" in said, f"keycask slots: {said}")
        watch = helpers(daemon, "watch")[0]
        eventually(lambda: is_asleep_for(watch, 3), "the watch rests", patience=30)
        with pcscd:
            began = time.monotonic()
            await_state(daemon, f"{READER} 00 00", "empty")
            diagnose(f"from pcscd's start to its readers: {time.monotonic() - began:.3f} s")
            check(reason_of_pcsc(daemon) is None, "there is still a reason")
            pcscd.put(card)
            await_token_in(daemon, f"{READER} 00 00")


def is_asleep_for(pid, seconds):
    """The process is not woken up once in that time."""
    def wakeups():
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return [line for line in file if line.startswith("voluntary_ctxt_switches")]

    before = wakeups()
    time.sleep(seconds)
    return wakeups() == before


@test
def a_watch_without_change_sleeps():
    with Pcscd() as pcscd, Card(PROFILE) as card, pcsc_daemon() as daemon:
        pcscd.put(card)
        await_token_in(daemon, f"{READER} 00 00")
        watch = helpers(daemon, "watch")[0]
        eventually(lambda: is_asleep_for(watch, 3), "the watch rests", patience=30)


@test
def a_mute_card_hurts_nobody_else():
    mute, good = f"{READER} 00 00", f"{READER} 00 01"
    with Pcscd() as pcscd, Card(PROFILE) as card, Card(PROFILE) as other, \
            pcsc_daemon(card_deadline_ms=4000) as daemon:
        pcscd.put(other, reader=1)
        key = key_of(daemon, await_token_in(daemon, good))
        pcscd.put(card, "mute@3")
        eventually(lambda: slot_of(daemon, mute)["state"] != "empty", "the card is noticed")
        while slot_of(daemon, mute)["state"] != "mute":
            key.check_signs(daemon)
        check_equal(helpers(daemon, mute), [], "processes that wait for the mute card")
        key.check_signs(daemon)
        check_equal([token["slot"] for token in daemon.call("Tokens.List")["tokens"]], [good],
                    "tokens")
        card.rip()
        await_state(daemon, mute, "empty")
        pcscd.put(card)
        key_of(daemon, await_token_in(daemon, mute)).check_signs(daemon)


@test
def a_card_that_falls_silent_while_signing_is_a_clear_failure():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card, pcsc_daemon(card_deadline_ms=4000) as daemon:
        pcscd.put(card)
        key = key_of(daemon, await_token_in(daemon, name))
        n = n_when_back(card.commands())
        card.pull()
        daemon.wait_for_removal()
        pcscd.put(card, f"mute@{n + 1}")
        await_token_in(daemon, name)
        with daemon.connect() as connection:
            error = check_raises(VarlinkError, key.sign, connection)
        check_equal(error.name, "item_not_found", "status")
        await_state(daemon, name, "mute")
        card.rip()
        await_state(daemon, name, "empty")


@test
def others_select_between_our_transactions_and_nobody_notices():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card, pcsc_daemon() as daemon:
        pcscd.put(card)
        token_id = await_token_in(daemon, name)
        free, guarded = key_of(daemon, token_id), key_of(daemon, token_id, "pin_always")
        stop = threading.Event()
        seen, failures = [], []

        def be_rogue():
            try:
                with Scard() as scard, connect_when_free(scard, name) as other:
                    while not stop.is_set():
                        with other.transaction():
                            other.transmit("00A4040006D27600012401")
                            other.transmit("00A4040009A00000030800001000")
                            seen.append(other.transmit(PIN_STATE))
                            other.transmit("00A4040005F000000001")
                        time.sleep(0.002)  # pcscd has no queue: who never pauses starves others
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        rogue = threading.Thread(target=be_rogue)
        rogue.start()
        with daemon.connect() as connection:
            for _ in range(10):
                check(free.is_signature(free.sign(connection)), "a wrong signature")
                parameters = {**guarded.parameters(b"data"), "pin": PIN}
                signature = connection.call("Keys.Sign", parameters)["signature"]
                check(guarded.is_signature(signature), "a wrong signature with PIN")
                n = len(seen)
                eventually(lambda n=n: failures or len(seen) > n + 1, "the other client's turn")
        stop.set()
        rogue.join()
        check_equal(failures, [], "failures of the other client")
        check("9000" not in seen, "the other client found our PIN verified")
        diagnose(f"another client had its turn {len(seen)} times")
        run("opensc-tool", "--reader", "0", "--atr")
        free.check_signs(daemon)


@test
def no_verified_pin_is_left_to_others():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card, pcsc_daemon() as daemon:
        pcscd.put(card)
        token_id = await_token_in(daemon, name)
        with Scard() as scard, daemon.connect() as connection:
            with connect_when_free(scard, name) as other:
                connection.call("Tokens.VerifyPin", {"token_id": token_id, "pin": PIN})
                with other.transaction():
                    check(other.transmit(SELECT_PIV).endswith("9000"), "no PIV application")
                    check_equal(other.transmit(PIN_STATE), "63C3", "state of the PIN")
        # and the other way round: what they verified is not ours
        with Scard() as scard, connect_when_free(scard, name) as other:
            with other.transaction():
                other.transmit(SELECT_PIV)
                verify = "0020008008" + PIN.encode().hex() + "FFFF"
                check_equal(other.transmit(verify), "9000", "VERIFY")
            key = [item for item in daemon.cli("list") if item["class"] == "identity"
                   and item["key_type"] == "rsa"][0]
            with daemon.connect() as connection:
                check_raises("interaction_not_allowed", connection.call, "Keys.Sign", {
                    "key": key["persistent_ref"], "algorithm": RSA, "data": "",
                    "interaction": {"authentication_ui": "fail"}})


@test
def whoever_has_the_card_for_itself_is_named():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card, pcsc_daemon() as daemon:
        pcscd.put(card)
        key = key_of(daemon, await_token_in(daemon, name))
        with Scard() as scard:
            with connect_when_free(scard, name, SHARE_EXCLUSIVE), daemon.connect() as connection:
                error = check_raises("not_available", key.sign, connection)
                check(f"(process {os.getpid()})" in error.record["message"],
                      f"message: {error.record['message']}")
                slot = slot_of(daemon, name)
                check_equal(slot["state"], "valid", "state")
                check("has the card for itself" in slot["reason"], f"reason: {slot}")
                said, _ = run("keycask", "slots", env=daemon.env)
                check(b"has the card for itself" in said, f"keycask slots: {said}")
                check_raises("not_available", key.sign, connection)
                check_equal(len(daemon.call("Tokens.List")["tokens"]), 1, "tokens")
            eventually(lambda: "reason" not in slot_of(daemon, name), "the card is free again")
        key.check_signs(daemon)


@test
def a_card_that_another_program_has_is_used_when_it_is_free():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card:
        pcscd.put(card)
        with Scard() as scard:
            holder = eventually(lambda: attempt(scard, name), "the card is there")
            with pcsc_daemon() as daemon:
                with holder:
                    slot = await_state(daemon, name, "valid")
                    check("has the card for itself" in slot["reason"], f"reason: {slot}")
                    check(slot["atr"].startswith("3B"), "no ATR")
                    check_equal(daemon.call("Tokens.List")["tokens"], [], "tokens")
                token_id = await_token_in(daemon, name)
                key_of(daemon, token_id).check_signs(daemon)
                check("reason" not in slot_of(daemon, name), "there is still a reason")


def attempt(scard, name):
    try:
        return scard.connect(name, SHARE_EXCLUSIVE)
    except ScardError as error:
        check(error.number != SHARING_VIOLATION, "somebody has the card")
        return None


@test
def a_transaction_that_does_not_end_is_told_and_overcome():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card, pcsc_daemon(card_deadline_ms=4000) as daemon:
        pcscd.put(card)
        key = key_of(daemon, await_token_in(daemon, name))
        with Scard() as scard, connect_when_free(scard, name) as other:
            with other.transaction(), daemon.connect() as connection:
                error = check_raises(VarlinkError, key.sign, connection)
                check_equal(error.record["message"],
                            "another program does not give the card back", "message")
                slot = eventually(lambda: "reason" in slot_of(daemon, name) and
                                  slot_of(daemon, name), "a reason")
                check("give the card back" in slot["reason"], f"reason: {slot}")
        token_id = await_token_in(daemon, name)
        check("reason" not in slot_of(daemon, name), "there is still a reason")
        key_of(daemon, token_id).check_signs(daemon)


@test
def our_processes_die_and_all_works_again():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card, pcsc_daemon() as daemon:
        pcscd.put(card)
        key = key_of(daemon, await_token_in(daemon, name))
        for wanted in ("pcsc", "watch"):
            for pid in helpers(daemon, wanted):
                os.kill(pid, signal.SIGKILL)
            began = time.monotonic()
            with daemon.connect() as connection:
                eventually(lambda: is_usable(key, connection), "the key signs again")
            took = time.monotonic() - began
            diagnose(f"after the end of keycask-slot {wanted}: {took:.3f} s")
            check(not SOAK or took < 2, f"recovered after {took:.1f} s")


def is_usable(key, connection):
    try:
        return key.is_signature(key.sign(connection))
    except VarlinkError:
        return False


@test
def a_killed_daemon_leaves_no_process_and_no_verified_card():
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card:
        daemon = configure(Daemon(providers=BOTH), lease_ms=60000)
        daemon.start()
        pcscd.put(card)
        token_id = await_token_in(daemon, name)
        with daemon.connect() as connection:
            connection.call("Tokens.VerifyPin", {"token_id": token_id, "pin": PIN})
        children = daemon.children()
        daemon.kill()
        eventually(lambda: not [pid for pid, _, _ in processes() if pid in children],
                   "the daemon's children end")
        with Scard() as scard, connect_when_free(scard, name) as other, other.transaction():
            other.transmit(SELECT_PIV)
            check_equal(other.transmit(PIN_STATE), "63C3", "state of the PIN")


@test
def from_pcscds_event_to_the_items():
    """The figure: how long our part of an insertion takes, seen beside another PC/SC client."""
    name = f"{READER} 00 00"
    with Pcscd() as pcscd, Card(PROFILE) as card, pcsc_daemon() as daemon:
        await_state(daemon, name, "empty")
        took, apdus = [], []
        for _ in range(5):
            before = len(card.commands())
            with Watcher(daemon, "Slots.Watch") as slots, Watcher(daemon) as tokens:
                for _ in range(3):
                    slots.next()
                pcscd.put(card)
                slots.expect_state("probing", name)
                began = time.monotonic()
                tokens.expect("inserted")
                took.append((time.monotonic() - began) * 1000)
            apdus.append(len(card.commands()) - before)
            card.pull()
            await_state(daemon, name, "empty")
        diagnose(f"event to items: {sorted(took)[2]:.1f} ms median of {len(took)}, "
                 f"{min(took):.1f} … {max(took):.1f}; APDUs {apdus}")
        check(max(apdus) <= 16, f"{max(apdus)} APDUs for an insertion")


main()
