# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates and keys that are written to PIV cards, and deleted from them."""
import json
import os
import pathlib

from key_checks import ECDSA, RSA, check_decrypts, check_exchanges, check_signs
from keycask_test import check, check_equal, main, openssl, test
from made_keys import MadeKey, file_with
from token_scene import TokenScene, answer, b64, certificate_for, der_of, public_pem, unb64

PUT_DATA = "00DB3FFF"
AUTHENTICATE = ("00870", "0087A", "00878")


def is_untouched(scene):
    return not any(c.startswith(AUTHENTICATE) for c in scene.card.commands())


@test
def a_key_is_made_and_gets_its_certificate():
    with TokenScene("piv:none") as scene:
        made = scene.create(token_object="9a", key_type="ec")
        der = certificate_for(public_pem(scene, made["key"]))
        put = scene.put(der)  # nobody says where: its key is known
        check_equal(scene.data(), {der}, "certificates")
        check_equal(len(scene.items("identity")), 1, "identities")
        check(put["certificate"] in scene.items("certificate"), "the reference is another")
        check_signs(scene.connection, made, ECDSA)
        scene.reinsert()
        scene.wait_for(made["key"])
        check_equal(scene.data(), {der}, "certificates after a return")
        check_signs(scene.connection, made, ECDSA)


@test
def another_certificate_is_replaced_only_when_said():
    with TokenScene("piv:9a=p256") as scene:
        key = list(scene.items("key"))[0]
        before = scene.data()
        der = certificate_for(public_pem(scene, key))
        record = scene.put(der, "9a", "duplicate_item")
        check("another certificate in 9A" in record["message"], record)
        check("keycask cert import --replace" in record["hint"], record)
        check(is_untouched(scene), "the administrator was asked for in vain")
        check_equal(scene.data(), before, "certificates")
        scene.put(der, "9a", may_replace=True)
        check_equal(scene.data(), {der}, "certificates")
        scene.put(der, "9A")  # what is there already may be put again
        check_equal(list(scene.items("key")), [key], "keys")


@test
def a_certificate_belongs_to_the_key_in_its_place():
    with TokenScene("piv:9a=p256") as scene:
        stranger = der_of(MadeKey("P-256").certificate())
        record = scene.put(stranger, "9a", "param", may_replace=True)
        check("key in 9A of the card is not" in record["message"], record)
        check("--mismatch" in record["hint"], record)
        record = scene.put(stranger, "9c", "param")
        check("no key in 9C" in record["message"], record)
        record = scene.put(stranger, None, "param")
        check("no key that the card tells of" in record["message"], record)
        check("--object" in record["hint"], record)
        check(is_untouched(scene), "the administrator was asked for in vain")
        # nobody would find one behind a gap again
        record = scene.put(stranger, "83", "param", may_mismatch=True)
        check("83 would leave a gap" in record["message"] and "82" in record["hint"], record)
        check(is_untouched(scene), "the administrator was asked for in vain")
        scene.put(stranger, "82", may_mismatch=True)
        check(stranger in scene.data(), "certificates")
        other = der_of(MadeKey("P-256").certificate())
        scene.put(other, "83", may_mismatch=True)
        check(other in scene.data(), "certificates")


@test
def what_is_no_certificate_and_no_place():
    with TokenScene("piv:9a=p256") as scene:
        der = next(iter(scene.data()))
        scene.put(b"no certificate", "9a", "decode")
        scene.put(b"", "9a", "param")
        scene.put(der[:-1], "9a", "decode")
        for place in ("9b", "sign", "", "9a9a"):
            scene.put(der, place or " ", "param")
        record = scene.ask("Tokens.PutCertificate", {"token_id": "org.keycask.piv:NOBODY",
                                                     "data": b64(der)}, "item_not_found")
        check_equal(record["token_id"], "org.keycask.piv:NOBODY", "token")
        check(is_untouched(scene), "the administrator was asked for in vain")


def comment(n_bytes):
    """A certificate extension that cannot be compressed away."""
    return file_with(f"nsComment={os.urandom(n_bytes // 2).hex()}\n".encode(), ".ext")


@test
def a_large_certificate_is_compressed_and_a_larger_one_refused():
    with TokenScene("piv:none") as scene:
        made = scene.create(token_object="9a", key_type="ec")
        public = public_pem(scene, made["key"])
        large = certificate_for(public, "Jo", "-extfile", comment(8500))
        check(len(large) > 8192, "not large enough")
        scene.put(large)
        check_equal(scene.data(), {large}, "certificates")
        larger = certificate_for(public, "Jo", "-extfile", comment(15500))
        record = scene.put(larger, "9a", "param", may_replace=True)
        check(f"no room for a certificate of {len(larger)} bytes" in record["message"] and
              "compressed)" in record["message"], record)
        check_equal(scene.data(), {large}, "certificates")
        largest = certificate_for(public, "Jo", "-extfile", comment(20000))
        record = scene.put(largest, "9a", "param", may_replace=True)
        check(f"{len(largest)} bytes" in record["message"] and "16384" in record["message"], record)


