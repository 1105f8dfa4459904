//! `projects list`

use serde_json::json;

use crate::arguments::List;
use crate::outcome::{Failure, Outcome};
use crate::session::Session;
use crate::table;
use crate::target::{project, tags};

pub(crate) async fn run(session: &Session<'_>, arguments: &List) -> Result<Outcome, Failure> {
    let client = session.client(arguments.project_id.as_deref(), &arguments.connection)?;
    let projects = session.call(&client, "listing projects", async |client| client.list_projects().await).await?;
    let rows = projects.iter().map(|project| {
        [
            project.id.clone(),
            project.name.clone().unwrap_or_default(),
            project.environment.clone().unwrap_or_default(),
            tags(project).join(", "),
        ]
    });
    let rows: Vec<[String; 4]> = rows.collect();
    let text = table::listing(Some(["ID", "NAME", "ENVIRONMENT", "TAGS"]), &rows, session.printer.width());
    let listed: Vec<_> = projects.iter().map(project).collect();
    Ok(Outcome::read(json!({ "projects": listed }), text))
}
