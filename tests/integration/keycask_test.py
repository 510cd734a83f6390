# SPDX-License-Identifier: LGPL-2.1-or-later
"""What integration tests stand on: a real keycaskd in a folder of its own, software cards, a small
Varlink client that is not ours, the CLI, and a TAP runner. Python's standard library only.

    from keycask_test import *

    @test
    def list_shows_the_identity():
        with Daemon() as daemon, Card("piv:9a=rsa2048") as card:
            card.insert(daemon)
            token = daemon.wait_for_token()
            items = daemon.cli("list")

    main()

Each test runs in a process of its own, which becomes the parent of every process that the test
leaves without one: a test after which anything still runs has failed. So has one that leaves files
in its folder's socket directory, and one that takes longer than its deadline.
"""
import ctypes
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

__all__ = [
    "ALL_TESTS", "BUILD", "PIN", "SOAK", "SOURCE", "Card", "Daemon", "Failure", "SkipTest",
    "Varlink", "VarlinkError", "arguments_of", "base_environment", "check", "check_equal", "check_raises", "diagnose", "eventually",
    "main", "openssl", "open_descriptors", "pathlib", "program", "run", "scratch", "skip_unless",
    "start", "test",
]

SOURCE = pathlib.Path(os.environ.get("KEYCASK_SOURCE", pathlib.Path(__file__).parents[2]))
BUILD = pathlib.Path(os.environ.get("KEYCASK_BUILD", SOURCE / "build"))
SOAK = os.environ.get("KEYCASK_SOAK", "") == "1"
PIN = "123456"
PATIENCE = 20.0  # seconds until a wait for an event is a failure

ALL_TESTS = []
PR_SET_CHILD_SUBREAPER = 36


# --- checks ------------------------------------------------------------------------------------


class Failure(AssertionError):
    """The test's expectation does not hold."""


class SkipTest(Exception):
    """This machine cannot run the test; the text says what it lacks."""


def check(condition, message):
    if not condition:
        raise Failure(message)


def check_equal(actual, expected, what="value"):
    if actual != expected:
        raise Failure(f"{what} is {actual!r}, not {expected!r}")


def check_raises(expected, call, *args, **options):
    """call fails as expected: a status name ("item_not_found") or an exception class."""
    try:
        result = call(*args, **options)
    except VarlinkError as error:
        if expected in (VarlinkError, error.name, error.error):
            return error
        raise
    except Exception as error:
        if isinstance(expected, type) and isinstance(error, expected):
            return error
        raise
    raise Failure(f"{getattr(call, '__name__', call)} gave {result!r}, not {expected}")


def skip_unless(condition, reason):
    if not condition:
        raise SkipTest(reason)


def diagnose(text):
    """A line or more for the reader of the log."""
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def eventually(condition, what="condition", patience=PATIENCE):
    """Wait until condition() is true, and give its value. For what announces itself by no event."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < deadline, f"{what}: not within {patience} s")
        time.sleep(0.005)


# --- programs ----------------------------------------------------------------------------------


def program(name):
    """A program of the build tree."""
    path = BUILD / "src" / name
    check(path.exists(), f"{path} is not built")
    return str(path)


def base_environment():
    """What a program under test sees: nothing of the caller's desktop, session or settings."""
    kept = {name: value for name, value in os.environ.items()
            if name in ("PATH", "LANG", "TZ") or name.endswith("SAN_OPTIONS")}
    return {
        "LC_ALL": "C.UTF-8",
        "HOME": str(scratch()),
        "TMPDIR": str(scratch()),
        **kept,
        "PATH": f"{BUILD / 'src'}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "LD_LIBRARY_PATH": str(BUILD / "src" / "client"),
        "KEYCASK_LIBEXEC_DIR": str(BUILD / "src"),
        "KEYCASK_DRIVER_DIR": str(SOURCE / "dist" / "drivers"),
        "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent",  # not the one of this machine
    }


