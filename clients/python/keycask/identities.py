# SPDX-License-Identifier: LGPL-2.1-or-later
"""Identities: a certificate and the private key that belongs to it."""
from __future__ import annotations

import base64
import dataclasses
import textwrap
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .connection import Connection
from .keys import Key
from .values import decode, decode_date


def pem(der: bytes) -> str:
    """A certificate as text."""
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode("ascii"), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


@dataclasses.dataclass(frozen=True)
class Identity:
    """An identity. certificate is DER; chain the certificates that lead from it towards a root, as
    far as the keychain has them. algorithms are those its key signs with (chosen to decrypt:
    decrypts with), best first; dates are datetimes; pin_needed: its token will want a PIN."""

    key: Key
    reference: bytes
    certificate: bytes = dataclasses.field(repr=False)
    label: str = ""
    token_id: Optional[str] = None
    chain: Tuple[bytes, ...] = dataclasses.field(default=(), repr=False)
    subject: Optional[str] = None
    issuer: Optional[str] = None
    not_valid_before: Any = None
    not_valid_after: Any = None
    key_type: str = ""
    key_size_in_bits: int = 0
    algorithms: Tuple[str, ...] = ()
    pin_needed: bool = False

    @property
    def pem(self) -> str:
        """The certificate and its chain as text, as other programs read them from files."""
        return "".join(pem(der) for der in (self.certificate, *self.chain))

    def sign(self, algorithm: str, data: bytes, **options: Any) -> bytes:
        """See Key.sign."""
        return self.key.sign(algorithm, data, **options)


class LeftOut(NamedTuple):
    """An identity that does not fit: sentences for people, codes such as "expired" for programs."""

    reference: bytes
    label: str
    token_id: Optional[str]
    subject: str
    codes: List[str]
    reasons: List[str]


class Choice(NamedTuple):
    """Identities that fit, best first, and those that do not."""

    identities: List[Identity]
    left_out: List[LeftOut]


def identity_of_candidate(connection: Connection, fields: Dict[str, Any]) -> Identity:
    """Of Identities.Choose."""
    return Identity(
        key=Key(connection, decode(fields["key"]), fields["label"]),
        reference=decode(fields["identity"]), certificate=decode(fields["certificate"]),
        label=fields["label"], token_id=fields.get("token_id"),
        chain=tuple(decode(der) for der in fields.get("chain", ())),
        subject=fields["subject"], issuer=fields["issuer"],
        not_valid_before=decode_date(fields["not_valid_before"]),
        not_valid_after=decode_date(fields["not_valid_after"]), key_type=fields["key_type"],
        key_size_in_bits=fields["key_size_in_bits"], algorithms=tuple(fields["algorithms"]),
        pin_needed=fields["pin_needed"])


def identity_of_item(connection: Connection, item: Dict[str, Any]) -> Identity:
    """Of an item of class identity that was copied with everything; without its chain."""
    reference = item["value_persistent_ref"]
    return Identity(
        key=Key(connection, reference, item["label"]), reference=reference,
        certificate=item["value_data"], label=item["label"], token_id=item.get("token_id"),
        not_valid_before=item.get("not_valid_before"),
        not_valid_after=item.get("not_valid_after"), key_type=item["key_type"],
        key_size_in_bits=item["key_size_in_bits"])


def left_out_of(fields: Dict[str, Any]) -> LeftOut:
    """Of Identities.Choose."""
    return LeftOut(decode(fields["identity"]), fields["label"], fields.get("token_id"),
                   fields["subject"], fields["codes"], fields["reasons"])
