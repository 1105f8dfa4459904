//! Clients, project handles and their options.
//!
//! A [`Client`] is cheap to clone; clones and handles share one pool, one request budget, one tier and one writer per
//! project. The verbs that act on a project are on [`Project`] only.

mod base_url;
pub mod diagnosis;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod headers;
mod identity;
mod import;
mod options;
mod project;
mod raw;
mod results;
mod settle;
mod started_clone;
mod writers;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderMap;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::secrets::{Redactor, Secret};
use crate::transport::{
    Answer, BackoffConfig, Bearer, Connections, Credential, Network, Pool, ProxyChoice, Request, Transport,
    TransportConfig, Watch,
};
use crate::wire::{Call, Limit, Project as ProjectInfo, ProjectList, Repeat, call};

pub use identity::{
    BASE_URL_VARIABLES, Identity, MANAGEMENT_KEY_VARIABLE, PROJECT_ID_VARIABLE, TOKEN_VARIABLES, check_key,
    check_project_id,
};
pub use options::{
    ClientOptions, CloneOptions, Count, DeleteOptions, Environment, ExportFormat, ExportOptions, ImportOptions,
    OptionValue, Pause, Rate, RetryOptions, Seconds, SecretOption, SecretsOption, decode_options,
};
pub use project::Project;
pub use raw::RawRequest;
pub use results::{CloneResult, CloneStatus, MissingSecret, SecretGroup, Validation};
pub use started_clone::StartedClone;

/// The version of this package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const SHORTEST_KEY: usize = 6;
const ORDINARY_LIMIT: Duration = Duration::from_secs(60);
const LONG_LIMIT: Duration = Duration::from_secs(300);

/// Makes management calls as one project and key, or as others over the same connections.
///
/// ```
/// use descope_projects_core::client::{Client, ClientOptions};
/// use descope_projects_core::secrets::Secret;
///
/// let client = Client::new("P2abc", Secret::new("K2abc"), &ClientOptions::default())?;
/// assert_eq!(client.own_project().id(), "P2abc");
/// # Ok::<(), descope_projects_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    credential: Credential,
    redactor: Arc<Redactor>,
    connections: Arc<OnceLock<Connections>>,
    watch: Option<Arc<Watch>>,
}

struct Shared {
    transport: Transport,
    headers: HeaderMap,
    ordinary: Duration,
    long: Duration,
    read_only: bool,
    /// Values of the user's own headers that may be credentials.
    own_headers: Vec<Secret>,
    writers: writers::Writers,
}

impl Client {
    /// A client for this project and key; opens no connection.
    ///
    /// # Errors
    /// `ConfigurationError` for an id, key or option that cannot be right.
    pub fn new(project_id: &str, management_key: Secret, options: &ClientOptions) -> Result<Self> {
        check_project_id(project_id, "project_id")?;
        check_key(management_key.expose(), "management_key")?;
        let allow_insecure = options.allow_insecure_http.unwrap_or(false);
        let base = base_url::resolve(options.base_url.as_deref(), project_id, allow_insecure)?;
        refuse_key_elsewhere(&management_key, options)?;
        let headers = headers::base(options)?;
        let retry = options.retry.unwrap_or_default();
        let proxy = ProxyChoice::new(options.proxy.as_ref(), &base, base_url::is_loopback(&base))?;
        let secure = base.scheme() == "https" || !matches!(proxy, ProxyChoice::None);
        let connect_timeout = options.connect_timeout.map_or(Duration::from_secs(10), Seconds::duration);
        if let Some(bundle) = &options.ca_bundle
            && !bundle.is_file()
        {
            return Err(Error::configuration(format!("`ca_bundle`: there is no file {}", bundle.display()))
                .with(|details| details.path = Some("ca_bundle".to_owned())));
        }
        let network = Network::new(secure, proxy, options.ca_bundle.clone(), connect_timeout);
        let config = TransportConfig {
            max_attempts: u32::try_from(retry.max_attempts.map_or(4, Count::get)).unwrap_or(u32::MAX),
            backoff: BackoffConfig {
                initial: retry.initial_backoff.map_or(Duration::from_millis(500), Pause::duration),
                longest: retry.max_backoff.map_or(Duration::from_secs(30), Pause::duration),
            },
            max_wait: retry.max_wait.map_or(Duration::from_secs(120), Pause::duration),
            max_response_bytes: options.max_response_bytes.map_or(512 * 1024 * 1024, Count::get),
            license_handshake: options.license_handshake.unwrap_or(true),
            budget_interval: options.requests_per_second.map(Rate::interval),
        };
        let credential = Credential::new(project_id, management_key, &headers)?;
        let shared = Shared {
            transport: Transport::new(base, config, network),
            headers,
            ordinary: options.timeout.map_or(ORDINARY_LIMIT, Seconds::duration),
            long: options.timeout.map_or(LONG_LIMIT, Seconds::duration),
            read_only: options.read_only.unwrap_or(false),
            own_headers: headers::secrets(options),
            writers: writers::Writers::default(),
        };
        let shared = Arc::new(shared);
        let redactor = Arc::new(shared.redactor(&credential, []));
        Ok(Self { shared, credential, redactor, connections: Arc::default(), watch: None })
    }

