//! How an emulator is set up.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::modes::Normalise;
use crate::seed::{self, Seed};
use crate::switches::Semantics;

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
    /// What is changed on the way in and out, as a real server may. Default: nothing.
    pub normalise: Normalise,
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
            normalise: Normalise::default(),
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
