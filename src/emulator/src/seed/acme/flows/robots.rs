//! What is on its way: flows that production does not have yet.

use serde_json::json;

use super::super::Files;
use super::super::connectors::Connector;
use super::super::environment::Environment;
use super::super::screens::{Screen, button, checkbox, email_input, image, input, link, notice, polling};
use super::builder::Flow;
use super::{when, when_true};

/// A technician binds a robot to an account by the code on its belly.
pub(super) fn pair_robot(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "pair-robot";
    let serial = Screen::new(
        ID,
        "Serial number",
        "Which robot?",
        "The number is on its belly, under the flap.",
        vec![
            image("where", "Where the number is", super::super::assets::ROBOT.path),
            input("robotSerial", "Serial number"),
            button("next", "Next"),
            link("cancel", "Cancel"),
        ],
    );
    let waiting = Screen::new(
        ID,
        "Press the button",
        "Now press its button",
        "The robot {{form.robotSerial}} blinks while it waits for you.",
        vec![polling(), notice("safe", "Stay a metre away: it stretches."), link("stop", "Stop")],
    );
    let paired =
        Screen::new(ID, "Paired", "It is yours", "It has learned your plant's map.", vec![button("done", "Done")]);
    let failed = Screen::new(
        ID,
        "Not paired",
        "It did not answer",
        "Is it on, and in reach of the network?",
        vec![button("again", "Try again"), link("stop", "Stop")],
    );
    Flow::new(environment, ID, "Pair a robot", "Binds a robot to an account", "1")
        .sub_flow("1", "Step up", "step-up", &[("success", "2")])
        .screen("2", serial, &[("next", "3"), ("cancel", "0")])
        .connector(
            "3",
            "reCAPTCHA / Assess",
            Connector::Recaptcha,
            &[("action", "pair-robot".into())],
            &[("success", "4")],
        )
        .condition(
            "4",
            "Looks human?",
            &[when("A low score", "connectors.recaptcha.score", "less-than", 0.3, "8")],
            "5",
        )
        .connector(
            "5",
            "Backend API / Begin pairing",
            Connector::BackendApi,
            &[
                ("method", "POST".into()),
                ("path", "/v1/robots/pairings".into()),
                ("body", json!({ "serial": "{{form.robotSerial}}" })),
            ],
            &[("success", "6"), ("failure", "8")],
        )
        .screen("6", waiting, &[("polling", "7"), ("polling-error", "8"), ("stop", "0")])
        .store("7", "Update User / Properties", &["robotSerial"], &[("success", "9")])
        .screen("8", failed, &[("again", "2"), ("stop", "0")])
        .give_roles("9", "Update User / Roles", &["Operator"], &[("success", "10")])
        .screen("10", paired, &[("done", "0")])
        .finish(files)
}

/// A visitor may look at a robot for a day if someone vouches.
pub(super) fn guest_access(environment: &Environment, files: &mut Files) -> &'static str {
    const ID: &str = "guest-access";
    let form = Screen::new(
        ID,
        "Guest",
        "Welcome, guest",
        "Who has invited you?",
        vec![
            input("displayName", "Your name"),
            email_input(),
            input("sponsor", "Your host's name"),
            checkbox("acceptedTerms", "I keep behind the yellow line"),
            button("ask", "Ask for a day"),
        ],
    );
    let waiting = Screen::new(
        ID,
        "Host asked",
        "A moment",
        "We have asked {{form.sponsor}}.",
        vec![polling(), link("stop", "Never mind")],
    );
    let refused =
        Screen::new(ID, "Not today", "Not today", "Your host has said no, or nothing.", vec![button("close", "Close")]);
    Flow::new(environment, ID, "Guest access", "A visitor looks at a robot for a day", "1")
        .screen("1", form, &[("ask", "2")])
        .connector(
            "2",
            "Slack / Ask the host",
            Connector::Slack,
            &[("message", "{{form.displayName}} is at the door for {{form.sponsor}}.".into())],
            &[("success", "3"), ("failure", "5")],
        )
        .screen("3", waiting, &[("polling", "4"), ("polling-error", "5"), ("stop", "0")])
        .condition("4", "Vouched for?", &[when_true("Yes", "connectors.slack.approved", "6")], "5")
        .screen("5", refused, &[("close", "0")])
        .store("6", "Update User / Properties", &["sponsor", "acceptedTerms"], &[("success", "7")])
        .give_roles("7", "Update User / Roles", &["Auditor"], &[("success", "0")])
        .finish(files)
}
