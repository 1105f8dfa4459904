//! The server itself: starting, stopping, HTTP, limits, and input that no client sends.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::Duration;

use common::{
    CLONE, IMPORT, KEY, LICENSE, LIST, NAME, PROJECT, SNAPSHOT_EXPORT, SNAPSHOT_IMPORT, Server, VALIDATE, company, key,
};
use descope_projects_core::wire::CALLS;
use descope_projects_emulator::seed::{Seed, SeedKey, SeedSecret, minimal};
use descope_projects_emulator::{
    Emulator, EmulatorOptions, Fault, FaultAction, FaultStatus, RateLimit, RetryAfterForm,
};
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use serde_json::json;

#[test]
fn it_listens_where_it_says_and_not_once_it_is_stopped() {
    let emulator = Emulator::start(EmulatorOptions::default()).unwrap();
    let address = emulator.address();
    assert!(address.ip().is_loopback());
    TcpStream::connect(address).unwrap();
    drop(emulator);
    TcpStream::connect(address).unwrap_err();
}

#[test]
fn it_starts_and_stops_inside_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let server = Server::two();
        server.call(LIST, &json!({})).ok();
        server.emulator.stop();
    });
}

#[test]
fn other_machines_reach_it_only_if_that_is_allowed() {
    let host = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let refused = Emulator::start(EmulatorOptions { host, ..EmulatorOptions::default() }).err().unwrap();
    assert!(refused.to_string().contains("0.0.0.0"), "{refused}");
    Emulator::start(EmulatorOptions { host, allow_remote: true, ..EmulatorOptions::default() }).unwrap();
}

