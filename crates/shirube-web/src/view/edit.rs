//! The form of a record.

use askama::Template;

use super::dashboard::Choice;
use super::frame::{Chrome, FaultLine};

/// The form of a new or existing record.
#[derive(Template)]
#[template(path = "records/edit.html")]
pub(crate) struct EditPage {
    pub c: Chrome,
    pub id: String,
    pub lead: String,
    pub action: String,
    pub csrf: String,
    /// Version the form was filled from; 0 for a new record.
    pub base_version: u32,
    /// What the form sends along unseen, by name.
    pub hidden: Vec<(&'static str, String)>,
    pub faults: Vec<FaultLine>,
    pub conflict: Option<Conflict>,
    pub fields: Vec<EditField>,
    /// Name the ledger will have for the change.
    pub actor: String,
    pub reason: String,
    pub steps: Vec<Choice>,
    pub step_action: String,
    /// What the button says.
    pub send: String,
    pub cancel: String,
}

/// A stale edit: what both sides say.
pub(crate) struct Conflict {
    pub base: String,
    pub current: String,
    pub rows: Vec<ConflictRow>,
}

/// One field of a stale edit.
pub(crate) struct ConflictRow {
    pub label: String,
    pub base: String,
    pub current: String,
    pub mine: String,
    pub remark: String,
    pub clash: bool,
}

/// One field of the form.
pub(crate) struct EditField {
    pub id: String,
    pub name: String,
    pub label: String,
    pub code: &'static str,
    pub required: bool,
    pub hint: String,
    pub input: Input,
    pub faults: Vec<String>,
}

/// How a field is filled in.
pub(crate) enum Input {
    Line { value: String },
    Area { value: String },
    Lines { value: String },
    Day { value: String },
    Both { ja: String, en: String },
    Choose { options: Vec<Choice> },
    Boxes { options: Vec<Choice> },
}
