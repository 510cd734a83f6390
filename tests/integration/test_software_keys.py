# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys that are in the keychain, in use: openssl has the other half of each and judges. Identities
with one half on a card and the other in the keychain."""
import pathlib
import signal

from der import children, read
from keycask_test import (PIN, Card, Daemon, check, check_equal, check_raises, eventually, main, openssl,
                          skip_unless, test)
from lifecycle import Footprint, is_sanitized
from made_keys import (MadeAuthority, MadeKey, add, add_key, b64, der_of, file_with, find, sign, unb64, use)
from memory import pieces
from pin_scene import audit_lines
from soft_driver import SoftToken

KEY = {"class": "key"}
IDENTITY = {"class": "identity"}
CERTIFICATE = {"class": "certificate"}
DATA = b"what is signed"
SECRET = b"the secret"
X962 = "ecdsa_signature_message_x962_sha256"
STANDARD = "ecdh_key_exchange_standard"
ED25519 = "eddsa_signature_message_ed25519"
HASHES = ["sha1", "sha224", "sha256", "sha384", "sha512"]


def verify(key, signature, *options, data=DATA):
    openssl("dgst", *options, "-verify", key.public_path, "-signature", file_with(signature),
            file_with(data))


def refused(call, name, message):
    record = check_raises("org.keycask.Keys.Failed", call).parameters["record"]
    check_equal((record["name"], record["message"]), (name, message), "the failure")
    return record


# --- signing ------------------------------------------------------------------------------------


@test
def rsa_keys_sign():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in ["rsa2048", "rsa3072"]:
            key = MadeKey(kind)
            ref = add_key(connection, key)
            for name in HASHES:
                signature = sign(connection, ref, f"rsa_signature_message_pkcs1v15_{name}", DATA)
                verify(key, signature, f"-{name}")
                signature = sign(connection, ref, f"rsa_signature_message_pss_{name}", DATA)
                verify(key, signature, f"-{name}", "-sigopt", "rsa_padding_mode:pss")


@test
def ec_keys_sign():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in ["P-256", "P-384", "P-521"]:
            key = MadeKey(kind)
            ref = add_key(connection, key)
            for name in HASHES:
                signature = sign(connection, ref, f"ecdsa_signature_message_x962_{name}", DATA)
                verify(key, signature, f"-{name}")
            plain = sign(connection, ref, "ecdsa_signature_message_rfc4754_sha256", DATA)
            check_equal(len(plain), len(key.public) - 1, "bytes of r and s")
            answer = connection.call("Keys.Verify", {
                "key": ref, "algorithm": "ecdsa_signature_message_rfc4754_sha256",
                "data": b64(DATA), "signature": b64(plain)})
            check(answer["valid"], "r and s do not verify")


@test
def ed25519_keys_sign_long_messages():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("ed25519")
        ref = add_key(connection, key)
        for data in [b"1", DATA, bytes(300000)]:
            signature = sign(connection, ref, ED25519, data)
            openssl("pkeyutl", "-verify", "-pubin", "-inkey", key.public_path, "-rawin", "-in",
                    file_with(data), "-sigfile", file_with(signature))


@test
def many_rsa_signatures_at_once():
    with Daemon() as daemon:
        key = MadeKey("rsa2048")
        with daemon.connect() as connection:
            ref = add_key(connection, key)
        connections = [daemon.connect() for _ in range(16)]
        for connection in connections:
            connection.send("Keys.Sign", {"key": ref, "data": b64(DATA),
                                          "algorithm": "rsa_signature_message_pkcs1v15_sha256"})
        signatures = {connection.receive()[0]["signature"] for connection in connections}
        check_equal(len(signatures), 1, "signatures")
        verify(key, unb64(signatures.pop()), "-sha256")
        for connection in connections:
            connection.close()


@test
def who_leaves_while_rsa_works_leaves_nothing_behind():
    with Daemon() as daemon:
        key = MadeKey("rsa3072")
        with daemon.connect() as connection:
            ref = add_key(connection, key)
            sign(connection, ref, "rsa_signature_message_pkcs1v15_sha256", DATA)
        footprint = Footprint(daemon)
        for _ in range(20):
            with daemon.connect() as connection:
                connection.send("Keys.Sign", {"key": ref, "data": b64(DATA), "algorithm":
                                              "rsa_signature_message_pkcs1v15_sha256"})
        footprint.check_same()
        with daemon.connect() as connection:
            verify(key, sign(connection, ref, "rsa_signature_message_pkcs1v15_sha256", DATA),
                   "-sha256")


# --- decryption and key exchange ----------------------------------------------------------------


def encrypt(key, *options):
    return openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", key.public_path, "-in",
                   file_with(SECRET), *options)


def decrypt(connection, ref, algorithm, data):
    return use(connection, "Decrypt", ref, algorithm, "plaintext", data=b64(data))


@test
def rsa_keys_decrypt():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in ["rsa2048", "rsa3072"]:
            key = MadeKey(kind)
            ref = add_key(connection, key)
            check_equal(decrypt(connection, ref, "rsa_encryption_pkcs1", encrypt(key)), SECRET, "PKCS#1")
            for name in HASHES:
                data = encrypt(key, "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt",
                               f"rsa_oaep_md:{name}", "-pkeyopt", f"rsa_mgf1_md:{name}")
                check_equal(decrypt(connection, ref, f"rsa_encryption_oaep_{name}", data), SECRET, name)


@test
def nobody_learns_whether_the_padding_was_right():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("rsa2048")
        ref = add_key(connection, key)
        for byte in range(10):
            noise = bytes([0, byte]) + bytes(254)
            noise = openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", key.public_path, "-in",
                            file_with(noise), "-pkeyopt", "rsa_padding_mode:none")
            one = decrypt(connection, ref, "rsa_encryption_pkcs1", noise)
            check_equal(decrypt(connection, ref, "rsa_encryption_pkcs1", noise), one, "the noise")
        refused(lambda: decrypt(connection, ref, "rsa_encryption_oaep_sha256", noise), "param",
                "this was not encrypted with this key and this algorithm")


@test
def keys_are_exchanged():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in ["P-256", "P-384", "P-521", "x25519"]:
            key, peer = MadeKey(kind), MadeKey(kind)
            ref = add_key(connection, key)
            expected = openssl("pkeyutl", "-derive", "-inkey", peer.path, "-peerkey", key.public_path)
            secret = use(connection, "Exchange", ref, STANDARD, "secret", public_key=b64(peer.public))
            check_equal(secret, expected, f"secret of {kind}")
            derived = use(connection, "Exchange", ref, STANDARD + "_x963_sha256", "secret",
                          public_key=b64(peer.public), requested_size=40)
            check_equal(len(derived), 40, "bytes derived")


# --- what does not go ---------------------------------------------------------------------------


@test
def a_key_does_what_it_is_for():
    with Daemon() as daemon, daemon.connect() as connection:
        ec, rsa, x25519 = MadeKey("P-256"), MadeKey("rsa2048"), MadeKey("x25519")
        signer = add_key(connection, ec, label="ec")
        shy = add_key(connection, rsa, label="shy", can_sign=False)
        other = add_key(connection, x25519, label="other")
        refused(lambda: sign(connection, signer, ED25519, DATA), "param",
                f"{ED25519} is for ed25519 keys, this one is ec")
        refused(lambda: sign(connection, shy, "rsa_signature_message_pkcs1v15_sha256", DATA), "param",
                'the key "shy" is not for signing')
        refused(lambda: sign(connection, other, ED25519, DATA), "param",
                'the key "other" is not for signing')
        refused(lambda: sign(connection, signer, "ecdsa_signature_digest_x962_sha256", DATA), "param",
                "ecdsa_signature_digest_x962_sha256 takes a digest of 32 bytes, not 14")
        refused(lambda: use(connection, "Exchange", signer, STANDARD, "secret",
                            public_key=b64(bytes(65))), "param",
                "the other side's public key must be a point of 65 bytes, 04 and both coordinates")
        connection.call("Items.Delete", {"query": {"value_persistent_ref": signer}})
        record = check_raises("org.keycask.Keys.Failed", sign, connection, signer,
                              X962, DATA).parameters["record"]
        check_equal(record["name"], "item_not_found", "a key that was deleted")


@test
def public_halves_are_told_without_asking():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in ["rsa2048", "P-384", "ed25519", "x25519"]:
            key = MadeKey(kind)
            ref = add_key(connection, key)
            public = connection.call("Keys.CopyPublic", {"key": ref})
            check_equal(unb64(public["public_key_info"]),
                        openssl("pkey", "-in", key.path, "-pubout", "-outform", "DER"), kind)
        answer = connection.call("Keys.IsAlgorithmSupported", {
            "key": ref, "operation": "exchange", "algorithm": STANDARD})
        check(answer["is_supported"], "X25519 is not supported")


@test
def keys_that_may_leave_are_exported():
    with Daemon() as daemon, daemon.connect() as connection:
        key, shy = MadeKey("P-256"), MadeKey("rsa2048")
        item = add(connection, **IDENTITY, value_data=b64(key.pem + key.certificate("Jo")),
                   is_extractable=True, return_persistent_ref=True)
        for ref in [item["value_persistent_ref"],
                    find(connection, **KEY, return_ref=True)[0]["value_ref"]]:
            check_equal(unb64(connection.call("Keys.Export", {"key": ref})["data"]), key.private,
                        "the key")
        ref = add_key(connection, shy, label="shy")
        refused(lambda: connection.call("Keys.Export", {"key": ref}), "unimplemented",
                'the key "shy" is not extractable')
        public = connection.call("Keys.CopyPublic", {"key": ref})["public_reference"]
        check_equal(unb64(connection.call("Keys.Export", {"key": public})["data"]), shy.public, "public")
        # what leaves is written down, and what was to; what everybody may have is not
        lines = [line for line in audit_lines(daemon) if line["operation"] == "export"]
        check_equal([(line["key_hash"], line["result"]) for line in lines],
                    [(key.hash.hex(), "success")] * 2 + [(shy.hash.hex(), "unimplemented")], "the lines")


@test
def a_long_label_does_not_keep_a_use_out_of_the_audit_log():
    label = "long \u20ac" * 10000
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("P-256")
        ref = add_key(connection, key, label=label)
        sign(connection, ref, X962, DATA)
        labels = [line["key_label"] for line in audit_lines(daemon) if line["operation"] == "sign"]
        check_equal(len(labels), 1, "lines")
        check(label.startswith(labels[0]) and len(labels[0]) > 100, labels[0][:200])


@test
def every_use_is_in_the_audit_log():
    with Daemon() as daemon, daemon.connect() as connection:
        rsa, ec = MadeKey("rsa2048"), MadeKey("P-256")
        for key, algorithm in [(rsa, "rsa_signature_message_pss_sha256"),
                               (ec, X962)]:
            sign(connection, add_key(connection, key, label=key.kind), algorithm, DATA)
        lines = [line for line in audit_lines(daemon) if line["operation"] == "sign"]
        check_equal([(line["key_label"], line["key_hash"], line["result"], "token_id" in line)
                     for line in lines],
                    [(key.kind, key.hash.hex(), "success", False) for key in [rsa, ec]], "the lines")


def secret_part(key):
    """What nobody but the key's owner has: K, a prime of RSA, the bytes."""
    if key.type != "rsa":
        return key.private[-32:]
    numbers = openssl("rsa", "-in", key.path, "-traditional", "-outform", "DER")
    return [content for _, content in children(read(numbers)[1])][4].lstrip(b"\0")


