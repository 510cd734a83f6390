# SPDX-License-Identifier: LGPL-2.1-or-later
"""Objects of keycask-pkcs11.so: what certificates and keys of the keychain and of a card say of
themselves, how they are found, made, changed and deleted, and that handles last."""
import ctypes
import datetime
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from algorithm_peer import generate as generate_key

from keycask_test import PIN, Card, Daemon, check, check_equal, eventually, main, test
from made_keys import MadeKey, add, add_key, b64, find
from pkcs11_client import (ULONG, Attribute, Module, P11Error, become_loader,
                           check_raises_p11, mechanism_of, number, template)

KEYCHAIN = 1
TOKEN = 2
MANAGEMENT_KEY = "010203040506070801020304050607080102030405060708"
MADE = {}
UNAVAILABLE = ctypes.c_ulong(-1).value


def made(kind):
    """A key for all tests of this program, in files of this test's process."""
    if kind not in MADE:
        MADE[kind] = MadeKey(kind, PEMS[kind])
    return MADE[kind]


def pem_of(private):
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption())


START = datetime.datetime(2026, 1, 2)
END = datetime.datetime(2053, 4, 5)  # a GeneralizedTime
KEYS = {kind: generate_key(kind) for kind in ("rsa2048", "P-256", "P-384", "ed25519", "x25519")}
PEMS = {kind: pem_of(key) for kind, key in KEYS.items()}


def certify(key, subject, is_authority):
    """By the key of P-384."""
    return x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root"),
                   x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")]),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]), key.public_key(),
        0x80FEDC, START, END).add_extension(
            x509.BasicConstraints(is_authority, None), True).sign(
                KEYS["P-384"], hashes.SHA384()).public_bytes(serialization.Encoding.DER)


CERTIFICATE = certify(KEYS["rsa2048"], "Jo", False)
AUTHORITY = certify(KEYS["P-384"], "Root", True)


def uint(value):
    return int.from_bytes(value, "little")


def der_unsigned(value):
    length = value.bit_length() // 8 + 1
    return b"\x02" + bytes([length]) + value.to_bytes(length, "big")


def public_info(key):
    return serialization.load_pem_public_key(key.public_path.read_bytes()).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def add_certificate(connection, der=CERTIFICATE, **attributes):
    return add(connection, **{"class": "certificate"}, value_data=b64(der), **attributes)


class Scene:
    """A daemon with software items, and a session of the keychain's slot."""

    def __init__(self, *kinds, **attributes):
        self.daemon = Daemon()
        self.kinds = kinds
        self.attributes = attributes

    def __enter__(self):
        self.daemon.start()
        self.connection = self.daemon.connect()
        for kind in self.kinds:
            add_key(self.connection, made(kind), **self.attributes)
        self.module = Module(self.daemon)
        self.module.__enter__()
        self.session = self.module.open(KEYCHAIN)
        return self

    def __exit__(self, *raised):
        self.module.__exit__()
        self.connection.close()
        self.daemon.__exit__(*raised)


def copy(session, handle, **attributes):
    array, count, _kept = template(attributes)
    ret_handle = ULONG()
    session.call("CopyObject", handle, array, count, ctypes.byref(ret_handle))
    return ret_handle.value


def change(session, handle, **attributes):
    array, count, _kept = template(attributes)
    session.call("SetAttributeValue", handle, array, count)


def generate(session, mechanism, public, private):
    given = mechanism_of(mechanism)
    public_array, n_public, _kept = template(public)
    private_array, n_private, _kept_too = template(private)
    public_handle, private_handle = ULONG(), ULONG()
    session.call("GenerateKeyPair", ctypes.byref(given), public_array, n_public, private_array,
                 n_private, ctypes.byref(public_handle), ctypes.byref(private_handle))
    return public_handle.value, private_handle.value


def check_attributes(session, handle, **expected):
    for name, value in expected.items():
        if isinstance(value, bool):
            value = bytes([value])
        elif isinstance(value, (int, str)):
            value = number(value).to_bytes(8, "little")
        check_equal(session.attribute(handle, name), value, name)


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


def point(key):
    return b"\x04" + bytes([len(key.public)]) + key.public


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
                       "CKA_EC_PARAMS": bytes.fromhex("06082a8648ce3d030107")},
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
                                   {"CKA_EC_PARAMS": bytes.fromhex("06082a8648ce3d030107"),
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
                                {"CKA_EC_PARAMS": bytes.fromhex("06082a8648ce3d030107")}, {})
            session.call("DestroyObject", again)


def find_keys(connection):
    return connection.copy_matching({"class": "key", "match_limit": "all",
                                     "return_attributes": True}) if has_keys(connection) else []


