//! What is never said: the credentials of the environment, and what among the arguments looks like one.

use std::ffi::OsString;

use descope_projects_core::client::{MANAGEMENT_KEY_VARIABLE, TOKEN_VARIABLES};
use descope_projects_core::secrets::{Redactor, Secret};

/// Shorter words that begin with K may be names.
const SHORTEST_KEY: usize = 16;

/// Knows both; looked for when there is something to say.
pub(crate) fn known(arguments: &[OsString]) -> Redactor {
    let arguments: Vec<String> = arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    Redactor::default().and_from(move || {
        let variables = TOKEN_VARIABLES.iter().chain([&MANAGEMENT_KEY_VARIABLE]);
        let values = variables.filter_map(|name| std::env::var(name).ok().map(|value| Secret::new(value.trim())));
        values.chain(arguments.iter().filter_map(|argument| key_in(argument))).collect()
    })
}

/// A mistake that messages would repeat.
fn key_in(argument: &str) -> Option<Secret> {
    let value = argument.split_once('=').map_or(argument, |(_, value)| value);
    let word = value.rsplit_once(':').map_or(value, |(_, key)| key);
    let key =
        word.starts_with('K') && word.len() >= SHORTEST_KEY && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let token = word.len() > 2 * SHORTEST_KEY && word.starts_with("ey") && word.split('.').count() == 3;
    (key || token).then(|| Secret::new(word))
}

#[cfg(test)]
mod tests {
    use super::known;

    #[test]
    fn what_looks_like_a_credential_among_the_arguments_is_withheld() {
        let key = "K2canaryCanaryCanary";
        for argument in [key.to_owned(), format!("--key={key}"), format!("P2abc:{key}"), format!("--x=P2abc:{key}")] {
            let said = known(&[argument.clone().into()]).clean(&format!("no such thing: {argument}"));
            assert!(!said.contains(key) && said.ends_with("[secret]"), "{said}");
        }
        assert_eq!(known(&["Kitchen".into()]).clean("no Kitchen"), "no Kitchen");
    }
}
