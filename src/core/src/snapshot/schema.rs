//! What is known of a snapshot's files by their paths.

use std::collections::BTreeSet;

use super::value::FileKind;

/// The sentinel that an export has in the place of a secret, and that an import takes for "keep".
pub(super) const PLACEHOLDER: &str = "PLACEHOLDER_VALUE";

/// The folders that a snapshot has. A file in one of them that cannot be read is no stray file.
const FOLDERS: &[&str] = &["assets", "auth", "connectors", "flows", "styles", "widgets"];

/// Files of which at least one is in every whole snapshot, of today or of 2024, and which other tools have too.
const MARKERS: &[&str] = &["project.json", "environment.json"];

/// The files beside the folders.
const FILES: &[&str] = &[
    "applications.json",
    "attributes.json",
    "environment.json",
    "jwttemplates.json",
    "lists.json",
    "outboundapps.json",
    "permissions.json",
    "project.json",
    "resources.json",
    "roles.json",
    "snapshot.json",
    "ssoapps.json",
];

/// What the vendor's command line takes a file for: by its extension alone, and case counts.
pub(super) fn kind_by_extension(path: &str) -> Option<FileKind> {
    match extension(path)? {
        "json" => Some(FileKind::Json),
        "txt" | "html" => Some(FileKind::Text),
        "png" | "jpg" | "svg" | "webp" => Some(FileKind::Image),
        _ => None,
    }
}

fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, extension)| extension)
}

/// Whether the vendor's command line passes over everything of this name.
pub(super) fn is_skipped_name(name: &str) -> bool {
    name.starts_with('.') || name.starts_with("__MACOSX")
}

/// Whether the vendor's command line reads the path.
pub(super) fn is_plain(path: &str) -> bool {
    kind_by_extension(path).is_some() && !path.split('/').any(is_skipped_name)
}

/// Whether the path is in a folder that every snapshot has.
pub(super) fn is_known_folder(path: &str) -> bool {
    path.split_once('/').is_some_and(|(folder, _)| FOLDERS.contains(&folder))
}

/// Whether the path is one that a snapshot has: what can be read as a file of one may still be anybody's.
pub(super) fn is_known(path: &str) -> bool {
    FILES.contains(&path) || is_known_folder(path)
}

/// Whether a folder of these files is a snapshot although no list says so. Build tools have a `project.json` too; none
/// has one beside an index of ours.
pub(super) fn is_snapshot(paths: &BTreeSet<&str>) -> bool {
    let has = |wanted: fn(&str) -> bool| paths.iter().any(|path| wanted(path));
    paths.contains("snapshot.json")
        || (has(|path| MARKERS.contains(&path)) && has(|path| is_index(path) && path.contains('/')))
}

/// A file of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlowFile<'a> {
    /// `metadata.json`
    Metadata,
    /// `contents.json`
    Contents,
    /// `screen-<name>.json`
    Screen(&'a str),
    /// Any other.
    Other,
}

/// The flow's folder and which of its files this is; flows that widgets use are flows too.
pub(super) fn flow_file(path: &str) -> Option<(&str, FlowFile<'_>)> {
    let (folder, name) = path.rsplit_once('/')?;
    let flow = folder.strip_prefix("flows/").or_else(|| folder.strip_prefix("widgets/flows/"))?;
    if flow.contains('/') {
        return None;
    }
    let screen = name.strip_prefix("screen-").and_then(|name| name.strip_suffix(".json"));
    Some((
        folder,
        match (name, screen) {
            ("metadata.json", _) => FlowFile::Metadata,
            ("contents.json", _) => FlowFile::Contents,
            (_, Some(screen)) => FlowFile::Screen(screen),
            _ => FlowFile::Other,
        },
    ))
}

/// Files that only name other files, or say which format this is.
pub(super) fn is_index(path: &str) -> bool {
    matches!(
        path,
        "snapshot.json"
            | "environment.json"
            | "assets/assets.json"
            | "connectors/connectors.json"
            | "flows/flows.json"
            | "styles/styles.json"
            | "widgets/widgets.json"
            | "widgets/flows/flows.json"
    )
}
