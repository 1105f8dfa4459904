//! The state on disk, for an emulator with a directory: what is acknowledged is there after any end of the process.
//!
//! One journal holds everything. A write makes the next version of the state, appends what differs as one record, waits
//! until the disk has it, and only then is seen by anyone: no answer tells of what a kill or a power cut could take back.

mod difference;
mod directory;
mod error;
mod held;
mod journal;
mod medium;
mod record;
mod store;
#[cfg(test)]
mod tests;

pub use error::StateError;
pub(crate) use held::{Held, NotStored, Transaction};
pub(crate) use record::Start;
pub(crate) use store::{Opened, Store, open};
