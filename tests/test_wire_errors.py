"""What an answer of the server means as an exception, and that no secret is in any of it."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import base64
import json
import logging
import pickle
import traceback
import urllib.parse
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import errors
from descope_projects.errors import ApiError, DescopeError, ProjectNotFound, ProtocolError, UnknownOutcome
from scripted_server import FILES, KEY, PROJECT, ScriptedServer, answer, drop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conftest import Face
    from descope_projects import Emulator
    from scripted_server import Step

PAGE = "<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"
RAY = "8a1b2c3d4e5f-FRA"
SECRETS = {"connectors": [{"id": "C1", "type": "apiKey", "value": "canary-of-a-connector"}]}


CALLS: dict[str, Callable[[Any], Any]] = {
    "list_projects": lambda client: client.list_projects(),
    "validate_snapshot": lambda client: client.own_project.validate_snapshot(FILES, input_secrets=SECRETS),
    "export_snapshot": lambda client: client.own_project.export_snapshot(),
    "export_project": lambda client: client.own_project.export_project(),
    "clone": lambda client: client.own_project.clone(settle=False),
    "start_clone": lambda client: client.own_project.start_clone(),
    "update_name": lambda client: client.own_project.update_name("new"),
    "delete": lambda client: client.own_project.delete(confirm=PROJECT, settle=False),
    "import_snapshot": lambda client: client.own_project.import_snapshot(FILES, input_secrets=SECRETS),
    "import_project": lambda client: client.own_project.import_project(FILES, input_secrets=SECRETS),
}


class Wire:
    """A client and the server that it talks to."""

    def __init__(self, face: Face, connect: Callable[..., Any], server: ScriptedServer) -> None:
        self.face = face
        self.client = connect(retry={"max_attempts": 1})
        self.server = server

    def call(self, call: str) -> Any:
        """What the call returns; `clone_status` is a call of what another one returned."""
        if call == "clone_status":
            return self.face.invoke(self.face.invoke(self.client.own_project.start_clone()).status())
        return self.face.invoke(CALLS[call](self.client))

    def error(self, call: str, happens: Step) -> Any:
        """The error of a call that always meets this."""
        self.server.always(call, happens)
        return self.raised(call)

    def raised(self, call: str) -> Any:
        """The error of a call. No frame of its traceback has a secret of the test's own."""
        with pytest.raises(DescopeError) as caught:
            self.call(call)
        return caught.value


@pytest.fixture
def wire(face: Face, connect: Callable[..., Any], server: ScriptedServer) -> Wire:
    return Wire(face, connect, server)


# Status and code.

CLASSES = [
    (400, "E011001", "ApiError"),
    (400, "E011004", "ApiError"),
    (400, "E011008", "ProjectNotFound"),
    (401, "E011007", "AuthenticationError"),
    (401, None, "AuthenticationError"),
    (403, "E1", "PermissionDenied"),
    (403, None, "PermissionDenied"),
    (404, "E011008", "ProjectNotFound"),
    (409, "E013008", "ApiError"),
    (418, None, "ApiError"),
    (422, "E011003", "ApiError"),
    (429, "E130429", "RateLimited"),
    (500, "E1", "ServerError"),
    (501, "E1", "ServerError"),
    (503, None, "ServerError"),
    (599, None, "ServerError"),
]


@pytest.mark.parametrize(("status", "code", "name"), CLASSES)
def test_status_and_code_decide_the_class(status: int, code: str | None, name: str, wire: Wire) -> None:
    body = {"errorCode": code, "errorDescription": "In general", "errorMessage": "This time"} if code else None
    error = wire.error("export_snapshot", answer(status, body, {"cf-ray": RAY}))
    assert type(error) is getattr(errors, name)
    assert isinstance(error, ApiError)
    described = ("In general", "This time") if code else (None, None)
    assert (error.status, error.code, error.request_id) == (status, code, RAY)
    assert (error.description, error.message) == described
    assert (error.operation, error.project_id, error.attempts) == ("export_snapshot", PROJECT, 1)
    assert (error.written, error.exit_status) == ("nothing", 1)
    for part in ("export_snapshot", PROJECT, str(status), *(described if code else ())):
        assert part in str(error)


