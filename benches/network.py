"""Counts the round trips of calls where each takes 30 ms and one packet of 200 is lost: `make bench-network`.

    python benches/network.py [--json FILE] [--rounds N]

Server and clients run in a network of their own, over a wire (`wire.py`) that delays and loses; nothing else of the
machine is touched, and nothing is left behind. How often a call may have waited for the server the wire itself counts,
where nothing is sent that nobody waits for; elsewhere it is the whole round trips in the call's time. On a connection
that is there already it should be once. Needs Linux, root, a TUN device, iproute2 and nginx; says what is missing and
measures nothing otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import server
import snapshots
from figures import Spread
from run import machine
from runner import HERE, Peer, end_in_order, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OURS, HTTP2 = "descope-projects", "TLS, HTTP/2"
ROUND_TRIP = 0.030
LOSS = 0.005
NEAR, FAR = "10.9.0.1", "10.9.0.2"
TOGETHER = 20
HANDLES = 10
# The snapshot's text and ids shrink to a fifth; a request's head is far below this.
COMPRESSED, HEAD = 0.5, 2000
_INSIDE = "BENCH_NETWORK_INSIDE"
# A network that ends with the program.
_WITHIN = ("unshare", "--net")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    figure: str
    spread: str
    # What it should be; none where a figure is only for comparison.
    target: str
    verdict: str


def why_not() -> str | None:
    """Why this machine cannot do it."""
    if sys.platform != "linux":
        return "a network of one's own needs Linux"
    if os.geteuid() != 0:
        return "a network of one's own needs root"
    missing = [name for name in ("unshare", "ip") if shutil.which(name, path=_path()) is None]
    if missing:
        return f"missing: {', '.join(missing)} (apt-get install iproute2 util-linux)"
    tried = subprocess.run(
        [*_WITHIN, "ip", "tuntap", "add", "dev", "tried0", "mode", "tun"],
        check=False,
        capture_output=True,
        text=True,
        env=_environment(),
    )
    if tried.returncode != 0:
        return f"this machine gives no network of one's own with a TUN device: {tried.stderr.strip()}"
    return None


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": _path(), _INSIDE: "yes"}


class Wire:
    """The long wire; it is gone with its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def flights(self) -> int:
        """How often a client began to send after the server had, since the last question."""
        assert self._process.stdin is not None  # noqa: S101 -- they are pipes
        assert self._process.stdout is not None  # noqa: S101 -- the same
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextlib.contextmanager
def long_wire() -> Iterator[Wire]:
    """Lays it."""
    command = [sys.executable, str(HERE / "wire.py"), NEAR, str(ROUND_TRIP / 2), str(LOSS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        if not process.stdout.readline():
            sys.exit("the wire could not be made")
        yield Wire(process)
        process.communicate()


@dataclass
class OnTheWire(Peer):
    """A peer whose rounds say how often it may have waited for the server."""

    wire: Wire | None = None

    def round(self) -> dict[str, float]:
        """One round."""
        assert self.wire is not None  # noqa: S101 -- everyone here is given one
        self.wire.flights()
        return {**super().round(), "flights": self.wire.flights()}


@dataclass
class Bench:
    """What all rows share."""

    wire: Wire
    running: server.Server
    rounds: int
    failures: list[str]

    def measure(self, case: str, name: str, config: dict[str, str], *, fresh: bool = False) -> list[dict[str, float]]:
        """The samples of one call a round."""
        one = {**config, "calls": "1"} if case == "small" else {**config, "calls_of_a_task": "1"}
        peer = OnTheWire.python(case, name, one)
        peer.wire = self.wire
        self.failures += measure([peer], self.rounds, fresh=fresh)
        return peer.samples


def inside(rounds: int) -> tuple[list[Row], list[str]]:
    """All rows."""
    rows: list[Row] = []
    body = snapshots.export(1)
    with tempfile.TemporaryDirectory(prefix="descope-projects-bench-") as name:
        serving = functools.partial(server.running, Path(name), {"1 MB": body}, gzip=True, listens=NEAR, host=FAR)
        with long_wire() as wire, serving() as running:
            bench = Bench(wire, running, rounds, [])
            trust = {"ca_bundle": str(running.ca_bundle)}
            places: dict[str, dict[str, str]] = {
                "plain": {"url": running.url},
                "TLS": {"url": running.tls_url, **trust},
                HTTP2: {"url": running.http2_url, **trust},
            }
            for place, config in places.items():
                rows += _calls(bench, place, config)
            rows += _together(bench, places[HTTP2])
            rows += _counts(running, places, body)
    return rows, bench.failures


def _calls(bench: Bench, place: str, config: dict[str, str]) -> list[Row]:
    """One call at a time: over a connection that is there, and the first one of a client."""
    alone = {**config, "in_flight": "1"}
    # Over HTTP/2 a client acknowledges the server's settings and its window, which nobody waits for.
    exact = place != HTTP2
    rows = _trips(f"warm call, {place}, sync", bench.measure("small", OURS, config), 1, flights=exact)
    rows += _trips(f"warm call, {place}, async", bench.measure("in flight", OURS, alone), 1, flights=exact)
    rows += _trips(f"warm call, {place}, httpx", bench.measure("small", "httpx", config), None, flights=exact)
    rows += _trips(f"warm call, {place}, official SDK", bench.measure("small", "descope", config), None, flights=exact)
    # The connection, TLS, the licence's tier, the call.
    steps = 3 if place == "plain" else 4
    first = bench.measure("small", OURS, config, fresh=True)
    # By the clock there is more in it, such as reading certificates: only what the wire saw is judged.
    return [*rows, *_trips(f"first call of a client, {place}, sync", first, steps if exact else None, flights=exact)]


def _together(bench: Bench, config: dict[str, str]) -> list[Row]:
    """Calls at the same time over HTTP/2."""
    before = bench.running.accepted()
    samples = bench.measure("in flight", OURS, {**config, "in_flight": str(TOGETHER)})
    connections = bench.running.accepted() - before - 1
    # All of them together take as long as one.
    samples = [{**sample, "calls": 1} for sample in samples]
    return [
        *_trips(f"{TOGETHER} calls at once, HTTP/2, async", samples, 1, flights=False),
        _count(f"connections of {TOGETHER} calls at once, HTTP/2, from the first call on", connections, 1),
    ]


def _counts(running: server.Server, places: dict[str, dict[str, str]], body: bytes) -> list[Row]:
    """What needs no time: connections, bytes."""
    from callers import our_client

    rows = []
    for place, config in places.items():
        before = running.accepted()
        client = our_client(config)
        for number in range(HANDLES):
            client.project(f"P2handle{number}").export_snapshot()
        rows.append(_count(f"connections of {HANDLES} handles' calls, {place}", running.accepted() - before - 1, 1))
        client.close()
    client = our_client(places["plain"])
    before_exports, before_imports = len(running.exports()), len(running.imports())
    snapshot = client.own_project.export_snapshot()
    client.project("P2other").import_snapshot(snapshot)
    client.close()
    exported, imported = running.exports()[before_exports:], running.imports()[before_imports:]
    share = exported[0] / len(body)
    small = len(exported) == 1 and share <= COMPRESSED
    once = len(imported) == 1 and len(body) < imported[0] < len(body) + HEAD
    return [
        *rows,
        Row("export: bytes of the answer, of its size", f"{share:.0%}", "-", f"< {COMPRESSED:.0%}", _judged(small)),
        Row("import: bytes received, of its size", f"{sum(imported) / len(body):.1%}", "-", "100 %", _judged(once)),
    ]


def _trips(what: str, samples: list[dict[str, float]], expected: int | None, *, flights: bool) -> list[Row]:
    """By the clock, and where that is exact by what the wire saw."""
    if not samples:
        return []
    seen = {"by the clock": [sample["seconds"] / sample["calls"] / ROUND_TRIP for sample in samples]}
    if flights:
        seen["on the wire"] = [sample["flights"] / sample["calls"] for sample in samples]
    rows = []
    for how, values in seen.items():
        spread = Spread.of(values)
        judged = expected is not None and (how == "on the wire" or not flights)
        rows.append(
            Row(
                f"{what}: round trips {how}",
                f"{spread.median:.2f}",
                f"{spread.lower:.2f} … {spread.upper:.2f}",
                str(expected) if judged else "",
                _judged(int(spread.median) <= (expected or 0)) if judged else "",
            )
        )
    return rows


def _count(what: str, counted: int, most: int) -> Row:
    return Row(what, str(counted), "-", str(most), _judged(counted <= most))


def _judged(met: bool) -> str:  # noqa: FBT001 -- the verdict is the argument
    return "met" if met else "MISSED"


def table(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    lines = ["| what | figure | quartiles | target | verdict |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.figure} | {row.spread} | {row.target} | {row.verdict} |" for row in rows]
    return "\n".join(lines)


def main() -> int:
    """Measures in a network of its own; the status is 1 if something could not be measured or is not what it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the result to this file too")
    parser.add_argument("--rounds", type=int, default=21, help="how many rounds of each peer (default: 21)")
    arguments = parser.parse_args()
    if _INSIDE not in os.environ:
        reason = why_not()
        if reason is not None:
            print(f"NOT MEASURED: {reason}")
            return 0
        command = [*_WITHIN, sys.executable, *sys.argv]
        return subprocess.run(command, check=False, env=_environment()).returncode
    end_in_order()
    rows, failures = inside(arguments.rounds)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        result = {
            "machine": machine(),
            "round_trip_seconds": ROUND_TRIP,
            "lost": LOSS,
            "rows": [asdict(row) for row in rows],
            "failures": failures,
        }
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(table(rows))
    print("\n".join(failures), file=sys.stderr)
    return 1 if failures or any(row.verdict == "MISSED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
