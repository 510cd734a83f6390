# SPDX-License-Identifier: LGPL-2.1-or-later
"""What drivers say of what was written is looked at: a reference is given for what is there, and
nothing is called deleted that is still told of."""
import base64

from keycask_test import Card, check, check_equal, eventually, main, test
from lifecycle import NO_PROMPT, query
from made_keys import MadeKey, b64
from soft_driver import TOKEN_ID, SoftToken
from token_scene import DEFAULT_KEY, answer, der_of

NOT_IMPLEMENTED = -70001
COMMUNICATION = -70002
OBJECT_NOT_FOUND = -70006
TOKEN_NOT_FOUND = -70007
AUTHENTICATION_NEEDED = -70009
CERTIFICATE_ID = b64(b"place")
ADMINISTRATOR = {"ChallengeAdmin": {"cipher": "3des", "challenge": b64(b"8 bytes!"),
                                    "is_enciphered": False},
                 "AuthenticateAdmin": {}, "Detail": NOT_IMPLEMENTED}


def certificate_object(der, **other):
    return {"kind": "certificate", "object_id": CERTIFICATE_ID, "label": "x", "data": b64(der),
            "algorithms": [], "can_sign": False, "can_decrypt": False, "can_derive": False, **other}


def key_object(made, **other):
    return {"kind": "key", "object_id": b64(b"new"), "label": "x", "key_type": "ec",
            "public_key": b64(made.public), "key_size_in_bits": 256, "constraint": "none",
            "algorithms": ["ecdsa_signature_digest_x962"], "can_sign": True, "can_decrypt": False,
            "can_derive": False, **other}


class Scene:
    def __init__(self):
        self.token = SoftToken()
        self.token.add("there", "P-256", ["ecdsa_signature_digest_x962"], can_sign=True,
                       certificate=True)
        self.daemon = self.token.daemon()
        self.card = Card("piv:none")

    def __enter__(self):
        self.daemon.__enter__()
        self.card.insert(self.daemon)
        self.token.find(self.daemon, "there")
        self.connection = self.daemon.connect()
        return self

    def __exit__(self, *details):
        self.connection.close()
        self.card.__exit__(*details)
        self.daemon.__exit__(*details)

    def lie(self, **lies):
        self.token.lie(**{**ADMINISTRATOR, **lies})

    def ask(self, method, parameters, status):
        return answer(self.connection, method, {
            **parameters, "administrator": DEFAULT_KEY, "interaction": NO_PROMPT}, status)

    def put(self, der, status=None):
        return self.ask("Tokens.PutCertificate", {"token_id": TOKEN_ID, "data": b64(der)}, status)

    def bring(self, made, status=None):
        return self.ask("Keys.Import", {"attributes": {"token_id": TOKEN_ID},
                                        "data": b64(made.private)}, status)

    def all_references(self):
        return self.references("key") + self.references("certificate")

    def list_again(self, references):
        """Have the card read anew, as a certificate was to be put, and perhaps it was: until these are
        listed."""
        if self.all_references() == references:
            return
        self.lie(PlanCertificate={"object_id": CERTIFICATE_ID}, PutCertificate=COMMUNICATION)
        self.put(der_of(MadeKey("P-256").certificate()), "internal")
        eventually(lambda: self.all_references() == references, "what there was first is listed")

    def references(self, item_class):
        return [item["value_persistent_ref"] for item in query(
            self.connection, **{"class": item_class}, return_persistent_ref=True)]

    def delete(self, item_class, status=None):
        reference, = self.references(item_class)
        return self.ask("Tokens.DeleteObject", {"reference": reference}, status)


@test
def a_certificate_that_was_put_is_told_of():
    with Scene() as scene:
        der = der_of(MadeKey("P-256").certificate())
        plan = {"PlanCertificate": {"object_id": CERTIFICATE_ID}}
        told = certificate_object(der)
        for lie, said in [
                ({"PutCertificate": {"object": certificate_object(b"another")}}, "something else"),
                ({"PutCertificate": {"object": key_object(MadeKey("P-256"))}}, "something else"),
                ({"PutCertificate": {"object": told}}, "does not tell of the certificate"),
                ({"PutCertificate": {"object": told},
                  "Enumerate": {"objects": [*scene.token.objects,
                                            certificate_object(b"another")]}},
                 "does not tell of the certificate"),
                ({"PutCertificate": {"object": {**told, "object_id": b64(b"elsewhere")}},
                  "Enumerate": {"objects": [*scene.token.objects, told]}},
                 "does not tell of the certificate")]:
            scene.lie(**plan, **lie)
            record = scene.put(der, "internal")
            check(said in record["message"], record)
        scene.lie(**plan, PutCertificate={"object": told},
                  Enumerate={"objects": [*scene.token.objects, told]})
        reference = scene.put(der)["certificate"]
        check(reference in scene.references("certificate"), "the certificate")


