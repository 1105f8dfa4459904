//! What a command returns.

use descope_projects_core::{Error, ErrorKind, Written};
use serde_json::Value;

use crate::exit_status::ExitStatus;
use crate::signals::Signal;

/// A command that came to its end.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What it ends with.
    pub(crate) status: ExitStatus,
    /// What is known about the server's state.
    pub(crate) written: Written,
    /// `result` of the JSON document.
    pub(crate) result: Value,
    /// What goes to stdout without `--json`.
    pub(crate) text: String,
    /// What went wrong although there is a result.
    pub(crate) error: Option<Error>,
    /// Whether the command has put its one line of JSON on stdout itself.
    pub(crate) printed: bool,
}

impl Outcome {
    /// A read that is done.
    pub(crate) fn read(result: Value, text: String) -> Self {
        Self { status: ExitStatus::Done, written: Written::Nothing, result, text, error: None, printed: false }
    }

    /// A write that is done.
    pub(crate) fn applied(result: Value, text: String) -> Self {
        Self { written: Written::Applied, ..Self::read(result, text) }
    }

    /// The same with this status.
    #[must_use]
    pub(crate) fn with_status(self, status: ExitStatus) -> Self {
        Self { status, ..self }
    }
}

/// A command that could not come to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It failed.
    Error(Error),
    /// A signal ended it before anything was written.
    Interrupted(Signal),
}

impl Failure {
    /// The operating system refused something that the program itself needs.
    pub(crate) fn system(doing: &str, error: &std::io::Error) -> Self {
        Self::Error(Error::new(ErrorKind::Transport, format!("cannot {doing}: {error}")))
    }

    /// A guard says no. The sentence ends here, for all of them: nothing was sent.
    pub(crate) fn refused(project_id: &str, operation: &str, why: &str) -> Self {
        let error = Error::new(ErrorKind::Protected, format!("{why}. Nothing was sent")).with(|details| {
            details.operation = Some(operation.to_owned());
            details.project_id = Some(project_id.to_owned());
        });
        Self::Error(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
