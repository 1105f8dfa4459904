//! The proxy that was asked for, its password, and the passwords of those that the environment names.

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
    pub(crate) fn new(given: Option<&Secret>, to_this_machine: bool) -> Result<Self> {
        match given.filter(|url| !url.is_empty()) {
            Some(url) => {
                check(url)?;
                Ok(Self::Url(url.clone()))
            }
            None if to_this_machine => Ok(Self::None),
            None => Ok(Self::Environment),
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

fn check(proxy: &Secret) -> Result<()> {
    let url = Parsed::new(proxy).map_err(|error| wrong(&format!("not a URL: {error}")))?;
    if !SCHEMES.contains(&url.0.scheme()) {
        return Err(wrong("must begin with http://, https://, socks5:// or socks5h://"));
    }
    if url.0.host_str().is_none_or(str::is_empty) {
        return Err(wrong("has no host"));
    }
    Ok(())
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
