//! A project's configuration as files: held as received, looked at only where someone looks, read from and written to
//! a folder or an archive.
//!
//! Depends on no other room. Nothing in here makes a call or knows of one.

mod archive;
mod canonical;
mod directory;
mod entities;
mod error;
mod format;
mod from_disk;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod index;
mod json;
mod latched;
mod limits;
mod node;
mod noise;
mod number;
mod ordinary;
mod parallel;
mod part;
mod paths;
mod pattern;
mod received;
mod schema;
mod secrets;
mod text;
mod value;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

pub use entities::{Entity, EntityKind};
pub use error::{SnapshotError, SnapshotErrorKind};
pub use from_disk::{SkipReason, Skipped};
pub use received::Received;
pub use value::FileValue;

use canonical::FilesDigest;
use index::Files;
use paths::SnapshotPath;
use value::{FileKind, Stored};

/// Where files come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A snapshot export, from which the server removed the secrets.
    SnapshotExport,
    /// A project export, which may hold secrets anywhere.
    ProjectExport,
    /// Files, from whoever made them.
    Files,
}

/// How a snapshot is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Write into a folder, or over a file, that is no snapshot. What is there and is not replaced is left alone.
    pub force: bool,
    /// Write a snapshot that holds secrets, for its owner's eyes (modes 0600 and 0700).
    pub allow_secrets: bool,
    /// Survive a loss of power too: everything reaches the disk before it counts as done.
    pub durable: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The folder or archive.
    pub path: PathBuf,
    /// How many files.
    pub files: usize,
    /// Bytes of the files.
    pub bytes: u64,
    /// Files of the snapshot that was there before, which the new one has no more.
    pub removed: Vec<String>,
    /// Files that are no part of the snapshot although they could be read as one, or lie in a folder of it: they were
    /// left alone, and the folder's list says that they are not to be read.
    pub left_alone: Vec<String>,
}

/// An immutable set of files, by path; a copy shares everything.
#[derive(Clone)]
pub struct Snapshot(Arc<Inner>);

struct Inner {
    files: Files,
    origin: Origin,
    /// The text of the object of all files, as received.
    object: Option<Bytes>,
    declared_part: bool,
    declared_secret: bool,
    skipped: Vec<Skipped>,
    part: OnceLock<Option<String>>,
    secret: OnceLock<bool>,
    digest: OnceLock<Result<String, SnapshotError>>,
    semantic_digest: OnceLock<Result<String, SnapshotError>>,
}

impl Snapshot {
    fn new(files: Files, origin: Origin) -> Self {
        Self::made(files, origin, |_| {})
    }

    fn made(files: Files, origin: Origin, finish: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner {
            files,
            origin,
            object: None,
            declared_part: false,
            declared_secret: origin == Origin::ProjectExport,
            skipped: Vec::new(),
            part: OnceLock::new(),
            secret: OnceLock::new(),
            digest: OnceLock::new(),
            semantic_digest: OnceLock::new(),
        };
        finish(&mut inner);
        Self(Arc::new(inner))
    }

    /// The answer `{"files": {…}}` of an export. Values stay where they are in `body`: one pass finds them, nothing is
    /// decoded. [`Received`] puts even that off.
    #[expect(clippy::needless_pass_by_value, reason = "whoever has an answer gives it away: nothing copies it")]
    pub fn from_export(body: Bytes, origin: Origin) -> Result<Self, SnapshotError> {
        let received = index::of_export(&body)?;
        if origin == Origin::Files {
            check_given(&received.files)?;
        }
        Ok(Self::made(received.files, origin, |inner| inner.object = received.object))
    }

    /// Files from someone's own hands: path and JSON text of the value.
    pub fn from_values<I: IntoIterator<Item = (String, Bytes)>>(files: I) -> Result<Self, SnapshotError> {
        let entries = files.into_iter().map(|(path, text)| {
            let text = index::one_value(&path, &text)?;
            Ok((path.into_boxed_str(), Stored::Wire(text)))
        });
        let entries: Vec<_> = entries.collect::<Result<_, SnapshotError>>()?;
        let files = index::collect(entries)?;
        check_given(&files)?;
        Ok(Self::new(files, Origin::Files))
    }

    /// Reads a folder, or an archive if the path ends with `.zip`. A write that was interrupted in the folder is
    /// finished first.
    pub fn read(path: &Path) -> Result<Self, SnapshotError> {
        let mut found = if archive::is_archive(path) { archive::read(path)? } else { directory::read(path)? };
        let files = found.gathered.files()?;
        if files.is_empty() {
            return Err(SnapshotError::invalid(format!("{} has no snapshot in it", path.display())));
        }
        let skipped = found.gathered.skipped;
        Ok(Self::made(files, Origin::Files, |inner| {
            inner.skipped = skipped;
            if let Some(list) = found.list {
                inner.declared_part = list.partial;
                inner.declared_secret = list.contains_secrets;
            }
        }))
    }

