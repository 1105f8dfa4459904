"""The error classes: what a script can rely on when it catches one."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from descope_projects import ProjectInfo, Snapshot, _native, errors
from descope_projects.errors import KINDS, DescopeError, UnknownOutcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMON = {
    "project_id": "P2abc",
    "operation": "clone",
    "attempts": 3,
    "written": "applied",
    "next": ("descope-projects projects list",),
    "exit_status": 4,
}
OF_API = {"status": 429, "code": "E130429", "description": "Rate limit", "message": "slow down", "request_id": "8a-FRA"}
CANDIDATE = ProjectInfo("P2new", "preview", None, ("a",), {"region": "eu"})
OWN = {
    "ConfigurationError": {"path": "retry.max_attempts"},
    "ApiError": OF_API,
    "AuthenticationError": OF_API,
    "PermissionDenied": OF_API,
    "ProjectNotFound": OF_API,
    "RateLimited": {**OF_API, "retry_after": 1.5},
    "ServerError": OF_API,
    "ProtocolError": {"status": 200, "preview": "<html>", "request_id": "8a-FRA"},
    "UnknownOutcome": {"candidates": (CANDIDATE,), "status": 504, "request_id": "8a-FRA"},
    "SnapshotError": {"path": "flows/flows.json"},
    "UnsafePath": {"path": "../flows.json"},
    "ValidationFailed": {"validation": None},
}
EVERY_CLASS = [DescopeError, *KINDS.values()]


@pytest.mark.parametrize("error_class", EVERY_CLASS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_error_comes_back_with_everything(error_class: type[DescopeError], protocol: int) -> None:
    attributes = {**COMMON, **OWN.get(error_class.__name__, {})}
    error = error_class("what happened", **attributes)
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is error_class
    assert str(again) == "what happened"
    assert {name: getattr(again, name) for name in attributes} == attributes


def test_a_copy_keeps_notes_and_subclasses() -> None:
    error = OfOurOwn("text", attempts=2)
    error.__notes__ = ["seen in the nightly job"]
    again = copy.copy(error)
    assert (type(again), again.attempts, again.__notes__) == (OfOurOwn, 2, ["seen in the nightly job"])


class OfOurOwn(DescopeError):
    """A subclass as a user may write one."""


def test_the_kinds_are_those_of_the_extension() -> None:
    assert set(KINDS) == set(_native.ERROR_KINDS)


def test_every_class_of_the_module_is_a_kind() -> None:
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and name in errors.__all__}
    assert classes == set(KINDS) | {"DescopeError"}


@pytest.mark.parametrize("error_class", KINDS.values())
def test_one_clause_catches_every_error(error_class: type[DescopeError]) -> None:
    with pytest.raises(DescopeError):
        raise error_class("text")


@pytest.mark.parametrize(
    ("name", "builtin"),
    [("ConfigurationError", ValueError), ("TransportError", ConnectionError), ("DeadlineExceeded", TimeoutError)],
)
def test_errors_with_a_meaning_in_python_derive_from_it_too(name: str, builtin: type[Exception]) -> None:
    assert issubclass(KINDS[name], builtin)


def test_a_generic_retry_never_catches_an_unknown_outcome() -> None:
    assert UnknownOutcome.__mro__ == (UnknownOutcome, DescopeError, Exception, BaseException, object)


@pytest.mark.parametrize(
    ("name", "status", "written"),
    [
        ("ConfigurationError", 64, "nothing"),
        ("TransportError", 1, "nothing"),
        ("ApiError", 1, "nothing"),
        ("UnknownOutcome", 4, "unknown"),
        ("ValidationFailed", 2, "nothing"),
        ("Protected", 3, "nothing"),
    ],
)
def test_an_error_knows_its_exit_status_and_what_was_written(name: str, status: int, written: str) -> None:
    error = KINDS[name]("text")
    assert (error.exit_status, error.written) == (status, written)


def test_the_words_of_the_api_are_apart_from_the_sentence() -> None:
    error = errors.ApiError("clone of P2abc failed: slow down (E130429)", message="slow down")
    assert (str(error), error.args, error.message) == (
        "clone of P2abc failed: slow down (E130429)",
        ("clone of P2abc failed: slow down (E130429)",),
        "slow down",
    )


def test_a_misspelt_attribute_is_refused() -> None:
    with pytest.raises(TypeError, match="atempts"):
        errors.TransportError("text", atempts=2)


def test_next_is_a_tuple_whatever_was_given() -> None:
    assert errors.TransportError("text", next=iter(["doctor"])).next == ("doctor",)


REFUSED_SNAPSHOTS: dict[str, Callable[[Path], object]] = {
    "a wrapper": lambda _: Snapshot.from_files({"files": {"project.json": {}}}),
    "a full folder": lambda folder: Snapshot.from_files({"project.json": {}}).write(folder),
    "no such entity": lambda _: Snapshot.from_files({"project.json": {}}).entities("flow"),
}


@pytest.mark.parametrize("refused", REFUSED_SNAPSHOTS.values(), ids=REFUSED_SNAPSHOTS)
def test_a_hint_is_in_the_message_and_no_command_to_run(refused: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(
        errors.SnapshotError, match=r"pass its|choose another folder|for example|did you mean"
    ) as caught:
        refused(tmp_path)
    assert caught.value.next == ()
