# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the module's frame share: what it says of slots, tokens and sessions, somebody
who waits for tokens, and children."""
import contextlib
import ctypes
import os
import signal
import threading

from keycask_test import Card, Daemon, check, check_equal, eventually
from pkcs11_client import NAMES, NUMBERS, ULONG, Module
from pkcs11_scene import KEYCHAIN, digest_of

PROFILE = "piv:9a=p256"
DIGEST = digest_of("SHA256", b"what is signed")
CHILD_SECONDS = 30


class SlotInfo(ctypes.Structure):
    _fields_ = [("description", ctypes.c_char * 64), ("manufacturer", ctypes.c_char * 32),
                ("flags", ULONG), ("versions", ctypes.c_ubyte * 4)]


class TokenInfo(ctypes.Structure):
    _fields_ = [("label", ctypes.c_char * 32), ("manufacturer", ctypes.c_char * 32),
                ("model", ctypes.c_char * 16), ("serial", ctypes.c_char * 16), ("flags", ULONG),
                ("counts", ULONG * 4), ("max_pin_len", ULONG), ("min_pin_len", ULONG),
                ("memory", ULONG * 4), ("versions", ctypes.c_ubyte * 4),
                ("time", ctypes.c_char * 16)]


class SessionInfo(ctypes.Structure):
    _fields_ = [("slot", ULONG), ("state", ULONG), ("flags", ULONG), ("error", ULONG)]


def name_of(code):
    return NAMES.get(code, hex(code))


def token_info(module, slot):
    info = TokenInfo()
    module.call("GetTokenInfo", slot, ctypes.byref(info))
    return info


def token_flags(module, slot):
    flags = token_info(module, slot).flags
    names = ("LOGIN_REQUIRED", "PROTECTED_AUTHENTICATION_PATH", "USER_PIN_COUNT_LOW",
             "USER_PIN_FINAL_TRY", "USER_PIN_LOCKED")
    return {name for name in names if flags & NUMBERS["CKF_" + name]}


def slot_info(module, slot):
    info = SlotInfo()
    module.call("GetSlotInfo", slot, ctypes.byref(info))
    return info


def state(session):
    info = SessionInfo()
    session.call("GetSessionInfo", ctypes.byref(info))
    return next(name for name in NUMBERS if name.startswith("CKS_") and NUMBERS[name] == info.state)


def event(module, is_blocking=False):
    """The slot of which there is an event, or what C_WaitForSlotEvent answers."""
    slot = ULONG()
    code = module.raw("WaitForSlotEvent", 0 if is_blocking else NUMBERS["CKF_DONT_BLOCK"],
                      ctypes.byref(slot), None)
    return slot.value if code == 0 else name_of(code)


class Waiter(threading.Thread):
    """Somebody who sleeps in C_WaitForSlotEvent, once this is made."""

    def __init__(self, module):
        super().__init__(daemon=True)
        self.module = module
        self.result = None
        before = self.count()
        self.start()
        eventually(lambda: self.count() > before or self.result, "it waits")

    @staticmethod
    def count():
        n = 0
        for descriptor in os.listdir("/proc/self/fd"):
            with contextlib.suppress(FileNotFoundError):  # another thread has closed it
                n += "eventfd" in os.readlink(f"/proc/self/fd/{descriptor}")
        return n

    def run(self):
        self.result = event(self.module, True)

    def end(self):
        self.join(CHILD_SECONDS)
        check(not self.is_alive(), "it still waits")
        return self.result


def in_child(call):
    """A child of fork() does it, and ends before this comes back; one that hangs is ended."""
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_SECONDS)
        status = 1
        try:
            call()
            status = 0
        except Exception as error:  # pylint: disable=broad-exception-caught
            os.write(2, f"in the child: {error!r}\n".encode())
        os._exit(status)
    status = os.waitpid(pid, 0)[1]
    check_equal(status, 0, "how the child ended")


@contextlib.contextmanager
def card_scene(profile=PROFILE):
    """A module, and a card in slot 2."""
    with Daemon() as daemon, Card(profile) as card, Module(daemon) as module:
        card.insert(daemon)
        daemon.wait_for_token()
        check_equal(module.slots(), [KEYCHAIN, 2], "slots with tokens")
        yield daemon, card, module


def sign(session, key):
    check_equal(len(session.sign("CKM_ECDSA", key, DIGEST)), 64, "bytes of the signature")
