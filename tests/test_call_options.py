"""Options of the calls and clients: dicts, keywords, wrong keys, wrong values."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from descope_projects import (
    ConfigurationError,
    Emulator,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Face

Invoke: TypeAlias = "Callable[[Any], Any]"


class TestOptions:
    @pytest.mark.parametrize(
        ("given", "keywords"),
        [({"name": "n", "tags": ["t"]}, {}), ({}, {"name": "n", "tags": ["t"]}), ({"name": "n"}, {"tags": ["t"]})],
    )
    def test_a_dict_and_keywords_mean_the_same(self, project: Any, given: dict, keywords: dict, invoke: Invoke) -> None:
        clone = invoke(project.clone(given, **keywords))
        assert (clone.name, clone.tags) == ("n", ("t",))
        assert given in ({"name": "n", "tags": ["t"]}, {}, {"name": "n"})

    def test_a_client_takes_its_arguments_in_every_form(self, face: Face) -> None:
        positional = face.client("P2abc", "K2abc", {"read_only": True}, base_url="https://api.example.com")
        keywords = face.client(
            project_id="P2abc", management_key="K2abc", options={"base_url": "https://api.example.com"}, read_only=True
        )
        for made in (positional, keywords):
            assert (made.own_project.id, made.read_only) == ("P2abc", True)
            assert made.base_url.rstrip("/") == "https://api.example.com"

    @pytest.mark.parametrize(
        ("call", "key"),
        [
            (lambda client: type(client)("P2a", "K2a", {"timeout": 1}, timeout=1), "timeout"),
            (lambda client: client.own_project.clone({"name": "a"}, name="a"), "name"),
            (lambda client: client.own_project.start_clone({"name": "a"}, name="a"), "name"),
            (lambda client: client.own_project.delete({"settle": True}, confirm="x", settle=True), "settle"),
            (lambda client: client.own_project.export_snapshot({"format": "plain"}, format="plain"), "format"),
            (lambda client: client.own_project.export_project({"timeout": 3}, timeout=3), "timeout"),
            (lambda client: client.own_project.import_snapshot({}, {"exclude": []}, exclude=[]), "exclude"),
            (lambda client: client.own_project.import_project({}, {"exclude": []}, exclude=[]), "exclude"),
            (lambda client: client.own_project.validate_snapshot({}, {"exclude": []}, exclude=[]), "exclude"),
        ],
    )
    def test_a_key_in_both_is_an_error(
        self, client: Any, emulator: Emulator, call: Callable[[Any], Any], key: str, invoke: Invoke
    ) -> None:
        with pytest.raises(ConfigurationError, match=f"`{key}` is given twice"):
            invoke(call(client))
        assert emulator.requests() == []

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("timeout_seconds", "timeout"),
            ("timeoutSeconds", "timeout"),
            ("tiemout", "timeout"),
            ("baseUrl", "base_url"),
            ("base_uri", "base_url"),
            ("userAgent", "user_agent"),
            ("readonly", "read_only"),
            ("retries", "retry"),
            ("proxies", "proxy"),
            ("max_response_size", "max_response_bytes"),
        ],
    )
    def test_a_client_s_option_under_another_name_is_explained(self, face: Face, given: str, meant: str) -> None:
        with pytest.raises(ConfigurationError) as raised:
            face.client("P2abc", "K2abc", {given: "value-to-hide"})
        assert f"unknown option `{given}`" in str(raised.value)
        assert f"did you mean `{meant}`?" in str(raised.value)
        assert "value-to-hide" not in str(raised.value)
        assert raised.value.path == given

    @pytest.mark.parametrize(
        ("verb", "given", "meant"),
        [
            ("import_snapshot", "excludes", "exclude"),
            ("import_snapshot", "inputSecrets", "input_secrets"),
            ("import_snapshot", "inputsecrets", "input_secrets"),
            ("import_snapshot", "allowPartial", "allow_partial"),
            ("import_snapshot", "timeout_seconds", "timeout"),
            ("import_project", "excludes", "exclude"),
            ("validate_snapshot", "excludes", "exclude"),
            ("validate_snapshot", "inputSecrets", "input_secrets"),
            ("clone", "nmae", "name"),
            ("clone", "tag", "tags"),
            ("clone", "env", "environment"),
            ("start_clone", "Environment", "environment"),
            ("export_snapshot", "fromat", "format"),
            ("export_project", "timeout_seconds", "timeout"),
            ("delete", "settleTimeout", "settle_timeout"),
        ],
    )
    def test_a_method_s_option_under_another_name_is_explained(  # noqa: PLR0913, PLR0917 -- a table of three columns
        self, project: Any, emulator: Emulator, verb: str, given: str, meant: str, invoke: Invoke
    ) -> None:
        arguments = [{}] if "import" in verb or "validate" in verb else []
        keywords = {given: ["value-to-hide"]} | ({"confirm": project.id} if verb == "delete" else {})
        with pytest.raises(ConfigurationError) as raised:
            invoke(getattr(project, verb)(*arguments, **keywords))
        assert f"{verb}: unknown option `{given}`; did you mean `{meant}`?" in str(raised.value)
        assert "value-to-hide" not in str(raised.value)
        assert (raised.value.path, raised.value.operation) == (given, verb)
        assert emulator.requests() == []

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"retry": {"max_attempts": True}}, "`retry.max_attempts`: expected an integer"),
            ({"retry": {"max_attempts": "4"}}, "`retry.max_attempts`: expected an integer"),
            ({"retry": {"max_attempts": 4.0}}, "`retry.max_attempts`: expected an integer"),
            ({"retry": {"max_attempts": 0}}, "`retry.max_attempts`: expected an integer"),
            ({"retry": {"max_attempts": -1}}, "`retry.max_attempts`: expected an integer"),
            ({"retry": {"max_attempts": 10**30}}, "`retry.max_attempts`: expected an integer"),
            ({"retry": {"max_wait": "120"}}, "`retry.max_wait`: expected a number of seconds"),
            ({"retry": {"max_wait": -0.5}}, "`retry.max_wait`: expected a number of seconds"),
            ({"retry": {"attempts": 3}}, "unknown option `retry.attempts`"),
            ({"retry": {"maxAttempts": 3}}, "did you mean `retry.max_attempts`?"),
            ({"retry": 3}, "`retry`: expected"),
            ({"retry": [3, 1]}, "`retry`: expected"),
            ({"timeout": True}, "`timeout`: expected a number of seconds"),
            ({"timeout": "30"}, "`timeout`: expected a number of seconds"),
            ({"timeout": 0}, "`timeout`: expected a number of seconds"),
            ({"timeout": -1}, "`timeout`: expected a number of seconds"),
            ({"timeout": math.nan}, "`timeout`: expected a number of seconds"),
            ({"timeout": math.inf}, "`timeout`: expected a number of seconds"),
            ({"timeout": -math.inf}, "`timeout`: expected a number of seconds"),
            ({"timeout": 10**400}, "`timeout`: expected a number of seconds"),
            ({"timeout": timedelta(0)}, "`timeout`: expected a number of seconds"),
            ({"timeout": timedelta(seconds=-1)}, "`timeout`: expected a number of seconds"),
            ({"timeout": timedelta.max}, "`timeout`: expected a number of seconds"),
            ({"connect_timeout": [3]}, "`connect_timeout`: expected a number of seconds"),
            ({"requests_per_second": False}, "`requests_per_second`: expected a number"),
            ({"requests_per_second": 0}, "`requests_per_second`: expected a number"),
            ({"requests_per_second": math.nan}, "`requests_per_second`: expected a number"),
            ({"max_response_bytes": 1.5}, "`max_response_bytes`: expected an integer"),
            ({"max_response_bytes": True}, "`max_response_bytes`: expected an integer"),
            ({"read_only": 1}, "`read_only`: expected a boolean"),
            ({"read_only": "yes"}, "`read_only`: expected a boolean"),
            ({"license_handshake": 0}, "`license_handshake`: expected a boolean"),
            ({"headers": ["a"]}, "`headers`: expected a map"),
            ({"headers": {"X-Number": 1}}, "`headers.X-Number`: expected a string"),
            ({"headers": {1: "x"}}, "`headers`: keys must be strings"),
            ({"user_agent": b"x"}, "`user_agent`: an object of type bytes"),
            ({"base_url": 1}, "`base_url`: expected a string"),
            ({"proxy": {}}, "`proxy`: expected"),
            ({"ca_bundle": 3}, "`ca_bundle`: expected"),
        ],
        ids=lambda value: repr(value) if isinstance(value, dict) else "",
    )
    def test_a_wrong_value_is_refused_by_the_path_of_its_key(self, face: Face, options: dict, text: str) -> None:
        with pytest.raises(ConfigurationError) as raised:
            face.client("P2abc", "K2abc", options)
        assert text in str(raised.value)

    @pytest.mark.parametrize(
        ("verb", "options", "text"),
        [
            ("clone", {"name": 3}, "`name`: expected a string"),
            ("clone", {"name": True}, "`name`: expected a string"),
            ("clone", {"name": " "}, "`name` is empty"),
            ("clone", {"tags": "abc"}, "`tags`: expected"),
            ("clone", {"tags": ["a", 3]}, "`tags[1]`: expected a string"),
            ("clone", {"tags": {"a": 1}}, "`tags`: expected"),
            ("clone", {"environment": "Production"}, "`environment`: expected one of production"),
            ("clone", {"environment": 1}, "`environment`: expected one of production"),
            ("clone", {"settle": "no"}, "`settle`: expected a boolean"),
            ("start_clone", {"timeout": True}, "`timeout`: expected a number of seconds"),
            ("delete", {"settle_timeout": -1}, "`settle_timeout`: expected a number of seconds"),
            ("export_snapshot", {"format": "full"}, "`format`: expected one of plain"),
            ("export_project", {"format": True}, "`format`: expected one of plain"),
            ("import_snapshot", {"exclude": "flows"}, "`exclude`: expected"),
            ("import_snapshot", {"exclude": [["flows"]]}, "`exclude[0]`: expected a string"),
            ("import_snapshot", {"allow_partial": 1}, "`allow_partial`: expected a boolean"),
            ("import_snapshot", {"input_secrets": []}, "`input_secrets`: expected"),
            ("import_snapshot", {"input_secrets": {"connectors": {}}}, "`input_secrets.connectors`: expected"),
            ("import_snapshot", {"input_secrets": {"connectors": ["x"]}}, "`input_secrets.connectors[0]`: expected"),
            (
                "import_snapshot",
                {"input_secrets": {"oauthProviders": []}},
                "did you mean `input_secrets.oauth_providers`?",
            ),
            ("validate_snapshot", {"exclude": [3]}, "`exclude[0]`: expected a string"),
        ],
        ids=lambda value: repr(value) if isinstance(value, dict) else "",
    )
    def test_a_wrong_value_of_a_method_is_refused_before_anything_is_sent(  # noqa: PLR0913, PLR0917 -- a table of three columns
        self, project: Any, emulator: Emulator, verb: str, options: dict, text: str, invoke: Invoke
    ) -> None:
        arguments = [{"project.json": {}}] if "import" in verb or "validate" in verb else []
        keywords = {"confirm": project.id} if verb == "delete" else {}
        with pytest.raises(ConfigurationError) as raised:
            invoke(getattr(project, verb)(*arguments, options, **keywords))
        assert str(raised.value).startswith(f"{verb}: ")
        assert text in str(raised.value)
        assert emulator.requests() == []

    @pytest.mark.parametrize(
        ("secret", "text"),
        [
            ({"id": "CI1", "type": "t", "value": ""}, "`input_secrets.connectors[0].value` is empty"),
            ({"id": "CI1", "type": "t"}, "`input_secrets.connectors[0].value` is missing"),
            ({"type": "t", "value": "do-not-show"}, "`input_secrets.connectors[0].id` is missing"),
            ({"id": "CI1", "value": "do-not-show"}, "`input_secrets.connectors[0].type` is missing"),
            ({"id": "CI1", "type": "t", "value": ["do-not-show"]}, "`input_secrets.connectors[0].value`: expected"),
            ({"id": "CI1", "type": "t", "value": 123454321}, "`input_secrets.connectors[0].value`: expected"),
            ({"id": "CI1", "type": "t", "valeu": "do-not-show"}, "did you mean `input_secrets.connectors[0].value`?"),
        ],
    )
    def test_a_wrong_secret_is_explained_without_its_value(
        self, project: Any, emulator: Emulator, secret: dict, text: str, invoke: Invoke
    ) -> None:
        with pytest.raises(ConfigurationError) as raised:
            invoke(project.import_snapshot({"project.json": {}}, input_secrets={"connectors": [secret]}))
        assert text in str(raised.value)
        assert "do-not-show" not in repr(raised.value)
        assert "123454321" not in repr(raised.value)
        assert emulator.requests() == []

    @pytest.mark.parametrize(
        ("call", "path"),
        [
            (lambda face: face.client("P2a", "K2a", {"timeout": 1}, timeout=1), "timeout"),
            (lambda face: face.client("P2a", "K2a", retry={"max_attempts": True}), "retry.max_attempts"),
            (lambda face: face.client("P2a", "K2a", retry={"attempts": 1}), "retry.attempts"),
            (lambda face: face.client("P2a", "K2a", headers={"X-A": 1}), "headers.X-A"),
            (lambda face: face.client("P2a", "K2a", user_agent=b"x"), "user_agent"),
            (lambda face: face.client(None, "K2a"), "project_id"),
            (lambda face: face.client("P2a", None), "management_key"),
            (lambda face: face.client("P2a", "K2a").project(None), "project_id"),
            (lambda face: face.client("P2a", "K2a").own_project.update_tags("abc"), "tags"),
            (lambda face: face.client("P2a", "K2a").own_project.clone(tags=["a", 1]), "tags[1]"),
        ],
    )
    def test_an_error_has_the_path_of_what_is_wrong(self, face: Face, call: Callable[[Face], Any], path: str) -> None:
        with pytest.raises(ConfigurationError) as raised:
            face.invoke(call(face))
        assert raised.value.path == path
        assert raised.value.written == "nothing"

    @pytest.mark.parametrize("options", [3, "name", ["name"], [("name", "x")]])
    def test_options_are_a_dict_and_nothing_else(self, project: Any, options: Any, invoke: Invoke) -> None:
        with pytest.raises(ConfigurationError, match="options must be a dict"):
            invoke(project.clone(options))

    @pytest.mark.parametrize("timeout", [5, 5.5, timedelta(seconds=5, milliseconds=1)])
    def test_seconds_are_a_number_or_a_timedelta(self, client: Any, timeout: Any, invoke: Invoke) -> None:
        assert len(invoke(client.own_project.export_snapshot(timeout=timeout))) > 0
        assert invoke(client.request("GET", "/v1/mgmt/license", timeout=timeout)) == {"rateLimitTier": "tier4"}

    def test_an_option_that_is_none_is_as_good_as_absent(self, project: Any, invoke: Invoke) -> None:
        assert invoke(project.clone(name=None, tags=None, timeout=None)).name == "Example (clone)"

    @pytest.mark.parametrize(
        ("value", "hint"), [("flow", '"flows"'), ("project.domian", '"project.domain"'), ("Lists", '"lists"')]
    )
    def test_an_exclude_that_nobody_documents_is_refused_with_the_nearest(
        self, project: Any, emulator: Emulator, value: str, hint: str, invoke: Invoke
    ) -> None:
        with pytest.raises(ConfigurationError, match=f"did you mean {hint}") as raised:
            invoke(project.import_snapshot({"project.json": {}}, exclude=["lists", value]))
        assert raised.value.path == "exclude[1]"
        assert emulator.requests() == []

    @pytest.mark.descope_emulator(semantics={"unknown_excludes": "ignore"})
    def test_an_exclude_that_nobody_documents_can_be_sent(
        self, project: Any, emulator: Emulator, invoke: Invoke
    ) -> None:
        snapshot = invoke(project.export_snapshot())
        invoke(project.import_snapshot(snapshot, exclude=["passkeys"], allow_unknown_excludes=True))
        assert emulator.executions("import_snapshot") == 1

    @pytest.mark.parametrize("tags", ["abc", 3, [1], None, {"a": 1}.items()])
    def test_tags_that_are_no_list_of_strings_are_refused(
        self, project: Any, emulator: Emulator, tags: Any, invoke: Invoke
    ) -> None:
        with pytest.raises(ConfigurationError, match="`tags`: expected a list of strings"):
            invoke(project.update_tags(tags))
        assert emulator.requests() == []

    @pytest.mark.parametrize("name", ["", "  "])
    def test_a_name_is_not_empty(self, project: Any, emulator: Emulator, name: str, invoke: Invoke) -> None:
        with pytest.raises(ConfigurationError, match="name is empty"):
            invoke(project.update_name(name))
        assert emulator.requests() == []
