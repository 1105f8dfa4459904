//! JSON as a tree, for whoever looks for something in it.

use std::borrow::Cow;

use super::json::{self, Fault, Raw, Scalar, Sink};
use super::text::quote;

/// A decoded string, see [`Raw::decoded`].
pub(super) type Text<'a> = Cow<'a, [u8]>;

/// One value. Numbers keep their digits; strings without escapes are slices of what was parsed.
#[derive(Clone, Debug)]
pub(super) enum Node<'a> {
    Object(Vec<(Text<'a>, Self)>),
    Array(Vec<Self>),
    String(Text<'a>),
    Number(&'a str),
    True,
    False,
    Null,
}

impl<'a> Node<'a> {
    /// Parses a whole text.
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let mut builder = Builder::default();
        json::walk(text, &mut builder)?;
        Ok(builder.made)
    }

    /// The value of a key; the last one if it is there twice, as every JSON parser has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().rev().find(|(name, _)| name.as_ref() == key.as_bytes()).map(|(_, value)| value)
    }

    /// The string, if it is one that UTF-8 can hold.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    /// The members, empty for anything else.
    pub(super) fn members(&self) -> &[(Text<'a>, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The items, empty for anything else.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// As JSON text, without space.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Object(members) => {
                out.push(b'{');
                for (count, (key, value)) in members.iter().enumerate() {
                    if count > 0 {
                        out.push(b',');
                    }
                    quote(key, out);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
            Self::Array(items) => {
                out.push(b'[');
                for (count, item) in items.iter().enumerate() {
                    if count > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Self::String(text) => quote(text, out),
            Self::Number(text) => out.extend_from_slice(text.as_bytes()),
            Self::True => out.extend_from_slice(b"true"),
            Self::False => out.extend_from_slice(b"false"),
            Self::Null => out.extend_from_slice(b"null"),
        }
    }
}

/// Makes a tree of what it is told.
struct Builder<'a> {
    made: Node<'a>,
    /// What is open around it, and the key that a value is for.
    open: Vec<(Node<'a>, Option<Text<'a>>)>,
}

impl Default for Builder<'_> {
    fn default() -> Self {
        Self { made: Node::Null, open: Vec::new() }
    }
}

impl<'a> Builder<'a> {
    fn value(&mut self, value: Node<'a>) {
        match self.open.last_mut() {
            Some((Node::Array(items), _)) => items.push(value),
            Some((Node::Object(members), key)) => members.extend(key.take().map(|key| (key, value))),
            _ => self.made = value,
        }
    }

    fn close(&mut self) {
        if let Some((node, _)) = self.open.pop() {
            self.value(node);
        }
    }
}

impl<'a> Sink<'a> for Builder<'a> {
    fn begin_object(&mut self) {
        self.open.push((Node::Object(Vec::new()), None));
    }

    fn key(&mut self, text: Raw<'a>) {
        if let Some((_, key)) = self.open.last_mut() {
            *key = Some(text.decoded());
        }
    }

    fn end_object(&mut self) {
        self.close();
    }

    fn begin_array(&mut self) {
        self.open.push((Node::Array(Vec::new()), None));
    }

    fn end_array(&mut self) {
        self.close();
    }

    fn string(&mut self, text: Raw<'a>) {
        self.value(Node::String(text.decoded()));
    }

    fn scalar(&mut self, value: Scalar<'a>) {
        self.value(match value {
            Scalar::Number(text) => Node::Number(text),
            Scalar::True => Node::True,
            Scalar::False => Node::False,
            Scalar::Null => Node::Null,
        });
    }
}
