//! Promises about snapshots: what is accepted is understood, kept and given back the same; what is not is refused
//! without harm.
#![allow(clippy::unwrap_used, reason = "a promise that is broken has to be seen")]

mod disk;
mod envelope;
mod json;
mod paths;

pub(crate) use disk::{archive, directory};
pub(crate) use envelope::{envelope, index};
pub(crate) use json::json;
pub(crate) use paths::paths;

use super::error::SnapshotError;

/// An error is one line for people, whatever the file or its name had in it.
fn check_error(error: &SnapshotError) {
    let text = error.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    // A path is shown up to a length, but for the system's own, and a hint may show one more.
    assert!(text.chars().count() < 6_000, "{text}");
}
