# SPDX-License-Identifier: LGPL-2.1-or-later
"""NSS by its own tools: docs/recipes/nss.md. What is built on it has tests of its own (chromium,
firefox, pdfsig)."""
from nss_scene import nickname, words
from scene import *
from login_site import Site

CLIENTS = ("card", "card ec", "software", "software ec")
PROTOCOLS = {"TLSv1.2": "tls1.2", "TLSv1.3": "tls1.3"}


def recipe(scene, *whose):
    return scene.recipe("nss", words(scene, *whose))


def said(result):
    return b"".join(result).decode(errors="replace")


@test(seconds=PATIENT)
def the_module_is_entered_and_taken_out():
    with Scene() as scene:
        steps = recipe(scene)
        for _ in range(2):
            shown = said(steps.run("Tell NSS"))
            check(str(scene.module) in shown and "loaded" in shown, f"not loaded: {shown}")
        shown = said(steps.run("Take it out again"))
        check("not known any more" in shown, f"not taken out: {shown}")
        text = (scene.home / ".pki" / "nssdb" / "pkcs11.txt").read_text()
        check("keycask" not in text.replace(str(scene.home), ""), f"it is there: {text}")


@test(seconds=PATIENT)
def certutil_lists_certificates_and_keys():
    with Scene() as scene:
        steps = recipe(scene)
        shown = said(steps.run("Tell NSS", "What is there"))
        for identity in scene.identities.values():
            name = nickname(identity)
            check(f"{name} " in shown, f"no {name} in {shown}")
            check(identity.id in shown, f"no key of {name} in {shown}")
        check_equal(shown.count("u,u,u"), len(scene.identities), f"with a key, in {shown}")
        check_equal(len(scene.person.asked), 1, "questions; none for certificates")
        scene.pull()
        shown = said(steps.run("What is there"))
        check("keycask:Jo Software" in shown, f"no keychain in {shown}")
        check("Certificate For" not in shown, f"a card that is away, in {shown}")


@test(seconds=PATIENT)
def a_message_is_signed():
    with Scene() as scene:
        scene.write("message.txt", "Dear Jo\n")
        recipe(scene).run("Tell NSS", "Trust an authority")
        for role in CLIENTS:
            identity = scene.identities[role]
            shown = said(recipe(scene, identity).run("Sign a message"))
            check("Dear Jo" in shown, f"cmsutil does not read it: {shown}")
            shown = openssl("cms", "-verify", "-inform", "DER", "-in", scene.work / "message.cms",
                            "-CAfile", scene.work / "ca.pem", "-signer", scene.work / "who.pem")
            check_equal(shown, b"Dear Jo\n", "what was signed")
            check_equal(openssl("x509", "-in", scene.work / "who.pem", "-noout", "-subject"),
                        f"subject=CN = {identity.name}\n".encode(), "who has signed")


@test(seconds=PATIENT)
def a_client_logs_in_with_tls_1_2_and_1_3():
    with Scene() as scene:
        recipe(scene).run("Tell NSS", "Trust an authority")
        for protocol in PROTOCOLS:
            site = Site(scene, protocol)
            for role in CLIENTS:
                identity = scene.identities[role]
                shown = said(recipe(scene, identity, site.port).run("Log in to a server"))
                check(site.greeting(identity) in shown, f"not known: {shown}")


@test(seconds=PATIENT)
def a_server_has_its_key_there():
    with Scene() as scene:
        recipe(scene).run("Tell NSS", "Trust an authority")
        for role in ("card server", "software server"):
            port = free_port()
            process = recipe(scene, scene.identities[role], port).start("Be a server")
            await_port(port, process)
            for protocol in ("-tls1_2", "-tls1_3"):
                shown = said(scene.run(
                    "openssl", "s_client", "-connect", f"127.0.0.1:{port}", protocol, "-CAfile",
                    "ca.pem", "-cert", scene.server.certificate, "-key", scene.server.key.path,
                    "-verify_return_error", "-quiet", input=b"GET / HTTP/1.0\r\n\r\n"))
                check("HTTP/1.0 200 OK" in shown, f"not answered: {shown}")
            scene.end(process)


@test(seconds=PATIENT)
def a_card_that_is_away_is_told_and_works_again():
    with Scene() as scene:
        recipe(scene).run("Tell NSS", "Trust an authority")
        site = Site(scene, "TLSv1.3")
        steps = recipe(scene, scene.identities["card"], site.port)
        scene.pull()
        shown = said(steps.run("Log in to a server"))
        check(site.greeting() in shown, f"who is that? {shown}")
        scene.insert()
        shown = said(steps.run("Log in to a server"))
        check(site.greeting(scene.identities["card"]) in shown, f"not known: {shown}")


main()
