# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sessions of keycask-pkcs11.so, and who is logged in."""
import ctypes

from keycask_test import PIN, Daemon, check, check_equal, eventually, main, test
from person_scene import COST
from pin_scene import configure
from pkcs11_client import NUMBERS, ULONG, Module, become_loader, check_raises_p11
from pkcs11_frame import card_scene, name_of, sign, state, token_flags, token_info
from pkcs11_scene import KEYCHAIN


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
    with configure(Daemon(), keychain_password_cost=COST) as daemon, Module(daemon) as module:
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
