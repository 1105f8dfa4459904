//! Screens of a flow: a tree of nodes, flattened to the map that a snapshot holds.

mod controls;
mod node;

use serde_json::{Map, Value};

pub(super) use controls::{
    apple_button, button, checkbox, code_input, email_input, github_button, google_button, input, link,
    new_password_input, passkey_button, password_input, phone_input, polling, resend, secondary_button, select_input,
};
pub(super) use node::{Node, image, notice, row, text};

use super::assets::{LOGO_DARK, LOGO_LIGHT};
use super::environment::base62;

/// One screen of one flow.
pub(super) struct Screen {
    flow: &'static str,
    name: &'static str,
    root: Node,
}

impl Screen {
    /// A screen with the logo, a title and a sentence above its own nodes, and the legal line below them.
    pub(super) fn new(flow: &'static str, name: &'static str, title: &str, subtitle: &str, body: Vec<Node>) -> Self {
        let mut children = vec![
            node::logo("logo", LOGO_LIGHT.path, LOGO_DARK.path),
            node::title("title", title),
            text("subtitle", subtitle),
        ];
        children.extend(body);
        children.push(node::error_message("error"));
        children.push(node::divider("rule"));
        children.push(row(
            "footer",
            vec![
                node::caption("legal", "© Acme Robotics. Machines that ask before they act."),
                node::external_link("privacy", "Privacy", "https://acme-robotics.example/privacy"),
                node::external_link("help", "Help", "https://acme-robotics.example/help"),
            ],
        ));
        Self { flow, name, root: node::root(children) }
    }

    /// The task's name, from which the file's name follows.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// `screen-<slug>.json` is the file.
    pub(super) fn slug(&self) -> String {
        self.name.to_lowercase().replace(|character: char| !character.is_ascii_alphanumeric(), "-")
    }

    /// The same in every project: it is what makes a screen the same screen.
    pub(super) fn id(&self) -> String {
        format!("SC2{}", base62(&["screen", self.flow, self.name], 26))
    }

    /// The id of the interaction that a node starts; names that are no node's (`polling`, `3.success`) are ids already.
    pub(super) fn interaction(&self, key: &str) -> String {
        if self.root.finds(key) { self.node_id(key) } else { key.to_owned() }
    }

    /// Names of the inputs, in the order in which they are shown.
    pub(super) fn inputs(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        self.root.visit(&mut |node| found.extend(node.input));
        found
    }

    /// The values that the texts of the screen show.
    pub(super) fn context_keys(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.root.visit(&mut |node| found.extend(node.context_key()));
        found
    }

    fn node_id(&self, key: &str) -> String {
        base62(&["node", self.flow, self.name, key], 10)
    }

    /// The content of the file.
    pub(super) fn build(mut self) -> Value {
        let mut contents = Map::new();
        let mut interactions = Vec::new();
        let root = std::mem::take(&mut self.root);
        self.flatten(root, None, &mut contents, &mut interactions);
        let mut screen = Map::new();
        screen.insert("screenId".to_owned(), self.id().into());
        screen.insert("interactions".to_owned(), Value::Array(interactions));
        screen.insert("contents".to_owned(), Value::Object(contents));
        Value::Object(screen)
    }

    /// Adds a node and what is inside it to the map, and says what its id is.
    fn flatten(
        &self,
        mut node: Node,
        parent: Option<&str>,
        contents: &mut Map<String, Value>,
        interactions: &mut Vec<Value>,
    ) -> String {
        let id = if node.fixed_id { node.key.to_owned() } else { self.node_id(node.key) };
        if let Some(interaction) = &node.interaction {
            interactions.push(interaction.build(&id));
        }
        let children: Vec<String> = std::mem::take(&mut node.children)
            .into_iter()
            .map(|child| self.flatten(child, Some(&id), contents, interactions))
            .collect();
        contents.insert(id.clone(), node.build(&id, parent, children));
        id
    }
}
