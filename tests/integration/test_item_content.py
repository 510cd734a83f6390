# SPDX-License-Identifier: LGPL-2.1-or-later
"""What comes in as value_data: certificates, keys of all types and identities, made by openssl; what
they say of themselves, and what is refused. And copies of what is there already."""
from keycask_test import Card, Daemon, check, check_equal, check_raises, main, openssl, test
from lifecycle import child_named, kill
from made_keys import (MadeKey, add, add_key, b64, der_of, find, sign, unb64)

CERTIFICATE = {"class": "certificate"}
KEY = {"class": "key"}
IDENTITY = {"class": "identity"}
X962 = "ecdsa_signature_message_x962_sha256"


def has(item, **attributes):
    for name, value in attributes.items():
        check_equal(item.get(name), value, name)


def refused(call, name, message, hint=None):
    error = check_raises("org.keycask.Items.Failed", call)
    has(error.parameters["record"], name=name, message=message)
    if hint:
        has(error.parameters["record"], hint=hint)


# --- certificates -------------------------------------------------------------------------------


@test
def a_certificate_says_what_it_is():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("P-256")
        der = der_of(key.certificate("Jo Doe", "-set_serial", "4660"))
        item = add(connection, **CERTIFICATE, value_data=b64(der), return_attributes=True)
        has(item, label="Jo Doe", certificate_type=3, certificate_encoding=3,
            serial_number=b64(b"\x12\x34"), public_key_hash=b64(key.hash), accessible="always",
            access_group="org.keycask.user")
        found = find(connection, **CERTIFICATE, serial_number=item["serial_number"],
                     return_data=True)
        check_equal(unb64(found[0]["value_data"]), der, "the certificate")


@test
def a_label_that_is_given_stays():
    with Daemon() as daemon, daemon.connect() as connection:
        der = der_of(MadeKey("P-256").certificate("Jo"))
        has(add(connection, **CERTIFICATE, value_data=b64(der), label="mine",
                return_attributes=True), label="mine")


@test
def a_certificate_is_not_contradicted():
    with Daemon() as daemon, daemon.connect() as connection:
        der = der_of(MadeKey("P-256").certificate("Jo"))
        refused(lambda: add(connection, **CERTIFICATE, value_data=b64(der),
                            serial_number=b64(b"\x01")),
                "param", '"serial_number" is not what the certificate itself says')


@test
def what_is_no_certificate_is_refused():
    with Daemon() as daemon, daemon.connect() as connection:
        pem = MadeKey("P-256").certificate("Jo")
        der = der_of(pem)
        for data, message, hint in [
                (der[:-1], "not an X.509 certificate in DER", None),
                (der + b"\0", "1 bytes follow the certificate", None),
                (b"", "the certificate is empty", None),
                (pem, "the certificate is PEM text; value_data takes DER",
                 '"openssl x509 -outform DER" makes DER of it')]:
            refused(lambda: add(connection, **CERTIFICATE, value_data=b64(data)), "decode", message,
                    hint)
        for value in [None, 17, True, ["YQ=="]]:
            refused(lambda: add(connection, **CERTIFICATE, value_data=value), "param",
                    '"value_data" must be base64 text')
        check_raises("org.keycask.Items.Failed", find, connection, **CERTIFICATE)


@test
def an_update_changes_the_certificate():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("P-256")
        old, new = der_of(key.certificate("Old")), der_of(key.certificate("New"))
        ref = add(connection, **CERTIFICATE, value_data=b64(old),
                  return_persistent_ref=True)["value_persistent_ref"]
        connection.call("Items.Update", {"query": {"value_persistent_ref": ref},
                                         "changes": {"value_data": b64(new)}})
        item = find(connection, value_persistent_ref=ref, return_data=True,
                    return_attributes=True)[0]
        check_equal(unb64(item["value_data"]), new, "the certificate")
        refused(lambda: connection.call("Items.Update", {
            "query": {"value_persistent_ref": ref}, "changes": {"value_data": b64(new[1:])}}),
            "decode", "not an X.509 certificate in DER")
        refused(lambda: connection.call("Items.Update", {
            "query": {"value_persistent_ref": ref}, "changes": {"value_data": None}}),
            "param", '"value_data" must be base64 text')


