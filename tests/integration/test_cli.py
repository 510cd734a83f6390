# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line as a person types it: help, tables, JSON, files of any size, error texts."""
import base64
import json
import os
import re
from pathlib import Path

from keycask_test import (Card, Daemon, base_environment, check, check_equal, main, openssl,
                          program, run, scratch, test)

COMMANDS = ["tokens", "list", "show", "watch", "slots", "choose", "sign", "verify", "cert export",
            "card forget", "pin verify", "pin status", "pin list", "pin change", "pin unblock",
            "lock", "driver list", "daemon start", "daemon stop",
            "daemon status", "item add", "item copy-matching",
            "item update", "item delete",
            "password set", "password get", "password list", "password delete"]
AUTHENTICATION = "Certificate For PIV Authentication"
CARD_AUTHENTICATION = "Certificate For Card Authentication"


def keycask(daemon, *arguments, status=0, **options):
    """(stdout, stderr) as text."""
    out, err = run(program("keycask"), *arguments, env=daemon.env, status=status, **options)
    return out.decode(), err.decode()


@test
def every_command_has_help_and_refuses_an_unknown_option():
    for command in COMMANDS:
        words = command.split()
        out, _ = run(program("keycask"), *words, "--help")
        check(command in out.decode(), f"the help of {command} does not name it")
        out, err = run(program("keycask"), *words, "--no-such-option", status=2)
        check(b"--no-such-option" in out + err, f"{command}: {err}")
        out, _ = run(program("keycask"), *words, "--no-such-option", "--json", status=2)
        check_equal(json.loads(out)["name"], "param", f"{command} --json")


@test
def a_mistyped_command_is_answered_with_the_nearest():
    _, err = run(program("keycask"), "tokes", status=2)
    check("tokens" in err.decode(), err)


@test
def without_a_token_the_first_words_help():
    with Daemon() as daemon:
        out, _ = keycask(daemon, "list")
        check("keycask vcard run" in out, out)
        _, err = keycask(daemon, "sign", "/etc/hostname", status=1)
        check("→" in err, f"no hint: {err}")
        check_equal(daemon.cli("list"), [], "list --json")
        check_equal(daemon.cli("tokens"), [], "tokens --json")


@test
def tables_have_no_colour_in_a_pipe_and_name_what_is_there():
    with Daemon() as daemon, Card("piv:9a=rsa2048,9e=p256") as card:
        card.insert(daemon)
        token = daemon.wait_for_token()
        for command in (["list"], ["tokens"], ["slots"], ["driver", "list"], ["show", AUTHENTICATION]):
            out, _ = keycask(daemon, *command)
            check("\x1b" not in out, f"{command} is coloured")
        out, _ = keycask(daemon, "list")
        check(AUTHENTICATION in out and "RSA 2048" in out and "EC 256" in out, out)
        out, _ = keycask(daemon, "tokens")
        check(token["token_id"] in out, out)


@test
def people_read_names_and_programs_have_them_as_they_stand():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        der = scratch() / "nine.der"
        keycask(daemon, "cert", "export", AUTHENTICATION, "--der", "--out", der)
        rows = dict(line.split(maxsplit=1) for line in keycask(daemon, "show", AUTHENTICATION)[0].splitlines()
                    if len(line.split(maxsplit=1)) == 2)
        for name in ("subject", "issuer"):
            said = openssl("x509", "-in", str(der), "-noout", f"-{name}", "-nameopt", "RFC2253,sep_comma_plus_space")
            check_equal(rows[name], said.decode().strip().partition("=")[2], name)
            check(base64.b64decode(daemon.cli("show", AUTHENTICATION)[name], validate=True), f"{name} --json")


