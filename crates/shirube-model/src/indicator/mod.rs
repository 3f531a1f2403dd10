//! Indicator definitions: what is counted, under which reading, against which
//! target.
//!
//! A definition has a *base spec* and *questions*. A question is an ambiguity of
//! the strategy's text; each of its *readings* overrides any part of the base
//! spec. One reading of every question is the working one (it overrides
//! nothing); a dated decision may settle the question for another.

mod outcome;
mod proof;
mod spec;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use outcome::{
    Class, Group, GroupRow, Outcome, Stamp, Standing as StatusInput, Status, YearPoint,
    digest_outcome, status_of,
};
pub use proof::{
    EvidenceProof, LEAF_RECORDS, Verdict, fingerprint_leaves, fingerprint_rows, row_leaf,
};
pub use spec::{
    Baseline, BaselineState, Comparison, Evidence, Kind, Link, Measure, Once, Spec, Target, Window,
    YearBasis, merge,
};

use crate::lang::LocalText;
use crate::refusal::Refusal;

/// What a definition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// One of the strategy's indicator series.
    Series,
    /// A component of an outcome goal.
    Goal,
    /// An indicator that a milestone brings into being.
    Child,
}

/// An indicator definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Stable id, such as `OI-02`.
    pub id: String,
    /// Version of the definition, from 1; raised whenever a value could change.
    pub version: u32,
    /// What it is for.
    pub role: Role,
    /// Name.
    pub name: LocalText,
    /// Group of the annex, a code of `indicator_groups`.
    #[serde(default)]
    pub group: Option<String>,
    /// Outcome goals it speaks to.
    #[serde(default)]
    pub goals: Vec<String>,
    /// Ministry that compiles it, a code of `ministries`.
    pub owner: String,
    /// Headings of the plan it belongs to.
    #[serde(default)]
    pub sections: Vec<String>,
    /// Measures that should move it.
    #[serde(default)]
    pub measures: Vec<String>,
    /// Line of the source text.
    #[serde(default)]
    pub source_line: Option<u32>,
    /// Unit of the value, a code of `units`.
    pub unit: String,
    /// What a reader should know.
    #[serde(default)]
    pub note: Option<LocalText>,
    /// Figures the strategy prints beside the indicator without making them a baseline.
    #[serde(default)]
    pub context: Option<LocalText>,
    /// Id of the milestone that brings this indicator into being.
    #[serde(default)]
    pub activated_by: Option<String>,
    /// The base spec, before readings.
    pub spec: Value,
    /// Ambiguities of the text.
    #[serde(default, rename = "question")]
    pub questions: Vec<Question>,
    /// Fields the value is broken down by.
    #[serde(default, rename = "disaggregation")]
    pub disaggregations: Vec<Disaggregation>,
}

/// An ambiguity of the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Id within the indicator, kebab case.
    pub id: String,
    /// The question.
    pub text: LocalText,
    /// The ways to read it, the working one first or marked.
    #[serde(rename = "reading")]
    pub readings: Vec<Reading>,
}

/// One way to read an ambiguity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Id within the question, kebab case.
    pub id: String,
    /// The reading in words.
    pub label: LocalText,
    /// Whether the headline uses it until a decision says otherwise.
    #[serde(default)]
    pub working: bool,
    /// Parts of the spec it changes; empty for the working reading.
    #[serde(default)]
    pub spec: Value,
}

/// A breakdown of the value by a field of the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disaggregation {
    /// Id within the indicator.
    pub id: String,
    /// Heading of the breakdown.
    pub label: LocalText,
    /// Field of the evidence register that holds a code or a list of codes.
    pub field: String,
}

/// A dated decision for one reading of one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingDecision {
    /// Indicator.
    pub indicator: String,
    /// Question.
    pub question: String,
    /// Reading that counts.
    pub reading: String,
    /// Day of the decision.
    pub decided_on: NaiveDate,
    /// First day it applies to.
    pub effective_from: NaiveDate,
    /// Body that decided.
    pub decided_by: String,
    /// Where the document is.
    #[serde(default)]
    pub document_url: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<LocalText>,
}

/// A reading singled out: question and reading id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReadingId {
    /// Question.
    pub question: String,
    /// Reading.
    pub reading: String,
}

impl Indicator {
    /// The question called `id`.
    #[must_use]
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    /// Every reading of every question.
    pub fn readings(&self) -> impl Iterator<Item = (&Question, &Reading)> {
        self.questions.iter().flat_map(|q| q.readings.iter().map(move |r| (q, r)))
    }

    /// Questions without a decision in effect on `day`.
    #[must_use]
    pub fn undecided<'a>(
        &'a self,
        decisions: &[ReadingDecision],
        day: NaiveDate,
    ) -> Vec<&'a Question> {
        self.questions
            .iter()
            .filter(|question| decision_for(self, question, decisions, day).is_none())
            .collect()
    }

    /// The spec in effect on `day`: the base with every decided reading applied.
    ///
    /// # Errors
    /// Refusals of the merged spec, see [`Spec::compile`].
    pub fn headline_spec(
        &self,
        decisions: &[ReadingDecision],
        day: NaiveDate,
    ) -> Result<Spec, Vec<Refusal>> {
        let mut merged = self.spec.clone();
        for question in &self.questions {
            if let Some(reading) = decision_for(self, question, decisions, day) {
                merged = merge(&merged, &reading.spec);
            }
        }
        Spec::compile(&merged)
    }

    /// The spec under one reading: the base with that reading applied alone.
    ///
    /// # Errors
    /// `indicator.reading.unknown`, or refusals of the merged spec.
    pub fn reading_spec(&self, id: &ReadingId) -> Result<Spec, Vec<Refusal>> {
        let reading = self
            .readings()
            .find(|(question, reading)| question.id == id.question && reading.id == id.reading)
            .map(|(_, reading)| reading);
        let Some(reading) = reading else {
            return Err(vec![
                Refusal::new("indicator.reading.unknown")
                    .arg("indicator", &self.id)
                    .arg("reading", format!("{}={}", id.question, id.reading)),
            ]);
        };
        Spec::compile(&merge(&self.spec, &reading.spec))
    }
}

/// The reading decided for `question` on `day`; the latest decision wins.
#[must_use]
pub fn decision_for<'a>(
    indicator: &Indicator,
    question: &'a Question,
    decisions: &[ReadingDecision],
    day: NaiveDate,
) -> Option<&'a Reading> {
    let decision = decisions
        .iter()
        .filter(|d| d.indicator == indicator.id && d.question == question.id)
        .filter(|d| d.effective_from <= day)
        .max_by_key(|d| (d.effective_from, d.decided_on))?;
    question.readings.iter().find(|reading| reading.id == decision.reading)
}
