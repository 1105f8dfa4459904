"""What this package raises. Everything derives from `DescopeError`.

Each error knows what it was about (`project_id`, `operation`, `attempts`), what became of the server (`written`), what
to do next (`next`) and the status with which the command line would end (`exit_status`). No message holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import TypedDict, Unpack

    from descope_projects._native import ProjectInfo, Validation

    class _Common(TypedDict, total=False):
        project_id: str | None
        operation: str | None
        attempts: int
        written: Written | None
        next: Iterable[str]
        exit_status: int | None

    class _OfApi(_Common, total=False):
        status: int | None
        code: str | None
        description: str | None
        message: str | None
        request_id: str | None


__all__ = [
    "KINDS",
    "ApiError",
    "AuthenticationError",
    "ConfigurationError",
    "DeadlineExceeded",
    "DescopeError",
    "PermissionDenied",
    "ProjectNotFound",
    "Protected",
    "ProtocolError",
    "RateLimited",
    "ServerError",
    "SnapshotError",
    "TransportError",
    "UnknownOutcome",
    "UnsafePath",
    "ValidationFailed",
]

Written = Literal["nothing", "unknown", "applied", "restored"]

_Error = TypeVar("_Error", bound="DescopeError")


class DescopeError(Exception):
    """The root of every error of this package.

    Attributes:
        project_id: The project that the call was for, if it was for one.
        operation: The call's name, for example `clone`, if there was a call.
        attempts: How many requests were sent, or tried to be sent.
        written: What became of the server: `nothing`, `unknown`, `applied` or `restored`.
        next: Commands to run, each a line for a shell; none where none is known.
        exit_status: The status with which the command line ends for this error.
    """

    _written: ClassVar[Written] = "nothing"
    _exit_status: ClassVar[int] = 1

    def __init__(  # noqa: PLR0913 -- one keyword for each attribute
        self,
        text: str = "",
        /,
        *,
        project_id: str | None = None,
        operation: str | None = None,
        attempts: int = 0,
        written: Written | None = None,
        next: Iterable[str] = (),  # noqa: A002 -- the attribute's name is part of the contract
        exit_status: int | None = None,
    ) -> None:
        super().__init__(text)
        self.project_id = project_id
        self.operation = operation
        self.attempts = attempts
        self.written: Written = self._written if written is None else written
        self.next = tuple(next)
        self.exit_status = self._exit_status if exit_status is None else exit_status

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__.copy())


def _restore(error_class: type[_Error], args: tuple[Any, ...], attributes: dict[str, Any]) -> _Error:
    error = error_class(*args)
    error.__dict__.update(attributes)
    return error


class ConfigurationError(DescopeError, ValueError):
    """An argument, option, variable or file of ours is wrong. Nothing was sent.

    Attributes:
        path: The option, variable or file at fault, for example `retry.max_attempts`.
    """

    _exit_status = 64

    def __init__(self, text: str = "", /, *, path: str | None = None, **common: Unpack[_Common]) -> None:
        super().__init__(text, **common)
        self.path = path


class TransportError(DescopeError, ConnectionError):
    """No answer could be had. A call that may not be repeated was certainly not sent."""


class DeadlineExceeded(DescopeError, TimeoutError):
    """A time limit of the client ran out. A call that may not be repeated was certainly not sent."""


class ApiError(DescopeError):
    """The API answered with an error; those with a meaning of their own are subclasses.

    Attributes:
        status: The HTTP status; None where the error came with a good answer (an asynchronous clone that failed).
        code: The API's code, for example `E011008`.
        description: What the code means in general.
        message: What was wrong this time, in the API's words; `str(error)` is the whole sentence.
        request_id: What the vendor's support asks for (`cf-ray`).
    """

    def __init__(  # noqa: PLR0913 -- one keyword for each attribute
        self,
        text: str = "",
        /,
        *,
        status: int | None = None,
        code: str | None = None,
        description: str | None = None,
        message: str | None = None,
        request_id: str | None = None,
        **common: Unpack[_Common],
    ) -> None:
        super().__init__(text, **common)
        self.status = status
        self.code = code
        self.description = description
        self.message = message
        self.request_id = request_id


class AuthenticationError(ApiError):
    """The key is not one, or not any more (401)."""


class PermissionDenied(ApiError):
    """The key may not do this, or the company's tier does not include it (403)."""


class ProjectNotFound(ApiError):
    """The project is not there, or not for this key."""


class RateLimited(ApiError):
    """Too many requests (429), and waiting longer is not allowed by `retry`.

    Attributes:
        retry_after: How many seconds the server asked to wait, if it said.
    """

    def __init__(self, text: str = "", /, *, retry_after: float | None = None, **common: Unpack[_OfApi]) -> None:
        super().__init__(text, **common)
        self.retry_after = retry_after


class ServerError(ApiError):
    """The server failed (500 or more), and a repeat did not help."""


class ProtocolError(DescopeError):
    """The answer is not what the API's contract says.

    Attributes:
        status: The HTTP status, if one was received.
        preview: The beginning of the answer, bounded and without secrets.
        request_id: What the vendor's support asks for (`cf-ray`).
    """

    def __init__(
        self,
        text: str = "",
        /,
        *,
        status: int | None = None,
        preview: str | None = None,
        request_id: str | None = None,
        **common: Unpack[_Common],
    ) -> None:
        super().__init__(text, **common)
        self.status = status
        self.preview = preview
        self.request_id = request_id


class UnknownOutcome(DescopeError):
    """A clone, delete or import was sent, and nobody knows what became of it. Look before anything is repeated.

    It is no `ConnectionError` and no `TimeoutError` on purpose: a generic retry must never repeat such a call.

    Attributes:
        candidates: After a clone: the new projects that may be its result.
        status: The HTTP status, if there was an answer.
        request_id: What the vendor's support asks for (`cf-ray`).
    """

    _written = "unknown"
    _exit_status = 4

    def __init__(
        self,
        text: str = "",
        /,
        *,
        candidates: Iterable[ProjectInfo] = (),
        status: int | None = None,
        request_id: str | None = None,
        **common: Unpack[_Common],
    ) -> None:
        super().__init__(text, **common)
        self.candidates = tuple(candidates)
        self.status = status
        self.request_id = request_id


class SnapshotError(DescopeError):
    """A snapshot, directory or archive cannot be read, written or used as it was asked for.

    Attributes:
        path: The file at fault.
    """

    def __init__(self, text: str = "", /, *, path: str | None = None, **common: Unpack[_Common]) -> None:
        super().__init__(text, **common)
        self.path = path


class UnsafePath(SnapshotError):
    """A path would leave or corrupt the place that is read or written."""


class ValidationFailed(DescopeError):
    """The server says that the snapshot cannot be imported.

    Attributes:
        validation: What it said.
    """

    _exit_status = 2

    def __init__(self, text: str = "", /, *, validation: Validation | None = None, **common: Unpack[_Common]) -> None:
        super().__init__(text, **common)
        self.validation = validation


class Protected(DescopeError):
    """A guard of ours (`read_only`, a confirmation that is not the project's) refused a write before it was sent."""

    _exit_status = 3


KINDS: dict[str, type[DescopeError]] = {
    error_class.__name__: error_class
    for error_class in (
        ConfigurationError,
        TransportError,
        DeadlineExceeded,
        ApiError,
        AuthenticationError,
        PermissionDenied,
        ProjectNotFound,
        RateLimited,
        ServerError,
        ProtocolError,
        UnknownOutcome,
        SnapshotError,
        UnsafePath,
        ValidationFailed,
        Protected,
    )
}
"""The class of each kind of error that the extension knows, by the kind's name."""
