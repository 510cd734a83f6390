# SPDX-License-Identifier: LGPL-2.1-or-later
"""GnuPG on the software card, through a pcscd of the test's own (piv_tools) and scdaemon.

    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none") as card:
        gpg.insert(pcscd, card)
        gpg.generate()
        signature = gpg.sign(b"data")

gpg, its agent and scdaemon live in a home folder of the test's own and end with it. PINs are
answered by a pinentry of the test's own, which tells the administrator's from the user's by what
scdaemon has it say.
"""
import os
import pathlib
import re
import subprocess
import tempfile

from keycask_test import (PIN, SkipTest, arguments_of, base_environment, check, diagnose, eventually,
                          processes, run, scratch)

ADMIN_PIN = "12345678"
USER = "Card Holder <card@keycask.example>"

# What gpg asks beside the card's menu, and the answers.
ANSWERS = {
    "cardedit.genkeys.backup_enc": "n",
    "cardedit.genkeys.replace_keys": "y",
    "keygen.valid": "0",
    "keygen.name": "Card Holder",
    "keygen.email": "card@keycask.example",
    "keygen.comment": "",
    "keyedit.save.okay": "y",
    "cardedit.genkeys.subkeytype": "1",
    "keyedit.keytocard.use_primary": "y",
    "cardedit.factory-reset.proceed": "y",
    "cardedit.factory-reset.really": "yes",
}

# gpg's menu numbers and names of key types, by ours. Its curves: 1 is Curve 25519, 3 to 5 NIST's.
RSA = "1"
ECC = "2"
CURVES = {"ed25519": "1", "p256": "3", "p384": "4", "p521": "5"}

PINENTRY = """#!/usr/bin/python3
# Answers as scdaemon's words want it, and remembers what it was asked last.
import os, sys, urllib.parse
pins = dict(line.split("=", 1) for line in open(os.environ["KEYCASK_TEST_PINS"]).read().split())
log = os.environ["KEYCASK_TEST_PINS"] + ".log"
said = ""
print("OK Pleased to meet you", flush=True)
for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    rest = urllib.parse.unquote(rest)
    if word in ("SETDESC", "SETPROMPT"):
        said += rest + " "
    if word == "GETPIN":
        kind = "Admin PIN" in said and "admin" or "Reset Code" in said and "code" or "user"
        if "new" in said.lower():
            kind = "new_" + kind
        if "repeat" in said.lower():
            kind = open(log).read().split(chr(10))[-2]
        with open(log, "a") as asked:
            asked.write(kind + chr(10))
        print("D " + pins[kind])
        said = ""
    print("OK", flush=True)
    if word == "BYE":
        break
"""


