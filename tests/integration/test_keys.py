# SPDX-License-Identifier: LGPL-2.1-or-later
"""What private keys do besides signing, and keys without a certificate: against a driver of openssl's
keys, so that every kind of token can be had. openssl makes what is decrypted and judges the rest."""
import base64
import hashlib
import hmac
import json
import pathlib
import tempfile

from algorithm_peer import x963
from keycask_test import (PIN, Card, Daemon, check, check_equal, check_raises, main, openssl, pipe_with,
                          program, run, scratch, test)
from pin_scene import audit_lines
from soft_driver import BAD_PARAMETER, COMMUNICATION, TOKEN_ID, SoftToken, generate

NO_PROMPT = {"authentication_ui": "fail"}
SECRET = b"the secret"
RAW = "rsa_encryption_raw"
PKCS1 = "rsa_encryption_pkcs1"
STANDARD = "ecdh_key_exchange_standard"
PADS = "rsa_signature_digest_pkcs1v15_raw"
ECDSA = "ecdsa_signature_digest_x962"
EDDSA = "eddsa_signature_message_ed25519"
HASHES = ["sha1", "sha224", "sha256", "sha384", "sha512"]


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text)


def file_with(data, name="data"):
    path = scratch() / name
    path.write_bytes(data)
    return path


# --- the calls, and openssl at the other side ---------------------------------------------------


def use(connection, method, key, algorithm, result, **parameters):
    answer = connection.call(f"Keys.{method}", {
        "key": key.reference, "algorithm": algorithm, "interaction": NO_PROMPT, **parameters})
    check_equal(list(answer), [result], "fields of the answer")
    return unb64(answer[result])


def decrypt(connection, key, algorithm, data, **options):
    return use(connection, "Decrypt", key, algorithm, "plaintext", data=b64(data), **options)


def exchange(connection, key, algorithm, public_key, **options):
    return use(connection, "Exchange", key, algorithm, "secret", public_key=b64(public_key),
               **options)


def sign(connection, key, algorithm, data, **options):
    return use(connection, "Sign", key, algorithm, "signature", data=b64(data), **options)


def encrypt(connection, key, algorithm, data):
    answer = connection.call("Keys.Encrypt", {"key": key.reference, "algorithm": algorithm,
                                              "data": b64(data)})
    return unb64(answer["ciphertext"])


def padding_options(algorithm):
    if "oaep" in algorithm:
        name = algorithm.rsplit("_", 1)[1]
        return ["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", f"rsa_oaep_md:{name}",
                "-pkeyopt", f"rsa_mgf1_md:{name}"]
    return ["-pkeyopt", "rsa_padding_mode:" + ("pkcs1" if algorithm == PKCS1 else "none")]


def openssl_encrypt(key, algorithm, data):
    return openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", key.public_path, "-in",
                   file_with(data), *padding_options(algorithm))


def openssl_decrypt(key, algorithm, data):
    return openssl("pkeyutl", "-decrypt", "-inkey", key.path, "-in", file_with(data),
                   *padding_options(algorithm))


def new_peer(kind):
    """A key at the other side: (its file, its point)."""
    path = generate(pathlib.Path(tempfile.mktemp(suffix=".pem", dir=scratch())), kind)
    length = {"P-256": 65, "P-384": 97, "P-521": 133, "secp256k1": 65, "x25519": 32}[kind]
    return path, openssl("pkey", "-in", path, "-pubout", "-outform", "DER")[-length:]


def openssl_derive(path, key):
    return openssl("pkeyutl", "-derive", "-inkey", path, "-peerkey", key.public_path)


def supported(daemon, key, operation, algorithm):
    return daemon.call("Keys.IsAlgorithmSupported", {
        "key": key.reference, "operation": operation, "algorithm": algorithm})["is_supported"]


class Scene:
    """A daemon with a soft token in it."""

    def __init__(self, *arguments):
        self.token = SoftToken()
        self.card = Card("piv:9a=p256")
        self.arguments = arguments
        self.daemon = None

    def add(self, *arguments, **properties):
        return self.token.add(*arguments, **properties)

    def __enter__(self):
        self.daemon = self.token.daemon(*self.arguments).__enter__()
        try:
            self.card.insert(self.daemon)
            for name in self.token.keys:
                self.token.find(self.daemon, name)
        except BaseException as trouble:
            self.__exit__(type(trouble))
            raise
        return self

    def __exit__(self, kind, *_):
        self.card.__exit__(kind)
        self.daemon.__exit__(kind)

    def connect(self):
        return self.daemon.connect()


def decipherer(kind="rsa:2048", operation=RAW, **properties):
    scene = Scene()
    key = scene.add("decipher", kind, [operation], can_decrypt=True, **properties)
    return scene, key


# --- keys without a certificate -----------------------------------------------------------------


