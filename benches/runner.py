"""The processes that are measured, in rounds that are interleaved."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import server
from callers import HEADERS
from rounds import memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Sample = dict[str, float]

HERE = Path(__file__).parent
_LUA = """
wrk.method, wrk.body = "POST", "{}"
%s
done = function(summary)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("\\n[%%d, %%d, %%d]\\n", summary.requests, summary.duration, failed))
end
"""
_WRK_SECONDS = 1
_BEFORE_THE_END = 0.8


class PeerError(Exception):
    """A peer cannot be measured, or ended before it was done."""


class Runner(Protocol):
    """Something that does rounds."""

    name: str
    samples: list[Sample]

    def start(self) -> None:
        """Starts it and waits until it is ready."""

    def round(self) -> Sample:
        """One round."""

    def stop(self) -> None:
        """Lets it end by itself."""


@dataclass
class Place:
    """Which processors a client may use."""

    name: str

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Whatever is started meanwhile is kept there."""
        everything = server.processors()
        server.pin({"apart": everything[:1], "together": everything[-1:]}.get(self.name, everything))
        try:
            yield
        finally:
            server.pin(everything)


@dataclass
class Peer:
    """A process that says `ready`, and one line for each line: `peers.py`, or one of our own programs."""

    name: str
    command: list[str]
    place: str = "anywhere"
    samples: list[Sample] = field(default_factory=list)

    @classmethod
    def python(
        cls, case: str, name: str, config: dict[str, str], *, place: str = "anywhere", interpreter: str = sys.executable
    ) -> Peer:
        """A client in Python."""
        return cls(name, [interpreter, str(HERE / "peers.py"), case, name, json.dumps(config)], place)

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        with Place(self.place)():
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def round(self) -> Sample:
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
            raise PeerError(f"{self.name}: ended with status {self.process.wait()}")
        return line


@dataclass
class Wrk:
    """The load generator that is next to no client, for a second each round."""

    url: str
    connections: int
    folder: Path
    place: str = "anywhere"
    name: str = "wrk"
    samples: list[Sample] = field(default_factory=list)

    def start(self) -> None:
        """Writes down what it is to send."""
        headers = "\n".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(HEADERS[name])}" for name in HEADERS)
        self.script = self.folder / "wrk.lua"
        self.script.write_text(_LUA % headers)

    def round(self) -> Sample:
        """One second."""
        wrk = server.program("wrk", "wrk")
        command = [wrk, "-t1", f"-c{self.connections}", f"-d{_WRK_SECONDS}s", "-s", str(self.script), self.url]
        resident = 0
        with (
            Place(self.place)(),
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
        ):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_WRK_SECONDS * _BEFORE_THE_END)
            with contextlib.suppress(OSError):
                resident = memory("VmHWM", process.pid)
            output = process.communicate()[0]
        lines = [line for line in output.splitlines() if line.startswith("[")]
        if not lines:
            raise PeerError(f"wrk: ended with status {process.returncode}: {output}")
        requests, microseconds, failed = json.loads(lines[-1])
        if failed or not requests:
            raise PeerError(f"wrk: {failed} of {requests} requests failed")
        return {"seconds": microseconds / 1_000_000, "calls": requests, "resident_bytes": resident}

    def stop(self) -> None:
        """It has ended."""


@dataclass
class Command:
    """A program from its start to its end."""

    name: str
    command: list[str]
    statuses: tuple[int, ...] = (0,)
    samples: list[Sample] = field(default_factory=list)

    def start(self) -> None:
        """There is nothing to prepare."""

    def round(self) -> Sample:
        """One run."""
        start = time.perf_counter()
        ended = subprocess.run(self.command, check=False, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        if ended.returncode not in self.statuses:
            raise PeerError(f"{self.name}: ended with status {ended.returncode}")
        return {"seconds": seconds, "calls": 1}

    def stop(self) -> None:
        """It has ended."""


def measure(runners: Sequence[Runner], rounds: int, *, fresh: bool = False) -> list[str]:
    """Fills in all samples; what cannot be measured is left out and told, and is no reason to lose the rest.

    `fresh` means a new process each time: memory that was used once is not used for the first time again.
    """
    measurement = _Measurement(list(runners))
    if fresh:
        measurement.rounds(rounds, _from_start_to_end)
        return measurement.failures
    measurement.rounds(1, _warm)
    measurement.rounds(rounds, lambda runner: runner.round())
    for runner in measurement.left:
        runner.stop()
    return measurement.failures


@dataclass
class _Measurement:
    left: list[Runner]
    failures: list[str] = field(default_factory=list)

    def rounds(self, rounds: int, work: Callable[[Runner], Sample | None]) -> None:
        for number in range(rounds):
            for runner in rotated(self.left, number):
                self._one(runner, work)

    def _one(self, runner: Runner, work: Callable[[Runner], Sample | None]) -> None:
        try:
            sample = work(runner)
        except (PeerError, OSError) as error:
            self.failures.append(str(error))
            self.left.remove(runner)
            runner.samples.clear()
        else:
            if sample:
                runner.samples.append(sample)


def _warm(runner: Runner) -> None:
    runner.start()
    runner.round()


def _from_start_to_end(runner: Runner) -> Sample:
    runner.start()
    sample = runner.round()
    runner.stop()
    return sample


def end_in_order() -> None:
    """Whoever is told to end (SIGTERM) ends what it has started first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def rotated(runners: Sequence[Runner], number: int) -> list[Runner]:
    """Each round begins with another one."""
    turn = number % max(len(runners), 1)
    return [*runners[turn:], *runners[:turn]]
