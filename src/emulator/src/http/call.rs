//! One call from its arrival to its answer.

use std::error::Error;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use descope_projects_core::wire::{Call, call as rows};
use futures_util::StreamExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::LengthLimitError;

use super::App;
use super::auth::{self, authorize};
use super::connections::{ConnectionId, Ending};
use super::router::Ray;
use super::spoiled::spoiled;
use super::unknown_route::unknown_route;
use crate::answer::ApiError;
use crate::control::{Arrival, Arrived, FaultAction, FaultStatus, Firing, Moment, Records, When};
use crate::semantics::{self, Course, Job};
use crate::state::WriteGuard;
use crate::switches::CloneConflicts;

const LICENSE: HeaderName = HeaderName::from_static("x-descope-license");

/// Answers one call. What is begun is finished even if the client goes away meanwhile.
pub(crate) async fn answer(
    app: Arc<App>,
    row: Option<&'static Call>,
    process_id: Option<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let operation = row.map(|row| row.name);
    let ray = parts.extensions.get::<Ray>().cloned();
    let arrival = |body| Arrival {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        operation,
        version: parts.version,
        headers: &parts.headers,
        body,
        ray: ray.as_ref().map(|ray| ray.0.as_str()),
        connection: parts.extensions.get::<ConnectionId>().map_or(0, |connection| connection.0),
    };
    // The edge sees the head of a request before its body.
    let edge = match &app.limiter {
        Some(limiter) => limiter.take(licensed(&app, &parts.headers)).map_err(ApiError::rate_limited),
        None => Ok(()),
    }
    .map(|()| app.faults.arrive(operation));
    if let Ok(arrived) = &edge
        && arrived.strikes(&FaultAction::DropRequest)
    {
        let _ = body.into_data_stream().next().await;
        app.records.arrived(&arrival(None));
        return ended(Response::default(), Ending::Close);
    }
    let body = to_bytes(body, app.options.body_limit).await;
    let record = app.records.arrived(&arrival(body.as_ref().ok()));
    let work = match (edge, body) {
        (Ok(arrived), Ok(body)) => tokio::spawn({
            let app = Arc::clone(&app);
            async move { decide(&app, arrived, Incoming { row, process_id, parts, body }).await }
        }),
        (Err(refused), Ok(_)) => return refused_at_once(&app, record, &refused),
        (_, Err(error)) => return refused_at_once(&app, record, &unread(&error, app.options.body_limit)),
    };
    let mut waiting = Waiting { records: &app.records, record, answered: false };
    let response = match work.await {
        Ok(response) => response,
        Err(error) => refusal(&ApiError::defect(format!("The call's work ended early: {error}"))),
    };
    waiting.answered = true;
    if response.extensions().get::<Ending>().is_none() {
        app.records.answered(record, response.status().as_u16());
    }
    response
}

fn refused_at_once(app: &App, record: u64, refused: &ApiError) -> Response {
    app.records.answered(record, refused.status);
    refusal(refused)
}

/// Tells the records when the client goes away: then the answer is no longer waited for, and this is dropped.
struct Waiting<'app> {
    records: &'app Records,
    record: u64,
    answered: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.records.abandoned(self.record);
        }
    }
}

/// A request that has arrived as a whole.
struct Incoming {
    /// Absent for a route that the emulator does not have.
    row: Option<&'static Call>,
    process_id: Option<String>,
    parts: Parts,
    body: Bytes,
}

/// What a fault does before the work, the work, then what a fault does to the answer.
async fn decide(app: &Arc<App>, mut arrived: Arrived, incoming: Incoming) -> Response {
    arrived.in_turn().await;
    let firing = arrived.firing;
    match firing.as_ref().map(Firing::action) {
        Some(FaultAction::Status(status)) => return faulty(status),
        Some(FaultAction::DropBefore) => return ended(Response::default(), Ending::Close),
        _ => {}
    }
    let done = match begin(app, incoming, firing.as_ref()).await {
        Ok(begun) => match firing.as_ref().map(|firing| (firing, firing.action())) {
            Some((firing, FaultAction::FinishLater(later))) => {
                finish_later(app, begun, app.faults.postpone(firing, later));
                return failed(later.answer.as_ref());
            }
            _ => begun.finish(app).await,
        },
        Err(refused) => Err(refused),
    };
    let (response, answer) = match done {
        Ok(answer) => (json(StatusCode::OK, answer.clone()), Some(answer)),
        Err(refused) => (refusal(&app.settings().semantics.restated(refused)), None),
    };
    let Some(firing) = firing else { return response };
    firing.wait(When::After).await;
    match (firing.action(), answer) {
        (FaultAction::DropAfter, _) => ended(Response::default(), Ending::Close),
        (FaultAction::DropWithin, _) => ended(response, Ending::Half),
        (FaultAction::Partial(partial), Some(_)) => failed(partial.answer.as_ref()),
        (FaultAction::Spoil(spoiling), Some(answer)) => spoiled(answer, spoiling, &firing),
        _ => response,
    }
}

