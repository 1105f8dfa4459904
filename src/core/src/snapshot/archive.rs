//! A snapshot as one zip file.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::directory::{FileList, Found, LIST_NAME};
use super::error::SnapshotError;
use super::from_disk::{self, Choice, Gathered};
use super::latched::Latched;
use super::paths::{self, SnapshotPath};
use super::{Snapshot, WriteOptions, Written, limits, ordinary, schema};

/// Whether the path names an archive.
pub(super) fn is_archive(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
        && !path.is_dir()
}

/// Reads an archive.
pub(super) fn read(path: &Path) -> Result<Found, SnapshotError> {
    let (file, found) = ordinary::open(path).map_err(|error| SnapshotError::io("read", path, error))?;
    if found.len() > limits::ARCHIVE_BYTES {
        return Err(SnapshotError::invalid(format!(
            "{} is larger than {} bytes",
            path.display(),
            limits::ARCHIVE_BYTES
        )));
    }
    let fault = |error: zip::result::ZipError| fault(path, error);
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(fault)?;
    // Entries that overlap, are there twice, or that one reader sees and another does not.
    archive.validate_header_consistency().map_err(fault)?;
    let entries = Entries::of(&archive, path)?;
    let list = match entries.by_path.get(LIST_NAME) {
        Some(index) => Some(FileList::parse(&read_entry(&mut archive, *index, LIST_NAME)?)?),
        None => None,
    };
    let choice = Choice::of(entries.by_path.keys().map(String::as_str), list.as_ref())?;
    if let Some((path, _)) = choice.unseen.first() {
        return Err(from_disk::absent(path));
    }
    let mut gathered = Gathered::default();
    for (path, wanted) in choice.wanted {
        let bytes = read_entry(&mut archive, entries.by_path[&path], &path)?;
        gathered.add(from_disk::decode(&path, wanted, bytes)?);
    }
    gathered.skipped = choice.skipped;
    Ok(Found { gathered, list })
}

fn fault(path: &Path, error: zip::result::ZipError) -> SnapshotError {
    match error {
        zip::result::ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            SnapshotError::io("read", path, error)
        }
        error => SnapshotError::invalid(format!("{} is not an archive that can be read: {error}", path.display())),
    }
}

/// The files of an archive, by their path in the snapshot.
struct Entries {
    by_path: HashMap<String, usize>,
}

impl Entries {
    fn of<R: Read + Seek>(archive: &ZipArchive<R>, place: &Path) -> Result<Self, SnapshotError> {
        if archive.len() > limits::FILES {
            return Err(SnapshotError::invalid(format!("more than {} files in {}", limits::FILES, place.display())));
        }
        let mut names = Vec::with_capacity(archive.len());
        let mut total = 0_u64;
        for index in 0..archive.len() {
            let entry = archive.by_index_data(index).map_err(|error| fault(place, error))?;
            let name = match std::str::from_utf8(entry.name_raw()) {
                Ok(name) => name.to_owned(),
                Err(_) => entry.name().map_err(|error| fault(place, error))?.into_owned(),
            };
            if entry.is_dir() {
                check_name(name.trim_end_matches('/'))?;
                continue;
            }
            check_name(&name)?;
            if entry.is_symlink() {
                return Err(SnapshotError::unsafe_path(&name, "is a link"));
            }
            if entry.encrypted() {
                return Err(SnapshotError::in_file(&name, "is encrypted"));
            }
            if is_bomb(entry.size(), entry.compressed_size()) {
                return Err(bomb(&name));
            }
            total = total.saturating_add(entry.size());
            names.push((name, index));
        }
        if total > limits::TOTAL_BYTES {
            return Err(from_disk::too_much());
        }
        let top = common_folder(names.iter().map(|(name, _)| name.as_str())).map(str::to_owned);
        let strip = |name: String| match &top {
            Some(top) => name.strip_prefix(top.as_str()).map(str::to_owned).unwrap_or(name),
            None => name,
        };
        Ok(Self { by_path: names.into_iter().map(|(name, index)| (strip(name), index)).collect() })
    }
}

