#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What keycask doctor says of other programs, and keycask setup: each message, and when what it says
has been typed the trouble is gone. The home is the test's own; programs are the real ones where they
do something, and names in a folder where only their being there counts."""
import json
import os
import pathlib
import re
import shutil

from keycask_test import (Daemon, SkipTest, base_environment, check, check_equal, main, program, run, scratch,
                          skip_unless, test)


class Home:
    """Somebody's home, and the programs that are in PATH."""

    def __init__(self, *programs, module=True, **environment):
        self.folder = scratch() / "home"
        self.folder.mkdir()
        self.programs = scratch() / "bin"
        self.programs.mkdir()
        self.module = scratch() / "pkcs11" / "keycask-pkcs11.so"
        if module:
            self.write(self.module, "")
        for name in programs:
            self.has(name)
        self.env = {**base_environment(), "HOME": str(self.folder), "PATH": str(self.programs),
                    "KEYCASK_PKCS11_MODULE": str(self.module), "KEYCASK_AUTOSTART": "0",
                    "KEYCASK_SOCKET": str(scratch() / "keycask.sock"), **environment}

    def write(self, path, text):
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def has(self, name, says=None):
        """The real program, or one that says something."""
        path = self.programs / name
        path.unlink(missing_ok=True)
        if says is None:
            real = shutil.which(name)
            skip_unless(real, f"{name} is not installed")
            path.symlink_to(real)
        else:
            path.write_text(f"#!/bin/sh\necho '{says}'\n")
            path.chmod(0o755)

    def keycask(self, *words, status=0):
        return run(program("keycask"), *words, env=self.env, status=status)

    def findings(self, status=1):
        """Those about programs; that there is no daemon is the one problem."""
        out, _ = self.keycask("doctor", "--json", status=status)
        return [finding for finding in json.loads(out) if finding["topic"] == "programs"]

    def finding(self, name, status=1):
        findings = self.findings(status)
        found = [finding for finding in findings if finding["what"].startswith(name)]
        check_equal(len(found), 1, f"findings of {name} in {findings}")
        return found[0]

    def sees(self, name, how, status=1):
        finding = self.finding(name, status)
        check_equal(finding["state"], "ok", f"{finding}")
        check(f"the items are seen, {how}" in finding["what"], f"{finding}")

    def misses(self, name, why, advice):
        finding = self.finding(name)
        check_equal(finding["state"], "warning", f"{finding}")
        check("the items are not seen" in finding["what"], f"{finding}")
        check(why in finding["why"], f"no '{why}' in {finding}")
        check_equal(finding.get("advice"), advice, f"advice of {finding}")

    def setup(self, *words, status=0):
        out, _ = self.keycask("setup", *words, "--json", status=status)
        return json.loads(out)


# --- doctor ---------------------------------------------------------------------------------------


P11_KIT = "GnuTLS and all on p11-kit"


@test
def programs_on_p11_kit():
    skip_unless(os.path.isdir("/usr/share/p11-kit"), "p11-kit is not installed")
    home = Home()
    file = ".config/pkcs11/modules/keycask.module"
    if not os.path.exists("/usr/share/p11-kit/modules/keycask.module"):
        home.misses(P11_KIT, "there is no /usr/share/p11-kit/modules/keycask.module",
                    "sudo apt install keycask-pkcs11")
    home.write(file, "module: /nowhere/keycask-pkcs11.so\n")
    home.misses(P11_KIT, "/nowhere/keycask-pkcs11.so, which keycask.module names, does not exist",
                "sudo apt install --reinstall keycask-pkcs11")
    home.write(file, "module: keycask-pkcs11.so # beside the others\nenable-in: firefox\n")
    home.misses(P11_KIT, "firefox alone may load it, says an enable-in",
                "remove that line from keycask.module in /etc/pkcs11/modules or "
                "~/.config/pkcs11/modules")
    home.write(file, "module: keycask-pkcs11.so\n")
    home.sees(P11_KIT, "by keycask.module")
    conf = home.write(".config/pkcs11/pkcs11.conf", "user-config: only\n")
    home.misses(P11_KIT, f'{conf} has "user-config: only", so that it sees no module of packages',
                'change that to "user-config: merge"')


