# SPDX-License-Identifier: LGPL-2.1-or-later
"""MIT Kerberos: tickets by PKINIT of a KDC of the test's own. docs/recipes/kerberos.md."""
from scene import *

MODULE = "/usr/lib/x86_64-linux-gnu/pkcs11/keycask-pkcs11.so"
ID = "33F98F9602F48B3B458A31F192D8D89B6D5B8EF3"
KDC = """
[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    EXAMPLE.ORG = {{
        database_name = {folder}/principal
        key_stash_file = {folder}/stash
        pkinit_identity = FILE:{certificate},{key}
        pkinit_anchors = FILE:{work}/ca.pem
        pkinit_eku_checking = none
    }}
[logging]
    kdc = FILE:{work}/kdc.log
"""


class Realm:
    """A KDC that knows somebody by the subject of a certificate, and by nothing else."""

    def __init__(self, scene):
        self.scene = scene
        self.port = free_port()
        folder = scene.work / "kdc"
        folder.mkdir()
        scene.write("kdc.conf", KDC.format(
            port=self.port, folder=folder, certificate=scene.server.certificate,
            key=scene.server.key.path, work=scene.work))
        scene.env |= {"KRB5_KDC_PROFILE": str(scene.work / "kdc.conf"),
                      "KRB5_CONFIG": str(scene.work / "krb5.conf"),
                      "KRB5CCNAME": f"FILE:{scene.work}/tickets"}
        recipe(scene, scene.identities["software"], "nobody", self.port).run("The realm")
        scene.run("kdb5_util", "create", "-s", "-P", "master", "-W")
        self.process = scene.start("krb5kdc", "-n")
        await_port(self.port, self.process)

    def know(self, user, identity):
        self._administer("addprinc", "+requires_preauth", "-nokey", user)
        self._administer("set_string", user, "pkinit_cert_match", f"<SUBJECT>^CN={identity.name}$")

    def _administer(self, *command):
        self.scene.run("kadmin.local", *command)


def recipe(scene, identity, user, port):
    return scene.recipe("kerberos", {
        MODULE: scene.module, ID: identity.id, "token=keycask": f"token={identity.token}",
        " jo\n": f" {user}\n", "127.0.0.1:88": f"127.0.0.1:{port}"})


def said(result):
    return b"".join(result).decode(errors="replace")


@test(seconds=PATIENT)
def a_ticket_by_card_and_by_software():
    with Scene() as scene:
        realm = Realm(scene)
        for role in ("card", "software"):  # RSA: krb5 1.20 knows no other
            identity = scene.identities[role]
            user = f"jo-{role}"
            realm.know(user, identity)
            n_asked = len(scene.person.asked)
            shown = said(recipe(scene, identity, user, realm.port).run("Get a ticket"))
            check(f"Default principal: {user}@EXAMPLE.ORG" in shown and "krbtgt/" in shown,
                  f"no ticket: {shown}")
            check_equal(len(scene.person.asked) - n_asked, int(role == "card"),
                        f"questions for {role}")


@test(seconds=PATIENT)
def somebody_else_is_no_user():
    with Scene() as scene:
        realm = Realm(scene)
        realm.know("jo", scene.identities["card"])
        shown = said(recipe(scene, scene.identities["software"], "jo", realm.port).run(
            "Get a ticket", status=1))
        check("Certificate mismatch" in shown, f"not refused: {shown}")


@test(seconds=PATIENT)
def the_recipe_shows_identities():
    with Scene() as scene:
        shown = said(recipe(scene, scene.identities["software"], "jo", 88).run("Which identity"))
        for identity in scene.clients():
            check(identity.id in shown.lower(), f"no {identity.name} in {shown}")


@test(seconds=PATIENT)
def a_card_that_is_away_is_told_and_works_again():
    with Scene() as scene:
        realm = Realm(scene)
        identity = scene.identities["card"]
        realm.know("jo", identity)
        steps = recipe(scene, identity, "jo", realm.port)
        scene.pull()
        shown = said(steps.run("Get a ticket", status=1))
        check("Preauthentication failed" in shown, f"what is wrong? {shown}")
        scene.insert()
        check("krbtgt/" in said(steps.run("Get a ticket")), "no ticket")


@test(seconds=PATIENT)
def a_card_pulled_while_it_is_wanted_ends_kinit():
    with Scene() as scene:
        realm = Realm(scene)
        identity = scene.identities["card"]
        realm.know("jo", identity)
        steps = recipe(scene, identity, "jo", realm.port)
        scene.person.pin = None
        process = steps.start("Get a ticket")
        scene.person.await_question()
        scene.pull()
        check(process.wait(60) != 0, "kinit is content")
        scene.person.pin = PIN
        scene.insert()
        check("krbtgt/" in said(steps.run("Get a ticket")), "no ticket")


main()
