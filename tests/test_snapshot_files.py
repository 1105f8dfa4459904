"""Snapshots on a disk: the vendor's format byte for byte, directories and zips."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from descope_projects import Emulator, Snapshot, SnapshotError

NOBODY = 65534
FILES: dict[str, Any] = {
    "project.json": {
        "trustedDomains": "a.example,b.example",
        "appUrl": "https://example.com/?a=1&b=<2>",
        "separators": "\u2028|\u2029",
        "umlaut": "Grüße 👋",
        "control": '\b\f\n\r\t\u0001\u007f\\"/',
        "list": [1, [], {}, [2, "x"]],
        "empty": {},
        "null": None,
        "whole": 1.0,
        "tiny": 1e-7,
        "large": 1e21,
        "beyond": 2**53 + 1,
        "exact": Decimal("0.1000000000000000055511151231257827"),
    },
    "assets/notice.txt": "no newline",
    "assets/mail.html": "<p>&amp;</p>\r\n",
    "assets/empty.txt": "",
    "assets/img-1.png": b"\x89PNG\r\n\x1a\n\x00\xff",
    "assets/img-2.svg": b"<svg/>",
}
# As the vendor's command line writes the same values.
ON_DISK: dict[str, bytes] = {
    "project.json": rb"""{
  "appUrl": "https://example.com/?a=1\u0026b=\u003c2\u003e",
  "beyond": 9007199254740993,
  "control": "\b\f\n\r\t\u0001"""
    b"\x7f"
    rb"""\\\"/",
  "empty": {},
  "exact": 0.1000000000000000055511151231257827,
  "large": 1e+21,
  "list": [
    1,
    [],
    {},
    [
      2,
      "x"
    ]
  ],
  "null": null,
  "separators": "\u2028|\u2029",
  "tiny": 1e-7,
  "trustedDomains": "a.example,b.example",
  "umlaut": "Gr"""
    + "üße 👋".encode()
    + rb"""",
  "whole": 1
}
""",
    "assets/notice.txt": b"no newline\n",
    "assets/mail.html": b"<p>&amp;</p>\r\n",
    "assets/empty.txt": b"",
    "assets/img-1.png": b"\x89PNG\r\n\x1a\n\x00\xff",
    "assets/img-2.svg": b"<svg/>",
}


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, the package's own list left out."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != ".descope-projects.json"
    }


