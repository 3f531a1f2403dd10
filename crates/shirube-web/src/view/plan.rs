//! The measure tree, a measure, duties, notes on the source and ministries.

use askama::Template;

use super::dashboard::Select;
use super::frame::{Chrome, Labelled, StatusView};

/// The measure tree.
#[derive(Template)]
#[template(path = "plan/tree.html")]
pub(crate) struct TreePage {
    pub c: Chrome,
    pub selects: Vec<Select>,
    pub text: String,
    pub lead_only: bool,
    pub clear_href: String,
    pub shown: String,
    pub rows: Vec<TreeRow>,
    pub others: Vec<TreeRow>,
    pub aside: Vec<Labelled>,
}

/// A heading or a measure, in the order of the text.
pub(crate) enum TreeRow {
    Heading(HeadingRow),
    Measure(MeasureRow),
}

/// A heading of the plan.
pub(crate) struct HeadingRow {
    /// Level of the HTML heading, 2 to 6.
    pub level: usize,
    pub id: String,
    pub title: String,
    pub who: Vec<Who>,
    pub basis: String,
}

/// A measure.
pub(crate) struct MeasureRow {
    pub id: String,
    pub href: String,
    pub summary: String,
    pub who: Vec<Who>,
    pub basis: String,
    pub indicators: Vec<Labelled>,
}

/// A ministry with its part.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub abbr: String,
    pub name: String,
    pub lead: bool,
}

/// One measure.
#[derive(Template)]
#[template(path = "plan/measure.html")]
pub(crate) struct MeasurePage {
    pub c: Chrome,
    pub id: String,
    pub summary: String,
    pub other_summary: String,
    pub path: Vec<Labelled>,
    pub who: Vec<Who>,
    pub basis: String,
    pub printed: Option<String>,
    pub source_line: u32,
    pub indicators: Vec<TiedIndicator>,
    pub siblings: Vec<Labelled>,
}

/// An indicator tied to a measure.
pub(crate) struct TiedIndicator {
    pub id: String,
    pub name: String,
    pub href: String,
    pub status: StatusView,
    /// Why it is tied: the measure itself, or a heading above.
    pub tie: String,
}

/// A table of the plan: duties, notes on the source, or ministries.
#[derive(Template)]
#[template(path = "plan/table.html")]
pub(crate) struct PlanTablePage {
    pub c: Chrome,
    pub lead: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Labelled>>,
}