@test
def a_caller_may_leave_while_its_certificate_is_read():
    with Daemon() as daemon:
        der = b64(der_of(MadeKey("P-256").certificate("Jo")))
        for _ in range(20):
            with daemon.connect() as connection:
                connection.send("Items.Add", {"item": {**CERTIFICATE, "value_data": der}})
        with daemon.connect() as connection:
            try:
                add(connection, **CERTIFICATE, value_data=der)
            except Exception as error:  # one of those that left was quicker
                check_equal(error.parameters["record"]["name"], "duplicate_item", "the failure")
            check_equal(len(find(connection, **CERTIFICATE, match_limit="all",
                                 return_attributes=True)), 1, "certificates")


@test
def a_process_that_dies_costs_no_certificate():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("P-256")
        add(connection, **CERTIFICATE, value_data=b64(der_of(key.certificate("One"))))
        kill(child_named(daemon, "keycask-x509"))
        add(connection, **CERTIFICATE, value_data=b64(der_of(key.certificate("Two"))))
        check_equal(len(find(connection, **CERTIFICATE, match_limit="all",
                             return_attributes=True)), 2, "certificates")


# --- keys ---------------------------------------------------------------------------------------


@test
def every_type_of_key_says_what_it_is():
    sizes = {"rsa2048": 2048, "P-256": 256, "P-384": 384, "P-521": 521, "ed25519": 256,
             "x25519": 256}
    with Daemon() as daemon, daemon.connect() as connection:
        for kind, size in sizes.items():
            key = MadeKey(kind)
            ref = add_key(connection, key, label=kind, is_extractable=True)
            item = find(connection, value_persistent_ref=ref, return_attributes=True,
                        return_data=True)[0]
            has(item, key_class="private", key_type=key.type, key_size_in_bits=size,
                effective_key_size=size, application_label=b64(key.hash), is_private=True,
                is_extractable=True, can_sign=kind != "x25519", value_data=b64(key.private))
            public = connection.call("Keys.CopyPublic", {"key": ref})
            check_equal(unb64(public["public_key"]), key.public, f"public key of {kind}")


@test
def rsa_and_ec_keys_tell_by_themselves():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in ["rsa2048", "P-384"]:
            key = MadeKey(kind)
            for data, key_class in [(key.private, "private"), (key.public, "public")]:
                item = add(connection, **KEY, value_data=b64(data), return_attributes=True)
                has(item, key_class=key_class, key_type=key.type,
                    is_private=key_class == "private", application_label=b64(key.hash))


@test
def keys_that_are_none_are_refused():
    with Daemon() as daemon, daemon.connect() as connection:
        rsa, ec, ed = MadeKey("rsa2048"), MadeKey("P-256"), MadeKey("ed25519")
        small = MadeKey("rsa512")
        wrong = bytearray(ec.private)
        wrong[-1] ^= 1
        for data, said, name, message in [
                (rsa.private[:-1], {"key_type": "rsa"}, "decode",
                 'not a private key of type "rsa": that is a PKCS#1 RSAPrivateKey in DER'),
                (bytes(wrong), {"key_class": "private"}, "decode",
                 "the private number of this EC key is not that of its point"),
                (small.private, {}, "key_size_not_allowed",
                 "an RSA key of 512 bits; 1024 to 8192 are taken"),
                (b"\x99" + ed.private[1:], {}, "param",
                 "these bytes do not tell what key they are"),
                (ec.private, {"key_type": "dsa"}, "param", 'no key_type "dsa"'),
                (ec.private, {"key_class": "secret"}, "param",
                 'key_class must be "private", "public" or "symmetric"'),
                (ec.private, {"key_size_in_bits": 384}, "param",
                 '"key_size_in_bits" is not what the key itself says'),
                (b"", {"key_class": "symmetric", "key_type": "aes"}, "decode",
                 "a symmetric key of no bytes")]:
            refused(lambda: add(connection, **KEY, value_data=b64(data), **said), name, message)
        pkcs8 = openssl("pkey", "-in", ec.path, "-outform", "DER")
        refused(lambda: add(connection, **KEY, value_data=b64(pkcs8)), "decode",
                'not a private key of type "rsa": that is a PKCS#1 RSAPrivateKey in DER',
                'PKCS#8 and other wrappers are not taken here; "openssl rsa -traditional -outform DER" '
                'takes one off')


