# SPDX-License-Identifier: LGPL-2.1-or-later
"""Items: what a card publishes, by which questions it is found, in which shapes it is returned."""
import json

from der import CONTAINERS, Certificate, b64, certificates, unb64
from keycask_test import (Card, Daemon, check, check_equal, check_raises, main, openssl,
                          program, run, scratch, test)

PROFILE = "piv:9a=rsa2048+gzip,9c=p256,9e=p384,82=p256+gzip,83=rsa2048"
SLOTS = ["9a", "9c", "9e", "82", "83"]
CERTIFICATES = ["Certificate For PIV Authentication", "Certificate For Digital Signature",
                "Certificate For Card Authentication", "Certificate For Retired Key Management 1",
                "Certificate For Retired Key Management 2"]
KEYS = [label.replace("Certificate", "Key") for label in CERTIFICATES]
EC_MESSAGE = "ecdsa_signature_message_x962_sha256"
RSA_MESSAGE = "rsa_signature_message_pkcs1v15_sha256"
ASKED = {"return_attributes": True, "return_data": True, "return_ref": True,
         "return_persistent_ref": True}


def copy(connection, item_class, **query):
    """Items.CopyMatching: the list of items."""
    query = {"class": item_class, **query}
    return connection.call("Items.CopyMatching", {"query": query})["items"]


def everything(connection, item_class, **query):
    """All that match, all that is known of them. No match is none."""
    return copy(connection, item_class, match_limit="all", **ASKED, **query)


def labels(connection, item_class, **query):
    """The labels of what matches."""
    return [item["label"] for item in everything(connection, item_class, **query)]


def refuses(status, connection, query):
    """The query fails so; the error record."""
    return check_raises(status, connection.call, "Items.CopyMatching", {"query": query}).record


class Scene:
    """A daemon, a connection to it, and a card in its slot."""

    def __init__(self, profile=PROFILE):
        self.daemon = Daemon()
        self.card = Card(profile)
        self.on_card = certificates(self.card.file)

    def __enter__(self):
        self.daemon.__enter__()
        self.card.insert(self.daemon)
        self.token_id = self.daemon.wait_for_token()["token_id"]
        self.connection = self.daemon.connect()
        return self

    def __exit__(self, *failure):
        self.connection.close()
        self.card.__exit__(*failure)
        self.daemon.__exit__(*failure)


# --- what is there -----------------------------------------------------------------------------


@test
def certificates_are_those_in_the_cards_file():
    with Scene() as scene:
        found = everything(scene.connection, "certificate")
        check_equal([item["label"] for item in found], CERTIFICATES, "labels, compressed and "
                    "retired ones among them")
        for slot, item in zip(SLOTS, found):
            expected = scene.on_card[slot]
            check_equal(unb64(item["value_data"]), expected.der, f"certificate in {slot}")
            for name in ("serial_number", "public_key_hash"):
                check_equal(unb64(item[name]), getattr(expected, name), f"{slot}: {name}")
            check_equal(item["token_id"], scene.token_id, "token")
            check_equal(item["access_group"], "org.keycask.token", "access group")
            check_equal(item["class"], "certificate", "class")
            check_equal((item["certificate_type"], item["certificate_encoding"]), (3, 3),
                        "version and encoding")
            dates = openssl("x509", "-inform", "DER", "-noout", "-dates", "-dateopt", "iso_8601",
                            input=expected.der).decode().replace(" ", "T")
            check(f"notBefore={item['not_valid_before']}" in dates and
                  f"notAfter={item['not_valid_after']}" in dates, f"validity is not {dates}")


