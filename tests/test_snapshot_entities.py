"""The things that a snapshot describes, found by patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from descope_projects import DescopeError, Emulator, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def exported(descope_emulator: Emulator) -> Iterator[Snapshot]:
    with descope_emulator.client() as client:
        yield client.own_project.export_snapshot()


class TestEntities:
    @pytest.mark.parametrize(
        ("pattern", "names"),
        [
            ("flow:sign-in", ["sign-in"]),
            ("flow:*", ["sign-in"]),
            ("flow:sign-?n", ["sign-in"]),
            ("connector:*", ["Backend", "SendGrid"]),
            ("connector:Send*", ["SendGrid"]),
            ("connectors", ["Backend", "SendGrid"]),
            ("role:Admin", ["Admin"]),
            ("permission:*", ["Manage Users"]),
            ("authorization", ["Admin", "Manage Users"]),
            ("list:blocked", ["blocked"]),
            ("oauth:*", ["apple", "google"]),
        ],
    )
    def test_a_pattern_finds_by_kind_and_name(self, exported: Snapshot, pattern: str, names: list[str]) -> None:
        assert sorted(entity.name for entity in exported.entities(pattern)) == names

    def test_without_a_pattern_it_is_everything(self, exported: Snapshot) -> None:
        kinds = {entity.kind for entity in exported.entities()}
        assert kinds >= {"flow", "connector", "role", "permission", "list", "style", "setting"}

    def test_a_star_is_everything(self, exported: Snapshot) -> None:
        assert exported.entities("*") == exported.entities()

    def test_an_entity_says_what_it_is(self, exported: Snapshot) -> None:
        [connector] = exported.entities("connector:SendGrid")
        assert (connector.kind, connector.name, connector.id) == (
            "connector",
            "SendGrid",
            exported["connectors/sendgrid.json"]["id"],
        )
        assert connector.paths == ("connectors/sendgrid.json",)
        assert connector.value == exported["connectors/sendgrid.json"]
        connector.value["name"] = "changed"
        assert connector.value["name"] == "SendGrid"
        assert connector == exported.entities("connector:SendGrid")[0]
        assert hash(connector) == hash(exported.entities("connector:SendGrid")[0])
        assert connector != exported.entities("connector:Backend")[0]
        assert "\n" not in repr(connector)
        with pytest.raises(AttributeError):
            connector.name = "changed"  # type: ignore[misc]

    @pytest.mark.parametrize(
        ("pattern", "meant"),
        [
            ("flw:*", "flow:*"),
            ("Connector:*", "connector:*"),
            ("flow:sgn-in", "flow:sign-in"),
            ("connector:sendgrid", "connector:SendGrid"),
            ("conectors", "connectors"),
        ],
    )
    def test_a_pattern_that_finds_nothing_is_an_error_with_the_nearest(
        self, exported: Snapshot, pattern: str, meant: str
    ) -> None:
        with pytest.raises(DescopeError, match=re.escape(f"did you mean {meant}?")):
            exported.entities(pattern)
