//! Opening files that may be anything by now.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Opens an ordinary file to be read.
pub(super) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    open_with(OpenOptions::new().read(true), path)
}

/// As [`open()`], and not through a link, not even through one that took the file's place a moment ago.
pub(super) fn open_no_link(path: &Path) -> io::Result<(File, Metadata)> {
    let found = path.symlink_metadata()?;
    if found.is_symlink() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a link has taken its place"));
    }
    open_flagged(OpenOptions::new().read(true), path, true)
}

/// Opens an ordinary file. Opening a pipe would wait for its other end, and reading a device might never end: neither
/// is opened, not even one that took a file's place a moment ago.
pub(super) fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<(File, Metadata)> {
    open_flagged(options, path, false)
}

fn open_flagged(options: &mut OpenOptions, path: &Path, no_link: bool) -> io::Result<(File, Metadata)> {
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, "not an ordinary file");
    // Some devices do something when they are opened: what is one already is not.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(refused());
    }
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = if no_link { OFlags::NONBLOCK | OFlags::NOFOLLOW } else { OFlags::NONBLOCK };
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = no_link;
    let file = options.open(path)?;
    let found = file.metadata()?;
    if found.is_file() { Ok((file, found)) } else { Err(refused()) }
}
