# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys that tokens make: on PIV cards with the management key, on OpenPGP cards with the admin PIN."""
import base64
import hashlib
import json
import os
import pathlib
import time

import der
from key_checks import (ECDSA, EDDSA, MESSAGE, RSA, check_decrypts, check_exchanges, check_signs,
                        public_pem)
from keycask_test import (PIN, check, check_equal, check_raises,
                          eventually, main, program, run, scratch, skip_unless, test)
from lifecycle import NO_PROMPT, query
from prompt_scene import PINENTRY, line
from terminal import Terminal
from token_scene import ADMIN_PIN, DEFAULT_KEY, Pulls, TokenScene

AUTHENTICATE = ("00870", "0087A", "00878")
GENERATE = "0047"


def memfd(text):
    fd = os.memfd_create("administrator")
    os.write(fd, text.encode())
    return fd


def create(connection, token_id, administrator=None, status=None, **attributes):
    """Keys.Create; the error's record where a status is expected."""
    parameters = {"attributes": {"token_id": token_id, **attributes}, "interaction": NO_PROMPT}
    if administrator is not None:
        parameters["administrator"] = administrator
    if status is None:
        return connection.call("Keys.Create", parameters)
    return check_raises(status, connection.call, "Keys.Create", parameters).record


def keys_of(connection, token_id):
    return {key["value_persistent_ref"]: key for key in query(
        connection, **{"class": "key"}, token_id=token_id, return_attributes=True,
        return_persistent_ref=True)}


class Scene(TokenScene):
    def create(self, administrator=None, status=None, **attributes):
        return create(self.connection, self.token_id, administrator, status, **attributes)

    def wait_for(self, made):
        super().wait_for(made["key"])


# --- PIV ---------------------------------------------------------------------------------------


PIV_KINDS = [("9a", "ec", 256, ECDSA), ("9c", "ec", 384, ECDSA), ("9e", "rsa", 2048, RSA)]


@test
def piv_cards_make_keys_that_sign_and_stay():
    with Scene("piv:none") as scene:
        made = []
        for place, key_type, bits, algorithm in PIV_KINDS:
            made.append(scene.create(DEFAULT_KEY, token_object=place, key_type=key_type,
                                     key_size_in_bits=bits))
            scene.watcher.expect("inserted", scene.token_id)
            check_signs(scene.connection, made[-1], algorithm)
        check_equal(len(keys_of(scene.connection, scene.token_id)), 3, "keys")
        scene.reinsert()
        for one, (_, _, _, algorithm) in zip(made, PIV_KINDS):
            scene.wait_for(one)
            check_signs(scene.connection, one, algorithm)


@test
def piv_keys_that_agree_and_decrypt():
    with Scene("piv:none") as scene:
        agrees = scene.create(DEFAULT_KEY, key_type="ec", key_size_in_bits=256, can_derive=True)
        check_exchanges(scene.connection, agrees, "P-256")
        decrypts = scene.create(DEFAULT_KEY, token_object="82", key_type="rsa",
                                key_size_in_bits=2048, can_decrypt=True)
        check_decrypts(scene.connection, decrypts)
        labels = sorted(key["label"] for key in
                        keys_of(scene.connection, scene.token_id).values())
        check_equal(labels, ["Key For Key Management", "Key For Retired Key Management 1"],
                    "labels")


@test
def the_first_free_place_that_fits():
    with Scene("piv:9a=p256") as scene:
        scene.create(DEFAULT_KEY, key_type="ec", can_sign=True)
        generated = [command[:8] for command in scene.card.commands()
                     if command.startswith(GENERATE)]
        check_equal(generated, ["0047009C"], "the command")
        # 9E needs no PIN: nobody gets that without asking for it
        record = scene.create(DEFAULT_KEY, "duplicate_item", key_type="ec", can_sign=True)
        check("every place" in record["message"], record["message"])
        scene.create(DEFAULT_KEY, token_object="9e", key_type="ec")


