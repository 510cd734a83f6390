# SPDX-License-Identifier: LGPL-2.1-or-later
"""The go command with clients/go and what Debian packages: what tests of the package share."""
import pathlib
import shutil

from keycask_test import BUILD, SOURCE, base_environment, run, scratch, skip_unless

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
