"""The emulator from Python: how it is made, what it tells, how it fails on demand, and what curl sees of it."""

from __future__ import annotations

import email.utils
import json
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import (
    ApiError,
    Client,
    ConfigurationError,
    Emulator,
    Project,
    ProjectInfo,
    RateLimited,
    UnknownOutcome,
)
from plain_http import bearer, http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest_plugins = ["pytester"]

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


@pytest.fixture
def plain(emulator: Emulator) -> Iterator[Client]:
    """A synchronous client that makes one attempt and no handshake."""
    with emulator.client({"retry": {"max_attempts": 1}, "license_handshake": False}) as client:
        yield client


class TestMaking:
    def test_it_is_ready_when_it_is_made(self) -> None:
        with Emulator() as emulator:
            host, _, port = emulator.url.removeprefix("http://").partition(":")
            assert host == "127.0.0.1"
            socket.create_connection((host, int(port))).close()
            assert emulator.project_id.startswith("P")
            assert emulator.management_key.startswith("K")
            assert emulator.project_id in [info.id for info in emulator.projects]
            assert isinstance(emulator.projects[0], ProjectInfo)

    def test_each_has_a_port_of_its_own(self) -> None:
        with Emulator() as first, Emulator() as second:
            assert first.url != second.url
            with first.client() as client:
                client.own_project.clone(name="only here")
            with second.client() as client:
                assert "only here" not in [info.name for info in client.list_projects()]

    def test_a_port_can_be_asked_for(self) -> None:
        with Emulator() as first:
            port = int(first.url.rpartition(":")[2])
            with pytest.raises(ConfigurationError, match=str(port)):
                Emulator(port=port)
        with Emulator(port=port) as again:
            assert again.url == first.url

    def test_it_listens_to_this_machine_only_unless_told_otherwise(self) -> None:
        with pytest.raises(ConfigurationError, match="other machines"):
            Emulator(host="0.0.0.0")  # noqa: S104 -- what must be refused
        with Emulator(host="0.0.0.0", allow_remote=True) as emulator:  # noqa: S104 -- the same, on request
            assert http(emulator, "GET", "/_emulator/ready")[0] == 200

    @pytest.mark.parametrize("form", ["mapping", "path"])
    def test_a_seed_is_a_mapping_or_a_file(self, tmp_path: Path, form: str) -> None:
        path = tmp_path / "seed.json"
        path.write_text(json.dumps(SEED))
        with Emulator(seed=SEED if form == "mapping" else path) as emulator, emulator.client() as client:
            assert (emulator.project_id, emulator.management_key) == ("P2dev", "K2acme")
            assert client.list_projects() == [
                ProjectInfo("P2dev", "dev", None, ("a", "b")),
                ProjectInfo("P2live", "live", "production"),
            ]
            assert client.request("GET", "/v1/mgmt/license") == {"rateLimitTier": "tier2"}

    def test_a_seed_has_a_name(self) -> None:
        with Emulator(seed="acme") as emulator, emulator.client() as client:
            infos = client.list_projects()
            assert len(infos) >= 3
            assert [info for info in infos if info.environment == "production"] != []
            for info in infos:
                snapshot = client.project(info.id).export_snapshot()
                assert not snapshot.partial
                assert client.project(info.id).validate_snapshot(snapshot).ok
                assert len(snapshot.entities("flow:*")) >= 12

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"seed": "acmee"}, "acme"),
            ({"seed": {"companys": []}}, "companys"),
            ({"seed": {"companies": []}}, "no company"),
            ({"seed": {"companies": [{"name": "A", "keys": [{"key": "x"}], "projects": [{"id": "P2a"}]}]}}, "name"),
            ({"seed": 3}, "seed"),
            ({"prot": 1}, "did you mean `port`?"),
            ({"sed": "acme"}, "did you mean `seed`?"),
            ({"port": 70000}, "`port`: expected"),
            ({"port": "8080"}, "`port`: expected"),
            ({"port": True}, "`port`: expected"),
            ({"host": "localhost"}, "`host`: expected an IP address"),
            ({"semantics": {"absent_file": "keep"}}, "did you mean `semantics.absent_files`?"),
            ({"semantics": {"absent_files": "kept"}}, "`semantics.absent_files`: expected one of delete, keep"),
            ({"rate_limit": {"requests": 0}}, "`rate_limit.requests`: expected an integer"),
            ({"rate_limit": {"requests": 1, "per": -1}}, "`rate_limit.per`: expected a number of seconds"),
            (
                {"rate_limit": {"requests": 1, "per": 1, "retry_after": "x"}},
                "did you mean `rate_limit.retry_after_form`?",
            ),
            ({"clone_steps": -1}, "`clone_steps`: expected"),
            ({"keep_bodies": 1}, "`keep_bodies`: expected a boolean"),
        ],
        ids=lambda value: repr(value)[:60] if isinstance(value, dict) else "",
    )
    def test_a_wrong_option_is_explained(self, options: Any, text: str) -> None:  # noqa: ANN401 -- wrong on purpose
        with pytest.raises(ConfigurationError) as raised:
            Emulator(options)
        assert text in str(raised.value)

    def test_a_key_in_both_is_an_error(self) -> None:
        with pytest.raises(ConfigurationError, match="`port` is given twice"):
            Emulator({"port": 0}, port=0)

    def test_a_seed_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"nowhere\.json"):
            Emulator(seed=tmp_path / "nowhere.json")

    def test_stopping_twice_is_no_error(self) -> None:
        emulator = Emulator()
        url = emulator.url
        emulator.stop()
        emulator.stop()
        assert emulator.url == url
        assert "stopped" in repr(emulator)
        with pytest.raises(ConfigurationError, match="stopped"):
            emulator.requests()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))

    def test_it_does_not_keep_the_process_alive(self) -> None:
        program = "from descope_projects import Emulator; e = Emulator(); c = e.client(); c.list_projects()"
        subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


