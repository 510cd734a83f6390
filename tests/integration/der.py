# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test knows of a card without asking keycask: the certificates in the card's file, and
their fields by a DER reader of a few lines. Ours reads the same bytes by other code."""
import base64
import gzip
import hashlib
import json

# SP 800-73-5 part 1, table 4b; retired keys follow from 5FC10D on.
CONTAINERS = {"9a": "5fc105", "9c": "5fc10a", "9d": "5fc10b", "9e": "5fc101",
              **{f"{0x82 + i:02x}": f"{0x5fc10d + i:06x}" for i in range(20)}}


def read(data, offset=0):
    """The record at offset: tag, content, offset behind it."""
    tag, length, start = data[offset], data[offset + 1], offset + 2
    if length & 0x80:
        end = start + (length & 0x7f)
        length, start = int.from_bytes(data[start:end], "big"), end
    return tag, data[start:start + length], start + length


def children(content):
    """The records in a constructed one's content: [(tag, content)]."""
    found, at = [], 0
    while at < len(content):
        tag, value, at = read(content, at)
        found.append((tag, value))
    return found


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


class Certificate:
    """Fields of RFC 5280's TBSCertificate. Names are the content of the RDNSequence."""

    def __init__(self, der):
        self.der = der
        fields = children(children(children(der)[0][1])[0][1])
        if fields[0][0] == 0xa0:
            fields = fields[1:]
        self.serial_number = fields[0][1]
        self.issuer = fields[2][1]
        self.subject = fields[4][1]
        self.public_key_info = fields[5][1]
        self.public_key = children(self.public_key_info)[1][1][1:]
        self.public_key_hash = hashlib.sha1(self.public_key).digest()


def certificates(path):
    """{slot: Certificate} of a keycask-vcard file, unpacked where they are compressed."""
    with open(path, encoding="utf-8") as file:
        objects = {entry["tag"]: unb64(entry["value"]) for entry in json.load(file)["objects"]}
    found = {}
    for slot, tag in CONTAINERS.items():
        if tag not in objects:
            continue
        records = dict(children(objects[tag]))
        compressed = records[0x71][0] & 1
        found[slot] = Certificate(gzip.decompress(records[0x70]) if compressed
                                  else records[0x70])
    return found
