//! `kind:glob`, and the exclude names of the API as other words for some of them.

use super::entities::{Entity, EntityKind};
use super::error::{SnapshotError, shown};
use crate::wire::nearest;

/// The exclude names that are no single field of the project, and what they stand for.
const ALIASES: &[(&str, &[&str])] = &[
    ("project", &["setting:*"]),
    ("magicLink", &["auth:magiclink"]),
    ("enchantedLink", &["auth:enchantedlink"]),
    ("embeddedLink", &["auth:embeddedlink"]),
    ("otp", &["auth:otp"]),
    ("totp", &["auth:totp"]),
    ("sso", &["auth:sso"]),
    ("oauth", &["auth:oauth", "oauth:*"]),
    ("webauthn", &["auth:webauthn"]),
    ("password", &["auth:password"]),
    ("styles", &["style:*"]),
    ("flows", &["flow:*", "screen:*"]),
    ("connectors", &["connector:*"]),
    ("authorization", &["role:*", "permission:*"]),
    ("attributes", &["attribute:*"]),
    ("ssoApps", &["application:*"]),
    ("lists", &["list:*"]),
];

/// Keeps what the pattern matches. One that matches nothing is an error: it is a typing error more often than not.
pub(super) fn filter(entities: Vec<Entity>, pattern: &str) -> Result<Vec<Entity>, SnapshotError> {
    let patterns = expand(pattern)?;
    let matches = |entity: &Entity| {
        patterns.iter().any(|(kind, glob)| {
            // The exclude names spell the project's fields in their own case.
            let folded =
                entity.kind == EntityKind::Setting && matches_glob(&glob.to_lowercase(), &entity.name.to_lowercase());
            entity.kind == *kind && (folded || matches_glob(glob, &entity.name))
        })
    };
    let (found, others): (Vec<_>, Vec<_>) = entities.into_iter().partition(matches);
    if found.is_empty() {
        let error = SnapshotError::refused(format!("no entity matches {}", shown(pattern)));
        let kinds = || others.iter().filter(|other| patterns.iter().any(|(kind, _)| other.kind == *kind));
        let name = patterns.first().map_or("", |(_, glob)| glob.as_str());
        let near = nearest(name, kinds().map(|other| other.name.as_str()));
        let near = near.and_then(|near| kinds().find(|other| other.name == near));
        return Err(match near {
            Some(near) => error.with_hint(format!("did you mean {}?", shown(&near.to_string()))),
            None => error,
        });
    }
    Ok(found)
}

fn expand(pattern: &str) -> Result<Vec<(EntityKind, String)>, SnapshotError> {
    if let Some((_, patterns)) = ALIASES.iter().find(|(alias, _)| *alias == pattern) {
        return patterns.iter().map(|pattern| split(pattern)).collect();
    }
    if pattern.starts_with("project.") {
        return Ok(vec![(EntityKind::Setting, pattern.to_owned())]);
    }
    Ok(vec![split(pattern)?])
}

fn split(pattern: &str) -> Result<(EntityKind, String), SnapshotError> {
    let Some((kind, glob)) = pattern.split_once(':') else {
        return Err(unknown(pattern, "*", "is no pattern of the form kind:name"));
    };
    match EntityKind::ALL.iter().find(|known| known.as_str() == kind) {
        Some(kind) => Ok((*kind, glob.to_owned())),
        None => Err(unknown(kind, glob, "is no kind of entity")),
    }
}

/// The hint is a pattern that works: never the word that was just refused.
fn unknown(word: &str, glob: &str, what: &str) -> SnapshotError {
    let error = SnapshotError::refused(format!("{} {what}", shown(word)));
    let kinds = || EntityKind::ALL.iter().map(|kind| kind.as_str());
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    let Some(near) = nearest(word, kinds().chain(aliases)) else {
        return error.with_hint("for example flow:sign-* or connector:SendGrid");
    };
    let meant = match ALIASES.iter().find(|(alias, _)| *alias == near) {
        _ if kinds().any(|kind| kind == near) => format!("{near}:{glob}"),
        Some((alias, patterns)) if *alias == word => patterns.join(" or "),
        _ => near.to_owned(),
    };
    error.with_hint(format!("did you mean {}?", shown(&meant)))
}

/// `*` is any number of characters, `?` is one.
fn matches_glob(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut at, mut position) = (0, 0);
    // Where the last `*` was, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while position < name.len() {
        match glob.get(at) {
            Some('*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(character) if *character == '?' || *character == name[position] => {
                at += 1;
                position += 1;
            }
            _ => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    at = star_at + 1;
                    position = taken + 1;
                }
                None => return false,
            },
        }
    }
    glob[at..].iter().all(|character| *character == '*')
}
