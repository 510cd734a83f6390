# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random lives of clients, cards and PINs against a small model: nobody signs without a PIN that
reached the card for them, and the tries left are as the model says. What reached a card is told by
the card itself, in its transcript.

Each sequence has a seed, which is printed; KEYCASK_SEED=n runs that one alone."""
import json
import os
import random
import re

from keycask_test import (PIN, SOAK, Card, Daemon, VarlinkError, check, check_equal, diagnose,
                          eventually, main, test)
from lifecycle import (Key, Watcher, child_named, configure, decryption_key, encrypted_for,
                       is_sanitized, kill)

PROFILE = "piv:9a=p256,9c=p256,9d=rsa2048,9e=p256"
SLOTS = {"pin": "9A", "pin_always": "9C", "none": "9E"}
TRIES = 3
PUK = "12345678"
OTHER_PIN = "271828"
WRONG = "654321"
MALFORMED = ("12", "123456789", "")
N_CLIENTS = 4
N_CARDS = 2
LEASES_MS = (0, 30, 3000)
N_STEPS = 1000 if SOAK else 100 if is_sanitized() else 250
SEEDS = range(1, 41) if SOAK else range(1, 5)

LOST, ASKED, BLOCKED = "item_not_found", "interaction_not_allowed", "pin_blocked"
WITH_PIN = re.compile(r"> 0020008008|> 0024008010")  # VERIFY, CHANGE REFERENCE DATA with data
USE = re.compile(r"> [01]087..(..)")  # GENERAL AUTHENTICATE with that key


def outcome(call, *arguments):
    """None, or the name of the failure."""
    try:
        return None, call(*arguments)
    except VarlinkError as error:
        return error.name, None


class Place:
    """A card, in its slot or not, and what the model says of it."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.card = Card(PROFILE)
        self.is_in = False
        self.pin = PIN
        self.tries = TRIES
        self.puk_tries = TRIES
        self.n_seen = 0

    def learn(self, watcher):
        """Once, at the beginning: which token it is, and its keys."""
        self.card.insert(self.daemon)
        self.token_id = watcher.expect("inserted")["token_id"]
        self.is_in = True
        with self.daemon.connect() as connection:
            self.keys = {constraint: Key(connection, constraint, token_id=self.token_id)
                         for constraint in SLOTS}
            self.decryption = encrypted_for(
                *decryption_key(connection, token_id=self.token_id), b"a secret")

    def news(self):
        """What has gone over its contacts since the last time."""
        lines = self.card.contacts.read_text().splitlines()
        new, self.n_seen = lines[self.n_seen:], len(lines)
        return new

    def tries_on_card(self):
        return json.loads(self.card.file.read_text())["pin"]["tries_left"]


def judge_pins(lines):
    """(right, wrong, tries left or None): the PINs that reached the card, and what it said last."""
    right = wrong = 0
    tries = None
    for line, answer in zip(lines, lines[1:]):
        if not WITH_PIN.match(line) or not answer.startswith("< "):
            continue
        if answer == "< 9000":
            right, tries = right + 1, TRIES
        elif answer.startswith("< 63C"):
            wrong, tries = wrong + 1, int(answer[-1], 16)
        elif answer == "< 6983":
            tries = 0
    return right, wrong, tries


