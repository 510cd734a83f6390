# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls for any number of threads over one connection, which is opened when it is needed, and anew
after fork(), a restart of the daemon, or a call that was given up."""
from __future__ import annotations

import contextlib
import os
import pathlib
import threading
import weakref
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

from .errors import Error, NotAvailable
from .line import Deadline, Line, Lost, open_line

QUERY_S = 15.0  # the daemon itself gives up before
OPERATION_S = 180.0  # a person, then a slow card
ASKING_S = 420.0  # a person twice

_ALL: "weakref.WeakSet[Connection]" = weakref.WeakSet()


class Connection:
    """Calls are served one after the other. A PIN given over it serves nobody else, and a child
    after fork() starts without it."""

    def __init__(self, path: Union[str, "os.PathLike[str]", None] = None,
                 starts: bool = True) -> None:
        self.path = None if path is None else pathlib.Path(path)
        self.starts = starts
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._line: Optional[Line] = None
        _ALL.add(self)

    def call(self, method: str, parameters: Optional[Mapping[str, Any]] = None, *,
             descriptors: Sequence[int] = (), timeout: Optional[float] = QUERY_S,
             repeats: bool = False) -> Dict[str, Any]:
        """One call and its answer. repeats: once more when the daemon was lost in between, which
        is for what only reads."""
        return self._replies(method, parameters, descriptors, timeout, repeats, more=False)[0]

    def pages(self, method: str, parameters: Mapping[str, Any],
              timeout: Optional[float] = QUERY_S) -> List[Dict[str, Any]]:
        """A call that only reads, and all the replies it is answered in."""
        return self._replies(method, parameters, (), timeout, True, more=True)

    def open_line(self, starts: Optional[bool] = None) -> Line:
        """A connection of the caller's own, for a stream."""
        return open_line(self.path, self.starts if starts is None else starts)

    def cancel(self) -> None:
        """From any thread: end the call that is under way, with UserCanceled. What was proved over
        this connection (PINs) is forgotten with it."""
        line = self._line
        if line is not None and self._owner == os.getpid():
            line.cancel()

    def close(self) -> None:
        """Give the connection up; the next call opens another."""
        with self._held():
            self._drop()

    def forget_inheritance(self) -> None:
        """In a child after fork(): the lock may be held by a thread that does not exist here, and
        the connection is the parent's. Closing our descriptor does not disturb it."""
        if self._owner == os.getpid():
            return
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._drop()

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        self.forget_inheritance()
        with self._lock:
            yield

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _ready(self) -> Line:
        if self._line is not None and self._line.is_broken():
            self._drop()
        if self._line is None:
            self._line = self.open_line()
        return self._line

    def _once(self, method: str, parameters: Optional[Mapping[str, Any]],
              descriptors: Sequence[int], timeout: Optional[float],
              more: bool) -> List[Dict[str, Any]]:
        line = self._ready()
        deadline = Deadline(timeout)
        line.send(method, parameters, deadline, descriptors, more)
        replies = []
        continues = True
        while continues:
            page, continues = line.receive(deadline)
            replies.append(page)
            deadline = Deadline(timeout)  # whoever reads is waited for as long for each page
        return replies

    def _replies(self, method: str, parameters: Optional[Mapping[str, Any]],
                 descriptors: Sequence[int], timeout: Optional[float], repeats: bool, *,
                 more: bool) -> List[Dict[str, Any]]:
        with self._held():
            try:
                try:
                    return self._once(method, parameters, descriptors, timeout, more)
                except Lost as lost:
                    if lost.was_sent and not repeats:
                        raise
                    self._drop()
                    return self._once(method, parameters, descriptors, timeout, more)
            except Lost as lost:
                self._drop()
                if lost.was_sent and not repeats:
                    raise NotAvailable(
                        "the daemon was lost before it answered: it may have done what it was "
                        "asked, or not", hint="look, then repeat") from lost
                raise
            except Error as error:
                if not error.is_answer:
                    self._drop()
                raise
            except BaseException:
                # An answer that is still to come would be read as that of the next call.
                self._drop()
                raise


def _after_fork() -> None:
    for connection in list(_ALL):
        connection.forget_inheritance()


os.register_at_fork(after_in_child=_after_fork)
