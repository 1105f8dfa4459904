//! How people prove who they are: one file per method.

use serde_json::{Value, json};

use super::connectors::Connector;
use super::environment::{Change, Environment, Stage};
use super::messages::{Message, email_templates, text_templates, voice_templates};
use super::styles::BRAND;
use super::{Files, PLACEHOLDER};
use crate::seed::SeedSecret;

/// Adds `auth/*.json` and returns the secrets of the OAuth providers.
pub(super) fn add_methods(environment: &Environment, files: &mut Files) -> Vec<SeedSecret> {
    add_links(environment, files);
    add_codes(environment, files);
    add_password(environment, files);
    add_devices(environment, files);
    add_sso(environment, files);
    add_invite(environment, files);
    add_oauth(environment, files)
}

fn put(files: &mut Files, method: &str, value: Value) {
    files.insert(format!("auth/{method}.json"), value);
}

fn add_links(environment: &Environment, files: &mut Files) {
    let magic = Message {
        slug: "sign-in",
        name: "Acme magic link",
        subject: "Your link to Acme Robotics",
        sentence: "Follow this link on the device on which you want to work.",
        variable: "{{link}}",
    };
    let value = json!({
        "enabled": true,
        "expirationTime": 5,
        "expirationTimeUnit": "minutes",
        "redirectUrl": environment.url("/verify"),
        "emailServiceProvider": Connector::SendGrid.id(environment),
        "textServiceProvider": Connector::Twilio.id(environment),
        "emailTemplates": email_templates(environment, "magiclink", &magic, files),
        "textTemplates": text_templates(environment, "magiclink", &magic),
    });
    put(files, "magiclink", value);
    let enchanted = Message {
        slug: "sign-in",
        name: "Acme enchanted link",
        subject: "Choose the number that you see",
        sentence: "Follow the link whose number is on your screen.",
        variable: "{{link}}",
    };
    let value = json!({
        "enabled": true,
        "expirationTime": 3,
        "expirationTimeUnit": "minutes",
        "redirectUrl": environment.url("/verify"),
        "emailServiceProvider": Connector::SendGrid.id(environment),
        "emailTemplates": email_templates(environment, "enchantedlink", &enchanted, files),
    });
    put(files, "enchantedlink", value);
    put(files, "embeddedlink", json!({ "enabled": true, "expirationTime": 10, "expirationTimeUnit": "minutes" }));
}

fn add_codes(environment: &Environment, files: &mut Files) {
    let clearer = environment.has(Change::ClearerCodeEmail);
    let code = Message {
        slug: "code",
        name: "Acme one-time code",
        subject: if clearer { "{{code}} is your Acme Robotics code" } else { "Your code" },
        sentence: if clearer {
            "Type this code where you signed in. It works for three minutes, and only once. We never ask for it."
        } else {
            "Here is the code that you asked for."
        },
        variable: "{{code}}",
    };
    let value = json!({
        "enabled": true,
        "domain": environment.host,
        "expirationTime": 3,
        "expirationTimeUnit": "minutes",
        "emailServiceProvider": Connector::SendGrid.id(environment),
        "textServiceProvider": Connector::Twilio.id(environment),
        "voiceServiceProvider": Connector::Twilio.id(environment),
        "imServiceProvider": "Descope",
        "emailTemplates": email_templates(environment, "otp", &code, files),
        "textTemplates": text_templates(environment, "otp", &code),
        "voiceTemplates": voice_templates(environment, "otp", &code),
    });
    put(files, "otp", value);
    put(files, "totp", json!({ "enabled": true, "serviceLabel": environment.name }));
}

fn add_password(environment: &Environment, files: &mut Files) {
    let reset = Message {
        slug: "reset",
        name: "Acme password reset",
        subject: "A new password for Acme Robotics",
        sentence: "Somebody, we hope you, wants to choose a new password for this address.",
        variable: "{{link}}",
    };
    let value = json!({
        "enabled": true,
        "minLength": if environment.has(Change::LongerPasswords) { 12 } else { 10 },
        "lowercase": true,
        "uppercase": true,
        "number": true,
        "nonAlphanumeric": false,
        "expiration": environment.stage == Stage::Production,
        "expirationWeeks": 52,
        "reuse": true,
        "reuseAmount": 5,
        "lock": true,
        "lockAttempts": 5,
        "temporaryLock": true,
        "temporaryLockDuration": 15,
        "temporaryLockDurationUnit": "minutes",
        "maskErrors": environment.stage != Stage::Development,
        "redirectUrl": environment.url("/new-password"),
        "emailServiceProvider": Connector::Smtp.id(environment),
        "emailTemplates": email_templates(environment, "password", &reset, files),
    });
    put(files, "password", value);
}

