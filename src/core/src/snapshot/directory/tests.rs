//! A write is stopped before each of its steps; a reader sees the old snapshot or the new one, whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use super::STAGING_NAME;
use super::commit::{COMMIT_NAME, finish_interrupted};
use super::lock::Lock;
use super::steps::{Step, Steps, Stop};
use super::write::write_in_steps;
use crate::snapshot::{Snapshot, SnapshotErrorKind, WriteOptions};

/// Stops before one step, counted from 0, and notes all that came before.
struct StopAt {
    at: usize,
    how: fn() -> Stop,
    count: AtomicUsize,
    seen: Mutex<Vec<String>>,
}

impl StopAt {
    fn new(at: usize, how: fn() -> Stop) -> Self {
        Self { at, how, count: AtomicUsize::new(0), seen: Mutex::default() }
    }

    fn was_reached(&self) -> bool {
        self.count.load(Ordering::SeqCst) > self.at
    }

    fn has_seen(&self, step: &Step<'_>) -> bool {
        self.seen.lock().unwrap().contains(&format!("{step:?}"))
    }
}

impl Steps for StopAt {
    fn before(&self, step: &Step<'_>) -> Result<(), Stop> {
        let count = self.count.fetch_add(1, Ordering::SeqCst);
        if count == self.at {
            return Err((self.how)());
        }
        self.seen.lock().unwrap().push(format!("{step:?}"));
        Ok(())
    }
}

fn kill() -> Stop {
    Stop::Kill
}

fn disk_full() -> Stop {
    Stop::Fail(io::Error::from(io::ErrorKind::StorageFull))
}

fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), Bytes::from((*text).to_owned())));
    Snapshot::from_values(files).unwrap()
}

