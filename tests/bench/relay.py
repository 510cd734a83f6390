# SPDX-License-Identifier: LGPL-2.1-or-later
"""A logging relay between a software card and vpcd: it counts the APDUs that pass, and their bytes.

vpcd's frames are a two-byte length and that many bytes; one byte is a control code (power, reset,
ATR), more is an APDU. vpcd writes length and body separately: without TCP_QUICKACK, set again before
each read, every APDU would cost 40 ms, so the card's side of the connection sets it here.
"""
import socket
import threading
import time


class Relay:
    """Listens for the card, connects to vpcd's port for it."""

    def __init__(self, vpcd_port):
        self.vpcd_port = vpcd_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.delay = 0  # seconds for each APDU, so that others can tell what came before what
        self.commands = []
        self.n_bytes = 0
        self.connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in [self.listener, *self.connections]:
            connection.close()

    def take(self):
        """(APDUs, bytes) since the last call; the commands stay in last."""
        with self.lock:
            self.last, self.commands = self.commands, []
            n_bytes, self.n_bytes = self.n_bytes, 0
        return len(self.last), n_bytes

    def _accept(self):
        while True:
            try:
                card, _ = self.listener.accept()
            except OSError:
                return
            reader = socket.create_connection(("127.0.0.1", self.vpcd_port))
            for connection in (card, reader):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += [card, reader]
            threading.Thread(target=self._carry, args=(reader, card), daemon=True).start()

    def _carry(self, reader, card):
        try:
            while True:
                command = _receive_frame(reader)
                card.sendall(_frame(command))
                if len(command) == 1 and command[0] != 4:  # power and reset have no answer
                    continue
                answer = _receive_frame(card)
                if len(command) > 1:
                    time.sleep(self.delay)
                    with self.lock:
                        self.commands.append(command)
                        self.n_bytes += len(command) + len(answer)
                reader.sendall(_frame(answer))
        except OSError:
            card.close()
            reader.close()


def _frame(data):
    return len(data).to_bytes(2, "big") + data


def _receive_exactly(connection, length):
    data = b""
    while len(data) < length:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        more = connection.recv(length - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data


def _receive_frame(connection):
    return _receive_exactly(connection, int.from_bytes(_receive_exactly(connection, 2), "big"))