fn add_devices(environment: &Environment, files: &mut Files) {
    put(
        files,
        "webauthn",
        json!({
            "enabled": true,
            "topLevelDomain": environment.host,
            "androidFingerprints": [],
            "userVerification": "preferred",
        }),
    );
}

fn add_sso(environment: &Environment, files: &mut Files) {
    put(
        files,
        "sso",
        json!({
            "enabled": true,
            "redirectUrl": environment.url("/sso"),
            "mergeUsers": true,
            "allowDuplicateDomains": false,
            "allowOverrideRoles": false,
            "groupPriority": false,
            "mandatoryUserAttributes": [{ "id": "company", "custom": true }],
            "ssoSuiteStyleId": BRAND,
            "ssoSuiteSettings": { "hideGroupsMapping": false, "hideDomains": false, "forceDomainVerification": true },
        }),
    );
}

fn add_invite(environment: &Environment, files: &mut Files) {
    let invitation = Message {
        slug: "welcome",
        name: "Acme invitation",
        subject: "{{inviter}} would like you to join Acme Robotics",
        sentence: "Your colleague has made an account for you. The link below is yours alone.",
        variable: "{{link}}",
    };
    let value = json!({
        "enabled": true,
        "expirationTime": 2,
        "expirationTimeUnit": "weeks",
        "redirectUrl": environment.url("/invite"),
        "requireInvitation": environment.stage == Stage::Production,
        "addMagicLinkToken": true,
        "sendEmail": true,
        "sendText": false,
        "emailServiceProvider": Connector::SendGrid.id(environment),
        "textServiceProvider": "Descope",
        "emailTemplates": email_templates(environment, "invite", &invitation, files),
    });
    put(files, "invite", value);
}

fn add_oauth(environment: &Environment, files: &mut Files) -> Vec<SeedSecret> {
    let providers: [(&str, &str, &str, &[&str]); 3] = [
        (
            "google",
            "https://accounts.google.example/auth",
            "https://accounts.google.example/token",
            &["openid", "email", "profile"],
        ),
        (
            "github",
            "https://github.example/login/authorize",
            "https://github.example/login/token",
            &["read:user", "user:email"],
        ),
        ("apple", "https://appleid.apple.example/authorize", "https://appleid.apple.example/token", &["name", "email"]),
    ];
    let mut settings = json!({});
    for (provider, authorization, token, scopes) in providers {
        settings[provider] = json!({
            "enabled": true,
            "useSelfAccount": true,
            "clientId": format!("acme-{provider}-client-{}", environment.label),
            "clientSecret": PLACEHOLDER,
            "scopes": scopes,
            "authUrl": authorization,
            "tokenUrl": token,
            "redirectUrl": environment.url("/oauth"),
            "manageProviderTokens": provider == "github",
            "mergeUserAccounts": true,
        });
    }
    // Built-in providers are always there: with the vendor's own account, and so without a secret.
    for provider in ["facebook", "microsoft", "gitlab", "discord", "linkedin", "slack"] {
        settings[provider] =
            json!({ "enabled": false, "useSelfAccount": false, "clientId": "", "scopes": [], "redirectUrl": "" });
    }
    put(
        files,
        "oauth",
        json!({ "enabled": true, "redirectUrl": environment.url("/oauth"), "providerSettings": settings }),
    );
    providers
        .iter()
        .map(|(provider, ..)| SeedSecret {
            group: "oauthProviders".to_owned(),
            id: (*provider).to_owned(),
            kind: "clientSecret".to_owned(),
            value: format!("demo-{provider}-secret-{}", environment.label),
        })
        .collect()
}
