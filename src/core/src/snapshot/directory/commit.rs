//! The roll-forward list: what is left to do for the new snapshot to be in place.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::STAGING_NAME;
use super::list::{FileList, LIST_NAME};
use super::lock::Lock;
use super::steps::{Step, Steps, Stop};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::node::Node;
use crate::snapshot::paths::{SnapshotPath, collision_key};
use crate::snapshot::{limits, ordinary, schema};

/// Its name in the staging folder.
pub(super) const COMMIT_NAME: &str = "commit.json";
/// Where the staged files are in the staging folder.
pub(super) const FILES_NAME: &str = "files";
/// Where the list of the new snapshot's files is in the staging folder.
pub(super) const STAGED_LIST_NAME: &str = "list.json";

/// How a write ends without a result.
pub(super) enum End {
    /// With an error.
    Failed(SnapshotError),
    /// As a killed process does: nothing is tidied up.
    Killed,
}

impl End {
    pub(super) fn into_error(self) -> SnapshotError {
        match self {
            Self::Failed(error) => error,
            Self::Killed => SnapshotError::refused("interrupted"),
        }
    }
}

impl From<SnapshotError> for End {
    fn from(error: SnapshotError) -> Self {
        Self::Failed(error)
    }
}

/// Asks the hook whether to go on.
pub(super) fn ask(steps: &dyn Steps, step: &Step<'_>, folder: &Path) -> Result<(), End> {
    match steps.before(step) {
        Ok(()) => Ok(()),
        Err(Stop::Fail(error)) => Err(SnapshotError::io("write", folder, error).into()),
        Err(Stop::Kill) => Err(End::Killed),
    }
}

/// The roll-forward list.
pub(super) struct Commit {
    /// Files to rename into place.
    pub(super) install: Vec<SnapshotPath>,
    /// Files of the old snapshot to remove.
    pub(super) remove: Vec<SnapshotPath>,
    /// New folders are for their owner alone.
    pub(super) private: bool,
    /// Everything is to reach the disk before it counts as done.
    pub(super) durable: bool,
}

impl Commit {
    pub(super) fn text(&self) -> Vec<u8> {
        let paths = |paths: &'_ [SnapshotPath]| {
            Node::Array(paths.iter().map(|path| Node::String(path.as_str().as_bytes().to_vec().into())).collect())
        };
        let flag = |set: bool| if set { Node::True } else { Node::False };
        let node = Node::Object(vec![
            (b"durable"[..].into(), flag(self.durable)),
            (b"install"[..].into(), paths(&self.install)),
            (b"private"[..].into(), flag(self.private)),
            (b"remove"[..].into(), paths(&self.remove)),
        ]);
        node.text()
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let node = Node::parse(text).ok()?;
        let paths = |key: &str| -> Option<Vec<SnapshotPath>> {
            node.get(key)?.items().iter().map(|path| SnapshotPath::parse(path.as_str()?).ok()).collect()
        };
        let flag = |key: &str| matches!(node.get(key), Some(Node::True));
        Some(Self {
            install: paths("install")?,
            remove: paths("remove")?,
            private: flag("private"),
            durable: flag("durable"),
        })
    }
}

