//! The company of the demo.

use super::Seed;

/// A company with one product in three environments.
pub fn acme() -> Seed {
    Seed::default()
}
