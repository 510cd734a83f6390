# SPDX-License-Identifier: LGPL-2.1-or-later
"""nginx with a server's key by the engine pkcs11: docs/recipes/nginx.md. No request is lost when it
reloads, nor when keycaskd is started again, under load."""
from nginx_scene import Load, Nginx
from scene import *


@test(seconds=PATIENT)
def workers_sign_with_tls_1_2_and_1_3():
    with Scene() as scene:
        for role in ("card server", "software server"):
            with Nginx(scene, scene.identities[role]) as nginx:
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
                    nginx.refuses(context)
                log = (scene.work / "error.log").read_text()
                check("SSL_do_handshake() failed" in log, f"nobody was told: {log}")
                scene.insert()
            nginx.visit(context)


main()