/// Finishes the write that was interrupted in this folder, if there is one.
pub(super) fn finish_interrupted(folder: &Path, lock: &Lock, steps: &dyn Steps) -> Result<(), End> {
    let path = lock.staging().join(COMMIT_NAME);
    let damaged = || {
        SnapshotError::invalid(format!("the interrupted write of {} cannot be finished", folder.display()))
            .with_hint(format!("remove {STAGING_NAME} in it and write the snapshot again"))
    };
    // Whoever made the folder made what is staged in it too. Opening a pipe would wait for its other end, and a link
    // may lead to what has none.
    match path.symlink_metadata() {
        Ok(found) if found.is_file() && found.len() <= limits::FILE_BYTES => {}
        Ok(_) => return Err(damaged().into()),
        Err(error) if super::is_absent(&error) => return Ok(()),
        Err(error) => return Err(SnapshotError::io("look at", &path, error).into()),
    }
    let mut text = Vec::new();
    ordinary::open_no_link(&path)
        .and_then(|(file, _)| file.take(limits::FILE_BYTES).read_to_end(&mut text))
        .map_err(|error| SnapshotError::io("read", &path, error))?;
    let mut commit = Commit::parse(&text).ok_or_else(damaged)?;
    let staged = lock.staging().join(FILES_NAME);
    for path in &commit.install {
        // It must not bring in what lies elsewhere, nor what is no file.
        if leads_elsewhere(&staged, path) {
            return Err(SnapshotError::unsafe_path(path.as_str(), "is staged through a link, or is no file").into());
        }
    }
    if is_no_file(&lock.staging().join(STAGED_LIST_NAME)) {
        return Err(damaged().into());
    }
    let own = FileList::of_folder(folder);
    commit.remove.retain(|path| match &own {
        Ok(Some(list)) => list.files.contains_key(path),
        // A folder of the vendor's command line, or one whose list was damaged when its write was forced.
        Ok(None) | Err(_) => schema::is_plain(path.as_str()) && schema::is_known(path.as_str()),
    });
    carry_out(folder, lock, &commit, steps)
}

fn leads_elsewhere(staged: &Path, path: &SnapshotPath) -> bool {
    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    is_link(staged) || path.folders().any(|folder| is_link(&staged.join(folder))) || is_no_file(&path.below(staged))
}

/// Whether something is there that is no ordinary file.
fn is_no_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| !found.is_file())
}

/// Puts the staged snapshot into place. Every step can be done again after an interruption anywhere.
pub(super) fn carry_out(folder: &Path, lock: &Lock, commit: &Commit, steps: &dyn Steps) -> Result<(), End> {
    let staged = lock.staging().join(FILES_NAME);
    let mut work = Work { folder, staged, commit, steps, safe: HashSet::new(), touched: BTreeSet::new() };
    let (before, after) = work.split_removals();
    for path in before {
        work.remove(path)?;
    }
    for path in &commit.install {
        work.install(path)?;
    }
    for path in after {
        work.remove(path)?;
    }
    if commit.durable {
        for folder in &work.touched {
            // A folder that was emptied and removed since has nothing to keep.
            if folder.exists() {
                sync_folder(folder)?;
            }
        }
    }
    ask(steps, &Step::InstallList, folder)?;
    let staged_list = lock.staging().join(STAGED_LIST_NAME);
    let list = folder.join(LIST_NAME);
    move_into_place(&staged_list, &list)?;
    if commit.durable {
        sync_folder(folder)?;
    }
    ask(steps, &Step::Finish, folder)?;
    let path = lock.staging().join(COMMIT_NAME);
    fs::remove_file(&path).map_err(|error| SnapshotError::io("remove", &path, error))?;
    if commit.durable {
        // The new snapshot is in place. If the list came back after a loss of power, there would be nothing left to do.
        let _ = sync_folder(lock.staging());
    }
    Ok(())
}

struct Work<'a> {
    folder: &'a Path,
    staged: PathBuf,
    commit: &'a Commit,
    steps: &'a dyn Steps,
    /// Folders that were seen to be folders, not links to some.
    safe: HashSet<String>,
    /// Folders whose entries have changed.
    touched: BTreeSet<PathBuf>,
}

impl<'a> Work<'a> {
    /// Removals that have to come before the new files: what stands in their way, and, on a file system where case or
    /// Unicode form do not count, what *is* the new file under its old name. Of those, the ones whose successor is in
    /// place already were done before an interruption, and would now remove the successor.
    fn split_removals(&self) -> (Vec<&'a SnapshotPath>, Vec<&'a SnapshotPath>) {
        let mut keys: HashMap<String, Option<&SnapshotPath>> = HashMap::new();
        for path in &self.commit.install {
            let key = collision_key(path.as_str());
            for (at, _) in key.match_indices('/') {
                keys.entry(key[..at].to_owned()).or_insert(None);
            }
            keys.insert(key, Some(path));
        }
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for path in &self.commit.remove {
            let key = collision_key(path.as_str());
            match keys.get(&key) {
                Some(Some(successor)) if successor.below(&self.staged).exists() => before.push(path),
                Some(Some(_)) => {}
                Some(None) => before.push(path),
                None if key.match_indices('/').any(|(at, _)| matches!(keys.get(&key[..at]), Some(Some(_)))) => {
                    before.push(path);
                }
                None => after.push(path),
            }
        }
        (before, after)
    }