def what_is_in_memory(daemon, keys):
    memory = [content for _, content in pieces(daemon.pid)]
    check(any(b"org.keycask.Items" in content for content in memory), "the search finds nothing")
    found = []
    for key in keys:
        secret = secret_part(key)
        text = key.private
        forms = {"bytes": secret[:24], "a number of OpenSSL's": secret[::-1][:24],
                 "base64": b64(text)[-64:-8].encode(), "PEM": max(key.pem.splitlines()[1:-1][-2:], key=len)[-40:]}
        found += [f"{key.kind} as {name}" for name, form in forms.items()
                  if any(form in content for content in memory)]
    return found


@test
def the_daemon_forgets_private_keys_that_it_has_used():
    skip_unless(not is_sanitized(), "a sanitizer keeps what was freed")
    keys = [MadeKey(kind) for kind in ["rsa2048", "P-256", "ed25519"]]
    algorithms = ["rsa_signature_message_pss_sha256", X962, ED25519]
    with Daemon() as daemon, daemon.connect() as connection:
        for key, algorithm in zip(keys, algorithms):
            ref = add_key(connection, key)
            sign(connection, ref, algorithm, DATA)
            find(connection, value_persistent_ref=ref, return_data=True)
            identity = key.pem + key.certificate("Jo")
            check_raises("org.keycask.Items.Failed", add, connection, **IDENTITY,
                         value_data=b64(identity + key.pem))
            add(connection, **IDENTITY, value_data=b64(identity), application_tag=b64(b"tag"))
        daemon.call("Admin.Status")
        check_equal(what_is_in_memory(daemon, keys), [], "what is in memory")


