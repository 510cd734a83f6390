# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that break the rules, do not read, or come in hundreds: they are closed, everybody else is
served meanwhile, and nothing of them stays."""
import json
import os
import socket
import struct
import threading

from keycask_test import (
    Card, Daemon, Failure, Varlink, VarlinkError, check, check_equal, check_raises, diagnose,
    eventually, main, skip_unless, test)
from lifecycle import Footprint, Key, Watcher, Worker, private_dirty_kb, is_sanitized, query

PROFILE = "piv:9a=p256,9e=p256"
MESSAGE_MAX = 1024 * 1024  # wire/message.h
DEPTH_MAX = 16
VALUES_MAX = 16384
DESCRIPTORS_MAX = 8
OUTPUT_MAX = 8 * 1024 * 1024
PEERS_MAX = 256  # daemon/wiring.c
NOBODY = 65534


class Bystander(Worker):
    """Somebody else, who is answered all the time: lists, looks things up, signs."""

    def __init__(self, daemon, key):
        super().__init__(daemon)
        self.key = key
        self.n_answers = 0

    def step(self):
        token_id = self.key.token_id
        self.connection.call("Tokens.Info", {"token_id": token_id})
        check_equal(len(query(self.connection, **{"class": "certificate"}, token_id=token_id)), 2,
                    "certificates")
        self.key.sign(self.connection)
        self.n_answers += 1

    def await_answer(self):
        """Wait for one that was asked for after this call."""
        seen = self.n_answers + 1
        eventually(lambda: self.trouble or self.n_answers > seen, "an answer to somebody else")


class Scene:
    """A daemon with a card, somebody who uses it, and what is to be left in the end."""

    def __init__(self):
        self.daemon = Daemon()
        self.card = Card(PROFILE)

    def __enter__(self):
        self.daemon.start()
        self.card.insert(self.daemon)
        self.daemon.wait_for_token()
        with self.daemon.connect() as connection:
            self.key = Key(connection)
        self.bystander = Bystander(self.daemon, self.key)
        self.bystander.__enter__()
        self.footprint = Footprint(self.daemon)
        return self

    def __exit__(self, kind, *details):
        try:
            self.bystander.__exit__(kind, *details)
            if kind is None:
                self.footprint.forget_one()  # the bystander's
                self.footprint.check_same()
        finally:
            self.card.__exit__(kind, *details)
            self.daemon.__exit__(kind, *details)

    def check_closes(self, data, descriptors=(), what=""):
        """These bytes close the peer that sends them, without an answer, and nobody else."""
        with self.daemon.connect() as peer:
            try:
                peer.send_raw(data, descriptors)
            except (BrokenPipeError, ConnectionResetError):
                pass  # closed before it was through
            check(peer.is_closed(), f"still open after {what or data[:60]!r}")
        self.bystander.await_answer()


def call(method="org.keycask.Tokens.List", **parameters):
    return json.dumps({"method": method, "parameters": parameters}).encode() + b"\0"


# --- messages ----------------------------------------------------------------------------------


@test
def what_is_no_message_closes_the_peer():
    with Scene() as scene:
        for data in (
                b"\0", b"\0\0\0\0", b"GET / HTTP/1.0\r\n\r\n\0", b"{\0", b"}\0", b"[]\0", b"null\0",
                b"17\0", b'"method"\0', b"{}\0", b'{"method":7}\0', b'{"method":null}\0',
                b'{"method":"org.keycask.Tokens.List"}{}\0',
                b'{"method":"org.keycask.Tokens.List"} x\0',
                b'{"method":"org.keycask.Tokens.List","parameters":[]}\0',
                b'{"method":"org.keycask.Tokens.List","parameters":"{}"}\0',
                b'{"method":"org.keycask.Tokens.List","more":1}\0',
                b'{"method":"org.keycask.Tokens.List",}\0',
                b"{'method':'org.keycask.Tokens.List'}\0",
                b'{"method":"org.keycask.Tokens.List","parameters":{"a":NaN}}\0',
                b'{"method":"org.keycask.Tokens.\xff\xfe"}\0',
                b'{"method":"\xc0\xafx.y"}\0', b'{"method":"\xed\xa0\x80.x"}\0',
                b'{"method":"a.b\x01"}\0', b"\xef\xbb\xbf{}\0", b"\xff" * 100 + b"\0"):
            scene.check_closes(data)


@test
def random_bytes_close_the_peer():
    with Scene() as scene:
        for seed in range(20):
            state = seed + 1
            data = bytearray()
            while len(data) < 5000:
                state = state * 6364136223846793005 + 1442695040888963407 & 2 ** 64 - 1
                data += struct.pack("<I", state >> 32)
            scene.check_closes(bytes(data) + b"\0", what=f"seed {seed}")


@test
def what_is_too_large_closes_the_peer():
    with Scene() as scene:
        fill = MESSAGE_MAX - len(call(x="")) + 1
        with scene.daemon.connect() as peer:
            peer.send_raw(call(x="a" * fill))  # as long as may be: answered, whatever it says
            check(peer.receive_raw() is not None, "closed by the longest message")
        scene.check_closes(call(x="a" * (fill + 1)), what="1 MiB + 1")
        scene.check_closes(b"a" * (MESSAGE_MAX + 1), what="1 MiB + 1 without an end")
        scene.check_closes(b"a" * (4 * MESSAGE_MAX), what="4 MiB without an end")
        scene.check_closes(b'{"method":' + b"[" * 100000 + b"\0", what="100000 deep")
        nested = {}
        for _ in range(DEPTH_MAX):
            nested = {"a": nested}
        scene.check_closes(call(x=nested), what=f"{DEPTH_MAX} deeper than an object")
        scene.check_closes(call(x=[0] * VALUES_MAX), what="too many values")
        scene.check_closes(call(**{f"k{i}": i for i in range(VALUES_MAX)}), what="too many keys")


@test
def wrong_calls_are_answered_not_closed():
    with Scene() as scene, scene.daemon.connect() as peer:
        for method, parameters, expected in (
                ("org.keycask.Tokens.Explode", {}, "org.varlink.service.MethodNotFound"),
                ("org.keycask.Nothing.List", {}, "org.varlink.service.InterfaceNotFound"),
                ("org.keycask.Tokens.Info", {}, "org.varlink.service.InvalidParameter"),
                ("org.keycask.Tokens.Info", {"token_id": 7},
                 "org.varlink.service.InvalidParameter"),
                ("org.keycask.Tokens.Info", {"token_id": "x", "y": 1},
                 "org.varlink.service.InvalidParameter"),
                ("org.keycask.Tokens.Info", {"token_id": "x" * 100000}, "item_not_found"),
                ("org.keycask.Tokens.Watch", {}, "org.varlink.service.ExpectedMore"),
                ("org.keycask.Keys.Sign", {"key": "AAAA", "algorithm": "x", "data": "AAAA"}, None),
                ("org.keycask.Keys.Sign", {"key": "?", "algorithm": "x", "data": "?"}, None),
                ("org.keycask.Items.CopyMatching", {"query": {"class": "key", "x": "y"}},
                 "no_such_attr")):
            check_raises(expected or VarlinkError, peer.call, method, parameters)
        check_equal(len(peer.call("Tokens.List")["tokens"]), 1, "tokens")


@test
def half_messages_and_single_bytes_hinder_nobody():
    with Scene() as scene:
        halves = [scene.daemon.connect() for _ in range(20)]
        text = call()
        for number, peer in enumerate(halves):
            peer.send_raw(text[:number + 1])
        scene.bystander.await_answer()
        with scene.daemon.connect() as peer:
            for byte in text:
                peer.send_raw(bytes([byte]))
            check_equal(len(peer.receive()[0]["tokens"]), 1, "tokens")
        for number, peer in enumerate(halves):
            peer.send_raw(text[number + 1:])
            check_equal(len(peer.receive()[0]["tokens"]), 1, "tokens")
            peer.close()


# --- descriptors -------------------------------------------------------------------------------


@test
def descriptors_nobody_asked_for_go():
    with Scene() as scene:
        reader, writer = os.pipe()
        scene.check_closes(call(), [reader] * (DESCRIPTORS_MAX + 1), "too many descriptors")
        scene.check_closes(call(), [reader] * 200, "far too many descriptors")
        with scene.daemon.connect() as peer:
            for _ in range(3):  # within the limit, and never used
                peer.send("Tokens.List", descriptors=[reader, reader])
                check_equal(len(peer.receive()[0]["tokens"]), 1, "tokens")
        with scene.daemon.connect() as peer:  # a descriptor in place of a PIN: blocks nobody
            wanted = {**scene.key.parameters(b"data"), "pin_fd": 0}
            for descriptor in (reader, writer):
                peer.send("Keys.Sign", wanted, descriptors=[descriptor])
                check_raises("param", peer.receive)
            check_raises("param", peer.call, "Keys.Sign", wanted)
        os.close(writer)
        os.close(reader)


# --- who does not read -------------------------------------------------------------------------


def send_until_closed(peer, data, most):
    """As much as goes without reading, until the daemon has had enough: how much that was."""
    sent = 0
    try:
        while sent < most:
            sent += peer.socket.send(data)
    except (BrokenPipeError, ConnectionResetError):
        return sent
    except TimeoutError:
        raise Failure(f"a peer that does not read is kept, {sent} bytes of calls unread") from None
    raise Failure("takes calls for ever")


@test
def thousands_of_calls_at_once_are_answered_in_order():
    n = 5000
    with Scene() as scene, scene.daemon.connect() as peer:
        text = b"".join(call(f"org.keycask.X{i}.Y") for i in range(n))
        sender = threading.Thread(target=peer.send_raw, args=[text], daemon=True)
        sender.start()
        for i in range(n):
            error = check_raises("org.varlink.service.InterfaceNotFound", peer.receive)
            check_equal(error.parameters["interface"], f"org.keycask.X{i}", f"answer {i}")
            if i % 1000 == 0:
                scene.bystander.await_answer()
        sender.join()


@test
def a_peer_that_never_reads_hinders_nobody():
    wanted = call("org.keycask.Items.CopyMatching", query={
        "class": "identity", "match_limit": "all", "return_attributes": True, "return_data": True,
        "return_persistent_ref": True})
    with Scene() as scene:
        before = private_dirty_kb(scene.daemon.pid)
        peers = [scene.daemon.connect() for _ in range(3)]
        for peer in peers:
            sent = send_until_closed(peer, wanted * 100, 40 * OUTPUT_MAX)
            diagnose(f"took {sent} bytes of calls unread")
            check(peer.is_closed(), "half of the connection is kept")
            scene.bystander.await_answer()
        growth = private_dirty_kb(scene.daemon.pid) - before
        diagnose(f"{growth} kB more memory")
        if not is_sanitized():
            check(growth < 3 * (OUTPUT_MAX + 4 * MESSAGE_MAX) // 1024, "no limit to its memory")
        for peer in peers:
            peer.close()
        scene.bystander.await_answer()


@test
def a_watcher_that_never_reads_hinders_nobody():
    with Scene() as scene, Watcher(scene.daemon) as reader:
        deaf = [scene.daemon.connect() for _ in range(5)]
        for peer in deaf:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            peer.send("Tokens.Watch", more=True)
        reader.expect("inserted")
        with Card(PROFILE) as other:
            for _ in range(10):
                other.insert(scene.daemon)
                reader.expect("inserted")
                other.pull()
                reader.expect("removed")
                eventually(lambda: len(scene.daemon.call("Slots.List")["slots"]) == 1, "it goes")
        reader.check_quiet()
        for peer in deaf:
            peer.close()


# --- hundreds ----------------------------------------------------------------------------------


@test
def more_connections_than_allowed_are_closed():
    with Scene() as scene:
        peers = [scene.daemon.connect() for _ in range(300)]
        answers = []
        for peer in peers:
            try:
                peer.send("Tokens.List")
                answers.append(peer.receive_raw() is not None)
            except (BrokenPipeError, ConnectionResetError):
                answers.append(False)
        check_equal(sum(answers), PEERS_MAX - 1, "peers that are answered, beside the bystander")
        check_equal(answers, sorted(answers, reverse=True), "who came first was answered")
        scene.bystander.await_answer()
        for peer in peers[:10]:
            peer.close()
        eventually(lambda: is_answered(scene.daemon), "room for a new one")
        for peer in peers[10:]:
            peer.close()
        eventually(lambda: is_answered(scene.daemon), "room for a new one")


def is_answered(daemon):
    with daemon.connect() as peer:
        try:
            peer.send("Tokens.List")
            return peer.receive_raw() is not None
        except (BrokenPipeError, ConnectionResetError):
            return False


@test
def cards_beyond_the_last_slot_are_turned_away():
    """Whoever connects where cards do and says nothing."""
    with Scene() as scene:
        strangers = []
        for _ in range(20):
            stranger = Varlink(scene.daemon.slot_socket)
            strangers.append(stranger)
        eventually(lambda: len(scene.daemon.call("Slots.List")["slots"]) == 16, "16 slots")
        for stranger in strangers[15:]:
            check(stranger.is_closed(), "a card without a slot stays connected")
        scene.bystander.await_answer()
        for stranger in strangers:
            stranger.close()
        eventually(lambda: len(scene.daemon.call("Slots.List")["slots"]) == 1, "they go")


@test
def a_card_that_talks_nonsense_hinders_nobody():
    with Scene() as scene:
        for data in (b"\0\0", b"\xff" * 70000, b"\0\x02\x3b\0" * 10, b"\0\x03\x3b\0",
                     b"\0\x02\x3b\0" + b"\0\x01\x90", b"{}\0"):
            with Varlink(scene.daemon.slot_socket) as stranger:
                try:
                    stranger.send_raw(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                scene.bystander.await_answer()
        eventually(lambda: len(scene.daemon.call("Slots.List")["slots"]) == 1, "they go")


# --- other users -------------------------------------------------------------------------------


def as_nobody(function):
    """Run function in a process of another user: its value, which must be a short text."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writer, function().encode())
        except BaseException as error:  # pylint: disable=broad-except
            os.write(writer, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    said = os.read(reader, 4096).decode()
    os.close(reader)
    os.waitpid(child, 0)
    return said


def open_up(path):
    """To everybody, up to the temporary folder: files' modes protect nothing any more."""
    path.chmod(0o777)
    for folder in path.parents:
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(0o755)


@test
def other_users_are_refused_by_the_kernels_word():
    skip_unless(os.geteuid() == 0, "only root can become another user")
    with Scene() as scene:
        path = scene.daemon.socket
        check("Permission" in as_nobody(lambda: try_call(path)), "files' modes let others in")
        open_up(path)
        open_up(scene.daemon.slot_socket)
        said = as_nobody(lambda: try_call(path))
        check_equal(said, "closed", "what another user was told")
        said = as_nobody(lambda: try_card(scene.daemon.slot_socket))
        check_equal(said, "closed", "what another user's card was told")
        check_equal(len(scene.daemon.call("Slots.List")["slots"]), 1, "slots")
        path.parent.chmod(0o700)
        scene.bystander.await_answer()


def try_call(path):
    with Varlink(path) as peer:
        try:
            peer.send("Tokens.List")
            text = peer.receive_raw()
        except (BrokenPipeError, ConnectionResetError):
            text = None
        return "closed" if text is None else text.decode()


def try_card(path):
    with Varlink(path) as peer:
        data = peer.socket.recv(100)
        return "closed" if data == b"" else repr(data)


main()
