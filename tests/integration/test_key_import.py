# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys that somebody brings: every form that openssl writes them in, what they are then, and what
is refused."""
import os

from keycask_test import Daemon, check, check_equal, check_raises, main, openssl, program, run, test
from keychain_scene import KeychainDaemon, set_password, with_secrets
from made_keys import (NO_PROMPT, MadeAuthority, MadeKey, add_key, b64, file_with, find, sign, unb64,
                       use)
from pin_scene import audit_lines

KEY = {"class": "key"}
DATA = b"what is signed"
ALGORITHMS = {"rsa": "rsa_signature_message_pkcs1v15_sha256",
              "ec": "ecdsa_signature_message_x962_sha256",
              "ed25519": "eddsa_signature_message_ed25519", "ed448": "eddsa_signature_message_ed448"}
KINDS = ["rsa2048", "P-256", "P-384", "P-521", "ed25519", "x25519", "ed448", "x448"]
PASSPHRASE = "open sesame"


def bring(peer, data, **attributes):
    return peer.call("Keys.Import", {"data": b64(data), "attributes": attributes})["key"]


def refused(name, message, call, *arguments, **options):
    record = check_raises(name, call, *arguments, **options).record
    check_equal(record["message"], message, "the message")
    return record


def private_forms(key):
    """(name, bytes, whether they tell what they are)"""
    yield "external", key.private, key.type in ("rsa", "ec")
    yield "PKCS#8 PEM", key.pem, True
    yield "PKCS#8", openssl("pkey", "-in", key.path, "-outform", "DER"), True
    yield "text before PEM", openssl("pkey", "-in", key.path, "-text"), True
    if key.type == "rsa":
        yield "PKCS#1 PEM", openssl("rsa", "-in", key.path, "-traditional"), True
    if key.type == "ec":
        yield "SEC 1 PEM", openssl("ec", "-in", key.path), True
        yield "SEC 1", openssl("ec", "-in", key.path, "-outform", "DER"), True


def public_forms(key):
    yield "external", key.public, key.type in ("rsa", "ec")
    yield "SPKI PEM", key.public_path.read_bytes(), True
    yield "SPKI", openssl("pkey", "-in", key.path, "-pubout", "-outform", "DER"), True
    if key.type == "rsa":
        yield "PKCS#1 PEM", openssl("rsa", "-in", key.path, "-RSAPublicKey_out"), True


def check_is(connection, reference, key, key_class):
    public = connection.call("Keys.CopyPublic", {"key": reference})
    check_equal(unb64(public["public_key"]), key.public, "the public half")
    told = connection.call("Keys.CopyAttributes", {"key": reference})["attributes"]
    check_equal((told["key_class"], told["key_type"], told["application_label"]),
                (key_class, key.type, b64(key.hash)), "attributes")


def check_works(connection, reference, key):
    if key.type in ALGORITHMS:
        algorithm = ALGORITHMS[key.type]
        signature = sign(connection, reference, algorithm, DATA)
        public = bring(connection, key.public_path.read_bytes())
        answer = connection.call("Keys.Verify", {"key": public, "algorithm": algorithm,
                                                 "data": b64(DATA), "signature": b64(signature)})
        check(answer["valid"], "the signature")
    else:
        other = MadeKey(key.kind)
        secret = use(connection, "Exchange", reference, "ecdh_key_exchange_standard", "secret",
                     public_key=b64(other.public))
        check_equal(secret, openssl("pkeyutl", "-derive", "-inkey", other.path, "-peerkey",
                                    key.public_path), "the secret")


# --- every form ---------------------------------------------------------------------------------


@test
def private_keys_in_every_form():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in KINDS:
            key = MadeKey(kind)
            said = {"key_type": key.type, "key_class": "private"}
            for _, data, tells in private_forms(key):
                reference = bring(connection, data, **(said if not tells else {}))
                check_equal(unb64(reference)[:4], b"kcss", "a reference of this connection")
                check_is(connection, reference, key, "private")
            check_works(connection, reference, key)


@test
def public_keys_in_every_form():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in KINDS:
            key = MadeKey(kind)
            said = {"key_type": key.type, "key_class": "public"}
            references = set()
            for _, data, tells in public_forms(key):
                references.add(bring(connection, data, **(said if not tells else {})))
            check_equal(len(references), 1, "references of one public key")
            check_is(connection, references.pop(), key, "public")


@test
def encrypted_keys():
    ciphers = [["-v2", "aes-256-cbc"], ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"],
               ["-scrypt", "-scrypt_N", "1024"]]
    with Daemon() as daemon, daemon.connect() as connection:
        for kind, cipher in zip(["P-256", "rsa2048", "ed25519"], ciphers):
            key = MadeKey(kind)
            for form in ["PEM", "DER"]:
                data = openssl("pkcs8", "-topk8", "-in", key.path, *cipher, "-passout",
                               f"pass:{PASSPHRASE}", "-outform", form)
                answer = connection.call("Keys.Import", {"data": b64(data), "passphrase": PASSPHRASE})
                check_is(connection, answer["key"], key, "private")
                answer = with_secrets(connection, "Keys.Import", {"data": b64(data)},
                                      passphrase=PASSPHRASE)
                check_is(connection, answer["key"], key, "private")
            check_raises("auth_failed", connection.call, "Keys.Import",
                         {"data": b64(data), "passphrase": "wrong"})
            check_raises("auth_failed", connection.call, "Keys.Import", {"data": b64(data)})
            check_raises("param", with_secrets, connection, "Keys.Import",
                         {"data": b64(data), "passphrase": PASSPHRASE}, passphrase=PASSPHRASE)


# --- what becomes of it -------------------------------------------------------------------------


@test
def a_permanent_key_becomes_an_item():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("P-256")
        reference = bring(connection, key.pem, is_permanent=True, label="brought", is_extractable=True,
                          application_tag=b64(b"tag"))
        (item,) = find(connection, **KEY, match_limit="all", return_attributes=True,
                       return_persistent_ref=True)
        check_equal((item["label"], item["application_tag"], item["value_persistent_ref"]),
                    ("brought", b64(b"tag"), reference), "the item")
        check_equal(unb64(connection.call("Keys.Export", {"key": reference})["data"]), key.private, "key")
        check_raises("duplicate_item", bring, connection, key.private, is_permanent=True,
                     application_tag=b64(b"tag"))
        public = bring(connection, key.public, is_permanent=True, label="public")
        check_equal(unb64(public)[:4], b"keys", "a public item")
        shy = bring(connection, MadeKey("P-256").pem, is_permanent=True, label="shy",
                    private_key_attributes={"label": "inner"})
        refused("unimplemented", 'the key "inner" is not extractable', connection.call, "Keys.Export",
                {"key": shy})
        lines = [line for line in audit_lines(daemon) if line["operation"] == "import"]
        check_equal((lines[0]["result"], lines[0]["persistent_ref"], lines[0]["key_hash"]),
                    ("success", reference, key.hash.hex()), "the audit line")
        check_equal(lines[1]["result"], "duplicate_item", "the next one")


@test
def sizes_that_are_not_made_can_be_brought():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("rsa1024")
        check_is(connection, bring(connection, key.pem), key, "private")
        record = check_raises("key_size_not_allowed", bring, connection,
                              openssl("genpkey", "-algorithm", "RSA", "-pkeyopt",
                                      "rsa_keygen_bits:512")).record
        check("1024 to 8192" in record["message"], record["message"])


@test
def a_locked_keychain_takes_no_key():
    with KeychainDaemon() as daemon, daemon.connect() as connection:
        set_password(connection, "secret")
        connection.call("Keychain.Lock")
        check_raises("interaction_not_allowed", bring, connection, MadeKey("P-256").pem,
                     is_permanent=True)
        bring(connection, MadeKey("P-256").pem)
        check_raises("missing_entitlement", bring, connection, MadeKey("P-256").pem,
                     is_permanent=True, access_group="org.example.foreign")


# --- refusals -----------------------------------------------------------------------------------


@test
def what_is_no_key():
    key = MadeKey("P-256")
    raw = MadeKey("ed25519")
    pkcs8 = openssl("pkey", "-in", key.path, "-outform", "DER")
    with Daemon() as daemon, daemon.connect() as connection:
        record = refused("unimplemented", "a symmetric key is nothing to be imported", bring,
                         connection, bytes(32), key_class="symmetric")
        check_equal(record["hint"], 'an item of class "key" holds one: "keycask item add"', "the hint")
        refused("param", "there are no bytes of a key", bring, connection, b"")
        refused("param", "these bytes do not tell what key they are", bring, connection, raw.private)
        refused("param", 'these bytes may be a private or a public key: "key_class" says which', bring,
                connection, raw.private, key_type="ed25519")
        refused("param", '"key_type" is not what the key itself says', bring, connection, key.pem,
                key_type="rsa")
        refused("param", '"key_class" is not what the key itself says', bring, connection, key.pem,
                key_class="public")
        refused("param", '"key_size_in_bits" is not what the key itself says', bring, connection, key.pem,
                key_size_in_bits=384)
        refused("param", 'no key_type "dsa"', bring, connection, key.private, key_type="dsa")
        refused("param", 'key_class must be "private", "public" or "symmetric"', bring, connection,
                key.private, key_class="secret")
        refused("no_such_attr", 'class key has no attribute "colour"', bring, connection, key.pem, colour=1)
        refused("item_not_found", "the token x is not present", bring, connection, key.pem,
                token_id="x")
        refused("param", '"access_control" protects items: it needs "is_permanent"', bring, connection,
                key.pem, access_control={"accessible": "always", "flags": []})
        for data in [pkcs8[:-1], pkcs8 + b"\0", b"\x30\x03\x02\x01\x00", key.pem[:-40],
                     b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"]:
            check_raises("decode", bring, connection, data)
        for data in [key.private[:-1] + bytes([key.private[-1] ^ 1]), b"\x04" + bytes(96),
                     MadeKey("rsa2048").private[:-1]]:
            check_raises("decode", bring, connection, data)
        check_raises("param", connection.call, "Keys.Import", {"data": "?"})
        check_raises("item_not_found", find, connection, **KEY)


@test
def files_with_more_than_a_key():
    key, other = MadeKey("P-256"), MadeKey("rsa2048")
    hint = '"keycask import" takes files of several keys and certificates'
    with Daemon() as daemon, daemon.connect() as connection:
        for data, message in [
                (key.pem + other.pem, "there are 2 keys in it, and not one"),
                (key.pem + key.public_path.read_bytes(), "there are 2 keys in it, and not one"),
                (MadeAuthority().pem_certificate, "there is no key in it"),
                (key.pem + key.certificate(), "there is not only a key in it, but a certificate too")]:
            record = refused("param", message, bring, connection, data)
            check_equal(record["hint"], hint, "the hint")
        pkcs12 = openssl("pkcs12", "-export", "-inkey", key.path, "-in", file_with(key.certificate()),
                         "-passout", f"pass:{PASSPHRASE}")
        refused("param", "there is not only a key in it, but a certificate too", connection.call,
                "Keys.Import", {"data": b64(pkcs12), "passphrase": PASSPHRASE})


# --- by command ---------------------------------------------------------------------------------


@test
def keys_are_imported_by_command():
    with Daemon() as daemon:
        key = MadeKey("P-256")
        item = daemon.cli("key", "import", key.path, "--label", "brought", "--extractable")
        check_equal((item["label"], item["application_label"], item["is_extractable"]),
                    ("brought", b64(key.hash), True), "the key")
        raw = MadeKey("ed25519")
        text = run(program("keycask"), "key", "import", "-", "--type", "ed25519", "--class", "public",
                   "--label", "raw", input=raw.public, env=daemon.env)[0].decode()
        check_equal(text.splitlines()[0], "Imported raw: a public Ed25519 key of 256 bits", "what is said")
        sealed = openssl("pkcs8", "-topk8", "-in", MadeKey("P-384").path, "-passout",
                         f"pass:{PASSPHRASE}")
        reader, writer = os.pipe()
        os.write(writer, PASSPHRASE.encode())
        os.close(writer)
        item = daemon.cli("key", "import", file_with(sealed), "--passphrase-fd", reader, "--label", "sealed",
                          pass_fds=[reader])
        os.close(reader)
        check_equal(item["key_size_in_bits"], 384, "bits")
        failed = daemon.cli("key", "import", file_with(sealed), "--no-prompt", status=1)
        check_equal((failed["name"], failed["hint"]), ("auth_failed",
                    "say from which descriptor to read it: --passphrase-fd N"), "without a passphrase")
        failed = daemon.cli("key", "import", "-", "--passphrase-fd", "0", status=2)
        check_equal(failed["message"], "the passphrase and the key cannot both come from standard input; "
                    "name a FILE", "the message")
        failed = daemon.cli("key", "import", "/nonexistent", status=1)
        check("/nonexistent" in failed["message"], failed["message"])


@test
def a_key_that_is_not_permanent_is_forgotten():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("ed25519")
        attributes = {"key_type": "ed25519", "key_class": "private"}
        reference = connection.call("Keys.Import", {"data": b64(key.private),
                                                    "attributes": attributes})["key"]
        use = {"key": reference, "algorithm": "eddsa_signature_message_ed25519", "data": b64(b"data")}
        connection.call("Keys.Sign", {**use, "interaction": NO_PROMPT})
        check_raises("interaction_not_allowed", connection.call, "Keys.Sign",
                     {**use, "interaction": {"authentication_ui": "fail", "confirm": True}})
        check_raises("interaction_not_allowed", connection.call, "Keys.Sign",
                     {**use, "interaction": {"confirm": True}})
        connection.call("Keys.Forget", {"key": reference})
        check_raises("item_not_found", connection.call, "Keys.Sign", {**use, "interaction": NO_PROMPT})
        check_raises("item_not_found", connection.call, "Keys.Forget", {"key": reference})
        item = add_key(connection, MadeKey("P-256"))
        check_raises("param", connection.call, "Keys.Forget", {"key": item})


if __name__ == "__main__":
    main()
