"""Modes and switches of the emulator from Python, and the tables of its pages beside the option dicts."""
# ruff: noqa: ANN401, FBT001 -- the tables of the tests have options of every type

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import pytest

from descope_projects import (
    AuthenticationError,
    Client,
    ConfigurationError,
    Emulator,
    FaultAction,
    FaultOptions,
    NormaliseOptions,
    PermissionDenied,
    ProjectNotFound,
    SemanticsOptions,
    Snapshot,
)
from plain_http import bearer, http

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parent.parent / "docs" / "emulator.md").read_text(encoding="utf-8")
METADATA = "flows/sign-in/metadata.json"
CONTENTS = "flows/sign-in/contents.json"


def table(name: str) -> dict[str, list[str]]:
    """The rows of a table of the page: the first cell without its backticks, and the others."""
    text = PAGE.split(f"<!-- {name}: from the code -->")[1].split("<!-- end of")[0]
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in text.strip().splitlines()[2:]]
    return {cells[0].strip("`"): cells[1:] for cells in rows}


def words(annotation: Any) -> list[str]:
    """The values of a closed set, or none."""
    return list(get_args(annotation)) if get_origin(annotation) is Literal else []


class TestTables:
    def test_the_actions_of_the_page_are_those_of_the_type(self) -> None:
        assert list(table("fault actions")) == list(get_args(FaultAction))

    def test_the_options_of_faults_are_those_of_the_dict(self) -> None:
        assert {"action", *table("fault options")} == set(FaultOptions.__annotations__)

    def test_the_switches_are_those_of_the_dict_with_each_way(self) -> None:
        hints = get_type_hints(SemanticsOptions)
        rows = table("switches")
        assert list(rows) == list(hints)
        for name, (_, ways) in rows.items():
            found = re.findall(r"`(\w+)`:", ways)
            assert found == words(hints[name]), name
            assert found or re.match(r"`4\d\d`; any from 400 to 599$", ways), name

    def test_the_modes_are_those_of_the_dict(self) -> None:
        hints = get_type_hints(NormaliseOptions)
        rows = table("modes")
        assert list(rows) == list(hints)
        for name, (values, _) in rows.items():
            assert words(hints[name]) == (re.findall(r"`(\w+)`", values) if "never" in values else []), name

    def test_a_docstring_says_the_default_of_the_table(self) -> None:
        source = (Path(__file__).parent.parent / "python" / "descope_projects" / "options.py").read_text("utf-8")
        spelt = {"false": "False"}
        rows = [*table("switches").items(), *((name, cells[::-1]) for name, cells in table("modes").items())]
        for name, (_, ways) in rows:
            default = re.findall(r"`(\w+)`", ways)[0]
            default = spelt.get(default, default)
            docstring = source.split(f"    {name}: ")[1].split('"""')[1]
            assert re.search(rf"Default: `?{default}`?\.$", docstring), name


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    with emulator.client() as made:
        yield made