@test
def certificates_are_deleted():
    with TokenScene("piv:9a=p256,9c=rsa2048") as scene:
        certificates = {unb64(item["value_data"]): reference
                        for reference, item in scene.items("certificate").items()}
        keys = set(scene.items("key"))
        victim, other = list(certificates)
        scene.delete(certificates[victim])
        check_equal(scene.data(), {other}, "certificates")
        check_equal(set(scene.items("key")), keys, "keys")  # the card tells of them itself
        scene.delete(certificates[victim], "item_not_found")
        scene.reinsert()
        check_equal(scene.data(), {other}, "certificates after a return")


@test
def keys_are_deleted_where_the_card_can():
    with TokenScene("piv:9a=p256,firmware=5.7") as scene:
        key = list(scene.items("key"))[0]
        certificates = scene.data()
        scene.delete(key)
        check_equal(scene.items("key"), {}, "keys")
        check_equal(scene.items("identity"), {}, "identities")
        check_equal(scene.data(), certificates, "certificates")
        scene.delete(key, "item_not_found")
        scene.create(token_object="9a", key_type="ec")  # it is free
    with TokenScene("piv:9a=p256") as scene:
        record = scene.delete(list(scene.items("key"))[0], "unimplemented")
        check("cannot delete the key in 9A" in record["message"], record)
        check("--replace" in record["hint"], record)
        check(is_untouched(scene), "the administrator was asked for in vain")


@test
def what_cannot_be_deleted():
    with TokenScene("piv:9a=p256") as scene:
        record = scene.delete(list(scene.items("identity"))[0], "param")
        check("either is deleted by its own reference" in record["message"], record)
        for reference in ("", b64(b"genp" + bytes(16)), b64(b"nonsense")):
            scene.delete(reference, "param")
        old = list(scene.items("key"))[0]
        scene.create(token_object="9a", key_type="ec", may_replace=True)
        scene.delete(old, "item_not_found")  # what is in its place now is another key


BROUGHT = [
    ("P-256", "9a", {}, lambda *made: check_signs(*made, ECDSA)),
    ("rsa2048", "9c", {}, lambda *made: check_signs(*made, RSA)),
    ("P-384", "9d", {}, lambda *made: check_exchanges(*made, "P-384")),
    ("rsa3072", "82", {"can_decrypt": True}, check_decrypts),
]


@test
def keys_are_imported_and_work():
    with TokenScene("piv:none") as scene:
        brought = []
        for kind, place, flags, use in BROUGHT:
            made = MadeKey(kind)
            answer = scene.bring(made.private, token_object=place, key_class="private",
                                 key_type=made.type, **flags)
            info = scene.connection.call("Keys.CopyPublic", {"key": answer["key"]})
            check_equal(unb64(info["public_key"]), made.public, "the public key")
            answer["public_key"] = info["public_reference"]
            use(scene.connection, answer)
            der = der_of(made.certificate())
            scene.put(der)
            check(der in scene.data(), "its certificate")
            brought.append((answer, use))
        scene.reinsert()
        for answer, use in brought:
            scene.wait_for(answer["key"])
            use(scene.connection, answer)
        log = scene.daemon.read_log()
        check(b64(MadeKey("P-256").private)[:40] not in log, "a key is in the log")


@test
def keys_are_imported_in_every_form():
    with TokenScene("piv:none") as scene:
        made = MadeKey("P-256")
        scene.bring(openssl("pkey", "-in", made.path, "-outform", "DER"))
        reference = list(scene.items("key"))[0]
        sealed = openssl("pkcs8", "-topk8", "-in", made.path, "-passout", "pass:secret")
        record = scene.bring(sealed, "duplicate_item", passphrase="secret", token_object="9a")
        check("keycask key import --replace" in record["hint"], record)
        scene.bring(sealed, passphrase="secret", token_object="9a", may_replace=True)
        check_equal(list(scene.items("key")), [reference], "keys")
        scene.bring(sealed, "auth_failed", passphrase="wrong", token_object="9c")