    /// A client for what the environment names ([`Identity::from_env`]); a `base_url` among the options wins.
    pub fn from_env(options: &ClientOptions) -> Result<Self> {
        let identity = Identity::from_env()?;
        let mut options = options.clone();
        options.base_url = options.base_url.or(identity.base_url);
        Self::new(&identity.project_id, identity.management_key, &options)
    }

    /// The URL that calls go to.
    pub fn base_url(&self) -> &str {
        self.shared.transport.base().as_str()
    }

    /// Whether calls that write are refused.
    pub fn read_only(&self) -> bool {
        self.shared.read_only
    }

    /// Connections for one more runtime. A connection belongs to the runtime that opened it, so whoever runs calls on
    /// several runtimes keeps one of these for each and passes it to [`Client::over`].
    pub fn connect(&self) -> Result<Connections> {
        self.shared.transport.connect()
    }

    /// The same client over these connections.
    #[must_use]
    pub fn over(&self, connections: &Connections) -> Self {
        let cell = OnceLock::new();
        let _ = cell.set(connections.clone());
        Self { connections: Arc::new(cell), ..self.clone() }
    }

    /// The same client, with its next call watched.
    #[must_use]
    pub fn watched(&self, watch: &Arc<Watch>) -> Self {
        Self { watch: Some(Arc::clone(watch)), ..self.clone() }
    }

    /// The same client with another key: for tokens that expire.
    pub fn with_management_key(&self, management_key: Secret) -> Result<Self> {
        if management_key.expose() == self.credential.key().expose() {
            return Ok(self.clone());
        }
        self.acting_as(self.credential.project_id(), management_key)
    }

    /// A handle on a project, over the same connections; no I/O.
    ///
    /// # Errors
    /// `ConfigurationError` if the id is empty or cannot be one.
    pub fn project(&self, project_id: &str, management_key: Option<Secret>) -> Result<Project> {
        check_project_id(project_id, "project_id")?;
        let key = match management_key {
            Some(key) => {
                check_key(key.expose(), "management_key")?;
                key
            }
            None => self.credential.key().clone(),
        };
        Ok(Project::new(self.acting_as(project_id, key)?))
    }

    /// The project that the client itself was made for.
    pub fn own_project(&self) -> Project {
        Project::new(self.clone())
    }

    /// All projects of the company, in the server's order. Needs a company-wide key.
    ///
    /// # Errors
    /// `PermissionDenied` if the key is bound to some projects.
    pub async fn list_projects(&self) -> Result<Vec<ProjectInfo>> {
        let listed = self.list(Bearer::Project, Pool::Any).await;
        if let Err(error) = &listed
            && error.kind() == ErrorKind::PermissionDenied
        {
            self.credential.learn_may_list(false);
        }
        listed
    }

