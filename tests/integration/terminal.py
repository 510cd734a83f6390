# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal of the test's own, for programs that ask a person."""
import os
import pty
import select
import termios
import time

from keycask_test import PATIENCE, check

PROMPT = "PIN: "


class Terminal:
    """A terminal with somebody in front of it."""

    def __init__(self):
        self.screen, self.keyboard = pty.openpty()
        self.name = os.ttyname(self.keyboard)
        self.settings = termios.tcgetattr(self.keyboard)
        self.shown = b""  # and not read_until yet

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.screen)
        os.close(self.keyboard)

    def type(self, text):
        os.write(self.screen, text.encode())

    def read_until(self, text):
        """What is shown up to that text, which may have come at once with what follows it."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in self.shown:
            left = deadline - time.monotonic()
            check(left > 0 and select.select([self.screen], [], [], left)[0],
                  f"{text!r} does not come after {self.shown!r}")
            self.shown += os.read(self.screen, 4096)
        before, _, self.shown = self.shown.partition(text.encode())
        return before.decode() + text

    def read_prompt(self):
        return self.read_until("\n" + PROMPT)

    def is_quiet(self):
        """Nothing is shown, and nothing will be. Absence has no event to await."""
        return not select.select([self.screen], [], [], 0.05)[0]

    def is_as_before(self):
        return termios.tcgetattr(self.keyboard) == self.settings

    def interaction(self, **more):
        """Of a call whose person sits here."""
        return {"tty": self.name, "term": "dumb", **more}
