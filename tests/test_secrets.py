"""Keys, tokens and secrets pass through every call, and are seen nowhere but on the wire.

What is called is derived from the public surface: a method that is new and not in `CALLS` makes a test fail.
"""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import signal
import urllib.parse
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import descope_projects
from canary import Canary, absent, contents, echo, ended, found, read_off, records, said_by
from descope_projects import ConfigurationError, DescopeError, Emulator, Snapshot, SnapshotError
from scripted_server import ScriptedServer, answer, drop, half, raw, reset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from conftest import Face
    from scripted_server import Connection, Exchange, Received, Step

PROJECT = "P2canaries"
KEY = Canary("key", 'K2canary/of+the=Key&"quoted"<7>%5c\\')
TOKEN = Canary("token", "canaryOfTheToken.canaryOfThePayload.canaryOfTheSignature")
SIGNATURE = Canary("signature", "canaryOfTheSignature")
ASKED = Canary("key of a callable", "K2canaryThatACallableGave")
OWN = Canary("key of a project", "K2canaryOfOneProjectAlone")
PASSWORD = Canary("password of the proxy", "canary of: the @proxy/%41")
HEADER = Canary("header", 'canary of "the" header\\')
CUSTOM = Canary("header that looks like a key", "canary0123456789abcdef")
GIVEN = Canary("secret that is given", 'canary of the secret: "quoted" & <marked> /slashed\\ pässwörd🔑')
LITERAL = Canary("secret in the files", "canary-of-the-literal-secret")
STORED = Canary("secret at the server", "canaryOfTheStoredSecret")
ALL = (KEY, TOKEN, SIGNATURE, ASKED, OWN, PASSWORD, HEADER, CUSTOM, GIVEN, LITERAL, STORED)


def connector(password: str) -> dict[str, Any]:
    return {
        "project.json": {"appUrl": "https://app.example.com"},
        "connectors/connectors.json": {"connectors": ["mail"]},
        "connectors/mail.json": {
            "id": "CI1",
            "name": "Mail",
            "type": "smtp",
            "configuration": {"host": "mail.example.com", "password": password},
        },
    }


FILES = connector(LITERAL.value)
SEED: dict[str, Any] = {
    "companies": [
        {
            "name": "Acme",
            "keys": [{"key": one.value} for one in (KEY, TOKEN, ASKED, OWN)],
            "projects": [
                {
                    "id": PROJECT,
                    "name": "canaries",
                    "files": connector("PLACEHOLDER_VALUE"),
                    "secrets": [{"group": "connectors", "id": "CI1", "type": "password", "value": STORED.value}],
                }
            ],
        }
    ]
}
SECRETS = {"connectors": [{"id": "CI1", "name": "Mail", "type": "password", "value": GIVEN.value}]}
SENT_ALONG = {"files": FILES, "inputSecrets": SECRETS}

# By class and method: what makes the call, with a client and a project that may have another key.
CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "Client.list_projects": lambda client, _: client.list_projects(),
    "Client.request": lambda client, _: client.request("POST", "/v1/mgmt/project/snapshot/validate", SENT_ALONG),
    # Sought in vain after a lost answer, a new project or a gone one would take half a minute.
    "Project.clone": lambda _, project: project.clone(name="x", settle=False),
    "Project.start_clone": lambda _, project: project.start_clone(name="x", settle=False),
    "Project.update_name": lambda _, project: project.update_name("x"),
    "Project.update_tags": lambda _, project: project.update_tags(["x"]),
    "Project.export_snapshot": lambda _, project: project.export_snapshot(),
    "Project.export_project": lambda _, project: project.export_project(),
    "Project.validate_snapshot": lambda _, project: project.validate_snapshot(FILES, input_secrets=SECRETS),
    "Project.import_snapshot": lambda _, project: project.import_snapshot(
        Snapshot.from_files(FILES), {"input_secrets": SECRETS}
    ),
    "Project.import_project": lambda _, project: project.import_project(FILES, input_secrets=SECRETS),
    "Project.delete": lambda _, project: project.delete({"settle": False}, confirm=PROJECT),
}
# With a clone that was started.
OF_STARTED: dict[str, Callable[[Any], Any]] = {
    "StartedClone.status": lambda started: started.status(),
    "StartedClone.wait": lambda started: started.wait(0.5),
}
# Without a call; what each does is in the tests below.
LOCAL = {
    "Client": {"from_env", "project", "close"},
    "Snapshot": {"from_files", "read", "write", "to_files", "raw", "content", "json", "entities"}
    | {"get", "keys", "values", "items"},
    "Emulator": {"client", "async_client", "fail", "release", "wait_until_held", "clear_faults", "executions"}
    | {"requests", "clear_records", "reset", "stop", "configure", "settings", "faults"}
    | {"files", "put_file", "remove_file"},
    "Validation": {"check", "to_dict"},
    **{name: {"to_dict"} for name in ("ProjectInfo", "CloneResult", "CloneStatus", "MissingSecret")},
}


