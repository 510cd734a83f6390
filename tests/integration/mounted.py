# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small file system of its own: a disk that is full, or that cannot be written any more."""
import os
import subprocess

from keycask_test import SkipTest, scratch


def may_mount():
    if os.geteuid() != 0:
        raise SkipTest("only root mounts")
    tried = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"],
                           stderr=subprocess.DEVNULL, check=False)
    if tried.returncode != 0:
        raise SkipTest("mounting is not permitted here")


class Mount:
    """One that is gone with the block that made it."""

    def __init__(self, size):
        may_mount()
        self.folder = scratch() / "mounted"
        self.folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none",
                        str(self.folder)], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
        self.folder.rmdir()

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.folder)], check=True)
