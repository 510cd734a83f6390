# SPDX-License-Identifier: LGPL-2.1-or-later
"""What authors of drivers have: keycask driver validate, new and test; the examples in C and Python
with the card they are for; and drivers that do each thing a driver must not do."""
import base64
import json
import os
import shutil
import sys

from keycask_test import BUILD, SOURCE, Daemon, base_environment, check, check_equal, main, openssl
from keycask_test import program, run, scratch, start, test

EXAMPLE = SOURCE / "examples" / "driver-minimal"
PYTHON_DRIVER = SOURCE / "examples" / "driver-python" / "minicard.py"
C_DRIVER = BUILD / "examples" / "keycask-driver-minicard"
RECORDING = EXAMPLE / "card.apdu"
PIV_DRIVER = BUILD / "src" / "keycask-driver-piv"
CARDS = SOURCE / "tests" / "cards"
TOKEN = "org.example.minicard:4D494E4930303031"


def tool(*words, status=0, env=None, **options):
    """keycask driver … --json."""
    out, _ = run(program("keycask"), "driver", *words, "--json", status=status,
                 env={**base_environment(), **(env or {})}, timeout=120, **options)
    return json.loads(out)


def is_sanitized():
    kit = BUILD / "src" / "driverkit" / "libkeycask-driver.so"
    return b"__asan_" in run("nm", "-D", "--undefined-only", kit)[0]


