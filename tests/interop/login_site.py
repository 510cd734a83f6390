# SPDX-License-Identifier: LGPL-2.1-or-later
"""A site that wants to know who comes: nginx, which has its own key in a file, and answers visitors
with what it has seen of them, "CN=Jo Card TLSv1.3" or " TLSv1.3" for nobody. No connection is used
twice and no session resumed, so that each visit is a login."""
from scene import await_port, free_port

CONFIGURATION = """
user root;
worker_processes 1;
pid site-{port}.pid;
error_log site-{port}.log info;
events {{ }}
http {{
    access_log site-{port}.access;
    default_type text/html;
    keepalive_timeout 0;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate ca.pem;
        ssl_verify_client {asks};
        ssl_protocols {protocol};
        ssl_session_tickets off;
        ssl_session_cache off;
        add_header Cache-Control no-store;
        location / {{ return 200 "$ssl_client_s_dn $ssl_protocol"; }}
        location /favicon.ico {{ return 204; }}
    }}
}}
"""


class Site:
    """It ends with the scene. protocol: "TLSv1.2" or "TLSv1.3"; asks: "optional" or "on"."""

    def __init__(self, scene, protocol, asks="optional"):
        self.protocol = protocol
        self.port = free_port()
        self.url = f"https://www.example.org:{self.port}/"
        configuration = scene.write(f"site-{self.port}.conf", CONFIGURATION.format(
            port=self.port, certificate=scene.server.certificate, key=scene.server.key.path,
            asks=asks, protocol=protocol))
        process = scene.start("nginx", "-p", scene.work, "-c", configuration, "-g", "daemon off;",
                              log=scene.work / f"site-{self.port}.out")
        await_port(self.port, process)

    def greeting(self, identity=None):
        """What it says to that one, or to nobody."""
        return f"CN={identity.name} {self.protocol}" if identity else f" {self.protocol}"
