# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scenes with a pinentry on a terminal: what the tests of prompts share."""
import fcntl
import os
import subprocess
import termios

from keycask_test import descendants, scratch, skip_unless
from pin_scene import Scene, check_equal, eventually

PINENTRY = "/usr/bin/pinentry-tty"


def PromptScene(**settings):  # pylint: disable=invalid-name
    skip_unless(os.path.exists(PINENTRY), "pinentry-tty is not installed")
    return Scene(**{"pinentry": PINENTRY, **settings})


def scripted(name, *lines):
    """A pinentry of ours, in sh."""
    path = scratch() / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o700)
    return str(path)


def pinentries():
    """Those that run."""
    return [entry for entry in descendants() if entry[1].startswith("pinentry")]


def wait_for_no_pinentry():
    eventually(lambda: not pinentries(), "pinentry has ended")


def line(shown, name):
    """The text of the line "name: text"."""
    found = [text.partition(": ")[2] for text in shown.splitlines()
             if text.startswith(name + ": ")]
    check_equal(len(found), 1, f"lines {name!r} in {shown!r}")
    return found[0]


def adopt(terminal):
    """In a new process: that terminal is its own."""
    os.setsid()
    fcntl.ioctl(terminal.keyboard, termios.TIOCSCTTY, 0)


def on_terminal(scene, terminal, *command):
    """A command with that terminal as its own."""
    return subprocess.Popen([str(word) for word in command], env=scene.daemon.env,
                            stdin=terminal.keyboard, stdout=terminal.keyboard,
                            stderr=terminal.keyboard, preexec_fn=lambda: adopt(terminal))
