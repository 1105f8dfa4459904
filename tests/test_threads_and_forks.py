"""One client in many threads, loops and forked processes, and at the end of the interpreter."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import os
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import AsyncClient, Client
from descope_projects.errors import ConfigurationError
from processes import Process
from scripted_server import KEY, PATIENCE, PROJECT, Gate, ScriptedServer, hold, well

if TYPE_CHECKING:
    from conftest import Face
    from private_authority import Authority

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals and forks are those of Unix")


def asynchronous(server: ScriptedServer, **options: Any) -> AsyncClient:
    return AsyncClient(PROJECT, KEY, {"base_url": server.url, "license_handshake": False, **options})


# Threads and loops.


def test_threads_share_a_client(server: ScriptedServer) -> None:
    together = threading.Barrier(8)

    def work(number: int) -> str | None:
        together.wait()
        for _ in range(20):
            assert client.list_projects()[0].id == PROJECT
        return client.project(f"P2thread{number}").clone(name=f"made-by-{number}", settle=False).name

    with Client(PROJECT, KEY, base_url=server.url) as client, ThreadPoolExecutor(8) as pool:
        assert sorted(map(str, pool.map(work, range(8)))) == [f"made-by-{number}" for number in range(8)]
        # Connections are of those that call at the same time: two kinds, one for calls that may not be repeated.
        assert server.connections <= 16
    assert (server.executions("list_projects"), server.executions("clone")) == (160, 8)


def test_a_slow_call_of_one_thread_holds_up_no_other(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("export_snapshot", hold(gate, then=well))
    with Client(PROJECT, KEY, base_url=server.url) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.own_project.export_snapshot)
        gate.wait_until_reached()
        assert client.list_projects()[0].id == PROJECT
        gate.open()
        assert "project.json" in slow.result(PATIENCE)


def test_a_call_of_another_thread_outlives_the_client(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("clone", hold(gate, then=well))
    client = Client(PROJECT, KEY, base_url=server.url)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(client.own_project.clone, name="preview", settle=False)
        gate.wait_until_reached()
        client.close()
        with pytest.raises(ConfigurationError):
            client.list_projects()
        gate.open()
        assert under_way.result(PATIENCE).name == "preview"
    server.wait_until_closed(server.connections)


async def test_the_synchronous_client_works_inside_a_running_loop(server: ScriptedServer) -> None:
    with Client(PROJECT, KEY, base_url=server.url) as client:
        assert client.list_projects()[0].id == PROJECT
        assert client.own_project.clone(name="preview").name == "preview"


def test_an_asynchronous_client_serves_several_loops(server: ScriptedServer) -> None:
    client = asynchronous(server)

    async def use() -> str:
        return (await client.list_projects())[0].id

    assert [asyncio.run(use()) for _ in range(2)] == [PROJECT] * 2
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(asyncio.run, use()) for _ in range(4)]
        assert [future.result(PATIENCE) for future in futures] == [PROJECT] * 4
    asyncio.run(client.close())
    assert server.connections <= 3


def test_a_call_from_within_the_key_of_another_works(face: Face, server: ScriptedServer) -> None:
    keys = Client(PROJECT, KEY, base_url=server.url)

    def key() -> str:
        return f"K2{keys.list_projects()[0].name}"

    with keys:
        assert face.invoke(face.client(PROJECT, key, base_url=server.url).list_projects())[0].id == PROJECT
    assert server.requests[-1].headers["authorization"] == f"Bearer {PROJECT}:K2source"


# Forks.

FORKS = {
    "sync": """
        client = Client("P2a", "K2a", OPTIONS)
        def use(name):
            client.list_projects()
            assert client.own_project.clone(name=name).name == name
    """,
    "async": """
        client = AsyncClient("P2a", "K2a", OPTIONS)
        def use(name):
            async def go():
                await client.list_projects()
                assert (await client.own_project.clone(name=name)).name == name
            asyncio.run(go())
    """,
}
FORK = """
use("before")
child = os.fork()
use("child" if child == 0 else "parent")
if child == 0:
    sys.exit(0)
