//! The verbs: what can be done with one project.

use std::sync::Arc;

use bytes::Bytes;

use super::import::Outgoing;
use super::options::{CloneOptions, DeleteOptions, Environment, ExportFormat, ExportOptions, ImportOptions, Seconds};
use super::results::{CloneResult, Validation};
use super::settle::Before;
use super::started_clone::StartedClone;
use super::{Client, decode, json_body, projects_named, refuse_key};
use crate::error::{Error, ErrorKind, Result, Written};
use crate::secrets::{Redactor, Secret};
use crate::snapshot::{Origin, Snapshot};
use crate::transport::{Connections, Request, Watch};
use crate::wire::{Call, CloneRequest, ClonedProject, StartedClone as StartedCloneAnswer, ValidationAnswer, call};

const SETTLE_TIMEOUT: Seconds = Seconds::new(30);
/// Real ids are this long; a shorter text of the same letters may be a project's name.
const SHORTEST_ID: usize = 27;

/// A handle on one project: its id, and the client's connections and key.
#[derive(Clone, Debug)]
pub struct Project {
    client: Client,
}

impl Project {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The project's id.
    pub fn id(&self) -> &str {
        self.client.credential.project_id()
    }

    /// The client that acts as this project.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The same project over these connections; see [`Client::over`].
    #[must_use]
    pub fn over(&self, connections: &Connections) -> Self {
        Self { client: self.client.over(connections) }
    }

    /// The same project, with its next call watched; see [`Client::watched`].
    #[must_use]
    pub fn watched(&self, watch: &Arc<Watch>) -> Self {
        Self { client: self.client.watched(watch) }
    }

    /// Makes a new project out of this one, secrets included; users, tenants and access keys are never cloned.
    ///
    /// Sent again only if it provably never reached the origin. Where the key may list projects, an unknown outcome is
    /// settled by the list: exactly one new project of that name is the result, with `settled` true.
    ///
    /// # Errors
    /// `UnknownOutcome`, with the projects that may be the result as `candidates`; `PermissionDenied` for the free tier.
    pub async fn clone_project(&self, options: &CloneOptions) -> Result<CloneResult> {
        let client = &self.client;
        client.check_may_write(call::CLONE.name, call::CLONE.repeat)?;
        let body = self.clone_body(options)?;
        let _writer = client.writer(call::CLONE.name).await?;
        let before = Before::look(client, options.settle).await;
        let request = client.request_for(&call::CLONE, vec![body], options.timeout);
        let result = match client.ask::<ClonedProject>(&request).await {
            Ok(answer) => Ok(CloneResult::answered(answer)),
            Err(error) if error.kind() == ErrorKind::UnknownOutcome => {
                let timeout = options.settle_timeout.unwrap_or(SETTLE_TIMEOUT);
                before.find_clone(client, options.name.as_deref(), timeout, error).await
            }
            Err(error) => Err(error),
        };
        client.told(&result);
        result
    }

    /// Starts making a new project out of this one and returns at once.
    ///
    /// # Errors
    /// `UnknownOutcome` if the answer, and with it the process's id, was lost.
    pub async fn start_clone(&self, options: &CloneOptions) -> Result<StartedClone> {
        let client = &self.client;
        client.check_may_write(call::START_CLONE.name, call::START_CLONE.repeat)?;
        let body = self.clone_body(options)?;
        let _writer = client.writer(call::START_CLONE.name).await?;
        let before = Before::look(client, options.settle).await;
        let request = client.request_for(&call::START_CLONE, vec![body], options.timeout);
        let process_id = match self.process_id(&request).await {
            Err(error) if error.kind() == ErrorKind::UnknownOutcome => {
                Err(before.candidates(client, options.name.as_deref(), error).await)
            }
            ended => ended,
        };
        client.told(&process_id);
        let process_id = process_id?;
        StartedClone::new(client.clone(), process_id)
    }

    async fn process_id(&self, request: &Request<'_>) -> Result<String> {
        let answer = self.client.send(request).await?;
        let started: StartedCloneAnswer = decode(request, &answer)?;
        started.process_id.filter(|id| !id.is_empty()).ok_or_else(|| request.unusable(&answer, "has no process id"))
    }

