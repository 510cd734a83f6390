# SPDX-License-Identifier: LGPL-2.1-or-later
"""clients/python against the real daemon: items, keys, tokens, what it repeats and what never, and
each failure with its words. TLS is in test_python_tls.py."""
import array
import asyncio
import datetime
import fcntl
import json
import os
import re
import socket
import threading

from keycask_test import (PIN, SOURCE, check, check_equal, check_raises, eventually, main, openssl,
                          pathlib, run, scratch, test)
from made_keys import MadeKey
from pin_scene import configure
from python_client import (EC, RSA, Card, Daemon, add_identity, agreeing_person, idle_person,
                           judge, keycask, live_in)

DATA = b"signed from Python"
PROFILE = "piv:9a=p256"


def fails(kind, call, *arguments, **options):
    """The exception, of exactly that class: the status of the daemon's answer."""
    error = check_raises(kind, call, *arguments, **options)
    check_equal(type(error), kind, "class of the error")
    return error


# --- values --------------------------------------------------------------------------------------


@test
def errors_and_attributes_are_those_of_the_tree():
    numbers = dict(re.findall(r"KC_ERR_(\w+) = (-\d+)",
                              (SOURCE / "include/keycask/status.h").read_text()))
    above = {name.lower(): int(number) for name, number in numbers.items()
             if not -70009 <= int(number) <= -70001}
    ours = {kind.name: kind.status for kind in keycask.Error.__subclasses__()
            if kind.__module__ == "keycask.errors"}
    check_equal(ours, above, "statuses")
    values = __import__("keycask.values").values
    names = re.findall(r'\{"(\w+)", (?:VOCABULARY_KIND_\w+, )?VOCABULARY_(DATA|DATE)',
                       (SOURCE / "src/codec/vocabulary.c").read_text())
    check_equal(values.DATA, {name for name, kind in names if kind == "DATA"}, "data")
    check_equal(values.DATES, {name for name, kind in names if kind == "DATE"}, "dates")


@test
def items_are_added_found_changed_and_deleted():
    with Daemon() as daemon, keycask.Client(daemon.socket) as client:
        item = client.add(class_="generic_password", service="mail", account="jo",
                          value_data="geheim", generic=b"\0\xff", return_attributes=True,
                          return_persistent_ref=True)
        check_equal((item["generic"], item["account"]), (b"\0\xff", "jo"), "attributes")
        check(datetime.datetime.now(datetime.timezone.utc) - item["creation_date"]
              < datetime.timedelta(minutes=5), f"created {item['creation_date']}")
        check(client.add({"class": "generic_password", "service": "mail", "account": "al"}) is None,
              "nothing was asked for")
        fails(keycask.DuplicateItem, client.add, class_="generic_password", service="mail",
              account="jo")
        check_equal(sorted(one["account"] for one in client.find("generic_password")), ["al", "jo"],
                    "accounts")
        check_equal(client.find("generic_password", creation_date=item["creation_date"])[0]
                    ["account"], "jo", "who was created then")
        client.update({"class": "generic_password", "account": "jo"}, {"value_data": b"neu"})
        (found,) = client.copy_matching(value_persistent_ref=item["value_persistent_ref"],
                                        return_data=True)
        check_equal(found["value_data"], b"neu", "value")
        client.delete(class_="generic_password", service="mail")
        check_equal(client.find("generic_password"), [], "what is left")
        fails(keycask.ItemNotFound, client.copy_matching, class_="generic_password")
        error = fails(keycask.NoSuchAttr, client.copy_matching, class_="certificate", lable="x")
        check("lable" in str(error), f"what it says: {error}")
        fails(keycask.NoSuchClass, client.find, "passwort")


@test
def more_items_than_fit_into_a_reply_come_in_pages():
    with Daemon() as daemon, keycask.Client(daemon.socket) as client:
        for number in range(12):
            client.add(class_="generic_password", service=str(number), value_data=b"x" * 150_000)
        found = client.copy_matching(class_="generic_password", match_limit="all", return_data=True)
        check_equal([len(item["value_data"]) for item in found], [150_000] * 12, "values")
        error = fails(keycask.Param, client.add, class_="generic_password", service="large",
                      value_data=b"x" * 2_000_000)
        check("more than fits into a call" in str(error), str(error))