def is_kept(daemon, keys):
    """Looked for while the daemon stands still: two seconds on it forgets what nobody uses."""
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        return what_is_in_memory(daemon, keys)
    finally:
        daemon.process.send_signal(signal.SIGCONT)


@test
def the_daemon_forgets_private_keys_that_it_uses_often():
    skip_unless(not is_sanitized(), "a sanitizer keeps what was freed")
    keys = [MadeKey(kind) for kind in ["rsa2048", "P-256", "ed25519"]]
    algorithms = ["rsa_signature_message_pss_sha256", X962, ED25519]
    with Daemon() as daemon, daemon.connect() as connection:
        for key, algorithm in zip(keys, algorithms):
            ref = add_key(connection, key)
            for _ in range(10):
                sign(connection, ref, algorithm, DATA)
        # what makes the next ones fast: this very test would find it
        check(is_kept(daemon, keys), "nothing is kept")
        eventually(lambda: not what_is_in_memory(daemon, keys), "they are forgotten")


@test
def locking_forgets_private_keys_that_are_used_often():
    skip_unless(not is_sanitized(), "a sanitizer keeps what was freed")
    key = MadeKey("P-256")
    with Daemon() as daemon, daemon.connect() as connection:
        connection.call("Keychain.ChangePassword", {"new": "one of its own"})
        ref = add_key(connection, key)
        for _ in range(10):
            sign(connection, ref, X962, DATA)
        check(is_kept(daemon, [key]), "nothing is kept")
        connection.call("Keychain.Lock")
        check_equal(what_is_in_memory(daemon, [key]), [], "what is in memory")
        check_raises("interaction_not_allowed", sign, connection, ref, X962, DATA)


