//! JSON objects whose fields are all known, or a sentence with the nearest name.

use descope_projects_core::wire::nearest;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ControlError;

/// The fields of an object, all of which are known.
pub(crate) fn object<'names>(
    value: Value,
    what: &str,
    known: &(impl Iterator<Item = &'names str> + Clone),
) -> Result<Map<String, Value>, ControlError> {
    let names = || known.clone().collect::<Vec<_>>().join(", ");
    let Value::Object(fields) = value else {
        return Err(ControlError::wrong(format!("{what}: expected an object with {}", names())));
    };
    if let Some(name) = fields.keys().find(|name| !known.clone().any(|known| known == *name)) {
        let hint = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean {near:?}?"),
            None if known.clone().next().is_none() => "it takes none".to_owned(),
            None => format!("there are {}", names()),
        };
        return Err(ControlError::wrong(format!("{what}: there is no field {name:?}; {hint}")));
    }
    Ok(fields)
}

/// Whether a struct of options takes this value for one of its fields; each is tried alone, so that an error can name it.
pub(crate) fn check_field<T: DeserializeOwned>(name: &str, value: &Value, place: &str) -> Result<(), ControlError> {
    let alone = Map::from_iter([(name.to_owned(), value.clone())]);
    match serde_json::from_value::<T>(Value::Object(alone)) {
        Ok(_) => Ok(()),
        Err(error) => {
            let text = error.to_string();
            let expected = text.rsplit_once("expected ").map_or(text.as_str(), |(_, expected)| expected);
            Err(ControlError::wrong(format!("{place}{name}: expected {expected}")))
        }
    }
}
