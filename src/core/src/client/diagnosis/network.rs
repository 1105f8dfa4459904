//! The way to the server, step by step: name, connection, TLS, a first answer, the two clocks.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::Uri;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{Area, Check, Diagnosis, State};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::transport::Answer;
use crate::wire::call;

const AREA: Area = Area::Connection;
pub(super) const NAMES: [&str; 5] = ["DNS", "TCP", "TLS", "HTTP", "clock"];

/// `Date` has no fractions of a second, and the answer took a while.
const CLOCKS_AGREE: i64 = 5;
/// Servers that check a token's times usually allow that much.
const TOKENS_ALLOW: i64 = 60;

/// A first answer.
pub(super) struct Reached {
    pub(super) license: Answer,
    /// What the server's clock showed, and when.
    pub(super) server_time: Option<SystemTime>,
}

/// Where the first connection goes.
struct Place {
    host: String,
    port: u16,
}

pub(super) async fn look(
    diagnosis: &mut Diagnosis,
    client: &Client,
    proxy: Option<&Uri>,
    has_token: bool,
) -> Option<Reached> {
    let base: Uri = client.base_url().parse().ok()?;
    let place = Place::of(proxy.unwrap_or(&base));
    let patience = client.shared.transport.network().connect_timeout;
    let through = proxy.map_or("the server", |_| "the proxy");

    let addresses = match within(patience, place.addresses()).await {
        Ok(addresses) => addresses,
        Err(why) => {
            let error = Error::new(ErrorKind::Transport, format!("{} has no address: {why}", place.host));
            diagnosis.fail(
                AREA,
                "DNS",
                error,
                Some("look at the name, at this machine's network and at its name server"),
            );
            diagnosis.skip(AREA, &NAMES, "not checked: there is no address");
            return None;
        }
    };
    diagnosis.add(place.found(&addresses));

    let began = Instant::now();
    let stream = match within(patience, TcpStream::connect(addresses.as_slice())).await {
        Ok(stream) => stream,
        Err(why) => {
            let message = format!("{through} ({}, port {}) cannot be reached: {why}", place.host, place.port);
            let hint = if proxy.is_some() {
                "look at the proxy's address, and whether NO_PROXY should name the host"
            } else {
                "look at the base URL and at firewalls; where a proxy leads out, HTTPS_PROXY names it"
            };
            diagnosis.fail(AREA, "TCP", Error::new(ErrorKind::Transport, message), Some(hint));
            diagnosis.skip(AREA, &NAMES, "not checked: there is no connection");
            return None;
        }
    };
    let peer = stream.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
    let took = milliseconds(began);
    let connected = format!("connected to {through} at {peer} in {took} ms");
    diagnosis.add(Check::new(AREA, "TCP", State::Fine, connected).data("address", peer).data("milliseconds", took));

    if base.scheme_str() != Some("https") {
        diagnosis.skip(AREA, &["TLS"], "not used: plain HTTP");
    } else if proxy.is_some() {
        diagnosis.skip(AREA, &["TLS"], "not looked at by itself: the proxy carries it, and the next check needs it");
    } else if !look_at_tls(diagnosis, client, &place, stream, patience).await {
        diagnosis.skip(AREA, &NAMES, "not checked: there is no TLS");
        return None;
    }
    ask(diagnosis, client, has_token).await
}

impl Place {
    fn of(uri: &Uri) -> Self {
        let usual = match uri.scheme_str() {
            Some("https") => 443,
            Some(scheme) if scheme.starts_with("socks") => 1080,
            _ => 80,
        };
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        Self { host: host.to_owned(), port: uri.port_u16().unwrap_or(usual) }
    }

    async fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((self.host.as_str(), self.port)).await?.collect();
        if found.is_empty() { Err(std::io::Error::other("the answer is empty")) } else { Ok(found) }
    }

    fn found(&self, addresses: &[SocketAddr]) -> Check {
        let mut shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
        shown.dedup();
        let value = if self.host.parse::<IpAddr>().is_ok() {
            format!("not needed: {} is an address", self.host)
        } else {
            format!("{} is {}", self.host, shown.join(", "))
        };
        Check::new(AREA, "DNS", State::Fine, value).data("host", self.host.clone()).data("addresses", shown)
    }
}

