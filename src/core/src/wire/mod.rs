//! The HTTP contract: which calls exist, what they carry, what an error body looks like.
//!
//! Plain data. Nothing in here opens a connection or decides anything; the emulator uses it too, and nothing else of
//! this crate.

mod calls;
mod errors;
mod excludes;
mod names;
mod types;

pub use calls::{CALLS, Call, Limit, Method, Repeat, call};
pub use errors::{ErrorBody, codes};
pub use excludes::{EXCLUDES, UnknownExclude, check_excludes};
pub use names::nearest;
pub use types::{
    CloneProcess, CloneRequest, ClonedProject, InputSecret, InputSecrets, License, Project, ProjectList, StartedClone,
    ValidationAnswer,
};
