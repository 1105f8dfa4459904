//! JSON to Python objects, by jiter; and Python objects to JSON text.

use std::fmt::Write as _;
use std::io::Write;

use bytes::Bytes;
use descope_projects_core::secrets::{SecretBytes, looks_like_credential};
use jiter::{FloatMode, PartialMode, PythonParse, StringCacheMode};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::errors;
use crate::options::kind_of;

/// JSON text as Python objects, new ones each time. With `decimal`, numbers with a fraction or exponent keep their
/// digits as `Decimal`.
pub(crate) fn to_python<'py>(py: Python<'py>, json: &[u8], decimal: bool) -> PyResult<Bound<'py, PyAny>> {
    let parse = PythonParse {
        allow_inf_nan: false,
        cache_mode: StringCacheMode::Keys,
        partial_mode: PartialMode::Off,
        catch_duplicate_keys: false,
        float_mode: if decimal { FloatMode::Decimal } else { FloatMode::Float },
    };
    parse.python_parse(py, json).map_err(|error| jiter::map_json_error(json, &error))
}

/// A JSON value of ours as Python objects.
pub(crate) fn value_to_python<'py, T: serde::Serialize>(py: Python<'py>, value: &T) -> PyResult<Bound<'py, PyAny>> {
    let json = serde_json::to_vec(value).map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?;
    to_python(py, &json, false)
}

/// Python objects as JSON text. `place` begins the path in messages.
///
/// Big integers and `Decimal` keep their digits, so that what `Snapshot.json(path, decimal=True)` gave can be sent back.
pub(crate) fn from_python(value: &Bound<'_, PyAny>, place: &str) -> PyResult<Bytes> {
    let mut writer = Writer { json: Vec::new(), path: place.to_owned() };
    writer.write(value, 0)?;
    Ok(Bytes::from(writer.json))
}

/// The same where secrets may be in it: the text is overwritten after use.
pub(crate) fn secretly_from_python(value: &Bound<'_, PyAny>, place: &str) -> PyResult<Bytes> {
    let mut writer = Writer { json: SecretBytes::default(), path: place.to_owned() };
    writer.write(value, 0)?;
    Ok(writer.json.into_bytes())
}

/// Writes into memory, which takes everything.
struct Writer<Json> {
    json: Json,
    path: String,
}

/// As deep as a snapshot's file may be; a cycle ends here too.
const DEEPEST: u16 = 256;

impl<Json: Write> Writer<Json> {
    fn write(&mut self, value: &Bound<'_, PyAny>, depth: u16) -> PyResult<()> {
        if depth > DEEPEST {
            return Err(self.wrong(value.py(), "is nested too deeply, or holds itself"));
        }
        if value.is_none() {
            self.push("null");
        } else if let Ok(value) = value.cast::<PyBool>() {
            self.push(if value.is_true() { "true" } else { "false" });
        } else if let Ok(text) = value.cast::<PyString>() {
            let text = text.to_str().map_err(|_| self.wrong(value.py(), "is not valid Unicode"))?;
            self.push_string(text);
        } else if value.cast_exact::<PyInt>().is_ok() {
            self.push_integer(value)?;
        } else if value.cast::<PyInt>().is_ok() {
            // An IntEnum and its like print as their name.
            self.push_integer(&value.py().get_type::<PyInt>().call1((value,))?)?;
        } else if let Ok(number) = value.cast::<PyFloat>() {
            let number = number.value();
            let number = serde_json::Number::from_f64(number)
                .ok_or_else(|| self.wrong(value.py(), "is NaN or infinite, which JSON cannot hold"))?;
            self.push(&number.to_string());
        } else if let Ok(entries) = value.cast::<PyDict>() {
            self.push("{");
            for (index, (key, value)) in entries.iter().enumerate() {
                let Ok(key) = key.cast::<PyString>() else {
                    return Err(self.wrong(value.py(), "has a key that is not a string"));
                };
                let Ok(key) = key.to_str() else {
                    return Err(self.wrong(value.py(), "has a key that is not valid Unicode"));
                };
                if index > 0 {
                    self.push(",");
                }
                self.push_string(key);
                self.push(":");
                let before = self.path.len();
                let _ = if looks_like_credential(key) {
                    write!(self.path, "[…]")
                } else {
                    write!(self.path, "[{key:?}]")
                };
                self.write(&value, depth + 1)?;
                self.path.truncate(before);
            }
            self.push("}");
        } else if value.cast::<PyList>().is_ok() || value.cast::<PyTuple>().is_ok() {
            self.push("[");
            for (index, value) in value.try_iter()?.enumerate() {
                if index > 0 {
                    self.push(",");
                }
                let before = self.path.len();
                let _ = write!(self.path, "[{index}]");
                self.write(&value?, depth + 1)?;
                self.path.truncate(before);
            }
            self.push("]");
        } else if is_decimal(value)? {
            let digits = value.str()?.to_str()?.to_owned();
            if serde_json::from_str::<&serde_json::value::RawValue>(&digits).is_err() {
                return Err(self.wrong(value.py(), "is a Decimal that JSON cannot hold"));
            }
            self.push(&digits);
        } else {
            return Err(self.wrong(value.py(), &format!("{} cannot be written as JSON", kind_of(value))));
        }
        Ok(())
    }

    /// Python refuses to write an integer of thousands of digits, which takes it very long.
    fn push_integer(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(digits) = value.str() else {
            return Err(self.wrong(value.py(), "is an integer of more digits than Python writes"));
        };
        self.push(digits.to_str()?);
        Ok(())
    }

    fn push(&mut self, text: &str) {
        let _ = self.json.write_all(text.as_bytes());
    }

    fn push_string(&mut self, text: &str) {
        let _ = serde_json::to_writer(&mut self.json, text);
    }

    fn wrong(&self, py: Python<'_>, what: &str) -> PyErr {
        errors::option(py, &self.path, format!("{}: {what}", self.path))
    }
}

fn is_decimal(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = value.get_type();
    Ok(class.name()? == "Decimal" && class.module()? == "decimal")
}
