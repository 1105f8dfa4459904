"""Every call, as a user makes it."""
# ruff: noqa: ANN401 -- a client is one of two classes, and what its calls return depends on which

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripted_server import FILES

if TYPE_CHECKING:
    from collections.abc import Callable

READ, SET, ONCE = "read", "set", "once"
LIST = "descope-projects projects list"
SHOW = "descope-projects projects show {id}"
EXPORT = "descope-projects snapshot export {id} DIRECTORY"
LARGE = "x" * 4_000_000


@dataclass(frozen=True)
class Operation:
    """A call, as a user makes it."""

    name: str
    kind: str
    call: Callable[[Any], Any]
    may_be_empty: bool = False
    """Whether an answer without a body is a good one."""
    path: str = ""
    """Its key in `PATHS`, where that is not its name."""
    next: tuple[str, ...] = ()
    """What to run where its outcome is unknown."""
    large: Callable[[Any], Any] | None = None
    """The same with megabytes to send, where a call can have them."""
    prepare: Callable[[Any], Any] | None = field(default=None)
    """A call that makes what this one is made on."""

    @property
    def key(self) -> str:
        return self.path or self.name

    @property
    def is_import(self) -> bool:
        return self.name.startswith("import")

    @property
    def is_raw(self) -> bool:
        """Whether any JSON is a good answer."""
        return self.name == "request"

    def __str__(self) -> str:
        return f"{self.name}-{self.kind}" + (f"-{self.path}" if self.path else "")


def _started(client: Any) -> Any:
    return client.own_project.start_clone(name="preview", settle=False)


def _large_files() -> dict[str, Any]:
    return {**FILES, "lists.json": {"lists": [LARGE]}}


OPERATIONS = [
    Operation("list_projects", READ, lambda client: client.list_projects()),
    Operation(
        "update_name",
        SET,
        lambda client: client.own_project.update_name("new"),
        may_be_empty=True,
        next=(SHOW,),
        large=lambda client: client.own_project.update_name(LARGE),
    ),
    Operation(
        "update_tags",
        SET,
        lambda client: client.own_project.update_tags(["a"]),
        may_be_empty=True,
        next=(SHOW,),
        large=lambda client: client.own_project.update_tags([LARGE]),
    ),
    Operation(
        "clone",
        ONCE,
        lambda client: client.own_project.clone(name="preview", settle=False),
        next=(LIST,),
        large=lambda client: client.own_project.clone(name="preview", tags=[LARGE], settle=False),
    ),
    Operation(
        "start_clone",
        ONCE,
        _started,
        next=(LIST,),
        large=lambda client: client.own_project.start_clone(name="preview", tags=[LARGE], settle=False),
    ),
    Operation("clone_status", READ, lambda started: started.status(), prepare=_started),
    Operation(
        "delete",
        ONCE,
        lambda client: client.own_project.delete(confirm=client.own_project.id, settle=False),
        may_be_empty=True,
        next=(LIST,),
    ),
    Operation("export_project", READ, lambda client: client.own_project.export_project()),
    Operation(
        "import_project",
        ONCE,
        lambda client: client.own_project.import_project(FILES),
        may_be_empty=True,
        next=(EXPORT,),
        large=lambda client: client.own_project.import_project(_large_files()),
    ),
    Operation("export_snapshot", READ, lambda client: client.own_project.export_snapshot()),
    Operation(
        "import_snapshot",
        ONCE,
        lambda client: client.own_project.import_snapshot(FILES),
        may_be_empty=True,
        next=(EXPORT,),
        large=lambda client: client.own_project.import_snapshot(_large_files()),
    ),
    Operation(
        "validate_snapshot",
        READ,
        lambda client: client.own_project.validate_snapshot(FILES),
        large=lambda client: client.own_project.validate_snapshot(_large_files()),
    ),
    Operation(
        "request",
        ONCE,
        lambda client: client.request("POST", "/v1/mgmt/other", {}),
        may_be_empty=True,
        large=lambda client: client.request("POST", "/v1/mgmt/other", {"a": LARGE}),
    ),
    Operation(
        "request",
        SET,
        lambda client: client.request("POST", "/v1/mgmt/other", {}, safe_to_repeat=True),
        may_be_empty=True,
        large=lambda client: client.request("POST", "/v1/mgmt/other", {"a": LARGE}, safe_to_repeat=True),
    ),
    Operation("request", READ, lambda client: client.request("GET", "/v1/mgmt/other"), may_be_empty=True),
    Operation(
        "request",
        ONCE,
        lambda client: client.request("POST", "/v1/mgmt/project/clone", {}),
        may_be_empty=True,
        path="clone",
        next=(LIST,),
        large=lambda client: client.request("POST", "/v1/mgmt/project/clone", {"name": LARGE}),
    ),
    Operation(
        "request", READ, lambda client: client.request("GET", "/v1/mgmt/license"), may_be_empty=True, path="license"
    ),
]


def named(name: str) -> Operation:
    """The first call of that name."""
    return next(operation for operation in OPERATIONS if operation.name == name)
