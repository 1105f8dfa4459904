//! Paths that would leave or corrupt the place that is written or read.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use bytes::Bytes;
use descope_projects_core::snapshot::{Origin, Snapshot, SnapshotError, SnapshotErrorKind, WriteOptions, Written};

const FORCE: WriteOptions = WriteOptions { force: true, allow_secrets: false, durable: false };

fn export(paths: &[&str]) -> Snapshot {
    let files: serde_json::Map<_, _> = paths.iter().map(|path| ((*path).to_owned(), serde_json::json!({}))).collect();
    let body = serde_json::json!({ "files": files }).to_string();
    Snapshot::from_export(Bytes::from(body), Origin::SnapshotExport).unwrap()
}

/// Writes into a folder inside a folder, and checks that nothing has come to be in either.
fn write_refused(paths: &[&str]) -> SnapshotError {
    let around = tempfile::tempdir().unwrap();
    let mut errors = Vec::new();
    for target in ["inner", "inner.zip"] {
        let result: Result<Written, _> = export(paths).write(&around.path().join(target), &FORCE);
        errors.push(result.expect_err(&format!("{paths:?}")));
        assert_eq!(fs::read_dir(around.path()).unwrap().count(), 0, "{paths:?}");
    }
    errors.pop().unwrap()
}

#[test]
fn hostile_paths_are_never_written() {
    let long_name = format!("{}.json", "x".repeat(251));
    let long_path = vec!["x".repeat(200); 6].join("/");
    let deep = "d/".repeat(33) + "x.json";
    for path in [
        "",
        "/etc/passwd",
        "//server/share/x.json",
        "..",
        "../x.json",
        "a/../../x.json",
        "a/..",
        ".",
        "./x.json",
        "a/./x.json",
        "a//x.json",
        "a/",
        "C:/x.json",
        "C:x.json",
        "a.json:stream",
        "..\\x.json",
        "a\\b.json",
        "\\\\server\\share",
        "a\0.json",
        "a\n.json",
        "a\u{7f}.json",
        "a\u{85}.json",
        "a\u{202e}nosj.json",
        "a\u{200b}.json",
        "\u{feff}a.json",
        "con",
        "CON.json",
        "flows/aux.json",
        "flows/Nul.tar.json",
        "flows/com1.json",
        "flows/LPT9.json",
        "flows/COM¹.json",
        "flows/conin$.json",
        "flows/con .json",
        "a./x.json",
        "a /x.json",
        "x.json.",
        "x.json ",
        ".git/config",
        "a/.GIT/hooks/pre-commit.json",
        ".\u{ff47}it/config.json",
        "git~1/config.json",
        ".descope-projects.json",
        ".descope-projects-staging/commit.json",
        ".Descope-Projects.json",
        "a/.descope-projects-x/y.json",
        long_name.as_str(),
        long_path.as_str(),
        deep.as_str(),
    ] {
        let error = write_refused(&["project.json", path]);
        assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath, "{path:?}");
        assert_eq!(error.path(), Some(path));
        assert!(!error.to_string().chars().any(char::is_control), "{error}");
    }
}

#[test]
fn names_that_look_alike_to_some_system_are_never_written_together() {
    for paths in [
        ["a.json", "A.json"],
        ["flows/a/x.json", "flows/A/y.json"],
        ["caf\u{e9}.json", "cafe\u{301}.json"],
        ["\u{e9}/a.json", "E\u{301}/b.json"],
        ["stra\u{df}e.json", "STRASSE.json"],
        ["\u{3c2}.json", "\u{3c3}.json"],
        ["a", "a/b.json"],
        ["A", "a/b.json"],
        ["a/b", "a/b/c/d.json"],
    ] {
        assert_eq!(write_refused(&paths).kind(), SnapshotErrorKind::UnsafePath, "{paths:?}");
    }
}

