# SPDX-License-Identifier: LGPL-2.1-or-later
"""The card cache: a card that comes back is there before it has been read, what it has now replaces
what it had, and neither a file nor a card with a borrowed name gains anything by it."""
import base64
import json
import pathlib

from keycask_test import (PIN, Card, Daemon, check, check_equal, check_raises, diagnose, eventually,
                          main, scratch, test)
from lifecycle import Key, Watcher, configure, query

PROFILE = "piv:9a=p256,9e=p256"
OTHER = "piv:9a=p256,9e=p256"
GET_DATA = "00CB3FFF"
CHUID = "5C035FC102"
N_KNOWN = 2  # APDUs until a familiar card is known: SELECT and the CHUID
LATE_MS = 300  # so slow is the card while it is read again: what is there before can be seen


def private(connection, constraint="none"):
    """A key by the reference of the key itself: that of an identity is its certificate's, and
    means whatever key the certificate in that place has."""
    key = Key(connection, constraint)
    key.reference = [item for item in query(connection, **{"class": "key"}, return_attributes=True,
                                            return_persistent_ref=True)
                     if item["access_control"]["sign"] == constraint][0]["value_persistent_ref"]
    return key


class Bench:
    """A daemon that has seen a card once; it is out again."""

    def __init__(self, **settings):
        self.daemon = configure(Daemon(), **settings)
        self.card = Card(PROFILE)

    def __enter__(self):
        self.daemon.start()
        self.watcher = Watcher(self.daemon)
        self.card.insert(self.daemon)
        self.token_id = self.watcher.expect("inserted")["token_id"]
        with self.daemon.connect() as connection:
            self.key, self.guarded = private(connection), private(connection, "pin")
        commands = self.card.commands()
        self.n_insertion = len(commands)
        # The applications are asked for, PIV selected, and then the CHUID says which card it is.
        self.n_known = next(number for number, command in enumerate(commands, 1)
                            if CHUID in command)
        self.n_again = self.n_insertion - (self.n_known - N_KNOWN)  # read without the cache
        self.remove()
        return self

    def __exit__(self, *details):
        self.watcher.connection.close()
        self.card.__exit__(*details)
        self.daemon.__exit__(*details)

    def remove(self):
        self.card.pull()
        self.watcher.expect("removed", self.token_id)

    def insert(self, *faults):
        self.card.contacts.unlink()
        self.card.insert(self.daemon, *faults)

    def folder(self):
        return pathlib.Path(self.daemon.env["KEYCASK_STATE_DIR"], "cards")

    def file(self):
        files = list(self.folder().iterdir())
        check_equal(len(files), 1, "files of the cache")
        return files[0]

    def late(self):
        """The card is slow from when it is known."""
        return late(self.n_known + 1)

    def wait_until_read(self):
        """Whoever uses a key has waited for the card to be read."""
        self.key.check_signs(self.daemon)


def late(first):
    """From APDU first on the card is slow."""
    return [f"slow@{number}:{LATE_MS}" for number in range(first, first + 8)]


def n_read(card):
    """GET DATA so far, of which the first is that of the CHUID."""
    return sum(command.startswith(GET_DATA) for command in card.commands())


@test
def a_card_that_comes_back_is_there_after_two_apdus():
    with Bench() as bench:
        bench.insert(*late(N_KNOWN + 1))
        bench.watcher.expect("inserted", bench.token_id)
        commands = bench.card.commands()
        check(len(commands) <= N_KNOWN + 1 and n_read(bench.card) <= 2,
              f"inserted after {commands}")  # the last is being answered, for the reading
        check_equal(len(query(bench.daemon, **{"class": "identity"})), 2, "identities")
        bench.wait_until_read()
        diagnose(f"APDUs of a first insertion: {bench.n_insertion}, of a second with a signature: "
                 f"{len(bench.card.commands())}")
        check_equal(len(bench.card.commands()), bench.n_again + 1, "APDUs")
        bench.watcher.check_quiet()


