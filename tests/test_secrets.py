"""Keys, tokens and secrets pass through every call, and are seen nowhere but on the wire."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import json
import logging
import pickle
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import Client, ConfigurationError, DescopeError, Emulator, Snapshot, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Face

    Invoke = Callable[[Any], Any]

KEY = "K2canaryOfTheManagementKey"
TOKEN = "canaryOfTheToken.canaryPayload.canarySignature"
SECRET = 'canary of the secret: "quoted" & <marked> /slashed\\'
STORED = "canaryOfTheStoredSecret"
FILES: dict[str, Any] = {
    "project.json": {"appUrl": "https://app.example.com"},
    "connectors/connectors.json": {"connectors": ["mail"]},
    "connectors/mail.json": {
        "id": "CI1",
        "name": "Mail",
        "type": "smtp",
        "configuration": {"host": "mail.example.com", "password": "PLACEHOLDER_VALUE"},
    },
}
SEED: dict[str, Any] = {
    "companies": [
        {
            "name": "Acme",
            "keys": [{"key": KEY}, {"key": TOKEN}],
            "projects": [
                {
                    "id": "P2canaries",
                    "name": "canaries",
                    "files": FILES,
                    "secrets": [{"group": "connectors", "id": "CI1", "type": "password", "value": STORED}],
                }
            ],
        }
    ]
}


def given() -> dict[str, Any]:
    """Secrets to send along."""
    return {"connectors": [{"id": "CI1", "name": "Mail", "type": "password", "value": SECRET}]}


CALLS: dict[str, Callable[[Any], Any]] = {
    "list_projects": lambda client: client.list_projects(),
    "request": lambda client: client.request("POST", "/v1/mgmt/projects/list"),
    # Sought in vain after a lost answer, a new project or a gone one would take half a minute.
    "clone": lambda client: client.own_project.clone(name="x", settle=False),
    "start_clone": lambda client: client.own_project.start_clone(name="x"),
    "update_name": lambda client: client.own_project.update_name("x"),
    "update_tags": lambda client: client.own_project.update_tags(["x"]),
    "export_snapshot": lambda client: client.own_project.export_snapshot(),
    "export_project": lambda client: client.own_project.export_project(),
    "validate_snapshot": lambda client: client.own_project.validate_snapshot(FILES, input_secrets=given()),
    "import_snapshot": lambda client: client.own_project.import_snapshot(FILES, input_secrets=given()),
    "import_project": lambda client: client.own_project.import_project(FILES, input_secrets=given()),
    "delete": lambda client: client.own_project.delete({"settle": False}, confirm="P2canaries"),
}
FAULTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "json": lambda echo: {"status": 400, "code": "E1", "description": echo, "message": f"it was: Bearer P2:{echo}"},
    "page": lambda echo: {"status": 400, "body": f"<html>{echo}</html>"},
    "gateway": lambda echo: {"status": 504, "body": f"<html>{echo}</html>"},
    "refused": lambda echo: {"status": 401, "code": "E011007", "message": f"no such key: {echo}"},
    "cut": lambda _: {"action": "drop_after"},
}
CANARIES = (KEY, TOKEN, *TOKEN.split("."), SECRET, "canary of the secret", STORED)


def is_clean(text: str | bytes) -> bool:
    text = text.decode("latin-1") if isinstance(text, bytes) else text
    found = [canary for canary in CANARIES if canary in text]
    assert found == []
    return True


def spoken(error: BaseException) -> Iterator[str | bytes]:
    """Everything that can be read off an exception: chain, attributes, and the locals of all frames but a test's."""
    chain: BaseException | None = error
    while chain is not None:
        for frame, _ in traceback.walk_tb(chain.__traceback__):
            if Path(frame.f_code.co_filename).parent != Path(__file__).parent:
                yield repr(frame.f_locals)
        yield str(chain)
        yield repr(chain)
        yield repr(vars(chain))
        yield repr(chain.args)
        chain = chain.__cause__ or chain.__context__
    yield pickle.dumps(error)