def run(*command, input=b"", env=None, status=0, timeout=60, **options):
    """Run a program to its end: (stdout, stderr) as bytes. status None: any exit status."""
    done = subprocess.run([str(word) for word in command], input=input, capture_output=True,
                          env=env or base_environment(), timeout=timeout, check=False, **options)
    if status is not None and done.returncode != status:
        diagnose(done.stdout.decode(errors="replace"))
        diagnose(done.stderr.decode(errors="replace"))
        raise Failure(f"{command[0]} {' '.join(map(str, command[1:4]))}… ended with "
                      f"{done.returncode}, not {status}")
    return done.stdout, done.stderr


def openssl(*arguments, input=b""):
    """openssl's standard output; a failure of it is one of the test."""
    return run("openssl", *arguments, input=input)[0]


def start(*command, env=None, log=None, **options):
    """Start a program that runs beside the test. What it says goes to the file log."""
    with open(log or os.devnull, "ab") as said:
        options.setdefault("stdout", said)
        return subprocess.Popen([str(word) for word in command], env=env or base_environment(),
                                stdin=subprocess.DEVNULL, stderr=said, **options)


def end(process, how=signal.SIGTERM, patience=PATIENCE):
    """Signal a process and wait for its end: its exit status (negative: killed by that signal)."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Failure(f"{process.args[0]} did not end on signal {how}") from None


def open_descriptors(pid):
    """How many descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


# --- Varlink -----------------------------------------------------------------------------------


class VarlinkError(Exception):
    """An error reply. name and status are those of its error record, when it carries one."""

    def __init__(self, error, parameters):
        self.error = error
        self.parameters = parameters or {}
        self.record = self.parameters.get("record", {})
        self.name = self.record.get("name")
        self.status = self.record.get("status")
        super().__init__(f"{error} {json.dumps(self.parameters)}")


