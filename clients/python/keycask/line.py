# SPDX-License-Identifier: LGPL-2.1-or-later
"""One open socket to the daemon: where it is, who listens there, and Varlink's messages over it (a
JSON object and a zero byte; docs/protocol.md). Starts the daemon when nobody listens."""
from __future__ import annotations

import json
import os
import pathlib
import select
import shutil
import socket
import stat
import struct
import subprocess
import time
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from .errors import Error, NotAvailable, Param, UserCanceled, error_from_reply

MESSAGE_MAX = 1024 * 1024
START_S = 20.0
CONNECT_S = 2.0
PAUSE_S = 0.02
CHUNK = 65536


class Lost(NotAvailable):
    """The connection ended. was_sent: the daemon may have got the call."""

    def __init__(self, message: str, was_sent: bool) -> None:
        super().__init__(message)
        self.was_sent = was_sent


class Deadline:
    """A moment by which something has to be done; None: whenever."""

    def __init__(self, timeout: Optional[float]) -> None:
        self.timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout

    def left_ms(self) -> Optional[float]:
        """For poll(). Never negative."""
        return None if self._end is None else max(0.0, (self._end - time.monotonic()) * 1000)


def socket_path() -> pathlib.Path:
    """Where keycaskd listens."""
    named = os.environ.get("KEYCASK_SOCKET")
    if named:
        return pathlib.Path(named)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        return pathlib.Path(runtime, "keycask", "keycask.sock")
    return pathlib.Path(os.environ.get("TMPDIR") or "/tmp", f"keycask-{os.geteuid()}",
                        "keycask.sock")


def _check_folder(folder: pathlib.Path) -> None:
    """A folder that we have chosen ourselves is ours alone: otherwise somebody else may have put
    the socket there. One that KEYCASK_SOCKET or the caller names is their business."""
    try:
        info = folder.lstat()
    except OSError as error:
        raise NotAvailable(f"{folder}: {error.strerror}") from error
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or info.st_mode & 0o077:
        raise NotAvailable(f"{folder} is no folder of this user alone",
                           hint="make it one: mkdir -m 700")


def _check_peer(sock: socket.socket) -> None:
    """Whoever answers is about to see a PIN."""
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    if uid not in (os.geteuid(), 0):
        raise NotAvailable(f"the daemon's socket belongs to another user ({uid})")


def _connect(path: Optional[pathlib.Path]) -> "Line":
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        where = path or socket_path()
        if path is None and not os.environ.get("KEYCASK_SOCKET"):
            _check_folder(where.parent)
        sock.connect(str(where))
        _check_peer(sock)
        return Line(sock)
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):
            raise NotAvailable(f"cannot connect to {where}: {error.strerror or error}",
                               hint="start the daemon: keycask daemon start") from error
        raise


def may_start() -> bool:
    """Not with KEYCASK_AUTOSTART=0, and not with more rights than whoever started this program."""
    return (os.environ.get("KEYCASK_AUTOSTART") != "0" and os.getuid() == os.geteuid()
            and os.getgid() == os.getegid())


def _start_daemon() -> None:
    """keycask daemon start, which ends well as well when another client was quicker."""
    program = shutil.which("keycask")
    if not program:
        raise NotAvailable("the daemon does not run, and there is no keycask in PATH to start it",
                           hint="install keycask, or start keycaskd")
    try:
        done = subprocess.run([program, "daemon", "start"], stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=START_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotAvailable(f"cannot start the daemon: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or "it gave no reason"
        raise NotAvailable(f"the daemon did not start: {said}",
                           hint="see why with: keycaskd --user")


def open_line(path: Optional[pathlib.Path] = None, starts: bool = True) -> "Line":
    """A new connection. starts: start the daemon when nobody listens where one is looked for by
    default; a path of the caller's own is only connected to."""
    try:
        return _connect(path)
    except NotAvailable:
        if not starts or path is not None or not may_start():
            raise
    _start_daemon()
    deadline = Deadline(CONNECT_S)
    while True:
        try:
            return _connect(path)
        except NotAvailable:
            if deadline.left_ms() == 0:
                raise
        time.sleep(PAUSE_S)


class Line:
    """One connection. Not for several threads at once, but for cancel()."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.socket.setblocking(False)
        self._input = b""
        self._is_canceled = False

    def fileno(self) -> int:
        """To poll: readable when there may be something to receive."""
        return self.socket.fileno()

    def close(self) -> None:
        """Our descriptor alone: a parent's or child's copy stays as it is."""
        self.socket.close()

    def cancel(self) -> None:
        """From another thread: whoever waits for an answer gets UserCanceled, and the daemon, for
        which the connection has ended, stops what it does for us."""
        self._is_canceled = True
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def is_broken(self) -> bool:
        """Between calls: the other end has closed, or has said what nobody asked for."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN | select.POLLRDHUP)
        return bool(self._input or poll.poll(0))

    def send(self, method: str, parameters: Optional[Mapping[str, Any]],
             deadline: Deadline, descriptors: Sequence[int] = (), more: bool = False) -> None:
        """One call. Until all of it is sent the daemon does nothing."""
        call: Dict[str, Any] = {"method": method, "parameters": parameters or {}}
        if more:
            call["more"] = True
        data = json.dumps(call, separators=(",", ":")).encode() + b"\0"
        if len(data) > MESSAGE_MAX:
            raise Param(f"{method}: {len(data)} bytes are more than fits into a call",
                        hint="hash it yourself and use a …_digest_… algorithm")
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                   struct.pack(f"{len(descriptors)}i", *descriptors))] if descriptors else []
        view = memoryview(data)
        while view:
            self._wait(select.POLLOUT, deadline, was_sent=False)
            try:
                view = view[self.socket.sendmsg([view], rights):]
                rights = []
            except (BlockingIOError, InterruptedError):
                pass
            except OSError as error:
                raise self._lost(error.strerror, False) from error

    def receive(self, deadline: Deadline) -> Tuple[Dict[str, Any], bool]:
        """The next reply's parameters, and whether more replies follow it."""
        while b"\0" not in self._input:
            self._wait(select.POLLIN, deadline, was_sent=True)
            try:
                data = self.socket.recv(CHUNK)
            except (BlockingIOError, InterruptedError):
                continue
            except OSError as error:
                raise self._lost(error.strerror, True) from error
            if not data:
                raise self._lost("it has closed the connection", True)
            self._input += data
        text, self._input = self._input.split(b"\0", 1)
        return _read_reply(text)

    def _lost(self, reason: Optional[str], was_sent: bool) -> Error:
        if self._is_canceled:
            return UserCanceled("the program has cancelled this call")
        return Lost(f"the daemon was lost: {reason}", was_sent)

    def _wait(self, events: int, deadline: Deadline, was_sent: bool) -> None:
        poll = select.poll()
        poll.register(self.socket, events)
        if poll.poll(deadline.left_ms()):
            return
        if self._is_canceled:
            raise self._lost(None, was_sent)
        raise NotAvailable(f"the daemon did not answer within {deadline.timeout:g} s")


def _read_reply(text: bytes) -> Tuple[Dict[str, Any], bool]:
    try:
        reply = json.loads(text)
        error, parameters = reply.get("error"), reply.get("parameters") or {}
        continues = reply.get("continues") is True
    except (ValueError, AttributeError):
        raise Lost("the daemon has sent something that is no reply", True) from None
    if error:
        raise error_from_reply(error, parameters)
    return parameters, continues
