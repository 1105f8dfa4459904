//! A running server: its own thread, its own runtime, its own socket.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;

use crate::control::Control;
use crate::http::{App, serve};
use crate::options::EmulatorOptions;
use crate::seed::Seed;

/// How long a stopping server waits for work that cannot be interrupted.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running emulator. Dropping it stops it.
pub struct Emulator {
    ready: Ready,
    address: SocketAddr,
    control: Control,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    /// Threads do not survive a fork: a child must neither stop nor await its parent's server.
    process: u32,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// The address is one that other machines can reach.
    #[error("{host} can be reached from other machines, and an emulator has no real credentials: allow it explicitly")]
    Remote {
        /// The address.
        host: IpAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The system has no thread or no runtime to give.
    #[error("cannot start the server: {0}")]
    Start(#[source] std::io::Error),
    /// The seed is not one that a server can start with.
    #[error("the seed cannot be used: {0}")]
    Seed(String),
}

/// What a client needs to know: the first line of `--json`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// The base URL.
    pub url: String,
    /// A project to start from.
    pub project_id: String,
    /// A key of that project's company: company-wide where the seed has one.
    pub management_key: String,
    /// The projects of that company.
    pub projects: Vec<ReadyProject>,
}

/// One project of the ready line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadyProject {
    /// `P…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// `production`, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Free text.
    pub tags: Vec<String>,
}

impl Emulator {
    /// Starts a server and returns once it accepts connections. May be called from any thread, in a runtime or not.
    pub fn start(options: EmulatorOptions) -> Result<Self, EmulatorError> {
        if !options.host.to_canonical().is_loopback() && !options.allow_remote {
            return Err(EmulatorError::Remote { host: options.host });
        }
        let address = SocketAddr::new(options.host, options.port);
        let listen = |source| EmulatorError::Listen { address, source };
        // The socket listens from here on: a client that connects before the thread runs waits in the queue.
        let listener = TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let ready = ready(&options.seed, address)?;
        let app = Arc::new(App::new(options, ready.clone()).map_err(EmulatorError::Seed)?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("descope-emulator")
            .enable_all()
            .build()
            .map_err(EmulatorError::Start)?;
        let (stop, stopped) = oneshot::channel();
        let control = Control::new(Arc::clone(&app));
        let thread = std::thread::Builder::new()
            .name("descope-emulator".to_owned())
            .spawn(move || {
                if let Err(error) = runtime.block_on(serve(listener, app, stopped)) {
                    tracing::error!(%error, "the emulator stopped");
                }
                runtime.shutdown_timeout(PATIENCE);
            })
            .map_err(EmulatorError::Start)?;
        Ok(Self { ready, address, control, running: Some(Running { stop, thread, process: std::process::id() }) })
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.ready.url
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client needs to know, as it was when the server started.
    pub fn ready(&self) -> Ready {
        self.ready.clone()
    }

    /// Faults, records and edits.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Stops the server and waits until its thread is gone.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(running) = self.running.take() else { return };
        if running.process != std::process::id() {
            std::mem::forget(running);
            return;
        }
        self.control.release_all();
        // Both fail only if the thread is gone already, which is what is wanted.
        let _ = running.stop.send(());
        let _ = running.thread.join();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.end();
    }
}

fn ready(seed: &Seed, address: SocketAddr) -> Result<Ready, EmulatorError> {
    let usable = || seed.companies.iter().filter(|company| !company.projects.is_empty() && !company.keys.is_empty());
    let wide = usable().find_map(|company| {
        let key = company.keys.iter().find(|key| key.projects.is_none() && !key.read_only)?;
        Some((company, key))
    });
    let any = || usable().find_map(|company| company.keys.first().map(|key| (company, key)));
    let (company, key) = wide
        .or_else(any)
        .ok_or_else(|| EmulatorError::Seed("it has no company with both a project and a key".to_owned()))?;
    let start = match &key.projects {
        Some(bound) => company.projects.iter().find(|project| bound.contains(&project.id)),
        None => company.projects.first(),
    };
    let start = start.ok_or_else(|| EmulatorError::Seed("its first key is bound to no project".to_owned()))?;
    Ok(Ready {
        url: format!("http://{address}"),
        project_id: start.id.clone(),
        management_key: key.key.clone(),
        projects: company
            .projects
            .iter()
            .map(|project| ReadyProject {
                id: project.id.clone(),
                name: project.name.clone(),
                environment: project.environment.clone().filter(|environment| !environment.is_empty()),
                tags: project.tags.clone(),
            })
            .collect(),
    })
}
