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
use crate::persistence::{self, Held, Opened, Start, StateError};
use crate::state::{Company, State, build};

/// How long a stopping server waits for work that cannot be interrupted.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running emulator. Dropping it stops it.
pub struct Emulator {
    ready: Ready,
    address: SocketAddr,
    control: Control,
    restored: bool,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    app: Arc<App>,
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
    /// The state's directory cannot be used.
    #[error("the state cannot be used: {0}")]
    State(#[from] StateError),
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
    /// The name of that company.
    #[serde(skip)]
    pub company: String,
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
    pub fn start(mut options: EmulatorOptions) -> Result<Self, EmulatorError> {
        if !options.host.to_canonical().is_loopback() && !options.allow_remote {
            return Err(EmulatorError::Remote { host: options.host });
        }
        let address = SocketAddr::new(options.host, options.port);
        let listen = |source| EmulatorError::Listen { address, source };
        // The socket listens from here on: a client that connects before the thread runs waits in the queue.
        let listener = TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (start, held, restored) = hold(&mut options)?;
        let ready = ready(&held.read(), start, address);
        let app = Arc::new(App::new(options, ready.clone(), held));
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
            .spawn({
                let app = Arc::clone(&app);
                move || {
                    if let Err(error) = runtime.block_on(serve(listener, app, stopped)) {
                        tracing::error!(%error, "the emulator stopped");
                    }
                    runtime.shutdown_timeout(PATIENCE);
                }
            })
            .map_err(EmulatorError::Start)?;
        let running = Running { stop, thread, app, process: std::process::id() };
        Ok(Self { ready, address, control, restored, running: Some(running) })
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

    /// Whether it goes on from a state that was there before, and the seed was not used.
    pub fn restored(&self) -> bool {
        self.restored
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
        // Work that could not be interrupted may still run: it finds that nothing can be written any more.
        running.app.close();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.end();
    }
}

/// The state, from its directory or from the seed, which becomes what a reset goes back to.
fn hold(options: &mut EmulatorOptions) -> Result<(Start, Held, bool), EmulatorError> {
    let begin = |seed: &_| {
        let state = build(seed, 0).map_err(EmulatorError::Seed)?;
        let start = start(&state)?;
        Ok::<_, EmulatorError>((state, start))
    };
    let Some(path) = &options.state else {
        let (state, start) = begin(&options.seed)?;
        return Ok((start, Held::new(state, None), false));
    };
    let Opened { store, state, seed, start, restored } = persistence::open(path, &options.seed, begin)?;
    options.seed = seed;
    Ok((start, Held::new(state, Some(store)), restored))
}

/// What a client is told to begin with.
fn start(state: &State) -> Result<Start, EmulatorError> {
    let of = |index: usize| state.projects.iter().filter(move |project| project.company == index);
    let usable = || {
        let companies = state.companies.iter().enumerate();
        companies.filter(|(index, company)| of(*index).next().is_some() && !company.keys.is_empty())
    };
    let wide = usable().find_map(|(index, company)| {
        let key = company.keys.iter().find(|key| key.projects.is_none() && !key.read_only)?;
        Some((index, key))
    });
    let any = || usable().find_map(|(index, company)| company.keys.first().map(|key| (index, key)));
    let (index, key) = wide
        .or_else(any)
        .ok_or_else(|| EmulatorError::Seed("it has no company with both a project and a key".to_owned()))?;
    let project = of(index).find(|project| key.admits(&project.id));
    let project = project.ok_or_else(|| EmulatorError::Seed("its first key is bound to no project".to_owned()))?;
    Ok(Start { project_id: project.id.clone(), management_key: key.value.clone() })
}

/// The same later, when the project may be gone: then another one, or, without any, the one that there was.
fn ready(state: &State, start: Start, address: SocketAddr) -> Ready {
    let holds = |company: &Company| company.keys.iter().any(|key| key.value == start.management_key);
    let index = state.companies.iter().position(holds).unwrap_or_default();
    let company = &state.companies[index];
    let key = company.keys.iter().find(|key| key.value == start.management_key);
    let ours = || state.projects.iter().filter(|project| project.company == index);
    let admitted = || ours().filter(|project| key.is_some_and(|key| key.admits(&project.id)));
    let project = admitted().find(|project| project.id == start.project_id).or_else(|| admitted().next());
    Ready {
        url: format!("http://{address}"),
        project_id: project.map_or(start.project_id, |project| project.id.clone()),
        management_key: start.management_key,
        projects: ours()
            .map(|project| ReadyProject {
                id: project.id.clone(),
                name: project.name.clone(),
                environment: project.environment(),
                tags: project.tags.clone(),
            })
            .collect(),
        company: company.name.clone(),
    }
}
