# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS from clients/python: Python's own ssl with keys that never leave the card or the keychain,
against openssl s_server and Python's server, and what is told when a signature cannot be had."""
import asyncio
import contextlib
import dataclasses
import gc
import http.client
import re
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request

from keycask_test import (PIN, base_environment, check, check_equal, check_raises, main, test)
from python_client import (Card, Daemon, MadeAuthority, MadeKey, add_identity, file_with, keycask)

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
PARTIAL_CHAIN = 0x80000  # ssl.VERIFY_X509_PARTIAL_CHAIN, from Python 3.10 on


class World:
    """A server's certificate and those who may come in: a daemon, a card, identities on both."""

    def __init__(self, profile="piv:9a=rsa2048,9e=p256"):
        self.daemon = Daemon()
        self.card = Card(profile)
        self.client = keycask.Client(self.daemon.socket)
        self.authority = None
        self.key = self.certificate = self.guests = None
        self.identities = []

    def __enter__(self):
        self.daemon.__enter__()
        self.card.insert(self.daemon)
        self.daemon.wait_for_token()
        self.authority = MadeAuthority("Servers")
        self.key = MadeKey("P-256")
        self.certificate = file_with(self.authority.issue(
            self.key, "localhost", "subjectAltName=DNS:localhost"))
        self.identities = [self.client.identity(item) for item in self.client.find("identity")]
        self.identities += [add_identity(self.client, kind, kind)[0]
                            for kind in ("rsa2048", "P-384")]
        self.guests = file_with("".join(one.pem for one in self.identities).encode())
        return self

    def __exit__(self, kind, *_):
        self.client.close()
        self.card.__exit__(kind)
        self.daemon.__exit__(kind)

    def context(self, identity=None, version=None, **options):
        """A client's, that knows the servers and has the identity."""
        context = ssl.create_default_context(cafile=str(self.authority.certificate_path))
        if version:
            context.minimum_version = context.maximum_version = version
        if identity:
            keycask.load_identity(context, identity, **{"pin": PIN, "ui": "fail", **options})
        return context

    def server_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key.path)
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= PARTIAL_CHAIN
        context.load_verify_locations(self.guests)
        return context


