//! Waits on both sides of the work, and work that finishes after its request has failed. Nothing here sleeps.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::time::Duration;

use common::{
    CLONE, DELETE, EXPORT, Files, LICENSE, LIST, NAME, PATIENCE, SNAPSHOT_EXPORT, SNAPSHOT_IMPORT, Server, TAGS,
    TARGET, VALIDATE, eventually,
};
use descope_projects_emulator::{Fault, FaultAction, FaultStatus, Later, When};
use serde_json::{Value, json};

/// No test waits for it.
const LONGEST: Duration = Duration::from_secs(600);
const AT_ONCE: Duration = Duration::from_millis(1);
const URL: &str = "https://later.example.com";

fn changed(server: &Server) -> (Files, Value) {
    let mut files = server.export(TARGET);
    files.get_mut("project.json").unwrap()["appUrl"] = json!(URL);
    let body = json!({ "files": files });
    (files, body)
}

fn later(server: &Server, operation: &str, later: Later) -> u64 {
    server.fail(operation, FaultAction::FinishLater(later))
}

fn answered() -> Later {
    Later { answer: Some(FaultStatus { html: true, ..FaultStatus::new(504) }), ..Later::default() }
}

#[test]
fn a_delay_before_the_work_ends_with_a_release_or_by_itself() {
    let server = Server::two();
    let fault = server.fail("clone", FaultAction::Delay { when: When::Before, time: LONGEST });
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| server.call(CLONE, &json!({})));
        assert!(server.control().wait_until_held(fault, PATIENCE).unwrap());
        assert_eq!(server.executions("clone"), 0);
        assert_eq!(server.control().faults()[0].held, 1);
        server.control().release(fault).unwrap();
        slow.join().unwrap().ok();
    });
    assert_eq!(server.executions("clone"), 1);
    server.fail("clone", FaultAction::Delay { when: When::Before, time: AT_ONCE });
    server.call(CLONE, &json!({})).ok();
}

#[test]
fn a_wait_before_the_answer_finds_the_work_done() {
    let server = Server::two();
    for action in [FaultAction::Delay { when: When::After, time: LONGEST }, FaultAction::HoldAnswer] {
        let before = server.executions("update_name");
        let fault = server.fail("update_name", action);
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| server.call(NAME, &json!({ "name": "done" })));
            assert!(server.control().wait_until_held(fault, PATIENCE).unwrap());
            assert_eq!(server.executions("update_name"), before + 1);
            assert_eq!(server.control().projects()[0].name, "done");
            // The write is over: another one is no conflict.
            server.call(TAGS, &json!({ "tags": [] })).ok();
            server.control().release(fault).unwrap();
            slow.join().unwrap().ok();
        });
    }
    server.fail("update_name", FaultAction::Delay { when: When::After, time: AT_ONCE });
    server.call(NAME, &json!({ "name": "done" })).ok();
}

#[test]
fn work_that_finishes_later_is_not_seen_and_keeps_writes_out_until_its_release() {
    let server = Server::two();
    let before = server.export(TARGET);
    let (files, body) = changed(&server);
    let fault = later(&server, "import_snapshot", answered());
    let answer = server.on(TARGET, SNAPSHOT_IMPORT, &body);
    assert_eq!(answer.status, 504);
    assert!(String::from_utf8_lossy(&answer.body).contains("<html>"));
    assert!(server.control().wait_until_held(fault, PATIENCE).unwrap());
    assert_eq!((server.export(TARGET), server.executions("import_snapshot")), (before, 0));
    server.on(TARGET, SNAPSHOT_IMPORT, &body).refused(409, "E013008");
    for (path, body) in [(NAME, json!({ "name": "x" })), (TAGS, json!({ "tags": [] })), (DELETE, json!({}))] {
        server.on(TARGET, path, &body).refused(409, "E013008");
    }
    server.on(TARGET, VALIDATE, &body).ok();
    server.call(NAME, &json!({ "name": "another project" })).ok();
    server.control().release(fault).unwrap();
    assert_eq!((server.export(TARGET), server.executions("import_snapshot")), (files, 1));
    server.on(TARGET, NAME, &json!({ "name": "free again" })).ok();
}

#[test]
fn the_connection_may_be_cut_instead_of_an_answer() {
    let server = Server::two();
    let fault = later(&server, "clone", Later::default());
    server.attempt(CLONE, &json!({ "name": "copy" })).unwrap_err();
    assert_eq!((server.executions("clone"), server.control().projects().len()), (0, 2));
    assert_eq!(server.control().requests().last().unwrap().status, None);
    server.control().release(fault).unwrap();
    assert_eq!((server.executions("clone"), server.control().projects()[2].name.as_str()), (1, "copy"));
}

