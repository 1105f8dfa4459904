//! The switches for what no source tells: one field each, and the table that the documentation and the checks use.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::answer::{ApiError, own};
use descope_projects_core::wire::codes;

/// One switch for each thing that no source tells, so that a client can be tested both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Semantics {
    /// What an import does with what the target has and the sent files have not.
    pub absent_files: AbsentFiles,
    /// What an import does with a connector whose name the target knows under another id.
    pub foreign_connector_ids: ForeignConnectorIds,
    /// What an import does with a connector whose id the target knows under another name.
    pub renamed_connector: RenamedConnector,
    /// What an import does with a reference that names nothing.
    pub dangling_references: DanglingReferences,
    /// What an import that is refused for its secrets or references has written by then.
    pub refused_imports: RefusedImports,
    /// What happens to a value of `excludes` that is not documented.
    pub unknown_excludes: UnknownExcludes,
    /// What happens to values of `excludes` other than `lists` in a snapshot import or validation.
    pub snapshot_excludes: SnapshotExcludes,
    /// What happens to a value of `inputSecrets` for an entity that is not in the sent files.
    pub unknown_input_secrets: UnknownInputSecrets,
    /// Whether a project export holds the secrets.
    pub project_export: ProjectExport,
    /// From when on the list has the project that an asynchronous clone makes.
    pub started_clone: StartedClone,
    /// Whether a clone counts as a write to the project that it reads.
    pub clone_conflicts: CloneConflicts,
    /// The status of a missing, garbled or unknown token.
    pub bad_token_status: RefusalStatus,
    /// The status of what the key, or the company's tier, does not allow.
    pub forbidden_status: RefusalStatus,
    /// The status of a project that is not there.
    pub unknown_project_status: RefusalStatus,
    /// The status of a second write to a project while one runs.
    pub conflict_status: RefusalStatus,
}

impl Default for Semantics {
    fn default() -> Self {
        Self {
            absent_files: AbsentFiles::default(),
            foreign_connector_ids: ForeignConnectorIds::default(),
            renamed_connector: RenamedConnector::default(),
            dangling_references: DanglingReferences::default(),
            refused_imports: RefusedImports::default(),
            unknown_excludes: UnknownExcludes::default(),
            snapshot_excludes: SnapshotExcludes::default(),
            unknown_input_secrets: UnknownInputSecrets::default(),
            project_export: ProjectExport::default(),
            started_clone: StartedClone::default(),
            clone_conflicts: CloneConflicts::default(),
            bad_token_status: RefusalStatus(401),
            forbidden_status: RefusalStatus(403),
            unknown_project_status: RefusalStatus(404),
            conflict_status: RefusalStatus(409),
        }
    }
}

impl Semantics {
    /// The refusal under the status that the switches give its code.
    pub(crate) fn restated(&self, mut refusal: ApiError) -> ApiError {
        let status = match refusal.body.code.as_deref() {
            Some(codes::INVALID_TOKEN) => self.bad_token_status,
            Some(own::FORBIDDEN) => self.forbidden_status,
            Some(codes::PROJECT_NOT_FOUND) => self.unknown_project_status,
            Some(codes::VERSION_CONFLICT) => self.conflict_status,
            _ => return refusal,
        };
        refusal.status = status.0;
        refusal
    }
}