@test
def a_key_without_certificate_is_there_and_is_no_identity():
    scene = Scene()
    bare = scene.add("bare", "P-256", [ECDSA], can_sign=True)
    whole = scene.add("whole", "rsa:2048", ["rsa_signature_raw"], certificate=True, can_sign=True)
    with scene:
        query = {"class": "key", "match_limit": "all", "return_attributes": True}
        items = {item["label"]: item
                 for item in scene.daemon.call("Items.CopyMatching", {"query": query})["items"]}
        check_equal(set(items), {"bare", "whole"}, "keys")
        check_equal(unb64(items["bare"]["application_label"]), hashlib.sha1(bare.public).digest(),
                    "the hash of the key without certificate")
        check_equal((items["bare"]["key_type"], items["bare"]["key_size_in_bits"]), ("ec", 256),
                    "its kind")
        query["class"] = "identity"
        (identity,) = scene.daemon.call("Items.CopyMatching", {"query": query})["items"]
        check_equal(identity["label"], "whole", "the only identity")
        with scene.connect() as connection:
            for key, algorithm in ((bare, "ecdsa_signature_message_x962_sha256"),
                                   (whole, "rsa_signature_message_pss_sha256")):
                signature = sign(connection, key, algorithm, SECRET)
                words = {"key": key.reference, "algorithm": algorithm, "data": b64(SECRET)}
                spoiled = signature[:-1] + bytes([signature[-1] ^ 1])
                for given, expected in ((signature, True), (spoiled, False)):
                    answer = connection.call("Keys.Verify", {**words, "signature": b64(given)})
                    check_equal(answer["valid"], expected, f"{algorithm} is valid")
            signature = sign(connection, bare, "ecdsa_signature_message_x962_sha256", SECRET)
            openssl("dgst", "-sha256", "-verify", bare.public_path, "-signature",
                    file_with(signature, "signature"), file_with(SECRET))


@test
def a_public_key_that_is_none_costs_the_key():
    token = SoftToken()
    good = token.add("good", "P-256", [ECDSA], can_sign=True)
    for name, changes in {
            "off": {"public_key": b64(good.public[:-1] + bytes([good.public[-1] ^ 1]))},
            "short": {"public_key": b64(good.public[:-1])},
            "type": {"key_type": "rsa"}, "size": {"key_size_in_bits": 384},
            "untyped": {"key_type": None},
    }.items():
        token.objects.append({**token.objects[0], "object_id": b64(name.encode()), "label": name,
                              **changes})
    with token.daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        token.find(daemon, "good")
        query = {"class": "key", "match_limit": "all", "return_attributes": True}
        labels = [item["label"]
                  for item in daemon.call("Items.CopyMatching", {"query": query})["items"]]
        check_equal(labels, ["good"], "keys")


@test
def the_public_half_of_any_key_can_be_had():
    scene = Scene()
    for name, kind, certificate in (("a", "rsa:2048", False), ("b", "P-384", False),
                                    ("c", "P-256", True), ("d", "ed25519", False),
                                    ("e", "x25519", False)):
        scene.add(name, kind, [], certificate=certificate, can_sign=True)
    with scene:
        for key in scene.token.keys.values():
            answer = scene.daemon.call("Keys.CopyPublic", {"key": key.reference})
            check_equal(unb64(answer["public_key"]), key.public, "external representation")
            check_equal(unb64(answer["public_key_info"]), key.info, "SubjectPublicKeyInfo")
            check_equal((answer["key_type"], answer["key_size_in_bits"]), (key.type, key.size),
                        "kind")
            record = check_raises("unimplemented", scene.daemon.call, "Keys.Export",
                                  {"key": key.reference}).record
            check("cannot leave its token" in record["message"], record)
            check_equal(record["token_id"], TOKEN_ID, "token")


# --- Curve25519 ---------------------------------------------------------------------------------


def judge_ed25519(public_path, message, signature):
    openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public_path, "-sigfile",
            file_with(signature, "signature"), "-in", file_with(message))


@test
def ed25519_signs_the_message_itself():
    scene = Scene()
    key = scene.add("sign", "ed25519", [EDDSA], "pin", can_sign=True)
    with scene, scene.connect() as connection:
        check(all(supported(scene.daemon, key, operation, EDDSA)
                  for operation in ("sign", "verify")), "it is not supported")
        check(not supported(scene.daemon, key, "sign", "ecdsa_signature_message_x962_sha256"),
              "ECDSA is supported")
        for message in (SECRET, b"long" * 10000, b"x" * 65535):
            signature = sign(connection, key, EDDSA, message, pin=PIN)
            judge_ed25519(key.public_path, message, signature)
            words = {"key": key.reference, "algorithm": EDDSA, "signature": b64(signature)}
            for data, expected in ((message, True), (message[:-1], False)):
                answer = connection.call("Keys.Verify", {**words, "data": b64(data)})
                check_equal(answer["valid"], expected, "valid")
        before = scene.token.calls()
        record = check_raises("param", sign, connection, key, EDDSA, b"x" * 65536).record
        check_equal(record["message"],
                    "a message of 65536 bytes; a token signs messages of up to 65535", "message")
        record = check_raises("param", sign, connection, key, "ecdsa_signature_message_x962_sha256",
                              SECRET).record
        check(EDDSA in record["hint"], record)
        check_equal(scene.token.calls(), before, "calls of the driver")
        signature = keycask(scene, "sign", pin=PIN, input=SECRET)[0]
        judge_ed25519(key.public_path, SECRET, signature)
        keycask(scene, "verify", "--signature", file_with(signature, "signature"), input=SECRET)
        keycask(scene, "verify", "--signature", scratch() / "signature", input=b"other", status=1)


