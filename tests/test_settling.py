"""Settling an unknown outcome by looking: with positive evidence only."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from descope_projects.errors import UnknownOutcome
from scripted_server import PROJECT, Gate, ScriptedServer, answer, drop, hold, targets, well

if TYPE_CHECKING:
    from collections.abc import Callable

    from descope_projects import Emulator
    from scripted_server import Exchange, Step

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]

CUT_SHORT = b'{"projectId": "P2clo'


def clone(client: Any, **options: Any) -> Any:
    return client.own_project.clone({"name": "preview", "settle_timeout": 0.01, **options})


def delete(client: Any, **options: Any) -> Any:
    return client.own_project.delete({"settle_timeout": 0.01, **options}, confirm=client.own_project.id)


@pytest.mark.parametrize("action", ["drop_after", "drop_within"])
def test_a_lost_answer_to_a_clone_is_settled_by_the_list(
    action: Any, client: Any, invoke: Invoke, emulator: Emulator
) -> None:
    emulator.fail("clone", action=action)
    made = invoke(clone(client))
    assert (made.settled, made.name, emulator.executions("clone")) == (True, "preview", 1)
    assert made.id in {project.id for project in invoke(client.list_projects())}
    assert made.project.id == made.id != emulator.project_id


def test_an_answer_that_arrives_needs_no_settling(client: Any, invoke: Invoke) -> None:
    assert invoke(clone(client)).settled is False


def test_a_clone_that_was_not_made_is_unknown_and_not_repeated(client: Any, invoke: Invoke, emulator: Emulator) -> None:
    emulator.fail("clone", action="drop_before")
    with pytest.raises(UnknownOutcome, match="proves nothing") as caught:
        invoke(clone(client))
    error = caught.value
    assert (error.candidates, error.attempts, error.written, emulator.executions("clone")) == ((), 1, "unknown", 0)
    assert error.next


@pytest.mark.descope_emulator(clone_steps=0)
def test_a_lost_start_of_a_clone_names_what_it_may_have_made(client: Any, invoke: Invoke, emulator: Emulator) -> None:
    emulator.fail("start_clone", action="drop_after")
    with pytest.raises(UnknownOutcome) as caught:
        invoke(client.own_project.start_clone(name="preview"))
    assert emulator.executions("start_clone") == 1
    listed = [project for project in invoke(client.list_projects()) if project.name == "preview"]
    assert list(caught.value.candidates) == listed


def test_a_lost_clone_is_not_looked_for_with_settle_off(client: Any, invoke: Invoke, emulator: Emulator) -> None:
    emulator.fail("clone", action="drop_after")
    with pytest.raises(UnknownOutcome) as caught:
        invoke(clone(client, settle=False))
    assert caught.value.candidates == ()
    assert emulator.executions("clone") == 1
    assert emulator.executions("list_projects") == 0


def listed(*names: str) -> Step:
    projects = [{"id": f"P2{number}", "name": name} for number, name in enumerate(names)]
    return answer(200, {"projects": projects})


@pytest.mark.parametrize(
    ("after", "candidates"),
    [
        ([], []),
        (["somebody else's"], []),
        (["preview", "preview"], ["P22", "P23"]),
        (["preview", "somebody else's", "preview"], ["P22", "P24"]),
    ],
    ids=["none", "another-name", "two", "two-and-another-name"],
)
def test_anything_but_one_new_project_of_that_name_is_no_evidence(
    after: list[str], candidates: list[str], connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    before = ["source", "preview"]
    server.script("list_projects", listed(*before), listed(*before, *after))
    server.script("clone", drop(work=True))
    with pytest.raises(UnknownOutcome) as caught:
        invoke(clone(connect()))
    assert [candidate.id for candidate in caught.value.candidates] == candidates
    assert targets(server.requests) == ["list_projects", "clone", "list_projects"]


def test_another_clone_of_that_name_beside_ours_leaves_it_unknown(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    def ours_and_anothers(exchange: Exchange) -> None:
        exchange.work()
        exchange.work()
        exchange.close()

    server.script("clone", ours_and_anothers)
    with pytest.raises(UnknownOutcome, match="2 new projects") as caught:
        invoke(clone(connect()))
    found = [(candidate.id, candidate.name) for candidate in caught.value.candidates]
    assert found == [(project["id"], "preview") for project in server.projects[1:]]
    assert len(server.seen("clone")) == 1


def test_a_list_without_any_project_from_before_is_no_evidence(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("list_projects", well, answer(200, {"projects": [{"id": "P2new", "name": "preview"}]}))
    server.script("clone", drop(work=False))
    with pytest.raises(UnknownOutcome) as caught:
        invoke(clone(connect()))
    assert caught.value.candidates == ()


def start(client: Any, **options: Any) -> Any:
    return client.own_project.start_clone({"name": "preview", **options})


CALLS = {"clone": clone, "start_clone": start, "delete": delete}


LISTS = {
    "a-key-that-may-not-list": (answer(403), well, 1),
    "a-refused-key": (answer(401), well, 1),
    "a-list-that-fails-before": (answer(500), well, 1),
    "a-list-that-fails-behind": (well, answer(403), 2),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("lists", LISTS)
def test_without_two_lists_there_is_no_evidence(
    call: str, lists: str, connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    before, behind, count = LISTS[lists]
    server.script("list_projects", before)
    server.always("list_projects", behind)
    server.script(call, drop(work=True))
    with pytest.raises(UnknownOutcome) as caught:
        invoke(CALLS[call](connect()))
    assert (caught.value.candidates, caught.value.written, caught.value.attempts) == ((), "unknown", 1)
    assert (len(server.seen("list_projects")), server.executions(call)) == (count, 1)


@pytest.mark.parametrize("call", CALLS)
def test_with_settle_off_nothing_is_listed(call: str, connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    server.script(call, drop(work=True))
    with pytest.raises(UnknownOutcome):
        invoke(CALLS[call](connect(), settle=False))
    assert targets(server.requests) == [call]


def test_a_clone_without_a_name_is_a_candidate_and_never_settled(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("clone", drop(work=True))
    with pytest.raises(UnknownOutcome) as caught:
        invoke(connect().own_project.clone(settle_timeout=0.01))
    assert [candidate.name for candidate in caught.value.candidates] == ["a clone"]


def test_an_unreadable_good_answer_to_a_clone_is_settled_too(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("clone", answer(200, CUT_SHORT))
    assert invoke(clone(connect())).settled is True
    assert server.executions("clone") == 1


def test_a_key_that_may_not_list_clones_all_the_same(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    server.always("list_projects", answer(403, {"errorCode": "E1"}))
    client = connect()
    assert invoke(clone(client)).settled is False
    server.script("clone", drop(work=True))
    with pytest.raises(UnknownOutcome) as caught:
        invoke(clone(client))
    assert caught.value.candidates == ()
    # What the first refusal taught is remembered.
    assert targets(server.requests) == ["list_projects", "clone", "clone"]


def test_settling_lists_as_the_company(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    invoke(clone(connect()))
    bearers = [request.headers["authorization"].removeprefix("Bearer ") for request in server.requests]
    assert bearers[0] == bearers[1].removeprefix(f"{PROJECT}:")
    assert bearers[1].startswith(f"{PROJECT}:")


@pytest.mark.parametrize("action", ["drop_after", "drop_within"])
def test_a_lost_answer_to_a_delete_is_settled_by_the_list(
    action: Any, client: Any, invoke: Invoke, emulator: Emulator
) -> None:
    emulator.fail("delete", action=action)
    assert invoke(delete(client)) is None
    assert emulator.executions("delete") == 1


def test_a_clone_that_outlasts_our_deadline_is_settled_by_the_list(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("clone", hold(Gate(), work=True))
    made = invoke(connect().own_project.clone(name="preview", timeout=1))
    assert (made.settled, made.id, server.executions("clone")) == (True, server.projects[-1]["id"], 1)


def test_work_that_is_done_after_our_deadline_is_found_by_a_later_look(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    gate = Gate()

    def too_early(exchange: Exchange) -> None:
        well(exchange)
        gate.open()
        server.wait_until(lambda: len(server.projects) == 2)

    server.script("clone", hold(gate, then=well))
    server.script("list_projects", well, too_early)
    made = invoke(connect().own_project.clone(name="preview", timeout=1))
    assert (made.settled, server.executions("clone"), len(server.seen("list_projects"))) == (True, 1, 3)


def test_a_list_that_fails_for_a_while_settles_all_the_same(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.script("list_projects", well, *[drop(work=False)] * 3)
    server.script("clone", drop(work=True))
    assert invoke(connect().own_project.clone(name="preview")).settled is True


def test_a_list_that_fails_before_a_clone_does_not_stop_it(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("list_projects", answer(500))
    client = connect()
    assert invoke(clone(client)).settled is False
    # Without a list from before, a later one is no evidence.
    server.script("clone", drop(work=True))
    server.script("list_projects", answer(500))
    server.always("list_projects", well)
    with pytest.raises(UnknownOutcome) as caught:
        invoke(clone(client))
    assert caught.value.candidates == ()


def test_a_project_that_is_still_listed_leaves_its_delete_unknown(
    client: Any, invoke: Invoke, emulator: Emulator
) -> None:
    emulator.fail("delete", action="drop_before")
    with pytest.raises(UnknownOutcome, match="still shows the project") as caught:
        invoke(delete(client))
    assert (caught.value.attempts, emulator.executions("delete")) == (1, 0)


def test_a_project_that_was_not_listed_before_proves_nothing_by_its_absence(
    connect: Connect, invoke: Invoke, server: ScriptedServer
) -> None:
    server.always("list_projects", answer(200, {"projects": []}))
    server.script("delete", drop(work=True))
    with pytest.raises(UnknownOutcome):
        invoke(delete(connect()))


@pytest.mark.parametrize("call", ["import_snapshot", "import_project"])
def test_an_import_that_finishes_after_its_connection_is_never_sent_again(
    call: str, client: Any, invoke: Invoke, emulator: Emulator
) -> None:
    files = invoke(client.own_project.export_snapshot())
    emulator.fail(call, action="drop_after")
    with pytest.raises(UnknownOutcome) as caught:
        invoke(getattr(client.own_project, call)(files))
    assert (caught.value.written, caught.value.exit_status, emulator.executions(call)) == ("unknown", 4, 1)
    assert caught.value.next
