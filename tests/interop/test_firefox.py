# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firefox ESR without a screen, by Marionette: logging in to nginx with certificates of the card and
of the keychain. docs/recipes/firefox.md."""
import threading

from login_site import Site
from marionette import Marionette
from nss_scene import words
from scene import *

HANGS = 120  # seconds; nothing takes as long
NAMES = """return [...Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB)
    .getCerts()].filter(c => c.issuerCommonName == "Example CA").map(c => c.commonName)"""
# Somebody who is asked "Which certificate?", in the place of Firefox's own dialog: takes the one that
# CHOOSE has named, if it is offered.
ANSWER = """let service = {
    QueryInterface: ChromeUtils.generateQI(["nsIClientAuthDialogService"]),
    chooseCertificate(host, certificates, context, authorities, callback) {
        let who = Services.prefs.getStringPref("test.who", "");
        let found = certificates.find(c => c.commonName == who) || null;
        callback.certificateChosen(found, Ci.nsIClientAuthRememberService.Once);
    }};
    Components.manager.QueryInterface(Ci.nsIComponentRegistrar).registerFactory(
        Services.uuid.generateUUID(), "", "@mozilla.org/security/ClientAuthDialogService;1",
        {createInstance: id => service.QueryInterface(id)});"""
CHOOSE = 'Services.prefs.setStringPref("test.who", arguments[0])'
# Firefox logs in while it shows a window that says so, and shows it for ever if the login is over
# before the window is there, as no person's is: so it tells when it is.
WATCH = """Services.ww.registerNotification((opened, topic) => {
    if (topic != "domwindowopened") return;
    opened.addEventListener("load", () => {
        if (!opened.location.href.endsWith("protectedAuth.xhtml")) return;
        let window = opened.docShell.treeOwner.QueryInterface(Ci.nsIInterfaceRequestor)
            .getInterface(Ci.nsIBaseWindow);
        let look = () => window.visibility ? dump("it waits\\n") : opened.setTimeout(look, 50);
        look();
    });
})"""


class Firefox:
    def __init__(self, scene):
        self.scene = scene
        folder = scene.home / ".mozilla" / "firefox"
        self.profile = folder / "jo.default"
        self.profile.mkdir(parents=True)
        (folder / "profiles.ini").write_text(
            "[Profile0]\nName=jo\nIsRelative=1\nPath=jo.default\nDefault=1\n")
        self.port = free_port()
        (self.profile / "user.js").write_text(
            f'user_pref("marionette.port", {self.port});\n'
            'user_pref("browser.dom.window.dump.enabled", true);\n')
        database = f"sql:{self.profile}"  # as Firefox makes it at its first start
        scene.run("certutil", "-N", "-d", database, "--empty-password")
        scene.run("certutil", "-A", "-d", database, "-n", "CA", "-t", "CT,C,C", "-i", "ca.pem")
        scene.recipe("firefox", words(scene)).run("Tell Firefox")
        self.n_asked = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._answer)

    def __enter__(self):
        self.scene.person.pin = None
        self.process = self.scene.start("firefox-esr", "--headless", "--no-remote", "--marionette",
                                        "--remote-allow-system-access", "--profile", self.profile)
        await_port(self.port, self.process, patience=HANGS)
        self.marionette = Marionette(self.port, HANGS)
        self.marionette.script(WATCH)
        self.marionette.script(ANSWER)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
        self.marionette.close()
        self.scene.end(self.process)

    def _answer(self):
        """Somebody who types the PIN when Firefox says that it waits for it."""
        while not self.is_over.wait(0.1):
            n_waiting = self.process.log.read_text(errors="replace").count("it waits")
            if n_waiting > self.n_asked and len(self.scene.person.asked) > self.n_asked:
                self.n_asked += 1
                self.scene.person.terminal.type(PIN + "\n")

    def names(self):
        return set(self.marionette.script(NAMES)) - {"Example CA"}

    def visit(self, site, identity):
        self.marionette.script(CHOOSE, identity.name)
        return self.marionette.page(site.url)


ALL = {"Jo Card", "Jo Signs", "card.example.org", "Jo Software", "Jo Curve", "software.example.org"}
SOFTWARE = {"Jo Software", "Jo Curve", "software.example.org"}


@test(seconds=PATIENT)
def somebody_logs_in_with_tls_1_2_and_1_3():
    with Scene() as scene, Firefox(scene) as firefox:
        check_equal(firefox.names(), ALL, "certificates")
        for protocol in ("TLSv1.2", "TLSv1.3"):
            site = Site(scene, protocol)
            for identity in scene.clients():
                check_equal(firefox.visit(site, identity), site.greeting(identity), "page")
        check_equal(firefox.n_asked, 1, "questions of keycask")


@test(seconds=PATIENT)
def insertion_is_seen_and_removal_ends_it():
    with Scene() as scene:
        scene.pull()
        with Firefox(scene) as firefox:
            site = Site(scene, "TLSv1.3")
            check_equal(firefox.names(), SOFTWARE, "certificates without a card")
            for _ in range(2):
                scene.insert()
                eventually(lambda: firefox.names() == ALL, "the card is seen", patience=HANGS)
                identity = scene.identities["card"]
                check_equal(firefox.visit(site, identity), site.greeting(identity), "page")
                scene.pull()
                page = firefox.marionette.page(site.url)
                check(f"CN={identity.name}" not in page, f"logged in without the card: {page}")
                eventually(lambda: firefox.names() == SOFTWARE, "the card is gone", patience=HANGS)
            identity = scene.identities["software"]
            check_equal(firefox.visit(site, identity), site.greeting(identity), "page")


main()
