# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every algorithm of the catalogue by an implementation that shares nothing with ours: the package
cryptography for what has an interface there, RFC 8017's numbers and ANSI X9.63 in Python itself, and
Apple's hybrid formats (reference/keychain.md 5.3) above them. Names are docs/vocabulary.md's."""
import hashlib
import os
import re

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, ed448, ed25519, padding, rsa, utils, x448,
                                                       x25519)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HASHES = {"md5": hashes.MD5, "sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha256": hashes.SHA256,
          "sha384": hashes.SHA384, "sha512": hashes.SHA512}
SHA = [name for name in HASHES if name != "md5"]
CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
EDWARDS = {"ed25519": ed25519.Ed25519PrivateKey, "ed448": ed448.Ed448PrivateKey}
MONTGOMERY = {"x25519": x25519.X25519PrivateKey, "x448": x448.X448PrivateKey}
ZERO_IV = bytes(16)
TAG = 16
RAW = serialization.Encoding.Raw


# --- the catalogue ------------------------------------------------------------------------------


def signatures(key_type):
    if key_type == "rsa":
        for form in ("digest", "message"):
            yield from (f"rsa_signature_{form}_pkcs1v15_{name}" for name in HASHES)
            yield from (f"rsa_signature_{form}_pss_{name}" for name in SHA)
        yield from ("rsa_signature_raw", "rsa_signature_digest_pkcs1v15_raw")
    elif key_type == "ec":
        for scheme in ("x962", "rfc4754"):
            yield from (f"ecdsa_signature_{form}_{scheme}_{name}" for name in SHA
                        for form in ("digest", "message"))
            yield f"ecdsa_signature_digest_{scheme}"
        yield "ecdsa_signature_rfc4754"
    elif key_type in EDWARDS:
        yield f"eddsa_signature_message_{key_type}"


def encryptions(key_type):
    if key_type == "rsa":
        yield from ("rsa_encryption_raw", "rsa_encryption_pkcs1")
        yield from (f"rsa_encryption_oaep_{name}{end}" for name in SHA for end in ("", "_aesgcm"))
    elif key_type == "ec":
        for kind in ("standard", "cofactor"):
            yield from (f"ecies_encryption_{kind}_x963_{name}_aesgcm" for name in SHA)
            yield from (f"ecies_encryption_{kind}_variable_iv_x963_{name}_aesgcm" for name in SHA
                        if name != "sha1")


def exchanges(key_type):
    if key_type == "ec" or key_type in MONTGOMERY:
        for kind in ("standard", "cofactor") if key_type == "ec" else ("standard",):
            yield f"ecdh_key_exchange_{kind}"
            yield from (f"ecdh_key_exchange_{kind}_x963_{name}" for name in SHA)


def catalogue():
    types = ("rsa", "ec", "ed25519", "ed448")
    return sorted({name for kind in types for make in (signatures, encryptions, exchanges)
                   for name in make(kind)})


def hash_of(algorithm):
    """The hash in a name: of a digest, a mask, a derivation. None: there is none."""
    match = re.search(r"_(md5|sha\d+)(_aesgcm)?$", algorithm)
    return match and match.group(1)


def digest_size(name):
    return hashlib.new(name).digest_size


# --- keys ---------------------------------------------------------------------------------------


def generate(kind):
    """A private key of kind "rsa2048", "P-256", "ed25519"…"""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind]())
    return {**EDWARDS, **MONTGOMERY}[kind].generate()


def public_bytes(public):
    """As Apple has it: PKCS#1, the point, the bytes."""
    if isinstance(public, rsa.RSAPublicKey):
        return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    if isinstance(public, ec.EllipticCurvePublicKey):
        return public.public_bytes(serialization.Encoding.X962,
                                   serialization.PublicFormat.UncompressedPoint)
    return public.public_bytes(RAW, serialization.PublicFormat.Raw)


def private_bytes(private):
    nothing = serialization.NoEncryption()
    if isinstance(private, rsa.RSAPrivateKey):
        return private.private_bytes(serialization.Encoding.DER,
                                     serialization.PrivateFormat.TraditionalOpenSSL, nothing)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        width = (private.key_size + 7) // 8
        return public_bytes(private.public_key()) + private.private_numbers().private_value.to_bytes(
            width, "big")
    return private.private_bytes(RAW, serialization.PrivateFormat.Raw, nothing)


def load_public(info):
    return serialization.load_der_public_key(info)


def new_like(public):
    """Another key of the same kind: (private, its public bytes)."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        private = ec.generate_private_key(public.curve)
    else:
        private = generate("x25519" if len(public_bytes(public)) == 32 else "x448")
    return private, public_bytes(private.public_key())


def block_size(public):
    return (public.key_size + 7) // 8


def type_of(public):
    if isinstance(public, rsa.RSAPublicKey):
        return "rsa"
    if isinstance(public, ec.EllipticCurvePublicKey):
        return "ec"
    return type(public).__name__.strip("_").removesuffix("PublicKey").lower()


# --- numbers ------------------------------------------------------------------------------------


def power(public, data):
    numbers = public.public_numbers()
    return pow(int.from_bytes(data, "big"), numbers.e, numbers.n).to_bytes(block_size(public), "big")


def power_private(private, data):
    numbers = private.private_numbers()
    n = numbers.public_numbers.n
    return pow(int.from_bytes(data, "big"), numbers.d, n).to_bytes(block_size(private), "big")


def padded(data, size):
    """EMSA-PKCS1-v1_5 (RFC 8017 9.2)."""
    return b"\0\x01" + b"\xff" * (size - len(data) - 3) + b"\0" + data


def x963(name, secret, info, size):
    """ANSI X9.63's key derivation function, from its definition."""
    out, counter = b"", 1
    while len(out) < size:
        out += hashlib.new(name, secret + counter.to_bytes(4, "big") + info).digest()
        counter += 1
    return out[:size]


