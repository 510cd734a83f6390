# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenVPN, both ends on loopback with --dev null: docs/recipes/openvpn.md."""
import os
import re
import signal

from scene import *

MODULE = "/usr/lib/x86_64-linux-gnu/pkcs11/keycask-pkcs11.so"
ID = "keycask/keychain/keychain/keycask/33F98F9602F48B3B458A31F192D8D89B6D5B8EF3"
IN_FILE = """tls-server
dh none
port {port}
local 127.0.0.1
dev null
ca ca.pem
cert {certificate}
key {key}
data-ciphers AES-256-GCM
verb 4
"""


def serialized_id(scene, identity):
    """As openvpn calls it."""
    listed = scene.run("openvpn", "--show-pkcs11-ids", scene.module)[0].decode()
    found = re.search(rf"Serialized id: +(\S*/{identity.id.upper()})", listed)
    check(found, f"no {identity.name} in {listed}")
    return found[1]


def recipe(scene, identity, port):
    return scene.recipe("openvpn", {MODULE: scene.module, "port 1194": f"port {port}",
                                    "example.org 1194": f"example.org {port}",
                                    ID: serialized_id(scene, identity)})


def serve_from_file(scene, port):
    config = scene.write("file.conf", IN_FILE.format(
        port=port, certificate=scene.server.certificate, key=scene.server.key.path))
    process = scene.start("openvpn", "--config", config, log=scene.work / "server.log")
    await_text(process, "UDPv4 link remote: [AF_UNSPEC]")
    return process


def await_text(process, text, n=1):
    """Until it has said that n times."""
    def said():
        log = process.log.read_text(errors="replace")
        check(process.poll() is None, f"openvpn ended: {log[-3000:]}")
        return log.count(text) >= n
    eventually(said, f"openvpn says {text!r}", patience=90)


def connect_anew(shell):
    """To the openvpn that a recipe's shell has started."""
    os.kill(next(pid for pid, _, parent in processes() if parent == shell.pid), signal.SIGUSR1)


COMPLETED = "Initialization Sequence Completed"


@test(seconds=PATIENT)
def a_client_connects():
    with Scene() as scene:
        for identity in scene.clients():
            port = free_port()
            server = serve_from_file(scene, port)
            steps = recipe(scene, identity, port)
            listed = steps.run("Which identity")[0].decode()
            check(f"CN={identity.name}" in listed, f"not listed: {listed}")
            client = steps.start("The client", log=scene.work / f"{identity.id}.log")
            await_text(client, COMPLETED)
            await_text(server, f"VERIFY OK: depth=0, CN={identity.name}")
            scene.end(client)
            scene.end(server)


@test(seconds=PATIENT)
def a_server_has_its_key_there():
    with Scene() as scene:
        for role in ("card server", "software server"):
            port = free_port()
            steps = recipe(scene, scene.identities[role], port)
            server = steps.start("The server", log=scene.work / f"{role}.log")
            await_text(server, "UDPv4 link remote: [AF_UNSPEC]")
            client = steps.scene.start(
                "openvpn", "--tls-client", "--remote", "127.0.0.1", port, "udp", "--nobind",
                "--dev", "null", "--ca", "ca.pem", "--cert", scene.server.certificate, "--key",
                scene.server.key.path, "--data-ciphers", "AES-256-GCM", log=scene.work / "c.log")
            await_text(client, COMPLETED)
            scene.end(client)
            scene.end(server)


@test(seconds=PATIENT)
def a_client_whose_card_was_away_connects_again():
    with Scene() as scene:
        port = free_port()
        serve_from_file(scene, port)
        steps = recipe(scene, scene.identities["card"], port)
        client = steps.start("The client", log=scene.work / "client.log")
        await_text(client, COMPLETED)
        scene.pull()
        connect_anew(client)
        check(client.wait(60) != 0, "openvpn is content")
        said = client.log.read_text()
        check(f"Please insert {scene.identities['card'].token} token" in said, f"told: {said}")
        scene.insert()
        await_text(steps.start("The client", log=scene.work / "again.log"), COMPLETED)


main()
