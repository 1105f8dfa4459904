"""The vendor's own SDK, unchanged, makes every project call that it has against the emulator."""
# ruff: noqa: ANN401 -- the SDK's client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from descope import AuthException, DescopeClient, RateLimitException
from descope.descope_client_async import DescopeClientAsync
from descope.management.project import Project as SdkProject
from descope.management.project_async import ProjectAsync

from descope_projects import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Face
    from descope_projects import Emulator

    Invoke = Callable[[Any], Any]

CALLS = {
    "update_name",
    "update_tags",
    "list_projects",
    "clone",
    "export_project",
    "import_project",
    "delete",
    "export_snapshot",
    "import_snapshot",
    "validate_snapshot",
}


class Sdk:
    """Makes the SDK's clients, and closes them."""

    def __init__(self, face: Face, url: str) -> None:
        self.face, self.url = face, url
        self.made: list[Any] = []

    def client(self, project_id: str, key: str) -> Any:
        kind = DescopeClient if self.face.name == "sync" else DescopeClientAsync
        client = kind(project_id, management_key=key, base_url=self.url)
        self.made.append(client)
        return client

    def project(self, project_id: str, key: str) -> Any:
        return self.client(project_id, key).mgmt.project

    def close(self) -> None:
        for client in self.made:
            if self.face.name == "async":
                self.face.invoke(client.aclose())


@pytest.fixture
def sdk(face: Face, emulator: Emulator) -> Iterator[Sdk]:
    made = Sdk(face, emulator.url)
    yield made
    made.close()


@pytest.fixture
def project(sdk: Sdk, emulator: Emulator) -> Any:
    return sdk.project(emulator.project_id, emulator.management_key)