#[test]
fn odd_but_harmless_paths_are_written_and_read_back() {
    let paths = [
        "project.json",
        "a b.json",
        "auth/.hidden.json",
        "__MACOSX/x.json",
        "caf\u{e9}.json",
        "console.json",
        "com10.json",
        "com.json",
        "....json",
        "flows/a#b%20c&d'e\"f.json",
        "no-extension",
        "picture.JPG",
        ".gitignore",
    ];
    let given = export(&paths);
    let folder = tempfile::tempdir().unwrap();
    for target in ["folder", "archive.zip"] {
        let target = folder.path().join(target);
        given.write(&target, &FORCE).unwrap();
        assert_eq!(Snapshot::read(&target).unwrap().digest().unwrap(), given.digest().unwrap());
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let fault = |name: &str, content: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("project.json"), "{}").unwrap();
        fs::create_dir(folder.path().join("auth")).unwrap();
        fs::write(folder.path().join(name), content).unwrap();
        let error = Snapshot::read(folder.path()).unwrap_err();
        assert_eq!(error.path(), Some(name));
        assert!(!error.to_string().contains("hunter2"), "{error}");
        error
    };
    assert!(fault("a.json", b"{\n  \"a\": hunter2\n}").message().contains("line 2 column 8"));
    assert!(fault("a.json", b"{\"a\": \"hunter2\"").message().contains("ends too early"));
    fault("a.json", b"");
    fault("a.json", b"<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n");
    fault("a.json", b"[\"hunter2\"]");
    fault("a.json", b"\"hunter2\"");
    fault("a.json", b"{\"a\": \"\xff\"}");
    fault("a.json", &[b"{\"a\":".as_slice(), &b"[".repeat(200), &b"]".repeat(200), b"}"].concat());
    fault("a.json", b"\xff\xfe{\0}\0");
    fault("a.txt", b"\xff");
    fault("auth/otp.yaml", b"");
    fault("auth/otp.json.bak", b"");
    fault("a\\b.json", b"{}");
}

#[test]
fn byte_order_marks_and_line_ends_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("project.json"), b"\xef\xbb\xbf{\r\n  \"a\": 1\r\n}\r\n").unwrap();
    fs::write(folder.path().join("b.txt"), b"\xef\xbb\xbfone\r\ntwo\r\n").unwrap();
    let read = Snapshot::read(folder.path()).unwrap();
    assert_eq!(read.raw("project.json").unwrap(), "{\r\n  \"a\": 1\r\n}");
    assert_eq!(read.content("project.json").unwrap(), b"{\n  \"a\": 1\n}\n".as_slice());
    assert_eq!(read.content("b.txt").unwrap(), b"\xef\xbb\xbfone\r\ntwo\r\n".as_slice());
    assert_eq!(read.raw("b.txt").unwrap(), "\"\u{feff}one\\r\\ntwo\\r\\n\"");
}

#[test]
fn folders_without_a_snapshot_are_said_to_have_none() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Snapshot::read(folder.path()).unwrap_err().message().contains("no snapshot"));
    fs::write(folder.path().join("notes.md"), "x").unwrap();
    assert!(Snapshot::read(folder.path()).unwrap_err().message().contains("no snapshot"));
    assert_eq!(Snapshot::read(&folder.path().join("absent")).unwrap_err().kind(), SnapshotErrorKind::Io);
    assert_eq!(Snapshot::read(&folder.path().join("notes.md")).unwrap_err().kind(), SnapshotErrorKind::Io);
}

#[test]
fn a_listed_file_that_is_gone_is_named_and_an_unlisted_new_one_is_read() {
    let folder = tempfile::tempdir().unwrap();
    export(&["project.json", "auth/otp.json"]).write(folder.path(), &FORCE).unwrap();
    fs::write(folder.path().join("auth/totp.json"), "{}").unwrap();
    assert!(Snapshot::read(folder.path()).unwrap().contains("auth/totp.json"));
    fs::remove_file(folder.path().join("auth/otp.json")).unwrap();
    let error = Snapshot::read(folder.path()).unwrap_err();
    assert_eq!(error.path(), Some("auth/otp.json"));
    assert!(error.hint().is_some());
}

#[test]
fn a_list_that_an_editor_put_a_mark_before_is_read() {
    let folder = tempfile::tempdir().unwrap();
    export(&["project.json"]).as_part().write(folder.path(), &FORCE).unwrap();
    let list = folder.path().join(".descope-projects.json");
    let marked = [b"\xef\xbb\xbf".as_slice(), &fs::read(&list).unwrap()].concat();
    fs::write(&list, marked).unwrap();
    assert!(Snapshot::read(folder.path()).unwrap().partial());
}

#[test]
fn a_file_that_is_no_part_of_the_snapshot_is_replaced_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    export(&["project.json", "notes"]).write(folder.path(), &FORCE).unwrap();
    for name in ["README.md", ".envrc", "auth/otp.json"] {
        fs::create_dir_all(folder.path().join("auth")).unwrap();
        fs::write(folder.path().join(name), "mine").unwrap();
    }
    for name in ["README.md", ".envrc"] {
        let error = export(&["project.json", name]).write(folder.path(), &WriteOptions::default()).unwrap_err();
        assert_eq!((error.kind(), error.path()), (SnapshotErrorKind::UnsafePath, Some(name)));
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "mine");
    }
    // Its own odd file, and one that was added by hand and could be read as a file of the snapshot.
    export(&["project.json", "notes", "auth/otp.json"]).write(folder.path(), &WriteOptions::default()).unwrap();
    export(&["project.json", "README.md"]).write(folder.path(), &FORCE).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("README.md")).unwrap(), "{}\n");
    assert_eq!(fs::read_to_string(folder.path().join(".envrc")).unwrap(), "mine");
}

