"""Descope projects as environments: clone, export, validate and import them, safely.

Start with `Client`, or with `Emulator` if you have no account. Every error is a `DescopeError`; what may be passed as
options is in `descope_projects.options`.
"""

from descope_projects._native import (
    AsyncClient,
    AsyncProject,
    AsyncStartedClone,
    Client,
    CloneResult,
    CloneStatus,
    Emulator,
    Entity,
    MissingSecret,
    Project,
    ProjectInfo,
    Snapshot,
    StartedClone,
    Validation,
    __version__,
)

# `typing` alone would cost more than everything else that is imported here; type checkers know this name by itself.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from descope_projects.errors import (
        ApiError,
        AuthenticationError,
        ConfigurationError,
        DeadlineExceeded,
        DescopeError,
        PermissionDenied,
        ProjectNotFound,
        Protected,
        ProtocolError,
        RateLimited,
        ServerError,
        SnapshotError,
        TransportError,
        UnknownOutcome,
        UnsafePath,
        ValidationFailed,
    )
    from descope_projects.options import (
        ClientOptions,
        CloneOptions,
        DeleteOptions,
        EmulatorOptions,
        Environment,
        ExportFormat,
        ExportOptions,
        FaultAction,
        FaultOptions,
        Files,
        ImportOptions,
        InputSecret,
        InputSecrets,
        ManagementKey,
        NormaliseOptions,
        RateLimitOptions,
        RetryOptions,
        Seconds,
        SecretGroup,
        SemanticsOptions,
        SettingsOptions,
        ValidateOptions,
        WriteOptions,
    )

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncProject",
    "AsyncStartedClone",
    "AuthenticationError",
    "Client",
    "ClientOptions",
    "CloneOptions",
    "CloneResult",
    "CloneStatus",
    "ConfigurationError",
    "DeadlineExceeded",
    "DeleteOptions",
    "DescopeError",
    "Emulator",
    "EmulatorOptions",
    "Entity",
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
    "MissingSecret",
    "NormaliseOptions",
    "PermissionDenied",
    "Project",
    "ProjectInfo",
    "ProjectNotFound",
    "Protected",
    "ProtocolError",
    "RateLimitOptions",
    "RateLimited",
    "RetryOptions",
    "Seconds",
    "SecretGroup",
    "SemanticsOptions",
    "ServerError",
    "SettingsOptions",
    "Snapshot",
    "SnapshotError",
    "StartedClone",
    "TransportError",
    "UnknownOutcome",
    "UnsafePath",
    "ValidateOptions",
    "Validation",
    "ValidationFailed",
    "WriteOptions",
    "__version__",
]

# Hidden from type checkers: a module with `__getattr__` has every name there is.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Loads errors and options when they are first asked for."""
        if name in ("errors", "options"):
            return __import__(f"{__name__}.{name}", fromlist=["__name__"])
        if name in __all__:
            for module_name in ("errors", "options"):
                module = __import__(f"{__name__}.{module_name}", fromlist=["__name__"])
                if name in module.__all__:
                    value = globals()[name] = getattr(module, name)
                    return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