    async fn list(&self, bearer: Bearer, pool: Pool) -> Result<Vec<ProjectInfo>> {
        let mut request = self.request_for(&call::LIST_PROJECTS, vec![Bytes::from_static(b"{}")], None);
        request.bearer = bearer;
        request.pool = pool;
        // As the company only to settle another call, whose interruption is the one that counts.
        request.tracked = bearer == Bearer::Project;
        let list: ProjectList = self.ask(&request).await?;
        self.credential.learn_may_list(true);
        Ok(list.projects)
    }

    /// An error that was not the server's, without what this client knows: a key may be in the place of a path.
    #[must_use]
    pub fn without_secrets(&self, error: Error) -> Error {
        let clean = |text: &mut String| *text = self.redactor.clean(text);
        error.with(|details| {
            clean(&mut details.message);
            details.path.as_mut().map(clean);
            details.next.iter_mut().for_each(clean);
        })
    }

    fn acting_as(&self, project_id: &str, management_key: Secret) -> Result<Self> {
        check_key(management_key.expose(), "management_key")?;
        let credential = Credential::new(project_id, management_key, &self.shared.headers)?;
        let redactor = Arc::new(self.shared.redactor(&credential, []));
        Ok(Self { credential, redactor, ..self.clone() })
    }

    /// Refuses a write before any I/O where the client may only read.
    fn check_may_write(&self, operation: &str, repeat: Repeat) -> Result<()> {
        if !(self.shared.read_only && repeat.writes()) {
            return Ok(());
        }
        let project_id = self.credential.project_id();
        let message = format!(
            "{operation} of {project_id} was refused: this client is read-only (read_only=True). Nothing was sent"
        );
        Err(Error::new(ErrorKind::Protected, message).with(|details| {
            details.operation = Some(operation.to_owned());
            details.project_id = Some(project_id.to_owned());
        }))
    }

    fn request_for<'call>(
        &'call self,
        call: &'call Call,
        body: Vec<Bytes>,
        timeout: Option<Seconds>,
    ) -> Request<'call> {
        let limit = match call.limit {
            Limit::Ordinary => self.shared.ordinary,
            Limit::Long => self.shared.long,
        };
        Request {
            operation: call.name,
            method: call.method,
            path: call.path,
            repeat: call.repeat,
            pool: if call.repeat == Repeat::Once { Pool::Fresh } else { Pool::Any },
            bearer: Bearer::Project,
            body,
            limit: timeout.map_or(limit, Seconds::duration),
            credential: &self.credential,
            project_id: self.credential.project_id(),
            may_be_partial: false,
            next: next_commands(call, self.credential.project_id()),
            redactor: &self.redactor,
            watch: self.watch.as_deref(),
            tracked: true,
        }
    }

    async fn send(&self, request: &Request<'_>) -> Result<Answer> {
        self.shared.transport.call(self.connections()?, request).await
    }

    /// Sends, and decodes the answer.
    async fn ask<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<T> {
        let answer = self.send(request).await?;
        decode(request, &answer)
    }

    /// Sends a call whose answer is `{}` or nothing.
    async fn tell(&self, request: &Request<'_>) -> Result<()> {
        let answer = self.send(request).await?;
        if answer.body.is_empty() {
            return Ok(());
        }
        let _: serde_json::Map<String, serde_json::Value> = decode(request, &answer)?;
        Ok(())
    }

    fn connections(&self) -> Result<&Connections> {
        if let Some(connections) = self.connections.get() {
            return Ok(connections);
        }
        let made = self.connect()?;
        Ok(self.connections.get_or_init(|| made))
    }
}

impl Shared {
    /// Knows what goes out with every call, and more. Made for each import, and nearly never asked for anything.
    fn redactor(self: &Arc<Self>, credential: &Credential, more: impl IntoIterator<Item = Secret>) -> Redactor {
        let (shared, key) = (Arc::clone(self), credential.key().clone());
        Redactor::new(more.into_iter().chain([credential.key().clone()])).and_from(move || {
            let mut secrets = shared.transport.secrets_of_proxy();
            secrets.extend(shared.own_headers.iter().cloned());
            // What signs a token is as good as the token.
            secrets.extend(key.expose().rsplit_once('.').map(|(_, signature)| Secret::new(signature)));
            secrets
        })
    }
}

