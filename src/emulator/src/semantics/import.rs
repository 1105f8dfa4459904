//! Imports and their dry run: one engine that prepares a whole new configuration, and a swap.

use std::collections::{BTreeMap, BTreeSet};
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
use super::{Course, Job, answer, normalise, partial, project, shape};
use crate::answer::ApiError;
use crate::http::App;
use crate::state::Configuration;
use crate::switches::{DanglingReferences, RefusedImports, Semantics};

pub(super) fn project(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    import(app, job, false)
}

pub(super) fn snapshot(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    import(app, job, true)
}

fn import(app: &App, job: &Job, snapshot: bool) -> Result<Bytes, ApiError> {
    let settings = app.settings();
    let request = Request::parse(&settings.semantics, job, snapshot)?;
    let target = configuration(app, job)?;
    let store = |made| {
        app.normaliser.imported(&job.caller.project_id, &target, settings.normalise.lag);
        project::write(app, job, |project| project.configuration = Arc::new(made))
    };
    let prepared = prepare(&target, request, &settings.semantics);
    if !prepared.refusal.is_empty() {
        if let (RefusedImports::WritePart, Some(made)) = (settings.semantics.refused_imports, &prepared.made) {
            store(partial::part(&target, made, None))?;
        }
        return Err(ApiError::validation(prepared.refusal.sentence()));
    }
    let made = prepared.made.unwrap_or_default();
    let made = normalise::imported(made, &prepared.taken, &settings.normalise);
    match job.course {
        Course::Partial(written) => store(partial::part(&target, &made, written)),
        _ => store(made),
    }
}

pub(super) fn validate(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let settings = app.settings();
    let request = Request::parse(&settings.semantics, job, true)?;
    let target = configuration(app, job)?;
    let refusal = prepare(&target, request, &settings.semantics).refusal;
    answer(&if refusal.is_empty() {
        ValidationAnswer { ok: Some(true), ..ValidationAnswer::default() }
    } else {
        refusal.answer()
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
    fn parse(semantics: &Semantics, job: &Job, snapshot: bool) -> Result<Self, ApiError> {
        let body: Body = job.request()?;
        let files = body.files.ok_or_else(|| ApiError::missing_arguments("The argument files is missing"))?;
        let excludes = Excludes::parse(&body.excludes.unwrap_or_default(), semantics, snapshot)?;
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

/// What an import would make, and what stands against it.
#[derive(Default)]
struct Prepared {
    /// Absent: the files are no project at all.
    made: Option<Configuration>,
    /// The files that come from the sender.
    taken: BTreeSet<String>,
    refusal: Refusal,
}

/// The target's configuration after the import; the target itself is not touched.
fn prepare(target: &Configuration, request: Request, semantics: &Semantics) -> Prepared {
    let Request { files: mut sent, excludes, input_secrets } = request;
    let mut prepared = Prepared::default();
    let refusal = &mut prepared.refusal;
    shape::check(&mut sent, &mut refusal.failures);
    if !refusal.is_empty() {
        return prepared;
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
    let mut dangling = Vec::new();
    resolve(&target.files, &mut taken, &kept, &renames, &mut dangling);
    if semantics.dangling_references == DanglingReferences::Refuse {
        refusal.failures.append(&mut dangling);
    }
    prepared.taken = taken.keys().cloned().collect();
    taken.extend(kept);
    prepared.made = Some(Configuration { files: taken, secrets: supplied.secrets });
    prepared
}
