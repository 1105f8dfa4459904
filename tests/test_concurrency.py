"""One client in many hands: threads, event loops, and both at once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from descope_projects import AsyncClient, Client, ConfigurationError, DescopeError, TransportError, UnknownOutcome

if TYPE_CHECKING:
    from descope_projects import Emulator


class TestThreads:
    def test_a_client_is_used_by_many_threads(self, emulator: Emulator) -> None:
        with emulator.client() as client, ThreadPoolExecutor(8) as pool:
            lists = list(pool.map(lambda _: client.list_projects(), range(64)))
            assert len({tuple(infos) for infos in lists}) == 1
            clones = list(pool.map(lambda number: client.own_project.clone(name=f"c{number}", settle=False), range(16)))
            assert len({clone.id for clone in clones}) == 16
        assert emulator.executions("license") == 1
        assert emulator.executions("clone") == 16

    def test_sixteen_threads_do_everything_at_once_with_one_client(self, emulator: Emulator) -> None:
        together = threading.Barrier(16)
        snapshot = emulator.client().own_project.export_snapshot()

        def work(number: int) -> tuple[str | None, str, list[str], bool]:
            together.wait()
            for _ in range(5):
                assert client.list_projects()[0].id == emulator.project_id
            made = client.own_project.clone(name=f"made-by-{number}", settle=False)
            made.project.update_tags([f"tag-{number}"])
            valid = made.project.validate_snapshot(snapshot).ok
            # What a snapshot learns of itself it learns once, whoever asks first.
            exported = made.project.export_snapshot()
            made.project.delete(confirm=made.id, settle=False)
            return made.name, snapshot.semantic_digest, sorted(exported), valid

        with emulator.client() as client, ThreadPoolExecutor(16) as pool:
            names, digests, exported, valid = zip(*pool.map(work, range(16)), strict=True)
            assert len(client.list_projects()) == 1
        assert sorted(names) == sorted(f"made-by-{number}" for number in range(16))
        assert set(digests) == {snapshot.semantic_digest}
        assert list(exported) == [sorted(snapshot)] * 16
        assert set(valid) == {True}
        counts = [emulator.executions(call) for call in ("list_projects", "clone", "update_tags", "delete")]
        assert counts == [81, 16, 16, 16]

    def test_a_client_that_one_thread_closes_ends_well_for_sixteen_others(self, emulator: Emulator) -> None:
        together = threading.Barrier(17)

        def work(_: int) -> int:
            made: list[int] = []
            together.wait()
            with pytest.raises(ConfigurationError, match="closed"):
                made.extend(len(infos) for infos in iter(client.list_projects, None))
            return sum(made)

        with emulator.client() as client, ThreadPoolExecutor(16) as pool:
            futures = [pool.submit(work, number) for number in range(16)]
            together.wait()
            client.list_projects()
            client.close()
            made = sum(future.result() for future in futures)
        # Each call was answered or was not made.
        assert emulator.executions("list_projects") == made + 1

    def test_writes_to_one_project_go_one_at_a_time(self, emulator: Emulator) -> None:
        with emulator.client(retry={"max_attempts": 1}) as client, ThreadPoolExecutor(8) as pool:
            handles = [client.project(emulator.project_id) for _ in range(8)]
            list(pool.map(lambda handle: handle.update_tags(["x"]), handles * 4))
        assert emulator.executions("update_tags") == 32
        assert {request["status"] for request in emulator.requests()} == {200}

    def test_a_call_lets_other_threads_run(self, emulator: Emulator) -> None:
        with emulator.client() as client:
            fault = emulator.fail("list_projects", action="hold")
            caller = threading.Thread(target=client.list_projects)
            caller.start()
            assert emulator.wait_until_held(fault)
            # This thread runs, so the one that waits does not hold the interpreter.
            assert client.own_project.export_snapshot()["project.json"] != {}
            emulator.release(fault)
            caller.join()
        assert emulator.executions("list_projects") == 1

    def test_a_handle_outlives_its_client_s_last_reference(self, emulator: Emulator) -> None:
        project = Client(emulator.project_id, emulator.management_key, base_url=emulator.url).own_project
        assert "project.json" in project.export_snapshot()


class TestLoops:
    async def test_a_synchronous_client_works_inside_a_running_loop(self, emulator: Emulator) -> None:
        with emulator.client() as client:
            assert len(client.list_projects()) == 1
            assert len(await asyncio.to_thread(client.list_projects)) == 1

    async def test_many_calls_of_one_loop_run_at_once(self, emulator: Emulator) -> None:
        async with emulator.async_client(license_handshake=False) as client:
            fault = emulator.fail("list_projects", action="hold", times=5)
            calls = [asyncio.ensure_future(client.list_projects()) for _ in range(5)]
            assert await asyncio.to_thread(emulator.wait_until_held, fault)
            snapshot = await client.own_project.export_snapshot()
            assert not any(call.done() for call in calls)
            emulator.release(fault)
            lists = await asyncio.gather(*calls)
        assert len(snapshot) > 0
        assert [len(infos) for infos in lists] == [1] * 5

    async def test_a_call_does_not_stop_the_loop(self, emulator: Emulator) -> None:
        async with emulator.async_client() as client:
            fault = emulator.fail("list_projects", action="hold")
            call = asyncio.ensure_future(client.list_projects())
            assert await asyncio.to_thread(emulator.wait_until_held, fault)
            ticks = 0
            for _ in range(100):
                await asyncio.sleep(0)
                ticks += 1
            assert (ticks, call.done()) == (100, False)
            emulator.release(fault)
            assert len(await call) == 1

    def test_one_client_serves_several_loops_one_after_the_other(self, emulator: Emulator) -> None:
        client = emulator.async_client()

        async def call() -> int:
            return len(await client.list_projects())

        assert [asyncio.run(call()) for _ in range(3)] == [1, 1, 1]
        asyncio.run(client.close())

    def test_one_client_serves_loops_of_several_threads(self, emulator: Emulator) -> None:
        client = emulator.async_client()

        async def calls() -> int:
            return sum(map(len, await asyncio.gather(*(client.list_projects() for _ in range(5)))))

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda _: asyncio.run(calls()), range(8))) == [5] * 8
        asyncio.run(client.close())

    async def test_a_call_that_nobody_awaits_is_not_made(self, emulator: Emulator) -> None:
        async with emulator.async_client() as client:
            client.list_projects().close()
            assert len(await client.list_projects()) == 1
        assert emulator.executions("list_projects") == 1

    async def test_a_call_is_awaited_once(self, emulator: Emulator) -> None:
        async with emulator.async_client() as client:
            call = client.list_projects()
            await call
            with pytest.raises(RuntimeError, match="already awaited"):
                await call

    @pytest.mark.parametrize(("operation", "error"), [("list_projects", TransportError), ("clone", UnknownOutcome)])
    async def test_closing_ends_calls_that_are_under_way(
        self, emulator: Emulator, operation: str, error: type[DescopeError]
    ) -> None:
        client = AsyncClient(emulator.project_id, emulator.management_key, base_url=emulator.url)
        fault = emulator.fail(operation, action="hold")
        started = client.list_projects() if operation == "list_projects" else client.own_project.clone(settle=False)
        call = asyncio.ensure_future(started)
        assert await asyncio.to_thread(emulator.wait_until_held, fault)
        await client.close()
        with pytest.raises(error) as raised:
            await call
        assert type(raised.value) is error
        emulator.release(fault)

    async def test_a_call_that_closing_ended_says_what_became_of_it(self, emulator: Emulator) -> None:
        client = AsyncClient(emulator.project_id, emulator.management_key, base_url=emulator.url)
        fault = emulator.fail("list_projects", action="hold")
        call = asyncio.ensure_future(client.list_projects())
        assert await asyncio.to_thread(emulator.wait_until_held, fault)
        await client.close()
        with pytest.raises(TransportError) as raised:
            await call
        emulator.release(fault)
        assert (raised.value.operation, raised.value.attempts) == ("list_projects", 1)
        assert "not sent" not in str(raised.value)