@test
def keys_are_those_of_the_certificates():
    with Scene() as scene:
        found = everything(scene.connection, "key")
        check_equal([item["label"] for item in found], KEYS, "labels")
        kinds = [("rsa", 2048), ("ec", 256), ("ec", 384), ("ec", 256), ("rsa", 2048)]
        constraints = ["pin", "pin_always", "none", "pin", "pin"]
        uses = ["sign", "sign", "sign", "derive", "decrypt"]
        for slot, item, kind, constraint, use in zip(SLOTS, found, kinds, constraints, uses):
            check_equal(unb64(item["application_label"]), scene.on_card[slot].public_key_hash,
                        f"{slot}: application_label")
            check_equal((item["key_type"], item["key_size_in_bits"]), kind, f"{slot}: kind")
            check_equal(item["effective_key_size"], kind[1], f"{slot}: effective size")
            check_equal(item["access_control"], {use: constraint}, f"{slot}: access control")
            check_equal([name for name, value in item.items() if name.startswith("can_") and value],
                        [f"can_{use}"], f"{slot}: what it can do")
            check_equal((item["key_class"], item["is_extractable"], item["is_permanent"],
                         item["is_sensitive"]), ("private", False, True, True), f"{slot}: nature")
            check("value_data" not in item, "a private key has data")


@test
def an_identity_is_a_certificate_and_its_key():
    with Scene() as scene:
        parts = {item_class: everything(scene.connection, item_class)
                 for item_class in ("certificate", "key", "identity")}
        check_equal(len(parts["identity"]), len(SLOTS), "identities")
        for certificate, key, identity in zip(*parts.values()):
            own = ("class", "value_ref", "value_persistent_ref")
            joined = {**key, **certificate}
            joined["access_control"] = key["access_control"]
            for name in own:
                joined.pop(name)
            check_equal({name: value for name, value in identity.items() if name not in own},
                        joined, "the identity")
            check_equal(identity["application_label"], certificate["public_key_hash"], "the join")
            check_equal(len({item["value_persistent_ref"] for item in
                             (certificate, key, identity)}), 3, "references of the three")


@test
def a_card_without_objects_is_a_token_without_items():
    path = scratch() / "factory.json"
    run(program("keycask-vcard"), "new", path)
    with Daemon() as daemon, Card(file=path) as card:
        card.insert(daemon)
        event = daemon.wait_for_token()
        with daemon.connect() as connection:
            tokens = connection.call("Tokens.List")["tokens"]
            check_equal([token["token_id"] for token in tokens], [event["token_id"]], "tokens")
            for item_class in ("certificate", "key", "identity"):
                refuses("item_not_found", connection, {"class": item_class, "match_limit": "all"})
        check_equal(daemon.cli("list"), [], "keycask list")
        card.pull()
        daemon.wait_for_removal()


@test
def two_cards_are_two_tokens_with_items_of_their_own():
    with Daemon() as daemon, Card("piv:9a=p256,9c=p256") as one, Card("piv:9a=p256") as two:
        with daemon.connect() as watch, daemon.connect() as connection:
            events = watch.stream("Tokens.Watch")
            one.insert(daemon)
            first = next(events)
            two.insert(daemon)
            second = next(events)
            check(first["token_id"] != second["token_id"], "two cards with one token ID")
            check(first["slot"] != second["slot"], "two cards in one slot")
            check_equal(len(everything(connection, "identity")), 3, "identities of both")
            for event, card, n in ((first, one, 2), (second, two, 1)):
                found = everything(connection, "certificate", token_id=event["token_id"])
                check_equal({unb64(item["value_data"]) for item in found},
                            {certificate.der for certificate in certificates(card.file).values()},
                            "certificates by token")
                check_equal(len(found), n, "certificates of the token")
            one.pull()
            event = next(events)
            check_equal((event["event"], event["token_id"]), ("removed", first["token_id"]),
                        "event")
            check_equal({item["token_id"] for item in everything(connection, "key")},
                        {second["token_id"]}, "tokens of the keys that are left")


# --- unusual cards -----------------------------------------------------------------------------


def tlv(tag, content):
    """A record with a length in two bytes."""
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


def put_certificate(path, slot, der, info=0):
    """Into a card's file, whatever key is in the slot."""
    card = json.loads(path.read_text())
    container = tlv(0x70, der) + bytes([0x71, 1, info, 0xfe, 0])
    objects = [entry for entry in card["objects"] if entry["tag"] != CONTAINERS[slot]]
    card["objects"] = [*objects, {"tag": CONTAINERS[slot], "value": b64(container)}]
    path.write_text(json.dumps(card))


