# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine on which other people's programs meet keycask: `./run interop`.

    from scene import *

    @test(seconds=PATIENT)
    def wget_shows_a_certificate():
        with Scene() as scene:                      # a card in pcscd's reader; Scene("embedded")
            for identity in scene.clients():        # one of the card, one of the keychain
                out, _ = scene.run("wget", "--certificate", identity.uri("cert"), …)

    main()

Each test has mount and network namespaces of its own (piv_tools.isolate), so that ports are free, a
pcscd is the test's, and programs find what the package would have installed:

  p11-kit       the module is in /usr/lib/ARCHITECTURE/pkcs11 (scene.module is its path), and
                /usr/share/p11-kit/modules has keycask.module of dist/p11-kit and p11-kit-trust's.
                Thus GnuTLS, wget, p11-kit-proxy and whoever asks p11-kit load it without a word
                of configuration. Other drivers of this machine are not to be seen.
  daemon        scene.daemon, with a home, runtime, configuration and state folder of the test's
                own. scene.env is what a program of this user's session sees.
  card          scene.card: 9a RSA 2048 (PIN once), 9c P-256 (PIN always), 9e P-256 (no PIN)
  keychain      software identities, imported as a person does it: `keycask import`
  PKI           scene.ca is one authority for everything. scene.identities, by name:
                  "card"      Jo Card       9a, client          "software"  Jo Software, RSA, client
                  "card ec"   Jo Signs      9c, client          "software ec"  Jo Curve, P-256
                  "card server"  9e, a server's                 "software server"  a server's
                Each has .certificate (PEM file), .id (hexadecimal CKA_ID), .uri(type).
                scene.server: key and certificate of a server in plain files. There are no CRLs.
                scene.work, the folder in which programs are started, has ca.pem.
                Servers are called localhost, www.example.org and 127.0.0.1.
  person        scene.person looks at a terminal, where pinentry-tty asks, types the PIN and allows
                what is asked; .asked has what was shown, question by question.

    scene.pull(), scene.insert()     the card leaves, and is back; both wait until the daemon knows
    scene.run(program, …)            to its end: (stdout, stderr)
    scene.start(program, …)          beside the test; ended with the scene
    scene.restart_daemon()           what a crash of it does to programs
    free_port()                      for a server
    await_port(port, process)        until it listens
    scene.recipe("curl").run("Log in")   the blocks of docs/recipes/curl.md: see recipe.py
