"""What the figures should be, and whether they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Figures = dict[str, Any]

OURS = "descope-projects"
_MILLISECONDS = 1000
_VERDICTS = {True: "met", False: "MISSED", None: "open"}


@dataclass(frozen=True)
class Target:
    """One figure and its bound."""

    what: str
    case: str
    figure: Callable[[Figures, Figures], float]
    bound: float
    at_most: bool
    unit: str


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    target: str
    figure: str
    met: bool | None

    def to_dict(self) -> dict[str, object]:
        """For the JSON document."""
        return asdict(self)


def times(peer: str, *, faster: bool, field: str = "seconds") -> Callable[[Figures, Figures], float]:
    """How much faster than a peer this package is, or how many times as much it takes."""

    def ratio(case: Figures, _: Figures) -> float:
        ours, other = case[OURS][field], case[peer][field]
        return float(other / ours if faster else ours / other)

    return ratio


def _start(program: str) -> Callable[[Figures, Figures], float]:
    return lambda case, _: float(case[program]["seconds"] / case["python -c pass"]["seconds"])


def _files(ours: str, other: str) -> Callable[[Figures, Figures], float]:
    return lambda case, _: float(case[ours]["seconds"] / case[other]["seconds"])


def _import(case: Figures, _: Figures) -> float:
    extra = case["import descope_projects"]["seconds"] - case["python -c pass"]["seconds"]
    return float(extra * _MILLISECONDS)


TARGETS = (
    Target("sync small call, against a raw socket", "small", times("raw socket", faster=False), 1.15, True, "×"),
    Target("sync small call, against the official SDK", "small", times("descope", faster=True), 7, False, "× faster"),
    Target(
        "sync small call, against a raw socket, one processor for client and server",
        "small, one processor",
        times("raw socket", faster=False),
        1.15,
        True,
        "×",
    ),
    Target(
        "sync small call with TLS, against the official SDK",
        "tls",
        times("descope", faster=True),
        15,
        False,
        "× faster",
    ),
    Target("64 in flight, against aiohttp", "in flight", times("aiohttp", faster=True), 5, False, "× calls/s"),
    Target(
        "64 in flight, against the official SDK", "in flight", times("descope", faster=True), 100, False, "× calls/s"
    ),
    Target("export held, against raw bytes: time", "export", times("raw bytes", faster=False), 1.1, True, "×"),
    Target(
        "export held, against raw bytes: peak memory",
        "export",
        times("raw bytes", faster=False, field="peak_bytes"),
        1.3,
        True,
        "×",
    ),
    Target(
        "export → import, against the official SDK", "transfer", times("descope", faster=True), 15, False, "× faster"
    ),
    Target(
        "export → import: peak memory, against the body",
        "transfer",
        lambda case, result: float(case[OURS]["peak_bytes"] / result["body_bytes"]),
        2.2,
        True,
        "×",
    ),
    Target("write a directory, against cp -r", "files", _files("write", "cp -r"), 2, True, "×"),
    Target(
        "read a directory, against tar piped to a reader", "files", _files("read", "tar -cf - | cat"), 1.5, True, "×"
    ),
    Target("connections of 1,000 calls in a row", "connections", lambda case, _: float(case), 1, True, ""),
    Target("import descope_projects, beyond a bare interpreter", "starts", _import, 5, True, "ms"),
    Target(
        "descope-projects --version, against python -c pass",
        "starts",
        _start("descope-projects --version"),
        2.5,
        True,
        "×",
    ),
)


def judge(result: Figures) -> list[Row]:
    """The rows of everything that was measured, or should have been."""
    rows = []
    for target in TARGETS:
        if target.case not in result["figures"]:
            if any(failure.startswith((f"{target.case}, ", f"{target.case}: ")) for failure in result["failures"]):
                rows.append(Row(target.what, _bound(target), "not measured", met=None))
            continue
        figure = target.figure(result["figures"][target.case], result)
        met = figure <= target.bound if target.at_most else figure >= target.bound
        rows.append(Row(target.what, _bound(target), f"{figure:.2f} {target.unit}", met))
    return rows


def _bound(target: Target) -> str:
    return f"{'≤' if target.at_most else '≥'} {target.bound:g} {target.unit}"


def details(result: Figures) -> str:
    """The medians behind the ratios; absolute times mean nothing on another day."""
    lines = []
    for case, figures in result["figures"].items():
        if not isinstance(figures, dict):
            continue
        lines.append(case)
        for name, figure in figures.items():
            text = f"  {name:<28} {figure['seconds'] * 1_000_000:>14,.0f} µs"
            if "peak_bytes" in figure:
                text += f" {figure['peak_bytes'] / 1_000_000:>10,.0f} MB"
            lines.append(text)
    return "\n".join([*lines, ""])


def table(rows: list[Row]) -> str:
    """The table in Markdown."""
    lines = ["| what | target | figure | verdict |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.target} | {row.figure} | {_VERDICTS[row.met]} |" for row in rows]
    return "\n".join(lines)
