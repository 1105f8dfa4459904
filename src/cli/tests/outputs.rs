//! Whole outputs of every command that ends by itself, and of every class of failure, for people and as a document.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;

use std::path::Path;

use descope_projects_emulator::{Emulator, Fault, FaultAction, FaultStatus};
use serde_json::Value;
use support::{COMPANY_KEY, DEVELOPMENT, PRODUCTION, Ran, STAGING, STAGING_KEY, acme, text, with_key, without_counts};

/// What is run, with which key, against which emulator.
struct Case {
    name: &'static str,
    arguments: Vec<String>,
    key: &'static str,
    fault: Option<(&'static str, FaultAction)>,
}

fn case(name: &'static str, arguments: &[&str]) -> Case {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    Case { name, arguments, key: COMPANY_KEY, fault: None }
}

impl Case {
    fn key(self, key: &'static str) -> Self {
        Self { key, ..self }
    }

    fn fault(self, operation: &'static str, action: FaultAction) -> Self {
        Self { fault: Some((operation, action)), ..self }
    }

    fn status(self, operation: &'static str, status: FaultStatus) -> Self {
        self.fault(operation, FaultAction::Status(status))
    }

    fn run(&self, json: bool, folder: &Path) -> String {
        let emulator = acme();
        if let Some((operation, action)) = &self.fault {
            let fault = Fault { times: None, ..Fault::new(*operation, action.clone()) };
            emulator.control().fail(fault).unwrap();
        }
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut command = with_key(&emulator, self.key, &arguments);
        if json {
            command.arg("--json");
        }
        let ran: Ran = command.current_dir(folder).output().unwrap().into();
        Self::masked(&ran, json, &emulator, folder)
    }