/// Hostile names are refused even where nobody would read the file; our own list is the one name that a snapshot's
/// path cannot have.
fn check_name(name: &str) -> Result<(), SnapshotError> {
    match name.strip_suffix(LIST_NAME) {
        Some("") => Ok(()),
        Some(folder) if folder.ends_with('/') => SnapshotPath::parse(folder.trim_end_matches('/')).map(|_| ()),
        // An archive of a working copy: passed over, as it would be in the working copy.
        _ if name.split('/').any(|part| part == ".git") => {
            SnapshotPath::parse(&name.replace(".git", "git")).map(|_| ())
        }
        _ => SnapshotPath::parse(name).map(|_| ()),
    }
}

/// The folder, with its slash, that everything is in, if it is none of a snapshot's own.
fn common_folder<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut names = names.filter(|name| !name.starts_with("__MACOSX") && !name.starts_with(".DS_Store"));
    let first = names.next()?;
    let top = &first[..=first.find('/')?];
    (!schema::is_known_folder(first) && names.all(|name| name.starts_with(top))).then_some(top)
}

fn is_bomb(size: u64, compressed: u64) -> bool {
    size > limits::FILE_BYTES || (size > limits::RATIO_FROM_BYTES && size / limits::RATIO > compressed)
}

fn bomb(name: &str) -> SnapshotError {
    SnapshotError::in_file(name, "grows beyond all reason when it is unpacked").at(name)
}

/// Unpacks one entry, and no more of it than it may hold, whatever its header says.
fn read_entry<R: Read + Seek>(archive: &mut ZipArchive<R>, index: usize, path: &str) -> Result<Vec<u8>, SnapshotError> {
    let cannot =
        |error: &dyn std::fmt::Display| SnapshotError::in_file(path, format_args!("cannot be unpacked: {error}"));
    let entry = archive.by_index(index).map_err(|error| cannot(&error))?;
    let (declared, compressed) = (entry.size(), entry.compressed_size());
    let mut bytes = Vec::with_capacity(usize::try_from(declared.min(limits::FILE_BYTES)).unwrap_or(0));
    entry.take(declared.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| cannot(&error))?;
    let size = bytes.len() as u64;
    if is_bomb(size, compressed) {
        return Err(bomb(path));
    }
    if size != declared {
        return Err(SnapshotError::in_file(path, "has another size than the archive says"));
    }
    Ok(bytes)
}

/// Writes an archive: beside its place first, then renamed into it.
pub(super) fn write(snapshot: &Snapshot, path: &Path, options: WriteOptions) -> Result<Written, SnapshotError> {
    let paths = paths::check_all(snapshot.paths())?;
    let target = match path.canonicalize() {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_path_buf(),
        Err(error) => return Err(SnapshotError::io("write", path, error)),
    };
    let old_mode = check_target(&target, options)?;
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&folder).map_err(|error| SnapshotError::io("make", &folder, error))?;
    let stage = |error: io::Error| SnapshotError::io("stage", &target, error);
    let mut staged = stage_file(&folder, snapshot.contains_secrets(), old_mode).map_err(stage)?;
    let bytes = fill(snapshot, &paths, BufWriter::new(staged.as_file_mut())).map_err(|failure| match failure {
        Failure::Snapshot(error) => error,
        Failure::Io(error) => stage(error),
    })?;
    if staged.as_file().metadata().map_err(stage)?.len() > limits::ARCHIVE_BYTES {
        return Err(SnapshotError::refused(format!(
            "the archive would be larger than {} bytes, and no larger one is read",
            limits::ARCHIVE_BYTES
        ))
        .with_hint("write a folder instead"));
    }
    if options.durable {
        staged.as_file().sync_all().map_err(stage)?;
    }
    staged.persist(&target).map_err(|error| SnapshotError::io("put in place", &target, error.error))?;
    #[cfg(unix)]
    if options.durable {
        File::open(&folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| SnapshotError::io("synchronise", &folder, error))?;
    }
    Ok(Written { path: path.to_path_buf(), files: paths.len(), bytes, removed: Vec::new(), left_alone: Vec::new() })
}

