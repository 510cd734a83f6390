# SPDX-License-Identifier: LGPL-2.1-or-later
"""clients/go: its tests and examples against the real daemon, compiled offline into one program with
what Debian packages."""
import pathlib
import shutil

from keycask_test import BUILD, SOURCE, base_environment, check, check_equal, main, program, run, \
    scratch, skip_unless, test

PACKAGE = SOURCE / "clients" / "go"
GOPATH = pathlib.Path("/usr/share/gocode")
IMPORTED_AS = "src/keycask.org/go/keycask"


def go(*arguments, **options):
    """The go command, offline, in a folder where the package is found by its name. What it has
    compiled once it keeps in the build tree."""
    skip_unless(shutil.which("go"), "golang-go is not installed")
    skip_unless((GOPATH / "src/github.com/varlink/go").is_dir(),
                "golang-github-varlink-go-dev is not installed")
    folder = scratch() / IMPORTED_AS
    if not folder.exists():
        shutil.copytree(PACKAGE, folder)
    return run("go", *arguments, cwd=folder, timeout=240, env={
        **base_environment(), "GOPATH": f"{scratch()}:{GOPATH}", "GO111MODULE": "off",
        "GOPROXY": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local",
        "GOCACHE": str(BUILD / "gocache")}, **options)[0]


def test_program():
    """All of it compiled."""
    path = scratch() / "keycask.test"
    go("test", "-c", "-o", path)
    return path


@test(seconds=280)
def the_tests_of_the_package_pass():
    out, _ = run(test_program(), "-test.run", "^Test", "-test.v", "-test.timeout", "100s",
                 timeout=120, status=None)
    lines = out.decode().splitlines()
    bad = [line for line in lines if line.startswith(("--- FAIL", "--- SKIP", "    "))]
    check_equal(bad, [], "what did not pass")
    check(lines[-1] == "PASS" and len([x for x in lines if x.startswith("--- PASS")]) > 10, lines)


@test(seconds=280)
def the_examples_do_what_they_say():
    out, _ = run(program("keycask"), "vcard", "run", "--profile", "piv:9a=p256", "--",
                 test_program(), "-test.run", "^Example", "-test.v", "-test.timeout", "60s")
    check(out.decode().count("--- PASS: Example") >= 3, out)


@test
def the_package_is_formatted_and_vetted():
    skip_unless(shutil.which("gofmt"), "golang-go is not installed")
    check_equal(run("gofmt", "-l", *sorted(PACKAGE.glob("*.go")))[0], b"", "what gofmt would change")
    go("vet", ".")


main()
