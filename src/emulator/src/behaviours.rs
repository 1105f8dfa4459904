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
    /// The field of [`crate::Semantics`] that turns it round, or of [`crate::Normalise`] after `normalise.`.
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

const fn documented(name: &'static str, does: &'static str) -> Behaviour {
    Behaviour { name, does, source: Source::Documented, switch: None }
}

const fn observed(name: &'static str, does: &'static str) -> Behaviour {
    Behaviour { name, does, source: Source::Observed, switch: None }
}

const fn assumed(name: &'static str, does: &'static str) -> Behaviour {
    Behaviour { name, does, source: Source::Assumed, switch: None }
}

impl Behaviour {
    const fn by(mut self, switch: &'static str) -> Self {
        self.switch = Some(switch);
        self
    }
}

const BEHAVIOURS: &[Behaviour] = &[
    documented(
        "bearer token",
        "`Authorization: Bearer <ProjectID>:<ManagementKey>`; a workload token takes the key's place.",
    ),
    documented(
        "no project in the token",
        "With a company-wide key a list needs no project; every other call without one is answered 401, E011007.",
    ),
    assumed(
        "bad credentials",
        "A missing, garbled or unknown token is answered 401, E011007. The code is documented, the status is what its meaning suggests.",
    ).by("bad_token_status"),
    assumed(
        "unknown project",
        "A project that does not exist, was deleted or is another company's is answered 404, E011008. The code is documented, the status is not.",
    ).by("unknown_project_status"),
    assumed(
        "bound key",
        "A key that is bound to projects may neither list nor name another project: 403.",
    ),
    assumed(
        "read-only key",
        "A key that may only read is answered 403 on every call that writes.",
    ),
    documented(
        "tier",
        "Clone, export and import need a pro or enterprise licence.",
    ),
    assumed(
        "tier of a validation",
        "A validation needs the licence that an import needs; without it, each of these calls is answered 403.",
    ),
    assumed(
        "codes of refusals",
        "A refusal of a key or a tier is 403, EMULATOR403: no source names the code that the API sends.",
    ).by("forbidden_status"),
    assumed(
        "unknown route",
        "A route that the emulator does not have is answered 501, EMULATOR501, with or without a key: so are known ones with another method (HEAD for a GET included), another case, or slashes that do not belong. The API itself has many more routes, and what it does with these is not known.",
    ),
    observed(
        "correlation id",
        "Every answer has a `cf-ray` of its own.",
    ),
    assumed(
        "compression",
        "A gzip body is accepted, and answers are compressed where the request allows it.",
    ),
    observed(
        "licence",
        "`GET /v1/mgmt/license` answers the company's tier.",
    ),
    documented(
        "rate limit",
        "More requests than the limit in one window are answered 429, E130429, with `Retry-After` in seconds or as a date.",
    ),
    observed(
        "rate limit by licence",
        "Requests with the right `x-descope-license` have a limit of their own.",
    ),
    assumed(
        "version conflict",
        "A second write to a project while one runs is answered E013008 with status 409. The code is documented, the status is not.",
    ).by("conflict_status"),
    assumed(
        "clones do not conflict",
        "A clone reads its project and does not count as a write to it.",
    ).by("clone_conflicts"),
    documented(
        "environment",
        "`production`, empty or absent; anything else is answered 400, E011004.",
    ),
    assumed(
        "older tag field",
        "`tag` repeats the environment.",
    ),
    documented(
        "clone",
        "A clone gets everything, secrets included, under ids of its own; users, tenants and keys do not exist here.",
    ),
    assumed(
        "clone without a name",
        "The clone is named after its source, with \" (clone)\".",
    ),
    assumed(
        "ids of a clone",
        "Connectors, roles, permissions and JWT templates get new ids; flows, widgets, styles, lists, attributes, providers and applications keep theirs.",
    ),
    assumed(
        "region of a clone",
        "A clone's id has the length of its source's, and its region.",
    ),
    assumed(
        "asynchronous clone",
        "The copy is taken at the start; the project appears with the status call that reports it.",
    ).by("started_clone"),
    documented(
        "delete",
        "A deleted project is gone for good, production or not.",
    ),
    documented(
        "snapshot export",
        "Secret fields hold PLACEHOLDER_VALUE.",
    ),
    observed(
        "project export",
        "Secrets are in it, as an official SDK says; the API reference describes it as a snapshot.",
    ).by("project_export"),
    assumed(
        "plain export",
        "Files under `assets/` are left out, and a string that equals an asset's path is replaced by its content: text as it is, images as data URLs. Other formats are refused with E011004.",
    ),
    documented(
        "import overrides",
        "An import replaces the whole configuration in one step.",
    ),
    assumed(
        "refused imports",
        "An import that is refused has written nothing.",
    ).by("refused_imports"),
    documented(
        "imports that fail half-way",
        "They are to be expected: the vendor added validation to make them less likely. The fault `partial` makes one.",
    ),
    assumed(
        "absent files",
        "What the sent files lack is deleted.",
    ).by("absent_files"),
    assumed(
        "malformed files",
        "Files without `project.json`, with a wrong type, a path that leaves the project or an index that lists what is not there are refused with E011003.",
    ),
    observed(
        "flows.json decides",
        "A flow that `flows/flows.json` does not list is not read; the other indices mean the same.",
    ),
    observed(
        "built-in widgets",
        "`widgets/widgets.json` may list widgets that have no file.",
    ),
    observed(
        "connectors by name",
        "A connector's identity is its name: the target's id stays, and every reference is rewritten.",
    ).by("foreign_connector_ids"),
    assumed(
        "roles, permissions and templates by name",
        "They keep the target's id under the same name; new ones get a new id.",
    ),
    assumed(
        "renamed connector",
        "A known id under a new name is a new connector, without the old one's secret.",
    ).by("renamed_connector"),
    assumed(
        "dangling references",
        "A reference to a connector, role or template that is not there after the import is a failure, unless the target has the same one already.",
    ).by("dangling_references"),
    documented(
        "kept secrets",
        "A placeholder keeps the target's secret.",
    ),
    documented(
        "overridden secrets",
        "A real value in a secret field overrides the target's secret.",
    ),
    observed(
        "cleared secrets",
        "null, an empty string or absence in a secret field clears the target's secret.",
    ),
    assumed(
        "secret fields",
        "Fields that hold a placeholder, and fields with usual names (`apiKey`, `clientSecret`, `password`, `token` and so on): no source lists them.",
    ),
    documented(
        "missing secrets",
        "A placeholder for which the target has no secret and `inputSecrets` no value is a missing secret; an import fails with E011003.",
    ),
    observed(
        "input secrets",
        "They are matched by the id in the sent files and the secret's type; an empty value counts as none.",
    ),
    assumed(
        "unknown input secrets",
        "A value for an entity that is not in the files is a failure.",
    ).by("unknown_input_secrets"),
    assumed(
        "id of external authentication",
        "`externalAuthConfig.id`, or `externalAuthConfig` where it has none.",
    ),
    documented(
        "excludes",
        "Each documented value keeps the target's part as it is, absent parts included.",
    ),
    assumed(
        "fields of project excludes",
        "`project.domain` keeps domain, customDomain and appUrl; `project.cookiepolicy` the cookie policies and the cookie domain; `project.inactivity` its two fields; the others the field of their name.",
    ),
    assumed(
        "assets of excluded parts",
        "The target's assets stay where a kept file uses them; sent assets that only excluded files use are dropped.",
    ),
    assumed(
        "unknown excludes",
        "A value that is not documented is refused with E011004.",
    ).by("unknown_excludes"),
    assumed(
        "excludes of a snapshot import",
        "Every documented value works, in a validation too; an official SDK allows only `lists`.",
    ).by("snapshot_excludes"),
    documented(
        "validate",
        "The same engine as an import, without the write; missing secrets are listed apart from failures.",
    ),
    assumed(
        "what an import stores",
        "What was sent, with the target's ids. A real server may make new ids.",
    ).by("normalise.new_ids"),
    observed(
        "stamps",
        "An export shows `componentsVersion` as it was imported. A real server stamps its own at every export.",
    ).by("normalise.stamps"),
    assumed(
        "defaults",
        "Nothing is added to what was sent. A real server may add defaults, null for what is absent, and the derived keys of tasks.",
    ).by("normalise.defaults"),
    observed(
        "references of flows",
        "They are as they were sent. The member or the whole object may be absent, and a real server may write all of it.",
    ).by("normalise.references"),
    assumed(
        "order of sets",
        "An export shows them as they were imported. A real server may have an order of its own.",
    ).by("normalise.order"),
    observed(
        "places of tasks",
        "They are as they were sent. In real files they differ between copies of a flow.",
    ).by("normalise.views"),
    observed(
        "names of screen files",
        "They are as they were sent. In real files they follow the name of the task and change on collisions.",
    ).by("normalise.screen_names"),
    assumed(
        "reads after a write",
        "An export shows an import that was answered. A real one may lag behind.",
    ).by("normalise.lag"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::behaviours;
    use crate::modes::modes;
    use crate::switches::switches;

    #[test]
    fn every_switch_is_explained_and_every_explained_switch_exists() {
        let switches = switches().iter().map(|switch| switch.name.to_owned());
        let known: BTreeSet<String> =
            switches.chain(modes().iter().map(|mode| format!("normalise.{}", mode.name))).collect();
        let explained = behaviours().iter().filter_map(|behaviour| behaviour.switch);
        let explained: BTreeSet<String> = explained.map(str::to_owned).collect();
        assert_eq!(explained, known);
        let names: BTreeSet<&str> = behaviours().iter().map(|behaviour| behaviour.name).collect();
        assert_eq!(names.len(), behaviours().len(), "two behaviours have one name");
    }
}
