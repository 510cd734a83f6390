# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenPGP cards in the keychain: keys that gpg made, certificates, passwords and their two states,
key derivation, touch; a card with PIV besides; and gpg on the same card at the same time."""
import base64
import os
import re

from keycask_test import (PIN, Card, Daemon, VarlinkError, check, check_equal, check_raises,
                          eventually, main, openssl, run, scratch, test)
from openpgp_tools import ADMIN_PIN, Gpg, Stranger
from pin_scene import configure
from piv_tools import Pcscd

MESSAGE = b"signed by an OpenPGP card\n"
SIGNATURE_KEY = "OpenPGP signature key"
DECRYPTION_KEY = "OpenPGP decryption key"
AUTHENTICATION_KEY = "OpenPGP authentication key"
PIV_KEY = "Key For PIV Authentication"
QUIET = {"authentication_ui": "fail"}
NEW_PIN = "24681357"
EDDSA = "eddsa_signature_message_ed25519"


def b64(data):
    return base64.b64encode(data).decode()


def file_with(data, name="data"):
    path = scratch() / name
    path.write_bytes(data)
    return path


def keys(daemon):
    """What is published of keys, by label."""
    query = {"class": "key", "match_limit": "all", "return_attributes": True,
             "return_persistent_ref": True}
    try:
        found = daemon.call("Items.CopyMatching", {"query": query})["items"]
    except VarlinkError as error:
        check_equal(error.name, "item_not_found", "failure")
        return {}
    return {key["label"]: key for key in found}


def public_key(daemon, label):
    """As PEM, in a file."""
    path = scratch() / "public.pem"
    out, _ = run("keycask", "key", "export", "--key", label, "--pem", env=daemon.env)
    path.write_bytes(out)
    return path


def sign(daemon, label, pin=PIN, **options):
    """A signature that openssl accepts; or what keycask says of a failure, with status=1."""
    answer = daemon.cli("sign", "--key", label, file_with(MESSAGE), pin=pin, **options)
    if options.get("status"):
        return answer
    judge(public_key(daemon, label), base64.b64decode(answer["signature"]), answer["algorithm"])
    return answer


def judge(public, signature, algorithm, message=MESSAGE):
    """openssl accepts it over the message. dgst knows no Ed25519."""
    path = file_with(signature, "signature")
    if algorithm == EDDSA:
        openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, "-sigfile", path, "-in",
                file_with(message))
    else:
        openssl("dgst", "-sha256", "-verify", public, "-signature", path, input=message)


def insert(daemon, card, **options):
    card.insert(daemon, **options)
    return daemon.wait_for_token()["token_id"]


def count(card, prefix):
    return sum(command.startswith(prefix) for command in card.commands())


# --- keys --------------------------------------------------------------------------------------


def check_signs(daemon):
    for label in (SIGNATURE_KEY, AUTHENTICATION_KEY):
        sign(daemon, label)


def check_profile(profile, kinds):
    """All three keys of a card do what they are for, as openssl judges."""
    with Daemon() as daemon, Card(profile) as card:
        insert(daemon, card)
        found = keys(daemon)
        check_equal({label: (key["key_type"], key["key_size_in_bits"])
                     for label, key in found.items()}, kinds, "keys")
        check_signs(daemon)
        if kinds[DECRYPTION_KEY][0] == "rsa":
            check_decrypts(daemon)
        else:
            check_agrees(daemon)


def check_decrypts(daemon):
    secret = os.urandom(32)
    sealed = openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", public_key(daemon, DECRYPTION_KEY),
                     "-in", file_with(secret))
    answer = daemon.cli("decrypt", "--key", DECRYPTION_KEY, "--algorithm", "rsa_encryption_pkcs1",
                        file_with(sealed), pin=PIN)
    check_equal(base64.b64decode(answer["plaintext"]), secret, "what the card decrypts")


def check_agrees(daemon):
    ours, other = public_key(daemon, DECRYPTION_KEY), scratch() / "other.pem"
    make_peer(ours, other)
    theirs = scratch() / "other.pub"
    openssl("pkey", "-in", other, "-pubout", "-out", theirs)
    answer = daemon.cli("derive", "--key", DECRYPTION_KEY, theirs, "--algorithm",
                        "ecdh_key_exchange_standard", pin=PIN)
    check_equal(base64.b64decode(answer["secret"]),
                openssl("pkeyutl", "-derive", "-inkey", other, "-peerkey", ours), "agreed secret")


def make_peer(ours, path):
    """A private key on the curve of ours."""
    said = openssl("pkey", "-pubin", "-in", ours, "-text", "-noout").decode()
    if said.startswith("X25519"):
        openssl("genpkey", "-algorithm", "x25519", "-out", path)
    else:
        curve = re.search(r"ASN1 OID: (\S+)", said)[1]
        openssl("ecparam", "-name", curve, "-genkey", "-noout", "-out", path)


@test
def rsa_keys_do_what_they_are_for():
    check_profile("openpgp:sig=rsa2048,dec=rsa3072,aut=rsa2048", {
        SIGNATURE_KEY: ("rsa", 2048), DECRYPTION_KEY: ("rsa", 3072),
        AUTHENTICATION_KEY: ("rsa", 2048)})


@test
def ec_keys_do_what_they_are_for():
    check_profile("openpgp:sig=p256,dec=p384,aut=p521", {
        SIGNATURE_KEY: ("ec", 256), DECRYPTION_KEY: ("ec", 384), AUTHENTICATION_KEY: ("ec", 521)})


@test
def a_card_without_extended_lengths_serves_as_well():
    check_profile("openpgp:sig=rsa2048,dec=rsa2048,aut=p256,extended=none", {
        SIGNATURE_KEY: ("rsa", 2048), DECRYPTION_KEY: ("rsa", 2048),
        AUTHENTICATION_KEY: ("ec", 256)})


@test
def curve25519_keys_do_what_they_are_for():
    check_profile("openpgp:sig=ed25519,dec=x25519,aut=ed25519", {
        SIGNATURE_KEY: ("ed25519", 256), DECRYPTION_KEY: ("x25519", 256),
        AUTHENTICATION_KEY: ("ed25519", 256)})


@test
def curve25519_keys_are_beside_others():
    check_profile("openpgp:sig=rsa2048,dec=x25519,aut=p256", {
        SIGNATURE_KEY: ("rsa", 2048), DECRYPTION_KEY: ("x25519", 256),
        AUTHENTICATION_KEY: ("ec", 256)})


@test
def an_ed25519_card_has_an_end_of_messages():
    """The software card signs up to 512 bytes, in a chain of commands if it must."""
    for profile in ("openpgp:sig=ed25519,pin=lasting", "openpgp:sig=ed25519,pin=lasting,extended=none"):
        with Daemon() as daemon, Card(profile) as card:
            insert(daemon, card)
            for size in (1, 255, 256, 512):
                answer = daemon.cli("sign", file_with(b"x" * size), pin=PIN)
                check_equal(answer["algorithm"], EDDSA, "algorithm")
                judge(public_key(daemon, SIGNATURE_KEY), base64.b64decode(answer["signature"]),
                      EDDSA, b"x" * size)
            for size, message in ((513, "the card refuses to sign a message of 513 bytes"),
                                  (60000, "a message of 60000 bytes; this card signs up to"),
                                  (70000, "a token signs messages of up to 65535")):
                record = daemon.cli("sign", file_with(b"x" * size), pin=PIN, status=1)
                check_equal(record["name"], "param", f"{size} bytes")
                check(message in record["message"], record)


@test
def an_ed25519_signature_wants_the_pin_each_time():
    with configure(Daemon(), lease_ms=60000) as daemon, \
            Card("openpgp:sig=ed25519,dec=x25519,aut=ed25519") as card, \
            daemon.connect() as connection:
        insert(daemon, card)
        found = keys(daemon)

        def call(label, **options):
            return connection.call("Keys.Sign", {
                "key": found[label]["value_persistent_ref"], "algorithm": EDDSA,
                "data": b64(MESSAGE), "interaction": QUIET, **options})

        call(AUTHENTICATION_KEY, pin=PIN)
        call(AUTHENTICATION_KEY)
        call(SIGNATURE_KEY, pin=PIN)
        call(SIGNATURE_KEY, pin=PIN)
        peer = found[DECRYPTION_KEY]
        connection.call("Keys.Exchange", {
            "key": peer["value_persistent_ref"], "algorithm": "ecdh_key_exchange_standard",
            "public_key": b64(b"\x09" + b"\0" * 31), "interaction": QUIET})
        check_equal((count(card, "00200081"), count(card, "00200082")), (2, 1), "PINs")


@test
def certificates_make_identities():
    with Daemon() as daemon, Card("openpgp:sig=rsa2048+cert,dec=p256+cert,aut=p256+cert") as card:
        insert(daemon, card)
        identities = [item for item in daemon.cli("list") if item["class"] == "identity"]
        check_equal(sorted(item["label"] for item in identities),
                    ["OpenPGP authentication certificate", "OpenPGP decryption certificate",
                     "OpenPGP signature certificate"], "identities")
        check_signs(daemon)


# --- passwords ---------------------------------------------------------------------------------


@test
def each_signature_wants_the_pin_and_the_rest_wants_it_once():
    with configure(Daemon(), lease_ms=60000) as daemon, \
            Card("openpgp:sig=p256,dec=p256,aut=p256") as card, daemon.connect() as connection:
        insert(daemon, card)
        found = keys(daemon)
        check_equal(found[SIGNATURE_KEY]["access_control"]["sign"], "pin_always", "signature key")
        check_equal(found[AUTHENTICATION_KEY]["access_control"]["sign"], "pin", "the other")

        def call(label, **options):
            return connection.call("Keys.Sign", {
                "key": found[label]["value_persistent_ref"],
                "algorithm": "ecdsa_signature_message_x962_sha256", "data": b64(MESSAGE),
                "interaction": QUIET, **options})

        call(AUTHENTICATION_KEY, pin=PIN)
        call(AUTHENTICATION_KEY)
        check_equal(count(card, "00200082"), 1, "PINs for all else")
        check_equal(count(card, "00200081"), 0, "PINs for signatures")
        call(SIGNATURE_KEY, pin=PIN)
        call(SIGNATURE_KEY, pin=PIN)
        check_equal(count(card, "00200081"), 2, "PINs for signatures")
        check_equal(count(card, "00200082"), 1, "PINs for all else")


@test
def a_pin_that_lasts_is_wanted_once():
    with Daemon() as daemon, Card("openpgp:sig=p256,pin=lasting") as card:
        insert(daemon, card)
        check_equal(keys(daemon)[SIGNATURE_KEY]["access_control"]["sign"], "pin", "signature key")
        sign(daemon, SIGNATURE_KEY)


@test
def wrong_pins_are_counted_and_the_administrator_unblocks():
    with Daemon() as daemon, Card("openpgp:aut=p256") as card:
        insert(daemon, card)
        for left in (2, 1):
            answer = sign(daemon, AUTHENTICATION_KEY, pin="000000", status=1)
            check_equal((answer["name"], answer["tries_left"]), ("auth_failed", left), "failure")
        check_equal(daemon.cli("pin", "status"), {"tries_left": 1}, "tries")
        answer = daemon.cli("pin", "verify", "--last-try", pin="000000", status=1)
        check_equal(answer["name"], "pin_blocked", "failure")
        with daemon.connect() as connection:
            token_id = daemon.cli("tokens")[0]["token_id"]
            record = check_raises("auth_failed", connection.call, "Tokens.UnblockPin", {
                "token_id": token_id, "by": "admin", "unblocking": "00000000", "new": NEW_PIN,
                "interaction": QUIET}).record
            check_equal(record["tries_left"], 2, "tries of the admin PIN")
            connection.call("Tokens.UnblockPin", {
                "token_id": token_id, "by": "admin", "unblocking": ADMIN_PIN, "new": NEW_PIN,
                "interaction": QUIET})
        sign(daemon, AUTHENTICATION_KEY, pin=NEW_PIN)
        check("0020FF83" in card.commands(), "the card kept the administrator's state")


@test
def pins_are_listed_and_changed():
    with Daemon() as daemon, Card("openpgp:aut=p256") as card, daemon.connect() as connection:
        token_id = insert(daemon, card)
        pins = {pin["pin_id"]: pin for pin in
                connection.call("Tokens.Pins", {"token_id": token_id})["pins"]}
        check_equal(sorted(pins), ["admin", "pin"], "PINs")
        check_equal((pins["admin"]["role"], pins["admin"]["tries_left"]), ("admin", 3), "admin PIN")
        for pin_id, old, new in (("pin", PIN, NEW_PIN), ("admin", ADMIN_PIN, "87654321")):
            connection.call("Tokens.ChangePin", {"token_id": token_id, "pin_id": pin_id,
                                                 "current": old, "new": new, "interaction": QUIET})
        sign(daemon, AUTHENTICATION_KEY, pin=NEW_PIN)
        check_raises("auth_failed", connection.call, "Tokens.ChangePin", {
            "token_id": token_id, "pin_id": "admin", "current": ADMIN_PIN, "new": "87654321",
            "interaction": QUIET})


@test
def the_pin_is_typed_on_the_readers_keypad():
    with Daemon() as daemon, Card("openpgp:aut=p256,sig=p256", keypad=True) as card:
        insert(daemon, card)
        found = keys(daemon)
        for label, state in ((AUTHENTICATION_KEY, "00200082"), (SIGNATURE_KEY, "00200081")):
            with daemon.connect() as connection:
                asked = card.contacts.read_text().count("# keypad: ")
                connection.send("Keys.Sign", {
                    "key": found[label]["value_persistent_ref"], "data": b64(MESSAGE),
                    "algorithm": "ecdsa_signature_message_x962_sha256",
                    "interaction": {"authentication_ui": "allow"}})
                eventually(lambda before=asked:
                           card.contacts.read_text().count("# keypad: ") > before, "the question")
                with open(card.keypad, "w", encoding="ascii") as typed:
                    typed.write(PIN + "\n")
                check(connection.receive()[0]["signature"], "no signature")
            check_equal(count(card, state), 1, f"VERIFY for the {label}")


# --- gpg's cards -------------------------------------------------------------------------------


def public_numbers(gpg, place="0"):
    """gpg's own word for the public parts of its keys, in order of key and subkeys: the modulus."""
    said = gpg.run("--list-keys", "--with-key-data", "--with-colons").decode()
    return [bytes.fromhex(value) for value in re.findall(rf"^pkd:{place}:\d+:([0-9A-F]+):", said,
                                                         re.MULTILINE)]


