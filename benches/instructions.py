"""Counts the instructions of the hot paths, and compares them with the committed baseline: `make bench-check`.

    python benches/instructions.py [--programs FOLDER] [--write]

Each path runs under callgrind twice, a few times and some more times: the difference is the path's, and what it takes
to start and to prepare is not in it. Everything is on one thread and one processor, with the same input each time, so
the counts of two runs differ by far less than what is looked for. The kernel's instructions are not counted.

The status is 1 if a path takes more than 3 % more instructions than the baseline says. Another compiler, library or
processor counts differently: then the figures are shown, and nothing fails.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import server
import snapshots

BASELINE = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.03
MEGABYTES = 1
# Few and more: enough that what happens once in a while is spread evenly.
PATHS = {
    "request": (50, 450),
    "export scan": (1, 6),
    "digest": (1, 4),
    "directory write": (1, 6),
    "directory read": (1, 6),
}


def surroundings(export: bytes) -> dict[str, str]:
    """What the counts depend on, besides the code."""
    rustc = _output("rustc", "-vV")
    valgrind = _output(server.program("valgrind", "valgrind"), "--version").strip()
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return {
        "rustc": rustc.splitlines()[0],
        "target": rustc.partition("host: ")[2].splitlines()[0],
        "valgrind": valgrind,
        "libc": " ".join(platform.libc_ver()),
        # Libraries choose their loops by it.
        "vectors": "avx2" if " avx2 " in flags else "none known",
        "input": hashlib.sha256(export).hexdigest()[:16],
    }


def count(program: Path, path: str, export: Path, folder: Path) -> float:
    """Instructions of one pass through a path."""
    few, more = PATHS[path]
    counts = [_collected(program, path, times, export, folder / str(times)) for times in (few, more)]
    return (counts[1] - counts[0]) / (more - few)


def _collected(program: Path, path: str, times: int, export: Path, folder: Path) -> int:
    folder.mkdir(parents=True)
    command = [server.program("valgrind", "valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += [str(program), path, str(times), str(export), str(folder)]
    # An environment of the same size each time: it lies on the stack.
    ended = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C"}, check=False)
    found = re.search(r"Collected : (\d+)", ended.stderr)
    if ended.returncode != 0 or found is None:
        sys.exit(f"{path}: ended with status {ended.returncode}\n{ended.stderr}")
    return int(found.group(1))


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def measure(program: Path, body: bytes) -> dict[str, float]:
    """All paths."""
    # One processor: what works on several threads where it can uses one.
    server.pin(server.processors()[-1:])
    counts = {}
    with tempfile.TemporaryDirectory(prefix="descope-projects-bench-") as name:
        folder = Path(name)
        export = folder / "export.json"
        export.write_bytes(body)
        for path in PATHS:
            counts[path] = round(count(program, path, export, folder / path.replace(" ", "-")))
    return counts


def compare(counts: dict[str, float], baseline: dict[str, float]) -> tuple[list[str], bool]:
    """A line for each path, and whether one grew too much."""
    lines, grown = [], False
    for path in sorted({*counts, *baseline}, key=list(PATHS).index):
        if path not in baseline:
            lines.append(f"{path:<16} {counts[path]:>12,}   not in the baseline: make bench-baseline")
            continue
        change = counts[path] / baseline[path] - 1
        note = ""
        if change > TOLERANCE:
            grown, note = True, "GREW"
        elif change < -TOLERANCE:
            note = "shrank: make bench-baseline"
        lines.append(f"{path:<16} {counts[path]:>12,}   {change:>+8.2%}   {note}".rstrip())
    return lines, grown


def main() -> int:
    """Compares, or writes the baseline."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, default=Path("target/release"), help="where our own programs are")
    parser.add_argument("--write", action="store_true", help="make what is counted now the baseline")
    arguments = parser.parse_args()
    body = snapshots.export(MEGABYTES)
    here, counts = surroundings(body), measure(arguments.programs / "paths", body)
    if arguments.write:
        BASELINE.write_text(json.dumps({"surroundings": here, "instructions": counts}, indent=2) + "\n")
        print("\n".join(f"{path:<16} {number:>12,}" for path, number in counts.items()))
        return 0
    baseline = json.loads(BASELINE.read_text())
    lines, grown = compare(counts, baseline["instructions"])
    print("\n".join(lines))
    there = baseline["surroundings"]
    different = [f"{name} is {here[name]}, not {there.get(name)}" for name in here if here[name] != there.get(name)]
    if different:
        print(f"The baseline was made elsewhere, so nothing fails: {'; '.join(different)}.")
        return 0
    if grown:
        print("A path takes more instructions than it did. If that is what it costs: make bench-baseline, and say why.")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
