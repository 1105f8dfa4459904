"""What the README and the examples say works as it stands. Docstrings are in test_docstrings.py."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from descope_projects import Emulator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"^    (\S.*)$", re.sub(r"^```.*?^```", "", README, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
COMMANDS = [line for line in SHELL if line.startswith("descope-projects")]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))


def run(*command: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=directory,
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
    )


def test_every_line_for_a_shell_is_known() -> None:
    """A line that starts with another word would not be tested."""
    words = {line.split()[0] for line in SHELL}
    assert words == {"make", "pip", "cargo", "descope-projects"}
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("make")])
def test_make_has_the_target(line: str) -> None:
    target = shlex.split(line, comments=True)[1]
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("cargo install")])
def test_cargo_has_the_crate(line: str) -> None:
    path = ROOT / shlex.split(line)[shlex.split(line).index("--path") + 1]
    assert "[[bin]]" in (path / "Cargo.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_has_help(line: str, tmp_path: Path) -> None:
    words = shlex.split(line, comments=True)[1:]
    ended = run("-m", "descope_projects", *words, "--help", directory=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Usage: descope-projects " + words[0] in ended.stdout


def test_the_commands_of_the_readme_run_one_after_the_other(
    descope_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESCOPE_PROJECT_ID", descope_emulator.project_id)
    monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", descope_emulator.management_key)
    monkeypatch.setenv("DESCOPE_BASE_URL", descope_emulator.url)
    lines = [line for line in COMMANDS if line != "descope-projects emulator"]
    for line in lines:
        words = shlex.split(re.sub(r"P2\w+…", descope_emulator.project_id, line), comments=True)[1:]
        ended = run("-m", "descope_projects", *words, directory=tmp_path)
        assert ended.returncode == 0, (line, ended.stdout, ended.stderr)
    assert descope_emulator.executions("validate_snapshot") == 1
    assert (tmp_path / "identity" / "staging" / "project.json").is_file()


@pytest.mark.parametrize("name", [name for name in EXAMPLES if not name.startswith("test_")])
def test_an_example_runs_with_nothing_set_up(name: str, tmp_path: Path) -> None:
    ended = run(str(ROOT / "examples" / name), directory=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert "Acme Robotics" in ended.stdout or "files changed" in ended.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name.startswith("test_")])
def test_an_example_for_pytest_passes(name: str, tmp_path: Path) -> None:
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    ended = run("-m", "pytest", *options, str(ROOT / "examples" / name), directory=tmp_path)
    assert ended.returncode == 0, ended.stdout
    assert re.search(r"^3 passed", ended.stdout, re.MULTILINE)


def test_there_are_examples_of_both_kinds() -> None:
    assert {"promote_snapshot.py", "list_flows.py", "test_with_emulator.py"} <= set(EXAMPLES)
