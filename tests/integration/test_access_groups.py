# SPDX-License-Identifier: LGPL-2.1-or-later
"""Access groups from who is asking (reference/keychain.md 4.1, 4.2): programs, units, sandboxes as the
kernel tells them apart; entitlements.d; connections that change hands (reference/field.md T16)."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from keycask_test import (Card, Daemon, SkipTest, check, check_equal, eventually, main,
                          program, run, scratch, test)
from mounted import in_a_root, may_mount
from person_scene import access_control
from pin_scene import configure
from prompt_scene import scripted

USER = "org.keycask.user"
CLIENT = r'''
import json, os, socket, sys
def call(fd, method, parameters):
    data = json.dumps({"method": "org.keycask." + method, "parameters": parameters}).encode()
    os.write(fd, data + b"\0")
    answer = b""
    while not answer.endswith(b"\0"):
        block = os.read(fd, 65536)
        if not block:
            return "closed"
        answer += block
    answer = json.loads(answer[:-1])
    if "error" not in answer:
        return answer.get("parameters")
    return answer["parameters"].get("record", {}).get("name") or answer["error"]
def connect(path):
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.connect(path)
    os.set_inheritable(peer.fileno(), True)
    return peer.detach()
'''
CALLS = CLIENT + r'''
calls = json.load(sys.stdin)
fd = connect(sys.argv[1])
print(json.dumps([call(fd, *each) for each in calls]))
'''


def program_of_its_own(name="tool"):
    """Another program: a copy of this interpreter."""
    path = scratch() / name
    shutil.copy(os.path.realpath(sys.executable), path)
    return path


def ask(daemon, calls, interpreter=sys.executable, wrapper=()):
    """What the daemon answers a program's calls: parameters or the name of a failure, each."""
    said, _ = run(*wrapper, interpreter, "-I", "-c", CALLS, daemon.socket,
                  input=json.dumps(calls).encode())
    return json.loads(said)


def groups_of(daemon, interpreter=sys.executable, wrapper=()):
    answer = ask(daemon, [("Keychain.State", {})], interpreter, wrapper)[0]
    return answer["groups"] if isinstance(answer, dict) else answer


