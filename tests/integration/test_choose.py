# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which identity for what: certificates that openssl makes, in the keychain and on a card, chosen
among by purpose, date, issuer, host and key; and what is said of those that do not fit."""
import itertools
import json
import subprocess

from keychain_scene import KeychainDaemon, set_password
from keycask_test import (Card, Daemon, VarlinkError, base_environment, check, check_equal,
                          eventually, main, openssl, program, run, test)
from made_keys import MadeAuthority, MadeKey, add, add_key, b64, der_of, file_with, unb64

KEYS = {}
CA = "basicConstraints=critical,CA:TRUE"


def key(kind, number=0):
    """Keys are dear: the same ones for all tests."""
    if (kind, number) not in KEYS:
        KEYS[kind, number] = MadeKey(kind)
    return KEYS[kind, number]


def put_certificate(connection, pem, **attributes):
    add(connection, **{"class": "certificate"}, value_data=b64(der_of(pem)), **attributes)


def issue(issuer, subject_key, name, *extensions, serial=itertools.count(2 ** 62)):
    """PEM. Serial numbers of 8 bytes, each its own."""
    request = file_with(openssl("req", "-new", "-key", subject_key.path, "-subj", f"/CN={name}"))
    lines = file_with("\n".join(extensions).encode())
    return openssl("x509", "-req", "-in", request, "-CA", issuer.certificate_path, "-CAkey",
                   issuer.path, "-days", "300", "-set_serial", str(next(serial)), "-extfile", lines)


def redated(der, before, after):
    """The same certificate at another time: nobody verifies its signature here."""
    first = der.index(b"\x17\x0d")
    check_equal(der[first + 15:first + 17], b"\x17\x0d", "the second date")
    return (der[:first + 2] + before.encode() + der[first + 15:first + 17] + after.encode() +
            der[first + 30:])


class Scene:
    """A keychain with a key of each kind, for certificates to come."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.connection = daemon.connect()
        self.root = MadeAuthority("Root")
        self.kinds = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def add(self, name, *extensions, kind="P-256", number=0, issuer=None, dates=None):
        if (kind, number) not in self.kinds:
            add_key(self.connection, key(kind, number), label=f"key {kind} {number}")
            self.kinds.add((kind, number))
        der = der_of(issue(issuer or self.root, key(kind, number), name, *extensions))
        if dates:
            der = redated(der, *dates)
        add(self.connection, **{"class": "certificate"}, value_data=b64(der))

    def choose(self, purpose, **wish):
        return self.connection.call("Identities.Choose", {"purpose": purpose, "explain": True,
                                                          **wish})

    def labels(self, purpose, **wish):
        return [found["label"] for found in self.choose(purpose, **wish)["identities"]]

    def codes(self, purpose, **wish):
        return {left["label"]: left["codes"] for left in self.choose(purpose, **wish)["left_out"]}


def name_of(authority):
    """Its subject as DER, as a TLS server sends it."""
    found = subprocess.run(["openssl", "asn1parse", "-inform", "DER"], input=authority.der,
                           capture_output=True, check=True).stdout.decode().splitlines()
    # SEQUENCE tbs { [0] version, serial, algorithm, issuer, validity, subject
    rows = [(int(line.split(":")[0]), line) for line in found if "d=2" in line]
    at, line = rows[5]
    header = int(line.split("hl=")[1].split()[0])
    length = int(line.split("l=")[-1].split()[0])
    return authority.der[at:at + header + length]


