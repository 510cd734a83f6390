# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys on tokens do what they are for, and openssl agrees."""
import base64
import pathlib
import tempfile

from keycask_test import PIN, check, check_equal, openssl, scratch
from lifecycle import NO_PROMPT

MESSAGE = base64.b64encode(b"a message").decode()
ECDSA = "ecdsa_signature_message_x962_sha256"
RSA = "rsa_signature_message_pkcs1v15_sha256"
EDDSA = "eddsa_signature_message_ed25519"


def public_pem(connection, key):
    info = connection.call("Keys.CopyPublic", {"key": key})["public_key_info"]
    return openssl("pkey", "-pubin", "-inform", "DER", input=base64.b64decode(info))


def is_signature(pem, algorithm, signature):
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        folder = pathlib.Path(folder)
        (folder / "key").write_bytes(pem)
        (folder / "signature").write_bytes(base64.b64decode(signature))
        (folder / "message").write_bytes(base64.b64decode(MESSAGE))
        raw = ["-rawin"] if algorithm == EDDSA else ["-rawin", "-digest", "sha256"]
        try:
            openssl("pkeyutl", "-verify", "-pubin", "-inkey", folder / "key", "-sigfile",
                    folder / "signature", "-in", folder / "message", *raw)
        except AssertionError:
            return False
    return True


def check_signs(connection, made, algorithm):
    """With what openssl thinks of it, and our own judge by the public reference."""
    signature = connection.call("Keys.Sign", {
        "key": made["key"], "algorithm": algorithm, "data": MESSAGE, "pin": PIN,
        "interaction": NO_PROMPT})["signature"]
    check(is_signature(public_pem(connection, made["key"]), algorithm, signature),
          "openssl does not take the signature")
    check(connection.call("Keys.Verify", {
        "key": made["public_key"], "algorithm": algorithm, "data": MESSAGE,
        "signature": signature})["valid"], "the public reference does not verify")


def check_exchanges(connection, made, curve):
    """With a key of openssl's: both come to the same secret."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=scratch()))
    options = ["-algorithm", "X25519"] if curve == "x25519" else \
        ["-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"]
    openssl("genpkey", *options, "-out", folder / "own")
    (folder / "other").write_bytes(public_pem(connection, made["key"]))
    point = openssl("pkey", "-in", folder / "own", "-pubout", "-outform", "DER")
    point = point[-{"P-256": 65, "P-384": 97, "P-521": 133, "x25519": 32}[curve]:]
    secret = connection.call("Keys.Exchange", {
        "key": made["key"], "algorithm": "ecdh_key_exchange_standard",
        "public_key": base64.b64encode(point).decode(), "pin": PIN,
        "interaction": NO_PROMPT})["secret"]
    expected = openssl("pkeyutl", "-derive", "-inkey", folder / "own", "-peerkey",
                       folder / "other")
    check_equal(base64.b64decode(secret), expected, "the secret")


def check_decrypts(connection, made, algorithm="rsa_encryption_oaep_sha256"):
    ciphertext = connection.call("Keys.Encrypt", {
        "key": made["public_key"], "algorithm": algorithm, "data": MESSAGE})["ciphertext"]
    plaintext = connection.call("Keys.Decrypt", {
        "key": made["key"], "algorithm": algorithm, "data": ciphertext, "pin": PIN,
        "interaction": NO_PROMPT})["plaintext"]
    check_equal(plaintext, MESSAGE, "the plaintext")