class Gpg:
    """gpg with a home of its own."""

    def __init__(self):
        for name in ("/usr/bin/gpg", "/usr/lib/gnupg/scdaemon"):
            if not os.access(name, os.X_OK):
                raise SkipTest(f"{name} is not installed")
        # Its sockets stand in it: a path of at most 107 bytes.
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="g", dir=scratch()))
        self.home.chmod(0o700)
        self.pins = self.home / "pins"
        self.log = self.home / "scdaemon.log"
        self.set_pins()
        pinentry = self.home / "pinentry"
        pinentry.write_text(PINENTRY)
        pinentry.chmod(0o700)
        self._write("gpg-agent.conf", f"pinentry-program {pinentry}\nno-allow-external-cache\n")
        self._write("scdaemon.conf",
                    "disable-ccid\npcsc-shared\nreader-port keycask vpcd 00 00\n"
                    f"log-file {self.log}\ndebug-level basic\n")
        self._write("gpg.conf", "batch\nno-tty\n")
        self.env = {**base_environment(), "GNUPGHOME": str(self.home),
                    "KEYCASK_TEST_PINS": str(self.pins)}

    def _write(self, name, text):
        (self.home / name).write_text(text)

    def set_pins(self, user=PIN, admin=ADMIN_PIN, **others):
        """What the pinentry answers from now on: user, admin, code, new_user, new_admin, new_code."""
        pins = {"user": user, "admin": admin, "code": "00000000", "new_user": "654321",
                "new_admin": "87654321", "new_code": "11111111", **others}
        self.pins.write_text("".join(f"{name}={pin}\n" for name, pin in pins.items()))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None and self.log.exists():
            diagnose("\n".join(self.log.read_text(errors="replace").splitlines()[-30:]))
        self.end()

    def end(self):
        """Ends agent and scdaemon; the next call starts them anew, and must not meet the old ones."""
        run("gpgconf", "--kill", "all", env=self.env, status=None)
        eventually(lambda: not self.servants(), "gpg-agent and scdaemon end")

    def servants(self):
        """The processes that gpg has started and left running."""
        return [pid for pid, name, _ in processes()
                if name in ("gpg-agent", "scdaemon") and str(self.home) in arguments_of(pid)]

    def run(self, *arguments, input=b"", status=0):
        """gpg's standard output, with standard error when it is to fail."""
        out, errors = run("gpg", *arguments, env=self.env, input=input, status=status)
        return out if status == 0 else out + errors

    def insert(self, pcscd, card, *faults):
        """Put a Card into pcscd's reader and wait until it is noticed; out again: card.pull()."""
        pcscd.put(card, *faults)
        eventually(pcscd.has_card, "pcscd notices the card")

    def reinsert(self, pcscd, card):
        """Out of the reader and in again, noticed both times."""
        self.end()
        card.pull()
        eventually(lambda: not pcscd.has_card(), "pcscd notices that the card is gone")
        self.insert(pcscd, card)

    def agent(self, *commands):
        """gpg-connect-agent's answers to these lines."""
        return run("gpg-connect-agent", "--hex", *commands, "/bye", env=self.env)[0].decode()

    def status(self):
        """--card-status --with-colons as {first field: the others}, keys and texts alike."""
        lines = self.run("--card-status", "--with-colons").decode().splitlines()
        return {line.split(":")[0]: line.split(":")[1:] for line in lines}

    def edit(self, *commands, status=0):
        """--card-edit: what the card's menu is told, line by line; all else is in ANSWERS."""
        return self._talk(["--card-edit"], [*commands, "quit"], status)

    def edit_key(self, fingerprint, *commands, status=0):
        """--edit-key, told the same way."""
        return self._talk(["--edit-key", fingerprint], [*commands], status)

    def _talk(self, arguments, told, status):
        process = subprocess.Popen(
            ["gpg", "--no-batch", "--expert", "--status-fd", "1", "--command-fd", "0", *arguments],
            env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = ""
        for line in process.stdout:
            said += line.decode(errors="replace")
            asked = re.match(rb"\[GNUPG:\] GET_(?:LINE|BOOL|HIDDEN) (\S+)", line)
            if asked:
                answer = self._answer(asked[1].decode(), told)
                process.stdin.write(f"{answer}\n".encode())
                process.stdin.flush()
        said += process.stderr.read().decode(errors="replace")
        process.stdin.close()
        process.stdout.close()
        process.stderr.close()
        if process.wait() != status:
            diagnose(said)
        check(process.returncode == status, f"gpg {arguments[0]} ended with {process.returncode}")
        return said

    @staticmethod
    def _answer(prompt, told):
        if prompt in ANSWERS:
            return ANSWERS[prompt]
        check(told, f"gpg asks {prompt}, which nobody has an answer to")
        return told.pop(0)

    def set_attributes(self, kind):
        """key-attr: all three keys of that kind, "rsa3072", "p256", or "ed25519" for 25519."""
        family, size = (RSA, kind[3:]) if kind.startswith("rsa") else (ECC, CURVES[kind])
        self.edit("admin", "key-attr", *((family, size) * 3))

    def generate(self):
        """Three keys on the card and an OpenPGP key of them: its fingerprint."""
        self.edit("admin", "generate")
        listed = self.run("--list-keys", "--with-colons").decode()
        found = re.search(r"^fpr:+([0-9A-F]+):", listed, re.MULTILINE)
        check(found, "gpg has made no key")
        return found[1]

    def public_keys(self):
        """What others need to know."""
        return self.run("--armor", "--export")

    def sign(self, data, *options):
        return self.run(*options, "--detach-sign", input=data)

    def decrypt(self, message):
        return self.run("--decrypt", input=message)


class Stranger(Gpg):
    """A gpg without card: somebody else, who knows the public keys."""

    def __init__(self, public_keys):
        super().__init__()
        self.run("--import", input=public_keys)

    def verify(self, signature, data):
        """Good signature, or the test fails."""
        path = self.home / "signature"
        path.write_bytes(signature)
        self.run("--verify", path, "-", input=data)

    def encrypt(self, data):
        return self.run("--trust-model", "always", "--encrypt", "--recipient", USER, input=data)


__all__ = ["ADMIN_PIN", "Gpg", "Stranger", "USER"]
