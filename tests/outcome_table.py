"""Prints what becomes of a call when something happens to it, from running it: `python tests/outcome_table.py`.

Rows are what happens to each request, columns are calls. A cell says how many requests began to arrive, how often the
work was done, what the call ended with and what is known to be written. `--page` prints the table of docs/outcomes.md:
one call of each class, and one row for what ends alike.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conftest import Face, foreign_variables
from outcomes.calls import OPERATIONS, named
from outcomes.cells import Certificates, Ground
from outcomes.expected import is_possible
from outcomes.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from outcomes.calls import Operation
    from outcomes.cells import Ended
    from outcomes.faults import Fault

CLASSES = {
    "read (list)": named("list_projects"),
    "set (rename)": named("update_name"),
    "once (clone)": named("clone"),
    "once (import)": named("import_snapshot"),
}
"""A call of each class; imports are their own, for one that is refused may have been done in part."""


def cell(ended: Ended) -> str:
    """Requests, executions, and the end."""
    if ended.error is None:
        return f"{ended.requests} · {ended.executions} · a result"
    return f"{ended.requests} · {ended.executions} · {type(ended.error).__name__} · {ended.error.written}"


def row(ground: Ground, fault: Fault, operations: Sequence[Operation]) -> list[str]:
    """What becomes of each call."""
    possible = [operation for operation in operations if is_possible(operation, fault)]
    if fault.slow:
        ends = ground.run_together(possible, fault)
    else:
        ends = [ground.run(operation, fault) for operation in possible]
    cells = iter(ends)
    return [cell(next(cells)) if operation in possible else "cannot be" for operation in operations]


def run(ground: Ground, operations: Sequence[Operation]) -> list[tuple[str, list[str]]]:
    """Every fault and its row."""
    return [(fault.name, row(ground, fault, operations)) for fault in FAULTS]


def condensed(rows: Iterable[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    """Faults that end alike are one row."""
    alike: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, cells in rows:
        alike[tuple(cells)].append(name)
    return [("; ".join(names), list(cells)) for cells, names in alike.items()]


def markdown(columns: Iterable[str], rows: Iterable[tuple[str, list[str]]]) -> str:
    heads = ["what happens to each request", *columns]
    lines = [heads, ["---"] * len(heads), *([name, *cells] for name, cells in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page(ground: Ground) -> str:
    """The table of docs/outcomes.md."""
    return markdown(CLASSES, condensed(run(ground, list(CLASSES.values()))))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--page", action="store_true", help="the table of docs/outcomes.md")
    arguments.add_argument("--face", choices=["sync", "async"], default="sync", help="which client (default: sync)")
    chosen = arguments.parse_args()
    face: Literal["sync", "async"] = chosen.face
    for name in foreign_variables():
        del os.environ[name]
    with TemporaryDirectory() as directory, closing(Face(face)) as made:
        ground = Ground(made, Certificates(Path(directory)))
        text = page(ground) if chosen.page else markdown(map(str, OPERATIONS), run(ground, OPERATIONS))
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
