//! One attempt: a request goes out, a whole answer comes back, or a failure that says how far it got.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::PROXY_AUTHORIZATION;
use http::{HeaderMap, Method, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::Instant;
use tower_http::decompression::DecompressionBody;
use tower_service::Service as _;

use super::answer::Answer;
use super::body::TrackedBody;
use super::connections::Connections;
use super::policy::Pool;
use super::watch::Traffic;

type BoxError = Box<dyn StdError + Send + Sync>;

/// What one attempt needs.
pub(crate) struct Outgoing<'call> {
    pub(crate) connections: &'call Connections,
    pub(crate) pool: Pool,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: &'call [Bytes],
    pub(crate) limit: Duration,
    pub(crate) max_response_bytes: u64,
    /// Set, beside the attempt's own, when the first byte is handed over.
    pub(crate) started: Option<Arc<AtomicBool>>,
    /// Told how many bytes have moved.
    pub(crate) traffic: Option<Arc<Traffic>>,
}

/// An attempt without an answer.
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// Whether any byte of the request may have reached the server.
    pub(crate) reached: bool,
    /// For people; not yet redacted.
    pub(crate) message: String,
    /// The head of the answer, if that much of it came.
    pub(crate) head: Option<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// No connection, or it broke.
    Connection,
    /// The other side's certificate is not trusted, or TLS cannot be agreed on: another attempt would end alike.
    Tls,
    /// Our own time limit.
    Deadline,
    /// The answer is larger than we are willing to hold.
    TooLarge,
    /// The answer cannot be decoded as HTTP or as what its encoding says.
    Garbled,
}

impl Outgoing<'_> {
    pub(crate) async fn send(self) -> Result<Answer, Failure> {
        let started = Arc::new(AtomicBool::new(false));
        let limit = self.limit;
        // In a box, because every future around it would be as large, and each is moved before it runs.
        let until = Instant::now() + limit;
        let ended = tokio::time::timeout_at(until, Box::pin(self.exchange(&started, until))).await;
        let reached = started.load(Ordering::Acquire);
        match ended {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(mut failure)) => {
                failure.reached &= reached;
                Err(failure)
            }
            Err(_) => Err(Failure {
                kind: FailureKind::Deadline,
                reached,
                message: format!("no complete answer within {} s", limit.as_secs_f64()),
                head: None,
            }),
        }
    }

    async fn exchange(self, started: &Arc<AtomicBool>, until: Instant) -> Result<Answer, Failure> {
        let body = TrackedBody::new(self.body, Arc::clone(started), self.started, self.traffic.clone());
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.headers_mut() = self.headers;
        if let Some(authorization) = self.connections.proxy_authorization() {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }

        // A runtime that nobody drove since the last call has not seen yet which idle connections were closed. To yield
        // makes it look, and to yield again lets the connections' own tasks take themselves out of the pool.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;

        let mut client = self.connections.of(self.pool).clone();
        let mut response = client.call(request).await.map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let version = response.version();
        let headers = std::mem::take(response.headers_mut());
        let body = if (200..300).contains(&status) {
            match read_whole(response.body_mut(), self.max_response_bytes, self.traffic.as_deref()).await {
                Ok(body) => body,
                Err(failure) => {
                    // Who has begun to answer has taken the request, whatever is said of the stream later.
                    let head = Some(Answer { status, version, headers, body: Bytes::new(), attempt: 1 });
                    return Err(Failure { reached: true, head, ..failure });
                }
            }
        } else {
            // An error whose page does not end in time is still that error: the page is given up before the attempt is.
            read_beginning(response.body_mut(), until - self.limit.mul_f32(0.1)).await
        };
        Ok(Answer { status, version, headers, body, attempt: 1 })
    }
}

type Content = DecompressionBody<Incoming>;

