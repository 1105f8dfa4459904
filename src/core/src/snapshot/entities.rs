//! The things that a snapshot configures, whatever file they are in.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use super::error::{SnapshotError, shown};
use super::index;
use super::node::Node;
use super::schema::{self, FlowFile};
use super::{Snapshot, pattern};

/// What sort of thing an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EntityKind {
    /// One field of `project.json`, named `project.<field>`.
    Setting,
    /// An authentication method: one file of `auth/`.
    Auth,
    /// A provider of `auth/oauth.json`, named by its key.
    OauthProvider,
    /// A message template, named `<method>/<email|text|voice>/<name>`.
    Template,
    /// A federated application.
    Application,
    /// An outbound application.
    OutboundApp,
    /// A JWT template.
    JwtTemplate,
    /// A list.
    List,
    /// A role.
    Role,
    /// A permission.
    Permission,
    /// An attribute, named `<user|tenant|accessKey>.<name>`.
    Attribute,
    /// A connector.
    Connector,
    /// A flow, named by its id.
    Flow,
    /// A screen of a flow, named by its `screenId`.
    Screen,
    /// A widget, named by its id.
    Widget,
    /// A flow that widgets use, named by its id.
    WidgetFlow,
    /// A style.
    Style,
    /// A file of `assets/`.
    Asset,
    /// A file that is none of these, named by its path.
    File,
}

impl EntityKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Setting,
        Self::Auth,
        Self::OauthProvider,
        Self::Template,
        Self::Application,
        Self::OutboundApp,
        Self::JwtTemplate,
        Self::List,
        Self::Role,
        Self::Permission,
        Self::Attribute,
        Self::Connector,
        Self::Flow,
        Self::Screen,
        Self::Widget,
        Self::WidgetFlow,
        Self::Style,
        Self::Asset,
        Self::File,
    ];

    /// The kind's name in patterns.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::Auth => "auth",
            Self::OauthProvider => "oauth",
            Self::Template => "template",
            Self::Application => "application",
            Self::OutboundApp => "outbound_app",
            Self::JwtTemplate => "jwt_template",
            Self::List => "list",
            Self::Role => "role",
            Self::Permission => "permission",
            Self::Attribute => "attribute",
            Self::Connector => "connector",
            Self::Flow => "flow",
            Self::Screen => "screen",
            Self::Widget => "widget",
            Self::WidgetFlow => "widget_flow",
            Self::Style => "style",
            Self::Asset => "asset",
            Self::File => "file",
        }
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One thing that a snapshot configures.
#[derive(Clone)]
pub struct Entity {
    /// What sort of thing.
    pub kind: EntityKind,
    /// What it is called, and what makes it the same thing in two projects.
    pub name: String,
    /// Its id in this project, if it has one besides its name.
    pub id: Option<String>,
    /// The files that it is in: its own, or the one that it shares.
    pub paths: Vec<String>,
    /// The file that says what it is, and the JSON pointer to it there (empty: the whole file).
    pub place: (String, String),
    snapshot: Snapshot,
}

impl Entity {
    /// The snapshot that it is in.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Its configuration as JSON text: the value at its place, or, where it is several files, an object of them by
    /// their name.
    pub fn value(&self) -> Result<Bytes, SnapshotError> {
        let (path, pointer) = &self.place;
        if self.paths.len() > 1 {
            let mut text = vec![b'{'];
            for (count, path) in self.paths.iter().enumerate() {
                if count > 0 {
                    text.push(b',');
                }
                let name = path.rsplit('/').next().unwrap_or(path);
                super::text::quote(name.as_bytes(), &mut text);
                text.push(b':');
                text.extend_from_slice(&self.snapshot.raw(path).unwrap_or_default());
            }
            text.push(b'}');
            return Ok(text.into());
        }
        let file = self.snapshot.raw(path).unwrap_or_default();
        index::at_pointer(&file, pointer)
            .ok_or_else(|| SnapshotError::in_file(path, format_args!("has nothing at {}", shown(pointer))))
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind, self.name)
    }
}

