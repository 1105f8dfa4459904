//! One text for each JSON value, whatever its key order and spacing: RFC 8785 where it can apply.
//!
//! It cannot apply to numbers that a double does not hold (they keep their digits, see `number::canonical`) and to
//! lone surrogates (they stay escaped). Keys are sorted by UTF-16 code units, as the RFC says; of a key that is there
//! twice the last value counts, as for every JSON parser.

use std::cmp::Ordering;

use sha2::{Digest as _, Sha256};

/// Compares by UTF-16 code units, which differs from comparing bytes only where one side is beyond U+FFFF: its first
/// unit, a surrogate, sorts before U+E000 to U+FFFF.
pub(super) fn by_utf16(left: &[u8], right: &[u8]) -> Ordering {
    let differ = left.iter().zip(right).position(|(left, right)| left != right);
    let Some(at) = differ else { return left.len().cmp(&right.len()) };
    let rank = |byte: u8| match byte {
        0xee | 0xef => 2,
        0xf0.. => 1,
        _ => 0,
    };
    rank(left[at]).cmp(&rank(right[at])).then(left[at].cmp(&right[at]))
}

/// A digest over files, each with a tag that says what its bytes are.
pub(super) struct FilesDigest(Sha256);

impl FilesDigest {
    pub(super) fn new() -> Self {
        Self(Sha256::new())
    }

    /// Adds one file; the lengths keep two files from being taken for one.
    pub(super) fn add(&mut self, path: &str, tag: &str, content: &[u8]) {
        for part in [path.as_bytes(), tag.as_bytes(), content] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }

    /// In lower-case hexadecimal.
    pub(super) fn finish(self) -> String {
        use std::fmt::Write as _;
        self.0.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
