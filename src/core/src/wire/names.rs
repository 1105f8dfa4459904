//! "Did you mean …": the one place that measures how near two names are.

/// The candidate nearest to `name`, if one is near enough to be worth naming.
///
/// Case, `_` and `-` do not count as differences, so that `inputSecrets` finds `input_secrets`.
pub fn nearest<'names>(name: &str, candidates: impl IntoIterator<Item = &'names str>) -> Option<&'names str> {
    let wanted = fold(name);
    candidates
        .into_iter()
        .map(|candidate| {
            let folded = fold(candidate);
            let score = if !wanted.is_empty() && (folded.starts_with(&wanted) || wanted.starts_with(&folded)) {
                // A shared beginning says more than single letters do: `excludes` for `exclude`.
                strsim::jaro_winkler(&wanted, &folded).max(0.85)
            } else {
                strsim::jaro_winkler(&wanted, &folded)
            };
            (candidate, score)
        })
        .filter(|(_, score)| *score >= 0.8)
        .max_by(|left, right| left.1.total_cmp(&right.1))
        .map(|(candidate, _)| candidate)
}

fn fold(name: &str) -> String {
    name.chars().filter(|character| !matches!(character, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_other_spellings_and_typing_errors() {
        let known = ["exclude", "input_secrets", "timeout", "max_attempts"];
        assert_eq!(nearest("excludes", known), Some("exclude"));
        assert_eq!(nearest("inputSecrets", known), Some("input_secrets"));
        assert_eq!(nearest("timeout_seconds", known), Some("timeout"));
        assert_eq!(nearest("tiemout", known), Some("timeout"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }
}