@pytest.fixture(params=[KEY, TOKEN], ids=["key", "token"])
def credential(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def client(credential: str, face: Face, emulator: Emulator) -> Any:
    retry = {"max_attempts": 2, "initial_backoff": 0, "max_backoff": 0}
    return face.client("P2canaries", credential, base_url=emulator.url, retry=retry)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def all_records(logged: pytest.LogCaptureFixture) -> str:
    return "\n".join(f"{record.getMessage()} {record.args!r} {record.__dict__!r}" for record in logged.records)


@pytest.mark.descope_emulator(seed=SEED, keep_bodies=True)
class TestCalls:
    @pytest.mark.parametrize("call", CALLS)
    def test_a_call_that_succeeds(  # noqa: PLR0913, PLR0917 -- what looks at the result
        self,
        client: Any,
        emulator: Emulator,
        invoke: Invoke,
        logged: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        call: str,
    ) -> None:
        result = invoke(CALLS[call](client))
        assert is_clean(repr(result))
        if hasattr(result, "_repr_html_"):
            assert is_clean(result._repr_html_())
        if hasattr(result, "to_dict"):
            assert is_clean(repr(result.to_dict()))
        assert all_records(logged) != ""
        assert is_clean(all_records(logged))
        assert is_clean(json.dumps(emulator.requests()))
        for shown in (client, client.own_project):
            assert is_clean(repr(shown))
            assert is_clean(shown._repr_html_())
        assert is_clean(pickle.dumps(client))
        assert is_clean("".join(capfd.readouterr()))

    @pytest.mark.parametrize("fault", FAULTS)
    @pytest.mark.parametrize("call", CALLS)
    def test_a_call_that_fails(  # noqa: PLR0913, PLR0917 -- a table, and what looks at the result
        self,
        client: Any,
        credential: str,
        emulator: Emulator,
        invoke: Invoke,
        logged: pytest.LogCaptureFixture,
        call: str,
        fault: str,
    ) -> None:
        echo = f"{credential} {SECRET}" if "import" in call or "validate" in call else credential
        emulator.fail("list_projects" if call == "request" else call, FAULTS[fault](echo), times=None)
        with pytest.raises(DescopeError) as raised:
            invoke(CALLS[call](client))
        assert all(is_clean(text) for text in spoken(raised.value))
        assert is_clean(all_records(logged))
        assert is_clean(json.dumps(emulator.requests()))

    def test_a_snapshot_that_is_written(self, client: Any, invoke: Invoke, tmp_path: Path) -> None:
        invoke(client.own_project.export_snapshot()).write(tmp_path / "s")
        invoke(client.own_project.export_snapshot()).write(tmp_path / "s.zip")
        written = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(written) >= 4
        assert all(is_clean(path.read_bytes()) for path in written)

    def test_a_project_export_that_is_not_to_be_written(self, client: Any, invoke: Invoke, tmp_path: Path) -> None:
        export = invoke(client.own_project.export_project())
        assert export["connectors/mail.json"]["configuration"]["password"] == STORED
        assert is_clean(repr(export))
        assert is_clean(export._repr_html_())
        with pytest.raises(SnapshotError) as raised:
            export.write(tmp_path / "s")
        assert all(is_clean(text) for text in spoken(raised.value))
        with pytest.raises(ConfigurationError) as refused:
            pickle.dumps(export)
        assert all(is_clean(text) for text in spoken(refused.value))

    def test_a_secret_that_was_given_is_where_it_belongs(self, client: Any, invoke: Invoke) -> None:
        invoke(CALLS["import_snapshot"](client))
        export = invoke(client.own_project.export_project())
        assert export["connectors/mail.json"]["configuration"]["password"] == SECRET


WRONG: dict[str, Callable[[Face], Any]] = {
    "key for an id": lambda face: face.client(KEY, "P2canaries"),
    "key with a space": lambda face: face.client("P2canaries", f" {KEY}"),
    "key with a line": lambda face: face.client("P2canaries", f"{KEY}\n"),
    "key as bytes": lambda face: face.client("P2canaries", KEY.encode()),
    "key in a list": lambda face: face.client("P2canaries", [KEY]),
    "key for options": lambda face: face.client("P2canaries", "K2a", KEY),
    "key for a timeout": lambda face: face.client("P2canaries", KEY, timeout=KEY),
    "key for a bool": lambda face: face.client("P2canaries", KEY, read_only=KEY),
    "key for retries": lambda face: face.client("P2canaries", KEY, retry={"max_attempts": KEY}),
    "key under a wrong name": lambda face: face.client("P2canaries", "K2a", {"managementKey": KEY}),
    "key in a URL": lambda face: face.client("P2canaries", "K2a", base_url=f"https://user:{KEY}@api.example.com"),
    "key in a query": lambda face: face.client("P2canaries", "K2a", base_url=f"https://api.example.com/?key={KEY}"),
    "key in a header": lambda face: face.client("P2canaries", "K2a", headers={"X-Key": f"{KEY}\r\n"}),
    "key in a proxy": lambda face: face.client("P2canaries", "K2a", proxy=f"x://{KEY}@:x").list_projects(),
    "key of a handle": lambda face: face.client("P2canaries", "K2a").project("P2a", management_key=f"{KEY} "),
    "key for a handle": lambda face: face.client("P2canaries", "K2a").project(KEY),
    "secret under a wrong name": lambda face: face.client("P2canaries", "K2a").own_project.import_snapshot(
        FILES, input_secrets={"connectors": [{"id": "CI1", "type": "password", "valeu": SECRET}]}
    ),
    "secret in a list": lambda face: face.client("P2canaries", "K2a").own_project.import_snapshot(
        FILES, input_secrets={"connectors": [{"id": "CI1", "type": "password", "value": [SECRET]}]}
    ),
    "secret for secrets": lambda face: face.client("P2canaries", "K2a").own_project.import_snapshot(
        FILES, input_secrets=SECRET
    ),
    "secret in a body": lambda face: face.client("P2canaries", "K2a").request("POST", "/v1/mgmt/x", {"a": {SECRET}}),
}


class TestMistakes:
    @pytest.mark.parametrize("wrong", WRONG)
    def test_a_mistake_is_explained_without_what_was_mistaken(self, face: Face, wrong: str) -> None:
        with pytest.raises(ConfigurationError) as raised:
            face.invoke(WRONG[wrong](face))
        assert all(is_clean(text) for text in spoken(raised.value))

    @pytest.mark.parametrize("variable", ["DESCOPE_MANAGEMENT_KEY", "WORKLOAD_IDENTITY_TOKEN", "DESCOPE_PROJECT_ID"])
    def test_a_mistake_in_the_environment(self, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
        from_env = {"DESCOPE_PROJECT_ID": "P2canaries", "DESCOPE_MANAGEMENT_KEY": "K2a", variable: f"x{KEY}"}
        for name, value in from_env.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError) as raised:
            Client.from_env()
        assert all(is_clean(text) for text in spoken(raised.value))

    def test_a_proxy_s_password(self, face: Face, logged: pytest.LogCaptureFixture) -> None:
        proxy = {"proxy": f"http://user:{KEY}@127.0.0.1:1", "retry": {"max_attempts": 1}}
        made = face.client("P2canaries", "K2a", {**proxy, "base_url": "https://api.example.com"})
        with pytest.raises(DescopeError) as raised:
            face.invoke(made.list_projects())
        assert all(is_clean(text) for text in spoken(raised.value))
        assert is_clean(all_records(logged))
        assert is_clean(repr(made))
        assert is_clean(made._repr_html_())

    def test_a_secret_in_a_file_that_cannot_be_parsed(self, tmp_path: Path) -> None:
        (tmp_path / "project.json").write_text(f'{{"externalAuthConfig": {{"apiKey": "{STORED}" "{KEY}"')
        with pytest.raises(SnapshotError) as raised:
            Snapshot.read(tmp_path)
        assert all(is_clean(text) for text in spoken(raised.value))

    def test_a_secret_that_is_not_json(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            Snapshot.from_files({"project.json": {"apiKey": {STORED}}})
        assert all(is_clean(text) for text in spoken(raised.value))
