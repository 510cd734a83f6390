# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole files that go out: every format and kind of key, read by openssl, GnuTLS and NSS and by keycask
itself; what may not leave, and what has to be proved before."""
import json
import os
import stat
import subprocess

from keycask_test import (Card, Daemon, check, check_equal, main, openssl, pipe_with, program, run,
                          scratch, skip_unless, test)
from key_files import KINDS, PASSPHRASE, bring, pkcs12, refused, told
from keychain_scene import with_secrets
from made_keys import MadeAuthority, MadeKey, b64, file_with, find, unb64
from pin_scene import configure
from prompt_scene import PINENTRY
from terminal import Terminal

OPENED = ["-passin", "pass:" + PASSPHRASE]
EXTRACTABLE = {"attributes": {"is_extractable": True}}


def take(peer, references, kind, passphrase=None, **more):
    """Items.Export: the file."""
    parameters = {"items": references, "format": kind, **more}
    if passphrase is not None:
        parameters["passphrase"] = passphrase
    return unb64(peer.call("Items.Export", parameters)["data"])


def references_of(items):
    return [item["value_persistent_ref"] for item in items]


def identity(peer, key, certificate, **more):
    return references_of(bring(peer, pkcs12(key, certificate, passphrase="x"), "x",
                               **{**EXTRACTABLE, **more}))


@test
def a_private_key_is_the_same_outside():
    with Daemon() as daemon, daemon.connect() as peer:
        for kind in KINDS:
            key = MadeKey(kind)
            plain = openssl("pkcs8", "-topk8", "-nocrypt", "-in", key.path, "-outform", "DER")
            reference = references_of(bring(peer, key.pem, **EXTRACTABLE))
            check_equal(take(peer, reference, "pkcs8"), plain, kind)
            for name in ("pkcs8_pem", "pem"):
                check_equal(openssl("pkey", "-outform", "DER", input=take(peer, reference, name)),
                            openssl("pkey", "-in", key.path, "-outform", "DER"), kind + name)
            forms = [("pkcs8", "DER"), ("pkcs8_pem", "PEM"), ("pem", "PEM")]
            for name, form in forms if kind == "P-256" else forms[:1]:  # they are slow on purpose
                data = take(peer, reference, name, PASSPHRASE)
                opened = openssl("pkcs8", "-inform", form, *OPENED, input=data)
                check_equal(openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", input=opened),
                            plain, f"{kind} as {name}, encrypted")
                check_equal(told(bring(peer, data, PASSPHRASE)), [("key", None, False)],
                            f"{kind} as {name}, back")
            data = take(peer, reference, "pkcs12", PASSPHRASE)
            check_equal(told(bring(peer, data, PASSPHRASE)), [("key", None, False)], kind)


@test
def an_identity_goes_with_its_chain():
    root = MadeAuthority()
    middle = MadeAuthority("Middle", root)
    key = MadeKey("rsa2048")
    with Daemon() as daemon, daemon.connect() as peer:
        bring(peer, root.pem_certificate + middle.pem_certificate +
              MadeAuthority("Stranger").pem_certificate)
        reference, = identity(peer, key, middle.issue(key, "Jo"))
        data = take(peer, [reference], "pkcs12", PASSPHRASE)
        text = openssl("pkcs12", "-info", "-nodes", *OPENED, input=data).decode()
        check_equal(text.count("BEGIN CERTIFICATE"), 3, "certificates")
        check_equal(text.count("BEGIN PRIVATE KEY"), 1, "keys")
        check("friendlyName: Jo's" in text and "localKeyID" in text, text)
        made = file_with(data, ".p12")
        out, _ = run("certtool", "--p12-info", "--inder", "--infile", made, "--password", PASSPHRASE)
        check(b"AES-256" in out or b"BEGIN" in out, out)
        base = "sql:" + str(scratch())
        password = file_with(PASSPHRASE.encode() + b"\n", ".txt")
        run("certutil", "-N", "-d", base, "--empty-password")
        run("pk12util", "-d", base, "-i", made, "-w", password)
        out, _ = run("certutil", "-K", "-d", base)
        check(b"Jo's" in out and b"rsa" in out, out)
        check_equal([new for _, _, new in told(bring(peer, data, PASSPHRASE))], [False] * 3,
                    "back again")
    with Daemon() as daemon, daemon.connect() as peer:  # and into another keychain
        check_equal(told(bring(peer, data, PASSPHRASE)), [
            ("identity", "Jo's", True), ("certificate", "Middle", True),
            ("certificate", "Root", True)], "items")


@test
def several_go_into_one_file():
    with Daemon() as daemon, daemon.connect() as peer:
        references = []
        for kind in ("P-256", "ed25519"):
            key = MadeKey(kind)
            references += identity(peer, key, key.certificate(kind), attributes={
                "is_extractable": True, "label": kind})
        references += references_of(bring(peer, MadeKey("x25519").pem, **EXTRACTABLE))
        data = take(peer, references + references, "pkcs12", "")
        pem = take(peer, references, "pem")
        check_equal((pem.count(b"BEGIN CERTIFICATE"), pem.count(b"BEGIN PRIVATE KEY")), (2, 3),
                    "PEM")
    with Daemon() as daemon, daemon.connect() as peer:
        expected = [("identity", "P-256", True), ("identity", "ed25519", True),
                    ("key", None, True)]
        check_equal(told(bring(peer, data, "")), expected, "PKCS#12 with an empty passphrase")
        check_equal([kind for kind, _, _ in told(bring(peer, pem))],
                    [kind for kind, _, _ in expected], "PEM")


@test
def what_is_public_goes_as_der_and_pem():
    authority = MadeAuthority()
    key = MadeKey("P-256")
    with Daemon() as daemon, daemon.connect() as peer:
        reference = references_of(bring(peer, authority.pem_certificate))
        check_equal(take(peer, reference, "der"), authority.der, "DER")
        check_equal(openssl("x509", "-outform", "DER", input=take(peer, reference, "pem")),
                    authority.der, "PEM")
        public = references_of(bring(peer, key.public_path.read_bytes()))
        check_equal(take(peer, public, "pem"), key.public_path.read_bytes(), "a public key")
        check_equal(take(peer, public, "der"), openssl("pkey", "-in", key.path, "-pubout",
                                                       "-outform", "DER"), "a public key")


# --- what is refused ----------------------------------------------------------------------------


@test
def what_may_not_leave_is_named():
    key = MadeKey("P-256")
    with Daemon() as daemon, daemon.connect() as peer:
        reference, = identity(peer, key, key.certificate(), attributes={"label": "stays"})
        for kind in ("pkcs12", "pem", "pkcs8"):
            refused("unimplemented", 'the key "stays" is not extractable', take, peer, [reference],
                    kind, "x", hint="--extractable")
        password = peer.call("Items.Add", {"item": {
            "class": "generic_password", "account": "a", "return_persistent_ref": True}})["item"]
        refused("param", "only keys, certificates and identities go into a file", take, peer,
                [password["value_persistent_ref"]], "pem")
        refused("param", ".*", take, peer, [b64(b"nonsense")], "pem")
        refused("param", "there is nothing to export", take, peer, [], "pem")
        refused("param", 'no format "jks" to export', take, peer, [reference], "jks", hint="pkcs12")
        peer.call("Items.Delete", {"query": {"value_persistent_ref": reference}})
        refused("item_not_found", ".*", take, peer, [reference], "pem")


@test
def each_format_holds_what_it_can():
    keys = [MadeKey("P-256"), MadeKey("P-384")]
    with Daemon() as daemon, daemon.connect() as peer:
        references = [identity(peer, key, key.certificate(key.kind))[0] for key in keys]
        public = references_of(bring(peer, MadeKey("P-256").public_path.read_bytes()))
        for kind in ("pkcs8", "pkcs8_pem"):
            refused("param", f'a "{kind}" is one private key', take, peer, references, kind)
        refused("param", 'a "der" is one certificate, or one public key', take, peer, references,
                "der")
        refused("param", 'a "der" is not encrypted', take, peer, public, "der", "x")
        refused("param", 'a "pkcs12" holds no public keys', take, peer, public, "pkcs12", "x")
        refused("param", "there is no private key to encrypt", take, peer, public, "pem", "x")
        refused("interaction_not_allowed",
                "the file needs a passphrase, and nobody can be asked for one", take, peer,
                references, "pkcs12", hint="may be empty")
        check_equal(with_secrets(peer, "Items.Export", {"items": references, "format": "pkcs12"},
                                 passphrase="x").keys(), {"data"}, "with a passphrase in memory")


@test
def what_is_on_a_token_stays_there():
    with Daemon() as daemon, daemon.connect() as peer, Card("piv:9a=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        found, = find(peer, **{"class": "identity"}, return_persistent_ref=True,
                      return_attributes=True)
        record = refused("unimplemented", "the private key .* cannot leave its token", take, peer,
                         [found["value_persistent_ref"]], "pkcs12", "x", hint="keycask cert export")
        check(record["token_id"].startswith("org.keycask.piv:"), record)
        certificate, = find(peer, **{"class": "certificate"}, return_persistent_ref=True,
                            return_data=True)
        check_equal(take(peer, [certificate["value_persistent_ref"]], "der"),
                    unb64(certificate["value_data"]), "its certificate")


@test
def access_control_is_proved_first():
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    key = MadeKey("P-256")
    with configure(Daemon(), pinentry=PINENTRY) as daemon, daemon.connect() as peer, \
            Terminal() as terminal:
        reference, = identity(peer, key, key.certificate(), attributes={
            "label": "guarded", "is_extractable": True, "access_control": {
                "accessible": "when_unlocked", "flags": ["user_presence"]}})
        refused("interaction_not_allowed", "the item needs somebody's consent", take, peer,
                [reference], "pem")
        peer.send("Items.Export", {"items": [reference], "format": "pkcs12",
                                   "interaction": terminal.interaction()})
        terminal.read_until("llow")
        terminal.type("a\n")
        for question in ("Passphrase of the file: ", "Passphrase again: "):
            terminal.read_until(question)
            terminal.type("chosen\n")
        data = unb64(peer.receive()[0]["data"])
        check(b"BEGIN PRIVATE KEY" in openssl("pkcs12", "-nodes", "-passin", "pass:chosen",
                                              input=data), "the file")


# --- the command, and what is written down ------------------------------------------------------


def keycask_export(daemon, *arguments, status=0, passphrase=None, **options):
    command = [program("keycask"), "export", *arguments]
    descriptor = None if passphrase is None else pipe_with(passphrase + "\n")
    if descriptor is not None:
        command += ["--passphrase-fd", descriptor]
        options["pass_fds"] = [descriptor]
    try:
        out, err = run(*command, env=daemon.env, status=status, **options)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    return out, err.decode()


@test
def keycask_export_writes_files():
    key = MadeKey("P-256")
    path = scratch() / "jo.p12"
    with Daemon() as daemon:
        with daemon.connect() as peer:
            reference, = identity(peer, key, key.certificate())
        keycask_export(daemon, "Jo's", "--out", path, passphrase=PASSPHRASE)
        check_equal(stat.S_IMODE(path.stat().st_mode), 0o600, "mode")
        check(b"BEGIN PRIVATE KEY" in openssl("pkcs12", "-nodes", "-in", path, *OPENED), "the file")
        before = path.read_bytes()
        _, err = keycask_export(daemon, "Jo's", "--out", path, passphrase="x", status=1)
        check("is there already" in err and "--force" in err, err)
        check_equal(path.read_bytes(), before, "what was there")
        out, _ = keycask_export(daemon, reference, "--out", path, "--force", "--json",
                                passphrase="x")
        check_equal(json.loads(out), {"path": str(path)}, "JSON")
        check(path.read_bytes() != before, "it is not replaced")
        check_equal(sorted(entry.name for entry in path.parent.glob("jo.p12*")), ["jo.p12"], "files")
        out, _ = keycask_export(daemon, "Jo's", "--format", "pkcs8-pem")
        check_equal(out, openssl("pkcs8", "-topk8", "-nocrypt", "-in", key.path), "on stdout")
        out, _ = keycask_export(daemon, "Jo's", "--format", "pem", "--json")
        check(b"PRIVATE KEY" in unb64(json.loads(out)["data"]), "JSON")
        _, err = keycask_export(daemon, "Jo's", status=2)
        check("which format?" in err, err)
        _, err = keycask_export(daemon, "--format", "pem", status=2)
        check("the item is missing" in err, err)
        with Terminal() as terminal:
            done = subprocess.run([program("keycask"), "export", "Jo's", "--format", "pem"],
                                  env=daemon.env, stdout=terminal.keyboard,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
            check_equal(done.returncode, 1, "status")
            check(b"that is nothing for a terminal" in done.stderr and b"--out" in done.stderr,
                  done.stderr)
            check(terminal.is_quiet(), "the key is on the screen")


@test
def each_key_that_leaves_is_written_down():
    key = MadeKey("P-256")
    other = MadeKey("P-384")
    with Daemon() as daemon, daemon.connect() as peer:
        reference, = identity(peer, key, key.certificate())
        take(peer, [reference], "pem")
        stays = references_of(bring(peer, other.pem))
        refused("unimplemented", ".*", take, peer, stays, "pem")
        with open(f"{daemon.env['KEYCASK_STATE_DIR']}/audit.log", encoding="utf-8") as log:
            lines = [json.loads(line) for line in log]
    shown = [(line["operation"], line["result"]) for line in lines]
    check_equal(shown, [("import", "success"), ("export", "success"), ("import", "success"),
                        ("export", "unimplemented")], "lines")
    check_equal(lines[1]["key_hash"], key.hash.hex(), "which key")
    check_equal(lines[0]["n_items"], 1, "how many came in")


if __name__ == "__main__":
    main()