    /// Renames the project.
    pub async fn update_name(&self, name: &str) -> Result<()> {
        if name.trim().is_empty() {
            return Err(Error::configuration("update_name: the name is empty").with(|details| {
                details.operation = Some(call::UPDATE_NAME.name.to_owned());
                details.project_id = Some(self.id().to_owned());
            }));
        }
        self.refuse_key("name", [name])?;
        self.set(&call::UPDATE_NAME, &serde_json::json!({ "name": name })).await
    }

    /// Replaces the project's tags.
    pub async fn update_tags(&self, tags: &[String]) -> Result<()> {
        self.refuse_key("tags", tags.iter().map(String::as_str))?;
        self.set(&call::UPDATE_TAGS, &serde_json::json!({ "tags": tags })).await
    }

    async fn set(&self, call: &Call, body: &serde_json::Value) -> Result<()> {
        self.client.check_may_write(call.name, call.repeat)?;
        let _writer = self.client.writer(call.name).await?;
        let request = self.client.request_for(call, vec![json_body(body)?], None);
        self.client.tell(&request).await
    }

    fn clone_body(&self, options: &CloneOptions) -> Result<Bytes> {
        if options.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Error::configuration("clone: `name` is empty: give a name, or leave it out")
                .with(|details| details.path = Some("name".to_owned())));
        }
        self.refuse_key("name", options.name.as_deref())?;
        self.refuse_key("tags", options.tags.iter().flatten().map(String::as_str))?;
        json_body(&CloneRequest {
            name: options.name.clone(),
            environment: options.environment.map(|Environment::Production| "production".to_owned()),
            tags: options.tags.clone(),
        })
    }

    /// A name or tag is what everyone in the company reads.
    fn refuse_key<'text>(&self, name: &str, texts: impl IntoIterator<Item = &'text str>) -> Result<()> {
        let key = self.client.credential.key();
        texts.into_iter().try_for_each(|text| refuse_key(key, name, text))
    }

    /// Deletes the project for good: its id, users, tenants and keys never come back.
    ///
    /// `confirm` is the project's id, or its name if the list shows exactly that id under it.
    ///
    /// # Errors
    /// `Protected` if `confirm` is neither; `UnknownOutcome` if the answer was lost and the list does not settle it.
    pub async fn delete(&self, confirm: &str, options: &DeleteOptions) -> Result<()> {
        let client = &self.client;
        client.check_may_write(call::DELETE.name, call::DELETE.repeat)?;
        if confirm != self.id() {
            self.confirm_by_name(confirm).await?;
        }
        let _writer = client.writer(call::DELETE.name).await?;
        let before = Before::look(client, options.settle).await;
        let request = client.request_for(&call::DELETE, vec![Bytes::from_static(b"{}")], options.timeout);
        let result = match client.tell(&request).await {
            Err(error) if error.kind() == ErrorKind::UnknownOutcome => {
                let timeout = options.settle_timeout.unwrap_or(SETTLE_TIMEOUT);
                before.find_gone(client, timeout, error).await
            }
            ended => ended,
        };
        client.told(&result);
        result
    }

    async fn confirm_by_name(&self, confirm: &str) -> Result<()> {
        let refused = |why: String| {
            Error::new(ErrorKind::Protected, format!("delete of {}: {why}. Nothing was sent", self.id())).with(
                |details| {
                    details.operation = Some(call::DELETE.name.to_owned());
                    details.project_id = Some(self.id().to_owned());
                },
            )
        };
        // An id that is not this one is a mix-up, and no look-up can make it right.
        let another_id = confirm.len() >= SHORTEST_ID && super::check_project_id(confirm, "confirm").is_ok();
        if confirm.is_empty() || another_id {
            return Err(refused("`confirm` is not this project's id".to_owned()));
        }
        let projects = self.client.list_projects().await.map_err(|error| {
            refused(format!("`confirm` is not the project's id, and the name cannot be looked up ({error})"))
        })?;
        let named = projects_named(&projects, confirm);
        match named.as_slice() {
            [project] if project.id == self.id() => Ok(()),
            [] => Err(refused("`confirm` is neither the project's id nor its name".to_owned())),
            [_] => Err(refused("`confirm` is the name of another project".to_owned())),
            several => Err(refused(format!("`confirm` is the name of {} projects: give the id", several.len()))),
        }
    }

    /// Exports the project as backup: the result may hold secrets. For moving configuration use
    /// [`Project::export_snapshot`].
    pub async fn export_project(&self, options: &ExportOptions) -> Result<Snapshot> {
        self.export(&call::EXPORT_PROJECT, Origin::ProjectExport, options).await
    }

    /// Exports the project's configuration as a snapshot, without secrets.
    pub async fn export_snapshot(&self, options: &ExportOptions) -> Result<Snapshot> {
        self.export(&call::EXPORT_SNAPSHOT, Origin::SnapshotExport, options).await
    }

    async fn export(&self, call: &Call, origin: Origin, options: &ExportOptions) -> Result<Snapshot> {
        let body = match options.format {
            None => Bytes::from_static(b"{}"),
            Some(ExportFormat::Plain) => Bytes::from_static(br#"{"format":"plain"}"#),
        };
        let request = self.client.request_for(call, vec![body], options.timeout);
        let answer = self.client.send(&request).await?;
        Snapshot::from_export(answer.body.clone(), origin)
            .map_err(|error| request.unusable(&answer, &format!("is not an export: {error}")))
    }

    /// Imports files from a project export. It overrides the whole configuration: what the files lack may be deleted.
    ///
    /// # Errors
    /// `SnapshotError` for a part; `UnknownOutcome` if it may still be running.
    pub async fn import_project(&self, files: &Snapshot, options: &ImportOptions) -> Result<()> {
        self.import(&call::IMPORT_PROJECT, files, options).await
    }

    /// Imports a snapshot. It overrides the whole configuration: what the files lack may be deleted. Secrets that the
    /// target has are kept.
    ///
    /// # Errors
    /// `SnapshotError` for a part; `UnknownOutcome` if it may still be running.
    pub async fn import_snapshot(&self, files: &Snapshot, options: &ImportOptions) -> Result<()> {
        self.import(&call::IMPORT_SNAPSHOT, files, options).await
    }

    async fn import(&self, call: &Call, files: &Snapshot, options: &ImportOptions) -> Result<()> {
        let client = &self.client;
        client.check_may_write(call.name, call.repeat)?;
        let outgoing = Outgoing::prepare(call.name, files, options)?;
        let redactor = client.redactor_with(files, outgoing.secrets);
        let _writer = client.writer(call.name).await?;
        let mut request = client.request_for(call, outgoing.body, options.timeout);
        request.redactor = &redactor;
        request.may_be_partial = true;
        let told = client.tell(&request).await;
        client.told(&told);
        told
    }

    /// Asks whether a snapshot could be imported; changes nothing.
    ///
    /// A "no" is a result, not an error.
    pub async fn validate_snapshot(&self, files: &Snapshot, options: &ImportOptions) -> Result<Validation> {
        let client = &self.client;
        let call = &call::VALIDATE_SNAPSHOT;
        let outgoing = Outgoing::prepare(call.name, files, options)?;
        let redactor = client.redactor_with(files, outgoing.secrets);
        let mut request = client.request_for(call, outgoing.body, options.timeout);
        request.redactor = &redactor;
        let answer = client.send(&request).await?;
        let decoded: ValidationAnswer = decode(&request, &answer)?;
        let mut validation =
            Validation::answered(decoded).ok_or_else(|| request.unusable(&answer, "does not say whether it is ok"))?;
        for failure in &mut validation.failures {
            *failure = redactor.clean(failure);
        }
        for missing in &mut validation.missing_secrets {
            for text in [&mut missing.id, &mut missing.name, &mut missing.kind] {
                *text = redactor.clean(text);
            }
        }
        Ok(validation)
    }
}

impl Client {
    /// One that also knows what is sent along with these files, and the secrets in them.
    fn redactor_with(&self, files: &Snapshot, secrets: Vec<Secret>) -> Redactor {
        let files = files.clone();
        self.shared
            .redactor(&self.credential, secrets)
            .and_from(move || files.literal_secrets().into_iter().map(Secret::new).collect())
    }

    /// The call's end is about to be returned.
    pub(super) fn told<T>(&self, result: &Result<T>) {
        if let Some(watch) = &self.watch {
            watch.ended(result.as_ref().map_or_else(|error| error.details().written, |_| Written::Applied));
        }
    }
}
