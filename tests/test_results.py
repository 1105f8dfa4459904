"""What calls return, what they log, and how a client ends."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from conftest import with_new_connector
from descope_projects import (
    ApiError,
    CloneResult,
    ConfigurationError,
    DeadlineExceeded,
    DescopeError,
    Emulator,
    MissingSecret,
    ProjectInfo,
    ProjectNotFound,
    Validation,
)
from scripted_server import ScriptedServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Face

Invoke: TypeAlias = "Callable[[Any], Any]"


Scripted: TypeAlias = "tuple[ScriptedServer, Any, Invoke]"


@pytest.fixture
def scripted(face: Face) -> Iterator[Scripted]:
    """A server that says what the emulator never says, a client of it, and how to call it."""
    with ScriptedServer() as server:
        yield server, face.client("P2abc", "K2abc", base_url=server.url, license_handshake=False), face.invoke


class TestResults:
    def results(self, project: Any, client: Any, invoke: Invoke) -> list[Any]:
        validation = invoke(project.validate_snapshot(with_new_connector(invoke(project.export_snapshot()))))
        started = invoke(project.start_clone(name="b"))
        return [
            invoke(client.list_projects())[0],
            invoke(project.clone(name="a", tags=["x\ny"])),
            invoke(started.status()),
            validation,
            validation.missing_secrets[0],
        ]

    def test_a_result_is_frozen_and_shown_in_one_line(self, project: Any, client: Any, invoke: Invoke) -> None:
        for result in self.results(project, client, invoke):
            for name in [*type(result).__match_args__, "something_else"]:
                with pytest.raises(AttributeError):
                    setattr(result, name, "changed")
            shown = repr(result)
            assert shown.startswith(type(result).__name__ + "(")
            assert "\n" not in shown
            assert hash(result) == hash(result)
            assert result != object()

    def test_a_result_s_dict_has_all_its_fields(self, project: Any, client: Any, invoke: Invoke) -> None:
        for result in self.results(project, client, invoke):
            fields = result.to_dict()
            assert set(fields) >= set(type(result).__match_args__)
            assert fields is not result.to_dict()
            for name in type(result).__match_args__:
                if name not in ("tags", "missing_secrets", "failures"):
                    assert fields[name] == getattr(result, name)

    def test_results_are_equal_by_their_fields(self) -> None:
        one = ProjectInfo("P2a", "n", "production", ("t",), {"region": "eu"})
        same = ProjectInfo(id="P2a", name="n", environment="production", tags=["t"], extra={"region": "eu"})
        assert one == same
        assert hash(one) == hash(same)
        assert len({one, same}) == 1
        for other in (
            ProjectInfo("P2b", "n", "production", ("t",), {"region": "eu"}),
            ProjectInfo("P2a", "m", "production", ("t",), {"region": "eu"}),
            ProjectInfo("P2a", "n", None, ("t",), {"region": "eu"}),
            ProjectInfo("P2a", "n", "production", (), {"region": "eu"}),
            ProjectInfo("P2a", "n", "production", ("t",), {"region": "us"}),
        ):
            assert one != other

    def test_results_match_patterns(self, project: Any, invoke: Invoke) -> None:
        clone = invoke(project.clone(name="a", tags=["x"]))
        match clone:
            case CloneResult(_, "a", None, ("x",)):
                matched = "positional"
            case _:
                matched = None
        assert matched == "positional"
        validation = invoke(project.validate_snapshot(with_new_connector(invoke(project.export_snapshot()))))
        match validation:
            case Validation(ok=False, missing_secrets=(MissingSecret("connectors", secret_id),)):
                assert secret_id == "CInew"
            case _:
                pytest.fail("the pattern did not match")

    def test_extra_is_a_new_dict_each_time(self) -> None:
        info = ProjectInfo("P2a", "n", extra={"nested": {"a": [1, 2.5, None]}})
        info.extra["nested"]["a"].append("changed")
        assert info.extra == {"nested": {"a": [1, 2.5, None]}} == info.to_dict()["extra"]

    @pytest.mark.parametrize(
        ("operation", "body", "call", "extra"),
        [
            (
                "list_projects",
                {"projects": [{"id": "P2a", "name": "n", "since": {"v": 1}}], "next": "x"},
                lambda client, invoke: invoke(client.list_projects())[0],
                {"since": {"v": 1}},
            ),
            (
                "clone",
                {"projectId": "P2a", "projectName": "n", "since": [1, "two"]},
                lambda client, invoke: invoke(client.own_project.clone(name="n", settle=False)),
                {"since": [1, "two"]},
            ),
            (
                "clone_status",
                {"projectId": "P2a", "projectName": "n", "since": 1},
                lambda client, invoke: invoke(invoke(client.own_project.start_clone()).status()),
                {"since": 1},
            ),
        ],
        ids=["list", "clone", "status"],
    )
    def test_fields_that_the_server_added_since_are_kept(
        self,
        scripted: Scripted,
        operation: str,
        body: dict[str, Any],
        call: Callable[[Any, Invoke], Any],
        extra: dict[str, Any],
    ) -> None:
        server, client, invoke = scripted
        server.script(operation, answer(200, body))
        result = call(client, invoke)
        assert (result.id, result.name) == ("P2a", "n")
        assert result.extra == extra
        assert result.to_dict()["extra"] == extra

    def test_what_the_server_does_not_say_is_none(self, scripted: Scripted) -> None:
        server, client, invoke = scripted
        server.script("list_projects", answer(200, {"projects": [{"id": "P2a"}]}))
        [info] = invoke(client.list_projects())
        assert (info.id, info.environment, info.tags, info.extra) == ("P2a", None, (), {})
        server.script("clone", answer(200, {}))
        clone = invoke(client.own_project.clone(name="n", settle=False))
        assert (clone.id, clone.name, clone.environment, clone.tags) == (None, None, None, None)
        with pytest.raises(DescopeError, match="which project"):
            clone.project  # noqa: B018 -- the access is what is tested

    def test_an_environment_that_is_empty_is_none(self, scripted: Scripted) -> None:
        server, client, invoke = scripted
        listed = {"id": "P2a", "name": "n", "environment": "", "tag": "", "tags": None}
        server.script("list_projects", answer(200, {"projects": [listed]}))
        [info] = invoke(client.list_projects())
        assert (info.environment, info.tags) == (None, ())

    def test_a_project_of_an_older_server_has_its_one_tag(self, scripted: Scripted) -> None:
        server, client, invoke = scripted
        server.script("list_projects", answer(200, {"projects": [{"id": "P2a", "name": "n", "tag": "blue"}]}))
        [info] = invoke(client.list_projects())
        assert info.tags == ("blue",)


class TestStartedClones:
    def test_a_clone_that_failed_says_why(self, scripted: Scripted) -> None:
        server, client, invoke = scripted
        server.always("clone_status", answer(200, {"error": "the disk is full"}))
        started = invoke(client.own_project.start_clone(name="x"))
        status = invoke(started.status())
        assert (status.state, status.id, status.error) == ("failed", None, "the disk is full")
        with pytest.raises(ApiError) as raised:
            invoke(started.wait())
        assert (raised.value.status, raised.value.message) == (None, "the disk is full")

    @pytest.mark.descope_emulator(clone_steps=2**31)
    def test_waiting_has_an_end_and_may_be_done_again(self, client: Any, emulator: Emulator, invoke: Invoke) -> None:
        started = invoke(client.own_project.start_clone(name="x"))
        for _ in range(2):
            with pytest.raises(DeadlineExceeded):
                invoke(started.wait(timeout=0.01))
        assert emulator.executions("start_clone") == 1
        assert invoke(started.status()).state == "running"

    @pytest.mark.parametrize("timeout", [0, -1, True, "3", float("nan")])
    def test_waiting_takes_seconds(self, client: Any, invoke: Invoke, timeout: Any) -> None:
        started = invoke(client.own_project.start_clone(name="x"))
        with pytest.raises(ConfigurationError, match="`timeout`: expected a number of seconds"):
            invoke(started.wait(timeout=timeout))


class TestClosing:
    def test_a_context_ends_with_a_closed_client(self, emulator: Emulator) -> None:
        with emulator.client() as made:
            assert len(made.list_projects()) == 1
        with pytest.raises(ConfigurationError, match="closed"):
            made.list_projects()

    async def test_an_async_context_ends_with_a_closed_client(self, emulator: Emulator) -> None:
        async with emulator.async_client() as made:
            assert len(await made.list_projects()) == 1
        with pytest.raises(ConfigurationError, match="closed"):
            await made.list_projects()

    def test_closing_twice_is_no_error(self, client: Any, invoke: Invoke) -> None:
        invoke(client.list_projects())
        assert invoke(client.close()) is None
        assert invoke(client.close()) is None
        assert "closed" in repr(client)

    def test_a_handle_of_a_closed_client_is_closed(self, client: Any, emulator: Emulator, invoke: Invoke) -> None:
        handle = client.own_project
        invoke(client.close())
        before = len(emulator.requests())
        for call in (handle.export_snapshot, handle.clone):
            with pytest.raises(ConfigurationError, match="closed"):
                invoke(call())
        assert len(emulator.requests()) == before

    def test_an_exception_in_the_body_goes_through(self, emulator: Emulator) -> None:
        with pytest.raises(KeyError), emulator.client():
            raise KeyError("own")

    def test_a_client_that_was_never_used_closes(self, face: Face, invoke: Invoke) -> None:
        invoke(face.client("P2abc", "K2abc").close())


class TestLogging:
    def test_a_call_is_one_record(self, client: Any, caplog: pytest.LogCaptureFixture, invoke: Invoke) -> None:
        caplog.set_level(logging.DEBUG, "descope_projects")
        invoke(client.list_projects())
        invoke(client.own_project.export_snapshot())
        records = [record for record in caplog.records if record.name == "descope_projects"]
        spoken = [record.getMessage() for record in records if "license" not in record.getMessage()]
        assert len(spoken) == 2
        assert spoken[0].startswith("list_projects of ")
        assert spoken[1].startswith("export_snapshot of ")
        assert {record.levelno for record in records} == {logging.DEBUG}
        assert all("200" in message for message in spoken)

    def test_a_retry_is_a_record_of_its_own(
        self, face: Face, emulator: Emulator, caplog: pytest.LogCaptureFixture, invoke: Invoke
    ) -> None:
        caplog.set_level(logging.DEBUG, "descope_projects")
        retry = {"initial_backoff": 0}
        made = face.client(emulator.project_id, emulator.management_key, base_url=emulator.url, retry=retry)
        emulator.fail("list_projects", status=503)
        invoke(made.list_projects())
        spoken = [record.getMessage() for record in caplog.records if "list_projects" in record.getMessage()]
        assert any("503" in message for message in spoken)
        assert any("200" in message for message in spoken)

    def test_a_refused_call_is_a_record(self, client: Any, caplog: pytest.LogCaptureFixture, invoke: Invoke) -> None:
        caplog.set_level(logging.DEBUG, "descope_projects")
        with pytest.raises(ProjectNotFound):
            invoke(client.project("P2nowhere").update_name("x"))
        assert any("404" in record.getMessage() for record in caplog.records)

    def test_a_handler_that_fails_does_not_fail_the_call(
        self, client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, invoke: Invoke
    ) -> None:
        class Broken(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                raise RuntimeError(record.getMessage())

        logger = logging.getLogger("descope_projects")
        unraisable: list[Any] = []
        monkeypatch.setattr("sys.unraisablehook", unraisable.append)
        handler = Broken()
        logger.addHandler(handler)
        caplog.set_level(logging.DEBUG, "descope_projects")
        try:
            assert len(invoke(client.list_projects())) == 1
        finally:
            logger.removeHandler(handler)
        assert len(unraisable) > 0
