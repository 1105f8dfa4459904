//! Snapshots as zip files, honest and hostile.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use descope_projects_core::snapshot::{Snapshot, SnapshotError, SnapshotErrorKind, WriteOptions};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const PLAIN: WriteOptions = WriteOptions { force: false, allow_secrets: false, durable: false };

fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), Bytes::from((*text).to_owned())));
    Snapshot::from_values(files).unwrap()
}

fn whole() -> Snapshot {
    snapshot(&[
        ("project.json", r#"{"b":1,"a":"é"}"#),
        ("auth/otp.json", "{}"),
        ("assets/terms.txt", r#""terms""#),
        ("assets/img-1.png", r#""iVBORw0K""#),
    ])
}

/// A folder for one archive, and the archive's path.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn zip(&self) -> PathBuf {
        self.0.path().join("snapshot.zip")
    }

    fn with(entries: &[(&str, &[u8])]) -> Self {
        let place = Self::new();
        fs::write(place.zip(), zip_of(entries)).unwrap();
        place
    }

    fn read(&self) -> Result<Snapshot, SnapshotError> {
        Snapshot::read(&self.zip())
    }
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Every place in the archive's text where `from` stands, replaced by `to` of the same length.
fn patched(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

#[test]
fn an_archive_is_read_back_the_same_and_equal_snapshots_give_equal_bytes() {
    let (one, two) = (Place::new(), Place::new());
    let written = whole().write(&one.zip(), &PLAIN).unwrap();
    assert_eq!(written.files, 4);
    let read = one.read().unwrap();
    assert_eq!(read.digest().unwrap(), whole().digest().unwrap());
    assert_eq!(read.len(), 4);
    read.write(&two.zip(), &WriteOptions { durable: true, ..PLAIN }).unwrap();
    assert_eq!(fs::read(one.zip()).unwrap(), fs::read(two.zip()).unwrap());
    assert_eq!(fs::read_dir(one.0.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn a_list_is_inside_only_where_it_says_something() {
    let has_list = |snapshot: &Snapshot| {
        let place = Place::new();
        snapshot.write(&place.zip(), &PLAIN).unwrap();
        let read = place.read().unwrap();
        assert_eq!(read.digest().unwrap(), snapshot.digest().unwrap());
        assert_eq!(read.partial(), snapshot.partial());
        let text = fs::read(place.zip()).unwrap();
        text.windows(22).any(|name| name == b".descope-projects.json")
    };
    assert!(!has_list(&whole()));
    assert!(has_list(&whole().as_part()));
    assert!(has_list(&snapshot(&[("project.json", "{}"), ("assets/.hidden.json", "{}")])));
    assert!(has_list(&snapshot(&[("project.json", "{}"), ("assets/font.woff", r#""abcd""#)])));
    assert!(has_list(&snapshot(&[("elsewhere/a.json", "{}"), ("elsewhere/b.json", "{}")])));
}

#[test]
fn one_folder_around_everything_is_taken_off() {
    let place = Place::with(&[
        ("staging-1/project.json", b"{}"),
        ("staging-1/flows/flows.json", br#"{"flows":[]}"#),
        ("staging-1/notes.md", b"x"),
        ("__MACOSX/staging-1/._project.json", b"x"),
    ]);
    let read = place.read().unwrap();
    assert_eq!(read.paths().collect::<Vec<_>>(), ["flows/flows.json", "project.json"]);
    assert_eq!(read.skipped()[0].path, "notes.md");
    let part = Place::with(&[("flows/flows.json", br#"{"flows":[]}"#)]).read().unwrap();
    assert_eq!(part.paths().collect::<Vec<_>>(), ["flows/flows.json"]);
}

#[test]
fn hostile_names_are_refused() {
    for name in [
        "../outside.json",
        "a/../../outside.json",
        "/etc/outside.json",
        "C:/outside.json",
        "a\\outside.json",
        "a/con.json",
        "a/./b.json",
        "a//b.json",
        "a/b.json ",
        ".git/../../outside.json",
        ".descope-projects-staging/commit.json",
    ] {
        let place = Place::with(&[("project.json", b"{}"), (name, b"{}")]);
        let error = place.read().unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath, "{name}: {error}");
    }
}

#[test]
fn colliding_and_repeated_names_are_refused() {
    let error = Place::with(&[("project.json", b"{}"), ("Project.json", b"{}")]).read().unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath);
    let twice = patched(&zip_of(&[("project.json", b"{}"), ("prpject.json", b"{}")]), b"prpject", b"project");
    let place = Place::new();
    fs::write(place.zip(), twice).unwrap();
    assert_eq!(place.read().unwrap_err().kind(), SnapshotErrorKind::Invalid);
}

#[test]
fn an_archive_that_hides_a_file_from_some_readers_is_refused() {
    // The local header has another name than the directory.
    let bytes = zip_of(&[("project.json", b"{}")]);
    let at = bytes.windows(7).position(|name| name == b"project").unwrap();
    let mut bytes = bytes;
    bytes[at] = b'q';
    let place = Place::new();
    fs::write(place.zip(), bytes).unwrap();
    assert_eq!(place.read().unwrap_err().kind(), SnapshotErrorKind::Invalid);
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![b' '; 8 << 20];
    let place = Place::with(&[("project.json", b"{}"), ("auth/otp.json", &zeros)]);
    let error = place.read().unwrap_err();
    assert_eq!(error.path(), Some("auth/otp.json"), "{error}");
    assert!(error.message().contains("unpacked"), "{error}");
}

#[test]
fn what_shrinks_like_a_bomb_can_be_read_back_where_we_wrote_it() {
    let place = Place::new();
    let text = format!("\"{}\"", "a".repeat(3 << 20));
    let given = snapshot(&[("project.json", "{}"), ("assets/terms.txt", &text)]);
    given.write(&place.zip(), &PLAIN).unwrap();
    assert_eq!(place.read().unwrap().digest().unwrap(), given.digest().unwrap());
}

#[test]
fn a_size_that_lies_is_found_out() {
    let content = vec![b' '; 5000];
    let bytes = zip_of(&[("project.json", &content)]);
    let place = Place::new();
    fs::write(place.zip(), patched(&bytes, &5000_u32.to_le_bytes(), &50_u32.to_le_bytes())).unwrap();
    let error = place.read().unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::Invalid, "{error}");
}

#[test]
fn links_and_encrypted_entries_are_refused() {
    let place = Place::new();
    let mut writer = ZipWriter::new(fs::File::create(place.zip()).unwrap());
    writer.add_symlink("project.json", "/etc/hostname", SimpleFileOptions::default()).unwrap();
    writer.finish().unwrap();
    assert_eq!(place.read().unwrap_err().kind(), SnapshotErrorKind::UnsafePath);

    let mut bytes = zip_of(&[("project.json", b"{}")]);
    for (signature, flags) in [(&b"PK\x03\x04"[..], 6), (&b"PK\x01\x02"[..], 8)] {
        let at = bytes.windows(4).position(|start| start == signature).unwrap();
        bytes[at + flags] |= 1;
    }
    fs::write(place.zip(), bytes).unwrap();
    let error = place.read().unwrap_err();
    assert!(error.message().contains("encrypted"), "{error}");
}

#[test]
fn what_is_no_archive_is_said_to_be_none_and_is_not_replaced() {
    let place = Place::new();
    fs::write(place.zip(), "my thesis").unwrap();
    assert_eq!(place.read().unwrap_err().kind(), SnapshotErrorKind::Invalid);
    assert_eq!(whole().write(&place.zip(), &PLAIN).unwrap_err().kind(), SnapshotErrorKind::Refused);
    assert_eq!(fs::read(place.zip()).unwrap(), b"my thesis");
    whole().write(&place.zip(), &WriteOptions { force: true, ..PLAIN }).unwrap();
    whole().write(&place.zip(), &PLAIN).unwrap();
    assert_eq!(place.read().unwrap().digest().unwrap(), whole().digest().unwrap());
    let empty = Place::with(&[]);
    assert!(empty.read().unwrap_err().message().contains("no snapshot"));
    assert_eq!(Snapshot::read(Path::new("/nowhere/x.zip")).unwrap_err().kind(), SnapshotErrorKind::Io);
}

#[cfg(unix)]
#[test]
fn modes_say_who_may_look() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let secret =
        snapshot(&[("project.json", "{}"), ("connectors/mail.json", r#"{"configuration":{"apiKey":"literal"}}"#)]);
    let place = Place::new();
    assert_eq!(secret.write(&place.zip(), &PLAIN).unwrap_err().kind(), SnapshotErrorKind::Refused);
    assert!(!place.zip().exists());
    secret.write(&place.zip(), &WriteOptions { allow_secrets: true, ..PLAIN }).unwrap();
    assert_eq!(mode(&place.zip()), 0o600);
    whole().write(&place.zip(), &PLAIN).unwrap();
    assert_eq!(mode(&place.zip()), 0o600, "an existing file keeps its mode");
    fs::remove_file(place.zip()).unwrap();
    whole().write(&place.zip(), &PLAIN).unwrap();
    assert_ne!(mode(&place.zip()) & 0o040, 0, "what is no secret has an ordinary mode");
}
