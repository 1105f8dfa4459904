//! Descriptors 0, 1 and 2, where whoever started the program has closed them.

/// Opens nothing in their place. Otherwise the next file or connection would get the number, and what is printed would be
/// written into it. Rust's own start does the same; a Python process has not been through it.
#[cfg(unix)]
pub(crate) fn occupy() {
    use std::fs::OpenOptions;
    use std::os::fd::{AsRawFd as _, IntoRawFd as _};

    while let Ok(nothing) = OpenOptions::new().read(true).write(true).open("/dev/null") {
        if nothing.as_raw_fd() > 2 {
            break;
        }
        // It stays open to the end of the process.
        let _ = nothing.into_raw_fd();
    }
}

/// These platforms have no numbers that are given away again.
#[cfg(not(unix))]
pub(crate) fn occupy() {}
