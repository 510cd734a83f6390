# SPDX-License-Identifier: LGPL-2.1-or-later
"""The software card through real pcscd and vpcd: yubico-piv-tool personalises it, OpenSC signs."""
import base64
import re

from keycask_test import Card, Daemon, check, check_equal, main, openssl, run, scratch, test
from piv_tools import (KEYS, MANAGEMENT_KEY, PIN, PUK, Pcscd, TestCa, factory_card,
                       personalise, personalise_inserted, verify)

NEW_KEY = "0102030405060708090a0b0c0d0e0f101112131415161718"


def check_signs(pcscd, made, slot, object_id, mechanism, *options):
    """pkcs11-tool signs with the key, openssl verifies."""
    data = scratch() / "data"
    signature = scratch() / "signature.out"
    data.write_bytes(b"signed by a card of keycask\n")
    pcscd.pkcs11(made.label, "--login", "--pin", PIN, "--sign", "--id", object_id, "--mechanism",
                 mechanism, *options, "--input-file", data, "--output-file", signature)
    verify(made.public_keys[slot], signature.read_bytes(), data.read_bytes())


@test
def tools_personalise_a_card_and_opensc_signs_with_it():
    with Pcscd() as pcscd, factory_card() as card:
        pcscd.insert(card)
        made = personalise_inserted(pcscd, card)
        status = pcscd.yubico("-a", "status").decode()
        check("tool card 9a" in status and "tool card 9c" in status, "status lacks certificates")
        check(re.search(r"PIN tries left:\s*3", status), "status lacks the tries")
        listed = pcscd.pkcs11(made.label, "--login", "--pin", PIN, "--list-objects").decode()
        for slot in KEYS:
            check(f"tool card {slot}" in listed, f"OpenSC does not list {slot}")
        check_equal(listed.count("Private Key Object"), 2, "private keys listed")
        check_signs(pcscd, made, "9a", "01", "SHA256-RSA-PKCS")
        check_signs(pcscd, made, "9c", "02", "ECDSA-SHA256", "--signature-format", "openssl")
        pcscd.pull()
        pcscd.insert(card)
        check_signs(pcscd, made, "9a", "01", "SHA256-RSA-PKCS")


@test
def a_card_made_by_tools_signs_in_the_embedded_slot():
    made = personalise()
    data = scratch() / "data"
    data.write_bytes(b"signed through the keychain\n")
    with Daemon() as daemon, made.card as card:
        card.insert(daemon)
        daemon.wait_for_token()
        identities = [item for item in daemon.cli("list") if item["class"] == "identity"]
        check_equal(len(identities), len(KEYS), "identities")
        for identity in identities:
            slot = "9a" if identity["key_type"] == "rsa" else "9c"
            answer = daemon.cli("sign", "--key", identity["persistent_ref"], data, pin=PIN)
            verify(made.public_keys[slot], base64.b64decode(answer["signature"]),
                   data.read_bytes())


@test
def what_tools_put_on_the_card_they_read_back():
    with Pcscd() as pcscd, factory_card() as card:
        pcscd.insert(card)
        made = personalise_inserted(pcscd, card)
        for slot in KEYS:
            pcscd.yubico("-a", "verify-pin", "-P", PIN, "-a", "test-signature", "-s", slot,
                         "-i", made.certificates[slot])
            read = pcscd.yubico("-a", "read-certificate", "-s", slot)
            check_equal(openssl("x509", "-outform", "DER", input=read),
                        openssl("x509", "-outform", "DER", "-in", made.certificates[slot]),
                        f"certificate in {slot}")
        pcscd.manage("-a", "delete-certificate", "-s", "9a")
        pcscd.yubico("-a", "read-certificate", "-s", "9a", status=1)


