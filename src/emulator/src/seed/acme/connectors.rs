//! Connectors: what they are called, what each environment sets in them, and their secrets.

use serde_json::{Value, json};

use super::environment::{Change, Environment};
use super::{Files, PLACEHOLDER};
use crate::seed::SeedSecret;

/// A connector of the product. The name is the same in every project; the id is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connector {
    SendGrid,
    Smtp,
    Twilio,
    BackendApi,
    Segment,
    AuditWebhook,
    Translation,
    Recaptcha,
    Slack,
}

const ALL: [Connector; 9] = [
    Connector::SendGrid,
    Connector::Smtp,
    Connector::Twilio,
    Connector::BackendApi,
    Connector::Segment,
    Connector::AuditWebhook,
    Connector::Translation,
    Connector::Recaptcha,
    Connector::Slack,
];

impl Connector {
    /// What makes it the same connector in two projects.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SendGrid => "SendGrid",
            Self::Smtp => "SMTP relay",
            Self::Twilio => "Twilio",
            Self::BackendApi => "Backend API",
            Self::Segment => "Segment",
            Self::AuditWebhook => "Audit webhook",
            Self::Translation => "Translation",
            Self::Recaptcha => "reCAPTCHA",
            Self::Slack => "Slack",
        }
    }

    /// Which of the vendor's connectors it is.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::SendGrid => "sendgrid",
            Self::Smtp => "smtp",
            Self::Twilio => "twilio-core",
            Self::BackendApi => "http",
            Self::Segment => "segment",
            Self::AuditWebhook => "audit-webhook",
            Self::Translation => "google-cloud-translation",
            Self::Recaptcha => "recaptcha",
            Self::Slack => "slack",
        }
    }

    /// Its id in a project.
    pub(super) fn id(self, environment: &Environment) -> String {
        environment.id("CI", self.name())
    }

    /// Whether a project has it.
    pub(super) fn exists(self, environment: &Environment) -> bool {
        match self {
            Self::Recaptcha => environment.has(Change::BotCheck),
            Self::Slack => environment.has(Change::GuestAccess),
            _ => true,
        }
    }

    fn slug(self) -> String {
        self.name().to_lowercase().replace(' ', "-")
    }

    fn description(self) -> &'static str {
        match self {
            Self::SendGrid => "Transactional email",
            Self::Smtp => "The relay in our own data centre, for plants that refuse mail from a cloud",
            Self::Twilio => "Text messages and calls",
            Self::BackendApi => "Accounts, plans and robots",
            Self::Segment => "Product analytics",
            Self::AuditWebhook => "Every audit event, to the security team's collector",
            Self::Translation => "Screens in the language of the browser",
            Self::Recaptcha => "Scores a visitor before sign-in",
            Self::Slack => "Tells a sponsor that a guest has come",
        }
    }

    /// The fields of its configuration that hold a secret.
    fn secrets(self) -> &'static [&'static str] {
        match self {
            Self::SendGrid => &["apiKey"],
            Self::Smtp => &["password"],
            Self::Twilio => &["authToken"],
            Self::BackendApi => &["bearerToken", "hmacSecret"],
            Self::Segment => &["writeKey"],
            Self::AuditWebhook => &["hmacSecret"],
            Self::Translation => &["serviceAccountJSON"],
            Self::Recaptcha => &["secretKey"],
            Self::Slack => &["token"],
        }
    }

    fn settings(self, environment: &Environment) -> Value {
        let (host, label) = (environment.host, environment.label);
        match self {
            Self::SendGrid => json!({
                "fromEmail": format!("no-reply@{host}"), "fromName": environment.name, "replyTo": format!("support@{host}"),
            }),
            Self::Smtp => json!({
                "host": format!("smtp.{host}"), "port": 587, "username": format!("identity-{label}"), "auth": "plain",
                "fromEmail": format!("identity@{host}"), "fromName": environment.name, "useStaticIps": false,
            }),
            Self::Twilio => json!({
                "accountSid": format!("demo-twilio-account-{label}"), "authenticationType": "authToken",
                "senders": { "sms": { "messagingServiceSid": format!("demo-twilio-service-{label}") }, "voice": { "from": "+15555550100" } },
            }),
            Self::BackendApi => json!({
                "baseUrl": format!("https://api.{host}"), "authenticationMethod": "bearerToken",
                "headers": [{ "key": "x-acme-caller", "value": "identity" }], "insecure": false,
                "includeHeadersInContext": false, "timeoutSeconds": 5,
            }),
            Self::Segment => {
                json!({ "host": "https://events.analytics.example", "source": format!("identity-{label}") })
            }
            Self::AuditWebhook => json!({
                "baseUrl": format!("https://audit.{host}/events"), "authenticationMethod": "hmac", "insecure": false,
                "headers": [{ "key": "x-acme-environment", "value": label }],
                "auditFilters": [{ "key": "actions", "operator": "includes", "values": ["LoginSucceed", "LoginFailed", "UserModified"] }],
            }),
            Self::Translation => json!({ "projectId": format!("acme-robotics-{label}"), "sourceLanguage": "en" }),
            Self::Recaptcha => json!({
                "siteKey": format!("demo-recaptcha-site-{label}"), "overrideAssessment": false, "assessmentScore": 0.5,
            }),
            Self::Slack => json!({ "channel": format!("#guests-{label}"), "botName": "Acme front desk" }),
        }
    }
}

/// Adds the connectors and returns their secrets.
pub(super) fn add_connectors(environment: &Environment, files: &mut Files) -> Vec<SeedSecret> {
    let mut slugs = Vec::new();
    let mut secrets = Vec::new();
    for connector in ALL.into_iter().filter(|connector| connector.exists(environment)) {
        let id = connector.id(environment);
        let mut configuration = connector.settings(environment);
        for field in connector.secrets() {
            configuration[*field] = PLACEHOLDER.into();
            secrets.push(SeedSecret {
                group: "connectors".to_owned(),
                id: id.clone(),
                kind: (*field).to_owned(),
                value: secret_value(connector, field, environment),
            });
        }
        let slug = connector.slug();
        files.insert(
            format!("connectors/{slug}.json"),
            json!({
                "id": id,
                "type": connector.kind(),
                "name": connector.name(),
                "description": connector.description(),
                "configuration": configuration,
            }),
        );
        slugs.push(slug);
    }
    slugs.sort();
    files.insert("connectors/connectors.json".to_owned(), json!({ "connectors": slugs }));
    secrets
}

/// A value that nobody can take for a real one.
fn secret_value(connector: Connector, field: &str, environment: &Environment) -> String {
    let what = match field {
        "apiKey" | "writeKey" | "secretKey" => "key",
        "hmacSecret" => "signing",
        "serviceAccountJSON" => "account",
        "password" => "password",
        _ => "token",
    };
    format!("demo-{}-{what}-{}", connector.slug(), environment.label)
}
