"""`doctor`: every check of the way to the server, one wrong thing at a time, and no secret in what it says."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from scripted_server import PROJECT, ScriptedServer, answer, encoded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from descope_projects import Emulator
    from private_authority import Authority

KEY = "K2canaryOfTheManagementKey"
CONNECTION = ["DNS", "TCP", "TLS", "HTTP", "clock"]
CREDENTIAL = ["credential accepted", "rate-limit tier", "may list projects", "project", "may export", "may write"]
CONFIGURATION = ["project id", "credential", "region", "base URL", "proxy", "trust"]


class Doctor:
    """What one run said."""

    def __init__(self, variables: Mapping[str, str], *flags: str) -> None:
        environment = {"PATH": os.environ["PATH"], **variables}
        command = [sys.executable, "-m", "descope_projects", "doctor", *flags]
        ended = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=False)
        self.document: dict[str, Any] = json.loads(ended.stdout)
        self.status = ended.returncode
        assert self.document["exit_status"] == self.status
        assert self.document["ok"] == ("error" not in self.document) == (self.status == 0)
        self.checks: list[dict[str, Any]] = self.document["result"]["checks"]
        self.said = ended.stdout + ended.stderr
        secrets = ("CREDENTIAL", "KEY", "TOKEN")
        for name, value in variables.items():
            if name.endswith(secrets):
                assert value not in self.said
                assert not any(part in self.said for part in value.split("."))

    def __getitem__(self, name: str) -> dict[str, Any]:
        [check] = [check for check in self.checks if check["name"] == name]
        return check

    def states(self, names: list[str]) -> list[str]:
        return [self[name]["state"] for name in names]

    @property
    def failed(self) -> list[str]:
        return [check["name"] for check in self.checks if check["state"] == "failed"]


def variables(base_url: str, key: str = KEY, **more: str) -> dict[str, str]:
    return {
        "DESCOPE_PROJECT_ID": PROJECT,
        "DESCOPE_MANAGEMENT_KEY": key,
        "DESCOPE_BASE_URL": base_url,
        **more,
    }


def test_all_is_well_over_tls(secure: ScriptedServer, authority: Authority) -> None:
    secure.always("license", answer(200, {"rateLimitTier": "tier-4"}, {"Date": formatdate(usegmt=True)}))
    doctor = Doctor(variables(secure.url, SSL_CERT_FILE=str(authority.path)))
    assert (doctor.status, doctor.failed) == (0, [])
    assert doctor.states(CONNECTION) == ["fine"] * len(CONNECTION)
    assert doctor["TLS"]["data"]["version"] == "TLS 1.3"
    assert doctor["HTTP"]["data"]["version"] == "HTTP/1.1"
    assert doctor["HTTP"]["data"]["status"] == 200
    stores = [(check["from"], check["data"]["certificates"]) for check in doctor.checks if check["name"] == "trust"]
    assert stores[1] == ("SSL_CERT_FILE", 1)
    assert [name for name, _ in stores] == [None, "SSL_CERT_FILE"]
    assert doctor["may export"]["data"] == {"files": 1}
    assert doctor["rate-limit tier"]["data"] == {"tier": "tier-4"}
    assert doctor["may write"]["state"] == "not_checked"
    assert {request.target.rpartition("/")[2] for request in secure.requests} == {"license", "list", "export"}


def test_older_tls_is_told(authority: Authority) -> None:
    import ssl  # noqa: PLC0415 -- one test needs it

    context = authority.server()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with ScriptedServer(context) as server:
        doctor = Doctor(variables(server.url), "--ca-bundle", str(authority.path))
    assert doctor["TLS"]["data"]["version"] == "TLS 1.2"
    assert [check["from"] for check in doctor.checks if check["name"] == "trust"] == [None, "--ca-bundle"]


def test_a_certificate_that_is_not_trusted_fails_the_check_of_tls(secure: ScriptedServer) -> None:
    doctor = Doctor(variables(secure.url))
    assert (doctor.status, doctor.failed) == (1, ["TLS"])
    assert doctor.states(["DNS", "TCP"]) == ["fine", "fine"]
    assert doctor.states(["HTTP", "clock"]) == ["not_checked", "not_checked"]
    assert doctor.states(CREDENTIAL) == ["not_checked"] * len(CREDENTIAL)
    assert "the system's store" in doctor["TLS"]["value"]
    assert "SSL_CERT_FILE" in doctor["TLS"]["hint"]
    assert doctor.document["error"]["kind"] == "TransportError"
    assert secure.requests == []


def test_a_store_that_cannot_be_read_fails_before_anything_is_connected(secure: ScriptedServer, tmp_path: Path) -> None:
    doctor = Doctor(variables(secure.url, SSL_CERT_FILE=str(tmp_path / "nothing.pem")))
    assert (doctor.status, doctor.failed) == (64, ["trust"])
    assert "SSL_CERT_FILE" in doctor["trust"]["value"]
    assert doctor.states(CONNECTION) == ["not_checked"] * len(CONNECTION)
    assert secure.connections == 0


def test_a_name_without_an_address_fails_the_check_of_dns() -> None:
    doctor = Doctor(variables("https://api.example.invalid"), "--connect-timeout", "20")
    assert (doctor.status, doctor.failed) == (1, ["DNS"])
    assert doctor.states(CONNECTION[1:]) == ["not_checked"] * 4
    assert "api.example.invalid" in doctor["DNS"]["value"]


def test_a_closed_port_fails_the_check_of_tcp(server: ScriptedServer) -> None:
    server.stop_listening()
    doctor = Doctor(variables(server.url))
    assert (doctor.status, doctor.failed) == (1, ["TCP"])
    assert doctor["DNS"]["state"] == "fine"
    assert doctor["TCP"]["hint"]


@pytest.mark.parametrize("status", [302, 500, 503])
def test_an_answer_that_is_not_the_apis_fails_the_check_of_http(server: ScriptedServer, status: int) -> None:
    server.always("license", answer(status, "<html>"))
    doctor = Doctor(variables(server.url))
    assert doctor.status == 1
    assert "HTTP" in doctor.failed
    assert len(server.seen("license")) == 1, "asked once, without repeats"
    assert doctor["clock"]["state"] == "not_checked"


def test_a_refused_key(server: ScriptedServer) -> None:
    refusal = {"errorCode": "E011007", "errorDescription": f"no such key: {KEY}"}
    server.always("license", answer(401, refusal))
    doctor = Doctor(variables(server.url))
    assert (doctor.status, doctor.failed) == (1, ["credential accepted"])
    assert doctor["HTTP"]["state"] == "fine", "an answer is an answer"
    assert doctor.states(CREDENTIAL[1:]) == ["not_checked"] * 5
    assert doctor.document["error"]["kind"] == "AuthenticationError"
    assert doctor.document["error"]["details"]["code"] == "E011007"


def test_a_project_that_the_list_does_not_show(server: ScriptedServer) -> None:
    server.projects = [{"id": "P2sauce", "name": "source"}]
    doctor = Doctor(variables(server.url))
    assert (doctor.status, doctor.failed) == (1, ["project"])
    assert "did you mean P2sauce?" in doctor["project"]["value"]
    assert server.seen("export_snapshot") == []
    assert doctor.document["error"]["next"] == ["descope-projects projects list"]


def test_a_key_that_may_not_list_or_export_is_no_failure(server: ScriptedServer) -> None:
    for call in ("list_projects", "export_snapshot"):
        server.always(call, answer(403, {"errorCode": "E1", "errorDescription": "not for this tier"}))
    doctor = Doctor(variables(server.url))
    assert (doctor.status, doctor.failed) == (0, [])
    assert doctor["may list projects"]["state"] == "noted"
    assert doctor["may export"]["value"] == "no: not for this tier"
    assert doctor["project"]["state"] == "not_checked"


def token(**claims: float) -> str:
    payload = base64.urlsafe_b64encode(json.dumps({"sub": "canaryOfTheSubject", **claims}).encode()).decode()
    return f"eyJhbGciOiJSUzI1NiJ9.{payload.rstrip('=')}.canarySignature"


def test_a_token_that_has_expired_is_told_without_showing_it(server: ScriptedServer) -> None:
    now = time.time()
    doctor = Doctor({**variables(server.url), "WORKLOAD_IDENTITY_TOKEN": token(exp=now + 3600)})
    assert (doctor.status, doctor.failed) == (0, [])
    assert doctor["credential"] == {**doctor["credential"], "from": "WORKLOAD_IDENTITY_TOKEN"}
    assert doctor["ignored"]["from"] == "DESCOPE_MANAGEMENT_KEY"
    assert 3000 < doctor["token expiry"]["data"]["expires_in_seconds"] <= 3600
    assert "canaryOfTheSubject" not in doctor.said

    expired = Doctor({**variables(server.url), "DESCOPE_WORKLOAD_TOKEN": token(exp=now - 3600)})
    assert (expired.status, expired.failed) == (1, ["token expiry"])
    assert expired["token expiry"]["value"].startswith("expired 60 min ago")
    early = Doctor({**variables(server.url), "DESCOPE_WORKLOAD_TOKEN": token(exp=now + 7200, nbf=now + 3600)})
    assert early.failed == ["token expiry"]


def test_the_servers_clock_decides_whether_a_token_has_expired(server: ScriptedServer) -> None:
    now = time.time()
    date = {"Date": formatdate(now + 7200, usegmt=True)}
    server.always("license", answer(200, {"rateLimitTier": "tier-4"}, date))
    doctor = Doctor({**variables(server.url), "WORKLOAD_IDENTITY_TOKEN": token(exp=now + 3600)})
    assert doctor.failed == ["clock", "token expiry"]
    assert doctor["token expiry"]["from"] == "the server's clock"
    assert 7190 < doctor["clock"]["data"]["seconds_behind"] < 7210
    key = Doctor(variables(server.url))
    assert (key.status, key["clock"]["state"]) == (0, "noted"), "a key does not depend on the clock"
    assert "workload token" in key["clock"]["hint"]


def test_the_proxy_that_is_used_and_the_variable_that_names_it() -> None:
    with ScriptedServer() as proxy:
        host = "http://api.example.invalid"
        for call in ("license", "projects/list", "project/snapshot/export"):
            results = {"projects": [{"id": PROJECT, "name": "x"}], "files": {"project.json": {}}}
            proxy.always(f"{host}/v1/mgmt/{call}", lambda exchange, body=results: exchange.send(encoded(body=body)))
        password = proxy.url.replace("http://", "http://user:canaryOfThePassword@")
        through = {"http_proxy": password, "HTTPS_PROXY": "http://other.invalid", "NO_PROXY": "localhost"}
        doctor = Doctor({**variables(host), **through}, "--allow-insecure-http")
        assert doctor.status == 0
        assert doctor["proxy"]["from"] == "http_proxy"
        assert doctor["proxy"]["value"] == f"{proxy.url}, with a password"
        assert "the proxy at 127.0.0.1" in doctor["TCP"]["value"]
        assert "canaryOfThePassword" not in doctor.said
        assert len(proxy.requests) == 3

        around = Doctor({**variables(host), **through, "NO_PROXY": "example.invalid"}, "--allow-insecure-http")
        assert around["proxy"]["value"] == "not used: NO_PROXY names the host"
        assert around.failed == ["DNS"]


def test_a_proxy_is_not_used_for_this_machine(emulator: Emulator) -> None:
    environment = {
        "DESCOPE_PROJECT_ID": emulator.project_id,
        "DESCOPE_MANAGEMENT_KEY": emulator.management_key,
        "DESCOPE_BASE_URI": emulator.url,
        "HTTP_PROXY": "http://user:canaryOfThePassword@proxy.invalid:3128",
    }
    doctor = Doctor(environment)
    assert (doctor.status, doctor.failed) == (0, [])
    assert doctor["proxy"]["value"] == "not used: this machine is reached directly"
    assert doctor["base URL"]["from"] == "DESCOPE_BASE_URI"
    assert "canaryOfThePassword" not in doctor.said


def test_nothing_configured_is_told_check_by_check() -> None:
    doctor = Doctor({})
    assert (doctor.status, doctor.failed) == (64, ["project id", "credential"])
    assert doctor.states([*CONNECTION, *CREDENTIAL]) == ["not_checked"] * 11
    assert "DESCOPE_PROJECT_ID" in doctor["project id"]["value"]
    assert "DESCOPE_MANAGEMENT_KEY" in doctor["credential"]["value"]
    contradiction = Doctor(variables("https://a.example", DESCOPE_BASE_URI="https://b.example"))
    assert (contradiction.status, contradiction.failed) == (64, ["base URL"])
    swapped = Doctor({"DESCOPE_PROJECT_ID": KEY, "DESCOPE_MANAGEMENT_KEY": KEY})
    assert swapped.failed == ["project id"]
    for doctor in (contradiction, swapped):
        for name in (*CONFIGURATION, *CONNECTION, *CREDENTIAL):
            assert doctor[name]


def test_the_region_and_a_base_url_that_leads_to_another(server: ScriptedServer) -> None:
    project = "Peuc1" + "a" * 28
    server.projects = [{"id": project, "name": "regional"}]
    doctor = Doctor({**variables(server.url), "DESCOPE_PROJECT_ID": project})
    assert (doctor.status, doctor["region"]["data"]) == (0, {"region": "euc1"})
    elsewhere = Doctor(
        {**variables("https://api.descope.com"), "DESCOPE_PROJECT_ID": project, "HTTPS_PROXY": server.url},
    )
    assert elsewhere["region"]["state"] == "noted"
    assert "api.euc1.descope.com" in elsewhere["region"]["value"]
    assert elsewhere["TLS"]["state"] == "not_checked"
    assert elsewhere["TLS"]["value"].startswith("not looked at by itself")
    assert "HTTP" in elsewhere.failed


def test_variables_that_are_accepted_and_not_used_are_named(server: ScriptedServer) -> None:
    more = {"DESCOPE_PROJECTS_STATE": "s3://bucket", "DESCOPE_PROJECTS_LOG": "warning"}
    doctor = Doctor(variables(server.url, **more))
    states = {check["from"]: check["state"] for check in doctor.checks if check["name"] == "variable"}
    assert states == {"DESCOPE_PROJECTS_LOG": "fine", "DESCOPE_PROJECTS_STATE": "noted"}
    assert doctor["version"]["data"]["version"]
