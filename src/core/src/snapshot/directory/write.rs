//! Writing a folder so that it holds the old snapshot or the new one, whole, whenever the process ends.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::commit::{self, COMMIT_NAME, Commit, End, FILES_NAME, STAGED_LIST_NAME, ask};
use super::list::{FileList, LIST_NAME};
use super::lock::Lock;
use super::read::{check_folders, scan};
use super::steps::{Step, Steps, Uninterrupted};
use super::{STAGING_NAME, is_absent};
use crate::snapshot::error::{SnapshotError, shown};
use crate::snapshot::paths::{SnapshotPath, check_all, collision_key};
use crate::snapshot::{Snapshot, WriteOptions, Written, from_disk, limits, parallel, schema};

/// Entries that a folder may have and still count as empty: what `git init` and its users leave.
const NOTHING: &[&str] = &[".git", ".gitignore", ".gitattributes", ".gitkeep", STAGING_NAME];

/// Writes the snapshot into a folder.
pub(in crate::snapshot) fn write(
    snapshot: &Snapshot,
    folder: &Path,
    options: WriteOptions,
) -> Result<Written, SnapshotError> {
    write_in_steps(snapshot, folder, options, &Uninterrupted)
}

/// As [`write()`], asking a hook before each step.
pub(super) fn write_in_steps(
    snapshot: &Snapshot,
    folder: &Path,
    options: WriteOptions,
    steps: &dyn Steps,
) -> Result<Written, SnapshotError> {
    let paths = check_all(snapshot.paths())?;
    let private = snapshot.contains_secrets();
    let made = make_target(folder, private)?;
    // Where a link leads is asked once: a write goes to one folder, whatever becomes of the link meanwhile.
    let place = &folder.canonicalize().map_err(|error| SnapshotError::io("write", folder, error))?;
    let job = Job { snapshot, paths, folder: place, options, private, fresh: made, steps };
    let end = match Lock::take(place) {
        Ok(lock) => job.run(lock),
        Err(error) => Err(End::Failed(error)),
    };
    match end {
        Ok(written) => Ok(Written { path: folder.to_path_buf(), ..written }),
        Err(End::Failed(error)) => {
            if made {
                // Only if it is empty: nothing was put in place.
                let _ = fs::remove_dir(place);
            }
            Err(error)
        }
        Err(End::Killed) => Err(SnapshotError::refused("interrupted")),
    }
}

/// Makes the folder if it is not there; says whether it did.
fn make_target(folder: &Path, private: bool) -> Result<bool, SnapshotError> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => return Ok(false),
        Ok(_) => return Err(SnapshotError::refused(format!("{} is not a folder", folder.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(SnapshotError::io("write", folder, error)),
    }
    let make = |error| SnapshotError::io("make", folder, error);
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(make)?;
    }
    commit::make_folder(folder, private).map_err(make)?;
    Ok(true)
}

struct Job<'a> {
    snapshot: &'a Snapshot,
    paths: Vec<SnapshotPath>,
    folder: &'a Path,
    options: WriteOptions,
    private: bool,
    /// The folder was made for this write: nothing can be in it yet.
    fresh: bool,
    steps: &'a dyn Steps,
}

/// What is in the folder before the write.
struct Before {
    /// The old snapshot's own files.
    own: BTreeSet<SnapshotPath>,
    /// Files that are no part of it but would be read as one of the new snapshot, or would keep it from being read.
    foreign: BTreeSet<String>,
}

/// What lies in the staging folder, at the point of no return.
struct Staged {
    commit: Commit,
    bytes: u64,
    left_alone: Vec<String>,
}

