//! Where one file names an entity of another by its id.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;

use super::entities::{Kind, Renames};
use crate::state::Files;

/// Values of a service provider or a template that name nothing of the project's.
const BUILT_IN: [&str; 3] = ["", "Descope", "System"];

/// One place that names an entity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reference {
    pub(crate) kind: Kind,
    pub(crate) path: String,
    /// JSON pointer to the id.
    pub(crate) pointer: String,
    pub(crate) id: String,
    /// The name that the flow's own `references` give the id.
    pub(crate) name: Option<String>,
}

/// What a flow's `references` say: the kind and name of each id.
type Known = HashMap<String, (Kind, String)>;

/// Every reference of the files.
pub(crate) fn find<V: Borrow<Value>>(files: &BTreeMap<String, V>) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut known_of: HashMap<&str, Known> = HashMap::new();
    for (path, value) in files {
        if let Some(directory) = path.strip_suffix("/metadata.json") {
            known_of.insert(directory, known(value.borrow()));
        }
    }
    let nothing = Known::new();
    for (path, value) in files {
        let value = value.borrow();
        if let Some(directory) = flow_directory(path) {
            let known = known_of.get(directory).unwrap_or(&nothing);
            Walk { path, known, found: &mut found }.flow(value, &mut String::new());
        } else if path.starts_with("auth/") {
            Walk { path, known: &nothing, found: &mut found }.providers(value, &mut String::new());
        } else if path == "project.json" {
            for field in ["userTemplateId", "keyTemplateId"] {
                if let Some(id) = value.get(field).and_then(Value::as_str) {
                    Walk { path, known: &nothing, found: &mut found }.add(Kind::Template, id, &format!("/{field}"));
                }
            }
        }
    }
    found
}

/// Rewrites the ids that have a new one.
pub(crate) fn rewrite(files: &mut Files, renames: &Renames) {
    for reference in find(files) {
        if let Some(new) = renames.get(reference.kind, &reference.id) {
            replace(files, &reference, new);
        }
    }
}

/// Writes another id to the place of a reference.
pub(crate) fn replace(files: &mut Files, reference: &Reference, id: &str) {
    if let Some(file) = files.get_mut(&reference.path)
        && let Some(place) = Arc::make_mut(file).pointer_mut(&reference.pointer)
    {
        *place = Value::String(id.to_owned());
    }
}

/// `flows/<id>` or `widgets/flows/<id>`, of a file in it.
pub(crate) fn flow_directory(path: &str) -> Option<&str> {
    let prefix = ["flows/", "widgets/flows/"].into_iter().find(|prefix| path.starts_with(prefix))?;
    let end = path[prefix.len()..].find('/')?;
    Some(&path[..prefix.len() + end])
}

fn known(metadata: &Value) -> Known {
    let mut known = Known::new();
    for (field, kind) in [("connectors", Kind::Connector), ("roles", Kind::Role)] {
        let map = metadata.get("references").and_then(|references| references.get(field)).and_then(Value::as_object);
        for (name, id) in map.into_iter().flatten() {
            if let Some(id) = id.as_str() {
                known.insert(id.to_owned(), (kind, name.clone()));
            }
        }
    }
    known
}

struct Walk<'files> {
    path: &'files str,
    known: &'files Known,
    found: &'files mut Vec<Reference>,
}

impl Walk<'_> {
    /// A flow names connectors in fields of that name, and whatever its `references` list anywhere.
    fn flow(&mut self, value: &Value, pointer: &mut String) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let length = push(pointer, name);
                    if name == "connectorId" {
                        self.connector_field(value, pointer);
                    } else {
                        self.flow(value, pointer);
                    }
                    pointer.truncate(length);
                }
            }
            Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    let length = push(pointer, &index.to_string());
                    self.flow(value, pointer);
                    pointer.truncate(length);
                }
            }
            Value::String(id) => {
                if let Some((kind, _)) = self.known.get(id) {
                    self.add(*kind, id, pointer);
                }
            }
            _ => {}
        }
    }

    /// `"CI…"`, or `{"value": "CI…", …}`.
    fn connector_field(&mut self, value: &Value, pointer: &mut String) {
        match value {
            Value::String(id) => self.add(Kind::Connector, id, pointer),
            Value::Object(_) => {
                if let Some(id) = value.get("value").and_then(Value::as_str) {
                    let length = push(pointer, "value");
                    self.add(Kind::Connector, id, pointer);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }

    /// An authentication method names connectors as its service providers.
    fn providers(&mut self, value: &Value, pointer: &mut String) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let length = push(pointer, name);
                    match value {
                        Value::String(id) if name.ends_with("ServiceProvider") => {
                            self.add(Kind::Connector, id, pointer);
                        }
                        _ => self.providers(value, pointer),
                    }
                    pointer.truncate(length);
                }
            }
            Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    let length = push(pointer, &index.to_string());
                    self.providers(value, pointer);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, kind: Kind, id: &str, pointer: &str) {
        if BUILT_IN.contains(&id) {
            return;
        }
        let name = self.known.get(id).filter(|(known, _)| *known == kind).map(|(_, name)| name.clone());
        let (path, pointer, id) = (self.path.to_owned(), pointer.to_owned(), id.to_owned());
        self.found.push(Reference { kind, path, pointer, id, name });
    }
}

/// Appends one step; the length to go back to.
fn push(pointer: &mut String, step: &str) -> usize {
    let length = pointer.len();
    let _ = write!(pointer, "/{}", step.replace('~', "~0").replace('/', "~1"));
    length
}
