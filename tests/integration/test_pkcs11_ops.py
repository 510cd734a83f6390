# SPDX-License-Identifier: LGPL-2.1-or-later
"""What keys do through keycask-pkcs11.so: every mechanism against OpenSSL (the package cryptography)
in both directions, with keys of the keychain, and the rules that C_Sign and its
siblings have for buffers, parts and what is active."""
import ctypes

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from algorithm_peer import generate, power, power_private, public_bytes
from keycask_test import Daemon, check, check_equal, main, test
from pin_scene import audit_lines
from pkcs11_checks import (SECRET, check_ec_signatures, check_encryption, check_exchanges, check_oaep,
                           check_rsa_signatures, dss)
from pkcs11_client import (Eddsa, Module, become_loader, check_raises_p11, ecdh, number, oaep, pss)
from pkcs11_relay import Relay
from pkcs11_scene import DATA, HASHES, KEYCHAIN, Pair, Scene, add_key, digest_of, made

made("rsa2048")


# --- every mechanism ----------------------------------------------------------------------------


@test
def rsa_signatures():
    with Scene("rsa2048") as scene:
        check_rsa_signatures(scene.pair)


@test
def rsa_numbers():
    """CKM_RSA_X_509, and what comes out of signatures again."""
    with Scene("rsa2048") as scene:
        pair, session = scene.pair, scene.session
        block = b"\0" + DATA * 18 + b"abc"
        check_equal(len(block), 256, "bytes of the block")
        signature = session.sign("CKM_RSA_X_509", pair.key, block)
        check_equal(signature, power_private(made("rsa2048"), block), "the number")
        session.verify("CKM_RSA_X_509", pair.public_key, block, signature)
        check_equal(session.sign("CKM_RSA_X_509", pair.key, DATA),
                    power_private(made("rsa2048"), DATA.rjust(256, b"\0")), "of a short one")
        for mechanism, data in (("CKM_RSA_PKCS", DATA), ("CKM_RSA_X_509", block)):
            session.begin("SignRecover", mechanism, pair.key)
            check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", session.whole, "Sign", data)
            signature = session.whole("SignRecover", data)
            session.begin("VerifyRecover", mechanism, pair.public_key)
            check_equal(session.whole("VerifyRecover", signature), data, "what was signed")
        session.begin("VerifyRecover", "CKM_RSA_PKCS", pair.public_key)
        check_raises_p11("CKR_SIGNATURE_INVALID", session.whole, "VerifyRecover",
                         signature[:-1] + bytes([signature[-1] ^ 1]))
        check_raises_p11("CKR_DATA_INVALID", session.sign, "CKM_RSA_X_509", pair.key, b"\xff" * 256)


@test
def ec_signatures():
    with Scene("P-256", "P-384", "P-521") as scene:
        for pair in scene.pairs:
            check_ec_signatures(pair)


@test
def edwards_signatures():
    with Scene("ed25519", "ed448") as scene:
        for pair in scene.pairs:
            public, private = pair.public, pair.private
            for mechanism in ("CKM_EDDSA", ("CKM_EDDSA", Eddsa(0, 0, None))):
                pair.both(mechanism, DATA, lambda s, public=public: public.verify(s, DATA),
                          lambda private=private: private.sign(DATA))
            public.verify(scene.session.sign("CKM_EDDSA", pair.key, b""), b"")
            check_raises_p11("CKR_MECHANISM_PARAM_INVALID", scene.session.begin, "Sign",
                             ("CKM_EDDSA", Eddsa(1, 0, None)), pair.key)
            check_raises_p11("CKR_MECHANISM_PARAM_INVALID", scene.session.begin, "Sign",
                             ("CKM_EDDSA", Eddsa(0, 1, b"x")), pair.key)


@test
def rsa_encryption():
    with Scene("rsa2048") as scene:
        pair, session = scene.pair, scene.session
        check_encryption(pair, "CKM_RSA_PKCS", padding.PKCS1v15())
        check_oaep(pair, [(name, None, b"") for name in HASHES])
        check_oaep(pair, [("SHA256", "SHA1", b""), ("SHA1", None, b"label"),
                          ("SHA384", "SHA512", b"another label" * 50)])
        block = b"\0" + DATA * 18 + b"abc"
        encrypted = session.encrypt("CKM_RSA_X_509", pair.public_key, block)
        check_equal(encrypted, power(pair.public, block), "the number")
        check_equal(session.decrypt("CKM_RSA_X_509", pair.key, encrypted), block, "and back")


