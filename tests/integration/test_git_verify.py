# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signatures in CMS on trial: those of others, those of ours before others, and those that must not
pass."""
from git_scene import (ADDRESS, EMAIL, NAME, Repository, Signer, add_identity, check, check_equal, have,
                       write)
from keycask_test import Daemon, main, openssl, program, run, scratch, skip_unless, test
from made_keys import MadeAuthority, MadeKey, b64, der_of

CONTENT = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nwhat is signed\n"


class Bench:
    """A repository whose owner trusts these authorities; no daemon is needed to verify."""

    def __init__(self, *authorities, daemon=None):
        self.daemon = daemon or Daemon()
        self.repository = Repository(self.daemon)
        for authority in authorities:
            self.repository.git("config", "--global", "--add", "keycask.x509CA",
                                authority.certificate_path)

    def verify(self, signature, content=CONTENT, status=0):
        """(lines for git, what a person reads)."""
        path = write("signature", signature)
        out, err = run(program("keycask-git-x509"), "--status-fd=1", "--verify", path, "-",
                       input=content, env=self.repository.env, status=status)
        lines = out.decode().splitlines()
        check(all(line.startswith("[GNUPG:] ") for line in lines), f"lines: {lines}")
        return [line[len("[GNUPG:] "):] for line in lines], err.decode()

    def refuses(self, signature, keyword, words, content=CONTENT):
        lines, said = self.verify(signature, content, status=1)
        check(any(line.startswith(keyword + " ") for line in lines), f"no {keyword}: {lines}")
        check(keyword == "GOODSIG" or not any(line.startswith("GOODSIG") for line in lines),
              f"{lines}")
        check(words in said, said)


def cms(key, certificate, *options, content=CONTENT, form="PEM"):
    """As openssl signs it."""
    return openssl("cms", "-sign", "-binary", "-outform", form, "-signer",
                   write("signer.pem", certificate), "-inkey", key.path, *options, input=content)


def armored(pem):
    return (pem.replace(b"BEGIN CMS", b"BEGIN SIGNED MESSAGE")
            .replace(b"END CMS", b"END SIGNED MESSAGE"))


@test
def what_others_have_signed_is_verified():
    authority = MadeAuthority()
    bench = Bench(authority)
    for kind, *options in (("rsa2048",), ("rsa2048", "-keyopt", "rsa_padding_mode:pss"),
                           ("rsa2048", "-md", "sha512"), ("P-256",), ("P-521", "-md", "sha512"),
                           ("P-256", "-noattr"), ("P-384", "-keyid"), ("P-256", "-cades")):
        key = MadeKey(kind)
        certificate = authority.issue(key, NAME, EMAIL)
        if "-keyid" in options:
            certificate = authority.issue(key, NAME, EMAIL, "subjectKeyIdentifier=hash")
        signature = armored(cms(key, certificate, *options))
        lines, said = bench.verify(signature)
        fingerprint = openssl("x509", "-noout", "-fingerprint", "-sha1", input=certificate)
        fingerprint = fingerprint.decode().strip().partition("=")[2].replace(":", "")
        check_equal(lines[:2], ["NEWSIG", f"GOODSIG {fingerprint} CN={NAME}"], f"{kind} {options}")
        check(lines[2].startswith(f"VALIDSIG {fingerprint} "), lines[2])
        check_equal(lines[3], "TRUST_FULLY 0 chain", "trust")
        check(f'good signature from "CN={NAME}"' in said, said)
        bench.refuses(signature, "BADSIG", "BAD signature from", CONTENT + b"more")


@test
def forms_of_a_signature():
    authority = MadeAuthority()
    bench = Bench(authority)
    key = MadeKey("P-256")
    certificate = authority.issue(key, NAME, EMAIL)
    bench.verify(cms(key, certificate))  # its label is CMS
    bench.verify(cms(key, certificate, form="DER"))
    bench.refuses(b"", "ERRSIG", "the signature is empty")
    bench.refuses(b"hello", "ERRSIG", "the signature is neither PEM nor DER")
    bench.refuses(certificate, "ERRSIG", "this is no signature but a 'CERTIFICATE'")
    bench.refuses(der_of(certificate), "ERRSIG", "this is no CMS message")
    bench.refuses(cms(key, certificate, form="DER") + b"\0", "ERRSIG", "this is no CMS message")
    bench.refuses(cms(key, certificate, "-nodetach"), "ERRSIG", "has a content of its own")
    bench.refuses(cms(key, certificate, "-nocerts"), "ERRSIG", "lacks its signer's certificate")
    bench.refuses(openssl("cms", "-data_create", "-outform", "DER", input=CONTENT), "ERRSIG",
                  "is no signature of data")
    bench.refuses(cms(key, certificate, "-md", "sha1"), "ERRSIG",
                  "a signature with the digest sha1 proves nothing")
    other = MadeKey("P-256")
    two = openssl("cms", "-sign", "-binary", "-outform", "PEM", "-signer", write("a", certificate),
                  "-inkey", key.path, "-signer", write("b", authority.issue(other, NAME)), "-inkey",
                  other.path, input=CONTENT)
    bench.refuses(two, "ERRSIG", "has 2 signers and not one")
    lines, said = bench.verify(cms(key, certificate), status=0)
    check("GOODSIG" in lines[1] and "good" in said, said)
    err = run(program("keycask-git-x509"), "--verify", "/nonexistent", "-",
              env=bench.repository.env, status=1)[1]
    check(b"/nonexistent: No such file" in err, err)


@test
def one_digest_is_not_in_the_place_of_another():
    """A weak one could come in by the algorithm of the signature."""
    sha256, sha512 = (bytes.fromhex("6086480165030402" + last) for last in ("01", "03"))
    authority = MadeAuthority()
    bench = Bench(authority)
    for kind, *options in (("P-256",), ("rsa2048", "-keyopt", "rsa_padding_mode:pss")):
        key = MadeKey(kind)
        der = cms(key, authority.issue(key, NAME, EMAIL), "-noattr", "-md", "sha512", *options,
                  form="DER")
        bench.verify(der)
        check(der.count(sha512) >= 2, "where the digest is named")
        bench.refuses(der.replace(sha512, sha256, 2), "ERRSIG", "names two digests")


@test
def every_bit_of_a_signature_counts():
    authority = MadeAuthority()
    bench = Bench(authority)
    key = MadeKey("P-256")
    whole = cms(key, authority.issue(key, NAME, EMAIL), "-nosmimecap", form="DER")
    at = len(whole) - 100  # in the attributes and the signature
    for i in range(at, len(whole), 9):
        broken = whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1:]
        lines, _ = bench.verify(broken, status=1)
        check(not any(line.startswith(("GOODSIG", "TRUST_FULLY")) for line in lines), f"{i}: {lines}")


@test
def whom_nobody_vouches_for_is_not_trusted():
    authority, other = MadeAuthority("Root"), MadeAuthority("Other")
    key = MadeKey("P-256")
    certificate = authority.issue(key, NAME, EMAIL)
    bench = Bench(other)
    signature = cms(key, certificate)
    lines, said = bench.verify(signature, status=1)
    check("TRUST_UNDEFINED 0 chain" in lines, f"{lines}")
    check(f'the signature fits, but nobody vouches for "CN={NAME}"' in said, said)
    check("git config --global --add keycask.x509CA FILE" in said, said)
    # Whoever made the repository has no say.
    bench.repository.git("config", "--local", "--add", "keycask.x509CA", authority.certificate_path)
    bench.refuses(signature, "GOODSIG", "nobody vouches")
    # The system's store; and the signer's own certificate.
    bench.repository.env["SSL_CERT_FILE"] = str(authority.certificate_path)
    bench.verify(signature)
    nobody = {name: value for name, value in bench.repository.env.items() if name != "HOME"}
    run(program("keycask-git-x509"), "--verify", write("signature", signature), "-", input=CONTENT,
        env=nobody)
    del bench.repository.env["SSL_CERT_FILE"]
    bench.repository.git("config", "--global", "--add", "keycask.x509CA",
                         write("own.pem", certificate))
    bench.verify(signature)
    bench.repository.git("config", "--global", "--add", "keycask.x509CA", "/nonexistent")
    bench.refuses(signature, "ERRSIG", "no certificates can be read from /nonexistent")


@test
def a_certificate_by_sha1_is_worth_nothing():
    authority = MadeAuthority()
    key = MadeKey("P-256")
    Bench(authority).refuses(cms(key, authority.issue(key, NAME, EMAIL, digest="sha1")), "GOODSIG",
                             "CA signature digest algorithm too weak")


@test
def certificates_for_other_things_do_not_sign():
    authority = MadeAuthority()
    bench = Bench(authority)
    key = MadeKey("P-256")
    for extension in ("extendedKeyUsage=serverAuth", "keyUsage=critical,keyAgreement",
                      "extendedKeyUsage=timeStamping,OCSPSigning"):
        signature = cms(key, authority.issue(key, NAME, EMAIL, extension))
        bench.refuses(signature, "GOODSIG", "the certificate is not for signatures of persons")
    for extension in ("extendedKeyUsage=emailProtection", "keyUsage=critical,nonRepudiation",
                      "extendedKeyUsage=clientAuth,serverAuth", "extendedKeyUsage=codeSigning"):
        bench.verify(cms(key, authority.issue(key, NAME, EMAIL, extension)))


@test
def a_certificate_that_has_expired_since_says_so():
    authority = MadeAuthority()
    bench = Bench(authority)
    key = MadeKey("P-256")
    certificate = authority.issue(key, NAME, EMAIL, days=-1)
    lines, said = bench.verify(cms(key, certificate), status=1)
    check("TRUST_UNDEFINED 0 chain" in lines, f"{lines}")  # it had when it signed
    check("expired" in said, said)


@test
def chains_come_along():
    with Daemon() as daemon:
        root = MadeAuthority("Root")
        between = MadeAuthority("Between", root)
        key = MadeKey("P-256")
        with daemon.connect() as connection:
            add_identity(connection, key, between.issue(key, NAME, EMAIL))
            for authority in (root, between):
                connection.call("Items.Add", {"item": {
                    "class": "certificate", "value_data": b64(authority.der)}})
        bench = Bench(root, daemon=daemon)
        bench.repository.use_x509()
        bench.repository.commit("by a chain", "-S")
        bench.repository.git("verify-commit", "HEAD")
        der = bench.repository.signature()[0]
        check(between.der in der, "the issuer between")
        check(root.der not in der, "the root came along")


@test
def keys_by_every_name():
    with Daemon() as daemon:
        signer = Signer(daemon, label="Jo's key")
        env = Bench(signer.authority, daemon=daemon).repository.env
        der = der_of(signer.certificate)
        fingerprints = [openssl("dgst", f"-{name}", "-r", input=der).decode().split()[0]
                        for name in ("sha1", "sha256")]
        (identity,) = daemon.copy_matching({"class": "identity", "match_limit": "all",
                                            "return_persistent_ref": True})
        reference = identity["value_persistent_ref"]
        uri = daemon.cli("list", "--class", "identity")[0].get("uri")
        names = ["Jo's key", ADDRESS, ADDRESS.upper(), f"Jo Doe <{ADDRESS}>",
                 signer.key.hash.hex(), signer.key.hash.hex()[:8].upper(), *fingerprints,
                 reference, signer.reference, "keycask:label=Jo's%20key"]
        for name in [*names, *([uri] if uri else [])]:
            run(program("keycask-git-x509"), "-bsau", name, input=CONTENT, env=env)
        for name in (signer.key.hash.hex()[:7], "keycask:nonsense", "keycask:label=x", "",
                     "jo@example.or", "Jo <>"):
            run(program("keycask-git-x509"), "-bsau", name, input=CONTENT, env=env, status=1)


@test
def gpgsm_agrees():
    skip_unless(have("gpgsm"), "gpgsm is not installed")
    with Daemon() as daemon:
        authority = MadeAuthority()
        home = scratch() / "gnupg"
        home.mkdir(mode=0o700)
        env = {**daemon.env, "GNUPGHOME": str(home)}
        fingerprint = openssl("x509", "-noout", "-fingerprint", "-sha1",
                              input=authority.pem_certificate).decode().strip().partition("=")[2]
        (home / "trustlist.txt").write_text(f"{fingerprint} S relax\n")
        (home / "gpgsm.conf").write_text("disable-crl-checks\ndisable-dirmngr\n")
        run("gpgsm", "--batch", "--import", authority.certificate_path, env=env, status=None)
        try:
            for kind in ("rsa2048", "P-256"):
                key = MadeKey(kind)
                with daemon.connect() as connection:
                    add_identity(connection, key, authority.issue(key, NAME, EMAIL), kind)
                signature = run(program("keycask-git-x509"), "-bsau", kind, input=CONTENT,
                                env=daemon.env)[0]
                out = run("gpgsm", "--batch", "--status-fd=1", "--verify",
                          write("signature", signature), write("content", CONTENT), env=env)[0]
                check(b"GOODSIG" in out and b"TRUST_FULLY" in out, out)
        finally:
            run("gpgconf", "--kill", "all", env=env, status=None)


main()
