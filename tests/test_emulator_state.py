"""An emulator whose projects outlive it: `Emulator(state=…)`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from descope_projects import ConfigurationError, Emulator, ProjectNotFound

SCRIPT = """
import os, signal, sys
from descope_projects import Emulator

with Emulator(state=sys.argv[1]) as emulator, emulator.client() as client:
    print(client.own_project.clone(name="last words").id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.mark.parametrize("kind", [str, Path])
def test_everything_is_there_after_a_restart(state: Path, kind: type) -> None:
    with Emulator(state=kind(state), seed="acme") as first, first.client() as client:
        assert not first.restored
        made = client.own_project.clone({"name": "kept", "tags": ["a"]})
        gone = client.own_project.clone(name="gone")
        gone.project.delete(confirm=gone.id)
        started = client.own_project.start_clone(name="started")
        secrets = client.own_project.export_project()
        before = client.list_projects()
        exported = made.project.export_snapshot()
    with Emulator(state=kind(state)) as again, again.client() as client:
        assert again.restored
        assert (again.project_id, again.management_key) == (first.project_id, first.management_key)
        assert list(again.projects) == client.list_projects() == before
        assert client.project(made.id).export_snapshot() == exported
        assert client.own_project.export_project() == secrets
        with pytest.raises(ProjectNotFound):
            client.project(gone.id).export_snapshot()
        status = f"/v1/mgmt/project/clone/async/{started.process_id}"
        answers = [client.request("GET", status) for _ in range(2)]
        assert answers[0] == {}
        assert answers[1]["projectName"] == "started"


def test_what_was_answered_is_there_after_a_kill(state: Path) -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT, str(state)], capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    with Emulator(state=state) as emulator:
        assert run.stdout.strip() in [project.id for project in emulator.projects]


def test_a_reset_goes_back_to_where_it_began(state: Path) -> None:
    with Emulator(state=state) as first, first.client() as client:
        client.own_project.update_name("changed")
    with Emulator(state=state, seed="acme") as second:
        assert [project.name for project in second.projects] == ["changed"]
        second.reset()
        assert [project.name for project in second.projects] == ["Example"]
    with Emulator(state=state) as third:
        assert [project.name for project in third.projects] == ["Example"]


def test_a_second_one_is_refused_until_the_first_is_stopped(state: Path) -> None:
    with Emulator(state=state):
        with pytest.raises(ConfigurationError) as raised:
            Emulator(state=state)
        assert f"{state} is in use by another emulator (process {os.getpid()})" in str(raised.value)
    Emulator(state=state).stop()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_neither_frees_nor_keeps_the_directory(state: Path) -> None:
    emulator = Emulator(state=state)
    wait, end = os.pipe()
    child = os.fork()
    if child == 0:
        del emulator
        os.close(end)
        os.read(wait, 1)  # Until the parent's end of the pipe is closed.
        os._exit(0)
    try:
        with pytest.raises(ConfigurationError, match="in use"):
            Emulator(state=state)
        with emulator.client() as client:
            client.own_project.update_name("after the fork")
        emulator.stop()
        with Emulator(state=state) as again:
            assert again.projects[0].name == "after the fork"
    finally:
        os.close(end)
        os.close(wait)
        assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [("", 'expected a directory\'s path, got ""'), (3, "`state`: expected"), (True, "`state`: expected")],
)
def test_a_wrong_directory_is_explained(value: Any, text: str) -> None:  # noqa: ANN401 -- wrong on purpose
    with pytest.raises(ConfigurationError) as raised:
        Emulator({"state": value})
    assert text in str(raised.value)


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="has files that are not an emulator's"):
        Emulator(state=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_damaged_state_is_named_and_kept(state: Path) -> None:
    Emulator(state=state).stop()
    journal = state / "state.journal"
    damaged = bytearray(journal.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    journal.write_bytes(damaged)
    for _ in range(2):
        with pytest.raises(ConfigurationError) as raised:
            Emulator(state=state, seed="acme")
        assert f"{journal} is damaged" in str(raised.value)
        assert journal.read_bytes() == damaged
