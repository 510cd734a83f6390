# SPDX-License-Identifier: LGPL-2.1-or-later
"""The card is pulled at every single APDU of an insertion, a PIN, a signature and a decryption: a
clear status each time, never a hang or a wrong answer, and never a try that nobody has spent."""
import base64
import json
import threading

from keycask_test import (PIN, SOAK, Card, Daemon, VarlinkError, check, check_equal, diagnose,
                          eventually, main, test)
from lifecycle import (Footprint, Key, Watcher, configure, decryption_key, encrypted_for,
                       is_sanitized, query)
from piv_tools import READER, Pcscd

PROFILE = "piv:9a=p256,9d=rsa2048,9e=p256"
WRONG = "654321"
SECRET = b"a secret"
VERIFY = "0020008008"
TRIES = 3
STUCK_MS = 20000  # an answer that does not come before the card is out


class Right:
    """A client that gives its PIN, signs and decrypts with it, signs without, and has a judge.
    What it is told: [(operation, None or the name of the error)]."""

    def __init__(self, bench):
        self.bench = bench
        self.told = []

    def attempt(self, name, operation, *arguments):
        try:
            result = operation(*arguments)
        except VarlinkError as error:
            self.told.append((name, error.name))
            self.bench.check_clear(error)
            return None
        self.told.append((name, None))
        return result

    def run(self, connection):
        bench = self.bench
        self.attempt("pin", connection.call, "Tokens.VerifyPin",
                     {"token_id": bench.token_id, "pin": PIN})
        parameters = bench.guarded.parameters(b"data")
        del parameters["pin"]
        answer = self.attempt("sign", connection.call, "Keys.Sign", parameters)
        if answer is not None:
            check(bench.guarded.is_signature(answer["signature"]), "a wrong signature")
            check(self.told[-2:] == [("pin", None), ("sign", None)], "signed without a PIN")
        answer = self.attempt("decrypt", connection.call, "Keys.Decrypt", bench.decryption)
        check(answer is None or base64.b64decode(answer["plaintext"]) == SECRET,
              "a wrong plaintext")
        signature = self.attempt("sign freely", bench.free.sign, connection)
        check(signature is None or bench.free.is_signature(signature), "a wrong signature")

    def may_be_told(self):
        return {"pin": {None, "item_not_found"}, "sign freely": {None, "item_not_found"},
                # the PIN did not get through, and the reader has not noticed yet that the card is
                # out: pcscd looks every 400 ms
                "sign": {None, "item_not_found", "interaction_not_allowed"},
                "decrypt": {None, "item_not_found", "interaction_not_allowed"}}


class Wrong(Right):
    """A client that has a wrong PIN."""

    def run(self, connection):
        self.attempt("wrong pin", connection.call, "Tokens.VerifyPin",
                     {"token_id": self.bench.token_id, "pin": WRONG})

    def may_be_told(self):
        return {"wrong pin": {"auth_failed", "item_not_found"}}


class Puller(threading.Thread):
    """Takes the card out when APDU at is with it, and leaves that unanswered."""

    def __init__(self, card, at):
        super().__init__(daemon=True)
        self.card, self.at = card, at
        self.is_over = False
        self.start()

    def run(self):
        eventually(lambda: self.is_over or len(self.card.commands()) >= self.at, "the APDU")
        self.card.process.kill()

    def end(self):
        self.is_over = True
        self.join()


