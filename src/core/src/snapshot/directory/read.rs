//! Reading a folder: what is taken, what is passed over, what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::commit::{self, End};
use super::list::{FileList, LIST_NAME};
use super::lock::Lock;
use super::steps::Uninterrupted;
use super::{is_absent, is_pending};
use crate::snapshot::error::{SnapshotError, SnapshotErrorKind, shown};
use crate::snapshot::from_disk::{self, Choice, Gathered};
use crate::snapshot::limits;
use crate::snapshot::ordinary;
use crate::snapshot::parallel;
use crate::snapshot::paths::SnapshotPath;
use crate::snapshot::schema;

/// How often a folder is read again because a writer was at work meanwhile.
const TRIES: usize = 5;

/// What is in a folder.
pub(in crate::snapshot) struct Found {
    /// The files and what was passed over.
    pub(in crate::snapshot) gathered: Gathered,
    /// The folder's own list.
    pub(in crate::snapshot) list: Option<FileList>,
}

/// Reads a folder; finishes a write that was interrupted there.
pub(in crate::snapshot) fn read(folder: &Path) -> Result<Found, SnapshotError> {
    let folder = &folder.canonicalize().map_err(|error| SnapshotError::io("read", folder, error))?;
    for _ in 0..TRIES {
        if is_pending(folder)? {
            finish(folder)?;
        }
        let before = Generation::of(folder);
        let found = read_once(folder);
        // A writer replaces the list after all files and removes the roll-forward list after that, so the two are
        // looked at in the opposite order: whatever was renamed while we read shows in one of them.
        if !is_pending(folder)? && Generation::of(folder) == before {
            return found;
        }
    }
    Err(SnapshotError::refused(format!("another process is writing {}", folder.display()))
        .with_hint("try again when it is done"))
}

fn finish(folder: &Path) -> Result<(), SnapshotError> {
    match Lock::take_over(folder) {
        Ok(None) => Ok(()),
        Ok(Some(lock)) => {
            commit::finish_interrupted(folder, &lock, &Uninterrupted).map_err(End::into_error)?;
            lock.clear();
            Ok(())
        }
        Err(error) if error.kind() != SnapshotErrorKind::Io => Err(error),
        // Its writer may have finished it just now.
        Err(_) if !is_pending(folder)? => Ok(()),
        Err(error) => Err(SnapshotError::refused(format!(
            "a write of {} was interrupted and cannot be finished from here: {}",
            folder.display(),
            error.message()
        ))
        .with_hint("read it once as its owner, with the right to write there")),
    }
}

/// Which write the folder's list is from. A new list is a new file, whatever is in it.
#[derive(PartialEq, Eq)]
struct Generation(Option<(u64, u64, Option<SystemTime>)>);

impl Generation {
    fn of(folder: &Path) -> Self {
        Self(folder.join(LIST_NAME).symlink_metadata().ok().map(|found| {
            #[cfg(unix)]
            let number = std::os::unix::fs::MetadataExt::ino(&found);
            #[cfg(not(unix))]
            let number = 0;
            (number, found.len(), found.modified().ok())
        }))
    }
}

fn read_once(folder: &Path) -> Result<Found, SnapshotError> {
    let list = FileList::of_folder(folder)?;
    let entries = scan(folder)?;
    let mut choice = Choice::of(entries.iter().map(|entry| entry.path.as_str()), list.as_ref())?;
    let mut linked: BTreeMap<&str, PathBuf> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !entry.kind.is_file() && choice.wanted.contains_key(&entry.path)) {
        linked.insert(&entry.path, entry.follow(folder)?);
    }
    // What is listed although the scan passes over its name, or is not there.
    for (path, wanted) in std::mem::take(&mut choice.unseen) {
        let checked = SnapshotPath::parse(&path)?;
        check_folders(folder, &checked)?;
        match checked.below(folder).symlink_metadata() {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(SnapshotError::unsafe_path(&path, "is not an ordinary file")),
            Err(error) if is_absent(&error) => return Err(from_disk::absent(&path)),
            Err(error) => return Err(SnapshotError::io("read", &checked.below(folder), error)),
        }
        choice.wanted.insert(path, wanted);
    }
    let mut gathered = Gathered::default();
    let wanted: Vec<_> = choice.wanted.into_iter().collect();
    let total = AtomicU64::new(0);
    let entries = parallel::map(&wanted, |(path, wanted)| {
        let file = linked.get(path.as_str());
        let path = SnapshotPath::parse(path)?;
        let bytes = read_file(file.unwrap_or(&path.below(folder)), &path)?;
        if total.fetch_add(bytes.len() as u64, Ordering::Relaxed) > limits::TOTAL_BYTES {
            return Err(from_disk::too_much());
        }
        from_disk::decode(path.as_str(), *wanted, bytes)
    })?;
    for entry in entries {
        gathered.add(entry);
    }
    gathered.skipped = choice.skipped;
    Ok(Found { gathered, list })
}

