//! What hostile input is tried on: one function for each way into the package, which panics when a promise is broken.
//!
//! Not public. `fuzz/` runs these functions under libFuzzer; the tests here replay its corpus through them. They are
//! inside the crate because the promises are about its insides; each lies in the room that it is about.

#[cfg(test)]
mod mutator;
#[cfg(test)]
mod replay;

/// One way in.
pub struct Target {
    /// Its name, which is that of its folder in `fuzz/corpus/`.
    pub name: &'static str,
    /// Tries one input.
    pub run: fn(&[u8]),
}

/// Every way in.
pub const TARGETS: &[Target] = &[
    Target { name: "archive", run: crate::snapshot::fuzzing::archive },
    Target { name: "base_url", run: crate::client::fuzzing::base_url },
    Target { name: "directory", run: crate::snapshot::fuzzing::directory },
    Target { name: "envelope", run: crate::snapshot::fuzzing::envelope },
    Target { name: "error_body", run: crate::transport::fuzzing::error_body },
    Target { name: "index", run: crate::snapshot::fuzzing::index },
    Target { name: "json", run: crate::snapshot::fuzzing::json },
    Target { name: "options", run: crate::client::fuzzing::options },
    Target { name: "paths", run: crate::snapshot::fuzzing::paths },
    Target { name: "retry_after", run: crate::transport::fuzzing::retry_after },
];

/// Tries one input on the target of this name.
///
/// # Panics
/// When a promise is broken, and when there is no such target.
pub fn run(name: &str, data: &[u8]) {
    match TARGETS.iter().find(|target| target.name == name) {
        Some(target) => (target.run)(data),
        None => panic!("no target {name}"),
    }
}
