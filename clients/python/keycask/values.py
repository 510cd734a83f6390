# SPDX-License-Identifier: LGPL-2.1-or-later
"""Dictionaries as Python has them and as the wire has them: bytes are base64 there, dates RFC 3339.
What an attribute is follows from its name (docs/vocabulary.md)."""
from __future__ import annotations

import base64
import binascii
import datetime
from typing import Any, Dict, Mapping, Optional

from .errors import Decode

DATA = frozenset((
    "application_label", "application_tag", "generic", "issuer", "protected_data",
    "public_key_hash", "serial_number", "subject", "subject_key_id", "value_data",
    "value_persistent_ref", "value_ref",
))
DATES = frozenset((
    "creation_date", "end_date", "match_valid_on_date", "modification_date", "not_valid_after",
    "not_valid_before", "start_date",
))


def encode(data: Any) -> str:
    """base64 of anything that holds bytes."""
    return base64.b64encode(bytes(memoryview(data))).decode("ascii")


def decode(text: Any) -> bytes:
    """The bytes of what the daemon has sent."""
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Decode("the daemon has sent something that is not base64") from None


def decode_date(text: str) -> Any:
    """With its time zone; what Python cannot hold, such as the year 10000, stays text."""
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return text


def encode_date(date: datetime.datetime) -> str:
    """A date without a zone is local time, as everywhere in datetime."""
    utc = date.astimezone(datetime.timezone.utc)
    parts = "milliseconds" if utc.microsecond else "seconds"
    return utc.isoformat(timespec=parts).replace("+00:00", "Z")


def to_wire(value: Any, name: Optional[str] = None) -> Any:
    """A value for the wire. Where data belongs text is its UTF-8; what has a reference, such as a
    Key, is that reference."""
    value = getattr(value, "reference", value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return encode(value)
    if isinstance(value, str) and name in DATA:
        return encode(value.encode())
    if isinstance(value, datetime.datetime):
        return encode_date(value)
    if isinstance(value, Mapping):
        return {key.rstrip("_"): to_wire(part, key) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_wire(part, name) for part in value]
    return value


def from_wire(dictionary: Mapping[str, Any]) -> Dict[str, Any]:
    """An item's dictionary: attributes and value_…"""
    return {name: _from_wire(name, value) for name, value in dictionary.items()}


def _from_wire(name: str, value: Any) -> Any:
    if isinstance(value, str) and name in DATA:
        return decode(value)
    if isinstance(value, str) and name in DATES:
        return decode_date(value)
    return value
