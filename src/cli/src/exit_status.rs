//! The statuses that the program ends with.

use descope_projects_core::Error;

/// How the program ended; scripts rely on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// Done, or nothing to do.
    Done,
    /// Failed; nothing was written.
    Failed,
    /// The answer is "no".
    No,
    /// A guard refused, or a prompt was cancelled; nothing was written.
    Refused,
    /// Whether it was written is unknown, or it was written in part.
    Unknown,
    /// Wrong arguments, variables or files of ours; nothing was sent.
    Usage,
    /// SIGINT, before anything was written.
    Interrupted,
    /// SIGTERM, before anything was written.
    Terminated,
}

impl ExitStatus {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::No => 2,
            Self::Refused => 3,
            Self::Unknown => 4,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<&Error> for ExitStatus {
    fn from(error: &Error) -> Self {
        match error.exit_status() {
            2 => Self::No,
            3 => Self::Refused,
            // Restored is a state of applies only; whoever meets it here must look.
            4 | 6 => Self::Unknown,
            64 => Self::Usage,
            _ => Self::Failed,
        }
    }
}
