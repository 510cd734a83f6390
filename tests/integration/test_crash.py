# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever is killed or stops answering: calls end with a clear status, the token comes back by
itself, nothing is left running."""
import fcntl
import os
import pathlib
import shutil
import signal
import time

from keycask_test import (
    BUILD, PIN, Card, Daemon, Watch, check, check_equal, check_raises, diagnose, end, eventually,
    main, program, scratch, start, test)
from lifecycle import (
    LEAST_MS, Footprint, Key, Watcher, check_all_end, child_named, configure, kill,
    n_when_back, query)

PROFILE = "piv:9a=p256,9e=p256"
SLOW_MS = 700


class Scene:
    """A daemon with a card in it, one who watches, and the keys of the card. With is_slow the card
    takes its time for the first signature, or the first n_slow ones."""

    def __init__(self, is_slow=False, n_slow=1, **settings):
        self.daemon = configure(Daemon(), **settings)
        self.card = Card(PROFILE)
        self.n_slow = n_slow if is_slow else 0

    def __enter__(self):
        self.daemon.start()
        self.card.insert(self.daemon)
        self.token_id = self.daemon.wait_for_token()["token_id"]
        with self.daemon.connect() as connection:
            self.key, self.guarded = Key(connection), Key(connection, "pin")
        self.n_insertion = n_when_back(self.card.commands())
        if self.n_slow > 0:
            self.card.pull()
            self.daemon.wait_for_removal()
            self.card.contacts.unlink()
            self.card.insert(self.daemon, *(f"slow@{self.n_insertion + 1 + number}:{SLOW_MS}"
                                            for number in range(self.n_slow)))
            self.daemon.wait_for_token()
        self.watcher = Watcher(self.daemon)
        self.watcher.expect("inserted", self.token_id)
        return self

    def __exit__(self, *details):
        self.watcher.connection.close()
        self.card.__exit__(*details)
        self.daemon.__exit__(*details)

    def begin_signature(self):
        """A connection whose signature the card is working on."""
        connection = self.daemon.connect()
        connection.send("Keys.Sign", self.key.parameters(b"data"))
        eventually(lambda: len(self.card.commands()) > self.n_insertion, "the card is asked")
        return connection

    def check_comes_back(self):
        begun = time.monotonic()
        self.watcher.expect("removed", self.token_id)
        self.watcher.expect("inserted", self.token_id)
        self.key.check_signs(self.daemon)
        self.guarded.check_signs(self.daemon)
        diagnose(f"back after {time.monotonic() - begun:.2f} s")
        self.watcher.check_quiet()


def check_lost(scene, call, *arguments):
    error = check_raises("item_not_found", call, *arguments)
    check_equal(error.record.get("token_id"), scene.token_id, "token of the record")
    check(error.record.get("message") not in (None, "item_not_found") and error.record.get("hint"),
          f"record: {error.record}")


def helper_dies(name, is_busy):
    with Scene(is_slow=is_busy) as scene:
        connection = scene.begin_signature() if is_busy else None
        victim = child_named(scene.daemon, name)
        footprint = Footprint(scene.daemon)
        kill(victim)
        if is_busy:
            check_lost(scene, connection.receive)
        scene.check_comes_back()
        check(child_named(scene.daemon, name) != victim, "the dead lives")
        footprint.check_same()
        if is_busy:
            connection.close()


@test
def an_idle_driver_dies():
    helper_dies("keycask-driver-piv", False)


@test
def a_driver_dies_while_it_signs():
    helper_dies("keycask-driver-piv", True)


@test
def an_idle_slot_process_dies():
    helper_dies("keycask-slot", False)


@test
def a_slot_process_dies_while_the_card_works():
    helper_dies("keycask-slot", True)


@test
def everybody_in_the_queue_is_told_why():
    with Scene(is_slow=True) as scene:
        connections = [scene.begin_signature() for _ in range(5)]
        for connection in connections:  # answered in order: the calls before this have come
            connection.send("Tokens.List")
        scene.daemon.call("Tokens.List")
        kill(child_named(scene.daemon, "keycask-slot"))
        for connection in connections:
            check_lost(scene, connection.receive)
            connection.close()
        scene.check_comes_back()


@test
def a_driver_dies_again_and_again():
    with Scene() as scene:
        for _ in range(3):
            kill(child_named(scene.daemon, "keycask-driver-piv"))
            scene.check_comes_back()
        kill(child_named(scene.daemon, "keycask-driver-piv"))
        scene.watcher.expect("removed", scene.token_id)
        listed = scene.daemon.call("Tokens.List")["tokens"]
        check_equal([token["state"] for token in listed], ["refused"], "while none runs")
        check("driver" in listed[0]["reason"], f"reason: {listed[0]['reason']}")
        scene.card.pull()
        eventually(lambda: not scene.daemon.call("Tokens.List")["tokens"], "it goes")
        scene.watcher.check_quiet()


# --- keycask-x509 ------------------------------------------------------------------------------


@test
def an_idle_inspector_dies_unnoticed():
    with Scene() as scene:
        kill(child_named(scene.daemon, "keycask-x509"))
        scene.key.check_signs(scene.daemon)
        scene.watcher.check_quiet()
        scene.card.pull()
        scene.watcher.expect("removed")
        scene.card.insert(scene.daemon)
        scene.watcher.expect("inserted")
        check_equal(len(query(scene.daemon, **{"class": "identity"})), 2, "identities")


def inspector_fails(how, **settings):
    """It is stopped while a card comes, so that a certificate is under way for certain."""
    with Scene(**settings) as scene:
        scene.card.pull()
        scene.watcher.expect("removed")
        scene.card.contacts.unlink()
        inspector = child_named(scene.daemon, "keycask-x509")
        kill(inspector, signal.SIGSTOP)
        scene.card.insert(scene.daemon)
        eventually(lambda: len(scene.card.commands()) == scene.n_insertion, "the card is read")
        check_equal(scene.daemon.call("Tokens.List")["tokens"], [], "tokens before their items")
        if how is not None:
            kill(inspector, how)
        scene.watcher.expect("inserted", scene.token_id)
        check_equal(len(query(scene.daemon, **{"class": "identity"})), 2, "identities")
        scene.key.check_signs(scene.daemon)
        check(child_named(scene.daemon, "keycask-x509") != inspector, "the dead lives")


@test
def an_inspector_dies_of_nothing_and_no_certificate_is_lost():
    inspector_fails(signal.SIGKILL)


@test
def an_inspector_that_hangs_is_replaced():
    inspector_fails(None, **LEAST_MS)


def overlay(name, content):
    """A folder of helper programs in which one is another."""
    folder = pathlib.Path(scratch(), "libexec")
    folder.mkdir()
    for path in (BUILD / "src").iterdir():
        if path.is_file() and os.access(path, os.X_OK) and path.name != name:
            (folder / path.name).symlink_to(path)
    if content is not None:
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755)
    return str(folder)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def check_no_spin(daemon, log_line, n_lines):
    """By the time it has been said so often, little has been computed."""
    eventually(lambda: daemon.read_log().count(log_line) >= n_lines, f"{log_line} {n_lines} times")
    check(cpu_seconds(daemon.pid) < 1, f"{cpu_seconds(daemon.pid)} s of CPU")


@test
def an_inspector_that_always_dies_costs_the_items_only():
    libexec = overlay("keycask-x509", b"#!/bin/sh\nexit 1\n")
    with Daemon(KEYCASK_LIBEXEC_DIR=libexec) as daemon, Card(PROFILE) as card:
        card.insert(daemon)
        daemon.wait_for_token()
        check_equal(query(daemon, **{"class": "certificate"}), [], "certificates")
        check_equal(query(daemon, **{"class": "key"}), [], "keys")
        check_no_spin(daemon, "an object is left out", 2)


# --- drivers that cannot be --------------------------------------------------------------------


def refusal(daemon):
    return eventually(lambda: [token for token in daemon.call("Tokens.List")["tokens"]
                               if token["state"] == "refused"], "the refusal")[0]


@test
def a_driver_that_is_missing_is_told():
    libexec = overlay("keycask-driver-piv", None)
    with Daemon(KEYCASK_LIBEXEC_DIR=libexec) as daemon, Card(PROFILE) as card:
        driver = next(driver for driver in daemon.call("Admin.ListDrivers")["drivers"]
                      if driver["class_id"] == "org.keycask.piv")
        check_equal(driver["enabled"], False, "a driver without its program")
        check("keycask-driver-piv" in driver["reason"], f"reason: {driver['reason']}")
        card.insert(daemon)
        eventually(lambda: daemon.call("Slots.List")["slots"][0]["state"] == "valid",
                   "the slot knows the card")
        check_equal(daemon.call("Tokens.List")["tokens"], [], "tokens")
        card.pull()


@test
def a_driver_that_always_dies_is_started_less_and_less():
    libexec = overlay("keycask-driver-piv", pathlib.Path(shutil.which("false")).read_bytes())
    with Daemon(KEYCASK_LIBEXEC_DIR=libexec) as daemon, Card(PROFILE) as card:
        card.insert(daemon)
        token = refusal(daemon)
        check("driver" in token["reason"], f"reason: {token['reason']}")
        check_no_spin(daemon, "driver org.keycask.piv", 4)
        check_equal(query(daemon, **{"class": "certificate"}), [], "items")
        card.pull()
        eventually(lambda: not daemon.call("Tokens.List")["tokens"], "it goes")
        check_equal(sorted(daemon.children().values()), [], "children")


@test
def a_slot_process_that_always_dies_ends_as_mute():
    libexec = overlay("keycask-slot", None)
    with Daemon(KEYCASK_LIBEXEC_DIR=libexec) as daemon, Card(PROFILE) as card, \
            Watcher(daemon, "Slots.Watch") as watcher:
        watcher.expect_state("empty")
        card.insert(daemon)
        watcher.expect_state("probing")
        watcher.expect_state("mute")
        card.pull()
        watcher.expect_state("empty")


# --- stopped, not dead -------------------------------------------------------------------------


@test
def a_driver_that_hangs_is_replaced():
    with Scene(**LEAST_MS) as scene:
        victim = child_named(scene.daemon, "keycask-driver-piv")
        kill(victim, signal.SIGSTOP)
        with scene.daemon.connect() as connection:
            check_lost(scene, scene.key.sign, connection)
        scene.check_comes_back()
        check_all_end([victim])


@test
def a_slot_process_that_hangs_is_replaced():
    with Scene(**LEAST_MS) as scene:
        victim = child_named(scene.daemon, "keycask-slot")
        kill(victim, signal.SIGSTOP)
        with scene.daemon.connect() as connection:
            check_lost(scene, scene.key.sign, connection)
        scene.check_comes_back()
        check_all_end([victim])


# --- the daemon --------------------------------------------------------------------------------


def stop_detached(daemon):
    """End a daemon that a client has started."""
    pid = daemon.call("Admin.Status")["pid"]
    daemon.call("Admin.Stop")
    os.waitpid(pid, 0)  # the runner is its subreaper


def taken_over(card):
    """What the card was told before its first command after it was put in last."""
    text = card.contacts.read_text().rpartition("inserted")[2]
    return text.partition(">")[0]


@test
def a_killed_daemon_leaves_no_children_and_has_a_successor():
    with Scene(is_slow=True) as scene:
        connection = scene.begin_signature()
        children = list(scene.daemon.children())
        check(len(children) >= 3, "too few children")
        scene.daemon.kill()
        check_all_end(children)
        check_equal(connection.receive_raw(), None, "an answer of the dead")
        scene.card.pull()  # its reader is gone: it has left by itself
        check_equal(scene.daemon.cli("tokens"), [], "tokens of the successor")
        scene.card.insert(scene.daemon)
        check_equal(scene.daemon.wait_for_token()["token_id"], scene.token_id, "token ID")
        check("reset" in taken_over(scene.card), "the card has not been reset")
        scene.key.check_signs(scene.daemon)
        scene.card.pull()
        connection.close()
        stop_detached(scene.daemon)


def stops_cleanly(how):
    """Streams end, an operation under way is finished first, nothing is left."""
    with Scene(is_slow=True) as scene:
        idle = scene.daemon.connect()
        slots = Watcher(scene.daemon, "Slots.Watch")
        signing = scene.begin_signature()
        process, children = scene.daemon.process, list(scene.daemon.children())
        scene.daemon.process = None
        if how is None:
            scene.daemon.call("Admin.Stop")
        else:
            process.send_signal(how)
        signature, _ = signing.receive()
        check(scene.key.is_signature(signature["signature"]), "a wrong signature")
        for connection in (idle, slots.connection, scene.watcher.connection, signing):
            check(connection.is_closed(), "a connection stays open")
            connection.close()
        check_equal(process.wait(20), 0, "exit status")
        check_all_end(children)
        folder = scene.daemon.socket.parent
        check_equal([path.name for path in folder.iterdir() if path.is_socket()], [], "sockets")
        with open(folder / "keycaskd.lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@test
def sigterm_stops_cleanly():
    stops_cleanly(signal.SIGTERM)


@test
def sigint_stops_cleanly():
    stops_cleanly(signal.SIGINT)


@test
def admin_stop_stops_cleanly():
    stops_cleanly(None)


# --- clients -----------------------------------------------------------------------------------


@test
def clients_are_killed_in_each_state():
    with Scene(is_slow=True, n_slow=2) as scene:
        daemon, key = scene.daemon, scene.key
        footprint = Footprint(daemon)
        process = start(program("keycask"), "sign", "--key", key.reference, os.devnull,
                        env=daemon.env)
        eventually(lambda: len(scene.card.commands()) > scene.n_insertion, "the card is asked")
        end(process, signal.SIGKILL)
        scene.n_insertion += 1
        scene.begin_signature().close()
        key.check_signs(daemon)  # after the two nobody waits for any more
        for prepare in (
                lambda client: None,
                lambda client: client.send_raw(b'{"method":"org.keycask.Tok'),
                lambda client: client.send("Slots.Watch", more=True),
                lambda client: client.send("Keys.Sign", key.parameters(b"unread")),
                lambda client: client.call("Tokens.VerifyPin", {"token_id": scene.token_id,
                                                                "pin": PIN}),
                lambda client: [client.send("Tokens.List") for _ in range(100)]):
            client = daemon.connect()
            prepare(client)
            client.close()
            key.check_signs(daemon)
        with Watch(daemon) as watch:
            check_equal(watch.next()["event"], "inserted", "event")
            kill(watch.process.pid)
        footprint.check_same()
        scene.watcher.check_quiet()


@test
def a_client_that_leaves_takes_its_prompt_along():
    pinentry = pathlib.Path(scratch(), "pinentry")
    pinentry.write_text("#!/bin/sh\necho OK\nwhile read line; do\n"
                        "case $line in GETPIN*) exec sleep 1000;; *) echo OK;; esac; done\n")
    pinentry.chmod(0o755)
    with Scene(pinentry=str(pinentry)) as scene:
        footprint = Footprint(scene.daemon)
        for _ in range(2):
            client = scene.daemon.connect()
            wanted = scene.guarded.parameters(b"data")
            del wanted["pin"]
            client.send("Keys.Sign", {**wanted, "interaction": {"display": ":77"}})
            eventually(lambda: "sleep" in scene.daemon.children().values(), "the prompt")
            scene.key.check_signs(scene.daemon)  # the card is free meanwhile
            client.close()
            footprint.check_same()


@test
def a_token_that_leaves_takes_its_prompt_along():
    pinentry = pathlib.Path(scratch(), "pinentry")
    pinentry.write_text("#!/bin/sh\necho OK\nwhile read line; do\n"
                        "case $line in GETPIN*) exec sleep 1000;; *) echo OK;; esac; done\n")
    pinentry.chmod(0o755)
    with Scene(pinentry=str(pinentry)) as scene, scene.daemon.connect() as client:
        wanted = scene.guarded.parameters(b"data")
        del wanted["pin"]
        client.send("Keys.Sign", {**wanted, "interaction": {"display": ":77"}})
        eventually(lambda: "sleep" in scene.daemon.children().values(), "the prompt")
        scene.card.pull()
        check_lost(scene, client.receive)
        eventually(lambda: "sleep" not in scene.daemon.children().values(), "the prompt goes")


main()