def self_signed(algorithm, *options, subject="/CN=stranger"):
    """A certificate of a new key."""
    key = scratch() / "stranger.key"
    words = [word for option in options for word in ("-pkeyopt", option)]
    openssl("genpkey", "-algorithm", algorithm, *words, "-out", key)
    return openssl("req", "-new", "-x509", "-key", key, "-subj", subject, "-outform", "DER")


def scene_with(profile, slot, der, **options):
    """A Scene whose card has this certificate in that slot."""
    scene = Scene(profile)
    put_certificate(scene.card.file, slot, der, **options)
    return scene


@test
def one_certificate_in_two_slots_is_there():
    """As after the renewal that keeps an old key among the retired ones, or by mistake."""
    with Scene("piv:9a=p256,9d=p256,9e=p256") as scene:
        path = scene.card.file
        scene.card.pull()
        scene.daemon.wait_for_removal()
        card = json.loads(path.read_text())
        keys = {key["slot"]: key for key in card["keys"]}
        keys["9d"]["private_key"] = keys["9a"]["private_key"]
        path.write_text(json.dumps(card))
        put_certificate(path, "9d", scene.on_card["9a"].der)
        insert(scene, scene.card)
        for item_class in ("certificate", "identity"):
            found = everything(scene.connection, item_class)
            check_equal([unb64(item["value_data"]) for item in found],
                        [scene.on_card[slot].der for slot in ("9a", "9a", "9e")], item_class)
        check_equal([item["can_sign"] for item in everything(scene.connection, "key")],
                    [True, False, True], "keys")


@test
def a_certificate_nobody_can_read_hides_no_other():
    for rubbish in (b"", b"\x30\x82\xff\xff", b"\x00" * 600, bytes(range(256))):
        for info in (0, 1):
            with scene_with("piv:9a=p256,9c=p256,9e=p256", "9c", rubbish, info=info) as scene:
                for item_class, there in (("certificate", CERTIFICATES), ("key", KEYS),
                                          ("identity", CERTIFICATES)):
                    check_equal(labels(scene.connection, item_class), [there[0], there[2]],
                                f"{item_class} beside {rubbish[:8].hex()}")


@test
def a_certificate_for_a_key_that_piv_does_not_know_is_one_without_key():
    for kind in (("ED25519",), ("EC", "ec_paramgen_curve:P-521"), ("RSA", "rsa_keygen_bits:2040"),
                 ("EC", "ec_paramgen_curve:P-256", "ec_param_enc:explicit")):
        der = self_signed(*kind)
        with scene_with("piv:9a=p256,9c=p256", "9a", der) as scene:
            found = everything(scene.connection, "certificate")
            check_equal(unb64(found[0]["value_data"]), der, f"certificate for {kind}")
            check_equal(found[0]["subject_key_id"], found[0]["public_key_hash"], f"for {kind}")
            check_equal(labels(scene.connection, "key"), KEYS[1:2], f"keys beside {kind}")
            check_equal(labels(scene.connection, "identity"), CERTIFICATES[1:2],
                        f"identities beside {kind}")


@test
def a_long_certificate_is_read_whole():
    names = "".join(f"/OU={i:02}-{'x' * 50}" for i in range(18))
    der = self_signed("EC", "ec_paramgen_curve:P-256", subject=names + "/CN=long")
    check(2600 < len(der) < 3000, f"{len(der)} bytes")
    with scene_with("piv:9a=p256", "9a", der) as scene:
        (item,) = everything(scene.connection, "identity", subject=b64(Certificate(der).subject))
        check_equal(unb64(item["value_data"]), der, "certificate")


@test
def a_key_that_is_not_the_certificates_never_gives_a_signature():
    p256 = self_signed("EC", "ec_paramgen_curve:P-256")
    rsa = self_signed("RSA", "rsa_keygen_bits:2048")
    for profile, der, algorithm, status in (
            ("piv:9e=p256", p256, EC_MESSAGE, "verify_failed"),
            ("piv:9e=rsa2048", rsa, RSA_MESSAGE, "verify_failed"),
            ("piv:9e=p256", rsa, RSA_MESSAGE, "param"),
            ("piv:9a=p256", p256, EC_MESSAGE, "param")):
        with scene_with(profile, "9e", der) as scene:
            key = copy(scene.connection, "key", label=KEYS[2], return_ref=True)[0]["value_ref"]
            record = check_raises(status, scene.connection.call, "Keys.Sign", {
                "key": key, "algorithm": algorithm, "data": ""}).record
            check_equal(record["token_id"], scene.token_id, "the token that is odd")
            check("certificate" in record["hint"], f"no hint: {record}")


