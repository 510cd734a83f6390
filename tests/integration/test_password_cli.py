# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask password, as a person types it: names, prompts, pipes, what is ambiguous, what is said."""
import base64
import json
import os
import subprocess

from keychain_scene import set_password, unlock
from keycask_test import Daemon, check, check_equal, main, pipe_with, program, run, scratch, test
from person_scene import PersonScene
from prompt_scene import adopt
from terminal import Terminal

KEYCHAIN = "keychain horse"  # the keychain's password
KEYCHAIN_PROMPT = "Keychain password: "
CONSENT = "[ad]? "  # of pinentry-tty: allow, deny


def password(daemon, *arguments, status=0, **options):
    """(stdout, stderr) as text."""
    out, err = run(program("keycask"), "password", *arguments, env=daemon.env, status=status,
                   **options)
    return out.decode(), err.decode()


def refused(daemon, text, *arguments, status=1, **options):
    """It fails, prints nothing on standard output and says that."""
    out, err = password(daemon, *arguments, status=status, **options)
    check_equal(out, "", f"standard output of {arguments}")
    check(text in err, f"{text!r} is not in {err!r}")
    return err


def keep(daemon, *arguments, value="secret"):
    return password(daemon, "set", *arguments, input=value.encode())[0]


def beside(daemon, terminal, *arguments):
    """keycask password with that terminal in front of it."""
    return subprocess.Popen([program("keycask"), "password", *arguments], env=daemon.env,
                            stdin=terminal.keyboard, stdout=terminal.keyboard,
                            stderr=terminal.keyboard, preexec_fn=lambda: adopt(terminal))


def ended(process, status=0):
    check_equal(process.wait(20), status, "exit status")


@test
def a_password_is_kept_changed_and_read():
    with Daemon() as daemon:
        check_equal(keep(daemon, "github", "jo", value="one\n"),
                    "The password of jo at github is saved.\n", "the first time")
        check_equal(password(daemon, "get", "github", "jo")[0], "one", "what a pipe gets")
        check_equal(keep(daemon, "github", "jo", value="two\n\n"),
                    "The password of jo at github is changed.\n", "the second time")
        check_equal(password(daemon, "get", "github")[0], "two\n", "one newline is taken off")
        check_equal(len(daemon.cli("password", "list")), 1, "passwords")
        check_equal(daemon.cli("password", "set", "x", input=b"y"), {"is_new": True}, "--json")
        check_equal(daemon.cli("password", "set", "x", input=b"z"), {"is_new": False}, "--json")


@test
def without_an_account_it_is_another_password():
    with Daemon() as daemon:
        keep(daemon, "github", "jo")
        check("is saved" in keep(daemon, "github", value="other"), "one without an account")
        check("is changed" in keep(daemon, "github", value="third"), "the same again")
        check_equal(password(daemon, "get", "github", "jo")[0], "secret", "jo's")


@test
def bytes_come_back_as_they_were():
    value = bytes(range(256)) * 300
    with Daemon() as daemon:
        run(program("keycask"), "password", "set", "blob", input=value, env=daemon.env)
        out, _ = run(program("keycask"), "password", "get", "blob", env=daemon.env)
        check(out == value, "bytes changed on their way")
        reader = pipe_with("from a descriptor\n")
        run(program("keycask"), "password", "set", "blob", "--password-fd", reader,
            env=daemon.env, pass_fds=[reader])
        os.close(reader)
        check_equal(password(daemon, "get", "blob")[0], "from a descriptor", "by --password-fd")


@test
def servers_differ_by_protocol_port_and_path():
    with Daemon() as daemon:
        keep(daemon, "--server", "example.org", "jo", "--protocol", "https", value="web")
        keep(daemon, "--server", "example.org", "jo", "--protocol", "imap", "--port", "993",
             value="mail")
        keep(daemon, "--server", "example.org", "jo", value="plain")
        check("is changed" in keep(daemon, "--server", "example.org", "jo", value="plain 2"),
              "what was not said is empty")
        check_equal(password(daemon, "get", "--server", "example.org", "--port", "993")[0], "mail",
                    "by port")
        check_equal(password(daemon, "get", "--server", "example.org", "--protocol", "https")[0],
                    "web", "by protocol")
        err = refused(daemon, "there are 3 passwords for 'example.org'", "get", "example.org")
        for shown in ("https://example.org", "imap://example.org:993", "--protocol", "jo"):
            check(shown in err, f"{shown} is not in {err}")
        check("mail" not in err.split("imap")[0] and "plain" not in err, f"a password in {err}")


