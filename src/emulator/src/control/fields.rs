//! JSON in, a typed value or a sentence out: unknown fields are refused with the nearest name.

use descope_projects_core::wire::nearest;
use serde_json::{Map, Value};

use super::{ControlError, Fault, FaultAction, FaultStatus};

/// The fields of one object; all that are known must be taken before [`Fields::end`].
pub(crate) struct Fields {
    fields: Map<String, Value>,
    known: &'static [&'static str],
}

impl Fields {
    pub(crate) fn new(value: Value, what: &str, known: &'static [&'static str]) -> Result<Self, ControlError> {
        let Value::Object(fields) = value else {
            return Err(ControlError::wrong(format!("{what}: expected an object with {}", known.join(", "))));
        };
        if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None if known.is_empty() => "it takes none".to_owned(),
                None => format!("there are {}", known.join(", ")),
            };
            return Err(ControlError::wrong(format!("{what}: there is no field {name:?}; {hint}")));
        }
        Ok(Self { fields, known })
    }

    /// The field, `None` if it is absent; `null` counts as a value.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        debug_assert!(self.known.contains(&name), "{name} is not among the known fields");
        self.fields.remove(name)
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, ControlError> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ControlError::wrong(format!("{name}: expected a string"))),
        }
    }

    fn flag(&mut self, name: &'static str) -> Result<bool, ControlError> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(ControlError::wrong(format!("{name}: expected true or false"))),
        }
    }

    fn count(&mut self, name: &'static str) -> Result<Option<u64>, ControlError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match value.as_u64() {
            Some(count) => Ok(Some(count)),
            None => Err(ControlError::wrong(format!("{name}: expected an integer from 1"))),
        }
    }

    fn is_null(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(Value::is_null)
    }
}

const ACTIONS: [&str; 4] = ["drop_before", "drop_after", "drop_within", "hold"];

/// The actions that are objects, as in messages.
const OBJECTS: &str = "{\"status\": 503, …} or {\"fail_later\": \"…\"}";

/// `{"operation", "occurrence"?, "times"?, "action": "drop_before" | … | {"status", …} | {"fail_later"}}`
pub(crate) fn fault(value: Value) -> Result<Fault, ControlError> {
    let mut fields = Fields::new(value, "fault", &["operation", "occurrence", "times", "action"])?;
    let operation = fields
        .text("operation")?
        .ok_or_else(|| ControlError::wrong("operation: a fault needs the name of a call, or *"))?;
    let occurrence = fields.count("occurrence")?.unwrap_or(1);
    let times = if fields.is_null("times") { None } else { Some(fields.count("times")?.unwrap_or(1)) };
    let action = match fields.take("action") {
        Some(Value::String(name)) => named_action(&name)?,
        Some(Value::Object(object)) if object.contains_key("fail_later") => fail_later(Value::Object(object))?,
        Some(object @ Value::Object(_)) => FaultAction::Status(status(object)?),
        _ => {
            let expected = format!("action: expected {}, {OBJECTS}", ACTIONS.join(", "));
            return Err(ControlError::wrong(expected));
        }
    };
    Ok(Fault { operation, occurrence, times, action })
}

fn named_action(name: &str) -> Result<FaultAction, ControlError> {
    match name {
        "drop_before" => Ok(FaultAction::DropBefore),
        "drop_after" => Ok(FaultAction::DropAfter),
        "drop_within" => Ok(FaultAction::DropWithin),
        "hold" => Ok(FaultAction::Hold),
        _ => {
            let hint = match nearest(name, ACTIONS) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("there are {}, {OBJECTS}", ACTIONS.join(", ")),
            };
            Err(ControlError::wrong(format!("action: there is no {name:?}; {hint}")))
        }
    }
}

fn fail_later(value: Value) -> Result<FaultAction, ControlError> {
    let error = Fields::new(value, "action", &["fail_later"])?.text("fail_later")?;
    error.map(FaultAction::FailLater).ok_or_else(|| ControlError::wrong("action.fail_later: expected a string"))
}

fn status(value: Value) -> Result<FaultStatus, ControlError> {
    let known = &["status", "code", "description", "message", "retry_after", "html", "body"];
    let mut fields = Fields::new(value, "action", known)?;
    let status = fields
        .count("status")
        .ok()
        .flatten()
        .and_then(|status| u16::try_from(status).ok())
        .ok_or_else(|| ControlError::wrong("action.status: expected an integer from 400 to 599"))?;
    Ok(FaultStatus {
        status,
        code: fields.text("code")?,
        description: fields.text("description")?,
        message: fields.text("message")?,
        retry_after: fields.text("retry_after")?,
        html: fields.flag("html")?,
        body: fields.text("body")?,
    })
}