class World:
    """The daemon, two cards, four clients, and the model of who may do what."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.daemon = configure(Daemon(), lease_ms=self.random.choice(LEASES_MS))
        self.steps = []
        self.auth = set()  # (client, card): its PIN has reached the card, and has not been dropped

    def __enter__(self):
        self.daemon.start()
        self.watcher = Watcher(self.daemon)
        self.cards = [Place(self.daemon) for _ in range(N_CARDS)]
        for place in self.cards:
            place.learn(self.watcher)
            place.news()
        self.clients = [self.daemon.connect() for _ in range(N_CLIENTS)]
        return self

    def __exit__(self, kind, *details):
        if kind is not None:
            diagnose("the last steps: " + "; ".join(self.steps[-12:]))
        for connection in (*self.clients, self.watcher.connection):
            connection.close()
        for place in self.cards:
            place.card.__exit__(kind, *details)
        self.daemon.__exit__(kind, *details)

    # --- the model -----------------------------------------------------------------------------

    def is_auth(self, client, place):
        return (client, place) in self.auth

    def set_auth(self, client, place, is_auth):
        (self.auth.add if is_auth else self.auth.discard)((client, place))

    def drop(self, place=None, client=None):
        """Sessions of a card, or of a client, or all of them, are over."""
        self.auth = {(c, p) for c, p in self.auth
                     if (place is not None and p is not place) or
                     (client is not None and c != client)}

    def prove(self, client, place, pin, last_try):
        """What proving a PIN must come to, and what it does: the expected failures."""
        if not place.is_in:
            return {LOST}
        if place.tries == 0:
            return {BLOCKED}  # with a session or without: nobody gets one by it
        if place.tries == 1 and not last_try:
            return {ASKED}
        if pin == place.pin:
            place.tries = TRIES
            self.set_auth(client, place, True)
            return {None}
        place.tries -= 1
        self.set_auth(client, place, False)
        return {"auth_failed"} if place.tries else {"auth_failed", BLOCKED}

    def use(self, client, place, constraint, pin, last_try):
        """The same for the use of a key."""
        if not place.is_in:
            return {LOST}
        if constraint == "none":
            return {None}
        if pin is not None:
            return self.prove(client, place, pin, last_try)
        if constraint == "pin_always" or not self.is_auth(client, place):
            return {ASKED}
        if place.tries == TRIES:
            return {None}
        return self.prove(client, place, place.pin, last_try)  # from its session

    # --- steps ---------------------------------------------------------------------------------

    def some_pin(self, place):
        return self.random.choices((place.pin, WRONG), (3, 1))[0]

    def is_bold(self):
        return self.random.random() < 0.25

    def parameters(self, place, constraint, pin, last_try):
        if constraint == "decrypt":
            wanted = dict(place.decryption)
        else:
            wanted = place.keys[constraint].parameters(b"data")
            wanted.pop("pin", None)
        return {**wanted, **({"pin": pin} if pin is not None else {}),
                **({"last_try": True} if last_try else {})}

    def step_use(self):
        """A signature or a decryption, with a PIN or without."""
        client, place = self.pick()
        constraint = self.random.choice(("none", "pin", "pin", "pin", "pin_always", "decrypt"))
        pin = self.random.choice((None, None, self.some_pin(place)))
        last_try = self.is_bold()
        self.note(f"{client} {constraint} card {self.cards.index(place)} pin {pin} {last_try}")
        was_auth = self.is_auth(client, place)
        expected = self.use(client, place, "pin" if constraint == "decrypt" else constraint, pin,
                            last_try)
        method = "Keys.Decrypt" if constraint == "decrypt" else "Keys.Sign"
        told, answer = outcome(self.clients[client].call, method,
                               self.parameters(place, constraint, pin, last_try))
        check(told in expected, f"it ended as {told}, not {expected}")
        self.check_use(place, constraint, told, answer, was_auth or pin == place.pin)
        if told == BLOCKED:
            self.adopt_auth(client, place)

    def check_use(self, place, constraint, told, answer, may):
        lines = self.check_tries(place)
        slot = "9D" if constraint == "decrypt" else SLOTS[constraint]
        uses = [match.group(1) for match in map(USE.match, lines) if match]
        if told is not None:
            check_equal(uses, [], "uses of keys although it failed")
            return
        check(set(uses) == {slot}, f"keys used: {uses}")
        if constraint == "decrypt":
            check_equal(answer["plaintext"], "YSBzZWNyZXQ=", "plaintext")
        else:
            check(place.keys[constraint].is_signature(answer["signature"]), "a wrong signature")
        if constraint == "none":
            return
        check(may, "a key was used for somebody whose PIN has not reached the card")
        if constraint == "pin_always":
            at = next(i for i, line in enumerate(lines) if USE.match(line))
            check_equal(judge_pins(lines[:at])[0], 1, "PINs before a key that always wants one")

    def step_verify(self):
        client, place = self.pick()
        pin, last_try = self.some_pin(place), self.is_bold()
        self.note(f"{client} verify card {self.cards.index(place)} {pin} {last_try}")
        expected = self.prove(client, place, pin, last_try)
        told, _ = outcome(self.clients[client].call, "Tokens.VerifyPin",
                          {"token_id": place.token_id, "pin": pin, "last_try": last_try})
        check(told in expected, f"it ended as {told}, not {expected}")
        self.check_tries(place)
        if told == BLOCKED:
            self.adopt_auth(client, place)

    def step_malformed(self):
        """What cannot be a PIN never reaches the card; it may end the session of who says it."""
        client, place = self.pick()
        pin = self.random.choice(MALFORMED)
        self.note(f"{client} malformed card {self.cards.index(place)} {pin!r}")
        told, _ = outcome(self.clients[client].call, "Tokens.VerifyPin",
                          {"token_id": place.token_id, "pin": pin})
        check(told is not None, "it was taken for a PIN")
        check(told == LOST or place.is_in, f"no card, and {told}")
        check_equal(judge_pins(self.check_tries(place))[:2], (0, 0), "PINs that reached the card")
        self.adopt_auth(client, place)

    def step_change(self):
        """Whoever changes a PIN ends all sessions of it."""
        client, place = self.pick()
        pin, new, last_try = self.some_pin(place), self.random.choice((PIN, OTHER_PIN)), \
            self.is_bold()
        self.note(f"{client} change card {self.cards.index(place)} {pin} {new} {last_try}")
        before = {c for c in range(N_CLIENTS) if self.is_auth(c, place)}
        expected = self.prove(client, place, pin, last_try)
        told, _ = outcome(self.clients[client].call, "Tokens.ChangePin", {
            "token_id": place.token_id, "current": pin, "new": new, "last_try": last_try})
        check(told in expected, f"it ended as {told}, not {expected}")
        if told is None:
            place.pin = new
            self.drop(place=place)
        else:
            self.set_auth(client, place, client in before)
        self.check_tries(place)
        self.adopt_auth(client, place, may_gain=told is None)

    def step_unblock(self):
        client, place = self.pick()
        puk = self.random.choices((PUK, "87654321"), (4, 1 if place.puk_tries > 2 else 0))[0]
        new = self.random.choice((PIN, OTHER_PIN))
        self.note(f"{client} unblock card {self.cards.index(place)} {puk} {new}")
        told, _ = outcome(self.clients[client].call, "Tokens.UnblockPin", {
            "token_id": place.token_id, "unblocking": puk, "new": new})
        if not place.is_in:
            check_equal(told, LOST, "it ended")
        elif puk == PUK:
            check_equal(told, None, "it ended")
            place.pin, place.tries, place.puk_tries = new, TRIES, TRIES
            self.drop(place=place)
        else:
            check_equal(told, "auth_failed", "it ended")
            place.puk_tries -= 1
        self.check_tries(place)
        self.adopt_auth(client, place, may_gain=told is None)

    def step_status(self):
        client, place = self.pick()
        self.note(f"{client} status card {self.cards.index(place)}")
        self.check_status(client, place)

    def check_status(self, client, place):
        told, answer = outcome(self.clients[client].call, "Tokens.PinStatus",
                               {"token_id": place.token_id})
        if not place.is_in:
            check_equal(told, LOST, "it ended")
            return
        check_equal(answer["tries_left"], place.tries, "tries left")
        check_equal(answer["is_authenticated"], self.is_auth(client, place), "authenticated")
        place.news()

    def adopt_auth(self, client, place, may_gain=False):
        """Where either is right: never a session that was not there."""
        if not place.is_in:
            return
        told = self.clients[client].call("Tokens.PinStatus", {"token_id": place.token_id})
        check(may_gain or self.is_auth(client, place) or not told["is_authenticated"],
              f"client {client} is authenticated by nothing")
        self.set_auth(client, place, told["is_authenticated"])
        place.news()

    def step_move(self):
        """A card goes in or out, or is torn out."""
        place = self.random.choice(self.cards)
        if place.is_in:
            self.note(f"out {self.cards.index(place)}")
            self.take_out(place)
            place.news()
        else:
            self.note(f"in {self.cards.index(place)}")
            self.put_in(place)

    def take_out(self, place):
        self.random.choice((place.card.pull, place.card.rip))()
        self.watcher.expect("removed", place.token_id)
        place.is_in = False
        self.drop(place=place)

    def put_in(self, place):
        place.card.insert(self.daemon)
        self.watcher.expect("inserted", place.token_id)
        place.is_in = True

    def step_reconnect(self):
        client = self.random.randrange(N_CLIENTS)
        self.note(f"reconnect {client}")
        self.clients[client].close()
        self.clients[client] = self.daemon.connect()
        self.drop(client=client)

    def step_lock(self):
        self.note("lock")
        self.daemon.call("Admin.Lock")
        self.drop()

    def step_kill(self):
        """A driver or a slot process dies: its card is reset, its token leaves and comes back."""
        places = [place for place in self.cards if place.is_in]
        if len(places) != 1:
            return  # which of two it is, only the daemon knows
        name = self.random.choice(("keycask-driver-piv", "keycask-slot"))
        self.note(f"kill {name}")
        kill(child_named(self.daemon, name))
        self.watcher.expect("removed", places[0].token_id)
        self.watcher.expect("inserted", places[0].token_id)
        self.drop(place=places[0])
        # ten deaths of a driver are enough for the daemon
        self.take_out(places[0])
        places[0].news()
        self.put_in(places[0])

    # --- several at once -----------------------------------------------------------------------

    def step_burst(self):
        """Each client asks for something of one card in the same moment; it may be torn out."""
        place = self.random.choice(self.cards)
        was_in, torn = place.is_in, place.is_in and self.random.random() < 0.15
        wishes = [self.wish(place) for _ in range(N_CLIENTS)]
        self.note(f"burst card {self.cards.index(place)} {wishes} torn {torn}")
        before = {client for client in range(N_CLIENTS) if self.is_auth(client, place)}
        for client, wish in enumerate(wishes):
            self.send(client, place, wish)
        if torn:
            self.take_out(place)
        told = [outcome(connection.receive)[0] for connection in self.clients]
        lines = self.after_burst(place, wishes)
        n_wrong = sum(wish[1] == WRONG for wish in wishes)
        for client, (wish, name) in enumerate(zip(wishes, told)):
            may = self.may_end(was_in, wish, n_wrong, client in before)
            check(name in may or (torn and name == LOST),
                  f"client {client}, {wish}, ended as {name}, not {may}")
        self.count_uses(lines, wishes, before)
        for client, (wish, name) in enumerate(zip(wishes, told)):
            if wish[1] is not None and not torn and place.is_in:
                self.set_auth(client, place, name is None or
                              (name == ASKED and client in before))
            elif not torn and place.is_in:
                self.adopt_auth(client, place)

    def wish(self, place):
        constraint = self.random.choice(("none", "pin", "pin", "pin_always", "verify"))
        pin = self.random.choice((None, None, None, place.pin, WRONG))
        if constraint == "none":
            pin = None
        if constraint == "verify":
            pin = pin or place.pin
        return constraint, pin

    def send(self, client, place, wish):
        constraint, pin = wish
        if constraint == "verify":
            self.clients[client].send("Tokens.VerifyPin",
                                      {"token_id": place.token_id, "pin": pin})
        else:
            self.clients[client].send("Keys.Sign",
                                      self.parameters(place, constraint, pin, False))

    def may_end(self, was_in, wish, n_wrong, was_auth):
        """The ends that some order of the burst can have."""
        constraint, pin = wish
        if not was_in:
            return {LOST}
        if constraint == "none":
            return {None}
        if pin == WRONG:
            return {"auth_failed", ASKED, BLOCKED}
        if pin is None and (constraint == "pin_always" or not was_auth):
            return {ASKED}  # this is what it is all about
        return {None} if n_wrong == 0 and self.tries_before == TRIES else {None, ASKED, BLOCKED}

    def after_burst(self, place, wishes):
        """The tries as the card has told them last, which is what its file says."""
        lines = place.news()
        _, n_wrong, tries = judge_pins(lines)
        check(n_wrong <= sum(wish[1] == WRONG for wish in wishes),
              f"{n_wrong} wrong PINs reached the card")
        self.tries_before = place.tries
        if tries is not None:
            place.tries = tries
        self.adopt_unanswered(place, lines)
        check_equal(place.tries_on_card(), place.tries, "tries left on the card")
        return lines

    @staticmethod
    def adopt_unanswered(place, lines):
        """A card that was torn out may have looked at a PIN that it never answered."""
        commands = [i for i, line in enumerate(lines) if line.startswith("> ")]
        if not commands or not WITH_PIN.match(lines[commands[-1]]) or \
                any(line.startswith("< ") for line in lines[commands[-1]:]):
            return
        tries = place.tries_on_card()
        check(tries in (place.tries - 1, place.tries, TRIES), f"{tries} tries, not {place.tries}")
        place.tries = tries

    def count_uses(self, lines, wishes, before):
        """No more uses of a key than there were clients who might."""
        for constraint, slot in SLOTS.items():
            uses = sum(bool(match) and match.group(1) == slot for match in map(USE.match, lines))
            may = sum(wish[0] == constraint and
                      (constraint == "none" or wish[1] not in (None, WRONG) or
                       (constraint == "pin" and wish[1] is None and client in before))
                      for client, wish in enumerate(wishes))
            check(uses <= may, f"{uses} uses of {slot}, and {may} who may")

    # --- after each ----------------------------------------------------------------------------

    def pick(self):
        return self.random.randrange(N_CLIENTS), self.random.choice(self.cards)

    def note(self, what):
        self.steps.append(what)

    def check_tries(self, place):
        """Model, card and its file agree. The lines since the last time."""
        lines = place.news()
        _, n_wrong, tries = judge_pins(lines)
        check(n_wrong <= 1, f"{n_wrong} wrong PINs reached the card for one that was typed")
        if tries is not None:
            check_equal(tries, place.tries, "tries the card has told")
        check_equal(place.tries_on_card(), place.tries, "tries on the card")
        return lines

    def step(self):
        steps = ((self.step_use, 12), (self.step_verify, 5), (self.step_burst, 5),
                 (self.step_status, 3), (self.step_malformed, 1), (self.step_move, 2),
                 (self.step_reconnect, 2), (self.step_lock, 1), (self.step_change, 1),
                 (self.step_unblock, 2), (self.step_kill, 1))
        chosen = self.random.choices([step for step, _ in steps],
                                     [weight for _, weight in steps])[0]
        chosen()
        for other in self.cards:
            check(not [line for line in other.news() if USE.match(line) or WITH_PIN.match(line)],
                  "a card was used that nobody asked")


def live(seed):
    with World(seed) as world:
        try:
            for _ in range(N_STEPS):
                world.step()
        except BaseException:
            diagnose(f"KEYCASK_SEED={seed}")
            raise
        for client in range(N_CLIENTS):
            for place in world.cards:
                world.check_status(client, place)


def seeds():
    chosen = os.environ.get("KEYCASK_SEED")
    if chosen:
        return [int(chosen)]
    return [*SEEDS, random.SystemRandom().randrange(1000, 10**9)]


@test(seconds=280)
def nobody_uses_a_key_without_a_pin_of_their_own():
    for seed in seeds():
        diagnose(f"seed {seed}, {N_STEPS} steps")
        live(seed)


main()
