//! The rules of a whole snapshot: indexes, references, domains, secrets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::flow_rules::{check_flow, check_screen};
use crate::seed::SeedProject;
use crate::seed::acme::{Files, PLACEHOLDER};

/// What a check has found.
#[derive(Default)]
pub(super) struct Breaches(pub(super) Vec<String>);

impl Breaches {
    pub(super) fn add(&mut self, place: &str, what: impl std::fmt::Display) {
        self.0.push(format!("{place}: {what}"));
    }
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn names(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn values_of<'value>(entries: &'value Value, field: &str) -> Vec<&'value str> {
    entries.as_array().into_iter().flatten().map(|entry| text(&entry[field])).collect()
}

/// Every violation, warnings included, of the rules that snapshots keep.
pub(super) fn check(project: &SeedProject) -> Vec<String> {
    let files = &project.files;
    let mut breaches = Breaches::default();
    check_flows(files, "flows", &mut breaches);
    check_flows(files, "widgets/flows", &mut breaches);
    check_widgets(files, &mut breaches);
    check_connectors(files, &mut breaches);
    check_styles(files, &mut breaches);
    check_references(files, &mut breaches);
    check_uniqueness(files, &mut breaches);
    check_settings(files, &mut breaches);
    check_assets(files, &mut breaches);
    check_secrets(project, &mut breaches);
    breaches.0
}

/// The first parts of the paths below `directory`, if there is something below them.
fn directories<'files>(files: &'files Files, directory: &str) -> BTreeSet<&'files str> {
    files.keys().filter_map(|path| Some(path.strip_prefix(directory)?.strip_prefix('/')?.split_once('/')?.0)).collect()
}

/// The names of the JSON files in `directory`, without its index.
fn file_names<'files>(files: &'files Files, directory: &str, index: &str) -> BTreeSet<&'files str> {
    files
        .keys()
        .filter_map(|path| path.strip_prefix(directory)?.strip_prefix('/')?.strip_suffix(".json"))
        .filter(|name| *name != index)
        .collect()
}

fn check_flows(files: &Files, directory: &str, breaches: &mut Breaches) {
    let index = format!("{directory}/flows.json");
    let listed = files.get(&index).map(|value| names(&value["flows"])).unwrap_or_default();
    let found = directories(files, directory);
    if listed != found {
        breaches.add(&index, format!("lists {listed:?}, directories are {found:?}"));
    }
    for flow in listed {
        check_flow(files, &format!("{directory}/{flow}"), breaches);
    }
}

fn check_widgets(files: &Files, breaches: &mut Breaches) {
    let Some(index) = files.get("widgets/widgets.json") else { return };
    let listed = names(&index["widgets"]);
    for widget in directories(files, "widgets").into_iter().filter(|name| *name != "flows") {
        let directory = format!("widgets/{widget}");
        if !listed.contains(widget) {
            breaches.add(&directory, "is not in the index");
        }
        let metadata = &files[&format!("{directory}/metadata.json")];
        let flows = names(&files["widgets/flows/flows.json"]["flows"]);
        for flow in names(&metadata["flowsIds"]).difference(&flows) {
            breaches.add(&directory, format!("names flow {flow}, which is not there"));
        }
        let screens: BTreeSet<&str> = file_names(files, &directory, "metadata")
            .into_iter()
            .filter_map(|name| name.strip_prefix("screen-"))
            .collect();
        if names(&metadata["screens"]) != screens {
            breaches.add(&directory, "screens and files differ");
        }
        for screen in screens {
            let path = format!("{directory}/screen-{screen}.json");
            check_screen(&path, &files[&path], breaches);
        }
    }
}

fn check_connectors(files: &Files, breaches: &mut Breaches) {
    let Some(index) = files.get("connectors/connectors.json") else { return };
    let (listed, found) = (names(&index["connectors"]), file_names(files, "connectors", "connectors"));
    if listed != found {
        breaches.add("connectors/connectors.json", format!("lists {listed:?}, files are {found:?}"));
    }
    for slug in found {
        let path = format!("connectors/{slug}.json");
        let connector = &files[&path];
        let id = text(&connector["id"]);
        if !(id.starts_with("CI") && id.len() == 29 && id.chars().all(|character| character.is_ascii_alphanumeric())) {
            breaches.add(&path, format!("{id} is no connector's id"));
        }
        for field in ["type", "name", "description"] {
            if text(&connector[field]).is_empty() {
                breaches.add(&path, format!("no {field}"));
            }
        }
    }
}

fn check_styles(files: &Files, breaches: &mut Breaches) {
    let index = &files["styles/styles.json"];
    let (listed, found) = (names(&index["styles"]), file_names(files, "styles", "styles"));
    if listed != found || text(&index["componentsVersion"]).is_empty() {
        breaches.add("styles/styles.json", format!("lists {listed:?}, files are {found:?}"));
    }
    if let Some(sso) = files.get("auth/sso.json") {
        let suite = text(&sso["ssoSuiteStyleId"]);
        for theme in ["dark", "light"] {
            if !found.contains(format!("{suite}-{theme}").as_str()) {
                breaches.add("auth/sso.json", format!("style {suite} has no {theme} theme"));
            }
        }
    }
}