def refused(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except VarlinkError as error:
        return error.parameters["record"]
    raise AssertionError("it was not refused")


def cli(daemon, *arguments, status=0):
    out, err = run(program("keycask"), "choose", *arguments, env=daemon.env, status=status)
    return out.decode(), err.decode()


# --- purposes -----------------------------------------------------------------------------------


@test
def each_purpose_finds_what_is_made_for_it():
    with Daemon() as daemon, Scene(daemon) as scene:
        scene.add("client", "extendedKeyUsage=clientAuth")
        scene.add("server", "extendedKeyUsage=serverAuth", "subjectAltName=DNS:www.example.org")
        scene.add("mail", "extendedKeyUsage=emailProtection",
                  "keyUsage=digitalSignature,nonRepudiation,keyAgreement")
        scene.add("logon", "extendedKeyUsage=1.3.6.1.4.1.311.20.2.2,clientAuth",
                  "subjectAltName=otherName:1.3.6.1.4.1.311.20.2.3;UTF8:jo@corp.example")
        scene.add("shell", "extendedKeyUsage=1.3.6.1.5.5.7.3.21")
        scene.add("papers", "extendedKeyUsage=1.3.6.1.5.5.7.3.36", "keyUsage=nonRepudiation")
        scene.add("authority", CA, "keyUsage=keyCertSign")
        check_equal(sorted(scene.labels("tls_client")), ["client", "logon"], "clients")
        check_equal(scene.labels("tls_server"), ["server"], "servers")
        check_equal(scene.labels("ssh")[0], "shell", "the best for ssh")
        check_equal(sorted(scene.labels("ssh")), ["client", "logon", "shell"], "ssh")
        check_equal(sorted(scene.labels("sign")), ["mail", "papers"], "signers")
        check_equal(scene.labels("decrypt"), ["mail"], "decrypters")
        check_equal(scene.labels("login"), ["logon", "client"], "logins")
        check_equal(scene.codes("tls_client")["server"], ["extended_key_usage"], "of a server")
        check_equal(scene.codes("sign")["authority"], ["key_usage"], "of an authority")


@test
def what_is_told_of_a_fit_one_can_be_used():
    with Daemon() as daemon, Scene(daemon) as scene:
        middle = MadeAuthority("Middle", scene.root)
        put_certificate(scene.connection, middle.pem_certificate)
        put_certificate(scene.connection, scene.root.pem_certificate)
        scene.add("leaf", "extendedKeyUsage=clientAuth", issuer=middle, kind="rsa2048")
        found, = scene.choose("tls_client")["identities"]
        check_equal(found["chain"], [b64(middle.der)], "the chain, without its root")
        check_equal((found["subject"], found["issuer"]), ("CN=leaf", "CN=Middle"), "names")
        check_equal((found["key_type"], found["key_size_in_bits"], found["pin_needed"]),
                    ("rsa", 2048, False), "the key")
        check_equal(found["algorithms"][0], "rsa_signature_message_pss_sha256", "the best algorithm")
        check(found["algorithms"][-1].endswith("_raw"), f"the last: {found['algorithms']}")
        answer = scene.connection.call("Keys.Sign", {
            "key": found["key"], "algorithm": found["algorithms"][0], "data": b64(b"data"),
            "interaction": {"authentication_ui": "fail"}})
        openssl("dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-verify",
                key("rsa2048").public_path, "-signature",
                file_with(unb64(answer["signature"]), ".sig"), input=b"data")
        item, = scene.connection.call("Items.CopyMatching", {"query": {
            "value_persistent_ref": found["identity"], "return_data": True}})["items"]
        check_equal(item["value_data"], found["certificate"], "the identity's certificate")


@test
def dates_and_keys_decide():
    with Daemon() as daemon, Scene(daemon) as scene:
        scene.add("expired", dates=("200101000000Z", "210102030405Z"))
        scene.add("early", dates=("480101000000Z", "490101000000Z"))
        scene.add("now", "keyUsage=digitalSignature")
        scene.add("other", kind="ed25519")
        answer = scene.choose("sign", key_types=["ec"])
        check_equal([found["label"] for found in answer["identities"]], ["now"], "fit")
        check_equal([(left["label"], left["reasons"][0]) for left in answer["left_out"]],
                    [("expired", "it expired on 2021-01-02"),
                     ("early", "it is not valid before 2048-01-01"),
                     ("other", "its key is of type ed25519")], "left out")
        check_equal(scene.labels("sign", algorithms=["eddsa_signature_message_ed25519"]),
                    ["other"], "by algorithm")
        check_equal(scene.codes("sign", algorithms=["eddsa_signature_message_ed25519"])["now"],
                    ["no_algorithm"], "of the others")


# --- issuers and hosts ---------------------------------------------------------------------------


@test
def issuers_are_found_through_the_keychain():
    with Daemon() as daemon, Scene(daemon) as scene:
        other = MadeAuthority("Other")
        middle = MadeAuthority("Middle", scene.root)
        scene.add("near", kind="P-256", number=1)
        scene.add("far", issuer=middle)
        scene.add("stranger", issuer=other, number=2)
        root = b64(name_of(scene.root))
        check_equal(scene.labels("tls_client", issuers=[root]), ["near"], "without Middle")
        check_equal(scene.codes("tls_client", issuers=[root]),
                    {"far": ["issuer"], "stranger": ["issuer"]}, "left out")
        put_certificate(scene.connection, middle.pem_certificate)
        check_equal(scene.labels("tls_client", issuers=[root]), ["near", "far"], "with Middle")
        check_equal(scene.labels("tls_client", issuers=[b64(name_of(middle)), root])[0:2],
                    scene.labels("tls_client", issuers=[root, b64(name_of(middle))])[0:2],
                    "whatever comes first in the list")
        check_equal(sorted(scene.labels("tls_client")), ["far", "near", "stranger"], "any issuer")
        record = refused(scene.choose, "tls_client", issuers=[b64(b"nonsense")])
        check_equal((record["name"], record["hint"]),
                    ("param", "issuers are Names in DER, as a TLS server sends them"), "no Name")


@test
def servers_are_found_by_host():
    with Daemon() as daemon, Scene(daemon) as scene:
        scene.add("exact", "subjectAltName=DNS:www.example.org,IP:192.0.2.1")
        scene.add("wild", "subjectAltName=DNS:*.example.org")
        scene.add("www.example.org")
        check_equal(scene.labels("tls_server", host="WWW.example.org"), ["exact", "wild"], "by name")
        check_equal(scene.labels("tls_server", host="192.0.2.1"), ["exact"], "by address")
        check_equal(scene.labels("tls_server", host="a.example.org"), ["wild"], "by wildcard")
        check_equal(scene.labels("tls_server", host="example.org"), [], "beyond the wildcard")
        reasons = {left["label"]: left["reasons"]
                   for left in scene.choose("tls_server", host="b.example.com")["left_out"]}
        check_equal(reasons["wild"], ["it is for *.example.org, not for b.example.com"], "reason")
        check("common name" in reasons["www.example.org"][0], f"{reasons}")
        check_equal(refused(scene.choose, "tls_server", host="a b")["message"],
                    '"a b" is neither a host\'s name nor its address', "no host")


# --- on a card, and where nothing can be seen ------------------------------------------------------


@test
def a_card_is_chosen_from_without_being_touched():
    with Daemon() as daemon, Scene(daemon) as scene, \
            Card("piv:9a=rsa2048,9c=p256,9e=p256") as card:
        card.insert(daemon)
        token = daemon.wait_for_token()["token_id"]
        scene.add("software", "extendedKeyUsage=clientAuth")
        eventually(lambda: len(scene.labels("login")) == 4, "four identities")
        commands = card.commands()
        answer = scene.choose("login")
        check_equal(card.commands(), commands, "what the card was sent")
        best = answer["identities"][0]
        check_equal((best["token_id"], best["pin_needed"]), (token, True), "the best")
        last = answer["identities"][-1]
        check_equal((last["label"], last["pin_needed"]),
                    ("Certificate For Card Authentication", False), "the last")
        check_equal(answer["identities"][-2]["label"], "software", "before it")


@test
def what_is_locked_is_left_out():
    with KeychainDaemon() as daemon, Scene(daemon) as scene:
        scene.add("mine")
        set_password(scene.connection, "password")
        check_equal(scene.labels("sign"), ["mine"], "unlocked")
        scene.connection.call("Keychain.Lock")
        answer = scene.choose("sign")
        check_equal(answer["identities"], [], "locked")
        check_equal([(left["label"], left["codes"], left["reasons"]) for left in
                     answer["left_out"]], [("mine", ["locked"], ["the keychain is locked"])],
                    "left out")
        _, err = cli(daemon, "--for", "sign", status=1)
        check("the keychain is locked" in err, err)


@test
def nobody_is_asked_for_consent():
    with Daemon() as daemon, Scene(daemon) as scene:
        add_key(scene.connection, key("P-256"), access_control={
            "accessible": "when_unlocked", "flags": ["user_presence"]})
        scene.kinds.add(("P-256", 0))
        scene.add("guarded")
        check_equal(scene.codes("sign"), {"guarded": ["consent_needed"]}, "left out")


@test
def there_may_be_nothing_or_nonsense():
    with Daemon() as daemon, Scene(daemon) as scene:
        check_equal(scene.choose("sign"), {"identities": [], "left_out": [], "omitted": 0},
                    "an empty keychain")
        record = refused(scene.choose, "tls-client")
        check_equal(record["hint"], 'did you mean "tls_client"?', "the hint")
        record = refused(scene.choose, "sign", algorithms=["rsa_signature_message_pss_sha25"])
        check_equal(record["hint"], 'did you mean "rsa_signature_message_pss_sha256"?', "algorithm")
        check("no key type" in refused(scene.choose, "sign", key_types=["dsa"])["message"], "type")
        for name, value, most in [("key_types", "ec", 256), ("issuers", "MAA=", 4096),
                                  ("algorithms", "eddsa_signature_message_ed25519", 256)]:
            scene.choose("sign", **{name: [value] * most})
            record = refused(scene.choose, "sign", **{name: [value] * (most + 1)})
            check_equal(record["message"], f"more than {most} {name}", "too many")
        _, err = cli(daemon, "--for", "sign", status=1)
        check("there is no identity" in err, err)


@test
def who_has_many_questions_lets_others_ask_between_them():
    der = der_of(MadeAuthority("Root").pem_certificate)
    with Daemon() as daemon, daemon.connect() as many, daemon.connect() as other:
        issuer = b64(name_of(MadeAuthority("Wanted")))
        other.call("Certificates.Inspect", {"certificate": b64(der)})

        def overtakes(n):
            many.send("Identities.Choose", {"purpose": "sign", "issuers": [issuer] * n})
            for _ in range(20):  # the first may be there before all of the wish is
                other.call("Certificates.Inspect", {"certificate": b64(der)})
            is_first = many.is_quiet(0)
            many.receive()
            return is_first

        # A slow test may come too late for a few, never for all.
        check(any(overtakes(n) for n in (1000, 2000, 4000)), "the others wait for all of them")


@test
def of_many_the_best_are_told():
    with Daemon() as daemon, Scene(daemon) as scene:
        scene.add("many", "keyUsage=digitalSignature")
        der = der_of(issue(scene.root, key("P-256"), "many", "keyUsage=digitalSignature"))
        serial = der.index(b"\x02\x08") + 2
        for number in range(200):
            made = der[:serial + 4] + (1000 + number).to_bytes(4, "big") + der[serial + 8:]
            scene.connection.send("Items.Add", {"item": {
                "class": "certificate", "value_data": b64(made), "label": f"{number}"}})
            scene.connection.receive()
        scene.add("best", "keyUsage=digitalSignature,nonRepudiation", number=1)
        answer = scene.choose("sign")
        check_equal(answer["identities"][0]["label"], "best", "the best")
        check_equal((len(answer["identities"]), answer["omitted"]), (128, 74), "of all of them")
        check_equal(scene.choose("sign"), answer, "asked again")
        # The others have their turn meanwhile, and who leaves is not missed.
        with daemon.connect() as leaving:
            leaving.send("Identities.Choose", {"purpose": "sign"})
        check_equal(scene.labels("sign", key_types=["rsa"]), [], "none of them")


# --- the command ----------------------------------------------------------------------------------


@test
def the_command_prints_a_name_for_other_commands():
    with Daemon() as daemon, Scene(daemon) as scene:
        scene.add("signer", "keyUsage=digitalSignature,nonRepudiation")
        scene.add("server", "extendedKeyUsage=serverAuth", number=1)
        out, err = cli(daemon, "--for", "sign")
        check(out.startswith("keycask:") and out.count("\n") == 1 and not err, out + err)
        data = file_with(b"hello", ".txt")
        signature = file_with(b"", ".sig")
        run(program("keycask"), "sign", "--key", out.strip(), "--out", signature, data,
            env=daemon.env)
        openssl("dgst", "-sha256", "-verify", key("P-256").public_path, "-signature", signature,
                data)
        out, _ = cli(daemon, "--for", "sign", "--explain")
        check("1." in out and "signer" in out and "LEFT OUT" in out, out)
        check("its extended key usage is server_auth" in out, out)
        check("EC 256" in out, out)
        out, _ = cli(daemon, "--for", "tls-server", "--all")
        check_equal(out.count("keycask:"), 2, "those that fit")
        found = json.loads(cli(daemon, "--for", "sign", "--json")[0])
        check_equal(found["label"], "signer", "--json")
        found = json.loads(cli(daemon, "--for", "sign", "--json", "--explain")[0])
        check_equal((len(found["identities"]), len(found["left_out"])), (1, 1), "--json --explain")


@test
def the_command_takes_issuers_as_people_have_them():
    with Daemon() as daemon, Scene(daemon) as scene:
        authority = MadeAuthority("Root/O=Example Org/C=DE")
        scene.add("mine", issuer=authority)
        scene.add("other", number=1)
        bundle = file_with(b"# what we trust\n" + authority.pem_certificate +
                           MadeAuthority("Third").pem_certificate)
        for issuer in ("C=DE, O=Example Org, CN=Root", "/CN=Root/O=Example Org/C=DE",
                       "c=de,o=EXAMPLE  ORG,cn=root", "C=\\44E,O=Example\\ Org,CN=Root", bundle,
                       authority.certificate_path, file_with(authority.der, ".der")):
            out, _ = cli(daemon, "--for", "tls-client", "--issuer", issuer, "--all")
            check("label=mine" in out and out.count("\n") == 1, f"{issuer}: {out}")
        out, _ = cli(daemon, "--for", "tls-client", "--issuer", "CN=Nobody", "--issuer", bundle)
        check("label=mine" in out, out)
        for issuer, said in (("CN=Root,O=Example", "none fits"), ("CN=", "nothing behind"),
                             ("XX=Root", "no part of a name is called 'XX'"),
                             ("CN=a+O=b", "name a file"), ("CN=a,b", "not of the form"),
                             ("CN=#0c01", "hexadecimal"), ("/nowhere/ca.pem", "cannot open"),
                             (file_with(b"-----BEGIN X-----"), "no certificate in"),
                             (file_with(b"-----BEGIN CERTIFICATE-----\nAA"), "no end"),
                             (file_with(b"hello"), "not an X.509 certificate")):
            _, err = cli(daemon, "--for", "tls-client", "--issuer", issuer, status=1)
            check(said in err, f"{issuer}: {err}")


@test
def the_command_says_why_none_fits():
    with Daemon() as daemon, Scene(daemon) as scene:
        scene.add("old", dates=("200101000000Z", "210102030405Z"))
        scene.add("server", "extendedKeyUsage=serverAuth", number=1)
        scene.add("nothing", "keyUsage=cRLSign", number=2)
        out, err = cli(daemon, "--for", "tls-client", status=1)
        check_equal(out, "", "standard output")
        check("of 3 identities none fits tls_client" in err, err)
        check("old: it expired on 2021-01-02" in err, err)
        out, _ = cli(daemon, "--for", "tls-client", "--explain", status=1)
        check("None fits." in out and "BECAUSE" in out, out)
        record = json.loads(cli(daemon, "--for", "tls-client", "--json", status=1)[0])
        check_equal(record["name"], "item_not_found", "--json")
        for arguments, said in (([], "--for is missing"), (["--for", "mail"], "no purpose"),
                                (["--for", "x" * 40], "no purpose"),
                                (["--for", "sign", "me"], "one word too many"),
                                (["--for", "sign", "--host", "a b"], "neither a host"),
                                (["--for", "sign", "--key-type", "dsa"], "no key type"),
                                (["--for", "sign", "--algorithm", "md5"], "no signature algorithm")):
            process = subprocess.run([program("keycask"), "choose", *arguments], env=daemon.env,
                                     capture_output=True, check=False)
            check(process.returncode in (1, 2) and said in process.stderr.decode(),
                  f"{arguments}: {process.returncode} {process.stderr}")


# --- TLS ------------------------------------------------------------------------------------------


def start_server(root, server_key, certificate):
    """An openssl that wants a certificate of root's, and its port."""
    process = subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", file_with(certificate), "-key",
         server_key.path, "-CAfile", root.certificate_path, "-Verify", "3", "-verify_return_error",
         "-naccept", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=base_environment())
    line = next(line for line in process.stdout if line.startswith(b"ACCEPT")).decode()
    return process, line.split(":")[-1].strip()


