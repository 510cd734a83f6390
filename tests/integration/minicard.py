#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The minicard of examples/driver-minimal in software: attaches to an embedded slot in vpcd's framing
and stays until it is ended. minicard.py SOCKET FOLDER [RECORDING]; key and certificate are made in
FOLDER when they are not there. Serves one PIN, 1234, three tries.

    from minicard import Minicard
"""
import pathlib
import socket
import subprocess
import sys

AID = bytes.fromhex("F06B65796361736B01")
ATR = bytes.fromhex("3B80800101")
PIN = b"1234"
TRIES = 3
GET_ATR = 4


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True,
                          check=True).stdout


class Minicard:
    """One command in, one answer out."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.key = self.folder / "minicard.pem"
        if not self.key.exists():
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
            openssl("req", "-new", "-x509", "-key", self.key, "-subj", "/CN=Minicard", "-days", "3650",
                    "-outform", "DER", "-out", self.folder / "minicard.der")
        self.certificate = (self.folder / "minicard.der").read_bytes()
        self.tries = TRIES
        self.rest = b""
        self.reset()

    def reset(self):
        self.is_selected = False
        self.is_verified = False

    def answer(self, command):
        header = command[:4]
        data = command[5:5 + command[4]] if len(command) > 5 else b""
        if header == bytes.fromhex("00A40400"):
            self.reset()
            self.is_selected = data == AID
            return b"\x90\x00" if self.is_selected else b"\x6A\x82"
        if not self.is_selected:
            return b"\x6D\x00"
        if command[1] == 0xC0:
            return self.pieces(b"")
        commands = {bytes.fromhex("80CA0001"): self.serial, bytes.fromhex("80CA0002"): self.read,
                    bytes.fromhex("00200001"): self.verify, bytes.fromhex("802A0000"): self.sign}
        return commands[header](data) if header in commands else b"\x6D\x00"

    def pieces(self, data):
        """At most 256 bytes at a time."""
        self.rest = data or self.rest
        piece, self.rest = self.rest[:256], self.rest[256:]
        left = min(len(self.rest), 256)
        return piece + (bytes((0x61, left & 0xFF)) if left else b"\x90\x00")

    def serial(self, _):
        return b"MINI0001\x90\x00"

    def read(self, _):
        return self.pieces(self.certificate)

    def verify(self, pin):
        if not pin:
            return b"\x90\x00" if self.is_verified else bytes((0x63, 0xC0 | self.tries))
        if self.tries == 0:
            return b"\x69\x83"
        self.is_verified = pin == PIN
        self.tries = TRIES if self.is_verified else self.tries - 1
        return b"\x90\x00" if self.is_verified else bytes((0x63, 0xC0 | self.tries))

    def sign(self, digest):
        if not self.is_verified:
            return b"\x69\x82"
        if len(digest) != 32:
            return b"\x67\x00"
        path = self.folder / "digest"
        path.write_bytes(digest)
        return openssl("pkeyutl", "-sign", "-inkey", self.key, "-in", path) + b"\x90\x00"


def receive(reader):
    """One frame: 16 bits of length, big-endian, and as many bytes. None: the reader is gone."""
    header = reader.read(2)
    return reader.read(int.from_bytes(header, "big")) if len(header) == 2 else None


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: minicard.py SOCKET FOLDER [RECORDING]\n"
                 "SOCKET is slot.sock beside the daemon's own, FOLDER keeps the card's key")
    card = Minicard(sys.argv[2])
    recording = open(sys.argv[3], "w", encoding="ascii") if len(sys.argv) > 3 else None
    slot = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    slot.connect(sys.argv[1])
    reader = slot.makefile("rb")
    while (message := receive(reader)) is not None:
        if len(message) == 1:
            card.reset()
            answer = ATR if message[0] == GET_ATR else None
        else:
            answer = card.answer(message)
            if recording:
                print(f"> {message.hex().upper()}\n< {answer.hex().upper()}", file=recording,
                      flush=True)
        if answer is not None:
            slot.sendall(len(answer).to_bytes(2, "big") + answer)


if __name__ == "__main__":
    main()