@test
def an_item_has_an_address_for_programs_that_know_pkcs11():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        token = daemon.wait_for_token()
        encoded = "".join(f"%{byte:02X}" for byte in base64.b64decode(
            daemon.cli("show", AUTHENTICATION)["public_key_hash"]))
        address = f"pkcs11:token={token['label'].replace(' ', '%20')};id={encoded}"
        check_equal(keycask(daemon, "show", AUTHENTICATION, "--pkcs11")[0], address + "\n", "of a card")
        shown = daemon.cli("show", "--pkcs11", AUTHENTICATION)
        check_equal(shown, {"pkcs11_uri": address}, "as JSON")
        keycask(daemon, "key", "create", "--type", "ec", "--label", "mine")
        out = keycask(daemon, "show", "--pkcs11", "mine")[0]
        check(re.fullmatch(r"pkcs11:token=keycask;id=(%[0-9A-F]{2}){20}\n", out), out)


@test
def json_has_the_promised_shapes():
    with Daemon() as daemon, Card("piv:9a=rsa2048,9e=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        token, = daemon.cli("tokens")
        check(set(token) >= {"token_id", "driver", "slot", "label", "state"}, token)
        slot = daemon.cli("slots")[0]
        check(set(slot) >= {"name", "provider", "state", "atr", "token_ids"}, slot)
        check(slot["max_input_length"] == slot["max_output_length"] == 65535, slot)
        for item in daemon.cli("list"):
            check(set(item) >= {"class", "label", "token_id", "persistent_ref"}, item)
        for driver in daemon.cli("driver", "list"):
            check(set(driver) >= {"class_id", "type", "aids", "path", "enabled"}, driver)
        check_equal(daemon.cli("pin", "status"), {"tries_left": 3}, "pin status")


@test
def a_file_larger_than_any_request_is_signed_and_verified():
    with Daemon() as daemon, Card("piv:9a=rsa2048,9e=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        letter, signature, key = (scratch() / name for name in ("letter", "letter.sig", "key.pem"))
        letter.write_bytes(os.urandom(5 * 1024 * 1024 + 1))
        keycask(daemon, "sign", "--key", CARD_AUTHENTICATION, "--out", signature, letter)
        pem, _ = keycask(daemon, "cert", "export", CARD_AUTHENTICATION)
        key.write_bytes(openssl("x509", "-noout", "-pubkey", input=pem.encode()))
        said = openssl("dgst", "-sha256", "-verify", key, "-signature", signature, letter)
        check_equal(said.strip(), b"Verified OK", "openssl")
        keycask(daemon, "verify", "--key", CARD_AUTHENTICATION, "--signature", signature, letter)
        with open(letter, "ab") as file:
            file.write(b"!")
        out, _ = keycask(daemon, "verify", "--key", CARD_AUTHENTICATION, "--signature", signature,
                         letter, status=1)
        check("NOT" in out, out)


@test
def a_group_has_help_of_its_own():
    for group, command in (("daemon", "daemon stop"), ("pin", "pin unblock"), ("card", "card atr")):
        for words in ((group, "--help"), ("help", group)):
            out, _ = run(program("keycask"), *words)
            check(command in out.decode() and "sign" not in out.decode(), out)
            check(f"Usage: keycask {group} COMMAND" in out.decode(), out)
        _, err = run(program("keycask"), group, status=2)
        check(f"see: keycask help {group}" in err.decode(), err)


@test
def only_vcard_has_no_json():
    out, _ = run(program("keycask"), "help")
    check("each but vcard --json" in out.decode(), out)
    out, _ = run(program("keycask"), "list", "--help")
    check("one JSON value on standard output" in out.decode(), out)
    for stream in ("watch", "audit"):
        out, _ = run(program("keycask"), stream, "--help")
        check("one JSON value a line" in out.decode(), out)


@test
def a_list_of_nothing_says_where_to_look():
    with Daemon() as daemon, Card("openpgp:none") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        out, _ = keycask(daemon, "list")
        check("keycask tokens" in out, out)
        _, err = keycask(daemon, "list", "--class", "foo", status=2)
        check("--class is identity, certificate or key, not 'foo'" in err, err)


@test
def an_ambiguous_name_lists_its_candidates():
    with Daemon() as daemon, Card("piv:9a=p256,9e=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        _, err = keycask(daemon, "sign", "/etc/hostname", status=1)
        check("Authentication" in err, err)
        out, _ = keycask(daemon, "sign", "--json", "/etc/hostname", status=1)
        references = [item["persistent_ref"] for item in daemon.cli("list", "--class", "identity")]
        check_equal(json.loads(out)["candidates"], references, "the candidates")


@test
def closed_standard_descriptors_are_nobody_elses():
    with Daemon() as daemon, Card("piv:9e=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        for closed in (">&-", "<&-", ">&- 2>&- <&-"):
            run("/bin/sh", "-c", f'exec "$0" list {closed}', program("keycask"), env=daemon.env)


@test
def a_call_that_says_too_much_is_refused():
    for words in (["sign", "--pin-fd", "0"], ["sign", "--pin-fd", "0", "-"],
                  ["show", "--key", "a", "b"], ["cert", "export", "--key", "a", "b"],
                  ["list", "--json=1"]):
        run(program("keycask"), *words, input=b"123456\n", status=2)


@test
def a_token_is_called_by_its_label_everywhere():
    with Daemon() as daemon, Card("piv:9d=p256,9e=p256") as card:
        card.insert(daemon)
        token = daemon.wait_for_token()
        out, _ = keycask(daemon, "list")
        check(token["label"] in out, out)
        for name in (token["label"], token["token_id"], token["token_id"].split(":")[1][:8]):
            out, _ = keycask(daemon, "list", "--token", name)
            check(CARD_AUTHENTICATION in out, out)
        instance = token["token_id"].split(":")[1]
        for name in (instance[-8:], instance[5:17].lower()):
            out, _ = keycask(daemon, "list", "--token", name)
            check(CARD_AUTHENTICATION in out, out)
        _, err = keycask(daemon, "list", "--token", instance[5:12], status=1)
        check("no token is called" in err, err)
        _, err = keycask(daemon, "list", "--token", "nobody", status=1)
        check(token["label"] in err, err)
        _, err = keycask(daemon, "sign", "--key", "Certificate For Key Management",
                         "/etc/hostname", status=1)
        check("'Certificate For Key Management' cannot sign" in err, err)


@test
def a_file_that_cannot_be_read_or_written_is_named():
    with Daemon() as daemon, Card("piv:9e=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        _, err = keycask(daemon, "sign", "/nonexistent", status=1)
        check("/nonexistent" in err, err)
        _, err = keycask(daemon, "sign", "--out", "/proc/nonexistent/sig", "/etc/hostname", status=1)
        check("/proc/nonexistent/sig" in err, err)


@test
def a_daemon_is_started_stopped_and_asked_for():
    with Daemon() as daemon:
        out, _ = keycask(daemon, "daemon", "status")
        check(str(daemon.pid) in out, out)
    env = {**base_environment(), "KEYCASK_SOCKET": str(scratch() / "own" / "keycask.sock"),
           "KEYCASK_STATE_DIR": str(scratch() / "own-state"),
           "KEYCASK_CONFIG_DIR": str(scratch() / "own-config")}
    run(program("keycask"), "daemon", "status", env=env, status=1)
    run(program("keycask"), "daemon", "start", env=env)
    run(program("keycask"), "daemon", "start", env=env)
    out, _ = run(program("keycask"), "daemon", "status", "--json", env=env)
    run(program("keycask"), "daemon", "stop", env=env)
    stat = Path("/proc") / str(json.loads(out)["pid"]) / "stat"
    check(not stat.exists() or ") Z " in stat.read_text(), "it stopped before its process ended")
    check(not (scratch() / "own-state" / "keychain.db-wal").exists(), "the file was not closed")
    run(program("keycask"), "daemon", "status", env=env, status=1)


main()
