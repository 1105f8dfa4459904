//! Exports: the files of a project, with or without its secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::secrets::{self, PLACEHOLDER, SecretKey};
use super::{Job, answer, normalise, project};
use crate::answer::ApiError;
use crate::http::App;
use crate::state::{Configuration, Files};
use crate::switches::ProjectExport;

pub(super) fn project(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    export(app, job, app.settings().semantics.project_export == ProjectExport::WithSecrets)
}

pub(super) fn snapshot_call(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    export(app, job, false)
}

fn export(app: &App, job: &Job, secrets: bool) -> Result<Bytes, ApiError> {
    let request: ExportRequest = job.request()?;
    let is_plain = request.is_plain()?;
    let (shown, count) = app.normaliser.exported(&job.caller.project_id, project::configuration(app, job)?);
    let mut files = if secrets { with_secrets(&shown) } else { snapshot(&shown) };
    normalise::exported(&mut files, count, &app.settings().normalise);
    let files = if is_plain { plain(files) } else { files };
    let files = files.iter().map(|(path, value)| (path.as_str(), value.as_ref())).collect();
    answer(&ExportAnswer { files })
}

/// The files as they are held: with placeholders.
pub(crate) fn snapshot(configuration: &Configuration) -> Files {
    configuration.files.clone()
}

/// The files with the secrets in the placeholders' place.
fn with_secrets(configuration: &Configuration) -> Files {
    let mut files = configuration.files.clone();
    for (path, file) in files.iter_mut().filter(|(path, _)| secrets::may_hold(path)) {
        for holder in secrets::holders(path, Arc::make_mut(file)) {
            let (group, id) = (holder.group, holder.id);
            secrets::each_field(holder.fields, &mut |kind, value| {
                let key = SecretKey { group, id: id.clone(), kind: kind.to_owned() };
                if value.as_str() == Some(PLACEHOLDER)
                    && let Some(secret) = configuration.secrets.get(&key)
                {
                    *value = Value::String(secret.clone());
                }
            });
        }
    }
    files
}

/// Assets move into the JSON files that name them by path: text as it is, images as data URLs.
fn plain(mut files: Files) -> Files {
    let assets: BTreeMap<String, String> = files
        .iter()
        .filter(|(path, _)| path.starts_with("assets/"))
        .filter_map(|(path, value)| Some((path.clone(), inline(path, value.as_str()?))))
        .collect();
    files.retain(|path, _| !path.starts_with("assets/"));
    if !assets.is_empty() {
        for file in files.values_mut().filter(|file| names_asset(file, &assets)) {
            replace(Arc::make_mut(file), &assets);
        }
    }
    files
}

fn inline(path: &str, content: &str) -> String {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let kind = match extension {
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        _ => return content.to_owned(),
    };
    format!("data:{kind};base64,{content}")
}

fn names_asset(value: &Value, assets: &BTreeMap<String, String>) -> bool {
    match value {
        Value::String(text) => assets.contains_key(text),
        Value::Array(values) => values.iter().any(|value| names_asset(value, assets)),
        Value::Object(fields) => fields.values().any(|value| names_asset(value, assets)),
        _ => false,
    }
}

fn replace(value: &mut Value, assets: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(content) = assets.get(text) {
                content.clone_into(text);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, assets)),
        Value::Object(fields) => fields.values_mut().for_each(|value| replace(value, assets)),
        _ => {}
    }
}

/// Whether a text is what an image file must hold.
pub(crate) fn is_base64(text: &str) -> bool {
    STANDARD.decode(text).is_ok()
}

#[derive(Deserialize)]
struct ExportRequest {
    format: Option<String>,
}

impl ExportRequest {
    fn is_plain(&self) -> Result<bool, ApiError> {
        match self.format.as_deref() {
            None | Some("") => Ok(false),
            Some("plain") => Ok(true),
            Some(other) => {
                Err(ApiError::invalid_arguments(format!("The argument format is {other:?}; there is \"plain\"")))
            }
        }
    }
}

#[derive(Serialize)]
struct ExportAnswer<'files> {
    files: BTreeMap<&'files str, &'files Value>,
}
