#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The packages on a bare Debian made by mmdebstrap: built with nothing but what debian/control names,
installed, used, upgraded with a daemon running, removed and purged without a trace. `./run package-test`
runs this alone. Takes root."""
import contextlib
import glob
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))

# pylint: disable=wrong-import-position
from keycask_test import (  # noqa: E402
    SOURCE, check, check_equal, eventually, main, run, scratch, skip_unless, test)

PACKAGES = SOURCE / "build-packages"
NAMES = ["keycask", "keycask-pkcs11", "keycask-vcard", "libkeycask-dev", "libkeycask-driver0",
         "libkeycask0"]
PEERS = ["bash-completion", "gnutls-bin", "libnss3-tools", "opensc", "openssl", "p11-kit", "p11-kit-modules",
         "python3"]
# What bash offers when the tabulator is pressed behind the arguments.
COMPLETE = """. /usr/share/bash-completion/bash_completion
. /usr/share/bash-completion/completions/keycask
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
_keycask; echo "${COMPREPLY[@]}\""""
PATIENT = 600
DEVICES = ("null", "zero", "random", "urandom", "tty")
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
    """The .deb files of this commit, by name, as a bare system has built them."""
    skip_unless(os.geteuid() == 0 and shutil.which("mmdebstrap"), "takes root and mmdebstrap")
    stamp = PACKAGES / "commit"
    if not stamp.exists() or stamp.read_text() != f"{commit()} bare\n":
        with unpacked(build_system()) as root:
            quietly("unshare", "--mount", "--net", "sh", "-c",
                    f"{mounted(root)} && exec {SOURCE}/tools/package --in {root}", timeout=1500)
    return {path.name.split("_")[0]: path for path in PACKAGES.glob("*.deb")}


def made_of_late(kind, contents, *options):
    """The tar file of a system by mmdebstrap, which one of the same contents made within a day may be."""
    image = PACKAGES / f"{kind}-{hashlib.sha256(contents).hexdigest()[:12]}.tar"
    if image.exists() and time.time() - image.stat().st_mtime < 24 * 3600:
        return image
    PACKAGES.mkdir(exist_ok=True)
    for old in PACKAGES.glob(f"{kind}-*.tar"):
        old.unlink()
    with open("/etc/os-release", encoding="utf-8") as release:
        suite = re.search(r"^VERSION_CODENAME=(\w+)", release.read(), re.MULTILINE)[1]
    unfinished = image.with_suffix(".new")
    quietly("mmdebstrap", "--format=tar", *options, suite, unfinished, timeout=PATIENT)
    unfinished.rename(image)
    return image


def mounted(root):
    """Commands for a mount namespace of its own."""
    devices = " && ".join(f"mount --bind /dev/{name} {root}/dev/{name}" for name in DEVICES)
    return (f"mount --make-rprivate / && {devices} && mkdir -p {root}/proc && "
            f"mount -t proc proc {root}/proc")


def build_system():
    """What Debian's build machines have, and what debian/control wants to build packages."""
    control = SOURCE / "debian/control"
    return made_of_late(
        "build", control.read_bytes(), "--variant=buildd",
        '--customize-hook=mkdir -p "$1/tmp/source/debian"',
        f"--customize-hook=copy-in {control} /tmp/source/debian",
        '--customize-hook=chroot "$1" apt-get -P nocheck build-dep -y --no-install-recommends /tmp/source')


@contextlib.contextmanager
def unpacked(image):
    """A folder with that system, for as long as it is needed; devices are mounted, not unpacked."""
    # on the disk: there may be little room in memory, where scratch() is
    root = pathlib.Path(tempfile.mkdtemp(prefix="system-", dir=PACKAGES))
    try:
        root.chmod(0o755)
        quietly("tar", "-x", "-f", image, "-C", root, "--exclude=./dev/*", timeout=PATIENT)
        for name in DEVICES:
            (root / "dev" / name).touch()
        (root / "dev/fd").symlink_to("/proc/self/fd")
        yield root
    finally:
        shutil.rmtree(root)