# --- keys ----------------------------------------------------------------------------------------


@test
def keys_on_a_card_sign_decrypt_and_agree():
    profile = "piv:9a=rsa2048,9c=p256,9d=p256,82=rsa2048"
    with Daemon() as daemon, Card(profile) as card, keycask.Client(daemon.socket) as client:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        check_equal([(token.token_id, token.state) for token in client.tokens()],
                    [(token_id, "present")], "tokens")
        check_equal(client.token(token_id).driver, "org.keycask.piv", "driver")
        rsa, signing, agreeing, decrypting = map(client.identity, client.find("identity"))
        check_equal((rsa.token_id, rsa.key_type, rsa.key_size_in_bits), (token_id, "rsa", 2048),
                    "the identity")
        signature = rsa.sign(RSA, DATA, pin=PIN)
        judge(rsa.certificate, DATA, signature, "-sigopt", "rsa_padding_mode:pss")
        check(rsa.key.verify(RSA, DATA, signature), "it verifies its own")
        check(not rsa.key.verify(RSA, DATA + b"!", signature), "but not of something else")
        judge(signing.certificate, DATA, signing.sign(EC, DATA, pin=PIN.encode()))
        secret = decrypting.key.encrypt("rsa_encryption_oaep_sha256", b"secret")
        check_equal(decrypting.key.decrypt("rsa_encryption_oaep_sha256", secret), b"secret",
                    "what was encrypted")
        public = agreeing.key.copy_public()
        check_equal((public.key_type, public.size_in_bits, public.data[0]), ("ec", 256, 4),
                    "the public key")
        other, _ = add_identity(client, "P-256", "other")
        shared = [one.exchange("ecdh_key_exchange_standard_x963_sha256", two.copy_public().data,
                               requested_size=20, shared_info=b"both")
                  for one, two in ((agreeing.key, other.key), (other.key, agreeing.key))]
        check_equal((shared[0], len(shared[0])), (shared[1], 20), "shared secret")
        check(rsa.key.is_algorithm_supported("sign", RSA), "supported")
        check(not rsa.key.is_algorithm_supported("sign", EC), "not supported")
        fails(keycask.Unimplemented, rsa.key.copy_external_representation)


@test
def keys_are_made_and_brought_along():
    with Daemon() as daemon, keycask.Client(daemon.socket) as client:
        kept = client.create_key("ec", 256, label="letters", is_permanent=True,
                                 private_key_attributes={"application_tag": b"\0tag"})
        signature = kept.private_key.sign(EC, DATA)
        (item,) = client.find("key", label="letters")
        check_equal((item["application_tag"], client.key(item)), (b"\0tag", kept.private_key),
                    "tag and key")
        with keycask.Client(daemon.socket) as other:
            check(other.key(kept.public_key).verify(EC, DATA, signature), "verified elsewhere")
        passing, made = client.create_key("rsa", 2048).private_key, MadeKey("P-256")
        brought = client.import_key(made.pem)
        check_equal(brought.copy_public().data, made.public, "the public key of what was brought")
        for key, algorithm in ((passing, RSA), (brought, EC)):
            key.sign(algorithm, DATA)
        client.close()
        error = fails(keycask.ItemNotFound, passing.sign, RSA, DATA)
        check("ends with the connection" in error.hint, error.hint)
        fails(keycask.KeySizeNotAllowed, client.create_key, "ec", 255)
        fails(keycask.Decode, client.import_key, b"0\x03no key", key_type="rsa",
              key_class="private")


@test
def a_card_makes_a_key_when_its_administrator_says_so():
    key = "010203040506070801020304050607080102030405060708"
    with Daemon() as daemon, Card("piv:9c=p256") as card, keycask.Client(daemon.socket) as client:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        fails(keycask.AuthFailed, client.create_key, "ec", 256, token_id=token_id, ui="fail",
              token_object="9a", administrator="00" * 24)
        fails(keycask.InteractionNotAllowed, client.create_key, "ec", 256, token_id=token_id,
              token_object="9a", ui="fail")
        made = client.create_key("ec", 256, token_id=token_id, token_object="9a", administrator=key)
        check(made.public_key.verify(EC, DATA, made.private_key.sign(EC, DATA, pin=PIN)), "it")
        fails(keycask.DuplicateItem, client.create_key, "ec", 256, token_id=token_id,
              token_object="9a", administrator=key)


