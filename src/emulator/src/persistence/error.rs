//! What can be wrong with a directory of state.

use std::io;
use std::path::{Path, PathBuf};

/// Why the state in a directory cannot be used. What is in the directory was left as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// Another emulator uses the directory.
    #[error("{} is in use by another emulator{}: stop that one, or take another directory", directory.display(), process(*.process_id))]
    InUse {
        /// The directory.
        directory: PathBuf,
        /// The other emulator's process, where it is known.
        process_id: Option<u32>,
    },
    /// The directory has files, and none of them is an emulator's.
    #[error("{} has files that are not an emulator's: take a directory that is empty or does not exist", directory.display())]
    NotOurs {
        /// The directory.
        directory: PathBuf,
    },
    /// The file is not what was written.
    #[error("{} is damaged ({why}); it was left as it is: put a copy back, or move it away to begin anew", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another version of this program wrote the file.
    #[error("{} has format {format}, and this version reads format {expected}: use the version that wrote it, or move it away to begin anew", file.display())]
    Format {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: u32,
        /// The format that this version reads.
        expected: u32,
    },
    /// The system does not do what is needed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl StateError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }

    pub(super) fn damaged(file: &Path, why: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), why: why.into() }
    }
}

fn process(id: Option<u32>) -> String {
    id.map(|id| format!(" (process {id})")).unwrap_or_default()
}
