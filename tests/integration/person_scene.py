# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody at a terminal, and a program that has passwords and keys of theirs: what the tests of
access control share."""
import base64
import os

from keycask_test import Daemon, check_raises, eventually, openssl, skip_unless
from pin_scene import configure
from prompt_scene import PINENTRY

COST = 14  # of stretching passwords: as little as the daemon takes


def encode(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def decode(text):
    return base64.b64decode(text)


def PersonScene(*arguments, **settings):  # pylint: disable=invalid-name
    """A daemon with its keychain and no card."""
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    return configure(Daemon("--log-level", "debug", *arguments),
                     **{"keychain_password_cost": COST, "pinentry": PINENTRY, **settings})


def access_control(*flags, accessible="when_unlocked"):
    return {"accessible": accessible, "flags": list(flags)}


class Person:
    """A connection and the terminal whose person may be asked; without one nobody is."""

    def __init__(self, daemon, terminal=None, **interaction):
        self.connection = daemon.connect()
        self.interaction = terminal.interaction(**interaction) if terminal else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, method, **parameters):
        """A call that leads to a prompt; its answer comes later."""
        if self.interaction is not None and method.startswith(("Items.", "Keys.")):
            parameters.setdefault("interaction", self.interaction)
        self.connection.send(method, parameters)

    def receive(self):
        return self.connection.receive()[0]

    def call(self, method, **parameters):
        self.send(method, **parameters)
        return self.receive()

    def fails(self, status, method, **parameters):
        """The error's record."""
        self.send(method, **parameters)
        return self.receives_failure(status)

    def receives_failure(self, status):
        return check_raises(status, self.receive).record

    # The verbs, of a generic password with that service.

    def add(self, service, *flags, status=None, **more):
        item = {"class": "generic_password", "service": service, "label": f"label of {service}",
                "value_data": encode(f"secret of {service}"), **more}
        if flags:
            item.setdefault("access_control", access_control(*flags))
        if status:
            return self.fails(status, "Items.Add", item=item)
        return self.call("Items.Add", item=item)

    def query(self, service=None, **more):
        query = {"class": "generic_password", **more}
        return {"service": service, **query} if service else query

    def ask(self, service=None, **more):
        """For its data; the answer comes later, after a prompt."""
        self.send("Items.CopyMatching", query=self.query(service, return_data=True, **more))

    def receives_data(self):
        return [decode(item["value_data"]).decode() for item in self.receive()["items"]]

    def data(self, service=None, **more):
        """The values that nobody has to be asked for."""
        self.ask(service, **more)
        return self.receives_data()

    def refused(self, status, service=None, **more):
        self.ask(service, **more)
        return self.receives_failure(status)

    def context(self, **parameters):
        return self.call("Keychain.NewContext", **parameters)["context"]


def new_ec_key():
    """(external representation, public key in PEM) of a new P-256 key."""
    pem = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
    text = openssl("ec", "-text", "-noout", input=pem).decode()
    parts = {}
    name = None
    for line in text.splitlines():
        if line.startswith("    ") and name:
            parts[name] += line.strip()
        else:
            name = line.rstrip(":")
            parts[name] = ""
    private, public = (bytes.fromhex(parts[name].replace(":", "")) for name in ("priv", "pub"))
    return public + private[-32:].rjust(32, b"\0"), openssl("ec", "-pubout", input=pem)


def wait_for_quiet(daemon):
    """No pinentry is left among its children."""
    eventually(lambda: "pinentry-tty" not in daemon.children().values(), "pinentry has ended")
