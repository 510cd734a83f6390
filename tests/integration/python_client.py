# SPDX-License-Identifier: LGPL-2.1-or-later
"""clients/python in a test: import it from here. What several tests of it need."""
import os
import sys

from keycask_test import PIN, SOURCE, Card, Daemon, openssl, scratch
from made_keys import MadeAuthority, MadeKey, file_with

sys.path.insert(0, str(SOURCE / "clients" / "python"))

import keycask  # noqa: E402 pylint: disable=wrong-import-position

RSA = "rsa_signature_message_pss_sha256"
EC = "ecdsa_signature_message_x962_sha256"

# A person who types the PIN and agrees to everything.
AGREEING = f"""#!/bin/sh
echo OK
while read -r verb rest; do
    [ "$verb" != GETPIN ] || echo "D {PIN}"
    echo OK
    [ "$verb" != BYE ] || exit 0
done
"""

# A person who looks at the dialogue and does nothing; $0.asked is there once they do.
IDLE = """#!/bin/sh
echo OK
while read -r verb rest; do
    [ "$verb" != GETPIN ] || : >"$0.asked"
    [ "$verb" = GETPIN ] || echo OK
done
"""


def live_in(daemon):
    """From now on this process is a program of that daemon's user: keycask.default_client works."""
    os.environ.update(daemon.env)


def _person(script):
    path = scratch() / "pinentry"
    path.write_text(script)
    path.chmod(0o700)
    return path


def idle_person():
    """The pinentry of somebody who never answers."""
    return _person(IDLE)


def agreeing_person():
    """The pinentry of somebody who does what is asked."""
    return _person(AGREEING)


def add_identity(client, kind, name, issuer=None, pem=None):
    """A software identity: (it, its MadeKey)."""
    key = MadeKey(kind, pem)
    item = client.add(class_="identity", value_data=key.pem + key.certificate(name, issuer=issuer),
                      return_persistent_ref=True)
    return client.identity(item), key


def judge(certificate, data, signature, *arguments):
    """openssl accepts the signature by the certificate's key."""
    public = file_with(openssl("x509", "-inform", "DER", "-pubkey", "-noout", input=certificate))
    openssl("dgst", "-sha256", "-verify", public, *arguments, "-signature",
            file_with(signature, ".sig"), input=data)


__all__ = ["EC", "RSA", "Card", "Daemon", "MadeAuthority", "MadeKey", "add_identity",
           "agreeing_person", "file_with", "idle_person", "judge", "keycask", "live_in"]
