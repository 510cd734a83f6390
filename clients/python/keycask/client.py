# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs: items, keys, identities, tokens. One Client is one context: a PIN that was given in it
serves no other."""
from __future__ import annotations

import os
from typing import Any, Dict, Iterable, List, Mapping, Optional, Union

from .asking import Options, Pin, ask_for_items, sealed, sealed_with_end
from .connection import OPERATION_S, Connection
from .errors import ItemNotFound
from .identities import (Choice, Identity, identity_of_candidate, identity_of_item, left_out_of)
from .keys import Key, KeyPair, reference_of
from .tokens import Token, Watch, made_of
from .values import decode, encode, from_wire, to_wire

Item = Dict[str, Any]


class Client:
    """A client of keycaskd. Any thread may use it, and a child after fork() too.

    Connects when first used, and starts the daemon when nobody listens. path names another socket
    than the one that all programs of this user share; no daemon is started for it.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]", None] = None, *,
                 starts: bool = True) -> None:
        self.connection = Connection(path, starts)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Forget the connection and what was proved over it; the next call opens another."""
        self.connection.close()

    def cancel(self) -> None:
        """From another thread: the call that is under way ends with UserCanceled."""
        self.connection.cancel()

    # --- items ---------------------------------------------------------------------------------

    def copy_matching(self, query: Optional[Mapping[str, Any]] = None, **keys: Any) -> List[Item]:
        """The items that match: at most match_limit of them, one when that is absent, with what
        return_… asks for. Keys are those of docs/vocabulary.md, class_ for "class". ItemNotFound
        when there is none."""
        wanted = to_wire({**(query or {}), **keys})
        interaction, timeout = ask_for_items(wanted)
        pages = self.connection.pages("org.keycask.Items.CopyMatching",
                                      {"query": wanted, **interaction}, timeout)
        return [from_wire(item) for page in pages for item in page["items"]]

    def find(self, item_class: str, **attributes: Any) -> List[Item]:
        """All items of that class with these attributes; each has its attributes and its
        value_persistent_ref. An empty list when there is none."""
        query = {"class": item_class, "match_limit": "all", "return_attributes": True,
                 "return_persistent_ref": True}
        try:
            return self.copy_matching(query, **attributes)
        except ItemNotFound:
            return []

    def add(self, item: Optional[Mapping[str, Any]] = None, **keys: Any) -> Optional[Item]:
        """Add an item: class_, attributes, value_data; what return_… asks for, or None."""
        wanted = to_wire({**(item or {}), **keys})
        interaction, timeout = ask_for_items(wanted)
        answer = self.connection.call("org.keycask.Items.Add", {"item": wanted, **interaction},
                                      timeout=timeout)
        return from_wire(answer["item"]) if answer.get("item") else None

    def update(self, query: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
        """Change all items that match, or none of them."""
        wanted = to_wire(query)
        interaction, timeout = ask_for_items(wanted)
        self.connection.call("org.keycask.Items.Update", {
            "query": wanted, "changes": to_wire(changes), **interaction}, timeout=timeout)

    def delete(self, query: Optional[Mapping[str, Any]] = None, **keys: Any) -> None:
        """Delete all items that match."""
        wanted = to_wire({**(query or {}), **keys})
        interaction, timeout = ask_for_items(wanted)
        self.connection.call("org.keycask.Items.Delete", {"query": wanted, **interaction},
                             timeout=timeout)

    # --- keys ----------------------------------------------------------------------------------

    def key(self, thing: Any) -> Key:
        """The key of an item that was copied with a reference, or of a reference. Asks nobody."""
        label = thing.get("label") if isinstance(thing, dict) else getattr(thing, "label", None)
        return Key(self.connection, reference_of(thing), label)

    def create_key(self, key_type: str, key_size_in_bits: Optional[int] = None, *,
                   administrator: Optional[Pin] = None, ui: str = "allow",
                   prompt: Optional[str] = None, timeout: Optional[float] = OPERATION_S,
                   **attributes: Any) -> KeyPair:
        """A new key pair. Permanent (an item) with is_permanent=True, or on a token with token_id;
        otherwise it ends with this client. administrator: what the token's administrator has to
        prove, a PIN or a management key in hexadecimal; else a person is asked."""
        wanted: Dict[str, Any] = {"key_type": key_type, **attributes}
        if key_size_in_bits is not None:
            wanted["key_size_in_bits"] = key_size_in_bits
        parameters = {"attributes": to_wire(wanted),
                      **Options(ui=ui, prompt=prompt).parameters()}
        with sealed(administrator) as descriptors:
            if descriptors:
                parameters["administrator_fd"] = 0
            answer = self.connection.call("org.keycask.Keys.Create", parameters,
                                          descriptors=descriptors, timeout=timeout)
        return KeyPair(Key(self.connection, decode(answer["key"]), attributes.get("label")),
                       Key(self.connection, decode(answer["public_key"]), attributes.get("label")))

    def import_key(self, data: bytes, *, passphrase: Optional[str] = None,
                   administrator: Optional[Pin] = None, ui: str = "allow",
                   prompt: Optional[str] = None, timeout: Optional[float] = OPERATION_S,
                   **attributes: Any) -> Key:
        """A key from its external representation, PKCS#1, PKCS#8, SEC 1 or SubjectPublicKeyInfo, in
        DER or PEM. Permanent with is_permanent=True, or on a token with token_id, whose
        administrator is as in create_key; otherwise it ends with this client."""
        parameters: Dict[str, Any] = {"data": encode(data), "attributes": to_wire(attributes),
                                      **Options(ui=ui, prompt=prompt).parameters()}
        if passphrase is not None:
            parameters["passphrase"] = passphrase
        with sealed_with_end(administrator) as descriptors:
            if descriptors:
                parameters.update(secrets_fd=0, secrets=["administrator"])
            answer = self.connection.call("org.keycask.Keys.Import", parameters,
                                          descriptors=descriptors, timeout=timeout)
        return Key(self.connection, decode(answer["key"]), attributes.get("label"))

    # --- identities ----------------------------------------------------------------------------

    def identity(self, thing: Any) -> Identity:
        """The identity of an item or a reference, without its chain."""
        (item,) = self.copy_matching(class_="identity", value_persistent_ref=reference_of(thing),
                                     return_attributes=True, return_data=True,
                                     return_persistent_ref=True)
        return identity_of_item(self.connection, item)

    def choose(self, purpose: str, **wishes: Any) -> Identity:
        """The identity that fits best: choose("tls-client", host="shop.example.org"). Wishes are
        those of choose_all. ItemNotFound says why none fits, in its hint."""
        choice = self.choose_all(purpose, **wishes)
        if choice.identities:
            return choice.identities[0]
        reasons = [f"{one.label}: {'; '.join(one.reasons)}" for one in choice.left_out]
        raise ItemNotFound(f"no identity fits {purpose}",
                           hint=reasons[0] if reasons else "insert a card, or add an identity")

    def choose_all(self, purpose: str, *, host: Optional[str] = None,
                   issuers: Optional[Iterable[bytes]] = None,
                   key_types: Optional[Iterable[str]] = None,
                   algorithms: Optional[Iterable[str]] = None) -> Choice:
        """Identities for "tls-client", "tls-server", "ssh", "sign", "decrypt" or "login", best
        first, and why the others do not fit. issuers are DER Names that the chain must lead to;
        key_types and algorithms limit to those. Touches no token."""
        wishes = {"host": host, "issuers": issuers, "key_types": key_types,
                  "algorithms": algorithms}
        parameters = {name: to_wire(value if isinstance(value, str) else list(value))
                      for name, value in wishes.items() if value is not None}
        answer = self.connection.call(
            "org.keycask.Identities.Choose",
            {"purpose": purpose.replace("-", "_"), "explain": True, **parameters}, repeats=True)
        return Choice([identity_of_candidate(self.connection, fields)
                       for fields in answer["identities"]],
                      [left_out_of(fields) for fields in answer["left_out"]])

    # --- tokens --------------------------------------------------------------------------------

    def tokens(self) -> List[Token]:
        """The tokens that are present."""
        answer = self.connection.call("org.keycask.Tokens.List", repeats=True)
        return [made_of(Token, fields) for fields in answer["tokens"]]

    def token(self, token_id: str) -> Token:
        """One of them, or ItemNotFound."""
        answer = self.connection.call("org.keycask.Tokens.Info", {"token_id": token_id},
                                      repeats=True)
        found: Token = made_of(Token, answer["token"])
        return found

    def watch(self) -> Watch:
        """News of tokens, over a connection of its own."""
        return Watch(self.connection)

    def verify_pin(self, token_id: str, pin: Optional[Pin] = None, *, ui: str = "allow",
                   prompt: Optional[str] = None, last_try: bool = False,
                   timeout: Optional[float] = OPERATION_S) -> Optional[int]:
        """Authenticate this client to a token, for what follows; without pin a person is asked. How
        many tries are left."""
        options = Options(ui=ui, prompt=prompt, last_try=last_try)
        with sealed(pin) as descriptors:
            answer = self.connection.call(
                "org.keycask.Tokens.VerifyPin",
                {"token_id": token_id, **options.parameters(pin)}, descriptors=descriptors,
                timeout=timeout)
        return answer.get("tries_left")

    def put_certificate(self, token_id: str, certificate: bytes, *,
                        token_object: Optional[str] = None, may_replace: bool = False,
                        may_mismatch: bool = False, administrator: Optional[Pin] = None,
                        ui: str = "allow", prompt: Optional[str] = None, last_try: bool = False,
                        timeout: Optional[float] = OPERATION_S) -> bytes:
        """Put a certificate (DER) on a token, where token_object says or where its key is. Another
        one is lost only when may_replace, and the key there must be its own unless may_mismatch.
        Its persistent reference."""
        wanted = {"token_id": token_id, "data": encode(certificate), "token_object": token_object,
                  "may_replace": may_replace, "may_mismatch": may_mismatch}
        answer = self._administrate("org.keycask.Tokens.PutCertificate", wanted, administrator,
                                    Options(ui=ui, prompt=prompt, last_try=last_try), timeout)
        return decode(answer["certificate"])

    def delete_object(self, thing: Any, *, administrator: Optional[Pin] = None, ui: str = "allow",
                      prompt: Optional[str] = None, last_try: bool = False,
                      timeout: Optional[float] = OPERATION_S) -> None:
        """Delete a certificate or a private key of a token for good: an item, or its reference.
        Unimplemented where the token cannot."""
        self._administrate("org.keycask.Tokens.DeleteObject",
                           {"reference": encode(reference_of(thing))}, administrator,
                           Options(ui=ui, prompt=prompt, last_try=last_try), timeout)

    def _administrate(self, method: str, wanted: Dict[str, Any], administrator: Optional[Pin],
                      options: Options, timeout: Optional[float]) -> Dict[str, Any]:
        parameters = {name: value for name, value in wanted.items() if value is not None}
        parameters.update(options.parameters())
        with sealed(administrator) as descriptors:
            if descriptors:
                parameters["administrator_fd"] = 0
            return self.connection.call(method, parameters, descriptors=descriptors,
                                        timeout=timeout)
