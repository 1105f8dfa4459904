//! The smallest company that every call works on.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Seed, SeedCompany, SeedKey, SeedProject, SeedSecret};

/// One company with a company-wide key and one project, small but with every kind of file.
pub fn minimal() -> Seed {
    let project = SeedProject {
        id: "P2emulator000000000000000001".to_owned(),
        name: "Example".to_owned(),
        environment: None,
        tags: vec!["example".to_owned()],
        files: files(),
        secrets: vec![
            secret("connectors", SENDGRID, "apiKey", "example-sendgrid-key"),
            secret("oauthProviders", "google", "clientSecret", "example-google-secret"),
        ],
    };
    let company = SeedCompany {
        name: "Example Company".to_owned(),
        tier: "enterprise".to_owned(),
        keys: vec![SeedKey { key: "K2emulator-company-wide".to_owned(), projects: None, read_only: false }],
        projects: vec![project],
    };
    Seed { companies: vec![company] }
}

const SENDGRID: &str = "CI2emulatorSendGrid0000000001";
const BACKEND: &str = "CI2emulatorBackend00000000001";
const ADMIN: &str = "ROL2emulatorAdmin00000000001";
const TEMPLATE: &str = "JT2emulatorTemplate000000001";
const VERSION: &str = "3.20.0";

fn secret(group: &str, id: &str, kind: &str, value: &str) -> SeedSecret {
    SeedSecret { group: group.to_owned(), id: id.to_owned(), kind: kind.to_owned(), value: value.to_owned() }
}

fn files() -> BTreeMap<String, Value> {
    let mut files = BTreeMap::new();
    for part in [settings(), entities(), flow(), looks()] {
        files.extend(part.into_iter().map(|(path, value)| (path.to_owned(), value)));
    }
    files
}

fn settings() -> Vec<(&'static str, Value)> {
    vec![
        ("snapshot.json", json!({ "version": 5 })),
        (
            "project.json",
            json!({
                "appUrl": "https://app.example.com",
                "customDomain": "auth.app.example.com",
                "trustedDomains": "example.com,app.example.com",
                "tokenResponseMethod": "onBody",
                "rotateJwt": true,
                "refreshTokenExpiration": 2_419_200,
                "sessionTokenExpiration": 600,
                "enableInactivity": false,
                "userTemplateId": TEMPLATE,
            }),
        ),
        (
            "auth/magiclink.json",
            json!({ "enabled": true, "expirationTime": 180, "emailServiceProvider": SENDGRID, "emailTemplates": [] }),
        ),
        ("auth/otp.json", json!({ "enabled": true, "expirationTime": 180, "textServiceProvider": "Descope" })),
        (
            "auth/oauth.json",
            json!({
                "enabled": true,
                "providerSettings": {
                    "apple": { "scopes": [] },
                    "google": { "clientId": "example-client", "clientSecret": "PLACEHOLDER_VALUE", "scopes": ["email"] },
                },
            }),
        ),
    ]
}

fn entities() -> Vec<(&'static str, Value)> {
    vec![
        ("applications.json", json!({ "applications": [] })),
        ("attributes.json", json!({ "user": [], "tenant": [], "accessKey": [] })),
        ("jwttemplates.json", json!({ "templates": [{ "id": TEMPLATE, "name": "Default", "template": {} }] })),
        (
            "lists.json",
            json!({
                "lists": [{
                    "id": "LI2emulatorBlocked0000000001",
                    "name": "blocked",
                    "description": "Addresses that may not sign in",
                    "type": "ips",
                    "data": ["192.0.2.1"],
                }],
            }),
        ),
        (
            "roles.json",
            json!({
                "roles": [{
                    "id": ADMIN,
                    "name": "Admin",
                    "description": "",
                    "permissions": ["Manage Users"],
                    "default": false,
                    "private": false,
                }],
            }),
        ),
        (
            "permissions.json",
            json!({ "permissions": [{ "id": "PER2emulatorManage0000000001", "name": "Manage Users", "description": "" }] }),
        ),
        ("connectors/connectors.json", json!({ "connectors": ["sendgrid", "backend"] })),
        (
            "connectors/sendgrid.json",
            json!({
                "id": SENDGRID,
                "type": "sendgrid",
                "name": "SendGrid",
                "description": "Sends e-mail",
                "configuration": { "sender": "noreply@example.com", "apiKey": "PLACEHOLDER_VALUE" },
            }),
        ),
        (
            "connectors/backend.json",
            json!({
                "id": BACKEND,
                "type": "http",
                "name": "Backend",
                "description": "Calls the application",
                "configuration": { "baseUrl": "https://api.example.com" },
            }),
        ),
    ]
}

