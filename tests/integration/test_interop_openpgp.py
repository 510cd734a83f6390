# SPDX-License-Identifier: LGPL-2.1-or-later
"""The software card's OpenPGP application under real gpg and scdaemon, through pcscd and vpcd: what
they make on it, another gpg verifies and encrypts to."""
import re

from keycask_test import PIN, Card, check, check_equal, main, openssl, run, scratch, test
from openpgp_tools import ADMIN_PIN, USER, Gpg, Stranger
from piv_tools import Pcscd

DATA = b"made by a card of keycask\n"
SECRET = b"for the card only\n"


def check_key_works(gpg):
    """What the card signs another gpg believes, and what that one encrypts the card decrypts."""
    signature = gpg.sign(DATA)
    with Stranger(gpg.public_keys()) as stranger:
        stranger.verify(signature, DATA)
        check_equal(gpg.decrypt(stranger.encrypt(SECRET)), SECRET, "what the card decrypts")


def check_generated(kind, attributes):
    """gpg makes three keys of this kind on the card, and uses them after it was away."""
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none") as card:
        gpg.insert(pcscd, card)
        gpg.set_attributes(kind)
        fingerprint = gpg.generate()
        status = gpg.status()
        check_equal(status["fpr"][0], fingerprint, "signature key's fingerprint")
        check_equal(status["keyattr"][1:3], attributes, "attributes of the last key")
        check(all(status["fpr"][:3]) and all(int(time) for time in status["fprtime"][:3]),
              "fingerprints or times are missing")
        check_key_works(gpg)
        gpg.reinsert(pcscd, card)
        check_key_works(gpg)


@test
def gpg_makes_rsa_2048_keys_and_uses_them():
    check_generated("rsa2048", ["1", "2048"])


@test
def gpg_makes_rsa_3072_keys_and_uses_them():
    check_generated("rsa3072", ["1", "3072"])


@test
def gpg_makes_p256_keys_and_uses_them():
    check_generated("p256", ["19", "NIST P-256"])


@test
def gpg_makes_p521_keys_and_uses_them():
    check_generated("p521", ["19", "NIST P-521"])


@test
def gpg_makes_curve25519_keys_and_uses_them():
    check_generated("ed25519", ["22", "Ed25519"])


@test
def a_card_is_read_as_its_profile_says():
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:sig=rsa4096,dec=p384,aut=ed25519") as card:
        gpg.insert(pcscd, card)
        said = gpg.run("--card-status").decode()
        check("rsa4096 nistp384 ed25519" in said, f"key attributes are wrong: {said}")
        grips = gpg.status()["grp"][:3]
        check(all(int(grip, 16) for grip in grips), f"gpg cannot read the keys: {grips}")


@test
def texts_are_written_and_kept():
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none") as card:
        gpg.insert(pcscd, card)
        gpg.edit("admin", "name", "Holder", "Card", "lang", "deen", "login", "card",
                 "url", "https://keycask.example/card.asc", "salutation", "f")
        gpg.reinsert(pcscd, card)
        status = gpg.status()
        check_equal(status["name"][:2], ["Card", "Holder"], "name")
        check_equal(status["lang"][0], "deen", "languages")
        check_equal(status["sex"][0], "f", "salutation")
        check_equal(status["login"][0], "card", "login")
        check_equal(status["url"][0], r"https\x3a//keycask.example/card.asc", "URL")


@test
def passwords_are_changed_blocked_and_unblocked():
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none") as card:
        gpg.insert(pcscd, card)
        gpg.generate()
        gpg.edit("passwd")
        gpg.set_pins(user="654321")
        gpg.sign(DATA)
        gpg.edit("admin", "passwd", "4", "3", "q")
        check(any(command.startswith("00DA00D308***") for command in card.commands()),
              "the log tells the resetting code")
        gpg.set_pins(user="000000", admin="87654321", code="11111111", new_user="765432")
        gpg.end()
        for left in ("2", "1", "0"):
            gpg.run("--detach-sign", input=DATA, status=2)
            check_equal(gpg.status()["pinretry"], [left, "3", "3", ""], "tries")
        gpg.set_pins(user="654321")
        gpg.run("--detach-sign", input=DATA, status=2)
        gpg.set_pins(code="11111111", new_user="765432")
        gpg.edit("unblock")
        gpg.set_pins(user="765432")
        gpg.sign(DATA)
        check_equal(gpg.status()["pinretry"], ["3", "3", "3", ""], "tries")


