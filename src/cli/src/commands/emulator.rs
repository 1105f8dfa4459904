//! `emulator`

use std::path::Path;

use descope_projects_core::{Error, ErrorKind, Result, Written};
use descope_projects_emulator::seed::{self, Seed};
use descope_projects_emulator::{Emulator, EmulatorError, EmulatorOptions};
use serde_json::Value;

use crate::arguments;
use crate::exit_status::ExitStatus;
use crate::outcome::{Failure, Outcome};
use crate::session::Session;

pub(crate) async fn run(session: &Session<'_>, arguments: &arguments::Emulator) -> Result<Outcome, Failure> {
    let options = EmulatorOptions {
        host: arguments.host,
        allow_remote: arguments.allow_remote,
        port: arguments.port,
        seed: match &arguments.seed {
            Some(path) => read_seed(path)?,
            None => seed::acme(),
        },
        state: arguments.state.clone(),
        ..EmulatorOptions::default()
    };
    let emulator = start(options)?;
    if let (Some(seed), true) = (&arguments.seed, emulator.restored()) {
        session.printer.note(format!(
            "--seed {} is not used: there is a state in {} already. It begins anew without its state.journal.",
            seed.display(),
            arguments.state.as_deref().unwrap_or(Path::new("")).display()
        ));
    }
    if session.printer.json() {
        let ready = serde_json::to_string(&emulator.ready())
            .map_err(|_| Error::new(ErrorKind::Transport, "the ready line cannot be written as JSON"))?;
        session.printer.data(&format!("{ready}\n"));
    } else {
        session.printer.data(&how_to_use(&emulator, arguments.state.as_deref()));
    }
    session.signals.caught().await;
    emulator.stop();
    // Its one line of JSON is the ready line: whoever started it as a child waits for nothing else.
    Ok(Outcome {
        status: ExitStatus::Done,
        written: Written::Nothing,
        result: Value::Null,
        text: String::new(),
        error: None,
        printed: true,
    })
}

/// Starts an emulator; what can be wrong is an argument, or the machine.
pub(crate) fn start(options: EmulatorOptions) -> Result<Emulator> {
    Emulator::start(options).map_err(|error| match error {
        EmulatorError::Remote { .. } => Error::configuration(format!("{error}: --allow-remote")),
        EmulatorError::Seed(_) => Error::configuration(error.to_string()),
        EmulatorError::State(error) => Error::configuration(format!("--state: {error}")),
        _ => Error::new(ErrorKind::Transport, error.to_string()),
    })
}

fn read_seed(path: &Path) -> Result<Seed> {
    let wrong = |why: String| {
        Error::configuration(format!("--seed {}: {why}", path.display()))
            .with(|details| details.path = Some(path.display().to_string()))
    };
    let text = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    serde_json::from_slice(&text).map_err(|error| wrong(format!("is not a seed: {error}")))
}

/// How the SDK, curl, a notebook and this program are pointed at a running emulator.
pub(crate) fn how_to_use(emulator: &Emulator, state: Option<&Path>) -> String {
    let ready = emulator.ready();
    let (url, project, key) = (&ready.url, &ready.project_id, &ready.management_key);
    let rows: Vec<[String; 3]> =
        ready.projects.iter().map(|listed| ["   ".to_owned(), listed.id.clone(), listed.name.clone()]).collect();
    let projects = crate::table::columns(&rows);
    let where_to = match state {
        None => "holds everything in memory, until Ctrl-C".to_owned(),
        Some(path) => format!("keeps everything in {}, also after Ctrl-C", path.display()),
    };
    format!(
        "The emulator runs at {url} and {where_to}.

  Its projects:
{projects}
  This program, and the official Python and Go SDKs, in another terminal:
    export DESCOPE_BASE_URL={url} DESCOPE_BASE_URI={url}
    export DESCOPE_PROJECT_ID={project}
    export DESCOPE_MANAGEMENT_KEY={key}
    descope-projects projects list

  A notebook:
    from descope_projects import Client
    client = Client(\"{project}\", \"{key}\", base_url=\"{url}\")
    client.list_projects()

  curl:
    curl -X POST {url}/v1/mgmt/projects/list -H 'Content-Type: application/json' \\
      -H 'Authorization: Bearer {project}:{key}' -d '{{}}'
"
    )
}
