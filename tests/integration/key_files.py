# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of keys and certificates, and calls that bring them in, as the tests of both ways use them."""
import re

from keycask_test import check, check_raises, openssl
from made_keys import b64, file_with

PASSPHRASE = "grüß Gott"
ITERATIONS = ["-iter", "10"]  # quick
KINDS = ["rsa2048", "P-256", "P-384", "P-521", "ed25519", "x25519"]


def bring(peer, data, passphrase=None, **more):
    """Items.Import: the items it tells of."""
    parameters = {"data": b64(data), **more}
    if passphrase is not None:
        parameters["passphrase"] = passphrase
    return peer.call("Items.Import", parameters)["items"]


def refused(status, message, call, *arguments, hint=None, **more):
    record = check_raises(status, call, *arguments, **more).parameters["record"]
    check(re.fullmatch(message, record["message"]), f"the message is {record['message']!r}")
    if hint:
        check(hint in record.get("hint", ""), f"the hint is {record.get('hint')!r}")
    return record


def told(items):
    return [(item["class"], item.get("label"), item["is_new"]) for item in items]


def pkcs12(key, certificate, *arguments, passphrase=PASSPHRASE, name="Jo's"):
    return openssl("pkcs12", "-export", "-inkey", key.path, "-in", file_with(certificate), "-name",
                   name, "-passout", "pass:" + passphrase, *ITERATIONS, *arguments)
