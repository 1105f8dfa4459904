//! What is said of a route that the emulator does not have. The API has many more than the emulator.

use descope_projects_core::wire::{CALLS, Call};

use crate::answer::{ApiError, own};
use crate::control::routes::ROOT;

pub(crate) fn unknown_route(method: &str, path: &str) -> ApiError {
    let mut message = format!("The emulator has no route {method} {path}");
    let row = CALLS.iter().find(|row| is_alike(row, path)).map(|row| (row.method.as_str(), row.path));
    let control = path.trim_end_matches('/').eq_ignore_ascii_case(ROOT).then_some(("GET", ROOT));
    if let Some((method, path)) = row.or(control) {
        message = format!("{message}; it has {method} {path}");
    }
    ApiError::new(501, own::UNKNOWN_ROUTE, "Route is not emulated", message)
}

/// Whether a path is that of a call but for its slashes and its case.
fn is_alike(row: &Call, path: &str) -> bool {
    let mut steps = path.split('/').filter(|step| !step.is_empty());
    let mut known = row.path.split('/').filter(|step| !step.is_empty());
    known
        .by_ref()
        .all(|known| steps.next().is_some_and(|step| known.starts_with('{') || known.eq_ignore_ascii_case(step)))
        && steps.next().is_none()
}
