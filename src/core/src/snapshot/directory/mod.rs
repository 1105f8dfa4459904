//! A snapshot as a folder of files.
//!
//! A write is staged in `.descope-projects-staging/` inside the folder. Until the roll-forward list `commit.json` is
//! there, the old snapshot is whole and nothing outside the staging was touched; from then on the new one is, and
//! whoever meets the list, reader or writer, carries it out. `.descope-projects.json`, the list of the snapshot's own
//! files, is replaced last.

mod commit;
mod list;
mod lock;
mod read;
mod steps;
#[cfg(test)]
mod tests;
mod write;

use std::path::Path;

pub(super) use list::{FileList, LIST_NAME};
pub(super) use read::{Found, read};
pub(super) use write::write;

use super::error::SnapshotError;

/// The folder of an unfinished write.
const STAGING_NAME: &str = ".descope-projects-staging";

/// Whether the folder has a write that was interrupted after the point of no return.
pub(super) fn is_pending(folder: &Path) -> Result<bool, SnapshotError> {
    let staging = folder.join(STAGING_NAME);
    // What a link leads to is no write of this folder, and nothing is to be put there.
    if !staging.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return Ok(false);
    }
    let list = staging.join(commit::COMMIT_NAME);
    match list.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(SnapshotError::io("look at", &list, error)),
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
