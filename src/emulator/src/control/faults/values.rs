//! Numbers of a fault's options, with an error that says what is right.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

/// Once, so often, or always.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times(pub(super) Option<u64>);

impl Default for Times {
    fn default() -> Self {
        Self(Some(1))
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::<Whole<1>>::deserialize(deserializer)?.map(|count| count.0)))
    }
}

/// A whole number from `LEAST` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<const LEAST: u64>(pub(super) u64);

impl<'de, const LEAST: u64> Deserialize<'de> for Whole<LEAST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Integer<const LEAST: u64>;
        impl<const LEAST: u64> Visitor<'_> for Integer<LEAST> {
            type Value = Whole<LEAST>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "an integer, {LEAST} or more")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Whole<LEAST>, E> {
                if value >= LEAST {
                    Ok(Whole(value))
                } else {
                    Err(E::invalid_value(de::Unexpected::Unsigned(value), &self))
                }
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Whole<LEAST>, E> {
                match u64::try_from(value) {
                    Ok(value) => self.visit_u64(value),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
                }
            }
        }
        deserializer.deserialize_any(Integer::<LEAST>)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Number(f64);

impl Number {
    /// What is too long to be a duration is too long anyway.
    pub(super) fn duration(self) -> Duration {
        Duration::try_from_secs_f64(self.0).unwrap_or(Duration::MAX)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seconds;
        impl Visitor<'_> for Seconds {
            type Value = Number;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of seconds, not negative")
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
                if value >= 0.0 {
                    Ok(Number(value))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(value), &self))
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "a number of seconds that large is refused")]
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
                self.visit_f64(value as f64)
            }
            #[expect(clippy::cast_precision_loss, reason = "a number of seconds that large is refused")]
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
                self.visit_f64(value as f64)
            }
        }
        deserializer.deserialize_any(Seconds)
    }
}
