//! The file under a journal, and what it does for good.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::directory::private;

/// Where a journal is kept. A test has one that is cut off at any moment.
pub(super) trait Medium: Send {
    /// Everything that is in it.
    fn read(&mut self) -> io::Result<Vec<u8>>;
    /// Puts bytes at a place, which may be its end.
    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts it off.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
    /// Returns when all that was written is there for good.
    fn sync(&mut self) -> io::Result<()>;
    /// Replaces everything in one step, for good.
    fn replace(&mut self, content: &[u8]) -> io::Result<()>;
}

/// A file on disk.
pub(super) struct OnDisk {
    path: PathBuf,
    file: File,
}

impl OnDisk {
    /// Absent if there is no such file.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => Ok(Some(Self { path: path.to_owned(), file })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the file, which is there with all of its content or not at all.
    pub(super) fn create(path: &Path, content: &[u8]) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: create(path, content)? })
    }
}

impl Medium for OnDisk {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut content)?;
        Ok(content)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn replace(&mut self, content: &[u8]) -> io::Result<()> {
        self.file = create(&self.path, content)?;
        Ok(())
    }
}

/// Under another name first: who is killed meanwhile leaves the old file, and one that nobody reads.
fn create(path: &Path, content: &[u8]) -> io::Result<File> {
    let new = path.with_extension("new");
    let mut file = private(OpenOptions::new().read(true).write(true).create(true).truncate(true)).open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_directory(path)?;
    Ok(file)
}

#[cfg(unix)]
fn sync_directory(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

/// A directory cannot be opened as a file there.
#[cfg(not(unix))]
fn sync_directory(_file: &Path) -> io::Result<()> {
    Ok(())
}
