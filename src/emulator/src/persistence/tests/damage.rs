use super::disk::Disk;
use super::{StateError, begun, opened, portrait, versions};

/// A journal of many records, as the end of its process leaves it.
fn whole() -> Vec<u8> {
    let versions = versions();
    let disk = Disk::of(begun(&versions[0]));
    let mut store = opened(&disk).unwrap().store;
    for pair in versions.windows(2) {
        store.write(&pair[0], &pair[1]).unwrap();
    }
    disk.content()
}

fn damage(content: Vec<u8>) -> String {
    let disk = Disk::of(content);
    match opened(&disk) {
        Err(error @ StateError::Damaged { .. }) => {
            assert!(disk.steps().is_empty(), "it was changed: {error}");
            let text = error.to_string();
            assert!(text.starts_with("state.journal is damaged ("), "{text}");
            text
        }
        Err(StateError::Format { format, expected, .. }) => format!("format {format}, {expected}"),
        Err(other) => panic!("{other}"),
        Ok(_) => "nothing".to_owned(),
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let whole = whole();
    // All of the head and of the first prefix, and every so many of the rest.
    for at in (0..200).chain((200..whole.len()).step_by(401)).chain([whole.len() - 1]) {
        let mut content = whole.clone();
        content[at] ^= 0x04;
        assert_ne!(damage(content), "nothing", "byte {at} of {}", whole.len());
    }
}

#[test]
fn every_missing_end_is_noticed() {
    let whole = whole();
    for length in (0..200).chain((200..whole.len()).step_by(401)).chain([whole.len() - 1]) {
        assert_ne!(damage(whole[..length].to_vec()), "nothing", "{length} of {} bytes", whole.len());
    }
}

#[test]
fn what_is_wrong_is_said_without_the_content() {
    let mut content = whole();
    assert_eq!(damage(content.clone()), "nothing");
    assert!(damage(Vec::new()).contains("shorter than its head"));
    assert!(damage(b"#!/bin/sh\n".repeat(20)).contains("does not begin as an emulator's state does"));
    content[26] = b'2';
    assert_eq!(damage(content), "format 2, 1");
    let other = super::journal::begin(br#"{"seed":{"companies":[]},"start":"secret","state":1}"#);
    assert!(damage(other.clone()).contains("a record cannot be read"));
    assert!(!damage(other).contains("secret"));
}

#[test]
fn a_write_that_was_cut_short_is_taken_away() {
    let versions = versions();
    let disk = Disk::of(begun(&versions[0]));
    let mut store = opened(&disk).unwrap().store;
    store.write(&versions[0], &versions[1]).unwrap();
    let first = disk.content();
    store.write(&versions[1], &versions[2]).unwrap();
    let both = disk.content();
    // As it was before the head said that the second record is there: all of its beginnings, and rubbish.
    for length in (first.len()..both.len()).step_by(101) {
        let mut content = first.clone();
        content.extend_from_slice(&both[first.len()..length]);
        let disk = Disk::of(content);
        assert_eq!(portrait(&opened(&disk).unwrap().state), portrait(&versions[1]), "{length}");
        assert_eq!(disk.content(), first);
    }
    let mut content = first.clone();
    content.extend_from_slice(&both[first.len()..]);
    assert_eq!(portrait(&opened(&Disk::of(content)).unwrap().state), portrait(&versions[2]));
}
