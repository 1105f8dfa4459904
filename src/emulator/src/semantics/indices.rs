//! The files that list what a directory holds.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One of these files.
pub(crate) struct Index {
    pub(crate) path: &'static str,
    /// The list's field.
    pub(crate) field: &'static str,
    /// Where the entries are.
    base: &'static str,
    /// Whether an entry is a directory, or a JSON file.
    directories: bool,
    /// Whether an entry may be listed without being there: built-in widgets are.
    pub(crate) may_lack: bool,
}

pub(crate) const INDICES: [Index; 5] = [
    index("connectors/connectors.json", "connectors", "connectors/", false, false),
    index("flows/flows.json", "flows", "flows/", true, false),
    index("widgets/widgets.json", "widgets", "widgets/", false, true),
    index("widgets/flows/flows.json", "flows", "widgets/flows/", true, false),
    index("styles/styles.json", "styles", "styles/", false, false),
];

const fn index(
    path: &'static str,
    field: &'static str,
    base: &'static str,
    directories: bool,
    may_lack: bool,
) -> Index {
    Index { path, field, base, directories, may_lack }
}

impl Index {
    /// The entry that a file belongs to.
    pub(crate) fn entry<'path>(&self, path: &'path str) -> Option<&'path str> {
        if path == self.path {
            return None;
        }
        let rest = path.strip_prefix(self.base)?;
        if self.directories {
            rest.split_once('/').map(|(entry, _)| entry)
        } else {
            rest.strip_suffix(".json").filter(|entry| !entry.contains('/'))
        }
    }

    /// A file that an entry cannot be without.
    pub(crate) fn files_of(&self, entry: &str) -> Vec<String> {
        if self.directories {
            ["metadata", "contents"].iter().map(|name| format!("{}{entry}/{name}.json", self.base)).collect()
        } else {
            vec![format!("{}{entry}.json", self.base)]
        }
    }

    /// The entries that the file lists; `None` if it is absent or no such list.
    pub(crate) fn listed<V: Borrow<Value>>(&self, files: &BTreeMap<String, V>) -> Option<BTreeSet<String>> {
        let list = files.get(self.path)?.borrow().get(self.field)?.as_array()?;
        list.iter().map(|entry| entry.as_str().map(str::to_owned)).collect()
    }

    /// The entries that have files.
    pub(crate) fn present<V>(&self, files: &BTreeMap<String, V>) -> BTreeSet<String> {
        files.keys().filter_map(|path| self.entry(path)).map(str::to_owned).collect()
    }

    /// Adds an entry to the list, or takes it out.
    pub(crate) fn set(&self, file: &mut Value, entry: &str, listed: bool) {
        let Some(list) = file.get_mut(self.field).and_then(Value::as_array_mut) else { return };
        let there = list.iter().any(|value| value.as_str() == Some(entry));
        if listed && !there {
            list.push(Value::String(entry.to_owned()));
        } else if !listed && there {
            list.retain(|value| value.as_str() != Some(entry));
        }
    }

    /// The file for an empty directory.
    pub(crate) fn empty(&self) -> Value {
        serde_json::json!({ self.field: [] })
    }
}

/// The index and entry that a file belongs to.
pub(crate) fn entry_of(path: &str) -> Option<(&'static Index, &str)> {
    static ALL: [Index; 5] = INDICES;
    ALL.iter().find_map(|index| index.entry(path).map(|entry| (index, entry)))
}
