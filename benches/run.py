"""Measures this package beside its peers, in one run, on one machine: `make bench`.

Every peer is a process of its own; rounds are interleaved, so that what the machine does meanwhile strikes all alike.
Figures are ratios of medians, or counts. The last lines are a table: target, figure, verdict.

    python benches/run.py [--json FILE] [--rounds N] [--megabytes N] [--only WORD]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import server
import snapshots
import targets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).parent
OURS = "descope-projects"
PEERS = {
    "small": ["raw socket", OURS, "http.client+orjson", "httpx", "descope"],
    "small, one processor": ["raw socket", OURS, "http.client+orjson", "httpx", "descope"],
    "tls": ["raw socket", OURS, "http.client+orjson", "httpx", "descope"],
    "in flight": [OURS, "aiohttp", "httpx", "descope"],
    "export": ["raw bytes", OURS, "httpx+orjson", "descope"],
    "transfer": [OURS, "descope"],
}
# A call that goes to and fro spends its time waking the other side up, and how long that takes depends on where the
# other side is. Left to the scheduler, the floor was 19 µs in one minute and 65 in the next; so each place is a case.
APART, TOGETHER = ("small", "tls"), ("small, one processor",)
# What is large is measured in a new process each time: memory that was used once is not used for the first time again.
FRESH = ("export", "transfer")
SEQUENTIAL_CALLS = 1000
STARTS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import descope_projects": [sys.executable, "-c", "import descope_projects"],
    "import descope": [sys.executable, "-c", "import descope"],
    "descope-projects --version": [str(Path(sys.executable).with_name("descope-projects")), "--version"],
}


class PeerError(Exception):
    """A peer ended before it was done."""


@dataclass
class Peer:
    """A process of `peers.py`."""

    case: str
    name: str
    config: dict[str, str]
    samples: list[dict[str, float]] = field(default_factory=list)

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        command = [sys.executable, str(HERE / "peers.py"), self.case, self.name, json.dumps(self.config)]
        everything = server.processors()
        server.pin(everything[:1] if self.case in APART else everything[-1:] if self.case in TOGETHER else everything)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        server.pin(everything)
        self._line()

    def round(self) -> dict[str, float]:
        """One round."""
        assert self.process.stdin is not None  # noqa: S101 -- it is a pipe
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return dict(json.loads(self._line()))

    def stop(self) -> None:
        """Lets it end by itself."""
        self.process.communicate()

    def _line(self) -> str:
        assert self.process.stdout is not None  # noqa: S101 -- it is a pipe
        line = self.process.stdout.readline()
        if not line:
            raise PeerError(f"{self.case}, {self.name}: ended with status {self.process.wait()}")
        return line


def measure(case: str, config: dict[str, str], rounds: int) -> list[Peer]:
    """All peers of a case, with their samples."""
    peers = [Peer(case, name, config) for name in PEERS[case]]
    if case in FRESH:
        for number in range(rounds):
            for peer in rotated(peers, number):
                peer.start()
                peer.samples.append(peer.round())
                peer.stop()
        return peers
    for peer in peers:
        peer.start()
        peer.round()
    for number in range(rounds):
        for peer in rotated(peers, number):
            peer.samples.append(peer.round())
    for peer in peers:
        peer.stop()
    return peers


def rotated(peers: Sequence[Peer], number: int) -> list[Peer]:
    """Each round begins with another peer."""
    turn = number % len(peers)
    return [*peers[turn:], *peers[:turn]]


def medians(peers: list[Peer]) -> dict[str, dict[str, float]]:
    """Seconds per call and peak memory of each peer."""
    found = {}
    for peer in peers:
        found[peer.name] = {"seconds": statistics.median(s["seconds"] / s["calls"] for s in peer.samples)}
        if "peak_bytes" in peer.samples[0]:
            found[peer.name]["peak_bytes"] = statistics.median(s["peak_bytes"] for s in peer.samples)
    return found


def connections(running: server.Server) -> int:
    """How many connections a thousand calls in a row open."""
    before = running.accepted()
    peer = Peer("connections", OURS, {"url": running.url, "calls": str(SEQUENTIAL_CALLS)})
    peer.start()
    peer.round()
    peer.stop()
    return running.accepted() - before - 1


def files(running: server.Server, rounds: int) -> dict[str, dict[str, float]]:
    """Writing and reading a large snapshot as a directory, beside what the system has for that."""
    folder = running.folder / "written"
    names = ("write", "cp -r", "read", "tar -cf - | cat")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    peer = Peer("files", OURS, {"url": running.url, "folder": str(folder)})
    peer.start()
    for _ in range(rounds):
        sample = peer.round()
        seconds["write"].append(sample["seconds"])
        seconds["read"].append(sample["read_seconds"])
        copy, archive = (
            ["cp", "-r", str(folder), f"{folder}-copy"],
            f"tar -cf - '{folder}' 2>/dev/null | cat >/dev/null",
        )
        for name, command in (("cp -r", copy), ("tar -cf - | cat", ["sh", "-c", archive])):
            start = time.perf_counter()
            subprocess.run(command, check=True)
            seconds[name].append(time.perf_counter() - start)
        shutil.rmtree(folder)
        shutil.rmtree(f"{folder}-copy")
    peer.stop()
    return {name: {"seconds": statistics.median(values)} for name, values in seconds.items()}


def starts(rounds: int) -> dict[str, dict[str, float]]:
    """How long programs take from start to end."""
    seconds: dict[str, list[float]] = {name: [] for name in STARTS}
    for _ in range(rounds):
        for name, command in STARTS.items():
            start = time.perf_counter()
            ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
            if ended.returncode != 0:
                raise PeerError(f"starts, {name}: ended with status {ended.returncode}")
            seconds[name].append(time.perf_counter() - start)
    return {name: {"seconds": statistics.median(values)} for name, values in seconds.items()}


def machine() -> dict[str, object]:
    """What the figures depend on."""
    names = (OURS, "descope", "httpx", "aiohttp", "orjson")
    return {
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in names},
    }


def transfers(running: server.Server, config: dict[str, str], rounds: int, body: bytes) -> dict[str, dict[str, float]]:
    """The case `transfer`, with a look at what arrived."""
    found = medians(measure("transfer", config, rounds))
    sizes = running.imports()
    if len(sizes) != rounds * len(PEERS["transfer"]) or min(sizes) < len(body):
        raise PeerError(f"transfer: not every import arrived whole: {sizes}")
    return found


def run(arguments: argparse.Namespace) -> dict[str, object]:
    """Measures what was asked for; what cannot be measured is said, and is no reason to lose the rest."""
    body = snapshots.export(arguments.megabytes)
    rounds = arguments.rounds
    figures: dict[str, object] = {}
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="descope-projects-bench-") as folder, ExitStack() as stack:
        running = stack.enter_context(server.running(Path(folder), body))
        plain = {"url": running.url}
        tls = {"url": running.tls_url, "ca_bundle": str(running.ca_bundle)}
        cases: dict[str, Callable[[], object]] = {
            case: partial(lambda case: medians(measure(case, tls if case == "tls" else plain, rounds)), case)
            for case in PEERS
        }
        cases["transfer"] = lambda: transfers(running, plain, rounds, body)
        cases["connections"] = lambda: connections(running)
        cases["files"] = lambda: files(running, rounds)
        cases["starts"] = lambda: starts(rounds)
        for case, work in cases.items():
            if arguments.only not in case:
                continue
            print(f"measuring: {case}", file=sys.stderr)
            try:
                figures[case] = work()
            except PeerError as error:
                print(error, file=sys.stderr)
                failures.append(str(error))
    return {
        "machine": machine(),
        "rounds": rounds,
        "body_bytes": len(body),
        "figures": figures,
        "failures": failures,
    }


def main() -> int:
    """Measures and prints; the status is 1 if something could not be measured, whatever the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the result to this file too")
    parser.add_argument("--rounds", type=int, default=11, help="how many rounds of each peer (default: 11)")
    parser.add_argument("--megabytes", type=float, default=44, help="size of the large export (default: 44)")
    parser.add_argument("--only", default="", help="only the cases with this word in their name")
    arguments = parser.parse_args()
    result = run(arguments)
    rows = targets.judge(result)
    result["targets"] = [row.to_dict() for row in rows]
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    print(targets.details(result))
    print(targets.table(rows))
    return 1 if result["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
