# SPDX-License-Identifier: LGPL-2.1-or-later
"""The proofs themselves: each of them finds what it is there to find."""
import json
import shutil

from keycask_test import SOURCE, check, check_equal, main, pathlib, run, scratch, test

GOOD = {"name": "good", "stdout": "1..2\nok 1 - a\nok 2 - b\n", "result": "OK", "returncode": 0}


def count(*programs):
    """count-tests' last line and exit status on a log of these programs."""
    log = scratch() / "testlog.json"
    log.write_text("".join(json.dumps(program) + "\n" for program in programs))
    out, _ = run(SOURCE / "tools/count-tests", log, status=0 if programs == (GOOD,) else 1)
    return out.decode().splitlines()[-1]


def tree(check_name, **files):
    """A source tree with one checker in it and these files under src/; True when it is content."""
    root = pathlib.Path(scratch() / "tree")
    shutil.rmtree(root, ignore_errors=True)
    (root / "tools").mkdir(parents=True)
    shutil.copy(SOURCE / "tools" / check_name, root / "tools")
    (root / "tools/banned-allow").write_text("")
    for name, text in files.items():
        path = root / "src" / name.replace("__", "/")
        path = path.with_name(path.name.replace("_c", ".c"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run("git", "init", "-q", root)
    run("git", "-C", root, "add", "-A")
    done = run(root / "tools" / check_name, status=None)
    return b"src/" not in done[0]


@test
def passed_tests_are_counted():
    check_equal(count(GOOD), "2 passed, 0 failed")


@test
def failed_tests_are_counted_once():
    failed = {**GOOD, "stdout": "1..2\nok 1 - a\nnot ok 2 - b\n", "result": "ERROR",
              "returncode": 1}
    check_equal(count(GOOD, failed), "3 passed, 1 failed")


@test
def a_crash_is_a_failure():
    crashed = {**GOOD, "stdout": "1..2\nok 1 - a\n", "result": "ERROR", "returncode": -11}
    check_equal(count(crashed), "1 passed, 1 failed")


@test
def a_program_that_says_nothing_is_a_failure():
    check_equal(count({**GOOD, "stdout": ""}), "0 passed, 1 failed")


@test
def a_time_out_is_a_failure():
    check_equal(count(GOOD, {**GOOD, "stdout": "1..2\nok 1\nok 2\n", "result": "TIMEOUT"}),
                "4 passed, 1 failed")


@test
def a_leak_at_exit_is_a_failure():
    check_equal(count({**GOOD, "result": "ERROR", "returncode": 23}), "2 passed, 1 failed")


@test
def skipped_tests_have_not_passed():
    skipped = {**GOOD, "stdout": "1..2\nok 1 - a # SKIP no reader\nok 2 - b\n"}
    check_equal(count(skipped, {**GOOD, "returncode": 1}), "3 passed, 1 failed, 1 skipped")


@test
def an_empty_log_is_a_failure():
    check_equal(count(), "0 passed, 0 failed")


@test
def calls_upward_are_found():
    check(tree("check-layers", wire__a_c='#include "sys/socket.h"\n'), "a call down is refused")
    check(not tree("check-layers", sys__a_c='#include "wire/message.h"\n'), "sys may call wire")
    check(not tree("check-layers", drivers__piv__a_c='#include "sys/socket.h"\n'),
          "a driver may open sockets")
    check(not tree("check-layers", tokens__a_c='#include "wire/envelope_impl.h"\n'),
          "an internal header is used outside its room")
    check(not tree("check-layers", frontends__cli__a_c='#include "client/value_impl.h"\n'),
          "the CLI may look behind the public headers")


@test
def banned_calls_and_notes_are_found():
    check(tree("check-banned", base__a_c='/* not strcpy( */ int x = f("getenv(");\n'),
          "text is taken for code")
    check(not tree("check-banned", base__a_c="int x = atoi(text);\n"), "atoi passes")
    check(not tree("check-banned", base__a_c="/* TODO: all of it */\n"), "a note passes")
    check(tree("check-banned", base__a_c="/* TODO(#12): the rest */\n"), "an issue is refused")


def abi_after(name, old, new):
    """What check-abi says when a public header is changed so; nothing when all is well."""
    folder = pathlib.Path(scratch() / "abi")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SOURCE / "include", folder)
    header = folder / "keycask" / name
    text = header.read_text()
    check(old in text, f"{old!r} is not in {name}")
    header.write_text(text.replace(old, new, 1))
    # what is not frozen yet is another proof's business
    return [line for line in run(SOURCE / "tools/check-abi", "--headers", folder,
                                 status=None)[0].decode().splitlines() if "in no list" not in line]


@test
def what_is_frozen_cannot_change():
    check_equal(abi_after("key.h", "kc_key_sign", "kc_key_sign"), [], "what is said of no change")
    for name, old, new, said in (
            ("key.h", "kc_status kc_key_verify(", "kc_status kc_key_prove(", "kc_key_verify"),
            ("daemon.h", "void kc_daemon_disconnect(void)", "int kc_daemon_disconnect(void)",
             "kc_daemon_disconnect"),
            ("tlv.h", "\tuint64_t tag;\n", "\tuint32_t tag;\n", "struct kc_tlv"),
            ("key.h", "\tbool last_try;", "\tint more; bool last_try;", "struct kc_options"),
            ("status.h", "KC_ERR_PARAM = -50", "KC_ERR_PARAM = -51", "KC_ERR_PARAM"),
            ("names.h", '"access_group"', '"group"', "KC_ATTR_ACCESS_GROUP")):
        said_now = abi_after(name, old, new)
        check(any(said in line for line in said_now), f"{old!r} became {new!r}: {said_now}")


@test
def structs_with_a_size_may_get_longer():
    check_equal(abi_after("key.h", "\tstruct kc_view shared_info;\n};",
                          "\tstruct kc_view shared_info;\n\tint more;\n};"), [], "a longer one")
    check(abi_after("tlv.h", "\tstruct kc_view record;", "\tint more; struct kc_view record;"),
          "a struct without a size grows")


main()
