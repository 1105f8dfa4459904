//! Ways in for people who have an account, or may have one.

use serde_json::json;

use super::super::Files;
use super::super::connectors::Connector;
use super::super::environment::{Change, Environment};
use super::super::screens::{
    Screen, apple_button, button, email_input, github_button, google_button, link, notice, passkey_button,
    password_input, row, secondary_button, text,
};
use super::builder::Flow;
use super::{when, when_true};

/// Sign-in: the flow that changes most, and the one that nobody may break.
pub(super) fn sign_in(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "sign-in";
    let welcome = Screen::new(
        ID,
        "Welcome",
        "Welcome back",
        "Sign in to see your robots.",
        vec![
            email_input(),
            button("continue", "Continue"),
            passkey_button("passkey", "Use a passkey"),
            row("social", vec![google_button("google"), github_button("github"), apple_button("apple")]),
            link("sso", "Sign in with your company"),
            link("trouble", "Trouble signing in?"),
        ],
    );
    let password = Screen::new(
        ID,
        "Password",
        "Your password",
        "You sign in as {{form.email}}.",
        vec![
            password_input(),
            button("submit", "Sign in"),
            link("forgot", "Forgot it?"),
            link("back", "Another address"),
        ],
    );
    let blocked = Screen::new(
        ID,
        "Blocked",
        "Not from here",
        "This network is blocked. Your administrator knows why.",
        vec![secondary_button("close", "Close")],
    );
    let asks_bots = environment.has(Change::BotCheck);
    let after_sign_in = if environment.has(Change::PasskeyOffer) { "14" } else { "0" };
    let first = if asks_bots { "15" } else { "2" };
    let mut flow = Flow::new(environment, ID, "Sign in", "For people who have an account", "1")
        .share("8", "success", "Signed in with a provider")
        .screen(
            "1",
            welcome,
            &[
                ("continue", first),
                ("passkey", "6"),
                ("google", "8"),
                ("github", "8"),
                ("apple", "8"),
                ("sso", "9"),
                ("trouble", "10"),
                ("8.success", "11"),
            ],
        )
        .condition(
            "2",
            "May this address try?",
            &[
                when("On the list", "request.ip", "in-list", "blocked-ips", "12"),
                when_true("Has a password", "user.password", "3"),
            ],
            "7",
        )
        .screen("3", password, &[("submit", "4"), ("forgot", "10"), ("back", "1")])
        .action("4", "Sign in / Password", "password-sign-in", &[("lockMessage", "".into())], &[("success", "11")])
        .two_steps(
            "6",
            "Sign in / Passkeys",
            ("webauthn-sign-in-start", "webauthn-sign-in-finish"),
            "finishStepId",
            None,
            "11",
        )
        .sub_flow("7", "One-time code", "one-time-code", &[("success", "11")])
        .sub_flow("8", "Social login", "social-login", &[("success", "11")])
        .sub_flow("9", "Company sign-in", "sso-discovery", &[("success", "11")])
        .sub_flow("10", "Password reset", "password-reset", &[("success", "11")])
        .connector(
            "11",
            "Segment / Signed in",
            Connector::Segment,
            &[("event", "signed_in".into()), ("properties", json!({ "plant": "{{user.customAttributes.plant}}" }))],
            &[("success", after_sign_in)],
        )
        .screen("12", blocked, &[("close", "0")]);
    if environment.has(Change::PasskeyOffer) {
        flow = flow.sub_flow("14", "Offer a passkey", "passkey-promotion", &[("success", "0")]);
    }
    if asks_bots {
        let suspicious = Screen::new(
            ID,
            "Are you a robot",
            "Are you one of ours?",
            "This looks like a machine. People may prove that they are none.",
            vec![notice("why", "We compare the score with that of ordinary visits."), button("prove", "I am a person")],
        );
        flow = flow
            .connector(
                "15",
                "reCAPTCHA / Assess",
                Connector::Recaptcha,
                &[("action", "sign-in".into()), ("token", "{{form.riskToken}}".into())],
                &[("success", "16")],
            )
            .condition(
                "16",
                "Looks human?",
                &[when("A low score", "connectors.recaptcha.score", "less-than", 0.5, "17")],
                "2",
            )
            .screen("17", suspicious, &[("prove", "7")]);
    }
    flow.finish(files)
}

