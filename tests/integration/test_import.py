# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole files that come in, made by openssl, GnuTLS and NSS: every form of every key, PKCS#12 with
chains, certificates alone; and what is wrong, broken, hostile or locked."""
import json
import os
import re
import secrets

from keycask_test import (Daemon, check, check_equal, check_raises, eventually, main, openssl,
                          pipe_with, processes, program, run, scratch, skip_unless, test)
from key_files import ITERATIONS, KINDS, PASSPHRASE, bring, pkcs12, refused, told
from keychain_scene import KeychainDaemon, set_password, unlock, with_secrets
from lifecycle import is_sanitized
from made_keys import MadeAuthority, MadeKey, b64, file_with, find, unb64
from memory import forms, pieces, remembered
from pin_scene import configure
from prompt_scene import PINENTRY
from terminal import Terminal

KEY = {"class": "key"}
CERTIFICATE = {"class": "certificate"}


def nothing_is_there(peer):
    for kind in (KEY, CERTIFICATE):
        check_raises("item_not_found", find, peer, **kind)


def encrypted(key, form, *arguments, passphrase=PASSPHRASE):
    return openssl("pkcs8", "-topk8", "-in", key.path, "-outform", form, "-passout",
                   "pass:" + passphrase, *arguments)


# --- keys ---------------------------------------------------------------------------------------


def forms_of(key):
    """Each form that there is of a private key: name, file, does it take a passphrase?"""
    for form in ("PEM", "DER"):
        yield "pkcs8 " + form, openssl("pkcs8", "-topk8", "-nocrypt", "-in", key.path, "-outform",
                                       form), False
        yield "pbes2 " + form, encrypted(key, form, *ITERATIONS), True
    if key.type in ("rsa", "ec"):
        tool = "rsa" if key.type == "rsa" else "ec"
        more = ["-traditional"] if tool == "rsa" else []
        for form in ("PEM", "DER"):
            yield tool + form, openssl(tool, "-in", key.path, *more, "-outform", form), False
        yield tool + " aes", openssl(tool, "-in", key.path, *more, "-aes128", "-passout",
                                     "pass:" + PASSPHRASE), True
    if key.kind == "P-256":
        yield "3des", encrypted(key, "DER", "-v1", "PBE-SHA1-3DES", *ITERATIONS), True
        yield "sha512", encrypted(key, "PEM", "-v2", "aes128", "-v2prf", "hmacWithSHA512",
                                  *ITERATIONS), True
        yield "scrypt", encrypted(key, "DER", "-scrypt", "-scrypt_N", "1024"), True
        yield "pkcs12", openssl("pkcs12", "-export", "-nocerts", "-inkey", key.path, "-passout",
                                "pass:" + PASSPHRASE, *ITERATIONS), True


@test
def every_form_of_a_key_is_the_same_key():
    with Daemon() as daemon, daemon.connect() as peer:
        for kind in KINDS:
            key = MadeKey(kind)
            reference = None
            for name, data, has_passphrase in forms_of(key):
                item, = bring(peer, data, PASSPHRASE if has_passphrase else None,
                              attributes={"is_extractable": True})
                check_equal((item["class"], item["is_new"]), ("key", reference is None),
                            kind + " as " + name)
                reference = reference or item["value_persistent_ref"]
                check_equal(item["value_persistent_ref"], reference, kind + " as " + name)
            found, = find(peer, value_persistent_ref=reference, return_data=True,
                          return_attributes=True)
            check_equal(unb64(found["value_data"]), key.private, kind)
            check_equal(found["key_class"], "private", kind)
            check_equal(found["accessible"], "when_unlocked", kind)


@test
def public_keys_are_keys_too():
    with Daemon() as daemon, daemon.connect() as peer:
        for kind in ("rsa2048", "P-256", "ed25519"):
            key = MadeKey(kind)
            for data in (key.public_path.read_bytes(),
                         openssl("pkey", "-in", key.path, "-pubout", "-outform", "DER"), *(
                             [key.public] if key.type == "rsa" else [])):
                item, = bring(peer, data)
            found, = find(peer, value_persistent_ref=item["value_persistent_ref"],
                          return_data=True, return_attributes=True)
            check_equal(item["is_new"], False, "the same again")
            check_equal(unb64(found["value_data"]), key.public, kind)
            check_equal(found["key_class"], "public", kind)


# --- PKCS#12 and certificates -------------------------------------------------------------------


@test
def an_identity_comes_with_its_chain():
    root = MadeAuthority()
    middle = MadeAuthority("Middle", root)
    key = MadeKey("P-256")
    chain = file_with(middle.pem_certificate + root.pem_certificate)
    with Daemon() as daemon, daemon.connect() as peer:
        data = pkcs12(key, middle.issue(key, "Jo"), "-certfile", chain)
        items = bring(peer, data, PASSPHRASE)
        check_equal(told(items), [("identity", "Jo's", True), ("certificate", "Middle", True),
                                  ("certificate", "Root", True)], "items")
        check_equal(told(bring(peer, data, PASSPHRASE, format="pkcs12")),
                    [("identity", "Jo's", False), ("certificate", "Middle", False),
                     ("certificate", "Root", False)], "the same again")
        check_equal(len(find(peer, **CERTIFICATE, match_limit="all", return_attributes=True)), 3,
                    "certificates")
        found, = find(peer, value_persistent_ref=items[0]["value_persistent_ref"],
                      return_attributes=True)
        check_equal(found["class"], "identity", "class")
        signature = peer.call("Keys.Sign", {
            "key": items[0]["value_persistent_ref"],
            "algorithm": "ecdsa_signature_message_x962_sha256", "data": b64(b"text")})["signature"]
        check(peer.call("Keys.Verify", {
            "key": items[0]["value_persistent_ref"], "signature": signature,
            "algorithm": "ecdsa_signature_message_x962_sha256", "data": b64(b"text")})["valid"],
            "its key signs")
        # a key is not to be had again, unless that was said
        check("value_data" not in find(peer, **KEY, return_data=True, return_attributes=True)[0],
              "the key is extractable")


@test
def what_other_programs_write_is_read():
    key = MadeKey("rsa2048")
    certificate = file_with(key.certificate("Jo"))
    with Daemon() as daemon, daemon.connect() as peer:
        made = scratch() / "gnutls.p12"
        for cipher in ("aes-256", "3des-pkcs12"):
            run("certtool", "--to-p12", "--load-privkey", key.path, "--load-certificate",
                certificate, "--p12-name", "from GnuTLS", "--password", PASSPHRASE,
                "--pkcs-cipher", cipher, "--outder", "--outfile", made)
            item, = bring(peer, made.read_bytes(), PASSPHRASE)
            check_equal(told([item]), [("identity", "from GnuTLS", cipher == "aes-256")], cipher)
        base = "sql:" + str(scratch())
        ours = file_with(pkcs12(key, certificate.read_bytes()), ".p12")
        password = file_with(PASSPHRASE.encode() + b"\n", ".txt")
        run("certutil", "-N", "-d", base, "--empty-password")
        run("pk12util", "-d", base, "-i", ours, "-w", password)
        run("pk12util", "-d", base, "-o", scratch() / "nss.p12", "-n", "Jo's", "-w", password)
        check_equal(told(bring(peer, (scratch() / "nss.p12").read_bytes(), PASSPHRASE)),
                    [("identity", "from GnuTLS", False)], "from NSS")


@test
def certificates_come_alone_or_in_bundles():
    authorities = [MadeAuthority(name) for name in ("One", "Two", "Three")]
    pem = b"".join(authority.pem_certificate for authority in authorities)
    path = file_with(pem)
    expected = [("certificate", name, True) for name in ("One", "Two", "Three")]
    with Daemon() as daemon, daemon.connect() as peer:
        check_equal(told(bring(peer, b"what they are:\n\n" + pem + pem)), expected, "a bundle")
        again = [(kind, name, False) for kind, name, _ in expected]
        for form in ("PEM", "DER"):
            check_equal(sorted(told(bring(peer, openssl(
                "crl2pkcs7", "-nocrl", "-certfile", path, "-outform", form)))), sorted(again),
                "PKCS#7 as " + form)
        check_equal(told(bring(peer, authorities[0].der)), again[:1], "DER")
        check_equal(told(bring(peer, openssl("pkcs12", "-export", "-nokeys", "-in", path, "-passout",
                                             "pass:"), "")), again, "PKCS#12 without keys")


@test
def a_file_may_hold_several_identities():
    with Daemon() as daemon, daemon.connect() as peer:
        keys = [MadeKey("P-256"), MadeKey("ed25519")]
        lone = MadeKey("x25519")
        pem = b"".join(key.pem + key.certificate(key.kind) for key in keys) + lone.pem
        check_equal(told(bring(peer, pem)), [
            ("identity", "P-256", True), ("identity", "ed25519", True), ("key", None, True)],
            "items")


@test
def attributes_go_where_they_fit():
    root = MadeAuthority()
    key = MadeKey("P-256")
    data = pkcs12(key, root.issue(key, "Jo"), "-certfile", root.certificate_path)
    with Daemon() as daemon, daemon.connect() as peer:
        items = bring(peer, data, PASSPHRASE, attributes={
            "label": "mine", "is_extractable": True, "accessible": "after_first_unlock"})
        check_equal(told(items), [("identity", "mine", True), ("certificate", "Root", True)],
                    "items")
        found, = find(peer, **KEY, return_attributes=True, return_data=True)
        check_equal((found["label"], found["accessible"]), ("mine", "after_first_unlock"), "key")
        check_equal(unb64(found["value_data"]), key.private, "key")
        check_equal(told(bring(peer, MadeAuthority("Other").der, attributes={"label": "that"})),
                    [("certificate", "that", True)], "a certificate alone")
        for attributes, status, message in [
                ({"lable": "x"}, "no_such_attr",
                 'neither keys nor certificates have an attribute "lable"'),
                ({"account": "x"}, "no_such_attr",
                 'neither keys nor certificates have an attribute "account"'),
                ({"class": "key"}, "param", '"class" is no attribute .*'),
                ({"return_data": True}, "param", '"return_data" is no attribute .*'),
                ({"access_group": "org.other"}, "missing_entitlement", ".*"),
                ({"label": 7}, "param", ".*label.*")]:
            refused(status, message, bring, peer, data, PASSPHRASE, attributes=attributes)


# --- what goes wrong ----------------------------------------------------------------------------


@test
def a_wrong_passphrase_is_told_from_none():
    key = MadeKey("P-256")
    with Daemon() as daemon, daemon.connect() as peer:
        for data in (pkcs12(key, key.certificate()), encrypted(key, "PEM", *ITERATIONS),
                     openssl("ec", "-in", key.path, "-aes256", "-passout", "pass:" + PASSPHRASE)):
            refused("auth_failed", "the passphrase is wrong, or the file is damaged", bring, peer,
                    data, "wrong")
            refused("auth_failed", "the file is encrypted, and there is no passphrase", bring, peer,
                    data, hint="--passphrase-fd")
        nothing_is_there(peer)
        check_equal(told(with_secrets(peer, "Items.Import", {"data": b64(pkcs12(
            key, key.certificate()))}, passphrase=PASSPHRASE)["items"]),
            [("identity", "Jo's", True)], "with a passphrase in memory")


@test
def what_is_not_read_says_what_to_do():
    key = MadeKey("P-256")
    with Daemon() as daemon, daemon.connect() as peer:
        refused("unimplemented", "encrypted with RC2-40-CBC, which is broken: re-encrypt it", bring,
                peer, pkcs12(key, key.certificate(), "-legacy", "-certpbe", "PBE-SHA1-RC2-40"),
                PASSPHRASE, hint="-legacy")
        refused("param", 'no format "jks" to import', bring, peer, key.pem, format="jks",
                hint="pkcs12")
        refused("decode", 'not a file of format "pkcs12" but of "pem"', bring, peer, key.pem,
                format="pkcs12")
        refused("decode", "neither PEM nor DER", bring, peer, b"what?")
        refused("decode", "the file is empty", bring, peer, b"")
        refused("param", ".*base64.*", peer.call, "Items.Import", {"data": "?"})
        refused("decode", "a private key of a kind that is not kept here", bring, peer, openssl(
            "genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:1024"))
        refused("key_size_not_allowed", ".*512.*", bring, peer, openssl(
            "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512"))
        nothing_is_there(peer)


@test
def all_of_a_file_is_added_or_nothing():
    good = MadeKey("P-256")
    other = MadeAuthority("Good")
    bad = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    with Daemon() as daemon, daemon.connect() as peer:
        refused("decode", ".*", bring, peer, good.pem + other.pem_certificate + bad,
                hint="certificate 2 of the 2 in the file")
        small = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512")
        refused("key_size_not_allowed", ".*", bring, peer, good.pem + small,
                hint="private key 2 of the 2 in the file")
        nothing_is_there(peer)


@test
def damage_is_noticed():
    key = MadeKey("P-256")
    data = pkcs12(key, key.certificate())
    with Daemon() as daemon, daemon.connect() as peer:
        for at in range(0, len(data), len(data) // 12):
            check_raises("org.keycask.Items.Failed", bring, peer, data[:at], PASSPHRASE)
            broken = data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1:]
            check_raises("org.keycask.Items.Failed", bring, peer, broken, PASSPHRASE)
        nothing_is_there(peer)
        check_equal(len(bring(peer, data, PASSPHRASE)), 1, "whole")


@test
def a_slow_key_derivation_ends_by_itself():
    key = MadeKey("P-256")
    few = openssl("pkcs8", "-topk8", "-in", key.path, "-outform", "DER", "-passout", "pass:x",
                  "-iter", "65539")
    number = b"\x02\x03\x01\x00\x03"
    check(few.count(number) == 1, "the number of iterations is not found")
    slow = few.replace(number, b"\x02\x03\x7f\xff\xff")
    slower = pkcs12(key, key.certificate(), "-iter", "65539", passphrase="x").replace(
        number, b"\x02\x03\x7f\xff\xff")
    with configure(Daemon(), import_deadline_ms=100) as daemon, daemon.connect() as peer:
        for data in (slow, slower):
            refused("param", "the file was not decrypted within 1 seconds", bring, peer, data, "x",
                    hint="import_deadline_ms")
        eventually(lambda: len(openers(daemon)) <= 1, "the slow ones have ended")


def openers(daemon):
    """The processes that read certificates and files."""
    return [entry for entry in processes()
            if entry[0] in daemon.children() and entry[1] == "keycask-x509"]


def slow_file():
    """Two blocks of the slowest hash in each iteration take many seconds on any machine."""
    few = openssl("pkcs8", "-topk8", "-in", MadeKey("P-256").path, "-outform", "DER", "-passout",
                  "pass:x", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512-224", "-iter", "65539")
    return few.replace(b"\x02\x03\x01\x00\x03", b"\x02\x03\x7f\xff\xff")


@test
def nobody_waits_for_a_slow_key_derivation():
    slow = slow_file()
    with Daemon() as daemon, daemon.connect() as peer, daemon.connect() as other:
        peer.send("Items.Import", {"data": b64(slow), "passphrase": "x"})
        check_equal(len(bring(other, MadeAuthority().der)), 1, "another import")
        check(peer.is_quiet(0), "the slow one has come first")


@test
def a_caller_may_leave_in_the_middle():
    slow = slow_file()
    with Daemon() as daemon:
        with daemon.connect() as peer:
            peer.send("Items.Import", {"data": b64(slow), "passphrase": "x"})
            eventually(lambda: openers(daemon), "the file is being opened")
        eventually(lambda: not openers(daemon), "nobody opens it any more")
        with daemon.connect() as peer:
            nothing_is_there(peer)


@test
def a_locked_keychain_takes_no_key():
    key = MadeKey("P-256")
    data = pkcs12(key, key.certificate())
    with KeychainDaemon() as daemon, daemon.connect() as peer:
        set_password(peer, "open")
        peer.call("Keychain.Lock")
        refused("interaction_not_allowed", ".*", bring, peer, data, PASSPHRASE)
        nothing_is_there(peer)
        check_equal(told(bring(peer, key.certificate("Jo"))), [("certificate", "Jo", True)],
                    "a certificate needs no open keychain")
        unlock(peer, "open")
        check_equal(told(bring(peer, data, PASSPHRASE)), [("identity", "Jo's", True)],
                    "unlocked")


@test
def two_at_once_add_it_once():
    data = b"".join(MadeAuthority(f"A{n}").pem_certificate for n in range(4))
    with Daemon() as daemon, daemon.connect() as one, daemon.connect() as other:
        for peer in (one, other):
            peer.send("Items.Import", {"data": b64(data)})
        answers = [peer.receive()[0]["items"] for peer in (one, other)]
        for first, second in zip(*answers):
            check_equal(sorted([first["is_new"], second["is_new"]]), [False, True], "is_new")
            check_equal(first["value_persistent_ref"], second["value_persistent_ref"], "reference")
        check_equal(len(find(one, **CERTIFICATE, match_limit="all", return_ref=True)), 4, "items")


@test
def a_large_bundle_comes_in_one_piece():
    authority = MadeAuthority()
    key = MadeKey("P-256")
    pem = b"".join(authority.issue(key, f"leaf {n}") for n in range(1))
    pem = pem + b"\n".join([b"# filler " + b"x" * 70] * 8000)
    with Daemon() as daemon, daemon.connect() as peer:
        check_equal(len(bring(peer, pem)), 1, "items")
        too_many = MadeKey("P-256").pem * 65
        refused("param", "the file has more than 64 keys or certificates", bring, peer, too_many)


# --- people -------------------------------------------------------------------------------------


@test
def somebody_is_asked_for_the_passphrase():
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    key = MadeKey("P-256")
    data = pkcs12(key, key.certificate(), passphrase="right")
    with configure(Daemon(), pinentry=PINENTRY) as daemon, daemon.connect() as peer, \
            Terminal() as terminal:
        peer.send("Items.Import", {"data": b64(data), "interaction": terminal.interaction()})
        shown = terminal.read_until("Passphrase of the file: ")
        check("import an encrypted file" in shown, shown)
        terminal.type("wrong\n")
        check("wrong" in terminal.read_until("Passphrase of the file: "), "it does not say why")
        terminal.type("right\n")
        check_equal(told(peer.receive()[0]["items"]), [("identity", "Jo's", True)], "items")


@test
def keycask_import_tells_what_was_added():
    root = MadeAuthority()
    key = MadeKey("P-256")
    path = file_with(pkcs12(key, root.issue(key, "Jo"), "-certfile", root.certificate_path),
                     ".p12")

    def told_by(daemon, *arguments, status=0):
        descriptor = pipe_with(PASSPHRASE + "\n")
        try:
            out, err = run(program("keycask"), "import", *arguments, path, "--passphrase-fd",
                           descriptor, env=daemon.env, pass_fds=[descriptor], status=status)
        finally:
            os.close(descriptor)
        return out.decode(), err.decode()

    with Daemon() as daemon:
        out, err = told_by(daemon, "--label", "mine", "--extractable")
        check_equal(re.sub(" +", " ", out).splitlines(), [
            "added identity mine (certificate and key)", "added certificate Root"], "page")
        check("still holds the key" in err, err)
        out, err = told_by(daemon)
        check_equal(out.count("was there"), 2, "what was there")
        check_equal(err, "", "nothing was added")
        items = json.loads(told_by(daemon, "--json")[0])
        check_equal(told(items), [("identity", "mine", False), ("certificate", "Root", False)],
                    "JSON")
        check("missing_entitlement" in told_by(daemon, "--json", "--group", "org.other",
                                               status=1)[0], "another's group")
        failure = daemon.cli("import", path, "--no-prompt", status=1)
        check_equal(failure["name"], "auth_failed", "without a passphrase")
        check_equal(daemon.cli("import", path, "--format", "pem", "--passphrase-fd", "0",
                               input=PASSPHRASE.encode(), status=1)["name"], "decode", "format")


# --- secrets ------------------------------------------------------------------------------------


@test
def nothing_of_it_stays_behind():
    passphrase = secrets.token_urlsafe(24)
    wrong = secrets.token_urlsafe(24)
    key = MadeKey("P-256")
    scalar = key.private[-32:]
    with Daemon("--log-level", "debug") as daemon:
        with daemon.connect() as peer:
            data = pkcs12(key, key.certificate(), passphrase=passphrase)
            check_raises("auth_failed", bring, peer, data, wrong)
            bring(peer, data, passphrase)
            with_secrets(peer, "Items.Import", {"data": b64(key.pem)}, passphrase=passphrase)
        daemon.call("Admin.Status")
        found = remembered(daemon.pid, [passphrase, wrong])
        check(not found, "\n".join(str(one) for one in found))
        # OpenSSL's own buffers are wiped by our free(), which a sanitizer replaces
        check(is_sanitized() or not raw_in_memory(daemon.pid, scalar),
              "the key is in the daemon's memory")
        content = daemon.log.read_bytes()
        for form in [form for text in (passphrase, wrong) for form in forms(text)]:
            check(form not in content, "a passphrase is in the log")
        check(scalar.hex().encode() not in content and scalar not in content, "a key is in the log")


def raw_in_memory(pid, needle):
    return [hex(address) for address, content in pieces(pid) if needle in content]


if __name__ == "__main__":
    main()