@test
def what_was_not_encrypted_so():
    """PKCS#1 v1.5 answers with noise, the same each time, of which nobody learns anything; OAEP with
    one failure for everything."""
    with Scene("rsa2048") as scene:
        pair, session = scene.pair, scene.session
        wrong = power(pair.public, b"\0\x03" + DATA * 18 + b"ab")
        noise = session.decrypt("CKM_RSA_PKCS", pair.key, wrong, room=256)
        check_equal(session.decrypt("CKM_RSA_PKCS", pair.key, wrong, room=256), noise, "the noise")
        for parameters in (oaep("SHA256"), oaep("SHA256", label=b"x")):
            check_raises_p11("CKR_ENCRYPTED_DATA_INVALID", session.decrypt,
                             ("CKM_RSA_PKCS_OAEP", parameters), pair.key, wrong, room=256)
        other = pair.public.encrypt(DATA, padding.OAEP(padding.MGF1(hashes.SHA256()),
                                                       hashes.SHA256(), b"y"))
        check_raises_p11("CKR_ENCRYPTED_DATA_INVALID", session.decrypt,
                         ("CKM_RSA_PKCS_OAEP", oaep("SHA256", label=b"x")), pair.key, other,
                         room=256)
        check_raises_p11("CKR_ENCRYPTED_DATA_LEN_RANGE", session.decrypt, "CKM_RSA_PKCS", pair.key,
                         b"short", room=256)
        check_noise_is_a_key(session, pair, wrong)


def check_noise_is_a_key(session, pair, wrong):
    """No length is refused, which would tell what the padding was."""
    wanted = {"CKA_CLASS": "CKO_SECRET_KEY", "CKA_SENSITIVE": False, "CKA_EXTRACTABLE": True}
    values = []
    for _ in range(2):
        key = session.unwrap("CKM_RSA_PKCS", pair.key, wrong, CKA_KEY_TYPE="CKK_AES",
                             CKA_VALUE_LEN=16, **wanted)
        values.append(session.attribute(key, "CKA_VALUE"))
    check_equal(len(values[0]), 16, "bytes of the key")
    check_equal(values[0], values[1], "the same noise")
    key = session.unwrap("CKM_RSA_PKCS", pair.key, wrong, CKA_KEY_TYPE="CKK_AES", **wanted)
    check(len(session.attribute(key, "CKA_VALUE")) in (16, 24, 32), "no AES key")


# --- secret keys ---------------------------------------------------------------------------------


@test
def key_exchange():
    with Scene("P-256", "P-521", "x25519", "x448") as scene:
        for pair in scene.pairs:
            point = check_exchanges(pair)
        session, key = scene.session, scene.pair.key
        for given in (b"", b"x", point[:-1], bytes(65), b"\x04\x41" + bytes(64)):
            check_raises_p11("CKR_MECHANISM_PARAM_INVALID", session.derive,
                             ("CKM_ECDH1_DERIVE", ecdh(given)), key, **SECRET)
        good = public_bytes(generate("P-256").public_key())
        check_raises_p11("CKR_MECHANISM_PARAM_INVALID", session.derive,
                         ("CKM_ECDH1_DERIVE", ecdh(good, "CKD_NULL", b"x")), key, **SECRET)
        check_raises_p11("CKR_TEMPLATE_INCOMPLETE", session.derive,
                         ("CKM_ECDH1_DERIVE", ecdh(good, "CKD_SHA256_KDF")), key, **SECRET)
        check_raises_p11("CKR_KEY_SIZE_RANGE", session.derive, ("CKM_ECDH1_DERIVE", ecdh(good)),
                         key, **SECRET, CKA_VALUE_LEN=33)
        check_raises_p11("CKR_TEMPLATE_INCONSISTENT", session.derive,
                         ("CKM_ECDH1_DERIVE", ecdh(good)), key, **{
                             **SECRET, "CKA_KEY_TYPE": "CKK_AES", "CKA_VALUE_LEN": 17})


