"""What the design says about a cell, in all that can be seen of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from descope_projects import errors
from outcomes.calls import ONCE, READ
from outcomes.cells import ATTEMPTS
from outcomes.faults import RAY
from scripted_server import KEY

if TYPE_CHECKING:
    from outcomes.calls import Operation
    from outcomes.cells import Ended
    from outcomes.faults import Fault

LOOK_AT = {
    "AuthenticationError": ("descope-projects doctor",),
    "ProjectNotFound": ("descope-projects projects list",),
}


def is_possible(operation: Operation, fault: Fault) -> bool:
    """A name that is not found cannot have answered the call that came before."""
    return operation.prepare is None or "base_url" not in fault.options


def is_good(operation: Operation, fault: Fault) -> bool:
    """Whether the call takes it for an answer."""
    if fault.name == "an empty body":
        return operation.may_be_empty
    return operation.is_raw and fault.name == "JSON of another shape"


def attempts(operation: Operation, fault: Fault) -> int:
    return ATTEMPTS if operation.kind in fault.repeated else 1


def check(operation: Operation, fault: Fault, ended: Ended) -> None:
    """Compares how it ended with what the design says."""
    tries = attempts(operation, fault)
    assert ended.requests == (tries if fault.sent else 0)
    assert ended.executions == (tries if fault.works else 0)
    if operation.kind == ONCE:
        assert ended.executions <= 1
    check_records(operation, ended, tries)
    if is_good(operation, fault):
        assert ended.error is None
        return
    assert ended.error is not None
    check_error(operation, fault, ended.error, tries)


def check_error(operation: Operation, fault: Fault, error: errors.DescopeError, tries: int) -> None:
    clear = operation.kind != ONCE or fault.certain
    assert type(error) is getattr(errors, fault.error if clear else "UnknownOutcome")
    certain = fault.certain and not (fault.partial and operation.is_import)
    written = "nothing" if operation.kind == READ or certain else "unknown"
    assert (error.written, error.exit_status) == (written, 1 if written == "nothing" else 4)
    assert (error.operation, error.attempts) == (operation.name, tries)
    assert error.project_id is not None
    look = operation.next if written == "unknown" else LOOK_AT.get(type(error).__name__, ())
    assert error.next == tuple(command.format(id=error.project_id) for command in look)
    if isinstance(error, (errors.ApiError, errors.ProtocolError, errors.UnknownOutcome)):
        assert (error.status, error.request_id) == (fault.status, fault.status and RAY)
    if isinstance(error, errors.ApiError):
        assert error.code == fault.code
    if isinstance(error, errors.RateLimited):
        expected = fault.retry_after
        assert error.retry_after == expected or (expected and expected - 60 < (error.retry_after or 0) <= expected)
    check_secrets(f"{error} {error!r} {error.__dict__}")


def check_records(operation: Operation, ended: Ended, tries: int) -> None:
    """One for each attempt, and one for each repetition."""
    assert [record.levelname for record in ended.records] == ["DEBUG", *["INFO", "DEBUG"] * (tries - 1)]
    for number, record in enumerate(ended.records):
        text = record.getMessage()
        assert text.startswith(f"{operation.name} of ")
        assert f"attempt {number // 2 + 1 + number % 2}" in text
        check_secrets(text)


def check_secrets(text: str) -> None:
    for form in (KEY, json.dumps(KEY)[1:-1], "canary"):
        assert form not in text