@test
def x25519_agrees_as_openssl_does():
    scene = Scene()
    key = scene.add("agree", "x25519", [STANDARD], "pin", can_derive=True)
    path, peer = new_peer("x25519")
    secret = openssl_derive(path, key)
    with scene, scene.connect() as connection:
        check_equal(exchange(connection, key, STANDARD, peer, pin=PIN), secret, "secret")
        for name in HASHES:
            algorithm = f"{STANDARD}_x963_{name}"
            check(supported(scene.daemon, key, "exchange", algorithm), algorithm)
            derived = exchange(connection, key, algorithm, peer, requested_size=50,
                               shared_info=b64(b"info"))
            check_equal(derived, x963(name, secret, b"info", 50), algorithm)
        check(not supported(scene.daemon, key, "exchange", "ecdh_key_exchange_cofactor"),
              "with cofactor, too")
        before = scene.token.calls()
        order_8 = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
        for wrong, message in ((b"", "must be 32 bytes"), (peer[:-1], "must be 32 bytes"),
                               (b"\x40" + peer, "must be 32 bytes"),
                               (b"\0" * 32, "every secret is zero"),
                               (order_8, "every secret is zero")):
            record = check_raises("param", exchange, connection, key, STANDARD, wrong).record
            check(message in record["message"], record)
        check_equal(scene.token.calls(), before, "calls of the driver")
        forms = {"pem": openssl("pkey", "-in", path, "-pubout"), "bytes": peer,
                 "der": openssl("pkey", "-in", path, "-pubout", "-outform", "DER")}
        for name, content in forms.items():
            check_equal(keycask(scene, "derive", file_with(content, name), pin=PIN)[0], secret, name)
        ed25519 = openssl("pkey", "-in", generate(scratch() / "ed.pem", "ed25519"), "-pubout")
        for content, message in ((ed25519, "is not an EC or X25519 key"),
                                 (b"\0" * 32, "every secret is zero"),
                                 (new_peer("P-256")[1], "must be 32 bytes")):
            complaint = keycask(scene, "derive", pin=PIN, input=content, status=1)[1].decode()
            check(message in complaint, complaint)


@test
def curve25519_answers_that_cannot_be_are_found_out():
    scene = Scene()
    signer = scene.add("sign", "ed25519", [EDDSA], can_sign=True)
    agree = scene.add("agree", "x25519", [STANDARD], can_derive=True)
    _, peer = new_peer("x25519")
    with scene, scene.connect() as connection:
        other = sign(connection, signer, EDDSA, b"something else")
        for lie in (b"", other, other[:-1], other + b"\0", b"\0" * 64, b"\xff" * 5000):
            scene.token.lie(Sign={"signature": b64(lie)})
            record = check_raises("verify_failed", sign, connection, signer, EDDSA, SECRET).record
            check("what the token signed" in record["message"], record)
        for lie, message in ((b"", "0 bytes"), (b"\x01" * 31, "31 bytes"), (b"\x01" * 33, "33 bytes"),
                             (b"\0" * 32, "with zero, which is no secret")):
            scene.token.lie(Exchange={"secret": b64(lie)})
            record = check_raises("decode", exchange, connection, agree, STANDARD, peer).record
            check(message in record["message"], record)


# --- decryption ---------------------------------------------------------------------------------


@test
def what_openssl_encrypts_is_decrypted():
    scene, key = decipherer()
    with scene, scene.connect() as connection:
        for algorithm in (PKCS1, *(f"rsa_encryption_oaep_{name}" for name in HASHES)):
            for data in (SECRET, b"", b"\0" * 20):
                ciphertext = openssl_encrypt(key, algorithm, data)
                check_equal(decrypt(connection, key, algorithm, ciphertext), data, algorithm)
                ciphertext = encrypt(connection, key, algorithm, data)
                check_equal(decrypt(connection, key, algorithm, ciphertext), data, algorithm)
                check_equal(openssl_decrypt(key, algorithm, ciphertext), data, algorithm)
            for operation in ("encrypt", "decrypt"):
                check(supported(scene.daemon, key, operation, algorithm), f"{operation} {algorithm}")
        block = b"\0" + b"\xa5" * 255
        check_equal(decrypt(connection, key, RAW, openssl_encrypt(key, RAW, block)), block, RAW)
        check_equal(encrypt(connection, key, RAW, block), openssl_encrypt(key, RAW, block), RAW)
        short = encrypt(connection, key, RAW, b"\x05")
        check_equal(decrypt(connection, key, RAW, short), b"\0" * 255 + b"\x05", "short raw data")


@test
def lengths_are_held_to_their_borders():
    scene, key = decipherer()
    most = {PKCS1: 245, **{f"rsa_encryption_oaep_{name}": 254 - 2 * hashlib.new(name).digest_size
                           for name in HASHES}}
    with scene, scene.connect() as connection:
        for algorithm, size in most.items():
            ciphertext = encrypt(connection, key, algorithm, b"x" * size)
            check_equal(decrypt(connection, key, algorithm, ciphertext), b"x" * size, algorithm)
            record = check_raises("param", encrypt, connection, key, algorithm,
                                  b"x" * (size + 1)).record
            check(f"at most {size} bytes" in record["message"], record)
            for wrong in (b"", ciphertext[:-1], b"\0" + ciphertext, b"\xff" * 256):
                check_raises("param", decrypt, connection, key, algorithm, wrong)
        check_raises("param", encrypt, connection, key, RAW, b"\x01" * 257)
        check_raises("param", encrypt, connection, key, RAW, b"\xff" * 256)
        check_raises("param", decrypt, connection, key, RAW, b"\x01" * 257)
        check_equal(scene.token.calls().count("Decrypt"), len(most), "decryptions on the token")


@test
def padding_that_is_wrong_is_not_told_from_right():
    """Every kind of bad block becomes a message, the same one each time."""
    scene, key = decipherer()
    good = b"\0\x02" + b"\x11" * 200 + b"\0"
    good += b"m" * (256 - len(good))
    bad = {
        "first byte": b"\x01" + good[1:],
        "block type": b"\0\x01" + good[2:],
        "no separator": good.replace(b"\x11\0", b"\x11\x11"),
        "separator too early": good[:9] + b"\0" + good[10:],
        "noise": b"\x01" + hashlib.shake_256(b"noise").digest(255),
    }
    with scene, scene.connect() as connection:
        check_equal(decrypt(connection, key, PKCS1, openssl_encrypt(key, RAW, good)), b"m" * 53,
                    "a good block")
        for what, block in bad.items():
            ciphertext = openssl_encrypt(key, RAW, block)
            message = decrypt(connection, key, PKCS1, ciphertext)
            check(len(message) <= 245, f"{what}: {len(message)} bytes")
            check_equal(message, synthetic(block, ciphertext), what)
            check_equal(decrypt(connection, key, PKCS1, ciphertext), message, f"{what}, again")
            record = check_raises("param", decrypt, connection, key, "rsa_encryption_oaep_sha256",
                                  ciphertext).record
            check_equal(record["message"],
                        "this was not encrypted with this key and this algorithm", what)


