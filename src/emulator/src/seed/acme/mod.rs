//! The company of the demo: one product, "Acme Robotics", in three environments, and a second, tiny company.
//!
//! Staging is ahead of production and dev is ahead of staging; `environment::Change` is the list of what is on its way.
//! Every address is reserved for examples and every key and secret says that it is none.

mod access;
mod apps;
mod assets;
mod auth;
mod connectors;
mod environment;
mod flows;
mod messages;
mod screens;
mod settings;
mod styles;
#[cfg(test)]
mod tests;
mod tiny;
mod widgets;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Seed, SeedCompany, SeedKey, SeedProject};
use environment::{DEVELOPMENT, Environment, PRODUCTION, STAGING};

/// Path → content, as in a snapshot.
type Files = BTreeMap<String, Value>;

/// What an export writes in place of a secret.
const PLACEHOLDER: &str = "PLACEHOLDER_VALUE";

/// A company with one product in three environments, and a tiny company on the free tier.
pub fn acme() -> Seed {
    Seed { companies: vec![acme_robotics(), tiny::tiny_toys()] }
}

fn acme_robotics() -> SeedCompany {
    SeedCompany {
        name: "Acme Robotics".to_owned(),
        tier: "enterprise".to_owned(),
        keys: vec![
            SeedKey { key: "K2demoAcmeCompanyWideKeyNotASecret".to_owned(), projects: None, read_only: false },
            SeedKey {
                key: "K2demoAcmeStagingOnlyKeyNotASecret".to_owned(),
                projects: Some(vec![STAGING.project_id.to_owned()]),
                read_only: false,
            },
            SeedKey { key: "K2demoAcmeReadOnlyKeyNotASecret".to_owned(), projects: None, read_only: true },
        ],
        projects: [&DEVELOPMENT, &STAGING, &PRODUCTION].map(project).into(),
    }
}

/// A complete project of the product.
fn project(environment: &Environment) -> SeedProject {
    let mut files = Files::new();
    let mut secrets = settings::add_settings(environment, &mut files);
    settings::add_lists(environment, &mut files);
    settings::add_resources(&mut files);
    access::add_roles(environment, &mut files);
    access::add_attributes(environment, &mut files);
    secrets.extend(connectors::add_connectors(environment, &mut files));
    secrets.extend(auth::add_methods(environment, &mut files));
    apps::add_applications(environment, &mut files);
    secrets.extend(apps::add_outbound_apps(environment, &mut files));
    styles::add_styles(environment, &mut files);
    flows::add_flows(environment, &mut files);
    widgets::add_widgets(environment, &mut files);
    assets::add_assets(&mut files);
    with_files(environment, files, secrets)
}

fn with_files(environment: &Environment, files: Files, secrets: Vec<super::SeedSecret>) -> SeedProject {
    SeedProject {
        id: environment.project_id.to_owned(),
        name: environment.name.to_owned(),
        environment: environment.is_production.then(|| "production".to_owned()),
        tags: environment.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        files,
        secrets,
    }
}
