"""The extension module: everything that is not pure Python. Import its names from `descope_projects`."""

from collections.abc import Coroutine, ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from os import PathLike
from types import TracebackType
from typing import Any, ClassVar, Generic, Literal, TypeVar, final, overload

from typing_extensions import Self, Unpack

from descope_projects.options import (
    ClientOptions,
    CloneOptions,
    DeleteOptions,
    EmulatorOptions,
    ExportOptions,
    FaultOptions,
    Files,
    ImportOptions,
    ManagementKey,
    Seconds,
    SecretGroup,
    SettingsOptions,
    ValidateOptions,
    WriteOptions,
)

__version__: str
ERROR_KINDS: tuple[str, ...]

_ProjectT = TypeVar("_ProjectT")

@final
class Client:
    """Makes management calls as one project and key. Opens no connection before the first call.

    Calls block with the GIL released, may come from any thread, and work inside a running event loop. Ctrl-C interrupts
    them and leaves the client usable. A forked child opens connections of its own.

    Args:
        project_id: The client's own project (`P…`); its region decides the host.
        management_key: A management key (`K…`), a workload token, or a function that returns one.
        options: `ClientOptions` as a dict.
        **keywords: The same keys as keywords. A key in both is an error.

    Raises:
        ConfigurationError: An id, key or option is missing or cannot be right. There is no fall-back.

    Example:
        >>> with Client(emulator.project_id, emulator.management_key, {"timeout": 30}, base_url=emulator.url) as client:
        ...     len(client.list_projects()) > 0
        True
    """

    def __new__(
        cls,
        project_id: str | None = None,
        management_key: ManagementKey | None = None,
        options: ClientOptions | None = None,
        **keywords: Unpack[ClientOptions],
    ) -> Self: ...
    @classmethod
    def from_env(cls, options: ClientOptions | None = None, /, **keywords: Unpack[ClientOptions]) -> Self:
        """A client for what the environment names. Reads no config file.

        `DESCOPE_PROJECT_ID`; `WORKLOAD_IDENTITY_TOKEN` or `DESCOPE_WORKLOAD_TOKEN`, else `DESCOPE_MANAGEMENT_KEY`; and
        `DESCOPE_BASE_URL` or `DESCOPE_BASE_URI`, if the host is not the project id's.

        Args:
            options: `ClientOptions` as a dict; a `base_url` in it wins over the environment.
            **keywords: The same keys as keywords.

        Raises:
            ConfigurationError: A variable is missing, cannot be right, or two contradict each other.

        Example:
            >>> import os
            >>> os.environ["DESCOPE_PROJECT_ID"] = emulator.project_id
            >>> os.environ["DESCOPE_MANAGEMENT_KEY"] = emulator.management_key
            >>> with Client.from_env(base_url=emulator.url) as client:
            ...     client.own_project.id == emulator.project_id
            True
        """

    @property
    def base_url(self) -> str:
        """Where calls go to."""

    @property
    def read_only(self) -> bool:
        """Whether calls that write are refused."""

    @property
    def own_project(self) -> Project:
        """A handle on the project that the client itself was made for."""

    def list_projects(self) -> list[ProjectInfo]:
        """All projects of the company, in the server's order. Needs a company-wide key.

        Returns:
            One `ProjectInfo` per project.

        Raises:
            PermissionDenied: The key is bound to some projects.
            DescopeError: Anything else that a call can end with.

        Example:
            >>> for project in client.list_projects():
            ...     print(project.id.startswith("P"), isinstance(project.name, str))
            ...     break
            True True
        """

    def project(self, project_id: str, *, management_key: ManagementKey | None = None) -> Project:
        """A handle on a project, over the same connections. No I/O: whether the project is there shows in the first call.

        Args:
            project_id: Its id (`P…`). None and "" are errors: an unset variable must never mean "my own project".
            management_key: A key of its own. Default: the client's.

        Raises:
            ConfigurationError: The id or key cannot be right.

        Example:
            >>> client.project(emulator.project_id).id == emulator.project_id
            True
        """

    def request(
        self,
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
        path: str,
        body: Any = None,
        *,
        safe_to_repeat: bool = False,
        timeout: Seconds | None = None,
    ) -> Any:
        """Makes any other management call, as the client's own project, with the same credential, retries and errors.

        Args:
            method: The HTTP method.
            path: The path below the base URL, for example `/v1/mgmt/tenant/load/all`; no query, no escapes.
            body: What is sent as JSON. Default: `{}`, and nothing with GET.
            safe_to_repeat: Whether a second execution does no harm. For the calls that this package knows, the package
                decides.
            timeout: How long one attempt may take, in seconds. Default: the client's `timeout`, else 60.

        Returns:
            The answer's JSON as Python objects; None if the answer is empty.

        Raises:
            ConfigurationError: The method or path cannot be right, or `body` is not JSON.
            Protected: The client is `read_only`, and the call is not known to read.
            UnknownOutcome: It was sent, is not safe to repeat, and its end is not known.

        Example:
            >>> sorted(client.request("POST", "/v1/mgmt/projects/list"))
            ['projects']
        """

    def close(self) -> None:
        """Closes the connections. A later call is a `ConfigurationError`; closing twice is not."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def _repr_html_(self) -> str: ...

@final
class AsyncClient:
    """`Client` for asyncio: the same names, awaited. A cancelled call aborts its request.

    One client may serve several event loops, one after the other or in different threads.

    Args:
        project_id: The client's own project (`P…`); its region decides the host.
        management_key: A management key (`K…`), a workload token, or a function that returns one.
        options: `ClientOptions` as a dict.
        **keywords: The same keys as keywords. A key in both is an error.

    Raises:
        ConfigurationError: An id, key or option is missing or cannot be right. There is no fall-back.

    Example:
        >>> import asyncio
        >>> async def count() -> int:
        ...     async with AsyncClient(emulator.project_id, emulator.management_key, base_url=emulator.url) as client:
        ...         return len(await client.list_projects())
        >>> asyncio.run(count()) > 0
        True
    """

    def __new__(
        cls,
        project_id: str | None = None,
        management_key: ManagementKey | None = None,
        options: ClientOptions | None = None,
        **keywords: Unpack[ClientOptions],
    ) -> Self: ...
    @classmethod
    def from_env(cls, options: ClientOptions | None = None, /, **keywords: Unpack[ClientOptions]) -> Self:
        """`Client.from_env` for asyncio; not awaited, since it does no I/O."""

    @property
    def base_url(self) -> str:
        """Where calls go to."""

    @property
    def read_only(self) -> bool:
        """Whether calls that write are refused."""

    @property
    def own_project(self) -> AsyncProject:
        """A handle on the project that the client itself was made for."""

    def list_projects(self) -> Coroutine[Any, Any, list[ProjectInfo]]:
        """`Client.list_projects`, awaited."""

    def project(self, project_id: str, *, management_key: ManagementKey | None = None) -> AsyncProject:
        """`Client.project`; not awaited, since it does no I/O."""

    def request(
        self,
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
        path: str,
        body: Any = None,
        *,
        safe_to_repeat: bool = False,
        timeout: Seconds | None = None,
    ) -> Coroutine[Any, Any, Any]:
        """`Client.request`, awaited."""

    def close(self) -> Coroutine[Any, Any, None]:
        """`Client.close`, awaited: returns once every call that was under way has ended."""

    def _close(self) -> None:
        """Stops the thread; what was under way ends with an error."""

    def __aenter__(self) -> Coroutine[Any, Any, Self]: ...
    def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> Coroutine[Any, Any, None]: ...
    def _repr_html_(self) -> str: ...

@final
class Project:
    """A handle on one project: its id, and the calls that act on it. Made by `Client.project`.

    Writes to one project go one at a time. Every method raises a `DescopeError`; what each section "Raises" names is
    what is special to it.
    """

    @property
    def id(self) -> str:
        """The project's id (`P…`)."""

    def clone(self, options: CloneOptions | None = None, /, **keywords: Unpack[CloneOptions]) -> CloneResult[Project]:
        """Makes a new project out of this one, with its configuration and secrets, without users, tenants or keys.

        It is never sent twice unless the first provably never arrived. With a company-wide key the projects are listed
        before, so that a lost answer can be settled by the list.

        Args:
            options: `CloneOptions` as a dict: `name`, `environment`, `tags`, `settle`, `settle_timeout`, `timeout`.
            **keywords: The same keys as keywords.

        Returns:
            What was made; `.project` is a handle on it.

        Raises:
            UnknownOutcome: The answer was lost, and the list does not show exactly one new project of that name;
                `.candidates` has those that may be it.
            PermissionDenied: The company's tier does not include clones.

        Example:
            >>> clone = client.own_project.clone({"name": "preview-42"}, tags=["preview"])
            >>> clone.name, clone.settled
            ('preview-42', False)
        """

    def start_clone(self, options: CloneOptions | None = None, /, **keywords: Unpack[CloneOptions]) -> StartedClone:
        """Starts a clone that the server makes in the background, and returns at once.

        Args:
            options: `CloneOptions` as a dict; with `settle` the list is looked at once to name candidates.
            **keywords: The same keys as keywords.

        Returns:
            A handle with `status()` and `wait()`.

        Raises:
            UnknownOutcome: The answer was lost; `.candidates` has the new projects that may be its result.

        Example:
            >>> client.own_project.start_clone(name="preview-43").wait().name
            'preview-43'
        """

    def update_name(self, name: str) -> None:
        """Renames the project.

        Args:
            name: The new name.

        Raises:
            ConfigurationError: The name is empty.

        Example:
            >>> client.own_project.update_name("renamed")
        """

    def update_tags(self, tags: Sequence[str]) -> None:
        """Replaces the project's tags.

        Args:
            tags: All tags that it has from then on; `[]` removes every one.

        Raises:
            ConfigurationError: `tags` is one string: a list of letters is never meant.

        Example:
            >>> client.own_project.update_tags(["staging", "eu"])
        """

    def delete(
        self, options: DeleteOptions | None = None, /, *, confirm: str, **keywords: Unpack[DeleteOptions]
    ) -> None:
        """Deletes the project for good, with its users, tenants and keys.

        Args:
            options: `DeleteOptions` as a dict: `settle`, `settle_timeout`, `timeout`.
            confirm: The project's id, or its name if the list shows exactly this id under it.
            **keywords: The keys of `DeleteOptions` as keywords.

        Raises:
            Protected: `confirm` is neither; nothing was sent.
            UnknownOutcome: The answer was lost, and the list does not show that the project is gone.

        Example:
            >>> project = client.own_project.clone(name="short-lived").project
            >>> project.delete(confirm="short-lived")
        """

    def export_snapshot(self, options: ExportOptions | None = None, /, **keywords: Unpack[ExportOptions]) -> Snapshot:
        """Exports the project's configuration without its secrets. Of the two exports this is the one to use.

        Args:
            options: `ExportOptions` as a dict: `format`, `timeout`.
            **keywords: The same keys as keywords.

        Returns:
            The files as received, held outside Python; a file is parsed when it is read.

        Raises:
            PermissionDenied: The company's tier does not include exports.
            ProtocolError: The answer is no export.

        Example:
            >>> snapshot = client.own_project.export_snapshot()
            >>> "project.json" in snapshot, snapshot.partial
            (True, False)
        """

    def export_project(self, options: ExportOptions | None = None, /, **keywords: Unpack[ExportOptions]) -> Snapshot:
        """Exports the project's configuration; secrets may be in it. Use `export_snapshot` unless you need them.

        Args:
            options: `ExportOptions` as a dict: `format`, `timeout`.
            **keywords: The same keys as keywords.

        Returns:
            The files, with `contains_secrets` set: they are not shown, not pickled, and written only with
            `allow_secrets`.

        Raises:
            PermissionDenied: The company's tier does not include exports.
            ProtocolError: The answer is no export.

        Example:
            >>> client.own_project.export_project().contains_secrets
            True
        """

    def import_snapshot(
        self, files: Files, options: ImportOptions | None = None, /, **keywords: Unpack[ImportOptions]
    ) -> None:
        """Overrides the project's whole configuration with a snapshot. What the files lack may be deleted.

        Secrets that the project has are kept; new ones come from `input_secrets`. Validate first.

        Args:
            files: A `Snapshot`, a mapping of path to value, or the path of a directory or `.zip`.
            options: `ImportOptions` as a dict: `exclude`, `input_secrets`, `allow_unknown_excludes`, `allow_partial`,
                `timeout`.
            **keywords: The same keys as keywords.

        Raises:
            SnapshotError: The files cannot be read, are a part, or are an export's wrapper; nothing was sent.
            ConfigurationError: A value of `exclude` is not documented, or a secret is empty; nothing was sent.
            UnknownOutcome: It was sent and its end is not known: it may still be running, or be half done. Export to
                see.

        Example:
            >>> client.own_project.import_snapshot(snapshot, {"exclude": ["project.domain"]})
        """

    def import_project(
        self, files: Files, options: ImportOptions | None = None, /, **keywords: Unpack[ImportOptions]
    ) -> None:
        """Overrides the project's whole configuration with the files of a project export. See `import_snapshot`.

        Args:
            files: A `Snapshot`, a mapping of path to value, or the path of a directory or `.zip`.
            options: `ImportOptions` as a dict.
            **keywords: The same keys as keywords.

        Raises:
            SnapshotError: The files cannot be read, are a part, or are an export's wrapper; nothing was sent.
            ConfigurationError: A value of `exclude` is not documented, or a secret is empty; nothing was sent.
            UnknownOutcome: It was sent and its end is not known. Export to see.

        Example:
            >>> client.own_project.import_project(client.own_project.export_project(), exclude=["flows"])
        """

    def validate_snapshot(
        self, files: Files, options: ValidateOptions | None = None, /, **keywords: Unpack[ValidateOptions]
    ) -> Validation:
        """Asks whether a snapshot could be imported into this project. Changes nothing.

        Args:
            files: A `Snapshot`, a mapping of path to value, or the path of a directory or `.zip`.
            options: `ValidateOptions` as a dict, as for the import that it is asked about.
            **keywords: The same keys as keywords.

        Returns:
            What the server says; true if the snapshot could be imported. `.check()` raises if not.

        Raises:
            SnapshotError: The files cannot be read, are a part, or are an export's wrapper; nothing was sent.
            ConfigurationError: A value of `exclude` is not documented, or a secret is empty; nothing was sent.

        Example:
            >>> client.own_project.validate_snapshot(snapshot).ok
            True
        """

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def _repr_html_(self) -> str: ...

