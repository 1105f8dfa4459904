//! `snapshot.json`, `project.json`, token templates and lists.

use serde_json::json;

use super::environment::{Environment, Stage};
use super::{Files, PLACEHOLDER};
use crate::seed::SeedSecret;

const USER_TEMPLATE: &str = "Acme user token";
const KEY_TEMPLATE: &str = "Acme access key token";

fn template_id(environment: &Environment, name: &str) -> String {
    environment.id("JT", name)
}

/// Adds the marker, the settings and what they name; returns the secret of the external token source.
pub(super) fn add_settings(environment: &Environment, files: &mut Files) -> Vec<SeedSecret> {
    files.insert("snapshot.json".to_owned(), json!({ "version": 5 }));
    let mut trusted = vec![environment.host.to_owned(), format!("app.{}", environment.host)];
    if environment.stage == Stage::Development {
        trusted.push("localhost".to_owned());
    }
    let lifetimes = environment.lifetimes;
    let external = json!({
        "id": "plant-gateway",
        "name": "Plant gateway",
        "enabled": true,
        "issuer": format!("https://gateway.{}", environment.host),
        "audience": environment.host,
        "clientId": format!("acme-gateway-{}", environment.label),
        "clientSecret": PLACEHOLDER,
    });
    files.insert(
        "project.json".to_owned(),
        json!({
            "appUrl": environment.url(""),
            "customDomain": environment.custom_domain(),
            "domain": environment.host,
            "trustedDomains": trusted.join(","),
            "cookiePolicy": if environment.stage == Stage::Development { "none" } else { "strict" },
            "tokenResponseMethod": "cookie",
            "sessionTokenResponseMethod": "onBody",
            "sessionTokenCookiePolicy": if environment.stage == Stage::Development { "lax" } else { "strict" },
            "sessionTokenCookieDomain": environment.host,
            "rotateJwt": environment.stage != Stage::Development,
            "refreshTokenExpiration": lifetimes.refresh_days,
            "refreshTokenExpirationUnit": "days",
            "sessionTokenExpiration": lifetimes.session_minutes,
            "sessionTokenExpirationUnit": "minutes",
            "stepupTokenExpiration": lifetimes.step_up_minutes,
            "stepupTokenExpirationUnit": "minutes",
            "keySessionTokenExpiration": lifetimes.session_minutes,
            "keySessionTokenExpirationUnit": "minutes",
            "trustedDeviceTokenExpiration": 365,
            "trustedDeviceTokenExpirationUnit": "days",
            "enableInactivity": true,
            "inactivityTime": lifetimes.inactivity_minutes,
            "inactivityTimeUnit": "minutes",
            "testUserRegex": if environment.test_users { "^robot-[0-9]+@acme-robotics\\.example$" } else { "" },
            "testUserAllowFixedAuth": environment.test_users,
            "testUserFixedAuthToken": if environment.test_users { "111111" } else { "" },
            "userTemplateId": template_id(environment, USER_TEMPLATE),
            "keyTemplateId": template_id(environment, KEY_TEMPLATE),
            "selfProvisioning": environment.stage == Stage::Development,
            "conformanceJwt": true,
            "inviteUrl": environment.url("/invite"),
            "inviteEmail": true,
            "inviteSms": false,
            "inviteMagicLink": true,
            "externalAuthConfig": external,
        }),
    );
    files.insert(
        "jwttemplates.json".to_owned(),
        json!({
            "templates": [
                {
                    "id": template_id(environment, USER_TEMPLATE),
                    "name": USER_TEMPLATE,
                    "description": "Adds the plant and the plan",
                    "type": "user",
                    "authSchema": "default",
                    "conformanceIssuer": true,
                    "enforceIssuer": false,
                    "template": {
                        "plant": "{{user.customAttributes.plant}}",
                        "plan": "{{tenant.customAttributes.plan}}",
                    },
                },
                {
                    "id": template_id(environment, KEY_TEMPLATE),
                    "name": KEY_TEMPLATE,
                    "description": "Says what a key is for",
                    "type": "key",
                    "authSchema": "tenantOnly",
                    "conformanceIssuer": true,
                    "enforceIssuer": false,
                    "template": { "purpose": "{{accessKey.customAttributes.purpose}}" },
                },
            ],
        }),
    );
    vec![SeedSecret {
        group: "externalAuth".to_owned(),
        id: "plant-gateway".to_owned(),
        kind: "clientSecret".to_owned(),
        value: format!("demo-plant-gateway-secret-{}", environment.label),
    }]
}

/// Adds `lists.json`: the blocked addresses are each environment's own.
pub(super) fn add_lists(environment: &Environment, files: &mut Files) {
    files.insert(
        "lists.json".to_owned(),
        json!({
            "lists": [
                {
                    "id": "blocked-ips",
                    "name": "Blocked addresses",
                    "description": "Kept by the security team, in each environment on its own",
                    "type": "ips",
                    "data": environment.blocked_addresses,
                },
                {
                    "id": "disposable-domains",
                    "name": "Disposable email domains",
                    "description": "No sign-up from these",
                    "type": "texts",
                    "data": ["throwaway.example", "ten-minutes.example", "nobody.example"],
                },
                {
                    "id": "plan-limits",
                    "name": "Limits of the plans",
                    "description": "Read by sign-up",
                    "type": "json",
                    "data": {
                        "starter": { "robots": 3, "seats": 5, "sso": false },
                        "plant": { "robots": 40, "seats": 80, "sso": true },
                        "fleet": { "robots": 2000, "seats": 5000, "sso": true, "regions": ["eu", "us"] },
                    },
                },
            ],
        }),
    );
}

/// Adds `resources.json`.
pub(super) fn add_resources(files: &mut Files) {
    files.insert(
        "resources.json".to_owned(),
        json!({
            "resources": [{
                "id": "fleet-api",
                "name": "Fleet API",
                "description": "What integrations may ask for",
                "scopes": [
                    { "name": "robots:read", "description": "See robots" },
                    { "name": "robots:move", "description": "Move robots" },
                ],
            }],
        }),
    );
}
