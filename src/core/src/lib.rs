//! The core of descope-projects: everything the package does, and nothing of how it is shown.
//!
//! Rooms: [`wire`] (the HTTP contract as a table), [`transport`] (one request: connection, credential, deadline,
//! retry), [`client`] (clients, project handles, options), [`snapshot`] (a project's configuration as files),
//! [`secrets`] (values that cannot be printed), [`panics`] (what is said of a bug) and [`error`]. Arrows: `client → transport, wire, snapshot, secrets`;
//! `transport → wire, secrets`; `wire`, `snapshot` and `secrets` depend on no other room.
//!
//! What may not be here: Python, a terminal, a server, `println!`. Each operation is one async function; sync and
//! async, Python and command line are faces of it.

pub mod client;
pub mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod panics;
pub mod secrets;
pub mod snapshot;
pub mod transport;
pub mod wire;

pub use error::{Error, ErrorKind, Result, Written};
