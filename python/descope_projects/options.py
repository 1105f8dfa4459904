"""What may be passed as options: one dict per method, each key with its default.

Every method that takes options takes them as one positional dict, as keywords, or both; a key in both is an error, and
so is a key that is not here. Times are seconds, as a number or a `timedelta`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, Union

if TYPE_CHECKING:
    from descope_projects._native import Snapshot

__all__ = [
    "ClientOptions",
    "CloneOptions",
    "DeleteOptions",
    "EmulatorOptions",
    "Environment",
    "ExportFormat",
    "ExportOptions",
    "FaultAction",
    "FaultOptions",
    "Files",
    "ImportOptions",
    "InputSecret",
    "InputSecrets",
    "ManagementKey",
    "NormaliseOptions",
    "RateLimitOptions",
    "RetryOptions",
    "Seconds",
    "SecretGroup",
    "SemanticsOptions",
    "SettingsOptions",
    "ValidateOptions",
    "WriteOptions",
]

Seconds: TypeAlias = float | timedelta
"""A time: a number of seconds, or a `timedelta`."""

ManagementKey: TypeAlias = str | Callable[[], str]
"""A management key (`K…`) or workload token, or a function that returns one, called before each call of the API."""

Environment: TypeAlias = Literal["production"]
"""The one word that an environment may be; a project that is not production has none."""

ExportFormat: TypeAlias = Literal["plain"]
"""`plain` leaves assets inside the JSON files."""

SecretGroup: TypeAlias = Literal["connectors", "oauth_providers", "outbound_apps", "external_auth"]
"""The kinds of entity that have secrets."""

FaultAction: TypeAlias = Literal[
    "status",
    "drop_request",
    "drop_before",
    "drop_after",
    "drop_within",
    "hold",
    "delay",
    "finish_later",
    "fail_later",
    "partial",
    "truncate",
    "slow",
    "endless",
    "html",
    "content_type",
    "wrong_type",
    "bomb",
]
"""What an emulator can do to a request; `docs/emulator.md` says what each one does."""

Files: TypeAlias = Union["Snapshot", Mapping[str, Any], str, PathLike[str]]
"""What can be imported: a `Snapshot`, a mapping of path to value, or the path of a directory or `.zip`."""


class RetryOptions(TypedDict, total=False):
    """How often and how patiently a call is repeated. What may be repeated at all is not an option."""

    max_attempts: int
    """Attempts of one call, the first included. Default: 4."""

    initial_backoff: Seconds
    """Longest pause before the second attempt, in seconds; it doubles from there. Default: 0.5."""

    max_backoff: Seconds
    """Longest pause between two attempts, in seconds, unless the server asks for more. Default: 30."""

    max_wait: Seconds
    """Longest waiting of one call for its repeats, in seconds, `Retry-After` included. Default: 120."""


class ClientOptions(TypedDict, total=False):
    """Options of `Client` and `AsyncClient`."""

    base_url: str
    """Where the API is. Default: from the environment (`from_env` only), else the host of the project id's region."""

    timeout: Seconds
    """How long one attempt may take, in seconds. Default: 60, and 300 for clone, delete, import and export."""

    connect_timeout: Seconds
    """How long a connection may take to be made, in seconds. Default: 10."""

    retry: RetryOptions
    """How often and how patiently a call is repeated. Default: the defaults of `RetryOptions`."""

    requests_per_second: float
    """Budget for all requests of the client and its handles; waiting for it is not in `max_wait`. Default: none."""

    proxy: str
    """Proxy URL. Default: from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; none for this machine."""

    ca_bundle: str | PathLike[str]
    """File of certificates (PEM) to trust beside the system's. Default: none."""

    user_agent: str
    """The `User-Agent` header. Default: `descope-projects/<version>`."""

    headers: Mapping[str, str]
    """Further headers of each request. Default: none."""

    license_handshake: bool
    """Ask once for the company's rate-limit tier and send it from then on. Default: True."""

    max_response_bytes: int
    """Largest answer that is read, in bytes, uncompressed. Default: 536870912 (512 MiB)."""

    read_only: bool
    """Refuse every call that writes, before anything is sent. Default: False."""

    allow_insecure_http: bool
    """Allow plain HTTP to a host other than this machine; the key is then readable on the way. Default: False."""


class CloneOptions(TypedDict, total=False):
    """Options of `Project.clone` and `Project.start_clone`."""

    name: str
    """The new project's name. Default: the server's choice."""

    environment: Environment
    """Make the new project a production one. Default: none."""

    tags: Sequence[str]
    """The new project's tags. Default: none."""

    settle: bool
    """List the projects before, so that an unknown outcome can be settled. Default: True where the key may list."""

    settle_timeout: Seconds
    """How long to look for the new project after an unknown outcome, in seconds. Default: 30.

    `start_clone` looks once."""

    timeout: Seconds
    """How long one attempt may take, in seconds. Default: the client's `timeout`, else 300 (`start_clone`: 60)."""