# --- by what it is found -----------------------------------------------------------------------


@test
def items_are_found_by_their_attributes():
    with Scene() as scene:
        connection, on_card = scene.connection, scene.on_card
        hash_9c = b64(on_card["9c"].public_key_hash)
        expected = [
            ("certificate", {"token_id": scene.token_id}, CERTIFICATES),
            ("certificate", {"label": CERTIFICATES[1]}, CERTIFICATES[1:2]),
            ("certificate", {"public_key_hash": hash_9c}, CERTIFICATES[1:2]),
            ("certificate", {"subject_key_id": hash_9c}, CERTIFICATES[1:2]),
            ("certificate", {"subject": b64(on_card["9e"].subject)}, CERTIFICATES[2:3]),
            ("certificate", {"serial_number": b64(on_card["82"].serial_number)},
             CERTIFICATES[3:4]),
            ("certificate", {"issuer": b64(on_card["9a"].issuer)}, CERTIFICATES),
            ("certificate", {"issuer": b64(on_card["83"].issuer),
                             "serial_number": b64(on_card["83"].serial_number)},
             CERTIFICATES[4:5]),
            ("certificate", {"certificate_type": 3, "access_group": "org.keycask.token"},
             CERTIFICATES),
            ("key", {"token_id": scene.token_id, "key_class": "private"}, KEYS),
            ("key", {"application_label": hash_9c}, KEYS[1:2]),
            ("key", {"key_type": "rsa"}, [KEYS[0], KEYS[4]]),
            ("key", {"key_type": "ec", "key_size_in_bits": 384}, KEYS[2:3]),
            ("key", {"effective_key_size": 256}, [KEYS[1], KEYS[3]]),
            ("key", {"can_sign": True}, KEYS[:3]),
            ("key", {"can_sign": False}, KEYS[3:]),
            ("key", {"can_decrypt": True}, KEYS[4:5]),
            ("key", {"can_derive": True}, KEYS[3:4]),
            ("key", {"can_sign": True, "key_type": "rsa", "label": KEYS[0]}, KEYS[:1]),
            ("key", {"application_tag": "", "is_extractable": False}, KEYS),
            ("key", {"access_control": {"sign": "pin_always"}}, KEYS[1:2]),
            ("identity", {"key_type": "ec", "can_sign": True}, CERTIFICATES[1:3]),
            ("identity", {"subject": b64(on_card["9a"].subject)}, CERTIFICATES[:1]),
            ("identity", {"application_label": hash_9c}, CERTIFICATES[1:2]),
            ("identity", {"public_key_hash": hash_9c, "application_label": hash_9c},
             CERTIFICATES[1:2]),
            ("identity", {"synchronizable": False, "key_size_in_bits": 384}, CERTIFICATES[2:3]),
        ]
        for item_class, query, found in expected:
            check_equal(labels(connection, item_class, **query), found, f"{item_class} {query}")


@test
def a_name_is_found_however_it_is_written():
    with Scene() as scene:
        content = scene.on_card["9c"].subject
        whole = bytes([0x30, len(content)]) + content
        spoken = everything(scene.connection, "certificate", label=CERTIFICATES[1])[0]["subject"]
        for form in (b64(content), b64(whole), spoken):
            check_equal(labels(scene.connection, "certificate", subject=form), CERTIFICATES[1:2],
                        f"by {form}")
        truncated = b64(whole[:-1])
        refuses("item_not_found", scene.connection, {"class": "certificate", "subject": truncated})


