"""One client in a process of its own: prepares, says so, and does a round whenever it is told to.

    python benches/peers.py CASE PEER '{"url": …}'

`ready` on stdout; then for each line on stdin one JSON document: how many calls, how many seconds, how much memory.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import tracemalloc
from threading import Barrier
from typing import TYPE_CHECKING

from callers import (
    EXPORT_PATH,
    HEADERS,
    IMPORT_PATH,
    IN_FLIGHT,
    LIST_PATH,
    OTHER_PROJECT_ID,
    SMALL,
    SMALL_ASYNC,
    Raw,
    official,
    our_client,
    primp_options,
    wreq_options,
)
from rounds import measured, memory, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

    from rounds import Round


def small(peer: str, config: dict[str, str]) -> Round:
    """Small calls, one after the other."""
    make, calls = SMALL[peer]
    return repeated(make(config), int(config.get("calls", calls)))


def in_flight(peer: str, config: dict[str, str]) -> Round:
    """Small calls, so many at a time, from one event loop."""
    loop = asyncio.new_event_loop()
    make, calls = SMALL_ASYNC[peer]
    tasks = int(config.get("in_flight", IN_FLIGHT))
    # As many calls a round as with 64, whatever the number of tasks.
    calls = int(config.get("calls_of_a_task", max(1, calls * IN_FLIGHT // tasks)))

    async def prepare() -> Callable[[], object]:
        return await make(config)

    call = loop.run_until_complete(prepare())

    async def worker() -> None:
        for _ in range(calls):
            await call()

    async def together() -> None:
        await asyncio.gather(*(worker() for _ in range(tasks)))

    def one_round() -> dict[str, float]:
        start = time.perf_counter()
        loop.run_until_complete(together())
        return {"seconds": time.perf_counter() - start, "calls": calls * tasks}

    return one_round


def export(peer: str, config: dict[str, str]) -> Round:
    """One large export, held: as bytes, as a snapshot, or as Python objects."""
    return measured(_exports(peer, config))


def _exports(peer: str, config: dict[str, str]) -> Callable[[], object]:
    """How a peer exports, over a connection that was used before."""
    url = config["url"]
    if peer == "raw bytes":
        raw = Raw(url)
        raw.post(raw.request.format(LIST_PATH).encode())
        request = raw.request.format(EXPORT_PATH).encode()
        return lambda: raw.post_into(request)
    if peer == "descope-projects":
        client = our_client(config)
        client.list_projects()
        return client.own_project.export_snapshot
    if peer == "descope":
        return official(config).mgmt.project.export_snapshot
    if peer == "httpx+orjson":
        import httpx
        import orjson

        pooled = httpx.Client(base_url=url, headers=HEADERS)
        pooled.post(LIST_PATH, content=b"{}")
        return lambda: orjson.loads(pooled.post(EXPORT_PATH, content=b"{}").content)
    if peer == "wreq":
        from wreq import blocking

        wreq = blocking.Client(**wreq_options(config))
        wreq.post(url + LIST_PATH, body=b"{}").json()
        return lambda: wreq.post(url + EXPORT_PATH, body=b"{}").json()
    if peer == "primp":
        from primp import Client

        primp = Client(**primp_options(config))
        primp.post(url + LIST_PATH, content=b"{}").json()
        return lambda: primp.post(url + EXPORT_PATH, content=b"{}").json()
    raise ValueError(peer)


def transfer(peer: str, config: dict[str, str]) -> Round:
    """One large export, imported into another project."""
    return measured(_transfers(peer, config))


def objects(peer: str, config: dict[str, str]) -> Round:
    """The same, with a count of the memory that Python itself handed out for it: objects, texts, bytes."""
    work = _transfers(peer, config)

    def one_round() -> dict[str, float]:
        tracemalloc.start()
        start = time.perf_counter()
        work()
        seconds = time.perf_counter() - start
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return {"seconds": seconds, "calls": 1, "python_bytes": peak}

    return one_round


def _transfers(peer: str, config: dict[str, str]) -> Callable[[], object]:
    if peer == "descope-projects":
        client = our_client(config)
        client.list_projects()
        target = client.project(OTHER_PROJECT_ID)
        return lambda: target.import_snapshot(client.own_project.export_snapshot())
    if peer == "descope":
        source, destination = official(config), official(config, OTHER_PROJECT_ID)
        return lambda: destination.mgmt.project.import_snapshot(source.mgmt.project.export_snapshot()["files"])
    if peer == "httpx+orjson":
        import httpx
        import orjson

        pooled = httpx.Client(base_url=config["url"], headers=HEADERS, timeout=60)
        pooled.post(LIST_PATH, content=b"{}")

        def move() -> object:
            exported = orjson.loads(pooled.post(EXPORT_PATH, content=b"{}").content)
            return pooled.post(IMPORT_PATH, content=orjson.dumps({"files": exported["files"]})).json()

        return move
    raise ValueError(peer)


def files(_: str, config: dict[str, str]) -> Round:
    """A snapshot written to a directory that is not there, and read back."""
    from pathlib import Path

    from descope_projects import Snapshot

    snapshot = Snapshot.from_files(json.loads(Path(config["body"]).read_bytes())["files"])

    def one_round() -> dict[str, float]:
        start = time.perf_counter()
        snapshot.write(config["folder"])
        written = time.perf_counter()
        again = Snapshot.read(config["folder"])
        read = time.perf_counter()
        if len(again) != len(snapshot):
            raise ValueError("what was read is not what was written")
        return {"seconds": written - start, "read_seconds": read - written, "calls": 1}

    return one_round


def looked_at(_: str, config: dict[str, str]) -> Round:
    """One large export, and a first look at its files: whether they are found on arrival or when someone looks."""
    client = our_client(config)
    client.list_projects()
    return measured(lambda: len(client.own_project.export_snapshot()))


def digest(_: str, config: dict[str, str]) -> Round:
    """The digest of a snapshot that was received."""
    client = our_client(config)

    def one_round() -> dict[str, float]:
        snapshot = client.own_project.export_snapshot()
        len(snapshot)
        start = time.perf_counter()
        _ = snapshot.digest
        return {"seconds": time.perf_counter() - start, "calls": 1}

    return one_round


def threads(_: str, config: dict[str, str]) -> Round:
    """So many threads that share one client, each making so many calls."""
    from concurrent.futures import ThreadPoolExecutor

    client, calls, count = our_client(config), int(config["calls"]), int(config["threads"])
    pool = ThreadPoolExecutor(count)
    together = Barrier(count)

    def work() -> None:
        together.wait()
        for _ in range(calls):
            client.list_projects()

    def one_round() -> dict[str, float]:
        start = time.perf_counter()
        for started in [pool.submit(work) for _ in range(count)]:
            started.result()
        return {"seconds": time.perf_counter() - start, "calls": calls * count}

    return one_round


def deep(_: str, config: dict[str, str]) -> Round:
    """Two snapshots compared as Python objects; reading them is not counted."""
    from pathlib import Path

    import deepdiff
    import orjson

    one, other = (orjson.loads(Path(config[name]).read_bytes()) for name in ("one", "other"))

    def compare() -> object:
        return deepdiff.DeepDiff(one, other)

    return measured(compare)


CASES = {
    "small": small,
    "in flight": in_flight,
    "export": export,
    "transfer": transfer,
    "objects": objects,
    "files": files,
    "looked at": looked_at,
    "digest": digest,
    "threads": threads,
    "deepdiff": deep,
}


def main() -> None:
    """Prepares, then does a round for each line."""
    case, peer, config = sys.argv[1:]
    one_round = CASES[case](peer, json.loads(config))
    print("ready", flush=True)
    for _ in sys.stdin:
        sample = one_round()
        sample["resident_bytes"] = memory("VmHWM")
        print(json.dumps(sample), flush=True)
    # Not every peer's connections are closed in the order that it likes, and it would say so.
    os._exit(0)


if __name__ == "__main__":
    main()
