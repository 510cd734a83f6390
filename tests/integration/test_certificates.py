# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates that need not be in the keychain: what Inspect says of them, and what their keys do."""
import base64

from der import certificates
from keycask_test import Card, Daemon, check, check_equal, check_raises, main, openssl, test
from made_keys import MadeKey, b64

INSPECT = "org.keycask.Certificates.Inspect"


def certificate(kind, *options):
    """DER of a self-signed certificate, and its private key's file."""
    key = MadeKey(kind).path
    pem = openssl("req", "-x509", "-new", "-key", key, "-subj", f"/O=Example/CN={kind}", "-days", "30",
                  *options)
    return openssl("x509", "-outform", "DER", input=pem), key


@test
def what_stands_in_a_certificate():
    with Daemon() as daemon, daemon.connect() as connection:
        der, _ = certificate("P-256", "-addext", "keyUsage=digitalSignature", "-addext",
                             "extendedKeyUsage=clientAuth", "-addext",
                             "subjectAltName=DNS:www.example.org,email:jo@example.org")
        said = connection.call(INSPECT, {"certificate": b64(der)})["attributes"]
        check_equal(said["label"], "P-256", "label")
        check_equal(said["subject_text"], said["issuer_text"], "a self-signed certificate's issuer")
        check("CN=P-256" in said["subject_text"], f"subject_text {said['subject_text']}")
        for name, value in {"certificate_type": 3, "certificate_encoding": 3, "key_type": "ec",
                            "key_size_in_bits": 256, "key_usage": ["digital_signature"],
                            "extended_key_usage": ["client_auth"], "dns_names": ["www.example.org"],
                            "email_addresses": ["jo@example.org"]}.items():
            check_equal(said[name], value, name)
        for name in ("subject", "issuer", "serial_number", "public_key_hash", "not_valid_after"):
            check(name in said, f"{name} is missing")
        check(not {"subject_raw", "issuer_raw", "subject_summary"} & set(said),
              f"what is the engine's own is told: {sorted(said)}")


@test
def its_key_verifies_and_encrypts_without_being_an_item():
    with Daemon() as daemon, daemon.connect() as connection:
        der, key = certificate("rsa2048")
        reference = connection.call(INSPECT, {"certificate": b64(der)})["public_key"]
        signature = openssl("dgst", "-sha256", "-sign", key, input=b"text")
        check_equal(connection.call("org.keycask.Keys.Verify", {
            "key": reference, "data": b64(b"text"), "signature": b64(signature),
            "algorithm": "rsa_signature_message_pkcs1v15_sha256"})["valid"], True, "the signature")
        ciphertext = connection.call("org.keycask.Keys.Encrypt", {
            "key": reference, "data": b64(b"to you"),
            "algorithm": "rsa_encryption_oaep_sha1"})["ciphertext"]
        plaintext = openssl("pkeyutl", "-decrypt", "-inkey", key, "-pkeyopt",
                            "rsa_padding_mode:oaep", input=base64.b64decode(ciphertext))
        check_equal(plaintext, b"to you", "what is decrypted")


@test
def what_is_none_is_refused():
    with Daemon() as daemon, daemon.connect() as connection:
        for data in (b"", b"\x30\x03\x02\x01\x00", b"-----BEGIN CERTIFICATE-----\n"):
            error = check_raises("decode", connection.call, INSPECT, {"certificate": b64(data)})
            check(error.record["message"], "a failure without a message")


@test
def a_token_certificate_says_the_same_as_its_item():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        with daemon.connect() as connection:
            der = certificates(card.file)["9a"].der
            said = connection.call(INSPECT, {"certificate": b64(der)})["attributes"]
            (item,) = connection.call("org.keycask.Items.CopyMatching", {"query": {
                "class": "certificate", "return_attributes": True}})["items"]
            same = set(said) & set(item) - {"label"}
            check(len(same) > 7, f"attributes of both: {same}")
            check_equal({name: said[name] for name in same}, {name: item[name] for name in same},
                        "attributes")


main()
