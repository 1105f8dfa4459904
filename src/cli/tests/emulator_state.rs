//! `emulator --state` and the end of its process: by SIGKILL under load, on a full disk, and as always.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use descope_projects_emulator::seed::minimal;
use descope_projects_emulator::{Emulator, EmulatorError, EmulatorOptions, StateError};
use serde_json::{Value, json};
use support::{Ran, bare, run_bare, signal, text};

const KEY: &str = "K2emulator-company-wide";
const BASE: &str = "P2emulator000000000000000001";
const THREADS: usize = 6;

/// A running `emulator --state`.
struct Server {
    child: Child,
    address: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Server {
    fn start(directory: &Path, more: &[&str]) -> Self {
        let arguments = ["emulator", "--json", "--state", text(directory)];
        Self::of(bare(&[&arguments[..], more].concat()))
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            panic!("it did not start: {text}")
        });
        let address = ready["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        Self { child, address, stderr }
    }

    /// Ends it as nothing can prevent.
    fn kill(self) {
        drop(self);
    }

    /// Ends it as Ctrl-C does; what it said on stderr.
    fn stop(mut self) -> String {
        signal(&self.child, "INT");
        self.child.wait().unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Server {
    /// A test that fails leaves none behind.
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status and the body, or nothing if the connection ended before the answer did.
fn call(address: &str, method: &str, path: &str, project: &str, body: &Value) -> Option<(u16, Value)> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "{method} /v1/mgmt/{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {project}:{KEY}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    (body.len() == length).then(|| (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap()))
}

/// A call that must succeed, on a server that lives.
fn ok(address: &str, path: &str, project: &str, body: &Value) -> Value {
    let method = if path.starts_with("project/clone/async/") { "GET" } else { "POST" };
    let (status, body) = call(address, method, path, project, body).unwrap();
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// What a project is: its name, its tags, and a mark that an import writes into two files at once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    name: String,
    tags: Vec<String>,
    mark: String,
}

/// What was begun and not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Begun {
    Make(Known),
    Change(String, Known),
    Delete(String),
    Status(Known),
}

/// What one thread knows.
#[derive(Default)]
struct Ledger {
    projects: BTreeMap<String, Known>,
    /// Started clones, and what each makes.
    processes: BTreeMap<String, Known>,
    deleted: BTreeSet<String>,
    begun: Option<Begun>,
}

/// One thread's writes, until the server is gone.
struct Writer<'test> {
    address: &'test str,
    acknowledged: Sender<()>,
    ledger: Ledger,
}

impl Writer<'_> {
    /// One acknowledged write, or the end.
    fn write(&mut self, begun: Begun, path: &str, project: &str, body: &Value) -> Option<Value> {
        self.ledger.begun = Some(begun);
        let method = if path.starts_with("project/clone/async/") { "GET" } else { "POST" };
        let (status, answer) = call(self.address, method, path, project, body)?;
        assert_eq!(status, 200, "{path}: {answer}");
        self.ledger.begun = None;
        let _ = self.acknowledged.send(());
        Some(answer)
    }

    fn change(&mut self, id: &str, known: Known, path: &str, body: &Value) -> Option<()> {
        self.write(Begun::Change(id.to_owned(), known.clone()), path, id, body)?;
        self.ledger.projects.insert(id.to_owned(), known);
        Some(())
    }

    fn round(&mut self, name: &str) -> Option<()> {
        let mut known = Known { name: name.to_owned(), tags: vec!["new".to_owned()], mark: String::new() };
        let body = json!({ "name": name, "tags": known.tags });
        let made = self.write(Begun::Make(known.clone()), "project/clone", BASE, &body)?;
        let id = made["projectId"].as_str().unwrap().to_owned();
        self.ledger.projects.insert(id.clone(), known.clone());
        known.tags = vec![format!("tag of {name}")];
        self.change(&id, known.clone(), "project/update/tags", &json!({ "tags": known.tags }))?;
        let (_, mut export) = call(self.address, "POST", "project/snapshot/export", &id, &json!({}))?;
        known.mark = format!("mark of {name}");
        export["files"]["first.json"] = json!({ "mark": known.mark, "weight": "x".repeat(20_000) });
        export["files"]["second.json"] = json!({ "mark": known.mark });
        self.change(&id, known.clone(), "project/snapshot/import", &export)?;
        known.name = format!("{name} renamed");
        self.change(&id, known.clone(), "project/update/name", &json!({ "name": known.name }))?;

        let later = Known { name: format!("{name} later"), tags: Vec::new(), mark: known.mark.clone() };
        let body = json!({ "name": later.name });
        // A started clone that is not acknowledged leaves nothing that a client could see.
        let begun = Begun::Change(id.clone(), known.clone());
        let started = self.write(begun, "project/clone/async", &id, &body)?;
        let process = started["processId"].as_str().unwrap().to_owned();
        self.ledger.processes.insert(format!("{id} {process}"), later.clone());
        for _ in 0..2 {
            let path = format!("project/clone/async/{process}");
            let status = self.write(Begun::Status(later.clone()), &path, &id, &json!({}))?;
            if let Some(made) = status["projectId"].as_str() {
                self.ledger.projects.insert(made.to_owned(), later.clone());
                self.ledger.processes.remove(&format!("{id} {process}"));
            }
        }
        self.write(Begun::Delete(id.clone()), "project/delete", &id, &json!({}))?;
        self.ledger.projects.remove(&id);
        self.ledger.deleted.insert(id);
        Some(())
    }
}

