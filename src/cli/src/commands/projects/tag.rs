//! `projects tag`

use descope_projects_core::{Error, ErrorKind};
use serde_json::json;

use crate::arguments::Tag;
use crate::outcome::{Failure, Outcome};
use crate::session::Session;
use crate::target::Target;

pub(crate) async fn run(session: &Session<'_>, arguments: &Tag) -> Result<Outcome, Failure> {
    if let Some(both) = arguments.add.iter().find(|tag| arguments.remove.contains(tag)) {
        return Err(Error::configuration(format!("--add and --remove both name the tag {both:?}")).into());
    }
    let client = session.client(Some(&arguments.project), &arguments.connection)?;
    let target = session.look_up_and_announce(&client).await?;
    let tags = wanted(arguments, &target)?;
    let previous = target.tags();
    let result = json!({ "id": target.project_id, "tags": tags, "previous_tags": previous });
    let width = session.printer.width();
    let text: String = tags.iter().map(|tag| crate::table::cell(tag, width) + "\n").collect();
    if previous.as_ref() == Some(&tags) {
        session.printer.note("The project has these tags already; nothing was sent.");
        return Ok(Outcome::read(result, text));
    }
    session.write_value(&client, "changing tags", async |client| client.own_project().update_tags(&tags).await).await?;
    Ok(Outcome::applied(result, text))
}

/// The tags that the project shall have: in the order that it has them, new ones at the end.
fn wanted(arguments: &Tag, target: &Target) -> Result<Vec<String>, Error> {
    if arguments.clear {
        return Ok(Vec::new());
    }
    let (mut tags, add) = if arguments.set.is_empty() {
        let current = target.tags().ok_or_else(|| {
            let message = "--add and --remove start from the project's tags, which only a company-wide key can list: \
                           use --set with all of them";
            Error::new(ErrorKind::PermissionDenied, message).with(|details| {
                details.operation = Some("update_tags".to_owned());
                details.project_id = Some(target.project_id.clone());
            })
        })?;
        (current, &arguments.add)
    } else {
        (Vec::new(), &arguments.set)
    };
    tags.retain(|tag| !arguments.remove.contains(tag));
    for tag in add {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    Ok(tags)
}
