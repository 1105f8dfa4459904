//! The vendor's file of secrets: one JSON object, `{"connector-<id>": {"name": …, "secrets": {"<type>": "<value>"}}}`.
//!
//! The vendor's command line writes it with empty values after a failed validation, to be filled in; it and this
//! program read each other's.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::Path;

use descope_projects_core::client::{MissingSecret, SecretGroup, SecretOption, SecretsOption};
use descope_projects_core::secrets::{Secret, Zeroizing, looks_like_credential};
use descope_projects_core::wire::nearest;
use descope_projects_core::{Error, ErrorKind, Result};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// What a key begins with, and the group of entities that it names. The last is ours: the vendor's file has no place
/// for external authentication, whose secret could not be given otherwise.
const GROUPS: [(&str, SecretGroup); 4] = [
    ("connector-", SecretGroup::Connectors),
    ("oauthprovider-", SecretGroup::OauthProviders),
    ("outboundapp-", SecretGroup::OutboundApps),
    ("externalauth-", SecretGroup::ExternalAuth),
];

/// A file that was read.
pub(crate) struct Read {
    /// Its values.
    pub(crate) secrets: SecretsOption,
    /// Whether its mode lets other users of the machine read it.
    pub(crate) others_may_read: bool,
}

/// Reads a file in which every value is filled in.
///
/// # Errors
/// `ConfigurationError` names the key that is unknown or the value that is empty; no error shows a value.
pub(crate) fn read(path: &Path) -> Result<Read> {
    let text = std::fs::read(path).map_err(|error| wrong(path, &format!("cannot be read: {error}")))?;
    let text = Zeroizing::new(text);
    let entries = parse(path, &text)?;
    let mut secrets = SecretsOption::default();
    let mut empty = Vec::new();
    for Entry { group, id, name, values } in entries {
        let list = match group {
            SecretGroup::Connectors => &mut secrets.connectors,
            SecretGroup::OauthProviders => &mut secrets.oauth_providers,
            SecretGroup::OutboundApps => &mut secrets.outbound_apps,
            SecretGroup::ExternalAuth => &mut secrets.external_auth,
        };
        for (kind, value) in values {
            if value.is_empty() {
                empty.push(if name.is_empty() {
                    format!("{kind} of {id}")
                } else {
                    format!("{kind} of {name} ({id})")
                });
                continue;
            }
            list.push(SecretOption { id: id.clone(), name: name.clone(), kind, value });
        }
    }
    if !empty.is_empty() {
        return Err(wrong(path, &format!("has no value yet for {}", empty.join(", "))));
    }
    Ok(Read { secrets, others_may_read: others_may_read(path) })
}

/// Refuses a place where [`write_missing`] would lose something: a file that holds a value, or is no such file.
pub(crate) fn check_writable(path: &Path) -> Result<()> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(wrong(path, &format!("cannot be read: {error}"))),
        Ok(text) => {
            let text = Zeroizing::new(text);
            let is_empty = |entry: &Entry| entry.values.iter().all(|(_, value)| value.is_empty());
            if parse(path, &text).is_ok_and(|entries| entries.iter().all(is_empty)) {
                return Ok(());
            }
            Err(wrong(path, "is there already and is not a file of empty values: it was left alone"))
        }
    }
}

/// Writes the missing secrets with empty values, for their owner's eyes only.
///
/// A file that was written before and is still empty is replaced; one that holds a value is never touched.
pub(crate) fn write_missing(path: &Path, missing: &[MissingSecret]) -> Result<()> {
    check_writable(path)?;
    let mut text =
        serde_json::to_vec_pretty(&fill_in(missing)).map_err(|_| wrong(path, "cannot be written as JSON"))?;
    text.push(b'\n');
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file has mode 0600 from its first moment.
    tempfile::NamedTempFile::new_in(folder)
        .and_then(|mut file| file.write_all(&text).and_then(|()| file.flush()).map(|()| file))
        .and_then(|file| file.persist(path).map_err(|error| error.error))
        .map_err(|error| Error::new(ErrorKind::Snapshot, format!("{} cannot be written: {error}", path.display())))?;
    Ok(())
}

/// The file's content: entities in the order of their keys.
fn fill_in(missing: &[MissingSecret]) -> Value {
    let mut entries: BTreeMap<String, (String, Map<String, Value>)> = BTreeMap::new();
    for secret in missing {
        let prefix = GROUPS.iter().find(|(_, group)| *group == secret.group).map_or("", |(prefix, _)| prefix);
        let (_, values) =
            entries.entry(format!("{prefix}{}", secret.id)).or_insert_with(|| (secret.name.clone(), Map::new()));
        values.insert(secret.kind.clone(), Value::from(""));
    }
    entries
        .into_iter()
        .map(|(key, (name, values))| (key, serde_json::json!({ "name": name, "secrets": values })))
        .collect::<Map<String, Value>>()
        .into()
}

struct Entry {
    group: SecretGroup,
    id: String,
    name: String,
    values: Vec<(String, Secret)>,
}

