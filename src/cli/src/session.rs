//! What a command works with: the client, calls that a signal can end, and the target that everyone is told.

use std::cell::RefCell;
use std::time::Duration;

use descope_projects_core::client::{
    Client, ClientOptions, Identity, OptionValue, PROJECT_ID_VARIABLE, check_project_id, decode_options,
};
use descope_projects_core::transport::{Level, Watch};
use descope_projects_core::wire::nearest;
use descope_projects_core::{Error, ErrorKind, Result, Written};

use crate::arguments::Connection;
use crate::outcome::Failure;
use crate::printer::Printer;
use crate::signals::Signals;
use crate::target::Target;
use crate::variables::Variables;

/// How often records are collected while a call runs.
const GLANCE: Duration = Duration::from_millis(50);

/// One run of the program.
pub(crate) struct Session<'run> {
    pub(crate) printer: &'run Printer,
    pub(crate) signals: Signals,
    variables: Variables,
    target: RefCell<Option<Target>>,
}

impl<'run> Session<'run> {
    pub(crate) fn new(printer: &'run Printer, signals: Signals, variables: Variables) -> Self {
        Self { printer, signals, variables, target: RefCell::new(None) }
    }

    /// The project that the command acts on, once that is known.
    pub(crate) fn target(&self) -> Option<Target> {
        self.target.borrow().clone()
    }

    /// A client that acts as this project. The key comes from the environment and from nowhere else.
    pub(crate) fn client(&self, project_id: Option<&str>, connection: &Connection) -> Result<Client> {
        let identity = identity(project_id)?;
        let mut options = client_options(connection)?;
        options.base_url = options.base_url.or(identity.base_url);
        let client = Client::new(&identity.project_id, identity.management_key, &options)
            .map_err(|error| in_our_words(error, connection.base_url.is_some()))?;
        if project_id.is_some() {
            self.target.replace(Some(Target::unconfirmed(&client, &identity.project_id)));
        }
        Ok(client)
    }

    /// Runs one operation of the core; a signal ends it, and what it has to say meanwhile is said.
    pub(crate) async fn call<T>(
        &self,
        client: &Client,
        doing: &str,
        operation: impl AsyncFnOnce(Client) -> Result<T>,
    ) -> Result<T, Failure> {
        // What was interrupted between two calls does not begin the next one.
        if let Some(signal) = self.signals.already() {
            return Err(Failure::Interrupted(signal));
        }
        let watch = Watch::new();
        let watched = client.watched(&watch);
        let progress = self.printer.progress(doing);
        let mut running = std::pin::pin!(operation(watched));
        let ended = loop {
            tokio::select! {
                // In this order: an operation that has ended is not taken for one that was interrupted.
                biased;
                ended = &mut running => break ended,
                signal = self.signals.caught() => {
                    self.tell(&watch);
                    // Asked before the call is dropped: from its first byte on the end of it is unknown.
                    return Err(match watch.interrupted() {
                        Some(unknown) => Failure::Error(unknown),
                        None => Failure::Interrupted(signal),
                    });
                }
                () = tokio::time::sleep(GLANCE) => {
                    self.tell(&watch);
                    progress.moved(watch.traffic());
                }
            }
        };
        self.tell(&watch);
        ended.map_err(Failure::Error)
    }

    /// [`Self::call`] for a call that sets a value: interrupted, it may have set it, and setting it again is harmless.
    pub(crate) async fn write_value(
        &self,
        client: &Client,
        doing: &str,
        operation: impl AsyncFnOnce(Client) -> Result<()>,
    ) -> Result<(), Failure> {
        self.call(client, doing, operation).await.map_err(|failure| match failure {
            Failure::Interrupted(signal) => {
                let message = format!(
                    "{doing} was interrupted by {}: whether it was done is unknown; doing it again is harmless",
                    signal.name()
                );
                Failure::Error(Error::new(ErrorKind::UnknownOutcome, message).with(|details| {
                    let id = client.own_project().id().to_owned();
                    details.next = vec![format!("descope-projects projects show {id}")];
                    details.project_id = Some(id);
                    details.written = Written::Unknown;
                }))
            }
            failure @ Failure::Error(_) => failure,
        })
    }

    /// Waits for something that is no single call; a signal ends it. For what changes nothing.
    pub(crate) async fn wait_for<T>(&self, doing: &str, work: impl Future<Output = T>) -> Result<T, Failure> {
        let _progress = self.printer.progress(doing);
        tokio::select! {
            biased;
            done = work => Ok(done),
            signal = self.signals.caught() => Err(Failure::Interrupted(signal)),
        }
    }

    fn tell(&self, watch: &Watch) {
        for record in watch.take_records() {
            if !self.variables.log.shows(record.level) {
                continue;
            }
            match record.level {
                Level::Warning => self.printer.warn(record.message),
                Level::Info | Level::Debug => self.printer.note(record.message),
            }
        }
    }

