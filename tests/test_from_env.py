"""Clients made from the environment: every variable, and what contradicts itself."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from descope_projects import (
    AsyncClient,
    Client,
    ConfigurationError,
    Emulator,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Face

Invoke: TypeAlias = "Callable[[Any], Any]"


def from_env(face: Face, options: dict[str, Any] | None = None, **keywords: Any) -> Any:
    made = (Client if face.name == "sync" else AsyncClient).from_env(options, **keywords)
    face.clients.append(made)
    return made


class TestFromTheEnvironment:
    def test_the_usual_variables(
        self, face: Face, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, invoke: Invoke
    ) -> None:
        monkeypatch.setenv("DESCOPE_PROJECT_ID", emulator.project_id)
        monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", emulator.management_key)
        monkeypatch.setenv("DESCOPE_BASE_URL", emulator.url)
        made = from_env(face)
        assert len(invoke(made.list_projects())) == 1

    @pytest.mark.parametrize("variable", ["DESCOPE_BASE_URL", "DESCOPE_BASE_URI"])
    def test_either_base_url(self, face: Face, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
        monkeypatch.setenv("DESCOPE_PROJECT_ID", "P2abc")
        monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", "K2abc")
        monkeypatch.setenv(variable, "https://api.example.com")
        assert from_env(face).base_url.rstrip("/") == "https://api.example.com"

    def test_an_option_wins_over_the_environment(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DESCOPE_PROJECT_ID", "P2abc")
        monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", "K2abc")
        monkeypatch.setenv("DESCOPE_BASE_URL", "https://api.example.com")
        made = from_env(face, {"base_url": "https://other.example.com"}, read_only=True)
        assert (made.base_url.rstrip("/"), made.read_only) == ("https://other.example.com", True)

    @pytest.mark.parametrize("variable", ["WORKLOAD_IDENTITY_TOKEN", "DESCOPE_WORKLOAD_TOKEN"])
    def test_a_workload_token_wins_over_a_key(
        self, face: Face, monkeypatch: pytest.MonkeyPatch, variable: str, invoke: Invoke
    ) -> None:
        token = "aaaa.bbbb.cccc"
        seed = {
            "companies": [
                {
                    "name": "A",
                    "keys": [{"key": token}],
                    "projects": [{"id": "P2a", "name": "a", "files": {"project.json": {}}}],
                }
            ]
        }
        with Emulator(seed=seed) as emulator:
            monkeypatch.setenv("DESCOPE_PROJECT_ID", "P2a")
            monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", "K2wrong")
            monkeypatch.setenv(variable, token)
            made = from_env(face, base_url=emulator.url)
            assert [info.id for info in invoke(made.list_projects())] == ["P2a"]

    @pytest.mark.parametrize(
        ("variables", "text"),
        [
            ({}, "DESCOPE_PROJECT_ID"),
            ({"DESCOPE_MANAGEMENT_KEY": "K2abc"}, "DESCOPE_PROJECT_ID"),
            ({"DESCOPE_PROJECT_ID": "P2abc"}, "DESCOPE_MANAGEMENT_KEY"),
            ({"DESCOPE_PROJECT_ID": "", "DESCOPE_MANAGEMENT_KEY": "K2abc"}, "DESCOPE_PROJECT_ID"),
            ({"DESCOPE_PROJECT_ID": "P2abc", "DESCOPE_MANAGEMENT_KEY": " "}, "DESCOPE_MANAGEMENT_KEY"),
            ({"DESCOPE_PROJECT_ID": "hunter-two", "DESCOPE_MANAGEMENT_KEY": "K2abc"}, "DESCOPE_PROJECT_ID"),
            ({"DESCOPE_PROJECT_ID": "P2abc", "DESCOPE_MANAGEMENT_KEY": "hunter-two"}, "DESCOPE_MANAGEMENT_KEY"),
            (
                {
                    "DESCOPE_PROJECT_ID": "P2abc",
                    "DESCOPE_MANAGEMENT_KEY": "K2abc",
                    "WORKLOAD_IDENTITY_TOKEN": "hunter-two",
                },
                "WORKLOAD_IDENTITY_TOKEN",
            ),
            (
                {
                    "DESCOPE_PROJECT_ID": "P2abc",
                    "DESCOPE_MANAGEMENT_KEY": "K2abc",
                    "DESCOPE_BASE_URL": "https://a.example",
                    "DESCOPE_BASE_URI": "https://b.example",
                },
                "DESCOPE_BASE_URL and DESCOPE_BASE_URI",
            ),
            (
                {
                    "DESCOPE_PROJECT_ID": "P2abc",
                    "DESCOPE_MANAGEMENT_KEY": "K2abc",
                    "DESCOPE_BASE_URL": "ftp://a.example",
                },
                "base_url",
            ),
        ],
    )
    def test_what_is_missing_or_contradicts_itself_is_an_error(
        self, face: Face, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], text: str
    ) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError, match=text) as raised:
            from_env(face)
        assert "hunter-two" not in str(raised.value)

    def test_two_base_urls_that_agree_are_no_contradiction(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DESCOPE_PROJECT_ID", "P2abc")
        monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", "K2abc")
        monkeypatch.setenv("DESCOPE_BASE_URL", "https://a.example/")
        monkeypatch.setenv("DESCOPE_BASE_URI", "https://a.example")
        assert "a.example" in from_env(face).base_url

    def test_only_from_env_reads_the_environment(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DESCOPE_BASE_URL", "https://elsewhere.example")
        assert "elsewhere" not in face.client("P2abc", "K2abc").base_url

    @pytest.mark.parametrize(
        ("project_id", "host"),
        [
            ("P2abcdefghijklmnopqrstuvwxyz1", "https://api.descope.com"),
            ("Peuc1abcdefghijklmnopqrstuvwxyz12", "https://api.euc1.descope.com"),
        ],
    )
    def test_a_long_id_names_its_region(self, face: Face, project_id: str, host: str) -> None:
        assert face.client(project_id, "K2abc").base_url.rstrip("/") == host

    @pytest.mark.parametrize(
        "url",
        [
            "http://10.0.0.1",
            "http://api.example.com",
            "ftp://x",
            "api.descope.com",
            "https://u:p@x.example",
            "https://",
        ],
    )
    def test_a_base_url_that_would_give_the_key_away_is_refused(self, face: Face, url: str) -> None:
        with pytest.raises(ConfigurationError, match="base_url"):
            face.client("P2abc", "K2abc", base_url=url)

    def test_plain_http_elsewhere_must_be_asked_for(self, face: Face) -> None:
        assert (
            "10.0.0.1" in face.client("P2abc", "K2abc", base_url="http://10.0.0.1", allow_insecure_http=True).base_url
        )
