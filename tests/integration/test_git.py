# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commits and tags that git has keycask sign: with certificates in CMS, and one consent for a run of
git, whichever process it comes from."""
import contextlib
import os
import subprocess

from git_scene import (ADDRESS, NAME, Answers, Repository, check, check_equal, have, pem,
                       verify_with_openssl, write)
from keycask_test import (PIN, Card, Daemon, Failure, eventually, main, openssl, program, run, scratch,
                          skip_unless, test)
from made_keys import MadeAuthority, MadeKey, add, add_key, b64, der_of, unb64
from pin_scene import configure

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


def n_log(repository, pattern):
    return repository.git("log", "--format=%G?")[0].split().count(pattern)


@test
def commits_and_tags_are_signed_and_verified():
    for kind in ("P-256", "rsa2048", "ed25519", "P-384"):
        with Daemon() as daemon:
            signer = Signer(daemon, kind)
            repository = Repository(daemon)
            repository.use_x509()
            repository.config(keycask__x509CA=signer.trusted)
            repository.commit("first", "-S")
            repository.git("tag", "-s", "-m", "a tag", "v1")
            said = repository.git("verify-commit", "HEAD")[1]
            check(f'good signature from "CN={NAME}"' in said, said)
            repository.git("verify-tag", "v1")
            shown = repository.git("log", "--show-signature", "-1")[0]
            check("good signature" in shown, shown)
            out = repository.git("log", "-1", "--format=%G? %GS %GT")[0]
            check_equal(out.strip(), f"G CN={NAME} fully", "git's judgement")
            if kind != "ed25519":  # openssl 3.0 has no RFC 8419
                verify_with_openssl(*repository.signature(), signer.trusted)
                verify_with_openssl(*repository.signature("v1", "tag"), signer.trusted)



def commits(repository, n):
    for i in range(n):
        repository.commit(f"commit {i}")


def rebase(repository, *arguments, status=0):
    return repository.git("rebase", "--force-rebase", "--gpg-sign", "--root", *arguments,
                          status=status)


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


@test
def a_rebase_of_forty_commits_asks_once():
    with CardScene() as scene:
        commits(scene.repository, 40)
        rebase(scene.repository)
        check_equal(n_log(scene.repository, "G"), 40, "good signatures")
        (shown,) = scene.answers.shown()
        check("keycask-git-x509 (process" in shown, shown)
        check("Good for: every signature of this run of git rebase (process" in shown, shown)
        check(f"Folder: {scene.repository.folder}" in shown, shown)
        check('Reason: sign the commit "commit 0"' in shown, shown)
        verify_with_openssl(*scene.repository.signature(), scene.trusted)
        scene.answers.forget()
        scene.repository.commit("another run", "-S")
        check_equal(len(scene.answers.shown()), 1, "prompts of another run")


@test
def what_a_rebase_executes_belongs_to_it():
    with CardScene() as scene:
        commits(scene.repository, 6)
        scene.repository.git("rebase", "--root", "--exec",
                             "git commit --quiet --amend --no-edit --allow-empty -S")
        check_equal(n_log(scene.repository, "G"), 6, "good signatures")
        check_equal(len(scene.answers.shown()), 1, "prompts")


@test
def a_key_that_wants_its_pin_each_time_gets_it_each_time():
    with CardScene("piv:9c=p256") as scene:
        commits(scene.repository, 3)
        rebase(scene.repository)
        check_equal(n_log(scene.repository, "G"), 3, "good signatures")
        check_equal(len(scene.answers.shown()), 3, "prompts")
        for shown in scene.answers.shown():
            check("Good for: this signature alone: the key wants its PIN for each" in shown, shown)


@test
def a_software_key_that_wants_consent_asks_once_too():
    answers = Answers("yes")
    with configure(Daemon(), **settings(answers)) as daemon:
        signer = Signer(daemon, access_control={"accessible": "when_unlocked",
                                                "flags": ["user_presence"]})
        repository = Repository(daemon)
        repository.use_x509(ADDRESS)
        repository.config(keycask__x509CA=signer.trusted)
        commits(repository, 10)
        rebase(repository)
        check_equal(n_log(repository, "G"), 10, "good signatures")
        (shown,) = answers.shown()
        check("Good for: every signature of this run of git rebase" in shown, shown)
        check("Item: Jo" in shown, shown)


# --- setting up ---------------------------------------------------------------------------------

GITCONFIG = b"""# mine
[user]
\tname = Jo
    email=jo@example.org ; the one
[gpg]
\tformat=openpgp # as ever
[alias]
\tlg = log
[user]
\tsigningkey = 0xDEADBEEF
"""


def keycask(repository, *arguments, status=0):
    """In its folder: what is said."""
    done = subprocess.run([program("keycask"), *map(str, arguments)], cwd=repository.folder,
                          env=repository.env, stdin=subprocess.DEVNULL, capture_output=True,
                          check=False, timeout=60)
    check_equal(done.returncode, status, f"the exit status of {arguments}: {done}")
    return (done.stdout + done.stderr).decode()


def files_of(repository):
    """All that is in its home, but for the repository's objects: what undo has to restore."""
    return {path.relative_to(repository.home): path.read_bytes()
            for path in repository.home.rglob("*")
            if path.is_file() and not {"objects", "logs", "refs"} & set(path.parts)}


