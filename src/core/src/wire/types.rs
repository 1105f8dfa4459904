//! Request and response bodies, but for the files of a snapshot, which are never decoded on the way.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// Answer of `license`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct License {
    /// The company's tier, sent back as `x-descope-license`.
    #[serde(rename = "rateLimitTier", default)]
    pub rate_limit_tier: Option<String>,
}

/// One project of the list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Project {
    /// `P…`
    pub id: String,
    /// Free text; not unique.
    pub name: Option<String>,
    /// `production`, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The older single tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Fields that the server added since.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Written out because a derived `flatten` puts every key aside before it looks at it, and companies have hundreds of
/// projects.
impl<'de> Deserialize<'de> for Project {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ProjectVisitor)
    }
}

struct ProjectVisitor;

impl<'de> Visitor<'de> for ProjectVisitor {
    type Value = Project;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a project")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Project, A::Error> {
        let mut id = None;
        let mut project = Project::default();
        while let Some(field) = map.next_key()? {
            match field {
                Field::Id => id = Some(map.next_value()?),
                Field::Name => project.name = map.next_value()?,
                Field::Environment => project.environment = map.next_value()?,
                Field::Tag => project.tag = map.next_value()?,
                Field::Tags => project.tags = map.next_value()?,
                Field::Other(name) => {
                    project.extra.insert(name, map.next_value()?);
                }
            }
        }
        project.id = id.ok_or_else(|| de::Error::missing_field("id"))?;
        Ok(project)
    }
}

enum Field {
    Id,
    Name,
    Environment,
    Tag,
    Tags,
    Other(String),
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(FieldVisitor)
    }
}

struct FieldVisitor;

impl Visitor<'_> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Field, E> {
        Ok(match name {
            "id" => Field::Id,
            "name" => Field::Name,
            "environment" => Field::Environment,
            "tag" => Field::Tag,
            "tags" => Field::Tags,
            other => Field::Other(other.to_owned()),
        })
    }
}

/// Answer of `list_projects`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectList {
    /// Every project of the company.
    #[serde(default)]
    pub projects: Vec<Project>,
}

/// Request of `clone` and `start_clone`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneRequest {
    /// The new project's name; the server chooses one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `production`, or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The new project's tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// Answer of `clone`. Every field may be absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClonedProject {
    /// The new project's id.
    #[serde(rename = "projectId", default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// The new project's name.
    #[serde(rename = "projectName", default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// `production`, or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The older single tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The new project's tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Fields that the server added since.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Answer of `start_clone`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedClone {
    /// What `clone_status` asks for.
    #[serde(rename = "processId", default)]
    pub process_id: Option<String>,
}

/// Answer of `clone_status`: neither an id nor an error means that it is still running.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CloneProcess {
    /// The new project's id, once it is there.
    #[serde(rename = "projectId", default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// The new project's name, once it is there.
    #[serde(rename = "projectName", default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Fields that the server added since.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One secret: of which entity, of which type, and its value (empty where the server names a missing one).
///
/// Neither printable nor comparable on purpose: `value` may be a real secret.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct InputSecret {
    /// The entity's id in the files that are sent.
    #[serde(default)]
    pub id: String,
    /// The entity's name.
    #[serde(default)]
    pub name: String,
    /// Which secret of the entity, for example `apiKey`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The value going in; empty coming out.
    #[serde(default)]
    pub value: String,
}

/// Secrets by the kind of entity that they belong to.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct InputSecrets {
    /// Of connectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connectors: Vec<InputSecret>,
    /// Of OAuth providers.
    #[serde(rename = "oauthProviders", default, skip_serializing_if = "Vec::is_empty")]
    pub oauth_providers: Vec<InputSecret>,
    /// Of outbound apps.
    #[serde(rename = "outboundApps", default, skip_serializing_if = "Vec::is_empty")]
    pub outbound_apps: Vec<InputSecret>,
    /// Of external authentication (in the `OpenAPI` file only).
    #[serde(rename = "externalAuth", default, skip_serializing_if = "Vec::is_empty")]
    pub external_auth: Vec<InputSecret>,
}

/// Answer of `validate_snapshot`.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct ValidationAnswer {
    /// Whether the snapshot could be imported.
    #[serde(default)]
    pub ok: Option<bool>,
    /// Why not, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
    /// The secrets that an import would need.
    #[serde(rename = "missingSecrets", default, skip_serializing_if = "Option::is_none")]
    pub missing_secrets: Option<InputSecrets>,
}