fn read_file(file: &Path, path: &SnapshotPath) -> Result<Vec<u8>, SnapshotError> {
    let read = |file: &Path| -> io::Result<Option<Vec<u8>>> {
        use std::io::Read as _;
        let (mut open, found) = ordinary::open_no_link(file)?;
        // One that is too large already is not read to find that out: it may be a terabyte of nothing.
        if found.len() > limits::FILE_BYTES {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0) + 1);
        io::Read::by_ref(&mut open).take(limits::FILE_BYTES + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= limits::FILE_BYTES).then_some(bytes))
    };
    match read(file) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => {
            Err(SnapshotError::in_file(path.as_str(), format_args!("is larger than {} bytes", limits::FILE_BYTES)))
        }
        Err(error) => Err(SnapshotError::io("read", file, error).at(path.as_str())),
    }
}

/// A file that the vendor's command line would not pass over by its name.
pub(super) struct Entry {
    /// Its path below the folder.
    pub(super) path: String,
    kind: fs::FileType,
}

impl Entry {
    /// A link is followed only to a file inside the folder; devices and pipes are no files.
    fn follow(&self, folder: &Path) -> Result<PathBuf, SnapshotError> {
        if !self.kind.is_symlink() {
            return Err(SnapshotError::unsafe_path(&self.path, "is not an ordinary file"));
        }
        let link = SnapshotPath::parse(&self.path)?.below(folder);
        let target = link.canonicalize().ok().filter(|target| target.starts_with(folder) && target.is_file());
        target.ok_or_else(|| SnapshotError::unsafe_path(&self.path, "is a link that leads elsewhere"))
    }
}

/// All files below a folder but those that the vendor's command line passes over by name.
pub(super) fn scan(folder: &Path) -> Result<Vec<Entry>, SnapshotError> {
    let mut entries = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), String::new(), 0)];
    while let Some((at, prefix, depth)) = folders.pop() {
        scan_folder(&at, &prefix, depth, &mut folders, &mut entries)?;
        if entries.len() + folders.len() > limits::FILES {
            return Err(SnapshotError::invalid(format!("more than {} files in {}", limits::FILES, folder.display())));
        }
    }
    Ok(entries)
}

fn scan_folder(
    at: &Path,
    prefix: &str,
    depth: usize,
    folders: &mut Vec<(PathBuf, String, usize)>,
    entries: &mut Vec<Entry>,
) -> Result<(), SnapshotError> {
    let read = |error| SnapshotError::io("read", at, error);
    for entry in fs::read_dir(at).map_err(read)? {
        let entry = entry.map_err(read)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            let path = format!("{prefix}{}", name.to_string_lossy());
            if schema::is_plain(&path) || schema::is_known_folder(&path) {
                return Err(SnapshotError::unsafe_path(&path, "has a name that is not UTF-8"));
            }
            continue;
        };
        if schema::is_skipped_name(name) {
            continue;
        }
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().map_err(|error| SnapshotError::io("look at", &entry.path(), error))?;
        if kind.is_dir() {
            if depth + 1 > limits::FOLDERS {
                return Err(SnapshotError::unsafe_path(
                    &path,
                    format_args!("is more than {} folders deep", limits::FOLDERS),
                ));
            }
            folders.push((entry.path(), format!("{path}/"), depth + 1));
            continue;
        }
        if kind.is_symlink() && entry.path().is_dir() {
            return Err(SnapshotError::unsafe_path(&path, "is a link to a folder"));
        }
        entries.push(Entry { path, kind });
    }
    Ok(())
}

/// Refuses a path that goes through a link.
pub(super) fn check_folders(folder: &Path, path: &SnapshotPath) -> Result<(), SnapshotError> {
    for parent in path.folders() {
        let parent_path = folder.join(parent);
        match parent_path.symlink_metadata() {
            Ok(found) if found.is_symlink() => {
                return Err(SnapshotError::unsafe_path(
                    path.as_str(),
                    format_args!("goes through {}, which is a link", shown(parent)),
                ));
            }
            Ok(_) => {}
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(SnapshotError::io("look at", &parent_path, error)),
        }
    }
    Ok(())
}