# --- signatures ---------------------------------------------------------------------------------


def _rsa_padding(algorithm, name):
    if "pss" in algorithm:
        return padding.PSS(padding.MGF1(HASHES[name]()), digest_size(name))
    return padding.PKCS1v15()


def _prehashed(algorithm, data):
    """What cryptography is told of the hash: it must know one of the digest's length."""
    name = hash_of(algorithm)
    if name is None:
        name = next(name for name in SHA if digest_size(name) == len(data))
    return HASHES[name]() if "_message_" in algorithm else utils.Prehashed(HASHES[name]())


def sign(private, algorithm, data):
    name = hash_of(algorithm)
    if algorithm == "rsa_signature_raw":
        return power_private(private, data)
    if algorithm == "rsa_signature_digest_pkcs1v15_raw":
        return power_private(private, padded(data, block_size(private)))
    if algorithm.startswith("rsa_"):
        return private.sign(data, _rsa_padding(algorithm, name), _prehashed(algorithm, data))
    if algorithm.startswith("eddsa_"):
        return private.sign(data)
    signature = private.sign(data, ec.ECDSA(_prehashed(algorithm, data)))
    if "rfc4754" not in algorithm:
        return signature
    width = (private.key_size + 7) // 8
    return b"".join(part.to_bytes(width, "big") for part in utils.decode_dss_signature(signature))


def _verify(public, algorithm, data, signature):
    name = hash_of(algorithm)
    if algorithm == "rsa_signature_raw":
        return power(public, signature) == data.rjust(block_size(public), b"\0")
    if algorithm == "rsa_signature_digest_pkcs1v15_raw":
        return power(public, signature) == padded(data, block_size(public))
    if algorithm.startswith("rsa_"):
        public.verify(signature, data, _rsa_padding(algorithm, name), _prehashed(algorithm, data))
        return len(signature) == block_size(public)
    if algorithm.startswith("eddsa_"):
        public.verify(signature, data)
        return True
    if "rfc4754" in algorithm:
        width = (public.key_size + 7) // 8
        if len(signature) != 2 * width:
            return False
        signature = utils.encode_dss_signature(int.from_bytes(signature[:width], "big"),
                                               int.from_bytes(signature[width:], "big"))
    public.verify(signature, data, ec.ECDSA(_prehashed(algorithm, data)))
    return True


def verifies(public, algorithm, data, signature):
    try:
        return _verify(public, algorithm, data, signature)
    except InvalidSignature:
        return False


# --- encryption ---------------------------------------------------------------------------------


def _oaep(name):
    return padding.OAEP(padding.MGF1(HASHES[name]()), HASHES[name](), None)


def _session_size(public):
    return 16 if public.key_size < 4096 else 32


def _ecies(algorithm, public, secret, point):
    """(AES-GCM, IV) of a message."""
    size = 16 if public.key_size <= 256 else 32
    derived = x963(hash_of(algorithm), secret, point, size + 16)
    return AESGCM(derived[:size]), derived[size:] if "variable_iv" in algorithm else ZERO_IV


def encrypt(public, algorithm, data):
    name = hash_of(algorithm)
    if algorithm == "rsa_encryption_raw":
        return power(public, data)
    if algorithm == "rsa_encryption_pkcs1":
        return public.encrypt(data, padding.PKCS1v15())
    if algorithm.startswith("ecies_"):
        private, point = new_like(public)
        aead, iv = _ecies(algorithm, public, private.exchange(ec.ECDH(), public), point)
        return point + aead.encrypt(iv, data, None)
    if not algorithm.endswith("_aesgcm"):
        return public.encrypt(data, _oaep(name))
    session = os.urandom(_session_size(public))
    return public.encrypt(session, _oaep(name)) + AESGCM(session).encrypt(ZERO_IV, data,
                                                                          public_bytes(public))


def decrypt(private, algorithm, data):
    name, public = hash_of(algorithm), private.public_key()
    if algorithm == "rsa_encryption_raw":
        return power_private(private, data)
    if algorithm == "rsa_encryption_pkcs1":
        return private.decrypt(data, padding.PKCS1v15())
    if algorithm.startswith("ecies_"):
        size = 1 + 2 * block_size(public)
        peer = ec.EllipticCurvePublicKey.from_encoded_point(public.curve, data[:size])
        aead, iv = _ecies(algorithm, public, private.exchange(ec.ECDH(), peer), data[:size])
        return aead.decrypt(iv, data[size:], None)
    if not algorithm.endswith("_aesgcm"):
        return private.decrypt(data, _oaep(name))
    size = block_size(public)
    session = private.decrypt(data[:size], _oaep(name))
    if len(session) != _session_size(public):
        raise InvalidTag
    return AESGCM(session).decrypt(ZERO_IV, data[size:], public_bytes(public))


# --- key exchange -------------------------------------------------------------------------------


def exchange(private, algorithm, public, size=0, info=b""):
    if isinstance(public, ec.EllipticCurvePublicKey):
        secret = private.exchange(ec.ECDH(), public)
    else:
        secret = private.exchange(public)
    return x963(hash_of(algorithm), secret, info, size) if hash_of(algorithm) else secret
