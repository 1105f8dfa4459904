//! Which entity of the target each sent one is, and the ids that follow from it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::entities::{self, Entity, Kind, Renames};
use super::references;
use crate::identifiers;
use crate::state::Files;
use crate::switches::{ForeignConnectorIds, RenamedConnector, Semantics};

/// The new id of each sent entity: the target's under the same name, or a new one.
pub(crate) fn bind(
    target: &Files,
    sent: &[(Kind, Vec<Entity>)],
    taken: &BTreeMap<String, Value>,
    semantics: &Semantics,
    failures: &mut Vec<String>,
) -> Renames {
    let mut renames = Renames::default();
    for (kind, sent) in sent {
        let own = entities::list(*kind, target);
        let by_name: HashMap<&str, &Entity> = own.iter().map(|entity| (entity.name.as_str(), entity)).collect();
        let sent_names: HashSet<&str> = sent.iter().map(|entity| entity.name.as_str()).collect();
        for entity in sent {
            let id = match by_name.get(entity.name.as_str()) {
                Some(known) => {
                    let foreign = *kind == Kind::Connector && known.id != entity.id && taken.contains_key(&entity.path);
                    if foreign && semantics.foreign_connector_ids == ForeignConnectorIds::Refuse {
                        let (path, name) = (&entity.path, &entity.name);
                        failures.push(format!("{path}: the connector {name:?} has another id in this project"));
                    }
                    known.id.clone()
                }
                // An excluded file makes nothing: a name that the target has not stays unknown.
                None if !taken.contains_key(&entity.path) => continue,
                None => {
                    let moved =
                        own.iter().any(|known| known.id == entity.id && !sent_names.contains(known.name.as_str()));
                    if moved && *kind == Kind::Connector && semantics.renamed_connector == RenamedConnector::Rename {
                        entity.id.clone()
                    } else {
                        identifiers::fresh(kind.prefix(), &entity.id)
                    }
                }
            };
            renames.set(*kind, entity.id.clone(), id);
        }
    }
    renames
}

/// Rewrites the references of the taken files; what names nothing is a failure, unless it was so before.
pub(crate) fn resolve(target: &Files, taken: &mut Files, kept: &Files, renames: &Renames, failures: &mut Vec<String>) {
    let mut ids: HashSet<(Kind, String)> = HashSet::new();
    let mut by_name: HashMap<(Kind, String), String> = HashMap::new();
    for kind in Kind::ALL {
        for entity in entities::list(kind, taken).into_iter().chain(entities::list(kind, kept)) {
            ids.insert((kind, entity.id.clone()));
            by_name.insert((kind, entity.name), entity.id);
        }
    }
    let mut dangling = Vec::new();
    for reference in references::find(taken) {
        let kind = reference.kind;
        let named = || by_name.get(&(kind, reference.name.clone()?)).map(String::as_str);
        let id = match renames.get(kind, &reference.id).filter(|id| ids.contains(&(kind, (*id).to_owned()))) {
            Some(id) => Some(id),
            None => named(),
        };
        match id {
            Some(id) if id == reference.id => {}
            Some(id) => references::replace(taken, &reference, id),
            None if ids.contains(&(kind, reference.id.clone())) => {}
            None => dangling.push(reference),
        }
    }
    dangling.extend(references::find(kept).into_iter().filter(|known| !ids.contains(&(known.kind, known.id.clone()))));
    if dangling.is_empty() {
        return;
    }
    let before = dangling_before(target);
    let mut said = HashSet::new();
    for reference in dangling {
        let place = (reference.path.clone(), reference.id.clone());
        if before.contains(&place) || !said.insert(place) {
            continue;
        }
        let name = reference.name.map(|name| format!(" ({name:?})")).unwrap_or_default();
        let (path, noun, id) = (reference.path, reference.kind.noun(), reference.id);
        failures.push(format!("{path}: there is no {noun} {id}{name}"));
    }
}

fn dangling_before(target: &Files) -> HashSet<(String, String)> {
    let mut ids: HashSet<(Kind, String)> = HashSet::new();
    for kind in Kind::ALL {
        ids.extend(entities::list(kind, target).into_iter().map(|entity| (kind, entity.id)));
    }
    let found = references::find(target).into_iter();
    found.filter(|known| !ids.contains(&(known.kind, known.id.clone()))).map(|known| (known.path, known.id)).collect()
}

/// The taken files, ready to be shared.
pub(crate) fn shared(taken: BTreeMap<String, Value>) -> Files {
    taken.into_iter().map(|(path, value)| (path, Arc::new(value))).collect()
}