class DeleteOptions(TypedDict, total=False):
    """Options of `Project.delete`."""

    settle: bool
    """List the projects before, so that an unknown outcome can be settled. Default: True where the key may list."""

    settle_timeout: Seconds
    """How long to watch the list after an unknown outcome, in seconds. Default: 30."""

    timeout: Seconds
    """How long one attempt may take, in seconds. Default: the client's `timeout`, else 300."""


class ExportOptions(TypedDict, total=False):
    """Options of `Project.export_snapshot` and `Project.export_project`."""

    format: ExportFormat
    """`plain` leaves assets inside the JSON files. Default: assets are files of their own."""

    timeout: Seconds
    """How long one attempt may take, in seconds. Default: the client's `timeout`, else 300."""


class _RequiredOfInputSecret(TypedDict):
    id: str
    """The entity's id in the files that are sent. Required."""

    type: str
    """Which secret of the entity, for example `apiKey`. Required."""

    value: str
    """The secret; not empty. Required."""


class InputSecret(_RequiredOfInputSecret, total=False):
    """One secret to send along."""

    name: str
    """The entity's name, for people. Default: empty."""


class InputSecrets(TypedDict, total=False):
    """Secrets to send along, by the kind of entity that they belong to."""

    connectors: Sequence[InputSecret]
    """Of connectors. Default: none."""

    oauth_providers: Sequence[InputSecret]
    """Of OAuth providers. Default: none."""

    outbound_apps: Sequence[InputSecret]
    """Of outbound apps. Default: none."""

    external_auth: Sequence[InputSecret]
    """Of external authentication. Default: none."""


class ImportOptions(TypedDict, total=False):
    """Options of `Project.import_snapshot` and `Project.import_project`."""

    exclude: Sequence[str]
    """What of the target stays as it is, for example `project.domain` or `flows`. Default: nothing."""

    input_secrets: InputSecrets
    """Values for secrets that the target lacks or that are to change. Default: none; the target keeps its own."""

    allow_unknown_excludes: bool
    """Send values of `exclude` that the vendor does not document. Default: False."""

    allow_partial: bool
    """Send a part of a snapshot as if it were whole: what it lacks may be deleted. Default: False."""

    timeout: Seconds
    """How long one attempt may take, in seconds. Default: the client's `timeout`, else 300."""


class ValidateOptions(ImportOptions, total=False):
    """Options of `Project.validate_snapshot`: those of the import that it is asked about."""


class WriteOptions(TypedDict, total=False):
    """Options of `Snapshot.write`."""

    force: bool
    """Write into a directory, or over a file, that is no snapshot; other files stay. Default: False."""

    allow_secrets: bool
    """Write a snapshot that holds secrets, readable by its owner only. Default: False."""

    durable: bool
    """Survive a loss of power too, not only a killed process; slower. Default: False."""


class RateLimitOptions(TypedDict, total=False):
    """The rate limit of an emulator: so many requests in so much time, from all callers together."""

    requests: int
    """How many requests one window takes. Default: 100."""

    per: Seconds
    """How long a window is, in seconds. Default: 60."""

    licensed_requests: int
    """How many it takes of callers that send their company's tier, counted apart. Default: no difference."""

    retry_after_form: Literal["seconds", "date"]
    """How `Retry-After` is written. Default: `seconds`."""


class SemanticsOptions(TypedDict, total=False):
    """What an emulator does where no source tells what the real server does."""

    absent_files: Literal["delete", "keep"]
    """What an import does with what the target has and the sent files have not. Default: `delete`."""

    foreign_connector_ids: Literal["rebind", "refuse"]
    """What an import does with a connector that the target knows under another id. Default: `rebind`."""

    renamed_connector: Literal["new_entity", "rename"]
    """What an import does with a connector that the target knows under another name. Default: `new_entity`."""

    dangling_references: Literal["refuse", "accept"]
    """What an import does with a reference that names nothing. Default: `refuse`."""

    refused_imports: Literal["write_nothing", "write_part"]
    """What an import has written by the time it is refused for its secrets or references. Default: `write_nothing`."""

    unknown_excludes: Literal["refuse", "ignore"]
    """What happens to a value of `excludes` that is not documented. Default: `refuse`."""

    snapshot_excludes: Literal["honour", "refuse"]
    """What a snapshot import does with values of `excludes` other than `lists`. Default: `honour`."""

    unknown_input_secrets: Literal["refuse", "ignore"]
    """What happens to a secret for an entity that is not in the sent files. Default: `refuse`."""

    project_export: Literal["with_secrets", "without_secrets"]
    """Whether a project export holds the secrets. Default: `with_secrets`."""

    started_clone: Literal["seen_at_end", "seen_at_start"]
    """From when on the list has the project that an asynchronous clone makes. Default: `seen_at_end`."""

    clone_conflicts: Literal["never", "with_writes"]
    """Whether a clone counts as a write to the project that it reads. Default: `never`."""

    bad_token_status: int
    """The status of a missing, garbled or unknown token, 400 to 599. Default: 401."""

    forbidden_status: int
    """The status of what the key, or the company's tier, does not allow, 400 to 599. Default: 403."""

    unknown_project_status: int
    """The status of a project that is not there, 400 to 599. Default: 404."""

    conflict_status: int
    """The status of a second write to a project while one runs, 400 to 599. Default: 409."""


