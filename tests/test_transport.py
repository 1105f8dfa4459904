"""The connection: TLS and trust, proxies, HTTP/2, compression, limits, headers, and how few connections there are."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import base64
import gzip
import ipaddress
import json
import re
import select
import socket
import ssl
import struct
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import descope_projects
from descope_projects.errors import (
    ConfigurationError,
    DescopeError,
    PermissionDenied,
    Protected,
    ProtocolError,
    TransportError,
    UnknownOutcome,
)
from scripted_server import KEY, PATIENCE, PROJECT, Gate, ScriptedServer, answer, encoded, hold, raw, well

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Face
    from descope_projects import Emulator
    from scripted_server import Connection, Exchange, Step

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]


# TLS.


class Authority:
    """A certificate authority that exists for one run of the tests."""

    def __init__(self, directory: Path, name: str) -> None:
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self._builder(self.subject, self.key).add_extension(constraints, critical=True)
        self.path = directory / f"{name}.pem"
        self._write(self.path, certificate)

    def server(self, address: str = "127.0.0.1", days: int = 1) -> ssl.SSLContext:
        """What a server with a certificate for this address needs."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
        path = self.directory / f"{address}-{days}.pem"
        self._write(path, self._builder(subject, key, days).add_extension(names, critical=False), key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _builder(self, subject: x509.Name, key: Any, days: int = 1) -> x509.CertificateBuilder:
        now = datetime.now(timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
        )

    def _write(self, path: Path, builder: x509.CertificateBuilder, key: Any = None) -> None:
        text = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        if key is not None:
            text += key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        path.write_bytes(text)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "private-authority")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "other-authority")


@pytest.fixture
def secure(authority: Authority) -> Iterator[ScriptedServer]:
    """A server whose certificate the private authority has signed."""
    with ScriptedServer(authority.server()) as server:
        yield server


def test_a_private_authority_is_trusted_where_the_option_names_it(
    secure: ScriptedServer, authority: Authority, connect: Connect, invoke: Invoke
) -> None:
    for bundle in (authority.path, str(authority.path)):
        assert invoke(connect(base_url=secure.url, ca_bundle=bundle).list_projects())[0].id == PROJECT


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_private_authority_is_trusted_where_the_environment_names_it(
    variable: str, secure: ScriptedServer, authority: Authority, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(authority.path))
    client = face.client(PROJECT, KEY, base_url=secure.url)
    assert face.invoke(client.list_projects())[0].id == PROJECT


def test_a_directory_of_authorities_is_read(
    secure: ScriptedServer, authority: Authority, face: Face, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # OpenSSL looks authorities up by the hash of their name; the name of the file matters to nobody here.
    (tmp_path / "0123abcd.0").write_bytes(authority.path.read_bytes())
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    client = face.client(PROJECT, KEY, base_url=secure.url)
    assert face.invoke(client.list_projects())[0].id == PROJECT


def refusal(face: Face, server: ScriptedServer, **options: Any) -> TransportError:
    """How a clone ends that must not be sent."""
    client = face.client(PROJECT, KEY, {"base_url": server.url, "license_handshake": False, **options})
    with pytest.raises(TransportError) as caught:
        face.invoke(client.own_project.clone(settle=False))
    assert (caught.value.written, caught.value.attempts) == ("nothing", 1)
    assert server.requests == []
    return caught.value


def system_certificates(message: str) -> int:
    found = re.search(r"the system's store \((\d+) certificates\)", message)
    assert found is not None
    return int(found[1])


def test_an_unknown_authority_is_refused_and_the_stores_are_named(
    secure: ScriptedServer, stranger: Authority, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = str(refusal(face, secure))
    beside = str(refusal(face, secure, ca_bundle=stranger.path))
    assert f"ca_bundle {stranger.path} (1)" in beside
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger.path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stranger.path))
    named = str(refusal(face, secure, ca_bundle=stranger.path))
    for store in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "ca_bundle"):
        assert f"{store} {stranger.path} (1)" in named
    # Beside the system's store, not instead of it.
    assert system_certificates(alone) == system_certificates(beside) == system_certificates(named)


