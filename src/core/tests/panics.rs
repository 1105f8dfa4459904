//! What is said of a panic, in a process of its own: the hook is the whole process's.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]
#![allow(clippy::print_stderr, clippy::panic, reason = "that is what is tested")]

use std::process::Command;

const CANARY: &str = "K2canaryOfAPanic";
const CHILD: &str = "CHILD_THAT_PANICS";

fn said(by: &str) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let child = child.args(["--exact", "panics", "--nocapture"]).env(CHILD, by).env("RUST_BACKTRACE", "1");
    let ended = child.output().unwrap();
    assert!(!ended.status.success());
    String::from_utf8(ended.stderr).unwrap()
}

/// Does nothing unless it is the child.
#[test]
fn panics() {
    let Ok(by) = std::env::var(CHILD) else { return };
    descope_projects_core::panics::withhold_values();
    let canary = CANARY.to_owned();
    match by.as_str() {
        "slice" => drop(canary[..canary.len() * 2].to_owned()),
        "format" => panic!("the key is {canary}"),
        "unwrap" => assert_eq!(canary.parse::<u8>().map_err(|_| canary.clone()).unwrap(), 0),
        "thread" => std::thread::spawn(move || panic!("the key is {canary}")).join().unwrap(),
        _ => panic!("written in the code"),
    }
}

#[test]
fn a_panic_says_where_it_was_and_no_value() {
    for by in ["slice", "format", "unwrap", "thread"] {
        let said = said(by);
        assert!(!said.contains(CANARY), "{by}: {said}");
        assert!(said.contains("internal error at src/core/tests/panics.rs:"), "{by}: {said}");
        assert!(said.contains("withheld"), "{by}: {said}");
        assert!(said.contains("panics::panics"), "{by}: the backtrace is kept: {said}");
    }
}

#[test]
fn what_is_written_in_the_code_is_said() {
    assert!(said("literal").contains("(written in the code)"));
}
