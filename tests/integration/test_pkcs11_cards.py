# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys of cards through keycask-pkcs11.so: every mechanism that a card has against OpenSSL, and a list
of mechanisms that has no others."""
from cryptography.hazmat.primitives.asymmetric import padding

from keycask_test import PIN, check, check_equal, main, test
from pkcs11_checks import (check_ec_signatures, check_encryption, check_exchanges, check_oaep,
                           check_rsa_signatures)
from pkcs11_client import become_loader, check_raises_p11, pss
from pkcs11_scene import DATA, TokenScene

P256 = bytes.fromhex("06082a8648ce3d030107")
P384 = bytes.fromhex("06052b81040022")


@test
def piv():
    with TokenScene("piv:9a=rsa2048,9d=rsa2048,9e=p256,82=p384", PIN) as scene:
        scene.check_mechanisms(["CKM_RSA_PKCS", "CKM_RSA_X_509", "CKM_SHA256_RSA_PKCS_PSS",
                                "CKM_RSA_PKCS_OAEP", "CKM_ECDSA", "CKM_ECDH1_DERIVE", "CKM_SHA256"])
        signer = scene.pair("CKK_RSA", CKA_SIGN=True)
        check_rsa_signatures(signer)
        decrypter = scene.pair("CKK_RSA", CKA_DECRYPT=True)
        check_encryption(decrypter, "CKM_RSA_PKCS", padding.PKCS1v15())
        check_oaep(decrypter, [("SHA256", None, b""), ("SHA1", "SHA512", b"label")])
        check_ec_signatures(scene.pair("CKK_EC", CKA_SIGN=True))
        check_exchanges(scene.pair("CKK_EC", CKA_DERIVE=True))


@test
def openpgp():
    """It pads signatures and takes off padding itself: there is no PSS and no OAEP."""
    with TokenScene("openpgp:sig=rsa2048,dec=rsa2048,aut=ed25519", PIN) as scene:
        scene.check_mechanisms(
            ["CKM_RSA_PKCS", "CKM_SHA256_RSA_PKCS", "CKM_EDDSA", "CKM_SHA256"],
            ["CKM_RSA_X_509", "CKM_RSA_PKCS_PSS", "CKM_SHA256_RSA_PKCS_PSS", "CKM_RSA_PKCS_OAEP"])
        signer = scene.pair("CKK_RSA", CKA_SIGN=True)
        check_rsa_signatures(signer, with_pss=False)
        for mechanism in (("CKM_RSA_PKCS_PSS", pss("SHA256")), "CKM_RSA_X_509"):
            check_raises_p11("CKR_MECHANISM_INVALID", scene.session.begin, "Sign", mechanism,
                             signer.key)
        check_encryption(scene.pair("CKK_RSA", CKA_DECRYPT=True), "CKM_RSA_PKCS",
                         padding.PKCS1v15())
        pair = scene.pair("CKK_EC_EDWARDS")
        pair.both("CKM_EDDSA", DATA, lambda s: pair.public.verify(s, DATA))
        for mechanism, key, size in (("CKM_RSA_PKCS", signer.key, 200),
                                     ("CKM_EDDSA", pair.key, 65535),
                                     ("CKM_EDDSA", pair.key, 65536)):
            check_raises_p11("CKR_DATA_LEN_RANGE", scene.session.sign, mechanism, key, bytes(size))


@test
def openpgp_with_curves():
    with TokenScene("openpgp:sig=p256,dec=x25519,aut=p384", PIN) as scene:
        for pair in (scene.pair("CKK_EC", CKA_EC_PARAMS=P256), scene.pair("CKK_EC", CKA_EC_PARAMS=P384)):
            check_ec_signatures(pair)
        check_exchanges(scene.pair("CKK_EC_MONTGOMERY"))


@test
def round_trips():
    """One for a signature, with a PIN of its own or without; PSS asks once what the token has."""
    with TokenScene("piv:9a=rsa2048,9c=p256", PIN, counts=True) as scene:
        session, count = scene.session, scene.relay.count
        rsa, elliptic = scene.pair("CKK_RSA"), scene.pair("CKK_EC")
        check(session.flag(elliptic.key, "CKA_ALWAYS_AUTHENTICATE"), "no key that wants the PIN")
        for pair, mechanism in ((rsa, "CKM_SHA256_RSA_PKCS"), (elliptic, "CKM_ECDSA_SHA256")):
            for _ in range(2):
                check_equal(count(session.sign, mechanism, pair.key, DATA), 1,
                            f"round trips of {mechanism}: {scene.relay.methods}")
        usual = ("CKM_RSA_PKCS_PSS", pss("SHA256"))
        session.sign(usual, rsa.key, bytes(32))
        check_equal(count(session.sign, usual, rsa.key, bytes(32)), 1,
                    f"round trips of PSS: {scene.relay.methods}")
        check_equal(count(scene.module.mechanisms, scene.slot), 0, "those of the list")


@test
def a_list_of_mechanisms_is_one_round_trip():
    """However many keys and mechanisms there are, once for each insertion."""
    for profile in ("piv:9a=rsa2048,9c=p256,9d=rsa2048,9e=p256",
                    "openpgp:sig=rsa2048,dec=x25519,aut=ed25519"):
        with TokenScene(profile, counts=True) as scene:
            count = scene.relay.count
            for expected in (1, 0):
                check_equal(count(scene.module.mechanisms, scene.slot), expected,
                            f"round trips of {profile}: {scene.relay.methods}")
            check_equal(count(scene.module.mechanism_info, scene.slot, "CKM_RSA_PKCS"), 0,
                        f"of one: {scene.relay.methods}")


become_loader()
main()
