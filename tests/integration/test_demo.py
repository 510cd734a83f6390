# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demo is true: its story comes to its end, in time, and leaves nothing behind."""
import os

from keycask_test import SOURCE, base_environment, check, check_equal, main, run, scratch, test


@test(seconds=60)
def the_demo_tells_its_story():
    env = base_environment()
    out, _ = run(SOURCE / "tools/demo", env=env)
    text = out.decode()
    check(text.count("Verified OK") == 2, "openssl did not agree twice")
    check("item_not_found" in text, "the dead reference is not shown")
    check("\033[" not in text, "coloured without a terminal")
    check_equal(os.listdir(scratch()), [], "what the demo leaves behind")
    said = scratch() / "said"
    said.write_text(text, encoding="utf-8")
    stale, _ = run(SOURCE / "tools/make-pictures", "--check", said, env=env, status=None)
    check_equal(stale.decode(), "", "pictures of README that are not what is the case")


@test(seconds=60)
def a_demo_that_fails_says_so_and_cleans_up():
    env = base_environment()
    env["KEYCASK_DRIVER_DIR"] = "/nonexistent"
    run(SOURCE / "tools/demo", env=env, status=1)
    check_equal(os.listdir(scratch()), [], "what the demo leaves behind")


main()
