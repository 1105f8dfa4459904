"""What an import does in the emulator: names, ids, secrets, excludes; and the switches for what nobody tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import ApiError, Client, Emulator, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from descope_projects import Project

EXCLUDES_OF_SETTINGS: dict[str, dict[str, Any]] = {
    "project.domain": {"domain": "d", "customDomain": "c", "appUrl": "a"},
    "project.trustedDomains": {"trustedDomains": "t"},
    "project.tokenResponseMethod": {"tokenResponseMethod": "cookie", "sessionTokenResponseMethod": "cookie"},
    "project.selfProvisioning": {"selfProvisioning": True},
    "project.rotateJwt": {"rotateJwt": True},
    "project.cookiepolicy": {"cookiePolicy": "lax", "sessionTokenCookiePolicy": "lax", "sessionTokenCookieDomain": "x"},
    "project.refreshTokenExpiration": {"refreshTokenExpiration": 1},
    "project.stepupTokenExpiration": {"stepupTokenExpiration": 1},
    "project.sessionTokenExpiration": {"sessionTokenExpiration": 1},
    "project.keySessionTokenExpiration": {"keySessionTokenExpiration": 1},
    "project.inviteUrl": {"inviteUrl": "u"},
    "project.inviteEmail": {"inviteEmail": True},
    "project.inviteSms": {"inviteSms": True},
    "project.inviteMagicLink": {"inviteMagicLink": True},
    "project.conformanceJwt": {"conformanceJwt": True},
    "project.inactivity": {"enableInactivity": True, "inactivityTime": 5},
}
EXCLUDES_OF_FILES: dict[str, list[str]] = {
    "project": ["project.json"],
    "magicLink": ["auth/magiclink.json"],
    "enchantedLink": ["auth/enchantedlink.json"],
    "embeddedLink": ["auth/embeddedlink.json"],
    "otp": ["auth/otp.json"],
    "totp": ["auth/totp.json"],
    "sso": ["auth/sso.json"],
    "oauth": ["auth/oauth.json"],
    "webauthn": ["auth/webauthn.json"],
    "password": ["auth/password.json"],
    "styles": ["styles/dark.json", "styles/light.json"],
    "flows": ["flows/f/metadata.json", "flows/f/contents.json"],
    "connectors": ["connectors/c.json"],
    "authorization": ["roles.json", "permissions.json"],
    "attributes": ["attributes.json"],
    "ssoApps": ["applications.json"],
    "lists": ["lists.json"],
}


def whole(mark: str) -> dict[str, Any]:
    """A project in which every file says whose it is."""
    files: dict[str, Any] = {path: {"mark": mark} for paths in EXCLUDES_OF_FILES.values() for path in paths}
    for path in list(files):
        if path.startswith("auth/"):
            files[path]["enabled"] = True
    files["connectors/connectors.json"] = {"connectors": ["c"]}
    files["connectors/c.json"] |= {"id": f"CI{mark}", "name": "C", "type": "http", "configuration": {}}
    files["flows/flows.json"] = {"flows": ["f"]}
    files["styles/styles.json"] = {"styles": ["dark", "light"]}
    return files


SEED = {
    "companies": [
        {
            "name": "A",
            "keys": [{"key": "K2a"}],
            "projects": [{"id": "P2target", "name": "target", "files": whole("target")}],
        }
    ]
}


@pytest.fixture
def target(emulator: Emulator) -> Iterator[Project]:
    with emulator.client() as client:
        yield client.own_project


@pytest.fixture
def other(target: Project) -> Project:
    """A clone, so with other ids."""
    return target.clone(name="other").project


def edited(snapshot: Snapshot, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    files = snapshot.to_files()
    change(files)
    return files


def secret_of(project: Project) -> object:
    return project.export_project()["connectors/sendgrid.json"]["configuration"].get("apiKey")


class TestExcludes:
    @pytest.mark.descope_emulator(seed=SEED)
    @pytest.mark.parametrize(("value", "paths"), EXCLUDES_OF_FILES.items(), ids=EXCLUDES_OF_FILES)
    @pytest.mark.parametrize("verb", ["import_snapshot", "import_project"])
    def test_an_exclude_keeps_its_files_and_no_others(
        self, target: Project, verb: str, value: str, paths: list[str]
    ) -> None:
        getattr(target, verb)(whole("sent"), exclude=[value])
        marks = {path: file["mark"] for path, file in target.export_snapshot().items() if "mark" in file}
        assert marks == {path: "target" if path in paths else "sent" for path in marks}
        assert len(marks) == sum(map(len, EXCLUDES_OF_FILES.values()))

    @pytest.mark.parametrize(("value", "settings"), EXCLUDES_OF_SETTINGS.items(), ids=EXCLUDES_OF_SETTINGS)
    def test_an_exclude_of_a_setting_keeps_it_and_no_other(self, value: str, settings: dict[str, Any]) -> None:
        every = {name: setting for some in EXCLUDES_OF_SETTINGS.values() for name, setting in some.items()}
        seed = {
            "companies": [
                {
                    "name": "A",
                    "keys": [{"key": "K2a"}],
                    "projects": [{"id": "P2a", "name": "a", "files": {"project.json": every}}],
                }
            ]
        }
        sent = {name: f"sent {name}" for name in every}
        with Emulator(seed=seed) as emulator, emulator.client() as client:
            client.own_project.import_snapshot({"project.json": sent}, exclude=[value])
            assert client.own_project.export_snapshot()["project.json"] == {**sent, **settings}

    @pytest.mark.descope_emulator(seed=SEED)
    def test_an_absent_part_of_the_target_stays_absent(self, target: Project) -> None:
        target.import_snapshot({path: file for path, file in whole("target").items() if path != "lists.json"})
        target.import_snapshot(whole("sent"), exclude=["lists"])
        assert "lists.json" not in target.export_snapshot()

    @pytest.mark.descope_emulator(seed=SEED, semantics={"snapshot_excludes": "refuse"})
    def test_a_server_that_excludes_only_lists_from_a_snapshot(self, target: Project) -> None:
        for call in (target.import_snapshot, target.validate_snapshot):
            with pytest.raises(ApiError) as raised:
                call(whole("sent"), exclude=["flows"])
            assert raised.value.code == "E011004"
            call(whole("sent"), exclude=["lists"])
        target.import_project(whole("sent"), exclude=["flows"])

    @pytest.mark.parametrize(("unknown", "refused"), [("refuse", True), ("ignore", False)])
    def test_an_unknown_exclude(self, unknown: Any, refused: bool) -> None:  # noqa: ANN401, FBT001 -- a table
        with Emulator(seed=SEED, semantics={"unknown_excludes": unknown}) as emulator, emulator.client() as client:
            options: Any = {"exclude": ["passkeys"], "allow_unknown_excludes": True}
            if refused:
                with pytest.raises(ApiError, match="passkeys"):
                    client.own_project.import_snapshot(whole("sent"), options)
            else:
                client.own_project.import_snapshot(whole("sent"), options)
            assert (client.own_project.export_snapshot()["lists.json"]["mark"] == "target") is refused


class TestNames:
    def test_a_clone_has_ids_of_its_own_and_works(self, target: Project, other: Project) -> None:
        first, second = target.export_snapshot(), other.export_snapshot()
        ids = [snapshot["connectors/backend.json"]["id"] for snapshot in (first, second)]
        roles = [snapshot["roles.json"]["roles"][0]["id"] for snapshot in (first, second)]
        assert len({*ids, *roles}) == 4
        metadata = second["flows/sign-in/metadata.json"]["references"]
        assert metadata == {"connectors": {"Backend": ids[1]}, "roles": {"Admin": roles[1]}}
        tasks = second["flows/sign-in/contents.json"]["tasks"]
        assert tasks["2"]["arguments"]["connectorId"]["value"] == ids[1]
        assert tasks["3"]["arguments"]["roleIds"]["value"] == [roles[1]]
        assert secret_of(other) == "example-sendgrid-key"
        assert other.validate_snapshot(second).ok

    def test_an_import_keeps_the_target_s_ids_and_rewrites_the_references(
        self, target: Project, other: Project
    ) -> None:
        before = other.export_snapshot()
        other.import_snapshot(target.export_snapshot())
        after = other.export_snapshot()
        assert after == before

    def test_a_connector_under_another_file_name_is_the_same_by_its_name(self, target: Project) -> None:
        def rename(files: dict[str, Any]) -> None:
            files["connectors/mailer.json"] = {**files.pop("connectors/sendgrid.json"), "id": "CIforeign"}
            files["connectors/connectors.json"] = {"connectors": ["mailer", "backend"]}
            files["auth/magiclink.json"]["emailServiceProvider"] = "CIforeign"

        snapshot = target.export_snapshot()
        own = snapshot["connectors/sendgrid.json"]["id"]
        target.import_snapshot(edited(snapshot, rename))
        after = target.export_snapshot()
        assert after["connectors/mailer.json"]["id"] == own
        assert after["auth/magiclink.json"]["emailServiceProvider"] == own
        assert "connectors/sendgrid.json" not in after
        assert target.export_project()["connectors/mailer.json"]["configuration"]["apiKey"] == "example-sendgrid-key"

    @pytest.mark.descope_emulator(semantics={"foreign_connector_ids": "refuse"})
    def test_a_server_that_refuses_foreign_ids(self, target: Project, other: Project) -> None:
        validation = other.validate_snapshot(target.export_snapshot())
        assert not validation.ok
        assert any("another id" in failure for failure in validation.failures)

    @pytest.mark.parametrize("semantics", ["new_entity", "rename"])
    def test_a_connector_under_a_new_name(self, semantics: Any) -> None:  # noqa: ANN401 -- one of two words
        def rename(files: dict[str, Any]) -> None:
            files["connectors/sendgrid.json"]["name"] = "Mailer"

        with Emulator(semantics={"renamed_connector": semantics}) as emulator, emulator.client() as client:
            project = client.own_project
            snapshot = project.export_snapshot()
            files = edited(snapshot, rename)
            validation = project.validate_snapshot(files)
            own = snapshot["connectors/sendgrid.json"]["id"]
            if semantics == "rename":
                assert validation.ok
                project.import_snapshot(files)
                assert project.export_snapshot()["connectors/sendgrid.json"]["id"] == own
                assert secret_of(project) == "example-sendgrid-key"
            else:
                [missing] = validation.missing_secrets
                assert (missing.name, missing.type) == ("Mailer", "apiKey")
                secret: Any = {"id": missing.id, "type": missing.type, "value": "new"}
                project.import_snapshot(files, input_secrets={"connectors": [secret]})
                after = project.export_snapshot()
                assert after["connectors/sendgrid.json"]["id"] != own
                assert after["auth/magiclink.json"]["emailServiceProvider"] == after["connectors/sendgrid.json"]["id"]

    @pytest.mark.parametrize(("semantics", "stays"), [("delete", False), ("keep", True)])
    def test_what_the_sent_files_lack(self, semantics: Any, stays: bool) -> None:  # noqa: ANN401, FBT001 -- a table
        def remove(files: dict[str, Any]) -> None:
            del files["lists.json"]
            files["flows/flows.json"]["flows"] = []
            for path in [path for path in files if path.startswith("flows/sign-in/")]:
                del files[path]

        with Emulator(semantics={"absent_files": semantics}) as emulator, emulator.client() as client:
            client.own_project.import_snapshot(edited(client.own_project.export_snapshot(), remove))
            after = client.own_project.export_snapshot()
            assert ("lists.json" in after) is stays
            assert ("flows/sign-in/contents.json" in after) is stays
            assert (after["flows/flows.json"]["flows"] == ["sign-in"]) is stays

    def test_a_flow_that_the_index_does_not_list_is_not_read(self, target: Project) -> None:
        def unlist(files: dict[str, Any]) -> None:
            files["flows/flows.json"]["flows"] = []

        target.import_snapshot(edited(target.export_snapshot(), unlist))
        after = target.export_snapshot()
        assert [path for path in after if path.startswith("flows/")] == ["flows/flows.json"]

    def test_a_reference_that_leads_nowhere_is_a_failure(self, target: Project) -> None:
        def break_role(files: dict[str, Any]) -> None:
            files["roles.json"]["roles"] = []

        validation = target.validate_snapshot(edited(target.export_snapshot(), break_role))
        assert any("role" in failure for failure in validation.failures)
        with pytest.raises(ApiError) as raised:
            target.import_snapshot(edited(target.export_snapshot(), break_role))
        assert raised.value.code == "E011003"

    def test_a_refused_import_changes_nothing(self, target: Project) -> None:
        def change(files: dict[str, Any]) -> None:
            files["project.json"]["appUrl"] = "https://changed.example.com"
            files["roles.json"]["roles"] = []

        before = target.export_snapshot()
        with pytest.raises(ApiError):
            target.import_snapshot(edited(before, change))
        assert target.export_snapshot() == before


class TestSecrets:
    @pytest.mark.parametrize(
        ("value", "secret"),
        [
            ("PLACEHOLDER_VALUE", "example-sendgrid-key"),
            ("new-value", "new-value"),
            ("", ""),
            (None, None),
        ],
    )
    def test_kept_overridden_and_cleared(self, target: Project, value: object, secret: object) -> None:
        def change(files: dict[str, Any]) -> None:
            files["connectors/sendgrid.json"]["configuration"]["apiKey"] = value

        target.import_snapshot(edited(target.export_snapshot(), change))
        assert secret_of(target) == secret

    def test_an_absent_field_clears_too(self, target: Project) -> None:
        def change(files: dict[str, Any]) -> None:
            del files["connectors/sendgrid.json"]["configuration"]["apiKey"]

        target.import_snapshot(edited(target.export_snapshot(), change))
        assert "apiKey" not in target.export_project()["connectors/sendgrid.json"]["configuration"]

    def test_an_override_is_not_seen_in_a_snapshot(self, target: Project) -> None:
        def change(files: dict[str, Any]) -> None:
            files["connectors/sendgrid.json"]["configuration"]["apiKey"] = "new-value"

        target.import_snapshot(edited(target.export_snapshot(), change))
        snapshot = target.export_snapshot()
        assert snapshot["connectors/sendgrid.json"]["configuration"]["apiKey"] == "PLACEHOLDER_VALUE"
        assert not snapshot.contains_secrets

    def test_a_secret_given_beside_the_files_wins(self, target: Project) -> None:
        snapshot = target.export_snapshot()
        secret: Any = {"id": snapshot["connectors/sendgrid.json"]["id"], "type": "apiKey", "value": "rotated"}
        target.import_snapshot(snapshot, input_secrets={"connectors": [secret]})
        assert secret_of(target) == "rotated"

    def test_a_provider_s_secret_is_given_by_its_key(self, target: Project) -> None:
        secret: Any = {"id": "google", "type": "clientSecret", "value": "rotated"}
        target.import_snapshot(target.export_snapshot(), input_secrets={"oauth_providers": [secret]})
        google = target.export_project()["auth/oauth.json"]["providerSettings"]["google"]
        assert google["clientSecret"] == "rotated"

    def test_an_import_without_a_secret_that_is_needed_is_refused(self, target: Project) -> None:
        def add(files: dict[str, Any]) -> None:
            configuration = {"token": "PLACEHOLDER_VALUE"}
            files["connectors/slack.json"] = {
                "id": "CIn",
                "name": "Slack",
                "type": "slack",
                "configuration": configuration,
            }
            files["connectors/connectors.json"]["connectors"].append("slack")

        with pytest.raises(ApiError, match="Slack") as raised:
            target.import_snapshot(edited(target.export_snapshot(), add))
        assert (raised.value.status, raised.value.code) == (400, "E011003")

    @pytest.mark.parametrize(("semantics", "refused"), [("refuse", True), ("ignore", False)])
    def test_a_secret_for_nothing_in_the_files(self, semantics: Any, refused: bool) -> None:  # noqa: ANN401, FBT001 -- a table
        secret: Any = {"id": "CInowhere", "type": "apiKey", "value": "x"}
        with Emulator(semantics={"unknown_input_secrets": semantics}) as emulator, emulator.client() as client:
            snapshot = client.own_project.export_snapshot()
            validation = client.own_project.validate_snapshot(snapshot, input_secrets={"connectors": [secret]})
            assert validation.ok is not refused

    @pytest.mark.parametrize(
        ("semantics", "secret"), [("with_secrets", "example-sendgrid-key"), ("without_secrets", "PLACEHOLDER_VALUE")]
    )
    def test_what_a_project_export_holds(self, semantics: Any, secret: str) -> None:  # noqa: ANN401 -- one of two words
        with Emulator(semantics={"project_export": semantics}) as emulator, emulator.client() as client:
            assert secret_of(client.own_project) == secret

    def test_a_project_export_restores_what_was_cleared(self, target: Project) -> None:
        def clear(files: dict[str, Any]) -> None:
            files["connectors/sendgrid.json"]["configuration"]["apiKey"] = ""

        backup = target.export_project()
        target.import_snapshot(edited(target.export_snapshot(), clear))
        assert secret_of(target) == ""
        target.import_project(backup)
        assert secret_of(target) == "example-sendgrid-key"


class TestWhole:
    def test_production_is_kept_apart(self, emulator: Emulator) -> None:
        with emulator.client() as client:
            live = client.own_project.clone(name="live", environment="production")
            assert client.own_project.clone(name="dev").environment is None
            live.project.import_snapshot(client.own_project.export_snapshot())
            environments = {info.name: info.environment for info in client.list_projects()}
        assert environments == {"Example": None, "live": "production", "dev": None}

    def test_a_plain_export_cannot_be_told_from_files_without_assets(self, target: Project) -> None:
        plain = target.export_snapshot(format="plain")
        assert target.validate_snapshot(plain).ok
        target.import_snapshot(plain)
        assert target.export_snapshot() == plain

    def test_two_companies_know_nothing_of_each_other(self) -> None:
        companies = [
            {
                "name": name,
                "keys": [{"key": f"K2{name}"}],
                "projects": [{"id": f"P2{name}", "name": "p", "files": {"project.json": {}}}],
            }
            for name in ("a", "b")
        ]
        with Emulator(seed={"companies": companies}) as emulator, Client("P2b", "K2b", base_url=emulator.url) as client:
            assert [info.id for info in client.list_projects()] == ["P2b"]
            with pytest.raises(ApiError):
                client.project("P2a").delete(confirm="P2a")
            assert [info.id for info in emulator.projects] == ["P2a"]
