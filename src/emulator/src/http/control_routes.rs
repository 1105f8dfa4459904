//! The control operations over HTTP, for curl and other languages: JSON, and from this machine only.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post, put};
use http::StatusCode;
use http::uri::Authority;
use serde::Serialize;
use serde_json::{Value, json};

use super::App;
use super::call::{json as answer, refusal};
use crate::answer::{ApiError, own};
use crate::control::{Control, ControlError, Fields, fault};
use crate::options::DEFAULT_BODY_LIMIT;

type Answer = Result<Response, Refused>;

pub(crate) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/ready", get(ready))
        .route("/faults", get(faults).post(set_fault).delete(clear_faults))
        .route("/faults/{id}/release", post(release))
        .route("/executions", get(executions))
        .route("/requests", get(requests))
        .route("/projects", get(projects))
        .route("/projects/{id}/files", get(files))
        .route("/projects/{id}/files/{*path}", put(put_file).delete(remove_file))
        .route("/reset", post(reset))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(middleware::from_fn(only_from_here))
        .with_state(Control::new(Arc::clone(app)))
}

/// The routes give away keys and change projects: other machines, and pages in a browser, have no business here.
async fn only_from_here(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let is_page = request.headers().contains_key(http::header::ORIGIN) || !is_addressed_here(&request);
    if !peer.is_some_and(|peer| peer.is_loopback()) || is_page {
        let message = "The control routes answer programs on the emulator's own machine only";
        return refusal(&ApiError::new(403, own::FORBIDDEN, "Operation is not allowed", message));
    }
    next.run(request).await
}

/// Whether the request is for an address or this machine's own name. Any other name may be one whose owner lets it
/// point here, so that a page of theirs counts as the emulator's own, which sends no `Origin` with what it reads.
fn is_addressed_here(request: &Request) -> bool {
    let header =
        request.headers().get(http::header::HOST).map(|host| host.to_str().ok().and_then(|host| host.parse().ok()));
    let authority: Authority = match (request.uri().authority(), header) {
        (Some(authority), _) => authority.clone(),
        (None, Some(Some(authority))) => authority,
        (None, Some(None)) => return false,
        // Every browser says whom it means.
        (None, None) => return true,
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    host.parse::<IpAddr>().is_ok() || host == "localhost" || host.ends_with(".localhost")
}

async fn unknown(request: Request) -> Answer {
    let (method, path) = (request.method(), request.uri().path());
    Err(ControlError::absent(format!("there is no control route {method} {path}")).into())
}

async fn ready(State(control): State<Control>) -> Answer {
    ok(&control.ready())
}

async fn faults(State(control): State<Control>) -> Answer {
    ok(&json!({ "faults": control.faults() }))
}

async fn set_fault(State(control): State<Control>, body: Body) -> Answer {
    let id = control.fail(fault(parse(body).await?)?)?;
    ok(&json!({ "id": id }))
}

async fn clear_faults(State(control): State<Control>) -> Answer {
    control.clear_faults();
    ok(&json!({}))
}

async fn release(State(control): State<Control>, Path(id): Path<String>) -> Answer {
    let id = id.parse().map_err(|_| ControlError::wrong(format!("a fault's id is a number, not {id:?}")))?;
    control.release(id)?;
    ok(&json!({}))
}

async fn executions(State(control): State<Control>) -> Answer {
    ok(&json!({ "executions": control.all_executions() }))
}

async fn requests(State(control): State<Control>) -> Answer {
    ok(&json!({ "requests": control.requests(), "connections_accepted": control.connections_accepted() }))
}

async fn projects(State(control): State<Control>) -> Answer {
    ok(&json!({ "projects": control.projects() }))
}

async fn files(State(control): State<Control>, Path(id): Path<String>) -> Answer {
    match control.files(&id) {
        Some(files) => ok(&json!({ "files": files })),
        None => Err(ControlError::absent(format!("there is no project {id:?}")).into()),
    }
}

async fn put_file(State(control): State<Control>, Path((id, path)): Path<(String, String)>, body: Body) -> Answer {
    let value = parse(body).await?;
    write(move || control.put_file(&id, &path, value)).await
}

async fn remove_file(State(control): State<Control>, Path((id, path)): Path<(String, String)>) -> Answer {
    write(move || control.remove_file(&id, &path)).await
}

async fn reset(State(control): State<Control>, body: Body) -> Answer {
    if let Some(options) = read(body).await? {
        Fields::new(options, "reset", &[])?;
    }
    write(move || control.reset()).await
}

/// A write may wait for other writes and for the disk, and the requests of all others go on meanwhile.
async fn write(work: impl FnOnce() -> Result<(), ControlError> + Send + 'static) -> Answer {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done?,
        Err(error) => return Ok(refusal(&ApiError::defect(format!("The work ended early: {error}")))),
    }
    ok(&json!({}))
}

