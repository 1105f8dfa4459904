"""TLS: which certificates are trusted, what a refusal says, and plain HTTP to this machine only."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects.errors import ConfigurationError, TransportError
from private_authority import Authority
from scripted_server import KEY, PROJECT, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Face
    from scripted_server import Connection

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "other-authority")


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
