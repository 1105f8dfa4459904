"""The neutral server: nginx with fixed answers over keep-alive on this machine, plain and with TLS."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import certificates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HOST = "127.0.0.1"
LIST_PATH = "/v1/mgmt/projects/list"
EXPORT_PATH = "/v1/mgmt/project/snapshot/export"
IMPORT_PATH = "/v1/mgmt/project/snapshot/import"
_PATIENCE = 10
_PROJECTS = [
    {"id": f"P2{'b' * 25}{number}", "name": name, "environment": environment, "tags": ["shop"]}
    for number, (name, environment) in enumerate([("dev", ""), ("staging", ""), ("production", "production")])
]

# A request body is read whole before it is answered only on its way to another server: hence the second one. An answer
# that overtakes its request would let a client off without sending the rest.
_CONFIGURATION = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    log_format received $request_length;
    log_format sent $bytes_sent;
    default_type application/json;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_max_body_size 0;
    client_body_buffer_size 256m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    sendfile on;
    tcp_nodelay on;
    ssl_protocols TLSv1.2 TLSv1.3;
    gzip {gzip};
    gzip_types application/json;
{sites}
    server {{ listen unix:{folder}/second.sock; location / {{ return 200 '{{}}'; }} }}
}}
"""
# One for each size of an export.
_SITE = """
    server {{
        listen {host}:{plain};
        listen {host}:{tls} ssl;
        listen {host}:{http2} ssl http2;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        location = /v1/mgmt/license {{ return 200 '{{"rateLimitTier":"bench"}}'; }}
        location = {list_path} {{ return 200 '{projects}'; }}
        location = {export_path} {{ error_page 405 =200 /files/{export}; return 405; }}
        location = {import_path} {{
            access_log {folder}/imports.log received;
            proxy_pass http://unix:{folder}/second.sock;
            proxy_method GET;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }}
        location = /v1/mgmt/project/update/name {{ return 200 '{{}}'; }}
        location /files/ {{ internal; root {folder}; access_log {folder}/exports.log sent; }}
        location = /status {{ stub_status; }}
    }}
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    folder: Path
    # By the name of the export that it answers.
    urls: dict[str, str]
    tls_url: str
    http2_url: str

    @property
    def ca_bundle(self) -> Path:
        """The certificate that signed the server's."""
        return self.folder / "ca.pem"

    @property
    def url(self) -> str:
        """Where small calls go."""
        return next(iter(self.urls.values()))

    def accepted(self) -> int:
        """How many connections were accepted so far, this question's own included."""
        connection = http.client.HTTPConnection(self.url.partition("://")[2])
        try:
            connection.request("GET", "/status")
            lines = connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()
        return int(lines[2].split()[0])

    def imports(self) -> list[int]:
        """The size of each import that was received whole, in bytes."""
        return self._logged("imports.log")

    def exports(self) -> list[int]:
        """The size of each export that was sent, head included, in bytes."""
        return self._logged("exports.log")

    def _logged(self, name: str) -> list[int]:
        log = self.folder / name
        return [int(line) for line in log.read_text().split()] if log.exists() else []


@contextlib.contextmanager
def running(
    folder: Path, exports: Mapping[str, bytes], *, gzip: bool = False, listens: str = HOST, host: str = HOST
) -> Iterator[Server]:
    """Starts nginx in this folder, on the last processor; ends it afterwards.

    Args:
        folder: An empty folder for what it writes.
        exports: The bodies that it answers exports with, each at an address of its own.
        gzip: Whether answers are compressed for whoever takes them so.
        listens: The address that it listens at.
        host: The address that it is reached at.
    """
    nginx = program("nginx", "nginx-light (it need not run)")
    (folder / "files").mkdir()
    certificates.make(folder, host)
    projects = json.dumps({"projects": _PROJECTS}, separators=(",", ":"))
    ports, sites = {}, []
    for number, (name, export) in enumerate(exports.items()):
        (folder / "files" / f"{number}.json").write_bytes(export)
        plain, tls, http2 = ports[name] = (_free_port(listens), _free_port(listens), _free_port(listens))
        sites.append(
            _SITE.format(
                folder=folder,
                host=listens,
                plain=plain,
                tls=tls,
                http2=http2,
                list_path=LIST_PATH,
                export_path=EXPORT_PATH,
                export=f"{number}.json",
                import_path=IMPORT_PATH,
                projects=projects,
            )
        )
    configuration = folder / "nginx.conf"
    # Started as root, nginx would leave the folder's owner, and could not read the folder any more.
    user = "user root;" if os.geteuid() == 0 else ""
    compression = "on" if gzip else "off"
    configuration.write_text(_CONFIGURATION.format(folder=folder, user=user, gzip=compression, sites="".join(sites)))
    everything = processors()
    pin(everything[-1:])
    with subprocess.Popen([nginx, "-p", str(folder), "-c", str(configuration)]) as process:
        pin(everything)
        try:
            first, tls, http2 = next(iter(ports.values()))
            _wait(process, host, first)
            urls = {name: f"http://{host}:{plain}" for name, (plain, *_) in ports.items()}
            yield Server(folder, urls, f"https://{host}:{tls}", f"https://{host}:{http2}")
        finally:
            process.terminate()


def program(name: str, package: str) -> str:
    """Where a program is that is not ours, or what to install."""
    variable = f"BENCH_{name.upper()}"
    found = shutil.which(os.environ.get(variable, name), path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        sys.exit(f"{name} is missing: apt-get install {package}, or {variable}=/path/to/{name}")
    return found


def processors() -> list[int]:
    """The processors that this process may use; none where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def pin(chosen: list[int]) -> None:
    """Keeps this process, and those that it starts from now on, to these processors."""
    if chosen and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, chosen)


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], host: str, port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.02)
    sys.exit("nginx did not start")
