# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody in front of a terminal, where pinentry-tty asks: a thread that types the PIN, and allows
what is asked."""
import os
import select
import threading

from terminal import PROMPT, Terminal

CONSENT = "[ad]? "  # of pinentry-tty: allow, deny


class Person:
    """asked: what was shown before each answer. pin may be changed; None: nobody answers."""

    def __init__(self, pin):
        self.terminal = Terminal()
        self.pin = pin
        self.asked = []
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
            answer = self._answer(shown)
            if answer:
                self.asked.append(shown)
                shown = ""
                self.terminal.type(answer)

    def _answer(self, shown):
        if shown.endswith("\n" + PROMPT):
            return self.pin and self.pin + "\n"
        return "A" if shown.endswith(CONSENT) else None
