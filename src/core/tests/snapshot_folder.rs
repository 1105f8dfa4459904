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
fn what_the_vendor_wrote_without_a_list_is_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path();
    for (path, text) in [
        ("project.json", "{}\n"),
        ("flows/flows.json", "{}\n"),
        ("flows/old/metadata.json", "{}\n"),
        ("assets/old.txt", "old\n"),
        ("README.md", "mine"),
        ("package.json", "{}"),
        ("site/index.html", "mine"),
        ("debug/.keep", ""),
    ] {
        fs::create_dir_all(target.join(path).parent().unwrap()).unwrap();
        fs::write(target.join(path), text).unwrap();
    }
    let written = export().write(target, &WriteOptions::default()).unwrap();
    assert_eq!(written.removed, ["assets/old.txt", "flows/old/metadata.json"]);
    assert!(!target.join("flows/old").exists());
    assert!(target.join("README.md").exists() && target.join("debug/.keep").exists());
    // Nothing tells whose these are: they stay, and are no part of the new snapshot.
    assert_eq!(written.left_alone, ["package.json", "site/index.html"]);
    assert!(target.join("package.json").exists() && target.join("site/index.html").exists());
    assert_eq!(Snapshot::read(target).unwrap().digest().unwrap(), export().digest().unwrap());
}

#[test]
fn a_project_file_of_another_tool_makes_no_snapshot() {
    for marker in ["project.json", "environment.json"] {
        let folder = tempfile::tempdir().unwrap();
        for path in [marker, "package.json", "src/index.html", "assets/logo.png", "styles/main.json"] {
            fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
            fs::write(folder.path().join(path), "{}").unwrap();
        }
        let before = tree(folder.path());
        let error = export().write(folder.path(), &WriteOptions::default()).unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::Refused, "{error}");
        assert_eq!(tree(folder.path()), before);
        let forced = WriteOptions { force: true, ..WriteOptions::default() };
        assert_eq!(export().write(folder.path(), &forced).unwrap().removed, Vec::<String>::new());
        assert!(folder.path().join("assets/logo.png").exists() && folder.path().join("package.json").exists());
        assert_eq!(Snapshot::read(folder.path()).unwrap().digest().unwrap(), export().digest().unwrap());
    }
}

#[test]
fn only_what_is_listed_is_removed_and_the_rest_is_not_mixed_in() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path();
    export().write(target, &WriteOptions::default()).unwrap();
    fs::write(target.join("flows/mine.json"), "{}").unwrap();
    let written = export().write(target, &WriteOptions::default()).unwrap();
    assert_eq!(written.removed, Vec::<String>::new());
    assert_eq!(written.left_alone, ["flows/mine.json"]);
    assert_eq!(fs::read(target.join("flows/mine.json")).unwrap(), b"{}");
    let read = Snapshot::read(target).unwrap();
    assert_eq!(read.digest().unwrap(), export().digest().unwrap());
    assert_eq!(read.skipped()[0].path, "flows/mine.json");
}

#[test]
fn what_no_reader_would_take_in_a_folder_of_the_snapshot_is_left_alone_and_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("assets")).unwrap();
    fs::write(folder.path().join("assets/photo.heic"), "mine").unwrap();
    fs::write(folder.path().join("project.json"), "{}").unwrap();
    assert!(Snapshot::read(folder.path()).is_err());
    let written = export().write(folder.path(), &WriteOptions { force: true, ..WriteOptions::default() }).unwrap();
    assert_eq!(written.left_alone, ["assets/photo.heic"]);
    let read = Snapshot::read(folder.path()).unwrap();
    assert_eq!(read.digest().unwrap(), export().digest().unwrap());
    assert_eq!(read.skipped()[0].path, "assets/photo.heic");
    // One that comes later is somebody's mistake.
    fs::write(folder.path().join("assets/other.heic"), "mine").unwrap();
    assert_eq!(Snapshot::read(folder.path()).unwrap_err().path(), Some("assets/other.heic"));
}