@test
def keys_that_a_card_does_not_take():
    with TokenScene("piv:none") as scene:
        key = MadeKey("P-256")
        for status, data, attributes in [
                ("param", MadeKey("ed25519").private, {"key_type": "ed25519",
                                                       "key_class": "private"}),
                ("key_size_not_allowed", MadeKey("P-521").private, {}),
                ("param", key.public, {}),
                ("param", openssl("pkey", "-in", key.path), {"key_type": "rsa"}),
                ("param", key.private, {"key_size_in_bits": 384}),
                ("param", key.private, {"label": "mine"}),
                ("param", key.private, {"is_extractable": True}),
                ("param", key.private, {"token_object": "99"}),
                ("param", key.private, {"token_object": "9a", "can_derive": True}),
                ("unimplemented", b"0123456789abcdef", {"key_class": "symmetric"})]:
            record = scene.bring(data, status, **attributes)
            check(record["message"], "no message")
        check(is_untouched(scene), "the administrator was asked for in vain")
        three = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                        "-pkeyopt", "rsa_keygen_pubexp:3")
        record = scene.bring(openssl("rsa", "-traditional", "-outform", "DER", input=three),
                             "param")
        check("65537" in record["message"], record)
        check_equal(scene.items("key"), {}, "keys")


@test
def a_card_without_yubicos_commands():
    with TokenScene("piv:9a=p256,strict=yes") as scene:
        record = scene.bring(MadeKey("P-256").private, "unimplemented", token_object="9a",
                             may_replace=True)
        check("takes no keys from elsewhere" in record["message"], record)
        check("keycask key create" in record["hint"], record)
        key, = scene.items("key")
        der = certificate_for(public_pem(scene, key))
        scene.put(der, "9a", may_replace=True)
        check_equal(scene.data(), {der}, "certificates")
        record = scene.put(der_of(MadeKey("P-256").certificate()), "9c", "param")
        check("no key in 9C" in record["message"], record)
        scene.delete(key, "unimplemented")
        reference, = scene.items("certificate")
        scene.delete(reference)
        check_equal((scene.data(), scene.items("key")), (set(), {}), "what is left")


@test
def a_wrong_management_key_and_none():
    with TokenScene("piv:9a=p256") as scene:
        reference, = scene.items("certificate")
        der, = scene.data()
        wrong = scene.delete(reference, "auth_failed", administrator="11" * 24)
        check("came with" in wrong["hint"], wrong)
        record = scene.delete(reference, "interaction_not_allowed", administrator=None)
        check("deleting takes the card's management key" in record["message"], record)
        record = scene.put(der, "9a", "interaction_not_allowed", administrator=None)
        check("writing a certificate takes" in record["message"], record)
        record = scene.bring(MadeKey("P-256").private, "interaction_not_allowed",
                             administrator=None, token_object="9c")
        check("importing a key takes" in record["message"], record)
        check_equal(scene.data(), {der}, "certificates")
        check(not any(c.startswith(PUT_DATA) for c in scene.card.commands()), "it was written")


@test
def items_of_a_token_are_not_written_as_items():
    with TokenScene("piv:9a=p256") as scene:
        reference, = scene.items("certificate")
        der, = scene.data()
        of_token = {"class": "key", "token_id": scene.token_id}
        for status, method, parameters in [
                ("item_not_found", "Items.Delete", {"query": {"value_persistent_ref": reference}}),
                ("item_not_found", "Items.Delete", {"query": of_token}),
                ("missing_entitlement", "Items.Delete",
                 {"query": {"class": "key", "access_group": "org.keycask.token"}}),
                ("unimplemented", "Items.Add",
                 {"item": {"class": "certificate", "token_id": scene.token_id,
                           "value_data": b64(der)}})]:
            record = answer(scene.connection, method, parameters, status)
            check("Tokens.DeleteObject" in record["hint"], record)


@test
def it_is_in_the_audit_log():
    with TokenScene("piv:none") as scene:
        made = MadeKey("P-256")
        scene.bring(made.private, token_object="9a")
        scene.put(der_of(made.certificate()), "9a")
        reference, = scene.items("certificate")
        scene.delete(reference, "auth_failed", administrator="11" * 24)
        scene.delete(reference)
        log = pathlib.Path(scene.daemon.env["KEYCASK_STATE_DIR"], "audit.log").read_text()
        lines = [json.loads(line) for line in log.splitlines()]
        told = [(line["operation"], line["result"], line.get("class"), "key_hash" in line)
                for line in lines if line["operation"] in ("import", "put", "delete")]
        check_equal(told, [("import", "success", None, True),
                           ("put", "success", "certificate", True),
                           ("delete", "auth_failed", "certificate", True),
                           ("delete", "success", "certificate", True)], "audit log")


main()
