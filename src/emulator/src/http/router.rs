//! Which path leads where: the rows of the call table, the control routes, and 501 for everything else.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use axum::{Router, body::Body};
use descope_projects_core::wire::{CALLS, Call, Method};
use http::{HeaderName, HeaderValue};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};
use tower_http::decompression::RequestDecompressionLayer;

use super::spoiled::may_be_compressed;
use super::{App, call, control_routes};
use crate::identifiers;

/// The correlation id, as the edge names it.
pub(crate) const RAY: HeaderName = HeaderName::from_static("cf-ray");

/// One request's correlation id; in the request's extensions.
#[derive(Clone)]
pub(crate) struct Ray(pub(crate) String);

pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for row in CALLS {
        router =
            router.route(row.path, on(filter(row.method), |state, path, request| handle(row, state, path, request)));
    }
    router
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_route)
        .with_state(Arc::clone(app))
        .nest("/_emulator", control_routes::router(app))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestDecompressionLayer::new())
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(may_be_compressed)))
        .layer(middleware::from_fn(with_ray))
}

async fn handle(
    row: &'static Call,
    app: State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    // Where there is a GET, HEAD is taken for one; the API's own answer to it is not known.
    if request.method().as_str() != row.method.as_str() {
        return unknown_route(app, request).await;
    }
    // Most rows have nothing in their path; what cannot be read is as unknown as what is not there.
    call::answer(app.0, Some(row), path.ok().map(|path| path.0), request).await
}

fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

/// A request to a route that the emulator has not is limited, failed and recorded like any other.
async fn unknown_route(app: State<Arc<App>>, request: Request) -> Response {
    call::answer(app.0, None, None, request).await
}

/// Gives each request an id of its own, and each answer its request's id.
async fn with_ray(mut request: Request<Body>, next: Next) -> Response {
    let ray = identifiers::ray();
    request.extensions_mut().insert(Ray(ray.clone()));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&ray) {
        response.headers_mut().insert(RAY, value);
    }
    response
}
