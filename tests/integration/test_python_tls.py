# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS from clients/python: Python's own ssl with keys that never leave the card or the keychain,
against openssl s_server and Python's server, and what is told when a signature cannot be had."""
import asyncio
import contextlib
import dataclasses
import gc
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request

from keycask_test import PIN, check, check_equal, check_raises, main, test
from python_client import MadeAuthority, MadeKey, add_identity, keycask
from tls_scene import TLS12, TLS13, Server, World, made_before, s_server

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
                    page = urllib.request.urlopen(f"https://127.0.0.1:{port}/",
                                                  context=context).read().decode()
                    check(name in page and "Client certificate" in page, page)
                    visit = http.client.HTTPSConnection("127.0.0.1", port, context=context)
                    visit.request("GET", "/")
                    check_equal(visit.getresponse().status, 200, "status")
                    visit.close()
                check_raises(OSError, urllib.request.urlopen, f"https://127.0.0.1:{port}/",
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
                    with urllib.request.urlopen(f"https://127.0.0.1:{port}/",
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
def a_server_may_ask_later():
    """RFC 8446, 4.6.2: post-handshake authentication, which happens while the client reads."""
    with World() as world:
        greeted = []

        def serve(raw, context):
            with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as guest:
                greeted.append(guest.getpeercert(True))
                guest.verify_client_post_handshake()
                guest.sendall(b"?")
                guest.recv(1)
                greeted.append(guest.getpeercert(True))

        def visit(**options):
            context = world.context(world.identities[0], TLS13, **options)
            context.post_handshake_auth = True
            near, far = socket.socketpair()
            server_context = world.server_context()
            server_context.post_handshake_auth = True
            thread = threading.Thread(target=serve, args=(far, server_context))
            thread.start()
            try:
                with context.wrap_socket(near, server_hostname="localhost") as connection:
                    check_equal(connection.recv(1), b"?", "question")
                    connection.sendall(b"!")
            finally:
                thread.join()

        visit()
        check_equal(greeted, [None, world.identities[0].certificate], "who came, before and after")
        world.client.close()
        check_raises(keycask.AuthFailed, visit, pin="654321")


@test
def a_server_has_its_key_in_the_keychain_too():
    with World() as world:
        identity, _ = add_identity(world.client, "rsa2048", "localhost",
                                   issuer=world.authority, pem=made_before()[1])
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
                             f"https://127.0.0.1:{server.port}/", context=context)
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
    made_before()
    main()
