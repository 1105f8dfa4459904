//! Folders and archives from whoever made them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::check_error;
use super::envelope::look;
use crate::snapshot::{Snapshot, WriteOptions};

const SECRETS: WriteOptions = WriteOptions { force: false, allow_secrets: true, durable: false };
const FORCE: WriteOptions = WriteOptions { force: true, ..SECRETS };
const STAGING: &str = ".descope-projects-staging";
const CANARY: &str = "OUTSIDE-CANARY";

/// What an input describes: records between zero bytes, `KIND PATH \n CONTENT`.
fn records(data: &[u8]) -> impl Iterator<Item = (u8, &str, &[u8])> {
    data.split(|byte| *byte == 0).take(48).filter_map(|record| {
        let (kind, record) = record.split_first()?;
        let line = record.iter().position(|byte| *byte == b'\n').unwrap_or(record.len());
        Some((*kind, std::str::from_utf8(&record[..line]).ok()?, record.get(line + 1..).unwrap_or_default()))
    })
}

/// A folder for one input: in memory where there is such a place, for there are thousands of them.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A place for one input: the folder itself, and one beside it that nothing may touch or look into.
struct Place {
    around: tempfile::TempDir,
    inside: PathBuf,
    outside: PathBuf,
}

impl Place {
    fn new() -> Self {
        let around = scratch();
        let (inside, outside) = (around.path().join("inside"), around.path().join("outside"));
        fs::create_dir(&inside).unwrap();
        fs::create_dir(&outside).unwrap();
        for name in ["project.json", "commit.json", ".descope-projects.json", "a.txt"] {
            fs::write(outside.join(name), format!("{{\"is\":\"{CANARY}\"}}")).unwrap();
        }
        Self { around, inside, outside }
    }

    fn check_outside(&self, before: &Tree) {
        assert_eq!(&tree(&self.outside), before, "what lies elsewhere was touched");
        let beside = fs::read_dir(self.around.path()).unwrap().count();
        assert_eq!(beside, 2, "something was put beside the folder");
    }

    /// Makes one record; one that cannot be made, or that would leave the place, makes nothing.
    fn make(&self, kind: u8, path: &str, content: &[u8]) -> Option<()> {
        let names: Vec<&str> = path.split('/').collect();
        if names.len() > 36 || names.iter().any(|name| matches!(*name, "" | "." | "..") || name.len() > 255) {
            return None;
        }
        let mut at = self.inside.clone();
        for folder in &names[..names.len() - 1] {
            at.push(folder);
            match at.symlink_metadata() {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return None,
                Err(_) => fs::create_dir(&at).ok()?,
            }
        }
        at.push(names.last()?);
        if at.symlink_metadata().is_ok() {
            return None;
        }
        match kind {
            b'f' => fs::write(&at, content).ok(),
            b'd' => fs::create_dir(&at).ok(),
            b'l' => self.link(&at, std::str::from_utf8(content).ok()?),
            #[cfg(unix)]
            b's' => std::os::unix::net::UnixListener::bind(&at).map(drop).ok(),
            _ => None,
        }
    }

    fn link(&self, at: &Path, target: &str) -> Option<()> {
        let target = match target.strip_prefix("OUTSIDE") {
            Some("") => self.outside.clone(),
            Some(rest) => self.outside.join(rest.trim_matches('/')),
            None if target == "/dev/zero" => target.into(),
            None => target.trim_start_matches('/').into(),
        };
        if target.components().any(|part| matches!(part, std::path::Component::ParentDir)) {
            return None;
        }
        #[cfg(unix)]
        return std::os::unix::fs::symlink(target, at).ok();
        #[cfg(not(unix))]
        None
    }
}

type Tree = BTreeMap<String, (char, Vec<u8>)>;

/// All that is in a folder but the staging of a write, links not followed.
fn tree(folder: &Path) -> Tree {
    let mut found = Tree::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            if name == STAGING {
                continue;
            }
            let described = if kind.is_dir() {
                folders.push(path);
                ('d', Vec::new())
            } else if kind.is_file() {
                ('f', fs::read(&path).unwrap())
            } else if kind.is_symlink() {
                ('l', fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes())
            } else {
                ('s', Vec::new())
            };
            found.insert(name, described);
        }
    }
    found
}

