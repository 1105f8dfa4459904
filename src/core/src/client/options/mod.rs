//! The option structs: one per method, each key with its default, unknown keys refused.

mod decode;
mod numbers;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::secrets::Secret;

pub use decode::{OptionValue, decode_options};
pub use numbers::{Count, Pause, Rate, Seconds};

/// Options of a client.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientOptions {
    /// Where the API is. Default: from the environment, else from the project id's region.
    pub base_url: Option<String>,
    /// How long one attempt may take. Default: 60 s; 300 s for clone, delete, import and export.
    pub timeout: Option<Seconds>,
    /// How long a connection may take to be made. Default: 10 s.
    pub connect_timeout: Option<Seconds>,
    /// What may be repeated how often.
    pub retry: Option<RetryOptions>,
    /// Budget for all requests of the client to its host; waiting for it is not in `max_wait`. Default: none.
    pub requests_per_second: Option<Rate>,
    /// Proxy URL; its password is a secret. Default: from the environment.
    pub proxy: Option<Secret>,
    /// File with certificates to trust beside the system's.
    pub ca_bundle: Option<PathBuf>,
    /// `User-Agent`. Default: `descope-projects/<version>`.
    pub user_agent: Option<String>,
    /// Further headers of each request; their values may be secrets.
    pub headers: Option<BTreeMap<String, Secret>>,
    /// Ask for the company's rate-limit tier once and send it from then on. Default: true.
    pub license_handshake: Option<bool>,
    /// Largest answer that is read, in bytes, uncompressed. Default: 512 MiB.
    pub max_response_bytes: Option<Count>,
    /// Refuse every call that writes. Default: false.
    pub read_only: Option<bool>,
    /// Allow plain HTTP to a host other than this machine. Default: false.
    pub allow_insecure_http: Option<bool>,
}

/// Options of the retries.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryOptions {
    /// Attempts of one call, the first included. Default: 4.
    pub max_attempts: Option<Count>,
    /// Longest pause before the second attempt; doubles from there. Default: 0.5 s.
    pub initial_backoff: Option<Pause>,
    /// Longest pause between two attempts, unless the server asks for more. Default: 30 s.
    pub max_backoff: Option<Pause>,
    /// Longest waiting of one call for its repeats. Default: 120 s.
    pub max_wait: Option<Pause>,
}

/// `environment` of a project: this one word, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// The project serves real users.
    Production,
}

/// Options of a clone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CloneOptions {
    /// The new project's name. Default: the server's choice.
    pub name: Option<String>,
    /// `production`, or nothing.
    pub environment: Option<Environment>,
    /// The new project's tags.
    pub tags: Option<Vec<String>>,
    /// List the projects before, so that an unknown outcome can be settled. Default: true where the key may list.
    pub settle: Option<bool>,
    /// How long to look for the new project after an unknown outcome. Default: 30 s.
    pub settle_timeout: Option<Seconds>,
    /// How long one attempt may take.
    pub timeout: Option<Seconds>,
}

/// Options of a deletion.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeleteOptions {
    /// List the projects before, so that an unknown outcome can be settled. Default: true where the key may list.
    pub settle: Option<bool>,
    /// How long to watch the list after an unknown outcome. Default: 30 s.
    pub settle_timeout: Option<Seconds>,
    /// How long one attempt may take.
    pub timeout: Option<Seconds>,
}

/// How an export presents assets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Assets stay inside the JSON files.
    Plain,
}

/// Options of both exports.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExportOptions {
    /// `plain`, or the default with assets as files.
    pub format: Option<ExportFormat>,
    /// How long one attempt may take.
    pub timeout: Option<Seconds>,
}

/// Options of both imports and of validation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// What of the target stays as it is.
    pub exclude: Option<Vec<String>>,
    /// Values for secrets that the target lacks or that are to change.
    pub input_secrets: Option<SecretsOption>,
    /// Send values of `exclude` that the vendor does not document. Default: false.
    pub allow_unknown_excludes: Option<bool>,
    /// Send a part as if it were whole: what it lacks may be deleted. Default: false.
    pub allow_partial: Option<bool>,
    /// How long one attempt may take.
    pub timeout: Option<Seconds>,
}

/// Secrets to send along, by the kind of entity.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsOption {
    /// Of connectors.
    pub connectors: Vec<SecretOption>,
    /// Of OAuth providers.
    pub oauth_providers: Vec<SecretOption>,
    /// Of outbound apps.
    pub outbound_apps: Vec<SecretOption>,
    /// Of external authentication.
    pub external_auth: Vec<SecretOption>,
}

/// One secret to send along.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretOption {
    /// The entity's id in the files that are sent.
    pub id: String,
    /// The entity's name.
    #[serde(default)]
    pub name: String,
    /// Which secret of the entity, for example `apiKey`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value; not empty.
    pub value: Secret,
}
