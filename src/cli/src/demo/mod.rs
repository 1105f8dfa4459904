//! The main job, narrated: everything through the public core and a real socket, and every claim checked.

mod look;
mod narrator;
mod promote;

use std::time::Instant;

use descope_projects_core::client::{Client, ClientOptions, CloneOptions, DeleteOptions};
use descope_projects_core::secrets::Secret;
use descope_projects_core::wire;
use descope_projects_core::{Error, ErrorKind};
use descope_projects_emulator::{Emulator, EmulatorOptions, seed};
use serde_json::json;

use crate::arguments;
use crate::commands::emulator;
use crate::outcome::{Failure, Outcome};
use crate::session::Session;
use crate::table;
use crate::target::tags;
use narrator::Narrator;

/// What the chapters share.
struct Demo<'session> {
    session: &'session Session<'session>,
    narrator: Narrator<'session>,
    client: Client,
    staging: wire::Project,
    production: wire::Project,
}

pub(crate) async fn run(session: &Session<'_>, arguments: &arguments::Demo) -> Result<Outcome, Failure> {
    let started = Instant::now();
    let narrator = Narrator::new(session.printer);
    narrator
        .say("descope-projects demo: the main job, on an emulator. No account, no network, nothing is left behind.");
    narrator.step("Start an emulator with a company, Acme Robotics: one product in three environments.");
    let emulator = emulator::start(EmulatorOptions { seed: seed::acme(), ..EmulatorOptions::default() })?;
    narrator.command("emulator");
    narrator.say(&format!("It listens at {}.", emulator.url()));

    let mut demo = begin(session, narrator, &emulator).await?;
    promote::run(&mut demo).await?;
    preview(&demo).await?;

    let checked = demo.narrator.checked();
    let took = started.elapsed();
    demo.narrator.tell(&format!("\nDone: {checked} claims, each of them checked, in {:.1} s.", took.as_secs_f64()));
    let mut result = json!({ "claims": checked, "seconds": took.as_secs_f64() });
    if arguments.keep {
        let usage = emulator::how_to_use(&emulator, None);
        demo.narrator.tell(&format!("\n{usage}"));
        session.signals.caught().await;
        result["url"] = emulator.url().into();
    } else {
        demo.narrator.tell("Now look around yourself: descope-projects demo --keep, or descope-projects emulator.");
    }
    emulator.stop();
    Ok(Outcome::read(result, String::new()))
}

/// Lists the projects and finds the two that matter.
async fn begin<'session>(
    session: &'session Session<'session>,
    narrator: Narrator<'session>,
    emulator: &Emulator,
) -> Result<Demo<'session>, Failure> {
    narrator.step("List the company's projects: the environments.");
    narrator.command("projects list");
    let ready = emulator.ready();
    let options = ClientOptions { base_url: Some(ready.url), ..ClientOptions::default() };
    let client = Client::new(&ready.project_id, Secret::new(ready.management_key), &options)?;
    let projects = list(session, &client).await?;
    let rows: Vec<[String; 4]> = projects
        .iter()
        .map(|project| {
            [
                project.id.clone(),
                project.name.clone().unwrap_or_default(),
                project.environment.clone().unwrap_or_default(),
                tags(project).join(", "),
            ]
        })
        .collect();
    narrator.say(&table::columns(&rows));
    narrator.claim_equal("there are three projects", &projects.len(), &3)?;
    let find = |what: &str, wanted: &dyn Fn(&wire::Project) -> bool| {
        let mut found = projects.iter().filter(|project| wanted(project));
        match (found.next(), found.next()) {
            (Some(project), None) => Ok(project.clone()),
            _ => Err(Error::new(ErrorKind::Protocol, format!("the demo expected exactly one {what} project"))),
        }
    };
    let production = find("production", &|project| project.environment.as_deref() == Some("production"))?;
    let staging = find("staging", &|project| tags(project).iter().any(|tag| tag == "staging"))?;
    Ok(Demo { session, narrator, client, staging, production })
}

async fn list(session: &Session<'_>, client: &Client) -> Result<Vec<wire::Project>, Failure> {
    session.call(client, "listing projects", async |client| client.list_projects().await).await
}

/// A preview environment: cloned, looked at, deleted.
async fn preview(demo: &Demo<'_>) -> Result<(), Failure> {
    let Demo { session, narrator, client, staging, .. } = demo;
    narrator.step("Clone staging as a preview for a pull request.");
    narrator.command(&format!("projects clone {} --name preview-42 --tag preview", staging.id));
    let options = CloneOptions {
        name: Some("preview-42".to_owned()),
        tags: Some(vec!["preview".to_owned()]),
        ..CloneOptions::default()
    };
    let made = session
        .call(client, "cloning", async |client| client.project(&staging.id, None)?.clone_project(&options).await)
        .await?;
    let id = made.id.ok_or_else(|| Error::new(ErrorKind::Protocol, "the clone's answer has no id"))?;
    narrator.say(&format!("The new project is {id}."));
    let projects = list(session, client).await?;
    let listed = projects.iter().find(|project| project.id == id);
    let seen = listed.map(|project| (project.name.clone().unwrap_or_default(), tags(project)));
    let wanted = Some(("preview-42".to_owned(), vec!["preview".to_owned()]));
    narrator.claim_equal("the list shows it, with its name and tag", &seen, &wanted)?;
    let export = async |id: &str| {
        session
            .call(client, "exporting", async |client| {
                client
                    .project(id, None)?
                    .export_snapshot(&descope_projects_core::client::ExportOptions::default())
                    .await
            })
            .await
    };
    let (original, copy) = (export(&staging.id).await?, export(&id).await?);
    let (flows, copied) = (look::flows(&original)?, look::flows(&copy)?);
    narrator.claim_equal(&format!("it has staging's {} flows", flows.len()), &copied, &flows)?;

    narrator.step("Delete the preview. A person is asked to type its name; a script names it.");
    narrator.command(&format!("projects delete {id} --yes --project-name preview-42"));
    session
        .call(client, "deleting", async |client| {
            client.project(&id, None)?.delete("preview-42", &DeleteOptions::default()).await
        })
        .await?;
    let left = list(session, client).await?;
    narrator.claim(
        "it is gone, and the three environments are still there",
        left.len() == 3 && left.iter().all(|project| project.id != id),
        || format!("the list shows {} projects", left.len()),
    )?;
    Ok(())
}
