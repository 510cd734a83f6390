# SPDX-License-Identifier: LGPL-2.1-or-later
"""PINs that are set anew: changed, unblocked, by programs and by people, and what that leaves of
those who gave the old ones."""
import os

from keycask_test import (PATIENCE, Card, Daemon, VarlinkError, main, pipe_with, program, scratch,
                          test)
from pin_scene import (PIN, PROFILE, WRONG, Scene, check, check_equal, check_raises, eventually,
                       memfd)
from prompt_scene import PromptScene, line, on_terminal, wait_for_no_pinentry
from terminal import Terminal

PUK = "12345678"  # what a new card has, with PIN 123456
NEW = "24681357"
QUIET = {"authentication_ui": "fail"}
CHANGE = "0024"   # CHANGE REFERENCE DATA, RESET RETRY COUNTER
UNBLOCK = "002C"
TOUCH = "cccccccfhcbelrhifnjrrddcgrburluurftrgfdrdifj"


def change(scene, connection, descriptors=(), interaction=None, **options):
    return connection.call("Tokens.ChangePin",
                           {"token_id": scene.keys.token_id, "interaction": interaction or QUIET,
                            **options}, descriptors)


def unblock(scene, connection, interaction=None, **options):
    return connection.call("Tokens.UnblockPin",
                           {"token_id": scene.keys.token_id, "interaction": interaction or QUIET,
                            **options})


def refuses(status, call, *arguments, **options):
    return check_raises(status, call, *arguments, **options).record


def n_set(scene):
    """How often the card was asked to set a PIN."""
    return sum(command.startswith((CHANGE, UNBLOCK)) for command in scene.card.commands())


def tries(scene, name="user"):
    pins = scene.daemon.call("Tokens.Pins", {"token_id": scene.keys.token_id})["pins"]
    return [pin["tries_left"] for pin in pins if name in (pin["pin_id"], pin["role"])][0]


def block(scene):
    scene.spend_tries(2)
    with scene.connect() as connection:
        scene.keys.refuses("pin_blocked", connection, pin=WRONG, last_try=True)


@test
def a_card_is_asked_for_its_pins_once_until_somebody_else_has_it():
    with Scene(lease_ms=60000) as scene, scene.connect() as a:
        check_equal([tries(scene) for _ in range(3)], [3, 3, 3], "tries")
        asked = scene.card.commands()
        check_equal([tries(scene) for _ in range(3)], [3, 3, 3], "tries")
        check_equal(scene.card.commands(), asked, "what the card is asked")
        scene.keys.refuses("auth_failed", a, pin=WRONG)
        check_equal(tries(scene), 2, "tries after a wrong PIN")
        scene.keys.sign(a, pin=PIN)
        check_equal(tries(scene), 3, "tries after the right one")


# --- by programs -------------------------------------------------------------------------------


@test
def who_changes_the_pin_holds_the_new_one_and_others_hold_none():
    with Scene(lease_ms=60000) as scene, scene.connect() as a, scene.connect() as b:
        scene.keys.sign(a, pin=PIN)
        scene.keys.sign(b, pin=PIN)
        change(scene, a, current=PIN, new=NEW)
        scene.keys.sign(a)
        scene.keys.refuses("interaction_not_allowed", b)
        record = scene.keys.refuses("auth_failed", b, pin=PIN)
        check_equal(record["tries_left"], 2, "tries left")
        scene.keys.sign(b, pin=NEW)
        scene.keys.sign(a)


@test
def who_is_not_authenticated_may_change_the_pin_too():
    with Scene() as scene, scene.connect() as a:
        change(scene, a, current=PIN, new=NEW)
        scene.keys.sign(a)
        check_equal(scene.keys.pin_status(a), (3, True), "PIN status")


@test
def policy_says_whether_the_new_pin_is_kept():
    with Scene(pin_cache="per-use") as scene, scene.connect() as a:
        change(scene, a, current=PIN, new=NEW)
        scene.keys.refuses("interaction_not_allowed", a)
        scene.keys.sign(a, pin=NEW)


