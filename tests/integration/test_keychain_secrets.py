# SPDX-License-Identifier: LGPL-2.1-or-later
"""No password stays behind: neither what items hold, nor the keychain's, nor an item's own is in a
file, a log, a core or, once it was used, in the memory of the daemon."""
import base64
import os
import pathlib
import resource
import secrets
import signal

from keychain_scene import KeychainDaemon, add, data, get, query, set_password, unlock, with_secrets
from keycask_test import (SkipTest, check, check_equal, check_raises, eventually, main, processes,
                          program, run, test)
from memory import forms, remembered


class Needles:
    """Texts that can be found again, each made when it is first asked for."""

    def __init__(self):
        self.by_name = {}

    def __getitem__(self, name):
        if name not in self.by_name:
            self.by_name[name] = f"{name}-{secrets.token_urlsafe(24)}"
        return self.by_name[name]

    def values(self):
        return list(self.by_name.values())


def life_of_an_item(daemon, needles):
    """Set, get, update, delete, refused, over the wire and with keycask password."""
    with daemon.connect() as peer:
        add(peer, "a", value=needles["added"].encode())
        add(peer, "kept", value=needles["kept"].encode())
        check_equal(get(peer, "a").decode(), needles["added"], "value")
        check_raises("duplicate_item", add, peer, "a", value=needles["refused"].encode())
        peer.call("Items.Update", {**query("a"),
                                   "changes": {"value_data": data(needles["updated"].encode())}})
        check_equal(get(peer, "a").decode(), needles["updated"], "value")
        everything = {"class": "generic_password", "match_limit": "all", "return_data": True,
                      "return_attributes": True}
        check_equal(len(peer.call("Items.CopyMatching", {"query": everything})["items"]), 2, "all")
        peer.call("Items.Delete", query("a"))
    run(program("keycask"), "password", "set", "mail", "jo", input=needles["cli"].encode(),
        env=daemon.env)
    out, _ = run(program("keycask"), "password", "get", "mail", "jo", env=daemon.env)
    check_equal(out.decode().strip(), needles["cli"], "keycask password get")


def life_of_a_password(daemon, needles):
    with daemon.connect() as peer:
        set_password(peer, needles["first"])
        add(peer, "b", value=needles["sealed"].encode())
        peer.call("Keychain.Lock")
        check_raises("auth_failed", unlock, peer, needles["wrong"])
        check_raises("auth_failed", peer.call, "Keychain.Unlock",
                     {"password": needles["wrong_text"]})
        unlock(peer, needles["first"])
        set_password(peer, needles["second"], current=needles["first"])
        peer.call("Keychain.Lock")
        peer.call("Keychain.Unlock", {"password": needles["second"]})
        check_equal(get(peer, "b").decode(), needles["sealed"], "value")


def life_of_an_application_password(daemon, needles):
    with daemon.connect() as peer:
        context = with_secrets(peer, "Keychain.NewContext",
                               application_password=needles["application"])["context"]
        item = {"class": "generic_password", "service": "own", "account": "c",
                "access_control": {"accessible": "when_unlocked", "flags": ["application_password"]},
                "value_data": data(needles["doubly_sealed"].encode()),
                "use_authentication_context": context}
        peer.call("Items.Add", {"item": item})
        wanted = {"class": "generic_password", "service": "own", "return_data": True,
                  "use_authentication_context": context}
        items = peer.call("Items.CopyMatching", {"query": wanted})["items"]
        check_equal(base64.b64decode(items[0]["value_data"]).decode(), needles["doubly_sealed"],
                    "value")
        other = with_secrets(peer, "Keychain.NewContext",
                             application_password=needles["wrong_application"])["context"]
        check_raises("auth_failed", peer.call, "Items.CopyMatching",
                     {"query": {**wanted, "use_authentication_context": other}})


LIVES = (life_of_an_item, life_of_a_password, life_of_an_application_password)


def live(daemon, needles):
    for life in LIVES:
        life(daemon, needles)


def files(daemon):
    """Everything below the daemon's folders, its log too."""
    return [path for path in pathlib.Path(daemon.directory).rglob("*") if path.is_file()]


def check_files(daemon, needles):
    paths = files(daemon)
    names = {path.name for path in paths}
    check({"keychain.db", "audit.log", "keycaskd.log"} <= names, f"not all is looked at: {names}")
    for path in paths:
        content = path.read_bytes()
        for needle in needles.values():
            for form in forms(needle):
                check(form not in content, f"{path} has {needle}")


@test
def no_file_and_no_log_has_them():
    needles = Needles()
    with KeychainDaemon("--log-level", "debug") as daemon:
        live(daemon, needles)
        check_files(daemon, needles)
        check(b"stage=" in daemon.log.read_bytes(), "the log is that of a debugging daemon")
    check_files(daemon, needles)


def check_memory(daemon, needles):
    for process, name, _ in processes():
        if process == daemon.pid or process in daemon.children():
            found = remembered(process, needles.values())
            check(not found, f"{name} remembers " + "\n".join(str(one) for one in found))


@test
def the_daemon_forgets_them():
    needles = Needles()
    with KeychainDaemon() as daemon:
        with daemon.connect() as peer:  # what is looked for is found while it is there
            account = secrets.token_urlsafe(24)
            peer.send("Items.CopyMatching", query(account, return_data=True))
            check_raises("item_not_found", peer.receive)
        for life in LIVES:
            life(daemon, needles)
            daemon.call("Admin.Status")
            check_memory(daemon, needles)
        check(remembered(daemon.pid, [daemon.env["KEYCASK_STATE_DIR"]]), "the search finds nothing")


@test
def a_core_of_the_daemon_is_not_written():
    needles = Needles()
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with KeychainDaemon() as daemon:
        live(daemon, needles)
        before = set(os.listdir("/proc/%d/cwd" % daemon.pid))
        folder = os.readlink("/proc/%d/cwd" % daemon.pid)
        os.kill(daemon.pid, signal.SIGABRT)
        eventually(lambda: daemon.process.poll() is not None, "it has ended")
        check_equal(daemon.process.returncode, -signal.SIGABRT, "how it has ended")
        check_equal([name for name in set(os.listdir(folder)) - before if "core" in name], [],
                    "cores")
        check_files(daemon, needles)
        daemon.start()


if __name__ == "__main__":
    main()
