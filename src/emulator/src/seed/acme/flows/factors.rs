//! Proofs: a link, a code, a passkey, an authenticator, and the flow that asks for a second one.

use super::super::Files;
use super::super::connectors::Connector;
use super::super::environment::{Change, Environment};
use super::super::screens::{
    Screen, button, code_input, email_input, image, link, notice, passkey_button, phone_input, polling, resend,
    secondary_button, text,
};
use super::builder::Flow;
use super::{when, when_true};

/// A link by email.
pub(super) fn magic_link(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "magic-link";
    let ask = Screen::new(
        ID,
        "Address",
        "A link by email",
        "Where shall we send it?",
        vec![email_input(), button("send", "Send")],
    );
    let sent = Screen::new(
        ID,
        "Link sent",
        "Look into your mail",
        "We have sent a link to {{sentTo.maskedEmail}}.",
        vec![
            polling(),
            notice("spam", "Nothing? It may have gone to spam."),
            resend(),
            link("other", "Another address"),
        ],
    );
    let ended = Screen::new(
        ID,
        "Link ended",
        "This link has ended",
        "Links work for five minutes.",
        vec![button("again", "Send a new one"), link("stop", "Stop here")],
    );
    Flow::new(environment, ID, "Magic link", "A link by email, followed on any device", "1")
        .condition("1", "Address known?", &[when("Known", "form.email", "not-empty", "", "3")], "2")
        .screen("2", ask, &[("send", "3")])
        .two_steps(
            "3",
            "Sign Up or In / Magic Link / Email",
            ("sign-up-or-in-magic-link-email", "verify-magic-link"),
            "verifyStepId",
            Some("4"),
            "0",
        )
        .screen("4", sent, &[("polling", "3.end"), ("polling-error", "5"), ("resend", "3"), ("other", "2")])
        .screen("5", ended, &[("again", "3"), ("stop", "0")])
        .finish(files)
}

/// Six digits by email or text message.
pub(super) fn one_time_code(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "one-time-code";
    let channel = Screen::new(
        ID,
        "Channel",
        "A code for you",
        "How shall we send it?",
        vec![button("email", "By email"), secondary_button("sms", "By text message"), link("call", "Call me")],
    );
    let code = Screen::new(
        ID,
        "Code",
        "Type the code",
        "We have sent it to {{sentTo.masked}}.",
        vec![code_input("code"), button("verify", "Verify"), resend(), link("other", "Send it another way")],
    );
    let many = Screen::new(
        ID,
        "Too many codes",
        "That was too often",
        "Wait ten minutes, then try again.",
        vec![link("back", "Choose another way")],
    );
    Flow::new(environment, ID, "One-time code", "Six digits by email, text message or call", "1")
        .screen("1", channel, &[("email", "2"), ("sms", "3"), ("call", "4")])
        .action(
            "2",
            "Sign Up or In / OTP / Email",
            "sign-up-or-in-otp-email",
            &[("templateId", "".into()), ("providerId", "".into())],
            &[("success", "5"), ("failure", "7")],
        )
        .action(
            "3",
            "Sign Up or In / OTP / SMS",
            "sign-up-or-in-otp-sms",
            &[("templateId", "".into()), ("providerId", "".into())],
            &[("success", "5"), ("failure", "7")],
        )
        .action(
            "4",
            "Sign Up or In / OTP / Voice",
            "sign-up-or-in-otp-voice",
            &[("templateId", "".into()), ("providerId", "".into())],
            &[("success", "5"), ("failure", "7")],
        )
        .screen("5", code, &[("code", "6"), ("verify", "6"), ("resend", "2"), ("other", "1")])
        .action("6", "Verify Code / OTP", "verify-code-otp", &[], &[("success", "0")])
        .screen("7", many, &[("back", "1")])
        .finish(files)
}

/// Offers a passkey to people who have none, and takes a no.
pub(super) fn passkey_promotion(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "passkey-promotion";
    let offer = Screen::new(
        ID,
        "Offer",
        "Never type a password again",
        "Your face, your finger or your PIN unlocks Acme on this device.",
        vec![
            image("robot", "A friendly robot", super::super::assets::ROBOT.path),
            passkey_button("add", "Add a passkey"),
            link("later", "Later"),
            link("never", "Do not ask again"),
        ],
    );
    let done = Screen::new(
        ID,
        "Passkey added",
        "Done",
        "Next time you are in with one touch.",
        vec![image("tick", "Done", super::super::assets::CHECK.path), button("continue", "Continue")],
    );
    Flow::new(environment, ID, "Offer a passkey", "To people who have none, on devices that can", "1")
        .condition(
            "1",
            "Can and has none?",
            &[
                when_true("Has one", "user.webauthn", "0"),
                when("Said no", "user.customAttributes.notifyBy", "contains", "no-passkey", "0"),
                when_true("Device can", "deviceInfo.webAuthnSupport", "2"),
            ],
            "0",
        )
        .screen("2", offer, &[("add", "3"), ("later", "0"), ("never", "4")])
        .two_steps(
            "3",
            "Update User / Passkeys",
            ("webauthn-update-user-start", "webauthn-update-user-finish"),
            "finishStepId",
            None,
            "5",
        )
        .store("4", "Update User / Properties", &["notifyBy"], &[("success", "0")])
        .screen("5", done, &[("continue", "6")])
        .connector(
            "6",
            "Segment / Passkey added",
            Connector::Segment,
            &[("event", "passkey_added".into())],
            &[("success", "0")],
        )
        .finish(files)
}

