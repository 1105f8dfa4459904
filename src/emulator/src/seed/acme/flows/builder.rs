//! A flow under construction: its tasks, its screens, and the references that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::Files;
use super::super::access::role_id;
use super::super::connectors::Connector;
use super::super::environment::{Environment, base62};
use super::super::screens::Screen;

/// From an interaction to the task that comes next.
pub(in super::super) type Rule<'text> = (&'text str, &'text str);

/// A branch of a condition: its name, what is looked at, the operator, the value that it is compared with, and the
/// task that comes next.
pub(in super::super) struct Branch {
    pub(in super::super) name: &'static str,
    pub(in super::super) target: &'static str,
    pub(in super::super) operator: &'static str,
    pub(in super::super) value: Value,
    pub(in super::super) next: &'static str,
}

/// Where flows of a kind are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Home {
    Flows,
    Widgets,
}

impl Home {
    fn directory(self) -> &'static str {
        match self {
            Self::Flows => "flows",
            Self::Widgets => "widgets/flows",
        }
    }
}

/// A flow under construction.
pub(in super::super) struct Flow<'environment> {
    environment: &'environment Environment,
    home: Home,
    id: &'static str,
    name: &'static str,
    description: &'static str,
    disabled: bool,
    translated: bool,
    start: &'static str,
    tasks: Map<String, Value>,
    screens: Vec<Screen>,
    shared: Vec<Value>,
    connectors: BTreeMap<&'static str, String>,
    roles: BTreeMap<&'static str, String>,
    providers: BTreeSet<&'static str>,
    user_attributes: BTreeSet<&'static str>,
    tenant_attributes: BTreeSet<&'static str>,
}

impl<'environment> Flow<'environment> {
    /// A flow that begins with task `start`; every flow ends with task `0`.
    pub(in super::super) fn new(
        environment: &'environment Environment,
        id: &'static str,
        name: &'static str,
        description: &'static str,
        start: &'static str,
    ) -> Self {
        let mut flow = Self {
            environment,
            home: Home::Flows,
            id,
            name,
            description,
            disabled: false,
            translated: false,
            start,
            tasks: Map::new(),
            screens: Vec::new(),
            shared: Vec::new(),
            connectors: BTreeMap::new(),
            roles: BTreeMap::new(),
            providers: BTreeSet::new(),
            user_attributes: BTreeSet::new(),
            tenant_attributes: BTreeSet::new(),
        };
        flow.add("start", "start", json!({}), &[("", start)]);
        flow.tasks["start"]["view"] = json!({ "x": 0, "y": 0 });
        flow.add("0", "End", json!({ "type": "automated", "action": "logged-in" }), &[]);
        flow
    }

    /// Kept with the widgets.
    pub(in super::super) fn of_widget(mut self) -> Self {
        self.home = Home::Widgets;
        self
    }

    /// Nobody can start it.
    pub(in super::super) fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    /// Its screens are shown in the language of the browser.
    pub(in super::super) fn translated(mut self) -> Self {
        self.translated = true;
        self.connectors.insert(Connector::Translation.name(), Connector::Translation.id(self.environment));
        self
    }

