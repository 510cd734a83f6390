# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of keycask-pkcs11.so share: a daemon with keys in its keychain, or with a card, a
session of that slot, and each key as OpenSSL has it (the package cryptography)."""
import contextlib
import hashlib

from cryptography.hazmat.primitives import hashes, serialization

from algorithm_peer import generate, private_bytes, public_bytes, type_of
from keycask_test import Card, Daemon, check, check_equal, eventually
from made_keys import add, b64
from pin_scene import configure
from pkcs11_client import Module, check_raises_p11, number
from pkcs11_relay import Relay

KEYCHAIN = 1
DATA = b"what is signed"
HASHES = ["SHA1", "SHA224", "SHA256", "SHA384", "SHA512"]
CLASSES = {"SHA1": hashes.SHA1, "SHA224": hashes.SHA224, "SHA256": hashes.SHA256,
           "SHA384": hashes.SHA384, "SHA512": hashes.SHA512}
MADE = {}


def made(kind):
    """One key of a kind for all tests of this program, as each has a process of its own."""
    if kind not in MADE:
        MADE[kind] = generate(kind)
    return MADE[kind]


def digest_of(name, data):
    return hashlib.new(name.lower(), data).digest()


def add_key(connection, private, **attributes):
    public = private.public_key()
    return add(connection, **{"class": "key"}, value_data=b64(private_bytes(private)),
               key_type=type_of(public), key_class="private", return_persistent_ref=True,
               **attributes)["value_persistent_ref"]


class Pair:
    """A key of the keychain: our handles of both halves, and OpenSSL's key."""

    def __init__(self, session, private, public=None):
        self.session = session
        self.private = private
        self.public = public or private.public_key()
        wanted = hashlib.sha1(public_bytes(self.public)).digest()
        self.key = session.find_one(CKA_CLASS="CKO_PRIVATE_KEY", CKA_ID=wanted)
        self.public_key = session.find_one(CKA_CLASS="CKO_PUBLIC_KEY", CKA_ID=wanted)

    def judge(self, mechanism, signature, data, verify, spoil=True):
        """OpenSSL and the module both say yes, and no to another signature."""
        verify(signature)
        self.session.verify(mechanism, self.public_key, data, signature)
        if spoil:
            wrong = signature[:-1] + bytes([signature[-1] ^ 1])
            check_raises_p11("CKR_SIGNATURE_INVALID", self.session.verify, mechanism,
                             self.public_key, data, wrong)

    def both(self, mechanism, data, verify, sign=None):
        """Our signature, in one part and, the same if it can be, in many; and OpenSSL's."""
        self.judge(mechanism, self.session.sign(mechanism, self.key, data), data, verify)
        parts = [data[:1], b"", data[1:]]
        self.judge(mechanism, self.session.sign_parts(mechanism, self.key, parts), data, verify,
                   spoil=False)
        if sign:
            self.session.verify(mechanism, self.public_key, data, sign())


class TokenScene(contextlib.ExitStack):
    """A daemon, a card in it, and a session of its slot; counts: on the way through a Relay."""

    def __init__(self, profile, pin=None, counts=False, **settings):
        super().__init__()
        self.counts = counts
        self.profile = profile
        self.pin = pin
        self.settings = settings

    def __enter__(self):
        self.daemon = self.enter_context(configure(Daemon(), **self.settings))
        self.card = self.enter_context(Card(self.profile))
        self.card.insert(self.daemon)
        self.token_id = self.daemon.wait_for_token()["token_id"]
        self.relay = self.enter_context(Relay(self.daemon)) if self.counts else None
        self.module = self.enter_context(
            Module(self.daemon, socket=self.relay.path if self.relay else None))
        self.slot = next(slot for slot in self.module.slots() if slot != KEYCHAIN)
        self.session = self.module.open(self.slot)
        if self.relay:
            self.wait_until_told()
        if self.pin:
            self.log_in()
        return self

    def wait_until_told(self):
        """The module has listed the token. That it is there is also told by the module's watcher, a
        moment later, and may then mean other items: what the module knows is asked for again."""
        eventually(lambda: self.relay.n_inserted, "the module's watcher is told of the token")
        self.module.slots()

    def log_in(self):
        self.session.login(self.pin)
        self.session.pin = self.pin

    def pair(self, key_type, **attributes):
        """The one key of that type, with OpenSSL's idea of its public half."""
        key = self.session.find_one(CKA_CLASS="CKO_PRIVATE_KEY", CKA_KEY_TYPE=key_type,
                                    **attributes)
        wanted = self.session.attribute(key, "CKA_ID")
        public = self.session.find_one(CKA_CLASS="CKO_PUBLIC_KEY", CKA_ID=wanted)
        info = self.session.attribute(public, "CKA_PUBLIC_KEY_INFO")
        return Pair(self.session, None, serialization.load_der_public_key(info))

    def check_mechanisms(self, there, missing=()):
        listed = self.module.mechanisms(self.slot)
        for name in there:
            check(number(name) in listed, f"no {name}")
            flags = self.module.mechanism_info(self.slot, name).flags
            check_equal(bool(flags & number("CKF_HW")), "SHA256" != name[4:], f"{name}'s CKF_HW")
        for name in missing:
            check(number(name) not in listed, f"{name} is listed")
            check_raises_p11("CKR_MECHANISM_INVALID", self.module.mechanism_info, self.slot, name)


class Scene(contextlib.ExitStack):
    """A daemon with keys of these kinds in its keychain, and a session of the keychain's slot."""

    def __init__(self, *kinds, **attributes):
        super().__init__()
        self.kinds = kinds
        self.attributes = attributes

    def __enter__(self):
        self.daemon = self.enter_context(Daemon())
        connection = self.enter_context(self.daemon.connect())
        for kind in self.kinds:
            add_key(connection, made(kind), label=kind, **self.attributes)
        self.module = self.enter_context(Module(self.daemon))
        self.session = self.module.open(KEYCHAIN)
        self.pairs = [Pair(self.session, made(kind)) for kind in self.kinds]
        return self

    @property
    def pair(self):
        return self.pairs[0]
