//! The modes in which the emulator normalises as a real server may, and the table that the documentation uses.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// What is changed on the way in and out. Each can be asked for by itself; [`Normalise::all`] is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each can be asked for by itself")]
pub struct Normalise {
    /// Every import gives connectors, roles, permissions and JWT templates new ids; references and secrets follow.
    pub new_ids: bool,
    /// Every export writes another `componentsVersion` into flows and styles.
    pub stamps: bool,
    /// Fields that are absent get their defaults, the derived keys of tasks among them.
    pub defaults: Moment,
    /// A flow's `references` name everything that the flow uses.
    pub references: Moment,
    /// Every export has its sets in another order than the one before.
    pub order: bool,
    /// Every import moves the tasks of flows on the canvas.
    pub views: bool,
    /// Every import names the files of screens after their tasks.
    pub screen_names: bool,
    /// How many exports after an import still show what was before it.
    pub lag: u32,
}

impl Normalise {
    /// All of them: at imports what can be at either moment, and a lag of one export.
    pub fn all() -> Self {
        Self {
            new_ids: true,
            stamps: true,
            defaults: Moment::AtImport,
            references: Moment::AtImport,
            order: true,
            views: true,
            screen_names: true,
            lag: 1,
        }
    }
}

/// Some modes, or `all` of them, as options have them.
#[derive(Clone, Debug)]
pub struct Modes(pub Normalise);

impl<'de> Deserialize<'de> for Modes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ModesOrAll;
        impl<'de> Visitor<'de> for ModesOrAll {
            type Value = Modes;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("\"all\" or a mapping")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Modes, E> {
                match value {
                    "all" => Ok(Modes(Normalise::all())),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Modes, A::Error> {
                Normalise::deserialize(MapAccessDeserializer::new(map)).map(Modes)
            }
        }
        deserializer.deserialize_any(ModesOrAll)
    }
}

/// When something is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// At no time.
    #[default]
    Never,
    /// By an import, so that what it stores is not what was sent.
    AtImport,
    /// By every export, so that what was never imported has it too.
    AtExport,
}

/// One row of the table of modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Mode {
    /// The field of [`Normalise`].
    pub name: &'static str,
    /// Its values, the default first.
    pub values: &'static str,
    /// What happens.
    pub does: &'static str,
}

/// Every mode.
pub fn modes() -> &'static [Mode] {
    MODES
}

/// The table in Markdown, for `docs/emulator.md`.
pub fn markdown() -> String {
    let row = |Mode { name, values, does }: &Mode| format!("| `{name}` | {values} | {does} |\n");
    let rows: String = modes().iter().map(row).collect();
    format!("| mode | values | what happens |\n| --- | --- | --- |\n{rows}")
}

const SWITCHED: &str = "`false`, `true`";
const MOMENTS: &str = "`never`, `at_import`, `at_export`";

const MODES: &[Mode] = &[
    Mode {
        name: "new_ids",
        values: SWITCHED,
        does: "an import gives connectors, roles, permissions and JWT templates new ids; references and secrets follow",
    },
    Mode {
        name: "stamps",
        values: SWITCHED,
        does: "an export writes another `componentsVersion` into the flows and styles, so that no two are equal",
    },
    Mode {
        name: "defaults",
        values: MOMENTS,
        does: "absent fields get their defaults, null where that is one, and tasks get their derived keys",
    },
    Mode {
        name: "references",
        values: MOMENTS,
        does: "a flow's `references` have all six members, and every connector and role that the flow uses",
    },
    Mode {
        name: "order",
        values: SWITCHED,
        does: "an export has its sets in another order than the one before: entries of indices, roles, permissions, templates, lists, screens",
    },
    Mode { name: "views", values: SWITCHED, does: "an import moves the tasks of flows on the canvas" },
    Mode {
        name: "screen_names",
        values: SWITCHED,
        does: "an import names the files of screens after the tasks that show them, with a suffix where two are equal",
    },
    Mode { name: "lag", values: "`0`, any number", does: "so many exports after an import show what was before it" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_mode() {
        let fields = serde_json::to_value(Normalise::default()).unwrap_or_default();
        let fields: Vec<&str> = fields.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(modes().iter().map(|mode| mode.name).collect::<Vec<_>>(), fields);
    }

    #[test]
    fn all_of_them_leaves_none_out() {
        let (none, all) = (Normalise::default(), Normalise::all());
        let (none, all) =
            (serde_json::to_value(none).unwrap_or_default(), serde_json::to_value(all).unwrap_or_default());
        for Mode { name, .. } in modes() {
            assert_ne!(none[name], all[name], "{name}");
        }
    }
}
