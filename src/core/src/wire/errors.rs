//! Error bodies and the codes that are known.

use serde::{Deserialize, Serialize};

/// What the API answers beside a status of 400 or more. Every field may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// For example `E011008`.
    #[serde(rename = "errorCode", default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What the code means in general.
    #[serde(rename = "errorDescription", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What was wrong this time.
    #[serde(rename = "errorMessage", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The codes that the vendor's documentation and SDKs name.
pub mod codes {
    /// Bad request.
    pub const BAD_REQUEST: &str = "E011001";
    /// Missing arguments.
    pub const MISSING_ARGUMENTS: &str = "E011002";
    /// Validation failure.
    pub const VALIDATION_FAILURE: &str = "E011003";
    /// Invalid arguments.
    pub const INVALID_ARGUMENTS: &str = "E011004";
    /// No valid bearer token.
    pub const INVALID_TOKEN: &str = "E011007";
    /// Project not found.
    pub const PROJECT_NOT_FOUND: &str = "E011008";
    /// Two writes to one project at once.
    pub const VERSION_CONFLICT: &str = "E013008";
    /// Too many requests.
    pub const RATE_LIMIT: &str = "E130429";
}