@pytest.mark.parametrize(("address", "days"), [("127.0.0.2", 1), ("127.0.0.1", -1)], ids=["another-name", "expired"])
def test_a_certificate_that_is_wrong_is_refused(address: str, days: int, authority: Authority, face: Face) -> None:
    with ScriptedServer(authority.server(address, days)) as server:
        refusal(face, server, ca_bundle=authority.path)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_gives_nothing_is_an_error_of_ours(
    content: str | None, secure: ScriptedServer, face: Face, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    with pytest.raises(ConfigurationError, match=re.escape(str(bundle))) as caught:
        face.invoke(face.client(PROJECT, KEY, base_url=secure.url, ca_bundle=bundle).list_projects())
    assert caught.value.path == "ca_bundle"


def test_a_server_that_does_not_speak_tls_is_refused(server: ScriptedServer, face: Face) -> None:
    server.at_accept(lambda connection: connection.socket.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    client = face.client(PROJECT, KEY, base_url=f"https://127.0.0.1:{server.port}", license_handshake=False)
    with pytest.raises(TransportError) as caught:
        face.invoke(client.own_project.clone(settle=False))
    assert caught.value.written == "nothing"


def test_a_connection_that_ends_before_keys_are_agreed_on_is_made_anew(
    secure: ScriptedServer, authority: Authority, connect: Connect, invoke: Invoke
) -> None:
    def greeted(connection: Connection) -> None:
        assert connection.socket.recv(1)
        connection.close()

    secure.at_accept(greeted, greeted)
    client = connect(base_url=secure.url, ca_bundle=authority.path)
    assert invoke(client.own_project.clone(name="preview", settle=False)).name == "preview"
    assert (secure.connections, secure.executions("clone")) == (3, 1)


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1", "http://api.descope.com", "http://localhost.example.com", "http://0.0.0.0:81"]
)
def test_plain_http_is_refused_but_to_this_machine(url: str, face: Face) -> None:
    with pytest.raises(ConfigurationError, match="allow_insecure_http") as caught:
        face.client(PROJECT, KEY, base_url=url)
    assert caught.value.path == "base_url"
    assert face.client(PROJECT, KEY, base_url=url, allow_insecure_http=True).base_url.startswith(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_plain_http_to_this_machine_needs_no_option(host: str, server: ScriptedServer, face: Face) -> None:
    client = face.client(PROJECT, KEY, base_url=f"http://{host}:{server.port}")
    assert face.invoke(client.list_projects())[0].id == PROJECT


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
            with pytest.raises(ProtocolError, match="redirect") as caught:
                invoke(client.list_projects() if call == "list_projects" else client.own_project.clone(settle=False))
            assert (caught.value.status, caught.value.written) == (status, "nothing")
        assert elsewhere.connections == 0
    assert {request.target for request in server.requests} == {server.requests[0].target}


# Proxies.


def tunnel(exchange: Exchange) -> None:
    """What a proxy does that is asked for a connection."""
    host, _, port = exchange.request.target.rpartition(":")
    with socket.create_connection((host, int(port))) as upstream:
        exchange.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        ends = {exchange.connection.socket: upstream, upstream: exchange.connection.socket}
        while True:
            for readable in select.select(list(ends), [], [], PATIENCE)[0]:
                data = readable.recv(65536)
                if not data:
                    exchange.close()
                    return
                ends[readable].sendall(data)


PROJECTS = {"projects": [{"id": "P2proxied"}]}


@pytest.fixture
def proxy() -> Iterator[ScriptedServer]:
    """A proxy that answers for every host that it is asked for in plain."""
    with ScriptedServer() as server:
        server.always("http://api.example.invalid/v1/mgmt/projects/list", answer(200, PROJECTS))
        yield server


def test_the_proxy_of_the_option_is_used(face: Face, proxy: ScriptedServer) -> None:
    options = {"base_url": "http://api.example.invalid", "allow_insecure_http": True, "license_handshake": False}
    client = face.client(PROJECT, KEY, options, proxy=proxy.url)
    assert face.invoke(client.list_projects())[0].id == "P2proxied"
    assert proxy.requests[0].headers["authorization"] == f"Bearer {PROJECT}:{KEY}"


def test_the_proxy_of_the_option_is_used_for_this_machine_too(
    connect: Connect, invoke: Invoke, server: ScriptedServer, proxy: ScriptedServer
) -> None:
    proxy.always(f"{server.url}/v1/mgmt/projects/list", answer(200, PROJECTS))
    assert invoke(connect(proxy=proxy.url).list_projects())[0].id == "P2proxied"
    assert server.connections == 0


def test_a_proxy_sees_nothing_of_what_goes_through_its_tunnel(
    secure: ScriptedServer, authority: Authority, connect: Connect, invoke: Invoke, proxy: ScriptedServer
) -> None:
    proxy.always(f"127.0.0.1:{secure.port}", tunnel)
    through = proxy.url.replace("http://", "http://user:p%40ss@")
    client = connect(base_url=secure.url, ca_bundle=authority.path, proxy=through)
    assert invoke(client.list_projects())[0].id == PROJECT
    assert [request.method for request in proxy.requests] == ["CONNECT"]
    headers = proxy.requests[0].headers
    assert headers["proxy-authorization"] == f"Basic {base64.b64encode(b'user:p@ss').decode()}"
    assert not any(KEY in value for value in headers.values())
    assert "proxy-authorization" not in secure.requests[0].headers


@pytest.mark.parametrize("happens", [answer(407), answer(502, "<html>"), raw(b"")], ids=["407", "502", "closed"])
def test_a_proxy_that_refuses_means_certainly_not_sent_and_shows_no_password(
    happens: Step, secure: ScriptedServer, connect: Connect, invoke: Invoke, proxy: ScriptedServer
) -> None:
    proxy.always(f"127.0.0.1:{secure.port}", happens)
    client = connect(base_url=secure.url, proxy=proxy.url.replace("http://", "http://user:canary-word@"))
    with pytest.raises(TransportError) as caught:
        invoke(client.own_project.clone(settle=False))
    assert (caught.value.written, secure.connections) == ("nothing", 0)
    assert "canary" not in repr(vars(caught.value)) + str(caught.value) + repr(caught.value.__cause__)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used_but_for_this_machine(
    variable: str, face: Face, server: ScriptedServer, proxy: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy.url)
    options = {"allow_insecure_http": True, "license_handshake": False}
    client = face.client(PROJECT, KEY, options, base_url="http://api.example.invalid")
    assert face.invoke(client.list_projects())[0].id == "P2proxied"
    assert proxy.connections == 1
    for host in ("127.0.0.1", "localhost"):
        client = face.client(PROJECT, KEY, options, base_url=f"http://{host}:{server.port}")
        assert face.invoke(client.list_projects())[0].id == PROJECT
    assert proxy.connections == 1


def test_the_secure_proxy_of_the_environment_is_used(
    face: Face, authority: Authority, proxy: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    # This machine under a name that does not say so.
    with ScriptedServer(authority.server("0.0.0.0")) as server:  # noqa: S104 -- nothing is bound to it
        proxy.always(f"0.0.0.0:{server.port}", tunnel)
        client = face.client(PROJECT, KEY, base_url=f"https://0.0.0.0:{server.port}", ca_bundle=authority.path)
        assert face.invoke(client.list_projects())[0].id == PROJECT
        assert proxy.connections == server.connections == 1


def test_a_host_that_the_environment_excepts_is_reached_directly(
    face: Face, server: ScriptedServer, proxy: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This machine under a name that does not say so.
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "0.0.0.0")  # noqa: S104 -- nothing is bound to it
    client = face.client(PROJECT, KEY, base_url=f"http://0.0.0.0:{server.port}", allow_insecure_http=True)
    assert face.invoke(client.list_projects())[0].id == PROJECT
    assert proxy.connections == 0


# HTTP/2, spoken just well enough.

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
        assert invoke(client.list_projects())[0].id == "P2proxied"
    assert (spoken.answered, server.connections) == (3, 1)


async def test_calls_at_the_same_time_share_one_http2_connection(server: ScriptedServer, authority: Authority) -> None:
    spoken, options = speaking(server, authority, PROJECTS)
    async with descope_projects.AsyncClient(PROJECT, KEY, license_handshake=False, **options) as client:
        await client.list_projects()
        await asyncio.gather(*(client.list_projects() for _ in range(20)))
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


# Any other route.


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_request_is_sent_with_its_method_and_body(
    method: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("request", answer(200, {"tenants": [1, {"a": None}], "name": "é"}))
    client = connect()
    assert invoke(client.request(method, "/v1/mgmt/other")) == {"tenants": [1, {"a": None}], "name": "é"}
    received = server.requests[0]
    assert (received.method, received.target) == (method, "/v1/mgmt/other")
    assert received.body == (b"" if method == "GET" else b"{}")
    assert received.headers["authorization"] == f"Bearer {PROJECT}:{KEY}"
    if method != "GET":
        body = {"name": "é", "list": [1, 2.5, None, True], "nested": {"a": {}}}
        invoke(client.request(method, "/v1/mgmt/other", body))
        assert server.requests[1].json == body


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b"", None),
        (b"null", None),
        (b"[]", []),
        (b'"text"', "text"),
        (b"12345678901234567890123", 12345678901234567890123),
    ],
)
def test_a_request_returns_whatever_json_there_is(
    body: bytes, result: Any, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("request", answer(200, body))
    assert invoke(connect().request("GET", "/v1/mgmt/other")) == result


PATHS = [
    "",
    "v1/mgmt/other",
    "https://elsewhere.example/v1",
    "//elsewhere.example/v1",
    "/v1/../admin",
    "/v1/./other",
    "/v1//other",
    "/v1/%2e%2e/admin",
    "/v1/other?x=1",
    "/v1/other#x",
    "/v1/other x",
    "/v1\\other",
    "/v1/other\r\nX-Evil: 1",
    "/v1/é",
    "/@elsewhere.example",
]


@pytest.mark.parametrize("path", PATHS[:-1])
def test_a_path_that_could_leave_the_host_is_refused(
    path: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        invoke(connect().request("GET", path))
    assert (caught.value.operation, caught.value.path, server.connections) == ("request", "path", 0)


def test_a_path_with_an_at_sign_stays_on_the_host(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    invoke(connect().request("GET", PATHS[-1]))
    assert server.requests[0].target == PATHS[-1]


@pytest.mark.parametrize(("method", "body"), [("TRACE", None), ("", None), ("GET", {}), ("POST", {1, 2})])
def test_a_request_that_cannot_be_right_is_refused(
    method: Any, body: Any, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    with pytest.raises(ConfigurationError):
        invoke(connect().request(method, "/v1/mgmt/other", body))
    assert server.connections == 0


def test_a_read_only_client_requests_only_what_is_known_to_read(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(read_only=True)
    for path, options in [
        ("/v1/mgmt/other", {}),
        ("/v1/mgmt/other", {"safe_to_repeat": True}),
        ("/v1/mgmt/project/update/name", {}),
        ("/v1/mgmt/project/delete", {"safe_to_repeat": True}),
    ]:
        with pytest.raises(Protected) as caught:
            invoke(client.request("POST", path, {}, **options))
        assert (caught.value.written, caught.value.exit_status) == ("nothing", 3)
    assert server.connections == 0
    invoke(client.request("GET", "/v1/mgmt/other"))
    invoke(client.request("POST", "/v1/mgmt/projects/list"))
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "path", ["/v1/mgmt/project/clone", "/v1/mgmt/project/snapshot/import", "/v1/mgmt/project/delete"]
)
def test_a_known_call_is_not_made_safe_by_saying_so(
    path: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always(path, answer(503))
    with pytest.raises(UnknownOutcome):
        invoke(connect().request("POST", path, {}, safe_to_repeat=True))
    assert len(server.seen(path)) == 1


def test_a_slash_at_its_end_does_not_make_a_known_call_another(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    # Many a server takes the two for one route.
    path = "/v1/mgmt/project/delete/"
    server.always(path, answer(503))
    with pytest.raises(DescopeError):
        invoke(connect().request("POST", path, {}, safe_to_repeat=True))
    assert len(server.seen(path)) == 1


def test_the_time_limit_of_a_request_is_its_own(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    server.script("request", hold(Gate(), then=well))
    with pytest.raises(descope_projects.DeadlineExceeded):
        invoke(connect().request("GET", "/v1/mgmt/other", timeout=0.05))
