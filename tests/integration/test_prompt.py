# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asking a person, with a real pinentry on a terminal, and with pinentries that misbehave."""
import os
import select
import shutil
import signal
import subprocess

from keycask_test import (PATIENCE, Daemon, VarlinkError, descendants, main, program, scratch,
                          skip_unless, test)
from pin_scene import (ALGORITHM, DATA, PIN, WRONG, Scene, audit_lines, check, check_equal,
                       check_raises, configure, eventually)
from prompt_scene import (PINENTRY, PromptScene, adopt, line, on_terminal, pinentries, scripted,
                          wait_for_no_pinentry)
from terminal import Terminal


def ask(scene, connection, place, slot="9a", **options):
    """Keys.Sign that leads to a prompt; its answer comes later."""
    connection.send("Keys.Sign", scene.keys.parameters(slot, place, **options))


def expect_failure(connection, status):
    return check_raises(status, connection.receive).record


def expect_signature(scene, connection, slot="9a"):
    scene.keys.judge(slot, connection.receive()[0])


# --- what is asked -----------------------------------------------------------------------------


@test
def a_prompt_says_who_wants_what_and_how_many_tries_are_left():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction(operation_prompt="sign a test"))
        shown = terminal.read_prompt()
        check("python" in line(shown, "Program"), f"no program: {shown}")
        check(f"(process {os.getpid()})" in line(shown, "Program"), f"no process: {shown}")
        check(scene.keys.token_id in line(shown, "Token"), f"no token: {shown}")
        check_equal(line(shown, "Key"), scene.keys.labels["9a"], "key")
        check_equal(line(shown, "Reason"), "sign a test", "reason")
        check_equal(line(shown, "Tries left"), "3", "tries left")
        check("***" not in shown, "an error that nobody made")

        terminal.type(WRONG + "\n")
        shown = terminal.read_prompt()
        check("the PIN is wrong" in shown, f"no reason: {shown}")
        check_equal(line(shown, "Tries left"), "2", "tries left")

        terminal.type("12345\n")
        shown = terminal.read_prompt()
        check("six to eight" in shown, f"no reason: {shown}")
        check_equal(line(shown, "Tries left"), "2", "tries left")

        terminal.type(PIN + "\n")
        expect_signature(scene, a)
        check_equal(scene.n_verified(), 2, "PINs shown to the card")
        ask(scene, a, terminal.interaction())
        expect_signature(scene, a)
        wait_for_no_pinentry()
        check(terminal.is_as_before(), "the terminal's settings are not as before")
        check_equal([entry["result"] for entry in audit_lines(scene.daemon)],
                    ["success", "success"], "audit lines")
        log = scene.daemon.read_log()
        check(PIN not in log and WRONG not in log, "the log has a PIN")


@test
def a_key_that_always_wants_it_asks_each_time_and_one_that_never_does_not():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        for _ in range(2):
            ask(scene, a, terminal.interaction(), "9c")
            check_equal(line(terminal.read_prompt(), "Key"), scene.keys.labels["9c"], "key")
            terminal.type(PIN + "\n")
            expect_signature(scene, a, "9c")
        terminal.read_until("\n")
        ask(scene, a, terminal.interaction())
        expect_signature(scene, a)
        ask(scene, a, terminal.interaction(), "9e")
        expect_signature(scene, a, "9e")
        check(terminal.is_quiet(), "a question that nobody had")


@test
def verifying_a_pin_asks_for_the_token():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        a.send("Tokens.VerifyPin", {"token_id": scene.keys.token_id,
                                    "interaction": terminal.interaction()})
        shown = terminal.read_prompt()
        check("Key: " not in shown, f"which key? {shown}")
        check_equal(line(shown, "Tries left"), "3", "tries left")
        terminal.type(PIN + "\n")
        a.receive()
        scene.keys.sign(a)


