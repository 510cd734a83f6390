# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signing: each algorithm with each kind of key, judged by openssl; and what it costs the card."""
import hashlib

from der import b64, certificates, children, unb64
from keycask_test import (PIN, Card, Daemon, check, check_equal, check_raises, diagnose, main,
                          openssl, pipe_with, program, run, scratch, test)

HASHES = ["sha1", "sha224", "sha256", "sha384", "sha512"]
MESSAGE = b"The quick brown fox jumps over the lazy dog"
WIRE_LIMIT = 1024 * 1024
MESSAGE_LIMIT = 700 * 1024  # of bytes that are base64 in a message, with room for the rest
NO_PROMPT = {"authentication_ui": "fail"}
RSA_MESSAGE = "rsa_signature_message_pkcs1v15_sha256"
EC_MESSAGE = "ecdsa_signature_message_x962_sha256"
PIV_AID = "A000000308"


# --- openssl's judgement -----------------------------------------------------------------------


def judge(public_key, signature, data, *options, form=("-verify",)):
    """openssl pkeyutl with these options accepts the signature over data."""
    for name, content in (("signature", signature), ("data", data)):
        (scratch() / name).write_bytes(content)
    source = ("-in", scratch() / "data") if "-verify" in form else ()
    words = [word for option in options for word in ("-pkeyopt", option)]
    target = "-sigfile" if "-verify" in form else "-in"
    return openssl("pkeyutl", *form, "-pubin", "-inkey", public_key, target,
                   scratch() / "signature", *source, *words)


def judge_raw_rsa(public_key, signature, data, padding):
    """What comes out of the public operation is what was signed."""
    out = judge(public_key, signature, data, f"rsa_padding_mode:{padding}",
                form=("-verifyrecover",))
    check_equal(out, data, f"what openssl recovers, {padding}")


def judge_rsa(public_key, signature, digest, scheme, hash_name):
    padding = {"pkcs1v15": ["rsa_padding_mode:pkcs1"],
               "pss": ["rsa_padding_mode:pss", "rsa_pss_saltlen:digest"]}[scheme]
    judge(public_key, signature, digest, *padding, f"digest:{hash_name}")


def integer(number):
    """DER of a positive INTEGER."""
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(content)]) + content


def x962(plain):
    """RFC 4754's r‖s as X9.62's SEQUENCE of the two."""
    half = len(plain) // 2
    content = b"".join(integer(int.from_bytes(part, "big"))
                       for part in (plain[:half], plain[half:]))
    return bytes([0x30, len(content)]) + content


# --- the keys ----------------------------------------------------------------------------------


class Key:
    """A key on a card, with its public key as a PEM file."""

    def __init__(self, scene, slot, item):
        self.scene = scene
        self.slot = slot
        self.label = item["label"]
        self.reference = item["value_ref"]
        self.type = item["key_type"]
        self.size = item["key_size_in_bits"] // 8
        self.public_key = scratch() / f"{slot}.pem"
        openssl("pkey", "-pubin", "-inform", "DER", "-out", self.public_key,
                input=spki(scene.on_card[slot]))

    def sign(self, algorithm, data, **options):
        """Keys.Sign on the scene's connection, without asking a person."""
        return unb64(self.scene.connection.call("Keys.Sign", {
            "key": self.reference, "algorithm": algorithm, "data": b64(data),
            "interaction": NO_PROMPT, **options})["signature"])

    def verify(self, algorithm, data, signature):
        """Keys.Verify: valid or not."""
        return self.scene.connection.call("Keys.Verify", {
            "key": self.reference, "algorithm": algorithm, "data": b64(data),
            "signature": b64(signature)})["valid"]

    def supports(self, algorithm, operation="sign"):
        """Keys.IsAlgorithmSupported."""
        return self.scene.connection.call("Keys.IsAlgorithmSupported", {
            "key": self.reference, "algorithm": algorithm, "operation": operation})["is_supported"]

    def sign_and_verify(self, algorithm, data):
        """A signature that keycask accepts, and accepts for nothing else."""
        check(self.supports(algorithm) and self.supports(algorithm, "verify"),
              f"{algorithm} is not supported")
        signature = self.sign(algorithm, data)
        check(self.verify(algorithm, data, signature), f"{algorithm}: not valid")
        check(not self.verify(algorithm, bytes([data[0] ^ 1]) + data[1:], signature),
              f"{algorithm}: valid for other data")
        return signature

    def refuses(self, algorithm, data):
        """Signing and verifying both end with param, and the card hears of neither."""
        before = len(self.scene.card.commands())
        error = check_raises("param", self.sign, algorithm, data)
        check_raises("param", self.verify, algorithm, data, b"\0" * self.size)
        check_equal(len(self.scene.card.commands()), before, "APDUs")
        return error.record


