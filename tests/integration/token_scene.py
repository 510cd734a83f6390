# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon and a card that is written to."""
from keycask_test import (Card, Daemon, VarlinkError, check, check_equal, check_raises, eventually,
                          openssl)
from lifecycle import NO_PROMPT, Watcher, configure, query
from made_keys import MadeKey, b64, file_with, unb64

ADMIN_PIN = "12345678"
DEFAULT_KEY = "010203040506070801020304050607080102030405060708"


def der_of(pem):
    return openssl("x509", "-outform", "DER", input=pem)


def certificate_for(public_pem, name="Jo", *arguments):
    """Of any public key, by an authority that is made for it."""
    authority = MadeKey("P-256")
    ca = file_with(authority.certificate("Test CA"))
    key = file_with(public_pem)
    request = openssl("req", "-new", "-key", MadeKey("P-256").path, "-subj", f"/CN={name}")
    return der_of(openssl("x509", "-req", "-in", file_with(request), "-CA", ca, "-CAkey",
                          authority.path, "-force_pubkey", key, "-days", "10", *arguments))


def public_pem(scene, reference):
    info = scene.connection.call("Keys.CopyPublic", {"key": reference})["public_key_info"]
    return openssl("pkey", "-pubin", "-inform", "DER", input=unb64(info))


def answer(connection, method, parameters, status=None):
    """What is answered; the error's record where a status is expected."""
    if status is None:
        return connection.call(method, parameters)
    return check_raises(status, connection.call, method, parameters).record


class TokenScene:
    """A daemon that looks at a card's details at once, and a card in it."""

    def __init__(self, profile, administrator=DEFAULT_KEY, **settings):
        self.daemon = Daemon(details=True)
        self.administrator = administrator
        configure(self.daemon, **settings)
        self.card = Card(profile)

    def __enter__(self):
        self.daemon.start()
        self.watcher = Watcher(self.daemon)
        self.insert()
        self.connection = self.daemon.connect()
        return self

    def __exit__(self, kind, *details):
        self.connection.close()
        self.watcher.connection.close()
        self.card.__exit__(kind, *details)
        self.daemon.__exit__(kind, *details)

    def insert(self, *faults):
        self.card.insert(self.daemon, *faults)
        self.token_id = self.watcher.expect("inserted")["token_id"]

    def leave(self):
        while self.watcher.next()["event"] != "removed":
            pass

    def reinsert(self, *faults):
        self.card.pull()
        self.leave()
        self.insert(*faults)

    def items(self, item_class):
        """By their references."""
        return {item["value_persistent_ref"]: item for item in query(
            self.connection, **{"class": item_class}, token_id=self.token_id,
            return_attributes=True, return_data=item_class == "certificate",
            return_persistent_ref=True)}

    def data(self):
        """Of the certificates."""
        return {unb64(item["value_data"]) for item in self.items("certificate").values()}

    def ask(self, method, parameters, status=None, administrator=...):
        parameters = {**parameters, "interaction": NO_PROMPT}
        given = self.administrator if administrator is ... else administrator
        if given is not None:
            parameters["administrator"] = given
        return answer(self.connection, method, parameters, status)

    def put(self, der, place=None, status=None, administrator=..., **flags):
        if place:
            flags["token_object"] = place
        return self.ask("Tokens.PutCertificate",
                        {"token_id": self.token_id, "data": b64(der), **flags}, status,
                        administrator)

    def delete(self, reference, status=None, administrator=...):
        return self.ask("Tokens.DeleteObject", {"reference": reference}, status, administrator)

    def create(self, status=None, **attributes):
        return self.ask("Keys.Create", {"attributes": {"token_id": self.token_id, **attributes}},
                        status)

    def bring(self, data, status=None, administrator=..., passphrase=None, **attributes):
        parameters = {"attributes": {"token_id": self.token_id, **attributes}, "data": b64(data)}
        if passphrase is not None:
            parameters["passphrase"] = passphrase
        return self.ask("Keys.Import", parameters, status, administrator)

    def wait_for(self, reference, item_class="key"):
        """After an insertion: what takes longer is told of a moment later."""
        eventually(lambda: reference in self.items(item_class), "the object")


class Pulls:
    """The same thing done again and again, on the same card as it was before, which leaves at another
    APDU each time."""

    def __init__(self, profile, administrator, act):
        self.profile, self.administrator, self.act = profile, administrator, act

    def attempt(self, scene, *faults):
        """None or the failure's name; how many commands came before, and in all."""
        scene.daemon.call("Tokens.Forget", {"token_id": scene.token_id})
        scene.card.insert(scene.daemon, *faults)
        scene.watcher.expect("inserted", scene.token_id)
        scene.connection.call("Tokens.PinStatus", {"token_id": scene.token_id})  # it has been read
        before = len(scene.card.commands())
        try:
            self.act(scene)
            name = None
        except VarlinkError as error:
            check(error.record["message"], "no message")
            name = error.name
        if faults and name:
            scene.card.process.wait()
        after = len(scene.card.commands())
        scene.card.pull()
        scene.leave()
        scene.card.file.write_bytes(self.content)
        return name, before, after

    def run(self, check_works):
        with TokenScene(self.profile, self.administrator, details_after_ms=3600 * 1000) as scene:
            scene.card.pull()
            scene.leave()
            self.content = scene.card.file.read_bytes()
            scene.card.contacts.unlink()
            name, before, after = self.attempt(scene)
            check_equal(name, None, "failure")
            check(after - before > 8, "too few commands")
            for at in range(before + 1, after + 1):
                scene.card.contacts.unlink()
                told, _, n = self.attempt(scene, f"remove@{at}")
                if told is None and (n < at or at == after):
                    continue  # fewer commands than the first time, or nobody missed the card any more
                check_equal(told, "item_not_found", f"failure at command {at - before}")
            scene.daemon.call("Tokens.Forget", {"token_id": scene.token_id})
            scene.insert()
            check_works(scene)
