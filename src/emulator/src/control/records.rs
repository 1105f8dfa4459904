//! What arrived, and what was done.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use http::{HeaderMap, Version, header};
use serde::Serialize;
use serde_json::Value;

use crate::http::fingerprint;

/// How many requests are remembered; the oldest go first.
const REMEMBERED: usize = 10_000;

/// One request that arrived.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestRecord {
    /// From 1, in the order of arrival.
    pub sequence: u64,
    /// The connection that it came on, from 1.
    pub connection: u64,
    /// HTTP method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// The row of the call table; absent for a route that the emulator does not have.
    pub operation: Option<String>,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub http_version: String,
    /// Names in lower case and values as they came, but for credentials: `Bearer <project id>:<fingerprint>`.
    pub headers: Vec<(String, String)>,
    /// The project id of the credential.
    pub project_id: Option<String>,
    /// The beginning of the key's SHA-256, in hexadecimal digits.
    pub key_fingerprint: Option<String>,
    /// The body's size in bytes, after decompression.
    pub body_size: u64,
    /// The body without the values of `inputSecrets`, if [`crate::EmulatorOptions::keep_bodies`] is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The answer's `cf-ray`.
    pub ray: String,
    /// The answer's status; absent while there is no answer, and for ever if a fault cut it.
    pub status: Option<u16>,
    /// Whether the client went away before the answer.
    pub abandoned: bool,
}

/// A request as it arrives.
pub(crate) struct Arrival<'request> {
    pub(crate) method: &'request str,
    pub(crate) path: &'request str,
    pub(crate) operation: Option<&'request str>,
    pub(crate) version: Version,
    pub(crate) headers: &'request HeaderMap,
    pub(crate) body: Option<&'request Bytes>,
    pub(crate) ray: Option<&'request str>,
    pub(crate) connection: u64,
}

pub(crate) struct Records {
    keep_bodies: bool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    sequence: u64,
    requests: VecDeque<RequestRecord>,
    executions: BTreeMap<&'static str, u64>,
}

impl Records {
    pub(crate) fn new(keep_bodies: bool) -> Self {
        Self { keep_bodies, inner: Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a request; what is returned names it.
    pub(crate) fn arrived(&self, arrival: &Arrival<'_>) -> u64 {
        let mut record = describe(arrival);
        if self.keep_bodies {
            record.body = arrival.body.and_then(|body| serde_json::from_slice(body).ok()).map(without_secrets);
        }
        let mut inner = self.inner();
        inner.sequence += 1;
        record.sequence = inner.sequence;
        if inner.requests.len() == REMEMBERED {
            inner.requests.pop_front();
        }
        inner.requests.push_back(record);
        inner.sequence
    }

    pub(crate) fn answered(&self, sequence: u64, status: u16) {
        self.amend(sequence, |record| record.status = Some(status));
    }

    pub(crate) fn abandoned(&self, sequence: u64) {
        self.amend(sequence, |record| record.abandoned = true);
    }

    fn amend(&self, sequence: u64, change: impl FnOnce(&mut RequestRecord)) {
        let mut inner = self.inner();
        if let Some(record) = inner.requests.iter_mut().rev().find(|record| record.sequence == sequence) {
            change(record);
        }
    }

    pub(crate) fn executed(&self, operation: &'static str) {
        *self.inner().executions.entry(operation).or_default() += 1;
    }

    pub(crate) fn executions(&self, operation: &str) -> u64 {
        self.inner().executions.get(operation).copied().unwrap_or_default()
    }

    pub(crate) fn all_executions(&self) -> BTreeMap<&'static str, u64> {
        self.inner().executions.clone()
    }

    pub(crate) fn requests(&self) -> Vec<RequestRecord> {
        self.inner().requests.iter().cloned().collect()
    }

    /// Forgets everything but the last number given, so that a late answer finds no other request.
    pub(crate) fn clear(&self) {
        let mut inner = self.inner();
        *inner = Inner { sequence: inner.sequence, ..Inner::default() };
    }
}

fn describe(arrival: &Arrival<'_>) -> RequestRecord {
    let credential = arrival.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = credential.and_then(|value| value.split_once(' ')).map(|(_, token)| token.trim());
    let (project_id, key) = match token {
        Some(token) => match token.split_once(':') {
            Some((project, key)) => (Some(project), Some(key)),
            None if token.starts_with('P') => (Some(token), None),
            None => (None, Some(token)),
        },
        None => (None, None),
    };
    let key_fingerprint = key.map(fingerprint);
    let shown = match (project_id, &key_fingerprint) {
        (Some(project), Some(key)) => format!("Bearer {project}:{key}"),
        (Some(only), None) => format!("Bearer {only}"),
        (None, Some(only)) => format!("Bearer {only}"),
        (None, None) => "(not a bearer token)".to_owned(),
    };
    let headers = arrival.headers.iter().map(|(name, value)| {
        let value = match *name {
            header::AUTHORIZATION => shown.clone(),
            header::COOKIE | header::PROXY_AUTHORIZATION => "(not kept)".to_owned(),
            _ => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        };
        (name.as_str().to_owned(), value)
    });
    RequestRecord {
        sequence: 0,
        connection: arrival.connection,
        method: arrival.method.to_owned(),
        path: arrival.path.to_owned(),
        operation: arrival.operation.map(str::to_owned),
        http_version: format!("{:?}", arrival.version),
        headers: headers.collect(),
        project_id: project_id.map(str::to_owned),
        key_fingerprint,
        body_size: arrival.body.map_or(0, |body| body.len() as u64),
        body: None,
        ray: arrival.ray.unwrap_or_default().to_owned(),
        status: None,
        abandoned: false,
    }
}

fn without_secrets(mut body: Value) -> Value {
    let groups = body.get_mut("inputSecrets").and_then(Value::as_object_mut);
    for group in groups.into_iter().flat_map(|groups| groups.values_mut()) {
        for secret in group.as_array_mut().into_iter().flatten() {
            if let Some(value) = secret.get_mut("value") {
                *value = Value::String(String::new());
            }
        }
    }
    body
}
