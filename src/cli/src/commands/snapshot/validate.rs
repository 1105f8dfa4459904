//! `snapshot validate`

use serde_json::json;

use crate::arguments::Validate;
use crate::exit_status::ExitStatus;
use crate::outcome::{Failure, Outcome};
use crate::secrets_file;
use crate::session::Session;

pub(crate) async fn run(session: &Session<'_>, arguments: &Validate) -> Result<Outcome, Failure> {
    if let Some(path) = &arguments.missing_secrets_file {
        secrets_file::check_writable(path)?;
    }
    let client = session.client(Some(&arguments.project), &arguments.connection)?;
    let prepared = super::prepare(session, &arguments.source, &arguments.with).await?;
    let validation = super::validate(session, &client, &prepared).await?;
    let mut result = super::validation_value(&validation);
    let mut text = format!("{}\n", if validation.ok { "valid" } else { "not valid" });
    for line in super::validation_lines(&validation) {
        text.push_str(&crate::table::visible_line(&line));
        text.push('\n');
    }
    if let Some(path) = &arguments.missing_secrets_file
        && !validation.missing_secrets.is_empty()
    {
        secrets_file::write_missing(path, &validation.missing_secrets)?;
        session.printer.note(format!(
            "Wrote {}: fill in the values and pass it as --secrets {}.",
            path.display(),
            path.display()
        ));
        result["missing_secrets_file"] = json!(path.to_string_lossy());
    }
    if arguments.missing_secrets_file.is_none() && !validation.missing_secrets.is_empty() {
        session.printer.note("--missing-secrets-file FILE writes a file to fill in.");
    }
    let status = if validation.ok { ExitStatus::Done } else { ExitStatus::No };
    Ok(Outcome::read(result, text).with_status(status))
}