@test
def what_a_cards_administrator_writes_and_deletes():
    key = "010203040506070801020304050607080102030405060708"
    with Daemon() as daemon, Card("piv:9c=p256,firmware=5.7") as card, \
            keycask.Client(daemon.socket) as client:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        made = MadeKey("P-256")
        der = openssl("x509", "-outform", "DER", input=made.certificate())
        fails(keycask.Param, client.put_certificate, token_id, der, administrator=key)
        sealed = openssl("pkcs8", "-topk8", "-in", made.path, "-passout", "pass:secret")
        brought = client.import_key(sealed, passphrase="secret", token_id=token_id,
                                    token_object="9a", administrator=key)
        check(brought.verify(EC, DATA, brought.sign(EC, DATA, pin=PIN)), "it")
        reference = client.put_certificate(token_id, der, administrator=key)
        fails(keycask.DuplicateItem, client.put_certificate, token_id, der, token_object="9c",
              may_mismatch=True, administrator=key)
        fails(keycask.AuthFailed, client.delete_object, reference, administrator="00" * 24,
              ui="fail")
        client.delete_object(reference, administrator=key)
        fails(keycask.ItemNotFound, client.delete_object, reference, administrator=key)
        client.delete_object(brought, administrator=key)
        check_equal(len(client.find("key", token_id=token_id)), 1, "keys")


@test
def a_function_for_pins_leaves_the_person_what_is_theirs():
    """A key of the keychain that wants somebody to agree is no matter of PINs."""
    daemon = configure(Daemon(DISPLAY=":99"), pinentry=str(agreeing_person()))
    with daemon:
        live_in(daemon)
        made = MadeKey("P-256")
        control = {"accessible": "when_unlocked", "flags": ["user_presence", "private_key_usage"]}
        item = keycask.add(class_="key", key_class="private", key_type="ec", access_control=control,
                           value_data=made.private, return_persistent_ref=True)
        key = keycask.key(item)
        asked = []
        fails(keycask.InteractionNotAllowed, key.sign, EC, DATA, pin=asked.append, ui="fail")
        check(key.verify(EC, DATA, key.sign(EC, DATA, pin=asked.append)), "it")
        check_equal(asked, [], "PINs that were asked for")


@test
def a_pin_comes_from_a_function_as_often_as_it_takes():
    with Daemon() as daemon, Card(PROFILE) as card, keycask.Client(daemon.socket) as client:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        identity = client.identity(client.find("identity")[0])
        asked = []

        def ask(request):
            asked.append((request.token_id, request.tries_left, request.is_repeated))
            return ["000000", PIN][len(asked) - 1]

        judge(identity.certificate, DATA, identity.sign(EC, DATA, pin=ask))
        check_equal([asked[0][0], asked[0][2], asked[1]], [token_id, False, (token_id, 2, True)],
                    "what was asked")
        identity.sign(EC, DATA, pin=ask)
        check_equal(len(asked), 2, "the PIN serves this client")
        client.close()
        error = fails(keycask.UserCanceled, identity.sign, EC, DATA, pin=lambda request: None)
        check_equal((str(error), error.token_id), ("no PIN was given", token_id), "error")
        client.verify_pin(token_id, PIN)
        identity.sign(EC, DATA, ui="fail")