@test
def a_failed_change_leaves_all_as_it_was():
    with Scene() as scene, scene.connect() as a:
        scene.keys.sign(a, pin=PIN)
        record = refuses("auth_failed", change, scene, a, current=WRONG, new=NEW)
        check_equal(record["tries_left"], 2, "tries left")
        check("2 tries" in record["hint"], f"hint: {record['hint']}")
        scene.keys.sign(a)
        check_equal(tries(scene), 3, "tries after a right PIN")
        record = refuses("auth_failed", change, scene, a, pin_id="puk", current=WRONG, new=NEW)
        check("PUK" in record["hint"], f"hint: {record['hint']}")
        check_equal((tries(scene), tries(scene, "puk")), (3, 2), "tries")
        scene.keys.sign(a)


@test
def a_new_pin_that_breaks_the_rules_costs_nothing():
    with Scene() as scene, scene.connect() as a:
        cases = [("12345", "6 to 8"), ("", "6 to 8"), ("123456789", "6 to 8"),
                 (TOUCH, "one-time password")]
        for new, text in cases:
            record = refuses("param", change, scene, a, current=WRONG, new=new)
            check(text in record["message"], f"{new!r}: {record['message']}")
            record = refuses("param", unblock, scene, a, unblocking=WRONG, new=new)
            check(text in record["message"], f"{new!r}: {record['message']}")
        record = refuses("auth_failed", change, scene, a, current=TOUCH, new=NEW)
        check("one-time password" in record["message"], record["message"])
        check_equal(n_set(scene), 0, "commands to the card")
        check_equal((tries(scene), tries(scene, "puk")), (3, 3), "tries")


@test
def a_blocked_pin_says_how_to_unblock_it_and_is():
    with Scene() as scene, scene.connect() as a:
        block(scene)
        record = scene.keys.refuses("pin_blocked", a, pin=PIN)
        check("keycask pin unblock" in record["hint"] and "PUK" in record["hint"],
              f"hint: {record['hint']}")
        record = refuses("pin_blocked", change, scene, a, current=PIN, new=NEW)
        check("keycask pin unblock" in record["hint"], f"hint: {record['hint']}")
        record = refuses("auth_failed", unblock, scene, a, unblocking="87654321", new=NEW)
        check_equal(record["tries_left"], 2, "tries left of the PUK")
        unblock(scene, a, unblocking=PUK, new=NEW)
        scene.keys.sign(a)
        check_equal((tries(scene), tries(scene, "puk")), (3, 3), "tries")


@test
def a_puk_can_be_changed_and_blocked_for_good():
    with Scene() as scene, scene.connect() as a:
        change(scene, a, pin_id="unblocking", current=PUK, new="11223344")
        refuses("auth_failed", unblock, scene, a, unblocking=PUK, new=NEW)
        refuses("auth_failed", unblock, scene, a, by="puk", unblocking=PUK, new=NEW)
        for _ in range(2):
            record = refuses("interaction_not_allowed", unblock, scene, a, unblocking="11223344",
                             new=NEW)
            check("--last-try" in record["hint"], f"hint: {record['hint']}")
            check_equal(record["tries_left"], 1, "tries left of the PUK")
        record = refuses("pin_blocked", unblock, scene, a, unblocking=PUK, new=NEW, last_try=True)
        check("nothing unblocks the PUK" in record["hint"], f"hint: {record['hint']}")
        n_before = n_set(scene)
        refuses("pin_blocked", unblock, scene, a, unblocking="11223344", new=NEW, last_try=True)
        check_equal(n_set(scene), n_before, "a PUK that is blocked is not tried")
        scene.keys.sign(a, pin=PIN)


@test
def the_last_try_of_the_present_pin_is_kept():
    with Scene() as scene, scene.connect() as a:
        scene.spend_tries(2)
        refuses("interaction_not_allowed", change, scene, a, current=PIN, new=NEW)
        check_equal(n_set(scene), 0, "commands to the card")
        change(scene, a, current=PIN, new=NEW, last_try=True)
        scene.keys.sign(a)


@test
def a_pin_that_is_not_there_is_named():
    with Scene() as scene, scene.connect() as a:
        record = refuses("param", change, scene, a, pin_id="pan", current=PIN, new=NEW)
        check("pan" in record["message"] and "pin, puk" in record["hint"], f"{record}")
        record = refuses("param", unblock, scene, a, by="pin", unblocking=PIN, new=NEW)
        check("does not unblock" in record["message"], record["message"])
        record = refuses("unimplemented", unblock, scene, a, pin_id="puk", unblocking=PIN, new=NEW)
        check("nothing unblocks the PUK" in record["message"], record["message"])
        refuses("param", a.call, "Tokens.PinStatus",
                {"token_id": scene.keys.token_id, "pin_id": "pan"})
        status = a.call("Tokens.PinStatus", {"token_id": scene.keys.token_id, "pin_id": "puk"})
        check_equal(status["tries_left"], 3, "tries of the PUK")
        status = a.call("Tokens.PinStatus", {"token_id": scene.keys.token_id, "pin_id": "pin"})
        check_equal(status["tries_left"], 3, "tries of the PIN")


