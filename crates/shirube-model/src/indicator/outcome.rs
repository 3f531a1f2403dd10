//! What an evaluation gives back: values by year, status, and the proof.
//!
//! The proof classifies *every* record of the evidence register that existed in
//! the ledger on the day asked for: [`Class::Counted`] or the first reason why
//! not. Records are addressed by their *ordinal*: their rank among the
//! register's records by first ledger position.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::proof::EvidenceProof;
use super::spec::{Comparison, Kind, Spec};

/// How one record fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "class", content = "index")]
pub enum Class {
    /// Counted. In a share or a list: in the denominator only.
    Counted,
    /// Counted in the numerator of a share or a list.
    CountedInNumerator,
    /// Withdrawn by its owner.
    Withdrawn,
    /// Marked as a duplicate of another record.
    Duplicate,
    /// The date field is empty.
    NoDate,
    /// Dated after the day asked for.
    AfterAsOf,
    /// Dated before the window, or before the year of the headline.
    BeforeWindow,
    /// Dated after the window, or after the year of the headline.
    AfterWindow,
    /// Out of force on the day (stocks).
    Ended,
    /// The key counted by distinct values is empty.
    NoKey,
    /// The number added up is empty.
    NoValue,
    /// Every key was already counted by an earlier record.
    Repeats,
    /// A later record of the same key decides (shares).
    Superseded,
    /// Left out of a list with a reason.
    LeftOut,
    /// Part of the filter, by index, is false.
    FailsPart(u16),
    /// Part of the filter, by index, cannot be decided: a field is empty.
    UndecidedPart(u16),
    /// Link, by index, finds no record.
    MissingLink(u16),
}

impl Class {
    /// A number for storage and digests. Parts and links take 100 numbers each.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Counted => 0,
            Self::CountedInNumerator => 1,
            Self::Withdrawn => 2,
            Self::Duplicate => 3,
            Self::NoDate => 4,
            Self::AfterAsOf => 5,
            Self::BeforeWindow => 6,
            Self::AfterWindow => 7,
            Self::Ended => 8,
            Self::NoKey => 9,
            Self::NoValue => 10,
            Self::Repeats => 11,
            Self::Superseded => 12,
            Self::LeftOut => 13,
            Self::FailsPart(i) => 100 + i,
            Self::UndecidedPart(i) => 200 + i,
            Self::MissingLink(i) => 300 + i,
        }
    }

    /// Reads a number; `None` for one that no class has.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            0 => Self::Counted,
            1 => Self::CountedInNumerator,
            2 => Self::Withdrawn,
            3 => Self::Duplicate,
            4 => Self::NoDate,
            5 => Self::AfterAsOf,
            6 => Self::BeforeWindow,
            7 => Self::AfterWindow,
            8 => Self::Ended,
            9 => Self::NoKey,
            10 => Self::NoValue,
            11 => Self::Repeats,
            12 => Self::Superseded,
            13 => Self::LeftOut,
            100..200 => Self::FailsPart(number - 100),
            200..300 => Self::UndecidedPart(number - 200),
            300..400 => Self::MissingLink(number - 300),
            _ => return None,
        })
    }

    /// Whether the record made the value.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::Counted | Self::CountedInNumerator)
    }

    /// Key of the text that names the class, without its index.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Counted => "class.counted",
            Self::CountedInNumerator => "class.counted-in-numerator",
            Self::Withdrawn => "class.withdrawn",
            Self::Duplicate => "class.duplicate",
            Self::NoDate => "class.no-date",
            Self::AfterAsOf => "class.after-as-of",
            Self::BeforeWindow => "class.before-window",
            Self::AfterWindow => "class.after-window",
            Self::Ended => "class.ended",
            Self::NoKey => "class.no-key",
            Self::NoValue => "class.no-value",
            Self::Repeats => "class.repeats",
            Self::Superseded => "class.superseded",
            Self::LeftOut => "class.left-out",
            Self::FailsPart(_) => "class.fails-part",
            Self::UndecidedPart(_) => "class.undecided-part",
            Self::MissingLink(_) => "class.missing-link",
        }
    }
}

/// State of an indicator on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The target is met.
    Achieved,
    /// Not met yet, and not below the path to it.
    OnPace,
    /// Below the path to the target.
    Behind,
    /// The day for reaching the target has passed without it.
    Missed,
    /// No record speaks to it yet.
    NoEvidence,
    /// The baseline it is measured against is not published.
    BaselineUnpublished,
    /// No decision on how to read it, and the readings disagree on the status.
    UndecidedReading,
    /// Watched without a target.
    Monitored,
}

impl Status {
    /// All states, in the order pages list them.
    pub const ALL: [Self; 8] = [
        Self::Achieved,
        Self::OnPace,
        Self::Behind,
        Self::Missed,
        Self::UndecidedReading,
        Self::BaselineUnpublished,
        Self::NoEvidence,
        Self::Monitored,
    ];

    /// The code in paths, exports and message keys (`status.on-pace`).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Achieved => "achieved",
            Self::OnPace => "on_pace",
            Self::Behind => "behind",
            Self::Missed => "missed",
            Self::NoEvidence => "no_evidence",
            Self::BaselineUnpublished => "baseline_unpublished",
            Self::UndecidedReading => "undecided_reading",
            Self::Monitored => "monitored",
        }
    }
}