@test
def tries_are_told_although_another_has_opened_the_card():
    with PromptScene(lease_ms=60000) as scene, scene.connect() as a, scene.connect() as b, \
            Terminal() as terminal:
        scene.keys.sign(a, pin=PIN)
        ask(scene, b, terminal.interaction())
        check_equal(line(terminal.read_prompt(), "Tries left"), "3", "tries left")
        scene.keys.sign(a)
        terminal.type(PIN + "\n")
        expect_signature(scene, b)


@test
def foreign_text_stays_on_its_line():
    hostile = "read\x1b[2J mail\nTries left: 99\r\x07‮‎ok " + "x" * 800
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction(operation_prompt=hostile))
        shown = terminal.read_prompt()
        check_equal(line(shown, "Tries left"), "3", "tries left")
        reason = line(shown, "Reason")
        for escape in ("\\u{001B}[2J", "\\u{000A}Tries", "\\u{000D}", "\\u{0007}", "\\u{202E}",
                       "\\u{200E}"):
            check(escape in reason, f"{escape} is not in {reason!r}")
        check(len(reason) <= 410 and reason.endswith("…"), f"not cut: {reason!r}")
        for raw in ("\x1b", "\x07", "‮", "‎"):
            check(raw not in shown, f"{raw!r} reaches the terminal")
        check(a.socket.fileno() >= 0, "connection")
        terminal.type("\x04")
        expect_failure(a, "user_canceled")


@test
def percent_signs_leave_room_for_the_rest():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction(operation_prompt="%" * 500))
        shown = terminal.read_prompt()
        check_equal(line(shown, "Tries left"), "3", "tries left")
        check_equal(line(shown, "Key"), scene.keys.labels["9a"], "key")
        check("%%%" in line(shown, "Reason"), "reason")
        terminal.type("\x04")
        expect_failure(a, "user_canceled")


@test
def a_program_s_name_is_foreign_text_too():
    name = "good\nTries left: 99‮"
    with PromptScene() as scene, Terminal() as terminal:
        binary = scratch() / name
        shutil.copy(program("keycask"), binary)
        document = scratch() / "document"
        document.write_bytes(DATA)
        client = on_terminal(scene, terminal, str(binary), "sign", "--algorithm", ALGORITHM,
                             "--key", scene.keys.labels["9a"], "--json", document)
        shown = terminal.read_prompt()
        check_equal(line(shown, "Program"),
                    f"good\\u{{000A}}Tries left: 99\\u{{202E}} (process {client.pid})", "program")
        check_equal(line(shown, "Tries left"), "3", "tries left")
        terminal.type(PIN + "\n")
        terminal.read_until('"signature"')
        check_equal(client.wait(PATIENCE), 0, "exit status")


# --- the last try ------------------------------------------------------------------------------


@test
def the_last_try_is_a_person_s_decision():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        scene.spend_tries(2)
        ask(scene, a, terminal.interaction())
        shown = terminal.read_prompt()
        check(line(shown, "Tries left").startswith("1 "), f"tries left: {shown}")
        check("blocked" in shown, f"no warning: {shown}")
        terminal.type(PIN + "\n")
        expect_signature(scene, a)
        check_equal(scene.keys.tries(), 3, "tries")


@test
def a_person_who_did_not_know_is_asked_again():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        check_equal(line(terminal.read_prompt(), "Tries left"), "3", "tries left")
        scene.spend_tries(2)
        terminal.type(PIN + "\n")
        shown = terminal.read_prompt()
        check(line(shown, "Tries left").startswith("1 "), f"tries left: {shown}")
        check_equal(scene.n_verified(), 2, "PINs shown to the card")
        terminal.type(WRONG + "\n")
        record = expect_failure(a, "pin_blocked")
        check_equal(record["tries_left"], 0, "tries left")
        check("PUK" in record["hint"], f"no advice: {record}")
        ask(scene, a, terminal.interaction())
        expect_failure(a, "pin_blocked")
        terminal.read_until("\n")
        check(terminal.is_quiet(), "asked for a PIN that is blocked")


# --- the end of a prompt -----------------------------------------------------------------------


