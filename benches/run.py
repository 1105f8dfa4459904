"""Measures this package beside its peers, in one run, on one machine: `make bench`.

Every peer is a process of its own; rounds are interleaved, so that what the machine does meanwhile strikes all alike.
Figures are ratios, round by round, of which the median and the quartiles are given; or counts. The last lines are a
table: target, figure, quartiles, verdict.

    python benches/run.py [--json FILE] [--chart FILE] [--rounds N] [--sizes 1,10,44] [--only WORD]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import chart
import server
import snapshots
import targets
from cases import Bench, cases
from runner import PeerError, end_in_order

PACKAGES = ("descope-projects", "descope", "httpx", "aiohttp", "orjson", "wreq", "primp", "deepdiff")


def machine() -> dict[str, object]:
    """What the figures depend on."""
    # Not every peer is made for every Python.
    installed = {found.name: found.version for found in importlib.metadata.distributions()}
    versions = {name: installed[name] for name in PACKAGES if name in installed}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "memory_bytes": memory,
        "python": platform.python_version(),
        "versions": versions,
    }


def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Measures what was asked for; what cannot be measured is said, and is no reason to lose the rest."""
    sizes = {f"{size} MB": float(size) for size in sorted(arguments.sizes.split(","), key=float)}
    chosen = [case for case in cases(list(sizes)) if arguments.only in case.name]
    if not chosen:
        names = "\n  ".join(case.name for case in cases(list(sizes)))
        sys.exit(f"--only: no case has {arguments.only!r} in its name; there are\n  {names}")
    bodies = {name: snapshots.export(megabytes) for name, megabytes in sizes.items()}
    measured: dict[str, object] = {}
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="descope-projects-bench-") as folder, ExitStack() as stack:
        bench = Bench(Path(folder), bodies, arguments.rounds, arguments.programs)
        if any(case.needs_server for case in chosen):
            bench.running = stack.enter_context(server.running(bench.folder, bodies))
        for case in chosen:
            print(f"measuring: {case.name}", file=sys.stderr)
            try:
                measured[case.name], missing = case.run(bench)
            except PeerError as error:
                missing = [str(error)]
            failures += [f"{case.name}: {what}" for what in missing]
    for failure in failures:
        print(failure, file=sys.stderr)
    return {
        "machine": machine(),
        "rounds": arguments.rounds,
        "bodies": {name: len(body) for name, body in bodies.items()},
        "figures": measured,
        "failures": failures,
    }


def main() -> int:
    """Measures and prints; the status is 1 if something could not be measured, whatever the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the result to this file too")
    parser.add_argument("--chart", type=Path, help="draw the small calls into this file (SVG)")
    parser.add_argument("--rounds", type=int, default=11, help="how many rounds of each peer (default: 11)")
    parser.add_argument("--sizes", default="1,10,44", help="megabytes of the exports (default: 1,10,44)")
    parser.add_argument("--only", default="", help="only the cases with this word in their name")
    parser.add_argument("--programs", type=Path, default=Path("target/release"), help="where our own programs are")
    arguments = parser.parse_args()
    end_in_order()
    result = run(arguments)
    rows = targets.judge(result)
    result["targets"] = [row.to_dict() for row in rows]
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    if arguments.chart:
        arguments.chart.parent.mkdir(parents=True, exist_ok=True)
        arguments.chart.write_text(chart.peers(result))
    print(targets.details(result))
    print(targets.table(rows))
    return 1 if result["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
