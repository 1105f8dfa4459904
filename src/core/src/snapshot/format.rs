//! A file's bytes as the vendor's command line writes them.

use super::json::{Node, write_string};
use super::number;

/// JSON indented by two spaces, keys sorted, `<`, `>`, `&` and the line separators escaped, a newline at the end.
pub(super) fn file(node: &Node<'_>, size_hint: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(size_hint + size_hint / 2);
    write(node, 0, &mut out);
    out.push(b'\n');
    out
}

fn write(node: &Node<'_>, depth: usize, out: &mut Vec<u8>) {
    match node {
        Node::Object(members) if members.is_empty() => out.extend_from_slice(b"{}"),
        Node::Array(items) if items.is_empty() => out.extend_from_slice(b"[]"),
        Node::Object(members) => {
            out.push(b'{');
            for (count, (key, value)) in sorted(members).into_iter().enumerate() {
                line(out, depth + 1, count > 0);
                write_string(key, out, true);
                out.extend_from_slice(b": ");
                write(value, depth + 1, out);
            }
            line(out, depth, false);
            out.push(b'}');
        }
        Node::Array(items) => {
            out.push(b'[');
            for (count, item) in items.iter().enumerate() {
                line(out, depth + 1, count > 0);
                write(item, depth + 1, out);
            }
            line(out, depth, false);
            out.push(b']');
        }
        Node::String(text) => write_string(text, out, true),
        Node::Number(text) => out.extend_from_slice(number::in_file(text).as_bytes()),
        Node::True => out.extend_from_slice(b"true"),
        Node::False => out.extend_from_slice(b"false"),
        Node::Null => out.extend_from_slice(b"null"),
    }
}

/// The members by key, the last one where a key is there twice.
fn sorted<'n, 'a>(members: &'n [(super::json::Text<'a>, Node<'a>)]) -> Vec<(&'n [u8], &'n Node<'a>)> {
    let mut by_key: Vec<_> = members.iter().map(|(key, value)| (key.as_ref(), value)).collect();
    if !by_key.is_sorted_by(|left, right| left.0 < right.0) {
        // Stable, so that of equal keys the last one received stays last, and is the one that is kept.
        by_key.sort_by(|left, right| left.0.cmp(right.0));
        by_key.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                *earlier = *later;
            }
            same
        });
    }
    by_key
}

fn line(out: &mut Vec<u8>, depth: usize, comma: bool) {
    const SPACES: [u8; 64] = [b' '; 64];
    if comma {
        out.push(b',');
    }
    out.push(b'\n');
    let mut left = depth * 2;
    while left > 0 {
        let some = left.min(SPACES.len());
        out.extend_from_slice(&SPACES[..some]);
        left -= some;
    }
}