@test
def a_key_of_which_nothing_is_said_signs():
    with Scene("piv:none") as scene:
        for place in ("9A", "9C"):
            check_signs(scene.connection, scene.create(DEFAULT_KEY, key_type="ec"), ECDSA)
            check_equal([command[:8] for command in scene.card.commands()
                         if command.startswith(GENERATE)][-1], f"004700{place}", "the command")
        record = scene.create(DEFAULT_KEY, "duplicate_item", key_type="ec")
        check("9d" in record["hint"], record["hint"])
    with Scene("openpgp:sig=p256") as scene:
        check_signs(scene.connection, scene.create(ADMIN_PIN, key_type="ed25519"), EDDSA)
        scene.create(ADMIN_PIN, "duplicate_item", key_type="ec")
        scene.create(ADMIN_PIN, key_type="x25519")


@test
def a_taken_place_is_replaced_only_when_said():
    with Scene("piv:9a=p256") as scene:
        before = keys_of(scene.connection, scene.token_id)
        record = scene.create(DEFAULT_KEY, "duplicate_item", token_object="9A", key_type="ec")
        check("--replace" in record["hint"], record["hint"])
        check(not any(command.startswith(AUTHENTICATE) for command in scene.card.commands()),
              "the administrator was asked for in vain")
        check_equal(keys_of(scene.connection, scene.token_id).keys(), before.keys(), "keys")
        made = scene.create(DEFAULT_KEY, token_object="9a", key_type="ec", may_replace=True)
        check_equal(list(keys_of(scene.connection, scene.token_id)), [made["key"]], "keys")
        check_signs(scene.connection, made, ECDSA)
        check_raises("item_not_found", scene.connection.call, "Keys.CopyPublic",
                     {"key": list(before)[0]})


@test
def a_wrong_management_key_and_none():
    with Scene("piv:none") as scene:
        wrong = scene.create("11" * 24, "auth_failed", token_object="9a", key_type="ec")
        check("came with" in wrong["hint"], wrong["hint"])
        for text in ("01" * 16, "1234", DEFAULT_KEY[:-1] + "x", ""):
            before = len([c for c in scene.card.commands() if len(c) > 40])
            record = scene.create(text, "auth_failed", token_object="9a", key_type="ec")
            check("48 hexadecimal digits" in record["hint"] or "came with" in record["hint"],
                  record["hint"])
            after = len([c for c in scene.card.commands() if len(c) > 40])
            check_equal(after, before, "proofs that reached the card")
        record = scene.create(None, "interaction_not_allowed", token_object="9a", key_type="ec")
        check("came with" in record["hint"] and "--administrator-fd" in record["hint"], record["hint"])
        check(DEFAULT_KEY not in json.dumps(record), "the key is told")
        check(not any(c.startswith(GENERATE) for c in scene.card.commands()), "a key was made")
        check(DEFAULT_KEY not in scene.daemon.read_log(), "the key is in the log")


@test
def management_keys_of_all_ciphers():
    kinds = {"3des": "aa" * 24, "aes128": "bb" * 16, "aes192": "cc" * 24, "aes256": "dd" * 32}
    for name, key in kinds.items():
        with Scene("piv:none") as scene:
            scene.card.pull()
            scene.leave()
            content = json.loads(scene.card.file.read_text())
            content["management_key"].update(algorithm=name, value=key)
            scene.card.file.write_text(json.dumps(content))
            scene.insert()
            fd = memfd(key)
            scene.connection.call("Keys.Create", {
                "attributes": {"token_id": scene.token_id, "key_type": "ec"},
                "administrator_fd": 0}, descriptors=[fd])
            os.close(fd)
            record = scene.create(None, "interaction_not_allowed", key_type="ec")
            check("came with" not in record["hint"], record["hint"])


