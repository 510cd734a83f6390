# SPDX-License-Identifier: LGPL-2.1-or-later
"""PINs and sessions: what is proved on one connection serves that connection alone, no try is spent
unasked, and a PIN is nowhere to be found."""
import base64
import os
import pathlib
import threading

from keycask_test import Card, main, processes, run, scratch, test
from memory import pieces
from pin_scene import (ALGORITHM, DATA, PIN, PROFILE, SIGN, VERIFY, WRONG, Keys, Scene, audit_lines,
                       check, check_equal, eventually, memfd)

NO_SIGNATURE_FOR_B = 10


# --- whose authentication it is ----------------------------------------------------------------


@test
def a_pin_serves_the_connection_that_gave_it():
    """CVE-2023-40660 and O10: the card is open for A, and for nobody else."""
    with Scene() as scene, scene.connect() as a, scene.connect() as b:
        keys = scene.keys
        keys.sign(a, pin=PIN)
        keys.sign(a)
        keys.sign(a)
        check_equal(scene.n_verified(), 1, "PINs shown for three signatures")

        record = keys.refuses("interaction_not_allowed", b)
        check("--pin-fd" in record["hint"], f"no advice: {record}")
        check("tries_left" not in record, "a try for nothing")
        keys.refuses("auth_failed", b, pin="")
        check_equal(scene.n_verified(), 1, "an empty PIN is not shown to the card")
        check_equal(keys.pin_status(b), (3, False), "PIN status of B")

        n_signed = sum(command.startswith(SIGN) for command in scene.card.commands())
        record = keys.refuses("auth_failed", b, pin=WRONG)
        check_equal(record["tries_left"], 2, "tries left")
        check_equal(scene.n_verified(), 2, "one wrong PIN, shown once")
        check_equal(keys.pin_status(b), (2, False), "PIN status of B")
        check_equal(sum(command.startswith(SIGN) for command in scene.card.commands()), n_signed,
                    "signatures asked of the card for B")

        keys.sign(a)
        check_equal(scene.n_verified(), 3, "A's own PIN is proved again, without a question")
        check_equal(keys.pin_status(a), (3, True), "PIN status of A")
        keys.refuses("interaction_not_allowed", b)


@test
def who_logs_out_is_asked_again():
    """Logout ends what this connection has proved, and nobody else's."""
    with Scene() as scene, scene.connect() as a, scene.connect() as b:
        keys = scene.keys
        keys.sign(a, pin=PIN)
        keys.sign(b, pin=PIN)
        token_id = scene.daemon.call("org.keycask.Tokens.List")["tokens"][0]["token_id"]
        check_equal(a.call("org.keycask.Tokens.Logout", {"token_id": token_id}), {}, "reply")
        check_equal(keys.pin_status(a), (3, False), "PIN status of A")
        keys.refuses("interaction_not_allowed", a)
        keys.sign(b)
        keys.sign(a, pin=PIN)
        check_equal(a.call("org.keycask.Tokens.Logout", {"token_id": "org.example.none:1"}), {},
                    "of a token that is not there")
        keys.sign(a)


@test
def b_never_signs_whatever_a_does_meanwhile():
    """A signs all the time; B tries between, with nothing, an empty PIN and a malformed one."""
    with Scene() as scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        is_over = threading.Event()
        trouble = []

        def sign_on():
            try:
                while not is_over.is_set():
                    a.call("Keys.Sign", scene.keys.parameters())
            except Exception as error:  # pylint: disable=broad-except
                trouble.append(error)

        thread = threading.Thread(target=sign_on)
        thread.start()
        try:
            for _ in range(NO_SIGNATURE_FOR_B):
                with scene.connect() as b:
                    scene.keys.refuses("interaction_not_allowed", b)
                    scene.keys.refuses("auth_failed", b, pin="")
                    scene.keys.refuses("auth_failed", b, pin="12345")
                    check_equal(scene.keys.pin_status(b), (3, False), "PIN status of B")
        finally:
            is_over.set()
            thread.join()
        check_equal(trouble, [], "what happened to A")


