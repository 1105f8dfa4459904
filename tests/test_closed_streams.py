"""Descriptors that whoever starts the program has closed: what is printed must not end in a file or a connection."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from descope_projects import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from descope_projects import Emulator


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_an_export_with_closed_streams_is_the_same(descope_emulator: Emulator, tmp_path: Path, closed: str) -> None:
    environment = {
        **os.environ,
        "DESCOPE_PROJECT_ID": descope_emulator.project_id,
        "DESCOPE_MANAGEMENT_KEY": descope_emulator.management_key,
        "DESCOPE_BASE_URL": descope_emulator.url,
        # Much is told, so that there is much that could go where it does not belong.
        "DESCOPE_PROJECTS_LOG": "debug",
    }
    words = [sys.executable, "-m", "descope_projects", "snapshot", "export", descope_emulator.project_id]
    for folder, streams in (("open", ""), ("closed", closed)):
        command = f"{shlex.join([*words, str(tmp_path / folder)])} {streams}"
        ended = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=False)  # noqa: S607
        assert ended.returncode == 0, ended.stderr
    exported = Snapshot.read(tmp_path / "closed")
    assert exported == Snapshot.read(tmp_path / "open")
    for path in exported:
        assert (tmp_path / "closed" / path).read_bytes() == (tmp_path / "open" / path).read_bytes()
    # A connection with something else written into it would have been answered 400.
    assert {request["status"] for request in descope_emulator.requests()} == {200}