@test
def what_a_piv_card_cannot_make():
    with Scene("piv:none") as scene:
        for status, wanted in [
                ("key_size_not_allowed", {"key_type": "rsa", "key_size_in_bits": 1024}),
                ("key_size_not_allowed", {"key_type": "ec", "key_size_in_bits": 521}),
                ("key_size_not_allowed", {"key_type": "ec", "key_size_in_bits": 1 << 40}),
                ("param", {"key_type": "ed25519"}),
                ("param", {"key_type": "dsa"}),
                ("param", {}),
                ("param", {"key_type": "ec", "token_object": "9b"}),
                ("param", {"key_type": "ec", "token_object": "sign"}),
                ("param", {"key_type": "ec", "token_object": "95"}),
                ("param", {"key_type": "ec", "token_object": "9a", "can_derive": True}),
                ("param", {"key_type": "ec", "can_decrypt": True}),
                ("param", {"key_type": "rsa", "can_sign": True, "can_decrypt": True}),
                ("param", {"key_type": "ec", "is_permanent": False}),
                ("param", {"key_type": "ec", "is_extractable": True}),
                ("param", {"key_type": "ec", "label": "mine"})]:
            record = scene.create(DEFAULT_KEY, status, **wanted)
            check(record["message"], "no message")
        record = create(scene.connection, "org.keycask.piv:NOBODY", DEFAULT_KEY,
                        "item_not_found", key_type="ec")
        check_equal(record["token_id"], "org.keycask.piv:NOBODY", "token")
        check(not any(c.startswith(AUTHENTICATE) for c in scene.card.commands()),
              "the card was asked for its administrator")


@test
def a_card_without_metadata_keeps_what_it_was_seen_making():
    with Scene("piv:9a=p256,strict=yes") as scene:
        record = scene.create(DEFAULT_KEY, "duplicate_item", token_object="9c", key_type="ec")
        check("does not tell" in record["message"] and "--replace" in record["hint"], record)
        made = scene.create(DEFAULT_KEY, token_object="9c", key_type="ec", may_replace=True)
        check_signs(scene.connection, made, ECDSA)
        # its certificate would be taken for the new key's
        again = scene.create(DEFAULT_KEY, token_object="9a", key_type="ec", may_replace=True)
        check_signs(scene.connection, again, ECDSA)
        check_equal(query(scene.connection, **{"class": "certificate"}), [], "certificates")
        scene.create(DEFAULT_KEY, "duplicate_item", token_object="9c", key_type="ec")


# --- OpenPGP -----------------------------------------------------------------------------------


OPENPGP_KINDS = [
    ("sign", "rsa", 2048, lambda *made: check_signs(*made, RSA)),
    ("decrypt", "rsa", 2048, lambda *made: check_decrypts(*made, "rsa_encryption_pkcs1")),
    ("authenticate", "ec", 384, lambda *made: check_signs(*made, ECDSA)),
    ("sign", "ed25519", None, lambda *made: check_signs(*made, EDDSA)),
    ("decrypt", "x25519", None, lambda *made: check_exchanges(*made, "x25519")),
    ("authenticate", "ec", 521, lambda *made: check_signs(*made, ECDSA)),
    ("decrypt", "ec", 256, lambda *made: check_exchanges(*made, "P-256")),
]


@test
def openpgp_cards_make_keys_that_work_and_stay():
    with Scene("openpgp:none") as scene:
        made = {}
        for place, key_type, bits, use in OPENPGP_KINDS:
            size = {"key_size_in_bits": bits} if bits else {}
            made[place] = scene.create(ADMIN_PIN, token_object=place, key_type=key_type,
                                       may_replace=place in made, **size), use
            use(scene.connection, made[place][0])
        scene.reinsert()
        for one, use in made.values():
            use(scene.connection, one)
        scene.watcher.check_quiet()  # the cache knew of them


