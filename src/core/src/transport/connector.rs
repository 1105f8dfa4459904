//! The way to a host: directly, or through the proxy that is responsible for it.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

type BoxError = Box<dyn StdError + Send + Sync>;
type Plain = TokioIo<TcpStream>;

/// Opens connections, without the TLS that is spoken with the host itself.
#[derive(Clone)]
pub(crate) struct Connector {
    tcp: HttpConnector,
    /// To a proxy, which may want TLS of its own.
    to_proxy: HttpsConnector<HttpConnector>,
    proxies: Arc<Option<Matcher>>,
    limit: Duration,
}

/// A dead peer must show within a minute, also while a large import is on its way.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

impl Connector {
    pub(crate) fn new(proxies: Option<Matcher>, tls: &ClientConfig, limit: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared out among the addresses of a name, so that a dead one leaves time for the others.
        tcp.set_connect_timeout(Some(limit));
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        // A proxy is spoken to in HTTP/1.1, whatever the host behind it speaks.
        let mut plain = tls.clone();
        plain.alpn_protocols.clear();
        let to_proxy = HttpsConnector::from((tcp.clone(), plain));
        Self { tcp, to_proxy, proxies: Arc::new(proxies), limit }
    }

    /// What a request in plain HTTP must tell the proxy that forwards it; in a tunnel the proxy has been told before.
    pub(crate) fn proxy_authorization(&self, host: &Uri) -> Option<HeaderValue> {
        if host.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        self.proxies.as_ref().as_ref()?.intercept(host)?.basic_auth().cloned()
    }

    async fn connect(mut self, host: Uri) -> Result<Stream, BoxError> {
        let Some(proxy) = self.proxies.as_ref().as_ref().and_then(|proxies| proxies.intercept(&host)) else {
            return Ok(Stream::direct(MaybeHttpsStream::Http(self.tcp.call(host).await?)));
        };
        match proxy.uri().scheme_str() {
            Some("socks4" | "socks4a" | "socks5" | "socks5h") => self.through_socks(host, &proxy).await,
            _ if host.scheme() == Some(&Scheme::HTTPS) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy);
                if let Some(authorization) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                Ok(Stream::direct(tunnel.call(host).await?))
            }
            _ => Ok(Stream { io: self.to_proxy.call(proxy.uri().clone()).await?, forwarded: true }),
        }
    }

    async fn through_socks(self, host: Uri, proxy: &Intercept) -> Result<Stream, BoxError> {
        let version = proxy.uri().scheme_str().unwrap_or_default();
        // With the plain names the host is looked up here, with the others by the proxy: as curl does it.
        let here = matches!(version, "socks4" | "socks5");
        let io = if version.starts_with("socks4") {
            SocksV4::new(proxy.uri().clone(), self.tcp).local_dns(here).call(host).await?
        } else {
            let mut socks = SocksV5::new(proxy.uri().clone(), self.tcp).local_dns(here);
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            socks.call(host).await?
        };
        Ok(Stream::direct(MaybeHttpsStream::Http(io)))
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, host: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(connector.connect(host))
    }
}

/// The whole way, TLS with the host included, within the time for it.
#[derive(Clone)]
pub(crate) struct Limited {
    connector: HttpsConnector<Connector>,
    limit: Duration,
}

impl Limited {
    pub(crate) fn new(connector: Connector, tls: ClientConfig) -> Self {
        let limit = connector.limit;
        Self { connector: HttpsConnector::from((connector, tls)), limit }
    }
}

impl Service<Uri> for Limited {
    type Response = MaybeHttpsStream<Stream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, host: Uri) -> Self::Future {
        let connecting = self.connector.call(host);
        let limit = self.limit;
        Box::pin(async move {
            tokio::time::timeout(limit, connecting).await.unwrap_or_else(|_| {
                let message = format!("no connection within {} s (connect_timeout)", limit.as_secs_f64());
                Err(io::Error::new(io::ErrorKind::TimedOut, message).into())
            })
        })
    }
}

/// A connection, perhaps through a proxy.
pub(crate) struct Stream {
    io: MaybeHttpsStream<Plain>,
    /// Whether a proxy reads each request and forwards it, and so must be told the whole URL.
    forwarded: bool,
}

impl Stream {
    fn direct(io: MaybeHttpsStream<Plain>) -> Self {
        Self { io, forwarded: false }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.io.connected().proxy(self.forwarded)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, buffers)
    }
}
