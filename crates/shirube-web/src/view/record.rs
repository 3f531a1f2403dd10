//! A record, its history, and two versions side by side.

use askama::Template;

use super::frame::{AsOfPicker, Chrome, Labelled};
use crate::show::Shown;

/// A record as it stands or stood.
#[derive(Template)]
#[template(path = "records/record.html")]
pub(crate) struct RecordPage {
    pub c: Chrome,
    pub id: String,
    pub kind: String,
    pub kind_href: String,
    pub picker: AsOfPicker,
    pub older: Option<String>,
    /// Way to the day it was recorded, when that is after the day shown.
    pub on_its_day: Option<Labelled>,
    pub standing_notice: Option<String>,
    pub instead: Option<Labelled>,
    pub facts: Vec<(String, String)>,
    pub fields: Vec<FieldRow>,
    pub counted_by: Vec<Labelled>,
    pub count_day: String,
    pub history_href: String,
    pub diff_href: Option<String>,
    pub edit_href: Option<String>,
    pub json_href: String,
}

/// A field with its values.
pub(crate) struct FieldRow {
    pub name: &'static str,
    pub label: String,
    pub values: Vec<Shown>,
    pub hidden: bool,
}

/// Every event of a record.
#[derive(Template)]
#[template(path = "records/history.html")]
pub(crate) struct HistoryPage {
    pub c: Chrome,
    pub id: String,
    pub source: Option<String>,
    pub events: Vec<EventRow>,
    pub diff_action: String,
    pub versions: Vec<u32>,
    pub last: u32,
}

/// One event.
pub(crate) struct EventRow {
    pub version: u32,
    pub version_href: String,
    pub time: String,
    pub action: String,
    pub state: String,
    pub standing: String,
    pub actor: String,
    pub reason: String,
    pub seq: String,
    pub hash: String,
    pub prev_hash: String,
    pub diff_href: Option<String>,
}

/// Two versions side by side.
#[derive(Template)]
#[template(path = "records/diff.html")]
pub(crate) struct DiffPage {
    pub c: Chrome,
    pub id: String,
    pub left: String,
    pub right: String,
    pub rows: Vec<DiffRow>,
    pub changed: String,
    pub history_href: String,
}

/// One field in two versions.
pub(crate) struct DiffRow {
    pub label: String,
    pub left: String,
    pub right: String,
    pub changed: bool,
    pub hidden: bool,
}
