//! The control routes, and the same operations in Rust.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use common::{CLONE, KEY, LIST, NAME, PROJECT, SNAPSHOT_IMPORT, Server, TARGET, two};
use descope_projects_emulator::EmulatorOptions;
use serde_json::{Value, json};

fn control(server: &Server, method: &str, path: &str, body: &Value) -> common::Answer {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    server.send(method, &format!("/_emulator/{path}"), &[], &body).unwrap()
}

#[test]
fn the_ready_line_is_the_same_over_http() {
    let server = Server::two();
    let ready = control(&server, "GET", "ready", &Value::Null).ok();
    assert_eq!(ready, serde_json::to_value(server.emulator.ready()).unwrap());
    assert_eq!(ready["url"], format!("http://{}", server.emulator.address()));
    assert_eq!((&ready["project_id"], &ready["management_key"]), (&json!(PROJECT), &json!(KEY)));
    let first = json!({ "id": PROJECT, "name": "Example", "tags": ["example"] });
    assert_eq!(ready["projects"][0], first);
}

#[test]
fn faults_are_set_listed_and_cleared() {
    let server = Server::two();
    let fault = json!({ "operation": "clone", "occurrence": 2, "times": null, "action": { "status": 503, "retry_after": "1" } });
    let id = control(&server, "POST", "faults", &fault).ok()["id"].clone();
    server.call(CLONE, &json!({})).ok();
    assert_eq!(server.call(CLONE, &json!({})).status, 503);
    let listed = control(&server, "GET", "faults", &Value::Null).ok()["faults"][0].clone();
    let expected = json!({
        "id": id, "operation": "clone", "occurrence": 2, "times": null, "action": "status", "seen": 2, "applied": 1, "held": 0,
    });
    assert_eq!(listed, expected);
    control(&server, "DELETE", "faults", &Value::Null).ok();
    server.call(CLONE, &json!({})).ok();
    let executions = control(&server, "GET", "executions", &Value::Null).ok();
    assert_eq!(executions["executions"], json!({ "clone": 2 }));
}

#[test]
fn wrong_faults_get_a_sentence() {
    let server = Server::two();
    let wrong = [
        (json!({ "operation": "clone", "acton": "hold" }), "did you mean \"action\""),
        (json!({ "operation": "clone", "action": "drop_befor" }), "did you mean \"drop_before\""),
        (
            json!({ "operation": "clone", "action": { "status": 503, "retry-after": "1" } }),
            "did you mean \"retry_after\"",
        ),
        (json!({ "operation": "clone", "action": { "status": "503" } }), "action.status"),
        (json!({ "operation": "clone", "action": {} }), "action.status"),
        (json!({ "operation": "start_clone", "action": { "fail_later": 1 } }), "fail_later: expected a string"),
        (json!({ "operation": "clone", "action": { "fail_later": "x" } }), "only start_clone"),
        (json!({ "operation": "clone" }), "action: expected"),
        (json!({ "action": "hold" }), "operation:"),
        (json!({ "operation": "export", "action": "hold" }), "did you mean \"export_"),
        (json!({ "operation": "clone", "occurrence": "1", "action": "hold" }), "occurrence: expected an integer"),
        (json!({ "operation": "clone", "times": true, "action": "hold" }), "times: expected an integer"),
        (json!([]), "expected an object"),
        (Value::Null, "empty"),
    ];
    for (fault, part) in wrong {
        let message = control(&server, "POST", "faults", &fault).refused(400, "EMULATOR400");
        assert!(message.contains(part), "{fault}: {message}");
    }
    server.send("POST", "/_emulator/faults", &[], b"{").unwrap().refused(400, "EMULATOR400");
    control(&server, "POST", "reset", &json!({ "all": true })).refused(400, "EMULATOR400");
    control(&server, "POST", "faults/one/release", &Value::Null).refused(400, "EMULATOR400");
    control(&server, "POST", "faults/1/release", &Value::Null).refused(404, "EMULATOR404");
}

