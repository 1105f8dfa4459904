"""One client in a process of its own: prepares, says so, and does a round whenever it is told to.

    python benches/peers.py CASE PEER '{"url": …}'

`ready` on stdout; then for each line on stdin one JSON document: how many calls, how many seconds, how much memory.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import socket
import ssl
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Round = Callable[[], dict[str, float]]

PROJECT_ID, OTHER_PROJECT_ID, KEY = "P2benchmark", "P2other", "K2benchmark"
LIST_PATH, EXPORT_PATH = "/v1/mgmt/projects/list", "/v1/mgmt/project/snapshot/export"
HEADERS = {
    "Authorization": f"Bearer {PROJECT_ID}:{KEY}",
    "Content-Type": "application/json",
    "Accept": "application/json",
    "x-descope-sdk-name": "bench",
    "x-descope-project-id": PROJECT_ID,
    "x-descope-license": "bench",
    "User-Agent": "bench",
}
IN_FLIGHT = 64


class Raw:
    """A socket and nothing else: the floor. It reads until the declared length is there, and decodes nothing."""

    def __init__(self, url: str, ca_bundle: str | None = None) -> None:
        scheme, _, address = url.partition("://")
        host, _, port = address.partition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if scheme == "https":
            self.socket = ssl.create_default_context(cafile=ca_bundle).wrap_socket(self.socket, server_hostname=host)
        head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
        self.request = f"POST {{}} HTTP/1.1\r\nHost: {address}\r\n{head}Content-Length: 2\r\n\r\n{{{{}}}}"

    def post(self, request: bytes) -> None:
        """A small answer, thrown away."""
        self.socket.sendall(request)
        received = self.socket.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        missing = length - len(body)
        while missing > 0:
            missing -= len(self.socket.recv(65536))

    def post_into(self, request: bytes) -> bytearray:
        """A large answer, straight into memory of the right size."""
        self.socket.sendall(request)
        reader = self.socket.makefile("rb", buffering=0)
        head = b""
        while b"\r\n\r\n" not in head:
            head += reader.read(1)
        found = re.search(rb"(?i)content-length: (\d+)", head)
        body = bytearray(int(found.group(1)) if found else 0)
        view, filled = memoryview(body), 0
        while filled < len(body):
            filled += reader.readinto(view[filled:])
        return body


def repeated(call: Callable[[], object], calls: int) -> Round:
    """A round of so many calls, one after the other."""

    def one_round() -> dict[str, float]:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        return {"seconds": time.perf_counter() - start, "calls": calls}

    return one_round


def small(peer: str, config: dict[str, str]) -> Round:
    """Small calls, one after the other."""
    url, ca_bundle = config["url"], config.get("ca_bundle")
    if peer == "raw socket":
        raw = Raw(url, ca_bundle)
        request = raw.request.format(LIST_PATH).encode()
        return repeated(lambda: raw.post(request), 400)
    if peer == "descope-projects":
        client = our_client(config)
        return repeated(client.list_projects, 400)
    if peer == "descope":
        sdk = official(config)
        return repeated(sdk.mgmt.project.list_projects, 40)
    if peer == "httpx":
        import httpx

        pooled = httpx.Client(base_url=url, headers=HEADERS, verify=trust(ca_bundle))
        return repeated(lambda: pooled.post(LIST_PATH, content=b"{}").json(), 100)
    if peer == "http.client+orjson":
        import orjson

        host = url.partition("://")[2]
        connection = (
            http.client.HTTPSConnection(host, context=ssl.create_default_context(cafile=ca_bundle))
            if ca_bundle
            else http.client.HTTPConnection(host)
        )

        def call() -> object:
            connection.request("POST", LIST_PATH, b"{}", HEADERS)
            return orjson.loads(connection.getresponse().read())

        return repeated(call, 400)
    raise ValueError(peer)


def connections(_: str, config: dict[str, str]) -> Round:
    """As many calls in a row as the server is to count connections of."""
    return repeated(our_client(config).list_projects, int(config["calls"]))


async def _our_call(url: str) -> tuple[Callable[[], Awaitable[object]], int]:
    from descope_projects import AsyncClient

    return AsyncClient(PROJECT_ID, KEY, base_url=url).list_projects, 100


async def _official_call(url: str) -> tuple[Callable[[], Awaitable[object]], int]:
    from descope import DescopeClientAsync

    client = DescopeClientAsync(PROJECT_ID, management_key=KEY, base_url=url)
    return client.mgmt.project.list_projects, 5


async def _aiohttp_call(url: str) -> tuple[Callable[[], Awaitable[object]], int]:
    import aiohttp

    session = aiohttp.ClientSession(url, headers=HEADERS, connector=aiohttp.TCPConnector(limit=IN_FLIGHT))

    async def call() -> object:
        async with session.post(LIST_PATH, data=b"{}") as response:
            return await response.json()

    return call, 100


async def _httpx_call(url: str) -> tuple[Callable[[], Awaitable[object]], int]:
    import httpx

    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    pooled = httpx.AsyncClient(base_url=url, headers=HEADERS, limits=limits)

    async def call() -> object:
        return (await pooled.post(LIST_PATH, content=b"{}")).json()

    return call, 5


IN_FLIGHT_PEERS = {
    "descope-projects": _our_call,
    "descope": _official_call,
    "aiohttp": _aiohttp_call,
    "httpx": _httpx_call,
}


def in_flight(peer: str, config: dict[str, str]) -> Round:
    """Small calls, 64 at a time, from one event loop."""
    loop = asyncio.new_event_loop()
    call, calls = loop.run_until_complete(IN_FLIGHT_PEERS[peer](config["url"]))

    async def worker() -> None:
        for _ in range(calls):
            await call()

    async def together() -> None:
        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))

    def one_round() -> dict[str, float]:
        start = time.perf_counter()
        loop.run_until_complete(together())
        return {"seconds": time.perf_counter() - start, "calls": calls * IN_FLIGHT}

    return one_round


def export(peer: str, config: dict[str, str]) -> Round:
    """One large export, held."""
    if peer == "raw bytes":
        raw = Raw(config["url"])
        raw.post(raw.request.format(LIST_PATH).encode())
        request = raw.request.format(EXPORT_PATH).encode()
        return measured(lambda: raw.post_into(request))
    if peer == "descope-projects":
        client = our_client(config)
        client.list_projects()
        return measured(client.own_project.export_snapshot)
    if peer == "descope":
        sdk = official(config)
        return measured(sdk.mgmt.project.export_snapshot)
    if peer == "httpx+orjson":
        import httpx
        import orjson

        pooled = httpx.Client(base_url=config["url"], headers=HEADERS)
        pooled.post(LIST_PATH, content=b"{}")
        return measured(lambda: orjson.loads(pooled.post(EXPORT_PATH, content=b"{}").content))
    raise ValueError(peer)


def transfer(peer: str, config: dict[str, str]) -> Round:
    """One large export, imported into another project."""
    if peer == "descope-projects":
        client = our_client(config)
        client.list_projects()
        target = client.project(OTHER_PROJECT_ID)
        return measured(lambda: target.import_snapshot(client.own_project.export_snapshot()))
    if peer == "descope":
        source, destination = official(config), official(config, OTHER_PROJECT_ID)
        return measured(
            lambda: destination.mgmt.project.import_snapshot(source.mgmt.project.export_snapshot()["files"])
        )
    raise ValueError(peer)


def files(_: str, config: dict[str, str]) -> Round:
    """A large snapshot written to a directory that is not there, and read back."""
    from descope_projects import Snapshot

    snapshot = our_client(config).own_project.export_snapshot()

    def one_round() -> dict[str, float]:
        start = time.perf_counter()
        snapshot.write(config["folder"])
        written = time.perf_counter()
        again = Snapshot.read(config["folder"])
        read = time.perf_counter()
        if len(again) != len(snapshot):
            raise ValueError("what was read is not what was written")
        return {"seconds": written - start, "read_seconds": read - written, "calls": 1}

    return one_round


def measured(work: Callable[[], object]) -> Round:
    """A round of one piece of work, with the most memory that it had at once beyond what was there before."""

    def one_round() -> dict[str, float]:
        before = memory("VmRSS")
        # Linux forgets the process's peak so far.
        Path("/proc/self/clear_refs").write_text("5")
        start = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - start
        peak = memory("VmHWM") - before
        del result
        return {"seconds": seconds, "calls": 1, "peak_bytes": peak}

    return one_round


def memory(field: str) -> int:
    """A field of the process's status, in bytes."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


