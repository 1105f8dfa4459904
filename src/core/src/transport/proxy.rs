//! The proxy that was asked for, its password, and the passwords of those that the environment names.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use secrecy::zeroize::Zeroize as _;
use url::Url;

use crate::error::{Error, Result};
use crate::secrets::Secret;

/// Which proxy.
pub(crate) enum ProxyChoice {
    /// This machine is never reached through a proxy that the environment names.
    None,
    /// What the environment says (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` …).
    Environment,
    /// This one.
    Url(Secret),
}

const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];
/// Where the HTTP library looks for proxies.
const VARIABLES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

impl ProxyChoice {
    /// A proxy that cannot be used is an error: a direct connection where a proxy was asked for may leave the company's
    /// network, or reach nothing.
    pub(crate) fn new(given: Option<&Secret>, base: &Url, to_this_machine: bool) -> Result<Self> {
        match given.filter(|url| !url.is_empty()) {
            Some(url) => Ok(Self::Url(checked(url)?)),
            None if to_this_machine => Ok(Self::None),
            None => {
                check_environment(base)?;
                Ok(Self::Environment)
            }
        }
    }

    /// What must not be shown: the URL, and its password as it is written and as it is sent.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::None => Vec::new(),
            Self::Environment => {
                let set = VARIABLES.iter().filter_map(|name| std::env::var(name).ok().map(Secret::new));
                set.filter(|url| url.expose().contains('@')).flat_map(|url| secrets_of(&url)).collect()
            }
            Self::Url(url) => secrets_of(url),
        }
    }
}

/// The URL itself is not shown: it may hold a password.
fn wrong(why: &str) -> Error {
    Error::configuration(format!("`proxy`: {why}")).with(|details| details.path = Some("proxy".to_owned()))
}

/// The URL in the one spelling that every reader of it understands alike: what the HTTP library cannot read, it passes
/// over, and connects directly.
fn checked(proxy: &Secret) -> Result<Secret> {
    let url = Parsed::new(proxy).map_err(|error| wrong(&format!("not a URL: {error}")))?;
    if !SCHEMES.contains(&url.0.scheme()) {
        return Err(wrong("must begin with http://, https://, socks5:// or socks5h://"));
    }
    if url.0.host_str().is_none_or(str::is_empty) {
        return Err(wrong("has no host"));
    }
    let spelt = Secret::new(url.0.as_str());
    if !is_understood(spelt.expose()) {
        return Err(wrong("cannot be understood as a proxy's URL"));
    }
    Ok(spelt)
}

/// Whether the HTTP library would use it.
fn is_understood(proxy: &str) -> bool {
    Matcher::builder().all(proxy).build().intercept(&Uri::from_static("https://host.invalid/")).is_some()
}

/// The same for the variables that are responsible for this host, unless it is excepted.
fn check_environment(base: &Url) -> Result<()> {
    let own = if base.scheme() == "https" { &VARIABLES[..2] } else { &VARIABLES[2..4] };
    let set = |name: &&&str| std::env::var(name).is_ok_and(|value| !value.is_empty() && !is_understood(&value));
    let Some(name) = own.iter().chain(&VARIABLES[4..]).find(set) else { return Ok(()) };
    let excepted = ["NO_PROXY", "no_proxy"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let matcher = Matcher::builder().all("http://proxy.invalid").no(excepted).build();
    let host: Option<Uri> = base.as_str().parse().ok();
    if host.is_some_and(|host| matcher.intercept(&host).is_none()) {
        return Ok(());
    }
    let why = "cannot be understood as a proxy's URL: look for spaces, line ends and characters that need %-escapes";
    Err(Error::configuration(format!("{name} {why}")).with(|details| details.path = Some((*name).to_owned())))
}

fn secrets_of(proxy: &Secret) -> Vec<Secret> {
    let mut secrets = vec![proxy.clone()];
    if let Ok(url) = Parsed::new(proxy)
        && let Some(password) = url.0.password()
    {
        secrets.push(Secret::new(password));
        secrets.push(decoded(password));
    }
    secrets
}

fn decoded(text: &str) -> Secret {
    Secret::new(percent_decode_str(text).decode_utf8_lossy())
}

/// A URL whose text is overwritten when it is dropped.
struct Parsed(Url);

impl Parsed {
    fn new(text: &Secret) -> Result<Self, url::ParseError> {
        Url::parse(text.expose()).map(Self)
    }
}

impl Drop for Parsed {
    fn drop(&mut self) {
        if let Ok(nothing) = Url::parse("about:blank") {
            String::from(std::mem::replace(&mut self.0, nothing)).zeroize();
        }
    }
}
