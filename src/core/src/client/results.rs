//! What calls return.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::wire::{ClonedProject, InputSecret, InputSecrets, Project, ValidationAnswer};

/// What a clone made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CloneResult {
    /// The new project's id; absent if the server did not say and the list did not show it.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// `production`, or absent.
    pub environment: Option<String>,
    /// Its tags.
    pub tags: Option<Vec<String>>,
    /// True if the answer was lost and the project was found in the list instead.
    pub settled: bool,
    /// Fields that the server added since.
    pub extra: Map<String, Value>,
}

impl CloneResult {
    pub(crate) fn answered(answer: ClonedProject) -> Self {
        let tags = answer.tags.or_else(|| answer.tag.map(|tag| vec![tag]));
        Self {
            id: answer.project_id,
            name: answer.project_name,
            environment: answer.environment.filter(|environment| !environment.is_empty()),
            tags,
            settled: false,
            extra: answer.extra,
        }
    }

    pub(crate) fn found(project: Project) -> Self {
        Self {
            id: Some(project.id),
            name: project.name,
            environment: project.environment.filter(|environment| !environment.is_empty()),
            tags: project.tags,
            settled: true,
            extra: project.extra,
        }
    }
}

/// How far an asynchronous clone is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloneStatus {
    /// Not there yet.
    Running,
    /// The project is there.
    Done(CloneResult),
    /// It was not made.
    Failed {
        /// The server's reason.
        error: String,
    },
}

/// The kinds of entity that have secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretGroup {
    /// Connectors.
    Connectors,
    /// OAuth providers.
    OauthProviders,
    /// Outbound apps.
    OutboundApps,
    /// External authentication.
    ExternalAuth,
}

impl SecretGroup {
    /// Its key in `input_secrets`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connectors => "connectors",
            Self::OauthProviders => "oauth_providers",
            Self::OutboundApps => "outbound_apps",
            Self::ExternalAuth => "external_auth",
        }
    }
}

/// Which entity needs which secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MissingSecret {
    /// Of which kind the entity is.
    pub group: SecretGroup,
    /// The entity's id in the files that were sent.
    pub id: String,
    /// The entity's name.
    pub name: String,
    /// Which secret of the entity.
    pub kind: String,
}

/// What the server says of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Validation {
    /// Whether it could be imported.
    pub ok: bool,
    /// Why not, a sentence each.
    pub failures: Vec<String>,
    /// The secrets that an import would need.
    pub missing_secrets: Vec<MissingSecret>,
}

impl Validation {
    pub(crate) fn answered(answer: ValidationAnswer) -> Option<Self> {
        let mut missing_secrets = Vec::new();
        let secrets = answer.missing_secrets.unwrap_or_default();
        let InputSecrets { connectors, oauth_providers, outbound_apps, external_auth } = secrets;
        for (group, list) in [
            (SecretGroup::Connectors, connectors),
            (SecretGroup::OauthProviders, oauth_providers),
            (SecretGroup::OutboundApps, outbound_apps),
            (SecretGroup::ExternalAuth, external_auth),
        ] {
            missing_secrets.extend(list.into_iter().map(|InputSecret { id, name, kind, .. }| MissingSecret {
                group,
                id,
                name,
                kind,
            }));
        }
        // An `ok` that contradicts the rest of the answer is not to be relied on.
        let ok = answer.ok? && answer.failures.is_empty() && missing_secrets.is_empty();
        Some(Self { ok, failures: answer.failures, missing_secrets })
    }
}

impl fmt::Display for Validation {
    /// One sentence with the first few reasons; all of them are in the fields.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        if self.ok {
            return formatter.write_str("the snapshot is valid");
        }
        let missing = self.missing_secrets.iter();
        let missing = missing.map(|secret| format!("the secret {} of {:?} is missing", secret.kind, secret.name));
        let reasons: Vec<String> = self.failures.iter().cloned().chain(missing).collect();
        formatter.write_str("the snapshot is not valid")?;
        for (index, reason) in reasons.iter().take(SHOWN).enumerate() {
            formatter.write_str(if index == 0 { ": " } else { "; " })?;
            formatter.write_str(reason.trim_end_matches('.'))?;
        }
        match reasons.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(formatter, "; and {more} more"),
        }
    }
}
