"""What tests of a client share: each one runs with the synchronous client and with the asynchronous one."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import inspect
import os
import signal
from typing import TYPE_CHECKING, Any, Literal

import pytest

from descope_projects import AsyncClient, Client
from scripted_server import KEY, PROJECT, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from descope_projects import Emulator, Snapshot
    from outcomes.cells import Certificates, Ground
    from private_authority import Authority

# Whoever starts the tests in the background has them ignore Ctrl-C, which many of them are about.
signal.signal(signal.SIGINT, signal.default_int_handler)

AT_ONCE = {"initial_backoff": 0, "max_backoff": 0}
FOREIGN_VARIABLES = ("DESCOPE_", "WORKLOAD_IDENTITY_TOKEN", "SSL_CERT_", "REQUESTS_CA_BUNDLE")


class Face:
    """One of the two faces: makes its clients, and calls them in its way."""

    def __init__(self, name: Literal["sync", "async"]) -> None:
        self.name = name
        self.loop = asyncio.new_event_loop() if name == "async" else None
        self.clients: list[Any] = []

    def client(self, *arguments: Any, **keywords: Any) -> Any:
        """A client; closed at the end of the test."""
        made = (Client if self.loop is None else AsyncClient)(*arguments, **keywords)
        self.clients.append(made)
        return made

    def invoke(self, value: Any) -> Any:
        """What the call returns: awaited, if it has to be."""
        if self.loop is None:
            assert not inspect.isawaitable(value)
            return value
        assert inspect.iscoroutine(value)
        return self.loop.run_until_complete(value)

    def forget(self, client: Any) -> None:
        """Closes a client before the end of the test."""
        self.clients.remove(client)
        self.invoke(client.close())

    def invoke_until_interrupted(self, value: Any) -> Any:
        """The same where Ctrl-C comes meanwhile, which cancels what is awaited, as `asyncio.run` does it."""
        if self.loop is None:
            return value
        task = self.loop.create_task(value)
        self.loop.add_signal_handler(signal.SIGINT, task.cancel)
        try:
            return self.loop.run_until_complete(task)
        finally:
            self.loop.remove_signal_handler(signal.SIGINT)

    def close(self) -> None:
        for client in self.clients:
            self.invoke(client.close())
        if self.loop is not None:
            self.loop.close()


def foreign_variables() -> list[str]:
    """What whoever runs the tests has set for a real project."""
    return [name for name in os.environ if name.startswith(FOREIGN_VARIABLES) or name.upper().endswith("_PROXY")]


@pytest.fixture(autouse=True)
def _environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not decide what the tests do."""
    for name in foreign_variables():
        monkeypatch.delenv(name)


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    """The test runs once with each."""
    made = Face(request.param)
    yield made
    made.close()


@pytest.fixture
def invoke(face: Face) -> Callable[[Any], Any]:
    """`invoke(client.list_projects())` is the result on both faces."""
    return face.invoke


@pytest.fixture
def emulator(descope_emulator: Emulator) -> Emulator:
    """The package's own fixture, under a shorter name."""
    return descope_emulator


@pytest.fixture
def client(face: Face, emulator: Emulator) -> Any:
    """A client of the emulator that never waits between two attempts."""
    return face.client(emulator.project_id, emulator.management_key, base_url=emulator.url, retry=AT_ONCE)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that does what the test says."""
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs the certificates of the servers of all tests."""
    from private_authority import Authority  # noqa: PLC0415 -- most tests need none of what it imports

    return Authority(tmp_path_factory.mktemp("authority"), "private-authority")


@pytest.fixture
def secure(authority: Authority) -> Iterator[ScriptedServer]:
    """A scripted server whose certificate the private authority has signed."""
    with ScriptedServer(authority.server()) as scripted:
        yield scripted


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates for the cells of `outcomes`."""
    from outcomes.cells import Certificates  # noqa: PLC0415 -- most tests need none of what it imports

    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def ground(face: Face, certificates: Certificates) -> Ground:
    """Where cells of `outcomes` are run."""
    from outcomes.cells import Ground  # noqa: PLC0415

    return Ground(face, certificates)


@pytest.fixture
def connect(face: Face, server: ScriptedServer) -> Callable[..., Any]:
    """`connect(**options)` is a client of the scripted server; it never waits, and does not ask for its tier."""

    def connect(**options: Any) -> Any:
        defaults = {"base_url": server.url, "license_handshake": False}
        return face.client(PROJECT, KEY, {**defaults, **options, "retry": {**AT_ONCE, **options.get("retry", {})}})

    return connect


@pytest.fixture
def project(client: Any) -> Any:
    """The client's own project."""
    return client.own_project


def with_new_connector(snapshot: Snapshot) -> dict[str, Any]:
    """The files with a connector that no project has, and so with a secret that is missing."""
    files = snapshot.to_files()
    files["connectors/connectors.json"]["connectors"].append("slack")
    configuration = {"channel": "#ops", "token": "PLACEHOLDER_VALUE"}
    files["connectors/slack.json"] = {"id": "CInew", "name": "Slack", "type": "slack", "configuration": configuration}
    return files