@test
def what_is_ambiguous_names_the_candidates():
    with Daemon() as daemon:
        keep(daemon, "github", "jo", value="1")
        keep(daemon, "github", "ann", value="2")
        failure = daemon.cli("password", "get", "github", status=1)
        check_equal((failure["name"], len(failure["candidates"])), ("param", 2), "the failure")
        values = {password(daemon, "get", reference)[0] for reference in failure["candidates"]}
        check_equal(values, {"1", "2"}, "by persistent reference")
        refused(daemon, "there are 2 passwords", "delete", "github", "--yes")
        check_equal(len(daemon.cli("password", "list")), 2, "passwords after that")


@test
def names_are_services_then_servers_then_labels():
    with Daemon() as daemon:
        keep(daemon, "a", "--label", "mine", value="service")
        keep(daemon, "--server", "b", "--label", "mine too", value="server")
        keep(daemon, "mine too", value="a service called so")
        for name, value in (("a", "service"), ("b", "server"), ("mine", "service"),
                            ("mine too", "a service called so")):
            check_equal(password(daemon, "get", name)[0], value, name)
        refused(daemon, "there is no password for 'c'", "get", "c")
        refused(daemon, "there is no password of 'x' at 'a'", "get", "a", "x")
        refused(daemon, "keycask password list", "get", "c")


@test
def a_list_tells_everything_but_the_password():
    with Daemon() as daemon:
        out, _ = password(daemon, "list")
        check("keycask password set" in out, out)
        keep(daemon, "zebra", "jo", "--label", "Z", "--comment", "a note", value="hidden1")
        keep(daemon, "--server", "example.org", "ann", "--path", "x", value="hidden2")
        out, _ = password(daemon, "list")
        lines = out.splitlines()
        check_equal(lines[0].split(), ["FOR", "ACCOUNT", "LABEL", "CHANGED", "GROUP", "CLASS"],
                    "titles")
        check_equal(lines[1].split()[:3], ["example.org/x", "ann", "example.org"], "sorted")
        check_equal(lines[2].split()[:3], ["zebra", "jo", "Z"], "sorted")
        check("org.keycask.user" in out and "hidden" not in out, out)
        items = daemon.cli("password", "list")
        check_equal([item["class"] for item in items], ["internet_password", "generic_password"],
                    "classes")
        check_equal(items[1]["comment"], "a note", "the comment")
        check("value_data" not in items[0] and "hidden" not in json.dumps(items), items)
        item = daemon.cli("password", "get", "zebra")
        check_equal(base64.b64decode(item["value_data"]), b"hidden1", "get --json")
        check_equal(daemon.cli("password", "list", "--group", "org.keycask.user"), items, "--group")
        check_equal(daemon.cli("password", "list", "--group", "other", status=1)["name"],
                    "missing_entitlement", "a foreign group")
        check_equal(daemon.cli("list"), [], "passwords are no keys")


@test
def attributes_are_set_and_kept():
    with Daemon() as daemon:
        keep(daemon, "a", "--accessible", "after_first_unlock", "--label", "A")
        keep(daemon, "a", value="new")
        (item,) = daemon.cli("password", "list")
        check_equal((item["accessible"], item["label"]), ("after_first_unlock", "A"), "attributes")
        keep(daemon, "a", "--accessible", "when_unlocked", "--comment", "c")
        (item,) = daemon.cli("password", "list")
        check_equal((item["accessible"], item["comment"]), ("when_unlocked", "c"), "attributes")
        refused(daemon, "is not", "set", "b", "--group", "not.mine", input=b"x")


@test
def wrong_calls_say_what_is_wrong():
    with Daemon() as daemon:
        for text, *arguments in (
                ("SERVICE is missing", "set"), ("SERVICE is missing", "get"),
                ("one word too many: 'c'", "set", "a", "b", "c"),
                ("one word too many: 'b'", "get", "--server", "s", "a", "b"),
                ("go with --server", "set", "a", "--port", "3"),
                ("go with --server", "get", "a", "--protocol", "https"),
                ("--port ends at 65535", "set", "--server", "a", "--port", "65536"),
                ("--require is presence", "set", "a", "--require", "fingers"),
                ("the name is empty", "set", ""), ("the name is empty", "get", "", "jo"),
                ("the name is empty", "delete", "", "--yes"),
                ("the name is empty", "set", "--server", "", "jo"),
                ("always_this_device_only or when_passcode_set_this_device_only, not 'whenever'",
                 "set", "a", "--accessible", "whenever"),
                ("--require is presence", "set", "a", "--require", "presence,"),
                ("contradict", "list", "--ask", "--no-prompt")):
            refused(daemon, text, *arguments, status=2)
        refused(daemon, "standard input is empty", "set", "a")
        refused(daemon, "standard input is empty", "set", "a", input=b"\n")
        refused(daemon, "the service is no text in UTF-8", "set", "\udcff", input=b"x")
        refused(daemon, "descriptor 99", "set", "a", "--password-fd", "99")
        refused(daemon, "256 KiB", "set", "a", input=b"x" * 300000)
        check_equal(daemon.cli("password", "list"), [], "nothing was kept")


