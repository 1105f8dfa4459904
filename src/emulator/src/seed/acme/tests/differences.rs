//! What differs between environments: what is on its way, and what is an environment's own.

use std::collections::BTreeSet;

use serde_json::Value;

use super::rules::{connectors, names, text};
use super::{acme, project};
use crate::seed::SeedProject;

/// The secrets that an import of `source` into `target` would need: those whose entity the target does not have.
/// Connectors are the same by name, all others by id.
fn missing<'source>(source: &'source SeedProject, target: &SeedProject) -> Vec<(&'source str, &'source str)> {
    let source_names: Vec<(&str, &str)> = connectors(&source.files).into_iter().collect();
    let target_connectors = connectors(&target.files);
    source
        .secrets
        .iter()
        .filter_map(|secret| {
            let name =
                source_names.iter().find(|(_, id)| *id == secret.id).map_or(secret.id.as_str(), |(name, _)| *name);
            let target_id =
                if secret.group == "connectors" { target_connectors.get(name).copied() } else { Some(name) };
            let held = target.secrets.iter().any(|other| {
                other.group == secret.group && other.kind == secret.kind && Some(other.id.as_str()) == target_id
            });
            (!held).then_some((name, secret.kind.as_str()))
        })
        .collect()
}

#[test]
fn production_lacks_exactly_one_secret_of_staging() {
    let seed = acme();
    let (staging, production) = (project(&seed, "Acme Robotics staging"), project(&seed, "Acme Robotics"));
    assert_eq!(missing(staging, production), [("reCAPTCHA", "secretKey")]);
    assert_eq!(missing(production, staging), []);
    assert_eq!(missing(project(&seed, "Acme Robotics dev"), staging), [("Slack", "token")]);
}

#[test]
fn the_new_connector_is_used_by_a_flow() {
    let seed = acme();
    let staging = project(&seed, "Acme Robotics staging");
    let references = &staging.files["flows/sign-in/metadata.json"]["references"]["connectors"];
    assert_eq!(text(&references["reCAPTCHA"]), connectors(&staging.files)["reCAPTCHA"]);
}

#[test]
fn ids_of_named_things_are_each_projects_own() {
    let seed = acme();
    let ids = |name: &str| -> BTreeSet<String> {
        let files = &project(&seed, name).files;
        let mut ids: BTreeSet<String> = connectors(files).values().map(|id| (*id).to_owned()).collect();
        for (path, list) in
            [("roles.json", "roles"), ("permissions.json", "permissions"), ("jwttemplates.json", "templates")]
        {
            ids.extend(files[path][list].as_array().unwrap().iter().map(|entry| text(&entry["id"]).to_owned()));
        }
        ids.insert(text(&files["auth/otp.json"]["emailTemplates"][1]["id"]).to_owned());
        ids
    };
    let [dev, staging, production] = super::ENVIRONMENTS.map(ids);
    assert!(dev.is_disjoint(&staging) && staging.is_disjoint(&production) && dev.is_disjoint(&production));
}

#[test]
fn screens_are_the_same_screens_everywhere() {
    let seed = acme();
    let [staging, production] = ["Acme Robotics staging", "Acme Robotics"].map(|name| &project(&seed, name).files);
    let mut compared = 0;
    for (path, screen) in
        production.iter().filter(|(path, _)| path.contains("/screen-") && !path.contains("old-sign-in"))
    {
        assert_eq!(screen["screenId"], staging[path]["screenId"], "{path}");
        compared += 1;
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn a_flow_that_nobody_changed_has_one_fingerprint() {
    let seed = acme();
    let fingerprint = |name: &str, flow: &str| {
        project(&seed, name).files[&format!("flows/{flow}/metadata.json")]["fingerprint"].as_str().unwrap().to_owned()
    };
    let (staging, production) = ("Acme Robotics staging", "Acme Robotics");
    assert_eq!(fingerprint(staging, "sign-up"), fingerprint(production, "sign-up"), "it calls connectors by other ids");
    assert_ne!(fingerprint(staging, "sign-in"), fingerprint(production, "sign-in"));
}

#[test]
fn staging_is_ahead_of_production() {
    let seed = acme();
    let [dev, staging, production] = super::ENVIRONMENTS.map(|name| &project(&seed, name).files);
    let flows = |files: &super::super::Files| -> BTreeSet<String> {
        names(&files["flows/flows.json"]["flows"]).into_iter().map(str::to_owned).collect()
    };
    let only = |left: &BTreeSet<String>, right: &BTreeSet<String>| left.difference(right).cloned().collect::<Vec<_>>();
    let (of_dev, of_staging, of_production) = (flows(dev), flows(staging), flows(production));
    assert_eq!(only(&of_staging, &of_production), ["pair-robot"]);
    assert_eq!(only(&of_production, &of_staging), ["old-sign-in"]);
    assert_eq!(only(&of_dev, &of_staging), ["guest-access"]);
    assert_eq!(only(&of_staging, &of_dev), Vec::<String>::new());

    let targets = |files: &super::super::Files| -> Vec<String> {
        let tasks = files["flows/sign-in/contents.json"]["tasks"].as_object().unwrap();
        tasks.values().map(|task| text(&task["arguments"]["flowId"]["value"]).to_owned()).collect()
    };
    assert!(targets(staging).iter().any(|flow| flow == "passkey-promotion"));
    assert!(!targets(production).iter().any(|flow| flow == "passkey-promotion"));

    let auditor = |files: &super::super::Files| -> Vec<String> {
        let roles = files["roles.json"]["roles"].as_array().unwrap();
        let auditor = roles.iter().find(|role| role["name"] == "Auditor").unwrap();
        names(&auditor["permissions"]).into_iter().map(str::to_owned).collect()
    };
    assert!(auditor(staging).contains(&"audit.export".to_owned()));
    assert!(!auditor(production).contains(&"audit.export".to_owned()));
    for (path, what) in [
        ("styles/acme-light.json", "/globals/colors/primary/main"),
        ("auth/otp.json", "/emailTemplates/1/subject"),
        ("lists.json", "/lists/0/data"),
        ("styles/styles.json", "/componentsVersion"),
    ] {
        assert_ne!(staging[path].pointer(what).unwrap(), production[path].pointer(what).unwrap(), "{path}");
    }
}

#[test]
fn settings_that_name_an_environment_differ() {
    let seed = acme();
    let files = super::ENVIRONMENTS.map(|name| &project(&seed, name).files);
    for (path, pointer) in [
        ("project.json", "/appUrl"),
        ("project.json", "/customDomain"),
        ("project.json", "/domain"),
        ("project.json", "/trustedDomains"),
        ("project.json", "/sessionTokenCookieDomain"),
        ("project.json", "/sessionTokenExpiration"),
        ("project.json", "/refreshTokenExpiration"),
        ("project.json", "/externalAuthConfig/clientId"),
        ("auth/magiclink.json", "/redirectUrl"),
        ("auth/oauth.json", "/providerSettings/google/clientId"),
        ("auth/oauth.json", "/providerSettings/google/redirectUrl"),
        ("connectors/backend-api.json", "/configuration/baseUrl"),
    ] {
        let values: BTreeSet<String> =
            files.iter().map(|files| files[path].pointer(pointer).map(Value::to_string).unwrap()).collect();
        assert_eq!(values.len(), 3, "{path} {pointer}");
    }
    let [dev, staging, production] = files.map(|files| &files["project.json"]["testUserAllowFixedAuth"]);
    assert_eq!([dev, staging, production], [&Value::Bool(true), &Value::Bool(true), &Value::Bool(false)]);
}
