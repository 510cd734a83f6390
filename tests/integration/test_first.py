#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The first command: a card is in, no daemon runs. It starts the daemon and gets what the card has;
while a card is being read nobody is told to put one in."""
import os
import signal
import socket

from keycask_test import (PIN, Card, Daemon, check, check_equal, eventually, main, program, run,
                          scratch, test)
from lifecycle import configure
from piv_tools import READER, SOCKET_FOLDER, Pcscd

NAME = f"{READER} 00 00"
PROFILE = "piv:9a=rsa2048,9c=p256"
READING = f"the card in {NAME} is being read"


class Login:
    """A card in pcscd's reader, and a user whose daemon nobody has started yet."""

    def __init__(self, command_ms, **settings):
        self.pcscd = Pcscd()
        self.card = Card(PROFILE)
        self.command_ms = command_ms
        self.daemon = configure(Daemon(), providers=["pcsc"], **settings)

    def __enter__(self):
        self.pcscd.__enter__()
        self.pcscd.put(self.card, f"slow@*:{self.command_ms}")
        eventually(self.pcscd.has_card, "pcscd notices the card")
        return self

    def __exit__(self, *failure):
        try:
            if (self.daemon.socket.parent / "keycaskd.lock").exists():
                self.stop()
        finally:
            self.card.__exit__(*failure)
            self.pcscd.__exit__(*failure)
        if failure[0] is None:
            self.daemon.check_log()

    def stop(self):
        pid = self.pid()
        self.daemon.call("Admin.Stop")
        self.await_end(pid)

    def pid(self):
        return self.daemon.call("Admin.Status")["pid"]

    @staticmethod
    def await_end(pid):
        """The runner is the parent of the parentless."""
        _, status = os.waitpid(pid, 0)
        check_equal(os.waitstatus_to_exitcode(status), 0, "exit status")

    def say(self, *arguments, status=0):
        """keycask … as a person sees it: what it says on both of its outputs."""
        out, errors = run(program("keycask"), *arguments, env=self.daemon.env, status=status)
        return (out + errors).decode()


def labels(items):
    return sorted(item["label"] for item in items if item["class"] == "identity")


@test
def the_first_command_lists_the_card():
    for command_ms in (0, 20):
        with Login(command_ms) as login:
            first = labels(login.daemon.cli("list"))
            check_equal(len(first), 2, f"identities that the first command found: {first}")
            check_equal(labels(login.daemon.cli("list")), first, "the second command's")


@test
def the_first_command_signs():
    with Login(20, card_cache=False) as login:
        keys = [item for item in login.daemon.cli("list") if item["class"] == "identity"]
        login.stop()
        signature = scratch() / "signature"
        reader, writer = os.pipe()
        os.write(writer, PIN.encode())
        os.close(writer)
        run(program("keycask"), "sign", "--key", keys[0]["label"], "--pin-fd", reader, "--out",
            signature, "/dev/null", env=login.daemon.env, pass_fds=[reader])
        os.close(reader)
        check(signature.stat().st_size > 0, "no signature")


@test
def the_first_command_names_tokens_and_pins():
    with Login(20) as login:
        check_equal(len(login.daemon.cli("tokens")), 1, "tokens")
    with Login(20) as login:
        check_equal(login.daemon.cli("pin", "status")["tries_left"], 3, "tries left")


@test
def a_card_slower_than_the_start_is_waited_for():
    with Login(80) as login:
        check_equal(len(labels(login.daemon.cli("list"))), 2, "identities")


@test
def a_card_that_takes_too_long_is_being_read():
    with Login(3000) as login:
        said = login.say("list")
        check(f"The card in {NAME} is being read; repeat in a moment" in said, f"list: {said}")
        for command in (["sign", "--key", "mine", "/dev/null"], ["pin", "status"]):
            said = login.say(*command, status=1)
            check(READING in said and "insert" not in said.lower(), f"{command[0]}: {said}")
        said = login.say("doctor", status=None)
        check(READING in said and "unknown card" not in said, f"doctor: {said}")


@test
def stopping_while_a_card_is_read_is_quiet():
    with Login(3000) as login:
        login.say("slots")
        pid = login.pid()
        os.kill(pid, signal.SIGTERM)
        login.await_end(pid)
        log = (login.daemon.directory / "state" / "keycaskd.log").read_text()
        check("no event source" not in log, f"log: {log}")
        (login.daemon.socket.parent / "keycaskd.lock").unlink()


@test
def systemd_hears_when_the_cards_have_been_read():
    with Login(20) as login, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        path = scratch() / "notify"
        supervisor.bind(str(path))
        supervisor.settimeout(60)
        with Daemon(providers="pcsc", NOTIFY_SOCKET=str(path)) as daemon:
            check("READY=1" in supervisor.recv(1024).decode(), "not ready")
            check_equal([token["state"] for token in daemon.call("Tokens.List")["tokens"]],
                        ["present"], "tokens")
        del login


@test
def doctor_first_and_pcscd_absent():
    with Pcscd() as pcscd:
        pcscd.kill()
        (SOCKET_FOLDER / "pcscd.comm").unlink()
        daemon = configure(Daemon(), providers=["embedded", "pcsc"])
        first = daemon.cli("doctor", status=1)
        what = [finding["what"] for finding in first if finding["topic"] == "readers"]
        check("keycaskd sees no readers" in what, f"readers: {what}")
        check("pcscd has no reader" not in what, f"readers: {what}")
        check_equal([finding for finding in daemon.cli("doctor", status=1)
                     if finding["topic"] == "readers"],
                    [finding for finding in first if finding["topic"] == "readers"], "the second's")
        pid = daemon.call("Admin.Status")["pid"]
        daemon.call("Admin.Stop")
        Login.await_end(pid)


@test
def a_card_that_nobody_knows_is_read_too():
    with Daemon() as daemon, Card(PROFILE) as card:
        card.insert(daemon, *(f"sw@{number}:6A82" for number in range(1, 8)))
        slot = eventually(lambda: [slot for slot in daemon.call("Slots.List")["slots"]
                                   if slot["state"] == "valid" and not slot.get("is_being_read")],
                          "it has been read")[0]
        check_equal(slot["token_ids"], [], "its tokens")
        out, _ = run(program("keycask"), "list", env=daemon.env)
        check(b"No token is present. Insert a card" in out, f"list: {out!r}")


@test
def whoever_watches_slots_hears_the_end_of_reading():
    with Daemon() as daemon, daemon.connect() as connection, Card(PROFILE) as card:
        stream = connection.stream("Slots.Watch")
        check_equal(next(stream)["slot"]["state"], "empty", "the slot before")
        card.insert(daemon)
        seen = []
        while not seen or seen[-1]["token_ids"] == []:
            seen.append(next(stream)["slot"])
        states = [slot.get("is_being_read", False) for slot in seen]
        check_equal(states[-1], False, f"the end of {states}")
        check(True in states, f"it is told of while it is being read: {states}")


if __name__ == "__main__":
    main()