/// Work that may be done: the caller is known, and a write keeps others out.
struct Begun {
    job: Job,
    guard: Option<WriteGuard>,
}

async fn begin(app: &Arc<App>, incoming: Incoming, firing: Option<&Firing>) -> Result<Begun, ApiError> {
    let Incoming { row, process_id, parts, body } = incoming;
    let Some(row) = row else {
        return Err(unknown_route(parts.method.as_str(), parts.uri.path()));
    };
    let (caller, generation) = {
        let state = app.state();
        (authorize(&state, &parts.headers, row)?, state.generation)
    };
    // Held from here to the end of the work: a second write meanwhile is a version conflict.
    let guard = if writes_to_project(app, row) { Some(app.writers.begin(&caller.project_id)?) } else { None };
    let mut course = Course::Whole;
    if let Some(firing) = firing {
        firing.wait(When::Before).await;
        course = match firing.action() {
            FaultAction::FailLater(error) => Course::FailsLater(error.clone()),
            FaultAction::Partial(partial) => Course::Partial(partial.written),
            _ => Course::Whole,
        };
    }
    Ok(Begun { job: Job { call: row, caller, generation, process_id, body, course }, guard })
}

impl Begun {
    async fn finish(self, app: &Arc<App>) -> Result<Bytes, ApiError> {
        let Self { job, guard } = self;
        let worker = Arc::clone(app);
        let done = tokio::task::spawn_blocking(move || {
            let outcome = semantics::run(&worker, &job);
            if outcome.is_ok() && !matches!(job.course, Course::Partial(_)) {
                worker.records.executed(job.call.name);
            }
            drop(guard);
            outcome
        });
        done.await.unwrap_or_else(|error| Err(ApiError::defect(format!("The call's work ended early: {error}"))))
    }
}

fn finish_later(app: &Arc<App>, begun: Begun, mut moment: Moment) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        if moment.comes().await
            && let Err(refused) = begun.finish(&app).await
        {
            tracing::debug!(status = refused.status, "work that was to finish later was refused");
        }
        // Whoever waits for the work waits for this.
        drop(moment);
    });
}

/// The answer of a request that fails, or the end of its connection.
fn failed(answer: Option<&FaultStatus>) -> Response {
    answer.map_or_else(|| ended(Response::default(), Ending::Close), faulty)
}

/// Whether the call counts as a write to the project that it names. A clone reads it, and makes another one.
fn writes_to_project(app: &App, row: &Call) -> bool {
    let clones = row.name == rows::CLONE.name || row.name == rows::START_CLONE.name;
    row.repeat.writes() && (!clones || app.settings().semantics.clone_conflicts == CloneConflicts::WithWrites)
}

fn licensed(app: &App, headers: &HeaderMap) -> bool {
    let Some(claimed) = headers.get(LICENSE).and_then(|value| value.to_str().ok()) else { return false };
    auth::tier_of(&app.state(), headers).is_some_and(|tier| tier.on_the_wire() == claimed)
}

fn unread(error: &axum::Error, limit: usize) -> ApiError {
    if is_too_large(error) {
        ApiError::too_large(limit)
    } else {
        ApiError::bad_request(format!("The body could not be read: {error}"))
    }
}

pub(crate) fn is_too_large(error: &axum::Error) -> bool {
    error.source().is_some_and(<dyn Error>::is::<LengthLimitError>)
}

/// An error in the API's own form.
pub(crate) fn refusal(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&error.body).unwrap_or_default();
    let mut response = json(status, Bytes::from(body));
    retry_after(&mut response, error.retry_after.as_deref());
    response
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn faulty(fault: &FaultStatus) -> Response {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(status, Bytes::from(fault.text()));
    if fault.html {
        let kind = HeaderValue::from_static("text/html; charset=UTF-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    retry_after(&mut response, fault.retry_after.as_deref());
    response
}

fn retry_after(response: &mut Response, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
}

fn ended(mut response: Response, ending: Ending) -> Response {
    response.extensions_mut().insert(ending);
    response
}
