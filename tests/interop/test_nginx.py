# SPDX-License-Identifier: LGPL-2.1-or-later
"""nginx with a server's key that it does not have, by the engine pkcs11: docs/recipes/nginx.md. No
request is lost when it reloads, nor when keycaskd is started again, under load."""
import socket
import ssl
import threading

from keycask_test import processes
from scene import *

OWN_ADDRESS = "pkcs11:object=www.example.org;type=private"
OWN_NAME = "export 'www.example.org'"
VERSIONS = {2: ssl.TLSVersion.TLSv1_2, 3: ssl.TLSVersion.TLSv1_3}
N_VISITORS = 4


def recipe(scene, identity, port):
    return scene.recipe("nginx", {OWN_ADDRESS: identity.uri("private"),
                                  OWN_NAME: f"export {identity.id}",
                                  "listen 443": f"listen 127.0.0.1:{port}",
                                  "worker_processes 2;": "worker_processes 2; user root;"})


class Nginx:
    """Started, reloaded and stopped by the recipe's words."""

    def __init__(self, scene, identity):
        self.scene = scene
        self.port = free_port()
        self.steps = recipe(scene, identity, self.port)

    def __enter__(self):
        self.steps.run("The configuration", "Start")
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            for name in ("error.log", "access.log"):
                diagnose((self.scene.work / name).read_text()[-3000:])
        self.steps.run("Stop")
        eventually(lambda: not (self.scene.work / "nginx.pid").exists(), "nginx ends")

    def reload(self):
        """New workers serve; the old ones end when they have nothing more to do."""
        old = self.workers()
        self.steps.run("Reload")
        eventually(lambda: len(self.workers() - old) == 2, "two new workers")

    def workers(self):
        master = int((self.scene.work / "nginx.pid").read_text())
        return {pid for pid, _, parent in processes() if parent == master}

    def context(self, version):
        context = ssl.create_default_context(cadata=self.scene.ca.pem_certificate.decode())
        context.minimum_version = context.maximum_version = VERSIONS[version]
        return context

    def visit(self, context):
        """One request on a connection of its own: who answered, after the handshake."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as raw, \
                context.wrap_socket(raw, server_hostname="www.example.org") as connection:
            connection.sendall(b"GET / HTTP/1.0\r\nHost: www.example.org\r\n\r\n")
            answer = b""
            while data := connection.recv(4096):
                answer += data
        check(answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"hello\n"),
              f"an answer: {answer!r}")


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
                   patience=120)


@test(seconds=PATIENT)
def workers_sign_with_tls_1_2_and_1_3():
    with Scene() as scene:
        for role in ("card server", "software server"):
            with Nginx(scene, scene.identities[role]) as nginx:
                check_equal(len(nginx.workers()), 2, "workers")
                for version in (2, 3):
                    for _ in range(6):
                        nginx.visit(nginx.context(version))


@test(seconds=PATIENT)
def a_reload_under_load_loses_no_request():
    with Scene() as scene:
        for role in ("card server", "software server"):
            with Nginx(scene, scene.identities[role]) as nginx, Load(nginx) as load:
                for _ in range(3):
                    load.await_more()
                    nginx.reload()
                load.await_more()


@test(seconds=PATIENT)
def a_restart_of_the_daemon_under_load_loses_no_request():
    with Scene(holds_socket=True) as scene:
        for role in ("software server", "card server"):
            with Nginx(scene, scene.identities[role]) as nginx, Load(nginx) as load:
                for _ in range(3):
                    load.await_more()
                    scene.restart_daemon()
                load.await_more()


@test(seconds=PATIENT)
def it_serves_again_when_the_card_was_away():
    with Scene() as scene:
        with Nginx(scene, scene.identities["card server"]) as nginx:
            context = nginx.context(3)
            for _ in range(2):
                for _ in range(4):
                    nginx.visit(context)
                scene.pull()
                for _ in range(4):
                    check_raises(OSError, nginx.visit, context)
                log = (scene.work / "error.log").read_text()
                check("SSL_do_handshake() failed" in log, f"nobody was told: {log}")
                scene.insert()
            nginx.visit(context)


main()
