//! Widgets that the product embeds, and the flows that they start.

use serde_json::{Value, json};

use super::Files;
use super::environment::Environment;
use super::flows::builder::Flow;
use super::screens::{
    Screen, button, code_input, email_input, input, link, new_password_input, notice, passkey_button, phone_input,
    resend, secondary_button, text,
};

const PROFILE: &str = "acme-profile-widget";

/// Adds `widgets/*`. The index lists a built-in widget that nobody has changed, and that therefore has no files.
pub(super) fn add_widgets(environment: &Environment, files: &mut Files) {
    let mut flows = vec![
        set_name(environment, files),
        set_email(environment, files),
        set_phone(environment, files),
        set_password(environment, files),
        add_passkey(environment, files),
    ];
    flows.sort_unstable();
    let screen = Screen::new(
        PROFILE,
        "Profile",
        "Your account",
        "Signed in as {{user.email}}.",
        vec![
            text("name", "{{user.displayName}}"),
            secondary_button("set-name", "Change name"),
            secondary_button("set-email", "Change email"),
            secondary_button("set-phone", "Change phone"),
            secondary_button("set-password", "Change password"),
            passkey_button("add-passkey", "Add a passkey"),
            link("sign-out", "Sign out"),
        ],
    );
    let slug = screen.slug();
    files.insert(format!("widgets/{PROFILE}/screen-{slug}.json"), screen.build());
    files.insert(
        format!("widgets/{PROFILE}/metadata.json"),
        json!({
            "widgetId": PROFILE,
            "name": "Acme profile",
            "description": "What people see under their picture",
            "type": "user-profile-widget",
            "componentsVersion": environment.components_version,
            "flowsIds": flows,
            "screens": [slug],
        }),
    );
    files.insert("widgets/flows/flows.json".to_owned(), json!({ "flows": flows }));
    files.insert("widgets/widgets.json".to_owned(), json!({ "widgets": [PROFILE, "user-management-widget"] }));
}

fn begin<'environment>(
    environment: &'environment Environment,
    id: &'static str,
    name: &'static str,
    description: &'static str,
) -> Flow<'environment> {
    Flow::new(environment, id, name, description, "1").of_widget().action(
        "1",
        "Load User",
        "loadUser",
        &[],
        &[("success", "2")],
    )
}

fn updated(flow: &'static str) -> Screen {
    Screen::new(flow, "Updated", "Done", "Your account is up to date.", vec![button("close", "Close")])
}

fn typed(flow: &'static str) -> Screen {
    Screen::new(
        flow,
        "Verify",
        "Type the code",
        "We have sent it to {{sentTo.masked}}.",
        vec![code_input("code"), resend(), link("cancel", "Cancel")],
    )
}

fn set_name(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "acme-profile-set-name";
    let form = Screen::new(
        ID,
        "Name",
        "Your name",
        "As your colleagues know you.",
        vec![input("displayName", "Name"), button("save", "Save"), link("cancel", "Cancel")],
    );
    let properties = json!([{ "key": "displayName", "type": "string", "value": "{{form.displayName}}" }]);
    begin(environment, ID, "Set name", "Changes the name")
        .screen("2", form, &[("save", "3"), ("cancel", "0")])
        .action(
            "3",
            "Update User / Properties",
            "update-user-properties",
            &[("userPropertiesDefinitions", properties)],
            &[("success", "4")],
        )
        .screen("4", updated(ID), &[("close", "0")])
        .finish(files)
}

fn set_email(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "acme-profile-set-email";
    let form = Screen::new(
        ID,
        "Email",
        "Your email",
        "We send a code to it.",
        vec![email_input(), button("send", "Send"), link("cancel", "Cancel")],
    );
    begin(environment, ID, "Set email", "Changes the email; needs a proof")
        .screen("2", form, &[("send", "3"), ("cancel", "0")])
        .action("3", "Update User / OTP / Email", "update-user-otp-email", &arguments(), &[("success", "4")])
        .screen("4", typed(ID), &[("code", "5"), ("resend", "3"), ("cancel", "0")])
        .action("5", "Verify Code / OTP / Email", "verify-code-otp-email", &[], &[("success", "6")])
        .screen("6", updated(ID), &[("close", "0")])
        .finish(files)
}

fn set_phone(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "acme-profile-set-phone";
    let form = Screen::new(
        ID,
        "Phone",
        "Your phone",
        "We send a code to it.",
        vec![phone_input(), button("send", "Send"), link("cancel", "Cancel")],
    );
    begin(environment, ID, "Set phone", "Changes the phone; needs a proof")
        .screen("2", form, &[("send", "3"), ("cancel", "0")])
        .action("3", "Update User / OTP / SMS", "update-user-otp-sms", &arguments(), &[("success", "4")])
        .screen("4", typed(ID), &[("code", "5"), ("resend", "3"), ("cancel", "0")])
        .action("5", "Verify Code / OTP / SMS", "verify-code-otp-sms", &[], &[("success", "6")])
        .screen("6", updated(ID), &[("close", "0")])
        .finish(files)
}

fn set_password(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "acme-profile-set-password";
    let form = Screen::new(
        ID,
        "Password",
        "Your password",
        "The last five will not do.",
        vec![new_password_input(), button("save", "Save"), link("cancel", "Cancel")],
    );
    begin(environment, ID, "Set password", "Changes the password")
        .screen("2", form, &[("save", "3"), ("cancel", "0")])
        .action("3", "Update Password", "password-update", &[], &[("success", "4")])
        .screen("4", updated(ID), &[("close", "0")])
        .finish(files)
}

fn add_passkey(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "acme-profile-add-passkey";
    let form = Screen::new(
        ID,
        "Passkey",
        "Add a passkey",
        "It stays on this device.",
        vec![
            notice("hint", "Use your own device, not one that you share."),
            passkey_button("add", "Add it"),
            link("cancel", "Cancel"),
        ],
    );
    begin(environment, ID, "Add a passkey", "Adds a passkey of this device")
        .screen("2", form, &[("add", "3"), ("cancel", "0")])
        .two_steps(
            "3",
            "Update User / Passkeys",
            ("webauthn-update-user-start", "webauthn-update-user-finish"),
            "finishStepId",
            None,
            "4",
        )
        .screen("4", updated(ID), &[("close", "0")])
        .finish(files)
}

fn arguments() -> [(&'static str, Value); 4] {
    [
        ("addToLoginIDs", Value::from("")),
        ("onMergeUseExisting", "".into()),
        ("providerId", "".into()),
        ("templateId", "".into()),
    ]
}
