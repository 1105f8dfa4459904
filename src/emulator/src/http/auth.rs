//! Who calls: `Authorization: Bearer <ProjectID>:<Key>`, or `Bearer <Key>` where no project is needed.

use std::fmt::Write as _;

use descope_projects_core::wire::{Call, call};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use crate::answer::ApiError;
use crate::state::{State, Tier};

/// A caller that may make the call.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Index into the companies.
    pub(crate) company: usize,
    /// Empty only for a list without a project.
    pub(crate) project_id: String,
}

/// The two parts of a bearer token, unchecked.
pub(crate) struct Token<'header> {
    pub(crate) project_id: Option<&'header str>,
    pub(crate) key: Option<&'header str>,
}

/// Takes the token apart; `None` if there is none, or it is not a bearer token.
pub(crate) fn token(headers: &HeaderMap) -> Option<Token<'_>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let rest = rest.trim();
    match rest.split_once(':') {
        Some((project, key)) => Some(Token { project_id: Some(project), key: Some(key) }),
        // Project ids and keys are told apart by their first letter; an official SDK without a key sends the id alone.
        None if rest.starts_with('P') => Some(Token { project_id: Some(rest), key: None }),
        None => Some(Token { project_id: None, key: Some(rest) }),
    }
}

/// What may be said of a key in a record or a message.
pub(crate) fn fingerprint(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The tier of the company that the token's key belongs to.
pub(crate) fn tier_of(state: &State, headers: &HeaderMap) -> Option<Tier> {
    let key = token(headers)?.key?;
    let owner = state.companies.iter().find(|company| company.keys.iter().any(|known| known.value == key))?;
    Some(owner.tier)
}

/// Checks the token, the project, the key's scope and the company's tier, in this order.
pub(crate) fn authorize(state: &State, headers: &HeaderMap, call: &Call) -> Result<Caller, ApiError> {
    let token = token(headers).ok_or_else(|| ApiError::unauthorized("The request has no bearer token"))?;
    let key = token.key.ok_or_else(|| ApiError::unauthorized("The bearer token has no management key"))?;
    let (company, key) = state
        .companies
        .iter()
        .enumerate()
        .find_map(|(index, company)| company.keys.iter().find(|known| known.value == key).map(|key| (index, key)))
        .ok_or_else(|| ApiError::unauthorized("The management key is not valid"))?;
    let lists = call.name == call::LIST_PROJECTS.name;
    let project_id = match token.project_id {
        Some(id) => {
            // The answer for another company's project is that for no project at all.
            let project = state.project(id)?;
            if project.company != company {
                return Err(ApiError::project_not_found(id));
            }
            project.id.clone()
        }
        None if lists => String::new(),
        None => return Err(ApiError::unauthorized("The bearer token has no project id, and only a list needs none")),
    };
    if let Some(bound) = &key.projects {
        if lists {
            return Err(ApiError::forbidden(
                "The management key is bound to projects; a list needs a company-wide one",
            ));
        }
        if !bound.contains(&project_id) {
            return Err(ApiError::forbidden(format!("The management key is not bound to project {project_id}")));
        }
    }
    if key.read_only && call.repeat.writes() {
        return Err(ApiError::forbidden("The management key may only read"));
    }
    if needs_licence(call) && state.companies[company].tier == Tier::Free {
        return Err(ApiError::forbidden("The call needs a pro or enterprise licence"));
    }
    Ok(Caller { company, project_id })
}

fn needs_licence(call: &Call) -> bool {
    let free = [
        call::LIST_PROJECTS.name,
        call::UPDATE_NAME.name,
        call::UPDATE_TAGS.name,
        call::DELETE.name,
        call::LICENSE.name,
    ];
    !free.contains(&call.name)
}
