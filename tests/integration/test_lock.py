# SPDX-License-Identifier: LGPL-2.1-or-later
"""A person who leaves takes the PIN along: keycask lock, the screen's lock, sleep; and policy."""
from keycask_test import main, scratch, skip_unless, test
from login1 import Logind, is_available
from pin_scene import PIN, SIGN, Scene, check, check_equal, eventually


def check_forgotten(scene, connection, what):
    scene.keys.refuses("interaction_not_allowed", connection)
    check_equal(scene.keys.pin_status(connection), (3, False), f"PIN status after {what}")


def verify_and_count(scene, connection):
    """Authenticated; how many resets the card has seen."""
    scene.keys.sign(connection, pin=PIN)
    return scene.n_resets()


# --- keycask lock ------------------------------------------------------------------------------


@test
def lock_forgets_every_pin_and_resets_the_card_at_once():
    with Scene(lease_ms=60000) as scene, scene.connect() as a, scene.connect() as b:
        scene.keys.sign(b, pin=PIN)
        n_resets = verify_and_count(scene, a)
        check_equal(scene.daemon.cli("lock"), {"was_running": True, "keychain_locked": False}, "keycask lock")
        scene.wait_for_reset(n_resets)
        check_forgotten(scene, a, "lock")
        check_forgotten(scene, b, "lock")
        scene.keys.sign(a, pin=PIN)


@test
def lock_leaves_a_card_alone_that_nobody_has_used_a_pin_with():
    with Scene(lease_ms=60000) as scene, scene.connect() as a:
        scene.keys.sign(a, "9e")
        n_resets = scene.n_resets()
        scene.daemon.call("Admin.Lock")
        scene.keys.sign(a, "9e")
        check_equal(scene.n_resets(), n_resets, "resets")


@test
def what_runs_is_finished_and_its_pin_forgotten():
    with Scene(lease_ms=60000) as scene:
        n_apdus = len(scene.card.commands())
        scene.card.pull()
        scene.daemon.wait_for_removal()
        before = len(scene.card.commands())
        scene.card.insert(scene.daemon, *(f"slow@{n_apdus + n}:300" for n in range(1, 5)))
        scene.daemon.wait_for_token()
        with scene.connect() as a:
            n_resets = scene.n_resets()
            a.send("Keys.Sign", scene.keys.parameters(pin=PIN))
            eventually(lambda: len(scene.card.commands()) > before + n_apdus, "the card is at it")
            scene.daemon.call("Admin.Lock")
            scene.keys.judge("9a", a.receive()[0])
            check_forgotten(scene, a, "lock while signing")
            scene.wait_for_reset(n_resets)


@test
def lock_of_a_daemon_that_is_not_running_is_no_failure():
    with Scene() as scene:
        scene.daemon.stop()
        check_equal(scene.daemon.cli("lock"), {"was_running": False, "keychain_locked": False}, "keycask lock")
        scene.daemon.start()


# --- the screen, and sleep ---------------------------------------------------------------------


class Desktop:
    """A scene whose daemon hears a login manager."""

    def __init__(self, uid=None):
        skip_unless(is_available(), "no dbus-daemon, or no python3-jeepney")
        self.logind = Logind(scratch(), uid)
        self.scene = Scene(lease_ms=60000)

    def __enter__(self):
        self.logind.__enter__()
        self.scene.daemon.env.update(self.logind.environment)
        self.scene.__enter__()
        eventually(lambda: self.logind.n_inhibitors() == 1, "keycaskd has subscribed")
        return self.scene, self.logind

    def __exit__(self, *failure):
        self.scene.__exit__(*(failure or (None,)))
        self.logind.__exit__()


@test
def locking_the_screen_forgets_the_pin():
    with Desktop() as (scene, logind), scene.connect() as a:
        for order in (("signal", "Lock", "_31"), ("hint", "true", "_32"),
                      ("signal", "Lock", "_nobody")):
            n_resets = verify_and_count(scene, a)
            logind.order(*order)
            scene.wait_for_reset(n_resets)
            check_forgotten(scene, a, " ".join(order))


@test
def what_is_no_lock_of_ours_forgets_nothing():
    with Desktop() as (scene, logind), scene.connect() as a:
        n_resets = verify_and_count(scene, a)
        for order in (("signal", "Lock", "_foreign"), ("hint", "true", "_foreign"),
                      ("signal", "Unlock", "_31"), ("hint", "false", "_31"), ("sleep", "end")):
            logind.order(*order)
        n_signed = sum(command.startswith(SIGN) for command in scene.card.commands())
        logind.order("sleep", "begin")  # the last of them all is heard
        scene.wait_for_reset(n_resets)
        check_equal(scene.n_resets(), n_resets + 1, "resets")
        check_equal(sum(command.startswith(SIGN) for command in scene.card.commands()), n_signed,
                    "signatures")
        log = scene.daemon.read_log()
        check_equal(log.count("PINs are forgotten"), 1, "times the PIN was forgotten")


@test
def the_machine_sleeps_after_the_pin_is_forgotten():
    with Desktop() as (scene, logind), scene.connect() as a:
        n_resets = verify_and_count(scene, a)
        logind.order("sleep", "begin")
        eventually(lambda: logind.n_inhibitors() == 0, "the machine may sleep")
        scene.wait_for_reset(n_resets)
        check_forgotten(scene, a, "sleep")
        logind.order("sleep", "end")
        eventually(lambda: logind.n_inhibitors() == 1, "sleep waits for us again")


@test
def a_bus_that_leaves_disturbs_nobody():
    with Desktop() as (scene, logind), scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        logind.stop_bus()
        eventually(lambda: "the system bus has left" in scene.daemon.read_log(), "it is noticed")
        scene.keys.sign(a)


@test
def without_a_bus_all_else_works():
    scene = Scene("--log-level", "info")
    scene.daemon.env["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={scratch()}/nobody"
    with scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        scene.keys.sign(a)
        check("locking and sleep are not noticed" in scene.daemon.read_log(), "nothing in the log")


# --- policy ------------------------------------------------------------------------------------


def policy(scene):
    status = scene.daemon.cli("daemon", "status")
    return tuple(status["pin_cache"][name] for name in ("policy", "idle_s", "absolute_s"))


@test
def per_use_keeps_no_pin():
    with Scene(pin_cache="per-use", lease_ms=60000) as scene, scene.connect() as a:
        check_equal(policy(scene), ("per-use", 0, 0), "policy")
        scene.keys.sign(a, pin=PIN)
        scene.keys.refuses("interaction_not_allowed", a)


@test
def a_time_is_a_time_used_or_not():
    with Scene(pin_cache="1s", lease_ms=60000) as scene, scene.connect() as a:
        check_equal(policy(scene), ("1s", 1, 1), "policy")
        scene.keys.sign(a, pin=PIN)

        def is_refused():
            try:
                a.call("Keys.Sign", scene.keys.parameters())
                return False
            except Exception as error:  # pylint: disable=broad-except
                check_equal(error.name, "interaction_not_allowed", "failure")
                return True

        eventually(is_refused, "the PIN has reached its limit though it is used all the time")


@test
def the_session_s_limits_are_told():
    with Scene(pin_idle_s=7, pin_absolute_s=9) as scene:
        check_equal(policy(scene), ("session", 7, 9), "policy")


main()
