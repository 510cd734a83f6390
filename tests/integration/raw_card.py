# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of cards without a driver share: sessions on the wire, and some commands."""
import base64

from keycask_test import PIN

SLOT = "Embedded Slot 00"
SELECT_PIV = "00A4040009A00000030800001000"
PIN_STATE = "00200080"  # VERIFY without data: who is authenticated?
VERIFY = "0020008008" + PIN.encode().hex() + "FFFF"
NOT_VERIFIED = "63C3"


class Raw:
    """A raw session of a connection of its own."""

    def __init__(self, daemon, **terms):
        self.connection = daemon.connect()
        self.begun = self.begin(**terms)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def begin(self, **terms):
        self.begun = self.connection.call("Slots.BeginSession", {"slot": SLOT, **terms})
        return self.begun

    def send(self, apdu):
        """The response in upper-case hexadecimal."""
        return transmit(self.connection, self.begun["session"], apdu)

    def end(self, **options):
        self.connection.call("Slots.EndSession", {"session": self.begun["session"], **options})


def transmit(connection, session, apdu):
    sent = base64.b64encode(bytes.fromhex(apdu)).decode()
    answer = connection.call("Slots.Transmit", {"session": session, "apdu": sent})
    return base64.b64decode(answer["response"]).hex().upper()
