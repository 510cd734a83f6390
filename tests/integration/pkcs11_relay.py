# SPDX-License-Identifier: LGPL-2.1-or-later
"""Between a program and the daemon, counting: what it asks is carried on, with its descriptors."""
import contextlib
import os
import re
import socket
import threading

from keycask_test import scratch


class Relay:
    """with Relay(daemon) as relay: path is a socket as good as the daemon's; count(call, …) is how many
    requests the call has made, methods which; and n_inserted how many insertions the module was told
    of."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.n_requests = 0
        self.methods = []
        self.n_inserted = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.path = str(scratch() / "relay.sock")
        self.listener.bind(self.path)
        self.listener.listen()
        self.ends = [self.listener]
        self.threads = []
        self._start(self._accept)

    def _start(self, function, *arguments):
        self.threads.append(threading.Thread(target=function, args=arguments, daemon=True))
        self.threads[-1].start()

    def _accept(self):
        while True:
            try:
                ours = self.listener.accept()[0]
            except OSError:
                return
            theirs = socket.socket(socket.AF_UNIX)
            theirs.connect(self.daemon.env["KEYCASK_SOCKET"])
            self.ends += [ours, theirs]
            self._start(self._carry, ours, theirs, True)
            self._start(self._carry, theirs, ours, False)

    def _carry(self, source, target, is_request):
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(source, 65536, 4)
                if not data:
                    break
                if is_request:
                    self.n_requests += data.count(b"\0")
                    self.methods += re.findall(rb'"method": *"([^"]*)"', data)
                socket.send_fds(target, [data], descriptors)
            except OSError:
                break
            if not is_request:
                self.n_inserted += data.count(b'"inserted"')
            for descriptor in descriptors:
                os.close(descriptor)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for end in self.ends:
            end.close()
        os.unlink(self.path)

    def count(self, call, *arguments):
        before = self.n_requests
        self.methods.clear()
        call(*arguments)
        return self.n_requests - before
