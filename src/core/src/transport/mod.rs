//! One request: connection, credential, time limit, what may be repeated, request budget.
//!
//! The room knows calls as rows of the table and bodies as bytes; what they mean is the client's business.

mod answer;
mod attempt;
mod backoff;
mod body;
mod budget;
mod connections;
mod connector;
mod credential;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod license;
mod policy;
mod proxy;
mod retry_after;
mod targets;
mod tls;
mod watch;

pub(crate) use answer::Answer;
pub(crate) use backoff::BackoffConfig;
pub use connections::Connections;
pub(crate) use connections::Network;
pub(crate) use credential::Credential;
pub(crate) use policy::{Bearer, Pool, Request, Transport, TransportConfig};
pub(crate) use proxy::ProxyChoice;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use targets::Targets;
pub use watch::{Level, Record, Traffic, Watch};
pub(crate) use watch::{Place, Queue};
