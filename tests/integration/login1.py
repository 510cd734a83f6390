# SPDX-License-Identifier: LGPL-2.1-or-later
"""A system bus of the test's own, a real dbus-daemon, and on it what systemd-logind would say:
logind itself cannot run in a container without being its init. Run as a program it is the service:
python3 login1.py ADDRESS UID, then one order per line on standard input."""
import os
import subprocess
import sys

SESSION = "/org/freedesktop/login1/session"
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_type="method_return"/>
    <allow send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="signal"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
  </policy>
</busconfig>
"""
DEBIAN_PYTHON = "/usr/bin/python3"  # the one that has Debian's python3-jeepney


def is_available():
    if not os.path.exists("/usr/bin/dbus-daemon"):
        return False
    return subprocess.run([DEBIAN_PYTHON, "-c", "import jeepney"], check=False,
                          capture_output=True).returncode == 0


class Logind:
    """with Logind(folder) as logind: a bus, and on it a login manager that takes orders."""

    def __init__(self, folder, uid=None):
        self.socket = folder / "system_bus"
        self.config = folder / "bus.conf"
        self.uid = os.geteuid() if uid is None else uid
        self.bus = None
        self.service = None

    @property
    def environment(self):
        return {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.socket}"}

    def __enter__(self):
        self.config.write_text(BUS_CONFIG.format(self.socket))
        self.bus = subprocess.Popen(["/usr/bin/dbus-daemon", f"--config-file={self.config}",
                                     "--nofork", "--nopidfile", "--print-address"],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.bus.stdout.readline()
        self.service = subprocess.Popen(
            [DEBIAN_PYTHON, __file__, f"unix:path={self.socket}", str(self.uid)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.service.stdout.readline()
        return self

    def __exit__(self, *_):
        self.service.stdin.close()
        self.service.wait()
        self.service.stdout.close()
        self.stop_bus()

    def stop_bus(self):
        if self.bus:
            self.bus.terminate()
            self.bus.wait()
            self.bus.stdout.close()
        self.bus = None

    def order(self, *words):
        """Have it say something; what it answers."""
        self.service.stdin.write(" ".join(words) + "\n")
        self.service.stdin.flush()
        return self.service.stdout.readline().strip()

    def n_inhibitors(self):
        """How many programs sleep waits for: their end of the pipe is open."""
        return int(self.order("inhibitors"))


def serve(address, uid):
    """The service: answers Inhibit and Get, says on order what logind says."""
    import threading

    import jeepney
    from jeepney.io.blocking import open_dbus_connection

    connection = open_dbus_connection(address, enable_fds=True)
    manager = jeepney.DBusAddress("/org/freedesktop/login1",
                                  interface="org.freedesktop.login1.Manager")
    connection.send_and_get_reply(
        jeepney.message_bus.RequestName("org.freedesktop.login1"))
    pipes = []

    def inhibit(call):
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        pipes.append(reader)
        connection.send(jeepney.new_method_return(call, "h", (os.fdopen(writer, "wb"),)))

    def answer():
        while True:
            try:
                call = connection.receive()
            except ConnectionResetError:
                return  # the bus has left
            if call.header.message_type != jeepney.MessageType.method_call:
                continue
            member = call.header.fields[jeepney.HeaderFields.member]
            path = call.header.fields[jeepney.HeaderFields.path]
            if member == "Inhibit":
                inhibit(call)
            elif member == "Get" and path.endswith("_nobody"):
                connection.send(jeepney.new_error(call, "org.freedesktop.DBus.Error.Failed"))
            elif member == "Get":
                owner = uid + 1 if path.endswith("_foreign") else uid
                connection.send(jeepney.new_method_return(
                    call, "v", (("(uo)", (owner, "/org/freedesktop/login1/user/_u")),)))

    def n_open():
        n = 0
        for reader in pipes:
            try:
                n += os.read(reader, 1) != b""
            except BlockingIOError:
                n += 1
        return n

    def session(name, interface):
        return jeepney.DBusAddress(f"{SESSION}/{name}", interface=interface)

    def obey(words):
        if words[0] == "sleep":
            connection.send(jeepney.new_signal(manager, "PrepareForSleep", "b",
                                               (words[1] == "begin",)))
        elif words[0] == "signal":
            connection.send(jeepney.new_signal(session(words[2], "org.freedesktop.login1.Session"),
                                               words[1]))
        elif words[0] == "hint":
            connection.send(jeepney.new_signal(
                session(words[2], "org.freedesktop.DBus.Properties"), "PropertiesChanged",
                "sa{sv}as", ("org.freedesktop.login1.Session",
                             {"IdleHint": ("b", True), "LockedHint": ("b", words[1] == "true")},
                             [])))
        return str(n_open()) if words[0] == "inhibitors" else "done"

    threading.Thread(target=answer, daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        print(obey(line.split()), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
