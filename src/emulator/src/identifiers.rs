//! Ids as the server makes them: a prefix that says what they name, and random letters and digits.

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// From this length on, a project id holds its region.
const REGIONAL_LENGTH: usize = 32;

/// An id of the same length as `like`, or of the usual length if that is too short to be unique.
pub(crate) fn fresh(prefix: &str, like: &str) -> String {
    let length = if like.len() >= prefix.len() + 12 { like.len() } else { prefix.len() + 27 };
    let mut id = prefix.to_owned();
    fill(&mut id, length);
    id
}

/// A project id in the region and of the length of another one.
pub(crate) fn fresh_project(like: &str) -> String {
    match like.get(1..5) {
        Some(region) if like.len() >= REGIONAL_LENGTH => fresh(&format!("P{region}2"), like),
        _ => fresh("P2", like),
    }
}

/// A correlation id in the form of the edge's.
pub(crate) fn ray() -> String {
    format!("{:016x}-EMU", rand::random::<u64>())
}

fn fill(id: &mut String, length: usize) {
    while id.len() < length {
        id.push(char::from(LETTERS[rand::random_range(0..LETTERS.len())]));
    }
}

#[cfg(test)]
mod tests {
    use super::{fresh, fresh_project};

    #[test]
    fn a_new_project_stays_in_the_region_of_the_old_one() {
        let regional = format!("Peuc1{}", "2".repeat(27));
        let made = fresh_project(&regional);
        assert!(made.starts_with("Peuc1"), "{made}");
        assert_eq!(made.len(), regional.len());
        assert_ne!(made, regional);
        let plain = format!("P{}", "2".repeat(27));
        assert_eq!(fresh_project(&plain).len(), plain.len());
    }

    #[test]
    fn ids_made_after_a_short_one_are_long_enough_to_be_unique() {
        assert_eq!(fresh("CI", "CI1").len(), 29);
        assert_ne!(fresh("CI", "CI1"), fresh("CI", "CI1"));
    }
}
