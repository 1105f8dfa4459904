//! What the server answers when it does not do what was asked.

use descope_projects_core::wire::{ErrorBody, codes};

use crate::persistence::NotStored;

/// An answer with a status of 400 or more.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) body: ErrorBody,
    pub(crate) retry_after: Option<String>,
}

/// Codes of the emulator's own, where no source tells which one the API sends.
pub(crate) mod own {
    /// The key, or the company's tier, does not allow the call.
    pub(crate) const FORBIDDEN: &str = "EMULATOR403";
    /// A control request is wrong.
    pub(crate) const WRONG: &str = "EMULATOR400";
    /// A control request names what is not there.
    pub(crate) const ABSENT: &str = "EMULATOR404";
    /// A control route has no such method.
    pub(crate) const METHOD: &str = "EMULATOR405";
    /// The body is larger than the emulator takes.
    pub(crate) const TOO_LARGE: &str = "EMULATOR413";
    /// The state's directory cannot be written: whether the work was done is known after a restart.
    pub(crate) const NOT_STORED: &str = "EMULATOR507";
    /// The emulator itself failed: always a defect of it.
    pub(crate) const DEFECT: &str = "EMULATOR500";
    /// The route is not one that the emulator has.
    pub(crate) const UNKNOWN_ROUTE: &str = "EMULATOR501";
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &str, description: &str, message: impl Into<String>) -> Self {
        let body = ErrorBody {
            code: Some(code.to_owned()),
            description: Some(description.to_owned()),
            message: Some(message.into()),
        };
        Self { status, body, retry_after: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, codes::BAD_REQUEST, "Request is malformed", message)
    }

    pub(crate) fn missing_arguments(message: impl Into<String>) -> Self {
        Self::new(400, codes::MISSING_ARGUMENTS, "Request is missing required arguments", message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, codes::VALIDATION_FAILURE, "Request failed validation", message)
    }

    pub(crate) fn invalid_arguments(message: impl Into<String>) -> Self {
        Self::new(400, codes::INVALID_ARGUMENTS, "Request has invalid arguments", message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(401, codes::INVALID_TOKEN, "No valid bearer token", message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, own::FORBIDDEN, "Operation is not allowed", message)
    }

    pub(crate) fn project_not_found(id: &str) -> Self {
        Self::new(404, codes::PROJECT_NOT_FOUND, "Project not found", format!("There is no project {id}"))
    }

    pub(crate) fn conflict(id: &str) -> Self {
        let message = format!("Another write to project {id} is running");
        Self::new(409, codes::VERSION_CONFLICT, "Version conflict", message)
    }

    pub(crate) fn rate_limited(retry_after: String) -> Self {
        let mut error = Self::new(429, codes::RATE_LIMIT, "Too many requests", "The rate limit is exceeded");
        error.retry_after = Some(retry_after);
        error
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(413, own::TOO_LARGE, "Request is too large", format!("The emulator takes {limit} bytes at most"))
    }

    pub(crate) fn not_stored(why: &str) -> Self {
        let message = format!("{why}; whether this was done shows when the emulator is started again");
        Self::new(507, own::NOT_STORED, "State is not stored", message)
    }

    pub(crate) fn defect(message: impl Into<String>) -> Self {
        Self::new(500, own::DEFECT, "The emulator has a defect", message)
    }
}

impl From<NotStored> for ApiError {
    fn from(error: NotStored) -> Self {
        Self::not_stored(&error.0)
    }
}
