# SPDX-License-Identifier: LGPL-2.1-or-later
"""PIV cards as they differ: keys that no certificate names, policies that only the card knows, a
global PIN, keys that want a finger, cards that take no extended lengths or know no vendor's
instructions."""
import base64
import json
import subprocess

from keycask_test import (PIN, Card, Daemon, check, check_equal, eventually, main, openssl,
                          pipe_with, program, scratch, start, test)

GLOBAL_PIN = "87654321"
DATA = b"from a card of its own kind\n"
DETAILS = "00F7"  # GET METADATA


def edit(card, change):
    """Let change() work on the card's memory."""
    memory = json.loads(card.file.read_text())
    change(memory)
    card.file.write_text(json.dumps(memory))


def without_objects(*tags):
    def change(memory):
        memory["objects"] = [entry for entry in memory["objects"] if entry["tag"] not in tags]
    return change


def public_key(card, slot):
    """Of the key in the card's file, as a PEM file."""
    key = next(key for key in json.loads(card.file.read_text())["keys"] if key["slot"] == slot)
    path = scratch() / f"{slot}.pub"
    path.write_bytes(openssl("pkey", "-inform", "DER", "-pubout",
                             input=base64.b64decode(key["private_key"])))
    return path


def keys(daemon):
    """The token's private keys by their labels."""
    return {item["label"]: item for item in daemon.cli("list") if item["class"] == "key"}


def identities(daemon):
    return sorted(item["label"] for item in daemon.cli("list") if item["class"] == "identity")


def has_details(daemon, card):
    """The card has been asked for the last of them."""
    del daemon
    return any(command.startswith(DETAILS) for command in card.commands())


def sign(daemon, label, pin=PIN, status=0):
    answer = daemon.cli("sign", "--key", label, pin=pin, input=DATA, status=status)
    return base64.b64decode(answer["signature"]) if status == 0 else answer


def verify(card, slot, signature):
    path = scratch() / "signature"
    path.write_bytes(signature)
    openssl("dgst", "-sha256", "-verify", public_key(card, slot), "-signature", path, input=DATA)


@test
def keys_without_certificates_appear_after_insertion():
    with Daemon(details=True) as daemon, Card("piv:9a=p256,9c=rsa2048,82=p256") as card:
        edit(card, without_objects("5fc10a", "5fc10c", "5fc10d"))
        card.insert(daemon)
        daemon.wait_for_token()
        found = eventually(lambda: len(keys(daemon)) == 3 and keys(daemon), "three keys")
        check("Key For Retired Key Management 1" in found, f"no retired key in {list(found)}")
        check_equal(identities(daemon), ["Certificate For PIV Authentication"], "identities")
        verify(card, "9c", sign(daemon, "Key For Digital Signature"))
        verify(card, "9a", sign(daemon, "Key For PIV Authentication"))


@test
def a_reference_holds_while_details_arrive():
    with Daemon(details=True) as daemon, Card("piv:9a=p256+always,9c=p256") as card:
        edit(card, without_objects("5fc10a"))
        card.insert(daemon)
        daemon.wait_for_token()
        before = keys(daemon)["Key For PIV Authentication"]["persistent_ref"]
        found = eventually(lambda: "Key For Digital Signature" in keys(daemon) and keys(daemon),
                           "the key without certificate")
        after = found["Key For PIV Authentication"]
        check_equal(after["persistent_ref"], before, "reference")
        check_equal(after["access_control"]["sign"], "pin_always", "what the card says of the PIN")


@test
def a_new_key_under_an_old_certificate_is_not_its():
    """9C gets another card's key, and keeps its own certificate."""
    with Daemon(details=True) as daemon, Card("piv:9a=p256,9c=p256") as card:
        stranger = json.loads(Card("piv:9c=p256").file.read_text())["keys"][0]
        edit(card, lambda memory: memory["keys"][1].update(private_key=stranger["private_key"]))
        card.insert(daemon)
        daemon.wait_for_token()
        eventually(lambda: identities(daemon) == ["Certificate For PIV Authentication"],
                   "the identity that is none leaves")
        verify(card, "9c", sign(daemon, "Key For Digital Signature"))


@test
def the_card_that_leaves_during_details_leaves_cleanly():
    with Daemon(details=True) as daemon, Card("piv:9a=rsa2048,9c=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        eventually(lambda: has_details(daemon, card), "details are asked for")
        first = next(i for i, command in enumerate(card.commands(), 1)
                     if command.startswith(DETAILS))
        card.pull()
        daemon.wait_for_removal()
        for at in range(first, first + 5):
            card.insert(daemon, f"remove@{at}")
            daemon.wait_for_removal()
            card.process.wait()
            card.process = None
        card.insert(daemon)
        daemon.wait_for_token()
        verify(card, "9a", sign(daemon, "Key For PIV Authentication"))


@test
def the_global_pin_is_the_pin_where_the_card_prefers_it():
    with Daemon() as daemon, Card("piv:pin=global,9a=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        verify(card, "9a", sign(daemon, "Key For PIV Authentication", GLOBAL_PIN))
        check(any(command.startswith("00200000") for command in card.commands()), "P2 is not 00")
    with Daemon() as daemon, Card("piv:pin=both,9a=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        verify(card, "9a", sign(daemon, "Key For PIV Authentication"))


@test
def cards_that_take_less_than_they_promise():
    for manner in ("extended=none", "extended=0", "extended=100", "extended=1340", "strict=yes"):
        with Daemon(details=True) as daemon, Card(f"piv:{manner},9a=rsa2048,9c=p384") as card:
            card.insert(daemon)
            daemon.wait_for_token()
            verify(card, "9a", sign(daemon, "Key For PIV Authentication"))
            verify(card, "9c", sign(daemon, "Key For Digital Signature"))


def insert_touch_card(daemon, card, touch):
    """In, and its keys are known to want a finger."""
    card.insert(daemon, touch=touch)
    daemon.wait_for_token()
    eventually(lambda: all(key["access_control"].get("touch") for key in keys(daemon).values()),
               "the touch policy")


@test
def the_command_says_that_the_token_wants_a_touch():
    with Daemon(details=True) as daemon, Card("piv:9a=p256+touch") as card:
        insert_touch_card(daemon, card, "wait")
        reader = pipe_with(PIN)
        said, signature = scratch() / "said", scratch() / "signature.out"
        process = start(program("keycask"), "sign", "--key", "Key For PIV Authentication",
                        "--pin-fd", reader, "--out", signature, str(card.file), env=daemon.env,
                        log=said, pass_fds=[reader], stdout=subprocess.DEVNULL)
        eventually(lambda: "touch the token" in said.read_text(), "the command says so")
        check(process.poll() is None, "it did not wait")
        card.touch()
        check_equal(process.wait(), 0, "exit status")
        path = public_key(card, "9a")
        openssl("dgst", "-sha256", "-verify", path, "-signature", signature,
                input=card.file.read_bytes())


@test
def nobody_touches_it():
    with Daemon(details=True) as daemon, Card("piv:9a=p256+touch,9e=p256+touch-cached") as card:
        insert_touch_card(daemon, card, "never")
        for place in ("PIV Authentication", "Card Authentication"):
            answer = sign(daemon, f"Key For {place}", status=1)
            check_equal(answer["name"], "user_canceled", "status")
            check("touched" in answer["message"], f"message: {answer['message']}")
        check_equal(sum(command.startswith("0020008008") for command in card.commands()), 1,
                    "PINs sent")


main()
