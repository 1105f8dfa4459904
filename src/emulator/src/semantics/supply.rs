//! The secrets after an import: kept, overridden, cleared, given or missing.

use std::collections::{BTreeMap, BTreeSet};

use descope_projects_core::wire::{InputSecret, InputSecrets};
use serde_json::Value;

use super::entities::{Kind, Renames};
use super::secrets::{self, Group, Holder, PLACEHOLDER, SecretKey};
use crate::state::{Configuration, Files};
use crate::switches::UnknownInputSecrets;

/// The new secrets, and those that are missing, by the ids that the sender uses.
#[derive(Default)]
pub(crate) struct Supply {
    pub(crate) secrets: BTreeMap<SecretKey, String>,
    pub(crate) missing: Vec<(Group, InputSecret)>,
}

/// Secrets that came beside the files, by the sender's ids.
type Given<'request> = BTreeMap<SecretKey, &'request str>;

/// Decides on each secret field of the taken files, leaving placeholders where a secret is.
pub(crate) fn supply(
    target: &Configuration,
    taken: &mut BTreeMap<String, Value>,
    kept: &Files,
    renames: &Renames,
    input: &InputSecrets,
    unknown: (UnknownInputSecrets, &mut Vec<String>),
) -> Supply {
    let mut supply = Supply { secrets: BTreeMap::new(), missing: Vec::new() };
    let given = given(input);
    for key in secrets::placeholders(kept) {
        if let Some(secret) = target.secrets.get(&key) {
            supply.secrets.insert(key, secret.clone());
        }
    }
    let mut known = BTreeSet::new();
    for (path, file) in taken.iter_mut().filter(|(path, _)| secrets::may_hold(path)) {
        for holder in secrets::holders(path, file) {
            known.insert((holder.group, holder.id.clone()));
            decide(target, holder, renames, &given, &mut supply);
        }
    }
    // A value for an excluded entity is without effect, not wrong.
    for (path, file) in kept.iter().filter(|(path, _)| secrets::may_hold(path)) {
        let mut file = (**file).clone();
        known.extend(secrets::holders(path, &mut file).into_iter().map(|holder| (holder.group, holder.id)));
    }
    if let (UnknownInputSecrets::Refuse, failures) = unknown {
        for key in given.keys().filter(|key| !known.contains(&(key.group, key.id.clone()))) {
            failures.push(format!("inputSecrets.{}: there is no {:?} in the files", key.group.name(), key.id));
        }
    }
    supply
}

fn decide(target: &Configuration, holder: Holder<'_>, renames: &Renames, given: &Given<'_>, supply: &mut Supply) {
    let Holder { group, id: sent_id, name, fields } = holder;
    let id = match group {
        Group::Connectors => renames.get(Kind::Connector, &sent_id).unwrap_or(&sent_id).to_owned(),
        _ => sent_id.clone(),
    };
    // A secret may be given for a field that the file leaves out.
    let absent: Vec<&SecretKey> = given
        .keys()
        .filter(|key| key.group == group && key.id == sent_id && !key.kind.contains('.'))
        .filter(|key| !fields.contains_key(&key.kind))
        .collect();
    for key in absent {
        fields.insert(key.kind.clone(), Value::String(PLACEHOLDER.to_owned()));
    }
    for kind in given.keys().filter(|key| key.group == group && key.id == sent_id).map(|key| key.kind.clone()) {
        // Whatever the field's name is, a secret that is given makes it a secret's place.
        if let Some(field) = fields.get_mut(&kind).filter(|field| !field.is_object() && !field.is_array()) {
            *field = Value::String(PLACEHOLDER.to_owned());
        }
    }
    secrets::each_field(fields, &mut |kind, value| {
        let asked = SecretKey { group, id: sent_id.clone(), kind: kind.to_owned() };
        let key = SecretKey { group, id: id.clone(), kind: kind.to_owned() };
        if let Some(secret) = given.get(&asked) {
            supply.secrets.insert(key, (*secret).to_owned());
            *value = Value::String(PLACEHOLDER.to_owned());
            return;
        }
        match value {
            Value::String(text) if text == PLACEHOLDER => {
                if let Some(secret) = target.secrets.get(&key) {
                    supply.secrets.insert(key, secret.clone());
                } else {
                    let (id, name, kind) = (sent_id.clone(), name.clone(), kind.to_owned());
                    supply.missing.push((group, InputSecret { id, name, kind, value: String::new() }));
                }
            }
            Value::String(text) if !text.is_empty() => {
                supply.secrets.insert(key, std::mem::replace(text, PLACEHOLDER.to_owned()));
            }
            // null and "" clear: no secret is written.
            _ => {}
        }
    });
}

/// An empty value counts as none: the fill-in file that a failed validation leaves is full of them.
fn given(input: &InputSecrets) -> Given<'_> {
    let groups = [
        (Group::Connectors, &input.connectors),
        (Group::OauthProviders, &input.oauth_providers),
        (Group::OutboundApps, &input.outbound_apps),
        (Group::ExternalAuth, &input.external_auth),
    ];
    let mut values = BTreeMap::new();
    for (group, list) in groups {
        for secret in list.iter().filter(|secret| !secret.value.is_empty()) {
            let key = SecretKey { group, id: secret.id.clone(), kind: secret.kind.clone() };
            values.insert(key, secret.value.as_str());
        }
    }
    values
}
