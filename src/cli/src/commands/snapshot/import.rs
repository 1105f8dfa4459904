//! `snapshot import`

use serde_json::json;

use super::Prepared;
use crate::arguments::Import;
use crate::confirm::Guard;
use crate::outcome::{Failure, Outcome};
use crate::session::Session;

pub(crate) async fn run(session: &Session<'_>, arguments: &Import) -> Result<Outcome, Failure> {
    let client = session.client(Some(&arguments.project), &arguments.connection)?;
    let prepared = super::prepare(session, &arguments.source, &arguments.with).await?;
    let target = session.look_up_and_announce(&client).await?;
    let excluded = if arguments.with.exclude.is_empty() {
        "nothing of it is excluded".to_owned()
    } else {
        format!("excluded: {}", arguments.with.exclude.join(", "))
    };
    session.printer.note(format!(
        "{} ({} files) will override the project's configuration; {excluded}. What the snapshot lacks is deleted.",
        arguments.source.display(),
        prepared.files.len()
    ));
    let guard = Guard::new(session, &target, "import", &arguments.confirmation)?;
    if !arguments.skip_validation {
        let validation = super::validate(session, &client, &prepared).await?;
        if !validation.ok {
            return Err(super::invalid(&target.project_id, &arguments.source, validation).into());
        }
    }
    guard.pass().await?;
    let Prepared { files, options } = &prepared;
    session
        .call(&client, "importing", async |client| client.own_project().import_snapshot(files, options).await)
        .await?;
    session.printer.note(format!("Imported {} files.", files.len()));
    let result = json!({
        "files": files.len(),
        "exclude": arguments.with.exclude,
        "validated": !arguments.skip_validation,
    });
    Ok(Outcome::applied(result, String::new()))
}