def spki(certificate):
    """The SubjectPublicKeyInfo with its header."""
    content = certificate.public_key_info
    length = len(content)
    head = (bytes([length]) if length < 0x80 else
            bytes([0x81, length]) if length < 0x100 else b"\x82" + length.to_bytes(2, "big"))
    return b"\x30" + head + content


class Scene:
    """A daemon, a card in it, and a connection that has given the PIN."""

    def __init__(self, profile):
        self.daemon = Daemon()
        self.card = Card(profile)
        self.on_card = certificates(self.card.file)

    def __enter__(self):
        self.daemon.__enter__()
        self.card.insert(self.daemon)
        self.token_id = self.daemon.wait_for_token()["token_id"]
        self.connection = self.daemon.connect()
        items = self.connection.call("Items.CopyMatching", {"query": {
            "class": "key", "match_limit": "all", "return_attributes": True,
            "return_ref": True}})["items"]
        self.keys = [Key(self, slot, item) for slot, item in zip(self.on_card, items)]
        self.n_insertion = len(self.card.commands())
        return self

    def __exit__(self, *failure):
        self.connection.close()
        self.card.__exit__(*failure)
        self.daemon.__exit__(*failure)

    def give_pin(self):
        self.connection.call("Tokens.VerifyPin", {"token_id": self.token_id, "pin": PIN})

    def cost(self, call, *arguments, **options):
        """How many APDUs a call takes."""
        before = len(self.card.commands())
        call(*arguments, **options)
        return len(self.card.commands()) - before


# --- every algorithm ---------------------------------------------------------------------------


def sign_by_all_rsa(key):
    modulus_sized = b"\0" + b"\x5a" * (key.size - 1)
    short = b"\x01\x02\x03"
    judge_raw_rsa(key.public_key, key.sign_and_verify("rsa_signature_raw", modulus_sized),
                  modulus_sized, "none")
    signature = key.sign_and_verify("rsa_signature_raw", short)
    judge_raw_rsa(key.public_key, signature, short.rjust(key.size, b"\0"), "none")
    check(key.verify("rsa_signature_raw", b"\0" + short, signature), "leading zeros count")
    check(not key.verify("rsa_signature_raw", short[1:], signature), "the end of it is enough")
    for data in (b"\x00any", b"\x77" * (key.size - 11)):
        signature = key.sign_and_verify("rsa_signature_digest_pkcs1v15_raw", data)
        judge_raw_rsa(key.public_key, signature, data, "pkcs1")
    for scheme in ("pkcs1v15", "pss"):
        for hash_name in HASHES:
            digest = hashlib.new(hash_name, MESSAGE).digest()
            for kind, data in (("digest", digest), ("message", MESSAGE)):
                signature = key.sign_and_verify(f"rsa_signature_{kind}_{scheme}_{hash_name}", data)
                check_equal(len(signature), key.size, "signature's size")
                judge_rsa(key.public_key, signature, digest, scheme, hash_name)


def sign_by_all_ec(key):
    def both(name, data, digest):
        judge(key.public_key, key.sign_and_verify(f"ecdsa_signature_{name}", data), digest)
        plain = key.sign_and_verify(f"ecdsa_signature_{name}".replace("x962", "rfc4754"), data)
        check_equal(len(plain), 2 * key.size, "RFC 4754 signature's size")
        judge(key.public_key, x962(plain), digest)

    for digest in (b"\xff", b"\x80" * 20, hashlib.sha256(MESSAGE).digest(), b"\xa5" * 48,
                   hashlib.sha512(MESSAGE).digest()):
        both("digest_x962", digest, digest)
        judge(key.public_key, x962(key.sign_and_verify("ecdsa_signature_rfc4754", digest)), digest)
    for hash_name in HASHES:
        digest = hashlib.new(hash_name, MESSAGE).digest()
        both(f"digest_x962_{hash_name}", digest, digest)
        both(f"message_x962_{hash_name}", MESSAGE, digest)


