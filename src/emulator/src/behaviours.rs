//! Which behaviours of the emulator the vendor documents, which were observed, and which are assumed.

use serde::Serialize;

/// Where a behaviour comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The vendor's API reference, `OpenAPI` file or guides say so.
    Documented,
    /// The vendor's SDKs, command line or exported files show it.
    Observed,
    /// No source tells; this is what the emulator does.
    Assumed,
}

impl Source {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Assumed => "assumed",
        }
    }
}

/// One behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Behaviour {
    /// A short name.
    pub name: &'static str,
    /// What the emulator does.
    pub does: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// The field of [`crate::Semantics`] that turns it round.
    pub switch: Option<&'static str>,
}

/// All of them, in the order in which a reader meets them.
pub fn behaviours() -> &'static [Behaviour] {
    BEHAVIOURS
}

const HEAD: &str = "| behaviour | what the emulator does | source | switch |\n| --- | --- | --- | --- |\n";

/// All of them as a table in Markdown, for `docs/emulator-behaviours.md`.
pub fn markdown() -> String {
    let row = |Behaviour { name, does, source, switch }: &Behaviour| {
        let switch = switch.map(|switch| format!("`{switch}`")).unwrap_or_default();
        format!("| {name} | {} | {} | {switch} |\n", does.replace('|', "\\|"), source.as_str())
    };
    HEAD.to_owned() + &behaviours().iter().map(row).collect::<String>()
}

