//! Promises about what a user says: options are taken or refused by name, and the key goes to no other host.
#![allow(clippy::unwrap_used, reason = "a promise that is broken has to be seen")]

use std::fmt::Debug;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::base_url::resolve;
use super::{
    Client, ClientOptions, CloneOptions, DeleteOptions, ExportOptions, ImportOptions, OptionValue, RawRequest, Seconds,
    check_key, check_project_id, decode_options,
};
use crate::error::ErrorKind;
use crate::secrets::Secret;
use crate::transport::Targets;

const UNKNOWN: &str = "zz_no_such_option";
const CANARY: &str = "hunter2-";

/// JSON text of options, decoded as each method's.
pub(crate) fn options(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<OptionValue>(data) else { return };
    if let Ok(options) = decoded::<ClientOptions>(&value, |options| {
        options.proxy.iter().chain(options.headers.iter().flat_map(|headers| headers.values())).cloned().collect()
    }) {
        check_seconds(options.timeout);
        check_seconds(options.connect_timeout);
        let retry = options.retry.unwrap_or_default();
        assert!(retry.max_attempts.is_none_or(|count| count.get() > 0));
        if let Err(error) = Client::new("P2abc", Secret::new("K2abcdef"), &options) {
            assert_eq!(error.kind(), ErrorKind::Configuration);
        }
    }
    if let Ok(options) = decoded::<CloneOptions>(&value, |_| Vec::new()) {
        check_seconds(options.timeout);
    }
    if let Ok(options) = decoded::<DeleteOptions>(&value, |_| Vec::new()) {
        check_seconds(options.settle_timeout);
    }
    if let Ok(options) = decoded::<ExportOptions>(&value, |_| Vec::new()) {
        check_seconds(options.timeout);
    }
    let _ = decoded::<ImportOptions>(&value, |options| {
        let secrets = options.input_secrets.clone().unwrap_or_default();
        let all = [secrets.connectors, secrets.oauth_providers, secrets.outbound_apps, secrets.external_auth];
        all.into_iter().flatten().map(|secret| secret.value).collect()
    });
}

fn check_seconds(seconds: Option<Seconds>) {
    let year = Duration::from_secs(366 * 24 * 3600);
    assert!(seconds.is_none_or(|seconds| !seconds.duration().is_zero() && seconds.duration() <= year));
}

fn decoded<T: DeserializeOwned + Debug>(
    value: &OptionValue,
    secrets: impl Fn(&T) -> Vec<Secret>,
) -> Result<T, crate::Error> {
    // No message repeats a value, which may be a secret under the wrong key; nothing shows one under the right key.
    let mut count = 0;
    let canaries = with_canaries(value, &mut count);
    match decode_options::<T>("operation", canaries) {
        Ok(options) => {
            let shown = format!("{options:?}");
            assert!(secrets(&options).iter().all(|secret| !shown.contains(secret.expose())), "a secret is shown");
        }
        Err(error) => assert!(!format!("{error} {error:?} {:?}", error.details()).contains(CANARY), "{error}"),
    }
    let result = decode_options::<T>("operation", value.clone());
    match &result {
        Ok(_) => {
            let OptionValue::Map(entries) = value else { panic!("options that are no mapping were taken") };
            let mut more = entries.clone();
            more.push((UNKNOWN.to_owned(), OptionValue::Null));
            let error = decode_options::<T>("operation", OptionValue::Map(more)).err().unwrap();
            assert_eq!(error.details().path.as_deref(), Some(UNKNOWN));
        }
        Err(error) => {
            assert_eq!((error.kind(), error.exit_status()), (ErrorKind::Configuration, 64));
            assert!(error.to_string().starts_with("operation: "), "{error}");
            check_hint::<T>(value, error);
        }
    }
    result
}

/// The name that was probably meant is one that is known.
fn check_hint<T: DeserializeOwned>(value: &OptionValue, error: &crate::Error) {
    let text = error.to_string();
    let Some((_, hint)) = text.split_once("did you mean `") else { return };
    let (Some(name), Some(wrong)) = (hint.strip_suffix("`?"), &error.details().path) else { return };
    let OptionValue::Map(entries) = value else { return };
    if name.contains('.') || !entries.iter().any(|(key, _)| key == wrong) {
        return;
    }
    let only = vec![(name.to_owned(), OptionValue::Null)];
    if let Err(error) = decode_options::<T>("operation", OptionValue::Map(only)) {
        assert!(!error.to_string().contains("unknown option"), "{text}, and then {error}");
    }
}

