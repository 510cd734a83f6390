# SPDX-License-Identifier: LGPL-2.1-or-later
"""The frame of keycask-pkcs11.so: how it is loaded, initialised, forked, left and unloaded."""
import contextlib
import ctypes
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import threading

from keycask_test import (PIN, Card, Daemon, Failure, check, check_equal, end, eventually, main,
                          scratch, skip_unless, start, test)
from pin_scene import VERIFY
from pkcs11_client import (NUMBERS, ULONG, Module, P11Error, become_loader, check_raises_p11,
                           module_path, sanitizers)
from pkcs11_frame import (DIGEST, PROFILE, Waiter, card_scene, event, in_child, name_of, sign, state)
from pkcs11_scene import KEYCHAIN, Scene

PIV_AID = "A00000030800001000"


class Arguments(ctypes.Structure):
    _fields_ = [("functions", ctypes.c_void_p * 4), ("flags", ULONG), ("reserved", ctypes.c_void_p)]


def verifications(card):
    return sum(command.startswith(VERIFY) for command in card.commands())


def tool(*command, env=None):
    return subprocess.run(command, env=env, capture_output=True, check=True).stdout.decode()


# --- the file -----------------------------------------------------------------------------------


@test
def it_has_nothing_that_runs_by_itself():
    """No constructor, no destructor, nothing that makes threads or meddles with signals or with the
    end of the program; and it exports what programs look up."""
    path = str(module_path())
    exported = tool("nm", "-D", "--defined-only", path).split()[2::3]
    check_equal(sorted(exported), ["C_GetFunctionList", "C_GetInterface", "C_GetInterfaceList"],
                "what it exports")
    if sanitizers():
        return
    sections = tool("readelf", "-SW", path)
    for section in (".init_array", ".fini_array"):  # the compiler's own: one entry
        size = re.search(re.escape(section) + r"\s+\w+\s+\w+\s+\w+\s+(\w+)", sections)
        check_equal(int(size[1], 16), ctypes.sizeof(ctypes.c_void_p), f"bytes of {section}")
    wanted = set(re.findall(r" U (\w+)", tool("nm", "-D", path)))
    banned = {"atexit", "on_exit", "pthread_create", "signal", "sigaction", "sigprocmask",
              "pthread_sigmask", "setenv", "putenv", "chdir", "exit", "abort"}
    # What launches the daemon blocks signals around it, in a process that shares no handlers.
    launching = {"pthread_sigmask", "sigaction", "sigprocmask", "signal"}
    check_equal(wanted & (banned - launching), set(), "what it would do to the program")


@test
def the_program_is_left_as_it_was():
    """Threads, signals and descriptors, before C_Initialize, while it is used and after C_Finalize."""
    def status():
        lines = open("/proc/self/status", encoding="utf-8").read()
        return re.findall(r"^(?:Threads|SigBlk|SigIgn|SigCgt):\s.*$", lines, re.MULTILINE)

    with Daemon() as daemon:
        module = Module(daemon)
        before = status(), sorted(os.listdir("/proc/self/fd"))
        with module:
            module.open(KEYCHAIN)
            check_equal(module.slots(), [KEYCHAIN], "slots")
            check_equal(status(), before[0], "threads and signals")
        check_equal((status(), sorted(os.listdir("/proc/self/fd"))), before, "afterwards")


@test
def it_has_two_interfaces():
    """3.0, 5.4.5: the first is what a program gets that does not care."""
    with Daemon() as daemon:
        Module(daemon)
        library = ctypes.CDLL(str(module_path()))
        check_equal(name_of(library.C_GetInterfaceList(None, None)), "CKR_ARGUMENTS_BAD", "none")
        count = ULONG(1)
        found = (ctypes.c_void_p * 6)()
        check_equal(name_of(library.C_GetInterfaceList(found, ctypes.byref(count))),
                    "CKR_BUFFER_TOO_SMALL", "with too little room")
        check_equal(count.value, 2, "interfaces")
        check_equal(library.C_GetInterfaceList(found, ctypes.byref(count)), 0, "with room")
        versions = []
        for name, functions, flags in (found[:3], found[3:]):
            check_equal(ctypes.string_at(name), b"PKCS 11", "name")
            check_equal(flags, 1, "CKF_INTERFACE_FORK_SAFE")
            versions.append(tuple(ctypes.string_at(functions, 2)))
            # 68 functions in 2.40, 24 more in 3.0
            n_functions = {2: 68, 3: 92}[versions[-1][0]]
            pointers = (ctypes.c_void_p * (n_functions + 1)).from_address(functions)
            check(all(pointers[1:]), "a function is missing")
        check_equal(versions, [(3, 0), (2, 40)], "versions")
        one = ctypes.c_void_p()
        version = (ctypes.c_ubyte * 2)(2, 40)
        check_equal(library.C_GetInterface(None, version, ctypes.byref(one), ULONG(1)), 0, "2.40")
        for name, version, flags in ((b"Vendor", None, 0), (None, (ctypes.c_ubyte * 2)(3, 1), 0),
                                     (None, None, 2)):
            check_equal(name_of(library.C_GetInterface(name, version, ctypes.byref(one),
                                                       ULONG(flags))),
                        "CKR_FUNCTION_FAILED", f"{name}, {version}, {flags}")


