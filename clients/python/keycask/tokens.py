# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tokens that are present, and the news of them."""
from __future__ import annotations

import dataclasses
import os
import time
from typing import Any, Dict, Iterator, Optional

from .connection import Connection
from .errors import Error, NotAvailable, UserCanceled
from .line import Deadline, Line, Lost

RETRY_S = 0.2


@dataclasses.dataclass(frozen=True)
class Token:
    """state is "present" (its items are in the keychain) or "refused", with the reason."""

    token_id: str
    driver: str
    state: str
    slot: Optional[str] = None
    label: Optional[str] = None
    reason: Optional[str] = None


@dataclasses.dataclass(frozen=True)
class Event:
    """event is "inserted" (also again, when a token has more items now) or "removed"."""

    event: str
    token_id: str
    slot: Optional[str] = None
    driver: Optional[str] = None
    label: Optional[str] = None


def made_of(kind: Any, fields: Dict[str, Any]) -> Any:
    """A dataclass of a reply; what a newer daemon tells besides is left out."""
    names = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in fields.items() if name in names})


class Watch:
    """Insertions and removals of tokens, those that are present first: an iterator without end, for
    one thread. When the daemon is lost its tokens are removed; then a new one is looked for, but
    none is started: somebody may have stopped it on purpose.

        with keycask.watch() as events:
            for event in events:
                print(event.event, event.token_id)
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._owner = os.getpid()
        self._present: Dict[str, Event] = {}
        self._is_closed = False
        self._line: Optional[Line] = None
        self._begin(starts=connection.starts)

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = self.next()
        if event is None:
            raise StopIteration
        return event

    def close(self) -> None:
        """From any thread: the iterator ends."""
        self._is_closed = True
        line = self._line
        if line is not None:
            line.cancel()

    def next(self, timeout: Optional[float] = None) -> Optional[Event]:
        """The next event; None when there is none within timeout seconds, or after close()."""
        deadline = Deadline(timeout)
        while not self._is_closed:
            if self._owner != os.getpid():
                self._owner = os.getpid()
                self._lose()
            if self._line is not None:
                event = self._read(self._line, deadline)
            elif self._present:
                event = dataclasses.replace(self._present.popitem()[1], event="removed")
            else:
                event = None
                self._look(deadline)
            if event is not None:
                return event
            if deadline.left_ms() == 0 and (self._line is not None or not self._present):
                return None
        self._lose()
        return None

    def _begin(self, starts: bool) -> None:
        line = self._connection.open_line(starts)
        try:
            line.send("org.keycask.Tokens.Watch", None, Deadline(None), more=True)
        except BaseException:
            line.close()
            raise
        self._line = line

    def _lose(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _read(self, line: Line, deadline: Deadline) -> Optional[Event]:
        try:
            fields, continues = line.receive(deadline)
        except Lost:
            self._lose()
            return None
        except (NotAvailable, UserCanceled):  # nothing in time; closed
            return None
        if not continues:
            self._lose()
        event: Event = made_of(Event, fields)
        if event.event == "inserted":
            self._present[event.token_id] = event
        else:
            self._present.pop(event.token_id, None)
        return event

    def _look(self, deadline: Deadline) -> None:
        left = deadline.left_ms()
        time.sleep(RETRY_S if left is None else min(RETRY_S, left / 1000))
        try:
            self._begin(starts=False)
        except Error:
            pass