/// Name → id of every connector.
pub(super) fn connectors(files: &Files) -> BTreeMap<&str, &str> {
    file_names(files, "connectors", "connectors")
        .into_iter()
        .map(|slug| &files[&format!("connectors/{slug}.json")])
        .map(|connector| (text(&connector["name"]), text(&connector["id"])))
        .collect()
}

fn check_references(files: &Files, breaches: &mut Breaches) {
    let connectors = connectors(files);
    let connector_ids: BTreeSet<&str> = connectors.values().copied().collect();
    let nothing = Value::Null;
    let file = |path: &str| files.get(path).unwrap_or(&nothing);
    let roles = values_of(&file("roles.json")["roles"], "name");
    let permissions = values_of(&file("permissions.json")["permissions"], "name");
    for role in file("roles.json")["roles"].as_array().into_iter().flatten() {
        for permission in names(&role["permissions"]).into_iter().filter(|name| !permissions.contains(name)) {
            breaches.add("roles.json", format!("{} has {permission}, which is not there", role["name"]));
        }
    }
    let flows = names(&file("flows/flows.json")["flows"]);
    let attributes = |kind: &str| values_of(&file("attributes.json")[kind], "name");
    for (path, metadata) in files.iter().filter(|(path, _)| path.contains("flows/") && path.ends_with("/metadata.json"))
    {
        let references = &metadata["references"];
        let entries = |member: &str| references[member].as_object().into_iter().flatten();
        for (name, id) in entries("connectors") {
            if connectors.get(name.as_str()) != Some(&text(id)) {
                breaches.add(path, format!("connector {name} is not there"));
            }
        }
        for (name, _) in entries("roles").filter(|(name, _)| !roles.contains(&name.as_str())) {
            breaches.add(path, format!("role {name} is not there"));
        }
        for provider in names(&references["oauth"]) {
            if file("auth/oauth.json")["providerSettings"].get(provider).is_none() {
                breaches.add(path, format!("provider {provider} is not there"));
            }
        }
        for (member, kind) in [("userAttributes", "user"), ("tenantAttributes", "tenant")] {
            for attribute in names(&references[member]).into_iter().filter(|name| !attributes(kind).contains(name)) {
                breaches.add(path, format!("attribute {attribute} is not there"));
            }
        }
        let translator = text(&metadata["translation"]["connectorId"]);
        if !translator.is_empty() && !connector_ids.contains(translator) {
            breaches.add(path, "the translation's connector is not there");
        }
        let contents = &files[&path.replace("metadata.json", "contents.json")];
        let own: BTreeSet<&str> = entries("connectors").map(|(_, id)| text(id)).collect();
        for (key, task) in contents["tasks"].as_object().into_iter().flatten() {
            let argument = |name: &str| text(&task["arguments"][name]["value"]);
            if text(&task["action"]) == "connector" && !own.contains(argument("connectorId")) {
                breaches.add(path, format!("task {key} calls a connector that is no reference"));
            }
            if task["type"] == "flow" && !flows.contains(argument("flowId")) {
                breaches.add(path, format!("task {key} runs {}, which is not there", argument("flowId")));
            }
        }
    }
    for (path, method) in files.iter().filter(|(path, _)| path.starts_with("auth/")) {
        for (field, provider) in
            method.as_object().into_iter().flatten().filter(|(field, _)| field.ends_with("ServiceProvider"))
        {
            if text(provider) != "Descope" && !connector_ids.contains(text(provider)) {
                breaches.add(path, format!("{field} is no connector"));
            }
        }
    }
}

fn check_uniqueness(files: &Files, breaches: &mut Breaches) {
    let mut unique = |place: &str, found: Vec<&str>| {
        if found.iter().collect::<BTreeSet<_>>().len() != found.len() || found.contains(&"") {
            breaches.add(place, format!("a name or id twice, or an empty one: {found:?}"));
        }
    };
    for (path, list) in [
        ("roles.json", "roles"),
        ("permissions.json", "permissions"),
        ("lists.json", "lists"),
        ("jwttemplates.json", "templates"),
        ("applications.json", "applications"),
        ("outboundapps.json", "outboundApps"),
    ] {
        for field in ["id", "name"] {
            unique(path, files.get(path).map(|value| values_of(&value[list], field)).unwrap_or_default());
        }
    }
    for kind in ["user", "tenant", "accessKey"] {
        unique(
            "attributes.json",
            files.get("attributes.json").map(|value| values_of(&value[kind], "name")).unwrap_or_default(),
        );
    }
    let entities =
        files.iter().filter(|(path, _)| path.starts_with("connectors/")).filter(|(_, value)| value.get("id").is_some());
    let (connector_names, connector_ids) =
        entities.map(|(_, value)| (text(&value["name"]), text(&value["id"]))).unzip::<_, _, Vec<_>, Vec<_>>();
    unique("connectors", connector_names);
    unique("connectors", connector_ids);
}

