//! A local server that behaves like the project-management part of the Descope API.
//!
//! It speaks the wire contract to any client. Of the core it uses `wire` only: what a clone, an import or a validation
//! means is written here a second time, from the documents, or each test would compare the code with itself.
//!
//! Rooms: [`seed`] (what a server starts with), `state` (what it holds), `persistence` (the same on disk), `http`
//! (connections, routing, credentials, limits), `semantics` (what the calls mean), [`control`] (faults, records and edits, for tests) and [`behaviours`]
//! (which of all this is documented, and which assumed). Nothing here prints, and nothing reads the environment.

mod answer;
pub mod behaviours;
pub mod control;
mod http;
mod identifiers;
pub mod modes;
mod options;
mod persistence;
pub mod seed;
mod semantics;
mod server;
mod state;
pub mod switches;
pub mod tables;

pub use control::{
    Control, ControlError, Fault, FaultAction, FaultOptions, FaultStatus, Later, Partial, ProjectInfo, RequestRecord,
    Settings, Spoiling, When,
};
pub use modes::{Modes, Moment, Normalise};
pub use options::{EmulatorOptions, RateLimit, RetryAfterForm};
pub use persistence::StateError;
pub use server::{Emulator, EmulatorError, Ready, ReadyProject};
pub use switches::{
    AbsentFiles, CloneConflicts, DanglingReferences, ForeignConnectorIds, ProjectExport, RefusalStatus, RefusedImports,
    RenamedConnector, Semantics, SnapshotExcludes, StartedClone, UnknownExcludes, UnknownInputSecrets,
};
