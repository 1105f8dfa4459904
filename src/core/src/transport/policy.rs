//! What may be repeated, and what an end without a clear answer means.
//!
//! The rule of the whole package is here: a call that may not be repeated is sent again only if it provably never
//! reached the origin. Everything else about it that is not a clear answer is an unknown outcome, never a failure.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use tokio::time::Instant;

use super::answer::Answer;
use super::attempt::{Failure, FailureKind, Outgoing};
use super::backoff::{Backoff, BackoffConfig};
use super::budget::Budget;
use super::connections::{Connections, Network};
use super::credential::Credential;
use super::license::{self, Tier};
use super::targets::Targets;
use super::watch::{Level, Watch};
use crate::error::{Error, ErrorKind, Result, Written};
use crate::secrets::{Redactor, Secret};
use crate::wire::{License, Method, Repeat, call};

/// What all calls of a client share.
pub(crate) struct TransportConfig {
    pub(crate) max_attempts: u32,
    pub(crate) backoff: BackoffConfig,
    pub(crate) max_wait: Duration,
    pub(crate) max_response_bytes: u64,
    pub(crate) license_handshake: bool,
    pub(crate) budget_interval: Option<Duration>,
}

/// Sends calls.
pub(crate) struct Transport {
    config: TransportConfig,
    targets: Targets,
    network: Network,
    budget: Budget,
    tier: Tier,
}

/// Which connections may carry a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    /// Any that is open.
    Any,
    /// Only one that has just answered, or a new one.
    Fresh,
}

/// As whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// As the project: `Bearer <project>:<key>`.
    Project,
    /// As the company: `Bearer <key>`.
    Company,
}

/// One call, ready to be sent.
pub(crate) struct Request<'call> {
    pub(crate) operation: &'call str,
    pub(crate) method: Method,
    pub(crate) path: &'call str,
    pub(crate) repeat: Repeat,
    pub(crate) pool: Pool,
    pub(crate) bearer: Bearer,
    pub(crate) body: Vec<Bytes>,
    pub(crate) limit: Duration,
    pub(crate) credential: &'call Credential,
    /// The project that the caller named; compared with the credential's before anything is sent.
    pub(crate) project_id: &'call str,
    /// Whether a clear refusal may still have changed something (imports).
    pub(crate) may_be_partial: bool,
    /// Commands to run after an unknown outcome.
    pub(crate) next: Vec<String>,
    pub(crate) redactor: &'call Redactor,
    pub(crate) watch: Option<&'call Watch>,
    /// Whether the watch's call is this one, and not another that this one only helps to settle.
    pub(crate) tracked: bool,
}

impl Request<'_> {
    /// The answer has a good status and a body that cannot be what the call answers.
    pub(crate) fn unusable(&self, answer: &Answer, why: &str) -> Error {
        let error = answer.not_understood(why, self.redactor);
        let error = match self.repeat {
            Repeat::Read | Repeat::Set => error.with(|details| {
                details.written = if self.repeat.writes() { Written::Unknown } else { Written::Nothing };
            }),
            Repeat::Once => unknown(&error),
        };
        complete(error, self, answer.attempt, false)
    }

    /// What an answer that is no success means, as an error of this call.
    pub(crate) fn refusal(&self, answer: &Answer) -> Error {
        complete(answer.error(self.redactor, SystemTime::now()), self, 1, false)
    }
}

enum Verdict {
    Done(Answer),
    Failed(Error),
    /// Repeat it, if attempts and patience are left; the error is for when they are not.
    Again {
        error: Error,
        at_least: Option<Duration>,
        all_calls: bool,
        harmless: bool,
    },
}

impl Transport {
    pub(crate) fn new(base: url::Url, config: TransportConfig, network: Network) -> Self {
        let budget = Budget::new(config.budget_interval);
        Self { config, targets: Targets::new(base), network, budget, tier: Tier::default() }
    }

