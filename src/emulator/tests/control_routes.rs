//! The control routes as curl has them: what there is, and what a wrong request is told.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use common::{Answer, CLONE, LIST, PROJECT, Server, TARGET, two};
use descope_projects_emulator::control::routes::{ROUTES, markdown};
use descope_projects_emulator::{EmulatorOptions, Fault, FaultAction};
use serde_json::{Value, json};

fn control(server: &Server, method: &str, path: &str, body: &str) -> Answer {
    server.send(method, &format!("/_emulator{path}"), &[], body.as_bytes()).unwrap()
}

/// A request that each route answers with success.
fn right(method: &str, path: &str) -> (String, &'static str) {
    let body = match (method, path) {
        ("PUT", _) | ("POST", "/settings") => "{}",
        ("POST", "/faults") => r#"{"operation": "clone", "action": "hold"}"#,
        ("POST", "/faults/{id}/wait") => r#"{"seconds": 0}"#,
        _ => "",
    };
    let id = if path.starts_with("/faults") { "1" } else { TARGET };
    (path.replace("{id}", id).replace("{*path}", "own/file.json"), body)
}

#[test]
fn every_route_of_the_list_is_there() {
    let server = Server::two();
    let listed = control(&server, "GET", "", "").ok()["routes"].clone();
    assert_eq!(listed.as_array().unwrap().len(), ROUTES.len());
    server.control().fail(Fault::new("delete", FaultAction::Hold)).unwrap();
    // What takes away what the others ask for comes after them.
    let turn = |method: &str, path: &str| if path == "/reset" { 2 } else { usize::from(method == "DELETE") };
    for now in 0..3 {
        for (index, route) in ROUTES.iter().enumerate().filter(|(_, route)| turn(route.method, route.path) == now) {
            let full = format!("/_emulator{}", route.path.trim_end_matches('/'));
            assert_eq!((&listed[index]["method"], &listed[index]["path"]), (&json!(route.method), &json!(full)));
            let (path, body) = right(route.method, route.path);
            let answer = control(&server, route.method, path.trim_end_matches('/'), body);
            assert_eq!(answer.status, 200, "{} {path}: {answer:?}", route.method);
        }
    }
}

#[test]
fn the_page_has_the_routes_as_they_are() {
    let page = include_str!("../../../docs/emulator.md");
    assert!(page.contains(&markdown()), "docs/emulator.md should have this table:\n{}", markdown());
}

#[test]
fn another_method_is_told_which_there_are() {
    let server = Server::two();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
        for route in ROUTES {
            let there: Vec<_> =
                ROUTES.iter().filter(|other| other.path == route.path).map(|other| other.method).collect();
            if there.contains(&method) {
                continue;
            }
            let (path, _) = right(route.method, route.path);
            let answer = control(&server, method, path.trim_end_matches('/'), "");
            let message = answer.refused(405, "EMULATOR405");
            assert_eq!(answer.header("allow"), Some(there.join(", ").as_str()), "{method} {path}");
            assert!(message.ends_with(&format!("; there is {}", there.join(", "))), "{method} {path}: {message}");
        }
    }
    assert_eq!(server.export(TARGET).keys().filter(|path| path.starts_with("own")).count(), 0, "it was written");
}

#[test]
fn another_path_is_told_the_nearest() {
    let server = Server::two();
    for (path, hint) in [
        ("/fault", "did you mean /_emulator/faults?"),
        ("/faults/", "did you mean /_emulator/faults?"),
        ("/request", "did you mean /_emulator/requests?"),
        ("/excutions", "did you mean /_emulator/executions?"),
        ("/RESET", "did you mean /_emulator/reset?"),
        ("/shutdown", "GET /_emulator lists them"),
        ("/faults/1/release/now", ""),
        ("/projects/P2/files/", ""),
        ("//ready", ""),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let message = control(&server, method, path, "").refused(404, "EMULATOR404");
            let begin = format!("there is no control route {method} /_emulator{path}; ");
            assert!(message.starts_with(&begin) && message.ends_with(hint), "{message}");
        }
    }
    // What only begins alike is the API's.
    control(&server, "GET", "x", "").refused(501, "EMULATOR501");
    let message = control(&server, "GET", "/", "").refused(501, "EMULATOR501");
    assert!(message.ends_with("; it has GET /_emulator"), "{message}");
}

