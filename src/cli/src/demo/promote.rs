//! From staging to production: export, validate, supply what is missing, import, and look.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use descope_projects_core::client::{ExportOptions, ImportOptions, Validation};
use descope_projects_core::snapshot::{Snapshot, WriteOptions};
use descope_projects_core::{Error, ErrorKind};
use serde_json::Value;

use super::look::{self, text};
use super::{Demo, Narrator};
use crate::commands::describe;
use crate::outcome::Failure;
use crate::secrets_file;

/// What of production stays as it is.
const EXCLUDES: [&str; 4] = ["project", "lists", "oauth", "ssoApps"];
/// The files behind them.
const EXCLUDED_FILES: [&str; 4] = ["project.json", "lists.json", "auth/oauth.json", "applications.json"];
/// The value that the demo supplies; whoever sees it knows that it is none.
const SUPPLIED: &str = "demo-value-typed-by-the-user";

pub(super) async fn run(demo: &mut Demo<'_>) -> Result<(), Failure> {
    let folder = tempfile::tempdir().map_err(|error| Failure::system("make a temporary directory", &error))?;
    let directory = folder.path().join("staging");
    let files = export_staging(demo, &directory).await?;
    let secrets = folder.path().join("secrets.json");
    let options = validate(demo, &files, &secrets).await?;
    import(demo, &files, &options).await
}

async fn export(demo: &Demo<'_>, id: &str, with_secrets: bool) -> Result<Snapshot, Failure> {
    let options = ExportOptions::default();
    demo.session
        .call(&demo.client, "exporting", async |client| {
            let project = client.project(id, None)?;
            if with_secrets { project.export_project(&options).await } else { project.export_snapshot(&options).await }
        })
        .await
}

/// Chapter: staging as files.
async fn export_staging(demo: &Demo<'_>, directory: &Path) -> Result<Snapshot, Failure> {
    let Demo { narrator, staging, .. } = demo;
    narrator.step("Export staging to a directory: files for a repository and its reviews.");
    narrator.command(&format!("snapshot export {} staging/", staging.id));
    let exported = export(demo, &staging.id, false).await?;
    let written = exported.write(directory, &WriteOptions::default()).map_err(Error::from)?;
    let read = Snapshot::read(directory).map_err(Error::from)?;
    let areas: BTreeSet<&str> = read.paths().filter_map(|path| Some(path.split_once('/')?.0)).collect();
    narrator.say(&format!(
        "{} files: {} flows, {} connectors; directories {}.",
        written.files,
        look::flows(&read)?.len(),
        look::connectors(&read)?.len(),
        areas.into_iter().collect::<Vec<_>>().join(", ")
    ));
    let (sent, kept) = (exported.digest().map_err(Error::from)?, read.digest().map_err(Error::from)?);
    narrator.claim_equal("what is read from the directory is what was exported", &kept, &sent)?;
    narrator.claim("no secret is in it", !read.contains_secrets(), || "one is".to_owned())?;
    Ok(read)
}

async fn ask(demo: &Demo<'_>, files: &Snapshot, options: &ImportOptions) -> Result<Validation, Failure> {
    let production = &demo.production.id;
    demo.session
        .call(&demo.client, "validating", async |client| {
            client.project(production, None)?.validate_snapshot(files, options).await
        })
        .await
}

fn flags() -> String {
    EXCLUDES.map(|name| format!("--exclude {name}")).join(" ")
}

/// Chapters: production says no, because it lacks one secret; the user supplies it.
async fn validate(demo: &Demo<'_>, files: &Snapshot, secrets: &Path) -> Result<ImportOptions, Failure> {
    let Demo { narrator, production, .. } = demo;
    let mut options = ImportOptions { exclude: Some(EXCLUDES.map(str::to_owned).into()), ..ImportOptions::default() };
    narrator.step("Ask whether production could take it. Its own settings, lists, sign-in providers and apps stay.");
    let command = format!("snapshot validate {} staging/ {}", production.id, flags());
    narrator.command(&format!("{command} --missing-secrets-file secrets.json"));
    let validation = ask(demo, files, &options).await?;
    narrator.claim("the answer is no", !validation.ok, || "it is yes".to_owned())?;
    for failure in &validation.failures {
        narrator.say(&format!("  {failure}"));
    }
    let [missing] = validation.missing_secrets.as_slice() else {
        let found: Vec<String> = validation.missing_secrets.iter().map(describe).collect();
        narrator.claim("exactly one secret is missing", false, || format!("missing are {found:?}"))?;
        return Err(Error::new(ErrorKind::Protocol, "unreachable: the claim above fails").into());
    };
    let claim = format!("exactly one secret is missing: {}", describe(missing));
    narrator.claim_equal(&claim, &(missing.group.as_str(), missing.name.as_str()), &("connectors", "reCAPTCHA"))?;

    narrator.step("Supply it: fill in the file that the validation wrote (only its owner can read it).");
    secrets_file::write_missing(secrets, &validation.missing_secrets)?;
    fill_in(secrets)?;
    narrator.command(&format!("{command} --secrets secrets.json"));
    options.input_secrets = Some(secrets_file::read(secrets)?.secrets);
    let validation = ask(demo, files, &options).await?;
    narrator.claim("now the answer is yes", validation.ok, || validation.to_string())?;
    Ok(options)
}

