//! Values of indicators as answers and files write them.

use rust_decimal::Decimal;
use serde::Serialize;
use shirube_indicators::board::{IndicatorResult, ProofPage};
use std::sync::Arc;

use shirube_model::indicator::{EvidenceProof, Indicator, Outcome, ReadingId, Stamp};
use utoipa::ToSchema;

use super::answer::Both;
use crate::pages::indicator::write_reading;
use crate::pages::proof::class_slug;

fn text(value: Option<Decimal>) -> Option<String> {
    value.map(|value| value.normalize().to_string())
}

/// Values of one year. Numbers are decimal strings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct YearBody {
    /// Year, fiscal or calendar as the definition says.
    pub year: i32,
    /// Whether the year had ended.
    pub complete: bool,
    /// Value of the year alone, in the unit of the evidence.
    pub level: String,
    /// Value of the series at the end of the year.
    pub value: Option<String>,
    /// Where the path to the target stands at the end of the year.
    pub path: Option<String>,
}

/// A breakdown of the value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupBody {
    pub id: String,
    pub rows: Vec<GroupRowBody>,
}

/// One row of a breakdown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupRowBody {
    /// Code; empty for records without one.
    pub code: String,
    pub value: String,
}

/// How many records of a register fared in which way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProofBody {
    pub register: String,
    /// Fingerprint of the records and versions looked at.
    pub rows_fingerprint: String,
    /// Records looked at.
    pub records: usize,
    /// Records that made the value.
    pub counted: u64,
    pub tally: Vec<ClassBody>,
    /// Records that count once though they carry several keys or links.
    pub shared: usize,
}

/// Records of one class.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClassBody {
    /// Class, such as `counted` or `fails-part-0`; the parameter `class` of the
    /// proof takes it.
    pub class: String,
    pub records: u64,
}

/// Result of one spec on one day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutcomeBody {
    pub value: Option<String>,
    /// Year of a yearly headline.
    pub headline_year: Option<i32>,
    pub numerator: String,
    pub denominator: Option<String>,
    pub target: Option<String>,
    /// Where the path to the target stands on the day.
    pub expected: Option<String>,
    /// Value at the deadline if it goes on as now.
    pub projection: Option<String>,
    #[schema(example = "on_pace")]
    pub status: &'static str,
    pub years: Vec<YearBody>,
    pub groups: Vec<GroupBody>,
    pub proofs: Vec<ProofBody>,
    /// Digest over values and proof.
    pub digest: String,
}

impl From<&Outcome> for OutcomeBody {
    fn from(outcome: &Outcome) -> Self {
        let year = |year: &shirube_model::indicator::YearPoint| YearBody {
            year: year.year,
            complete: year.complete,
            level: year.level.normalize().to_string(),
            value: text(year.value),
            path: text(year.path),
        };
        let group = |group: &shirube_model::indicator::Group| GroupBody {
            id: group.id.clone(),
            rows: group
                .rows
                .iter()
                .map(|row| GroupRowBody {
                    code: row.code.clone(),
                    value: row.value.normalize().to_string(),
                })
                .collect(),
        };
        Self {
            value: text(outcome.value),
            headline_year: outcome.headline_year,
            numerator: outcome.numerator.normalize().to_string(),
            denominator: text(outcome.denominator),
            target: text(outcome.target),
            expected: text(outcome.expected),
            projection: text(outcome.projection),
            status: outcome.status.code(),
            years: outcome.years.iter().map(year).collect(),
            groups: outcome.groups.iter().map(group).collect(),
            proofs: outcome.proofs.iter().map(proof).collect(),
            digest: outcome.digest.clone(),
        }
    }
}

fn proof(proof: &EvidenceProof) -> ProofBody {
    ProofBody {
        register: proof.register.clone(),
        rows_fingerprint: proof.rows_fingerprint.clone(),
        records: proof.records(),
        counted: proof.counted(),
        tally: proof
            .tally()
            .into_iter()
            .map(|(class, records)| ClassBody { class: class_slug(class), records })
            .collect(),
        shared: proof.shared_pairs().count(),
    }
}

/// Where a value comes from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StampBody {
    pub definition_version: u32,
    /// SHA-256 of the definition.
    pub definition_hash: String,
    /// SHA-256 of the pack.
    pub pack_hash: String,
    /// Ledger position evaluated.
    pub ledger_seq: u64,
    /// Hash of that position in the chain.
    pub ledger_hash: String,
    pub software: String,
}