/// A switch whose values are words; the first is the default.
macro_rules! switch {
    ($(#[$about:meta])* $name:ident { $(#[$first_means:meta])* $first:ident, $($(#[$means:meta])* $value:ident,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[$first_means])*
            #[default]
            $first,
            $($(#[$means])* $value,)+
        }
    };
}

switch! {
    /// See [`Semantics::absent_files`].
    AbsentFiles {
        /// It is deleted.
        Delete,
        /// It stays.
        Keep,
    }
}

switch! {
    /// See [`Semantics::foreign_connector_ids`].
    ForeignConnectorIds {
        /// The target keeps its id, and every reference is rewritten to it.
        Rebind,
        /// The import is refused.
        Refuse,
    }
}

switch! {
    /// See [`Semantics::renamed_connector`].
    RenamedConnector {
        /// The old one is deleted, and a new one is made, which has no secret.
        NewEntity,
        /// The old one gets the new name, and keeps its secret.
        Rename,
    }
}

switch! {
    /// See [`Semantics::dangling_references`].
    DanglingReferences {
        /// The import is refused, unless the target has the same one already.
        Refuse,
        /// It is taken as it is.
        Accept,
    }
}

switch! {
    /// See [`Semantics::refused_imports`].
    RefusedImports {
        /// Nothing.
        WriteNothing,
        /// The first half of the entities that would change.
        WritePart,
    }
}

switch! {
    /// See [`Semantics::unknown_excludes`].
    UnknownExcludes {
        /// The request is refused.
        Refuse,
        /// The value has no effect.
        Ignore,
    }
}

switch! {
    /// See [`Semantics::snapshot_excludes`].
    SnapshotExcludes {
        /// They work as in a project import.
        Honour,
        /// The request is refused.
        Refuse,
    }
}

switch! {
    /// See [`Semantics::unknown_input_secrets`].
    UnknownInputSecrets {
        /// The import is refused.
        Refuse,
        /// The value has no effect.
        Ignore,
    }
}

switch! {
    /// See [`Semantics::project_export`].
    ProjectExport {
        /// Secrets are in it.
        WithSecrets,
        /// Secrets are placeholders, as in a snapshot.
        WithoutSecrets,
    }
}

switch! {
    /// See [`Semantics::started_clone`].
    StartedClone {
        /// From the status that tells of it.
        SeenAtEnd,
        /// From the start; one that fails is never seen.
        SeenAtStart,
    }
}

switch! {
    /// See [`Semantics::clone_conflicts`].
    CloneConflicts {
        /// It does not: it runs beside a write, and a write beside it.
        Never,
        /// It does: one beside a write is a version conflict, and so is a write beside it.
        WithWrites,
    }
}

/// The status of a refusal that has a documented meaning and no documented number: 400 to 599.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RefusalStatus(u16);

impl RefusalStatus {
    /// `None` for what is no failure.
    pub fn new(status: u16) -> Option<Self> {
        (400..=599).contains(&status).then_some(Self(status))
    }

    /// As a number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl<'de> Deserialize<'de> for RefusalStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Status;
        impl Visitor<'_> for Status {
            type Value = RefusalStatus;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an integer from 400 to 599")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<RefusalStatus, E> {
                let status = u16::try_from(value).ok().and_then(RefusalStatus::new);
                status.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<RefusalStatus, E> {
                u64::try_from(value)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
                    .and_then(|value| self.visit_u64(value))
            }
        }
        deserializer.deserialize_any(Status)
    }
}

/// One row of the table of switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// The field of [`Semantics`].
    pub name: &'static str,
    /// What no source tells.
    pub about: &'static str,
    /// Each way and what it means, the default first. No words: a status from 400 to 599.
    pub ways: &'static [(&'static str, &'static str)],
}

/// Every switch.
pub fn switches() -> &'static [Switch] {
    SWITCHES
}

/// The table in Markdown, for `docs/emulator.md`.
pub fn markdown() -> String {
    let defaults = serde_json::to_value(Semantics::default()).unwrap_or_default();
    let row = |Switch { name, about, ways }: &Switch| {
        let ways = if ways.is_empty() {
            format!("`{}`; any from 400 to 599", defaults[name])
        } else {
            let ways: Vec<String> = ways.iter().map(|(word, means)| format!("`{word}`: {means}")).collect();
            ways.join("; ")
        };
        format!("| `{name}` | {about} | {ways} |\n")
    };
    let rows: String = switches().iter().map(row).collect();
    format!("| switch | what no source tells | each way, the default first |\n| --- | --- | --- |\n{rows}")
}