/// A handshake of our own, with the configuration of all requests: they do not tell what was agreed on.
async fn look_at_tls(
    diagnosis: &mut Diagnosis,
    client: &Client,
    place: &Place,
    stream: TcpStream,
    patience: Duration,
) -> bool {
    let network = client.shared.transport.network();
    let began = Instant::now();
    let agreed = async {
        let config = network.tls_config().map_err(std::io::Error::other)?;
        let name = ServerName::try_from(place.host.clone()).map_err(std::io::Error::other)?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    match within(patience, agreed).await {
        Ok(stream) => {
            let session = stream.get_ref().1;
            let version = session.protocol_version().and_then(|version| version.as_str()).unwrap_or("unknown");
            let version = version.replace("TLSv1_", "TLS 1.");
            let took = milliseconds(began);
            let value = format!("{version}, certificate trusted, in {took} ms");
            diagnosis
                .add(Check::new(AREA, "TLS", State::Fine, value).data("version", version).data("milliseconds", took));
            true
        }
        Err(why) => {
            let stores = network.stores().map(|stores| format!("; certificates were looked up in {stores}"));
            let message = format!("TLS with {} failed: {why}{}", place.host, stores.unwrap_or_default());
            let hint = "where a company's proxy signs its own certificates, SSL_CERT_FILE names the file with its \
                        authority's";
            diagnosis.fail(AREA, "TLS", Error::new(ErrorKind::Transport, message), Some(hint));
            false
        }
    }
}

/// The first answer: its status says that the API is there, its `Date` what the server's clock shows.
async fn ask(diagnosis: &mut Diagnosis, client: &Client, has_token: bool) -> Option<Reached> {
    let request = client.request_for(&call::LICENSE, Vec::new(), None);
    let began = Instant::now();
    let asked = match client.connections() {
        Ok(connections) => client.shared.transport.probe(connections, &request).await,
        Err(error) => Err(error),
    };
    let license = match asked {
        Ok(answer) => answer,
        Err(error) => {
            diagnosis.fail(AREA, "HTTP", error, None);
            diagnosis.skip(AREA, &NAMES, "not checked: there is no answer");
            return None;
        }
    };
    let took = milliseconds(began);
    let version = format!("{:?}", license.version);
    if license.status >= 500 || (300..400).contains(&license.status) {
        let hint = "is the base URL that of the API? If so, try again later";
        diagnosis.fail(AREA, "HTTP", request.refusal(&license), Some(hint));
    } else {
        let value = format!("{version}, answered {} in {took} ms", license.status);
        let check = Check::new(AREA, "HTTP", State::Fine, value).data("version", version);
        diagnosis.add(check.data("status", license.status).data("milliseconds", took));
    }
    let server_time = look_at_clock(diagnosis, &license, SystemTime::now(), has_token);
    Some(Reached { license, server_time })
}

fn look_at_clock(diagnosis: &mut Diagnosis, answer: &Answer, ours: SystemTime, has_token: bool) -> Option<SystemTime> {
    let date = answer.headers.get(http::header::DATE).and_then(|date| date.to_str().ok());
    let Some(theirs) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
        diagnosis.skip(AREA, &["clock"], "not checked: the answer has no date");
        return None;
    };
    let behind = seconds_between(ours, theirs);
    let value = if behind.abs() <= CLOCKS_AGREE {
        "as the server's".to_owned()
    } else if behind > 0 {
        format!("{behind} s behind the server's")
    } else {
        format!("{} s before the server's", -behind)
    };
    let check = Check::new(AREA, "clock", State::Fine, value).data("seconds_behind", behind);
    if behind.abs() <= TOKENS_ALLOW {
        diagnosis.add(Check { state: if behind.abs() <= CLOCKS_AGREE { State::Fine } else { State::Noted }, ..check });
        return Some(theirs);
    }
    let hint = "set this machine's clock: a workload token that is made by it would be refused";
    if has_token {
        let message = format!("this machine's clock is {}", check.value);
        diagnosis.add(Check { state: State::Failed, ..check }.hint(hint));
        diagnosis.blame(Error::new(ErrorKind::Authentication, message));
    } else {
        diagnosis.add(Check { state: State::Noted, ..check }.hint(hint));
    }
    Some(theirs)
}

/// How many seconds `later` is after `earlier`; negative the other way round.
pub(super) fn seconds_between(earlier: SystemTime, later: SystemTime) -> i64 {
    let whole = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match later.duration_since(earlier) {
        Ok(ahead) => whole(ahead),
        Err(behind) => -whole(behind.duration()),
    }
}

async fn within<T>(patience: Duration, step: impl Future<Output = std::io::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(patience, step).await {
        Ok(ended) => ended.map_err(|error| error.to_string()),
        Err(_) => Err(format!("nothing within {} s", patience.as_secs_f64())),
    }
}

fn milliseconds(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use bytes::Bytes;
    use http::header::{DATE, HeaderMap, HeaderValue};

    use super::{Answer, Diagnosis, State, look_at_clock};

    fn clock(ours: SystemTime, server: SystemTime, has_token: bool) -> (State, String, bool) {
        let mut headers = HeaderMap::new();
        if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(server)) {
            headers.insert(DATE, date);
        }
        let answer = Answer { status: 401, version: http::Version::HTTP_11, headers, body: Bytes::new(), attempt: 1 };
        let mut diagnosis = Diagnosis { checks: Vec::new(), problem: None };
        assert_eq!(look_at_clock(&mut diagnosis, &answer, ours, has_token), Some(server));
        let check = &diagnosis.checks[0];
        (check.state, check.value.clone(), diagnosis.problem.is_some())
    }

    #[test]
    fn a_clock_that_is_wrong_is_a_failure_where_a_token_depends_on_it() {
        let ours = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let ahead = |seconds| ours + Duration::from_secs(seconds);
        assert_eq!(clock(ours, ahead(3), true), (State::Fine, "as the server's".to_owned(), false));
        assert_eq!(clock(ours, ahead(30), true), (State::Noted, "30 s behind the server's".to_owned(), false));
        assert_eq!(clock(ours, ahead(600), true), (State::Failed, "600 s behind the server's".to_owned(), true));
        assert_eq!(clock(ours, ahead(600), false), (State::Noted, "600 s behind the server's".to_owned(), false));
        let before = ours - Duration::from_secs(90);
        assert_eq!(clock(ours, before, true), (State::Failed, "90 s before the server's".to_owned(), true));
    }
}
