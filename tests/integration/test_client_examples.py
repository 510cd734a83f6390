# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the READMEs of clients/ show is true: each block of code in them runs, against the real
daemon with a card in it, and a person who types the PIN."""
import contextlib
import io
import os
import re

from go_package import go
from keycask_test import SOURCE, check, check_equal, main, run, scratch, test
from pin_scene import configure
from python_client import Card, Daemon, agreeing_person, live_in
from tls_scene import World, s_server

def blocks(folder, language):
    """The code in a README."""
    text = (SOURCE / folder / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class Desk(World):
    """A World whose person types PINs, and in which this process lives."""

    def __init__(self):
        super().__init__()
        configure(self.daemon, pinentry=str(agreeing_person()))
        self.daemon.env["DISPLAY"] = ":99"
        live_in(self.daemon)

    def __enter__(self):
        super().__enter__()
        os.environ["SSL_CERT_FILE"] = str(self.authority.certificate_path)
        return self


@test
def python_examples_run():
    expected = [r"signed by .*, \d+ bytes\n", "200\n", r"geheim\n(.* \d{4}-\d\d-\d\d\n)+",
                "True\nec\n", "inserted org.keycask.piv:.*\n", "", "param .*\n", r"\d+\n"]
    found = blocks("clients/python", "python")
    check_equal(len(found), len(expected), "examples")
    with Desk() as desk, s_server(desk) as port:
        for code, pattern in zip(found + blocks(".", "python"), [*expected, ""]):
            code = code.replace("https://shop.example.org/", f"https://127.0.0.1:{port}/")
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                exec(compile(code, "README.md", "exec"), {})  # pylint: disable=exec-used
            check(re.fullmatch(pattern, said.getvalue()), f"{said.getvalue()!r} of:\n{code}")


@test(seconds=280)
def the_go_program_runs():
    daemon = configure(Daemon(DISPLAY=":99"), pinentry=str(agreeing_person()))
    with daemon, Card("piv:9c=p256") as card:
        live_in(daemon)
        card.insert(daemon)
        daemon.wait_for_token()
        (code, line) = blocks("clients/go", "go")
        folder = scratch() / "src" / "signing"
        folder.mkdir(parents=True)
        (folder / "main.go").write_text(code)
        go("build", "-o", scratch() / "signing", "signing")
        out, _ = run(scratch() / "signing", env=daemon.env)
        check_equal(out, b"signed by Certificate For Digital Signature true\n", "what it says")
        check_equal(blocks(".", "go"), [line], "the line in the README of all")
        check("ClientCertificate" in line and line.strip() in (
            SOURCE / "clients/go/example_test.go").read_text(), "the line is in an example")


main()
