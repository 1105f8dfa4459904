"""What is measured: each case starts its peers, and gives their figures."""

from __future__ import annotations

import functools
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import figures
import mutations
import snapshots
from callers import IN_FLIGHT, LIST_PATH, SMALL, SMALL_ASYNC
from runner import Command, Peer, PeerError, Runner, Wrk, measure

if TYPE_CHECKING:
    from collections.abc import Callable

    import server

    # The figures, and what could not be measured.
    Outcome = tuple[figures.Figures, list[str]]

OURS = "descope-projects"
EXPORT_PEERS = ["raw bytes", OURS, "httpx+orjson", "wreq", "primp", "descope"]
TRANSFER_PEERS = [OURS, "httpx+orjson", "descope"]
SEQUENTIAL_CALLS = 1000
FLEET_CALLS = 20_000
# What deepdiff is given: more than this takes it minutes.
DEEPDIFF_MEGABYTES = 1
STARTS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import descope_projects": [sys.executable, "-c", "import descope_projects"],
    "import descope": [sys.executable, "-c", "import descope"],
    "import httpx": [sys.executable, "-c", "import httpx"],
    "descope-projects --version": [str(Path(sys.executable).with_name("descope-projects")), "--version"],
}


@dataclass
class Bench:
    """What all cases share."""

    folder: Path
    # The bodies of exports, by their size in words.
    bodies: dict[str, bytes]
    rounds: int
    # Where our own programs are.
    programs: Path
    running: server.Server | None = None

    @property
    def server(self) -> server.Server:
        """The neutral server."""
        if self.running is None:
            raise PeerError("this case needs the server")
        return self.running


@dataclass(frozen=True)
class Case:
    """A name, and how it is measured."""

    name: str
    run: Callable[[Bench], Outcome]
    needs_server: bool = True


def cases(sizes: list[str]) -> list[Case]:
    """All cases."""
    found = [
        Case("small", functools.partial(_small, place="apart")),
        # A call that goes to and fro spends its time waking the other side up, and how long that takes depends on where
        # the other side is. Left to the scheduler, the floor was 19 µs in one minute and 65 in the next; so each place
        # is a case.
        Case("small, one processor", functools.partial(_small, place="together")),
        Case("tls", functools.partial(_small, place="apart", tls=True)),
        Case("in flight", _in_flight),
        Case("fleet", _fleet),
    ]
    for size in sizes:
        found.append(Case(f"export, {size}", functools.partial(_export, size=size)))
        found.append(Case(f"transfer, {size}", functools.partial(_transfer, size=size)))
    return [
        *found,
        Case("objects", functools.partial(_objects, size=sizes[-1])),
        Case("connections", _connections),
        Case("files", functools.partial(_files, size=sizes[-1]), needs_server=False),
        Case("diff", functools.partial(_diff, size=sizes[-1]), needs_server=False),
        Case("starts", _starts, needs_server=False),
    ]


def _small(bench: Bench, *, place: str, tls: bool = False) -> Outcome:
    """Small calls, one after the other."""
    url = bench.server.tls_url if tls else bench.server.url
    config = {"url": url, **({"ca_bundle": str(bench.server.ca_bundle)} if tls else {})}
    runners: list[Runner] = [Wrk(url + LIST_PATH, 1, bench.folder, place)]
    runners += [Peer.python("small", name, config, place=place) for name in SMALL]
    return _outcome(runners, bench)


def _in_flight(bench: Bench) -> Outcome:
    """Small calls, 64 at a time, from one event loop."""
    runners: list[Runner] = [Wrk(bench.server.url + LIST_PATH, IN_FLIGHT, bench.folder)]
    runners += [Peer.python("in flight", name, {"url": bench.server.url}) for name in SMALL_ASYNC]
    return _outcome(runners, bench)


def _fleet(bench: Bench) -> Outcome:
    """Small calls, 64 at a time, from Rust: one thread there and one in wrk."""
    command = [str(bench.programs / "fleet"), bench.server.url, str(IN_FLIGHT), str(FLEET_CALLS)]
    wrk = Wrk(bench.server.url + LIST_PATH, IN_FLIGHT, bench.folder, "apart")
    return _outcome([wrk, Peer(OURS, command, "apart")], bench)


def _export(bench: Bench, *, size: str) -> Outcome:
    config = {"url": bench.server.urls[size]}
    return _outcome([Peer.python("export", name, config) for name in EXPORT_PEERS], bench, fresh=True)