class TestTelling:
    def test_projects_are_as_they_are_now(self, emulator: Emulator, plain: Client) -> None:
        plain.own_project.update_name("renamed")
        clone = plain.own_project.clone(name="second", tags=["t"])
        assert [info.name for info in emulator.projects] == ["renamed", "second"]
        plain.project(str(clone.id)).delete(confirm=str(clone.id))
        assert [info.name for info in emulator.projects] == ["renamed"]

    def test_executions_count_the_work(self, emulator: Emulator, plain: Client) -> None:
        plain.own_project.clone(name="a", settle=False)
        plain.own_project.clone(name="b", settle=False)
        emulator.fail("clone", status=400)
        with pytest.raises(ApiError):
            plain.own_project.clone(name="c", settle=False)
        assert (emulator.executions("clone"), emulator.executions("list_projects")) == (2, 0)

    def test_requests_are_told_without_credentials(self, emulator: Emulator, plain: Client) -> None:
        plain.list_projects()
        [request] = emulator.requests()
        assert (request["operation"], request["method"], request["path"]) == (
            "list_projects",
            "POST",
            "/v1/mgmt/projects/list",
        )
        assert (request["sequence"], request["status"], request["project_id"]) == (1, 200, emulator.project_id)
        assert request["http_version"] in ("HTTP/1.1", "HTTP/2.0")
        assert request["body_size"] == 2
        assert "body" not in request
        assert emulator.management_key not in json.dumps(request)
        assert len(request["key_fingerprint"]) == 12

    @pytest.mark.descope_emulator(keep_bodies=True)
    def test_bodies_are_kept_on_request_and_without_secrets(self, emulator: Emulator, plain: Client) -> None:
        secrets = {"connectors": [{"id": "CI1", "type": "apiKey", "value": "do-not-show"}]}
        plain.own_project.validate_snapshot({"project.json": {"a": 1}}, input_secrets=secrets)
        body = emulator.requests()[-1]["body"]
        assert body["files"] == {"project.json": {"a": 1}}
        assert "do-not-show" not in json.dumps(emulator.requests())

    def test_reset_goes_back_to_the_seed(self, emulator: Emulator, plain: Client) -> None:
        plain.own_project.update_name("changed")
        emulator.fail("list_projects", status=500, times=None)
        emulator.reset()
        assert emulator.requests() == []
        assert emulator.executions("update_name") == 0
        assert [info.name for info in plain.list_projects()] == ["Example"]

    @pytest.mark.parametrize("operation", ["clon", "Clone", "*"])
    def test_executions_of_no_call_are_an_error(self, emulator: Emulator, operation: str) -> None:
        with pytest.raises(ConfigurationError, match="there is no call"):
            emulator.executions(operation)