#[test]
fn requests_are_recorded_without_the_key() {
    let server = Server::two();
    let (name, value) = Server::authorization();
    server
        .send("POST", NAME, &[(name, &value), ("cookie", "session=1"), ("x-other", "kept")], br#"{"name":"x"}"#)
        .unwrap()
        .ok();
    server.bearer("K-typo", LIST, &json!({})).refused(401, "E011007");
    let recorded = control(&server, "GET", "requests", &Value::Null).ok();
    let text = recorded.to_string();
    assert!(!text.contains(KEY) && !text.contains("K-typo") && !text.contains("session=1"), "{text}");
    let first = &recorded["requests"][0];
    assert_eq!(
        (&first["method"], &first["path"], &first["operation"]),
        (&json!("POST"), &json!(NAME), &json!("update_name"))
    );
    assert_eq!(
        (&first["http_version"], &first["status"], &first["body_size"]),
        (&json!("HTTP/1.1"), &json!(200), &json!(12))
    );
    assert_eq!(first["project_id"], PROJECT);
    let fingerprint = first["key_fingerprint"].as_str().unwrap();
    let headers = first["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["authorization", format!("Bearer {PROJECT}:{fingerprint}")])), "{headers:?}");
    assert!(headers.contains(&json!(["x-other", "kept"])));
    assert_eq!(first.get("body"), None, "bodies are kept without being asked for");
    assert_eq!(recorded["requests"][1]["status"], 401);
    assert_eq!(recorded["connections_accepted"], 3);
}

#[test]
fn bodies_are_kept_on_request_without_input_secrets() {
    let server = Server::start(EmulatorOptions { seed: two(), keep_bodies: true, ..EmulatorOptions::default() });
    let secret = json!({ "id": "CI1", "name": "n", "type": "apiKey", "value": "very-secret" });
    let body = json!({ "files": { "project.json": {} }, "inputSecrets": { "connectors": [secret] } });
    server.on(TARGET, SNAPSHOT_IMPORT, &body);
    let requests = server.control().requests();
    let kept = requests[0].body.clone().unwrap();
    assert_eq!(kept["files"], body["files"]);
    assert_eq!(
        kept["inputSecrets"]["connectors"][0],
        json!({ "id": "CI1", "name": "n", "type": "apiKey", "value": "" })
    );
}

#[test]
fn projects_and_their_files_can_be_seen_and_edited() {
    let server = Server::two();
    let projects = control(&server, "GET", "projects", &Value::Null).ok();
    assert_eq!(projects["projects"][1]["company"], "Example Company");
    let path = format!("projects/{TARGET}/files/flows/reset/contents.json");
    control(&server, "PUT", &path, &json!({ "startTask": "0", "tasks": {} })).ok();
    let files = control(&server, "GET", &format!("projects/{TARGET}/files"), &Value::Null).ok()["files"].clone();
    assert_eq!(files["flows/reset/contents.json"]["startTask"], "0");
    assert_eq!(files["flows/flows.json"]["flows"], json!(["sign-in", "reset"]));
    assert_eq!(files, json!(server.export(TARGET)));
    control(&server, "DELETE", &format!("projects/{TARGET}/files/flows/reset"), &Value::Null).ok();
    assert_eq!(server.file(TARGET, "flows/flows.json")["flows"], json!(["sign-in"]));
}

#[test]
fn wrong_edits_get_a_sentence() {
    let server = Server::two();
    let files = |path: &str| format!("projects/{TARGET}/files/{path}");
    control(&server, "PUT", &files("project.json"), &json!([])).refused(400, "EMULATOR400");
    control(&server, "PUT", &files("assets/x.png"), &json!("*")).refused(400, "EMULATOR400");
    control(&server, "DELETE", &files("project.json"), &Value::Null).refused(400, "EMULATOR400");
    control(&server, "DELETE", &files("nothing.json"), &Value::Null).refused(404, "EMULATOR404");
    let message = control(&server, "PUT", "projects/P2emulator00000000000000002/files/a.json", &json!({}));
    assert!(message.refused(404, "EMULATOR404").contains("did you mean"));
    control(&server, "GET", "projects/P1/files", &Value::Null).refused(404, "EMULATOR404");
}

#[test]
fn a_secret_typed_at_the_console_is_taken_in() {
    let server = Server::two();
    let mut connector = server.file(TARGET, "connectors/sendgrid.json");
    let id = connector["id"].as_str().unwrap().to_owned();
    connector["configuration"]["apiKey"] = json!("typed");
    server.control().put_file(TARGET, "connectors/sendgrid.json", connector).unwrap();
    let secret = || server.control().secret(TARGET, "connectors", &id, "apiKey");
    assert_eq!(secret().as_deref(), Some("typed"));
    assert_eq!(server.file(TARGET, "connectors/sendgrid.json")["configuration"]["apiKey"], "PLACEHOLDER_VALUE");
    server.control().remove_file(TARGET, "connectors/sendgrid.json").unwrap();
    assert_eq!(secret(), None);
}

#[test]
fn a_reset_puts_everything_back() {
    let server = Server::two();
    let before = server.export(PROJECT);
    server.call(NAME, &json!({ "name": "changed" })).ok();
    server.call(CLONE, &json!({})).ok();
    server.control().remove_file(PROJECT, "lists.json").unwrap();
    control(&server, "POST", "faults", &json!({ "operation": "*", "action": "drop_before" })).ok();
    control(&server, "POST", "reset", &Value::Null).ok();
    assert_eq!(server.export(PROJECT), before);
    assert_eq!(server.control().projects().len(), 2);
    assert_eq!(server.control().projects()[0].name, "Example");
    assert!(server.control().faults().is_empty());
    assert_eq!(server.control().executions("clone").unwrap(), 0);
    assert_eq!(server.control().requests().len(), 1, "the export above");
}

#[test]
fn a_name_that_points_here_does_not_open_the_control_routes() {
    let server = Server::two();
    for (host, status) in [
        ("evil.example:8080", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("", 403),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("LocalHost:8080", 200),
        ("emulator.localhost", 200),
    ] {
        let request = format!("GET /_emulator/ready HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let mut stream = TcpStream::connect(server.emulator.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host:?}: {answer}");
    }
}

#[test]
fn edits_at_the_same_time_are_all_kept() {
    let server = Server::two();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let control = server.control();
            scope.spawn(move || {
                for count in 0..50 {
                    control.put_file(PROJECT, &format!("own-{thread}-{count}.json"), json!({})).unwrap();
                }
            });
        }
    });
    let files = server.export(PROJECT);
    assert_eq!(files.keys().filter(|path| path.starts_with("own-")).count(), 200);
}

#[test]
fn a_page_in_a_browser_may_not_use_the_control_routes() {
    let server = Server::two();
    let answer = server.send("GET", "/_emulator/ready", &[("origin", "http://evil.example")], b"").unwrap();
    answer.refused(403, "EMULATOR403");
}