def methods() -> set[str]:
    """Every public method of every public class of the extension; an asynchronous class has the other's."""
    classes = [getattr(descope_projects, name) for name in descope_projects.__all__]
    classes = [one for one in classes if isinstance(one, type) and not issubclass(one, Exception)]
    native = [one for one in classes if type(one) is type and hasattr(one, "__basicsize__") and one.__dictoffset__ == 0]
    return {
        f"{one.__name__.removeprefix('Async')}.{name}"
        for one in native
        for name in dir(one)
        if not name.startswith("_") and callable(getattr(one, name))
    }


def test_every_method_is_swept() -> None:
    swept = {*CALLS, *OF_STARTED, *(f"{name}.{method}" for name, of_it in LOCAL.items() for method in of_it)}
    assert methods() == swept


class ForwardProxy(ScriptedServer):
    """Answers for every host, as the API would or as it is told."""

    @staticmethod
    def _read(connection: Connection) -> Received | None:
        read = ScriptedServer._read(connection)  # noqa: SLF001 -- it is the parent's
        return read and dataclasses.replace(read, target=urllib.parse.urlsplit(read.target).path)


def interrupt(exchange: Exchange) -> None:
    """Ctrl-C while the call is under way; the loop of the asynchronous face makes of it that the task is cancelled."""
    os.kill(os.getpid(), signal.SIGINT)
    exchange.connection.socket.recv(1)  # Until the client has hung up.
    exchange.close()


def faults(sent: Sequence[Canary]) -> dict[str, Step]:
    """What a server can do wrong, each time repeating all that it was sent, in every form."""
    said = echo(sent)
    line = said.encode("ascii", "ignore").decode()
    fields = {"errorDescription": said, "errorMessage": f"it was: Bearer {PROJECT}:{sent[0].value}"}
    return {
        "400": answer(400, {**fields, "errorCode": "E1"}),
        "401": answer(401, {**fields, "errorCode": "E011007"}),
        "403": answer(403, {**fields, "errorCode": said}),
        "404": answer(404, {**fields, "errorCode": "E011008"}),
        "429": answer(429, fields, {"Retry-After": "0"}),
        "500": answer(500, fields, {"cf-ray": line}),
        "a page": answer(400, f"<html>{said}</html>"),
        "a page of the edge": answer(504, f"<html>{said}</html>"),
        "a page that looks well": answer(200, f"<html>{said}</html>"),
        "a kind of content": answer(200, b"x", {"Content-Type": f"text/{line}"}),
        "another JSON": answer(200, json.dumps({"projects": said, "files": said, "ok": said}).encode()),
        "half a JSON": answer(200, json.dumps({"projects": [said]}).encode()[:-2]),
        "no gzip": answer(200, said.encode(), {"Content-Encoding": "gzip"}),
        "elsewhere": answer(302, said, {"Location": f"https://elsewhere.example/{line}"}),
        "no HTTP": raw(line.encode(), work=True),
        "a cut": drop(work=True),
        "a cut within": half(),
        "a reset": reset(work=False),
    }


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture, face: Face) -> pytest.LogCaptureFixture:
    """Everything that is logged by anyone, asyncio's debug mode included."""
    caplog.set_level(logging.DEBUG)
    if face.loop is not None:
        face.loop.set_debug(True)
    return caplog


