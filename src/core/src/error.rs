//! One error type with a kind; the Python classes and the exit statuses are read off it.

use std::fmt;
use std::time::Duration;

use crate::snapshot::{SnapshotError, SnapshotErrorKind};
use crate::wire::Project;

/// What went wrong, by what its user can do about it. The name is also the Python class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// An argument, option, variable or file of ours is wrong; nothing was sent.
    Configuration,
    /// No answer could be had. For a call that may not be repeated: certainly not sent.
    Transport,
    /// A time limit of ours ran out. For a call that may not be repeated: certainly not sent.
    DeadlineExceeded,
    /// The API answered with an error that has no kind of its own.
    Api,
    /// 401.
    Authentication,
    /// 403.
    PermissionDenied,
    /// The project is not there, or not for this key.
    ProjectNotFound,
    /// 429, and waiting longer is not allowed.
    RateLimited,
    /// 500 or more.
    Server,
    /// The answer is not what the contract says.
    Protocol,
    /// The request may or may not have been carried out.
    UnknownOutcome,
    /// A snapshot, directory or archive cannot be read, written or used.
    Snapshot,
    /// A path would leave or corrupt the directory.
    UnsafePath,
    /// The server says that the snapshot cannot be imported.
    ValidationFailed,
    /// A guard of ours refused a write before it was sent.
    Protected,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Configuration,
        Self::Transport,
        Self::DeadlineExceeded,
        Self::Api,
        Self::Authentication,
        Self::PermissionDenied,
        Self::ProjectNotFound,
        Self::RateLimited,
        Self::Server,
        Self::Protocol,
        Self::UnknownOutcome,
        Self::Snapshot,
        Self::UnsafePath,
        Self::ValidationFailed,
        Self::Protected,
    ];

    /// The name of the Python class, and `error.kind` in the JSON document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "ConfigurationError",
            Self::Transport => "TransportError",
            Self::DeadlineExceeded => "DeadlineExceeded",
            Self::Api => "ApiError",
            Self::Authentication => "AuthenticationError",
            Self::PermissionDenied => "PermissionDenied",
            Self::ProjectNotFound => "ProjectNotFound",
            Self::RateLimited => "RateLimited",
            Self::Server => "ServerError",
            Self::Protocol => "ProtocolError",
            Self::UnknownOutcome => "UnknownOutcome",
            Self::Snapshot => "SnapshotError",
            Self::UnsafePath => "UnsafePath",
            Self::ValidationFailed => "ValidationFailed",
            Self::Protected => "Protected",
        }
    }
}

/// What is known about the server's state after an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Written {
    /// Certainly nothing.
    #[default]
    Nothing,
    /// It may have been done, wholly or in part.
    Unknown,
    /// It was done.
    Applied,
    /// It was done and undone.
    Restored,
}

impl Written {
    /// The word of the JSON document and of `error.written`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Unknown => "unknown",
            Self::Applied => "applied",
            Self::Restored => "restored",
        }
    }
}

/// What happened, to which project, what was and was not done, what to do next.
#[derive(Clone)]
pub struct Error(Box<Details>);

/// The fields of an [`Error`].
#[derive(Clone, Debug)]
pub struct Details {
    /// By what can be done about it.
    pub kind: ErrorKind,
    /// For people; holds no secret.
    pub message: String,
    /// The call's name in the table, or what was attempted locally.
    pub operation: Option<String>,
    /// The project that the call was for.
    pub project_id: Option<String>,
    /// How many requests were sent or tried for this call.
    pub attempts: u32,
    /// What is known about the server's state.
    pub written: Written,
    /// Commands to run next: each a whole line for a shell, never a sentence.
    pub next: Vec<String>,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// `errorCode` of the answer.
    pub code: Option<String>,
    /// `errorDescription` of the answer.
    pub description: Option<String>,
    /// `errorMessage` of the answer.
    pub api_message: Option<String>,
    /// `cf-ray` of the answer: what the vendor's support asks for.
    pub request_id: Option<String>,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
    /// The beginning of an answer that was not understood, bounded and without secrets.
    pub preview: Option<String>,
    /// After an unknown clone: the projects that may be its result.
    pub candidates: Vec<Project>,
    /// The file or option at fault.
    pub path: Option<String>,
    /// What the server said of the snapshot.
    pub validation: Option<crate::client::Validation>,
}

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind, with nothing else known yet.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            message: message.into(),
            operation: None,
            project_id: None,
            attempts: 0,
            written: Written::Nothing,
            next: Vec::new(),
            status: None,
            code: None,
            description: None,
            api_message: None,
            request_id: None,
            retry_after: None,
            preview: None,
            candidates: Vec::new(),
            path: None,
            validation: None,
        }))
    }

    /// An argument, option or variable is wrong.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// All that is known.
    pub fn details(&self) -> &Details {
        &self.0
    }

    /// All that is known, to be completed by who knows more.
    pub fn details_mut(&mut self) -> &mut Details {
        &mut self.0
    }

    /// The same error with more known.
    #[must_use]
    pub fn with(mut self, complete: impl FnOnce(&mut Details)) -> Self {
        complete(&mut self.0);
        self
    }

    /// The exit status of a command that ends with this error.
    pub fn exit_status(&self) -> u8 {
        match (self.0.kind, self.0.written) {
            (ErrorKind::Configuration, _) => 64,
            (ErrorKind::ValidationFailed, _) => 2,
            (ErrorKind::Protected, _) => 3,
            (ErrorKind::UnknownOutcome, _) | (_, Written::Unknown | Written::Applied) => 4,
            (_, Written::Restored) => 6,
            (_, Written::Nothing) => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}({:?})", self.0.kind.name(), self.0.message)
    }
}

impl std::error::Error for Error {}

impl From<SnapshotError> for Error {
    fn from(error: SnapshotError) -> Self {
        let kind = match error.kind() {
            SnapshotErrorKind::UnsafePath => ErrorKind::UnsafePath,
            SnapshotErrorKind::Invalid | SnapshotErrorKind::Refused | SnapshotErrorKind::Io => ErrorKind::Snapshot,
        };
        let path = error.path().map(str::to_owned);
        // The hint is in the text: it is for people, and no command.
        Self::new(kind, error.to_string()).with(|details| details.path = path)
    }
}
