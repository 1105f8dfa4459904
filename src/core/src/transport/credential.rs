//! Who calls: a project and a key, as headers that are made once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};
use crate::secrets::{Secret, SecretBytes};

/// A project id and a key, and what has been learnt about what they may do.
#[derive(Clone)]
pub(crate) struct Credential(Arc<Inner>);

struct Inner {
    project_id: String,
    key: Secret,
    headers: HeaderMap,
    company_headers: HeaderMap,
    may_list: AtomicU8,
}

const UNKNOWN: u8 = 0;
const YES: u8 = 1;
const NO: u8 = 2;

impl Credential {
    /// `base`: the headers of every request of the client.
    pub(crate) fn new(project_id: &str, key: Secret, base: &HeaderMap) -> Result<Self> {
        let mut headers = base.clone();
        headers.insert(AUTHORIZATION, bearer(&[project_id, ":", key.expose()])?);
        let id = HeaderValue::from_str(project_id)
            .map_err(|_| Error::configuration("the project id cannot be sent in a header"))?;
        headers.insert(HeaderName::from_static("x-descope-project-id"), id);
        let mut company_headers = base.clone();
        company_headers.insert(AUTHORIZATION, bearer(&[key.expose()])?);
        Ok(Self(Arc::new(Inner {
            project_id: project_id.to_owned(),
            key,
            headers,
            company_headers,
            may_list: AtomicU8::new(UNKNOWN),
        })))
    }

    pub(crate) fn project_id(&self) -> &str {
        &self.0.project_id
    }

    pub(crate) fn key(&self) -> &Secret {
        &self.0.key
    }

    /// Headers of a call that acts on the project.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Headers of the list call in its form without a project: it works after the project itself is gone.
    pub(crate) fn company_headers(&self) -> &HeaderMap {
        &self.0.company_headers
    }

    /// Whether the key may list projects, as far as is known.
    pub(crate) fn may_list(&self) -> Option<bool> {
        match self.0.may_list.load(Ordering::Relaxed) {
            YES => Some(true),
            NO => Some(false),
            _ => None,
        }
    }

    pub(crate) fn learn_may_list(&self, may: bool) {
        self.0.may_list.store(if may { YES } else { NO }, Ordering::Relaxed);
    }
}

/// Every request's copy of it is the same memory, which is overwritten with the last of them.
fn bearer(token: &[&str]) -> Result<HeaderValue> {
    SecretBytes::of(&[&["Bearer "], token].concat())
        .into_header()
        .map_err(|_| Error::configuration("the management key has characters that cannot be sent, such as a line end"))
}
