# SPDX-License-Identifier: LGPL-2.1-or-later
"""A card personalised by OpenSC's piv-tool through real pcscd and vpcd, keys of 3072 and, by raw
commands, 4096 bits among them; used by pkcs11-tool; and then the same card under keycask: equal
certificates, equal results."""
import hashlib

import opensc
from der import certificates, children, unb64
from keycask_test import PIN, Daemon, check_equal, main, openssl, scratch, test
from piv_tools import Pcscd, TestCa, factory_card, verify

DATA = b"one card, many hands\n"
SELECT = "00A4040009A0000003080000100000"
VERIFY = "0020008008313233343536FFFF"
SHA256_INFO = bytes.fromhex("3031300D060960864801650304020105000420")
# What piv-tool generates: slot, algorithm, the number OpenSC gives to the slot.
GENERATED = {"9a": ("05", "01"), "9c": ("14", "02"), "9d": ("07", "03"), "9e": ("11", "04")}


NAMES = {"9a": "PIV Authentication", "9c": "Digital Signature", "9d": "Key Management",
         "9e": "Card Authentication", "82": "Retired Key Management 1"}


class Issued:
    """A card as piv-tool issues one: keys in the four slots, a retired one, objects."""

    def __init__(self, pcscd):
        self.pcscd = pcscd
        self.ca = TestCa()
        self.label = "issued 9a"
        self.public_keys = {}
        self.certificates = {}

    def certify(self, slot):
        path = scratch() / f"{slot}.pub"
        self.public_keys[slot] = opensc.public_key_of(slot, path)
        self.certificates[slot] = self.ca.issue(f"issued {slot}", path)

    def der(self, slot):
        return openssl("x509", "-outform", "DER", "-in", self.certificates[slot])

    def generate(self, slot):
        opensc.piv_tool("--genkey", f"{slot.upper()}:{GENERATED[slot][0]}")
        self.certify(slot)
        opensc.piv_tool("--cert", slot.upper(), "--in", self.certificates[slot])

    def store(self, tag, content):
        path = scratch() / "object"
        path.write_bytes(opensc.tlv("53", content))
        opensc.piv_tool("--object", opensc.OBJECTS[tag], "--in", path)

    def retire(self):
        """A P-256 key in 82, which piv-tool generates only when it is told how."""
        opensc.piv_tool("--send-apdu", opensc.colons(bytes.fromhex("0047008205AC0380011100")))
        self.certify("82")
        self.store("5fc10d", opensc.tlv("70", self.der("82")) + bytes.fromhex("710100FE00"))
        self.store("5fc10c", bytes.fromhex("C10101C20100FE00"))


def issue(pcscd):
    card = Issued(pcscd)
    for slot in GENERATED:
        card.generate(slot)
    card.retire()
    return card


def keycask_certificate(daemon, slot):
    name = f"Certificate For {NAMES[slot]}"
    return unb64(daemon.cli("cert", "export", name)["certificate"])


def keycask_signature(daemon, slot, data):
    """With the default algorithm: PKCS #1 v1.5 or ECDSA, and SHA-256."""
    answer = daemon.cli("sign", "--key", f"Key For {NAMES[slot]}", pin=PIN, input=data)
    return unb64(answer["signature"])


def check_everybody_reads(issued, card):
    """piv-tool's certificates are on the card, and OpenSC reads them back."""
    on_card = certificates(card.file)
    for slot, object_id in [*((slot, row[1]) for slot, row in GENERATED.items()), ("82", "05")]:
        der = issued.pcscd.pkcs11(issued.label, "--read-object", "--type", "cert", "--id",
                                  object_id)
        check_equal(der, issued.der(slot), f"{slot}: certificate as OpenSC reads it")
        check_equal(on_card[slot].der, der, f"{slot}: certificate on the card")


def sealed_for(issued, padding):
    return openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", issued.public_keys["9d"],
                   "-pkeyopt", f"rsa_padding_mode:{padding}", input=DATA)


def check_opensc_uses(issued):
    pcscd, label, keys = issued.pcscd, issued.label, issued.public_keys
    signature = opensc.sign(pcscd, label, "01", "SHA256-RSA-PKCS", DATA)
    check_equal(len(signature), 384, "bytes of a 3072-bit signature")
    verify(keys["9a"], signature, DATA)
    verify(keys["9c"], opensc.sign(pcscd, label, "02", "ECDSA-SHA256", DATA,
                                   "--signature-format", "openssl"), DATA)
    for mechanism, padding in (("RSA-PKCS", "pkcs1"), ("RSA-PKCS-OAEP", "oaep")):
        sealed = sealed_for(issued, padding)
        options = ("--hash-algorithm", "SHA-1") if padding == "oaep" else ()
        check_equal(opensc.decrypt(pcscd, label, "03", mechanism, sealed, *options), DATA,
                    f"{mechanism}: plaintext")
    return signature