@test
def a_password_is_typed_twice_and_never_shown():
    with Daemon() as daemon, Terminal() as terminal:
        process = beside(daemon, terminal, "set", "github", "jo")
        check_equal(terminal.read_until("Password of jo at github: "),
                    "Password of jo at github: ", "the prompt")
        terminal.type("s\u00e9cx\x7f\x7f\u00e9\x7fcret\n")
        terminal.read_until("Once more: ")
        terminal.type("wrong\x15s\u00e9cret\n")
        shown = terminal.read_until("is saved.")
        check("cret" not in shown, f"the terminal shows {shown!r}")
        ended(process)
        check(terminal.is_as_before(), "the terminal is not as it was")
        check_equal(password(daemon, "get", "github")[0], "s\u00e9cret", "what was typed")


@test
def two_that_differ_and_second_thoughts_change_nothing():
    with Daemon() as daemon, Terminal() as terminal:
        for first, second, says in (("one\n", "two\n", "are not the same"),
                                    ("\n", None, "an empty password"), ("a\x03", None, "cancelled"),
                                    ("\x04", None, "cancelled")):
            process = beside(daemon, terminal, "set", "github")
            terminal.read_until("Password of github: ")
            terminal.type(first)
            if second:
                terminal.read_until("Once more: ")
                terminal.type(second)
            terminal.read_until(says)
            ended(process, 1)
            check(terminal.is_as_before(), "the terminal is not as it was")
        check_equal(daemon.cli("password", "list"), [], "passwords")


@test
def on_a_terminal_a_password_has_a_line_of_its_own():
    with Daemon() as daemon, Terminal() as terminal:
        keep(daemon, "text", value="plain")
        run(program("keycask"), "password", "set", "bytes", input=b"\x1b[2J", env=daemon.env)
        process = beside(daemon, terminal, "get", "text")
        check_equal(terminal.read_until("\n"), "plain\r\n", "text")
        ended(process)
        keep(daemon, "lines", value="BEGIN\nKEY\n\nEND\n")
        process = beside(daemon, terminal, "get", "lines")
        check_equal(terminal.read_until("END\r\n"), "BEGIN\r\nKEY\r\n\r\nEND\r\n", "lines")
        ended(process)
        process = beside(daemon, terminal, "get", "bytes")
        shown = terminal.read_until(base64.b64encode(b"\x1b[2J").decode())
        check("is no text" in shown and "\x1b[2J" not in shown, shown)
        ended(process)


@test
def delete_asks_and_takes_yes_alone():
    with Daemon() as daemon, Terminal() as terminal:
        keep(daemon, "github", "jo")
        refused(daemon, "say --yes", "delete", "github", status=2, start_new_session=True)
        for answer, says, left in (("n\n", "nothing was deleted", 1), ("\n", "nothing was", 1),
                                   ("y\n", "is deleted", 0)):
            process = beside(daemon, terminal, "delete", "github")
            terminal.read_until("Delete the password of jo at github? [y/N] ")
            terminal.type(answer)
            terminal.read_until(says)
            ended(process, 1 if left else 0)
            check_equal(len(daemon.cli("password", "list")), left, f"after {answer!r}")
        keep(daemon, "github", "jo")
        check_equal(password(daemon, "delete", "github", "jo", "--yes")[0],
                    "The password of jo at github is deleted.\n", "--yes")
        refused(daemon, "there is no password for 'github'", "delete", "github", "--yes")


@test
def a_locked_keychain_is_opened_on_the_way():
    with PersonScene() as daemon, Terminal() as terminal:
        with daemon.connect() as connection:
            set_password(connection, KEYCHAIN)
        keep(daemon, "github", "jo", value="one")
        for arguments, says in ((("get", "github"), "one"), (("list",), "github")):
            daemon.cli("lock")
            process = beside(daemon, terminal, *arguments)
            terminal.read_until("the keychain is locked")
            terminal.read_until(KEYCHAIN_PROMPT)
            terminal.type(KEYCHAIN + "\n")
            terminal.read_until(says)
            ended(process)
        daemon.cli("lock")
        process = beside(daemon, terminal, "set", "github", "jo")
        for prompt, text in (("Password of jo at github: ", "two\n"), ("Once more: ", "two\n"),
                             (KEYCHAIN_PROMPT, KEYCHAIN + "\n")):
            terminal.read_until(prompt)
            terminal.type(text)
        terminal.read_until("is changed")
        ended(process)


