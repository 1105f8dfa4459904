//! Failures on demand, conflicts, and how often the work was done.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::time::{Duration, Instant};

use common::{
    CLONE, DELETE, EXPORT, IMPORT, LIST, NAME, PROJECT, SNAPSHOT_EXPORT, SNAPSHOT_IMPORT, Server, TAGS, TARGET,
    VALIDATE, open,
};
use descope_projects_emulator::{Fault, FaultAction, FaultStatus};
use serde_json::json;

/// Long enough for a busy machine; nothing waits so long unless it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

fn fail(server: &Server, operation: &str, action: FaultAction) -> u64 {
    server.control().fail(Fault::new(operation, action)).unwrap()
}

/// Returns as soon as something has happened that nothing can wait for.
fn eventually(happened: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "it did not happen");
        std::thread::yield_now();
    }
}

fn executions(server: &Server, operation: &str) -> u64 {
    server.control().executions(operation).unwrap()
}

fn attempt(server: &Server, path: &str) -> std::io::Result<common::Answer> {
    let (name, value) = Server::authorization();
    server.send("POST", path, &[(name, &value)], br#"{"name": "copy"}"#)
}

#[test]
fn a_status_is_answered_without_doing_the_work() {
    let server = Server::two();
    let status = FaultStatus {
        code: Some("E1".to_owned()),
        description: Some("what".to_owned()),
        message: Some("why".to_owned()),
        retry_after: Some("7".to_owned()),
        ..FaultStatus::new(503)
    };
    fail(&server, "clone", FaultAction::Status(status));
    let answer = server.call(CLONE, &json!({}));
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.json(), json!({ "errorCode": "E1", "errorDescription": "what", "errorMessage": "why" }));
    assert_eq!(executions(&server, "clone"), 0);
    server.call(CLONE, &json!({})).ok();
    assert_eq!(executions(&server, "clone"), 1);
}

#[test]
fn a_status_can_have_a_page_or_any_body() {
    let server = Server::two();
    fail(&server, "clone", FaultAction::Status(FaultStatus { html: true, ..FaultStatus::new(520) }));
    let page = server.call(CLONE, &json!({}));
    assert_eq!(page.status, 520);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(String::from_utf8_lossy(&page.body).contains("<html>"));
    let body = Some(String::new());
    fail(&server, "clone", FaultAction::Status(FaultStatus { body, ..FaultStatus::new(502) }));
    let empty = server.call(CLONE, &json!({}));
    assert_eq!((empty.status, empty.body.len()), (502, 0));
}

#[test]
fn a_drop_before_the_work_does_nothing_and_answers_nothing() {
    let server = Server::two();
    fail(&server, "clone", FaultAction::DropBefore);
    attempt(&server, CLONE).unwrap_err();
    assert_eq!(executions(&server, "clone"), 0);
    assert_eq!(server.control().projects().len(), 2);
    assert_eq!(server.control().requests().last().unwrap().status, None);
}

#[test]
fn a_drop_after_the_work_does_it_and_answers_nothing() {
    let server = Server::two();
    fail(&server, "clone", FaultAction::DropAfter);
    attempt(&server, CLONE).unwrap_err();
    assert_eq!(executions(&server, "clone"), 1);
    assert_eq!(server.control().projects().len(), 3);
}

#[test]
fn a_drop_within_the_answer_does_the_work_and_sends_half() {
    let server = Server::two();
    let whole = server.call(SNAPSHOT_EXPORT, &json!({}));
    fail(&server, "*", FaultAction::DropWithin);
    let half = attempt(&server, SNAPSHOT_EXPORT).unwrap();
    assert_eq!((half.status, half.complete), (200, false));
    assert_eq!(half.body, whole.body[..whole.body.len() / 2]);
    assert_eq!(executions(&server, "export_snapshot"), 2);
}

#[test]
fn a_fault_strikes_from_its_occurrence_on_and_as_often_as_it_says() {
    let server = Server::two();
    server.call(NAME, &json!({ "name": "before" })).ok();
    let fault = Fault {
        occurrence: 2,
        times: Some(2),
        ..Fault::new("update_name", FaultAction::Status(FaultStatus::new(500)))
    };
    server.control().fail(fault).unwrap();
    let statuses: Vec<u16> = (0..5).map(|_| server.call(NAME, &json!({ "name": "x" })).status).collect();
    assert_eq!(statuses, [200, 500, 500, 200, 200]);
    assert_eq!(server.call(TAGS, &json!({ "tags": [] })).status, 200);
    let always = Fault { times: None, ..Fault::new("*", FaultAction::Status(FaultStatus::new(500))) };
    server.control().fail(always).unwrap();
    assert!((0..3).all(|_| server.call(LIST, &json!({})).status == 500));
    server.control().clear_faults();
    server.call(LIST, &json!({})).ok();
}