@test
def nobody_is_asked_who_may_not_be():
    with Scene() as scene, scene.connect() as a:
        record = refuses("interaction_not_allowed", change, scene, a, new=NEW)
        check("--pin-fd" in record["hint"], f"hint: {record['hint']}")
        record = refuses("interaction_not_allowed", change, scene, a, current=PIN)
        check("--new-pin-fd" in record["hint"], f"hint: {record['hint']}")
        check_equal(n_set(scene), 0, "commands to the card")


@test
def secrets_come_in_memory_in_the_order_of_their_names():
    with Scene() as scene, scene.connect() as a:
        reader, writer = os.pipe()
        two = f"{PIN}\0{NEW}\0".encode()
        good = ["current", "new"]
        cases = [("one too few", two, ["current"], 0, "more"),
                 ("one too many", two, [*good, "new"], 0, "fewer"),
                 ("no end", two[:-1], good, 0, "fewer"),
                 ("nothing", b"", good, 0, "fewer"),
                 ("no names", two, None, 0, "more"),
                 ("a name", two, ["current", "pin"], 0, "names"),
                 ("twice", two, ["new", "new"], 0, "twice"),
                 ("both guards", two, ["current", "unblocking"], 0, "twice"),
                 ("index 1", two, good, 1, "must be 0"),
                 ("not UTF-8", b"12345\xff\0" + NEW.encode() + b"\0", good, 0, "text"),
                 ("256 bytes", b"1" * 256 + b"\0" + NEW.encode() + b"\0", good, 0, "text"),
                 ("a large file", b"1" * 100000, good, 0, "fewer")]
        for what, content, names, index, text in cases:
            fd = memfd(content)
            record = refuses("param", change, scene, a, [fd], secrets_fd=index, secrets=names)
            os.close(fd)
            check(text in record["message"], f"{what}: {record['message']}")
        record = refuses("param", change, scene, a, [reader], secrets_fd=0, secrets=good)
        check("file" in record["message"], record["message"])
        record = refuses("param", change, scene, a, secrets_fd=0, secrets=good)
        check("without a descriptor" in record["message"], record["message"])
        fd = memfd(two)
        record = refuses("param", change, scene, a, [fd], secrets_fd=0, secrets=good, new=NEW)
        check("twice" in record["message"], record["message"])
        check_equal(n_set(scene), 0, "commands to the card")
        change(scene, a, [fd], secrets_fd=0, secrets=good)
        scene.keys.sign(a)
        for fd in (fd, reader, writer):
            os.close(fd)


def insert_again(scene, *faults):
    scene.card.pull()
    scene.daemon.wait_for_removal()
    n_before = len(scene.card.commands())
    scene.card.insert(scene.daemon, *faults)
    scene.daemon.wait_for_token()
    return n_before


def restore(scene):
    """The PIN is the old one or the new one; it becomes the old one."""
    for pin in (PIN, NEW):
        try:
            with scene.connect() as connection:
                change(scene, connection, current=pin, new=PIN)
            return
        except VarlinkError as error:
            check_equal((error.name, pin), ("auth_failed", PIN), "neither the old nor the new")


@test
def a_card_that_is_pulled_has_the_old_pin_or_the_new():
    with Scene() as scene, scene.connect() as a:
        n_before = insert_again(scene)
        change(scene, a, current=PIN, new=NEW)
        n_apdus = len(scene.card.commands()) - n_before
        restore(scene)
        n_failed = 0
        for n in (n_apdus - 1, n_apdus):
            insert_again(scene, f"remove@{n}")
            try:
                change(scene, a, current=PIN, new=NEW)
            except VarlinkError as error:
                check_equal(error.name, "item_not_found", "failure")
                n_failed += 1
            insert_again(scene)
            restore(scene)
            check_equal(tries(scene), 3, "tries")
        check(n_failed > 0, "the card was never pulled in the middle")


