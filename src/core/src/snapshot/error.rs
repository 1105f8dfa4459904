//! What can be wrong with a snapshot.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Which family an error belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SnapshotErrorKind {
    /// The content is not a snapshot's: malformed JSON, a listed file that is absent, a limit that is exceeded.
    Invalid,
    /// A path that would leave or corrupt the place that is read or written.
    UnsafePath,
    /// Well-formed, but not allowed as it was asked for: a part, a wrapper, secrets, a folder that is no snapshot.
    Refused,
    /// The operating system said no.
    Io,
}

/// An error of this room: one sentence that names the file, and often a hint; never a file's content.
#[derive(Clone)]
pub struct SnapshotError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: SnapshotErrorKind,
    message: String,
    path: Option<String>,
    hint: Option<String>,
    source: Option<Arc<io::Error>>,
}

impl SnapshotError {
    fn new(kind: SnapshotErrorKind, message: String) -> Self {
        Self(Box::new(Inner { kind, message, path: None, hint: None, source: None }))
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(SnapshotErrorKind::Invalid, message.into())
    }

    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self::new(SnapshotErrorKind::Refused, message.into())
    }

    /// `reason` completes the sentence "*path* …".
    pub(super) fn unsafe_path(path: &str, reason: impl fmt::Display) -> Self {
        Self::new(SnapshotErrorKind::UnsafePath, format!("{} {reason}", shown(path))).at(path)
    }

    /// `reason` completes the sentence "*path* …".
    pub(super) fn in_file(path: &str, reason: impl fmt::Display) -> Self {
        Self::new(SnapshotErrorKind::Invalid, format!("{} {reason}", shown(path))).at(path)
    }

    /// `doing` completes the sentence "cannot …".
    pub(super) fn io(doing: &str, path: &Path, error: io::Error) -> Self {
        let mut made = Self::new(SnapshotErrorKind::Io, format!("cannot {doing} {}: {error}", path.display()));
        made.0.path = Some(path.display().to_string());
        made.0.source = Some(Arc::new(error));
        made
    }

    pub(super) fn at(mut self, path: &str) -> Self {
        self.0.path = Some(path.to_owned());
        self
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The family.
    pub fn kind(&self) -> SnapshotErrorKind {
        self.0.kind
    }

    /// What is wrong, without the hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The file that it is about: a path of the snapshot, or one of the file system for [`SnapshotErrorKind::Io`].
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The kind of the operating system's error, if there was one.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        self.0.source.as_ref().map(|error| error.kind())
    }
}

/// A path as it may be printed: control characters and quotes escaped, and never longer than a line.
pub(super) fn shown(path: &str) -> String {
    const LONGEST: usize = 120;
    let mut text = String::with_capacity(path.len() + 2);
    for (count, character) in path.chars().enumerate() {
        if count == LONGEST {
            text.push('…');
            break;
        }
        if character.is_control() || !is_visible(character) {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    if text.is_empty() { "\"\"".to_owned() } else { text }
}

/// Whether a reader can see the character: formatting marks can make one name look like another.
pub(super) fn is_visible(character: char) -> bool {
    !matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)?;
        match &self.0.hint {
            Some(hint) => write!(formatter, ": {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for SnapshotError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SnapshotError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("hint", &self.0.hint)
            .finish()
    }
}

impl std::error::Error for SnapshotError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|error| error as _)
    }
}
