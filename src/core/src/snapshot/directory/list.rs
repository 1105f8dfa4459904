//! `.descope-projects.json`: which files are the snapshot's own.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::Path;

use crate::snapshot::error::SnapshotError;
use crate::snapshot::format::{Form, rewrite};
use crate::snapshot::limits;
use crate::snapshot::node::{Node, Text};
use crate::snapshot::ordinary;
use crate::snapshot::paths::SnapshotPath;
use crate::snapshot::value::FileKind;

/// The name of the list, which the vendor's command line passes over.
pub(in crate::snapshot) const LIST_NAME: &str = ".descope-projects.json";
/// The version of its format.
const SCHEMA: &str = "descope-projects/snapshot@1";

/// The content of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::snapshot) struct FileList {
    /// Every file of the snapshot, and how it is read back.
    pub(in crate::snapshot) files: BTreeMap<SnapshotPath, FileKind>,
    /// Files that were in the folder before and are no part of the snapshot, although they could be read as one.
    pub(in crate::snapshot) foreign: BTreeSet<String>,
    /// The snapshot is a part by its maker's word.
    pub(in crate::snapshot) partial: bool,
    /// The snapshot has secrets that its fields do not show.
    pub(in crate::snapshot) contains_secrets: bool,
}

impl FileList {
    /// The list of a folder, if it has one.
    pub(in crate::snapshot) fn of_folder(folder: &Path) -> Result<Option<Self>, SnapshotError> {
        let path = folder.join(LIST_NAME);
        match path.symlink_metadata() {
            Ok(found) if found.is_file() && found.len() <= limits::FILE_BYTES => {}
            Ok(_) => return Err(SnapshotError::unsafe_path(LIST_NAME, "is not an ordinary file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(SnapshotError::io("look at", &path, error)),
        }
        let read = || -> io::Result<Vec<u8>> {
            let mut text = Vec::new();
            ordinary::open_no_link(&path)?.0.take(limits::FILE_BYTES).read_to_end(&mut text)?;
            Ok(text)
        };
        match read() {
            Ok(text) => Self::parse(&text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SnapshotError::io("read", &path, error)),
        }
    }

    /// Reads a list.
    pub(in crate::snapshot) fn parse(text: &[u8]) -> Result<Self, SnapshotError> {
        // Some editors put a byte order mark before what they save.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let node = Node::parse(text).map_err(|fault| SnapshotError::in_file(LIST_NAME, fault.located(text)))?;
        let fault = |reason: &str| SnapshotError::in_file(LIST_NAME, reason);
        match node.get("schema").and_then(Node::as_str) {
            Some(SCHEMA) => {}
            Some(other) if other.starts_with("descope-projects/snapshot@") => {
                return Err(fault("was written by a newer version of this package").with_hint("upgrade it"));
            }
            _ => return Err(fault("is not a list of a snapshot's files")),
        }
        // What is damaged must not count as absent: a part would be taken for whole, and a file for none of its own.
        let flag = |name: &str| match node.get(name) {
            Some(Node::True) => Ok(true),
            Some(Node::False) | None => Ok(false),
            Some(_) => Err(fault("has something else where true or false belongs")),
        };
        let Some(Node::Object(files)) = node.get("files") else {
            return Err(fault("has no object of files"));
        };
        let foreign = match node.get("foreign") {
            Some(Node::Array(foreign)) => foreign.as_slice(),
            None => &[],
            Some(_) => return Err(fault("has something else where a list of foreign files belongs")),
        };
        let mut list =
            Self { partial: flag("partial")?, contains_secrets: flag("contains_secrets")?, ..Self::default() };
        for (path, kind) in files {
            let path = std::str::from_utf8(path).map_err(|_| fault("lists a path that is not UTF-8"))?;
            let kind = kind.as_str().and_then(FileKind::from_name);
            let kind = kind.ok_or_else(|| fault("lists a file of a kind that is not known"))?;
            list.files.insert(SnapshotPath::parse(path)?, kind);
        }
        for path in foreign {
            list.foreign.insert(path.as_str().ok_or_else(|| fault("lists a path that is not text"))?.to_owned());
        }
        Ok(list)
    }

    /// The text of the list.
    pub(in crate::snapshot) fn text(&self) -> Vec<u8> {
        let string = |text: &'static str| Node::String(text.as_bytes().into());
        let mut members: Vec<(Text<'_>, Node<'_>)> = vec![(b"schema"[..].into(), string(SCHEMA))];
        let files = self.files.iter().map(|(path, kind)| (path.as_str().as_bytes().into(), string(kind.name())));
        members.push((b"files"[..].into(), Node::Object(files.collect())));
        if !self.foreign.is_empty() {
            let foreign = self.foreign.iter().map(|path| Node::String(path.as_bytes().into()));
            members.push((b"foreign"[..].into(), Node::Array(foreign.collect())));
        }
        for (name, set) in [(&b"partial"[..], self.partial), (&b"contains_secrets"[..], self.contains_secrets)] {
            if set {
                members.push((name.into(), Node::True));
            }
        }
        let node = Node::Object(members).text();
        // What was just made is JSON.
        rewrite(&node, Form::File).unwrap_or(node)
    }
}
