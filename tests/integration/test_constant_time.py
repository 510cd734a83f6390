# SPDX-License-Identifier: LGPL-2.1-or-later
"""Unpadding does not tell by its time or by an address what it has found: valgrind follows the bytes
of the block, which count as uninitialised, and reports every branch and every address that depends
on them (Langley's ctgrind). That it would report one is shown first."""
import subprocess

from keycask_test import BUILD, check, check_equal, main, skip_unless, test
from lifecycle import is_sanitized

PROBE = BUILD / "src/keys/constant_time_probe"
PKCS11_PROBE = BUILD / "src/frontends/pkcs11/p11_padding_probe"
REPORTED = 9
GOOD = ("pkcs1", "oaep", "oaep-sha512")
BAD_PKCS1 = ("pkcs1-type", "pkcs1-early", "pkcs1-endless", "pkcs1-first")
BAD_OAEP = ("oaep-label", "oaep-filling", "oaep-first", "oaep-sha512-filling")


def probe(what, program=PROBE):
    """(reports, what it printed)."""
    skip_unless(not is_sanitized(), "valgrind and the sanitizers exclude each other")
    skip_unless(program.exists(), "built without valgrind's headers")
    done = subprocess.run(["valgrind", "--quiet", f"--error-exitcode={REPORTED}", program, what],
                          capture_output=True, text=True, check=False)
    check(done.returncode in (0, REPORTED), f"{what}: {done}")
    return done.stderr if done.returncode == REPORTED else "", done.stdout.split()


@test
def a_leak_would_be_found():
    for what, report in (("leaky-branch", "Conditional jump or move depends on uninitialised"),
                         ("leaky-address", "Use of uninitialised value")):
        check(report in probe(what)[0], f"{what} is not reported")


@test
def good_padding_is_taken_off_in_constant_time():
    for what, size in zip(GOOD, ("155", "7", "7")):
        check_equal(probe(what), ("", ["0", size]), what)


@test
def bad_padding_takes_no_other_way():
    for what in BAD_PKCS1:
        reports, (status, _) = probe(what)
        check_equal((reports, status), ("", "0"), what)
    for what in BAD_OAEP:
        check_equal(probe(what), ("", ["-50", "0"]), what)


@test
def what_the_pkcs11_module_takes_off():
    check_equal(probe("good", PKCS11_PROBE), ("", ["0", "7"]), "good padding")
    for what in ("first", "seed", "label", "filling", "end"):
        check_equal(probe(what, PKCS11_PROBE), ("", [str(0x40), "0"]), what)


main()