@test
def opensc_beside_us():
    home = Home()
    file = home.write(".config/pkcs11/modules/opensc-pkcs11.module", f"module: {home.module}\n")
    if os.path.exists("/etc/pkcs11/modules/opensc-pkcs11.module"):
        raise SkipTest("somebody has done what it says")
    finding = home.finding("OpenSC")
    check_equal(finding["state"], "warning", f"{finding}")
    check_equal(finding["what"], "OpenSC: it uses the same cards", "what")
    check("takes the readers for itself" in finding["why"], f"{finding}")
    line = re.search(r"echo '([^']+)' \| sudo tee (\S+)", finding["advice"])
    check_equal(line[2], "/etc/pkcs11/modules/opensc-pkcs11.module", "where it goes")
    file.write_text(file.read_text() + line[1] + "\n")
    check(not [one for one in home.findings() if one["what"].startswith("OpenSC")], "still told of")


def write_profile(home, root, name, *libraries):
    home.write(f"{root}/profiles.ini", f"[Profile0]\nName=x\nIsRelative=1\nPath={name}\n")
    text = "".join(f"library={library}\nname=x\n\n" for library in ("", *libraries))
    return home.write(f"{root}/{name}/pkcs11.txt", text).parent


@test
def firefox_and_others_on_nss():
    home = Home()
    write_profile(home, ".mozilla/firefox", "abc.default")
    home.misses("Firefox (/", "its database does not have the module",
                "sudo apt install libnss3-tools; keycask setup nss")
    home.has("modutil", says="")
    home.misses("Firefox (/", "its database does not have the module", "keycask setup nss")
    write_profile(home, ".mozilla/firefox", "abc.default", "/old/keycask-pkcs11.so")
    home.misses("Firefox (/", "its module of keycask is not the one that is installed",
                "keycask setup nss")
    write_profile(home, ".mozilla/firefox", "abc.default", home.module)
    home.sees("Firefox (/", "by the module")
    home.module.unlink()
    home.misses("Firefox (/", "the module that it knows is not installed",
                "sudo apt install keycask-pkcs11; or: keycask setup --undo nss")
    write_profile(home, ".mozilla/firefox", "abc.default")
    home.misses("Firefox (/", "its database does not have the module",
                "sudo apt install keycask-pkcs11; keycask setup nss")


@test
def firefox_through_p11_kit_and_in_a_box():
    home = Home()
    write_profile(home, ".thunderbird", "abc.default", "/usr/lib/x86_64-linux-gnu/p11-kit-proxy.so")
    home.write(".config/pkcs11/modules/keycask.module", "module: /nowhere/keycask-pkcs11.so\n")
    home.misses("Thunderbird (/", "it asks p11-kit, which does not see them", None)
    if os.path.isdir("/usr/share/p11-kit"):
        home.write(".config/pkcs11/modules/keycask.module", "module: keycask-pkcs11.so\n")
        home.sees("Thunderbird (/", "through p11-kit")
    write_profile(home, "snap/firefox/common/.mozilla/firefox", "abc.default")
    home.misses("Firefox (snap)", "it is confined, and can load no module of the system",
                "use the one of your distribution's packages")


@test
def chromium_that_has_made_no_database_yet():
    home = Home()
    check(not any("Chromium" in finding["what"] for finding in home.findings()), "nobody uses NSS")
    home.has("chromium", says="")
    home.has("modutil", says="")
    home.misses("Chromium and others (/", "its database does not have the module",
                "keycask setup nss")


def has_engine(home, *files):
    """Folders as OpenSSL's and p11-kit's packages fill them."""
    for name in ("engines-3/pkcs11.so", "p11-kit-proxy.so"):
        (scratch() / "lib" / name).unlink(missing_ok=True)
    for name in files:
        home.write(scratch() / "lib" / name, "")
    home.has("openssl", says=f'ENGINESDIR: "{scratch()}/lib/engines-3"')


@test
def openssl_and_curl():
    home = Home()
    home.write(".config/pkcs11/modules/keycask.module", "module: /nowhere/keycask-pkcs11.so\n")
    has_engine(home)
    home.has("curl", says="curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.15")
    for name in ("OpenSSL (and nginx)", "curl"):
        home.misses(name, "the engine for PKCS#11 is not installed",
                    "sudo apt install libengine-pkcs11-openssl p11-kit-modules")
    has_engine(home, "engines-3/pkcs11.so")
    home.misses("OpenSSL", "p11-kit-proxy.so, which the engine loads, is not installed",
                "sudo apt install p11-kit-modules")
    has_engine(home, "engines-3/pkcs11.so", "p11-kit-proxy.so")
    home.misses("OpenSSL", "its engine asks p11-kit, which does not see them",
                "sudo apt install keycask-pkcs11")
    home.env["PKCS11_MODULE_PATH"] = "/usr/lib/opensc-pkcs11.so"
    home.misses("curl", "PKCS11_MODULE_PATH names another module",
                "unset it, or let it name p11-kit-proxy.so")
    home.env["PKCS11_MODULE_PATH"] = str(home.module)
    home.sees("OpenSSL (and nginx)", 'by "-engine pkcs11" and pkcs11: URIs')
    home.sees("curl", "by pkcs11: URIs as --cert and --key")
    home.has("curl", says="curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 GnuTLS/3.7.9")
    home.misses("curl", "it is not built with OpenSSL", "install Debian's curl")