@test
def an_own_key_is_imported_and_deciphers():
    with Pcscd() as pcscd, factory_card() as card:
        pcscd.insert(card)
        ca = TestCa()
        for slot, algorithm in (("9d", ("RSA", "rsa_keygen_bits:2048")),
                                ("82", ("EC", "ec_paramgen_curve:P-384"))):
            key = scratch() / f"{slot}.key"
            public_key = scratch() / f"{slot}.pub"
            openssl("genpkey", "-algorithm", algorithm[0], "-pkeyopt", algorithm[1], "-out", key)
            openssl("pkey", "-in", key, "-pubout", "-out", public_key)
            certificate = ca.issue(f"own {slot}", public_key)
            pcscd.manage("-a", "import-key", "-s", slot, "-i", key)
            pcscd.manage("-a", "import-certificate", "-s", slot, "-i", certificate)
            pcscd.yubico("-a", "verify-pin", "-P", PIN, "-a", "test-decipher", "-s", slot,
                         "-i", certificate)


@test
def pin_and_puk_are_changed_blocked_and_unblocked():
    with Pcscd() as pcscd, factory_card() as card:
        pcscd.insert(card)
        pcscd.yubico("-a", "verify-pin", "-P", PIN)
        pcscd.yubico("-a", "change-pin", "-P", PIN, "-N", "654321")
        pcscd.yubico("-a", "change-puk", "-P", PUK, "-N", "87654321")
        for left in (2, 1, 0):
            told = pcscd.yubico("-a", "verify-pin", "-P", PIN, status=1).decode()
            check(str(left) in told or left == 0, f"{left} tries are not told: {told}")
        pcscd.yubico("-a", "verify-pin", "-P", "654321", status=1)
        pcscd.yubico("-a", "unblock-pin", "-P", "87654321", "-N", PIN)
        pcscd.yubico("-a", "verify-pin", "-P", PIN)


@test
def management_key_and_tries_are_set():
    with Pcscd() as pcscd, factory_card() as card:
        pcscd.insert(card)
        pcscd.manage("-a", "set-mgm-key", f"--new-key={NEW_KEY}")
        pcscd.manage("-a", "set-chuid", key=MANAGEMENT_KEY, status=1)
        pcscd.manage("-a", "set-chuid", key=NEW_KEY)
        pcscd.manage("-a", "verify-pin", "-P", PIN, "-a", "pin-retries", "--pin-retries=5",
                     "--puk-retries=4", key=NEW_KEY)
        check(re.search(r"PIN tries left:\s*5", pcscd.yubico("-a", "status").decode()),
              "status does not tell five tries")


@test
def a_blocked_card_is_reset():
    with Pcscd() as pcscd, Card("piv:9a=p256,9e=p256") as card:
        pcscd.insert(card)
        pcscd.yubico("-a", "reset", status=1)
        for _ in range(3):
            pcscd.yubico("-a", "verify-pin", "-P", "000000", status=1)
            pcscd.yubico("-a", "unblock-pin", "-P", "00000000", "-N", "111111", status=1)
        pcscd.yubico("-a", "reset")
        pcscd.yubico("-a", "read-certificate", "-s", "9a", status=1)
        pcscd.yubico("-a", "verify-pin", "-P", PIN)


@test
def a_profile_card_is_all_there_for_opensc():
    ca = scratch() / "ca.pem"
    path = scratch() / "card.json"
    run("keycask-vcard", "new", path, "--ca", ca,
        "--profile", "piv:9a=p384,9c=rsa2048+gzip,9d=rsa3072,9e=p256,82=p256,83=rsa2048+gzip")
    with Pcscd() as pcscd, Card(file=path) as card:
        pcscd.insert(card)
        status = pcscd.yubico("-a", "status").decode()
        serial = re.search(r"keycask PIV 9A (\d{8})", status)
        check(serial, "status lacks the certificate in 9A")
        label = f"keycask PIV 9A {serial[1]}"
        listed = pcscd.pkcs11(label, "--login", "--pin", PIN, "--list-objects").decode()
        check_equal(listed.count("Private Key Object"), 6, "private keys listed")
        for object_id in ("01", "02", "03", "04", "05", "06"):
            der = pcscd.pkcs11(label, "--read-object", "--type", "cert", "--id", object_id)
            pem = scratch() / f"{object_id}.pem"
            pem.write_bytes(openssl("x509", "-inform", "DER", input=der))
            openssl("verify", "-CAfile", ca, pem)


main()
