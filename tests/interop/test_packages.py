#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The packages on a bare Debian made by mmdebstrap: installed, used, upgraded with a daemon running,
removed and purged without a trace. `./run package-test` runs this alone. Takes root."""
import contextlib
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))

# pylint: disable=wrong-import-position
from keycask_test import (  # noqa: E402
    SOURCE, check, check_equal, eventually, main, run, scratch, skip_unless, test)

PACKAGES = SOURCE / "build-packages"
NAMES = ["keycask", "keycask-pkcs11", "keycask-vcard", "libkeycask-dev", "libkeycask-driver0",
         "libkeycask0"]
PEERS = "ca-certificates,gnutls-bin,libnss3-tools,opensc,openssl,p11-kit,p11-kit-modules"
PATIENT = 300
USER = "jo"
# What dpkg, apt and the dynamic linker keep of what they did, whatever was installed.
RECORDS = re.compile(r"/(var/lib/(dpkg|apt|systemd)|var/cache|var/log|etc/ld\.so\.cache|root|tmp|proc|dev"
                     r"|run/lock)(/|$)")


def quietly(*command, **options):
    """A program of the machine that runs the tests, as it is: no test environment."""
    return run(*command, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"), **options)[0].decode()


def commit():
    return quietly("git", "-C", SOURCE, "rev-parse", "HEAD").strip()


def packages():
    """The .deb files of this commit, by name."""
    stamp = PACKAGES / "commit"
    if not stamp.exists() or stamp.read_text().strip() != commit():
        quietly(SOURCE / "tools/package", timeout=1500)
    return {path.name.split("_")[0]: path for path in PACKAGES.glob("*.deb")}


def bare_system():
    """A tar file of Debian's smallest system, and the programs of others."""
    image = PACKAGES / f"bare-{os.getppid()}.tar"
    if not image.exists():
        for old in PACKAGES.glob("bare-*.tar"):
            old.unlink()
        with open("/etc/os-release", encoding="utf-8") as release:
            suite = re.search(r"^VERSION_CODENAME=(\w+)", release.read(), re.MULTILINE)[1]
        quietly("mmdebstrap", "--variant=minbase", f"--include={PEERS}", suite, image, timeout=600)
    return image


