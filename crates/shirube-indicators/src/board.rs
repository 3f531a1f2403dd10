//! What the engine tells pages, terminals and files about the indicators on one
//! day.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize, Serializer};
use shirube_model::ident::RecordId;
use shirube_model::indicator::{Class, Outcome, ReadingId, Stamp, Status};

/// One indicator on one day, with every reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndicatorResult {
    /// Indicator id.
    pub id: String,
    /// Status shown: that of the headline, or `undecided_reading` when an open
    /// question's readings disagree on it.
    pub status: Status,
    /// The headline: base spec with the decisions in effect.
    #[serde(serialize_with = "outcome")]
    pub headline: Arc<Outcome>,
    /// Every reading, applied alone to the base spec.
    #[serde(serialize_with = "readings")]
    pub readings: Vec<(ReadingId, Arc<Outcome>)>,
    /// Questions without a decision in effect.
    pub undecided: Vec<String>,
    /// For an indicator that a milestone brings into being: whether it has.
    pub active: bool,
    /// Where the values come from.
    pub stamp: Stamp,
}

fn outcome<S: Serializer>(outcome: &Outcome, to: S) -> Result<S::Ok, S::Error> {
    outcome.serialize(to)
}

fn readings<S: Serializer>(list: &[(ReadingId, Arc<Outcome>)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(list.iter().map(|(id, outcome)| (id, outcome.as_ref())))
}

/// All indicators on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Board {
    /// Day asked for.
    pub as_of: NaiveDate,
    /// Ledger position evaluated.
    pub ledger_seq: u64,
    /// Results in the order of the pack.
    pub results: Vec<IndicatorResult>,
}

impl Board {
    /// The result of one indicator.
    #[must_use]
    pub fn result(&self, id: &str) -> Option<&IndicatorResult> {
        self.results.iter().find(|result| result.id == id)
    }
}

/// One record in a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRow {
    /// Rank of the record in its register.
    pub ordinal: u32,
    /// Record.
    pub record: RecordId,
    /// Version looked at.
    pub version: u32,
    /// Ledger position of that version.
    pub seq: u64,
    /// How it fared.
    pub class: Class,
    /// The condition it does not meet, or the link it lacks, as written.
    pub condition: Option<String>,
    /// The record that counts instead.
    pub instead: Option<RecordId>,
    /// Keys or links it carries when they are several though it counts once.
    pub shared: Option<u32>,
    /// Day of the record by the evidence's date field.
    pub date: Option<NaiveDate>,
}

/// Rows of a proof that share a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofPage {
    /// Register.
    pub register: String,
    /// Number of records of the class in all.
    pub total: u64,
    /// The rows asked for, in ordinal order.
    pub rows: Vec<ProofRow>,
}

/// What comparing a stored value with a fresh one showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Whether everything is the same.
    pub same: bool,
    /// Where they differ: what, stored, computed.
    pub differences: Vec<(String, String, String)>,
}
