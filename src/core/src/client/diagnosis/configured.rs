//! What the arguments and the environment say, which of them decides, and whether a client can be made of it.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use secrecy::zeroize::Zeroizing;

use super::{Area, Check, Diagnosis, OptionNames, State};
use crate::client::base_url;
use crate::client::identity::{
    BASE_URL_VARIABLES, MANAGEMENT_KEY_VARIABLE, PROJECT_ID_VARIABLE, TOKEN_VARIABLES, check_key, check_project_id,
    missing_key, missing_project_id, one_base_url,
};
use crate::client::{Client, ClientOptions};
use crate::error::Error;
use crate::secrets::Secret;
use crate::transport::ProxyChoice;

const AREA: Area = Area::Configuration;
/// What cannot be looked at without a client.
const NAMES: [&str; 4] = ["region", "base URL", "proxy", "trust"];

/// Where the configuration comes from.
pub(super) struct Configured<'run> {
    pub(super) project_id: Option<&'run str>,
    pub(super) options: &'run ClientOptions,
    pub(super) names: &'run OptionNames,
    pub(super) variable: &'run dyn Fn(&str) -> Option<String>,
}

/// Two variables that do not agree; it has been told.
struct Contradiction;

/// What the later checks work with.
pub(super) struct Found {
    /// Absent where something is missing or wrong.
    pub(super) client: Option<Client>,
    /// The credential, if it is a workload token.
    pub(super) token: Option<Secret>,
    /// The proxy that requests go through.
    pub(super) proxy: Option<Uri>,
}

