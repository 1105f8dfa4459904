//! Switches and modes of a running emulator: read, and changed key by key.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ControlError;
use super::fields::{check_field, object};
use crate::modes::Normalise;
use crate::switches::Semantics;

/// The switches and modes by which an emulator goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The switches for what no source tells.
    pub semantics: Semantics,
    /// What is changed on the way in and out.
    pub normalise: Normalise,
}

impl Settings {
    /// With the keys that are given changed, and the others as they are.
    pub(crate) fn changed(&self, change: Value) -> Result<Self, ControlError> {
        let mut fields = object(change, "settings", &["semantics", "normalise"].into_iter())?;
        let mut made = self.clone();
        if let Some(given) = fields.remove("semantics") {
            made.semantics = overlaid(&self.semantics, given, "semantics")?;
        }
        match fields.remove("normalise") {
            Some(Value::String(word)) if word == "all" => made.normalise = Normalise::all(),
            Some(Value::String(_)) => return Err(ControlError::wrong("normalise: expected \"all\" or an object")),
            Some(given) => made.normalise = overlaid(&self.normalise, given, "normalise")?,
            None => {}
        }
        Ok(made)
    }
}

fn overlaid<T: Serialize + DeserializeOwned + Default>(
    current: &T,
    given: Value,
    what: &str,
) -> Result<T, ControlError> {
    let mut all: Map<String, Value> = match serde_json::to_value(current) {
        Ok(Value::Object(all)) => all,
        _ => Map::new(),
    };
    let known: Vec<String> = all.keys().cloned().collect();
    for (name, value) in object(given, what, &known.iter().map(String::as_str))? {
        check_field::<T>(&name, &value, &format!("{what}."))?;
        all.insert(name, value);
    }
    serde_json::from_value(Value::Object(all)).map_err(|error| ControlError::wrong(format!("{what}: {error}")))
}
