# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another PC/SC program selects other applications, asks for the PIN and resets the card between
any two of our transactions, while clients list, sign and decrypt: none of them notices, and it
never finds our PIN verified."""
import contextlib
import itertools
import threading
import time

from keycask_test import (PIN, SOAK, Card, Daemon, check, check_equal, diagnose, eventually, main,
                          test)
from lifecycle import (Asker, Decrypter, Key, Lister, Signer, Watcher, configure, decryption_key,
                       is_sanitized, query)
from pcsc_client import LEAVE, RESET, RESET_CARD, Scard, ScardError, connect_when_free
from piv_tools import READER, Pcscd

# Selecting the one application deselects the other.
PROFILE = "piv:9a=p256,9d=rsa2048,9e=p256/openpgp:sig=p256,dec=rsa2048,aut=p256"
NAME = f"{READER} 00 00"
SELECT_PIV = "00A4040009A00000030800001000"
SELECT_OPENPGP = "00A4040006D27600012401"
SELECT_NOTHING = "00A4040005F000000001"
PIN_STATE = "00200080"
SECONDS = 120 if SOAK else 4 if is_sanitized() else 12
# What it does in its transactions, in turn: commands, and how each ends.
DEEDS = (((SELECT_OPENPGP,), LEAVE), ((SELECT_PIV, PIN_STATE), LEAVE), ((SELECT_NOTHING,), LEAVE),
         ((SELECT_PIV, PIN_STATE, SELECT_OPENPGP), RESET),
         ((SELECT_OPENPGP, SELECT_NOTHING), LEAVE))


class Rogue(threading.Thread):
    """The other program."""

    def __init__(self):
        super().__init__(daemon=True)
        self.is_over = False
        self.pin_states = []
        self.n_turns = 0
        self.trouble = None

    def __enter__(self):
        self.start()
        eventually(lambda: self.trouble or self.n_turns, "the rogue has its turn")
        return self

    def __exit__(self, kind, *_):
        self.is_over = True
        self.join()
        if kind is None:
            check(self.trouble is None, f"the rogue: {self.trouble}")

    def run(self):
        try:
            with Scard() as scard, connect_when_free(scard, NAME) as card:
                for commands, disposition in itertools.cycle(DEEDS):
                    if self.is_over:
                        return
                    self.do(card, commands, disposition)
                    time.sleep(0.001)  # pcscd has no queue: who never pauses starves others
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = error

    def do(self, card, commands, disposition):
        card.begin()
        try:
            for command in commands:
                answer = card.transmit(command)
                if command == PIN_STATE:
                    self.pin_states.append(answer)
            self.n_turns += 1
        except ScardError as error:
            if error.number != RESET_CARD:
                raise
        finally:
            with contextlib.suppress(ScardError):
                card.end(disposition)


class SessionSigner(Signer):
    """Gives its PIN once and signs from then on: that others reset the card is not its business."""

    def __init__(self, daemon, key, token_id):
        super().__init__(daemon, key)
        self.connection.call("Tokens.VerifyPin", {"token_id": token_id, "pin": PIN})

    def step(self):
        data = f"message {len(self.signatures)}".encode()
        parameters = {**self.key.parameters(data)}
        parameters.pop("pin", None)
        self.signatures.append((data, self.connection.call("Keys.Sign", parameters)["signature"]))


def piv_token(daemon):
    return next((token["token_id"] for token in daemon.call("Tokens.List")["tokens"]
                 if token["driver"] == "org.keycask.piv" and token["state"] == "present"), None)


@contextlib.contextmanager
def bench(lease_ms):
    """A daemon behind a pcscd, its card, and the clients of it, not started."""
    with Pcscd() as pcscd, Card(PROFILE) as card, \
            configure(Daemon(providers="pcsc"), lease_ms=lease_ms) as daemon, \
            Watcher(daemon) as watcher:
        pcscd.put(card)
        token_id = eventually(lambda: piv_token(daemon), "the PIV token")
        with daemon.connect() as connection:
            free = Key(connection, token_id=token_id)
            guarded = Key(connection, "pin", token_id=token_id)
            reference, certificate = decryption_key(connection, token_id=token_id)
            n_items = len(query(connection, **{"class": "certificate"}))
        yield (Lister(daemon, n_items), Signer(daemon, free), Signer(daemon, guarded),
               SessionSigner(daemon, guarded, token_id),
               Decrypter(daemon, reference, certificate), Asker(daemon, token_id))
        while not watcher.connection.is_quiet():  # of both applications
            watcher.expect("inserted")


def judge(signers):
    for signer in signers:
        signer.check_all(20)
        check_equal(signer.n_lost, 0, "signatures that failed")


def check_unverified(rogue):
    check_equal(set(rogue.pin_states), {"63C3"}, "what the other program found of our PIN")


def all_at_once(lease_ms):
    with bench(lease_ms) as clients:
        lister, first, second, third, decrypter, asker = clients
        with contextlib.ExitStack() as stack:
            rogue = stack.enter_context(Rogue())
            for client in clients:
                stack.enter_context(client)
            end = time.monotonic() + SECONDS
            eventually(lambda: time.monotonic() > end or
                       any(worker.trouble for worker in (*clients, rogue)), "the time is over",
                       SECONDS + 20)
        judge((first, second, third))
        counts = {"rogue": rogue.n_turns, "free": len(first.signatures),
                  "with PIN": len(second.signatures), "in a session": len(third.signatures),
                  "decrypted": decrypter.n, "asked": asker.n, "listed": lister.n_full}
        diagnose(counts)
        check(min(counts.values()) > 0, f"somebody never had a turn: {counts}")
        check_unverified(rogue)


@test(seconds=150)
def while_all_kinds_of_clients_are_at_it():
    all_at_once(lease_ms=0)


@test(seconds=150)
def while_all_kinds_of_clients_are_at_it_with_leases():
    all_at_once(lease_ms=50)


@test
def others_have_their_turn_however_busy_we_are():
    """Three clients that leave no pause, in a transaction that lasts as long as somebody wants it."""
    with bench(lease_ms=3000) as clients, Rogue() as rogue:
        first, second, third = clients[1:4]
        with first, second, third:
            eventually(lambda: len(first.signatures) > 50, "the clients are at it")
            before = rogue.n_turns
            eventually(lambda: rogue.trouble or rogue.n_turns >= before + 3, "turns of the rogue",
                       patience=40)
        judge(clients[1:4])
        for client in clients:
            client.connection.close()
        check_unverified(rogue)


@test
def after_each_single_operation():
    """Every deed of the rogue after every kind of operation."""
    with bench(lease_ms=0) as clients, Rogue() as rogue:
        for _ in range((6 if SOAK else 2) * len(DEEDS)):
            for client in clients:
                client.step()
                before = rogue.n_turns
                eventually(lambda n=before: rogue.trouble or rogue.n_turns > n, "the rogue's turn")
        judge(clients[1:4])
        for client in clients:
            client.connection.close()
        check_unverified(rogue)


main()