def sign_by_all(profile):
    with Scene(profile) as scene:
        scene.give_pin()
        for key in scene.keys:
            (sign_by_all_rsa if key.type == "rsa" else sign_by_all_ec)(key)


@test
def rsa_2048_and_p256_sign_by_every_algorithm():
    sign_by_all("piv:9a=rsa2048,9e=p256")


@test
def rsa_3072_and_p384_sign_by_every_algorithm():
    sign_by_all("piv:9a=p384,9e=rsa3072")


@test
def rsa_4096_signs_by_every_algorithm():
    sign_by_all("piv:9e=rsa4096")


@test
def many_ecdsa_signatures_are_all_well_formed():
    """r and s are shorter now and then: each must survive the way to RFC 4754 and back."""
    with Scene("piv:9e=p256") as scene:
        (key,) = scene.keys
        n_signed, shortest = 0, 32
        while n_signed < 50 or shortest == 32:
            data = n_signed.to_bytes(4, "big")
            plain = key.sign("ecdsa_signature_message_rfc4754_sha256", data)
            check_equal(len(plain), 64, "signature's size")
            check(key.verify(EC_MESSAGE, data, x962(plain)), f"{plain.hex()} is not valid")
            check(key.verify("ecdsa_signature_message_rfc4754_sha256", data, plain), plain.hex())
            shortest = min(shortest, *(len(part.lstrip(b"\0")) for part in
                                       (plain[:32], plain[32:])))
            n_signed += 1


# --- what is refused ---------------------------------------------------------------------------


@test
def a_digest_has_its_length():
    with Scene("piv:9a=rsa2048,9e=p256") as scene:
        scene.give_pin()
        for key in scene.keys:
            names = (["rsa_signature_digest_pkcs1v15", "rsa_signature_digest_pss"]
                     if key.type == "rsa" else
                     ["ecdsa_signature_digest_x962", "ecdsa_signature_digest_rfc4754"])
            for name in names:
                for hash_name in HASHES:
                    size = hashlib.new(hash_name).digest_size
                    for wrong in (size - 1, size + 1, 0):
                        record = key.refuses(f"{name}_{hash_name}", b"\1" * wrong)
                        check(str(size) in record["message"], f"{size} is not told: {record}")
        rsa, ec = scene.keys
        ec.refuses("ecdsa_signature_digest_x962", b"")
        rsa.refuses("rsa_signature_digest_pkcs1v15_raw", b"")
        rsa.refuses("rsa_signature_digest_pkcs1v15_raw", b"\1" * (256 - 10))
        rsa.refuses("rsa_signature_raw", b"")
        rsa.refuses("rsa_signature_raw", b"\0" * 257)
        rsa.refuses("rsa_signature_raw", b"\xff" * 256)
        modulus = children(children(scene.on_card["9a"].public_key)[0][1])[0][1][1:]
        rsa.refuses("rsa_signature_raw", modulus)
        below = (int.from_bytes(modulus, "big") - 1).to_bytes(256, "big")
        judge_raw_rsa(rsa.public_key, rsa.sign("rsa_signature_raw", below), below, "none")


@test
def an_algorithm_of_another_key_is_refused_with_advice():
    with Scene("piv:9a=rsa2048,9e=p256") as scene:
        scene.give_pin()
        rsa, ec = scene.keys
        for key, algorithm, advice in ((rsa, EC_MESSAGE, "rsa_signature_"),
                                       (ec, RSA_MESSAGE, "ecdsa_signature_"),
                                       (rsa, "rsa_signature_message_pkcs1v15_sha257", RSA_MESSAGE),
                                       (ec, "ecdsa_signature_message_x962_sha-256", EC_MESSAGE),
                                       (rsa, "sha256", "rsa_signature_"), (ec, "", "ecdsa_"),
                                       (ec, "eddsa_signature_message_ed25519", "ecdsa_")):
            record = key.refuses(algorithm, MESSAGE)
            check(advice in record.get("hint", ""), f"{algorithm}: no advice in {record}")
            check(not key.supports(algorithm), f"{algorithm} is supported")
            check(not key.supports(algorithm, "verify"), f"{algorithm} is supported")
        check_raises("param", rsa.supports, RSA_MESSAGE, "wrap")
        check(not rsa.supports(RSA_MESSAGE, "encrypt"), "a signature encrypts")