@test
def an_answer_that_is_none_loses_the_token():
    """As in test_lies: it is not served any more by a process that speaks so."""
    with Scene() as scene:
        der = der_of(MadeKey("P-256").certificate())
        scene.lie(PlanCertificate={"object_id": CERTIFICATE_ID}, PutCertificate={"object": 7})
        scene.put(der, "item_not_found")
        eventually(lambda: not [token for token in scene.daemon.call("Tokens.List")["tokens"]
                                if token["state"] == "present"], "the token is gone")


@test
def a_key_that_was_imported_is_the_one_that_was_sent():
    with Scene() as scene:
        made, other = MadeKey("P-256"), MadeKey("P-256")
        plan = {"PlanKey": {"object_id": b64(b"new")}}
        told = key_object(made)
        of_certificate = {**told, "certificate_id": CERTIFICATE_ID}
        del of_certificate["public_key"]
        foreign = certificate_object(der_of(other.certificate()))
        own = certificate_object(der_of(made.certificate()))
        for lie, said in [
                ({"ImportKey": {"object": key_object(other)}}, "something else"),
                ({"ImportKey": {"object": told}}, "does not tell of the key"),
                ({"ImportKey": {"object": told},
                  "Enumerate": {"objects": [*scene.token.objects, key_object(other)]}},
                 "does not tell of the key"),
                ({"ImportKey": {"object": told},
                  "Enumerate": {"objects": [*scene.token.objects, foreign, of_certificate]}},
                 "another key than the one")]:
            scene.lie(**plan, **lie)
            record = scene.bring(made, "internal")
            check(said in record["message"], record)
        scene.lie(**plan, ImportKey={"object": told},
                  Enumerate={"objects": [*scene.token.objects, own, of_certificate]})
        reference = scene.bring(made)["key"]
        check(reference in scene.references("key"), "the key")
        log = scene.daemon.read_log()
        check(base64.b64encode(made.private).decode()[:60] not in log, "the key is in the log")


@test
def what_was_deleted_is_told_of_no_more():
    with Scene() as scene:
        scene.lie(PlanDeletion={}, DeleteObject={})
        record = scene.delete("certificate", "internal")
        check("still tells of the certificate" in record["message"], record)
        record = scene.delete("key", "internal")
        check("still tells of the key" in record["message"], record)
        scene.lie(PlanDeletion={}, DeleteObject={},
                  **{"Enumerate after DeleteObject": {"objects": scene.token.objects[:1]}})
        scene.delete("certificate")
        check_equal(scene.references("certificate"), [], "certificates")
        check_equal(len(scene.references("key")), 1, "keys")


@test
def what_is_deleted_is_what_was_listed():
    """Another program has put something else there: nothing is deleted, and the list is true again."""
    with Scene() as scene:
        key, certificate = scene.token.objects
        other = {**certificate, "data": b64(der_of(MadeKey("P-256").certificate()))}
        other_key = {**key, "public_key": b64(MadeKey("P-256").public)}
        named = {**key, "certificate_id": certificate["object_id"]}
        first = scene.all_references()
        for item_class, objects, said in [
                ("certificate", [key, other], "another certificate is in the place of the one"),
                ("certificate", [key], "the certificate that was to be deleted is gone"),
                ("key", [other_key, certificate], "another key is in the place of the one"),
                ("key", [named, other], "another key is in the place of the one"),
                ("key", [certificate], "the key that was to be deleted is gone")]:
            scene.list_again(first)
            scene.lie(Enumerate={"objects": objects})
            record = scene.delete(item_class, "item_not_found")
            check(said in record["message"] and "another program" in record["hint"], record)
            eventually(lambda: scene.all_references() != first, "what is there now is listed")
        check("DeleteObject" not in scene.token.calls(), "it was deleted")


@test
def drivers_that_fail():
    with Scene() as scene:
        der = der_of(MadeKey("P-256").certificate())
        plan = {"PlanCertificate": {"object_id": CERTIFICATE_ID}}
        for status, lie in [
                ("unimplemented", {"PlanCertificate": NOT_IMPLEMENTED}),
                ("internal", {"PlanCertificate": COMMUNICATION}),
                ("internal", {**plan, "PutCertificate": [COMMUNICATION, 0x6F00]}),
                ("unimplemented", {**plan, "ChallengeAdmin": NOT_IMPLEMENTED}),
                ("interaction_not_allowed", {**plan, "PutCertificate": AUTHENTICATION_NEEDED}),
                ("internal", {**plan, "PutCertificate": {"object": certificate_object(der)},
                              "Enumerate after PutCertificate": COMMUNICATION}),
                ("internal", {**plan, "Enumerate": COMMUNICATION}),
                ("internal", {**plan, "Detail": COMMUNICATION})]:
            scene.lie(**lie)
            record = scene.put(der, status)
            check(record["message"], f"no message for {lie}")
        scene.lie()
        check_equal(len(scene.references("certificate")), 1, "certificates")


main()
