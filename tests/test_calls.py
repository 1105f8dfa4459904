"""Every call of the API through the public surface, in both faces: what it takes, what it returns, what it refuses."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from conftest import with_new_connector
from descope_projects import (
    AsyncStartedClone,
    CloneResult,
    CloneStatus,
    ConfigurationError,
    Emulator,
    ProjectInfo,
    ServerError,
    Snapshot,
    SnapshotError,
    StartedClone,
    Validation,
    ValidationFailed,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Face

Invoke: TypeAlias = "Callable[[Any], Any]"


class TestEveryCall:
    def test_a_list_gives_the_projects_as_they_are(self, client: Any, emulator: Emulator, invoke: Invoke) -> None:
        projects = invoke(client.list_projects())
        assert projects == [ProjectInfo(emulator.project_id, "Example", None, ("example",))]
        assert [type(info.tags) for info in projects] == [tuple]

    def test_a_clone_is_a_new_project_with_a_handle(
        self, project: Any, client: Any, emulator: Emulator, invoke: Invoke
    ) -> None:
        clone = invoke(project.clone({"name": "preview-42", "environment": "production"}, tags=["preview", "eu"]))
        assert isinstance(clone, CloneResult)
        assert (clone.name, clone.environment, clone.tags) == ("preview-42", "production", ("preview", "eu"))
        assert (clone.settled, clone.project.id, clone.id.startswith("P")) == (False, clone.id, True)
        assert type(clone.project) is type(project)
        listed = {info.id: info for info in invoke(client.list_projects())}
        assert listed[clone.id] == ProjectInfo(clone.id, "preview-42", "production", ("preview", "eu"))
        assert emulator.executions("clone") == 1
        invoke(clone.project.update_name("renamed"))
        assert "renamed" in [info.name for info in invoke(client.list_projects())]

    def test_a_clone_needs_no_options(self, project: Any, invoke: Invoke) -> None:
        assert invoke(project.clone()).name == "Example (clone)"

    def test_a_started_clone_runs_and_then_is_there(self, project: Any, invoke: Invoke) -> None:
        started = invoke(project.start_clone(name="preview-43"))
        assert isinstance(started, StartedClone | AsyncStartedClone)
        assert started.process_id != ""
        running, done = invoke(started.status()), invoke(started.status())
        assert isinstance(running, CloneStatus)
        assert (running.state, running.id, running.name, running.error) == ("running", None, None, None)
        assert (done.state, done.name, done.error) == ("done", "preview-43", None)
        made = invoke(started.wait(timeout=timedelta(seconds=20)))
        assert (made.id, made.name, made.project.id) == (done.id, "preview-43", done.id)

    def test_a_new_name_is_in_the_list(self, project: Any, client: Any, invoke: Invoke) -> None:
        assert invoke(project.update_name("Zoë's <project>")) is None
        assert [info.name for info in invoke(client.list_projects())] == ["Zoë's <project>"]

    @pytest.mark.parametrize("tags", [["a", "b"], ("a", "b"), []])
    def test_new_tags_replace_the_old_ones(self, project: Any, client: Any, tags: list[str], invoke: Invoke) -> None:
        assert invoke(project.update_tags(tags)) is None
        assert [info.tags for info in invoke(client.list_projects())] == [tuple(tags)]

    def test_a_snapshot_export_has_no_secrets_in_it(self, project: Any, invoke: Invoke) -> None:
        snapshot = invoke(project.export_snapshot())
        assert isinstance(snapshot, Snapshot)
        assert snapshot["connectors/sendgrid.json"]["configuration"]["apiKey"] == "PLACEHOLDER_VALUE"
        assert (snapshot.contains_secrets, snapshot.partial, snapshot.skipped) == (False, False, ())

    def test_a_project_export_has_secrets_in_it(self, project: Any, invoke: Invoke) -> None:
        export = invoke(project.export_project())
        assert export["connectors/sendgrid.json"]["configuration"]["apiKey"] == "example-sendgrid-key"
        assert export.contains_secrets

    @pytest.mark.parametrize("verb", ["export_snapshot", "export_project"])
    def test_a_plain_export_has_its_assets_inside(self, project: Any, verb: str, invoke: Invoke) -> None:
        plain = invoke(getattr(project, verb)({"format": "plain"}))
        assert [path for path in plain if path.startswith("assets/")] == []
        logo = plain["flows/sign-in/screen-welcome.json"]["contents"]["logo"]["props"]["src"]
        assert logo.startswith("data:image/svg+xml;base64,")

    @pytest.mark.parametrize("verb", ["import_snapshot", "import_project"])
    @pytest.mark.parametrize("form", ["snapshot", "mapping", "directory", "archive", "string"])
    def test_an_import_takes_every_form_of_files(
        self, project: Any, tmp_path: Path, verb: str, form: str, invoke: Invoke
    ) -> None:
        files = invoke(project.export_snapshot()).to_files()
        files["project.json"]["appUrl"] = "https://imported.example.com"
        snapshot = Snapshot.from_files(files)
        target = tmp_path / ("changed.zip" if form == "archive" else "changed")
        snapshot.write(target)
        forms = {"snapshot": snapshot, "mapping": files, "string": str(target)}
        assert invoke(getattr(project, verb)(forms.get(form, target))) is None
        assert invoke(project.export_snapshot())["project.json"]["appUrl"] == "https://imported.example.com"

    def test_an_exclude_keeps_what_the_target_has(self, project: Any, invoke: Invoke) -> None:
        files = invoke(project.export_snapshot()).to_files()
        files["project.json"]["appUrl"] = "https://imported.example.com"
        files["project.json"]["rotateJwt"] = False
        invoke(project.import_snapshot(files, {"exclude": ["project.domain"]}))
        settings = invoke(project.export_snapshot())["project.json"]
        assert (settings["appUrl"], settings["rotateJwt"]) == ("https://app.example.com", False)

    def test_a_validation_names_each_missing_secret_and_an_import_takes_it(self, project: Any, invoke: Invoke) -> None:
        files = with_new_connector(invoke(project.export_snapshot()))
        validation = invoke(project.validate_snapshot(files))
        assert isinstance(validation, Validation)
        assert (validation.ok, bool(validation), validation.failures) == (False, False, ())
        [secret] = validation.missing_secrets
        assert (secret.group, secret.id, secret.name, secret.type) == ("connectors", "CInew", "Slack", "token")
        with pytest.raises(ValidationFailed) as failed:
            validation.check()
        assert failed.value.validation == validation
        secrets = {secret.group: [{"id": secret.id, "name": secret.name, "type": secret.type, "value": "xoxb"}]}
        given = invoke(project.validate_snapshot(files, {"input_secrets": secrets}))
        assert (given.ok, bool(given), given.failures, given.missing_secrets) == (True, True, (), ())
        assert given.check() is None
        invoke(project.import_snapshot(files, input_secrets=secrets))
        configuration = invoke(project.export_project())["connectors/slack.json"]["configuration"]
        assert configuration == {"channel": "#ops", "token": "xoxb"}

    def test_a_validation_gives_the_failures_in_the_server_s_words(self, project: Any, invoke: Invoke) -> None:
        files = invoke(project.export_snapshot()).to_files()
        files["flows/sign-in/metadata.json"]["references"]["connectors"] = {"Gone": "CIgone"}
        files["flows/sign-in/contents.json"]["tasks"]["2"]["arguments"]["connectorId"]["value"] = "CIgone"
        validation = invoke(project.validate_snapshot(files))
        assert not validation.ok
        assert any("CIgone" in failure for failure in validation.failures)

    def test_a_validation_changes_nothing(self, project: Any, emulator: Emulator, invoke: Invoke) -> None:
        before = invoke(project.export_snapshot())
        files = before.to_files()
        files["project.json"]["appUrl"] = "https://imported.example.com"
        assert invoke(project.validate_snapshot(files)).ok
        assert invoke(project.export_snapshot()) == before
        assert emulator.executions("import_snapshot") == 0

    def test_the_licence_is_asked_for_once_and_sent_from_then_on(
        self, client: Any, emulator: Emulator, invoke: Invoke
    ) -> None:
        invoke(client.list_projects())
        invoke(client.own_project.export_snapshot())
        requests = emulator.requests()
        assert [request["operation"] for request in requests] == ["license", "list_projects", "export_snapshot"]
        tiers = [dict(request["headers"]).get("x-descope-license") for request in requests]
        assert tiers == [None, "tier4", "tier4"]

    def test_the_licence_can_be_left_out(self, face: Face, emulator: Emulator, invoke: Invoke) -> None:
        made = face.client(emulator.project_id, emulator.management_key, base_url=emulator.url, license_handshake=False)
        invoke(made.list_projects())
        assert [request["operation"] for request in emulator.requests()] == ["list_projects"]

    def test_each_call_says_for_which_project_and_with_which_software(
        self, client: Any, emulator: Emulator, invoke: Invoke
    ) -> None:
        clone = invoke(client.own_project.clone(name="second"))
        invoke(clone.project.update_tags(["own"]))
        request = emulator.requests()[-1]
        headers = dict(request["headers"])
        assert request["project_id"] == clone.id == headers["x-descope-project-id"]
        assert headers["content-type"] == "application/json"
        assert headers["x-descope-sdk-name"] != ""
        assert headers["x-descope-sdk-version"] != ""
        assert headers["user-agent"].startswith("descope-projects/")

    def test_headers_and_user_agent_are_sent(self, face: Face, emulator: Emulator, invoke: Invoke) -> None:
        options = {"headers": {"X-Team": "identity"}, "user_agent": "nightly/1"}
        made = face.client(emulator.project_id, emulator.management_key, options, base_url=emulator.url)
        invoke(made.list_projects())
        headers = dict(emulator.requests()[-1]["headers"])
        assert (headers["x-team"], headers["user-agent"]) == ("identity", "nightly/1")


class TestRequest:
    def test_another_route_is_reached_with_the_same_credential(
        self, client: Any, emulator: Emulator, invoke: Invoke
    ) -> None:
        answer = invoke(client.request("POST", "/v1/mgmt/projects/list"))
        assert [project["id"] for project in answer["projects"]] == [emulator.project_id]
        assert emulator.requests()[-1]["project_id"] == emulator.project_id

    def test_a_get_has_no_body_and_its_answer_is_an_object(
        self, client: Any, emulator: Emulator, invoke: Invoke
    ) -> None:
        assert invoke(client.request("GET", "/v1/mgmt/license")) == {"rateLimitTier": "tier4"}
        assert emulator.requests()[-1]["body_size"] == 0

    def test_a_body_is_sent_as_json(self, client: Any, invoke: Invoke) -> None:
        invoke(client.request("POST", "/v1/mgmt/project/update/tags", {"tags": ["x"]}))
        assert [info.tags for info in invoke(client.list_projects())] == [("x",)]

    def test_a_route_that_is_not_there_is_an_api_error(self, client: Any, invoke: Invoke) -> None:
        with pytest.raises(ServerError) as raised:
            invoke(client.request("GET", "/v1/mgmt/tenant/load/all"))
        assert (raised.value.status, raised.value.code) == (501, "EMULATOR501")

    @pytest.mark.parametrize(
        "path",
        [
            "v1/mgmt/license",
            "",
            "https://elsewhere.example/v1",
            "//elsewhere.example/v1",
            "/v1/../v2",
            "/v1/mgmt?x=1",
            "/v1/mgmt#x",
            "/v1/%2e%2e/x",
            "/v1/mgmt\\x",
            "/v1/mgmt\r\nx: y",
        ],
    )
    def test_a_path_can_only_be_a_path(self, client: Any, emulator: Emulator, path: str, invoke: Invoke) -> None:
        with pytest.raises(ConfigurationError, match="path"):
            invoke(client.request("GET", path))
        assert emulator.requests() == []

    @pytest.mark.parametrize("method", ["TRACE", "", "GET /"])
    def test_a_method_is_one_of_five(self, client: Any, method: str, invoke: Invoke) -> None:
        with pytest.raises(ConfigurationError, match="method"):
            invoke(client.request(method, "/v1/mgmt/license"))

    @pytest.mark.parametrize("body", [{"a": {1}}, {"a": object()}, {"a": math.nan}, {"a": math.inf}, {1: 2}])
    def test_a_body_that_is_not_json_is_refused(
        self, client: Any, emulator: Emulator, body: Any, invoke: Invoke
    ) -> None:
        with pytest.raises(ConfigurationError, match="body"):
            invoke(client.request("POST", "/v1/mgmt/projects/list", body))
        assert emulator.requests() == []


class TestPartsAndWrappers:
    VERBS = ("import_snapshot", "import_project", "validate_snapshot")

    @pytest.mark.parametrize("verb", VERBS)
    def test_a_part_is_refused_with_the_line_that_makes_it_whole(
        self, project: Any, emulator: Emulator, verb: str, invoke: Invoke
    ) -> None:
        with pytest.raises(SnapshotError) as raised:
            invoke(getattr(project, verb)({"roles.json": {"roles": []}}))
        error = raised.value
        assert "export_snapshot().overlay(part)" in str(error)
        assert error.next == ()
        assert (error.operation, error.written) == (verb, "nothing")
        assert emulator.requests() == []

    @pytest.mark.descope_emulator(semantics={"absent_files": "keep"})
    def test_a_part_can_be_sent_all_the_same(self, project: Any, invoke: Invoke) -> None:
        part = {"project.json": {"rotateJwt": False}, "flows/flows.json": {"flows": ["sign-in"]}}
        with pytest.raises(SnapshotError, match="flows/sign-in"):
            invoke(project.import_snapshot(part))
        whole = {"project.json": {"rotateJwt": False}}
        invoke(project.import_snapshot(whole, allow_partial=True))
        assert invoke(project.export_snapshot())["project.json"]["rotateJwt"] is False

    @pytest.mark.parametrize("verb", VERBS)
    def test_a_wrapper_is_refused_with_the_way_out(
        self, project: Any, emulator: Emulator, verb: str, invoke: Invoke
    ) -> None:
        with pytest.raises(SnapshotError, match='pass its "files"'):
            invoke(getattr(project, verb)({"files": {"project.json": {}}}))
        assert emulator.requests() == []

    @pytest.mark.parametrize("verb", VERBS)
    def test_a_wrapper_around_images_is_refused_too(self, project: Any, invoke: Invoke, verb: str) -> None:
        snapshot = invoke(project.export_snapshot())
        for files in ({"files": snapshot.to_files()}, {"files": snapshot}):
            with pytest.raises(SnapshotError, match='pass its "files"'):
                invoke(getattr(project, verb)(files))

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize("files", [3, None, ["project.json"], b"project.json"])
    def test_files_of_another_kind_are_refused(
        self, project: Any, emulator: Emulator, verb: str, files: Any, invoke: Invoke
    ) -> None:
        with pytest.raises(ConfigurationError, match="`files`: expected a Snapshot, a mapping or a path"):
            invoke(getattr(project, verb)(files))
        assert emulator.requests() == []

    @pytest.mark.parametrize("verb", VERBS)
    def test_a_directory_that_is_not_there_is_named(
        self, project: Any, tmp_path: Path, verb: str, invoke: Invoke
    ) -> None:
        with pytest.raises(SnapshotError, match="nowhere"):
            invoke(getattr(project, verb)(tmp_path / "nowhere"))
