//! Connections: two pools for each runtime that calls are made on.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_http::decompression::Decompression;

use super::body::TrackedBody;
use super::connector::{Connector, Limited};
use super::policy::Pool;
use super::proxy::ProxyChoice;
use super::tls::{self, ExtraCertificates, Store, Tls};
use crate::error::Result;

/// How the network is reached; shared by all connections of a client.
pub(crate) struct Network {
    pub(crate) secure: bool,
    pub(crate) proxy: ProxyChoice,
    pub(crate) ca_bundle: Option<std::path::PathBuf>,
    pub(crate) connect_timeout: Duration,
    tls: OnceLock<Tls>,
}

/// An idle connection may have been closed by the server without our having noticed, and then nothing tells a request
/// that was never read from one that was carried out. Within this time after an answer no server closes (nginx's
/// shortest usual setting is longer, and the edge's is minutes).
const FRESH: Duration = Duration::from_secs(2);

/// Sends requests over the connections that it keeps.
pub(super) type Http = Decompression<hyper_util::client::legacy::Client<Limited, TrackedBody>>;

/// The connections of one runtime: a connection belongs to the runtime that opened it.
#[derive(Clone)]
pub struct Connections(Arc<Pools>);

struct Pools {
    /// For calls that may be repeated.
    pooled: Http,
    /// For calls that may not: an idle connection older than [`FRESH`] is never used again.
    fresh: Http,
    /// What a proxy wants to be told with each request.
    proxy_authorization: Option<HeaderValue>,
}

impl Connections {
    pub(super) fn of(&self, pool: Pool) -> &Http {
        match pool {
            Pool::Any => &self.0.pooled,
            Pool::Fresh => &self.0.fresh,
        }
    }

    pub(super) fn proxy_authorization(&self) -> Option<&HeaderValue> {
        self.0.proxy_authorization.as_ref()
    }
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connections").finish_non_exhaustive()
    }
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
    pub(crate) fn stores(&self) -> Option<String> {
        let stores = &self.tls.get()?.stores;
        Some(stores.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")).filter(|stores| !stores.is_empty())
    }

    /// Where trust comes from, read now if it was not yet.
    pub(crate) fn trust(&self) -> Result<&[Store]> {
        Ok(&self.tls()?.stores)
    }

    /// What a connection of our own, for a look at it, is made with.
    pub(crate) fn tls_config(&self) -> Result<rustls::ClientConfig> {
        Ok(self.tls()?.config.clone())
    }

    pub(crate) fn proxy(&self) -> &ProxyChoice {
        &self.proxy
    }

    /// A set of connections to this host, for the runtime that the caller will use them on.
    pub(crate) fn connect(&self, host: &Uri) -> Result<Connections> {
        let tls = &self.tls()?.config;
        let connector = Connector::new(self.proxies(), tls, self.connect_timeout);
        let proxy_authorization = connector.proxy_authorization(host);
        let connector = Limited::new(connector, tls.clone());
        Ok(Connections(Arc::new(Pools {
            pooled: keeping(connector.clone(), Duration::from_secs(90)),
            fresh: keeping(connector, FRESH),
            proxy_authorization,
        })))
    }

    fn proxies(&self) -> Option<Matcher> {
        match &self.proxy {
            ProxyChoice::None => None,
            ProxyChoice::Environment => Some(Matcher::from_system()),
            ProxyChoice::Url(url) => Some(Matcher::builder().all(url.expose()).build()),
        }
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

/// Connections that are kept for so long after an answer. No redirection is ever followed by it: that would carry the
/// key to where the answer says. What may be repeated is decided in one place, and counted; only a request that was
/// given back unsent, because its connection had been closed, goes to another connection at once.
fn keeping(connector: Limited, idle: Duration) -> Http {
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(idle)
        .build(connector);
    Decompression::new(client)
}