def synthetic(block, ciphertext):
    """draft-irtf-cfrg-rsa-guidance 7.2, with the hash of the block for that of the private key."""
    def expand(label, size):
        return b"".join(
            hmac.digest(secret, i.to_bytes(2, "big") + label + (size * 8).to_bytes(2, "big"),
                        "sha256") for i in range((size + 31) // 32))[:size]

    secret = hmac.digest(hashlib.sha256(block).digest(), ciphertext, "sha256")
    limit = len(block) - 10
    mask = (1 << limit.bit_length()) - 1
    lengths = expand(b"length", 256)
    fits = [n for n in (int.from_bytes(lengths[i:i + 2], "big") & mask for i in range(0, 256, 2))
            if n < limit]
    return expand(b"message", len(block))[len(block) - fits[-1]:]


@test
def a_token_that_unpads_is_no_oracle_either():
    scene, key = decipherer(operation=PKCS1)
    with scene, scene.connect() as connection:
        ciphertext = openssl_encrypt(key, PKCS1, SECRET)
        check_equal(decrypt(connection, key, PKCS1, ciphertext), SECRET, "plaintext")
        bad = openssl_encrypt(key, RAW, b"\0\x01" + b"\x11" * 254)
        message = decrypt(connection, key, PKCS1, bad)
        check(len(message) <= 245, f"{len(message)} bytes")
        check_equal(decrypt(connection, key, PKCS1, bad), message, "again")
        scene.token.lie(Decrypt=[COMMUNICATION, 0x6F00])
        check_equal(decrypt(connection, key, PKCS1, bad), message, "refused with 6F00")
        check_equal([line["result"] for line in audit_lines(scene.daemon)], ["success"] * 4,
                    "results in the audit log")
        scene.token.lie(Decrypt=COMMUNICATION)
        check_raises("internal", decrypt, connection, key, PKCS1, bad)
        check_equal(scene.token.calls().count("Decrypt"), 5, "decryptions on the token")
        check(supported(scene.daemon, key, "decrypt", PKCS1), "PKCS#1")
        for algorithm in (RAW, "rsa_encryption_oaep_sha256"):
            check(not supported(scene.daemon, key, "decrypt", algorithm), algorithm)
            check(supported(scene.daemon, key, "encrypt", algorithm), algorithm)
            record = check_raises("param", decrypt, connection, key, algorithm, ciphertext).record
            check("cannot decrypt with" in record["message"], record)


@test
def only_keys_for_it_decrypt_and_exchange():
    scene = Scene()
    rsa = scene.add("signer", "rsa:2048", [RAW, "rsa_signature_raw"], can_sign=True)
    ec = scene.add("ecdsa", "P-256", [STANDARD, ECDSA], can_sign=True)
    both = scene.add("both", "P-256", [STANDARD], can_derive=True)
    with scene, scene.connect() as connection:
        record = check_raises("param", decrypt, connection, rsa, PKCS1, b"x" * 256).record
        check_equal(record["message"], 'the key "signer" is not for decryption', "message")
        record = check_raises("param", exchange, connection, ec, STANDARD, ec.public).record
        check_equal(record["message"], 'the key "ecdsa" is not for key exchange', "message")
        record = check_raises("param", sign, connection, both,
                              "ecdsa_signature_message_x962_sha256", SECRET).record
        check_equal(record["message"], 'the key "both" is not for signing', "message")
        for key, operation, algorithm in ((rsa, "decrypt", PKCS1), (ec, "exchange", STANDARD),
                                          (both, "sign", ECDSA), (both, "decrypt", PKCS1),
                                          (both, "encrypt", PKCS1), (rsa, "exchange", STANDARD),
                                          (rsa, "decrypt", "rsa_signature_raw"),
                                          (rsa, "encrypt", "no such")):
            check(not supported(scene.daemon, key, operation, algorithm), (operation, algorithm))
        check(supported(scene.daemon, rsa, "encrypt", PKCS1), "anybody encrypts")
        check_raises("param", supported, scene.daemon, rsa, "derive", STANDARD)
        check_raises("param", encrypt, connection, both, PKCS1, b"x")
        check_raises("param", decrypt, connection, rsa, "rsa_signature_raw", b"x" * 256)


# --- key exchange -------------------------------------------------------------------------------


@test
def what_is_derived_is_openssls():
    for kind in ("P-256", "P-384", "P-521", "secp256k1"):
        scene = Scene()
        key = scene.add("agree", kind, [STANDARD], can_derive=True)
        path, point = new_peer(kind)
        with scene, scene.connect() as connection:
            secret = openssl_derive(path, key)
            for algorithm in (STANDARD, "ecdh_key_exchange_cofactor"):
                check_equal(exchange(connection, key, algorithm, point), secret, algorithm)
                check(supported(scene.daemon, key, "exchange", algorithm), algorithm)
                for name in HASHES:
                    length = hashlib.new(name).digest_size
                    full = f"{algorithm}_x963_{name}"
                    check(supported(scene.daemon, key, "exchange", full), full)
                    for size in (1, length, length + 1):
                        check_equal(exchange(connection, key, full, point, requested_size=size,
                                             shared_info=b64(b"info")),
                                    x963(name, secret, b"info", size), full)
                    check_equal(exchange(connection, key, full, point, requested_size=length),
                                x963(name, secret, b"", length), full)


@test
def parameters_of_an_exchange_are_checked_before_the_token_is_asked():
    scene = Scene()
    key = scene.add("agree", "P-256", [STANDARD], can_derive=True)
    _, point = new_peer("P-256")
    _, other = new_peer("secp256k1")
    _, longer = new_peer("P-384")
    derived = f"{STANDARD}_x963_sha256"
    with scene, scene.connect() as connection:
        for wrong in (other, longer, point[:-1], point + b"\0", b"", b"\0", b"\x02" + point[1:33],
                      b"\x06" + point[1:], point[:-1] + bytes([point[-1] ^ 1]), b"\x04" * 65):
            check_raises("param", exchange, connection, key, STANDARD, wrong)
        for size in (None, 0, -1, 65537, 2**40):
            check_raises("param", exchange, connection, key, derived, point, requested_size=size)
        record = check_raises("param", exchange, connection, key, derived, point).record
        check("must be told how many bytes" in record["message"], record)
        check_raises("param", exchange, connection, key, STANDARD, point, requested_size=32)
        check_raises("param", exchange, connection, key, STANDARD, point, shared_info=b64(b"x"))
        check_raises("param", exchange, connection, key, ECDSA, point)
        check_equal(len(exchange(connection, key, derived, point, requested_size=65536)), 65536,
                    "the longest")
        check_equal(scene.token.calls().count("Exchange"), 1, "exchanges on the token")


# --- signing by a token that pads ---------------------------------------------------------------


@test
def a_token_that_pads_signs_with_every_hash():
    scene = Scene()
    key = scene.add("card", "rsa:2048", [PADS], can_sign=True)
    with scene, scene.connect() as connection:
        for name in HASHES:
            digest = hashlib.new(name, SECRET).digest()
            for algorithm, data in ((f"rsa_signature_message_pkcs1v15_{name}", SECRET),
                                    (f"rsa_signature_digest_pkcs1v15_{name}", digest)):
                signature = file_with(sign(connection, key, algorithm, data), "signature")
                openssl("pkeyutl", "-verify", "-pubin", "-inkey", key.public_path, "-sigfile",
                        signature, "-in", file_with(digest), "-pkeyopt", f"digest:{name}")
            for algorithm in (f"rsa_signature_message_pss_{name}", "rsa_signature_raw"):
                check(not supported(scene.daemon, key, "sign", algorithm), algorithm)
                record = check_raises("param", sign, connection, key, algorithm, SECRET).record
                check("cannot sign with" in record["message"], record)
        signature = file_with(sign(connection, key, PADS, b"my own"), "signature")
        openssl("pkeyutl", "-verify", "-pubin", "-inkey", key.public_path, "-sigfile", signature,
                "-in", file_with(b"my own"), "-pkeyopt", "rsa_padding_mode:pkcs1")


# --- PINs ---------------------------------------------------------------------------------------


class Verbs:
    """The three operations on keys of one constraint, each judged."""

    def __init__(self, scene, constraint):
        self.decipher = scene.add("d-" + constraint, "rsa:2048", [RAW], constraint,
                                  can_decrypt=True)
        self.agree = scene.add("a-" + constraint, "P-256", [STANDARD], constraint, can_derive=True)
        self.path, self.point = new_peer("P-256")
        self.ciphertext = openssl_encrypt(self.decipher, PKCS1, SECRET)

    def decrypt(self, connection, **options):
        check_equal(decrypt(connection, self.decipher, PKCS1, self.ciphertext, **options), SECRET,
                    "plaintext")

    def exchange(self, connection, **options):
        check_equal(exchange(connection, self.agree, STANDARD, self.point, **options),
                    openssl_derive(self.path, self.agree), "secret")

    def each(self):
        return self.decrypt, self.exchange


@test
def a_pin_is_needed_as_for_signing():
    scene = Scene()
    once, always = Verbs(scene, "pin"), Verbs(scene, "pin_always")
    with scene:
        for verb in once.each():
            with scene.connect() as connection:
                check_raises("interaction_not_allowed", verb, connection)
                record = check_raises("auth_failed", verb, connection, pin="654321").record
                check_equal(record["tries_left"], 2, "tries left")
                verb(connection, pin=PIN)
                verb(connection)
                with scene.connect() as other:
                    check_raises("interaction_not_allowed", verb, other)
        for verb in always.each():
            with scene.connect() as connection:
                verb(connection, pin=PIN)
                check_raises("interaction_not_allowed", verb, connection)
                verb(connection, pin=PIN)


@test
def the_last_try_is_used_only_when_it_is_said():
    scene = Scene()
    verbs = Verbs(scene, "pin")
    with scene:
        for verb in verbs.each():
            with scene.connect() as connection:
                for left in (2, 1):
                    record = check_raises("auth_failed", verb, connection, pin="654321").record
                    check_equal(record["tries_left"], left, "tries left")
                check_raises("interaction_not_allowed", verb, connection, pin=PIN)
                verb(connection, pin=PIN, last_try=True)


@test
def every_use_is_in_the_audit_log_and_no_content():
    scene = Scene()
    verbs = Verbs(scene, "pin")
    with scene:
        with scene.connect() as connection:
            for verb in verbs.each():
                check_raises("auth_failed", verb, connection, pin="654321")
                verb(connection, pin=PIN)
            encrypt(connection, verbs.decipher, PKCS1, SECRET)
        lines = audit_lines(scene.daemon)
        check_equal([(line["operation"], line["algorithm"], line["key_label"], line["result"])
                     for line in lines],
                    [("decrypt", PKCS1, "d-pin", "auth_failed"),
                     ("decrypt", PKCS1, "d-pin", "success"),
                     ("exchange", STANDARD, "a-pin", "auth_failed"),
                     ("exchange", STANDARD, "a-pin", "success")], "audit log")
        check_equal(lines[0]["key_hash"], hashlib.sha1(verbs.decipher.public).hexdigest(), "hash")
        text = json.dumps(lines) + scene.daemon.read_log()
        for content in (SECRET.decode(), b64(SECRET), PIN):
            check(content not in text, f"{content} is in a log")


# --- the commands -------------------------------------------------------------------------------


def keycask(scene, *arguments, pin=None, status=0, input=b""):
    """keycask as a person runs it: (what it prints, what it complains of)."""
    options = {}
    if pin:
        reader = pipe_with(pin)
        arguments += ("--pin-fd", reader)
        options["pass_fds"] = [reader]
    return run(program("keycask"), *arguments, env=scene.daemon.env, status=status, input=input,
               **options)


@test
def the_commands_encrypt_and_decrypt():
    scene = Scene()
    key = scene.add("letters", "rsa:2048", [RAW], "pin", can_decrypt=True)
    scene.add("other", "P-256", [ECDSA], can_sign=True)
    letter, sealed = file_with(SECRET, "letter"), scratch() / "sealed"
    with scene:
        for algorithm in ("rsa_encryption_oaep_sha256", PKCS1, "rsa_encryption_oaep_sha1"):
            words = [] if algorithm.endswith("256") else ["--algorithm", algorithm]
            keycask(scene, "encrypt", *words, "--out", sealed, letter)
            check_equal(openssl_decrypt(key, algorithm, sealed.read_bytes()), SECRET, algorithm)
            sealed.write_bytes(openssl_encrypt(key, algorithm, SECRET))
            check_equal(keycask(scene, "decrypt", *words, sealed, pin=PIN)[0], SECRET, algorithm)
        check_equal(keycask(scene, "decrypt", "--key", "letters", "--algorithm", algorithm, pin=PIN,
                            input=sealed.read_bytes())[0], SECRET, "from standard input")
        opened = scratch() / "opened"
        keycask(scene, "decrypt", "--algorithm", algorithm, "--out", opened, sealed, pin=PIN)
        check_equal(opened.read_bytes(), SECRET, "--out")
        answer = scene.daemon.cli("encrypt", str(letter))
        check_equal(answer["algorithm"], "rsa_encryption_oaep_sha256", "the usual algorithm")
        sealed.write_bytes(unb64(answer["ciphertext"]))
        answer = scene.daemon.cli("decrypt", str(sealed), pin=PIN)
        check_equal(answer, {"plaintext": b64(SECRET), "algorithm": "rsa_encryption_oaep_sha256"},
                    "keycask decrypt --json")
        for words, status, message in (
                (["decrypt", "--key", "other", sealed], 1, "'other' cannot decrypt"),
                (["encrypt", "--key", "other", letter], 1, "is no key that can be encrypted to"),
                (["derive", letter], 1, "there is no key that can derive"),
                (["decrypt", "--no-prompt", sealed], 1, "a PIN is needed"),
                (["decrypt", "--pin-fd", "0"], 2, "the PIN and the ciphertext cannot both"),
                (["derive", "--pin-fd", "0"], 2, "the PIN and the public key cannot both"),
                (["encrypt", scratch() / "none"], 1, "No such file"),
                (["encrypt", "--algorithm", "oaep", letter], 1, "no encryption algorithm"),
                (["encrypt", "--algorithm", "rsa_encryption_oaep_sha256",
                  file_with(b"x" * 191, "long")], 1, "at most 190 bytes")):
            complaint = keycask(scene, *words, status=status)[1].decode()
            check(message in complaint, f"{words}: {complaint}")


@test
def the_commands_encrypt_long_files_too():
    """By what the length asks for, with an RSA key; an EC key always takes any."""
    for arguments, short, long in (
            (("rsa:2048", [RAW]), "rsa_encryption_oaep_sha256", "rsa_encryption_oaep_sha256_aesgcm"),
            (("P-256", [STANDARD]), *["ecies_encryption_standard_variable_iv_x963_sha256_aesgcm"] * 2)):
        scene = Scene()
        use = "can_decrypt" if arguments[0].startswith("rsa") else "can_derive"
        scene.add("letters", *arguments, "pin", **{use: True})
        with scene:
            for size, expected in ((0, short), (190, short), (191, long), (50000, long)):
                data, sealed = file_with(b"x" * size, "data"), scratch() / "sealed"
                answer = scene.daemon.cli("encrypt", "--key", "letters", str(data))
                check_equal(answer["algorithm"], expected, f"the usual algorithm of {size} bytes")
                sealed.write_bytes(unb64(answer["ciphertext"]))
                answer = scene.daemon.cli("decrypt", str(sealed), pin=PIN)
                check_equal((unb64(answer["plaintext"]), answer["algorithm"]),
                            (b"x" * size, expected), f"{size} bytes")
            whole = sealed.read_bytes()
            sealed.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
            complaint = keycask(scene, "decrypt", sealed, pin=PIN, status=1)[1].decode()
            check("was not encrypted with this key" in complaint, complaint)


@test
def the_commands_list_the_algorithms():
    for command, name in (("sign", "rsa_signature_{message,digest}"), ("verify", "ecdsa_signature_"),
                          ("encrypt", "ecies_encryption_"), ("decrypt", "rsa_encryption_oaep_"),
                          ("derive", "ecdh_key_exchange_")):
        check(name in run(program("keycask"), command, "--help")[0].decode(), f"keycask {command} --help")


@test
def the_commands_know_what_a_token_can():
    """A token that only unpads PKCS#1 v1.5 is encrypted to in that way."""
    scene = Scene()
    key = scene.add("card", "rsa:2048", [PKCS1], can_decrypt=True)
    with scene:
        sealed = keycask(scene, "encrypt", input=SECRET)[0]
        check_equal(openssl_decrypt(key, PKCS1, sealed), SECRET, "sealed")
        check_equal(keycask(scene, "decrypt", input=sealed)[0], SECRET, "opened")


@test
def the_command_derives():
    scene = Scene()
    key = scene.add("agree", "P-256", [STANDARD], "pin", can_derive=True)
    path, point = new_peer("P-256")
    forms = {"pem": openssl("pkey", "-in", path, "-pubout"),
             "der": openssl("pkey", "-in", path, "-pubout", "-outform", "DER"),
             "compressed": openssl("ec", "-in", path, "-pubout", "-conv_form", "compressed"),
             "cert": openssl("req", "-x509", "-key", path, "-subj", "/CN=x"),
             "cert.der": openssl("req", "-x509", "-key", path, "-subj", "/CN=x", "-outform", "DER"),
             "point": point}
    secret = openssl_derive(path, key)
    with scene:
        for name, content in forms.items():
            check_equal(keycask(scene, "derive", file_with(content, name), pin=PIN)[0], secret, name)
        check_equal(keycask(scene, "derive", pin=PIN, input=forms["pem"])[0], secret, "piped")
        check_equal(keycask(scene, "derive", "--algorithm", f"{STANDARD}_x963_sha384", "--size", "50",
                            "--shared-info", file_with(b"info", "info"), scratch() / "pem",
                            pin=PIN)[0], x963("sha384", secret, b"info", 50), "derived")
        answer = scene.daemon.cli("derive", str(scratch() / "pem"), pin=PIN)
        check_equal(answer, {"secret": b64(secret), "algorithm": STANDARD}, "keycask derive --json")
        rsa = openssl("pkey", "-in", generate(scratch() / "rsa.pem", "rsa:1024"), "-pubout")
        for content, message in ((b"", "is empty"), (b"nothing", "no public key in it"),
                                 (rsa, "is not an EC or X25519 key"), (point[:-1], "a point of 65 bytes")):
            complaint = keycask(scene, "derive", pin=PIN, input=content, status=1)[1].decode()
            check(message in complaint, complaint)
        keycask(scene, "derive", "--shared-info", "-", scratch() / "pem", status=2)
        complaint = keycask(scene, "derive", "--algorithm", f"{STANDARD}_x963_sha1",
                            scratch() / "pem", pin=PIN, status=1)[1].decode()
        check("must be told how many bytes" in complaint, complaint)


@test
def the_command_exports_public_keys():
    scene = Scene()
    for name, kind, certificate in (("a", "rsa:2048", False), ("b", "P-384", True)):
        scene.add(name, kind, [], certificate=certificate, can_sign=True)
    with scene:
        for key in scene.token.keys.values():
            pem = keycask(scene, "key", "export", key.name)[0]
            check_equal(pem, key.public_path.read_bytes(), "PEM, as openssl writes it")
            check_equal(keycask(scene, "key", "export", "--key", key.name, "--der")[0], key.info,
                        "DER")
            check_equal(keycask(scene, "key", "export", key.reference, "--raw")[0], key.public,
                        "external representation")
            path = scratch() / "exported"
            keycask(scene, "key", "export", key.name, "--out", path)
            check_equal(path.read_bytes(), pem, "--out")
            check_equal(scene.daemon.cli("key", "export", key.name), {"public_key": b64(key.info)},
                        "--json")
            check_equal(scene.daemon.cli("key", "export", key.name, "--out", str(path)),
                        {"path": str(path)}, "--json --out")
        complaint = keycask(scene, "cert", "export", "a", status=1)[1].decode()
        check("'a' has no certificate" in complaint and "keycask key export" in complaint, complaint)
        for words, status, message in ((["nobody"], 1, "no key is called 'nobody'"),
                                       ([], 2, "the key"), (["a", "--pem", "--raw"], 2, "exclude"),
                                       (["a", "--key", "b"], 2, "two keys: 'b' and 'a'")):
            complaint = keycask(scene, "key", "export", *words, status=status)[1].decode()
            check(message in complaint, f"{words}: {complaint}")


# --- software cards through their drivers ---------------------------------------------------------


class OnCard:
    """The keys of a software card, by their labels."""

    def __init__(self, profile):
        self.daemon, self.card = Daemon(), Card(profile)

    def __enter__(self):
        self.daemon.__enter__()
        try:
            self.card.insert(self.daemon)
            self.daemon.wait_for_token()
        except BaseException as trouble:
            self.__exit__(type(trouble))
            raise
        return self

    def __exit__(self, kind, *_):
        self.card.__exit__(kind)
        self.daemon.__exit__(kind)

    def command(self, *arguments, **options):
        return keycask(self, *arguments, **options)[0]

    def public_key(self, label):
        """Its file; and the keychain has no certificate to take it from, or takes another way."""
        return file_with(self.command("key", "export", label), "public-key")


@test
def a_piv_card_decrypts_and_derives():
    sealed = scratch() / "sealed"
    with OnCard("piv:9d=rsa2048") as card:
        public_key = card.public_key("Key For Key Management")
        for name in ("sha1", "sha256", "sha512"):
            words = padding_options(f"rsa_encryption_oaep_{name}")
            sealed.write_bytes(openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", public_key, "-in",
                                       file_with(SECRET), *words))
            check_equal(card.command("decrypt", "--algorithm", f"rsa_encryption_oaep_{name}",
                                     sealed, pin=PIN), SECRET, name)
        sealed.write_bytes(openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", public_key, "-in",
                                   file_with(SECRET)))
        check_equal(card.command("decrypt", "--algorithm", PKCS1, sealed, pin=PIN), SECRET, PKCS1)
    with OnCard("piv:9d=p384") as card:
        path, _ = new_peer("P-384")
        expected = openssl("pkeyutl", "-derive", "-inkey", path, "-peerkey",
                           card.public_key("Key For Key Management"))
        peer = file_with(openssl("pkey", "-in", path, "-pubout"), "peer")
        check_equal(card.command("derive", peer, pin=PIN), expected, "secret")


