//! The things whose ids a server makes anew in each project: matched by name, wherever they are.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::state::Files;

/// What has an id of its own in each project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Connector,
    Role,
    Permission,
    Template,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Connector, Self::Role, Self::Permission, Self::Template];

    /// How ids of the kind begin.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Connector => "CI",
            Self::Role => "ROL",
            Self::Permission => "PER",
            Self::Template => "JT",
        }
    }

    /// As in messages.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Role => "role",
            Self::Permission => "permission",
            Self::Template => "JWT template",
        }
    }

    /// The file and the list in it; connectors have a file each.
    fn list(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Connector => None,
            Self::Role => Some(("roles.json", "roles")),
            Self::Permission => Some(("permissions.json", "permissions")),
            Self::Template => Some(("jwttemplates.json", "templates")),
        }
    }
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) path: String,
}

/// New ids for old ones.
#[derive(Default)]
pub(crate) struct Renames {
    ids: HashMap<(Kind, String), String>,
}

impl Renames {
    pub(crate) fn set(&mut self, kind: Kind, old: String, new: String) {
        self.ids.insert((kind, old), new);
    }

    pub(crate) fn get(&self, kind: Kind, old: &str) -> Option<&str> {
        self.ids.get(&(kind, old.to_owned())).map(String::as_str)
    }
}

/// The slug of a connector's own file.
pub(crate) fn connector_slug(path: &str) -> Option<&str> {
    let slug = path.strip_prefix("connectors/")?.strip_suffix(".json")?;
    (slug != "connectors" && !slug.contains('/')).then_some(slug)
}

/// All entities of a kind that have a name and an id.
pub(crate) fn list<V: Borrow<Value>>(kind: Kind, files: &BTreeMap<String, V>) -> Vec<Entity> {
    let entity = |path: &str, value: &Value| {
        let text = |field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
        Some(Entity { id: text("id")?, name: text("name")?, path: path.to_owned() })
    };
    match kind.list() {
        Some((path, field)) => {
            let list = files.get(path).and_then(|file| file.borrow().get(field)).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(|value| entity(path, value)).collect()
        }
        None => files
            .iter()
            .filter(|(path, _)| connector_slug(path).is_some())
            .filter_map(|(path, value)| entity(path, value.borrow()))
            .collect(),
    }
}

/// Gives the entities themselves their new ids.
pub(crate) fn rename(files: &mut Files, renames: &Renames) {
    for kind in Kind::ALL {
        if let Some((path, field)) = kind.list() {
            if let Some(file) = files.get_mut(path) {
                let list = Arc::make_mut(file).get_mut(field).and_then(Value::as_array_mut);
                for value in list.into_iter().flatten() {
                    rename_one(kind, value, renames);
                }
            }
        } else {
            for (path, file) in files.iter_mut() {
                if connector_slug(path).is_some() {
                    rename_one(kind, Arc::make_mut(file), renames);
                }
            }
        }
    }
}

fn rename_one(kind: Kind, value: &mut Value, renames: &Renames) {
    if let Some(Value::String(id)) = value.get_mut("id")
        && let Some(new) = renames.get(kind, id)
    {
        new.clone_into(id);
    }
}