def session_key_packet(message):
    """The RSA cryptogram in the first packet of an OpenPGP message (RFC 4880, 4.2 and 5.1)."""
    check(message[0] == 0x85 and message[3] == 3, "not a public-key encrypted session key")
    length = int.from_bytes(message[1:3], "big")
    n_bytes = (int.from_bytes(message[13:15], "big") + 7) // 8
    check(message[12] == 1 and 15 + n_bytes == length + 3, "not an RSA packet")
    return message[15:15 + n_bytes]


@test
def keys_made_by_gpg_sign_and_decrypt_for_keycask():
    with Gpg() as gpg, Card("openpgp:none") as card:
        with Pcscd() as pcscd:
            gpg.insert(pcscd, card)
            gpg.generate()
            gpg.end()
            card.pull()
        with Daemon() as daemon:
            insert(daemon, card)
            check_equal(len(keys(daemon)), 3, "keys")
            check_signs(daemon)
            said = [run("keycask", "key", "export", "--key", label, "--raw", env=daemon.env)[0]
                    for label in (SIGNATURE_KEY, AUTHENTICATION_KEY, DECRYPTION_KEY)]
            for number in public_numbers(gpg):
                check(any(number in raw for raw in said), "gpg knows another key")
            with Stranger(gpg.public_keys()) as stranger:
                message = stranger.encrypt(b"for the holder of the card")
                sealed = session_key_packet(message)
                size = 256
                answer = daemon.cli("decrypt", "--key", DECRYPTION_KEY, "--algorithm",
                                    "rsa_encryption_pkcs1",
                                    file_with(sealed.rjust(size, b"\0")), pin=PIN)
                session = base64.b64decode(answer["plaintext"])
                check_equal(sum(session[1:-2]) & 0xffff, int.from_bytes(session[-2:], "big"),
                            "check sum of the session key")
                plain = stranger.run("--override-session-key",
                                     f"{session[0]}:{session[1:-2].hex().upper()}", "--decrypt",
                                     input=message)
                check_equal(plain, b"for the holder of the card", "what gpg makes of it")


