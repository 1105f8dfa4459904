//! `Retry-After`: seconds or an HTTP date (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

/// No server means more than this; a larger number is a mistake and is cut.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long to wait from `now`; `None` if the header says neither form.
pub(crate) fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit mean a very long time, not nonsense.
        return Some(value.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default().min(LONGEST))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{LONGEST, parse};

    #[test]
    fn reads_both_forms_and_nothing_else() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(parse("7", now), Some(Duration::from_secs(7)));
        assert_eq!(parse(" 0 ", now), Some(Duration::ZERO));
        assert_eq!(parse("99999999999999999999999", now), Some(LONGEST));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:07 GMT", now), Some(Duration::ZERO), "a date that has passed");
        for nonsense in ["", "-1", "1.5", "soon", "7 s"] {
            assert_eq!(parse(nonsense, now), None, "{nonsense}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn every_number_and_every_date_is_read_and_cut_at_a_week(seconds: u64, at in 0..250_000_000_000_u64, now: u32) {
            let week = LONGEST.as_secs();
            let start = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(now));
            proptest::prop_assert_eq!(parse(&seconds.to_string(), start), Some(Duration::from_secs(seconds.min(week))));
            let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(at));
            let pause = at.saturating_sub(u64::from(now)).min(week);
            proptest::prop_assert_eq!(parse(&date, start), Some(Duration::from_secs(pause)), "{}", date);
        }

        #[test]
        fn nothing_makes_it_wait_longer_than_a_week(value in "\\PC{0,40}") {
            proptest::prop_assert!(parse(&value, SystemTime::UNIX_EPOCH).is_none_or(|pause| pause <= LONGEST));
        }
    }
}