impl fmt::Debug for Entity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entity").field("kind", &self.kind).field("name", &self.name).finish_non_exhaustive()
    }
}

/// The entities that match the pattern, or all, by kind and name.
pub(super) fn find(snapshot: &Snapshot, wanted: Option<&str>) -> Result<Vec<Entity>, SnapshotError> {
    let mut finder = Finder { snapshot, found: Vec::new() };
    finder.files()?;
    let mut found = finder.found;
    found.sort_by(|left, right| (left.kind, &left.name, &left.place).cmp(&(right.kind, &right.name, &right.place)));
    match wanted {
        None => Ok(found),
        Some(wanted) => pattern::filter(found, wanted),
    }
}

struct Finder<'a> {
    snapshot: &'a Snapshot,
    found: Vec<Entity>,
}

/// Lists of entities in one file: file, key of the list, kind.
const LISTS: &[(&str, &str, EntityKind)] = &[
    ("applications.json", "applications", EntityKind::Application),
    // The layout of 2024, whose list may have either name.
    ("ssoapps.json", "applications", EntityKind::Application),
    ("ssoapps.json", "ssoApps", EntityKind::Application),
    ("outboundapps.json", "outboundApps", EntityKind::OutboundApp),
    ("jwttemplates.json", "templates", EntityKind::JwtTemplate),
    ("lists.json", "lists", EntityKind::List),
    ("roles.json", "roles", EntityKind::Role),
    ("permissions.json", "permissions", EntityKind::Permission),
];

impl<'a> Finder<'a> {
    fn files(&mut self) -> Result<(), SnapshotError> {
        let mut folders: BTreeMap<(EntityKind, &'a str), Vec<&'a str>> = BTreeMap::new();
        for path in self.snapshot.paths() {
            if let Some((folder, file)) = schema::flow_file(path) {
                let kind = if folder.starts_with("widgets/") { EntityKind::WidgetFlow } else { EntityKind::Flow };
                folders.entry((kind, folder)).or_default().push(path);
                if let FlowFile::Screen(name) = file {
                    let id = self.string(path, "screenId")?;
                    self.whole(EntityKind::Screen, id.clone().unwrap_or_else(|| name.to_owned()), id, path);
                }
            } else if !schema::is_index(path) {
                match path.split_once('/') {
                    Some(("widgets", rest)) => {
                        let folder = rest.split_once('/').map_or(path, |(id, _)| &path[.."widgets/".len() + id.len()]);
                        folders.entry((EntityKind::Widget, folder)).or_default().push(path);
                    }
                    _ => self.file(path)?,
                }
            }
        }
        for ((kind, folder), paths) in folders {
            let name = folder.rsplit('/').next().unwrap_or(folder);
            let name = name.strip_suffix(".json").unwrap_or(name).to_owned();
            let main = paths.iter().find(|path| path.ends_with("/metadata.json")).unwrap_or(&paths[0]);
            self.found.push(Entity {
                kind,
                id: Some(name.clone()),
                name,
                place: ((*main).to_owned(), String::new()),
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
                snapshot: self.snapshot.clone(),
            });
        }
        Ok(())
    }

    fn file(&mut self, path: &str) -> Result<(), SnapshotError> {
        let stem = |name: &str| name.strip_suffix(".json").unwrap_or(name).to_owned();
        match path.split_once('/') {
            None if path == "project.json" => self.settings(path),
            None if path == "attributes.json" => self.attributes(path),
            None if LISTS.iter().any(|(file, ..)| *file == path) => self.lists(path),
            Some(("auth", name)) => {
                self.whole(EntityKind::Auth, stem(name), None, path);
                self.templates(path, &stem(name))?;
                if name == "oauth.json" { self.providers(path) } else { Ok(()) }
            }
            Some(("connectors", name)) => {
                let (id, given) = (self.string(path, "id")?, self.string(path, "name")?);
                self.whole(EntityKind::Connector, given.unwrap_or_else(|| stem(name)), id, path);
                Ok(())
            }
            Some(("styles", name)) => {
                self.whole(EntityKind::Style, stem(name), None, path);
                Ok(())
            }
            Some(("assets", name)) => {
                self.whole(EntityKind::Asset, name.to_owned(), None, path);
                Ok(())
            }
            _ => {
                self.whole(EntityKind::File, path.to_owned(), None, path);
                Ok(())
            }
        }
    }

    fn node(&self, path: &str) -> Result<Option<Node<'a>>, SnapshotError> {
        match self.snapshot.0.files.get(path) {
            Some(stored) => stored.node(path),
            None => Ok(None),
        }
    }

