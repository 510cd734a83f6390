# SPDX-License-Identifier: LGPL-2.1-or-later
"""Objects of keycask-pkcs11.so: what certificates and keys of the keychain say of themselves, how
they are found, that handles last, and what ends with its session."""
import ctypes
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from keycask_test import Card, check, check_equal, eventually, main, test
from made_keys import add_key
from pkcs11_client import (ULONG, Attribute, P11Error, become_loader, check_raises_p11, number,
                           template)
from pkcs11_object_scene import (AUTHORITY, CERTIFICATE, END, KEYCHAIN, P256, START, Scene,
                                 add_certificate, change, check_attributes, copy, der_unsigned,
                                 find_keys, generate, made, point, public_info, rsa_parts, uint)

TOKEN = 2
UNAVAILABLE = ctypes.c_ulong(-1).value


# --- what they say -----------------------------------------------------------------------------


@test
def a_certificate():
    with Scene("rsa2048") as scene:
        add_certificate(scene.connection, label="Jo's")
        certificate = x509.load_der_x509_certificate(CERTIFICATE)
        handle = scene.session.find_one(CKA_CLASS="CKO_CERTIFICATE")
        check_attributes(
            scene.session, handle, CKA_TOKEN=True, CKA_PRIVATE=False, CKA_MODIFIABLE=True,
            CKA_DESTROYABLE=True, CKA_COPYABLE=True, CKA_CERTIFICATE_TYPE="CKC_X_509",
            CKA_CERTIFICATE_CATEGORY=0, CKA_TRUSTED=False, CKA_VALUE=CERTIFICATE,
            CKA_SUBJECT=certificate.subject.public_bytes(),
            CKA_ISSUER=certificate.issuer.public_bytes(),
            CKA_SERIAL_NUMBER=der_unsigned(certificate.serial_number),
            CKA_CHECK_VALUE=hashlib.sha1(CERTIFICATE).digest()[:3], CKA_LABEL=b"Jo's",
            CKA_ID=made("rsa2048").hash, CKA_PUBLIC_KEY_INFO=public_info(made("rsa2048")),
            CKA_START_DATE=START.strftime("%Y%m%d").encode(),
            CKA_END_DATE=END.strftime("%Y%m%d").encode(), CKA_URL=b"",
            CKA_JAVA_MIDP_SECURITY_DOMAIN=0)
        key = scene.session.find_one(CKA_CLASS="CKO_PRIVATE_KEY",
                                     CKA_ID=scene.session.attribute(handle, "CKA_ID"))
        check_attributes(scene.session, key, CKA_SUBJECT=certificate.subject.public_bytes())


@test
def an_authority():
    with Scene() as scene:
        add_certificate(scene.connection, AUTHORITY)
        handle = scene.session.find_one(CKA_SUBJECT=x509.load_der_x509_certificate(
            AUTHORITY).subject.public_bytes())
        check_attributes(scene.session, handle, CKA_CERTIFICATE_CATEGORY=2)


@test
def keys_of_each_type():
    with Scene("rsa2048", "P-256", "ed25519", "x25519", label="mine",
               is_extractable=True) as scene:
        numbers = serialization.load_pem_public_key(
            made("rsa2048").public_path.read_bytes()).public_numbers()
        rsa = {"CKA_KEY_TYPE": "CKK_RSA", "CKA_PUBLIC_EXPONENT": b"\x01\x00\x01",
               "CKA_MODULUS": numbers.n.to_bytes(256, "big"), "CKA_MODULUS_BITS": 2048}
        expected = {
            "rsa2048": (rsa, ["SIGN", "DECRYPT", "UNWRAP", "SIGN_RECOVER"],
                        ["VERIFY", "ENCRYPT", "WRAP", "VERIFY_RECOVER"]),
            "P-256": ({"CKA_KEY_TYPE": "CKK_EC",
                       "CKA_EC_PARAMS": P256},
                      ["SIGN", "DERIVE"], ["VERIFY"]),
            "ed25519": ({"CKA_KEY_TYPE": "CKK_EC_EDWARDS",
                         "CKA_EC_PARAMS": bytes.fromhex("06032b6570")}, ["SIGN"], ["VERIFY"]),
            "x25519": ({"CKA_KEY_TYPE": "CKK_EC_MONTGOMERY",
                        "CKA_EC_PARAMS": bytes.fromhex("06032b656e")}, ["DERIVE"], []),
        }
        for kind, (parts, private_uses, public_uses) in expected.items():
            key = made(kind)
            if kind != "rsa2048":
                parts["CKA_EC_POINT"] = point(key)
            private, public = (scene.session.find_one(CKA_CLASS=name, CKA_ID=key.hash)
                               for name in ("CKO_PRIVATE_KEY", "CKO_PUBLIC_KEY"))
            for handle in (private, public):
                check_attributes(scene.session, handle, **parts, CKA_TOKEN=True, CKA_PRIVATE=False,
                                 CKA_LABEL=b"mine", CKA_PUBLIC_KEY_INFO=public_info(key),
                                 CKA_LOCAL=False, CKA_SUBJECT=b"")
            check_attributes(
                scene.session, private, CKA_SENSITIVE=True, CKA_ALWAYS_AUTHENTICATE=False,
                CKA_EXTRACTABLE=True, CKA_NEVER_EXTRACTABLE=False, CKA_COPYABLE=False,
                **{"CKA_" + use: use in private_uses
                   for use in ("SIGN", "DECRYPT", "UNWRAP", "SIGN_RECOVER", "DERIVE")})
            check_attributes(
                scene.session, public, CKA_DESTROYABLE=False,
                **{"CKA_" + use: use in public_uses
                   for use in ("VERIFY", "ENCRYPT", "WRAP", "VERIFY_RECOVER")})
            allowed = scene.session.attribute(private, "CKA_ALLOWED_MECHANISMS")
            check_equal(number("CKM_ECDSA_SHA256").to_bytes(8, "little") in
                        [allowed[i:i + 8] for i in range(0, len(allowed), 8)], kind == "P-256",
                        "ECDSA is allowed")
        names = [scene.session.attribute(handle, "CKA_UNIQUE_ID") for handle in scene.session.find()]
        check_equal(len(set(names)), len(names), "names that differ")