@test
def an_openpgp_card_s_pins_are_set_alike():
    with Daemon() as daemon, Card("openpgp:sig=p256") as card, daemon.connect() as a:
        card.insert(daemon)
        token = {"token_id": daemon.wait_for_token()["token_id"], "interaction": QUIET}
        pins = {pin["pin_id"]: pin for pin in a.call("Tokens.Pins", {"token_id": token["token_id"]})
                ["pins"]}
        check_equal((pins["pin"]["unblocked_by"][-1], pins["admin"]["role"]), ("admin", "admin"),
                    "PINs")
        a.call("Tokens.ChangePin", {**token, "current": PIN, "new": NEW})
        a.call("Tokens.ChangePin", {**token, "pin_id": "admin", "current": PUK, "new": "11223344"})
        for touch in (TOUCH, "123456" + TOUCH):  # as long as a PIN of this card may be
            record = refuses("auth_failed", a.call, "Tokens.VerifyPin", {**token, "pin": touch})
            check("one-time password" in record["message"], record["message"])
        for _ in range(2):
            refuses("auth_failed", a.call, "Tokens.VerifyPin", {**token, "pin": WRONG})
        record = refuses("pin_blocked", a.call, "Tokens.VerifyPin",
                         {**token, "pin": WRONG, "last_try": True})
        check("admin PIN" in record["hint"] and "keycask pin unblock" in record["hint"],
              f"hint: {record['hint']}")
        record = refuses("auth_failed", a.call, "Tokens.UnblockPin",
                         {**token, "by": "admin", "unblocking": PUK, "new": PIN})
        check("admin PIN" in record["hint"], f"hint: {record['hint']}")
        a.call("Tokens.UnblockPin", {**token, "by": "admin", "unblocking": "11223344", "new": PIN})
        a.call("Tokens.VerifyPin", {**token, "pin": PIN})


# --- the command -------------------------------------------------------------------------------


def with_pins(scene, *words, status=0, **pins):
    """keycask pin …, with PINs on descriptors: pin_fd="123456"."""
    readers = {name: pipe_with(text) for name, text in pins.items()}
    options = [word for name, reader in readers.items()
               for word in ("--" + name.replace("_", "-"), reader)]
    try:
        return scene.daemon.cli("pin", *words, *options, status=status,
                                pass_fds=list(readers.values()))
    finally:
        for reader in readers.values():
            os.close(reader)


@test
def the_command_changes_unblocks_and_lists():
    with Scene() as scene:
        check_equal(with_pins(scene, "change", pin_fd=PIN, new_pin_fd=NEW), {}, "pin change")
        check_equal(with_pins(scene, "verify", pin_fd=NEW), {}, "pin verify")
        answer = with_pins(scene, "change", pin_fd=PIN, new_pin_fd=NEW, status=1)
        check_equal((answer["name"], answer["tries_left"]), ("auth_failed", 2), "the old PIN")
        both = pipe_with(f"{NEW}\n{PIN}\n")
        scene.daemon.cli("pin", "change", "--pin-fd", both, "--new-pin-fd", both, pass_fds=[both])
        os.close(both)
        check_equal(with_pins(scene, "change", "--puk", pin_fd=PUK, new_pin_fd="11223344"), {},
                    "pin change --puk")
        block(scene)
        check_equal(scene.daemon.cli("pin", "status"), {"tries_left": 0}, "pin status")
        check_equal(scene.daemon.cli("pin", "status", "--puk"), {"tries_left": 3}, "of the PUK")
        answer = with_pins(scene, "unblock", puk_fd=PUK, new_pin_fd=NEW, status=1)
        check_equal((answer["name"], answer["tries_left"]), ("auth_failed", 2), "the old PUK")
        check_equal(with_pins(scene, "unblock", puk_fd="11223344", new_pin_fd=NEW), {}, "unblock")
        check_equal(with_pins(scene, "verify", pin_fd=NEW), {}, "pin verify")
        pins = scene.daemon.cli("pin", "list")
        check_equal([(pin["pin_id"], pin["role"], pin["tries_left"], pin["unblocked_by"])
                     for pin in pins],
                    [("pin", "user", 3, ["puk"]), ("puk", "unblocking", 3, [])], "pin list")


