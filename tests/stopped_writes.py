"""A program for `test_stopped_writes.py`: stops a write, or what finishes one, at each call that changes a file system.

Runs with `stop_at.c` loaded in front of the C library, on one core, so that each run makes the same calls in the same
order. Each stopped run is a fork; this process looks at what is left. Prints how many calls were stopped.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descope_projects import Snapshot, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable

STAGING = ".descope-projects-staging"
LIBRARY = ctypes.CDLL(os.environ["LD_PRELOAD"])
LIBRARY.calls_seen.restype = ctypes.c_long
FINISHED = 7
BEYOND = 10**6

# Kept, changed, new, gone, a file where a folder was, a folder where a file was, another case.
OLD = Snapshot.from_files(
    {
        "project.json": {"is": "old"},
        "auth/otp.json": {"same": 1},
        "flows/gone/contents.json": {},
        "flows/Sign-In/metadata.json": {"is": "old"},
        "styles/dark.json/inner.json": {},
        "assets/terms.txt": "old",
    }
)
NEW = Snapshot.from_files(
    {
        "project.json": {"is": "new"},
        "auth/otp.json": {"same": 1},
        "flows/sign-in/metadata.json": {"is": "new"},
        "styles/dark.json": {},
        "assets/terms.txt/inner.txt": "new",
        "assets/img.png": b"\x89PNG",
    }
)
THIRD = Snapshot.from_files({"project.json": {"is": "third"}})
FOREIGN = {"README.md": "mine", ".git/config": "mine", "flows/gone/.keep": "mine", "notes/mine.md": "mine"}


def forked(n: int, error: int, work: Callable[[], object]) -> tuple[str, int]:
    """Does it in a process that is stopped at the n-th call; says how it ended, and how many calls it made."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        LIBRARY.stop_at(n, error)
        try:
            work()
            end = b"done"
        except SnapshotError:
            end = b"refused"
        finally:
            seen = LIBRARY.calls_seen()
            LIBRARY.stop_at(0, 0)
        os.write(writer, end + b" %d" % seen)
        os._exit(FINISHED)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return ("killed", n)
    assert os.WEXITSTATUS(status) == FINISHED, status
    end, seen = text.decode().split()
    return (end, int(seen))


class Place:
    """One target of writes: a directory or an archive, with or without a snapshot in it."""

    def __init__(self, around: Path, *, archive: bool, fresh: bool) -> None:
        self.archive, self.fresh = archive, fresh
        self.path = around / ("s.zip" if archive else "s")
        self.around = around
        for path in around.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not fresh:
            OLD.write(self.path)
        if not (archive or fresh):
            for name, text in FOREIGN.items():
                (self.path / name).parent.mkdir(exist_ok=True)
                (self.path / name).write_text(text)

    @property
    def pending(self) -> bool:
        return not self.archive and (self.path / STAGING / "commit.json").exists()

    def check(self, *, left_behind: bool) -> str:
        """Whole, the one or the other; and the next writer is not in the way of what was left."""
        pending = self.pending
        found = self.read()
        assert found == "new" or not pending, "a write that had passed the point of no return was lost"
        assert not self.pending
        self.check_foreign()
        if not left_behind:
            # Where not even the lock could be had, its idle file may stay: it may be somebody else's by now.
            staging = self.path / STAGING
            assert not staging.exists() or [path.name for path in staging.iterdir()] == ["lock"]
            assert [path.name for path in self.around.iterdir()] in ([self.path.name], [])
        THIRD.write(self.path)
        assert Snapshot.read(self.path) == THIRD
        self.check_foreign()
        if not self.archive:
            mine = {*FOREIGN, "project.json", ".descope-projects.json"}
            there = {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}
            assert there <= mine, there
        return found

    def read(self) -> str:
        try:
            snapshot = Snapshot.read(self.path)
        except SnapshotError:
            assert self.fresh, "the old snapshot is gone"
            return "nothing"
        assert snapshot in (OLD, NEW), dict(snapshot)
        assert not (self.fresh and snapshot == OLD)
        return "new" if snapshot == NEW else "old"

    def check_foreign(self) -> None:
        if not (self.archive or self.fresh):
            assert {name: (self.path / name).read_text() for name in FOREIGN} == FOREIGN


def every_call(around: Path, error: int, options: dict[str, Any], **kind: bool) -> dict[str, int]:
    """Stops a write at its first call, its second, … and says what was found how often."""
    place = Place(around, **kind)
    end, calls = forked(BEYOND, error, lambda: NEW.write(place.path, options))
    assert end == "done"
    found = {"calls": calls}
    for n in range(1, calls + 1):
        place = Place(around, **kind)
        end, _ = forked(n, error, lambda place=place: NEW.write(place.path, options))  # type: ignore[misc]
        assert (end == "killed") == (error == 0)
        # A write that fails before the point of no return tidies up; so that it can be told from one that did not, only
        # what is left by a call that failed while tidying up may stay.
        try:
            state = place.check(left_behind=end != "refused" or place.pending)
        except AssertionError as error_:
            raise AssertionError(f"at call {n} of {calls}") from error_
        assert end != "done" or state == "new"
        for what in (end, state):
            found[what] = found.get(what, 0) + 1
    return found


def recoveries(around: Path) -> int:
    """Stops what finishes an interrupted write at each of its calls, for each interrupted write."""
    stopped = 0
    place = Place(around, archive=False, fresh=False)
    _, calls = forked(BEYOND, 0, lambda: NEW.write(place.path))
    for n in range(1, calls + 1, 5):
        m = 0
        while True:
            m += 1
            place = Place(around, archive=False, fresh=False)
            forked(n, 0, lambda place=place: NEW.write(place.path))  # type: ignore[misc]
            if not place.pending:
                break
            end, _ = forked(m, 0, lambda place=place: Snapshot.read(place.path))  # type: ignore[misc]
            assert place.check(left_behind=True) == "new"
            if end == "done":
                break
            stopped += 1
    return stopped


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    what, error = sys.argv[1], getattr(errno, sys.argv[2], 0)
    options = {"durable": True} if "durable" in what else {}
    with tempfile.TemporaryDirectory() as name:
        around = Path(name)
        if what == "recovery":
            print({"stopped": recoveries(around)})  # noqa: T201 -- the answer
            return
        kind = {"archive": "archive" in what, "fresh": "fresh" in what}
        print(every_call(around, error, options, **kind))  # noqa: T201 -- the answer


if __name__ == "__main__":
    main()
