"""The connection: where it leads, what comes back over it, how few there are, and what is sent."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import base64
import gzip
import json
import struct
from typing import TYPE_CHECKING, Any

import pytest

import descope_projects
from descope_projects.errors import ConfigurationError, PermissionDenied, ProtocolError, UnknownOutcome
from scripted_server import KEY, PROJECT, Gate, ScriptedServer, answer, encoded, hold, raw

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Face
    from descope_projects import Emulator
    from scripted_server import Exchange, Step

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]


# Where calls go.


def test_the_region_of_the_project_decides_the_host(face: Face) -> None:
    short, regional = "P2" + "a" * 26, "Peuc1" + "a" * 27
    assert face.client(short, KEY).base_url == "https://api.descope.com/"
    assert face.client(regional, KEY).base_url == "https://api.euc1.descope.com/"
    assert face.client(regional, KEY, base_url="https://own.example.com").base_url == "https://own.example.com/"


def test_a_base_url_may_have_a_path(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    for number, path in enumerate(("/auth", "/auth/")):
        invoke(connect(base_url=server.url + path).request("GET", "/v1/mgmt/other"))
        assert server.requests[number].target == "/auth/v1/mgmt/other"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", ["list_projects", "clone"])
def test_a_redirection_is_never_followed(
    status: int, call: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    with ScriptedServer() as elsewhere:
        for target in (f"{elsewhere.url}/v1/mgmt/projects/list", "/v1/mgmt/other"):
            server.always(call, answer(status, None, {"Location": target}))
            client = connect()
            # Who sends a once call elsewhere may have done it before.
            expected = ProtocolError if call == "list_projects" else UnknownOutcome
            with pytest.raises(expected, match="redirect") as caught:
                invoke(client.list_projects() if call == "list_projects" else client.own_project.clone(settle=False))
            assert caught.value.status == status
        assert elsewhere.connections == 0
    assert {request.target for request in server.requests} == {server.requests[0].target}


# What comes back.

PACKED = "G0UBgCwOeBNzVQAtEObXOX9HG6HSW2QvbWtDdcH1aRYZnTANIlK2NsnGRGADDtgTmKbEJuXTgeGkYtNJTlOWUxgY/Gm/7D9oBw=="
NAME = "packed " * 40
JSON = json.dumps({"projects": [{"id": PROJECT, "name": NAME}]}).encode()


def as_zstd(data: bytes) -> bytes:
    """A frame with one block that is not compressed."""
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data)) + struct.pack("<I", len(data) << 3 | 1)[:3] + data


ENCODED = {"gzip": gzip.compress(JSON), "br": base64.b64decode(PACKED), "zstd": as_zstd(JSON), "identity": JSON}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_compressed_answer_is_read(encoding: str, connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    server.always("list_projects", answer(200, ENCODED[encoding], {"Content-Encoding": encoding}))
    assert invoke(connect().list_projects())[0].name == NAME
    assert {"gzip", "br", "zstd"} <= {part.strip() for part in server.requests[0].headers["accept-encoding"].split(",")}


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("call", ["list_projects", "clone"])
def test_an_answer_that_is_not_compressed_as_it_says_is_garbled(
    encoding: str, call: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always(call, answer(200, b"\x00not compressed at all", {"Content-Encoding": encoding}))
    client = connect()
    with pytest.raises(ProtocolError if call == "list_projects" else UnknownOutcome) as caught:
        invoke(client.list_projects() if call == "list_projects" else client.own_project.clone(settle=False))
    assert (caught.value.attempts, len(server.seen(call))) == (1, 1)


@pytest.mark.parametrize(
    "answered", [b"SSH-2.0-OpenSSH_9.0\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x15\x03\x03\x00\x02\x02\x46"]
)
def test_what_is_no_http_is_garbled(answered: bytes, connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    server.always("list_projects", raw(answered))
    with pytest.raises(ProtocolError):
        invoke(connect().list_projects())


LIMIT = 1_000_000


def big(size: int, *, compressed: bool = False) -> Step:
    body = json.dumps({"projects": []}).encode().ljust(size)
    headers = {"Content-Encoding": "gzip"} if compressed else {}
    return answer(200, gzip.compress(body) if compressed else body, headers)


def endless(exchange: Exchange) -> None:
    """An answer that goes on for as long as the client listens."""
    exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        exchange.send(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def promised(exchange: Exchange) -> None:
    """An answer that says how large it will be, and never comes."""
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{")
    hold(Gate())(exchange)


OVERSIZED = {
    "one byte": big(LIMIT + 1),
    "compressed": big(100 * LIMIT, compressed=True),
    "endless": endless,
    "promised": promised,
}


@pytest.mark.parametrize("happens", OVERSIZED.values(), ids=OVERSIZED)
@pytest.mark.parametrize("call", ["list_projects", "clone"])
def test_an_answer_beyond_the_limit_is_not_read(
    happens: Step, call: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always(call, happens)
    client = connect(max_response_bytes=LIMIT)
    with pytest.raises(ProtocolError if call == "list_projects" else UnknownOutcome, match="max_response_bytes"):
        invoke(client.list_projects() if call == "list_projects" else client.own_project.clone(settle=False))
    assert len(server.seen(call)) == 1


def test_an_error_keeps_its_status_however_large_its_page(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("list_projects", answer(503, "x" * 2_000_000))
    invoke(connect().list_projects())
    server.always("list_projects", answer(403, "x" * 2_000_000))
    with pytest.raises(PermissionDenied) as caught:
        invoke(connect().list_projects())
    assert caught.value.status == 403


@pytest.mark.parametrize("compressed", [False, True])
def test_an_answer_as_large_as_the_limit_is_read(
    connect: Connect, invoke: Invoke, server: ScriptedServer, *, compressed: bool
) -> None:
    server.always("list_projects", big(LIMIT, compressed=compressed))
    assert invoke(connect(max_response_bytes=LIMIT).list_projects()) == []


def test_an_answer_in_many_pieces_is_one(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    def in_pieces(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in JSON:
            exchange.send(b"1\r\n" + bytes([byte]) + b"\r\n")
        exchange.send(b"0\r\n\r\n")

    server.always("list_projects", in_pieces)
    assert invoke(connect().list_projects())[0].name == NAME


def test_an_answer_that_ends_with_its_connection_is_one(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("list_projects", raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + JSON))
    assert invoke(connect().list_projects())[0].name == NAME


def test_an_announcement_before_the_answer_is_not_the_answer(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("clone", raw(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + encoded(200, {"projectId": "P2n"})))
    assert invoke(connect().own_project.clone(settle=False)).id == "P2n"


# How few connections there are.


def test_a_thousand_calls_use_one_connection(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    client = connect(license_handshake=True)
    for _ in range(1_000):
        invoke(client.list_projects())
    assert (server.executions("list_projects"), server.connections) == (1_000, 1)


def test_handles_share_the_connections_of_their_client(client: Any, invoke: Invoke, emulator: Emulator) -> None:
    handles = [client.own_project, client.project(emulator.project_id)]
    handles.append(client.project(emulator.project_id, management_key=emulator.management_key))
    for handle in handles * 3:
        invoke(handle.export_snapshot())
    invoke(client.list_projects())
    assert emulator.connections_accepted == 1


def test_calls_that_may_not_be_repeated_share_a_connection_too(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect()
    for _ in range(20):
        invoke(client.own_project.clone(name="preview"))
    assert (server.executions("clone"), server.connections) == (20, 1)


def test_a_client_opens_no_connection_before_its_first_call(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect()
    client.project("P2other").id  # noqa: B018 -- that it does no I/O is the point
    assert server.connections == 0
    invoke(client.list_projects())
    assert server.connections == 1


def test_closing_a_client_closes_its_connections(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    client = connect()
    invoke(client.list_projects())
    invoke(client.own_project.clone())
    invoke(client.close())
    server.wait_until_closed(server.connections)
    with pytest.raises(ConfigurationError, match="closed"):
        invoke(client.list_projects())


# What is sent.


def test_the_headers_say_who_calls(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    invoke(connect().project("P2other").update_name("new"))
    headers = server.requests[0].headers
    version = descope_projects.__version__
    assert headers["authorization"] == f"Bearer P2other:{KEY}"
    assert headers["x-descope-project-id"] == "P2other"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"] == f"descope-projects/{version}"
    assert (headers["x-descope-sdk-name"], headers["x-descope-sdk-version"]) == ("descope-projects", version)


def test_headers_of_the_option_are_sent_with_each_request(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(user_agent="nightly/1", headers={"X-Team": "platform", "Accept": "*/*"}, license_handshake=True)
    invoke(client.own_project.clone(name="preview"))
    assert len(server.requests) == 3
    for request in server.requests:
        assert (request.headers["user-agent"], request.headers["x-team"]) == ("nightly/1", "platform")
        assert request.headers["accept"] == "*/*"


@pytest.mark.parametrize(
    "name", ["Authorization", "host", "Content-Length", "X-Descope-Project-Id", "transfer-encoding"]
)
def test_headers_that_carry_identity_or_shape_cannot_be_chosen(name: str, face: Face) -> None:
    with pytest.raises(ConfigurationError):
        face.client(PROJECT, KEY, headers={name: "x"})


def test_no_cookie_is_kept(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    client = connect()
    server.script("list_projects", answer(200, {"projects": []}, {"Set-Cookie": "session=1"}))
    for _ in range(2):
        invoke(client.list_projects())
    assert "cookie" not in server.requests[1].headers
