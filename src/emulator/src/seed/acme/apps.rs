//! Applications that sign in through the project, and services that the project signs in to.

use serde_json::{Value, json};

use super::environment::Environment;
use super::{Files, PLACEHOLDER};
use crate::seed::SeedSecret;

/// Adds `applications.json`.
pub(super) fn add_applications(environment: &Environment, files: &mut Files) {
    let host = environment.host;
    files.insert(
        "applications.json".to_owned(),
        json!({
            "applications": [
                {
                    "id": "fleet-console",
                    "name": "Fleet console",
                    "description": "The product's own web application",
                    "appType": "oidc",
                    "enabled": true,
                    "logo": super::assets::LOGO_LIGHT.path,
                    "oidcSettings": {
                        "loginPageUrl": format!("https://{}/login?flow=sign-in", environment.custom_domain()),
                        "redirectUrls": [format!("https://console.{host}/callback")],
                        "claims": ["openid", "email", "plant"],
                        "forceAuthentication": false,
                    },
                },
                {
                    "id": "spare-parts-shop",
                    "name": "Spare parts shop",
                    "description": "A partner's shop",
                    "appType": "saml",
                    "enabled": true,
                    "samlSettings": {
                        "loginPageUrl": format!("https://{}/login?flow=sign-in", environment.custom_domain()),
                        "entityId": format!("https://parts.{host}/saml"),
                        "acsUrl": format!("https://parts.{host}/saml/acs"),
                        "subjectNameIdType": "email",
                        "subjectNameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
                        "attributeMapping": [
                            { "name": "company", "value": "user.customAttributes.company" },
                            { "name": "role", "value": "user.roles" },
                        ],
                        "useMetadataInfo": false,
                    },
                },
            ],
        }),
    );
}

/// Adds `outboundapps.json` and returns the client secrets.
pub(super) fn add_outbound_apps(environment: &Environment, files: &mut Files) -> Vec<SeedSecret> {
    let apps: [(&str, &str, &str, &[&str]); 2] = [
        ("calendar", "Maintenance calendar", "https://calendar.example", &["events.read", "events.write"]),
        ("ticketing", "Service desk", "https://tickets.example", &["tickets.write"]),
    ];
    let entries: Vec<Value> = apps
        .iter()
        .map(|(id, name, service, scopes)| {
            json!({
                "id": id,
                "name": name,
                "description": format!("Acts for a user in {service}"),
                "clientId": format!("acme-{id}-{}", environment.label),
                "clientSecret": PLACEHOLDER,
                "authorizationUrl": format!("{service}/oauth2/authorize"),
                "tokenUrl": format!("{service}/oauth2/token"),
                "defaultRedirectUrl": environment.url("/connected"),
                "callbackDomain": environment.custom_domain(),
                "scopes": scopes,
                "pkce": true,
            })
        })
        .collect();
    files.insert("outboundapps.json".to_owned(), json!({ "outboundApps": entries }));
    apps.iter()
        .map(|(id, ..)| SeedSecret {
            group: "outboundApps".to_owned(),
            id: (*id).to_owned(),
            kind: "clientSecret".to_owned(),
            value: format!("demo-{id}-secret-{}", environment.label),
        })
        .collect()
}
