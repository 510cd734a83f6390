# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another program writes to the card between our turns: real pcscd, and yubico-piv-tool."""
import os

from keycask_test import Card, Daemon, check, check_equal, eventually, main, scratch, skip_unless, test
from lifecycle import configure
from made_keys import MadeKey, file_with
from piv_tools import Pcscd
from prompt_scene import PINENTRY
from terminal import Terminal
from token_scene import DEFAULT_KEY, TokenScene, certificate_for, der_of, public_pem, unb64

FREE_CARD = "piv:9a=p256,firmware=5.7"


class SharedScene(TokenScene):
    """The card is in a reader of pcscd's, and other programs use it too."""

    def __init__(self, pcscd, profile=FREE_CARD, **settings):
        self.pcscd = pcscd
        self.daemon = configure(Daemon(details=True, providers="pcsc"), lease_ms=20, **settings)
        self.administrator = DEFAULT_KEY
        self.card = Card(profile)

    def insert(self, *faults):
        self.pcscd.put(self.card, *faults)
        self.token_id = self.watcher.expect("inserted")["token_id"]

    def only(self, item_class):
        """The reference of the only one, and what it holds."""
        (reference, item), = self.items(item_class).items()
        return reference, unb64(item.get("value_data", ""))

    def make_another_key(self):
        """By somebody else: its public half in PEM."""
        path = scratch() / "other.pub"
        self.pcscd.manage("-a", "generate", "-s", "9a", "-A", "ECCP256", "-o", path)
        return path.read_bytes()

    def put_another_certificate(self, pem):
        """By somebody else, in the place of what is there: its DER."""
        self.pcscd.manage("-a", "import-certificate", "-s", "9a", "-i", file_with(pem))
        return der_of(pem)

    def der_on_card(self):
        return der_of(self.pcscd.yubico("-a", "read-certificate", "-s", "9a"))


@test
def another_certificate_is_not_deleted():
    with Pcscd() as pcscd, SharedScene(pcscd) as scene:
        reference, before = scene.only("certificate")
        other = scene.put_another_certificate(MadeKey("P-256").certificate())
        check(other != before, "the same certificate")
        record = scene.delete(reference, "item_not_found")
        check("another certificate is in the place" in record["message"], record)
        check("another program has written" in record["hint"], record)
        check_equal(scene.der_on_card(), other, "the certificate on the card")
        eventually(lambda: scene.data() == {other}, "it is listed, and nobody pulls the card")
        reference, _ = scene.only("certificate")
        scene.delete(reference)
        check_equal(scene.data(), set(), "certificates")


@test
def another_key_is_not_deleted():
    with Pcscd() as pcscd, SharedScene(pcscd) as scene:
        reference, _ = scene.only("key")
        made = scene.make_another_key()
        record = scene.delete(reference, "item_not_found")
        check("another key is in the place" in record["message"], record)
        eventually(lambda: scene.only("key")[0] != reference, "another key is listed")
        other, _ = scene.only("key")
        check_equal(public_pem(scene, other), made, "the key that is listed")
        scene.delete(other)
        check_equal(scene.items("key"), {}, "keys")
        scene.delete(other, "item_not_found")


@test
def what_is_gone_is_not_deleted_again():
    with Pcscd() as pcscd, SharedScene(pcscd) as scene:
        reference, _ = scene.only("certificate")
        pcscd.manage("-a", "delete-certificate", "-s", "9a")
        record = scene.delete(reference, "item_not_found")
        check("the certificate that was to be deleted is gone" in record["message"], record)
        eventually(lambda: not scene.data(), "it is not listed")


@test
def a_certificate_belongs_to_the_key_that_is_there_now():
    with Pcscd() as pcscd, SharedScene(pcscd) as scene:
        old, _ = scene.only("key")
        of_old_key = certificate_for(public_pem(scene, old))
        made = scene.make_another_key()
        record = scene.put(of_old_key, "9a", "param", may_replace=True)
        check("key in 9A of the card is not this certificate's" in record["message"], record)
        record = scene.put(of_old_key, None, "param", may_replace=True)
        check("no key that the card tells of" in record["message"], record)
        of_new_key = certificate_for(made)
        scene.put(of_new_key, "9a", may_replace=True)
        check_equal(scene.der_on_card(), of_new_key, "the certificate on the card")


@test
def somebody_is_quicker_than_whoever_is_asked():
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    with Pcscd() as pcscd, SharedScene(pcscd, pinentry=PINENTRY) as scene, Terminal() as terminal:
        reference, _ = scene.only("certificate")
        scene.connection.send("Tokens.DeleteObject", {"reference": reference,
                                                      "interaction": terminal.interaction()})
        terminal.read_until("\nManagement key (hexadecimal): ")
        other = scene.put_another_certificate(MadeKey("P-256").certificate())
        terminal.type(DEFAULT_KEY + "\n")
        reply = scene.connection.receive_raw()
        check(b"another certificate is in the place" in reply, reply)
        check_equal(scene.der_on_card(), other, "the certificate on the card")


main()