def entitle(daemon, name="test.json", system=False, **entry):
    """Put a file into entitlements.d, or take it away when there is no entry."""
    folder = "KEYCASK_SYSTEM_CONFIG_DIR" if system else "KEYCASK_CONFIG_DIR"
    path = pathlib.Path(daemon.env[folder], "entitlements.d", name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not entry:
        path.unlink()
        return
    new = path.with_suffix(".new")
    new.write_text(json.dumps({key: str(value) if isinstance(value, pathlib.Path) else value
                               for key, value in entry.items()}))
    new.replace(path)


def new_daemon():
    return Daemon(KEYCASK_SYSTEM_CONFIG_DIR=str(scratch() / "etc"))


def add(account, group=None):
    item = {"class": "generic_password", "account": account, "value_data": "eA=="}
    return ("Items.Add", {"item": item if group is None else {**item, "access_group": group}})


def verbs(**query):
    """Add, copy, update and delete."""
    query = {"class": "generic_password", **query}
    return [("Items.Add", {"item": {**query, "value_data": "eA=="}}),
            ("Items.CopyMatching", {"query": {**query, "return_attributes": True}}),
            ("Items.Update", {"query": query, "changes": {"label": "changed"}}),
            ("Items.Delete", {"query": query})]


# --- 4.2 ---------------------------------------------------------------------------------------


@test
def every_program_shares_a_group_unless_something_else_is_said():
    with new_daemon() as daemon:
        tool = program_of_its_own()
        check_equal(groups_of(daemon), [USER], "of one program")
        check_equal(groups_of(daemon, tool), [USER], "of another")
        ask(daemon, [add("a")])
        check_equal(ask(daemon, [verbs(account="a")[1]], tool)[0]["items"][0]["access_group"], USER,
                    "group of the other's item")


@test
def entitlements_come_first_and_new_items_go_into_the_first():
    with new_daemon() as daemon:
        tool = program_of_its_own()
        entitle(daemon, executable=tool, access_groups=["org.example.own", "org.example.shared"])
        entitle(daemon, system=True, executable=tool, access_groups=["org.example.system"])
        check_equal(groups_of(daemon, tool),
                    ["org.example.system", "org.example.own", "org.example.shared", USER], "groups")
        check_equal(groups_of(daemon), [USER], "groups of another program")
        answers = ask(daemon, [add("a"), ("Items.CopyMatching", {"query": {
            "class": "generic_password", "return_attributes": True}})], tool)
        check_equal(answers[1]["items"][0]["access_group"], "org.example.system", "default group")


@test
def no_group_at_all():
    with new_daemon() as daemon:
        tool = program_of_its_own()
        entitle(daemon, executable=tool, default_group=False, tokens=False)
        check_equal(groups_of(daemon, tool), [], "groups")
        check_equal(ask(daemon, verbs(account="a"), tool), ["missing_entitlement"] * 4, "answers")


@test
def only_the_token_group():
    with new_daemon() as daemon:
        tool = program_of_its_own()
        entitle(daemon, executable=tool, default_group=False)
        check_equal(ask(daemon, verbs(account="a"), tool),
                    ["missing_entitlement", "item_not_found", "missing_entitlement",
                     "missing_entitlement"], "answers")


@test
def a_group_that_is_another_s():
    with new_daemon() as daemon:
        tool = program_of_its_own()
        entitle(daemon, executable=tool, access_groups=["org.example.own"])
        check_equal(ask(daemon, verbs(account="a", access_group="org.example.own")),
                    ["missing_entitlement"] * 4, "with the group")
        check_equal(ask(daemon, [add("a")], tool), [{}], "its owner adds")
        check_equal(ask(daemon, verbs(account="a")[1:]), ["item_not_found"] * 3,
                    "without the group")
        check_equal(ask(daemon, [add("b")]), [{}], "an item of everybody's")
        check_equal(ask(daemon, [("Items.Update", {
            "query": {"class": "generic_password", "account": "b"},
            "changes": {"access_group": "org.example.own"}})]), ["missing_entitlement"],
                    "moved into a group of another's")
        check_equal(ask(daemon, [("Items.Update", {
            "query": {"class": "generic_password", "account": "b"},
            "changes": {"access_group": "org.example.own"}})], tool), [{}], "moved by its owner")
        check_equal(ask(daemon, verbs(account="b")[1:2]), ["item_not_found"], "after that")


@test
def denied():
    with new_daemon() as daemon:
        tool = program_of_its_own()
        entitle(daemon, executable=tool, deny=True)
        check_equal(ask(daemon, verbs(account="a"), tool), ["not_available"] * 4, "answers")
        check_equal(ask(daemon, [("Tokens.List", {}), ("Admin.Status", {})], tool),
                    ["not_available"] * 2, "other interfaces")
        check_equal(ask(daemon, [add("a")]), [{}], "another program")


@test
def the_token_group_is_read_and_never_written():
    with new_daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        daemon.wait_for_token()
        tool, blind = program_of_its_own(), program_of_its_own("blind")
        entitle(daemon, "a.json", executable=tool, default_group=False)
        entitle(daemon, "b.json", executable=blind, tokens=False)
        find = ("Items.CopyMatching", {"query": {"class": "certificate",
                                                 "return_attributes": True}})
        check_equal(ask(daemon, [find], tool)[0]["items"][0]["access_group"],
                    "org.keycask.token", "group")
        check_equal(ask(daemon, [find], blind), ["item_not_found"], "who sees no tokens")
        wrong = ask(daemon, verbs(account="a", access_group="org.keycask.token"))
        check_equal((wrong[0], wrong[2], wrong[3]), ("missing_entitlement",) * 3, "written")
        command = [program("keycask"), "list", "--json"]
        said, _ = run(*command, env=daemon.env)
        check(json.loads(said), "keycask itself sees nothing")


@test
def a_backup_is_for_who_is_in_everybody_s_group():
    with new_daemon() as daemon:
        tool = program_of_its_own()
        entitle(daemon, executable=tool, access_groups=["org.example.own"], default_group=False)
        check_equal(ask(daemon, [("Keychain.Backup", {"output_fd": 0}),
                                 ("Keychain.Restore", {"input_fd": 0})], tool),
                    ["missing_entitlement"] * 2, "answers")


# --- changes -----------------------------------------------------------------------------------


@test
def a_change_is_in_force_for_connections_that_are_there():
    with new_daemon() as daemon, daemon.connect() as connection:
        def groups():
            return connection.call("Keychain.State")["groups"]
        check_equal(groups(), [USER], "groups")
        entitle(daemon, executable=os.path.realpath(sys.executable), access_groups=["org.example.a"])
        eventually(lambda: groups() == ["org.example.a", USER], "the group is there")
        entitle(daemon)
        eventually(lambda: groups() == [USER], "the group is gone")


@test
def a_wrong_file_is_named_and_counts_for_nothing():
    with new_daemon() as daemon:
        tool = program_of_its_own()
        entitle(daemon, executable=tool, access_groups=["org.example.a"], deni=True)
        check_equal(groups_of(daemon, tool), [USER], "groups")
        check("counts for nothing: unknown key \"deni\", did you mean \"deny\"?"
              in daemon.read_log(), "the log")
        said, _ = run(program("keycask"), "doctor", "--json", env=daemon.env, status=None)
        findings = [each for each in json.loads(said) if each["topic"] == "access"] \
            if isinstance(json.loads(said), list) else \
            [each for each in json.loads(said)["findings"] if each["topic"] == "access"]
        check_equal([each["state"] for each in findings], ["problem"], "doctor's findings")
        check("deni" in findings[0]["why"], findings)


@test
def a_program_that_was_replaced_is_another_one():
    with new_daemon() as daemon:
        tool = program_of_its_own()
        entitle(daemon, executable=tool, access_groups=["org.example.a"])
        check_equal(groups_of(daemon, tool), ["org.example.a", USER], "groups")
        link = scratch() / "link"
        link.symlink_to(tool)
        check_equal(groups_of(daemon, link), ["org.example.a", USER], "by another name")
        with subprocess.Popen([tool, "-I", "-c", CALLS, daemon.socket], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as old:
            eventually(lambda: os.readlink(f"/proc/{old.pid}/exe") == str(tool), "it runs")
            tool.unlink()
            program_of_its_own()
            said, _ = old.communicate(json.dumps([("Keychain.State", {})]))
        check_equal(json.loads(said)[0]["groups"], [USER], "groups of what was replaced")
        check_equal(groups_of(daemon, tool), ["org.example.a", USER], "groups of what is there")


# --- sandboxes ---------------------------------------------------------------------------------


@test
def a_flatpak_has_a_group_of_its_own():
    with new_daemon() as daemon:
        wrapper = in_a_root("[Application]\nname=org.example.App\nruntime=x\n")
        python = os.path.realpath(sys.executable)
        entitle(daemon, "a.json", executable=python, access_groups=["org.example.program"])
        check_equal(groups_of(daemon, wrapper=wrapper), ["flatpak.org.example.App"], "groups")
        entitle(daemon, "b.json", flatpak="org.example.App", access_groups=["org.example.shared"])
        check_equal(groups_of(daemon, wrapper=wrapper),
                    ["org.example.shared", "flatpak.org.example.App"], "groups with an entry")
        ask(daemon, [add("outside")])
        check_equal(ask(daemon, verbs(account="outside")[1:2], wrapper=wrapper),
                    ["item_not_found"], "an item from outside")
        check_equal(ask(daemon, [("Admin.Stop", {}), ("Keychain.ChangePassword", {"new": "x"}),
                                 ("Keychain.Backup", {"output_fd": 0})], wrapper=wrapper),
                    ["missing_entitlement"] * 3, "what it may not")


@test
def a_flatpak_does_not_say_where_somebody_is_asked():
    """It could ask at a display of its own, and agree there itself."""
    pinentry = scripted("agreeing", "echo OK", "while read -r command; do echo OK; done")
    item = {"class": "generic_password", "account": "a"}
    calls = [("Items.Add", {"item": {**item, "value_data": "eA==",
                                     "access_control": access_control("user_presence")}}),
             ("Items.CopyMatching", {"query": {**item, "return_data": True},
                                     "interaction": {"display": ":99"}})]
    with configure(new_daemon(), pinentry=pinentry) as daemon:
        wrapper = in_a_root("[Application]\nname=org.example.App\nruntime=x\n")
        check_equal(ask(daemon, calls, wrapper=wrapper)[1], "interaction_not_allowed", "inside")
        check("value_data" in json.dumps(ask(daemon, calls)[1]), "a program outside is asked there")


@test
def a_sandbox_that_says_nothing_has_nothing():
    with new_daemon() as daemon:
        wrapper = in_a_root("[Runtime]\nname=org.example.Platform\n")
        check_equal(groups_of(daemon, wrapper=wrapper), [], "groups")
        check_equal(ask(daemon, verbs(account="a"), wrapper=wrapper), ["missing_entitlement"] * 4,
                    "answers")


def cgroup_folder():
    """Where systemd's own tree is mounted, as we may make groups in it."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        kind, *rest = line.split(" - ")[1].split()
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in rest[-1]):
            folder = pathlib.Path(line.split()[4])
            if os.access(folder / "cgroup.procs", os.W_OK):
                return folder
    raise SkipTest("no control group can be made here")


def in_a_group(path):
    """A wrapper that runs a program in that control group."""
    folder = cgroup_folder() / path
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SkipTest(f"no control group can be made here: {error}") from None
    return ("sh", "-c", f'echo $$ > {folder}/cgroup.procs && exec "$@"', "sh")


def remove_group(path):
    folder = cgroup_folder() / path
    while folder != cgroup_folder():
        eventually(lambda: remove_folder(folder), "the group is empty")
        folder = folder.parent


def remove_folder(folder):
    try:
        folder.rmdir()
        return True
    except OSError:
        return False


@test
def a_unit_is_known_by_its_control_group():
    path = f"keycask-{os.getpid()}.slice/user@0.service/app.slice/foo@1.service"
    wrapper = in_a_group(path)
    try:
        with new_daemon() as daemon:
            entitle(daemon, unit="foo@1.service", access_groups=["org.example.unit"])
            check_equal(groups_of(daemon, wrapper=wrapper), ["org.example.unit", USER], "groups")
            check_equal(groups_of(daemon), [USER], "groups of another")
    finally:
        remove_group(path)


@test
def a_snap_is_known_by_its_control_group():
    path = f"keycask-{os.getpid()}.slice/snap.hello-world.sh-1f2e.scope"
    wrapper = in_a_group(path)
    try:
        with new_daemon() as daemon:
            entitle(daemon, snap="hello-world", access_groups=["org.example.snap"])
            check_equal(groups_of(daemon, wrapper=wrapper),
                        ["org.example.snap", "snap.hello-world"], "groups")
    finally:
        remove_group(path)


# --- connections that change hands -------------------------------------------------------------


def handed_on(daemon, how, *arguments):
    """What a connection answers before and after something happens to who has made it."""
    said, _ = run(sys.executable, "-I", "-c", CLIENT + how, daemon.socket, *arguments)
    return [json.loads(line) for line in said.splitlines()]


@test
def another_program_does_not_inherit_a_connection():
    again = CLIENT + 'print(json.dumps(call(int(sys.argv[1]), "Keychain.State", {})))'
    how = f"""
fd = connect(sys.argv[1])
print(json.dumps(call(fd, "Keychain.State", {{}})["groups"]), flush=True)
os.execv(sys.argv[2], [sys.argv[2], "-I", "-c", {again!r}, str(fd)])
"""
    with new_daemon() as daemon:
        before, after = handed_on(daemon, how, program_of_its_own())
        check_equal((before, after), ([USER], "missing_entitlement"), "before and after exec")
        same = handed_on(daemon, how, os.path.realpath(sys.executable))[1]
        check(isinstance(same, dict), f"the same program again: {same}")


@test
def a_child_does_not_inherit_a_connection():
    how = """
fd = connect(sys.argv[1])
print(json.dumps(call(fd, "Keychain.State", {})["groups"]), flush=True)
if os.fork() == 0:
    print(json.dumps(call(fd, "Keychain.State", {})), flush=True)
    os._exit(0)
os.wait()
print(json.dumps(call(fd, "Keychain.State", {})), flush=True)
"""
    with new_daemon() as daemon:
        check_equal(handed_on(daemon, how), [[USER], "missing_entitlement", "missing_entitlement"],
                    "parent, child, and the parent after that")


@test
def a_connection_outlives_nobody():
    how = """
fd = connect(sys.argv[1])
print(json.dumps(call(fd, "Keychain.State", {})["groups"]), flush=True)
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        pass
    print(json.dumps(call(fd, "Keychain.State", {})), flush=True)
"""
    with new_daemon() as daemon:
        check_equal(handed_on(daemon, how), [[USER], "missing_entitlement"], "parent, then orphan")


@test
def a_connection_that_is_passed_on_says_nothing_of_who_has_it():
    how = """
import array
fd = connect(sys.argv[1])
ours, theirs = socket.socketpair()
if os.fork() == 0:
    os.close(fd)
    _, control, _, _ = theirs.recvmsg(1, socket.CMSG_SPACE(4))
    given = array.array("i", control[0][2])[0]
    print(json.dumps(call(given, "Keychain.State", {})), flush=True)
    os._exit(0)
ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
os.wait()
"""
    with new_daemon() as daemon:
        check_equal(handed_on(daemon, how), ["missing_entitlement"], "who was given it")


main()