#[test]
fn hostile_lists_are_refused() {
    for list in [
        r#"{"schema":"descope-projects/snapshot@1","files":{"../x.json":"json"}}"#,
        r#"{"schema":"descope-projects/snapshot@1","files":{"/etc/passwd":"string"}}"#,
        r#"{"schema":"descope-projects/snapshot@1","files":{".git/config":"string"}}"#,
        r#"{"schema":"descope-projects/snapshot@1","files":{"project.json":"exec"}}"#,
        r#"{"schema":"descope-projects/snapshot@2","files":{}}"#,
        r#"{"files":{}}"#,
        r#"{"schema":"descope-projects/snapshot@1"}"#,
        r#"{"schema":"descope-projects/snapshot@1","files":["project.json"]}"#,
        r#"{"schema":"descope-projects/snapshot@1","files":{},"foreign":{}}"#,
        r#"{"schema":"descope-projects/snapshot@1","files":{},"partial":"yes"}"#,
        r#"{"schema":"descope-projects/snapshot@1","files":{},"contains_secrets":1}"#,
        "{",
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("project.json"), "{}").unwrap();
        fs::write(folder.path().join(".descope-projects.json"), list).unwrap();
        assert!(Snapshot::read(folder.path()).is_err(), "{list}");
        assert!(export(&["project.json"]).write(folder.path(), &WriteOptions::default()).is_err(), "{list}");
    }
}

#[test]
fn a_file_in_the_way_of_a_folder_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    export(&["project.json"]).write(folder.path(), &FORCE).unwrap();
    fs::write(folder.path().join("auth"), "mine").unwrap();
    let error = export(&["project.json", "auth/otp.json"]).write(folder.path(), &FORCE).unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath);
    assert_eq!(fs::read(folder.path().join("auth")).unwrap(), b"mine");
    fs::remove_file(folder.path().join("auth")).unwrap();
    fs::create_dir(folder.path().join("styles")).unwrap();
    fs::write(folder.path().join("styles/mine.md"), "mine").unwrap();
    let error = export(&["project.json", "styles"]).write(folder.path(), &FORCE).unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath);
    assert_eq!(fs::read(folder.path().join("styles/mine.md")).unwrap(), b"mine");
}

