# SPDX-License-Identifier: LGPL-2.1-or-later
"""libengine-pkcs11-openssl under openssl and curl: docs/recipes/openssl.md."""
from scene import *

OWN_ADDRESS = "--pkcs11 'Jo'"
OWN_NAME = "export 'Jo'"


def recipe(scene, identity, port=443):
    return scene.recipe("openssl", {
        OWN_ADDRESS: f"--pkcs11 {identity.id}", OWN_NAME: f"export {identity.id}",
        "example.org:443": f"example.org:{port}", "accept 443": f"accept {port}",
        "example.org/": f"example.org:{port}/"})


def serve(scene, version):
    """openssl s_server with its key in a file, which wants to know who comes: its port."""
    port = free_port()
    process = scene.start("openssl", "s_server", "-accept", port, "-www", "-cert",
                          scene.server.certificate, "-key", scene.server.key.path, "-CAfile",
                          "ca.pem", "-Verify", "1", "-verify_return_error", f"-tls1_{version}")
    await_port(port, process)
    return port


def visit(scene, port, version):
    """Somebody with a key in a file comes to a server: what is said."""
    out, _ = scene.run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", "ca.pem",
                       "-verify_return_error", "-cert", scene.server.certificate, "-key",
                       scene.server.key.path, f"-tls1_{version}", input=b"Q\n")
    return out.decode(errors="replace")


def curl(scene, port, identity, status=0):
    out, errors = scene.run("curl", "--silent", "--show-error", "--fail", "--cacert", "ca.pem",
                            "--cert", identity.uri("cert"), "--key", identity.uri("private"),
                            f"https://www.example.org:{port}/", status=status)
    return (out + errors).decode(errors="replace")


@test(seconds=PATIENT)
def openssl_requests_and_signs():
    with Scene() as scene:
        for identity in scene.clients():
            recipe(scene, identity).run("The address", "Request a certificate", "Sign and verify")
            openssl("dgst", "-sha256", "-verify", identity.public, "-signature",
                    scene.work / "text.sig", scene.work / "text")
            public = openssl("req", "-in", scene.work / "me.csr", "-noout", "-pubkey")
            check_equal(public, identity.public.read_bytes(), "the request's key")


@test(seconds=PATIENT)
def clients_log_in_with_tls_1_2_and_1_3():
    with Scene() as scene:
        for version in (2, 3):
            port = serve(scene, version)
            for role in ("card", "card ec", "software", "software ec"):
                identity = scene.identities[role]
                said = recipe(scene, identity, port).run(
                    "The address", "Log in to a server")[0].decode()
                check(f"TLSv1.{version}" in said, f"not TLS 1.{version}: {said}")
                check(f"CN={identity.name}" in said, f"the server does not know curl: {said}")


@test(seconds=PATIENT)
def a_server_has_its_key_there():
    with Scene() as scene:
        for role in ("card server", "software server"):
            port = free_port()
            identity = scene.identities[role]
            process = recipe(scene, identity, port).start("The address", "Be a server")
            await_port(port, process)
            for version in (2, 3):
                said = visit(scene, port, version)
                check(f"TLSv1.{version}" in said, f"not TLS 1.{version}: {said}")
                check(f"subject=CN = {identity.name}" in said, f"another server: {said}")
            scene.end(process)


@test(seconds=PATIENT)
def a_card_that_is_away_is_told_and_works_again():
    with Scene() as scene:
        port = serve(scene, 3)
        identity = scene.identities["card"]
        curl(scene, port, identity)
        scene.pull()
        said = curl(scene, port, identity, status=58)
        check("error" in said or "found" in said, f"what is wrong? {said}")
        scene.insert()
        curl(scene, port, identity)


@test(seconds=PATIENT)
def a_card_pulled_while_it_is_wanted_ends_the_program():
    with Scene() as scene:
        port = serve(scene, 3)
        identity = scene.identities["card"]
        scene.person.pin = None
        process = scene.start("curl", "--silent", "--show-error", "--cacert", "ca.pem", "--cert",
                              identity.uri("cert"), "--key", identity.uri("private"),
                              f"https://www.example.org:{port}/")
        scene.person.await_question()
        scene.pull()
        check(process.wait(60) != 0, "curl is content")
        scene.person.pin = PIN
        scene.insert()
        curl(scene, port, identity)


main()