/// The next piece of a body; whatever is no content (trailers) is passed over.
async fn next_piece(body: &mut Content) -> Option<Result<Bytes, BoxError>> {
    loop {
        match body.frame().await? {
            Ok(frame) => {
                if let Ok(piece) = frame.into_data() {
                    return Some(Ok(piece));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}

/// A good answer: all of it, or a failure.
async fn read_whole(content: &mut Content, most: u64, traffic: Option<&Traffic>) -> Result<Bytes, Failure> {
    let count = |bytes: usize| {
        if let Some(traffic) = traffic {
            traffic.add_received(bytes);
        }
    };
    let expected = content.size_hint().exact().unwrap_or(0);
    if expected > most {
        return Err(too_large(most));
    }
    let broken = |error: BoxError| failure_within(error.as_ref());
    let first = next_piece(content).await.transpose().map_err(broken)?.unwrap_or_default();
    count(first.len());
    let mut second = None;
    if first.len() as u64 >= expected {
        second = next_piece(content).await.transpose().map_err(broken)?;
        if second.is_none() {
            // Small answers are here whole, and nothing is copied.
            return if first.len() as u64 > most { Err(too_large(most)) } else { Ok(first) };
        }
    }
    let mut body = BytesMut::with_capacity(usize::try_from(expected).unwrap_or(0).max(64 * 1024));
    body.extend_from_slice(&first);
    while let Some(piece) = match second.take() {
        Some(piece) => Some(piece),
        None => next_piece(content).await.transpose().map_err(broken)?,
    } {
        if (body.len() + piece.len()) as u64 > most {
            return Err(too_large(most));
        }
        count(piece.len());
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// The body of an error is for people: its status counts, however large the page is and wherever it breaks off.
async fn read_beginning(content: &mut Content, until: Instant) -> Bytes {
    const ENOUGH: usize = 1024 * 1024;
    const PATIENCE: Duration = Duration::from_secs(5);
    let until = until.min(Instant::now() + PATIENCE);
    let mut body = BytesMut::new();
    while body.len() < ENOUGH
        && let Ok(Some(Ok(piece))) = tokio::time::timeout_at(until, next_piece(content)).await
    {
        body.extend_from_slice(&piece);
    }
    body.truncate(ENOUGH);
    body.freeze()
}

fn too_large(most: u64) -> Failure {
    Failure {
        kind: FailureKind::TooLarge,
        reached: true,
        message: format!("the answer is larger than max_response_bytes ({most})"),
        head: None,
    }
}

/// Before there was an answer.
fn failure(error: &(dyn StdError + 'static)) -> Failure {
    let refused = sources(error).any(refused_by_http2);
    let kind = if sources(error).any(is_tls_error) {
        FailureKind::Tls
    } else if sources(error).any(is_parse_error) {
        FailureKind::Garbled
    } else {
        FailureKind::Connection
    };
    // `reached` is only the upper bound here: the caller knows whether the body was ever asked for.
    Failure { kind, reached: !refused, message: chain(error), head: None }
}

/// Within the answer: what hyper has nothing to do with is the decoder's, to which the content made no sense.
fn failure_within(error: &(dyn StdError + 'static)) -> Failure {
    let failure = failure(error);
    if sources(error).any(is_hyper_error) {
        return failure;
    }
    let message = format!("the content cannot be decoded: {}", failure.message);
    Failure { kind: FailureKind::Garbled, message, ..failure }
}

/// RFC 9113, section 8.7: `REFUSED_STREAM` says that the request was not processed.
fn refused_by_http2(error: &(dyn StdError + 'static)) -> bool {
    error.downcast_ref::<h2::Error>().is_some_and(|error| {
        error.is_reset() && error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

fn is_parse_error(error: &(dyn StdError + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}

fn is_hyper_error(error: &(dyn StdError + 'static)) -> bool {
    error.is::<hyper::Error>()
}

fn is_tls_error(error: &(dyn StdError + 'static)) -> bool {
    error.is::<rustls::Error>()
}

fn sources<'error>(error: &'error (dyn StdError + 'static)) -> impl Iterator<Item = &'error (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        // An io::Error shows the cause of what it carries and not what it carries.
        match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(carried) => Some(carried as &(dyn StdError + 'static)),
            None => (*error).source(),
        }
    })
}

/// The causes in one sentence, outermost first, each said once.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for error in sources(error) {
        let part = error.to_string();
        if !parts.iter().any(|earlier| earlier.contains(&part)) {
            parts.push(part);
        }
    }
    parts.join(": ")
}
