# SPDX-License-Identifier: LGPL-2.1-or-later
"""Access control of software items: what a person has to prove, at a real pinentry, before which
operation, and what contexts remember of it."""
import itertools
import json
import os
import secrets
import subprocess

from keychain_scene import set_password
from keycask_test import check, check_equal, main, openssl, program, scratch, test
from memory import remembered
from person_scene import (Person, PersonScene, access_control, decode, encode, new_ec_key,
                          wait_for_quiet)
from prompt_scene import adopt, line
from terminal import Terminal

FLAGS = ["user_presence", "biometry_any", "biometry_current_set", "device_passcode", "companion",
         "or", "and", "private_key_usage", "application_password"]
CONSENT = "[ad]? "
PASSCODE = "Keychain password: "
ITEM_PASSWORD = "Password of the item: "
NEW_PASSWORD = "New password: "
NEW_AGAIN = "New password again: "
PASSWORD = "correct horse"
SIGN = {"algorithm": "ecdsa_signature_message_x962_sha256", "data": encode("what is signed")}
CANCEL = "\x04"


def allow(terminal):
    """Somebody agrees; what was shown."""
    shown = terminal.read_until(CONSENT)
    terminal.type("A")
    terminal.read_until("\n")  # its echo
    return shown


def type_at(terminal, prompt, text):
    shown = terminal.read_until("\n" + prompt)
    terminal.type(text + "\n")
    return shown


# --- flags -------------------------------------------------------------------------------------


def expected_status(flags):
    """reference/keychain.md 4.5, and what this machine does not have."""
    has = set(flags)
    if {"or", "and"} <= has or {"biometry_any", "biometry_current_set"} <= has:
        return "param"
    if "user_presence" in has and has - {"user_presence", "application_password",
                                         "private_key_usage"}:
        return "param"
    absent = has & {"biometry_any", "biometry_current_set", "companion"}
    if absent and not {"or", "device_passcode"} <= has:
        return "unimplemented"
    return None


def all_sets():
    return [[flag for flag, chosen in zip(FLAGS, bits) if chosen]
            for bits in itertools.product((False, True), repeat=len(FLAGS))]


def needs_a_person(flags):
    return bool(set(flags) & {"user_presence", "device_passcode"})


@test
def every_set_of_flags_is_taken_or_refused_by_the_rules():
    with PersonScene() as daemon, Person(daemon) as a:
        set_password(daemon, PASSWORD)
        context = a.context(application_password="its own")
        for number, flags in enumerate(all_sets()):
            status = expected_status(flags)
            if not status and "private_key_usage" in flags:
                status = "param"  # it is for keys
            a.add(f"s{number}", *flags, status=status, use_authentication_context=context,
                  access_control=access_control(*flags))
            if status:
                check_equal(a.call("Keychain.State")["state"], "unlocked", "state")
                continue
            wanted = dict(service=f"s{number}", return_attributes=True)
            if needs_a_person(flags):
                a.refused("interaction_not_allowed", use_authentication_context=context, **wanted)
                continue
            query = a.query(use_authentication_context=context, **wanted)
            item, = a.call("Items.CopyMatching", query=query)["items"]
            check_equal(item["access_control"], access_control(*flags), "access control")
            if "application_password" in flags:
                a.refused("interaction_not_allowed", **wanted)


@test
def every_set_of_flags_of_a_key_constrains_its_use():
    data, _ = new_ec_key()
    with PersonScene() as daemon, Person(daemon) as a:
        set_password(daemon, PASSWORD)
        context = a.context(application_password="its own")
        for number, flags in enumerate(all_sets()):
            if expected_status(flags) or "private_key_usage" not in flags:
                continue
            a.call("Items.Add", item={
                "class": "key", "value_data": encode(data), "key_class": "private",
                "key_type": "ec", "application_tag": encode(f"tag {number}"),
                "is_extractable": True,  # but for its access control
                "access_control": access_control(*flags), "use_authentication_context": context})
            query = {"class": "key", "application_tag": encode(f"tag {number}"),
                     "return_attributes": True, "return_persistent_ref": True}
            item, = a.call("Items.CopyMatching", query=query)["items"]
            check_equal(item["access_control"], access_control(*flags), "access control")
            a.fails("auth_failed", "Items.CopyMatching", query={**query, "return_data": True})
            sign = {"key": item["value_persistent_ref"], **SIGN}
            interaction = {"authentication_context": context}
            if needs_a_person(flags):
                a.fails("interaction_not_allowed", "Keys.Sign", interaction=interaction, **sign)
            else:
                a.call("Keys.Sign", interaction=interaction, **sign)
            if "application_password" in flags:
                a.fails("interaction_not_allowed", "Keys.Sign", **sign)


