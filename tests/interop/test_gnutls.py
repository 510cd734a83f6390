# SPDX-License-Identifier: LGPL-2.1-or-later
"""GnuTLS, which asks p11-kit: p11tool, gnutls-cli and gnutls-serv, and wget, by pkcs11: addresses.
The recipe is docs/recipes/gnutls.md."""
from scene import *

PRIORITY = "NORMAL:-VERS-ALL:+VERS-TLS1."
OWN_ADDRESS = "pkcs11:token=keycask;object=Jo"
OWN_NAME = "--pkcs11 'Jo'"


def recipe(scene, identity, port=443):
    return scene.recipe("gnutls", {OWN_ADDRESS: identity.uri(),
                                   OWN_NAME: f"--pkcs11 {identity.id}",
                                   "--port 443": f"--port {port}",
                                   "www.example.org/": f"www.example.org:{port}/"})


def serve(scene, *options, version=None, port=None):
    """gnutls-serv with a key in a file, which wants to know who comes: its port."""
    port = port or free_port()
    priority = ("--priority", PRIORITY + str(version)) if version else ()
    process = scene.start("gnutls-serv", "--http", "--port", port, "--x509cafile", "ca.pem",
                          "--require-client-cert", "--verify-client-cert", *priority,
                          *(options or ("--x509certfile", scene.server.certificate,
                                        "--x509keyfile", scene.server.key.path)))
    await_port(port, process)
    return port


def visit(scene, port, client, *options, status=0):
    """A client with a key in files, or an Identity's addresses: what it says."""
    out, errors = scene.run("gnutls-cli", "--port", port, "--x509cafile", "ca.pem",
                            "--x509certfile", client[0], "--x509keyfile", client[1], *options,
                            "www.example.org", input=b"GET / HTTP/1.0\r\n\r\n", status=status)
    return (out + errors).decode(errors="replace")


def by_address(identity):
    return identity.uri("cert"), identity.uri("private")


def by_file(scene):
    return scene.server.certificate, scene.server.key.path


@test(seconds=PATIENT)
def p11tool_lists_signs_and_exports():
    with Scene() as scene:
        for identity in scene.clients():
            steps = recipe(scene, identity)
            out = b"".join(steps.run("What is there", "Sign and export")).decode()
            address = scene.run(program("keycask"), "show", "--pkcs11", identity.id)[0].decode()
            check_equal(address, identity.uri() + "\n", "the address")
            check("System Trust" in out, f"the other modules are gone: {out}")
            check("Type: X.509 Certificate (RSA-2048)" in out, f"no certificate: {out}")
            check("Type: Private key (RSA-2048)" in out, f"no private key: {out}")
            for judged in ("private key parameters", "public key in the token"):
                check(f"Verifying against {judged}... ok" in out, f"no signature: {out}")
            check_equal(openssl("x509", "-outform", "DER", "-in", scene.work / "me.pem"),
                        openssl("x509", "-outform", "DER", "-in", identity.certificate),
                        "exported certificate")
            check_equal(openssl("pkey", "-pubin", "-in", scene.work / "me.pub", "-outform", "DER"),
                        openssl("pkey", "-pubin", "-in", identity.public, "-outform", "DER"),
                        "exported public key")


@test(seconds=PATIENT)
def a_client_logs_in_with_tls_1_2_and_1_3():
    with Scene() as scene:
        for version in (2, 3):
            port = serve(scene, version=version)
            for role in ("card", "card ec", "software", "software ec"):
                identity = scene.identities[role]
                said = recipe(scene, identity, port).run(
                    "What is there", "Log in to a server")[0].decode()
                check(f"(TLS1.{version}" in said, f"not TLS 1.{version}: {said}")
                check(f"CN={identity.name}" in said, f"the server does not know who came: {said}")
                page = (scene.work / "page.html").read_text()
                check(f"CN={identity.name}" in page, f"wget was not known: {page}")


@test(seconds=PATIENT)
def a_server_has_its_key_there():
    with Scene() as scene:
        for role in ("card server", "software server"):
            port = free_port()
            steps = recipe(scene, scene.identities[role], port)
            process = steps.start("What is there", "Be a server")
            await_port(port, process)
            for version in (2, 3):
                said = visit(scene, port, by_file(scene), "--priority", PRIORITY + str(version))
                check(f"(TLS1.{version}" in said, f"not TLS 1.{version}: {said}")
            scene.end(process)


@test(seconds=PATIENT)
def a_server_goes_on_when_the_card_was_away():
    with Scene() as scene:
        identity = scene.identities["card server"]
        port = serve(scene, "--x509certfile", identity.uri("cert"),
                     "--x509keyfile", identity.uri("private"))
        visit(scene, port, by_file(scene))
        for _ in range(2):
            scene.pull()
            visit(scene, port, by_file(scene), status=1)
            scene.insert()
            visit(scene, port, by_file(scene))
        scene.restart_daemon()
        visit(scene, port, by_file(scene))


@test(seconds=PATIENT)
def a_card_that_is_away_is_told_and_works_again():
    with Scene() as scene:
        port = serve(scene)
        identity = scene.identities["card"]
        scene.pull()
        said = visit(scene, port, by_address(identity), status=1)
        check("Error loading cert file" in said, f"what is wrong? {said}")
        scene.insert()
        visit(scene, port, by_address(identity))


@test(seconds=PATIENT)
def a_card_pulled_while_it_is_wanted_ends_the_program():
    with Scene() as scene:
        port = serve(scene)
        identity = scene.identities["card"]
        scene.person.pin = None
        process = scene.start("gnutls-cli", "--port", str(port), "--x509cafile", "ca.pem",
                              "--x509certfile", identity.uri("cert"), "--x509keyfile",
                              identity.uri("private"), "www.example.org")
        scene.person.await_question()
        scene.pull()
        check(process.wait(60) != 0, "gnutls-cli is content")
        scene.person.pin = PIN
        scene.insert()
        visit(scene, port, by_address(identity))


main()
