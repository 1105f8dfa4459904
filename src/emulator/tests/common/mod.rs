//! A client of a few lines, so that the server is tested by something that is not ours: raw HTTP/1.1 over a socket.

#![allow(dead_code, unreachable_pub, reason = "each test file is a program of its own, and uses its part")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use descope_projects_emulator::seed::{Seed, SeedCompany, SeedKey, SeedProject, minimal};
use descope_projects_emulator::{Control, Emulator, EmulatorOptions, Fault, FaultAction, Normalise, Semantics};
use serde_json::{Value, json};

pub const LIST: &str = "/v1/mgmt/projects/list";
pub const NAME: &str = "/v1/mgmt/project/update/name";
pub const TAGS: &str = "/v1/mgmt/project/update/tags";
pub const CLONE: &str = "/v1/mgmt/project/clone";
pub const START_CLONE: &str = "/v1/mgmt/project/clone/async";
pub const DELETE: &str = "/v1/mgmt/project/delete";
pub const EXPORT: &str = "/v1/mgmt/project/export";
pub const IMPORT: &str = "/v1/mgmt/project/import";
pub const SNAPSHOT_EXPORT: &str = "/v1/mgmt/project/snapshot/export";
pub const SNAPSHOT_IMPORT: &str = "/v1/mgmt/project/snapshot/import";
pub const VALIDATE: &str = "/v1/mgmt/project/snapshot/validate";
pub const LICENSE: &str = "/v1/mgmt/license";

/// The project and key of [`minimal`], and a second project beside it.
pub const PROJECT: &str = "P2emulator000000000000000001";
pub const TARGET: &str = "P2emulator000000000000000002";
pub const KEY: &str = "K2emulator-company-wide";

pub type Files = BTreeMap<String, Value>;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether as much came as was announced.
    pub complete: bool,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The message of a failure with that status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> String {
        let body = self.json();
        assert_eq!((self.status, body["errorCode"].as_str()), (status, Some(code)), "{body}");
        assert!(body["errorDescription"].is_string(), "{body}");
        body["errorMessage"].as_str().unwrap().to_owned()
    }
}

pub struct Server {
    pub emulator: Emulator,
}

impl Server {
    pub fn start(options: EmulatorOptions) -> Self {
        Self { emulator: Emulator::start(options).unwrap() }
    }

    /// A company with two equal projects, each with ids of its own.
    pub fn two() -> Self {
        Self::two_with(Semantics::default())
    }

    pub fn two_with(semantics: Semantics) -> Self {
        Self::start(EmulatorOptions { seed: two(), semantics, ..EmulatorOptions::default() })
    }

    pub fn normalising(normalise: Normalise) -> Self {
        Self::start(EmulatorOptions { seed: two(), normalise, ..EmulatorOptions::default() })
    }

    /// Sets a fault for the next request of an operation.
    pub fn fail(&self, operation: &str, action: FaultAction) -> u64 {
        self.control().fail(Fault::new(operation, action)).unwrap()
    }

    /// A call of which the connection may end early.
    pub fn attempt(&self, path: &str, body: &Value) -> io::Result<Answer> {
        let (name, value) = Self::authorization();
        self.send("POST", path, &[(name, &value)], body.to_string().as_bytes())
    }

    pub fn executions(&self, operation: &str) -> u64 {
        self.control().executions(operation).unwrap()
    }

    pub fn control(&self) -> &Control {
        self.emulator.control()
    }

    /// A call with the company-wide key, on the first project.
    pub fn call(&self, path: &str, body: &Value) -> Answer {
        self.on(PROJECT, path, body)
    }

    /// A call with the company-wide key, on any project.
    pub fn on(&self, project: &str, path: &str, body: &Value) -> Answer {
        self.bearer(&format!("{project}:{KEY}"), path, body)
    }

    pub fn bearer(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("authorization", &format!("Bearer {token}"))], body.to_string().as_bytes()).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[("authorization", &format!("Bearer {PROJECT}:{KEY}"))], b"").unwrap()
    }

    /// The authorization of [`Server::call`], for [`Server::send`].
    pub fn authorization() -> (&'static str, String) {
        ("authorization", format!("Bearer {PROJECT}:{KEY}"))
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        exchange(self.emulator.address(), method, path, headers, body)
    }

    pub fn export(&self, project: &str) -> Files {
        let answer = self.on(project, SNAPSHOT_EXPORT, &json!({})).ok();
        serde_json::from_value(answer["files"].clone()).unwrap()
    }

    /// One file as an export shows it.
    pub fn file(&self, project: &str, path: &str) -> Value {
        self.export(project).remove(path).unwrap_or(Value::Null)
    }
}

/// One request on a connection of its own. No answer at all is an error.
pub fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    let mut stream = open(address, method, path, headers, body)?;
    let mut bytes = Vec::new();
    // A reset after the answer takes nothing away from it.
    let _ = stream.read_to_end(&mut bytes);
    parse(&bytes)
}

/// Sends one request and leaves the answer unread.
pub fn open(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    Ok(stream)
}

fn parse(bytes: &[u8]) -> io::Result<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no answer"))?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let find = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let (body, complete) = match find("content-length") {
        Some(length) => (rest.to_vec(), rest.len() == length.parse::<usize>().unwrap()),
        None => chunks(rest),
    };
    Ok(Answer { status, headers, body, complete })
}

fn chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).unwrap();
        rest = &rest[end + 2..];
        if length == 0 {
            return (body, true);
        }
        body.extend_from_slice(&rest[..length]);
        rest = &rest[length + 2..];
    }
    (body, false)
}

/// [`minimal`], and the same project once more under other ids and another name.
pub fn two() -> Seed {
    let mut seed = minimal();
    let text = serde_json::to_string(&seed.companies[0].projects[0]).unwrap();
    let mut text = text.replace("example-sendgrid-", "second-sendgrid-").replace("example-google-", "second-google-");
    for prefix in ["CI", "ROL", "PER", "JT"] {
        text = text.replace(&format!("{prefix}2emulator"), &format!("{prefix}2secondary"));
    }
    let mut second: SeedProject = serde_json::from_str(&text).unwrap();
    TARGET.clone_into(&mut second.id);
    "Second".clone_into(&mut second.name);
    seed.companies[0].projects.push(second);
    seed
}

/// Long enough for a busy machine; nothing waits so long unless it has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Returns as soon as something has happened that nothing can wait for.
pub fn eventually(happened: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "it did not happen");
        std::thread::yield_now();
    }
}

/// A second company, with one key and a copy of the project under that id.
pub fn company(name: &str, tier: &str, key: SeedKey, project: &str) -> SeedCompany {
    let mut copy = minimal().companies.remove(0).projects.remove(0);
    project.clone_into(&mut copy.id);
    SeedCompany { name: name.to_owned(), tier: tier.to_owned(), keys: vec![key], projects: vec![copy] }
}

pub fn key(value: &str) -> SeedKey {
    SeedKey { key: value.to_owned(), projects: None, read_only: false }
}
