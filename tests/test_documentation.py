"""What the README and the examples say works as it stands. Docstrings are in test_docstrings.py."""

from __future__ import annotations

import argparse
import json
import os
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
PATHS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PATHS}
LANGUAGES = {
    "python": "test_docstrings.py runs it",
    "sh": "it runs below",
    "json": "it is parsed below",
    "text": "it is to be read",
}
ELSEWHERE = {
    r"make (\w+)": "the target is looked up below",
    r"pip install \.$": "what installed this package",
    r"cargo install --path": "the crate is looked up below",
    r"curl .*http://127\.0\.0\.1:8391": "a test of their own, below",
}
"""Lines for a shell that do not run with their page, and why."""
STAYING = r"descope-projects (emulator|demo --keep)\b(?!.*&)"


def blocks(page: str) -> list[tuple[str, str]]:
    """What is set apart on a page, with its language; lines that are indented by four are for a shell."""
    found: list[tuple[str, str]] = []
    language: str | None = None
    for line in page.splitlines():
        if line.startswith("```"):
            if language is None:
                language = line.removeprefix("```")
                found.append((language, ""))
            else:
                language = None
        elif language is not None:
            found[-1] = (language, f"{found[-1][1]}{line}\n")
        elif re.match(r"    \S", line):
            found.append(("sh", line[4:] + "\n"))
    assert language is None, "a block without an end"
    return found


def shell_lines(page: str) -> list[str]:
    """What is to be typed, a command each."""
    text = "".join(text for language, text in blocks(page) if language == "sh")
    return [line for line in text.replace("\\\n", " ").splitlines() if line]


def runs_elsewhere(line: str) -> bool:
    return any(re.match(pattern, line) for pattern in ELSEWHERE)


SHELL = {name: shell_lines(page) for name, page in PAGES.items()}
SHELL_PAGES = [name for name, lines in SHELL.items() if any(not runs_elsewhere(line) for line in lines)]
ALL_LINES = [line for lines in SHELL.values() for line in lines]
CURL = re.findall(r"^curl .*$", PAGES["docs/emulator.md"], re.MULTILINE)
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


def test_no_block_of_any_page_is_skipped() -> None:
    """A block in another language, or one that is fenced in another way, would be run by nobody."""
    for name, page in PAGES.items():
        fences = [line for line in page.splitlines() if re.match(r"\s*(```|~~~)", line)]
        assert all(re.fullmatch(r"```\w*", fence) for fence in fences), (name, fences)
        for language, _ in blocks(page):
            assert language in LANGUAGES, name
        python = [text for language, text in blocks(page) if language == "python"]
        assert python == re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE), name


def test_every_exception_is_still_needed() -> None:
    for pattern in ELSEWHERE:
        assert any(re.match(pattern, line) for line in ALL_LINES), pattern
    assert len(SHELL["README.md"]) > 10
    assert len(SHELL_PAGES) > 10


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if "```json" in page])
def test_json_on_a_page_is_json(name: str) -> None:
    for language, text in blocks(PAGES[name]):
        if language == "json":
            assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("line", sorted({line for line in ALL_LINES if line.startswith("make")}))
def test_make_has_the_target(line: str) -> None:
    target = shlex.split(line, comments=True)[1]
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("line", sorted({line for line in ALL_LINES if line.startswith("cargo install")}))
def test_cargo_has_the_crate(line: str) -> None:
    path = ROOT / shlex.split(line)[shlex.split(line).index("--path") + 1]
    assert "[[bin]]" in (path / "Cargo.toml").read_text(encoding="utf-8")


BEGIN = r"""
set -u
expect() {
  if [ "$1" != "$2" ]; then echo "status $1 instead of $2: $3" >&2; exit 1; fi
}
# What stays until Ctrl-C is ended once it says how it is used.
stay() {
  rm -f .stays
  "$@" > .stays &
  until grep -qs 'Authorization\|"url"' .stays; do
    kill -0 "$!" || return 1
    sleep 0.1
  done
  kill "$!"
  wait "$!"
}
"""
CURL_PROGRAM = """
import argparse, sys, urllib.request

options = argparse.ArgumentParser()
options.add_argument("-X", default="GET")
options.add_argument("-H", default="Content-Type: application/json")
options.add_argument("-d")
options.add_argument("url")
curl = options.parse_args()
name, _, value = curl.H.partition(": ")
request = urllib.request.Request(curl.url, curl.d and curl.d.encode(), {name: value}, method=curl.X)
with urllib.request.urlopen(request, timeout=20) as answer:
    sys.stdout.write(answer.read().decode())
"""