@test
def the_end_of_a_connection_ends_its_session():
    with Scene() as scene:
        with scene.connect() as a:
            scene.keys.sign(a, pin=PIN)
        with scene.connect() as b:
            scene.keys.refuses("interaction_not_allowed", b)
            check_equal(scene.keys.pin_status(b), (3, False), "PIN status")


@test
def two_commands_share_nothing():
    with Scene() as scene:
        document = scratch() / "document"
        document.write_bytes(DATA)

        def sign(*options, **more):
            return scene.daemon.cli("sign", "--key", scene.keys.labels["9a"], "--algorithm",
                                    ALGORITHM, "--no-prompt", *options, document, **more)

        scene.keys.judge("9a", sign(pin=PIN))
        check_equal(sign(status=1)["name"], "interaction_not_allowed", "without a PIN")
        check_equal(sign(pin="", status=1)["name"], "auth_failed", "an empty PIN")
        check_equal(scene.keys.tries(), 3, "tries")
        check_equal(sign(pin=WRONG, status=1)["name"], "auth_failed", "a wrong PIN")
        check_equal(scene.keys.tries(), 2, "tries")
        scene.keys.judge("9a", sign(pin=PIN))
        check_equal(scene.keys.tries(), 3, "tries")


@test
def a_pin_given_is_checked_whoever_is_authenticated():
    with Scene() as scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        record = scene.keys.refuses("auth_failed", a, pin=WRONG)
        check_equal(record["tries_left"], 2, "tries left")
        check_equal(scene.keys.pin_status(a), (2, False), "after a wrong one")
        scene.keys.refuses("interaction_not_allowed", a)
        scene.keys.sign(a, pin=PIN)
        scene.keys.refuses("auth_failed", a, pin="")
        scene.keys.refuses("interaction_not_allowed", a)
        check_equal(scene.keys.tries(), 3, "tries")


@test
def a_key_may_want_its_pin_each_time_or_never():
    """SP 800-73-5 part 1, table 4: 9C always, 9E never."""
    with Scene() as scene, scene.connect() as a:
        scene.keys.sign(a, "9e")
        scene.keys.refuses("interaction_not_allowed", a, "9c")
        scene.keys.sign(a, "9c", pin=PIN)
        scene.keys.refuses("interaction_not_allowed", a, "9c")
        scene.keys.sign(a, "9a")
        scene.keys.refuses("interaction_not_allowed", a, "9c")
        scene.keys.sign(a, "9c", pin=PIN)
        scene.keys.sign(a, "9e")
        check_equal(scene.n_verified(), 2, "PINs shown")
        scene.keys.refuses("auth_failed", a, "9c", pin=WRONG)
        scene.keys.refuses("interaction_not_allowed", a, "9c")


@test
def verify_pin_authenticates_its_connection():
    with Scene() as scene, scene.connect() as a, scene.connect() as b:
        verify = {"token_id": scene.keys.token_id, "interaction": {"authentication_ui": "fail"}}
        a.call("Tokens.VerifyPin", {**verify, "pin": PIN})
        check_equal(scene.keys.pin_status(a), (3, True), "PIN status of A")
        check_equal(scene.keys.pin_status(b), (3, False), "PIN status of B")
        scene.keys.sign(a)
        scene.keys.refuses("interaction_not_allowed", b)
        scene.keys.refuses("interaction_not_allowed", a, "9c")
        for answer in ({}, {"pin": ""}, {"pin": WRONG}):
            try:
                a.call("Tokens.VerifyPin", {**verify, **answer})
                check(False, f"{answer} is accepted")
            except AssertionError:
                raise
            except Exception as error:  # pylint: disable=broad-except
                expected = "auth_failed" if answer else "interaction_not_allowed"
                check_equal(error.name, expected, f"failure with {answer}")
        check_equal(scene.keys.pin_status(a), (2, False), "PIN status of A")


