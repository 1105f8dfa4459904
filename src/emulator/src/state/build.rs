//! The state that a seed describes, or a sentence on what is wrong with the seed.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use descope_projects_core::wire::nearest;

use super::{Company, Configuration, Key, PRODUCTION, Project, State, Tier};
use crate::seed::{Seed, SeedCompany, SeedProject};
use crate::semantics::secrets::{self, Group, SecretKey};
use crate::semantics::shape;

pub(crate) fn build(seed: &Seed, generation: u64) -> Result<State, String> {
    let mut companies = Vec::new();
    let mut projects = Vec::new();
    let mut ids = HashSet::new();
    let mut keys = HashSet::new();
    for (index, company) in seed.companies.iter().enumerate() {
        for project in &company.projects {
            if !ids.insert(project.id.as_str()) {
                return Err(format!("two projects have the id {:?}", project.id));
            }
            projects.push(Arc::new(build_project(project, index)?));
        }
        for key in &company.keys {
            if !keys.insert(key.key.as_str()) {
                return Err(format!("company {:?} has a key that another key equals", company.name));
            }
        }
        companies.push(build_company(company)?);
    }
    Ok(State { generation, companies: Arc::new(companies), projects, processes: BTreeMap::new() })
}

fn build_company(company: &SeedCompany) -> Result<Company, String> {
    let tier = Tier::parse(&company.tier).ok_or_else(|| {
        let hint = nearest(&company.tier, Tier::NAMES).map(|name| format!("; did you mean {name:?}?"));
        format!(
            "company {:?}: tier {:?} is none of {}{}",
            company.name,
            company.tier,
            Tier::NAMES.join(", "),
            hint.unwrap_or_default()
        )
    })?;
    let mut keys = Vec::new();
    for (index, key) in company.keys.iter().enumerate() {
        let place = format!("company {:?}, key {index}", company.name);
        let token = key.key.matches('.').count() == 2;
        if !(key.key.starts_with('K') || token) || key.key.contains(|c: char| c == ':' || c.is_whitespace()) {
            return Err(format!("{place}: a key starts with K, or is a token of three parts with dots"));
        }
        for id in key.projects.iter().flatten() {
            if !company.projects.iter().any(|project| project.id == *id) {
                return Err(format!("{place}: it is bound to {id:?}, which is no project of the company"));
            }
        }
        keys.push(Key { value: key.key.clone(), projects: key.projects.clone(), read_only: key.read_only });
    }
    Ok(Company { name: company.name.clone(), tier, keys })
}

fn build_project(project: &SeedProject, company: usize) -> Result<Project, String> {
    let place = format!("project {:?}", project.id);
    if !project.id.starts_with('P') || !project.id.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format!("{place}: a project id is P and then letters and digits"));
    }
    let production = match project.environment.as_deref() {
        None | Some("") => false,
        Some(PRODUCTION) => true,
        Some(other) => return Err(format!("{place}: environment {other:?} is not \"production\"")),
    };
    let mut files = project.files.clone();
    let mut failures = Vec::new();
    shape::check(&mut files, &mut failures);
    if let Some(failure) = failures.first() {
        return Err(format!("{place}: {failure}"));
    }
    let files = files.into_iter().map(|(path, value)| (path, Arc::new(value))).collect();
    let mut configuration = Configuration { files, secrets: BTreeMap::new() };
    for secret in &project.secrets {
        let group = Group::parse(&secret.group).ok_or_else(|| {
            let hint = nearest(&secret.group, Group::NAMES).map(|name| format!("; did you mean {name:?}?"));
            format!("{place}: there is no secret group {:?}{}", secret.group, hint.unwrap_or_default())
        })?;
        let key = SecretKey { group, id: secret.id.clone(), kind: secret.kind.clone() };
        configuration.secrets.insert(key, secret.value.clone());
    }
    // A literal secret in a seed is as good as one that is listed.
    secrets::absorb(&mut configuration);
    if let Some(key) = secrets::without_placeholder(&configuration).first() {
        let (group, id, kind) = (key.group.name(), &key.id, &key.kind);
        return Err(format!("{place}: there is no placeholder in the files for the secret {group} {id:?} {kind:?}"));
    }
    Ok(Project {
        id: project.id.clone(),
        name: project.name.clone(),
        production,
        tags: project.tags.clone(),
        company,
        configuration: Arc::new(configuration),
    })
}