/// An authenticator app.
pub(super) fn totp_enrolment(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "totp-enrolment";
    let why = Screen::new(
        ID,
        "Why",
        "A second lock",
        "Robots are heavy. People who move them prove themselves twice.",
        vec![button("begin", "Set it up"), link("later", "Later")],
    );
    let scan = Screen::new(
        ID,
        "Scan",
        "Scan this",
        "With the authenticator app on your phone.",
        vec![
            image("picture", "A code to scan", super::super::assets::ROBOT.path),
            notice("manual", "Or type: {{totp.key}}"),
            code_input("code"),
            button("verify", "Verify"),
        ],
    );
    let codes = Screen::new(
        ID,
        "Recovery codes",
        "Keep these",
        "Each opens your account once, should your phone be gone: {{user.recoveryCodes}}",
        vec![button("kept", "I have kept them")],
    );
    Flow::new(environment, ID, "Set up an authenticator", "Time-based codes", "1")
        .screen("1", why, &[("begin", "2"), ("later", "0")])
        .action("2", "Update User / TOTP", "update-user-totp", &[], &[("success", "3")])
        .screen("3", scan, &[("code", "4"), ("verify", "4")])
        .action("4", "Verify Code / TOTP", "verify-code-totp", &[], &[("success", "5")])
        .action("5", "Recovery codes", "generate-recovery-codes", &[("count", 10.into())], &[("success", "6")])
        .screen("6", codes, &[("kept", "7")])
        .connector(
            "7",
            "Audit webhook / Second factor",
            Connector::AuditWebhook,
            &[("event", "second_factor_added".into())],
            &[("success", "0")],
        )
        .finish(files)
}

/// A second proof before something that cannot be undone.
pub(super) fn step_up(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "step-up";
    let takes_passkeys = environment.has(Change::PasskeyStepUp);
    let mut proofs = vec![code_input("code"), button("verify", "Confirm")];
    if takes_passkeys {
        proofs.push(passkey_button("passkey", "Use a passkey"));
    }
    proofs.push(link("phone", "My authenticator is not here"));
    let ask =
        Screen::new(ID, "Confirm", "Is it you?", "Confirm with your authenticator before the robots move.", proofs);
    let phone = Screen::new(
        ID,
        "By phone",
        "A code by text message",
        "We send it to the phone that we know.",
        vec![phone_input(), button("send", "Send"), link("back", "Back")],
    );
    let typed = Screen::new(
        ID,
        "Code by phone",
        "Type the code",
        "We have sent it to {{sentTo.maskedPhone}}.",
        vec![code_input("code"), resend()],
    );
    let none = Screen::new(
        ID,
        "No second proof",
        "You have no second proof",
        "It takes a minute to set one up.",
        vec![text("hint", "You need your phone for it."), button("set-up", "Set it up"), link("stop", "Not now")],
    );
    let mut rules = vec![("code", "3"), ("verify", "3"), ("phone", "4")];
    if takes_passkeys {
        rules.push(("passkey", "9"));
    }
    let mut flow = Flow::new(environment, ID, "Step up", "A second proof before something that cannot be undone", "1")
        .condition(
            "1",
            "Has an authenticator?",
            &[when_true("Has one", "user.totp", "2"), when_true("Has a phone", "user.verifiedPhone", "4")],
            "7",
        )
        .screen("2", ask, &rules)
        .action("3", "Verify Code / TOTP", "verify-code-totp", &[("stepup", true.into())], &[("success", "0")])
        .screen("4", phone, &[("send", "5"), ("back", "1")])
        .action(
            "5",
            "Sign In / OTP / SMS",
            "sign-in-otp-sms",
            &[("stepup", true.into()), ("templateId", "".into())],
            &[("success", "6")],
        )
        .screen("6", typed, &[("code", "10"), ("resend", "5")])
        .screen("7", none, &[("set-up", "8"), ("stop", "0")])
        .sub_flow("8", "Set up an authenticator", "totp-enrolment", &[("success", "0")])
        .action(
            "10",
            "Verify Code / OTP / SMS",
            "verify-code-otp-sms",
            &[("stepup", true.into())],
            &[("success", "0")],
        );
    if takes_passkeys {
        flow = flow.two_steps(
            "9",
            "Sign in / Passkeys",
            ("webauthn-sign-in-start", "webauthn-sign-in-finish"),
            "finishStepId",
            None,
            "0",
        );
    }
    flow.finish(files)
}