@test
def what_is_wrong_is_said():
    with PersonScene() as daemon, Person(daemon) as a:
        for control, message in (
                ("user_presence", "\"access_control\" must be an object"),
                ({"flags": []}, "an access control needs \"accessible\""),
                (access_control(accessible="never"), "no protection class"),
                (access_control("watch"), "\"watch\" is no flag of an access control"),
                (access_control("or", "or"), "has \"or\" more than once"),
                ({"accessible": "always", "sign": "pin"}, "an access control has no \"sign\"")):
            record = a.add("s", access_control=control, status="param")
            check(message in record["message"], f"message: {record['message']}")
        record = a.add("s", access_control=access_control("user_presense"), status="param")
        check_equal(record["hint"], "did you mean \"user_presence\"?", "hint")
        record = a.add("s", "biometry_any", status="unimplemented")
        check_equal(record["message"], "there is no fingerprint reader here", "message")
        record = a.add("s", "user_presence", accessible="always", status="param")
        check("that of \"access_control\" is \"when_unlocked\"" in record["message"],
              f"message: {record['message']}")
        a.fails("param", "Items.Delete", query=a.query("s", access_control="user_presence"))


@test
def what_takes_the_keychain_password_cannot_be_added_without_one():
    with PersonScene() as daemon, Person(daemon) as a:
        for control in (access_control("device_passcode"),
                        access_control("biometry_any", "or", "device_passcode"),
                        access_control(accessible="when_passcode_set_this_device_only")):
            record = a.add("s", access_control=control, status="not_available")
            check_equal(record["hint"], "keycask passwd sets one", "hint")
        a.refused("item_not_found", "s")


# --- presence ----------------------------------------------------------------------------------


@test
def somebody_agrees_and_is_told_to_what():
    with PersonScene() as daemon, Terminal() as terminal, \
            Person(daemon, terminal, operation_prompt="not this") as a:
        a.add("mail", "user_presence")
        check(terminal.is_quiet(), "adding has asked somebody")
        a.ask("mail", use_operation_prompt="read your mail")
        shown = allow(terminal)
        check_equal(a.receives_data(), ["secret of mail"], "data")
        check("python" in line(shown.replace("\r", ""), "Program"), f"no program: {shown}")
        check_equal(line(shown.replace("\r", ""), "Item"), "label of mail", "item")
        check_equal(line(shown.replace("\r", ""), "Reason"), "read your mail", "reason")
        a.ask("mail")
        check_equal(line(allow(terminal).replace("\r", ""), "Reason"), "not this", "reason")
        a.receive()
        wait_for_quiet(daemon)
        check(terminal.is_as_before(), "the terminal's settings are not as before")
        check("secret of mail" not in daemon.read_log(), "the log has a value")


@test
def texts_of_others_are_made_harmless():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        a.add("s", "user_presence", label="a\x1b[2Jb\nProgram: trusted")
        a.ask("s", use_operation_prompt="x\r\nItem: another\u202e")
        shown = allow(terminal)
        a.receive()
        check("\x1b[2J" not in shown and "\u202e" not in shown, f"raw text: {shown!r}")
        check_equal(shown.count("\nProgram: ") + shown.count("\nItem: "), 2, "lines of ours")


@test
def who_says_no_is_heard():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        a.add("s", "user_presence")
        a.ask("s")
        terminal.read_until(CONSENT)
        terminal.type("D")
        record = a.receives_failure("user_canceled")
        check_equal(record["message"], "the prompt was cancelled", "message")
        wait_for_quiet(daemon)


