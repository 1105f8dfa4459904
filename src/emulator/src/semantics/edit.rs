//! Edits of single files, as someone at the console makes them.

use std::sync::Arc;

use serde_json::Value;

use super::indices::{INDICES, entry_of};
use super::secrets;
use super::shape::{PROJECT, check_file};
use crate::control::ControlError;
use crate::state::Configuration;

/// Writes one file; its index lists it, and a real secret in it is taken in.
pub(crate) fn put(configuration: &mut Configuration, path: &str, value: Value) -> Result<(), ControlError> {
    if let Some(failure) = check_file(path, &value) {
        return Err(ControlError::wrong(failure));
    }
    configuration.files.insert(path.to_owned(), Arc::new(value));
    if let Some((index, entry)) = entry_of(path) {
        let file = configuration.files.entry(index.path.to_owned()).or_insert_with(|| Arc::new(index.empty()));
        index.set(Arc::make_mut(file), entry, true);
    }
    secrets::absorb(configuration);
    forget_orphans(configuration);
    Ok(())
}

/// Removes one file, or all files of a directory.
pub(crate) fn remove(configuration: &mut Configuration, path: &str) -> Result<(), ControlError> {
    if path == PROJECT {
        return Err(ControlError::wrong(format!("{PROJECT} cannot be removed: every project has it")));
    }
    let directory = format!("{path}/");
    let before = configuration.files.len();
    configuration.files.retain(|known, _| known != path && !known.starts_with(&directory));
    if configuration.files.len() == before {
        return Err(ControlError::absent(format!("there is no file {path:?} in the project")));
    }
    for index in &INDICES {
        let present = index.present(&configuration.files);
        let listed = index.listed(&configuration.files).unwrap_or_default();
        if let Some(file) = configuration.files.get_mut(index.path) {
            let gone = |entry: &&String| !present.contains(*entry) && !index.may_lack;
            for entry in listed.iter().filter(gone) {
                index.set(Arc::make_mut(file), entry, false);
            }
        }
    }
    forget_orphans(configuration);
    Ok(())
}

fn forget_orphans(configuration: &mut Configuration) {
    for key in secrets::without_placeholder(configuration) {
        configuration.secrets.remove(&key);
    }
}