class Bench:
    """A daemon that knows the card, which is out, and what a sound life of it takes."""

    def __init__(self, pcscd=None, **settings):
        self.pcscd = pcscd
        self.daemon = configure(Daemon(providers="pcsc" if pcscd else "embedded"), **settings)
        self.card = Card(PROFILE)
        self.name = f"{READER} 00 00" if pcscd else "Embedded Slot 00"

    def __enter__(self):
        self.daemon.start()
        self.watcher = Watcher(self.daemon)
        self.put()
        self.token_id = self.watcher.expect("inserted")["token_id"]
        with self.daemon.connect() as connection:
            self.free, self.guarded = Key(connection), Key(connection, "pin")
            reference, certificate = decryption_key(connection)
            self.decryption = encrypted_for(reference, certificate, SECRET)
            self.truth = len(query(connection, **{"class": "certificate"}))
        self.take_out()
        self.footprint = Footprint(self.daemon)
        return self

    def __exit__(self, kind, *details):
        if kind is not None:
            diagnose("\n".join(self.card.contacts.read_text().splitlines()[-10:]))
        self.watcher.connection.close()
        self.card.__exit__(kind, *details)
        self.daemon.__exit__(kind, *details)

    def put(self, *faults):
        if self.card.contacts.exists():
            self.card.contacts.unlink()
        if self.pcscd:
            self.pcscd.put(self.card, *faults)
        else:
            self.card.insert(self.daemon, *faults)

    def take_out(self):
        """It may be out already. Its events, if there were any, came in pairs."""
        self.card.pull()
        eventually(lambda: not self.daemon.call("Tokens.List")["tokens"] and self.is_empty(),
                   "the card is gone")
        while not self.watcher.connection.is_quiet(0):
            if self.watcher.next()["event"] == "inserted":
                self.watcher.expect("removed", self.token_id)
        check_equal(query(self.daemon, **{"class": "certificate"}), [], "items without a card")

    def is_empty(self):
        return [slot["state"] for slot in self.daemon.call("Slots.List")["slots"]
                if slot["name"] == self.name] == ["empty"]

    def check_clear(self, error):
        """A person knows what happened, and to which token."""
        if error.name == "auth_failed":
            return
        check(error.record.get("message") and error.record.get("hint"), f"record: {error.record}")
        check_equal(error.record.get("token_id"), self.token_id, "token of the record")

    def has_left(self):
        return self.card.process.poll() is not None

    def live(self, client, *faults):
        """From insertion to the end of the client; what came of it."""
        self.put(*faults)
        eventually(lambda: self.has_left() or self.daemon.call("Tokens.List")["tokens"],
                   "the card is there, or out again")
        n = len(query(self.daemon, **{"class": "certificate"}))
        check(n in (0, self.truth), f"{n} of {self.truth} certificates")
        with self.daemon.connect() as connection:
            client.run(connection)
        may = client.may_be_told()
        for operation, told in client.told:
            check(told in may[operation], f"{faults}: {operation} ended as {told}")

    def card_tries(self):
        return json.loads(self.card.file.read_text())["pin"]["tries_left"]

    def give_tries(self):
        state = json.loads(self.card.file.read_text())
        state["pin"]["tries_left"] = TRIES
        self.card.file.write_text(json.dumps(state))

    def n_spent(self, client):
        """Wrong PINs that reached the card."""
        return sum(command.startswith(VERIFY) for command in self.card.commands()) \
            if isinstance(client, Wrong) else 0

    def pull_at(self, at, kind, is_answered):
        client = kind(self)
        if is_answered:
            self.live(client, f"remove@{at}")
        else:
            self.put_and_rip(client, at)
        eventually(self.has_left, "the card is out")
        n_spent = self.n_spent(client)
        check(n_spent <= 1, f"{n_spent} wrong PINs reached the card")
        may_be = {TRIES - n_spent} if is_answered else {TRIES - n_spent, TRIES}
        check(self.card_tries() in may_be, f"{self.card_tries()} tries after a pull at {at}")
        self.take_out()
        self.give_tries()
        return client

    def put_and_rip(self, client, at):
        """The puller begins with the card: its process is there as soon as it is put in."""
        faults = [f"slow@{at}:{STUCK_MS}"]
        self.put(*faults)
        puller = Puller(self.card, at)
        try:
            eventually(lambda: self.has_left() or self.daemon.call("Tokens.List")["tokens"],
                       "the card is there, or out again")
            with self.daemon.connect() as connection:
                client.run(connection)
        finally:
            puller.end()
        may = client.may_be_told()
        for operation, told in client.told:
            check(told in may[operation], f"{faults}: {operation} ended as {told}")

    def count(self, kind):
        """The APDUs of a whole life of which nothing is pulled."""
        client = kind(self)
        self.live(client)
        check_equal([told for _, told in client.told if told not in (None, "auth_failed")], [],
                    "what failed in a sound life")
        n = len(self.card.commands())
        self.take_out()
        self.give_tries()
        return n


def pulled_at_each_apdu(bench, kind, is_answered, step=1):
    n = bench.count(kind)
    outcomes = {}
    for at in range(1, n + 1, step):
        for told in bench.pull_at(at, kind, is_answered).told:
            outcomes[told] = outcomes.get(told, 0) + 1
    diagnose(f"{n} APDUs: {outcomes}")
    bench.put()
    bench.watcher.expect("inserted", bench.token_id)
    bench.free.check_signs(bench.daemon)
    bench.guarded.check_signs(bench.daemon)
    bench.take_out()
    bench.footprint.check_same()


@test
def after_each_answer_on_a_card_that_nobody_knows():
    with Bench(card_cache=False) as bench:
        pulled_at_each_apdu(bench, Right, True)


@test
def before_each_answer_on_a_card_that_nobody_knows():
    with Bench(card_cache=False) as bench:
        pulled_at_each_apdu(bench, Right, False)


@test
def after_each_answer_on_a_card_that_comes_back():
    with Bench() as bench:
        pulled_at_each_apdu(bench, Right, True)


@test
def before_each_answer_on_a_card_that_comes_back():
    with Bench() as bench:
        pulled_at_each_apdu(bench, Right, False)


@test
def with_a_wrong_pin():
    with Bench() as bench:
        pulled_at_each_apdu(bench, Wrong, True)
        pulled_at_each_apdu(bench, Wrong, False)


@test
def out_of_a_reader_of_pcscd():
    step = 1 if SOAK or not is_sanitized() else 3
    with Pcscd() as pcscd, Bench(pcscd) as bench:
        pulled_at_each_apdu(bench, Right, True, step)
    with Pcscd() as pcscd, Bench(pcscd) as bench:
        pulled_at_each_apdu(bench, Right, False, 2 * step)


main()
