//! The steps of a write, so that tests can stop it after each of them.

use std::io;

/// One thing that a write does to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// One file goes into the staging folder.
    Stage(&'a str),
    /// The roll-forward list is put in place: the point of no return.
    Commit,
    /// A file that stands in the way of a new one, or is gone, is removed.
    Remove(&'a str),
    /// A staged file is renamed into place.
    Install(&'a str),
    /// The list of the snapshot's files is renamed into place.
    InstallList,
    /// The roll-forward list is removed.
    Finish,
    /// The staging folder is removed.
    Clear,
}

/// How a write ends before its end.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests interrupt a write"))]
pub(super) enum Stop {
    /// As an error of the operating system.
    Fail(io::Error),
    /// As if the process had been killed: nothing is tidied up.
    Kill,
}

/// Asked before each step.
pub(super) trait Steps: Sync {
    /// Whether to go on.
    fn before(&self, step: &Step<'_>) -> Result<(), Stop>;
}

/// Goes on, always.
pub(super) struct Uninterrupted;

impl Steps for Uninterrupted {
    fn before(&self, _: &Step<'_>) -> Result<(), Stop> {
        Ok(())
    }
}