@test
def the_next_daemon_knows_it_too():
    with Bench() as bench:
        bench.watcher.connection.close()
        bench.daemon.stop()
        bench.daemon.start()
        bench.watcher = Watcher(bench.daemon)
        bench.insert(*bench.late())
        bench.watcher.expect("inserted", bench.token_id)
        check(len(bench.card.commands()) <= bench.n_known + 1, "it has been read first")
        bench.wait_until_read()


@test
def a_card_that_leaves_while_it_is_read_again_leaves():
    with Bench() as bench:
        for at in range(N_KNOWN + 1, bench.n_again + 1):
            bench.insert(f"slow@{at}:30", f"remove@{at}")
            bench.watcher.expect("inserted", bench.token_id)
            bench.watcher.expect("removed", bench.token_id)
            bench.card.pull()
        bench.insert()
        bench.watcher.expect("inserted", bench.token_id)
        bench.wait_until_read()


@test
def a_card_that_cannot_be_read_again_is_refused():
    with Bench(card_deadline_ms=600) as bench:
        bench.insert(f"mute@{N_KNOWN + 1}")
        bench.watcher.expect("inserted", bench.token_id)
        with bench.daemon.connect() as connection:
            error = check_raises("item_not_found", bench.key.sign, connection)
        check(error.record.get("message"), "no reason")
        bench.watcher.expect("removed", bench.token_id)
        bench.card.pull()


# --- what has changed elsewhere ----------------------------------------------------------------


def edit(card, change):
    """Change the card's file as if it had been in another machine."""
    state = json.loads(card.file.read_text())
    change(state)
    card.file.write_text(json.dumps(state))


def objects_of(card):
    return {entry["tag"]: entry for entry in json.loads(card.file.read_text())["objects"]}


def put_objects(state, objects):
    state["objects"] = [objects.get(entry["tag"], entry) for entry in state["objects"]]


@test
def a_certificate_replaced_elsewhere_is_published_instead():
    with Bench() as bench, Card(OTHER) as other:
        theirs = objects_of(other)["5fc105"]
        keys = {entry["slot"]: entry for entry in json.loads(other.file.read_text())["keys"]}

        def change(state):
            put_objects(state, {"5fc105": theirs})
            state["keys"] = [keys["9a"] if entry["slot"] == "9a" else entry
                             for entry in state["keys"]]
        old = certificate_of(bench.daemon, bench, insert=True)
        edit(bench.card, change)
        bench.insert(*late(N_KNOWN + 1))
        bench.watcher.expect("inserted", bench.token_id)
        with bench.daemon.connect() as waiting, bench.daemon.connect() as connection:
            waiting.send("Keys.Sign", bench.guarded.parameters(b"data"))
            check_equal(certificates(bench.daemon), old, "what the cache has")
            error = check_raises("item_not_found", waiting.receive)
            check("changed" in error.record["message"], f"message: {error.record}")
            bench.watcher.expect("removed", bench.token_id)
            bench.watcher.expect("inserted", bench.token_id)
            new = certificates(bench.daemon)
            check(new != old and len(new) == 2, "the old certificate is still there")
            check_raises("item_not_found", bench.guarded.sign, connection)
            check(bench.key.is_signature(bench.key.sign(connection)), "a wrong signature")
            renewed = private(connection, "pin")
            check(renewed.is_signature(renewed.sign(connection)), "a wrong signature")
        check_equal(sum(command.startswith("0020008008") for command in bench.card.commands()), 1,
                    "PINs that reached the card")  # the PIN of the one that waited did not
        bench.remove()
        bench.insert(*late(N_KNOWN + 1))  # and the next time it is known
        bench.watcher.expect("inserted", bench.token_id)
        check_equal(certificates(bench.daemon), new, "certificates after the change")
        bench.wait_until_read()
        bench.watcher.check_quiet()


def certificates(daemon):
    return sorted(item["value_data"] for item in
                  query(daemon, **{"class": "certificate"}, return_data=True,
                        return_attributes=True))


def certificate_of(daemon, bench, insert):
    bench.insert()
    bench.watcher.expect("inserted", bench.token_id)
    found = certificates(daemon)
    bench.wait_until_read()
    bench.remove()
    return found