    /// What of the proxy must not be shown.
    pub(crate) fn secrets_of_proxy(&self) -> Vec<Secret> {
        self.network.proxy.secrets()
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn base(&self) -> &url::Url {
        self.targets.base()
    }

    /// Connections for one more runtime.
    pub(crate) fn connect(&self) -> Result<Connections> {
        self.network.connect(&self.targets.of("/")?)
    }

    /// Sends the call until it has an end; the answer has a status of 200 to 299.
    pub(crate) async fn call(&self, connections: &Connections, request: &Request<'_>) -> Result<Answer> {
        if request.bearer == Bearer::Project && request.project_id != request.credential.project_id() {
            // Cannot happen by construction; a mistake here would delete or overwrite the wrong project.
            return Err(Error::configuration(format!(
                "{} was meant for {} but would have been sent as {}: nothing was sent",
                request.operation,
                request.project_id,
                request.credential.project_id()
            )));
        }
        let tracked = request.watch.filter(|_| request.tracked);
        let started = tracked
            .map(|watch| watch.begin(request.operation, request.project_id, request.repeat, request.next.clone()));
        let mut backoff = Backoff::new(self.config.backoff, rand::random::<f64>);
        let mut waited = Duration::ZERO;
        let mut attempts = 0;
        // An earlier attempt of a call that sets a value may have set it, whatever the last one says.
        let mut uncertain = false;
        let mut asked = false;
        loop {
            loop {
                if let Err(error) = self.wait_for_host(&mut waited).await {
                    return Err(complete(error, request, attempts, uncertain));
                }
                // Not counted in `waited`: that is for what the server wants, and this is for what the user wants.
                self.budget.spend().await;
                // In a box, as it is nearly never needed and large.
                if !asked && self.has_to_ask(request) && Box::pin(self.handshake(connections, request)).await {
                    // The question was a request too, and this call's turn is spent.
                    asked = true;
                    continue;
                }
                // While this call waited for its turn, another may have been told that the host wants a pause.
                if self.budget.pause().is_none() {
                    break;
                }
            }
            attempts += 1;
            if let Some(watch) = tracked {
                watch.attempt(attempts);
            }
            let began = Instant::now();
            let mut outgoing = self.outgoing(connections, request, started.clone())?;
            outgoing.traffic = tracked.map(|watch| Arc::clone(watch.traffic()));
            let ended = outgoing.send().await;
            let status = ended.as_ref().ok().map(|answer| answer.status);
            let verdict = self.judge(request, ended);
            if let Some(watch) = request.watch.filter(|watch| watch.wants(Level::Debug)) {
                log_attempt(watch, request, attempts, status, &verdict, began.elapsed());
            }
            match verdict {
                Verdict::Done(mut answer) => {
                    answer.attempt = attempts;
                    if let Some(watch) = tracked {
                        watch.ended(Written::Applied);
                    }
                    return Ok(answer);
                }
                Verdict::Failed(error) => {
                    let error = complete(error, request, attempts, uncertain);
                    if let Some(watch) = tracked
                        && error.kind() != ErrorKind::UnknownOutcome
                    {
                        watch.ended(error.details().written);
                    }
                    return Err(error);
                }
                Verdict::Again { error, at_least, all_calls, harmless } => {
                    uncertain |= !harmless && request.repeat.writes();
                    if harmless && let Some(watch) = tracked {
                        watch.harmless();
                    }
                    let pause = backoff.pause().max(at_least.unwrap_or_default());
                    if all_calls {
                        self.budget.pause_for(pause);
                    }
                    if attempts >= self.config.max_attempts || waited + pause > self.config.max_wait {
                        return Err(complete(error, request, attempts, uncertain));
                    }
                    if let Some(watch) = request.watch {
                        let message = format!(
                            "{} of {}: {error}; attempt {} follows in {:.1} s",
                            request.operation,
                            request.project_id,
                            attempts + 1,
                            pause.as_secs_f64()
                        );
                        watch.record(Level::Info, request.redactor.clean(&message));
                    }
                    if !all_calls {
                        tokio::time::sleep(pause).await;
                        waited += pause;
                    }
                }
            }
        }
    }

    /// Sends it once and returns whatever is answered: no repeats, no handshake, no pause. For reads that only look.
    pub(crate) async fn probe(&self, connections: &Connections, request: &Request<'_>) -> Result<Answer> {
        let ended = self.outgoing(connections, request, None)?.send().await;
        match ended {
            Ok(answer) => Ok(answer),
            Err(failure) => match self.judge_failure(request, failure) {
                Verdict::Failed(error) | Verdict::Again { error, .. } => Err(complete(error, request, 1, false)),
                Verdict::Done(answer) => Ok(answer),
            },
        }
    }

    async fn wait_for_host(&self, waited: &mut Duration) -> Result<()> {
        while let Some(pause) = self.budget.pause() {
            if *waited + pause > self.config.max_wait {
                let message = format!(
                    "the host asked for a pause of {:.0} s, longer than this call may wait (retry.max_wait)",
                    pause.as_secs_f64()
                );
                return Err(Error::new(ErrorKind::RateLimited, message).with(|details| {
                    details.status = Some(429);
                    details.retry_after = Some(pause);
                }));
            }
            tokio::time::sleep(pause).await;
            *waited += pause;
        }
        Ok(())
    }

    /// Whether the company's tier is not known yet, and is wanted.
    fn has_to_ask(&self, request: &Request<'_>) -> bool {
        self.config.license_handshake && self.tier.known().is_none() && request.operation != call::LICENSE.name
    }

    /// Whether a request was sent.
    async fn handshake(&self, connections: &Connections, request: &Request<'_>) -> bool {
        let asking = Request {
            operation: call::LICENSE.name,
            method: call::LICENSE.method,
            path: call::LICENSE.path,
            repeat: call::LICENSE.repeat,
            pool: request.pool,
            bearer: request.bearer,
            body: Vec::new(),
            limit: license::LIMIT.min(request.limit),
            credential: request.credential,
            project_id: request.project_id,
            may_be_partial: false,
            next: Vec::new(),
            redactor: request.redactor,
            watch: None,
            tracked: false,
        };
        let ask = async {
            let answer = self.outgoing(connections, &asking, None).ok()?.send().await.ok()?;
            let license: License = serde_json::from_slice(&answer.body).ok().filter(|_| answer.is_success())?;
            HeaderValue::from_str(&license.rate_limit_tier?).ok()
        };
        self.tier.ask(ask).await
    }

    fn outgoing<'call>(
        &self,
        connections: &'call Connections,
        request: &'call Request<'_>,
        started: Option<Arc<std::sync::atomic::AtomicBool>>,
    ) -> Result<Outgoing<'call>> {
        let mut headers = match request.bearer {
            Bearer::Project => request.credential.headers().clone(),
            Bearer::Company => request.credential.company_headers().clone(),
        };
        if let Some(tier) = self.tier.known() {
            headers.insert(HeaderName::from_static("x-descope-license"), tier.clone());
        }
        Ok(Outgoing {
            connections,
            pool: request.pool,
            method: match request.method {
                Method::Get => http::Method::GET,
                Method::Post => http::Method::POST,
                Method::Put => http::Method::PUT,
                Method::Patch => http::Method::PATCH,
                Method::Delete => http::Method::DELETE,
            },
            uri: self.targets.of(request.path)?,
            headers,
            body: &request.body,
            limit: request.limit,
            max_response_bytes: self.config.max_response_bytes,
            started,
            traffic: None,
        })
    }

    fn judge(&self, request: &Request<'_>, ended: Result<Answer, Failure>) -> Verdict {
        match ended {
            Ok(answer) if answer.is_success() => Verdict::Done(answer),
            Ok(answer) => judge_status(request, &answer),
            Err(failure) => self.judge_failure(request, failure),
        }
    }

    fn judge_failure(&self, request: &Request<'_>, failure: Failure) -> Verdict {
        let host = self.base().host_str().unwrap_or_default();
        let kind = match failure.kind {
            FailureKind::Connection | FailureKind::Tls => ErrorKind::Transport,
            FailureKind::Deadline => ErrorKind::DeadlineExceeded,
            FailureKind::TooLarge | FailureKind::Garbled => ErrorKind::Protocol,
        };
        let mut message = match failure.kind {
            FailureKind::Connection | FailureKind::Tls if !failure.reached => {
                format!("no connection to {host}: {}", failure.message)
            }
            FailureKind::Connection | FailureKind::Tls => {
                format!("the connection to {host} broke: {}", failure.message)
            }
            _ => failure.message,
        };
        if failure.kind == FailureKind::Tls
            && let Some(stores) = self.network.stores()
        {
            message.push_str("; certificates were looked up in ");
            message.push_str(&stores);
        }
        let error = Error::new(kind, message).with(|details| {
            details.status = failure.head.as_ref().map(|head| head.status);
            details.request_id = failure.head.as_ref().and_then(|head| head.request_id(request.redactor));
        });
        let harmless = !failure.reached;
        let again = matches!(failure.kind, FailureKind::Connection);
        match request.repeat {
            Repeat::Once if failure.reached => Verdict::Failed(unknown(&error)),
            _ if again => Verdict::Again { error, at_least: None, all_calls: false, harmless },
            Repeat::Set if failure.reached => Verdict::Failed(error.with(|details| details.written = Written::Unknown)),
            _ => Verdict::Failed(error),
        }
    }
}

