# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys that keycask makes and keeps itself: openssl judges their public halves and what they sign.
What is not permanent, what is refused, and what is left when a call fails."""
import hashlib
import json
import subprocess

from keycask_test import (Card, Daemon, check, check_equal, check_raises, main, openssl, program, run,
                          skip_unless, test)
from keychain_scene import KeychainDaemon, set_password, unlock
from lifecycle import Footprint, is_sanitized
from made_keys import MadeKey, add, b64, file_with, find, sign, unb64, use
from memory import pieces
from person_scene import access_control
from pin_scene import audit_lines
from prompt_scene import adopt
from terminal import Terminal

KEY = {"class": "key"}
DATA = b"what is signed"
X962 = "ecdsa_signature_message_x962_sha256"
PKCS1 = "rsa_signature_message_pkcs1v15_sha256"
ED25519 = "eddsa_signature_message_ed25519"
STANDARD = "ecdh_key_exchange_standard"
EC = {"key_type": "ec", "key_size_in_bits": 256}
RSA = {"key_type": "rsa", "key_size_in_bits": 2048}
PERMANENT = {"is_permanent": True}


def create(peer, **attributes):
    answer = peer.call("Keys.Create", {"attributes": attributes})
    return answer["key"], answer["public_key"]


def refused(name, message, call, *arguments, **options):
    record = check_raises(name, call, *arguments, **options).record
    check_equal(record["message"], message, "the message")
    return record


def keys_of(peer, **attributes):
    """The key items there are, none included."""
    try:
        return find(peer, **KEY, **attributes, match_limit="all", return_attributes=True)
    except Exception as error:
        check_equal(getattr(error, "name", None), "item_not_found", "the failure")
        return []


def public_path(peer, reference):
    """A file with its public half, which openssl reads."""
    info = unb64(peer.call("Keys.CopyPublic", {"key": reference})["public_key_info"])
    return file_with(openssl("pkey", "-pubin", "-inform", "DER", input=info))


def check_signs(peer, key, public, algorithm):
    path = public_path(peer, public)
    signature = file_with(sign(peer, key, algorithm, DATA))
    if algorithm == ED25519:
        openssl("pkeyutl", "-verify", "-pubin", "-inkey", path, "-rawin", "-in", file_with(DATA),
                "-sigfile", signature)
    else:
        openssl("dgst", "-sha256", "-verify", path, "-signature", signature, file_with(DATA))


def check_exchanges(peer, key, public, kind):
    other = MadeKey(kind)
    path = public_path(peer, public)
    secret = use(peer, "Exchange", key, STANDARD, "secret", public_key=b64(other.public))
    check_equal(secret, openssl("pkeyutl", "-derive", "-inkey", other.path, "-peerkey", path), "secret")


# --- every type and size ------------------------------------------------------------------------


@test
def keys_of_each_type_and_size():
    with Daemon() as daemon, daemon.connect() as connection:
        for name, bits, algorithm in [("rsa", 2048, PKCS1), ("rsa", 3072, PKCS1), ("ec", 256, X962),
                                      ("ec", 384, X962), ("ec", 521, X962), ("ed25519", None, ED25519)]:
            size = {} if bits is None else {"key_size_in_bits": bits}
            for more in [{}, PERMANENT]:
                key, public = create(connection, key_type=name, **size, **more)
                check_signs(connection, key, public, algorithm)
                told = connection.call("Keys.CopyAttributes", {"key": key})["attributes"]
                check_equal((told["key_type"], told["key_size_in_bits"], told["key_class"],
                             told["is_permanent"], told["is_extractable"]),
                            (name, bits or 256, "private", bool(more), False), "attributes")
        for kind in ["x25519", "x448"]:
            key, public = create(connection, key_type=kind)
            check_exchanges(connection, key, public, kind)
        key, public = create(connection, **EC)
        check_exchanges(connection, key, public, "P-256")
        check_equal(len(keys_of(connection)), 6, "items")


@test
def a_key_decrypts_and_two_are_never_the_same():
    with Daemon() as daemon, daemon.connect() as connection:
        key, public = create(connection, **RSA)
        algorithm = "rsa_encryption_oaep_sha256"
        sealed = connection.call("Keys.Encrypt", {"key": public, "algorithm": algorithm,
                                                  "data": b64(DATA)})["ciphertext"]
        check_equal(use(connection, "Decrypt", key, algorithm, "plaintext", data=sealed), DATA, "data")
        check_equal(len({create(connection, **EC)[1] for _ in range(16)}), 16, "keys")


# --- attributes ---------------------------------------------------------------------------------


@test
def nothing_is_stored_unless_it_is_asked_for():
    with Daemon() as daemon, daemon.connect() as connection:
        key, public = create(connection, **EC, label="passing")
        check_equal(keys_of(connection), [], "items")
        check_equal((unb64(key)[:4], unb64(public)[:4]), (b"kcss", b"kcpk"), "references")
        create(connection, **EC, label="stays", **PERMANENT)
        check_equal([item["key_class"] for item in keys_of(connection)], ["private"], "items")
        create(connection, **EC, label="public", public_key_attributes=PERMANENT)
        check_equal([item["key_class"] for item in keys_of(connection, label="public")], ["public"],
                    "items")


@test
def inner_attributes_win_for_their_half():
    with Daemon() as daemon, daemon.connect() as connection:
        key, public = create(
            connection, **EC, label="both", application_tag=b64(b"tag"), is_permanent=False,
            can_derive=False, key_class="private",
            private_key_attributes={"label": "mine", **PERMANENT, "is_extractable": True},
            public_key_attributes={**PERMANENT, "accessible": "always"})
        items = {item["key_class"]: item for item in keys_of(connection, application_tag=b64(b"tag"))}
        check_equal(sorted(items), ["private", "public"], "halves")
        check_equal((items["private"]["label"], items["public"]["label"]), ("mine", "both"), "labels")
        check_equal(items["public"]["accessible"], "always", "of the public half")
        check(not items["private"]["can_derive"], "can_derive was said to be false")
        check_equal(items["private"]["application_label"], items["public"]["application_label"], "hash")
        exported = unb64(connection.call("Keys.Export", {"key": key})["data"])
        check_equal(len(exported), 97, "bytes of an extractable key")
        point = unb64(connection.call("Keys.CopyPublic", {"key": public})["public_key"])
        check_equal(exported[:65], point, "the point")
        check_equal(unb64(items["private"]["application_label"]), hashlib.sha1(point).digest(), "hash")


@test
def a_key_is_not_extractable_unless_that_is_said():
    with Daemon() as daemon, daemon.connect() as connection:
        for more in [{}, PERMANENT]:
            key, public = create(connection, **EC, label="shy", **more)
            refused("unimplemented", 'the key "shy" is not extractable', connection.call, "Keys.Export",
                    {"key": key})
            nameless, _ = create(connection, **EC, **more)
            refused("unimplemented", 'the key "(no label)" is not extractable', connection.call,
                    "Keys.Export", {"key": nameless})
            key, public = create(connection, **EC, label="open", is_extractable=True, **more)
            data = unb64(connection.call("Keys.Export", {"key": key})["data"])
            check_equal(data[:65], unb64(connection.call("Keys.Export", {"key": public})["data"]), "04XY")


@test
def what_a_key_is_for_is_honoured():
    with Daemon() as daemon, daemon.connect() as connection:
        for more in [{}, PERMANENT]:
            key, _ = create(connection, **EC, label="mute", can_sign=False, **more)
            refused("param", 'the key "mute" is not for signing', sign, connection, key, X962, DATA)
            for operation, algorithm, expected in [("sign", X962, False), ("exchange", STANDARD, True),
                                                   ("verify", X962, True)]:
                answer = connection.call("Keys.IsAlgorithmSupported", {
                    "key": key, "operation": operation, "algorithm": algorithm})
                check_equal(answer["is_supported"], expected, operation)


@test
def a_number_is_a_flag_whether_the_key_is_stored_or_not():
    with Daemon() as daemon, daemon.connect() as connection:
        for more in [{}, PERMANENT]:
            key, public = create(connection, **EC, can_sign=1, is_extractable=1, can_derive=0, **more)
            check_signs(connection, key, public, X962)
            check_equal(len(unb64(connection.call("Keys.Export", {"key": key})["data"])), 97, "04XYK")
            told = connection.call("Keys.CopyAttributes", {"key": key})["attributes"]
            check_equal((told["can_sign"], told["is_extractable"], told["can_derive"]),
                        (True, True, False), "flags")


@test
def access_control_is_honoured():
    with Daemon() as daemon, daemon.connect() as connection:
        control = access_control("user_presence", "private_key_usage")
        key, public = create(connection, **EC, **PERMANENT, access_control=control)
        check_equal(check_raises("interaction_not_allowed", sign, connection, key, X962,
                                 DATA).name, "interaction_not_allowed", "use without a person")
        check_equal(unb64(public)[:4], b"kcpk", "public half")
        refused("param", '"access_control" protects items: it needs "is_permanent"', create, connection,
                **EC, access_control=control)


# --- refusals -----------------------------------------------------------------------------------


@test
def what_cannot_be_made():
    allowed = "are, in whole bytes"
    with Daemon() as daemon, daemon.connect() as connection:
        for name, message, attributes in [
                ("param", '"key_type" is missing', {}),
                ("param", 'no keys of type "dsa" are made here', {"key_type": "dsa"}),
                ("param", '"key_type" must be text', {"key_type": 42}),
                ("param", '"key_size_in_bits" must be a whole number', {**EC, "key_size_in_bits": "256"}),
                ("param", '"key_size_in_bits" is missing: 2048 to 4096 for rsa, 256, 384 or 521 for ec',
                 {"key_type": "ec"}),
                ("key_size_not_allowed", f"an RSA key of 1024 bits is not made here: 2048 to 4096 {allowed}",
                 {**RSA, "key_size_in_bits": 1024}),
                ("key_size_not_allowed", f"an RSA key of 8192 bits is not made here: 2048 to 4096 {allowed}",
                 {**RSA, "key_size_in_bits": 8192}),
                ("key_size_not_allowed", "an EC key of 224 bits is not made here: 256, 384 and 521 are",
                 {**EC, "key_size_in_bits": 224}),
                ("key_size_not_allowed", "ed25519 keys have 256 bits",
                 {"key_type": "ed25519", "key_size_in_bits": 255}),
                ("no_such_attr", 'class key has no attribute "colour"', {**EC, "colour": 1}),
                ("no_such_attr", 'class key has no attribute "server"',
                 {**EC, "public_key_attributes": {"server": "x"}}),
                ("param", '"can_sign" must be true or false', {**EC, "can_sign": "yes please"}),
                ("param", '"class" of a key is "key"', {**EC, "class": "identity"}),
                ("param", '"match_limit" is no attribute of a key', {**EC, "match_limit": "all"}),
                ("param", '"return_data" is no attribute of a key',
                 {**EC, "private_key_attributes": {"return_data": True}}),
                ("param", '"use_authentication_ui" is no attribute of a key',
                 {**EC, "use_authentication_ui": "fail"}),
                ("param", '"private_key_attributes" must be a dictionary',
                 {**EC, "private_key_attributes": 1}),
                ("param", '"token_id" stands beside "private_key_attributes", not in it',
                 {**EC, "private_key_attributes": {"token_id": "x"}}),
                ("param", '"token_object" and "may_replace" are for a token: "token_id" names it',
                 {**EC, "token_object": "9a"}),
                ("param", '"is_permanent" must be true or false', {**EC, "is_permanent": 1}),
                ("param", '"key_class" of a pair is "private", or not said', {**EC, "key_class": "public"}),
                ("param", '"is_private" is not what "key_class" says', {**EC, "is_private": False}),
                ("param", '"application_label" is not what the key itself says',
                 {**EC, "application_label": b64(b"x")}),
                ("param", '"effective_key_size" is not what the key itself says',
                 {**EC, **PERMANENT, "effective_key_size": 112})]:
            refused(name, message, create, connection, **attributes)
        refused("param", "the keychain has no administrator: a token may, and \"token_id\" names it",
                connection.call, "Keys.Create", {"attributes": EC, "administrator": "1234"})
        check_equal(keys_of(connection), [], "items")


@test
def when_storing_fails_nothing_remains():
    with Daemon() as daemon, daemon.connect() as connection:
        refused("missing_entitlement", '"org.example.foreign" is not an access group of this program',
                create, connection, **EC, **PERMANENT, access_group="org.example.foreign")
        # One half may be stored, the other not.
        refused("missing_entitlement", '"org.example.foreign" is not an access group of this program',
                create, connection, **EC, **PERMANENT, public_key_attributes={
                    **PERMANENT, "access_group": "org.example.foreign"})
        check_equal(keys_of(connection), [], "items")
        # A session key whose public half cannot be stored does not count either.
        for _ in range(70):
            check_raises("missing_entitlement", create, connection, **EC, public_key_attributes={
                **PERMANENT, "access_group": "org.example.foreign"})
        create(connection, **EC)
        lines = [line for line in audit_lines(daemon) if line["operation"] == "create"]
        check_equal({line["result"] for line in lines}, {"missing_entitlement", "success"}, "results")


@test
def a_locked_keychain_stores_no_key():
    with KeychainDaemon() as daemon, daemon.connect() as connection:
        set_password(connection, "secret")
        connection.call("Keychain.Lock")
        check_raises("interaction_not_allowed", create, connection, **EC, **PERMANENT)
        create(connection, **EC, **PERMANENT, accessible="always", label="open")
        key, public = create(connection, **EC)
        check_signs(connection, key, public, X962)
        unlock(connection, "secret")
        check_equal([item["label"] for item in keys_of(connection)], ["open"], "items")


@test
def every_creation_is_in_the_audit_log():
    with Daemon() as daemon, daemon.connect() as connection:
        key, public = create(connection, **EC, **PERMANENT, label="secret name")
        create(connection, **EC)
        point = unb64(connection.call("Keys.CopyPublic", {"key": public})["public_key"])
        lines = [line for line in audit_lines(daemon) if line["operation"] == "create"]
        check_equal([(line["result"], line["class"], line.get("persistent_ref")) for line in lines],
                    [("success", "key", key), ("success", "key", None)], "the lines")
        check_equal(lines[0]["key_hash"], hashlib.sha1(point).hexdigest(), "the hash")
        check("secret name" not in json.dumps(lines), "the label is there")


# --- keys that are not permanent ----------------------------------------------------------------


@test
def a_key_that_is_not_permanent_is_its_connections():
    with Daemon() as daemon:
        with daemon.connect() as connection, daemon.connect() as other:
            key, public = create(connection, **EC)
            record = refused("item_not_found", "this connection has no such key", sign, other, key, X962,
                             DATA)
            check_equal(record["hint"], "a key that is not permanent ends with the connection that made it",
                        "the hint")
            check_signs(connection, key, public, X962)
            check_raises("param", find, connection, value_persistent_ref=key)
        with daemon.connect() as connection:
            refused("item_not_found", "this connection has no such key", sign, connection, key, X962, DATA)
            refused("item_not_found", "this connection has no such key", connection.call,
                    "Keys.CopyAttributes", {"key": key})
            answer = connection.call("Keys.IsAlgorithmSupported", {"key": public, "operation": "verify",
                                                                   "algorithm": X962})
            check(answer["is_supported"], "the public key is good everywhere")


@test
def a_connection_has_so_many_keys():
    with Daemon() as daemon:
        with daemon.connect() as connection:
            for _ in range(64):
                create(connection, **EC)
            record = refused("not_available", "one connection may have 64 keys that are not permanent",
                             create, connection, **EC)
            check_equal(record["hint"],
                        "with is_permanent they become items; another connection has its own", "the hint")
            refused("not_available", "one connection may have 64 keys that are not permanent",
                    connection.call, "Keys.Import", {"data": b64(MadeKey("P-256").private)})
            create(connection, **EC, **PERMANENT)
            with daemon.connect() as other:
                create(other, **EC)


@test
def public_keys_are_good_after_a_restart():
    with Daemon() as daemon:
        with daemon.connect() as connection:
            key, public = create(connection, **EC, **PERMANENT)
            signature = sign(connection, key, X962, DATA)
        daemon.stop()
        daemon.start()
        with daemon.connect() as connection:
            connection.call("Items.Delete", {"query": {"value_persistent_ref": key}})
            answer = connection.call("Keys.Verify", {"key": public, "algorithm": X962, "data": b64(DATA),
                                                     "signature": b64(signature)})
            check(answer["valid"], "the signature")
            refused("param", "this reference is of a public key, which only verifies and encrypts", sign,
                    connection, public, X962, DATA)
            refused("param", "not a reference to a public key", connection.call, "Keys.CopyPublic",
                    {"key": b64(unb64(public) + b"x")})


@test
def a_certificate_verifies_and_encrypts():
    with Daemon() as daemon, Card("piv:9a=p256") as card, daemon.connect() as connection:
        for kind in ["rsa2048", "P-384", "ed25519"]:
            key = MadeKey(kind)
            der = openssl("x509", "-outform", "DER", input=key.certificate())
            item = add(connection, **{"class": "certificate"}, value_data=b64(der),
                       return_persistent_ref=True)
            ref = item["value_persistent_ref"]
            answer = connection.call("Keys.CopyPublic", {"key": ref})
            check_equal(unb64(answer["public_key"]), key.public, kind)
            check_equal(unb64(connection.call("Keys.Export", {"key": ref})["data"]), key.public, kind)
            told = connection.call("Keys.CopyAttributes", {"key": ref})["attributes"]
            check_equal((told["key_class"], told["application_label"]), ("public", b64(key.hash)), kind)
            refused("param", "this reference is of a certificate, which has a public key only", sign,
                    connection, ref, X962, DATA)
        card.insert(daemon)
        daemon.wait_for_token()
        ref = find(connection, **{"class": "certificate"}, token_id=connection.call(
            "Tokens.List")["tokens"][0]["token_id"], return_persistent_ref=True)[0]["value_persistent_ref"]
        check_equal(connection.call("Keys.CopyPublic", {"key": ref})["key_type"], "ec", "of a card")


@test
def a_key_becomes_permanent_by_its_reference():
    with Daemon() as daemon, daemon.connect() as connection:
        key, public = create(connection, **EC, label="first", application_tag=b64(b"tag"),
                             can_derive=False)
        item = add(connection, value_ref=key, label="second", return_persistent_ref=True,
                   return_attributes=True)
        check_equal((item["label"], item["application_tag"], item["can_derive"], item["is_extractable"],
                     item["is_permanent"]), ("second", b64(b"tag"), False, False, True), "the item")
        check_signs(connection, item["value_persistent_ref"], public, X962)
        item = add(connection, value_ref=public, label="public", return_attributes=True)
        check_equal((item["key_class"], item["label"]), ("public", "public"), "the public item")
        key, _ = create(connection, **EC)
        for yes in (True, 1):
            refused("param", "the key was made not to be extractable, and stays so", add, connection,
                    value_ref=key, is_extractable=yes)
        key, _ = create(connection, **EC, is_extractable=True)
        item = add(connection, value_ref=key, return_attributes=True)
        check(item["is_extractable"], "it was made extractable")


@test
def what_was_not_permanent_is_wiped_with_its_connection():
    skip_unless(not is_sanitized(), "a sanitizer keeps what was freed")
    with Daemon() as daemon:
        connection = daemon.connect()
        key, _ = create(connection, **EC, is_extractable=True)
        brought = MadeKey("P-384")
        connection.call("Keys.Import", {"data": b64(brought.pem)})
        secret = unb64(connection.call("Keys.Export", {"key": key})["data"])[-32:]
        check(any(secret in content for _, content in pieces(daemon.pid)), "the search finds nothing")
        connection.close()
        daemon.call("Admin.Status")
        for name, form in [("made", secret), ("made, base64", b64(secret)[4:-4].encode()),
                           ("a number of OpenSSL's", secret[::-1]), ("brought", brought.private[-48:]),
                           ("brought, a number", brought.private[-48:][::-1]),
                           ("brought, PEM", max(brought.pem.splitlines()[1:-1], key=len)[8:40])]:
            check(not any(form in content for _, content in pieces(daemon.pid)), f"it is there: {name}")


@test
def who_leaves_while_rsa_is_made_leaves_nothing_behind():
    with Daemon() as daemon:
        daemon.call("Admin.Status")
        footprint = Footprint(daemon)
        for _ in range(20):
            with daemon.connect() as connection:
                connection.send("Keys.Create", {"attributes": {**RSA, "key_size_in_bits": 4096,
                                                               **PERMANENT}})
        footprint.check_same()
        with daemon.connect() as connection:
            check_equal(keys_of(connection), [], "items")
            create(connection, **EC)


# --- by command ---------------------------------------------------------------------------------


@test
def keys_are_made_used_and_deleted_by_command():
    with Daemon() as daemon:
        item = daemon.cli("key", "create", "--type", "ec", "--label", "work", "--tag", "t", "--with-public")
        check_equal((item["label"], item["key_size_in_bits"], item["application_tag"], item["is_permanent"]),
                    ("work", 256, b64(b"t"), True), "the key")
        out = file_with(b"")
        daemon.cli("sign", "--key", "work", "--out", out, file_with(DATA))
        pem = file_with(run(program("keycask"), "key", "export", item["persistent_ref"],
                            env=daemon.env)[0])
        openssl("dgst", "-sha256", "-verify", pem, "-signature", out, file_with(DATA))
        text = run(program("keycask"), "key", "create", "--type", "ed25519", "--label", "pen",
                   env=daemon.env)[0].decode().splitlines()
        check_equal(text[0], "Made pen: a private Ed25519 key of 256 bits", "the first line")
        check(text[1].startswith("hash  ") and text[2].startswith("uri   keycask:"), text)
        uri = text[2].split()[1]
        check_equal(daemon.cli("key", "delete", uri, "--yes"), {}, "what is said")
        failed = daemon.cli("key", "delete", "pen", "--yes", status=1)
        check_equal(failed["name"], "item_not_found", "a key that is deleted")
        check_equal(sorted(key["key_class"] for key in keys_of(daemon, label="work")),
                    ["private", "public"], "halves")


@test
def what_is_required_is_required_for_use():
    with Daemon() as daemon:
        item = daemon.cli("key", "create", "--type", "ec", "--label", "asked", "--require", "presence",
                          "--accessible", "when_unlocked_this_device_only")
        check_equal(item["access_control"], {
            "accessible": "when_unlocked_this_device_only",
            "flags": ["user_presence", "private_key_usage"]}, "access control")
        failed = daemon.cli("sign", "--key", "asked", "--no-prompt", file_with(DATA), status=1)
        check_equal(failed["name"], "interaction_not_allowed", "use")
        # To read of one that may leave takes somebody, too; it is made all the same.
        words = ["key", "create", "--type", "ec", "--extractable", "--require", "presence", "--label"]
        item = daemon.cli(*words, "open")
        check_equal((item["class"], item["label"]), ("key", "open"), "what is told")
        text = run(program("keycask"), *words, "free", env=daemon.env)[0].decode().splitlines()
        check_equal(text[0], "Made free: a key that somebody is asked for", "what is said")


@test
def commands_that_are_wrong():
    with Daemon() as daemon:
        for words, message in [
                ([], "--type says what is made: rsa, ec, ed25519, x25519, ed448, x448"),
                (["--type", "ec", "--object", "9a"],
                 "--object, --replace and --administrator-fd are for a token: --token names it"),
                (["--type", "ec", "--accessible", "x"], "--accessible is when_unlocked, "
                 "when_unlocked_this_device_only, after_first_unlock, after_first_unlock_this_device_only, "
                 "always, always_this_device_only or when_passcode_set_this_device_only, not 'x'"),
                (["--type", "ec", "--require", "x"], "--require is presence, passcode or "
                 "application-password, or two of them with a comma, not 'x'")]:
            failed = daemon.cli("key", "create", *words, status=2)
            check_equal(failed["message"], message, "the message")
        failed = daemon.cli("key", "create", "--type", "rsa", "--size", "1024", status=1)
        check_equal(failed["name"], "key_size_not_allowed", "too small")
        daemon.cli("key", "create", "--type", "ec", "--label", "k")
        failed = daemon.cli("key", "delete", "k", status=2)
        check_equal(failed["message"], "nobody can be asked whether to delete it: say --yes", "the message")
        with daemon.connect() as connection:
            der = openssl("x509", "-outform", "DER", input=MadeKey("P-256").certificate("Jo"))
            add(connection, **{"class": "certificate"}, value_data=b64(der))
        failed = daemon.cli("key", "delete", "Jo", "--yes", status=1)
        check_equal(failed["message"], "'Jo' is no key", "the message")


@test
def a_person_is_asked_before_a_key_is_deleted():
    with Daemon() as daemon, Terminal() as terminal:
        daemon.cli("key", "create", "--type", "ec", "--label", "dear")
        for answer, status, n_left in [("n\n", 1, 1), ("y\n", 0, 0)]:
            process = delete_beside(daemon, terminal, "dear")
            shown = terminal.read_until("[y/N] ")
            check("Delete the key dear? It cannot be made again." in shown, shown)
            terminal.type(answer)
            check_equal(process.wait(20), status, "exit status")
            check_equal(len(keys_of(daemon)), n_left, "keys")


def delete_beside(daemon, terminal, name):
    return subprocess.Popen([program("keycask"), "key", "delete", name], env=daemon.env,
                            stdin=terminal.keyboard, stdout=terminal.keyboard,
                            stderr=terminal.keyboard, preexec_fn=lambda: adopt(terminal))


@test
def the_key_of_an_identity_is_deleted_and_its_certificate_stays():
    with Daemon() as daemon, Card("piv:9a=p256") as card, daemon.connect() as connection:
        key = MadeKey("P-256")
        add(connection, **{"class": "identity"}, value_data=b64(key.pem + key.certificate("Jo")))
        daemon.cli("key", "delete", "Jo", "--yes")
        check_equal(keys_of(connection), [], "keys")
        check_equal(find(connection, **{"class": "certificate"}, return_attributes=True)[0]["label"], "Jo",
                    "the certificate")
        card.insert(daemon)
        daemon.wait_for_token()
        ref = find(connection, **KEY, return_persistent_ref=True)[0]["value_persistent_ref"]
        failed = daemon.cli("key", "delete", ref, "--yes", status=1)
        check_equal(failed["name"], "unimplemented", "a key on a token")
        check("cannot delete the key in" in failed["message"], failed["message"])


if __name__ == "__main__":
    main()
