# SPDX-License-Identifier: LGPL-2.1-or-later
"""One card, everybody's: yubico-piv-tool personalises it through real pcscd and vpcd, OpenSC signs,
decrypts and derives with it, and then the same file in the embedded slot is keycask's, with the same
keys, certificates and results."""
import re

import opensc
from der import certificates, unb64
from keycask_test import (PIN, Daemon, check, check_equal, check_raises, main, openssl, pipe_with,
                          program, run, scratch, test)
from piv_tools import MANAGEMENT_KEY, PUK, Pcscd, factory_card, personalise_inserted, verify

DATA = b"one card, two worlds\n"
NEW_PIN, NEW_PUK = "70258146", "20417693"
NEW_MANAGEMENT_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778"
PLACES = {"9a": "PIV Authentication", "9c": "Digital Signature", "9d": "Key Management",
          "9e": "Card Authentication", "82": "Retired Key Management 1"}
SIGNS = ("9a", "9c", "9e")
OPENSC = {"9a": ("01", "SHA256-RSA-PKCS"),
          "9c": ("02", "ECDSA-SHA256", "--signature-format", "openssl")}
KEY_HISTORY = "5fc10c"


def certify(pcscd, made, slot):
    made.certificates[slot] = made.ca.issue(f"tool card {slot}", made.public_keys[slot])
    pcscd.manage("-a", "import-certificate", "-s", slot, "-i", made.certificates[slot])


def import_key(pcscd, made, slot):
    """A key made elsewhere, and its certificate."""
    key = made.ca.folder / f"{slot}.key"
    made.public_keys[slot] = made.ca.folder / f"{slot}.pub"
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", made.public_keys[slot])
    pcscd.manage("-a", "import-key", "-s", slot, "-i", key)
    certify(pcscd, made, slot)


def generate_key(pcscd, made, slot, algorithm):
    made.public_keys[slot] = made.ca.folder / f"{slot}.pub"
    pcscd.manage("-a", "generate", "-s", slot, "-A", algorithm, "-o", made.public_keys[slot])
    certify(pcscd, made, slot)


def add_key_management(pcscd, made):
    """9D, a retired key in 82, and the key history that tells of it."""
    generate_key(pcscd, made, "9d", "RSA2048")
    generate_key(pcscd, made, "82", "ECCP256")
    history = scratch() / "history"
    history.write_bytes(bytes.fromhex("C10101C20100FE00"))
    pcscd.manage("-a", "write-object", f"--id=0x{KEY_HISTORY}", "-f", "binary", "-i", history)


def take_over(pcscd):
    """The card gets its owner's secrets, and the factory's are worth nothing any more."""
    pcscd.manage("-a", "set-mgm-key", f"--new-key={NEW_MANAGEMENT_KEY}")
    pcscd.manage("-a", "set-chuid", key=MANAGEMENT_KEY, status=1)
    pcscd.yubico("-a", "change-pin", "-P", PIN, "-N", NEW_PIN)
    pcscd.yubico("-a", "change-puk", "-P", PUK, "-N", NEW_PUK)
    pcscd.yubico("-a", "verify-pin", "-P", PIN, status=1)
    pcscd.yubico("-a", "unblock-pin", "-P", PUK, "-N", PIN, status=1)
    pcscd.yubico("-a", "unblock-pin", "-P", NEW_PUK, "-N", NEW_PIN)
    status = pcscd.yubico("-a", "status").decode()
    check(re.search(r"PIN tries left:\s*3", status), "status does not tell three tries")
    check(all(f"tool card {slot}" in status for slot in ("9a", "9c", "9d", "9e")),
          "status lacks a certificate")


def check_opensc_uses(pcscd, made):
    for slot, (object_id, mechanism, *options) in OPENSC.items():
        signature = opensc.sign(pcscd, made.label, object_id, mechanism, DATA, *options,
                                pin=NEW_PIN)
        verify(made.public_keys[slot], signature, DATA)
    sealed = openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", made.public_keys["9d"], input=DATA)
    check_equal(opensc.decrypt(pcscd, made.label, "03", "RSA-PKCS", sealed, pin=NEW_PIN), DATA,
                "plaintext")
    key, public_key = scratch() / "peer.key", scratch() / "peer.pub"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", public_key)
    secret = opensc.derive(pcscd, made.label, "05", public_key, pin=NEW_PIN)
    check_equal(secret, openssl("pkeyutl", "-derive", "-inkey", key, "-peerkey",
                                made.public_keys["82"]), "shared secret")
    return sealed, public_key, secret