class NormaliseOptions(TypedDict, total=False):
    """What an emulator changes on the way in and out, as a real server may."""

    new_ids: bool
    """Each import gives connectors, roles, permissions and JWT templates new ids. Default: False."""

    stamps: bool
    """Each export has another `componentsVersion` in its flows and styles. Default: False."""

    defaults: Literal["never", "at_import", "at_export"]
    """When absent fields get their defaults, and tasks their derived keys. Default: `never`."""

    references: Literal["never", "at_import", "at_export"]
    """When a flow's `references` get all that the flow uses. Default: `never`."""

    order: bool
    """Each export has its sets in another order than the one before. Default: False."""

    views: bool
    """Each import moves the tasks of flows on the canvas. Default: False."""

    screen_names: bool
    """Each import names the files of screens after their tasks. Default: False."""

    lag: int
    """How many exports after an import still show what was before it. Default: 0."""


class EmulatorOptions(TypedDict, total=False):
    """Options of `Emulator`."""

    port: int
    """The port; 0 takes any free one. Default: 0."""

    host: str
    """The address to listen on. Default: `127.0.0.1`."""

    allow_remote: bool
    """Allow an address that other machines can reach. Default: False."""

    seed: Literal["minimal", "acme"] | Mapping[str, Any] | PathLike[str]
    """What it starts with: a name, the content of a seed file, or its path. Default: `minimal`."""

    state: str | PathLike[str]
    """A directory in which projects, secrets, keys and started clones outlive it; the seed is used only if there is no
    state in it yet. Default: none, and everything is in memory."""

    rate_limit: RateLimitOptions
    """The rate limit. Default: none."""

    clone_steps: int
    """For how many status calls an asynchronous clone stays running. Default: 1."""

    semantics: SemanticsOptions
    """What it does where no source tells. Default: the defaults of `SemanticsOptions`."""

    normalise: NormaliseOptions | Literal["all"]
    """What it changes on the way in and out; `all` is everything, with a lag of 1. Default: nothing."""

    keep_bodies: bool
    """Keep the bodies of requests for `requests()`; input secrets never are. Default: False."""


class SettingsOptions(TypedDict, total=False):
    """Options of `Emulator.configure`."""

    semantics: SemanticsOptions
    """The switches that change. Default: none."""

    normalise: NormaliseOptions | Literal["all"]
    """The modes that change, or all of them on. Default: none."""


class FaultOptions(TypedDict, total=False):
    """Options of `Emulator.fail`: what happens to which requests."""

    action: FaultAction
    """What happens. Default: `status`."""

    status: int
    """The answer's status, 400 to 599. Default: 503; of `finish_later` 504, of `partial` 500."""

    code: str
    """`errorCode` of that answer. Default: none."""

    description: str
    """`errorDescription` of that answer. Default: none."""

    message: str
    """`errorMessage` of that answer. Default: none."""

    retry_after: str
    """`Retry-After` of that answer, sent as it is. Default: none."""

    html: bool
    """Answer as the edge does, with a page instead of JSON. Default: False."""

    body: str
    """The answer's body, sent as it is. Default: made of the fields above; of `wrong_type` `[]`."""

    drop: bool
    """Close the connection instead of answering, for `finish_later` and `partial`. Default: False."""

    when: Literal["before", "after"]
    """Whether `hold` and `delay` wait before the work, or between it and the answer. Default: `before`."""

    seconds: Seconds
    """How long the wait is, in seconds, at most 600. Default: 1; of `slow`, between two bytes, 0.1; of `finish_later`
    as long as nothing else ends it."""

    requests: int
    """How many requests come before the work of `finish_later`, not counting those for the licence. Default: none."""

    error: str
    """What the status of the clone says after `fail_later`. Default: `The clone failed`."""

    written: int
    """How many of the entities that change a `partial` import writes, in the order of paths. Default: half of them."""

    content_type: str
    """What the answer says that it is, for `content_type`. Default: `text/plain`."""

    bytes: int
    """How long the answer of `bomb` is when it is decompressed. Default: 1073741824 (1 GiB)."""

    occurrence: int
    """The first request that it strikes, counted from now, from 1. Default: 1."""

    times: int | None
    """How many requests it strikes from there on; None: all. Default: 1."""
