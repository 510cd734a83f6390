# SPDX-License-Identifier: LGPL-2.1-or-later
"""Slots of keycask-pkcs11.so, tokens that come and go, sessions, and who is logged in."""
import ctypes

from keycask_test import PIN, Card, Daemon, check, check_equal, eventually, main, test
from pkcs11_client import NUMBERS, ULONG, Module, become_loader, check_raises_p11
from pkcs11_frame import (PROFILE, Waiter, card_scene, event, name_of, sign, slot_info, state,
                          token_flags, token_info)
from pkcs11_scene import KEYCHAIN


# --- slots --------------------------------------------------------------------------------------


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


# --- sessions and logins -------------------------------------------------------------------------


@test
def sessions_have_handles_of_their_own():
    with Daemon() as daemon, Module(daemon) as module:
        handle = ULONG()
        flags = NUMBERS["CKF_RW_SESSION"]
        check_equal(name_of(module.raw("OpenSession", KEYCHAIN, flags, None, None,
                                       ctypes.byref(handle))),
                    "CKR_SESSION_PARALLEL_NOT_SUPPORTED", "without CKF_SERIAL_SESSION")
        sessions = [module.open(KEYCHAIN, read_write) for read_write in (True, False, True)]
        check_equal([state(session) for session in sessions],
                    ["CKS_RW_PUBLIC_SESSION", "CKS_RO_PUBLIC_SESSION", "CKS_RW_PUBLIC_SESSION"],
                    "states")
        sessions[0].close()
        check_raises_p11("CKR_SESSION_HANDLE_INVALID", sessions[0].close)
        check_raises_p11("CKR_SESSION_HANDLE_INVALID", state, sessions[0])
        check(module.open(KEYCHAIN).handle not in [session.handle for session in sessions],
              "a handle is given twice")
        module.call("CloseAllSessions", KEYCHAIN)
        check_raises_p11("CKR_SESSION_HANDLE_INVALID", state, sessions[2])
        check_raises_p11("CKR_SLOT_ID_INVALID", module.call, "CloseAllSessions", 9)
        session = module.open(KEYCHAIN)
        module.call("Finalize", None)
        module.call("Initialize", None)
        check_raises_p11("CKR_SESSION_HANDLE_INVALID", state, session)


@test
def who_logs_in_is_somebody():
    with card_scene() as (daemon, card, module):
        check_equal(token_flags(module, 2), {"LOGIN_REQUIRED", "PROTECTED_AUTHENTICATION_PATH"},
                    "flags")
        session, reading = module.open(2), module.open(2, read_write=False)
        check_raises_p11("CKR_USER_NOT_LOGGED_IN", session.logout)
        check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", session.login, PIN,
                         "CKU_CONTEXT_SPECIFIC")
        check_raises_p11("CKR_SESSION_READ_ONLY_EXISTS", session.login, "00" * 24, "CKU_SO")
        check_raises_p11("CKR_PIN_INCORRECT", session.login, "1" * 20)
        check_equal(session.find(CKA_CLASS="CKO_PRIVATE_KEY"), [], "keys for nobody")
        session.login(PIN)
        check_equal((state(session), state(reading)),
                    ("CKS_RW_USER_FUNCTIONS", "CKS_RO_USER_FUNCTIONS"), "states")
        check_raises_p11("CKR_USER_ALREADY_LOGGED_IN", reading.login, PIN)
        key = session.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        sign(session, key)
        session.logout()
        check_equal(state(session), "CKS_RW_PUBLIC_SESSION", "state afterwards")
        check_raises_p11(("CKR_KEY_HANDLE_INVALID", "CKR_USER_NOT_LOGGED_IN"), sign, session, key)
        session.login(PIN)
        sign(session, key)
        # Removal ends what was proved, and nothing else.
        card.pull()
        eventually(lambda: module.slots() == [KEYCHAIN], "the removal is seen")
        check_equal(state(session), "CKS_RW_PUBLIC_SESSION", "state without the token")
        check_raises_p11(("CKR_TOKEN_NOT_PRESENT", "CKR_DEVICE_REMOVED"), session.login, PIN)
        card.insert(daemon)
        eventually(lambda: module.slots() == [KEYCHAIN, 2], "the return is seen")
        session.login(PIN)
        sign(session, key)


@test
def the_last_session_logs_out():
    with card_scene() as (_daemon, _card, module):
        session, other = module.open(2), module.open(2)
        session.login(PIN)
        session.close()
        check_equal(state(other), "CKS_RW_USER_FUNCTIONS", "state of the other one")
        other.close()
        check_equal(state(module.open(2)), "CKS_RW_PUBLIC_SESSION", "state of a new one")


@test
def tries_are_told_and_the_last_is_not_spent():
    with card_scene() as (_daemon, _card, module):
        session = module.open(2)
        token_info(module, 2)
        for expected in ({"USER_PIN_COUNT_LOW"}, {"USER_PIN_COUNT_LOW", "USER_PIN_FINAL_TRY"}):
            check_raises_p11("CKR_PIN_INCORRECT", session.login, "111111")
            check_equal({flag for flag in token_flags(module, 2) if "USER_PIN" in flag}, expected,
                        "what the token says of its PIN")
        check_raises_p11("CKR_FUNCTION_REJECTED", session.login, "111111")
        check_raises_p11("CKR_FUNCTION_REJECTED", session.login, PIN)


@test
def pins_are_changed():
    with card_scene() as (_daemon, _card, module):
        session = module.open(2)

        def set_pin(session, old, new):
            session.call("SetPIN", old, len(old), new, len(new))

        check_raises_p11("CKR_SESSION_READ_ONLY", set_pin, module.open(2, read_write=False),
                         b"123456", b"654321")
        check_raises_p11("CKR_PIN_INCORRECT", set_pin, session, b"111111", b"654321")
        check_raises_p11("CKR_PIN_LEN_RANGE", set_pin, session, b"123456", b"1")
        set_pin(session, b"123456", b"654321")
        session.login("654321")


@test
def an_officer_is_somebody_else():
    with card_scene() as (_daemon, _card, module):
        session = module.open(2)
        session.login("01" * 24, "CKU_SO")
        check_equal(state(session), "CKS_RW_SO_FUNCTIONS", "state")
        check_raises_p11("CKR_USER_ANOTHER_ALREADY_LOGGED_IN", session.login, PIN)
        check_raises_p11("CKR_SESSION_READ_WRITE_SO_EXISTS", module.open, 2, False)
        session.logout()
        session.login(PIN)
        check_raises_p11("CKR_USER_TYPE_INVALID", module.open(KEYCHAIN).login, "1", "CKU_SO")


@test
def a_locked_keychain_wants_its_password():
    with Daemon() as daemon, Module(daemon) as module:
        session = module.open(KEYCHAIN)
        check_equal(token_flags(module, KEYCHAIN), {"PROTECTED_AUTHENTICATION_PATH"}, "flags")
        session.call("SetPIN", None, 0, b"sesame", 6)
        daemon.call("Keychain.Lock")
        check_equal(token_flags(module, KEYCHAIN),
                    {"LOGIN_REQUIRED", "PROTECTED_AUTHENTICATION_PATH"}, "flags when locked")
        check_raises_p11("CKR_PIN_INCORRECT", session.login, "wrong")
        session.login("sesame")
        check_equal(token_flags(module, KEYCHAIN), {"PROTECTED_AUTHENTICATION_PATH"}, "flags")


become_loader()
main()
