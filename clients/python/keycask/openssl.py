# SPDX-License-Identifier: LGPL-2.1-or-later
"""The OpenSSL that Python's ssl module has loaded, by ctypes: just what tls.py needs of it.

Every prototype stands in OpenSSL's manual pages, of 1.1.1 as of 3.x: RSA_meth_new(3),
EC_KEY_METHOD_new(3), d2i_X509(3), SSL_CTX_use_certificate(3). One thing stands nowhere: where
CPython keeps the SSL_CTX of an SSLContext. context_pointer() looks and makes sure of it.
"""
from __future__ import annotations

import ctypes
import functools
import os
import ssl
import sys
from typing import Any, Optional

from .errors import Param, Unimplemented

RSA_PKCS1_PADDING = 1
RSA_NO_PADDING = 3
CTRL_CHAIN = 88
CTRL_CHAIN_CERT = 89
CTRL_SET_SIGALGS_LIST = 98
CTRL_SET_CLIENT_SIGALGS_LIST = 102
WORDS = 8

P = ctypes.c_void_p
INT = ctypes.c_int
TEXT = ctypes.c_char_p

# int rsa_priv_enc(int n, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
RSA_SIGN = ctypes.CFUNCTYPE(INT, INT, P, P, P, INT)
# int sign(int type, const unsigned char *digest, int n, unsigned char *sig, unsigned int *n_sig,
#          const BIGNUM *kinv, const BIGNUM *r, EC_KEY *key)
EC_SIGN = ctypes.CFUNCTYPE(INT, INT, P, INT, P, ctypes.POINTER(ctypes.c_uint), P, P, P)

PROTOTYPES = {
    "SSL_CTX_use_certificate": (INT, P, P),
    "SSL_CTX_use_PrivateKey": (INT, P, P),
    "SSL_CTX_check_private_key": (INT, P),
    "SSL_CTX_ctrl": (ctypes.c_long, P, INT, ctypes.c_long, P),
    "TLS_method": (P,),
    "TLS_client_method": (P,),
    "TLS_server_method": (P,),
    "d2i_X509": (P, P, ctypes.POINTER(TEXT), ctypes.c_long),
    "X509_free": (None, P),
    "X509_get_pubkey": (P, P),
    "i2d_PUBKEY": (INT, P, ctypes.POINTER(P)),
    "d2i_RSA_PUBKEY": (P, P, ctypes.POINTER(TEXT), ctypes.c_long),
    "d2i_EC_PUBKEY": (P, P, ctypes.POINTER(TEXT), ctypes.c_long),
    "EVP_PKEY_new": (P,),
    "EVP_PKEY_free": (None, P),
    "EVP_PKEY_set1_RSA": (INT, P, P),
    "EVP_PKEY_set1_EC_KEY": (INT, P, P),
    "RSA_PKCS1_OpenSSL": (P,),
    "RSA_meth_dup": (P, P),
    "RSA_meth_set_priv_enc": (INT, P, RSA_SIGN),
    "RSA_set_method": (INT, P, P),
    "RSA_size": (INT, P),
    "RSA_free": (None, P),
    "EC_KEY_OpenSSL": (P,),
    "EC_KEY_METHOD_new": (P, P),
    "EC_KEY_METHOD_set_sign": (None, P, EC_SIGN, P, P),
    "EC_KEY_set_method": (INT, P, P),
    "EC_KEY_free": (None, P),
    "ECDSA_size": (INT, P),
    "ERR_get_error": (ctypes.c_ulong,),
    "ERR_clear_error": (None,),
    "ERR_error_string_n": (None, ctypes.c_ulong, TEXT, ctypes.c_size_t),
}


class OpenSSL:
    """The functions of PROTOTYPES as attributes. Looked up through the _ssl module itself, so that
    it is the library that _ssl uses, even when another one is in the process."""

    def __init__(self) -> None:
        if sys.implementation.name != "cpython" or sys.platform != "linux":
            raise Unimplemented(
                f"loading an identity into an SSLContext takes CPython on Linux, and this is "
                f"{sys.implementation.name} on {sys.platform}")
        module = sys.modules["_ssl"]
        library = ctypes.CDLL(getattr(module, "__file__", None))
        for name, (result, *arguments) in PROTOTYPES.items():
            try:
                function = getattr(library, name)
            except AttributeError:
                raise Unimplemented(f"this Python's {ssl.OPENSSL_VERSION} does not offer {name}, "
                                    "which takes an identity into an SSLContext") from None
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)  # for type checkers: those that are there are in __dict__

    def check(self, result: Any, what: str) -> Any:
        """result, unless it says that this has failed."""
        if result:
            return result
        text = ctypes.create_string_buffer(256)
        self.ERR_error_string_n(self.ERR_get_error(), text, len(text))
        self.ERR_clear_error()
        raise Param(f"OpenSSL refuses {what}: {text.value.decode(errors='replace')}")

    def from_der(self, function: str, der: bytes, what: str) -> int:
        """A d2i function."""
        text = TEXT(der)
        return int(self.check(getattr(self, function)(None, ctypes.byref(text), len(der)), what))

    def public_key_info(self, key: int) -> bytes:
        """i2d_PUBKEY, into memory of ours."""
        size = self.check(max(0, self.i2d_PUBKEY(key, None)), "the public key")
        buffer = ctypes.create_string_buffer(size)
        self.i2d_PUBKEY(key, ctypes.byref(P(ctypes.addressof(buffer))))
        return buffer.raw


@functools.lru_cache(maxsize=None)
def openssl() -> OpenSSL:
    """The one there is."""
    return OpenSSL()


def _peek(address: int, n_words: int) -> Optional[ctypes.Array[ctypes.c_size_t]]:
    """Memory that may not be there: the kernel, asked to write it into a pipe, refuses (EFAULT)
    where we would crash."""
    words = (ctypes.c_size_t * n_words)()
    size = ctypes.sizeof(words)
    write = ctypes.CDLL(None, use_errno=True).write
    write.argtypes, write.restype = (INT, P, ctypes.c_size_t), ctypes.c_ssize_t
    reader, writer = os.pipe()
    try:
        if write(writer, address, size) != size:
            return None
        ctypes.memmove(words, os.read(reader, size), size)
    finally:
        os.close(reader)
        os.close(writer)
    return words


def context_pointer(context: ssl.SSLContext) -> int:
    """The SSL_CTX of an SSLContext. In every CPython it is the first thing behind the object's
    head. An SSL_CTX has its SSL_METHOD among its first words, and which one follows from the
    protocol: that is looked for before the pointer is used."""
    library = openssl()
    methods = {ssl.PROTOCOL_TLS: library.TLS_method,
               ssl.PROTOCOL_TLS_CLIENT: library.TLS_client_method,
               ssl.PROTOCOL_TLS_SERVER: library.TLS_server_method}
    if context.protocol not in methods:
        raise Param(f"an SSLContext of {context.protocol!r}",
                    hint="make it with ssl.create_default_context()")
    head = _peek(id(context) + object.__basicsize__, 1)
    words = _peek(head[0], WORDS) if head and head[0] else None
    if not words or methods[context.protocol]() not in list(words):
        raise Unimplemented(f"Python {sys.version.split()[0]} keeps its SSL_CTX in a place that is "
                            "not known here")
    assert head
    return int(head[0])
