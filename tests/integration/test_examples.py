# SPDX-License-Identifier: LGPL-2.1-or-later
"""What we show is true: each program in examples/ does what it says, and the README's commands run
as they stand there."""
import json
import re
import shlex
import subprocess

from der import certificates
from keycask_test import (BUILD, PIN, SOURCE, Card, Daemon, base_environment, check, check_equal,
                          main, openssl, pathlib, program, run, scratch, test)

# A person at the PIN dialogue: writes down what it says and types the PIN.
PINENTRY = f"""#!/bin/sh
echo OK
while read -r verb rest; do
    case $verb in
    GETPIN) echo "D {PIN}" ;;
    SETDESC) echo "$rest" >>"$0.said" ;;
    esac
    echo OK
    [ "$verb" != BYE ] || exit 0
done
"""


def example(name):
    """The compiled program."""
    path = BUILD / "examples" / f"example-{name}"
    check(path.exists(), f"{path} is not built")
    return path


def with_pinentry(daemon):
    """Let a script answer the daemon's PIN dialogues; its path."""
    pinentry = scratch() / "pinentry"
    pinentry.write_text(PINENTRY)
    pinentry.chmod(0o700)
    folder = pathlib.Path(daemon.env["KEYCASK_CONFIG_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"pinentry": str(pinentry)}))
    return pinentry


@test
def each_example_has_its_test():
    names = {path.stem for path in (SOURCE / "examples").glob("*.c")}
    tests = (SOURCE / "tests/integration/test_examples.py").read_text()
    check_equal(names, set(re.findall(r'example\("([a-z-]+)"\)', tests)), "examples")


@test
def list_identities_lists_identities():
    with Daemon() as daemon, Card("piv:9a=p256,9d=p256") as card:
        out, errors = run(example("list-identities"), env=daemon.env, status=1)
        check_equal(out, b"", "what is listed without a card")
        check(b"no identity matches" in errors, f"no reason: {errors}")
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        out, _ = run(example("list-identities"), env=daemon.env)
        check_equal(out.decode(), f"Certificate For PIV Authentication\t{token_id}\n"
                    f"Certificate For Key Management\t{token_id}\n", "what is listed")


@test
def password_keeps_and_reads_back():
    with Daemon() as daemon:
        for value in (b"first", b"second"):
            out, _ = run(example("password"), "mail", "jo", env=daemon.env, input=value + b"\n")
            check_equal(out, value, "what is read back")
        check_equal(len(daemon.cli("password", "list")), 1, "passwords")
        run(example("password"), env=daemon.env, status=2)


@test
def list_tokens_lists_token_ids():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        out, _ = run(example("list-tokens"), env=daemon.env)
        check_equal(out, b"", "tokens without a card")
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        out, _ = run(example("list-tokens"), env=daemon.env)
        check_equal(out.decode(), f"{token_id}\n", "token IDs")


@test
def find_by_token_finds_the_identities_of_that_token():
    with Daemon() as daemon, Card("piv:9a=rsa2048,9d=p256") as card:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        out, _ = run(example("find-by-token"), token_id, env=daemon.env)
        check_equal(out.decode(), "Certificate For PIV Authentication\trsa sign\n"
                    "Certificate For Key Management\tec derive\n", "identities")
        _, errors = run(example("find-by-token"), "org.keycask.piv:00", env=daemon.env, status=1)
        check(b"org.keycask.piv:00" in errors or b"no identity matches" in errors, f"why: {errors}")
        run(example("find-by-token"), env=daemon.env, status=2)


@test
def persistent_reference_finds_an_identity_again():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        run(example("persistent-reference"), env=daemon.env, status=1)
        card.insert(daemon)
        daemon.wait_for_token()
        name = run(example("persistent-reference"), env=daemon.env)[0].decode().strip()
        before, _ = run(example("persistent-reference"), name, env=daemon.env)
        card.pull()
        daemon.wait_for_removal()
        run(example("persistent-reference"), name, env=daemon.env, status=1)
        card.insert(daemon)
        daemon.wait_for_token()
        check_equal(run(example("persistent-reference"), name, env=daemon.env)[0], before,
                    "its name, when it is back")
        _, errors = run(example("persistent-reference"), "nobody", env=daemon.env, status=1)
        check(b"base64" in errors, f"what is wrong with it: {errors}")


def started(path, daemon):
    return subprocess.Popen([str(path)], env=daemon.env, text=True,
                            stdout=subprocess.PIPE)


@test
def insertion_removal_greets_and_says_goodbye():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        with started(example("insertion-removal"), daemon) as program_:
            check_equal(program_.stdout.readline(), f"hello, {token_id} in Embedded Slot 00\n", "hello")
            card.pull()
            check_equal(program_.stdout.readline(), f"good-bye, {token_id}\n", "good-bye")
        check_equal(program_.returncode, 0, "its end")


@test
def watch_tells_of_restarts_too():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        with started(example("watch"), daemon) as program_:
            card.insert(daemon)
            event = json.loads(program_.stdout.readline())
            check_equal(event["event"], "inserted", "the first event")
            daemon.stop()
            check_equal(json.loads(program_.stdout.readline())["event"], "removed", "what is next")
            program_.terminate()
        daemon.start()


@test
def encrypt_to_self_decrypts_what_it_encrypted():
    for layout, algorithm in (("piv:9d=rsa2048", "rsa_encryption_oaep_sha256_aesgcm"),
                              ("piv:9d=p256", "ecies_encryption_standard_variable_iv_x963_sha256_"
                               "aesgcm")):
        daemon = Daemon(DISPLAY=":99")
        with_pinentry(daemon)
        with daemon, Card(layout) as card:
            run(example("encrypt-to-self"), env=daemon.env, input=b"text\n", status=1)
            card.insert(daemon)
            daemon.wait_for_token()
            out, errors = run(example("encrypt-to-self"), env=daemon.env, input=b"text\n")
            check_equal(out, b"text\n", "what is decrypted")
            check_equal(errors.decode(), f"encrypted with {algorithm}\n", "how")


@test
def raw_card_looks_for_piv_without_a_driver():
    with Daemon() as daemon, Card("piv:9a=p256") as card:
        _, errors = run(example("raw-card"), env=daemon.env, status=1)
        check_equal(errors, b"no slot has a card that answers\n", "what it says without a card")
        card.insert(daemon)
        daemon.wait_for_token()
        out, _ = run(example("raw-card"), env=daemon.env)
        size = len(certificates(card.file)["9a"].der)
        check_equal(out.decode(), f"Embedded Slot 00: PIV, with a certificate of {size} bytes\n",
                    "what it finds")


@test
def sign_asks_for_the_pin_and_signs():
    daemon = Daemon(DISPLAY=":99")  # the script opens none
    pinentry = with_pinentry(daemon)
    with daemon, Card("piv:9a=rsa2048,9c=rsa2048") as card:
        _, errors = run(example("sign"), env=daemon.env, input=b"text", status=1)
        check(b"there is no identity" in errors, f"no reason: {errors}")
        card.insert(daemon)
        daemon.wait_for_token()
        signature, _ = run(example("sign"), env=daemon.env, input=b"text")
        said = pathlib.Path(f"{pinentry}.said").read_text()
        check("try the signing example" in said and "Key For Digital Signature" in said,
              f"what the dialogue says: {said}")
        der = certificates(card.file)["9c"].der
        (scratch() / "key").write_bytes(openssl("x509", "-inform", "DER", "-pubkey", "-noout",
                                                input=der))
        (scratch() / "signature").write_bytes(signature)
        openssl("dgst", "-sha256", "-verify", scratch() / "key", "-signature",
                scratch() / "signature", input=b"text")


@test
def sign_reads_to_the_end_and_signs_with_any_type_of_key():
    letter = b"long " * 20000
    daemon = Daemon(DISPLAY=":99")
    with_pinentry(daemon)
    with daemon, Card("piv:9c=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        signature, _ = run(example("sign"), env=daemon.env, input=letter)
        (scratch() / "ec-key").write_bytes(openssl("x509", "-inform", "DER", "-pubkey", "-noout",
                                                   input=certificates(card.file)["9c"].der))
        (scratch() / "ec-signature").write_bytes(signature)
        openssl("dgst", "-sha256", "-verify", scratch() / "ec-key", "-signature",
                scratch() / "ec-signature", input=letter)


def readme_commands(heading):
    """The commands in the first block of code behind the heading, without their comments."""
    text = (SOURCE / "README.md").read_text().split(f"## {heading}", 1)[1].split("```")[1]
    return [line.split("#")[0].strip() for line in text.splitlines() if line.strip()]


def wait_for(event):
    """What was put in the background tells it; a card may leave before that looks for the first time."""
    return [f"until grep -q {event} news; do sleep 0.02; done"]


def play_script(commands, label):
    """A person's session: the commands in turn, with a real label and the PIN in a file. Other
    than the person it waits for the card to be noticed, and ends what it left running."""
    script = ["#!/bin/sh", "set -e", f"printf %s {PIN} >pin", "echo 'Dear card,' >letter.txt",
              f"until keycask show '{label}' >/dev/null 2>&1; do sleep 0.02; done"]
    for command in commands:
        command = command.replace("LABEL", shlex.quote(label))
        if command.startswith("keycask sign "):
            command += " --pin-fd 3 3<pin"
        if command.endswith("&"):
            command = command[:-1] + ">news &"
        script += [f"echo '$ {command.replace(chr(39), '')}'", command]
    return script + [*wait_for("inserted"), "pull", *wait_for("removed"), "kill $!", "wait", "cat news"]


@test
def the_five_minutes_of_the_readme():
    """In the shell that ./run play gives."""
    commands = readme_commands("Five minutes with it")
    check(len(commands) >= 9, f"the README's commands: {commands}")
    shell = scratch() / "shell"
    shell.write_text("\n".join(play_script(commands, "Key For PIV Authentication")) + "\n")
    shell.chmod(0o700)
    out, _ = run(SOURCE / "tools/play", env={**base_environment(), "SHELL": str(shell)})
    for expected in ("$ keycask list\n", "Certificate For Digital Signature", "rsa",
                     "The signature is valid", "-----END CERTIFICATE-----", "3 tries left",
                     "The password of jo at github is saved", "inserted  org.keycask.piv:", "removed   org.keycask.piv:"):
        check(expected in out.decode(), f"{expected!r} is not in {out.decode()}")


@test
def the_smart_card_for_ci_of_the_readme():
    (command,) = [words for words in readme_commands("A smart card for your CI") if words]
    check(command.endswith("-- make check"), f"the README's command: {command}")
    words = shlex.split(command.replace("make check", "keycask tokens --json"))
    out, _ = run(program(words[0]), *words[1:])
    (token,) = json.loads(out)
    check_equal(token["state"], "present", "the token")


main()