@test
def what_is_no_signing_key_does_not_sign():
    with Scene("piv:9a=p256,9d=rsa2048,82=p256") as scene:
        scene.give_pin()
        certificate = scene.connection.call("Items.CopyMatching", {"query": {
            "class": "certificate", "return_ref": True}})["items"][0]["value_ref"]
        _, rsa, retired = scene.keys
        before = len(scene.card.commands())
        for key, algorithm in ((rsa, RSA_MESSAGE), (retired, EC_MESSAGE)):
            check_raises("param", key.sign, algorithm, MESSAGE)
            check(not key.supports(algorithm), "a decrypting key signs")
        rsa.reference = certificate
        rsa.refuses(RSA_MESSAGE, MESSAGE)
        for reference in ("", "AAAA", b64(b"tkpr"), certificate[:-4], "not base64"):
            rsa.reference = reference
            rsa.refuses(RSA_MESSAGE, MESSAGE)
        check_equal(len(scene.card.commands()), before, "APDUs")


@test
def a_signature_that_does_not_match_is_not_valid():
    with Scene("piv:9a=rsa2048,9e=p256") as scene:
        scene.give_pin()
        rsa, ec = scene.keys
        for key, algorithm, others in (
                (rsa, RSA_MESSAGE, ["rsa_signature_message_pkcs1v15_sha512",
                                    "rsa_signature_message_pss_sha256"]),
                (rsa, "rsa_signature_message_pss_sha384", ["rsa_signature_message_pss_sha256",
                                                           RSA_MESSAGE]),
                (ec, EC_MESSAGE, ["ecdsa_signature_message_x962_sha1",
                                  "ecdsa_signature_message_rfc4754_sha256"]),
                (ec, "ecdsa_signature_message_rfc4754_sha256", [EC_MESSAGE])):
            good = key.sign(algorithm, MESSAGE)
            check(key.verify(algorithm, MESSAGE, good), f"{algorithm}: not valid")
            last = good[:-1] + bytes([good[-1] ^ 0x80])
            bad = [last, bytes([good[0] ^ 1]) + good[1:], good[:-1], good[1:], good + b"\0",
                   b"\0" + good, b"", b"\0", b"\0" * len(good), b"\xff" * len(good),
                   b"\x30" * 2000, good * 2]
            for signature in bad:
                check(not key.verify(algorithm, MESSAGE, signature),
                      f"{algorithm}: {signature[:12].hex()}… is valid")
            for data in (MESSAGE + b"\0", MESSAGE[:-1], b"", MESSAGE.upper()):
                check(not key.verify(algorithm, data, good), f"{algorithm}: valid for {data}")
            for other in others:
                check(not key.verify(other, MESSAGE, good), f"{algorithm} is valid as {other}")
            check_raises("param", scene.connection.call, "Keys.Verify", {
                "key": key.reference, "algorithm": algorithm, "data": "", "signature": "*"})


@test
def messages_of_any_length_are_signed():
    with Scene("piv:9a=rsa2048,9e=p256") as scene:
        scene.give_pin()
        sizes = [0, 1, 55, 56, 64, 1000, 65535, 65536, 65537, MESSAGE_LIMIT]
        for key, algorithm in zip(scene.keys, (RSA_MESSAGE, EC_MESSAGE)):
            for size in sizes:
                data = bytes(i & 0xff for i in range(size))
                signature = key.sign(algorithm, data)
                check(key.verify(algorithm, data, signature), f"{size} bytes: not valid")
                judge(key.public_key, signature, hashlib.sha256(data).digest(), "digest:sha256")
        with scene.daemon.connect() as other:
            other.send("Keys.Sign", {"key": scene.keys[1].reference, "algorithm": EC_MESSAGE,
                                     "data": "A" * WIRE_LIMIT})
            check(other.is_closed(), "a message beyond the wire's limit is not the end")
        check(scene.keys[1].sign(EC_MESSAGE, b""), "the daemon signs after that")


# --- what it costs -----------------------------------------------------------------------------


