"""How often a call goes to the server and back, and how often its bytes are sent: counted by the server.

`make bench-network` counts the same over a long wire.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import Snapshot
from scripted_server import KEY, PROJECT, ScriptedServer
from scripted_server import targets as calls_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Face
    from private_authority import Authority

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]

HANDLES = 10


def test_the_handles_of_a_client_share_a_tls_connection(
    face: Face, secure: ScriptedServer, authority: Authority
) -> None:
    client = face.client(PROJECT, KEY, base_url=secure.url, ca_bundle=authority.path)
    for number in range(HANDLES):
        face.invoke(client.project(f"P2handle{number}").export_snapshot())
    assert calls_of(secure.requests) == ["license", *["export_snapshot"] * HANDLES]
    assert secure.connections == 1


@pytest.mark.parametrize("operation", ["import_snapshot", "validate_snapshot"])
def test_the_files_of_a_call_are_sent_once(
    operation: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    files = {"project.json": {"domain": "example.com"}, "assets/a.txt": "x" * 1_000_000}
    project = connect().project("P2target")
    invoke(getattr(project, operation)(Snapshot.from_files(files), {"allow_partial": True}))
    # To ask first whether the server will take them (`Expect`) would be a round trip more.
    (sent,) = server.requests
    assert json.loads(sent.body)["files"] == files
    assert "expect" not in sent.headers
    assert "transfer-encoding" not in sent.headers
    assert int(sent.headers["content-length"]) == len(sent.body) < 1_001_000
    assert server.connections == 1