@test
def an_openpgp_card_pads_and_unpads_by_itself():
    """Without certificates: all keys are known by their public keys alone."""
    with OnCard("openpgp:sig=rsa2048,dec=rsa2048,aut=p256") as card:
        sealed = card.command("encrypt", input=SECRET)
        check_equal(card.command("decrypt", pin=PIN, input=sealed), SECRET, "there and back")
        noise = card.command("decrypt", pin=PIN, input=b"\x01" * 256)
        check(len(noise) <= 245, f"{len(noise)} bytes of noise")
        check_equal(card.command("decrypt", pin=PIN, input=b"\x01" * 256), noise, "the same noise")
        public_key = card.public_key("OpenPGP signature key")
        for name in ("sha256", "sha512"):
            signature = file_with(card.command(
                "sign", "--key", "OpenPGP signature key", "--algorithm",
                f"rsa_signature_message_pkcs1v15_{name}", pin=PIN, input=SECRET), "signature")
            openssl("dgst", f"-{name}", "-verify", public_key, "-signature", signature,
                    file_with(SECRET))
        complaint = keycask(card, "sign", "--key", "OpenPGP signature key", "--algorithm",
                            "rsa_signature_message_pss_sha256", pin=PIN, input=SECRET, status=1)[1]
        check(b"cannot sign with" in complaint, complaint)
    with OnCard("openpgp:sig=p256,dec=p256,aut=p256") as card:
        path, _ = new_peer("P-256")
        expected = openssl("pkeyutl", "-derive", "-inkey", path, "-peerkey",
                           card.public_key("OpenPGP decryption key"))
        peer = file_with(openssl("pkey", "-in", path, "-pubout"), "peer")
        check_equal(card.command("derive", peer, pin=PIN), expected, "secret")


