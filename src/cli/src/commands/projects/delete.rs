//! `projects delete`

use descope_projects_core::client::DeleteOptions;
use serde_json::json;

use crate::arguments::Delete;
use crate::confirm::Guard;
use crate::outcome::{Failure, Outcome};
use crate::session::Session;

pub(crate) async fn run(session: &Session<'_>, arguments: &Delete) -> Result<Outcome, Failure> {
    let client = session.client(Some(&arguments.project), &arguments.connection)?;
    let target = session.look_up_and_announce(&client).await?;
    session.printer.note(
        "Deleting is for good: the project's id, users, tenants and access keys never come back. No backup is made; \
         `descope-projects snapshot export` keeps the configuration, without users and without secrets.",
    );
    Guard::new(session, &target, "delete", &arguments.confirmation)?.pass().await?;
    let options = DeleteOptions::default();
    session
        .call(&client, "deleting", async |client| client.own_project().delete(&target.project_id, &options).await)
        .await?;
    session.printer.note(format!("Deleted {}.", target.project_id));
    Ok(Outcome::applied(json!({ "id": target.project_id, "name": target.name() }), String::new()))
}
