# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a key of one kind does through keycask-pkcs11.so, by every mechanism that it has, and what
OpenSSL (the package cryptography) says of it: for keys of the keychain and of cards."""
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from algorithm_peer import generate, public_bytes, type_of, x963
from keycask_test import check_equal
from pkcs11_client import ecdh, oaep, pss
from pkcs11_scene import CLASSES, DATA, HASHES, digest_of

SECRET = {"CKA_CLASS": "CKO_SECRET_KEY", "CKA_KEY_TYPE": "CKK_GENERIC_SECRET",
          "CKA_SENSITIVE": False, "CKA_EXTRACTABLE": True}


def dss(public, raw):
    """r and s side by side, as OpenSSL has them."""
    width = (public.curve.key_size + 7) // 8
    check_equal(len(raw), 2 * width, "bytes of r and s")
    return utils.encode_dss_signature(int.from_bytes(raw[:width], "big"),
                                      int.from_bytes(raw[width:], "big"))


def plain(public, der):
    width = (public.curve.key_size + 7) // 8
    return b"".join(part.to_bytes(width, "big") for part in utils.decode_dss_signature(der))


def check_rsa_signatures(pair, with_pss=True):
    public, private = pair.public, pair.private
    for name in HASHES:
        kind = CLASSES[name]()
        pair.both(f"CKM_{name}_RSA_PKCS", DATA,
                  lambda s, kind=kind: public.verify(s, DATA, padding.PKCS1v15(), kind),
                  private and (lambda kind=kind: private.sign(DATA, padding.PKCS1v15(), kind)))
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest_of("SHA256", DATA)
    pair.both("CKM_RSA_PKCS", info,
              lambda s: public.verify(s, DATA, padding.PKCS1v15(), hashes.SHA256()))
    if with_pss:
        check_pss(pair, [("SHA1", None, None), ("SHA256", None, None), ("SHA384", 0, None),
                         ("SHA256", 20, "SHA1"), ("SHA512", 100, None), ("SHA224", None, "SHA512")])


def check_pss(pair, cases):
    """(hash, salt length, mask): the daemon's own forms, and those that the module pads."""
    public, private = pair.public, pair.private
    for name, salt_len, mask in cases:
        kind = CLASSES[name]()
        length = kind.digest_size if salt_len is None else salt_len
        form = padding.PSS(padding.MGF1(CLASSES[mask or name]()), length)
        parameters = pss(name, salt_len, mask)
        verify = lambda s, form=form, kind=kind: public.verify(s, DATA, form, kind)
        sign = private and (lambda form=form, kind=kind: private.sign(DATA, form, kind))
        pair.both((f"CKM_{name}_RSA_PKCS_PSS", parameters), DATA, verify, sign)
        pair.both(("CKM_RSA_PKCS_PSS", parameters), digest_of(name, DATA), verify, sign)


def check_ec_signatures(pair):
    public, private = pair.public, pair.private
    for name in HASHES:
        form = ec.ECDSA(CLASSES[name]())
        pair.both(f"CKM_ECDSA_{name}", DATA,
                  lambda s, form=form: public.verify(dss(public, s), DATA, form),
                  private and (lambda form=form: plain(public, private.sign(DATA, form))))
    form = ec.ECDSA(hashes.SHA512())
    pair.both("CKM_ECDSA", digest_of("SHA512", DATA),
              lambda s: public.verify(dss(public, s), DATA, form))


def check_encryption(pair, mechanism, form):
    """There and back by the other."""
    session = pair.session
    check_equal(session.decrypt(mechanism, pair.key, pair.public.encrypt(DATA, form)), DATA,
                f"what OpenSSL encrypted with {mechanism}")
    made_here = session.encrypt(mechanism, pair.public_key, DATA)
    if pair.private:
        check_equal(pair.private.decrypt(made_here, form), DATA, "what we encrypted")
    session.begin("Decrypt", mechanism, pair.key)
    check_equal(session.parts("Decrypt", [made_here[:100], made_here[100:]]), DATA, "in parts")


def check_oaep(pair, cases):
    for name, mask, label in cases:
        form = padding.OAEP(padding.MGF1(CLASSES[mask or name]()), CLASSES[name](), label or None)
        check_encryption(pair, ("CKM_RSA_PKCS_OAEP", oaep(name, mask, label)), form)


def value_of(session, handle):
    value = session.attribute(handle, "CKA_VALUE")
    session.call("DestroyObject", handle)
    return value


def check_exchanges(pair, mechanisms=("CKM_ECDH1_DERIVE", "CKM_ECDH1_COFACTOR_DERIVE")):
    session = pair.session
    is_ec = type_of(pair.public) == "ec"
    theirs = (ec.generate_private_key(pair.public.curve) if is_ec
              else generate(type_of(pair.public)))
    secret = (theirs.exchange(ec.ECDH(), pair.public) if is_ec else theirs.exchange(pair.public))
    point = public_bytes(theirs.public_key())
    header = b"\x04" + (b"" if len(point) < 128 else b"\x81") + bytes([len(point)])
    for mechanism in mechanisms if is_ec else mechanisms[:1]:
        for given in (point, header + point):
            key = session.derive((mechanism, ecdh(given)), pair.key, **SECRET)
            check_equal(value_of(session, key), secret, "the secret")
        key = session.derive((mechanism, ecdh(point)), pair.key, **{
            **SECRET, "CKA_KEY_TYPE": "CKK_AES", "CKA_VALUE_LEN": 16})
        check_equal(value_of(session, key), secret[-16:], "its end, as an AES key")
        for name in HASHES:
            parameters = ecdh(point, f"CKD_{name}_KDF", b"shared")
            key = session.derive((mechanism, parameters), pair.key, **SECRET, CKA_VALUE_LEN=77)
            check_equal(value_of(session, key), x963(name.lower(), secret, b"shared", 77),
                        f"derived with {name}")
    return point