    /// Writes a folder, or an archive if the path ends with `.zip`, such that it holds what was there before or the
    /// new snapshot, whole, whenever the process ends.
    pub fn write(&self, path: &Path, options: &WriteOptions) -> Result<Written, SnapshotError> {
        if self.contains_secrets() && !options.allow_secrets {
            return Err(SnapshotError::refused("the snapshot holds secrets")
                .with_hint("allow_secrets writes it all the same, for its owner's eyes only"));
        }
        if self.is_empty() {
            return Err(SnapshotError::refused("a snapshot without files is not written: reading it back would fail"));
        }
        if archive::is_archive(path) {
            archive::write(self, path, *options)
        } else {
            directory::write(self, path, *options)
        }
    }

    /// Whether a write of the folder was interrupted so late that its next read or write will finish it.
    pub fn is_pending(folder: &Path) -> Result<bool, SnapshotError> {
        directory::is_pending(folder)
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.0.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.0.files.is_empty()
    }

    /// The paths, sorted.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        self.0.files.keys().map(AsRef::as_ref)
    }

    /// Whether there is a file of this path.
    pub fn contains(&self, path: &str) -> bool {
        self.0.files.contains_key(path)
    }

    /// A file's value, decoded as far as its kind says; `None` if there is no such file.
    pub fn value(&self, path: &str) -> Result<Option<FileValue<'_>>, SnapshotError> {
        self.0.files.get(path).map(|stored| stored.value(path)).transpose()
    }

    /// The JSON text of a file's value: as received, or, for a file that was read from a disk, as it would be sent.
    pub fn raw(&self, path: &str) -> Option<Bytes> {
        self.0.files.get(path).map(Stored::wire)
    }

    /// A file's bytes as [`Self::write`] writes them, which is how the vendor's command line does. A string that is not
    /// what its name says, an image that is no base64, is written as it is.
    pub fn content(&self, path: &str) -> Result<Cow<'_, [u8]>, SnapshotError> {
        match self.0.files.get(path) {
            Some(stored) => stored.content(path),
            None => Err(SnapshotError::in_file(path, "is not in the snapshot")),
        }
    }

    /// A digest of the content, `sha256:` and hexadecimal: independent of key order, spacing, and of how the files came
    /// here. JSON counts in its canonical form (RFC 8785; numbers that a double cannot hold keep their digits), text
    /// and images as [`Self::content`] has them.
    pub fn digest(&self) -> Result<String, SnapshotError> {
        self.0.digest.get_or_init(|| self.compute_digest()).clone()
    }

    fn compute_digest(&self) -> Result<String, SnapshotError> {
        let mut digest = FilesDigest::new();
        for (path, stored) in &self.0.files {
            digest.add(path, stored.written_kind(path).name(), &stored.canonical(path)?);
        }
        Ok(format!("sha256:{}", digest.finish()))
    }

    /// A digest of what the files mean, `n1:` (the version of the rules) and hexadecimal: as [`Self::digest`], but
    /// blind to what differs between two exports of a project that nobody touched.
    pub fn semantic_digest(&self) -> Result<String, SnapshotError> {
        self.0.semantic_digest.get_or_init(|| noise::semantic_digest(&self.0.files)).clone()
    }

    /// The things that it configures: all, or those that match `kind:name`, in which the name may have `*` and `?`, or
    /// one of the API's exclude names. A pattern that matches nothing is an error.
    pub fn entities(&self, pattern: Option<&str>) -> Result<Vec<Entity>, SnapshotError> {
        entities::find(self, pattern)
    }

    /// Bytes of all values, as they are held.
    pub fn size(&self) -> u64 {
        self.0.files.values().map(Stored::size).sum()
    }

    /// Whether this is only a part of a project: an import would delete the rest.
    pub fn partial(&self) -> bool {
        self.why_partial().is_some()
    }

    /// Why this is only a part, as a clause: "it has no project.json".
    pub fn why_partial(&self) -> Option<String> {
        if self.0.declared_part {
            return Some("it was made as a part".to_owned());
        }
        self.0.part.get_or_init(|| part::why(&self.0.files)).clone()
    }

    /// The same files, declared to be a part.
    #[must_use]
    pub fn as_part(&self) -> Self {
        Self::made(self.0.files.clone(), self.0.origin, |inner| {
            inner.object.clone_from(&self.0.object);
            inner.declared_part = true;
            inner.declared_secret = self.0.declared_secret;
            inner.skipped.clone_from(&self.0.skipped);
        })
    }

    fn is_declared_part(&self) -> bool {
        self.0.declared_part
    }

    /// Whether there are secrets in it: it is from a project export, or a secret field holds a literal value.
    pub fn contains_secrets(&self) -> bool {
        self.0.declared_secret || *self.0.secret.get_or_init(|| self.has_literal_secret())
    }

    fn has_literal_secret(&self) -> bool {
        self.0.files.iter().filter(|(path, _)| secrets::in_file(path)).any(|(path, stored)| {
            match stored.node(path) {
                Ok(Some(node)) => secrets::has_literal(&node),
                Ok(None) => false,
                // What cannot be looked at may hold anything.
                Err(_) => true,
            }
        })
    }

    /// The literal secrets of its secret fields: what is not to be repeated where it comes back.
    pub(crate) fn literal_secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (path, stored) in self.0.files.iter().filter(|(path, _)| secrets::in_file(path)) {
            if let Ok(Some(node)) = stored.node(path) {
                secrets::literals(&node, &mut found);
            }
        }
        found
    }

    /// Files that were there when it was read and are no part of it.
    pub fn skipped(&self) -> &[Skipped] {
        &self.0.skipped
    }

    /// The JSON object `{path: value, …}` for an import's `files`, in pieces to be sent one after the other. A value
    /// that was received is a slice of what was received.
    pub fn wire_chunks(&self) -> Vec<Bytes> {
        if let Some(object) = &self.0.object {
            return vec![object.clone()];
        }
        let mut chunks = Vec::with_capacity(self.len() * 2 + 1);
        let mut between = vec![b'{'];
        for (path, stored) in &self.0.files {
            text::quote(path.as_bytes(), &mut between);
            between.push(b':');
            chunks.push(Bytes::from(std::mem::take(&mut between)));
            chunks.push(stored.wire());
            between.push(b',');
        }
        if chunks.is_empty() {
            return vec![Bytes::from_static(b"{}")];
        }
        chunks.push(Bytes::from_static(b"}"));
        chunks
    }

    /// Refuses a part, and nothing at all, where only a whole snapshot makes sense: in an import and a validation.
    pub fn check_whole(&self, allow_partial: bool) -> Result<(), SnapshotError> {
        match self.why_partial() {
            Some(reason) if !allow_partial => Err(SnapshotError::refused(format!(
                "only a part of a snapshot, of which an import would delete the rest ({reason})"
            ))
            .with_hint("target.export_snapshot().overlay(part)")),
            _ => Ok(()),
        }
    }

    /// A new snapshot with files replaced (their JSON text), added or removed (`None`).
    pub fn with_values(&self, changes: BTreeMap<String, Option<Bytes>>) -> Result<Self, SnapshotError> {
        let mut files = self.0.files.clone();
        for (path, change) in changes {
            match change {
                Some(text) => {
                    let text = index::one_value(&path, &text)?;
                    files.insert(path.into_boxed_str(), Stored::Wire(text));
                }
                None => {
                    files.remove(path.as_str());
                }
            }
        }
        Ok(Self::made(files, self.0.origin, |inner| {
            inner.declared_part = self.0.declared_part;
            inner.declared_secret = self.0.declared_secret;
        }))
    }

    /// What [`Self::write`] writes: no more than can be read back.
    fn content_to_write(&self, path: &str) -> Result<Cow<'_, [u8]>, SnapshotError> {
        let content = self.content(path)?;
        if content.len() as u64 > limits::FILE_BYTES {
            return Err(SnapshotError::in_file(
                path,
                format_args!(
                    "would be a file of {} bytes, and none of more than {} is read",
                    content.len(),
                    limits::FILE_BYTES
                ),
            ));
        }
        Ok(content)
    }

    fn kinds(&self, paths: &[SnapshotPath]) -> BTreeMap<SnapshotPath, FileKind> {
        let kind =
            |path: &SnapshotPath| self.0.files.get(path.as_str()).map(|stored| stored.written_kind(path.as_str()));
        paths.iter().filter_map(|path| Some((path.clone(), kind(path)?))).collect()
    }
}

/// The secrets of any JSON, by the names that they have there.
pub(crate) fn secrets_in(json: &[u8]) -> Vec<String> {
    secrets::in_json(json)
}

/// What someone passes for files has to look like some; what a server sends is kept, whatever it is.
fn check_given(files: &Files) -> Result<(), SnapshotError> {
    let first = |stored: &Stored| match stored {
        Stored::Wire(text) => text.first().copied(),
        Stored::File(..) => None,
    };
    if files.len() == 1 && files.get("files").and_then(first) == Some(b'{') {
        return Err(SnapshotError::refused("this is an export's answer, not its files").with_hint("pass its \"files\""));
    }
    match files.iter().find(|(_, stored)| !matches!(first(stored), Some(b'{' | b'"'))) {
        Some((path, _)) => Err(SnapshotError::in_file(path, "is neither a JSON object nor a string")),
        None => Ok(()),
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Snapshot")
            .field("files", &self.len())
            .field("bytes", &self.size())
            .field("origin", &self.0.origin)
            .finish_non_exhaustive()
    }
}
