"""A real server in front of a scripted one: it closes idle connections by its own clock."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
"""Where it is; none on machines without it."""
PATIENCE = 20
"""Seconds after which a test that waits for it has failed."""
PACE = 0.01
ESTABLISHED = "01"
_CONFIGURATION = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout {keepalive_timeout};
    server {{
        listen 127.0.0.1:{port} backlog=512;
        location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
        location = /status {{ stub_status; }}
    }}
}}
"""


class Nginx:
    """Runs until it is closed."""

    def __init__(self, program: str, folder: Path, *, upstream: int, keepalive_timeout: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                user=user, folder=folder, port=self.port, upstream=upstream, keepalive_timeout=keepalive_timeout
            )
        )
        self._log = folder / "error.log"
        self._process = subprocess.Popen(
            [program, "-e", str(self._log), "-c", str(configuration)], stderr=subprocess.DEVNULL
        )
        self._wait_until(self._answers, "nginx does not answer")
        self._before = self._accepts()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def accepted(self) -> int:
        """How many connections of others were accepted; to be asked once."""
        return self._accepts() - self._before - 1

    def _accepts(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", "/status")
        accepts = connection.getresponse().read().split()[7]
        connection.close()
        return int(accepts)

    def wait_until_all_are_closed(self) -> None:
        """Waits until the kernel has no open connection to it any more: it has said of each that it closes it."""
        self._wait_until(lambda: self._established() == 0, "nginx closes no idle connection")

    def _established(self) -> int:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
        return sum(row[2].endswith(f":{self.port:04X}") and row[3] == ESTABLISHED for row in rows)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @staticmethod
    def _wait_until(condition: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, otherwise
            time.sleep(PACE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
