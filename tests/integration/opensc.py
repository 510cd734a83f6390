# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenSC's tools on a PIV card: piv-tool for what an issuer does, pkcs11-tool for what a user does,
opensc-tool for what neither can.

Debian 12's piv-tool 0.23 has the card generate a key and fails to write its public key afterwards
(OpenSC issue 3156): the card is asked for it instead, by Yubico's GET METADATA. Its exit status
after writing an object is the number of bytes: what it did is seen on the card.
"""
from der import b64, children, unb64
from keycask_test import PIN, base_environment, check, openssl, run, scratch

MANAGEMENT_KEY = ":".join(["01:02:03:04:05:06:07:08"] * 3)
OBJECTS = {"5fc102": "3000", "5fc10c": "6060", "5fc10d": "1001"}  # tag: piv-tool's container ID


def colons(data):
    return ":".join(f"{byte:02X}" for byte in data)


def piv_tool(*arguments):
    """piv-tool after proving the management key, mutually."""
    key = scratch() / "management.key"
    key.write_text(MANAGEMENT_KEY)
    return run("piv-tool", "--admin", "M:9B:03", *arguments,
               env={**base_environment(), "PIV_EXT_AUTH_KEY": str(key)}, status=None)[0]


def send(*commands):
    """The last answer to commands in hexadecimal, sent by opensc-tool, without its status word."""
    words = [word for command in commands
             for word in ("--send-apdu", colons(bytes.fromhex(command)))]
    out = run("opensc-tool", "--card-driver", "default", *words)[0].decode()
    head, body = out.rsplit("Received ", 1)[1].split("\n", 1)
    check("SW1=0x90, SW2=0x00" in head, f"{commands[-1]}: {head}")
    return bytes.fromhex("".join(line[:47].replace(" ", "") for line in body.splitlines()))


def tlv(tag, value):
    """A record of BER-TLV."""
    size = len(value)
    length = bytes([size]) if size < 128 else bytes([0x82, size >> 8, size & 255])
    return bytes.fromhex(tag) + length + value


def public_key_of(slot, path):
    """Ask the card what key is in the slot, and write it as PEM."""
    metadata = dict(children(send("00A4040009A0000003080000100000", f"00F700{slot}00")))
    numbers = dict(children(metadata[4]))
    if 0x86 in numbers:
        curve = "prime256v1" if len(numbers[0x86]) == 65 else "secp384r1"
        text = f"asn1=SEQUENCE:k\n[k]\na=SEQUENCE:a\np=FORMAT:HEX,BITSTRING:{numbers[0x86].hex()}\n" \
               f"[a]\no=OID:id-ecPublicKey\nc=OID:{curve}\n"
    else:
        text = "asn1=SEQUENCE:k\n[k]\na=SEQUENCE:a\np=BITWRAP,SEQUENCE:r\n" \
               "[a]\no=OID:rsaEncryption\nn=NULL\n" \
               f"[r]\nn=INTEGER:0x{numbers[0x81].hex()}\ne=INTEGER:0x{numbers[0x82].hex()}\n"
    recipe = scratch() / "public.cnf"
    recipe.write_text(text)
    der = scratch() / "public.der"
    openssl("asn1parse", "-genconf", recipe, "-noout", "-out", der)
    path.write_bytes(openssl("pkey", "-pubin", "-inform", "DER", "-in", der))
    return path


# --- what a user does --------------------------------------------------------------------------


def sign(pcscd, label, object_id, mechanism, data, *options, pin=PIN):
    plain, signature = scratch() / "sign.in", scratch() / "sign.out"
    plain.write_bytes(data)
    pcscd.pkcs11(label, "--login", "--pin", pin, "--sign", "--id", object_id, "--mechanism",
                 mechanism, *options, "--input-file", plain, "--output-file", signature)
    return signature.read_bytes()


def decrypt(pcscd, label, object_id, mechanism, ciphertext, *options, pin=PIN):
    sealed, plain = scratch() / "decrypt.in", scratch() / "decrypt.out"
    sealed.write_bytes(ciphertext)
    pcscd.pkcs11(label, "--login", "--pin", pin, "--decrypt", "--id", object_id, "--mechanism",
                 mechanism, *options, "--input-file", sealed, "--output-file", plain)
    return plain.read_bytes()


def derive(pcscd, label, object_id, peer, pin=PIN):
    """The secret shared with the public key in a PEM file."""
    der, secret = scratch() / "peer.der", scratch() / "secret"
    der.write_bytes(openssl("pkey", "-pubin", "-in", peer, "-outform", "DER"))
    pcscd.pkcs11(label, "--login", "--pin", pin, "--derive", "--id", object_id, "--mechanism",
                 "ECDH1-DERIVE", "--input-file", der, "--output-file", secret)
    return secret.read_bytes()


# --- the same through keycask ------------------------------------------------------------------


def point_of(peer):
    """The point 04 X Y in a PEM file's public key: what follows the header of its BIT STRING."""
    der = openssl("pkey", "-pubin", "-in", peer, "-outform", "DER")
    return children(children(der)[0][1])[1][1][1:]


def keycask_key(daemon, label):
    return next(item["persistent_ref"] for item in daemon.cli("list")
                if item["class"] == "key" and item["label"] == label)


def keycask_decrypt(daemon, label, algorithm, ciphertext, pin=PIN):
    answer = daemon.call("Keys.Decrypt", {"key": keycask_key(daemon, label), "pin": pin,
                                          "algorithm": algorithm, "data": b64(ciphertext)})
    return unb64(answer["plaintext"])


def keycask_derive(daemon, label, peer, pin=PIN):
    answer = daemon.call("Keys.Exchange", {"key": keycask_key(daemon, label), "pin": pin,
                                           "algorithm": "ecdh_key_exchange_standard",
                                           "public_key": b64(point_of(peer))})
    return unb64(answer["secret"])
