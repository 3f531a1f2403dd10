//! Registers: overview, list, and search over all of them.

use askama::Template;

use super::dashboard::Select;
use super::frame::{AsOfPicker, Chrome, Labelled};

/// All kinds by domain.
#[derive(Template)]
#[template(path = "registers/overview.html")]
pub(crate) struct RegistersPage {
    pub c: Chrome,
    pub picker: AsOfPicker,
    pub total: String,
    pub domains: Vec<DomainView>,
}

/// A domain with its kinds.
pub(crate) struct DomainView {
    pub id: String,
    pub title: String,
    pub kinds: Vec<KindRow>,
}

/// A register kind with its counts.
pub(crate) struct KindRow {
    pub kind: String,
    pub label: String,
    pub href: String,
    pub active: String,
    pub withdrawn: String,
    pub duplicate: String,
    pub all: String,
}

/// Records of one kind.
#[derive(Template)]
#[template(path = "registers/list.html")]
pub(crate) struct ListPageView {
    pub c: Chrome,
    pub kind: String,
    pub picker: AsOfPicker,
    pub action: String,
    pub selects: Vec<Select>,
    pub clear_href: String,
    pub shown: String,
    pub columns: Vec<String>,
    pub rows: Vec<RecordRow>,
    pub first: Option<String>,
    pub next: Option<String>,
    pub new_href: Option<String>,
    pub schema_href: String,
    pub states: Vec<Labelled>,
    pub used_by: Vec<Labelled>,
}

/// One record of a list.
pub(crate) struct RecordRow {
    pub id: String,
    pub href: String,
    pub title: String,
    pub cells: Vec<String>,
    pub state: String,
    pub standing: String,
    pub active: bool,
    pub recorded: String,
}

/// Search over the registers.
#[derive(Template)]
#[template(path = "registers/search.html")]
pub(crate) struct SearchPageView {
    pub c: Chrome,
    pub text: String,
    pub select: Select,
    pub shown: String,
    pub hits: Vec<HitView>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// A record that was found.
pub(crate) struct HitView {
    pub id: String,
    pub href: String,
    /// Pieces of the title; the marked ones are what was searched for.
    pub title: Vec<(String, bool)>,
    pub kind: String,
    pub state: String,
    pub standing: String,
    /// Pieces of the passage; the marked ones are what was searched for.
    pub passage: Vec<(String, bool)>,
}