class Connect:
    """Makes clients that go through a proxy with a password and send secret headers."""

    def __init__(self, face: Face, way: str) -> None:
        self.face = face
        self.key = {"token": TOKEN, "callable": ASKED}.get(way, KEY)
        self.is_asked = way == "callable"
        self.own = OWN if way == "project" else None

    def __call__(self, port: int) -> Any:
        """A client, and a project that may have a key of its own."""
        options = {
            "base_url": "http://api.example.invalid",
            "allow_insecure_http": True,
            "proxy": f"http://user:{urllib.parse.quote(PASSWORD.value, safe='')}@127.0.0.1:{port}",
            "headers": {"X-Api-Key": HEADER.value, "X-Custom": CUSTOM.value},
            "license_handshake": False,
            "retry": {"max_attempts": 2, "initial_backoff": 0, "max_backoff": 0},
        }
        key = (lambda: self.key.value) if self.is_asked else self.key.value
        client = self.face.client(PROJECT, key, options)
        return client, client.project(PROJECT, management_key=self.own.value) if self.own else client.own_project

    def sent_with(self, call: str) -> list[Canary]:
        """What a server knows after the call."""
        key = self.own if self.own and not call.startswith("Client") else self.key
        along = [GIVEN, LITERAL] if "import" in call or "validate" in call or "request" in call else []
        return [key, PASSWORD, HEADER, CUSTOM, *along, *([SIGNATURE] if key is TOKEN else [])]


@pytest.fixture
def connect(request: pytest.FixtureRequest, face: Face) -> Connect:
    """With one of the ways to have a key."""
    return Connect(face, request.param)


# Each way, and each face.
every_way = pytest.mark.parametrize(
    ("face", "connect"),
    [("sync", "key"), ("sync", "project"), ("async", "token"), ("async", "callable")],
    indirect=True,
)