/// Whether `domain` is `parent` or lies below it.
fn within(domain: &str, parent: &str) -> bool {
    domain == parent || domain.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

fn check_settings(files: &Files, breaches: &mut Breaches) {
    let place = "project.json";
    let project = &files[place];
    for field in [
        "appUrl",
        "customDomain",
        "trustedDomains",
        "domain",
        "cookiePolicy",
        "tokenResponseMethod",
        "sessionTokenResponseMethod",
        "sessionTokenCookiePolicy",
        "sessionTokenCookieDomain",
        "rotateJwt",
        "refreshTokenExpiration",
        "sessionTokenExpiration",
        "stepupTokenExpiration",
        "keySessionTokenExpiration",
        "trustedDeviceTokenExpiration",
        "enableInactivity",
        "inactivityTime",
        "testUserRegex",
        "testUserAllowFixedAuth",
        "testUserFixedAuthToken",
        "userTemplateId",
        "keyTemplateId",
        "externalAuthConfig",
    ] {
        if project[field].is_null() {
            breaches.add(place, format!("no {field}"));
        }
    }
    let templates = values_of(&files["jwttemplates.json"]["templates"], "id");
    for field in ["userTemplateId", "keyTemplateId"] {
        if !templates.contains(&text(&project[field])) {
            breaches.add(place, format!("{field} is no template"));
        }
    }
    let custom = text(&project["customDomain"]);
    let app = text(&project["appUrl"]).trim_start_matches("https://");
    if app.is_empty() || app == custom || !within(custom, app) {
        breaches.add(place, format!("{custom} is no subdomain of {app}"));
    }
    for field in ["domain", "sessionTokenCookieDomain"] {
        if !within(custom, text(&project[field])) {
            breaches.add(place, format!("{field} is neither {custom} nor its parent"));
        }
    }
}

/// Every string in a value, with the name of the field that it is in.
pub(super) fn strings<'value>(
    field: &'value str,
    value: &'value Value,
    visitor: &mut impl FnMut(&'value str, &'value str),
) {
    match value {
        Value::String(content) => visitor(field, content),
        Value::Array(items) => items.iter().for_each(|item| strings(field, item, visitor)),
        Value::Object(fields) => fields.iter().for_each(|(name, item)| strings(name, item, visitor)),
        _ => {}
    }
}

fn check_assets(files: &Files, breaches: &mut Breaches) {
    let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, value) in files {
        strings("", value, &mut |_, content| {
            if let Some(asset) = content.strip_prefix("assets/") {
                used.entry(asset).or_default().insert(path);
            }
        });
    }
    let listed: BTreeMap<&str, BTreeSet<&str>> = files["assets/assets.json"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(asset, users)| (asset.as_str(), names(users)))
        .collect();
    let found: BTreeSet<&str> =
        files.keys().filter_map(|path| path.strip_prefix("assets/")).filter(|name| *name != "assets.json").collect();
    if listed != used || listed.keys().copied().collect::<BTreeSet<_>>() != found {
        breaches.add("assets/assets.json", format!("lists {listed:?}, used are {used:?}, files are {found:?}"));
    }
}

/// The fields of an entity that stand for a secret.
fn hidden_fields(entity: &Value) -> impl Iterator<Item = &str> {
    entity.as_object().into_iter().flatten().filter(|(_, value)| *value == PLACEHOLDER).map(|(field, _)| field.as_str())
}

/// Where the files hold a placeholder there is a secret, and the other way round.
fn check_secrets(project: &SeedProject, breaches: &mut Breaches) {
    let mut expected: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    let mut placeholders = 0;
    for value in project.files.values() {
        strings("", value, &mut |_, content| placeholders += usize::from(content == PLACEHOLDER));
    }
    for (path, value) in &project.files {
        let mut expect = |group, id, entity| expected.extend(hidden_fields(entity).map(|field| (group, id, field)));
        match path.as_str() {
            "auth/oauth.json" => {
                for (provider, settings) in value["providerSettings"].as_object().into_iter().flatten() {
                    expect("oauthProviders", provider.as_str(), settings);
                }
            }
            "outboundapps.json" => {
                for app in value["outboundApps"].as_array().into_iter().flatten() {
                    expect("outboundApps", text(&app["id"]), app);
                }
            }
            "project.json" => {
                expect("externalAuth", text(&value["externalAuthConfig"]["id"]), &value["externalAuthConfig"]);
            }
            path if path.starts_with("connectors/") => {
                expect("connectors", text(&value["id"]), &value["configuration"]);
            }
            _ => {}
        }
    }
    let held: BTreeSet<(&str, &str, &str)> = project
        .secrets
        .iter()
        .map(|secret| (secret.group.as_str(), secret.id.as_str(), secret.kind.as_str()))
        .collect();
    if held != expected || held.len() != placeholders || held.len() != project.secrets.len() {
        breaches.add("secrets", format!("{held:?} held, {expected:?} expected, {placeholders} placeholders"));
    }
    for secret in &project.secrets {
        if !secret.value.starts_with("demo-") {
            breaches.add("secrets", format!("{} {} looks real", secret.id, secret.kind));
        }
    }
}