/// Everything that can become of a path: kept, changed, new, gone, a file where a folder was, a folder where a file
/// was, another case.
fn old() -> Snapshot {
    snapshot(&[
        ("project.json", r#"{"is":"old"}"#),
        ("auth/otp.json", r#"{"same":1}"#),
        ("flows/gone/metadata.json", "{}"),
        ("flows/gone/contents.json", "{}"),
        ("flows/Sign-In/metadata.json", r#"{"is":"old"}"#),
        ("styles/dark.json/inner.json", "{}"),
        ("assets/terms.txt", r#""old""#),
    ])
}

fn new() -> Snapshot {
    snapshot(&[
        ("project.json", r#"{"is":"new"}"#),
        ("auth/otp.json", r#"{"same":1}"#),
        ("flows/new/metadata.json", "{}"),
        ("flows/sign-in/metadata.json", r#"{"is":"new"}"#),
        ("styles/dark.json", "{}"),
        ("assets/terms.txt/inner.txt", r#""new""#),
        ("assets/img.png", r#""iVBORw0K""#),
    ])
}

const PLAIN: WriteOptions = WriteOptions { force: false, allow_secrets: false, durable: false };

fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files_of(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn a_killed_write_leaves_the_old_or_the_new_snapshot() {
    let (before, after) = (old().digest().unwrap(), new().digest().unwrap());
    let mut outcomes = (0, 0);
    for at in 0.. {
        let folder = tempfile::tempdir().unwrap();
        old().write(folder.path(), &PLAIN).unwrap();
        let steps = StopAt::new(at, kill);
        let options = WriteOptions { durable: at % 8 == 1, ..PLAIN };
        let result = write_in_steps(&new(), folder.path(), options, &steps);
        if !steps.was_reached() {
            assert!(result.is_ok());
            break;
        }
        let read = Snapshot::read(folder.path()).unwrap();
        let committed = steps.has_seen(&Step::Commit);
        assert_eq!(read.digest().unwrap(), if committed { &after } else { &before }.as_str(), "step {at}");
        assert_eq!(read.skipped(), []);
        if committed {
            outcomes.1 += 1;
            let whole = tempfile::tempdir().unwrap();
            new().write(whole.path(), &PLAIN).unwrap();
            let mut files = files_of(folder.path());
            if *steps.seen.lock().unwrap().last().unwrap() == format!("{:?}", Step::Finish) {
                // An idle lock is all that is left, and no reader minds it.
                assert!(files.remove(&format!("{STAGING_NAME}/lock")).is_some());
            }
            assert_eq!(files, files_of(whole.path()), "step {at}");
        } else {
            outcomes.0 += 1;
        }
        // And the next writer is not in the way of what was left.
        new().write(folder.path(), &PLAIN).unwrap();
        assert_eq!(Snapshot::read(folder.path()).unwrap().digest().unwrap(), after);
        assert!(!folder.path().join(STAGING_NAME).exists());
    }
    assert!(outcomes.0 > 5 && outcomes.1 > 5, "{outcomes:?}");
}

/// Ends the process, as a power switch would, before one step.
struct AbortAt(StopAt);

impl Steps for AbortAt {
    fn before(&self, step: &Step<'_>) -> Result<(), Stop> {
        self.0.before(step).inspect_err(|_| std::process::abort())
    }
}

/// The folder that the process below writes, and the step that it dies at.
const VICTIM: &str = "SNAPSHOT_TEST_VICTIM";

#[test]
#[ignore = "run by the next test, in a process of its own"]
fn victim() {
    let victim = std::env::var(VICTIM).unwrap();
    let (at, folder) = victim.split_once(' ').unwrap();
    let steps = AbortAt(StopAt::new(at.parse().unwrap(), kill));
    let _ = write_in_steps(&new(), Path::new(folder), PLAIN, &steps);
}

#[test]
fn a_process_that_really_dies_leaves_a_lock_that_nobody_holds() {
    for (at, expected) in [(3, old()), (9, new()), (16, new())] {
        let folder = tempfile::tempdir().unwrap();
        old().write(folder.path(), &PLAIN).unwrap();
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "snapshot::directory::tests::victim"])
            .env(VICTIM, format!("{at} {}", folder.path().display()))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success(), "it was to die at step {at}");
        assert!(folder.path().join(STAGING_NAME).join("lock").exists());
        let read = Snapshot::read(folder.path()).unwrap();
        assert_eq!(read.digest().unwrap(), expected.digest().unwrap(), "step {at}");
        new().write(folder.path(), &PLAIN).unwrap();
        assert_eq!(Snapshot::read(folder.path()).unwrap().digest().unwrap(), new().digest().unwrap());
    }
}

#[test]
fn what_finishes_an_interrupted_write_may_be_killed_too() {
    let after = new().digest().unwrap();
    for first in (0..).step_by(4) {
        let mut reached = false;
        for second in 0.. {
            let folder = tempfile::tempdir().unwrap();
            old().write(folder.path(), &PLAIN).unwrap();
            let steps = StopAt::new(first, kill);
            let _ = write_in_steps(&new(), folder.path(), PLAIN, &steps);
            reached = steps.was_reached();
            if !Snapshot::is_pending(folder.path()).unwrap() {
                break;
            }
            let again = StopAt::new(second, kill);
            let lock = Lock::take(folder.path()).unwrap();
            let _ = finish_interrupted(folder.path(), &lock, &again);
            drop(lock);
            assert_eq!(Snapshot::read(folder.path()).unwrap().digest().unwrap(), after, "steps {first}, {second}");
            if !again.was_reached() {
                break;
            }
        }
        if !reached {
            break;
        }
    }
}

#[test]
fn a_full_disk_before_the_point_of_no_return_leaves_the_folder_as_it_was() {
    for at in 0.. {
        let folder = tempfile::tempdir().unwrap();
        old().write(folder.path(), &PLAIN).unwrap();
        let untouched = files_of(folder.path());
        let steps = StopAt::new(at, disk_full);
        let error = write_in_steps(&new(), folder.path(), PLAIN, &steps).unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::Io);
        if steps.has_seen(&Step::Commit) {
            assert!(at > new().len());
            assert!(Snapshot::is_pending(folder.path()).unwrap());
            assert!(error.hint().unwrap().contains("next read"), "{error}");
            break;
        }
        assert_eq!(files_of(folder.path()), untouched, "step {at}");
    }
}

#[test]
fn a_full_disk_leaves_no_folder_that_was_not_there() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new");
    write_in_steps(&new(), &folder, PLAIN, &StopAt::new(2, disk_full)).unwrap_err();
    assert!(!folder.exists());
}

#[test]
fn an_interrupted_write_that_cannot_be_finished_is_named() {
    let folder = tempfile::tempdir().unwrap();
    old().write(folder.path(), &PLAIN).unwrap();
    let _ = write_in_steps(&new(), folder.path(), PLAIN, &StopAt::new(new().len() + 3, kill));
    assert!(Snapshot::is_pending(folder.path()).unwrap());
    // Whoever may not write there cannot take the lock, nor can anybody whom this folder is in the way.
    let lock = folder.path().join(STAGING_NAME).join("lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let error = Snapshot::read(folder.path()).unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::Refused);
    assert!(error.message().contains("interrupted"), "{error}");
    fs::remove_dir(&lock).unwrap();
    assert_eq!(Snapshot::read(folder.path()).unwrap().digest().unwrap(), new().digest().unwrap());
}

#[test]
fn a_second_writer_is_refused_and_a_dead_one_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    old().write(folder.path(), &PLAIN).unwrap();
    let lock = Lock::take(folder.path()).unwrap();
    let error = new().write(folder.path(), &PLAIN).unwrap_err();
    assert!(error.message().contains("another process"), "{error}");
    // The system lets go of a dead process's lock; its files stay.
    drop(lock);
    assert!(folder.path().join(STAGING_NAME).join("lock").exists());
    new().write(folder.path(), &PLAIN).unwrap();
    assert_eq!(Snapshot::read(folder.path()).unwrap().digest().unwrap(), new().digest().unwrap());
}

/// Renames nothing until a reader has tried.
struct ReadBefore<'a> {
    folder: &'a Path,
    step: Step<'a>,
    result: Mutex<Option<Result<String, String>>>,
}

impl Steps for ReadBefore<'_> {
    fn before(&self, step: &Step<'_>) -> Result<(), Stop> {
        if *step == self.step {
            let read = Snapshot::read(self.folder).and_then(|read| read.digest()).map_err(|error| error.to_string());
            *self.result.lock().unwrap() = Some(read);
        }
        Ok(())
    }
}

#[test]
fn a_reader_beside_a_writer_sees_the_old_snapshot_or_says_that_it_has_to_wait() {
    for (step, expected) in [
        (Step::Stage("project.json"), Ok(old().digest().unwrap())),
        (Step::Commit, Ok(old().digest().unwrap())),
        (Step::Install("project.json"), Err("another process is writing")),
        (Step::InstallList, Err("another process is writing")),
        (Step::Clear, Ok(new().digest().unwrap())),
    ] {
        let folder = tempfile::tempdir().unwrap();
        old().write(folder.path(), &PLAIN).unwrap();
        let steps = ReadBefore { folder: folder.path(), step, result: Mutex::default() };
        write_in_steps(&new(), folder.path(), PLAIN, &steps).unwrap();
        match (steps.result.lock().unwrap().take().unwrap(), expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{:?}", steps.step),
            (Err(read), Err(expected)) => assert!(read.contains(expected), "{read}"),
            (read, expected) => panic!("{:?}: {read:?} instead of {expected:?}", steps.step),
        }
    }
}

#[cfg(unix)]
#[test]
fn a_roll_forward_list_from_a_stranger_brings_nothing_in_from_elsewhere() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    old().write(folder.path(), &PLAIN).unwrap();
    fs::write(elsewhere.path().join("project.json"), r#"{"is":"private"}"#).unwrap();
    let staging = folder.path().join(STAGING_NAME);
    fs::create_dir(&staging).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), staging.join("files")).unwrap();
    fs::write(staging.join(COMMIT_NAME), r#"{"install":["project.json"],"remove":[]}"#).unwrap();
    let error = Snapshot::read(folder.path()).unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath);
    assert!(elsewhere.path().join("project.json").exists());
    fs::write(staging.join(COMMIT_NAME), r#"{"install":[],"remove":["../victim"]}"#).unwrap();
    fs::write(folder.path().parent().unwrap().join("victim"), "x").unwrap();
    assert!(Snapshot::read(folder.path()).is_err());
    assert!(folder.path().parent().unwrap().join("victim").exists());
    fs::remove_file(folder.path().parent().unwrap().join("victim")).unwrap();
}

/// A folder with a snapshot, a file of somebody else's, and a roll-forward list from a stranger.
fn with_strangers_list(commit: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    old().write(folder.path(), &PLAIN).unwrap();
    fs::write(folder.path().join("README.md"), "mine").unwrap();
    fs::write(folder.path().join("package.json"), "{}").unwrap();
    let staging = folder.path().join(STAGING_NAME);
    fs::create_dir_all(staging.join("files").join("inner.json").join("deeper")).unwrap();
    fs::copy(folder.path().join(".descope-projects.json"), staging.join("list.json")).unwrap();
    fs::write(staging.join("lock"), "").unwrap();
    fs::write(staging.join(COMMIT_NAME), commit).unwrap();
    folder
}

#[test]
fn a_roll_forward_list_from_a_stranger_removes_nothing_but_the_old_snapshots_files() {
    let folder = with_strangers_list(r#"{"install":[],"remove":["README.md","package.json"]}"#);
    Snapshot::read(folder.path()).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("README.md")).unwrap(), "mine");
    assert!(folder.path().join("package.json").exists());
    assert!(!Snapshot::is_pending(folder.path()).unwrap());
}

#[test]
fn a_roll_forward_list_from_a_stranger_puts_no_folder_in_a_files_place() {
    let folder = with_strangers_list(r#"{"install":["inner.json"],"remove":[]}"#);
    assert_eq!(Snapshot::read(folder.path()).unwrap_err().kind(), SnapshotErrorKind::UnsafePath);
    assert!(!folder.path().join("inner.json").exists());
}

#[cfg(unix)]
#[test]
fn a_roll_forward_list_that_never_ends_is_not_read() {
    let folder = with_strangers_list("");
    let list = folder.path().join(STAGING_NAME).join(COMMIT_NAME);
    fs::remove_file(&list).unwrap();
    // Of this one, only the beginning would ever come.
    std::os::unix::fs::symlink("/dev/zero", &list).unwrap();
    let error = Snapshot::read(folder.path()).unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::Invalid);
    assert!(error.message().contains("interrupted"), "{error}");
}