    /// Without what differs from run to run: addresses, ids that were made, sizes, times.
    fn masked(ran: &Ran, json: bool, emulator: &Emulator, folder: &Path) -> String {
        let mut shown = if json {
            let mut document = ran.document();
            mask(&mut document);
            format!("status {}\n{}\n", ran.status, serde_json::to_string_pretty(&document).unwrap())
        } else {
            ran.whole(emulator)
        };
        let rays = emulator.control().requests().into_iter().map(|request| request.ray).filter(|ray| !ray.is_empty());
        for ray in rays {
            shown = shown.replace(&ray, "RAY");
        }
        for project in emulator.control().projects() {
            if ![STAGING, PRODUCTION, DEVELOPMENT].contains(&project.id.as_str()) {
                shown = shown.replace(&project.id, "P2made");
            }
        }
        let address = emulator.address();
        let shown = shown
            .replace(&address.to_string(), "HOST")
            .replace(&format!("port {}", address.port()), "port N")
            .replace(text(folder), "FOLDER");
        let version = format!("{}, {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
        let shown = without_causes(&shown.replace(&version, "VERSION"));
        if json { shown } else { without_counts(&without_times(&shown)) }
    }
}

/// How a connection broke is the system's to say, and it is not always the same.
fn without_causes(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(" broke: ") {
        let end = [". Whether", "\"", "\n"].iter().filter_map(|end| after.find(end)).min().unwrap_or(after.len());
        shown.push_str(before);
        shown.push_str(" broke: WHY");
        rest = &after[end..];
    }
    shown + rest
}

fn without_times(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_time = |index: usize| words.get(index + 1).is_some_and(|word| *word == "ms" || word.starts_with("ms\n"));
    let shown = words.iter().enumerate().map(|(index, word)| if is_time(index) { "N" } else { word });
    shown.collect::<Vec<_>>().join(" ")
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match name.as_str() {
                    "bytes" | "files" | "milliseconds" | "digest" | "script" | "version" | "seconds_behind"
                        if !field.is_null() =>
                    {
                        *field = "…".into();
                    }
                    "value" => {
                        *field = without_counts(&without_times(field.as_str().unwrap_or_default())).trim().into();
                    }
                    _ => mask(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

fn snapshot(case: &Case, folder: &Path) {
    for (json, kind) in [(false, "text"), (true, "json")] {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{}-{kind}", case.name), case.run(json, folder));
        });
    }
}

/// A snapshot of staging, and one of which a file is gone.
fn exported(folder: &Path) {
    let emulator = acme();
    let ran =
        with_key(&emulator, COMPANY_KEY, &["snapshot", "export", STAGING, "staging"]).current_dir(folder).output();
    assert_eq!(ran.unwrap().status.code(), Some(0));
}

#[test]
fn what_every_command_says_that_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path());
    let yes = ["--yes", "--project-name", "Acme Robotics staging"];
    let cases = [
        case("list", &["projects", "list"]),
        case("show", &["projects", "show", PRODUCTION]),
        case("clone", &["projects", "clone", STAGING, "--name", "preview-42", "--tag", "preview"]),
        case("rename", &["projects", "rename", STAGING, "another name"]),
        case("tag", &["projects", "tag", STAGING, "--add", "new"]),
        case("tag-nothing-to-do", &["projects", "tag", STAGING, "--add", "acme"]),
        case("delete", &[&["projects", "delete", STAGING][..], &yes].concat()),
        case("export", &["snapshot", "export", STAGING, "exported"]),
        case("export-zip", &["snapshot", "export", STAGING, "exported.zip"]),
        case("export-project", &["snapshot", "export", STAGING, "backup", "--project-export", "--allow-secrets"]),
        case("validate", &["snapshot", "validate", STAGING, "staging"]),
        case("validate-no", &["snapshot", "validate", PRODUCTION, "staging", "--exclude", "project.domain"]),
        case("import", &[&["snapshot", "import", STAGING, "staging"][..], &yes].concat()),
        case("doctor", &["doctor"]),
        case("doctor-bound-key", &["doctor"]).key(STAGING_KEY),
    ];
    for case in cases {
        snapshot(&case, folder.path());
    }
}

#[test]
fn what_every_class_of_failure_says() {
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path());
    std::fs::create_dir(folder.path().join("part")).unwrap();
    std::fs::create_dir(folder.path().join("linked")).unwrap();
    std::fs::write(folder.path().join("part/lists.json"), "{}").unwrap();
    std::os::unix::fs::symlink("/etc", folder.path().join("linked/link.d")).unwrap();
    let list = ["projects", "list", "--retries", "0"];
    let yes = ["--yes", "--project-name", "Acme Robotics"];
    let import = [&["snapshot", "import", PRODUCTION, "staging"][..], &yes].concat();
    let limited = FaultStatus { retry_after: Some("9999".to_owned()), ..FaultStatus::new(429) };
    let refused = FaultStatus {
        code: Some("E011003".to_owned()),
        description: Some("Request is invalid".to_owned()),
        ..FaultStatus::new(400)
    };
    let cases = [
        case("failure-configuration", &["projects", "list", "--timeout", "0"]),
        case("failure-authentication", &list).key("K2unknownKeyNotASecret"),
        case("failure-permission", &list).key(STAGING_KEY),
        case("failure-not-found", &["projects", "show", "P2AcmeStagingNotReal00000001"]),
        case("failure-rate-limited", &list).status("list_projects", limited),
        case("failure-server", &list).status("list_projects", FaultStatus::new(503)),
        case("failure-api", &list).status("list_projects", refused),
        case("failure-transport", &list).fault("list_projects", FaultAction::DropBefore),
        case("failure-deadline", &[&list[..], &["--timeout", "0.2"]].concat())
            .fault("list_projects", FaultAction::Hold),
        case("failure-unknown-outcome", &["projects", "clone", STAGING, "--allow-secrets-copy"])
            .key(STAGING_KEY)
            .fault("clone", FaultAction::DropBefore),
        case("failure-snapshot", &["snapshot", "validate", STAGING, "nowhere"]),
        case("failure-part", &["snapshot", "validate", STAGING, "part"]),
        case("failure-unsafe-path", &["snapshot", "validate", STAGING, "linked"]),
        case("failure-protected", &["projects", "delete", STAGING]),
        case("failure-validation", &import),
        case("failure-usage", &["projects", "lsit"]),
    ];
    for case in cases {
        snapshot(&case, folder.path());
    }
}
