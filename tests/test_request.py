"""`request`: any other route, with its method, body and path, and what it may not do."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import descope_projects
from descope_projects.errors import ConfigurationError, DescopeError, Protected, UnknownOutcome
from scripted_server import KEY, PROJECT, Gate, ScriptedServer, answer, hold, well

if TYPE_CHECKING:
    from collections.abc import Callable

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_request_is_sent_with_its_method_and_body(
    method: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("request", answer(200, {"tenants": [1, {"a": None}], "name": "é"}))
    client = connect()
    assert invoke(client.request(method, "/v1/mgmt/other")) == {"tenants": [1, {"a": None}], "name": "é"}
    received = server.requests[0]
    assert (received.method, received.target) == (method, "/v1/mgmt/other")
    assert received.body == (b"" if method == "GET" else b"{}")
    assert received.headers["authorization"] == f"Bearer {PROJECT}:{KEY}"
    if method != "GET":
        body = {"name": "é", "list": [1, 2.5, None, True], "nested": {"a": {}}}
        invoke(client.request(method, "/v1/mgmt/other", body))
        assert server.requests[1].json == body


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b"", None),
        (b"null", None),
        (b"[]", []),
        (b'"text"', "text"),
        (b"12345678901234567890123", 12345678901234567890123),
    ],
)
def test_a_request_returns_whatever_json_there_is(
    body: bytes, result: Any, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("request", answer(200, body))
    assert invoke(connect().request("GET", "/v1/mgmt/other")) == result


PATHS = [
    "",
    "v1/mgmt/other",
    "https://elsewhere.example/v1",
    "//elsewhere.example/v1",
    "/v1/../admin",
    "/v1/./other",
    "/v1//other",
    "/v1/%2e%2e/admin",
    "/v1/other?x=1",
    "/v1/other#x",
    "/v1/other x",
    "/v1\\other",
    "/v1/other\r\nX-Evil: 1",
    "/v1/é",
    "/@elsewhere.example",
]


@pytest.mark.parametrize("path", PATHS[:-1])
def test_a_path_that_could_leave_the_host_is_refused(
    path: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        invoke(connect().request("GET", path))
    assert (caught.value.operation, caught.value.path, server.connections) == ("request", "path", 0)


def test_a_path_with_an_at_sign_stays_on_the_host(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    invoke(connect().request("GET", PATHS[-1]))
    assert server.requests[0].target == PATHS[-1]


@pytest.mark.parametrize(("method", "body"), [("TRACE", None), ("", None), ("GET", {}), ("POST", {1, 2})])
def test_a_request_that_cannot_be_right_is_refused(
    method: Any, body: Any, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    with pytest.raises(ConfigurationError):
        invoke(connect().request(method, "/v1/mgmt/other", body))
    assert server.connections == 0


def test_a_read_only_client_requests_only_what_is_known_to_read(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(read_only=True)
    for path, options in [
        ("/v1/mgmt/other", {}),
        ("/v1/mgmt/other", {"safe_to_repeat": True}),
        ("/v1/mgmt/project/update/name", {}),
        ("/v1/mgmt/project/delete", {"safe_to_repeat": True}),
    ]:
        with pytest.raises(Protected) as caught:
            invoke(client.request("POST", path, {}, **options))
        assert (caught.value.written, caught.value.exit_status) == ("nothing", 3)
    assert server.connections == 0
    invoke(client.request("GET", "/v1/mgmt/other"))
    invoke(client.request("POST", "/v1/mgmt/projects/list"))
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "path", ["/v1/mgmt/project/clone", "/v1/mgmt/project/snapshot/import", "/v1/mgmt/project/delete"]
)
def test_a_known_call_is_not_made_safe_by_saying_so(
    path: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always(path, answer(503))
    with pytest.raises(UnknownOutcome):
        invoke(connect().request("POST", path, {}, safe_to_repeat=True))
    assert len(server.seen(path)) == 1


def test_a_slash_at_its_end_does_not_make_a_known_call_another(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    # Many a server takes the two for one route.
    path = "/v1/mgmt/project/delete/"
    server.always(path, answer(503))
    with pytest.raises(DescopeError):
        invoke(connect().request("POST", path, {}, safe_to_repeat=True))
    assert len(server.seen(path)) == 1


def test_the_time_limit_of_a_request_is_its_own(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    server.script("request", hold(Gate(), then=well))
    with pytest.raises(descope_projects.DeadlineExceeded):
        invoke(connect().request("GET", "/v1/mgmt/other", timeout=0.05))