def check_keycask_lists(daemon, made):
    """The same identities: certificates byte for byte, public keys by their hashes."""
    on_card = certificates(made.card.file)
    listed = {item["label"]: item for item in daemon.cli("list") if item["class"] == "identity"}
    check_equal(len(listed), len(PLACES), "identities")
    for slot, place in PLACES.items():
        label = f"Certificate For {place}"
        check_equal(unb64(listed[label]["application_label"]), on_card[slot].public_key_hash,
                    f"{slot}: public-key hash")
        der = unb64(daemon.cli("cert", "export", label)["certificate"])
        check_equal(der, openssl("x509", "-outform", "DER", "-in", made.certificates[slot]),
                    f"{slot}: certificate")
        public_key = openssl("x509", "-inform", "DER", "-pubkey", "-noout", input=der)
        check_equal(public_key, openssl("pkey", "-pubin", "-in", made.public_keys[slot]),
                    f"{slot}: public key as the tool gave it")


def check_keycask_signs(daemon, made):
    for slot in SIGNS:
        words = [program("keycask"), "sign", "--key", f"Key For {PLACES[slot]}"]
        if slot == "9e":  # asks for no PIN
            signature, _ = run(*words, env=daemon.env, input=DATA)
        else:
            reader = pipe_with(NEW_PIN)
            signature, _ = run(*words, "--pin-fd", reader, env=daemon.env, input=DATA,
                               pass_fds=[reader])
        verify(made.public_keys[slot], signature, DATA)


def check_keycask_decrypts_and_derives(daemon, made):
    """The very bytes that OpenSC got."""
    check_equal(opensc.keycask_decrypt(daemon, f"Key For {PLACES['9d']}", "rsa_encryption_pkcs1",
                                       made.sealed, NEW_PIN), DATA, "plaintext")
    check_equal(opensc.keycask_derive(daemon, f"Key For {PLACES['82']}", made.peer, NEW_PIN),
                made.secret, "shared secret")


@test
def pins_set_by_keycask_are_the_cards():
    """Changed and unblocked through the keychain, then asked for by yubico-piv-tool."""
    with factory_card() as card:
        with Daemon() as daemon:
            card.insert(daemon)
            token_id = daemon.wait_for_token()["token_id"]
            for pin_id, current, new in (("pin", PIN, "246810"), ("puk", PUK, NEW_PUK)):
                daemon.call("Tokens.ChangePin", {"token_id": token_id, "pin_id": pin_id,
                                                 "current": current, "new": new})
            error = check_raises("auth_failed", daemon.call, "Tokens.UnblockPin",
                                 {"token_id": token_id, "pin_id": "pin", "unblocking": PUK,
                                  "new": NEW_PIN})
            check_equal(error.record["tries_left"], 2, "tries of the PUK")
            daemon.call("Tokens.UnblockPin", {"token_id": token_id, "pin_id": "pin",
                                              "unblocking": NEW_PUK, "new": NEW_PIN})
            tries = {pin["pin_id"]: pin.get("tries_left")
                     for pin in daemon.call("Tokens.Pins", {"token_id": token_id})["pins"]}
            check_equal(tries, {"pin": 3, "puk": 3}, "tries left")
            card.pull()
        with Pcscd() as pcscd:
            pcscd.insert(card)
            pcscd.yubico("-a", "verify-pin", "-P", NEW_PIN)
            pcscd.yubico("-a", "change-puk", "-P", NEW_PUK, "-N", PUK)


@test
def a_card_personalised_by_tools_is_keycasks_too():
    with factory_card() as card:
        with Pcscd() as pcscd:
            pcscd.insert(card)
            made = personalise_inserted(pcscd, card)
            import_key(pcscd, made, "9e")
            add_key_management(pcscd, made)
            take_over(pcscd)
            made.sealed, made.peer, made.secret = check_opensc_uses(pcscd, made)
            pcscd.pull()
            with Daemon() as daemon:
                card.insert(daemon)
                token = daemon.wait_for_token()
                check(token["token_id"].startswith("org.keycask.piv:"), f"driver of {token}")
                check_keycask_lists(daemon, made)
                check_keycask_signs(daemon, made)
                check_keycask_decrypts_and_derives(daemon, made)
                card.pull()
            pcscd.insert(card)
            check_opensc_uses(pcscd, made)


main()
