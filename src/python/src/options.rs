//! Option dicts and keywords, to the core's option structs.

use descope_projects_core::client::{OptionValue, decode_options};
use descope_projects_core::secrets::may_be_a_name;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDelta, PyDeltaAccess as _, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde::de::DeserializeOwned;

use crate::errors;

/// Options given as one dict, as keywords, or as both; a key in both is an error.
pub(crate) fn decode<T: DeserializeOwned>(
    py: Python<'_>,
    operation: &str,
    options: Option<&Bound<'_, PyAny>>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<T> {
    let merged = merge(py, operation, options, keywords)?;
    decode_merged(py, operation, &merged)
}

/// The dict and the keywords as one new dict.
pub(crate) fn merge<'py>(
    py: Python<'py>,
    operation: &str,
    options: Option<&Bound<'py, PyAny>>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyDict>> {
    let merged = match options {
        None => PyDict::new(py),
        Some(options) => {
            let Ok(options) = options.cast::<PyDict>() else {
                let message = format!("{operation}: options must be a dict, got {}", kind_of(options));
                return Err(errors::configuration(py, message));
            };
            options.copy()?
        }
    };
    for (key, value) in keywords.into_iter().flatten() {
        if merged.contains(&key)? {
            let name = name_of(&key.str()?.to_string_lossy());
            let message = format!("{operation}: `{name}` is given twice, in the dict and as a keyword");
            return Err(errors::option(py, name, message));
        }
        merged.set_item(key, value)?;
    }
    Ok(merged)
}

/// One dict to a struct.
pub(crate) fn decode_merged<T: DeserializeOwned>(
    py: Python<'_>,
    operation: &str,
    merged: &Bound<'_, PyDict>,
) -> PyResult<T> {
    let value = convert(merged.as_any(), operation, "", 0)?;
    decode_options(operation, value).map_err(|error| errors::to_python(py, error))
}

/// Deeper nesting than any option has; a cycle ends here too.
const DEEPEST: u8 = 16;

fn convert(value: &Bound<'_, PyAny>, operation: &str, path: &str, depth: u8) -> PyResult<OptionValue> {
    let wrong = |what: &str| {
        let place = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
        errors::option(value.py(), path, format!("{operation}: {place}{what}"))
    };
    if depth > DEEPEST {
        return Err(wrong("is nested too deeply"));
    }
    if value.is_none() {
        return Ok(OptionValue::Null);
    }
    // A bool is an int to Python, so it goes first.
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(OptionValue::Bool(value.is_true()));
    }
    if let Ok(value) = value.cast::<PyString>() {
        return Ok(OptionValue::Text(value.to_str().map_err(|_| wrong("is not valid text"))?.to_owned()));
    }
    if value.cast::<PyInt>().is_ok() {
        return Ok(match value.extract::<i64>() {
            Ok(value) => OptionValue::Integer(value),
            Err(_) => OptionValue::Float(f64::INFINITY),
        });
    }
    if let Ok(value) = value.cast::<PyFloat>() {
        return Ok(OptionValue::Float(value.value()));
    }
    if let Ok(value) = value.cast::<PyDelta>() {
        let days = f64::from(value.get_days());
        let seconds = f64::from(value.get_seconds());
        return Ok(OptionValue::Float(days * 86_400.0 + seconds + f64::from(value.get_microseconds()) / 1e6));
    }
    if let Ok(entries) = value.cast::<PyDict>() {
        let mut map = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Ok(key) = key.extract::<String>() else {
                return Err(wrong(&format!("keys must be strings, got {}", kind_of(&key))));
            };
            let name = name_of(&key);
            let inner = if path.is_empty() { name } else { format!("{path}.{name}") };
            let value = convert(&value, operation, &inner, depth + 1)?;
            map.push((key, value));
        }
        return Ok(OptionValue::Map(map));
    }
    if value.cast::<PyList>().is_ok() || value.cast::<PyTuple>().is_ok() {
        let list = value
            .try_iter()?
            .enumerate()
            .map(|(index, value)| convert(&value?, operation, &format!("{path}[{index}]"), depth + 1));
        return Ok(OptionValue::List(list.collect::<PyResult<_>>()?));
    }
    if value.hasattr("__fspath__")? {
        return Ok(OptionValue::Text(value.call_method0("__fspath__")?.extract()?));
    }
    Err(wrong(&format!("{} is no option value", kind_of(value))))
}

/// A key as it is shown in a path: what cannot be a name may be a secret in the place of one.
fn name_of(key: &str) -> String {
    if may_be_a_name(key) { key.to_owned() } else { "…".to_owned() }
}

/// What a value is, without the value: it may be a secret in the wrong place.
pub(crate) fn kind_of(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "an object".to_owned(), |name| format!("an object of type {name}"))
}

/// A time limit given by itself; `None` if there is none.
pub(crate) fn seconds(
    py: Python<'_>,
    operation: &str,
    value: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<descope_projects_core::client::Seconds>> {
    #[derive(serde::Deserialize)]
    struct Timeout {
        timeout: Option<descope_projects_core::client::Seconds>,
    }
    let Some(value) = value else { return Ok(None) };
    let dict = PyDict::new(py);
    dict.set_item("timeout", value)?;
    let decoded: Timeout = decode_merged(py, operation, &dict)?;
    Ok(decoded.timeout)
}