@test
def curve25519_keys_made_by_gpg_sign_and_agree_for_keycask():
    """What gpg's key generation proposes to everybody."""
    with Gpg() as gpg, Card("openpgp:none") as card:
        with Pcscd() as pcscd:
            gpg.insert(pcscd, card)
            gpg.set_attributes("ed25519")
            gpg.generate()
            gpg.end()
            card.pull()
        with Daemon() as daemon:
            insert(daemon, card)
            check_equal(sorted(key["key_type"] for key in keys(daemon).values()),
                        ["ed25519", "ed25519", "x25519"], "keys")
            check_signs(daemon)
            check_agrees(daemon)
            said = [run("keycask", "key", "export", "--key", label, "--raw", env=daemon.env)[0]
                    for label in (SIGNATURE_KEY, AUTHENTICATION_KEY, DECRYPTION_KEY)]
            points = public_numbers(gpg, "1")  # 0 is the curve
            check_equal(sorted(points), sorted(b"\x40" + raw for raw in said), "gpg's keys")


@test
def what_gpg_set_up_for_key_derivation_keycask_obeys():
    with Gpg() as gpg, Card("openpgp:none") as card:
        with Pcscd() as pcscd:
            gpg.insert(pcscd, card)
            gpg.generate()
            gpg.edit("admin", "kdf-setup")
            gpg.end()
            card.pull()
            with Daemon() as daemon:
                token_id = insert(daemon, card)
                check_signs(daemon)
                answer = sign(daemon, AUTHENTICATION_KEY, pin="000000", status=1)
                check_equal(answer["tries_left"], 2, "tries left")
                daemon.call("Tokens.ChangePin", {"token_id": token_id, "current": PIN,
                                                 "new": NEW_PIN, "interaction": QUIET})
                sign(daemon, AUTHENTICATION_KEY, pin=NEW_PIN)
                card.pull()
                daemon.wait_for_removal()
            gpg.set_pins(user=NEW_PIN)
            gpg.insert(pcscd, card)
            signature = gpg.sign(MESSAGE)
            with Stranger(gpg.public_keys()) as stranger:
                stranger.verify(signature, MESSAGE)
            card.pull()