@test
def java_needs_a_file():
    home = Home()
    home.has("java", says="")
    home.misses("Java", "no provider in its java.security has the module",
                f'a file with the lines "name = keycask" and "library = {home.module}", and: keytool '
                "-list -storetype PKCS11 -addprovider SunPKCS11 -providerarg FILE")


@test
def ssh_and_its_agents():
    home = Home()
    home.has("ssh")
    advice = "keycask setup ssh; or here: eval $(keycask ssh-agent)"
    home.misses("ssh", "there is no SSH_AUTH_SOCK, so it asks no agent", advice)
    for path, owner in (("/run/user/1/gnupg/S.gpg-agent.ssh", "gpg-agent"),
                        ("/run/user/1/keyring/ssh", "gnome-keyring"),
                        ("/tmp/ssh-x/agent.1", "another agent")):
        home.env["SSH_AUTH_SOCK"] = path
        home.misses("ssh", f"it asks {owner} ({path})", advice)


@test
def ssh_that_asks_us():
    home = Home()
    home.has("ssh")
    with Daemon() as daemon:
        home.env["KEYCASK_SOCKET"] = str(daemon.socket)
        home.env["SSH_AUTH_SOCK"] = str(daemon.socket.parent / "ssh-agent.sock")
        home.sees("ssh", "by keycask's agent", status=0)
    # ssh reads the settings of whom the password file names, which is not this test's home
    home.has("ssh", says="pkcs11provider /usr/lib/pkcs11/keycask-pkcs11.so")
    home.sees("ssh", "by PKCS11Provider")
    home.has("ssh", says="identityagent /run/user/1/agent")
    home.misses("ssh", "it asks another agent (/run/user/1/agent)",
                "keycask setup ssh; or here: eval $(keycask ssh-agent)")


@test
def gnupg_shares_its_cards_or_not():
    skip_unless(os.path.exists("/usr/lib/gnupg/scdaemon"), "scdaemon is not installed")
    home = Home()
    finding = home.finding("GnuPG")
    check_equal(finding["state"], "warning", f"{finding}")
    check("does not share cards" in finding["what"] and "keeps a card" in finding["why"],
          f"{finding}")
    home.write(".gnupg/scdaemon.conf", "# mine\n")
    command = finding["advice"].split(";")[0]
    run("sh", "-c", command, env=base_environment())
    finding = home.finding("GnuPG")
    check_equal([finding["state"], finding["what"]],
                ["ok", "GnuPG: its scdaemon shares cards with others"], "after that")


@test
def git_that_signs_by_itself_and_by_us():
    home = Home()
    home.has("git")
    home.misses("git", "it signs in the format openpgp by its own program", "keycask setup git")
    home.write(".gitconfig", '[gpg]\n\tformat = x509\n[gpg "x509"]\n\tprogram = smimesign\n')
    home.misses("git", "it signs in the format x509 by smimesign", "keycask setup git")
    home.write(".gitconfig", '[gpg]\n\tformat = x509\n[gpg "x509"]\n'
                             "\tprogram = /usr/libexec/keycask/keycask-git-x509\n")
    home.sees("git", "when it signs")


@test
def what_is_not_installed_is_passed_over():
    home = Home()
    names = {finding["what"].split(":")[0] for finding in home.findings()}
    check(names <= {P11_KIT, "OpenSC", "GnuPG"}, f"{names}")


# --- setup ----------------------------------------------------------------------------------------


def copy_a_module(home):
    """One that modutil loads whatever ours is built with: NSS's own, under our name. Ours is entered
    by tests/interop/test_packages.py."""
    found = [path for pattern in ("*/nss/libnssckbi.so", "*/libnssckbi.so")
             for path in pathlib.Path("/usr/lib").glob(pattern)]
    skip_unless(found, "libnss3 is not installed")
    shutil.copy(found[0], home.module)


