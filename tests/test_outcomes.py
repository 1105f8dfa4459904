"""What becomes of a call when the connection or the server dies before, during or after its work.

The law of the package: a call that may not be repeated never runs twice, whatever happens to it.
"""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import errors
from descope_projects.errors import DeadlineExceeded, DescopeError, TransportError, UnknownOutcome
from scripted_server import (
    FILES,
    PROJECT,
    Gate,
    ScriptedServer,
    answer,
    drop,
    half,
    hold,
    reset,
    reset_at_once,
    reset_unread,
    stall,
    then_close,
    well,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Face
    from scripted_server import Step

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]

READ, SET, ONCE = "read", "set", "once"
ATTEMPTS = 3


@dataclass(frozen=True)
class Operation:
    """A call, as a user makes it."""

    name: str
    kind: str
    call: Callable[[Any], Any]
    may_be_empty: bool = False
    """Whether an answer without a body is a good one."""
    path: str = ""
    """Its key in `PATHS`, where that is not its name."""
    prepare: Callable[[Any], Any] = field(default=lambda client: client)

    @property
    def key(self) -> str:
        return self.path or self.name


OPERATIONS = [
    Operation("list_projects", READ, lambda client: client.list_projects()),
    Operation("update_name", SET, lambda client: client.own_project.update_name("new"), may_be_empty=True),
    Operation("update_tags", SET, lambda client: client.own_project.update_tags(["a"]), may_be_empty=True),
    Operation("clone", ONCE, lambda client: client.own_project.clone(name="preview", settle=False)),
    Operation("start_clone", ONCE, lambda client: client.own_project.start_clone(name="preview", settle=False)),
    Operation(
        "clone_status",
        READ,
        lambda started: started.status(),
        prepare=lambda client: client.own_project.start_clone(name="preview", settle=False),
    ),
    Operation(
        "delete", ONCE, lambda client: client.own_project.delete(confirm=PROJECT, settle=False), may_be_empty=True
    ),
    Operation("export_project", READ, lambda client: client.own_project.export_project()),
    Operation("import_project", ONCE, lambda client: client.own_project.import_project(FILES), may_be_empty=True),
    Operation("export_snapshot", READ, lambda client: client.own_project.export_snapshot()),
    Operation("import_snapshot", ONCE, lambda client: client.own_project.import_snapshot(FILES), may_be_empty=True),
    Operation("validate_snapshot", READ, lambda client: client.own_project.validate_snapshot(FILES)),
    Operation("request", ONCE, lambda client: client.request("POST", "/v1/mgmt/other", {}), may_be_empty=True),
    Operation(
        "request",
        SET,
        lambda client: client.request("POST", "/v1/mgmt/other", {}, safe_to_repeat=True),
        may_be_empty=True,
    ),
    Operation("request", READ, lambda client: client.request("GET", "/v1/mgmt/other"), may_be_empty=True),
    Operation("request", ONCE, lambda client: client.request("POST", "/v1/mgmt/project/clone", {}), True, "clone"),
    Operation("request", READ, lambda client: client.request("GET", "/v1/mgmt/license"), True, "license"),
]
EVERY = {READ, SET, ONCE}
REPEATABLE = {READ, SET}
NONE: set[str] = set()


@dataclass(frozen=True)
class Cell:
    """Something that happens to a request, and what the design says about it."""

    name: str
    happens: Step
    repeated: set[str]
    """The kinds of calls that are sent again."""
    error: str
    """The class that the call ends with where the end is clear; a call of kind "once" is else an `UnknownOutcome`."""
    status: int | None = None
    works: bool = False
    """Whether the server does the work before it happens."""
    harmless: bool = False
    """Whether it says that the origin did not do the work."""