status = os.waitpid(child, 0)[1]
use("after")
tell(child=status)
"""


@pytest.mark.parametrize("kind", ["sync", pytest.param("async")])
def test_a_forked_client_goes_on_in_parent_and_child(kind: str, server: ScriptedServer) -> None:
    process = Process(textwrap.dedent(FORKS[kind]) + FORK, server)
    assert process.end() == [{"child": 0}]
    names = sorted(request.json["name"] for request in server.seen("clone"))
    assert names == ["after", "before", "child", "parent"]
    by_name = {request.json["name"]: request.connection for request in server.seen("clone")}
    assert by_name["child"] not in (by_name["before"], by_name["parent"], by_name["after"])
    assert server.executions("clone") == 4


def test_a_fork_with_a_call_under_way_leaves_it_to_the_parent(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("clone", hold(gate, then=well))
    script = """
        client = Client("P2a", "K2a", OPTIONS)
        under_way = threading.Thread(target=lambda: tell(made=client.own_project.clone(name="one", settle=False).name))
        under_way.start()
        sys.stdin.readline()
        child = os.fork()
        if child == 0:
            client.list_projects()
            client.close()
            os._exit(0)
        tell(child=os.waitpid(child, 0)[1])
        sys.stdin.readline()
        under_way.join()
    """
    process = Process(script, server)
    gate.wait_until_reached()
    assert process.process.stdin is not None
    process.process.stdin.write("go on\n")
    process.process.stdin.flush()
    assert process.line() == {"child": 0}
    gate.open()
    assert process.end("go on\n") == [{"made": "one"}]
    assert server.executions("clone") == 1


def test_a_fork_with_a_call_under_way_in_a_loop_leaves_it_to_the_parent(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("clone", hold(gate, then=well))
    script = """
        client = AsyncClient("P2a", "K2a", OPTIONS)

        async def use():
            projects, clone = await asyncio.gather(client.list_projects(), client.own_project.clone(name="child"))
            return [len(projects), clone.name]

        def in_parent():
            tell(made=asyncio.run(clone_one()).name)

        async def clone_one():
            return await client.own_project.clone(name="one", settle=False)

        under_way = threading.Thread(target=in_parent)
        under_way.start()
        sys.stdin.readline()
        child = os.fork()
        if child == 0:
            tell(child=asyncio.run(use()))
            asyncio.run(client.close())
            sys.exit()  # As it ends, threads are stopped: not those that it never had.
        tell(ended=os.waitpid(child, 0)[1])
        sys.stdin.readline()
        under_way.join()
        tell(after=len(asyncio.run(client.list_projects())))
    """
    process = Process(script, server)
    gate.wait_until_reached()
    assert process.process.stdin is not None
    process.process.stdin.write("go on\n")
    process.process.stdin.flush()
    assert process.line() == {"child": [1, "child"]}
    assert process.line() == {"ended": 0}
    gate.open()
    # In the list are the project, and what the child made and what the parent made.
    assert process.end("go on\n") == [{"made": "one"}, {"after": 3}]
    assert server.executions("clone") == 2


def test_no_thread_s_first_call_imports_what_a_forked_child_would_wait_for(server: ScriptedServer) -> None:
    script = """
        client = AsyncClient("P2a", "K2a", OPTIONS)
        before = set(sys.modules)
        asyncio.run(client.list_projects())
        tell(imported=sorted(name for name in set(sys.modules) - before if name.startswith("descope_projects")))
    """
    assert Process(script, server).end() == [{"imported": []}]


FORKS_AMID_CALLS = """
    clients = {{"shared": Client("P2a", "K2a", OPTIONS), "async": AsyncClient("P2a", "K2a", OPTIONS)}}
    ended = threading.Event()

    def with_shared():
        while not ended.is_set():
            clients["shared"].list_projects()

    def with_new():
        # Reads the trust store and makes a connection, again and again.
        while not ended.is_set():
            with Client("P2a", "K2a", OPTIONS) as client:
                client.list_projects()

    async def in_loop():
        while not ended.is_set():
            await asyncio.gather(*(clients["async"].list_projects() for _ in range(4)))

    def child():
        clients["shared"].list_projects()
        asyncio.run(once())
        with Client("P2a", "K2a", OPTIONS) as client:
            client.list_projects()

    async def once():
        await clients["async"].list_projects()

    targets = [with_shared, with_new, lambda: asyncio.run(in_loop())]
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    statuses = []
    for _ in range({forks}):
        pid = os.fork()
        if pid == 0:
            child()
            sys.exit()
        statuses.append(os.waitpid(pid, 0)[1])
    ended.set()
    for thread in threads:
        thread.join()
    child()
    tell(statuses=statuses)
"""


def test_forks_amid_calls_of_other_threads_go_on_in_parent_and_child(
    secure: ScriptedServer, authority: Authority
) -> None:
    process = Process(FORKS_AMID_CALLS.format(forks=4), secure, ca_bundle=str(authority.path))
    assert process.end() == [{"statuses": [0] * 4}]


# The end of the interpreter.

ENDINGS = {
    "a daemon thread": """
        client = Client("P2a", "K2a", OPTIONS)
        threading.Thread(target=client.list_projects, daemon=True).start()
        sys.stdin.readline()
    """,
    "a cancelled task": """
        async def main():
            client = AsyncClient("P2a", "K2a", OPTIONS)
            task = asyncio.ensure_future(client.list_projects())
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        asyncio.run(main())
    """,
    "a loop that is left alone": """
        client = AsyncClient("P2a", "K2a", OPTIONS)
        loop = asyncio.new_event_loop()
        async def main():
            asyncio.ensure_future(client.list_projects())
            await loop.run_in_executor(None, sys.stdin.readline)
        loop.run_until_complete(main())
    """,
    "an exception": """
        async def main():
            client = AsyncClient("P2a", "K2a", OPTIONS)
            asyncio.ensure_future(client.list_projects())
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            raise SystemExit(0)
        asyncio.run(main())
    """,
    "a closed client": """
        client = Client("P2a", "K2a", OPTIONS)
        threading.Thread(target=client.list_projects, daemon=True).start()
        sys.stdin.readline()
        client.close()
    """,
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=[name.replace(" ", "-") for name in ENDINGS])
def test_the_interpreter_ends_well_with_calls_under_way(ending: str, server: ScriptedServer) -> None:
    for _ in range(4):
        gate = Gate()
        server.script("list_projects", hold(gate))
        process = Process(ending, server)
        gate.wait_until_reached()
        assert process.end("go on\n") == []


def test_the_interpreter_ends_well_as_answers_arrive(server: ScriptedServer) -> None:
    script = """
        async def main():
            client = AsyncClient("P2a", "K2a", OPTIONS)
            tasks = [asyncio.ensure_future(client.list_projects()) for _ in range(50)]
            await tasks[0]
        asyncio.run(main())
    """
    for _ in range(4):
        assert Process(script, server).end() == []