@test
def nss_is_set_up_and_undone():
    home = Home("modutil", "certutil")
    copy_a_module(home)
    profile = home.folder / ".mozilla/firefox/abc.default"
    profile.mkdir(parents=True)
    run("certutil", "-N", "-d", f"sql:{profile}", "--empty-password")
    home.write(".mozilla/firefox/profiles.ini", "[Profile0]\nPath=abc.default\n")
    before = (profile / "pkcs11.txt").read_text()
    check_equal([line["state"] for line in home.setup()][:2], ["off", "off"], "before")
    done = home.setup("nss")
    check_equal([(line["name"], line["state"]) for line in done], [("nss", "on")] * 2, f"{done}")
    shared = home.folder / ".pki/nssdb"
    check_equal([line["place"] for line in done], [str(shared), str(profile)], "places")
    for folder in (shared, profile):
        text = (folder / "pkcs11.txt").read_text()
        check(f"library={home.module}\nname=keycask\n" in text, f"{folder} lacks it")
        check("slotFlags=PublicCerts" in text.partition("name=keycask")[2], "login for certificates")
    check_equal(home.setup("nss"), [{**line, "what": line["what"]} for line in done], "again")
    home.sees("Firefox (/", "by the module")
    undone = home.setup("--undo", "nss")
    check_equal([line["state"] for line in undone], ["off", "off"], f"{undone}")
    check_equal((profile / "pkcs11.txt").read_text(), before, "pkcs11.txt afterwards")
    check_equal([line["state"] for line in home.setup("--undo", "nss")], ["off", "off"], "once more")


@test
def one_profile_alone():
    home = Home("modutil", "certutil")
    profile = scratch() / "profile"
    profile.mkdir()
    out, _ = home.keycask("setup", "nss", "--profile", profile, "--json", status=1)
    answer = json.loads(out)
    check(f"{profile} is no database of NSS" in answer["message"], f"{answer}")
    check("about:profiles" in answer["hint"], f"{answer}")
    write_profile(home, ".mozilla/firefox", "abc.default", "/old/keycask-pkcs11.so")
    (line,) = home.setup("nss", "--profile", home.folder / ".mozilla/firefox/abc.default", status=1)
    check_equal(line["state"], "failed", "a database that modutil does not like")
    check("modutil failed" in line["what"], f"{line}")


@test
def a_browser_that_runs_is_told_of():
    home = Home("modutil", "certutil")
    profile = write_profile(home, ".mozilla/firefox", "abc.default", home.module)
    shutil.rmtree(profile)
    profile.mkdir()
    run("certutil", "-N", "-d", f"sql:{profile}", "--empty-password")
    copy_a_module(home)
    (profile / "lock").symlink_to(f"127.0.1.1:+{os.getpid()}")
    (line,) = home.setup("nss", "--profile", profile)
    check("once it has been started again" in line["what"], f"{line}")
    check_equal(line["advice"], "end it and start it again", "advice")


@test
def what_setup_cannot_do():
    home = Home(module=False)
    for words, message, hint in (
            (["nss"], f"the PKCS#11 module {home.module} is missing",
             "sudo apt install keycask-pkcs11"),
            (["--undo", "nss"], "modutil, which changes NSS's databases, is missing",
             "sudo apt install libnss3-tools")):
        out, _ = home.keycask("setup", *words, "--json", status=1)
        answer = json.loads(out)
        check_equal([answer["message"], answer["hint"]], [message, hint], f"{words}")
    for words, message in ((["nos"], "nothing called 'nos' can be set up"),
                           (["nss", "ssh"], "one word too many: 'ssh'")):
        out, _ = home.keycask("setup", *words, "--json", status=2)
        check_equal(json.loads(out)["message"], message, f"{words}")
    out, _ = home.keycask("setup", "nos", status=2)
    del home.env["HOME"]
    (line, *_) = [line for line in home.setup() if line["name"] == "nss"]
    check_equal([line["state"], line["what"]], ["unavailable", "HOME does not say where you live"],
                "no home")


@test
def setup_for_people():
    home = Home()
    write_profile(home, "snap/firefox/common/.mozilla/firefox", "abc.default")
    out, _ = home.keycask("setup")
    page = out.decode()
    check(re.search(r"^nss +off +\S+/\.pki/nssdb: the module is not known to Chromium and others$",
                    page, re.MULTILINE), page)
    check("→ keycask setup nss" in page, page)
    check("nss   unavailable" in page and "is confined and can load no module" in page, page)


main()
