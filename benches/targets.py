"""What the figures should be, and whether they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from figures import Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Case = dict[str, dict[str, Any]]
    Result = dict[str, Any]
    # One value for each round.
    Values = Callable[[Case, Result], list[float]]

OURS = "descope-projects"
_MILLISECONDS, _PERCENT = 1000, 100
_NOTHING = "-"


@dataclass(frozen=True)
class Target:
    """One figure and its bound."""

    what: str
    case: str
    values: Values
    bound: float
    at_most: bool
    unit: str


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    target: str
    figure: str
    spread: str
    verdict: str

    def to_dict(self) -> dict[str, str]:
        """For the JSON document."""
        return asdict(self)


def times(peer: str, *, faster: bool, field: str = "seconds", ours: str = OURS) -> Values:
    """How much faster than a peer this package is, or how many times as much it takes.

    Round by round, because both sides of a round met the same machine.
    """

    def ratios(case: Case, _: Result) -> list[float]:
        pairs = zip(case[ours][field]["rounds"], case[peer][field]["rounds"], strict=True)
        return [other / mine if faster else mine / other for mine, other in pairs]

    return ratios


def _share(peer: str) -> Values:
    ratios = times(peer, faster=True)
    return lambda case, result: [ratio * _PERCENT for ratio in ratios(case, result)]


def _of_body(case_label: str, field: str, scale: float = 1) -> Values:
    def values(case: Case, result: Result) -> list[float]:
        return [value / result["bodies"][case_label] * scale for value in case[OURS][field]["rounds"]]

    return values


def _import(case: Case, _: Result) -> list[float]:
    ours, bare = (case[name]["seconds"]["rounds"] for name in ("import descope_projects", "python -c pass"))
    return [(one - other) * _MILLISECONDS for one, other in zip(ours, bare, strict=True)]


def _counted(case: Case, _: Result) -> list[float]:
    return [float(case["connections"]["count"]["median"])]


_CALLS = (
    Target("sync small call, against a raw socket", "small", times("raw socket", faster=False), 1.15, True, "×"),
    Target(
        "sync small call, against a raw socket, one processor for client and server",
        "small, one processor",
        times("raw socket", faster=False),
        1.15,
        True,
        "×",
    ),
    Target("sync small call, against the official SDK", "small", times("descope", faster=True), 7, False, "× faster"),
    Target(
        "sync small call with TLS, against the official SDK",
        "tls",
        times("descope", faster=True),
        15,
        False,
        "× faster",
    ),
    Target("64 in flight, against aiohttp", "in flight", times("aiohttp", faster=True), 5, False, "× calls/s"),
    Target("64 in flight, against wreq", "in flight", times("wreq", faster=True), 1, False, "× calls/s"),
    Target(
        "64 in flight, against the official SDK", "in flight", times("descope", faster=True), 100, False, "× calls/s"
    ),
    Target("64 in flight, started from Rust, against wrk", "fleet", _share("wrk"), 60, False, "% of calls/s"),
)
_REST = (
    Target("write a directory, against cp -r", "files", times("cp -r", faster=False, ours="write"), 2, True, "×"),
    Target(
        "read a directory, against tar piped to a reader",
        "files",
        times("tar -cf - | cat", faster=False, ours="read"),
        1.5,
        True,
        "×",
    ),
    Target("diff, against git diff --no-index --stat", "diff", times("git diff", faster=True), 3, False, "× faster"),
    Target("connections of 1,000 calls in a row", "connections", _counted, 1, True, ""),
    Target("import descope_projects, beyond a bare interpreter", "starts", _import, 5, True, "ms"),
    Target(
        "descope-projects --version, against python -c pass",
        "starts",
        times("python -c pass", faster=False, ours="descope-projects --version"),
        2.5,
        True,
        "×",
    ),
)


def targets(sizes: Sequence[str]) -> list[Target]:
    """All targets; those of large answers once for each size."""
    rows = list(_CALLS)
    for size in sizes:
        held, moved = f"export, {size}", f"transfer, {size}"
        rows += [
            Target(
                f"{size} export held, against raw bytes: time", held, times("raw bytes", faster=False), 1.1, True, "×"
            ),
            Target(
                f"{size} export held, against raw bytes: peak memory",
                held,
                times("raw bytes", faster=False, field="extra_bytes"),
                1.3,
                True,
                "×",
            ),
            Target(
                f"{size} export → import, against the official SDK",
                moved,
                times("descope", faster=True),
                15,
                False,
                "× faster",
            ),
            Target(
                f"{size} export → import: peak memory, against the body",
                moved,
                _of_body(size, "extra_bytes"),
                2.2,
                True,
                "×",
            ),
        ]
    largest = sizes[-1]
    rows.append(
        Target(
            f"{largest} export → import: what Python itself handed out, against the body",
            "objects",
            _of_body(largest, "python_bytes", _PERCENT),
            1,
            True,
            "%",
        )
    )
    return [*rows, *_REST]


def judge(result: Result) -> list[Row]:
    """The rows of everything that was measured, or should have been."""
    rows = []
    for target in targets(list(result["bodies"])):
        if target.case not in result["figures"]:
            continue
        bound = f"{'≤' if target.at_most else '≥'} {target.bound:g} {target.unit}".strip()
        try:
            values = target.values(result["figures"][target.case], result)
        except KeyError as missing:
            rows.append(Row(target.what, bound, _NOTHING, _NOTHING, f"open: no figure of {missing.args[0]}"))
            continue
        spread = Spread.of(values)
        between = _NOTHING if len(values) == 1 else f"{spread.lower:,.2f} … {spread.upper:,.2f}"
        figure = f"{spread.median:,.2f} {target.unit}".strip()
        rows.append(Row(target.what, bound, figure, between, _verdict(target, spread)))
    return rows


def _verdict(target: Target, spread: Spread) -> str:
    met = spread.median <= target.bound if target.at_most else spread.median >= target.bound
    close = spread.lower < target.bound < spread.upper
    return ("met" if met else "MISSED") + (", within the spread" if close else "")


def details(result: Result) -> str:
    """The medians behind the ratios; absolute times mean nothing on another day."""
    lines = []
    for name, case in result["figures"].items():
        lines.append(f"{name:<30} {'µs a call':>12}   {'quartiles':<23} {'peak, MB':>9} {'of it extra':>12}")
        for peer, fields in case.items():
            if "seconds" not in fields:
                continue
            seconds = fields["seconds"]
            lower, median, upper = (seconds[key] * 1_000_000 for key in ("lower", "median", "upper"))
            text = f"  {peer:<28} {median:>12,.0f}   {f'{lower:,.0f} … {upper:,.0f}':<23}"
            for field in ("resident_bytes", "extra_bytes"):
                size = f"{fields[field]['median'] / 1_000_000:,.1f}" if field in fields else ""
                text += f" {size:>{9 if field == 'resident_bytes' else 12}}"
            lines.append(text.rstrip())
    return "\n".join([*lines, ""])


def table(rows: list[Row]) -> str:
    """The table in Markdown."""
    lines = ["| what | target | figure | quartiles | verdict |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.target} | {row.figure} | {row.spread} | {row.verdict} |" for row in rows]
    return "\n".join(lines)
