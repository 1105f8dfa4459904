"""What the README and the examples say works as it stands. Docstrings are in test_docstrings.py."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from descope_projects import errors

if TYPE_CHECKING:
    from descope_projects import Emulator

ROOT = Path(__file__).parent.parent
PAGES = {page.name: page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]}


def shell_lines(page: str) -> list[str]:
    """The lines that are indented by four: what is to be typed."""
    return re.findall(r"^    (\S.*)$", re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)


SHELL = shell_lines(PAGES["README.md"])
COMMANDS = [line for line in SHELL if line.startswith("descope-projects")]
COMMANDS_OF_PAGES = sorted({line for page in PAGES.values() for line in shell_lines(page)} - set(SHELL) | set(COMMANDS))
CURL = re.findall(r"^curl .*$", PAGES["emulator.md"], re.MULTILINE)
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


@pytest.mark.parametrize("line", COMMANDS_OF_PAGES)
def test_a_command_of_a_page_has_help(line: str, tmp_path: Path) -> None:
    program, *words = shlex.split(line, comments=True)
    assert program == "descope-projects"
    ended = run("-m", "descope_projects", *words, "--help", directory=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Usage: descope-projects " + words[0] in ended.stdout


def test_the_commands_of_the_readme_run_one_after_the_other(
    descope_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESCOPE_PROJECT_ID", descope_emulator.project_id)
    monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", descope_emulator.management_key)
    monkeypatch.setenv("DESCOPE_BASE_URL", descope_emulator.url)
    # Those that stay until Ctrl-C are in the tests of the command line.
    lines = [line for line in COMMANDS if not re.match(r"descope-projects (emulator|demo --keep)\b", line)]
    for line in lines:
        words = shlex.split(re.sub(r"P2\w+…", descope_emulator.project_id, line), comments=True)[1:]
        ended = run("-m", "descope_projects", *words, directory=tmp_path)
        assert ended.returncode == 0, (line, ended.stdout, ended.stderr)
    assert descope_emulator.executions("validate_snapshot") == len(["by itself", "before the import"])
    assert descope_emulator.executions("import_snapshot") == 1
    assert (tmp_path / "identity" / "staging" / "project.json").is_file()


@pytest.mark.descope_emulator(seed="acme")
def test_the_lines_for_curl_work_one_after_the_other(descope_emulator: Emulator) -> None:
    assert len(CURL) > 10
    for line in CURL:
        words = shlex.split(line.replace("http://127.0.0.1:8391", descope_emulator.url))
        options = argparse.ArgumentParser()
        options.add_argument("-X", default="GET")
        options.add_argument("-H", default="Content-Type: application/json")
        options.add_argument("-d")
        options.add_argument("url")
        curl = options.parse_args(words[1:])
        name, _, value = curl.H.partition(": ")
        body = curl.d.encode() if curl.d else None
        request = urllib.request.Request(curl.url, body, {name: value}, method=curl.X)  # noqa: S310 -- this machine
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            assert isinstance(json.load(answer), dict), line
    assert descope_emulator.executions("list_projects") == 0, "the last line goes back to the seed"


def test_the_table_of_errors_is_that_of_the_classes() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| .* \| (\w+) \| (\d+) \|$", PAGES["errors.md"], re.MULTILINE)
    raised = {name: kind() for name, kind in [("DescopeError", errors.DescopeError), *errors.KINDS.items()]}
    expected = {name: (error.written, str(error.exit_status)) for name, error in raised.items()}
    assert {name: (written, status) for name, _, written, status in rows} == expected
    for name, base, _, _ in rows:
        assert base in {one.__name__ for one in type(raised[name]).__mro__[1:]}, name


def test_links_between_pages_lead_somewhere() -> None:
    for name, page in PAGES.items():
        folder = ROOT if name == "README.md" else ROOT / "docs"
        for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", page):
            assert (folder / link).exists(), (name, link)


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
