#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask doctor: each finding that names a trouble names the right one and what to type, and when
that has been done the trouble is gone; with the daemon, without it, and with real peers."""
import os
import pathlib
import shutil
import tempfile

from keycask_test import (BUILD, Card, Daemon, SkipTest, check, check_equal, eventually, main,
                          program, run, scratch, test)
from lifecycle import configure
from openpgp_tools import Gpg
from pcsc_client import SHARE_EXCLUSIVE, Scard, connect_when_free
from piv_tools import READER, SOCKET_FOLDER, Pcscd

NAME = f"{READER} 00 00"
PROFILE = "piv:9a=p256"
STATES = ("ok", "warning", "problem")
TOPICS = ["daemon", "keychain", "pcscd", "readers", "drivers", "confinement", "prompts",
          "programs"]


def examine(daemon, problem=False, **environment):
    """All findings; problem: the exit status says that there is one."""
    findings = daemon.cli("doctor", status=1 if problem else 0,
                          env={**daemon.env, **environment})
    for finding in findings:
        check(finding["state"] in STATES and finding["topic"] in TOPICS, f"{finding}")
        check(finding["what"], "a finding without words")
        check(finding["state"] == "ok" or "advice" in finding or "why" in finding,
              f"a trouble and nothing to do: {finding}")
    ranks = [TOPICS.index(finding["topic"]) for finding in findings]
    check_equal(ranks, sorted(ranks), "order of the topics")
    check_equal(any(finding["state"] == "problem" for finding in findings), problem, "problem")
    return findings


def find(findings, topic, words):
    """The one finding of that topic whose text has the words."""
    found = [finding for finding in findings
             if finding["topic"] == topic and words in finding["what"]]
    check_equal(len(found), 1, f"findings of {topic} with '{words}' in {findings}")
    return found[0]


def expect(findings, state, topic, words, advice=None, why=None):
    finding = find(findings, topic, words)
    check_equal(finding["state"], state, f"state of: {finding['what']}")
    for name, part in (("advice", advice), ("why", why)):
        if part:
            check(part in finding.get(name, ""), f"no '{part}' in {finding}")
    return finding


def troubles(findings, *, but_of=()):
    return [finding for finding in findings
            if finding["state"] != "ok" and finding["topic"] not in but_of]


@test
def nothing_is_in_the_way():
    with Daemon() as daemon, Card(PROFILE) as card:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        findings = examine(daemon)
        expect(findings, "ok", "daemon", f"is running, process {daemon.pid}")
        expect(findings, "ok", "daemon", str(daemon.socket.parent))
        expect(findings, "ok", "readers", token_id)
        expect(findings, "ok", "readers", "the readers of pcscd are not used")
        expect(findings, "ok", "drivers", "org.keycask.piv")
        expect(findings, "ok", "confinement", "confined by seccomp, no_new_privs")
        expect(findings, "ok", "confinement", os.uname().release)
        # the driver and the slot process, and the one for certificates when it is up
        running = find(findings, "confinement", "helper processes that run confined now")
        check(int(running["what"].split()[-1]) >= 2, running["what"])
        check_equal(troubles(findings, but_of=("prompts", "programs")), [], "troubles")
        check(not any(finding["topic"] == "pcscd" for finding in findings), "pcscd is not used")


@test
def for_people_it_is_a_page():
    with Daemon() as daemon:
        page, _ = run(program("keycask"), "doctor", env=daemon.env, start_new_session=True)
        check(b"ok       daemon        keycaskd" in page, f"page: {page!r}")
        check(b"Nothing is in the way." in page, f"page: {page!r}")
        (daemon.directory / "state").chmod(0o755)
        page, _ = run(program("keycask"), "doctor", env=daemon.env, status=1)
        check("→ make it yours alone".encode() in page, f"page: {page!r}")
        check(b"Nothing is in the way." not in page, f"page: {page!r}")


@test
def it_works_without_a_daemon():
    daemon = Daemon()
    findings = examine(daemon, problem=True, KEYCASK_AUTOSTART="0")
    expect(findings, "problem", "daemon", "is not running and cannot be started",
           why="cannot connect to", advice="keycask daemon start")
    check(any(finding["topic"] == "prompts" for finding in findings), "nothing but the daemon")


@test
def a_daemon_that_cannot_start_says_why():
    daemon = Daemon()
    configure(daemon, no_such_setting=1)
    findings = examine(daemon, problem=True)
    expect(findings, "problem", "daemon", "cannot be started", why='no setting "no_such_setting"')


@test
def it_starts_the_daemon():
    daemon = Daemon()
    configure(daemon, providers=["embedded"])
    findings = examine(daemon)
    expect(findings, "ok", "daemon", "is running, process")
    daemon.cli("daemon", "stop")


@test
def an_open_folder_is_told():
    with Daemon() as daemon:
        (daemon.directory / "state").chmod(0o750)
        expect(examine(daemon, problem=True), "problem", "daemon",
               "its folder of records is not safe", why="open to others (mode 750)",
               advice="chmod 700")
        (daemon.directory / "state").chmod(0o700)
        examine(daemon)


# --- drivers and prompts ------------------------------------------------------------------------


@test
def drivers_that_cannot_be_used_are_told():
    folder = scratch() / "drivers"
    folder.mkdir(mode=0o755)
    manifest = folder / "org.keycask.piv.json"
    manifest.write_text('{"class_id": "org.keycask.piv", "name": "PIV", "type": "smartcard",'
                        ' "executable": "keycask-driver-nothing",'
                        ' "aids": ["A00000030800001000"]}')
    (folder / "org.example.broken.json").write_text("{")
    with Daemon(KEYCASK_DRIVER_DIR=str(folder)) as daemon:
        findings = examine(daemon, problem=True)
        expect(findings, "problem", "drivers", "org.example.broken.json cannot be used",
               advice="keycask driver validate")
        missing = [finding for finding in findings if finding["topic"] == "drivers"
                   and "keycask-driver-nothing" in finding["what"] + finding.get("why", "")]
        check_equal([finding["state"] for finding in missing], ["problem"], f"{findings}")


@test
def choices_that_cannot_be_read_are_told_once():
    with Daemon() as daemon:
        choices = pathlib.Path(daemon.env["KEYCASK_CONFIG_DIR"], "drivers.json")
        choices.parent.mkdir(parents=True, exist_ok=True)
        choices.write_text("x")
        findings = [finding for finding in examine(daemon, problem=True)
                    if finding["topic"] == "drivers"]
        expect(findings, "problem", "drivers", "no driver is used while drivers.json",
               why=f"{choices}: text that is no JSON object", advice="correct that file")
        check_equal(len(findings), 1, f"the manifests are not blamed: {findings}")
        choices.unlink()
        expect(examine(daemon), "ok", "drivers", "(org.keycask.piv) is ready")


@test
def no_drivers_at_all():
    folder = scratch() / "drivers"
    folder.mkdir(mode=0o755)
    with Daemon(KEYCASK_DRIVER_DIR=str(folder)) as daemon:
        expect(examine(daemon, problem=True), "problem", "drivers",
               f"there are no drivers in {folder}", advice="KEYCASK_DRIVER_DIR")


@test
def a_driver_that_was_switched_off_is_no_trouble():
    with Daemon() as daemon:
        daemon.cli("driver", "disable", "org.keycask.piv")
        expect(examine(daemon), "ok", "drivers", "org.keycask.piv is switched off")
        daemon.cli("driver", "enable", "org.keycask.piv")


@test
def helpers_that_are_missing():
    folder = scratch() / "libexec"
    folder.mkdir()
    for name in ("keycask-slot", "keycask-driver-piv"):
        (folder / name).symlink_to(program(name))
    with Daemon(KEYCASK_LIBEXEC_DIR=str(folder)) as daemon:
        findings = examine(daemon, problem=True)
        expect(findings, "problem", "daemon", f"the program {folder}/keycask-x509 is missing",
               advice="install keycask again")
        expect(findings, "problem", "daemon", f"the program {folder}/keycask-ssh-agent is missing",
               why="ssh has no key of ours", advice="install keycask again")


@test
def an_agent_for_ssh_that_cannot_be_started():
    folder = scratch() / "libexec"
    folder.mkdir()
    for name in ("keycask-slot", "keycask-x509", "keycask-driver-piv",
                 "keycask-driver-openpgp"):
        (folder / name).symlink_to(program(name))
    agent = folder / "keycask-ssh-agent"
    agent.write_text("#!/nowhere/interpreter\n")
    agent.chmod(0o755)
    with Daemon(KEYCASK_LIBEXEC_DIR=str(folder)) as daemon:
        examine(daemon)
        run("ssh-add", "-l", env={**daemon.env, "SSH_AUTH_SOCK": str(daemon.socket.with_name(
            "ssh-agent.sock"))}, status=1)
        expect(examine(daemon, problem=True), "problem", "daemon",
               "the agent for ssh cannot be started", why=f"{agent}", advice="ssh-add -l")


@test
def a_pinentry_that_is_missing():
    with configure(Daemon(), pinentry="/nowhere/pinentry") as daemon:
        expect(examine(daemon, problem=True), "problem", "prompts",
               "the program /nowhere/pinentry is missing", advice="apt install pinentry-curses")


@test
def what_asks_for_pins_and_where():
    flavour = scratch() / "pinentry-curses"
    flavour.write_text("#!/bin/sh\n")
    flavour.chmod(0o755)
    link = scratch() / "pinentry"
    link.symlink_to(flavour)
    with configure(Daemon(), pinentry=str(link)) as daemon:
        expect(examine(daemon, DISPLAY=":99"), "ok", "prompts", "(pinentry-curses)",
               why="needs a terminal")
        out, _ = run("setsid", "--wait", program("keycask"), "doctor", "--json",
                     env={name: value for name, value in daemon.env.items()
                          if name not in ("DISPLAY", "WAYLAND_DISPLAY")})
        check(b"nobody can be asked for a PIN from here" in out, f"{out!r}")
        check(b"--pin-fd" in out, f"{out!r}")
        out, _ = run("setsid", "--wait", program("keycask"), "doctor", "--json",
                     env={**daemon.env, "DISPLAY": ":99"})
        check(b"you can be asked for a PIN here, in a window" in out, f"{out!r}")


# --- readers ------------------------------------------------------------------------------------


def is_read(slot):
    return slot["state"] == "valid" and not slot.get("is_being_read")


@test
def a_card_that_is_mute_and_one_that_nobody_knows():
    with configure(Daemon(), card_deadline_ms=300) as daemon, Card(PROFILE) as card:
        card.insert(daemon, "mute@1")
        eventually(lambda: daemon.call("Slots.List")["slots"][0]["state"] == "mute", "it is mute")
        expect(examine(daemon), "warning", "readers", "does not answer", advice="put it in again")
    with Daemon() as daemon, Card(PROFILE) as card:
        card.insert(daemon, "sw@1:6A82", "sw@2:6A82", "sw@3:6A82", "sw@4:6A82", "sw@5:6A82")
        eventually(lambda: is_read(daemon.call("Slots.List")["slots"][0]), "it has been read")
        expect(examine(daemon), "warning", "readers", "there is an unknown card in",
               advice="keycask driver list")


@test
def a_token_that_is_refused():
    with Daemon() as daemon, Card(PROFILE) as card:
        card.insert(daemon)
        token_id = daemon.wait_for_token()["token_id"]
        copy = scratch() / "twin.json"
        shutil.copy(card.file, copy)
        copy.chmod(0o600)
        with Card(file=copy) as twin:
            twin.insert(daemon)
            eventually(lambda: any(token["state"] == "refused"
                                   for token in daemon.call("Tokens.List")["tokens"]), "refused")
            findings = examine(daemon)
            expect(findings, "warning", "readers", f"the token {token_id} is refused")
            check(not any("unknown card" in finding["what"] for finding in findings),
                  f"it is no unknown card: {findings}")


def version_of_pcscd():
    out, _ = run("/usr/sbin/pcscd", "--version")
    return out.decode().splitlines()[0]


@test
def pcscd_absent_running_and_dead():
    with Pcscd() as pcscd, Daemon(providers="embedded,pcsc") as daemon:
        eventually(lambda: any(slot["name"] == NAME
                               for slot in daemon.call("Slots.List")["slots"]), "the reader")
        findings = examine(daemon)
        expect(findings, "ok", "pcscd", f"process {pcscd.process.pid}; {version_of_pcscd()}")
        expect(findings, "ok", "readers", f"there is no card in {NAME}")
        pcscd.kill()
        # who meets it while it is dying has another reason at first
        eventually(lambda: any(provider.get("reason") == "pcscd is not running" for provider in
                               daemon.call("Admin.Status")["providers"]), "pcscd is gone")
        findings = examine(daemon, problem=True)
        expect(findings, "problem", "pcscd", "pcscd has died", why="nobody listens")
        expect(findings, "problem", "readers", "keycaskd sees no readers",
               why="pcscd is not running")
        (SOCKET_FOLDER / "pcscd.comm").unlink()
        expect(examine(daemon, problem=True), "problem", "pcscd", "pcscd is not running",
               why="/run/pcscd/pcscd.comm does not exist", advice="start")
        pcscd.start()
        eventually(lambda: any(slot["name"] == NAME
                               for slot in daemon.call("Slots.List")["slots"]), "the reader again")
        examine(daemon)


@test
def pcscd_that_may_not_be_used():
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise SkipTest("takes root, to be somebody else")
    with Pcscd(), tempfile.TemporaryDirectory() as folder:
        (SOCKET_FOLDER / "pcscd.comm").chmod(0o600)
        os.chmod(folder, 0o755)  # the build tree may be in a home that is root's alone
        for file in (program("keycask"), BUILD / "src" / "client" / "libkeycask.so.0"):
            shutil.copy(file, folder)
        out, _ = run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                     f"{folder}/keycask", "doctor", "--json", status=1,
                     env={"KEYCASK_AUTOSTART": "0", "PATH": "/usr/bin:/bin",
                          "LD_LIBRARY_PATH": folder,
                          "KEYCASK_SOCKET": "/nowhere/keycask.sock"})
        check(b"pcscd may not be used by you" in out, f"{out!r}")
        check(b"chmod 666" in out, f"{out!r}")


def reason_of(daemon):
    return next((slot.get("reason") for slot in daemon.call("Slots.List")["slots"]
                 if slot["name"] == NAME), None)


def pcsc_daemon():
    return configure(Daemon(providers="embedded,pcsc"), lease_ms=20)


@test
def a_program_that_has_the_card_is_named():
    with Pcscd() as pcscd, Card(PROFILE) as card, Scard() as scard:
        pcscd.put(card)
        scard.wait_for_card(NAME)
        with connect_when_free(scard, NAME, SHARE_EXCLUSIVE), pcsc_daemon() as daemon:
            eventually(lambda: reason_of(daemon), "the daemon knows")
            # Who else uses pcscd on this machine is named too: pcscd tells nobody who it is.
            finding = expect(examine(daemon, problem=True), "problem", "readers",
                             f"the card in {NAME} cannot be used", why=f"(process {os.getpid()})")
            check("scdaemon" in finding["why"] or "end that program" in finding["advice"],
                  f"{finding}")
    # and one that shares it is only mentioned
    with Pcscd() as pcscd, Card(PROFILE) as card, Scard() as scard, pcsc_daemon() as daemon:
        pcscd.put(card)
        token_id = daemon.wait_for_token()["token_id"]
        with connect_when_free(scard, NAME):
            findings = examine(daemon)
            expect(findings, "ok", "readers", f"the card in {NAME} is {token_id}")
            expect(findings, "ok", "readers", f"(process {os.getpid()})")


@test
def scdaemon_has_the_card_until_it_is_told_to_let_go():
    with Pcscd() as pcscd, Gpg() as gpg, Card("openpgp:none/piv:9a=p256") as card:
        (gpg.home / "scdaemon.conf").write_text(f"disable-ccid\nreader-port {NAME}\n")
        pcscd.put(card)
        eventually(pcscd.has_card, "pcscd notices the card")
        gpg.run("--card-status")
        with pcsc_daemon() as daemon:
            eventually(lambda: reason_of(daemon), "the daemon knows")
            finding = expect(examine(daemon, problem=True), "problem", "readers",
                             f"the card in {NAME} cannot be used", why="scdaemon (process ",
                             advice="pcsc-shared")
            command = finding["advice"].split("free it now: ")[1].split(". ")[0]
            check_equal(command, "gpgconf --kill scdaemon", "what to type")
            run(*command.split(), env=gpg.env)
            eventually(lambda: any(slot["token_ids"] for slot in
                                   daemon.call("Slots.List")["slots"]), "the card is used")
            examine(daemon)


if __name__ == "__main__":
    main()
