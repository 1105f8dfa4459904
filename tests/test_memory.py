"""A process holds no more after many calls; `make soak` measures a hundred thousand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from soak_memory import measure

ROUNDS = 80


@pytest.mark.parametrize("face", ["sync", "async"])
def test_calls_leave_nothing_in_memory(face: str) -> None:
    # The interpreter's own caches fill in the first hundreds of rounds, ever more slowly.
    _, *held = measure(face, [ROUNDS * 8] + [ROUNDS] * 4, new_projects=False)
    # What leaks, leaks in each step: an object in a round, some bytes in a call. What caches and connections take, they
    # take in some.
    assert min(after.blocks - before.blocks for before, after in pairwise(held)) < ROUNDS * 3 // 4, held
    taken = [after.bytes - before.bytes for before, after in pairwise(held) if after.bytes and before.bytes]
    assert not taken or min(taken) < ROUNDS * 256, held