def needs(debs):
    """What other packages ours depend on: on the system before, so that only ours come and go."""
    names = set()
    for deb in debs.values():
        for one in quietly("dpkg-deb", "--field", deb, "Depends").split(","):
            names.add(re.split(r"[ (|:]", one.strip())[0])
    return sorted(names - set(NAMES) - {""})


def bare_system(debs):
    """Debian's smallest system with what ours need, and the programs of others."""
    included = ",".join([*needs(debs), *PEERS])
    return made_of_late("bare", included.encode(), "--variant=minbase", f"--include={included}")


def older(package, folder):
    """The same package as version 0.9: what there was before."""
    tree = folder / package.name.split("_")[0]
    quietly("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN/control"
    text = control.read_text()
    version = re.search(r"^Version: (\S+)", text, re.MULTILINE)[1]
    text = re.sub(r"\b((?:lib)?keycask[\w-]*) \([<>=]+ [^)]*\)", r"\1", text)
    control.write_text(text.replace(version, "0.9"))
    path = folder / package.name.replace(version, "0.9")
    quietly("dpkg-deb", "--build", "--root-owner-group", tree, path)
    shutil.rmtree(tree)
    return path


class Machine:
    """The bare system, with process numbers of its own, so that what still runs is seen."""

    def __init__(self):
        self.debs = packages()
        self.first = None
        self.folder = unpacked(bare_system(self.debs))
        self.root = None

    def __enter__(self):
        self.root = self.folder.__enter__()  # pylint: disable=unnecessary-dunder-call
        self.first = subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--kill-child",
                                       "sh", "-c", f"{mounted(self.root)} && exec chroot {self.root} "
                                       "sleep infinity"])
        eventually(self.init, "the machine to run")
        self.run("useradd", "--create-home", USER)
        self.run("install", "-d", "-o", USER, "-m", "700", "/run/user/1000")
        return self

    def __exit__(self, *_):
        self.first.send_signal(signal.SIGKILL)
        self.first.wait()
        self.folder.__exit__(None, None, None)

    def init(self):
        """The process that is the machine's first one, once it sleeps in there."""
        with contextlib.suppress(OSError, ValueError):
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
                   "DEBIAN_FRONTEND=noninteractive", *who, *command, status=status, timeout=PATIENT,
                   **options)[0].decode()

    def as_user(self, command, **options):
        return self.run("sh", "-c", f"cd; {command}", user=USER, **options)

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


@test(seconds=PATIENT)
def programs_and_drivers_are_built_of_what_is_for_developers():
    debs = packages()
    with unpacked(build_system()) as root:
        shutil.copytree(SOURCE / "debian/tests", root / "srv/tests")
        for deb in debs.values():
            shutil.copy(deb, root / "srv")
        # what the drivers of cards and the dialogues need is not there, nor is it for this
        quietly("unshare", "--mount", "--pid", "--fork", "--net", "sh", "-c",
                f"{mounted(root)} && exec chroot {root} sh -ec 'dpkg --force-depends -i /srv/*.deb; "
                "for name in build driver; do setpriv --reuid 1000 --clear-groups /srv/tests/$name; done'",
                timeout=PATIENT)


# --- on a bare system -----------------------------------------------------------------------------


def use(machine):
    """As the user: the command with a card, PKCS#11 with and without p11-kit, setup, doctor."""
    listed = json.loads(with_card(machine, "keycask list --json"))
    check_equal(sorted(item["key_type"] for item in listed if item["class"] == "identity"),
                ["ec", "rsa"], "identities")
    with_card(machine, "printf 123456 >/tmp/pin; echo hello >/tmp/letter; "
              "keycask sign --key \"$(keycask choose --for sign)\" --pin-fd 3 --out /tmp/letter.sig "
              "/tmp/letter 3</tmp/pin && keycask verify --key \"$(keycask choose --for sign)\" "
              "--signature /tmp/letter.sig /tmp/letter")
    said = with_card(machine, "p11tool --list-all-certs pkcs11:model=PIV; pkcs11-tool --slot-index 1 -O "
                     "--type cert --module /usr/lib/*/pkcs11/keycask-pkcs11.so")
    check_equal(said.count("Type: X.509 Certificate"), 2, f"certificates through p11-kit: {said}")
    check_equal(said.count("Certificate Object; type = X.509"), 2, f"certificates directly: {said}")
    machine.as_user("keycask setup nss && grep -x name=keycask $HOME/.pki/nssdb/pkcs11.txt && "
                    "keycask setup --undo nss && rm -r $HOME/.pki")
    findings = json.loads(machine.as_user("keycask doctor --json || true"))
    seen = [finding["what"] for finding in findings
            if finding["topic"] == "programs" and finding["state"] == "ok"]
    check(any(text.startswith("GnuTLS and all on p11-kit") for text in seen), f"{findings}")
    for line, ends in (("keycask pas", "password passwd"), ("keycask pin v", "verify"),
                       ("keycask setup n", "nss"), ("keycask sign --pin", "--pin-fd"),
                       ("keycask pin status --tok", "--token")):
        check_equal(machine.run("bash", "-c", COMPLETE, "bash", *line.split(), user=USER).strip(), ends,
                    f"bash after '{line}'")
    machine.keycask("daemon", "stop")