    fn add(&mut self, id: &str, name: &str, fields: Value, rules: &[Rule<'_>]) {
        let mut task = Map::new();
        task.insert("id".to_owned(), id.into());
        task.insert("name".to_owned(), name.into());
        if let Value::Object(fields) = fields {
            task.extend(fields);
        }
        let entries: Vec<Value> =
            rules.iter().map(|(interaction, next)| json!({ "interactionId": interaction, "taskId": next })).collect();
        task.insert("next".to_owned(), if entries.is_empty() { json!({}) } else { json!({ "rules": entries }) });
        let index = self.tasks.len();
        task.insert("view".to_owned(), json!({ "x": 252 + 480 * index, "y": 120 * (index % 3) }));
        self.tasks.insert(id.to_owned(), Value::Object(task));
    }

    /// Shows a screen; an interaction is named by the key of the node that starts it.
    pub(in super::super) fn screen(mut self, id: &str, screen: Screen, rules: &[Rule<'_>]) -> Self {
        let inputs = screen.inputs();
        let mut metadata = Map::new();
        for input in &inputs {
            metadata.insert((*input).to_owned(), json!({ "name": input, "required": true, "source": "screen" }));
        }
        let mut fields = json!({ "type": "screen", "screenId": screen.id() });
        if !inputs.is_empty() {
            fields["inputKeys"] = json!(inputs);
            fields["allInputKeys"] = json!(inputs);
            fields["calculatedInputKeys"] = true.into();
            fields["inputsMetadata"] = Value::Object(metadata);
        }
        let context_keys = screen.context_keys();
        if !context_keys.is_empty() {
            fields["contextKeys"] = json!(context_keys);
        }
        let resolved: Vec<(String, &str)> = rules.iter().map(|(key, next)| (screen.interaction(key), *next)).collect();
        let rules: Vec<Rule<'_>> = resolved.iter().map(|(interaction, next)| (interaction.as_str(), *next)).collect();
        self.add(id, screen.name(), fields, &rules);
        self.screens.push(screen);
        self
    }

    /// Does something; `arguments` are plain values.
    pub(in super::super) fn action(
        mut self,
        id: &str,
        name: &str,
        action: &str,
        arguments: &[(&str, Value)],
        rules: &[Rule<'_>],
    ) -> Self {
        let mut fields = json!({
            "type": "automated",
            "action": action,
            "errorHandlingV2": { "Failed": { "errorHandlingType": "automatic" } },
        });
        if !arguments.is_empty() {
            fields["arguments"] = inline(arguments);
        }
        self.add(id, name, fields, rules);
        self
    }

    /// Starts something that ends elsewhere, a link or an answer of a browser, and checks that in task `<id>.end`.
    ///
    /// `waiting` is the task that is shown meanwhile, if any.
    pub(in super::super) fn two_steps(
        self,
        id: &str,
        name: &str,
        actions: (&str, &str),
        step_argument: &str,
        waiting: Option<&str>,
        next: &str,
    ) -> Self {
        let end = format!("{id}.end");
        let arguments = [
            ("providerId", Value::from("")),
            ("templateId", "".into()),
            ("uri", "".into()),
            ("extraTemplateVals", json!([])),
            (step_argument, end.as_str().into()),
        ];
        let mut rules = vec![("success", end.as_str())];
        if let Some(waiting) = waiting {
            rules.insert(0, ("success", waiting));
        }
        self.action(id, name, actions.0, &arguments, &rules).action(
            &end,
            name,
            actions.1,
            &arguments,
            &[("success", next)],
        )
    }

    /// Calls a connector.
    pub(in super::super) fn connector(
        mut self,
        id: &str,
        name: &str,
        connector: Connector,
        arguments: &[(&str, Value)],
        rules: &[Rule<'_>],
    ) -> Self {
        let connector_id = connector.id(self.environment);
        let mut all =
            vec![("connectorId", Value::from(connector_id.as_str())), ("templateId", connector.kind().into())];
        all.extend(arguments.iter().cloned());
        self.connectors.insert(connector.name(), connector_id);
        self.action(id, name, "connector", &all, rules)
    }

    /// Runs another flow.
    pub(in super::super) fn sub_flow(mut self, id: &str, name: &str, flow: &str, rules: &[Rule<'_>]) -> Self {
        let fields = json!({ "type": "flow", "action": "subflow", "arguments": inline(&[("flowId", flow.into())]) });
        self.add(id, name, fields, rules);
        self
    }

    /// Chooses the first branch that applies, or `otherwise`.
    pub(in super::super) fn condition(
        mut self,
        id: &str,
        name: &str,
        branches: &[Branch],
        otherwise: &'static str,
    ) -> Self {
        let ids: Vec<String> =
            branches.iter().map(|branch| base62(&["branch", self.id, id, branch.name], 11)).collect();
        let mut conditions: Vec<Value> = branches
            .iter()
            .zip(&ids)
            .map(|(branch, interaction)| {
                json!({
                    "interactionId": interaction,
                    "name": branch.name,
                    "atomicConditions": [{
                        "operator": branch.operator,
                        "predicate": { "type": "inline", "value": branch.value },
                        "target": { "type": "context", "value": branch.target },
                    }],
                })
            })
            .collect();
        conditions.push(json!({ "interactionId": "ELSE", "name": "Otherwise" }));
        let mut rules: Vec<Rule<'_>> =
            branches.iter().zip(&ids).map(|(branch, interaction)| (interaction.as_str(), branch.next)).collect();
        rules.push(("ELSE", otherwise));
        self.add(id, name, json!({ "type": "condition", "conditions": conditions }), &rules);
        self
    }

    /// Lets screens go on from the end of task `task`, under the interaction `<task>.<outcome>`.
    pub(in super::super) fn share(mut self, task: &str, outcome: &str, label: &str) -> Self {
        self.shared.push(json!({ "id": format!("{task}.{outcome}"), "type": outcome, "label": label }));
        self
    }

    /// Gives roles to the user.
    pub(in super::super) fn give_roles(
        mut self,
        id: &str,
        name: &str,
        roles: &[&'static str],
        next: &[Rule<'_>],
    ) -> Self {
        for role in roles {
            self.roles.insert(role, role_id(self.environment, role));
        }
        self.action(id, name, "update-user-roles", &[("roleNames", json!(roles))], next)
    }

    /// Stores custom attributes of the user, each from the input of the same name.
    pub(in super::super) fn store(
        mut self,
        id: &str,
        name: &str,
        attributes: &[&'static str],
        rules: &[Rule<'_>],
    ) -> Self {
        let definitions: Vec<Value> = attributes
            .iter()
            .map(|attribute| json!({ "key": attribute, "type": "customAttribute", "value": format!("{{{{form.{attribute}}}}}") }))
            .collect();
        self.user_attributes.extend(attributes);
        self.action(
            id,
            name,
            "update-user-properties",
            &[("userPropertiesDefinitions", Value::Array(definitions))],
            rules,
        )
    }

    /// Signs in with one of these providers.
    pub(in super::super) fn providers(mut self, providers: &[&'static str]) -> Self {
        self.providers.extend(providers);
        self
    }

    /// Attributes of the tenant that conditions look at.
    pub(in super::super) fn tenant_attributes(mut self, attributes: &[&'static str]) -> Self {
        self.tenant_attributes.extend(attributes);
        self
    }

    /// Writes the flow's files and returns its id.
    pub(in super::super) fn finish(mut self, files: &mut Files) -> &'static str {
        let directory = format!("{}/{}", self.home.directory(), self.id);
        let mut contents = json!({ "startTask": self.start });
        contents["tasks"] = Value::Object(std::mem::take(&mut self.tasks));
        let mut names = Vec::new();
        let mut essence = without_ids(&contents, &self.connectors);
        for screen in std::mem::take(&mut self.screens) {
            let slug = screen.slug();
            let built = screen.build();
            essence.push_str(&built.to_string());
            files.insert(format!("{directory}/screen-{slug}.json"), built);
            names.push(slug);
        }
        names.sort();
        let fingerprint = base62(&["fingerprint", &essence], 32);
        let mut metadata = json!({
            "name": self.name,
            "description": self.description,
            "componentsVersion": self.environment.components_version,
            "disabled": self.disabled,
            "fingerprint": fingerprint,
            "screens": names,
            "sharedInteractions": self.shared,
        });
        if self.translated {
            metadata["translation"] = json!({
                "enabled": true,
                "connectorId": Connector::Translation.id(self.environment),
                "sourceLanguage": "en",
                "targetLanguages": ["de", "fr", "ja"],
            });
        }
        if self.home == Home::Widgets {
            metadata["widget"] = true.into();
        }
        metadata["references"] = references(&self);
        files.insert(format!("{directory}/metadata.json"), metadata);
        files.insert(format!("{directory}/contents.json"), contents);
        self.id
    }
}

/// Only the members that are not empty.
fn references(flow: &Flow<'_>) -> Value {
    let mut references = Map::new();
    let mut put = |name: &str, value: Value, empty: bool| {
        if !empty {
            references.insert(name.to_owned(), value);
        }
    };
    put("connectors", json!(flow.connectors), flow.connectors.is_empty());
    put("roles", json!(flow.roles), flow.roles.is_empty());
    put("oauth", json!(flow.providers), flow.providers.is_empty());
    put("userAttributes", json!(flow.user_attributes), flow.user_attributes.is_empty());
    put("tenantAttributes", json!(flow.tenant_attributes), flow.tenant_attributes.is_empty());
    Value::Object(references)
}

/// A flow that is the same but for the project's own ids has the same fingerprint.
fn without_ids(contents: &Value, connectors: &BTreeMap<&'static str, String>) -> String {
    connectors.iter().fold(contents.to_string(), |text, (name, id)| text.replace(id, name))
}

fn inline(arguments: &[(&str, Value)]) -> Value {
    let entries = arguments
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!({ "type": "inline", "value": value })))
        .collect();
    Value::Object(entries)
}
