"""What becomes of a call when the connection or the server dies before, during or after its work.

The law of the package: a call that may not be repeated never runs twice, whatever happens to it. The calls, what
happens to them and what the design says about it are data, in `outcomes`; `outcome_table.py` prints what comes of them.
"""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import socket
import subprocess
import sys
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import errors
from descope_projects.errors import DeadlineExceeded, TransportError, UnknownOutcome
from outcomes.calls import ONCE, OPERATIONS, named
from outcomes.cells import ATTEMPTS, PROJECT
from outcomes.expected import LOOK_AT, check, check_records, is_good, is_possible
from outcomes.faults import FAULTS, LIMIT
from scripted_server import Gate, ScriptedServer, answer, drop, hold, reset_at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outcomes.calls import Operation
    from outcomes.cells import Ground
    from outcomes.faults import Fault
    from scripted_server import Step

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]

QUICK = [
    pytest.param(operation, fault, id=f"{operation}-{fault}")
    for operation in OPERATIONS
    for fault in FAULTS
    if not fault.slow and is_possible(operation, fault)
]
REPEATED = [
    pytest.param(operation, fault, id=f"{operation}-{fault}")
    for operation in OPERATIONS
    for fault in FAULTS
    if operation.kind in fault.repeated and (fault.happens or fault.accepted)
]


@pytest.mark.parametrize(("operation", "fault"), QUICK)
def test_what_always_happens_ends_the_call(operation: Operation, fault: Fault, ground: Ground) -> None:
    check(operation, fault, ground.run(operation, fault))


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.slow], ids=str)
def test_our_own_deadline_says_nothing_about_the_work(fault: Fault, ground: Ground) -> None:
    for operation, ended in zip(OPERATIONS, ground.run_together(OPERATIONS, fault), strict=True):
        check(operation, fault, ended)


@pytest.mark.parametrize(("operation", "fault"), REPEATED)
def test_what_happens_once_is_overcome_where_a_repeat_is_harmless(
    operation: Operation, fault: Fault, ground: Ground
) -> None:
    ended = ground.run(operation, fault, once=True)
    assert ended.error is None
    assert (ended.requests, ended.executions) == (2, 1 + fault.works)
    if operation.kind == ONCE:
        assert ended.executions == 1
    check_records(operation, ended, 2)


def test_every_call_meets_every_fault_but_one_that_cannot() -> None:
    left_out = [(str(one), fault.name) for one, fault in product(OPERATIONS, FAULTS) if not is_possible(one, fault)]
    assert left_out == [("clone_status-read", "name not found")]
    assert not any(is_good(operation, fault) for operation, fault in product(OPERATIONS, FAULTS) if not fault.works)


NEXT = {command for operation in OPERATIONS for command in operation.next} | {one for (one,) in LOOK_AT.values()}


@pytest.mark.parametrize("command", sorted(NEXT))
def test_what_to_run_next_can_be_run(command: str) -> None:
    program, *words = command.format(id=PROJECT).split()
    assert program == "descope-projects"
    ended = subprocess.run(
        [sys.executable, "-m", "descope_projects", *words, "--help"], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert f"Usage: descope-projects {words[0]}" in ended.stdout


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.kind == ONCE], ids=str)
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


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.prepare is None], ids=str)
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


# One thing after the other.


@pytest.mark.parametrize("name", ["clone", "import_snapshot"])
def test_no_sequence_of_events_makes_a_call_run_twice(
    name: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    operation = named(name)
    client = connect(max_response_bytes=LIMIT)
    steps = [(fault, fault.happens) for fault in FAULTS if fault.happens and not fault.slow and not fault.options]
    harmless = [(fault, happens) for fault, happens in steps if ONCE in fault.repeated]
    for (_, first), (last, happens) in product(harmless, steps):
        if last.retry_after:
            continue  # It would make all that follows wait.
        before = server.executions(name)
        server.script(name, first, harmless[0][1], happens)
        if ONCE in last.repeated or is_good(operation, last):
            invoke(operation.call(client))
            assert server.executions(name) - before == 1
        else:
            with pytest.raises(errors.DescopeError) as caught:
                invoke(operation.call(client))
            assert type(caught.value) is (getattr(errors, last.error) if last.certain else UnknownOutcome)
            assert caught.value.attempts == 3
            assert server.executions(name) - before == int(last.works)


CONFLICT = answer(409, {"errorCode": "E013008"})


@pytest.mark.parametrize("first", [drop(work=True), drop(work=False), answer(504)], ids=["done", "cut", "504"])
def test_a_version_conflict_after_an_unknown_attempt_may_be_the_first_one_at_work(
    first: Step, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("update_name", first, CONFLICT)
    with pytest.raises(errors.ApiError) as caught:
        invoke(connect().own_project.update_name("new"))
    error = caught.value
    assert (error.code, error.attempts, len(server.seen("update_name"))) == ("E013008", 2, 2)
    assert (error.written, error.exit_status) == ("unknown", 4)
    assert error.next


def test_a_version_conflict_by_itself_says_that_another_was_first(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    for call, operation in [("update_name", named("update_name")), ("clone", named("clone"))]:
        server.script(call, CONFLICT)
        with pytest.raises(errors.ApiError) as caught:
            invoke(operation.call(connect()))
        assert (caught.value.code, caught.value.written, len(server.seen(call))) == ("E013008", "nothing", 1)


def test_a_version_conflict_while_an_unknown_clone_is_settled_sends_nothing_again(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("clone", drop(work=False), CONFLICT)
    client = connect()
    with pytest.raises(UnknownOutcome):
        invoke(client.own_project.clone(name="preview", settle_timeout=0.01))
    assert len(server.seen("clone")) == 1
    with pytest.raises(errors.ApiError) as caught:
        invoke(client.own_project.clone(name="preview", settle_timeout=0.01))
    assert (caught.value.code, len(server.seen("clone"))) == ("E013008", 2)


def test_a_value_that_an_earlier_attempt_may_have_set_is_unknown_even_if_the_last_never_arrived(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("update_name", drop(work=True), answer(521), answer(521))
    with pytest.raises(errors.ServerError) as caught:
        invoke(connect(retry={"max_attempts": 3}).own_project.update_name("new"))
    assert (caught.value.status, caught.value.written, caught.value.exit_status) == (521, "unknown", 4)


def test_a_name_is_looked_up_before_anything_is_sent(connect: Connect, invoke: Invoke) -> None:
    client = connect(base_url="https://api.example.invalid", connect_timeout=0.5, retry={"max_attempts": 1})
    with pytest.raises(TransportError, match=r"no connection to api\.example\.invalid") as caught:
        invoke(client.own_project.clone(settle=False))
    assert (caught.value.written, caught.value.exit_status) == ("nothing", 1)


def test_an_error_whose_page_never_ends_keeps_its_status(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    def page(exchange: Any) -> None:
        exchange.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 64\r\n\r\n<")
        hold(Gate())(exchange)

    server.always("clone", page)
    with pytest.raises(errors.PermissionDenied) as caught:
        invoke(connect(timeout=1).own_project.clone(settle=False))
    assert (caught.value.status, caught.value.written) == (403, "nothing")
