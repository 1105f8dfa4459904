"""What is left of a key in the memory of a Python process when its clients are gone.

The core's own copies are counted in `src/core/tests/secrets_memory.rs`: here it is whether the way there leaves any.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from processes import Process

if TYPE_CHECKING:
    from scripted_server import ScriptedServer

# hyper writes the headers of a request into a buffer of its own, one for each connection.
OF_HYPER = 1
# Letters that are looked for: an allocator overwrites the beginning of what is given back to it, and no more.
END = 16
SYNC = """
def use():
    with Client("P2source", key, OPTIONS) as client:
        for _ in range(3):
            client.list_projects()
        client.project("P2source", management_key=key).update_name("x")
        repr(client), client.own_project
        at("held")
"""
ASYNC = """
async def main():
    async with AsyncClient("P2source", key, OPTIONS) as client:
        for _ in range(3):
            await client.list_projects()
        await client.project("P2source", management_key=key).update_name("x")
        at("held")

def use():
    asyncio.run(main())
"""
ASKED = """
def use():
    with Client("P2source", lambda: key, OPTIONS) as client:
        for _ in range(3):
            client.list_projects()
        at("held")
"""
REFUSED = """
def use():
    for wrong in ({"timeout": key}, {"headers": {"X-Key": [key]}}, {"headers": {"X-Key": key}, "read_only": key}):
        try:
            Client("P2source", key, wrong)
        except ValueError:
            pass
    at("held")
"""
SECRETS = """
def use():
    given = {"connectors": [{"id": "CI1", "name": "Mail", "type": "password", "value": key}]}
    with Client("P2source", "K2a", {**OPTIONS, "headers": {"X-Api-Key": key}}) as client:
        client.own_project.validate_snapshot(FILES, input_secrets=given)
        client.own_project.import_snapshot(FILES, {"input_secrets": given})
        client.request("POST", "/v1/mgmt/other", {"inputSecrets": given})
        at("held")
"""
SCRIPT = """
import gc

def at(place):
    gc.collect()
    tell(at=place)
    sys.stdin.readline()

key = sys.stdin.readline().strip()
for _ in range(3):
    at("read")  # Where it was read into is used again.
at("given")
{use}
use()
at("gone")
"""


def copies(process: int, text: bytes) -> int:
    """How often it is in the memory that the process can write to."""
    maps = Path(f"/proc/{process}/maps").read_text(encoding="ascii")
    ranges = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", maps, re.MULTILINE)
    found = 0
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for first, last in ((int(first, 16), int(last, 16)) for first, last in ranges):
            with contextlib.suppress(OSError):  # A device, or memory that is there no more.
                found += os.pread(memory.fileno(), last - first, first).count(text)
    return found


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="this system does not show a process's memory")
@pytest.mark.parametrize("use", [SYNC, ASYNC, ASKED, REFUSED, SECRETS], ids=["sync", "async", "asked", "no", "secrets"])
def test_nothing_of_a_secret_is_left(server: ScriptedServer, use: str) -> None:
    secret = f"K2{secrets.token_hex(16)}"
    process = Process(SCRIPT.format(use=use), server)
    pipe: Any = process.process.stdin
    counted = {}
    pipe.write(secret + "\n")
    pipe.flush()
    for place in ("read", "read", "read", "given", "held", "gone"):
        assert process.line() == {"at": place}
        counted[place] = copies(process.process.pid, secret[-END:].encode())
        pipe.write("\n")
        pipe.flush()
    assert process.end() == []
    assert counted["given"] > 0
    assert counted["held"] > counted["given"] or use in {ASKED, REFUSED}, counted
    assert counted["gone"] <= counted["given"] + (0 if use is REFUSED else OF_HYPER), counted