class TestFailing:
    def test_a_status_with_its_fields(self, emulator: Emulator, plain: Client) -> None:
        emulator.fail("list_projects", status=400, code="E1", description="Bad", message="very")
        with pytest.raises(ApiError) as raised:
            plain.list_projects()
        error = raised.value
        assert (error.status, error.code, error.description, error.message) == (400, "E1", "Bad", "very")
        assert len(plain.list_projects()) == 1

    def test_a_page_instead_of_json(self, emulator: Emulator, plain: Client) -> None:
        emulator.fail("list_projects", {"status": 502}, html=True)
        with pytest.raises(ApiError) as raised:
            plain.list_projects()
        assert (raised.value.status, raised.value.code) == (502, None)

    def test_a_body_as_it_is_given(self, emulator: Emulator) -> None:
        emulator.fail("license", status=418, body='{"teapot": true}')
        status, _, body = http(emulator, "GET", "/v1/mgmt/license", Authorization=bearer(emulator))
        assert (status, body) == (418, {"teapot": True})

    def test_which_requests_it_strikes(self, emulator: Emulator, plain: Client) -> None:
        emulator.fail("list_projects", status=400, occurrence=2, times=2)
        plain.list_projects()
        for _ in range(2):
            with pytest.raises(ApiError):
                plain.list_projects()
        plain.list_projects()
        assert [request["status"] for request in emulator.requests()] == [200, 400, 400, 200]

    def test_a_fault_for_every_call_and_for_ever(self, emulator: Emulator, plain: Client) -> None:
        emulator.fail("*", status=400, times=None)
        for call in (plain.list_projects, plain.own_project.export_snapshot, plain.own_project.clone):
            with pytest.raises(ApiError):
                call()
        emulator.clear_faults()
        assert len(plain.list_projects()) == 1

    @pytest.mark.parametrize(("action", "done"), [("drop_before", 0), ("drop_after", 1), ("drop_within", 1)])
    def test_a_connection_that_ends(self, emulator: Emulator, plain: Client, action: Any, done: int) -> None:  # noqa: ANN401 -- one of three words
        emulator.fail("clone", action=action)
        with pytest.raises(UnknownOutcome):
            plain.own_project.clone(name="lost", settle=False)
        assert emulator.executions("clone") == done
        assert len(plain.list_projects()) == 1 + done

    def test_a_held_write_keeps_others_out(self, emulator: Emulator) -> None:
        fault = emulator.fail("update_name", action="hold")
        slow = threading.Thread(
            target=http,
            args=(emulator, "POST", "/v1/mgmt/project/update/name", {"name": "slow"}),
            kwargs={"Authorization": bearer(emulator)},
        )
        slow.start()
        assert emulator.wait_until_held(fault)
        status, _, body = http(
            emulator, "POST", "/v1/mgmt/project/update/tags", {"tags": []}, Authorization=bearer(emulator)
        )
        assert (status, body["errorCode"]) == (409, "E013008")
        export = http(emulator, "POST", "/v1/mgmt/project/snapshot/export", {}, Authorization=bearer(emulator))
        assert export[0] == 200
        emulator.release(fault)
        slow.join()
        assert (
            http(emulator, "POST", "/v1/mgmt/project/update/tags", {"tags": []}, Authorization=bearer(emulator))[0]
            == 200
        )
        assert emulator.projects[0].name in ("slow", "Example")

    def test_waiting_for_what_nobody_sends_ends(self, emulator: Emulator) -> None:
        fault = emulator.fail("clone", action="hold")
        assert emulator.wait_until_held(fault, timeout=0.01) is False

    @pytest.mark.parametrize(
        ("operation", "options", "text"),
        [
            ("clon", {}, 'did you mean "clone"?'),
            ("listProjects", {}, 'did you mean "list_projects"?'),
            ("clone", {"stauts": 500}, "did you mean `status`?"),
            ("clone", {"tims": 1}, "did you mean `times`?"),
            ("clone", {"status": 200}, "expected 400 to 599"),
            ("clone", {"status": "500"}, "`status`: expected"),
            ("clone", {"status": True}, "`status`: expected"),
            ("clone", {"action": "explode"}, "`action`: expected one of"),
            ("clone", {"occurrence": 0}, "`occurrence`: expected an integer"),
            ("clone", {"times": 0}, "times"),
            ("clone", {"times": "all"}, "`times`: expected an integer"),
            ("clone", {"html": 1}, "`html`: expected a boolean"),
            ("clone", {"retry_after": 3}, "`retry_after`: expected a string"),
            ("clone", {"retry_after": "1\r\nx: y"}, "retry_after"),
        ],
    )
    def test_a_wrong_fault_is_explained(self, emulator: Emulator, operation: str, options: Any, text: str) -> None:  # noqa: ANN401 -- wrong on purpose
        with pytest.raises(ConfigurationError) as raised:
            emulator.fail(operation, options)
        assert text in str(raised.value)

    def test_no_such_fault(self, emulator: Emulator) -> None:
        for call in (emulator.release, emulator.wait_until_held):
            with pytest.raises(ConfigurationError, match="there is no fault 99"):
                call(99)