const BEHAVIOURS: &[Behaviour] = &[
    Behaviour {
        name: "bearer token",
        does: "`Authorization: Bearer <ProjectID>:<ManagementKey>`; a workload token takes the key's place.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "no project in the token",
        does: "With a company-wide key a list needs no project; every other call without one is answered 401, E011007.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "bad credentials",
        does: "A missing, garbled or unknown token is answered 401, E011007. The code is documented, the status is what its meaning suggests.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "unknown project",
        does: "A project that does not exist, was deleted or is another company's is answered 404, E011008. The code is documented, the status is not.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "bound key",
        does: "A key that is bound to projects may neither list nor name another project: 403.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "read-only key",
        does: "A key that may only read is answered 403 on every call that writes.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "tier",
        does: "Clone, export and import need a pro or enterprise licence.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "tier of a validation",
        does: "A validation needs the licence that an import needs; without it, each of these calls is answered 403.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "codes of refusals",
        does: "A 403 carries EMULATOR403: no source names the code that the API sends.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "unknown route",
        does: "A route that the emulator does not have is answered 501, EMULATOR501, with or without a key: so are known ones with another method (HEAD for a GET included), another case, or slashes that do not belong. The API itself has many more routes, and what it does with these is not known.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "correlation id",
        does: "Every answer has a `cf-ray` of its own.",
        source: Source::Observed,
        switch: None,
    },
    Behaviour {
        name: "compression",
        does: "A gzip body is accepted, and answers are compressed where the request allows it.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "licence",
        does: "`GET /v1/mgmt/license` answers the company's tier.",
        source: Source::Observed,
        switch: None,
    },
    Behaviour {
        name: "rate limit",
        does: "More requests than the limit in one window are answered 429, E130429, with `Retry-After` in seconds or as a date.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "rate limit by licence",
        does: "Requests with the right `x-descope-license` have a limit of their own.",
        source: Source::Observed,
        switch: None,
    },
    Behaviour {
        name: "version conflict",
        does: "A second write to a project while one runs is answered E013008 with status 409. The code is documented, the status is not.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "clones do not conflict",
        does: "A clone reads its project and does not count as a write to it.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "environment",
        does: "`production`, empty or absent; anything else is answered 400, E011004.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "older tag field",
        does: "`tag` repeats the environment.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "clone",
        does: "A clone gets everything, secrets included, under ids of its own; users, tenants and keys do not exist here.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "clone without a name",
        does: "The clone is named after its source, with \" (clone)\".",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "ids of a clone",
        does: "Connectors, roles, permissions and JWT templates get new ids; flows, widgets, styles, lists, attributes, providers and applications keep theirs.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "region of a clone",
        does: "A clone's id has the length of its source's, and its region.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "asynchronous clone",
        does: "The copy is taken at the start; the project appears with the status call that reports it.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "delete",
        does: "A deleted project is gone for good, production or not.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "snapshot export",
        does: "Secret fields hold PLACEHOLDER_VALUE.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "project export",
        does: "Secrets are in it, as an official SDK says; the API reference describes it as a snapshot.",
        source: Source::Observed,
        switch: Some("project_export"),
    },
    Behaviour {
        name: "plain export",
        does: "Files under `assets/` are left out, and a string that equals an asset's path is replaced by its content: text as it is, images as data URLs. Other formats are refused with E011004.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "import overrides",
        does: "An import replaces the whole configuration in one step.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "absent files",
        does: "What the sent files lack is deleted.",
        source: Source::Assumed,
        switch: Some("absent_files"),
    },
    Behaviour {
        name: "malformed files",
        does: "Files without `project.json`, with a wrong type, a path that leaves the project or an index that lists what is not there are refused with E011003.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "flows.json decides",
        does: "A flow that `flows/flows.json` does not list is not read; the other indices mean the same.",
        source: Source::Observed,
        switch: None,
    },
    Behaviour {
        name: "built-in widgets",
        does: "`widgets/widgets.json` may list widgets that have no file.",
        source: Source::Observed,
        switch: None,
    },
    Behaviour {
        name: "connectors by name",
        does: "A connector's identity is its name: the target's id stays, and every reference is rewritten.",
        source: Source::Observed,
        switch: Some("foreign_connector_ids"),
    },
    Behaviour {
        name: "roles, permissions and templates by name",
        does: "They keep the target's id under the same name; new ones get a new id.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "renamed connector",
        does: "A known id under a new name is a new connector, without the old one's secret.",
        source: Source::Assumed,
        switch: Some("renamed_connector"),
    },
    Behaviour {
        name: "dangling references",
        does: "A reference to a connector, role or template that is not there after the import is a failure, unless the target has the same one already.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "kept secrets",
        does: "A placeholder keeps the target's secret.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "overridden secrets",
        does: "A real value in a secret field overrides the target's secret.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "cleared secrets",
        does: "null, an empty string or absence in a secret field clears the target's secret.",
        source: Source::Observed,
        switch: None,
    },
    Behaviour {
        name: "secret fields",
        does: "Fields that hold a placeholder, and fields with usual names (`apiKey`, `clientSecret`, `password`, `token` and so on): no source lists them.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "missing secrets",
        does: "A placeholder for which the target has no secret and `inputSecrets` no value is a missing secret; an import fails with E011003.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "input secrets",
        does: "They are matched by the id in the sent files and the secret's type; an empty value counts as none.",
        source: Source::Observed,
        switch: None,
    },
    Behaviour {
        name: "unknown input secrets",
        does: "A value for an entity that is not in the files is a failure.",
        source: Source::Assumed,
        switch: Some("unknown_input_secrets"),
    },
    Behaviour {
        name: "id of external authentication",
        does: "`externalAuthConfig.id`, or `externalAuthConfig` where it has none.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "excludes",
        does: "Each documented value keeps the target's part as it is, absent parts included.",
        source: Source::Documented,
        switch: None,
    },
    Behaviour {
        name: "fields of project excludes",
        does: "`project.domain` keeps domain, customDomain and appUrl; `project.cookiepolicy` the cookie policies and the cookie domain; `project.inactivity` its two fields; the others the field of their name.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "assets of excluded parts",
        does: "The target's assets stay where a kept file uses them; sent assets that only excluded files use are dropped.",
        source: Source::Assumed,
        switch: None,
    },
    Behaviour {
        name: "unknown excludes",
        does: "A value that is not documented is refused with E011004.",
        source: Source::Assumed,
        switch: Some("unknown_excludes"),
    },
    Behaviour {
        name: "excludes of a snapshot import",
        does: "Every documented value works, in a validation too; an official SDK allows only `lists`.",
        source: Source::Assumed,
        switch: Some("snapshot_excludes"),
    },
    Behaviour {
        name: "validate",
        does: "The same engine as an import, without the write; missing secrets are listed apart from failures.",
        source: Source::Documented,
        switch: None,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::behaviours;
    use crate::Semantics;

    #[test]
    fn every_switch_is_explained_and_every_explained_switch_exists() {
        let known = serde_json::to_value(Semantics::default()).unwrap_or_default();
        let known: BTreeSet<&str> = known.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let explained: BTreeSet<&str> = behaviours().iter().filter_map(|behaviour| behaviour.switch).collect();
        assert_eq!(explained, known);
        let names: BTreeSet<&str> = behaviours().iter().map(|behaviour| behaviour.name).collect();
        assert_eq!(names.len(), behaviours().len(), "two behaviours have one name");
    }
}