def run_autopkgtest(machine):
    """debian/tests/demo, in a copy of the sources that it needs."""
    for folder in ("debian/tests", "tools"):
        shutil.copytree(SOURCE / folder, machine.root / "tmp/source" / folder)
    said = machine.as_user("/tmp/source/debian/tests/demo")
    check_equal(said.count("Verified OK"), 2, f"openssl agrees: {said}")


def upgrade(machine):
    """From version 0.9, with a daemon running that has something to keep."""
    old = scratch() / "old"
    old.mkdir()
    machine.install(*(older(deb, old) for deb in machine.debs.values()))
    machine.as_user("openssl rand -hex 15 | tr -d '\\n' >pw; "
                    "keycask password set shop jo --password-fd 3 3<pw")
    pid = machine.keycask("daemon", "status")["pid"]
    machine.install(*machine.debs.values())
    check_equal(machine.keycask("daemon", "status")["pid"], pid, "the daemon went on")
    same = "keycask password get shop jo | cmp - pw && echo same"
    check_equal(machine.as_user(same), "same\n", "the password, by the old daemon")
    machine.keycask("daemon", "stop")
    check_equal(machine.as_user(same), "same\n", "the password, by the new daemon")
    check(machine.keycask("daemon", "status")["pid"] != pid, "it is a new one")


def check_removed(machine):
    check_equal(machine.processes(), [], "what still runs")
    folder = machine.root / "run/user/1000/keycask"
    check_equal([path.name for path in folder.glob("*.sock")], [], "sockets")
    # what people keep is theirs: it is there when they install it again
    check((machine.root / "home" / USER / ".local/state/keycask/keychain.db").exists(),
          "the keychain is gone")


def check_purged(machine, before, packages_before):
    check_equal(machine.run("dpkg-query", "-W"), packages_before, "packages")
    changed = {path: how for path, how in what_differs(before, machine.files()).items()
               if not path.startswith((f"/home/{USER}/", "/run/user/1000/"))}
    check_equal(changed, {}, "what is left behind")
    for records in ("dpkg/info", "systemd"):
        left = glob.glob(f"{machine.root}/var/lib/{records}/**/*keycask*", recursive=True)
        check_equal(left, [], f"what {records} keeps")


@test(seconds=3 * PATIENT)
def installed_used_upgraded_removed_and_purged_without_a_trace():
    with Machine() as machine:
        before = machine.files()
        packages_before = machine.run("dpkg-query", "-W")
        upgrade(machine)
        check((machine.root / "etc/systemd/user/sockets.target.wants/keycaskd.socket").is_symlink(),
              "the user managers do not know of the socket")
        machine.keycask("daemon", "stop")
        use(machine)
        run_autopkgtest(machine)
        machine.keycask("daemon", "start")
        check((machine.root / "run/user/1000/keycask/keycask.sock").is_socket(), "it listens")
        said = machine.run("sh", "-c", 'apt-get remove -q -y "$@" 2>&1', "sh", *NAMES)
        check("keycask setup --undo" in said, f"nobody is told of people's settings: {said}")
        check_removed(machine)
        machine.run("dpkg", "--purge", *NAMES)
        check_purged(machine, before, packages_before)


main()