class Server:
    """Lets guests in one after the other, greets each with "hello", remembers its certificate."""

    def __init__(self, context):
        self.context = context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.guests = []
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def _serve(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            with raw, contextlib.suppress(OSError):
                with self.context.wrap_socket(raw, server_side=True) as guest:
                    self.guests.append((guest.getpeercert(True), guest.version()))
                    guest.sendall(b"hello")

    def visit(self, context):
        """A connection by that context: what it is greeted with."""
        with socket.create_connection(("127.0.0.1", self.port)) as raw:
            with context.wrap_socket(raw, server_hostname="localhost") as connection:
                return connection.recv(5)


@contextlib.contextmanager
def s_server(world, *arguments):
    """openssl s_server, which shows a page about the connection to whom it lets in: its port."""
    process = subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", str(world.certificate), "-key",
         str(world.key.path), "-Verify", "1", "-verify_return_error", "-partial_chain", "-CAfile",
         str(world.guests), "-www", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=base_environment())
    try:
        for line in process.stdout:
            found = re.match(r"ACCEPT .*:(\d+)$", line)
            if found:
                break
        yield int(found[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# --- it works ------------------------------------------------------------------------------------


@test
def every_kind_of_key_proves_who_we_are():
    with World() as world, Server(world.server_context()) as server:
        seen = []
        for identity in world.identities:
            for version, name in ((TLS12, "TLSv1.2"), (TLS13, "TLSv1.3")):
                check_equal(server.visit(world.context(identity, version)), b"hello",
                            f"{identity.label} by {name}")
                seen.append((identity.certificate, name))
        check_equal(server.guests, seen, "who came")
        check_equal({(one.key_type, one.token_id is None) for one in world.identities},
                    {("rsa", False), ("ec", False), ("rsa", True), ("ec", True)}, "kinds of keys")


@test
def urllib_and_http_client_visit_openssl():
    with World() as world:
        for version, name in ((TLS12, "TLSv1.2"), (TLS13, "TLSv1.3")):
            with s_server(world) as port:
                for identity in world.identities:
                    context = world.context(identity, version)
                    page = urllib.request.urlopen(f"https://localhost:{port}/",
                                                  context=context).read().decode()
                    check(name in page and "Client certificate" in page, page)
                    visit = http.client.HTTPSConnection("localhost", port, context=context)
                    visit.request("GET", "/")
                    check_equal(visit.getresponse().status, 200, "status")
                    visit.close()
                check_raises(OSError, urllib.request.urlopen, f"https://localhost:{port}/",
                             context=world.context(version=TLS12))


@test
def each_hash_and_padding_that_openssl_asks_for():
    with World() as world:
        algorithms = {"rsa": ["RSA+SHA256", "RSA+SHA512", "rsa_pss_rsae_sha256",
                              "rsa_pss_rsae_sha384"], "ec": ["ECDSA+SHA256", "ECDSA+SHA512"]}
        for identity in world.identities[:2]:
            for algorithm in algorithms[identity.key_type]:
                with s_server(world, "-client_sigalgs", algorithm) as port:
                    context = world.context(identity, TLS12)
                    with urllib.request.urlopen(f"https://localhost:{port}/",
                                                context=context) as page:
                        check_equal(page.status, 200, algorithm)


@test
def a_chain_is_shown_with_the_certificate():
    with World() as world:
        root = MadeAuthority("Root")
        middle = MadeAuthority("Middle", issuer=root)
        identity, _ = add_identity(world.client, "P-256", "below", issuer=middle)
        identity = dataclasses.replace(identity, chain=(middle.der,))
        world.guests = root.certificate_path
        server_context = world.server_context()
        with Server(server_context) as server:
            check_equal(server.visit(world.context(identity, TLS12)), b"hello", "with its chain")
            bare = dataclasses.replace(identity, chain=())
            check_raises(ssl.SSLError, server.visit, world.context(bare, TLS12))


@test
def a_server_has_its_key_in_the_keychain_too():
    with World() as world:
        identity, _ = add_identity(world.client, "rsa2048", "localhost", issuer=world.authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        keycask.load_identity(context, identity)
        client = world.context()
        client.check_hostname = False
        with Server(context) as server:
            for version in (TLS12, TLS13):
                client.minimum_version = client.maximum_version = version
                check_equal(server.visit(client), b"hello", f"by {version}")


@test
def contexts_outlive_a_restart_of_the_daemon_and_serve_many_threads():
    with World() as world, Server(world.server_context()) as server:
        contexts = [world.context(identity) for identity in world.identities]
        world.daemon.kill()
        world.card.rip()
        world.daemon.start()
        world.card.insert(world.daemon)
        world.daemon.wait_for_token()
        greetings = []
        threads = [threading.Thread(target=lambda context=context:
                                    greetings.append(server.visit(context)))
                   for context in contexts * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check_equal(greetings, [b"hello"] * len(threads), "greetings")


@test
def nothing_is_left_of_a_context():
    with World() as world, Server(world.server_context()) as server:
        signers = keycask.tls._signers  # pylint: disable=protected-access
        for _ in range(5):
            server.visit(world.context(world.identities[2]))
        gc.collect()
        check_equal(signers, {}, "signers without a context")


# --- it does not ---------------------------------------------------------------------------------


@test
def a_signature_that_cannot_be_had_is_told():
    with World() as world, Server(world.server_context()) as server:
        card, software = world.identities[0], world.identities[2]
        for version in (TLS12, TLS13):
            error = check_raises(keycask.AuthFailed, server.visit,
                                 world.context(card, version, pin="654321"))
            check(isinstance(error, ssl.SSLError) and error.tries_left is not None
                  and "PIN" in str(error), f"{error!r}")
            world.client.verify_pin(card.token_id, PIN)
            world.client.close()
            error = check_raises(keycask.UserCanceled, server.visit,
                                 world.context(card, version, pin=lambda request: None))
            check_equal(str(error), "no PIN was given", "error")
            error = check_raises(keycask.InteractionNotAllowed, server.visit,
                                 world.context(card, version, pin=None))
            check(error.hint, "no hint")
        check_raises(ZeroDivisionError, server.visit,
                     world.context(card, pin=lambda request: 1 / 0))
        context = world.context(card)
        world.card.pull()
        world.daemon.wait_for_removal()
        error = check_raises(urllib.error.URLError, urllib.request.urlopen,
                             f"https://localhost:{server.port}/", context=context)
        check(isinstance(error.reason, keycask.ItemNotFound), f"reason {error.reason!r}")
        check_equal(error.reason.token_id, card.token_id, "token")
        context = world.context(software)
        world.daemon.kill()
        world.daemon.env["KEYCASK_AUTOSTART"] = "0"
        check_raises(keycask.NotAvailable, server.visit, context)
        world.daemon.start()
        check_equal(server.visit(context), b"hello", "after all that")


@test
def asyncio_is_told_as_well():
    with World() as world, Server(world.server_context()) as server:
        async def visit(context):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context,
                                                           server_hostname="localhost")
            greeting = await reader.read(5)
            writer.close()
            return greeting

        card = world.identities[0]
        check_equal(asyncio.run(visit(world.context(card))), b"hello", "greeting")
        world.client.close()
        check_raises(keycask.AuthFailed, asyncio.run, visit(world.context(card, pin="654321")))


@test
def what_cannot_be_loaded_is_refused_before_anything_is_touched():
    with World() as world:
        key = MadeKey("ed25519")
        item = world.client.add(class_="identity", value_data=key.pem + key.certificate("Ed"),
                                return_persistent_ref=True)
        error = check_raises(keycask.Unimplemented, world.context, world.client.identity(item))
        check_equal((str(error), error.hint), ("Python's ssl cannot use the ed25519 key of Ed",
                                               'choose with key_types=("rsa", "ec")'), "error")
        identity = world.identities[2]
        error = check_raises(keycask.Param, keycask.load_identity,
                             ssl.SSLContext(ssl.PROTOCOL_TLSv1_2), identity)
        check_equal(error.hint, "make it with ssl.create_default_context()", "hint")
        error = check_raises(keycask.Param, world.context,
                             dataclasses.replace(identity, certificate=b"0\x80no"))
        check(str(error).startswith("OpenSSL refuses the certificate: "), str(error))
        check_raises(TypeError, world.context, identity, pni=PIN)
        check_equal(keycask.tls._signers, {}, "signers")  # pylint: disable=protected-access


@test
def another_python_is_told_apart():
    """Where CPython keeps the SSL_CTX is looked at before it is used; unmapped memory too."""
    module = keycask.openssl
    with World() as world:
        peek = module._peek  # pylint: disable=protected-access
        check_equal(peek(8, 1), None, "memory that is not there")
        for wrong in (lambda address, n: peek(address + 8, n), lambda address, n: peek(8, n)):
            module._peek = wrong  # pylint: disable=protected-access
            error = check_raises(keycask.Unimplemented, world.context, world.identities[2])
            check("in a place that is not known here" in str(error), str(error))
        module._peek = peek  # pylint: disable=protected-access
        module.PROTOTYPES["RSA_meth_dub"] = (module.P, module.P)
        module.openssl.cache_clear()
        error = check_raises(keycask.Unimplemented, world.context, world.identities[2])
        check("does not offer RSA_meth_dub" in str(error), str(error))


@test
def a_card_that_pads_by_itself_is_limited_to_what_it_can():
    with World("openpgp:aut=rsa2048+cert") as world, Server(world.server_context()) as server:
        (identity,) = [one for one in world.identities if one.token_id]
        error = check_raises(keycask.Unimplemented, world.context, identity)
        check_equal(error.hint, "limit the context: "
                    "context.maximum_version = ssl.TLSVersion.TLSv1_2", "hint")
        check_equal(server.visit(world.context(identity, TLS12)), b"hello", "by TLS 1.2")


if __name__ == "__main__":
    main()