impl Job<'_> {
    fn run(&self, lock: Lock) -> Result<Written, End> {
        let staged = commit::finish_interrupted(self.folder, &lock, self.steps).and_then(|()| {
            lock.empty().map_err(|error| SnapshotError::io("tidy up", lock.staging(), error))?;
            self.stage(&lock)
        });
        let staged = match staged {
            Ok(staged) => staged,
            Err(End::Failed(error)) => {
                if !lock.staging().join(COMMIT_NAME).exists() {
                    lock.clear();
                }
                return Err(End::Failed(error));
            }
            Err(End::Killed) => return Err(End::Killed),
        };
        let commit = &staged.commit;
        commit::carry_out(self.folder, &lock, commit, self.steps).map_err(|end| match end {
            End::Failed(error) => End::Failed(
                error.with_hint("the new snapshot is staged: the next read or write of this folder finishes it"),
            ),
            End::Killed => End::Killed,
        })?;
        ask(self.steps, &Step::Clear, self.folder)?;
        lock.clear();
        Ok(Written {
            path: self.folder.to_path_buf(),
            files: commit.install.len(),
            bytes: staged.bytes,
            removed: commit.remove.iter().map(|path| path.as_str().to_owned()).collect(),
            left_alone: staged.left_alone,
        })
    }

    /// Everything up to and with the point of no return.
    fn stage(&self, lock: &Lock) -> Result<Staged, End> {
        let before = self.look()?;
        let new: HashSet<&SnapshotPath> = self.paths.iter().collect();
        let gone: Vec<SnapshotPath> = before.own.iter().filter(|path| !new.contains(path)).cloned().collect();
        self.check_targets(&gone, &before)?;
        let files = lock.staging().join(FILES_NAME);
        let bytes = self.stage_files(&files)?;
        let left_alone = before.foreign.iter().cloned().collect();
        let list = FileList {
            files: self.snapshot.kinds(&self.paths),
            foreign: before.foreign,
            partial: self.snapshot.is_declared_part(),
            contains_secrets: self.private,
        };
        self.put(&lock.staging().join(STAGED_LIST_NAME), &self.folder.join(LIST_NAME), &list.text())?;
        let commit =
            Commit { install: self.paths.clone(), remove: gone, private: self.private, durable: self.options.durable };
        ask(self.steps, &Step::Commit, self.folder)?;
        let written = lock.staging().join("commit.new");
        self.put(&written, &written, &commit.text())?;
        if self.options.durable {
            commit::sync_folder(lock.staging())?;
            commit::sync_folder(self.folder)?;
        }
        let path = lock.staging().join(COMMIT_NAME);
        fs::rename(&written, &path).map_err(|error| SnapshotError::io("write", &path, error))?;
        if self.options.durable {
            commit::sync_folder(lock.staging())?;
        }
        Ok(Staged { commit, bytes, left_alone })
    }

    /// Whose the files in the folder are. Refuses a folder that is no snapshot.
    fn look(&self) -> Result<Before, SnapshotError> {
        let list = match FileList::of_folder(self.folder) {
            Ok(list) => list,
            Err(_) if self.options.force => None,
            Err(error) => return Err(error),
        };
        let present = scan(self.folder)?;
        let readable = present.iter().map(|entry| entry.path.as_str()).filter(|path| schema::is_plain(path));
        let readable: BTreeSet<&str> = readable.collect();
        let own: BTreeSet<SnapshotPath> = match &list {
            Some(list) => list.files.keys().cloned().collect(),
            // As the vendor's command line wrote it: its own files are the ones that a snapshot has. Whatever else
            // reading would take may be anybody's, and is left alone.
            None if schema::is_snapshot(&readable) => {
                let known = readable.iter().filter(|path| schema::is_known(path));
                known.map(|path| SnapshotPath::parse(path)).collect::<Result<_, _>>()?
            }
            None if self.options.force || self.is_empty()? => BTreeSet::new(),
            None => {
                return Err(SnapshotError::refused(format!(
                    "{} is not empty and is no snapshot",
                    self.folder.display()
                ))
                .with_hint("choose another folder, or force it: other files are left alone"));
            }
        };
        let new: HashSet<&str> = self.paths.iter().map(SnapshotPath::as_str).collect();
        let owned: HashSet<&str> = own.iter().map(SnapshotPath::as_str).collect();
        // A reader refuses what it cannot read in a folder that every snapshot has, unless the list says whose it is.
        let counts = |path: &&str| schema::is_plain(path) || schema::is_known_folder(path);
        let foreign = present.iter().map(|entry| entry.path.as_str()).filter(counts);
        let foreign = foreign.filter(|path| !new.contains(path) && !owned.contains(path));
        Ok(Before { foreign: foreign.map(str::to_owned).collect(), own })
    }

    fn is_empty(&self) -> Result<bool, SnapshotError> {
        let look = |error| SnapshotError::io("read", self.folder, error);
        for entry in fs::read_dir(self.folder).map_err(look)? {
            let name = entry.map_err(look)?.file_name();
            if !NOTHING.iter().any(|nothing| name == *nothing) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Refuses, before anything is changed, what could not be put in place or would go through a link.
    fn check_targets(&self, gone: &[SnapshotPath], before: &Before) -> Result<(), SnapshotError> {
        if self.fresh {
            return Ok(());
        }
        let keys: BTreeMap<String, &str> =
            before.foreign.iter().map(|path| (collision_key(path), path.as_str())).collect();
        let removed: HashSet<&str> = gone.iter().map(SnapshotPath::as_str).collect();
        let mut seen: HashSet<&str> = HashSet::new();
        for path in &self.paths {
            for folder in path.folders().rev().take_while(|folder| seen.insert(folder)) {
                self.check_folder(path, folder, &removed)?;
            }
        }
        for path in gone {
            check_folders(self.folder, path)?;
        }
        for path in &self.paths {
            if let Some(other) = keys.get(&collision_key(path.as_str())) {
                return Err(SnapshotError::unsafe_path(
                    path.as_str(),
                    format_args!(
                        "and {}, which is no part of the snapshot, are one name on some systems",
                        shown(other)
                    ),
                ));
            }
            self.check_target(path, &removed, &before.own)?;
        }
        Ok(())
    }

    fn check_folder(&self, path: &SnapshotPath, folder: &str, removed: &HashSet<&str>) -> Result<(), SnapshotError> {
        let place = self.folder.join(folder);
        match place.symlink_metadata() {
            Ok(found) if found.is_dir() => self.check_device(&found, folder),
            Ok(found) if !found.is_file() => Err(SnapshotError::unsafe_path(
                path.as_str(),
                format_args!("goes through {}, which is a link or a device", shown(folder)),
            )),
            Ok(_) if removed.contains(folder) => Ok(()),
            Ok(_) => Err(SnapshotError::unsafe_path(
                path.as_str(),
                format_args!("needs a folder where {} is a file", shown(folder)),
            )),
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => Err(SnapshotError::io("look at", &place, error)),
        }
    }

    /// A file cannot be renamed into another file system, which would show only after the point of no return.
    fn check_device(&self, found: &fs::Metadata, folder: &str) -> Result<(), SnapshotError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let own = fs::metadata(self.folder).map_err(|error| SnapshotError::io("look at", self.folder, error))?;
            if own.dev() != found.dev() {
                return Err(SnapshotError::unsafe_path(folder, "is on another file system than the folder it is in"));
            }
        }
        #[cfg(not(unix))]
        let _ = (found, folder);
        Ok(())
    }

    fn check_target(
        &self,
        path: &SnapshotPath,
        removed: &HashSet<&str>,
        own: &BTreeSet<SnapshotPath>,
    ) -> Result<(), SnapshotError> {
        let target = path.below(self.folder);
        // What could be read as a file of the snapshot is one that was added by hand. Anything else, a README, is not.
        let may_replace = self.options.force || own.contains(path) || schema::is_plain(path.as_str());
        match target.symlink_metadata() {
            Ok(found) if found.is_file() && !may_replace => Err(SnapshotError::unsafe_path(
                path.as_str(),
                "is in the folder already and is no part of its snapshot",
            )
            .with_hint("move it elsewhere, or force the write to replace it")),
            Ok(found) if found.is_file() => Ok(()),
            Ok(found) if found.is_dir() => {
                let look = |error| SnapshotError::io("look at", &target, error);
                // A folder without files would not be emptied by removing the old ones, and be in the way for ever.
                if !will_be_emptied(&target, path.as_str(), removed).map_err(look)? {
                    return Err(SnapshotError::unsafe_path(
                        path.as_str(),
                        "is a folder that is empty, or has other files in it",
                    ));
                }
                Ok(())
            }
            Ok(_) => Err(SnapshotError::unsafe_path(path.as_str(), "is a link or a device in the folder")),
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => Err(SnapshotError::io("look at", &target, error)),
        }
    }

    fn stage_files(&self, files: &Path) -> Result<u64, End> {
        let make =
            |path: &Path| commit::make_folder(path, true).map_err(|error| SnapshotError::io("make", path, error));
        make(files)?;
        let mut folders: HashSet<&str> = HashSet::new();
        for folder in self.paths.iter().flat_map(SnapshotPath::folders) {
            if folders.insert(folder) {
                make(&files.join(folder))?;
            }
        }
        let sizes = parallel::map(&self.paths, |path| -> Result<u64, End> {
            ask(self.steps, &Step::Stage(path.as_str()), self.folder)?;
            let content = self.snapshot.content_to_write(path.as_str())?;
            self.put(&path.below(files), &path.below(self.folder), &content)?;
            Ok(content.len() as u64)
        })?;
        if self.options.durable {
            for folder in folders {
                commit::sync_folder(&files.join(folder))?;
            }
            commit::sync_folder(files)?;
        }
        let total = sizes.into_iter().sum();
        if total > limits::TOTAL_BYTES {
            return Err(from_disk::too_much().into());
        }
        Ok(total)
    }

    /// Writes a staged file that is to replace `target`, whose mode it takes.
    fn put(&self, staged: &Path, target: &Path, content: &[u8]) -> Result<(), SnapshotError> {
        let write = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            if self.private {
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            }
            let mut file = options.open(staged)?;
            file.write_all(content)?;
            #[cfg(unix)]
            if !self.private
                && !self.fresh
                && let Ok(old) = target.symlink_metadata()
                && old.is_file()
            {
                file.set_permissions(old.permissions())?;
            }
            #[cfg(not(unix))]
            let _ = target;
            if self.options.durable {
                file.sync_all()?;
            }
            Ok(())
        };
        write().map_err(|error| SnapshotError::io("stage", target, error))
    }
}

/// Whether everything in the folder is removed with the old snapshot: then the folder goes too.
fn will_be_emptied(folder: &Path, path: &str, removed: &HashSet<&str>) -> io::Result<bool> {
    let mut is_empty = true;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        is_empty = false;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { return Ok(false) };
        let inner = format!("{path}/{name}");
        let goes = if entry.file_type()?.is_dir() {
            will_be_emptied(&entry.path(), &inner, removed)?
        } else {
            removed.contains(inner.as_str())
        };
        if !goes {
            return Ok(false);
        }
    }
    Ok(!is_empty)
}
