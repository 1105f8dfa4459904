//! Whether a snapshot is whole: what an import does not find, it deletes.
//!
//! Widgets are not looked at, nor the flows that they use: their indexes list built-in ones too, which have no files.

use super::error::SnapshotError;
use super::index::Files;
use super::node::Node;
use super::value::Stored;

/// Why the files are only a part of a snapshot; `None` if they are whole.
pub(super) fn why(files: &Files) -> Option<String> {
    if !files.contains_key("project.json") {
        return Some("it has no project.json".to_owned());
    }
    for (index, key, entry) in [
        ("flows/flows.json", "flows", flow_files as fn(&str) -> Vec<String>),
        ("connectors/connectors.json", "connectors", |name| vec![format!("connectors/{name}.json")]),
        ("styles/styles.json", "styles", |name| vec![format!("styles/{name}.json")]),
    ] {
        let Some(stored) = files.get(index) else {
            // An import reads what the index lists: without it, it would delete what is there.
            let beside = files.keys().find(|path| path.split('/').next() == index.split('/').next());
            match beside {
                Some(path) => return Some(format!("{} is there and {index} is not", super::error::shown(path))),
                None => continue,
            }
        };
        let entries = match strings(index, stored, key) {
            Ok(Some(entries)) => entries,
            Ok(None) => return Some(format!("{index} has no list of names under {key:?}")),
            Err(error) => return Some(error.message().to_owned()),
        };
        if let Some(missing) = missing(files, index, entries.iter().flat_map(|name| entry(name))) {
            return Some(missing);
        }
        if key != "flows" {
            continue;
        }
        for flow in &entries {
            let metadata = format!("flows/{flow}/metadata.json");
            let Some(stored) = files.get(metadata.as_str()) else { continue };
            match strings(&metadata, stored, "screens") {
                // Metadata that lists no screens is what a flow without screens has.
                Ok(screens) => {
                    let screens = screens.unwrap_or_default();
                    let screens = screens.iter().map(|screen| format!("flows/{flow}/screen-{screen}.json"));
                    if let Some(missing) = missing(files, &metadata, screens) {
                        return Some(missing);
                    }
                }
                Err(error) => return Some(error.message().to_owned()),
            }
        }
    }
    missing_asset(files)
}

/// The index of the assets names them by their keys. Where it is something else, it is not ours to judge.
fn missing_asset(files: &Files) -> Option<String> {
    const INDEX: &str = "assets/assets.json";
    let node = match files.get(INDEX)?.node(INDEX) {
        Ok(node) => node?,
        Err(error) => return Some(error.message().to_owned()),
    };
    let names = node.members().iter().filter_map(|(name, _)| std::str::from_utf8(name).ok());
    missing(files, INDEX, names.map(|name| format!("assets/{name}")))
}

fn flow_files(flow: &str) -> Vec<String> {
    vec![format!("flows/{flow}/metadata.json"), format!("flows/{flow}/contents.json")]
}

fn missing(files: &Files, index: &str, mut paths: impl Iterator<Item = String>) -> Option<String> {
    let path = paths.find(|path| !files.contains_key(path.as_str()))?;
    Some(format!("{index} names {}, which is not there", super::error::shown(&path)))
}

/// The strings of the list under `key`; `None` if there is no such list, or something else in it.
fn strings(path: &str, stored: &Stored, key: &str) -> Result<Option<Vec<String>>, SnapshotError> {
    let node = stored.node(path)?;
    let Some(Node::Array(items)) = node.as_ref().and_then(|node| node.get(key)) else { return Ok(None) };
    Ok(items.iter().map(|item| item.as_str().map(str::to_owned)).collect())
}
