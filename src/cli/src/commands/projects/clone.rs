//! `projects clone`

use descope_projects_core::client::{CloneOptions, Environment};
use serde_json::json;

use crate::arguments::Clone;
use crate::outcome::{Failure, Outcome};
use crate::session::Session;
use crate::table;

pub(crate) async fn run(session: &Session<'_>, arguments: &Clone) -> Result<Outcome, Failure> {
    let client = session.client(Some(&arguments.project), &arguments.connection)?;
    let target = session.look_up_and_announce(&client).await?;
    let why = match (&target.listed, target.environment()) {
        _ if arguments.allow_secrets_copy => None,
        (None, _) => Some("this key cannot tell whether it is a production project, whose secrets would be copied"),
        (Some(_), Some("production")) => Some("a clone of a production project copies its secrets"),
        (Some(_), _) => None,
    };
    if let Some(why) = why {
        let why = format!("clone: {why}: give --allow-secrets-copy if that is wanted");
        return Err(Failure::refused(&target.project_id, "clone", &why));
    }
    let options = CloneOptions {
        name: arguments.name.clone(),
        environment: arguments.production.then_some(Environment::Production),
        tags: (!arguments.tags.is_empty()).then(|| arguments.tags.clone()),
        ..CloneOptions::default()
    };
    let made =
        session.call(&client, "cloning", async |client| client.own_project().clone_project(&options).await).await?;
    if made.settled {
        session.printer.warn("the answer was lost; the new project was found in the list");
    }
    let result = json!({
        "id": made.id,
        "name": made.name,
        "environment": made.environment,
        "tags": made.tags,
        "settled": made.settled,
    });
    let rows = [
        ("id", made.id.unwrap_or_default()),
        ("name", made.name.unwrap_or_default()),
        ("environment", made.environment.unwrap_or_default()),
        ("tags", made.tags.unwrap_or_default().join(", ")),
    ];
    let text = table::pairs(&rows, session.printer.width());
    Ok(Outcome::applied(result, text))
}
