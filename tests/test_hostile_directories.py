"""Directories that are full of surprises, or change under the hands of whoever reads or writes them."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import Snapshot, SnapshotError, UnsafePath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES: dict[str, Any] = {"project.json": {"version": 1}, "auth/otp.json": {}, "assets/notice.txt": "Hello\n"}
OTHER: dict[str, Any] = {"project.json": {"version": 2}, "auth/otp.json": {"a": 1}, "flows/flows.json": {"flows": []}}
STAGING = ".descope-projects-staging"
NOBODY = 65534

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes, devices and modes are POSIX's")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with a snapshot."""
    made = tmp_path / "s"
    Snapshot.from_files(FILES).write(made)
    return made


def tree(directory: Path) -> dict[str, object]:
    """All that is there, links not followed."""
    found: dict[str, object] = {}
    for folder, folders, names in os.walk(directory):
        for name in folders + names:
            path = Path(folder) / name
            key = path.relative_to(directory).as_posix()
            if path.is_symlink():
                found[key] = ("link", str(path.readlink()))
            else:
                found[key] = path.read_bytes() if path.is_file() else "other"
    return found


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    # The address of a socket is short, and the directories of a test are not.
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        try:
            os.chdir(path.parent)
            made.bind(path.name)
        finally:
            os.chdir(here)


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero, which never ends
    except PermissionError:
        pytest.skip("only root may make a device")


