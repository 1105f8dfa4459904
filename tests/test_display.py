"""What a notebook shows of clients, projects and snapshots."""

from __future__ import annotations

import asyncio
import html.parser
from typing import TYPE_CHECKING

import pytest

from descope_projects import ProjectInfo, Snapshot
from descope_projects._display import projects_html

if TYPE_CHECKING:
    from descope_projects import Emulator

HOSTILE = "<script>alert(1)</script>"
SETTINGS = {
    "domain": "example.com",
    "tokenResponseMethod": "cookie",
    "refreshTokenExpiration": 4,
    "testUserFixedAuthToken": "do-not-show",
    "externalAuthConfig": {"apiKey": "PLACEHOLDER_VALUE"},
    "appUrl": f"https://example.com/{HOSTILE}",
}


class Balance(html.parser.HTMLParser):
    """Refuses HTML whose tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe", "style")
        assert not any(name in ("src", "href") for name, _ in attrs)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(text: str) -> str:
    parser = Balance()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return text


def test_a_snapshot_shows_its_settings_and_masks_the_sensitive_ones() -> None:
    shown = checked(Snapshot.from_files({"project.json": SETTINGS, "flows/flows.json": {"flows": []}})._repr_html_())
    assert "example.com" in shown
    assert "cookie" in shown
    assert "flows/" in shown
    assert ">setting<" in shown
    assert "do-not-show" not in shown
    assert HOSTILE not in shown


def test_a_snapshot_that_contains_secrets_shows_no_setting() -> None:
    settings = SETTINGS | {"externalAuthConfig": {"apiKey": "do-not-show"}}
    shown = checked(Snapshot.from_files({"project.json": settings})._repr_html_())
    assert "contains secrets" in shown
    assert "do-not-show" not in shown
    assert "example.com" not in shown


def test_a_part_says_so() -> None:
    assert "a part" in checked(Snapshot.from_files({"roles.json": {"roles": []}})._repr_html_())


def test_an_export_with_secrets_shows_no_value(descope_emulator: Emulator) -> None:
    with descope_emulator.client() as client:
        shown = checked(client.own_project.export_project()._repr_html_())
    assert "contains secrets" in shown
    assert "<th" in shown
    assert ">setting<" not in shown


def test_names_of_projects_are_escaped() -> None:
    shown = checked(projects_html([ProjectInfo("P2a", HOSTILE, "production", ("a", "b"))]))
    assert "&lt;script&gt;" in shown
    assert "a, b" in shown


def test_a_long_list_is_cut_and_says_so() -> None:
    shown = checked(projects_html(ProjectInfo(f"P2a{number}", "p") for number in range(60)))
    assert "… and 10 more" in shown


def test_a_client_shows_no_key(descope_emulator: Emulator) -> None:
    with descope_emulator.client(read_only=True) as client:
        for shown in (client._repr_html_(), client.own_project._repr_html_(), descope_emulator._repr_html_()):
            assert descope_emulator.project_id in checked(shown)
            assert descope_emulator.management_key not in shown
        assert "read only" in client._repr_html_()


@pytest.mark.parametrize("environment", [None, "production"])
def test_a_project_shows_whether_it_is_production(environment: str | None) -> None:
    shown = checked(ProjectInfo("P2a", "shop", environment)._repr_html_())
    assert ("production" in shown) is (environment is not None)


def test_a_forgotten_await_is_told_in_words_of_ours(descope_emulator: Emulator) -> None:
    async def forget() -> str:
        async with descope_emulator.async_client() as client:
            call = client.list_projects()
            try:
                return repr(call)
            finally:
                call.close()

    assert "a call of descope_projects" in asyncio.run(forget())
