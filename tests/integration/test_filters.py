# SPDX-License-Identifier: LGPL-2.1-or-later
"""The match_ keys with certificates that openssl made, in the keychain's file and on a card, and
software items beside those of tokens in keycask list, show, sign and cert export."""
import datetime
import re

from der import certificates
from keychain_scene import set_password
from keycask_test import (Card, Daemon, VarlinkError, check, check_equal, check_raises, main, openssl,
                          program, run, test)
from made_keys import MadeAuthority, MadeKey, add, add_key, b64, der_of, file_with, find
from person_scene import PersonScene


def names(connection, item_class="certificate", **filters):
    """The labels of all that pass."""
    try:
        items = find(connection, **{"class": item_class, "match_limit": "all",
                                    "return_attributes": True}, **filters)
    except VarlinkError as error:
        if error.name == "item_not_found":
            return set()
        raise
    return {item["label"] for item in items}


def add_certificate(connection, der, **more):
    add(connection, **{"class": "certificate", "value_data": b64(der)}, **more)


class Chain:
    """root, middle and leaf in the keychain; another of nobody's."""

    def __init__(self):
        self.root = MadeAuthority("Root")
        self.middle = MadeAuthority("Middle", self.root)
        self.key = MadeKey("P-256")
        self.leaf = der_of(self.middle.issue(
            self.key, "Jo Leaf", "subjectAltName=email:Jo@Example.org,email:jo@work.org"))
        self.lone = der_of(MadeKey("P-256").certificate("Lone"))


def name_in(der, which):
    """The whole Name, in DER; RFC 5280 4.1: serial, signature, issuer, validity, subject, key."""
    lines = openssl("asn1parse", "-inform", "DER", input=der).decode().splitlines()
    parts = [line for line in lines if re.search(r"d=2 .*SEQUENCE", line)]
    at, header, length = map(int, re.match(r"\s*(\d+):d=2 +hl=(\d+) +l= *(\d+)",
                                           parts[{"issuer": 1, "subject": 3}[which]]).groups())
    return b64(der[at:at + header + length])


@test
def issuers_are_followed_through_file_and_card():
    chain = Chain()
    with Daemon() as daemon, daemon.connect() as connection:
        add_certificate(connection, chain.leaf)
        add_certificate(connection, chain.lone)
        root = name_in(chain.root.der, "subject")
        middle = name_in(chain.middle.der, "subject")
        check_equal(names(connection, match_issuers=[middle]), {"Jo Leaf"}, "of the middle")
        check_equal(names(connection, match_issuers=[root]), set(), "the middle is not there")
        add_certificate(connection, chain.middle.der)
        check_equal(names(connection, match_issuers=[root]), {"Jo Leaf", "Middle"}, "of the root")
        check_raises("param", names, connection, match_issuers=[b64(b"no"), root])
        add_key(connection, chain.key)
        check_equal(names(connection, "identity", match_issuers=[root]), {"Jo Leaf"}, "identities")
        check_raises("param", names, connection, match_issuers=[])
        check_raises("unimplemented", names, connection, "key", match_issuers=[root])


@test
def addresses_dates_and_subjects_of_real_certificates():
    chain = Chain()
    with Daemon() as daemon, daemon.connect() as connection:
        add_certificate(connection, chain.leaf)
        add_certificate(connection, chain.lone)
        for address, expected in (("jo@example.ORG", {"Jo Leaf"}), ("jo@work.org", {"Jo Leaf"}),
                                  ("example.org", set()), ("", set())):
            check_equal(names(connection, match_email_address_if_present=address), expected, address)
        check_equal(names(connection, match_valid_on_date=None), {"Jo Leaf", "Lone"}, "now")
        later = (datetime.datetime.utcnow() + datetime.timedelta(days=100)).isoformat()[:19] + "Z"
        check_equal(names(connection, match_valid_on_date=later), {"Jo Leaf"}, "in 100 days")
        check_equal(names(connection, match_valid_on_date="1999-01-01T00:00:00Z"), set(), "1999")
        for more, expected in (
                ({"match_subject_contains": "Leaf"}, {"Jo Leaf"}),
                ({"match_subject_starts_with": "CN=L"}, {"Lone"}),
                ({"match_subject_starts_with": "l"}, set()),
                ({"match_subject_starts_with": "l", "match_case_insensitive": True}, {"Lone"}),
                ({"match_subject_whole_string": "Jo"}, set()),
                ({"match_subject_whole_string": "Jó leaf", "match_diacritic_insensitive": True,
                  "match_case_insensitive": True}, {"Jo Leaf"}),
                ({"match_subject_ends_with": "e"}, {"Lone"})):
            check_equal(names(connection, **more), expected, more)


