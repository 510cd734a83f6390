# SPDX-License-Identifier: LGPL-2.1-or-later
"""Java's SunPKCS11: keytool, jarsigner and a program of ours, Keystore.java. The recipe is
docs/recipes/java.md."""
import os
import zipfile

from login_site import Site
from nss_scene import LABELS
from scene import *

PROGRAM = pathlib.Path(__file__).with_name("Keystore.java")
MODULE = "/usr/lib/x86_64-linux-gnu/pkcs11/keycask-pkcs11.so"
SLOTS = {"keychain": ("software", "software ec", "software server"),
         "card": ("card", "card ec", "card server")}
ALGORITHMS = {"card": ("SHA256withRSA", "RSASSA-PSS"), "card ec": ("SHA256withECDSA",),
              "software": ("SHA512withRSA",), "software ec": ("SHA384withECDSA",)}


def alias(identity):
    return LABELS.get(identity.name, identity.name)


def slot_of(role):
    return "card" if role.startswith("card") else "keychain"


def recipe(scene, role):
    found = scene.recipe("java", {
        MODULE: scene.module, "-providerArg keychain.cfg": f"-providerArg {slot_of(role)}.cfg",
        "java Sign.java keychain.cfg": f"java Sign.java {slot_of(role)}.cfg",
        "'Jo'": f"'{alias(scene.identities[role])}'"})
    found.run("Which slot")
    return found


def said(result):
    return b"".join(result).decode(errors="replace")


class Program:
    """Keystore.java, with one of the recipe's slots."""

    def __init__(self, scene, slot):
        self.scene = scene
        recipe(scene, SLOTS[slot][0])
        orders = scene.work / f"{slot}.orders"
        os.mkfifo(orders)
        self.orders = open(orders, "r+b", buffering=0)  # opens without the other end
        self.process = scene.start("sh", "-c", f"exec java {PROGRAM} {slot}.cfg ca.pem <{orders}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.scene.end(self.process)
        self.orders.close()

    def try_to(self, *words):
        """What it says, with its last line."""
        n_known = len(self._lines())
        self.orders.write("\t".join(map(str, words)).encode() + b"\n")

        def answered():
            check(self.process.poll() is None, f"java ended: {self._lines()}")
            new = self._lines()[n_known:]
            return new and (new[-1] == "done\n" or
                            new[-1].startswith("failed: ") and new[-1].endswith("\n"))
        eventually(answered, f"java does {words}", patience=120)
        return "".join(self._lines()[n_known:])

    def do(self, *words):
        answer = self.try_to(*words)
        check(answer.endswith("done\n"), f"{words}: {answer}")
        return answer

    def _lines(self):
        return self.process.log.read_text(errors="replace").splitlines(keepends=True)


@test(seconds=PATIENT)
def keytool_lists():
    with Scene() as scene:
        for slot, roles in SLOTS.items():
            shown = said(recipe(scene, slot if slot == "card" else "software").run(
                "What is there"))
            check("contains 3 entries" in shown, f"not what is there: {shown}")
            for role in roles:
                check(f"{alias(scene.identities[role])}, PrivateKeyEntry" in shown,
                      f"no {role}: {shown}")
        check_equal(len(scene.person.asked), 1, "questions")


@test(seconds=PATIENT)
def a_jar_is_signed():
    with Scene() as scene:
        with zipfile.ZipFile(scene.work / "program.jar", "w") as jar:
            jar.writestr("hello.txt", "hello\n")
        for role in ("card", "software"):
            shown = said(recipe(scene, role).run("Sign a JAR"))
            check("jar verified." in shown, f"not verified: {shown}")
            check(f"CN={scene.identities[role].name}" in shown, f"who has signed? {shown}")


@test(seconds=PATIENT)
def a_small_program_signs():
    with Scene() as scene:
        message = scene.write("message.txt", "Dear Jo\n")
        for role in ("card", "software"):
            recipe(scene, role).run("In a program")
            openssl("dgst", "-sha256", "-verify", scene.identities[role].public, "-signature",
                    scene.work / "message.sig", message)


def try_all(program, role, identity, sites):
    for algorithm in ALGORITHMS[role]:
        check_equal(program.do("sign", alias(identity), algorithm), "good\ndone\n",
                    f"{algorithm} by {role}")
    for site in sites:
        shown = program.do("visit", site.port, site.protocol, alias(identity))
        check(site.greeting(identity) in shown, f"not known: {shown}")


@test(seconds=PATIENT)
def all_kinds_of_keys_sign_and_log_in():
    with Scene() as scene:
        sites = [Site(scene, protocol) for protocol in ("TLSv1.2", "TLSv1.3")]
        for slot in SLOTS:
            with Program(scene, slot) as program:
                for role in SLOTS[slot][:2]:
                    try_all(program, role, scene.identities[role], sites)


@test(seconds=PATIENT)
def it_begins_without_a_card_and_follows_insertion():
    with Scene() as scene:
        scene.pull()
        with Program(scene, "card") as program:
            name = alias(scene.identities["card"])
            answer = program.try_to("list")
            check("failed: " in answer and "PKCS11 not found" in answer, f"it lists {answer}")
            for _ in range(2):
                scene.insert()
                eventually(lambda: program.try_to("list").endswith("done\n"), "java sees the card",
                           patience=90)
                check(f"{name}: CN=Jo Card (RSA)" in program.do("list"), "no Jo Card")
                program.do("sign", name, "SHA256withRSA")
                scene.pull()
                answer = program.try_to("sign", name, "SHA256withRSA")
                check("failed: " in answer, f"without a card: {answer}")


@test(seconds=PATIENT)
def it_begins_without_a_daemon():
    with Scene() as scene:
        end(scene.daemon.process)
        with Program(scene, "keychain") as program:
            check("PKCS11 not found" in program.try_to("list"), "it lists something")
            scene.daemon.start()
            eventually(lambda: program.try_to("list").endswith("done\n"), "java sees the keychain",
                       patience=90)
            program.do("sign", "Jo Software", "SHA256withRSA")
            scene.restart_daemon()
            check_equal(program.do("sign", "Jo Software", "SHA256withRSA"), "good\ndone\n", "later")


main()
