# SPDX-License-Identifier: LGPL-2.1-or-later
"""What keycask writes to a card is read by others: certificates and keys on PIV cards by yubico-piv-tool
and OpenSC, on OpenPGP cards by GnuPG. And what they delete is gone for keycask."""
import json
import re

import opensc
from keycask_test import PIN, check, check_equal, eventually, main, scratch, test
from made_keys import MadeKey
from openpgp_tools import Gpg
from piv_tools import Pcscd, verify
from token_scene import ADMIN_PIN, TokenScene, certificate_for, der_of, public_pem

DATA = b"written by one, used by others\n"
OPENSC = {"9a": ("01", "ECDSA-SHA256", "--signature-format", "openssl"),
          "9c": ("02", "SHA256-RSA-PKCS")}


def write_piv(scene):
    """A key that the card makes in 9A, one that is brought to 9C, and their certificates."""
    made = scene.create(token_object="9a", key_type="ec")
    brought = MadeKey("rsa2048")
    scene.bring(brought.private, token_object="9c", key_class="private", key_type="rsa")
    keys = {"9a": public_pem(scene, made["key"]), "9c": brought.public_path.read_bytes()}
    ders = {"9a": certificate_for(keys["9a"], "made there"),
            "9c": der_of(brought.certificate("brought"))}
    for der in ders.values():
        scene.put(der)
    paths = {}
    for slot, pem in keys.items():
        paths[slot] = scratch() / f"{slot}.pub"
        paths[slot].write_bytes(pem)
    return paths, ders


@test
def what_keycask_writes_to_a_piv_card_others_read():
    with Pcscd() as pcscd, TokenScene("piv:none") as scene:
        keys, ders = write_piv(scene)
        scene.card.pull()
        scene.leave()
        pcscd.insert(scene.card)
        status = pcscd.yubico("-a", "status").decode()
        check("made there" in status and "brought" in status, status)
        for slot, der in ders.items():
            read = pcscd.yubico("-a", "read-certificate", "-s", slot)
            check_equal(der_of(read), der, f"the certificate in {slot}")
            object_id, mechanism, *options = OPENSC[slot]
            signature = opensc.sign(pcscd, "made there", object_id, mechanism, DATA, *options, pin=PIN)
            verify(keys[slot], signature, DATA)
        pcscd.manage("-a", "delete-certificate", "-s", "9a")
        pcscd.pull()
        scene.insert()
        eventually(lambda: scene.data() == {ders["9c"]}, "the card is read anew")


def data_lines(said):
    """What gpg-connect-agent --hex has shown of the data, in which %, CR and LF are escaped."""
    rows = re.findall(r"(?m)^D\[[0-9A-F]+\]  ((?:[0-9A-F]{2} ? )+)", said)
    shown = bytes(int(digits, 16) for row in rows for digits in row.split())
    return re.sub(rb"%([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), shown)


@test
def what_keycask_brings_to_an_openpgp_card_gnupg_sees():
    kinds = [("sign", "ed25519"), ("decrypt", "x25519"), ("authenticate", "P-256")]
    with Pcscd() as pcscd, Gpg() as gpg, TokenScene("openpgp:none", ADMIN_PIN) as scene:
        made = {}
        for place, kind in kinds:
            made[place] = MadeKey(kind)
            scene.bring(made[place].private, token_object=place, key_class="private",
                        key_type=made[place].type)
        der = der_of(made["authenticate"].certificate())
        scene.put(der)
        scene.card.pull()
        scene.leave()
        kept = json.loads(scene.card.file.read_text())["openpgp"]["keys"]
        gpg.insert(pcscd, scene.card)
        status = gpg.status()
        check_equal([text.lower() for text in status["fpr"][:3]],
                    [key["fingerprint"] for key in kept], "fingerprints")
        said = gpg.agent("SCD SERIALNO openpgp", "SCD READKEY OPENPGP.1", "SCD READCERT OPENPGP.3")
        check("ERR" not in said and said.count("OK") >= 3, said)
        check(der in data_lines(said), said)


main()
