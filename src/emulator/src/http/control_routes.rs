//! The control operations over HTTP, for curl and other languages: JSON, and from this machine only.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, OriginalUri, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, post, put};
use http::uri::Authority;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::App;
use super::call::{is_too_large, json as answer, refusal};
use crate::answer::{ApiError, own};
use crate::control::{Control, ControlError, fault, object, routes};

/// How long to wait for a fault to hold something, in seconds, if nothing is said.
const PATIENCE: f64 = 10.0;

type Answer = Result<Response, Refused>;

pub(crate) fn router(app: &Arc<App>) -> Router {
    let routes = routes::ROUTES.iter().fold(Router::new(), |router, route| match handler(route) {
        Some(handler) => router.route(route.path, handler),
        None => router,
    });
    routes
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(middleware::from_fn(only_from_here))
        .with_state(Control::new(Arc::clone(app)))
}

/// What a row of the table does.
fn handler(route: &routes::ControlRoute) -> Option<MethodRouter<Control>> {
    Some(match (route.method, route.path) {
        ("GET", "/") => get(list),
        ("GET", "/ready") => get(ready),
        ("GET", "/projects") => get(projects),
        ("GET", "/projects/{id}/files") => get(files),
        ("PUT", "/projects/{id}/files/{*path}") => put(put_file),
        ("DELETE", "/projects/{id}/files/{*path}") => delete(remove_file),
        ("GET", "/faults") => get(faults),
        ("POST", "/faults") => post(set_fault),
        ("DELETE", "/faults") => delete(clear_faults),
        ("POST", "/faults/{id}/release") => post(release),
        ("POST", "/faults/{id}/wait") => post(wait),
        ("GET", "/settings") => get(settings),
        ("POST", "/settings") => post(configure),
        ("GET", "/executions") => get(executions),
        ("GET", "/requests") => get(requests),
        ("DELETE", "/requests") => delete(clear_records),
        ("POST", "/reset") => post(reset),
        _ => return None,
    })
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

/// Neither a path that there is not, nor a method that a path has not.
async fn unknown(request: Request) -> Response {
    // The path as it was sent: what is left of it here has fewer slashes.
    let whole = request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0).path();
    let path = whole.strip_prefix(routes::ROOT).unwrap_or(whole);
    let method = request.method().as_str();
    let allowed = routes::methods(if path.is_empty() { "/" } else { path });
    if allowed.is_empty() {
        return Refused(ControlError::absent(routes::unknown(method, path))).into_response();
    }
    let allowed = allowed.join(", ");
    let message = format!("there is no {method} at {}{path}; there is {allowed}", routes::ROOT);
    let mut response = refusal(&ApiError::new(405, own::METHOD, "The route has other methods", message));
    if let Ok(value) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(http::header::ALLOW, value);
    }
    response
}

async fn list() -> Answer {
    ok(&json!({ "routes": routes::ROUTES.map(|route| json!({
        "method": route.method,
        "path": format!("{}{}", routes::ROOT, route.path.trim_end_matches('/')),
        "does": route.does,
        "python": route.python,
    })) }))
}

async fn ready(State(control): State<Control>) -> Answer {
    ok(&control.ready())
}

async fn faults(State(control): State<Control>) -> Answer {
    ok(&json!({ "faults": control.faults() }))
}

async fn set_fault(State(control): State<Control>, body: Body) -> Answer {
    let id = control.fail(fault(parse(&control, body).await?)?)?;
    ok(&json!({ "id": id }))
}

async fn clear_faults(State(control): State<Control>) -> Answer {
    let clear = move || {
        control.clear_faults();
        Ok(())
    };
    write(clear).await
}

async fn release(State(control): State<Control>, Path(id): Path<String>) -> Answer {
    let id = fault_id(&id)?;
    write(move || control.release(id)).await
}

async fn wait(State(control): State<Control>, Path(id): Path<String>, body: Body) -> Answer {
    let id = fault_id(&id)?;
    let options = read(&control, body).await?.unwrap_or_else(|| json!({}));
    let options = object(options, "wait", &["seconds"].into_iter())?;
    let seconds = options.get("seconds").map_or(Some(PATIENCE), Value::as_f64);
    let patience = seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| ControlError::wrong("seconds: expected a number of seconds, 0 or more"))?;
    let held = blocking(move || control.wait_until_held(id, patience)).await?;
    ok(&json!({ "held": held }))
}

fn fault_id(id: &str) -> Result<u64, ControlError> {
    id.parse().map_err(|_| ControlError::wrong(format!("a fault's id is a number, not {id:?}")))
}

async fn settings(State(control): State<Control>) -> Answer {
    ok(&control.settings())
}

async fn configure(State(control): State<Control>, body: Body) -> Answer {
    let change = parse(&control, body).await?;
    control.configure(change)?;
    ok(&control.settings())
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
    ok(&json!({ "files": control.files(&id)? }))
}

async fn put_file(State(control): State<Control>, Path((id, path)): Path<(String, String)>, body: Body) -> Answer {
    let value = parse(&control, body).await?;
    write(move || control.put_file(&id, &path, value)).await
}

async fn remove_file(State(control): State<Control>, Path((id, path)): Path<(String, String)>) -> Answer {
    write(move || control.remove_file(&id, &path)).await
}

async fn reset(State(control): State<Control>, body: Body) -> Answer {
    if let Some(options) = read(&control, body).await? {
        object(options, "reset", &std::iter::empty())?;
    }
    write(move || control.reset()).await
}

/// A write may wait for other writes, for work that it lets go of, and for the disk, and the requests of all others go on meanwhile.
async fn write(work: impl FnOnce() -> Result<(), ControlError> + Send + 'static) -> Answer {
    blocking(work).await?;
    ok(&json!({}))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ControlError> + Send + 'static,
) -> Result<T, ControlError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(ControlError::defect(format!("the work ended early: {error}"))))
}

async fn clear_records(State(control): State<Control>) -> Answer {
    control.clear_records();
    ok(&json!({}))
}

async fn parse(control: &Control, body: Body) -> Result<Value, ControlError> {
    read(control, body).await?.ok_or_else(|| ControlError::wrong("the body is empty; expected JSON"))
}

async fn read(control: &Control, body: Body) -> Result<Option<Value>, ControlError> {
    let limit = control.body_limit();
    let body = to_bytes(body, limit).await.map_err(|error| {
        if is_too_large(&error) {
            return ControlError::too_large(format!("the emulator takes {limit} bytes at most"));
        }
        ControlError::wrong(format!("the body could not be read: {error}"))
    })?;
    if body.iter().all(u8::is_ascii_whitespace) {
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
        } else if self.0.is_too_large() {
            ApiError::new(413, own::TOO_LARGE, "Request is too large", message)
        } else if self.0.is_not_stored() {
            ApiError::not_stored(&message)
        } else if self.0.is_defect() {
            ApiError::defect(message)
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
