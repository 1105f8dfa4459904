//! Calls over a real socket, with the clock and the order of events in the test's hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod clock;
mod support;
mod writers;
