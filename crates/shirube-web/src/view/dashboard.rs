//! The dashboard.

use askama::Template;

use super::beside::SideLine;
use super::frame::{AsOfPicker, Chrome, Labelled, StatusView};

/// The dashboard.
#[derive(Template)]
#[template(path = "dashboard.html")]
pub(crate) struct DashboardPage {
    pub c: Chrome,
    pub plan: String,
    pub legal_basis: String,
    pub period: String,
    pub picker: AsOfPicker,
    pub position: String,
    pub empty_ledger: bool,
    pub tally: Vec<TallyItem>,
    pub goals_title: String,
    pub goals: Vec<GoalCard>,
    pub series_title: String,
    pub selects: Vec<Select>,
    pub text: String,
    pub undecided: bool,
    pub as_table: bool,
    /// Heading of the column with the other store's values.
    pub beside: Option<String>,
    pub clear_href: String,
    pub shown: String,
    pub rows: Vec<SeriesRow>,
    pub groups: Vec<SeriesGroup>,
}

/// Number of series in one status.
pub(crate) struct TallyItem {
    pub status: StatusView,
    pub count: usize,
    pub href: String,
    pub current: bool,
}

/// An outcome goal.
pub(crate) struct GoalCard {
    pub id: String,
    pub name: String,
    pub deadline: String,
    pub reading: String,
    pub parts: Vec<GoalPart>,
    pub related: Vec<Labelled>,
}

/// A component of a goal.
pub(crate) struct GoalPart {
    pub name: String,
    pub href: String,
    pub status: StatusView,
    pub value: String,
}

/// A filter with its choices.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    pub name: &'static str,
    pub label: String,
    pub options: Vec<Choice>,
}

/// A choice of a filter.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

/// A series as a card or a table row.
#[derive(Debug, Clone)]
pub(crate) struct SeriesRow {
    pub id: String,
    pub name: String,
    pub href: String,
    pub owner: String,
    pub group: String,
    pub status: StatusView,
    pub value: String,
    pub unit: String,
    pub target: String,
    pub target_line: String,
    pub by: String,
    pub undecided: usize,
    pub spark: String,
    pub spark_narrow: String,
    /// Value of the store beside this one.
    pub beside: Option<SideLine>,
}

/// Series of one group of the annex.
pub(crate) struct SeriesGroup {
    pub label: String,
    pub count: usize,
    pub rows: Vec<SeriesRow>,
}
