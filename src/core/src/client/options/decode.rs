//! From loosely typed option values (a Python dict, a JSON object, a config table) to the option structs.
//!
//! Its own small value type, because the error must never repeat a value (it may be a secret put under the wrong key),
//! must name the path of the wrong key, and must say which key was probably meant.

use std::fmt;

use secrecy::zeroize::Zeroize as _;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};

use crate::error::{Error, ErrorKind, Result};
use crate::secrets::may_be_a_name;
use crate::wire::nearest;

/// An option value as its user wrote it; its text is overwritten when it is dropped.
#[derive(Clone, PartialEq)]
pub enum OptionValue {
    /// `None`, `null`
    Null,
    /// `True`, `true`
    Bool(bool),
    /// A whole number that fits.
    Integer(i64),
    /// Any other number, NaN and infinities included.
    Float(f64),
    /// Text.
    Text(String),
    /// A list or tuple.
    List(Vec<Self>),
    /// A dict with string keys, in its order.
    Map(Vec<(String, Self)>),
}

impl OptionValue {
    fn article(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

impl Drop for OptionValue {
    fn drop(&mut self) {
        if let Self::Text(text) = self {
            text.zeroize();
        }
    }
}

// Not derived: a value may be a secret.
impl fmt::Debug for OptionValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OptionValue({})", self.article())
    }
}

impl<'de> Deserialize<'de> for OptionValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = OptionValue;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("None, a boolean, a number, a string, a list or a dict with string keys")
            }
            fn visit_unit<E>(self) -> Result<OptionValue, E> {
                Ok(OptionValue::Null)
            }
            fn visit_none<E>(self) -> Result<OptionValue, E> {
                Ok(OptionValue::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<OptionValue, D::Error> {
                OptionValue::deserialize(deserializer)
            }
            fn visit_bool<E>(self, value: bool) -> Result<OptionValue, E> {
                Ok(OptionValue::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<OptionValue, E> {
                Ok(OptionValue::Integer(value))
            }
            #[expect(clippy::cast_precision_loss, reason = "only asked whether it is in range, and it is not")]
            fn visit_u64<E>(self, value: u64) -> Result<OptionValue, E> {
                Ok(i64::try_from(value).map_or(OptionValue::Float(value as f64), OptionValue::Integer))
            }
            fn visit_f64<E>(self, value: f64) -> Result<OptionValue, E> {
                Ok(OptionValue::Float(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<OptionValue, E> {
                Ok(OptionValue::Text(value.to_owned()))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut values: A) -> Result<OptionValue, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = values.next_element()? {
                    list.push(value);
                }
                Ok(OptionValue::List(list))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<OptionValue, A::Error> {
                let mut map = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    map.push(entry);
                }
                Ok(OptionValue::Map(map))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Decodes options; an error names the key's path, what was expected there, and the nearest right key.
///
/// ```
/// use descope_projects_core::client::{CloneOptions, OptionValue, decode_options};
///
/// let options = OptionValue::Map(vec![("nmae".to_owned(), OptionValue::Text("preview".to_owned()))]);
/// let error = decode_options::<CloneOptions>("clone", options).unwrap_err();
/// assert_eq!(error.to_string(), "clone: unknown option `nmae`; did you mean `name`?");
/// ```
#[expect(clippy::needless_pass_by_value, reason = "its text is overwritten once it is decoded")]
pub fn decode_options<T: DeserializeOwned>(operation: &str, options: OptionValue) -> Result<T> {
    serde_path_to_error::deserialize(ValueDeserializer(&options)).map_err(|failure| {
        let path = failure.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let (message, at) = failure.into_inner().render(&path);
        Error::new(ErrorKind::Configuration, format!("{operation}: {message}")).with(|details| {
            details.operation = Some(operation.to_owned());
            details.path = Some(at);
        })
    })
}

/// What is wrong with a value, without the value.
#[derive(Debug)]
enum DecodeError {
    UnknownKey { key: String, known: &'static [&'static str] },
    Missing { key: &'static str },
    Wrong { expected: String, got: Option<String> },
}

impl DecodeError {
    fn render(self, path: &str) -> (String, String) {
        match self {
            Self::UnknownKey { key, known } => {
                // serde_path_to_error has the wrong key at the path's end already.
                let parent = path.strip_suffix(key.as_str()).unwrap_or(path).trim_end_matches('.');
                let hint = match nearest(&key, known.iter().copied()) {
                    Some(name) => format!("did you mean `{}`?", join(parent, name)),
                    None => format!("known are {}", known.join(", ")),
                };
                if !may_be_a_name(&key) {
                    // Not shown: it may be a secret in the place of a name.
                    let place = if parent.is_empty() { String::new() } else { format!(" in `{parent}`") };
                    return (format!("unknown option{place}, whose name is not a name; {hint}"), parent.to_owned());
                }
                let full = join(parent, &key);
                (format!("unknown option `{full}`; {hint}"), full)
            }
            Self::Missing { key } => {
                let full = join(path, key);
                (format!("`{full}` is missing"), full)
            }
            Self::Wrong { expected, got } => {
                let got = got.map(|got| format!(", got {got}")).unwrap_or_default();
                let at = if path.is_empty() { "options".to_owned() } else { path.to_owned() };
                (format!("`{at}`: expected {expected}{got}"), at)
            }
        }
    }
}

fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { key, .. } => write!(formatter, "unknown option `{key}`"),
            Self::Missing { key } => write!(formatter, "`{key}` is missing"),
            Self::Wrong { expected, .. } => write!(formatter, "expected {expected}"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Wrong { expected: message.to_string(), got: None }
    }
    fn invalid_type(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::Wrong { expected: expected.to_string(), got: Some(kind_of(&unexpected)) }
    }
    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::Wrong { expected: expected.to_string(), got: None }
    }
    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Wrong { expected: format!("one of {}", expected.join(", ")), got: None }
    }
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::UnknownKey { key: field.to_owned(), known: expected }
    }
    fn missing_field(field: &'static str) -> Self {
        Self::Missing { key: field }
    }
}

fn kind_of(unexpected: &de::Unexpected<'_>) -> String {
    match unexpected {
        de::Unexpected::Bool(_) => "a boolean",
        de::Unexpected::Unsigned(_) | de::Unexpected::Signed(_) => "an integer",
        de::Unexpected::Float(_) => "a number",
        de::Unexpected::Str(_) => "a string",
        de::Unexpected::Seq => "a list",
        de::Unexpected::Map => "a mapping",
        _ => "nothing",
    }
    .to_owned()
}

/// Lends the values: what takes a text makes the one copy that it needs.
struct ValueDeserializer<'value>(&'value OptionValue);

impl<'value> IntoDeserializer<'value, DecodeError> for &'value OptionValue {
    type Deserializer = ValueDeserializer<'value>;
    fn into_deserializer(self) -> ValueDeserializer<'value> {
        ValueDeserializer(self)
    }
}

