//! `projects show`

use descope_projects_core::{Error, ErrorKind};
use serde_json::Value;

use crate::arguments::Show;
use crate::outcome::{Failure, Outcome};
use crate::session::Session;
use crate::table;
use crate::target::project;

pub(crate) async fn run(session: &Session<'_>, arguments: &Show) -> Result<Outcome, Failure> {
    let client = session.client(Some(&arguments.project), &arguments.connection)?;
    let target = session.look_up(&client).await?;
    let Some(listed) = &target.listed else {
        let message = format!(
            "{} cannot be shown: only a company-wide key may list projects, and there is no other call that tells a \
             project's name, environment or tags",
            target.project_id
        );
        return Err(Error::new(ErrorKind::PermissionDenied, message)
            .with(|details| {
                details.operation = Some("list_projects".to_owned());
                details.project_id = Some(target.project_id.clone());
            })
            .into());
    };
    let mut result = project(listed);
    if let Value::Object(fields) = &mut result {
        fields.insert("host".to_owned(), target.host.clone().into());
    }
    let rows = [
        ("id", target.project_id.clone()),
        ("name", target.name().unwrap_or_default().to_owned()),
        ("environment", target.environment().unwrap_or_default().to_owned()),
        ("tags", target.tags().unwrap_or_default().join(", ")),
        ("host", target.host.clone()),
    ];
    let text = table::pairs(&rows, session.printer.width());
    Ok(Outcome::read(result, text))
}