/// The projects that a server has, by id.
fn found(address: &str) -> BTreeMap<String, Known> {
    let listed = ok(address, "projects/list", BASE, &json!({}));
    let mut found = BTreeMap::new();
    for project in listed["projects"].as_array().unwrap().iter().filter(|project| project["id"] != BASE) {
        let id = project["id"].as_str().unwrap().to_owned();
        let files = ok(address, "project/export", &id, &json!({}))["files"].clone();
        let marks: Vec<_> = ["first.json", "second.json"].iter().map(|path| files[path]["mark"].clone()).collect();
        assert_eq!(marks[0], marks[1], "half an import in {project}");
        assert_eq!(files["connectors/sendgrid.json"]["configuration"]["apiKey"], "example-sendgrid-key", "{project}");
        let known = Known {
            name: project["name"].as_str().unwrap().to_owned(),
            tags: serde_json::from_value(project["tags"].clone()).unwrap(),
            mark: marks[0].as_str().unwrap_or_default().to_owned(),
        };
        found.insert(id, known);
    }
    found
}

/// Compares what is there with what was acknowledged, and takes over how the unacknowledged writes ended.
fn settle(address: &str, ledgers: &mut [Ledger]) {
    let mut found = found(address);
    for ledger in &mut *ledgers {
        let mut gone = None;
        for (id, known) in &mut ledger.projects {
            let now = found.remove(id);
            match &ledger.begun {
                Some(Begun::Delete(begun)) if begun == id && now.is_none() => gone = Some(id.clone()),
                Some(Begun::Change(begun, other)) if begun == id && now.as_ref() == Some(other) => {
                    known.clone_from(other);
                }
                _ => assert_eq!(now.as_ref(), Some(&*known), "{id}, {:?}", ledger.begun),
            }
        }
        if let Some(id) = gone {
            ledger.projects.remove(&id);
        }
        for id in &ledger.deleted {
            assert!(!found.contains_key(id), "{id} was deleted");
        }
    }
    // What is left was made by a write that nobody heard of: at most one of each thread, and whole.
    for ledger in &mut *ledgers {
        if let Some(Begun::Make(made) | Begun::Status(made)) = &ledger.begun {
            let id = found.iter().find(|(_, known)| *known == made).map(|(id, _)| id.clone());
            if let Some(id) = id {
                found.remove(&id);
                ledger.projects.insert(id, made.clone());
            }
        }
        ledger.begun = None;
    }
    assert_eq!(found, BTreeMap::new(), "nobody asked for these");
    for ledger in ledgers {
        for (place, later) in std::mem::take(&mut ledger.processes) {
            let (source, process) = place.split_once(' ').unwrap();
            let status = || ok(address, &format!("project/clone/async/{process}"), source, &json!({}));
            // It may have been deleted since: then its process is unreachable for the API's clients.
            if !ledger.projects.contains_key(source) {
                continue;
            }
            let made = (0..3).find_map(|_| status()["projectId"].as_str().map(str::to_owned));
            let made = made.unwrap_or_else(|| panic!("the started clone {process} is lost"));
            ledger.projects.insert(made, later);
        }
    }
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_it_is_killed_under_load() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let seed = directory.path().join("seed.json");
    fs::write(&seed, serde_json::to_vec(&minimal()).unwrap()).unwrap();
    let mut ledgers: Vec<Ledger> = (0..THREADS).map(|_| Ledger::default()).collect();
    for generation in 0..4 {
        let server = Server::start(&state, &["--seed", text(&seed)]);
        let address = server.address.clone();
        settle(&address, &mut ledgers);
        let (acknowledged, wait) = channel();
        ledgers = std::thread::scope(|scope| {
            let work = |(thread, ledger)| {
                let mut writer = Writer { address: &address, acknowledged: acknowledged.clone(), ledger };
                scope.spawn(move || {
                    let mut rounds = 0..;
                    while rounds
                        .next()
                        .and_then(|round| writer.round(&format!("{generation}-{thread}-{round}")))
                        .is_some()
                    {}
                    writer.ledger
                })
            };
            let threads: Vec<_> = ledgers.drain(..).enumerate().map(work).collect();
            // A number that is no multiple of the writes in a round: each time the end comes at another one.
            for _ in 0..(97 + 31 * generation) {
                wait.recv().unwrap();
            }
            server.kill();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
    }
    let server = Server::start(&state, &[]);
    settle(&server.address, &mut ledgers);
    assert!(ledgers.iter().map(|ledger| ledger.projects.len()).sum::<usize>() > 20, "hardly anything was written");
    server.stop();
}

#[test]
fn its_directory_is_free_as_soon_as_it_is_killed_and_not_before() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let options = || EmulatorOptions { state: Some(directory.path().to_owned()), ..EmulatorOptions::default() };
    let id = server.child.id();
    match Emulator::start(options()) {
        Err(EmulatorError::State(StateError::InUse { process_id, .. })) => assert_eq!(process_id, Some(id)),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two at once"),
    }
    let ran = run_bare(&["emulator", "--state", text(directory.path()), "--json"]);
    let document = ran.document();
    let message = document["error"]["message"].as_str().unwrap();
    assert_eq!((ran.status, document["error"]["kind"].as_str()), (64, Some("ConfigurationError")), "{message}");
    assert!(message.contains("--state") && message.contains(&format!("(process {id})")), "{message}");
    server.kill();
    assert!(Emulator::start(options()).unwrap().restored());
}

#[test]
fn a_seed_for_a_state_that_is_there_is_said_to_be_unused() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("new/state");
    let seed = directory.path().join("seed.json");
    fs::write(&seed, serde_json::to_vec(&minimal()).unwrap()).unwrap();
    let first = Server::start(&state, &["--seed", text(&seed)]);
    ok(&first.address, "project/update/name", BASE, &json!({ "name": "kept" }));
    assert_eq!(first.stop(), "");
    let second = Server::start(&state, &["--seed", text(&seed)]);
    assert_eq!(ok(&second.address, "projects/list", BASE, &json!({}))["projects"][0]["name"], "kept");
    let said = second.stop();
    assert!(said.starts_with(&format!("--seed {} is not used: ", seed.display())), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    // Without a seed, there is nothing to say.
    assert_eq!(Server::start(&state, &[]).stop(), "");
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_no_success_and_takes_nothing_away() {
    let directory = tempfile::tempdir().unwrap();
    let seed = directory.path().join("seed.json");
    fs::write(&seed, serde_json::to_vec(&minimal()).unwrap()).unwrap();
    let state = directory.path().join("state");
    // A limit on the size of files stands in for a disk that is full; its unit is 512 or 1024 bytes.
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_descope-projects");
    command.env_clear().args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$@\"", "sh", program, "emulator", "--json"]);
    command.args(["--seed", text(&seed), "--state", text(&state)]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let server = Server::of(command);
    let rename = |server: &Server, name: &str| {
        call(&server.address, "POST", "project/update/name", BASE, &json!({ "name": name })).unwrap()
    };
    let mut acknowledged = String::new();
    let refused = (0..1000).find_map(|count| {
        let name = format!("{count}{}", "x".repeat(1000));
        let (status, body) = rename(&server, &name);
        if status == 200 {
            acknowledged = name;
        }
        (status != 200).then_some((status, body))
    });
    let (status, body) = refused.unwrap();
    assert_eq!((status, body["errorCode"].as_str()), (507, Some("EMULATOR507")), "{body}");
    let message = body["errorMessage"].as_str().unwrap();
    assert!(message.contains(text(&state.join("state.journal"))) && message.contains("started again"), "{message}");
    assert_eq!(rename(&server, "later").0, 507);
    let listed =
        |server: &Server| ok(&server.address, "projects/list", BASE, &json!({}))["projects"][0]["name"].clone();
    assert_eq!(listed(&server), acknowledged.as_str());
    server.kill();
    let server = Server::start(&state, &[]);
    assert_eq!(listed(&server), acknowledged.as_str());
    assert_eq!(rename(&server, "room again").0, 200);
    server.stop();
}

#[test]
fn where_it_keeps_everything_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = bare(&["emulator", "--state", text(directory.path())]).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    signal(&child, "INT");
    let end = format!("keeps everything in {}, also after Ctrl-C.\n", directory.path().display());
    assert!(line.ends_with(&end), "{line}");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let ran = Ran { status: child.wait().unwrap().code().unwrap(), stdout: rest, stderr: String::new() };
    assert_eq!(ran.status, 0);
}