@test
def every_kind_of_reading_needs_it_and_deleting_does_not():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a, \
            Person(daemon) as nobody:
        a.add("s", "user_presence")
        for wanted in ({}, {"return_attributes": True}, {"return_persistent_ref": True},
                       {"return_data": True}):
            nobody.fails("interaction_not_allowed", "Items.CopyMatching",
                         query=nobody.query("s", **wanted))
            a.send("Items.CopyMatching", query=a.query("s", **wanted))
            allow(terminal)
            a.receive()
        nobody.call("Items.Delete", query=nobody.query("s"))
        a.refused("item_not_found", "s")


@test
def where_nobody_can_be_asked_it_says_why():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        a.add("s", "user_presence")
        silent = a.context(interaction_not_allowed=True)
        for interaction, more, hint in (
                (None, {}, "\"interaction\" says where somebody can be asked"),
                ({}, {}, "there is neither terminal nor display to ask at"),
                ({"tty": "/dev/null"}, {}, "there is neither terminal nor display to ask at"),
                (terminal.interaction(), {"use_authentication_context": silent},
                 "the context asks nobody: use one that may")):
            record = a.fails("interaction_not_allowed", "Items.CopyMatching",
                             query=a.query("s", **more), interaction=interaction)
            check_equal(record["message"], "the item needs somebody's consent", "message")
            check_equal(record["hint"], hint, "hint")
        a.refused("interaction_not_allowed", "s", use_authentication_ui="fail")
        check(terminal.is_quiet(), "somebody was asked")


@test
def who_leaves_takes_the_question_along():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        a.add("s", "user_presence")
        a.ask("s")
        terminal.read_until(CONSENT)
        a.connection.close()
        wait_for_quiet(daemon)
        with Person(daemon, terminal) as b:
            b.ask("s")
            allow(terminal)
            check_equal(b.receives_data(), ["secret of s"], "data")


@test
def a_program_that_asks_too_often_is_stopped():
    with PersonScene(prompt_quota=2) as daemon, Terminal() as terminal, \
            Person(daemon, terminal) as a:
        a.add("s", "user_presence")
        for _ in range(2):
            a.ask("s")
            allow(terminal)
            a.receive()
        record = a.refused("not_available", "s")
        check("too many prompts" in record["message"], f"message: {record['message']}")


# --- passwords ---------------------------------------------------------------------------------


@test
def with_a_keychain_password_presence_is_the_password():
    for flags in (["user_presence"], ["device_passcode"], ["companion", "or", "device_passcode"]):
        with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
            set_password(daemon, PASSWORD)
            a.add("s", *flags)
            a.ask("s")
            shown = type_at(terminal, PASSCODE, "wrong")
            check("***" not in shown, "an error that nobody made")
            shown = type_at(terminal, PASSCODE, PASSWORD)
            check("the password is wrong" in shown, f"no reason: {shown}")
            check_equal(a.receives_data(), ["secret of s"], "data")
            a.ask("s")
            for _ in range(3):
                type_at(terminal, PASSCODE, "wrong")
            record = a.receives_failure("auth_failed")
            check_equal(record["message"], "the password is wrong, 3 times", "message")
            a.ask("s")
            terminal.read_until("\n" + PASSCODE)
            terminal.type(CANCEL)
            a.receives_failure("user_canceled")
            log = daemon.read_log()
            check(PASSWORD not in log and "wrong\n" not in log, "the log has a password")


@test
def an_items_own_password_comes_with_a_context():
    with PersonScene() as daemon, Person(daemon) as a:
        right = a.context(application_password="open sesame")
        wrong = a.context(application_password="open barley")
        record = a.add("s", "application_password", status="interaction_not_allowed")
        check_equal(record["message"], "the item has a password of its own, which was not given",
                    "message")
        a.add("s", "application_password", use_authentication_context=right)
        check_equal(a.data("s", use_authentication_context=right), ["secret of s"], "data")
        for query in (a.query("s", return_data=True), a.query("s", return_attributes=True),
                      a.query("s")):
            a.fails("auth_failed", "Items.CopyMatching",
                    query={**query, "use_authentication_context": wrong})
            a.fails("interaction_not_allowed", "Items.CopyMatching", query=query)
        for context, status in ((wrong, "auth_failed"), (None, "interaction_not_allowed")):
            query = a.query("s", **({"use_authentication_context": context} if context else {}))
            a.fails(status, "Items.Update", query=query, changes={"comment": "c"})
        a.call("Items.Update", query=a.query("s", use_authentication_context=right),
               changes={"comment": "c", "value_data": encode("another")})
        check_equal(a.data("s", use_authentication_context=right), ["another"], "data")
        a.call("Items.Delete", query=a.query("s"))