def has_keys(connection):
    try:
        find(connection, **{"class": "key"}, return_attributes=True)
        return True
    except Exception as error:  # pylint: disable=broad-except
        check_equal(getattr(error, "name", None), "item_not_found", "the failure")
        return False


def rsa_parts(numbers):
    public = numbers.public_numbers
    parts = {"CKA_MODULUS": public.n, "CKA_PUBLIC_EXPONENT": public.e, "CKA_PRIVATE_EXPONENT": numbers.d,
             "CKA_PRIME_1": numbers.p, "CKA_PRIME_2": numbers.q, "CKA_EXPONENT_1": numbers.dmp1,
             "CKA_EXPONENT_2": numbers.dmq1, "CKA_COEFFICIENT": numbers.iqmp}
    return {"CKA_KEY_TYPE": "CKK_RSA",
            **{name: value.to_bytes((value.bit_length() + 7) // 8, "big")
               for name, value in parts.items()}}


# --- objects of the keychain -------------------------------------------------------------------


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
                               CKA_EC_PARAMS=bytes.fromhex("06082a8648ce3d030107"),
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
        curve = bytes.fromhex("06082a8648ce3d030107")
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


# --- objects of a card -------------------------------------------------------------------------


class CardScene(Scene):
    """A card in the second slot, and a session with it."""

    def __init__(self, profile):
        super().__init__()
        self.daemon.has_details = True
        self.card = Card(profile)

    def __enter__(self):
        super().__enter__()
        self.card.__enter__()
        self.card.insert(self.daemon)
        self.daemon.wait_for_token()
        eventually(lambda: TOKEN in self.module.slots(), "the token is there")
        self.token = self.module.open(TOKEN)
        return self

    def __exit__(self, *raised):
        self.module.__exit__()
        self.card.__exit__(*raised)
        super().__exit__(*raised)


@test
def private_keys_are_hidden():
    """Those that want a PIN, until somebody is logged in; 9E wants none."""
    with CardScene("piv:9a=p256,9c=p256,9e=p256") as scene:
        session = scene.token
        card_key = session.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        check_attributes(session, card_key, CKA_PRIVATE=False, CKA_ALWAYS_AUTHENTICATE=False)
        check_equal(len(session.find(CKA_CLASS="CKO_PUBLIC_KEY")), 3, "public keys")
        session.login(PIN)
        keys = session.find(CKA_CLASS="CKO_PRIVATE_KEY")
        check_equal(len(keys), 3, "private keys")
        check_equal(sorted((session.flag(key, "CKA_PRIVATE"),
                            session.flag(key, "CKA_ALWAYS_AUTHENTICATE")) for key in keys),
                    [(False, False), (True, False), (True, True)], "what they want")
        hidden = [key for key in keys if key != card_key]
        for key in hidden:
            check_attributes(session, key, CKA_SENSITIVE=True, CKA_ALWAYS_SENSITIVE=True,
                             CKA_EXTRACTABLE=False, CKA_NEVER_EXTRACTABLE=True,
                             CKA_MODIFIABLE=False)
        note = session.create(CKA_CLASS="CKO_DATA", CKA_PRIVATE=True)
        session.logout()
        check_equal(session.find(CKA_CLASS="CKO_PRIVATE_KEY"), [card_key], "after logout")
        for handle in (*hidden, note):
            check_raises_p11("CKR_OBJECT_HANDLE_INVALID", session.attribute, handle, "CKA_LABEL")
        check_raises_p11("CKR_USER_NOT_LOGGED_IN", session.create, CKA_CLASS="CKO_DATA",
                         CKA_PRIVATE=True)
        session.login(PIN)
        check_equal(session.find(CKA_CLASS="CKO_PRIVATE_KEY"), keys, "handles")


P256 = bytes.fromhex("06082a8648ce3d030107")


@test
def a_card_makes_keys():
    with CardScene("piv:none") as scene:
        session = scene.token
        pair = ("CKM_EC_KEY_PAIR_GEN", {"CKA_EC_PARAMS": P256, "CKA_TOKEN": True})
        check_raises_p11(["CKR_USER_NOT_LOGGED_IN", "CKR_FUNCTION_CANCELED"], generate, session,
                         *pair, {"CKA_TOKEN": True})
        session.login(MANAGEMENT_KEY, "CKU_SO")
        public, private = generate(session, *pair, {
            "CKA_TOKEN": True, "CKA_ID": b"\x02", "CKA_SIGN": True, "CKA_DERIVE": True})
        check_attributes(session, public, CKA_ID=session.attribute(private, "CKA_ID"),
                         CKA_TOKEN=True)
        check_attributes(session, private, CKA_ALWAYS_AUTHENTICATE=True,
                         CKA_LABEL=b"Key For Digital Signature")
        check_raises_p11("CKR_TEMPLATE_INCONSISTENT", generate, session, *pair,
                         {"CKA_TOKEN": True, "CKA_ID": b"\x9c"})
        check_raises_p11("CKR_TEMPLATE_INCONSISTENT", generate, session,
                         "CKM_EC_EDWARDS_KEY_PAIR_GEN",
                         {"CKA_EC_PARAMS": bytes.fromhex("06032b6570")}, {"CKA_TOKEN": True})
        session_public, first = generate(session, "CKM_EC_KEY_PAIR_GEN", {"CKA_EC_PARAMS": P256},
                                         {"CKA_TOKEN": True})
        check_attributes(session, first, CKA_LABEL=b"Key For PIV Authentication", CKA_SIGN=True)
        check_attributes(session, session_public, CKA_TOKEN=False,
                         CKA_EC_POINT=session.attribute(first, "CKA_EC_POINT"))
        session.logout()
        session.login(PIN)
        signature = session.sign("CKM_ECDSA", first, bytes(32))
        session.verify("CKM_ECDSA", session_public, bytes(32), signature)


@test
def a_card_takes_objects():
    with CardScene("piv:none,firmware=5.7") as scene:
        session = scene.token
        numbers = serialization.load_pem_private_key(made("rsa2048").pem, None).private_numbers()
        key = {"CKA_CLASS": "CKO_PRIVATE_KEY", "CKA_TOKEN": True, "CKA_ID": b"\x01",
               **rsa_parts(numbers)}
        certificate = {"CKA_CLASS": "CKO_CERTIFICATE", "CKA_CERTIFICATE_TYPE": 0,
                       "CKA_TOKEN": True, "CKA_VALUE": CERTIFICATE}
        check_raises_p11("CKR_USER_NOT_LOGGED_IN", session.create, **key)
        session.login(MANAGEMENT_KEY, "CKU_SO")
        private = session.create(**key)
        check_attributes(session, private, CKA_ID=made("rsa2048").hash, CKA_TOKEN=True)
        check_raises_p11("CKR_TEMPLATE_INCONSISTENT", session.create, **key)
        handle = session.create(**certificate, CKA_LABEL=b"not asked")
        check_attributes(session, handle, CKA_ID=made("rsa2048").hash, CKA_VALUE=CERTIFICATE)
        check_raises_p11("CKR_ACTION_PROHIBITED", change, session, handle, CKA_LABEL=b"x")
        change(session, handle, CKA_LABEL=session.attribute(handle, "CKA_LABEL"))
        check_raises_p11("CKR_ACTION_PROHIBITED", session.create, CKA_CLASS="CKO_PUBLIC_KEY",
                         CKA_TOKEN=True, CKA_KEY_TYPE="CKK_EC", CKA_EC_PARAMS=P256,
                         CKA_EC_POINT=point(made("P-256")))
        here = copy(session, handle, CKA_TOKEN=False, CKA_LABEL=b"copy")
        check_attributes(session, here, CKA_TOKEN=False, CKA_VALUE=CERTIFICATE)
        session.call("DestroyObject", handle)
        check_equal(session.find(CKA_CLASS="CKO_CERTIFICATE"), [here], "certificates")
        session.call("DestroyObject", private)
        check_equal(session.find(CKA_TOKEN=True), [], "what is left")


@test
def an_openpgp_card_makes_keys():
    with CardScene("openpgp:none") as scene:
        session = scene.token
        session.login("12345678", "CKU_SO")
        for place, label, use in ((1, b"OpenPGP signature key", "CKA_SIGN"),
                                  (2, b"OpenPGP decryption key", "CKA_DERIVE")):
            _, private = generate(session, "CKM_EC_KEY_PAIR_GEN",
                                  {"CKA_EC_PARAMS": P256, "CKA_TOKEN": True},
                                  {"CKA_TOKEN": True, "CKA_ID": bytes([place])})
            check_attributes(session, private, CKA_LABEL=label, **{use: True})


@test
def a_card_that_keeps_its_keys():
    with CardScene("piv:9e=p256") as scene:
        scene.token.login(MANAGEMENT_KEY, "CKU_SO")
        key = scene.token.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        check_raises_p11("CKR_ACTION_PROHIBITED", scene.token.call, "DestroyObject", key)
        check_equal(len(scene.token.find()), 3, "objects")


become_loader()
main()