@test
def git_setup_and_back_again():
    with Daemon() as daemon:
        signer = Signer(daemon)
        repository = Repository(daemon)
        repository.commit("before")
        settings_file = repository.home / ".gitconfig"
        for before in (None, b"", GITCONFIG, GITCONFIG.rstrip()):
            if before is not None:
                settings_file.write_bytes(before)
            here = files_of(repository)
            for place in ("--global", "--local"):
                keycask(repository, "git-setup", place, "--x509", "--ca", signer.trusted,
                        "--key", "Jo", "--sign")
                keycask(repository, "git-setup", place, "--ca", signer.trusted, "--key", ADDRESS,
                        "--sign")
                check_equal(repository.git("config", "gpg.format")[0], "x509\n", "gpg.format")
                check_equal(repository.git("config", "user.signingkey")[0], ADDRESS + "\n", "key")
                said = keycask(repository, "git-setup", place, "--undo")
                check("as it was" in said, said)
                check_equal(files_of(repository), here, f"what is left of {before!r}, {place}")
            said = keycask(repository, "git-setup", "--undo")
            check("nothing was changed" in said, said)


@test
def git_setup_makes_git_sign():
    with Daemon() as daemon:
        signer = Signer(daemon)
        repository = Repository(daemon)
        (repository.home / ".gitconfig").write_bytes(GITCONFIG)
        said = keycask(repository, "git-setup", "--ca", signer.trusted, "--sign")
        check("git signs with X.509, as the committer" in said, said)
        repository.commit("signed unasked")
        repository.git("verify-commit", "HEAD")
        said = keycask(repository, "setup")
        check("git signs with X.509" in said, said)


@test
def what_was_changed_since_stays_when_it_is_undone():
    with Daemon() as daemon:
        Signer(daemon)
        repository = Repository(daemon)
        (repository.home / ".gitconfig").write_bytes(GITCONFIG)
        keycask(repository, "git-setup", "--x509", "--sign")
        repository.config(user__signingkey="another", color__ui="never")
        said = keycask(repository, "git-setup", "--undo")
        check("but for 1 that somebody else has changed since" in said, said)
        for name, value in (("gpg.format", "openpgp"), ("user.signingkey", "another"),
                            ("color.ui", "never"), ("alias.lg", "log")):
            check_equal(repository.git("config", name)[0], value + "\n", name)
        for name in ("commit.gpgsign", "gpg.x509.program"):
            repository.git("config", name, status=1)


@test
def git_setup_says_what_is_wrong():
    with Daemon() as daemon:
        repository = Repository(daemon)
        for arguments, words in (
                (("--global", "--local"), "--global or --local, not both"),
                (("--ssh", "--x509"), "--x509 or --ssh, not both"),
                (("--ssh", "--ca", "x"), "--ca is for --x509"),
                (("more",), "more")):
            said = keycask(repository, "git-setup", *arguments, status=2)
            check(words in said, said)
        said = keycask(repository, "git-setup", "--ca", "/nonexistent", status=1)
        check("there is no file /nonexistent" in said, said)
        check(not list(repository.home.glob(".gitconfig*")), "something is left")
        repository.folder = repository.home
        said = keycask(repository, "git-setup", "--local", "--undo", status=1)
        check("this is no repository of git" in said, said)
        repository.env["PATH"] = "/nonexistent"
        said = keycask(repository, "git-setup", "--x509", status=1)
        check("there is no git here" in said, said)


@test
def setup_ssh_and_back_again():
    with Daemon() as daemon:
        repository = Repository(daemon)
        config = repository.home / ".ssh" / "config"
        for before in (None, b"", b"Host a\n  User b", b"Host a\n  User b\n"):
            if before is not None:
                config.write_bytes(before)
                config.chmod(0o600)
            here = files_of(repository)
            for _ in range(2):
                said = keycask(repository, "setup", "ssh")
                check("ssh asks keycask's agent" in said, said)
            (environment,) = repository.home.glob(".config/environment.d/*.conf")
            agent = daemon.socket.parent / "ssh-agent.sock"
            check(f'SSH_AUTH_SOCK="{agent}"' in environment.read_text(), environment.read_text())
            if have("ssh"):
                shown = run("ssh", "-F", config, "-G", "host", env=repository.env)[0].decode()
                check(f"identityagent {agent}" in shown, shown)
            keycask(repository, "setup", "ssh", "--undo")
            check_equal(files_of(repository), here, f"what is left of {before!r}")
        config.write_bytes(b"Host a\n")
        keycask(repository, "setup", "ssh")
        config.write_bytes(config.read_bytes() + b"Host more\n")
        keycask(repository, "setup", "ssh", "--undo")
        check_equal(config.read_bytes(), b"Host a\nHost more\n", "what was added since stays")


main()
