# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of each part while a card is being read, while a PIN is with it, and while it signs: a
clear status, all works again by itself (in soak within two seconds of the part being back), nothing
is left running, and no card stays verified."""
import os
import subprocess
import time

from keycask_test import (PIN, SOAK, Card, Daemon, VarlinkError, arguments_of, check, check_equal,
                          check_raises, diagnose, eventually, main, program, test)
from lifecycle import (Footprint, Key, Watcher, check_all_end, child_named, configure,
                       is_sanitized, kill, n_when_back)
from pcsc_client import SELECT_PIV, Scard, connect_when_free
from piv_tools import READER, Pcscd

PROFILE = "piv:9a=p256,9e=p256"
HELD_MS = 250  # so long an APDU is in flight, and the one after it
N_HELD = 5
BACK_SECONDS = 2
PIN_STATE = "00200080"
VERIFY, SIGN = "0020008008", "0087"
SETTLED = ("pin", "signature")


class Reader:
    """Where the card is: in the embedded slot, or behind a pcscd of the test's own."""

    def __init__(self, daemon, pcscd=None):
        self.daemon = daemon
        self.pcscd = pcscd
        self.name = f"{READER} 00 00" if pcscd else "Embedded Slot 00"

    def put(self, card, *faults):
        if self.pcscd:
            self.pcscd.put(card, *faults)
        else:
            card.insert(self.daemon, *faults)

    def check_unverified(self):
        """Nobody who comes now finds a verified PIN, nor a try less."""
        if self.pcscd is None:
            return
        with Scard() as scard, connect_when_free(scard, self.name) as other:
            with other.transaction():
                check(other.transmit(SELECT_PIV).endswith("9000"), "no PIV application")
                check_equal(other.transmit(PIN_STATE), "63C3", "state of the PIN")


class Scene:
    """A daemon that knows the card, which is out; x509 runs. phase says what is going on when
    something is killed: "insertion", "pin" or "signature"."""

    def __init__(self, phase, pcscd=None, **settings):
        self.phase = phase
        self.daemon = configure(Daemon(providers="embedded,pcsc"), lease_ms=60000, **settings)
        self.card = Card(PROFILE)
        self.reader = Reader(self.daemon, pcscd)
        self.connection = None
        self.n_lines = 0

    def __enter__(self):
        self.daemon.start()
        self.watcher = Watcher(self.daemon)
        self.reader.put(self.card)
        self.token_id = self.watcher.expect("inserted")["token_id"]
        with self.daemon.connect() as connection:
            self.free, self.guarded = Key(connection), Key(connection, "pin")
        self.n_insertion = n_when_back(self.card.commands())
        self.check_works()
        self.footprint = Footprint(self.daemon)
        self.card.pull()
        self.watcher.expect("removed")
        self.card.contacts.unlink()
        return self

    def __exit__(self, kind, *details):
        if kind is not None:
            diagnose("\n".join(self.card.contacts.read_text().splitlines()[-12:]))
        for connection in (self.connection, self.watcher.connection):
            if connection is not None:
                connection.close()
        self.card.__exit__(kind, *details)
        self.daemon.__exit__(kind, *details)

    def begin(self):
        """Return when the APDU of the phase is with the card."""
        self.connection = self.daemon.connect()
        first = 3 if self.phase == "insertion" else self.n_insertion + 1
        self.reader.put(self.card, *(f"slow@{first + n}:{HELD_MS}" for n in range(N_HELD)))
        if self.phase == "insertion":
            self.await_command(lambda commands: len(commands) >= 3)
            return
        self.watcher.expect("inserted", self.token_id)
        if self.phase == "pin":
            self.connection.send("Tokens.VerifyPin", {"token_id": self.token_id, "pin": PIN})
            self.await_command(lambda commands: commands[-1].startswith(VERIFY))
        else:
            self.connection.send("Keys.Sign", self.guarded.parameters(b"data"))
            self.await_command(lambda commands: commands[-1].startswith(SIGN))

    def await_command(self, is_it):
        """It is the last line of what went over the contacts: there is no answer yet."""
        def look():
            commands = self.card.commands()
            return commands and is_it(commands)
        eventually(look, f"{self.phase} is under way")
        lines = self.card.contacts.read_text().splitlines()
        check(lines[-1].startswith("> "), f"answered before anybody was killed: {lines[-1]}")
        self.n_lines = len(lines)

    def check_works(self):
        with self.daemon.connect() as connection:
            for key in (self.free, self.guarded):
                check(key.is_signature(key.sign(connection)), "a wrong signature")

    def check_back(self, began):
        """All works again; what was verified is not."""
        eventually(self.is_usable, "the key signs again")
        took = time.monotonic() - began
        if self.phase in SETTLED:
            self.check_reset()
        self.reader.check_unverified()
        check_equal(self.daemon.call("Tokens.PinStatus", {"token_id": self.token_id}),
                    {"tries_left": 3, "is_authenticated": False}, "state of the PIN")
        self.check_works()
        diagnose(f"{self.phase}: back after {took:.2f} s")
        if SOAK and not is_sanitized():
            check(took < BACK_SECONDS, f"back after {took:.2f} s")

    def is_usable(self):
        """The key that wants no PIN; one that is known from before may be there before it is."""
        with self.daemon.connect() as connection:
            try:
                return self.free.is_signature(self.free.sign(connection))
            except VarlinkError as error:
                check_equal(error.name, "item_not_found", "a failure meanwhile")
                return False

    def check_reset(self):
        """Between the APDU that was in flight and the next command the card has forgotten."""
        lines = self.card.contacts.read_text().splitlines()
        later = [line for line in lines[self.n_lines:] if not line.startswith("< ")]
        check(later and later[0] in ("# reset", "# power off", "# power on", "# removed")
              or later and later[0].startswith("# inserted"), f"not reset: {later[:3]}")

    def check_lost(self):
        """What the client is told."""
        if self.phase not in SETTLED:
            return
        error = check_raises("item_not_found", self.connection.receive)
        check_equal(error.record.get("token_id"), self.token_id, "token of the record")
        check(error.record.get("message") and error.record.get("hint"), f"record: {error.record}")

    def check_forgotten(self):
        """Its PIN has not been taken for right."""
        if self.phase != "pin":
            return
        options = {**self.guarded.parameters(b"data")}
        del options["pin"]
        check_raises("interaction_not_allowed", self.connection.call, "Keys.Sign", options)


