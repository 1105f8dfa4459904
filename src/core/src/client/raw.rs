//! Any other management route, with the same credential, retry and errors.

use std::fmt;

use bytes::Bytes;

use super::options::Seconds;
use super::{Client, decode_any, json_body};
use crate::error::{Error, Result};
use crate::secrets::{Redactor, Secret};
use crate::snapshot::secrets_in;
use crate::wire::{CALLS, Call, Limit, Method, Repeat};

const OPERATION: &str = "request";

/// A request that is in no table.
#[derive(Clone)]
pub struct RawRequest {
    /// What a row of the table says, or would say; its path is empty where there is none.
    call: Call,
    path: String,
    body: Vec<Bytes>,
    may_be_partial: bool,
    timeout: Option<Seconds>,
}

impl RawRequest {
    /// `path` begins with `/` and stays on the host; `body` is JSON text.
    ///
    /// `safe_to_repeat` says that a second execution does no harm. For a route of the table the table decides.
    ///
    /// # Errors
    /// `ConfigurationError` for a method that is not one, or a path that would leave the host or its directory.
    pub fn new(
        method: &str,
        path: &str,
        body: Option<Bytes>,
        safe_to_repeat: bool,
        timeout: Option<Seconds>,
    ) -> Result<Self> {
        let wrong = |name: &str, why: String| {
            Err(Error::configuration(format!("{OPERATION}: `{name}` {why}")).with(|details| {
                details.operation = Some(OPERATION.to_owned());
                details.path = Some(name.to_owned());
            }))
        };
        let method = match method.to_ascii_uppercase().as_str() {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => return wrong("method", "must be GET, POST, PUT, PATCH or DELETE".to_owned()),
        };
        let fine = path.starts_with('/')
            // What RFC 3986 allows in a segment: anything else would be sent in another spelling than it was given in.
            && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte))
            && !path.contains("//")
            && !path.split('/').any(|segment| matches!(segment, "." | ".."));
        if !fine {
            return wrong(
                "path",
                "must begin with / and hold plain segments: no host, no `..`, no query, no escapes".to_owned(),
            );
        }
        if method == Method::Get && body.is_some() {
            return wrong("body", "cannot be sent with GET".to_owned());
        }
        // Many a server takes a path for the same with a slash behind it.
        let plain = path.trim_end_matches('/');
        let row = CALLS.iter().find(|call| call.path.eq_ignore_ascii_case(plain));
        let repeat = match row {
            Some(call) => call.repeat,
            None if method == Method::Get => Repeat::Read,
            None if safe_to_repeat => Repeat::Set,
            None => Repeat::Once,
        };
        let body = match body {
            Some(body) => vec![body],
            None if method == Method::Get => Vec::new(),
            None => vec![json_body(&serde_json::json!({}))?],
        };
        let limit = row.map_or(Limit::Ordinary, |call| call.limit);
        Ok(Self {
            call: Call { name: OPERATION, method, path: row.map_or("", |call| call.path), repeat, limit },
            path: path.to_owned(),
            body,
            may_be_partial: plain.ends_with("/import"),
            timeout,
        })
    }
}

impl RawRequest {
    /// One that also knows the secrets of the body, by the names that they have there.
    fn redactor(&self, of_client: &Redactor) -> Redactor {
        let body = self.body.clone();
        of_client.clone().and_from(move || body.iter().flat_map(|piece| secrets_in(piece)).map(Secret::new).collect())
    }
}

// Not derived: the body may hold secrets.
impl fmt::Debug for RawRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RawRequest({:?} {:?})", self.call.method, self.path)
    }
}

impl Client {
    /// Sends it as the client's own project; returns the body of the answer as received, empty if there was none.
    pub async fn request(&self, raw: &RawRequest) -> Result<Bytes> {
        let call = &raw.call;
        self.check_may_write(call.name, call.repeat)?;
        let redactor = raw.redactor(&self.redactor);
        let mut request = self.request_for(call, raw.body.clone(), raw.timeout);
        request.redactor = &redactor;
        request.path = &raw.path;
        request.may_be_partial = raw.may_be_partial;
        let _writer = if call.repeat.writes() { Some(self.writer(call.name).await?) } else { None };
        let answer = self.send(&request).await?;
        if !answer.body.is_empty() {
            // Not only skipped: escapes, text and numbers that nobody can read would fail after the call was done.
            let _: serde_json::Value = decode_any(&request, &answer)?;
        }
        Ok(answer.body)
    }
}