fn parse(path: &Path, text: &[u8]) -> Result<Vec<Entry>> {
    // The parser's own text is not shown: it may repeat a value.
    let entries: Members<Members<Field>> = serde_json::from_slice(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let why = match error.classify() {
            serde_json::error::Category::Data => "is not a file of secrets: {\"<kind>-<id>\": {\"name\", \"secrets\"}}",
            _ => "is not JSON",
        };
        wrong(path, &format!("{why} ({place})"))
    })?;
    let mut parsed: Vec<Entry> = Vec::new();
    for (key, fields) in entries.0 {
        let known = GROUPS.iter().find_map(|(prefix, group)| Some((*group, key.strip_prefix(prefix)?)));
        let (group, id) = known.filter(|(_, id)| !id.is_empty()).ok_or_else(|| unknown_key(path, &key))?;
        if parsed.iter().any(|entry| entry.group == group && entry.id == id) {
            return Err(wrong(path, &format!("has the key {key:?} twice")));
        }
        let mut entry = Entry { group, id: id.to_owned(), name: String::new(), values: Vec::new() };
        for (field, value) in fields.0 {
            match (field.as_str(), value) {
                ("name", Field::Text(name)) => name.expose().clone_into(&mut entry.name),
                ("secrets", Field::Secrets(values)) => {
                    for (kind, value) in values.0 {
                        if entry.values.iter().any(|(known, _)| *known == kind) {
                            return Err(wrong(path, &format!("has {kind:?} of {key:?} twice")));
                        }
                        entry.values.push((kind, value));
                    }
                }
                ("name" | "secrets", _) => {
                    return Err(wrong(
                        path,
                        &format!("has another kind of value than expected in {field:?} of {key:?}"),
                    ));
                }
                _ => {
                    let hint = nearest(&field, ["name", "secrets"]).map(|near| format!("; did you mean {near:?}?"));
                    let hint = hint.unwrap_or_else(|| "; expected are \"name\" and \"secrets\"".to_owned());
                    let field = if looks_like_credential(&field) { String::new() } else { format!(" {field:?}") };
                    return Err(wrong(path, &format!("has an unknown field{field} in {key:?}{hint}")));
                }
            }
        }
        parsed.push(entry);
    }
    Ok(parsed)
}

fn unknown_key(path: &Path, key: &str) -> Error {
    let kind = key.split_once('-').map_or(key, |(kind, _)| kind);
    let hint = match nearest(kind, GROUPS.iter().map(|(prefix, _)| prefix.trim_end_matches('-'))) {
        Some(near) => format!("did you mean \"{near}-<id>\"?"),
        None => "keys are connector-<id>, oauthprovider-<id>, outboundapp-<id> and externalauth-<id>".to_owned(),
    };
    let key = if looks_like_credential(key) { String::new() } else { format!(" {key:?}") };
    wrong(path, &format!("has an unknown key{key}; {hint}"))
}

fn wrong(path: &Path, why: &str) -> Error {
    Error::configuration(format!("{} {why}", path.display()))
        .with(|details| details.path = Some(path.display().to_string()))
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> bool {
    false
}

/// An object's members as they are written: a key that is there twice is seen twice.
struct Members<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<T> {
            type Value = Members<T>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Members<T>, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each(std::marker::PhantomData))
    }
}

/// What a field of an entry holds.
enum Field {
    Text(Secret),
    Secrets(Members<Secret>),
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Field;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string or an object of strings")
            }
            fn visit_str<E>(self, text: &str) -> Result<Field, E> {
                Ok(Field::Text(Secret::new(text)))
            }
            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Field, A::Error> {
                let members = Members::deserialize(serde::de::value::MapAccessDeserializer::new(entries))?;
                Ok(Field::Secrets(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

    use descope_projects_core::client::{MissingSecret, SecretGroup};

    use super::{check_writable, read, write_missing};

    fn missing(group: SecretGroup, id: &str, kind: &str) -> MissingSecret {
        MissingSecret { group, id: id.to_owned(), name: format!("Name of {id}"), kind: kind.to_owned() }
    }

    #[test]
    fn every_group_survives_the_way_to_the_file_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        let all = [
            missing(SecretGroup::Connectors, "CI1", "apiKey"),
            missing(SecretGroup::Connectors, "CI1", "hmacSecret"),
            missing(SecretGroup::OauthProviders, "apple", "clientSecret"),
            missing(SecretGroup::OutboundApps, "OA-1", "clientSecret"),
            missing(SecretGroup::ExternalAuth, "gateway", "clientSecret"),
        ];
        write_missing(&path, &all).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let keys = ["\"connector-CI1\"", "\"externalauth-gateway\"", "\"oauthprovider-apple\"", "\"outboundapp-OA-1\""];
        assert!(keys.iter().all(|key| text.contains(key)), "{text}");
        std::fs::write(&path, text.replace("\"\"", "\"a value\"")).unwrap();
        let secrets = read(&path).unwrap().secrets;
        let groups = [secrets.connectors, secrets.oauth_providers, secrets.outbound_apps, secrets.external_auth];
        let back: Vec<_> = groups.iter().flatten().collect();
        assert_eq!(back.len(), all.len());
        for (secret, wanted) in back.iter().zip(&all) {
            assert_eq!((&secret.id, &secret.name, &secret.kind), (&wanted.id, &wanted.name, &wanted.kind));
            assert_eq!(secret.value.expose(), "a value");
        }
    }

    #[test]
    fn only_a_file_of_empty_values_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        assert!(check_writable(&path).is_ok());
        for (content, fine) in [
            (r#"{"connector-CI1": {"name": "a", "secrets": {"x": ""}}}"#, true),
            ("{}", true),
            (r#"{"connector-CI1": {"name": "a", "secrets": {"x": "", "y": "v"}}}"#, false),
            (r#"{"something": "else"}"#, false),
            ("", false),
        ] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(check_writable(&path).is_ok(), fine, "{content}");
            assert_eq!(
                write_missing(&path, &[missing(SecretGroup::Connectors, "CI2", "x")]).is_ok(),
                fine,
                "{content}"
            );
        }
        assert!(check_writable(folder.path()).is_err(), "a folder");
    }
}
