# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who meets in tests of TLS: a daemon with a card and identities on both, and servers that want to
know who comes."""
import contextlib
import functools
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import threading

from keycask_test import PIN, base_environment, program
from python_client import (Card, Daemon, MadeAuthority, MadeKey, add_identity, file_with, keycask)

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
PARTIAL_CHAIN = 0x80000  # ssl.VERIFY_X509_PARTIAL_CHAIN, from Python 3.10 on


@functools.lru_cache(maxsize=None)
def made_before():
    """RSA keys take long to be made, so each program of tests makes them once, before its first
    test: (the bytes of a card's file, a key's PEM)."""
    with tempfile.TemporaryDirectory() as folder:
        card = pathlib.Path(folder, "card.json")
        subprocess.run([program("keycask-vcard"), "new", card, "--profile",
                        "piv:9a=rsa2048,9e=p256"], check=True, stdout=subprocess.DEVNULL)
        pem = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                              "rsa_keygen_bits:2048"], check=True, capture_output=True).stdout
        return card.read_bytes(), pem


class World:
    """A server's certificate and those who may come in: a daemon, a card, identities on both."""

    def __init__(self, profile=None):
        self.daemon = Daemon()
        self.card = Card(profile, file=None if profile else file_with(made_before()[0], ".json"))
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
            self.key, "localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1"))
        self.identities = [self.client.identity(item) for item in self.client.find("identity")]
        self.identities += [add_identity(self.client, kind, kind, pem=pem)[0] for kind, pem in
                            (("rsa2048", made_before()[1]), ("P-384", None))]
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