@test
def a_cancelled_prompt_is_over():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        terminal.type("\x04")
        expect_failure(a, "user_canceled")
        wait_for_no_pinentry()
        terminal.read_until("\n")
        check(terminal.is_quiet(), "asked again")
        check_equal(scene.n_verified(), 0, "PINs shown to the card")
        check_equal([entry["result"] for entry in audit_lines(scene.daemon)], ["user_canceled"],
                    "audit lines")
        scene.keys.sign(a, pin=PIN)


@test
def control_c_ends_the_command_and_its_prompt():
    with PromptScene() as scene, Terminal() as terminal:
        document = scratch() / "document"
        document.write_bytes(DATA)
        client = on_terminal(scene, terminal, program("keycask"), "sign", "--algorithm", ALGORITHM,
                             "--key", scene.keys.labels["9a"], document)
        terminal.read_prompt()
        eventually(lambda: not terminal.is_as_before(), "the terminal does not echo")
        terminal.type("\x03")
        check_equal(client.wait(PATIENCE), -signal.SIGINT, "exit status")
        wait_for_no_pinentry()
        eventually(terminal.is_as_before, "the terminal echoes again")
        scene.keys.tries()


# As an interactive shell does it: each job a process group, the daemon in the background.
BESIDE_THE_SHELL = """
keycaskd --foreground 2>keycaskd.log & daemon=$!
until [ -S "$KEYCASK_SOCKET" ]; do sleep 0.02; done
keycask-vcard new card.json --profile piv:9a=p256 >/dev/null
keycask-vcard start card.json --socket "${KEYCASK_SOCKET%/*}/slot.sock" >/dev/null & card=$!
until keycask list --json | grep -q identity; do sleep 0.02; done
keycask sign --out signature card.json; status=$?
kill $card $daemon; wait
exit $status
"""


@test
def a_daemon_in_the_background_of_the_terminal_can_ask_there():
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    daemon = configure(Daemon(), pinentry=PINENTRY)
    with Terminal() as terminal:
        shell = subprocess.Popen(["sh", "-m", "-c", BESIDE_THE_SHELL], cwd=scratch(),
                                 env=daemon.env, stdin=terminal.keyboard,
                                 stdout=terminal.keyboard, stderr=terminal.keyboard,
                                 preexec_fn=lambda: adopt(terminal))
        terminal.read_prompt()
        terminal.type(PIN + "\n")
        check_equal(shell.wait(PATIENCE), 0, "exit status")
        check((scratch() / "signature").stat().st_size > 0, "a signature")


@test
def a_card_that_leaves_takes_its_prompt_along():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        scene.card.pull()
        record = expect_failure(a, "item_not_found")
        check_equal(record["token_id"], scene.keys.token_id, "token in the record")
        wait_for_no_pinentry()
        eventually(terminal.is_as_before, "the terminal echoes again")
        scene.card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        terminal.type(PIN + "\n")
        expect_signature(scene, a)


@test
def a_client_that_leaves_takes_its_prompt_along():
    with PromptScene() as scene, Terminal() as terminal:
        for _ in range(3):
            with scene.connect() as a:
                ask(scene, a, terminal.interaction())
                terminal.read_prompt()
            wait_for_no_pinentry()
        eventually(terminal.is_as_before, "the terminal echoes again")
        with scene.connect() as b:
            scene.keys.sign(b, pin=PIN)


@test
def a_prompt_has_a_time_limit():
    with PromptScene(prompt_deadline_s=1) as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        record = expect_failure(a, "user_canceled")
        check("within 1 s" in record["message"], f"message: {record['message']}")
        wait_for_no_pinentry()
        check(terminal.is_as_before(), "the terminal's settings are not as before")


@test
def a_daemon_that_stops_takes_its_prompts_along():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        scene.daemon.process.send_signal(signal.SIGTERM)
        record = expect_failure(a, "user_canceled")
        check("stopping" in record["message"], f"message: {record['message']}")
        scene.daemon.stop()
        check_equal(pinentries(), [], "pinentries")
        scene.daemon.start()


