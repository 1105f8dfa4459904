"""What hostile paths, archives and links cannot do."""

from __future__ import annotations

import os
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from descope_projects import Snapshot, SnapshotError, UnsafePath

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"project.json": {}, "assets/notice.txt": "Hello", "assets/empty.txt": ""}


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


HOSTILE = [
    "/etc/passwd.json",
    "../project.json",
    "flows/../../project.json",
    "flows/./a.json",
    "flows//a.json",
    "flows/",
    "",
    ".",
    "..",
    "C:/a.json",
    "C:a.json",
    "a.json:stream",
    "flows\\a.json",
    "..\\a.json",
    "a\x00.json",
    "a\n.json",
    "a\u202ejson.txt",
    "NUL",
    "con.json",
    "flows/aux.json",
    "COM1.json",
    "lpt9.txt",
    "a.json.",
    "a.json ",
    "flows /a.json",
    ".git/config",
    "sub/.GIT/hooks/post-checkout",
    "git~1/config",
    ".descope-projects.json",
    ".descope-projects-staging/commit.json",
    "x" * 300 + ".json",
    "/".join(["d"] * 200) + "/a.json",
]
# In an archive these are a directory, nothing, a working copy and the list of its files.
READ_OTHERWISE = ("flows/", "", ".git/config", ".descope-projects.json")
COLLIDING = [
    ("Flows/a.json", "flows/a.json"),
    ("a.json", "A.json"),
    ("assets/stra\u00dfe.txt", "assets/strasse.txt"),
    ("assets/\u00e9.txt", "assets/e\u0301.txt"),
    ("a", "a/b.json"),
]


def short(value: object) -> str:
    return ascii(value)[:40]


