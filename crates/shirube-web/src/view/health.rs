//! The pages of health records.

use askama::Template;

use super::dashboard::Choice;
use super::frame::{Chrome, FaultLine, Labelled};

/// A label and what stands beside it.
pub(crate) type Fact = (String, String);

/// Every data set.
#[derive(Template)]
#[template(path = "health/list.html")]
pub(crate) struct ListPage {
    pub c: Chrome,
    pub sets: Vec<SetCard>,
}

/// A data set of the list.
pub(crate) struct SetCard {
    pub title: Labelled,
    pub about: String,
    pub made_up: bool,
    pub facts: Vec<Fact>,
    /// Told instead of the facts where the snapshot cannot be opened.
    pub fault: Option<FaultLine>,
    pub ask: Option<String>,
}

/// One data set.
#[derive(Template)]
#[template(path = "health/data_set.html")]
pub(crate) struct SetPage {
    pub c: Chrome,
    pub about: String,
    pub made_up: bool,
    pub facts: Vec<Fact>,
    pub ask: Option<String>,
    pub ledger: Option<String>,
    pub reviews: Option<String>,
    /// Address of the quality report.
    pub quality: Option<String>,
    /// Token and address of the form that verifies the snapshot.
    pub verify: Option<(String, String)>,
    pub verified: Option<String>,
    pub faults: Vec<FaultLine>,
    pub policy: PolicyWords,
    /// Whether counts of rows are shown, and rounded.
    pub rows_shown: bool,
    pub rows_note: String,
    pub tables: Vec<TableRow>,
    pub coverage: Option<Vec<CoverageRow>>,
    pub staff: Option<StaffPart>,
}

/// The quality of a data set's snapshot.
#[derive(Template)]
#[template(path = "health/quality.html")]
pub(crate) struct QualityPage {
    pub c: Chrome,
    pub made_up: bool,
    pub faults: Vec<FaultLine>,
    /// Token of the form that begins a check; none while one is running.
    pub csrf: Option<String>,
    /// Address of this page.
    pub again: String,
    pub checked_before: bool,
    pub running: Option<String>,
    /// The report as sections of a page.
    pub report: Option<String>,
}

/// A table that may be asked.
pub(crate) struct TableRow {
    pub name: String,
    pub rows: String,
    pub columns: Vec<String>,
}

/// How much of a column has a standard concept.
pub(crate) struct CoverageRow {
    pub column: String,
    pub unmapped: String,
    pub share: String,
}

/// What staff see.
pub(crate) struct StaffPart {
    pub quarantined: Vec<Fact>,
    pub repeated: Vec<Fact>,
    pub sources: Vec<SourceRow>,
}

/// An input file.
pub(crate) struct SourceRow {
    pub number: usize,
    pub name: String,
    pub bytes: String,
    pub sha256: String,
}

/// A policy in words.
pub(crate) struct PolicyWords {
    pub title: String,
    pub id: String,
    pub rules: Vec<String>,
}

/// The page where a query is written.
#[derive(Template)]
#[template(path = "health/ask.html")]
pub(crate) struct AskPage {
    pub c: Chrome,
    pub made_up: bool,
    pub csrf: String,
    pub action: String,
    pub sql: String,
    pub permits: Vec<Choice>,
    /// The only permit, where there is one.
    pub permit: String,
    pub faults: Vec<SqlFault>,
    /// Columns of a query that was found good.
    pub checked: Option<Vec<Fact>>,
    pub examples: Vec<Labelled>,
    pub policy: PolicyWords,
    pub functions: Vec<String>,
    pub budgets: Vec<String>,
    pub earlier: Vec<EntryRow>,
    pub set_href: String,
}

/// A refusal with its place in the query.
pub(crate) struct SqlFault {
    pub message: String,
    pub remedy: String,
    pub code: &'static str,
    /// Where, in words; empty where the place is not known.
    pub place: String,
    /// The line of the query, and spaces up to the place.
    pub line: String,
    pub before: String,
}

/// An entry of a ledger in a list.
pub(crate) struct EntryRow {
    pub number: Labelled,
    pub permit: String,
    pub sql: String,
    pub outcome: String,
    pub released: bool,
    pub masked: String,
}

/// An answer.
#[derive(Template)]
#[template(path = "health/answer.html")]
pub(crate) struct AnswerPage {
    pub c: Chrome,
    pub made_up: bool,
    pub sql: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<CellView>>,
    /// What the mask says, where something is masked.
    pub masked: Option<String>,
    pub noted: Vec<String>,
    pub facts: Vec<Fact>,
    pub criteria: Vec<Fact>,
    pub files: Vec<Labelled>,
    /// The form that gets the files where they have no address.
    pub send: Option<SendForm>,
    pub again: Option<String>,
}

/// What a form needs to ask the same again.
pub(crate) struct SendForm {
    pub csrf: String,
    pub action: String,
    pub permit: String,
}

/// A field of an answer.
pub(crate) struct CellView {
    pub text: String,
    pub head: bool,
    pub masked: bool,
}

/// A ledger.
#[derive(Template)]
#[template(path = "health/ledger.html")]
pub(crate) struct LedgerPage {
    pub c: Chrome,
    pub verified: String,
    pub rows: Vec<EntryRow>,
    pub pages: String,
    pub newer: Option<String>,
    pub older: Option<String>,
}

/// One entry of a ledger.
#[derive(Template)]
#[template(path = "health/entry.html")]
pub(crate) struct EntryPage {
    pub c: Chrome,
    pub made_up: bool,
    pub sql: String,
    pub facts: Vec<Fact>,
    pub criteria: Vec<Fact>,
    pub answer: Option<String>,
    /// Token of the form that repeats the entry.
    pub csrf: Option<String>,
    pub verdicts: Vec<VerdictRow>,
    pub same: Option<bool>,
    pub faults: Vec<FaultLine>,
}

/// An answer that has not gone out.
#[derive(Template)]
#[template(path = "health/standing.html")]
pub(crate) struct StandingPage {
    pub c: Chrome,
    pub made_up: bool,
    pub sql: String,
    pub said: String,
    pub fault: Option<FaultLine>,
    pub again: Option<String>,
}

/// What waits for reviewers.
#[derive(Template)]
#[template(path = "health/queue.html")]
pub(crate) struct QueuePage {
    pub c: Chrome,
    pub rows: Vec<PendingRow>,
}

/// An answer that waits.
pub(crate) struct PendingRow {
    pub number: Labelled,
    pub permit: String,
    pub sql: String,
    pub why: String,
    pub answered: String,
    /// What whoever looks has to do with it.
    pub part: String,
}

/// What a reviewer judges.
#[derive(Template)]
#[template(path = "health/review.html")]
pub(crate) struct ReviewPage {
    pub c: Chrome,
    pub made_up: bool,
    pub sql: String,
    pub said: String,
    /// Told of a query that has not run.
    pub costly: Option<String>,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<CellView>>,
    pub criteria: Vec<Fact>,
    pub facts: Vec<Fact>,
    pub form: Option<ReviewForm>,
    pub verdicts: Vec<VerdictRow>,
    pub faults: Vec<FaultLine>,
}

/// The form of a verdict.
pub(crate) struct ReviewForm {
    pub csrf: String,
    pub actor: String,
    pub reason: String,
}

/// A verdict that both reviewers may read.
pub(crate) struct VerdictRow {
    pub reviewer: String,
    pub at: String,
    pub verdict: String,
    pub reason: String,
}