impl From<&Stamp> for StampBody {
    fn from(stamp: &Stamp) -> Self {
        Self {
            definition_version: stamp.definition_version,
            definition_hash: stamp.definition_hash.clone(),
            pack_hash: stamp.pack_hash.clone(),
            ledger_seq: stamp.ledger_seq,
            ledger_hash: stamp.ledger_hash.clone(),
            software: stamp.software.clone(),
        }
    }
}

/// The value under one reading.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadingBody {
    /// `question=reading`.
    #[schema(example = "unit=contract")]
    pub reading: String,
    pub label: Both,
    /// Whether the headline uses it until a decision says otherwise.
    pub working: bool,
    pub outcome: OutcomeBody,
}

/// One indicator on one day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IndicatorBody {
    #[schema(example = "OI-02")]
    pub id: String,
    pub name: Both,
    /// Day of the value.
    pub as_of: chrono::NaiveDate,
    /// Status shown; `undecided_reading` where open readings disagree.
    pub status: &'static str,
    /// Code of the unit.
    pub unit: String,
    /// Ministry that compiles it.
    pub owner: String,
    pub group: Option<String>,
    pub goals: Vec<String>,
    pub sections: Vec<String>,
    pub measures: Vec<String>,
    pub source_line: Option<u32>,
    /// For an indicator that a milestone brings into being: whether it has.
    pub active: bool,
    pub headline: OutcomeBody,
    pub readings: Vec<ReadingBody>,
    /// Questions without a decision.
    pub undecided: Vec<String>,
    pub stamp: StampBody,
}

impl IndicatorBody {
    pub(crate) fn new(indicator: &Indicator, result: &IndicatorResult) -> Self {
        let reading = |(id, outcome): &(ReadingId, Arc<Outcome>)| {
            let known = indicator
                .readings()
                .find(|(q, r)| q.id == id.question && r.id == id.reading)
                .map(|(_, reading)| reading);
            ReadingBody {
                reading: write_reading(id),
                label: known.map_or_else(
                    || Both { ja: id.reading.clone(), en: id.reading.clone() },
                    |reading| Both::from(&reading.label),
                ),
                working: known.is_some_and(|reading| reading.working),
                outcome: OutcomeBody::from(&**outcome),
            }
        };
        Self {
            id: indicator.id.clone(),
            name: Both::from(&indicator.name),
            as_of: result.headline.as_of,
            status: result.status.code(),
            unit: indicator.unit.clone(),
            owner: indicator.owner.clone(),
            group: indicator.group.clone(),
            goals: indicator.goals.clone(),
            sections: indicator.sections.clone(),
            measures: indicator.measures.clone(),
            source_line: indicator.source_line,
            active: result.active,
            headline: OutcomeBody::from(&*result.headline),
            readings: result.readings.iter().map(reading).collect(),
            undecided: result.undecided.clone(),
            stamp: StampBody::from(&result.stamp),
        }
    }
}

/// Records of a proof.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProofRowsBody {
    pub register: String,
    /// Records of the class in all.
    pub total: u64,
    pub rows: Vec<ProofRowBody>,
}

/// One record of a proof.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProofRowBody {
    /// Rank of the record in its register.
    pub ordinal: u32,
    #[schema(example = "CTR-4F0G9Z1K7M2Q")]
    pub record: String,
    pub version: u32,
    pub seq: u64,
    pub class: String,
    /// The condition it does not meet, or the link it lacks, as written.
    pub condition: Option<String>,
    /// The record that counts instead.
    pub instead: Option<String>,
    /// Keys or links it carries when they are several though it counts once.
    pub shared: Option<u32>,
    pub date: Option<chrono::NaiveDate>,
}

impl From<&ProofPage> for ProofRowsBody {
    fn from(page: &ProofPage) -> Self {
        let row = |row: &shirube_indicators::board::ProofRow| ProofRowBody {
            ordinal: row.ordinal,
            record: row.record.to_string(),
            version: row.version,
            seq: row.seq,
            class: class_slug(row.class),
            condition: row.condition.clone(),
            instead: row.instead.as_ref().map(ToString::to_string),
            shared: row.shared,
            date: row.date,
        };
        Self {
            register: page.register.clone(),
            total: page.total,
            rows: page.rows.iter().map(row).collect(),
        }
    }
}