@test
def a_daemon_that_crashes_takes_its_prompts_along():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        scene.daemon.kill()
        wait_for_no_pinentry()
        scene.daemon.start()


# --- others meanwhile --------------------------------------------------------------------------


@test
def others_are_served_while_a_person_thinks():
    with PromptScene(lease_ms=0) as scene, scene.connect() as a, scene.connect() as b, \
            Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        items = b.call("Items.CopyMatching", {"query": {"class": "key", "match_limit": "all"}})
        check(len(items["items"]) >= 3, "the list")
        scene.keys.sign(b, "9e")
        scene.keys.sign(b, pin=PIN)
        scene.keys.refuses("interaction_not_allowed", b, "9c")
        check_equal(scene.keys.tries(), 3, "tries")
        terminal.type(PIN + "\n")
        expect_signature(scene, a)


@test
def prompts_come_one_after_the_other():
    with PromptScene() as scene, scene.connect() as a, scene.connect() as b, \
            scene.connect() as c, Terminal() as first, Terminal() as second:
        ask(scene, a, first.interaction(operation_prompt="the first"))
        check_equal(line(first.read_prompt(), "Reason"), "the first", "reason")
        ask(scene, b, second.interaction(operation_prompt="the second"))
        ask(scene, c, second.interaction(operation_prompt="the third"))
        scene.keys.tries()
        check(second.is_quiet(), "two prompts at once")
        check_equal(len(pinentries()), 1, "pinentries")
        b.close()
        first.type(PIN + "\n")
        expect_signature(scene, a)
        check_equal(line(second.read_prompt(), "Reason"), "the third", "reason")
        second.type(PIN + "\n")
        expect_signature(scene, c)


@test
def a_program_has_a_few_prompts_not_many():
    with PromptScene() as scene, Terminal() as terminal:
        connections = [scene.connect() for _ in range(5)]
        for connection in connections:
            ask(scene, connection, terminal.interaction())
        # Calls that come at once on several connections come in any order.
        refused = select.select(connections, [], [], PATIENCE)[0][0]
        record = expect_failure(refused, "not_available")
        check("prompts" in record["message"], f"message: {record['message']}")
        terminal.read_prompt()
        for connection in connections:
            connection.close()
        wait_for_no_pinentry()
        scene.keys.tries()


def sign_on(scene, terminal):
    """keycask sign, in front of that terminal."""
    document = scratch() / "document"
    document.write_bytes(DATA)
    return on_terminal(scene, terminal, program("keycask"), "sign", "--algorithm", ALGORITHM,
                       "--key", scene.keys.labels["9a"], "--out", scratch() / "signature", document)


@test
def a_program_with_many_prompts_does_not_keep_others_from_the_desk():
    with PromptScene() as scene, Terminal() as first, Terminal() as second:
        crowd = [scene.connect() for _ in range(4)]
        for connection in crowd:
            ask(scene, connection, first.interaction())
        first.read_prompt()
        client = sign_on(scene, second)
        eventually(lambda: scene.daemon.read_log().count("method=org.keycask.Driver.PinStatus") >= 5,
                   "the other program has got as far as asking")
        scene.keys.tries()
        check(second.is_quiet(), "two prompts at once")
        first.type(PIN + "\n")
        expect_signature(scene, select.select(crowd, [], [], PATIENCE)[0][0])
        shown = second.read_prompt()
        check("keycask (process" in line(shown, "Program"), f"program: {shown}")
        second.type(PIN + "\n")
        check_equal(client.wait(PATIENCE), 0, "exit status")
        first.read_prompt()
        for connection in crowd:
            connection.close()
        wait_for_no_pinentry()


@test
def a_program_whose_prompts_nobody_wants_has_to_wait():
    with PromptScene(prompt_quota=5) as scene, scene.connect() as a, Terminal() as terminal, \
            Terminal() as another:
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        terminal.type("\x04")
        expect_failure(a, "user_canceled")
        ask(scene, a, terminal.interaction())
        record = expect_failure(a, "not_available")
        check("too many prompts" in record["message"], f"message: {record['message']}")
        check("try again in" in record["hint"], f"no advice: {record}")
        scene.keys.sign(a, pin=PIN)
        client = sign_on(scene, another)
        another.read_prompt()
        another.type(PIN + "\n")
        check_equal(client.wait(PATIENCE), 0, "exit status of another program")


