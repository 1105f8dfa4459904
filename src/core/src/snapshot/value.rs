//! One file of a snapshot: as it was received, and what it means.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use super::error::SnapshotError;
use super::format::{self, Form};
use super::node::Node;
use super::{json, schema, text};

/// What a server writes, and a little more than it: padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A file's value, decoded as far as its kind says.
#[derive(Clone, PartialEq, Eq)]
pub enum FileValue<'a> {
    /// JSON text, as received.
    Json(&'a [u8]),
    /// Text.
    Text(Cow<'a, str>),
    /// The bytes of an image.
    Image(Cow<'a, [u8]>),
}

/// How a file is written to a disk and read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum FileKind {
    /// A JSON value.
    Json,
    /// A string that is written as a text file: with a newline at its end.
    Text,
    /// A string that is base64 and is written decoded.
    Image,
    /// A string that nobody has told us more about: written exactly as it is.
    Verbatim,
}

impl FileKind {
    /// The name in `.descope-projects.json`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Image => "base64",
            Self::Verbatim => "string",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Json, Self::Text, Self::Image, Self::Verbatim].into_iter().find(|kind| kind.name() == name)
    }
}

/// A file as it is held: nothing is decoded or copied until someone looks.
#[derive(Clone)]
pub(super) enum Stored {
    /// JSON text of the value, as received: what is sent again.
    Wire(Bytes),
    /// The bytes of a file that was read from a disk, and is no JSON.
    File(FileKind, Bytes),
}

impl Stored {
    pub(super) fn kind(&self, path: &str) -> FileKind {
        match self {
            Self::File(kind, _) => *kind,
            Self::Wire(text) if text.first() == Some(&b'"') => match schema::kind_by_extension(path) {
                Some(kind) => kind,
                None => FileKind::Verbatim,
            },
            Self::Wire(_) => FileKind::Json,
        }
    }

    /// How it is written, and read back: as its kind, or, where a string is not what its name says, as it is.
    ///
    /// One asset that nobody can decode must not keep a whole project from being backed up.
    pub(super) fn written_kind(&self, path: &str) -> FileKind {
        match (self, self.kind(path)) {
            (Self::Wire(_), FileKind::Image) if self.image(path).is_err() => self.undecoded_kind(path),
            (Self::Wire(_), FileKind::Text | FileKind::Verbatim) if self.string(path).is_err() => FileKind::Json,
            (_, kind) => kind,
        }
    }

    fn undecoded_kind(&self, path: &str) -> FileKind {
        if self.string(path).is_ok() { FileKind::Verbatim } else { FileKind::Json }
    }

    /// Bytes held.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Wire(bytes) | Self::File(_, bytes) => bytes.len() as u64,
        }
    }

    /// The JSON text that an import sends.
    pub(super) fn wire(&self) -> Bytes {
        match self {
            Self::Wire(text) => text.clone(),
            Self::File(FileKind::Image, bytes) => {
                let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4 + 2);
                text.push('"');
                BASE64.encode_string(bytes, &mut text);
                text.push('"');
                text.into()
            }
            Self::File(_, bytes) => {
                let mut quoted = Vec::with_capacity(bytes.len() + bytes.len() / 8 + 2);
                text::quote(bytes, &mut quoted);
                quoted.into()
            }
        }
    }

    pub(super) fn value(&self, path: &str) -> Result<FileValue<'_>, SnapshotError> {
        match self.kind(path) {
            FileKind::Json => match self {
                Self::Wire(text) | Self::File(_, text) => {
                    json::check(text).map_err(|fault| SnapshotError::in_file(path, fault.located(text)))?;
                    Ok(FileValue::Json(text))
                }
            },
            FileKind::Text | FileKind::Verbatim => self.string(path).map(FileValue::Text),
            FileKind::Image => self.image(path).map(FileValue::Image),
        }
    }

    /// The parsed JSON, if it is a JSON file.
    pub(super) fn node(&self, path: &str) -> Result<Option<Node<'_>>, SnapshotError> {
        match self {
            Self::Wire(text) if self.kind(path) == FileKind::Json => parse(path, text).map(Some),
            _ => Ok(None),
        }
    }

    /// The bytes of the file on a disk.
    pub(super) fn content(&self, path: &str) -> Result<Cow<'_, [u8]>, SnapshotError> {
        Ok(match self.written_kind(path) {
            FileKind::Json => match self {
                Self::Wire(text) | Self::File(_, text) => Cow::Owned(rewrite(path, text, Form::File)?),
            },
            FileKind::Text => {
                let mut text = bytes_of(self.string(path)?);
                if !text.is_empty() && !text.ends_with(b"\n") {
                    text.to_mut().push(b'\n');
                }
                text
            }
            FileKind::Verbatim => bytes_of(self.string(path)?),
            FileKind::Image => self.image(path)?,
        })
    }

    /// Bytes that are equal for equal content.
    pub(super) fn canonical(&self, path: &str) -> Result<Cow<'_, [u8]>, SnapshotError> {
        match self {
            Self::Wire(text) if self.written_kind(path) == FileKind::Json => {
                rewrite(path, text, Form::Canonical).map(Cow::Owned)
            }
            _ => self.content(path),
        }
    }

    fn string(&self, path: &str) -> Result<Cow<'_, str>, SnapshotError> {
        let text = match self {
            Self::File(_, bytes) => Cow::Borrowed(bytes.as_ref()),
            Self::Wire(text) => match parse(path, text)? {
                Node::String(text) => text,
                _ => return Err(SnapshotError::in_file(path, "is not a string")),
            },
        };
        let decoded = match text {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| ()),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| ()),
        };
        decoded.map_err(|()| SnapshotError::in_file(path, "is not text: it has bytes that are not UTF-8"))
    }

    fn image(&self, path: &str) -> Result<Cow<'_, [u8]>, SnapshotError> {
        if let Self::File(_, bytes) = self {
            return Ok(Cow::Borrowed(bytes));
        }
        let text = self.string(path)?;
        // Go's decoder, the vendor's, passes over line ends.
        let decoded = if text.contains(['\n', '\r']) {
            BASE64.decode(text.replace(['\n', '\r'], ""))
        } else {
            BASE64.decode(text.as_bytes())
        };
        decoded.map(Cow::Owned).map_err(|_| SnapshotError::in_file(path, "is an image but not base64"))
    }
}

fn bytes_of(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

fn rewrite(path: &str, text: &[u8], form: Form) -> Result<Vec<u8>, SnapshotError> {
    format::rewrite(text, form).map_err(|fault| SnapshotError::in_file(path, fault.located(text)))
}

fn parse<'a>(path: &str, text: &'a [u8]) -> Result<Node<'a>, SnapshotError> {
    Node::parse(text).map_err(|fault| SnapshotError::in_file(path, fault.located(text)))
}