# RFC 9580, 9.1 and 9.2: algorithm by place, OID of the curve; 11.5: hash and cipher of ECDH.
CURVES = {("ec", 256): "2a8648ce3d030107", ("ec", 384): "2b81040022", ("ec", 521): "2b81040023",
          ("ed25519", None): "2b06010401da470f01", ("x25519", None): "2b060104019755010501"}
ECDH_TERMS = {256: "03010807", 384: "03010909", 521: "03010a09", None: "03010807"}


def mpi(number):
    bits = int.from_bytes(number, "big").bit_length()
    return bits.to_bytes(2, "big") + number.lstrip(b"\0")


def key_packet(place, key_type, bits, created, info):
    """The body of an OpenPGP public-key packet of version 4."""
    bit_string = der.children(der.children(info)[0][1])[1][1][1:]
    head = b"\x04" + created
    if key_type == "rsa":
        modulus, exponent = (value for _, value in der.children(der.children(bit_string)[0][1]))
        return head + b"\x01" + mpi(modulus) + mpi(exponent)
    algorithm = 22 if key_type == "ed25519" else 18 if place == "decrypt" else 19
    oid = bytes.fromhex(CURVES[key_type, bits])
    point = bit_string if key_type == "ec" else b"\x40" + bit_string
    body = head + bytes([algorithm, len(oid)]) + oid + mpi(point)
    return body + (bytes.fromhex(ECDH_TERMS[bits]) if algorithm == 18 else b"")


@test
def gnupg_finds_the_keys_by_their_fingerprints():
    """What the card was told to keep is what gpg makes of the same key."""
    kinds = [kind[:3] for kind in OPENPGP_KINDS[:3]] + \
        [kind[:3] for kind in OPENPGP_KINDS[3:5]] + [OPENPGP_KINDS[5][:3]]
    for three in (kinds[:3], kinds[3:], [("sign", "ec", 256), ("decrypt", "ec", 384),
                                         ("authenticate", "ec", 256)]):
        with Scene("openpgp:none") as scene:
            infos = []
            for place, key_type, bits in three:
                size = {"key_size_in_bits": bits} if bits else {}
                made = scene.create(ADMIN_PIN, token_object=place, key_type=key_type, **size)
                infos.append(base64.b64decode(scene.connection.call(
                    "Keys.CopyPublic", {"key": made["key"]})["public_key_info"]))
            scene.card.pull()
            kept = json.loads(scene.card.file.read_text())["openpgp"]["keys"]
            for (place, key_type, bits), info, key in zip(three, infos, kept):
                created = bytes.fromhex(key["time"])
                check(abs(int.from_bytes(created, "big") - time.time()) < 3600, "the time")
                body = key_packet(place, key_type, bits, created, info)
                packet = b"\x99" + len(body).to_bytes(2, "big") + body
                fingerprint = key["fingerprint"].lower()
                check_equal(hashlib.sha1(packet).hexdigest(), fingerprint, "the fingerprint")
                if os.access("/usr/bin/gpg", os.X_OK):
                    told, _ = run("gpg", "--homedir", scratch(), "--list-packets", input=packet)
                    check(f"keyid: {fingerprint[-16:].upper()}" in told.decode(), told)


@test
def a_wrong_admin_pin_costs_a_try_and_the_last_takes_a_yes():
    with Scene("openpgp:none") as scene:
        record = scene.create("1", "auth_failed", token_object="sign", key_type="ec")
        check("8 to" in record["message"], record["message"])  # it did not reach the card
        for left in (2, 1):
            record = scene.create("87654321", "auth_failed", token_object="sign", key_type="ec")
            check_equal(record["tries_left"], left, "tries left")
            check("admin PIN" in record["hint"], record["hint"])
        record = scene.create(ADMIN_PIN, "interaction_not_allowed", token_object="sign",
                              key_type="ec")
        check("one try is left" in record["message"], record["message"])
        record = scene.create(None, "interaction_not_allowed", token_object="sign", key_type="ec")
        check("--administrator-fd" in record["hint"] or "one try" in record["message"], record)
        check(not any(c.startswith("004780") for c in scene.card.commands()), "a key was made")
        scene.connection.call("Keys.Create", {
            "attributes": {"token_id": scene.token_id, "key_type": "ec", "token_object": "sign"},
            "administrator": ADMIN_PIN, "last_try": True, "interaction": NO_PROMPT})