PAGE = "<html><body><h1>Bad gateway</h1></body></html>"
NOT_JSON_ALL = b'{"projectId": "P2clo'
CELLS = [
    Cell("reset before the work", reset(work=False), REPEATABLE, "TransportError"),
    Cell("reset after the work", reset(work=True), REPEATABLE, "TransportError", works=True),
    Cell("closed before the work", drop(work=False), REPEATABLE, "TransportError"),
    Cell("closed after the work", drop(work=True), REPEATABLE, "TransportError", works=True),
    Cell("closed within the answer", half(), REPEATABLE, "TransportError", works=True),
    Cell("closed within a chunk", half(chunked=True), REPEATABLE, "TransportError", works=True),
    Cell("429", answer(429), EVERY, "RateLimited", 429, harmless=True),
    Cell("429 with Retry-After", answer(429, {}, {"Retry-After": "0"}), EVERY, "RateLimited", 429, harmless=True),
    Cell("500", answer(500), NONE, "ServerError", 500),
    Cell("500 after the work", answer(500, work=True), NONE, "ServerError", 500, works=True),
    Cell("502 in HTML", answer(502, PAGE), REPEATABLE, "ServerError", 502),
    Cell("503", answer(503), REPEATABLE, "ServerError", 503),
    Cell("503 with Retry-After", answer(503, {}, {"Retry-After": "0"}), REPEATABLE, "ServerError", 503),
    Cell("504 after the work", answer(504, work=True), REPEATABLE, "ServerError", 504, works=True),
    *(
        Cell(f"{status} after the work", answer(status, PAGE, work=True), REPEATABLE, "ServerError", status, works=True)
        for status in (520, 522, 523, 524)
    ),
    Cell("521", answer(521, PAGE), EVERY, "ServerError", 521, harmless=True),
    Cell("530", answer(530, PAGE), EVERY, "ServerError", 530, harmless=True),
    Cell("a body cut short", answer(200, NOT_JSON_ALL), NONE, "ProtocolError", 200, works=True),
    Cell("a page instead of JSON", answer(200, PAGE), NONE, "ProtocolError", 200, works=True),
]
EMPTY = Cell("an empty body", answer(200), NONE, "ProtocolError", 200, works=True)
UNREAD = Cell("reset unread", well, REPEATABLE, "TransportError")


def by_name(operation: Operation) -> str:
    return f"{operation.name}-{operation.kind}" + (f"-{operation.path}" if operation.path else "")


def param(operation: Operation, cell: Cell) -> Any:
    name = f"{by_name(operation)}-{cell.name.replace(' ', '-')}"
    return pytest.param(operation, cell, id=name)


GRID = [param(operation, cell) for operation in OPERATIONS for cell in CELLS]


def expect(error: DescopeError, operation: Operation, cell: Cell, attempts: int) -> None:
    """Compares what is raised with what the design says about the cell."""
    known = operation.kind != ONCE or operation.kind in cell.repeated
    assert type(error) is (getattr(errors, cell.error) if known else UnknownOutcome)
    written = "nothing" if operation.kind == READ or cell.harmless else "unknown"
    assert (error.written, error.exit_status) == (written, 1 if written == "nothing" else 4)
    assert (error.operation, error.project_id, error.attempts) == (operation.name, PROJECT, attempts)
    assert getattr(error, "status", None) == cell.status