@test
def gpg_and_keycask_share_a_card_in_pcscds_reader():
    """scdaemon keeps its connection all the time, and loses heart when others reset the card: it is
    started anew for each of its turns. keycask takes its turns while scdaemon is there."""
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none") as card:
        gpg.insert(pcscd, card)
        gpg.generate()
        with configure(Daemon(providers="pcsc"), lease_ms=0) as daemon, \
                Stranger(gpg.public_keys()) as stranger:
            eventually(lambda: len(keys(daemon)) == 3, "the keys are there")
            for _ in range(3):
                gpg.end()
                stranger.verify(gpg.sign(MESSAGE), MESSAGE)
                check_signs(daemon)
                gpg.end()
                check_equal(gpg.decrypt(stranger.encrypt(MESSAGE)), MESSAGE, "gpg decrypts")
            check_equal(daemon.cli("pin", "status"), {"tries_left": 3}, "tries")
        gpg.end()
        card.pull()


# --- touch -------------------------------------------------------------------------------------


@test
def touch_flags_are_shown_and_a_missing_touch_is_told():
    with Daemon() as daemon, Card("openpgp:sig=p256+touch,aut=p256") as card:
        insert(daemon, card, touch="never")
        found = keys(daemon)
        check(found[SIGNATURE_KEY]["access_control"].get("touch"), "the touch flag is not shown")
        check(not found[AUTHENTICATION_KEY]["access_control"].get("touch"), "a flag too many")
        answer = sign(daemon, SIGNATURE_KEY, status=1)
        check_equal(answer["name"], "user_canceled", "status")
        check("touched" in answer["message"], f"message: {answer['message']}")
        sign(daemon, AUTHENTICATION_KEY)


