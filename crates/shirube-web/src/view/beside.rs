//! Real and made-up evidence side by side, and what the strategy prints.

use super::frame::{Labelled, StatusView};

/// What one store says of an indicator.
#[derive(Debug, Clone)]
pub(crate) struct SideRow {
    /// Whether the evidence is real or made up.
    pub evidence: String,
    pub demo: bool,
    /// Whether this is the store whose page this is.
    pub here: bool,
    pub value: String,
    pub unit: String,
    pub status: StatusView,
    /// Readings that have a value where the headline has none.
    pub readings: Vec<String>,
    /// Records that made the value.
    pub records: String,
    pub as_of: String,
    pub page: Labelled,
}

/// A figure the strategy prints as fact.
#[derive(Debug, Clone)]
pub(crate) struct StatementRow {
    pub statement: String,
    pub value: String,
    pub date: String,
    pub source: String,
    pub note: String,
    pub record: Labelled,
}

/// The value of the other store, in a line of a card or table.
#[derive(Debug, Clone)]
pub(crate) struct SideLine {
    pub evidence: String,
    pub demo: bool,
    pub value: String,
    pub unit: String,
    pub href: String,
}