@test
def initialising_follows_the_rules():
    with Daemon() as daemon:
        module = Module(daemon)
        some = ctypes.cast(module_path.__code__.co_argcount or 1, ctypes.c_void_p).value
        for expected, functions, flags, reserved in (
                ("CKR_ARGUMENTS_BAD", 4, 2, 1), ("CKR_ARGUMENTS_BAD", 3, 2, 0),
                ("CKR_CANT_LOCK", 4, 0, 0), ("CKR_OK", 4, 2, 0), ("CKR_OK", 0, 2, 0),
                ("CKR_OK", 0, 1, 0)):
            arguments = Arguments((ctypes.c_void_p * 4)(*[some] * functions), flags,
                                  some if reserved else None)
            check_equal(name_of(module.raw("Initialize", ctypes.byref(arguments))), expected,
                        f"{functions} functions, flags {flags}, reserved {reserved}")
            if expected == "CKR_OK":
                module.call("Finalize", None)
        count = ULONG()
        for name, *arguments in (("GetSlotList", 0, None, ctypes.byref(count)), ("Finalize", None),
                                 ("GetInfo", ctypes.create_string_buffer(200)),
                                 ("CloseSession", 1), ("Login", 1, 1, None, 0),
                                 ("WaitForSlotEvent", 0, ctypes.byref(count), None)):
            check_equal(name_of(module.raw(name, *arguments)), "CKR_CRYPTOKI_NOT_INITIALIZED", name)
        with module:
            check_equal(name_of(module.raw("Initialize", None)), "CKR_CRYPTOKI_ALREADY_INITIALIZED",
                        "a second time")
            check_equal(name_of(module.raw("Finalize", ctypes.byref(count))), "CKR_ARGUMENTS_BAD",
                        "C_Finalize with an argument")
            for name, expected in (("GetFunctionStatus", "CKR_FUNCTION_NOT_PARALLEL"),
                                   ("CancelFunction", "CKR_FUNCTION_NOT_PARALLEL"),
                                   ("GetOperationState", "CKR_FUNCTION_NOT_SUPPORTED")):
                check_equal(name_of(module.raw(name, 1, None, None)), expected, name)


@test
def not_in_keycasks_own_processes():
    """A driver that loads whatever modules there are would come back to its own daemon."""
    with Daemon() as daemon, Card(PROFILE) as card:
        folder = daemon.directory / "config" / "drivers"
        folder.mkdir(parents=True, exist_ok=True)
        script = ("#!/usr/bin/env python3\nimport ctypes, pathlib, sys\n"
                  f"module = ctypes.CDLL({str(module_path())!r})\n"
                  "listed = ctypes.POINTER(ctypes.c_void_p)()\n"
                  "module.C_GetFunctionList(ctypes.byref(listed))\n"
                  "initialise = ctypes.CFUNCTYPE(ctypes.c_ulong)(listed[1])\n"
                  "path = pathlib.Path(sys.argv[0] + '.said')\n"
                  "path.with_suffix('.new').write_text(hex(initialise(None)))\n"
                  "path.with_suffix('.new').rename(path)\n")
        (folder / "curious").write_text(script)
        (folder / "curious").chmod(0o755)
        (folder / "curious.json").write_text(json.dumps(
            {"class_id": "org.example.curious", "name": "Curious", "type": "smartcard",
             "executable": "curious", "aids": [PIV_AID]}))
        if sanitizers():
            return
        card.insert(daemon)
        daemon.cli("driver", "disable", "org.keycask.piv")
        said = folder / "curious.said"
        eventually(said.exists, "the driver has tried it")
        check_equal(name_of(int(said.read_text(), 16)), "CKR_GENERAL_ERROR", "C_Initialize there")


