//! `snapshot …`

pub(super) mod export;
pub(super) mod import;
pub(super) mod validate;

use std::path::Path;

use descope_projects_core::client::{ImportOptions, MissingSecret, SecretGroup, SecretsOption, Validation};
use descope_projects_core::secrets::may_be_a_name;
use descope_projects_core::snapshot::Snapshot;
use descope_projects_core::wire::check_excludes;
use descope_projects_core::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::arguments::With;
use crate::outcome::Failure;
use crate::secrets_file;
use crate::session::Session;

/// Files and options of an import or validation, read and checked before anything is sent.
pub(super) struct Prepared {
    pub(super) files: Snapshot,
    pub(super) options: ImportOptions,
}

pub(super) async fn prepare(session: &Session<'_>, source: &Path, with: &With) -> Result<Prepared, Failure> {
    check_known_excludes(with)?;
    let input_secrets = match &with.secrets {
        Some(path) => Some(read_secrets(session, path)?),
        None => None,
    };
    let path = source.to_owned();
    let files = session.blocking("reading the snapshot", move || Snapshot::read(&path)).await?;
    let files = files.map_err(|error| named(error.into(), source))?;
    for skipped in files.skipped() {
        session.printer.warn(format!("{} is not part of the snapshot: {}", skipped.path, skipped.reason.as_str()));
    }
    files.check_whole(with.allow_partial).map_err(|error| {
        let why = files.why_partial().unwrap_or_default();
        Error::from(error).with(|details| {
            details.message = format!(
                "{} is only a part of a snapshot, of which an import would delete the rest: {why}: use a whole export, or \
                 --allow-partial if the rest shall be deleted",
                source.display()
            );
        })
    })?;
    let options = ImportOptions {
        exclude: (!with.exclude.is_empty()).then(|| with.exclude.clone()),
        input_secrets,
        allow_unknown_excludes: Some(with.allow_unknown_excludes),
        allow_partial: Some(with.allow_partial),
        timeout: None,
    };
    Ok(Prepared { files, options })
}

/// The error with the snapshot that it is about: its own path is that of a file in it.
fn named(error: Error, source: &Path) -> Error {
    let source = source.display().to_string();
    error.with(|details| {
        if !details.message.contains(&source) {
            details.message = format!("{source}: {}", details.message);
        }
    })
}

fn check_known_excludes(with: &With) -> Result<(), Error> {
    if with.allow_unknown_excludes {
        return Ok(());
    }
    check_excludes(&with.exclude).map_err(|unknown| {
        let hint = unknown.nearest.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let value = if may_be_a_name(&unknown.value) { format!("{:?}", unknown.value) } else { "VALUE".to_owned() };
        Error::configuration(format!(
            "--exclude {value} is not a value that the vendor documents{hint} (--allow-unknown-excludes sends it all the \
             same)"
        ))
        .with(|details| details.path = Some("exclude".to_owned()))
    })
}

fn read_secrets(session: &Session<'_>, path: &Path) -> Result<SecretsOption, Error> {
    let read = secrets_file::read(path)?;
    if read.others_may_read {
        session.printer.warn(format!("{} can be read by other users of this machine: chmod 600", path.display()));
    }
    Ok(read.secrets)
}

/// Asks the server whether the files could be imported.
pub(super) async fn validate(
    session: &Session<'_>,
    client: &descope_projects_core::client::Client,
    prepared: &Prepared,
) -> Result<Validation, Failure> {
    let Prepared { files, options } = prepared;
    session
        .call(client, "validating", async |client| client.own_project().validate_snapshot(files, options).await)
        .await
}

/// The validation as an error, for whoever wanted to import.
pub(super) fn invalid(project_id: &str, source: &Path, validation: Validation) -> Error {
    Error::new(ErrorKind::ValidationFailed, format!("{validation}. Nothing was imported")).with(|details| {
        details.operation = Some("import_snapshot".to_owned());
        details.project_id = Some(project_id.to_owned());
        if !validation.missing_secrets.is_empty() {
            let source = source.to_str().filter(|path| needs_no_quotes(path)).unwrap_or("SNAPSHOT");
            details.next =
                vec![format!("descope-projects snapshot validate {project_id} {source} --missing-secrets-file FILE")];
        }
        details.validation = Some(validation);
    })
}

/// Whether a shell takes the word as it is.
fn needs_no_quotes(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with('-')
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
}

/// A validation in the JSON document.
pub(crate) fn validation_value(validation: &Validation) -> Value {
    let missing: Vec<Value> = validation
        .missing_secrets
        .iter()
        .map(|secret| json!({ "group": secret.group, "id": secret.id, "name": secret.name, "type": secret.kind }))
        .collect();
    json!({ "valid": validation.ok, "failures": validation.failures, "missing_secrets": missing })
}

/// What is wrong, a line each.
pub(crate) fn validation_lines(validation: &Validation) -> Vec<String> {
    let failures = validation.failures.iter().map(|failure| format!("failure: {failure}"));
    let missing = validation.missing_secrets.iter().map(|secret| format!("missing secret: {}", describe(secret)));
    failures.chain(missing).collect()
}

/// A missing secret in words.
pub(crate) fn describe(secret: &MissingSecret) -> String {
    let entity = match secret.group {
        SecretGroup::Connectors => "connector",
        SecretGroup::OauthProviders => "OAuth provider",
        SecretGroup::OutboundApps => "outbound app",
        SecretGroup::ExternalAuth => "external authentication",
    };
    let MissingSecret { id, name, kind, .. } = secret;
    if name.is_empty() { format!("{kind} of {entity} {id}") } else { format!("{kind} of {entity} {name} ({id})") }
}
