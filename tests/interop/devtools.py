# SPDX-License-Identifier: LGPL-2.1-or-later
"""Chromium by its pipe (--remote-debugging-pipe): JSON messages that end with a zero byte, read by it
from descriptor 3 and written to 4 (Chrome DevTools Protocol)."""
import json
import os
import select
import time


class Devtools:
    """to_browser and from_browser are our ends of the pipes."""

    def __init__(self, to_browser, from_browser, patience):
        self.to_browser = to_browser
        self.from_browser = from_browser
        self.patience = patience
        self.n_commands = 0
        self.rest = b""
        self.events = []

    def _receive(self, until):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.from_browser], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise TimeoutError("chromium does not answer")
            data = os.read(self.from_browser, 65536)
            if not data:
                raise ConnectionError("chromium has ended")
            self.rest += data
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def command(self, name, session=None, **parameters):
        """What it answers; {"error": …} is raised."""
        self.n_commands += 1
        message = {"id": self.n_commands, "method": name, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + self.patience
        while True:
            answer = self._receive(until)
            if answer.get("id") == self.n_commands:
                break
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{name}: {answer['error']}")
        return answer["result"]

    def await_event(self, name, session):
        until = time.monotonic() + self.patience
        while True:
            for event in self.events:
                if event.get("method") == name and event.get("sessionId") == session:
                    self.events.clear()
                    return event
            self.events.append(self._receive(until))

    def page(self, url):
        """The text of a page in a window of its own, or why there is none."""
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        try:
            self.command("Page.enable", session)
            self.events.clear()
            found = self.command("Page.navigate", session, url=url)
            if "errorText" in found:
                return found["errorText"]
            self.await_event("Page.loadEventFired", session)
            return self.command("Runtime.evaluate", session,
                                expression="document.body.textContent")["result"]["value"]
        finally:
            self.command("Target.closeTarget", targetId=target)