class TestModes:
    @pytest.mark.descope_emulator(normalise={"stamps": True})
    def test_two_exports_of_an_untouched_project_differ(self, client: Client) -> None:
        first, second = (client.own_project.export_snapshot() for _ in range(2))
        assert first != second
        differing = {path for path in first if first[path] != second[path]}
        assert differing == {METADATA, "styles/styles.json"}

    @pytest.mark.descope_emulator(normalise={"order": True})
    def test_two_exports_in_a_row_have_their_sets_in_another_order(self, client: Client) -> None:
        first, second = (client.own_project.export_snapshot() for _ in range(2))
        assert first["connectors/connectors.json"] != second["connectors/connectors.json"]
        for snapshot in (first, second):
            assert sorted(snapshot["connectors/connectors.json"]["connectors"]) == ["backend", "sendgrid"]

    @pytest.mark.descope_emulator(normalise={"lag": 1})
    def test_an_export_lags_behind_an_import(self, client: Client) -> None:
        project = client.own_project
        before = project.export_snapshot()
        project.import_snapshot({**before.to_files(), "lists.json": {"lists": []}})
        assert project.export_snapshot() == before
        assert project.export_snapshot()["lists.json"] == {"lists": []}

    @pytest.mark.descope_emulator(normalise={"new_ids": True})
    def test_ids_are_made_anew_and_secrets_stay(self, client: Client) -> None:
        project = client.own_project
        before = project.export_snapshot()
        project.import_snapshot(before)
        after = project.export_snapshot()
        old, new = (snapshot["connectors/sendgrid.json"]["id"] for snapshot in (before, after))
        assert old != new
        assert after["auth/magiclink.json"]["emailServiceProvider"] == new
        whole = project.export_project()
        assert whole["connectors/sendgrid.json"]["configuration"]["apiKey"] == "example-sendgrid-key"

    @pytest.mark.parametrize(
        ("mode", "before", "after"),
        [
            ({"defaults": "at_import"}, False, True),
            ({"defaults": "at_export"}, True, True),
            ({"references": "at_import"}, False, True),
            ({"references": "at_export"}, True, True),
            ({"views": True}, False, True),
            ({"screen_names": True}, False, True),
            ({}, False, False),
        ],
    )
    def test_what_an_import_and_an_export_change(self, mode: Any, before: bool, after: bool) -> None:
        with Emulator() as untouched, untouched.client() as plain:
            sent = plain.own_project.export_snapshot()
        with Emulator(normalise=mode) as emulator, emulator.client() as client:
            assert (client.own_project.export_snapshot() != sent) is before
            files = sent.to_files()
            files[CONTENTS]["tasks"]["1"]["name"] = "Hello"
            client.own_project.import_snapshot(files)
            assert (client.own_project.export_snapshot() != Snapshot.from_files(files)) is after

    @pytest.mark.descope_emulator(seed="acme", normalise="all")
    def test_all_of_them_together_take_what_they_gave(self, emulator: Emulator, client: Client) -> None:
        source, target = (client.project(info.id) for info in emulator.projects[:2])
        snapshot = source.export_snapshot()
        validation = target.validate_snapshot(snapshot)
        secrets: Any = {"connectors": [], "oauth_providers": [], "outbound_apps": []}
        for missing in validation.missing_secrets:
            secrets[missing.group].append({"id": missing.id, "type": missing.type, "value": "given"})
        target.import_snapshot(snapshot, input_secrets=secrets)
        target.export_snapshot()
        after = target.export_snapshot()
        assert target.validate_snapshot(after).ok
        assert {entity.name for entity in after.entities("flow:*")} == {
            entity.name for entity in snapshot.entities("flow:*")
        }
        assert {entity.name for entity in after.entities("connector:*")} == {
            entity.name for entity in snapshot.entities("connector:*")
        }

    @pytest.mark.parametrize(
        ("normalise", "text"),
        [
            ("everything", '`normalise`: expected "all" or a mapping'),
            (True, '`normalise`: expected "all" or a mapping'),
            ({"stamp": True}, "did you mean `normalise.stamps`?"),
            ({"stamps": 1}, "`normalise.stamps`: expected a boolean"),
            ({"defaults": "import"}, "`normalise.defaults`: expected one of never, at_import, at_export"),
            ({"lag": -1}, "`normalise.lag`: expected"),
        ],
    )
    def test_a_wrong_mode_is_explained(self, normalise: Any, text: str) -> None:
        with pytest.raises(ConfigurationError) as raised:
            Emulator(normalise=normalise)
        assert text in str(raised.value)


class TestSwitches:
    @pytest.mark.parametrize(("semantics", "seen"), [("seen_at_end", 1), ("seen_at_start", 2)])
    def test_a_started_clone_is_in_the_list_at_its_end_or_from_its_start(self, semantics: Any, seen: int) -> None:
        with Emulator(semantics={"started_clone": semantics}) as emulator, emulator.client() as client:
            started = client.own_project.start_clone(name="copy")
            assert len(client.list_projects()) == seen
            assert started.wait().name == "copy"
            assert len(client.list_projects()) == 2

    @pytest.mark.parametrize(("semantics", "ok"), [("refuse", False), ("accept", True)])
    def test_a_dangling_reference(self, semantics: Any, ok: bool) -> None:
        with Emulator(semantics={"dangling_references": semantics}) as emulator, emulator.client() as client:
            files = client.own_project.export_snapshot().to_files()
            files["auth/magiclink.json"]["emailServiceProvider"] = "CInowhere"
            assert client.own_project.validate_snapshot(files).ok is ok

    @pytest.mark.parametrize(("semantics", "status"), [("never", 200), ("with_writes", 409)])
    def test_a_clone_beside_a_write(self, semantics: Any, status: int) -> None:
        with Emulator(semantics={"clone_conflicts": semantics}) as emulator:
            fault = emulator.fail("update_name", action="finish_later")
            authorization = bearer(emulator)
            http(emulator, "POST", "/v1/mgmt/project/update/name", {"name": "x"}, Authorization=authorization)
            answer = http(emulator, "POST", "/v1/mgmt/project/clone", {}, Authorization=authorization)
            assert answer[0] == status
            emulator.release(fault)

    def test_refusals_under_another_status_are_still_the_same_errors_by_their_code(self) -> None:
        semantics: Any = {"unknown_project_status": 400, "bad_token_status": 403, "forbidden_status": 401}
        with Emulator(semantics=semantics) as emulator, emulator.client() as client:
            with pytest.raises(ProjectNotFound) as missing:
                client.project("P2nowhere").export_snapshot()
            assert missing.value.status == 400
            with (
                Client(emulator.project_id, "K2wrong", base_url=emulator.url) as stranger,
                pytest.raises((AuthenticationError, PermissionDenied)) as refused,
            ):
                stranger.list_projects()
            assert (refused.value.status, refused.value.code) == (403, "E011007")

    @pytest.mark.parametrize(
        ("semantics", "text"),
        [
            ({"conflict_status": 200}, "`semantics.conflict_status`: expected an integer from 400 to 599"),
            ({"conflict_status": "409"}, "`semantics.conflict_status`: expected an integer from 400 to 599"),
            ({"conflict_status": -1}, "`semantics.conflict_status`: expected an integer from 400 to 599"),
            ({"started_clone": "at_start"}, "expected one of seen_at_end, seen_at_start"),
            ({"refused_import": "write_part"}, "did you mean `semantics.refused_imports`?"),
        ],
    )
    def test_a_wrong_switch_is_explained(self, semantics: Any, text: str) -> None:
        with pytest.raises(ConfigurationError) as raised:
            Emulator(semantics=semantics)
        assert text in str(raised.value)