#[test]
fn refused_work_is_not_counted() {
    let server = Server::two();
    server.call(CLONE, &json!({ "environment": "x" })).refused(400, "E011004");
    server.bearer("K", CLONE, &json!({})).refused(401, "E011007");
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": {} })).refused(400, "E011003");
    assert_eq!((executions(&server, "clone"), executions(&server, "import_snapshot")), (0, 0));
}

#[test]
fn a_second_write_to_a_project_is_a_conflict_until_the_first_is_done() {
    let server = Server::two();
    let files = server.export(PROJECT);
    let hold = fail(&server, "import_snapshot", FaultAction::Hold);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })));
        assert!(server.control().wait_until_held(hold, PATIENCE).unwrap());
        let writes = [(NAME, json!({ "name": "x" })), (TAGS, json!({ "tags": [] })), (DELETE, json!({}))];
        for (path, body) in writes {
            server.on(TARGET, path, &body).refused(409, "E013008");
        }
        for path in [IMPORT, SNAPSHOT_IMPORT] {
            server.on(TARGET, path, &json!({ "files": files })).refused(409, "E013008");
        }
        // Reading it, cloning it, and writing to another project are no conflict.
        for path in [EXPORT, SNAPSHOT_EXPORT, CLONE] {
            server.on(TARGET, path, &json!({})).ok();
        }
        server.on(TARGET, VALIDATE, &json!({ "files": files })).ok();
        server.call(NAME, &json!({ "name": "x" })).ok();
        server.control().release(hold).unwrap();
        first.join().unwrap().ok();
    });
    server.on(TARGET, NAME, &json!({ "name": "after" })).ok();
    assert_eq!(executions(&server, "import_snapshot"), 1);
}

#[test]
fn readers_see_the_old_project_until_the_write_is_done() {
    let server = Server::two();
    let before = server.export(TARGET);
    let mut files = before.clone();
    files.get_mut("project.json").unwrap()["appUrl"] = json!("https://new.example.com");
    let hold = fail(&server, "import_snapshot", FaultAction::Hold);
    std::thread::scope(|scope| {
        let write = scope.spawn(|| server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })));
        assert!(server.control().wait_until_held(hold, PATIENCE).unwrap());
        assert_eq!(server.export(TARGET), before);
        server.control().release(hold).unwrap();
        write.join().unwrap().ok();
    });
    assert_eq!(server.export(TARGET), files);
}

#[test]
fn a_client_that_goes_away_does_not_stop_the_work() {
    let server = Server::two();
    let hold = fail(&server, "clone", FaultAction::Hold);
    let (name, value) = Server::authorization();
    let stream = open(server.emulator.address(), "POST", CLONE, &[(name, &value)], b"{}").unwrap();
    assert!(server.control().wait_until_held(hold, PATIENCE).unwrap());
    drop(stream);
    eventually(|| server.control().requests()[0].abandoned);
    assert_eq!(executions(&server, "clone"), 0);
    server.control().release(hold).unwrap();
    eventually(|| executions(&server, "clone") == 1);
    assert_eq!(server.control().projects().len(), 3);
}

#[test]
fn a_held_request_does_not_keep_the_server_from_stopping() {
    let server = Server::two();
    let hold = fail(&server, "*", FaultAction::Hold);
    let address = server.emulator.address();
    let (name, value) = Server::authorization();
    let _stream = open(address, "POST", CLONE, &[(name, &value)], b"{}").unwrap();
    assert!(server.control().wait_until_held(hold, PATIENCE).unwrap());
    server.emulator.stop();
    std::net::TcpStream::connect(address).unwrap_err();
}

#[test]
fn a_wrong_fault_says_what_is_right() {
    let server = Server::two();
    let sentence = |fault: Fault| server.control().fail(fault).unwrap_err().to_string();
    assert!(sentence(Fault::new("clonee", FaultAction::DropBefore)).contains("did you mean \"clone\""));
    assert!(sentence(Fault::new("xyz", FaultAction::DropBefore)).contains("list_projects"));
    assert!(sentence(Fault { occurrence: 0, ..Fault::new("clone", FaultAction::Hold) }).contains("from 1"));
    assert!(sentence(Fault { times: Some(0), ..Fault::new("clone", FaultAction::Hold) }).contains("at least once"));
    assert!(sentence(Fault::new("clone", FaultAction::Status(FaultStatus::new(200)))).contains("400 to 599"));
    assert!(server.control().executions("clonee").unwrap_err().to_string().contains("did you mean \"clone\""));
    assert!(server.control().release(99).unwrap_err().is_absent());
    assert!(server.control().faults().is_empty());
}