@test
def derived_passwords_work():
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none") as card:
        gpg.insert(pcscd, card)
        gpg.generate()
        gpg.edit("admin", "kdf-setup")
        check_equal(gpg.status()["kdf"][0], "on", "KDF setting")
        gpg.end()
        check_key_works(gpg)
        check(not any(command.startswith("002000") and command.endswith("06" + "*" * 12)
                      for command in card.commands()[-20:]), "the PIN itself was sent")


def keep_key_on_card(gpg, algorithm, usages):
    """A key made by gpg in its keyring, moved to the card. keytocard's places: 1 signature,
    2 decryption."""
    gpg.run("--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key", USER,
            algorithm, "sign", "never")
    fingerprint = re.search(r"^fpr:+([0-9A-F]+):",
                            gpg.run("--list-keys", "--with-colons").decode(), re.MULTILINE)[1]
    gpg.run("--pinentry-mode", "loopback", "--passphrase", "", "--quick-add-key", fingerprint,
            usages, "encrypt", "never")
    gpg.edit_key(fingerprint, "keytocard", "1", "key 1", "keytocard", "2", "save")


def check_imported(algorithm, encryption, *attributes):
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none") as card:
        gpg.insert(pcscd, card)
        keep_key_on_card(gpg, algorithm, encryption)
        check_equal(gpg.status()["pinretry"][:3], ["3", "0", "3"], "tries")
        check_key_works(gpg)
        moved = [command for command in card.commands() if command[2:8] == "DB3FFF"]
        check(moved, "no key moved")
        check(all(re.fullmatch(r"[0-9A-F]{10,14}\*+", command) for command in moved),
              "the log tells a private key")
        check(any(command.startswith(("002A8086", "102A8086")) for command in card.commands()),
              "gpg's keyring has decrypted, and not the card")


@test
def an_rsa_key_is_moved_to_the_card():
    check_imported("rsa2048", "rsa2048")


@test
def a_p256_key_is_moved_to_the_card():
    check_imported("nistp256", "nistp256")


@test
def a_curve25519_key_is_moved_to_the_card():
    check_imported("ed25519", "cv25519")


@test
def the_authentication_key_signs_for_the_agent():
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:aut=rsa2048") as card:
        gpg.insert(pcscd, card)
        info = bytes.fromhex("3031300d060960864801650304020105000420") + bytes(range(32))
        said = gpg.agent("SCD SERIALNO openpgp", f"SCD SETDATA {info.hex()}", "SCD PKAUTH OPENPGP.3",
                         "SCD READKEY --format=ssh OPENPGP.3")
        check(said.count("OK") >= 3 and "ERR" not in said, f"the agent says: {said}")
        check(any(command.startswith("00880000") for command in card.commands()),
              "INTERNAL AUTHENTICATE was not used")


@test
def touch_flags_are_set_and_waited_for():
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none") as card:
        gpg.insert(pcscd, card)
        gpg.generate()
        said = gpg.agent("SCD SERIALNO openpgp", f"SCD APDU 0020008308{ADMIN_PIN.encode().hex()}",
                         "SCD APDU 00DA00D6020120", "SCD APDU 00CA00D600")
        check("01 20 90 00" in said, f"the touch flag is not set: {said}")
        gpg.sign(DATA)
        check("waiting for a touch" in card.contacts.read_text(), "nobody waited for a touch")


@test
def a_card_is_reset_to_the_factory():
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none") as card:
        gpg.insert(pcscd, card)
        gpg.generate()
        gpg.set_pins(user="000000")
        gpg.end()
        gpg.run("--detach-sign", input=DATA, status=2)
        gpg.edit("admin", "factory-reset")
        status = gpg.status()
        check_equal(status["fpr"][:3], ["", "", ""], "fingerprints")
        check_equal(status["pinretry"][:3], ["3", "0", "3"], "tries")


@test
def piv_and_openpgp_live_on_one_card():
    with Pcscd() as pcscd, Gpg() as gpg, Card("piv:9a=p256,9e=p256/openpgp:none") as card:
        gpg.insert(pcscd, card)
        gpg.generate()
        check_key_works(gpg)
        status = pcscd.yubico("-a", "status").decode()
        check("keycask PIV 9A" in status, "PIV has lost its certificate")
        gpg.end()
        check_key_works(gpg)
        openssl("x509", "-noout", input=pcscd.yubico("-a", "read-certificate", "-s", "9a"))


main()