/// Values of one year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearPoint {
    /// Year, on the spec's basis.
    pub year: i32,
    /// Whether the year had ended on the day asked for.
    pub complete: bool,
    /// Value of the year alone, in the unit of the evidence.
    pub level: Decimal,
    /// Value of the series at the end of the year, in the indicator's unit:
    /// cumulative, level, ratio or share. `None` where it cannot be computed.
    pub value: Option<Decimal>,
    /// Where the path to the target stands at the end of the year.
    pub path: Option<Decimal>,
}

/// A breakdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Disaggregation id, or the spec's `group_by` field.
    pub id: String,
    /// Rows by code, in code order.
    pub rows: Vec<GroupRow>,
}

/// One row of a breakdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    /// Code; empty for records without one.
    pub code: String,
    /// Value of the group.
    pub value: Decimal,
}

/// Result of evaluating one spec on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Day asked for.
    pub as_of: NaiveDate,
    /// Headline value, in the indicator's unit; `None` when it cannot be computed.
    pub value: Option<Decimal>,
    /// Year of a yearly headline.
    pub headline_year: Option<i32>,
    /// Numerator of ratios, shares and completions, and the plain level otherwise.
    pub numerator: Decimal,
    /// Denominator of ratios, shares and completions.
    pub denominator: Option<Decimal>,
    /// Target in the unit of the value; for base means, the mean.
    pub target: Option<Decimal>,
    /// Where the path to the target stands on the day.
    pub expected: Option<Decimal>,
    /// Value at the deadline if it goes on as now.
    pub projection: Option<Decimal>,
    /// Status under this spec.
    pub status: Status,
    /// Series by year.
    pub years: Vec<YearPoint>,
    /// Breakdowns.
    pub groups: Vec<Group>,
    /// Proof by evidence.
    pub proofs: Vec<EvidenceProof>,
    /// Digest of values and proof, see [`digest_outcome`].
    pub digest: String,
}

/// Where a stored value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Version of the definition.
    pub definition_version: u32,
    /// SHA-256 of the definition as written.
    pub definition_hash: String,
    /// SHA-256 of the pack.
    pub pack_hash: String,
    /// Ledger position evaluated.
    pub ledger_seq: u64,
    /// Hash of that position in the chain.
    pub ledger_hash: String,
    /// Name and version of the software.
    pub software: String,
}

/// Digest of an outcome: every value, and for every evidence the fingerprint of
/// its rows, the class of every record, and what counts instead. Two outcomes
/// with the same digest were made from the same records in the same way.
#[must_use]
pub fn digest_outcome(outcome: &Outcome) -> String {
    let mut hasher = Sha256::new();
    let mut field = |name: &str, value: &str| {
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update((value.len() as u64).to_le_bytes());
        hasher.update(value.as_bytes());
    };
    let show =
        |value: Option<Decimal>| value.map_or_else(String::new, |v| v.normalize().to_string());
    field("as_of", &outcome.as_of.to_string());
    field("value", &show(outcome.value));
    field("numerator", &show(Some(outcome.numerator)));
    field("denominator", &show(outcome.denominator));
    field("target", &show(outcome.target));
    field("status", outcome.status.code());
    for point in &outcome.years {
        field("year", &point.year.to_string());
        field("level", &show(Some(point.level)));
        field("value", &show(point.value));
    }
    for group in &outcome.groups {
        field("group", &group.id);
        for row in &group.rows {
            field(&row.code, &show(Some(row.value)));
        }
    }
    for proof in &outcome.proofs {
        field("register", &proof.register);
        field("rows", &proof.rows_fingerprint);
        field("records", &proof.records().to_string());
        field("classes", &hex::encode(proof.digest()));
    }
    hex::encode(hasher.finalize())
}

/// What the status rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Day asked for.
    pub as_of: NaiveDate,
    /// Headline value.
    pub value: Option<Decimal>,
    /// Target.
    pub target: Option<Decimal>,
    /// Where the path stands on the day.
    pub expected: Option<Decimal>,
    /// Records that made the value, over all evidence.
    pub counted: u64,
    /// Whether the baseline is asked for and not published.
    pub unpublished: bool,
    /// For targets that every year must reach: whether a complete year failed.
    pub year_failed: bool,
    /// Whether the year of a yearly headline has not ended.
    pub year_open: bool,
}

/// The status under one spec, first rule that fits:
/// monitored (no target) · baseline unpublished · no evidence · missed a year
/// that every year must reach · achieved · missed (after the deadline) ·
/// behind (below the path, or, where no path leads to the target, not meeting
/// it) · on pace. A year that has not ended is behind on nothing yet.
#[must_use]
pub fn status_of(spec: &Spec, standing: Standing) -> Status {
    let Some(target) = spec.target else {
        return Status::Monitored;
    };
    if spec.kind == Kind::Monitor {
        return Status::Monitored;
    }
    if standing.unpublished {
        return Status::BaselineUnpublished;
    }
    if standing.counted == 0 {
        return Status::NoEvidence;
    }
    let over = standing.as_of > target.by;
    let (Some(value), Some(goal)) = (standing.value, standing.target) else {
        return if over { Status::Missed } else { Status::NoEvidence };
    };
    if target.each_year && standing.year_failed {
        return Status::Missed;
    }
    let met = holds(target.comparison, value, goal);
    if met && (!target.each_year || over) {
        return Status::Achieved;
    }
    if over {
        return Status::Missed;
    }
    if met {
        return Status::OnPace;
    }
    match standing.expected {
        Some(expected) if value < expected => Status::Behind,
        None if !target.each_year && !standing.year_open => Status::Behind,
        _ => Status::OnPace,
    }
}

fn holds(comparison: Comparison, value: Decimal, goal: Decimal) -> bool {
    comparison.holds(value, goal)
}
