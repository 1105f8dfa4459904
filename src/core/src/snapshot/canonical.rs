//! One text for each JSON value, whatever its key order and spacing: RFC 8785 where it can apply.
//!
//! It cannot apply to numbers that a double does not hold (they keep their digits, see [`number::canonical`]) and to
//! lone surrogates (they stay escaped). Keys are sorted by UTF-16 code units, as the RFC says; of a key that is there
//! twice the last value counts, as for every JSON parser.

use std::cmp::Ordering;

use sha2::{Digest as _, Sha256};

use super::json::{Node, quote};
use super::number;

/// The canonical text.
pub(super) fn write(node: &Node<'_>, out: &mut Vec<u8>) {
    match node {
        Node::Object(members) => {
            let mut by_key: Vec<_> = members.iter().map(|(key, value)| (key.as_ref(), value)).collect();
            by_key.sort_by(|left, right| by_utf16(left.0, right.0));
            out.push(b'{');
            let mut first = true;
            for (at, (key, value)) in by_key.iter().enumerate() {
                if by_key.get(at + 1).is_some_and(|next| next.0 == *key) {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                quote(key, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
        Node::Array(items) => {
            out.push(b'[');
            for (count, item) in items.iter().enumerate() {
                if count > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Node::String(text) => quote(text, out),
        Node::Number(text) => out.extend_from_slice(number::canonical(text).as_bytes()),
        Node::True => out.extend_from_slice(b"true"),
        Node::False => out.extend_from_slice(b"false"),
        Node::Null => out.extend_from_slice(b"null"),
    }
}

/// Compares by UTF-16 code units, which differs from comparing bytes only where one side is beyond U+FFFF: its first
/// unit, a surrogate, sorts before U+E000 to U+FFFF.
fn by_utf16(left: &[u8], right: &[u8]) -> Ordering {
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