    fn remove(&mut self, path: &SnapshotPath) -> Result<(), End> {
        ask(self.steps, &Step::Remove(path.as_str()), self.folder)?;
        for folder in path.folders() {
            if !self.is_folder(folder)? {
                return Ok(());
            }
        }
        let target = path.below(self.folder);
        match target.symlink_metadata() {
            Ok(found) if found.is_dir() => return Ok(()),
            Ok(_) => fs::remove_file(&target).map_err(|error| SnapshotError::io("remove", &target, error))?,
            Err(error) if super::is_absent(&error) => {}
            Err(error) => return Err(SnapshotError::io("look at", &target, error).into()),
        }
        self.touch(&target);
        for folder in path.folders().rev() {
            let emptied = self.folder.join(folder);
            if fs::remove_dir(&emptied).is_err() {
                break;
            }
            self.safe.remove(folder);
            self.touch(&emptied);
        }
        Ok(())
    }

    fn install(&mut self, path: &SnapshotPath) -> Result<(), End> {
        ask(self.steps, &Step::Install(path.as_str()), self.folder)?;
        for folder in path.folders() {
            if !self.is_folder(folder)? {
                let made = self.folder.join(folder);
                make_folder(&made, self.commit.private).map_err(|error| SnapshotError::io("make", &made, error))?;
                self.safe.insert(folder.to_owned());
                self.touch(&made);
            }
        }
        let target = path.below(self.folder);
        move_into_place(&path.below(&self.staged), &target)?;
        self.touch(&target);
        Ok(())
    }

    fn touch(&mut self, entry: &Path) {
        if self.commit.durable
            && let Some(parent) = entry.parent()
            && !self.touched.contains(parent)
        {
            self.touched.insert(parent.to_path_buf());
        }
    }

    /// Whether the folder is there; an error if something else is.
    fn is_folder(&mut self, folder: &str) -> Result<bool, SnapshotError> {
        if self.safe.contains(folder) {
            return Ok(true);
        }
        let path = self.folder.join(folder);
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => {
                self.safe.insert(folder.to_owned());
                Ok(true)
            }
            Ok(found) if found.is_file() => Ok(false),
            Ok(_) => Err(SnapshotError::unsafe_path(folder, "is a link or a device where a folder belongs")),
            Err(error) if super::is_absent(&error) => Ok(false),
            Err(error) => Err(SnapshotError::io("look at", &path, error)),
        }
    }
}

/// Renames; nothing to do if that was done before an interruption.
fn move_into_place(staged: &Path, target: &Path) -> Result<(), SnapshotError> {
    match fs::rename(staged, target) {
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                && !staged.exists()
                && target.symlink_metadata().is_ok_and(|found| found.is_file()) =>
        {
            Ok(())
        }
        Err(error) => Err(SnapshotError::io("put in place", target, error)),
        Ok(()) => Ok(()),
    }
}

/// Makes one folder.
pub(super) fn make_folder(path: &Path, private: bool) -> io::Result<()> {
    #[cfg_attr(not(unix), allow(unused_mut, reason = "only Unix has modes"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    if private {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    }
    #[cfg(not(unix))]
    let _ = private;
    builder.create(path)
}

/// Makes a folder's entries reach the disk.
pub(super) fn sync_folder(path: &Path) -> Result<(), SnapshotError> {
    // Windows cannot open a folder as a file, and writes its entries through.
    #[cfg(unix)]
    fs::File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| SnapshotError::io("synchronise", path, error))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
