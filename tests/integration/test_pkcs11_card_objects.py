# SPDX-License-Identifier: LGPL-2.1-or-later
"""Objects of cards through keycask-pkcs11.so: who sees them, what is made, brought and deleted."""
from cryptography.hazmat.primitives import serialization

from keycask_test import PIN, Card, check_equal, eventually, main, test
from pkcs11_client import become_loader, check_raises_p11
from pkcs11_object_scene import (CERTIFICATE, P256, Scene, change, check_attributes, copy,
                                 generate, made, point, rsa_parts)

TOKEN = 2
MANAGEMENT_KEY = "010203040506070801020304050607080102030405060708"


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