impl Configured<'_> {
    pub(super) fn look(&self, diagnosis: &mut Diagnosis) -> Found {
        let project_id = self.look_at_project_id(diagnosis);
        let key = self.look_at_credential(diagnosis);
        let given = self.look_at_base_url(diagnosis);
        let token = key.clone().filter(|key| !key.expose().starts_with('K'));
        let (Some(project_id), Some(key), Ok(given)) = (project_id, key, given) else {
            diagnosis.skip(AREA, &NAMES, "not checked: the configuration is not complete");
            return Found { client: None, token, proxy: None };
        };
        let mut options = self.options.clone();
        options.base_url = given.as_ref().map(|(url, _)| url.clone());
        let client = match Client::new(&project_id, key, &options) {
            Ok(client) => client,
            Err(error) => {
                let name = match error.details().path.as_deref() {
                    Some("proxy") => "proxy",
                    Some("ca_bundle") => "trust",
                    _ => "base URL",
                };
                diagnosis.fail(AREA, name, self.in_their_words(error), None);
                diagnosis.skip(AREA, &NAMES, "not checked: the configuration is not right");
                return Found { client: None, token, proxy: None };
            }
        };
        let own_url = base_url::resolve(None, &project_id, false).ok();
        diagnosis.add(region(&project_id, own_url.as_ref().and_then(|url| url.host_str()), client.base_url()));
        let from = given.map_or_else(|| "the project id".to_owned(), |(_, from)| from);
        let url = client.base_url().trim_end_matches('/').to_owned();
        diagnosis.add(Check::new(AREA, "base URL", State::Fine, url.clone()).from(from).data("url", url));
        let proxy = self.look_at_proxy(diagnosis, &client);
        let trusted = self.look_at_trust(diagnosis, &client);
        Found { client: trusted.then_some(client), token, proxy }
    }

    fn set(&self, name: &str) -> Option<String> {
        self.set_secretly(name).map(|value| value.as_str().to_owned())
    }

    /// The same of what may be, or hold, a secret: no copy is left behind.
    fn set_secretly(&self, name: &str) -> Option<Zeroizing<String>> {
        let value = Zeroizing::new((self.variable)(name)?);
        Some(Zeroizing::new(value.trim().to_owned())).filter(|value| !value.is_empty())
    }

    fn look_at_project_id(&self, diagnosis: &mut Diagnosis) -> Option<String> {
        let (given, from) = match self.project_id {
            Some(id) => (Some(id.to_owned()), self.names.project_id),
            None => (self.set(PROJECT_ID_VARIABLE), PROJECT_ID_VARIABLE),
        };
        let Some(id) = given else {
            diagnosis.fail(AREA, "project id", missing_project_id(), None);
            return None;
        };
        match check_project_id(&id, from) {
            Ok(()) => {
                diagnosis
                    .add(Check::new(AREA, "project id", State::Fine, &id).from(from).data("project_id", id.clone()));
                Some(id)
            }
            // What is no project id may be a key in the wrong place: the error does not show it.
            Err(error) => {
                diagnosis.fail(AREA, "project id", error, None);
                None
            }
        }
    }

    /// Of a credential only where it is from and what kind it is.
    fn look_at_credential(&self, diagnosis: &mut Diagnosis) -> Option<Secret> {
        let names = || TOKEN_VARIABLES.iter().copied().chain([MANAGEMENT_KEY_VARIABLE]);
        let found = names().find_map(|name| Some((name, self.set_secretly(name)?)));
        let Some((from, value)) = found else {
            diagnosis.fail(AREA, "credential", missing_key(), None);
            return None;
        };
        if let Err(error) = check_key(&value, from) {
            diagnosis.fail(AREA, "credential", error, None);
            return None;
        }
        let (shown, kind) = if value.starts_with('K') {
            ("a management key", "management_key")
        } else {
            ("a workload token", "workload_token")
        };
        diagnosis.add(Check::new(AREA, "credential", State::Fine, shown).from(from).data("kind", kind));
        for ignored in names().filter(|name| *name != from && self.set_secretly(name).is_some()) {
            let why = format!("set, and not used: {from} wins");
            diagnosis.add(Check::new(AREA, "ignored", State::Noted, why).from(ignored));
        }
        Some(Secret::new(value.as_str()))
    }

    /// The URL that is given and where, if one is; an error where that is a contradiction.
    fn look_at_base_url(&self, diagnosis: &mut Diagnosis) -> Result<Option<(String, String)>, Contradiction> {
        if let Some(url) = &self.options.base_url {
            return Ok(Some((url.clone(), self.names.base_url.to_owned())));
        }
        match one_base_url(|name| self.set(name)) {
            Ok(None) => Ok(None),
            Ok(Some(url)) => {
                let from: Vec<_> =
                    BASE_URL_VARIABLES.into_iter().filter(|name| self.set_secretly(name).is_some()).collect();
                Ok(Some((url, from.join(", "))))
            }
            Err(error) => {
                diagnosis.fail(AREA, "base URL", error, None);
                Err(Contradiction)
            }
        }
    }

    fn look_at_proxy(&self, diagnosis: &mut Diagnosis, client: &Client) -> Option<Uri> {
        let variables = proxy_variables(client.base_url().starts_with("https"));
        let set: Vec<&str> = variables.into_iter().filter(|name| self.set_secretly(name).is_some()).collect();
        let unused = |why: &str| Check::new(AREA, "proxy", State::Noted, why).from(set.join(", "));
        match client.shared.transport.network().proxy() {
            ProxyChoice::Url(url) => {
                let proxy = url.expose().parse::<Uri>().ok()?;
                diagnosis.add(shown_proxy(&proxy).from(self.names.proxy));
                Some(proxy)
            }
            ProxyChoice::None if set.is_empty() => {
                diagnosis.add(Check::new(AREA, "proxy", State::Fine, "none"));
                None
            }
            ProxyChoice::None => {
                diagnosis.add(unused("not used: this machine is reached directly"));
                None
            }
            ProxyChoice::Environment => {
                let target: Uri = client.base_url().parse().ok()?;
                // The same code that decides for each request.
                let Some(chosen) = Matcher::from_system().intercept(&target) else {
                    let without = ["NO_PROXY", "no_proxy"].into_iter().find(|name| self.set_secretly(name).is_some());
                    diagnosis.add(match (set.is_empty(), without) {
                        (true, _) => Check::new(AREA, "proxy", State::Fine, "none"),
                        (false, Some(without)) => unused(&format!("not used: {without} names the host")),
                        (false, None) => unused("not used: it cannot be understood as a proxy's URL"),
                    });
                    return None;
                };
                let from = set.iter().find(|name| {
                    let value = self.set_secretly(name).unwrap_or_default();
                    Matcher::builder().all(value.as_str()).build().intercept(&target).is_some()
                });
                let from = from.copied().unwrap_or("the system's settings");
                let mut check = shown_proxy(chosen.uri()).from(from);
                if chosen.basic_auth().is_some() || chosen.raw_auth().is_some() {
                    check.value.push_str(", with a password");
                }
                diagnosis.add(check);
                Some(chosen.uri().clone())
            }
        }
    }

    /// Whether the stores could be read.
    fn look_at_trust(&self, diagnosis: &mut Diagnosis, client: &Client) -> bool {
        let network = client.shared.transport.network();
        if !network.secure {
            diagnosis.skip(AREA, &["trust"], "not needed: plain HTTP to this machine");
            return true;
        }
        let stores = match network.trust() {
            Ok(stores) => stores,
            Err(error) => {
                diagnosis.fail(AREA, "trust", self.in_their_words(error), None);
                return false;
            }
        };
        for store in stores {
            let count = format!("{} certificates", store.certificates);
            let (value, from) = match (&store.path, store.name) {
                (Some(path), "ca_bundle") => (format!("{}: {count}", path.display()), self.names.ca_bundle),
                (Some(path), name) => (format!("{}: {count}", path.display()), name),
                (None, name) => (format!("{name}: {count}"), ""),
            };
            let state = if store.certificates == 0 { State::Noted } else { State::Fine };
            let mut check = Check::new(AREA, "trust", state, value).data("certificates", store.certificates);
            check.from = Some(from.to_owned()).filter(|from| !from.is_empty());
            if let Some(path) = &store.path {
                check = check.data("path", path.display().to_string());
            }
            diagnosis.add(check);
        }
        true
    }

    fn in_their_words(&self, error: Error) -> Error {
        let names = self.names;
        let pairs = [("`base_url`", names.base_url), ("`proxy`", names.proxy), ("`ca_bundle`", names.ca_bundle)];
        error.with(|details| {
            for (option, name) in pairs {
                details.message = details.message.replace(option, name);
            }
            details.message = details.message.replace("ca_bundle:", &format!("{}:", names.ca_bundle));
        })
    }
}