class TestConfiguring:
    def test_a_running_emulator_changes_its_ways_and_a_reset_takes_it_back(
        self, emulator: Emulator, client: Client
    ) -> None:
        project = client.own_project
        snapshot = project.export_snapshot()
        without = {path: value for path, value in snapshot.to_files().items() if path != "lists.json"}
        emulator.configure({"semantics": {"absent_files": "keep"}}, normalise={"stamps": True})
        project.import_snapshot(without)
        after = project.export_snapshot()
        assert "lists.json" in after
        assert after[METADATA] != snapshot[METADATA]
        emulator.configure(normalise={"stamps": False})
        project.import_snapshot(without)
        assert "lists.json" in project.export_snapshot(), "what is not named stays as it is"
        assert project.export_snapshot() == project.export_snapshot()
        emulator.reset()
        project.import_snapshot(without)
        assert "lists.json" not in project.export_snapshot()

    def test_over_http_the_same(self, emulator: Emulator) -> None:
        before = http(emulator, "GET", "/_emulator/settings")[2]
        assert set(before["semantics"]) == set(SemanticsOptions.__annotations__)
        assert set(before["normalise"]) == set(NormaliseOptions.__annotations__)
        change = {"semantics": {"conflict_status": 412}, "normalise": "all"}
        status, _, after = http(emulator, "POST", "/_emulator/settings", change)
        assert (status, after["semantics"]) == (200, {**before["semantics"], "conflict_status": 412})
        assert (after["normalise"]["lag"], after["normalise"]["order"]) == (1, True)
        assert http(emulator, "POST", "/_emulator/settings", {})[2] == after
        http(emulator, "POST", "/_emulator/reset")
        assert http(emulator, "GET", "/_emulator/settings")[2] == before

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"semantic": {}}, 'did you mean "semantics"?'),
            ({"semantics": {"absent_file": "keep"}}, 'did you mean "absent_files"?'),
            ({"semantics": {"absent_files": "kept"}}, "semantics.absent_files: expected `delete` or `keep`"),
            ({"semantics": {"conflict_status": 200}}, "semantics.conflict_status: expected an integer from 400 to 599"),
            ({"semantics": []}, "semantics: expected an object"),
            ({"normalise": "everything"}, 'normalise: expected "all" or an object'),
            ({"normalise": {"lag": "1"}}, "normalise.lag: expected"),
            ({"normalise": {"stamps": None}}, "normalise.stamps: expected a boolean"),
        ],
    )
    def test_a_wrong_change_changes_nothing_and_is_explained(self, emulator: Emulator, change: Any, text: str) -> None:
        before = http(emulator, "GET", "/_emulator/settings")[2]
        with pytest.raises(ConfigurationError) as raised:
            emulator.configure({"normalise": {"order": True}, **change})
        assert text in str(raised.value)
        status, _, body = http(emulator, "POST", "/_emulator/settings", change)
        assert (status, body["errorCode"]) == (400, "EMULATOR400")
        assert text in body["errorMessage"]
        assert http(emulator, "GET", "/_emulator/settings")[2] == before