@test
def sessions_that_take_turns_prove_their_pins_and_ask_for_no_tries_between():
    with Scene(lease_ms=60000) as scene, scene.connect() as a, scene.connect() as b:
        scene.keys.sign(a, pin=PIN)
        scene.keys.sign(b, pin=PIN)
        before = len(scene.card.commands())
        for connection in (a, b, a, b):
            scene.keys.sign(connection)
        made = scene.card.commands()[before:]
        check_equal([command[:10] for command in made], [VERIFY, SIGN + "9A00"] * 4, "commands")
        scene.keys.refuses("auth_failed", a, pin=WRONG)
        before = len(scene.card.commands())
        scene.keys.sign(b)
        made = scene.card.commands()[before:]
        check_equal([command[:10] for command in made], ["00200080", VERIFY, SIGN + "9A00"],
                    "commands after a wrong PIN")


# --- tries -------------------------------------------------------------------------------------


@test
def tries_are_told_and_the_last_one_is_kept():
    with Scene() as scene, scene.connect() as a:
        for left in (2, 1):
            record = scene.keys.refuses("auth_failed", a, pin=WRONG)
            check_equal(record["tries_left"], left, "tries left")
            check(str(left) in record["hint"], f"the hint does not tell: {record['hint']}")
            check_equal(record["sw"], 0x63C0 | left, "status word")
            check_equal(record["token_id"], scene.keys.token_id, "token in the record")
        for pin in (WRONG, PIN, ""):
            record = scene.keys.refuses("interaction_not_allowed", a, pin=pin)
            check_equal(record["tries_left"], 1, "tries left")
            check("--last-try" in record["hint"], f"no advice: {record['hint']}")
        check_equal(scene.n_verified(), 2, "PINs shown")
        check_equal(scene.keys.tries(), 1, "tries")
        scene.keys.sign(a, pin=PIN, last_try=True)
        check_equal(scene.keys.tries(), 3, "tries after the right one")


@test
def a_blocked_pin_says_so():
    with Scene() as scene, scene.connect() as a:
        scene.spend_tries(2)
        record = scene.keys.refuses("pin_blocked", a, pin=WRONG, last_try=True)
        check_equal(record["tries_left"], 0, "tries left")
        check("PUK" in record["hint"], f"no advice: {record['hint']}")
        for options in ({"pin": PIN}, {"pin": PIN, "last_try": True}):
            record = scene.keys.refuses("pin_blocked", a, **options)
            check("PUK" in record["hint"], f"no advice: {record['hint']}")
        check_equal(scene.keys.tries(), 0, "tries")
        scene.keys.sign(a, "9e")
        check_equal(scene.daemon.cli("pin", "status"),
                    {"tries_left": 0}, "pin status")
        check_equal(scene.daemon.cli("pin", "verify", pin=PIN, status=1)["name"], "pin_blocked",
                    "pin verify")


@test
def the_command_tells_of_tries():
    with Scene() as scene:
        def verify(pin, *options):
            reader, writer = os.pipe()
            os.write(writer, pin.encode())
            os.close(writer)
            out, err = run("keycask", "pin", "verify", "--no-prompt", "--pin-fd", reader, *options,
                           env=scene.daemon.env, status=None, pass_fds=[reader])
            os.close(reader)
            return (out + err).decode()

        check("2 tries are left" in verify(WRONG), "two tries are left, and nobody knows")
        check("1 try is left" in verify(WRONG), "one try is left, and nobody knows")
        check("--last-try" in verify(PIN), "no advice about the last try")
        check_equal(scene.keys.tries(), 1, "tries")
        check("PUK" in verify(WRONG, "--last-try"), "no advice about the PUK")
        check_equal(scene.keys.tries(), 0, "tries")


