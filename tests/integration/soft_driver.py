# SPDX-License-Identifier: LGPL-2.1-or-later
"""A driver in Python whose keys are files of openssl: for tokens that have no certificates, that pad
by themselves, or that lie. The daemon, its keycask-slot and its keycask-x509 are real; the card in
the slot is there only so that the driver is started.

    token = SoftToken()
    token.add("decipher", "rsa:2048", operations=["rsa_encryption_raw"], can_decrypt=True)
    with token.daemon() as daemon, Card("piv:9a=p256") as card:
        card.insert(daemon)
        key = token.find(daemon, "decipher")

Any method's answer can be replaced: lies={"Decrypt": {"plaintext": "AA=="}}, a status, or
a status and a status word. "Enumerate after DeleteObject": once that has been called.
"""
import base64
import json

from keycask_test import BUILD, SOURCE, Daemon, openssl, scratch

TOKEN_ID = "org.example.soft:SOFT"
RAW_KEYS = ("ed25519", "x25519")
EC_POINTS = {"P-256": 65, "P-384": 97, "P-521": 133, "secp256k1": 65}
BAD_PARAMETER = -70008
COMMUNICATION = -70002

DRIVER = """#!/usr/bin/env python3
import base64, json, os, pathlib, socket, subprocess, sys

control = socket.socket(fileno=3)
folder = pathlib.Path(__file__).parent / "soft"
settings = json.loads((folder / "settings.json").read_text())
authenticated = set()
tries = 3
lies_text = None
called = set()  # since there are other lies


class Failed(Exception):
    pass


def openssl(*arguments, data=b""):
    (folder / "in").write_bytes(data)
    done = subprocess.run(["openssl", *map(str, arguments), "-in", str(folder / "in")],
                          capture_output=True)
    if done.returncode != 0:
        raise Failed(-70008)
    return done.stdout


def key_of(call):
    return folder / (base64.b64decode(call["object_id"]).decode() + ".pem")


def check(call):
    constraint = settings["constraints"][base64.b64decode(call["object_id"]).decode()]
    session = call["turn"]["session"]
    if constraint != "none" and session not in authenticated:
        raise Failed(-70009)
    if constraint == "pin_always":
        authenticated.discard(session)


def transform(call, *words):
    check(call)
    return base64.b64encode(openssl(*words, "-inkey", key_of(call),
                                    data=base64.b64decode(call["data"]))).decode()


# pkeyutl signs nothing longer than a hash
SIGN = {"rsa_signature_raw": ("rsautl", "-raw"),
        "rsa_signature_digest_pkcs1v15_raw": ("rsautl", "-pkcs"),
        "ecdsa_signature_digest_x962": ("pkeyutl",),
        "eddsa_signature_message_ed25519": ("pkeyutl", "-rawin")}
PADDING = {"rsa_encryption_raw": "none", "rsa_encryption_pkcs1": "pkcs1"}


def sign(call):
    return {"signature": transform(call, *SIGN[call["algorithm"]], "-sign")}


def decrypt(call):
    return {"plaintext": transform(call, "pkeyutl", "-decrypt", "-pkeyopt",
                                   "rsa_padding_mode:" + PADDING[call["algorithm"]])}


def exchange(call):
    check(call)
    point = base64.b64decode(call["public_key"])
    own = subprocess.run(["openssl", "pkey", "-in", key_of(call), "-pubout", "-outform", "DER"],
                         capture_output=True, check=True).stdout
    (folder / "peer").write_bytes(own[:-len(point)] + point)
    done = subprocess.run(["openssl", "pkeyutl", "-derive", "-inkey", key_of(call), "-peerkey",
                           folder / "peer", "-peerform", "DER"], capture_output=True)
    if done.returncode != 0:
        raise Failed(-70008)
    return {"secret": base64.b64encode(done.stdout).decode()}


def authenticate(call):
    global tries
    if call.get("pin") != "123456":
        tries -= 1
        authenticated.clear()
        raise Failed(-70005)
    tries = 3
    authenticated.add(call["turn"]["session"])
    return {}


METHODS = {
    "Open": lambda call: {"instance_id": "SOFT", "label": "a soft token"},
    "Enumerate": lambda call: {"objects": settings["objects"]},
    "PinStatus": lambda call: {"tries_left": tries},
    "Authenticate": authenticate,
    "Sign": sign,
    "Decrypt": decrypt,
    "Exchange": exchange,
}


def lie_about(method):
    global lies_text
    text = (folder / "lies.json").read_text()
    if text != lies_text:
        lies_text = text
        called.clear()
    lies = json.loads(text)
    later = [lies[name] for name in (method + " after " + other for other in called) if name in lies]
    called.add(method)
    return later[0] if later else lies.get(method)


def answer(method, call):
    lie = lie_about(method)
    with open(folder / "calls", "a") as calls:
        calls.write(method + "\\n")
    try:
        if isinstance(lie, int):
            raise Failed(lie)
        if isinstance(lie, list):  # a status and a status word
            raise Failed(*lie)
        return {"parameters": METHODS[method](call) if lie is None else lie}
    except Failed as failure:
        record = {"status": failure.args[0], "name": "x", "message": "the soft token says no"}
        if method == "Authenticate":
            record["tries_left"] = tries
        if len(failure.args) > 1:
            record["sw"] = failure.args[1]
        return {"error": "org.keycask.Driver.Failed", "parameters": {"record": record}}


text = b""
while True:
    data = control.recv(65536)
    if not data:
        break
    text += data
    while b"\\0" in text:
        call, text = text.split(b"\\0", 1)
        call = json.loads(call)
        reply = answer(call["method"].rsplit(".", 1)[1], call.get("parameters") or {})
        control.sendall(json.dumps(reply).encode() + b"\\0")
"""