def connect(port, root, *arguments):
    return subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", root.certificate_path,
         "-verify_hostname", "www.example.org", "-nameopt", "RFC2253", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, env=base_environment(),
        check=False).stdout.decode()


@test
def a_server_takes_who_was_chosen_by_its_list():
    with Daemon() as daemon, Scene(daemon) as scene:
        middle = MadeAuthority("Middle", scene.root)
        put_certificate(scene.connection, middle.pem_certificate)
        scene.add("server", "extendedKeyUsage=serverAuth", "subjectAltName=DNS:www.example.org",
                  number=1)
        scene.add("wrong", "extendedKeyUsage=clientAuth", issuer=MadeAuthority("Other"), number=2)
        scene.add("right", "extendedKeyUsage=clientAuth", issuer=middle)
        own, = scene.choose("tls_server", host="www.example.org")["identities"]
        server, port = start_server(scene.root, key("P-256", 1),
                                    openssl("x509", "-inform", "DER",
                                            input=unb64(own["certificate"])))
        try:
            said = connect(port, scene.root)
            listed = said.split("Acceptable client certificate CA names\n")[1].split("\n")[0]
            answer = json.loads(cli(daemon, "--for", "tls-client", "--issuer", listed, "--json")[0])
            check_equal(answer["label"], "right", "who was chosen")
            pem = [file_with(openssl("x509", "-inform", "DER", input=unb64(der)))
                   for der in (answer["certificate"], *answer["chain"])]
            said = connect(port, scene.root, "-cert", pem[0], "-key", key("P-256").path,
                           "-cert_chain", pem[1])
            check("Verify return code: 0 (ok)" in said, said)
            check("depth=0 CN = right" in server.communicate()[0].decode(),
                  "the server has not taken it")
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
