# SPDX-License-Identifier: LGPL-2.1-or-later
"""File systems of its own: a disk that is full, or that cannot be written any more; a sandbox's root."""
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


def in_a_root(info):
    """A wrapper that runs a program in a root of its own with that .flatpak-info."""
    may_mount()
    root = scratch() / "root"
    root.mkdir()
    (scratch() / "info").write_text(info)
    script = f"""
        mount -t tmpfs none {root} && cd {root} || exit 9
        for each in /*; do
            [ -d $each ] && [ $each != /proc ] && [ $each != /sys ] || continue
            mkdir .$each && mount --rbind $each .$each || exit 9
        done
        cp {scratch() / 'info'} {root}/.flatpak-info || exit 9
        exec chroot {root} "$@" """
    return ("unshare", "-m", "sh", "-c", script, "sh")


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
