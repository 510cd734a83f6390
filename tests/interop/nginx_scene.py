# SPDX-License-Identifier: LGPL-2.1-or-later
"""nginx with a server's key that it does not have, as docs/recipes/nginx.md says it, and visitors who
count what they are answered."""
import socket
import ssl
import threading

from scene import Failure, check, check_equal, diagnose, eventually, free_port, processes

OWN_ADDRESS = "pkcs11:token=keycask;object=www.example.org;type=private"
OWN_NAME = "export 'www.example.org'"
VERSIONS = {2: ssl.TLSVersion.TLSv1_2, 3: ssl.TLSVersion.TLSv1_3}
N_VISITORS = 4
HANGS = 120  # seconds; nobody waits as long for anything


GREETING = 'return 200 "hello\\n";'
ASKING = "ssl_client_certificate ca.pem; ssl_verify_client on;"
KNOWING = 'return 200 "$ssl_client_s_dn\\n";'


def recipe(scene, identity, port, asks):
    words = {OWN_ADDRESS: identity.uri("private"), OWN_NAME: f"export {identity.id}",
             "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;{ASKING if asks else ''}",
             "worker_processes 2;": "worker_processes 2; user root;"}
    return scene.recipe("nginx", {**words, **({GREETING: KNOWING} if asks else {})})


class Nginx:
    """Started, reloaded and stopped by the recipe's words. asks: it wants certificates of visitors,
    and answers with the subject it has seen; otherwise with "hello"."""

    def __init__(self, scene, identity, asks=False):
        self.scene = scene
        self.asks = asks
        self.port = free_port()
        self.steps = recipe(scene, identity, self.port, asks)

    def __enter__(self):
        self.steps.run("The configuration", "Start")
        eventually(lambda: len(self.workers()) == 2, "two workers")
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            for name in ("error.log", "access.log"):
                diagnose((self.scene.work / name).read_text()[-3000:])
        self.steps.run("Stop")
        eventually(lambda: not (self.scene.work / "nginx.pid").exists(), "nginx ends",
                   patience=HANGS)

    def reload(self):
        """New workers serve; the old ones end when they have nothing more to do."""
        old = self.workers()
        self.steps.run("Reload")
        eventually(lambda: len(self.workers() - old) == 2, "two new workers")

    def workers(self):
        pid_file = self.scene.work / "nginx.pid"
        master = pid_file.exists() and int(pid_file.read_text() or 0)
        return {pid for pid, _, parent in processes() if parent == master}

    def context(self, version):
        context = ssl.create_default_context(cadata=self.scene.ca.pem_certificate.decode())
        if self.asks:
            context.load_cert_chain(self.scene.server.certificate, self.scene.server.key.path)
        context.minimum_version = context.maximum_version = VERSIONS[version]
        return context

    def visit(self, context):
        """One request on a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=HANGS) as raw, \
                context.wrap_socket(raw, server_hostname="www.example.org") as connection:
            connection.sendall(b"GET / HTTP/1.0\r\nHost: www.example.org\r\n\r\n")
            answer = b""
            while data := connection.recv(4096):
                answer += data
        said = b"CN=localhost\n" if self.asks else b"hello\n"
        check(answer.startswith(b"HTTP/1.1 200") and answer.endswith(said), f"said: {answer!r}")

    def refuses(self, context):
        """A visitor gets no connection, and is told so at once: nobody waits for the card."""
        try:
            self.visit(context)
        except TimeoutError:
            raise Failure("a visitor was left waiting") from None
        except OSError:
            return
        raise Failure("a visitor was served without the card")


class Load:
    """Visitors who come again and again; each keeps what went wrong."""

    def __init__(self, nginx):
        self.nginx = nginx
        self.n_served = [0] * N_VISITORS
        self.lost = []
        self.is_over = False
        self.threads = [threading.Thread(target=self._come, args=(i,)) for i in range(N_VISITORS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()
        if kind is None:
            check_equal(self.lost[:5], [], f"lost of {self.count()} requests")
            diagnose(f"{self.count()} requests")

    def _come(self, number):
        context = self.nginx.context(2 + number % 2)
        while not self.is_over:
            try:
                self.nginx.visit(context)
                self.n_served[number] += 1
            except (OSError, Failure) as error:
                self.lost.append(str(error))

    def count(self):
        return sum(self.n_served)

    def await_more(self, n=3):
        """Each visitor is served n times that began after this call."""
        goal = [served + n + 1 for served in self.n_served]
        eventually(lambda: self.lost or
                   all(now >= then for now, then in zip(self.n_served, goal)), "more are served",
                   patience=HANGS)
