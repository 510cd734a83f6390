# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one consent for a run of git is good for, and for whom it is not; and what git's users read
when nothing is signed."""
import os
import subprocess

from git_scene import ADDRESS, CardScene, Repository, Signer, check, check_equal
from keycask_test import PIN, Daemon, check_raises, main, program, run, scratch, skip_unless, test
from made_keys import MadeKey, add_key
from pin_scene import ALGORITHM, WRONG
from prompt_scene import PINENTRY
from terminal import Terminal



def sign_in_rebase(scene, *commands):
    """A rebase of two commits that runs these between and after them, in the repository."""
    repository = scene.repository
    repository.commit("one")
    repository.commit("two")
    (repository.folder / "content").write_bytes(b"anything\n")
    arguments = [word for command in commands for word in ("--exec", command)]
    return repository.git("rebase", "--root", "--gpg-sign", "--force-rebase", *arguments)


@test
def another_program_below_the_same_git_is_asked_for_itself():
    with CardScene() as scene:
        data = scene.repository.folder / "content"
        sign_in_rebase(scene, f"keycask sign --key '{scene.label}' --out /dev/null {data}")
        shown = scene.answers.shown()
        check_equal(len(shown), 3, f"prompts: {shown}")  # one of the batch, two of keycask sign
        check_equal(sum("Good for:" in text for text in shown), 1, "prompts of the batch")


@test
def a_copy_of_the_signer_is_another_program():
    with CardScene() as scene:
        copy = scratch() / "keycask-git-x509"
        copy.write_bytes(open(program("keycask-git-x509"), "rb").read())
        copy.chmod(0o700)
        sign_in_rebase(scene, f"{copy} -bsau '{scene.label}' <content >/dev/null")
        shown = scene.answers.shown()
        check_equal(len(shown), 2, f"prompts: {shown}")  # the copy has a batch of its own


@test
def the_signer_without_git_is_asked_each_time():
    with CardScene() as scene:
        for _ in range(2):
            run(program("keycask-git-x509"), "-bsau", scene.label, input=b"content",
                env=scene.repository.env)
        shown = scene.answers.shown()
        check_equal(len(shown), 2, "prompts")
        check("Good for:" not in shown[0], shown[0])


@test
def what_is_locked_is_asked_anew_in_the_same_run():
    with CardScene() as scene:
        sign_in_rebase(scene, "keycask lock")
        check_equal(len(scene.answers.shown()), 2, "prompts")


@test
def a_card_that_was_away_meanwhile_is_asked_anew():
    with CardScene() as scene:
        repository = scene.repository
        for name in ("one", "two", "three"):
            repository.commit(name)
        fifo = scratch() / "fifo"
        os.mkfifo(fifo)
        rebase = subprocess.Popen(["git", "rebase", "--root", "--gpg-sign", "--force-rebase", "--exec",
                                   f"test ! -p {fifo} || {{ cat {fifo}; rm {fifo}; }}"],
                                  cwd=repository.folder, env=repository.env,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(fifo, "wb"):  # as soon as the first commit is done
            scene.card.pull()
            scene.daemon.wait_for_removal()
            scene.card.insert(scene.daemon)
            scene.daemon.wait_for_token()
        check_equal(rebase.wait(60), 0, "git rebase")
        check_equal(len(scene.answers.shown()), 2, "prompts")


@test
def a_policy_that_keeps_no_pin_is_kept():
    with CardScene(pin_cache="per-use") as scene:
        sign_in_rebase(scene)
        check_equal(len(scene.answers.shown()), 2, "prompts")


@test
def there_are_no_batches_of_other_programs():
    with Daemon() as daemon, daemon.connect() as connection:
        key = add_key(connection, MadeKey("P-256"))
        parameters = {"key": key, "algorithm": ALGORITHM, "data": "AAAA",
                      "interaction": {"authentication_ui": "fail", "batch": "bash"}}
        connection.call("Keys.Sign", parameters)  # nothing is wanted, nothing is looked at
        guarded = add_key(connection, MadeKey("P-256"), access_control={
            "accessible": "when_unlocked", "flags": ["user_presence"]})
        record = check_raises("param", connection.call, "Keys.Sign",
                              {**parameters, "key": guarded}).record
        check_equal(record["message"], '"batch" is "git": there are no batches of other programs',
                    "message")


@test
def a_consent_is_for_the_key_that_was_asked_for():
    with CardScene(answer="yes") as scene:
        presence = {"accessible": "when_unlocked", "flags": ["user_presence"]}
        Signer(scene.daemon, label="first", access_control=presence)
        Signer(scene.daemon, label="second", access_control=presence)
        scene.repository.use_x509("first")
        sign_in_rebase(scene, "git -c user.signingkey=second commit --quiet --amend --no-edit "
                              "--allow-empty -S")
        shown = scene.answers.shown()
        check_equal([("Item: first" in text, "Item: second" in text) for text in shown],
                    [(True, False), (False, True)], "prompts")


# --- errors -------------------------------------------------------------------------------------


def refused(scene, key, status=1):
    """What the signer says of that key."""
    out, err = run(program("keycask-git-x509"), "--status-fd=2", "-bsau", key, input=b"content",
                   env=scene.repository.env, status=status)
    check_equal(out, b"", "a signature")
    check(b"SIG_CREATED" not in err, err)
    return err.decode()


@test
def a_pin_that_is_wrong_is_asked_again_and_one_that_is_refused_is_an_error():
    with CardScene(answer=WRONG) as scene:
        scene.repository.commit("unsigned")
        said = scene.repository.commit("not signed", "-S", status=128)[1]
        check("gpg failed to sign the data" in said, said)
        check("Tries left: 2" in "\n".join(scene.answers.shown()), "it was not asked again")
        check_equal(scene.repository.git("log", "--format=%s")[0], "unsigned\n", "commits")
    with CardScene(answer="cancel") as scene:
        said = refused(scene, scene.label)
        check("cancel" in said, said)
        check("[GNUPG:] FAILURE sign -128" in said, said)


@test
def what_is_not_there_is_named():
    with CardScene() as scene:
        said = refused(scene, "nobody@example.org")
        check("no identity has a certificate for nobody@example.org" in said, said)
        said = refused(scene, "nothing of that name")
        check("no identity is called 'nothing of that name'" in said, said)
        check("is the card inserted?" in said, said)
        scene.card.pull()
        scene.daemon.wait_for_removal()
        said = refused(scene, scene.label)
        check("no identity is called" in said, said)
        check_equal(scene.answers.shown(), [], "prompts")


@test
def of_two_with_one_label_neither_is_taken_and_of_two_with_one_address_the_better():
    with CardScene() as scene:
        for _ in range(2):
            Signer(scene.daemon, label="twice")
        said = refused(scene, "twice")
        check("'twice' is the name of several identities" in said, said)
        run(program("keycask-git-x509"), "-bsau", f"Jo <{ADDRESS}>", input=b"content",
            env=scene.repository.env)


@test
def a_wrong_call_is_answered():
    with Daemon() as daemon:
        env = Repository(daemon).env
        for arguments in ((), ("--verify",), ("-bsau",), ("--status-fd=77", "-s"), ("-s", "x"),
                          ("--verify", "a", "b"), ("--nothing",)):
            err = run(program("keycask-git-x509"), *arguments, env=env, status=2)[1]
            check(b"see keycask-git-x509 --help" in err, err)
        check(b"-bsau KEY" in run(program("keycask-git-x509"), "--help", env=env)[0], "help")
        check(b"keycask" in run(program("keycask-git-x509"), "--version", env=env)[0], "version")


@test
def a_person_is_asked_and_told_at_the_terminal_that_git_hides():
    """git gives pipes to its signer: the terminal is that of its session."""
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    with CardScene(pinentry=PINENTRY) as scene, Terminal() as terminal:
        env = {name: value for name, value in scene.repository.env.items()
               if name not in ("DISPLAY", "GPG_TTY")}
        command = ["setsid", "--ctty", "--wait", "git", "commit", "--quiet", "--allow-empty", "-S",
                   "-m", "at a terminal"]
        commit = subprocess.Popen(command, cwd=scene.repository.folder, env=env,
                                  stdin=terminal.keyboard, stdout=terminal.keyboard,
                                  stderr=terminal.keyboard)
        check("Reason: sign the commit" in terminal.read_prompt(), "the prompt")
        terminal.type(PIN + "\n")
        check_equal(commit.wait(60), 0, "git commit")
        failing = subprocess.Popen([*command, "--allow-empty"], cwd=scene.repository.folder,
                                   env={**env, "GIT_CONFIG_COUNT": "1",
                                        "GIT_CONFIG_KEY_0": "user.signingkey",
                                        "GIT_CONFIG_VALUE_0": "nobody"},
                                   stdin=terminal.keyboard, stdout=terminal.keyboard,
                                   stderr=terminal.keyboard)
        terminal.read_until("keycask: no identity is called 'nobody'")
        check_equal(failing.wait(60), 128, "git commit")
        scene.repository.git("verify-commit", "HEAD")


main()
