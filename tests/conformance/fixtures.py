# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates and keys for the tables, by openssl: root signs middle, middle signs leaf and twin
(one key, two certificates) and other (another key, e-mail address); rsa and lone are on their own."""
import datetime
import hashlib
import pathlib

from der import Certificate, children
from keycask_test import openssl, scratch
from language import Data

EXTENSIONS = {
    "root": "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n",
    "middle": "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n",
    "leaf": "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:leaf.example,DNS:*.wild.example\n"
            "subjectKeyIdentifier=hash\n",
    "twin": "extendedKeyUsage=clientAuth\nsubjectKeyIdentifier=none\n",
    "other": "extendedKeyUsage=emailProtection\nsubjectAltName=email:Jane@Example.org\n",
    "rsa": "subjectKeyIdentifier=hash\n",
    "lone": "subjectKeyIdentifier=hash\n",
}
SUBJECTS = {"root": "/C=XX/O=Keycask/CN=Root", "middle": "/C=XX/O=Keycask/CN=Middle",
            "leaf": "/O=Keycask/CN=leaf.example", "twin": "/O=Keycask/CN=Twin",
            "other": "/O=Keycask/CN=Jane", "rsa": "/CN=rsa", "lone": "/CN=lone"}
ISSUERS = {"middle": "root", "leaf": "middle", "twin": "middle", "other": "middle"}


def _key(folder, name):
    path = folder / f"{name}.key"
    kind = ("RSA", "-pkeyopt", "rsa_keygen_bits:2048") if name == "rsa" else \
        ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    openssl("genpkey", "-algorithm", *kind, "-out", path)
    return path


def _certificate(folder, name, key):
    path = folder / f"{name}.pem"
    issuer = ISSUERS.get(name)
    extensions = folder / f"{name}.ext"
    extensions.write_text(EXTENSIONS[name])
    request = openssl("req", "-new", "-key", key, "-subj", SUBJECTS[name])
    signer = ("-signkey", key) if issuer is None else \
        ("-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key")
    openssl("x509", "-req", *signer, "-days", "3650", "-extfile", extensions, "-out", path,
            "-set_serial", str(4096 + len(list(folder.glob("*.pem")))), input=request)
    return path


def _date(text, seconds=0):
    """UTCTime as RFC 3339."""
    moment = datetime.datetime.strptime(text.decode(), "%y%m%d%H%M%SZ")
    return (moment + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _raw_private(path, public):
    """Reference 5.5: PKCS#1, or 04, X, Y, K."""
    der = openssl("pkey", "-in", path, "-outform", "DER", "-traditional")
    if "rsa" in path.name:
        return der
    return public + children(children(der)[0][1])[1][1]


def _facts(name, key, certificate):
    pem = certificate.read_bytes()
    found = Certificate(openssl("x509", "-in", certificate, "-outform", "DER"))
    start, end = [text for _, text in children(children(children(children(found.der)[0][1])[0][1])
                                               [4][1])]
    key_pem = key.read_bytes()
    raw = _raw_private(key, found.public_key)
    return {
        name: Data(found.der), f"{name}.subject": Data(found.subject),
        f"{name}.issuer": Data(found.issuer), f"{name}.serial": Data(found.serial_number),
        f"{name}.hash": Data(found.public_key_hash), f"{name}.public": Data(found.public_key),
        f"{name}.skid": Data(found.public_key_hash), f"{name}.key": Data(raw),
        f"{name}.identity": Data(pem + key_pem), f"{name}.sha256": Data(
            hashlib.sha256(found.der).digest()),
        f"{name}.normal_subject": Data(_normal(found.subject)),
        f"{name}.normal_issuer": Data(_normal(found.issuer)),
        f"{name}.name": Data(_sequence(found.subject)),
        f"{name}.start": _date(start), f"{name}.end": _date(end),
        f"{name}.early": _date(start, -1), f"{name}.late": _date(end, 1),
    }


def _normal(content):
    """Texts as UTF-8 and in lower case: what these names have in them becomes no longer by it."""
    sets = b""
    for _, pairs in children(content):
        tag_and_value = children(pairs)[0][1]
        (_, kind), (_, text) = children(tag_and_value)
        pair = b"\x06" + bytes([len(kind)]) + kind + b"\x0c" + bytes([len(text)]) + text.lower()
        inner = b"\x30" + bytes([len(pair)]) + pair
        sets += b"\x31" + bytes([len(inner)]) + inner
    return sets


def _sequence(content):
    """A whole Name around the content of one."""
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
    return b"\x30" + length + content


def make(folder=None):
    """{name: value} for the tables' variables."""
    folder = pathlib.Path(folder or scratch() / "fixtures")
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    keys = {}
    for name in SUBJECTS:
        keys[name] = keys["leaf"] if name == "twin" else _key(folder, name)
        found.update(_facts(name, keys[name], _certificate(folder, name, keys[name])))
    found["mismatch"] = Data((folder / "leaf.pem").read_bytes() + keys["other"].read_bytes())
    found["symmetric"] = Data(bytes(range(32)))
    return found
