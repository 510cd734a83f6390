# SPDX-License-Identifier: LGPL-2.1-or-later
"""Chromium without a screen, by its DevTools pipe: logging in to nginx with certificates of the card
and of the keychain. docs/recipes/chromium.md. Before it uses a key that wants a PIN Chromium shows a
dialog of its own, which nobody can answer without a screen; so the card's key is that of 9E."""
import json
import os

from devtools import Devtools
from login_site import Site
from nss_scene import words
from scene import *

HANGS = 120  # seconds; nothing takes as long
ETC = "/etc/chromium"
START = """exec chromium --headless=new --no-sandbox --disable-gpu --no-first-run \\
    --user-data-dir='{profile}' --remote-debugging-pipe 3<&{read} 4>&{write}"""


def recipe(scene, identity):
    return scene.recipe("chromium", {**words(scene), '\\"Jo\\"': f'\\"{identity.name}\\"'})


def prepare(scene):
    """What an administrator has in /etc is here the test's own."""
    skip_unless(os.path.isdir(ETC), "chromium is not installed")
    recipe(scene, scene.identities["software"]).run("Tell Chromium")
    folder = scene.home / "etc-chromium"
    (folder / "policies" / "managed").mkdir(parents=True)
    run("mount", "--bind", folder, ETC)


class Chromium:
    """with Chromium(scene, identity): one that takes that certificate when it is asked for any."""

    def __init__(self, scene, identity):
        self.scene = scene
        recipe(scene, identity).run("Log in to a server")
        (scene.work / "login.json").replace(
            scene.home / "etc-chromium" / "policies" / "managed" / "login.json")
        read, self.to_browser = os.pipe()
        self.from_browser, write = os.pipe()
        profile = scene.home / f"chromium-{identity.id}"
        # dash knows no descriptors of two digits
        self.process = scene.start(
            "bash", "-c", START.format(profile=profile, read=read, write=write),
            pass_fds=[read, write], log=scene.work / f"chromium-{identity.id}.log")
        os.close(read)
        os.close(write)
        self.devtools = Devtools(self.to_browser, self.from_browser, HANGS)

    def __enter__(self):
        return self.devtools

    def __exit__(self, kind, *_):
        self.scene.end(self.process, kind)
        os.close(self.to_browser)
        os.close(self.from_browser)


@test(seconds=PATIENT)
def somebody_logs_in_with_tls_1_2_and_1_3():
    with Scene() as scene:
        prepare(scene)
        sites = [Site(scene, protocol) for protocol in ("TLSv1.2", "TLSv1.3")]
        for role in ("software", "software ec", "card server"):
            identity = scene.identities[role]
            with Chromium(scene, identity) as devtools:
                for site in sites:
                    check_equal(devtools.page(site.url), site.greeting(identity), "page")
        check_equal(scene.person.asked, [], "what somebody was asked")


@test(seconds=PATIENT)
def insertion_is_seen_and_removal_ends_it():
    with Scene() as scene:
        prepare(scene)
        for name in ("Jo Software", "Jo Curve", "software.example.org"):
            scene.daemon.cli("key", "delete", name, "--yes")  # else Chromium offers a choice
        scene.pull()
        identity = scene.identities["card server"]
        site = Site(scene, "TLSv1.3")
        with Chromium(scene, identity) as devtools:
            page = devtools.page(site.url)
            check("CN=" not in page, f"logged in without a card: {page}")
            # It keeps what it has chosen for a server, also nothing: each round has another one.
            for _ in range(2):
                scene.insert()
                site = Site(scene, "TLSv1.3")
                check_equal(devtools.page(site.url), site.greeting(identity), "page")
                scene.pull()
                page = devtools.page(site.url)
                check("CN=" not in page, f"logged in without the card: {page}")


main()