# --- lies ---------------------------------------------------------------------------------------


@test
def answers_that_cannot_be_are_found_out():
    scene, key = decipherer()
    agree = scene.add("agree", "P-256", [STANDARD], can_derive=True)
    unpads = scene.add("unpads", "rsa:2048", [PKCS1], can_decrypt=True)
    with scene, scene.connect() as connection:
        ciphertext = {name: openssl_encrypt(name, PKCS1, SECRET) for name in (key, unpads)}
        pid = scene.daemon.pid
        for size in (0, 1, 255, 257, 100000):
            scene.token.lie(Decrypt={"plaintext": b64(b"\x01" * size)})
            for algorithm in (RAW, PKCS1, "rsa_encryption_oaep_sha512"):
                record = check_raises("decode", decrypt, connection, key, algorithm,
                                      ciphertext[key]).record
                check_equal(record["token_id"], TOKEN_ID, "token")
                check("which is no decryption" in record["message"], record)
            if size > 256:
                check_raises("decode", decrypt, connection, unpads, PKCS1, ciphertext[unpads])
            else:
                check_equal(decrypt(connection, unpads, PKCS1, ciphertext[unpads]), b"\x01" * size,
                            "what the token says is the plaintext")
        for size in (0, 31, 33, 65, 100000):
            scene.token.lie(Exchange={"secret": b64(b"\x01" * size)})
            record = check_raises("decode", exchange, connection, agree, STANDARD,
                                  agree.public).record
            check("which is no secret of this curve" in record["message"], record)
        for block in (b"\0" * 256, b"\xff" * 256, b"\0\x02" + b"\xff" * 254):
            scene.token.lie(Decrypt={"plaintext": b64(block)})
            check_equal(decrypt(connection, key, PKCS1, ciphertext[key]),
                        synthetic(block, ciphertext[key]), "of a block that is none")
            check_raises("param", decrypt, connection, key, "rsa_encryption_oaep_sha1",
                         ciphertext[key])
        scene.token.lie()
        check_equal(decrypt(connection, key, PKCS1, ciphertext[key]), SECRET, "afterwards")
        check_equal(scene.daemon.pid, pid, "the daemon")


@test
def answers_that_are_none_cost_the_token_its_driver():
    for lie in ({"plaintext": 7}, {}, {"plaintext": None}, {"signature": "AAAA"}):
        scene, key = decipherer()
        with scene, scene.connect() as connection:
            scene.token.lie(Decrypt=lie)
            check_raises("item_not_found", decrypt, connection, key, PKCS1, b"\x01" * 256)
            scene.token.lie()
            check(scene.daemon.call("Tokens.List")["tokens"] is not None, "the daemon answers")


@test
def what_a_token_refuses_is_passed_on():
    scene, key = decipherer()
    agree = scene.add("agree", "P-256", [STANDARD], can_derive=True)
    with scene, scene.connect() as connection:
        for status, name in ((BAD_PARAMETER, "param"), (-70003, "decode"), (COMMUNICATION, "internal"),
                             (-70006, "item_not_found"), (-70001, "unimplemented")):
            scene.token.lie(Decrypt=status, Exchange=status)
            record = check_raises(name, decrypt, connection, key, PKCS1, b"\x01" * 256).record
            check_equal(record["token_id"], TOKEN_ID, "token")
            check_raises(name, exchange, connection, agree, STANDARD, agree.public)


main()