@test
def wrapping():
    with Scene("rsa2048") as scene:
        session, pair = scene.session, scene.pair
        value = bytes(range(32))
        secret = session.create(**{**SECRET, "CKA_VALUE": value})
        for mechanism in ("CKM_RSA_PKCS", ("CKM_RSA_PKCS_OAEP", oaep("SHA256")),
                          ("CKM_RSA_PKCS_OAEP", oaep("SHA1", label=b"label"))):
            wrapped = session.wrap(mechanism, pair.public_key, secret)
            back = session.unwrap(mechanism, pair.key, wrapped, **{
                **SECRET, "CKA_KEY_TYPE": "CKK_AES"})
            check_equal(session.attribute(back, "CKA_VALUE"), value, "the key")
        check_equal(session.decrypt("CKM_RSA_PKCS", pair.key, session.wrap(
            "CKM_RSA_PKCS", pair.public_key, secret)), value, "what is wrapped")
        check_raises_p11("CKR_WRAPPED_KEY_LEN_RANGE", session.unwrap, mechanism, pair.key, wrapped,
                         **{**SECRET, "CKA_VALUE_LEN": 16})
        before = n_uses(scene)
        for name, more in (("CKR_TEMPLATE_INCONSISTENT", {"CKA_TOKEN": True}),
                           ("CKR_TEMPLATE_INCONSISTENT", {"CKA_CLASS": "CKO_PRIVATE_KEY"}),
                           ("CKR_ATTRIBUTE_VALUE_INVALID", {"CKA_VALUE_LEN": b"x"})):
            check_raises_p11(name, session.unwrap, mechanism, pair.key, wrapped, **{**SECRET, **more})
        check_equal(n_uses(scene), before, "uses of the key for what cannot be")
        kept = session.create(**{**SECRET, "CKA_VALUE": value, "CKA_EXTRACTABLE": False})
        check_raises_p11("CKR_KEY_UNEXTRACTABLE", session.wrap, mechanism, pair.public_key, kept)
        check_raises_p11("CKR_KEY_NOT_WRAPPABLE", session.wrap, mechanism, pair.public_key,
                         pair.key)
        check_raises_p11("CKR_WRAPPING_KEY_HANDLE_INVALID", session.wrap, mechanism, 12345, secret)
        check_raises_p11("CKR_UNWRAPPING_KEY_HANDLE_INVALID", session.unwrap, mechanism, 12345,
                         wrapped, **SECRET)
        session.begin("Digest", "CKM_SHA256")
        session.call("DigestKey", secret)
        check_equal(session.output("DigestFinal"), digest_of("SHA256", value), "of the key")


@test
def digests_and_random_bytes_ask_nobody():
    with Scene() as scene:
        session = scene.session
        scene.daemon.kill()
        for name in HASHES:
            mechanism = "CKM_SHA_1" if name == "SHA1" else "CKM_" + name
            for size in (0, 1, 64, 100000):
                data = bytes(size)
                check_equal(session.digest(mechanism, data), digest_of(name, data), mechanism)
            session.begin("Digest", mechanism)
            check_equal(session.parts("Digest", [DATA, DATA]), digest_of(name, DATA * 2), mechanism)
        first, second = bytearray(100), bytearray(100)
        for buffer in (first, second):
            session.call("GenerateRandom", (ctypes.c_ubyte * 100).from_buffer(buffer), 100)
        check(first != second and any(first), "not random")
        check_raises_p11("CKR_RANDOM_SEED_NOT_SUPPORTED", session.call, "SeedRandom", b"x", 1)


# --- round trips ---------------------------------------------------------------------------------


