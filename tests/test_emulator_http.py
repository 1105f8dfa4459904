"""The emulator as curl sees it: routes, tokens, codes, control, tiers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from descope_projects import (
    Client,
    Emulator,
    PermissionDenied,
)
from plain_http import bearer, http

SEED: dict[str, Any] = {
    "companies": [
        {
            "name": "Acme",
            "tier": "pro",
            "keys": [{"key": "K2acme"}],
            "projects": [
                {"id": "P2dev", "name": "dev", "tags": ["a", "b"], "files": {"project.json": {}}},
                {"id": "P2live", "name": "live", "environment": "production", "files": {"project.json": {}}},
            ],
        },
        {
            "name": "Other",
            "keys": [{"key": "K2other"}],
            "projects": [{"id": "P2other", "name": "other", "files": {"project.json": {}}}],
        },
    ]
}


@pytest.mark.descope_emulator(seed=SEED)
class TestOverHttp:
    def test_an_answer_is_json_with_an_id_of_its_own(self, emulator: Emulator) -> None:
        answers = [http(emulator, "GET", "/v1/mgmt/license", Authorization=bearer(emulator)) for _ in range(2)]
        assert [(status, body) for status, _, body in answers] == [(200, {"rateLimitTier": "tier2"})] * 2
        rays = [headers["cf-ray"] for _, headers, _ in answers]
        assert rays[0] != rays[1]
        assert answers[0][1]["content-type"] == "application/json"

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/"),
            ("POST", "/v1/mgmt/user/create"),
            ("GET", "/v1/mgmt/projects/list"),
            ("PUT", "/v1/mgmt/license"),
        ],
    )
    def test_a_route_that_it_has_not_is_501(self, emulator: Emulator, method: str, path: str) -> None:
        status, headers, body = http(emulator, method, path, Authorization=bearer(emulator))
        assert (status, body["errorCode"]) == (501, "EMULATOR501")
        assert "cf-ray" in headers

    @pytest.mark.parametrize(
        "authorization",
        [
            "",
            "Basic abc",
            "Bearer",
            "Bearer P2dev",
            "Bearer P2dev:",
            "Bearer P2dev:K2wrong",
            "Bearer K2wrong",
            "P2dev:K2acme",
        ],
    )
    def test_no_valid_token_is_401(self, emulator: Emulator, authorization: str) -> None:
        status, _, body = http(emulator, "POST", "/v1/mgmt/projects/list", {}, Authorization=authorization)
        assert (status, body["errorCode"]) == (401, "E011007")
        assert set(body) == {"errorCode", "errorDescription", "errorMessage"}

    def test_a_list_needs_no_project(self, emulator: Emulator) -> None:
        listed = http(emulator, "POST", "/v1/mgmt/projects/list", {}, Authorization="Bearer K2acme")
        assert [project["id"] for project in listed[2]["projects"]] == ["P2dev", "P2live"]
        assert listed[2]["projects"][1]["environment"] == "production"
        refused = http(emulator, "POST", "/v1/mgmt/project/snapshot/export", {}, Authorization="Bearer K2acme")
        assert (refused[0], refused[2]["errorCode"]) == (401, "E011007")

    def test_another_company_s_project_is_not_there(self, emulator: Emulator) -> None:
        for project_id in ("P2other", "P2nowhere"):
            status, _, body = http(
                emulator, "POST", "/v1/mgmt/project/snapshot/export", {}, Authorization=bearer(emulator, project_id)
            )
            assert (status, body["errorCode"]) == (404, "E011008")

    @pytest.mark.parametrize(
        ("path", "body", "code"),
        [
            ("/v1/mgmt/project/update/name", {}, "E011002"),
            ("/v1/mgmt/project/update/name", {"name": ""}, "E011004"),
            ("/v1/mgmt/project/update/name", {"name": 3}, "E011001"),
            ("/v1/mgmt/project/update/tags", {}, "E011002"),
            ("/v1/mgmt/project/clone", {"environment": "staging"}, "E011004"),
            ("/v1/mgmt/project/snapshot/import", {}, "E011002"),
            ("/v1/mgmt/project/snapshot/import", {"files": {}}, "E011003"),
            ("/v1/mgmt/project/snapshot/import", {"files": {"project.json": {}}, "excludes": ["x"]}, "E011004"),
            ("/v1/mgmt/project/snapshot/export", {"format": "full"}, "E011004"),
        ],
    )
    def test_a_bad_request_has_the_documented_code(
        self, emulator: Emulator, path: str, body: dict[str, Any], code: str
    ) -> None:
        status, _, answer = http(emulator, "POST", path, body, Authorization=bearer(emulator))
        assert (status, answer["errorCode"]) == (400, code)

    def test_the_control_routes(self, emulator: Emulator) -> None:
        ready = http(emulator, "GET", "/_emulator/ready")[2]
        assert (ready["url"], ready["project_id"], ready["management_key"]) == (
            emulator.url,
            emulator.project_id,
            emulator.management_key,
        )
        fault = http(emulator, "POST", "/_emulator/faults", {"operation": "license", "action": {"status": 500}})[2]
        assert http(emulator, "GET", "/_emulator/faults")[2]["faults"][0]["id"] == fault["id"]
        assert http(emulator, "GET", "/v1/mgmt/license", Authorization=bearer(emulator))[0] == 500
        assert http(emulator, "GET", "/v1/mgmt/license", Authorization=bearer(emulator))[0] == 200
        assert http(emulator, "GET", "/_emulator/executions")[2]["executions"] == {"license": 1}
        assert len(http(emulator, "GET", "/_emulator/requests")[2]["requests"]) == 2
        files = http(emulator, "GET", "/_emulator/projects/P2dev/files")[2]["files"]
        assert files == {"project.json": {}}
        assert http(emulator, "PUT", "/_emulator/projects/P2dev/files/roles.json", {"roles": []})[0] == 200
        with emulator.client() as client:
            assert client.own_project.export_snapshot()["roles.json"] == {"roles": []}
        assert http(emulator, "DELETE", "/_emulator/projects/P2dev/files/roles.json")[0] == 200
        assert http(emulator, "DELETE", "/_emulator/projects/P2dev/files/roles.json")[0] == 404
        assert http(emulator, "POST", "/_emulator/reset")[0] == 200
        assert emulator.requests() == []

    def test_a_page_in_a_browser_cannot_reach_the_control_routes(self, emulator: Emulator) -> None:
        status, _, body = http(emulator, "GET", "/_emulator/ready", Origin="https://elsewhere.example")
        assert status == 403
        assert emulator.management_key not in json.dumps(body)

    def test_a_wrong_control_request_is_explained(self, emulator: Emulator) -> None:
        status, _, body = http(emulator, "POST", "/_emulator/faults", {"operation": "licens", "action": "hold"})
        assert (status, body["errorCode"]) == (400, "EMULATOR400")
        assert 'did you mean "license"?' in body["errorMessage"]


@pytest.mark.descope_emulator(
    seed={
        "companies": [
            {
                "name": "Free",
                "tier": "free",
                "keys": [{"key": "K2free"}, {"key": "K2reads", "read_only": True}],
                "projects": [{"id": "P2free", "name": "free", "files": {"project.json": {}}}],
            }
        ]
    }
)
class TestTiersAndScopes:
    @pytest.mark.parametrize(
        "path",
        [
            "clone",
            "clone/async",
            "export",
            "import",
            "snapshot/export",
            "snapshot/import",
            "snapshot/validate",
        ],
    )
    def test_the_free_tier_lacks_the_calls_that_the_vendor_sells(self, emulator: Emulator, path: str) -> None:
        status, _, _ = http(emulator, "POST", f"/v1/mgmt/project/{path}", {"files": {}}, Authorization=bearer(emulator))
        assert status == 403

    def test_a_key_that_reads_does_not_write(self, emulator: Emulator) -> None:
        with Client("P2free", "K2reads", base_url=emulator.url) as client:
            assert len(client.list_projects()) == 1
            with pytest.raises(PermissionDenied):
                client.own_project.update_name("x")