@pytest.mark.parametrize(("operation", "cell"), [*GRID, *(param(one, EMPTY) for one in OPERATIONS)])
def test_what_always_happens_ends_the_call(
    operation: Operation, cell: Cell, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(retry={"max_attempts": ATTEMPTS})
    ready = operation.prepare(client)
    ready = ready if ready is client else invoke(ready)
    server.always(operation.key, cell.happens)
    attempts = ATTEMPTS if operation.kind in cell.repeated else 1
    if cell is EMPTY and operation.may_be_empty:
        assert invoke(operation.call(ready)) is None
    else:
        with pytest.raises(DescopeError) as caught:
            invoke(operation.call(ready))
        expect(caught.value, operation, cell, attempts)
    assert len(server.seen(operation.key)) == attempts
    assert server.executions(operation.key) == (attempts if cell.works else 0)


@pytest.mark.parametrize(("operation", "cell"), GRID)
def test_what_happens_once_is_overcome_only_where_a_repeat_is_harmless(
    operation: Operation, cell: Cell, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect()
    ready = operation.prepare(client)
    ready = ready if ready is client else invoke(ready)
    server.script(operation.key, cell.happens)
    if operation.kind in cell.repeated:
        invoke(operation.call(ready))
        assert (len(server.seen(operation.key)), server.executions(operation.key)) == (2, 1 + cell.works)
    else:
        with pytest.raises(DescopeError) as caught:
            invoke(operation.call(ready))
        expect(caught.value, operation, cell, 1)
        assert (len(server.seen(operation.key)), server.executions(operation.key)) == (1, int(cell.works))
    if operation.kind == ONCE:
        assert server.executions(operation.key) <= 1


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.name != "clone_status"], ids=by_name)
def test_a_reset_of_what_nobody_read_proves_nothing(
    operation: Operation, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.at_accept(reset_unread)
    if operation.kind == ONCE:
        with pytest.raises(UnknownOutcome) as caught:
            invoke(operation.call(connect()))
        expect(caught.value, operation, UNREAD, 1)
        assert server.seen(operation.key) == []
    else:
        invoke(operation.call(connect()))
        assert server.executions(operation.key) == 1


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.kind == ONCE], ids=by_name)
def test_a_connection_that_is_reset_at_once_never_doubles_the_work(
    operation: Operation, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    # Whether the first byte was on its way is the kernel's secret: both ends are right, and no third.
    server.at_accept(reset_at_once)
    try:
        invoke(operation.call(connect()))
        unknown = 0
    except UnknownOutcome as error:
        unknown = error.attempts
    assert (unknown, server.executions(operation.key)) in [(1, 0), (0, 1)]


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.name != "clone_status"], ids=by_name)
def test_a_refused_connection_is_tried_again_and_nothing_was_sent(
    operation: Operation, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.stop_listening()
    with pytest.raises(TransportError) as caught:
        invoke(operation.call(connect(retry={"max_attempts": ATTEMPTS})))
    error = caught.value
    assert (error.written, error.exit_status, error.attempts) == ("nothing", 1, ATTEMPTS)
    assert (error.operation, error.project_id) == (operation.name, PROJECT)


def calls_at_once(face: Face, calls: list[tuple[Operation, Any]]) -> list[BaseException]:
    """Makes all calls at the same time, so that their time limits run out together."""

    def end_of(call: tuple[Operation, Any]) -> BaseException:
        operation, client = call
        with pytest.raises(DescopeError) as caught:
            operation.call(client)
        return caught.value

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(operation.call(client) for operation, client in calls), return_exceptions=True)

    if face.loop is not None:
        return face.loop.run_until_complete(all_of_them())
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(end_of, calls))


DELAYS: dict[str, Callable[[], Step]] = {
    "before the work": lambda: hold(Gate()),
    "after the work": lambda: hold(Gate(), work=True),
    "within the answer": lambda: stall(Gate()),
}


@pytest.mark.parametrize("delay", DELAYS)
def test_our_own_deadline_says_nothing_about_the_work(delay: str, face: Face) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(ScriptedServer()) for _ in OPERATIONS]
        calls = []
        for operation, server in zip(OPERATIONS, servers, strict=True):
            server.script(operation.key, DELAYS[delay]())
            client = face.client(PROJECT, "K2key", base_url=server.url, license_handshake=False, timeout=1)
            ready = operation.prepare(client)
            calls.append((operation, ready if ready is client else face.invoke(ready)))
        for (operation, _), error, server in zip(calls, calls_at_once(face, calls), servers, strict=True):
            assert type(error) is (UnknownOutcome if operation.kind == ONCE else DeadlineExceeded)
            assert (error.operation, error.project_id, error.attempts) == (operation.name, PROJECT, 1)
            assert error.written == ("nothing" if operation.kind == READ else "unknown")
            assert (len(server.seen(operation.key)), server.executions(operation.key)) == (
                1,
                int(delay != "before the work"),
            )