@test
def a_locked_keychain_without_a_terminal_says_what_to_do():
    with PersonScene() as daemon, Terminal() as terminal:
        with daemon.connect() as connection:
            set_password(connection, KEYCHAIN)
        keep(daemon, "github", "jo")
        daemon.cli("lock")
        for arguments in (("get", "github"), ("list",), ("set", "x")):
            err = refused(daemon, "the keychain is locked", *arguments, input=b"x",
                          start_new_session=True)
            check("keycask unlock" in err, err)
        failure = daemon.cli("password", "get", "github", "--no-prompt", status=1)
        check_equal(failure["name"], "interaction_not_allowed", "the failure")
        process = beside(daemon, terminal, "get", "github", "--no-prompt")
        terminal.read_until("keycask unlock")
        ended(process, 1)
        process = beside(daemon, terminal, "get", "github")
        terminal.read_until(KEYCHAIN_PROMPT)
        terminal.type("\x04")
        ended(process, 1)


@test
def deleting_needs_no_key():
    """What cannot be looked at has to be named exactly; never goes what shares a name with it."""
    with PersonScene() as daemon, Terminal() as terminal:
        with daemon.connect() as connection:
            set_password(connection, KEYCHAIN)
        for account in ("jo", "ann"):
            keep(daemon, "github", account)
        keep(daemon, "--server", "example.org", "jo", "--protocol", "https")
        keep(daemon, "--server", "example.org", "jo")
        daemon.cli("lock")
        err = refused(daemon, "of exactly this name", "delete", "github", "--yes")
        check("ACCOUNT" in err and "keycask unlock" in err, err)
        process = beside(daemon, terminal, "delete", "github", "jo")
        terminal.read_until("Delete the password of jo at github? [y/N] ")
        terminal.type("y\n")
        terminal.read_until("is deleted")
        ended(process)
        password(daemon, "delete", "--server", "example.org", "jo", "--yes", "--no-prompt")
        check_equal(daemon.call("Keychain.State")["state"], "locked", "the keychain")
        with daemon.connect() as connection:
            unlock(connection, KEYCHAIN)
        left = [(item.get("service") or item["protocol"], item["account"])
                for item in daemon.cli("password", "list")]
        check_equal(left, [("github", "ann"), ("https", "jo")], "what is left")


@test
def what_wants_somebody_is_listed_and_read_by_asking():
    with PersonScene() as daemon, Terminal() as terminal:
        keep(daemon, "guarded", "--require", "presence", value="behind a question")
        keep(daemon, "free")
        out, err = password(daemon, "list")
        check("guarded" not in out and "free" in out, out)
        check("password list --ask" in err, f"no word of the others: {err!r}")
        (item,) = daemon.cli("password", "list")
        check_equal(item["service"], "free", "what is listed")
        refused(daemon, "somebody would have to be asked", "get", "guarded", "--no-prompt")
        process = beside(daemon, terminal, "get", "guarded")
        terminal.read_until(CONSENT)
        terminal.type("A")
        terminal.read_until("behind a question")
        ended(process)
        process = beside(daemon, terminal, "list", "--ask")
        terminal.read_until(CONSENT)
        terminal.type("A")
        terminal.read_until("guarded")
        ended(process)


@test
def passwords_are_nowhere_but_where_they_belong():
    with Daemon() as daemon:
        keep(daemon, "github", "jo", value="correct horse battery")
        keep(daemon, "github", "jo", value="staple horse battery")
        password(daemon, "get", "github")
        password(daemon, "list")
        for path in scratch().rglob("*"):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                check(b"horse battery" not in content and
                      base64.b64encode(b"correct horse") not in content, f"a password in {path}")


@test
def a_list_may_be_longer_than_one_answer_of_the_daemon():
    with Daemon() as daemon:
        for number in range(4):
            daemon.call("Items.Add", {"item": {
                "class": "generic_password", "service": "long", "account": str(number),
                "comment": "c" * 300000}})
        items = daemon.cli("password", "list")
        check_equal([item["account"] for item in items], ["0", "1", "2", "3"], "the passwords")
        check_equal({len(item["comment"]) for item in items}, {300000}, "their attributes")


main()
