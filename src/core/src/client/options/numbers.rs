//! Numbers that are what their name says: no booleans, no NaN, no infinity, nothing negative.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A time limit or pause in seconds: more than zero, at most a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(Duration);

const LONGEST: f64 = 366.0 * 24.0 * 3600.0;

impl Seconds {
    /// Whole seconds, for defaults.
    pub const fn new(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// As a duration.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = deserializer.deserialize_any(Number { expected: "a number of seconds greater than 0" })?;
        // Less than half a nanosecond would be no time at all.
        let time = (seconds > 0.0 && seconds <= LONGEST).then(|| Duration::from_secs_f64(seconds));
        time.filter(|time| !time.is_zero()).map(Self).ok_or_else(|| {
            de::Error::invalid_value(
                de::Unexpected::Float(seconds),
                &"a number of seconds greater than 0, at most a year",
            )
        })
    }
}

/// A pause in seconds that may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pause(Duration);

impl Pause {
    /// Milliseconds, for defaults.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// As a duration.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl<'de> Deserialize<'de> for Pause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = deserializer.deserialize_any(Number { expected: "a number of seconds, 0 or more" })?;
        if (0.0..=LONGEST).contains(&seconds) {
            Ok(Self(Duration::from_secs_f64(seconds)))
        } else {
            Err(de::Error::invalid_value(
                de::Unexpected::Float(seconds),
                &"a number of seconds, 0 or more, at most a year",
            ))
        }
    }
}

/// Requests per second: more than zero.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// The time between two requests.
    pub fn interval(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rate = deserializer.deserialize_any(Number { expected: "a number greater than 0" })?;
        if (0.000_1..=100_000.0).contains(&rate) {
            Ok(Self(rate))
        } else {
            Err(de::Error::invalid_value(de::Unexpected::Float(rate), &"a number from 0.0001 to 100000"))
        }
    }
}

/// A whole number, 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(u64);

impl Count {
    /// For defaults; 0 counts as 1.
    pub const fn new(count: u64) -> Self {
        Self(if count == 0 { 1 } else { count })
    }

    /// As a number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Count;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an integer, 1 or more")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Count, E> {
                match u64::try_from(value) {
                    Ok(count) if count > 0 => Ok(Count(count)),
                    _ => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
                }
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Count, E> {
                i64::try_from(value)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
                    .and_then(|value| self.visit_i64(value))
            }
        }
        deserializer.deserialize_any(Whole)
    }
}

struct Number {
    expected: &'static str,
}

impl Visitor<'_> for Number {
    type Value = f64;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }
    #[expect(clippy::cast_precision_loss, reason = "far outside the accepted range before precision is lost")]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }
    #[expect(clippy::cast_precision_loss, reason = "far outside the accepted range before precision is lost")]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
        if value.is_finite() { Ok(value) } else { Err(E::invalid_value(de::Unexpected::Float(value), &self)) }
    }
}
