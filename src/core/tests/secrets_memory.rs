//! What is left of a secret in this process's memory once everything that knew it is dropped.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

#[path = "memory/scan.rs"]
mod scan;
#[path = "memory/server.rs"]
mod server;

use std::collections::BTreeMap;

use bytes::Bytes;
use descope_projects_core::client::{Client, ClientOptions, ImportOptions, OptionValue, decode_options};
use descope_projects_core::secrets::Secret;
use descope_projects_core::snapshot::{Origin, Snapshot};
use scan::Canary;
use secrecy::zeroize::Zeroizing;
use server::{Server, json};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn fine(_: &[u8]) -> Zeroizing<Vec<u8>> {
    json(200, r#"{"projects": [], "files": {}, "ok": true}"#)
}

fn options(server: &Server) -> ClientOptions {
    ClientOptions {
        base_url: Some(format!("http://{}", server.address)),
        license_handshake: Some(false),
        ..ClientOptions::default()
    }
}

/// hyper writes a request's headers into a buffer of its own, one for each connection, which nobody but hyper could
/// overwrite: its last content stays until the allocator gives that memory to somebody else.
const OF_HYPER: usize = 1;

#[test]
fn a_key_is_gone_with_the_client() {
    let canary = Canary::new("K2");
    assert_eq!(canary.copies(), 0, "it is nowhere yet");
    let server = Server::start(1, fine);
    let client = Client::new("P2abc", Secret::new(canary.text()), &options(&server)).unwrap();
    let handle = client.project("P2other", None).unwrap();
    assert!(canary.copies() > 0, "the client knows it");
    let runtime = runtime();
    for _ in 0..5 {
        runtime.block_on(client.list_projects()).unwrap();
        runtime.block_on(handle.update_name("x")).unwrap();
    }
    drop((client, handle, runtime));
    let left = canary.copies();
    assert_eq!(server.end(), 10);
    assert!(left <= OF_HYPER, "{left}");
}

#[test]
fn a_key_that_was_never_sent_is_gone_to_the_last_copy() {
    let canary = Canary::new("K2");
    let options = ClientOptions { base_url: Some("http://127.0.0.1:1".to_owned()), ..ClientOptions::default() };
    for wrong in [false, true] {
        let key = if wrong { format!("{}\n", *Zeroizing::new(canary.text())) } else { canary.text() };
        let made = Client::new("P2abc", Secret::new(key), &options);
        assert_eq!(made.is_err(), wrong);
        if let Ok(client) = &made {
            let text = Zeroizing::new(format!("the server said {}", *Zeroizing::new(canary.text())));
            assert!(client.project("P2other", Some(Secret::new(canary.text()))).is_ok());
            assert!(client.with_management_key(Secret::new(canary.text())).is_ok());
            drop(text);
            assert!(canary.copies() > 0);
        }
        drop(made);
        assert_eq!(canary.copies(), 0, "wrong: {wrong}");
    }
}

#[test]
fn tokens_that_expire_do_not_pile_up() {
    let canaries: Vec<Canary> = (0..20).map(|_| Canary::new("K2")).collect();
    let server = Server::start(1, fine);
    let client = Client::new("P2abc", Secret::new("K2first"), &options(&server)).unwrap();
    let runtime = runtime();
    for canary in &canaries {
        let with_it = client.with_management_key(Secret::new(canary.text())).unwrap();
        runtime.block_on(with_it.list_projects()).unwrap();
    }
    let left: usize = canaries.iter().map(Canary::copies).sum();
    drop((client, runtime));
    server.end();
    assert!(left <= OF_HYPER, "{left}");
}

#[test]
fn a_secret_that_is_sent_along_is_gone_after_the_call() {
    let canary = Canary::new("quoted \"");
    let server = Server::start(1, fine);
    let client = Client::new("P2abc", Secret::new("K2abc"), &options(&server)).unwrap();
    let files =
        Snapshot::from_export(Bytes::from_static(br#"{"files": {"project.json": {}}}"#), Origin::Files).unwrap();
    let runtime = runtime();
    for fault in [false, true] {
        let secret = OptionValue::Map(vec![
            ("id".to_owned(), OptionValue::Text("CI1".to_owned())),
            ((if fault { "kind" } else { "type" }).to_owned(), OptionValue::Text("apiKey".to_owned())),
            ("value".to_owned(), OptionValue::Text(canary.text())),
        ]);
        // Long enough that what it is written into is outgrown.
        let another = ["id", "type", "value"].map(|name| (name.to_owned(), OptionValue::Text("x".repeat(300))));
        let list = OptionValue::List(vec![secret, OptionValue::Map(another.into())]);
        let group = OptionValue::Map(vec![("connectors".to_owned(), list)]);
        let given = OptionValue::Map(vec![("input_secrets".to_owned(), group)]);
        let decoded = decode_options::<ImportOptions>("validate_snapshot", given);
        assert_eq!(decoded.is_err(), fault);
        if let Ok(options) = &decoded {
            assert_eq!(canary.copies(), 1);
            let asked = runtime.block_on(client.own_project().validate_snapshot(&files, options));
            assert!(asked.unwrap().ok);
        }
        drop(decoded);
        assert_eq!(canary.copies(), 0, "fault: {fault}");
    }
    drop((client, runtime));
    assert_eq!(server.end(), 1);
}

#[test]
fn a_header_of_one_s_own_is_gone_with_the_client() {
    let header = Canary::new("");
    let server = Server::start(1, fine);
    let options = ClientOptions {
        headers: Some(BTreeMap::from([("X-Api-Key".to_owned(), Secret::new(header.text()))])),
        ..options(&server)
    };
    let client = Client::new("P2abc", Secret::new("K2abc"), &options).unwrap();
    drop(options);
    let runtime = runtime();
    runtime.block_on(client.list_projects()).unwrap();
    assert!(header.copies() > 0);
    drop((client, runtime));
    assert_eq!(server.end(), 1);
    let left = header.copies();
    assert!(left <= OF_HYPER, "{left}");
}
