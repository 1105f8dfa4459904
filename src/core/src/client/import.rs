//! The body of an import or validation: checked whole before anything is sent, and put together from slices of the
//! snapshot, so that not one file is copied or decoded on the way.

use bytes::Bytes;
use serde::Serialize;

use super::json_body;
use super::options::{ImportOptions, SecretOption};
use crate::error::{Error, Result};
use crate::secrets::{Secret, SecretBytes, may_be_a_name};
use crate::snapshot::Snapshot;
use crate::wire::check_excludes;

pub(super) struct Outgoing {
    pub(super) body: Vec<Bytes>,
    /// To be taken out of whatever comes back.
    pub(super) secrets: Vec<Secret>,
}

/// What `wire::InputSecrets` reads, written from where the values are: no copy of them is made on the way.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'given> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    connectors: Vec<SentSecret<'given>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    oauth_providers: Vec<SentSecret<'given>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outbound_apps: Vec<SentSecret<'given>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_auth: Vec<SentSecret<'given>>,
}

#[derive(Serialize)]
struct SentSecret<'given> {
    id: &'given str,
    name: &'given str,
    #[serde(rename = "type")]
    kind: &'given str,
    value: &'given str,
}

impl Outgoing {
    pub(super) fn prepare(operation: &str, files: &Snapshot, options: &ImportOptions) -> Result<Self> {
        let excludes = options.exclude.as_deref().unwrap_or_default();
        if !options.allow_unknown_excludes.unwrap_or(false) {
            known_excludes(operation, excludes)?;
        }
        files.check_whole(options.allow_partial.unwrap_or(false)).map_err(|error| {
            let text = format!("{operation}: {error}");
            Error::from(error).with(|details| {
                details.message = text;
                details.operation = Some(operation.to_owned());
            })
        })?;

        let mut body = vec![Bytes::from_static(b"{\"files\":")];
        body.extend(files.wire_chunks());
        if !excludes.is_empty() {
            body.push(Bytes::from_static(b",\"excludes\":"));
            body.push(json_body(&excludes)?);
        }
        let mut secrets = Vec::new();
        if let Some(given) = &options.input_secrets {
            let mut take = |group: &str, list| -> Result<Vec<SentSecret<'_>>> {
                let list: &[SecretOption] = list;
                secrets.extend(list.iter().map(|secret| secret.value.clone()));
                list.iter().enumerate().map(|(index, secret)| sent(operation, group, index, secret)).collect()
            };
            let given = Sent {
                connectors: take("connectors", &given.connectors)?,
                oauth_providers: take("oauth_providers", &given.oauth_providers)?,
                outbound_apps: take("outbound_apps", &given.outbound_apps)?,
                external_auth: take("external_auth", &given.external_auth)?,
            };
            let mut json = SecretBytes::default();
            serde_json::to_writer(&mut json, &given)
                .map_err(|_| Error::configuration("the secrets cannot be written as JSON; nothing was sent"))?;
            body.push(Bytes::from_static(b",\"inputSecrets\":"));
            body.push(json.into_bytes());
        }
        body.push(Bytes::from_static(b"}"));
        Ok(Self { body, secrets })
    }
}

fn sent<'given>(
    operation: &str,
    group: &str,
    index: usize,
    secret: &'given SecretOption,
) -> Result<SentSecret<'given>> {
    if secret.value.is_empty() {
        let path = format!("input_secrets.{group}[{index}].value");
        let message = format!("{operation}: `{path}` is empty: leave the secret out, or give its value");
        return Err(Error::configuration(message).with(|details| details.path = Some(path)));
    }
    Ok(SentSecret { id: &secret.id, name: &secret.name, kind: &secret.kind, value: secret.value.expose() })
}

fn known_excludes(operation: &str, excludes: &[String]) -> Result<()> {
    check_excludes(excludes).map_err(|unknown| {
        let path = format!("exclude[{}]", unknown.index);
        let hint = unknown.nearest.map(|nearest| format!("; did you mean {nearest:?}?")).unwrap_or_default();
        let value = if may_be_a_name(&unknown.value) { format!("{:?} ", unknown.value) } else { String::new() };
        let message = format!(
            "{operation}: `{path}`: {value}is not a value that the vendor documents{hint} (allow_unknown_excludes sends \
             it all the same)"
        );
        Error::configuration(message).with(|details| {
            details.operation = Some(operation.to_owned());
            details.path = Some(path);
        })
    })
}
