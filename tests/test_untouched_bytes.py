"""What nobody touches goes out as it came in: from an export into an import, directly and by way of a disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from descope_projects import Snapshot
from scripted_server import ScriptedServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Face

Scripted: TypeAlias = "tuple[ScriptedServer, Any, Callable[[Any], Any]]"

# Formatted as no writer of ours would, with digits that no float holds, escapes that nobody needs, and unknown things.
FILES = (
    b'{ "project.json" : {"z":1.50 ,\t"a" : 1e2, "big":123456789012345678901234567890, "tiny": 1E-400,\r\n'
    b' "text":"\\u00e9\\/\xc3\xa9\\ud83d\\ude00", "twice": 1, "nested":{"deep":[ [ ] , { } ]}},\n'
    b'"future/thing.yaml":"a: \\u0031\\n", "no-extension":"x", "assets/font.woff2" : "d09GMg==",'
    b'"assets/notice.txt":"Hello", "assets/a.png":"AAEC" }'
)


@pytest.fixture
def scripted(face: Face) -> Iterator[Scripted]:
    with ScriptedServer() as server:
        for verb in ("export_snapshot", "export_project"):
            server.always(verb, answer(200, b'{"before": [1], "files": ' + FILES + b' , "after": {}}'))
        client = face.client("P2abc", "K2abc", base_url=server.url, license_handshake=False)
        yield server, client, face.invoke


def sent(server: ScriptedServer, verb: str) -> bytes:
    [request] = server.seen(verb)
    return request.body


@pytest.mark.parametrize("kind", ["snapshot", "project"])
def test_an_export_is_imported_as_it_was_received(scripted: Scripted, kind: str) -> None:
    server, client, invoke = scripted
    snapshot = invoke(getattr(client.own_project, f"export_{kind}")())
    invoke(getattr(client.own_project, f"import_{kind}")(snapshot))
    assert sent(server, f"import_{kind}") == b'{"files":' + FILES + b"}"


def test_looking_at_files_changes_nothing_in_them(scripted: Scripted) -> None:
    server, client, invoke = scripted
    snapshot = invoke(client.own_project.export_snapshot())
    assert snapshot["project.json"]["z"] == 1.5
    assert snapshot.digest != snapshot.semantic_digest
    assert snapshot.to_files() == dict(snapshot)
    repr(snapshot)
    snapshot._repr_html_()
    snapshot.entities()
    invoke(client.own_project.validate_snapshot(snapshot))
    assert sent(server, "validate_snapshot") == b'{"files":' + FILES + b"}"


def test_raw_is_a_piece_of_what_was_received(scripted: Scripted) -> None:
    _, client, invoke = scripted
    snapshot = invoke(client.own_project.export_snapshot())
    for path in snapshot:
        assert snapshot.raw(path) in FILES
    assert snapshot.raw("project.json").startswith(b'{"z":1.50 ,\t"a"')


@pytest.mark.parametrize("target", ["s", "s.zip"])
def test_by_way_of_a_disk_every_value_and_every_digit_stays(scripted: Scripted, tmp_path: Path, target: str) -> None:
    server, client, invoke = scripted
    snapshot = invoke(client.own_project.export_snapshot())
    snapshot.write(tmp_path / target)
    invoke(client.own_project.import_snapshot(tmp_path / target))
    files = json.loads(sent(server, "import_snapshot"), parse_float=str, parse_int=str)["files"]
    original = json.loads(FILES, parse_float=str, parse_int=str)
    settings = files["project.json"]
    assert settings["big"] == original["project.json"]["big"]
    assert settings["tiny"].lower() == original["project.json"]["tiny"].lower()
    assert (settings["z"], settings["a"], settings["text"]) == ("1.5", "100", original["project.json"]["text"])
    assert {path: value for path, value in files.items() if path not in ("project.json", "assets/notice.txt")} == {
        path: value for path, value in original.items() if path not in ("project.json", "assets/notice.txt")
    }
    # A text file ends with a newline on a disk, as the vendor's tool writes it.
    assert files["assets/notice.txt"] == "Hello\n"


def test_from_files_to_an_import_every_value_stays(scripted: Scripted) -> None:
    server, client, invoke = scripted
    files = invoke(client.own_project.export_snapshot()).to_files()
    invoke(client.own_project.import_snapshot(Snapshot.from_files(files)))
    again = json.loads(sent(server, "import_snapshot"))["files"]
    assert again["project.json"]["big"] == 123456789012345678901234567890
    assert {path: value for path, value in again.items() if path != "project.json"} == {
        path: value for path, value in json.loads(FILES).items() if path != "project.json"
    }