/// Without user and password, which a proxy's URL may hold.
fn shown_proxy(proxy: &Uri) -> Check {
    let scheme = proxy.scheme_str().unwrap_or("http");
    let host = proxy.host().unwrap_or_default();
    let shown = match proxy.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    Check::new(AREA, "proxy", State::Fine, shown.clone()).data("url", shown)
}

/// In the order in which they are asked.
fn proxy_variables(secure: bool) -> [&'static str; 4] {
    if secure {
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    }
}

fn region(project_id: &str, own_host: Option<&str>, base_url: &str) -> Check {
    let region = base_url::region(project_id);
    let value = region.map_or_else(|| "none in the project id".to_owned(), str::to_ascii_lowercase);
    let mut check = Check::new(AREA, "region", State::Fine, value);
    if let Some(region) = region {
        check = check.from("the project id").data("region", region.to_ascii_lowercase());
    }
    let target = base_url.parse::<Uri>().ok();
    let target = target.as_ref().and_then(Uri::host);
    let vendors = target.is_some_and(|host| host == "descope.com" || host.ends_with(".descope.com"));
    if let (Some(own), Some(target)) = (own_host, target)
        && vendors
        && own != target
    {
        check.state = State::Noted;
        check.value = format!("{}: the id belongs to {own}, the base URL leads to {target}", check.value);
        check = check.hint("unset the base URL, unless the vendor told you to use it");
    }
    check
}
