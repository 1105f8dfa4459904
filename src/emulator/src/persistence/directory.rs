//! The directory itself: who may use it, and what is in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::StateError;

const LOCK: &str = "emulator.lock";
const JOURNAL: &str = "state.journal";

/// A directory that no other emulator uses as long as this is held, or the process lives.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    lock: File,
}

impl Directory {
    /// Makes the directory if need be, and takes it.
    pub(super) fn take(path: &Path) -> Result<Self, StateError> {
        make(path).map_err(StateError::io(path))?;
        let is_ours = [LOCK, JOURNAL].iter().any(|name| path.join(name).exists());
        let mut entries = fs::read_dir(path).map_err(StateError::io(path))?;
        if !is_ours && entries.next().is_some() {
            return Err(StateError::NotOurs { directory: path.to_owned() });
        }
        let lock_path = path.join(LOCK);
        let mut lock = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(&lock_path)
            .map_err(StateError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // For people only: where a lock keeps others from reading, there is no number.
                let _ = lock.read_to_string(&mut text);
                return Err(StateError::InUse { directory: path.to_owned(), process_id: text.trim().parse().ok() });
            }
            Err(TryLockError::Error(source)) => return Err(StateError::Io { path: lock_path, source }),
        }
        let written = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        written.map_err(StateError::io(&lock_path))?;
        Ok(Self { path: path.to_owned(), lock })
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Closing is not enough: a process that was forked from this one has the same lock.
        let _ = self.lock.unlock();
    }
}

/// The files hold keys and secrets.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
