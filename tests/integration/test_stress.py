# SPDX-License-Identifier: LGPL-2.1-or-later
"""Threads, children, restarts of the daemon and a card that comes and goes, all at once, with
handles that live through it (stress.c)."""
import subprocess
import time

from keycask_test import BUILD, SOAK, Card, Daemon, Failure, check, check_equal, diagnose, main, openssl, test
from lifecycle import is_sanitized, query
from made_keys import MadeKey, add_key, file_with, unb64

SOAK_S = 600
PATIENCE = 150


def pull_and_insert(daemon, card):
    card.pull()
    daemon.wait_for_removal()
    card.insert(daemon)


def rip_and_insert(daemon, card):
    card.rip()
    daemon.wait_for_removal()
    card.insert(daemon)


def stop_and_start(daemon, card):
    daemon.stop()
    card.pull()
    daemon.start()
    card.insert(daemon)


def kill_and_start(daemon, card):
    daemon.kill()
    card.pull()
    daemon.start()
    card.insert(daemon)


EVENTS = [pull_and_insert, kill_and_start, rip_and_insert, stop_and_start]


def rounds():
    """Each event a few times, or for as long as the soak goes on."""
    ends = time.monotonic() + SOAK_S
    n = 0
    while time.monotonic() < ends if SOAK else n < 2 * len(EVENTS):
        yield EVENTS[n % len(EVENTS)]
        n += 1


def card_key(daemon):
    """Of the key that wants no PIN: its reference, and its public half in a file."""
    item = next(item for item in query(daemon, **{"class": "key"}, token_id=daemon.token_id,
                                       return_attributes=True, return_persistent_ref=True))
    reference = item["value_persistent_ref"]
    info = unb64(daemon.call("Keys.CopyPublic", {"key": reference})["public_key_info"])
    return reference, file_with(openssl("pkey", "-pubin", "-inform", "DER", input=info))


def add_keys(daemon, keys):
    with daemon.connect() as connection:
        return [add_key(connection, key, label=label) for key, label in
                zip(keys, ("stress", "stress"))]


def finish(application):
    """Told to end; what it says is how often each thing was done, and failed as documented."""
    try:
        said, _ = application.communicate("end\n", timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        application.kill()
        raise Failure("stress does not end") from None
    check_equal(application.returncode, 0, "stress's exit status")
    return {name: (int(done), int(failed)) for name, done, failed in map(str.split, said.splitlines())}


@test
def handles_live_through_everything_at_once():
    program = BUILD / "tests/integration/stress"
    check(program.exists(), f"{program} is not built")
    with Daemon() as daemon, Card("piv:9e=p256") as card:
        card.insert(daemon)
        daemon.token_id = daemon.wait_for_token()["token_id"]
        keys = [MadeKey("P-256"), MadeKey("rsa2048")]
        card_reference, card_public = card_key(daemon)
        references = [card_reference, *add_keys(daemon, keys)]
        with subprocess.Popen(
                [program, daemon.token_id, *(unb64(reference).hex() for reference in references),
                 card_public, *(key.public_path for key in keys)],
                env={**daemon.env, "KEYCASK_AUTOSTART": "0"}, text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE) as application:
            check_equal(application.stdout.readline(), "ready\n", "what it says first")
            for event in rounds():
                event(daemon, card)
                daemon.wait_for_token()
                application.stdin.write("go\n")
                application.stdin.flush()
                check_equal(application.stdout.readline(), "gone\n", f"after {event.__name__}")
            done = finish(application)
        diagnose(f"{done}{', without children' if is_sanitized() else ''}")
        check(all(n > 0 for n, _ in done.values()), f"something was never done: {done}")


main()