@test
def filters_read_a_card_as_they_read_the_file():
    with Daemon() as daemon, Card("piv:9a=p256,9c=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        der = certificates(card.file)["9a"].der
        with daemon.connect() as connection:
            label = "Certificate For PIV Authentication"
            subject = openssl("x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253",
                              input=der).decode().strip().partition("=")[2]
            found = names(connection, match_subject_contains=subject.split(",", maxsplit=1)[0])
            check(label in found, f"{found} by {subject}")
            issuer = name_in(der, "issuer")
            check(label in names(connection, match_issuers=[issuer]), "its own issuer")
            check_equal(names(connection, match_valid_on_date="1970-01-01T00:00:00Z"), set(), "1970")
            check(label in names(connection, "identity", match_valid_on_date=None), "identities")
            items = find(connection, **{"class": "certificate", "return_persistent_ref": True,
                                        "match_limit": "all"})
            references = [item["value_persistent_ref"] for item in items]
            check_equal(len(references), 2, "certificates")
            check_equal(names(connection, match_item_list=references[:1]),
                        names(connection, value_persistent_ref=references[0]), "by a list")


@test
def software_items_stand_beside_those_of_a_card():
    chain = Chain()
    with Daemon() as daemon, Card("piv:9e=p256") as card, daemon.connect() as connection:
        add_certificate(connection, chain.leaf)
        add_key(connection, chain.key, label="soft key")
        card.insert(daemon)
        daemon.wait_for_token()
        out, _ = run(program("keycask"), "list", env=daemon.env)
        lines = out.decode().splitlines()
        check(any(line.startswith("Jo Leaf") and "identity" in line for line in lines), out)
        check(any("Card Authentication" in line for line in lines), out)
        items = daemon.cli("list")
        (soft,) = [item for item in items if item["class"] == "identity" and "token_id" not in item]
        for name in ("Jo Leaf", chain.key.hash.hex()[:12], soft["persistent_ref"]):
            shown = daemon.cli("show", name)
            check_equal((shown["label"], shown["class"]), ("Jo Leaf", "identity"), name)
        exported, _ = run(program("keycask"), "cert", "export", "Jo Leaf", "--der",
                          env=daemon.env)
        check(exported == chain.leaf, "the exported certificate is another")
        letter = file_with(b"a letter", ".txt")
        signature, _ = run(program("keycask"), "sign", "--key", "Jo Leaf", "--no-prompt", letter,
                           env=daemon.env)
        openssl("dgst", "-sha256", "-verify", chain.key.public_path, "-signature",
                file_with(signature, ".sig"), letter)


@test
def a_locked_keychain_hides_no_card():
    chain = Chain()
    with PersonScene() as daemon, Card("piv:9e=p256") as card, daemon.connect() as connection:
        set_password(connection, "keychain horse")
        add_certificate(connection, chain.leaf, accessible="when_unlocked")
        add_key(connection, chain.key)
        card.insert(daemon)
        daemon.wait_for_token()
        check_equal(len([item for item in daemon.cli("list") if item["class"] == "identity"]), 2,
                    "identities")
        daemon.cli("lock")
        out, err = run(program("keycask"), "list", env=daemon.env)
        check(b"Leaf" not in out and b"Card Authentication" in out, out)
        check(b"the keychain is locked" in err and b"keycask unlock" in err, err)
        letter = file_with(b"a letter", ".txt")
        run(program("keycask"), "sign", "--key", "Certificate For Card Authentication", letter,
            env=daemon.env)
        failure = daemon.cli("show", "Jo Leaf", status=1)
        check_equal(failure["name"], "item_not_found", "the failure")
        check("keychain is locked" in failure["hint"], failure)


main()