def compiler():
    """That of the build: a sanitizer of another one is another sanitizer."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    words = next(c["command"].split() for c in commands if c["file"].endswith(".c"))
    return words[words[0].endswith("ccache")]  # meson puts that before it, where there is one


def shared_kit_environment():
    """A leak checker starts processes, which a confined one may not; in a driver that has the kit as
    a shared library nothing can tell it so but this."""
    options = os.environ.get("ASAN_OPTIONS", "")
    return {"ASAN_OPTIONS": options + ":detect_leaks=0"} if is_sanitized() else {}


# --- validate ------------------------------------------------------------------------------------

GOOD = {"class_id": "org.example.card", "name": "Example", "type": "smartcard",
        "executable": "card-driver", "aids": ["F00000000102"]}


def put_manifest(changes=None, name="card.json"):
    folder = scratch() / "own"
    folder.mkdir(exist_ok=True)
    (folder / "card-driver").write_text("#!/bin/false\n")
    (folder / "card-driver").chmod(0o755)
    (folder / name).write_text(json.dumps({**GOOD, **(changes or {})}))
    return folder / name


@test
def a_good_manifest_is_valid():
    path = put_manifest()
    check_equal(tool("validate", path),
                {"path": str(path), "valid": True, "errors": [], "warnings": []}, "report")
    out, _ = run(program("keycask"), "driver", "validate", path)
    check_equal(out.decode(), f"{path}: can be used\n", "text")
    shipped = SOURCE / "dist" / "drivers" / "org.keycask.piv.json"
    check_equal(tool("validate", shipped)["errors"], [], "errors of ours")


@test
def each_mistake_is_told_with_what_to_do():
    for changes, text in (
            ({"class_id": "card"}, "reverse domain name such as org.example.card"),
            ({"aids": ["A0"]}, "hexadecimal texts of 5 to 16 bytes, and A0 is none"),
            ({"aids": "A000000001"}, "[] is a driver for cards that no other one knows"),
            ({"executable": "none"}, "No such file or directory; put the program there"),
            ({"executable": "/bin/true"}, "the name of a file, not its path"),
            ({"type": "disk"}, '"type" must be "smartcard"'),
            ({"class_id": "org.keycask.piv"}, "org.keycask.piv.json already; choose another")):
        path = put_manifest(changes)
        report = tool("validate", path, status=1)
        check(not report["valid"] and len(report["errors"]) == 1, report)
        check(text in report["errors"][0], report)
        out, _ = run(program("keycask"), "driver", "validate", path, status=1)
        check(f"{path}: error: " in out.decode() and text in out.decode(), out)
    report = tool("validate", put_manifest({"aids": ["A00000030800001000"]}))
    check("A00000030800001000 is also of org.keycask.piv" in report["warnings"][0], report)


@test
def wrong_calls_and_files_that_are_not_there():
    check_equal(tool("validate", status=2)["message"], "which MANIFEST?", "message")
    check_equal(tool("validate", "a", "b", status=2)["message"], "one MANIFEST at a time", "message")
    check_equal(tool("validate", "--x", status=2)["message"], "unknown option --x", "message")
    check_equal(tool("validate", "/nonexistent.json", status=1)["name"], "item_not_found", "name")
    check_equal(tool("test", status=2)["message"], "which DRIVER?", "message")
    check_equal(tool("test", "x", status=2)["message"],
                "what with? --replay, --hostile or --fuzz", "message")
    check_equal(tool("test", "x", "--fuzz", "0", status=2)["message"],
                "--fuzz wants a number of seconds", "message")
    check_equal(tool("test", "x", "--seed", "a", status=2)["message"],
                "--seed wants a number from 1 on", "message")
    check_equal(tool("test", "x", "y", status=2)["message"], "one DRIVER at a time", "message")
    _, said = run(program("keycask"), "driver", "test", "x", "--replay", status=2)
    check_equal(said.decode(), "keycask: driver test: unknown option --replay, or its value is missing"
                "\n→ see: keycask driver test --help\n", "as other commands say it")
    failure = tool("test", "nothing", "--hostile", status=1)
    check_equal(failure["message"], "there is no driver nothing", "message")
    check("keycask driver list" in failure["hint"], failure)
    failure = tool("test", "./nothing", "--hostile", status=1)
    check("is no program that can be started" in failure["message"], failure)
    failure = tool("test", PIV_DRIVER, "--replay", PIV_DRIVER, status=1)
    check_equal(failure["name"], "decode", "name")
    for verb in ("validate", "new", "test"):
        out, _ = run(program("keycask"), "driver", verb, "--help")
        check(f"driver {verb}" in out.decode(), out)


PATIENT = ("--deadline", "30000")  # a loaded machine may stop a good driver for seconds


# --- test ----------------------------------------------------------------------------------------


def kinds(report):
    return sorted({finding["kind"] for finding in report["findings"]})


@test
def piv_on_recorded_cards():
    report = tool("test", PIV_DRIVER, *(word for name in ("canokey", "openfips201", "pivapplet")
                                        for word in ("--replay", CARDS / f"piv-{name}.apdu")))
    check_equal((report["passed"], report["findings"]), (True, []), "findings")
    check_equal([replay["token"]["label"] for replay in report["replays"]],
                ["PIV 1994BF22", "PIV F9BA8A8A", "PIV 227B21A6"], "labels")
    objects = report["replays"][0]["token"]["objects"]
    check("Key For PIV Authentication" in [entry["label"] for entry in objects], objects)
    by_name = tool("test", "org.keycask.piv", "--replay", CARDS / "piv-canokey.apdu")
    check_equal(by_name["program"], str(PIV_DRIVER), "program")


@test(seconds=300)
def openpgp_on_recorded_and_hostile_cards():
    """The recordings have no certificates: that is asked, and all that is not recorded."""
    for name in ("ec", "rsa"):
        report = tool("test", BUILD / "src" / "keycask-driver-openpgp", "--hostile",
                      *PATIENT, "--replay", CARDS / f"openpgp-smartpgp-{name}.apdu", status=None)
        check([f for f in report["findings"] if f["kind"] != "unrecorded"] == [], report)
        check_equal(len(report["replays"][0]["token"]["objects"]), 3, "keys")


@test
def a_recording_of_another_card_is_refused_and_told():
    report = tool("test", PIV_DRIVER, "--replay", CARDS / "openpgp-smartpgp-ec.apdu", status=1)
    check(not report["passed"] and kinds(report) == ["refused", "unrecorded"], report)


@test(seconds=300)
def piv_survives_hostile_cards():
    report = tool("test", PIV_DRIVER, "--replay", CARDS / "piv-canokey.apdu",
                  "--replay", CARDS / "piv-openfips201.apdu", "--hostile", *PATIENT)
    check_equal(report["findings"], [], "findings")
    check(report["hostile_runs"] > 400, report["hostile_runs"])


@test
def piv_survives_random_cards():
    report = tool("test", PIV_DRIVER, "--replay", CARDS / "piv-pivapplet.apdu", "--fuzz", "4",
                  "--seed", "77")
    check_equal(report["findings"], [], "findings")
    check(report["fuzz_runs"] > 10 and report["seed"] == 77, report)


@test
def the_examples_pass_everything():
    for driver in (C_DRIVER, PYTHON_DRIVER):
        report = tool("test", driver, "--replay", RECORDING, "--hostile", "--fuzz", "2",
                      env=shared_kit_environment())
        check_equal(report["findings"], [], f"findings of {driver}")
        check_equal(report["replays"][0]["apdus"], 7, "APDUs")
        check_equal(report["replays"][0]["token"]["instance_id"], "4D494E4930303031", "instance")


def spoiled(*replacements):
    """The Python example with a mistake in it."""
    text = PYTHON_DRIVER.read_text()
    for old, new in replacements:
        check(old in text, f"no {old!r} in {PYTHON_DRIVER}")
        text = text.replace(old, new, 1)
    path = scratch() / "spoiled"
    path.write_text(text)
    path.chmod(0o755)
    return path


SIGN_CHECK = 'if not turn["session"] or turn["session"] != self.authenticated:'
MISTAKES = {
    "crash": [(('raise Failed(COMMUNICATION, f"a serial', 'raise SystemExit(f"a serial'),)],
    "hang": [(('answer = b""\n', 'answer = b""\n            import time; time.sleep(60)\n'),
              ("        if not answer:", "        if not answer:\n            import time; "
                                         "time.sleep(60)\n        if not answer:"))],
    "flood": [(("for _ in range(300)", "while True"),)],
    "protocol": [(('"label": "Minicard"}', '"label": 7}'),),
                 (('self.ask("00A40400", AID)', 'raise Failed(AUTH_FAILED, "no")'),
              ('INTERFACE + "Failed"', '"org.example.Oops"'))],
    "leak": [(('self.ask("00200001", pin.encode())',
               'self.ask("00200001", pin.encode())\n        self.transmit("80100000", '
               'pin.encode())'),),
             (('self.ask("00200001", pin.encode())',
               'self.ask("00200001", pin.encode())\n        self.transmit("80100000", '
               'bytes.fromhex(pin))'),),
             (('        self.ask("00200001", pin.encode())',
               '        raise Failed(AUTH_FAILED, "not " + pin)'),)],
    "trust": [((SIGN_CHECK, "if False:"),),
              ((SIGN_CHECK, "if not self.authenticated:"),),
              (('self.ask("00200001", pin.encode())',
                'self.transmit("00200001", pin.encode())'),)],
}


@test(seconds=300)
def each_kind_of_mistake_is_found():
    for kind, mistakes in MISTAKES.items():
        for mistake in mistakes:
            how = () if kind in ("leak", "protocol") else ("--hostile",)
            deadline = ("--deadline", "1000") if kind == "hang" else ()
            report = tool("test", spoiled(*mistake), "--replay", RECORDING, *how, *deadline,
                          status=1)
            check(not report["passed"] and kind in kinds(report),
                  f"{mistake}: {report['findings']}")
            finding = next(f for f in report["findings"] if f["kind"] == kind)
            check(finding["call"] and finding["message"] and finding["times"] > 0, finding)
    out, _ = run(program("keycask"), "driver", "test", spoiled(*MISTAKES["protocol"][0]),
                 "--replay", RECORDING, status=1)
    check(b"protocol  replay: Open: " in out and b"1 thing wrong" in out, out)


@test
def a_command_that_was_not_recorded_is_shown():
    path = spoiled(('serial = self.ask("80CA0001", le=0)',
                    'self.transmit("80CA0077", le=0)\n        serial = self.ask("80CA0001", le=0)'))
    report = tool("test", path, "--replay", RECORDING, status=1)
    check_equal(report["replays"][0]["unrecorded"], ["80CA007700"], "unrecorded")
    check("80CA007700" in report["findings"][0]["message"], report)


@test
def a_finding_can_be_repeated_by_its_seed():
    path = spoiled(('raise Failed(COMMUNICATION, "the card refuses", sw=sw)', "raise SystemExit(3)"))
    report = tool("test", path, "--replay", RECORDING, "--fuzz", "10", status=1)
    seed = next(f["seed"] for f in report["findings"] if f["kind"] == "crash")
    again = tool("test", path, "--replay", RECORDING, "--fuzz", "1", "--seed", str(seed), status=1)
    check_equal(again["findings"][0]["seed"], seed, "seed")


# --- with a daemon and a card ------------------------------------------------------------------------


class Minicard:
    def __init__(self, daemon):
        self.folder = scratch() / "minicard"
        self.folder.mkdir(exist_ok=True)
        self.process = start(sys.executable, SOURCE / "tests" / "integration" / "minicard.py",
                             daemon.slot_socket, self.folder, log=scratch() / "minicard.log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def check_token(daemon):
    """Inserted, listed, PIN, and a signature that openssl takes."""
    check_equal(daemon.wait_for_token()["token_id"], TOKEN, "token")
    identity = next(i for i in daemon.cli("list") if i["class"] == "identity")
    check_equal(identity["label"], "Minicard", "label")
    failure = daemon.cli("pin", "verify", pin="9999", status=1)
    check_equal((failure["name"], failure["tries_left"]), ("auth_failed", 2), "wrong PIN")
    check_equal(daemon.cli("pin", "status")["tries_left"], 2, "tries left")
    message = scratch() / "message"
    message.write_bytes(b"signed by a card that nobody makes")
    result = daemon.cli("sign", "--key", "Minicard", message, pin="1234")
    signature = scratch() / "signature"
    signature.write_bytes(base64.b64decode(result["signature"]))
    public = scratch() / "public.pem"
    public.write_bytes(openssl("ec", "-in", scratch() / "minicard" / "minicard.pem", "-pubout"))
    check(b"Verified OK" in openssl("dgst", "-sha256", "-verify", public, "-signature", signature,
                                    message), "openssl refuses the signature")


def install(daemon, program_path):
    folder = daemon.directory / "config" / "drivers"
    folder.mkdir(parents=True, exist_ok=True)
    # a link: a program of the build tree finds its library from where it stands
    (folder / "keycask-driver-minicard").symlink_to(program_path)
    shutil.copy(EXAMPLE / "org.example.minicard.json", folder)


@test
def the_minimal_example_serves_its_card():
    with Daemon() as daemon, Minicard(daemon):
        install(daemon, C_DRIVER)
        check_token(daemon)


@test
def the_example_in_python_serves_it_too():
    with Daemon() as daemon, Minicard(daemon):
        install(daemon, PYTHON_DRIVER)
        check_token(daemon)


@test
def the_minimal_example_is_minimal():
    n = len((EXAMPLE / "driver.c").read_text().splitlines())
    check(n < 150, f"{n} lines")


@test
def the_software_card_says_how_it_is_called():
    _, said = run(sys.executable, SOURCE / "tests" / "integration" / "minicard.py", status=1)
    check(b"usage: minicard.py SOCKET FOLDER" in said, said)


# --- new ---------------------------------------------------------------------------------------------


def build_environment(daemon):
    """As for somebody who has keycask installed; a build with a sanitizer wants it in the driver."""
    sanitizer = "-fsanitize=address,undefined" if is_sanitized() else ""
    return {**daemon.env, **shared_kit_environment(), "CC": compiler(), "PKG_CONFIG_PATH": str(BUILD / "meson-uninstalled"),
            "CFLAGS": f"-O1 -Wall -Wextra -Werror {sanitizer}", "LDFLAGS": sanitizer}


@test
def the_menu_finds_the_kit():
    out, _ = run(SOURCE / "run", "exec", "pkg-config", "--cflags", "keycask-driver",
                 env={**base_environment(), "KEYCASK_BUILD": str(BUILD)})
    check(str(SOURCE / "include") in out.decode(), out)


@test
def a_new_driver_builds_passes_and_serves():
    with Daemon() as daemon:
        folder = scratch() / "work"
        folder.mkdir()
        env = build_environment(daemon)
        report = tool("new", "my-card2", cwd=folder)
        check_equal(report, {"folder": "my-card2"}, "report")
        check_equal(sorted(os.listdir(folder / "my-card2")),
                    ["Makefile", "README.md", "card.apdu", "driver.c",
                     "org.example.my-card2.json"], "files")
        text = "".join(path.read_text() for path in (folder / "my-card2").iterdir())
        check("org.example.my-card2" in text and "my_card2_open" in text, "names")
        check("inicard" not in text.replace("inicard.py", ""), "the example's name is left")
        for goal in ([], ["check"], ["install"]):
            run("make", "-s", "-C", folder / "my-card2", *goal, env=env)
        check(daemon.cli("driver", "list")[-1]["class_id"] == "org.example.my-card2", "list")
        with Minicard(daemon):
            check_equal(daemon.wait_for_token()["token_id"], "org.example.my-card2:4D494E4930303031",
                        "token")


@test
def a_name_that_is_none_and_a_folder_that_is_there():
    folder = scratch() / "work"
    (folder / "there").mkdir(parents=True)
    for name in ("", "A", "1a", "a/b", "a.b", "a" * 33, "../a"):
        check("lower-case letters" in tool("new", name, status=2, cwd=folder)["message"], name)
    failure = tool("new", "there", status=1, cwd=folder)
    check_equal((failure["name"], failure["message"]), ("duplicate_item", "there is there already"),
                "failure")
    out, _ = run(program("keycask"), "driver", "new", "fine", cwd=folder)
    check("cd fine && make && make check" in out.decode(), out)


main()
