//! One node of a screen, by component.

use serde_json::{Map, Value, json};

/// What the person can start with a node.
pub(in super::super) struct Interaction {
    label: String,
    kind: &'static str,
    sub_kind: Option<&'static str>,
    icon: Option<&'static str>,
}

impl Interaction {
    /// Its entry in the screen's list.
    pub(super) fn build(&self, id: &str) -> Value {
        let mut entry = Map::new();
        entry.insert("id".to_owned(), id.into());
        entry.insert("label".to_owned(), self.label.as_str().into());
        entry.insert("type".to_owned(), self.kind.into());
        if let Some(sub_kind) = self.sub_kind {
            entry.insert("subType".to_owned(), sub_kind.into());
        }
        if let Some(icon) = self.icon {
            entry.insert("icon".to_owned(), icon.into());
        }
        Value::Object(entry)
    }
}

/// A node and what is inside it.
#[derive(Default)]
pub(in super::super) struct Node {
    /// Unique in the screen; the id follows from it.
    pub(super) key: &'static str,
    /// The key is the id: the root, and nodes whose interactions have a meaning of their own.
    pub(super) fixed_id: bool,
    component: &'static str,
    display_name: &'static str,
    pub(super) custom: Value,
    pub(super) props: Value,
    pub(super) children: Vec<Self>,
    pub(super) interaction: Option<Interaction>,
    pub(super) input: Option<&'static str>,
}

impl Node {
    pub(super) fn new(key: &'static str, component: &'static str, display_name: &'static str, props: Value) -> Self {
        Self {
            key,
            fixed_id: false,
            component,
            display_name,
            custom: json!({}),
            props,
            children: Vec::new(),
            interaction: None,
            input: None,
        }
    }

    fn with_children(mut self, children: Vec<Self>) -> Self {
        self.children = children;
        self
    }

    pub(super) fn with_input(mut self, name: &'static str) -> Self {
        self.custom = json!({ "type": "input" });
        self.input = Some(name);
        self
    }

    pub(super) fn starting(mut self, label: &str, kind: &'static str, sub_kind: Option<&'static str>) -> Self {
        self.custom = json!({ "type": "button" });
        self.interaction = Some(Interaction { label: label.to_owned(), kind, sub_kind, icon: sub_kind });
        self
    }

    pub(super) fn with_fixed_id(mut self) -> Self {
        self.fixed_id = true;
        self
    }

    /// Whether the node or one inside it has this key and an id that follows from it.
    pub(super) fn finds(&self, key: &str) -> bool {
        (self.key == key && !self.fixed_id) || self.children.iter().any(|child| child.finds(key))
    }

    /// Calls `visitor` with the node and every one inside it.
    pub(super) fn visit<'node>(&'node self, visitor: &mut impl FnMut(&'node Self)) {
        visitor(self);
        for child in &self.children {
            child.visit(visitor);
        }
    }

    /// The first value that its text shows.
    pub(super) fn context_key(&self) -> Option<String> {
        let shown = self.props.get("children")?.as_str()?;
        let (_, rest) = shown.split_once("{{")?;
        rest.split_once("}}").map(|(key, _)| key.trim().to_owned())
    }

    /// Its entry in the screen's map.
    pub(super) fn build(self, id: &str, parent: Option<&str>, children: Vec<String>) -> Value {
        let mut props = self.props;
        props["id"] = id.into();
        let mut entry = Map::new();
        entry.insert("type".to_owned(), json!({ "resolvedName": self.component }));
        entry.insert("isCanvas".to_owned(), (self.component == "Container").into());
        entry.insert("props".to_owned(), props);
        entry.insert("displayName".to_owned(), self.display_name.into());
        entry.insert("custom".to_owned(), self.custom);
        if let Some(parent) = parent {
            entry.insert("parent".to_owned(), parent.into());
        }
        entry.insert("hidden".to_owned(), false.into());
        entry.insert("nodes".to_owned(), children.into());
        entry.insert("linkedNodes".to_owned(), json!({}));
        Value::Object(entry)
    }
}

/// The outermost container.
pub(super) fn root(children: Vec<Node>) -> Node {
    Node::new(
        "ROOT",
        "Container",
        "Container",
        json!({
            "align": "center", "justify": "center", "direction": "column", "background": "", "width": "100%",
            "paddingX": "4", "paddingY": "8", "space-between": "md", "spaceBetween": "4", "st-items-grow": 0,
            "data-editor-type": "container", "shadow": "md", "borderRadius": "sm",
        }),
    )
    .with_fixed_id()
    .with_children(children)
}

/// A container whose nodes stand side by side.
pub(in super::super) fn row(key: &'static str, children: Vec<Node>) -> Node {
    Node::new(
        key,
        "Container",
        "Container",
        json!({
            "align": "center", "justify": "center", "direction": "row", "background": "#ffffff00", "width": "100%",
            "paddingX": "0", "paddingY": "1", "spaceBetween": "4", "data-editor-type": "container",
        }),
    )
    .with_children(children)
}

fn words(key: &'static str, display_name: &'static str, content: &str, variant: &str, mode: &str) -> Node {
    Node::new(
        key,
        "Text",
        display_name,
        json!({
            "children": content, "variant": variant, "mode": mode, "full-width": true, "text-align": "center",
            "italic": false, "isEnriched": true, "link-target-blank": true,
        }),
    )
}

/// The heading of a screen.
pub(super) fn title(key: &'static str, content: &str) -> Node {
    words(key, "Title", content, "h3", "primary")
}

/// A sentence.
pub(in super::super) fn text(key: &'static str, content: &str) -> Node {
    words(key, "Text", content, "body1", "primary")
}

/// A sentence in the quieter colour.
pub(in super::super) fn notice(key: &'static str, content: &str) -> Node {
    words(key, "Text", content, "body2", "secondary")
}

/// Small print.
pub(super) fn caption(key: &'static str, content: &str) -> Node {
    words(key, "Caption", content, "body2", "secondary")
}

/// An image of the assets.
pub(in super::super) fn image(key: &'static str, alt: &str, path: &str) -> Node {
    Node::new(key, "Image", "Image", json!({ "alt": alt, "src": path, "height": "64px" }))
}

/// The logo, by theme.
pub(super) fn logo(key: &'static str, light: &str, dark: &str) -> Node {
    Node::new(
        key,
        "Logo",
        "Logo",
        json!({ "alt": "Acme Robotics", "src": light, "src-dark": dark, "height": "48px", "width": "160px" }),
    )
}

/// A line between parts.
pub(super) fn divider(key: &'static str) -> Node {
    Node::new(
        key,
        "Divider",
        "Divider",
        json!({ "children": "", "variant": "body1", "mode": "primary", "italic": false, "vertical": false }),
    )
}

/// Where the server's refusals are shown.
pub(super) fn error_message(key: &'static str) -> Node {
    Node::new(
        key,
        "ErrorMessage",
        "Error Message",
        json!({
            "data-type": "error-message", "mode": "error", "variant": "body1", "text-align": "center",
            "full-width": false, "hide-when-empty": true, "italic": false,
        }),
    )
}

/// A link that leaves the flow, and so starts nothing in it.
pub(super) fn external_link(key: &'static str, label: &str, address: &str) -> Node {
    Node::new(
        key,
        "Link",
        "Link",
        json!({
            "children": label, "href": address, "variant": "body2", "mode": "secondary", "text-align": "center",
            "link-target-blank": true, "full-width": false, "italic": false,
        }),
    )
}