/// One door for everybody, in the language of the browser.
pub(super) fn sign_up_or_in(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "sign-up-or-in";
    let door = Screen::new(
        ID,
        "Door",
        "Come in",
        "Type your work email. We find out whether we know you.",
        vec![
            email_input(),
            button("continue", "Continue"),
            link("link", "Send me a link instead"),
            row("social", vec![google_button("google"), github_button("github"), apple_button("apple")]),
            notice("terms", "By continuing you accept the terms of use."),
        ],
    );
    let hello = Screen::new(
        ID,
        "Hello",
        "Nice to meet you",
        "Your account is ready. Would you like to see the tour?",
        vec![button("tour", "Show me"), link("skip", "Not now")],
    );
    Flow::new(environment, ID, "Sign up or in", "One door for everybody", "1")
        .translated()
        .share("2", "success", "Code accepted")
        .screen(
            "1",
            door,
            &[("continue", "2"), ("link", "3"), ("google", "4"), ("github", "4"), ("apple", "4"), ("2.success", "5")],
        )
        .sub_flow("2", "One-time code", "one-time-code", &[("success", "5")])
        .sub_flow("3", "Magic link", "magic-link", &[("success", "5")])
        .sub_flow("4", "Social login", "social-login", &[("success", "5")])
        .condition("5", "New here?", &[when_true("First visit", "lastAuth.firstSeen", "6")], "9")
        .connector(
            "6",
            "Backend API / Register",
            Connector::BackendApi,
            &[("method", "POST".into()), ("path", "/v1/people".into()), ("body", json!({ "email": "{{user.email}}" }))],
            &[("success", "7"), ("failure", "8")],
        )
        .give_roles("7", "Update User / Roles", &["Operator"], &[("success", "8")])
        .screen("8", hello, &[("tour", "9"), ("skip", "9")])
        .connector("9", "Segment / Came in", Connector::Segment, &[("event", "came_in".into())], &[("success", "0")])
        .finish(files)
}

/// Finds the identity provider of a company by the address's domain.
pub(super) fn sso_discovery(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "sso-discovery";
    let ask = Screen::new(
        ID,
        "Company",
        "Your company",
        "We send you to your company's own sign-in.",
        vec![email_input(), button("find", "Find it"), link("back", "I have no such account")],
    );
    let unknown = Screen::new(
        ID,
        "Unknown company",
        "We do not know that company",
        "No sign-in is set up for {{form.email}}.",
        vec![
            text("hint", "Ask your administrator to connect it, or sign in with a code."),
            button("code", "Send me a code"),
            link("again", "Another address"),
        ],
    );
    Flow::new(environment, ID, "Company sign-in", "Single sign-on by the domain of an address", "1")
        .tenant_attributes(&["plan"])
        .screen("1", ask, &[("find", "2"), ("back", "6")])
        .connector(
            "2",
            "Backend API / Find company",
            Connector::BackendApi,
            &[("method", "GET".into()), ("path", "/v1/companies/by-domain/{{form.email}}".into())],
            &[("success", "3"), ("failure", "4")],
        )
        .condition(
            "3",
            "May it use single sign-on?",
            &[when("Not in its plan", "tenant.customAttributes.plan", "equal", "starter", "4")],
            "5",
        )
        .screen("4", unknown, &[("code", "6"), ("again", "1")])
        .two_steps("5", "Sign in / SSO", ("sso-start", "exchange-sso-code"), "exchangeStepId", None, "0")
        .sub_flow("6", "One-time code", "one-time-code", &[("success", "0")])
        .finish(files)
}

/// Google, GitHub and Apple.
pub(super) fn social_login(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "social-login";
    let no_email = Screen::new(
        ID,
        "Email missing",
        "One thing is missing",
        "Your provider did not tell us an email address.",
        vec![email_input(), button("save", "Use this address"), secondary_button("other", "Try another provider")],
    );
    Flow::new(environment, ID, "Social login", "With an account that people have elsewhere", "1")
        .providers(&["google", "github", "apple"])
        .two_steps("1", "Sign Up or In / OAuth", ("oauth-start", "exchange-oauth-code"), "exchangeStepId", None, "2")
        .condition("2", "Do we know an address?", &[when("None", "user.email", "is-empty", "", "3")], "5")
        .screen("3", no_email, &[("save", "4"), ("other", "1")])
        .sub_flow("4", "Verify by link", "magic-link", &[("success", "5")])
        .connector(
            "5",
            "Segment / Provider used",
            Connector::Segment,
            &[("event", "provider_used".into())],
            &[("success", "0")],
        )
        .finish(files)
}

/// What production had before; disabled, and dropped in staging.
pub(super) fn old_sign_in(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "old-sign-in";
    let form = Screen::new(
        ID,
        "Form",
        "Sign in",
        "With your address and your password.",
        vec![email_input(), password_input(), button("submit", "Sign in"), link("forgot", "Forgot your password?")],
    );
    Flow::new(environment, ID, "Sign in (2024)", "Kept until the last plant has moved", "1")
        .disabled()
        .screen("1", form, &[("submit", "2"), ("forgot", "3")])
        .action("2", "Sign in / Password", "password-sign-in", &[], &[("success", "0")])
        .sub_flow("3", "Password reset", "password-reset", &[("success", "0")])
        .finish(files)
}