/// What a user does in an editor.
fn fill_in(secrets: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::system("fill in the file of secrets", &error);
    let mut content: Value = serde_json::from_slice(&std::fs::read(secrets).map_err(failed)?)
        .map_err(|error| failed(std::io::Error::other(error)))?;
    for entity in content.as_object_mut().into_iter().flat_map(|entities| entities.values_mut()) {
        for value in entity["secrets"].as_object_mut().into_iter().flat_map(|values| values.values_mut()) {
            *value = SUPPLIED.into();
        }
    }
    std::fs::write(secrets, content.to_string()).map_err(failed)
}

/// Chapters: the import, and what it did.
async fn import(demo: &Demo<'_>, files: &Snapshot, options: &ImportOptions) -> Result<(), Failure> {
    let Demo { session, narrator, client, production, .. } = demo;
    let before = export(demo, &production.id, false).await?;
    let secrets_before = secrets(demo, &before).await?;
    narrator.step("Import it into production. A person is asked to type the project's name; a script names it.");
    let name = production.name.clone().unwrap_or_default();
    narrator.command(&format!(
        "snapshot import {} staging/ {} --secrets secrets.json --yes --project-name {name:?}",
        production.id,
        flags()
    ));
    session
        .call(client, "importing", async |client| {
            client.project(&production.id, None)?.import_snapshot(files, options).await
        })
        .await?;
    narrator.say(&format!("Imported {} files.", files.len()));

    narrator.step("Export production again: what moved, and what stayed?");
    narrator.command(&format!("snapshot export {} production/", production.id));
    let after = export(demo, &production.id, false).await?;
    let secrets_after = secrets(demo, &after).await?;
    moved(narrator, &before, &after, files)?;
    stayed(narrator, &before, &after)?;
    secrets_stayed(narrator, &secrets_before, &secrets_after)?;
    warn_of_addresses(narrator, &after, files)?;
    Ok(())
}

fn moved(narrator: &Narrator<'_>, before: &Snapshot, after: &Snapshot, staging: &Snapshot) -> Result<(), Failure> {
    let difference = look::difference(before, after)?;
    narrator.say(&format!(
        "{} files changed, {} are new, {} are gone.",
        difference.changed.len(),
        difference.added.len(),
        difference.removed.len()
    ));
    let (old, new, wanted) = (look::flows(before)?, look::flows(after)?, look::flows(staging)?);
    let names = |ids: BTreeSet<&String>| ids.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let (came, went) = (names(new.difference(&old).collect()), names(old.difference(&new).collect()));
    narrator.claim("production had other flows than staging", old != wanted, || "it had the same".to_owned())?;
    narrator.claim_equal(&format!("now it has the same: {came} came, {went} went"), &new, &wanted)?;
    let length = |snapshot: &Snapshot| Ok::<_, Error>(look::json(snapshot, "auth/password.json")?["minLength"].clone());
    let (short, long, wanted) = (length(before)?, length(after)?, length(staging)?);
    narrator.claim(
        &format!("passwords need {long} characters instead of {short}, as in staging"),
        long == wanted && long != short,
        || format!("production has {long}, staging {wanted}"),
    )?;
    let roles = |snapshot: &Snapshot| {
        let roles = look::by_name(snapshot, "roles.json", "roles")?;
        Ok::<_, Error>(roles.into_iter().map(|(name, role)| (name, role["permissions"].clone())).collect())
    };
    let (old, new, wanted): (BTreeMap<String, Value>, _, _) = (roles(before)?, roles(after)?, roles(staging)?);
    let changed: Vec<&str> =
        wanted.iter().filter(|(name, role)| old.get(*name) != Some(*role)).map(|(name, _)| name.as_str()).collect();
    narrator.claim(
        &format!("roles have staging's permissions; changed: {}", changed.join(", ")),
        new == wanted && !changed.is_empty(),
        || format!("production has {new:?}, staging {wanted:?}, new for {changed:?}"),
    )?;
    Ok(())
}