fn judge_status(request: &Request<'_>, answer: &Answer) -> Verdict {
    let error = answer.error(request.redactor, SystemTime::now());
    let at_least = error.details().retry_after;
    let again = |harmless| Verdict::Again { error: error.clone(), at_least, all_calls: false, harmless };
    match answer.status {
        429 => Verdict::Again { error, at_least, all_calls: true, harmless: true },
        // The edge says that the origin was never reached.
        521 | 530 => again(true),
        502 | 503 | 504 | 520 | 522 | 523 | 524 if request.repeat != Repeat::Once => again(false),
        // 408: the edge or the server gave up waiting for the request, of which it may have seen enough.
        // Below 400: not an answer of the API, and "see there" is also what some say when the work is done.
        ..=399 | 408 | 500.. if request.repeat == Repeat::Once => Verdict::Failed(unknown(&error)),
        ..=399 | 408 | 500.. if request.repeat.writes() => {
            Verdict::Failed(error.with(|details| details.written = Written::Unknown))
        }
        401 | 403 | 404 => Verdict::Failed(error),
        // An import that is refused half-way may have changed something before.
        _ if request.may_be_partial => Verdict::Failed(error.with(|details| details.written = Written::Unknown)),
        _ => Verdict::Failed(error),
    }
}

/// Adds what every error of a call says.
fn complete(error: Error, request: &Request<'_>, attempts: u32, uncertain: bool) -> Error {
    let message = match error.kind() {
        ErrorKind::UnknownOutcome => format!(
            "{} of {}: {error}. Whether it was done is unknown; it was not repeated",
            request.operation, request.project_id
        ),
        _ if request.may_be_partial && error.details().written == Written::Unknown => format!(
            "{} of {}: {error}. Whether a part of it was done before is unknown",
            request.operation, request.project_id
        ),
        _ if attempts > 1 => {
            format!("{} of {}: {error} ({attempts} attempts)", request.operation, request.project_id)
        }
        _ => format!("{} of {}: {error}", request.operation, request.project_id),
    };
    let message = request.redactor.clean(&message);
    error.with(|details| {
        details.message = message;
        details.operation = Some(request.operation.to_owned());
        details.project_id = Some(request.project_id.to_owned());
        details.attempts = attempts;
        if uncertain && details.written == Written::Nothing {
            details.written = Written::Unknown;
        }
        if details.next.is_empty() && details.written == Written::Unknown {
            details.next.clone_from(&request.next);
        }
        if details.next.is_empty() {
            details.next.extend(look_at(details.kind).map(str::to_owned));
        }
    })
}

