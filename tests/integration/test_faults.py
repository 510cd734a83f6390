# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards that leave, fall silent, refuse or garble, at each APDU of an insertion and a signature: no
crash, no item that is not true, no wrong signature, and the next card works."""
import base64

from keycask_test import (
    SOAK, SOURCE, Card, Daemon, VarlinkError, check, check_equal, check_raises, diagnose, eventually, main,
    test)
from lifecycle import (
    Footprint, Key, Lister, Watcher, child_named, configure, n_when_back, query)

PROFILE = "piv:9a=p256,9e=p256"
DEADLINE_MS = 600
# An insertion begins with one for the application of each driver.
N_SELECTS = len(list((SOURCE / "dist" / "drivers").glob("*.json")))
TIMES = ("creation_date", "modification_date")
BITS = (0, 6, 21, 77, 411, 2000) + ((133, 900, 1500, 3001) if SOAK else ())


def items_of(daemon):
    """What is published: [(class, attributes and data)], without what each insertion has anew."""
    found = []
    for name in ("certificate", "key", "identity"):
        for item in query(daemon, **{"class": name}, return_attributes=True, return_data=True,
                          return_persistent_ref=True):
            found.append({key: value for key, value in item.items() if key not in TIMES})
    return found


class Bench:
    """A daemon and a card: what a sound insertion shows, and how many APDUs it takes. Without the
    card cache, so that it is the faulty card that is published."""

    def __init__(self, **settings):
        self.daemon = configure(Daemon(), card_cache=False, **settings)
        self.card = Card(PROFILE)

    def __enter__(self):
        self.daemon.start()
        self.watcher = Watcher(self.daemon)
        self.insert_soundly()
        self.truth = items_of(self.daemon)
        check_equal(len(self.truth), 6, "items")  # 2 certificates, 2 keys, 2 identities
        with self.daemon.connect() as connection:
            self.key = Key(connection)
        self.n_insertion = n_when_back(self.card.commands())
        self.remove()
        self.footprint = Footprint(self.daemon)
        return self

    def __exit__(self, kind, *details):
        if kind is None:
            self.insert_soundly()
            check_equal(items_of(self.daemon), self.truth, "items in the end")
            self.key.check_signs(self.daemon)
            self.remove()
            self.watcher.check_quiet()
            self.footprint.check_same()
        self.watcher.connection.close()
        self.card.__exit__(kind, *details)
        self.daemon.__exit__(kind, *details)

    def apdus(self):
        """The numbers of all APDUs: of an insertion, and one signature."""
        return range(1, self.n_insertion + 2)

    def insert_soundly(self):
        self.card.insert(self.daemon)
        self.watcher.expect("inserted")

    def insert(self, *faults):
        if self.card.contacts.exists():
            self.card.contacts.unlink()
        self.card.insert(self.daemon, *faults)

    def remove(self):
        self.card.pull()
        self.wait_until_empty()

    def wait_until_empty(self):
        """Everything of the card is gone; its events, if there were any, came in pairs."""
        eventually(lambda: not self.daemon.call("Tokens.List")["tokens"] and
                   self.slot()["state"] == "empty", "the card is gone")
        while not self.watcher.connection.is_quiet(0):
            event = self.watcher.next()["event"]
            if event == "inserted":
                self.watcher.expect("removed")
        check_equal(items_of(self.daemon), [], "items without a card")

    def slot(self):
        return self.daemon.call("Slots.List")["slots"][0]

    def _outcome(self):
        tokens = self.daemon.call("Tokens.List")["tokens"]
        return tokens[0]["state"] if tokens else \
            "mute" if self.slot()["state"] == "mute" else None

    def _is_probed(self):
        """Each SELECT is answered, or one so badly that no other followed."""
        answers = self.card.contacts.read_text() if self.card.contacts.exists() else ""
        return "<" in answers and (answers.count("<") >= N_SELECTS or
                                   self.slot()["state"] != "probing")

    def outcome(self, at):
        """"present", "refused", "mute", or "none": the card has no application for us."""
        if at <= N_SELECTS:
            eventually(self._is_probed, "each SELECT is answered")
            # that no driver is started then is the absence of an event
            with Watcher(self.daemon) as watcher:
                if watcher.connection.is_quiet(0.1) and not self._outcome() and \
                        not has_driver(self.daemon):
                    return "none"
        return eventually(self._outcome, "an outcome")

    def sign(self):
        """None, or the name of the error: a signature that is wrong fails here."""
        with self.daemon.connect() as connection:
            try:
                signature = self.key.sign(connection)
            except VarlinkError as error:
                check(error.name, f"an error without a name: {error}")
                return error.name
        check(self.key.is_signature(signature), "a wrong signature")
        return None


def has_driver(daemon):
    return any(name.startswith("keycask-driver") for name in daemon.children().values())


# --- leaving and falling silent ----------------------------------------------------------------


@test
def the_card_leaves_after_each_apdu():
    with Bench() as bench:
        for at in bench.apdus():
            bench.insert(f"remove@{at}")
            if at > bench.n_insertion:
                bench.watcher.expect("inserted")
                check(bench.sign() in (None, "item_not_found"), "neither signed nor lost")
                bench.watcher.expect("removed")
            eventually(lambda: bench.card.process.poll() is not None, "the card leaves")
            bench.remove()


@test
def the_card_falls_silent_at_each_apdu():
    with Bench(card_deadline_ms=DEADLINE_MS) as bench:
        for at in bench.apdus():
            bench.insert(f"mute@{at}")
            if at > bench.n_insertion:
                token_id = bench.watcher.expect("inserted")["token_id"]
                with bench.daemon.connect() as connection:
                    error = check_raises("item_not_found", bench.key.sign, connection)
                check_equal(error.record.get("token_id"), token_id, "token of the record")
                bench.watcher.expect("removed")
            eventually(lambda: bench.slot()["state"] == "mute", "the slot is mute")
            check_equal(bench.daemon.call("Tokens.List")["tokens"], [], "tokens of a mute card")
            bench.remove()
            bench.insert_soundly()
            bench.remove()


@test
def a_card_that_is_mute_from_the_start_hinders_nobody():
    with Daemon() as daemon, Card(PROFILE) as mute, Card(PROFILE) as card, \
            Watcher(daemon) as watcher:
        mute.insert(daemon, "mute@*")
        eventually(lambda: daemon.call("Slots.List")["slots"][0]["state"] == "probing", "probing")
        card.insert(daemon)
        watcher.expect("inserted")
        with daemon.connect() as connection:
            Key(connection).check_signs(daemon)
        mute.pull()
        card.pull()
        watcher.expect("removed")


# --- refusing ----------------------------------------------------------------------------------


def without_names(items):
    """A card whose CHUID cannot be read is known by its serial number: another token ID."""
    return [{key: value for key, value in item.items()
             if key not in ("token_id", "value_persistent_ref")} for item in items]


def check_subset(bench, fault):
    truth = without_names(bench.truth)
    for item in without_names(items_of(bench.daemon)):
        check(item in truth, f"{fault}: an item that is not true: {item}")


def refused_at_each_apdu(status_word):
    with Bench() as bench:
        for at in bench.apdus():
            fault = f"sw@{at}:{status_word}"
            bench.insert(fault)
            outcome = bench.outcome(at)
            check(outcome in ("present", "refused", "none"), f"{fault}: {outcome}")
            check_subset(bench, fault)
            if at > bench.n_insertion:
                check_equal(items_of(bench.daemon), bench.truth, f"items before {fault}")
                check(bench.sign() is not None, f"{fault}: signed without the card")
                check_equal(bench.sign(), None, f"after {fault}")
            bench.remove()


@test
def the_card_is_broken_at_each_apdu():
    refused_at_each_apdu("6F00")


@test
def the_card_finds_nothing_at_each_apdu():
    refused_at_each_apdu("6A82")


@test
def the_card_wants_a_pin_at_each_apdu():
    refused_at_each_apdu("6982")


# --- garbling ----------------------------------------------------------------------------------


def certificates(items):
    return [base64.b64decode(item["value_data"]) for item in items
            if item["class"] == "certificate"]


def n_bits_apart(one, other):
    return sum(bin(a ^ b).count("1") for a, b in zip(one, other)) if len(one) == len(other) else -1


def check_plausible(bench, fault):
    """Nothing protects a certificate, the CHUID or a name on their way: of a flipped bit in them
    we can only say that it is one bit, and that keys go with the certificate of their public
    key."""
    items = items_of(bench.daemon)
    truth = certificates(bench.truth)
    for found in certificates(items):
        check(any(n_bits_apart(found, true) in (0, 1) for true in truth),
              f"{fault}: a certificate that is not on the card")
    hashes = {item["public_key_hash"] for item in items if item["class"] == "certificate"}
    for item in items:
        if item["class"] != "certificate":
            check(item["application_label"] in hashes, f"{fault}: a key of no certificate")
    return items


def garbled_at_each_apdu(kind, arguments, check_items):
    """The daemon goes on, and never hands out a wrong signature. By which key: by the one that
    the items say is there."""
    outcomes = {}
    with Bench() as bench:
        for at in bench.apdus():
            for argument in arguments:
                fault = f"{kind}@{at}:{argument}"
                bench.insert(fault)
                outcome = bench.outcome(at)
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
                check_items(bench, fault)
                if outcome == "present":
                    driver = child_named(bench.daemon, "keycask-driver-piv")
                    sign_as_published(bench, fault, at > bench.n_insertion)
                    check(is_mute(bench) or has_driver(bench.daemon) and
                          child_named(bench.daemon, "keycask-driver-piv") == driver,
                          f"{fault}: the driver died of it")
                bench.remove()
    diagnose(outcomes)
    check(outcomes.get("present", 0) >= len(arguments), "nothing was ever present")


def is_mute(bench):
    """A response of less than a status word ends it all."""
    return any(line in ("<", "< ") or len(line) == 4 and line.startswith("< ")
               for line in bench.card.contacts.read_text().split("\n"))


def sign_as_published(bench, fault, is_signature_garbled):
    with bench.daemon.connect() as connection:
        keys = [item for item in query(connection, **{"class": "identity"},
                                       return_attributes=True)
                if item["access_control"]["sign"] == "none"]
        if not keys:
            return
        key = Key(connection)
        try:
            signature = key.sign(connection)
        except VarlinkError as error:
            check(error.name, f"{fault}: an error without a name: {error}")
            signature = None
        if signature is not None:
            check(key.is_signature(signature), f"{fault}: a wrong signature")
        elif is_signature_garbled and not is_mute(bench):
            check(key.is_signature(key.sign(connection)), f"after {fault}: a wrong signature")


@test
def answers_are_cut_at_each_apdu():
    garbled_at_each_apdu("truncate", (0, 1, 2, 40), check_subset)


@test
def answers_are_too_long_at_each_apdu():
    garbled_at_each_apdu("extend", (1, 16, 4000), check_subset)


@test
def bits_are_flipped_at_each_apdu():
    garbled_at_each_apdu("flip", BITS, check_plausible)


# --- slow --------------------------------------------------------------------------------------


@test
def a_slow_card_hinders_nobody():
    with Daemon() as daemon, Card(PROFILE) as slow, Card(PROFILE) as card, \
            Watcher(daemon) as watcher:
        card.insert(daemon)
        watcher.expect("inserted")
        with daemon.connect() as connection:
            key = Key(connection)
        slow.insert(daemon, "slow@*:100")
        eventually(slow.commands, "the slow card is read")
        n_commands = len(slow.commands())
        with Lister(daemon, 2):
            for _ in range(5):
                key.check_signs(daemon)
        check(len(slow.commands()) < n_commands + 8, "the slow card was faster")
        token_id = watcher.expect("inserted")["token_id"]
        with daemon.connect() as connection:
            Key(connection, token_id=token_id).check_signs(daemon)
        slow.pull()
        card.pull()


@test
def a_card_that_is_too_slow_is_mute():
    with Bench(card_deadline_ms=DEADLINE_MS) as bench:
        bench.insert(f"slow@{bench.n_insertion + 1}:5000")
        bench.watcher.expect("inserted")
        check_equal(bench.sign(), "item_not_found", "the end of the signature")
        bench.watcher.expect("removed")
        eventually(lambda: bench.slot()["state"] == "mute", "the slot is mute")
        bench.remove()


main()
