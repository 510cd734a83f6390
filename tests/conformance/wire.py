# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conformance suite's client on the wire: raw Varlink, no line of ours between. As runner.c: a
line on standard input is a verb and its dictionaries as JSON, separated by tabs; the line that
comes back is the status and, after a tab, the items as they came, or what was wrong."""
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

from keycask_test import Varlink, VarlinkError  # noqa: E402  pylint: disable=wrong-import-position

METHODS = {"add": ("Items.Add", "item"), "copy": ("Items.CopyMatching", "query"),
           "update": ("Items.Update", "query"), "delete": ("Items.Delete", "query")}
# Where a person may be asked: on a display that only the suite's own pinentry answers for.
INTERACTION = {"display": ":77", "locale": "C.UTF-8"}


def call(connection, verb, dictionaries):
    """What the daemon answers: the items, of an addition one, and of other verbs none."""
    if verb == "context":
        return connection.call("Keychain.NewContext", dictionaries[0])["context"]
    method, name = METHODS[verb]
    parameters = {name: dictionaries[0], "interaction": INTERACTION}
    if len(dictionaries) > 1:
        parameters["changes"] = dictionaries[1]
    answer = connection.call(method, parameters)
    if verb == "add":
        return answer.get("item")
    return answer.get("items")


def main():
    with Varlink(os.environ["KEYCASK_SOCKET"]) as connection:
        for line in sys.stdin:
            verb, *dictionaries = line.rstrip("\n").split("\t")
            try:
                result = call(connection, verb, [json.loads(text) for text in dictionaries])
                print(f"0\t{json.dumps(result)}", flush=True)
            except VarlinkError as error:
                status = error.status if error.status is not None else 1
                message = error.record.get("message", str(error))
                print(f"{status}\t{json.dumps(message)}", flush=True)


main()
