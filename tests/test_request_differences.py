"""Our requests and the official SDK's for the same call, field by field: what differs is in a table with reasons."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from descope import DescopeClient
from descope.descope_client_async import DescopeClientAsync

from request_differences import (
    ABSENT,
    BEFORE_ALL,
    BEFORE_ONE,
    DIFFERENCES,
    EVERY_CALL,
    EVERY_REQUEST,
    GROUPS,
    LISTED,
    PAGE,
    page,
)
from scripted_server import FILES, KEY, PROJECT, Received, ScriptedServer, targets
from test_official_sdk import CALLS as SDK_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Face

    Call = Callable[[Any], Any]
    """Makes one call, of an SDK's project or of ours."""

SECRETS = {"connectors": [{"id": "CI1", "name": "Mail", "type": "apiKey", "value": "new"}]}

CALLS: dict[str, tuple[Call, Call]] = {
    "list_projects()": (lambda sdk: sdk.list_projects(), lambda client: client.list_projects()),
    "update_name(name)": (lambda sdk: sdk.update_name("é"), lambda client: client.own_project.update_name("é")),
    "update_tags(tags)": (
        lambda sdk: sdk.update_tags(["a", "b"]),
        lambda client: client.own_project.update_tags(["a", "b"]),
    ),
    "clone(name)": (lambda sdk: sdk.clone("preview"), lambda client: client.own_project.clone(name="preview")),
    "clone(name, environment, tags)": (
        lambda sdk: sdk.clone("preview", "production", ["t"]),
        lambda client: client.own_project.clone(name="preview", environment="production", tags=["t"]),
    ),
    "delete()": (lambda sdk: sdk.delete(), lambda client: client.own_project.delete(confirm=PROJECT)),
    "export_project()": (lambda sdk: sdk.export_project(), lambda client: client.own_project.export_project()),
    "import_project(files)": (
        lambda sdk: sdk.import_project(FILES),
        lambda client: client.own_project.import_project(FILES, allow_partial=True),
    ),
    "export_snapshot()": (lambda sdk: sdk.export_snapshot(), lambda client: client.own_project.export_snapshot()),
    "export_snapshot(format)": (
        lambda sdk: sdk.export_snapshot(format="plain"),
        lambda client: client.own_project.export_snapshot(format="plain"),
    ),
    "import_snapshot(files)": (
        lambda sdk: sdk.import_snapshot(FILES),
        lambda client: client.own_project.import_snapshot(FILES, allow_partial=True),
    ),
    "import_snapshot(files, secrets, excludes)": (
        lambda sdk: sdk.import_snapshot(FILES, input_secrets=SECRETS, excludes=["lists"]),
        lambda client: client.own_project.import_snapshot(
            FILES, input_secrets=SECRETS, exclude=["lists"], allow_partial=True
        ),
    ),
    "validate_snapshot(files)": (
        lambda sdk: sdk.validate_snapshot(FILES),
        lambda client: client.own_project.validate_snapshot(FILES, allow_partial=True),
    ),
    "validate_snapshot(files, secrets)": (
        lambda sdk: sdk.validate_snapshot(FILES, input_secrets=SECRETS),
        lambda client: client.own_project.validate_snapshot(FILES, input_secrets=SECRETS, allow_partial=True),
    ),
}


def fields(request: Received, port: int) -> dict[str, str]:
    """Everything that a request says, without what can never be the same twice."""
    path, _, query = request.target.partition("?")
    found = {"method": request.method, "path": path, "query": query}
    for name, value in request.headers.items():
        text = value.replace(f"127.0.0.1:{port}", "<host>").replace(PROJECT, "<project>").replace(KEY, "<key>")
        found[f"header {name}"] = re.sub(r"\d+(\.\d+)+", "<version>", text)
    if found.get("header content-length") == str(len(request.body)):
        found["header content-length"] = "<length>"
    for key, value in json.loads(request.body or "{}").items():
        found[f"body {key}"] = json.dumps(value, sort_keys=True)
    return found


def compared(theirs: dict[str, str], ours: dict[str, str]) -> dict[str, tuple[str, str]]:
    names = theirs.keys() | ours.keys()
    pairs = {name: (theirs.get(name, ABSENT), ours.get(name, ABSENT)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def by_sdk(face: Face, call: Call) -> tuple[list[Received], int]:
    with ScriptedServer() as server:
        kind = DescopeClient if face.name == "sync" else DescopeClientAsync
        client = kind(PROJECT, management_key=KEY, base_url=server.url)
        result = call(client.mgmt.project)
        if face.name == "async":
            face.invoke(result)
            face.invoke(client.aclose())
        return server.requests, server.port


def by_us(face: Face, call: Call) -> tuple[list[Received], int]:
    with ScriptedServer() as server:
        face.invoke(call(face.client(PROJECT, KEY, base_url=server.url)))
        return server.requests, server.port


def expected(*kinds: str) -> dict[str, tuple[str, str]]:
    """What the table says of one request."""
    return {row.field: (row.theirs, row.ours) for row in DIFFERENCES if row.requests in (EVERY_REQUEST, *kinds)}


@pytest.mark.parametrize("name", CALLS)
def test_our_request_differs_from_the_sdk_s_in_what_the_table_says_and_in_nothing_else(face: Face, name: str) -> None:
    (theirs, their_port), (ours, our_port) = by_sdk(face, CALLS[name][0]), by_us(face, CALLS[name][1])
    assert targets(theirs) == ["license", name.partition("(")[0]]
    found = compared(fields(theirs[-1], their_port), fields(ours[-1], our_port))
    if targets(theirs) != targets(ours):
        found["requests"] = (", ".join(targets(theirs)), ", ".join(targets(ours)))
    assert found == expected(EVERY_CALL, name)
    licences = compared(fields(theirs[0], their_port), fields(ours[0], our_port))
    if "requests" not in found:
        assert licences == expected("license", BEFORE_ONE)
        return
    assert licences == expected("license", BEFORE_ALL)
    # The one that the SDK does not make, beside the one that it makes elsewhere.
    lists, list_port = by_sdk(face, CALLS["list_projects()"][0])
    assert compared(fields(lists[-1], list_port), fields(ours[1], our_port)) == expected(EVERY_CALL, LISTED)


def test_every_call_of_the_sdk_is_compared() -> None:
    assert {name.partition("(")[0] for name in CALLS} == SDK_CALLS


def test_every_row_is_of_a_request_that_is_compared_and_has_a_reason() -> None:
    assert {row.requests for row in DIFFERENCES} <= {"license", *GROUPS, *CALLS}
    rows = [(row.requests, row.field) for row in DIFFERENCES]
    assert len(set(rows)) == len(rows)
    assert all(row.why.endswith(".") and row.theirs != row.ours for row in DIFFERENCES)


def test_the_page_has_the_table_as_it_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/request_differences.py"