def check_keycask_agrees(daemon, issued, signature):
    for slot in issued.certificates:
        check_equal(keycask_certificate(daemon, slot), issued.der(slot), f"{slot}: certificate")
    check_equal(keycask_signature(daemon, "9a", DATA), signature, "9a: signature")
    for slot in ("9c", "9e"):
        verify(issued.public_keys[slot], keycask_signature(daemon, slot, DATA), DATA)
    for padding, algorithm in (("pkcs1", "rsa_encryption_pkcs1"),
                               ("oaep", "rsa_encryption_oaep_sha1")):
        check_equal(opensc.keycask_decrypt(daemon, f"Key For {NAMES['9d']}", algorithm,
                                           sealed_for(issued, padding)), DATA, algorithm)
    check_equal(opensc.keycask_derive(daemon, f"Key For {NAMES['82']}", issued.peer),
                issued.secret, "the shared secret")


def make_peer():
    key, public_key = scratch() / "peer.key", scratch() / "peer.pub"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", public_key)
    return key, public_key


def check_opensc_derives(issued):
    key, public_key = make_peer()
    secret = opensc.derive(issued.pcscd, issued.label, "05", public_key)
    check_equal(secret, openssl("pkeyutl", "-derive", "-inkey", key, "-peerkey",
                                issued.public_keys["82"]), "the shared secret")
    issued.peer, issued.secret = public_key, secret


@test
def piv_tool_personalises_a_card():
    with Pcscd() as pcscd, factory_card() as card:
        pcscd.insert(card)
        issued = issue(pcscd)
        check_everybody_reads(issued, card)
        signature = check_opensc_uses(issued)
        check_opensc_derives(issued)
        pcscd.pull()
        with Daemon() as daemon:
            card.insert(daemon)
            daemon.wait_for_token()
            check_keycask_agrees(daemon, issued, signature)
            card.pull()
        pcscd.insert(card)
        check_opensc_uses(issued)


def raw_signature(slot, algorithm, size, data):
    """PKCS #1 v1.5 with SHA-256 by GENERAL AUTHENTICATE, chained: what no tool of 0.23 does."""
    info = SHA256_INFO + hashlib.sha256(data).digest()
    block = b"\0\1" + b"\xFF" * (size - len(info) - 3) + b"\0" + info
    template = opensc.tlv("7C", bytes.fromhex("8200") + opensc.tlv("81", block))
    parts = [template[at:at + 255] for at in range(0, len(template), 255)]
    chain = [f"1087{algorithm}{slot}{len(part):02X}{part.hex()}" for part in parts[:-1]]
    last = f"0087{algorithm}{slot}{len(parts[-1]):02X}{parts[-1].hex()}00"
    answer = opensc.send(SELECT, VERIFY, *chain, last)
    return dict(children(dict(children(answer))[0x7C]))[0x82]


def issue_4096(pcscd):
    """No tool of Debian 12 generates such a key: GENERATE ASYMMETRIC KEY PAIR by hand."""
    issued = Issued(pcscd)
    opensc.piv_tool("--send-apdu", opensc.colons(bytes.fromhex("0047009A05AC0380011600")))
    issued.certify("9a")
    opensc.piv_tool("--cert", "9A", "--in", issued.certificates["9a"])
    return issued


@test
def raw_commands_make_and_use_a_key_of_4096_bits():
    with Pcscd() as pcscd, factory_card() as card:
        pcscd.insert(card)
        issued = issue_4096(pcscd)
        signature = raw_signature("9A", "16", 512, DATA)
        verify(issued.public_keys["9a"], signature, DATA)
        check_equal(certificates(card.file)["9a"].der, issued.der("9a"), "certificate")
        pcscd.pull()
        with Daemon() as daemon:
            card.insert(daemon)
            daemon.wait_for_token()
            check_equal(keycask_certificate(daemon, "9a"), issued.der("9a"), "certificate")
            check_equal(keycask_signature(daemon, "9a", DATA), signature, "signature")


main()
