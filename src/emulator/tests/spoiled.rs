//! Answers with status 200 that are not what the contract says, and imports that write a part.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::io::Read as _;
use std::net::TcpStream;
use std::time::Duration;

use common::{
    CLONE, Files, IMPORT, LIST, PATIENCE, PROJECT, SNAPSHOT_EXPORT, SNAPSHOT_IMPORT, Server, TARGET, VALIDATE,
    eventually, open,
};
use descope_projects_emulator::{Fault, FaultAction, FaultStatus, Partial, RefusedImports, Semantics, Spoiling};
use serde_json::{Value, json};

fn spoil(server: &Server, operation: &str, spoiling: Spoiling) -> u64 {
    server.fail(operation, FaultAction::Spoil(spoiling))
}

#[test]
fn a_truncated_answer_is_whole_as_http() {
    let server = Server::two();
    let whole = server.call(SNAPSHOT_EXPORT, &json!({}));
    spoil(&server, "export_snapshot", Spoiling::Truncate);
    let cut = server.call(SNAPSHOT_EXPORT, &json!({}));
    assert_eq!((cut.status, cut.complete), (200, true));
    assert_eq!(cut.body, whole.body[..whole.body.len() / 2]);
    assert_eq!(server.executions("export_snapshot"), 2);
}

#[test]
fn other_answers_than_the_right_one_come_after_the_work() {
    let server = Server::two();
    let answer = |spoiling| {
        spoil(&server, "clone", spoiling);
        let answer = server.call(CLONE, &json!({ "name": "copy" }));
        (answer.status, answer.header("content-type").unwrap().to_owned(), String::from_utf8(answer.body).unwrap())
    };
    let (status, kind, body) = answer(Spoiling::Html);
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=UTF-8"));
    assert!(body.contains("<html>"));
    let (status, kind, body) = answer(Spoiling::ContentType("text/plain".to_owned()));
    assert_eq!((status, kind.as_str()), (200, "text/plain"));
    assert!(serde_json::from_str::<Value>(&body).unwrap()["projectId"].is_string());
    let (status, kind, body) = answer(Spoiling::WrongType("[1]".to_owned()));
    assert_eq!((status, kind.as_str(), body.as_str()), (200, "application/json", "[1]"));
    assert_eq!((server.executions("clone"), server.control().projects().len()), (3, 5));
}

#[test]
fn a_refusal_is_not_spoiled() {
    let server = Server::two();
    spoil(&server, "clone", Spoiling::Html);
    server.call(CLONE, &json!({ "environment": "x" })).refused(400, "E011004");
}

/// What a raw connection has of an answer's body, with its head.
fn begin(server: &Server, operation: &str, spoiling: Spoiling, path: &str) -> (u64, TcpStream) {
    let fault = spoil(server, operation, spoiling);
    let (name, value) = Server::authorization();
    // A client that takes compressed answers: a compressor in between would hold the pieces back.
    let headers = [(name, value.as_str()), ("accept-encoding", "gzip")];
    (fault, open(server.emulator.address(), "POST", path, &headers, b"{}").unwrap())
}

#[test]
fn a_slow_answer_comes_byte_by_byte_until_its_release() {
    let server = Server::two();
    let whole = server.call(LIST, &json!({}));
    let (fault, mut stream) = begin(&server, "list_projects", Spoiling::Slow(Duration::from_secs(600)), LIST);
    assert!(server.control().wait_until_held(fault, PATIENCE).unwrap());
    let mut read = Vec::new();
    let mut one = [0];
    while !read.ends_with(b"\r\n\r\n{") {
        stream.read_exact(&mut one).unwrap();
        read.extend(one);
    }
    let length = format!("content-length: {}", whole.body.len());
    assert!(String::from_utf8_lossy(&read).contains(&length), "{}", String::from_utf8_lossy(&read));
    // The second byte is ten minutes away.
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.read(&mut one).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
    server.control().release(fault).unwrap();
    stream.read_to_end(&mut read).unwrap();
    assert!(read.ends_with(&whole.body));
    // With a short pause, it gets there without a release.
    spoil(&server, "list_projects", Spoiling::Slow(Duration::from_nanos(1)));
    assert_eq!(server.call(LIST, &json!({})).body, whole.body);
}

#[test]
fn an_endless_answer_goes_on_until_its_release_or_the_client_leaves() {
    let server = Server::two();
    let (fault, mut stream) = begin(&server, "list_projects", Spoiling::Endless, LIST);
    let mut some = vec![0; 1 << 20];
    stream.read_exact(&mut some).unwrap();
    assert!(String::from_utf8_lossy(&some[..4096]).contains("\"projects\""));
    server.control().release(fault).unwrap();
    // Far more than is under way at the release; one that goes on must not fill the machine's memory.
    let most = 256 << 20;
    let (mut rest, mut read) = (Vec::new(), 0);
    while let Ok(count @ 1..) = stream.read(&mut some) {
        read += count;
        assert!(read < most, "it goes on after the release");
        rest = some[..count].to_vec();
    }
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a cut answer does not end as a whole one does");
    let (fault, stream) = begin(&server, "list_projects", Spoiling::Endless, LIST);
    assert!(server.control().wait_until_held(fault, PATIENCE).unwrap());
    drop(stream);
    eventually(|| server.control().faults().iter().all(|fault| fault.held == 0));
}

