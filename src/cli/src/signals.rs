//! One listener for SIGINT and SIGTERM, for calls and prompts alike.

use std::io;

use tokio::sync::watch;

use crate::exit_status::ExitStatus;

/// What asked the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// A polite kill.
    Terminate,
}

impl Signal {
    /// The status of a program that it ended.
    pub(crate) const fn status(self) -> ExitStatus {
        match self {
            Self::Interrupt => ExitStatus::Interrupted,
            Self::Terminate => ExitStatus::Terminated,
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }
}

/// Tells everyone who waits that a signal came.
pub(crate) struct Signals {
    caught: watch::Receiver<Option<Signal>>,
}

impl Signals {
    /// Starts to listen. Needs a runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        let (tell, caught) = watch::channel(None);
        let mut listener = Listener::new()?;
        tokio::spawn(async move {
            let signal = listener.next().await;
            tell.send_replace(Some(signal));
            // Kept, so that a receiver never mistakes the end of this task for a signal.
            tell.closed().await;
        });
        Ok(Self { caught })
    }

    /// The signal that has come already, if one has.
    pub(crate) fn already(&self) -> Option<Signal> {
        *self.caught.borrow()
    }

    /// Returns once a signal has come; at once if one has come already.
    pub(crate) async fn caught(&self) -> Signal {
        let mut caught = self.caught.clone();
        let signal = caught.wait_for(Option::is_some).await.ok().and_then(|signal| *signal);
        match signal {
            Some(signal) => signal,
            // The listener is gone with its runtime: no signal will come.
            None => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
struct Listener {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Listener {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Listener;

#[cfg(not(unix))]
impl Listener {
    #[expect(clippy::unnecessary_wraps, reason = "the other platforms' listener can fail")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
