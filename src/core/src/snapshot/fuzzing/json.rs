//! The reader of JSON and its two writers, beside `serde_json`.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::snapshot::format::{Form, rewrite};
use crate::snapshot::json::check;
use crate::snapshot::limits;
use crate::snapshot::node::Node;

/// Text that may be JSON.
pub(crate) fn json(data: &[u8]) {
    let judge = serde_json::from_slice::<&RawValue>(data);
    let place = match check(data) {
        Ok(place) => place,
        Err(fault) => {
            // The only thing that we refuse and JSON allows.
            assert!(judge.is_err() || fault.reason == "is nested too deeply", "{}", fault.located(data));
            assert!(fault.offset <= data.len() && rewrite(data, Form::File).is_err());
            return;
        }
    };
    let judged = judge.expect("we take what is not JSON");
    assert_eq!(judged.get().as_bytes(), &data[place]);
    let file = rewrite(data, Form::File).unwrap();
    let canonical = rewrite(data, Form::Canonical).unwrap();
    assert_eq!(rewrite(&file, Form::File).unwrap(), file, "the form of files is not stable");
    assert_eq!(rewrite(&canonical, Form::Canonical).unwrap(), canonical, "the canonical form is not stable");
    assert_eq!(rewrite(&file, Form::Canonical).unwrap(), canonical, "the form of files has another value");
    check_file(&file);
    let node = Node::parse(data).unwrap();
    assert_eq!(rewrite(&node.text(), Form::Canonical).unwrap(), canonical, "the tree has another value");
    if !has_twice(&node) {
        let turned = reversed(node).text();
        assert_eq!(rewrite(&turned, Form::Canonical).unwrap(), canonical, "the order of keys counts");
        assert_eq!(rewrite(&turned, Form::File).unwrap(), file, "the order of keys counts in a file");
    }
    // Not every value: `serde_json` has no place for lone surrogates and for 1e999.
    if let Ok(expected) = serde_json::from_slice::<Value>(data) {
        for written in [&file, &canonical] {
            let found: Value = serde_json::from_slice(written).expect("what is written is JSON");
            assert!(same(&expected, &found), "another value: {}", String::from_utf8_lossy(written));
        }
    }
}

/// As Go writes it: `<`, `>`, `&` and the two line separators escaped, keys in the order of their bytes, a line's end.
fn check_file(file: &[u8]) {
    let text = std::str::from_utf8(file).expect("a file is UTF-8");
    assert!(text.ends_with('\n') && !text[..text.len() - 1].ends_with(char::is_whitespace));
    assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
    let mut nodes = vec![Node::parse(file).unwrap()];
    while let Some(node) = nodes.pop() {
        let sorted = node.members().windows(2).all(|pair| pair[0].0 < pair[1].0);
        assert!(sorted, "keys are not in order, or there twice: {text}");
        match node {
            Node::Object(members) => nodes.extend(members.into_iter().map(|(_, value)| value)),
            Node::Array(items) => nodes.extend(items),
            _ => {}
        }
    }
}

fn has_twice(node: &Node<'_>) -> bool {
    let mut keys = HashSet::new();
    node.members().iter().any(|(key, value)| !keys.insert(key) || has_twice(value))
        || node.items().iter().any(has_twice)
}

fn reversed(node: Node<'_>) -> Node<'_> {
    match node {
        Node::Object(members) => {
            Node::Object(members.into_iter().rev().map(|(key, value)| (key, reversed(value))).collect())
        }
        Node::Array(items) => Node::Array(items.into_iter().map(reversed).collect()),
        other => other,
    }
}

/// Equal but for the last bit of a double, which `serde_json` rounds in its own way, and for `1` and `1.0`.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64().unwrap_or_default(), right.as_f64().unwrap_or_default());
            (left - right).abs() <= left.abs() * 1e-15 || (left - right).abs() < 1e-300
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

/// Whether the text nests deeper than any file may, which `serde_json` takes a little longer.
pub(super) fn too_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limits::NESTING {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
