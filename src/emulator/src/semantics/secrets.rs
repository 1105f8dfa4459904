//! Secrets: which fields hold one, and what stands in the files instead.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::entities::{Kind, Renames, connector_slug};
use crate::state::Configuration;

/// What stands in a file where a secret belongs.
pub(crate) const PLACEHOLDER: &str = "PLACEHOLDER_VALUE";

/// Fields that hold a secret, by the last part of their name in lower case: no source lists them.
const SECRET_FIELDS: [&str; 26] = [
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "authtoken",
    "accountauthtoken",
    "bearertoken",
    "clientsecret",
    "connectionstring",
    "credentials",
    "encryptionkey",
    "hmacsecret",
    "licensekey",
    "password",
    "privatekey",
    "secret",
    "secretaccesskey",
    "secretapikey",
    "secretkey",
    "secrettoken",
    "serviceaccount",
    "serviceaccountkey",
    "signingkey",
    "signingsecret",
    "token",
    "webhooksecret",
];

/// The four lists of `inputSecrets` and `missingSecrets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Connectors,
    OauthProviders,
    OutboundApps,
    ExternalAuth,
}

impl Group {
    pub(crate) const NAMES: [&str; 4] = ["connectors", "oauthProviders", "outboundApps", "externalAuth"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "connectors" => Some(Self::Connectors),
            "oauthProviders" => Some(Self::OauthProviders),
            "outboundApps" => Some(Self::OutboundApps),
            "externalAuth" => Some(Self::ExternalAuth),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connectors => Self::NAMES[0],
            Self::OauthProviders => Self::NAMES[1],
            Self::OutboundApps => Self::NAMES[2],
            Self::ExternalAuth => Self::NAMES[3],
        }
    }
}

/// Which secret of a project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SecretKey {
    pub(crate) group: Group,
    /// The entity's id.
    pub(crate) id: String,
    /// The field, with dots where it is inside another one.
    pub(crate) kind: String,
}

/// An entity that may hold secrets.
pub(crate) struct Holder<'file> {
    pub(crate) group: Group,
    pub(crate) id: String,
    pub(crate) name: String,
    /// Where its secret fields are.
    pub(crate) fields: &'file mut Map<String, Value>,
}

/// The id of a project's external authentication, which has none of its own.
const EXTERNAL_AUTH: &str = "externalAuthConfig";

/// Whether a file can hold secrets at all.
pub(crate) fn may_hold(path: &str) -> bool {
    matches!(path, "auth/oauth.json" | "outboundapps.json" | "project.json") || connector_slug(path).is_some()
}

/// The entities of one file that may hold secrets.
pub(crate) fn holders<'file>(path: &str, file: &'file mut Value) -> Vec<Holder<'file>> {
    match path {
        "auth/oauth.json" => {
            let providers = file.get_mut("providerSettings").and_then(Value::as_object_mut);
            let providers = providers.into_iter().flat_map(|providers| providers.iter_mut());
            providers
                .filter_map(|(id, provider)| {
                    let fields = provider.as_object_mut()?;
                    Some(Holder { group: Group::OauthProviders, id: id.clone(), name: id.clone(), fields })
                })
                .collect()
        }
        "outboundapps.json" => {
            let apps = file.get_mut("outboundApps").and_then(Value::as_array_mut).into_iter().flatten();
            apps.filter_map(|app| {
                let (id, name) = (text(app, "id")?, text(app, "name").unwrap_or_default());
                Some(Holder { group: Group::OutboundApps, id, name, fields: app.as_object_mut()? })
            })
            .collect()
        }
        "project.json" => file
            .get_mut("externalAuthConfig")
            .and_then(|config| {
                let id = text(config, "id").unwrap_or_else(|| EXTERNAL_AUTH.to_owned());
                let name = text(config, "name").unwrap_or_else(|| EXTERNAL_AUTH.to_owned());
                Some(Holder { group: Group::ExternalAuth, id, name, fields: config.as_object_mut()? })
            })
            .into_iter()
            .collect(),
        _ if connector_slug(path).is_some() => {
            let identity = text(file, "id").zip(text(file, "name"));
            let fields = file.get_mut("configuration").and_then(Value::as_object_mut);
            identity
                .zip(fields)
                .map(|((id, name), fields)| Holder { group: Group::Connectors, id, name, fields })
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).map(str::to_owned)
}

/// Visits each field that holds a secret, or would.
pub(crate) fn each_field(fields: &mut Map<String, Value>, visit: &mut dyn FnMut(&str, &mut Value)) {
    walk(fields, "", visit);
}

fn walk(fields: &mut Map<String, Value>, prefix: &str, visit: &mut dyn FnMut(&str, &mut Value)) {
    for (name, value) in fields.iter_mut() {
        let kind = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Object(inner) => walk(inner, &kind, visit),
            Value::String(text) if text == PLACEHOLDER => visit(&kind, value),
            Value::String(_) | Value::Null if is_secret_field(name) => visit(&kind, value),
            _ => {}
        }
    }
}

fn is_secret_field(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_FIELDS.contains(&name.as_str())
}

/// Takes real secrets out of the files, leaving placeholders.
pub(crate) fn absorb(configuration: &mut Configuration) {
    let Configuration { files, secrets } = configuration;
    for (path, file) in files.iter_mut().filter(|(path, _)| may_hold(path)) {
        for holder in holders(path, Arc::make_mut(file)) {
            let (group, id) = (holder.group, holder.id);
            each_field(holder.fields, &mut |kind, value| {
                if let Value::String(secret) = value
                    && secret != PLACEHOLDER
                    && !secret.is_empty()
                {
                    let key = SecretKey { group, id: id.clone(), kind: kind.to_owned() };
                    secrets.insert(key, std::mem::replace(secret, PLACEHOLDER.to_owned()));
                }
            });
        }
    }
}

/// Every placeholder of the files.
pub(crate) fn placeholders<V: Borrow<Value>>(files: &BTreeMap<String, V>) -> BTreeSet<SecretKey> {
    let mut found = BTreeSet::new();
    for (path, file) in files.iter().filter(|(path, _)| may_hold(path)) {
        let mut file = file.borrow().clone();
        for holder in holders(path, &mut file) {
            let (group, id) = (holder.group, holder.id);
            each_field(holder.fields, &mut |kind, value| {
                if value.as_str() == Some(PLACEHOLDER) {
                    found.insert(SecretKey { group, id: id.clone(), kind: kind.to_owned() });
                }
            });
        }
    }
    found
}

/// The secrets that no placeholder stands for.
pub(crate) fn without_placeholder(configuration: &Configuration) -> Vec<SecretKey> {
    let placed = placeholders(&configuration.files);
    configuration.secrets.keys().filter(|key| !placed.contains(key)).cloned().collect()
}

/// The same secrets under their entities' new ids.
pub(crate) fn renamed(secrets: &BTreeMap<SecretKey, String>, renames: &Renames) -> BTreeMap<SecretKey, String> {
    let rename = |key: &SecretKey| {
        let mut key = key.clone();
        if key.group == Group::Connectors
            && let Some(new) = renames.get(Kind::Connector, &key.id)
        {
            new.clone_into(&mut key.id);
        }
        key
    };
    secrets.iter().map(|(key, value)| (rename(key), value.clone())).collect()
}
