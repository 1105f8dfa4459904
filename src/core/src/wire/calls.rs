//! The call table: one row for each call of the API that this package makes.

use std::fmt;

/// HTTP method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`; in no row of the table.
    Put,
    /// `PATCH`; in no row of the table.
    Patch,
    /// `DELETE`; in no row of the table.
    Delete,
}

impl Method {
    /// The method's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// How a call may be repeated after an attempt whose end is not a clear answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Reads nothing but data: a repeat is harmless.
    Read,
    /// Sets a value: a repeat sets the same value again.
    Set,
    /// Makes, overrides or removes something: repeated only if it provably never reached the origin.
    Once,
}

impl Repeat {
    /// Whether the call changes anything on the server.
    pub const fn writes(self) -> bool {
        !matches!(self, Self::Read)
    }
}

/// Which of the client's two time limits applies to one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The ordinary limit (60 s by default).
    Ordinary,
    /// For calls that move or remake a whole project (300 s by default).
    Long,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The operation's name, as in messages, logs and `Error::operation`.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below the base URL; `{processId}` stands for a value.
    pub path: &'static str,
    /// What may be repeated.
    pub repeat: Repeat,
    /// Which time limit one attempt has.
    pub limit: Limit,
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// The named row of the table.
pub mod call {
    use super::{Call, Limit, Method, Repeat};

    const fn post(name: &'static str, path: &'static str, repeat: Repeat, limit: Limit) -> Call {
        Call { name, method: Method::Post, path, repeat, limit }
    }

    /// All projects of the company; needs a company-wide key.
    pub const LIST_PROJECTS: Call = post("list_projects", "/v1/mgmt/projects/list", Repeat::Read, Limit::Ordinary);
    /// Renames a project.
    pub const UPDATE_NAME: Call = post("update_name", "/v1/mgmt/project/update/name", Repeat::Set, Limit::Ordinary);
    /// Replaces a project's tags.
    pub const UPDATE_TAGS: Call = post("update_tags", "/v1/mgmt/project/update/tags", Repeat::Set, Limit::Ordinary);
    /// Makes a new project out of this one.
    pub const CLONE: Call = post("clone", "/v1/mgmt/project/clone", Repeat::Once, Limit::Long);
    /// Starts making a new project out of this one, and answers at once.
    pub const START_CLONE: Call = post("start_clone", "/v1/mgmt/project/clone/async", Repeat::Once, Limit::Ordinary);
    /// How far a started clone is.
    pub const CLONE_STATUS: Call = Call {
        name: "clone_status",
        method: Method::Get,
        path: "/v1/mgmt/project/clone/async/{processId}",
        repeat: Repeat::Read,
        limit: Limit::Ordinary,
    };
    /// Deletes a project for good.
    pub const DELETE: Call = post("delete", "/v1/mgmt/project/delete", Repeat::Once, Limit::Long);
    /// Exports a project; the result may hold secrets.
    pub const EXPORT_PROJECT: Call = post("export_project", "/v1/mgmt/project/export", Repeat::Read, Limit::Long);
    /// Imports a project.
    pub const IMPORT_PROJECT: Call = post("import_project", "/v1/mgmt/project/import", Repeat::Once, Limit::Long);
    /// Exports a snapshot, without secrets.
    pub const EXPORT_SNAPSHOT: Call =
        post("export_snapshot", "/v1/mgmt/project/snapshot/export", Repeat::Read, Limit::Long);
    /// Imports a snapshot.
    pub const IMPORT_SNAPSHOT: Call =
        post("import_snapshot", "/v1/mgmt/project/snapshot/import", Repeat::Once, Limit::Long);
    /// Asks whether a snapshot could be imported.
    pub const VALIDATE_SNAPSHOT: Call =
        post("validate_snapshot", "/v1/mgmt/project/snapshot/validate", Repeat::Read, Limit::Long);
    /// The company's rate-limit tier.
    pub const LICENSE: Call = Call {
        name: "license",
        method: Method::Get,
        path: "/v1/mgmt/license",
        repeat: Repeat::Read,
        limit: Limit::Ordinary,
    };
}

/// Every row.
pub const CALLS: &[Call] = &[
    call::LIST_PROJECTS,
    call::UPDATE_NAME,
    call::UPDATE_TAGS,
    call::CLONE,
    call::START_CLONE,
    call::CLONE_STATUS,
    call::DELETE,
    call::EXPORT_PROJECT,
    call::IMPORT_PROJECT,
    call::EXPORT_SNAPSHOT,
    call::IMPORT_SNAPSHOT,
    call::VALIDATE_SNAPSHOT,
    call::LICENSE,
];