class TestRateLimit:
    @pytest.mark.descope_emulator(rate_limit={"requests": 2, "per": 60})
    def test_more_requests_than_the_limit_are_refused(self, emulator: Emulator, plain: Client) -> None:
        plain.list_projects()
        plain.list_projects()
        with pytest.raises(RateLimited) as raised:
            plain.list_projects()
        assert (raised.value.status, raised.value.code) == (429, "E130429")
        assert 50 < raised.value.retry_after <= 60
        status, headers, _ = http(emulator, "GET", "/v1/mgmt/license", Authorization=bearer(emulator))
        assert (status, headers["retry-after"].isdigit()) == (429, True)
        emulator.reset()
        # A client that was told to wait does wait: another one asks.
        with emulator.client() as client:
            assert len(client.list_projects()) == 1

    @pytest.mark.parametrize("limit", [{"requests": 1}, {"per": 60}, {}])
    def test_a_limit_has_defaults(self, limit: Any) -> None:  # noqa: ANN401 -- a dict of options
        options: Any = {"retry": {"max_attempts": 1}, "license_handshake": False}
        with Emulator(rate_limit=limit) as emulator, emulator.client(options) as client:
            for _ in range(limit.get("requests", 100)):
                client.list_projects()
            with pytest.raises(RateLimited) as raised:
                client.list_projects()
            assert 50 < raised.value.retry_after <= 60

    @pytest.mark.descope_emulator(rate_limit={"requests": 1, "per": 60, "retry_after_form": "date"})
    def test_the_wait_may_be_a_date(self, emulator: Emulator, plain: Client) -> None:
        plain.list_projects()
        with pytest.raises(RateLimited) as raised:
            plain.list_projects()
        assert 50 < raised.value.retry_after <= 62
        _, headers, _ = http(emulator, "GET", "/v1/mgmt/license", Authorization=bearer(emulator))
        moment = email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp()
        assert 0 < moment - time.time() < 63

    @pytest.mark.descope_emulator(rate_limit={"requests": 1, "per": 60, "licensed_requests": 3})
    def test_the_tier_has_a_limit_of_its_own(self, emulator: Emulator, plain: Client) -> None:
        with emulator.client({"retry": {"max_attempts": 1}}) as client:
            for _ in range(3):
                client.list_projects()
            with pytest.raises(RateLimited):
                client.list_projects()
        with pytest.raises(RateLimited):
            plain.list_projects()


class TestFixture:
    def test_a_client_of_the_emulator_takes_options(self, emulator: Emulator) -> None:
        with emulator.client({"read_only": True}, timeout=3) as client:
            assert client.read_only
            assert client.base_url.rstrip("/") == emulator.url
            assert isinstance(client.own_project, Project)

    async def test_an_asynchronous_client_of_the_emulator(self, emulator: Emulator) -> None:
        async with emulator.async_client(user_agent="x/1") as client:
            assert len(await client.list_projects()) == 1
        assert dict(emulator.requests()[-1]["headers"])["user-agent"] == "x/1"

    @pytest.mark.descope_emulator({"seed": SEED}, clone_steps=3)
    def test_the_marker_takes_a_dict_and_keywords(self, descope_emulator: Emulator) -> None:
        assert descope_emulator.project_id == "P2dev"
        with descope_emulator.client() as client:
            started = client.own_project.start_clone(name="x")
            assert [started.status().state for _ in range(4)] == ["running", "running", "running", "done"]

    def test_a_test_needs_nothing_but_the_fixture(self, pytester: Any) -> None:  # noqa: ANN401 -- pytest's own class has no public name
        pytester.makepyfile("""
            def test_it(descope_emulator):
                with descope_emulator.client() as client:
                    assert len(client.list_projects()) == 1
        """)
        pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
