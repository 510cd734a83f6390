# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drivers as they come and go: listed, switched off and on, put in place and replaced while cards
are there, asked in their order, declining."""
import json
import os

from keycask_test import BUILD, SOAK, SOURCE, Card, Daemon, check, check_equal, eventually, main
from keycask_test import skip_unless, test

PIV = "org.keycask.piv"
PIV_AID = "A00000030800001000"

# A driver in another language: one file, nothing but a socket. What it answers stands beside it.
SCRIPT = """#!/usr/bin/env python3
import json, pathlib, socket, sys, time
answers = json.loads(pathlib.Path(sys.argv[0] + ".answers").read_text())
control = socket.socket(fileno=3)
text = b""
while True:
    data = control.recv(65536)
    if not data:
        break
    text += data
    while b"\\0" in text:
        call, text = text.split(b"\\0", 1)
        answer = answers[json.loads(call)["method"].rsplit(".", 1)[1]]
        if answer == "crash":
            sys.exit(9)
        if answer == "hang":
            time.sleep(600)
        if isinstance(answer, int):
            reply = {"error": "org.keycask.Driver.Failed", "parameters": {"record": {
                "status": answer, "name": "x", "message": "not one of mine"}}}
        else:
            reply = {"parameters": answer}
        control.sendall(json.dumps(reply).encode() + b"\\0")
"""
ANSWERS = {
    "Open": {"instance_id": "ONE", "label": "first"},
    "Enumerate": {"objects": [], "pins": []},
    "PinStatus": {},
}
BAD_PARAMETER = -70008


def user_folder(daemon):
    folder = daemon.directory / "config" / "drivers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def put(path, text, mode=0o644):
    """As an installation does: written beside it, renamed over it."""
    beside = path.with_name("." + path.name)
    beside.write_text(text)
    beside.chmod(mode)
    beside.rename(path)


def manifest_text(class_id, executable, aids):
    return json.dumps({"class_id": class_id, "name": class_id, "type": "smartcard",
                       "executable": executable, "aids": aids})


def install(daemon, name, aids=(PIV_AID,), **answers):
    """A driver of the user's, org.example.NAME."""
    folder = user_folder(daemon)
    put(folder / f"{name}.answers", json.dumps({**ANSWERS, **answers}))
    put(folder / name, SCRIPT, 0o755)
    put(folder / f"{name}.json", manifest_text(f"org.example.{name}", name, list(aids)))


def drivers(daemon):
    return {driver["class_id"]: driver for driver in daemon.cli("driver", "list")}


def tokens(daemon):
    return daemon.call("Tokens.List")["tokens"]


def present(daemon):
    return sorted(token["token_id"] for token in tokens(daemon) if token["state"] == "present")


def wait_for(daemon, *token_ids):
    eventually(lambda: present(daemon) == sorted(token_ids), f"tokens {token_ids}")


def wait_for_driver(daemon, class_id):
    eventually(lambda: [t for t in present(daemon) if t.startswith(class_id + ":")], class_id)


# --- listed, off, on ---------------------------------------------------------------------------


@test
def the_list_shows_what_is_installed():
    with Daemon() as daemon:
        driver = drivers(daemon)[PIV]
        check_equal(driver["aids"], [PIV_AID], "AIDs")
        check(driver["enabled"] and "reason" not in driver, driver)
        check_equal(driver["path"], str(SOURCE / "dist" / "drivers" / f"{PIV}.json"), "path")
        check_equal(driver["program"], str(BUILD / "src" / "keycask-driver-piv"), "program")


