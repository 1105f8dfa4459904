//! One writer at a time: an advisory lock, which the system drops when its holder dies.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::STAGING_NAME;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::ordinary;

const LOCK_NAME: &str = "lock";
/// How often a lock is tried before its holder counts as busy.
const ATTEMPTS: usize = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// The right to change a folder's snapshot, and to use its staging folder.
pub(super) struct Lock {
    staging: PathBuf,
    file: File,
}

/// What came of one attempt.
enum Attempt {
    Taken(Lock),
    /// Someone else has it.
    Busy,
    /// Its holder was just done with it and has removed it.
    Gone,
}

impl Lock {
    /// Takes the lock of a folder. Waits for a moment only: a reader may hold it as long as it takes to see that there
    /// is nothing to finish.
    pub(super) fn take(folder: &Path) -> Result<Self, SnapshotError> {
        let staging = folder.join(STAGING_NAME);
        for _ in 0..ATTEMPTS {
            make_private_folder(&staging).map_err(|error| SnapshotError::io("make", &staging, error))?;
            match Self::attempt(&staging) {
                Ok(Attempt::Taken(lock)) => return Ok(lock),
                Ok(Attempt::Busy) => std::thread::sleep(BETWEEN_ATTEMPTS),
                Ok(Attempt::Gone) => {}
                Err(error) => {
                    // Only if it is empty; whoever is about to use it makes it again.
                    let _ = fs::remove_dir(&staging);
                    return Err(error);
                }
            }
        }
        Err(busy(folder))
    }

    /// Takes the lock of a folder whose write was interrupted; `None` if that write is being tidied up this moment.
    pub(super) fn take_over(folder: &Path) -> Result<Option<Self>, SnapshotError> {
        match Self::attempt(&folder.join(STAGING_NAME))? {
            Attempt::Taken(lock) => Ok(Some(lock)),
            Attempt::Busy => Err(busy(folder)),
            Attempt::Gone => Ok(None),
        }
    }

    fn attempt(staging: &Path) -> Result<Attempt, SnapshotError> {
        let path = staging.join(LOCK_NAME);
        let file = match open(&path) {
            Ok(file) => file,
            Err(error) if super::is_absent(&error) => return Ok(Attempt::Gone),
            Err(error) => return Err(SnapshotError::io("open", &path, error)),
        };
        match file.try_lock() {
            // The holder removes the file when it is done: what was opened may be a file of the past.
            Ok(()) if is_same(&file, &path) => Ok(Attempt::Taken(Self { staging: staging.to_path_buf(), file })),
            Ok(()) => Ok(Attempt::Gone),
            Err(TryLockError::WouldBlock) => Ok(Attempt::Busy),
            Err(TryLockError::Error(error)) => Err(SnapshotError::io("lock", &path, error)),
        }
    }

    /// The staging folder.
    pub(super) fn staging(&self) -> &Path {
        &self.staging
    }

    /// Removes the staging folder and everything in it, then lets go. What cannot be removed is passed over by readers
    /// and removed by the next writer.
    pub(super) fn clear(self) {
        if self.empty().is_ok() && fs::remove_file(self.staging.join(LOCK_NAME)).is_ok() {
            // Another writer may have made its own lock file since: then the folder is its.
            let _ = fs::remove_dir(&self.staging);
        }
        drop(self.file);
    }

    /// Removes what an earlier write left in the staging folder.
    pub(super) fn empty(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.staging)? {
            let entry = entry?;
            if entry.file_name() == LOCK_NAME {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn busy(folder: &Path) -> SnapshotError {
    SnapshotError::refused(format!("another process is writing {}", folder.display()))
        .with_hint("try again when it is done")
}

fn open(path: &Path) -> io::Result<File> {
    if path.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
        return Err(io::Error::other("a link in the place of the lock"));
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    ordinary::open_with(&mut options, path).map(|(file, _)| file)
}

/// Makes a folder that only its owner can look into, if it is not there. A link in its place is refused.
fn make_private_folder(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else has its name")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    #[cfg_attr(not(unix), allow(unused_mut, reason = "only Unix has modes"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same(_: &File, path: &Path) -> bool {
    // A file that is open here and was removed by its holder keeps its name from being used again.
    path.exists()
}
