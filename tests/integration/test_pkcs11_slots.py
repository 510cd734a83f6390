# SPDX-License-Identifier: LGPL-2.1-or-later
"""Slots of keycask-pkcs11.so, and tokens that come and go."""
import ctypes

from keycask_test import Card, Daemon, check, check_equal, eventually, main, test
from pkcs11_client import ULONG, Module, become_loader, check_raises_p11
from pkcs11_frame import PROFILE, Waiter, card_scene, event, name_of, slot_info, token_info
from pkcs11_scene import KEYCHAIN


@test
def without_a_daemon_it_waits_for_one():
    daemon = Daemon()
    with Module(daemon) as module:
        check_equal(module.slots(present=False), [KEYCHAIN, 2], "slots")
        check_equal(module.slots(), [], "slots with a token")
        check_raises_p11("CKR_TOKEN_NOT_PRESENT", module.open, KEYCHAIN)
        check_raises_p11("CKR_TOKEN_NOT_PRESENT", token_info, module, KEYCHAIN)
        check_equal(event(module), "CKR_NO_EVENT", "event")
        check(not daemon.socket.exists(), "it has started a daemon")
        waiter = Waiter(module)
        with daemon:
            check_equal(waiter.end(), KEYCHAIN, "whose token came")
            check_equal(module.slots(), [KEYCHAIN], "slots with a token")
            session = module.open(KEYCHAIN)
            waiter = Waiter(module)
        check_equal(waiter.end(), KEYCHAIN, "whose token left")
        check_equal(module.slots(), [], "slots with a token")
        check_raises_p11(("CKR_DEVICE_ERROR", "CKR_DEVICE_REMOVED", "CKR_TOKEN_NOT_PRESENT"),
                         session.find)
        with daemon:
            check_equal(module.slots(), [KEYCHAIN], "slots with a token")
            session.find()


@test
def a_daemon_is_started_for_who_wishes_it():
    daemon = Daemon(KEYCASK_AUTOSTART="1")
    with Module(daemon) as module:
        check_equal(module.slots(), [KEYCHAIN], "slots with a token")
    daemon.cli("daemon", "stop")


@test
def slots_are_stable():
    with Daemon() as daemon, Card(PROFILE) as first, Card(PROFILE) as second:
        with Module(daemon) as module:
            check_equal(module.slots(present=False), [KEYCHAIN, 2], "slots")
            tokens = []
            for card, slot in ((first, 2), (second, 3)):
                card.insert(daemon)
                daemon.wait_for_token() if slot == 2 else eventually(
                    lambda: len(daemon.call("Tokens.List")["tokens"]) == 2, "the second token")
                check_equal(module.slots(), list(range(KEYCHAIN, slot + 1)), "slots with a token")
                check_equal(module.slots(present=False), list(range(KEYCHAIN, slot + 2)), "slots")
                tokens.append(bytes(token_info(module, slot)))
            first.pull()
            eventually(lambda: module.slots() == [KEYCHAIN, 3], "the first one's removal")
            check_raises_p11("CKR_TOKEN_NOT_PRESENT", token_info, module, 2)
            first.insert(daemon)
            eventually(lambda: module.slots() == [KEYCHAIN, 2, 3], "the first one's return")
            check_equal(bytes(token_info(module, 2)), tokens[0], "the first token")
            check_equal(bytes(token_info(module, 3)), tokens[1], "the second token")
            check_raises_p11("CKR_SLOT_ID_INVALID", slot_info, module, 5)
            check_raises_p11("CKR_SLOT_ID_INVALID", slot_info, module, 0)
            descriptions = {bytes(slot_info(module, slot))[:64] for slot in (1, 2, 3, 4)}
            check_equal(len(descriptions), 4, "descriptions")


@test
def a_list_is_as_long_as_was_said():
    """A token that comes between the two calls is in the next list."""
    with Daemon() as daemon, Card(PROFILE) as card, Module(daemon) as module:
        count = ULONG()
        module.call("GetSlotList", 0, None, ctypes.byref(count))
        card.insert(daemon)
        daemon.wait_for_token()
        listed = (ULONG * count.value)()
        module.call("GetSlotList", 0, listed, ctypes.byref(count))
        check_equal(list(listed), [KEYCHAIN, 2], "slots")
        check_equal(module.slots(present=False), [KEYCHAIN, 2, 3], "slots afterwards")
        count.value = 1
        check_equal(name_of(module.raw("GetSlotList", 0, listed, ctypes.byref(count))),
                    "CKR_BUFFER_TOO_SMALL", "with too little room")
        check_equal(count.value, 3, "slots there are")


@test
def tokens_tell_of_themselves():
    with card_scene() as (_daemon, card, module):
        check_equal(event(module), "CKR_NO_EVENT", "what was there at first is no event")
        waiters = [Waiter(module), Waiter(module)]
        card.pull()
        eventually(lambda: [waiter for waiter in waiters if waiter.result], "somebody hears of it")
        check_equal(sorted(str(waiter.result) for waiter in waiters), ["2", "None"], "who heard")
        module.call("Finalize", None)
        check_equal({waiter.end() for waiter in waiters}, {2, "CKR_CRYPTOKI_NOT_INITIALIZED"},
                    "who heard, and who was woken")
        module.call("Initialize", None)


@test
def what_others_look_at_wakes_who_waits():
    """Another thread lists slots and takes the news from under the one who sleeps."""
    with card_scene() as (_daemon, card, module):
        waiter = Waiter(module)
        card.pull()
        eventually(lambda: module.slots() == [KEYCHAIN], "the removal is seen")
        check_equal(waiter.end(), 2, "who slept")


become_loader()
main()