@test
def tokens_of_a_disabled_driver_leave_and_return():
    with Daemon() as daemon, Card("piv:9a=p256") as card, daemon.watch() as watch:
        card.insert(daemon)
        token_id = watch.next()["token_id"]
        pid = [pid for pid, name in daemon.children().items() if "piv" in name]
        check_equal(daemon.cli("driver", "disable", PIV), {"class_id": PIV, "enabled": False},
                    "answer")
        event = watch.next()
        check_equal((event["event"], event["token_id"]), ("removed", token_id), "event")
        check_equal((tokens(daemon), daemon.cli("list")), ([], []), "what is left")
        eventually(lambda: not [p for p in pid if p in daemon.children()], "the driver ends")
        check(not drivers(daemon)[PIV]["enabled"], "it is listed as enabled")
        check("reason" not in drivers(daemon)[PIV], "nothing is wrong with it")
        n_selects = sum(command.startswith("00A404") for command in card.commands())
        daemon.cli("driver", "enable", PIV)
        event = watch.next()
        check_equal((event["event"], event["token_id"]), ("inserted", token_id), "event")
        check(drivers(daemon)[PIV]["enabled"], "it is not listed as enabled")
        check(n_selects <= sum(c.startswith("00A404") for c in card.commands()), "no SELECT")


@test
def a_disabled_driver_sees_no_card_also_after_a_restart():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        daemon.cli("driver", "disable", PIV)
        check_equal(json.loads((daemon.directory / "config" / "drivers.json").read_text()),
                    {"disabled": [PIV]}, "drivers.json")
        daemon.stop()
        daemon.start()
        card.insert(daemon)
        eventually(lambda: daemon.call("Slots.List")["slots"][0]["state"] == "valid", "the card")
        check_equal(tokens(daemon), [], "tokens")
        check(not any("A000000308" in command for command in card.commands()), "it was asked")
        daemon.cli("driver", "enable", PIV)
        wait_for_driver(daemon, PIV)


@test
def a_driver_that_is_not_there():
    with Daemon() as daemon:
        for verb in ("enable", "disable"):
            failure = daemon.cli("driver", verb, "org.example.none", status=1)
            check_equal(failure["name"], "item_not_found", "name")
            check("there is no driver org.example.none" in failure["message"], failure)
            check("keycask driver list" in failure["hint"], failure)


@test
def choices_that_cannot_be_written_are_told():
    with Daemon() as daemon:
        (daemon.directory / "config").rename(daemon.directory / "elsewhere")
        (daemon.directory / "config").symlink_to(daemon.directory / "nowhere")
        failure = daemon.cli("driver", "disable", PIV, status=1)
        check_equal(failure["name"], "not_available", "name")
        check("drivers.json" in failure["message"], failure)
        check(drivers(daemon)[PIV]["enabled"], "it is disabled all the same")


@test
def choices_edited_by_hand_are_followed():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        wait_for_driver(daemon, PIV)
        put(daemon.directory / "config" / "drivers.json", json.dumps({"disabled": [PIV]}))
        wait_for(daemon)
        put(daemon.directory / "config" / "drivers.json", "{")
        reason = eventually(lambda: drivers(daemon)[PIV].get("reason"), "a reason")
        check("drivers.json" in reason, reason)


# --- coming, changing, going ---------------------------------------------------------------------


@test
def a_driver_of_the_users_own_meets_the_card_that_is_there():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        wait_for_driver(daemon, PIV)
        before = present(daemon)
        daemon.cli("driver", "disable", PIV)
        install(daemon, "mine")
        check_equal(drivers(daemon)["org.example.mine"]["program"],
                    str(user_folder(daemon) / "mine"), "program")
        wait_for(daemon, "org.example.mine:ONE")
        (user_folder(daemon) / "mine.json").unlink()
        wait_for(daemon)
        check("org.example.mine" not in drivers(daemon), "it is still listed")
        daemon.cli("driver", "enable", PIV)
        wait_for(daemon, *before)


@test
def a_new_driver_costs_the_others_nothing():
    """Another application of the same card: the token that is there stays, with its session."""
    with Daemon() as daemon, Card("piv:9a=p256") as card, daemon.watch() as watch:
        card.insert(daemon)
        check_equal(watch.next()["event"], "inserted", "event")
        with daemon.connect() as client:
            token = present(daemon)[0]
            client.call("Tokens.VerifyPin", {"token_id": token, "pin": "123456"})
            install(daemon, "other", aids=["A000000308000010000100"])
            check_equal(watch.next()["token_id"], "org.example.other:ONE", "the new one")
            status = client.call("Tokens.PinStatus", {"token_id": token})
            check(status["is_authenticated"], "the session was lost")


