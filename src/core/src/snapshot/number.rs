//! Numbers: one text for each value, and no digit lost.

use std::borrow::Cow;

/// A decimal number as it is written: digits without zeros at either end, times a power of ten.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` if the exponent is beyond all reason.
    fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = String::with_capacity(whole.len() + fraction.len());
        digits.push_str(whole);
        digits.push_str(fraction);
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let kept = digits.trim_end_matches('0').len();
        let exponent = exponent.checked_add(i64::try_from(digits.len() - kept).ok()?)?;
        digits.truncate(kept);
        let digits = digits.trim_start_matches('0').to_owned();
        let exponent = if digits.is_empty() { 0 } else { exponent };
        Some(Self { negative, digits, exponent })
    }
}

/// The shortest text that gives the same double, if the double is exactly the number that `text` denotes in decimal.
fn as_double(text: &str) -> Option<Cow<'_, str>> {
    if is_shortest(text) {
        return Some(Cow::Borrowed(text));
    }
    let double: f64 = text.parse().ok().filter(|double: &f64| double.is_finite())?;
    let shortest = ryu_js::Buffer::new().format_finite(double).to_owned();
    let (received, denoted) = (Decimal::parse(text)?, Decimal::parse(&shortest)?);
    (received.digits == denoted.digits && received.exponent == denoted.exponent).then_some(Cow::Owned(shortest))
}

/// Whether the text is surely its own shortest form: nearly all numbers there are. A double tells all decimals of up to
/// 15 digits apart.
fn is_shortest(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    if digits.len() > 16 || !digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
        return false;
    }
    match digits.iter().position(|byte| *byte == b'.') {
        None => digits.len() <= 15 && digits != b"0",
        // No zero at the end, and no number so small that it is written with an exponent.
        Some(point) => digits.last() != Some(&b'0') && (digits[0] != b'0' || digits.get(point + 1) != Some(&b'0')),
    }
}

/// As the vendor's command line writes it (Go's form of a float64, which is ECMAScript's but for `-0`), unless that would be
/// another number: then the digits received.
pub(super) fn in_file(text: &str) -> Cow<'_, str> {
    match as_double(text) {
        Some(shortest) if shortest == "0" && text.starts_with('-') => Cow::Borrowed("-0"),
        Some(shortest) => shortest,
        None => Cow::Borrowed(text),
    }
}

/// One text for each value: RFC 8785 (ECMAScript's form of a double) where a double holds the number, otherwise its
/// digits without zeros at either end, `e`, and the power of ten: `9007199254740993e0`.
pub(super) fn canonical(text: &str) -> Cow<'_, str> {
    if let Some(shortest) = as_double(text) {
        return shortest;
    }
    match Decimal::parse(text) {
        Some(decimal) => {
            let sign = if decimal.negative { "-" } else { "" };
            Cow::Owned(format!("{sign}{}e{}", decimal.digits, decimal.exponent))
        }
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::{canonical, in_file};

    #[test]
    fn a_file_has_the_vendor_form_unless_it_would_be_another_number() {
        for (received, written) in [
            ("0", "0"),
            ("-0", "-0"),
            ("-0.0", "-0"),
            ("1.0", "1"),
            ("1e2", "100"),
            ("-12.50", "-12.5"),
            ("1E-7", "1e-7"),
            ("0.000001", "0.000001"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("123456789012345680000", "123456789012345680000"),
            ("9007199254740992", "9007199254740992"),
            ("9007199254740993", "9007199254740993"),
            ("0.1", "0.1"),
            ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
            ("1e400", "1e400"),
            ("1e-400", "1e-400"),
            ("1E99999999999999999999", "1E99999999999999999999"),
        ] {
            assert_eq!(in_file(received), written, "{received}");
        }
    }

    #[test]
    fn canonical_numbers_are_equal_exactly_when_their_values_are() {
        for (left, right) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("0", "-0.0"),
            ("1e400", "10e399"),
            ("9007199254740993", "9007199254740993.0"),
            ("0.00", "0e5"),
        ] {
            assert_eq!(canonical(left), canonical(right), "{left} {right}");
        }
        for (left, right) in
            [("9007199254740993", "9007199254740992"), ("0.1", "0.10000000000000001"), ("1e400", "-1e400"), ("1", "-1")]
        {
            assert_ne!(canonical(left), canonical(right), "{left} {right}");
        }
    }
}
