# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that do to keycask-pkcs11.so what no program should: NULL where something has to be, buffers
that are one byte too short, handles of the dead, and threads that end what others are in."""
import ctypes
import os
import random
import re
import threading

from keycask_test import Daemon, Failure, check, check_equal, eventually, main, scratch, test
from person_scene import access_control
from pin_scene import configure
from pkcs11_client import (FUNCTIONS, HEADER, NUMBERS, ULONG, Mechanism, Module, P11Error,
                           become_loader, check_raises_p11, mechanism_of, number)
from pkcs11_frame import Waiter, in_child, name_of
from pkcs11_object_scene import P256, change, generate
from pkcs11_scene import DATA, KEYCHAIN, Pair, Scene, add_key, made
from prompt_scene import scripted

N_CALLS = 3000
BUFFER = 4096
SESSION_KEYS_MAX = 64
SHA256 = "CKM_ECDSA_SHA256"
PAIR = ("CKM_EC_KEY_PAIR_GEN", {"CKA_EC_PARAMS": P256}, {"CKA_SIGN": True})
MECHANISM, POINTER, NUMBER = range(3)


# --- calls without sense ------------------------------------------------------------------------


def signatures():
    """{function: what each argument is: MECHANISM, POINTER or NUMBER}, of the header."""
    with open(HEADER, encoding="utf-8") as header:
        found = re.findall(r"_CK_DECLARE_FUNCTION \(C_(\w+),\s*\(([^;]*)\)\);", header.read())
    return {name: [MECHANISM if "ck_mechanism *" in word else
                   POINTER if "*" in word or "notify" in word else NUMBER for word in words.split(",")]
            for name, words in found if name in FUNCTIONS}


class Nonsense:
    """Arguments by chance: nothing, or room enough; numbers that are something, and that are not."""

    def __init__(self, seed, module, handles):
        self.chance = random.Random(seed)
        self.module = module
        self.handles = handles
        self.mechanisms = [mechanism_of(name) for name in
                           ("CKM_ECDSA", SHA256, "CKM_RSA_PKCS_PSS", "CKM_RSA_PKCS_OAEP", "CKM_SHA256",
                            "CKM_ECDH1_DERIVE", "CKM_EDDSA", "CKM_RSA_PKCS", "CKM_EC_KEY_PAIR_GEN")]
        for name in ("CKM_RSA_PKCS_PSS", "CKM_ECDH1_DERIVE", "CKM_EDDSA"):
            self.mechanisms.append(Mechanism(number(name), None, 2 ** 63))
        self.types = [value for name, value in NUMBERS.items() if name.startswith("CKA_")]
        self.kept = []

    def mechanism(self):
        return ctypes.byref(self.chance.choice(self.mechanisms)) if self.chance.randrange(4) else None

    def pointer(self):
        kind = self.chance.randrange(5)
        if kind < 2:
            return None
        buffer = ctypes.create_string_buffer(BUFFER)
        if kind == 3:  # templates: attributes with nothing in them
            words = (ULONG * (BUFFER // ctypes.sizeof(ULONG))).from_buffer(buffer)
            words[::3] = [self.chance.choice(self.types) for _ in words[::3]]
            words[2::3] = [self.chance.choice((0, 0, 2 ** 63, 8)) for _ in words[2::3]]
        self.kept = self.kept[-20:] + [buffer]
        return buffer

    def number(self, is_of_pointer):
        """is_of_pointer: how much there is at the pointer before."""
        if is_of_pointer:
            return self.chance.choice((0, 1, 2, 32, 64))
        return self.chance.choice((0, 1, 2, 16, 2 ** 31, 2 ** 63, 2 ** 64 - 1, *self.handles * 2))

    def arguments(self, kinds):
        given = []
        for kind in kinds:
            is_behind = bool(given) and not isinstance(given[-1], (int, type(None)))
            given.append({MECHANISM: self.mechanism, POINTER: self.pointer,
                          NUMBER: lambda is_behind=is_behind: self.number(is_behind)}[kind]())
        return given

    def call(self, name, kinds):
        given = self.arguments(kinds)
        if name == "WaitForSlotEvent":
            given[0] = NUMBERS["CKF_DONT_BLOCK"]
        return self.module.raw(name, *given)


def talk_nonsense(scene, seed):
    """The last name in the file is that of whoever did not come back."""
    session = scene.session
    handles = [session.handle, *[handle for pair in scene.pairs for handle in (pair.key, pair.public_key)]]
    nonsense = Nonsense(seed, scene.module, handles)
    calls = {name: kinds for name, kinds in signatures().items()
             if name not in ("Initialize", "Finalize", "GetFunctionList", "CloseAllSessions")}
    check(len(calls) > 60, f"{len(calls)} functions in {HEADER}")
    names = sorted(calls)
    with open(scratch() / "last", "w", encoding="utf-8") as last:
        for n in range(N_CALLS):
            name = nonsense.chance.choice(names)
            last.seek(0)
            last.write(f"{n} {name}                    ")
            last.flush()
            nonsense.call(name, calls[name])
            if name in ("CloseSession", "DestroyObject"):
                nonsense.handles[0] = scene.module.open(KEYCHAIN).handle


@test
def nonsense_is_answered():
    """In a child, as it may be the end; and afterwards everything is as it was."""
    with Scene("P-256", "rsa2048") as scene:
        for seed in (1, 2):
            try:
                in_child(lambda seed=seed: talk_nonsense(scene, seed))
            except Failure as error:
                raise Failure(f"{error}: {(scratch() / 'last').read_text()}") from None
        session = scene.module.open(KEYCHAIN)
        public, private = generate(session, *PAIR)
        session.verify(SHA256, public, DATA, session.sign(SHA256, private, DATA))


# --- buffers --------------------------------------------------------------------------------------


def check_border(session, name, *arguments):
    """One byte too few is said and changes nothing, and nothing is written behind the last byte."""
    length = ULONG()
    session.call(name, *arguments, None, ctypes.byref(length))
    needed = length.value
    for room in (0, needed - 1):
        buffer = ctypes.create_string_buffer(b"\xa5" * (needed + 64), needed + 64)
        length.value = room
        check_equal(name_of(session.module.raw(name, session.handle, *arguments, buffer,
                                               ctypes.byref(length))), "CKR_BUFFER_TOO_SMALL",
                    f"C_{name} with {room} bytes of {needed}")
        check_equal(length.value, needed, "what it needs")
        check_equal(buffer.raw[room:], b"\xa5" * (needed + 64 - room), "behind the buffer")
    buffer = ctypes.create_string_buffer(b"\xa5" * (needed + 64), needed + 64)
    session.call(name, *arguments, buffer, ctypes.byref(length))
    check(length.value <= needed, f"C_{name}: {length.value} bytes, not {needed}")
    check_equal(buffer.raw[needed:], b"\xa5" * 64, "behind the buffer")
    return buffer.raw[:length.value]


@test
def buffers_that_are_one_byte_too_short():
    with Scene("rsa2048", "P-256") as scene:
        session, (rsa, elliptic) = scene.session, scene.pairs
        for pair, mechanism, data in ((rsa, "CKM_RSA_PKCS", DATA), (rsa, "CKM_SHA256_RSA_PKCS", DATA),
                                      (elliptic, SHA256, DATA)):
            session.begin("Sign", mechanism, pair.key)
            signature = check_border(session, "Sign", data, len(data))
            session.verify(mechanism, pair.public_key, data, signature)
            session.begin("Sign", mechanism, pair.key)
            session.call("SignUpdate", data, len(data))
            session.verify(mechanism, pair.public_key, data, check_border(session, "SignFinal"))
        session.begin("SignRecover", "CKM_RSA_PKCS", rsa.key)
        recoverable = check_border(session, "SignRecover", DATA, len(DATA))
        session.begin("VerifyRecover", "CKM_RSA_PKCS", rsa.public_key)
        check_equal(check_border(session, "VerifyRecover", recoverable, len(recoverable)), DATA, "data")
        session.begin("Encrypt", "CKM_RSA_PKCS", rsa.public_key)
        encrypted = check_border(session, "Encrypt", DATA, len(DATA))
        check_equal(session.decrypt("CKM_RSA_PKCS", rsa.key, encrypted, room=256), DATA, "decrypted")
        session.begin("Digest", "CKM_SHA256")
        check_equal(len(check_border(session, "Digest", DATA, len(DATA))), 32, "of a digest")
        secret = session.create(CKA_CLASS="CKO_SECRET_KEY", CKA_KEY_TYPE="CKK_GENERIC_SECRET",
                                CKA_EXTRACTABLE=True, CKA_VALUE=b"s" * 32)
        wrapping = mechanism_of("CKM_RSA_PKCS")
        check_border(session, "WrapKey", ctypes.byref(wrapping), rsa.public_key, secret)


@test
def decryption_into_a_buffer_that_is_too_short():
    """The plaintext's length is nobody's to know before; it is kept and costs no second use."""
    with Scene("rsa2048") as scene:
        session, pair = scene.session, scene.pair
        encrypted = session.encrypt("CKM_RSA_PKCS", pair.public_key, DATA)
        session.begin("Decrypt", "CKM_RSA_PKCS", pair.key)
        length = ULONG(len(DATA) - 1)
        buffer = ctypes.create_string_buffer(b"\xa5" * 300, 300)
        check_equal(name_of(scene.module.raw("Decrypt", session.handle, encrypted, len(encrypted),
                                             buffer, ctypes.byref(length))), "CKR_BUFFER_TOO_SMALL", "one")
        check_equal(buffer.raw, b"\xa5" * 300, "what was written")
        length.value = 300
        session.call("Decrypt", encrypted, len(encrypted), buffer, ctypes.byref(length))
        check_equal(buffer.raw[:length.value], DATA, "decrypted")


# --- many, and those that have gone ---------------------------------------------------------------


@test
def many_sessions_and_many_session_keys():
    """What is too much is refused, and what is there stays good."""
    with Scene("P-256") as scene:
        sessions = [scene.module.open(KEYCHAIN) for _ in range(200)]
        check_equal(len({session.handle for session in sessions}), 200, "handles")
        for session in sessions[::50]:
            session.sign(SHA256, scene.pair.key, DATA)
        pairs = []
        for session in sessions[:SESSION_KEYS_MAX]:
            pairs.append((session, *generate(session, *PAIR)))
        check_raises_p11("CKR_DEVICE_MEMORY", generate, sessions[0], *PAIR)
        for session, public, private in pairs[::21]:
            session.verify(SHA256, public, DATA, session.sign(SHA256, private, DATA))
        sessions[0].close()
        session, public, private = (sessions[1], *generate(sessions[1], *PAIR))
        session.verify(SHA256, public, DATA, session.sign(SHA256, private, DATA))


@test
def what_another_session_destroys():
    with Scene("P-256") as scene:
        one, other = scene.module.open(KEYCHAIN), scene.module.open(KEYCHAIN)
        public, private = generate(one, *PAIR)
        for key in (private, scene.pair.key):
            one.begin("Sign", SHA256, key)
            other.call("DestroyObject", key)
            if key == private:  # whoever has it in hand has it
                one.verify(SHA256, public, DATA, one.whole("Sign", DATA, room=64))
            else:
                check_raises_p11("CKR_KEY_HANDLE_INVALID", one.whole, "Sign", DATA, room=64)
            check_raises_p11("CKR_OPERATION_NOT_INITIALIZED", one.whole, "Sign", DATA, room=64)
            check_raises_p11("CKR_KEY_HANDLE_INVALID", one.begin, "Sign", SHA256, key)
            for call in (lambda key=key: one.attribute(key, "CKA_LABEL"),
                         lambda key=key: other.call("DestroyObject", key)):
                check_raises_p11("CKR_OBJECT_HANDLE_INVALID", call)
        # A public key that was made with it is an object of its own.
        check_equal(one.find(CKA_CLASS="CKO_PUBLIC_KEY", CKA_TOKEN=False), [public], "what is left")


@test
def keys_of_sessions_leave_nothing_behind():
    """The daemon keeps so many keys for a process: those that are no more do not count."""
    with Scene() as scene:
        session = scene.module.open(KEYCHAIN)
        public, private = generate(session, *PAIR)
        change(session, private, CKA_LABEL=b"changed")
        for _ in range(SESSION_KEYS_MAX + 1):
            own = scene.module.open(KEYCHAIN)
            generate(own, *PAIR)
            own.close()
            session.call("DestroyObject", generate(session, *PAIR)[1])
        session.verify(SHA256, public, DATA, session.sign(SHA256, private, DATA))


# --- threads --------------------------------------------------------------------------------------


class Slow:
    """A daemon whose key asks somebody, who answers when released."""

    def __init__(self):
        self.asked = scratch() / "asked"
        self.released = scratch() / "released"
        for path in (self.asked, self.released):
            path.unlink(missing_ok=True)
        wait = f"while [ ! -e '{self.released}' ]; do sleep 0.05; done"
        self.pinentry = scripted(
            "slow", "echo OK", "while read -r command rest; do", 'case "$command" in',
            f"GETPIN|CONFIRM|MESSAGE) : > '{self.asked}'; {wait}; echo OK ;;", "BYE) echo OK; exit 0 ;;",
            "*) echo OK ;;", "esac", "done")

    def sign(self, session, key, said):
        try:
            said.append(len(session.sign(SHA256, key, DATA, room=64)))
        except P11Error as error:
            said.append(error.name)


@test
def whoever_is_in_a_call_is_ended_by_others():
    """Its session is closed, all of them are, or everything is over: it gets what it has asked for, and
    nothing of it is touched after that."""
    os.environ["DISPLAY"] = ":99"
    for ending in ("CloseSession", "CloseAllSessions", "Finalize"):
        slow = Slow()
        with configure(Daemon(), pinentry=slow.pinentry) as daemon:
            with daemon.connect() as connection:
                add_key(connection, made("P-256"),
                        access_control=access_control("user_presence", "private_key_usage"))
            with Module(daemon) as module:
                session, said = module.open(KEYCHAIN), []
                pair = Pair(session, made("P-256"))
                thread = threading.Thread(target=slow.sign, args=(session, pair.key, said))
                waiter = Waiter(module)
                thread.start()
                eventually(slow.asked.exists, "somebody is asked")
                others = threading.Thread(
                    target=lambda: module.raw(ending, {"CloseSession": session.handle,
                                                       "CloseAllSessions": KEYCHAIN}.get(ending)))
                others.start()
                if ending == "Finalize":
                    check_equal(waiter.end(), "CKR_CRYPTOKI_NOT_INITIALIZED", "who waited for tokens")
                slow.released.touch()
                thread.join()
                others.join()
                check_equal(len(said), 1, f"answers, {ending}: {said}")
                check_raises_p11(("CKR_SESSION_HANDLE_INVALID", "CKR_CRYPTOKI_NOT_INITIALIZED"),
                                 session.find)
                if ending == "Finalize":
                    module.call("Initialize", None)
                module.open(KEYCHAIN).find_one(CKA_CLASS="CKO_PRIVATE_KEY")
                module.call("Finalize", None)
                if ending != "Finalize":
                    waiter.end()


become_loader()
main()