def as_script(lines: list[str], emulator: Emulator) -> str:
    """The lines of a page for bash, each of which has to end with the status that its comment says, or 0."""
    ids = {project.name: project.id for project in emulator.projects}
    words = {
        "P2staging…": ids["Acme Robotics staging"],
        "P2production…": ids["Acme Robotics"],
        "P2…": emulator.project_id,
        "K2…": emulator.management_key,
        "--port 8391": "--port 0",
    }
    script = BEGIN
    for line in lines:
        if runs_elsewhere(line):
            continue
        status = re.search(r"# status (\d+)$", line)
        command = re.sub(r"\s+# .*$", "", line)
        for word, value in words.items():
            command = command.replace(word, value)
        assert "…" not in command, line
        stays = "stay " if re.match(STAYING, command) else ""
        script += f"{stays}{command}\nexpect $? {status.group(1) if status else 0} {shlex.quote(line)}\n"
    return script


@pytest.mark.descope_emulator(seed="acme")
@pytest.mark.parametrize("name", SHELL_PAGES)
def test_the_lines_of_a_page_run_one_after_the_other(name: str, descope_emulator: Emulator, tmp_path: Path) -> None:
    programs = {
        "descope-projects": f'#!/bin/sh\nexec {sys.executable} -W error -m descope_projects "$@"\n',
        "curl": f"#!{sys.executable}\n{CURL_PROGRAM}",
        # Who edits a file of missing secrets fills in the values.
        "edit": '#!/bin/sh\nsed \'s/""/"a value"/\' "$1" > edited && mv edited "$1"\n',
    }
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for program, text in programs.items():
        (bin_folder / program).write_text(text, encoding="utf-8")
        (bin_folder / program).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{bin_folder}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "EDITOR": "edit",
        "DESCOPE_PROJECT_ID": descope_emulator.project_id,
        "DESCOPE_MANAGEMENT_KEY": descope_emulator.management_key,
        "DESCOPE_BASE_URL": descope_emulator.url,
    }
    ended = subprocess.run(
        ["bash", "-c", as_script(SHELL[name], descope_emulator)],  # noqa: S607 -- the one of the PATH
        cwd=tmp_path,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=55,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    if name == "README.md":
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
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| .* \| (\w+) \| (\d+) \|$", PAGES["docs/errors.md"], re.MULTILINE)
    raised = {name: kind() for name, kind in [("DescopeError", errors.DescopeError), *errors.KINDS.items()]}
    expected = {name: (error.written, str(error.exit_status)) for name, error in raised.items()}
    assert {name: (written, status) for name, _, written, status in rows} == expected
    for name, base, _, _ in rows:
        assert base in {one.__name__ for one in type(raised[name]).__mro__[1:]}, name


def anchors(page: str) -> set[str]:
    """What the headings of a page are called in links to them."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE))


def test_links_lead_somewhere() -> None:
    """Those to other hosts begin as an address does; whether someone is there is not for a test to ask."""
    for path in PATHS:
        for link in links(path.read_text(encoding="utf-8")):
            if ":" in link:
                assert re.match(r"https://[\w.-]+\.\w+(/|$)", link), (path, link)
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), (path, link)
            if anchor:
                assert anchor in anchors(target.read_text(encoding="utf-8")), (path, link)


def test_every_page_is_listed_in_the_index() -> None:
    for folder in (ROOT / "docs", ROOT / "docs" / "commands"):
        listed = {(folder / link).resolve() for link in links((folder / "README.md").read_text(encoding="utf-8"))}
        assert set(folder.glob("*.md")) - listed == {folder / "README.md"}
    assert "docs/README.md" in links(PAGES["README.md"])


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
