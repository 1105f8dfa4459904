"""Ctrl-C and cancellation, with a call under way.

What must be interrupted runs in a process of its own; the signal is sent when the server says that it has the request.
"""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import AsyncClient
from descope_projects.errors import TransportError, UnknownOutcome
from processes import Process
from scripted_server import FILES, KEY, PATIENCE, PROJECT, Gate, ScriptedServer, answer, drop, hold, targets, well

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripted_server import Connection, Exchange

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals and forks are those of Unix")

INTERRUPTED = """
client = Client({project!r}, {key!r}, OPTIONS)
started = client.own_project.start_clone(settle=False) if {needs_started} else None
try:
    {call}
except KeyboardInterrupt as interrupt:
    tell(cause=told(interrupt.__cause__), warnings=Keep.records.count("WARNING"))
    client.list_projects()
    tell(usable=True)
"""


READS = {
    "list_projects": "client.list_projects()",
    "export_snapshot": "client.own_project.export_snapshot()",
    "validate_snapshot": "client.own_project.validate_snapshot(FILES)",
    "clone_status": "started.status()",
    "update_name": "client.own_project.update_name('new')",
}
ONCE = {
    "clone": "client.own_project.clone(settle=False)",
    "start_clone": "client.own_project.start_clone(settle=False)",
    "delete": f"client.own_project.delete(confirm={PROJECT!r}, settle=False)",
    "import_snapshot": "client.own_project.import_snapshot(FILES)",
    "import_project": "client.own_project.import_project(FILES)",
    "request": "client.request('POST', '/v1/mgmt/other', {})",
}


def script_of(call: str) -> str:
    code = {**READS, **ONCE}[call]
    return INTERRUPTED.format(project=PROJECT, key=KEY, call=code, needs_started=call == "clone_status")


def unknown(call: str, attempts: int = 1) -> dict[str, Any]:
    """What the cause of an interruption says."""
    who = {"operation": call, "project_id": PROJECT, "attempts": attempts}
    return {"class": "UnknownOutcome", **who, "written": "unknown", "exit_status": 4}


# Ctrl-C.


@pytest.mark.parametrize("call", READS)
def test_ctrl_c_during_a_call_that_may_be_repeated_is_plain(call: str, server: ScriptedServer) -> None:
    gate = Gate()
    server.script(call, hold(gate, then=well))
    process = Process(script_of(call), server)
    gate.wait_until_reached()
    process.interrupt()
    assert process.end() == [{"cause": None, "warnings": 0}, {"usable": True}]
    assert len(server.seen(call)) == (2 if call == "list_projects" else 1)


@pytest.mark.parametrize("works", [False, True], ids=["before-the-work", "after-the-work"])
@pytest.mark.parametrize("call", ONCE)
def test_ctrl_c_after_a_call_was_sent_that_may_not_be_repeated_says_so(
    call: str, server: ScriptedServer, *, works: bool
) -> None:
    gate = Gate()
    server.script(call, hold(gate, work=works, then=well))
    process = Process(script_of(call), server)
    gate.wait_until_reached()
    process.interrupt()
    assert process.end() == [{"cause": unknown(call), "warnings": 1}, {"usable": True}]
    assert len(server.seen(call)) == 1


