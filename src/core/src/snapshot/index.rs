//! Where each file is in what was received: one pass over the text, nothing decoded but the paths.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::Deserializer as _;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{SnapshotError, shown};
use super::json;
use super::limits;
use super::value::Stored;

/// The files of one snapshot, by path.
pub(super) type Files = BTreeMap<Box<str>, Stored>;

/// What an answer `{"files": {…}}` holds.
pub(super) struct Received {
    pub(super) files: Files,
    /// The text of the object of files, which an import can send again as it is.
    pub(super) object: Option<Bytes>,
}

/// Finds the files of an export's answer.
pub(super) fn of_export(body: &Bytes) -> Result<Received, SnapshotError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let entries = deserializer.deserialize_map(Envelope { body }).and_then(|found| deserializer.end().map(|()| found));
    let entries = entries.map_err(|error| {
        // The only values that are looked into are the answer itself and its "files".
        let what = if error.is_data() { "the answer or its `files` is not an object" } else { "it is not JSON" };
        SnapshotError::invalid(format!(
            "the export's answer is not what the API promises: {what}: {}",
            without_content(&error)
        ))
    })?;
    let entries = match entries {
        Found::Once(entries) => entries,
        Found::Never => return Err(SnapshotError::invalid("the export's answer has no \"files\"")),
        Found::Twice => return Err(SnapshotError::invalid("the export's answer has its \"files\" twice")),
    };
    let object = object_around(body, &entries);
    Ok(Received { files: collect(entries)?, object })
}

/// `serde_json` puts nothing of the text into its syntax errors, but its type errors quote the value.
pub(super) fn without_content(error: &serde_json::Error) -> String {
    if error.is_data() {
        return format!("unexpected value at line {} column {}", error.line(), error.column());
    }
    error.to_string()
}

type Entries = Vec<(Box<str>, Stored)>;

/// How often an answer has its `files`.
enum Found {
    Never,
    Once(Entries),
    Twice,
}

/// `{"files": {…}}`, in which nobody knows what else the server will say one day.
struct Envelope<'a> {
    body: &'a Bytes,
}

impl<'de> Visitor<'de> for Envelope<'_> {
    type Value = Found;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with \"files\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Found::Never;
        while let Some(Key(key)) = map.next_key()? {
            if key != "files" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let files = map.next_value_seed(FilesSeed { body: self.body })?;
            found = if matches!(found, Found::Never) { Found::Once(files) } else { Found::Twice };
        }
        Ok(found)
    }
}

/// The object `{path: value, …}`.
struct FilesSeed<'a> {
    body: &'a Bytes,
}

impl<'de> DeserializeSeed<'de> for FilesSeed<'_> {
    type Value = Entries;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Entries, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FilesSeed<'_> {
    type Value = Entries;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of files")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(path)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            entries.push((path.into(), Stored::Wire(self.body.slice_ref(value.get().as_bytes()))));
        }
        Ok(entries)
    }
}

/// The text of the object that the entries were found in, as it was received: what an import can send again in one
/// piece. The parser does not say where an object starts, but before its first value there is only its first key.
fn object_around(body: &Bytes, entries: &Entries) -> Option<Bytes> {
    let place = |stored: &Stored| match stored {
        Stored::Wire(text) => Some((text.as_ptr().addr().checked_sub(body.as_ptr().addr())?, text.len())),
        Stored::File(..) => None,
    };
    let (first, _) = place(&entries.first()?.1)?;
    let (last, length) = place(&entries.last()?.1)?;
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    // `{ "key" : value`, from its end.
    let before_value = body[..first].trim_ascii_end().strip_suffix(b":")?.trim_ascii_end().strip_suffix(b"\"")?;
    let mut quote = before_value.len();
    loop {
        quote = before_value[..quote].iter().rposition(|byte| *byte == b'"')?;
        let escapes = before_value[..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if escapes % 2 == 0 {
            break;
        }
    }
    let start = before_value[..quote].trim_ascii_end().strip_suffix(b"{")?.len();
    let end = last + length;
    let end = end + body[end..].iter().take_while(|byte| is_space(byte)).count();
    (body.get(end) == Some(&b'}')).then(|| body.slice(start..=end))
}

/// A path twice would let two readers of one text see two snapshots.
pub(super) fn collect(mut entries: Entries) -> Result<Files, SnapshotError> {
    if entries.len() > limits::FILES {
        return Err(SnapshotError::invalid(format!("more than {} files", limits::FILES)));
    }
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let path = pair[0].0.as_ref();
        return Err(SnapshotError::invalid(format!("{} is there twice", shown(path))).at(path));
    }
    Ok(entries.into_iter().collect())
}

/// A key, borrowed from the text where it has no escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> de::Deserialize<'de> for Key<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a path")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

/// Checks that `text` is one JSON value, and gives it without the space around it.
pub(super) fn one_value(path: &str, text: &Bytes) -> Result<Bytes, SnapshotError> {
    match json::check(text) {
        Ok(place) => Ok(text.slice(place)),
        Err(fault) => Err(SnapshotError::in_file(path, fault.located(text))),
    }
}

/// The text of the value that a JSON pointer leads to.
pub(super) fn at_pointer(text: &Bytes, pointer: &str) -> Option<Bytes> {
    let mut value: &RawValue = serde_json::from_slice(text).ok()?;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        value = if value.get().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
            items.get(step.parse::<usize>().ok()?)?
        } else {
            let members: Vec<(String, &RawValue)> = serde_json::from_str::<Members<'_>>(value.get()).ok()?.0;
            members.into_iter().rev().find(|(key, _)| *key == step)?.1
        };
    }
    Some(text.slice_ref(value.get().as_bytes()))
}

struct Members<'de>(Vec<(String, &'de RawValue)>);

impl<'de> de::Deserialize<'de> for Members<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            members.push((key.into_owned(), map.next_value()?));
        }
        Ok(Members(members))
    }
}
