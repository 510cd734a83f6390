# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards without a driver in readers of a real pcscd: other programs there, protocols, resets."""
import threading

from keycask_test import Card, Daemon, check, check_equal, check_raises, eventually, main, test
from lifecycle import Key, configure
from pcsc_client import SHARE_EXCLUSIVE, Scard, connect_when_free
from piv_tools import READER, Pcscd
from raw_card import PIN_STATE, SELECT_PIV, VERIFY, Raw, transmit

NAME = f"{READER} 00 00"
PROFILE = "piv:9a=p256,9e=p256"


class PcscScene:
    """A card in a reader of pcscd, its token published."""

    def __init__(self, **settings):
        self.pcscd = Pcscd()
        self.card = Card(PROFILE)
        self.daemon = configure(Daemon(providers="pcsc"), lease_ms=20, **settings)

    def __enter__(self):
        for part in (self.pcscd, self.card, self.daemon):
            part.__enter__()
        self.pcscd.put(self.card)
        self.daemon.wait_for_token()
        return self

    def __exit__(self, kind, *_):
        for part in (self.daemon, self.card, self.pcscd):
            part.__exit__(kind, None, None)


@test
def a_session_has_the_card_for_itself():
    with PcscScene() as scene, Scard() as scard:
        with connect_when_free(scard, NAME) as other, Raw(scene.daemon, slot=NAME) as raw:
            begun = threading.Event()

            def wait_for_it():
                with other.transaction():
                    begun.set()

            check(raw.send(SELECT_PIV).endswith("9000"), "PIV is not selected")
            waiting = threading.Thread(target=wait_for_it)
            waiting.start()
            for _ in range(10):
                raw.send(PIN_STATE)
            check(not begun.is_set(), "another program has begun a transaction")
            raw.end()
            waiting.join()
        Key(scene.daemon.connect()).check_signs(scene.daemon)


@test
def what_is_verified_is_not_for_others():
    with PcscScene() as scene, Scard() as scard:
        raw = Raw(scene.daemon, slot=NAME)
        raw.send(SELECT_PIV)
        check_equal(raw.send(VERIFY), "9000", "VERIFY")
        raw.connection.close()  # as if it had died
        with connect_when_free(scard, NAME) as other, other.transaction():
            other.transmit(SELECT_PIV)
            check_equal(other.transmit(PIN_STATE), "63C3", "the PIN's state for another program")
        with Raw(scene.daemon, slot=NAME) as raw:
            raw.send(SELECT_PIV)
            raw.send(VERIFY)
            raw.end(reset=True)
        with connect_when_free(scard, NAME) as other, other.transaction():
            other.transmit(SELECT_PIV)
            check_equal(other.transmit(PIN_STATE), "63C3", "the PIN's state after a reset")


@test
def a_card_that_others_could_use_is_not_as_it_was_left():
    with PcscScene() as scene, Scard() as scard, Raw(scene.daemon, slot=NAME) as raw:
        before = raw.begun["generation"]
        raw.end()
        raw.begin(slot=NAME)
        first = raw.begun["generation"]
        raw.end()
        with connect_when_free(scard, NAME) as other, other.transaction():
            other.transmit(SELECT_PIV)
        raw.begin(slot=NAME)
        check(raw.begun["generation"] not in (before, first), "another program went unnoticed")


@test
def a_program_that_keeps_the_card_is_named():
    with PcscScene() as scene, Scard() as scard, scene.daemon.connect() as connection:
        with connect_when_free(scard, NAME, SHARE_EXCLUSIVE):
            error = check_raises("not_available", connection.call, "Slots.BeginSession",
                                 {"slot": NAME})
            check(error.record["message"].endswith("has the card for itself"), error.record)
            holders = scene.daemon.call("Slots.WhoHolds", {"slot": NAME})["holders"]
            check_equal([holder["what"] for holder in holders], ["has the card for itself"],
                        "holders")
            check("python" in holders[0]["who"] or holders[0]["who"] == "another program", holders)

        def begins():
            connection.send("Slots.BeginSession", {"slot": NAME})
            try:
                return connection.receive()[0]["session"]
            except Exception:  # pylint: disable=broad-except
                return None

        session = eventually(begins, "a session when it is free again")
        check(transmit(connection, session, SELECT_PIV).endswith("9000"), "no answer")


@test
def the_protocol_is_pcscds():
    with PcscScene() as scene, scene.daemon.connect() as connection:
        answer = connection.call("Slots.BeginSession", {"slot": NAME})
        check_equal(answer["protocol"], "t1", "the protocol of this ATR")
        connection.call("Slots.EndSession", {"session": answer["session"]})
        error = check_raises("param", connection.call, "Slots.BeginSession",
                             {"slot": NAME, "allowed_protocols": ["t0"]})
        check_equal(error.record["message"],
                    "the card has none of the protocols that are allowed", "message")
        again = connection.call("Slots.BeginSession",
                                {"slot": NAME, "allowed_protocols": ["t1"]})
        check(transmit(connection, again["session"], SELECT_PIV).endswith("9000"), "no answer")
        connection.call("Slots.EndSession", {"session": again["session"]})
        Key(connection).check_signs(scene.daemon)


@test
def a_card_pulled_in_a_session_is_gone():
    with PcscScene() as scene, Raw(scene.daemon, slot=NAME) as raw:
        raw.send(SELECT_PIV)
        scene.card.pull()
        eventually(lambda: fails(raw), "the session ends")
        eventually(lambda: state_of(scene.daemon) == "empty", "the reader is empty")
        error = check_raises("token_not_found", raw.begin, slot=NAME)
        check_equal(error.record["message"], f"there is no card in {NAME}", "message")
        scene.pcscd.put(scene.card)
        scene.daemon.wait_for_token()
        raw.begin(slot=NAME)
        check(raw.send(SELECT_PIV).endswith("9000"), "no session with the card that is back")


def state_of(daemon):
    return {slot["name"]: slot["state"] for slot in daemon.call("Slots.List")["slots"]}[NAME]


def fails(raw):
    try:
        raw.send(PIN_STATE)
    except Exception as error:  # pylint: disable=broad-except
        check_equal(getattr(error, "name", None), "token_not_found", "why")
        return True
    return False


if __name__ == "__main__":
    main()
