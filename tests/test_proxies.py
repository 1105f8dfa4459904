"""Proxies: which one is used for which host, and what it sees."""

from __future__ import annotations

import base64
import select
import socket
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects.errors import ConfigurationError, TransportError
from scripted_server import KEY, PATIENCE, PROJECT, ScriptedServer, answer, raw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Face
    from private_authority import Authority
    from scripted_server import Exchange, Step

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]


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


@pytest.mark.parametrize("spelling", ["{}\n", " {} ", "{}/", "HTTP://127.0.0.1:{port}", "http:127.0.0.1:{port}"])
def test_a_proxy_is_used_however_it_is_spelt(
    spelling: str, connect: Connect, invoke: Invoke, server: ScriptedServer, proxy: ScriptedServer
) -> None:
    proxy.always(f"{server.url}/v1/mgmt/projects/list", answer(200, PROJECTS))
    client = connect(proxy=spelling.format(proxy.url, port=proxy.port))
    assert invoke(client.list_projects())[0].id == "P2proxied"
    assert server.connections == 0


@pytest.mark.parametrize("user", ["us er", 'us"er', "us<er>", "usér", "us{er}|"])
def test_a_proxy_with_an_odd_user_is_used_and_never_passed_over(
    user: str, connect: Connect, invoke: Invoke, server: ScriptedServer, proxy: ScriptedServer
) -> None:
    proxy.always(f"{server.url}/v1/mgmt/projects/list", answer(200, PROJECTS))
    client = connect(proxy=proxy.url.replace("http://", f"http://{user}:word@"))
    assert invoke(client.list_projects())[0].id == "P2proxied"
    sent = base64.b64decode(proxy.requests[0].headers["proxy-authorization"].removeprefix("Basic "))
    assert sent.decode() == f"{user}:word"


@pytest.mark.parametrize(
    ("scheme", "variable"), [("http", "HTTP_PROXY"), ("http", "all_proxy"), ("https", "HTTPS_PROXY")]
)
@pytest.mark.parametrize("value", ["http://127.0.0.1:9\n", "http://127.0.0.1:9 ", "carrier-pigeon://127.0.0.1:9"])
def test_a_proxy_of_the_environment_that_nobody_understands_is_no_reason_to_go_directly(
    scheme: str, variable: str, value: str, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    options = {"base_url": f"{scheme}://api.example.invalid", "allow_insecure_http": True}
    with pytest.raises(ConfigurationError, match=variable):
        face.client(PROJECT, KEY, options)
    monkeypatch.setenv("NO_PROXY", "example.invalid")
    face.client(PROJECT, KEY, options)
