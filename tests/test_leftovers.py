"""What is left of a client, of a call and of an event loop when nobody has them any more: nothing.

Each script runs in a process of its own and counts its threads and descriptors, by kind, in `/proc/self`.
"""

from __future__ import annotations

import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest

from processes import Process
from scripted_server import PROJECT, Gate, ScriptedServer, hold

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system has no /proc to count in")

COUNT = """
import contextlib, gc, importlib, time, warnings, weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

warnings.simplefilter("ignore")  # Loops are left alone here on purpose, and asyncio says so.


def held():
    gc.collect()
    kinds = Counter(thread=len(os.listdir("/proc/self/task")))
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # That of the list.
            kinds[os.readlink(f"/proc/self/fd/{descriptor}").partition("[")[0].partition(":")[0]] += 1
    return kinds


def left(before):
    # A thread that was told to end ends by itself.
    patience = time.monotonic() + 15
    while (more := held() - before) and time.monotonic() < patience:
        os.sched_yield()
    return dict(more)


class Service:
    # Its client refers to it by the key that it asks for.
    def __init__(self, make):
        self.client = make("P2source", self.key, OPTIONS)
        self.project = self.client.project("P2source")
        self.own_key = self.client.project("P2source", management_key=self.key)

    def key(self):
        return "K2a"


class NoDescriptors(asyncio.SelectorEventLoop):
    # As on Windows.
    def add_reader(self, *arguments):
        raise NotImplementedError


def new_loop(kind):
    if kind == "uvloop":
        return importlib.import_module("uvloop").new_event_loop()
    return asyncio.SelectorEventLoop() if kind == "asyncio" else NoDescriptors()


def first_of_its_kind(kind, client):
    # Opens what the process keeps.
    with contextlib.closing(new_loop(kind)) as loop:
        loop.run_until_complete(client.list_projects())


async def several_calls(client):
    await asyncio.gather(*(client.list_projects() for _ in range(8)), client.own_project.clone(settle=False))


def use(client):
    if isinstance(client, Client):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: client.list_projects(), range(8)))
        return client.own_project.clone(settle=False)
    asyncio.run(several_calls(client))


def close(client):
    if isinstance(client, Client):
        client.close()
    else:
        asyncio.run(client.close())
"""
ENDS = {
    "closed": """
        client = MAKE("P2source", "K2a", OPTIONS)
        use(client)
        close(client)
    """,
    "closed while it is kept": """
        kept.append(client := MAKE("P2source", "K2a", OPTIONS))
        use(client)
        close(client)
    """,
    "only let go": """
        client = MAKE("P2source", "K2a", OPTIONS)
        use(client)
    """,
    "let go with what makes its keys": """
        service = Service(MAKE)
        service.clone = use(service.client)
        services.append(weakref.ref(service))
    """,
}
BEGUN = """
kept, services = [], []
def once():
{end}
once()  # The first client of a process opens what the process keeps.
before = held()
for _ in range(3):
    once()
tell(left=left(before), services=[service() is not None for service in services])
"""


@pytest.mark.parametrize("end", ENDS.values(), ids=[name.replace(" ", "-") for name in ENDS])
@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
def test_no_thread_and_no_descriptor_is_left_of_a_client(kind: str, end: str, server: ScriptedServer) -> None:
    script = COUNT + BEGUN.format(end=textwrap.indent(textwrap.dedent(end), "    ")).replace("MAKE", kind)
    [told] = Process(script, server).end()
    assert told["left"] == {}
    assert not any(told["services"])
    server.wait_until_closed(server.connections)


without_uvloop = pytest.mark.skipif(find_spec("uvloop") is None, reason="uvloop is not for this system")
ENDINGS = [
    ("asyncio", "closed"),
    ("asyncio", "left alone"),
    # One that is not closed keeps itself, whatever it has done.
    pytest.param("uvloop", "closed", marks=without_uvloop),
]


@pytest.mark.parametrize(("loop", "end"), ENDINGS)
def test_nothing_is_left_of_a_loop_that_ends_with_a_call_under_way(loop: str, end: str, server: ScriptedServer) -> None:
    gate = Gate()
    server.script("clone", hold(gate))
    script = f"""
        client = AsyncClient({PROJECT!r}, "K2a", OPTIONS)
        first_of_its_kind({loop!r}, client)
        before = held()
        loop = new_loop({loop!r})

        async def begin():
            task = asyncio.ensure_future(client.own_project.clone(settle=False))
            await client.list_projects()
            return weakref.ref(task)

        gone = [loop.run_until_complete(begin()), weakref.ref(loop)]
        sys.stdin.readline()
        if {end!r} == "closed":
            loop.close()
        del loop
        more = left(before)
        tell(left=more, alive=[name() is not None for name in gone], warnings=Keep.records.count("WARNING"))
        tell(usable=len(asyncio.run(client.list_projects())))
    """
    process = Process(COUNT + textwrap.dedent(script), server)
    gate.wait_until_reached()
    told = process.end("go on\n")
    # Whoever might have awaited the call is gone, so the log has to say what is unknown.
    assert told == [{"left": {}, "alive": [False, False], "warnings": 1}, {"usable": 1}]


@pytest.mark.parametrize(
    ("loop", "end"), [*ENDINGS, ("without descriptors", "closed"), ("without descriptors", "left alone")]
)
def test_nothing_is_left_of_a_loop_whose_calls_have_ended(loop: str, end: str, server: ScriptedServer) -> None:
    script = f"""
        client = AsyncClient({PROJECT!r}, "K2a", OPTIONS)
        first_of_its_kind({loop!r}, client)
        before = held()
        loop = new_loop({loop!r})
        loop.run_until_complete(several_calls(client))
        gone = weakref.ref(loop)
        if {end!r} == "closed":
            loop.close()
        del loop
        close(client)
        more = left(before)
        tell(left=more, alive=gone() is not None)
    """
    assert Process(COUNT + textwrap.dedent(script), server).end() == [{"left": {}, "alive": False}]
