"""Ctrl-C, cancellation, threads, forks and the end of the interpreter, with a call under way.

What must be interrupted runs in a process of its own; the signal is sent when the server says that it has the request.
"""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import AsyncClient, Client
from descope_projects.errors import ConfigurationError, TransportError, UnknownOutcome
from scripted_server import FILES, KEY, PATIENCE, PROJECT, Gate, ScriptedServer, answer, drop, hold, targets, well

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Face
    from scripted_server import Connection, Exchange

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals and forks are those of Unix")

BEGIN = f"""
import asyncio, json, logging, os, signal, sys, threading
from descope_projects import AsyncClient, Client

signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell may have switched it off.
OPTIONS = json.loads(sys.argv[1])
FILES = {FILES!r}


class Keep(logging.Handler):
    records = []

    def emit(self, record):
        self.records.append(record.levelname)


logging.getLogger("descope_projects").addHandler(Keep())


def told(error):
    names = ("operation", "project_id", "attempts", "written", "exit_status")
    return error and {{"class": type(error).__name__, **{{name: getattr(error, name) for name in names}}}}


def tell(**what):
    print(json.dumps(what), flush=True)


"""
INTERRUPTED = """
client = Client({project!r}, {key!r}, OPTIONS)
started = client.own_project.start_clone() if {needs_started} else None
try:
    {call}
except KeyboardInterrupt as interrupt:
    tell(cause=told(interrupt.__cause__), warnings=Keep.records.count("WARNING"))
    client.list_projects()
    tell(usable=True)
"""


class Process:
    """A script that runs in an interpreter of its own."""

    def __init__(self, script: str, server: ScriptedServer, **options: Any) -> None:
        retry = {"initial_backoff": 0, "max_backoff": 0}
        defaults = {"base_url": server.url, "license_handshake": False, "retry": retry}
        arguments = [sys.executable, "-c", BEGIN + textwrap.dedent(script), json.dumps({**defaults, **options})]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def line(self) -> Any:
        """The next thing that the script tells."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline() or "null")

    def end(self, say: str | None = None) -> list[Any]:
        """Waits for the end, which must be a good one; what the script told."""
        out, err = self.process.communicate(say, PATIENCE)
        assert self.process.returncode == 0, err
        assert "panicked" not in err
        return [json.loads(line) for line in out.splitlines()]


READS = {
    "list_projects": "client.list_projects()",
    "export_snapshot": "client.own_project.export_snapshot()",
    "validate_snapshot": "client.own_project.validate_snapshot(FILES)",
    "clone_status": "started.status()",
    "update_name": "client.own_project.update_name('new')",
}
ONCE = {
    "clone": "client.own_project.clone(settle=False)",
    "start_clone": "client.own_project.start_clone()",
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
    "start_clone": lambda client: client.own_project.start_clone(),
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


# Threads and loops.


def test_threads_share_a_client(server: ScriptedServer) -> None:
    together = threading.Barrier(8)

    def work(number: int) -> str | None:
        together.wait()
        for _ in range(20):
            assert client.list_projects()[0].id == PROJECT
        return client.project(f"P2thread{number}").clone(name=f"made-by-{number}", settle=False).name

    with Client(PROJECT, KEY, base_url=server.url) as client, ThreadPoolExecutor(8) as pool:
        assert sorted(map(str, pool.map(work, range(8)))) == [f"made-by-{number}" for number in range(8)]
        # Connections are of those that call at the same time: two kinds, one for calls that may not be repeated.
        assert server.connections <= 16
    assert (server.executions("list_projects"), server.executions("clone")) == (160, 8)


def test_a_slow_call_of_one_thread_holds_up_no_other(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("export_snapshot", hold(gate, then=well))
    with Client(PROJECT, KEY, base_url=server.url) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.own_project.export_snapshot)
        gate.wait_until_reached()
        assert client.list_projects()[0].id == PROJECT
        gate.open()
        assert "project.json" in slow.result(PATIENCE)


def test_a_call_of_another_thread_outlives_the_client(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("clone", hold(gate, then=well))
    client = Client(PROJECT, KEY, base_url=server.url)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(client.own_project.clone, name="preview", settle=False)
        gate.wait_until_reached()
        client.close()
        with pytest.raises(ConfigurationError):
            client.list_projects()
        gate.open()
        assert under_way.result(PATIENCE).name == "preview"
    server.wait_until_closed(server.connections)


async def test_the_synchronous_client_works_inside_a_running_loop(server: ScriptedServer) -> None:
    with Client(PROJECT, KEY, base_url=server.url) as client:
        assert client.list_projects()[0].id == PROJECT
        assert client.own_project.clone(name="preview").name == "preview"


def test_an_asynchronous_client_serves_several_loops(server: ScriptedServer) -> None:
    client = asynchronous(server)

    async def use() -> str:
        return (await client.list_projects())[0].id

    assert [asyncio.run(use()) for _ in range(2)] == [PROJECT] * 2
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(asyncio.run, use()) for _ in range(4)]
        assert [future.result(PATIENCE) for future in futures] == [PROJECT] * 4
    asyncio.run(client.close())
    assert server.connections <= 3


def test_a_call_from_within_the_key_of_another_works(face: Face, server: ScriptedServer) -> None:
    keys = Client(PROJECT, KEY, base_url=server.url)

    def key() -> str:
        return f"K2{keys.list_projects()[0].name}"

    with keys:
        assert face.invoke(face.client(PROJECT, key, base_url=server.url).list_projects())[0].id == PROJECT
    assert server.requests[-1].headers["authorization"] == f"Bearer {PROJECT}:K2source"


# Forks.

FORKS = {
    "sync": """
        client = Client("P2a", "K2a", OPTIONS)
        def use(name):
            client.list_projects()
            assert client.own_project.clone(name=name).name == name
    """,
    "async": """
        client = AsyncClient("P2a", "K2a", OPTIONS)
        def use(name):
            async def go():
                await client.list_projects()
                assert (await client.own_project.clone(name=name)).name == name
            asyncio.run(go())
    """,
}
FORK = """
use("before")
child = os.fork()
use("child" if child == 0 else "parent")
if child == 0:
    sys.exit(0)
