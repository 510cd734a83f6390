# SPDX-License-Identifier: LGPL-2.1-or-later
"""match_policy and match_trusted_only, with chains that openssl makes: what is trusted, for what, at
which time; and the process that judges, which is there only when somebody asks."""
import os
import signal

from keycask_test import (Card, Daemon, arguments_of, check, check_equal, check_raises, eventually,
                          main, scratch, test)
from lifecycle import configure
from made_keys import MadeAuthority, MadeKey, add, b64, der_of, file_with

CERTIFICATE = {"class": "certificate"}
IDENTITY = {"class": "identity"}
LATER = "2999-01-01T00:00:00Z"


def trusting(*authorities, path=None):
    """A daemon that trusts these."""
    path = path or file_with(b"".join(authority.pem_certificate for authority in authorities))
    return configure(Daemon(), trust_store=str(path))


def put(connection, pem, **keys):
    add(connection, **CERTIFICATE, value_data=b64(der_of(pem)), **keys)


def labels(connection, item_class="certificate", **keys):
    """Of those that match, in order; [] when none does."""
    query = {"class": item_class, "match_limit": "all", "return_attributes": True, **keys}
    connection.send("Items.CopyMatching", {"query": query})
    try:
        answer, _ = connection.receive()
    except Exception as error:
        if error.parameters["record"]["name"] != "item_not_found":
            raise
        return []
    return sorted(item["label"] for item in answer["items"])


def refused(connection, name, message, **keys):
    record = check_raises("org.keycask.Items.Failed", labels, connection,
                          **keys).parameters["record"]
    check_equal((record["name"], record["message"]), (name, message), "the failure")
    return record


def leaf(name, *usages, issuer, days=300):
    return issuer.issue(MadeKey("P-256"), name, *usages, days=days)


# --- who is trusted -----------------------------------------------------------------------------


@test
def what_ends_in_a_trusted_root_is_trusted():
    root, other = MadeAuthority("Root"), MadeAuthority("Other")
    with trusting(root) as daemon, daemon.connect() as connection:
        put(connection, leaf("good", issuer=root))
        put(connection, leaf("bad", issuer=other))
        put(connection, MadeKey("P-256").certificate("alone"))
        put(connection, root.pem_certificate)
        check_equal(labels(connection, match_trusted_only=True), ["Root", "good"], "trusted")
        check_equal(labels(connection, match_trusted_only=False), ["Root", "alone", "bad", "good"],
                    "all")
        check_equal(labels(connection, match_policy="basic_x509"), ["Root", "good"], "by policy")
        check_equal(labels(connection, match_limit=1, match_trusted_only=True, label="good"),
                    ["good"], "one")


@test
def intermediates_come_from_the_keychain():
    root = MadeAuthority("Root")
    middle = MadeAuthority("Middle", root)
    lower = MadeAuthority("Lower", middle)
    with trusting(root) as daemon, daemon.connect() as connection:
        put(connection, leaf("leaf", issuer=lower))
        check_equal(labels(connection, match_trusted_only=True), [], "without intermediates")
        put(connection, lower.pem_certificate)
        check_equal(labels(connection, match_trusted_only=True), [], "with one of two")
        put(connection, middle.pem_certificate)
        check_equal(labels(connection, match_trusted_only=True), ["Lower", "Middle", "leaf"], "with all")


@test
def a_certificate_of_the_same_name_is_no_issuer():
    root, impostor = MadeAuthority("Root"), MadeAuthority("Root")
    middle, wrong = MadeAuthority("Middle", root), MadeAuthority("Middle", impostor)
    with trusting(root) as daemon, daemon.connect() as connection:
        for pem in [leaf("good", issuer=middle), leaf("bad", issuer=wrong), middle.pem_certificate,
                    wrong.pem_certificate, impostor.pem_certificate]:
            put(connection, pem)
        check_equal(labels(connection, match_trusted_only=True), ["Middle", "good"], "trusted")


@test
def a_leaf_that_signs_is_no_authority():
    root = MadeAuthority("Root")
    with trusting(root) as daemon, daemon.connect() as connection:
        false = MadeAuthority.__new__(MadeAuthority)
        MadeKey.__init__(false, "P-256")
        false.pem_certificate = root.issue(false, "no authority", "basicConstraints=CA:FALSE")
        false.certificate_path = file_with(false.pem_certificate)
        put(connection, false.pem_certificate)
        put(connection, leaf("bad", issuer=false))
        check_equal(labels(connection, match_trusted_only=True), ["no authority"], "trusted")


@test
def trust_has_its_time():
    root = MadeAuthority("Root")
    with trusting(root) as daemon, daemon.connect() as connection:
        put(connection, leaf("leaf", issuer=root))
        check_equal(labels(connection, match_trusted_only=True, match_valid_on_date=None), ["leaf"],
                    "now")
        for date in [LATER, "1999-01-01T00:00:00Z"]:
            check_equal(labels(connection, match_trusted_only=True, match_valid_on_date=date), [], date)


@test
def a_self_signed_certificate_in_the_store_is_trusted():
    key = MadeKey("P-256")
    pem = key.certificate("self")
    with trusting(path=file_with(pem)) as daemon, daemon.connect() as connection:
        put(connection, pem)
        put(connection, key.certificate("another"))
        check_equal(labels(connection, match_trusted_only=True), ["self"], "trusted")


# --- for what -----------------------------------------------------------------------------------