@test
def what_does_not_match_is_not_found():
    with Scene() as scene:
        hash_9a = b64(scene.on_card["9a"].public_key_hash)
        hash_9c = b64(scene.on_card["9c"].public_key_hash)
        for query in ({"class": "certificate", "label": CERTIFICATES[0].lower()},
                      {"class": "certificate", "label": CERTIFICATES[0][:-1]},
                      {"class": "certificate", "label": CERTIFICATES[0] + "%"},
                      {"class": "certificate", "label": ""},
                      {"class": "certificate", "label": "' OR 1=1 --"},
                      {"class": "certificate", "label": KEYS[0]},
                      {"class": "certificate", "token_id": "org.keycask.piv:00"},
                      {"class": "certificate", "public_key_hash": hash_9a[:-4] + "AAA="},
                      {"class": "certificate", "public_key_hash": ""},
                      {"class": "key", "application_label": hash_9a, "key_type": "ec"},
                      {"class": "key", "key_size_in_bits": 2**62},
                      {"class": "key", "key_size_in_bits": -256},
                      {"class": "key", "key_class": "public"},
                      {"class": "key", "is_extractable": True},
                      {"class": "identity", "public_key_hash": hash_9a,
                       "application_label": hash_9c},
                      {"class": "identity", "synchronizable": True},
                      {"class": "certificate", "access_group": "org.keycask.user"},
                      {"class": "generic_password", "account": "x"},
                      {"class": "internet_password", "server": "x", "port": 443}):
            for limit in ("one", "all", 7):
                refuses("item_not_found", scene.connection, {**query, "match_limit": limit})


@test
def attributes_fed_back_find_their_item():
    with Scene() as scene:
        for item_class in ("certificate", "key", "identity"):
            for item in copy(scene.connection, item_class, match_limit="all",
                             return_attributes=True):
                found = scene.connection.call("Items.CopyMatching", {"query": {
                    **item, "match_limit": "all", "return_attributes": True}})["items"]
                check_equal(found, [item], "what its attributes find")


# --- shapes and limits -------------------------------------------------------------------------


@test
def an_item_holds_what_was_asked_for():
    values = {"return_data": "value_data", "return_ref": "value_ref",
              "return_persistent_ref": "value_persistent_ref"}
    with Scene("piv:9a=p256") as scene:
        for item_class in ("certificate", "key", "identity"):
            for mask in range(16):
                asked = [name for i, name in enumerate(ASKED) if mask >> i & 1]
                query = {name: name in asked for name in ASKED}
                (item,) = copy(scene.connection, item_class, **query)
                expected = {values[name] for name in asked if name in values}
                if item_class == "key":
                    expected.discard("value_data")
                if "return_ref" in asked and len(asked) > 1:
                    expected.add("class")
                if "return_attributes" in asked:
                    check_equal(item["class"], item_class, "class")
                    check({"label", "token_id"} <= set(item), "attributes")
                    found = {name for name in item if name.startswith("value_")}
                    expected.discard("class")
                else:
                    found = set(item)
                check_equal(found, expected, f"{item_class} {asked}")
        (item,) = copy(scene.connection, "key", return_ref=True, return_persistent_ref=True)
        check_equal(item["value_ref"], item["value_persistent_ref"], "decision 21: the two")


@test
def the_limit_is_one_unless_it_is_given():
    with Scene() as scene:
        for limit, n in ((None, 1), ("one", 1), (1, 1), (2, 2), (5, 5), (6, 5), (2**62, 5),
                         ("all", 5)):
            query = {} if limit is None else {"match_limit": limit}
            found = copy(scene.connection, "key", return_attributes=True, **query)
            check_equal([item["label"] for item in found], KEYS[:n], f"limit {limit}")
        for limit in (0, -1, 1.5, True, "two", "ALL", "", [1], {}, -2**63):
            refuses("param", scene.connection, {"class": "key", "match_limit": limit})


