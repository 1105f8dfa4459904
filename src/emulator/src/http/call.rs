//! One call from its arrival to its answer.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use descope_projects_core::wire::{Call, call as rows};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::App;
use super::auth::{self, authorize};
use super::connections::{ConnectionId, Ending};
use super::router::Ray;
use crate::answer::ApiError;
use crate::control::{Arrival, FaultAction, FaultStatus, Firing};
use crate::semantics::{self, Job};

/// The largest body that is taken, after decompression.
pub(crate) const BODY_LIMIT: usize = 512 * 1024 * 1024;

const LICENSE: HeaderName = HeaderName::from_static("x-descope-license");

/// Answers one call. What is begun is finished even if the client goes away meanwhile.
pub(crate) async fn answer(
    app: Arc<App>,
    row: &'static Call,
    process_id: Option<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await;
    let record = app.records.arrived(&Arrival {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        operation: row.name,
        version: parts.version,
        headers: &parts.headers,
        body: body.as_ref().ok(),
        ray: parts.extensions.get::<Ray>().map(|ray| ray.0.as_str()),
        connection: parts.extensions.get::<ConnectionId>().map_or(0, |connection| connection.0),
    });
    let body = match body {
        Ok(body) => body,
        Err(error) => {
            let refused = unread(&error);
            app.records.answered(record, refused.status);
            return refusal(&refused);
        }
    };
    let work = {
        let app = Arc::clone(&app);
        tokio::spawn(async move { decide(&app, row, process_id, &parts.headers, body).await })
    };
    let response = match work.await {
        Ok(response) => response,
        Err(error) => refusal(&ApiError::defect(format!("The call's work ended early: {error}"))),
    };
    if response.extensions().get::<Ending>().is_none() {
        app.records.answered(record, response.status().as_u16());
    }
    response
}

/// The edge (limit, faults), then the work, then what a fault does to the answer.
async fn decide(
    app: &Arc<App>,
    row: &'static Call,
    process_id: Option<String>,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(limiter) = &app.limiter
        && let Err(retry_after) = limiter.take(licensed(app, headers))
    {
        return refusal(&ApiError::rate_limited(retry_after));
    }
    let firing = app.faults.fire(row.name);
    match firing.as_ref().map(Firing::action) {
        Some(FaultAction::Status(status)) => return faulty(status),
        Some(FaultAction::DropBefore) => return ended(Response::default(), Ending::Close),
        _ => {}
    }
    let response = match work(app, row, process_id, headers, body, firing.as_ref()).await {
        Ok(answer) => {
            app.records.executed(row.name);
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

async fn work(
    app: &Arc<App>,
    row: &'static Call,
    process_id: Option<String>,
    headers: &HeaderMap,
    body: Bytes,
    firing: Option<&Firing>,
) -> Result<Bytes, ApiError> {
    let (caller, generation) = {
        let state = app.state();
        (authorize(&state, headers, row)?, state.generation)
    };
    // Held from here to the end of the work: a second write meanwhile is a version conflict.
    let guard = if writes_to_project(row) { Some(app.writers.begin(&caller.project_id)?) } else { None };
    if let Some(firing) = firing {
        firing.hold().await;
    }
    let job = Job { call: row, caller, generation, process_id, body };
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
    auth::tier_of(&app.state(), headers).is_some_and(|tier| tier.name() == claimed)
}

fn unread(error: &axum::Error) -> ApiError {
    let too_large =
        std::error::Error::source(error).is_some_and(|source| source.to_string().contains("length limit exceeded"));
    if too_large {
        ApiError::too_large(BODY_LIMIT)
    } else {
        ApiError::bad_request(format!("The body could not be read: {error}"))
    }
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