# --- C_GetAttributeValue and the searches ------------------------------------------------------


def read(session, handle, *rows):
    """(what it answers, the rows' lengths, their bytes) of (type, room or None)."""
    array = (Attribute * len(rows))()
    kept = []
    for place, (kind, room) in zip(array, rows):
        kept.append(None if room is None else ctypes.create_string_buffer(b"~" * room, room))
        place.type = number(kind)
        place.value = ctypes.cast(kept[-1], ctypes.c_void_p) if room is not None else None
        place.length = 12345 if room is None else room
    try:
        session.call("GetAttributeValue", handle, array, len(rows))
        answer = "CKR_OK"
    except P11Error as error:
        answer = error.name
    return answer, [row.length for row in array], [buffer and buffer.raw for buffer in kept]


@test
def reading_attributes():
    """3.0, 5.7.5: all of the template is gone through, whatever is wrong with one."""
    with Scene("rsa2048") as scene:
        key = scene.session.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        answer, lengths, values = read(
            scene.session, key, ("CKA_CLASS", 8), ("CKA_PRIME_1", 256), ("CKA_MODULUS", 255),
            ("CKA_EC_POINT", 100), ("CKA_ID", None), ("CKA_PUBLIC_EXPONENT", 10), ("CKA_SUBJECT", 0))
        check(answer in ("CKR_ATTRIBUTE_SENSITIVE", "CKR_ATTRIBUTE_TYPE_INVALID"), answer)
        check_equal(lengths, [8, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, 20, 3, 0], "lengths")
        check_equal(uint(values[0]), number("CKO_PRIVATE_KEY"), "class")
        check_equal(values[1], b"~" * 256, "what is not told")
        check_equal(values[5], b"\x01\x00\x01" + b"~" * 7, "exponent")
        check_equal(read(scene.session, key, ("CKA_MODULUS", 255))[0], "CKR_BUFFER_TOO_SMALL", "small")
        check_equal(read(scene.session, key, ("CKA_PRIME_1", None))[0], "CKR_ATTRIBUTE_SENSITIVE",
                    "secret")
        check_equal(read(scene.session, key, ("CKA_EC_POINT", None))[0],
                    "CKR_ATTRIBUTE_TYPE_INVALID", "of others")
        check_raises_p11("CKR_ARGUMENTS_BAD", scene.session.call, "GetAttributeValue", key, None, 1)
        check_raises_p11("CKR_OBJECT_HANDLE_INVALID", scene.session.attribute, 12345, "CKA_ID")
        size = ULONG()
        scene.session.call("GetObjectSize", key, ctypes.byref(size))
        check(size.value > 256, "no size")


