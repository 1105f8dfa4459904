"""A write that is stopped at any call that changes the file system: by a kill, a full disk, or a disk that fails."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None,
    reason="needs Linux's LD_PRELOAD, and a C compiler for what is loaded",
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("library") / "stop_at.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(made), str(HERE / "stop_at.c"), "-ldl"]
    subprocess.run(command, check=True)
    return made


def stopped(library: Path, what: str, how: str) -> dict[str, int]:
    """What the program next to this file found, how often."""
    memory = "/dev/shm"  # noqa: S108 -- where a disk is only waited for, memory will do
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    if os.access(memory, os.W_OK):
        environment["TMPDIR"] = memory
    command = [sys.executable, str(HERE / "stopped_writes.py"), what, how]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = ast.literal_eval(run.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "what", ["directory", "durable-directory", "fresh-directory", "archive", "durable-fresh-archive"]
)
def test_a_killed_write_leaves_the_old_snapshot_or_the_new_one(library: Path, what: str) -> None:
    found = stopped(library, what, "KILL")
    before = "nothing" if "fresh" in what else "old"
    assert found["killed"] == found["calls"] == found[before] + found.get("new", 0)
    if "archive" not in what:
        # Each file is made, written, given its mode, renamed: no call of that was missed.
        assert found["calls"] > 40
        assert min(found[before], found["new"]) > 20


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("directory", "ENOSPC"),
        ("fresh-directory", "ENOSPC"),
        ("archive", "ENOSPC"),
        ("durable-fresh-directory", "EIO"),
        ("durable-archive", "EIO"),
        ("directory", "EACCES"),
    ],
)
def test_a_write_that_fails_leaves_the_old_snapshot_or_the_new_one(library: Path, what: str, how: str) -> None:
    found = stopped(library, what, how)
    # What is done after the new snapshot is in place, to tidy up, may fail without a word; the program has looked.
    assert found["refused"] > found["calls"] * 0.7
    assert found["refused"] + found.get("done", 0) == found["calls"]


def test_what_finishes_a_killed_write_may_be_killed_at_any_call_too(library: Path) -> None:
    assert stopped(library, "recovery", "KILL")["stopped"] > 80