@test
def each_failure_of_a_card_has_its_class():
    with Daemon() as daemon, Card(PROFILE) as card, keycask.Client(daemon.socket) as client:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        key = client.key(client.find("identity")[0])
        error = fails(keycask.InteractionNotAllowed, key.sign, EC, DATA, ui="fail")
        check(error.hint, f"no hint: {error}")
        error = fails(keycask.AuthFailed, key.sign, EC, DATA, pin="654321")
        check_equal((error.status, error.tries_left, error.token_id), (-25293, 2, token_id),
                    "a wrong PIN")
        fails(keycask.AuthFailed, key.sign, EC, DATA, pin="654321")
        error = fails(keycask.InteractionNotAllowed, key.sign, EC, DATA, pin="654321")
        check("one try is left" in str(error), str(error))
        error = fails(keycask.PinBlocked, key.sign, EC, DATA, pin="654321", last_try=True)
        fails(keycask.PinBlocked, key.sign, EC, DATA, pin=PIN)
        fails(keycask.Param, key.sign, "ecdsa_signature_message_x962_sha257", DATA, pin=PIN)
        fails(keycask.Param, key.sign, EC, DATA, ui="maybe")
        fails(keycask.Param, key.sign, EC, DATA, pin=b"1" * 5000)
        check_raises(TypeError, key.sign, EC, DATA, pni=PIN)
        check_raises(TypeError, client.key, {"label": "without a reference"})
        card.pull()
        daemon.wait_for_removal()
        error = fails(keycask.ItemNotFound, key.sign, EC, DATA, pin=PIN)
        check_equal((error.token_id, "not" in str(error)), (token_id, True), f"error {error}")


@test
def a_call_is_cancelled_or_runs_out_of_time():
    pinentry = idle_person()
    daemon = configure(Daemon(DISPLAY=":99"), pinentry=str(pinentry))
    asked = pathlib.Path(f"{pinentry}.asked")
    with daemon, Card(PROFILE) as card:
        live_in(daemon)
        card.insert(daemon)
        daemon.wait_for_token()
        client = keycask.default_client
        key = keycask.key(keycask.find("identity")[0])

        def cancel():
            eventually(asked.exists, "the person is asked")
            client.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        error = fails(keycask.UserCanceled, key.sign, EC, DATA)
        check_equal(str(error), "the program has cancelled this call", "error")
        canceller.join()
        eventually(lambda: "pinentry" not in daemon.children().values(), "the dialogue has ended")
        error = fails(keycask.NotAvailable, key.sign, EC, DATA, timeout=0.2)
        check_equal(str(error), "the daemon did not answer within 0.2 s", "error")
        judge(keycask.identity(key).certificate, DATA, key.sign(EC, DATA, pin=PIN))


@test
def an_identity_is_chosen_or_it_is_said_why_not():
    with Daemon() as daemon, Card("piv:9a=p256") as card, keycask.Client(daemon.socket) as client:
        error = fails(keycask.ItemNotFound, client.choose, "tls-client")
        check_equal((str(error), error.hint), ("no identity fits tls-client",
                                               "insert a card, or add an identity"), "error")
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        add_identity(client, "rsa2048", "kept")
        found = {one.label: one for one in client.choose_all("tls-client").identities}
        check_equal((found["kept"].token_id, found["kept"].pin_needed), (None, False), "kept")
        on_card = found["Certificate For PIV Authentication"]
        check_equal((on_card.token_id, on_card.pin_needed), (token_id, True), "on the card")
        for one in found.values():
            judge(one.certificate, DATA, one.sign(EC if one.key_type == "ec" else
                                                  "rsa_signature_message_pkcs1v15_sha256", DATA,
                                                  pin=PIN))
            check(one.not_valid_before < datetime.datetime.now(datetime.timezone.utc)
                  < one.not_valid_after and one.algorithms, f"{one}")
        choice = client.choose_all("tls-client", key_types=["rsa"])
        check_equal([one.label for one in choice.identities], ["kept"], "RSA identities")
        check_equal([(one.label, one.codes) for one in choice.left_out],
                    [("Certificate For PIV Authentication", ["key_type"])], "left out")
        error = fails(keycask.ItemNotFound, client.choose, "login", key_types=["ed25519"])
        check(error.hint and "key" in error.hint, error.hint)
        fails(keycask.ItemNotFound, client.choose, "tls-client", issuers=[b"\x30\x00"])
        fails(keycask.Param, client.choose, "dancing")


# --- the connection ------------------------------------------------------------------------------


