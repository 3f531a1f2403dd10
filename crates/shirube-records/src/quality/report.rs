//! What the checks found.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::checks::{Category, CheckName, Context, Level};

/// Why a check says nothing about a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The snapshot does not have the table.
    NoTable,
    /// The table has no rows.
    EmptyTable,
    /// The table has no such field.
    NoField,
    /// No row has a value to look at, or none has the concept.
    NothingToCheck,
    /// The snapshot holds no vocabulary.
    NoVocabulary,
    /// The table that rows are compared with is not there or empty.
    NoPartner,
    /// The field is left out where persons have pseudonyms.
    LeftOut,
    /// The field is of another type than the check needs.
    OtherType,
}

impl Reason {
    /// The word in catalogues and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoTable => "no-table",
            Self::EmptyTable => "empty-table",
            Self::NoField => "no-field",
            Self::NothingToCheck => "nothing-to-check",
            Self::NoVocabulary => "no-vocabulary",
            Self::NoPartner => "no-partner",
            Self::LeftOut => "left-out",
            Self::OtherType => "other-type",
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "kebab-case")]
pub enum Status {
    /// More was wrong than the threshold allows.
    Failed,
    /// No more was wrong than the threshold allows.
    Passed,
    /// It says nothing about this snapshot.
    NotApplicable(Reason),
}

/// One check of one table, field or concept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Kind.
    pub name: CheckName,
    /// What it is about.
    pub level: Level,
    /// Table.
    pub table: String,
    /// Field; nothing for checks of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Concepts, as the thresholds name them; nothing for other checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concept: Option<String>,
    /// What was compared with, such as a bound or a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Rows (or persons, or source values) that break the rule.
    pub rows_violated: u64,
    /// Rows (or persons, or source values) looked at.
    pub rows_looked_at: u64,
    /// Share of those that break it, in per cent, to four places.
    pub percent: Decimal,
    /// Largest share that passes, in per cent.
    pub threshold_percent: Decimal,
    /// How it ended.
    #[serde(flatten)]
    pub status: Status,
}

/// How many checks of one kind ended how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Category.
    pub category: Category,
    /// Context.
    pub context: Context,
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Not applicable.
    pub not_applicable: u64,
}

/// The quality of a snapshot. It holds counts and no value of a person; it is
/// for whoever holds the records, since small counts stand in it as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityReport {
    /// The snapshot.
    pub snapshot: String,
    /// Its data set.
    pub data_set: String,
    /// Version of the model.
    pub cdm_version: String,
    /// The day after which dates lie in the future.
    pub as_of: NaiveDate,
    /// SHA-256 of the thresholds in hexadecimal.
    pub thresholds_sha256: String,
    /// Every check, in the order of the thresholds.
    pub checks: Vec<CheckResult>,
    /// By category and context.
    pub totals: Vec<Total>,
}

impl QualityReport {
    /// Checks that failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.totals.iter().map(|total| total.failed).sum()
    }
}

/// Counts results by category and context.
pub(super) fn totals(checks: &[CheckResult]) -> Vec<Total> {
    let mut all: BTreeMap<(Category, Context), [u64; 3]> = BTreeMap::new();
    for check in checks {
        let counts = all.entry((check.name.category(), check.name.context())).or_default();
        let [passed, failed, not_applicable] = counts;
        match check.status {
            Status::Passed => *passed += 1,
            Status::Failed => *failed += 1,
            Status::NotApplicable(_) => *not_applicable += 1,
        }
    }
    let mut out = Vec::new();
    for ((category, context), [passed, failed, not_applicable]) in all {
        out.push(Total { category, context, passed, failed, not_applicable });
    }
    out
}
