# SPDX-License-Identifier: LGPL-2.1-or-later
"""A keychain with a password, as the tests of its lock and its secrets use it."""
import base64
import os

from keycask_test import Daemon, check_equal
from pin_scene import configure

CLASSES = ("when_unlocked", "after_first_unlock", "always", "when_unlocked_this_device_only",
           "after_first_unlock_this_device_only", "always_this_device_only",
           "when_passcode_set_this_device_only")
COST = 14  # scrypt's least that the daemon allows: quick


def data(value):
    return base64.b64encode(value).decode()


def KeychainDaemon(*arguments, **settings):  # pylint: disable=invalid-name
    return configure(Daemon(*arguments), keychain_password_cost=COST, **settings)


def in_memory(*values):
    """A descriptor with these passwords, as secrets_fd has them."""
    descriptor = os.memfd_create("secrets")
    os.write(descriptor, b"".join(value.encode() + b"\0" for value in values))
    return descriptor


def with_secrets(peer, method, parameters=None, **secrets):
    """A call whose secrets come along in memory."""
    descriptor = in_memory(*secrets.values())
    try:
        return peer.call(method, {**(parameters or {}), "secrets_fd": 0,
                                  "secrets": list(secrets)}, [descriptor])
    finally:
        os.close(descriptor)


def set_password(peer, new, **current):
    return with_secrets(peer, "Keychain.ChangePassword", new=new, **current)


def unlock(peer, password):
    return with_secrets(peer, "Keychain.Unlock", password=password)


def state(peer):
    return peer.call("Keychain.State")["state"]


def check_state(peer, expected):
    check_equal(state(peer), expected, "state of the keychain")


def password_item(account, accessible="when_unlocked", value=b"secret", **more):
    return {"class": "generic_password", "service": "lock", "account": account,
            "accessible": accessible, "value_data": data(value), **more}


def add(peer, *arguments, **options):
    return peer.call("Items.Add", {"item": password_item(*arguments, **options)})


def query(account, **more):
    return {"query": {"class": "generic_password", "service": "lock", "account": account, **more}}


def get(peer, account):
    """The value of that item."""
    items = peer.call("Items.CopyMatching", query(account, return_data=True))["items"]
    return base64.b64decode(items[0]["value_data"])