#[test]
fn a_bomb_is_small_until_it_is_decompressed() {
    for size in [2, 1000, 3 * (1 << 20) + 17] {
        let server = Server::two();
        spoil(&server, "list_projects", Spoiling::Bomb(size));
        let answer = server.call(LIST, &json!({}));
        assert_eq!((answer.header("content-encoding"), answer.complete), (Some("gzip"), true));
        assert!(answer.body.len() < 8192, "{}", answer.body.len());
        let mut plain = Vec::new();
        // It ends only if length and checksum are right.
        flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain.len() as u64, size);
        assert_eq!(serde_json::from_slice::<Value>(&plain).unwrap(), json!({}));
    }
}

#[test]
fn spoiled_answers_can_be_asked_for_over_http() {
    let server = Server::two();
    for (fault, part) in [
        (json!({ "action": "truncate" }), "{\"projec"),
        (json!({ "action": "html" }), "<html>"),
        (json!({ "action": "content_type", "content_type": "text/x" }), "projects"),
        (json!({ "action": "wrong_type", "body": "3" }), "3"),
    ] {
        let mut fault = fault;
        fault["operation"] = json!("list_projects");
        server.send("POST", "/_emulator/faults", &[], fault.to_string().as_bytes()).unwrap().ok();
        let answer = server.call(LIST, &json!({}));
        assert!(String::from_utf8_lossy(&answer.body).contains(part), "{fault}");
    }
}

/// A change of four entities: a setting, a connector, a role, and a flow that is new.
fn four_changes(server: &Server) -> Files {
    let mut files = server.export(TARGET);
    files.get_mut("connectors/backend.json").unwrap()["configuration"]["baseUrl"] = json!("https://new.example.com");
    files.insert("flows/extra/metadata.json".to_owned(), json!({ "name": "Extra" }));
    files.insert("flows/extra/contents.json".to_owned(), json!({ "startTask": "0", "tasks": {} }));
    files.get_mut("flows/flows.json").unwrap()["flows"] = json!(["sign-in", "extra"]);
    files.get_mut("project.json").unwrap()["appUrl"] = json!("https://new.example.com");
    files.get_mut("roles.json").unwrap()["roles"][0]["description"] = json!("new");
    files
}

fn written(server: &Server) -> [bool; 4] {
    let files = server.export(TARGET);
    let listed = files["flows/flows.json"]["flows"] == json!(["sign-in", "extra"]);
    assert_eq!(listed, files.contains_key("flows/extra/contents.json"), "an index and its files belong together");
    [
        files["connectors/backend.json"]["configuration"]["baseUrl"] == "https://new.example.com",
        listed,
        files["project.json"]["appUrl"] == "https://new.example.com",
        files["roles.json"]["roles"][0]["description"] == "new",
    ]
}

#[test]
fn an_import_may_fail_when_it_has_written_a_part() {
    for (count, expected) in [
        (Some(0), [false; 4]),
        (Some(1), [true, false, false, false]),
        (None, [true, true, false, false]),
        (Some(3), [true, true, true, false]),
        (Some(9), [true; 4]),
    ] {
        for (path, operation) in [(SNAPSHOT_IMPORT, "import_snapshot"), (IMPORT, "import_project")] {
            let server = Server::two();
            let files = four_changes(&server);
            let answer = Some(FaultStatus { code: Some("E1".to_owned()), ..FaultStatus::new(500) });
            server.fail(operation, FaultAction::Partial(Partial { written: count, answer }));
            server.on(TARGET, path, &json!({ "files": files })).json();
            assert_eq!(written(&server), expected, "{count:?}");
            assert_eq!(server.executions(operation), 0, "the work was not done");
            server.on(TARGET, path, &json!({ "files": files })).ok();
            assert_eq!(server.export(TARGET), files);
        }
    }
}

#[test]
fn a_part_may_be_written_by_an_import_whose_connection_is_cut() {
    let server = Server::two();
    let before = server.export(PROJECT);
    let mut files = before.clone();
    files.get_mut("connectors/sendgrid.json").unwrap()["configuration"]["apiKey"] = json!("rotated");
    files.get_mut("auth/oauth.json").unwrap()["providerSettings"]["google"]["clientSecret"] = json!("rotated too");
    files.remove("lists.json");
    let fault = Fault::new("import_snapshot", FaultAction::Partial(Partial { written: Some(1), answer: None }));
    server.control().fail(fault).unwrap();
    server.attempt(SNAPSHOT_IMPORT, &json!({ "files": files })).unwrap_err();
    // The secrets are not in the files, which therefore do not differ: only the list does.
    assert!(!server.export(PROJECT).contains_key("lists.json"));
    let id = before["connectors/sendgrid.json"]["id"].as_str().unwrap();
    let secret = server.control().secret(PROJECT, "connectors", id, "apiKey");
    assert_eq!(secret.as_deref(), Some("example-sendgrid-key"));
}

#[test]
fn an_import_that_is_refused_has_written_nothing_or_a_part() {
    let refused = |server: &Server| {
        let mut files = four_changes(server);
        files.get_mut("flows/sign-in/contents.json").unwrap()["tasks"]["2"]["arguments"]["connectorId"]["value"] =
            json!("CIgone");
        assert_eq!(server.on(TARGET, VALIDATE, &json!({ "files": files })).ok()["ok"], false);
        assert_eq!(written(server), [false; 4], "a validation writes nothing");
        server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).refused(400, "E011003");
        written(server)
    };
    assert_eq!(refused(&Server::two()), [false; 4]);
    let semantics = Semantics { refused_imports: RefusedImports::WritePart, ..Semantics::default() };
    // The third of five entities, which is the first half, is the flow that is wrong.
    assert_eq!(refused(&Server::two_with(semantics.clone())), [true, true, false, false]);
    let server = Server::two_with(semantics);
    let before = server.export(TARGET);
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": { "project.json": [] } })).refused(400, "E011003");
    assert_eq!(server.export(TARGET), before, "files that are no project are refused before anything is written");
}