/// A key that is also part of what is shown would be shown.
fn refuse_key_elsewhere(key: &Secret, options: &ClientOptions) -> Result<()> {
    let bundle = options.ca_bundle.as_ref().map(|path| path.to_string_lossy());
    let shown = [
        ("base_url", options.base_url.as_deref()),
        ("user_agent", options.user_agent.as_deref()),
        ("ca_bundle", bundle.as_deref()),
    ];
    shown
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
        .try_for_each(|(name, text)| refuse_key(key, name, text))
}

/// A text that others will read must not hold the key. A very short key proves nothing.
fn refuse_key(key: &Secret, name: &str, text: &str) -> Result<()> {
    // A host is shown in lower case.
    let (text, key) = (text.as_bytes(), key.expose().as_bytes());
    if key.len() < SHORTEST_KEY || !text.windows(key.len()).any(|window| window.eq_ignore_ascii_case(key)) {
        return Ok(());
    }
    Err(Error::configuration(format!("`{name}` has the management key in it, where others would read it"))
        .with(|details| details.path = Some(name.to_owned())))
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Client(project_id={:?}, base_url={:?})", self.credential.project_id(), self.base_url())
    }
}

/// The commands that show what became of a call whose outcome is unknown.
fn next_commands(call: &Call, project_id: &str) -> Vec<String> {
    if !call.repeat.writes() {
        return Vec::new();
    }
    let command = match call.path {
        path if path == call::UPDATE_NAME.path || path == call::UPDATE_TAGS.path => {
            format!("descope-projects projects show {project_id}")
        }
        path if path == call::CLONE.path || path == call::START_CLONE.path || path == call::DELETE.path => {
            "descope-projects projects list".to_owned()
        }
        path if path == call::IMPORT_PROJECT.path || path == call::IMPORT_SNAPSHOT.path => {
            format!("descope-projects snapshot export {project_id} DIRECTORY")
        }
        // What is in no table: nothing is known to show it.
        _ => return Vec::new(),
    };
    vec![command]
}

/// The answer as the type that the call answers: an object, for serde would take a list's items for its fields.
fn decode<T: DeserializeOwned>(request: &Request<'_>, answer: &Answer) -> Result<T> {
    let decoded = decode_any(request, answer)?;
    if answer.body.trim_ascii_start().starts_with(b"{") {
        Ok(decoded)
    } else {
        Err(request.unusable(answer, "is not what the call answers"))
    }
}

/// The same where any JSON is an answer.
fn decode_any<T: DeserializeOwned>(request: &Request<'_>, answer: &Answer) -> Result<T> {
    // To keep the place of every value costs three times as much as to read them: it is done where it is needed.
    if let Ok(decoded) = serde_json::from_slice(&answer.body) {
        return Ok(decoded);
    }
    let mut json = serde_json::Deserializer::from_slice(&answer.body);
    let decoded = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." || path == "?" { String::new() } else { format!(" at `{path}`") };
        // Not the parser's own text: it may repeat a value of the answer.
        let why = match error.inner().classify() {
            serde_json::error::Category::Eof if answer.body.is_empty() => "has no body".to_owned(),
            serde_json::error::Category::Eof => "ends before its JSON does".to_owned(),
            serde_json::error::Category::Syntax => "is not JSON".to_owned(),
            _ => format!("is not what the call answers{place}"),
        };
        request.unusable(answer, &why)
    })?;
    json.end().map_err(|_| request.unusable(answer, "goes on behind its JSON"))?;
    Ok(decoded)
}

fn json_body<T: serde::Serialize>(body: &T) -> Result<Bytes> {
    serde_json::to_vec(body)
        .map(Bytes::from)
        .map_err(|_| Error::configuration("the request cannot be written as JSON; nothing was sent"))
}

/// The names of a project: for `confirm`.
fn projects_named<'list>(projects: &'list [ProjectInfo], name: &str) -> Vec<&'list ProjectInfo> {
    projects.iter().filter(|project| project.name.as_deref() == Some(name)).collect()
}

#[expect(dead_code, reason = "a compile-time proof, never called")]
fn clients_cross_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Client>();
    shared::<Project>();
}
