# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask-vcard at the command line: new, start, and run with a daemon of its own."""
import json
import os
import signal
import socket
import subprocess

from keycask_test import (Card, base_environment, check, check_equal, end, eventually, main,
                          openssl, program, run, scratch, start, test)

EC = "piv:9a=p256,9c=p256"


def vcard(*arguments, status=0, **options):
    """keycask-vcard's output and error text."""
    out, errors = run(program("keycask-vcard"), *arguments, status=status, **options)
    return out.decode(), errors.decode()


def left_behind():
    """Folders of runs that are still there."""
    return [path.name for path in scratch().glob("keycask-vcard-*")]


class Slot:
    """A reader that does nothing: a listening socket."""

    def __init__(self):
        self.path = scratch() / "slot.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


# --- new and start -----------------------------------------------------------------------------


@test
def a_wrong_call_says_where_help_is():
    for call in ((), ("insert",), ("new",), ("new", "a", "b"), ("new", "--size", "3", "a"),
                 ("new", "a", "--profile", "piv:9z=p256"), ("new", "a", "--pin", "1"),
                 ("new", "a", "--ca", "ca.pem"), ("start", "a"),
                 ("start", "a", "--socket", "s", "--vpcd", "localhost"),
                 ("start", "a", "--socket", "s", "--fault", "burn@1"), ("run",), ("run", "--")):
        _, errors = vcard(*call, status=2, cwd=scratch())
        check("--help" in errors, f"{call}: {errors}")
    for call in (("--help",), ("run", "--help"), ("new", "-h"), ("start", "--help")):
        check("Usage" in vcard(*call, cwd=scratch())[0], f"no help by {call}")
    check_equal(os.listdir(scratch()), [], "files made by wrong calls")


@test
def an_existing_file_is_replaced_only_when_it_is_a_card():
    path = scratch() / "card"
    vcard("new", path)
    first = path.read_text()
    _, errors = vcard("new", path, status=1)
    check("--force" in errors, errors)
    check_equal(path.read_text(), first, "the card")
    vcard("new", path, "--force", "--pin", "87654321")
    check(path.read_text() != first, "not replaced")
    path.write_text("Dear diary")
    _, errors = vcard("new", path, "--force", status=1)
    check("refused" in errors, errors)
    check_equal(path.read_text(), "Dear diary", "the diary")


@test
def a_card_file_has_one_user():
    with Slot() as slot, Card(EC) as card:
        card.insert(slot.path)
        reader, _ = slot.listener.accept()  # it is in the slot now
        _, errors = vcard("start", card.file, "--socket", slot.path, status=1)
        check("in use" in errors, errors)
        _, errors = vcard("new", card.file, "--force", status=1)
        check("in use" in errors, errors)
        reader.close()


@test
def a_card_tells_when_it_goes_in_and_comes_out():
    card = Card(EC)
    with Slot() as slot:
        process = start(program("keycask-vcard"), "start", card.file, "--socket", slot.path,
                        stdout=subprocess.PIPE)
        reader, _ = slot.listener.accept()
        check(b"card inserted" in process.stdout.readline(), "no word of the insertion")
        reader.close()
        check(b"closed" in process.stdout.readline(), "no word of the reader's end")
        process.stdout.close()
        check_equal(process.wait(), 0, "exit status")
        process = start(program("keycask-vcard"), "start", card.file, "--socket", slot.path)
        reader, _ = slot.listener.accept()
        check_equal(end(process), 0, "exit status of a pulled card")
        reader.close()
    _, errors = vcard("start", card.file, "--socket", scratch() / "nowhere", status=1)
    check("no reader" in errors, errors)


# --- run ---------------------------------------------------------------------------------------


@test
def a_command_finds_the_token_when_it_starts():
    out, _ = vcard("run", "--profile", EC, "--", "keycask", "tokens", "--json")
    tokens = json.loads(out)
    check_equal([token["state"] for token in tokens], ["present"], "tokens")
    check_equal(left_behind(), [], "folders left")


@test
def the_exit_status_is_the_commands():
    vcard("run", "--profile", EC, "--", "sh", "-c", "exit 7", status=7)
    vcard("run", "--profile", EC, "--", "sh", "-c", "kill -9 $$", status=128 + 9)
    vcard("run", "--profile", EC, "--", "keycask-no-such-program", status=127)
    vcard("run", "--profile", EC, "--", scratch(), status=126)
    check_equal(left_behind(), [], "folders left")


@test
def a_command_signs_and_its_certificate_leads_to_the_test_ca():
    data = scratch() / "data"
    data.write_text("for the card of a run\n")
    script = """
        set -e
        key=$(keycask list --json | python3 -c '
import json, sys
print(next(i["persistent_ref"] for i in json.load(sys.stdin) if i["class"] == "identity"))')
        printf 87654321 >pin
        keycask cert export --key "$key" >certificate
        openssl verify -CAfile "$KEYCASK_VCARD_CA" certificate
        openssl x509 -in certificate -noout -pubkey >public
        keycask sign --key "$key" --pin-fd 3 --json data 3<pin |
            python3 -c 'import base64, json, sys
open("signature", "wb").write(base64.b64decode(json.load(sys.stdin)["signature"]))'
    """
    vcard("run", "--profile", "piv:9a=p256", "--pin", "87654321", "--", "sh", "-c", script,
          cwd=scratch())
    openssl("dgst", "-sha256", "-verify", scratch() / "public", "-signature",
            scratch() / "signature", data)


@test
def a_run_that_is_stopped_takes_everything_with_it():
    for number in (signal.SIGTERM, signal.SIGINT):
        marker = scratch() / "runs"
        process = start(program("keycask-vcard"), "run", "--profile", EC, "--", "sh", "-c",
                        f"touch {marker}; exec sleep 1000")
        eventually(marker.exists, "the command runs")
        check_equal(end(process, number), 128 + number, "exit status")
        check_equal(left_behind(), [], "folders left")
        marker.unlink()


@test
def a_run_that_is_killed_leaves_no_process():
    marker = scratch() / "runs"
    process = start(program("keycask-vcard"), "run", "--profile", EC, "--", "sh", "-c",
                    f"touch {marker}; exec sleep 1000")
    eventually(marker.exists, "the command runs")
    process.kill()
    process.wait()  # the runner looks for what still runs


@test
def a_card_that_leaves_is_gone_for_the_command():
    log = scratch() / "apdus"
    out, errors = vcard("run", "--profile", EC, "--fault", "remove@1", "--log", log, "--",
                        "keycask", "tokens", "--json")
    check_equal(json.loads(out), [], "tokens")
    check("all the same" in errors, errors)
    check_equal(log.read_text().count("> "), 1, "APDUs")


@test
def without_a_daemon_the_run_says_so():
    env = {**base_environment(), "KEYCASK_LIBEXEC_DIR": str(scratch())}
    (scratch() / "keycaskd").write_text("#!/bin/sh\necho no daemon today >&2\nexit 3\n")
    (scratch() / "keycaskd").chmod(0o755)
    _, errors = vcard("run", "--profile", EC, "--", "true", status=1, env=env)
    check("no daemon today" in errors and "status 3" in errors, errors)
    check_equal(left_behind(), [], "folders left")


main()