@pytest.fixture
def deaf() -> Iterator[str]:
    """The URL of a port that takes no connection and refuses none."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as occupant:
        occupant.connect(listener.getsockname())
        second = socket.socket()
        second.setblocking(False)
        second.connect_ex(listener.getsockname())
        with second:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.name != "clone_status"], ids=by_name)
def test_a_deadline_before_there_is_a_connection_is_no_unknown_outcome(
    operation: Operation, deaf: str, connect: Connect, invoke: Invoke
) -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        invoke(operation.call(connect(base_url=deaf, timeout=0.01)))
    assert (caught.value.written, caught.value.exit_status) == ("nothing", 1)


def test_a_connection_that_is_never_made_is_given_up_and_tried_again(
    deaf: str, connect: Connect, invoke: Invoke
) -> None:
    client = connect(base_url=deaf, connect_timeout=0.01, retry={"max_attempts": ATTEMPTS})
    with pytest.raises(TransportError) as caught:
        invoke(client.own_project.clone(settle=False))
    assert (caught.value.written, caught.value.attempts) == ("nothing", ATTEMPTS)


def test_a_name_that_cannot_be_looked_up_means_certainly_not_sent(connect: Connect, invoke: Invoke) -> None:
    client = connect(base_url="https://api.example.invalid", connect_timeout=0.5, retry={"max_attempts": 1})
    with pytest.raises(TransportError, match=r"no connection to api\.example\.invalid") as caught:
        invoke(client.own_project.clone(settle=False))
    assert (caught.value.written, caught.value.exit_status) == ("nothing", 1)


def test_a_value_that_an_earlier_attempt_may_have_set_is_unknown_even_if_the_last_never_arrived(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("update_name", drop(work=True), answer(521), answer(521))
    with pytest.raises(errors.ServerError) as caught:
        invoke(connect(retry={"max_attempts": 3}).own_project.update_name("new"))
    assert (caught.value.status, caught.value.written, caught.value.exit_status) == (521, "unknown", 4)


@pytest.mark.parametrize("call", ["clone", "import_snapshot"])
def test_no_sequence_of_events_makes_a_call_run_twice(
    call: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    operation = next(one for one in OPERATIONS if one.name == call)
    client = connect()
    harmless = [cell for cell in CELLS if cell.harmless]
    for first, second, last in [*product(harmless, harmless[:1], CELLS), *product(harmless[-1:], harmless, CELLS)]:
        before = server.executions(call)
        server.script(call, first.happens, second.happens, last.happens)
        if last.harmless:
            invoke(operation.call(client))
        else:
            with pytest.raises(UnknownOutcome) as caught:
                invoke(operation.call(client))
            assert caught.value.attempts == 3
        assert server.executions(call) - before == int(last.harmless or last.works)


# A once call on a connection that was idle.


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.kind == ONCE and one.name != "delete"], ids=by_name
)
def test_idle_connections_that_the_server_closed_cost_no_call_its_outcome(
    operation: Operation, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect()
    server.always(operation.key, then_close(well))
    for number in range(1, 21):
        invoke(operation.call(client))
        # The close is in this machine's kernel before the next call begins, and nothing has told the client.
        server.wait_until_closed(number)
    assert server.executions(operation.key) == len(server.seen(operation.key)) == server.connections == 20


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.kind == ONCE], ids=by_name)
def test_a_call_that_may_not_be_repeated_takes_no_connection_that_others_left_idle(
    operation: Operation, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    # It may have been idle for long, and nothing tells a request that was not read from one that was carried out.
    client = connect()
    invoke(client.list_projects())
    invoke(operation.call(client))
    assert server.connections == 2


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.key == "clone"], ids=by_name)
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
