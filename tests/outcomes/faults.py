"""Everything that happens to a request, and what the design says about it."""

from __future__ import annotations

import gzip
import json
import struct
import time
from base64 import b64decode
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from outcomes.calls import ONCE, READ, SET
from scripted_server import (
    KEY,
    Gate,
    answer,
    cut_request,
    drop,
    half,
    hold,
    raw,
    reset,
    reset_unread,
    stall,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outcomes.cells import Ground
    from scripted_server import Connection, Exchange, ScriptedServer, Step

NOBODY: frozenset[str] = frozenset()
REPEATABLE = frozenset({READ, SET})
EVERYBODY = frozenset({READ, SET, ONCE})
LIMIT = 1_000_000
"""The most that a client of these cells reads, in bytes."""
RAY = "8f2c1a7b9e3d4c5f-FRA"
HOUR = 3600


@dataclass(frozen=True)
class Fault:
    """Something that happens to each request of a call."""

    name: str
    error: str
    """The class that a call ends with whose end is clear; a call of kind "once" is else an `UnknownOutcome`."""
    happens: Step | None = None
    """What the server does with a request."""
    accepted: Callable[[Connection], None] | None = None
    """What the server does with a connection."""
    arrange: Callable[[Ground, ScriptedServer], None] | None = None
    """What is done with the server as a whole."""
    repeated: frozenset[str] = NOBODY
    """The kinds of calls that are sent again."""
    works: bool = False
    """Whether the server does the work before it happens."""
    certain: bool = False
    """Whether it proves that the work was not done."""
    sent: bool = True
    """Whether a byte of the request comes as far as the server."""
    partial: bool = False
    """Whether an import may have been done in part all the same."""
    status: int | None = None
    code: str | None = None
    retry_after: float | None = None
    large: bool = False
    """Whether the request must be large."""
    secure: bool = False
    """Whether it is a matter of TLS."""
    slow: bool = False
    """Whether it ends by our own time limit."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the client."""

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


# What comes back echoes what must not be shown.
ECHO = json.dumps(KEY)[1:-1]
PAGE = f"<html><body><h1>Bad gateway</h1><p>{ECHO}</p></body></html>"
RAYS = {"CF-Ray": RAY}


def says(status: int, code: str = "E011001", *, work: bool = False, **headers: str) -> Step:
    """The API's own words."""
    body = {"errorCode": code, "errorDescription": "No", "errorMessage": f"not with {KEY}"}
    return answer(
        status, body, {**RAYS, **{name.replace("_", "-"): value for name, value in headers.items()}}, work=work
    )


def page(status: int, *, work: bool = False) -> Step:
    return answer(status, PAGE, RAYS, work=work)


def body(content: bytes | str) -> Step:
    """A good status, and this."""
    return answer(200, content, RAYS)


def refused(_: Ground, server: ScriptedServer) -> None:
    server.stop_listening()


def untrusted(ground: Ground, server: ScriptedServer) -> None:
    context = ground.certificates.stranger.server()
    server.always_at_accept(lambda connection: context.wrap_socket(connection.socket, server_side=True).close())


def plain_text(connection: Connection) -> None:
    connection.socket.recv(65536)
    connection.socket.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    connection.close()


def endless(exchange: Exchange) -> None:
    """An answer that goes on for as long as the client listens."""
    exchange.work()
    exchange.send(f"HTTP/1.1 200 OK\r\nCF-Ray: {RAY}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    while True:
        exchange.send(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def waits(*, work: bool) -> Step:
    """Never answer, before or after the work."""

    def step(exchange: Exchange) -> None:
        hold(Gate(), work=work)(exchange)  # A gate that is open stays open: each request has its own.

    return step


def stalls(exchange: Exchange) -> None:
    stall(Gate())(exchange)


def in_an_hour(exchange: Exchange) -> None:
    says(429, "E130429", Retry_After=formatdate(time.time() + HOUR, usegmt=True))(exchange)


def _zstd_bomb(size: int) -> bytes:
    """A frame of blocks that each say: a space, 128 KiB of it."""
    block = 0x20000
    count = size // block + 1
    header = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", count * block)
    blocks = [struct.pack("<I", block << 3 | 1 << 1 | (number == count - 1))[:3] + b" " for number in range(count)]
    return header + b"".join(blocks)


BOMBS = {
    "gzip": gzip.compress(b" " * 30 * LIMIT),
    # Thirty million spaces, by the reference implementation.
    "br": b64decode("y///PwAkQOKxQHLv//j//weABEAcFoDu/R////8AkACIwwLQvf/Lv+EkABIAcVgAOrtJ"),
    "zstd": _zstd_bomb(30 * LIMIT),
}


def bomb(encoding: str, status: int = 200) -> Step:
    return answer(status, BOMBS[encoding], {**RAYS, "Content-Encoding": encoding}, work=status == 200)


TIMES: dict[str, Any] = {"slow": True, "options": {"timeout": 1}}
FAULTS = [
    # Before there is a request.
    Fault(
        "name not found",
        "TransportError",
        certain=True,
        sent=False,
        repeated=EVERYBODY,
        options={"base_url": "https://api.example.invalid", "connect_timeout": 0.5},
    ),
    Fault("connection refused", "TransportError", arrange=refused, certain=True, sent=False, repeated=EVERYBODY),
    Fault("certificate not trusted", "TransportError", arrange=untrusted, certain=True, sent=False, secure=True),
    Fault("plain text on a TLS port", "TransportError", accepted=plain_text, certain=True, sent=False, secure=True),
    # Within it.
    Fault("reset before the first byte was read", "TransportError", accepted=reset_unread, repeated=REPEATABLE),
    Fault("cut within the request", "TransportError", accepted=cut_request, repeated=REPEATABLE, large=True),
    # Behind it.
    Fault("reset before the work", "TransportError", reset(work=False), repeated=REPEATABLE),
    Fault("reset after the work", "TransportError", reset(work=True), repeated=REPEATABLE, works=True),
    Fault("closed before the work", "TransportError", drop(work=False), repeated=REPEATABLE),
    Fault("closed after the work", "TransportError", drop(work=True), repeated=REPEATABLE, works=True),
    Fault("closed within the answer", "TransportError", half(RAYS), repeated=REPEATABLE, works=True, status=200),
    Fault(
        "closed within a chunk", "TransportError", half(RAYS, chunked=True), repeated=REPEATABLE, works=True, status=200
    ),
    # Refusals.
    Fault("303", "ProtocolError", answer(303, None, {**RAYS, "Location": "/v1/mgmt/other"}), status=303),
    Fault(
        "303 after the work",
        "ProtocolError",
        answer(303, None, {**RAYS, "Location": "/v1/mgmt/other"}, work=True),
        works=True,
        status=303,
    ),
    Fault("400", "ApiError", says(400), certain=True, partial=True, status=400, code="E011001"),
    Fault("401", "AuthenticationError", says(401, "E011007"), certain=True, status=401, code="E011007"),
    Fault("403", "PermissionDenied", says(403), certain=True, status=403, code="E011001"),
    Fault("404", "ApiError", page(404), certain=True, status=404),
    Fault("404 project not found", "ProjectNotFound", says(404, "E011008"), certain=True, status=404, code="E011008"),
    Fault("408", "ApiError", page(408), status=408),
    Fault(
        "409 version conflict", "ApiError", says(409, "E013008"), certain=True, partial=True, status=409, code="E013008"
    ),
    Fault("429", "RateLimited", answer(429, None, RAYS), repeated=EVERYBODY, certain=True, status=429),
    Fault(
        "429 with Retry-After now",
        "RateLimited",
        says(429, "E130429", Retry_After="0"),
        repeated=EVERYBODY,
        certain=True,
        status=429,
        code="E130429",
        retry_after=0,
    ),
    Fault(
        "429 with Retry-After beyond our patience",
        "RateLimited",
        says(429, "E130429", Retry_After=f"{HOUR}"),
        certain=True,
        status=429,
        code="E130429",
        retry_after=HOUR,
    ),
    Fault(
        "429 with a date that has passed",
        "RateLimited",
        says(429, "E130429", Retry_After=formatdate(0, usegmt=True)),
        repeated=EVERYBODY,
        certain=True,
        status=429,
        code="E130429",
        retry_after=0,
    ),
    Fault(
        "429 with a date beyond our patience",
        "RateLimited",
        in_an_hour,
        certain=True,
        status=429,
        code="E130429",
        retry_after=HOUR,
    ),
    Fault("500", "ServerError", says(500), status=500, code="E011001"),
    Fault("500 after the work", "ServerError", page(500, work=True), status=500, works=True),
    Fault("502 in HTML", "ServerError", page(502), repeated=REPEATABLE, status=502),
    Fault("503", "ServerError", answer(503, None, RAYS), repeated=REPEATABLE, status=503),
    Fault(
        "503 with Retry-After now",
        "ServerError",
        says(503, Retry_After="0"),
        repeated=REPEATABLE,
        status=503,
        code="E011001",
    ),
    Fault(
        "503 with Retry-After beyond our patience",
        "ServerError",
        says(503, Retry_After=f"{HOUR}"),
        status=503,
        code="E011001",
    ),
    Fault("504 after the work", "ServerError", page(504, work=True), repeated=REPEATABLE, status=504, works=True),
    *(
        Fault(
            f"{status} after the work",
            "ServerError",
            page(status, work=True),
            repeated=REPEATABLE,
            status=status,
            works=True,
        )
        for status in (520, 522, 523, 524)
    ),
    Fault("521", "ServerError", page(521), repeated=EVERYBODY, certain=True, status=521),
    Fault("530", "ServerError", page(530), repeated=EVERYBODY, certain=True, status=530),
    # Answers that are none.
    Fault("an empty body", "ProtocolError", body(b""), works=True, status=200),
    Fault("truncated JSON", "ProtocolError", body(b'{"projectId": "P2clo'), works=True, status=200),
    Fault("HTML with status 200", "ProtocolError", body(PAGE), works=True, status=200),
    Fault("JSON of another shape", "ProtocolError", body(b"[[]]"), works=True, status=200),
    Fault("no HTTP at all", "ProtocolError", raw(b"SSH-2.0-OpenSSH_9.0\r\n", work=True), works=True),
    Fault("an endless body", "ProtocolError", endless, works=True, status=200),
    *(Fault(f"a {name} bomb", "ProtocolError", bomb(name), works=True, status=200) for name in BOMBS),
    *(
        Fault(f"a {name} bomb with status 403", "PermissionDenied", bomb(name, 403), certain=True, status=403)
        for name in BOMBS
    ),
    # Our own time limit.
    Fault("no answer in time, before the work", "DeadlineExceeded", waits(work=False), **TIMES),
    Fault("no answer in time, after the work", "DeadlineExceeded", waits(work=True), works=True, **TIMES),
    Fault("half an answer in time", "DeadlineExceeded", stalls, works=True, **TIMES),
]