def insertion_of_four(manner):
    """The commands by which a card with four certificates became a PIV token. Asking it for the
    applications of other drivers costs one APDU each, and is not PIV's."""
    with Scene(f"piv:{manner}9a=rsa2048,9c=rsa2048,9d=rsa2048,9e=rsa2048") as scene:
        check_equal(len(scene.keys), 4, "keys")
        sizes = [len(certificate.der) for certificate in scene.on_card.values()]
        commands = [command for command in scene.card.commands()[:scene.n_insertion]
                    if not command.startswith("00A404") or PIV_AID in command]
        diagnose(f"{len(commands)} APDUs for certificates of {sizes} bytes")
        check(max(sizes) <= 768, "the certificates are too long for this test")
        return commands


@test
def an_insertion_costs_sixteen_short_apdus_at_most():
    """Decision 8: four certificates of up to 768 bytes each, and whatever it takes to find them."""
    commands = insertion_of_four("extended=none,")
    check(not any(command.startswith("00CB3FFF00") for command in commands), "an extended APDU")
    check(len(commands) <= 16, f"{len(commands)} APDUs: " + " ".join(commands))


@test
def an_insertion_costs_eight_extended_apdus_at_most():
    commands = insertion_of_four("")
    check(len(commands) <= 8, f"{len(commands)} APDUs: " + " ".join(commands))
    commands = insertion_of_four("extended=0,")
    check(len(commands) <= 17, f"{len(commands)} APDUs after a broken promise")


@test
def a_warm_rsa_signature_costs_one_extended_apdu():
    with Scene("piv:9a=rsa2048,9c=rsa4096") as scene:
        rsa, always = scene.keys
        scene.cost(rsa.sign, RSA_MESSAGE, MESSAGE, pin=PIN)
        check_equal(scene.cost(rsa.sign, RSA_MESSAGE, MESSAGE), 1, "APDUs, RSA-2048")
        cost = scene.cost(always.sign, RSA_MESSAGE, MESSAGE, pin=PIN)
        check(cost <= 3, f"RSA-4096 with a PIN each time: {cost} APDUs")
    with Scene("piv:9a=rsa2048,extended=200") as scene:
        (rsa,) = scene.keys
        scene.cost(rsa.sign, RSA_MESSAGE, MESSAGE, pin=PIN)
        check_equal(scene.cost(rsa.sign, RSA_MESSAGE, MESSAGE), 3, "APDUs, RSA-2048 chained")


@test
def a_warm_signature_costs_what_the_card_asks():
    with Scene("piv:extended=none,9a=rsa2048,9c=p256,9e=p256") as scene:
        rsa, always, free = scene.keys
        first = scene.cost(rsa.sign, RSA_MESSAGE, MESSAGE, pin=PIN)
        diagnose(f"first RSA-2048 signature, with the PIN: {first} APDUs")
        check(first <= 5, f"the first RSA-2048 signature: {first} APDUs")
        for algorithm in (RSA_MESSAGE, "rsa_signature_message_pss_sha256"):
            check_equal(scene.cost(rsa.sign, algorithm, MESSAGE), 3, f"APDUs, {algorithm}")
        for _ in range(2):
            check_equal(scene.cost(free.sign, EC_MESSAGE, MESSAGE), 1, "APDUs, P-256 without PIN")
        cost = scene.cost(always.sign, EC_MESSAGE, MESSAGE, pin=PIN)
        diagnose(f"P-256 signature with a PIN each time: {cost} APDUs")
        check(cost <= 3, f"P-256 with a PIN each time: {cost} APDUs")
    with Scene("piv:9a=p256") as scene:
        (key,) = scene.keys
        first = scene.cost(key.sign, EC_MESSAGE, MESSAGE, pin=PIN)
        diagnose(f"first P-256 signature, with the PIN: {first} APDUs")
        check(first <= 3, f"the first P-256 signature: {first} APDUs")
        check_equal(scene.cost(key.sign, EC_MESSAGE, MESSAGE), 1, "APDUs, P-256 after the PIN")


# --- the command -------------------------------------------------------------------------------