class Varlink:
    """A connection. Interface names may go without "org.keycask.": call("Tokens.List")."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.socket.connect(str(path))  # with a timeout, a full backlog would be an error
        self.socket.settimeout(PATIENCE)
        self.input = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    def send_raw(self, data, descriptors=()):
        """Any bytes at all, and descriptors with the first of them."""
        if descriptors:
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, b"".join(
                fd.to_bytes(4, sys.byteorder) for fd in descriptors))
            sent = self.socket.sendmsg([data], [rights])
            data = data[sent:]
        self.socket.sendall(data)

    def send(self, method, parameters=None, descriptors=(), **flags):
        """Send a call without waiting; flags: more, oneway. Pipelining is several of these."""
        if method.count(".") == 1:
            method = "org.keycask." + method
        call = {"method": method, **flags}
        if parameters is not None:
            call["parameters"] = parameters
        self.send_raw(json.dumps(call).encode() + b"\0", descriptors)

    def receive_raw(self):
        """The next message's text without its NUL; None when the daemon has closed."""
        while b"\0" not in self.input:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                check(self.input == b"", f"half a message: {self.input[:80]!r}")
                return None
            self.input += data
        text, self.input = self.input.split(b"\0", 1)
        return text

    def receive(self):
        """The next reply's parameters and whether more follow. Raises VarlinkError."""
        text = self.receive_raw()
        check(text is not None, "the daemon closed the connection")
        reply = json.loads(text)
        if "error" in reply:
            raise VarlinkError(reply["error"], reply.get("parameters"))
        return reply.get("parameters") or {}, reply.get("continues", False)

    def call(self, method, parameters=None, descriptors=()):
        """One call, one reply: its parameters."""
        self.send(method, parameters, descriptors)
        result, continues = self.receive()
        check(not continues, f"{method} says that more follows")
        return result

    def stream(self, method, parameters=None):
        """A call with more: an iterator over the replies."""
        self.send(method, parameters, more=True)
        continues = True
        while continues:
            result, continues = self.receive()
            yield result

    def copy_matching(self, query, **parameters):
        """Items.CopyMatching in as many replies as it takes: all their items."""
        pages = self.stream("Items.CopyMatching", {"query": query, **parameters})
        return [item for page in pages for item in page["items"]]

    def is_quiet(self, seconds=0.05):
        """Nothing has arrived and nothing does for that long. Absence has no event to await."""
        return not self.input and not select.select([self.socket], [], [], seconds)[0]

    def is_closed(self):
        """Wait for the daemon to close this connection, dropping what still arrives."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
        return True


# --- the daemon --------------------------------------------------------------------------------


class Daemon:
    """A keycaskd of the test's own. environment: variables for it. The machine's real readers are
    no business of a test: providers is "embedded" unless the test brings its own pcscd. Nor does a
    test that counts APDUs want any at a moment of its own: unless it asks for them, the daemon does
    not look for details of a card after it was read."""

    def __init__(self, *arguments, directory=None, providers="embedded", details=False,
                 **environment):
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="d", dir=scratch()))
        self.socket = self.directory / "run" / "keycask.sock"
        self.slot_socket = self.directory / "run" / "slot.sock"
        self.log = self.directory / "keycaskd.log"
        self.arguments = (*(("--providers", providers) if providers else ()), *arguments)
        self.process = None
        self.has_details = details
        self.env = {
            **base_environment(),
            "XDG_RUNTIME_DIR": str(self.directory),
            "KEYCASK_SOCKET": str(self.socket),
            "KEYCASK_STATE_DIR": str(self.directory / "state"),
            "KEYCASK_CONFIG_DIR": str(self.directory / "config"),
            **environment,
        }

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.show_log()
            if self.process is not None:
                self.process.kill()
                self.process.wait()
            return
        if self.process is not None:
            self.stop()
        self.check_log()

    def show_log(self):
        diagnose(f"--- {self.log}")
        diagnose("\n".join(self.read_log().splitlines()[-40:]))

    def read_log(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def check_log(self):
        """A sanitizer's report, also one of a helper process that has been replaced since."""
        log = self.read_log()
        if "Sanitizer" in log or "runtime error:" in log:
            diagnose(log)
            raise Failure("a sanitizer has found something")

    def start(self):
        """Start it and wait until it answers."""
        self._set_details()
        self.process = start(program("keycaskd"), "--user", "--foreground", *self.arguments,
                             env=self.env, log=self.log)
        eventually(self._answers, "keycaskd listens")

    def _set_details(self):
        """In config.json, beside what the test has in it; a broken one stays as it is."""
        path = pathlib.Path(self.env["KEYCASK_CONFIG_DIR"], "config.json")
        try:
            settings = json.loads(path.read_text()) if path.exists() else {}
        except ValueError:
            return
        if not isinstance(settings, dict):
            return
        settings.setdefault("details_after_ms", 0 if self.has_details else 3600 * 1000)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))

    def _answers(self):
        check(self.process.poll() is None, f"keycaskd ended with {self.process.returncode}")
        try:
            with self.connect() as connection:
                connection.call("org.varlink.service.GetInfo")
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def stop(self):
        """A clean stop: exit status 0, sockets gone, no child left."""
        children = self.children()
        status = end(self.process)
        self.process = None
        if status != 0:
            self.show_log()
        check_equal(status, 0, "keycaskd's exit status")
        self.check_sanitizers()
        left = [path.name for path in self.socket.parent.glob("*") if path.is_socket()]
        check_equal(left, [], "sockets left by keycaskd")
        eventually(lambda: not [pid for pid in children if is_running(pid)],
                   "keycaskd's children end")

    def check_sanitizers(self):
        """Its children's reports are in its log, and their exit status is nobody's."""
        if re.search(r"Sanitizer|runtime error:", self.read_log()):
            self.show_log()
            raise Failure("a sanitizer's report in the log")

    def kill(self):
        """What a crash leaves behind; start() again is recovery."""
        self.process.kill()
        self.process.wait()
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def children(self):
        """Its processes by pid: {pid: name}."""
        return {pid: name for pid, name, parent in processes() if parent == self.pid}

    def connect(self):
        return Varlink(self.socket)

    def call(self, method, parameters=None, descriptors=()):
        """One call on a connection of its own."""
        with self.connect() as connection:
            return connection.call(method, parameters, descriptors)

    def copy_matching(self, query, **parameters):
        """Items.CopyMatching on a connection of its own: all items."""
        with self.connect() as connection:
            return connection.copy_matching(query, **parameters)

    def cli(self, *arguments, status=0, pin=None, input=b"", env=None, pass_fds=()):
        """keycask … --json: the JSON value it prints. A failure that is expected: status=1."""
        command = [program("keycask"), *arguments, "--json"]
        options = {"pass_fds": list(pass_fds)}
        if pin is not None:
            reader = pipe_with(pin)
            command += ["--pin-fd", reader]
            options["pass_fds"] = [*pass_fds, reader]
        try:
            out, _ = run(*command, input=input, env={**self.env, **(env or {})}, status=status,
                         **options)
        finally:
            if pin is not None:
                os.close(reader)
        try:
            return json.loads(out) if out.strip() else None
        except ValueError:
            raise Failure(f"keycask {arguments[0]} printed no JSON: {out[:200]!r}") from None

    def watch(self):
        """keycask watch as a process: a Watch with next()."""
        return Watch(self)

    def wait_for_token(self):
        """Wait until a token's items are in the keychain: the inserted event."""
        return self.wait_for_event("inserted")

    def wait_for_removal(self):
        """Wait until no token is there."""
        eventually(lambda: not self.call("Tokens.List")["tokens"], "the token is withdrawn")

    def wait_for_event(self, kind):
        with self.connect() as connection:
            for event in connection.stream("Tokens.Watch"):
                if event["event"] == kind:
                    return event
        raise Failure(f"no {kind}")


