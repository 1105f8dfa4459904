"""Connections that the server closed while nobody looked: they cost no call its outcome."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from nginx import NGINX, Nginx
from outcomes.calls import ONCE, OPERATIONS
from scripted_server import ScriptedServer, then_close, well

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Face
    from outcomes.calls import Operation
    from scripted_server import Exchange, Step

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]

CLONES = 100


def cloned(client: Any) -> Any:
    return client.own_project.clone(name="preview", settle=False)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.kind == ONCE and one.name != "delete"], ids=str)
def test_idle_connections_that_the_server_closed_cost_no_call_its_outcome(
    operation: Operation, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect()
    server.always(operation.key, then_close(well))
    for number in range(1, CLONES + 1):
        invoke(operation.call(client))
        # The close is in this machine's kernel before the next call begins, and nothing has told the client.
        server.wait_until_closed(number)
    assert server.executions(operation.key) == len(server.seen(operation.key)) == server.connections == CLONES


def test_idle_connections_that_the_server_closed_cost_a_read_no_repeat(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(retry={"max_attempts": 1})
    server.always("list_projects", then_close(well))
    for number in range(1, CLONES + 1):
        invoke(client.list_projects())
        server.wait_until_closed(number)
    assert len(server.seen("list_projects")) == server.connections == CLONES


def test_idle_connections_whose_close_was_seen_cost_no_call_its_outcome(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect()
    server.always("clone", then_close(well))
    for number in range(1, CLONES + 1):
        invoke(cloned(client))
        server.wait_until_closed(number)
        # Another call lets the client look around.
        invoke(client.list_projects())
    assert server.executions("clone") == len(server.seen("clone")) == CLONES
    assert server.connections == CLONES + 1


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.kind == ONCE], ids=str)
def test_a_call_that_may_not_be_repeated_takes_no_connection_that_others_left_idle(
    operation: Operation, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    # It may have been idle for long, and nothing tells a request that was not read from one that was carried out.
    client = connect()
    invoke(client.list_projects())
    invoke(operation.call(client))
    assert server.connections == 2


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.key == "clone"], ids=str)
def test_idle_connections_that_were_reset_cost_no_call_its_outcome(
    operation: Operation, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect()
    for _ in range(20):
        invoke(operation.call(client))
        server.reset_idle()
    assert server.executions("clone") == len(server.seen("clone")) == server.connections == 20


def test_an_idle_connection_that_the_server_closed_costs_no_attempt_of_a_call_that_lists_first(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(retry={"max_attempts": 1})
    server.always("clone", then_close(well))
    for number in range(1, 21):
        assert invoke(client.own_project.clone(name=f"preview-{number}")).settled is False
        server.wait_until_closed(number)
    assert server.executions("clone") == len(server.seen("clone")) == len(server.seen("list_projects")) == 20


# A real server that closes what is idle for a second.


@pytest.fixture
def nginx(server: ScriptedServer, tmp_path: Path) -> Iterator[Nginx]:
    assert NGINX is not None
    with Nginx(NGINX, tmp_path, upstream=server.port, keepalive_timeout="1s") as running:
        yield running


def at_once(face: Face, projects: list[Any]) -> list[Any]:
    """A clone of each, all at the same time."""

    def clone(project: Any) -> Any:
        return project.clone(name="preview", settle=False)

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*map(clone, projects))

    if face.loop is not None:
        return face.loop.run_until_complete(all_of_them())
    with ThreadPoolExecutor(len(projects)) as pool:
        return list(pool.map(clone, projects))


@pytest.mark.skipif(NGINX is None, reason="nginx is not on this machine (Debian: nginx-light)")
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's list of connections is Linux's")
def test_no_clone_is_lost_to_a_server_that_closes_what_is_idle_for_a_second(
    face: Face, connect: Connect, nginx: Nginx, server: ScriptedServer
) -> None:
    client = connect(base_url=nginx.url)
    projects = [client.project(f"P2number{number}") for number in range(CLONES)]
    # None is answered before all are there: each has a connection of its own, and all are idle at once.
    server.always("clone", together(CLONES))
    at_once(face, projects)
    nginx.wait_until_all_are_closed()
    server.always("clone", together(2 * CLONES))
    assert [result.settled for result in at_once(face, projects)] == [False] * CLONES
    assert server.executions("clone") == len(server.seen("clone")) == 2 * CLONES
    assert nginx.accepted() == 2 * CLONES


def together(requests: int) -> Step:
    def step(exchange: Exchange) -> None:
        exchange.server.wait_until(lambda: len(exchange.server.seen("clone")) >= requests)
        well(exchange)

    return step
