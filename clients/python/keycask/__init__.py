# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycask from Python: passwords, certificates and keys of the keychain and of the smart cards that
are in. Standard library only, and no code of keycask's in the process: all of it happens over a
socket (docs/protocol.md).

    import keycask

    me = keycask.choose("tls-client", host="shop.example.org")
    signature = me.sign(me.algorithms[0], b"hello")

The functions of this module are the methods of a Client that all of the program shares.
"""
from __future__ import annotations

from .asking import Options, PinRequest
from .client import Client
from .connection import Connection
from .errors import *  # noqa: F403 pylint: disable=wildcard-import
from .errors import __all__ as _errors
from .identities import Choice, Identity, LeftOut
from .keys import Key, KeyPair, PublicKey
from .tls import load_identity
from .tokens import Event, Token, Watch

__version__ = "1.1.0"

default_client = Client()

add = default_client.add
choose = default_client.choose
choose_all = default_client.choose_all
close = default_client.close
copy_matching = default_client.copy_matching
create_key = default_client.create_key
delete = default_client.delete
delete_object = default_client.delete_object
find = default_client.find
identity = default_client.identity
import_key = default_client.import_key
key = default_client.key
put_certificate = default_client.put_certificate
token = default_client.token
tokens = default_client.tokens
update = default_client.update
verify_pin = default_client.verify_pin
watch = default_client.watch

__all__ = [
    *_errors, "Choice", "Client", "Connection", "Event", "Identity", "Key", "KeyPair", "LeftOut",
    "Options", "PinRequest", "PublicKey", "Token", "Watch", "add", "choose", "choose_all", "close",
    "copy_matching", "create_key", "default_client", "delete", "delete_object", "find", "identity",
    "import_key", "key", "load_identity", "put_certificate", "token", "tokens", "update",
    "verify_pin", "watch",
]
