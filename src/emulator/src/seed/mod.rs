//! What an emulator starts with: companies, their keys, their projects and what is inside them.

mod acme;
mod minimal;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use acme::acme;
pub use minimal::minimal;

/// Everything an emulator starts with; also the format of `--seed FILE` (JSON).
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// Companies know nothing of each other.
    pub companies: Vec<SeedCompany>,
}

/// One customer of the identity provider.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedCompany {
    /// For people.
    pub name: String,
    /// `free`, `pro`, `growth` or `enterprise`; clone, export and import need more than the first. Default: `enterprise`.
    #[serde(default = "enterprise")]
    pub tier: String,
    /// Management keys of this company.
    #[serde(default)]
    pub keys: Vec<SeedKey>,
    /// Its projects.
    #[serde(default)]
    pub projects: Vec<SeedProject>,
}

/// One management key.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedKey {
    /// `K…`, or a workload token (three parts with dots).
    pub key: String,
    /// The project ids that the key is bound to; absent: company-wide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
    /// Whether the key may only read. Default: false.
    #[serde(default)]
    pub read_only: bool,
}

/// One project.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedProject {
    /// `P…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// `production`, or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Free text.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The configuration as a snapshot's files; a secret field holds `PLACEHOLDER_VALUE`.
    #[serde(default)]
    pub files: BTreeMap<String, Value>,
    /// The secrets behind the placeholders.
    #[serde(default)]
    pub secrets: Vec<SeedSecret>,
}

/// One secret of a project.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSecret {
    /// `connectors`, `oauthProviders`, `outboundApps` or `externalAuth`, as in `inputSecrets`.
    pub group: String,
    /// The entity's id in `files`.
    pub id: String,
    /// Which secret of the entity: for a connector the name of the field in its `configuration`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    pub value: String,
}

fn enterprise() -> String {
    "enterprise".to_owned()
}