@test
def without_a_context_the_items_password_is_asked_for():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        a.send("Items.Add", item=a.query("s", value_data=encode("v"), label="the item",
                                         access_control=access_control("application_password")))
        shown = type_at(terminal, NEW_PASSWORD, "open sesame")
        check_equal(line(shown.replace("\r", ""), "Item"), "the item", "item")
        type_at(terminal, NEW_AGAIN, "open sesam")
        shown = type_at(terminal, NEW_PASSWORD, "open sesame")
        check("the two passwords differ" in shown, f"no reason: {shown}")
        type_at(terminal, NEW_AGAIN, "open sesame")
        a.receive()
        a.ask("s")
        type_at(terminal, ITEM_PASSWORD, "open barley")
        shown = type_at(terminal, ITEM_PASSWORD, "open sesame")
        check("the password is wrong" in shown, f"no reason: {shown}")
        check_equal(a.receives_data(), ["v"], "data")
        a.ask("s")
        for _ in range(3):
            type_at(terminal, ITEM_PASSWORD, "open barley")
        a.receives_failure("auth_failed")
        check("sesame" not in daemon.read_log(), "the log has a password")


@test
def both_a_person_and_a_password():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        context = a.context(application_password="open sesame")
        a.add("s", "user_presence", "application_password", use_authentication_context=context)
        a.ask("s", use_authentication_context=context)
        allow(terminal)
        check_equal(a.receives_data(), ["secret of s"], "data")
        a.ask("s")
        type_at(terminal, ITEM_PASSWORD, "open sesame")
        allow(terminal)
        check_equal(a.receives_data(), ["secret of s"], "data")


@test
def what_was_typed_leaves_the_daemons_memory():
    typed = {name: f"{name}-{secrets.token_urlsafe(24)}" for name in ("keychain", "wrong", "own")}
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        set_password(daemon, typed["keychain"])
        a.send("Items.Add", item=a.query("own", value_data=encode("v"), access_control=access_control(
            "user_presence", "application_password")))
        type_at(terminal, NEW_PASSWORD, typed["own"])
        type_at(terminal, NEW_AGAIN, typed["own"])
        a.receive()
        a.ask("own")
        type_at(terminal, ITEM_PASSWORD, typed["own"])
        type_at(terminal, PASSCODE, typed["wrong"])
        type_at(terminal, PASSCODE, typed["keychain"])
        check_equal(a.receives_data(), ["v"], "data")
        daemon.call("Admin.Status")
        check_equal(remembered(daemon.pid, typed.values()), [], "what the daemon remembers")
        log = daemon.read_log()
        check(not any(text in log for text in typed.values()), "the log has a password")


# --- at the command line -----------------------------------------------------------------------


@test
def the_command_asks_at_its_own_terminal():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon) as a:
        a.add("s", "user_presence")
        query = scratch() / "query.json"
        query.write_text(json.dumps(a.query("s", return_data=True)))
        expected = {"A": {"status": 0, "result": encode("secret of s")},
                    "D": {"status": -128, "name": "user_canceled",
                          "message": "the prompt was cancelled"}}
        for answer, result in expected.items():
            with open(query, "rb") as text:
                command = subprocess.Popen(
                    [program("keycask"), "item", "copy-matching"], env=daemon.env, stdin=text,
                    stdout=subprocess.PIPE, stderr=terminal.keyboard,
                    preexec_fn=lambda: adopt(terminal))
            shown = terminal.read_until(CONSENT)
            check("keycask" in line(shown.replace("\r", ""), "Program"), f"no program: {shown}")
            terminal.type(answer)
            out, _ = command.communicate()
            check_equal(json.loads(out), result, "answer")
            terminal.read_until("\n")  # the echo


# --- allow, fail, skip -------------------------------------------------------------------------


