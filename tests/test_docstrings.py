"""The documentation: the stub and `help()` say the same, and every example runs."""

from __future__ import annotations

import ast
import doctest
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import descope_projects
from descope_projects import _native

if TYPE_CHECKING:
    from descope_projects import Emulator

ROOT = Path(__file__).parent.parent
STUB = Path(inspect.getfile(descope_projects)).with_name("_native.pyi")


def stub_docstrings() -> dict[str, str | None]:
    """The docstring of each public class and member of the stub, by its dotted name."""
    found: dict[str, str | None] = {}

    def walk(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                found[prefix + node.name] = ast.get_docstring(node)
                walk(node.body if isinstance(node, ast.ClassDef) else [], f"{prefix}{node.name}.")

    walk(ast.parse(STUB.read_text(encoding="utf-8")).body, "")
    return found


DOCSTRINGS = stub_docstrings()
EXAMPLES = {name: text for name, text in DOCSTRINGS.items() if text and ">>>" in text}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE), 1
    )
]


def at_run_time(name: str) -> Any:  # noqa: ANN401 -- any member of any class
    value: Any = _native
    for part in name.split("."):
        value = inspect.getattr_static(value, part)
        # A static method's own docstring is that of every static method.
        value = getattr(value, "__func__", value)
    return value


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_help_says_what_the_stub_says(name: str) -> None:
    assert inspect.getdoc(at_run_time(name)) == DOCSTRINGS[name] != None  # noqa: E711 -- a chain of comparisons


def test_everything_public_of_the_extension_is_in_the_stub() -> None:
    public = {name for name, value in vars(_native).items() if not name.startswith("_") and callable(value)}
    members = {
        f"{name}.{member}"
        for name in public
        if isinstance(getattr(_native, name), type)
        for member in vars(getattr(_native, name))
        if not member.startswith("_")
    }
    assert public | members == set(DOCSTRINGS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_runs(
    name: str, descope_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("DESCOPE_PROJECT_ID", "DESCOPE_MANAGEMENT_KEY"):
        # An example may set it; the test's end takes that back.
        monkeypatch.setenv(variable, "")
    with descope_emulator.client() as client:
        names = {
            **vars(descope_projects),
            "emulator": descope_emulator,
            "client": client,
            "snapshot": client.own_project.export_snapshot(),
            "directory": tmp_path,
        }
        example = doctest.DocTestParser().get_doctest(EXAMPLES[name], names, name, str(STUB), 0)
        output: list[str] = []
        results = doctest.DocTestRunner().run(example, out=output.append)
    assert results.attempted > 0
    assert results.failed == 0, "".join(output)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_example_of_a_page_runs(
    block: str, descope_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DESCOPE_PROJECT_ID", descope_emulator.project_id)
    monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", descope_emulator.management_key)
    monkeypatch.setenv("DESCOPE_BASE_URL", descope_emulator.url)
    program = re.sub(r"P2\w+…", descope_emulator.project_id, block)
    if re.search(r"^def test_", program, re.MULTILINE):
        # Defined, they would not have run.
        (tmp_path / "test_page.py").write_text(program, encoding="utf-8")
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-c", os.devnull, "--rootdir", str(tmp_path)]
        command = [sys.executable, "-W", "error", "-m", "pytest", *options, "test_page.py"]
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=50)
        assert ended.returncode == 0, ended.stdout
    else:
        exec(compile(program, "page.md", "exec"), {})  # noqa: S102
