# SPDX-License-Identifier: LGPL-2.1-or-later
"""The algorithm matrix: every algorithm of the catalogue with every type and size of key, on keys of
the keychain and of the software card, both ways against algorithm_peer.py; lengths at the border and
one past it; wrong directions. And that nobody learns from a failure, by any way there is to ask."""
import base64
import functools
import re

import algorithm_peer as peer
from keycask_test import (PIN, SOURCE, Card, Daemon, VarlinkError, check, check_equal, check_raises,
                          main, test)
from made_keys import add, b64, file_with, find, unb64

SOFTWARE = ["rsa1024", "rsa2048", "rsa3072", "rsa4096", "P-256", "P-384", "P-521", "ed25519",
            "ed448", "x25519", "x448"]
MESSAGE = b"what is signed"
SECRET = b"the secret"
LONG = bytes(range(256)) * 20
FOREIGN = "this was not encrypted with this key and this algorithm"
PKCS1 = "rsa_encryption_pkcs1"
ECIES = "ecies_encryption_standard_variable_iv_x963_sha256_aesgcm"
NO_PROMPT = {"authentication_ui": "fail"}
VERBS = {"sign": ("Sign", "data"), "decrypt": ("Decrypt", "data"), "exchange": ("Exchange", "public_key"),
         "encrypt": ("Encrypt", "data"), "verify": ("Verify", "data")}


# --- keys ---------------------------------------------------------------------------------------


@functools.cache
def made(kind):
    return peer.generate(kind)


class Key:
    """A key here, and its public half there; private: the peer has it too."""

    def __init__(self, connection, reference, private=None, **options):
        self.connection = connection
        self.reference = reference
        self.private = private
        self.options = options
        answer = connection.call("Keys.CopyPublic", {"key": reference})
        self.public = peer.load_public(unb64(answer["public_key_info"]))
        self.type = answer["key_type"]
        self.size = answer["key_size_in_bits"]

    def use(self, verb, algorithm, data, **parameters):
        method, field = VERBS[verb]
        if verb in ("sign", "decrypt", "exchange"):
            parameters = {"interaction": NO_PROMPT, **self.options, **parameters}
        answer = self.connection.call(f"Keys.{method}", {
            "key": self.reference, "algorithm": algorithm, field: b64(data), **parameters})
        result, = answer.values()
        return unb64(result) if isinstance(result, str) else result

    def supports(self, verb, algorithm):
        return self.connection.call("Keys.IsAlgorithmSupported", {
            "key": self.reference, "operation": verb, "algorithm": algorithm})["is_supported"]

    def refuses(self, verb, algorithm, data, message="", **parameters):
        record = check_raises("param", self.use, verb, algorithm, data, **parameters).record
        check(message in record["message"], f"{algorithm}: {record}")
        return record


def add_software(connection, kind):
    private = made(kind)
    reference = add(connection, **{"class": "key"}, value_data=b64(peer.private_bytes(private)),
                    key_type=peer.type_of(private.public_key()), key_class="private",
                    return_persistent_ref=True)["value_persistent_ref"]
    return Key(connection, reference, private)


def keys_of_card(connection):
    """Each private key on it, and what it is for."""
    return [(Key(connection, item["value_persistent_ref"], pin=PIN), item)
            for item in find(connection, **{"class": "key"}, key_class="private", match_limit="all",
                             return_attributes=True, return_persistent_ref=True)]


# --- what goes in -------------------------------------------------------------------------------


def signed_data(key, algorithm):
    """Data of the right length for a signature."""
    name = peer.hash_of(algorithm)
    if "_message_" in algorithm:
        return MESSAGE
    if algorithm == "rsa_signature_raw":
        return b"\1" + bytes(peer.block_size(key.public) - 2)
    return b"d" * (peer.digest_size(name) if name else 32)


def longest(key, algorithm):
    """The most bytes that can be encrypted; None: there is no border."""
    size, name = peer.block_size(key.public), peer.hash_of(algorithm)
    if algorithm == PKCS1:
        return size - 11
    if algorithm.endswith("_aesgcm"):
        return None
    return size - 2 * peer.digest_size(name) - 2 if name else size


def is_possible(key, algorithm):
    """reference/keychain.md 5.3, size rules."""
    name, bits = peer.hash_of(algorithm), key.size
    if key.type != "rsa" or name is None:
        return True
    room = 2 * peer.digest_size(name) + 2
    if "pss" in algorithm:
        return (bits - 1 + 7) // 8 >= room
    if "oaep" in algorithm:
        session = (16 if bits < 4096 else 32) if algorithm.endswith("_aesgcm") else 0
        return (bits + 7) // 8 >= room + session
    return True


# --- one algorithm with one key -----------------------------------------------------------------