@test
def symmetric_keys_are_bytes():
    with Daemon() as daemon, daemon.connect() as connection:
        item = add(connection, **KEY, value_data=b64(bytes(range(32))), key_class="symmetric",
                   key_type="aes", application_tag=b64(b"tag"), return_attributes=True,
                   return_data=True)
        has(item, key_class="symmetric", key_type="aes", key_size_in_bits=256, can_sign=False,
            value_data=b64(bytes(range(32))))


@test
def what_is_nothing_without_a_value_needs_one():
    with Daemon() as daemon, daemon.connect() as connection:
        for what, message in ((dict(CERTIFICATE), "a certificate needs a"),
                              ({**KEY, "key_class": "private"}, "a private key needs a"),
                              ({**KEY, "key_class": "public"}, "a public key needs a")):
            error = check_raises("org.keycask.Items.Failed", add, connection, **what)
            record = error.parameters["record"]
            check_equal(record["name"], "param", "status")
            check(message in record["message"] and "value_data" in record["message"], record)


@test
def keys_of_no_class_without_a_value_can_be_kept_but_not_used():
    with Daemon() as daemon, daemon.connect() as connection:
        ref = add(connection, **KEY, key_type="ec", key_size_in_bits=256,
                  label="nothing", return_persistent_ref=True)["value_persistent_ref"]
        error = check_raises("org.keycask.Keys.Failed", sign, connection, ref, X962, b"data")
        check_equal(error.parameters["record"]["message"], 'this key was added without its data, so it does nothing',
                    "message")


# --- identities ---------------------------------------------------------------------------------


@test
def an_identity_is_a_certificate_and_its_key():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in ["rsa2048", "P-256", "ed25519"]:
            key = MadeKey(kind)
            certificate = key.certificate(kind)
            item = add(connection, **IDENTITY, value_data=b64(b"a remark\n" + certificate + key.pem),
                       return_attributes=True, return_persistent_ref=True)
            has(item, label=kind, key_type=key.type, public_key_hash=b64(key.hash),
                application_label=b64(key.hash), can_sign=True)
            keys = find(connection, **KEY, application_label=b64(key.hash), return_attributes=True)
            has(keys[0], label=kind, key_class="private")
            refused(lambda: add(connection, **IDENTITY, value_data=b64(key.pem + certificate)),
                    "duplicate_item", "there is such an identity already")


@test
def an_identity_takes_the_older_forms_of_keys():
    with Daemon() as daemon, daemon.connect() as connection:
        rsa, ec = MadeKey("rsa2048"), MadeKey("P-256")
        pkcs1 = openssl("rsa", "-in", rsa.path, "-traditional")
        sec1 = openssl("ec", "-in", ec.path)
        check(b"BEGIN RSA PRIVATE KEY" in pkcs1 and b"BEGIN EC PRIVATE KEY" in sec1, "forms")
        for key, pem in [(rsa, pkcs1), (ec, sec1)]:
            add(connection, **IDENTITY, value_data=b64(pem + key.certificate("Jo")))
        check_equal(len(find(connection, **IDENTITY, match_limit="all", return_ref=True)), 2,
                    "identities")


@test
def what_is_no_identity_is_refused():
    with Daemon() as daemon, daemon.connect() as connection:
        key, other = MadeKey("P-256"), MadeKey("P-256")
        certificate = key.certificate("Jo")
        encrypted = openssl("pkey", "-in", key.path, "-aes128", "-passout", "pass:secret")
        both = "an identity is PEM text with one certificate and one private key; here there "
        for data, name, message in [
                (certificate, "param", both + "is no private key"),
                (key.pem, "param", both + "is no certificate"),
                (b"", "param", both + "is neither"),
                (certificate + certificate + key.pem, "param",
                 "more than one certificate: an identity is one and its key"),
                (certificate + key.pem + other.pem, "param",
                 "more than one private key: an identity is a certificate and its key"),
                (certificate + other.pem, "param",
                 "the private key is not that of the certificate"),
                (certificate + encrypted, "param", "the private key is encrypted"),
                (certificate[:-20] + key.pem, "decode", "the PEM text is damaged")]:
            refused(lambda: add(connection, **IDENTITY, value_data=b64(data)), name, message)
        refused(lambda: add(connection, **IDENTITY), "param",
                'an identity needs a "value_data": PEM text with a certificate and its key')
        check_raises("org.keycask.Items.Failed", find, connection, **CERTIFICATE)
        check_raises("org.keycask.Items.Failed", find, connection, **KEY)


