# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many at once: eight clients with three kinds of operation on one card, for a minute (ten in soak)
without an error and in fair order; and eight who find no daemon, again and again."""
import subprocess
import time

from keycask_test import (PIN, SOAK, Card, Daemon, check, check_equal, diagnose, eventually, main,
                          program, run, test)
from lifecycle import (Asker, Decrypter, Footprint, Key, Lister, Signer, Watcher, decryption_key,
                       is_sanitized, query)

PROFILE = "piv:9a=p256,9d=rsa2048,9e=p256"
SECONDS = 600 if SOAK else 12 if is_sanitized() else 60
STARTS = 100 if SOAK else 10
CLIENTS = 8
# The queue of a card is served in order: of those who use the card all the time, nobody has more
# than so many turns for one of somebody else's.
FAIR = 1.5
# Whoever waits lets the turn end that has begun, and is next. How many calls that is can be counted
# from outside with one more, which another client's thread ends before this one's is woken.
TURNS = 2


def fair(counts):
    return max(counts.values()) <= FAIR * min(counts.values()) + 5


class PatientSigner(Signer):
    """Counts how often another client was served while it waited for each signature."""

    def __init__(self, daemon, key, other):
        super().__init__(daemon, key)
        self.other = other
        self.meanwhile = []

    def step(self):
        before = self.other.n
        super().step()
        self.meanwhile.append(self.other.n - before)


@test(seconds=120)
def eight_clients_use_one_card():
    with Daemon() as daemon, Card(PROFILE) as card, Watcher(daemon) as watcher:
        card.insert(daemon)
        token_id = watcher.expect("inserted")["token_id"]
        with daemon.connect() as connection:
            free, guarded = Key(connection), Key(connection, "pin")
            reference, certificate = decryption_key(connection)
            n_items = len(query(connection, **{"class": "certificate"}))
        free.check_signs(daemon)
        footprint = Footprint(daemon)
        clients = {
            "signs": Signer(daemon, free), "signs too": Signer(daemon, free),
            "signs with PIN": Signer(daemon, guarded),
            "signs with PIN too": Signer(daemon, guarded),
            "decrypts": Decrypter(daemon, reference, certificate),
            "decrypts too": Decrypter(daemon, reference, certificate),
            "lists": Lister(daemon, n_items), "lists too": Lister(daemon, n_items)}
        check_equal(len(clients), CLIENTS, "clients")
        for client in clients.values():
            client.__enter__()
        end = time.monotonic() + SECONDS
        eventually(lambda: time.monotonic() > end or
                   [client for client in clients.values() if client.trouble], "the time is over",
                   SECONDS + 20)
        for client in clients.values():
            client.__exit__(None)
        counts = {name: client.count() for name, client in clients.items()}
        diagnose(f"{SECONDS} s: {counts}")
        for client in clients.values():
            if isinstance(client, Signer):
                client.check_all(20)
                check_equal(client.n_lost, 0, "signatures that failed")
        check(fair({name: n for name, n in counts.items() if "lists" not in name}),
              f"unfair: {counts}")
        check(fair({name: n for name, n in counts.items() if "lists" in name}),
              f"unfair: {counts}")
        watcher.check_quiet()
        footprint.check_same()


@test
def a_client_that_asks_all_the_time_hinders_nobody():
    """Whoever is asked for the tries of a verified card resets it: signers verify again."""
    with Daemon() as daemon, Card(PROFILE) as card, Watcher(daemon) as watcher:
        card.insert(daemon)
        token_id = watcher.expect("inserted")["token_id"]
        with daemon.connect() as connection:
            guarded = Key(connection, "pin")
        with Asker(daemon, token_id) as asker, PatientSigner(daemon, guarded, asker) as signer:
            eventually(lambda: signer.trouble or asker.trouble or
                       (len(signer.signatures) > 50 and asker.n > 50), "both have their turns")
        signer.check_all(20)
        meanwhile = sorted(signer.meanwhile)
        diagnose(f"asked during each of {len(meanwhile)} signatures: {meanwhile}")
        check(meanwhile[len(meanwhile) // 2] <= TURNS, f"unfair: {meanwhile}")
        with daemon.connect() as connection:
            connection.call("Tokens.VerifyPin", {"token_id": token_id, "pin": PIN})


@test(seconds=200)
def eight_who_find_no_daemon_start_one():
    daemon = Daemon()
    for number in range(STARTS):
        clients = [subprocess.Popen([program("keycask"), "tokens", "--json"], env=daemon.env,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE) for _ in range(CLIENTS)]
        for client in clients:
            out, errors = client.communicate(timeout=60)
            check_equal((client.returncode, out.strip()), (0, b"[]"),
                        f"start {number}: a client that said {errors!r}: result")
        pids = {daemon.call("Admin.Status")["pid"] for _ in range(CLIENTS)}
        check_equal(len(pids), 1, "daemons")
        run(program("keycask"), "daemon", "stop", env=daemon.env)
    state = list((daemon.directory / "state").iterdir())
    check("device.key" in [path.name for path in state], f"files of state: {state}")
    check(not [path for path in state if path.name.endswith(".new")], f"left: {state}")


main()