class Watch:
    """`keycask watch --json` running beside the test."""

    def __init__(self, daemon):
        self.process = start(program("keycask"), "watch", "--json", env=daemon.env,
                             log=daemon.log, stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.input = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdout.close()
        end(self.process)

    def next(self, patience=PATIENCE):
        """The next event, as printed."""
        deadline = time.monotonic() + patience
        while b"\n" not in self.input:
            left = deadline - time.monotonic()
            check(left > 0, "keycask watch: no further event")
            if select.select([self.process.stdout], [], [], left)[0]:
                data = self.process.stdout.read()
                check(data, "keycask watch ended")
                self.input += data
        line, self.input = self.input.split(b"\n", 1)
        return json.loads(line)


def pipe_with(text):
    """The reading end of a pipe that holds text."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


# --- cards -------------------------------------------------------------------------------------


class Card:
    """A software card in a file: new on its first use, in a slot between insert() and pull()."""

    def __init__(self, profile="piv:9a=rsa2048,9c=p256", file=None, keypad=False):
        self.file = pathlib.Path(file or tempfile.mktemp(prefix="card", suffix=".json",
                                                         dir=scratch()))
        self.log = self.file.with_suffix(".log")
        self.contacts = self.file.with_suffix(".apdus")
        self.keypad = self.file.with_suffix(".keypad") if keypad else None
        self.process = None
        if not self.file.exists():
            run(program("keycask-vcard"), "new", self.file, "--profile", profile)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None and self.log.exists():
            diagnose("\n".join(self.log.read_text(errors="replace").splitlines()[-20:]))
        if self.process is not None:
            self.pull()

    def insert(self, daemon, *faults, touch="now"):
        """Put it into the daemon's embedded slot (or a socket's path), with faults on order such
        as "remove@7" or "sw@5:6F00" (keycask vcard --help lists them)."""
        path = daemon.slot_socket if isinstance(daemon, Daemon) else daemon
        check(self.process is None, "the card is in a slot already")
        self.process = start(program("keycask-vcard"), "start", self.file, "--socket", path,
                             "--log", self.contacts, "--touch", touch,
                             *(("--keypad", self.keypad) if self.keypad else ()),
                             *(word for fault in faults for word in ("--fault", fault)),
                             log=self.log)

    def touch(self):
        """A finger on a card that was inserted with touch="wait", as soon as it asks for one."""
        eventually(lambda: self.contacts.read_text().rstrip().endswith("# waiting for a touch"),
                   "the card waits for a touch")
        self.process.send_signal(signal.SIGUSR1)

    def commands(self):
        """The command APDUs it has been sent so far, in hexadecimal, PINs as asterisks."""
        if not self.contacts.exists():
            return []
        return [line[2:] for line in self.contacts.read_text().splitlines()
                if line.startswith("> ")]

    def pull(self):
        """Out of the slot; the card may have left by itself, on a fault's order."""
        end(self.process)
        self.process = None

    def rip(self):
        """Gone in the middle of whatever it was doing."""
        self.process.kill()
        self.process.wait()
        self.process = None


