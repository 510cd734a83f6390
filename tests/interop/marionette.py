# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firefox by the socket of Marionette, its remote protocol: messages are "LENGTH:JSON", a command is
[0, number, name, parameters] and its answer [1, number, error, result] (firefox-source-docs,
Marionette protocol). Scripts of Firefox's own kind (chrome context) see the certificates that it sees."""
import json
import socket


class Marionette:
    def __init__(self, port, patience):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self.input = self.socket.makefile("rb")
        self.n_commands = 0
        self._receive()  # who it is
        self.command("WebDriver:NewSession", capabilities={"alwaysMatch": {
            "unhandledPromptBehavior": "ignore",
            "timeouts": {"script": patience * 500, "pageLoad": patience * 500}}})

    def close(self):
        self.input.close()
        self.socket.close()

    def _receive(self):
        length = b""
        while (byte := self.input.read(1)) != b":":
            if not byte:
                raise ConnectionError("firefox has closed the connection")
            length += byte
        return json.loads(self.input.read(int(length)))

    def try_command(self, name, **parameters):
        """(error or None, result)."""
        self.n_commands += 1
        text = json.dumps([0, self.n_commands, name, parameters]).encode()
        self.socket.sendall(str(len(text)).encode() + b":" + text)
        _, _, error, result = self._receive()
        return error, result

    def command(self, name, **parameters):
        error, result = self.try_command(name, **parameters)
        if error:
            raise RuntimeError(f"{name}: {error['error']}: {error['message']}")
        return result["value"] if isinstance(result, dict) and list(result) == ["value"] else result

    def script(self, text, *arguments):
        """Of Firefox's own kind; what it returns."""
        self.command("Marionette:SetContext", value="chrome")
        try:
            return self.command("WebDriver:ExecuteScript", script=text, args=list(arguments))
        finally:
            self.command("Marionette:SetContext", value="content")

    def page(self, url):
        """Its text, or why there is none."""
        error, _ = self.try_command("WebDriver:Navigate", url=url)
        if error:
            return f"{error['error']}: {error['message']}"
        return self.command("WebDriver:ExecuteScript", args=[],
                            script="return document.body.textContent")