# --- identities over both -----------------------------------------------------------------------


def check_identity(daemon, reference, name, authority):
    """Sign by command, with the identity's name; openssl trusts its certificate, and that the data."""
    item = find(daemon, value_persistent_ref=reference, return_data=True, return_attributes=True)[0]
    certificate = file_with(openssl("x509", "-inform", "DER", input=unb64(item["value_data"])))
    openssl("verify", "-CAfile", authority.certificate_path, certificate)
    public = file_with(openssl("x509", "-in", certificate, "-pubkey", "-noout"))
    out = pathlib.Path(str(certificate) + ".sig")
    daemon.cli("sign", "--key", reference, "--algorithm", X962,
               "--out", out, file_with(DATA), pin=PIN)
    openssl("dgst", "-sha256", "-verify", public, "-signature", out, file_with(DATA))
    check_equal(item["label"], name, "the certificate's label is the identity's")


@test
def certificate_and_key_meet_wherever_they_are():
    authority = MadeAuthority()
    with Daemon() as daemon, Card("piv:9a=p256") as card, daemon.connect() as connection:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        # Both in the keychain.
        key = MadeKey("P-256")
        both = add(connection, **IDENTITY, value_data=b64(
            key.pem + key.certificate("both", issuer=authority)), return_persistent_ref=True)
        check_identity(daemon, both["value_persistent_ref"], "both", authority)
        # The certificate here, the key on the card.
        on_card = find(connection, **KEY, token_id=token_id, return_ref=True)[0]
        public = connection.call("Keys.CopyPublic", {"key": on_card["value_ref"]})
        public_path = file_with(openssl("pkey", "-pubin", "-inform", "DER",
                                        input=unb64(public["public_key_info"])))
        request = file_with(openssl("req", "-new", "-key", key.path, "-subj", "/CN=unused"), ".csr")
        pem = openssl("x509", "-req", "-in", request, "-CA", authority.certificate_path, "-CAkey",
                      authority.path, "-set_serial", "77", "-force_pubkey", public_path, "-subj",
                      "/CN=here")
        der = der_of(pem)
        certificate = add(connection, **CERTIFICATE, value_data=b64(der), label="here",
                          return_attributes=True)
        found = [item for item in find(connection, **IDENTITY, match_limit="all",
                                       return_persistent_ref=True, return_attributes=True)
                 if item["serial_number"] == certificate["serial_number"]]
        check_equal(len(found), 1, "identities of a certificate here and a key on the card")
        check_identity(daemon, found[0]["value_persistent_ref"], "here", authority)
        card.pull()
        daemon.wait_for_removal()
        left = find(connection, **IDENTITY, match_limit="all", return_attributes=True)
        check_equal([item["label"] for item in left], ["both"], "identities without the card")


@test
def a_token_with_a_certificate_alone_is_an_identity_with_a_key_here():
    key = MadeKey("P-256")
    token = SoftToken()
    token.objects.append({
        "kind": "certificate", "object_id": b64(b"alone"), "label": "alone",
        "data": b64(der_of(key.certificate("alone"))), "algorithms": [], "can_sign": False,
        "can_decrypt": False, "can_derive": False})
    with token.daemon() as daemon, Card("piv:9a=p256") as card, daemon.connect() as connection:
        ref = add_key(connection, key)
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        (item,) = find(connection, **IDENTITY, return_persistent_ref=True, return_attributes=True,
                       match_limit="all")
        check_equal((item["token_id"], item["application_label"]), (token_id, b64(key.hash)),
                    "the identity")
        verify(key, sign(connection, item["value_persistent_ref"], X962, DATA), "-sha256")
        card.pull()
        daemon.wait_for_removal()
        check_raises("org.keycask.Keys.Failed", sign, connection, item["value_persistent_ref"],
                     X962, DATA)
        verify(key, sign(connection, ref, X962, DATA), "-sha256")


if __name__ == "__main__":
    main()
