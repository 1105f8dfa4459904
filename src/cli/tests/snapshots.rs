//! `snapshot …`: to a directory and back, validation, secrets, confirmation.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;

use std::fs;
use std::path::Path;

use descope_projects_emulator::{Emulator, Fault, FaultAction, FaultStatus};
use serde_json::{Value, json};
use support::{COMPANY_KEY, PRODUCTION, Ran, STAGING, acme, run, run_bare, text, with_key, without_counts};
use tempfile::TempDir;

/// What of production stays, so that one secret is all that is missing.
const EXCLUDES: [&str; 8] =
    ["--exclude", "project", "--exclude", "lists", "--exclude", "oauth", "--exclude", "ssoApps"];

/// Staging as files, and the place that they are in.
fn staging(emulator: &Emulator) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let directory = text(&folder.path().join("staging")).to_owned();
    let ran = run(emulator, &["snapshot", "export", STAGING, &directory]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    (folder, directory)
}

fn with<'a>(base: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    base.iter().chain(more).copied().collect()
}

fn filled_in(path: &Path, value: &str) {
    let content = fs::read_to_string(path).unwrap().replace("\"\"", &format!("\"{value}\""));
    fs::write(path, content).unwrap();
}

#[test]
fn export_goes_to_the_vendors_default_directory() {
    let emulator = acme();
    let folder = tempfile::tempdir().unwrap();
    let mut command = with_key(&emulator, COMPANY_KEY, &["snapshot", "export", STAGING]);
    let ran: Ran = command.current_dir(folder.path()).output().unwrap().into();
    insta::assert_snapshot!(without_counts(&ran.whole(&emulator)).replace("PNAcme", "P2Acme"), @r"
    status 0
    --- stdout
    project-P2AcmeStagingNotReal00000000
    --- stderr
    Exported N files (N bytes) to project-P2AcmeStagingNotRealN.
    ");
    assert!(folder.path().join(format!("project-{STAGING}/project.json")).is_file());
}

#[test]
fn export_to_a_zip_as_a_document() {
    let emulator = acme();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("staging.zip");
    let document = run(&emulator, &["snapshot", "export", STAGING, text(&file), "--json"]).document();
    assert_eq!(document["schema"], "descope-projects/snapshot-export@1");
    assert_eq!(document["result"]["path"], text(&file));
    assert_eq!(document["result"]["contains_secrets"], false);
    assert!(document["result"]["digest"].as_str().unwrap().starts_with("sha256:"));
    assert!(fs::read(&file).unwrap().starts_with(b"PK"));
    let again = run(&emulator, &["snapshot", "validate", STAGING, text(&file)]);
    assert_eq!(again.status, 0, "what was written can be read: {}", again.stderr);
}

#[test]
fn export_refuses_a_directory_that_is_something_else() {
    let emulator = acme();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter.txt"), "Dear Sir").unwrap();
    let ran = run(&emulator, &["snapshot", "export", STAGING, text(folder.path())]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("--force"), "{}", ran.stderr);
    let ran = run(&emulator, &["snapshot", "export", STAGING, text(folder.path()), "--force"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("letter.txt")).unwrap(), "Dear Sir");
}

#[test]
fn a_project_export_is_written_only_where_secrets_are_allowed() {
    let emulator = acme();
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("backup");
    let base = ["snapshot", "export", STAGING, text(&directory), "--project-export"];
    assert_eq!(run(&emulator, &base).status, 64);
    assert!(!directory.exists());
    let document = run(&emulator, &with(&base, &["--allow-secrets", "--json"])).document();
    assert_eq!(document["result"]["contains_secrets"], true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(directory.join("project.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may read the secrets: {mode:o}");
    }
}

#[test]
fn validate_says_no_with_status_2_and_writes_the_file_to_fill_in() {
    let emulator = acme();
    let (folder, directory) = staging(&emulator);
    let secrets = folder.path().join("secrets.json");
    let validate = with(&["snapshot", "validate", PRODUCTION, &directory], &EXCLUDES);
    let ran = run(&emulator, &with(&validate, &["--missing-secrets-file", text(&secrets)]));
    let shown = ran.whole(&emulator).replace(text(folder.path()), "FOLDER");
    insta::assert_snapshot!(shown, @r"
    status 2
    --- stdout
    not valid
    missing secret: secretKey of connector reCAPTCHA (CI28QKpqwpCGKw8bVKKLUtMDVAB0u)
    --- stderr
    Wrote FOLDER/secrets.json: fill in the values and pass it as --secrets FOLDER/secrets.json.
    ");
    insta::assert_snapshot!(fs::read_to_string(&secrets).unwrap(), @r#"
    {
      "connector-CI28QKpqwpCGKw8bVKKLUtMDVAB0u": {
        "name": "reCAPTCHA",
        "secrets": {
          "secretKey": ""
        }
      }
    }
    "#);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o600);
    }

    let still_empty = run(&emulator, &with(&validate, &["--secrets", text(&secrets)]));
    assert_eq!(still_empty.status, 64);
    assert!(still_empty.stderr.contains("has no value yet for secretKey of reCAPTCHA"), "{}", still_empty.stderr);
    let again = run(&emulator, &with(&validate, &["--missing-secrets-file", text(&secrets)]));
    assert_eq!(again.status, 2, "a file of empty values may be replaced: {}", again.stderr);

    filled_in(&secrets, "demo-value");
    let supplied = run(&emulator, &with(&validate, &["--secrets", text(&secrets)]));
    assert_eq!((supplied.status, supplied.stdout.as_str()), (0, "valid\n"), "{}", supplied.stderr);
    let refused = run(&emulator, &with(&validate, &["--missing-secrets-file", text(&secrets)]));
    assert_eq!(refused.status, 64);
    assert!(fs::read_to_string(&secrets).unwrap().contains("demo-value"), "a filled-in file is never overwritten");
}

#[test]
fn a_no_is_a_result_and_no_error() {
    let emulator = acme();
    let (_folder, directory) = staging(&emulator);
    let ran = run(&emulator, &with(&["snapshot", "validate", PRODUCTION, &directory, "--json"], &EXCLUDES));
    let document = ran.document();
    assert_eq!(ran.status, 2);
    assert_eq!((&document["ok"], document.get("error")), (&json!(true), None));
    assert_eq!(document["result"]["valid"], false);
    let missing = &document["result"]["missing_secrets"];
    assert_eq!((&missing[0]["name"], &missing[0]["type"]), (&json!("reCAPTCHA"), &json!("secretKey")));
    assert_eq!(missing[0]["group"], "connectors");
}

#[test]
fn import_stops_when_the_snapshot_is_not_valid() {
    let emulator = acme();
    let (_folder, directory) = staging(&emulator);
    let import = with(&["snapshot", "import", PRODUCTION, &directory, "--json"], &EXCLUDES);
    let ran = run(&emulator, &with(&import, &["--yes", "--project-name", "Acme Robotics"]));
    let document = ran.document();
    assert_eq!(ran.status, 2);
    assert_eq!((&document["ok"], &document["written"]), (&json!(false), &json!("nothing")));
    assert_eq!(document["error"]["kind"], "ValidationFailed");
    assert_eq!(document["error"]["details"]["validation"]["missing_secrets"][0]["name"], "reCAPTCHA");
    assert!(ran.stderr.contains("missing secret: secretKey of connector reCAPTCHA"), "{}", ran.stderr);
    assert_eq!(emulator.control().executions("import_snapshot").unwrap(), 0);
}

#[test]
fn import_asks_for_the_name_announces_its_target_and_keeps_what_is_excluded() {
    let emulator = acme();
    let (folder, directory) = staging(&emulator);
    let secrets = folder.path().join("secrets.json");
    let base = with(&[PRODUCTION, &directory], &EXCLUDES);
    let validate = with(&["snapshot", "validate"], &base);
    run(&emulator, &with(&validate, &["--missing-secrets-file", text(&secrets)]));
    filled_in(&secrets, "demo-value-of-mine");
    let import = with(&with(&["snapshot", "import"], &base), &["--secrets", text(&secrets)]);

    let refused = run(&emulator, &import);
    assert_eq!(refused.status, 3);
    assert!(refused.stderr.ends_with("Nothing was sent\n"), "{}", refused.stderr);
    let wrong = run(&emulator, &with(&import, &["--yes", "--project-name", "Acme Robotics staging"]));
    assert_eq!(wrong.status, 3);
    assert_eq!(emulator.control().executions("import_snapshot").unwrap(), 0);
    assert_eq!(emulator.control().executions("validate_snapshot").unwrap(), 1, "refused before it is validated");

    let before = emulator.control().files(PRODUCTION).unwrap();
    let ran = run(&emulator, &with(&import, &["--yes", "--project-name", "Acme Robotics"]));
    let shown = without_counts(&ran.whole(&emulator).replace(text(folder.path()), "FOLDER"));
    insta::assert_snapshot!(shown, @r"
    status 0
    --- stdout
    --- stderr
    Target: Acme Robotics · P2AcmeProductionNotReal00000 · production · HOST
    FOLDER/staging (N files) will override the project's configuration; excluded: project, lists, oauth, ssoApps. What the snapshot lacks is deleted.
    Imported N files.
    ");
    let after = emulator.control().files(PRODUCTION).unwrap();
    assert_eq!(before["project.json"], after["project.json"]);
    assert_ne!(before["flows/flows.json"], after["flows/flows.json"]);
    let recaptcha = &after["connectors/recaptcha.json"]["id"];
    let id = recaptcha.as_str().unwrap();
    let secret = emulator.control().secret(PRODUCTION, "connectors", id, "secretKey");
    assert_eq!(secret.as_deref(), Some("demo-value-of-mine"));
}

#[test]
fn skip_validation_sends_no_validation() {
    let emulator = acme();
    let (_folder, directory) = staging(&emulator);
    let import = ["snapshot", "import", STAGING, &directory, "--skip-validation", "--json"];
    let ran = run(&emulator, &with(&import, &["--yes", "--project-name", "Acme Robotics staging"]));
    let document = ran.document();
    assert_eq!((ran.status, &document["written"]), (0, &json!("applied")), "{}", ran.stderr);
    assert_eq!(document["result"]["validated"], false);
    assert_eq!(emulator.control().executions("validate_snapshot").unwrap(), 0);
}

#[test]
fn an_import_that_fails_after_it_was_sent_is_status_4() {
    let emulator = acme();
    let (_folder, directory) = staging(&emulator);
    let import = ["snapshot", "import", STAGING, &directory, "--yes", "--project-name", "Acme Robotics staging"];
    let status = FaultAction::Status(FaultStatus::new(500));
    emulator.control().fail(Fault::new("import_snapshot", status)).unwrap();
    let ran = run(&emulator, &with(&import, &["--json"]));
    let document = ran.document();
    assert_eq!((ran.status, &document["written"]), (4, &json!("unknown")));
    assert_eq!(document["error"]["next"][0], format!("descope-projects snapshot export {STAGING} DIRECTORY"));
    for harmless in [401, 403, 429] {
        let status = FaultStatus { retry_after: Some("9999".to_owned()), ..FaultStatus::new(harmless) };
        emulator.control().fail(Fault::new("import_snapshot", FaultAction::Status(status))).unwrap();
        assert_eq!(run(&emulator, &import).status, 1, "{harmless}");
    }
}

#[test]
fn a_part_of_a_snapshot_is_refused_before_anything_is_sent() {
    let emulator = acme();
    let (_folder, directory) = staging(&emulator);
    fs::remove_file(format!("{directory}/project.json")).unwrap();
    fs::remove_file(format!("{directory}/.descope-projects.json")).unwrap();
    let requests = emulator.control().requests().len();
    for verb in ["import", "validate"] {
        let ran = run(&emulator, &["snapshot", verb, STAGING, &directory]);
        assert_eq!(ran.status, 1);
        assert!(ran.stderr.contains("project.json") && ran.stderr.contains("--allow-partial"), "{}", ran.stderr);
    }
    assert_eq!(emulator.control().requests().len(), requests);
}

#[test]
fn excludes_are_checked_before_anything_is_sent() {
    let ran = run_bare(&["snapshot", "validate", STAGING, "nowhere", "--exclude", "flow"]);
    assert_eq!(ran.status, 64);
    let emulator = acme();
    let (_folder, directory) = staging(&emulator);
    let requests = emulator.control().requests().len();
    let ran = run(&emulator, &["snapshot", "validate", STAGING, &directory, "--exclude", "flow"]);
    assert_eq!(ran.status, 64);
    assert!(ran.stderr.contains("did you mean flows?"), "{}", ran.stderr);
    assert_eq!(emulator.control().requests().len(), requests);
    let ran =
        run(&emulator, &["snapshot", "validate", STAGING, &directory, "--exclude", "flow", "--allow-unknown-excludes"]);
    assert_eq!(ran.status, 1, "the server refuses it: {}", ran.stderr);
}

#[test]
fn what_is_wrong_with_a_file_of_secrets_is_said_without_its_values() {
    let emulator = acme();
    let (folder, directory) = staging(&emulator);
    let file = folder.path().join("secrets.json");
    let canary = "canary-value";
    let cases: [(Value, &str); 6] = [
        (json!({ "conector-CI1": { "name": "a", "secrets": { "x": canary } } }), "did you mean \"connector-<id>\"?"),
        (json!({ "connector-": { "name": "a", "secrets": { "x": canary } } }), "unknown key"),
        (json!({ "connector-CI1": { "name": "a", "secret": { "x": canary } } }), "did you mean \"secrets\"?"),
        (json!({ "connector-CI1": { "name": "a", "secrets": canary } }), "another kind of value"),
        (json!({ "connector-CI1": { "name": "a", "secrets": { "x": canary, "y": "" } } }), "no value yet for y of a"),
        (json!([canary]), "is not a file of secrets"),
    ];
    for (content, expected) in cases {
        fs::write(&file, content.to_string()).unwrap();
        let ran = run(&emulator, &["snapshot", "validate", STAGING, &directory, "--secrets", text(&file)]);
        assert_eq!(ran.status, 64, "{content}");
        assert!(ran.stderr.contains(expected), "{expected}: {}", ran.stderr);
        assert!(!ran.stderr.contains(canary), "{}", ran.stderr);
    }
    let twice = format!("{{\"connector-CI1\": {{\"secrets\": {{\"x\": \"{canary}\", \"x\": \"{canary}\"}}}}}}");
    for broken in [twice.as_str(), "{", "\u{feff}{}"] {
        fs::write(&file, broken).unwrap();
        let ran = run(&emulator, &["snapshot", "validate", STAGING, &directory, "--secrets", text(&file)]);
        assert_eq!(ran.status, 64, "{broken}");
        assert!(!ran.stderr.contains(canary), "{}", ran.stderr);
    }
}

#[test]
fn secrets_that_others_can_read_are_warned_about() {
    let emulator = acme();
    let (folder, directory) = staging(&emulator);
    let file = folder.path().join("secrets.json");
    fs::write(&file, "{}").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let ran = run(&emulator, &["snapshot", "validate", STAGING, &directory, "--secrets", text(&file), "--json"]);
        assert!(ran.document()["warnings"][0].as_str().unwrap().ends_with("chmod 600"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let ran = run(&emulator, &["snapshot", "validate", STAGING, &directory, "--secrets", text(&file), "--json"]);
        assert_eq!(ran.document()["warnings"], json!([]));
    }
}