async fn parse(body: Body) -> Result<Value, ControlError> {
    read(body).await?.ok_or_else(|| ControlError::wrong("the body is empty; expected JSON"))
}

async fn read(body: Body) -> Result<Option<Value>, ControlError> {
    let body = to_bytes(body, DEFAULT_BODY_LIMIT)
        .await
        .map_err(|error| ControlError::wrong(format!("the body could not be read: {error}")))?;
    if body.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&body)
        .map(Some)
        .map_err(|error| ControlError::wrong(format!("the body is no JSON: {error}")))
}

#[expect(clippy::unnecessary_wraps, reason = "every handler ends in it, and all of them return the same type")]
fn ok(value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).unwrap_or_default();
    Ok(answer(StatusCode::OK, Bytes::from(body)))
}

/// A refused control operation as an answer.
struct Refused(ControlError);

impl From<ControlError> for Refused {
    fn from(error: ControlError) -> Self {
        Self(error)
    }
}

impl axum::response::IntoResponse for Refused {
    fn into_response(self) -> Response {
        let message = self.0.to_string();
        let error = if self.0.is_absent() {
            ApiError::new(404, own::ABSENT, "There is no such thing here", message)
        } else if self.0.is_not_stored() {
            ApiError::not_stored(&message)
        } else {
            ApiError::new(400, own::WRONG, "Control request is wrong", message)
        };
        refusal(&error)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use tower::ServiceExt as _;

    use super::*;
    use crate::persistence::Held;
    use crate::state::build;
    use crate::{EmulatorOptions, Ready};

    /// The status of a look at the key, from that address.
    fn status(peer: Option<&str>, uri: &str) -> StatusCode {
        let ready = Ready {
            url: String::new(),
            project_id: String::new(),
            management_key: String::new(),
            projects: Vec::new(),
            company: String::new(),
        };
        let state = Held::new(build(&EmulatorOptions::default().seed, 0).unwrap(), None);
        let app = Arc::new(App::new(EmulatorOptions::default(), ready, state));
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri.parse().unwrap();
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 50_000)));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(router(&app).oneshot(request)).unwrap().status()
    }

    #[test]
    fn other_machines_may_not_use_the_control_routes() {
        for peer in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(status(Some(peer), "/ready"), StatusCode::OK, "{peer}");
        }
        for peer in ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::1", "0.0.0.0"] {
            assert_eq!(status(Some(peer), "/ready"), StatusCode::FORBIDDEN, "{peer}");
        }
        assert_eq!(status(None, "/ready"), StatusCode::FORBIDDEN);
    }

    #[test]
    fn over_http2_the_name_is_in_the_target() {
        assert_eq!(status(Some("127.0.0.1"), "http://127.0.0.1:8080/ready"), StatusCode::OK);
        assert_eq!(status(Some("127.0.0.1"), "http://evil.example:8080/ready"), StatusCode::FORBIDDEN);
    }
}