/// A folder as the records describe it: read, then written over.
pub(crate) fn directory(data: &[u8]) {
    let place = Place::new();
    for (kind, path, content) in records(data) {
        let _ = place.make(kind, path, content);
    }
    let mine = !data.windows(9).any(|name| name == b"README.md") && place.make(b'f', "README.md", b"mine").is_some();
    let (before, outside) = (tree(&place.inside), tree(&place.outside));
    let pending = Snapshot::is_pending(&place.inside);
    let read = Snapshot::read(&place.inside);
    place.check_outside(&outside);
    if pending.is_ok_and(|pending| !pending) {
        assert_eq!(tree(&place.inside), before, "reading changed the folder");
    }
    match &read {
        Ok(snapshot) => {
            let leaked = snapshot
                .wire_chunks()
                .iter()
                .any(|chunk| chunk.windows(CANARY.len()).any(|bytes| bytes == CANARY.as_bytes()));
            assert!(!leaked || data.windows(CANARY.len()).any(|bytes| bytes == CANARY.as_bytes()));
            look(snapshot);
            there_and_back(snapshot);
        }
        Err(error) => check_error(error),
    }
    for options in [SECRETS, FORCE] {
        write_over(&place, options);
        place.check_outside(&outside);
        assert!(!mine || fs::read(place.inside.join("README.md")).unwrap() == b"mine", "a foreign file was touched");
    }
}

/// Writes another snapshot into the folder: it is there afterwards, whole, or nothing has changed.
fn write_over(place: &Place, options: WriteOptions) {
    let text = |text: &'static str| Bytes::from_static(text.as_bytes());
    let given = Snapshot::from_values([
        ("project.json".to_owned(), text(r#"{"is":"new"}"#)),
        ("assets/a.txt".to_owned(), text(r#""new""#)),
        ("flows/flows.json".to_owned(), text(r#"{"flows":[]}"#)),
        ("notes".to_owned(), text(r#""of no known kind""#)),
    ])
    .unwrap();
    let (before, pending) = (tree(&place.inside), Snapshot::is_pending(&place.inside));
    match given.write(&place.inside, &options) {
        Ok(written) => {
            assert_eq!(written.files, given.len());
            let read = Snapshot::read(&place.inside).expect("what was written is not read back");
            assert_eq!(read.digest().unwrap(), given.digest().unwrap());
            assert!(!place.inside.join(STAGING).exists());
        }
        Err(error) => {
            check_error(&error);
            if pending.is_ok_and(|pending| !pending) {
                assert_eq!(tree(&place.inside), before, "a write that was refused changed the folder: {error}");
                assert!(!Snapshot::is_pending(&place.inside).unwrap());
            }
        }
    }
}

/// What was read can be written, and comes back the same, byte for byte.
fn there_and_back(snapshot: &Snapshot) {
    let around = scratch();
    let at = |name: &str| around.path().join(name);
    let digest = snapshot.digest().unwrap();
    for (one, two) in [("one", "two"), ("one.zip", "two.zip")] {
        snapshot.write(&at(one), &SECRETS).expect("what was read cannot be written");
        let again = Snapshot::read(&at(one)).expect("what was written cannot be read");
        assert_eq!(again.digest().unwrap(), digest);
        assert_eq!(again.semantic_digest().unwrap(), snapshot.semantic_digest().unwrap());
        assert_eq!(again.partial(), snapshot.partial());
        assert_eq!(again.contains_secrets(), snapshot.contains_secrets());
        again.write(&at(two), &SECRETS).unwrap();
        if one == "one" {
            assert_eq!(tree(&at(one)), tree(&at(two)));
        } else {
            assert_eq!(fs::read(at(one)).unwrap(), fs::read(at(two)).unwrap());
        }
    }
}

/// An archive: its bytes, or records to make one of.
pub(crate) fn archive(data: &[u8]) {
    let bytes = if data.starts_with(b"PK") { data.to_vec() } else { packed(data) };
    let around = scratch();
    let path = around.path().join("snapshot.zip");
    fs::write(&path, &bytes).unwrap();
    match Snapshot::read(&path) {
        Ok(snapshot) => {
            look(&snapshot);
            there_and_back(&snapshot);
        }
        Err(error) => check_error(&error),
    }
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(fs::read_dir(around.path()).unwrap().count(), 1, "reading an archive unpacked it");
}

fn packed(data: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (kind, path, content) in records(data) {
        let method = if kind == b'z' { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let options = SimpleFileOptions::default().compression_method(method);
        // What the writer refuses, two entries of one name for example, only bytes can describe.
        let _ = match kind {
            b'd' => writer.add_directory(path, options),
            b'l' => writer.add_symlink(path, String::from_utf8_lossy(content), options),
            _ => writer.start_file(path, options).and_then(|()| Ok(writer.write_all(content)?)),
        };
    }
    writer.finish().map(Cursor::into_inner).unwrap_or_default()
}