# --- two applications --------------------------------------------------------------------------


def references(daemon, *labels):
    found = keys(daemon)
    return [found[label]["value_persistent_ref"] for label in labels]


def sign_with(connection, reference, **options):
    return connection.call("Keys.Sign", {
        "key": reference, "algorithm": "ecdsa_signature_message_x962_sha256",
        "data": b64(MESSAGE), "interaction": QUIET, **options})


@test
def one_card_is_two_tokens_and_the_pin_of_one_serves_not_the_other():
    with configure(Daemon(), lease_ms=60000) as daemon, \
            Card("piv:9a=p256/openpgp:sig=p256,aut=p256") as card, daemon.connect() as connection:
        card.insert(daemon)
        eventually(lambda: len(daemon.call("Tokens.List")["tokens"]) == 2 and
                   len(keys(daemon)) == 3, "two tokens and their keys")
        slot, = [slot for slot in daemon.cli("slots") if slot["token_ids"]]
        check_equal(sorted(token.split(":")[0] for token in slot["token_ids"]),
                    ["org.keycask.openpgp", "org.keycask.piv"], "tokens in the slot")
        piv, openpgp = references(daemon, PIV_KEY, AUTHENTICATION_KEY)
        check_raises("interaction_not_allowed", sign_with, connection, piv)
        sign_with(connection, piv, pin=PIN)
        sign_with(connection, piv)
        check_raises("interaction_not_allowed", sign_with, connection, openpgp)
        check_equal(count(card, "00200082"), 0, "PINs that reached the OpenPGP application")
        for _ in range(3):
            sign_with(connection, openpgp, pin=PIN)
            sign_with(connection, piv)
        check_equal(count(card, "00880000"), 3, "authentications")
        for token in daemon.call("Tokens.List")["tokens"]:
            status = daemon.call("Tokens.PinStatus", {"token_id": token["token_id"]})
            check_equal(status["tries_left"], 3, "tries")