# --- processes and folders ---------------------------------------------------------------------


def processes():
    """(pid, name, parent) of everything that runs; the dead that wait for their parent are out."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                name, rest = re.match(r"\d+ \((.*)\) (.*)", stat.read(), re.DOTALL).groups()
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, parent = rest.split()[:2]
        if state != "Z":
            found.append((int(entry), name, int(parent)))
    return found


def is_running(pid):
    return any(found == pid for found, _, _ in processes())


def arguments_of(pid):
    """Those of a process; none of one that has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


def descendants():
    """What still runs below this test, with what lost its parent: [(pid, name)]."""
    table = processes()
    family = {os.getpid()}
    found = []
    grew = True
    while grew:
        grew = False
        for pid, name, parent in table:
            if parent in family and pid not in family:
                family.add(pid)
                found.append((pid, name))
                grew = True
    return found


def scratch():
    """The test's own folder, removed after it."""
    if scratch.path is None:
        scratch.path = pathlib.Path(tempfile.mkdtemp(prefix="keycask-"))
    return scratch.path


scratch.path = None


# --- the runner --------------------------------------------------------------------------------


def test(function=None, *, seconds=120):
    """Register a test; seconds is the time after which it hangs (ten times that in soak)."""
    if function is None:
        return lambda inner: test(inner, seconds=seconds)
    ALL_TESTS.append((function, seconds * (10 if SOAK else 1)))
    return function


def _left_over():
    """Programs end when their sockets do, which takes a moment: [] once none is left."""
    deadline = time.monotonic() + PATIENCE
    while descendants() and time.monotonic() < deadline:
        time.sleep(0.01)
    return descendants()


def _run_child(function, seconds):
    """Exit status 0 passed, 1 failed, 77 skipped."""
    def out_of_time(*_):
        raise Failure(f"not done within {seconds} s")

    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(seconds)
    status = 0
    try:
        function()
    except SkipTest as reason:
        diagnose(reason)
        status = 77
    except Failure as failure:
        frame = traceback.extract_tb(failure.__traceback__)
        where = [entry for entry in frame if entry.name == function.__name__] or frame
        diagnose(f"{pathlib.Path(where[-1].filename).name}:{where[-1].lineno}: {failure}")
        status = 1
    except BaseException:  # pylint: disable=broad-except
        diagnose(traceback.format_exc())
        status = 1
    signal.alarm(0)
    left = _left_over()
    for pid, name in left:
        diagnose(f"still running: {name} ({pid})")
        os.kill(pid, signal.SIGKILL)
    if left and status == 0:
        status = 1
    if scratch.path is not None:
        shutil.rmtree(scratch.path, ignore_errors=True)
    return status


def main():
    """Run the registered tests, or those named on the command line; never returns."""
    wanted = sys.argv[1:]
    tests = [(f, s) for f, s in ALL_TESTS if not wanted or f.__name__ in wanted]
    print(f"1..{len(tests)}", flush=True)
    n_failed = 0
    for number, (function, seconds) in enumerate(tests, 1):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = _run_child(function, seconds)
            finally:
                sys.stdout.flush()
                os._exit(status)
        _, result = os.waitpid(child, 0)
        status = os.waitstatus_to_exitcode(result)
        passed = status in (0, 77)
        n_failed += not passed
        print(f"{'' if passed else 'not '}ok {number} - {function.__name__}"
              + (" # SKIP" if status == 77 else ""), flush=True)
    sys.exit(1 if n_failed else 0)
