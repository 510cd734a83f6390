# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of PINs, sessions and prompts share: a daemon with settings, a card with a key that
wants the PIN, one that always wants it and one that never does, and signatures judged by openssl."""
import base64
import json
import os
import pathlib

from keycask_test import (PIN, Card, Daemon, check, check_equal, check_raises, eventually, openssl,
                          scratch)

PROFILE = "piv:9a=p256,9c=p256,9e=p256"
ALGORITHM = "ecdsa_signature_message_x962_sha256"
DATA = b"what is signed"
CONSTRAINTS = {"pin": "9a", "pin_always": "9c", "none": "9e"}
WRONG = "654321"
VERIFY = "0020008008"
SIGN = "008711"


def configure(daemon, **settings):
    """Write config.json before the daemon starts; the daemon."""
    folder = pathlib.Path(daemon.env["KEYCASK_CONFIG_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings))
    return daemon


class Keys:
    """The keys of one token by their PIV slot, and what can be done with them."""

    def __init__(self, daemon, token_id):
        self.daemon = daemon
        self.token_id = token_id
        self.references = {}
        self.labels = {}
        self.public_keys = {}
        query = {"class": "identity", "token_id": token_id, "match_limit": "all",
                 "return_attributes": True, "return_data": True, "return_persistent_ref": True}
        for item in daemon.call("Items.CopyMatching", {"query": query})["items"]:
            slot = CONSTRAINTS[item["access_control"]["sign"]]
            self.references[slot] = item["value_persistent_ref"]
            self.public_keys[slot] = openssl("x509", "-inform", "DER", "-pubkey", "-noout",
                                             input=base64.b64decode(item["value_data"]))
        query = {"class": "key", "token_id": token_id, "match_limit": "all",
                 "return_attributes": True}
        for item in daemon.call("Items.CopyMatching", {"query": query})["items"]:
            self.labels[CONSTRAINTS[item["access_control"]["sign"]]] = item["label"]

    def parameters(self, slot="9a", interaction=None, **options):
        """Of Keys.Sign; without interaction nobody is asked."""
        return {"key": self.references[slot], "algorithm": ALGORITHM,
                "data": base64.b64encode(DATA).decode(),
                "interaction": interaction or {"authentication_ui": "fail"}, **options}

    def judge(self, slot, answer):
        """openssl accepts the signature."""
        for name, content in (("key", self.public_keys[slot]),
                              ("signature", base64.b64decode(answer["signature"]))):
            (scratch() / name).write_bytes(content)
        openssl("dgst", "-sha256", "-verify", scratch() / "key", "-signature",
                scratch() / "signature", input=DATA)

    def sign(self, connection, slot="9a", descriptors=(), **options):
        """A signature that holds."""
        self.judge(slot, connection.call("Keys.Sign", self.parameters(slot, **options),
                                         descriptors))

    def refuses(self, status, connection, slot="9a", descriptors=(), **options):
        """Signing fails with that status: the error's record."""
        return check_raises(status, connection.call, "Keys.Sign",
                            self.parameters(slot, **options), descriptors).record

    def pin_status(self, connection=None):
        """(tries left, whether that connection is authenticated)."""
        call = (connection or self.daemon).call
        answer = call("Tokens.PinStatus", {"token_id": self.token_id})
        return answer["tries_left"], answer["is_authenticated"]

    def tries(self):
        """As a client sees it that has nothing to do with the others."""
        return self.pin_status()[0]


class Scene:
    """with Scene(lease_ms=0) as scene: a daemon of these settings, a card in its slot, its keys."""

    def __init__(self, *arguments, faults=(), **settings):
        self.daemon = configure(Daemon("--log-level", "debug", *arguments), **settings)
        self.card = Card(PROFILE)
        self.faults = faults
        self.keys = None

    def __enter__(self):
        self.daemon.__enter__()
        try:
            self.card.insert(self.daemon, *self.faults)
            self.keys = Keys(self.daemon, self.daemon.wait_for_token()["token_id"])
        except BaseException as trouble:
            self.__exit__(type(trouble))
            raise
        return self

    def __exit__(self, kind, *_):
        self.card.__exit__(kind)
        self.daemon.__exit__(kind)

    def connect(self):
        return self.daemon.connect()

    def events(self):
        """The card's log so far: commands, answers, resets."""
        return self.card.contacts.read_text().splitlines()

    def n_verified(self):
        """How many PINs the card has been shown."""
        return sum(command.startswith(VERIFY) for command in self.card.commands())

    def n_resets(self):
        return self.events().count("# reset")

    def wait_for_reset(self, n_before):
        eventually(lambda: self.n_resets() > n_before, "the card is reset")

    def spend_tries(self, n):
        """Wrong PINs, each on a connection of its own."""
        for _ in range(n):
            with self.connect() as connection:
                self.keys.refuses("auth_failed", connection, pin=WRONG)


def memfd(content):
    """A descriptor as libkeycask passes PINs."""
    fd = os.memfd_create("pin")
    os.write(fd, content)
    return fd


def audit_lines(daemon):
    """What the audit log says, line by line."""
    path = pathlib.Path(daemon.env["KEYCASK_STATE_DIR"]) / "audit.log"
    return [json.loads(line) for line in path.read_text().splitlines()]


__all__ = ["ALGORITHM", "DATA", "PIN", "PROFILE", "SIGN", "VERIFY", "WRONG", "Keys", "Scene",
           "audit_lines", "check", "check_equal", "check_raises", "configure", "eventually",
           "memfd"]
