//! The hot paths, one at a time, so often: for `benches/instructions.py`, which counts their instructions.
//!
//! `paths PATH TIMES EXPORT FOLDER`: EXPORT is the file of an export's body, FOLDER an empty folder. All on one thread.

use std::error::Error;
use std::path::{Path, PathBuf};

use descope_projects_core::client::{Client, ClientOptions};
use descope_projects_core::secrets::Secret;
use descope_projects_core::snapshot::{Origin, Snapshot, WriteOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

const LICENSE: &str = r#"{"rateLimitTier":"bench"}"#;
const PROJECTS: &str = r#"{"projects":[{"id":"P2bbbbbbbbbbbbbbbbbbbbbbbbb0","name":"dev","environment":"","tags":["shop"]},{"id":"P2bbbbbbbbbbbbbbbbbbbbbbbbb1","name":"staging","environment":"","tags":["shop"]}]}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = move |name: &str| arguments.next().ok_or_else(|| format!("missing: {name}"));
    let path = argument("PATH")?;
    let times: usize = argument("TIMES")?.parse()?;
    let export = PathBuf::from(argument("EXPORT")?);
    let folder = PathBuf::from(argument("FOLDER")?);
    match path.as_str() {
        "request" => request(times),
        "export scan" => scan(times, &export),
        "digest" => digest(times, &export),
        "directory write" => write(times, &export, &folder),
        "directory read" => read(times, &export, &folder),
        _ => Err(format!("no such path: {path}").into()),
    }
}

/// A warm call as the sync face makes it. The server is a task of the same thread: who runs when is always the same,
/// and its few instructions are always the same.
fn request(times: usize) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let base_url = Some(format!("http://{}", listener.local_addr()?));
    runtime.spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(answer(connection));
        }
    });
    let options = ClientOptions { base_url, ..ClientOptions::default() };
    let client = Client::new("P2benchmark", Secret::new("K2benchmark"), &options)?;
    for _ in 0..times {
        let listed = runtime.block_on(client.list_projects())?;
        if listed.len() != 2 {
            return Err("the list is not what was sent".into());
        }
    }
    Ok(())
}

/// Answers what comes over one connection; its requests are small enough to arrive whole.
async fn answer(mut connection: TcpStream) -> std::io::Result<()> {
    let mut request = vec![0; 4096];
    loop {
        let received = connection.read(&mut request).await?;
        if received == 0 {
            return Ok(());
        }
        let body = if request.starts_with(b"POST /v1/mgmt/projects/list") { PROJECTS } else { LICENSE };
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        connection.write_all(format!("{head}{body}").as_bytes()).await?;
    }
}

fn received(export: &Path) -> Result<Snapshot, Box<dyn Error>> {
    Ok(Snapshot::from_export(std::fs::read(export)?.into(), Origin::SnapshotExport)?)
}

fn scan(times: usize, export: &Path) -> Result<(), Box<dyn Error>> {
    let body = bytes::Bytes::from(std::fs::read(export)?);
    for _ in 0..times {
        std::hint::black_box(Snapshot::from_export(body.clone(), Origin::SnapshotExport)?);
    }
    Ok(())
}

fn digest(times: usize, export: &Path) -> Result<(), Box<dyn Error>> {
    let snapshot = received(export)?;
    for _ in 0..times {
        // A new value, for a digest is computed once.
        std::hint::black_box(snapshot.as_part().digest()?);
    }
    Ok(())
}

fn write(times: usize, export: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let snapshot = received(export)?;
    for number in 0..times {
        snapshot.write(&folder.join(format!("written-{number}")), &WriteOptions::default())?;
    }
    Ok(())
}

fn read(times: usize, export: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let snapshot = received(export)?;
    let folder = folder.join("read");
    snapshot.write(&folder, &WriteOptions::default())?;
    for _ in 0..times {
        let again = Snapshot::read(&folder)?;
        if again.len() != snapshot.len() {
            return Err("what was read is not what was written".into());
        }
    }
    Ok(())
}
