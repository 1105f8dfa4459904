//! One call from its arrival to its answer.

use std::error::Error;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use descope_projects_core::wire::{Call, call as rows};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::LengthLimitError;

use super::App;
use super::auth::{self, authorize};
use super::connections::{ConnectionId, Ending};
use super::router::Ray;
use super::unknown_route::unknown_route;
use crate::answer::ApiError;
use crate::control::{Arrival, FaultAction, FaultStatus, Firing, Records};
use crate::semantics::{self, Job};

const LICENSE: HeaderName = HeaderName::from_static("x-descope-license");

/// Answers one call. What is begun is finished even if the client goes away meanwhile.
pub(crate) async fn answer(
    app: Arc<App>,
    row: Option<&'static Call>,
    process_id: Option<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, app.options.body_limit).await;
    let record = app.records.arrived(&Arrival {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        operation: row.map(|row| row.name),
        version: parts.version,
        headers: &parts.headers,
        body: body.as_ref().ok(),
        ray: parts.extensions.get::<Ray>().map(|ray| ray.0.as_str()),
        connection: parts.extensions.get::<ConnectionId>().map_or(0, |connection| connection.0),
    });
    let body = match body {
        Ok(body) => body,
        Err(error) => {
            let refused = unread(&error, app.options.body_limit);
            app.records.answered(record, refused.status);
            return refusal(&refused);
        }
    };
    let incoming = Incoming { row, process_id, parts, body };
    let work = tokio::spawn({
        let app = Arc::clone(&app);
        async move { decide(&app, incoming).await }
    });
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

/// The edge (limit, faults), then the work, then what a fault does to the answer.
async fn decide(app: &Arc<App>, incoming: Incoming) -> Response {
    let headers = &incoming.parts.headers;
    if let Some(limiter) = &app.limiter
        && let Err(retry_after) = limiter.take(licensed(app, headers))
    {
        return refusal(&ApiError::rate_limited(retry_after));
    }
    let operation = incoming.row.map(|row| row.name);
    let firing = app.faults.fire(operation);
    match firing.as_ref().map(Firing::action) {
        Some(FaultAction::Status(status)) => return faulty(status),
        Some(FaultAction::DropBefore) => return ended(Response::default(), Ending::Close),
        _ => {}
    }
    let response = match work(app, incoming, firing.as_ref()).await {
        Ok(answer) => {
            if let Some(operation) = operation {
                app.records.executed(operation);
            }
            json(StatusCode::OK, answer)
        }
        Err(error) => refusal(&error),
    };
    match firing.as_ref().map(Firing::action) {
        Some(FaultAction::DropAfter) => ended(response, Ending::Close),
        Some(FaultAction::DropWithin) => ended(response, Ending::Half),
        _ => response,
    }
}

async fn work(app: &Arc<App>, incoming: Incoming, firing: Option<&Firing>) -> Result<Bytes, ApiError> {
    let Incoming { row, process_id, parts, body } = incoming;
    let Some(row) = row else {
        return Err(unknown_route(parts.method.as_str(), parts.uri.path()));
    };
    let (caller, generation) = {
        let state = app.state();
        (authorize(&state, &parts.headers, row)?, state.generation)
    };
    // Held from here to the end of the work: a second write meanwhile is a version conflict.
    let guard = if writes_to_project(row) { Some(app.writers.begin(&caller.project_id)?) } else { None };
    if let Some(firing) = firing {
        firing.hold().await;
    }
    let fails = match firing.map(Firing::action) {
        Some(FaultAction::FailLater(error)) => Some(error.clone()),
        _ => None,
    };
    let job = Job { call: row, caller, generation, process_id, body, fails };
    let app = Arc::clone(app);
    let done = tokio::task::spawn_blocking(move || {
        let outcome = semantics::run(&app, &job);
        drop(guard);
        outcome
    });
    done.await.unwrap_or_else(|error| Err(ApiError::defect(format!("The call's work ended early: {error}"))))
}

/// Whether the call changes the project that it names. A clone reads it, and makes another one.
fn writes_to_project(row: &Call) -> bool {
    row.repeat.writes() && row.name != rows::CLONE.name && row.name != rows::START_CLONE.name
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