status = os.waitpid(child, 0)[1]
use("after")
tell(child=status)
"""


@pytest.mark.parametrize("kind", ["sync", pytest.param("async")])
def test_a_forked_client_goes_on_in_parent_and_child(kind: str, server: ScriptedServer) -> None:
    process = Process(textwrap.dedent(FORKS[kind]) + FORK, server)
    assert process.end() == [{"child": 0}]
    names = sorted(request.json["name"] for request in server.seen("clone"))
    assert names == ["after", "before", "child", "parent"]
    by_name = {request.json["name"]: request.connection for request in server.seen("clone")}
    assert by_name["child"] not in (by_name["before"], by_name["parent"], by_name["after"])
    assert server.executions("clone") == 4


def test_a_fork_with_a_call_under_way_leaves_it_to_the_parent(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("clone", hold(gate, then=well))
    script = """
        client = Client("P2a", "K2a", OPTIONS)
        under_way = threading.Thread(target=lambda: tell(made=client.own_project.clone(name="one", settle=False).name))
        under_way.start()
        sys.stdin.readline()
        child = os.fork()
        if child == 0:
            client.list_projects()
            client.close()
            os._exit(0)
        tell(child=os.waitpid(child, 0)[1])
        sys.stdin.readline()
        under_way.join()
    """
    process = Process(script, server)
    gate.wait_until_reached()
    assert process.process.stdin is not None
    process.process.stdin.write("go on\n")
    process.process.stdin.flush()
    assert process.line() == {"child": 0}
    gate.open()
    assert process.end("go on\n") == [{"made": "one"}]
    assert server.executions("clone") == 1


# The end of the interpreter.

ENDINGS = {
    "a daemon thread": """
        client = Client("P2a", "K2a", OPTIONS)
        threading.Thread(target=client.list_projects, daemon=True).start()
        sys.stdin.readline()
    """,
    "a cancelled task": """
        async def main():
            client = AsyncClient("P2a", "K2a", OPTIONS)
            task = asyncio.ensure_future(client.list_projects())
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        asyncio.run(main())
    """,
    "a loop that is left alone": """
        client = AsyncClient("P2a", "K2a", OPTIONS)
        loop = asyncio.new_event_loop()
        async def main():
            asyncio.ensure_future(client.list_projects())
            await loop.run_in_executor(None, sys.stdin.readline)
        loop.run_until_complete(main())
    """,
    "an exception": """
        async def main():
            client = AsyncClient("P2a", "K2a", OPTIONS)
            asyncio.ensure_future(client.list_projects())
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            raise SystemExit(0)
        asyncio.run(main())
    """,
    "a closed client": """
        client = Client("P2a", "K2a", OPTIONS)
        threading.Thread(target=client.list_projects, daemon=True).start()
        sys.stdin.readline()
        client.close()
    """,
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=[name.replace(" ", "-") for name in ENDINGS])
def test_the_interpreter_ends_well_with_calls_under_way(ending: str, server: ScriptedServer) -> None:
    for _ in range(4):
        gate = Gate()
        server.script("list_projects", hold(gate))
        process = Process(ending, server)
        gate.wait_until_reached()
        assert process.end("go on\n") == []


def test_the_interpreter_ends_well_as_answers_arrive(server: ScriptedServer) -> None:
    script = """
        async def main():
            client = AsyncClient("P2a", "K2a", OPTIONS)
            tasks = [asyncio.ensure_future(client.list_projects()) for _ in range(50)]
            await tasks[0]
        asyncio.run(main())
    """
    for _ in range(4):
        assert Process(script, server).end() == []