    /// Runs work that blocks, such as reading and writing files; a signal ends the waiting for it.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        doing: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let _progress = self.printer.progress(doing);
        tokio::select! {
            done = tokio::task::spawn_blocking(work) => {
                done.map_err(|_| Failure::system(doing, &std::io::Error::other("the work panicked")))
            }
            signal = self.signals.caught() => Err(Failure::Interrupted(signal)),
        }
    }

    /// Looks the project up where the key may list, and remembers it as the target.
    ///
    /// # Errors
    /// `ProjectNotFound` if the list does not show it: whatever was meant, it is not this.
    pub(crate) async fn look_up(&self, client: &Client) -> Result<Target, Failure> {
        let mut target = Target::unconfirmed(client, client.own_project().id());
        let listed = self.call(client, "looking the project up", async |client| client.list_projects().await).await;
        match listed {
            Ok(projects) => {
                let found = projects.iter().find(|project| project.id == target.project_id);
                let found = found.ok_or_else(|| {
                    not_listed(&target.project_id, projects.iter().map(|project| project.id.as_str()))
                })?;
                target.listed = Some(found.clone());
            }
            Err(Failure::Error(error)) if error.kind() == ErrorKind::PermissionDenied => {}
            Err(failure) => return Err(failure),
        }
        self.target.replace(Some(target.clone()));
        Ok(target)
    }

    /// [`Self::look_up`] before a write: everyone is told what is going to be written to.
    pub(crate) async fn look_up_and_announce(&self, client: &Client) -> Result<Target, Failure> {
        let target = self.look_up(client).await?;
        self.printer.announce(format!("Target: {}", target.line()));
        Ok(target)
    }
}

fn not_listed<'list>(project_id: &str, ids: impl ExactSizeIterator<Item = &'list str>) -> Error {
    let count = ids.len();
    let hint = nearest(project_id, ids).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    let message = format!("{project_id} is not among the {count} projects that this key can list{hint}");
    Error::new(ErrorKind::ProjectNotFound, message).with(|details| {
        details.project_id = Some(project_id.to_owned());
        details.next = vec!["descope-projects projects list".to_owned()];
    })
}

/// The core speaks of options; here a URL is a flag or a variable.
fn in_our_words(error: Error, is_flag: bool) -> Error {
    if error.details().path.as_deref() != Some("base_url") {
        return error;
    }
    let from = if is_flag { "--base-url" } else { "DESCOPE_BASE_URL (or DESCOPE_BASE_URI)" };
    error.with(|details| details.message = in_words_of_flags(&details.message.replace("`base_url`", from)))
}

/// The same where the option has its name already.
pub(crate) fn in_words_of_flags(message: &str) -> String {
    message.replace("set allow_insecure_http", "give --allow-insecure-http")
}

fn flag_of(option: &str) -> String {
    format!("--{}", option.replace('_', "-"))
}

/// The identity that the environment gives, for this project if one is named.
pub(crate) fn identity(project_id: Option<&str>) -> Result<Identity> {
    if let Some(project_id) = project_id {
        // Before the environment is asked, whose messages would name a variable for what is an argument.
        check_project_id(project_id, "PROJECT")?;
    }
    Identity::from_variables(|name| match project_id {
        Some(project_id) if name == PROJECT_ID_VARIABLE => Some(project_id.to_owned()),
        // What is not text is no id, key or URL: it is refused, not taken for unset.
        _ => std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
    })
}

/// The client's options, checked by the same code that checks them for everyone.
pub(crate) fn client_options(connection: &Connection) -> Result<ClientOptions> {
    let mut options = Vec::new();
    let mut add = |name: &str, value: Option<OptionValue>| {
        if let Some(value) = value {
            options.push((name.to_owned(), value));
        }
    };
    add("base_url", connection.base_url.clone().map(OptionValue::Text));
    add("timeout", connection.timeout.map(OptionValue::Float));
    add("connect_timeout", connection.connect_timeout.map(OptionValue::Float));
    add("requests_per_second", connection.requests_per_second.map(OptionValue::Float));
    let bundle = connection.ca_bundle.as_ref().map(|path| OptionValue::Text(path.to_string_lossy().into_owned()));
    add("ca_bundle", bundle);
    if let Some(retries) = connection.retries {
        let attempts = OptionValue::Integer(i64::from(retries) + 1);
        add("retry", Some(OptionValue::Map(vec![("max_attempts".to_owned(), attempts)])));
    }
    if connection.allow_insecure_http {
        add("allow_insecure_http", Some(OptionValue::Bool(true)));
    }
    decode_options("options", OptionValue::Map(options)).map_err(|error| {
        error.with(|details| {
            let path = details.path.clone().unwrap_or_default();
            let flag = if path.starts_with("retry") { "--retries".to_owned() } else { flag_of(&path) };
            details.message = details.message.replace(&format!("options: `{path}`"), &flag);
        })
    })
}