#[test]
fn a_taken_port_is_named() {
    let first = Emulator::start(EmulatorOptions::default()).unwrap();
    let port = first.address().port();
    let error = Emulator::start(EmulatorOptions { port, ..EmulatorOptions::default() }).err().unwrap();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

/// Long enough for a busy machine; nothing waits so long unless it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A part of the sentence, and what is wrong.
type Wrong = (&'static str, fn(&mut Seed));

#[test]
fn a_wrong_seed_is_refused_with_a_sentence() {
    let wrong: [Wrong; 9] = [
        ("did you mean \"enterprise\"", |seed| seed.companies[0].tier = "enterprize".to_owned()),
        ("two projects", |seed| seed.companies.push(company("x", "pro", key("Kx"), PROJECT))),
        ("another key equals", |seed| seed.companies[0].keys.push(key(KEY))),
        ("starts with K", |seed| seed.companies[0].keys.push(key("x"))),
        ("bound to", |seed| {
            let projects = Some(vec!["P1".to_owned()]);
            seed.companies[0].keys.push(SeedKey { key: "Kx".to_owned(), projects, read_only: false });
        }),
        ("\"staging\"", |seed| seed.companies[0].projects[0].environment = Some("staging".to_owned())),
        ("project.json", |seed| drop(seed.companies[0].projects[0].files.remove("project.json"))),
        ("no placeholder", |seed| {
            let (group, id, kind) = ("connectors".to_owned(), "CI1".to_owned(), "apiKey".to_owned());
            let secret = SeedSecret { group, id, kind, value: "x".to_owned() };
            seed.companies[0].projects[0].secrets.push(secret);
        }),
        ("no company", |seed| seed.companies.clear()),
    ];
    for (part, change) in wrong {
        let mut seed = minimal();
        change(&mut seed);
        let error = Emulator::start(EmulatorOptions { seed, ..EmulatorOptions::default() }).err().unwrap();
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn every_answer_has_a_correlation_id_of_its_own() {
    let server = Server::two();
    let answers = [
        server.call(LIST, &json!({})),
        server.call(LIST, &json!({})),
        server.bearer("x", LIST, &json!({})),
        server.get("/v1/nothing"),
    ];
    let mut rays: Vec<&str> = answers.iter().map(|answer| answer.header("cf-ray").unwrap()).collect();
    assert_eq!(server.control().requests()[0].ray, rays[0]);
    rays.sort_unstable();
    rays.dedup();
    assert_eq!(rays.len(), 4);
}

#[test]
fn an_unknown_route_is_named() {
    let server = Server::two();
    let message = server.call("/v1/mgmt/user/create", &json!({})).refused(501, "EMULATOR501");
    assert!(message.contains("POST /v1/mgmt/user/create"), "{message}");
    let message = server.get(LIST).refused(501, "EMULATOR501");
    assert!(message.contains(&format!("GET {LIST}")), "{message}");
    let recorded = server.control().requests();
    assert_eq!((recorded[0].operation.as_deref(), recorded[0].status), (None, Some(501)));
    server.control().fail(Fault::new("*", FaultAction::Status(FaultStatus::new(503)))).unwrap();
    assert_eq!(server.call("/v1/mgmt/user/create", &json!({})).status, 503);
}

#[test]
fn bodies_are_compressed_both_ways() {
    let server = Server::two();
    let mut body = Vec::new();
    GzEncoder::new(&br#"{"name": "zipped"}"#[..], Compression::default()).read_to_end(&mut body).unwrap();
    let (name, value) = Server::authorization();
    server.send("POST", NAME, &[(name, &value), ("content-encoding", "gzip")], &body).unwrap().ok();
    assert_eq!(server.control().projects()[0].name, "zipped");
    let answer = server.send("POST", SNAPSHOT_EXPORT, &[(name, &value), ("accept-encoding", "gzip")], b"{}").unwrap();
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), json!({ "files": server.export(PROJECT) }));
    assert_eq!(server.call(SNAPSHOT_EXPORT, &json!({})).header("content-encoding"), None);
}

#[test]
fn a_body_beyond_the_limit_is_refused_however_small_it_came() {
    let server = Server::start(EmulatorOptions { body_limit: 1_000_000, ..EmulatorOptions::default() });
    let (name, value) = Server::authorization();
    let large = format!(r#"{{"name": "{}"}}"#, "x".repeat(1_000_000));
    let mut packed = Vec::new();
    GzEncoder::new(large.as_bytes(), Compression::default()).read_to_end(&mut packed).unwrap();
    assert!(packed.len() < 10_000);
    let answer = server.send("POST", NAME, &[(name, &value), ("content-encoding", "gzip")], &packed).unwrap();
    assert!(answer.refused(413, "EMULATOR413").contains("1000000"));
    assert_eq!(server.control().requests()[0].status, Some(413));
}

fn limited(licensed_requests: Option<u32>, retry_after_form: RetryAfterForm) -> Server {
    let per = Duration::from_secs(3600);
    let rate_limit = Some(RateLimit { requests: 2, per, licensed_requests, retry_after_form });
    Server::start(EmulatorOptions { rate_limit, ..EmulatorOptions::default() })
}

#[test]
fn too_many_requests_are_told_when_to_come_back() {
    let server = limited(None, RetryAfterForm::Seconds);
    server.call(LIST, &json!({})).ok();
    server.bearer("x", LIST, &json!({})).refused(401, "E011007");
    let answer = server.call(LIST, &json!({}));
    answer.refused(429, "E130429");
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((3000..=3600).contains(&seconds), "{seconds}");
    assert_eq!(server.control().executions("list_projects").unwrap(), 1);
    server.control().reset().unwrap();
    server.call(LIST, &json!({})).ok();
}

#[test]
fn the_time_to_come_back_can_be_a_date() {
    let server = limited(None, RetryAfterForm::Date);
    server.call(LIST, &json!({})).ok();
    server.call(LIST, &json!({})).ok();
    let answer = server.call(LIST, &json!({}));
    let date = answer.header("retry-after").unwrap();
    assert!(date.ends_with(" GMT") && date.contains(", "), "{date}");
}

#[test]
fn the_right_licence_has_a_limit_of_its_own() {
    let server = limited(Some(4), RetryAfterForm::Seconds);
    let (name, value) = Server::authorization();
    let with =
        |licence| server.send("GET", LICENSE, &[(name, &value), ("x-descope-license", licence)], b"").unwrap().status;
    let licensed: Vec<u16> = (0..5).map(|_| with("tier4")).collect();
    assert_eq!(licensed, [200, 200, 200, 200, 429]);
    let wrong: Vec<u16> = (0..3).map(|_| with("free")).collect();
    assert_eq!(wrong, [200, 200, 429]);
}

#[test]
fn http2_is_spoken_where_the_client_begins_it() {
    let server = Server::two();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (address, control) = (server.emulator.address(), server.control().clone());
    let status = runtime.block_on(async move {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let io = hyper_util::rt::TokioIo::new(stream);
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
        let mut connection = tokio::spawn(connection);
        let (name, value) = Server::authorization();
        let request = || {
            let request = http::Request::post(format!("http://{address}{LIST}")).header(name, &value);
            request.body(http_body_util::Full::new(bytes::Bytes::from_static(b"{}"))).unwrap()
        };
        let status = sender.send_request(request()).await.unwrap().status();
        control.fail(Fault::new("*", FaultAction::DropAfter)).unwrap();
        sender.send_request(request()).await.unwrap_err();
        // Nothing but the server ends it: the sender is still here.
        let _ = tokio::time::timeout(PATIENCE, &mut connection).await.expect("the connection was not closed");
        drop(sender);
        status
    });
    assert_eq!(status, 200);
    assert_eq!(server.control().executions("list_projects").unwrap(), 2);
    assert_eq!(server.control().requests()[0].http_version, "HTTP/2.0");
}

#[test]
fn no_input_makes_it_fail() {
    let server = Server::two();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_file = format!(r#"{{"files": {{"project.json": {{"a": {deep}}}}}}}"#);
    let bodies: Vec<Vec<u8>> = [
        "", " ", "{", "null", "[]", "1", "\"x\"", "{\"files\": null}", "{\"files\": {\"project.json\": 1}}",
        "{\"files\": {\"\": {}, \"/\": {}, \".\": {}, \"a/../b.json\": {}}}",
        "{\"files\": {\"project.json\": {}, \"roles.json\": {\"roles\": 1}, \"connectors/a.json\": {\"id\": 1}}}",
        "{\"files\": {\"project.json\": {}, \"flows/flows.json\": {\"flows\": [1, null]}, \"flows//x\": {}, \"flows/x\": {}}}",
        "{\"files\": {\"project.json\": {\"externalAuthConfig\": []}, \"outboundapps.json\": {\"outboundApps\": [1]}}}",
        "{\"files\": {\"project.json\": {}, \"auth/oauth.json\": {\"providerSettings\": []}, \"assets/assets.json\": {\"a\": 1}}}",
        "{\"files\": {\"project.json\": {}, \"connectors/connectors.json\": {\"connectors\": {}}}}",
        "{\"name\": \"\\u0000\", \"tags\": [null], \"environment\": {}}",
        "{\"files\": {\"project.json\": {}}, \"inputSecrets\": {\"connectors\": [[], {}, 1]}}",
        &deep, &deep_file,
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([vec![0xff, 0xfe, 0x00], b"{\"name\": \"\xff\"}".to_vec()])
    .collect();
    let (name, value) = Server::authorization();
    for row in CALLS {
        // The first project must outlive the test.
        if row.name == "delete" {
            continue;
        }
        let path = row.path.replace("{processId}", "%00%ff");
        for body in &bodies {
            let answer = server.send(row.method.as_str(), &path, &[(name, &value)], body).unwrap();
            assert!(
                answer.status < 500,
                "{row}: {:?}: {answer:?}",
                String::from_utf8_lossy(&body[..body.len().min(200)])
            );
            if answer.status != 200 {
                assert!(answer.json()["errorCode"].is_string(), "{row}: {answer:?}");
            }
        }
    }
}

#[test]
fn broken_requests_end_only_their_own_connection() {
    let server = Server::two();
    for bytes in [
        &b"\x00\x01\x02\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"POST /v1/mgmt/projects/list HTTP/1.1\r\ncontent-length: 9\r\n\r\nx",
    ] {
        let mut stream = TcpStream::connect(server.emulator.address()).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let (name, value) = Server::authorization();
    let garbled = server.send("POST", NAME, &[(name, &value), ("content-encoding", "gzip")], b"not gzip").unwrap();
    garbled.refused(400, "E011001");
    let unknown = server.send("POST", NAME, &[(name, &value), ("content-encoding", "x-own")], b"{}").unwrap();
    assert_eq!(unknown.status, 415);
    server.call(LIST, &json!({})).ok();
}

#[test]
fn many_clients_at_once_are_all_served() {
    let server = Server::two();
    let files = server.export(PROJECT);
    std::thread::scope(|scope| {
        for path in [CLONE, LIST, SNAPSHOT_EXPORT, VALIDATE, CLONE, LIST, SNAPSHOT_EXPORT, VALIDATE] {
            let (server, files) = (&server, &files);
            scope.spawn(move || {
                for _ in 0..5 {
                    server.call(path, &json!({ "files": files })).ok();
                }
            });
        }
    });
    assert_eq!(server.control().projects().len(), 12);
    let writes = |path| server.call(path, &json!({ "files": files })).ok();
    writes(IMPORT);
    writes(SNAPSHOT_IMPORT);
}