#[test]
fn an_empty_folder_in_the_way_of_a_file_is_refused_before_anything_is_changed() {
    let nested = export(&["project.json", "styles/dark.json/inner.json"]);
    for empty in ["notes", "notes/inner", "styles/dark.json/empty"] {
        let folder = tempfile::tempdir().unwrap();
        nested.write(folder.path(), &FORCE).unwrap();
        fs::create_dir_all(folder.path().join(empty)).unwrap();
        let error = export(&["notes", "project.json", "styles/dark.json"]).write(folder.path(), &FORCE).unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath, "{empty}");
        assert!(!Snapshot::is_pending(folder.path()).unwrap());
        assert_eq!(Snapshot::read(folder.path()).unwrap().digest().unwrap(), nested.digest().unwrap());
        assert!(folder.path().join(empty).is_dir());
    }
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    fn victim() -> (tempfile::TempDir, tempfile::TempDir) {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("otp.json"), r#"{"is":"private"}"#).unwrap();
        export(&["project.json"]).write(folder.path(), &FORCE).unwrap();
        (folder, elsewhere)
    }

    fn untouched(elsewhere: &Path) {
        assert_eq!(fs::read_dir(elsewhere).unwrap().count(), 1);
        assert_eq!(fs::read(elsewhere.join("otp.json")).unwrap(), br#"{"is":"private"}"#);
    }

    #[test]
    fn a_write_through_a_link_is_refused() {
        let (folder, elsewhere) = victim();
        symlink(elsewhere.path(), folder.path().join("auth")).unwrap();
        for path in ["auth/otp.json", "auth/new.json", "auth/deeper/new.json"] {
            let error = export(&["project.json", path]).write(folder.path(), &FORCE).unwrap_err();
            assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath, "{path}");
            untouched(elsewhere.path());
        }
        fs::remove_file(folder.path().join("auth")).unwrap();
        fs::create_dir(folder.path().join("auth")).unwrap();
        symlink(elsewhere.path().join("otp.json"), folder.path().join("auth/otp.json")).unwrap();
        let error = export(&["project.json", "auth/otp.json"]).write(folder.path(), &FORCE).unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath);
        untouched(elsewhere.path());
    }

    #[test]
    fn a_removal_through_a_link_is_refused() {
        let (folder, elsewhere) = victim();
        export(&["project.json", "auth/otp.json"]).write(folder.path(), &FORCE).unwrap();
        fs::remove_dir_all(folder.path().join("auth")).unwrap();
        symlink(elsewhere.path(), folder.path().join("auth")).unwrap();
        let error = export(&["project.json"]).write(folder.path(), &FORCE).unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath);
        untouched(elsewhere.path());
    }

    #[test]
    fn the_staging_folder_is_no_link() {
        let (folder, elsewhere) = victim();
        symlink(elsewhere.path(), folder.path().join(".descope-projects-staging")).unwrap();
        assert!(export(&["project.json"]).write(folder.path(), &FORCE).is_err());
        untouched(elsewhere.path());
    }

    #[test]
    fn a_write_that_was_interrupted_elsewhere_is_not_finished_through_a_link() {
        let (folder, elsewhere) = victim();
        fs::write(elsewhere.path().join("commit.json"), r#"{"install":[],"remove":["project.json"]}"#).unwrap();
        symlink(elsewhere.path(), folder.path().join(".descope-projects-staging")).unwrap();
        assert!(Snapshot::read(folder.path()).unwrap().contains("project.json"));
        assert!(!Snapshot::is_pending(folder.path()).unwrap());
        // Not even a lock.
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 2);
    }

    #[test]
    fn reading_follows_no_link_out_of_the_folder() {
        let (folder, elsewhere) = victim();
        fs::create_dir(folder.path().join("auth")).unwrap();
        let link = folder.path().join("auth/otp.json");
        symlink(elsewhere.path().join("otp.json"), &link).unwrap();
        assert_eq!(Snapshot::read(folder.path()).unwrap_err().kind(), SnapshotErrorKind::UnsafePath);
        fs::remove_file(&link).unwrap();
        symlink("../project.json", &link).unwrap();
        assert!(Snapshot::read(folder.path()).unwrap().contains("auth/otp.json"), "a link inside the folder is read");
        fs::remove_file(&link).unwrap();
        symlink("/dev/zero", &link).unwrap();
        assert_eq!(Snapshot::read(folder.path()).unwrap_err().kind(), SnapshotErrorKind::UnsafePath);
        fs::remove_dir_all(folder.path().join("auth")).unwrap();
        symlink(elsewhere.path(), folder.path().join("auth")).unwrap();
        assert_eq!(Snapshot::read(folder.path()).unwrap_err().kind(), SnapshotErrorKind::UnsafePath);
        fs::remove_file(folder.path().join("auth")).unwrap();
        symlink(".", folder.path().join("auth")).unwrap();
        assert_eq!(Snapshot::read(folder.path()).unwrap_err().kind(), SnapshotErrorKind::UnsafePath);
    }

    #[test]
    fn the_folder_itself_may_be_a_link() {
        let (folder, elsewhere) = victim();
        let link = elsewhere.path().join("link");
        symlink(folder.path(), &link).unwrap();
        export(&["project.json", "auth/otp.json"]).write(&link, &WriteOptions::default()).unwrap();
        assert_eq!(Snapshot::read(&link).unwrap().len(), 2);
        assert!(folder.path().join("auth/otp.json").exists());
    }

    #[test]
    fn names_that_are_no_text_are_refused() {
        use std::os::unix::ffi::OsStrExt as _;
        let (folder, _elsewhere) = victim();
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xff.json")), "{}").unwrap();
        assert_eq!(Snapshot::read(folder.path()).unwrap_err().kind(), SnapshotErrorKind::UnsafePath);
    }

    #[test]
    fn modes_survive_and_secrets_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let (folder, _elsewhere) = victim();
        let file = folder.path().join("project.json");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        export(&["project.json", "auth/otp.json"]).write(folder.path(), &WriteOptions::default()).unwrap();
        assert_eq!(mode(&file), 0o640);
        assert_ne!(mode(&folder.path().join("auth/otp.json")) & 0o044, 0);

        let body = Bytes::from_static(br#"{"files":{"project.json":{},"auth/otp.json":{}}}"#);
        let secret = Snapshot::from_export(body, Origin::ProjectExport).unwrap();
        let target = folder.path().join("secret");
        assert_eq!(secret.write(&target, &FORCE).unwrap_err().kind(), SnapshotErrorKind::Refused);
        assert!(!target.exists());
        secret.write(&target, &WriteOptions { allow_secrets: true, ..FORCE }).unwrap();
        for (path, expected) in
            [("", 0o700), ("auth", 0o700), ("auth/otp.json", 0o600), (".descope-projects.json", 0o600)]
        {
            assert_eq!(mode(&target.join(path)), expected, "{path:?}");
        }
        assert!(Snapshot::read(&target).unwrap().contains_secrets(), "the list remembers");
    }
}
