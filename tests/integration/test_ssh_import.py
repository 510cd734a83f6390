# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask import ~/.ssh/id_…: private keys as ssh-keygen writes them, in the keychain and on a card, and
OpenSSH with them by the agent."""
import shutil

from keycask_test import Daemon, check, check_equal, eventually, main, run, scratch, test
from key_files import refused
from made_keys import b64, find
from ssh_scene import Agent, SshDaemon, make_key
from token_scene import TokenScene

KINDS = ("ed25519", "p256", "p384", "p521", "rsa")


def public_of(path):
    """The key in a .pub file, without its comment."""
    return path.with_suffix(".pub").read_text().split()[:2]


def check_signs(agent, path, public):
    """A signature by the agent, of which no private key is beside the public one."""
    document = scratch() / f"document {path.name}"
    document.write_bytes(b"signed by what was imported\n")
    agent.run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", public, document)
    signers = scratch() / "signers"
    signers.write_text("jo " + " ".join(public_of(path)) + "\n")
    out, _ = agent.run("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "jo", "-n", "file", "-s",
                       f"{document}.sig", input=document.read_bytes())
    check("Good" in out, out)


@test
def each_kind_is_the_same_key_for_ssh():
    with SshDaemon() as daemon:
        agent = Agent(daemon)
        for kind in KINDS:
            path = make_key(kind, name=f"id_{kind}")
            daemon.cli("import", path)
            public = agent.public(f" id_{kind} ")
            check_equal(public.read_text().split()[:2], public_of(path), "the public key")
            path.unlink()
            check_signs(agent, path, public)
        labels = [item["label"] for item in daemon.cli("list") if item["class"] == "key"]
        check_equal(sorted(set(labels)), sorted(f"id_{kind}" for kind in KINDS), "labels")


@test
def a_passphrase_is_taken_off_a_copy():
    """As the hint says."""
    with Daemon() as daemon, daemon.connect() as peer:
        path = make_key("ed25519", name="id_locked")
        run("ssh-keygen", "-q", "-p", "-P", "", "-N", "a passphrase", "-f", path)
        refused("unimplemented", "a private key in OpenSSH's form with a passphrase is not read",
                peer.call, "Items.Import", {"data": b64(path.read_bytes())},
                hint='ssh-keygen -p -N "" -f')
        copy = scratch() / "copy"
        shutil.copy(path, copy)
        run("ssh-keygen", "-q", "-p", "-P", "a passphrase", "-N", "", "-f", copy)
        daemon.cli("import", copy)
        found = find(peer, **{"class": "key"}, key_class="private", return_attributes=True)
        check_equal([item["label"] for item in found], ["id_locked"], "labels")


@test
def one_goes_onto_a_card():
    with TokenScene("piv:none", details_after_ms=0) as scene:
        path = make_key("p256", name="id_card")
        brought = scene.bring(path.read_bytes(), token_object="9a")
        agent = Agent(scene.daemon)
        eventually(lambda: len(agent.keys()) == 1, "the agent offers it")
        check_equal(agent.keys()[0].split()[:2], public_of(path), "the public key")
        check(brought["key"] in scene.items("key"), "the key")


@test
def what_is_damaged_adds_nothing():
    with Daemon() as daemon, daemon.connect() as peer:
        lines = make_key("rsa", name="id_broken").read_text().splitlines()
        lines[5] = lines[6]
        refused("decode", ".*", peer.call, "Items.Import", {"data": b64("\n".join(lines).encode())})
        empty = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
        refused("decode", "OpenSSH's private key in it is damaged: .*", peer.call, "Items.Import",
                {"data": b64(empty)})
        check_equal(daemon.cli("list"), [], "items")


main()
