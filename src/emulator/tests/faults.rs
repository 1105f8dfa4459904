//! Failures on demand, conflicts, and how often the work was done.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use common::{
    CLONE, DELETE, EXPORT, IMPORT, LIST, NAME, PATIENCE, PROJECT, SNAPSHOT_EXPORT, SNAPSHOT_IMPORT, Server, TAGS,
    TARGET, VALIDATE, eventually, open,
};
use descope_projects_emulator::{Fault, FaultAction, FaultStatus, Later, Partial, Spoiling, When};
use serde_json::json;

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
    server.fail("clone", FaultAction::Status(status));
    let answer = server.call(CLONE, &json!({}));
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.json(), json!({ "errorCode": "E1", "errorDescription": "what", "errorMessage": "why" }));
    assert_eq!(server.executions("clone"), 0);
    server.call(CLONE, &json!({})).ok();
    assert_eq!(server.executions("clone"), 1);
}

#[test]
fn a_status_can_have_a_page_or_any_body() {
    let server = Server::two();
    server.fail("clone", FaultAction::Status(FaultStatus { html: true, ..FaultStatus::new(520) }));
    let page = server.call(CLONE, &json!({}));
    assert_eq!(page.status, 520);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(String::from_utf8_lossy(&page.body).contains("<html>"));
    let body = Some(String::new());
    server.fail("clone", FaultAction::Status(FaultStatus { body, ..FaultStatus::new(502) }));
    let empty = server.call(CLONE, &json!({}));
    assert_eq!((empty.status, empty.body.len()), (502, 0));
}

#[test]
fn a_drop_before_the_work_does_nothing_and_answers_nothing() {
    let server = Server::two();
    server.fail("clone", FaultAction::DropBefore);
    server.attempt(CLONE, &json!({ "name": "copy" })).unwrap_err();
    assert_eq!(server.executions("clone"), 0);
    assert_eq!(server.control().projects().len(), 2);
    assert_eq!(server.control().requests().last().unwrap().status, None);
}

#[test]
fn a_drop_within_the_request_ends_it_before_it_is_there() {
    let server = Server::two();
    server.fail("clone", FaultAction::DropRequest);
    let (name, value) = Server::authorization();
    let mut stream = TcpStream::connect(server.emulator.address()).unwrap();
    // More is announced than is sent: whoever waited for all of it would wait for ever.
    write!(stream, "POST {CLONE} HTTP/1.1\r\nhost: x\r\n{name}: {value}\r\ncontent-length: 1000\r\n\r\n{{").unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{ended:?}: {answer:?}");
    assert_eq!((server.executions("clone"), server.control().projects().len()), (0, 2));
    let record = server.control().requests().remove(0);
    assert_eq!((record.operation.as_deref(), record.status, record.body_size), (Some("clone"), None, 0));
    server.call(CLONE, &json!({})).ok();
}

#[test]
fn a_drop_after_the_work_does_it_and_answers_nothing() {
    let server = Server::two();
    server.fail("clone", FaultAction::DropAfter);
    server.attempt(CLONE, &json!({ "name": "copy" })).unwrap_err();
    assert_eq!(server.executions("clone"), 1);
    assert_eq!(server.control().projects().len(), 3);
}

#[test]
fn a_drop_within_the_answer_does_the_work_and_sends_half() {
    let server = Server::two();
    let whole = server.call(SNAPSHOT_EXPORT, &json!({}));
    server.fail("*", FaultAction::DropWithin);
    let half = server.attempt(SNAPSHOT_EXPORT, &json!({})).unwrap();
    assert_eq!((half.status, half.complete), (200, false));
    assert_eq!(half.body, whole.body[..whole.body.len() / 2]);
    assert_eq!(server.executions("export_snapshot"), 2);
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
    assert_eq!((server.executions("clone"), server.executions("import_snapshot")), (0, 0));
}

#[test]
fn a_second_write_to_a_project_is_a_conflict_until_the_first_is_done() {
    let server = Server::two();
    let files = server.export(PROJECT);
    let hold = server.fail("import_snapshot", FaultAction::Hold);
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
    assert_eq!(server.executions("import_snapshot"), 1);
}

#[test]
fn readers_see_the_old_project_until_the_write_is_done() {
    let server = Server::two();
    let before = server.export(TARGET);
    let mut files = before.clone();
    files.get_mut("project.json").unwrap()["appUrl"] = json!("https://new.example.com");
    let hold = server.fail("import_snapshot", FaultAction::Hold);
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
    let hold = server.fail("clone", FaultAction::Hold);
    let (name, value) = Server::authorization();
    let stream = open(server.emulator.address(), "POST", CLONE, &[(name, &value)], b"{}").unwrap();
    assert!(server.control().wait_until_held(hold, PATIENCE).unwrap());
    drop(stream);
    eventually(|| server.control().requests()[0].abandoned);
    assert_eq!(server.executions("clone"), 0);
    server.control().release(hold).unwrap();
    eventually(|| server.executions("clone") == 1);
    assert_eq!(server.control().projects().len(), 3);
}

#[test]
fn a_held_request_does_not_keep_the_server_from_stopping() {
    let server = Server::two();
    let hold = server.fail("*", FaultAction::Hold);
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
    let day = FaultAction::Delay { when: When::Before, time: Duration::from_secs(86_400) };
    assert!(sentence(Fault::new("clone", day)).contains("600 at most"));
    let later = FaultAction::FinishLater(Later { answer: Some(FaultStatus::new(200)), ..Later::default() });
    assert!(sentence(Fault::new("clone", later)).contains("400 to 599"));
    assert!(
        sentence(Fault::new("clone", FaultAction::Partial(Partial::default()))).contains("only import_snapshot and")
    );
    assert!(sentence(Fault::new("*", FaultAction::FailLater(String::new()))).contains("only start_clone"));
    let kind = FaultAction::Spoil(Spoiling::ContentType("a\nb".to_owned()));
    assert!(sentence(Fault::new("clone", kind)).contains("content_type: this cannot"));
    assert!(server.control().release(99).unwrap_err().is_absent());
    assert!(server.control().faults().is_empty());
}
