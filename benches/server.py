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
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
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
events {{ worker_connections 1024; }}
http {{
    access_log off;
    log_format sizes $request_length;
    default_type application/json;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_max_body_size 0;
    client_body_buffer_size 128m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    sendfile on;
    tcp_nodelay on;
    server {{
        listen {host}:{plain};
        listen {host}:{tls} ssl;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        location = /v1/mgmt/license {{ return 200 '{{"rateLimitTier":"bench"}}'; }}
        location = {list_path} {{ return 200 '{projects}'; }}
        location = {export_path} {{ error_page 405 =200 /files/export.json; return 405; }}
        location = {import_path} {{
            access_log {folder}/imports.log sizes;
            proxy_pass http://unix:{folder}/second.sock;
            proxy_method GET;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }}
        location /files/ {{ internal; root {folder}; }}
        location = /status {{ stub_status; }}
    }}
    server {{ listen unix:{folder}/second.sock; location / {{ return 200 '{{}}'; }} }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    folder: Path
    url: str
    tls_url: str
    port: int

    @property
    def ca_bundle(self) -> Path:
        """The certificate that signed the server's."""
        return self.folder / "ca.pem"

    def accepted(self) -> int:
        """How many connections were accepted so far, this question's own included."""
        connection = http.client.HTTPConnection(HOST, self.port)
        try:
            connection.request("GET", "/status")
            lines = connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()
        return int(lines[2].split()[0])

    def imports(self) -> list[int]:
        """The size of each import that was received whole, in bytes."""
        log = self.folder / "imports.log"
        return [int(line) for line in log.read_text().split()] if log.exists() else []


@contextlib.contextmanager
def running(folder: Path, export: bytes) -> Iterator[Server]:
    """Starts nginx in this folder, on the last processor; ends it afterwards."""
    nginx = shutil.which(os.environ.get("BENCH_NGINX", "nginx"), path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        sys.exit("nginx is missing: apt-get install nginx-light (it need not run), or BENCH_NGINX=/path/to/nginx")
    (folder / "files").mkdir()
    (folder / "files" / "export.json").write_bytes(export)
    _certificates(folder)
    plain, tls = _free_port(), _free_port()
    projects = json.dumps({"projects": _PROJECTS}, separators=(",", ":"))
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            # Started as root, nginx would leave the folder's owner, and could not read the folder any more.
            user="user root;" if os.geteuid() == 0 else "",
            host=HOST,
            plain=plain,
            tls=tls,
            list_path=LIST_PATH,
            export_path=EXPORT_PATH,
            import_path=IMPORT_PATH,
            projects=projects,
        )
    )
    everything = processors()
    pin(everything[-1:])
    with subprocess.Popen([nginx, "-p", str(folder), "-c", str(configuration)]) as process:
        pin(everything)
        try:
            _wait(process, plain)
            yield Server(folder, f"http://{HOST}:{plain}", f"https://{HOST}:{tls}", plain)
        finally:
            process.terminate()


def processors() -> list[int]:
    """The processors that this process may use; none where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def pin(chosen: list[int]) -> None:
    """Keeps this process, and those that it starts from now on, to these processors."""
    if chosen and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, chosen)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.02)
    sys.exit("nginx did not start")


def _certificates(folder: Path) -> None:
    now = datetime.now(timezone.utc)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "descope-projects benches")])

    def certificate(
        name: x509.Name, public_key: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(issuer_name=ca_name, subject_name=name, public_key=public_key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=7))
        for extension in extensions:
            critical = isinstance(extension, (x509.BasicConstraints, x509.KeyUsage))
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(ca_key, hashes.SHA256())

    identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    usages = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    usage = x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False, **dict.fromkeys(usages, False)
    )
    ca = certificate(ca_name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=0), identifier, usage)
    own = certificate(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]),
        key.public_key(),
        x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]),
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "certificate.pem").write_bytes(own.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
