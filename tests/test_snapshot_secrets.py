"""What of a snapshot is a secret, and where secrets are never seen: on a disk, in a pickle, in a notebook."""

from __future__ import annotations

import html.parser
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import ConfigurationError, Emulator, Snapshot, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def exported(descope_emulator: Emulator) -> Iterator[Snapshot]:
    with descope_emulator.client() as client:
        yield client.own_project.export_snapshot()


SECRET = "sk-do-not-show"
CONNECTOR = {"id": "CI1", "name": "c", "type": "http"}
HOLDERS = [
    ("connectors/c.json", {**CONNECTOR, "configuration": {"apiKey": SECRET}}),
    ("connectors/c.json", {**CONNECTOR, "configuration": {"auth": {"client_secret": SECRET}}}),
    ("connectors/c.json", {**CONNECTOR, "configuration": {"headers": {"Authorization": SECRET}}}),
    ("connectors/c.json", {**CONNECTOR, "configuration": {"headers": [{"key": "x-api-key", "value": SECRET}]}}),
    ("connectors/c.json", {**CONNECTOR, "configuration": {"cert": f"-----BEGIN PRIVATE KEY-----\n{SECRET}"}}),
    ("auth/oauth.json", {"providerSettings": {"google": {"clientSecret": SECRET}}}),
    ("outboundapps.json", {"outboundApps": [{"id": "a", "name": "a", "clientSecret": SECRET}]}),
    ("project.json", {"externalAuthConfig": {"apiKey": SECRET}}),
]
HARMLESS = [
    (
        "connectors/c.json",
        {**CONNECTOR, "configuration": {"apiKey": "PLACEHOLDER_VALUE", "password": "", "token": None}},
    ),
    ("connectors/c.json", {**CONNECTOR, "configuration": {"apiKey": "{{secrets.key}}"}}),
    ("connectors/c.json", {**CONNECTOR, "configuration": {"headers": {"Accept": "text/plain"}}}),
    ("auth/password.json", {"enabled": True, "minLength": 8, "lockAttempts": 5}),
    ("project.json", {"tokenResponseMethod": "cookie", "refreshTokenExpiration": 4}),
    ("flows/f/screen-password.json", {"contents": {"ROOT": {"props": {"password": "Your password"}}}}),
    ("styles/dark.json", {"password": "#fff"}),
]


class TestSecrets:
    @pytest.mark.parametrize(("path", "value"), HOLDERS)
    def test_a_literal_secret_is_seen(self, path: str, value: dict[str, Any]) -> None:
        assert Snapshot.from_files({path: value}).contains_secrets

    @pytest.mark.parametrize(("path", "value"), HARMLESS)
    def test_what_only_sounds_like_a_secret_is_none(self, path: str, value: dict[str, Any]) -> None:
        assert not Snapshot.from_files({path: value}).contains_secrets

    @pytest.mark.parametrize("target", ["s", "s.zip"])
    def test_it_is_written_only_on_request_and_for_its_owner(self, tmp_path: Path, target: str) -> None:
        path, value = HOLDERS[0]
        snapshot = Snapshot.from_files({path: value})
        with pytest.raises(SnapshotError, match="allow_secrets"):
            snapshot.write(tmp_path / target)
        assert list(tmp_path.iterdir()) == []
        snapshot.write(tmp_path / target, allow_secrets=True)
        for written in [tmp_path / target, *tmp_path.rglob("*")]:
            assert written.stat().st_mode & 0o077 == 0, written
        again = Snapshot.read(tmp_path / target)
        assert again == snapshot
        assert again.contains_secrets

    def test_a_project_export_is_secret_whatever_is_in_it(self, tmp_path: Path) -> None:
        with Emulator(semantics={"project_export": "without_secrets"}) as emulator, emulator.client() as client:
            export = client.own_project.export_project()
            assert export == client.own_project.export_snapshot()
        assert export.contains_secrets
        assert "contains secrets" in repr(export)
        with pytest.raises(SnapshotError, match="allow_secrets"):
            export.write(tmp_path / "s")
        with pytest.raises(ConfigurationError, match="pickled"):
            pickle.dumps(export)
        export.write(tmp_path / "s", {"allow_secrets": True})
        assert Snapshot.read(tmp_path / "s").contains_secrets

    @pytest.mark.parametrize(("path", "value"), HOLDERS)
    def test_it_is_neither_shown_nor_pickled(self, path: str, value: dict[str, Any]) -> None:
        snapshot = Snapshot.from_files({path: value})
        assert SECRET not in repr(snapshot)
        assert SECRET not in snapshot._repr_html_()
        with pytest.raises(ConfigurationError, match="cannot be pickled") as raised:
            pickle.dumps(snapshot)
        assert SECRET not in str(raised.value)

    def test_what_is_not_secret_makes_the_round_trip_of_a_pickle(self, exported: Snapshot) -> None:
        again = pickle.loads(pickle.dumps(exported))
        assert again == exported
        assert {path: again.raw(path) for path in again} == {path: exported.raw(path) for path in exported}


class Words(html.parser.HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") for name, _ in attrs)
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


class TestNotebook:
    HOSTILE = "<script>alert('x')</script>&amp;\"'"

    def test_what_a_snapshot_shows_is_escaped(self) -> None:
        files = {"project.json": {"appUrl": self.HOSTILE, self.HOSTILE: 1}, f"{self.HOSTILE}/a.json": {}}
        shown = Words(Snapshot.from_files(files)._repr_html_())
        assert "script" not in shown.tags
        assert self.HOSTILE in shown.words

    def test_what_clients_and_projects_show_is_escaped(self, descope_emulator: Emulator) -> None:
        with descope_emulator.client() as client:
            client.own_project.update_name(self.HOSTILE)
            client.own_project.update_tags([self.HOSTILE])
            [info] = client.list_projects()
            pages = [value._repr_html_() for value in (client, client.own_project, info, descope_emulator)]
        for page in pages:
            assert "script" not in Words(page).tags
            assert descope_emulator.management_key not in page
        assert self.HOSTILE in Words(pages[2]).words
        assert descope_emulator.project_id in Words(pages[0]).words

    def test_a_setting_that_is_sensitive_is_masked(self) -> None:
        files = {"project.json": {"testUserFixedAuthToken": SECRET, "domain": "example.com"}}
        snapshot = Snapshot.from_files(files)
        assert not snapshot.contains_secrets
        page = snapshot._repr_html_()
        assert "example.com" in page
        assert SECRET not in page
