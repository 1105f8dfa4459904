//! The answer of an export, and what is found in its files.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use super::check_error;
use super::json::{same, too_deep};
use crate::snapshot::{FileValue, Origin, Snapshot, SnapshotErrorKind};

/// The body of an export's answer.
pub(crate) fn envelope(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    let judge = serde_json::from_slice::<Value>(data);
    let snapshot = match Snapshot::from_export(body.clone(), Origin::SnapshotExport) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            check_error(&error);
            assert_eq!(error.kind(), SnapshotErrorKind::Invalid);
            let files = judge.ok().and_then(|answer| answer.get("files").map(Value::is_object));
            // Keys that are there twice, which `serde_json` takes; of two `files`, one may be no object.
            let twice = data.windows(6).filter(|name| name == b"files\"" || name.starts_with(b"\\u")).count() > 1;
            assert!(files != Some(true) || twice || error.message().contains("twice"), "refused: {error}");
            return;
        }
    };
    let chunks = snapshot.wire_chunks();
    let sent = chunks.concat();
    let again = Snapshot::from_export(wrapped(&sent), Origin::SnapshotExport).unwrap();
    assert!(snapshot.paths().eq(again.paths()) && again.wire_chunks().concat() == sent);
    for path in snapshot.paths() {
        let raw = snapshot.raw(path).unwrap();
        assert!(body.as_ptr_range().contains(&raw.as_ptr()), "a value was copied");
        assert_eq!(again.raw(path).unwrap(), raw);
    }
    if let Ok(answer) = judge {
        let files = answer["files"].as_object().unwrap();
        assert_eq!(files.len(), snapshot.len());
        for (path, value) in files {
            let raw = snapshot.raw(path).expect("a file is missing");
            assert!(same(value, &serde_json::from_slice(&raw).unwrap()), "{path}");
        }
    }
    look(&snapshot);
}

/// `{"files": …}` around what an import would send.
fn wrapped(files: &[u8]) -> Bytes {
    [b"{\"files\":", files, b"}"].concat().into()
}

/// Everything that can be asked of a snapshot.
pub(super) fn look(snapshot: &Snapshot) {
    let mut all_fine = true;
    for path in snapshot.paths() {
        let (value, content) = (snapshot.value(path), snapshot.content(path));
        match (&value, &content) {
            (Ok(Some(FileValue::Json(text))), Ok(content)) => {
                let (text, content) = (Bytes::copy_from_slice(text), Bytes::copy_from_slice(content));
                // A server may send any value; a person's file is an object.
                if text.first() == Some(&b'{') {
                    let digest = |text: Bytes| Snapshot::from_values([(path.to_owned(), text)]).unwrap().digest();
                    assert_eq!(digest(text).unwrap(), digest(content).unwrap(), "{path}");
                }
            }
            (Ok(Some(FileValue::Text(text))), Ok(content)) => {
                let written = String::from_utf8(content.to_vec()).unwrap();
                assert!(written == **text || written == format!("{text}\n"), "{path}");
            }
            (Ok(Some(FileValue::Image(bytes))), Ok(content)) => assert_eq!(bytes, content, "{path}"),
            (Err(error), _) => {
                check_error(error);
                assert_eq!(error.path(), Some(path));
                // A string that is not what its name says is written as it is.
                assert_eq!(content.is_ok(), snapshot.raw(path).unwrap().starts_with(b"\""), "{path}");
                all_fine &= content.is_ok();
            }
            _ => panic!("{path} has a value or a content, and not the other"),
        }
    }
    assert_eq!(snapshot.digest().is_ok(), all_fine, "the digest sees another fault than its files have");
    assert_eq!(snapshot.semantic_digest().is_ok(), all_fine);
    let _ = (snapshot.contains_secrets(), snapshot.why_partial());
    let whole = snapshot.check_whole(false);
    assert_eq!(whole.is_err(), snapshot.partial());
    if snapshot.partial() {
        check_error(&whole.unwrap_err());
    }
    check_entities(snapshot);
}

fn check_entities(snapshot: &Snapshot) {
    let entities = match snapshot.entities(None) {
        Ok(entities) => entities,
        Err(error) => return check_error(&error),
    };
    for entity in entities.iter().take(40) {
        assert!(entity.paths.iter().all(|path| snapshot.contains(path)), "{entity} is in files that are not there");
        let text = entity.value();
        assert!(text.is_ok(), "{entity} was found and has no value");
        let pattern = format!("{}:{}", entity.kind.as_str(), entity.name);
        let found = snapshot.entities(Some(&pattern)).expect("an entity is not found under its own name");
        assert!(found.iter().any(|other| other.place == entity.place), "{entity} is not found under its own name");
    }
}

/// Lines `path TAB value`: the files that say what else is there, with anything in them.
pub(crate) fn index(data: &[u8]) {
    let mut files = BTreeMap::new();
    for line in data.split(|byte| *byte == b'\n').take(64) {
        let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { continue };
        let Ok(path) = std::str::from_utf8(&line[..tab]) else { continue };
        files.insert(path.to_owned(), Bytes::copy_from_slice(&line[tab + 1..]));
    }
    let snapshot = match Snapshot::from_values(files.clone()) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            check_error(&error);
            let fine = |text: &Bytes| {
                let text = std::str::from_utf8(text).unwrap_or_default();
                serde_json::from_str::<&serde_json::value::RawValue>(text)
                    .is_ok_and(|value| value.get().starts_with(['{', '"']) && !too_deep(value.get()))
            };
            assert!(error.kind() == SnapshotErrorKind::Refused || !files.values().all(fine), "refused: {error}");
            return;
        }
    };
    look(&snapshot);
    // Neither the order nor the way in counts.
    let object = snapshot.wire_chunks().concat();
    let exported = Snapshot::from_export(wrapped(&object), Origin::SnapshotExport).unwrap();
    assert_eq!(exported.digest().ok(), snapshot.digest().ok());
    assert_eq!(exported.semantic_digest().ok(), snapshot.semantic_digest().ok());
    // A changed project file changes both; taken back, neither.
    let set = |text: &'static str| BTreeMap::from([("zz.json".to_owned(), Some(Bytes::from_static(text.as_bytes())))]);
    let more = snapshot.with_values(set(r#"{"zz":1}"#)).unwrap();
    let other = snapshot.with_values(set(r#"{"zz":2}"#)).unwrap();
    if let (Ok(one), Ok(two)) = (more.digest(), other.digest()) {
        assert_ne!(one, two);
        assert_ne!(more.semantic_digest().unwrap(), other.semantic_digest().unwrap());
    }
    if !snapshot.contains("zz.json") {
        let back = more.with_values(BTreeMap::from([("zz.json".to_owned(), None)])).unwrap();
        assert_eq!(back.digest().ok(), snapshot.digest().ok());
    }
}
