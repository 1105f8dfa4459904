"""How cost grows, as curves: `make bench-scale`.

    python benches/scale.py [--json FILE] [--charts FOLDER] [--rounds N] [--only WORD] [--free-threaded-python PATH]

Calls in flight, megabytes of a snapshot, files of a directory, threads that share one client. Each curve is the time of
the whole work, so that a straight line of slope 1 is linear: twice the work, twice the time. The slope is fitted to
the upper half of the points, where what costs the same each time does not flatter it.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chart
import server
import snapshots
from figures import Spread
from run import machine
from runner import Command, Peer, PeerError, end_in_order, measure

if TYPE_CHECKING:
    from collections.abc import Callable

    # Each curve: for each point how much work, and the seconds of the rounds.
    Curves = dict[str, dict[float, list[float]]]

OURS = "descope-projects"
IN_FLIGHT = (1, 4, 16, 64, 256, 1024)
MEGABYTES = (1, 2, 5, 10, 20, 50, 100, 200)
FILES = (100, 500, 2_000, 10_000, 50_000)
THREADS = (1, 2, 4, 8, 16)
CALLS_OF_A_THREAD = 200
# A fitted slope of as much is still called linear: the machine is not quiet.
LINEAR = 1.1
_FEWEST_POINTS = 3


@dataclass
class Scale:
    """What the curves share."""

    folder: Path
    rounds: int
    largest: float
    free_threaded: str | None
    failures: list[str]
    notes: list[str]

    def points(self, points: tuple[int, ...]) -> list[int]:
        """Those that were asked for: all, or the smaller ones for a trial."""
        return [point for point in points if point <= max(points[-1] * self.largest, points[0])]


def in_flight(scale: Scale) -> Curves:
    """So many calls at once from one event loop."""
    curves: Curves = {}
    with ExitStack() as stack:
        running = stack.enter_context(server.running(_made(scale.folder / "flight"), {"1 MB": snapshots.export(1)}))
        peers = {
            (name, point): Peer.python("in flight", name, {"url": running.url, "in_flight": str(point)})
            for name in (OURS, "aiohttp")
            for point in scale.points(IN_FLIGHT)
        }
        scale.failures += measure(list(peers.values()), scale.rounds)
    for (name, point), peer in peers.items():
        _add(curves, name, point, [sample["seconds"] / sample["calls"] * point for sample in peer.samples])
    return curves


def sizes(scale: Scale) -> Curves:
    """Snapshots of so many megabytes: received, looked at, moved, their digest taken."""
    curves: Curves = {}
    bodies = {f"{size} MB": snapshots.export(size) for size in scale.points(MEGABYTES)}
    with server.running(_made(scale.folder / "sizes"), bodies) as running:
        peers = {
            (name, size): Peer.python(case, peer, {"url": running.urls[size]})
            for name, case, peer in (
                ("export", "export", OURS),
                ("raw bytes", "export", "raw bytes"),
                ("export → import", "transfer", OURS),
                ("export and first look", "looked at", OURS),
                ("digest", "digest", OURS),
            )
            for size in bodies
        }
        scale.failures += measure(list(peers.values()), scale.rounds, fresh=True)
    for (name, size), peer in peers.items():
        _add(curves, name, len(bodies[size]) / snapshots.MEGABYTE, [sample["seconds"] for sample in peer.samples])
    return curves


def directories(scale: Scale) -> Curves:
    """Directories of so many small files: written and read, beside what the system has for that."""
    curves: Curves = {}
    peers: dict[int, tuple[Peer, Path]] = {}
    for point in scale.points(FILES):
        body, folder = scale.folder / f"{point}.json", scale.folder / f"{point}"
        body.write_bytes(snapshots.of_files(point))
        peer = Peer.python("files", OURS, {"body": str(body), "folder": str(folder)})
        peer.start()
        peers[len(json.loads(body.read_bytes())["files"])] = (peer, folder)
    for _ in range(scale.rounds):
        for count, (peer, folder) in peers.items():
            sample = peer.round()
            _add(curves, "write", count, [sample["seconds"]])
            _add(curves, "read", count, [sample["read_seconds"]])
            copy = Command("cp -r", ["cp", "-r", str(folder), f"{folder}-copy"])
            archive = Command("tar", ["sh", "-c", f"tar -cf - '{folder}' 2>/dev/null | cat >/dev/null"])
            _add(curves, "cp -r", count, [copy.round()["seconds"]])
            _add(curves, "tar to a reader", count, [archive.round()["seconds"]])
            shutil.rmtree(folder)
            shutil.rmtree(f"{folder}-copy")
    for peer, _ in peers.values():
        peer.stop()
    return curves


def threads(scale: Scale) -> Curves:
    """So many threads that share one client, each making the same number of calls."""
    curves: Curves = {}
    interpreters = {"with the GIL": sys.executable}
    if scale.free_threaded:
        interpreters["free-threaded"] = scale.free_threaded
    else:
        scale.notes.append("threads: no free-threaded interpreter was given (--free-threaded-python)")
    with server.running(_made(scale.folder / "threads"), {"1 MB": snapshots.export(1)}) as running:
        peers = {
            (name, point): Peer.python(
                "threads",
                OURS,
                {"url": running.url, "threads": str(point), "calls": str(CALLS_OF_A_THREAD)},
                interpreter=interpreter,
            )
            for name, interpreter in interpreters.items()
            for point in scale.points(THREADS)
        }
        scale.failures += measure(list(peers.values()), scale.rounds)
    for (name, point), peer in peers.items():
        _add(curves, name, point, [sample["seconds"] for sample in peer.samples])
    return curves


CURVES: dict[str, tuple[str, str, Callable[[Scale], Curves]]] = {
    "in flight": ("calls in flight", "Calls in flight: seconds until all are answered", in_flight),
    "sizes": ("MB", "Size of a snapshot: seconds", sizes),
    "directories": ("files", "Files of a directory: seconds", directories),
    "threads": (
        "threads",
        f"Threads that share one client, {CALLS_OF_A_THREAD} calls each: seconds until all are done",
        threads,
    ),
}


def slope(points: list[tuple[float, float]]) -> float:
    """The exponent, by least squares of the logarithms."""
    xs, ys = ([math.log(pair[axis]) for pair in points] for axis in (0, 1))
    return statistics.linear_regression(xs, ys).slope


def sentence(name: str, unit: str, points: dict[float, list[float]]) -> str | None:
    """What a curve says: the slope of each round, their median and quartiles; nothing if it has too few points."""
    places = sorted(points)
    if len(places) < _FEWEST_POINTS:
        return None
    upper = places[-max(_FEWEST_POINTS, math.ceil(len(places) / 2)) :]
    rounds = zip(*(points[place] for place in upper), strict=True)
    exponents = Spread.of([slope(list(zip(upper, seconds, strict=True))) for seconds in rounds])
    if exponents.median <= LINEAR:
        judged = "linear or better"
    elif exponents.lower <= LINEAR:
        judged = "worse than linear, but within the spread"
    else:
        judged = "WORSE than linear"
    exponent = f"{exponents.median:.2f} ({exponents.lower:.2f} … {exponents.upper:.2f})"
    return f"{name}: grows as n^{exponent} from {upper[0]:,.0f} to {upper[-1]:,.0f} {unit}, {judged}."


def _add(curves: Curves, name: str, point: float, seconds: list[float]) -> None:
    if seconds:
        curves.setdefault(name, {}).setdefault(point, []).extend(seconds)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measures what was asked for."""
    found: dict[str, Any] = {}
    failures: list[str] = []
    notes: list[str] = []
    for name, (unit, title, work) in CURVES.items():
        if arguments.only not in name:
            continue
        print(f"measuring: {name}", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="descope-projects-bench-") as folder:
            free_threaded = arguments.free_threaded_python
            scale = Scale(Path(folder), arguments.rounds, arguments.largest, free_threaded, failures, notes)
            try:
                curves = work(scale)
            except (PeerError, OSError) as error:
                failures.append(f"{name}: {error}")
                continue
        medians = {
            curve: [(point, statistics.median(seconds)) for point, seconds in sorted(points.items())]
            for curve, points in curves.items()
        }
        found[name] = {
            "title": title,
            "unit": unit,
            "curves": {
                curve: [{"x": point, "seconds": seconds} for point, seconds in sorted(points.items())]
                for curve, points in curves.items()
            },
            "medians": medians,
            "sentences": [said for curve, points in curves.items() if (said := sentence(curve, unit, points))],
        }
    return {"machine": machine(), "rounds": arguments.rounds, "curves": found, "failures": failures, "notes": notes}


