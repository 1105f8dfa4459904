"""How patiently a call is repeated: attempts, `Retry-After`, the budget, and the question for the company's tier."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import AsyncClient
from descope_projects.errors import ConfigurationError, RateLimited, ServerError
from scripted_server import KEY, PROJECT, Gate, ScriptedServer, answer, drop, half, hold, raw, targets, well

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Face
    from scripted_server import Step

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]


def limited(retry_after: str | None, status: int = 429) -> Step:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return answer(status, {"errorCode": "E130429"}, headers)


def rename(client: Any) -> Any:
    return client.own_project.update_name("new")


def clone(client: Any) -> Any:
    return client.own_project.clone(name="preview", settle=False)


# How often.


@pytest.mark.parametrize(("retry", "attempts"), [({}, 4), ({"max_attempts": 1}, 1), ({"max_attempts": 6}, 6)])
def test_a_call_is_tried_as_often_as_the_option_says(
    retry: dict[str, int], attempts: int, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("list_projects", answer(503))
    with pytest.raises(ServerError) as caught:
        invoke(connect(retry=retry).list_projects())
    assert len(server.seen("list_projects")) == caught.value.attempts == attempts
    assert (f"({attempts} attempts)" in str(caught.value)) is (attempts > 1)


def test_the_last_attempt_may_be_the_good_one(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    server.script("list_projects", answer(503), drop(work=False), answer(429))
    assert invoke(connect().list_projects())[0].id == PROJECT
    assert len(server.seen("list_projects")) == 4


@pytest.mark.parametrize("status", [429, 521, 530])
def test_a_call_that_may_not_be_repeated_is_after_an_answer_that_says_it_did_not_run(
    status: int, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("clone", answer(status), answer(status))
    assert invoke(clone(connect())).name == "preview"
    assert (len(server.seen("clone")), server.executions("clone")) == (3, 1)


@pytest.mark.parametrize("status", [408, 409, 425, 501, 505, 529, 599])
def test_a_status_that_nobody_called_repeatable_ends_the_call(
    status: int, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("list_projects", answer(status))
    with pytest.raises(Exception, match=str(status)):
        invoke(connect().list_projects())
    assert len(server.seen("list_projects")) == 1


def test_each_repetition_is_logged_once_and_each_attempt_for_who_debugs(
    connect: Connect, invoke: Invoke, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "descope_projects")
    server.script("list_projects", answer(503), drop(work=False))
    invoke(connect().list_projects())
    records = [record for record in caplog.records if record.name == "descope_projects"]
    assert [record.levelname for record in records] == ["DEBUG", "INFO", "DEBUG", "INFO", "DEBUG"]
    for number, record in enumerate(records):
        assert "list_projects" in record.getMessage()
        assert PROJECT in record.getMessage()
        assert f"attempt {number // 2 + 1 + number % 2}" in record.getMessage()


# Retry-After.


@pytest.mark.parametrize("make", [rename, clone], ids=["set", "once"])
@pytest.mark.parametrize("retry_after", ["0", formatdate(0, usegmt=True), "soon", "-1", "", None])
def test_a_demand_of_no_time_is_met_at_once(
    retry_after: str | None, make: Callable[[Any], Any], connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    call = "update_name" if make is rename else "clone"
    server.script(call, limited(retry_after))
    invoke(make(connect(retry={"max_wait": 0})))
    assert (len(server.seen(call)), server.executions(call)) == (2, 1)


def test_the_next_attempt_waits_as_long_as_the_server_demands(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("list_projects", limited("1"))
    began = time.monotonic()
    invoke(connect().list_projects())
    assert time.monotonic() - began >= 1
    assert len(server.seen("list_projects")) == 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("date", [False, True], ids=["seconds", "date"])
def test_a_demand_beyond_our_patience_ends_the_call_at_once(
    status: int, connect: Connect, invoke: Invoke, server: ScriptedServer, *, date: bool
) -> None:
    retry_after = formatdate(time.time() + 3600, usegmt=True) if date else "3600"
    server.always("list_projects", limited(retry_after, status))
    with pytest.raises(RateLimited if status == 429 else ServerError) as caught:
        invoke(connect(retry={"max_wait": 1800}).list_projects())
    assert len(server.seen("list_projects")) == 1
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after is not None
        assert 3500 <= caught.value.retry_after <= 3600
        assert (caught.value.attempts, caught.value.written) == (1, "nothing")


def test_patience_is_for_all_pauses_of_a_call_together(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("list_projects", limited("1"))
    with pytest.raises(RateLimited) as caught:
        invoke(connect(retry={"max_wait": 1.5, "max_attempts": 10}).list_projects())
    assert len(server.seen("list_projects")) == caught.value.attempts == 2


def test_no_limit_means_no_retry_after(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    server.always("list_projects", limited(None))
    with pytest.raises(RateLimited) as caught:
        invoke(connect().list_projects())
    assert caught.value.retry_after is None


def test_a_429_pauses_every_call_of_the_client(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    client = connect(retry={"max_wait": 60})
    server.script("list_projects", limited("3600"))
    with pytest.raises(RateLimited):
        invoke(client.list_projects())
    for call in (
        lambda: clone(client),
        lambda: rename(client),
        lambda: client.project("P2other").export_snapshot(),
        lambda: client.request("GET", "/v1/mgmt/other"),
    ):
        with pytest.raises(RateLimited) as caught:
            invoke(call())
        error = caught.value
        assert error.retry_after is not None
        assert 3500 < error.retry_after <= 3600
        assert (error.written, error.attempts) == ("nothing", 0)
    assert targets(server.requests) == ["list_projects"]
    # Another client has a limit of its own.
    invoke(connect().list_projects())


def test_a_503_pauses_no_other_call(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    client = connect(retry={"max_wait": 60})
    server.script("list_projects", limited("3600", 503))
    with pytest.raises(ServerError):
        invoke(client.list_projects())
    invoke(rename(client))


# The budget.


def test_the_budget_is_shared_by_all_calls_handles_and_attempts(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(requests_per_second=20)
    server.script("update_name", answer(503), answer(503))
    began = time.monotonic()
    invoke(client.list_projects())
    invoke(client.project("P2other").export_snapshot())
    invoke(rename(client))
    # Five requests: the first goes at once, and a twentieth of a second lies before each of the others.
    assert len(server.requests) == 5
    assert time.monotonic() - began >= 4 / 20


def test_the_question_for_the_tier_is_a_request_of_the_budget(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(requests_per_second=20, license_handshake=True)
    began = time.monotonic()
    invoke(client.list_projects())
    assert time.monotonic() - began >= 1 / 20
    assert targets(server.requests) == ["license", "list_projects"]


def test_waiting_for_the_own_budget_is_no_waiting_for_a_repeat(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(requests_per_second=20, retry={"max_wait": 0})
    server.script("list_projects", answer(503))
    for _ in range(3):
        invoke(client.list_projects())
    assert len(server.seen("list_projects")) == 4


# One writer.


async def test_writes_to_one_project_go_one_at_a_time_and_nothing_else_waits(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("update_name", hold(gate, then=well))
    async with AsyncClient(PROJECT, KEY, base_url=server.url, license_handshake=False) as client:
        first = asyncio.create_task(client.own_project.update_name("one"))
        await asyncio.to_thread(gate.wait_until_reached)
        second = asyncio.create_task(client.project(PROJECT).update_name("two"))
        await asyncio.sleep(0)  # It has begun.
        await client.list_projects()
        await client.own_project.export_snapshot()
        await client.project("P2other").update_tags(["a"])
        assert [request.json["name"] for request in server.seen("update_name")] == ["one"]
        gate.open()
        await asyncio.gather(first, second)
    assert [request.json["name"] for request in server.seen("update_name")] == ["one", "two"]


# The question for the tier.


def test_the_tier_is_asked_for_once_and_sent_from_then_on(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(license_handshake=True)
    for _ in range(3):
        invoke(client.list_projects())
    invoke(client.project("P2other").update_name("new"))
    assert targets(server.requests) == ["license", *["list_projects"] * 3, "update_name"]
    tiers = [request.headers.get("x-descope-license") for request in server.requests]
    assert tiers == [None, "tier-4", "tier-4", "tier-4", "tier-4"]
    assert server.connections == 1
    assert server.requests[0].method == "GET"
    assert server.requests[0].headers["authorization"] == f"Bearer {PROJECT}:{KEY}"


def test_the_tier_is_asked_for_on_the_connection_of_a_call_that_may_not_be_repeated(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(license_handshake=True)
    invoke(client.own_project.clone(name="preview"))
    assert targets(server.requests) == ["license", "list_projects", "clone"]
    assert server.connections == 1


def test_opting_out_asks_nothing(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    invoke(connect(license_handshake=False).list_projects())
    assert targets(server.requests) == ["list_projects"]
    assert "x-descope-license" not in server.requests[0].headers


def test_each_client_asks_for_itself(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    for _ in range(2):
        invoke(connect(license_handshake=True).list_projects())
    assert targets(server.requests) == ["license", "list_projects"] * 2


def test_who_asks_for_the_tier_himself_causes_no_second_question(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    client = connect(license_handshake=True)
    assert invoke(client.request("GET", "/v1/mgmt/license")) == {"rateLimitTier": "tier-4"}
    assert targets(server.requests)[-1] == "license"
    invoke(client.list_projects())
    assert len(server.seen("license")) <= 2


FAILURES = {
    "404": answer(404),
    "401": answer(401),
    "429": limited("3600"),
    "500": answer(500, "<html>"),
    "a redirect": answer(302, None, {"Location": "https://elsewhere.example/"}),
    "dropped": drop(work=False),
    "cut": half(),
    "no HTTP": raw(b"SSH-2.0-OpenSSH\r\n"),
    "no JSON": answer(200, "<html>"),
    "empty": answer(200),
    "no tier": answer(200, {}),
    "null": answer(200, {"rateLimitTier": None}),
    "a number": answer(200, {"rateLimitTier": 4}),
    "two lines": answer(200, {"rateLimitTier": "a\r\nX-Evil: b"}),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("make", [rename, clone], ids=["set", "once"])
def test_a_failure_to_tell_the_tier_is_remembered_and_never_fatal(
    failure: Step, make: Callable[[Any], Any], connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("license", failure)
    client = connect(license_handshake=True)
    for _ in range(3):
        invoke(make(client))
    call = "update_name" if make is rename else "clone"
    assert targets(server.requests) == ["license", call, call, call]
    assert all("x-descope-license" not in request.headers for request in server.requests)
    assert server.executions(call) == 3


def test_a_server_that_never_tells_the_tier_holds_up_nothing_for_long(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("license", hold(Gate()))
    client = connect(license_handshake=True, timeout=1)
    for _ in range(2):
        invoke(client.list_projects())
    assert targets(server.requests) == ["license", "list_projects", "list_projects"]


def test_calls_that_begin_together_ask_once(face: Face, connect: Connect, server: ScriptedServer) -> None:
    client = connect(license_handshake=True)

    async def together() -> None:
        await asyncio.gather(*(client.list_projects() for _ in range(8)))

    if face.loop is not None:
        face.loop.run_until_complete(together())
    else:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: client.list_projects(), range(8)))
    assert len(server.seen("license")) == 1
    assert {request.headers.get("x-descope-license") for request in server.seen("list_projects")} == {"tier-4"}


# A key that is asked for anew.


def test_a_callable_key_is_asked_once_for_each_call(face: Face, server: ScriptedServer) -> None:
    keys = iter(["K2first", "K2second", "a.workload.token"])
    client = face.client(PROJECT, lambda: next(keys), base_url=server.url, retry={"initial_backoff": 0})
    server.script("list_projects", answer(503))
    for _ in range(3):
        face.invoke(client.list_projects())
    bearers = [request.headers["authorization"] for request in server.seen("list_projects")]
    expected = ["K2first", "K2first", "K2second", "a.workload.token"]
    assert bearers == [f"Bearer {PROJECT}:{key}" for key in expected]


def test_a_callable_that_gives_no_key_sends_nothing(face: Face, server: ScriptedServer) -> None:
    client = face.client(PROJECT, lambda: "", base_url=server.url)
    with pytest.raises(ConfigurationError):
        face.invoke(client.list_projects())
    assert server.requests == []
