//! What people change about themselves.

use serde_json::json;

use super::super::Files;
use super::super::connectors::Connector;
use super::super::environment::Environment;
use super::super::screens::{
    Screen, button, code_input, email_input, image, input, link, notice, phone_input, resend, secondary_button,
    select_input,
};
use super::builder::Flow;
use super::when;

/// Name, plant, job.
pub(super) fn update_profile(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "update-profile";
    let form = Screen::new(
        ID,
        "Profile",
        "About you",
        "Your colleagues see this next to the robots that you move.",
        vec![
            input("displayName", "Name"),
            input("plant", "Plant"),
            select_input("jobTitle", "What you do", &["Operator", "Engineer", "Manager", "Other"]),
            select_input("notifyBy", "Notify me by", &["email", "sms", "app"]),
            button("save", "Save"),
            secondary_button("contact", "Change email or phone"),
            link("cancel", "Cancel"),
        ],
    );
    let saved = Screen::new(
        ID,
        "Saved",
        "Saved",
        "It shows within a minute.",
        vec![image("tick", "Done", super::super::assets::CHECK.path), button("close", "Close")],
    );
    Flow::new(environment, ID, "Update a profile", "Name, plant and job", "1")
        .translated()
        .action("1", "Load User", "loadUser", &[], &[("success", "2")])
        .screen("2", form, &[("save", "3"), ("contact", "6"), ("cancel", "0")])
        .store("3", "Update User / Properties", &["plant", "jobTitle", "notifyBy"], &[("success", "4")])
        .connector(
            "4",
            "Backend API / Update person",
            Connector::BackendApi,
            &[
                ("method", "PATCH".into()),
                ("path", "/v1/people/{{user.userId}}".into()),
                ("body", json!({ "plant": "{{form.plant}}" })),
            ],
            &[("success", "5"), ("failure", "5")],
        )
        .screen("5", saved, &[("close", "0")])
        .sub_flow("6", "Change email or phone", "change-contact", &[("success", "2")])
        .finish(files)
}

/// Email and phone, each proved before it counts.
pub(super) fn change_contact(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "change-contact";
    let which = Screen::new(
        ID,
        "Which",
        "What has changed?",
        "We ask you to confirm who you are first.",
        vec![button("email", "My email"), button("phone", "My phone"), link("cancel", "Nothing")],
    );
    let email = Screen::new(
        ID,
        "New email",
        "Your new email",
        "We send a code to it.",
        vec![email_input(), button("send", "Send"), link("back", "Back")],
    );
    let phone = Screen::new(
        ID,
        "New phone",
        "Your new phone",
        "We send a code to it.",
        vec![phone_input(), button("send", "Send"), link("back", "Back")],
    );
    let typed = Screen::new(
        ID,
        "Prove it",
        "Type the code",
        "It is on its way to {{sentTo.masked}}.",
        vec![
            code_input("code"),
            notice("old", "Until then the old one counts."),
            resend(),
            link("stop", "Keep the old one"),
        ],
    );
    Flow::new(environment, ID, "Change email or phone", "Each is proved before it counts", "1")
        .share("1", "success", "Confirmed")
        .sub_flow("1", "Step up", "step-up", &[("success", "2")])
        .screen("2", which, &[("email", "3"), ("phone", "4"), ("cancel", "0"), ("1.success", "2")])
        .screen("3", email, &[("send", "5"), ("back", "2")])
        .screen("4", phone, &[("send", "6"), ("back", "2")])
        .action(
            "5",
            "Update User / OTP / Email",
            "update-user-otp-email",
            &[("addToLoginIDs", true.into()), ("templateId", "".into())],
            &[("success", "7")],
        )
        .action(
            "6",
            "Update User / OTP / SMS",
            "update-user-otp-sms",
            &[("addToLoginIDs", true.into()), ("templateId", "".into())],
            &[("success", "7")],
        )
        .screen("7", typed, &[("code", "8"), ("resend", "9"), ("stop", "0")])
        .action("8", "Verify Code / OTP", "verify-code-otp", &[], &[("success", "10")])
        .condition("9", "Which way?", &[when("Phone", "form.phone", "not-empty", "", "6")], "5")
        .connector(
            "10",
            "Audit webhook / Contact changed",
            Connector::AuditWebhook,
            &[("event", "contact_changed".into())],
            &[("success", "0")],
        )
        .finish(files)
}
