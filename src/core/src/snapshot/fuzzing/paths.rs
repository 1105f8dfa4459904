//! Paths, alone and against each other.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use unicode_normalization::UnicodeNormalization as _;

use super::check_error;
use crate::snapshot::error::shown;
use crate::snapshot::paths::{SnapshotPath, check_all};
use crate::snapshot::{SnapshotErrorKind, limits};

/// Lines, each a path.
pub(crate) fn paths(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: BTreeSet<&str> = text.split('\n').collect();
    for line in &lines {
        match SnapshotPath::parse(line) {
            Ok(path) => check_path(line, &path),
            Err(error) => {
                check_error(&error);
                assert_eq!((error.kind(), error.path()), (SnapshotErrorKind::UnsafePath, Some(*line)));
            }
        }
        assert!(!shown(line).is_empty() && !shown(line).contains(char::is_control));
    }
    match check_all(lines.iter().copied()) {
        Ok(checked) => {
            assert!(checked.iter().map(SnapshotPath::as_str).eq(lines.iter().copied()));
            check_together(&checked);
        }
        Err(error) => {
            check_error(&error);
            assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath);
        }
    }
}

fn check_path(text: &str, path: &SnapshotPath) {
    let root = Path::new("/root-of-all");
    let below = path.below(root);
    assert_eq!(path.as_str(), text);
    assert!(below.starts_with(root) && below != root, "{text:?} is not below its folder");
    let parts: Vec<Component<'_>> = below.strip_prefix(root).unwrap().components().collect();
    assert_eq!(parts.len(), text.split('/').count(), "{text:?}");
    assert!(parts.iter().all(|part| matches!(part, Component::Normal(_))), "{text:?}");
    assert!(parts.len() <= limits::FOLDERS + 1 && text.len() <= limits::PATH_BYTES);
    assert!(!text.contains(|character: char| character.is_control() || "\\:".contains(character)));
    for name in text.split('/') {
        assert!(name.len() <= limits::NAME_BYTES && !name.ends_with(['.', ' ']));
        let folded = name.nfkc().collect::<String>().to_lowercase();
        assert!(folded != ".git" && !folded.starts_with(".descope-projects"), "{text:?}");
        let stem = name.split('.').next().unwrap_or_default().trim().to_lowercase();
        assert!(!["con", "prn", "aux", "nul", "com1", "lpt1"].contains(&stem.as_str()), "{text:?}");
    }
}

/// No two are one name, nor one the folder of the other, for a system that folds case or Unicode forms: by other means
/// than the check's own.
fn check_together(paths: &[SnapshotPath]) {
    let plain = |text: &str| text.nfc().collect::<String>().to_lowercase().nfc().collect::<String>();
    let shouted = |text: &str| text.nfd().collect::<String>().to_uppercase().nfd().collect::<String>();
    for key in [plain as fn(&str) -> String, shouted] {
        let files: BTreeSet<String> = paths.iter().map(|path| key(path.as_str())).collect();
        assert_eq!(files.len(), paths.len(), "two paths are one name: {paths:?}");
        let mut spelled = std::collections::BTreeMap::new();
        for folder in paths.iter().flat_map(SnapshotPath::folders) {
            assert!(!files.contains(&key(folder)), "a file is a folder: {paths:?}");
            let other = spelled.insert(key(folder), folder);
            assert!(other.is_none_or(|other| other == folder), "one folder, two spellings: {paths:?}");
        }
    }
}
