//! A fault as it is asked for: the same options from Python and over HTTP, checked against the table.

use std::time::Duration;

use descope_projects_core::wire::nearest;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::values::{Number, Times, Whole};
use super::{Fault, FaultAction, FaultStatus, Later, Partial, Spoiling, When, actions, fault_options};
use crate::control::ControlError;
use crate::control::fields::{check_field, object};

/// The options of a fault: an action by its name, and what belongs to it. See `docs/emulator.md`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultOptions {
    action: Option<ActionName>,
    occurrence: Option<Whole<1>>,
    times: Times,
    status: Option<Whole<0>>,
    code: Option<String>,
    description: Option<String>,
    message: Option<String>,
    retry_after: Option<String>,
    html: Option<bool>,
    body: Option<String>,
    drop: Option<bool>,
    when: Option<When>,
    seconds: Option<Number>,
    requests: Option<Whole<0>>,
    error: Option<String>,
    written: Option<Whole<0>>,
    content_type: Option<String>,
    bytes: Option<Whole<1>>,
}

impl FaultOptions {
    /// The fault, for an operation; the default action is `status`. An option that the action does not take is refused.
    pub fn into_fault(self, operation: impl Into<String>) -> Result<Fault, ControlError> {
        let action = self.action.unwrap_or(ActionName::Status);
        self.refuse_strangers(action)?;
        let (occurrence, times) = (self.occurrence.map_or(1, |count| count.0), self.times.0);
        Ok(Fault { operation: operation.into(), occurrence, times, action: self.into_action(action)? })
    }

    fn into_action(self, action: ActionName) -> Result<FaultAction, ControlError> {
        let when = self.when.unwrap_or_default();
        let time = self.seconds.map(Number::duration);
        let requests = self.requests.map(|count| count.0);
        let written = self.written.map(|count| count.0);
        Ok(match action {
            ActionName::Status => FaultAction::Status(self.answer(503)?),
            ActionName::DropRequest => FaultAction::DropRequest,
            ActionName::DropBefore => FaultAction::DropBefore,
            ActionName::DropAfter => FaultAction::DropAfter,
            ActionName::DropWithin => FaultAction::DropWithin,
            ActionName::Hold => match when {
                When::Before => FaultAction::Hold,
                When::After => FaultAction::HoldAnswer,
            },
            ActionName::Delay => FaultAction::Delay { when, time: time.unwrap_or(Duration::from_secs(1)) },
            ActionName::FinishLater => FaultAction::FinishLater(Later { requests, time, answer: self.end(504)? }),
            ActionName::FailLater => {
                FaultAction::FailLater(self.error.unwrap_or_else(|| "The clone failed".to_owned()))
            }
            ActionName::Partial => FaultAction::Partial(Partial { written, answer: self.end(500)? }),
            ActionName::Truncate => FaultAction::Spoil(Spoiling::Truncate),
            ActionName::Slow => FaultAction::Spoil(Spoiling::Slow(time.unwrap_or(Duration::from_millis(100)))),
            ActionName::Endless => FaultAction::Spoil(Spoiling::Endless),
            ActionName::Html => FaultAction::Spoil(Spoiling::Html),
            ActionName::ContentType => {
                let kind = self.content_type.unwrap_or_else(|| "text/plain".to_owned());
                FaultAction::Spoil(Spoiling::ContentType(kind))
            }
            ActionName::WrongType => {
                FaultAction::Spoil(Spoiling::WrongType(self.body.unwrap_or_else(|| "[]".to_owned())))
            }
            ActionName::Bomb => FaultAction::Spoil(Spoiling::Bomb(self.bytes.map_or(1 << 30, |bytes| bytes.0))),
        })
    }

    /// What is answered; absent: the connection is closed.
    fn end(self, status: u16) -> Result<Option<FaultStatus>, ControlError> {
        if self.drop == Some(true) {
            let answers = self.given().into_iter().find(|name| actions()[0].options.contains(name));
            return match answers {
                Some(name) => Err(ControlError::wrong(format!("{name}: there is no answer, since drop is true"))),
                None => Ok(None),
            };
        }
        self.answer(status).map(Some)
    }

