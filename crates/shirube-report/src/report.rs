//! The report as a value.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shirube_model::lang::LocalText;

use crate::value::IndicatorValue;

/// Whether the records behind a number are real. Every output says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Real records.
    Live,
    /// Made-up records.
    Demo,
}

/// How far a report has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A pack to work on: values may still change.
    Draft,
    /// Every report in it is approved or locked; values are as approved.
    Approved,
}

/// A ministry or another body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Party {
    /// Abbreviation or code.
    pub code: String,
    /// Name.
    pub name: LocalText,
}

/// What one lead ministry (◎) reports in one cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the cycle.
    pub cycle: LocalText,
    /// Title of the plan.
    pub plan: LocalText,
    /// First and last day of the plan.
    pub plan_period: (NaiveDate, NaiveDate),
    /// Fiscal year followed up.
    pub fiscal_year: i32,
    /// Day the values are as of.
    pub as_of: NaiveDate,
    /// Day of the report; the only day that goes into the metadata of files.
    pub made_on: NaiveDate,
    /// Lead ministry.
    pub ministry: Party,
    /// How far it has come.
    pub stage: Stage,
    /// Whether the records behind it are real.
    pub evidence: Evidence,
    /// SHA-256 of the pack.
    pub pack_hash: String,
    /// Measures in the order of the plan.
    pub measures: Vec<MeasureReport>,
}

/// One measure of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureReport {
    /// Measure.
    pub measure: String,
    /// Record of the report on it.
    pub record: String,
    /// What the measure is, in the words of the pack.
    pub summary: LocalText,
    /// Number and title of its heading.
    pub section: LocalText,
    /// State of the record.
    pub state: LocalText,
    /// Ministries that take part.
    pub participants: Vec<Party>,
    /// The ministry's judgement.
    pub assessment: Option<LocalText>,
    /// What was done.
    pub progress: Option<String>,
    /// What is missing.
    pub gaps: Option<String>,
    /// What is promised for the next year.
    pub promises: Option<String>,
    /// What was promised the year before.
    pub last_promises: Option<String>,
    /// Day of the approval.
    pub approved_on: Option<NaiveDate>,
    /// Digest of the approved values.
    pub approved_digest: Option<String>,
    /// What the others contributed.
    pub contributions: Vec<Contribution>,
    /// Indicator values: as approved, or as they stand.
    pub values: Vec<IndicatorValue>,
    /// Budget programmes that carry it out.
    pub budget: Vec<Budget>,
    /// Budget requests for it.
    pub requests: Vec<Request>,
    /// Actions of the follow-up.
    pub actions: Vec<Action>,
    /// Advice and needs with their answers.
    pub answered: Vec<Answered>,
}

/// What a ministry that takes part contributed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Ministry.
    pub party: Party,
    /// What was done.
    pub progress: Option<String>,
    /// What is missing.
    pub gaps: Option<String>,
    /// What is promised.
    pub promises: Option<String>,
    /// Day it was handed in; none for a draft.
    pub contributed_on: Option<NaiveDate>,
}

/// A budget programme in one fiscal year, whole yen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Record of the programme.
    pub programme: String,
    /// Its name.
    pub name: String,
    /// Fiscal year.
    pub fiscal_year: i32,
    /// Initial budget.
    pub initial_yen: Option<i64>,
    /// Executed.
    pub executed_yen: Option<i64>,
    /// Requested for the year.
    pub requested_yen: Option<i64>,
}

/// A budget request, whole yen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Title.
    pub title: String,
    /// Fiscal year of the budget.
    pub fiscal_year: i32,
    /// Requested.
    pub requested_yen: i64,
    /// After the adjustment.
    pub adjusted_yen: Option<i64>,
    /// Why.
    pub adjustment_reason: Option<String>,
    /// As decided.
    pub decided_yen: Option<i64>,
    /// State of the record.
    pub state: LocalText,
}

/// What follows from a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The finding.
    pub finding: String,
    /// What is to be done.
    pub action: String,
    /// Who does it.
    pub owner: Party,
    /// By when.
    pub due_on: NaiveDate,
    /// State of the record.
    pub state: LocalText,
    /// What came of it.
    pub result: Option<String>,
}

/// Advice or a need, with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Who put it forward: the body, or the kind of submitter.
    pub from: LocalText,
    /// Day.
    pub on: NaiveDate,
    /// Subject.
    pub subject: String,
    /// What was said.
    pub text: String,
    /// The answer.
    pub answer: Option<String>,
}
