# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards come and go while clients list, watch and sign: every event once and in order, every call
answered, nothing left behind."""
from keycask_test import (
    SOAK, Card, Daemon, Watch, check, check_equal, check_raises, diagnose, eventually, main, test)
from lifecycle import (
    Footprint, Key, Lister, Signer, Watcher, is_sanitized, private_dirty_kb, query)

PROFILE = "piv:9a=p256,9e=p256"
N_ROUNDS = 200 if SOAK else 20
N_WARM_UP = 5
GROWTH_KB_MAX = 512


def leave(card, number):
    """Pulled, or torn out: the card's process ends cleanly or not at all."""
    if number % 2:
        card.rip()
    else:
        card.pull()


class Rounds:
    """The same card in and out, with everybody at it."""

    def __init__(self, daemon, card, key):
        self.daemon, self.card, self.key = daemon, card, key
        self.dirty_kb = None

    def insert(self, watchers):
        self.card.insert(self.daemon)
        for watcher in watchers:
            watcher.expect("inserted", self.key.token_id)

    def remove(self, number, watchers):
        leave(self.card, number)
        for watcher in watchers:
            watcher.expect("removed", self.key.token_id)

    def run(self, watchers, signers):
        for number in range(N_ROUNDS):
            self.insert(watchers)
            if number % 3:  # in every third round the card leaves whatever is going on
                for signer in signers:
                    signer.await_signature()
            self.remove(number, watchers)
            if number == N_WARM_UP:
                self.dirty_kb = private_dirty_kb(self.daemon.pid)

    def check_memory(self):
        growth = private_dirty_kb(self.daemon.pid) - self.dirty_kb
        diagnose(f"{N_ROUNDS - N_WARM_UP} rounds cost {growth} kB")
        if is_sanitized():
            diagnose("built with ASan: memory is not judged")
            return
        check(growth < GROWTH_KB_MAX, f"private memory grew by {growth} kB")


@test(seconds=90)
def clients_live_through_insertions_and_removals():
    with Daemon() as daemon, Card(PROFILE) as card:
        card.insert(daemon)
        daemon.wait_for_token()
        with daemon.connect() as connection:
            free, guarded = Key(connection), Key(connection, "pin")
        card.pull()
        daemon.wait_for_removal()
        footprint = Footprint(daemon)
        rounds = Rounds(daemon, card, free)
        with Watcher(daemon) as one, Watcher(daemon) as two, Lister(daemon, 2) as lister, \
                Signer(daemon, free) as first, Signer(daemon, guarded) as second:
            rounds.run([one, two], [first, second])
            one.check_quiet()
            two.check_quiet()
        check(lister.n_full > 0 and first.n_lost > 0 and second.n_lost > 0,
              "the clients saw nothing of it")
        first.check_all()
        second.check_all()
        diagnose(f"{len(first.signatures)} and {len(second.signatures)} signatures, "
                 f"{first.n_lost} and {second.n_lost} refusals")
        footprint.check_same()
        rounds.check_memory()


def is_settled(daemon):
    """One card is in, and its token is there."""
    states = [(slot["state"], len(slot["token_ids"]))
              for slot in daemon.call("Slots.List")["slots"]]
    return [state for state in states if state[0] != "empty"] == [("valid", 1)]


@test
def insertions_without_a_breath_are_told_in_order():
    """Nobody waits in between, so an insertion may stay unseen; what is told alternates and ends
    with the truth."""
    with Daemon() as daemon, Card(PROFILE) as card, Watcher(daemon) as watcher:
        card.insert(daemon)
        expected = "inserted"
        for number in range(N_ROUNDS):
            eventually(lambda: "card inserted" in card.log.read_text(), "the card is in")
            if number % 3 == 0:
                daemon.wait_for_token()
            leave(card, number)
            card.log.unlink()
            card.insert(daemon)
        eventually(lambda: is_settled(daemon), "the last insertion")
        told = []
        while not watcher.connection.is_quiet():
            told.append(watcher.expect(expected)["event"])
            expected = "removed" if expected == "inserted" else "inserted"
        diagnose(f"{len(told)} events")
        check_equal(told[-1], "inserted", "the last event")
        with daemon.connect() as connection:
            Key(connection).check_signs(daemon)
        card.pull()


@test
def two_cards_in_two_slots():
    with Daemon() as daemon, Card(PROFILE) as one, Card(PROFILE) as two, \
            Watcher(daemon) as tokens, Watcher(daemon, "Slots.Watch") as slots:
        slots.expect_state("empty", "Embedded Slot 00")
        one.insert(daemon)
        first = tokens.expect("inserted")
        slots.expect_state("probing", "Embedded Slot 00")
        slots.expect_state("valid", "Embedded Slot 00")
        two.insert(daemon)
        second = tokens.expect("inserted")
        slots.expect_state("probing", "Embedded Slot 01")
        slots.expect_state("valid", "Embedded Slot 01")
        check(first["token_id"] != second["token_id"], "two cards, one token ID")
        check_equal((first["slot"], second["slot"]), ("Embedded Slot 00", "Embedded Slot 01"),
                    "slots")
        with daemon.connect() as connection:
            check_equal(len(query(connection, **{"class": "identity"})), 4, "identities")
            keys = [Key(connection, token_id=event["token_id"]) for event in (first, second)]
        with Signer(daemon, keys[0]) as signer, Signer(daemon, keys[1]) as other:
            other.await_signature()
            two.pull()
            tokens.expect("removed", second["token_id"])
            signer.await_signature()
        slots.expect_state("missing", "Embedded Slot 01")
        check_equal([slot["name"] for slot in daemon.call("Slots.List")["slots"]],
                    ["Embedded Slot 00"], "slots")
        signer.check_all(10)
        other.check_all(10)
        one.pull()
        tokens.expect("removed", first["token_id"])
        slots.expect_state("empty", "Embedded Slot 00")
        slots.check_quiet()