const SWITCHES: &[Switch] = &[
    Switch {
        name: "absent_files",
        about: "what an import does with what the target has and the sent files have not",
        ways: &[("delete", "it is deleted"), ("keep", "it stays")],
    },
    Switch {
        name: "foreign_connector_ids",
        about: "what an import does with a connector whose name the target knows under another id",
        ways: &[("rebind", "the target's id stays, references follow"), ("refuse", "the import is refused")],
    },
    Switch {
        name: "renamed_connector",
        about: "what an import does with a connector whose id the target knows under another name",
        ways: &[("new_entity", "a new one, without the secret"), ("rename", "the old one, with its secret")],
    },
    Switch {
        name: "dangling_references",
        about: "what an import does with a reference that names nothing",
        ways: &[
            ("refuse", "the import is refused, unless the target has the same one already"),
            ("accept", "it is taken as it is"),
        ],
    },
    Switch {
        name: "refused_imports",
        about: "what an import that is refused for its secrets or references has written by then",
        ways: &[("write_nothing", "nothing"), ("write_part", "the first half of the entities that would change")],
    },
    Switch {
        name: "unknown_excludes",
        about: "what happens to a value of `excludes` that is not documented",
        ways: &[("refuse", "the request is refused"), ("ignore", "it has no effect")],
    },
    Switch {
        name: "snapshot_excludes",
        about: "what happens to values of `excludes` other than `lists` in a snapshot import or validation",
        ways: &[("honour", "they work as in a project import"), ("refuse", "the request is refused")],
    },
    Switch {
        name: "unknown_input_secrets",
        about: "what happens to a secret for an entity that is not in the sent files",
        ways: &[("refuse", "the import is refused"), ("ignore", "it has no effect")],
    },
    Switch {
        name: "project_export",
        about: "whether a project export holds the secrets",
        ways: &[("with_secrets", "it does"), ("without_secrets", "placeholders, as in a snapshot")],
    },
    Switch {
        name: "started_clone",
        about: "from when on the list has the project that an asynchronous clone makes",
        ways: &[
            ("seen_at_end", "from the status that tells of it"),
            ("seen_at_start", "from the start; one that fails is never seen"),
        ],
    },
    Switch {
        name: "clone_conflicts",
        about: "whether a clone counts as a write to the project that it reads",
        ways: &[("never", "it does not"), ("with_writes", "beside a write it is a version conflict")],
    },
    Switch { name: "bad_token_status", about: "the status of E011007: no valid token", ways: &[] },
    Switch {
        name: "forbidden_status",
        about: "the status of what the key, or the company's tier, does not allow",
        ways: &[],
    },
    Switch { name: "unknown_project_status", about: "the status of E011008: no such project", ways: &[] },
    Switch { name: "conflict_status", about: "the status of E013008: another write runs", ways: &[] },
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_table_has_every_switch_with_every_way_and_the_default_first() {
        let defaults = serde_json::to_value(Semantics::default()).unwrap_or_default();
        let fields: Vec<&str> = defaults.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let rows: Vec<&str> = switches().iter().map(|switch| switch.name).collect();
        assert_eq!(rows, fields);
        for Switch { name, ways, .. } in switches() {
            let words: Vec<&str> = ways.iter().map(|(word, _)| *word).collect();
            let refusal = serde_json::from_value::<Semantics>(json!({ *name: "no such way" })).err();
            let refusal = refusal.map(|error| error.to_string()).unwrap_or_default();
            if words.is_empty() {
                assert!(refusal.contains("an integer from 400 to 599"), "{name}: {refusal}");
                continue;
            }
            assert_eq!(defaults[name], words[0], "{name}");
            for word in &words {
                let one: Value = serde_json::from_value::<Semantics>(json!({ *name: word }))
                    .map(|semantics| serde_json::to_value(semantics).unwrap_or_default())
                    .unwrap_or_default();
                assert_eq!(one[name], *word, "{name}");
            }
            let known: Vec<&str> = refusal.split('`').skip(3).step_by(2).collect();
            assert_eq!(known, words, "{name}: {refusal}");
        }
    }
}