@test
def the_command_gives_apples_shapes():
    def ask(scene, status=0, **query):
        return scene.daemon.cli("item", "copy-matching", input=json.dumps(query).encode(),
                                status=status)

    with Scene("piv:9a=p256,9c=p256") as scene:
        def result(**query):
            answer = ask(scene, **query)
            check_equal(answer["status"], 0, "status")
            return answer.get("result")

        reference = copy(scene.connection, "identity", return_ref=True)[0]["value_ref"]
        check_equal(result(**{"class": "identity"}), None, "nothing asked for")
        check_equal(result(**{"class": "identity", "return_ref": True}), reference, "one kind")
        check_equal(result(**{"class": "identity", "return_persistent_ref": True}), reference,
                    "one kind")
        check_equal(unb64(result(**{"class": "certificate", "return_data": True})),
                    scene.on_card["9a"].der, "data alone")
        attributes = result(**{"class": "certificate", "return_attributes": True})
        check(attributes["label"] == CERTIFICATES[0] and
              not [name for name in attributes if name.startswith("value_")], "attributes alone")
        several = result(**{"class": "certificate", "return_data": True, "return_ref": True})
        check({"value_data", "value_ref"} <= set(several) and "label" not in several, "two kinds")
        check_equal(len(result(**{"class": "key", "return_attributes": True, "match_limit": 2})),
                    2, "an array of two")
        for limit in ("all", 2, 100):
            (only,) = result(**{"class": "certificate", "label": CERTIFICATES[0],
                                "return_data": True, "match_limit": limit})
            check_equal(unb64(only), scene.on_card["9a"].der, "an array of one")
        failed = ask(scene, status=1, **{"class": "identity", "label": "nobody"})
        check_equal((failed["status"], failed["name"]), (-25300, "item_not_found"), "failure")
        failed = ask(scene, status=1, **{"class": "certificate", "application_tag": ""})
        check_equal((failed["status"], failed["name"]), (-25303, "no_such_attr"), "failure")
        failed = ask(scene, status=1, **{"class": "certificates"})
        check_equal((failed["status"], failed["name"]), (-25306, "no_such_class"), "failure")
        failed = ask(scene, status=1, label="x")
        check_equal((failed["status"], failed["name"]), (-50, "param"), "failure")


# --- wrong questions ---------------------------------------------------------------------------


@test
def a_wrong_question_is_an_error():
    with Scene("piv:9a=p256") as scene:
        reference = copy(scene.connection, "key", return_ref=True)[0]["value_ref"]
        wrong = [
            ("no_such_attr", {"class": "certificate", "colour": "red"}),
            ("no_such_attr", {"class": "certificate", "application_tag": ""}),
            ("no_such_attr", {"class": "certificate", "key_type": "rsa"}),
            ("no_such_attr", {"class": "key", "subject": ""}),
            ("no_such_attr", {"class": "key", "account": "x"}),
            ("no_such_attr", {"class": "identity", "service": "x"}),
            ("no_such_attr", {"class": "generic_password", "server": "x"}),
            ("no_such_attr", {"class": "key", "Label": "x"}),
            ("no_such_attr", {"class": "key", "": "x"}),
            ("no_such_attr", {"class": "key", "subject_raw": ""}),
            ("no_such_attr", {"class": "key", "rowid": 1}),
            ("no_such_class", {"class": "keys"}),
            ("no_such_class", {"class": ""}),
            ("no_such_class", {"class": "identity "}),
            ("param", {}),
            ("param", {"label": "x"}),
            ("param", {"class": None}),
            ("param", {"class": 1}),
            ("param", {"class": ["key"]}),
            ("param", {"class": "key", "label": 1}),
            ("param", {"class": "key", "label": None}),
            ("param", {"class": "key", "label": ["x"]}),
            ("param", {"class": "key", "key_size_in_bits": "many"}),
            ("param", {"class": "key", "key_size_in_bits": 256.0}),
            ("param", {"class": "key", "can_sign": 2}),
            ("param", {"class": "key", "can_sign": "true"}),
            ("param", {"class": "key", "access_control": "none"}),
            ("param", {"class": "key", "application_label": "not base64!"}),
            ("param", {"class": "key", "application_label": "AAA"}),
            ("param", {"class": "key", "creation_date": "yesterday"}),
            ("param", {"class": "key", "return_data": "1"}),
            ("param", {"class": "key", "return_colour": True}),
            ("param", {"class": "key", "match_colour": True}),
            ("param", {"class": "key", "use_colour": True}),
            ("param", {"class": "key", "value_ref": reference, "value_persistent_ref": reference}),
            ("param", {"class": "certificate", "value_persistent_ref": reference}),
            ("param", {"class": "key", "value_persistent_ref": reference, "label": "x"}),
            ("param", {"class": "key", "value_persistent_ref": ""}),
            ("param", {"class": "key", "value_persistent_ref": reference[:-4]}),
            ("param", {"class": "key", "value_persistent_ref": b64(b"tkpr")}),
            ("param", {"class": "key", "use_authentication_ui": "maybe"}),
            ("param", {"class": "identity", "match_trusted_only": "yes"}),
            ("param", {"class": "identity", "match_issuers": []}),
            ("unimplemented", {"class": "key", "match_issuers": [b64(b"1")]}),
            ("param", {"class": "key", **{f"attribute_{i}": i for i in range(200)}}),
        ]
        for status, query in wrong:
            record = refuses(status, scene.connection, query)
            check(record["message"], "an error without message")
        for hint, query in (("public_key_hash", {"class": "certificate", "public_key_hsh": ""}),
                            ("match_limit", {"class": "key", "match_limits": "all"})):
            check(hint in refuses("no_such_attr" if hint[0] == "p" else "param",
                                  scene.connection, query).get("hint", ""), f"no hint: {hint}")
        check_equal(labels(scene.connection, "key"), KEYS[:1], "after all that")


