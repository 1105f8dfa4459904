//! Which certificates are trusted: the system's, those the environment adds, and the client's own bundle.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, Result};

/// A TLS configuration and where its trust comes from.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) config: ClientConfig,
    /// Which stores were read and how many certificates each gave.
    pub(crate) stores: Vec<Store>,
}

/// A place that trusted certificates were read from.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// The variable or option that names it, or what it is.
    pub(crate) name: &'static str,
    /// Absent for the system's.
    pub(crate) path: Option<PathBuf>,
    /// How many it gave.
    pub(crate) certificates: usize,
}

impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(formatter, "{} {} ({})", self.name, path.display(), self.certificates),
            None => write!(formatter, "{} ({} certificates)", self.name, self.certificates),
        }
    }
}

/// Certificates that the environment names, as curl and requests understand these variables.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExtraCertificates {
    pub(crate) files: Vec<(&'static str, PathBuf)>,
    pub(crate) directories: Vec<(&'static str, PathBuf)>,
}

impl ExtraCertificates {
    pub(crate) fn from_env() -> Self {
        let set = |name: &'static str| std::env::var_os(name).filter(|value| !value.is_empty());
        let mut extra = Self::default();
        if let Some(file) = set("SSL_CERT_FILE") {
            extra.files.push(("SSL_CERT_FILE", file.into()));
        }
        if let Some(directories) = set("SSL_CERT_DIR") {
            extra.directories.extend(std::env::split_paths(&directories).map(|path| ("SSL_CERT_DIR", path)));
        }
        if let Some(bundle) = set("REQUESTS_CA_BUNDLE") {
            let path = PathBuf::from(bundle);
            if path.is_dir() {
                extra.directories.push(("REQUESTS_CA_BUNDLE", path));
            } else {
                extra.files.push(("REQUESTS_CA_BUNDLE", path));
            }
        }
        extra
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.directories.is_empty()
    }
}

/// Reads the stores. A file that the user named and that gives nothing is an error: silence would end in a puzzling
/// handshake failure later.
pub(crate) fn configure(bundle: Option<&Path>, extra: &ExtraCertificates) -> Result<Tls> {
    let mut roots = RootCertStore::empty();
    let mut stores = Vec::new();

    let (system, _) = roots.add_parsable_certificates(system_certificates(extra));
    stores.push(Store { name: "the system's store", path: None, certificates: system });
    for (variable, path) in &extra.files {
        let count = add_from(&mut roots, Some(path), None, variable)?;
        stores.push(Store { name: variable, path: Some(path.clone()), certificates: count });
    }
    for (variable, path) in &extra.directories {
        let count = add_from(&mut roots, None, Some(path), variable)?;
        stores.push(Store { name: variable, path: Some(path.clone()), certificates: count });
    }
    if let Some(path) = bundle {
        let count = add_from(&mut roots, Some(path), None, "ca_bundle")?;
        stores.push(Store { name: "ca_bundle", path: Some(path.to_owned()), certificates: count });
    }

    Ok(Tls { config: with_roots(roots)?, stores })
}

/// For a client that speaks plain HTTP to this machine: nothing is trusted and nothing is read.
pub(crate) fn configure_empty() -> Result<Tls> {
    Ok(Tls { config: with_roots(RootCertStore::empty())?, stores: Vec::new() })
}

fn with_roots(roots: RootCertStore) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::configuration(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // A prepared configuration is used as it is: without this, HTTP/2 is never offered.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn add_from(roots: &mut RootCertStore, file: Option<&Path>, directory: Option<&Path>, name: &str) -> Result<usize> {
    let found = rustls_native_certs::load_certs_from_paths(file, directory);
    let path = file.or(directory).unwrap_or(Path::new("")).display().to_string();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map_or_else(|| "no PEM certificate in it".to_owned(), ToString::to_string);
        return Err(Error::configuration(format!("{name}: no certificate could be read from {path}: {why}"))
            .with(|details| details.path = Some(name.to_owned())));
    }
    Ok(added)
}

/// The platform's own store. rustls-native-certs reads the variables *instead of* it when they are set; ours are beside it.
#[cfg(all(unix, not(target_os = "macos")))]
fn system_certificates(extra: &ExtraCertificates) -> Vec<rustls_pki_types::CertificateDer<'static>> {
    if extra.is_empty() {
        return rustls_native_certs::load_native_certs().certs;
    }
    openssl_probe::candidate_cert_dirs()
        .flat_map(|directory| rustls_native_certs::load_certs_from_paths(None, Some(directory)).certs)
        .collect()
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn system_certificates(_: &ExtraCertificates) -> Vec<rustls_pki_types::CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}
