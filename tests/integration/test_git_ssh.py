# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commits that git signs with ssh, by a key that keycask's agent has."""
import re

from git_scene import ADDRESS, CardScene, check, check_equal, have
from keycask_test import main, program, run, skip_unless, test


def set_up(scene, *arguments):
    """Where the agent of SSH_AUTH_SOCK is another's."""
    skip_unless(have("ssh-keygen") and have("ssh-add"), "OpenSSH's client is not installed")
    repository = scene.repository
    repository.config(user__email=ADDRESS)
    repository.env["SSH_AUTH_SOCK"] = "/nonexistent/agent"
    said = run(program("keycask"), "git-setup", "--ssh", *arguments, cwd=repository.folder,
               env=repository.env)[0].decode()
    check(re.search(r"git signs with ssh, as key::\S+ \u2026\S{16}$", said, re.MULTILINE), said)
    return said


@test
def a_rebase_of_forty_commits_asks_once_with_ssh_too():
    with CardScene() as scene:
        set_up(scene)
        for i in range(40):
            scene.repository.commit(f"commit {i}")
        scene.repository.git("rebase", "--root", "--force-rebase", "--gpg-sign")
        out = scene.repository.git("log", "--format=%G? %GS")[0]
        check_equal(set(out.splitlines()), {f"G {ADDRESS}"}, "git's judgements")
        check_equal(len(scene.answers.shown()), 1, "prompts")
        scene.repository.git("tag", "-s", "-m", "a tag", "v1")
        scene.repository.git("verify-tag", "v1")
        check_equal(len(scene.answers.shown()), 1, "prompts, with the tag")
        shown = scene.repository.git("log", "-1", "--show-signature")[0]
        check('Good "git" signature for ' + ADDRESS in shown, shown)


@test
def setting_up_for_ssh_and_back_again():
    with CardScene("piv:9a=p256,9c=p256") as scene:
        settings = scene.repository.home / ".gitconfig"
        before = settings.read_bytes()
        err = run(program("keycask"), "git-setup", "--ssh", env=scene.repository.env, status=1,
                  cwd=scene.repository.folder)[1].decode()
        check("keycask's agent for ssh has 2 keys; which one?" in err, err)
        check("name one with --key: 'Key For PIV Authentication', 'Key For " in err, err)
        err = run(program("keycask"), "git-setup", "--ssh", "--key", "another", status=1,
                  env=scene.repository.env, cwd=scene.repository.folder)[1].decode()
        check("keycask's agent for ssh has no key 'another'" in err, err)
        agent = scene.daemon.socket.parent / "ssh-agent.sock"
        line = run("ssh-add", "-L", env={**scene.daemon.env, "SSH_AUTH_SOCK": str(agent)})[0]
        kind, blob = line.decode().splitlines()[0].split()[:2]
        check_equal(set_up(scene, "--key", blob), set_up(scene, "--key", "Key For PIV Authentication"),
                    "what is said")
        key = scene.repository.git("config", "user.signingkey")[0]
        check_equal(key, f"key::{kind} {blob}\n", "the key")
        out = run(program("keycask"), "git-setup", "--undo", env=scene.repository.env,
                  cwd=scene.repository.folder)[0].decode()
        check("as it was" in out, out)
        scene.repository.git("config", "--global", "--unset", "user.email")
        check_equal(settings.read_bytes(), before, "settings")
        check_equal([path for path in scene.repository.home.iterdir()
                     if path.name.startswith(".gitconfig.")], [], "what is left")


main()