"""
import base64
import contextlib
import glob
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))

# pylint: disable=wrong-import-position
from keycask_test import (  # noqa: E402
    BUILD, PATIENCE, PIN, SOAK, SOURCE, Card, Daemon, Failure, SkipTest, check, check_equal,
    check_raises, diagnose, end, eventually, main, openssl, processes, program, run, scratch,
    skip_unless, start, test)
from der import CONTAINERS  # noqa: E402
from lifecycle import configure  # noqa: E402
from made_keys import MadeAuthority, MadeKey, file_with  # noqa: E402
from piv_tools import Pcscd, isolate  # noqa: E402
from prompt_scene import PINENTRY  # noqa: E402

from person import Person  # noqa: E402
from recipe import Recipe  # noqa: E402

PATIENT = 300  # seconds of a test with large programs on a slow machine
KEY_TYPES = {"rsa2048": "rsa2048", "p256": "P-256"}
MODULE = "keycask-pkcs11.so"
P11_KIT = pathlib.Path("/usr/share/p11-kit/modules")
CLIENT = ("extendedKeyUsage=clientAuth,emailProtection", "keyUsage=digitalSignature,keyEncipherment",
          "subjectAltName=email:jo@example.org")
SERVER = ("extendedKeyUsage=serverAuth,clientAuth", "keyUsage=digitalSignature,keyEncipherment",
          "subjectAltName=DNS:localhost,DNS:www.example.org,IP:127.0.0.1")

# Place on the card or kind of key, name in the certificate, what it is for.
ON_CARD = {"card": ("9a", "rsa2048", "Jo Card", CLIENT),
           "card ec": ("9c", "p256", "Jo Signs", CLIENT),
           "card server": ("9e", "p256", "card.example.org", SERVER)}
IN_KEYCHAIN = {"software": ("rsa2048", "Jo Software", CLIENT),
               "software ec": ("P-256", "Jo Curve", CLIENT),
               "software server": ("rsa2048", "software.example.org", SERVER)}


class Identity:
    """A key with its certificate, somewhere in the keychain or on the card."""

    def __init__(self, name, key, certificate):
        self.name = name  # in the certificate's subject, and what keycask calls it
        self.key = key  # a MadeKey, for the peers; its private half is nowhere in the scene's home
        self.certificate = file_with(certificate)
        self.id = key.hash.hex()
        self.public = key.public_path
        self.token = "keycask"  # the token's label; the card's is known when it has been read

    def uri(self, kind="", **query):
        """kind "cert", "private" or "public"; pin_value="…" and such behind it. GnuTLS and libp11
        log in to one token only, so the address has to name it."""
        text = f"pkcs11:token={urllib.parse.quote(self.token)};id="
        text += "".join(f"%{byte:02X}" for byte in bytes.fromhex(self.id))
        text += f";type={kind}" if kind else ""
        pairs = [f"{name.replace('_', '-')}={urllib.parse.quote(value)}"
                 for name, value in query.items()]
        return text + ("?" + "&".join(pairs) if pairs else "")


def built_module():
    found = list((BUILD / "src").rglob(MODULE))
    check(found, f"{MODULE} is not built")
    return found[0]


def free_port():
    """A port of 127.0.0.1 that nobody has; in the scene's network nobody else takes it either."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port, process, patience=PATIENCE):
    """Wait until somebody listens there; a program that ended instead is a failure."""
    def listens():
        check(process.poll() is None, f"{process.args[0]} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False
    eventually(listens, f"{process.args[0]} listens", patience=patience)


def _mount_over(place, prefix):
    """An empty folder in the place of that one."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=scratch()))
    folder.chmod(0o755)
    run("mount", "--bind", folder, place)
    return folder


def install(module):
    """What the package does: the module is where p11-kit looks for modules, and registered. From now
    on p11-kit, in this test, knows it and of the others p11-kit-trust, as on a machine where no other
    driver is installed. The module's path."""
    if not isolate():
        raise SkipTest("p11-kit's folders can only be exchanged in a mount namespace")
    found = glob.glob("/usr/lib/*/pkcs11")
    skip_unless(found, "p11-kit-modules is not installed")
    aside = shutil.copytree(found[0], scratch() / "modules")
    folder = _mount_over(found[0], "modules")
    for name in ("p11-kit-trust.so", "p11-kit-client.so"):
        if (aside / name).exists():
            shutil.copy(aside / name, folder)
    shutil.copy(module, folder / MODULE)
    _register()
    return pathlib.Path(found[0], MODULE)


def _register():
    text = (SOURCE / "dist" / "p11-kit" / "keycask.module.in").read_text()
    check("module: @module@" in text, "keycask.module does not name the module")
    trust = (P11_KIT / "p11-kit-trust.module").read_text()
    folder = _mount_over(P11_KIT, "p11-kit")
    (folder / "keycask.module").write_text(text.replace("@module@", MODULE))
    (folder / "p11-kit-trust.module").write_text(trust)
    if os.path.isdir("/etc/pkcs11/modules"):
        _mount_over("/etc/pkcs11/modules", "no-modules")


def _call_it_localhost():
    """In /etc/hosts, which a bare container may lack."""
    hosts = file_with(b"127.0.0.1 localhost www.example.org\n", ".hosts")
    hosts.chmod(0o644)
    if not os.path.exists("/etc/hosts"):
        raise SkipTest("there is no /etc/hosts to exchange")
    run("mount", "--bind", hosts, "/etc/hosts")


class SocketDaemon(Daemon):
    """keycaskd as systemd starts it: the listening socket is somebody else's, who outlives it."""

    ACTIVATE = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&9 9<&-'

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.socket.parent.mkdir(mode=0o700)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.socket))
            listener.listen(128)
            os.dup2(listener.fileno(), 9)

    def start(self):
        self._set_details()
        self.process = start("sh", "-c", self.ACTIVATE, "sh", program("keycaskd"), "--user",
                             "--foreground", *self.arguments, env=self.env, log=self.log,
                             pass_fds=[9])
        eventually(self._answers, "keycaskd answers")

    def stop(self):
        os.close(9)
        self.socket.unlink()
        super().stop()