def check_all(*values: Any, logged: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    texts = [text for value in values for text in read_off(value)]
    assert absent(ALL, [*texts, *records(logged.records), *capfd.readouterr()]) > 0


class TestCalls:
    @every_way
    @pytest.mark.descope_emulator(seed=SEED, keep_bodies=True)
    def test_calls_that_succeed(
        self,
        connect: Connect,
        emulator: Emulator,
        face: Face,
        logged: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        client, project = connect(int(emulator.url.rpartition(":")[2]))
        results = []
        for call in CALLS.values():
            made = call(client, project)
            check_all(made, logged=logged, capfd=capfd)
            results.append(face.invoke(made))
            if type(results[-1]).__name__.endswith("StartedClone"):
                results += [face.invoke(of_started(results[-1])) for of_started in OF_STARTED.values()]
        assert sum(found(ALL, json.dumps(one)) != [] for one in results if isinstance(one, dict)) == 0
        check_all(client, project, *results, logged=logged, capfd=capfd)
        assert len({record.getMessage().partition(" ")[0] for record in logged.records}) >= len(CALLS)
        # It records what tests are about: headers as they came, and bodies, for which it was asked.
        kept = (HEADER, CUSTOM, LITERAL)
        assert absent([one for one in ALL if one not in kept], [json.dumps(emulator.requests())]) == 1
        assert absent(ALL, read_off(emulator, without=("management_key",))) > 0
        face.invoke(client.close())
        check_all(client, project, logged=logged, capfd=capfd)

    @every_way
    @pytest.mark.parametrize("call", {**CALLS, **OF_STARTED})
    def test_a_call_that_fails_in_every_way(
        self,
        connect: Connect,
        face: Face,
        logged: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        call: str,
    ) -> None:
        with ForwardProxy() as proxy:
            client, project = connect(proxy.port)
            started = face.invoke(project.start_clone(settle=False))
            make = partial(OF_STARTED[call], started) if call in OF_STARTED else partial(CALLS[call], client, project)
            for name, fault in faults(connect.sent_with(call)).items():
                proxy.always_everywhere(fault)
                logged.clear()
                _, error = ended(lambda: face.invoke(make()))
                if error is None:
                    assert name == "another JSON"  # Some calls take whatever JSON there is.
                else:
                    assert isinstance(error, DescopeError)
                    assert absent(ALL, said_by(error)) > 0, name
                check_all(client, project, logged=logged, capfd=capfd)
                assert logged.records != []

    @every_way
    @pytest.mark.parametrize("call", {**CALLS, **OF_STARTED})
    def test_a_call_that_is_interrupted(
        self,
        connect: Connect,
        face: Face,
        logged: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        call: str,
    ) -> None:
        with ForwardProxy() as proxy:
            client, project = connect(proxy.port)
            started = face.invoke(project.start_clone(settle=False))
            make = partial(OF_STARTED[call], started) if call in OF_STARTED else partial(CALLS[call], client, project)
            proxy.always_everywhere(interrupt)
            with pytest.raises((KeyboardInterrupt, asyncio.CancelledError)) as raised:
                face.invoke_until_interrupted(make())
            assert absent(ALL, said_by(raised.value)) > 0
            check_all(client, project, logged=logged, capfd=capfd)


@pytest.mark.descope_emulator(seed=SEED)
class TestSnapshots:
    def test_one_that_is_exported_and_written(self, face: Face, emulator: Emulator, tmp_path: Path) -> None:
        project = face.client(PROJECT, KEY.value, base_url=emulator.url).own_project
        exported = face.invoke(project.export_snapshot())
        exported.write(tmp_path / "s")
        exported.write(tmp_path / "s.zip")
        assert absent(ALL, contents(tmp_path)) > 8
        values = (exported, exported.entities(), exported.keys(), exported.values(), exported.items())
        assert absent(ALL, (text for value in values for text in read_off(value))) > 0

    def test_a_project_s_export_is_not_to_be_written(self, face: Face, emulator: Emulator, tmp_path: Path) -> None:
        project = face.client(PROJECT, KEY.value, base_url=emulator.url).own_project
        export = face.invoke(project.export_project())
        assert export["connectors/mail.json"]["configuration"]["password"] == STORED.value
        assert absent(ALL, read_off(export)) > 0
        with pytest.raises(SnapshotError) as raised:
            export.write(tmp_path / "s")
        assert absent(ALL, said_by(raised.value)) > 0
        assert list(tmp_path.iterdir()) == []

    def test_what_was_given_is_where_it_belongs(self, face: Face, emulator: Emulator) -> None:
        project = face.client(PROJECT, KEY.value, base_url=emulator.url).own_project
        face.invoke(project.import_snapshot(connector("PLACEHOLDER_VALUE"), input_secrets=SECRETS))
        export = face.invoke(project.export_project())
        assert export["connectors/mail.json"]["configuration"]["password"] == GIVEN.value

    def test_a_secret_in_the_files(self, tmp_path: Path) -> None:
        snapshot = Snapshot.from_files(FILES)
        assert absent(ALL, read_off(snapshot)) > 0
        attempts: list[Callable[[], Any]] = [
            lambda: snapshot.write(tmp_path / "s"),
            lambda: snapshot.raw("nothing.json"),
            lambda: snapshot.content("nothing.json"),
            lambda: snapshot.json("connectors/connectors.txt"),
            lambda: snapshot.entities("connector:nothing"),
            lambda: snapshot.write(tmp_path / "s", {"force": LITERAL.value}),  # type: ignore[typeddict-item]
            lambda: Snapshot.from_files({"project.json": {"apiKey": {LITERAL.value}}}),
            lambda: Snapshot.from_files({"project.json": {"apiKey": LITERAL.value, 1: 1}}),
        ]
        for attempt in attempts:
            with pytest.raises((DescopeError, KeyError)) as raised:
                attempt()
            assert absent(ALL, said_by(raised.value)) > 0

    @pytest.mark.parametrize("name", ["project.json", "connectors/mail.json", "flows.json"])
    def test_a_file_that_cannot_be_parsed(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f'{{"externalAuthConfig": {{"apiKey": "{STORED.value}" "{LITERAL.value}"')
        with pytest.raises(SnapshotError) as raised:
            Snapshot.read(tmp_path)
        assert absent(ALL, said_by(raised.value)) > 0


# A key in the wrong place, as it looks in life, and a secret in the place of a name.
LOST = Canary("what is in the wrong place", "K2canary0123456789abcdefXYZ")
PHRASE = Canary("phrase in the wrong place", "canary of a pass phrase, 4 words")
LOST_ONES = (LOST, PHRASE)


def misplaced(value: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Arguments with a secret where none belongs."""
    as_option = [
        {value: 1},
        {value: value},
        {"timeout": value},
        {"retry": {"max_attempts": value}},
        {"retry": {value: 1}},
        {"retry": value},
        {"input_secrets": value},
        {"input_secrets": [value]},
        {"input_secrets": {value: []}},
        {"input_secrets": {"connectors": value}},
        {"input_secrets": {"connectors": [value]}},
        {"input_secrets": {"connectors": [{value: value}]}},
        {"input_secrets": {"connectors": [{"id": "a", "type": "b", "value": [value]}]}},
        {"input_secrets": {"connectors": [{"id": "a", "type": "b", "value": {value}}]}},
        {"input_secrets": {"connectors": [{"id": "a", "type": "b", "valeu": value}]}},
        {"exclude": [value]},
        {"exclude": value},
        {"format": value},
        {"tags": value},
        {"environment": value},
        {"settle": value},
        {"read_only": value},
        {"management_key": value},
        {"managementKey": value},
        {"headers": {value: "x"}},
        {"headers": {"X-Key": [value]}},
        {"headers": {"X-Key": f"{value}\r\n"}},
        {"headers": value},
        {"base_url": value},
        {"base_url": f"https://user:{value}@api.example.com"},
        {"base_url": f"https://api.example.com/?key={value}"},
        {"proxy": f"x://{value}@:x"},
        {"proxy": value},
        {"ca_bundle": [value]},
        {"user_agent": f"{value}\n"},
    ]
    wrong: list[Any] = [value, f" {value}\n", value.encode(), [value], {value}, *as_option]
    alone = [((one,), {}) for one in wrong]
    options = [((FILES, one), {}) for one in as_option]
    keywords = [((), one) for one in as_option] + [((FILES,), one) for one in as_option]
    return [*alone, *options, *keywords, ((value, value), {}), (("POST", value), {}), (("POST", "/x", {value}), {})]


# Python itself names a keyword that a function does not have.
WITHOUT_OPTIONS = {"request", "project", "list_projects", "update_name", "update_tags"}


class TestMistakes:
    @pytest.mark.parametrize("lost", LOST_ONES, ids=repr)
    def test_a_secret_in_the_wrong_place_of_a_call(
        self, face: Face, logged: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], lost: Canary
    ) -> None:
        with ForwardProxy() as server:
            client = face.client(PROJECT, "K2a", base_url=server.url, license_handshake=False)
            targets = [(client, "request"), (client, "project"), (client, "list_projects")]
            targets += [(client.own_project, name.partition(".")[2]) for name in CALLS if name.startswith("Project")]
            raised = 0
            for target, name in targets:
                for arguments, keywords in misplaced(lost.value):
                    if name == "delete":
                        keywords = {"confirm": lost.value, **keywords}  # noqa: PLW2901 -- the one that is required
                    if lost.value in keywords and name in WITHOUT_OPTIONS:
                        continue
                    wait = face.invoke if name != "project" else lambda made: made
                    call = partial(getattr(target, name), *arguments, **keywords)
                    _, error = ended(lambda call=call, wait=wait: wait(call()))
                    raised += error is not None
                    # Whoever asks for a file that is not there, or gives one, is told which.
                    if error is not None and not (isinstance(error, SnapshotError) and arguments[0] is not FILES):
                        assert absent(LOST_ONES, said_by(error)) > 0, (name, arguments, keywords)
            assert raised > len(targets) * 50
            check_all(client, logged=logged, capfd=capfd)

    @pytest.mark.parametrize("lost", LOST_ONES, ids=repr)
    def test_a_secret_in_the_wrong_place_of_a_client(self, face: Face, lost: Canary) -> None:
        value = lost.value
        arguments = [*misplaced(value), ((value, "K2a"), {}), ((PROJECT, f" {value}"), {}), ((PROJECT, [value]), {})]
        arguments += [((PROJECT, "K2a", *given), keywords) for given, keywords in misplaced(value)]
        arguments += [((f"{PROJECT}:{value}", "K2a"), {}), ((PROJECT, value.encode()), {})]
        raised = 0
        for given, keywords in arguments:
            made, error = ended(partial(face.client, *given, **keywords))
            raised += error is not None
            texts = read_off(made) if error is None else said_by(error)
            assert absent(LOST_ONES, texts) > 0, (given, keywords)
        assert raised > 50

    @pytest.mark.parametrize("text", ["{}", "-{}-", "https://{}.example.com", "https://example.com/{}"])
    def test_a_key_where_others_would_read_it(self, face: Face, server: ScriptedServer, text: str) -> None:
        key = LOST.value
        shown = text.format(key)
        for option in ("base_url", "user_agent", "ca_bundle"):
            with pytest.raises(ConfigurationError) as raised:
                face.client(PROJECT, key, {option: shown})
            assert absent([LOST], said_by(raised.value)) > 0
        project = face.client(PROJECT, key, base_url=server.url).own_project
        attempts: list[Callable[[], Any]] = [
            lambda: project.update_name(shown),
            lambda: project.update_tags(["a", shown]),
            lambda: project.clone(name=shown),
            lambda: project.start_clone(tags=[shown]),
            lambda: project.import_snapshot(shown),
            lambda: project.validate_snapshot(shown),
        ]
        for attempt in attempts:
            with pytest.raises((ConfigurationError, SnapshotError)) as refused:
                face.invoke(attempt())
            assert absent([LOST], said_by(refused.value)) > 0
        assert server.requests == []

    @pytest.mark.parametrize("variable", ["DESCOPE_MANAGEMENT_KEY", "WORKLOAD_IDENTITY_TOKEN", "DESCOPE_PROJECT_ID"])
    @pytest.mark.parametrize("text", ["x{}", "{} {}", "{}\n{}", "K2é{}", "P2:{}"])
    def test_a_mistake_in_the_environment(
        self, face: Face, monkeypatch: pytest.MonkeyPatch, variable: str, text: str
    ) -> None:
        value = text.format(LOST.value, LOST.value)
        from_env = {"DESCOPE_PROJECT_ID": PROJECT, "DESCOPE_MANAGEMENT_KEY": "K2a", variable: value}
        for name, one in from_env.items():
            monkeypatch.setenv(name, one)
        client = type(face.client(PROJECT, "K2a"))
        with pytest.raises(ConfigurationError, match=variable) as raised:
            client.from_env()
        assert absent([LOST], said_by(raised.value)) > 0

    def test_space_around_a_key_in_the_environment_is_not_the_key_s(
        self, face: Face, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DESCOPE_PROJECT_ID", f" {emulator.project_id}\n")
        monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", f" {emulator.management_key}\r\n")
        client = type(face.client(PROJECT, "K2a")).from_env(base_url=emulator.url)
        face.clients.append(client)
        assert len(face.invoke(client.list_projects())) == 1

    @pytest.mark.parametrize("given", [7, b"K2a", None, "", "a b", "K2é"])
    def test_a_callable_that_gives_no_key(self, face: Face, given: Any) -> None:
        def key() -> Any:
            return given and (
                given + type(given)(LOST.value if isinstance(given, str) else 1) if given != b"K2a" else given
            )

        client = face.client(PROJECT, key, base_url="http://127.0.0.1:1")
        with pytest.raises(ConfigurationError, match="management_key") as raised:
            face.invoke(client.list_projects())
        assert absent([LOST], said_by(raised.value)) > 0

    @pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
    @pytest.mark.parametrize("from_env", [False, True])
    def test_a_proxy_that_is_not_there(  # noqa: PLR0913, PLR0917 -- a table, and what is looked at
        self,
        face: Face,
        logged: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        scheme: str,
        from_env: bool,  # noqa: FBT001 -- a parameter of the table
    ) -> None:
        proxy = f"{scheme}://user:{urllib.parse.quote(PASSWORD.value, safe='')}@127.0.0.1:1"
        options: dict[str, Any] = {"base_url": "https://api.example.com", "retry": {"max_attempts": 1}}
        if from_env:
            monkeypatch.setenv("HTTPS_PROXY", proxy)
        else:
            options["proxy"] = proxy
        client = face.client(PROJECT, KEY.value, options)
        with pytest.raises(DescopeError) as raised:
            face.invoke(client.list_projects())
        assert absent(ALL, said_by(raised.value)) > 0
        check_all(client, logged=logged, capfd=capfd)
