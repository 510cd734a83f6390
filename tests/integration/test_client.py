# SPDX-License-Identifier: LGPL-2.1-or-later
"""libkeycask in an application (application.c), beside a real daemon."""
import subprocess

from keycask_test import BUILD, Card, Daemon, check, check_equal, main, test


@test
def an_application_forks_threads_and_outlives_card_and_daemon():
    with Daemon() as daemon, Card("piv:9a=p256,9e=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        program = BUILD / "tests/integration/application"
        check(program.exists(), f"{program} is not built")
        with subprocess.Popen([str(program)], env=daemon.env, text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as application:
            for step in ("restart", "pull", "insert"):
                check_equal(application.stdout.readline().strip(), step, "what it asks for")
                if step == "restart":
                    card.pull()
                    daemon.stop()
                    daemon.start()
                if step == "pull":
                    card.pull()
                    daemon.wait_for_removal()
                else:
                    card.insert(daemon)
                    daemon.wait_for_token()
                application.stdin.write("go\n")
                application.stdin.flush()
            check_equal(application.stdout.readline().strip(), "done", "what it says in the end")
        check_equal(application.returncode, 0, "the application's exit status")


@test
def a_token_says_who_drives_it():
    """What Apple's TKTokenWatcher.TokenInfo has: the token's ID, its slot, its driver's name."""
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        info = daemon.call("Tokens.Info", {"token_id": token_id})["token"]
        check_equal(info["driver_name"], "PIV", "its driver's name")
        check_equal(info["driver"], "org.keycask.piv", "its driver")
        check_equal(info["slot"], "Embedded Slot 00", "its slot")


main()
