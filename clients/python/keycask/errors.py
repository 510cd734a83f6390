# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can go wrong, one class per status. The numbers are Apple's where Keychain Services has one
for the same situation; docs/vocabulary.md of keycask lists them all."""
from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Type

__all__ = [
    "Error", "Unimplemented", "Param", "Allocate", "UserCanceled", "NotAvailable", "ReadOnly",
    "AuthFailed", "DuplicateItem", "ItemNotFound", "NoSuchAttr", "NoSuchClass",
    "InteractionNotAllowed", "KeySizeNotAllowed", "Decode", "Internal", "MissingEntitlement",
    "VerifyFailed", "PinBlocked", "error_from_reply",
]


class Error(Exception):
    """A failure. str() is a sentence for people, hint what they can do about it.

    status and name are number and name of the status; token_id, driver, tries_left and sw (the
    card's status word) are there where they apply, and None where not.
    """

    status = 0
    name = "unknown"
    is_answer = False  # the daemon has answered so; otherwise it happened on the way

    def __init__(self, message: str, *, hint: Optional[str] = None,
                 record: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(message)
        record = record or {}
        self.message = message
        self.hint: Optional[str] = hint or record.get("hint")
        self.token_id: Optional[str] = record.get("token_id")
        self.driver: Optional[str] = record.get("driver")
        self.tries_left: Optional[int] = record.get("tries_left")
        self.sw: Optional[int] = record.get("sw")
        self.origin: Optional[str] = record.get("origin")
        self.request: Optional[int] = record.get("request")
        self.status = record.get("status", self.status)
        self.name = record.get("name", self.name)

    def __str__(self) -> str:
        return self.message


class Unimplemented(Error):
    """Not offered here: choose another way."""
    status, name = -4, "unimplemented"


class Param(Error):
    """The call is wrong: fix the program."""
    status, name = -50, "param"


class Allocate(Error):
    """Out of memory."""
    status, name = -108, "allocate"


class UserCanceled(Error):
    """The person said no, or the program did: do not ask again by yourself."""
    status, name = -128, "user_canceled"


class NotAvailable(Error):
    """The daemon or its store cannot be reached, or did not answer in time: try later."""
    status, name = -25291, "not_available"


class ReadOnly(Error):
    """The store cannot be written."""
    status, name = -25292, "read_only"


class AuthFailed(Error):
    """Wrong PIN or password; tries_left says how many wrong ones a token still takes."""
    status, name = -25293, "auth_failed"


class DuplicateItem(Error):
    """Such an item is there: update it instead."""
    status, name = -25299, "duplicate_item"


class ItemNotFound(Error):
    """No match; or its token is away, then token_id says which: insert it and repeat."""
    status, name = -25300, "item_not_found"


class NoSuchAttr(Error):
    """The class has no such attribute."""
    status, name = -25303, "no_such_attr"


class NoSuchClass(Error):
    """There is no such class of items."""
    status, name = -25306, "no_such_class"


class InteractionNotAllowed(Error):
    """A PIN or an unlocked keychain is needed, and nobody may be asked."""
    status, name = -25308, "interaction_not_allowed"


class KeySizeNotAllowed(Error):
    """Choose another size."""
    status, name = -25311, "key_size_not_allowed"


class Decode(Error):
    """The bytes are damaged, or something else than they should be."""
    status, name = -26275, "decode"


class Internal(Error):
    """A part of keycask failed: see the message and keycaskd's log."""
    status, name = -26276, "internal"


class MissingEntitlement(Error):
    """This program has no right to that."""
    status, name = -34018, "missing_entitlement"


class VerifyFailed(Error):
    """The signature does not match."""
    status, name = -67808, "verify_failed"


class PinBlocked(Error):
    """No tries left: unblock the PIN (keycask pin unblock)."""
    status, name = -70020, "pin_blocked"


_CLASSES: Dict[str, Type[Error]] = {cls.name: cls for cls in Error.__subclasses__()}
_FOREIGN = {
    "org.varlink.service.MethodNotFound": (Unimplemented, "the daemon has no method"),
    "org.varlink.service.InterfaceNotFound": (Unimplemented, "the daemon has no interface"),
    "org.varlink.service.MethodNotImplemented": (Unimplemented, "the daemon does not offer"),
    "org.varlink.service.InvalidParameter": (Param, "not a valid parameter:"),
}


def error_from_reply(error: str, parameters: Optional[Mapping[str, Any]]) -> Error:
    """The exception for an error reply: ours carry a record, Varlink's own a word."""
    parameters = parameters or {}
    record = parameters.get("record")
    if isinstance(record, Mapping):
        failure = _CLASSES.get(str(record.get("name")), Error)(
            str(record.get("message", error)), record=record)
    else:
        kind, text = _FOREIGN.get(error, (Internal, f"the daemon answered {error}"))
        failure = kind(" ".join([text, *map(str, parameters.values())]))
    failure.is_answer = True
    return failure
