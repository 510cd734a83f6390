# SPDX-License-Identifier: LGPL-2.1-or-later
"""Objects of keycask-pkcs11.so that stay: what the keychain takes, makes and refuses."""
import ctypes

from cryptography.hazmat.primitives import serialization

from keycask_test import check_equal, main, test
from pkcs11_client import ULONG, become_loader, check_raises_p11, mechanism_of, template
from pkcs11_object_scene import (CERTIFICATE, KEYCHAIN, P256, Scene, change, check_attributes,
                                 find_keys, generate, made, point, rsa_parts)


@test
def the_keychain_takes_objects():
    with Scene() as scene:
        session = scene.session
        numbers = serialization.load_pem_private_key(made("rsa2048").pem, None).private_numbers()
        key = session.create(CKA_CLASS="CKO_PRIVATE_KEY", CKA_TOKEN=True, CKA_LABEL=b"mine",
                             CKA_ID=b"\x01\x02", **rsa_parts(numbers))
        certificate = session.create(CKA_CLASS="CKO_CERTIFICATE", CKA_TOKEN=True,
                                     CKA_CERTIFICATE_TYPE=0, CKA_VALUE=CERTIFICATE,
                                     CKA_SUBJECT=b"whatever", CKA_LABEL=b"Jo's")
        check_attributes(session, certificate, CKA_ID=b"\x01\x02", CKA_LABEL=b"Jo's")
        check_attributes(session, key, CKA_ID=b"\x01\x02", CKA_LABEL=b"mine", CKA_EXTRACTABLE=False)
        scalar = serialization.load_pem_private_key(made("P-384").pem, None).private_numbers()
        other = session.create(CKA_CLASS="CKO_PRIVATE_KEY", CKA_TOKEN=True, CKA_KEY_TYPE="CKK_EC",
                               CKA_EC_PARAMS=bytes.fromhex("06052b81040022"),
                               CKA_VALUE=scalar.private_value.to_bytes(48, "big").lstrip(b"\0"))
        check_attributes(session, other, CKA_ID=made("P-384").hash, CKA_EC_POINT=point(made("P-384")))
        edwards = session.create(CKA_CLASS="CKO_PRIVATE_KEY", CKA_TOKEN=True,
                                 CKA_KEY_TYPE="CKK_EC_EDWARDS",
                                 CKA_EC_PARAMS=b"\x13\x0cedwards25519",
                                 CKA_VALUE=made("ed25519").private)
        check_attributes(session, edwards, CKA_EC_POINT=point(made("ed25519")))
        alone = session.create(CKA_CLASS="CKO_PUBLIC_KEY", CKA_TOKEN=True, CKA_KEY_TYPE="CKK_EC",
                               CKA_EC_PARAMS=P256,
                               CKA_EC_POINT=point(made("P-256")), CKA_LABEL=b"hers")
        check_attributes(session, alone, CKA_DESTROYABLE=True, CKA_LABEL=b"hers", CKA_VERIFY=True)
        check_equal({item.get("label") for item in find_keys(scene.connection)},
                    {"mine", "hers", None}, "labels")
        change(session, key, CKA_LABEL=b"yours", CKA_ID=b"\x05")
        check_attributes(session, key, CKA_ID=b"\x05", CKA_LABEL=b"yours")
        check_attributes(session, certificate, CKA_ID=b"\x05")
        change(session, certificate, CKA_LABEL=b"")
        check_attributes(session, certificate, CKA_LABEL=b"", CKA_ID=b"\x05")
        check_raises_p11("CKR_ATTRIBUTE_VALUE_INVALID", change, session, key, CKA_ID=b"")
        check_raises_p11("CKR_ATTRIBUTE_READ_ONLY", change, session, key, CKA_SUBJECT=b"0")
        check_raises_p11("CKR_ATTRIBUTE_READ_ONLY", change, session, key, CKA_MODULUS=b"1")
        public = session.find_one(CKA_CLASS="CKO_PUBLIC_KEY", CKA_ID=b"\x05")
        check_raises_p11("CKR_ACTION_PROHIBITED", session.call, "DestroyObject", public)
        for handle in (key, certificate, other, edwards, alone):
            session.call("DestroyObject", handle)
        check_equal(session.find(), [], "what is left")
        check_equal(find_keys(scene.connection), [], "items that are left")


@test
def the_keychain_makes_keys():
    with Scene() as scene:
        session = scene.session
        for mechanism, public, kind in (
                ("CKM_RSA_PKCS_KEY_PAIR_GEN", {"CKA_MODULUS_BITS": 2048,
                                               "CKA_PUBLIC_EXPONENT": b"\x01\x00\x01"}, "rsa"),
                ("CKM_EC_KEY_PAIR_GEN", {"CKA_EC_PARAMS": b"\x13\x09secp384r1"}, "ec"),
                ("CKM_EC_EDWARDS_KEY_PAIR_GEN", {"CKA_EC_PARAMS": bytes.fromhex("06032b6570")},
                 "ed25519"),
                ("CKM_EDDSA", {"CKA_EC_PARAMS": bytes.fromhex("06032b6570")}, "ed25519"),
                ("CKM_EC_MONTGOMERY_KEY_PAIR_GEN", {"CKA_EC_PARAMS": b"\x13\x0acurve25519"},
                 "x25519")):
            public_key, private_key = generate(
                session, mechanism, {**public, "CKA_TOKEN": True, "CKA_VERIFY": True},
                {"CKA_TOKEN": True, "CKA_LABEL": kind.encode(), "CKA_SENSITIVE": True})
            check_attributes(session, public_key, CKA_TOKEN=True, CKA_LABEL=kind.encode(),
                             CKA_ID=session.attribute(private_key, "CKA_ID"))
            item = [item for item in find_keys(scene.connection) if item["label"] == kind]
            check_equal([(entry["key_type"], entry["is_extractable"]) for entry in item],
                        [(kind, False)], "the item")
            session.call("DestroyObject", private_key)
        check_equal(session.find(), [], "what is left")