    fn answer(self, default: u16) -> Result<FaultStatus, ControlError> {
        let status = match self.status {
            None => default,
            Some(Whole(status)) => u16::try_from(status)
                .map_err(|_| ControlError::wrong(format!("status: {status} is no failure; expected 400 to 599")))?,
        };
        Ok(FaultStatus {
            status,
            code: self.code,
            description: self.description,
            message: self.message,
            retry_after: self.retry_after,
            html: self.html.unwrap_or(false),
            body: self.body,
        })
    }

    fn refuse_strangers(&self, action: ActionName) -> Result<(), ControlError> {
        let name = action.name();
        let takes = actions().iter().find(|row| row.name == name).map_or(&[] as &[&str], |row| row.options);
        let Some(stranger) = self.given().into_iter().find(|given| !takes.contains(given)) else { return Ok(()) };
        let takes =
            if takes.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", takes.join(", ")) };
        Err(ControlError::wrong(format!("{stranger}: this is no option of {name}; {takes}")))
    }

    /// The options that are given, but for those that every action takes.
    fn given(&self) -> Vec<&'static str> {
        let all = [
            ("status", self.status.is_some()),
            ("code", self.code.is_some()),
            ("description", self.description.is_some()),
            ("message", self.message.is_some()),
            ("retry_after", self.retry_after.is_some()),
            ("html", self.html.is_some()),
            ("body", self.body.is_some()),
            ("drop", self.drop.is_some()),
            ("when", self.when.is_some()),
            ("seconds", self.seconds.is_some()),
            ("requests", self.requests.is_some()),
            ("error", self.error.is_some()),
            ("written", self.written.is_some()),
            ("content_type", self.content_type.is_some()),
            ("bytes", self.bytes.is_some()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActionName {
    Status,
    DropRequest,
    DropBefore,
    DropAfter,
    DropWithin,
    Hold,
    Delay,
    FinishLater,
    FailLater,
    Partial,
    Truncate,
    Slow,
    Endless,
    Html,
    ContentType,
    WrongType,
    Bomb,
}

impl ActionName {
    /// As in the table, which is in the same order.
    fn name(self) -> &'static str {
        actions()[self as usize].name
    }
}

/// `{"operation", "action": "drop_before", …}` with the options beside the action, or an action that is an object with
/// the options of `status` or `fail_later`: `{"status": 503, …}`, `{"fail_later": "…"}`.
pub(crate) fn fault(value: Value) -> Result<Fault, ControlError> {
    let known = ["operation", "action"].into_iter().chain(fault_options().iter().map(|option| option.name));
    let mut fields = object(value, "fault", &known)?;
    let operation = match fields.remove("operation") {
        Some(Value::String(operation)) => operation,
        None => return Err(ControlError::wrong("operation: a fault needs the name of a call, or *")),
        Some(_) => return Err(ControlError::wrong("operation: expected a string")),
    };
    let names = || actions().iter().map(|action| action.name);
    match fields.get("action") {
        Some(Value::String(name)) if names().any(|known| known == name) => {}
        Some(Value::String(name)) => {
            let hint = match nearest(name, names()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(ControlError::wrong(format!("action: there is no {name:?}; {hint}")));
        }
        Some(Value::Object(_)) => unfold(&mut fields)?,
        _ => {
            let names = names().collect::<Vec<_>>().join(", ");
            return Err(ControlError::wrong(format!("action: expected {names}, or {{\"status\": 503, …}}")));
        }
    }
    decode(&fields, "")?.into_fault(operation)
}

/// Puts the options of an action that is an object beside the action's name.
fn unfold(fields: &mut Map<String, Value>) -> Result<(), ControlError> {
    let Some(Value::Object(mut inner)) = fields.remove("action") else { return Ok(()) };
    let name = if let Some(error) = inner.remove("fail_later") {
        if !error.is_string() {
            return Err(ControlError::wrong("action.fail_later: expected a string"));
        }
        inner.insert("error".to_owned(), error);
        "fail_later"
    } else {
        if !inner.get("status").is_some_and(Value::is_u64) {
            return Err(ControlError::wrong("action.status: expected an integer from 400 to 599"));
        }
        "status"
    };
    let takes = actions().iter().find(|action| action.name == name).map_or(&[] as &[&str], |action| action.options);
    let inner = object(Value::Object(inner), "action", &takes.iter().copied())?;
    decode(&inner, "action.")?;
    for (option, value) in inner {
        if fields.insert(option.clone(), value).is_some() {
            return Err(ControlError::wrong(format!("{option}: this is given twice, in the action and beside it")));
        }
    }
    fields.insert("action".to_owned(), Value::String(name.to_owned()));
    Ok(())
}

fn decode(fields: &Map<String, Value>, prefix: &str) -> Result<FaultOptions, ControlError> {
    for (name, value) in fields {
        check_field::<FaultOptions>(name, value, prefix)?;
    }
    let all = serde_json::from_value(Value::Object(fields.clone()));
    all.map_err(|error| ControlError::wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use serde_json::json;

    use super::*;

    fn variants(field: &str) -> Vec<String> {
        let wrong = if field.is_empty() { json!({ "?": 1 }) } else { json!({ field: "?" }) };
        let refusal = serde_json::from_value::<FaultOptions>(wrong).unwrap_err().to_string();
        refusal.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_table_has_every_action_in_the_order_of_the_names() {
        let rows: Vec<&str> = actions().iter().map(|action| action.name).collect();
        assert_eq!(variants("action"), rows);
    }

    #[test]
    fn the_table_has_every_option_and_each_belongs_to_an_action() {
        let mut known = variants("");
        known.retain(|name| name != "action");
        let mut rows: Vec<&str> = fault_options().iter().map(|option| option.name).collect();
        for action in actions() {
            assert!(action.options.iter().all(|option| rows.contains(option)), "{}", action.name);
        }
        for name in rows.iter().filter(|name| !["occurrence", "times"].contains(*name)) {
            assert!(actions().iter().any(|action| action.options.contains(name)), "{name}");
        }
        known.sort();
        rows.sort_unstable();
        assert_eq!(known, rows);
    }

    #[test]
    fn an_action_gets_its_own_options_and_keeps_its_name() {
        let samples = json!({
            "status": 500, "code": "E1", "description": "d", "message": "m", "retry_after": "1", "html": true,
            "body": "b", "drop": false, "when": "after", "seconds": 2.5, "requests": 3, "error": "e", "written": 1,
            "content_type": "a/b", "bytes": 5,
        });
        for row in actions() {
            for (option, value) in samples.as_object().unwrap() {
                let operation = row.only.first().unwrap_or(&"clone");
                let made = fault(json!({ "operation": operation, "action": row.name, option: value }));
                match made {
                    Ok(fault) => {
                        assert!(row.options.contains(&option.as_str()), "{} takes {option}", row.name);
                        assert_eq!(fault.action.name(), row.name);
                    }
                    Err(error) => {
                        assert!(!row.options.contains(&option.as_str()), "{} refuses {option}: {error}", row.name);
                        assert!(error.to_string().contains("no option of"), "{error}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let row = |name: &str| fault_options().iter().find(|option| option.name == name).unwrap().default;
        let made = |action: &str| {
            let operation = if action == "partial" { "import_project" } else { "clone" };
            fault(json!({ "operation": operation, "action": action })).unwrap()
        };
        assert_eq!((made("hold").occurrence, made("hold").times), (1, Some(1)));
        let status = |action| made(action).action.answer().unwrap().status;
        let statuses = [status("status"), status("finish_later"), status("partial")];
        assert_eq!((statuses, row("status")), ([503, 504, 500], "503; `finish_later` 504; `partial` 500"));
        let time = |action| made(action).action.time().map(|time| time.as_secs_f64());
        let times = [time("delay"), time("slow"), time("finish_later")];
        assert_eq!(
            (times, row("seconds")),
            ([Some(1.0), Some(0.1), None], "`delay` 1; `slow` 0.1; `finish_later` none")
        );
        assert_eq!((made("hold").action, row("when")), (FaultAction::Hold, "`before`"));
        let spoiled = |action| made(action).action;
        assert_eq!(spoiled("bomb"), FaultAction::Spoil(Spoiling::Bomb(1_073_741_824)));
        assert_eq!(spoiled("wrong_type"), FaultAction::Spoil(Spoiling::WrongType("[]".to_owned())));
        assert_eq!(spoiled("content_type"), FaultAction::Spoil(Spoiling::ContentType("text/plain".to_owned())));
    }
}
