//! A state in a directory: what outlives a server, who may use it, and what is refused.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{
    CLONE, DELETE, EXPORT, KEY, LIST, NAME, PROJECT, SNAPSHOT_IMPORT, START_CLONE, Server, TAGS, TARGET, company, key,
    two,
};
use descope_projects_emulator::seed::{Seed, SeedKey, minimal};
use descope_projects_emulator::{Emulator, EmulatorError, EmulatorOptions, StateError};
use serde_json::{Value, json};

/// A directory of the test's own, which is not there yet.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("descope-projects-state-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("state.journal")
    }

    fn start(&self, seed: Seed) -> Server {
        Server { emulator: self.try_start(seed).unwrap() }
    }

    fn try_start(&self, seed: Seed) -> Result<Emulator, EmulatorError> {
        let options = EmulatorOptions { seed, state: Some(self.0.clone()), ..EmulatorOptions::default() };
        Emulator::start(options)
    }

    /// Why it cannot be used.
    fn refused(&self) -> StateError {
        match self.try_start(minimal()) {
            Err(EmulatorError::State(error)) => error,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it started"),
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Everything that a client can see of two projects.
fn seen(server: &Server) -> Value {
    let secrets = |project| server.on(project, EXPORT, &json!({})).ok();
    json!([server.call(LIST, &json!({})).ok(), secrets(PROJECT), secrets(TARGET)])
}

#[test]
fn a_restart_changes_nothing_that_a_client_can_see() {
    let directory = Directory::new("restart");
    let mut seed = two();
    let bound = SeedKey { key: "K2bound".to_owned(), projects: Some(vec![TARGET.to_owned()]), read_only: false };
    seed.companies[0].keys.push(bound);
    seed.companies.push(company("Free", "free", key("K2free"), "P2free"));
    let server = directory.start(seed);
    assert!(!server.emulator.restored());
    server.call(NAME, &json!({ "name": "Renamed é" })).ok();
    server.call(TAGS, &json!({ "tags": ["b", "a"] })).ok();
    let mut files = server.export(TARGET);
    files.insert("lists.json".to_owned(), json!({ "lists": [] }));
    let id = files["connectors/sendgrid.json"]["id"].clone();
    let secret = json!({ "id": id, "name": "SendGrid", "type": "apiKey", "value": "imported" });
    let body = json!({ "files": files, "inputSecrets": { "connectors": [secret] } });
    server.on(TARGET, SNAPSHOT_IMPORT, &body).ok();
    server.control().remove_file(PROJECT, "auth/otp.json").unwrap();
    let made = server.call(CLONE, &json!({ "name": "made", "environment": "production" })).ok()["projectId"].clone();
    let gone = server.call(CLONE, &json!({ "name": "gone" })).ok()["projectId"].clone();
    server.on(gone.as_str().unwrap(), DELETE, &json!({})).ok();
    let process = server.call(START_CLONE, &json!({ "name": "later" })).ok()["processId"].clone();
    let before = seen(&server);
    let ready = server.emulator.ready();
    server.emulator.stop();

    let server = directory.start(minimal());
    assert!(server.emulator.restored());
    assert_eq!(seen(&server), before);
    assert_eq!(server.emulator.ready().management_key, ready.management_key);
    assert_eq!(server.emulator.ready().projects[0].name, "Renamed é");
    let secret = server.control().secret(TARGET, "connectors", id.as_str().unwrap(), "apiKey");
    assert_eq!(secret.as_deref(), Some("imported"));
    server.on(gone.as_str().unwrap(), LIST, &json!({})).refused(404, "E011008");
    server.bearer(&format!("{TARGET}:K2bound"), NAME, &json!({ "name": "Second" })).ok();
    server.bearer(&format!("{PROJECT}:K2bound"), NAME, &json!({ "name": "x" })).refused(403, "EMULATOR403");
    server.bearer("P2free:K2free", CLONE, &json!({})).refused(403, "EMULATOR403");
    // It was to run for one status call more.
    let status = format!("{START_CLONE}/{}", process.as_str().unwrap());
    assert_eq!(server.get(&status).ok(), json!({}));
    let later = server.get(&status).ok();
    server.emulator.stop();

    let server = directory.start(minimal());
    assert_eq!(server.get(&status).ok(), later);
    let listed = server.call(LIST, &json!({})).ok();
    let ids: Vec<&Value> = listed["projects"].as_array().unwrap().iter().map(|project| &project["id"]).collect();
    assert_eq!(ids, [&json!(PROJECT), &json!(TARGET), &made, &later["projectId"]]);
}

#[test]
fn a_reset_goes_back_to_the_seed_that_the_state_began_with() {
    let directory = Directory::new("reset");
    let server = directory.start(two());
    let before = seen(&server);
    server.call(DELETE, &json!({})).ok();
    server.emulator.stop();
    let server = directory.start(minimal());
    server.call(DELETE, &json!({})).refused(404, "E011008");
    server.control().reset().unwrap();
    assert_eq!(seen(&server), before);
    server.emulator.stop();
    assert_eq!(seen(&directory.start(minimal())), before);
}

#[test]
fn a_company_without_projects_starts_again() {
    let directory = Directory::new("empty");
    let server = directory.start(minimal());
    server.call(DELETE, &json!({})).ok();
    server.emulator.stop();
    let server = directory.start(two());
    let ready = server.emulator.ready();
    assert_eq!((ready.project_id.as_str(), ready.management_key.as_str()), (PROJECT, KEY));
    assert_eq!((ready.projects.len(), ready.company.as_str()), (0, "Example Company"));
    assert_eq!(server.bearer(KEY, LIST, &json!({})).ok(), json!({ "projects": [] }));
}

#[test]
fn what_a_failed_seed_leaves_is_no_state() {
    let directory = Directory::new("seed");
    assert!(matches!(directory.try_start(Seed::default()), Err(EmulatorError::Seed(_))));
    assert!(!directory.journal().exists());
    assert!(!directory.start(minimal()).emulator.restored());
}

#[test]
fn a_second_emulator_is_refused_as_long_as_the_first_one_runs() {
    let directory = Directory::new("second");
    let first = directory.start(minimal());
    let error = directory.refused();
    let text = error.to_string();
    assert!(matches!(error, StateError::InUse { process_id: Some(id), .. } if id == std::process::id()), "{text}");
    assert!(text.starts_with(&format!("{} is in use by another emulator (process ", directory.0.display())), "{text}");
    first.call(NAME, &json!({ "name": "still here" })).ok();
    let control = first.control().clone();
    first.emulator.stop();
    let again = directory.start(minimal());
    assert_eq!(again.control().projects()[0].name, "still here");
    let error = control.put_file(PROJECT, "own.json", json!({})).unwrap_err();
    assert!(error.is_not_stored(), "a stopped emulator wrote into what is another's");
    assert_eq!(error.to_string(), "the emulator is stopped");
}

#[test]
fn other_peoples_files_are_left_alone() {
    let directory = Directory::new("others");
    fs::create_dir(&directory.0).unwrap();
    fs::write(directory.0.join("thesis.txt"), "mine").unwrap();
    let error = directory.refused();
    assert!(matches!(error, StateError::NotOurs { .. }), "{error}");
    assert!(error.to_string().contains("has files that are not an emulator's"));
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 1);
    fs::remove_file(directory.0.join("thesis.txt")).unwrap();
    directory.start(minimal()).emulator.stop();
    fs::write(directory.0.join("notes.txt"), "about the state").unwrap();
    assert!(directory.start(minimal()).emulator.restored());
}

#[test]
fn a_file_in_the_directorys_place_is_named() {
    let directory = Directory::new("file");
    fs::write(&directory.0, "").unwrap();
    let text = directory.refused().to_string();
    assert!(text.starts_with(&directory.0.display().to_string()), "{text}");
    fs::remove_file(&directory.0).unwrap();
}

#[test]
fn a_damaged_state_is_named_and_left_as_it_is() {
    let directory = Directory::new("damaged");
    directory.start(minimal()).emulator.stop();
    let mut content = fs::read(directory.journal()).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    for wrong in [content.clone(), content[..middle].to_vec(), Vec::new(), b"{}".to_vec()] {
        fs::write(directory.journal(), &wrong).unwrap();
        let error = directory.refused();
        let text = error.to_string();
        assert!(matches!(error, StateError::Damaged { .. }), "{text}");
        assert!(text.starts_with(&format!("{} is damaged (", directory.journal().display())), "{text}");
        assert_eq!(fs::read(directory.journal()).unwrap(), wrong);
    }
    content[middle] ^= 1;
    fs::write(directory.journal(), &content).unwrap();
    assert!(directory.start(minimal()).emulator.restored());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_keys_and_secrets() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = Directory::new("modes");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let server = directory.start(minimal());
    assert_eq!(mode(&directory.0), 0o700);
    let files: Vec<_> = fs::read_dir(&directory.0).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for path in files {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(server);
}