@test
def a_session_does_not_spend_the_last_try_by_itself():
    """A's PIN was right; it may have been changed meanwhile, and a silent attempt would block."""
    with Scene() as scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        scene.spend_tries(2)
        n_verified = scene.n_verified()
        record = scene.keys.refuses("interaction_not_allowed", a)
        check_equal(record["tries_left"], 1, "tries left")
        check_equal(scene.n_verified(), n_verified, "PINs shown")
        scene.keys.sign(a, last_try=True)
        check_equal(scene.keys.tries(), 3, "tries")
        scene.keys.sign(a)


# --- forms of PINs -----------------------------------------------------------------------------


@test
def a_pin_comes_as_text_or_in_a_file():
    with Scene() as scene, scene.connect() as a:
        file = scratch() / "pin"
        file.write_text(PIN)
        scene.keys.sign(a, "9c", pin=PIN)
        for fd in (memfd(PIN.encode()), os.open(file, os.O_RDONLY)):
            scene.keys.sign(a, "9c", pin_fd=0, descriptors=[fd])
            os.close(fd)
        fd = memfd(WRONG.encode())
        record = scene.keys.refuses("auth_failed", a, "9c", pin_fd=0, descriptors=[fd])
        os.close(fd)
        check_equal(record["tries_left"], 2, "tries left")


@test
def a_descriptor_that_is_no_pin_is_refused():
    with Scene() as scene, scene.connect() as a:
        reader, writer = os.pipe()
        os.write(writer, PIN.encode())
        unreadable = os.open(scratch() / "pin", os.O_WRONLY | os.O_CREAT)
        good = memfd(PIN.encode())
        folder = os.open(scratch(), os.O_RDONLY)
        null = os.open("/dev/null", os.O_RDONLY)
        cases = [("a pipe", [reader], {"pin_fd": 0}, "file"),
                 ("a device", [null], {"pin_fd": 0}, "file"),
                 ("a folder", [folder], {"pin_fd": 0}, "file"),
                 ("write only", [unreadable], {"pin_fd": 0}, "read"),
                 ("none", [], {"pin_fd": 0}, "without a descriptor"),
                 ("index 1", [good], {"pin_fd": 1}, "must be 0"),
                 ("index -1", [good], {"pin_fd": -1}, "must be 0"),
                 ("both", [good], {"pin_fd": 0, "pin": PIN}, "either")]
        for what, descriptors, options, text in cases:
            record = scene.keys.refuses("param", a, descriptors=descriptors, **options)
            check(text in record["message"], f"{what}: {record['message']}")
        check_equal(scene.n_verified(), 0, "PINs shown")
        scene.keys.sign(a, pin_fd=0, descriptors=[good])
        for fd in (reader, writer, unreadable, good, folder, null):
            os.close(fd)


@test
def what_cannot_be_a_pin_costs_no_try():
    with Scene() as scene, scene.connect() as a:
        texts = [("256 bytes", "1" * 256), ("256 bytes of UTF-8", "é" * 128)]
        data = [("nul", b"123\x00456"), ("a nul", b"\x00"), ("256 bytes", b"1" * 256), ("not UTF-8", b"12345\xff"),
                ("overlong", b"12345\xc0\x80"), ("a surrogate", b"123\xed\xa0\x80"),
                ("a large file", b"1" * 100000)]
        forms = ["", "12345", "123456789", "12345\t", "1234567\n", "12345\x7f", "12345é"]
        for what, pin in texts:
            record = scene.keys.refuses("param", a, pin=pin)
            check("PIN" in record["message"], f"{what}: {record['message']}")
        for what, pin in data:
            fd = memfd(pin)
            record = scene.keys.refuses("param", a, pin_fd=0, descriptors=[fd])
            os.close(fd)
            check("PIN" in record["message"], f"{what}: {record['message']}")
        for pin in forms:
            record = scene.keys.refuses("auth_failed", a, pin=pin)
            check("six to eight" in record["message"] or "at most 8" in record["message"],
                  f"{pin!r}: {record['message']}")
        with scene.connect() as b:
            b.send("Keys.Sign", scene.keys.parameters(pin="123\x00456"))
            check(b.is_closed(), "a NUL in a text is no message")
        check_equal(scene.n_verified(), 0, "PINs shown")
        check_equal(scene.keys.tries(), 3, "tries")
        scene.keys.sign(a, pin=PIN)