class LosingDaemon:
    """Reads one call from each connection and closes it, until it is to answer."""

    def __init__(self, n_lost, answer):
        self.path = scratch() / "losing.sock"
        self.calls = []
        self.n_closed = 0
        self.descriptors = array.array("i")
        self.n_lost, self.answer = n_lost, answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            with peer:
                text = b""
                while b"\0" not in text:
                    data, rights, _, _ = peer.recvmsg(65536, socket.CMSG_SPACE(4))
                    text += data
                    for _, _, fds in rights:
                        self.descriptors.frombytes(fds)
                self.calls.append(json.loads(text[:-1]))
                if len(self.calls) > self.n_lost:
                    peer.sendall(self.answer + b"\0")
            self.n_closed += 1


@test
def what_reads_is_repeated_and_a_signature_never():
    daemon = LosingDaemon(1, b'{"parameters": {"tokens": []}}')
    client = keycask.Client(daemon.path)
    check_equal(client.tokens(), [], "tokens")
    check_equal(len(daemon.calls), 2, "calls")
    # a call on a connection that is about to be closed would be lost without being read
    eventually(lambda: daemon.n_closed == 2, "the connection to be closed")
    daemon.n_lost = 10
    error = fails(keycask.NotAvailable, client.key(b"a key").sign, EC, DATA, pin=PIN)
    check_equal((str(error), error.hint), (
        "the daemon was lost before it answered: it may have done what it was asked, or not",
        "look, then repeat"), "error")
    check_equal(len(daemon.calls), 3, "calls")
    eventually(lambda: daemon.n_closed == 3, "the connection to be closed")
    fails(keycask.NotAvailable, client.delete, class_="key")
    check_equal(len(daemon.calls), 4, "calls")


@test
def a_pin_travels_in_sealed_memory():
    daemon = LosingDaemon(0, b'{"parameters": {"signature": "AAE="}}')
    check_equal(keycask.Client(daemon.path).key(b"a key").sign(EC, DATA, pin=PIN), b"\0\1", "it")
    check(PIN not in json.dumps(daemon.calls), f"the PIN is in {daemon.calls}")
    (descriptor,) = daemon.descriptors
    check_equal(os.read(descriptor, 100), PIN.encode(), "what the descriptor holds")
    check_equal(fcntl.fcntl(descriptor, fcntl.F_GET_SEALS), 15, "seals")


@test
def replies_that_are_none_are_told():
    daemon = LosingDaemon(0, b'["no object"]')
    error = check_raises(keycask.NotAvailable, keycask.Client(daemon.path).tokens)
    check_equal(str(error), "the daemon has sent something that is no reply", "error")
    daemon.answer = (b'{"error": "org.varlink.service.MethodNotFound", '
                     b'"parameters": {"method": "a.B"}}')
    error = fails(keycask.Unimplemented, keycask.Client(daemon.path).tokens)
    check_equal(str(error), "the daemon has no method a.B", "error")
    daemon.answer = b'{"error": "org.example.Odd"}'
    error = fails(keycask.Internal, keycask.Client(daemon.path).tokens)
    check_equal(str(error), "the daemon answered org.example.Odd", "error")


@test
def the_daemon_is_started_when_it_may_be():
    daemon = Daemon()
    live_in(daemon)
    os.environ["KEYCASK_AUTOSTART"] = "0"
    error = fails(keycask.NotAvailable, keycask.tokens)
    check_equal(error.hint, "start the daemon: keycask daemon start", "hint")
    check(str(error).startswith(f"cannot connect to {daemon.socket}: "), str(error))
    del os.environ["KEYCASK_AUTOSTART"]
    path = os.environ["PATH"]
    os.environ["PATH"] = str(scratch())
    error = fails(keycask.NotAvailable, keycask.tokens)
    check("no keycask in PATH" in str(error), str(error))
    pathlib.Path(scratch(), "keycask").write_text("#!/bin/sh\necho the reason >&2\nexit 1\n")
    pathlib.Path(scratch(), "keycask").chmod(0o700)
    error = fails(keycask.NotAvailable, keycask.tokens)
    check_equal(str(error), "the daemon did not start: the reason", "error")
    os.environ["PATH"] = path
    fails(keycask.NotAvailable, keycask.Client(scratch() / "elsewhere").tokens)
    check_equal(keycask.tokens(), [], "tokens of the daemon that was started")
    run("keycask", "daemon", "stop", env=daemon.env)


