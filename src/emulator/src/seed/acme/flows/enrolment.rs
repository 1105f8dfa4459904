//! Ways in for people who are new.

use serde_json::json;

use super::super::Files;
use super::super::connectors::Connector;
use super::super::environment::Environment;
use super::super::screens::{
    Screen, button, checkbox, email_input, input, link, new_password_input, notice, passkey_button, phone_input,
    select_input, text,
};
use super::builder::Flow;
use super::{when, when_true};

const JOBS: &[&str] = &["Operator", "Engineer", "Manager", "Other"];

/// A person and a company that nobody has invited.
pub(super) fn sign_up(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "sign-up";
    let details = Screen::new(
        ID,
        "Details",
        "Try it with three robots",
        "No card, no call from sales.",
        vec![
            input("displayName", "Your name"),
            email_input(),
            phone_input(),
            input("company", "Company"),
            select_input("jobTitle", "What you do", JOBS),
            checkbox("acceptedTerms", "I accept the terms of use"),
            button("continue", "Continue"),
        ],
    );
    let refused = Screen::new(
        ID,
        "Another address",
        "Another address, please",
        "We cannot use {{form.email}}: it forgets itself within minutes.",
        vec![button("again", "Change it"), link("stop", "Stop here")],
    );
    let secret = Screen::new(
        ID,
        "Choose a password",
        "How will you come back?",
        "A passkey is quicker than a password, and cannot be told to anyone.",
        vec![
            new_password_input(),
            button("password", "Use this password"),
            passkey_button("passkey", "Use a passkey instead"),
        ],
    );
    let done = Screen::new(
        ID,
        "All set",
        "Your fleet is ready",
        "We have put a simulated robot into it, so that you have someone to talk to.",
        vec![button("go", "Open the console")],
    );
    Flow::new(environment, ID, "Sign up", "A new person in a new company", "1")
        .translated()
        .screen("1", details, &[("continue", "2")])
        .condition(
            "2",
            "A lasting address?",
            &[when("Disposable", "form.email", "ends-with-in-list", "disposable-domains", "3")],
            "4",
        )
        .screen("3", refused, &[("again", "1"), ("stop", "0")])
        .connector(
            "4",
            "Backend API / Reserve account",
            Connector::BackendApi,
            &[
                ("method", "POST".into()),
                ("path", "/v1/accounts".into()),
                ("body", json!({ "company": "{{form.company}}", "email": "{{form.email}}", "plan": "starter" })),
            ],
            &[("success", "5"), ("failure", "3")],
        )
        .sub_flow("5", "Verify by link", "magic-link", &[("success", "6")])
        .screen("6", secret, &[("password", "7"), ("passkey", "8")])
        .action("7", "Update User / Password", "password-update", &[], &[("success", "9")])
        .two_steps(
            "8",
            "Update User / Passkeys",
            ("webauthn-update-user-start", "webauthn-update-user-finish"),
            "finishStepId",
            None,
            "9",
        )
        .store("9", "Update User / Properties", &["company", "jobTitle", "acceptedTerms"], &[("success", "10")])
        .give_roles("10", "Update User / Roles", &["Tenant Admin", "Operator"], &[("success", "11")])
        .connector(
            "11",
            "Segment / Signed up",
            Connector::Segment,
            &[("event", "signed_up".into()), ("properties", json!({ "job": "{{form.jobTitle}}" }))],
            &[("success", "12")],
        )
        .screen("12", done, &[("go", "0")])
        .finish(files)
}

/// A person whom a colleague has invited.
pub(super) fn accept_invitation(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "accept-invitation";
    let welcome = Screen::new(
        ID,
        "Invitation",
        "You are expected",
        "{{user.invitedBy}} has made an account for you.",
        vec![
            input("displayName", "Your name"),
            select_input("jobTitle", "What you do", JOBS),
            checkbox("acceptedTerms", "I accept the terms of use"),
            button("accept", "Accept"),
            link("decline", "This is not for me"),
        ],
    );
    let expired = Screen::new(
        ID,
        "Too late",
        "This invitation has ended",
        "Invitations work for two weeks.",
        vec![text("hint", "Ask your colleague for a new one."), button("close", "Close")],
    );
    let declined = Screen::new(
        ID,
        "Declined",
        "Understood",
        "We have told your colleague, and forget your address tonight.",
        vec![button("close", "Close")],
    );
    Flow::new(environment, ID, "Accept an invitation", "For people whom a colleague has invited", "1")
        .condition("1", "Still valid?", &[when_true("Ended", "invite.expired", "2")], "3")
        .screen("2", expired, &[("close", "0")])
        .screen("3", welcome, &[("accept", "4"), ("decline", "6")])
        .store("4", "Update User / Properties", &["jobTitle", "acceptedTerms"], &[("success", "5")])
        .sub_flow("5", "Offer a passkey", "passkey-promotion", &[("success", "8")])
        .connector(
            "6",
            "Audit webhook / Declined",
            Connector::AuditWebhook,
            &[("event", "invitation_declined".into())],
            &[("success", "7")],
        )
        .screen("7", declined, &[("close", "0")])
        .give_roles("8", "Update User / Roles", &["Operator"], &[("success", "0")])
        .finish(files)
}

/// A second company of a person who has one.
pub(super) fn create_organisation(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "create-organisation";
    let form = Screen::new(
        ID,
        "Organisation",
        "A new organisation",
        "Robots, people and invoices of an organisation are its own.",
        vec![
            input("company", "Its name"),
            input("plant", "First plant"),
            select_input("plan", "Plan", &["starter", "plant", "fleet"]),
            button("create", "Create it"),
            link("cancel", "Cancel"),
        ],
    );
    let taken = Screen::new(
        ID,
        "Taken",
        "That name is taken",
        "There is an organisation called {{form.company}}.",
        vec![
            notice("hint", "If it is yours, ask its administrator for an invitation."),
            button("again", "Choose another"),
        ],
    );
    let plan = Screen::new(
        ID,
        "Talk to us",
        "That is a large fleet",
        "We set it up together with you.",
        vec![phone_input(), button("call", "Call me"), link("smaller", "Begin with a smaller plan")],
    );
    Flow::new(environment, ID, "Create an organisation", "A second company of one person", "1")
        .tenant_attributes(&["plan", "robotLimit"])
        .screen("1", form, &[("create", "2"), ("cancel", "0")])
        .condition("2", "Which plan?", &[when("Fleet", "form.plan", "equal", "fleet", "3")], "4")
        .screen("3", plan, &[("call", "4"), ("smaller", "1")])
        .connector(
            "4",
            "Backend API / Create organisation",
            Connector::BackendApi,
            &[
                ("method", "POST".into()),
                ("path", "/v1/organisations".into()),
                ("body", json!({ "name": "{{form.company}}", "plan": "{{form.plan}}" })),
            ],
            &[("success", "6"), ("failure", "5")],
        )
        .screen("5", taken, &[("again", "1")])
        .action(
            "6",
            "Create tenant",
            "create-tenant",
            &[("name", "{{form.company}}".into()), ("attributes", json!({ "plan": "{{form.plan}}", "robotLimit": 3 }))],
            &[("success", "7")],
        )
        .store("7", "Update User / Properties", &["company", "plant"], &[("success", "8")])
        .give_roles("8", "Update User / Roles", &["Tenant Admin", "Fleet Manager"], &[("success", "0")])
        .finish(files)
}