@test
def policies_look_at_the_purpose():
    root = MadeAuthority("Root")
    usages = {"server": "serverAuth", "client": "clientAuth", "mail": "emailProtection",
              "code": "codeSigning", "time": "critical,timeStamping"}
    expected = {"ssl_server": ["server"], "ssl_client": ["client"], "smime": ["mail"],
                "code_signing": ["code"], "time_stamping": ["time"]}
    with trusting(MadeAuthority("Nobody")) as daemon, daemon.connect() as connection:
        for name, usage in usages.items():
            put(connection, leaf(name, f"extendedKeyUsage={usage}", issuer=root))
        for policy, found in expected.items():
            check_equal(labels(connection, match_policy=policy), found, policy)
            check_equal(labels(connection, match_policy=policy, match_valid_on_date=LATER), [],
                        f"{policy} later")
        check_equal(labels(connection, match_policy="ssl_server", match_trusted_only=True), [],
                    "of nobody who is trusted")


@test
def policies_look_at_the_name():
    root = MadeAuthority("Root")
    with trusting(root) as daemon, daemon.connect() as connection:
        put(connection, leaf("www", "subjectAltName=DNS:www.example.org", issuer=root))
        put(connection, leaf("all", "subjectAltName=DNS:*.example.org", issuer=root))
        put(connection, leaf("jo", "subjectAltName=email:jo@example.org", issuer=root))
        server = {"name": "ssl_server"}
        for host, found in [("www.example.org", ["all", "www"]), ("ftp.example.org", ["all"]),
                            ("example.com", [])]:
            check_equal(labels(connection, match_policy={**server, "host": host}), found, host)
        check_equal(labels(connection, match_policy=[{"name": "smime", "email": "jo@example.org"}]),
                    ["jo"], "by address")


@test
def identities_are_judged_by_their_certificate():
    root = MadeAuthority("Root")
    with trusting(root) as daemon, Card("piv:9a=p256") as card, daemon.connect() as connection:
        card.insert(daemon)
        daemon.wait_for_token()
        key = MadeKey("P-256")
        add(connection, **IDENTITY, value_data=b64(key.pem + key.certificate("good", issuer=root)))
        check_equal(len(labels(connection, "identity")), 2, "identities")
        check_equal(labels(connection, "identity", match_trusted_only=True), ["good"], "trusted")


# --- what is wrong ------------------------------------------------------------------------------


@test
def wrong_questions_are_errors():
    with trusting(MadeAuthority()) as daemon, daemon.connect() as connection:
        put(connection, MadeKey("P-256").certificate("any"))
        record = refused(connection, "param", '"match_policy" is no policy', match_policy="any")
        check("one of basic_x509, ssl_server" in record["hint"], "the hint lists the policies")
        refused(connection, "param", '"match_policy" is one policy, not 0', match_policy=[])
        refused(connection, "param", '"match_policy": ssl_client takes no "host"',
                match_policy={"name": "ssl_client", "host": "example.org"})


@test
def a_trust_store_that_is_not_there_is_said():
    root = MadeAuthority("Root")
    with trusting(path="/nowhere") as daemon, daemon.connect() as connection:
        put(connection, leaf("leaf", "extendedKeyUsage=clientAuth", issuer=root))
        record = refused(connection, "not_available", "there are no trusted certificates in /nowhere",
                         match_trusted_only=True)
        check_equal(record["hint"], '"trust_store" in config.json says where they are', "hint")
        check_equal(labels(connection, match_policy="ssl_client"), ["leaf"], "by the leaf alone")


@test
def a_folder_of_certificates_is_a_trust_store():
    roots = [MadeAuthority("One"), MadeAuthority("Two")]
    folder = scratch() / "trusted"
    folder.mkdir()
    for root in roots:
        (folder / f"{root.name}.crt").write_bytes(root.pem_certificate)
    (folder / "README").write_text("not a certificate\n")
    with trusting(path=folder) as daemon, daemon.connect() as connection:
        for root in roots:
            put(connection, leaf("of " + root.name, issuer=root))
        check_equal(labels(connection, match_trusted_only=True), ["of One", "of Two"], "trusted")


@test
def without_a_setting_the_systems_own_are_trusted():
    with Daemon() as daemon, daemon.connect() as connection:
        put(connection, MadeKey("P-256").certificate("nobody's"))
        try:
            check_equal(labels(connection, match_trusted_only=True), [], "trusted")
        except Exception as error:  # a machine without any
            check_equal(error.parameters["record"]["name"], "not_available", "the failure")


# --- the process --------------------------------------------------------------------------------


def judges(daemon):
    """The processes that know what is trusted."""
    return [pid for pid in daemon.children()
            if "--trust" in arguments_of(pid)]


@test
def the_judge_is_there_when_it_is_needed():
    root = MadeAuthority("Root")
    with trusting(root) as daemon, daemon.connect() as connection:
        put(connection, leaf("leaf", issuer=root))
        labels(connection, match_policy="ssl_client")
        check_equal(judges(daemon), [], "processes for the leaf alone")
        check_equal(labels(connection, match_trusted_only=True), ["leaf"], "trusted")
        check_equal(len(judges(daemon)), 1, "processes for a chain")
        os.kill(judges(daemon)[0], signal.SIGKILL)
        eventually(lambda: not judges(daemon), "it is gone")
        check_equal(labels(connection, match_trusted_only=True), ["leaf"], "trusted by a new one")


@test
def a_caller_may_leave_while_it_is_judged():
    root = MadeAuthority("Root")
    with trusting(root) as daemon:
        with daemon.connect() as connection:
            for i in range(10):
                put(connection, leaf(f"leaf {i}", issuer=root))
        for _ in range(10):
            with daemon.connect() as connection:
                connection.send("Items.CopyMatching", {"query": {
                    **CERTIFICATE, "match_limit": "all", "match_trusted_only": True}})
        with daemon.connect() as connection:
            check_equal(len(labels(connection, match_trusted_only=True)), 10, "trusted")


if __name__ == "__main__":
    main()