#[test]
fn a_reader_beside_a_busy_writer_never_sees_a_mixture() {
    let folder = tempfile::tempdir().unwrap();
    let other = export()
        .with_values(BTreeMap::from([
            ("project.json".to_owned(), Some(Bytes::from_static(b"{\"other\":1}"))),
            ("assets/terms.html".to_owned(), None),
            ("assets/other.txt".to_owned(), Some(Bytes::from_static(b"\"other\""))),
        ]))
        .unwrap();
    let known = [export().digest().unwrap(), other.digest().unwrap()];
    export().write(folder.path(), &WriteOptions::default()).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..60 {
                let next = if round % 2 == 0 { &other } else { &export() };
                next.write(folder.path(), &WriteOptions::default()).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        loop {
            let last = done.load(std::sync::atomic::Ordering::SeqCst);
            match Snapshot::read(folder.path()) {
                Ok(read) => assert!(known.contains(&read.digest().unwrap()), "{:?}", read.paths().collect::<Vec<_>>()),
                Err(error) => assert!(!last && error.message().contains("another process"), "{error}"),
            }
            if last {
                break;
            }
        }
    });
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

#[test]
fn what_nobody_can_decode_keeps_nothing_from_being_written_and_comes_back_the_same() {
    let given = export()
        .with_values(BTreeMap::from([
            ("assets/logo.svg".to_owned(), Some(Bytes::from_static(b"\"<svg/>\""))),
            ("assets/odd.html".to_owned(), Some(Bytes::from_static(b"\"a\\ud800\""))),
            ("assets/odd.png".to_owned(), Some(Bytes::from_static(b"\"\\udc00\""))),
        ]))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in ["folder", "archive.zip"] {
        let place = folder.path().join(name);
        given.write(&place, &WriteOptions::default()).unwrap();
        let read = Snapshot::read(&place).unwrap();
        assert_eq!(read.digest().unwrap(), given.digest().unwrap());
        assert_eq!(read.semantic_digest().unwrap(), given.semantic_digest().unwrap());
        for path in ["assets/logo.svg", "assets/odd.html", "assets/odd.png"] {
            assert_eq!(read.raw(path), given.raw(path), "{path}");
        }
    }
    assert_eq!(fs::read(folder.path().join("folder/assets/logo.svg")).unwrap(), b"<svg/>");
}

#[test]
fn a_file_that_no_reader_would_take_is_not_written() {
    // A million numbers, 115 levels deep: each gets a line of its own, which is mostly spaces.
    let levels = 115;
    let text = format!("{{\"a\":{}{}0{}}}", "[".repeat(levels), "0,".repeat(1_150_000), "]".repeat(levels));
    assert!(text.len() < 3 << 20);
    let large = export().with_values(BTreeMap::from([("lists.json".to_owned(), Some(Bytes::from(text)))])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    export().write(folder.path(), &WriteOptions::default()).unwrap();
    let error = large.write(folder.path(), &WriteOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (SnapshotErrorKind::Invalid, Some("lists.json")), "{error}");
    assert_eq!(Snapshot::read(folder.path()).unwrap().digest().unwrap(), export().digest().unwrap());
    assert!(!folder.path().join(".descope-projects-staging").exists());
}

#[cfg(unix)]
#[test]
fn a_file_of_a_terabyte_of_nothing_is_refused_without_being_read() {
    let folder = tempfile::tempdir().unwrap();
    export().write(folder.path(), &WriteOptions::default()).unwrap();
    let huge = fs::File::create(folder.path().join("assets/huge.txt")).unwrap();
    // A file system that cannot hold it is none to try this on.
    if huge.set_len(1 << 40).is_err() {
        return;
    }
    let error = Snapshot::read(folder.path()).unwrap_err();
    assert_eq!(error.path(), Some("assets/huge.txt"), "{error}");
    assert!(error.message().contains("larger than"), "{error}");
}
