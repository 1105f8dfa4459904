"""The interpreter ends well whatever is in flight; `make soak` runs two hundred scripts of each kind on busy cores."""

from __future__ import annotations

import pytest

from soak_exits import CELLS, Cell, run


@pytest.mark.parametrize(
    "cell", CELLS, ids=lambda cell: f"{cell.face}-{cell.in_flight}-{cell.moment}".replace(" ", "-")
)
def test_scripts_end_well_with_calls_in_flight(cell: Cell) -> None:
    assert run(2, [cell]) == {cell: {"": 2}}
