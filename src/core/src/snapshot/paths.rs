//! Paths that can be joined to a folder without leaving it, on every system.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use unicode_casefold::UnicodeCaseFold;
use unicode_normalization::UnicodeNormalization;

use super::error::{SnapshotError, is_visible, shown};
use super::limits;

/// What names that belong to this package start with.
pub(super) const OWN_PREFIX: &str = ".descope-projects";

/// A relative path with forward slashes that means the same file on every system, and one below the folder that it is
/// joined to. There is no way to make another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SnapshotPath(Box<str>);

impl SnapshotPath {
    /// Checks a path of a snapshot.
    pub(super) fn parse(path: &str) -> Result<Self, SnapshotError> {
        match fault(path) {
            None => Ok(Self(path.into())),
            Some(reason) => Err(SnapshotError::unsafe_path(path, reason)),
        }
    }

    /// As in the snapshot.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The file below `folder`.
    pub(super) fn below(&self, folder: &Path) -> PathBuf {
        let mut joined = folder.to_path_buf();
        joined.extend(self.0.split('/'));
        joined
    }

    /// The folders that it is in, outermost first: `a`, `a/b` for `a/b/c.json`.
    pub(super) fn folders(&self) -> impl DoubleEndedIterator<Item = &str> {
        folders(&self.0)
    }
}

impl fmt::Display for SnapshotPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The folders of a path, outermost first.
pub(super) fn folders(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// What two paths share if some file system holds them for one: case folded, decomposed.
pub(super) fn collision_key(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    path.nfd().case_fold().nfd().collect()
}

/// Checks all paths of one snapshot, alone and against each other.
pub(super) fn check_all<'a>(paths: impl Iterator<Item = &'a str>) -> Result<Vec<SnapshotPath>, SnapshotError> {
    let checked = paths.map(SnapshotPath::parse).collect::<Result<Vec<_>, _>>()?;
    let mut files: HashMap<String, &str> = HashMap::with_capacity(checked.len());
    for path in &checked {
        if let Some(other) = files.insert(collision_key(path.as_str()), path.as_str()) {
            return Err(collision(path.as_str(), other));
        }
    }
    let mut known: HashSet<&str> = HashSet::new();
    let mut spelled: HashMap<String, &str> = HashMap::new();
    for path in &checked {
        for folder in path.folders().rev() {
            if !known.insert(folder) {
                break;
            }
            let key = collision_key(folder);
            if let Some(file) = files.get(&key) {
                return Err(SnapshotError::unsafe_path(
                    path.as_str(),
                    format_args!("needs a folder where {} is a file", shown(file)),
                ));
            }
            if let Some(other) = spelled.insert(key, folder)
                && other != folder
            {
                return Err(collision(folder, other));
            }
        }
    }
    Ok(checked)
}

fn collision(path: &str, other: &str) -> SnapshotError {
    SnapshotError::unsafe_path(
        path,
        format_args!("and {} are one name where case or Unicode form do not count", shown(other)),
    )
}

/// Why the path is not safe; completes the sentence "*path* …".
fn fault(path: &str) -> Option<String> {
    if path.is_empty() {
        return Some("is an empty path".to_owned());
    }
    if path.len() > limits::PATH_BYTES {
        return Some(format!("is longer than {} bytes", limits::PATH_BYTES));
    }
    if path.starts_with('/') {
        return Some("is an absolute path".to_owned());
    }
    if let Some(character) = path.chars().find(|character| character.is_control() || !is_visible(*character)) {
        return Some(format!("has the invisible character U+{:04X} in it", u32::from(character)));
    }
    if path.contains('\\') {
        return Some("has a backslash in it".to_owned());
    }
    if path.contains(':') {
        return Some("has a colon in it, which names a drive or a stream on Windows".to_owned());
    }
    if folders(path).count() > limits::FOLDERS {
        return Some(format!("is more than {} folders deep", limits::FOLDERS));
    }
    path.split('/').find_map(fault_of_name).map(str::to_owned)
}

fn fault_of_name(name: &str) -> Option<&'static str> {
    match name {
        "" => return Some("has an empty name in it"),
        "." | ".." => return Some("has `.` or `..` in it"),
        _ => {}
    }
    if name.len() > limits::NAME_BYTES {
        return Some("has a name in it that is too long for common file systems");
    }
    if name.ends_with(['.', ' ']) {
        return Some("has a name in it that ends with a dot or a space, which Windows drops");
    }
    if is_reserved(name) {
        return Some("has a name in it that is a device on Windows");
    }
    // A look-alike in another script's letters is the same name to some file system.
    let key = if name.is_ascii() { collision_key(name) } else { collision_key(&name.nfkc().collect::<String>()) };
    if matches!(key.as_str(), ".git" | "git~1") {
        return Some("has a name in it that belongs to git");
    }
    if key.starts_with(OWN_PREFIX) {
        return Some("has a name in it that this package keeps for itself");
    }
    None
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let mut rest = match stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")) {
        Some(rest) => rest.chars(),
        None => return false,
    };
    matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
}
