# SPDX-License-Identifier: LGPL-2.1-or-later
"""The software card under other people's tools: a pcscd of the test's own with vpcd's reader,
yubico-piv-tool, OpenSC's pkcs11-tool, and a test CA.

    with Pcscd() as pcscd, Card("piv") as card:
        pcscd.insert(card)
        pcscd.yubico("-a", "status")

personalise(card) does it all: keys and certificates by yubico-piv-tool, then the card is out again
and its file can go into any slot.

Why so private: pcsc-lite has one socket, /run/pcscd/pcscd.comm, and vpcd one port. The test process
gets mount and network namespaces of its own, so that it neither meets nor disturbs a pcscd that
runs on this machine. Where namespaces are refused (a bare container) it does without, provided
that no pcscd runs.
"""
import ctypes
import fcntl
import glob
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile

from keycask_test import (PIN, Card, SkipTest, check, diagnose, end, eventually, openssl, program,
                          run, scratch, start)

READER = "keycask vpcd"
DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
SOCKET_FOLDER = pathlib.Path("/run/pcscd")
MANAGEMENT_KEY = "010203040506070801020304050607080102030405060708"
PUK = "12345678"

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
MS_REC_PRIVATE = 0x4000 | 0x40000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


# --- namespaces --------------------------------------------------------------------------------


def _system(name, *arguments):
    """A call of libc; False when it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    return getattr(libc, name)(*arguments) == 0


def _become_root_of_a_user_namespace():
    uid, gid = os.getuid(), os.getgid()
    if not _system("unshare", CLONE_NEWUSER):
        raise SkipTest("pcscd needs root, and this user gets no user namespace")
    pathlib.Path("/proc/self/setgroups").write_text("deny")
    pathlib.Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    pathlib.Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def _raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14s", b"lo", IFF_UP, b""))


def isolate():
    """Mount and network namespaces for this process and its children, once: whether it has them."""
    if isolate.is_done:
        return isolate.has_namespaces
    if os.geteuid() != 0:
        _become_root_of_a_user_namespace()
    if _system("unshare", CLONE_NEWNS | CLONE_NEWNET):
        _raise_loopback()
        check(_system("mount", b"none", b"/", None, MS_REC_PRIVATE, None), "/ is not private")
        if not SOCKET_FOLDER.is_dir():
            check(_system("mount", b"none", b"/run", b"tmpfs", 0, None), "no own /run")
            SOCKET_FOLDER.mkdir()
        check(_system("mount", b"none", str(SOCKET_FOLDER).encode(), b"tmpfs", 0, None),
              "no own /run/pcscd")
        isolate.has_namespaces = True
    elif (SOCKET_FOLDER / "pcscd.comm").exists():
        raise SkipTest("a pcscd runs here, and namespaces to get out of its way are refused")
    isolate.is_done = True
    return isolate.has_namespaces


isolate.is_done = False
isolate.has_namespaces = False


# --- pcscd -------------------------------------------------------------------------------------


def _listens(port):
    """Somebody listens on the port. Connecting would be inserting a card."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(table):
            continue
        with open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                local, state = line.split()[1], line.split()[3]
                if state == "0A" and int(local.split(":")[1], 16) == port:
                    return True
    return False


def _free_port():
    """A port with a free one behind it: vpcd's driver opens two slots."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


class Pcscd:
    """A real pcscd with vpcd's reader, and the tools that talk to it."""

    def __init__(self, name=READER):
        for tool in ("pcscd", "yubico-piv-tool", "pkcs11-tool", "opensc-tool"):
            if not any(os.access(f"{folder}/{tool}", os.X_OK)
                       for folder in ("/usr/bin", "/usr/sbin")):
                raise SkipTest(f"{tool} is not installed")
        if not os.path.exists(DRIVER):
            raise SkipTest("vsmartcard-vpcd is not installed")
        isolate()
        self.port = _free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pcscd", dir=scratch()))
        self.log = self.folder / "pcscd.log"
        self.process = None
        self.card = None
        self.name = name
        self.readers = [f"{name} 00 00", f"{name} 00 01"]

    def __enter__(self):
        readers = self.folder / "readers"
        readers.mkdir()
        (readers / "vpcd").write_text(f'FRIENDLYNAME "{self.name}"\n'
                                      f"DEVICENAME /dev/null:0x{self.port:X}\n"
                                      f"LIBPATH {DRIVER}\nCHANNELID 0x{self.port:X}\n")
        self.start()
        return self

    def start(self):
        """Start it, or again after kill(); its readers are empty then."""
        readers = self.folder / "readers"
        self.process = start("/usr/sbin/pcscd", "--foreground", "--config", readers,
                             log=self.log, stdout=open(self.log, "ab"))
        eventually(self._is_up, "pcscd and vpcd listen")

    def kill(self):
        """What a crash of it leaves behind."""
        self.process.kill()
        self.process.wait()

    def _is_up(self):
        check(self.process.poll() is None, "pcscd ended: " + self.log.read_text(errors="replace"))
        return (SOCKET_FOLDER / "pcscd.comm").exists() and _listens(self.port)

    def __exit__(self, kind, *_):
        if kind is not None:
            lines = self.log.read_text(errors="replace").splitlines()
            # Its question for PIN pads, which vpcd has not, at every connection.
            diagnose("\n".join(line for line in lines if "IFDControl()" not in line))
        if self.card is not None:
            self.pull()
        if self.process is not None:
            end(self.process)

    def insert(self, card, *options, port=None):
        """Put a Card into the reader and wait until pcscd has noticed; port: of a relay."""
        self.card = start(program("keycask-vcard"), "start", card.file,
                          "--vpcd", f"127.0.0.1:{port or self.port}", *options, log=card.log,
                          stdout=subprocess.DEVNULL)
        eventually(self.has_card, "pcscd notices the card")

    def put(self, card, *faults, reader=0):
        """Put a Card into one of the two readers, with faults on order, and do not wait. Out again:
        card.pull()."""
        check(card.process is None, "the card is in a slot already")
        card.process = start(program("keycask-vcard"), "start", card.file, "--vpcd",
                             f"127.0.0.1:{self.port + reader}", "--log", card.contacts,
                             *(word for fault in faults for word in ("--fault", fault)),
                             log=card.log)

    def pull(self):
        """Out of the reader again. pcscd looks every 400 ms: a card that goes and comes faster
        would never have been away."""
        status = end(self.card)
        self.card = None
        check(status == 0, f"keycask-vcard ended with {status}")
        eventually(lambda: not self.has_card(), "pcscd notices that the card is gone")

    def has_card(self):
        """As pcscd sees it."""
        listed, _ = run("opensc-tool", "--list-readers")
        return re.search(rb"^\d+\s+Yes\s", listed, re.MULTILINE) is not None

    def yubico(self, *arguments, status=0, input=b""):
        """yubico-piv-tool's standard output, with standard error when it is to fail."""
        out, errors = run("yubico-piv-tool", "-r", self.name, *arguments, status=status, input=input)
        return out if status == 0 else out + errors

    def manage(self, *arguments, status=0, input=b"", key=MANAGEMENT_KEY):
        """yubico-piv-tool with the management key."""
        return self.yubico(f"--key={key}", *arguments, status=status, input=input)

    def pkcs11(self, label, *arguments, status=0, input=b""):
        """pkcs11-tool on the token with this label: slots move about, labels do not."""
        return run("pkcs11-tool", "--module", opensc_module(), "--token-label", label, *arguments,
                   status=status, input=input)[0]