@final
class AsyncProject:
    """`Project` for asyncio: the same names, awaited. Made by `AsyncClient.project`."""

    @property
    def id(self) -> str:
        """The project's id (`P…`)."""

    def clone(
        self, options: CloneOptions | None = None, /, **keywords: Unpack[CloneOptions]
    ) -> Coroutine[Any, Any, CloneResult[AsyncProject]]:
        """`Project.clone`, awaited."""

    def start_clone(
        self, options: CloneOptions | None = None, /, **keywords: Unpack[CloneOptions]
    ) -> Coroutine[Any, Any, AsyncStartedClone]:
        """`Project.start_clone`, awaited."""

    def update_name(self, name: str) -> Coroutine[Any, Any, None]:
        """`Project.update_name`, awaited."""

    def update_tags(self, tags: Sequence[str]) -> Coroutine[Any, Any, None]:
        """`Project.update_tags`, awaited."""

    def delete(
        self, options: DeleteOptions | None = None, /, *, confirm: str, **keywords: Unpack[DeleteOptions]
    ) -> Coroutine[Any, Any, None]:
        """`Project.delete`, awaited."""

    def export_snapshot(
        self, options: ExportOptions | None = None, /, **keywords: Unpack[ExportOptions]
    ) -> Coroutine[Any, Any, Snapshot]:
        """`Project.export_snapshot`, awaited."""

    def export_project(
        self, options: ExportOptions | None = None, /, **keywords: Unpack[ExportOptions]
    ) -> Coroutine[Any, Any, Snapshot]:
        """`Project.export_project`, awaited."""

    def import_snapshot(
        self, files: Files, options: ImportOptions | None = None, /, **keywords: Unpack[ImportOptions]
    ) -> Coroutine[Any, Any, None]:
        """`Project.import_snapshot`, awaited."""

    def import_project(
        self, files: Files, options: ImportOptions | None = None, /, **keywords: Unpack[ImportOptions]
    ) -> Coroutine[Any, Any, None]:
        """`Project.import_project`, awaited."""

    def validate_snapshot(
        self, files: Files, options: ValidateOptions | None = None, /, **keywords: Unpack[ValidateOptions]
    ) -> Coroutine[Any, Any, Validation]:
        """`Project.validate_snapshot`, awaited."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def _repr_html_(self) -> str: ...

@final
class StartedClone:
    """A clone that the server makes in the background. Made by `Project.start_clone`."""

    @property
    def process_id(self) -> str:
        """What the server calls it."""

    def status(self) -> CloneStatus:
        """Asks once how far it is.

        Example:
            >>> started = client.own_project.start_clone(name="preview-44")
            >>> started.status().state in ("running", "done")
            True
        """

    def wait(self, timeout: Seconds = 600) -> CloneResult[Project]:
        """Asks at growing intervals until the project is there.

        Args:
            timeout: How long to wait altogether, in seconds.

        Raises:
            DeadlineExceeded: It still runs; it goes on at the server, and may be waited for again.
            ApiError: The server says that it failed; `.message` has its reason.

        Example:
            >>> client.own_project.start_clone(name="preview-45").wait(timeout=60).project.id.startswith("P")
            True
        """

@final
class AsyncStartedClone:
    """`StartedClone` for asyncio: the same names, awaited. Made by `AsyncProject.start_clone`."""

    @property
    def process_id(self) -> str:
        """What the server calls it."""

    def status(self) -> Coroutine[Any, Any, CloneStatus]:
        """`StartedClone.status`, awaited."""

    def wait(self, timeout: Seconds = 600) -> Coroutine[Any, Any, CloneResult[AsyncProject]]:
        """`StartedClone.wait`, awaited."""

@final
class ProjectInfo:
    """One project as the list shows it. Frozen; equal by its fields.

    Args:
        id: Its id (`P…`).
        name: Its name; not unique.
        environment: `production`, or None.
        tags: Its tags.
        extra: Fields that the server added since.

    Example:
        >>> match ProjectInfo("P2abc", "shop", "production"):
        ...     case ProjectInfo(environment="production", name=name):
        ...         print(name)
        shop
    """

    __match_args__: ClassVar[tuple[str, ...]] = ("id", "name", "environment", "tags")
    def __new__(
        cls,
        id: str,
        name: str | None = None,
        environment: str | None = None,
        tags: Sequence[str] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> Self: ...
    @property
    def id(self) -> str:
        """Its id (`P…`)."""

    @property
    def name(self) -> str | None:
        """Its name; not unique. None if the server did not say."""

    @property
    def environment(self) -> str | None:
        """`production`, or None."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""

    @property
    def extra(self) -> dict[str, Any]:
        """Fields that the server added since; a new dict each time."""

    def to_dict(self) -> dict[str, Any]:
        """All fields as a dict, `extra` included."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def _repr_html_(self) -> str: ...

@final
class CloneResult(Generic[_ProjectT]):
    """What a clone made. Frozen; equal by its fields, the handle not among them.

    What the server did not say is None.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ("id", "name", "environment", "tags")
    @property
    def id(self) -> str | None:
        """The new project's id (`P…`)."""

    @property
    def name(self) -> str | None:
        """Its name."""

    @property
    def environment(self) -> str | None:
        """`production`, or None."""

    @property
    def tags(self) -> tuple[str, ...] | None:
        """Its tags."""

    @property
    def project(self) -> _ProjectT:
        """A handle on the new project, with the key of the one that was cloned.

        Raises:
            ProtocolError: The server did not say which project it made; `written` is "applied".
        """

    @property
    def settled(self) -> bool:
        """True if the answer was lost and the project was found in the list instead."""

    @property
    def extra(self) -> dict[str, Any]:
        """Fields that the server added since; a new dict each time."""

    def to_dict(self) -> dict[str, Any]:
        """All fields but the handle as a dict, `extra` included."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    @classmethod
    def __class_getitem__(cls, key: Any) -> Any: ...

@final
class CloneStatus:
    """How far a started clone is. Frozen; equal by its fields."""

    __match_args__: ClassVar[tuple[str, ...]] = ("state", "id", "name", "error")
    @property
    def state(self) -> Literal["running", "done", "failed"]:
        """Whether it still runs, and how it ended."""

    @property
    def id(self) -> str | None:
        """The new project's id (`P…`), once it is there."""

    @property
    def name(self) -> str | None:
        """Its name, once it is there."""

    @property
    def error(self) -> str | None:
        """Why it failed, in the server's words."""

    @property
    def extra(self) -> dict[str, Any]:
        """Fields that the server added since; a new dict each time."""

    def to_dict(self) -> dict[str, Any]:
        """All fields as a dict, `extra` included."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class MissingSecret:
    """A secret that an import would need. Frozen; equal by its fields."""

    __match_args__: ClassVar[tuple[str, ...]] = ("group", "id", "name", "type")
    @property
    def group(self) -> SecretGroup:
        """The key of `InputSecrets` under which to send it."""

    @property
    def id(self) -> str:
        """The entity's id in the files that were sent."""

    @property
    def name(self) -> str:
        """The entity's name."""

    @property
    def type(self) -> str:
        """Which secret of the entity, for example `apiKey`."""

    def to_dict(self) -> dict[str, str]:
        """All fields as a dict."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Validation:
    """What the server says of a snapshot. Frozen; equal by its fields; true if the snapshot could be imported."""

    __match_args__: ClassVar[tuple[str, ...]] = ("ok", "failures", "missing_secrets")
    @property
    def ok(self) -> bool:
        """Whether it could be imported: nothing failed, and no secret is missing."""

    @property
    def failures(self) -> tuple[str, ...]:
        """Why not, a sentence each."""

    @property
    def missing_secrets(self) -> tuple[MissingSecret, ...]:
        """The secrets that an import would need."""

    def check(self) -> None:
        """Does nothing if the snapshot could be imported.

        Raises:
            ValidationFailed: It could not; `.validation` is this.

        Example:
            >>> client.own_project.validate_snapshot(snapshot).check()
        """

    def to_dict(self) -> dict[str, Any]:
        """All fields as a dict; a secret is a dict too."""

    def __bool__(self) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Snapshot(Mapping[str, Any]):
    """A project's configuration as files: an immutable mapping of path to value, held as received.

    A value is parsed when it is read, a new object each time: JSON as Python objects, text as `str`, an image as its
    decoded `bytes`. Files that nobody touches are sent and written from the bytes that were received. Two snapshots are
    equal if their `digest` is. Made by an export, `read` or `from_files`.

    Example:
        >>> snapshot = Snapshot.from_files({"project.json": {"domain": "example.com"}, "assets/notice.txt": "Hello"})
        >>> snapshot["project.json"]["domain"]
        'example.com'
        >>> [path for path in snapshot if path.startswith("assets/")]
        ['assets/notice.txt']
    """

    @staticmethod
    def from_files(files: Mapping[str, Any]) -> Snapshot:
        """A snapshot of these files, for example an export's `files` or what `to_files` gave.

        Args:
            files: Path to value: JSON objects, `str` for text, `bytes` or base64 for images.

        Raises:
            SnapshotError: A value is none of these, or `files` is an export's wrapper `{"files": …}`.
            UnsafePath: A path could not be a file's in every directory.

        Example:
            >>> Snapshot.from_files({"project.json": {}}).partial
            False
        """

    @staticmethod
    def read(path: str | PathLike[str]) -> Snapshot:
        """Reads a directory or `.zip` that `write` or the vendor's command line made.

        A file that cannot be one of a snapshot is left out and named in `skipped`. If a killed `write` left a directory
        between two snapshots, the newer one is finished first.

        Args:
            path: The directory, or a file whose name ends in `.zip`.

        Raises:
            SnapshotError: Nothing is there, or a file cannot be read or parsed; the error names it.
            UnsafePath: A path would leave the directory, or an archive holds one that would.

        Example:
            >>> snapshot.write(directory / "staging")
            >>> Snapshot.read(directory / "staging") == snapshot
            True
        """

    def write(
        self, path: str | PathLike[str], options: WriteOptions | None = None, /, **keywords: Unpack[WriteOptions]
    ) -> None:
        """Writes a directory or `.zip`, so that the vendor's command line can read it too.

        Nobody reads a mixture of old and new, even if this process is killed. Of what is there, only files of the
        snapshot that was there before are removed.

        Args:
            path: The directory, made if it is not there, or a file whose name ends in `.zip`.
            options: `WriteOptions` as a dict: `force`, `allow_secrets`, `durable`.
            **keywords: The same keys as keywords.

        Raises:
            SnapshotError: The directory is no snapshot (see `force`), the snapshot holds secrets (see `allow_secrets`),
                or the system refused.
            UnsafePath: A path would leave the directory.

        Example:
            >>> snapshot.write(directory / "staging.zip", {"durable": True})
        """

    def to_files(self) -> dict[str, Any]:
        """All files as a dict of path to value, every one parsed.

        Example:
            >>> Snapshot.from_files(snapshot.to_files()) == snapshot
            True
        """

    def raw(self, path: str) -> bytes:
        """The value's JSON text as received: for text and images the quoted string.

        Args:
            path: Of which file.

        Raises:
            KeyError: There is no such file.

        Example:
            >>> Snapshot.from_files({"project.json": {"domain": "example.com"}}).raw("project.json")
            b'{"domain":"example.com"}'
        """

    def content(self, path: str) -> bytes:
        """The file's bytes as `write` writes them.

        Args:
            path: Of which file.

        Raises:
            KeyError: There is no such file.
            SnapshotError: The value is not what its name says.

        Example:
            >>> print(Snapshot.from_files({"project.json": {"domain": "example.com"}}).content("project.json").decode())
            {
              "domain": "example.com"
            }
            <BLANKLINE>
        """

    def json(self, path: str, *, decimal: bool = False) -> Any:
        """The value of a JSON file as Python objects.

        Args:
            path: Of which file.
            decimal: Give numbers with a fraction or exponent as `Decimal`, with the digits received, not as `float`.

        Raises:
            KeyError: There is no such file.
            SnapshotError: It is not JSON.

        Example:
            >>> Snapshot.from_files({"project.json": {"domain": "example.com"}}).json("project.json")
            {'domain': 'example.com'}
        """

    def entities(self, pattern: str = "*") -> list[Entity]:
        """The things that the files describe: flows, connectors, roles, settings and so on.

        Args:
            pattern: `kind:name`, with `*` in both, for example `flow:sign-*`; `*` alone is everything.

        Raises:
            SnapshotError: The pattern's kind is not one, or nothing here matches it; the nearest right one is named.

        Example:
            >>> all(entity.kind == "flow" for entity in snapshot.entities("flow:*"))
            True
        """

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical form of all files: equal content, whatever the key order and formatting."""

    @property
    def semantic_digest(self) -> str:
        """The digest after the noise rules, behind their version (`n1:…`): two exports of an untouched project agree."""

    @property
    def size(self) -> int:
        """The size of all values as received, in bytes."""

    @property
    def partial(self) -> bool:
        """Whether this is a part: an import of it would delete what it lacks, and is refused."""

    @property
    def contains_secrets(self) -> bool:
        """Whether secrets may be in it: it comes from `export_project`, or holds a literal one."""

    @property
    def skipped(self) -> tuple[str, ...]:
        """The paths of files that `read` found and left out, because they can be no part of a snapshot."""

    def get(self, path: Any, default: Any = None, /) -> Any:
        """The value of a file, or `default` if there is no such file.

        Args:
            path: Of which file.
            default: What to return instead.

        Raises:
            SnapshotError: The value is not what its name says.

        Example:
            >>> snapshot.get("no-such-file.json", {})
            {}
        """

    def keys(self) -> KeysView[str]:
        """The paths, sorted.

        Example:
            >>> list(snapshot.keys()) == sorted(snapshot)
            True
        """

    def values(self) -> ValuesView[Any]:
        """The values, in the order of the paths; each is parsed when it is reached.

        Example:
            >>> len(snapshot.values()) == len(snapshot)
            True
        """

    def items(self) -> ItemsView[str, Any]:
        """Pairs of path and value, in the order of the paths; each value is parsed when it is reached.

        Example:
            >>> dict(snapshot.items()) == snapshot.to_files()
            True
        """

    def __getitem__(self, path: str, /) -> Any: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __contains__(self, path: object, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def _repr_html_(self) -> str: ...

@final
class Entity:
    """One thing that a snapshot describes. Frozen; equal by its fields."""

    __match_args__: ClassVar[tuple[str, ...]] = ("kind", "name", "id", "paths")
    @property
    def kind(self) -> str:
        """What it is, for example `flow` or `connector`."""

    @property
    def name(self) -> str:
        """What it is called: its identity between projects."""

    @property
    def id(self) -> str | None:
        """Its id in this project, if it has one."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it is in."""

    @property
    def value(self) -> Any:
        """Its content as Python objects; a new object each time."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Emulator:
    """A server on this machine that behaves like the project-management part of the API. For trying and for tests.

    It runs in the background from its construction to `stop`, the end of its `with` block, or the end of the process.
    Any client can use it, the vendor's SDKs included.

    Args:
        options: `EmulatorOptions` as a dict.
        **keywords: The same keys as keywords.

    Raises:
        ConfigurationError: An option or the seed cannot be used, or the address cannot be listened on.

    Example:
        >>> with Emulator() as emulator, emulator.client() as client:
        ...     len(client.list_projects()) == len(emulator.projects)
        True
    """

    def __new__(cls, options: EmulatorOptions | None = None, /, **keywords: Unpack[EmulatorOptions]) -> Self: ...
    @property
    def url(self) -> str:
        """The base URL, on a port of its own."""

    @property
    def project_id(self) -> str:
        """A project to start from."""

    @property
    def management_key(self) -> str:
        """A key of that project's company, company-wide where the seed has one."""

    @property
    def restored(self) -> bool:
        """Whether it goes on from what was in `state` before, so that its seed was not used."""

    @property
    def projects(self) -> tuple[ProjectInfo, ...]:
        """The projects of that company as they are now."""

    def client(self, options: ClientOptions | None = None, /, **keywords: Unpack[ClientOptions]) -> Client:
        """A `Client` for `project_id` and `management_key`.

        Args:
            options: `ClientOptions` as a dict; `base_url` is given already.
            **keywords: The same keys as keywords.

        Example:
            >>> with emulator.client(read_only=True) as client:
            ...     client.read_only
            True
        """

    def async_client(self, options: ClientOptions | None = None, /, **keywords: Unpack[ClientOptions]) -> AsyncClient:
        """An `AsyncClient` for `project_id` and `management_key`. See `client`."""

    def fail(self, operation: str, options: FaultOptions | None = None, /, **keywords: Unpack[FaultOptions]) -> int:
        """Makes coming requests of a call fail.

        Args:
            operation: The call's name, for example `clone` or `list_projects`; `*` is every call.
            options: `FaultOptions` as a dict: what happens (`action`, and the options that it takes), from which
                request on (`occurrence`) and how often (`times`).
            **keywords: The same keys as keywords.

        Returns:
            A number that names the fault in `release` and `wait_until_held`.

        Raises:
            ConfigurationError: There is no such call, an option cannot be right, or the action does not take it.

        Example:
            >>> _ = emulator.fail("list_projects", status=503)
            >>> len(client.list_projects()) > 0  # the first attempt fails, the second does not
            True
        """

    def release(self, fault: int) -> None:
        """Lets go of what a fault holds, now and later: requests, answers, and work that finishes later.

        The work of the action `finish_later` is done when this returns.

        Args:
            fault: What `fail` returned.

        Raises:
            ConfigurationError: There is no such fault.

        Example:
            >>> from descope_projects import UnknownOutcome
            >>> fault = emulator.fail("clone", action="finish_later", status=504)
            >>> try:
            ...     _ = client.own_project.clone(name="late", settle=False)
            ... except UnknownOutcome:
            ...     emulator.release(fault)
            >>> [project.name for project in emulator.projects]
            ['Example', 'late']
        """

    def wait_until_held(self, fault: int, timeout: Seconds = 10) -> bool:
        """Waits until a fault holds something: a request, an answer, or work that finishes later.

        Args:
            fault: What `fail` returned.
            timeout: How long to wait, in seconds.

        Returns:
            False if none came in time.

        Raises:
            ConfigurationError: There is no such fault.
        """

    def clear_faults(self) -> None:
        """Removes all faults and lets go of what they hold, as `release` does."""

    def settings(self) -> dict[str, dict[str, Any]]:
        """The switches and modes by which it goes now.

        Returns:
            `semantics` with every key of `SemanticsOptions`, and `normalise` with every key of `NormaliseOptions`.

        Example:
            >>> emulator.settings()["semantics"]["absent_files"]
            'delete'
        """

    def configure(self, options: SettingsOptions | None = None, /, **keywords: Unpack[SettingsOptions]) -> None:
        """Changes switches and modes from now on; those that are not named stay as they are.

        `reset` goes back to those that the emulator was made with.

        Args:
            options: `SettingsOptions` as a dict.
            **keywords: The same keys as keywords.

        Raises:
            ConfigurationError: There is no such switch or mode, or it has no such value.

        Example:
            >>> emulator.configure(semantics={"absent_files": "keep"}, normalise={"lag": 1})
            >>> client.own_project.import_snapshot({**snapshot.to_files(), "lists.json": {"lists": []}})
            >>> [len(client.own_project.export_snapshot()["lists.json"]["lists"]) for _ in range(2)]
            [1, 0]
        """

    @overload
    def executions(self, operation: str) -> int: ...
    @overload
    def executions(self, operation: None = None) -> dict[str, int]:
        """How often a call's work was done. A request that was refused, or cut off before the work, does not count.

        Args:
            operation: The call's name. Without one, a dict of the counts of every call that was made.

        Raises:
            ConfigurationError: There is no such call.

        Example:
            >>> emulator.executions("clone")
            0
        """

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are set, those that have struck all their requests included.

        Returns:
            A dict each: `id`, `operation`, `occurrence`, `times`, `action`, and how many requests it has `seen`,
            `applied` itself to, and holds at this moment (`held`).

        Example:
            >>> _ = emulator.fail("license", status=500)
            >>> [fault["operation"] for fault in emulator.faults()]
            ['license']
        """

    def files(self, project_id: str) -> dict[str, Any]:
        """A project's files as a snapshot export shows them: JSON, and text and base64 images as `str`.

        Args:
            project_id: The project; of any company.

        Raises:
            ConfigurationError: There is no such project.

        Example:
            >>> emulator.files(emulator.project_id)["project.json"]["appUrl"]
            'https://app.example.com'
        """

    def put_file(self, project_id: str, path: str, value: Any) -> None:
        """Writes one file as someone at the console would: a real secret is taken in, the indices follow.

        Args:
            project_id: The project; of any company.
            path: The file's path in the snapshot.
            value: Its content: for JSON a dict, for text and base64 images a string.

        Raises:
            ConfigurationError: There is no such project, or the file cannot be one of a project.

        Example:
            >>> emulator.put_file(emulator.project_id, "lists.json", {"lists": []})
            >>> client.own_project.export_snapshot()["lists.json"]
            {'lists': []}
        """

    def remove_file(self, project_id: str, path: str) -> None:
        """Removes a file, or all files of a directory, as someone at the console would: its secrets go with it.

        Args:
            project_id: The project; of any company.
            path: The file's path in the snapshot, or a directory's.

        Raises:
            ConfigurationError: There is no such project or file, or no project can be without it.
        """

    def requests(self) -> list[dict[str, Any]]:
        """The requests that arrived, at most the last ten thousand, without credentials.

        Returns:
            A dict each: `sequence`, `connection`, `method`, `path`, `operation`, `http_version`, `headers` (a list of
            pairs), `project_id`, `key_fingerprint`, `body_size`, `body` (see `keep_bodies`), `ray`, `status`.

        Example:
            >>> _ = client.list_projects()
            >>> emulator.requests()[-1]["operation"]
            'list_projects'
        """

    def clear_records(self) -> None:
        """Forgets the requests and the counts of executions."""

    @property
    def connections_accepted(self) -> int:
        """How many connections were accepted since it started."""

    def reset(self) -> None:
        """Goes back to the start: projects, switches and modes, faults and records.

        With `state`, to the seed that the state began with, and what is on disk goes back as well.

        Raises:
            ConfigurationError: The state cannot be written.
        """

    def stop(self) -> None:
        """Stops the server. Stopping twice is no error."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def _repr_html_(self) -> str: ...

def run_command_line(arguments: Sequence[str], /) -> int:
    """Runs the command line program.

    Args:
        arguments: The program's name and what follows it.

    Returns:
        The exit status.
    """

@final
class _Mailbox:
    """Where calls that have finished wait for their event loop. Private."""

    def __new__(cls, event_loop: Any) -> Self: ...
    @property
    def _watched(self) -> bool:
        """Whether its loop watches its descriptor, and so has it."""

    def _drain(self) -> None:
        """Resolves what has finished; called by the event loop."""

@final
class _Flight:
    """One asynchronous call. Private."""

    def start(self, mailbox: _Mailbox, future: Any) -> None:
        """Starts the call; `future` is resolved through the mailbox."""

    def cancel(self) -> Any:
        """Ends the call; returns what is unknown because of that, or None."""

    def land(self) -> None:
        """Hands over the log records; called when the coroutine ends, however it ends."""

def _generation() -> int:
    """How many forks lie between the first process and this one."""

def _after_fork_in_child() -> None:
    """Called by the interpreter in the child of a fork."""

def _stop_background() -> None:
    """Stops the threads of all clients of this process."""
