# SPDX-License-Identifier: LGPL-2.1-or-later
"""A driver that lies: it answers what its definition does not allow, or fails in ways that drivers
have no reason to. It loses its token, and the daemon serves everybody else as before."""
import json
import os
import pathlib

from keycask_test import BUILD, SOURCE, Card, Daemon, check, check_equal, eventually, main, scratch, test

# What comes back, by method; a text is the name of an error's status.
HONEST = {
    "Open": {"instance_id": "LIAR", "label": "a liar"},
    "Enumerate": {"objects": []},
    "PinStatus": {"tries_left": 3},
}
OBJECT = {"kind": "key", "object_id": "AQ==", "label": "x", "algorithms": [], "can_sign": True,
          "can_decrypt": False, "can_derive": False}

DRIVER = """#!/usr/bin/env python3
import json, os, socket
control = socket.socket(fileno=3)
answers = json.loads(os.environ["KEYCASK_TEST_ANSWERS"])
text = b""
while True:
    data = control.recv(65536)
    if not data:
        break
    text += data
    while b"\\0" in text:
        call, text = text.split(b"\\0", 1)
        answer = answers[json.loads(call)["method"].rsplit(".", 1)[1]]
        if isinstance(answer, int):
            reply = {"error": "org.keycask.Driver.Failed", "parameters": {"record": {
                "status": answer, "name": "x", "message": "a lie"}}}
        else:
            reply = {"parameters": answer}
        control.sendall(json.dumps(reply).encode() + b"\\0")
"""


def liar(**lies):
    """A daemon whose only driver answers honestly but for these methods."""
    helpers = scratch() / "helpers"
    drivers = scratch() / "drivers"
    for folder in (helpers, drivers):
        folder.mkdir(exist_ok=True)
    for name in ("keycask-slot", "keycask-x509"):
        if not (helpers / name).exists():
            (helpers / name).symlink_to(BUILD / "src" / name)
    program = helpers / "keycask-driver-liar"
    program.write_text(DRIVER)
    program.chmod(0o755)
    manifest = json.loads((SOURCE / "dist" / "drivers" / "org.keycask.piv.json").read_text())
    manifest.update(class_id="org.example.liar", name="Liar", executable=program.name)
    (drivers / "org.example.liar.json").write_text(json.dumps(manifest))
    return Daemon(KEYCASK_LIBEXEC_DIR=str(helpers), KEYCASK_DRIVER_DIR=str(drivers),
                  KEYCASK_TEST_ANSWERS=json.dumps({**HONEST, **lies}))


def tokens(daemon):
    return daemon.call("Tokens.List")["tokens"]


def check_refused(what, **lies):
    """The token is listed with a reason, and the daemon lives."""
    with liar(**lies) as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        eventually(lambda: [token for token in tokens(daemon) if token["state"] == "refused"],
                   f"refused for {what}", 5)


@test
def an_honest_driver_of_the_same_make_is_taken():
    with liar() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        check_equal(daemon.wait_for_token()["token_id"], "org.example.liar:LIAR", "token")


@test
def an_identity_that_is_none_costs_the_token():
    for lie in ({"instance_id": "LIAR"}, {"instance_id": "LIAR", "label": 7}, {"label": "x"},
                {"instance_id": ["LIAR"], "label": "x"}, {}):
        check_refused(lie, Open=lie)


@test
def contents_that_are_none_cost_the_token():
    for lie in ({"objects": {}}, {"objects": "x"}, {"objects": [None]}, {"objects": [7]}, {},
                {"objects": [{**OBJECT, "algorithms": "rsa"}]}):
        check_refused(lie, Enumerate=lie)


@test
def a_driver_that_says_it_is_not_there_is_refused():
    for method in ("Open", "Enumerate"):
        check_refused(method, **{method: -25291})


main()
