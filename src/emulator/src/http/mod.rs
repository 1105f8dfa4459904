//! Connections, routing, credentials and limits: everything between the socket and what a call means.

mod app;
mod auth;
mod call;
mod connections;
mod control_routes;
mod rate_limit;
mod router;
mod spoiled;
mod unknown_route;

pub(crate) use app::App;
pub(crate) use auth::{Caller, fingerprint};
pub(crate) use connections::serve;