@test
def searches():
    with Scene("rsa2048", "P-256") as scene:
        session = scene.session
        add_certificate(scene.connection)
        check_equal(len(session.find()), 5, "objects")
        check_equal(len(session.find(CKA_TOKEN=True, CKA_PRIVATE=False)), 5, "token objects")
        check_equal(session.find(CKA_TOKEN=False), [], "session objects")
        check_equal(session.find(CKA_CLASS="CKO_SECRET_KEY"), [], "secret keys")
        check_equal(session.find(CKA_CLASS="CKO_PRIVATE_KEY", CKA_ID=b"\x01"), [], "other ID")
        check_equal(session.find(CKA_CLASS=0xCE534353), [], "trust of NSS")
        check_equal(session.find(CKA_OTP_TIME=b"x"), [], "an unknown attribute")
        prime = serialization.load_pem_private_key(made("rsa2048").pem, None).private_numbers().p
        check_equal(session.find(CKA_PRIME_1=prime.to_bytes(128, "big")), [], "by a secret")
        rows, _, _kept = template({})
        session.call("FindObjectsInit", rows, 0)
        check_raises_p11("CKR_OPERATION_ACTIVE", session.call, "FindObjectsInit", rows, 0)
        n = ULONG()
        handles = (ULONG * 8)()
        session.call("FindObjects", handles, 2, ctypes.byref(n))
        check_equal(n.value, 2, "the first two")
        session.call("FindObjects", handles, 8, ctypes.byref(n))
        check_equal(n.value, 3, "the others")
        session.call("FindObjectsFinal")
        check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", session.call, "FindObjects", handles, 8,
                         ctypes.byref(n))
        check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", session.call, "FindObjectsFinal")
        check_raises_p11("CKR_ARGUMENTS_BAD", session.call, "FindObjectsInit", None, 1)


# --- handles -----------------------------------------------------------------------------------


@test
def handles_last():
    """Through removal and return of the token, and a restart of the daemon; of what is deleted they
    are invalid, and nobody else's."""
    with Scene("P-256") as scene, Card("piv:9c=p256") as card:
        card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        scene.module.slots()
        session = scene.module.open(TOKEN)
        before = sorted(session.find())
        check_equal(len(before), 2, "certificate and public key")
        key = scene.session.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        card.pull()
        scene.daemon.wait_for_removal()
        eventually(lambda: TOKEN not in scene.module.slots(), "the slot is empty")
        check_raises_p11(["CKR_DEVICE_REMOVED", "CKR_SESSION_HANDLE_INVALID"], session.find)
        card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        eventually(lambda: TOKEN in scene.module.slots(), "the token is back")
        session = scene.module.open(TOKEN)
        check_equal(sorted(session.find()), before, "handles")
        scene.connection.close()
        scene.daemon.stop()
        scene.daemon.start()
        check_equal(scene.session.find(CKA_CLASS="CKO_PRIVATE_KEY"), [key], "after a restart")
        check_equal(len(scene.session.sign("CKM_ECDSA", key, bytes(32))), 64, "signature")
        scene.connection = scene.daemon.connect()
        scene.connection.call("Items.Delete", {"query": {"class": "key"}})
        check_equal(scene.session.find(), [], "objects")
        check_raises_p11("CKR_OBJECT_HANDLE_INVALID", scene.session.attribute, key, "CKA_ID")
        add_key(scene.connection, made("P-256"))
        check(key not in scene.session.find(), "another item has the handle")


@test
def a_locked_keychain():
    """What is locked is not there, and has its handle again afterwards, without being looked for."""
    with Scene("P-256") as scene:
        add_certificate(scene.connection, AUTHORITY)
        scene.connection.call("Keychain.ChangePassword", {"new": "open sesame"})
        key = scene.session.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        certificate = scene.session.find_one(CKA_CLASS="CKO_CERTIFICATE")
        scene.connection.call("Keychain.Lock")
        check_equal(scene.session.find(), [certificate], "what is not locked")
        check_raises_p11("CKR_OBJECT_HANDLE_INVALID", scene.session.attribute, key, "CKA_ID")
        scene.connection.call("Keychain.Unlock", {"password": "open sesame"})
        check_equal(len(scene.session.sign("CKM_ECDSA", key, bytes(32))), 64, "signature")


# --- session objects ---------------------------------------------------------------------------


