//! A file whose first error is kept, and after which everything seems to go well.
//!
//! The archive writer counts on a position that only grows; a file that fails in the middle of an entry breaks that, and
//! its bookkeeping with it. So it never sees a failure: whoever gave it the file asks for the error afterwards.

use std::io::{self, Seek, SeekFrom, Write};

pub(super) struct Latched<W> {
    inner: W,
    position: u64,
    end: u64,
    error: Option<io::Error>,
}

impl<W: Write + Seek> Latched<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, position: 0, end: 0, error: None }
    }

    /// The first error, if there was one.
    pub(super) fn check(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }

    fn keep<T>(&mut self, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(done) => Some(done),
            Err(error) => {
                self.error.get_or_insert(error);
                None
            }
        }
    }
}

impl<W: Write + Seek> Write for Latched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.error.is_none() {
            let result = self.inner.write_all(bytes);
            self.keep(result);
        }
        self.position += bytes.len() as u64;
        self.end = self.end.max(self.position);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.error.is_none() {
            let result = self.inner.flush();
            self.keep(result);
        }
        Ok(())
    }
}

impl<W: Write + Seek> Seek for Latched<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        let target = target.ok_or(io::ErrorKind::InvalidInput)?;
        // To ask where one is flushes a buffer: not worth it.
        if self.error.is_none() && target != self.position {
            let result = self.inner.seek(SeekFrom::Start(target));
            self.keep(result);
        }
        self.position = target;
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Seek, SeekFrom, Write};

    use super::Latched;

    /// Takes ten bytes and no more.
    struct Full(io::Cursor<Vec<u8>>);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.get_ref().len() + bytes.len() > 10 {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                self.0.write(bytes)
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Full {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn positions_go_on_after_the_first_error_and_the_error_is_kept() -> io::Result<()> {
        let mut file = Latched::new(Full(io::Cursor::new(Vec::new())));
        file.write_all(b"12345678")?;
        file.seek(SeekFrom::Start(2))?;
        file.write_all(b"ab")?;
        file.seek(SeekFrom::End(0))?;
        file.check()?;
        file.write_all(b"9012345")?;
        assert_eq!(file.stream_position()?, 15);
        file.write_all(b"x")?;
        assert_eq!(file.seek(SeekFrom::Current(-1))?, 15);
        assert_eq!(file.check().map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
        assert_eq!(file.inner.0.get_ref(), b"12ab5678");
        Ok(())
    }
}
