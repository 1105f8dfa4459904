"""What a process holds after many calls: measured, and flat.

    python tests/soak_memory.py [--calls 100000] [--face sync]

A round is one call of each kind, good and bad ones, and in asyncio a cancelled one. The server is in another process.
`test_memory.py` compares two counts after fewer rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from descope_projects import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = """
import asyncio, ctypes, gc, json, sys
from descope_projects import AsyncClient, Client, DescopeError

face, options = sys.argv[1], json.loads(sys.argv[2])
new_projects = options.pop("new_projects")
identity, key = options.pop("identity"), options.pop("key")
snapshot = None


def sync_calls(client):
    global snapshot
    own = client.own_project
    client.list_projects()
    client.list_projects()
    own.update_name("renamed")
    if snapshot is None:
        snapshot = own.export_snapshot()
    own.validate_snapshot(snapshot)
    client.request("GET", "/v1/mgmt/license")
    own.import_snapshot(snapshot)
    if new_projects:
        made = own.clone(name="preview", settle=False)
        made.project.delete(confirm=made.id, settle=False)
    try:
        client.project("P2nowhere").export_snapshot()
    except DescopeError:
        pass
    else:
        raise SystemExit("it did not fail")


async def async_calls(client):
    global snapshot
    own = client.own_project
    await asyncio.gather(client.list_projects(), client.list_projects())
    await own.update_name("renamed")
    if snapshot is None:
        snapshot = await own.export_snapshot()
    await own.validate_snapshot(snapshot)
    cancelled = asyncio.ensure_future(client.request("GET", "/v1/mgmt/license"))
    await asyncio.sleep(0)
    cancelled.cancel()
    await own.import_snapshot(snapshot)
    if new_projects:
        made = await own.clone(name="preview", settle=False)
        await made.project.delete(confirm=made.id, settle=False)
    try:
        await client.project("P2nowhere").export_snapshot()
    except DescopeError:
        pass
    else:
        raise SystemExit("it did not fail")


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]


def in_use():
    info = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if info is None:
        return None
    info.restype = Mallinfo
    told = info()
    return told.uordblks + told.hblkhd


def tell():
    gc.collect()
    resident = None
    try:
        with open("/proc/self/statm") as statm:
            resident = int(statm.read().split()[1]) * 4
    except OSError:
        pass
    blocks = sys.getallocatedblocks()
    print(json.dumps({"resident": resident, "blocks": blocks, "bytes": in_use()}), flush=True)


def steps():
    # So many rounds each.
    for line in sys.stdin:
        yield int(line)
        tell()


async def main():
    async with AsyncClient(identity, key, options) as client:
        for rounds in steps():
            for _ in range(rounds):
                await async_calls(client)


if face == "sync":
    with Client(identity, key, options) as client:
        for rounds in steps():
            for _ in range(rounds):
                sync_calls(client)
else:
    asyncio.run(main())
"""
PER_ROUND = 9
"""Calls in a round; two fewer without a clone and its deletion."""


class Held(NamedTuple):
    """What the process holds."""

    resident: int | None
    """KiB, as the system counts them; None where there is no /proc."""
    blocks: int
    """Objects of Python."""
    bytes: int | None
    """Bytes that were taken from the C allocator and not given back; None where it does not tell."""


def measure(face: str, steps: list[int], *, new_projects: bool) -> Iterator[Held]:
    """Makes so many rounds at each step, in one process, and says what it holds after it.

    With new projects it goes up and down: a client remembers some hundreds, and then begins anew.
    """
    with Emulator() as emulator:
        who = {"identity": emulator.project_id, "key": emulator.management_key}
        options = {**who, "base_url": emulator.url, "new_projects": new_projects}
        arguments = [sys.executable, "-c", SCRIPT, face, json.dumps(options)]
        # With several arenas the allocator tells about the first.
        environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
        pipe = subprocess.PIPE
        with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for rounds in steps:
                process.stdin.write(f"{rounds}\n")
                process.stdin.flush()
                yield Held(**json.loads(process.stdout.readline()))
            process.stdin.close()
            assert process.wait() == 0


def main() -> None:
    """Prints what is held at ten steps."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=100_000, help="of each face")
    parser.add_argument("--face", choices=["sync", "async"], action="append")
    arguments = parser.parse_args()
    rounds = arguments.calls // 10 // PER_ROUND + 1
    for face in arguments.face or ["sync", "async"]:
        print(f"{face:8}{'calls':>10}{'resident KiB':>14}{'Python blocks':>15}{'C bytes in use':>16}")
        for step, held in enumerate(measure(face, [20] + [rounds] * 10, new_projects=True)):
            calls = PER_ROUND * (20 + step * rounds)
            print(f"{'':8}{calls:>10}{held.resident!s:>14}{held.blocks:>15}{held.bytes!s:>16}", flush=True)


if __name__ == "__main__":
    main()
