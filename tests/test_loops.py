"""Event loops of every kind: several at once, one after the other, closed under a call, and a notebook's."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import AsyncClient, Client, TransportError
from processes import Process
from scripted_server import KEY, PATIENCE, PROJECT, Gate, ScriptedServer, hold, well

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Result = Any


class NoDescriptors(asyncio.SelectorEventLoop):
    """A loop that cannot watch descriptors, as the usual one of Windows."""

    def add_reader(self, *_: object) -> None:
        raise NotImplementedError


def uvloop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = importlib.import_module("uvloop").new_event_loop()
    return loop


LOOPS = [
    pytest.param(asyncio.SelectorEventLoop, id="asyncio"),
    pytest.param(
        uvloop,
        id="uvloop",
        marks=pytest.mark.skipif(find_spec("uvloop") is None, reason="uvloop is not for this system"),
    ),
    pytest.param(NoDescriptors, id="without-descriptors"),
]
every_loop = pytest.mark.parametrize("new_loop", LOOPS)


def run(new_loop: Callable[[], asyncio.AbstractEventLoop], main: Coroutine[Any, Any, Result]) -> Result:
    """As `asyncio.run`, which takes no factory before Python 3.12."""
    loop = new_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


def connect(server: ScriptedServer) -> AsyncClient:
    return AsyncClient(PROJECT, KEY, base_url=server.url, license_handshake=False)


@every_loop
def test_many_calls_are_under_way_at_once(
    new_loop: Callable[[], asyncio.AbstractEventLoop], server: ScriptedServer
) -> None:
    gate = Gate()
    server.always("list_projects", hold(gate, then=well))

    async def main() -> list[int]:
        async with connect(server) as client:
            calls = [asyncio.ensure_future(client.list_projects()) for _ in range(40)]
            await asyncio.to_thread(server.wait_until, lambda: len(server.seen("list_projects")) == 40)
            assert not any(call.done() for call in calls)
            gate.open()
            return [len(projects) for projects in await asyncio.gather(*calls)]

    assert run(new_loop, main()) == [1] * 40


@every_loop
def test_a_client_goes_from_loop_to_loop(
    new_loop: Callable[[], asyncio.AbstractEventLoop], server: ScriptedServer
) -> None:
    client = connect(server)

    async def main() -> str:
        return (await client.list_projects())[0].id

    assert [run(factory, main()) for factory in (new_loop, asyncio.SelectorEventLoop, new_loop)] == [PROJECT] * 3
    run(new_loop, client.close())
    assert server.connections == 1


@every_loop
def test_a_client_serves_loops_of_sixteen_threads_at_once(
    new_loop: Callable[[], asyncio.AbstractEventLoop], server: ScriptedServer
) -> None:
    client, gate = connect(server), Gate()
    server.always("list_projects", hold(gate, then=well))

    async def main() -> list[int]:
        return [len(projects) for projects in await asyncio.gather(client.list_projects(), client.list_projects())]

    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(run, new_loop, main()) for _ in range(16)]
        server.wait_until(lambda: len(server.seen("list_projects")) == 32)
        gate.open()
        assert [future.result(PATIENCE) for future in futures] == [[1, 1]] * 16
    run(new_loop, client.close())


@every_loop
@pytest.mark.filterwarnings("ignore:coroutine 'a call of descope_projects'")
def test_a_loop_that_is_closed_under_a_call_leaves_the_client_usable(
    new_loop: Callable[[], asyncio.AbstractEventLoop], server: ScriptedServer
) -> None:
    client, gate = connect(server), Gate()
    server.script("list_projects", hold(gate, then=well))
    loop, loops_left = new_loop(), []

    async def main() -> None:
        call = asyncio.ensure_future(client.list_projects())
        call._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 -- it is left alone on purpose
        loops_left.append(call)
        await asyncio.to_thread(gate.wait_until_reached)

    loop.run_until_complete(main())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    gate.open()
    # Its answer comes for nobody.
    assert run(new_loop, client.list_projects())[0].id == PROJECT
    run(new_loop, client.close())
    assert not loops_left[0].done()


@every_loop
def test_a_client_that_is_closed_in_one_loop_ends_the_calls_of_another(
    new_loop: Callable[[], asyncio.AbstractEventLoop], server: ScriptedServer
) -> None:
    client, gate = connect(server), Gate()
    server.script("list_projects", hold(gate))

    async def main() -> None:
        with pytest.raises(TransportError, match="closed"):
            await client.list_projects()

    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(run, new_loop, main())
        gate.wait_until_reached()
        run(new_loop, client.close())
        under_way.result(PATIENCE)


@every_loop
def test_the_synchronous_client_works_inside_a_running_loop(
    new_loop: Callable[[], asyncio.AbstractEventLoop], server: ScriptedServer
) -> None:
    async def main() -> list[str]:
        with Client(PROJECT, KEY, base_url=server.url) as client:
            here = client.list_projects()[0].id
            there = (await asyncio.to_thread(client.list_projects))[0].id
            async with connect(server) as other:
                return [here, there, (await other.list_projects())[0].id]

    assert run(new_loop, main()) == [PROJECT] * 3


# Notebooks: each cell runs in the one loop that is running, with `await` at its top level.

CELLS = [
    "from descope_projects import AsyncClient, Client",
    "client = AsyncClient(PROJECT, KEY, OPTIONS)\nsync = Client(PROJECT, KEY, OPTIONS)",
    "first = await client.list_projects()",
    "second = sync.list_projects()",
    "import asyncio\nboth = await asyncio.gather(client.list_projects(), client.own_project.export_snapshot())",
    "async with AsyncClient(PROJECT, KEY, OPTIONS) as other:\n    third = await other.list_projects()",
    "sync.close()\nawait client.close()",
]


async def run_cell(cell: str, names: dict[str, Any]) -> None:
    code = compile(cell, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    ended = eval(code, names)  # noqa: S307 -- as a notebook does
    if inspect.isawaitable(ended):
        await ended


@every_loop
def test_the_cells_of_a_notebook_await_at_their_top_level(
    new_loop: Callable[[], asyncio.AbstractEventLoop], server: ScriptedServer
) -> None:
    options = {"base_url": server.url, "license_handshake": False}
    names: dict[str, Any] = {"PROJECT": PROJECT, "KEY": KEY, "OPTIONS": options}
    loop = new_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    for cell in CELLS:
        asyncio.run_coroutine_threadsafe(run_cell(cell, names), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    assert names["first"] == names["second"] == names["third"] == names["both"][0]
    assert list(names["both"][1]) == ["project.json"]


def test_ctrl_c_in_a_cell_leaves_the_notebook_s_loop_and_clients_usable(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("clone", hold(gate))
    script = f"""
        async def cells():
            client, sync = AsyncClient({PROJECT!r}, "K2a", OPTIONS), Client({PROJECT!r}, "K2a", OPTIONS)
            before = asyncio.ensure_future(client.list_projects())
            try:
                sync.own_project.clone(settle=False)
            except KeyboardInterrupt as interrupt:
                tell(cause=type(interrupt.__cause__).__name__)
            tell(usable=[len(await before), len(await client.list_projects()), len(sync.list_projects())])

        # A kernel's loop has no handler of its own for Ctrl-C.
        asyncio.new_event_loop().run_until_complete(cells())
    """
    process = Process(textwrap.dedent(script), server)
    gate.wait_until_reached()
    process.interrupt()
    assert process.end() == [{"cause": "UnknownOutcome"}, {"usable": [1, 1, 1]}]
