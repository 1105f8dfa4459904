//! Texts of emails, text messages and calls.

use serde_json::{Value, json};

use super::Files;
use super::assets::BANNER;
use super::environment::Environment;

/// The same in every environment: a text that named its own environment could not be promoted.
const HELP: &str = "https://acme-robotics.example/help";

/// What a message is about, said once for email, text message and call.
pub(super) struct Message {
    /// Names the template and its files.
    pub(super) slug: &'static str,
    pub(super) name: &'static str,
    pub(super) subject: &'static str,
    pub(super) sentence: &'static str,
    /// What the reader needs: a code or a link.
    pub(super) variable: &'static str,
}

fn system() -> Value {
    json!({ "id": "System", "name": "System", "active": false })
}

/// The built-in template and the product's own, whose bodies are assets.
pub(super) fn email_templates(environment: &Environment, method: &str, message: &Message, files: &mut Files) -> Value {
    let (html, text) = bodies(message);
    let html_path = format!("assets/{method}-{}.html", message.slug);
    let text_path = format!("assets/{method}-{}.txt", message.slug);
    files.insert(html_path.clone(), html.into());
    files.insert(text_path.clone(), text.into());
    json!([
        system(),
        {
            "id": environment.id("ET", &format!("{method} {}", message.name)),
            "name": message.name,
            "active": true,
            "subject": message.subject,
            "useBothHtmlAndText": true,
            "body": html_path,
            "bodyPlainText": text_path,
            "banner": BANNER.path,
        },
    ])
}

/// The built-in template and the product's own.
pub(super) fn text_templates(environment: &Environment, method: &str, message: &Message) -> Value {
    json!([
        system(),
        {
            "id": environment.id("TT", &format!("{method} {}", message.name)),
            "name": message.name,
            "active": true,
            "body": format!("Acme Robotics: {} {}", message.sentence, message.variable),
        },
    ])
}

/// The built-in template and the product's own.
pub(super) fn voice_templates(environment: &Environment, method: &str, message: &Message) -> Value {
    json!([
        system(),
        {
            "id": environment.id("VT", &format!("{method} {}", message.name)),
            "name": message.name,
            "active": true,
            "body": format!("Hello from Acme Robotics. {} {}. Once more: {}.", message.sentence, message.variable, message.variable),
        },
    ])
}

fn bodies(message: &Message) -> (String, String) {
    let Message { subject, sentence, variable, .. } = message;
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{subject}</title></head>\n\
         <body style=\"font-family: sans-serif; color: #101828\">\n\
         <table role=\"presentation\" width=\"560\" align=\"center\">\n\
         <tr><td><h1 style=\"font-size: 22px\">{subject}</h1></td></tr>\n\
         <tr><td><p>{sentence}</p></td></tr>\n\
         <tr><td><p style=\"font-size: 26px; letter-spacing: 2px\"><strong>{variable}</strong></p></td></tr>\n\
         <tr><td><p style=\"color: #667085\">You did not ask for this? Leave it, or tell us at <a href=\"{HELP}\">{HELP}</a>.</p></td></tr>\n\
         </table>\n</body>\n</html>\n"
    );
    let text = format!(
        "{subject}\n\n{sentence}\n\n    {variable}\n\nYou did not ask for this? Leave it, or tell us: {HELP}\n"
    );
    (html, text)
}