fn flow() -> Vec<(&'static str, Value)> {
    vec![
        ("flows/flows.json", json!({ "flows": ["sign-in"] })),
        (
            "flows/sign-in/metadata.json",
            json!({
                "name": "Sign in",
                "description": "Signs in with an e-mail",
                "componentsVersion": VERSION,
                "disabled": false,
                "references": { "connectors": { "Backend": BACKEND }, "roles": { "Admin": ADMIN } },
                "screens": ["welcome"],
            }),
        ),
        (
            "flows/sign-in/contents.json",
            json!({
                "startTask": "1",
                "tasks": {
                    "start": { "id": "start", "name": "start", "next": { "rules": [{ "taskId": "1" }] } },
                    "1": {
                        "id": "1",
                        "name": "Welcome",
                        "type": "screen",
                        "screenId": "SC2emulatorWelcome0000000001",
                        "next": { "rules": [{ "interactionId": "submit", "taskId": "2" }] },
                        "view": { "x": 200, "y": 0 },
                    },
                    "2": {
                        "id": "2",
                        "name": "Backend / Get",
                        "type": "automated",
                        "action": "connector",
                        "arguments": {
                            "connectorId": { "type": "inline", "value": BACKEND },
                            "templateId": { "type": "inline", "value": "http" },
                        },
                        "next": { "rules": [{ "interactionId": "success", "taskId": "3" }] },
                        "view": { "x": 400, "y": 0 },
                    },
                    "3": {
                        "id": "3",
                        "name": "Add role",
                        "type": "automated",
                        "action": "add-role",
                        "arguments": { "roleIds": { "type": "inline", "value": [ADMIN] } },
                        "next": { "rules": [{ "interactionId": "success", "taskId": "0" }] },
                        "view": { "x": 600, "y": 0 },
                    },
                    "0": {
                        "id": "0",
                        "name": "End",
                        "type": "automated",
                        "action": "logged-in",
                        "next": {},
                        "view": { "x": 800, "y": 0 },
                    },
                },
            }),
        ),
        (
            "flows/sign-in/screen-welcome.json",
            json!({
                "screenId": "SC2emulatorWelcome0000000001",
                "interactions": [{ "id": "submit", "label": "Continue", "type": "button", "subType": "submit" }],
                "contents": {
                    "ROOT": { "type": { "resolvedName": "Container" }, "props": {}, "nodes": ["logo"], "linkedNodes": {} },
                    "logo": {
                        "type": { "resolvedName": "Image" },
                        "parent": "ROOT",
                        "props": { "src": "assets/img-logo.svg" },
                        "nodes": [],
                        "linkedNodes": {},
                    },
                },
            }),
        ),
    ]
}

fn looks() -> Vec<(&'static str, Value)> {
    vec![
        ("assets/assets.json", json!({ "img-logo.svg": ["flows/sign-in/screen-welcome.json"] })),
        // <svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>
        (
            "assets/img-logo.svg",
            json!("PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI4IiBoZWlnaHQ9IjgiLz4="),
        ),
        ("styles/styles.json", json!({ "componentsVersion": VERSION, "styles": ["dark", "light"] })),
        ("styles/dark.json", json!({ "components": {}, "globals": { "colors": { "surface": "#171717" } } })),
        ("styles/light.json", json!({ "components": {}, "globals": { "colors": { "surface": "#ffffff" } } })),
        ("widgets/widgets.json", json!({ "widgets": ["user-management-widget"] })),
        ("widgets/flows/flows.json", json!({ "flows": [] })),
    ]
}
