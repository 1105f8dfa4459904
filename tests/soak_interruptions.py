"""How long a call or a question goes on after a signal, or after its task was cancelled.

    python tests/soak_interruptions.py [--runs 50]

The server never answers, so whatever ends a call is the signal. Times are from right before the signal is sent until
the script has its exception (both read the same monotonic clock) or until the program has ended.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import signal
import statistics
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

from descope_projects import Emulator
from processes import Process
from scripted_server import Gate, ScriptedServer, hold

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 0.1
PROGRAM = Path(sysconfig.get_path("scripts")) / "descope-projects"
SYNC = """
    import time
    def stop(*_):
        raise SystemExit
    signal.signal(signal.SIGTERM, stop)
    client = Client("P2a", "K2a", OPTIONS)
    try:
        client.own_project.clone(settle=False)
    except (KeyboardInterrupt, SystemExit):
        tell(at=time.monotonic())
"""
ASYNC = """
    import time
    async def main():
        client = AsyncClient("P2a", "K2a", OPTIONS)
        task = asyncio.ensure_future(client.own_project.clone(settle=False))
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        began = time.monotonic()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            tell(took=time.monotonic() - began)
    asyncio.run(main())
"""


def in_sync(number: signal.Signals) -> float:
    with ScriptedServer() as server:
        gate = Gate()
        server.script("clone", hold(gate))
        process = Process(SYNC, server)
        gate.wait_until_reached()
        began = time.monotonic()
        process.process.send_signal(number)
        [told] = process.end()
        ended: float = told["at"]
        return ended - began


def cancelled() -> float:
    with ScriptedServer() as server:
        gate = Gate()
        server.script("clone", hold(gate))
        process = Process(ASYNC, server)
        gate.wait_until_reached()
        [told] = process.end("go on\n")
        took: float = told["took"]
        return took


def environment(emulator: Emulator) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("DESCOPE_")}
    identity = {"DESCOPE_PROJECT_ID": emulator.project_id, "DESCOPE_MANAGEMENT_KEY": emulator.management_key}
    return {**others, **identity, "DESCOPE_BASE_URL": emulator.url}


def in_program(number: signal.Signals) -> float:
    with Emulator() as emulator:
        fault = emulator.fail("list_projects", action="hold")
        arguments = [PROGRAM, "projects", "list", "--json"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(arguments, env=environment(emulator), stdin=pipe, stdout=pipe, stderr=pipe)
        assert emulator.wait_until_held(fault)
        began = time.monotonic()
        process.send_signal(number)
        out, _ = process.communicate()
        took = time.monotonic() - began
        assert json.loads(out)["exit_status"] == process.returncode == 128 + number
        return took


def at_question(number: signal.Signals) -> float:
    with Emulator() as emulator:
        here, there = pty.openpty()
        arguments = [PROGRAM, "projects", "delete", emulator.project_id]
        process = subprocess.Popen(
            arguments, env=environment(emulator), stdin=there, stderr=there, stdout=subprocess.DEVNULL
        )
        os.close(there)
        seen = b""
        while b"to go on:" not in seen:
            seen += os.read(here, 4096)
        began = time.monotonic()
        process.send_signal(number)
        status = process.wait()
        took = time.monotonic() - began
        os.close(here)
        assert status == 128 + number
        return took


MEASURES: dict[str, Callable[[], float]] = {
    "SIGINT in a sync call": lambda: in_sync(signal.SIGINT),
    "SIGTERM in a sync call, a handler raises": lambda: in_sync(signal.SIGTERM),
    "a cancelled task": cancelled,
    "SIGINT in a call of the program, to its end": lambda: in_program(signal.SIGINT),
    "SIGTERM in a call of the program, to its end": lambda: in_program(signal.SIGTERM),
    "SIGINT at a question, to the program's end": lambda: at_question(signal.SIGINT),
    "SIGTERM at a question, to the program's end": lambda: at_question(signal.SIGTERM),
}


def main() -> None:
    """Prints a line for each measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=50, help="of each")
    arguments = parser.parse_args()
    print(f"{'milliseconds':46}{'runs':>6}{'median':>8}{'max':>8}{'over 100':>10}")
    for name, measure in MEASURES.items():
        took = [measure() for _ in range(arguments.runs)]
        late = sum(one > GOAL for one in took)
        median, most = statistics.median(took) * 1000, max(took) * 1000
        print(f"{name:46}{len(took):>6}{median:>8.1f}{most:>8.1f}{late:>10}", flush=True)


if __name__ == "__main__":
    main()