def _transfer(bench: Bench, *, size: str, case: str = "transfer", peers: tuple[str, ...] = ()) -> Outcome:
    """An export that becomes an import, with a look at what arrived."""
    before = len(bench.server.imports())
    config = {"url": bench.server.urls[size]}
    runners = [Peer.python(case, name, config) for name in peers or TRANSFER_PEERS]
    found = _outcome(runners, bench, fresh=True)
    arrived = bench.server.imports()[before:]
    expected = sum(len(runner.samples) for runner in runners)
    # orjson writes some characters shorter than they came; nobody loses a tenth.
    if len(arrived) < expected or min(arrived, default=0) < len(bench.bodies[size]) * 9 // 10:
        raise PeerError(f"transfer, {size}: not every import arrived whole: {arrived}")
    return found


def _objects(bench: Bench, *, size: str) -> Outcome:
    """The same, with a count of what Python itself handed out for it."""
    return _transfer(bench, size=size, case="objects", peers=(OURS, "httpx+orjson"))


def _connections(bench: Bench) -> Outcome:
    """How many connections a thousand calls in a row open."""
    before = bench.server.accepted()
    config = {"url": bench.server.url, "calls": str(SEQUENTIAL_CALLS)}
    peer = Peer.python("small", OURS, config)
    peer.start()
    peer.round()
    peer.stop()
    # The question's own connection is one of them.
    peer.samples = [{"count": bench.server.accepted() - before - 1}]
    return {"connections": figures.summary(peer.samples)}, []


def _files(bench: Bench, *, size: str) -> Outcome:
    """Writing and reading a large snapshot as a directory, beside what the system has for that."""
    body, folder = bench.folder / "files.json", bench.folder / "written"
    body.write_bytes(bench.bodies[size])
    archive = f"tar -cf - '{folder}' 2>/dev/null | cat >/dev/null"
    commands = [
        Command("cp -r", ["cp", "-r", str(folder), f"{folder}-copy"]),
        Command("tar -cf - | cat", ["sh", "-c", archive]),
    ]
    samples: dict[str, list[dict[str, float]]] = {"write": [], "read": [], **{each.name: [] for each in commands}}
    peer = Peer.python("files", OURS, {"body": str(body), "folder": str(folder)})
    peer.start()
    for _ in range(bench.rounds):
        sample = peer.round()
        resident = sample["resident_bytes"]
        samples["write"].append({"seconds": sample["seconds"], "calls": 1, "resident_bytes": resident})
        samples["read"].append({"seconds": sample["read_seconds"], "calls": 1, "resident_bytes": resident})
        for command in commands:
            samples[command.name].append(command.round())
        shutil.rmtree(folder)
        shutil.rmtree(f"{folder}-copy")
    peer.stop()
    return {name: figures.summary(values) for name, values in samples.items()}, []


def _diff(bench: Bench, *, size: str) -> Outcome:
    """A snapshot and a copy of it of which some files were changed: what the system has for that."""
    one, other = _pair(bench, bench.bodies[size], size)
    git = ["git", "diff", "--no-index", "--stat", str(one), str(other)]
    found, failures = _outcome([Command("git diff", git, statuses=(0, 1))], bench)
    small = snapshots.export(DEEPDIFF_MEGABYTES)
    paths = {name: bench.folder / f"deepdiff-{name}.json" for name in ("one", "other")}
    paths["one"].write_bytes(small)
    paths["other"].write_bytes(mutations.mutated(small))
    deepdiff = Peer.python("deepdiff", "deepdiff", {name: str(path) for name, path in paths.items()})
    failures += measure([deepdiff], 1, fresh=True)
    if deepdiff.samples:
        found[f"deepdiff, {DEEPDIFF_MEGABYTES} MB"] = figures.summary(deepdiff.samples)
    return found, failures


def _pair(bench: Bench, body: bytes, size: str) -> tuple[Path, Path]:
    """A snapshot and its changed copy, as directories."""
    folders = bench.folder / f"one {size}", bench.folder / f"other {size}"
    for folder, content in zip(folders, (body, mutations.mutated(body)), strict=True):
        mutations.write(content, folder)
    return folders


def _starts(bench: Bench) -> Outcome:
    """How long programs take from start to end."""
    return _outcome([Command(name, command) for name, command in STARTS.items()], bench)


def _outcome(runners: list[Runner] | list[Peer], bench: Bench, *, fresh: bool = False) -> Outcome:
    failures = measure(runners, bench.rounds, fresh=fresh)
    return figures.of(runners), failures
