# SPDX-License-Identifier: LGPL-2.1-or-later
"""clients/go: its tests and examples against the real daemon, compiled offline into one program
with what Debian packages."""
import shutil

from go_package import PACKAGE, go
from keycask_test import check, check_equal, main, program, run, scratch, skip_unless, test


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
    check(lines[-1] == "PASS" and out.count(b"--- PASS") > 10, lines)


@test(seconds=280)
def the_examples_do_what_they_say():
    out, _ = run(program("keycask"), "vcard", "run", "--profile", "piv:9a=p256", "--",
                 test_program(), "-test.run", "^Example", "-test.v", "-test.timeout", "60s")
    check(out.decode().count("--- PASS: Example") >= 3, out)


@test
def the_package_is_formatted_and_vetted():
    skip_unless(shutil.which("gofmt"), "golang-go is not installed")
    check_equal(run("gofmt", "-l", PACKAGE)[0], b"", "what gofmt would change")
    go("vet", ".")


main()
