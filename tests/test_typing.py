"""What a type checker says of a user's code: nothing where it is right, something in each line that is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy", reason="mypy is in requirements/lint.txt, which `make lint` installs")

TYPED = Path(__file__).parent / "typed"


def errors_of(name: str, cache: Path) -> dict[int, str]:
    """The errors of `mypy --strict` by line."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", name]
    checked = subprocess.run(command, cwd=TYPED, check=False, capture_output=True, text=True)
    assert checked.returncode in (0, 1), checked.stderr
    found = re.findall(rf"^{re.escape(name)}:(\d+): error: (.*)$", checked.stdout, re.MULTILINE)
    assert bool(found) == bool(checked.returncode), checked.stdout
    return {int(line): text for line, text in reversed(found)}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.timeout(300)  # the first run parses the standard library's stubs
def test_right_code_has_no_errors(cache: Path) -> None:
    assert errors_of("right.py", cache) == {}


@pytest.mark.timeout(300)
def test_each_wrong_line_has_one(cache: Path) -> None:
    lines = (TYPED / "wrong.py").read_text(encoding="utf-8").splitlines()
    wrong = {number: line for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    errors = errors_of("wrong.py", cache)
    unseen = [line for number, line in wrong.items() if number not in errors]
    assert unseen == []
    assert {number: text for number, text in errors.items() if number not in wrong} == {}
    assert len(wrong) > 30
