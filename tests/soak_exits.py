"""Scripts that end while calls are in flight; every one must end with status 0.

    python tests/soak_exits.py [--scripts 200] [--busy 4]

Each face × calls in flight × what the server does at that moment, so many scripts each, with so many processes beside
them that only keep the cores busy. `test_exits.py` runs a few of each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product

from processes import Process
from scripted_server import PATIENCE, Gate, ScriptedServer, hold, well

FACES = {
    "sync": """
        client = Client("P2a", "K2a", OPTIONS)
        client.own_project.update_tags([])
        for _ in range(IN_FLIGHT):
            threading.Thread(target=client.list_projects, daemon=True).start()
        sys.stdin.readline()
    """,
    # `asyncio.run` cancels what is left.
    "async": """
        async def main():
            client = AsyncClient("P2a", "K2a", OPTIONS)
            await client.own_project.update_tags([])
            tasks = [asyncio.ensure_future(client.list_projects()) for _ in range(IN_FLIGHT)]
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        asyncio.run(main())
    """,
    "async, loop left alone": """
        client = AsyncClient("P2a", "K2a", OPTIONS)
        loop = asyncio.new_event_loop()
        async def main():
            await client.own_project.update_tags([])
            tasks.extend(asyncio.ensure_future(client.list_projects()) for _ in range(IN_FLIGHT))
            await loop.run_in_executor(None, sys.stdin.readline)
        tasks = []
        loop.run_until_complete(main())
    """,
}
IN_FLIGHT = (0, 1, 64)
MOMENTS = ("it holds them", "it answers them")


@dataclass(frozen=True)
class Cell:
    """One way to end."""

    face: str
    in_flight: int
    moment: str

    def run(self) -> str:
        """Runs one script; "" if it ended well, else how it ended."""
        gate = Gate()
        with ScriptedServer() as server:
            answers = self.moment == "it answers them"
            server.always("list_projects", hold(gate, then=well if answers else None))
            process = Process(FACES[self.face].replace("IN_FLIGHT", str(self.in_flight)), server)
            try:
                server.wait_until(lambda: len(server.seen("update_tags")) == 1)
                server.wait_until(lambda: len(server.seen("list_projects")) == self.in_flight)
            except AssertionError:
                process.process.kill()
                return f"did not come so far: {process.process.communicate()[1][-2000:]}"
            assert process.process.stdin is not None
            process.process.stdin.write("go on\n")
            process.process.stdin.flush()
            if answers:
                gate.open()
            try:
                _, err = process.process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.process.kill()
                return "did not end"
            status = process.process.returncode
            # A call that is cut off may complain; Rust may not.
            return "" if status == 0 and "panicked" not in err else f"status {status}: {err[-2000:]}"


CELLS = [
    Cell(face, in_flight, moment)
    for face, in_flight, moment in product(FACES, IN_FLIGHT, MOMENTS)
    if in_flight or moment == MOMENTS[0]
]


def run(scripts: int, cells: list[Cell] = CELLS, at_once: int = 2) -> dict[Cell, Counter[str]]:
    """Runs so many scripts of each cell; how they ended, by cell."""
    todo = [cell for cell in cells for _ in range(scripts)]
    ends: dict[Cell, Counter[str]] = {cell: Counter() for cell in cells}
    with ThreadPoolExecutor(at_once) as pool:
        for cell, end in zip(todo, pool.map(Cell.run, todo), strict=True):
            ends[cell][end] += 1
    return ends


def main() -> None:
    """Prints a line for each cell; status 1 if a script ended badly."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--scripts", type=int, default=200, help="of each kind")
    parser.add_argument("--busy", type=int, default=2 * (os.cpu_count() or 1), help="processes beside them")
    arguments = parser.parse_args()
    bad = 0
    with ExitStack() as stack:
        for _ in range(arguments.busy):
            busy = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(busy.kill)
        print(f"{arguments.busy} busy processes on {os.cpu_count()} cores")
        print(f"{'face':24}{'in flight':>10}  {'as the script ends':20}{'scripts':>8}{'status 0':>10}")
        for cell in CELLS:
            [ends] = run(arguments.scripts, [cell]).values()
            bad += arguments.scripts - ends[""]
            print(
                f"{cell.face:24}{cell.in_flight:>10}  {cell.moment if cell.in_flight else '':20}"
                f"{arguments.scripts:>8}{ends['']:>10}",
                flush=True,
            )
            for end, count in ends.items():
                if end:
                    print(f"  {count} × {end}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