def our_client(config: dict[str, str]) -> Any:  # noqa: ANN401 -- the import is part of what a peer may not need
    """This package."""
    from descope_projects import Client

    options = {"base_url": config["url"]}
    if "ca_bundle" in config:
        options["ca_bundle"] = config["ca_bundle"]
    return Client(PROJECT_ID, KEY, options)


def official(config: dict[str, str], project_id: str = PROJECT_ID) -> Any:  # noqa: ANN401 -- the same
    """The vendor's SDK."""
    if "ca_bundle" in config:
        os.environ["SSL_CERT_FILE"] = config["ca_bundle"]
    from descope import DescopeClient

    return DescopeClient(project_id, management_key=KEY, base_url=config["url"])


def trust(ca_bundle: str | None) -> ssl.SSLContext | bool:
    """What httpx verifies with."""
    return ssl.create_default_context(cafile=ca_bundle) if ca_bundle else True


CASES = {
    "small": small,
    "small, one processor": small,
    "tls": small,
    "connections": connections,
    "files": files,
    "in flight": in_flight,
    "export": export,
    "transfer": transfer,
}


def main() -> None:
    """Prepares, then does a round for each line."""
    case, peer, config = sys.argv[1:]
    one_round = CASES[case](peer, json.loads(config))
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(one_round()), flush=True)
    # Not every peer's connections are closed in the order that it likes, and it would say so.
    os._exit(0)


if __name__ == "__main__":
    main()