def test_the_sdk_has_no_call_that_is_not_tested_here() -> None:
    for kind in (SdkProject, ProjectAsync):
        public = {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
        assert public - {"remove_tag_field"} == CALLS


def test_it_lists(project: Any, emulator: Emulator, invoke: Invoke) -> None:
    [listed] = invoke(project.list_projects())["projects"]
    assert (listed["id"], listed["name"], listed["tags"]) == (emulator.project_id, "Example", ["example"])
    assert "tag" not in listed


def test_it_renames_and_tags(project: Any, invoke: Invoke) -> None:
    assert invoke(project.update_name("Renamed")) is None
    assert invoke(project.update_tags(["a", "b"])) is None
    [listed] = invoke(project.list_projects())["projects"]
    assert (listed["name"], listed["tags"]) == ("Renamed", ["a", "b"])


def test_it_clones_and_deletes(sdk: Sdk, project: Any, emulator: Emulator, invoke: Invoke) -> None:
    clone = invoke(project.clone("preview", "production", ["t"]))
    assert (clone["projectName"], clone["environment"], clone["tags"]) == ("preview", "production", ["t"])
    assert invoke(project.clone("second"))["projectName"] == "second"
    copy = sdk.project(clone["projectId"], emulator.management_key)
    assert invoke(copy.delete()) is None
    names = [listed["name"] for listed in invoke(project.list_projects())["projects"]]
    assert names == ["Example", "second"]
    with pytest.raises(AuthException) as raised:
        invoke(copy.export_snapshot())
    assert (raised.value.status_code, "E011008" in str(raised.value.error_message)) == (404, True)


def test_it_exports_a_snapshot(project: Any, invoke: Invoke) -> None:
    answer = invoke(project.export_snapshot())
    assert answer["files"]["connectors/sendgrid.json"]["configuration"]["apiKey"] == "PLACEHOLDER_VALUE"
    assert not Snapshot.from_files(answer["files"]).partial
    plain = invoke(project.export_snapshot(format="plain"))
    assert [path for path in plain["files"] if path.startswith("assets/")] == []


def test_it_exports_and_imports_a_project(project: Any, emulator: Emulator, invoke: Invoke) -> None:
    files = invoke(project.export_project())
    assert files["connectors/sendgrid.json"]["configuration"]["apiKey"] == "example-sendgrid-key"
    files["project.json"]["appUrl"] = "https://sdk.example.com"
    assert invoke(project.import_project(files)) is None
    with emulator.client() as client:
        assert client.own_project.export_snapshot()["project.json"]["appUrl"] == "https://sdk.example.com"


def test_it_validates_and_imports_a_snapshot_with_secrets(project: Any, invoke: Invoke) -> None:
    files = invoke(project.export_snapshot())["files"]
    configuration = {"token": "PLACEHOLDER_VALUE"}
    files["connectors/slack.json"] = {"id": "CIn", "name": "Slack", "type": "slack", "configuration": configuration}
    files["connectors/connectors.json"]["connectors"].append("slack")
    files["project.json"]["appUrl"] = "https://sdk.example.com"
    files["lists.json"] = {"lists": []}
    validation = invoke(project.validate_snapshot(files))
    missing = {"connectors": [{"id": "CIn", "name": "Slack", "type": "token", "value": ""}]}
    assert validation["ok"] is False
    assert {group: found for group, found in validation["missingSecrets"].items() if found} == missing
    with pytest.raises(AuthException) as raised:
        invoke(project.import_snapshot(files))
    assert raised.value.status_code == 400
    missing["connectors"][0]["value"] = "xoxb"
    assert invoke(project.validate_snapshot(files, missing))["ok"] is True
    assert invoke(project.import_snapshot(files, input_secrets=missing, excludes=["lists"])) is None
    after = invoke(project.export_project())
    assert after["connectors/slack.json"]["configuration"]["token"] == "xoxb"
    assert after["project.json"]["appUrl"] == "https://sdk.example.com"
    assert len(after["lists.json"]["lists"]) == 1


def test_what_the_sdk_exported_is_ours_to_write_and_import(project: Any, emulator: Emulator, invoke: Invoke) -> None:
    files = invoke(project.export_snapshot())["files"]
    with emulator.client() as client:
        assert client.own_project.export_snapshot() == Snapshot.from_files(files)
        client.own_project.import_snapshot(files)


def test_what_we_exported_is_the_sdk_s_to_import(project: Any, emulator: Emulator, invoke: Invoke) -> None:
    with emulator.client() as client:
        snapshot = client.own_project.export_snapshot()
    files = {path: value for path, value in snapshot.items() if not isinstance(value, bytes)}
    files |= {path: snapshot.raw(path).decode().strip('"') for path in snapshot if path not in files}
    assert invoke(project.validate_snapshot(files))["ok"] is True
    assert invoke(project.import_snapshot(files)) is None


@pytest.mark.parametrize("key", ["K2wrong", "K2"])
def test_a_wrong_key_is_its_own_error(sdk: Sdk, emulator: Emulator, invoke: Invoke, key: str) -> None:
    with pytest.raises(AuthException) as raised:
        invoke(sdk.project(emulator.project_id, key).list_projects())
    assert raised.value.status_code == 401
    assert "E011007" in str(raised.value.error_message)


def test_a_call_that_the_emulator_has_not_is_its_own_error(sdk: Sdk, emulator: Emulator, invoke: Invoke) -> None:
    client = sdk.client(emulator.project_id, emulator.management_key)
    with pytest.raises(AuthException) as raised:
        invoke(client.mgmt.user.create("someone@example.com"))
    assert raised.value.status_code == 501
    assert "EMULATOR501" in str(raised.value.error_message)
    assert "The emulator has no route POST /v1/mgmt/user/create" in str(raised.value.error_message)
    assert [request["status"] for request in emulator.requests()].count(501) == 1, "it was tried again"


@pytest.mark.descope_emulator(rate_limit={"requests": 2, "per": 60})
def test_a_rate_limit_is_its_own_error(project: Any, invoke: Invoke) -> None:
    invoke(project.list_projects())  # and the licence before it
    with pytest.raises(RateLimitException) as raised:
        invoke(project.list_projects())
    assert raised.value.error_type == "API rate limit exceeded"
    assert 50 < int(raised.value.rate_limit_parameters["Retry-After"]) <= 60


def test_it_sends_its_own_headers_and_the_tier(project: Any, emulator: Emulator, invoke: Invoke) -> None:
    invoke(project.list_projects())
    requests = emulator.requests()
    assert [request["operation"] for request in requests] == ["license", "list_projects"]
    headers = dict(requests[-1]["headers"])
    assert headers["x-descope-sdk-name"] == "python"
    assert headers["x-descope-license"] == "tier4"
    assert headers["x-descope-project-id"] == emulator.project_id
