# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys: names of keys, and what can be done with them. The private key itself never comes here."""
from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, NamedTuple, Optional

from .asking import Options, Pin, PinRequest, sealed
from .connection import Connection
from .errors import AuthFailed, Error, InteractionNotAllowed, UserCanceled
from .values import decode, encode


class PublicKey(NamedTuple):
    """data is the RSAPublicKey of PKCS#1, the point 04 X Y, or the bytes of an Ed25519 or X25519
    key; info the SubjectPublicKeyInfo in DER, of types that have one."""

    data: bytes
    key_type: str
    size_in_bits: int
    info: Optional[bytes]


@dataclasses.dataclass(frozen=True)
class Key:
    """A key by its reference: that of a key, an identity, or (for what a public key does) a
    certificate. It survives fork, restarts of the daemon, and its token's leave and return.

    Operations with the private key take the keywords of Options. None of them is ever repeated
    behind the program's back.
    """

    connection: Connection = dataclasses.field(repr=False)
    reference: bytes
    label: Optional[str] = None

    def sign(self, algorithm: str, data: bytes, **options: Any) -> bytes:
        """The signature over data; a …_digest_… algorithm takes the hash."""
        return decode(self._use("Sign", {"algorithm": algorithm, "data": encode(data)},
                                Options(**options))["signature"])

    def decrypt(self, algorithm: str, data: bytes, **options: Any) -> bytes:
        """What was encrypted to this key."""
        return decode(self._use("Decrypt", {"algorithm": algorithm, "data": encode(data)},
                                Options(**options))["plaintext"])

    def exchange(self, algorithm: str, public_key: bytes, *, requested_size: Optional[int] = None,
                 shared_info: Optional[bytes] = None, **options: Any) -> bytes:
        """The secret shared with the owner of public_key (04 X Y, or the bytes of X25519); with a
        …_x963_… algorithm requested_size bytes derived from it."""
        parameters: Dict[str, Any] = {"algorithm": algorithm, "public_key": encode(public_key)}
        if requested_size is not None:
            parameters["requested_size"] = requested_size
        if shared_info is not None:
            parameters["shared_info"] = encode(shared_info)
        return decode(self._use("Exchange", parameters, Options(**options))["secret"])

    def verify(self, algorithm: str, data: bytes, signature: bytes) -> bool:
        """Whether signature is this key's over data."""
        return bool(self._ask("Verify", algorithm=algorithm, data=encode(data),
                              signature=encode(signature))["valid"])

    def encrypt(self, algorithm: str, data: bytes) -> bytes:
        """data encrypted to this key."""
        return decode(self._ask("Encrypt", algorithm=algorithm, data=encode(data))["ciphertext"])

    def copy_public(self) -> PublicKey:
        """The public half."""
        answer = self._ask("CopyPublic")
        info = answer.get("public_key_info")
        return PublicKey(decode(answer["public_key"]), answer["key_type"],
                         answer["key_size_in_bits"], decode(info) if info else None)

    def copy_external_representation(self) -> bytes:
        """The key itself, if it is extractable: PKCS#1, 04 X Y K, or the bytes."""
        return decode(self._ask("Export")["data"])

    def is_algorithm_supported(self, operation: str, algorithm: str) -> bool:
        """Whether "sign", "verify", "encrypt", "decrypt" or "exchange" would be tried."""
        return bool(self._ask("IsAlgorithmSupported", operation=operation,
                              algorithm=algorithm)["is_supported"])

    def _ask(self, method: str, **parameters: Any) -> Dict[str, Any]:
        return self.connection.call(f"org.keycask.Keys.{method}",
                                    {"key": encode(self.reference), **parameters}, repeats=True)

    def _use(self, method: str, parameters: Dict[str, Any], options: Options) -> Dict[str, Any]:
        if not callable(options.pin):
            return self._try(method, parameters, options, options.pin)
        try:
            return self._try(method, parameters, options, None)
        except InteractionNotAllowed as error:
            if error.token_id:
                return self._use_asking(method, parameters, options, error)
            if options.ui != "allow":
                raise
        # No token's PIN, but what the access control of an item wants: that is the person's.
        return self._try(method, parameters, dataclasses.replace(options, pin=None), None)

    def _use_asking(self, method: str, parameters: Dict[str, Any], options: Options,
                    reason: Error) -> Dict[str, Any]:
        """Until the PIN is right, or whoever is asked has had enough."""
        assert callable(options.pin)
        while True:
            pin = options.pin(PinRequest(self.label, reason.token_id, reason.tries_left,
                                         isinstance(reason, AuthFailed)))
            if pin is None:
                raise UserCanceled("no PIN was given", record={"token_id": reason.token_id})
            try:
                return self._try(method, parameters, options, pin)
            except AuthFailed as error:
                reason = error

    def _try(self, method: str, parameters: Dict[str, Any], options: Options,
             pin: Optional[Pin]) -> Dict[str, Any]:
        with sealed(pin) as descriptors:
            return self.connection.call(
                f"org.keycask.Keys.{method}",
                {"key": encode(self.reference), **parameters, **options.parameters(pin)},
                descriptors=descriptors, timeout=options.timeout)


class KeyPair(NamedTuple):
    """What create_key makes."""

    private_key: Key
    public_key: Key


def reference_of(thing: Any) -> bytes:
    """The reference of a key, an identity, an item that was copied with one; or one itself."""
    if isinstance(thing, dict):
        thing = thing.get("value_persistent_ref") or thing.get("value_ref")
    thing = getattr(thing, "reference", thing)
    if isinstance(thing, (bytes, bytearray, memoryview)) and thing:
        return bytes(thing)
    raise TypeError("this has no reference: copy items with return_persistent_ref=True")


def references_of(things: List[Any]) -> List[str]:
    """For the wire."""
    return [encode(reference_of(thing)) for thing in things]