    fn string(&self, path: &str, key: &str) -> Result<Option<String>, SnapshotError> {
        let node = self.node(path)?;
        Ok(node.as_ref().and_then(|node| node.get(key)).and_then(Node::as_str).map(str::to_owned))
    }

    fn whole(&mut self, kind: EntityKind, name: String, id: Option<String>, path: &str) {
        self.inner(kind, name, id, path, String::new());
    }

    fn inner(&mut self, kind: EntityKind, name: String, id: Option<String>, path: &str, pointer: String) {
        self.found.push(Entity {
            kind,
            name,
            id,
            paths: vec![path.to_owned()],
            place: (path.to_owned(), pointer),
            snapshot: self.snapshot.clone(),
        });
    }

    fn settings(&mut self, path: &str) -> Result<(), SnapshotError> {
        let Some(node) = self.node(path)? else { return Ok(()) };
        for (key, _) in node.members() {
            let key = String::from_utf8_lossy(key);
            self.inner(EntityKind::Setting, format!("project.{key}"), None, path, format!("/{}", escape(&key)));
        }
        Ok(())
    }

    fn providers(&mut self, path: &str) -> Result<(), SnapshotError> {
        let Some(node) = self.node(path)? else { return Ok(()) };
        for (key, _) in node.get("providerSettings").map_or(&[][..], Node::members) {
            let key = String::from_utf8_lossy(key).into_owned();
            let pointer = format!("/providerSettings/{}", escape(&key));
            self.inner(EntityKind::OauthProvider, key.clone(), Some(key), path, pointer);
        }
        Ok(())
    }

    fn attributes(&mut self, path: &str) -> Result<(), SnapshotError> {
        let Some(node) = self.node(path)? else { return Ok(()) };
        for (group, items) in node.members() {
            let group = String::from_utf8_lossy(group).into_owned();
            self.items(EntityKind::Attribute, path, &group, items, &|name| format!("{group}.{name}"));
        }
        Ok(())
    }

    fn lists(&mut self, path: &str) -> Result<(), SnapshotError> {
        let Some(node) = self.node(path)? else { return Ok(()) };
        for (_, key, kind) in LISTS.iter().filter(|(file, ..)| *file == path) {
            if let Some(items) = node.get(key) {
                self.items(*kind, path, key, items, &str::to_owned);
            }
        }
        Ok(())
    }

    fn templates(&mut self, path: &str, method: &str) -> Result<(), SnapshotError> {
        let Some(node) = self.node(path)? else { return Ok(()) };
        for (key, medium) in [("emailTemplates", "email"), ("textTemplates", "text"), ("voiceTemplates", "voice")] {
            if let Some(items) = node.get(key) {
                let name = |name: &str| format!("{method}/{medium}/{name}");
                self.items(EntityKind::Template, path, key, items, &name);
            }
        }
        Ok(())
    }

    /// The items of a list, by `name`, or by `id` where they have no name.
    fn items(&mut self, kind: EntityKind, path: &str, key: &str, items: &Node<'_>, full_name: &dyn Fn(&str) -> String) {
        for (count, item) in items.items().iter().enumerate() {
            let id = item.get("id").and_then(Node::as_str).map(str::to_owned);
            if let Some(name) = item.get("name").and_then(Node::as_str).or(id.as_deref()) {
                self.inner(kind, full_name(name), id.clone(), path, format!("/{}/{count}", escape(key)));
            }
        }
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
