//! Ways back for people who have lost something.

use serde_json::json;

use super::super::Files;
use super::super::connectors::Connector;
use super::super::environment::Environment;
use super::super::screens::{
    Screen, button, code_input, email_input, image, input, link, new_password_input, notice, phone_input, polling,
    resend, text,
};
use super::builder::Flow;
use super::when_true;

/// A new password, for who can read the mail.
pub(super) fn password_reset(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "password-reset";
    let ask = Screen::new(
        ID,
        "Which account",
        "A new password",
        "Which account is it for?",
        vec![email_input(), button("send", "Send me a link"), link("lost", "I cannot read that mail any more")],
    );
    let sent = Screen::new(
        ID,
        "Reset link sent",
        "Look into your mail",
        "If there is an account for {{form.email}}, a link is under way.",
        vec![polling(), resend(), link("close", "Close")],
    );
    let choose = Screen::new(
        ID,
        "New password",
        "Choose a new one",
        "The last five will not do.",
        vec![new_password_input(), button("save", "Save"), link("cancel", "Keep the old one")],
    );
    let done = Screen::new(
        ID,
        "Password changed",
        "That worked",
        "All other devices have been signed out.",
        vec![image("tick", "Done", super::super::assets::CHECK.path), button("continue", "Continue")],
    );
    Flow::new(environment, ID, "Reset a password", "By a link to the address of the account", "1")
        .screen("1", ask, &[("send", "2"), ("lost", "9")])
        .action("2", "Load User", "loadUser", &[], &[("success", "3"), ("failure", "4")])
        .two_steps(
            "3",
            "Send Password Reset",
            ("password-send-reset", "verify-magic-link"),
            "verifyStepId",
            Some("4"),
            "5",
        )
        .screen("4", sent, &[("polling", "3.end"), ("resend", "3"), ("close", "0")])
        .screen("5", choose, &[("save", "6"), ("cancel", "0")])
        .action("6", "Update Password", "password-update", &[("signOutOthers", true.into())], &[("success", "7")])
        .connector(
            "7",
            "Audit webhook / Password changed",
            Connector::AuditWebhook,
            &[("event", "password_changed".into()), ("payload", json!({ "user": "{{user.userId}}" }))],
            &[("success", "8")],
        )
        .screen("8", done, &[("continue", "0")])
        .sub_flow("9", "Account recovery", "account-recovery", &[("success", "5")])
        .finish(files)
}

/// Everything is lost; a person looks at it.
pub(super) fn account_recovery(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "account-recovery";
    let options = Screen::new(
        ID,
        "What is left",
        "What do you have?",
        "One of these is enough.",
        vec![button("code", "A recovery code"), button("phone", "My phone"), link("nothing", "Nothing of that")],
    );
    let recovery = Screen::new(
        ID,
        "Recovery code",
        "Your recovery code",
        "Each works once.",
        vec![input("recoveryCode", "Recovery code"), button("use", "Use it"), link("back", "Back")],
    );
    let phone = Screen::new(
        ID,
        "Phone",
        "Your phone",
        "We send a code to it.",
        vec![phone_input(), button("send", "Send"), link("back", "Back")],
    );
    let typed = Screen::new(
        ID,
        "Phone code",
        "Type the code",
        "We have sent it to {{sentTo.maskedPhone}}.",
        vec![code_input("code"), resend()],
    );
    let request = Screen::new(
        ID,
        "Ask a person",
        "Someone will look at it",
        "Your administrator hears of it at once.",
        vec![
            email_input(),
            input("reason", "What happened?"),
            button("ask", "Send"),
            notice("time", "It takes a working day."),
        ],
    );
    let waiting = Screen::new(
        ID,
        "Waiting",
        "It is under way",
        "We write to you.",
        vec![text("hint", "You can close this page."), button("close", "Close")],
    );
    Flow::new(environment, ID, "Recover an account", "When neither mail nor password is left", "1")
        .screen("1", options, &[("code", "2"), ("phone", "4"), ("nothing", "7")])
        .screen("2", recovery, &[("use", "3"), ("back", "1")])
        .action("3", "Verify recovery code", "verify-recovery-code", &[], &[("success", "0"), ("failure", "2")])
        .screen("4", phone, &[("send", "5"), ("back", "1")])
        .action("5", "Sign In / OTP / SMS", "sign-in-otp-sms", &[("templateId", "".into())], &[("success", "6")])
        .screen("6", typed, &[("code", "10"), ("resend", "5")])
        .screen("7", request, &[("ask", "8")])
        .connector(
            "8",
            "Backend API / Open a case",
            Connector::BackendApi,
            &[
                ("method", "POST".into()),
                ("path", "/v1/recovery-cases".into()),
                ("body", json!({ "email": "{{form.email}}", "reason": "{{form.reason}}" })),
            ],
            &[("success", "9"), ("failure", "9")],
        )
        .screen("9", waiting, &[("close", "0")])
        .action("10", "Verify Code / OTP / SMS", "verify-code-otp-sms", &[], &[("success", "11")])
        .condition("11", "Old enough?", &[when_true("Phone was verified", "user.verifiedPhone", "0")], "7")
        .finish(files)
}