@test
def what_an_openpgp_card_cannot_make():
    with Scene("openpgp:sig=p256") as scene:
        for status, wanted in [
                ("key_size_not_allowed", {"key_type": "rsa", "key_size_in_bits": 1024}),
                ("key_size_not_allowed", {"key_type": "ec", "key_size_in_bits": 224}),
                ("param", {"key_type": "ec", "token_object": "9a"}),
                ("param", {"key_type": "x25519", "token_object": "sign"}),
                ("param", {"key_type": "ed25519", "token_object": "decrypt"}),
                ("param", {"key_type": "rsa", "can_sign": True, "can_decrypt": True}),
                ("duplicate_item", {"key_type": "ec", "token_object": "sign"})]:
            scene.create(ADMIN_PIN, status, **wanted)
        check(not any(c.startswith("002000") for c in scene.card.commands()),
              "the card was asked for its administrator")


# --- nobody else -------------------------------------------------------------------------------


@test
def nobody_inherits_the_administrator():
    """The card is reset before anybody has it again, and other sessions stay what they are."""
    with Scene("piv:9a=p256") as scene, scene.daemon.connect() as other:
        reference = list(keys_of(other, scene.token_id))[0]
        sign = {"key": reference, "algorithm": ECDSA, "data": MESSAGE, "interaction": NO_PROMPT}
        check_raises("interaction_not_allowed", scene.connection.call, "Keys.Sign", sign)
        other.call("Keys.Sign", {**sign, "pin": PIN})
        scene.create(DEFAULT_KEY, token_object="9c", key_type="ec")
        other.call("Keys.Sign", sign)
        check_raises("interaction_not_allowed", scene.connection.call, "Keys.Sign", sign)
        lines = scene.card.contacts.read_text().splitlines()
        made = max(n for n, line in enumerate(lines) if line.startswith("> " + GENERATE))
        used = [n for n, line in enumerate(lines) if line.startswith("> ") and n > made]
        resets = [n for n, line in enumerate(lines) if "reset" in line and n > made]
        check(resets and resets[0] < used[1 if "C000" in lines[used[0]] else 0],
              "the card was used as the administrator after the key was made")


@test
def a_failed_administrator_is_forgotten_too():
    with Scene("openpgp:sig=p256") as scene:
        scene.create(ADMIN_PIN, token_object="authenticate", key_type="ec")
        lines = scene.card.contacts.read_text().splitlines()
        before = len([line for line in lines if "reset" in line])
        scene.create("87654321", "auth_failed", token_object="decrypt", key_type="ec")
        scene.connection.call("Tokens.PinStatus", {"token_id": scene.token_id})
        lines = scene.card.contacts.read_text().splitlines()
        check(len([line for line in lines if "reset" in line]) > before, "no reset")


# --- somebody is asked -------------------------------------------------------------------------


def prompting(profile):
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    return Scene(profile, pinentry=PINENTRY)


@test
def a_person_is_asked_for_the_management_key():
    with prompting("piv:none") as scene, Terminal() as terminal, \
            scene.daemon.connect() as connection:
        connection.send("Keys.Create", {
            "attributes": {"token_id": scene.token_id, "key_type": "ec"},
            "interaction": terminal.interaction()})
        shown = terminal.read_until("\nManagement key (hexadecimal): ")
        check("which takes its management key" in shown and "Tries left" not in shown, shown)
        terminal.type("1234\n")
        shown = terminal.read_until("\nManagement key (hexadecimal): ")
        check("no management key of this card" in shown, shown)
        terminal.type("11" * 24 + "\n")
        shown = terminal.read_until("\nManagement key (hexadecimal): ")
        check("the management key is wrong" in shown, shown)
        terminal.type(DEFAULT_KEY + "\n")
        check_signs(connection, connection.receive()[0], ECDSA)