@test
def a_card_that_leaves_ends_those_who_wait_for_the_desk_too():
    with PromptScene() as scene, scene.connect() as a, scene.connect() as b, Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        ask(scene, b, terminal.interaction())
        scene.card.pull()
        for connection in (a, b):
            expect_failure(connection, "item_not_found")
        wait_for_no_pinentry()


# --- what is no PIN ----------------------------------------------------------------------------

TOUCH = "cccccccfhcbelrhifnjrrddcgrburluurftrgfdrdifj"


@test
def a_touch_of_a_security_key_costs_no_try():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        terminal.read_prompt()
        for noise in (TOUCH, "123" + TOUCH):
            terminal.type(noise + "\n")
            shown = terminal.read_prompt()
            check("one-time password" in shown, f"no reason: {shown}")
            check_equal(line(shown, "Tries left"), "3", "tries left")
        terminal.type(PIN + "\n")
        expect_signature(scene, a)
        check_equal(scene.n_verified(), 1, "PINs shown to the card")


@test
def a_program_that_passes_a_touch_on_is_told():
    with PromptScene() as scene, scene.connect() as a:
        record = scene.keys.refuses("auth_failed", a, pin=TOUCH)
        check("one-time password" in record["message"], f"message: {record['message']}")
        check("tries_left" not in record, f"a try was spent: {record}")
        answer = scene.daemon.cli("pin", "verify", pin=TOUCH, status=1)
        check_equal(answer["name"], "auth_failed", "pin verify")
        check("one-time password" in answer["message"], f"message: {answer['message']}")
        check_equal(scene.n_verified(), 0, "PINs shown to the card")


# --- places ------------------------------------------------------------------------------------


@test
def a_person_is_asked_only_where_there_is_one():
    with PromptScene() as scene, scene.connect() as a:
        trap = scratch() / "trap"
        trap.write_text("untouched")
        shared = f"/dev/shm/{scratch().name}"
        os.symlink(trap, shared)
        try:
            places = [None, "", str(trap), f"/dev/../{trap}", f"/dev/shm/../../{trap}", shared,
                      "/dev/null", "/dev/pts", "/dev/pts/", "/dev/pts/../null", "/dev/nothing",
                      "/dev/pts/987654", "dev/pts/0", "/dev//pts/0"]
            for tty in places:
                interaction = {"authentication_ui": "allow", "tty": tty}
                scene.keys.refuses("interaction_not_allowed", a, interaction=interaction)
        finally:
            os.unlink(shared)
        check_equal(trap.read_text(), "untouched", "a file that is no terminal")
        check_equal(pinentries(), [], "pinentries")


@test
def whoever_says_so_is_not_asked():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        for choice in ("fail", "skip"):
            scene.keys.refuses("interaction_not_allowed", a,
                               interaction=terminal.interaction(authentication_ui=choice))
        scene.keys.refuses("param", a,
                           interaction=terminal.interaction(authentication_ui="perhaps"))
        scene.keys.refuses("auth_failed", a, pin=WRONG, interaction=terminal.interaction())
        check(terminal.is_quiet(), "asked all the same")


# --- pinentries that misbehave -----------------------------------------------------------------


@test
def a_pinentry_that_is_missing_is_named():
    with PromptScene(pinentry="/nonexistent/pinentry") as scene, scene.connect() as a, \
            Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        record = expect_failure(a, "not_available")
        check("/nonexistent/pinentry" in record["message"], f"message: {record['message']}")
        check("pinentry" in record["hint"], f"no advice: {record}")
        scene.keys.sign(a, pin=PIN)