def in_both_readers(check_it):
    """Each phase, and the insertion of a card that nobody knows yet and of one that is there before
    it has been read."""
    for phase, settings in (("insertion", {"card_cache": False}), ("insertion", {}), ("pin", {}),
                            ("signature", {})):
        with Scene(phase, **settings) as scene:
            scene.begin()
            check_it(scene)
        if is_sanitized() and phase != "pin":
            continue  # the slow build need not do everything twice
        with Pcscd() as pcscd, Scene(phase, pcscd, **settings) as scene:
            scene.begin()
            check_it(scene)


def process_of(scene, part):
    """Of the daemon's slot processes, the card's: one more watches the readers."""
    if part != "keycask-slot":
        return child_named(scene.daemon, part)
    word = scene.reader.name if scene.reader.pcscd else "embedded"
    for pid, name in scene.daemon.children().items():
        if name == part and word in arguments_of(pid):
            return pid
    raise AssertionError(f"no {part}")


def helper_dies(part):
    def check_it(scene):
        began = time.monotonic()
        kill(process_of(scene, part))
        scene.check_lost()
        scene.check_back(began)
        scene.check_forgotten()
        scene.connection.close()
        scene.footprint.check_same()
    return check_it


@test
def a_driver_is_killed():
    in_both_readers(helper_dies("keycask-driver-piv"))


@test
def a_slot_process_is_killed():
    in_both_readers(helper_dies("keycask-slot"))


@test
def the_certificate_process_is_killed():
    """Nobody who uses a card notices."""
    def check_it(scene):
        began = time.monotonic()
        kill(child_named(scene.daemon, "keycask-x509"))
        if scene.phase == "pin":
            scene.connection.receive()  # it is right
        if scene.phase == "signature":
            signature = scene.connection.receive()[0]["signature"]
            check(scene.guarded.is_signature(signature), "a wrong signature")
        eventually(scene.is_usable, "the key signs")
        scene.connection.close()
        scene.check_works()
        diagnose(f"{scene.phase}: all works after {time.monotonic() - began:.2f} s")
    in_both_readers(check_it)


@test
def pcscd_is_killed():
    for phase in ("insertion", "pin", "signature"):
        with Pcscd() as pcscd, Scene(phase, pcscd) as scene:
            scene.begin()
            pcscd.kill()
            scene.check_lost()
            eventually(lambda scene=scene: not scene.daemon.call("Tokens.List")["tokens"],
                       "the token is gone")
            eventually(lambda scene=scene: scene.card.process.poll() is not None, "the card is out")
            scene.card.pull()
            pcscd.start()
            began = time.monotonic()
            scene.reader.put(scene.card)
            scene.check_back(began)
            scene.check_forgotten()
            scene.connection.close()
            scene.footprint.check_same()


@test
def the_daemon_is_killed():
    def check_it(scene):
        children = list(scene.daemon.children())
        check(len(children) >= 3, "too few children")
        scene.daemon.kill()
        check_equal(scene.connection.receive_raw(), None, "an answer of the dead")
        scene.connection.close()
        scene.watcher.connection.close()
        check_all_end(children)
        scene.reader.check_unverified()
        if not scene.reader.pcscd:
            scene.card.pull()  # its slot is gone: it has left by itself
        scene.daemon.start()
        scene.watcher = Watcher(scene.daemon)
        began = time.monotonic()
        if not scene.reader.pcscd:
            scene.reader.put(scene.card)
        scene.check_back(began)
        scene.footprint = Footprint(scene.daemon)
    in_both_readers(check_it)


@test
def the_command_is_clear_when_the_daemon_is_killed():
    """It waits for an answer of the one that dies; the next one starts another."""
    with Scene("signature") as scene:
        command = [program("keycask"), "sign", "--key", scene.free.reference, os.devnull, "--json"]
        scene.reader.put(scene.card, *(f"slow@{scene.n_insertion + 1 + n}:{HELD_MS}"
                                       for n in range(N_HELD)))
        scene.watcher.expect("inserted")
        with subprocess.Popen(command, env=scene.daemon.env, stdout=subprocess.PIPE) as process:
            scene.await_command(lambda commands: commands[-1].startswith(SIGN))
            scene.daemon.kill()
            said, _ = process.communicate(timeout=20)
        check_equal(process.returncode, 1, "exit status")
        check(b'"not_available"' in said and b'"message"' in said, f"it said {said}")
        scene.card.pull()
        scene.daemon.start()
        scene.watcher.connection.close()
        scene.watcher = Watcher(scene.daemon)
        scene.reader.put(scene.card)
        scene.watcher.expect("inserted", scene.token_id)
        scene.check_works()


main()
