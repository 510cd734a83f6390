# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody in front of a terminal, where pinentry-tty asks: a thread that types the PIN, and allows
what is asked."""
import os
import select
import threading

from keycask_test import eventually
from terminal import PROMPT, Terminal

CONSENT = "[ad]? "  # of pinentry-tty: allow, deny


class Person:
    """asked: what was shown with each question. pin may be changed; None: questions stay open."""

    def __init__(self, pin):
        self.terminal = Terminal()
        self.pin = pin
        self.asked = []
        self.n_seen = 0
        self.thread = threading.Thread(target=self._look)
        self.wake, self.over = os.pipe()

    def __enter__(self):
        self.terminal.__enter__()
        self.thread.start()
        return self

    def __exit__(self, *trouble):
        os.close(self.over)
        self.thread.join()
        os.close(self.wake)
        self.terminal.__exit__(*trouble)

    def _look(self):
        shown = ""
        while True:
            ready, _, _ = select.select([self.terminal.screen, self.wake], [], [])
            if self.wake in ready:
                return
            shown += os.read(self.terminal.screen, 4096).decode(errors="replace")
            if shown.endswith(("\n" + PROMPT, CONSENT)):
                self._answer(shown)
                shown = ""

    def _answer(self, shown):
        pin = self.pin
        self.asked.append(shown)
        if pin is not None:
            self.terminal.type("A" if shown.endswith(CONSENT) else pin + "\n")

    def await_question(self):
        """Wait until somebody has asked since the last of these calls, or since the beginning."""
        eventually(lambda: len(self.asked) > self.n_seen, "a question")
        self.n_seen = len(self.asked)