@test
def one_consent_serves_all_items_of_a_query():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        a.add("free")
        for service in ("one", "two"):
            a.add(service, "user_presence")
        a.refused("interaction_not_allowed", match_limit="all", use_authentication_ui="fail")
        check_equal(a.data(match_limit="all", use_authentication_ui="skip"), ["secret of free"],
                    "data")
        a.refused("item_not_found", "one", use_authentication_ui="skip")
        check(terminal.is_quiet(), "somebody was asked")
        a.ask(match_limit="all", use_authentication_ui="allow")
        allow(terminal)
        check_equal(sorted(a.receives_data()),
                    ["secret of free", "secret of one", "secret of two"], "data")


@test
def skip_is_for_copies_and_wrong_values_are_refused():
    with PersonScene() as daemon, Person(daemon) as a:
        a.add("s")
        a.add("t", use_authentication_ui="skip", status="param")
        query = a.query("s", use_authentication_ui="skip")
        a.fails("param", "Items.Update", query=query, changes={"label": "l"})
        a.fails("param", "Items.Delete", query=query)
        for wrong in ("maybe", 5, True, {}):
            a.refused("param", "s", use_authentication_ui=wrong)
        for wrong in (5, True, {}, "nobody's"):
            a.refused("param", "s", use_authentication_context=wrong)
        a.refused("param", "s", use_operation_prompt=5)
        a.refused("param", "s", use_credential_reference=encode("x"))
        check_equal(a.data("s"), ["secret of s"], "data")


# --- changes -----------------------------------------------------------------------------------


@test
def an_access_control_is_added_and_taken_away_by_updates():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a, \
            Person(daemon) as nobody:
        a.add("s")
        nobody.call("Items.Update", query=a.query("s"),
                    changes={"access_control": access_control("user_presence")})
        nobody.refused("interaction_not_allowed", "s")
        nobody.fails("interaction_not_allowed", "Items.Update", query=a.query("s"),
                     changes={"access_control": access_control()})
        nobody.fails("interaction_not_allowed", "Items.Update", query=a.query("s"),
                     changes={"value_data": encode("mine")})
        a.send("Items.Update", query=a.query("s"), changes={"access_control": access_control()})
        terminal.read_until(CONSENT)
        terminal.type("D")
        a.receives_failure("user_canceled")
        a.send("Items.Update", query=a.query("s"), changes={"access_control": access_control()})
        allow(terminal)
        a.receive()
        check_equal(nobody.data("s"), ["secret of s"], "data")


@test
def an_items_own_password_is_added_and_taken_away_by_updates():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        a.add("s")
        context = a.context(application_password="open sesame")
        wrong = a.context(application_password="open barley")
        query = a.query("s", use_authentication_context=context)
        a.call("Items.Update", query=query,
               changes={"access_control": access_control("application_password")})
        a.refused("auth_failed", "s", use_authentication_context=wrong)
        a.fails("auth_failed", "Items.Update",
                query=a.query("s", use_authentication_context=wrong),
                changes={"access_control": access_control()})
        check_equal(a.data("s", use_authentication_context=context), ["secret of s"], "data")
        a.call("Items.Update", query=query, changes={"access_control": access_control()})
        check_equal(a.data("s"), ["secret of s"], "data")


@test
def one_item_that_is_refused_refuses_the_whole_update():
    with PersonScene() as daemon, Person(daemon) as a:
        a.add("free", account="x")
        a.add("bound", "user_presence", account="x")
        a.fails("interaction_not_allowed", "Items.Update", query=a.query(account="x"),
                changes={"comment": "c"})
        item, = a.call("Items.CopyMatching",
                       query=a.query("free", return_attributes=True))["items"]
        check("comment" not in item, f"half an update: {item}")


# --- contexts ----------------------------------------------------------------------------------


@test
def a_context_remembers_for_the_calls_that_name_it():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a, \
            Person(daemon, terminal) as b:
        a.add("s", "user_presence")
        context = a.context()
        a.ask("s", use_authentication_context=context)
        allow(terminal)
        a.receives_data()
        check_equal(a.data("s", use_authentication_context=context), ["secret of s"], "data")
        a.call("Items.Update", query=a.query("s", use_authentication_context=context),
               changes={"comment": "c"})
        a.refused("interaction_not_allowed", "s", use_authentication_ui="fail")
        a.refused("interaction_not_allowed", "s", use_authentication_ui="fail",
                  use_authentication_context=a.context())
        record = b.refused("param", "s", use_authentication_context=context)
        check_equal(record["message"], "there is no such authentication context", "message")
        a.call("Keychain.EndContext", context=context)
        a.refused("param", "s", use_authentication_context=context)
        a.fails("param", "Keychain.EndContext", context=context)
        check(terminal.is_quiet(), "somebody was asked")