#[test]
fn the_work_comes_after_so_many_requests_but_those_for_the_licence() {
    let server = Server::two();
    let before = server.export(TARGET);
    let (files, body) = changed(&server);
    later(&server, "import_snapshot", Later { requests: Some(2), ..answered() });
    assert_eq!(server.on(TARGET, SNAPSHOT_IMPORT, &body).status, 504);
    assert_eq!(server.export(TARGET), before);
    server.get(LICENSE).ok();
    assert_eq!(server.export(TARGET), before);
    assert_eq!(server.export(TARGET), files, "the third request comes after the work");
    assert_eq!(server.executions("import_snapshot"), 1);
    later(&server, "update_name", Later { requests: Some(0), ..answered() });
    assert_eq!(server.call(NAME, &json!({ "name": "at once" })).status, 504);
    let listed = server.call(LIST, &json!({})).ok();
    assert_eq!(listed["projects"][0]["name"], "at once");
}

#[test]
fn the_work_comes_after_so_long() {
    let server = Server::two();
    later(&server, "clone", Later { time: Some(AT_ONCE), ..answered() });
    assert_eq!(server.call(CLONE, &json!({})).status, 504);
    eventually(|| server.executions("clone") == 1);
    let fault = later(&server, "clone", Later { time: Some(LONGEST), ..answered() });
    assert_eq!(server.call(CLONE, &json!({})).status, 504);
    assert_eq!(server.executions("clone"), 1);
    server.control().release(fault).unwrap();
    assert_eq!(server.executions("clone"), 2);
}

#[test]
fn what_is_refused_is_refused_at_once() {
    let server = Server::two();
    later(&server, "update_name", answered());
    server.bearer("P2emulator000000000000000001:K2wrong", NAME, &json!({ "name": "x" })).refused(401, "E011007");
}

#[test]
fn work_that_is_refused_in_the_end_comes_to_nothing() {
    let server = Server::two();
    let fault = later(&server, "import_snapshot", answered());
    assert_eq!(server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": {} })).status, 504);
    server.control().release(fault).unwrap();
    assert_eq!(server.executions("import_snapshot"), 0);
    server.on(TARGET, NAME, &json!({ "name": "free again" })).ok();
}

#[test]
fn clearing_the_faults_does_the_work_and_a_reset_does_not() {
    let server = Server::two();
    let fault = Fault { times: None, ..Fault::new("clone", FaultAction::FinishLater(answered())) };
    server.control().fail(fault.clone()).unwrap();
    assert_eq!(server.call(CLONE, &json!({})).status, 504);
    assert_eq!(server.call(CLONE, &json!({})).status, 504);
    server.control().clear_faults();
    assert_eq!((server.executions("clone"), server.control().projects().len()), (2, 4));
    let (_, body) = changed(&server);
    later(&server, "import_snapshot", Later { requests: Some(1), ..answered() });
    assert_eq!(server.on(TARGET, SNAPSHOT_IMPORT, &body).status, 504);
    server.control().reset().unwrap();
    for path in [SNAPSHOT_EXPORT, EXPORT] {
        let files = server.on(TARGET, path, &json!({})).ok();
        assert_ne!(files["files"]["project.json"]["appUrl"], URL);
    }
    eventually(|| server.on(TARGET, NAME, &json!({ "name": "free again" })).status == 200);
    assert_eq!(server.executions("import_snapshot"), 0);
}

#[test]
fn work_that_finishes_later_does_not_keep_the_server_from_stopping() {
    let server = Server::two();
    later(&server, "clone", answered());
    assert_eq!(server.call(CLONE, &json!({})).status, 504);
    let address = server.emulator.address();
    server.emulator.stop();
    std::net::TcpStream::connect(address).unwrap_err();
}

#[test]
fn over_http_the_same() {
    let server = Server::two();
    let fault = json!({ "operation": "update_name", "action": "finish_later", "requests": 1, "status": 522 });
    server.send("POST", "/_emulator/faults", &[], fault.to_string().as_bytes()).unwrap().ok();
    assert_eq!(server.call(NAME, &json!({ "name": "later" })).status, 522);
    assert_eq!(server.call(LIST, &json!({})).ok()["projects"][0]["name"], "Example");
    assert_eq!(server.call(LIST, &json!({})).ok()["projects"][0]["name"], "later");
    let fault = json!({ "operation": "update_name", "action": "finish_later", "drop": true });
    let id = server.send("POST", "/_emulator/faults", &[], fault.to_string().as_bytes()).unwrap().ok()["id"].clone();
    server.attempt(NAME, &json!({ "name": "released" })).unwrap_err();
    server.send("POST", &format!("/_emulator/faults/{id}/release"), &[], b"").unwrap().ok();
    assert_eq!(server.control().projects()[0].name, "released");
}