# --- limits ------------------------------------------------------------------------------------


def is_forgotten(scene, connection):
    return not scene.keys.pin_status(connection)[1]


@test
def an_idle_pin_is_forgotten():
    with Scene(pin_idle_s=1, lease_ms=60000) as scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        eventually(lambda: is_forgotten(scene, a), "the idle PIN is forgotten")
        scene.keys.refuses("interaction_not_allowed", a)
        scene.keys.sign(a, pin=PIN)


@test
def a_limit_counts_while_the_card_is_held():
    """The driver remembers who authenticated while the transaction lasts: that must not help. Asking
    for the status would reset the card, so this one only signs."""
    with Scene(pin_idle_s=600, pin_absolute_s=1, lease_ms=60000) as scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        n_resets = scene.n_resets()

        def is_refused():
            try:
                a.call("Keys.Sign", scene.keys.parameters())
                return False
            except Exception as error:  # pylint: disable=broad-except
                check_equal(error.name, "interaction_not_allowed", "failure")
                return True

        eventually(is_refused, "the PIN has reached its absolute limit")
        check_equal(scene.n_resets(), n_resets, "resets")
        check_equal(scene.n_verified(), 1, "PINs shown")


@test
def proving_a_pin_again_does_not_make_it_younger():
    with Scene(pin_idle_s=600, pin_absolute_s=1, lease_ms=0) as scene, scene.connect() as a:
        def sign(**options):
            n_resets = scene.n_resets()
            a.call("Keys.Sign", scene.keys.parameters(**options))
            scene.wait_for_reset(n_resets)

        def is_refused():
            try:
                sign()
                return False
            except Exception as error:  # pylint: disable=broad-except
                check_equal(error.name, "interaction_not_allowed", "failure")
                return True

        def is_proved_again_and_no_younger():
            n_verified = scene.n_verified()
            sign(pin=PIN)
            eventually(is_refused, "the PIN has reached its absolute limit")
            return scene.n_verified() > n_verified + 1

        # where all stands still for that second, it is proved once, and that shows nothing
        eventually(is_proved_again_and_no_younger, "the session's PIN is proved again")


@test
def a_pin_that_is_not_kept_serves_one_operation():
    with Scene(pin_idle_s=0, lease_ms=60000) as scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        scene.keys.refuses("interaction_not_allowed", a)
        check_equal(scene.keys.pin_status(a), (3, False), "PIN status")
        scene.keys.sign(a, "9c", pin=PIN)
        scene.keys.refuses("interaction_not_allowed", a, "9a")
        scene.keys.sign(a, pin=PIN)


@test
def the_card_forgets_when_the_lease_ends_the_session_does_not():
    with Scene(lease_ms=0) as scene, scene.connect() as a:
        n_resets = scene.n_resets()
        scene.keys.sign(a, pin=PIN)
        scene.wait_for_reset(n_resets)
        n_resets = scene.n_resets()
        scene.keys.sign(a)
        scene.wait_for_reset(n_resets)
        check_equal(scene.n_verified(), 2, "PINs shown")
        with scene.connect() as b:
            scene.keys.refuses("interaction_not_allowed", b)


@test
def a_lease_without_a_pin_ends_without_a_reset():
    with Scene(lease_ms=0) as scene, scene.connect() as a:
        n_resets = scene.n_resets()
        for _ in range(3):
            scene.keys.sign(a, "9e")
        check_equal(scene.n_resets(), n_resets, "resets")


# --- cards that come and go --------------------------------------------------------------------


@test
def a_card_that_was_pulled_wants_its_pin_again():
    with Scene() as scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        scene.card.pull()
        scene.daemon.wait_for_removal()
        scene.keys.refuses("item_not_found", a)
        scene.card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        check_equal(scene.keys.pin_status(a), (3, False), "PIN status")
        scene.keys.refuses("interaction_not_allowed", a)
        scene.keys.sign(a, pin=PIN)