/// The command that shows what a person needs to know about such a refusal.
fn look_at(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Authentication => Some("descope-projects doctor"),
        ErrorKind::ProjectNotFound => Some("descope-projects projects list"),
        _ => None,
    }
}

fn unknown(cause: &Error) -> Error {
    let details = cause.details();
    Error::new(ErrorKind::UnknownOutcome, details.message.clone()).with(|unknown| {
        unknown.written = Written::Unknown;
        unknown.status = details.status;
        unknown.code.clone_from(&details.code);
        unknown.request_id.clone_from(&details.request_id);
        unknown.preview.clone_from(&details.preview);
    })
}

fn log_attempt(
    watch: &Watch,
    request: &Request<'_>,
    attempt: u32,
    status: Option<u16>,
    verdict: &Verdict,
    took: Duration,
) {
    let end = match (status, verdict) {
        (Some(status), _) => status.to_string(),
        (None, Verdict::Failed(error) | Verdict::Again { error, .. }) => error.to_string(),
        (None, Verdict::Done(_)) => String::new(),
    };
    let message = format!(
        "{} of {}: {end} after {:.0} ms (attempt {attempt})",
        request.operation,
        request.project_id,
        took.as_secs_f64() * 1000.0
    );
    // What ended well has no foreign text in it.
    let message = if matches!(verdict, Verdict::Done(_)) { message } else { request.redactor.clean(&message) };
    watch.record(Level::Debug, message);
}
