"""A user's code that is right: `mypy --strict` has nothing to say about it. Read by test_typing.py, never run."""
# ruff: noqa: TC003 -- never run

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

from descope_projects import (
    ApiError,
    AsyncClient,
    AsyncProject,
    Client,
    ClientOptions,
    CloneOptions,
    CloneResult,
    ConfigurationError,
    Emulator,
    ImportOptions,
    InputSecrets,
    MissingSecret,
    Project,
    ProjectInfo,
    RateLimited,
    Snapshot,
    UnknownOutcome,
    Validation,
    ValidationFailed,
)


def options() -> tuple[ClientOptions, CloneOptions, ImportOptions]:
    client: ClientOptions = {"timeout": timedelta(seconds=3), "retry": {"max_attempts": 4, "max_wait": 1.5}}
    clone: CloneOptions = {"name": "x", "environment": "production", "tags": ("a", "b")}
    secrets: InputSecrets = {"connectors": [{"id": "CI", "type": "apiKey", "value": "v"}]}
    return client, clone, {"exclude": ["flows"], "input_secrets": secrets, "timeout": 3}


def synchronous(path: Path) -> None:
    client_options, clone_options, import_options = options()
    with Client("P2abc", lambda: "K2abc", client_options, read_only=True, ca_bundle=path) as client:
        assert_type(client, Client)
        assert_type(client.list_projects(), list[ProjectInfo])
        project = client.project("P2abc", management_key="K2abc")
        assert_type(project, Project)
        clone = project.clone(clone_options)
        assert_type(clone, CloneResult[Project])
        assert_type(clone.project, Project)
        assert_type(clone.tags, tuple[str, ...] | None)
        assert_type(project.start_clone(name="x").wait(timeout=3), CloneResult[Project])
        snapshot = project.export_snapshot(format="plain")
        assert_type(snapshot, Snapshot)
        project.import_snapshot(snapshot, import_options, allow_partial=True)
        project.import_snapshot({"project.json": {}}, exclude=("flows",))
        project.import_project(path)
        validation = project.validate_snapshot(str(path))
        assert_type(validation, Validation)
        assert_type(validation.missing_secrets, tuple[MissingSecret, ...])
        project.delete(confirm="P2abc")
        project.delete({"settle": False}, confirm="P2abc", timeout=3)
        assert_type(client.request("GET", "/v1/mgmt/license", safe_to_repeat=True), Any)


async def asynchronous() -> None:
    async with AsyncClient.from_env(timeout=3) as client:
        assert_type(client, AsyncClient)
        assert_type(await client.list_projects(), list[ProjectInfo])
        assert_type(client.own_project, AsyncProject)
        clone = await client.own_project.clone(name="x")
        assert_type(clone, CloneResult[AsyncProject])
        assert_type(clone.project, AsyncProject)
        snapshot = await clone.project.export_snapshot()
        assert_type((await clone.project.validate_snapshot(snapshot)).failures, tuple[str, ...])
        await clone.project.import_snapshot(snapshot, input_secrets={"oauth_providers": []})


def snapshots(snapshot: Snapshot) -> None:
    mapping: Mapping[str, Any] = snapshot
    assert_type(snapshot.raw("project.json"), bytes)
    assert_type(snapshot.to_files(), dict[str, Any])
    assert_type(list(snapshot), list[str])
    assert_type(snapshot.entities("flow:*")[0].paths, tuple[str, ...])
    snapshot.write("directory", {"force": True}, durable=True)
    Snapshot.from_files(mapping).write(Path("archive.zip"))


def errors() -> None:
    try:
        synchronous(Path())
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
    except ApiError as error:
        assert_type(error.status, int | None)
    except ConfigurationError as error:
        assert_type(error.path, str | None)
    except UnknownOutcome as error:
        assert_type(error.candidates, tuple[ProjectInfo, ...])
        assert_type(error.next, tuple[str, ...])
    except ValidationFailed as error:
        assert_type(error.validation, Validation | None)


def matching(info: ProjectInfo) -> str:
    match info:
        case ProjectInfo(_, name, "production"):
            return name or ""
        case ProjectInfo(id=project_id, tags=(first, *_)):
            return project_id + first
        case _:
            return ""


def emulators() -> None:
    with Emulator(seed="acme", semantics={"absent_files": "keep"}, rate_limit={"requests": 3}) as emulator:
        assert_type(emulator.projects, tuple[ProjectInfo, ...])
        assert_type(emulator.client({"timeout": 3}), Client)
        assert_type(emulator.fail("clone", action="hold", times=None), int)
