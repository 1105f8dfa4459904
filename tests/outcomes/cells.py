"""Runs cells: a call, and something that happens to it."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from descope_projects.errors import DescopeError
from outcomes.faults import LIMIT
from private_authority import Authority
from scripted_server import KEY, ScriptedServer, then_close, well

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Face
    from outcomes.calls import Operation
    from outcomes.faults import Fault

ATTEMPTS = 3
PROJECT = "P2cell"
LOGGER = logging.getLogger("descope_projects")


@dataclass(frozen=True)
class Ended:
    """How a call ended, and what the server saw of it."""

    requests: int
    """That began to arrive."""
    executions: int
    error: DescopeError | None
    result: Any
    records: Sequence[logging.LogRecord]


class Records(logging.Handler):
    """Keeps what is logged of one project."""

    def __init__(self, project_id: str) -> None:
        super().__init__(logging.DEBUG)
        self.project_id = project_id
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        if f" of {self.project_id}:" in record.getMessage():
            self.kept.append(record)


class Certificates:
    """For this machine: made when they are needed, and once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @cached_property
    def trusted(self) -> Authority:
        return self._authority("trusted")

    @cached_property
    def stranger(self) -> Authority:
        """Whom no client trusts."""
        return self._authority("stranger")

    def _authority(self, name: str) -> Authority:
        directory = self.directory / name
        directory.mkdir()
        return Authority(directory, name)


@dataclass(frozen=True)
class Ground:
    """What cells are run on."""

    face: Face
    certificates: Certificates

    def run(self, operation: Operation, fault: Fault, *, once: bool = False) -> Ended:
        """The fault happens to each request, or once."""
        return self.run_together([operation], fault, once=once)[0]

    def run_together(self, operations: Sequence[Operation], fault: Fault, *, once: bool = False) -> list[Ended]:
        """All calls at the same time, so that their time limits run out together."""
        with ExitStack() as stack:
            cells = []
            for number, operation in enumerate(operations):
                cell = Cell(self, operation, fault, f"{PROJECT}{number}")
                stack.callback(cell.close)
                cell.prepare(once=once)
                cells.append(cell)
            level = LOGGER.level
            LOGGER.setLevel(logging.DEBUG)
            stack.callback(LOGGER.setLevel, level)
            return [cell.ended(end) for cell, end in zip(cells, self._ends(cells), strict=True)]

    def _ends(self, cells: Sequence[Cell]) -> list[Any]:
        """What each call returns or raises."""

        def end_of(cell: Cell) -> Any:
            try:
                return cell.call()
            except DescopeError as error:
                return error

        async def all_of_them() -> list[Any]:
            return await asyncio.gather(*(cell.call() for cell in cells), return_exceptions=True)

        if self.face.loop is not None:
            return self.face.loop.run_until_complete(all_of_them())
        if len(cells) == 1:
            return [end_of(cells[0])]
        with ThreadPoolExecutor(len(cells)) as pool:
            return list(pool.map(end_of, cells))


class Cell:
    """One call, its client and its server."""

    def __init__(self, ground: Ground, operation: Operation, fault: Fault, project_id: str) -> None:
        self.ground = ground
        self.operation = operation
        self.fault = fault
        self.server = ScriptedServer(ground.certificates.trusted.server() if fault.secure else None)
        self.server.projects = [{"id": project_id, "name": "source"}]
        self.records = Records(project_id)
        options: dict[str, Any] = {
            "base_url": self.server.url,
            "license_handshake": False,
            "max_response_bytes": LIMIT,
            "retry": {"max_attempts": ATTEMPTS, "initial_backoff": 0, "max_backoff": 0},
            **fault.options,
        }
        if fault.secure:
            options["ca_bundle"] = ground.certificates.trusted.path
        self.client = ground.face.client(project_id, KEY, options)
        self.on: Any = self.client
        self.before = 0

    def prepare(self, *, once: bool) -> None:
        operation, fault, server = self.operation, self.fault, self.server
        if operation.prepare is not None:
            # Over a connection of its own: what happens to the next one happens to this call.
            server.script("start_clone", then_close(well))
            self.on = self.ground.face.invoke(operation.prepare(self.client))
            server.wait_until_closed(1)
            self.before = server.begun
        if fault.arrange is not None:
            fault.arrange(self.ground, server)
        if fault.accepted is not None:
            (server.at_accept if once else server.always_at_accept)(fault.accepted)
        if fault.happens is not None:
            (server.script if once else server.always)(operation.key, fault.happens)
        LOGGER.addHandler(self.records)

    def call(self) -> Any:
        large = self.operation.large if self.fault.large else None
        return (large or self.operation.call)(self.on)

    def ended(self, end: Any) -> Ended:
        if isinstance(end, BaseException) and not isinstance(end, DescopeError):
            raise end
        return Ended(
            self.server.begun - self.before,
            self.server.executions(self.operation.key),
            end if isinstance(end, DescopeError) else None,
            None if isinstance(end, DescopeError) else end,
            self.records.kept,
        )

    def close(self) -> None:
        LOGGER.removeHandler(self.records)
        self.server.close()
        self.ground.face.forget(self.client)
