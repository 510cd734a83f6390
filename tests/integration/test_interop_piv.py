# SPDX-License-Identifier: LGPL-2.1-or-later
"""One card, everybody's: yubico-piv-tool personalises it through real pcscd and vpcd, OpenSC signs
with it, and then the same file in the embedded slot is keycask's, with the same keys."""
from der import certificates, unb64
from keycask_test import (PIN, Daemon, check, check_equal, main, openssl, pipe_with, program, run,
                          scratch, test)
from piv_tools import Pcscd, factory_card, personalise_inserted, verify

DATA = b"one card, two worlds\n"
PLACES = {"9a": "PIV Authentication", "9c": "Digital Signature", "9e": "Card Authentication"}
OPENSC = {"9a": ("01", "SHA256-RSA-PKCS"),
          "9c": ("02", "ECDSA-SHA256", "--signature-format", "openssl")}


def import_key(pcscd, made, slot):
    """A key made elsewhere, and its certificate."""
    key = made.ca.folder / f"{slot}.key"
    made.public_keys[slot] = made.ca.folder / f"{slot}.pub"
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", made.public_keys[slot])
    made.certificates[slot] = made.ca.issue(f"tool card {slot}", made.public_keys[slot])
    pcscd.manage("-a", "import-key", "-s", slot, "-i", key)
    pcscd.manage("-a", "import-certificate", "-s", slot, "-i", made.certificates[slot])


def check_opensc_signs(pcscd, made):
    data, signature = scratch() / "opensc.in", scratch() / "opensc.out"
    data.write_bytes(DATA)
    for slot, (object_id, mechanism, *options) in OPENSC.items():
        pcscd.pkcs11(made.label, "--login", "--pin", PIN, "--sign", "--id", object_id,
                     "--mechanism", mechanism, *options, "--input-file", data,
                     "--output-file", signature)
        verify(made.public_keys[slot], signature.read_bytes(), DATA)


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
    for slot, place in PLACES.items():
        words = [program("keycask"), "sign", "--key", f"Key For {place}"]
        if slot == "9e":  # asks for no PIN
            signature, _ = run(*words, env=daemon.env, input=DATA)
        else:
            reader = pipe_with(PIN)
            signature, _ = run(*words, "--pin-fd", reader, env=daemon.env, input=DATA,
                               pass_fds=[reader])
        verify(made.public_keys[slot], signature, DATA)


@test
def a_card_personalised_by_tools_is_keycasks_too():
    with factory_card() as card:
        with Pcscd() as pcscd:
            pcscd.insert(card)
            made = personalise_inserted(pcscd, card)
            import_key(pcscd, made, "9e")
            check_opensc_signs(pcscd, made)
            pcscd.pull()
            with Daemon() as daemon:
                card.insert(daemon)
                token = daemon.wait_for_token()
                check(token["token_id"].startswith("org.keycask.piv:"), f"driver of {token}")
                check_keycask_lists(daemon, made)
                check_keycask_signs(daemon, made)
                card.pull()
            pcscd.insert(card)
            check_opensc_signs(pcscd, made)


main()
