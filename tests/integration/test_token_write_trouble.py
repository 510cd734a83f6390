# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards that leave or fail while they are written to."""
from key_checks import ECDSA, check_signs
from keycask_test import VarlinkError, check, check_equal, eventually, main, test
from lifecycle import NO_PROMPT
from made_keys import MadeKey
from token_scene import ADMIN_PIN, DEFAULT_KEY, Pulls, TokenScene, b64, der_of


class Bringing:
    """A key and its certificate, the one or the other."""

    def __init__(self):
        self.made = MadeKey("P-256")
        self.der = der_of(self.made.certificate())

    def put(self, scene):
        return scene.put(self.der, "9a", may_mismatch=True)

    def put_openpgp(self, scene):
        return scene.put(self.der, "sign", may_mismatch=True)

    def bring(self, scene):
        return scene.bring(self.made.private)

    def check_put(self, scene):
        self.put(scene)
        check(self.der in scene.data(), "the certificate")

    def check_brought(self, scene):
        answer = self.bring(scene)
        answer["public_key"] = scene.connection.call(
            "Keys.CopyPublic", {"key": answer["key"]})["public_reference"]
        check_signs(scene.connection, answer, ECDSA)


@test
def a_piv_card_is_pulled_while_a_certificate_is_put():
    bringing = Bringing()
    Pulls("piv:none", DEFAULT_KEY, bringing.put).run(bringing.check_put)


@test
def an_openpgp_card_is_pulled_while_a_key_is_imported():
    bringing = Bringing()
    Pulls("openpgp:none", ADMIN_PIN, bringing.bring).run(bringing.check_brought)


def delete_certificate(scene):
    reference, = scene.items("certificate")
    return scene.delete(reference)


def check_deletes(scene):
    delete_certificate(scene)
    check_equal(scene.data(), set(), "certificates")


@test
def a_piv_card_is_pulled_while_a_certificate_is_deleted():
    Pulls("piv:9a=p256", DEFAULT_KEY, delete_certificate).run(check_deletes)


class Refusals(Pulls):
    """The card answers the command that writes with a status word of ours."""

    def run_each(self, is_writing, cases):
        with TokenScene(self.profile, self.administrator, details_after_ms=3600 * 1000) as scene:
            scene.card.pull()
            scene.leave()
            self.content = scene.card.file.read_bytes()
            scene.card.contacts.unlink()
            self.attempt(scene)
            at = 1 + next(i for i, command in enumerate(scene.card.commands())
                          if is_writing(command))
            for n_refused, sw, expected, said in cases:
                scene.card.contacts.unlink()
                self.said = ""
                name, _, _ = self.attempt(scene, *(f"sw@{at + i}:{sw}" for i in range(n_refused)))
                check_equal(name, expected, f"what {sw} is")
                check(said in self.said, f"{sw}: {self.said}")

    def attempt(self, scene, *faults):
        """The card stays, so nobody waits for it to go."""
        scene.daemon.call("Tokens.Forget", {"token_id": scene.token_id})
        scene.card.insert(scene.daemon, *faults)
        scene.watcher.expect("inserted", scene.token_id)
        scene.connection.call("Tokens.PinStatus", {"token_id": scene.token_id})
        name = None
        try:
            self.act(scene)
        except VarlinkError as error:
            name, self.said = error.name, error.record["message"]
            check(self.said, "no message")
        scene.card.pull()
        scene.leave()
        scene.card.file.write_bytes(self.content)
        return name, 0, 0


def is_put_data(command):
    return command[2:8] == "DB3FFF"


@test
def a_piv_card_that_refuses_a_certificate():
    Refusals("piv:none", DEFAULT_KEY, Bringing().put).run_each(is_put_data, [
        (1, "6A84", None, ""),  # compressed it has room
        (2, "6A84", "param", "no room for a certificate of"),
        (2, "6581", "param", "no room for a certificate of"),
        (1, "6A80", "param", "refused"),
        (1, "6982", "interaction_not_allowed", ""),
        (1, "6F00", "internal", "")])


@test
def a_piv_card_that_refuses_a_key():
    Refusals("piv:none", DEFAULT_KEY, Bringing().bring).run_each(
        lambda command: command.startswith("00FE"), [
            (1, "6A80", "key_size_not_allowed", "no keys of this type and size in 9A"),
            (1, "6982", "interaction_not_allowed", ""),
            (1, "6F00", "internal", "")])


@test
def an_openpgp_card_that_refuses_a_certificate():
    Refusals("openpgp:none", ADMIN_PIN, Bringing().put_openpgp).run_each(
        lambda command: command[2:8] == "DA7F21", [
            (1, "6A84", "param", "no room for a certificate of"),
            (1, "6A80", "param", "refused"),
            (1, "6982", "interaction_not_allowed", ""),
            (1, "6F00", "internal", "")])


@test
def an_openpgp_card_that_refuses_a_key():
    Refusals("openpgp:none", ADMIN_PIN, Bringing().bring).run_each(is_put_data, [
        (1, "6A80", "key_size_not_allowed", "no keys of this type and size"),
        (1, "6982", "interaction_not_allowed", ""),
        (1, "6F00", "internal", "")])


@test
def a_client_that_leaves_while_the_card_is_written_to():
    """What it wanted is done all the same, and told of."""
    bringing = Bringing()
    with TokenScene("piv:none") as scene:
        scene.card.pull()
        scene.leave()
        scene.insert("slow@*:20")
        with scene.daemon.connect() as hasty:
            hasty.send("Tokens.PutCertificate", {
                "token_id": scene.token_id, "token_object": "9a", "may_mismatch": True,
                "data": b64(bringing.der), "administrator": DEFAULT_KEY,
                "interaction": NO_PROMPT})
            eventually(lambda: any(is_put_data(c) for c in scene.card.commands()), "it is put")
        eventually(lambda: bringing.der in scene.data(), "the certificate")


main()