@test
def round_trips():
    """One for a signature, with its C_SignInit, its C_GetAttributeValue and the question for its
    size; none for what this process knows."""
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in ("rsa2048", "P-256", "ed25519"):
            add_key(connection, made(kind), label=kind)
        with Relay(daemon) as relay, Module(daemon, socket=relay.path) as module:
            session = module.open(KEYCHAIN)
            pairs = [Pair(session, made(kind)) for kind in ("rsa2048", "P-256", "ed25519")]
            cases = [("CKM_RSA_PKCS", DATA), ("CKM_SHA512_RSA_PKCS", bytes(100000)),
                     (("CKM_RSA_PKCS_PSS", pss("SHA256")), bytes(32)),
                     (("CKM_SHA1_RSA_PKCS_PSS", pss("SHA1", 3)), DATA)]
            cases = [(pairs[0], *case) for case in cases]
            cases += [(pairs[1], "CKM_ECDSA_SHA256", DATA), (pairs[2], "CKM_EDDSA", DATA)]
            for pair, mechanism, data in cases:
                check_equal(relay.count(session.sign, mechanism, pair.key, data), 1,
                            f"round trips of {mechanism}: {relay.methods}")
                check_equal(relay.count(session.sign_parts, mechanism, pair.key, [data]), 1,
                            f"round trips of {mechanism} in parts: {relay.methods}")
            encrypted = pairs[0].public.encrypt(DATA, padding.PKCS1v15())
            check_equal(relay.count(session.decrypt, "CKM_RSA_PKCS", pairs[0].key, encrypted), 1,
                        f"round trips of decryption: {relay.methods}")
            check_equal(relay.count(session.flag, pairs[0].key, "CKA_ALWAYS_AUTHENTICATE"), 0,
                        "round trips of an attribute")
            check_equal(relay.count(session.digest, "CKM_SHA256", DATA), 0, "of a digest")
            check_equal(relay.count(module.mechanisms, KEYCHAIN), 0, "of the list")


# --- the rules -----------------------------------------------------------------------------------


def n_uses(scene, *operations):
    return sum(line["operation"] in (operations or ("sign", "decrypt", "exchange"))
               for line in audit_lines(scene.daemon))


@test
def a_signature_is_one_use_of_the_key():
    """Its size is told, and a small buffer refused, without touching the key."""
    with Scene("rsa2048", "P-256") as scene:
        session = scene.session
        for pair, mechanism, size in zip(scene.pairs, ("CKM_SHA256_RSA_PKCS", "CKM_ECDSA_SHA256"),
                                         (256, 64)):
            before = n_uses(scene, "sign")
            session.begin("Sign", mechanism, pair.key)
            for room in (0, 1, size - 1):
                check_raises_p11("CKR_BUFFER_TOO_SMALL", session.whole, "Sign", DATA, room)
            check_equal(len(session.whole("Sign", DATA)), size, "bytes")
            check_equal(n_uses(scene, "sign") - before, 1, "uses of the key")
            check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", session.whole, "Sign", DATA)
        encrypted = scene.pair.public.encrypt(DATA, padding.PKCS1v15())
        session.begin("Decrypt", "CKM_RSA_PKCS", scene.pair.key)
        for room in (1, len(DATA) - 1):
            check_raises_p11("CKR_BUFFER_TOO_SMALL", session.whole, "Decrypt", encrypted, room)
        check_equal(session.whole("Decrypt", encrypted, len(DATA)), DATA, "the plaintext")
        check_equal(n_uses(scene, "decrypt"), 1,
                    "uses of the key")


@test
def what_is_active():
    with Scene("rsa2048") as scene:
        session, key = scene.session, scene.pair.key
        mechanism = "CKM_SHA256_RSA_PKCS"
        check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", session.call, "SignUpdate", b"x", 1)
        session.begin("Sign", mechanism, key)
        check_raises_p11("CKR_OPERATION_ACTIVE", session.begin, "Sign", mechanism, key)
        check_raises_p11("CKR_OPERATION_ACTIVE", session.begin, "SignRecover", "CKM_RSA_PKCS", key)
        session.begin("Digest", "CKM_SHA256")  # one of each kind may be
        session.call("SignUpdate", DATA, len(DATA))
        check_raises_p11("CKR_OPERATION_ACTIVE", session.whole, "Sign", DATA)
        scene.pair.public.verify(session.output("SignFinal"), DATA, padding.PKCS1v15(),
                                 hashes.SHA256())
        check_equal(session.output("DigestFinal"), digest_of("SHA256", b""), "the digest")
        # 3.0: no mechanism ends what is active; so does C_SessionCancel.
        session.begin("Sign", mechanism, key)
        session.call("SignInit", None, key)
        check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", session.whole, "Sign", DATA)
        session.begin("Sign", mechanism, key)
        session.call("SessionCancel", number("CKF_DIGEST"))
        check_raises_p11("CKR_OPERATION_ACTIVE", session.begin, "Sign", mechanism, key)
        session.call("SessionCancel", number("CKF_SIGN"))
        session.begin("Sign", mechanism, key)
        session.close()
        check_raises_p11("CKR_SESSION_HANDLE_INVALID", session.whole, "Sign", DATA)