@test
def a_card_that_was_emptied_elsewhere_is_empty():
    with Bench() as bench:
        edit(bench.card, lambda state: state.update(
            keys=[], objects=[entry for entry in state["objects"]
                              if entry["tag"] in ("5fc102", "5fc107")]))
        bench.insert(*late(N_KNOWN + 1))
        bench.watcher.expect("inserted", bench.token_id)
        bench.watcher.expect("removed", bench.token_id)
        bench.watcher.expect("inserted", bench.token_id)
        check_equal(query(bench.daemon, **{"class": "certificate"}), [], "certificates")


# --- borrowed names ----------------------------------------------------------------------------


@test
def a_card_with_a_borrowed_name_has_only_its_own_items():
    with Bench() as bench, Card(OTHER) as clone:
        chuid = objects_of(bench.card)["5fc102"]
        edit(clone, lambda state: put_objects(state, {"5fc102": chuid}))
        clone.insert(bench.daemon, *late(N_KNOWN + 1))
        bench.watcher.expect("inserted", bench.token_id)
        with bench.daemon.connect() as connection:
            check_raises("item_not_found", bench.key.sign, connection)
            bench.watcher.expect("removed", bench.token_id)
            bench.watcher.expect("inserted", bench.token_id)
            own = private(connection)
            check(own.reference != bench.key.reference, "the same reference")
            check(own.is_signature(own.sign(connection)), "a wrong signature")
        clone.pull()
        bench.watcher.expect("removed", bench.token_id)


@test
def a_card_that_borrows_name_and_certificates_signs_nothing():
    with Bench() as bench, Card(OTHER) as clone:
        borrowed = objects_of(bench.card)
        edit(clone, lambda state: put_objects(state, borrowed))
        clone.insert(bench.daemon)
        bench.watcher.expect("inserted", bench.token_id)
        with bench.daemon.connect() as connection:
            for key in (bench.key, bench.guarded):
                error = check_raises("verify_failed", key.sign, connection)
                check("does not fit" in error.record["message"], f"message: {error.record}")
        clone.pull()
        bench.watcher.expect("removed", bench.token_id)


@test
def a_reference_from_before_serves_the_card_that_comes_back():
    with Bench() as bench:
        bench.insert(*late(N_KNOWN + 1))
        bench.watcher.expect("inserted", bench.token_id)
        with bench.daemon.connect() as connection:  # at once: it waits until the card is read
            check(bench.guarded.is_signature(bench.guarded.sign(connection)), "a wrong signature")
        pin_after_reading = [command.startswith("0020") for command in bench.card.commands()]
        check(pin_after_reading.index(True) >= bench.n_again, "a PIN before the card was read")


# --- the files ---------------------------------------------------------------------------------


@test
def nothing_secret_is_in_the_state_folder():
    with Bench() as bench:
        bench.insert()
        bench.watcher.expect("inserted")
        bench.guarded.check_signs(bench.daemon)
        folder = pathlib.Path(bench.daemon.env["KEYCASK_STATE_DIR"])
        certificate = base64.b64decode(certificates(bench.daemon)[0])
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            check(PIN.encode() not in content, f"{path} has the PIN")
            check(certificate[:64] not in content, f"{path} has a certificate in clear")
            check_equal(path.stat().st_mode & 0o077, 0, f"rights of others to {path}")


@test
def a_file_that_is_no_good_costs_only_time():
    with Bench() as bench:
        good = bench.file().read_bytes()
        for bad in (b"", good[:-1], good[:20], bytes(len(good)), good[:7] + b"\0" + good[8:],
                    good + b"x" * 300000):
            bench.file().write_bytes(bad)
            bench.insert(*late(bench.n_again))
            bench.watcher.expect("inserted", bench.token_id)
            check_equal(len(bench.card.commands()), bench.n_again, "APDUs before it is there")
            bench.remove()
            check(bench.file().read_bytes()[:8] == good[:8], "it has not been written anew")
        check("its file in the card cache is ignored" in bench.daemon.read_log(), "no word of it")
        target = scratch() / "elsewhere"
        bench.file().rename(target)
        (bench.folder() / ("0" * 32 + ".card")).write_bytes(good)  # another card's name
        name = bench.folder() / ("0" * 32 + ".card")
        bench.insert()
        bench.watcher.expect("inserted", bench.token_id)
        bench.wait_until_read()
        check_equal(name.read_bytes(), good, "the file of a card that nobody knows")


