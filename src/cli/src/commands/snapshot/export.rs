//! `snapshot export`

use std::path::PathBuf;

use descope_projects_core::Error;
use descope_projects_core::client::{ExportFormat, ExportOptions};
use descope_projects_core::snapshot::WriteOptions;
use serde_json::json;

use crate::arguments::{Export, Format};
use crate::outcome::{Failure, Outcome};
use crate::session::Session;

pub(crate) async fn run(session: &Session<'_>, arguments: &Export) -> Result<Outcome, Failure> {
    let client = session.client(Some(&arguments.project), &arguments.connection)?;
    let options = ExportOptions { format: arguments.format.map(|Format::Plain| ExportFormat::Plain), timeout: None };
    let snapshot = session
        .call(&client, "exporting", async |client| {
            let project = client.own_project();
            if arguments.project_export {
                project.export_project(&options).await
            } else {
                project.export_snapshot(&options).await
            }
        })
        .await?;
    let destination =
        arguments.destination.clone().unwrap_or_else(|| PathBuf::from(format!("project-{}", arguments.project)));
    let write =
        WriteOptions { force: arguments.force, allow_secrets: arguments.allow_secrets, durable: arguments.durable };
    let contains_secrets = snapshot.contains_secrets();
    let path = destination.clone();
    let (written, digest) = session
        .blocking("writing", move || {
            snapshot.write(&path, &write).and_then(|written| Ok((written, snapshot.digest()?)))
        })
        .await?
        .map_err(|error| refusal(error.into()))?;
    session.printer.note(format!(
        "Exported {} files ({} bytes) to {}.",
        written.files,
        written.bytes,
        destination.display()
    ));
    for removed in &written.removed {
        session.printer.note(format!("Removed {removed}: the project does not have it any more."));
    }
    let path = destination.to_string_lossy();
    let result = json!({
        "path": path,
        "files": written.files,
        "bytes": written.bytes,
        "removed": written.removed,
        "digest": digest,
        "contains_secrets": contains_secrets,
    });
    Ok(Outcome::read(result, format!("{path}\n")))
}

/// The hints of the snapshot room speak of options; here they are flags.
fn refusal(error: Error) -> Error {
    let flags = |text: &str| text.replace("allow_secrets", "--allow-secrets").replace("or force it", "or give --force");
    error.with(|details| details.message = flags(&details.message))
}