def older(package, folder):
    """The same package as version 0.9: what there was before."""
    tree = folder / package.name.split("_")[0]
    quietly("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN/control"
    text = control.read_text()
    version = re.search(r"^Version: (\S+)", text, re.MULTILINE)[1]
    control.write_text(text.replace(version, "0.9"))
    path = folder / package.name.replace(version, "0.9")
    quietly("dpkg-deb", "--build", "--root-owner-group", tree, path)
    shutil.rmtree(tree)
    return path


class Machine:
    """The bare system, with process numbers of its own, so that what still runs is seen."""

    def __init__(self):
        skip_unless(os.geteuid() == 0 and shutil.which("mmdebstrap"), "takes root and mmdebstrap")
        self.debs = packages()
        self.root = scratch() / "root"
        self.root.mkdir()
        quietly("tar", "-x", "-f", bare_system(), "-C", self.root, "--exclude=./dev/*")
        for name in ("null", "zero", "random", "urandom", "tty"):
            (self.root / "dev" / name).touch()
        self.first = None

    def __enter__(self):
        mounts = " && ".join(f"mount --bind /dev/{name} {self.root}/dev/{name}"
                             for name in ("null", "zero", "random", "urandom", "tty"))
        script = (f"mount --make-rprivate / && {mounts} && mkdir -p {self.root}/proc && "
                  f"mount -t proc proc {self.root}/proc && exec chroot {self.root} sleep infinity")
        self.first = subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--kill-child",
                                       "sh", "-c", script])
        eventually(self.init, "the machine to run")
        self.run("useradd", "--create-home", USER)
        self.run("install", "-d", "-o", USER, "-m", "700", "/run/user/1000")
        return self

    def __exit__(self, *_):
        self.first.send_signal(signal.SIGKILL)
        self.first.wait()

    def init(self):
        """The process that is the machine's first one, once it sleeps in there."""
        with contextlib.suppress(OSError, IndexError):
            (child,) = pathlib.Path(f"/proc/{self.first.pid}/task/{self.first.pid}/children"
                                    ).read_text().split()
            if os.path.samefile(f"/proc/{child}/root", self.root):
                return child
        return None

    def run(self, *command, user=None, status=0, **options):
        """In there: what it says on standard output."""
        who = ["runuser", "-u", user, "--", "env", f"HOME=/home/{user}",
               "XDG_RUNTIME_DIR=/run/user/1000"] if user else []
        return run("nsenter", "--target", self.init(), "--mount", "--pid", "--root", "--wd",
                   "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                   "DEBIAN_FRONTEND=noninteractive", *who, *command, status=status, timeout=240,
                   **options)[0].decode()

    def as_user(self, command, **options):
        return self.run("sh", "-c", command, user=USER, **options)

    def keycask(self, *words, **options):
        return json.loads(self.run("keycask", *words, "--json", user=USER, **options))

    def install(self, *files):
        for file in files:
            shutil.copy(file, self.root / "tmp")
        self.run("apt-get", "install", "-q", "-y", "--no-install-recommends",
                 *(f"/tmp/{file.name}" for file in files))

    def files(self):
        """Everything in there that somebody has put there, with kind, mode, owner and size."""
        found = {}
        for folder, folders, names in os.walk(self.root):
            for name in names + folders:
                path = os.path.join(folder, name)
                shown = path.removeprefix(str(self.root))
                if RECORDS.match(shown):
                    continue
                info = os.lstat(path)
                is_folder = os.path.isdir(path) and not os.path.islink(path)
                found[shown] = (oct(info.st_mode), info.st_uid, info.st_gid,
                                None if is_folder else info.st_size)
            folders[:] = [name for name in folders if not RECORDS.match(
                os.path.join(folder, name).removeprefix(str(self.root)))]
        return found

    def processes(self):
        """Command lines of all that runs in there but its first process and those that look."""
        found = []
        for line in self.run("sh", "-c", "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; "
                             "done").splitlines():
            line = line.strip()
            if line and line != "sleep infinity" and not line.startswith(("sh -c for", "tr ")):
                found.append(line)
        return found


def what_differs(before, after):
    return {path: (before.get(path), after.get(path)) for path in before.keys() | after.keys()
            if before.get(path) != after.get(path)}


def with_card(machine, command):
    """A command of the user's, with a card of its own."""
    return machine.as_user(f"keycask vcard run --profile piv:9a=rsa2048,9c=p256 -- sh -c '{command}'")


# --- the packages themselves ----------------------------------------------------------------------


@test(seconds=1500)
def lintian_has_nothing_to_say():
    skip_unless(shutil.which("lintian"), "lintian is not installed")
    debs = packages()
    check_equal(sorted(debs), NAMES, "packages")
    quietly("lintian", "--allow-root", "--pedantic", "-EI", "--fail-on",
            "error,warning,info,pedantic,experimental", *debs.values(), timeout=300)


# --- on a bare system -----------------------------------------------------------------------------


@test(seconds=PATIENT)
def installed_used_and_purged_without_a_trace():
    with Machine() as machine:
        before = machine.files()
        packages_before = machine.run("dpkg-query", "-W")
        machine.install(*machine.debs.values())
        check((machine.root / "etc/systemd/user/sockets.target.wants/keycaskd.socket").is_symlink(),
              "the user managers do not know of the socket")
        use(machine)
        machine.run("apt-get", "purge", "-q", "-y", "--autoremove", *NAMES)
        check_equal(machine.run("dpkg-query", "-W"), packages_before, "packages")
        check_equal(machine.processes(), [], "what still runs")
        (left,) = [(machine.root / "home" / USER)]
        homes = {str(path.relative_to(left)) for path in left.rglob("*")}
        check(not homes & {".config/systemd", ".ssh"}, f"{homes}")
        changed = {path: how for path, how in what_differs(before, machine.files()).items()
                   if not path.startswith(f"/home/{USER}/")}
        check_equal(changed, {}, "what is left behind")
        check_equal(glob.glob(f"{machine.root}/var/lib/dpkg/info/*keycask*"), [], "dpkg's records")
        check_equal(glob.glob(f"{machine.root}/var/lib/systemd/**/*keycask*", recursive=True), [],
                    "systemd's records")


