# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PKCS#11 application in the test's own process: keycask-pkcs11.so by ctypes, with nothing of
keycask's in between. Names and numbers are those of p11-kit's header.

    with Daemon() as daemon, Module(daemon) as module:
        session = module.open(slot)
        key = session.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        signature = session.sign("CKM_ECDSA", key, digest)

What a function answers but CKR_OK is a P11Error, whose name says what it was: check_raises_p11().
"""
import ctypes
import os
import re
import subprocess
import sys

from keycask_test import BUILD, Failure, check

HEADER = "/usr/include/p11-kit-1/p11-kit/pkcs11.h"
ULONG = ctypes.c_ulong
FUNCTIONS = """Initialize Finalize GetInfo GetFunctionList GetSlotList GetSlotInfo GetTokenInfo
    GetMechanismList GetMechanismInfo InitToken InitPIN SetPIN OpenSession CloseSession
    CloseAllSessions GetSessionInfo GetOperationState SetOperationState Login Logout CreateObject
    CopyObject DestroyObject GetObjectSize GetAttributeValue SetAttributeValue FindObjectsInit
    FindObjects FindObjectsFinal EncryptInit Encrypt EncryptUpdate EncryptFinal DecryptInit Decrypt
    DecryptUpdate DecryptFinal DigestInit Digest DigestUpdate DigestKey DigestFinal SignInit Sign
    SignUpdate SignFinal SignRecoverInit SignRecover VerifyInit Verify VerifyUpdate VerifyFinal
    VerifyRecoverInit VerifyRecover DigestEncryptUpdate DecryptDigestUpdate SignEncryptUpdate
    DecryptVerifyUpdate GenerateKey GenerateKeyPair WrapKey UnwrapKey DeriveKey SeedRandom
    GenerateRandom GetFunctionStatus CancelFunction WaitForSlotEvent""".split()
# Of 3.0, behind those and C_GetInterfaceList and C_GetInterface.
FUNCTIONS_3_0 = ["LoginUser", "SessionCancel"]
# Of 3.0, which p11-kit's header has not got.
MORE_NUMBERS = {"CKA_UNIQUE_ID": 0x4, "CKA_ALLOWED_MECHANISMS": 0x40000600,
                "CKK_EC_MONTGOMERY": 0x41, "CKM_EC_MONTGOMERY_KEY_PAIR_GEN": 0x1056,
                "CKF_FIND_OBJECTS": 0x40}


def _read_numbers():
    numbers = dict(MORE_NUMBERS)
    with open(HEADER, encoding="utf-8") as header:
        for name, value in re.findall(r"^#define\s+(CK[A-Z]_\w+)\s+(\(?[^/\n]*)", header.read(),
                                      re.MULTILINE):
            value = re.sub(r"\b(0x[0-9A-Fa-f]+|\d+)UL\b", r"\1", value).strip()
            if re.fullmatch(r"[0-9A-Fa-fx()<| ]+", value):
                numbers[name] = eval(value)  # pylint: disable=eval-used
    return numbers


NUMBERS = _read_numbers()
NAMES = {number: name for name, number in NUMBERS.items() if name.startswith("CKR_")}


def number(value):
    return NUMBERS[value] if isinstance(value, str) else int(value)


class P11Error(Exception):
    """What a function has answered. name: "CKR_PIN_INCORRECT"."""

    def __init__(self, function, code):
        self.name = NAMES.get(code, hex(code))
        super().__init__(f"C_{function}: {self.name}")


def check_raises_p11(name, call, *arguments, **options):
    """call answers name, a CKR_ or several of them."""
    try:
        result = call(*arguments, **options)
    except P11Error as error:
        if error.name in ([name] if isinstance(name, str) else name):
            return
        raise Failure(f"{error}, not {name}") from None
    raise Failure(f"{getattr(call, '__name__', call)} gave {result!r}, not {name}")


class Attribute(ctypes.Structure):
    _fields_ = [("type", ULONG), ("value", ctypes.c_void_p), ("length", ULONG)]


class Mechanism(ctypes.Structure):
    _fields_ = [("type", ULONG), ("parameter", ctypes.c_void_p), ("length", ULONG)]


class MechanismInfo(ctypes.Structure):
    _fields_ = [("min_size", ULONG), ("max_size", ULONG), ("flags", ULONG)]


class Pss(ctypes.Structure):
    _fields_ = [("hash", ULONG), ("mgf", ULONG), ("salt_len", ULONG)]


class Oaep(ctypes.Structure):
    _fields_ = [("hash", ULONG), ("mgf", ULONG), ("source", ULONG), ("label", ctypes.c_char_p),
                ("label_len", ULONG)]


class Ecdh(ctypes.Structure):
    _fields_ = [("kdf", ULONG), ("shared_len", ULONG), ("shared", ctypes.c_char_p),
                ("public_len", ULONG), ("public", ctypes.c_char_p)]


class Eddsa(ctypes.Structure):
    _fields_ = [("is_prehashed", ctypes.c_ubyte), ("context_len", ULONG),
                ("context", ctypes.c_char_p)]


def pss(name, salt_len=None, mgf=None):
    """Parameters for "SHA256"; the usual ones unless said otherwise."""
    bits = int(name[3:])
    hash_number = number("CKM_SHA_1" if name == "SHA1" else "CKM_" + name)
    length = 20 if name == "SHA1" else bits // 8
    return Pss(hash_number, number("CKG_MGF1_" + (mgf or name)),
               length if salt_len is None else salt_len)


def oaep(name, mgf=None, label=b""):
    hash_number = number("CKM_SHA_1" if name == "SHA1" else "CKM_" + name)
    return Oaep(hash_number, number("CKG_MGF1_" + (mgf or name)), 1, label or None, len(label))


def ecdh(public, kdf="CKD_NULL", shared=b""):
    return Ecdh(number(kdf), len(shared), shared or None, len(public), public)


def template(attributes):
    """A CK_ATTRIBUTE array of {name: value}, and what has to live as long as it."""
    array = (Attribute * max(len(attributes), 1))()
    kept = []
    for place, (name, value) in zip(array, attributes.items()):
        if isinstance(value, bool):
            value = bytes([value])
        elif isinstance(value, (int, str)):
            value = number(value).to_bytes(ctypes.sizeof(ULONG), sys.byteorder)
        kept.append(ctypes.create_string_buffer(value, len(value)) if value else None)
        place.type = number(name)
        place.value = ctypes.cast(kept[-1], ctypes.c_void_p) if value else None
        place.length = len(value)
    return array, len(attributes), kept


def mechanism_of(given):
    """Of a name, or of (name, parameters)."""
    name, parameters = given if isinstance(given, tuple) else (given, None)
    mechanism = Mechanism(number(name), None, 0)
    if parameters is not None:
        mechanism.parameter = ctypes.cast(ctypes.pointer(parameters), ctypes.c_void_p)
        mechanism.length = ctypes.sizeof(parameters)
    return mechanism


def module_path():
    path = BUILD / "src" / "frontends" / "pkcs11" / "keycask-pkcs11.so"
    check(path.exists(), f"{path} is not built")
    return path


def sanitizers():
    """A module with AddressSanitizer wants its library loaded before everything else, in a program
    that has it not: what to put into such a program's environment."""
    needed = subprocess.run(["ldd", module_path()], capture_output=True, check=True).stdout.decode()
    found = re.search(r"libasan\S* => (\S+)", needed)
    if not found:
        return {}
    options = os.environ.get("ASAN_OPTIONS", "")
    return {"LD_PRELOAD": found[1], "ASAN_OPTIONS": options + ":detect_leaks=0"}