def check_signature(key, algorithm):
    data = signed_data(key, algorithm)
    signature = key.use("sign", algorithm, data)
    check(peer.verifies(key.public, algorithm, data, signature), f"{algorithm}: no signature for others")
    if key.private:
        theirs = peer.sign(key.private, algorithm, data)
        check(key.use("verify", algorithm, data, signature=b64(theirs)), f"{algorithm}: not verified")
    check(key.use("verify", algorithm, data, signature=b64(signature)), f"{algorithm}: its own")
    wrong = bytearray(signature)
    wrong[-1] ^= 1
    check(not key.use("verify", algorithm, data, signature=b64(wrong)), f"{algorithm}: verifies too much")


def check_digest_lengths(key, algorithm):
    """One byte fewer, one more: param, when signing and when verifying."""
    size = len(signed_data(key, algorithm))
    if "_digest_" not in algorithm or not peer.hash_of(algorithm):
        return
    for wrong in (size - 1, size + 1):
        for verb, parameters in (("sign", {}), ("verify", {"signature": b64(b"s")})):
            key.refuses(verb, algorithm, b"d" * wrong, f"a digest of {size} bytes, not {wrong}",
                        **parameters)


def check_decryption(key, algorithm):
    most = longest(key, algorithm)
    for data in (SECRET, b"", LONG) if most is None else (SECRET, b"x" * most):
        if algorithm == "rsa_encryption_raw":
            data = b"\0" + data[1:].ljust(peer.block_size(key.public) - 1, b"x")
        theirs = peer.encrypt(key.public, algorithm, data)
        check_equal(key.use("decrypt", algorithm, theirs), data, f"{algorithm}, of others")
        ours = key.use("encrypt", algorithm, data)
        check_equal(key.use("decrypt", algorithm, ours), data, f"{algorithm}, of ours")
        if key.private:
            check_equal(peer.decrypt(key.private, algorithm, ours), data, f"{algorithm}, by others")
    if most is not None:
        key.refuses("encrypt", algorithm, b"\1" * (most + 1), "bytes with this key")


def check_ciphertext_lengths(key, algorithm):
    good = key.use("encrypt", algorithm, b"")
    if algorithm.endswith("_aesgcm"):
        key.refuses("decrypt", algorithm, good[:-1], f"{len(good)} bytes or more with this key")
        for changed in (good + b"\0", good[:-1] + bytes([good[-1] ^ 1])):
            key.refuses("decrypt", algorithm, changed, FOREIGN)
    else:
        for wrong in (good[:-1], b"\0" + good):
            key.refuses("decrypt", algorithm, wrong, f"{len(good)} bytes with this key")


def check_exchange(key, algorithm):
    private, other = peer.new_like(key.public)
    if not peer.hash_of(algorithm):
        check_equal(key.use("exchange", algorithm, other),
                    peer.exchange(private, algorithm, key.public), algorithm)
        key.refuses("exchange", algorithm, other, "derives nothing", requested_size=16)
        return
    for size, info in ((1, b""), (100, b"info")):
        ours = key.use("exchange", algorithm, other, requested_size=size,
                       **({"shared_info": b64(info)} if info else {}))
        check_equal(ours, peer.exchange(private, algorithm, key.public, size, info), algorithm)
    key.refuses("exchange", algorithm, other, "must be told how many bytes")
    key.refuses("exchange", algorithm, other, "derives 1 to", requested_size=0)


def check_support(key, verbs, algorithm, possible):
    for verb in verbs:
        check_equal(key.supports(verb, algorithm), possible, f"{verb} with {algorithm}")
    return possible


def check_key(key, verbs, algorithms=lambda names: names):
    """All that a key of this type does, as far as it is for it."""
    for algorithm in algorithms(list(peer.signatures(key.type))) if "sign" in verbs else []:
        if check_support(key, ("sign", "verify"), algorithm, is_possible(key, algorithm)):
            check_signature(key, algorithm)
            check_digest_lengths(key, algorithm)
        else:
            key.refuses("sign", algorithm, signed_data(key, algorithm), "is too short for")
    for algorithm in algorithms(list(peer.encryptions(key.type))) if "decrypt" in verbs else []:
        if check_support(key, ("encrypt", "decrypt"), algorithm, is_possible(key, algorithm)):
            check_decryption(key, algorithm)
            if algorithm != "rsa_encryption_raw":
                check_ciphertext_lengths(key, algorithm)
        else:
            key.refuses("encrypt", algorithm, SECRET, "is too short for")
    for algorithm in algorithms(list(peer.exchanges(key.type))) if "exchange" in verbs else []:
        check_support(key, ("exchange",), algorithm, True)
        check_exchange(key, algorithm)