fn with_canaries(value: &OptionValue, count: &mut u32) -> OptionValue {
    match value {
        OptionValue::Text(_) => {
            *count += 1;
            OptionValue::Text(format!("{CANARY}{count};"))
        }
        OptionValue::List(items) => OptionValue::List(items.iter().map(|item| with_canaries(item, count)).collect()),
        OptionValue::Map(entries) => {
            OptionValue::Map(entries.iter().map(|(key, value)| (key.clone(), with_canaries(value, count))).collect())
        }
        other => other.clone(),
    }
}

/// Four lines: a project id, a base URL, the path of a request, and a key.
pub(crate) fn base_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (id, given, path, key) = (line(), line(), line(), line());
    default_host(id);
    let mut bases = vec![resolve(None, "P2abc", false).unwrap()];
    for insecure in [false, true] {
        bases.extend(given_url(given, insecure));
    }
    if RawRequest::new("POST", path, None, false, None).is_ok() {
        for base in bases {
            let uri = Targets::new(base.clone()).of(path).expect("a path that was taken cannot be sent");
            let joined = url::Url::parse(&uri.to_string()).unwrap();
            assert_eq!((joined.scheme(), joined.host(), joined.port()), (base.scheme(), base.host(), base.port()));
            assert_eq!((joined.query(), joined.fragment(), joined.username()), (None, None, ""));
            assert!(joined.path().ends_with(path), "{path:?} became {joined}");
            assert!(joined.path().starts_with(base.path().trim_end_matches('/')), "{joined} is not below {base}");
        }
    }
    if check_key(key, "key").is_ok() {
        assert!(http::HeaderValue::from_str(key).is_ok() && !key.contains(char::is_whitespace));
        if check_project_id(id, "id").is_ok() {
            assert!(super::Credential::new(id, Secret::new(key), &http::HeaderMap::new()).is_ok());
        }
    }
}

/// The region of an id never makes a host outside the vendor's domain.
fn default_host(id: &str) {
    let Ok(url) = resolve(None, id, true) else {
        assert!(id.len() >= 32, "an id without a region was refused: {id:?}");
        return;
    };
    let host = url.host_str().unwrap();
    let region = host.strip_prefix("api.").and_then(|rest| rest.strip_suffix("descope.com")).unwrap();
    let plain = |region: &str| region.len() == 4 && region.bytes().all(|byte| byte.is_ascii_alphanumeric());
    assert!(region.is_empty() || region.strip_suffix('.').is_some_and(plain), "{id:?} leads to {host}");
    assert_eq!(region.is_empty(), id.len() < 32, "{id:?} leads to {host}");
    assert_eq!((url.scheme(), url.port(), url.path(), url.username()), ("https", None, "/", ""));
}

fn given_url(given: &str, insecure: bool) -> Option<url::Url> {
    let url = match resolve(Some(given), "P2abc", insecure) {
        Ok(url) => url,
        Err(error) => {
            assert_eq!((error.kind(), error.details().path.as_deref()), (ErrorKind::Configuration, Some("base_url")));
            return None;
        }
    };
    assert!(url.host_str().is_some_and(|host| !host.is_empty()));
    assert_eq!((url.username(), url.password(), url.query(), url.fragment()), ("", None, None, None));
    assert_eq!(&url::Url::parse(url.as_str()).unwrap(), &url, "another URL when it is read again");
    if !insecure && url.scheme() != "https" {
        let host = url.host_str().unwrap();
        let v4 = host.parse::<Ipv4Addr>().is_ok_and(|address| address.octets()[0] == 127);
        let v6 = host.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok_and(|address| address == Ipv6Addr::LOCALHOST);
        let name = host.rsplit('.').next() == Some("localhost");
        assert!(url.scheme() == "http" && (v4 || v6 || name), "the key would go in clear to {url}");
    }
    Some(url)
}