#[test]
fn a_body_that_cannot_be_read_is_explained() {
    let server = Server::two();
    let file = format!("/projects/{TARGET}/files/own.json");
    for (body, part) in [
        ("", "the body is empty; expected JSON"),
        (" \n", "the body is empty; expected JSON"),
        ("{", "the body is no JSON: EOF"),
        ("operation=clone", "the body is no JSON: expected value at line 1 column 1"),
        ("{} {}", "the body is no JSON: trailing characters at line 1 column 4"),
        ("\u{feff}{}", "the body is no JSON"),
    ] {
        for (method, path) in [("POST", "/faults"), ("PUT", file.as_str())] {
            let message = control(&server, method, path, body).refused(400, "EMULATOR400");
            assert!(message.starts_with(part), "{body:?}: {message}");
        }
    }
    let not_text = server.send("POST", "/_emulator/faults", &[], b"{\"operation\": \"\xff\"}").unwrap();
    assert!(not_text.refused(400, "EMULATOR400").starts_with("the body is no JSON"));
    for (path, body, part) in [
        ("/reset", r#"{"seed": "acme"}"#, "reset: there is no field \"seed\"; it takes none"),
        ("/reset", "[]", "reset: expected an object"),
        ("/faults/1/wait", r#"{"second": 1}"#, "did you mean \"seconds\"?"),
        ("/faults/1/wait", r#"{"seconds": "1"}"#, "seconds: expected a number of seconds"),
        ("/faults/1/wait", r#"{"seconds": -1}"#, "seconds: expected a number of seconds"),
        ("/faults/1/wait", r#"{"seconds": true}"#, "seconds: expected a number of seconds"),
        ("/faults/x/wait", "", "a fault's id is a number, not \"x\""),
        ("/faults/-1/release", "", "a fault's id is a number, not \"-1\""),
    ] {
        let message = control(&server, "POST", path, body).refused(400, "EMULATOR400");
        assert!(message.contains(part), "{path} {body}: {message}");
    }
    for path in ["/faults/1/wait", "/faults/7/release"] {
        control(&server, "POST", path, "").refused(404, "EMULATOR404");
    }
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    let options = EmulatorOptions { seed: two(), body_limit: 1000, ..EmulatorOptions::default() };
    let server = Server::start(options);
    let body = json!({ "padding": "x".repeat(2000) }).to_string();
    for (method, path) in
        [("POST", "/faults"), ("POST", "/reset"), ("PUT", &*format!("/projects/{TARGET}/files/a.json"))]
    {
        let message = control(&server, method, path, &body).refused(413, "EMULATOR413");
        assert_eq!(message, "the emulator takes 1000 bytes at most");
    }
}

#[test]
fn wrong_paths_of_files_are_explained() {
    let server = Server::two();
    let files = |project: &str, path: &str| format!("/projects/{project}/files{path}");
    for path in ["/a/../b.json", "/./a.json", "/a//b.json", "/a%5cb.json", "/a%00.json"] {
        let message = control(&server, "PUT", &files(TARGET, path), "{}").refused(400, "EMULATOR400");
        assert!(message.contains("is not a relative path"), "{path}: {message}");
    }
    let near = PROJECT.replace("001", "01");
    for (method, path) in [("GET", ""), ("PUT", "/a.json"), ("DELETE", "/project.json")] {
        let message = control(&server, method, &files(&near, path), "{}").refused(404, "EMULATOR404");
        assert!(message.starts_with(&format!("there is no project {near:?}; did you mean ")), "{message}");
    }
    // A percent sign in a path is what it stands for.
    control(&server, "PUT", &files(TARGET, "/own%20file.json"), "{}").ok();
    assert!(server.export(TARGET).contains_key("own file.json"));
}

#[test]
fn a_wait_ends_when_something_is_held() {
    let server = Server::two();
    let held = r#"{"operation": "clone", "action": "hold"}"#;
    let id = control(&server, "POST", "/faults", held).ok()["id"].clone();
    let wait = |body: &str| control(&server, "POST", &format!("/faults/{id}/wait"), body).ok();
    assert_eq!(wait(r#"{"seconds": 0}"#), json!({ "held": false }));
    std::thread::scope(|scope| {
        let cloning = scope.spawn(|| server.call(CLONE, &json!({})));
        assert_eq!(wait(""), json!({ "held": true }));
        control(&server, "POST", &format!("/faults/{id}/release"), "").ok();
        cloning.join().unwrap().ok();
    });
}

#[test]
fn records_can_be_forgotten() {
    let server = Server::two();
    server.call(LIST, &json!({})).ok();
    control(&server, "DELETE", "/requests", "").ok();
    assert_eq!(control(&server, "GET", "/requests", "").ok()["requests"], json!([]));
    assert_eq!(control(&server, "GET", "/executions", "").ok()["executions"], json!({}));
    assert_eq!(server.control().projects().len(), 2);
}

#[test]
fn every_route_is_for_programs_on_this_machine() {
    let server = Server::two();
    for route in ROUTES {
        let (path, body) = right(route.method, route.path);
        let path = format!("/_emulator{}", path.trim_end_matches('/'));
        for (name, value) in [("origin", "http://localhost:3000"), ("origin", "null")] {
            let answer = server.send(route.method, &path, &[(name, value)], body.as_bytes()).unwrap();
            answer.refused(403, "EMULATOR403");
        }
        let request = format!(
            "{} {path} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            route.method,
            body.len()
        );
        let mut stream = TcpStream::connect(server.emulator.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403"), "{path}: {answer}");
        assert!(!answer.contains("K2emulator"), "{answer}");
    }
    assert_eq!(server.control().faults(), []);
    assert_ne!(control(&server, "GET", "/ready", "").ok(), Value::Null);
}