def zipped(members: dict[str, bytes | str], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


class TestFormat:
    def test_a_directory_is_what_the_vendor_s_tool_would_write(self, tmp_path: Path) -> None:
        Snapshot.from_files(FILES).write(tmp_path / "s")
        assert tree(tmp_path / "s") == ON_DISK

    def test_an_archive_has_the_same_files(self, tmp_path: Path) -> None:
        Snapshot.from_files(FILES).write(tmp_path / "s.zip")
        with zipfile.ZipFile(tmp_path / "s.zip") as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == ON_DISK
            assert archive.testzip() is None

    def test_equal_snapshots_are_equal_archives(self, tmp_path: Path) -> None:
        Snapshot.from_files(FILES).write(tmp_path / "a.zip")
        Snapshot.from_files(dict(reversed(FILES.items()))).write(tmp_path / "b.zip")
        assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()

    @pytest.mark.parametrize("target", ["s", "s.zip", "S.ZIP"])
    def test_what_was_written_is_read_back(self, tmp_path: Path, target: str) -> None:
        files = {**FILES, "assets/notice.txt": "with newline\n"}
        snapshot = Snapshot.from_files(files)
        snapshot.write(tmp_path / target)
        assert (tmp_path / target).is_file() == target.lower().endswith(".zip")
        again = Snapshot.read(str(tmp_path / target))
        assert again == snapshot
        assert again.to_files() == snapshot.to_files()
        assert again.skipped == ()

    def test_a_directory_that_the_vendor_s_tool_left_is_read(self, tmp_path: Path) -> None:
        for path, content in ON_DISK.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(content)
        for passed_over in (".DS_Store", ".idea/a.json", "__MACOSX/project.json", "flows/.keep", ".git/config"):
            (tmp_path / passed_over).parent.mkdir(exist_ok=True)
            (tmp_path / passed_over).write_text("not for a snapshot")
        snapshot = Snapshot.read(tmp_path)
        assert sorted(snapshot) == sorted(ON_DISK)
        assert {path: snapshot.content(path) for path in snapshot} == ON_DISK
        assert snapshot.skipped == ()

    def test_files_beside_the_snapshot_are_named_and_left_out(self, tmp_path: Path) -> None:
        Snapshot.from_files(FILES).write(tmp_path)
        (tmp_path / "README.md").write_text("# Ours")
        (tmp_path / "notes").mkdir()
        (tmp_path / "notes" / "a.yaml").write_text("a: 1")
        snapshot = Snapshot.read(tmp_path)
        assert snapshot.skipped == ("README.md", "notes/a.yaml")
        assert "2 files skipped" in repr(snapshot)
        assert snapshot == Snapshot.from_files(FILES)

    def test_a_file_that_nobody_can_read_under_a_known_directory_is_an_error(self, tmp_path: Path) -> None:
        Snapshot.from_files(FILES).write(tmp_path)
        (tmp_path / "assets" / "photo.heic").write_bytes(b"x")
        with pytest.raises(SnapshotError, match=r"assets/photo\.heic") as raised:
            Snapshot.read(tmp_path)
        assert raised.value.path == "assets/photo.heic"

    def test_unknown_files_come_back_as_they_were(self, tmp_path: Path) -> None:
        unknown = {
            "project.json": {},
            "assets/font.woff2": "d09GMgABAAAAAA==",
            "future/thing.yaml": "a: 1",
            "future/.hidden": "kept",
            "no-extension": "no newline",
            "future/data.bin": {"a": [1, 2]},
            "old/environment.json": {"version": 1},
            "ssoapps.json": {"apps": []},
        }
        snapshot = Snapshot.from_files(unknown)
        for target in (tmp_path / "s", tmp_path / "s.zip"):
            snapshot.write(target)
            again = Snapshot.read(target)
            assert again.to_files() == unknown
            assert again.digest == snapshot.digest
            assert {path: again.raw(path) for path in again if path != "project.json"}.keys() == unknown.keys() - {
                "project.json"
            }

    def test_unknown_files_survive_the_way_from_project_to_project(self, tmp_path: Path) -> None:
        with Emulator(semantics={"absent_files": "delete"}) as emulator, emulator.client() as client:
            files = client.own_project.export_snapshot().to_files()
            files["future/thing.json"] = {"new": {"ids": [1, 2.50, None]}, "name": "<é>"}
            client.own_project.import_snapshot(files)
            exported = client.own_project.export_snapshot()
            exported.write(tmp_path / "s")
            clone = client.own_project.clone(name="other").project
            clone.import_snapshot(tmp_path / "s")
            assert clone.export_snapshot()["future/thing.json"] == files["future/thing.json"]
            assert "future/thing.json" in exported


class TestReading:
    @pytest.mark.parametrize(
        ("path", "content", "what"),
        [
            ("project.json", b"{", "project.json"),
            ("project.json", b"", "project.json"),
            ("project.json", b"[]", "is not a JSON object"),
            ("project.json", b'{"a": 1} x', "project.json"),
            ("project.json", b'{"a": NaN}', "project.json"),
            ("project.json", b'{"a": "\xff"}', "project.json"),
            ("project.json", b'{"a":' * 200 + b"1" + b"}" * 200, "project.json"),
            ("assets/a.txt", b"\xff\xfe", "UTF-8"),
        ],
    )
    @pytest.mark.parametrize("form", ["directory", "archive"])
    def test_a_file_that_cannot_be_read_is_named(
        self, tmp_path: Path, path: str, content: bytes, what: str, form: str
    ) -> None:
        members = {"snapshot.json": b"{}", path: content}
        target = tmp_path / "s.zip"
        if form == "archive":
            zipped(members, target)
        else:
            target = tmp_path / "s"
            for name, text in members.items():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_bytes(text)
        with pytest.raises(SnapshotError, match=what) as raised:
            Snapshot.read(target)
        assert raised.value.path == path

    @pytest.mark.parametrize("target", ["nowhere", "nowhere.zip"])
    def test_what_is_not_there_is_named(self, tmp_path: Path, target: str) -> None:
        with pytest.raises(SnapshotError, match=target):
            Snapshot.read(tmp_path / target)

    def test_an_empty_directory_is_no_snapshot(self, tmp_path: Path) -> None:
        with pytest.raises(SnapshotError, match="no snapshot"):
            Snapshot.read(tmp_path)

    def test_a_listed_file_that_is_gone_is_an_error(self, tmp_path: Path) -> None:
        Snapshot.from_files(FILES).write(tmp_path)
        (tmp_path / "assets" / "notice.txt").unlink()
        with pytest.raises(SnapshotError, match=r"assets/notice\.txt is listed"):
            Snapshot.read(tmp_path)

    def test_an_edited_file_is_read_as_it_is_now(self, tmp_path: Path) -> None:
        Snapshot.from_files(FILES).write(tmp_path)
        (tmp_path / "project.json").write_bytes(b'\xef\xbb\xbf{"domain": "edited.example"}\r\n')
        (tmp_path / "roles.json").write_text('{"roles": []}')
        snapshot = Snapshot.read(tmp_path)
        assert snapshot["project.json"] == {"domain": "edited.example"}
        assert snapshot["roles.json"] == {"roles": []}

    @pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
    def test_a_file_without_the_right_to_read_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            directory.chmod(0o755)
            Snapshot.from_files(FILES).write(directory)
            (directory / "project.json").chmod(0)
            own = os.geteuid()
            if own == 0:
                os.seteuid(NOBODY)  # root may read everything
            try:
                with pytest.raises(SnapshotError, match=r"project\.json"):
                    Snapshot.read(directory)
            finally:
                os.seteuid(own)

    def test_an_archive_of_a_directory_is_read(self, tmp_path: Path) -> None:
        members: dict[str, bytes | str] = {f"project-P2abc/{path}": content for path, content in ON_DISK.items()}
        members["__MACOSX/project-P2abc/._project.json"] = b"\x00"
        snapshot = Snapshot.read(zipped(members, tmp_path / "s.zip"))
        assert sorted(snapshot) == sorted(ON_DISK)

    @pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all", b"\x50\x4b\x05\x06" + b"\x00" * 18])
    def test_what_is_no_archive_is_named(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "broken.zip").write_bytes(content)
        with pytest.raises(SnapshotError, match=r"broken\.zip"):
            Snapshot.read(tmp_path / "broken.zip")

    def test_a_bomb_is_refused_before_it_grows(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.writestr("project.json", "{}")
            archive.writestr("assets/a.txt", b"\x00" * (64 << 20))
        with pytest.raises(SnapshotError, match=r"assets/a\.txt grows"):
            Snapshot.read(path)

    def test_a_member_that_lies_about_its_size_is_refused(self, tmp_path: Path) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("project.json", b'{"a": 1}')
        raw = bytearray(buffer.getvalue())
        for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            at = raw.index(signature) + offset
            raw[at : at + 4] = (7).to_bytes(4, "little")
        (tmp_path / "lies.zip").write_bytes(bytes(raw))
        with pytest.raises(SnapshotError, match=r"project\.json"):
            Snapshot.read(tmp_path / "lies.zip")