@test
def a_broken_manifest_breaks_nobody():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        install(daemon, "mine", aids=["A000000001"])
        card.insert(daemon)
        wait_for_driver(daemon, PIV)
        whole = (user_folder(daemon) / "mine.json").read_text()
        for end in range(0, len(whole) - 1, 7):
            (user_folder(daemon) / "mine.json").write_text(whole[:end])
            listed = drivers(daemon)
            check(listed[PIV]["enabled"], f"PIV is gone after {end} bytes")
            check([d for d in listed.values() if d.get("reason")], f"{end} bytes are accepted")
        check_equal(len(present(daemon)), 1, "tokens")


@test
def a_token_goes_on_while_its_manifest_is_being_written():
    with Daemon() as daemon, Card("piv:9a=p256") as card, daemon.watch() as watch:
        daemon.cli("driver", "disable", PIV)
        install(daemon, "mine")
        card.insert(daemon)
        check_equal(watch.next()["token_id"], "org.example.mine:ONE", "token")
        path = user_folder(daemon) / "mine.json"
        whole = path.read_text()
        path.write_text(whole[:20])
        check("reason" in drivers(daemon)["mine"], "half a manifest is accepted")
        check_equal(present(daemon), ["org.example.mine:ONE"], "tokens")
        path.write_text(whole)
        check(drivers(daemon)["org.example.mine"]["enabled"], "not enabled")
        check_equal(present(daemon), ["org.example.mine:ONE"], "tokens")
        path.unlink()
        check_equal(watch.next()["event"], "removed", "next event")


@test
def a_replaced_program_serves_from_the_next_start_on():
    with Daemon() as daemon, Card("piv:9a=p256") as card, daemon.watch() as watch:
        daemon.cli("driver", "disable", PIV)
        install(daemon, "mine")
        card.insert(daemon)
        check_equal(watch.next()["label"], "first", "label")
        install(daemon, "mine", Open={"instance_id": "ONE", "label": "second"})
        drivers(daemon)
        check_equal(tokens(daemon)[0]["label"], "first", "the running driver's label")
        card.pull()
        check_equal(watch.next()["event"], "removed", "event")
        card.insert(daemon)
        check_equal(watch.next()["label"], "second", "label")
        install(daemon, "mine", Open={"instance_id": "ONE", "label": "third"})
        pid = next(pid for pid, name in daemon.children().items() if "python" in name)
        os.kill(pid, 9)
        check_equal(watch.next()["event"], "removed", "event")
        check_equal(watch.next()["label"], "third", "label after a crash")


@test
def others_may_not_put_drivers_in_place():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        install(daemon, "mine")
        path = user_folder(daemon) / "mine"
        path.chmod(0o777)
        reason = drivers(daemon)["org.example.mine"]["reason"]
        check("can be written by others (mode 777): chmod go-w it" in reason, reason)
        path.chmod(0o755)
        check("reason" not in drivers(daemon)["org.example.mine"], "still refused")
        user_folder(daemon).chmod(0o777)
        reason = drivers(daemon)["org.example.mine"]["reason"]
        check("can be written by others" in reason, reason)
        if os.geteuid() == 0:
            user_folder(daemon).chmod(0o755)
            os.chown(path, 65534, 65534)
            reason = drivers(daemon)["org.example.mine"]["reason"]
            check("belongs to user 65534: it must be yours or root's" in reason, reason)


# --- who serves it -------------------------------------------------------------------------------


