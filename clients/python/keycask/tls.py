# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS with an identity of the keychain, in Python's own ssl module: urllib, http.client, asyncio
and whatever else takes an SSLContext.

ssl wants private keys in files. OpenSSL itself has keys that are somewhere else: an RSA or EC_KEY
with a method of the program's own. load_identity() makes such a key by ctypes, in the library that
ssl uses, and gives it to the context's SSL_CTX; when a handshake wants a signature OpenSSL calls
back here, and the daemon makes it. What that relies on stands in openssl.py, which checks it: on
anything but CPython with OpenSSL 1.1.1 or 3, Unimplemented is raised before anything is touched.

TLS 1.2 and 1.3, RSA and EC keys. Ed25519 keys cannot be had this way.
"""
from __future__ import annotations

import ctypes
import functools
import ssl
import threading
import weakref
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Type

from .asking import Options
from .errors import Error, Internal, Unimplemented
from .identities import Identity
from .keys import Key
from .openssl import (CTRL_CHAIN, CTRL_CHAIN_CERT, CTRL_SET_CLIENT_SIGALGS_LIST,
                      CTRL_SET_SIGALGS_LIST, EC_SIGN, RSA_NO_PADDING, RSA_PKCS1_PADDING, RSA_SIGN,
                      OpenSSL, context_pointer, openssl)

PKCS1_ONLY = b"RSA+SHA256:RSA+SHA384:RSA+SHA512"
HASHES = {20: "_sha1", 28: "_sha224", 32: "_sha256", 48: "_sha384", 64: "_sha512"}
RSA_PADDINGS = {RSA_NO_PADDING: "rsa_signature_raw",
                RSA_PKCS1_PADDING: "rsa_signature_digest_pkcs1v15_raw"}

_signers: Dict[int, Tuple[Key, Dict[str, Any]]] = {}  # by the address of their RSA or EC_KEY


class _Trouble(threading.local):
    """Why the last signature of this thread could not be had."""

    error: Optional[BaseException] = None


_trouble = _Trouble()


# --- signatures, as OpenSSL asks for them --------------------------------------------------------


def _sign(address: int, algorithm: str, data: bytes, size: int) -> bytes:
    if address not in _signers:
        raise Internal("the SSLContext of this connection is gone, and its identity with it")
    key, options = _signers[address]
    signature = key.sign(algorithm, data, **options)
    if len(signature) > size:
        raise Internal(f"a signature of {len(signature)} bytes, which has room for {size}")
    return signature


def _sign_rsa(n: int, source: int, target: int, rsa: int, padding: int) -> int:
    """RSA_private_encrypt(3). PSS comes here as a block that is padded already."""
    try:
        if padding not in RSA_PADDINGS:
            raise Unimplemented(f"OpenSSL wants a signature with padding {padding}")
        signature = _sign(rsa, RSA_PADDINGS[padding], ctypes.string_at(source, n),
                          openssl().RSA_size(rsa))
        ctypes.memmove(target, signature, len(signature))
        return len(signature)
    except BaseException as error:  # pylint: disable=broad-except
        _trouble.error = error  # C cannot be passed through by it
        return -1


def _sign_ec(_type: int, digest: int, n: int, target: int, n_target: Any, _kinv: int, _r: int,
             key: int) -> int:
    """ECDSA_sign(3)."""
    try:
        signature = _sign(key, "ecdsa_signature_digest_x962" + HASHES.get(n, ""),
                          ctypes.string_at(digest, n), openssl().ECDSA_size(key))
        ctypes.memmove(target, signature, len(signature))
        n_target[0] = len(signature)
        return 1
    except BaseException as error:  # pylint: disable=broad-except
        _trouble.error = error
        return 0


class _Methods(NamedTuple):
    rsa: int
    ec: int


@functools.lru_cache(maxsize=None)
def _methods() -> _Methods:
    """Made once, and never freed: keys refer to them, and contexts may outlive this module when the
    interpreter ends. So the callbacks get a reference that nobody gives back."""
    library = openssl()
    callbacks = RSA_SIGN(_sign_rsa), EC_SIGN(_sign_ec)
    for callback in callbacks:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(callback))
    rsa = library.check(library.RSA_meth_dup(library.RSA_PKCS1_OpenSSL()), "a method")
    library.check(library.RSA_meth_set_priv_enc(rsa, callbacks[0]), "a method")
    ec_key = library.check(library.EC_KEY_METHOD_new(library.EC_KEY_OpenSSL()), "a method")
    library.EC_KEY_METHOD_set_sign(ec_key, callbacks[1], None, None)
    return _Methods(rsa, ec_key)


# --- keys that are somewhere else ----------------------------------------------------------------


class _ForeignKey:
    """An EVP_PKEY with a certificate's public key, and our method for the private one. Ours until
    free(); the address, by which a callback knows it, is that of the RSA or EC_KEY within."""

    def __init__(self, library: OpenSSL, certificate: int, key_type: str) -> None:
        self.library = library
        self.pkey = library.check(library.EVP_PKEY_new(), "a key")
        try:
            self.address = self._fill(certificate, key_type)
        except BaseException:
            self.free()
            raise

    def free(self) -> None:
        """Whoever else has a reference keeps it."""
        self.library.EVP_PKEY_free(self.pkey)

    def _fill(self, certificate: int, key_type: str) -> int:
        library = self.library
        public = library.check(library.X509_get_pubkey(certificate), "the certificate's public key")
        info = library.public_key_info(public)
        library.EVP_PKEY_free(public)
        if key_type == "rsa":
            rsa = library.from_der("d2i_RSA_PUBKEY", info, "the RSA key")
            done = (library.RSA_set_method(rsa, _methods().rsa)
                    and library.EVP_PKEY_set1_RSA(self.pkey, rsa))
            library.RSA_free(rsa)
            return int(library.check(rsa if done else 0, "the RSA key"))
        ec_key = library.from_der("d2i_EC_PUBKEY", info, "the EC key")
        done = (library.EC_KEY_set_method(ec_key, _methods().ec)
                and library.EVP_PKEY_set1_EC_KEY(self.pkey, ec_key))
        library.EC_KEY_free(ec_key)
        return int(library.check(ec_key if done else 0, "the EC key"))


def _forget(key: _ForeignKey) -> None:
    """The context is gone. Connections keep contexts, so none of them is left either."""
    _signers.pop(key.address, None)
    key.free()


def _is_pkcs1_only(context: ssl.SSLContext, identity: Identity) -> bool:
    """Some cards pad by themselves and only so. TLS 1.3 does not know such signatures."""
    if identity.key_type != "rsa" or identity.key.is_algorithm_supported("sign",
                                                                        "rsa_signature_raw"):
        return False
    older = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2)
    if context.maximum_version not in older:
        raise Unimplemented(f"the key of {identity.label} makes PKCS#1 signatures only, which TLS "
                            "1.3 does not take", hint="limit the context: "
                            "context.maximum_version = ssl.TLSVersion.TLSv1_2")
    return True


# --- contexts ------------------------------------------------------------------------------------


def _install(library: OpenSSL, pointer: int, certificates: List[int], key: _ForeignKey) -> None:
    """The context takes references of its own to all of it."""
    library.check(library.SSL_CTX_use_certificate(pointer, certificates[0]), "the certificate")
    library.check(library.SSL_CTX_use_PrivateKey(pointer, key.pkey), "the key")
    library.check(library.SSL_CTX_check_private_key(pointer), "the key")
    library.check(library.SSL_CTX_ctrl(pointer, CTRL_CHAIN, 0, None), "an empty chain")
    for certificate in certificates[1:]:
        library.check(library.SSL_CTX_ctrl(pointer, CTRL_CHAIN_CERT, 1, certificate), "the chain")


def _limit_signatures(library: OpenSSL, pointer: int, is_server: bool) -> None:
    command = CTRL_SET_SIGALGS_LIST if is_server else CTRL_SET_CLIENT_SIGALGS_LIST
    library.check(library.SSL_CTX_ctrl(pointer, command, 0, PKCS1_ONLY), "PKCS#1 signatures")


def load_identity(context: ssl.SSLContext, identity: Identity, **options: Any) -> None:
    """Have context prove with identity who we are: by its certificate, its chain, and signatures
    that the daemon makes during each handshake. SSLContext.load_cert_chain is not needed then.

    options are those of Key.sign: pin, prompt, ui, last_try, timeout. When a signature cannot be
    had the handshake ends with an exception that is both an ssl.SSLError and the class of this
    package that says why: AuthFailed, ItemNotFound, UserCanceled…

    A handshake waits for the signature, and so for the person who is asked; with asyncio that is
    the whole event loop.
    """
    Options(**options).parameters()
    if identity.key_type not in ("rsa", "ec"):
        raise Unimplemented(f"Python's ssl cannot use the {identity.key_type} key of "
                            f"{identity.label}", hint="choose with key_types=(\"rsa\", \"ec\")")
    library = openssl()
    pointer = context_pointer(context)
    is_limited = _is_pkcs1_only(context, identity)
    certificates: List[int] = []
    try:
        for der in (identity.certificate, *identity.chain):
            certificates.append(library.from_der("d2i_X509", der, "the certificate"))
        key = _ForeignKey(library, certificates[0], identity.key_type)
        _signers[key.address] = (identity.key, options)
        weakref.finalize(context, _forget, key).atexit = False
        _install(library, pointer, certificates, key)
    finally:
        for certificate in certificates:
            library.X509_free(certificate)
    if is_limited:
        _limit_signatures(library, pointer, context.protocol == ssl.PROTOCOL_TLS_SERVER)
    _have_errors_told(context)


def _told(call: Callable[..., Any], *arguments: Any) -> Any:
    """What call gives; when it fails because a signature could not be had, that is said instead."""
    _trouble.error = None
    try:
        return call(*arguments)
    except OSError as failure:
        trouble, _trouble.error = _trouble.error, None
        if trouble is None:
            raise
        raise _as_ssl_error(trouble) from failure


def _as_ssl_error(trouble: BaseException) -> BaseException:
    """The same error, of a class that those who wait for an SSLError wait for too: asyncio and
    urllib would not notice the end of the connection otherwise."""
    if not isinstance(trouble, Error):
        return trouble
    error: Error = _ssl_class(type(trouble))(trouble.message)
    vars(error).update(vars(trouble))
    return error


def _ssl_class(kind: Type[Error]) -> Type[Error]:
    return type(kind.__name__, (kind, ssl.SSLError), {"__module__": kind.__module__,
                                                      "__doc__": kind.__doc__})


class _Telling:  # pylint: disable=no-member
    """Mixed into the class of a context's connections. A handshake can also happen while reading:
    with TLS 1.3 a server may ask for the certificate later."""

    def do_handshake(self, *arguments: Any) -> Any:
        """See ssl.SSLSocket."""
        return _told(super().do_handshake, *arguments)  # type: ignore[misc]

    def read(self, *arguments: Any) -> Any:
        """See ssl.SSLSocket."""
        return _told(super().read, *arguments)  # type: ignore[misc]


def _telling_class(kind: type) -> type:
    return kind if issubclass(kind, _Telling) else type(kind.__name__, (_Telling, kind), {})


def _have_errors_told(context: ssl.SSLContext) -> None:
    context.sslsocket_class = _telling_class(context.sslsocket_class)
    context.sslobject_class = _telling_class(context.sslobject_class)