class TestHostilePaths:
    @pytest.mark.parametrize("path", HOSTILE, ids=short)
    @pytest.mark.parametrize("target", ["s", "s.zip"])
    def test_no_such_path_is_written(self, tmp_path: Path, path: str, target: str) -> None:
        inside = tmp_path / "inside"
        inside.mkdir()
        with pytest.raises(UnsafePath) as raised:
            Snapshot.from_files({"project.json": {}, path: {}}).write(inside / target)
        assert isinstance(raised.value, SnapshotError)
        assert "\x00" not in str(raised.value)
        assert "\n" not in str(raised.value)
        assert [found for found in tmp_path.rglob("*") if found != inside] == []

    @pytest.mark.parametrize("pair", COLLIDING, ids=short)
    @pytest.mark.parametrize("target", ["s", "s.zip"])
    def test_no_two_names_that_are_one_somewhere_are_written(
        self, tmp_path: Path, pair: tuple[str, str], target: str
    ) -> None:
        with pytest.raises(UnsafePath):
            Snapshot.from_files({"project.json": {}, **dict.fromkeys(pair, "x")}).write(tmp_path / target)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "path",
        [path for path in HOSTILE if path not in READ_OTHERWISE and "\x00" not in path],
        ids=short,
    )
    def test_no_such_path_is_read_from_an_archive(self, tmp_path: Path, path: str) -> None:
        archive = zipped({"project.json": "{}", "other/a.json": "{}", path: "{}"}, tmp_path / "s.zip")
        with pytest.raises(SnapshotError):
            Snapshot.read(archive)

    def test_an_absolute_name_after_a_nul_is_not_read(self, tmp_path: Path) -> None:
        archive = zipped({"project.json": "{}", "aXb.json": "{}"}, tmp_path / "s.zip")
        archive.write_bytes(archive.read_bytes().replace(b"aXb.json", b"a\x00b.json"))
        with pytest.raises(SnapshotError):
            Snapshot.read(archive)

    def test_two_members_of_one_name_are_refused(self, tmp_path: Path) -> None:
        archive = zipped({"project.json": "{}", "project.jsoX": '{"a": 1}'}, tmp_path / "s.zip")
        archive.write_bytes(archive.read_bytes().replace(b"project.jsoX", b"project.json"))
        with pytest.raises(SnapshotError):
            Snapshot.read(archive)

    def test_a_link_in_an_archive_is_refused(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
            archive.writestr("project.json", "{}")
            link = zipfile.ZipInfo("roles.json")
            link.create_system = 3
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc/passwd")
        with pytest.raises(UnsafePath, match=r"roles\.json"):
            Snapshot.read(tmp_path / "s.zip")

    def test_a_list_cannot_bring_in_what_lies_elsewhere(self, tmp_path: Path) -> None:
        (tmp_path / "secret.json").write_text("{}")
        inside = tmp_path / "s"
        Snapshot.from_files(FILES).write(inside)
        listed = inside / ".descope-projects.json"
        listed.write_text(listed.read_text().replace('"assets/empty.txt"', '"../secret.json"'))
        with pytest.raises(UnsafePath):
            Snapshot.read(inside)


def link_to_file(inside: Path, outside: Path) -> None:
    (inside / "project.json").symlink_to(outside / "project.json")


def link_to_directory(inside: Path, outside: Path) -> None:
    (inside / "assets").symlink_to(outside)


def link_of_staging(inside: Path, outside: Path) -> None:
    (inside / ".descope-projects-staging").symlink_to(outside)


def link_of_list(inside: Path, outside: Path) -> None:
    (inside / ".descope-projects.json").symlink_to(outside / "project.json")


@pytest.mark.skipif(os.name != "posix", reason="links need no right on POSIX")
class TestLinks:
    @pytest.fixture
    def outside(self, tmp_path: Path) -> Path:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "project.json").write_text('{"outside": true}')
        return outside

    @pytest.mark.parametrize("link", [link_to_file, link_to_directory, link_of_staging])
    def test_nothing_is_written_through_a_link(
        self, tmp_path: Path, outside: Path, link: Callable[[Path, Path], None]
    ) -> None:
        inside = tmp_path / "inside"
        inside.mkdir()
        link(inside, outside)
        before = tree(outside)
        with pytest.raises(SnapshotError):
            Snapshot.from_files(FILES).write(inside, force=True)
        assert tree(outside) == before

    def test_a_link_in_the_place_of_the_list_is_replaced(self, tmp_path: Path, outside: Path) -> None:
        inside = tmp_path / "inside"
        inside.mkdir()
        link_of_list(inside, outside)
        Snapshot.from_files(FILES).write(inside, force=True)
        assert tree(outside) == {"project.json": b'{"outside": true}'}
        assert not (inside / ".descope-projects.json").is_symlink()
        assert sorted(Snapshot.read(inside)) == sorted(FILES)

    @pytest.mark.parametrize("link", [link_to_file, link_to_directory, link_of_list])
    def test_nothing_is_read_through_a_link_that_leaves(
        self, tmp_path: Path, outside: Path, link: Callable[[Path, Path], None]
    ) -> None:
        inside = tmp_path / "inside"
        inside.mkdir()
        (inside / "snapshot.json").write_text("{}")
        link(inside, outside)
        with pytest.raises(SnapshotError):
            Snapshot.read(inside)

    def test_the_directory_itself_may_be_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        Snapshot.from_files(FILES).write(tmp_path / "link")
        assert tree(tmp_path / "real").keys() == FILES.keys()
        assert (tmp_path / "link").is_symlink()
        assert sorted(Snapshot.read(tmp_path / "link")) == sorted(FILES)

    def test_a_loop_of_links_ends(self, tmp_path: Path) -> None:
        (tmp_path / "project.json").write_text("{}")
        (tmp_path / "loop").symlink_to(tmp_path)
        with pytest.raises(SnapshotError, match="loop"):
            Snapshot.read(tmp_path)

    def test_what_is_no_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "snapshot.json").write_text("{}")
        os.mkfifo(tmp_path / "project.json")
        with pytest.raises(SnapshotError, match=r"project\.json"):
            Snapshot.read(tmp_path)