def link_to(target: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.symlink_to(target)

    make.__name__ = f"link_to_{target.strip('/').replace('/', '_')}"
    return make


ODD = [pipe, listening, device, link_to("/dev/zero"), link_to("/dev/stdin"), link_to("nowhere"), link_to("/")]


class TestWhatIsNoFile:
    """Nothing of it is opened, so nothing waits."""

    @pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
    @pytest.mark.parametrize("name", ["project.json", "auth/otp.json", "new.json", ".descope-projects.json"])
    def test_it_is_refused_by_its_name(self, directory: Path, make: Callable[[Path], None], name: str) -> None:
        (directory / name).unlink(missing_ok=True)
        make(directory / name)
        with pytest.raises(SnapshotError) as raised:
            Snapshot.read(directory)
        assert name in str(raised.value)
        before = tree(directory)
        if name != "new.json":
            with pytest.raises(SnapshotError):
                Snapshot.from_files(FILES).write(directory)
            assert tree(directory) == before

    @pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
    @pytest.mark.parametrize("name", ["lock", "commit.json", "files", "list.json"])
    def test_in_the_staging_directory_it_holds_nobody_up(
        self, directory: Path, tmp_path: Path, make: Callable[[Path], None], name: str
    ) -> None:
        (directory / STAGING).mkdir()
        if name != "commit.json":
            (directory / STAGING / "commit.json").write_text('{"install": ["project.json"], "remove": []}')
        make(directory / STAGING / name)
        outside = sorted(path.name for path in tmp_path.iterdir())
        with pytest.raises(SnapshotError):
            Snapshot.read(directory)
        shutil.rmtree(directory / STAGING)
        assert Snapshot.read(directory) == Snapshot.from_files(FILES)
        assert sorted(path.name for path in tmp_path.iterdir()) == outside

    @pytest.mark.parametrize("make", [pipe, device, link_to("/dev/zero")], ids=lambda make: make.__name__)
    def test_it_is_no_archive(self, tmp_path: Path, make: Callable[[Path], None]) -> None:
        make(tmp_path / "s.zip")
        with pytest.raises(SnapshotError, match="not an ordinary file"):
            Snapshot.read(tmp_path / "s.zip")
        with pytest.raises(SnapshotError, match="not an ordinary file"):
            Snapshot.from_files(FILES).write(tmp_path / "s.zip", force=True)

    @pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
    def test_beside_the_snapshot_it_stays(self, directory: Path, make: Callable[[Path], None]) -> None:
        make(directory / "notes")
        before = tree(directory)["notes"]
        if make.__name__ == "link_to_":
            with pytest.raises(UnsafePath, match="notes"):
                Snapshot.from_files(OTHER).write(directory)
            return
        Snapshot.from_files(OTHER).write(directory)
        assert Snapshot.read(directory) == Snapshot.from_files(OTHER)
        assert tree(directory)["notes"] == before


class TestNames:
    @pytest.mark.parametrize(
        ("name", "other"),
        [
            ("flows/Sign-In/a.json", "flows/sign-in/a.json"),
            ("assets/é.txt", "assets/e\u0301.txt"),
            ("A.json", "a.json"),
        ],
    )
    def test_a_file_of_nobody_that_is_ours_on_other_systems_is_not_written_beside(
        self, directory: Path, name: str, other: str
    ) -> None:
        theirs = directory / other
        theirs.parent.mkdir(parents=True, exist_ok=True)
        theirs.write_text("{}")
        if (directory / name).exists():
            pytest.skip("on this file system they are one name")
        before = tree(directory)
        with pytest.raises(UnsafePath):
            Snapshot.from_files({**FILES, name: {} if name.endswith("json") else "x"}).write(directory)
        assert tree(directory) == before

    @pytest.mark.parametrize(
        ("name", "other"),
        [
            ("flows/Sign-In/a.json", "flows/sign-in/a.json"),
            ("assets/é.txt", "assets/e\u0301.txt"),
            ("A.json", "a.json"),
        ],
    )
    def test_a_file_of_ours_may_change_its_spelling(self, tmp_path: Path, name: str, other: str) -> None:
        value: Any = {} if name.endswith("json") else "x\n"
        Snapshot.from_files({**FILES, name: value}).write(tmp_path / "s")
        renamed = Snapshot.from_files({**FILES, other: value})
        renamed.write(tmp_path / "s")
        assert list(Snapshot.read(tmp_path / "s")) == list(renamed)

    @pytest.mark.parametrize("name", ["con.json", "auth/AUX.json", "Nul.txt", "com1.json", "a:b.json"])
    def test_a_name_that_windows_cannot_have_is_not_taken_for_a_file_of_ours(self, directory: Path, name: str) -> None:
        (directory / name).write_text("{}")
        with pytest.raises(SnapshotError) as raised:
            Snapshot.read(directory)
        assert isinstance(raised.value, UnsafePath) or "auth/" in name
        assert repr(name)[1:-1].strip() in str(raised.value)

    def test_the_longest_name_that_fits_is_written(self, tmp_path: Path) -> None:
        files = {**FILES, "x" * 250 + ".json": {}, "/".join(["d" * 100] * 9) + "/a.json": {}}
        Snapshot.from_files(files).write(tmp_path / "s")
        assert sorted(Snapshot.read(tmp_path / "s")) == sorted(files)

    def test_a_path_that_is_too_long_for_the_system_is_named(self, tmp_path: Path) -> None:
        name = "/".join(["d" * 200] * 5) + "/a.json"
        place = tmp_path.joinpath(*["long" * 50] * 15)
        with pytest.raises(SnapshotError):
            Snapshot.from_files({**FILES, name: {}}).write(place)
        assert not place.exists() or list(place.iterdir()) == []


class TestHardLinks:
    def test_what_shares_a_file_of_ours_keeps_the_old_content(self, directory: Path, tmp_path: Path) -> None:
        os.link(directory / "project.json", tmp_path / "backup.json")
        before = (tmp_path / "backup.json").read_bytes()
        Snapshot.from_files(OTHER).write(directory)
        assert (tmp_path / "backup.json").read_bytes() == before
        assert Snapshot.read(directory) == Snapshot.from_files(OTHER)

    def test_one_file_under_two_names_is_two(self, directory: Path) -> None:
        os.link(directory / "auth/otp.json", directory / "auth/totp.json")
        assert Snapshot.read(directory)["auth/totp.json"] == {}
        Snapshot.from_files({**FILES, "auth/totp.json": {"a": 1}}).write(directory)
        assert Snapshot.read(directory)["auth/otp.json"] == {}


@pytest.fixture
def own_place() -> Iterator[Path]:
    """A place that the user named nobody can reach too."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


class As:
    """Does something as a user without rights: root may write everything."""

    def __enter__(self) -> None:
        self.own = os.geteuid()
        if self.own == 0:
            os.seteuid(NOBODY)

    def __exit__(self, *_: object) -> None:
        if self.own == 0:
            os.seteuid(0)


class TestRights:
    def made(self, place: Path) -> Path:
        directory = place / "s"
        Snapshot.from_files(FILES).write(directory)
        if os.geteuid() == 0:
            for path in [directory, *directory.rglob("*")]:
                os.chown(path, NOBODY, -1)
        return directory

    def test_read_only_files_are_replaced_and_stay_read_only(self, own_place: Path) -> None:
        directory = self.made(own_place)
        for path in directory.rglob("*.json"):
            path.chmod(0o444)
        with As():
            Snapshot.from_files(OTHER).write(directory)
            assert Snapshot.read(directory) == Snapshot.from_files(OTHER)
        assert (directory / "project.json").stat().st_mode & 0o777 == 0o444

    @pytest.mark.parametrize("locked", [".", "auth", "assets"])
    def test_a_directory_that_may_not_be_changed_is_named_and_no_snapshot_is_lost(
        self, own_place: Path, locked: str
    ) -> None:
        directory = self.made(own_place)
        (directory / locked).chmod(0o555)
        try:
            with As(), pytest.raises(SnapshotError, match=r"[Pp]ermission denied"):
                Snapshot.from_files(OTHER).write(directory)
        finally:
            (directory / locked).chmod(0o755)
        # Either nothing has happened, or the new one is staged, whole, and put in place by whoever may do it.
        with As():
            assert Snapshot.read(directory) == Snapshot.from_files(FILES if locked == "." else OTHER)

    @pytest.mark.parametrize("name", ["project.json", "auth", ".descope-projects.json"])
    def test_what_may_not_be_read_is_named(self, own_place: Path, name: str) -> None:
        directory = self.made(own_place)
        (directory / name).chmod(0)
        try:
            with As(), pytest.raises(SnapshotError, match=name):
                Snapshot.read(directory)
        finally:
            (directory / name).chmod(0o755)


@pytest.fixture
def mounted(directory: Path) -> Iterator[Path]:
    """A directory with a snapshot, in which `auth` is another file system."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root of a Linux may mount a file system")
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(directory / "auth")]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"this machine does not allow a mount: {made.stderr.strip()}")
    yield directory
    subprocess.run(["umount", str(directory / "auth")], check=True)  # noqa: S607 -- the same