@test
def which_key_and_which_data():
    with Scene("rsa2048", "P-256") as scene:
        session = scene.session
        rsa, elliptic = scene.pairs
        for name, mechanism, key in (
                ("CKR_MECHANISM_INVALID", "CKM_MD5_RSA_PKCS", rsa.key),
                ("CKR_MECHANISM_INVALID", "CKM_SHA256", rsa.key),
                ("CKR_KEY_TYPE_INCONSISTENT", "CKM_ECDSA", rsa.key),
                ("CKR_KEY_TYPE_INCONSISTENT", "CKM_RSA_PKCS", elliptic.key),
                ("CKR_KEY_HANDLE_INVALID", "CKM_ECDSA", 12345),
                ("CKR_KEY_FUNCTION_NOT_PERMITTED", "CKM_ECDSA", elliptic.public_key),
                ("CKR_MECHANISM_PARAM_INVALID", "CKM_RSA_PKCS_PSS", rsa.key),
                ("CKR_MECHANISM_PARAM_INVALID", ("CKM_SHA256_RSA_PKCS_PSS", pss("SHA1")), rsa.key),
                ("CKR_MECHANISM_PARAM_INVALID", ("CKM_RSA_PKCS_PSS", Eddsa()), rsa.key)):
            check_raises_p11(name, session.begin, "Sign", mechanism, key)
        usual = ("CKM_RSA_PKCS_PSS", pss("SHA256"))
        for mechanism, key, data in (("CKM_RSA_PKCS", rsa.key, bytes(246)),
                                     ("CKM_RSA_PKCS", rsa.key, b""),
                                     ("CKM_RSA_X_509", rsa.key, bytes(257)),
                                     (usual, rsa.key, bytes(31)),
                                     ("CKM_ECDSA", elliptic.key, b"")):
            check_raises_p11("CKR_DATA_LEN_RANGE", session.sign, mechanism, key, data)
        check_raises_p11("CKR_KEY_SIZE_RANGE", session.sign,
                         ("CKM_RSA_PKCS_PSS", pss("SHA256", 223)), rsa.key, bytes(32))
        check_raises_p11("CKR_SIGNATURE_LEN_RANGE", session.verify, "CKM_ECDSA",
                         elliptic.public_key, bytes(32), bytes(63))
        check_raises_p11("CKR_DATA_LEN_RANGE", session.encrypt, "CKM_RSA_PKCS", rsa.public_key,
                         bytes(246))


@test
def a_key_that_is_not_for_this():
    with Scene("rsa2048", can_sign=False) as scene:
        check_raises_p11("CKR_KEY_FUNCTION_NOT_PERMITTED", scene.session.begin, "Sign",
                         "CKM_RSA_PKCS", scene.pair.key)


@test
def data_of_any_size():
    """Megabytes are hashed here: they would not fit into a message."""
    with Scene("P-256", "ed25519") as scene:
        elliptic, edwards = scene.pairs
        data = bytes(4 * 1024 * 1024)
        signature = scene.session.sign("CKM_ECDSA_SHA256", elliptic.key, data)
        elliptic.public.verify(dss(elliptic.public, signature), data, ec.ECDSA(hashes.SHA256()))
        check_raises_p11("CKR_DATA_LEN_RANGE", scene.session.sign, "CKM_EDDSA", edwards.key, data)


@test
def mechanisms_of_the_keychain():
    with Scene() as scene:
        listed = scene.module.mechanisms(KEYCHAIN)
        for name in ("CKM_RSA_PKCS", "CKM_RSA_PKCS_PSS", "CKM_ECDSA", "CKM_EDDSA", "CKM_SHA256"):
            check(number(name) in listed, f"no {name}")
        for mechanism in listed:
            info = scene.module.mechanism_info(KEYCHAIN, mechanism)
            check(not info.flags & number("CKF_HW"), f"{mechanism:x} is no hardware's")
        check_raises_p11("CKR_MECHANISM_INVALID", scene.module.mechanism_info, KEYCHAIN,
                         "CKM_AES_CBC")
        check_raises_p11("CKR_SLOT_ID_INVALID", scene.module.mechanisms, 12345)


become_loader()
main()
