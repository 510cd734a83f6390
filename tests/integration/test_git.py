# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commits and tags that git has keycask sign: with certificates in CMS, and one consent for a run of
git, whichever process it comes from."""
from git_scene import (ADDRESS, NAME, Answers, CardScene, Repository, Signer, check, check_equal,
                       settings, verify_with_openssl)
from keycask_test import Daemon, main, test
from pin_scene import configure

def n_log(repository, pattern):
    return repository.git("log", "--format=%G?")[0].split().count(pattern)


@test
def commits_and_tags_are_signed_and_verified():
    with Daemon() as daemon:
        for kind in ("P-256", "rsa2048", "ed25519", "P-384"):
            signer = Signer(daemon, kind, label=kind)
            repository = Repository(daemon)
            repository.use_x509(kind)
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


main()
