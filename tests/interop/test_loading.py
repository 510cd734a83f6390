# SPDX-License-Identifier: LGPL-2.1-or-later
"""The module twice in one program, through p11-kit-proxy and directly, as a browser has it whose
extension brings PKCS#11 of its own: from four threads, over fork(), and ended in every order."""
import glob
import itertools
import os
import threading

from scene import *

# pylint: disable=wrong-import-order
from pkcs11_client import Module, P11Error
from pkcs11_frame import in_child, name_of, sign, token_info

WAYS = ("p11-kit", "directly")
N_SIGNATURES = 5
# What those who are still there find when somebody else has ended the module.
ENDED = ("CKR_CRYPTOKI_NOT_INITIALIZED", "CKR_SESSION_HANDLE_INVALID")


class Way:
    """One of the two ways to the same module."""

    def __init__(self, scene, name):
        self.name = name
        self.identity = scene.identities["software ec"]
        (proxy,) = glob.glob("/usr/lib/*/p11-kit-proxy.so")
        self.module = Module(scene.daemon, path=proxy if name == "p11-kit" else scene.module)
        self.session = self.key = None

    def begin(self, expected=("CKR_OK",)):
        answer = name_of(self.module.raw("Initialize", None))
        check(answer in expected, f"C_Initialize, {self.name}: {answer}")
        slot = next(slot for slot in self.module.slots()
                    if bytes(token_info(self.module, slot).label).rstrip() == b"keycask")
        self.session = self.module.open(slot)
        self.key = self.find(self.session)

    def find(self, session):
        return session.find_one(CKA_CLASS="CKO_PRIVATE_KEY", CKA_ID=bytes.fromhex(self.identity.id))

    def sign(self):
        sign(self.session, self.key)

    def work(self, trouble):
        """What a thread does: a session of its own, and signatures."""
        try:
            session = self.module.open(self.session.slot)
            for _ in range(N_SIGNATURES):
                sign(session, self.find(session))
            session.close()
        except (P11Error, Failure) as error:
            trouble.append(f"{self.name}: {error}")

    def after_fork(self):
        """p11-kit wants C_Initialize in a child; we do not, and allow it."""
        if self.name == "p11-kit":
            self.begin()
        self.sign()

    def end(self, expected=("CKR_OK",)):
        answer = name_of(self.module.raw("Finalize", None))
        check(answer in expected, f"C_Finalize, {self.name}: {answer}")


def in_four_threads(ways):
    trouble = []
    threads = [threading.Thread(target=way.work, args=(trouble,)) for way in ways for _ in range(2)]
    for thread in threads:
        thread.start()
    in_child(lambda: [way.after_fork() for way in ways])
    for thread in threads:
        thread.join()
    check_equal(trouble, [], "trouble")


def live(scene, begins, ends, is_hasty):
    """One life: they come and go in these orders. is_hasty: each is unloaded before it has ended."""
    ways = {name: Way(scene, name) for name in WAYS}
    for name in begins:
        # It is the same module in the same process (3.0, 5.4.1); p11-kit does not mind.
        is_second = name == "directly" and name != begins[0]
        ways[name].begin(("CKR_CRYPTOKI_ALREADY_INITIALIZED" if is_second else "CKR_OK",))
    in_four_threads(list(ways.values()))
    for name in ends:
        if is_hasty:
            ways[name].module.unload()
    for place, name in enumerate(ends):
        ways[name].end(("CKR_OK",) if place == 0 else ("CKR_OK", *ENDED))
        other = ways[ends[1]]
        if place == 0:
            try:
                other.sign()
            except P11Error as error:
                check(error.name in ENDED, f"{other.name}, when {name} has ended: {error}")
    again = ways["directly"]
    again.begin()
    again.sign()
    again.end()
    if not is_hasty:
        for name in ends:
            ways[name].module.unload()


@test(seconds=PATIENT)
def p11_kit_lists_it():
    with Scene() as scene:
        out, _ = scene.run("p11-kit", "list-modules")
        said = out.decode()
        check("keycask" in said and "keycask-pkcs11.so" in said, f"no module: {said}")
        check("token: keycask" in said, f"no token: {said}")


@test(seconds=PATIENT)
def both_ways_in_every_order():
    with Scene() as scene:
        os.environ.update(scene.env)
        orders = list(itertools.permutations(WAYS))
        for begins, ends, is_hasty in itertools.product(orders, orders, (False, True)):
            diagnose(f"begin {begins}, end {ends}, {'hasty' if is_hasty else 'in order'}")
            in_child(lambda b=begins, e=ends, h=is_hasty: live(scene, b, e, h))


main()
