# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same for asyncio. Calls run in threads; one that is cancelled is cancelled in the daemon too,
with whatever question it has put to a person.

    me = await keycask.aio.choose("tls-client", host="shop.example.org")
    signature = await keycask.aio.run(me.sign, me.algorithms[0], b"hello")
    async for event in keycask.aio.watch():
        print(event.event, event.token_id)
"""
from __future__ import annotations

import asyncio
import functools
from typing import Any, AsyncIterator, Callable, List, Optional, TypeVar
from weakref import WeakKeyDictionary

from . import client as sync
from .identities import Identity
from .tokens import Event, Token

T = TypeVar("T")
CANCEL_S = 0.05


class Client:
    """For one event loop. client is what its calls are made with, one at a time."""

    def __init__(self, client: Optional[sync.Client] = None) -> None:
        self.client = client or sync.Client()
        self._lock: Optional[asyncio.Lock] = None

    async def run(self, call: Callable[..., T], *arguments: Any, **keys: Any) -> T:
        """Any method of client, or of a key or an identity that came from it."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        async with self._lock:
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(None, functools.partial(call, *arguments, **keys))
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                while not done.done():  # it may not have got as far as to be cancelled yet
                    self.client.cancel()
                    await asyncio.wait([done], timeout=CANCEL_S)
                done.exception()
                raise

    async def choose(self, purpose: str, **wishes: Any) -> Identity:
        """See keycask.Client.choose."""
        return await self.run(self.client.choose, purpose, **wishes)

    async def find(self, item_class: str, **attributes: Any) -> List[sync.Item]:
        """See keycask.Client.find."""
        return await self.run(self.client.find, item_class, **attributes)

    async def tokens(self) -> List[Token]:
        """See keycask.Client.tokens."""
        return await self.run(self.client.tokens)

    async def watch(self) -> AsyncIterator[Event]:
        """See keycask.Watch."""
        loop = asyncio.get_running_loop()
        events = await loop.run_in_executor(None, self.client.watch)
        try:
            while True:
                event = await loop.run_in_executor(None, events.next)
                if event is None:
                    return
                yield event
        finally:
            events.close()


_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, Client]" = WeakKeyDictionary()


def default_client() -> Client:
    """The one that all of this loop shares."""
    return _clients.setdefault(asyncio.get_running_loop(), Client())


async def run(call: Callable[..., T], *arguments: Any, **keys: Any) -> T:
    """See Client.run."""
    return await default_client().run(call, *arguments, **keys)


async def choose(purpose: str, **wishes: Any) -> Identity:
    """See keycask.choose."""
    return await default_client().choose(purpose, **wishes)


async def find(item_class: str, **attributes: Any) -> List[sync.Item]:
    """See keycask.find."""
    return await default_client().find(item_class, **attributes)


async def tokens() -> List[Token]:
    """See keycask.tokens."""
    return await default_client().tokens()


def watch() -> AsyncIterator[Event]:
    """See keycask.watch."""
    return default_client().watch()
