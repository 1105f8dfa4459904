"""What the emulator can do to a request, as a client of this package meets it. Nothing here sleeps."""
# ruff: noqa: ANN401, FBT001 -- the tables of the tests have options of every type

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

import pytest

from descope_projects import (
    ApiError,
    Client,
    CloneResult,
    ConfigurationError,
    Emulator,
    FaultAction,
    ProtocolError,
    ServerError,
    UnknownOutcome,
)
from plain_http import bearer, http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from descope_projects import Project

ONE_MEBIBYTE = 1024 * 1024


@pytest.fixture
def plain(emulator: Emulator) -> Iterator[Client]:
    """A synchronous client that makes one attempt and no handshake."""
    options: Any = {"retry": {"max_attempts": 1}, "license_handshake": False, "max_response_bytes": ONE_MEBIBYTE}
    with emulator.client(options) as client:
        yield client


@pytest.fixture
def project(plain: Client) -> Project:
    return plain.own_project


def changed(project: Project) -> dict[str, Any]:
    files = project.export_snapshot().to_files()
    files["project.json"]["appUrl"] = "https://changed.example.com"
    return files


def app_url(project: Project) -> object:
    return project.export_snapshot()["project.json"]["appUrl"]


def beside(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """The call in a thread of its own, and where its result goes."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    return thread, results


class TestLater:
    def test_work_that_finishes_later_is_seen_when_it_is_released(self, emulator: Emulator, project: Project) -> None:
        before, files = project.export_snapshot(), changed(project)
        fault = emulator.fail("import_snapshot", action="finish_later", html=True)
        with pytest.raises(UnknownOutcome) as raised:
            project.import_snapshot(files)
        assert "504" in str(raised.value)
        assert emulator.wait_until_held(fault)
        assert (emulator.executions("import_snapshot"), project.export_snapshot()) == (0, before)
        for write in (lambda: project.import_snapshot(files), lambda: project.update_name("meanwhile")):
            with pytest.raises(ApiError) as conflict:
                write()
            assert conflict.value.code == "E013008"
        emulator.release(fault)
        assert (emulator.executions("import_snapshot"), app_url(project)) == (1, "https://changed.example.com")
        project.update_name("free again")

    def test_the_connection_is_cut_and_the_next_requests_come_first(self, emulator: Emulator, plain: Client) -> None:
        emulator.fail("clone", action="finish_later", drop=True, requests=2)
        with pytest.raises(UnknownOutcome):
            plain.own_project.clone(name="late", settle=False)
        assert [len(plain.list_projects()) for _ in range(4)] == [1, 1, 2, 2]

    def test_a_clone_that_appears_later_is_settled(self, emulator: Emulator) -> None:
        emulator.fail("clone", action="finish_later", requests=1)
        with emulator.client() as client:
            clone = client.own_project.clone(name="late")
        assert isinstance(clone, CloneResult)
        assert (clone.name, clone.settled, emulator.executions("clone")) == ("late", True, 1)

    def test_the_work_comes_after_a_time(self, emulator: Emulator, plain: Client) -> None:
        emulator.fail("update_name", action="finish_later", seconds=timedelta(milliseconds=1))
        fault = emulator.fail("list_projects", action="hold")
        with pytest.raises(ServerError):
            plain.own_project.update_name("late")
        emulator.release(fault)
        while emulator.executions("update_name") == 0:
            plain.list_projects()
        assert plain.list_projects()[0].name == "late"

    @pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
    @pytest.mark.parametrize("action", ["hold", "delay"])
    def test_a_wait_is_on_one_side_of_the_work(
        self, emulator: Emulator, plain: Client, action: Any, when: Any, done: int
    ) -> None:
        seconds: Any = {"seconds": 600} if action == "delay" else {}
        fault = emulator.fail("update_name", seconds, action=action, when=when)
        thread, results = beside(lambda: plain.own_project.update_name("slow"))
        assert emulator.wait_until_held(fault)
        assert (emulator.executions("update_name"), results) == (done, [])
        emulator.release(fault)
        thread.join()
        assert (emulator.executions("update_name"), results) == (1, [None])

    def test_a_delay_ends_by_itself(self, emulator: Emulator, plain: Client) -> None:
        emulator.fail("list_projects", action="delay", seconds=0.001, times=None)
        assert [len(plain.list_projects()) for _ in range(2)] == [1, 1]

    def test_a_started_clone_may_fail_later(self, emulator: Emulator, plain: Client) -> None:
        emulator.fail("start_clone", action="fail_later", error="no room")
        started = plain.own_project.start_clone(name="x")
        assert started.status().state == "running"
        assert started.status().error == "no room"


class TestSpoiledAnswers:
    @pytest.mark.parametrize(
        ("action", "options"),
        [
            ("truncate", {}),
            ("endless", {}),
            ("html", {}),
            ("wrong_type", {"body": '{"projects": 3}'}),
            ("wrong_type", {"body": '"text"'}),
            ("bomb", {"bytes": 64 * ONE_MEBIBYTE}),
        ],
    )
    def test_an_answer_that_is_none_is_said_to_be_none(
        self, emulator: Emulator, plain: Client, action: Any, options: Any
    ) -> None:
        emulator.fail("list_projects", options, action=action)
        with pytest.raises(ProtocolError) as raised:
            plain.list_projects()
        assert ("larger than max_response_bytes" in str(raised.value)) is (action in ("endless", "bomb"))
        assert emulator.executions("list_projects") == 1
        assert len(plain.list_projects()) == 1

    @pytest.mark.parametrize("action", ["truncate", "endless", "html", "wrong_type", "bomb"])
    def test_a_clone_whose_answer_is_spoiled_was_made_and_is_unknown(
        self, emulator: Emulator, plain: Client, action: Any
    ) -> None:
        emulator.fail("clone", action=action)
        with pytest.raises(UnknownOutcome):
            plain.own_project.clone(name="lost", settle=False)
        assert emulator.executions("clone") == 1
        assert len(plain.list_projects()) == 2

    def test_another_content_type_is_told_as_it_is(self, emulator: Emulator) -> None:
        emulator.fail("license", action="content_type", content_type="text/x; a=b")
        status, headers, body = http(emulator, "GET", "/v1/mgmt/license", Authorization=bearer(emulator))
        assert (status, headers["content-type"], body) == (200, "text/x; a=b", {"rateLimitTier": "tier4"})

    def test_a_slow_answer_is_whole_after_its_release(self, emulator: Emulator, plain: Client) -> None:
        fault = emulator.fail("list_projects", action="slow", seconds=600)
        thread, results = beside(plain.list_projects)
        assert emulator.wait_until_held(fault)
        assert results == []
        emulator.release(fault)
        thread.join()
        assert results == [plain.list_projects()]

    def test_a_slow_answer_comes_to_its_end_without_a_release(self, emulator: Emulator, plain: Client) -> None:
        emulator.fail("list_projects", action="slow", seconds=0)
        assert len(plain.list_projects()) == 1


class TestParts:
    def test_a_request_that_is_cut_is_not_done(self, emulator: Emulator, project: Project) -> None:
        files = changed(project)
        emulator.fail("import_snapshot", action="drop_request")
        with pytest.raises(UnknownOutcome):
            project.import_snapshot(files)
        assert emulator.executions("import_snapshot") == 0
        assert app_url(project) == "https://app.example.com"
        assert (emulator.requests()[-2]["operation"], emulator.requests()[-2]["status"]) == ("import_snapshot", None)

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({"written": 0}, (False, False)),
            ({"written": 1}, (True, False)),
            ({}, (True, False)),
            ({"written": 1, "drop": True}, (True, False)),
            ({"drop": True, "written": 2}, (True, True)),
        ],
    )
    @pytest.mark.parametrize("verb", ["import_snapshot", "import_project"])
    def test_an_import_that_writes_a_part(
        self, emulator: Emulator, project: Project, verb: Any, options: Any, expected: tuple[bool, bool]
    ) -> None:
        files = changed(project)
        files["applications.json"] = {"applications": [], "changed": True}
        emulator.fail(verb, options, action="partial")
        with pytest.raises(UnknownOutcome):
            getattr(project, verb)(files)
        after = project.export_snapshot()
        assert ("changed" in after["applications.json"], after["project.json"] == files["project.json"]) == expected
        assert emulator.executions(verb) == 0

    @pytest.mark.parametrize(("semantics", "written"), [("write_nothing", False), ("write_part", True)])
    def test_an_import_that_is_refused_may_have_written_a_part(self, semantics: Any, written: bool) -> None:
        with Emulator(semantics={"refused_imports": semantics}) as emulator, emulator.client() as client:
            files = changed(client.own_project)
            files["applications.json"] = {"applications": [], "changed": True}
            files["auth/magiclink.json"]["emailServiceProvider"] = "CInowhere"
            with pytest.raises(ApiError) as raised:
                client.own_project.import_snapshot(files)
            assert raised.value.code == "E011003"
            after = client.own_project.export_snapshot()
            assert ("changed" in after["applications.json"]) is written
            assert after["project.json"]["appUrl"] == "https://app.example.com"


class TestAsking:
    @pytest.mark.parametrize("action", get_args(FaultAction))
    def test_every_action_is_taken_in_python_and_over_http(self, emulator: Emulator, action: Any) -> None:
        operation = {"partial": "import_project", "fail_later": "start_clone"}.get(action, "license")
        emulator.fail(operation, action=action)
        status, _, body = http(emulator, "POST", "/_emulator/faults", {"operation": operation, "action": action})
        assert status == 200, body
        faults = http(emulator, "GET", "/_emulator/faults")[2]["faults"]
        assert [fault["action"] for fault in faults] == [action, action]

    @pytest.mark.parametrize(
        ("operation", "options", "python", "curl"),
        [
            ("clone", {"action": "finish_latr"}, "`action`: expected one of", 'did you mean "finish_later"?'),
            ("clone", {"action": "hold", "whn": "after"}, "did you mean `when`?", 'did you mean "when"?'),
            ("clone", {"action": "hold", "when": "later"}, "expected one of before, after", "when: expected"),
            ("clone", {"action": "hold", "status": 500}, "no option of hold; it takes when", "no option of hold"),
            ("clone", {"action": "drop_before", "seconds": 1}, "it takes none", "it takes none"),
            ("clone", {"action": "delay", "seconds": 601}, "600 at most", "600 at most"),
            ("clone", {"action": "delay", "seconds": -1}, "expected a number of seconds", "expected a number of"),
            ("clone", {"action": "delay", "seconds": "1"}, "expected a number of seconds", "expected a number of"),
            ("clone", {"action": "delay", "seconds": True}, "expected a number of seconds", "expected a number of"),
            ("clone", {"action": "finish_later", "requests": 1.5}, "expected an integer", "expected an integer"),
            ("clone", {"action": "finish_later", "requests": -1}, "expected an integer", "expected an integer"),
            ("clone", {"action": "finish_later", "status": 200}, "expected 400 to 599", "expected 400 to 599"),
            ("clone", {"action": "finish_later", "status": 70000}, "expected 400 to 599", "expected 400 to 599"),
            ("clone", {"action": "finish_later", "drop": True, "status": 504}, "drop is true", "drop is true"),
            ("clone", {"action": "finish_later", "drop": 1}, "expected a boolean", "expected a boolean"),
            ("clone", {"action": "partial"}, "only import_snapshot and", "only import_snapshot and"),
            ("*", {"action": "fail_later"}, "only start_clone", "only start_clone"),
            ("clone", {"action": "content_type", "content_type": "a\nb"}, "as a header", "as a header"),
            ("clone", {"action": "bomb", "bytes": "1"}, "expected an integer", "expected an integer"),
        ],
    )
    def test_a_wrong_fault_is_explained_in_python_and_over_http(
        self, emulator: Emulator, operation: str, options: Any, python: str, curl: str
    ) -> None:
        with pytest.raises(ConfigurationError) as raised:
            emulator.fail(operation, options)
        assert python in str(raised.value)
        status, _, body = http(emulator, "POST", "/_emulator/faults", {"operation": operation, **options})
        assert (status, body["errorCode"]) == (400, "EMULATOR400")
        assert curl in body["errorMessage"]

    @pytest.mark.parametrize(
        "action",
        [{"status": 502, "retry_after": "3"}, {"fail_later": "no room"}],
        ids=["status", "fail_later"],
    )
    def test_over_http_an_action_may_be_an_object_with_its_options(self, emulator: Emulator, action: Any) -> None:
        fault = {"operation": "start_clone", "action": action}
        assert http(emulator, "POST", "/_emulator/faults", fault)[0] == 200
        [listed] = http(emulator, "GET", "/_emulator/faults")[2]["faults"]
        assert listed["action"] == next(iter(action))
        status, _, body = http(emulator, "POST", "/_emulator/faults", {**fault, **action, "error": "twice"})
        assert status == 400, body
