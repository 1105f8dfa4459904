//! The project that a command acts on, as far as it is known.

use descope_projects_core::client::Client;
use descope_projects_core::wire;
use serde_json::{Value, json};

use crate::table::{shortened, visible_line};

/// What the server does not say, for people.
pub(crate) const NOT_CONFIRMED: &str = "(not confirmed by the server)";

/// A longer name must not push the id and the host out of sight.
const LONGEST_NAME: usize = 100;

/// A project and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// `P…`
    pub(crate) project_id: String,
    /// Host, and port if it is not the usual one.
    pub(crate) host: String,
    /// What the list says of it; absent where the key may not list, or nobody has asked.
    pub(crate) listed: Option<wire::Project>,
}

impl Target {
    /// A project of which no more than the id is known.
    pub(crate) fn unconfirmed(client: &Client, project_id: &str) -> Self {
        Self { project_id: project_id.to_owned(), host: host_of(client.base_url()), listed: None }
    }

    /// Its name, if the server says one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.listed.as_ref()?.name.as_deref().filter(|name| !name.is_empty())
    }

    /// `production`, if the server says so; nothing if it says nothing.
    pub(crate) fn environment(&self) -> Option<&str> {
        self.listed.as_ref()?.environment.as_deref().filter(|environment| !environment.is_empty())
    }

    /// Its tags, if the server says them.
    pub(crate) fn tags(&self) -> Option<Vec<String>> {
        self.listed.as_ref().map(tags)
    }

    /// Name, id, environment and host, on one line.
    pub(crate) fn line(&self) -> String {
        let id = &self.project_id;
        let host = &self.host;
        if self.listed.is_none() {
            return format!("{id} · name and environment {NOT_CONFIRMED} · {host}");
        }
        // On one line, whatever is in them: a name must not add lines that look like ours.
        let name = shortened(&visible_line(self.name().unwrap_or("(no name)")), LONGEST_NAME);
        let environment = shortened(&visible_line(self.environment().unwrap_or("no environment")), LONGEST_NAME);
        format!("{name} · {id} · {environment} · {host}")
    }

    /// `target` of the JSON document.
    pub(crate) fn value(&self) -> Value {
        json!({
            "environment": self.environment(),
            "project_id": self.project_id,
            "name": self.name(),
            "host": self.host,
        })
    }
}

/// Host and port of a URL.
pub(crate) fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

/// A listed project as the JSON document shows it.
pub(crate) fn project(project: &wire::Project) -> Value {
    json!({
        "id": project.id,
        "name": project.name,
        "environment": project.environment.as_deref().filter(|environment| !environment.is_empty()),
        "tags": tags(project),
    })
}

/// A project's tags, the older single tag included.
pub(crate) fn tags(project: &wire::Project) -> Vec<String> {
    project.tags.clone().unwrap_or_else(|| project.tag.iter().filter(|tag| !tag.is_empty()).cloned().collect())
}