@test
def a_pinentry_that_says_nothing_hangs_nobody():
    silent = scripted("pinentry-silent", "sleep 1000", "true")
    with PromptScene(pinentry=silent, prompt_deadline_s=1) as scene, Terminal() as terminal:
        with scene.connect() as a:
            ask(scene, a, terminal.interaction())
            eventually(pinentries, "pinentry runs")
            scene.keys.tries()
        wait_for_no_pinentry()
        with scene.connect() as a:
            ask(scene, a, terminal.interaction())
            record = expect_failure(a, "user_canceled")
            check("within 1 s" in record["message"], f"message: {record['message']}")
        eventually(lambda: "sleep" not in [name for _, name in descendants()],
                   "what the script started has ended")


@test
def what_a_pinentry_leaves_behind_hangs_nobody():
    leave = scratch() / "leave"
    path = scripted("pinentry-leaves", f"setsid sh -c 'until [ -e {leave} ]; do sleep 0.1; done' &",
                    "echo OK", "while read -r line; do case $line in GETPIN) sleep 1000;; "
                    "*) echo OK;; esac; done")
    with PromptScene(pinentry=path) as scene, Terminal() as terminal:
        with scene.connect() as a:
            ask(scene, a, terminal.interaction())
            eventually(lambda: "sleep" in [name for _, name in descendants()], "pinentry asks")
            scene.keys.tries()
        scene.keys.tries()  # and the daemon waits for nobody who still holds pinentry's pipe
        wait_for_no_pinentry()
        leave.touch()
        eventually(lambda: not {"sh", "sleep"} & {name for _, name in descendants()},
                   "what the script left has ended")


@test
def a_pinentry_that_talks_nonsense_is_an_error():
    cases = {
        "ends": ["exit 1"],
        "refuses": ["echo ERR 83886179 no"],
        "babbles": ["echo OK", "while read -r line; do echo BABBLE; done"],
        "leaves": ["echo OK", "read -r line"],
        "floods": ["yes OK"],
        "answers for everybody": ["echo OK", "while read -r line; do echo OK; done"],
        "errs": ["echo OK", "while read -r line; do case $line in GETPIN*) "
                 "echo 'ERR 83886340 no';; *) echo OK;; esac; done"],
        "is too long": ["echo OK", "while read -r line; do case $line in GETPIN*) "
                        "printf 'D %0900d\\nOK\\n' 1;; *) echo OK;; esac; done"],
        "is no text": ["echo OK", "while read -r line; do case $line in GETPIN*) "
                       "printf 'D 12345\\377\\nOK\\n';; *) echo OK;; esac; done"],
        "has a NUL": ["echo OK", "while read -r line; do case $line in GETPIN*) "
                      "printf 'D 123%%00456\\nOK\\n';; *) echo OK;; esac; done"],
    }
    path = scripted("pinentry-odd", "exit 1")
    with PromptScene(pinentry=path, prompt_deadline_s=1, prompt_quota=1000) as scene, \
            Terminal() as terminal:
        for what, lines in cases.items():
            scripted("pinentry-odd", *lines)
            with scene.connect() as a:
                ask(scene, a, terminal.interaction())
                try:
                    a.receive()
                    check(False, f"{what}: a signature")
                except VarlinkError as error:
                    check(error.name in ("not_available", "user_canceled", "auth_failed"),
                          f"{what}: {error.record}")
            wait_for_no_pinentry()
        check_equal(scene.n_verified(), 0, "PINs shown to the card")
        scene.keys.tries()


@test
def an_empty_answer_of_pinentry_costs_no_try():
    patient = scripted("pinentry-empty", "echo OK", "n=0", "while read -r line; do case $line in "
                       f"GETPIN*) test -e {scratch()}/asked && echo 'ERR 83886179 no' || "
                       f"echo OK; : > {scratch()}/asked;; *) echo OK;; esac; done")
    with PromptScene(pinentry=patient) as scene, scene.connect() as a, Terminal() as terminal:
        ask(scene, a, terminal.interaction())
        expect_failure(a, "user_canceled")
        check_equal(scene.n_verified(), 0, "PINs shown to the card")
        check_equal(scene.keys.tries(), 3, "tries")


main()