@test
def session_objects():
    with Scene() as scene:
        session, other = scene.session, scene.module.open(KEYCHAIN)
        data = session.create(CKA_CLASS="CKO_DATA", CKA_LABEL=b"note", CKA_VALUE=b"text")
        certificate = session.create(CKA_CLASS="CKO_CERTIFICATE", CKA_CERTIFICATE_TYPE=0,
                                     CKA_VALUE=CERTIFICATE, CKA_LABEL=b"Jo")
        secret = session.create(CKA_CLASS="CKO_SECRET_KEY", CKA_KEY_TYPE="CKK_GENERIC_SECRET",
                                CKA_VALUE=b"hush")
        check_equal(sorted(other.find()), sorted([data, certificate, secret]), "seen by others")
        check_attributes(other, data, CKA_VALUE=b"text", CKA_TOKEN=False, CKA_APPLICATION=b"")
        check_attributes(other, certificate, CKA_ID=made("rsa2048").hash, CKA_LABEL=b"Jo",
                         CKA_VALUE=CERTIFICATE)
        check_attributes(other, secret, CKA_VALUE=b"hush", CKA_VALUE_LEN=4, CKA_SENSITIVE=False)
        guarded = copy(session, secret, CKA_SENSITIVE=True)
        check_raises_p11("CKR_ATTRIBUTE_SENSITIVE", session.attribute, guarded, "CKA_VALUE")
        check_raises_p11("CKR_ATTRIBUTE_READ_ONLY", copy, session, guarded, CKA_SENSITIVE=False)
        guarded = copy(session, secret, CKA_EXTRACTABLE=False)
        check_raises_p11("CKR_ATTRIBUTE_READ_ONLY", copy, session, guarded, CKA_EXTRACTABLE=True)
        change(session, secret, CKA_SENSITIVE=True, CKA_LABEL=b"hidden")
        check_raises_p11("CKR_ATTRIBUTE_SENSITIVE", session.attribute, secret, "CKA_VALUE")
        check_raises_p11("CKR_ATTRIBUTE_READ_ONLY", change, session, secret, CKA_SENSITIVE=False)
        check_attributes(session, secret, CKA_LABEL=b"hidden", CKA_VALUE_LEN=4)
        twin = copy(session, data, CKA_LABEL=b"twin")
        check_attributes(session, twin, CKA_LABEL=b"twin", CKA_VALUE=b"text")
        session.call("DestroyObject", data)
        check_raises_p11("CKR_OBJECT_HANDLE_INVALID", session.attribute, data, "CKA_VALUE")
        check_attributes(session, twin, CKA_VALUE=b"text")
        session.close()
        check_equal(other.find(), [], "what their session has left")


@test
def keys_of_a_session():
    with Scene() as scene:
        session = scene.session
        public, private = generate(session, "CKM_EC_KEY_PAIR_GEN",
                                   {"CKA_EC_PARAMS": P256,
                                    "CKA_LABEL": b"pair"},
                                   {"CKA_LABEL": b"pair", "CKA_ID": b"\x07", "CKA_DERIVE": False})
        check_attributes(session, private, CKA_TOKEN=False, CKA_LOCAL=True, CKA_SENSITIVE=True,
                         CKA_ALWAYS_SENSITIVE=True, CKA_EXTRACTABLE=False, CKA_ID=b"\x07",
                         CKA_NEVER_EXTRACTABLE=True, CKA_DERIVE=False, CKA_SIGN=True,
                         CKA_KEY_GEN_MECHANISM=number("CKM_EC_KEY_PAIR_GEN"))
        signature = session.sign("CKM_ECDSA_SHA256", private, b"text")
        session.verify("CKM_ECDSA_SHA256", public, b"text", signature)
        check_equal(find_keys(scene.connection), [], "items")
        numbers = serialization.load_pem_private_key(made("rsa2048").pem, None).private_numbers()
        brought = session.create(CKA_CLASS="CKO_PRIVATE_KEY", **rsa_parts(numbers))
        check_equal(len(session.sign("CKM_SHA256_RSA_PKCS", brought, b"text")), 256, "signature")
        known = session.create(CKA_CLASS="CKO_PUBLIC_KEY", CKA_KEY_TYPE="CKK_RSA",
                               CKA_MODULUS=numbers.public_numbers.n.to_bytes(256, "big"),
                               CKA_PUBLIC_EXPONENT=b"\x01\x00\x01")
        session.verify("CKM_SHA256_RSA_PKCS", known, b"text",
                       session.sign("CKM_SHA256_RSA_PKCS", brought, b"text"))
        check_raises_p11("CKR_ACTION_PROHIBITED", copy, session, brought)
        kept = copy(session, private, CKA_TOKEN=True, CKA_ID=b"Java", CKA_LABEL=b"kept")
        check_attributes(session, kept, CKA_TOKEN=True, CKA_ID=b"Java", CKA_LABEL=b"kept",
                         CKA_EC_POINT=session.attribute(public, "CKA_EC_POINT"))
        check_equal([item["label"] for item in find_keys(scene.connection)], ["kept"], "items")
        session.call("DestroyObject", kept)
        session.verify("CKM_ECDSA_SHA256", public, b"text",
                       session.sign("CKM_ECDSA_SHA256", private, b"text"))
        for _ in range(70):  # the daemon keeps 64 of a connection
            _, again = generate(session, "CKM_EC_KEY_PAIR_GEN",
                                {"CKA_EC_PARAMS": P256}, {})
            session.call("DestroyObject", again)


become_loader()
main()