impl<'de> Deserializer<'de> for ValueDeserializer<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            OptionValue::Null => visitor.visit_unit(),
            OptionValue::Bool(value) => visitor.visit_bool(*value),
            OptionValue::Integer(value) => visitor.visit_i64(*value),
            OptionValue::Float(value) => visitor.visit_f64(*value),
            OptionValue::Text(value) => visitor.visit_str(value),
            OptionValue::List(values) => visitor.visit_seq(SeqDeserializer::new(values.iter())),
            OptionValue::Map(entries) => {
                let entries = entries.iter().map(|(name, value)| (name.as_str(), value));
                visitor.visit_map(MapDeserializer::new(entries))
            }
        }
    }

    /// By key only: a list in the order of the fields is no set of options.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.0 {
            OptionValue::Map(_) => self.deserialize_any(visitor),
            other => {
                Err(DecodeError::Wrong { expected: "a mapping".to_owned(), got: Some(other.article().to_owned()) })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            OptionValue::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.0 {
            OptionValue::Text(value) => {
                let value: de::value::StrDeserializer<'_, DecodeError> = value.as_str().into_deserializer();
                value.deserialize_enum(name, variants, visitor)
            }
            other => Err(DecodeError::Wrong {
                expected: format!("one of {}", variants.join(", ")),
                got: Some(other.article().to_owned()),
            }),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}
