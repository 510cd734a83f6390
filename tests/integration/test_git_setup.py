# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask git-setup, and setup git and ssh: what they change in other programs' settings, and that
undoing brings back every byte."""
import subprocess
import sys

from git_scene import ADDRESS, CardScene, Repository, Signer, check, check_equal, have
from keycask_test import SOURCE, Daemon, main, program, run, test

sys.path.append(str(SOURCE / "tests" / "interop"))
from recipe import Recipe  # noqa: E402

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
        for before, place in ((None, "--global"), (b"", "--global"), (GITCONFIG, "--global"),
                              (GITCONFIG.rstrip(), "--local")):
            if before is not None:
                settings_file.write_bytes(before)
            here = files_of(repository)
            keycask(repository, "git-setup", place, "--x509", "--ca", signer.trusted, "--key", "Jo",
                    "--sign")
            keycask(repository, "git-setup", place, "--ca", signer.trusted, "--key", ADDRESS)
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
        check("no certificate" not in said, said)
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
        said = keycask(repository, "git-setup", "--x509")
        check("no certificate that is here has the committer's address" in said, said)
        check("keycask git-setup --x509 --key LABEL" in said, said)
        keycask(repository, "git-setup", "--undo")
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


@test
def setup_ssh_renews_what_names_another_socket():
    with Daemon() as daemon:
        repository = Repository(daemon)
        config = repository.home / ".ssh" / "config"
        config.parent.mkdir(exist_ok=True)
        config.write_bytes(b"Host a\n")
        keycask(repository, "setup", "ssh")
        current = str(daemon.socket.parent / "ssh-agent.sock").encode()
        config.write_bytes(config.read_bytes().replace(current, b"/run/another") + b"Host more\n")
        said = keycask(repository, "setup")
        check("ssh asks the agent of another socket" in said, said)
        keycask(repository, "setup", "ssh")
        text = config.read_bytes()
        check(current in text and b"another" not in text and text.count(b"begin") == 1, f"{text}")
        keycask(repository, "setup", "ssh", "--undo")
        check_equal(config.read_bytes(), b"Host a\nHost more\n", "what was added since stays")


@test
def a_login_s_variables_of_somebody_else_stay():
    with Daemon() as daemon:
        repository = Repository(daemon)
        path = repository.home / ".config" / "environment.d" / "60-keycask.conf"
        path.parent.mkdir(parents=True)
        for text in ("SSH_AUTH_SOCK=/mine\n", '# keycask setup ssh\nSSH_AUTH_SOCK="/x"\nMINE=1\n'):
            path.write_text(text)
            said = keycask(repository, "setup", "ssh", status=1)
            check("failed" in said and "somebody else has written it" in said and
                  "move it away" in said and "ssh asks keycask's agent" in said, said)
            check_equal(path.read_text(), text, "what it says")
            keycask(repository, "setup", "ssh", "--undo")
            check_equal(path.read_text(), text, "what it says after that")
        path.write_text('# keycask setup ssh\nSSH_AUTH_SOCK="/run/another/socket"\n')
        check("it names another socket" in keycask(repository, "setup"), "it is ours, and old")
        keycask(repository, "setup", "ssh")
        check("/run/another" not in path.read_text(), path.read_text())
        path.write_text('# keycask setup ssh\nSSH_AUTH_SOCK="/run/another/socket"\n')
        keycask(repository, "setup", "ssh", "--undo")
        check(not path.exists(), "what is ours goes")


@test
def links_stay():
    """Settings that are kept elsewhere, and are there or, at the moment, not."""
    with Daemon() as daemon:
        repository = Repository(daemon)
        kept = repository.home / "kept"
        for words, path in ((("ssh",), ".ssh/config"), (("git", "--key", ADDRESS), ".gitconfig")):
            link = repository.home / path
            link.parent.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(kept)
            for undo in ((), ("--undo",)):
                said = keycask(repository, "setup", *words, *undo, status=1)
                check(f"{link} is a symbolic link that leads nowhere" in said, said)
            check(link.is_symlink() and not kept.exists(), "nothing has changed")
            kept.write_bytes(b"")
            keycask(repository, "setup", words[0], "--undo")
            check(link.is_symlink() and kept.read_bytes() == b"", "nothing has changed")
            kept.unlink()


@test
def all_that_was_set_up_is_taken_back_at_once():
    with Daemon() as daemon:
        Signer(daemon)
        repository = Repository(daemon)
        here = files_of(repository)
        keycask(repository, "setup", "ssh")
        keycask(repository, "setup", "git")
        check(files_of(repository) != here, "nothing was set up")
        for _ in range(2):
            said = keycask(repository, "setup", "--undo")
            check(said.startswith("nss") and "\nssh " in said and "\ngit " in said, said)
            check_equal(files_of(repository), here, "what is left")


class Bench:
    """Where a recipe is run."""

    def __init__(self, repository):
        self.work = repository.folder
        self.repository = repository

    def run(self, *command):
        return b"".join(run(*command, cwd=self.work, env=self.repository.env)).decode()


def recipe(name, repository, **words):
    return Recipe(Bench(repository), name, words)


@test
def the_recipe_holds():
    with CardScene() as scene:
        repository = scene.repository
        signer = Signer(scene.daemon)
        settings = repository.home / ".gitconfig"
        settings.write_text(f"[user]\n\temail = {ADDRESS}\n\tname = Jo\n")
        before = settings.read_bytes()
        steps = recipe("git", repository, **{"company-ca.pem": signer.trusted})
        said = steps.run("Sign with a certificate", "Sign all commits of a branch")
        check("good signature" in said and " G CN=Jo Doe" in said, said)
        steps.run("Take it back")
        check_equal(settings.read_bytes(), before, "settings")
        if not have("ssh-add"):
            return
        scene.daemon.cli("key", "delete", "Jo", "--yes")
        steps.run("Sign with a key for ssh", "Take it back")
        check_equal(settings.read_bytes(), before, "settings")
        check_equal(len(scene.answers.shown()), 1, "prompts")


main()
