//! One attempt: a request goes out, a whole answer comes back, or a failure that says how far it got.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use super::answer::Answer;
use super::body::TrackedBody;

/// What one attempt needs.
pub(crate) struct Outgoing<'call> {
    pub(crate) client: &'call reqwest::Client,
    pub(crate) method: reqwest::Method,
    pub(crate) url: reqwest::Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: &'call [Bytes],
    pub(crate) limit: Duration,
    pub(crate) max_response_bytes: u64,
    /// Set, beside the attempt's own, when the first byte is handed over.
    pub(crate) started: Option<Arc<AtomicBool>>,
}

/// An attempt without an answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// Whether any byte of the request may have reached the server.
    pub(crate) reached: bool,
    /// For people; not yet redacted.
    pub(crate) message: String,
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
        let ended = tokio::time::timeout(limit, self.exchange(&started)).await;
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
            }),
        }
    }

    async fn exchange(self, started: &Arc<AtomicBool>) -> Result<Answer, Failure> {
        let mut flags = vec![Arc::clone(started)];
        flags.extend(self.started);
        let mut request = reqwest::Request::new(self.method, self.url);
        *request.headers_mut() = self.headers;
        *request.body_mut() = Some(reqwest::Body::wrap(TrackedBody::new(self.body, flags)));

        // A runtime that nobody drove since the last call has not seen yet which idle connections were closed. To yield
        // makes it look, and to yield again lets the connections' own tasks take themselves out of the pool.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;

        let mut response = self.client.execute(request).await.map_err(failure)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = if (200..300).contains(&status) {
            // Who has begun to answer has taken the request, whatever is said of the stream later.
            read_whole(response, self.max_response_bytes)
                .await
                .map_err(|failure| Failure { reached: true, ..failure })?
        } else {
            read_beginning(response).await
        };
        Ok(Answer { status, headers, body, attempt: 1 })
    }
}

/// A good answer: all of it, or a failure.
async fn read_whole(mut response: reqwest::Response, most: u64) -> Result<Bytes, Failure> {
    let expected = response.content_length().unwrap_or(0);
    if expected > most {
        return Err(too_large(most));
    }
    let first = response.chunk().await.map_err(failure)?.unwrap_or_default();
    let mut second = None;
    if first.len() as u64 >= expected {
        second = response.chunk().await.map_err(failure)?;
        if second.is_none() {
            // Small answers are here whole, and nothing is copied.
            return if first.len() as u64 > most { Err(too_large(most)) } else { Ok(first) };
        }
    }
    let mut body = BytesMut::with_capacity(usize::try_from(expected).unwrap_or(0).max(64 * 1024));
    body.extend_from_slice(&first);
    while let Some(piece) = match second.take() {
        Some(piece) => Some(piece),
        None => response.chunk().await.map_err(failure)?,
    } {
        if (body.len() + piece.len()) as u64 > most {
            return Err(too_large(most));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// The body of an error is for people: its status counts, however large the page is and wherever it breaks off.
async fn read_beginning(mut response: reqwest::Response) -> Bytes {
    const ENOUGH: usize = 1024 * 1024;
    const PATIENCE: Duration = Duration::from_secs(5);
    let until = tokio::time::Instant::now() + PATIENCE;
    let mut body = BytesMut::new();
    while body.len() < ENOUGH
        && let Ok(Ok(Some(piece))) = tokio::time::timeout_at(until, response.chunk()).await
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
    }
}

fn failure(error: reqwest::Error) -> Failure {
    // The URL is the same for all calls of an operation and may be shown by whoever knows that it may.
    let error = error.without_url();
    let refused = sources(&error).any(refused_by_http2);
    let kind = if sources(&error).any(is_tls_error) {
        FailureKind::Tls
    } else if sources(&error).any(is_parse_error) || error.is_decode() && !sources(&error).any(is_hyper_error) {
        FailureKind::Garbled
    } else {
        FailureKind::Connection
    };
    // `reached` is only the upper bound here: the caller knows whether the body was ever asked for.
    Failure { kind, reached: !refused, message: chain(&error) }
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

/// reqwest calls every failure within a body "decode"; one that hyper had is the connection's.
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
