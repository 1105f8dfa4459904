//! A local server that behaves like the project-management part of the Descope API.
//!
//! It speaks the wire contract to any client. Of the core it uses `wire` only: what a clone, an import or a validation
//! means is written here a second time, from the documents, or each test would compare the code with itself.

pub mod seed;