fn stayed(narrator: &Narrator<'_>, before: &Snapshot, after: &Snapshot) -> Result<(), Failure> {
    let project = look::json(after, "project.json")?;
    let changed: Vec<&str> = EXCLUDED_FILES
        .into_iter()
        .filter(|path| before.content(path).ok() != after.content(path).ok() || !after.contains(path))
        .collect();
    narrator.claim(
        &format!("production's own settings stayed, its domain {} among them", text(&project, "domain")),
        changed.is_empty(),
        || format!("{changed:?} changed"),
    )?;
    let (old, new) = (look::connectors(before)?, look::connectors(after)?);
    let moved: Vec<&String> = old
        .iter()
        .filter(|(name, connector)| new.get(*name).is_none_or(|now| now["id"] != connector["id"]))
        .map(|(name, _)| name)
        .collect();
    narrator.claim(
        &format!("its {} connectors kept their ids, and every flow uses them under these ids", old.len()),
        moved.is_empty() && dangling(after, &new)?.is_empty(),
        || format!("{moved:?} changed ids, and {:?} name none of its connectors", dangling(after, &new)),
    )?;
    Ok(())
}

/// References of flows to connectors that are not there under that name and id.
fn dangling(snapshot: &Snapshot, connectors: &BTreeMap<String, Value>) -> Result<Vec<String>, Error> {
    let mut dangling = Vec::new();
    for path in snapshot.paths().filter(|path| path.starts_with("flows/") && path.ends_with("/metadata.json")) {
        let metadata = look::json(snapshot, path)?;
        for (name, id) in metadata["references"]["connectors"].as_object().into_iter().flatten() {
            if connectors.get(name).is_none_or(|connector| connector["id"] != *id) {
                dangling.push(format!("{name} in {path}"));
            }
        }
    }
    Ok(dangling)
}

/// Production's secrets: where the snapshot has placeholders, the project export has values. Compared, never shown.
async fn secrets(demo: &Demo<'_>, snapshot: &Snapshot) -> Result<BTreeMap<String, Value>, Failure> {
    let backup = export(demo, &demo.production.id, true).await?;
    let mut secrets = BTreeMap::new();
    for path in look::files_with(snapshot, look::PLACEHOLDER) {
        let path = path.as_str();
        let placeholders = look::placeholders(&look::json(snapshot, path)?);
        if placeholders.is_empty() {
            continue;
        }
        let values = look::json(&backup, path)?;
        for pointer in placeholders {
            let value = values.pointer(&pointer).cloned().unwrap_or_default();
            secrets.insert(format!("{path}#{pointer}"), value);
        }
    }
    Ok(secrets)
}

fn secrets_stayed(
    narrator: &Narrator<'_>,
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
) -> Result<(), Failure> {
    let lost: Vec<_> = before
        .iter()
        .filter(|(place, value)| after.get(*place) != Some(*value) || look::is_placeholder(value))
        .map(|(place, _)| place)
        .collect();
    narrator.claim(
        &format!("its {} secrets are the ones that it had", before.len()),
        !before.is_empty() && lost.is_empty(),
        || format!("{lost:?} changed"),
    )?;
    let new: Vec<_> = after.iter().filter(|(place, _)| !before.contains_key(*place)).collect();
    narrator.claim(
        "the new connector has the secret that was supplied",
        matches!(new.as_slice(), [(_, value)] if **value == SUPPLIED),
        || format!("{:?} have other values", new.iter().map(|(place, _)| place).collect::<Vec<_>>()),
    )?;
    Ok(())
}

/// What no exclude can keep apart, said plainly.
fn warn_of_addresses(narrator: &Narrator<'_>, after: &Snapshot, staging: &Snapshot) -> Result<(), Failure> {
    let domain = text(&look::json(staging, "project.json")?, "domain");
    let files = look::files_with(after, &domain);
    if !files.is_empty() {
        narrator.say(&format!("Note: {} files that moved hold addresses of staging ({domain}), such as", files.len()));
        narrator.say(&format!("  {}.", files.iter().take(3).cloned().collect::<Vec<_>>().join(", ")));
        narrator.say("An exclude keeps a whole area. To move the rest of one, edit such files in the directory first.");
    }
    Ok(())
}