class Scene:
    """with Scene() as scene: a card in pcscd's reader. "embedded": in keycask's own slot; None: no
    card. holds_socket: keycaskd is started by its socket, as the package's units do it. settings: of
    config.json."""

    def __init__(self, slot="pcscd", holds_socket=False, **settings):
        skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
        self.module = install(built_module())
        _call_it_localhost()
        self.slot = slot
        self.ca = MadeAuthority("Example CA")
        self.identities = {}
        self.pcscd = Pcscd() if slot == "pcscd" else None
        self.card = self._make_card() if slot else None
        key = MadeKey("P-256")
        self.server = Identity("localhost", key, self.ca.issue(key, "localhost", *SERVER))
        self.person = Person(PIN)
        self.daemon = configure(
            (SocketDaemon if holds_socket else Daemon)(
                "--log-level", "debug", providers="pcsc" if self.pcscd else "embedded"),
            **{"pinentry": PINENTRY, "keychain_password_cost": 14, **settings})
        self.home = self.daemon.directory / "home"
        self.home.mkdir(mode=0o700)
        self.work = self.daemon.directory / "work"  # where programs are started
        self.work.mkdir()
        self.write("ca.pem", self.ca.pem_certificate)
        self.env = {**self.daemon.env, "HOME": str(self.home), "TMPDIR": str(self.work),
                    "GPG_TTY": self.person.terminal.name, "TERM": "dumb"}
        self.stack = contextlib.ExitStack()

    def _make_card(self):
        """A card whose certificates are the scene's authority's."""
        card = Card("piv:" + ",".join(f"{place}={kind}" for place, kind, *_ in ON_CARD.values()))
        content = json.loads(card.file.read_text())
        for role, (place, kind, name, extensions) in ON_CARD.items():
            private = next(key["private_key"] for key in content["keys"] if key["slot"] == place)
            key = MadeKey(KEY_TYPES[kind], openssl("pkey", "-inform", "DER",
                                                   input=base64.b64decode(private)))
            identity = Identity(name, key, self.ca.issue(key, name, *extensions))
            self.identities[role] = identity
            self._put(content, place, openssl("x509", "-in", identity.certificate,
                                              "-outform", "DER"))
        card.file.write_text(json.dumps(content))
        return card

    @staticmethod
    def _put(content, place, certificate):
        """SP 800-73-4 part 1, table 10: the certificate, CertInfo, an empty error detection code."""
        value = b"\x70\x82" + len(certificate).to_bytes(2, "big") + certificate
        value += b"\x71\x01\x00\xfe\x00"
        entry = next(entry for entry in content["objects"] if entry["tag"] == CONTAINERS[place])
        entry["value"] = base64.b64encode(value).decode()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.person)
            if self.pcscd:
                stack.enter_context(self.pcscd)
            stack.push(self._show_on_failure)
            stack.enter_context(self.daemon)
            self._import_identities()
            if self.slot:
                self.insert()
            stack.push(self._take_card_out)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *trouble):
        return self.stack.__exit__(*trouble)

    def _show_on_failure(self, kind, *_):
        if kind is not None:
            diagnose("\n".join(self.person.asked[-3:]))

    def _take_card_out(self, *_):
        if self.slot == "embedded" and self.card.process is not None:
            self.card.pull()

    def _import_identities(self):
        """As a person does it, who has them in files."""
        for role, (kind, name, extensions) in IN_KEYCHAIN.items():
            key = MadeKey(kind)
            identity = Identity(name, key, self.ca.issue(key, name, *extensions))
            self.daemon.cli("import", file_with(
                key.pem + identity.certificate.read_bytes()))
            self.identities[role] = identity

    def clients(self):
        """The identity of the card that a login is usual with, and one of the keychain."""
        return [self.identities[role] for role in ("card", "software") if role in self.identities]

    # The card.

    def insert(self):
        if self.pcscd:
            self.pcscd.insert(self.card)
        else:
            self.card.insert(self.daemon)
        self.daemon.wait_for_token()
        label = self.daemon.call("Tokens.List")["tokens"][0]["label"]
        for role in ON_CARD:
            self.identities[role].token = label

    def pull(self):
        if self.pcscd:
            self.pcscd.pull()
        else:
            self.card.pull()
        self.daemon.wait_for_removal()

    def restart_daemon(self, is_killed=False):
        """It is stopped, or killed, and started again; the card's items are there when this
        returns."""
        if is_killed:
            self.daemon.kill()
        else:
            end(self.daemon.process)
        self.daemon.start()
        if self.slot == "embedded":  # no reader keeps it
            self.card.pull()
            self.card.insert(self.daemon)
        if self.slot:
            self.daemon.wait_for_token()

    # Programs.

    def run(self, *command, env=None, **options):
        """Run a program to its end: (stdout, stderr) as bytes; status=1 when that is expected."""
        options.setdefault("cwd", self.work)
        return run(*command, env={**self.env, **(env or {})}, **options)

    def start(self, *command, env=None, log=None, **options):
        """Start a program that goes on beside the test, until the scene ends. What it says is in
        the file process.log."""
        options.setdefault("cwd", self.work)
        log = log or self.work / f"{pathlib.Path(str(command[0])).name}.log"
        process = start(*command, env={**self.env, **(env or {})}, log=log,
                        start_new_session=True, **options)
        process.log = pathlib.Path(log)
        self.stack.push(lambda kind, *_: self.end(process, kind))
        return process

    @staticmethod
    def end(process, trouble=None):
        """Before the scene does; after trouble it says what the program has said."""
        if trouble is not None:
            diagnose(f"--- {process.log}\n" + process.log.read_text(errors="replace")[-4000:])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # also what a shell has started
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def write(self, name, content):
        """A file in the folder where programs are started: its path."""
        path = self.work / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def recipe(self, name, words=None):
        """docs/recipes/NAME.md; words that stand in its blocks and what they are here."""
        return Recipe(self, name, words or {})


__all__ = [
    "PATIENCE", "PATIENT", "PIN", "SOAK", "SOURCE", "Failure", "Identity", "MadeKey", "Scene",
    "SkipTest", "await_port", "check", "check_equal", "check_raises", "diagnose", "end", "eventually",
    "file_with", "free_port", "main", "openssl", "pathlib", "processes", "program", "run", "scratch",
    "skip_unless", "start", "test",
]