@test
def the_command_says_what_is_wrong():
    with Scene() as scene:
        answer = scene.daemon.cli("pin", "change", "--puk", "--admin", status=2)
        check("--puk" in answer["message"], answer["message"])
        answer = with_pins(scene, "change", "--admin", pin_fd=PIN, new_pin_fd=NEW, status=1)
        check("no PIN \"admin\"" in answer["message"], answer["message"])
        answer = with_pins(scene, "unblock", "--admin", puk_fd=PIN, new_pin_fd=NEW, status=1)
        check("does not unblock" in answer["message"], answer["message"])
        answer = scene.daemon.cli("pin", "status", "--admin", status=1)
        check("no such PIN" in answer["message"] and "pin list" in answer["hint"], f"{answer}")
        answer = scene.daemon.cli("pin", "change", "--no-prompt", status=1)
        check_equal(answer["name"], "interaction_not_allowed", "--no-prompt")
        answer = with_pins(scene, "change", "--no-prompt", pin_fd=PIN, status=1)
        check("--new-pin-fd" in answer["hint"], f"{answer}")


# --- by people ---------------------------------------------------------------------------------


def keycask_pin(scene, terminal, *words):
    return on_terminal(scene, terminal, program("keycask"), "pin", *words)


@test
def a_person_is_asked_for_the_present_pin_and_twice_for_the_new_one():
    with PromptScene() as scene, Terminal() as terminal:
        client = keycask_pin(scene, terminal, "change")
        shown = terminal.read_until("\nPresent PIN: ")
        check_equal((line(shown, "Tries left"), line(shown, "Asked for")), ("3", "PIN"), "lines")
        terminal.type(PIN + "\n")
        shown = terminal.read_until("\nNew PIN: ")
        check_equal(line(shown, "Rules"), "6 to 8 characters", "rules")
        check("Tries left" not in shown, "tries of what costs none")
        terminal.type("123\n")
        check("6 to 8" in terminal.read_until("\nNew PIN: "), "why not")
        terminal.type(TOUCH + "\n")
        check("one-time password" in terminal.read_until("\nNew PIN: "), "why not")
        terminal.type(NEW + "\n")
        terminal.read_until("\nNew PIN again: ")
        terminal.type(PIN + "\n")
        check("alike" in terminal.read_until("\nNew PIN: "), "why not")
        terminal.type(NEW + "\n")
        terminal.read_until("\nNew PIN again: ")
        check_equal(n_set(scene), 0, "commands to the card")
        terminal.type(NEW + "\n")
        terminal.read_until("The PIN is changed.")
        check_equal(client.wait(PATIENCE), 0, "exit status")
        check_equal(with_pins(scene, "verify", pin_fd=NEW), {}, "pin verify")


@test
def a_wrong_present_pin_is_asked_for_again_and_the_new_one_stays():
    with PromptScene() as scene, Terminal() as terminal:
        client = keycask_pin(scene, terminal, "change")
        terminal.read_until("\nPresent PIN: ")
        terminal.type(WRONG + "\n")
        for prompt in ("\nNew PIN: ", "\nNew PIN again: "):
            terminal.read_until(prompt)
            terminal.type(NEW + "\n")
        shown = terminal.read_until("\nPresent PIN: ")
        check("the PIN is wrong" in shown, f"no reason: {shown}")
        check_equal(line(shown, "Tries left"), "2", "tries left")
        terminal.type(TOUCH + "\n")
        shown = terminal.read_until("\nPresent PIN: ")
        check("one-time password" in shown, f"no reason: {shown}")
        check_equal(line(shown, "Tries left"), "2", "tries left")
        terminal.type(PIN + "\n")
        terminal.read_until("The PIN is changed.")
        check_equal(client.wait(PATIENCE), 0, "exit status")
        check_equal(n_set(scene), 2, "commands to the card")


@test
def a_person_who_finds_no_new_pin_is_let_go():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        a.send("Tokens.ChangePin", {"token_id": scene.keys.token_id, "current": PIN,
                                    "interaction": terminal.interaction()})
        for _ in range(5):
            terminal.read_until("\nNew PIN: ")
            terminal.type("123\n")
        record = refuses("param", a.receive)
        check("6 to 8" in record["message"], record["message"])
        wait_for_no_pinentry()
        check_equal(n_set(scene), 0, "commands to the card")