def b64(data):
    return base64.b64encode(data).decode()


class SoftKey:
    """A key of the token as the tests see it: its file, and the reference of its item."""

    def __init__(self, name, path, kind):
        self.name = name
        self.path = path
        self.kind = kind
        self.reference = None
        self.info = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")  # SPKI
        self.public_path = path.with_suffix(".pub")
        self.public_path.write_bytes(openssl("pkey", "-in", path, "-pubout"))
        if kind.startswith("rsa:"):
            self.public = openssl("rsa", "-in", path, "-RSAPublicKey_out", "-outform", "DER")
            self.type, self.size = "rsa", int(kind[4:])
        elif kind in RAW_KEYS:
            self.public = self.info[-32:]
            self.type, self.size = kind, 256
        else:
            self.public = self.info[-EC_POINTS[kind]:]
            self.type, self.size = "ec", 521 if kind == "P-521" else (len(self.public) - 1) * 4


def generate(path, kind):
    """A private key in PEM: "rsa:2048" or the name of a curve."""
    if kind in RAW_KEYS:
        openssl("genpkey", "-algorithm", kind, "-out", path)
        return path
    if kind.startswith("rsa:"):
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{kind[4:]}", "-out",
                path)
    else:
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{kind}", "-out",
                path)
    return path


class SoftToken:
    """What is on the token, and a daemon that has its driver and no other."""

    def __init__(self, **lies):
        self.helpers = scratch() / "helpers"
        self.folder = self.helpers / "soft"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.keys = {}
        self.objects = []
        self.constraints = {}
        self.lie(**lies)

    def lie(self, **lies):
        """From now on these methods answer so: parameters, or a number for a failure, or that and a status word."""
        new = self.folder / "lies.new"  # the driver may be reading
        new.write_text(json.dumps(lies))
        new.replace(self.folder / "lies.json")

    def calls(self):
        """The methods that the driver has been asked for."""
        path = self.folder / "calls"
        return path.read_text().split() if path.exists() else []

    def add(self, name, kind, operations, constraint="none", certificate=False, **properties):
        """A key; properties are fields of org.keycask.Driver's Object, can_sign and so on."""
        path = generate(self.folder / f"{name}.pem", kind)
        key = self.keys[name] = SoftKey(name, path, kind)
        self.constraints[name] = constraint
        self.objects.append({
            "kind": "key", "object_id": b64(name.encode()), "label": name, "key_type": key.type,
            "public_key": b64(key.public), "key_size_in_bits": key.size, "constraint": constraint,
            "algorithms": operations, "can_sign": False, "can_decrypt": False, "can_derive": False,
            **properties})
        if certificate:
            der = openssl("req", "-x509", "-key", path, "-subj", f"/CN={name}", "-outform", "DER")
            self.objects.append({
                "kind": "certificate", "object_id": b64(b"c" + name.encode()), "label": name,
                "data": b64(der), "algorithms": [], "can_sign": False, "can_decrypt": False,
                "can_derive": False})
        return key

    def daemon(self, *arguments):
        drivers = scratch() / "drivers"
        drivers.mkdir(exist_ok=True)
        for name in ("keycask-slot", "keycask-x509"):
            if not (self.helpers / name).exists():
                (self.helpers / name).symlink_to(BUILD / "src" / name)
        program = self.helpers / "keycask-driver-soft"
        program.write_text(DRIVER)
        program.chmod(0o755)
        manifest = json.loads((SOURCE / "dist" / "drivers" / "org.keycask.piv.json").read_text())
        manifest.update(class_id="org.example.soft", name="Soft", executable=program.name)
        (drivers / "org.example.soft.json").write_text(json.dumps(manifest))
        (self.folder / "settings.json").write_text(json.dumps(
            {"objects": self.objects, "constraints": self.constraints}))
        return Daemon(*arguments, KEYCASK_LIBEXEC_DIR=str(self.helpers),
                      KEYCASK_DRIVER_DIR=str(drivers))

    def find(self, daemon, name):
        """The key of that name with its reference, once the token is there."""
        daemon.wait_for_token()
        query = {"class": "key", "label": name, "return_persistent_ref": True}
        (item,) = daemon.call("Items.CopyMatching", {"query": query})["items"]
        self.keys[name].reference = item["value_persistent_ref"]
        return self.keys[name]
