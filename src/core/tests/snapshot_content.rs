//! What a snapshot holds, and what its digests see of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use descope_projects_core::snapshot::{
    FileValue, Origin, Received, Snapshot, SnapshotError, SnapshotErrorKind, WriteOptions,
};
use proptest::prelude::*;
use serde_json::Value;

fn export_of(text: &str) -> Result<Snapshot, SnapshotError> {
    Snapshot::from_export(Bytes::from(text.to_owned()), Origin::SnapshotExport)
}

fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), Bytes::from((*text).to_owned())));
    Snapshot::from_values(files).unwrap()
}

fn one(text: &str) -> Snapshot {
    snapshot(&[("a.json", text)])
}

fn sent(snapshot: &Snapshot) -> String {
    String::from_utf8(snapshot.wire_chunks().concat()).unwrap()
}

#[test]
fn values_stay_where_they_were_received() {
    let body = Bytes::from_static(br#" {"more":1, "files" : {"a.json": { "x" : [1] } , "b.txt":"t"} , "z":{}} "#);
    let snapshot = Snapshot::from_export(body.clone(), Origin::SnapshotExport).unwrap();
    let raw = snapshot.raw("a.json").unwrap();
    assert_eq!(raw, r#"{ "x" : [1] }"#);
    let inside = |part: &Bytes| body.as_ptr_range().contains(&part.as_ptr());
    assert!(inside(&raw));
    let chunks = snapshot.wire_chunks();
    assert!(chunks.iter().all(inside));
    assert_eq!(sent(&snapshot), r#"{"a.json": { "x" : [1] } , "b.txt":"t"}"#);
    let changed = snapshot.with_values(BTreeMap::from([("b.txt".to_owned(), None)])).unwrap();
    assert_eq!(sent(&changed), r#"{"a.json":{ "x" : [1] }}"#);
    assert!(inside(&changed.wire_chunks()[1]));
}

#[test]
fn an_answer_is_looked_into_only_when_someone_asks() {
    let received = Received::new(Bytes::from_static(b"{\"files\": {"), Origin::SnapshotExport);
    assert_eq!(received.open().unwrap_err().kind(), SnapshotErrorKind::Invalid);
    let received = Received::new(Bytes::from_static(b"{\"files\": {\"a.json\": {}}}"), Origin::SnapshotExport);
    assert_eq!(received.open().unwrap().len(), 1);
}

#[test]
fn answers_that_are_none_are_refused_without_their_content() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"files": ["secret-1"]}"#,
        r#"{"files": "secret-1"}"#,
        r#"{"files": {"a.json": {"x": secret-1}}}"#,
        r#"{"files": {"a.json": {}}, "files": {}}"#,
        r#"{"files": {"a.json": {}}} secret-1"#,
        r#"{"files": {"a.json": {}, "a.json": {"x":1}}}"#,
        r#"{"files": {"a.json": {}, "\u0061.json": {"x":1}}}"#,
    ] {
        let error = export_of(text).unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::Invalid, "{text}");
        assert!(!format!("{error} {error:?}").contains("secret-1"), "{error}");
    }
    assert_eq!(export_of(r#"{"files":{"a.json":{},"a.json":{}}}"#).unwrap_err().path(), Some("a.json"));
    assert!(export_of(r#"{"files":{},"files":{}}"#).unwrap_err().message().contains("twice"));
}

#[test]
fn a_wrapper_and_values_of_other_kinds_are_refused() {
    let of = |path: &str, text: &'static str| {
        Snapshot::from_values([(path.to_owned(), Bytes::from_static(text.as_bytes()))])
    };
    let error = of("files", r#"{"a.json": {}}"#).unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::Refused);
    assert_eq!(error.hint(), Some("pass its \"files\""));
    let text = r#"{"files": {"files": {"a.json": {}}}}"#;
    let error = Snapshot::from_export(Bytes::from_static(text.as_bytes()), Origin::Files).unwrap_err();
    assert_eq!(error.hint(), Some("pass its \"files\""));
    let kept = export_of(r#"{"files": {"a.json": [1], "b.json": null}}"#).unwrap();
    assert_eq!(kept.raw("a.json").unwrap(), "[1]", "what a server sends is kept, whatever it is");
    for text in ["1", "[]", "null", "true", "{", "{} {}"] {
        assert_eq!(of("a.json", text).unwrap_err().path(), Some("a.json"), "{text}");
    }
}

#[test]
fn values_are_typed_by_extension_and_faults_name_the_file() {
    let snapshot = snapshot(&[
        ("a.json", r#"{"x":1}"#),
        ("b.txt", r#""tab\tA\u00e9""#),
        ("c.png", r#""iVBO\nRw0K""#),
        ("d.svg", r#""<svg/>""#),
        ("e.css", r#""abcd""#),
        ("f.txt", r#""\ud800""#),
    ]);
    assert!(matches!(snapshot.value("a.json").unwrap().unwrap(), FileValue::Json(br#"{"x":1}"#)));
    assert!(matches!(snapshot.value("b.txt").unwrap().unwrap(), FileValue::Text(text) if text == "tab\tAé"));
    assert!(matches!(snapshot.value("c.png").unwrap().unwrap(), FileValue::Image(bytes) if *bytes == *b"\x89PNG\r\n"));
    assert!(matches!(snapshot.value("e.css").unwrap().unwrap(), FileValue::Text(text) if text == "abcd"));
    assert!(snapshot.value("other").unwrap().is_none());
    for path in ["d.svg", "f.txt"] {
        assert_eq!(snapshot.value(path).err().unwrap().path(), Some(path));
    }
    // Nobody can say what they are; they are kept as they are.
    assert_eq!(snapshot.content("d.svg").unwrap(), b"<svg/>".as_slice());
    assert_eq!(snapshot.content("f.txt").unwrap(), b"\"\\ud800\"\n".as_slice());
}

#[test]
fn nesting_beyond_the_limit_is_refused_and_below_it_is_not() {
    let text = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    // An answer is not looked into further than to find its files.
    let nested = |depth: usize| export_of(&format!("{{\"files\":{{\"a.json\":{}}}}}", text(depth))).unwrap();
    assert!(Snapshot::from_values([("a.json".to_owned(), Bytes::from(text(120)))]).is_err());
    assert!(nested(119).value("a.json").is_ok());
    assert!(nested(119).digest().is_ok());
    for snapshot in [nested(120), nested(200_000)] {
        assert!(snapshot.value("a.json").is_err());
        assert!(snapshot.content("a.json").is_err());
        assert!(snapshot.digest().is_err());
        assert!(snapshot.semantic_digest().is_err());
        let folder = tempfile::tempdir().unwrap();
        assert!(snapshot.write(&folder.path().join("x"), &WriteOptions::default()).is_err());
    }
    let brackets_in_text = one(&format!("{{\"a\":\"{}\\\"[\"}}", "[".repeat(500)));
    assert!(brackets_in_text.value("a.json").is_ok());
}

#[test]
fn content_has_the_vendor_form() {
    for (value, content) in [
        (r#"{"b":{},"a":[]}"#, "{\n  \"a\": [],\n  \"b\": {}\n}\n"),
        (
            r#"{"a":[1,[2],{"x":null}]}"#,
            "{\n  \"a\": [\n    1,\n    [\n      2\n    ],\n    {\n      \"x\": null\n    }\n  ]\n}\n",
        ),
        (r#"{"é":1,"z":2,"Z":3}"#, "{\n  \"Z\": 3,\n  \"z\": 2,\n  \"é\": 1\n}\n"),
        (
            r#"{"a":"\u0000\b\f\u001f\u007f\/\ud83d\ude00\ud800"}"#,
            "{\n  \"a\": \"\\u0000\\b\\f\\u001f\u{7f}/😀\\ud800\"\n}\n",
        ),
        ("{\"a\":\"\\u2028\u{2029}<&>'\"}", "{\n  \"a\": \"\\u2028\\u2029\\u003c\\u0026\\u003e'\"\n}\n"),
        (r#"{"a":1,"b":2,"a":3}"#, "{\n  \"a\": 3,\n  \"b\": 2\n}\n"),
        (
            r#"{"a":12345678901234567890,"b":1.50,"c":1e2}"#,
            "{\n  \"a\": 12345678901234567890,\n  \"b\": 1.5,\n  \"c\": 100\n}\n",
        ),
    ] {
        assert_eq!(String::from_utf8_lossy(&one(value).content("a.json").unwrap()), content);
    }
    let texts = snapshot(&[("a.txt", r#""""#), ("b.html", r#""x""#), ("c.txt", r#""x\n""#), ("d.css", r#""x""#)]);
    for (path, content) in [("a.txt", ""), ("b.html", "x\n"), ("c.txt", "x\n"), ("d.css", "x")] {
        assert_eq!(texts.content(path).unwrap(), content.as_bytes(), "{path}");
    }
}

#[test]
fn the_digest_sees_content_and_nothing_else() {
    let digest = |text: &str| one(text).digest().unwrap();
    let base = digest(r#"{"a":{"x":1,"y":[1,2]},"b":"é"}"#);
    assert_eq!(base, digest(" {\"b\" : \"\\u00e9\", \"a\":{\"y\":[1.0,2e0],\n\"x\":1}}"));
    for other in [
        r#"{"a":{"x":1,"y":[2,1]},"b":"é"}"#,
        r#"{"a":{"x":"1","y":[1,2]},"b":"é"}"#,
        r#"{"a":{"x":1,"y":[1,2]},"b":"é","c":null}"#,
        r#"{"a":{"x":1,"y":[1,2]}}"#,
    ] {
        assert_ne!(base, digest(other), "{other}");
    }
    assert_ne!(digest(r#"{"n":9007199254740993}"#), digest(r#"{"n":9007199254740992}"#));
    assert_ne!(one("{}").digest().unwrap(), snapshot(&[("b.json", "{}")]).digest().unwrap());
    assert_ne!(
        snapshot(&[("a.txt", r#""x""#), ("b.txt", r#""y""#)]).digest().unwrap(),
        snapshot(&[("a.txt", r#""xb.txt""#), ("b.txt", r#""y""#)]).digest().unwrap(),
    );
    // RFC 8785 sorts by UTF-16: U+1F600 before U+FB33. A digest made elsewhere must be able to agree.
    assert_eq!(digest("{\"\u{fb33}\":1,\"\u{1f600}\":2}"), digest("{\"\u{1f600}\":2,\"\u{fb33}\":1}"));
    assert!(base.starts_with("sha256:") && base.len() == 71, "{base}");
}

#[test]
fn a_part_is_recognised_and_refused_with_the_line_that_makes_it_whole() {
    let whole = snapshot(&[
        ("project.json", "{}"),
        ("flows/flows.json", r#"{"flows":["a"]}"#),
        ("flows/a/metadata.json", r#"{"screens":["one"]}"#),
        ("flows/a/contents.json", "{}"),
        ("flows/a/screen-one.json", "{}"),
        ("connectors/connectors.json", r#"{"connectors":["mail"]}"#),
        ("connectors/mail.json", "{}"),
        ("styles/styles.json", r#"{"styles":["dark"]}"#),
        ("styles/dark.json", "{}"),
        ("widgets/widgets.json", r#"{"widgets":["built-in"]}"#),
        ("widgets/flows/flows.json", r#"{"flows":["built-in-flow"]}"#),
        ("assets/assets.json", r#"{"img-1.png":["styles/dark.json"]}"#),
        ("assets/img-1.png", r#""iVBORw0K""#),
    ]);
    assert_eq!(whole.why_partial(), None);
    whole.check_whole(false).unwrap();
    for path in [
        "project.json",
        "flows/a/metadata.json",
        "flows/a/contents.json",
        "flows/a/screen-one.json",
        "connectors/mail.json",
        "styles/dark.json",
        "assets/img-1.png",
        // Without its index an import would delete what is there.
        "flows/flows.json",
        "connectors/connectors.json",
        "styles/styles.json",
    ] {
        let part = whole.with_values(BTreeMap::from([(path.to_owned(), None)])).unwrap();
        assert!(part.why_partial().unwrap().contains(path), "{path}");
        let error = part.check_whole(false).unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::Refused);
        assert_eq!(error.hint(), Some("target.export_snapshot().overlay(part)"));
        part.check_whole(true).unwrap();
    }
    for damaged in ["{}", "[]", r#"{"flows":null}"#, r#"{"flows":["a",5]}"#, r#"{"flows":"a"}"#] {
        let change = BTreeMap::from([("flows/flows.json".to_owned(), Some(Bytes::from(damaged)))]);
        let part = whole.with_values(change).unwrap();
        assert!(part.why_partial().unwrap().contains("flows/flows.json has no list of names"), "{damaged}");
    }
    assert!(whole.as_part().check_whole(false).is_err());
    let unreadable = whole
        .with_values(BTreeMap::from([("flows/flows.json".to_owned(), Some(Bytes::from_static(b"{\"flows\":[]}")))]))
        .unwrap();
    assert!(!unreadable.partial());
}

#[test]
fn literal_secrets_are_seen_and_placeholders_and_flows_are_not() {
    let secret = |path: &str, text: &str| snapshot(&[(path, text)]).contains_secrets();
    for (path, text) in [
        ("connectors/mail.json", r#"{"configuration":{"apiKey":"literal"}}"#),
        ("connectors/mail.json", r#"{"configuration":{"auth":{"smtp_password":"literal"}}}"#),
        ("connectors/http.json", r#"{"configuration":{"authentication":{"bearerToken":"literal"}}}"#),
        ("connectors/http.json", r#"{"configuration":{"headers":{"Authorization":"Bearer literal"}}}"#),
        ("connectors/http.json", r#"{"configuration":{"headers":[{"key":"X-Api-Key","value":"literal"}]}}"#),
        ("connectors/db.json", r#"{"configuration":{"connectionString":"literal","encryptionKey":""}}"#),
        ("connectors/mail.json", r#"{"configuration":{"password":"not}}a{{template"}}"#),
        ("connectors/s3.json", r#"{"configuration":{"anything":"-----BEGIN RSA PRIVATE KEY-----\nx"}}"#),
        ("auth/oauth.json", r#"{"providerSettings":{"google":{"clientSecret":"literal"}}}"#),
        ("outboundapps.json", r#"{"outboundApps":[{"clientSecret":"literal"}]}"#),
        ("project.json", r#"{"externalAuthConfig":{"hmacSecret":"literal"}}"#),
    ] {
        assert!(secret(path, text), "{path} {text}");
    }
    for (path, text) in [
        ("connectors/mail.json", r#"{"configuration":{"apiKey":"PLACEHOLDER_VALUE","password":"","token":null}}"#),
        ("connectors/http.json", r#"{"configuration":{"headers":{"Authorization":"{{secret}}","Accept":"*"}}}"#),
        ("connectors/http.json", r#"{"configuration":{"tokenUrl":"https://example.test","clientId":"x"}}"#),
        ("auth/password.json", r#"{"password":"label","enabled":true}"#),
        ("flows/a/screen-x.json", r#"{"contents":{"password":"Your password"}}"#),
        ("project.json", r#"{"refreshTokenExpiration":"4 weeks","tokenResponseMethod":"cookie"}"#),
    ] {
        assert!(!secret(path, text), "{path} {text}");
    }
    let export = |origin| Snapshot::from_export(Bytes::from_static(b"{\"files\":{\"a.json\":{}}}"), origin).unwrap();
    assert!(export(Origin::ProjectExport).contains_secrets());
    assert!(!export(Origin::SnapshotExport).contains_secrets());
    assert!(!format!("{:?}", export(Origin::ProjectExport)).contains("a.json"));
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Never whole and always exact: `serde_json`, which judges here, tells 1 from 1.0 and rounds the rest.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 64.0 + 1.0 / 128.0)),
        "\\PC{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = serde_json::Map<String, Value>> {
    prop::collection::vec(("\\PC{0,6}", inner), 0..6).prop_map(|members| members.into_iter().collect())
}

/// The value's text with other key order, spacing and escapes.
fn disguised(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            out.push_str("{ ");
            for (count, (key, value)) in members.iter().rev().enumerate() {
                if count > 0 {
                    out.push_str("\n,");
                }
                disguised(&Value::from(key.as_str()), out);
                out.push_str(" :\t");
                disguised(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (count, item) in items.iter().enumerate() {
                if count > 0 {
                    out.push_str(" , ");
                }
                disguised(item, out);
            }
            out.push_str("\r\n]");
        }
        Value::String(text) => {
            out.push('"');
            for unit in text.encode_utf16() {
                write!(out, "\\u{unit:04X}").unwrap();
            }
            out.push('"');
        }
        other => out.push_str(&other.to_string()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_keeps_its_value_and_its_form_is_stable(members in object(json())) {
        let value = Value::Object(members);
        let content = one(&value.to_string()).content("a.json").unwrap().into_owned();
        prop_assert_eq!(&serde_json::from_slice::<Value>(&content).unwrap(), &value);
        let again = one(std::str::from_utf8(&content).unwrap()).content("a.json").unwrap().into_owned();
        prop_assert_eq!(content, again);
    }

    #[test]
    fn the_digest_is_blind_to_order_spacing_and_escapes(members in object(json())) {
        let value = Value::Object(members);
        let mut other = String::new();
        disguised(&value, &mut other);
        prop_assert_eq!(one(&value.to_string()).digest().unwrap(), one(&other).digest().unwrap());
        prop_assert_eq!(one(&value.to_string()).semantic_digest().unwrap(), one(&other).semantic_digest().unwrap());
    }

    #[test]
    fn other_content_has_another_digest(left in object(json()), right in object(json())) {
        let (left, right) = (Value::Object(left), Value::Object(right));
        let same = one(&left.to_string()).digest().unwrap() == one(&right.to_string()).digest().unwrap();
        prop_assert_eq!(same, left == right);
    }

    #[test]
    fn what_is_sent_is_what_was_given(members in object(json()), text in any::<String>()) {
        let value = Value::Object(members);
        let text = Value::from(text);
        let given = serde_json::json!({"b.txt": text, "a.json": value});
        let made = snapshot(&[("a.json", &value.to_string()), ("b.txt", &text.to_string())]);
        prop_assert_eq!(serde_json::from_str::<Value>(&sent(&made)).unwrap(), given);
    }

    #[test]
    fn no_text_makes_the_reader_of_answers_panic(text in "[\\[\\]{}\",:a-z0-9\\\\ ]{0,60}") {
        if let Ok(snapshot) = export_of(&text) {
            let _ = (snapshot.digest(), snapshot.semantic_digest(), snapshot.why_partial(), snapshot.entities(None));
        }
    }

    #[test]
    fn a_snapshot_goes_through_a_folder_and_an_archive_unchanged(
        files in prop::collection::btree_map("[a-z]{1,3}(/[a-z]{1,4}){0,2}\\.(json|txt|html|css|JSON)", json(), 1..8),
        image in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        use base64::Engine as _;
        let mut values: Vec<(String, Bytes)> = Vec::new();
        for (path, value) in files {
            let value = if path.ends_with("on") || path.ends_with("JSON") { serde_json::json!({"v": value}) } else { Value::from(value.to_string()) };
            values.push((path, value.to_string().into()));
        }
        let text = base64::engine::general_purpose::STANDARD.encode(&image);
        values.push(("zz/image.png".to_owned(), Value::from(text).to_string().into()));
        let given = Snapshot::from_values(values).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let options = WriteOptions { allow_secrets: true, ..WriteOptions::default() };
        for name in ["folder", "archive.zip"] {
            let (one, two) = (folder.path().join(name), folder.path().join(format!("again-{name}")));
            match given.write(&one, &options) {
                // Two of the paths may be one name, or one the folder of the other.
                Err(error) => prop_assert_eq!(error.kind(), SnapshotErrorKind::UnsafePath),
                Ok(written) => {
                    prop_assert_eq!(written.files, given.len());
                    let read = Snapshot::read(&one).unwrap();
                    prop_assert_eq!(read.digest().unwrap(), given.digest().unwrap());
                    read.write(&two, &options).unwrap();
                    let again = Snapshot::read(&two).unwrap();
                    for path in given.paths() {
                        prop_assert_eq!(read.content(path).unwrap(), given.content(path).unwrap());
                        prop_assert_eq!(again.raw(path), read.raw(path));
                    }
                }
            }
        }
    }
}
