# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask cert import and delete, key import and delete, with what is on tokens; and whoever is asked."""
import json
import os

from keycask_test import check, check_equal, main, program, run, skip_unless, test
from lifecycle import query
from made_keys import MadeKey, file_with
from prompt_scene import PINENTRY
from terminal import Terminal
from token_scene import ADMIN_PIN, DEFAULT_KEY, TokenScene, b64, der_of


def command(scene, *words, status=None, administrator=True):
    """What it prints; its complaint where a status is expected."""
    reader, writer = os.pipe()
    os.write(writer, scene.administrator.encode() + b"\n")
    os.close(writer)
    proof = ["--administrator-fd", reader] if administrator else []
    try:
        out, errors = run(program("keycask"), *words, *proof, env=scene.daemon.env,
                          pass_fds=[reader], status=status or 0)
    finally:
        os.close(reader)
    return errors.decode() if status else out.decode()


@test
def a_key_and_its_certificate_come_and_go():
    with TokenScene("piv:none,firmware=5.7") as scene:
        made = MadeKey("P-256")
        pem = file_with(made.certificate("Jo"))
        told = command(scene, "key", "import", made.path, "--token", scene.token_id, "--object",
                       "9a")
        check("Imported Key For PIV Authentication" in told, told)
        told = command(scene, "cert", "import", pem)  # it is the only token, and has the key
        check(f"is on the token {scene.token_id}" in told, told)
        check_equal(scene.data(), {der_of(pem.read_bytes())}, "certificates")
        told = command(scene, "cert", "import", pem, "--json", "--object", "9a")
        check_equal(json.loads(told)["certificate"], list(scene.items("certificate"))[0], "JSON")
        label = next(iter(scene.items("identity").values()))["label"]
        told = command(scene, "cert", "delete", label, "--yes")
        check("is deleted" in told, told)
        check_equal(scene.data(), set(), "certificates")
        command(scene, "key", "delete", "Key For PIV Authentication", "--yes", "--json")
        check_equal(scene.items("key"), {}, "keys")


@test
def what_the_commands_refuse():
    with TokenScene("piv:9a=p256") as scene:
        stranger = MadeKey("P-256")
        pem = stranger.certificate("Jo")
        errors = command(scene, "cert", "import", file_with(pem), "--object", "9a", status=1)
        check("--mismatch" in errors, errors)
        errors = command(scene, "cert", "import", file_with(pem), "--object", "9a", "--mismatch",
                         status=1)
        check("--replace" in errors, errors)
        errors = command(scene, "cert", "import", file_with(pem + pem), status=1)
        check("several certificates" in errors and "keycask import" in errors, errors)
        errors = command(scene, "cert", "import", stranger.path, status=1)
        check("no certificate in" in errors, errors)
        errors = command(scene, "cert", "import", file_with(b"\x30\x00"), status=1)
        check("certificate" in errors, errors)
        errors = command(scene, "key", "import", stranger.path, "--object", "9a", status=2)
        check("--token names it" in errors, errors)
        errors = command(scene, "key", "import", stranger.path, "--token", scene.token_id,
                         "--object", "9a", status=1)
        check("keycask key import --replace" in errors, errors)
        errors = command(scene, "key", "delete", "Key For PIV Authentication", "--yes", status=1)
        check("cannot delete the key in 9A" in errors, errors)
        errors = command(scene, "cert", "delete", "Key For PIV Authentication", "--yes", status=1)
        check("certificate" in errors, errors)
        label = next(iter(scene.items("identity").values()))["label"]
        errors = command(scene, "cert", "delete", label, status=2, administrator=False)
        check("--yes" in errors, errors)


@test
def certificates_of_the_keychain_are_deleted_too():
    with TokenScene("piv:none") as scene:
        pem = MadeKey("P-256").certificate("Jo Software")
        scene.daemon.cli("import", file_with(pem))
        errors = command(scene, "cert", "delete", "Jo Software", "--yes", status=2)
        check("no administrator" in errors, errors)
        command(scene, "cert", "delete", "Jo Software", "--yes", administrator=False)
        check_equal(query(scene.connection, **{"class": "certificate"}), [], "certificates")


def prompting(profile, administrator=DEFAULT_KEY):
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    return TokenScene(profile, administrator, pinentry=PINENTRY)


@test
def whoever_is_asked_reads_what_is_wanted():
    with prompting("piv:9a=p256") as scene, Terminal() as terminal, \
            scene.daemon.connect() as connection:
        reference, = scene.items("certificate")
        connection.send("Tokens.DeleteObject", {"reference": reference,
                                                "interaction": terminal.interaction()})
        shown = terminal.read_until("\nManagement key (hexadecimal): ")
        check("wants to delete a certificate of a token, which takes its management key" in shown,
              shown)
        check("Key: Certificate For PIV Authentication\n" in shown.replace("\r", ""), shown)
        terminal.type(DEFAULT_KEY + "\n")
        connection.receive()
        check_equal(scene.data(), set(), "certificates")
        made = MadeKey("P-256")
        connection.send("Tokens.PutCertificate", {
            "token_id": scene.token_id, "token_object": "9a", "may_mismatch": True,
            "data": b64(der_of(made.certificate())),
            "interaction": terminal.interaction()})
        shown = terminal.read_until("\nManagement key (hexadecimal): ")
        check("put a certificate onto a token" in shown, shown)
        terminal.type("\x03")


@test
def whoever_is_asked_for_the_admin_pin():
    with prompting("openpgp:none", ADMIN_PIN) as scene, Terminal() as terminal, \
            scene.daemon.connect() as connection:
        pem = MadeKey("P-256").pem
        connection.send("Keys.Import", {
            "attributes": {"token_id": scene.token_id, "token_object": "sign"},
            "data": b64(pem),
            "interaction": terminal.interaction()})
        shown = terminal.read_until("\nAdmin PIN: ")
        check("put a private key onto a token, which takes its administrator" in shown, shown)
        terminal.type(ADMIN_PIN + "\n")
        connection.receive()
        check_equal(len(scene.items("key")), 1, "keys")


main()