@test
def an_identity_has_no_value_to_change():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("P-256")
        add(connection, **IDENTITY, value_data=b64(key.pem + key.certificate("Jo")))
        refused(lambda: connection.call("Items.Update", {
            "query": IDENTITY, "changes": {"value_data": b64(key.pem)}}),
            "param", "an identity has no value_data to change: change its certificate or its key")


# --- copies -------------------------------------------------------------------------------------


@test
def a_tokens_certificate_can_be_copied_but_not_its_key():
    with Daemon() as daemon, Card("piv:9a=p256") as card, daemon.connect() as connection:
        card.insert(daemon)
        daemon.wait_for_token()
        on_token = find(connection, **CERTIFICATE, return_ref=True, return_data=True,
                        return_attributes=True)[0]
        copy = add(connection, value_ref=on_token["value_ref"], label="copy", return_attributes=True)
        has(copy, label="copy", access_group="org.keycask.user",
            serial_number=on_token["serial_number"], token_id=None)
        key = find(connection, **KEY, return_ref=True)[0]
        identity = find(connection, **IDENTITY, return_ref=True)[0]
        for reference in [key["value_ref"], identity["value_ref"]]:
            error = check_raises("org.keycask.Items.Failed", add, connection, value_ref=reference)
            has(error.parameters["record"], name="param", token_id=on_token["token_id"],
                hint="what a token keeps to itself can only be used there")
        card.pull()
        daemon.wait_for_removal()
        found = find(connection, **CERTIFICATE, return_data=True, return_attributes=True)
        check_equal(found[0]["value_data"], on_token["value_data"], "the copy")


@test
def a_copy_of_what_is_in_the_file_is_a_duplicate():
    with Daemon() as daemon, daemon.connect() as connection:
        key = MadeKey("P-256")
        item = add(connection, **IDENTITY, value_data=b64(key.pem + key.certificate("Jo")),
                   is_extractable=True, return_ref=True)
        for query in [IDENTITY, CERTIFICATE, KEY]:
            reference = find(connection, **query, return_ref=True)[0]["value_ref"]
            error = check_raises("org.keycask.Items.Failed", add, connection, value_ref=reference)
            has(error.parameters["record"], name="duplicate_item")
        # A key with another tag is another key.
        reference = find(connection, **KEY, return_ref=True)[0]["value_ref"]
        copy = add(connection, value_ref=reference, application_tag=b64(b"tag"), return_attributes=True)
        has(copy, application_tag=b64(b"tag"), application_label=b64(key.hash))
        check(item["value_ref"], "the identity's reference")


@test
def a_wrong_reference_adds_nothing():
    with Daemon() as daemon, daemon.connect() as connection:
        password = {"class": "generic_password", "account": "jo", "value_data": b64(b"secret")}
        ref = add(connection, **password, return_ref=True)["value_ref"]
        refused(lambda: add(connection, value_ref=ref), "param",
                "value_ref must name a certificate, a key or an identity")
        refused(lambda: add(connection, value_persistent_ref=ref), "param",
                '"value_persistent_ref" names an item that there is; an add makes a new one',
                "value_ref adds a copy of the item that it names")
        refused(lambda: add(connection, **KEY, value_ref=ref, value_data=""), "param",
                '"value_ref" and "value_data" both say what is added')
        refused(lambda: add(connection, value_ref=17), "param", '"value_ref" must be base64 text')
        der = der_of(MadeKey("P-256").certificate("Jo"))
        ref = add(connection, **CERTIFICATE, value_data=b64(der), return_ref=True)["value_ref"]
        refused(lambda: add(connection, **KEY, value_ref=ref), "param",
                'value_ref names an item of class "certificate", not "key"')


if __name__ == "__main__":
    main()
