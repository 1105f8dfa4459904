//! How an emulator is set up, and the switches for what no source tells.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::seed::{self, Seed};

/// How an emulator is set up.
#[derive(Clone)]
pub struct EmulatorOptions {
    /// The address to listen on. Default: `127.0.0.1`.
    pub host: IpAddr,
    /// Whether `host` may be reachable from other machines. Default: false.
    pub allow_remote: bool,
    /// The port; 0 takes any free one. Default: 0.
    pub port: u16,
    /// What the emulator starts with. Default: [`seed::minimal`].
    pub seed: Seed,
    /// A directory in which projects, secrets, keys, tiers and started clones outlive the emulator. Without a state in
    /// it, it gets the seed; with one, the seed is not used. Default: none, and everything is in memory.
    pub state: Option<PathBuf>,
    /// The edge's limit. Default: none.
    pub rate_limit: Option<RateLimit>,
    /// How many status calls an asynchronous clone stays running. Default: 1.
    pub clone_steps: u32,
    /// The switches for what no source tells.
    pub semantics: Semantics,
    /// Whether [`crate::RequestRecord::body`] is kept; the values of `inputSecrets` never are. Default: false.
    pub keep_bodies: bool,
    /// The largest body that is taken, in bytes after decompression. Default: 512 MiB.
    pub body_limit: usize,
}

/// Ten times the largest project that is known of.
pub(crate) const DEFAULT_BODY_LIMIT: usize = 512 * 1024 * 1024;

impl Default for EmulatorOptions {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            allow_remote: false,
            port: 0,
            seed: seed::minimal(),
            state: None,
            rate_limit: None,
            clone_steps: 1,
            semantics: Semantics::default(),
            keep_bodies: false,
            body_limit: DEFAULT_BODY_LIMIT,
        }
    }
}

/// So many requests in so much time, counted over all callers in fixed windows.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// How many requests one window takes.
    pub requests: u32,
    /// How long a window is.
    pub per: Duration,
    /// What one window takes of requests whose `x-descope-license` is their company's tier; they are counted apart.
    /// Absent: the header makes no difference.
    pub licensed_requests: Option<u32>,
    /// How `Retry-After` is written.
    pub retry_after_form: RetryAfterForm,
}

/// The two forms of `Retry-After`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfterForm {
    /// A number of seconds.
    #[default]
    Seconds,
    /// An HTTP date.
    Date,
}

/// One switch for each thing that no source tells, so that a client can be tested both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Semantics {
    /// What an import does with what the target has and the sent files have not.
    pub absent_files: AbsentFiles,
    /// What an import does with a connector whose name the target knows under another id.
    pub foreign_connector_ids: ForeignConnectorIds,
    /// What happens to a value of `excludes` that is not documented.
    pub unknown_excludes: UnknownExcludes,
    /// What happens to values of `excludes` other than `lists` in a snapshot import or validation.
    pub snapshot_excludes: SnapshotExcludes,
    /// What an import does with a connector whose id the target knows under another name.
    pub renamed_connector: RenamedConnector,
    /// Whether a project export holds the secrets.
    pub project_export: ProjectExport,
    /// What happens to a value of `inputSecrets` for an entity that is not in the sent files.
    pub unknown_input_secrets: UnknownInputSecrets,
}

/// See [`Semantics::absent_files`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentFiles {
    /// It is deleted.
    #[default]
    Delete,
    /// It stays.
    Keep,
}

/// See [`Semantics::foreign_connector_ids`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignConnectorIds {
    /// The target keeps its id, and every reference is rewritten to it.
    #[default]
    Rebind,
    /// The import is refused.
    Refuse,
}

/// See [`Semantics::unknown_excludes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownExcludes {
    /// The request is refused.
    #[default]
    Refuse,
    /// The value has no effect.
    Ignore,
}

/// See [`Semantics::snapshot_excludes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotExcludes {
    /// They work as in a project import.
    #[default]
    Honour,
    /// The request is refused.
    Refuse,
}

/// See [`Semantics::renamed_connector`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenamedConnector {
    /// The old one is deleted, and a new one is made, which has no secret.
    #[default]
    NewEntity,
    /// The old one gets the new name, and keeps its secret.
    Rename,
}

/// See [`Semantics::project_export`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectExport {
    /// Secrets are in it.
    #[default]
    WithSecrets,
    /// Secrets are placeholders, as in a snapshot.
    WithoutSecrets,
}

/// See [`Semantics::unknown_input_secrets`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownInputSecrets {
    /// The import is refused.
    #[default]
    Refuse,
    /// The value has no effect.
    Ignore,
}
