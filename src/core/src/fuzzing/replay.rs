//! The corpus, through the same functions as under the fuzzer, and a bounded number of new inputs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use super::TARGETS;
use super::mutator::{Numbers, mutated};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// The inputs of a target, in the order of their names.
fn inputs(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = corpus().join(name);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Names the input that broke a promise, and keeps it.
fn try_on(run: fn(&[u8]), name: &str, origin: &str, data: &[u8]) {
    if let Err(panic) = std::panic::catch_unwind(|| run(data)) {
        let kept = std::env::temp_dir().join(format!("descope-projects-fuzz-{name}"));
        fs::write(&kept, data).unwrap();
        let what = panic.downcast_ref::<String>().map_or("see above", String::as_str);
        panic!("{name}: {origin} broke a promise ({what}); the input is in {}", kept.display());
    }
}

fn replay(name: &str, new: usize) {
    let run = TARGETS.iter().find(|target| target.name == name).unwrap().run;
    let inputs = inputs(name);
    assert!(!inputs.is_empty(), "{name} has no corpus");
    for (path, data) in &inputs {
        try_on(run, name, &path.display().to_string(), data);
    }
    let mut numbers = Numbers::new(0x9e37_79b9_7f4a_7c15);
    for count in 0..new {
        let (one, other) = (&inputs[numbers.below(inputs.len())].1, &inputs[numbers.below(inputs.len())].1);
        try_on(run, name, &format!("new input {count}"), &mutated(one, other, &mut numbers));
    }
}

/// One test for each target: they run beside each other, and a failure names its target.
macro_rules! replays {
    ($($name:ident: $new:literal),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name), $new);
            }
        )*

        #[test]
        fn every_target_is_replayed_and_every_corpus_has_a_target() {
            let mut replayed = vec![$(stringify!($name)),*];
            replayed.sort_unstable();
            let mut known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            known.sort_unstable();
            let mut kept: Vec<String> = fs::read_dir(corpus())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            kept.sort();
            assert_eq!(replayed, known);
            assert_eq!(kept, known);
        }
    };
}

replays! {
    archive: 200,
    base_url: 2000,
    directory: 100,
    envelope: 1000,
    error_body: 300,
    index: 800,
    json: 4000,
    options: 1000,
    paths: 2000,
    retry_after: 4000,
}