def test_ctrl_c_while_an_unknown_outcome_is_being_settled_leaves_it_unknown(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("list_projects", well, hold(gate, then=well))
    server.script("clone", drop(work=True))
    script = INTERRUPTED.format(
        project=PROJECT, key=KEY, call="client.own_project.clone(name='preview')", needs_started=False
    )
    process = Process(script, server)
    gate.wait_until_reached()
    process.interrupt()
    assert process.end() == [{"cause": unknown("clone"), "warnings": 1}, {"usable": True}]
    assert server.executions("clone") == 1


def test_ctrl_c_while_the_projects_are_listed_before_a_clone_is_plain(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("list_projects", hold(gate, then=well))
    script = INTERRUPTED.format(project=PROJECT, key=KEY, call="client.own_project.clone()", needs_started=False)
    process = Process(script, server)
    gate.wait_until_reached()
    process.interrupt()
    assert process.end() == [{"cause": None, "warnings": 0}, {"usable": True}]
    assert server.seen("clone") == []


def silent(gate: Gate) -> Callable[[Connection], None]:
    """Take the connection and its first bytes, and say nothing."""

    def action(connection: Connection) -> None:
        assert connection.socket.recv(1)
        gate.stop_here()
        connection.close()

    return action


def test_ctrl_c_before_there_is_a_connection_is_plain(server: ScriptedServer) -> None:
    gate = Gate()
    server.at_accept(silent(gate))
    script = """
        secure = {**OPTIONS, "base_url": OPTIONS["base_url"].replace("http:", "https:")}
        with Client("P2a", "K2a", secure) as client:
            try:
                client.own_project.clone(settle=False)
            except KeyboardInterrupt as interrupt:
                tell(cause=told(interrupt.__cause__), warnings=Keep.records.count("WARNING"))
    """
    process = Process(script, server)
    gate.wait_until_reached()  # It greets, and would agree on keys.
    process.interrupt()
    assert process.end() == [{"cause": None, "warnings": 0}]
    gate.open()


def test_ctrl_c_before_the_proxy_has_a_connection_is_plain(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("api.example.invalid:443", hold(gate))
    script = """
        client = Client("P2a", "K2a", OPTIONS, proxy=OPTIONS.pop("base_url"), base_url="https://api.example.invalid")
        try:
            client.own_project.clone(settle=False)
        except KeyboardInterrupt as interrupt:
            tell(cause=told(interrupt.__cause__), warnings=Keep.records.count("WARNING"))
    """
    process = Process(script, server)
    gate.wait_until_reached()
    process.interrupt()
    assert process.end() == [{"cause": None, "warnings": 0}]


def test_ctrl_c_during_a_pause_after_an_answer_that_says_it_did_not_run_is_plain(server: ScriptedServer) -> None:
    server.always("clone", answer(429, {}, {"Retry-After": "60"}))
    script = f"""
        class Told(logging.Handler):
            def emit(self, record):
                tell(paused=True)

        logging.getLogger("descope_projects").setLevel("INFO")
        logging.getLogger("descope_projects").addHandler(Told())
        client = Client({PROJECT!r}, "K2a", OPTIONS)
        try:
            client.own_project.clone(settle=False)
        except KeyboardInterrupt as interrupt:
            tell(cause=told(interrupt.__cause__), warnings=Keep.records.count("WARNING"))
    """
    process = Process(script, server)
    assert process.line() == {"paused": True}
    process.interrupt()
    assert process.end() == [{"cause": None, "warnings": 0}]
    assert len(server.seen("clone")) == 1


def test_ctrl_c_in_asyncio_warns_once_too(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("clone", hold(gate, then=well))
    script = """
        async def main():
            async with AsyncClient("P2a", "K2a", OPTIONS) as client:
                await client.own_project.clone(settle=False)

        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            tell(warnings=Keep.records.count("WARNING"))
    """
    process = Process(script, server)
    gate.wait_until_reached()
    process.interrupt()
    assert process.end() == [{"warnings": 1}]


def test_a_handler_that_raises_something_else_ends_the_call_with_that(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("list_projects", hold(gate, then=well))
    script = """
        class Stop(Exception):
            pass

        def stop(*_):
            raise Stop

        signal.signal(signal.SIGINT, stop)
        client = Client("P2a", "K2a", OPTIONS)
        try:
            client.list_projects()
        except Stop:
            tell(stopped=True)
    """
    process = Process(script, server)
    gate.wait_until_reached()
    process.interrupt()
    assert process.end() == [{"stopped": True}]


def test_a_handler_that_returns_does_not_end_the_call(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("list_projects", hold(gate, then=well))
    script = """
        signal.signal(signal.SIGINT, lambda *_: tell(handled=True))
        tell(projects=len(Client("P2a", "K2a", OPTIONS).list_projects()))
    """
    process = Process(script, server)
    gate.wait_until_reached()
    process.interrupt()
    assert process.line() == {"handled": True}
    gate.open()
    assert process.end() == [{"projects": 1}]


# Cancellation.


def asynchronous(server: ScriptedServer, **options: Any) -> AsyncClient:
    return AsyncClient(PROJECT, KEY, {"base_url": server.url, "license_handshake": False, **options})


async def cancelled(task: asyncio.Task[Any]) -> asyncio.CancelledError:
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    return caught.value


ASYNC: dict[str, Callable[[AsyncClient], Any]] = {
    "list_projects": lambda client: client.list_projects(),
    "update_name": lambda client: client.own_project.update_name("new"),
    "export_snapshot": lambda client: client.own_project.export_snapshot(),
    "clone": lambda client: client.own_project.clone(settle=False),
    "start_clone": lambda client: client.own_project.start_clone(settle=False),
    "delete": lambda client: client.own_project.delete(confirm=PROJECT, settle=False),
    "import_snapshot": lambda client: client.own_project.import_snapshot(FILES),
    "import_project": lambda client: client.own_project.import_project(FILES),
    "request": lambda client: client.request("POST", "/v1/mgmt/other", {}),
}


@pytest.mark.parametrize("call", ASYNC)
async def test_a_cancelled_call_says_what_is_unknown_and_aborts_its_request(
    call: str, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    gate, gone = Gate(), threading.Event()

    def until_gone(exchange: Exchange) -> None:
        gate.stop_here()
        if exchange.connection.socket.recv(1) == b"":
            gone.set()

    server.script(call, until_gone)
    async with asynchronous(server) as client:
        task = asyncio.ensure_future(ASYNC[call](client))
        await asyncio.to_thread(gate.wait_until_reached)
        interruption = await cancelled(task)
        gate.open()
        assert await asyncio.to_thread(gone.wait, PATIENCE)
        assert (await client.list_projects())[0].id == PROJECT
        await client.own_project.update_tags(["after"])  # The project's next writer does not wait for this one.
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    if call in ONCE:
        cause = interruption.__cause__
        assert isinstance(cause, UnknownOutcome)
        assert (cause.operation, cause.project_id, cause.attempts) == (call, PROJECT, 1)
        assert (cause.written, cause.exit_status) == ("unknown", 4)
        assert [record.getMessage() for record in warnings] == [str(cause)]
    else:
        assert interruption.__cause__ is None
        assert warnings == []


@pytest.mark.parametrize("thrown", [KeyboardInterrupt, SystemExit, ValueError])
async def test_whatever_is_thrown_into_a_call_says_what_is_unknown_and_ends_its_request(
    thrown: type[BaseException], server: ScriptedServer
) -> None:
    gate, gone = Gate(), threading.Event()

    def until_gone(exchange: Exchange) -> None:
        gate.stop_here()
        if exchange.connection.socket.recv(1) == b"":
            gone.set()

    server.script("clone", until_gone)
    async with asynchronous(server) as client:
        call = client.own_project.clone(settle=False)
        call.send(None)
        await asyncio.to_thread(gate.wait_until_reached)
        with pytest.raises(thrown) as caught:
            call.throw(thrown())
        gate.open()
        assert isinstance(caught.value.__cause__, UnknownOutcome)
        assert await asyncio.to_thread(gone.wait, PATIENCE)


async def test_a_call_that_is_cancelled_before_it_began_is_not_made(server: ScriptedServer) -> None:
    async with asynchronous(server) as client:
        task = asyncio.ensure_future(client.own_project.clone(settle=False))
        assert (await cancelled(task)).__cause__ is None
        await client.list_projects()
    assert targets(server.requests) == ["list_projects"]


async def test_a_call_that_waits_for_its_turn_is_cancelled_plainly(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("clone", hold(gate, then=well))
    async with asynchronous(server) as client:
        first = asyncio.ensure_future(client.own_project.clone(settle=False))
        await asyncio.to_thread(gate.wait_until_reached)
        second = asyncio.ensure_future(client.own_project.delete(confirm=PROJECT, settle=False))
        await client.list_projects()  # The second has begun to wait.
        assert (await cancelled(second)).__cause__ is None
        gate.open()
        await first
        await client.own_project.update_name("new")
    assert targets(server.requests) == ["clone", "list_projects", "update_name"]


@pytest.mark.parametrize("call", ASYNC)
async def test_closing_a_client_ends_its_calls_and_says_what_is_unknown(call: str, server: ScriptedServer) -> None:
    gate = Gate()
    server.script(call, hold(gate, then=well))
    client = asynchronous(server)
    task = asyncio.ensure_future(ASYNC[call](client))
    await asyncio.to_thread(gate.wait_until_reached)
    await client.close()
    with pytest.raises(UnknownOutcome if call in ONCE else TransportError) as caught:
        await task
    error = caught.value
    assert error.written == ("unknown" if call in ONCE or call == "update_name" else "nothing")
    assert (error.operation, error.project_id) == (call, PROJECT)
