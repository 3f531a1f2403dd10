//! The page of one indicator.

use askama::Template;

use super::beside::{SideRow, StatementRow};
use super::frame::{AsOfPicker, Chrome, Labelled, StatusView};
use super::proof::ProofView;
use crate::words::{Block, Line};

/// The page of one indicator.
#[derive(Template)]
#[template(path = "indicator.html")]
pub(crate) struct IndicatorPage {
    pub c: Chrome,
    pub id: String,
    pub group: String,
    pub owner: String,
    pub note: Option<String>,
    pub context: Option<String>,
    pub waits_for: Option<Labelled>,
    pub picker: AsOfPicker,
    pub reading_shown: Option<ReadingShown>,
    pub status: StatusView,
    pub headline: Vec<Fact>,
    pub why: String,
    pub sides: Vec<SideRow>,
    pub statements: Vec<StatementRow>,
    pub no_evidence: Option<NoEvidence>,
    pub chart: String,
    pub legend: Vec<(String, String)>,
    pub years: Vec<YearRow>,
    pub csv_href: String,
    pub json_href: String,
    pub questions: Vec<QuestionView>,
    pub definition_sentence: String,
    pub definition: Vec<Block>,
    pub proofs: Vec<ProofView>,
    pub breakdowns: Vec<Breakdown>,
    pub related: Vec<Related>,
    pub stamp: Vec<(String, String)>,
    pub verify_command: String,
}

/// Which reading the page shows instead of the headline.
pub(crate) struct ReadingShown {
    pub question: String,
    pub reading: String,
    pub back: String,
}

/// A figure at the top of the page.
pub(crate) struct Fact {
    pub label: String,
    pub value: String,
    pub unit: String,
    pub remark: String,
}

/// Which record would give a value.
pub(crate) struct NoEvidence {
    pub text: String,
    pub needs: Vec<String>,
    pub register: String,
    pub register_href: String,
}

/// One year of the series.
pub(crate) struct YearRow {
    pub label: String,
    pub level: String,
    pub value: String,
    pub path: String,
    pub state: String,
}

/// A question of the strategy's text with its readings.
pub(crate) struct QuestionView {
    pub id: String,
    pub text: String,
    pub undecided: bool,
    pub readings: Vec<ReadingRow>,
    pub decision: Vec<String>,
    pub document: Option<String>,
}

/// One reading with its value.
pub(crate) struct ReadingRow {
    pub label: String,
    pub href: String,
    pub current: bool,
    pub value: String,
    pub difference: String,
    pub target: String,
    pub status: StatusView,
    pub role: String,
}

/// A breakdown of the value.
pub(crate) struct Breakdown {
    pub title: String,
    pub rows: Vec<(String, String)>,
}

/// Things the indicator is tied to.
pub(crate) struct Related {
    pub label: String,
    pub items: Vec<Line>,
}