@test
def an_application_has_one_driver_by_order():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        install(daemon, "mine")
        order = [driver for driver in drivers(daemon) if driver in (PIV, "org.example.mine")]
        check_equal(order, [PIV, "org.example.mine"], "order")
        card.insert(daemon)
        wait_for_driver(daemon, PIV)
        check_equal(len(tokens(daemon)), 1, "tokens")
        card.pull()
        daemon.wait_for_removal()
        put(daemon.directory / "config" / "drivers.json",
            json.dumps({"order": ["org.example.mine"]}))
        check_equal(list(drivers(daemon))[0], "org.example.mine", "the first")
        card.insert(daemon)
        wait_for(daemon, "org.example.mine:ONE")
        check_equal(len(tokens(daemon)), 1, "tokens")


@test
def a_driver_that_declines_leaves_it_to_the_next():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        install(daemon, "first", Open=BAD_PARAMETER)
        install(daemon, "second")
        put(daemon.directory / "config" / "drivers.json",
            json.dumps({"order": ["org.example.first", "org.example.second"]}))
        card.insert(daemon)
        wait_for(daemon, "org.example.second:ONE")
        refused = [token for token in tokens(daemon) if token["state"] == "refused"]
        check_equal([(t["driver"], t["reason"]) for t in refused],
                    [("org.example.first", "not one of mine")], "refused")


@test
def the_bare_card_is_for_drivers_without_aids():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        install(daemon, "bare", aids=[])
        install(daemon, "picky", aids=[], Open=BAD_PARAMETER)
        put(daemon.directory / "config" / "drivers.json",
            json.dumps({"order": ["org.example.picky"]}))
        card.insert(daemon)
        wait_for_driver(daemon, PIV)
        check_equal(len(tokens(daemon)), 1, "tokens of a card that is known")
        card.pull()
        daemon.wait_for_removal()
        daemon.cli("driver", "disable", PIV)
        card.insert(daemon)
        wait_for(daemon, "org.example.bare:ONE")
        check_equal(len(tokens(daemon)), 1, "tokens")


# --- watched over ----------------------------------------------------------------------------------


def reason(daemon, class_id):
    return next((token.get("reason", "") for token in tokens(daemon)
                 if token["driver"] == class_id and token["state"] == "refused"), "")


def daemon_with(**settings):
    daemon = Daemon()
    (daemon.directory / "config").mkdir(parents=True)
    (daemon.directory / "config" / "config.json").write_text(json.dumps(settings))
    return daemon


@test
def a_driver_that_crashes_is_started_again_less_and_less_often():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        install(daemon, "mine", aids=["A000000308000010000100"], Enumerate="crash")
        card.insert(daemon)
        wait_for_driver(daemon, PIV)
        for delay, attempt in ((100, 1), (200, 2), (400, 3)):
            text = (f"its driver ended with status 9; starting it again in {delay} ms "
                    f"({attempt} of 10)")
            eventually(lambda: reason(daemon, "org.example.mine") == text, text)
        check_equal(len(present(daemon)), 1, "the other token")
        install(daemon, "mine", aids=["A000000308000010000100"])
        wait_for_driver(daemon, "org.example.mine")


@test
def a_driver_that_hangs_is_killed_and_started_again():
    for method in ("Open", "Enumerate"):
        with daemon_with(card_deadline_ms=400) as daemon, Card("piv:9a=p256") as card:
            daemon.cli("driver", "disable", PIV)
            install(daemon, "mine", **{method: "hang"})
            card.insert(daemon)
            text = "its driver did not answer as it should and was killed; starting it again in"
            eventually(lambda: reason(daemon, "org.example.mine").startswith(text), text)
            install(daemon, "mine")
            wait_for(daemon, "org.example.mine:ONE")


@test(seconds=180)
def a_driver_that_never_lives_is_given_up_until_it_is_replaced():
    skip_unless(SOAK, "its ten lives take 77 seconds")
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        daemon.cli("driver", "disable", PIV)
        install(daemon, "mine", Open="crash")
        card.insert(daemon)
        text = ("its driver ended with status 9, 10 times; replace the driver, or put the card in "
                "again")
        eventually(lambda: reason(daemon, "org.example.mine") == text, text, patience=150)
        install(daemon, "mine")
        wait_for(daemon, "org.example.mine:ONE")


main()