# --- fork ---------------------------------------------------------------------------------------


@test
def a_child_goes_on_with_what_it_inherits():
    with Scene("P-256") as scene:
        session, key, module = scene.session, scene.pair.key, scene.session.module

        def grandchild():
            sign(session, key)
            check_equal(name_of(module.raw("Initialize", None)), "CKR_OK", "its own C_Initialize")
            check_equal(name_of(module.raw("Initialize", None)), "CKR_CRYPTOKI_ALREADY_INITIALIZED",
                        "and another")
            sign(session, key)
            module.call("Finalize", None)

        def child():
            in_child(grandchild)
            sign(session, key)
            check_equal(module.slots(), [KEYCHAIN], "slots")
            sign(module.open(KEYCHAIN), key)
            module.call("Finalize", None)

        sign(session, key)
        in_child(child)
        sign(session, key)


@test
def a_child_has_not_logged_in():
    with card_scene() as (_daemon, card, module):
        session = module.open(2)
        session.login(PIN)
        key = session.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        sign(session, key)

        def child():
            check_equal(state(session), "CKS_RW_PUBLIC_SESSION", "state in the child")
            check_raises_p11(("CKR_KEY_HANDLE_INVALID", "CKR_USER_NOT_LOGGED_IN"), sign, session,
                             key)
            session.login(PIN)
            sign(session, key)
            session.logout()

        in_child(child)
        sign(session, key)
        waiter = Waiter(module)
        in_child(lambda: check_equal(event(module), "CKR_NO_EVENT", "event"))
        card.pull()
        check_equal(waiter.end(), 2, "who waits in the parent")


@test
def a_child_inherits_no_secret():
    """Locked memory is empty in a child: neither a key of zeros nor a PIN of zeros is in its place."""
    with Scene("P-256") as scene:
        session = scene.session
        handle = session.create(CKA_CLASS="CKO_SECRET_KEY", CKA_KEY_TYPE="CKK_GENERIC_SECRET",
                                CKA_SENSITIVE=False, CKA_EXTRACTABLE=True, CKA_VALUE=b"s" * 32)
        in_child(lambda: check_raises_p11("CKR_OBJECT_HANDLE_INVALID", session.attribute, handle,
                                          "CKA_VALUE"))
        check_equal(session.attribute(handle, "CKA_VALUE"), b"s" * 32, "the parent's")
    with card_scene("piv:9c=p256") as (_daemon, card, module):
        session = module.open(2)
        session.login(PIN)
        key = session.find_one(CKA_CLASS="CKO_PRIVATE_KEY")
        session.begin("Sign", "CKM_ECDSA", key)
        session.login(PIN, "CKU_CONTEXT_SPECIFIC")
        before = verifications(card)
        in_child(lambda: check_raises_p11("CKR_USER_NOT_LOGGED_IN", session.whole, "Sign", DIGEST,
                                          room=64))
        check_equal(verifications(card), before, "PINs that the child showed to the card")
        check_equal(len(session.whole("Sign", DIGEST, room=64)), 64, "bytes of the signature")


@test
def a_child_that_closed_everything_keeps_what_it_opened():
    """As daemons do. Descriptors of its own, under the numbers of ours, are left alone."""
    with Scene("P-256") as scene:
        session, key = scene.session, scene.pair.key
        sign(session, key)

        def child():
            top = max(map(int, os.listdir("/proc/self/fd")))
            os.closerange(3, top + 1)
            own = [os.open("/dev/zero", os.O_RDONLY) for _ in range(3, top + 1)]
            sign(session, key)
            check_equal(session.module.slots(), [KEYCHAIN], "slots")
            check(all(os.read(fd, 1) == b"\0" for fd in own), "one of its descriptors is gone")

        in_child(child)