@test
def a_folder_that_others_can_write_is_not_trusted():
    live_in(Daemon(KEYCASK_AUTOSTART="0"))
    del os.environ["KEYCASK_SOCKET"]
    folder = pathlib.Path(os.environ["XDG_RUNTIME_DIR"], "keycask")
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    error = fails(keycask.NotAvailable, keycask.tokens)
    check_equal((str(error), error.hint), (f"{folder} is no folder of this user alone",
                                           "make it one: mkdir -m 700"), "error")


@test
def a_restart_of_the_daemon_goes_unnoticed():
    with Daemon() as daemon, Card(PROFILE) as card, keycask.Client(daemon.socket) as client:
        identity, _ = add_identity(client, "P-256", "kept")
        card.insert(daemon)
        with client.watch() as watch:
            event = watch.next(20)
            check_equal((event.event, event.driver), ("inserted", "org.keycask.piv"), "event")
            check_equal(watch.next(0), None, "further news")
            daemon.kill()
            card.rip()
            check_equal(watch.next(20).event, "removed", "event")
            daemon.start()
            judge(identity.certificate, DATA, identity.sign(EC, DATA))
            check_equal(len(client.find("identity")), 1, "identities")
            card.insert(daemon)
            check_equal(next(watch), event, "event")
            card.pull()
            check_equal(next(watch).event, "removed", "event")
            threading.Timer(0.05, watch.close).start()
            check_equal(list(watch), [], "after close()")


@test
def children_of_fork_have_connections_of_their_own():
    with Daemon() as daemon, Card(PROFILE) as card, keycask.Client(daemon.socket) as client:
        card.insert(daemon)
        daemon.wait_for_token()
        items = client.find("identity")
        identity, key = client.identity(items[0]), client.key(items[0])
        software, _ = add_identity(client, "P-256", "kept")
        key.sign(EC, DATA, pin=PIN)
        stop = threading.Event()

        def keep_busy():
            while not stop.is_set():
                judge(software.certificate, DATA, software.sign(EC, DATA))

        busy = [threading.Thread(target=keep_busy) for _ in range(2)]
        for thread in busy:
            thread.start()
        children = []
        for _ in range(3):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    fails(keycask.InteractionNotAllowed, key.sign, EC, DATA, ui="fail")
                    judge(software.certificate, DATA, software.sign(EC, DATA))
                    status = 0
                finally:
                    os._exit(status)
            children.append(child)
        for child in children:
            check_equal(os.waitpid(child, 0)[1], 0, "the child's end")
        stop.set()
        for thread in busy:
            thread.join()
        judge(identity.certificate, DATA, key.sign(EC, DATA, ui="fail"))


# --- asyncio -------------------------------------------------------------------------------------


@test
def asyncio_lists_watches_signs_and_cancels():
    import keycask.aio as aio  # pylint: disable=import-outside-toplevel
    pinentry = idle_person()
    daemon = configure(Daemon(DISPLAY=":99"), pinentry=str(pinentry))
    asked = pathlib.Path(f"{pinentry}.asked")

    async def play(card):
        check_equal(await aio.tokens(), [], "tokens")
        card.insert(daemon)
        async for event in aio.watch():
            check_equal(event.event, "inserted", "event")
            break
        identity = await aio.run(keycask.Client().identity, (await aio.find("identity"))[0])
        client = aio.Client()
        key = client.client.key(identity)
        task = asyncio.ensure_future(client.run(key.sign, EC, DATA))
        while not asked.exists():
            await asyncio.sleep(0.01)
        task.cancel()
        try:
            await task
            check(False, "a cancelled task has ended well")
        except asyncio.CancelledError:
            pass
        judge(identity.certificate, DATA, await client.run(key.sign, EC, DATA, pin=PIN))

    with daemon, Card(PROFILE) as card:
        live_in(daemon)
        asyncio.run(play(card))


if __name__ == "__main__":
    main()