@test
def a_person_is_asked_for_the_admin_pin():
    with prompting("openpgp:none") as scene, Terminal() as terminal, \
            scene.daemon.connect() as connection:
        connection.send("Keys.Create", {
            "attributes": {"token_id": scene.token_id, "key_type": "ec", "token_object": "sign"},
            "interaction": terminal.interaction()})
        shown = terminal.read_until("\nAdmin PIN: ")
        check_equal(line(shown, "Tries left"), "3", "tries left")
        terminal.type("87654321\n")
        shown = terminal.read_until("\nAdmin PIN: ")
        check_equal(line(shown, "Tries left"), "2", "tries left")
        terminal.type(ADMIN_PIN + "\n")
        check_signs(connection, connection.receive()[0], ECDSA)


@test
def the_command_makes_keys():
    with Scene("piv:none") as scene:
        reader, writer = os.pipe()
        os.write(writer, DEFAULT_KEY.encode() + b"\n")
        os.close(writer)
        made = scene.daemon.cli("key", "create", "--type", "rsa", "--token", scene.token_id,
                                "--object", "9a", "--administrator-fd", reader,
                                pass_fds=[reader])
        os.close(reader)
        check_equal([key["key_size_in_bits"] for key in
                     keys_of(scene.connection, scene.token_id).values()], [2048], "keys")
        check(made, "nothing is told of it")
        _, errors = run(program("keycask"), "key", "create", "--type", "ec", "--token",
                        scene.token_id, "--object", "9a", "--no-prompt", env=scene.daemon.env,
                        status=1)
        check("--replace" in errors.decode(), errors)


# --- trouble -----------------------------------------------------------------------------------


def make_key(scene):
    return TokenScene.create(scene, key_type="ec")


def check_makes_key(scene):
    check_signs(scene.connection, make_key(scene), ECDSA)


@test
def a_piv_card_is_pulled_at_each_apdu():
    Pulls("piv:none", DEFAULT_KEY, make_key).run(check_makes_key)


@test
def an_openpgp_card_is_pulled_at_each_apdu():
    Pulls("openpgp:none", ADMIN_PIN, make_key).run(check_makes_key)


@test
def a_client_that_leaves_while_the_card_works():
    """Its key is told of all the same, and the card is nobody's."""
    with Scene("piv:none") as scene:
        with scene.daemon.connect() as hasty:
            hasty.send("Keys.Create", {
                "attributes": {"token_id": scene.token_id, "key_type": "rsa",
                               "key_size_in_bits": 3072},
                "administrator": DEFAULT_KEY, "interaction": NO_PROMPT})
            eventually(lambda: any(c.startswith(GENERATE) for c in scene.card.commands()),
                       "the card makes a key")
        scene.watcher.expect("inserted", scene.token_id)
        found = keys_of(scene.connection, scene.token_id)
        check_equal([key["key_size_in_bits"] for key in found.values()], [3072], "keys")


@test
def it_is_in_the_audit_log():
    with Scene("piv:none") as scene:
        scene.create("11" * 24, "auth_failed", key_type="ec")
        scene.create(DEFAULT_KEY, key_type="ec")
        log = pathlib.Path(scene.daemon.env["KEYCASK_STATE_DIR"], "audit.log").read_text()
        lines = [json.loads(line) for line in log.splitlines()]
        told = [(line["result"], "key_hash" in line) for line in lines
                if line["operation"] == "create"]
        check_equal(told, [("auth_failed", False), ("success", True)], "audit log")
        check(DEFAULT_KEY not in log, "the management key is in the audit log")


main()
