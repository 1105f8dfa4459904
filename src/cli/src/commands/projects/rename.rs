//! `projects rename`

use serde_json::json;

use crate::arguments::Rename;
use crate::outcome::{Failure, Outcome};
use crate::session::Session;
use crate::table::shortened;

pub(crate) async fn run(session: &Session<'_>, arguments: &Rename) -> Result<Outcome, Failure> {
    let client = session.client(Some(&arguments.project), &arguments.connection)?;
    let target = session.look_up_and_announce(&client).await?;
    session
        .write_value(&client, "renaming", async |client| client.own_project().update_name(&arguments.name).await)
        .await?;
    session.printer.note(format!("Renamed to {:?}.", shortened(&arguments.name, 100)));
    let result = json!({ "id": target.project_id, "name": arguments.name, "previous_name": target.name() });
    Ok(Outcome::applied(result, String::new()))
}
