# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenSC's pkcs11-tool --test on keycask-pkcs11.so. It leaves out without a word what a slot does not
list, so that what really ran is read from what it prints, shown, and compared."""
import re
import shutil

from keycask_test import (PIN, Card, Daemon, check, check_equal, diagnose, main, run, skip_unless,
                          test)
from made_keys import MadeKey, add_key
from pkcs11_client import module_path, sanitizers

KEYCHAIN = "1"
TOKEN = "2"
SECTIONS = {"Digests:": "digest", "Signatures (": "sign", "Verify (": "verify",
            "Key unwrap (": "unwrap", "Decryption (": "decrypt"}
DIGESTS = ["digest SHA-1", "digest SHA256", "digest in parts"]
RAW_AND_PKCS1 = ["RSA-X-509", "RSA-PKCS", "SHA1-RSA-PKCS"]
SIGNATURES = [f"sign {name}" for name in (*RAW_AND_PKCS1, "SHA256-RSA-PKCS", "in parts")]
VERIFICATIONS = [f"verify {name}" for name in RAW_AND_PKCS1]
DECRYPTIONS = [f"decrypt {name}" for name in ("RSA-X-509", "RSA-PKCS", "RSA-PKCS-OAEP")]


def ran(text):
    """The names of the tests that pkcs11-tool has run to their good end, in their order."""
    section, name, found = "random", None, []
    for line in text.splitlines():
        section = next((short for long, short in SECTIONS.items() if line.startswith(long)), section)
        start = re.match(r"\s+([A-Z0-9-]+): ", line)
        name = start.group(1) if start else name
        if re.search(r"(^|: )OK\s*$", line) and f"{section} {name}" not in found:
            found.append(f"{section} {name}")
        elif re.search(r"all 4 \w+ functions seem to work", line):
            found.append(f"{section} in parts")
        elif line.strip() == "seems to be OK":
            found.append("random")
    return found


def tool_test(daemon, slot, *options, expected):
    out = run("pkcs11-tool", "--module", module_path(), "--slot", slot, "--test", *options,
              env={**daemon.env, **sanitizers()})[0].decode()
    found = ran(out)
    diagnose(f"slot {slot} {' '.join(options)}: {', '.join(found)}")
    check("No errors" in out and "ERR" not in out, out)
    check_equal(sorted(found), sorted(["random", *expected]), "the tests that ran")


def four_ways(daemon, slot, login, logged_in, without=None):
    """With and without login, with and without --allow-sw: what runs with each, hardware alone and
    all."""
    hardware, everything = logged_in
    for options, expected in (((), (without or logged_in)[0]),
                              (("--allow-sw",), (without or logged_in)[1]),
                              (login, hardware), ((*login, "--allow-sw"), everything)):
        tool_test(daemon, slot, *options, expected=expected)


@test
def keychain():
    """No hardware: its signatures are tested only when that is allowed."""
    skip_unless(shutil.which("pkcs11-tool"), "opensc is not installed")
    with Daemon() as daemon, daemon.connect() as connection:
        add_key(connection, MadeKey("rsa2048"), label="soft")
        add_key(connection, MadeKey("P-256"), label="elliptic")
        common = DIGESTS + VERIFICATIONS + DECRYPTIONS
        four_ways(daemon, KEYCHAIN, ("--login", "--pin", ""), (common, common + SIGNATURES))


@test
def piv():
    skip_unless(shutil.which("pkcs11-tool"), "opensc is not installed")
    with Daemon() as daemon, Card("piv:9a=rsa2048,9c=rsa2048,9d=rsa2048,9e=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        everything = DIGESTS + SIGNATURES + VERIFICATIONS + DECRYPTIONS
        four_ways(daemon, TOKEN, ("--login", "--pin", PIN), (everything, everything),
                  (DIGESTS, DIGESTS))


@test
def openpgp():
    """Its keys sign and decrypt PKCS#1 and nothing else."""
    skip_unless(shutil.which("pkcs11-tool"), "opensc is not installed")
    with Daemon() as daemon, Card("openpgp:sig=rsa2048,dec=rsa2048,aut=ed25519") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        everything = DIGESTS + ["sign in parts", "sign RSA-PKCS", "sign SHA1-RSA-PKCS",
                                "sign SHA256-RSA-PKCS", "verify RSA-PKCS", "decrypt RSA-PKCS"]
        four_ways(daemon, TOKEN, ("--login", "--pin", PIN), (everything, everything),
                  (DIGESTS, DIGESTS))


main()
