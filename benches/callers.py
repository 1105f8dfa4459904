"""A small call as each peer makes it: one function per peer, which imports that peer and no other."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Config = dict[str, str]
    Call = Callable[[], object]
    AsyncCall = Callable[[], Awaitable[object]]

PROJECT_ID, OTHER_PROJECT_ID, KEY = "P2benchmark", "P2other", "K2benchmark"
LIST_PATH, EXPORT_PATH = "/v1/mgmt/projects/list", "/v1/mgmt/project/snapshot/export"
IMPORT_PATH = "/v1/mgmt/project/snapshot/import"
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


def our_client(config: Config, **options: object) -> Any:  # noqa: ANN401 -- the import is part of what a peer may not need
    """This package."""
    from descope_projects import Client

    return Client(PROJECT_ID, KEY, {**_our_options(config), **options})


def our_async_client(config: Config) -> Any:  # noqa: ANN401 -- the same
    """This package, awaited."""
    from descope_projects import AsyncClient

    return AsyncClient(PROJECT_ID, KEY, _our_options(config))


def official(config: Config, project_id: str = PROJECT_ID) -> Any:  # noqa: ANN401 -- the same
    """The vendor's SDK."""
    if "ca_bundle" in config:
        os.environ["SSL_CERT_FILE"] = config["ca_bundle"]
    from descope import DescopeClient

    return DescopeClient(project_id, management_key=KEY, base_url=config["url"])


def _our_options(config: Config) -> dict[str, Any]:
    # The server may be on a wire of the bench's own.
    options = {"base_url": config["url"], "allow_insecure_http": True}
    return {**options, **{name: config[name] for name in ("ca_bundle",) if name in config}}


def _raw(config: Config) -> Call:
    raw = Raw(config["url"], config.get("ca_bundle"))
    request = raw.request.format(LIST_PATH).encode()
    return lambda: raw.post(request)


def _ours(config: Config) -> Call:
    return our_client(config).list_projects


def _official(config: Config) -> Call:
    return official(config).mgmt.project.list_projects


def _httpx(config: Config) -> Call:
    import httpx

    verify = ssl.create_default_context(cafile=config["ca_bundle"]) if "ca_bundle" in config else True
    pooled = httpx.Client(base_url=config["url"], headers=HEADERS, verify=verify)
    return lambda: pooled.post(LIST_PATH, content=b"{}").json()


def _http_client(config: Config) -> Call:
    import orjson

    host = config["url"].partition("://")[2]
    connection = (
        http.client.HTTPSConnection(host, context=ssl.create_default_context(cafile=config["ca_bundle"]))
        if "ca_bundle" in config
        else http.client.HTTPConnection(host)
    )

    def call() -> object:
        connection.request("POST", LIST_PATH, b"{}", HEADERS)
        return orjson.loads(connection.getresponse().read())

    return call


def _wreq(config: Config) -> Call:
    from wreq import blocking

    pooled, url = blocking.Client(**wreq_options(config)), config["url"] + LIST_PATH
    return lambda: pooled.post(url, body=b"{}").json()


def _primp(config: Config) -> Call:
    import primp

    pooled, url = primp.Client(**primp_options(config)), config["url"] + LIST_PATH
    return lambda: pooled.post(url, content=b"{}").json()


def wreq_options(config: Config) -> dict[str, Any]:
    """What wreq is made with."""
    from pathlib import Path

    trust = {"tls_verify": Path(config["ca_bundle"])} if "ca_bundle" in config else {}
    return {"headers": HEADERS, "no_proxy": True, **trust}


def primp_options(config: Config) -> dict[str, Any]:
    """What primp is made with."""
    trust = {"ca_cert_file": config["ca_bundle"]} if "ca_bundle" in config else {}
    return {"headers": HEADERS, **trust}


# Each with as many calls a round as take some hundredths of a second.
SMALL: dict[str, tuple[Callable[[Config], Call], int]] = {
    "raw socket": (_raw, 1000),
    "descope-projects": (_ours, 500),
    "http.client+orjson": (_http_client, 300),
    "wreq": (_wreq, 300),
    "primp": (_primp, 300),
    "httpx": (_httpx, 100),
    "descope": (_official, 40),
}


async def _our_async(config: Config) -> AsyncCall:
    return our_async_client(config).list_projects


async def _official_async(config: Config) -> AsyncCall:
    from descope import DescopeClientAsync

    client = DescopeClientAsync(PROJECT_ID, management_key=KEY, base_url=config["url"])
    return client.mgmt.project.list_projects


async def _aiohttp(config: Config) -> AsyncCall:
    import aiohttp

    session = aiohttp.ClientSession(config["url"], headers=HEADERS, connector=aiohttp.TCPConnector(limit=0))

    async def call() -> object:
        async with session.post(LIST_PATH, data=b"{}") as response:
            return await response.json()

    return call


async def _httpx_async(config: Config) -> AsyncCall:
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    pooled = httpx.AsyncClient(base_url=config["url"], headers=HEADERS, limits=limits, timeout=60)

    async def call() -> object:
        return (await pooled.post(LIST_PATH, content=b"{}")).json()

    return call


async def _wreq_async(config: Config) -> AsyncCall:
    import wreq

    pooled, url = wreq.Client(**wreq_options(config)), config["url"] + LIST_PATH

    async def call() -> object:
        return await (await pooled.post(url, body=b"{}")).json()

    return call


async def _primp_async(config: Config) -> AsyncCall:
    import primp

    pooled, url = primp.AsyncClient(**primp_options(config)), config["url"] + LIST_PATH

    async def call() -> object:
        return (await pooled.post(url, content=b"{}")).json()

    return call


# Each with as many calls a round, of each of the tasks, as take some tenths of a second.
SMALL_ASYNC: dict[str, tuple[Callable[[Config], Awaitable[AsyncCall]], int]] = {
    "descope-projects": (_our_async, 100),
    "aiohttp": (_aiohttp, 50),
    "wreq": (_wreq_async, 50),
    "primp": (_primp_async, 50),
    "httpx": (_httpx_async, 5),
    "descope": (_official_async, 5),
}
