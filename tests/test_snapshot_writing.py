"""Writing a snapshot: what is there survives, and whoever reads afterwards finds the old one or the new one, whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import ConfigurationError, Snapshot, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGING = ".descope-projects-staging"


def numbered(version: int, files: int = 40) -> dict[str, Any]:
    """A snapshot that says in each of its files which one it is; odd ones have files of their own."""
    made: dict[str, Any] = {"project.json": {"version": version}}
    for number in range(files):
        name = f"flows/flow-{number}/screen-{'odd' if version % 2 else 'even'}.json"
        made[name] = {"version": version, "text": "x" * 500}
        made[f"flows/flow-{number}/contents.json"] = {"version": version}
    return made


def version_of(snapshot: Snapshot) -> int:
    """Which of the numbered ones it is; a mixture is none."""
    version = snapshot["project.json"]["version"]
    assert snapshot == Snapshot.from_files(numbered(version))
    return int(version)


class TestWhatIsThere:
    def test_other_files_and_modes_survive(self, tmp_path: Path) -> None:
        Snapshot.from_files(numbered(1)).write(tmp_path)
        others = {
            ".git/config": "[core]",
            "README.md": "# Ours",
            ".github/a.yml": "a: 1",
            "flows/.keep": "",
            "x.py": "",
        }
        for name, text in others.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        (tmp_path / "project.json").chmod(0o640)
        (tmp_path / "README.md").chmod(0o600)
        Snapshot.from_files(numbered(2)).write(tmp_path)
        assert {name: (tmp_path / name).read_text() for name in others} == others
        assert (tmp_path / "project.json").stat().st_mode & 0o777 == 0o640
        assert (tmp_path / "README.md").stat().st_mode & 0o777 == 0o600
        assert version_of(Snapshot.read(tmp_path)) == 2

    def test_files_of_the_old_snapshot_that_are_gone_are_removed(self, tmp_path: Path) -> None:
        Snapshot.from_files(numbered(1)).write(tmp_path)
        Snapshot.from_files({"project.json": {}}).write(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == [".descope-projects.json", "project.json"]

    def test_an_unlisted_file_is_no_part_of_the_old_snapshot(self, tmp_path: Path) -> None:
        Snapshot.from_files(numbered(1)).write(tmp_path)
        (tmp_path / "package.json").write_text('{"name": "ours"}')
        Snapshot.from_files(numbered(2)).write(tmp_path)
        assert (tmp_path / "package.json").read_text() == '{"name": "ours"}'
        snapshot = Snapshot.read(tmp_path)
        assert version_of(snapshot) == 2
        assert snapshot.skipped == ("package.json",)

    def test_a_directory_of_the_vendor_s_tool_is_taken_over(self, tmp_path: Path) -> None:
        (tmp_path / "flows").mkdir()
        for name in ["project.json", "flows/flows.json", "roles.json", "package.json"]:
            (tmp_path / name).write_text("{}")
        Snapshot.from_files(numbered(1)).write(tmp_path)
        assert not (tmp_path / "roles.json").exists()
        assert (tmp_path / "package.json").exists()
        assert version_of(Snapshot.read(tmp_path)) == 1

    def test_a_project_file_of_another_tool_makes_no_snapshot(self, tmp_path: Path) -> None:
        for name in ["project.json", "package.json"]:
            (tmp_path / name).write_text('{"name": "ours"}')
        with pytest.raises(SnapshotError, match="force"):
            Snapshot.from_files(numbered(1)).write(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["package.json", "project.json"]

    @pytest.mark.parametrize("target", ["s", "s.zip"])
    def test_what_is_no_snapshot_is_refused_without_force(self, tmp_path: Path, target: str) -> None:
        place = tmp_path / target
        if target == "s":
            place.mkdir()
            (place / "thesis.doc").write_text("years of work")
        else:
            place.write_text("years of work")
        before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
        with pytest.raises(SnapshotError, match="force"):
            Snapshot.from_files(numbered(1)).write(place)
        assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == before
        Snapshot.from_files(numbered(1)).write(place, {"force": True})
        assert version_of(Snapshot.read(place)) == 1
        if target == "s":
            assert (place / "thesis.doc").read_text() == "years of work"

    @pytest.mark.parametrize("name", [".git", ".gitignore", ".gitkeep"])
    def test_an_empty_repository_is_no_reason_to_refuse(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).touch()
        Snapshot.from_files(numbered(1)).write(tmp_path)
        assert version_of(Snapshot.read(tmp_path)) == 1

    def test_directories_are_made(self, tmp_path: Path) -> None:
        Snapshot.from_files(numbered(1)).write(tmp_path / "a" / "b")
        Snapshot.from_files(numbered(1)).write(str(tmp_path / "c" / "d.zip"))
        assert version_of(Snapshot.read(tmp_path / "a" / "b")) == version_of(Snapshot.read(tmp_path / "c" / "d.zip"))

    def test_nothing_is_no_snapshot_to_write(self, tmp_path: Path) -> None:
        with pytest.raises(SnapshotError, match="without files"):
            Snapshot.from_files({}).write(tmp_path / "s")
        assert not (tmp_path / "s").exists()

    @pytest.mark.parametrize("target", ["s", "s.zip"])
    def test_a_durable_write_writes_the_same(self, tmp_path: Path, target: str) -> None:
        Snapshot.from_files(numbered(1)).write(tmp_path / target, durable=True)
        Snapshot.from_files(numbered(2)).write(tmp_path / target, {"durable": True})
        assert version_of(Snapshot.read(tmp_path / target)) == 2

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"forse": True}, "did you mean `force`?"),
            ({"force": 1}, "`force`: expected a boolean"),
            ({"allowSecrets": True}, "did you mean `allow_secrets`?"),
            ({"durable": "yes"}, "`durable`: expected a boolean"),
        ],
    )
    def test_a_wrong_option_is_explained(self, tmp_path: Path, options: Any, text: str) -> None:  # noqa: ANN401 -- wrong on purpose
        with pytest.raises(ConfigurationError) as raised:
            Snapshot.from_files(numbered(1)).write(tmp_path / "s", options)
        assert text in str(raised.value)
        assert list(tmp_path.iterdir()) == []


WRITER = """
import os, sys
from descope_projects import Snapshot
snapshot = Snapshot.read(sys.argv[1])
os.write(1, b"a")
snapshot.write(sys.argv[2])
os.write(1, b"z")
"""


def moments(seed: int) -> list[tuple[str, int]]:
    """When to kill: at a number of staged files, of files that are no more staged, or at the first sign of the list."""
    chance = random.Random(seed)  # noqa: S311 -- which moments are tried is no secret
    staged = [("staged", chance.randrange(1, 80)) for _ in range(5)]
    installed = [("installed", chance.randrange(1, 80)) for _ in range(5)]
    return [("begun", 0), *staged, ("committed", 0), *installed]


def reached(directory: Path, what: str, count: int) -> bool:
    staging = directory / STAGING
    committed = (staging / "commit.json").exists()
    if what == "begun":
        return True
    if what == "committed":
        return committed
    files = sum(len(names) for _, _, names in os.walk(staging / "files"))
    return files >= count if what == "staged" else committed and files <= 81 - count


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
class TestKilled:
    @pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
    def test_an_interrupted_write_leaves_the_old_or_the_new(self, tmp_path: Path, sent: signal.Signals) -> None:
        Snapshot.from_files(numbered(1)).write(tmp_path / "s")
        Snapshot.from_files(numbered(2)).write(tmp_path / "new")
        program = [sys.executable, "-c", WRITER, str(tmp_path / "new"), str(tmp_path / "s")]
        writer = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.read(1) == b"a"
        os.set_blocking(writer.stdout.fileno(), False)
        while not reached(tmp_path / "s", "staged", 10) and not writer.stdout.read(1) and writer.poll() is None:
            pass
        writer.send_signal(sent)
        _, complaint = writer.communicate()
        assert writer.returncode in (0, -sent)
        assert b"panicked" not in complaint
        assert version_of(Snapshot.read(tmp_path / "s")) in (1, 2)
        assert not (tmp_path / "s" / STAGING / "commit.json").exists()

    @pytest.mark.parametrize(("what", "count"), moments(20))
    @pytest.mark.parametrize("first", [True, False])
    def test_a_killed_write_leaves_the_old_or_the_new(
        self,
        tmp_path: Path,
        what: str,
        count: int,
        first: bool,  # noqa: FBT001 -- a parameter
    ) -> None:
        directory = tmp_path / "s"
        if not first:
            Snapshot.from_files(numbered(1)).write(directory)
        Snapshot.from_files(numbered(2)).write(tmp_path / "new")
        program = [sys.executable, "-c", WRITER, str(tmp_path / "new"), str(directory)]
        writer = subprocess.Popen(program, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.read(1) == b"a"
        os.set_blocking(writer.stdout.fileno(), False)
        while not reached(directory, what, count) and not writer.stdout.read(1) and writer.poll() is None:
            pass
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        if first and not (directory / STAGING / "commit.json").exists():
            try:
                found = version_of(Snapshot.read(directory))
            except SnapshotError:
                found = 2
                assert not (directory / "project.json").exists()
        else:
            found = version_of(Snapshot.read(directory))
        assert found in (1, 2)
        Snapshot.from_files(numbered(3)).write(directory)
        assert version_of(Snapshot.read(directory)) == 3
        assert not (directory / STAGING).exists()

    def test_readers_beside_a_writer_see_one_or_the_other(self, tmp_path: Path) -> None:
        Snapshot.from_files(numbered(0)).write(tmp_path)
        seen: list[int] = []
        failures: list[Exception] = []
        done = threading.Event()

        def read_once() -> None:
            try:
                seen.append(version_of(Snapshot.read(tmp_path)))
            except SnapshotError as error:
                if "another process is writing" not in str(error):
                    failures.append(error)
            except AssertionError as error:
                failures.append(error)

        def read() -> None:
            while not done.is_set() or not (seen or failures):
                read_once()

        reader = threading.Thread(target=read)
        reader.start()
        for version in range(1, 15):
            Snapshot.from_files(numbered(version)).write(tmp_path)
        done.set()
        reader.join()
        assert failures == []
        assert seen == sorted(seen)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root of a Linux may mount a small file system")
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    mounted = subprocess.run(command, check=False, capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"this machine does not allow a mount: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)  # noqa: S607 -- the same


class TestFullDisk:
    @pytest.mark.parametrize("target", ["s", "s.zip"])
    def test_the_old_snapshot_stays_whole(self, small_disk: Path, target: str) -> None:
        place = small_disk / target
        Snapshot.from_files({"project.json": {"version": 1}, "a.json": {}}).write(place)
        noise = random.Random(1).randbytes(600 << 10)  # noqa: S311 -- something that does not compress
        large = Snapshot.from_files({"project.json": {"version": 2}, "assets/big.png": noise})
        with pytest.raises(SnapshotError) as raised:
            large.write(place)
        assert "space" in str(raised.value)
        snapshot = Snapshot.read(place)
        assert snapshot.to_files() == {"project.json": {"version": 1}, "a.json": {}}
        assert [path.name for path in small_disk.rglob("*") if "staging" in path.name or "tmp" in path.name] == []
        Snapshot.from_files({"project.json": {"version": 3}}).write(place)
        assert Snapshot.read(place)["project.json"] == {"version": 3}
