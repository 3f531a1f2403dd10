//! The audit of a table.

use askama::Template;

use super::dashboard::Choice;
use super::frame::{Chrome, FaultLine};

/// The form, and the report of the table sent.
#[derive(Template)]
#[template(path = "gate/audit.html")]
pub(crate) struct AuditPage {
    pub c: Chrome,
    pub policies: Vec<Choice>,
    pub limit: String,
    /// Sections in HTML, escaped by the report itself.
    pub report: Option<String>,
    pub faults: Vec<FaultLine>,
}