def keycask(scene, *arguments, pin=None, status=0, input=b""):
    """keycask as a person runs it, without --json: what it prints."""
    options = {}
    if pin:
        reader = pipe_with(pin)
        arguments += ("--pin-fd", reader)
        options["pass_fds"] = [reader]
    return run(program("keycask"), *arguments, env=scene.daemon.env, status=status, input=input,
               **options)[0]


@test
def the_command_signs_what_openssl_verifies():
    letter = scratch() / "letter.txt"
    signature = scratch() / "letter.sig"
    letter.write_bytes(MESSAGE * 1000)
    with Scene("piv:9a=rsa2048,9e=p256") as scene:
        for key in scene.keys:
            pin = PIN if key.slot == "9a" else None
            keycask(scene, "sign", "--key", key.label, "--out", signature, letter, pin=pin)
            openssl("dgst", "-sha256", "-verify", key.public_key, "-signature", signature, letter)
            words = ("verify", "--key", key.label, "--signature", signature)
            keycask(scene, *words, letter)
            keycask(scene, *words, input=letter.read_bytes())
            keycask(scene, *words, input=letter.read_bytes() + b"\n", status=1)
            out = keycask(scene, "sign", "--key", key.reference, pin=pin, input=letter.read_bytes())
            signature.write_bytes(out)
            openssl("dgst", "-sha256", "-verify", key.public_key, "-signature", signature, letter)
            answer = scene.daemon.cli("sign", "--key", key.label, str(letter), pin=pin)
            signature.write_bytes(unb64(answer["signature"]))
            check_equal(answer["algorithm"], RSA_MESSAGE if key.type == "rsa" else EC_MESSAGE,
                        "the usual algorithm")
            check_equal(scene.daemon.cli(*words, str(letter)), {"valid": True}, "keycask verify")
            letter.write_bytes(letter.read_bytes() + b".")
            check_equal(scene.daemon.cli(*words, str(letter), status=1), {"valid": False},
                        "keycask verify of another text")
        rsa = scene.keys[0]
        pss = "rsa_signature_message_pss_sha512"
        keycask(scene, "sign", "--key", rsa.label, "--algorithm", pss, "--out", signature, letter,
                pin=PIN)
        openssl("dgst", "-sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt",
                "rsa_pss_saltlen:digest", "-verify", rsa.public_key, "-signature", signature,
                letter)


@test
def the_command_exports_certificates():
    with Scene("piv:9a=rsa2048+gzip,9e=p256") as scene:
        for key in scene.keys:
            expected = scene.on_card[key.slot].der
            pem = keycask(scene, "cert", "export", key.label)
            check_equal(openssl("x509", "-outform", "DER", input=pem), expected, "PEM")
            check_equal(pem.decode().splitlines(), openssl("x509", input=pem).decode().splitlines(),
                        "PEM as openssl writes it")
            check_equal(keycask(scene, "cert", "export", "--der", key.reference), expected, "DER")
            path = keycask(scene, "cert", "export", key.label, "--out", scratch()).decode().strip()
            check_equal(openssl("x509", "-outform", "DER", "-in", path), expected, path)


@test
def the_command_signs_files_of_any_size():
    """What does not fit into a message is hashed before it: the signature is of the same form."""
    path, signature = scratch() / "file", scratch() / "file.sig"
    with Scene("piv:9a=p384,9e=rsa2048") as scene:
        for size in (MESSAGE_LIMIT - 1, MESSAGE_LIMIT, MESSAGE_LIMIT + 1, 5 * 1024 * 1024):
            path.write_bytes(b"\x5a" * size)
            for key, algorithm in ((scene.keys[0], "ecdsa_signature_message_x962_sha384"),
                                   (scene.keys[1], "rsa_signature_message_pkcs1v15_sha384")):
                words = ("--key", key.label, "--algorithm", algorithm)
                pin = PIN if key.type == "ec" else None
                keycask(scene, "sign", *words, "--out", signature, path, pin=pin)
                openssl("dgst", "-sha384", "-verify", key.public_key, "-signature", signature, path)
                keycask(scene, "verify", *words, "--signature", signature, path)
        path.write_bytes(path.read_bytes() + b".")
        keycask(scene, "verify", *words, "--signature", signature, path, status=1)
        judge(key.public_key, keycask(scene, "sign", *words, input=path.read_bytes()),
              hashlib.sha384(path.read_bytes()).digest(), "digest:sha384")


main()