@test
def what_is_refused():
    with Scene() as scene:
        session = scene.session
        usual = {"CKA_CLASS": "CKO_CERTIFICATE", "CKA_CERTIFICATE_TYPE": 0, "CKA_VALUE": CERTIFICATE}
        key = {"CKA_CLASS": "CKO_PRIVATE_KEY", "CKA_KEY_TYPE": "CKK_EC"}
        curve = P256
        for name, wanted in (
                ("CKR_TEMPLATE_INCOMPLETE", {}),
                ("CKR_TEMPLATE_INCOMPLETE", {"CKA_LABEL": b"x"}),
                ("CKR_TEMPLATE_INCOMPLETE", {"CKA_CLASS": "CKO_CERTIFICATE", "CKA_TOKEN": True}),
                ("CKR_TEMPLATE_INCOMPLETE", {"CKA_CLASS": "CKO_PRIVATE_KEY", "CKA_TOKEN": True}),
                ("CKR_TEMPLATE_INCOMPLETE", {**key, "CKA_EC_PARAMS": curve}),
                ("CKR_TEMPLATE_INCOMPLETE", {"CKA_CLASS": "CKO_SECRET_KEY"}),
                ("CKR_ATTRIBUTE_VALUE_INVALID", {"CKA_CLASS": "CKO_HW_FEATURE"}),
                ("CKR_ATTRIBUTE_VALUE_INVALID", {**usual, "CKA_VALUE": CERTIFICATE[:-1]}),
                ("CKR_ATTRIBUTE_VALUE_INVALID", {**usual, "CKA_TOKEN": b"12"}),
                ("CKR_ATTRIBUTE_VALUE_INVALID", {**key, "CKA_EC_PARAMS": b"\x05\x00",
                                                 "CKA_VALUE": b"1"}),
                ("CKR_ATTRIBUTE_VALUE_INVALID", {**key, "CKA_EC_PARAMS": curve,
                                                 "CKA_VALUE": b"1" * 33}),
                ("CKR_ATTRIBUTE_VALUE_INVALID", {**usual, "CKA_TOKEN": True, "CKA_LABEL": b"\xff"}),
                ("CKR_ATTRIBUTE_TYPE_INVALID", {**usual, "CKA_OTP_TIME": b""}),
                ("CKR_ATTRIBUTE_READ_ONLY", {**usual, "CKA_UNIQUE_ID": b"1"}),
                ("CKR_ATTRIBUTE_READ_ONLY", {**key, "CKA_LOCAL": True}),
                ("CKR_TEMPLATE_INCONSISTENT", {**usual, "CKA_MODULUS": b"1"}),
                ("CKR_TEMPLATE_INCONSISTENT", {"CKA_CLASS": "CKO_DATA", "CKA_TOKEN": True})):
            check_raises_p11(name, session.create, **wanted)
        session.create(**usual, CKA_TOKEN=True)
        check_raises_p11("CKR_TEMPLATE_INCONSISTENT", session.create, **usual, CKA_TOKEN=True)
        reader = scene.module.open(KEYCHAIN, read_write=False)
        check_raises_p11("CKR_SESSION_READ_ONLY", reader.create, **usual, CKA_TOKEN=True)
        reader.create(**usual)
        handle = reader.find_one(CKA_TOKEN=True)
        check_raises_p11("CKR_SESSION_READ_ONLY", reader.call, "DestroyObject", handle)
        check_raises_p11("CKR_SESSION_READ_ONLY", change, reader, handle, CKA_LABEL=b"x")
        for name, mechanism, public, private in (
                ("CKR_MECHANISM_INVALID", "CKM_DSA_KEY_PAIR_GEN", {}, {}),
                ("CKR_MECHANISM_INVALID", "CKM_ECDSA", {}, {}),
                ("CKR_TEMPLATE_INCOMPLETE", "CKM_RSA_PKCS_KEY_PAIR_GEN", {}, {}),
                ("CKR_TEMPLATE_INCOMPLETE", "CKM_EC_KEY_PAIR_GEN", {}, {}),
                ("CKR_CURVE_NOT_SUPPORTED", "CKM_EC_KEY_PAIR_GEN", {"CKA_EC_PARAMS": b"x"}, {}),
                ("CKR_KEY_SIZE_RANGE", "CKM_RSA_PKCS_KEY_PAIR_GEN", {"CKA_MODULUS_BITS": 1000}, {}),
                ("CKR_ATTRIBUTE_VALUE_INVALID", "CKM_RSA_PKCS_KEY_PAIR_GEN",
                 {"CKA_MODULUS_BITS": 2048, "CKA_PUBLIC_EXPONENT": b"\x03"}, {}),
                ("CKR_TEMPLATE_INCONSISTENT", "CKM_EC_KEY_PAIR_GEN", {"CKA_EC_PARAMS": curve},
                 {"CKA_KEY_TYPE": "CKK_RSA"}),
                ("CKR_SESSION_READ_ONLY", "CKM_EC_KEY_PAIR_GEN", {"CKA_EC_PARAMS": curve},
                 {"CKA_TOKEN": True})):
            check_raises_p11(name, generate, reader, mechanism, public, private)
        given = mechanism_of("CKM_AES_KEY_GEN")
        rows, n, _kept = template({"CKA_VALUE_LEN": 16})
        check_raises_p11("CKR_MECHANISM_INVALID", session.call, "GenerateKey", ctypes.byref(given),
                         rows, n, ctypes.byref(ULONG()))


become_loader()
main()