BODIES = {
    "a page": PAGE,
    "nothing": None,
    "cut JSON": b'{"errorCode": "E0110',
    "a list": b"[1, 2]",
    "a string": b'"not allowed"',
    "null": b"null",
    "numbers": {"errorCode": 7, "errorDescription": {"a": 1}},
    "no UTF-8": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(("status", "name"), [(403, "PermissionDenied"), (404, "ApiError"), (502, "ServerError")])
def test_a_body_that_is_not_the_apis_keeps_its_status(status: int, name: str, body: Any, wire: Wire) -> None:
    error = wire.error("export_snapshot", answer(status, body, {"cf-ray": RAY}))
    assert type(error) is getattr(errors, name)
    assert (error.status, error.code, error.request_id) == (status, None, RAY)
    assert str(status) in str(error)


def test_a_redirection_is_no_answer(wire: Wire) -> None:
    target = {"Location": "https://elsewhere.example/login"}
    error = wire.error("export_snapshot", answer(302, None, target))
    assert isinstance(error, ProtocolError)
    assert (error.status, error.preview) == (302, "https://elsewhere.example/login")


def test_an_error_without_a_ray_has_no_request_id(wire: Wire) -> None:
    assert wire.error("export_snapshot", answer(403)).request_id is None


def test_a_project_that_is_not_there_is_known_to_the_emulator_too(client: Any, invoke: Callable[[Any], Any]) -> None:
    with pytest.raises(ProjectNotFound) as caught:
        invoke(client.project("P2nowhere").export_snapshot())
    error = caught.value
    assert (error.code, error.project_id, error.operation) == ("E011008", "P2nowhere", "export_snapshot")
    assert error.request_id


def test_a_key_that_is_none_is_known_to_the_emulator_too(face: Face, emulator: Emulator) -> None:
    client = face.client(emulator.project_id, "K2nobodys", base_url=emulator.url)
    with pytest.raises(errors.AuthenticationError) as caught:
        face.invoke(client.list_projects())
    assert caught.value.code == "E011007"


# What an error says of the server.


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize("call", ["import_snapshot", "import_project"])
def test_an_import_that_was_refused_may_have_been_begun(status: int, call: str, wire: Wire) -> None:
    error = wire.error(call, answer(status, {"errorCode": "E013008"}))
    assert isinstance(error, ApiError)
    assert (error.written, error.exit_status, error.status) == ("unknown", 4, status)


@pytest.mark.parametrize("status", [401, 403, 404, 429])
@pytest.mark.parametrize("call", ["import_snapshot", "import_project"])
def test_an_import_that_was_turned_away_was_not_begun(status: int, call: str, wire: Wire) -> None:
    error = wire.error(call, answer(status))
    assert (error.written, error.exit_status, error.status) == ("nothing", 1, status)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_a_refused_clone_wrote_nothing(status: int, wire: Wire) -> None:
    error = wire.error("clone", answer(status, {"errorCode": "E013008"}))
    assert isinstance(error, ApiError)
    assert (error.written, error.exit_status) == ("nothing", 1)
    assert len(wire.server.seen("clone")) == 1


def test_an_unknown_outcome_keeps_what_the_answer_said(wire: Wire) -> None:
    error = wire.error("delete", answer(504, PAGE, {"cf-ray": RAY}))
    assert type(error) is UnknownOutcome
    assert (error.status, error.request_id) == (504, RAY)
    assert not isinstance(error, ConnectionError | TimeoutError | ApiError)


# Good answers that are not what the contract says.

WRONG = [
    ("list_projects", {"projects": [{"id": 5}]}, "projects[0].id"),
    ("list_projects", {"projects": [{"id": "P2a"}, {"id": "P2b", "tags": "x"}]}, "projects[1].tags"),
    ("list_projects", {"projects": [{"name": "no id"}]}, "projects[0]"),
    ("list_projects", {"projects": {"P2a": {}}}, "projects"),
    ("clone_status", {"projectId": ["P2a"]}, "projectId"),
    ("validate_snapshot", {"ok": "yes"}, "ok"),
    ("validate_snapshot", {"ok": False, "failures": ["a", 1]}, "failures[1]"),
    ("validate_snapshot", {}, ""),
    ("export_snapshot", {"files": []}, "files"),
    ("export_snapshot", {}, "files"),
    ("export_project", {"files": None}, "files"),
    ("clone", {"projectId": 7}, "projectId"),
    ("clone", {"tags": [1]}, "tags[0]"),
    ("start_clone", {}, ""),
    ("start_clone", {"processId": 5}, "processId"),
    ("start_clone", {"processId": "../delete"}, ""),
    ("update_name", [], ""),
    ("delete", [], ""),
    ("import_snapshot", "done", ""),
]
ONCE = ("clone", "start_clone", "delete", "import_snapshot")


@pytest.mark.parametrize(("call", "body", "path"), WRONG)
def test_a_good_answer_of_another_shape_names_the_place(call: str, body: Any, path: str, wire: Wire) -> None:
    error = wire.error(call, answer(200, json.dumps(body).encode(), {"cf-ray": RAY}))
    assert type(error) is (UnknownOutcome if call in ONCE else ProtocolError)
    assert error.written == ("unknown" if call in ONCE or call == "update_name" else "nothing")
    assert (error.operation, error.attempts, len(wire.server.seen(call))) == (call, 1, 1)
    if isinstance(error, ProtocolError):
        assert (error.status, error.request_id) == (200, RAY)
        assert error.preview == json.dumps(body)
    assert path in str(error)


def test_every_attempt_is_counted_even_if_the_last_answer_is_unreadable(
    face: Face, connect: Callable[..., Any], server: ScriptedServer
) -> None:
    server.script("export_snapshot", answer(503), answer(503), answer(200, PAGE))
    with pytest.raises(ProtocolError) as caught:
        face.invoke(connect().own_project.export_snapshot())
    assert caught.value.attempts == len(server.seen("export_snapshot")) == 3


@pytest.mark.parametrize("call", ["update_name", "delete", "import_snapshot"])
@pytest.mark.parametrize("body", [None, {}, {"added": "since"}])
def test_an_answer_that_says_nothing_is_a_good_one_where_there_is_nothing_to_say(
    call: str, body: Any, wire: Wire
) -> None:
    wire.server.always(call, answer(200, body))
    assert wire.call(call) is None


def test_a_preview_is_short_and_has_no_control_characters(wire: Wire) -> None:
    page = "<html>\n\x1b[31m\x07\x00" + "x" * 100_000
    error = wire.error("export_snapshot", answer(200, page))
    assert error.preview.startswith("<html>")
    assert len(error.preview) <= 201
    assert error.preview.isprintable()
    assert len(str(error)) < 500


def test_a_long_description_is_cut(wire: Wire) -> None:
    body = {"errorCode": "E1", "errorDescription": "x" * 100_000, "errorMessage": "y" * 100_000}
    error = wire.error("export_snapshot", answer(400, body))
    assert len(str(error)) < 5_000
    assert len(error.description) < 2_100


# No secret.

BEARER = f"{PROJECT}:{KEY}"


def as_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS = {
    "plain": KEY,
    "the header": f"Authorization: Bearer {BEARER}",
    "url": urllib.parse.quote(KEY, safe=""),
    "url in lower case": urllib.parse.quote(KEY, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "form": urllib.parse.quote_plus(KEY),
    "json": json.dumps(KEY),
    "json with escaped slashes": json.dumps(KEY).replace("/", "\\/"),
    "json with codes": KEY.replace('"', "\\u0022").replace("/", "\\u002f").replace("+", "\\u002B"),
    "html": KEY.replace('"', "&quot;"),
    "base64": as_base64(KEY),
    "base64 for URLs": base64.urlsafe_b64encode(KEY.encode()).decode(),
    "base64 of the token": as_base64(BEARER),
    "base64 of the header": as_base64(f"Bearer {BEARER}"),
    "base64 of more": as_base64(f"x{BEARER}:x"),
}


def traces(form: str) -> list[str]:
    """What would show that the secret, or a good piece of it, is in a text."""
    middle = len(form) // 2
    return ["canary"] if "canary" in form else [form, form[middle - 8 : middle + 8]]


def everything_about(error: BaseException, log: pytest.LogCaptureFixture) -> str:
    """All that a program may show, send or store of an error."""
    shown = [str(error), repr(error), repr(error.args), repr(vars(error)), log.text]
    shown += map(str, vars(error).values())
    shown += [repr(record.__dict__) for record in log.records]
    shown += traceback.TracebackException.from_exception(error, capture_locals=True).format()
    shown.append(pickle.dumps(error, 0).decode("latin-1"))
    shown.append(repr(pickle.loads(pickle.dumps(error))))
    return "\n".join(shown)


def echoes(text: str) -> dict[str, tuple[str, Any]]:
    """The call and the answer with which a server gives away what it was sent."""
    quoted: Mapping[str, Any] = {"errorCode": "E1", "errorDescription": "Bad", "errorMessage": f"no such key: {text}"}
    return {
        "message": ("list_projects", answer(400, quoted)),
        "description": ("list_projects", answer(403, {"errorCode": "E1", "errorDescription": f"{text} is wrong"})),
        "code": ("list_projects", answer(400, {"errorCode": text})),
        "server error": ("list_projects", answer(503, quoted)),
        "page": ("list_projects", answer(502, f"<pre>{text}</pre>")),
        "good page": ("list_projects", answer(200, f"<pre>{text}</pre>")),
        "wrong type": ("list_projects", answer(200, {"projects": [{"id": [text]}]})),
        "unknown outcome": ("clone", answer(500, quoted)),
        "lost answer": ("clone", answer(200, f"<pre>{text}</pre>")),
        "redirect": ("list_projects", answer(302, None, {"Location": f"https://x.example/?key={text}"})),
        "ray": ("list_projects", answer(400, quoted, {"cf-ray": text})),
        "content type": ("list_projects", answer(200, "<html>", {"Content-Type": text})),
    }


def echoed() -> Iterator[Any]:
    """Every form of the key at every place."""
    for name, form in FORMS.items():
        for where in echoes(""):
            yield pytest.param(form, where, id=f"{name}-{where}".replace(" ", "-"))


@pytest.mark.parametrize(("form", "where"), list(echoed()))
def test_a_key_that_the_server_echoes_is_in_nothing_that_is_shown(
    form: str, where: str, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    call, happens = echoes(form)[where]
    shown = everything_about(wire.error(call, happens), caplog)
    for trace in traces(form):
        assert trace not in shown
    assert any(record.name == "descope_projects" for record in caplog.records)


@pytest.mark.parametrize("length", range(1_976, 2_000, 4))
def test_a_key_at_the_place_where_a_text_is_cut_is_not_cut_but_taken_out(length: int, wire: Wire) -> None:
    body = {"errorCode": "E1", "errorDescription": "x" * length + KEY}
    error = wire.error("export_snapshot", answer(400, body))
    assert KEY[:3] not in error.description
    assert KEY[:3] not in str(error)


@pytest.mark.parametrize("length", range(180, 204, 3))
def test_a_key_at_the_place_where_a_preview_is_cut_is_not_cut_but_taken_out(length: int, wire: Wire) -> None:
    error = wire.error("export_snapshot", answer(200, "x" * length + KEY))
    assert KEY[:3] not in error.preview


def test_the_keys_of_all_handles_are_taken_out(wire: Wire) -> None:
    key = "K2another-canary"
    handle = wire.client.project("P2other", management_key=key)
    wire.server.always("export_snapshot", answer(400, {"errorCode": "E1", "errorMessage": f"bad key {key}"}))
    with pytest.raises(ApiError) as caught:
        wire.face.invoke(handle.export_snapshot())
    assert caught.value.message == "bad key [secret]"
    assert key not in repr(vars(caught.value))


@pytest.mark.parametrize("call", ["import_snapshot", "import_project"])
@pytest.mark.parametrize(
    "happens",
    [answer(400, {"errorMessage": "canary-of-a-connector is short"}), drop(work=True)],
    ids=["refused", "dropped"],
)
def test_an_input_secret_is_in_nothing_that_is_shown(
    call: str, happens: Step, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = wire.error(call, happens)
    assert b"canary-of-a-connector" in wire.server.seen(call)[0].body
    assert "canary-of-a" not in everything_about(error, caplog)


def test_what_a_validation_says_has_no_secret(wire: Wire) -> None:
    failures = [f"the key {KEY} cannot", "canary-of-a-connector is short"]
    wire.server.always("validate_snapshot", answer(200, {"ok": False, "failures": failures}))
    assert wire.call("validate_snapshot").failures == ("the key [secret] cannot", "[secret] is short")


def test_why_a_started_clone_failed_has_no_secret(wire: Wire) -> None:
    wire.server.always("clone_status", answer(200, {"error": f"{KEY} may not"}))
    assert wire.call("clone_status").error == "[secret] may not"
    started = wire.face.invoke(wire.client.own_project.start_clone())
    with pytest.raises(ApiError) as caught:
        wire.face.invoke(started.wait())
    assert KEY[:6] not in repr(vars(caught.value)) + str(caught.value)


def test_no_key_is_shown_by_a_client(connect: Callable[..., Any]) -> None:
    client = connect(proxy="http://user:canary-password@127.0.0.1:1", headers={"X-Extra": "canary-header"})
    for shown in (client, client.own_project, client.project("P2other", management_key="K2another-canary")):
        assert "canary" not in repr(shown) + str(shown) + shown._repr_html_()
