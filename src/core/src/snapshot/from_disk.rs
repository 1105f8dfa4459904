//! Files on their way from a folder or an archive into a snapshot.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::directory::{FileList, LIST_NAME};
use super::error::SnapshotError;
use super::index::{self, Files};
use super::limits;
use super::paths;
use super::schema;
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

/// How a file is read.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) kind: FileKind,
    /// The snapshot's own list names it: we wrote it, and it may hold more than the vendor's would.
    pub(super) listed: bool,
}

/// Which of the files that are there belong to the snapshot.
#[derive(Default)]
pub(super) struct Choice {
    pub(super) wanted: BTreeMap<String, Wanted>,
    /// Listed, but not among the files that were offered.
    pub(super) unseen: Vec<(String, Wanted)>,
    pub(super) skipped: Vec<Skipped>,
}

impl Choice {
    /// `present` are paths below the snapshot's root.
    pub(super) fn of<'a>(
        present: impl Iterator<Item = &'a str>,
        list: Option<&FileList>,
    ) -> Result<Self, SnapshotError> {
        let mut listed: BTreeMap<&str, FileKind> = list
            .map_or_else(BTreeMap::new, |list| list.files.iter().map(|(path, kind)| (path.as_str(), *kind)).collect());
        let mut choice = Self::default();
        for path in present {
            if let Some(kind) = listed.remove(path) {
                choice.wanted.insert(path.to_owned(), Wanted { kind, listed: true });
            } else if path.split('/').any(schema::is_skipped_name) {
                // The vendor's command line passes over these without a word.
            } else if list.is_some_and(|list| list.foreign.contains(path)) {
                choice.skipped.push(Skipped { path: path.to_owned(), reason: SkipReason::Foreign });
            } else if let Some(kind) = schema::kind_by_extension(path) {
                choice.wanted.insert(path.to_owned(), Wanted { kind, listed: false });
            } else if schema::is_known_folder(path) {
                return Err(SnapshotError::in_file(
                    path,
                    "is in a folder of the snapshot but cannot be read as one of its files",
                )
                .with_hint("move it elsewhere"));
            } else {
                choice.skipped.push(Skipped { path: path.to_owned(), reason: SkipReason::Unreadable });
            }
        }
        let unseen = listed.into_iter().map(|(path, kind)| (path.to_owned(), Wanted { kind, listed: true }));
        choice.unseen = unseen.collect();
        choice.skipped.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(choice)
    }
}

/// A file that is silently absent would be deleted by the next import.
pub(super) fn absent(path: &str) -> SnapshotError {
    SnapshotError::in_file(path, format_args!("is listed in {LIST_NAME} but is not there"))
        .with_hint("bring it back, or remove its line from the list")
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Gathered {
    entries: Vec<(Box<str>, Stored)>,
    pub(super) skipped: Vec<Skipped>,
}

impl Gathered {
    /// Takes one file.
    pub(super) fn add(&mut self, file: Decoded) {
        self.entries.push(file.0);
    }

    /// All files, checked against each other.
    pub(super) fn files(&mut self) -> Result<Files, SnapshotError> {
        let entries = std::mem::take(&mut self.entries);
        paths::check_all(entries.iter().map(|(path, _)| path.as_ref()))?;
        index::collect(entries)
    }
}

/// A file that was read and checked.
pub(super) struct Decoded((Box<str>, Stored));

pub(super) fn too_much() -> SnapshotError {
    SnapshotError::invalid(format!("more than {} bytes of files", limits::TOTAL_BYTES))
}

/// Checks one file, and takes it as it is.
pub(super) fn decode(path: &str, wanted: Wanted, bytes: Vec<u8>) -> Result<Decoded, SnapshotError> {
    let bytes = Bytes::from(bytes);
    let stored = match wanted.kind {
        FileKind::Json => {
            // Editors on Windows put a byte order mark before JSON, which no JSON parser takes. Line ends are space.
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").map_or_else(|| bytes.clone(), |rest| bytes.slice_ref(rest));
            let text = index::one_value(path, &text)?;
            if !wanted.listed && text.first() != Some(&b'{') {
                return Err(SnapshotError::in_file(path, "is not a JSON object"));
            }
            Stored::Wire(text)
        }
        // Exactly as on the disk: the vendor's command line sends line ends and marks as it finds them.
        FileKind::Text | FileKind::Verbatim => match std::str::from_utf8(&bytes) {
            Ok(_) => Stored::File(wanted.kind, bytes),
            Err(_) => {
                return Err(SnapshotError::in_file(path, "is not text: it has bytes that are not UTF-8"));
            }
        },
        FileKind::Image => Stored::File(wanted.kind, bytes),
    };
    Ok(Decoded((path.into(), stored)))
}