def use(machine):
    """The commands of README, as the user: a card, a key of the keychain, PKCS#11."""
    listed = json.loads(with_card(machine, "keycask list --json"))
    check_equal(sorted(item["key_type"] for item in listed if item["class"] == "identity"),
                ["ec", "rsa"], "identities")
    with_card(machine, "printf 123456 >/tmp/pin; echo hello >/tmp/letter; "
              "keycask sign --key \"$(keycask choose --for sign)\" --pin-fd 3 --out /tmp/letter.sig "
              "/tmp/letter 3</tmp/pin && keycask verify --key \"$(keycask choose --for sign)\" "
              "--signature /tmp/letter.sig /tmp/letter")
    tokens = with_card(machine, "p11tool --list-tokens; p11tool --list-all-certs pkcs11:model=keycask; "
                       "pkcs11-tool --module /usr/lib/*/pkcs11/keycask-pkcs11.so -O --type cert")
    check("keycask" in tokens.lower(), f"p11-kit does not know the module: {tokens}")
    check(tokens.count("Certificate Object") >= 2, f"no certificates: {tokens}")
    machine.as_user("keycask setup nss && modutil -dbdir sql:$HOME/.pki/nssdb -list keycask && "
                    "keycask setup --undo nss && rm -r $HOME/.pki")
    findings = json.loads(machine.as_user("keycask doctor --json || true"))
    seen = [finding["what"] for finding in findings
            if finding["topic"] == "programs" and finding["state"] == "ok"]
    check(any(text.startswith("GnuTLS and all on p11-kit") for text in seen), f"{findings}")
    check(machine.as_user("man -w keycask 2>/dev/null || ls /usr/share/man/man1/keycask.1.gz"), "man")
    machine.as_user(". /usr/share/bash-completion/completions/keycask 2>/dev/null; keycask daemon stop")


@test(seconds=PATIENT)
def upgraded_with_a_daemon_that_runs():
    with Machine() as machine:
        old = scratch() / "old"
        old.mkdir()
        machine.install(*(older(deb, old) for deb in machine.debs.values()))
        machine.as_user("openssl rand -base64 15 >pw; keycask password set shop jo --password-fd 3 3<pw")
        pid = machine.keycask("daemon", "status")["pid"]
        machine.install(*machine.debs.values())
        check_equal(machine.keycask("daemon", "status")["pid"], pid, "the daemon went on")
        check_equal(machine.as_user("keycask password get shop jo | diff - pw && echo same"), "same\n",
                    "the password, by the old daemon")
        machine.keycask("daemon", "stop")
        check_equal(machine.as_user("keycask password get shop jo | diff - pw && echo same"), "same\n",
                    "the password, by the new daemon")
        check(machine.keycask("daemon", "status")["pid"] != pid, "it is a new one")


@test(seconds=PATIENT)
def removed_with_a_daemon_that_runs():
    with Machine() as machine:
        machine.install(*machine.debs.values())
        machine.keycask("daemon", "start")
        folder = machine.root / "run/user/1000/keycask"
        check((folder / "keycask.sock").is_socket(), "it listens")
        machine.run("apt-get", "remove", "-q", "-y", *NAMES)
        check_equal(machine.processes(), [], "what still runs")
        check_equal([path.name for path in folder.glob("*.sock")], [], "sockets")
        check(not any(path.endswith(("/keycaskd.service", "/keycaskd.socket"))
                      for path in machine.files() if path.startswith("/usr/")), "units")
        # what people keep is theirs: it is there when they install it again
        check((machine.root / "home" / USER / ".local/state/keycask/keychain.db").exists(),
              "the keychain is gone")


main()