# --- references --------------------------------------------------------------------------------


def references(connection):
    """Persistent references of one certificate, key and identity, by class."""
    return {item_class: copy(connection, item_class, return_persistent_ref=True)[0]
            ["value_persistent_ref"] for item_class in ("certificate", "key", "identity")}


@test
def a_reference_names_its_item_and_no_other():
    with Scene() as scene:
        for item_class in ("certificate", "key", "identity"):
            for item in everything(scene.connection, item_class):
                reference = item["value_persistent_ref"]
                for name in ("value_ref", "value_persistent_ref"):
                    for query in ({name: reference}, {name: reference, "class": item_class}):
                        found = scene.connection.call("Items.CopyMatching", {"query": {
                            **query, **ASKED, "match_limit": "all"}})["items"]
                        check_equal(found, [item], f"by {name}")


@test
def a_reference_is_dead_while_the_card_is_out():
    with Scene("piv:9a=p256,9e=p256") as scene:
        stored = references(scene.connection)
        other = Card("piv:9a=p256")
        scene.card.pull()
        scene.daemon.wait_for_removal()

        def check_dead():
            for item_class, reference in stored.items():
                record = refuses("item_not_found", scene.connection,
                                 {"value_persistent_ref": reference, "return_attributes": True})
                check_equal(record["token_id"], scene.token_id, "the token that is missed")
                check(scene.token_id in record["hint"], f"no hint: {record}")
                failed = scene.daemon.cli("show", reference, status=1)
                check_equal(failed["name"], "item_not_found", f"keycask show {item_class}")
            sign = {"key": stored["key"], "algorithm": EC_MESSAGE, "data": ""}
            error = check_raises("item_not_found", scene.connection.call, "Keys.Sign", sign)
            check_equal(error.record["token_id"], scene.token_id, "the token that is missed")

        check_dead()
        card = scene.card
        check(insert(scene, other) != scene.token_id, "two cards are one token")
        check_dead()
        other.pull()
        scene.daemon.wait_for_removal()
        check_equal(insert(scene, card), scene.token_id, "the token ID after it is back")
        for item_class, reference in stored.items():
            shown = scene.daemon.cli("show", reference)
            check_equal(shown["class"], item_class, "keycask show, another process")
            check_equal(shown["token_id"], scene.token_id, "token")


def insert(scene, card):
    """Another card into the empty slot: its token ID."""
    scene.card = card
    scene.daemon.call("Tokens.Forget", {})  # or what the token had before would come first
    card.insert(scene.daemon)
    return scene.daemon.wait_for_token()["token_id"]


