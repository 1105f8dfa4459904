"""What the samples of all rounds say: medians and their spread."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner import Runner

    Figures = dict[str, dict[str, Any]]

_PER_CALL = ("seconds", "read_seconds")


@dataclass(frozen=True)
class Spread:
    """A median, and the quartiles around it."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of the values of all rounds."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, lower, upper)


def summary(samples: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Each field of the samples: median, quartiles, and the values of the rounds in their order."""
    found = {}
    for name in samples[0]:
        if name == "calls":
            continue
        values = [sample[name] / (sample["calls"] if name in _PER_CALL else 1) for sample in samples]
        spread = Spread.of(values)
        found[name] = {"median": spread.median, "lower": spread.lower, "upper": spread.upper, "rounds": values}
    return found


def of(runners: Iterable[Runner]) -> Figures:
    """Of everyone who could be measured."""
    return {runner.name: summary(runner.samples) for runner in runners if runner.samples}
