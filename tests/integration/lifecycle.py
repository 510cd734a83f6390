# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that go on while cards and processes come and go: watchers, signers, and what is left of
the daemon after them."""
import base64
import json
import os
import pathlib
import signal
import tempfile
import threading

from keycask_test import (
    PATIENCE, PIN, VarlinkError, check, check_equal, diagnose, eventually, is_running,
    open_descriptors, openssl, program, scratch)

ALGORITHM = "ecdsa_signature_message_x962_sha256"
NO_PROMPT = {"authentication_ui": "fail"}
CHUID = "5C035FC102"
CONNECTION_DESCRIPTORS = 2  # its socket, and the daemon's hold on the process that made it
LEAST_MS = {"card_deadline_ms": 600, "query_deadline_ms": 600}


def n_when_back(commands):
    """How many APDUs the card of these, a first insertion's, costs when it comes back: the one
    application that such a card has had, and then the CHUID, say which card it is. What is
    asked behind that comes after the test (keycask_test.Daemon)."""
    n_known = next(number for number, command in enumerate(commands, 1) if CHUID in command)
    return len(commands) - n_known + 2


def configure(daemon, **settings):
    """Write config.json before the daemon starts; the daemon."""
    folder = pathlib.Path(daemon.env["KEYCASK_CONFIG_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings))
    return daemon


def query(connection, **keys):
    """The items that match, [] when none does; asks a connection, or a daemon anew."""
    try:
        return connection.call("Items.CopyMatching",
                               {"query": {"match_limit": "all", **keys}})["items"]
    except VarlinkError as error:
        check_equal(error.name, "item_not_found", "the failure of a query")
        return []


class Key:
    """A private key with its certificate, as published: constraint is "none" or "pin"."""

    def __init__(self, connection, constraint="none", **keys):
        found = [item for item in query(
            connection, **{"class": "identity"}, return_attributes=True, return_data=True,
            return_persistent_ref=True, **keys)
            if item["access_control"].get("sign") == constraint]
        check(found, f"no key of constraint {constraint}")
        self.constraint = constraint
        self.reference = found[0]["value_persistent_ref"]
        self.token_id = found[0]["token_id"]
        self.label = found[0]["label"]
        certificate = base64.b64decode(found[0]["value_data"])
        self.public_key = openssl("x509", "-inform", "DER", "-pubkey", "-noout",
                                  input=certificate)

    def parameters(self, data):
        wanted = {"key": self.reference, "algorithm": ALGORITHM, "interaction": NO_PROMPT,
                  "data": base64.b64encode(data).decode()}
        return {**wanted, "pin": PIN} if self.constraint == "pin" else wanted

    def sign(self, connection, data=b"data"):
        """The signature, in base64."""
        return connection.call("Keys.Sign", self.parameters(data))["signature"]

    def is_signature(self, signature, data=b"data"):
        """What openssl, not we, thinks of it."""
        with tempfile.TemporaryDirectory(dir=scratch()) as folder:
            folder = pathlib.Path(folder)
            (folder / "key").write_bytes(self.public_key)
            (folder / "signature").write_bytes(base64.b64decode(signature))
            try:
                openssl("dgst", "-sha256", "-verify", folder / "key", "-signature",
                        folder / "signature", input=data)
            except AssertionError:
                return False
        return True

    def check_signs(self, daemon, data=b"data"):
        with daemon.connect() as connection:
            check(self.is_signature(self.sign(connection, data), data), "a wrong signature")


class Watcher:
    """Tokens.Watch or Slots.Watch on a connection of its own."""

    def __init__(self, daemon, method="Tokens.Watch"):
        self.connection = daemon.connect()
        self.connection.send(method, more=True)
        self.slots = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def next(self):
        result, continues = self.connection.receive()
        check(continues, "a watch has ended")
        return result

    def expect(self, event, token_id=None):
        told = self.next()
        check_equal(told["event"], event, "event")
        if token_id is not None:
            check_equal(told["token_id"], token_id, "token of the event")
        return told

    def _next_state(self):
        """The next slot that is told of, but for the news that its card has been read."""
        while True:
            slot = self.next()["slot"]
            before = self.slots.get(slot["name"], {})
            self.slots[slot["name"]] = slot
            if before.get("state") != slot["state"] or \
                    before.get("is_being_read") == slot.get("is_being_read"):
                return slot

    def expect_state(self, state, name=None):
        slot = self._next_state()
        check_equal(slot["state"], state, f"state of {slot['name']}")
        if name is not None:
            check_equal(slot["name"], name, "slot")
        return slot

    def check_quiet(self):
        check(self.connection.is_quiet(), "an event that nothing has happened for")


class Worker:
    """A client that repeats step() on a connection of its own, in a thread, until it is ended."""

    def __init__(self, daemon):
        self.connection = daemon.connect()
        self.trouble = None
        self.is_over = False
        self.thread = threading.Thread(target=self._go, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.is_over = True
        self.thread.join(PATIENCE)
        hung = self.thread.is_alive()
        self.connection.close()
        if kind is None:
            check(not hung, f"{type(self).__name__} hangs")
            check(self.trouble is None, f"{type(self).__name__}: {self.trouble}")

    def _go(self):
        try:
            while not self.is_over:
                self.step()
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = error

    def step(self):
        raise NotImplementedError


class Signer(Worker):
    """Signs all the time: a signature, or item_not_found with the token's name, nothing else."""

    def __init__(self, daemon, key):
        super().__init__(daemon)
        self.key = key
        self.signatures = []
        self.n_lost = 0

    def step(self):
        data = f"message {len(self.signatures)}".encode()
        try:
            self.signatures.append((data, self.key.sign(self.connection, data)))
        except VarlinkError as error:
            if error.name != "item_not_found" or error.record.get("token_id") != self.key.token_id:
                raise
            self.n_lost += 1

    def count(self):
        return len(self.signatures)

    def await_signature(self):
        """Wait for one that was begun after this call."""
        seen = len(self.signatures) + 1
        eventually(lambda: self.trouble or len(self.signatures) > seen, "a signature")

    def check_all(self, most=50):
        """A sample of them holds before openssl, the last one always."""
        step = max(1, len(self.signatures) // most)
        for data, signature in self.signatures[::-1][::step]:
            check(self.key.is_signature(signature, data), "a wrong signature")


class Asker(Worker):
    """Tries left, by a client without a PIN: it has a verified card reset, to be told."""

    def __init__(self, daemon, token_id):
        super().__init__(daemon)
        self.token_id = token_id
        self.n = 0

    def step(self):
        told = self.connection.call("Tokens.PinStatus", {"token_id": self.token_id})
        check_equal(told["tries_left"], 3, "tries left")
        self.n += 1


class Lister(Worker):
    """Lists all the time: everything is there at once, or nothing."""

    def __init__(self, daemon, n_items):
        super().__init__(daemon)
        self.n_items = n_items
        self.n_full = 0

    def step(self):
        self.connection.call("Tokens.List")
        n = len(query(self.connection, **{"class": "certificate"}))
        check(n in (0, self.n_items), f"{n} of {self.n_items} certificates")
        self.n_full += n > 0

    def count(self):
        return self.n_full


class Decrypter(Worker):
    """Has the same message decrypted again and again."""

    def __init__(self, daemon, reference, certificate):
        super().__init__(daemon)
        self.parameters = {**encrypted_for(reference, certificate, b"a secret"), "pin": PIN}
        self.n = 0

    def step(self):
        plain = self.connection.call("Keys.Decrypt", self.parameters)["plaintext"]
        check_equal(base64.b64decode(plain), b"a secret", "what was encrypted")
        self.n += 1

    def count(self):
        return self.n


def encrypted_for(reference, certificate, plaintext):
    """The parameters of Keys.Decrypt that give plaintext, which openssl has encrypted."""
    with tempfile.NamedTemporaryFile(dir=scratch()) as file:
        file.write(certificate)
        file.flush()
        ciphertext = openssl("pkeyutl", "-encrypt", "-certin", "-keyform", "DER", "-inkey",
                             file.name, "-pkeyopt", "rsa_padding_mode:oaep",
                             "-pkeyopt", "rsa_oaep_md:sha256", input=plaintext)
    return {"key": reference, "algorithm": "rsa_encryption_oaep_sha256",
            "data": base64.b64encode(ciphertext).decode(), "interaction": NO_PROMPT}


def decryption_key(connection, **keys):
    """The reference of the RSA key that decrypts, and its certificate in DER."""
    found = [item for item in query(connection, **{"class": "identity"}, return_attributes=True,
                                    return_data=True, return_persistent_ref=True, **keys)
             if item["key_type"] == "rsa"]
    return found[0]["value_persistent_ref"], base64.b64decode(found[0]["value_data"])


# --- what is left ------------------------------------------------------------------------------


def child_named(daemon, name):
    """The daemon's child of that name, waiting for it."""
    found = []

    def look():
        found[:] = [pid for pid, child in daemon.children().items() if child.startswith(name[:15])]
        return found
    eventually(look, f"{name} runs")
    return found[0]


def zombies(parent):
    """Dead children that nobody has waited for."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            text = pathlib.Path("/proc", entry, "stat").read_text(errors="replace") \
                if entry.isdigit() else ""
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, of = (text.rpartition(")")[2].split() + ["", ""])[:2]
        if state == "Z" and int(of) == parent:
            found.append(int(entry))
    return found


def private_dirty_kb(pid):
    if not may_look_into(pid):
        return 0
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines()
                if line.startswith("Private_Dirty:"))


def is_sanitized():
    """ASan keeps freed memory aside: how much a process then has says nothing."""
    return b"__asan_init" in pathlib.Path(program("keycaskd")).read_bytes()


def may_look_into(pid):
    """keycaskd lets nobody but root see its descriptors and memory: without root that part of a
    test is left out, and says so."""
    if os.access(f"/proc/{pid}/fd", os.R_OK):
        return True
    diagnose("not root: descriptors and memory are not looked at")
    return False


def settled_descriptors(daemon):
    """How many are open once connections closed before are closed at the other end too, which
    nothing announces: but the daemon takes what came before a call before it answers the one after
    that. None: we may not know."""
    if not may_look_into(daemon.pid):
        return None
    readings = []
    with daemon.connect() as connection:
        def is_settled():
            connection.call("org.varlink.service.GetInfo")
            readings.append(open_descriptors(daemon.pid))
            return len(readings) > 10 and len(set(readings[-10:])) == 1
        eventually(is_settled, "descriptors settle")
    return readings[-1] - CONNECTION_DESCRIPTORS


class Footprint:
    """Descriptors and children of the daemon, to be the same again later."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.n_descriptors = settled_descriptors(daemon)
        self.children = sorted(daemon.children().values())

    def forget_one(self):
        """A connection that was there from the start has ended."""
        if self.n_descriptors is not None:
            self.n_descriptors -= CONNECTION_DESCRIPTORS

    def check_same(self):
        daemon = self.daemon
        eventually(lambda: sorted(daemon.children().values()) == self.children,
                   f"children are {self.children} again, not "
                   f"{sorted(daemon.children().values())}")
        if self.n_descriptors is not None:
            eventually(lambda: open_descriptors(daemon.pid) == self.n_descriptors,
                       f"{self.n_descriptors} descriptors again, not "
                       f"{open_descriptors(daemon.pid)}")
        check_equal(zombies(daemon.pid), [], "zombies")


def check_all_end(pids):
    eventually(lambda: not [pid for pid in pids if is_running(pid)], "the processes end")


def kill(pid, how=signal.SIGKILL):
    os.kill(pid, how)