class TestMounts:
    def test_a_file_system_inside_is_refused_before_anything_is_changed(self, mounted: Path) -> None:
        (mounted / "auth" / "otp.json").write_text('{"mounted": true}')
        before = tree(mounted)
        with pytest.raises(UnsafePath, match="another file system"):
            Snapshot.from_files(OTHER).write(mounted)
        assert tree(mounted) == before
        assert Snapshot.read(mounted)["auth/otp.json"] == {"mounted": True}

    def test_a_snapshot_without_that_directory_leaves_it_alone(self, mounted: Path) -> None:
        (mounted / "auth" / "mine.md").write_text("mine")
        Snapshot.from_files({"project.json": {}}).write(mounted)
        assert (mounted / "auth" / "mine.md").read_text() == "mine"


class Changing:
    """Does something over and over, beside the test."""

    def __init__(self, change: Callable[[int], None]) -> None:
        self.change = change
        self.done = threading.Event()
        self.count = 0
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        while not self.done.is_set() or self.count < 20:
            self.change(self.count)
            self.count += 1

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()


class TestChangingWhileRead:
    def test_a_file_that_is_replaced_meanwhile_is_one_or_the_other(self, directory: Path) -> None:
        def replace(count: int) -> None:
            new = directory.parent / "new"
            new.write_text(f'{{"version": {count % 7}}}')
            new.replace(directory / "project.json")

        with Changing(replace):
            for _ in range(40):
                assert Snapshot.read(directory)["project.json"]["version"] in range(7)

    def test_a_file_that_grows_and_shrinks_is_read_or_named(self, directory: Path) -> None:
        def rewrite(count: int) -> None:
            (directory / "project.json").write_text('{"a": "' + "x" * (count * 997 % 70_000) + '"}')

        with Changing(rewrite):
            for _ in range(40):
                try:
                    assert set(Snapshot.read(directory)["project.json"]) in ({"a"}, {"version"})
                except SnapshotError as error:  # noqa: PERF203 -- each of them may fail
                    assert error.path == "project.json"  # noqa: PT017 -- or may not

    def test_what_becomes_a_pipe_or_a_link_holds_nobody_up_and_brings_nothing_in(
        self, directory: Path, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside.json"
        outside.write_text('{"outside": true}')
        place = directory / "auth" / "otp.json"

        def swap(count: int) -> None:
            new = tmp_path / "new"
            if count % 3 == 0:
                os.mkfifo(new)
            elif count % 3 == 1:
                new.write_text('{"inside": true}')
            else:
                new.symlink_to(outside)
            new.replace(place)

        with Changing(swap):
            for _ in range(200):
                try:
                    assert Snapshot.read(directory)["auth/otp.json"] in ({}, {"inside": True})
                except SnapshotError as error:  # noqa: PERF203 -- each of them may fail
                    assert "otp.json" in str(error)  # noqa: PT017 -- or may not


class TestChangingWhileWritten:
    def made(self, tmp_path: Path) -> tuple[Path, Path]:
        places = (tmp_path / "one", tmp_path / "two")
        for place in places:
            Snapshot.from_files(FILES).write(place)
            (place / "README.md").write_text("mine")
        return places

    def written(self, place: Path) -> None:
        """Thirty writes, each of which may be told that the directory is not what it was."""
        for number in range(30):
            try:
                Snapshot.from_files(OTHER if number % 2 else FILES).write(place)
            except SnapshotError:  # noqa: PERF203 -- each of them may fail
                continue

    def test_a_link_that_is_swapped_under_a_writer_leaves_two_whole_snapshots(self, tmp_path: Path) -> None:
        places = self.made(tmp_path)
        link = tmp_path / "link"
        link.symlink_to(places[0])

        def swap(count: int) -> None:
            new = tmp_path / "new"
            new.symlink_to(places[count % 2])
            new.replace(link)

        with Changing(swap):
            self.written(link)
        for place in places:
            assert (place / "README.md").read_text() == "mine"
            assert Snapshot.read(place) in (Snapshot.from_files(FILES), Snapshot.from_files(OTHER))

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux exchanges two directories at once")
    def test_directories_that_are_swapped_under_a_writer_lose_nothing_foreign(self, tmp_path: Path) -> None:
        places = self.made(tmp_path)
        exchange = ctypes.CDLL(None).renameat2

        def swap(_: int) -> None:
            one, two = (os.fsencode(place) for place in places)
            assert exchange(-100, one, -100, two, 2) == 0

        with Changing(swap):
            self.written(places[0])
        for place in places:
            assert (place / "README.md").read_text() == "mine"
            # Half of a write may have gone to each: the next one makes either whole.
            Snapshot.from_files(OTHER).write(place, force=True)
            assert Snapshot.read(place) == Snapshot.from_files(OTHER)