def become_loader():
    """Once, before anything else: this process may load the module. What it starts knows nothing of
    that (keycask_test.base_environment)."""
    wanted = sanitizers()
    if wanted and "LD_PRELOAD" not in os.environ:
        os.environ["KEYCASK_TEST_ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "")
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})
    if "KEYCASK_TEST_ASAN_OPTIONS" in os.environ:
        os.environ["ASAN_OPTIONS"] = os.environ.pop("KEYCASK_TEST_ASAN_OPTIONS")
        os.environ.pop("LD_PRELOAD", None)


class Module:
    """The module, as a program has it that talks to this daemon; socket: by another way; path: what
    else stands between (p11-kit-proxy)."""

    def __init__(self, daemon, socket=None, path=None):
        os.environ.update({name: value for name, value in daemon.env.items()
                           if name.startswith("KEYCASK_")})
        if socket:
            os.environ["KEYCASK_SOCKET"] = socket
        self.library = ctypes.CDLL(str(path or module_path()))
        listed = ctypes.c_void_p()
        check(self.library.C_GetFunctionList(ctypes.byref(listed)) == 0, "C_GetFunctionList")
        self._functions = self._read(listed.value, FUNCTIONS)
        if not hasattr(self.library, "C_GetInterface"):
            return
        interface = ctypes.POINTER(ctypes.c_void_p)()
        check(self.library.C_GetInterface(b"PKCS 11", None, ctypes.byref(interface),
                                          ULONG(0)) == 0, "C_GetInterface")
        # CK_INTERFACE: a name and the list, whose first part is 2.40's.
        self._functions.update(self._read(
            interface[1], FUNCTIONS + ["GetInterfaceList", "GetInterface"] + FUNCTIONS_3_0))

    def unload(self):
        """dlclose(), whatever is still to be done."""
        ctypes.CDLL(None).dlclose(ctypes.c_void_p(self.library._handle))

    @staticmethod
    def _read(address, names):
        prototype = ctypes.CFUNCTYPE(ULONG)
        pointers = (ctypes.c_void_p * len(names)).from_address(
            address + ctypes.sizeof(ctypes.c_void_p))
        return {name: prototype(pointer) for name, pointer in zip(names, pointers)}

    def raw(self, name, *arguments):
        """What the function answers, as a number. An int is a CK_ULONG."""
        given = [ULONG(word) if isinstance(word, int) else word for word in arguments]
        return self._functions[name](*given)

    def call(self, name, *arguments):
        code = self.raw(name, *arguments)
        if code != 0:
            raise P11Error(name, code)

    def __enter__(self):
        self.call("Initialize", None)
        return self

    def __exit__(self, *_):
        self.raw("Finalize", None)

    def list(self, name, *arguments):
        """Numbers, from a function that fills an array."""
        count = ULONG()
        self.call(name, *arguments, None, ctypes.byref(count))
        array = (ULONG * max(count.value, 1))()
        self.call(name, *arguments, array, ctypes.byref(count))
        return list(array[:count.value])

    def slots(self, present=True):
        return self.list("GetSlotList", ctypes.c_ubyte(present))

    def mechanisms(self, slot):
        return set(self.list("GetMechanismList", slot))

    def mechanism_info(self, slot, name):
        info = MechanismInfo()
        self.call("GetMechanismInfo", slot, number(name), ctypes.byref(info))
        return info

    def open(self, slot, read_write=True):
        handle = ULONG()
        flags = NUMBERS["CKF_SERIAL_SESSION"] | (NUMBERS["CKF_RW_SESSION"] if read_write else 0)
        self.call("OpenSession", slot, flags, None, None, ctypes.byref(handle))
        return Session(self, slot, handle.value)


