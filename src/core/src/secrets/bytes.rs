//! Bytes with a secret in them, on their way to a connection.

use std::io;

use bytes::Bytes;
use http::HeaderValue;
use http::header::InvalidHeaderValue;
use secrecy::zeroize::Zeroizing;

/// Bytes that are overwritten when they are dropped, and in every place that they outgrow.
#[derive(Default)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

const FIRST_CAPACITY: usize = 256;

impl SecretBytes {
    /// The texts, one after the other.
    pub(crate) fn of(texts: &[&str]) -> Self {
        let mut whole = Vec::with_capacity(texts.iter().map(|text| text.len()).sum());
        for text in texts {
            whole.extend_from_slice(text.as_bytes());
        }
        Self(Zeroizing::new(whole))
    }

    fn push(&mut self, more: &[u8]) {
        let length = self.0.len() + more.len();
        if length > self.0.capacity() {
            // A vector that grows by itself leaves what it held where it was.
            let mut larger = Vec::with_capacity(length.max(self.0.capacity() * 2).max(FIRST_CAPACITY));
            larger.extend_from_slice(&self.0);
            self.0 = Zeroizing::new(larger);
        }
        self.0.extend_from_slice(more);
    }

    /// As shared bytes, overwritten when the last of their slices is dropped.
    pub fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self.0)
    }

    /// As a header's value, which no `Debug` shows; all copies of it share this memory.
    pub(crate) fn into_header(self) -> Result<HeaderValue, InvalidHeaderValue> {
        let mut value = HeaderValue::from_maybe_shared(self.into_bytes())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl AsRef<[u8]> for SecretBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl io::Write for SecretBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::SecretBytes;

    #[test]
    fn what_is_written_piece_by_piece_is_whole() -> std::io::Result<()> {
        let mut bytes = SecretBytes::default();
        let mut wanted = Vec::new();
        for number in 0..1000 {
            write!(bytes, "{number} ")?;
            write!(wanted, "{number} ")?;
        }
        assert_eq!(bytes.into_bytes(), wanted);
        Ok(())
    }

    #[test]
    fn a_header_is_not_shown() {
        let header = SecretBytes::of(&["Bearer ", "K2canary"]).into_header().ok();
        assert_eq!(header.as_ref().map(http::HeaderValue::as_bytes), Some(&b"Bearer K2canary"[..]));
        assert_eq!(format!("{header:?}"), "Some(Sensitive)");
        assert!(SecretBytes::of(&["a\nb"]).into_header().is_err());
    }
}
