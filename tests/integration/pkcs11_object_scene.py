# SPDX-License-Identifier: LGPL-2.1-or-later
"""For tests of keycask-pkcs11.so's objects: items of a daemon, and what is done with objects."""
import ctypes
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from algorithm_peer import generate as generate_key

from keycask_test import Daemon, check_equal
from made_keys import MadeKey, add, add_key, b64, find
from pkcs11_client import ULONG, Module, mechanism_of, number, template

KEYCHAIN = 1
MADE = {}


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
P256 = bytes.fromhex("06082a8648ce3d030107")


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


def point(key):
    return b"\x04" + bytes([len(key.public)]) + key.public


def rsa_parts(numbers):
    public = numbers.public_numbers
    parts = {"CKA_MODULUS": public.n, "CKA_PUBLIC_EXPONENT": public.e, "CKA_PRIVATE_EXPONENT": numbers.d,
             "CKA_PRIME_1": numbers.p, "CKA_PRIME_2": numbers.q, "CKA_EXPONENT_1": numbers.dmp1,
             "CKA_EXPONENT_2": numbers.dmq1, "CKA_COEFFICIENT": numbers.iqmp}
    return {"CKA_KEY_TYPE": "CKK_RSA",
            **{name: value.to_bytes((value.bit_length() + 7) // 8, "big")
               for name, value in parts.items()}}
