# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys and certificates that openssl makes, in the form in which the keychain takes them, and items
made of them."""
import base64
import hashlib
import pathlib
import tempfile

from keycask_test import check, openssl, scratch

WIDTHS = {"P-256": 32, "P-384": 48, "P-521": 66}
SIZES = {"ed25519": 32, "x25519": 32, "ed448": 57, "x448": 56}
NO_PROMPT = {"authentication_ui": "fail"}


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text)


def file_with(data, suffix=".pem"):
    path = pathlib.Path(tempfile.mktemp(prefix="made", suffix=suffix, dir=scratch()))
    path.write_bytes(data)
    return path


class MadeKey:
    """A private key of kind "rsa2048", "P-256", "ed25519"…: in files for openssl, and as bytes. pem:
    one that was made before."""

    def __init__(self, kind, pem=None):
        self.kind = kind
        if kind.startswith("rsa"):
            arguments = ["RSA", "-pkeyopt", "rsa_keygen_bits:" + kind[3:]]
        elif kind in WIDTHS:
            arguments = ["EC", "-pkeyopt", "ec_paramgen_curve:" + kind]
        else:
            arguments = [kind]
        self.pem = pem or openssl("genpkey", "-algorithm", *arguments)
        self.path = file_with(self.pem)
        self.public_path = file_with(openssl("pkey", "-in", self.path, "-pubout"))
        self.type = "rsa" if kind.startswith("rsa") else "ec" if kind in WIDTHS else kind

    @property
    def public(self):
        """As Apple has it: PKCS#1, the point, the bytes."""
        if self.type == "rsa":
            return openssl("rsa", "-in", self.path, "-RSAPublicKey_out", "-outform", "DER")
        length = 1 + 2 * WIDTHS[self.kind] if self.type == "ec" else SIZES[self.kind]
        return openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-length:]

    @property
    def private(self):
        if self.type == "rsa":
            return openssl("rsa", "-in", self.path, "-traditional", "-outform", "DER")
        if self.type != "ec":
            return openssl("pkey", "-in", self.path, "-outform", "DER")[-SIZES[self.kind]:]
        sec1 = openssl("ec", "-in", self.path, "-outform", "DER")
        # RFC 5915: SEQUENCE { INTEGER 1, OCTET STRING K, … }
        at = sec1.index(b"\x02\x01\x01\x04") + 5
        return self.public + sec1[at:at + WIDTHS[self.kind]]

    @property
    def hash(self):
        return hashlib.sha1(self.public).digest()

    def certificate(self, name="Jo", *arguments, issuer=None):
        """PEM; signed by itself, or by issuer, a MadeAuthority."""
        if issuer is None:
            return openssl("req", "-x509", "-new", "-key", self.path, "-subj", f"/CN={name}",
                           *arguments)
        return issuer.issue(self, name)


class MadeAuthority(MadeKey):
    def __init__(self, name="Root", issuer=None):
        super().__init__("P-256")
        self.name = name
        self.pem_certificate = (
            issuer.issue(self, name, "basicConstraints=critical,CA:TRUE") if issuer else
            openssl("req", "-x509", "-new", "-key", self.path, "-subj", f"/CN={name}",
                    "-days", "3000", "-addext", "keyUsage=critical,keyCertSign"))
        self.certificate_path = file_with(self.pem_certificate)

    @property
    def der(self):
        return der_of(self.pem_certificate)

    def issue(self, key, name, *extensions, days=300, digest="sha256"):
        request = file_with(openssl("req", "-new", "-key", key.path, "-subj", f"/CN={name}"), ".csr")
        return openssl("x509", "-req", "-in", request, "-CA", self.certificate_path,
                       "-CAkey", self.path, "-days", str(days), f"-{digest}", "-set_serial",
                       str(int.from_bytes(key.hash[:8], "big") + 1),
                       *(["-extfile", file_with("\n".join(extensions).encode(), ".cnf")]
                         if extensions else []))


def der_of(pem):
    return openssl("x509", "-outform", "DER", input=pem)


def add(connection, **keys):
    return connection.call("Items.Add", {"item": keys}).get("item")


def find(connection, **keys):
    return connection.call("Items.CopyMatching", {"query": keys})["items"]


def add_key(connection, key, **attributes):
    """The persistent reference of the item that key becomes."""
    item = add(connection, **{"class": "key"}, value_data=b64(key.private), key_type=key.type,
               key_class="private", return_persistent_ref=True, **attributes)
    return item["value_persistent_ref"]


def use(connection, method, reference, algorithm, result, **parameters):
    answer = connection.call(f"Keys.{method}", {
        "key": reference, "algorithm": algorithm, "interaction": NO_PROMPT, **parameters})
    check(list(answer) == [result], f"the answer has {list(answer)}")
    return unb64(answer[result])


def sign(connection, reference, algorithm, data):
    return use(connection, "Sign", reference, algorithm, "signature", data=b64(data))
