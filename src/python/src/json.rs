//! JSON to Python objects, by jiter; and Python objects to JSON text.

use std::fmt::Write as _;

use bytes::Bytes;
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
    let mut writer = Writer { json: String::new(), path: place.to_owned() };
    writer.write(value, 0)?;
    Ok(Bytes::from(writer.json))
}

struct Writer {
    json: String,
    path: String,
}

/// As deep as a snapshot's file may be; a cycle ends here too.
const DEEPEST: u16 = 256;

impl Writer {
    fn write(&mut self, value: &Bound<'_, PyAny>, depth: u16) -> PyResult<()> {
        if depth > DEEPEST {
            return Err(self.wrong(value.py(), "is nested too deeply, or holds itself"));
        }
        if value.is_none() {
            self.json.push_str("null");
        } else if let Ok(value) = value.cast::<PyBool>() {
            self.json.push_str(if value.is_true() { "true" } else { "false" });
        } else if let Ok(text) = value.cast::<PyString>() {
            let text = text.to_str().map_err(|_| self.wrong(value.py(), "is not valid Unicode"))?;
            push_string(&mut self.json, text);
        } else if value.cast_exact::<PyInt>().is_ok() {
            self.push_integer(value)?;
        } else if value.cast::<PyInt>().is_ok() {
            // An IntEnum and its like print as their name.
            self.push_integer(&value.py().get_type::<PyInt>().call1((value,))?)?;
        } else if let Ok(number) = value.cast::<PyFloat>() {
            let number = number.value();
            let number = serde_json::Number::from_f64(number)
                .ok_or_else(|| self.wrong(value.py(), "is NaN or infinite, which JSON cannot hold"))?;
            let _ = write!(self.json, "{number}");
        } else if let Ok(entries) = value.cast::<PyDict>() {
            self.json.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                let Ok(key) = key.cast::<PyString>() else {
                    return Err(self.wrong(value.py(), "has a key that is not a string"));
                };
                let Ok(key) = key.to_str() else {
                    return Err(self.wrong(value.py(), "has a key that is not valid Unicode"));
                };
                if index > 0 {
                    self.json.push(',');
                }
                push_string(&mut self.json, key);
                self.json.push(':');
                let before = self.path.len();
                let _ = write!(self.path, "[{key:?}]");
                self.write(&value, depth + 1)?;
                self.path.truncate(before);
            }
            self.json.push('}');
        } else if value.cast::<PyList>().is_ok() || value.cast::<PyTuple>().is_ok() {
            self.json.push('[');
            for (index, value) in value.try_iter()?.enumerate() {
                if index > 0 {
                    self.json.push(',');
                }
                let before = self.path.len();
                let _ = write!(self.path, "[{index}]");
                self.write(&value?, depth + 1)?;
                self.path.truncate(before);
            }
            self.json.push(']');
        } else if is_decimal(value)? {
            let digits = value.str()?.to_str()?.to_owned();
            if serde_json::from_str::<&serde_json::value::RawValue>(&digits).is_err() {
                return Err(self.wrong(value.py(), "is a Decimal that JSON cannot hold"));
            }
            self.json.push_str(&digits);
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
        self.json.push_str(digits.to_str()?);
        Ok(())
    }

    fn wrong(&self, py: Python<'_>, what: &str) -> PyErr {
        errors::option(py, &self.path, format!("{}: {what}", self.path))
    }
}

fn is_decimal(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = value.get_type();
    Ok(class.name()? == "Decimal" && class.module()? == "decimal")
}

fn push_string(json: &mut String, text: &str) {
    json.push_str(&serde_json::Value::from(text).to_string());
}
