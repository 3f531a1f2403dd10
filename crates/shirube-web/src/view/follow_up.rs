//! The pages of the yearly follow-up.

use askama::Template;

use super::dashboard::Choice;
use super::frame::{Chrome, FaultLine, Labelled, StatusView};

/// Every cycle, and what waits for somebody.
#[derive(Template)]
#[template(path = "follow_up/list.html")]
pub(crate) struct ListPage {
    pub c: Chrome,
    pub faults: Vec<FaultLine>,
    pub cycles: Vec<CycleRow>,
    pub open: Option<OpenForm>,
    pub waiting: Vec<WaitingRow>,
    pub actions: Vec<ActionRow>,
    /// Registers of the follow-up, with a link to enter a record for whoever may.
    pub registers: Vec<RegisterRow>,
}

/// A cycle of the list.
pub(crate) struct CycleRow {
    pub year: String,
    pub name: Labelled,
    pub state: String,
    pub as_of: String,
    pub due: String,
}

/// The form that opens the cycle of a year.
pub(crate) struct OpenForm {
    pub csrf: String,
    pub actor: String,
    pub fiscal_year: String,
    pub values_as_of: String,
    pub contributions_due: String,
    pub submissions_due: String,
    pub reason: String,
}

/// Advice or a need without an answer.
pub(crate) struct WaitingRow {
    pub subject: Labelled,
    pub from: String,
    pub on: String,
    pub state: String,
    pub answered_by: String,
    pub due: String,
    /// Steps whoever looks may take.
    pub steps: Vec<Labelled>,
}

/// An action that is not done.
pub(crate) struct ActionRow {
    pub task: Labelled,
    pub finding: String,
    pub owner: String,
    pub due: String,
    pub late: bool,
    pub state: String,
    pub steps: Vec<Labelled>,
    /// Form of a budget request for it, for whoever may enter one.
    pub request_href: Option<String>,
}

/// A register of the follow-up.
pub(crate) struct RegisterRow {
    pub name: Labelled,
    pub count: String,
    pub new_href: Option<String>,
}

/// One year: ministries and states.
#[derive(Template)]
#[template(path = "follow_up/year.html")]
pub(crate) struct YearPage {
    pub c: Chrome,
    pub record: Labelled,
    pub facts: Vec<(String, String)>,
    pub states: Vec<String>,
    pub rows: Vec<MinistryRow>,
    pub totals: Vec<String>,
    pub unled: Vec<Labelled>,
    pub steps: Vec<Labelled>,
    pub verify_href: Option<String>,
    /// What the progress bar shows: reports approved or locked, of all.
    pub approved: usize,
    pub all: usize,
    pub approved_words: String,
}

/// Reports of a ministry by state.
pub(crate) struct MinistryRow {
    pub ministry: Labelled,
    pub abbr: String,
    pub counts: Vec<String>,
    pub all: String,
}

/// One ministry in one year.
#[derive(Template)]
#[template(path = "follow_up/ministry.html")]
pub(crate) struct MinistryPage {
    pub c: Chrome,
    pub lead: String,
    pub files: Vec<Labelled>,
    /// Address of the IATI file, which needs the reference of its publisher.
    pub iati: Option<String>,
    pub sections: Vec<SectionView>,
}

/// Measures of one heading of the plan.
pub(crate) struct SectionView {
    pub id: String,
    pub title: String,
    pub rows: Vec<MeasureRow>,
}

/// One measure of the list.
pub(crate) struct MeasureRow {
    pub id: String,
    pub summary: String,
    pub href: Option<String>,
    pub state: String,
    pub code: String,
    pub participants: String,
}

/// One report.
#[derive(Template)]
#[template(path = "follow_up/report.html")]
pub(crate) struct ReportPage {
    pub c: Chrome,
    pub record: Labelled,
    pub measure_href: String,
    pub summary: String,
    pub faults: Vec<FaultLine>,
    pub said: Option<String>,
    pub facts: Vec<(String, String)>,
    pub texts: Vec<(String, String)>,
    pub values: Vec<ValueRow>,
    pub values_note: String,
    pub budget: Vec<BudgetRow>,
    pub requests: Vec<RequestRow>,
    pub contributions: Vec<ContributionView>,
    pub answered: Vec<AnsweredView>,
    pub actions: Vec<ActionRow>,
    pub new_action: Option<String>,
    pub csrf: String,
    pub actor: String,
    pub version: u32,
    pub contribute: Vec<ContributeForm>,
    pub compile: Option<CompileForm>,
    pub may_submit: bool,
    pub may_return: bool,
    pub may_approve: bool,
    pub may_lock: bool,
    pub return_reason: String,
    pub reason: String,
    /// Why somebody who would judge it may not.
    pub own_work: bool,
}

/// An indicator value of a report.
pub(crate) struct ValueRow {
    pub indicator: Labelled,
    pub value: String,
    pub target: String,
    pub by: String,
    pub status: StatusView,
    pub digest: String,
}

/// The money of a programme in one year.
pub(crate) struct BudgetRow {
    pub programme: Labelled,
    pub year: String,
    pub initial: String,
    pub executed: String,
    pub requested: String,
}

/// A budget request.
pub(crate) struct RequestRow {
    pub title: Labelled,
    pub year: String,
    pub requested: String,
    pub adjusted: String,
    pub decided: String,
    pub state: String,
    pub steps: Vec<Labelled>,
}

/// What a ministry contributed.
pub(crate) struct ContributionView {
    pub ministry: Labelled,
    pub state: String,
    pub texts: Vec<(String, String)>,
}

/// Advice or a need with its answer.
pub(crate) struct AnsweredView {
    pub from: String,
    pub on: String,
    pub subject: String,
    pub text: String,
    pub answer: String,
}

/// The three texts as a form shows them.
#[derive(Default, Clone)]
pub(crate) struct TextFields {
    pub progress: String,
    pub gaps: String,
    pub promises: String,
}

/// The form of one ministry's contribution.
pub(crate) struct ContributeForm {
    /// Start of the ids of its fields.
    pub id: String,
    pub ministry: String,
    pub name: String,
    pub version: u32,
    /// Handed in: it must be taken back before it can be changed.
    pub closed: bool,
    pub texts: TextFields,
}

/// The form of the lead ministry.
pub(crate) struct CompileForm {
    pub texts: TextFields,
    pub assessments: Vec<Choice>,
}

/// Approved values computed again.
#[derive(Template)]
#[template(path = "follow_up/verify.html")]
pub(crate) struct VerifyPage {
    pub c: Chrome,
    pub said: String,
    pub all_same: bool,
    pub rows: Vec<VerifyRow>,
}

/// One approved value.
pub(crate) struct VerifyRow {
    pub report: Labelled,
    pub indicator: Labelled,
    pub kept: String,
    pub same: bool,
    pub differences: Vec<String>,
}
