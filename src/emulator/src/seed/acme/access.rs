//! Who may do what: roles, permissions, and the attributes of users, tenants and access keys.

use serde_json::{Value, json};

use super::Files;
use super::environment::{Change, Environment};

const PERMISSIONS: &[(&str, &str)] = &[
    ("robots.read", "See robots and their state"),
    ("robots.move", "Send a robot somewhere"),
    ("robots.stop", "Stop a robot at once"),
    ("robots.pair", "Bind a robot to an account"),
    ("fleet.plan", "Plan the work of a fleet"),
    ("firmware.roll-out", "Install firmware"),
    ("invoices.read", "See invoices"),
    ("invoices.pay", "Pay invoices"),
    ("audit.read", "Read the audit trail"),
    ("audit.export", "Export the audit trail"),
    ("users.invite", "Invite people"),
    ("users.remove", "Remove people"),
    ("sso.configure", "Connect the company's own identity provider"),
];

struct Role {
    name: &'static str,
    description: &'static str,
    permissions: Vec<&'static str>,
    default: bool,
    private: bool,
}

fn roles(environment: &Environment) -> Vec<Role> {
    let mut auditor = vec!["robots.read", "audit.read"];
    if environment.has(Change::AuditExport) {
        auditor.push("audit.export");
    }
    let role = |name, description, permissions: &[&'static str]| Role {
        name,
        description,
        permissions: permissions.to_vec(),
        default: false,
        private: false,
    };
    let mut roles = vec![
        role(
            "Tenant Admin",
            "Runs a customer's account",
            &["users.invite", "users.remove", "sso.configure", "invoices.read"],
        ),
        Role { default: true, ..role("Operator", "Works with robots", &["robots.read", "robots.move", "robots.stop"]) },
        role(
            "Fleet Manager",
            "Plans what robots do",
            &["robots.read", "robots.move", "robots.stop", "robots.pair", "fleet.plan"],
        ),
        role("Accountant", "Pays", &["invoices.read", "invoices.pay"]),
        role("Auditor", "Looks, and touches nothing", &auditor),
        Role { private: true, ..role("Firmware Robot", "The build system", &["firmware.roll-out"]) },
    ];
    if environment.has(Change::TechnicianRole) {
        roles.push(role(
            "Technician",
            "Repairs robots",
            &["robots.read", "robots.stop", "robots.pair", "firmware.roll-out"],
        ));
    }
    roles
}

/// The id of a role in a project.
pub(super) fn role_id(environment: &Environment, name: &str) -> String {
    environment.id("RL", name)
}

/// Adds `roles.json` and `permissions.json`.
pub(super) fn add_roles(environment: &Environment, files: &mut Files) {
    let permissions: Vec<Value> = PERMISSIONS
        .iter()
        .map(
            |(name, description)| json!({ "id": environment.id("PE", name), "name": name, "description": description }),
        )
        .collect();
    let roles: Vec<Value> = roles(environment)
        .into_iter()
        .map(|role| {
            json!({
                "id": role_id(environment, role.name),
                "name": role.name,
                "description": role.description,
                "permissions": role.permissions,
                "default": role.default,
                "private": role.private,
            })
        })
        .collect();
    files.insert("permissions.json".to_owned(), json!({ "permissions": permissions }));
    files.insert("roles.json".to_owned(), json!({ "roles": roles }));
}

fn attribute(name: &str, display_name: &str, kind: &str, options: &[&str]) -> Value {
    let options: Vec<Value> = options.iter().map(|option| json!({ "label": option, "value": option })).collect();
    json!({
        "name": name, "displayName": display_name, "type": kind, "options": options,
        "viewPermissions": [], "editPermissions": [], "widgetAuthorization": { "viewPermissions": [], "editPermissions": [] },
    })
}

/// Adds `attributes.json`.
pub(super) fn add_attributes(environment: &Environment, files: &mut Files) {
    let mut user = vec![
        attribute("company", "Company", "string", &[]),
        attribute("jobTitle", "Job title", "singleselect", &["Operator", "Engineer", "Manager", "Other"]),
        attribute("plant", "Plant", "string", &[]),
        attribute("acceptedTerms", "Accepted the terms", "boolean", &[]),
        attribute("notifyBy", "Notify by", "multiselect", &["email", "sms", "app"]),
    ];
    if environment.has(Change::RobotPairing) {
        user.push(attribute("robotSerial", "Robot paired last", "string", &[]));
    }
    if environment.has(Change::GuestAccess) {
        user.push(attribute("sponsor", "Sponsor", "string", &[]));
    }
    files.insert(
        "attributes.json".to_owned(),
        json!({
            "user": user,
            "tenant": [
                attribute("plan", "Plan", "singleselect", &["starter", "plant", "fleet"]),
                attribute("robotLimit", "Most robots", "number", &[]),
                attribute("renewal", "Renewal", "date", &[]),
            ],
            "accessKey": [attribute("purpose", "Purpose", "string", &[])],
        }),
    );
}
