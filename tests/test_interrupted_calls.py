"""SIGTERM, other threads, and what an interrupted call leaves behind: no request under way, and a client that works."""

from __future__ import annotations

import os
import signal
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects.errors import DeadlineExceeded, DescopeError, UnknownOutcome
from processes import Process
from scripted_server import PATIENCE, PROJECT, Gate, ScriptedServer, answer, hold, well

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripted_server import Connection, Exchange

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals and forks are those of Unix")

CLASSES: dict[str, Callable[[Any], Any]] = {
    "list_projects": lambda client: client.list_projects(),
    "update_name": lambda client: client.own_project.update_name("new"),
    "clone": lambda client: client.own_project.clone(settle=False),
}
"""A call of each class: read, set, once."""
CODE = {
    "list_projects": "client.list_projects()",
    "update_name": "client.own_project.update_name('new')",
    "clone": "client.own_project.clone(settle=False)",
}


class Watched:
    """Takes a request, says nothing, and tells when the client has hung up."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.gone = threading.Event()

    def request(self, exchange: Exchange) -> None:
        self.connection(exchange.connection)

    def connection(self, connection: Connection) -> None:
        self.reached.set()
        while connection.socket.recv(65536):
            pass
        self.gone.set()


def go_on(process: Process) -> None:
    assert process.process.stdin is not None
    process.process.stdin.write("go on\n")
    process.process.stdin.flush()


# Signals.


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("call", CLASSES)
def test_an_interrupted_call_hangs_up_while_its_client_rests(call: str, name: str, server: ScriptedServer) -> None:
    watched = Watched()
    server.script(call, watched.request)
    script = f"""
        def stop(*_):
            raise SystemExit

        signal.signal(signal.SIGTERM, stop)
        client = Client({PROJECT!r}, "K2a", OPTIONS)
        try:
            {CODE[call]}
        except (KeyboardInterrupt, SystemExit) as interrupt:
            tell(raised=type(interrupt).__name__, cause=type(interrupt.__cause__).__name__)
        sys.stdin.readline()
        client.own_project.update_tags(["after"])
        tell(usable=len(client.list_projects()))
    """
    process = Process(script, server)
    assert watched.reached.wait(PATIENCE)
    process.process.send_signal(getattr(signal, name))
    raised = {"SIGINT": "KeyboardInterrupt", "SIGTERM": "SystemExit"}[name]
    cause = "UnknownOutcome" if call == "clone" else "NoneType"
    assert process.line() == {"raised": raised, "cause": cause}
    assert watched.gone.wait(PATIENCE)
    assert process.end("go on\n") == [{"usable": 1}]


@pytest.mark.parametrize("call", CLASSES)
def test_sigterm_without_a_handler_ends_the_process(call: str, server: ScriptedServer) -> None:
    watched = Watched()
    server.script(call, watched.request)
    process = Process(f"client = Client({PROJECT!r}, 'K2a', OPTIONS)\n{CODE[call]}", server)
    assert watched.reached.wait(PATIENCE)
    process.process.send_signal(signal.SIGTERM)
    out, err = process.process.communicate(timeout=PATIENCE)
    assert (process.process.returncode, out, err) == (-signal.SIGTERM, "", "")


def test_ctrl_c_ends_the_main_thread_s_call_and_no_other(server: ScriptedServer) -> None:
    others, main = Gate(), Gate()
    server.script("clone", hold(others, then=well))
    server.script("list_projects", hold(main))
    script = """
        client = Client("P2a", "K2a", OPTIONS)
        other = threading.Thread(target=lambda: tell(made=client.own_project.clone(name="one", settle=False).name))
        other.start()
        sys.stdin.readline()
        try:
            client.list_projects()
        except KeyboardInterrupt:
            tell(interrupted=True)
        other.join()
    """
    process = Process(script, server)
    others.wait_until_reached()
    go_on(process)
    main.wait_until_reached()
    process.interrupt()
    assert process.line() == {"interrupted": True}
    others.open()
    assert process.end() == [{"made": "one"}]


WAITING = {
    "for a clone that is being made": """
        started = client.own_project.start_clone(settle=False)
        waits = lambda: started.wait(timeout=600)
    """,
    "for its turn": """
        threading.Thread(target=client.own_project.import_snapshot, args=(FILES,), daemon=True).start()
        sys.stdin.readline()
        def waits():
            tell(waits=True)
            client.own_project.update_name("new")
    """,
    "for the rate that was asked for": """
        client = Client("P2source", "K2a", OPTIONS, requests_per_second=0.001)
        client.request("GET", "/v1/mgmt/other")
        def waits():
            tell(waits=True)
            client.own_project.update_name("new")
    """,
}


@pytest.mark.parametrize("waiting", WAITING)
def test_ctrl_c_ends_the_waiting_between_two_requests_plainly(waiting: str, server: ScriptedServer) -> None:
    holds = Gate()
    server.script("import_snapshot", hold(holds))
    server.always("clone_status", answer(200, {"status": "running"}))
    script = """
        client = Client("P2source", "K2a", OPTIONS)
        {waiting}
        try:
            waits()
        except KeyboardInterrupt as interrupt:
            tell(cause=told(interrupt.__cause__), warnings=Keep.records.count("WARNING"))
    """
    process = Process(textwrap.dedent(script).format(waiting=textwrap.dedent(WAITING[waiting]).strip()), server)
    if waiting == "for a clone that is being made":
        server.wait_until(lambda: len(server.seen("clone_status")) == 1)
    else:
        if waiting == "for its turn":
            holds.wait_until_reached()
            go_on(process)
        assert process.line() == {"waits": True}
    process.interrupt()
    assert process.end() == [{"cause": None, "warnings": 0}]
    assert server.seen("update_name") == []


# Deadlines.


@pytest.mark.parametrize("call", CLASSES)
def test_a_call_that_outlasts_its_deadline_hangs_up_while_its_client_rests(
    call: str, connect: Callable[..., Any], invoke: Callable[[Any], Any], server: ScriptedServer
) -> None:
    watched = Watched()
    server.script(call, watched.request)
    client = connect(timeout=1)
    with pytest.raises(DescopeError) as caught:
        invoke(CLASSES[call](client))
    assert type(caught.value) is (UnknownOutcome if call == "clone" else DeadlineExceeded)
    assert watched.gone.wait(PATIENCE)
    invoke(client.own_project.update_tags(["after"]))
    assert invoke(client.list_projects())[0].id == PROJECT


@pytest.mark.parametrize("call", CLASSES)
@pytest.mark.parametrize("silent", ["server", "proxy"])
def test_a_deadline_before_the_request_s_first_byte_means_certainly_not_sent(
    call: str, silent: str, connect: Callable[..., Any], invoke: Callable[[Any], Any], server: ScriptedServer
) -> None:
    watched = Watched()
    # It hears a greeting, or to whom a connection is wanted, and never the request.
    server.at_accept(watched.connection)
    secure = {"base_url": server.url.replace("http:", "https:")}
    through = {"base_url": "https://api.example.invalid", "proxy": server.url}
    client = connect(**(secure if silent == "server" else through), timeout=0.5)
    with pytest.raises(DeadlineExceeded) as caught:
        invoke(CLASSES[call](client))
    assert (caught.value.written, caught.value.exit_status) == ("nothing", 1)
    assert watched.gone.wait(PATIENCE)
    assert server.requests == []


def test_a_deadline_while_the_request_is_being_sent_leaves_it_unknown(
    connect: Callable[..., Any], invoke: Callable[[Any], Any], server: ScriptedServer
) -> None:
    gate = Gate()

    def reads_nothing(connection: Connection) -> None:
        server.stop_at(gate)
        connection.close()

    server.at_accept(reads_nothing)
    # More than what the system takes from the client and holds for the server.
    files = {"project.json": {"domain": "x" * 32_000_000}}
    client = connect(timeout=1)
    with pytest.raises(UnknownOutcome) as caught:
        invoke(client.own_project.import_snapshot(files))
    gate.open()
    assert (caught.value.written, caught.value.attempts) == ("unknown", 1)
    assert invoke(client.list_projects())[0].id == PROJECT
    assert server.seen("import_snapshot") == []
