# SPDX-License-Identifier: LGPL-2.1-or-later
"""What we show is true: each program in examples/ does what it says, and the README's commands run
as they stand there."""
import json
import re
import shlex

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
    folder.mkdir(parents=True)
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
    with daemon, Card("piv:9a=rsa2048") as card:
        _, errors = run(example("sign"), env=daemon.env, input=b"text", status=1)
        check(b"no identity matches" in errors, f"no reason: {errors}")
        card.insert(daemon)
        daemon.wait_for_token()
        signature, _ = run(example("sign"), env=daemon.env, input=b"text")
        said = pathlib.Path(f"{pinentry}.said").read_text()
        check("try the signing example" in said and "Key For PIV Authentication" in said,
              f"what the dialogue says: {said}")
        der = certificates(card.file)["9a"].der
        (scratch() / "key").write_bytes(openssl("x509", "-inform", "DER", "-pubkey", "-noout",
                                                input=der))
        (scratch() / "signature").write_bytes(signature)
        openssl("dgst", "-sha256", "-verify", scratch() / "key", "-signature",
                scratch() / "signature", input=b"text")


@test
def sign_reads_to_the_end_and_signs_with_any_type_of_key():
    letter = b"long " * 20000
    with Daemon() as daemon, Card("piv:9e=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        signature, _ = run(example("sign"), env=daemon.env, input=letter)
        (scratch() / "ec-key").write_bytes(openssl("x509", "-inform", "DER", "-pubkey", "-noout",
                                                   input=certificates(card.file)["9e"].der))
        (scratch() / "ec-signature").write_bytes(signature)
        openssl("dgst", "-sha256", "-verify", scratch() / "ec-key", "-signature",
                scratch() / "ec-signature", input=letter)


def readme_commands(heading):
    """The commands in the first block of code behind the heading, without their comments."""
    text = (SOURCE / "README.md").read_text().split(f"## {heading}", 1)[1].split("```")[1]
    return [line.split("#")[0].strip() for line in text.splitlines() if line.strip()]


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
    return script + ["pull", "until grep -q removed news; do sleep 0.02; done", "kill $!", "wait",
                     "cat news"]


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