@test
def a_context_forgets_when_the_keychain_is_locked():
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a:
        set_password(daemon, PASSWORD)
        context = a.context()
        a.add("s", "user_presence", access_control=access_control("user_presence",
                                                                  accessible="always"))
        a.ask("s", use_authentication_context=context)
        type_at(terminal, PASSCODE, PASSWORD)
        a.receives_data()
        check_equal(a.data("s", use_authentication_context=context), ["secret of s"], "data")
        a.call("Keychain.Lock")
        a.ask("s", use_authentication_context=context)
        type_at(terminal, PASSCODE, PASSWORD)
        check_equal(a.receives_data(), ["secret of s"], "data")


@test
def contexts_are_counted_and_their_passwords_checked():
    with PersonScene() as daemon, Person(daemon) as a:
        contexts = [a.context() for _ in range(16)]
        check_equal(len(set(contexts)), 16, "names")
        record = a.fails("not_available", "Keychain.NewContext")
        check_equal(record["message"], "one connection may have 16 contexts", "message")
        a.call("Keychain.EndContext", context=contexts[0])
        a.context(application_password="x" * 255)
        a.call("Keychain.EndContext", context=contexts[1])
        for wrong in ("", "x" * 256):
            record = a.fails("param", "Keychain.NewContext", application_password=wrong)
            check("password" in record["message"], f"message: {record['message']}")
        memory = os.memfd_create("password")
        os.write(memory, b"open sesame\0")
        a.connection.send("Keychain.NewContext", {"secrets_fd": 0,
                                                  "secrets": ["application_password"]}, [memory])
        context = a.receive()["context"]
        os.close(memory)
        a.add("s", "application_password", use_authentication_context=context)
        check_equal(a.data("s", use_authentication_context=context), ["secret of s"], "data")


# --- keys --------------------------------------------------------------------------------------


@test
def a_key_for_use_only_is_used_by_who_agrees_and_never_read():
    data, public = new_ec_key()
    (scratch() / "public.pem").write_bytes(public)
    with PersonScene() as daemon, Terminal() as terminal, Person(daemon, terminal) as a, \
            Person(daemon) as nobody:
        control = access_control("user_presence", "private_key_usage")
        item = a.call("Items.Add", item={
            "class": "key", "key_class": "private", "key_type": "ec", "label": "signer",
            "value_data": encode(data), "access_control": control, "is_extractable": True,
            "return_persistent_ref": True})["item"]
        query = {"class": "key", "label": "signer"}
        found, = nobody.call("Items.CopyMatching",
                             query={**query, "return_attributes": True})["items"]
        check_equal(found["access_control"], control, "access control")
        record = a.fails("auth_failed", "Items.CopyMatching", query={**query, "return_data": True})
        check_equal(record["message"], "its access control lets nobody read this key", "message")
        sign = {"key": item["value_persistent_ref"], **SIGN}
        nobody.fails("interaction_not_allowed", "Keys.Sign", **sign)
        a.fails("interaction_not_allowed", "Keys.Sign",
                interaction=terminal.interaction(authentication_ui="fail"), **sign)
        a.send("Keys.Sign", **sign)
        check_equal(line(allow(terminal).replace("\r", ""), "Item"), "signer", "item")
        (scratch() / "signature").write_bytes(decode(a.receive()["signature"]))
        (scratch() / "data").write_bytes(decode(SIGN["data"]))
        openssl("dgst", "-sha256", "-verify", scratch() / "public.pem", "-signature",
                scratch() / "signature", scratch() / "data")
        context = a.context()
        a.send("Keys.Sign", interaction=terminal.interaction(authentication_context=context),
               **sign)
        allow(terminal)
        a.receive()
        a.call("Keys.Sign", interaction={"authentication_context": context}, **sign)
        a.send("Items.Update", query=query, changes={"access_control": access_control()})
        allow(terminal)
        record = a.receives_failure("auth_failed")
        check_equal(record["message"],
                    "\"private_key_usage\" cannot be taken from a key again", "message")
        nobody.call("Items.Delete", query=query)


main()
