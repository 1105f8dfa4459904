"""Writes `docs/performance.md` from what was measured: `make bench-report`.

    python benches/report.py RESULTS [--scale FILE] [--network FILE] [--page docs/performance.md]

What stands between two marks is written anew from the figures, and charts are copied beside the page; everything else
on the page is somebody's prose and is kept. Parts for which no file is given stay as they are.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import instructions
import network
import targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    Document = dict[str, Any]

SKELETON = """\
# Performance

How this package compares, and how to measure it yourself: `make bench`, `make bench-scale`, `make bench-network`,
`make bench-check`. Every figure is a ratio of two things that were measured in the same minute on the same machine,
round by round, or a count. Absolute times are shown for orientation only: on another machine, and on this one on
another day, they are others.

## Where it was measured

{machine}

## Targets

{table}

## Beside others

{peers}

## How cost grows

{scale}

## Over a long wire

{network}

## Instructions of the hot paths

{instructions}
"""
_MARK = "<!-- {name}: written by benches/report.py -->\n{text}\n<!-- end of {name} -->"
_GIGABYTE = 1 << 30


def page(old: str | None, parts: Mapping[str, str]) -> str:
    """The page with these parts; all else as it was."""
    if old is None:
        names = re.findall(r"{(\w+)}", SKELETON)
        return SKELETON.format(**{name: _marked(name, parts.get(name, "Not measured yet.")) for name in names})
    for name, text in parts.items():
        between = re.compile(_MARK.format(name=name, text=".*?"), re.DOTALL)
        if not between.search(old):
            raise SystemExit(f"the page has no marks around {name}: <!-- {name}: written by benches/report.py -->")
        new = _marked(name, text)
        old = between.sub(lambda _, new=new: new, old)
    return old


def _marked(name: str, text: str) -> str:
    return _MARK.format(name=name, text=text.strip())


def machine(result: Document) -> str:
    """Named by processors and memory only."""
    found = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    memory = round(found["memory_bytes"] / _GIGABYTE)
    return (
        f"{found['processors']} processors, {memory} GB of memory, {found['system']}, Python {found['python']};"
        f" {result['rounds']} rounds of each. {versions}."
    )


def peers(result: Document) -> str:
    """The chart, and everything that was measured."""
    details = targets.details(result).rstrip()
    failures = "".join(f"\nNot measured: {failure}.\n" for failure in result["failures"])
    return f"![Small calls, beside others](performance/peers.svg)\n{failures}\n```text\n{details}\n```"


def scale(result: Document) -> str:
    """Each curve with what it says."""
    parts = []
    for name, curve in result["curves"].items():
        sentences = "\n".join(f"- {sentence}" for sentence in curve["sentences"])
        parts.append(f"![{curve['title']}](performance/{_chart_name(name)})\n\n{sentences}")
    notes = [f"Not measured: {note}." for note in (*result["failures"], *result["notes"])]
    return "\n\n".join([*parts, *notes])


def over_the_wire(result: Document) -> str:
    """Round trips and other counts."""
    trip, lost = result["round_trip_seconds"] * 1000, result["lost"]
    rows = network.table([network.Row(**row) for row in result["rows"]])
    return f"A round trip takes {trip:.0f} ms, and {lost:.1%} of the packets are lost.\n\n{rows}"


def counted(baseline: Document) -> str:
    """The committed baseline."""
    lines = ["| path | instructions |", "| --- | ---: |"]
    lines += [f"| {path} | {number:,.0f} |" for path, number in baseline["instructions"].items()]
    there = baseline["surroundings"]
    made = f"{there['rustc']}, {there['target']}, {there['valgrind']}, {there['libc']}"
    return "\n".join([*lines, "", f"Of a snapshot of {instructions.MEGABYTES} MB, on one thread; counted with {made}."])


def _chart_name(curve: str) -> str:
    return f"scale-{curve.replace(' ', '-')}.svg"


def main() -> None:
    """Writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="what `make bench` wrote; its chart is beside it")
    parser.add_argument("--scale", type=Path, help="what `make bench-scale` wrote; its charts are beside it")
    parser.add_argument("--network", type=Path, help="what `make bench-network` wrote")
    parser.add_argument(
        "--page", type=Path, default=Path("docs/performance.md"), help="the page (default: %(default)s)"
    )
    arguments = parser.parse_args()
    result = json.loads(arguments.results.read_text())
    parts = {
        "machine": machine(result),
        "table": targets.table([targets.Row(**row) for row in result["targets"]]),
        "peers": peers(result),
    }
    charts = [arguments.results.with_name("peers.svg")]
    if arguments.scale and arguments.scale.exists():
        curves = json.loads(arguments.scale.read_text())
        parts["scale"] = scale(curves)
        charts += [arguments.scale.with_name(_chart_name(name)) for name in curves["curves"]]
    if arguments.network and arguments.network.exists():
        parts["network"] = over_the_wire(json.loads(arguments.network.read_text()))
    if instructions.BASELINE.exists():
        parts["instructions"] = counted(json.loads(instructions.BASELINE.read_text()))
    beside = arguments.page.with_suffix("")
    beside.mkdir(parents=True, exist_ok=True)
    for chart in charts:
        shutil.copy(chart, beside / chart.name)
    old = arguments.page.read_text() if arguments.page.exists() else None
    arguments.page.write_text(page(old, parts))


if __name__ == "__main__":
    main()