# --- the matrix ---------------------------------------------------------------------------------


@test
def the_peer_has_the_catalogue():
    """What is checked below is all there is: docs/vocabulary.md's table, which a unit test holds to
    the code."""
    text = (SOURCE / "docs/vocabulary.md").read_text(encoding="utf-8")
    check_equal(peer.catalogue(), sorted(re.findall(r"^\| `(\w+)` \| `kSecKeyAlgorithm", text, re.M)),
                "algorithms")


@test
def software_keys_do_all():
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in SOFTWARE:
            check_key(add_software(connection, kind), ("sign", "decrypt", "exchange"))


def some(names):
    """Of each family and form one hash: what is above the card's operation is not the card's."""
    families = {re.sub(r"_(md5|sha\d+)(?=_aesgcm|$)", "", name): name for name in names}
    return list(families.values())


@test
def keys_of_a_piv_card_do_all():
    with Daemon() as daemon, daemon.connect() as connection, \
            Card("piv:9a=p256,9c=rsa2048,9d=p384,82=rsa3072,83=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        done = set()
        for key, item in keys_of_card(connection):
            verbs = [verb for verb, use in (("sign", "can_sign"), ("decrypt", "can_decrypt"),
                                            ("exchange", "can_derive")) if item[use]]
            if key.type == "ec" and "exchange" in verbs and "decrypt" not in verbs:
                verbs.append("decrypt")
            check_key(key, verbs, some)
            done |= {(key.type, key.size, verb) for verb in verbs}
        for kind in (("rsa", 2048, "sign"), ("rsa", 3072, "decrypt"), ("ec", 256, "sign"),
                     ("ec", 256, "decrypt"), ("ec", 384, "decrypt"), ("ec", 384, "exchange")):
            check(kind in done, f"{kind} is not among {sorted(done)}")


@test
def a_token_tells_all_at_once():
    """What ListAlgorithms lists is what IsAlgorithmSupported says of one key or another."""
    for profile in ("piv:9a=p256,9c=rsa2048,9d=rsa2048", "openpgp:sig=rsa2048,dec=x25519,aut=ed25519"):
        with Daemon() as daemon, daemon.connect() as connection, Card(profile) as card:
            card.insert(daemon)
            token_id = daemon.wait_for_token()["token_id"]
            asked = ("Keys.ListAlgorithms", {"token_id": token_id})
            listed = {row["key_type"]: row for row in connection.call(*asked)["types"]}
            keys = [key for key, _ in keys_of_card(connection)]
            check_equal(sorted(listed), sorted({key.type for key in keys}), "types")
            for key_type, row in listed.items():
                for verb in ("sign", "decrypt", "exchange"):
                    expected = [name for name in peer.catalogue()
                                if any(key.type == key_type and key.supports(verb, name) for key in keys)]
                    check_equal(sorted(row[verb]), sorted(expected), f"{profile}: {verb} by {key_type}")
            card.pull()
            daemon.wait_for_removal()
            check_raises("item_not_found", connection.call, *asked)
        with Daemon() as daemon, Card(profile.partition(":")[0] + ":none") as card:
            card.insert(daemon)
            token_id = daemon.wait_for_token()["token_id"]
            check_equal(daemon.call("Keys.ListAlgorithms", {"token_id": token_id}), {"types": []},
                        "without keys")


@test
def keys_of_an_openpgp_card_do_all():
    """It pads and unpads by itself, so an RSA key does PKCS#1 v1.5 and nothing else."""
    for profile in ("openpgp:sig=rsa2048+cert,dec=rsa2048+cert", "openpgp:sig=ed25519,dec=x25519",
                    "openpgp:sig=p521,dec=p521"):
        with Daemon() as daemon, daemon.connect() as connection, Card(profile) as card:
            card.insert(daemon)
            daemon.wait_for_token()
            keys = keys_of_card(connection)
            check_equal(len(keys), 2, f"keys of {profile}")
            for key, item in keys:
                verbs = [verb for verb, use in (("sign", "can_sign"), ("decrypt", "can_decrypt"),
                                                ("exchange", "can_derive")) if item[use]]
                if key.type == "ec" and "exchange" in verbs:
                    verbs.append("decrypt")
                is_rsa = key.type == "rsa"
                check_key(key, verbs, lambda names, is_rsa=is_rsa: [
                    name for name in some(names) if not is_rsa or "pkcs1" in name])
                for algorithm in ("rsa_signature_raw", "rsa_signature_message_pss_sha256",
                                  "rsa_encryption_oaep_sha256", "rsa_encryption_oaep_sha256_aesgcm"):
                    for verb in ("sign", "decrypt"):
                        check(not key.supports(verb, algorithm), f"{verb} {algorithm}")


@test
def wrong_directions_are_refused():
    """With each verb every algorithm of another purpose, or for another type of key."""
    makers = {"sign": peer.signatures, "verify": peer.signatures, "encrypt": peer.encryptions,
              "decrypt": peer.encryptions, "exchange": peer.exchanges}
    with Daemon() as daemon, daemon.connect() as connection:
        for kind in ("rsa1024", "P-256", "ed25519", "x25519"):
            key = add_software(connection, kind)
            for verb, maker in makers.items():
                for algorithm in sorted(set(peer.catalogue()) - set(maker(key.type))):
                    check(not key.supports(verb, algorithm), f"{kind}: {verb} {algorithm}")
                for other in makers.values():
                    for algorithm in list(other(key.type))[:2]:
                        if algorithm not in maker(key.type):
                            extra = {"signature": b64(b"s")} if verb == "verify" else {}
                            key.refuses(verb, algorithm, b"d" * 32, **extra)
            for verb in makers:
                check(not key.supports(verb, "rsa_signature_message_pss_sha265"), "a name that is none")


@test
def asking_what_is_supported_touches_no_token():
    with Daemon() as daemon, daemon.connect() as connection, \
            Card("piv:9a=p256,9d=rsa2048") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        keys = [key for key, _ in keys_of_card(connection)]
        keys[0].use("sign", f"{'ecdsa' if keys[0].type == 'ec' else 'rsa'}_signature_message_" +
                    ("x962" if keys[0].type == "ec" else "pkcs1v15") + "_sha256", MESSAGE)
        before = len(card.commands())
        for key in keys:
            for algorithm in peer.catalogue():
                for verb in VERBS:
                    key.supports(verb, algorithm)
        check_equal(len(card.commands()), before, "commands to the card")


# --- what is refused says nothing ---------------------------------------------------------------


def bad_blocks(size):
    good = b"\0\2" + b"\x11" * (size - 60) + b"\0"
    good += b"m" * (size - len(good))
    return {"first byte": b"\1" + good[1:], "block type": b"\0\1" + good[2:],
            "no separator": good.replace(b"\x11\0", b"\x11\x11"),
            "separator too early": good[:9] + b"\0" + good[10:]}


def answer_of(call):
    """What whoever asked sees of a decryption: its shape, not its content."""
    try:
        return type(call()).__name__
    except VarlinkError as failure:
        return failure.record


def check_no_oracle(daemon, key, label, pin):
    """By the wire, and by the C library in the command line's clothes."""
    size = peer.block_size(key.public)

    def ask(ciphertext):
        return (answer_of(lambda: key.use("decrypt", PKCS1, ciphertext)),
                sorted(daemon.cli("decrypt", "--key", label, "--algorithm", PKCS1,
                                  file_with(ciphertext), pin=pin)))

    expected = ask(peer.encrypt(key.public, PKCS1, SECRET))
    for what, block in bad_blocks(size).items():
        bad = peer.power(key.public, block)
        check_equal(ask(bad), expected, what)
        first = key.use("decrypt", PKCS1, bad)
        check(len(first) <= size - 11, f"{what}: {len(first)} bytes")
        check_equal(key.use("decrypt", PKCS1, bad), first, f"{what}, again")


@test
def nobody_tells_bad_padding_from_good():
    """A key of the keychain; a card that does raw RSA; a card that takes the padding off itself."""
    with Daemon() as daemon, daemon.connect() as connection:
        key = add_software(connection, "rsa2048")
        check_no_oracle(daemon, key, base64.b64encode(unb64(key.reference)).decode(), None)
    for profile in ("piv:9d=rsa2048", "openpgp:dec=rsa2048"):
        with Daemon() as daemon, daemon.connect() as connection, Card(profile) as card:
            card.insert(daemon)
            daemon.wait_for_token()
            key = next(key for key, item in keys_of_card(connection) if item["can_decrypt"])
            check_no_oracle(daemon, key, key.reference, PIN)


@test
def hybrid_failures_are_all_alike():
    """Whatever part of a ciphertext is wrong: the same record but for its number."""
    with Daemon() as daemon, daemon.connect() as connection:
        for kind, algorithm in (("rsa2048", "rsa_encryption_oaep_sha1_aesgcm"), ("P-256", ECIES)):
            key = add_software(connection, kind)
            good = peer.encrypt(key.public, algorithm, SECRET)
            records = set()
            for at in (1, 30, len(good) - 20, len(good) - 1):
                bad = bytearray(good)
                bad[at] ^= 1
                record = dict(key.refuses("decrypt", algorithm, bytes(bad), FOREIGN))
                record.pop("request", None)
                records.add(str(sorted(record.items())))
            check_equal(len(records), 1, f"records of {kind}: {records}")


main()
