//! Laws of what a user says: options by name, and where the key goes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use descope_projects_core::ErrorKind;
use descope_projects_core::client::{
    Client, ClientOptions, CloneOptions, ExportOptions, ImportOptions, OptionValue, decode_options,
};
use descope_projects_core::secrets::Secret;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = OptionValue> {
    let leaf = prop_oneof![
        Just(OptionValue::Null),
        any::<bool>().prop_map(OptionValue::Bool),
        any::<i64>().prop_map(OptionValue::Integer),
        any::<f64>().prop_map(OptionValue::Float),
        Just(OptionValue::Text("hunter2-hunter2".to_owned())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(OptionValue::List),
            prop::collection::vec((key(), inner), 0..4).prop_map(OptionValue::Map),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    let known = [
        "timeout",
        "retry",
        "max_attempts",
        "max_wait",
        "base_url",
        "proxy",
        "headers",
        "name",
        "environment",
        "tags",
        "settle_timeout",
        "format",
        "exclude",
        "input_secrets",
        "connectors",
        "id",
        "type",
        "value",
        "read_only",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "[a-z_]{1,9}"]
}

fn options() -> impl Strategy<Value = OptionValue> {
    prop::collection::vec((key(), value()), 0..5).prop_map(OptionValue::Map)
}

/// One option of this value.
fn only(key: &str, value: OptionValue) -> OptionValue {
    OptionValue::Map(vec![(key.to_owned(), value)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn options_are_taken_or_refused_with_a_place_and_without_a_value(given in options()) {
        let mut errors = vec![
            decode_options::<ClientOptions>("operation", given.clone()).err(),
            decode_options::<CloneOptions>("operation", given.clone()).err(),
            decode_options::<ExportOptions>("operation", given.clone()).err(),
            decode_options::<ImportOptions>("operation", given).err(),
        ];
        for error in errors.drain(..).flatten() {
            prop_assert_eq!(error.kind(), ErrorKind::Configuration);
            prop_assert!(error.details().path.is_some());
            prop_assert!(!error.to_string().contains("hunter2"), "{}", error);
        }
    }

    #[test]
    fn a_time_is_taken_exactly_if_it_is_some_time_and_at_most_a_year(seconds in any::<f64>()) {
        let taken = decode_options::<ClientOptions>("client", only("timeout", OptionValue::Float(seconds)));
        // Half a nanosecond is rounded to one, or to none.
        let expected = seconds > 0.6e-9 && seconds <= 366.0 * 24.0 * 3600.0;
        if !(0.4e-9..=0.6e-9).contains(&seconds) {
            prop_assert_eq!(taken.is_ok(), expected, "{}", seconds);
        }
        if let Ok(options) = taken {
            prop_assert!(!options.timeout.unwrap().duration().is_zero());
        }
    }

    #[test]
    fn a_count_is_taken_exactly_if_it_is_a_whole_number_above_zero(number in any::<i64>(), fraction in any::<f64>()) {
        let retry = |value| only("retry", only("max_attempts", value));
        let whole = decode_options::<ClientOptions>("client", retry(OptionValue::Integer(number)));
        prop_assert_eq!(whole.is_ok(), number > 0);
        let error = decode_options::<ClientOptions>("client", retry(OptionValue::Float(fraction))).unwrap_err();
        prop_assert_eq!(error.details().path.as_deref(), Some("retry.max_attempts"));
    }

    #[test]
    fn no_project_id_leads_the_key_out_of_the_vendors_domain(id in "P[a-zA-Z0-9./:@#?_%é-]{0,40}") {
        let client = Client::new(&id, Secret::new("K2abcdef"), &ClientOptions::default());
        let plain = (2..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        prop_assert_eq!(client.is_ok(), plain, "{}", id);
        if let Ok(client) = client {
            let region = if id.len() < 32 { String::new() } else { format!("{}.", id[1..5].to_lowercase()) };
            prop_assert_eq!(client.base_url(), format!("https://api.{region}descope.com/"));
        }
    }
}

#[test]
fn a_time_too_short_to_be_any_is_refused() {
    for seconds in [1e-308, 1e-10, 0.0, -0.0, -1.0, f64::NAN, f64::INFINITY] {
        let options = only("timeout", OptionValue::Float(seconds));
        let error = decode_options::<ClientOptions>("client", options).unwrap_err();
        assert_eq!(error.details().path.as_deref(), Some("timeout"), "{seconds}");
    }
    decode_options::<ClientOptions>("client", only("timeout", OptionValue::Float(1e-9))).unwrap();
}
