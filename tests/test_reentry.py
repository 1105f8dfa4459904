"""Calls that a handler of signals or of log records makes while it interrupts another call of its thread."""

from __future__ import annotations

import logging
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import Client
from descope_projects.errors import Protected
from scripted_server import KEY, PROJECT, ScriptedServer, answer, well

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripted_server import Exchange, Step

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="signals are those of Unix")


@pytest.fixture
def sync(server: ScriptedServer) -> Iterator[Client]:
    with Client(PROJECT, KEY, base_url=server.url, license_handshake=False) as client:
        yield client


@contextmanager
def handling(work: Callable[[], Any]) -> Iterator[list[Any]]:
    """SIGUSR1 does the work, and what comes of it is in the list."""
    ends: list[Any] = []

    def handler(*_: object) -> None:
        try:
            ends.append(work())
        except Protected as refused:
            ends.append(refused)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        yield ends
    finally:
        signal.signal(signal.SIGUSR1, before)


def when_handled(ends: list[Any]) -> Step:
    """Interrupt the client, and answer when its handler has ended."""

    def step(exchange: Exchange) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        exchange.server.wait_until(lambda: bool(ends))
        well(exchange)

    return step


@pytest.mark.parametrize("call", ["update_name", "clone"])
def test_a_write_within_a_write_to_the_same_project_is_refused_and_waits_for_nothing(
    call: str, sync: Client, server: ScriptedServer
) -> None:
    with handling(lambda: sync.project(PROJECT).update_tags(["a"])) as ends:
        server.script(call, when_handled(ends))
        if call == "clone":
            assert sync.own_project.clone(name="preview", settle=False).name == "preview"
        else:
            sync.own_project.update_name("new")
    [refused] = ends
    assert isinstance(refused, Protected)
    assert (refused.operation, refused.project_id, refused.written) == ("update_tags", PROJECT, "nothing")
    assert "under way on this thread" in str(refused)
    assert (server.executions(call), len(server.requests)) == (1, 1)
    sync.own_project.update_tags(["b"])
    assert server.executions("update_tags") == 1


@pytest.mark.parametrize(
    "inner",
    [
        lambda client: client.project("P2other").update_tags(["a"]) or True,
        lambda client: client.own_project.export_snapshot(),
        lambda client: client.list_projects(),
    ],
    ids=["a-write-to-another", "a-read-of-the-same", "a-list"],
)
def test_other_calls_within_a_write_are_made(
    inner: Callable[[Client], Any], sync: Client, server: ScriptedServer
) -> None:
    with handling(lambda: inner(sync)) as ends:
        server.script("update_name", when_handled(ends))
        sync.own_project.update_name("new")
    assert ends[0]
    assert not isinstance(ends[0], Protected)
    assert len(server.requests) == 2


def test_a_write_within_a_read_is_made(sync: Client, server: ScriptedServer) -> None:
    with handling(lambda: sync.own_project.update_tags(["a"]) or True) as ends:
        server.script("list_projects", when_handled(ends))
        sync.list_projects()
    assert ends == [True]
    assert server.executions("update_tags") == 1


def test_a_handler_of_log_records_cannot_wait_for_the_call_that_it_logs(sync: Client, server: ScriptedServer) -> None:
    ends: list[Any] = []

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "update_name" in record.getMessage() and not ends:
                ends.append(record)
                with pytest.raises(Protected):
                    sync.own_project.update_tags(["a"])
                ends.append("refused")

    logger = logging.getLogger("descope_projects")
    handler = Telling(logging.INFO)
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        server.script("update_name", answer(503, None, {"Retry-After": "1"}))
        sync.own_project.update_name("new")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert ends[1:] == ["refused"]
    assert server.executions("update_name") == 1
