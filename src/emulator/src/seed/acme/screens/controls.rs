//! What people type into and press.

use serde_json::{Value, json};

use super::node::Node;

fn pressed(key: &'static str, component: &'static str, label: &str, variant: &str, validates: bool) -> Node {
    Node::new(
        key,
        component,
        "Button",
        json!({
            "children": label, "variant": variant, "color": "primary", "size": "md", "shape": "",
            "data-type": "button", "auto-submit": validates, "formNoValidate": !validates, "full-width": true,
            "square": false, "text-align": "center", "st-label-spacing": "10px",
        }),
    )
}

/// The button that Enter presses.
pub(in super::super) fn button(key: &'static str, label: &str) -> Node {
    pressed(key, "Button", label, "contained", true).starting(label, "button", None)
}

/// A button that takes nothing from the form.
pub(in super::super) fn secondary_button(key: &'static str, label: &str) -> Node {
    pressed(key, "Button", label, "outline", false).starting(label, "button", None)
}

/// A link inside the flow.
pub(in super::super) fn link(key: &'static str, label: &str) -> Node {
    pressed(key, "Link", label, "link", false).starting(label, "link", None)
}

fn provider_button(key: &'static str, label: &str, provider: &'static str) -> Node {
    let mut node = pressed(key, "OAuthButton", label, "outline", false).starting(label, "oauth", Some(provider));
    node.props["startIcon"] = provider.into();
    node.props["provider"] = provider.into();
    node
}

/// Sign in with Google.
pub(in super::super) fn google_button(key: &'static str) -> Node {
    provider_button(key, "Continue with Google", "google")
}

/// Sign in with GitHub.
pub(in super::super) fn github_button(key: &'static str) -> Node {
    provider_button(key, "Continue with GitHub", "github")
}

/// Sign in with Apple.
pub(in super::super) fn apple_button(key: &'static str) -> Node {
    provider_button(key, "Continue with Apple", "apple")
}

/// A button that asks for a passkey.
pub(in super::super) fn passkey_button(key: &'static str, label: &str) -> Node {
    let mut node = pressed(key, "BiometricsButton", label, "contained", false).starting(label, "biometrics", None);
    node.props["startIcon"] = "passkey".into();
    node.props["data-type"] = "biometrics".into();
    node
}

/// Waits until another device has followed the link.
pub(in super::super) fn polling() -> Node {
    let mut node = Node::new(
        "polling",
        "PollingLoader",
        "Polling",
        json!({ "data-type": "polling", "variant": "linear", "color": "primary", "size": "md" }),
    )
    .starting("Polling", "polling", None)
    .with_fixed_id();
    node.custom = json!({ "type": "polling" });
    node
}

/// Sends the message once more.
pub(in super::super) fn resend() -> Node {
    let mut node =
        pressed("resend", "Button", "Send again", "link", false).starting("Send again", "resend", None).with_fixed_id();
    node.props["st-wait-seconds"] = 30.into();
    node
}

fn field(
    key: &'static str,
    component: &'static str,
    display_name: &'static str,
    label: &str,
    extra: &[(&str, Value)],
) -> Node {
    let mut props = json!({
        "name": key, "label": label, "placeholder": label, "label-type": "static", "bordered": true,
        "full-width": true, "required": true, "size": "md", "readonly": false, "external-input": false,
        "data-errormessage-value-missing": "Please fill out this field.",
    });
    for (name, value) in extra {
        props[*name] = value.clone();
    }
    Node::new(key, component, display_name, props).with_input(key)
}

/// A line of text, kept under its key.
pub(in super::super) fn input(key: &'static str, label: &str) -> Node {
    field(key, "TextField", "Text Input", label, &[("type", "text".into()), ("max", 100.into())])
}

/// An email address.
pub(in super::super) fn email_input() -> Node {
    field(
        "email",
        "EmailInput",
        "Email Input",
        "Work email",
        &[
            ("type", "email".into()),
            ("autocomplete", "username webauthn".into()),
            ("max", 100.into()),
            ("pattern", r"^[\w\.\%\+\-]+@[\w\.\-]+\.[A-Za-z]{2,}$".into()),
            ("data-errormessage-pattern-mismatch", "Must be a valid email".into()),
        ],
    )
}

/// A phone number.
pub(in super::super) fn phone_input() -> Node {
    field(
        "phone",
        "Phone",
        "Phone Input",
        "Mobile phone",
        &[
            ("type", "tel".into()),
            ("variant", "countrySelection".into()),
            ("default-code", "autoDetect".into()),
            ("minlength", "6".into()),
            ("maxlength", "20".into()),
            ("data-errormessage-pattern-mismatch-too-short", "Please enter a valid phone".into()),
        ],
    )
}

/// The password that the person has.
pub(in super::super) fn password_input() -> Node {
    field(
        "password",
        "Password",
        "Password",
        "Password",
        &[("type", "password".into()), ("autocomplete", "current-password".into())],
    )
}

/// The password that the person wants, twice.
pub(in super::super) fn new_password_input() -> Node {
    field(
        "newPassword",
        "NewPassword",
        "New Password",
        "New password",
        &[
            ("autocomplete", "new-password".into()),
            ("has-confirm", true.into()),
            ("confirm-label", "Repeat the new password".into()),
            ("confirm-placeholder", "Repeat the new password".into()),
            ("active-policies", json!(["minlength", "lowercase", "uppercase", "number"])),
            ("data-errormessage-pattern-mismatch", "Passwords do not match".into()),
            ("data-password-policy-message-minlength", "At least {{value}} characters".into()),
            ("data-password-policy-message-lowercase", "One lowercase letter".into()),
            ("data-password-policy-message-uppercase", "One uppercase letter".into()),
            ("data-password-policy-message-number", "One number".into()),
        ],
    )
}

/// Six digits; complete, they start their own interaction.
pub(in super::super) fn code_input(key: &'static str) -> Node {
    let mut node = Node::new(
        key,
        "Code",
        "One Time Code",
        json!({
            "name": "code", "label": "", "digits": 6, "type": "tel", "bordered": true, "required": true, "size": "md",
            "full-width": false, "data-auto-submit": true, "autocomplete": "one-time-code",
            "data-errormessage-pattern-mismatch": "Must be a 6 digit number",
        }),
    )
    .starting("One Time Code", "oneTimeCode", None);
    node.custom = json!({ "type": "oneTimeCode" });
    node.input = Some("code");
    node
}

/// A choice of one.
pub(in super::super) fn select_input(key: &'static str, label: &str, options: &[&str]) -> Node {
    let entries: Vec<Value> = options.iter().map(|option| json!({ "value": option, "label": option })).collect();
    field(key, "SingleSelect", "Select", label, &[("data", Value::Array(entries)), ("item-label-path", "label".into())])
}

/// A consent.
pub(in super::super) fn checkbox(key: &'static str, label: &str) -> Node {
    field(key, "Checkbox", "Checkbox", label, &[("type", "checkbox".into()), ("checked", false.into())])
}
