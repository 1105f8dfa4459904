//! The body of an import or validation: checked whole before anything is sent, and put together from slices of the
//! snapshot, so that not one file is copied or decoded on the way.

use bytes::Bytes;

use super::json_body;
use super::options::{ImportOptions, SecretOption};
use crate::error::{Error, Result};
use crate::secrets::Secret;
use crate::snapshot::Snapshot;
use crate::wire::{InputSecret, InputSecrets, check_excludes};

pub(super) struct Outgoing {
    pub(super) body: Vec<Bytes>,
    /// To be taken out of whatever comes back.
    pub(super) secrets: Vec<Secret>,
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
            let mut take = |group: &str, list: &[SecretOption]| -> Result<Vec<InputSecret>> {
                list.iter()
                    .enumerate()
                    .map(|(index, secret)| {
                        if secret.value.is_empty() {
                            let path = format!("input_secrets.{group}[{index}].value");
                            let message =
                                format!("{operation}: `{path}` is empty: leave the secret out, or give its value");
                            return Err(Error::configuration(message).with(|details| details.path = Some(path)));
                        }
                        secrets.push(secret.value.clone());
                        Ok(InputSecret {
                            id: secret.id.clone(),
                            name: secret.name.clone(),
                            kind: secret.kind.clone(),
                            value: secret.value.expose().to_owned(),
                        })
                    })
                    .collect()
            };
            let given = InputSecrets {
                connectors: take("connectors", &given.connectors)?,
                oauth_providers: take("oauth_providers", &given.oauth_providers)?,
                outbound_apps: take("outbound_apps", &given.outbound_apps)?,
                external_auth: take("external_auth", &given.external_auth)?,
            };
            body.push(Bytes::from_static(b",\"inputSecrets\":"));
            body.push(json_body(&given)?);
        }
        body.push(Bytes::from_static(b"}"));
        Ok(Self { body, secrets })
    }
}

fn known_excludes(operation: &str, excludes: &[String]) -> Result<()> {
    check_excludes(excludes).map_err(|unknown| {
        let path = format!("exclude[{}]", unknown.index);
        let hint = unknown.nearest.map(|nearest| format!("; did you mean {nearest:?}?")).unwrap_or_default();
        let message = format!(
            "{operation}: `{path}`: {:?} is not a value that the vendor documents{hint} (allow_unknown_excludes sends it \
             all the same)",
            unknown.value
        );
        Error::configuration(message).with(|details| {
            details.operation = Some(operation.to_owned());
            details.path = Some(path);
        })
    })
}
