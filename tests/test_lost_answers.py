"""Calls that were done and whose answer is lost or unusable: never a plain failure, never a plain interruption."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import AsyncClient, Client, _bridge
from descope_projects.errors import PermissionDenied, ProtocolError, UnknownOutcome
from scripted_server import KEY, PROJECT, Exchange, Gate, ScriptedServer, answer, drop, encoded, hold, well

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_clone_that_ended_before_its_cancellation_arrived_is_told(server: ScriptedServer) -> None:
    async def main() -> None:
        async with AsyncClient(PROJECT, KEY, base_url=server.url, license_handshake=False) as client:
            task = asyncio.create_task(client.own_project.clone(name="preview", settle=False))
            await asyncio.sleep(0)
            loop: Any = asyncio.get_running_loop()
            assert loop._selector.select(20), "the call has not ended"  # noqa: SLF001 -- it has, and the loop has not looked
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert isinstance(caught.value.__cause__, UnknownOutcome)
            assert caught.value.__cause__.operation == "clone"

    asyncio.run(main())
    assert server.executions("clone") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals are those of Unix")
def test_a_clone_that_ended_as_ctrl_c_came_is_told(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    def interrupted(exchange: Exchange) -> None:
        whole = encoded(body=exchange.work())
        os.kill(os.getpid(), signal.SIGINT)
        exchange.send(whole)

    server.script("clone", interrupted)
    caplog.set_level(logging.DEBUG, "descope_projects")
    with Client(PROJECT, KEY, base_url=server.url, license_handshake=False) as client:
        with pytest.raises(KeyboardInterrupt) as caught:
            client.own_project.clone(name="preview", settle=False)
        assert isinstance(caught.value.__cause__, UnknownOutcome)
        assert client.list_projects()
    assert server.executions("clone") == 1


def test_no_cancellation_is_plain_if_the_server_has_the_request(server: ScriptedServer) -> None:
    plain = set()

    async def main() -> None:
        async with AsyncClient(PROJECT, KEY, base_url=server.url, license_handshake=False) as client:
            for number in range(300):
                task = asyncio.create_task(client.own_project.clone(name=f"preview-{number}", settle=False))
                await asyncio.sleep(0)
                for _ in range(number % 30 * 400):
                    pass  # A little later each time.
                task.cancel()
                with pytest.raises(asyncio.CancelledError) as caught:
                    await task
                if caught.value.__cause__ is None:
                    plain.add(f"preview-{number}")
            await client.list_projects()

    asyncio.run(main())
    assert not plain & {request.json["name"] for request in server.seen("clone")}


def test_event_loops_that_end_with_a_call_under_way_leave_nothing_behind(server: ScriptedServer) -> None:
    server.always("list_projects", hold(Gate()))
    client = AsyncClient(PROJECT, KEY, base_url=server.url, license_handshake=False)
    before = len(_bridge._mailboxes)  # noqa: SLF001 -- what would grow

    async def main() -> None:
        task = asyncio.create_task(client.list_projects())
        await asyncio.sleep(0)
        assert not task.done()

    for _ in range(20):
        asyncio.run(main())
    gc.collect()
    assert len(_bridge._mailboxes) <= before  # noqa: SLF001
    asyncio.run(client.close())


def test_a_clone_with_an_id_that_cannot_be_one_is_a_result(
    connect: Callable[..., Any], invoke: Callable[[Any], Any], server: ScriptedServer
) -> None:
    server.script("clone", answer(200, {"projectId": "p_2abc", "projectName": "preview"}))
    result = invoke(connect().own_project.clone(name="preview", settle=False))
    assert (result.id, result.name) == ("p_2abc", "preview")
    with pytest.raises(ProtocolError) as caught:
        _ = result.project
    assert caught.value.written == "applied"


@pytest.mark.parametrize("body", [rb'{"a": "\ud800"}', b'{"a": "\xff"}', b"{} {}", b'{"a": ' + b"9" * 5000 + b"}"])
def test_an_answer_that_no_python_can_hold_leaves_a_request_unknown(
    body: bytes, connect: Callable[..., Any], invoke: Callable[[Any], Any], server: ScriptedServer
) -> None:
    server.script("request", answer(200, body))
    with pytest.raises(UnknownOutcome) as caught:
        invoke(connect().request("POST", "/v1/mgmt/other"))
    assert (caught.value.status, caught.value.written) == (200, "unknown")


def test_a_redirected_import_may_have_been_done(
    connect: Callable[..., Any], invoke: Callable[[Any], Any], server: ScriptedServer
) -> None:
    server.script("import_snapshot", answer(303, None, {"Location": "/done"}))
    with pytest.raises(UnknownOutcome) as caught:
        invoke(connect().own_project.import_snapshot({"project.json": {}}))
    assert (caught.value.written, caught.value.exit_status) == ("unknown", 4)


def test_a_list_that_shows_nothing_does_not_settle_a_delete(
    connect: Callable[..., Any], invoke: Callable[[Any], Any], server: ScriptedServer
) -> None:
    server.projects.append({"id": "P2other", "name": "other"})
    server.script("list_projects", well)
    server.always("list_projects", answer(200, {}))
    server.script("delete", drop(work=False))
    with pytest.raises(UnknownOutcome):
        invoke(connect().own_project.delete(confirm=PROJECT, settle_timeout=0.3))
    assert server.executions("delete") == 0


def test_a_wait_that_fails_does_not_say_that_nothing_was_written(
    connect: Callable[..., Any], invoke: Callable[[Any], Any], server: ScriptedServer
) -> None:
    started = invoke(connect().own_project.start_clone(name="preview"))
    server.script("clone_status", answer(403))
    with pytest.raises(PermissionDenied) as caught:
        invoke(started.wait(timeout=5))
    assert (caught.value.written, caught.value.exit_status) == ("unknown", 4)