@test
def each_card_has_its_own_session():
    with Scene() as scene, scene.connect() as a, Card(PROFILE) as second:
        second.insert(scene.daemon)
        eventually(lambda: len(scene.daemon.call("Tokens.List")["tokens"]) == 2, "a second token")
        token_id = [token["token_id"] for token in scene.daemon.call("Tokens.List")["tokens"]
                    if token["token_id"] != scene.keys.token_id][0]
        others = Keys(scene.daemon, token_id)
        scene.keys.sign(a, pin=PIN)
        others.refuses("interaction_not_allowed", a)
        others.refuses("auth_failed", a, pin=WRONG)
        check_equal(others.tries(), 2, "tries of the second card")
        check_equal(scene.keys.pin_status(a), (3, True), "PIN status of the first card")
        scene.keys.sign(a)
        others.sign(a, pin=PIN)
        second.pull()
        eventually(lambda: len(scene.daemon.call("Tokens.List")["tokens"]) == 1, "it is gone")
        scene.keys.sign(a)


@test
def a_client_may_ask_about_tokens_that_are_not_there():
    """Names that nobody has must not use up a connection's sessions."""
    with Scene() as scene, scene.connect() as a:
        for n in range(40):
            try:
                a.call("Tokens.PinStatus", {"token_id": f"org.keycask.piv:{n:032X}"})
                check(False, "a token that is not there has a PIN")
            except AssertionError:
                raise
            except Exception as error:  # pylint: disable=broad-except
                check_equal(error.name, "item_not_found", "failure")
        scene.keys.sign(a, pin=PIN)


@test
def a_client_that_leaves_during_its_signature_disturbs_nobody():
    with Scene(lease_ms=60000) as scene:
        scene.card.pull()
        scene.daemon.wait_for_removal()
        first = len(scene.card.commands())
        scene.card.insert(scene.daemon)
        scene.daemon.wait_for_token()
        with scene.connect() as b:
            scene.keys.sign(b, "9e")  # it has been read
        n_apdus = len(scene.card.commands()) - first - 1
        scene.card.pull()
        scene.daemon.wait_for_removal()
        before = len(scene.card.commands())
        # long enough to leave meanwhile, on a machine that stands still now and then, too
        scene.card.insert(scene.daemon, *(f"slow@{n_apdus + n}:2500" for n in (1, 4, 6)))
        scene.daemon.wait_for_token()
        for slot, options, n in (("9e", {}, 1), ("9a", {"pin": PIN}, 4), ("9a", {"pin": PIN}, 6)):
            with scene.connect() as a:
                a.send("Keys.Sign", scene.keys.parameters(slot, **options))
                eventually(lambda n=n: len(scene.card.commands()) >= before + n_apdus + n,
                           "the card is at it")
            with scene.connect() as b:
                scene.keys.refuses("interaction_not_allowed", b)
                scene.keys.sign(b, "9e")
        with scene.connect() as b:
            scene.keys.sign(b, pin=PIN)
        check_equal(scene.keys.tries(), 3, "tries")
        results = [line["result"] for line in audit_lines(scene.daemon)]
        check_equal(results.count("user_canceled"), 3, "lines of those who left")


# --- traces ------------------------------------------------------------------------------------


