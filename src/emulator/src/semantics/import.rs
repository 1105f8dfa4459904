//! Imports and their dry run: one engine that prepares a whole new configuration, and a swap.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use descope_projects_core::wire::{InputSecret, InputSecrets, ValidationAnswer};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::bind::{bind, resolve, shared};
use super::entities::{self, Kind};
use super::excludes::Excludes;
use super::merge::{Merged, merge};
use super::project::configuration;
use super::secrets::Group;
use super::supply::supply;
use super::{Job, answer, project, shape};
use crate::answer::ApiError;
use crate::http::App;
use crate::options::Semantics;
use crate::state::Configuration;

pub(super) fn project(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    import(app, job, false)
}

pub(super) fn snapshot(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    import(app, job, true)
}

fn import(app: &App, job: &Job, snapshot: bool) -> Result<Bytes, ApiError> {
    let request = Request::parse(app, job, snapshot)?;
    let target = configuration(app, job)?;
    match prepare(&target, request, &app.options.semantics) {
        Ok(made) => project::write(app, job, |project| project.configuration = Arc::new(made)),
        Err(refusal) => Err(ApiError::validation(refusal.sentence())),
    }
}

pub(super) fn validate(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let request = Request::parse(app, job, true)?;
    let target = configuration(app, job)?;
    answer(&match prepare(&target, request, &app.options.semantics) {
        Ok(_) => ValidationAnswer { ok: Some(true), ..ValidationAnswer::default() },
        Err(refusal) => refusal.answer(),
    })
}

struct Request {
    files: BTreeMap<String, Value>,
    excludes: Excludes,
    input_secrets: InputSecrets,
}

#[derive(Deserialize)]
struct Body {
    files: Option<BTreeMap<String, Value>>,
    excludes: Option<Vec<String>>,
    #[serde(rename = "inputSecrets")]
    input_secrets: Option<Map<String, Value>>,
}

impl Request {
    fn parse(app: &App, job: &Job, snapshot: bool) -> Result<Self, ApiError> {
        let body: Body = job.request()?;
        let files = body.files.ok_or_else(|| ApiError::missing_arguments("The argument files is missing"))?;
        let excludes = Excludes::parse(&body.excludes.unwrap_or_default(), &app.options.semantics, snapshot)?;
        let input_secrets = Value::Object(body.input_secrets.unwrap_or_default());
        let input_secrets = serde_json::from_value(input_secrets)
            .map_err(|error| super::without_value(&error))
            .map_err(|fault| ApiError::bad_request(format!("The argument inputSecrets is not valid: {fault}")))?;
        Ok(Self { files, excludes, input_secrets })
    }
}

/// Why an import would not be done.
#[derive(Default)]
struct Refusal {
    failures: Vec<String>,
    missing: Vec<(Group, InputSecret)>,
}

impl Refusal {
    fn is_empty(&self) -> bool {
        self.failures.is_empty() && self.missing.is_empty()
    }

    fn sentence(&self) -> String {
        let missing = self.missing.iter().map(|(group, secret)| {
            let InputSecret { id, name, kind, .. } = secret;
            format!("the secret {kind:?} of {name:?} ({}, {id}) is missing", group.name())
        });
        self.failures.iter().cloned().chain(missing).collect::<Vec<_>>().join("; ")
    }

    fn answer(self) -> ValidationAnswer {
        let mut missing = InputSecrets::default();
        let any = !self.missing.is_empty();
        for (group, secret) in self.missing {
            match group {
                Group::Connectors => missing.connectors.push(secret),
                Group::OauthProviders => missing.oauth_providers.push(secret),
                Group::OutboundApps => missing.outbound_apps.push(secret),
                Group::ExternalAuth => missing.external_auth.push(secret),
            }
        }
        ValidationAnswer { ok: Some(false), failures: self.failures, missing_secrets: any.then_some(missing) }
    }
}

/// The target's configuration after the import; the target itself is not touched.
fn prepare(target: &Configuration, request: Request, semantics: &Semantics) -> Result<Configuration, Refusal> {
    let Request { files: mut sent, excludes, input_secrets } = request;
    let mut refusal = Refusal::default();
    shape::check(&mut sent, &mut refusal.failures);
    if !refusal.is_empty() {
        return Err(refusal);
    }
    // Taken from all that was sent: what an excluded file calls an id still says what is meant by it.
    let entities: Vec<_> = Kind::ALL.into_iter().map(|kind| (kind, entities::list(kind, &sent))).collect();
    let Merged { mut taken, kept } = merge(&target.files, sent, &excludes, semantics.absent_files);
    let renames = bind(&target.files, &entities, &taken, semantics, &mut refusal.failures);
    let unknown = (semantics.unknown_input_secrets, &mut refusal.failures);
    let supplied = supply(target, &mut taken, &kept, &renames, &input_secrets, unknown);
    refusal.missing = supplied.missing;
    let mut taken = shared(taken);
    entities::rename(&mut taken, &renames);
    resolve(&target.files, &mut taken, &kept, &renames, &mut refusal.failures);
    if !refusal.is_empty() {
        return Err(refusal);
    }
    taken.extend(kept);
    Ok(Configuration { files: taken, secrets: supplied.secrets })
}
