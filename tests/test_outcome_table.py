"""The table of the page about outcomes is what the cells of `outcomes` come to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import outcome_table

if TYPE_CHECKING:
    from outcomes.cells import Ground

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "outcomes.md").read_text(encoding="utf-8")
TABLE = re.search(r"^\| what happens .*?\n(?!\|)", PAGE, re.DOTALL | re.MULTILINE)
TO_DO = "run `.venv/bin/python tests/outcome_table.py --page` and put what it prints into docs/outcomes.md"


def test_the_page_shows_what_becomes_of_a_call(ground: Ground) -> None:
    assert TABLE is not None
    assert TABLE.group() == outcome_table.page(ground), TO_DO


def test_the_program_prints_the_table_of_the_page() -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "tests" / "outcome_table.py"), "--page"]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=50)
    assert TABLE is not None
    assert (ended.stdout, ended.stderr) == (TABLE.group(), "")
