# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of keycaskd: how it is started, by whom, once per socket, and in what its helpers are
kept."""
import configparser
import os
import pathlib
import pty
import re
import socket
import subprocess
import sys

from keycask_test import (
    BUILD, SOURCE, Card, Daemon, check, check_equal, descendants, end,
    eventually, main, program, run, scratch, skip_unless, start, test)
from lifecycle import (
    Key, Watcher, check_all_end, child_named, configure, may_look_into, n_when_back)

PROFILE = "piv:9a=p256,9e=p256"


def keycaskd(daemon, *arguments, status=0):
    """Run it to its end, with the environment of a daemon: (stdout, stderr)."""
    out, errors = run(program("keycaskd"), *arguments, env=daemon.env, status=status)
    return out.decode(), errors.decode()


def pid_of(daemon):
    return daemon.call("Admin.Status")["pid"]


def stop(daemon):
    """End a daemon that has detached itself; the runner is the parent of the parentless."""
    pid = pid_of(daemon)
    daemon.call("Admin.Stop")
    _, status = os.waitpid(pid, 0)
    check_equal(os.waitstatus_to_exitcode(status), 0, "exit status")
    daemon.check_log()


def running_daemons():
    return [pid for pid, name in descendants() if name == "keycaskd"]


def stat_fields(pid):
    """proc(5): state, ppid, pgrp, session, tty_nr …"""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


# --- options -----------------------------------------------------------------------------------


@test
def options_are_explained_and_wrong_ones_refused():
    daemon = Daemon()
    out, errors = keycaskd(daemon, "--help")
    check_equal(errors, "", "error text of --help")
    for option in ("--user", "--foreground", "--detach", "--log-level", "--version"):
        check(option in out, f"--help does not tell of {option}")
    check(keycaskd(daemon, "--version")[0].startswith("keycaskd "), "no version")
    for words in (["--fast"], ["--log-level"], ["--log-level", "loud"], ["now"], ["-d"]):
        _, errors = keycaskd(daemon, *words, status=2)
        check("--help" in errors, f"{words}: {errors}")


@test
def wrong_settings_are_named():
    for text, expected in (
            ('{"card_deadline_ms": "soon"}', "card_deadline_ms"),
            ('{"card_deadline_ms": 0}', "card_deadline_ms"),
            ('{"query_deadline_ms": 99999999999}', "query_deadline_ms"),
            ('{"prompt_deadline_s": 1.5}', "prompt_deadline_s"),
            ('{"lease_ms": null}', "lease_ms"),
            ('{"pinentry": "pinentry"}', "pinentry"),
            ('{"colour": "red"}', "colour"),
            ('{"lease_ms": 5', "config.json"),
            ("[]", "config.json"),
            ("", "config.json")):
        daemon = configure(Daemon())
        path = pathlib.Path(daemon.env["KEYCASK_CONFIG_DIR"], "config.json")
        path.write_text(text)
        _, errors = keycaskd(daemon, "--user", status=1)
        check(expected in errors and str(path) in errors, f"{text}: {errors}")
        check(not daemon.socket.exists(), "a socket of a daemon that did not start")


@test
def settings_are_taken():
    with configure(Daemon(), lease_ms=0, card_deadline_ms=5000) as daemon, \
            Card(PROFILE) as card, Watcher(daemon) as watcher:
        card.insert(daemon)
        watcher.expect("inserted")
        with daemon.connect() as connection:
            Key(connection).check_signs(daemon)
            Key(connection, "pin").check_signs(daemon)
        # no lease: a card that somebody authenticated to is reset at once
        eventually(lambda: card.contacts.read_text().count("reset") >= 2, "the reset")
        card.pull()


# --- once per socket ---------------------------------------------------------------------------


@test
def detaching_ends_when_the_socket_listens():
    daemon = Daemon()
    for _ in range(3):
        keycaskd(daemon, "--user", "--detach")
        pid = pid_of(daemon)  # without waiting
        check_equal(stat_fields(pid)[3], str(pid), "session of the daemon")
        check_equal(stat_fields(pid)[4], "0", "terminal of the daemon")
        if may_look_into(pid):
            check_equal([os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)],
                        ["/dev/null", "/dev/null",
                         daemon.env["KEYCASK_STATE_DIR"] + "/keycaskd.log"], "standard streams")
            check_equal(os.readlink(f"/proc/{pid}/cwd"), "/", "folder of the daemon")
        stop(daemon)


@test
def a_failure_to_start_is_told_before_detaching_ends():
    daemon = configure(Daemon(), lease_ms="long")
    _, errors = keycaskd(daemon, "--user", "--detach", status=1)
    check("lease_ms" in errors, f"said: {errors}")
    eventually(lambda: running_daemons() == [], "it ends after its word")


@test
def a_second_daemon_is_refused():
    with Daemon() as daemon:
        _, errors = keycaskd(daemon, "--user", status=1)
        check("another keycaskd" in errors, f"said: {errors}")
        keycaskd(daemon, "--user", "--detach")  # one runs: that is what was wanted
        check_equal(pid_of(daemon), daemon.pid, "who answers")
        eventually(lambda: running_daemons() == [daemon.pid], "the superfluous ones end")


@test
def eight_clients_start_one_daemon():
    daemon = Daemon()
    for _ in range(3):
        clients = [subprocess.Popen([program("keycask"), "list", "--json"], env=daemon.env,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE) for _ in range(8)]
        for client in clients:
            out, errors = client.communicate(timeout=30)
            check_equal((client.returncode, out.strip()), (0, b"[]"),
                        f"a client that said {errors!r}: result")
        # the losers' launchers end as soon as they see the winner
        eventually(lambda: running_daemons() == [pid_of(daemon)], "one daemon")
        stop(daemon)


@test
def a_client_may_be_forbidden_to_start_one():
    daemon = Daemon()
    told = daemon.cli("list", status=1, env={"KEYCASK_AUTOSTART": "0"})
    check_equal(told["name"], "not_available", "the failure")
    check_equal(running_daemons(), [], "daemons")


@test
def a_client_that_comes_while_the_daemon_ends_gets_the_next_one():
    with Daemon() as daemon, Card(PROFILE) as card:
        card.insert(daemon)
        daemon.wait_for_token()
        with daemon.connect() as connection:
            key = Key(connection)
        n_insertion = n_when_back(card.commands())
        card.pull()
        daemon.wait_for_removal()
        card.contacts.unlink()
        card.insert(daemon, f"slow@{n_insertion + 1}:700")
        daemon.wait_for_token()
        with daemon.connect() as signing:
            signing.send("Keys.Sign", key.parameters(b"data"))
            eventually(lambda: len(card.commands()) > n_insertion, "the card is asked")
            ending, daemon.process = daemon.process, None
            daemon.call("Admin.Stop")
            check_equal(daemon.cli("tokens"), [], "tokens of the next daemon")
            signature, _ = signing.receive()
            check(key.is_signature(signature["signature"]), "a wrong signature")
        check_equal(ending.wait(20), 0, "exit status")
        check(pid_of(daemon) != ending.pid, "the same daemon")
        card.pull()
        stop(daemon)


@test
def a_stale_socket_is_replaced():
    daemon = Daemon()
    daemon.socket.parent.mkdir(mode=0o700)
    for path in (daemon.socket, daemon.slot_socket):
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(path))
        stale.close()
    with daemon, Card(PROFILE) as card:
        card.insert(daemon)
        daemon.wait_for_token()
        card.pull()


@test
def two_daemons_do_not_know_each_other():
    with Daemon() as one, Daemon() as two, Card(PROFILE) as first, Card(PROFILE) as second:
        first.insert(one)
        token_id = one.wait_for_token()["token_id"]
        check_equal(two.call("Tokens.List")["tokens"], [], "tokens of the other")
        second.insert(two)
        check(two.wait_for_token()["token_id"] != token_id, "one card in two daemons")
        first.pull()
        one.wait_for_removal()
        with two.connect() as connection:
            Key(connection).check_signs(two)
        second.pull()


# --- where the socket is -----------------------------------------------------------------------


@test
def without_a_runtime_folder_there_is_one_in_the_temporary_folder():
    daemon = Daemon()
    for name in ("XDG_RUNTIME_DIR", "KEYCASK_SOCKET"):
        del daemon.env[name]
    folder = pathlib.Path(daemon.env["TMPDIR"], f"keycask-{os.geteuid()}")
    daemon.socket = folder / "keycask.sock"
    with daemon:
        check_equal(daemon.call("Admin.Status")["socket"], str(daemon.socket), "socket")
        check_equal(folder.stat().st_mode & 0o7777, 0o700, "mode of the folder")
        check_equal(daemon.socket.stat().st_mode & 0o7777, 0o600, "mode of the socket")
        check_equal((folder / "slot.sock").stat().st_mode & 0o7777, 0o600, "the slot socket's")


def refuses_folder(prepare, expected):
    daemon = Daemon()
    prepare(daemon.socket.parent)
    _, errors = keycaskd(daemon, "--user", status=1)
    check(expected in errors and str(daemon.socket.parent) in errors, f"said: {errors}")
    check(not daemon.socket.exists(), "it listens all the same")


@test
def a_folder_that_is_open_to_others_is_refused():
    def prepare(folder):
        folder.mkdir()
        folder.chmod(0o755)
    refuses_folder(prepare, "open to others")


@test
def a_folder_that_is_a_link_is_refused():
    def prepare(folder):
        real = folder.with_name("real")
        real.mkdir(mode=0o700)
        folder.symlink_to(real)
    refuses_folder(prepare, "not a folder")


@test
def a_folder_of_somebody_else_is_refused():
    skip_unless(os.geteuid() == 0, "only root can give folders away")

    def prepare(folder):
        folder.mkdir(mode=0o700)
        os.chown(folder, 65534, 65534)
    refuses_folder(prepare, "another user")


@test
def a_path_that_is_too_long_is_named():
    folder = scratch() / ("x" * 100)
    for name in ("s", "keycask.sock"):
        _, errors = keycaskd(Daemon(KEYCASK_SOCKET=str(folder / name)), "--user", status=1)
        check("longer than" in errors and str(folder) in errors, f"said: {errors}")
    check(not folder.exists(), "a folder of the refused")


# --- systemd -----------------------------------------------------------------------------------

ACTIVATE = """
import os, sys
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[2])
os.dup2(int(sys.argv[1]), 3)
os.execv(sys.argv[3], sys.argv[3:])
"""


def activated(daemon, descriptor, n=1):
    """keycaskd as systemd starts it, with a descriptor as its listening socket."""
    return start(sys.executable, "-c", ACTIVATE, descriptor, n, program("keycaskd"), "--user",
                 "--foreground", env=daemon.env, log=daemon.log, pass_fds=[descriptor])


@test
def systemd_may_hold_the_socket():
    daemon = Daemon()
    daemon.socket.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(daemon.socket))
        listener.listen()
        for _ in range(2):
            with daemon.connect() as early:  # before anyone is there to answer
                early.send("Admin.Status")
                process = activated(daemon, listener.fileno())
                check_equal(early.receive()[0]["pid"], process.pid, "who answers")
            check_equal(end(process), 0, "exit status")
            check(daemon.socket.exists(), "systemd's socket is gone")
            check(not daemon.slot_socket.exists(), "the slot socket stays")
    daemon.check_log()


@test
def descriptors_that_are_no_socket_are_refused():
    daemon = Daemon()
    reader, writer = os.pipe()
    with socket.socket(socket.AF_UNIX) as unbound, socket.socket(socket.AF_INET) as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        for descriptor in (reader, unbound.fileno(), foreign.fileno()):
            check_equal(activated(daemon, descriptor).wait(20), 1, "exit status")
    check_equal(daemon.read_log().count("not one listening UNIX socket"), 3, "refusals")
    os.close(reader)
    os.close(writer)


@test
def readiness_is_told_to_systemd():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        path = scratch() / "notify"
        supervisor.bind(str(path))
        supervisor.settimeout(20)
        with Daemon(NOTIFY_SOCKET=str(path)) as daemon:
            check("READY=1" in supervisor.recv(1024).decode(), "not ready")
            check_equal(daemon.call("Tokens.List")["tokens"], [], "tokens")


def unit(name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    folder = BUILD / "dist" if name.endswith(".service") else SOURCE / "dist" / "systemd" / "user"
    check_equal(parser.read(folder / name), [str(folder / name)], "unit that was read")
    return parser


@test
def the_units_fit_the_daemon():
    service, listener = unit("keycaskd.service"), unit("keycaskd.socket")
    command, *words = service["Service"]["ExecStart"].split()
    check(command.startswith("/") and command.endswith("/keycaskd"), f"ExecStart is {command}")
    keycaskd(Daemon(), *words, "--version")
    check("--detach" not in words, "systemd wants it in the foreground")
    check_equal(service["Service"]["Type"], "notify", "Type")
    check_equal(service["Service"]["KillMode"], "mixed", "KillMode")
    check_equal(service["Unit"]["Requires"], "keycaskd.socket", "Requires")
    check_equal(listener["Socket"]["SocketMode"], "0600", "SocketMode")
    check_equal(listener["Socket"]["DirectoryMode"], "0700", "DirectoryMode")
    daemon = Daemon()
    del daemon.env["KEYCASK_SOCKET"]
    daemon.socket = pathlib.Path(
        listener["Socket"]["ListenStream"].replace("%t", daemon.env["XDG_RUNTIME_DIR"]))
    with daemon:
        check_equal(daemon.call("Admin.Status")["socket"], str(daemon.socket), "socket")


# --- who started it, and what it starts --------------------------------------------------------


@test
def a_daemon_survives_the_terminal_it_was_started_from():
    daemon = Daemon()
    leader, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c",
         "import fcntl, os, subprocess, sys, termios\n"
         "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
         "subprocess.run([sys.argv[1], 'daemon', 'start'], check=True)\n"
         "print('started', flush=True); sys.stdin.read()\n", program("keycask")],
        env=daemon.env, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    said = b""
    while b"started" not in said:
        said += os.read(leader, 1024)
    pid = pid_of(daemon)
    os.close(leader)  # the window is closed: SIGHUP for what belongs to it
    child.wait(20)
    check_equal(pid_of(daemon), pid, "who answers")
    stop(daemon)


@test
def helpers_are_confined_and_leave_with_the_daemon():
    with Daemon() as daemon, Card(PROFILE) as card:
        card.insert(daemon)
        daemon.wait_for_token()
        for name in ("keycask-slot", "keycask-driver-piv", "keycask-x509"):
            pid = child_named(daemon, name)
            status = dict(line.split(":\t", 1) for line in
                          pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                          if ":\t" in line)
            check_equal((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"),
                        f"seccomp and no_new_privs of {name}")
            check_equal(stat_fields(pid)[2], str(pid), f"process group of {name}")
            if not may_look_into(pid):
                continue
            environment = pathlib.Path(f"/proc/{pid}/environ").read_text()
            check(not re.search(r"(^|\0)(DISPLAY|XDG_RUNTIME_DIR|SSH_AUTH_SOCK)=", environment),
                  f"environment of {name}")
        children = list(daemon.children())
        card.pull()
        daemon.stop()
        check_all_end(children)


@test
def the_cli_starts_and_stops_it():
    daemon = Daemon()
    check_equal(daemon.cli("daemon", "status", status=1)["name"], "not_available", "status")
    daemon.cli("daemon", "start")
    status = daemon.cli("daemon", "status")
    check_equal(status["pid"], pid_of(daemon), "pid")
    check("seccomp" in status["confinement"], "confinement")
    daemon.cli("daemon", "stop")
    _, result = os.waitpid(status["pid"], 0)
    check_equal(os.waitstatus_to_exitcode(result), 0, "exit status")
    check(not daemon.socket.exists(), "the socket stays")
    daemon.check_log()


main()
