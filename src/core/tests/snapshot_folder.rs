//! Snapshots on their way to a folder and back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use descope_projects_core::snapshot::{FileValue, Origin, Snapshot, SnapshotErrorKind, WriteOptions};

const EXPORT: &str = r#"{"files": {
  "project.json": {"b": 1.0, "a": "<&>\u2028é", "n": 9007199254740993},
  "flows/flows.json": {"flows": ["sign-in"]},
  "flows/sign-in/metadata.json": {"screens": ["welcome"]},
  "flows/sign-in/contents.json": {"tasks": {}, "empty": []},
  "flows/sign-in/screen-welcome.json": {"screenId": "SC1"},
  "assets/terms.html": "<p>terms</p>",
  "assets/img-1.png": "iVBORw0K"
}}"#;

fn export() -> Snapshot {
    Snapshot::from_export(Bytes::from_static(EXPORT.as_bytes()), Origin::SnapshotExport).unwrap()
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn files_are_written_as_the_vendor_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new/snapshot");
    let written = export().write(&target, &WriteOptions::default()).unwrap();
    assert_eq!(written.files, 7);
    let tree = tree(&target);
    assert_eq!(
        String::from_utf8_lossy(&tree["project.json"]),
        "{\n  \"a\": \"\\u003c\\u0026\\u003e\\u2028é\",\n  \"b\": 1,\n  \"n\": 9007199254740993\n}\n"
    );
    assert_eq!(tree["flows/sign-in/contents.json"], b"{\n  \"empty\": [],\n  \"tasks\": {}\n}\n");
    assert_eq!(tree["assets/terms.html"], b"<p>terms</p>\n");
    assert_eq!(tree["assets/img-1.png"], b"\x89PNG\r\n");
    assert_eq!(tree.len(), 8, "{:?}", tree.keys());
}

#[test]
fn what_was_written_is_read_back_and_written_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    export().write(&one, &WriteOptions::default()).unwrap();
    let read = Snapshot::read(&one).unwrap();
    read.write(&two, &WriteOptions { durable: true, ..WriteOptions::default() }).unwrap();
    assert_eq!(tree(&one), tree(&two));
    assert!(
        matches!(read.value("assets/terms.html").unwrap(), Some(FileValue::Text(text)) if text == "<p>terms</p>\n")
    );
    assert_eq!(read.raw("assets/img-1.png").unwrap(), "\"iVBORw0K\"");
}

#[test]
fn a_disk_in_between_does_not_change_the_digest() {
    let folder = tempfile::tempdir().unwrap();
    export().write(folder.path(), &WriteOptions::default()).unwrap();
    assert_eq!(Snapshot::read(folder.path()).unwrap().digest().unwrap(), export().digest().unwrap());
}

#[test]
fn an_old_snapshot_leaves_nothing_behind_and_other_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path();
    export().write(target, &WriteOptions::default()).unwrap();
    fs::create_dir(target.join(".git")).unwrap();
    fs::write(target.join(".git/config"), "x").unwrap();
    fs::write(target.join("README.md"), "read me").unwrap();
    let smaller = export()
        .with_values(BTreeMap::from([
            ("flows/flows.json".to_owned(), Some(Bytes::from_static(br#"{"flows":[]}"#))),
            ("flows/sign-in/metadata.json".to_owned(), None),
            ("flows/sign-in/contents.json".to_owned(), None),
            ("flows/sign-in/screen-welcome.json".to_owned(), None),
        ]))
        .unwrap();
    let written = smaller.write(target, &WriteOptions::default()).unwrap();
    assert_eq!(written.removed.len(), 3);
    assert!(!target.join("flows/sign-in").exists());
    assert!(!target.join(".descope-projects-staging").exists());
    assert_eq!(fs::read(target.join(".git/config")).unwrap(), b"x");
    let read = Snapshot::read(target).unwrap();
    assert_eq!(read.digest().unwrap(), smaller.digest().unwrap());
    assert_eq!(read.skipped().iter().map(|skipped| skipped.path.as_str()).collect::<Vec<_>>(), ["README.md"]);
}

#[test]
fn a_folder_that_is_no_snapshot_needs_force() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("package.json"), "{}").unwrap();
    let error = export().write(folder.path(), &WriteOptions::default()).unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::Refused);
    assert_eq!(tree(folder.path()).len(), 1);
    export().write(folder.path(), &WriteOptions { force: true, ..WriteOptions::default() }).unwrap();
    let read = Snapshot::read(folder.path()).unwrap();
    assert_eq!(read.digest().unwrap(), export().digest().unwrap());
    assert_eq!(read.skipped()[0].path, "package.json");
}