@test
def eight_clients_use_both_tokens_at_once():
    with Daemon() as daemon, Card("piv:9a=p256,9e=p256/openpgp:aut=p256") as card:
        card.insert(daemon)
        eventually(lambda: len(daemon.call("Tokens.List")["tokens"]) == 2 and
                   len(keys(daemon)) == 3, "two tokens and their keys")
        found = references(daemon, PIV_KEY, AUTHENTICATION_KEY)
        clients = [daemon.connect() for _ in range(8)]
        for round_ in range(5):
            for number, client in enumerate(clients):
                client.send("Keys.Sign", {
                    "key": found[number % 2], "algorithm": "ecdsa_signature_message_x962_sha256",
                    "data": b64(MESSAGE), "interaction": QUIET, "pin": PIN})
            for client in clients:
                check(client.receive()[0]["signature"], f"round {round_}: no signature")
        for client in clients:
            client.close()


@test
def the_card_leaves_with_both_its_tokens():
    with Daemon() as daemon, Card("piv:9e=p256/openpgp:aut=p256") as card:
        card.insert(daemon)
        eventually(lambda: len(keys(daemon)) == 2, "the keys of both")
        card.pull()
        daemon.wait_for_removal()
        check_equal(keys(daemon), {}, "keys without a card")


main()
