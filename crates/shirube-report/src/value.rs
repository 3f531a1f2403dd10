//! One indicator value as a report carries it, and the line it is frozen into
//! when the report is approved.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shirube_model::indicator::{Stamp, Status, YearBasis, YearPoint};
use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;

use crate::report::Evidence;

/// What an indicator is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Measures an outcome goal.
    Goal,
    /// Measures what the measures produce.
    Output,
}

/// An indicator on one day, with where its value comes from. Everything a
/// reader of the report sees is in here, so that a later definition, record or
/// label changes nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorValue {
    /// Indicator.
    pub indicator: String,
    /// Its name on that day.
    pub name: LocalText,
    /// What it is for.
    pub role: Role,
    /// Code of the unit.
    pub unit: String,
    /// Name of the unit.
    pub unit_name: LocalText,
    /// Day the value is as of.
    pub as_of: NaiveDate,
    /// First day whose records count, where there is one.
    pub window_from: Option<NaiveDate>,
    /// The value; none when it cannot be computed.
    pub value: Option<Decimal>,
    /// Target in the unit of the value.
    pub target: Option<Decimal>,
    /// Day by which the target is to be reached.
    pub target_by: Option<NaiveDate>,
    /// Status shown.
    pub status: Status,
    /// Which years the series is by.
    pub year_basis: YearBasis,
    /// Series by year.
    pub years: Vec<YearPoint>,
    /// Digest of values and proof.
    pub digest: String,
    /// Definition, pack, ledger position and software.
    pub stamp: Stamp,
    /// Number of the stored value it can be verified by.
    pub kept: Option<u64>,
    /// Whether the records behind it are real.
    pub evidence: Evidence,
}

/// The values as lines, in order: what an approved record stores.
///
/// # Errors
/// `report.value.unwritable`, which values of this type do not bring about.
pub fn freeze(values: &[IndicatorValue]) -> Result<Vec<String>, Refusal> {
    values
        .iter()
        .map(|value| {
            serde_json::to_string(value)
                .map_err(|_| Refusal::new("report.value.unwritable").arg("id", &value.indicator))
        })
        .collect()
}

/// Reads lines that [`freeze`] wrote.
///
/// # Errors
/// `report.value.unreadable`, with the number of the line.
pub fn read_frozen(lines: &[String]) -> Result<Vec<IndicatorValue>, Refusal> {
    lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            serde_json::from_str(line)
                .map_err(|_| Refusal::new("report.value.unreadable").line(at as u64 + 1))
        })
        .collect()
}
