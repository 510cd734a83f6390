#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The driver of examples/driver-minimal without the kit: org.keycask.Driver on descriptor 3, the
card on descriptor 4. What the kit does for a driver in C stands here in the open: selecting anew in
each transaction, one client's PIN for that client alone. It is not confined: a driver that reads
bytes of a card in a language without memory faults, and for nobody but its author."""
import base64
import json
import socket

AID = bytes.fromhex("F06B65796361736B01")
INTERFACE = "org.keycask.Driver."
COMMUNICATION, AUTH_FAILED, NOT_FOUND, GONE = -70002, -70005, -70006, -70007
NOT_IMPLEMENTED, AUTH_NEEDED, BLOCKED = -70001, -70009, -70020
ALGORITHM = "ecdsa_signature_digest_x962"


class Failed(Exception):
    def __init__(self, status, message, **more):
        super().__init__(message)
        self.record = {"status": status, "name": "failed", "message": message, **more}


class Driver:
    def __init__(self, card):
        self.card = card
        self.transaction = None
        self.authenticated = 0  # the session whose PIN was verified, 0: nobody's

    # --- the card: one packet is one APDU ------------------------------------------------------

    def transmit(self, header, data=b"", le=None):
        command = bytes.fromhex(header) + (bytes((len(data),)) + data if data else b"")
        answer, sw = self.exchange(command + (b"" if le is None else bytes((le,))))
        for _ in range(300):  # 64 KiB in blocks of 256 bytes, and some
            if sw >> 8 != 0x61:
                return answer, sw
            more, sw = self.exchange(bytes((0, 0xC0, 0, 0, sw & 0xFF)))
            if not more and sw >> 8 == 0x61:
                raise Failed(COMMUNICATION, "the card promises data and sends none")
            answer += more
        raise Failed(COMMUNICATION, "the card's answer does not end")

    def exchange(self, command):
        try:
            self.card.send(command)
            answer = self.card.recv(65538 + 1)
        except OSError:
            answer = b""
        if not answer:
            raise Failed(GONE, "the card is gone")
        if len(answer) < 2 or len(answer) > 65538:
            raise Failed(COMMUNICATION, "an answer of the wrong length")
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    def ask(self, header, data=b"", le=None):
        answer, sw = self.transmit(header, data, le)
        if sw == 0x6982:
            raise Failed(AUTH_NEEDED, "the PIN is needed", sw=sw)
        if sw in (0x6983, 0x63C0):
            raise Failed(BLOCKED, "the PIN is blocked", sw=sw)
        if sw & 0xFFF0 == 0x63C0:
            raise Failed(AUTH_FAILED, "the PIN is wrong", sw=sw, tries_left=sw & 0x0F)
        if sw != 0x9000:
            raise Failed(COMMUNICATION, "the card refuses", sw=sw)
        return answer

    # --- the calls; parameters that a later version adds are not looked at ----------------------

    def begin(self, turn):
        """Another transaction: others may have had the card."""
        if turn["transaction"] == self.transaction:
            return
        self.authenticated = 0
        if not turn["is_selected"]:
            self.ask("00A40400", AID)
        self.transaction = turn["transaction"]

    def Open(self, turn, **_):
        serial = self.ask("80CA0001", le=0)
        if len(serial) != 8:
            raise Failed(COMMUNICATION, f"a serial number of {len(serial)} bytes")
        return {"instance_id": serial.hex().upper(), "label": "Minicard"}

    def Enumerate(self, turn, **_):
        common = {"can_sign": False, "can_decrypt": False, "can_derive": False, "algorithms": []}
        return {"objects": [
            {**common, "kind": "certificate", "object_id": "zg==", "label": "Minicard",
             "data": base64.b64encode(self.ask("80CA0002", le=0)).decode()},
            {**common, "kind": "key", "object_id": "AQ==", "label": "Minicard key",
             "certificate_id": "zg==", "key_type": "ec", "key_size_in_bits": 256,
             "constraint": "pin", "algorithms": [ALGORITHM], "can_sign": True}], "pins": []}

    def Authenticate(self, turn, pin=None, **_):
        if pin is None:
            raise Failed(NOT_IMPLEMENTED, "no PIN from a keypad")
        self.authenticated = 0
        if not pin.isdigit() or not 4 <= len(pin) <= 8:
            raise Failed(AUTH_FAILED, "a PIN has 4 to 8 digits")
        self.ask("00200001", pin.encode())
        self.authenticated = turn["session"]
        return {}

    def PinStatus(self, turn, **_):
        sw = self.transmit("00200001")[1]
        return {"tries_left": sw & 0x0F} if sw & 0xFFF0 == 0x63C0 else {}

    def Sign(self, turn, object_id, algorithm, data, **_):
        if object_id != "AQ==":
            raise Failed(NOT_FOUND, "the token has no such key")
        if algorithm != ALGORITHM:
            raise Failed(NOT_IMPLEMENTED, f"not {algorithm}")
        if not turn["session"] or turn["session"] != self.authenticated:
            raise Failed(AUTH_NEEDED, "the PIN is needed")
        signature = self.ask("802A0000", base64.b64decode(data), le=0)
        return {"signature": base64.b64encode(signature).decode()}

    def answer(self, call):
        interface, method = call["method"].rsplit(".", 1)
        parameters = call.get("parameters", {})
        handler = getattr(self, method, None) if method[:1].isupper() else None
        if interface + "." != INTERFACE or not handler:
            return {"error": "org.varlink.service.MethodNotImplemented",
                    "parameters": {"method": call["method"]}}
        try:
            self.begin(parameters["turn"])
            return {"parameters": handler(**parameters)}
        except Failed as failure:
            return {"error": INTERFACE + "Failed", "parameters": {"record": failure.record}}


def main():
    control = socket.socket(fileno=3)
    driver = Driver(socket.socket(fileno=4))
    text = b""
    while data := control.recv(65536):
        text += data
        while b"\0" in text:
            call, text = text.split(b"\0", 1)
            reply = driver.answer(json.loads(call))
            control.sendall(json.dumps(reply).encode() + b"\0")


main()