@test
def fork_beside_threads_that_are_in_calls():
    """Whatever the others do at that moment, the child has whole tables and every lock."""
    with Scene("P-256") as scene:
        session, key, module = scene.session, scene.pair.key, scene.session.module
        is_over = threading.Event()
        trouble = []

        def busy(turn):
            try:
                while not is_over.is_set():
                    own = module.open(KEYCHAIN)
                    if turn:
                        sign(own, key)
                    module.slots()
                    own.close()
            except (P11Error, Failure) as error:
                trouble.append(error)

        threads = [threading.Thread(target=busy, args=(turn % 2,)) for turn in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(8):
                in_child(lambda: sign(session, key))
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        check_equal(trouble, [], "trouble of the others")


# --- loading and unloading ------------------------------------------------------------------------


@test
def four_threads_while_a_card_comes_and_goes():
    with Daemon() as daemon, Card(PROFILE) as card, Module(daemon) as module:
        trouble = []
        is_over = threading.Event()

        def work():
            try:
                while not is_over.is_set():
                    for slot in module.slots():
                        with contextlib.suppress(P11Error):
                            session = module.open(slot)
                            session.find()
                            session.close()
            except Exception as error:  # pylint: disable=broad-exception-caught
                trouble.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                card.insert(daemon)
                eventually(lambda: 2 in module.slots(), "insertion")
                card.pull()
                eventually(lambda: 2 not in module.slots(), "removal")
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        check_equal(trouble, [], "trouble")


@test
def two_of_them_in_one_program():
    """One by another path, as two packages would bring it: neither knows of the other."""
    with Scene("P-256") as scene:
        session, key = scene.session, scene.pair.key
        copy = scratch() / "another.so"

        def close(library):
            ctypes.CDLL(None).dlclose(ctypes.c_void_p(library._handle))

        shutil.copy(module_path(), copy)
        for is_hasty in (False, True):
            library = ctypes.CDLL(str(copy))
            listed = ctypes.POINTER(ctypes.c_void_p)()
            library.C_GetFunctionList(ctypes.byref(listed))
            prototype = ctypes.CFUNCTYPE(ULONG)
            code = prototype(listed[1])(None)
            check(code == 0 or (is_hasty and name_of(code) == "CKR_CRYPTOKI_ALREADY_INITIALIZED"),
                  f"C_Initialize of the other one: {name_of(code)}")
            count = ULONG()
            check_equal(prototype(listed[5])(ULONG(0), None, ctypes.byref(count)), 0, "its slots")
            sign(session, key)
            if is_hasty:
                close(library)
            check_equal(prototype(listed[2])(None), 0, "C_Finalize of the other one")
            if not is_hasty:
                close(library)
            sign(session, key)


def functions_of(path):
    """Another module's functions of 2.40, by their place in the list."""
    listed = ctypes.POINTER(ctypes.c_void_p)()
    ctypes.CDLL(str(path)).C_GetFunctionList(ctypes.byref(listed))
    return [None] + [ctypes.CFUNCTYPE(ULONG)(listed[place]) for place in range(1, 69)]


def listens(path):
    """The socket of a server has its name before anybody may connect."""
    with socket.socket(socket.AF_UNIX) as visitor:
        return visitor.connect_ex(str(path)) == 0


@test
def through_p11_kit_and_directly():
    """In one program: the module itself, and p11-kit's client of a p11-kit server that has it too.
    Not with AddressSanitizer: put into p11-kit's server beforehand, it has now and then left glibc's
    own lock of setlocale() unlocked once too often, and the server waited for it for ever."""
    skip_unless(not sanitizers(), "p11-kit's server is built without AddressSanitizer")
    with Scene("P-256") as scene:
        session, key = scene.session, scene.pair.key
        path = scratch() / "p11-kit.sock"
        server = start("p11-kit", "server", "--foreground", "--name", str(path), "--provider",
                       str(module_path()), "pkcs11:", env=scene.daemon.env,
                       log=scratch() / "server.log")
        eventually(lambda: listens(path), "p11-kit server listens")
        os.environ["P11_KIT_SERVER_ADDRESS"] = f"unix:path={path}"
        (client,) = glob.glob("/usr/lib/*/pkcs11/p11-kit-client.so")
        other = functions_of(client)
        for _ in range(2):
            check_equal(name_of(other[1](None)), "CKR_OK", "C_Initialize of p11-kit's")
            count = ULONG()
            check_equal(other[5](ULONG(1), None, ctypes.byref(count)), 0, "C_GetSlotList")
            check_equal(count.value, 1, "slots with a token")
            sign(session, key)
            check_equal(name_of(other[2](None)), "CKR_OK", "C_Finalize of p11-kit's")
            sign(session, key)
        end(server)


become_loader()
main()
