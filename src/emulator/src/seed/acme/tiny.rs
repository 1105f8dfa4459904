//! A second company: on the free tier, and nobody at Acme may see it.

use serde_json::json;

use super::environment::TINY_TOYS;
use super::flows::builder::Flow;
use super::screens::{Screen, button, email_input};
use super::{Files, SeedCompany, SeedKey, assets, settings, styles, with_files};

/// One project with one flow.
pub(super) fn tiny_toys() -> SeedCompany {
    const ID: &str = "sign-in";
    let environment = &TINY_TOYS;
    let mut files = Files::new();
    let secrets = settings::add_settings(environment, &mut files);
    settings::add_lists(environment, &mut files);
    styles::add_styles(environment, &mut files);
    let screen = Screen::new(ID, "Form", "Hello", "We send you a link.", vec![email_input(), button("send", "Send")]);
    let flow = Flow::new(environment, ID, "Sign in", "By a link", "1")
        .screen("1", screen, &[("send", "2")])
        .two_steps(
            "2",
            "Sign In / Magic Link",
            ("sign-in-magic-link-email", "verify-magic-link"),
            "verifyStepId",
            None,
            "0",
        )
        .finish(&mut files);
    files.insert("flows/flows.json".to_owned(), json!({ "flows": [flow] }));
    files.insert(
        "auth/magiclink.json".to_owned(),
        json!({ "enabled": true, "expirationTime": 5, "expirationTimeUnit": "minutes", "emailServiceProvider": "Descope" }),
    );
    assets::add_assets(&mut files);
    SeedCompany {
        name: "Tiny Toys".to_owned(),
        tier: "free".to_owned(),
        keys: vec![SeedKey { key: "K2demoTinyToysKeyNotASecret".to_owned(), projects: None, read_only: false }],
        projects: vec![with_files(environment, files, secrets)],
    }
}
