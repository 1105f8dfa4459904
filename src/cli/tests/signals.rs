//! SIGINT and SIGTERM while a call is under way. The server holds the request throughout: the signal alone ends it.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;

use std::time::Duration;

use descope_projects_emulator::{Emulator, Fault, FaultAction};
use serde_json::{Value, json};
use support::{COMPANY_KEY, DEVELOPMENT, Ran, STAGING, acme, run, signal, with_key};

const PATIENCE: Duration = Duration::from_secs(10);
const SIGNALS: [(&str, i32); 2] = [("INT", 130), ("TERM", 143)];

/// Runs a command into a held call and sends a signal.
fn interrupted(emulator: &Emulator, operation: &str, arguments: &[&str], name: &str) -> Ran {
    let held = emulator.control().fail(Fault::new(operation, FaultAction::Hold)).unwrap();
    let child = with_key(emulator, COMPANY_KEY, arguments).arg("--json").spawn().unwrap();
    let came = emulator.control().wait_until_held(held, PATIENCE).unwrap();
    signal(&child, name);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(came, "{operation} never came: {} {}", ran.stdout, ran.stderr);
    ran
}

/// A snapshot on the disk, and its place.
fn exported(emulator: &Emulator, folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("development");
    let ran = run(emulator, &["snapshot", "export", DEVELOPMENT, support::text(&path)]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    support::text(&path).to_owned()
}

#[test]
fn a_signal_during_a_read_is_a_plain_interrupt() {
    let emulator = acme();
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (exported(&emulator, &folder), folder.path().join("other"));
    let other = support::text(&other);
    let commands: [(&str, &[&str]); 5] = [
        ("list_projects", &["projects", "list"]),
        ("export_snapshot", &["snapshot", "export", DEVELOPMENT, other]),
        ("validate_snapshot", &["snapshot", "validate", DEVELOPMENT, &path]),
        ("license", &["doctor"]),
        // Before the clone: whatever the command is for, nothing of it was sent.
        ("list_projects", &["projects", "clone", STAGING, "--name", "preview", "--allow-secrets-copy"]),
    ];
    for (operation, arguments) in commands {
        for (name, status) in SIGNALS {
            let ran = interrupted(&emulator, operation, arguments, name);
            let document = ran.document();
            assert_eq!(ran.status, status, "{arguments:?} {name}: {}", ran.stdout);
            assert_eq!((&document["ok"], &document["written"]), (&json!(false), &json!("nothing")), "{arguments:?}");
            assert!(document["error"]["message"].as_str().unwrap().contains(&format!("SIG{name}")), "{arguments:?}");
        }
    }
    assert!(!folder.path().join("other").exists(), "an export that was interrupted leaves nothing behind");
    assert_eq!(emulator.control().executions("clone").unwrap(), 0);
}

#[test]
fn a_signal_during_a_write_leaves_an_unknown_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let path = exported(&acme(), &folder);
    let yes = ["--yes", "--project-name", "Acme Robotics dev"];
    let commands: [(&str, &[&str]); 5] = [
        ("clone", &["projects", "clone", DEVELOPMENT, "--name", "preview"]),
        ("update_name", &["projects", "rename", DEVELOPMENT, "other"]),
        ("update_tags", &["projects", "tag", DEVELOPMENT, "--set", "other"]),
        ("delete", &["projects", "delete", DEVELOPMENT, yes[0], yes[1], yes[2]]),
        ("import_snapshot", &["snapshot", "import", DEVELOPMENT, &path, yes[0], yes[1], yes[2]]),
    ];
    for (operation, arguments) in commands {
        for (name, _) in SIGNALS {
            // A write that is held keeps others from its project.
            let emulator = acme();
            let ran = interrupted(&emulator, operation, arguments, name);
            let document = ran.document();
            assert_eq!(ran.status, 4, "{arguments:?} {name}: {}", ran.stdout);
            assert_eq!(document["error"]["kind"], "UnknownOutcome", "{arguments:?}");
            assert_eq!(document["written"], "unknown", "{arguments:?}");
            assert_ne!(document["error"]["next"], json!([]), "{arguments:?}");
            assert_eq!(document["target"]["name"], "Acme Robotics dev", "{arguments:?}");
            assert_eq!(emulator.control().executions(operation).unwrap(), 0, "{operation}");
        }
    }
}

#[test]
fn what_to_do_next_after_an_interrupted_clone_is_to_look() {
    let emulator = acme();
    let arguments = ["projects", "clone", STAGING, "--name", "preview", "--allow-secrets-copy"];
    let document: Value = interrupted(&emulator, "clone", &arguments, "TERM").document();
    assert_eq!(document["error"]["next"], json!(["descope-projects projects list"]));
    assert_eq!(document["target"]["name"], "Acme Robotics staging");
}
