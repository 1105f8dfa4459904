"""What survives a pickle, what does not on purpose, and processes made by spawn and fork."""
# ruff: noqa: ANN401 -- a client is one of two classes

from __future__ import annotations

import copy
import multiprocessing
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import (
    Client,
    ConfigurationError,
    Emulator,
    ProjectInfo,
    ProjectNotFound,
    Snapshot,
    ValidationFailed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Face

KEY = "K2canary-do-not-keep"
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class TestClients:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_a_pickled_client_carries_no_key(self, face: Face, protocol: int) -> None:
        secret = {"proxy": f"http://user:{KEY}@127.0.0.1:1", "headers": {"X-Api-Key": KEY}}
        made = face.client("P2abc", KEY, {**secret, "timeout": 3, "read_only": True})
        assert KEY.encode() not in pickle.dumps(made, protocol)

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_it_finds_one_in_the_environment_of_where_it_is(
        self, face: Face, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, protocol: int
    ) -> None:
        made = face.client(emulator.project_id, KEY, base_url=emulator.url, read_only=True)
        pickled = pickle.dumps(made, protocol)
        monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", emulator.management_key)
        again = pickle.loads(pickled)
        face.clients.append(again)
        assert type(again) is type(made)
        assert (again.own_project.id, again.base_url, again.read_only) == (
            emulator.project_id,
            made.base_url,
            True,
        )
        assert len(face.invoke(again.list_projects())) == 1

    def test_a_token_will_do(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        pickled = pickle.dumps(face.client("P2abc", KEY))
        monkeypatch.setenv("WORKLOAD_IDENTITY_TOKEN", "aaaa.bbbb.cccc")
        assert pickle.loads(pickled).own_project.id == "P2abc"

    def test_without_one_it_says_so(self, face: Face) -> None:
        pickled = pickle.dumps(face.client("P2abc", KEY))
        with pytest.raises(ConfigurationError, match=r"carries no key.*DESCOPE_MANAGEMENT_KEY"):
            pickle.loads(pickled)

    def test_another_project_in_the_environment_is_not_taken(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        pickled = pickle.dumps(face.client("P2abc", KEY))
        monkeypatch.setenv("DESCOPE_PROJECT_ID", "P2other")
        monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", "K2other")
        assert pickle.loads(pickled).own_project.id == "P2abc"

    def test_a_callable_key_stays_at_home(self, face: Face) -> None:
        pickled = pickle.dumps(face.client("P2abc", lambda: KEY))
        assert KEY.encode() not in pickled

    def test_an_emulator_is_not_pickled(self, emulator: Emulator) -> None:
        with pytest.raises(TypeError, match="Emulator"):
            pickle.dumps(emulator)


def comes_back(value: Any, protocol: int) -> None:
    again = pickle.loads(pickle.dumps(value, protocol))
    assert type(again) is type(value)
    assert again == value
    assert hash(again) == hash(value)
    assert copy.deepcopy(value) == value


class TestValues:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_what_calls_return_comes_back_equal(self, client: Any, invoke: Callable[[Any], Any], protocol: int) -> None:
        [info] = invoke(client.list_projects())
        snapshot = invoke(client.own_project.export_snapshot())
        for value in (info, snapshot):
            comes_back(value, protocol)

    @pytest.mark.parametrize("which", ["validation", "missing secret", "status", "entity", "clone"])
    def test_other_results_come_back_equal(self, client: Any, invoke: Callable[[Any], Any], which: str) -> None:
        snapshot = invoke(client.own_project.export_snapshot())
        files = snapshot.to_files()
        files["connectors/connectors.json"]["connectors"].append("slack")
        files["connectors/slack.json"] = {"id": "CI", "name": "S", "configuration": {"token": "PLACEHOLDER_VALUE"}}
        validation = invoke(client.own_project.validate_snapshot(files))
        results = {
            "validation": validation,
            "missing secret": validation.missing_secrets[0],
            "status": invoke(invoke(client.own_project.start_clone(name="x")).status()),
            "entity": snapshot.entities("flow:sign-in")[0],
            "clone": invoke(client.own_project.clone(name="y", tags=["t"])),
        }
        for protocol in PROTOCOLS:
            comes_back(results[which], protocol)

    def test_an_info_keeps_what_the_server_added(self) -> None:
        info = ProjectInfo("P2a", "n", "production", ("t",), {"region": {"name": "eu"}})
        assert pickle.loads(pickle.dumps(info)).extra == {"region": {"name": "eu"}}

    def test_a_part_stays_one(self) -> None:
        part = Snapshot.from_files({"roles.json": {"roles": []}})
        assert pickle.loads(pickle.dumps(part)).partial

    def test_errors_of_calls_come_back_with_everything(self, client: Any, invoke: Callable[[Any], Any]) -> None:
        with pytest.raises(ProjectNotFound) as raised:
            invoke(client.project("P2nowhere").export_snapshot())
        again = pickle.loads(pickle.dumps(raised.value))
        assert (type(again), str(again), vars(again)) == (ProjectNotFound, str(raised.value), vars(raised.value))

    def test_a_failed_validation_comes_back_with_its_reasons(self, client: Any, invoke: Callable[[Any], Any]) -> None:
        validation = invoke(client.own_project.validate_snapshot({"project.json": {}}, exclude=["lists"]))
        assert validation.ok
        files = {"project.json": {}, "flows/f/metadata.json": {}}
        with pytest.raises(ValidationFailed) as raised:
            invoke(client.own_project.validate_snapshot(files, allow_partial=True)).check()
        again = pickle.loads(pickle.dumps(raised.value))
        assert again.validation == raised.value.validation
        assert again.validation.failures != ()


def names_of(client: Client) -> list[str]:
    """What a worker does: it got a client that has no key."""
    with client:
        return [info.name for info in client.list_projects()]


class TestProcesses:
    @pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
    def test_a_client_goes_to_worker_processes(
        self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, method: str
    ) -> None:
        monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", emulator.management_key)
        with emulator.client() as client:
            assert len(client.list_projects()) == 1
            with multiprocessing.get_context(method).Pool(2) as pool:
                assert pool.map(names_of, [client, client, client], chunksize=1) == [["Example"]] * 3
            assert len(client.list_projects()) == 1

    @pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
    @pytest.mark.parametrize("before", [0, 1])
    def test_a_forked_child_has_connections_of_its_own(self, emulator: Emulator, before: int) -> None:
        context = multiprocessing.get_context("fork")
        with emulator.client(license_handshake=False) as client:
            for _ in range(before):
                client.list_projects()
            queue = context.SimpleQueue()
            child = context.Process(target=lambda: queue.put([info.name for info in client.list_projects()]))
            child.start()
            assert queue.get() == ["Example"]
            child.join()
            assert child.exitcode == 0
            assert len(client.list_projects()) == 1
        connections = [request["connection"] for request in emulator.requests()]
        assert connections[0] == connections[-1] if before else connections[0] != connections[-1]
        assert len(set(connections)) == 2

    @pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
    def test_a_stopped_emulator_of_a_parent_stays_stopped_and_a_running_one_runs(self, emulator: Emulator) -> None:
        context = multiprocessing.get_context("fork")
        child = context.Process(target=emulator.stop)
        child.start()
        child.join()
        assert child.exitcode == 0
        with emulator.client() as client:
            assert len(client.list_projects()) == 1
