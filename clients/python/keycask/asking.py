# SPDX-License-Identifier: LGPL-2.1-or-later
"""How PINs come along, and where the person is who may be asked for one."""
from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Optional, Union

from .connection import ASKING_S, OPERATION_S
from .errors import Param

PIN_MAX = 4096

Pin = Union[str, bytes, bytearray]


@dataclasses.dataclass(frozen=True)
class PinRequest:
    """What a callback for PINs is told. tries_left is None when the card has not told; is_repeated:
    the PIN before was wrong.
    """

    label: Optional[str]
    token_id: Optional[str]
    tries_left: Optional[int]
    is_repeated: bool


@dataclasses.dataclass(frozen=True)
class Options:
    """How an operation with a private key may be carried out; the keywords of sign, decrypt and
    exchange.

    pin: the PIN, or a function that is called with a PinRequest when one is needed and gives it, or
      None to cancel. Without it keycask asks the person, in a dialogue of its own.
    ui: "allow" (keycask may ask the person) or "fail" (InteractionNotAllowed instead).
    prompt: what the person reads as the program's reason, such as "log in to example.org".
    last_try: use pin even if it is the last one the token accepts.
    timeout: seconds; None: as long as it takes.
    """

    pin: Union[Pin, Callable[[PinRequest], Optional[Pin]], None] = None
    ui: str = "allow"
    prompt: Optional[str] = None
    last_try: bool = False
    timeout: Optional[float] = OPERATION_S

    def parameters(self, pin: Optional[Pin] = None) -> Dict[str, Any]:
        """For the wire; pin: one travels with the call."""
        if self.ui not in ("allow", "fail"):
            raise Param(f'ui is "allow" or "fail", not {self.ui!r}')
        asks = self.ui == "allow" and not callable(self.pin)
        parameters: Dict[str, Any] = {
            "interaction": {**(person() if asks else {"authentication_ui": "fail"}),
                            **({"operation_prompt": self.prompt} if self.prompt else {})}}
        if pin is not None:
            parameters["pin_fd"] = 0
        if self.last_try:
            parameters["last_try"] = True
        return parameters


def _terminal() -> Optional[str]:
    for descriptor in (0, 1, 2):
        try:
            return os.ttyname(descriptor)
        except OSError:
            pass
    return os.environ.get("GPG_TTY")


def person() -> Dict[str, str]:
    """Where a person can be reached; the daemon believes it within the same login session only."""
    environ = os.environ
    found = {
        "tty": _terminal(),
        "term": environ.get("TERM"),
        "display": environ.get("DISPLAY"),
        "wayland_display": environ.get("WAYLAND_DISPLAY"),
        "xauthority": environ.get("XAUTHORITY"),
        "locale": environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG"),
    }
    return {name: value for name, value in found.items() if value}


def ask_for_items(dictionary: Dict[str, Any]) -> "tuple[Dict[str, Any], float]":
    """interaction and time limit for a call with this query or item."""
    if dictionary.get("use_authentication_ui", "allow") == "allow":
        return {"interaction": person()}, ASKING_S
    return {}, OPERATION_S


@contextlib.contextmanager
def sealed(pin: Optional[Pin]) -> Iterator[List[int]]:
    """The descriptors that bring the PIN: memory that nobody can change any more, and that is never
    in a message."""
    if pin is None:
        yield []
        return
    data = pin.encode() if isinstance(pin, str) else pin
    if len(data) > PIN_MAX:
        raise Param(f"a PIN of more than {PIN_MAX} bytes")
    descriptor = os.memfd_create("keycask-pin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
                    | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
        yield [descriptor]
    finally:
        os.close(descriptor)


def sealed_with_end(secret: Optional[Pin]) -> ContextManager[List[int]]:
    """The same for one that may travel with others: a zero byte follows it."""
    if secret is None:
        return sealed(None)
    return sealed((secret.encode() if isinstance(secret, str) else secret) + b"\0")
