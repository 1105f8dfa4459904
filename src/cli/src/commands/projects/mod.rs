//! `projects …`

pub(super) mod clone;
pub(super) mod delete;
pub(super) mod list;
pub(super) mod rename;
pub(super) mod show;
pub(super) mod tag;