@test
def a_second_card_with_the_same_id_is_refused():
    with Daemon() as daemon, Card(PROFILE) as card, Watcher(daemon) as watcher:
        copy = card.file.with_name("copy.json")
        copy.write_bytes(card.file.read_bytes())
        copy.chmod(0o600)
        with Card(file=copy) as twin:
            card.insert(daemon)
            token_id = watcher.expect("inserted")["token_id"]
            key = Key(daemon.connect())
            twin.insert(daemon)
            refused = eventually(lambda: [token for token in daemon.cli("tokens")
                                          if token["state"] == "refused"], "the refusal")[0]
            check("Embedded Slot 00" in refused["reason"], f"reason: {refused['reason']}")
            check_equal((refused["token_id"], refused["slot"]), (token_id, "Embedded Slot 01"),
                        "what is refused")
            key.check_signs(daemon)
            twin.pull()
            eventually(lambda: len(daemon.call("Tokens.List")["tokens"]) == 1, "the twin goes")
            key.check_signs(daemon)
            watcher.check_quiet()


@test
def twins_at_the_same_moment_are_one_token():
    with Daemon() as daemon, Card(PROFILE) as card, Watcher(daemon) as watcher:
        copy = card.file.with_name("copy.json")
        copy.write_bytes(card.file.read_bytes())
        copy.chmod(0o600)
        for _ in range(5):
            with Card(file=copy) as twin:
                card.insert(daemon)
                twin.insert(daemon)
                watcher.expect("inserted")
                states = eventually(lambda: [
                    states for states in [sorted(token["state"] for token in
                                                 daemon.call("Tokens.List")["tokens"])]
                    if len(states) == 2], "both are listed")[0]
                check_equal(states, ["present", "refused"], "states of twins")
                watcher.check_quiet()
                card.rip()
                twin.rip()
                watcher.expect("removed")
                eventually(lambda: not daemon.call("Tokens.List")["tokens"], "both leave")


@test
def a_reference_dies_with_the_card_and_lives_again():
    with Daemon() as daemon, Card(PROFILE) as card, daemon.connect() as connection:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        key = Key(connection)
        references = sorted(item["value_persistent_ref"] for item in
                            query(connection, **{"class": "key"}, return_attributes=True,
                                  return_persistent_ref=True))
        check(key.is_signature(key.sign(connection)), "a wrong signature")
        card.pull()
        daemon.wait_for_removal()
        error = check_raises("item_not_found", key.sign, connection)
        check_equal(error.record.get("token_id"), token_id, "token of the record")
        check(token_id in error.record.get("hint", ""), f"hint: {error.record.get('hint')}")
        told = daemon.cli("sign", "--key", key.reference, input=b"data", status=1)
        check_equal((told["status"], told["name"]), (-25300, "item_not_found"), "the CLI's error")
        card.insert(daemon)
        check_equal(daemon.wait_for_token()["token_id"], token_id, "token ID of the same card")
        check_equal(references, sorted(
            item["value_persistent_ref"] for item in
            query(connection, **{"class": "key"}, return_attributes=True,
                  return_persistent_ref=True)), "references")
        check(key.is_signature(key.sign(connection)), "a wrong signature")
        told = daemon.cli("sign", "--key", key.reference, input=b"data")
        check(key.is_signature(told["signature"]), "a wrong signature of the CLI's")


@test
def a_late_watcher_hears_of_present_tokens_first():
    with Daemon() as daemon, Card(PROFILE) as one, Card(PROFILE) as two:
        one.insert(daemon)
        first = daemon.wait_for_token()
        two.insert(daemon)
        eventually(lambda: len(daemon.call("Tokens.List")["tokens"]) == 2, "both are there")
        with Watcher(daemon) as watcher, Watch(daemon) as printed:
            check_equal(watcher.expect("inserted")["token_id"], first["token_id"], "first told")
            second = watcher.expect("inserted")["token_id"]
            check_equal([printed.next()["token_id"] for _ in range(2)],
                        [first["token_id"], second], "told by the CLI")
            one.pull()
            watcher.expect("removed", first["token_id"])
            told = printed.next()
            check_equal((told["event"], told["token_id"], told["slot"]),
                        ("removed", first["token_id"], "Embedded Slot 00"), "printed")
            watcher.check_quiet()


@test
def a_slot_tells_each_of_its_states():
    with Daemon() as daemon, Card(PROFILE) as card, Watcher(daemon, "Slots.Watch") as watcher:
        check_equal(watcher.expect_state("empty")["token_ids"], [], "tokens of an empty slot")
        for _ in range(3):
            card.insert(daemon)
            watcher.expect_state("probing")
            check(watcher.expect_state("valid")["atr"], "no ATR")
            daemon.wait_for_token()
            card.pull()
            check("atr" not in watcher.expect_state("empty"), "an empty slot with an ATR")
        watcher.check_quiet()


main()
