//! Connections: two pools for each runtime that calls are made on.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::tls::{self, ExtraCertificates, Tls};
use crate::error::{Error, Result};
use crate::secrets::Secret;

/// How the network is reached; shared by all connections of a client.
pub(crate) struct Network {
    pub(crate) secure: bool,
    pub(crate) proxy: ProxyChoice,
    pub(crate) ca_bundle: Option<std::path::PathBuf>,
    pub(crate) connect_timeout: Duration,
    tls: OnceLock<Tls>,
}

/// Which proxy.
pub(crate) enum ProxyChoice {
    /// This machine is never reached through a proxy that the environment names.
    None,
    /// What the environment says (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` …).
    Environment,
    /// This one.
    Url(Secret),
}

/// An idle connection may have been closed by the server without our having noticed, and then nothing tells a request
/// that was never read from one that was carried out. Within this time after an answer no server closes (nginx's
/// shortest usual setting is longer, and the edge's is minutes).
const FRESH: Duration = Duration::from_secs(2);

/// The connections of one runtime: a connection belongs to the runtime that opened it.
#[derive(Clone, Debug)]
pub struct Connections {
    /// For calls that may be repeated.
    pub(crate) pooled: reqwest::Client,
    /// For calls that may not: an idle connection older than [`FRESH`] is never used again.
    pub(crate) fresh: reqwest::Client,
}

impl Network {
    pub(crate) fn new(
        secure: bool,
        proxy: ProxyChoice,
        ca_bundle: Option<std::path::PathBuf>,
        connect_timeout: Duration,
    ) -> Self {
        Self { secure, proxy, ca_bundle, connect_timeout, tls: OnceLock::new() }
    }

    /// Where trust comes from, once a connection was made; for messages.
    pub(crate) fn stores(&self) -> Option<&str> {
        self.tls.get().map(|tls| tls.stores.as_str())
    }

    /// A set of connections for the runtime that the caller will use them on.
    pub(crate) fn connect(self: &Arc<Self>) -> Result<Connections> {
        Ok(Connections { pooled: self.client(Duration::from_secs(90))?, fresh: self.client(FRESH)? })
    }

    fn client(&self, idle: Duration) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            // A redirection would carry the key to where the answer says.
            .redirect(reqwest::redirect::Policy::none())
            // What may be repeated is decided in one place, and counted.
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(idle)
            .tls_backend_preconfigured(self.tls()?.config.clone());
        match &self.proxy {
            ProxyChoice::None => builder = builder.no_proxy(),
            ProxyChoice::Environment => {}
            ProxyChoice::Url(url) => {
                // The URL may hold a password: reqwest's own error would repeat it.
                let proxy = reqwest::Proxy::all(url.expose()).map_err(|_| {
                    Error::configuration("`proxy`: not the URL of a proxy").with(|details| {
                        details.path = Some("proxy".to_owned());
                    })
                })?;
                builder = builder.proxy(proxy);
            }
        }
        builder
            .build()
            .map_err(|error| Error::configuration(format!("the HTTP client cannot be set up: {}", error.without_url())))
    }

    fn tls(&self) -> Result<&Tls> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        // Reading the stores takes milliseconds: not for an emulator on this machine. A TLS configuration is needed in
        // any case, for a proxy may be reached by TLS even then.
        let extra = if self.secure { ExtraCertificates::from_env() } else { ExtraCertificates::default() };
        let tls =
            if self.secure { tls::configure(self.ca_bundle.as_deref(), &extra)? } else { tls::configure_empty()? };
        Ok(self.tls.get_or_init(|| tls))
    }
}
