"""Who calls, and for which project: ids, keys, confirmations, a client that only reads."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from descope_projects import (
    AsyncProject,
    AuthenticationError,
    ConfigurationError,
    Emulator,
    PermissionDenied,
    Project,
    ProjectInfo,
    ProjectNotFound,
    Protected,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Face

Invoke: TypeAlias = "Callable[[Any], Any]"


def ids(projects: list[ProjectInfo]) -> set[str]:
    return {info.id for info in projects}


def operations(emulator: Emulator) -> list[str]:
    return [request["operation"] for request in emulator.requests() if request["operation"] != "license"]


class TestWhoseProject:
    @pytest.mark.parametrize("project_id", [None, "", 3, b"P2abc"])
    def test_a_handle_needs_an_id(self, client: Any, project_id: Any) -> None:
        with pytest.raises(ConfigurationError, match="an unset variable must never mean"):
            client.project(project_id)

    @pytest.mark.parametrize(
        "project_id", ["K2abcdefg", "abc", "P", "P2 a", "P2a:K2b", "P2a\n", "P2é", "P" + "a" * 200]
    )
    def test_an_id_that_cannot_be_one_is_refused(self, client: Any, project_id: str) -> None:
        with pytest.raises(ConfigurationError, match="project_id"):
            client.project(project_id)

    def test_a_key_in_the_place_of_an_id_is_not_shown(self, client: Any) -> None:
        with pytest.raises(ConfigurationError, match="looks like a management key") as raised:
            client.project("K2secretsecret")
        assert "K2secretsecret" not in str(raised.value)

    @pytest.mark.parametrize(
        ("arguments", "what"),
        [
            ((), "project_id"),
            (("P2abc",), "management_key"),
            ((None, "K2abc"), "project_id"),
            (("P2abc", None), "management_key"),
            (("", "K2abc"), "project_id"),
            (("P2abc", ""), "management_key"),
            (("K2abc", "P2abc"), "project_id"),
            ((3, "K2abc"), "project_id"),
            (("P2abc", 3), "management_key"),
            (("P2abc", "hunter-two"), "management_key"),
            (("P2abc", "K2 hunter-two"), "management_key"),
        ],
    )
    def test_a_client_without_a_usable_id_and_key_is_refused(
        self, face: Face, monkeypatch: pytest.MonkeyPatch, arguments: tuple, what: str
    ) -> None:
        monkeypatch.setenv("DESCOPE_PROJECT_ID", "P2environment")
        monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", "K2environment")
        with pytest.raises(ConfigurationError, match=what) as raised:
            face.client(*arguments)
        assert "hunter-two" not in str(raised.value)
        assert raised.value.exit_status == 64

    def test_the_own_project_is_the_client_s(self, client: Any, emulator: Emulator) -> None:
        assert client.own_project.id == emulator.project_id
        assert client.own_project == client.project(emulator.project_id)
        assert hash(client.own_project) == hash(client.project(emulator.project_id))
        assert client.own_project != client.project("P2another")
        assert isinstance(client.own_project, Project | AsyncProject)

    def test_handles_share_the_connection(self, client: Any, emulator: Emulator, invoke: Invoke) -> None:
        invoke(client.list_projects())
        for handle in (client.own_project, client.project(emulator.project_id)):
            invoke(handle.export_snapshot())
        assert emulator.connections_accepted == 1

    def test_a_project_that_is_not_there_is_not_found(self, client: Any, invoke: Invoke) -> None:
        with pytest.raises(ProjectNotFound) as raised:
            invoke(client.project("P2nowhere").export_snapshot())
        error = raised.value
        assert (error.status, error.code, error.project_id) == (404, "E011008", "P2nowhere")
        assert (error.operation, error.attempts, error.written) == ("export_snapshot", 1, "nothing")
        assert error.request_id is not None

    def test_a_wrong_key_is_an_authentication_error(self, face: Face, emulator: Emulator, invoke: Invoke) -> None:
        made = face.client(emulator.project_id, "K2wrong", base_url=emulator.url)
        with pytest.raises(AuthenticationError) as raised:
            invoke(made.list_projects())
        assert (raised.value.status, raised.value.code, raised.value.attempts) == (401, "E011007", 1)
        assert "K2wrong" not in str(raised.value)


BOUND = {
    "companies": [
        {
            "name": "Acme",
            "keys": [
                {"key": "K2wide"},
                {"key": "K2bound", "projects": ["P2first"]},
                {"key": "K2reads", "read_only": True},
            ],
            "projects": [
                {"id": "P2first", "name": "first", "files": {"project.json": {}}},
                {"id": "P2twin1", "name": "twin", "files": {"project.json": {}}},
                {"id": "P2twin2", "name": "twin", "files": {"project.json": {}}},
                {"id": "P2prod", "name": "live", "environment": "production", "files": {"project.json": {}}},
            ],
        },
        {
            "name": "Small",
            "tier": "free",
            "keys": [{"key": "K2free"}],
            "projects": [{"id": "P2free", "name": "free", "files": {"project.json": {}}}],
        },
    ]
}


@pytest.mark.descope_emulator(seed=BOUND)
class TestKeysAndConfirmations:
    def test_a_delete_takes_the_id(self, client: Any, invoke: Invoke) -> None:
        assert invoke(client.project("P2twin1").delete(confirm="P2twin1")) is None
        assert ids(invoke(client.list_projects())) == {"P2first", "P2twin2", "P2prod"}

    def test_a_delete_takes_a_name_that_is_the_project_s_alone(self, client: Any, invoke: Invoke) -> None:
        invoke(client.project("P2prod").delete({"settle": False}, confirm="live"))
        assert ids(invoke(client.list_projects())) == {"P2first", "P2twin1", "P2twin2"}

    @pytest.mark.parametrize(
        ("project_id", "confirm"),
        [
            ("P2first", ""),
            ("P2first", "live"),
            ("P2first", "P2prod"),
            ("P2first", "FIRST"),
            ("P2first", "first "),
            ("P2first", "nothing"),
            ("P2twin1", "twin"),
            ("P2twin2", "twin"),
        ],
    )
    def test_a_delete_with_any_other_word_is_refused(
        self, client: Any, emulator: Emulator, project_id: str, confirm: str, invoke: Invoke
    ) -> None:
        with pytest.raises(Protected) as raised:
            invoke(client.project(project_id).delete(confirm=confirm))
        error = raised.value
        assert (error.project_id, error.operation, error.written, error.exit_status) == (
            project_id,
            "delete",
            "nothing",
            3,
        )
        assert "delete" not in operations(emulator)
        assert len(ids(invoke(client.list_projects()))) == 4

    def test_a_delete_needs_the_word(self, client: Any) -> None:
        with pytest.raises(TypeError, match="confirm"):
            client.project("P2first").delete()

    def test_a_name_that_cannot_be_looked_up_confirms_nothing(
        self, client: Any, emulator: Emulator, invoke: Invoke
    ) -> None:
        bound = client.project("P2first", management_key="K2bound")
        with pytest.raises(Protected, match="cannot be looked up"):
            invoke(bound.delete(confirm="first"))
        assert "delete" not in operations(emulator)

    def test_a_bound_key_deletes_by_id(self, client: Any, face: Face, emulator: Emulator, invoke: Invoke) -> None:
        invoke(client.project("P2first", management_key="K2bound").delete(confirm="P2first"))
        assert "P2first" not in ids(invoke(face.client("P2prod", "K2wide", base_url=emulator.url).list_projects()))

    def test_a_handle_s_own_key_is_the_one_that_is_sent(self, client: Any, emulator: Emulator, invoke: Invoke) -> None:
        invoke(client.project("P2first", management_key="K2bound").update_tags(["a"]))
        invoke(client.project("P2first").update_tags(["b"]))
        first, second = [request["key_fingerprint"] for request in emulator.requests()[-2:]]
        assert first != second

    def test_a_clone_s_handle_has_the_key_of_its_source(self, client: Any, emulator: Emulator, invoke: Invoke) -> None:
        bound = client.project("P2first", management_key="K2bound")
        clone = invoke(bound.clone(name="made"))
        with pytest.raises(PermissionDenied):
            invoke(clone.project.update_tags(["x"]))
        assert (
            len({request["key_fingerprint"] for request in emulator.requests() if request["operation"] != "license"})
            == 1
        )

    @pytest.mark.parametrize("verb", ["clone", "export_snapshot", "export_project"])
    def test_the_free_tier_may_not_clone_or_export(
        self, face: Face, emulator: Emulator, verb: str, invoke: Invoke
    ) -> None:
        made = face.client("P2free", "K2free", base_url=emulator.url)
        with pytest.raises(PermissionDenied) as raised:
            invoke(getattr(made.own_project, verb)())
        assert (raised.value.status, raised.value.operation) == (403, verb)
        assert [info.name for info in invoke(made.list_projects())] == ["free"]

    def test_a_bound_key_may_not_list(self, face: Face, emulator: Emulator, invoke: Invoke) -> None:
        made = face.client("P2first", "K2bound", base_url=emulator.url)
        with pytest.raises(PermissionDenied):
            invoke(made.list_projects())

    WRITES = (
        lambda project: project.clone(name="x"),
        lambda project: project.start_clone(name="x"),
        lambda project: project.update_name("x"),
        lambda project: project.update_tags([]),
        lambda project: project.delete(confirm=project.id),
        lambda project: project.import_snapshot({"project.json": {}}),
        lambda project: project.import_project({"project.json": {}}),
    )

    @pytest.mark.parametrize("write", WRITES)
    def test_a_read_only_client_sends_no_write(
        self, face: Face, emulator: Emulator, write: Callable[[Any], Any], invoke: Invoke
    ) -> None:
        made = face.client("P2first", "K2wide", base_url=emulator.url, read_only=True)
        assert made.read_only
        with pytest.raises(Protected) as raised:
            invoke(write(made.own_project))
        assert (raised.value.written, raised.value.exit_status) == ("nothing", 3)
        assert emulator.requests() == []

    def test_a_read_only_client_reads(self, face: Face, emulator: Emulator, invoke: Invoke) -> None:
        made = face.client("P2first", "K2wide", base_url=emulator.url, read_only=True)
        assert len(invoke(made.list_projects())) == 4
        snapshot = invoke(made.own_project.export_snapshot())
        assert invoke(made.own_project.validate_snapshot(snapshot)).ok
        assert invoke(made.request("GET", "/v1/mgmt/license")) == {"rateLimitTier": "tier4"}
        assert len(invoke(made.request("POST", "/v1/mgmt/projects/list"))["projects"]) == 4

    @pytest.mark.parametrize("path", ["/v1/mgmt/project/delete", "/v1/mgmt/tenant/create"])
    def test_a_read_only_client_sends_no_other_route_that_may_write(
        self, face: Face, emulator: Emulator, path: str, invoke: Invoke
    ) -> None:
        made = face.client("P2first", "K2wide", base_url=emulator.url, read_only=True)
        with pytest.raises(Protected):
            invoke(made.request("POST", path, {}))
        assert emulator.requests() == []

    def test_a_callable_key_is_asked_for_each_call(self, face: Face, emulator: Emulator, invoke: Invoke) -> None:
        keys = iter(["K2wide", "K2bound", "K2wide"])
        made = face.client("P2first", lambda: next(keys), base_url=emulator.url, license_handshake=False)
        invoke(made.list_projects())
        with pytest.raises(PermissionDenied):
            invoke(made.list_projects())
        invoke(made.list_projects())
        assert [request["status"] for request in emulator.requests()] == [200, 403, 200]

    def test_a_handle_s_callable_key_is_asked_too(self, client: Any, invoke: Invoke) -> None:
        asked = []
        handle = client.project("P2first", management_key=lambda: asked.append(1) or "K2bound")
        assert asked == []
        invoke(handle.export_snapshot())
        invoke(handle.export_snapshot())
        assert len(asked) == 2

    def test_what_a_callable_key_raises_is_raised(self, face: Face, emulator: Emulator, invoke: Invoke) -> None:
        class OutOfTokensError(Exception):
            pass

        def key() -> str:
            raise OutOfTokensError

        made = face.client("P2first", key, base_url=emulator.url)
        with pytest.raises(OutOfTokensError):
            invoke(made.list_projects())
        assert emulator.requests() == []

    @pytest.mark.parametrize("answer", [None, 3, b"K2wide", "", "hunter-two", "K2 wide"])
    def test_a_callable_key_must_give_a_key(self, face: Face, emulator: Emulator, answer: Any, invoke: Invoke) -> None:
        made = face.client("P2first", lambda: answer, base_url=emulator.url)
        with pytest.raises(ConfigurationError, match="management_key") as raised:
            invoke(made.list_projects())
        assert "hunter-two" not in str(raised.value)
        assert emulator.requests() == []
