//! Files on their way from a folder or an archive into a snapshot.

use bytes::Bytes;

use super::error::SnapshotError;
use super::index::{self, Files};
use super::json;
use super::limits;
use super::paths;
use super::value::{FileKind, Stored};

/// A file that was there and is no part of the snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Skipped {
    /// Its path below the folder.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why a file is no part of the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// Its name says that it is no snapshot file, and it is not listed as one.
    Unreadable,
    /// It was in the folder before the snapshot was written there.
    Foreign,
}

impl SkipReason {
    /// The reason as a phrase.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "not a snapshot file",
            Self::Foreign => "was there before the snapshot",
        }
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Gathered {
    entries: Vec<(Box<str>, Stored)>,
    total: u64,
    pub(super) skipped: Vec<Skipped>,
}

impl Gathered {
    /// Takes one file; `listed` ones were written by us and may hold more than the vendor's would.
    pub(super) fn add(
        &mut self,
        path: &str,
        kind: FileKind,
        listed: bool,
        bytes: Vec<u8>,
    ) -> Result<(), SnapshotError> {
        self.total += bytes.len() as u64;
        if self.total > limits::TOTAL_BYTES {
            return Err(SnapshotError::invalid(format!("more than {} bytes of files", limits::TOTAL_BYTES)));
        }
        self.entries.push((path.into(), decode(path, kind, listed, bytes.into())?));
        Ok(())
    }

    /// All files, checked against each other.
    pub(super) fn files(&mut self) -> Result<Files, SnapshotError> {
        let entries = std::mem::take(&mut self.entries);
        paths::check_all(entries.iter().map(|(path, _)| path.as_ref()))?;
        index::collect(entries)
    }
}

fn decode(path: &str, kind: FileKind, listed: bool, bytes: Bytes) -> Result<Stored, SnapshotError> {
    match kind {
        FileKind::Json => {
            // Editors on Windows put a byte order mark before JSON, which no JSON parser takes. Line ends are space.
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").map_or_else(|| bytes.clone(), |rest| bytes.slice_ref(rest));
            let text = index::one_value(&text).map_err(|reason| SnapshotError::in_file(path, reason))?;
            json::check_depth(&text).map_err(|fault| SnapshotError::in_file(path, fault.located(&text)))?;
            if !listed && text.first() != Some(&b'{') {
                return Err(SnapshotError::in_file(path, "is not a JSON object"));
            }
            Ok(Stored::Wire(text))
        }
        // Exactly as on the disk: the vendor's command line sends line ends and marks as it finds them.
        FileKind::Text | FileKind::Verbatim => match std::str::from_utf8(&bytes) {
            Ok(_) => Ok(Stored::File(kind, bytes)),
            Err(_) => Err(SnapshotError::in_file(path, "is not text: it has bytes that are not UTF-8")),
        },
        FileKind::Image => Ok(Stored::File(kind, bytes)),
    }
}
