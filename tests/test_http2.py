"""HTTP/2, spoken by a server just well enough."""
# ruff: noqa: ANN401 -- JSON is anything

from __future__ import annotations

import asyncio
import json
import struct
from typing import TYPE_CHECKING, Any

import pytest

import descope_projects
from descope_projects.errors import UnknownOutcome
from scripted_server import KEY, PROJECT, ScriptedServer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from private_authority import Authority
    from scripted_server import Connection

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]


PROJECTS = {"projects": [{"id": "P2streamed"}]}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM = ACK = 1
END_HEADERS = 4
STATUS_200 = b"\x88"
INTERNAL_ERROR, REFUSED_STREAM, CANCEL = 2, 7, 8


class Http2:
    """Answers every stream with the same body, after having reset the first ones."""

    def __init__(self, tls: ssl.SSLContext, body: Any, *resets: int) -> None:
        tls.set_alpn_protocols(["h2", "http/1.1"])
        self.tls, self.body, self.resets = tls, json.dumps(body).encode(), list(resets)
        self.streams = self.answered = 0
        self.last_words = ""

    def __call__(self, connection: Connection) -> None:
        connection.socket = self.tls.wrap_socket(connection.socket, server_side=True)
        assert connection.socket.selected_alpn_protocol() == "h2"
        reader = connection.socket.makefile("rb")
        assert reader.read(len(PREFACE)) == PREFACE
        send = connection.socket.sendall
        send(self.frame(SETTINGS, 0, 0))
        while header := reader.read(9):
            high, low, kind, flags, stream = struct.unpack(">BHBBI", header)
            payload = reader.read(high << 16 | low)
            if kind in (SETTINGS, PING) and not flags & ACK:
                send(self.frame(kind, ACK, 0, payload if kind == PING else b""))
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                send(self.reply(stream))
                if self.last_words == "close":
                    connection.close()
                    return

    def reply(self, stream: int) -> bytes:
        self.streams += 1
        if self.resets:
            return self.frame(RST_STREAM, 0, stream, struct.pack(">I", self.resets.pop(0)))
        self.answered += 1
        head = self.frame(HEADERS, END_HEADERS, stream, STATUS_200)
        good_bye = self.frame(GOAWAY, 0, 0, struct.pack(">II", stream, 0)) if self.last_words == "go away" else b""
        return head + self.frame(DATA, END_STREAM, stream, self.body) + good_bye

    @staticmethod
    def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
        return struct.pack(">BHBBI", len(payload) >> 16, len(payload) & 0xFFFF, kind, flags, stream) + payload


def speaking(server: ScriptedServer, authority: Authority, body: Any, *resets: int) -> tuple[Http2, dict[str, Any]]:
    """Makes the server speak HTTP/2; the options of a client that finds it."""
    spoken = Http2(authority.server(), body, *resets)
    server.at_accept(*[spoken] * 30)
    return spoken, {"base_url": f"https://127.0.0.1:{server.port}", "ca_bundle": authority.path}


def test_http2_is_spoken_where_it_is_offered(
    connect: Connect, invoke: Invoke, server: ScriptedServer, authority: Authority
) -> None:
    spoken, options = speaking(server, authority, PROJECTS)
    client = connect(**options)
    for _ in range(3):
        assert invoke(client.list_projects())[0].id == "P2streamed"
    assert (spoken.answered, server.connections) == (3, 1)


async def test_calls_at_the_same_time_share_one_http2_connection(server: ScriptedServer, authority: Authority) -> None:
    spoken, options = speaking(server, authority, PROJECTS)
    async with descope_projects.AsyncClient(PROJECT, KEY, license_handshake=False, **options) as client:
        await client.list_projects()
        await asyncio.gather(*(client.list_projects() for _ in range(20)))
    assert (spoken.answered, server.connections) == (21, 1)


async def test_the_handles_of_a_client_share_one_http2_connection_from_the_first_call_on(
    server: ScriptedServer, authority: Authority
) -> None:
    spoken, options = speaking(server, authority, {})
    async with descope_projects.AsyncClient(PROJECT, KEY, **options) as client:
        await asyncio.gather(*(client.project(f"P2handle{number}").update_name("x") for number in range(20)))
    # The licence's tier is asked for once, and before.
    assert (spoken.answered, server.connections) == (21, 1)


def test_a_refused_stream_was_not_processed_and_is_sent_again(
    connect: Connect, invoke: Invoke, server: ScriptedServer, authority: Authority
) -> None:
    spoken, options = speaking(server, authority, {"projectId": "P2new"}, REFUSED_STREAM, REFUSED_STREAM)
    assert invoke(connect(**options).own_project.clone(settle=False)).id == "P2new"
    assert (spoken.streams, spoken.answered) == (3, 1)


@pytest.mark.parametrize("code", [INTERNAL_ERROR, CANCEL])
def test_a_stream_that_was_reset_for_another_reason_proves_nothing(
    code: int, connect: Connect, invoke: Invoke, server: ScriptedServer, authority: Authority
) -> None:
    spoken, options = speaking(server, authority, {"projectId": "P2new"}, code)
    with pytest.raises(UnknownOutcome):
        invoke(connect(**options).own_project.clone(settle=False))
    assert spoken.streams == 1


@pytest.mark.parametrize("last_words", ["go away", "close"])
def test_idle_http2_connections_that_the_server_ended_cost_no_call_its_outcome(
    last_words: str, connect: Connect, invoke: Invoke, server: ScriptedServer, authority: Authority
) -> None:
    spoken, options = speaking(server, authority, {"projectId": "P2new"})
    spoken.last_words = last_words
    client = connect(**options)
    for number in range(1, 21):
        assert invoke(client.own_project.clone(settle=False)).id == "P2new"
        if last_words == "close":
            server.wait_until_closed(number)
    assert (spoken.streams, spoken.answered, server.connections) == (20, 20, 20)