@test
def a_state_folder_that_cannot_be_used_costs_only_the_cache():
    with Bench() as bench:
        bench.watcher.connection.close()
        bench.daemon.stop()
        key = bench.folder().parent / "device.key"
        key.write_bytes(b"short")
        bench.daemon.start()
        bench.watcher = Watcher(bench.daemon)
        bench.insert()
        bench.watcher.expect("inserted", bench.token_id)
        bench.key.check_signs(bench.daemon)
        check("device.key is no device key" in bench.daemon.read_log(), "no word of it")
        check_equal(key.read_bytes(), b"short", "the device key that is none")
        check_equal(bench.daemon.cli("card", "forget"), {"n_forgotten": 0}, "forgotten")


@test
def a_card_is_forgotten_when_asked():
    with Bench() as bench:
        check_equal(bench.daemon.cli("card", "forget", "org.keycask.piv:00"), {"n_forgotten": 0},
                    "forgotten of another")
        failure = bench.daemon.cli("card", "forget", bench.token_id[-8:], status=1)
        check("a token that is away is named by its whole ID" in failure["hint"], failure)
        check_equal(bench.daemon.cli("card", "forget", bench.token_id), {"n_forgotten": 1},
                    "forgotten by its ID, while it is away")
        check_equal(list(bench.folder().iterdir()), [], "files")
        bench.insert(*late(bench.n_again))
        bench.watcher.expect("inserted", bench.token_id)
        check_equal(len(bench.card.commands()), bench.n_again, "APDUs before it is there")
        bench.wait_until_read()
        instance = bench.token_id.partition(":")[2]
        check_equal(bench.daemon.cli("card", "forget", instance[:10]), {"n_forgotten": 1},
                    "forgotten by the start of its instance, while it is there")
        bench.key.check_signs(bench.daemon)
        check_equal(bench.daemon.cli("card", "forget"), {"n_forgotten": 0}, "forgotten once more")
        bench.watcher.check_quiet()


@test
def nothing_is_kept_when_that_is_the_setting():
    with Bench(card_cache=False) as bench:
        check(not bench.folder().exists(), "there is a folder of cards")
        bench.insert(*late(bench.n_again))
        bench.watcher.expect("inserted", bench.token_id)
        check_equal(len(bench.card.commands()), bench.n_again, "APDUs before it is there")
        check_equal(bench.daemon.call("Tokens.Forget")["n_forgotten"], 0, "forgotten")


@test
def both_cards_of_one_name_are_not_there_at_once():
    with Bench() as bench, Card(file=copy_of(bench.card)) as twin:
        bench.insert()
        bench.watcher.expect("inserted", bench.token_id)
        twin.insert(bench.daemon)
        eventually(lambda: sorted(
            token["state"] for token in bench.daemon.call("Tokens.List")["tokens"]) ==
            ["present", "refused"], "one of the twins is refused")
        bench.key.check_signs(bench.daemon)
        twin.pull()


def copy_of(card):
    copy = scratch() / "twin.json"
    copy.write_bytes(card.file.read_bytes())
    return copy


@test
def a_card_that_is_not_what_its_answer_to_reset_promised():
    """Of the same make, with other applications: asked for what such a card had, then for all."""
    with configure(Daemon(), details_after_ms=0) as daemon, Watcher(daemon) as watcher, \
            Card(PROFILE) as piv, Card("openpgp") as openpgp, Card("both") as both:
        for card, drivers in ((piv, {"piv"}), (openpgp, {"openpgp"}), (piv, {"piv"}),
                              (both, {"piv", "openpgp"}), (openpgp, {"openpgp"})):
            card.insert(daemon)
            came = {watcher.expect("inserted")["token_id"] for _ in drivers}
            check_equal({token.split(":")[0] for token in came},
                        {f"org.keycask.{driver}" for driver in drivers}, "tokens")
            card.pull()
            for _ in drivers:
                watcher.expect("removed")


main()
