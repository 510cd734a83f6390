# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask item add, copy-matching, update, delete: the machine contract. Dictionaries on standard
input; one JSON value on standard output, whatever happens; exit status 0, 1 or 2."""
import base64
import json
import socket
import subprocess

from keycask_test import (Daemon, base_environment, check, check_equal, main, program, run, scratch,
                          test)

PASSWORD = {"class": "generic_password", "service": "mail", "account": "jo"}


def data(value):
    return base64.b64encode(value).decode()


def item(daemon, verb, dictionary, status=0):
    """What it prints; a dictionary may be text."""
    text = dictionary if isinstance(dictionary, str) else json.dumps(dictionary)
    return daemon.cli("item", verb, input=text.encode(), status=status)


def result(daemon, verb, dictionary):
    answer = item(daemon, verb, dictionary)
    check_equal(answer["status"], 0, f"status of {verb}")
    return answer["result"]


def refused(daemon, name, verb, dictionary):
    answer = item(daemon, verb, dictionary, status=1)
    check_equal(answer["name"], name, f"{verb} {dictionary}")
    check(answer["status"] < 0 and answer["message"], answer)
    return answer["message"]


@test
def an_item_lives():
    with Daemon() as daemon:
        check_equal(item(daemon, "add", {**PASSWORD, "value_data": data(b"one")}),
                    {"status": 0, "result": None}, "nothing was asked for")
        refused(daemon, "duplicate_item", "add", {**PASSWORD, "value_data": data(b"two")})
        check_equal(result(daemon, "copy-matching", {**PASSWORD, "return_data": True}),
                    data(b"one"), "the data alone")
        check_equal(item(daemon, "update", {"query": PASSWORD, "changes": {
            "value_data": data(b"two"), "label": "Mail"}}), {"status": 0, "result": None}, "update")
        found = result(daemon, "copy-matching", {**PASSWORD, "return_data": True,
                                                 "return_attributes": True, "match_limit": "all"})
        check_equal([(one["value_data"], one["label"]) for one in found], [(data(b"two"), "Mail")],
                    "what was changed")
        check_equal(item(daemon, "delete", PASSWORD), {"status": 0, "result": None}, "delete")
        refused(daemon, "item_not_found", "copy-matching", PASSWORD)
        refused(daemon, "item_not_found", "delete", PASSWORD)
        refused(daemon, "item_not_found", "update", {"query": PASSWORD, "changes": {"label": "x"}})


@test
def an_add_answers_with_what_was_asked_for_bare():
    """reference/keychain.md 2.2: "Add: bare object"."""
    with Daemon() as daemon:
        for n, (wants, shape) in enumerate((
                ({"return_data": True}, str), ({"return_persistent_ref": True}, str),
                ({"return_attributes": True}, dict),
                ({"return_data": True, "return_persistent_ref": True}, dict),
                ({"return_attributes": True, "match_limit": "all"}, None))):
            dictionary = {**PASSWORD, "account": str(n), "value_data": data(b"v"), **wants}
            if shape is None:
                refused(daemon, "param", "add", dictionary)
                continue
            answer = result(daemon, "add", dictionary)
            check(isinstance(answer, shape), f"{wants} gives {answer}")
        check_equal(set(answer), {"value_data", "value_persistent_ref"}, "of two kinds")


@test
def a_reference_names_the_item_through_all_verbs():
    with Daemon() as daemon:
        reference = result(daemon, "add", {**PASSWORD, "return_persistent_ref": True})
        check_equal(base64.b64decode(reference)[:4], b"genp", "its class")
        query = {"value_persistent_ref": reference}
        item(daemon, "update", {"query": query, "changes": {"account": "ann"}})
        found = result(daemon, "copy-matching", {**query, "return_attributes": True})
        check_equal(found["account"], "ann", "the account")
        item(daemon, "delete", query)
        refused(daemon, "item_not_found", "copy-matching", query)


@test
def what_is_no_dictionary_is_refused_in_json():
    with Daemon() as daemon:
        for text in ("", "[]", "{", "5", '{"class": "generic_password"} x', '{"value_data": "%"}'):
            for verb in ("add", "copy-matching", "update", "delete"):
                refused(daemon, "param", verb, text)
        check("neither" in refused(daemon, "param", "update", {"query": {}, "change": {}}), "a slip")
        for half in ({"query": {}}, {"changes": {}}, {"query": [], "changes": {}}, {}):
            check("update wants" in refused(daemon, "param", "update", half), half)
        refused(daemon, "no_such_class", "add", {"class": "car"})
        refused(daemon, "no_such_attr", "add", {**PASSWORD, "server": "x"})
        refused(daemon, "no_such_attr", "delete", {**PASSWORD, "server": "x"})
        refused(daemon, "no_such_attr", "update", {"query": PASSWORD, "changes": {"class": "key"}})
        refused(daemon, "param", "update", {"query": PASSWORD, "changes": {"value_data": None}})


@test
def a_wrong_call_is_told_in_json_as_well():
    with Daemon() as daemon:
        for words in (["--frobnicate"], ["word"], ["--json=1"]):
            for verb in ("add", "copy-matching", "update", "delete"):
                out, err = run(program("keycask"), "item", verb, *words, env=daemon.env, status=2)
                check_equal((json.loads(out)["name"], err), ("param", b""), f"{verb} {words}")
        check_equal(daemon.cli("item", "frobnicate", status=2)["name"], "param", "no such verb")


@test
def a_daemon_that_dies_in_mid_call_is_no_promise():
    path = scratch() / "dying.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        env = {**base_environment(), "KEYCASK_SOCKET": str(path), "KEYCASK_AUTOSTART": "0"}
        with subprocess.Popen([program("keycask"), "item", "add"], env=env, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            process.stdin.write(json.dumps(PASSWORD).encode())
            process.stdin.close()
            connection, _ = listener.accept()
            with connection:
                while b"\0" not in connection.recv(4096):
                    pass
            failure = json.loads(process.stdout.read())
    check_equal((failure["name"], process.returncode), ("not_available", 1), "the failure")
    check("may have been made or not" in failure["message"] and failure["hint"], failure)


main()
