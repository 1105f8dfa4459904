//! The company keeps the rules of snapshots, and its environments differ as they should.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod differences;
mod flow_rules;
mod pictures;
mod rules;

use serde_json::Value;

use super::acme;
use crate::seed::{Seed, SeedProject};

fn project<'seed>(seed: &'seed Seed, name: &str) -> &'seed SeedProject {
    seed.companies.iter().flat_map(|company| &company.projects).find(|project| project.name == name).unwrap()
}

const ENVIRONMENTS: [&str; 3] = ["Acme Robotics dev", "Acme Robotics staging", "Acme Robotics"];

#[test]
fn every_project_keeps_the_rules_of_snapshots() {
    let seed = acme();
    for project in seed.companies.iter().flat_map(|company| &company.projects) {
        let found = rules::check(project);
        assert!(found.is_empty(), "{}:\n{}", project.name, found.join("\n"));
    }
}

/// Each breaks one thing that the checker must see: a check that is never shown to fail proves nothing.
#[test]
fn the_checker_sees_what_is_broken() {
    type Change = fn(&mut SeedProject);
    let changes: [(&str, Change); 12] = [
        ("startTask", |project| *at(project, "flows/sign-in/contents.json", "/startTask") = "no-such".into()),
        ("leads to", |project| {
            *at(project, "flows/sign-in/contents.json", "/tasks/11/next/rules/0/taskId") = "99".into();
        }),
        ("nothing starts", |project| {
            *at(project, "flows/sign-in/contents.json", "/tasks/1/next/rules/0/interactionId") = "x".into();
        }),
        ("claims", |project| *at(project, "flows/sign-in/screen-welcome.json", "/contents/ROOT/nodes/0") = "x".into()),
        ("branches", |project| {
            *at(project, "flows/sign-in/contents.json", "/tasks/2/conditions/0/interactionId") = "x".into();
        }),
        ("is not there", |project| drop(project.files.remove("connectors/segment.json"))),
        ("lists", |project| *at(project, "flows/flows.json", "/flows/0") = "no-such".into()),
        ("no template", |project| *at(project, "project.json", "/userTemplateId") = "x".into()),
        ("no subdomain", |project| *at(project, "project.json", "/customDomain") = "auth.elsewhere.example".into()),
        ("neither", |project| *at(project, "project.json", "/domain") = "elsewhere.example".into()),
        ("assets.json", |project| drop(project.files.remove("assets/otp-code.html"))),
        ("held", |project| drop(project.secrets.pop())),
    ];
    for (expected, change) in changes {
        let mut seed = acme();
        let project = &mut seed.companies[0].projects[1];
        change(project);
        let found = rules::check(project);
        assert!(found.iter().any(|breach| breach.contains(expected)), "{expected}: {found:?}");
    }
}

fn at<'project>(project: &'project mut SeedProject, path: &str, pointer: &str) -> &'project mut Value {
    project.files.get_mut(path).unwrap().pointer_mut(pointer).unwrap()
}

#[test]
fn two_calls_give_the_same_company() {
    assert_eq!(serde_json::to_string(&acme()).unwrap(), serde_json::to_string(&acme()).unwrap());
}

#[test]
fn the_seed_survives_its_own_file_format() {
    let written = serde_json::to_string(&acme()).unwrap();
    let read: Seed = serde_json::from_str(&written).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), written);
}

#[test]
fn each_environment_is_as_large_as_a_real_one() {
    let seed = acme();
    for name in ENVIRONMENTS {
        let project = project(&seed, name);
        let size = serde_json::to_string(&project.files).unwrap().len();
        assert!((300_000..3_000_000).contains(&size), "{name}: {size}");
        assert!(project.files["flows/flows.json"]["flows"].as_array().unwrap().len() >= 12, "{name}");
        for method in [
            "embeddedlink",
            "enchantedlink",
            "magiclink",
            "oauth",
            "otp",
            "password",
            "sso",
            "totp",
            "webauthn",
            "invite",
        ] {
            assert!(project.files.contains_key(&format!("auth/{method}.json")), "{name}: {method}");
        }
    }
}

#[test]
fn keys_are_bound_as_they_say() {
    let seed = acme();
    let [robotics, toys] = &seed.companies[..] else { panic!("two companies") };
    let staging = &project(&seed, "Acme Robotics staging").id;
    let keys: Vec<_> = robotics.keys.iter().map(|key| (key.projects.clone(), key.read_only)).collect();
    assert_eq!(keys, [(None, false), (Some(vec![staging.clone()]), false), (None, true)]);
    assert_eq!((toys.tier.as_str(), toys.keys.len(), toys.projects.len()), ("free", 1, 1));
    assert_eq!(robotics.tier, "enterprise");
    for company in &seed.companies {
        assert!(company.keys.iter().all(|key| key.key.starts_with("K2demo") && key.key.ends_with("NotASecret")));
        // Of 32 characters or more, the first ones would be taken for a region.
        assert!(
            company
                .projects
                .iter()
                .all(|project| project.id.starts_with("P2") && (27..=31).contains(&project.id.len()))
        );
    }
}
