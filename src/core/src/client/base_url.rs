//! Where the key is sent: the most dangerous string of the package, so it is checked before anything else.

use std::net::IpAddr;

use url::{Host, Url};

use crate::error::{Error, Result};

/// Project ids of this length carry their region.
const LENGTH_WITH_REGION: usize = 32;

/// The URL given, or the one that the project id's region names.
///
/// Source: the vendor's SDKs take the region from characters 1 to 4 of ids of 32 characters or more. The region decides
/// the host that receives the key, so it must be four ASCII letters or digits.
pub(crate) fn resolve(given: Option<&str>, project_id: &str, allow_insecure_http: bool) -> Result<Url> {
    let url = match given {
        Some(given) => Url::parse(given).map_err(|error| wrong(&format!("not a URL: {error}")))?,
        None => default_for(project_id)?,
    };
    if !matches!(url.scheme(), "https" | "http") {
        return Err(wrong("must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must not have a query or fragment"));
    }
    if url.host().is_none() {
        return Err(wrong("has no host"));
    }
    if http::Uri::try_from(url.as_str()).is_err() {
        return Err(wrong("has a character in it that no request can hold"));
    }
    if url.scheme() == "http" && !allow_insecure_http && !is_loopback(&url) {
        return Err(wrong(
            "plain HTTP would send the management key unencrypted: use https://, or set allow_insecure_http for a host \
             that you trust (this machine needs no such option)",
        ));
    }
    Ok(url)
}

/// Whether the URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// The region that an id carries, if it carries one.
pub(super) fn region(project_id: &str) -> Option<&str> {
    let region = project_id.get(1..5).filter(|_| project_id.len() >= LENGTH_WITH_REGION);
    region.filter(|region| region.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn default_for(project_id: &str) -> Result<Url> {
    let host = if project_id.len() >= LENGTH_WITH_REGION {
        let region = region(project_id).ok_or_else(|| {
            Error::configuration("the project id's region (characters 2 to 5) must be four letters or digits")
                .with(|details| details.path = Some("project_id".to_owned()))
        })?;
        format!("api.{}.descope.com", region.to_ascii_lowercase())
    } else {
        "api.descope.com".to_owned()
    };
    Url::parse(&format!("https://{host}/")).map_err(|error| wrong(&error.to_string()))
}

fn wrong(why: &str) -> Error {
    Error::configuration(format!("`base_url`: {why}")).with(|details| details.path = Some("base_url".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    const SHORT: &str = "P2abcdefghijklmnopqrstuvwxyz1";
    const LONG: &str = "Peuc1abcdefghijklmnopqrstuvwxyz12";

    #[test]
    fn the_region_of_a_long_id_decides_the_host() {
        let host = |id: &str| resolve(None, id, false).map(|url| url.host_str().unwrap_or_default().to_owned());
        assert_eq!(host(SHORT).ok().as_deref(), Some("api.descope.com"));
        assert_eq!(host(LONG).ok().as_deref(), Some("api.euc1.descope.com"));
        assert!(host("Pe.c/abcdefghijklmnopqrstuvwxyz12").is_err(), "a region must never be a piece of a host name");
        assert!(host("Pé1cabcdefghijklmnopqrstuvwxyz123").is_err());
    }

    #[test]
    fn plain_http_only_to_this_machine() {
        for url in
            ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1", "http://a.localhost", "http://127.9.9.9"]
        {
            assert!(resolve(Some(url), SHORT, false).is_ok(), "{url}");
        }
        for url in
            ["http://10.0.0.1", "http://localhost.evil.example", "http://0.0.0.0", "http://127.0.0.1.nip.example"]
        {
            assert!(resolve(Some(url), SHORT, false).is_err(), "{url}");
        }
        assert!(resolve(Some("http://10.0.0.1"), SHORT, true).is_ok());
    }

    #[test]
    fn what_is_not_a_plain_address_is_refused() {
        for url in [
            "api.descope.com",
            "ftp://x",
            "https://user:pw@x.example",
            "https://x.example/?a",
            "https://x.example/#a",
            "https://",
            "https://x.}example",
            "",
        ] {
            assert!(resolve(Some(url), SHORT, false).is_err(), "{url}");
        }
    }
}
