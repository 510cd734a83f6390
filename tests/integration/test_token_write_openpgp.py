# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates and keys that are written to OpenPGP cards, and deleted from them."""
import os

from key_checks import (ECDSA, EDDSA, RSA, check_decrypts, check_exchanges, check_signs)
from keycask_test import check, check_equal, main, openssl, test
from made_keys import MadeKey, file_with
from token_scene import ADMIN_PIN, TokenScene, certificate_for, der_of, public_pem, unb64

VERIFY_PW3 = "00200083"


class Scene(TokenScene):
    def __init__(self, profile, **settings):
        super().__init__(profile, ADMIN_PIN, **settings)

    def is_untouched(self):
        return not any(command.startswith(VERIFY_PW3) for command in self.card.commands())


BROUGHT = [
    ("rsa2048", "sign", lambda *made: check_signs(*made, RSA)),
    ("rsa3072", "decrypt", lambda *made: check_decrypts(*made, "rsa_encryption_pkcs1")),
    ("P-384", "authenticate", lambda *made: check_signs(*made, ECDSA)),
    ("ed25519", "sign", lambda *made: check_signs(*made, EDDSA)),
    ("x25519", "decrypt", lambda *made: check_exchanges(*made, "x25519")),
    ("P-521", "authenticate", lambda *made: check_signs(*made, ECDSA)),
    ("P-256", "decrypt", lambda *made: check_exchanges(*made, "P-256")),
]


@test
def keys_of_all_kinds_are_imported_and_work():
    with Scene("openpgp:none") as scene:
        brought = {}
        for kind, place, use in BROUGHT:
            made = MadeKey(kind)
            answer = scene.bring(made.private, key_class="private", key_type=made.type,
                                 token_object=place, may_replace=place in brought)
            info = scene.connection.call("Keys.CopyPublic", {"key": answer["key"]})
            check_equal(unb64(info["public_key"]), made.public, "the public key")
            brought[place] = dict(answer, public_key=info["public_reference"]), use
            use(scene.connection, brought[place][0])
        scene.reinsert()
        for answer, use in brought.values():
            scene.wait_for(answer["key"])
            use(scene.connection, answer)


@test
def each_key_gets_its_certificate():
    with Scene("openpgp:sig=p256,dec=rsa2048,aut=p256") as scene:
        ders = {}
        for key in list(scene.items("key")):
            der = certificate_for(public_pem(scene, key))
            put = scene.put(der)
            ders[put["certificate"]] = der
            check_equal(scene.data(), set(ders.values()), "certificates")
        check_equal(len(scene.items("identity")), 3, "identities")
        scene.reinsert()
        check_equal(scene.data(), set(ders.values()), "certificates after a return")
        for reference in list(ders):
            scene.delete(reference)
            del ders[reference]
            check_equal(scene.data(), set(ders.values()), "certificates")
        check_equal(len(scene.items("key")), 3, "keys")


@test
def what_a_certificate_may_not_do():
    with Scene("openpgp:sig=p256,aut=p256+cert") as scene:
        stranger = der_of(MadeKey("P-256").certificate())
        record = scene.put(stranger, "authenticate", "param")
        check("OpenPGP authentication key is not this certificate's" in record["message"], record)
        check("--mismatch" in record["hint"], record)
        record = scene.put(stranger, "decrypt", "param")
        check("has no OpenPGP decryption key" in record["message"], record)
        record = scene.put(stranger, None, "param")
        check("no key of the card belongs" in record["message"], record)
        record = scene.put(stranger, "9a", "param")
        check("no place" in record["message"], record)
        record = scene.put(stranger, "authenticate", "duplicate_item", may_mismatch=True)
        check("another OpenPGP authentication certificate" in record["message"], record)
        key = next(reference for reference, item in scene.items("key").items()
                   if "signature" in item["label"])
        large = file_with(f"nsComment={os.urandom(2500).hex()}\n".encode(), ".ext")
        der = certificate_for(public_pem(scene, key), "Jo", "-extfile", large)
        record = scene.put(der, "sign", "param")
        check(f"{len(der)} bytes, and the card takes 4096" in record["message"], record)
        record = scene.delete(key, "unimplemented")
        check("one by one" in record["message"] and "--replace" in record["hint"], record)
        check(scene.is_untouched(), "the administrator was asked for in vain")


@test
def what_cannot_be_imported():
    with Scene("openpgp:sig=p256") as scene:
        key = MadeKey("P-256")
        for status, data, attributes in [
                ("duplicate_item", key.private, {"token_object": "sign"}),
                ("param", key.private, {"token_object": "9a"}),
                ("param", key.private, {"can_decrypt": True}),
                ("param", MadeKey("ed25519").private, {"key_type": "ed25519",
                                                       "key_class": "private",
                                                       "token_object": "decrypt"}),
                ("param", MadeKey("ed448").private, {"key_type": "ed448",
                                                     "key_class": "private"})]:
            record = scene.bring(data, status, **attributes)
            check(record["message"], "no message")
        check(scene.is_untouched(), "the administrator was asked for in vain")
        check_equal(len(scene.items("key")), 1, "keys")


@test
def a_wrong_admin_pin_costs_a_try():
    with Scene("openpgp:aut=p256+cert") as scene:
        reference, = scene.items("certificate")
        record = scene.delete(reference, "auth_failed", administrator="87654321")
        check_equal(record["tries_left"], 2, "tries")
        record = scene.delete(reference, "interaction_not_allowed", administrator=None)
        check(record["message"], record)
        check_equal(len(scene.data()), 1, "certificates")
        scene.delete(reference)
        check_equal(scene.data(), set(), "certificates")


@test
def a_key_with_another_exponent():
    with Scene("openpgp:none") as scene:
        pem = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                      "-pkeyopt", "rsa_keygen_pubexp:3")
        answer = scene.bring(pem, token_object="sign")
        answer["public_key"] = scene.connection.call(
            "Keys.CopyPublic", {"key": answer["key"]})["public_reference"]
        check_signs(scene.connection, answer, RSA)


main()