@test
def a_blocked_pin_is_unblocked_in_front_of_the_terminal():
    with PromptScene() as scene, Terminal() as terminal:
        block(scene)
        client = keycask_pin(scene, terminal, "unblock")
        shown = terminal.read_until("\nUnblocking PIN: ")
        check_equal((line(shown, "Tries left"), line(shown, "Asked for")), ("3", "PUK"), "lines")
        terminal.type(PUK + "\n")
        for prompt in ("\nNew PIN: ", "\nNew PIN again: "):
            terminal.read_until(prompt)
            terminal.type(NEW + "\n")
        terminal.read_until("The PIN is unblocked.")
        check_equal(client.wait(PATIENCE), 0, "exit status")
        check_equal(with_pins(scene, "verify", pin_fd=NEW), {}, "pin verify")


@test
def a_cancelled_change_changes_nothing():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        for n_answered in range(3):
            a.send("Tokens.ChangePin", {"token_id": scene.keys.token_id,
                                        "interaction": terminal.interaction()})
            prompts = ["\nPresent PIN: ", "\nNew PIN: ", "\nNew PIN again: "]
            for prompt, pin in zip(prompts[:n_answered], [PIN, NEW]):
                terminal.read_until(prompt)
                terminal.type(pin + "\n")
            terminal.read_until(prompts[n_answered])
            terminal.type("\x04")
            refuses("user_canceled", a.receive)
        check_equal(n_set(scene), 0, "commands to the card")
        scene.keys.sign(a, pin=PIN)


@test
def whoever_leaves_takes_the_prompt_for_a_new_pin_along():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        with scene.connect() as b:
            b.send("Tokens.ChangePin", {"token_id": scene.keys.token_id, "current": PIN,
                                        "interaction": terminal.interaction()})
            terminal.read_until("\nNew PIN: ")
        wait_for_no_pinentry()
        a.send("Tokens.ChangePin", {"token_id": scene.keys.token_id, "current": PIN,
                                    "interaction": terminal.interaction()})
        terminal.read_until("\nNew PIN: ")
        scene.keys.tries()  # others are served
        scene.card.pull()
        refuses("item_not_found", a.receive)
        wait_for_no_pinentry()
        eventually(terminal.is_as_before, "the terminal echoes again")


@test
def a_last_try_is_told_before_it_is_used():
    with PromptScene() as scene, scene.connect() as a, Terminal() as terminal:
        scene.spend_tries(2)
        a.send("Tokens.ChangePin", {"token_id": scene.keys.token_id, "new": NEW,
                                    "interaction": terminal.interaction()})
        shown = terminal.read_until("\nPresent PIN: ")
        check(line(shown, "Tries left").startswith("1 ") and "blocked" in shown, f"{shown}")
        terminal.type(PIN + "\n")
        a.receive()
        scene.keys.sign(a)


@test
def each_card_keeps_its_own():
    with Scene() as scene, scene.connect() as a, Card(PROFILE) as second:
        second.insert(scene.daemon)
        eventually(lambda: len(scene.daemon.call("Tokens.List")["tokens"]) == 2, "a second token")
        scene.keys.sign(a, pin=PIN)
        other = [token["token_id"] for token in scene.daemon.call("Tokens.List")["tokens"]
                 if token["token_id"] != scene.keys.token_id][0]
        a.call("Tokens.ChangePin", {"token_id": other, "current": PIN, "new": NEW,
                                    "interaction": QUIET})
        scene.keys.sign(a)
        a.call("Tokens.VerifyPin", {"token_id": other, "pin": NEW, "interaction": QUIET})


# --- traces ------------------------------------------------------------------------------------


@test
def no_new_pin_is_in_a_log():
    pins = ["73519624", "86420975"]  # nothing that could stand there by chance
    with Scene() as scene, scene.connect() as a:
        change(scene, a, current=PIN, new=pins[0])
        fd = memfd(f"{pins[0]}\0{pins[1]}\0".encode())
        change(scene, a, [fd], secrets_fd=0, secrets=["current", "new"])
        os.close(fd)
        refuses("param", change, scene, a, current=pins[1], new=pins[0] + "9")
        log = scene.daemon.read_log()
        check("the PIN was changed" in log, "nothing in the log")
        contacts = scene.card.contacts.read_text()
        for pin in pins:
            for form in (pin, pin.encode().hex(), pin.encode().hex().upper()):
                check(form not in log, "keycaskd's log has a PIN")
                check(form not in contacts, "the card's log has a PIN")
        for path in scratch().rglob("*.log"):
            check(not any(pin in path.read_text(errors="replace") for pin in pins), str(path))


main()