def opensc_module():
    found = glob.glob("/usr/lib/*/opensc-pkcs11.so") + glob.glob("/usr/lib/opensc-pkcs11.so")
    if not found:
        raise SkipTest("opensc-pkcs11 is not installed")
    return found[0]


# --- a test CA ---------------------------------------------------------------------------------


class TestCa:
    """An openssl CA that certifies any public key. Certificates and public keys are PEM files."""

    def __init__(self, folder=None):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="ca", dir=scratch()))
        self.key = self.folder / "ca.key"
        self.certificate = self.folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=keycask tools CA", "-days", "3650",
                "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, public_key):
        """A certificate with CN=name for the key in a PEM file: its path. The request is made
        with the CA's own key and its public key exchanged: yubico-piv-tool 2.2 makes none."""
        request = openssl("req", "-new", "-key", self.key, "-subj", f"/CN={name}")
        path = self.folder / f"{name.replace(' ', '-')}.pem"
        path.write_bytes(openssl("x509", "-req", "-CA", self.certificate, "-CAkey", self.key,
                                 "-CAcreateserial", "-days", "365", "-force_pubkey", public_key,
                                 input=request))
        return path


# --- the whole of it ---------------------------------------------------------------------------

KEYS = {"9a": "RSA2048", "9c": "ECCP256"}


class Personalised:
    """What personalise() made: the card, and PEM files by slot."""

    def __init__(self, card, ca):
        self.card = card
        self.ca = ca
        self.public_keys = {}
        self.certificates = {}
        self.label = "tool card 9a"  # as OpenSC calls the token: the certificate's name in 9A


def personalise_inserted(pcscd, card, ca=None):
    """On a factory card in pcscd's reader: CHUID, CCC, a key and a certificate in each slot."""
    made = Personalised(card, ca or TestCa())
    pcscd.manage("-a", "set-chuid", "-a", "set-ccc")
    for slot, algorithm in KEYS.items():
        public_key = made.ca.folder / f"{slot}.pub"
        pcscd.manage("-a", "generate", "-s", slot, "-A", algorithm, "-o", public_key)
        certificate = made.ca.issue(f"tool card {slot}", public_key)
        pcscd.manage("-a", "import-certificate", "-s", slot, "-i", certificate)
        made.public_keys[slot] = public_key
        made.certificates[slot] = certificate
    return made


def personalise(card=None):
    """A factory card, personalised by yubico-piv-tool through pcscd, and out of the reader again."""
    card = card or factory_card()
    with Pcscd() as pcscd:
        pcscd.insert(card)
        return personalise_inserted(pcscd, card)


def factory_card():
    """A card without keys."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="factory", dir=scratch())) / "card.json"
    run(program("keycask-vcard"), "new", path)
    return Card(file=path)


def verify(public_key, signature, data):
    """openssl agrees that this is data's SHA-256 signature."""
    signature_file = scratch() / "signature"
    signature_file.write_bytes(signature)
    openssl("dgst", "-sha256", "-verify", public_key, "-signature", signature_file, input=data)


__all__ = ["KEYS", "MANAGEMENT_KEY", "PIN", "PUK", "Pcscd", "Personalised", "TestCa",
           "factory_card", "isolate", "personalise", "personalise_inserted", "verify"]