class Session:
    def __init__(self, module, slot, handle):
        self.module = module
        self.slot = slot
        self.handle = handle
        self.pin = None  # for keys that want it each time

    def call(self, name, *arguments):
        self.module.call(name, self.handle, *arguments)

    def close(self):
        self.call("CloseSession")

    def login(self, pin=None, user="CKU_USER"):
        data = None if pin is None else pin.encode()
        self.call("Login", number(user), data, len(data or b""))

    def logout(self):
        self.call("Logout")

    # --- objects ---

    def find(self, **attributes):
        array, count, _kept = template(attributes)
        self.call("FindObjectsInit", array, count)
        found = []
        while True:
            handles = (ULONG * 16)()
            n_found = ULONG()
            self.call("FindObjects", handles, 16, ctypes.byref(n_found))
            if n_found.value == 0:
                break
            found += handles[:n_found.value]
        self.call("FindObjectsFinal")
        return found

    def find_one(self, **attributes):
        found = self.find(**attributes)
        check(len(found) == 1, f"{len(found)} objects with {attributes}")
        return found[0]

    def attribute(self, handle, name):
        array = (Attribute * 1)()
        array[0].type = number(name)
        self.call("GetAttributeValue", handle, array, 1)
        value = ctypes.create_string_buffer(max(array[0].length, 1))
        array[0].value = ctypes.cast(value, ctypes.c_void_p)
        self.call("GetAttributeValue", handle, array, 1)
        return value.raw[:array[0].length]

    def flag(self, handle, name):
        return self.attribute(handle, name) != b"\0"

    def create(self, **attributes):
        array, count, _kept = template(attributes)
        handle = ULONG()
        self.call("CreateObject", array, count, ctypes.byref(handle))
        return handle.value

    # --- operations ---

    def begin(self, name, mechanism, *key):
        given = mechanism_of(mechanism)
        self.call(name + "Init", ctypes.byref(given), *key)
        if (self.pin and name in ("Sign", "Decrypt", "SignRecover")
                and self.flag(key[0], "CKA_ALWAYS_AUTHENTICATE")):
            self.login(self.pin, "CKU_CONTEXT_SPECIFIC")

    def output(self, name, *arguments, room=None):
        """What the function writes: after it was asked how much, or into a buffer of room bytes."""
        length = ULONG()
        if room is None:
            self.call(name, *arguments, None, ctypes.byref(length))
            room = length.value
        buffer = ctypes.create_string_buffer(max(room, 1))
        length.value = room
        self.call(name, *arguments, buffer, ctypes.byref(length))
        return buffer.raw[:length.value]

    def whole(self, name, data, room=None):
        return self.output(name, data, len(data), room=room)

    def parts(self, name, parts):
        """C_xUpdate for each of parts, and C_xFinal."""
        for part in parts:
            if name in ("Encrypt", "Decrypt"):
                check(self.output(name + "Update", part, len(part), room=0) == b"", "too early")
            else:
                self.call(name + "Update", part, len(part))
        return self.output(name + "Final")

    def digest(self, mechanism, data):
        self.begin("Digest", mechanism)
        return self.whole("Digest", data)

    def sign(self, mechanism, key, data, room=None):
        self.begin("Sign", mechanism, key)
        return self.whole("Sign", data, room)

    def sign_parts(self, mechanism, key, parts):
        self.begin("Sign", mechanism, key)
        return self.parts("Sign", parts)

    def verify(self, mechanism, key, data, signature):
        self.begin("Verify", mechanism, key)
        self.call("Verify", data, len(data), signature, len(signature))

    def encrypt(self, mechanism, key, data):
        self.begin("Encrypt", mechanism, key)
        return self.whole("Encrypt", data)

    def decrypt(self, mechanism, key, data, room=None):
        self.begin("Decrypt", mechanism, key)
        return self.whole("Decrypt", data, room)

    def derive(self, mechanism, key, **attributes):
        given = mechanism_of(mechanism)
        array, count, _kept = template(attributes)
        handle = ULONG()
        self.call("DeriveKey", ctypes.byref(given), key, array, count, ctypes.byref(handle))
        return handle.value

    def wrap(self, mechanism, wrapping_key, key):
        given = mechanism_of(mechanism)
        return self.output("WrapKey", ctypes.byref(given), wrapping_key, key)

    def unwrap(self, mechanism, key, wrapped, **attributes):
        given = mechanism_of(mechanism)
        array, count, _kept = template(attributes)
        handle = ULONG()
        self.call("UnwrapKey", ctypes.byref(given), key, wrapped, len(wrapped), array, count,
                  ctypes.byref(handle))
        return handle.value
