//! Which fields hold secrets, and whether one of them holds a real one.
//!
//! Known by structure (the files of [`in_file`], the only ones whose entities have secrets) *and* by name. An export
//! has `PLACEHOLDER_VALUE` in such a field; the placeholder, null and "" are no secret, and neither is a template
//! (`{{…}}`), which the server fills in. Kept conservative with few false alarms: flows, screens, styles and lists are not
//! searched (labels and inputs named "password" abound there), and a policy's numbers are no strings.

use std::ops::ControlFlow;

use super::node::Node;
use super::schema::PLACEHOLDER;

/// Names, in lower case and without `_` and `-`, that hold a secret wherever they are in such a file.
const NAMES: &[&str] = &[
    "apikey",
    "apisecret",
    "apitoken",
    "accesskeysecret",
    "accesstoken",
    "authkey",
    "authtoken",
    "bearertoken",
    "clientsecret",
    "connectionstring",
    "credentials",
    "encryptionkey",
    "hmac",
    "hmackey",
    "hmacsecret",
    "licensekey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "secretaccesskey",
    "secretkey",
    "secrettoken",
    "serviceaccount",
    "serviceaccountkey",
    "signingkey",
    "signingsecret",
    "token",
    "webhooksecret",
];

/// A name that ends with one of these holds a secret too: `smtpPassword`, `oauthClientSecret`.
const ENDINGS: &[&str] = &["apikey", "authtoken", "bearertoken", "password", "privatekey", "secret", "secretkey"];

/// A setting whose name sounds like one: the fixed code of test users, which every export shows in clear. It is masked
/// where it is displayed; to refuse to write it would refuse every snapshot of a project that has test users.
const SETTINGS: &[&str] = &["testuserfixedauthtoken"];

/// Headers that carry a credential.
const HEADERS: &[&str] = &["authorization", "proxyauthorization", "xapikey", "apikey", "xauthtoken", "cookie"];

/// Whether the file may have secret fields.
pub(super) fn in_file(path: &str) -> bool {
    matches!(path, "outboundapps.json" | "applications.json" | "ssoapps.json" | "project.json")
        || path.starts_with("auth/oauth")
        || path.starts_with("auth/sso")
        || (path.starts_with("connectors/") && path != "connectors/connectors.json")
}

/// Whether a field of this name holds a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = fold(name);
    if SETTINGS.contains(&name.as_str()) {
        return false;
    }
    NAMES.contains(&name.as_str()) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a secret field of the file holds a literal secret.
pub(super) fn has_literal(node: &Node<'_>) -> bool {
    visit(node, &mut |_| ControlFlow::Break(())).is_break()
}

/// The literal secrets of a file.
pub(super) fn literals(node: &Node<'_>, found: &mut Vec<String>) {
    let _ = visit(node, &mut |literal| {
        found.extend(std::str::from_utf8(literal).map(str::to_owned));
        ControlFlow::Continue(())
    });
}

type Visitor<'a> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'a;

fn visit(node: &Node<'_>, found: &mut Visitor<'_>) -> ControlFlow<()> {
    match node {
        Node::Object(members) => {
            for (name, value) in members {
                let name = String::from_utf8_lossy(name);
                if fold(&name) == "headers" {
                    visit_headers(value, found)?;
                }
                if is_secret_name(&name) {
                    visit_strings(value, found)?;
                }
                visit(value, found)?;
            }
            ControlFlow::Continue(())
        }
        Node::Array(items) => items.iter().try_for_each(|item| visit(item, found)),
        Node::String(text) if is_private_key(text) => found(text),
        _ => ControlFlow::Continue(()),
    }
}

/// A string, or the strings of a list, of a secret field.
fn visit_strings(value: &Node<'_>, found: &mut Visitor<'_>) -> ControlFlow<()> {
    match value {
        Node::String(text) if is_literal(text) => found(text),
        Node::Array(items) => items.iter().try_for_each(|item| visit_strings(item, found)),
        _ => ControlFlow::Continue(()),
    }
}

/// Headers are a map, or a list of `{key, value}`.
fn visit_headers(headers: &Node<'_>, found: &mut Visitor<'_>) -> ControlFlow<()> {
    let carries = |name: &str| HEADERS.contains(&fold(name).as_str());
    for (name, value) in headers.members() {
        if carries(&String::from_utf8_lossy(name)) {
            visit_strings(value, found)?;
        }
    }
    for header in headers.items() {
        let name = header.get("key").or_else(|| header.get("name")).and_then(Node::as_str);
        if name.is_some_and(carries)
            && let Some(value) = header.get("value")
        {
            visit_strings(value, found)?;
        }
    }
    ControlFlow::Continue(())
}

/// The secrets of any JSON by the names that they have there, those that are sent along with an import included.
pub(super) fn in_json(json: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(node) = Node::parse(json) {
        literals(&node, &mut found);
        for (_, group) in node.get("inputSecrets").map(Node::members).unwrap_or_default() {
            for secret in group.items() {
                found.extend(secret.get("value").and_then(Node::as_str).map(str::to_owned));
            }
        }
    }
    found
}

fn is_literal(text: &[u8]) -> bool {
    !text.is_empty() && text != PLACEHOLDER.as_bytes() && !has_template(text)
}

fn has_template(text: &[u8]) -> bool {
    let place = |text: &[u8], mark: &[u8]| text.windows(2).position(|pair| pair == mark);
    place(text, b"{{").is_some_and(|start| place(&text[start..], b"}}").is_some())
}

fn is_private_key(text: &[u8]) -> bool {
    text.starts_with(b"-----BEGIN ") && text.windows(11).any(|words| words == b"PRIVATE KEY")
}

fn fold(name: &str) -> String {
    name.chars().filter(|character| !matches!(character, '_' | '-')).flat_map(char::to_lowercase).collect()
}