def usable(interpreter: str | None) -> str | None:
    """The free-threaded interpreter, if it is one and has this package."""
    if interpreter is None:
        return None
    check = "import sys, descope_projects; sys.exit(sys._is_gil_enabled())"
    if subprocess.run([interpreter, "-c", check], check=False).returncode != 0:
        sys.exit(
            f"--free-threaded-python: {interpreter} is no free-threaded interpreter that has descope-projects without"
            f" taking the GIL: {interpreter} -m pip install ."
        )
    return interpreter


def main() -> int:
    """Measures, prints a sentence for each curve, and draws them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the result to this file too")
    parser.add_argument("--charts", type=Path, help="draw the curves into this folder (SVG)")
    parser.add_argument("--rounds", type=int, default=5, help="how many rounds of each point (default: 5)")
    parser.add_argument("--only", default="", help="only the curves with this word in their name")
    parser.add_argument("--largest", type=float, default=1, help="0.1: leave out points beyond a tenth of the last one")
    parser.add_argument("--free-threaded-python", metavar="PATH", help="an interpreter without the GIL, for threads")
    arguments = parser.parse_args()
    arguments.free_threaded_python = usable(arguments.free_threaded_python)
    end_in_order()
    result = run(arguments)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    for name, curve in result["curves"].items():
        if arguments.charts:
            arguments.charts.mkdir(parents=True, exist_ok=True)
            lines = [chart.Curve(one, points) for one, points in curve["medians"].items()]
            drawn = chart.curve_chart(curve["title"], curve["unit"], "seconds", lines)
            (arguments.charts / f"scale-{name.replace(' ', '-')}.svg").write_text(drawn)
        print(curve["title"])
        print("\n".join(f"  {line}" for line in curve["sentences"]))
    print("\n".join([*result["failures"], *result["notes"]]), file=sys.stderr)
    return 1 if result["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
