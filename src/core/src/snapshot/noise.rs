//! What differs between two exports of a project that nobody touched, and so is no change.
//!
//! The rules have a version, which the digest that is taken after them names. Ids are *not* noise: within one project
//! a changed id is a thing that was made anew.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::canonical::FilesDigest;
use super::error::SnapshotError;
use super::format::{Form, rewrite};
use super::index::Files;
use super::node::Node;
use super::schema::{self, FlowFile};

/// The version of the rules, in front of every digest that is taken after them.
const VERSION: &str = "n1";

/// What the server derives from the rest of a task.
const DERIVED_KEYS: &[&str] = &["inputKeys", "allInputKeys", "contextKeys", "calculatedInputKeys", "inputsMetadata"];

/// The digest of what the files mean.
pub(super) fn semantic_digest(files: &Files) -> Result<String, SnapshotError> {
    let screens = Screens::of(files)?;
    let mut named = Vec::with_capacity(files.len());
    for (path, stored) in files {
        let kind = stored.written_kind(path).name();
        let Some(mut node) = stored.node(path)? else {
            named.push((Cow::Borrowed(path.as_ref()), kind, stored.content(path)?));
            continue;
        };
        quiet(path, &mut node, &screens);
        let text =
            rewrite(&node.text(), Form::Canonical).map_err(|fault| SnapshotError::in_file(path, fault.reason))?;
        named.push((screens.quiet_path(path), kind, Cow::Owned(text)));
    }
    named.sort();
    let mut digest = FilesDigest::new();
    for (path, kind, content) in &named {
        digest.add(path, kind, content);
    }
    Ok(format!("{VERSION}:{}", digest.finish()))
}

/// Takes the noise out of one file.
fn quiet(path: &str, node: &mut Node<'_>, screens: &Screens<'_>) {
    drop_stamp(node);
    match schema::flow_file(path) {
        Some((_, FlowFile::Contents)) => quiet_tasks(node),
        Some((flow, FlowFile::Metadata)) => screens.quiet_metadata(flow, node),
        _ => {}
    }
}

/// `componentsVersion` is stamped by the server at export.
fn drop_stamp(node: &mut Node<'_>) {
    if let Node::Object(members) = node {
        members.retain(|(key, _)| key.as_ref() != b"componentsVersion");
    }
}

/// In a task, `view` says where the editor draws it, the derived keys follow from the rest, and null says no more than
/// absence.
fn quiet_tasks(contents: &mut Node<'_>) {
    let Node::Object(members) = contents else { return };
    for (_, tasks) in members.iter_mut().filter(|(key, _)| key.as_ref() == b"tasks") {
        let Node::Object(tasks) = tasks else { continue };
        for (_, task) in tasks {
            if let Node::Object(members) = task {
                members.retain(|(key, _)| {
                    key.as_ref() != b"view" && !DERIVED_KEYS.iter().any(|derived| key.as_ref() == derived.as_bytes())
                });
            }
            drop_nulls(task);
        }
    }
}

/// Null members are dropped; null items of a list keep their place.
fn drop_nulls(node: &mut Node<'_>) {
    match node {
        Node::Object(members) => {
            // Only the last of equal keys counts: a null that hides an earlier value is dropped together with it.
            let hidden: Vec<Vec<u8>> =
                members.iter().filter(|(_, value)| matches!(value, Node::Null)).map(|(key, _)| key.to_vec()).collect();
            for key in hidden {
                if matches!(members.iter().rev().find(|(name, _)| name.as_ref() == key), Some((_, Node::Null))) {
                    members.retain(|(name, _)| name.as_ref() != key);
                }
            }
            for (_, value) in members {
                drop_nulls(value);
            }
        }
        Node::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// A screen is its `screenId`: its file's name follows the task's name, and changes when two are alike.
struct Screens<'a> {
    /// For each flow's folder, the `screenId` by the screen's name in the flow.
    by_flow: BTreeMap<&'a str, BTreeMap<&'a str, String>>,
}

impl<'a> Screens<'a> {
    fn of(files: &'a Files) -> Result<Self, SnapshotError> {
        let mut by_flow: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
        for (path, stored) in files {
            let Some((flow, FlowFile::Screen(name))) = schema::flow_file(path) else { continue };
            let node = stored.node(path)?;
            if let Some(id) = node.as_ref().and_then(|node| node.get("screenId")).and_then(Node::as_str) {
                by_flow.entry(flow).or_default().insert(name, id.to_owned());
            }
        }
        // Where an id is there twice it tells nothing apart: such a flow keeps its file names.
        by_flow.retain(|_, screens| {
            let mut ids: Vec<&String> = screens.values().collect();
            ids.sort();
            ids.windows(2).all(|pair| pair[0] != pair[1])
        });
        Ok(Self { by_flow })
    }

    fn id(&self, flow: &str, screen: &str) -> Option<&str> {
        self.by_flow.get(flow)?.get(screen).map(String::as_str)
    }

    fn quiet_path(&self, path: &'a str) -> Cow<'a, str> {
        match schema::flow_file(path) {
            Some((flow, FlowFile::Screen(name))) => match self.id(flow, name) {
                // No file name has a slash, so this is no other file's.
                Some(id) => Cow::Owned(format!("{flow}/screen/{id}")),
                None => Cow::Borrowed(path),
            },
            _ => Cow::Borrowed(path),
        }
    }

    /// A flow's list of its screens names files, in no order that means anything.
    fn quiet_metadata(&self, flow: &str, metadata: &mut Node<'_>) {
        let Node::Object(members) = metadata else { return };
        for (_, screens) in members.iter_mut().filter(|(key, _)| key.as_ref() == b"screens") {
            let Node::Array(items) = screens else { continue };
            for item in items.iter_mut() {
                if let Some(id) = item.as_str().and_then(|screen| self.id(flow, screen)) {
                    *item = Node::String(Cow::Owned(id.as_bytes().to_vec()));
                }
            }
            items.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
        }
    }
}