@test
def each_use_of_a_key_leaves_one_line():
    with Scene() as scene, scene.connect() as a:
        expected = []

        def note(slot, result):
            expected.append((scene.keys.labels[slot], result))

        scene.keys.sign(a, "9e")
        note("9e", "success")
        scene.keys.refuses("interaction_not_allowed", a)
        note("9a", "interaction_not_allowed")
        scene.keys.refuses("auth_failed", a, pin=WRONG)
        note("9a", "auth_failed")
        scene.keys.sign(a, pin=PIN)
        note("9a", "success")
        scene.keys.sign(a)
        note("9a", "success")
        scene.keys.sign(a, "9c", pin=PIN)
        note("9c", "success")
        a.call("Items.CopyMatching", {"query": {"class": "certificate"}})
        scene.keys.pin_status(a)
        lines = audit_lines(scene.daemon)
        check_equal([(line["key_label"], line["result"]) for line in lines], expected, "lines")
        for line in lines:
            check_equal((line["uid"], line["pid"], line["operation"], line["algorithm"],
                         line["token_id"]),
                        (os.getuid(), os.getpid(), "sign", ALGORITHM, scene.keys.token_id), "line")
            check("python" in line["executable"], f"executable {line['executable']}")
        path = pathlib.Path(scene.daemon.env["KEYCASK_STATE_DIR"]) / "audit.log"
        check_equal(path.stat().st_mode & 0o777, 0o600, "mode of the audit log")
        check_silent(path.read_bytes(), [PIN, WRONG], "the audit log")


def check_silent(content, pins, where):
    for pin in pins:
        for form in (pin.encode(), pin.encode().hex().encode(), pin.encode().hex().upper().encode(),
                     base64.b64encode(pin.encode())):
            check(form not in content, f"{where} has a PIN")
    for form in (DATA, base64.b64encode(DATA)):
        check(form not in content, f"{where} has what was signed")


def read_proc(pid, name):
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except (PermissionError, FileNotFoundError, ProcessLookupError):
        return b""


@test
def pins_are_in_no_log_and_no_command_line():
    pins = ["73519624", "86420975"]  # nothing that could stand there by chance
    with Scene() as scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        scene.keys.refuses("auth_failed", a, pin=pins[0])
        fd = memfd(pins[1].encode())
        scene.keys.refuses("auth_failed", a, pin_fd=0, descriptors=[fd])
        os.close(fd)
        scene.keys.refuses("param", a, pin=pins[0] * 40)
        scene.keys.refuses("auth_failed", a, pin=pins[0] + "9")
        a.send_raw(b'{"method":"org.keycask.Keys.Sign","parameters":{"pin":"%s"}}\0'
                   % pins[0].encode())
        a.receive_raw()
        a.send_raw(b'{"method":"org.keycask.Keys.Sign","parameters":{"pin":"%s",}\0'
                   % pins[0].encode())
        check(a.is_closed(), "half a message is not the end")
        scene.daemon.cli("pin", "verify", "--no-prompt", "--last-try", pin=pins[0], status=1)
        children = scene.daemon.children()
        check(len(children) >= 2, f"only {children} to look at")
        log = scene.daemon.read_log()
        check("stage=driver" in log, "no log to look at")
        check_silent(log.encode(), pins, "keycaskd's log")
        check_silent(scene.card.contacts.read_bytes(), pins, "the card's log")
        for pid in [scene.daemon.pid, *children]:
            for name in ("cmdline", "environ"):
                check_silent(read_proc(pid, name), pins, f"{name} of {pid}")
        state = pathlib.Path(scene.daemon.env["KEYCASK_STATE_DIR"])
        for path in state.rglob("*"):
            if path.is_file():
                check_silent(path.read_bytes(), pins, str(path))


@test
def pins_leave_the_daemon_s_memory():
    """After the connection has ended, a search of all memory finds nothing (T13)."""
    pin = "73519624"
    with Scene() as scene:
        with scene.connect() as a:
            scene.keys.refuses("auth_failed", a, pin=pin)
            fd = memfd(pin.encode())
            scene.keys.refuses("auth_failed", a, pin_fd=0, descriptors=[fd])
            os.close(fd)
        scene.keys.tries()
        check(remembers(scene.daemon.pid, scene.keys.token_id.encode()), "the search finds nothing")
        for process, name, _ in processes():
            if process == scene.daemon.pid or process in scene.daemon.children():
                check(not remembers(process, pin.encode()), f"{name} remembers the PIN")


def remembers(pid, text):
    """Is the text in its memory?"""
    return any(text in content for _, content in pieces(pid))


main()
