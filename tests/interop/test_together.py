# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two programs on one card: nginx, whose key is in 9E, under load, and curl, which logs in with 9A, all
the time; with KEYCASK_SOAK=1 for ten minutes. Neither is disturbed by the other."""
import time

from nginx_scene import Load, Nginx
from scene import *

N_LOGINS = 10
SOAK_SECONDS = 600


def log_in(scene, port):
    """curl with the card's key for logins."""
    card = scene.identities["card"]
    said, _ = scene.run("curl", "--silent", "--show-error", "--fail", "--cacert", "ca.pem", "--cert",
                        card.uri("cert"), "--key", card.uri("private"),
                        f"https://www.example.org:{port}/")
    check_equal(said, b"CN=Jo Card\n", "who came")


def go_on(n, until):
    return n < N_LOGINS or time.monotonic() < until


@test(seconds=2 * PATIENT)  # in soak ten times that
def two_programs_use_one_card():
    with Scene(prompt_quota=1000) as scene, \
            Nginx(scene, scene.identities["card server"], asks=True) as nginx, Load(nginx) as load:
        until = time.monotonic() + (SOAK_SECONDS if SOAK else 0)
        n = 0
        while go_on(n, until):
            log_in(scene, nginx.port)
            n += 1
        load.await_more()
        diagnose(f"{n} logins")


main()
