//! Where requests go: the routes below a base URL, as what is sent.

use http::Uri;
use url::Url;

use crate::error::{Error, Result};
use crate::wire::CALLS;

/// The base URL, and the routes of the call table below it, which are made once.
pub(crate) struct Targets {
    base: Url,
    known: Vec<(&'static str, Uri)>,
}

impl Targets {
    pub(crate) fn new(base: Url) -> Self {
        let paths = CALLS.iter().map(|call| call.path);
        let known = paths.filter_map(|path| Some((path, below(&base, path).ok()?))).collect();
        Self { base, known }
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The route of a call.
    pub(crate) fn of(&self, path: &str) -> Result<Uri> {
        match self.known.iter().find(|(known, _)| *known == path) {
            Some((_, uri)) => Ok(uri.clone()),
            None => below(&self.base, path),
        }
    }
}

fn below(base: &Url, path: &str) -> Result<Uri> {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    Uri::try_from(url.as_str())
        .map_err(|error| Error::configuration(format!("no request can be sent to this path: {error}")))
}

#[cfg(test)]
mod tests {
    use super::Targets;

    fn below(base: &str, path: &str) -> String {
        Targets::new(base.parse().expect("a URL")).of(path).expect("a route").to_string()
    }

    #[test]
    fn a_route_is_below_the_base() {
        assert_eq!(below("https://api.descope.com", "/v1/mgmt/other"), "https://api.descope.com/v1/mgmt/other");
        assert_eq!(below("http://127.0.0.1:81/proxy/", "/v1/mgmt/other"), "http://127.0.0.1:81/proxy/v1/mgmt/other");
        assert_eq!(below("http://[::1]:81", "/v1/mgmt/project/clone"), "http://[::1]:81/v1/mgmt/project/clone");
    }

    #[test]
    fn what_no_request_line_may_hold_is_escaped() {
        assert_eq!(below("http://127.0.0.1", "/v1/\"<>`"), "http://127.0.0.1/v1/%22%3C%3E%60");
    }
}