/// Refuses to replace what is no archive. Gives the mode of what is replaced.
fn check_target(target: &Path, options: WriteOptions) -> Result<Option<fs::Permissions>, SnapshotError> {
    let found = match fs::symlink_metadata(target) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SnapshotError::io("look at", target, error)),
    };
    if !found.is_file() {
        return Err(SnapshotError::refused(format!("{} is not an ordinary file", target.display())));
    }
    let starts_like_one = || -> io::Result<bool> {
        let mut start = Vec::new();
        ordinary::open(target)?.0.take(4).read_to_end(&mut start)?;
        Ok(matches!(start.as_slice(), b"PK\x03\x04" | b"PK\x05\x06"))
    };
    if !options.force && !starts_like_one().map_err(|error| SnapshotError::io("read", target, error))? {
        return Err(SnapshotError::refused(format!("{} is there and is no archive", target.display()))
            .with_hint("choose another name, or force it"));
    }
    Ok(Some(found.permissions()))
}

fn stage_file(folder: &Path, private: bool, old_mode: Option<fs::Permissions>) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".descope-projects-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(if private {
        0o600
    } else {
        0o666
    }));
    let staged = builder.tempfile_in(folder)?;
    #[cfg(unix)]
    if let Some(old_mode) = old_mode.filter(|_| !private) {
        staged.as_file().set_permissions(old_mode)?;
    }
    #[cfg(not(unix))]
    let _ = (private, old_mode);
    Ok(staged)
}

enum Failure {
    Snapshot(SnapshotError),
    Io(io::Error),
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<zip::result::ZipError> for Failure {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Io(error.into())
    }
}

/// Equal snapshots give equal bytes: sorted paths, one date, one mode.
fn fill(snapshot: &Snapshot, paths: &[SnapshotPath], target: BufWriter<&mut File>) -> Result<u64, Failure> {
    let mut target = Latched::new(target);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::DEFAULT)
        .system(zip::System::Unix)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(&mut target);
    if let Some(list) = list(snapshot, paths) {
        writer.start_file(LIST_NAME, options)?;
        writer.write_all(&list.text())?;
    }
    let mut total = 0;
    for path in paths {
        let content = snapshot.content_to_write(path.as_str())?;
        writer.start_file(path.as_str(), packing(&content, options)?)?;
        writer.write_all(&content)?;
        total += content.len() as u64;
    }
    writer.finish()?;
    target.flush()?;
    target.check()?;
    if total > limits::TOTAL_BYTES {
        return Err(from_disk::too_much().into());
    }
    Ok(total)
}

/// What shrinks so far that a reader would refuse it as a bomb is stored as it is.
fn packing(content: &[u8], options: SimpleFileOptions) -> Result<SimpleFileOptions, Failure> {
    let size = content.len() as u64;
    if size <= limits::RATIO_FROM_BYTES {
        return Ok(options);
    }
    let mut trial = ZipWriter::new(io::Cursor::new(Vec::new()));
    trial.start_file("trial", options)?;
    trial.write_all(content)?;
    let mut trial = ZipArchive::new(trial.finish()?)?;
    let compressed = trial.by_index(0)?.compressed_size();
    let stored = options.compression_method(CompressionMethod::Stored).compression_level(None);
    Ok(if is_bomb(size, compressed) { stored } else { options })
}

/// An archive has a list only where it says what nothing else does.
fn list(snapshot: &Snapshot, paths: &[SnapshotPath]) -> Option<FileList> {
    let list = FileList {
        files: snapshot.kinds(paths),
        partial: snapshot.is_declared_part(),
        contains_secrets: snapshot.contains_secrets(),
        ..FileList::default()
    };
    let is_plain = list.files.iter().all(|(path, kind)| {
        schema::is_plain(path.as_str()) && schema::kind_by_extension(path.as_str()) == Some(*kind) && {
            // An unlisted JSON file is taken only if it is an object.
            *kind != super::value::FileKind::Json
                || snapshot.raw(path.as_str()).is_some_and(|text| text.starts_with(b"{"))
        }
    });
    // A folder that everything is in would be taken for the archive's own.
    let is_wrapped = common_folder(snapshot.paths()).is_some();
    (!is_plain || is_wrapped || list.partial || list.contains_secrets).then_some(list)
}