@test
def a_reference_outlives_the_daemon():
    with Scene("piv:9a=p256") as scene:
        stored = references(scene.connection)
        scene.card.pull()
        scene.daemon.stop()
        scene.daemon.start()
        scene.card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        with scene.daemon.connect() as connection:
            for item_class, reference in stored.items():
                (item,) = connection.call("Items.CopyMatching", {"query": {
                    "value_ref": reference, "return_attributes": True}})["items"]
                check_equal(item["class"], item_class, "class")


@test
def a_new_key_in_the_same_place_never_answers_an_old_reference():
    old_references_are_dead("key")


@test
def nor_does_the_identity_that_it_makes():
    old_references_are_dead("identity")


def old_references_are_dead(kind):
    with Scene("piv:9a=p256,9e=p256") as scene:
        kept, replaced = (item["value_ref"] for item in everything(scene.connection, kind))
        scene.card.pull()
        scene.daemon.wait_for_removal()
        replace_key(scene.card.file, "9e")
        check_equal(insert(scene, scene.card), scene.token_id, "the token ID")
        now = [item["value_ref"] for item in everything(scene.connection, kind)]
        check(now[0] == kept and now[1] != replaced, "references of the kept and of the new key")
        refuses("item_not_found", scene.connection, {"value_ref": replaced})
        error = check_raises("item_not_found", scene.connection.call, "Keys.Sign", {
            "key": replaced, "data": "", "algorithm": EC_MESSAGE})
        check("has changed" in error.record["hint"], f"no hint: {error.record}")


def replace_key(path, slot):
    """The card gets another one's key and certificate in this slot, and keeps all else."""
    donor = scratch() / "donor.json"
    run(program("keycask-vcard"), "new", donor, "--profile", f"piv:{slot}=p256")
    card, new = (json.loads(file.read_text()) for file in (path, donor))
    card["keys"] = [key for key in card["keys"] if key["slot"] != slot] + new["keys"]
    path.write_text(json.dumps(card))
    put_certificate(path, slot, certificates(donor)[slot].der)


# --- the card is left alone --------------------------------------------------------------------


@test
def looking_sends_nothing_to_the_card():
    """K09: whatever does not use a private key or a PIN is answered without the card."""
    with Scene() as scene:
        signature = scene.connection.call("Keys.Sign", {
            "key": copy(scene.connection, "key", label=KEYS[2], return_ref=True)[0]["value_ref"],
            "algorithm": "ecdsa_signature_message_x962_sha384", "data": b64(b"x")})["signature"]
        before = scene.card.commands()
        check(len(before) > 10, "the card's log is empty")
        look_at_everything(scene, signature)
        check_equal(scene.card.commands(), before, "APDUs")


def look_at_everything(scene, signature):
    connection, daemon = scene.connection, scene.daemon
    for item_class in ("certificate", "key", "identity"):
        everything(connection, item_class)
    for reference in references(connection).values():
        daemon.cli("show", reference)
    key = copy(connection, "key", label=KEYS[2], return_ref=True)[0]["value_ref"]
    asked = {"key": key, "algorithm": "ecdsa_signature_message_x962_sha384"}
    check(connection.call("Keys.Verify", {**asked, "data": b64(b"x"), "signature": signature})
          ["valid"], "the signature is not valid")
    for operation in ("sign", "verify"):
        check(connection.call("Keys.IsAlgorithmSupported", {**asked, "operation": operation})
              ["is_supported"], f"{operation} is not supported")
    connection.call("Tokens.List")
    connection.call("Tokens.Info", {"token_id": scene.token_id})
    connection.call("Slots.List")
    check_raises("param", connection.call, "Keys.Sign", {**asked, "data": "", "algorithm": "x"})
    with daemon.watch() as watch:
        check_equal(watch.next()["event"], "inserted", "keycask watch")
    check_equal(len(daemon.cli("list")), 3 * len(SLOTS), "keycask list")
    check_equal(len(daemon.cli("tokens")), 1, "keycask tokens")
    check_equal(len(daemon.cli("slots")), 1, "keycask slots")
    check_equal(unb64(daemon.cli("cert", "export", CERTIFICATES[0])["certificate"]),
                scene.on_card["9a"].der, "keycask cert export")


main()
