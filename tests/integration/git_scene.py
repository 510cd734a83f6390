# SPDX-License-Identifier: LGPL-2.1-or-later
"""A repository, its owner, a card, and a person who answers every prompt: what the tests of git
share."""
import base64
import contextlib
import os
import pathlib
import subprocess
import tempfile

from keycask_test import (PIN, Card, Daemon, check, check_equal, diagnose, openssl, program, run, scratch,
                          skip_unless)
from made_keys import MadeAuthority, MadeKey, add, add_key, b64, der_of, unb64
from pin_scene import configure
from prompt_scene import scripted

NAME = "Jo Doe"
ADDRESS = "jo@example.org"
IDENTITY = {"GIT_AUTHOR_NAME": NAME, "GIT_AUTHOR_EMAIL": ADDRESS,
            "GIT_COMMITTER_NAME": NAME, "GIT_COMMITTER_EMAIL": ADDRESS}


def have(name):
    return any(os.access(f"{folder}/{name}", os.X_OK)
               for folder in os.environ["PATH"].split(":"))


class Answers:
    """A pinentry that answers by itself, and remembers what it has shown. answer: a PIN; "cancel";
    "yes" to what has buttons."""

    def __init__(self, answer=PIN):
        self.log = scratch() / "prompts"
        self.answer = scratch() / "answer"
        self.answer.write_text(answer)
        self.program = scripted(
            "pinentry-answers", "echo OK", f"while read -r line; do echo \"$line\" >> {self.log}",
            f"answer=$(cat {self.answer})", "case $line in",
            "GETPIN|CONFIRM) if [ $answer = cancel ]; then echo 'ERR 83886179 cancelled'",
            "elif [ $line = GETPIN ]; then echo \"D $answer\"; echo OK; else echo OK; fi;;",
            "BYE) echo OK; exit;;", "*) echo OK;; esac; done")

    def say(self, answer):
        self.answer.write_text(answer)

    def shown(self):
        """What each prompt said."""
        if not self.log.exists():
            return []
        found = []
        text = None
        for line in self.log.read_text().splitlines():
            if line.startswith("SETDESC "):
                text = line[len("SETDESC "):].replace("%0A", "\n").replace("%25", "%")
            elif line in ("GETPIN", "CONFIRM"):
                found.append(text)
        return found

    def forget(self):
        self.log.unlink(missing_ok=True)


class Repository:
    """Of somebody whose settings are in a home of their own."""

    def __init__(self, daemon, **environment):
        skip_unless(have("git"), "git is not installed")
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="home", dir=scratch()))
        self.folder = self.home / "repository"
        self.env = {**daemon.env, **IDENTITY, "HOME": str(self.home), "DISPLAY": ":99",
                    "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": str(self.home / ".config"),
                    "GIT_EDITOR": "true", "GIT_TERMINAL_PROMPT": "0", **environment}
        run("git", "init", "--quiet", "--initial-branch=main", self.folder, env=self.env)

    def git(self, *arguments, status=0, input=b""):
        """(standard output, standard error) as text."""
        done = subprocess.run(["git", *map(str, arguments)], cwd=self.folder, env=self.env,
                              input=input, capture_output=True, check=False, timeout=60)
        out, err = done.stdout.decode(), done.stderr.decode()
        if done.returncode != status:
            diagnose(out)
            diagnose(err)
        check_equal(done.returncode, status, f"the exit status of git {arguments[0]}")
        return out, err

    def config(self, **settings):
        for name, value in settings.items():
            self.git("config", "--global", name.replace("__", "."), value)

    def use_x509(self, key=None):
        self.config(gpg__format="x509", gpg__x509__program=program("keycask-git-x509"))
        if key:
            self.config(user__signingkey=key)

    def commit(self, message, *arguments, status=0):
        return self.git("commit", "--quiet", "--allow-empty", "-m", message, *arguments,
                        status=status)

    def signature(self, what="HEAD", kind="commit"):
        """(DER of the signature, what was signed) of an object."""
        raw = self.git("cat-file", kind, what)[0]
        if kind == "tag":
            at = raw.index("-----BEGIN SIGNED MESSAGE-----")
            return pem(raw[at:]), raw[:at].encode()
        lines = raw.split("\n")
        start = next(i for i, line in enumerate(lines) if line.startswith("gpgsig "))
        end = start + 1
        while lines[end].startswith(" "):
            end += 1
        armor = [lines[start][len("gpgsig "):]] + [line[1:] for line in lines[start + 1:end]]
        return pem("\n".join(armor)), "\n".join(lines[:start] + lines[end:]).encode()


def pem(text):
    lines = text.strip().splitlines()
    check_equal(lines[0], "-----BEGIN SIGNED MESSAGE-----", "the first line")
    check_equal(lines[-1], "-----END SIGNED MESSAGE-----", "the last line")
    return base64.b64decode("".join(lines[1:-1]))


def verify_with_openssl(der, content, certificates):
    """openssl cms accepts it, by a certificate in that PEM file."""
    for name, data in (("signature.der", der), ("content", content)):
        (scratch() / name).write_bytes(data)
    openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", scratch() / "signature.der",
            "-content", scratch() / "content", "-CAfile", certificates, "-purpose", "any", "-partial_chain",
            "-out", "/dev/null")


def write(name, data):
    path = pathlib.Path(scratch() / name)
    path.write_bytes(data)
    return path


EMAIL = f"subjectAltName=email:{ADDRESS}"


def settings(answers=None, **more):
    """Of the daemon: who is asked, and as often as a test likes."""
    return {"prompt_quota": 1000, **({"pinentry": answers.program} if answers else {}), **more}


def add_identity(connection, key, certificate, label="Jo", **attributes):
    add(connection, **{"class": "certificate"}, value_data=b64(der_of(certificate)), label=label)
    return add_key(connection, key, label=label, **attributes)


class Signer:
    """A person with a certificate by an authority, in the keychain."""

    def __init__(self, daemon, kind="P-256", label="Jo", **attributes):
        self.authority = MadeAuthority("Root")
        self.key = MadeKey(kind)
        self.certificate = self.authority.issue(self.key, NAME, EMAIL)
        with daemon.connect() as connection:
            self.reference = add_identity(connection, self.key, self.certificate, label,
                                          **attributes)

    @property
    def trusted(self):
        return self.authority.certificate_path


class CardScene(contextlib.ExitStack):
    """A card whose certificate is for the committer, a person who answers, a repository."""

    def __init__(self, profile="piv:9a=p256", answer=PIN, **more):
        super().__init__()
        self.answers = Answers(answer)
        self.daemon = self.enter_context(configure(Daemon("--log-level", "debug"),
                                                   **settings(self.answers, **more)))
        self.card = Card(profile)
        self.enter_context(self.card)
        self.card.insert(self.daemon)
        self.daemon.wait_for_token()
        (identity, *self.others) = self.daemon.copy_matching(
            {"class": "identity", "match_limit": "all", "return_attributes": True,
             "return_data": True})
        self.label = identity["label"]
        self.trusted = write("card.pem", openssl("x509", "-inform", "DER",
                                                 input=unb64(identity["value_data"])))
        self.repository = Repository(self.daemon)
        self.repository.use_x509(self.label)
        self.repository.config(keycask__x509CA=self.trusted)

    def n_verified(self):
        return sum(command.startswith("0020008008") for command in self.card.commands())


__all__ = ["ADDRESS", "EMAIL", "NAME", "Answers", "CardScene", "Repository", "Signer",
           "add_identity", "check", "check_equal", "have", "pem", "settings",
           "verify_with_openssl", "write"]
