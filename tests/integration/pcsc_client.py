# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another program with a card: a PC/SC client through the system's libpcsclite, in the test's own
process. Results that are no success are ScardError, with PC/SC's number.

    with Scard() as scard, scard.connect(reader) as card:
        with card.transaction():
            card.transmit("00A4040005A000000308")
"""
import contextlib
import ctypes
import ctypes.util

from keycask_test import SkipTest, eventually

SHARE_EXCLUSIVE, SHARE_SHARED = 1, 2
PROTOCOLS = 3
LEAVE, RESET = 0, 1
SHARING_VIOLATION = 0x8010000B
RESET_CARD = 0x80100068
STATE_PRESENT = 0x20
INFINITE = 0xFFFFFFFF
SELECT_PIV = "00A4040005A000000308"


class ScardError(Exception):
    """What PC/SC says instead of success."""

    def __init__(self, what, number):
        self.number = number
        super().__init__(f"{what}: {number:08x}")


class _Pci(ctypes.Structure):
    _fields_ = [("protocol", ctypes.c_ulong), ("length", ctypes.c_ulong)]


class _ReaderState(ctypes.Structure):
    _fields_ = [("reader", ctypes.c_char_p), ("user", ctypes.c_void_p),
                ("current", ctypes.c_ulong), ("event", ctypes.c_ulong),
                ("atr_length", ctypes.c_ulong), ("atr", ctypes.c_ubyte * 33)]


class Scard:
    """A context."""

    def __init__(self):
        try:
            self.library = ctypes.CDLL("libpcsclite.so.1")
        except OSError:
            raise SkipTest("libpcsclite is not installed") from None
        self.context = ctypes.c_long()

    def __enter__(self):
        self.call("EstablishContext", 2, None, None, ctypes.byref(self.context))
        return self

    def __exit__(self, *_):
        self.library.SCardReleaseContext(self.context)

    def call(self, name, *arguments):
        number = getattr(self.library, "SCard" + name)(*arguments) & 0xFFFFFFFF
        if number != 0:
            raise ScardError(name, number)

    def connect(self, reader, share=SHARE_SHARED):
        return CardHandle(self, reader, share)

    def wait_for_card(self, reader):
        """Until pcscd tells that there is a card in it."""
        state = _ReaderState(reader=reader.encode())
        while not state.event & STATE_PRESENT:
            state.current = state.event
            self.call("GetStatusChange", self.context, ctypes.c_ulong(INFINITE),
                      ctypes.byref(state), 1)


class CardHandle:
    """A connection to a card."""

    def __init__(self, scard, reader, share):
        self.scard = scard
        self.share = share
        self.handle = ctypes.c_long()
        self.protocol = ctypes.c_ulong()
        scard.call("Connect", scard.context, reader.encode(), share, PROTOCOLS,
                   ctypes.byref(self.handle), ctypes.byref(self.protocol))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.scard.library.SCardDisconnect(self.handle, LEAVE)

    def reconnect(self):
        self.scard.call("Reconnect", self.handle, self.share, PROTOCOLS, LEAVE,
                        ctypes.byref(self.protocol))

    def begin(self):
        """A transaction, however often others reset the card before it begins."""
        while True:
            try:
                self.scard.call("BeginTransaction", self.handle)
                return
            except ScardError as error:
                if error.number != RESET_CARD:
                    raise
            with contextlib.suppress(ScardError):  # whoever resets it has it just now
                self.reconnect()

    def end(self, disposition=LEAVE):
        self.scard.call("EndTransaction", self.handle, disposition)

    @contextlib.contextmanager
    def transaction(self):
        self.begin()
        try:
            yield self
        finally:
            self.end()

    def transmit(self, command):
        """The response in upper-case hexadecimal, status word included."""
        data = bytes.fromhex(command)
        answer = ctypes.create_string_buffer(70000)
        length = ctypes.c_ulong(len(answer))
        pci = _Pci(self.protocol.value, ctypes.sizeof(_Pci))
        self.scard.call("Transmit", self.handle, ctypes.byref(pci), data, len(data), None, answer,
                        ctypes.byref(length))
        return answer.raw[:length.value].hex().upper()


def connect_when_free(scard, reader, share=SHARE_SHARED):
    """A connection as soon as nobody else has the card."""
    def attempt():
        try:
            return scard.connect(reader, share)
        except ScardError as error:
            if error.number != SHARING_VIOLATION:
                raise
            return None

    return eventually(attempt, "the card is free")
