//! Making the checks.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::checks::{CheckName, Level};
use super::report::{CheckResult, QualityReport, Reason, Status, totals};
use super::scan::{Reader, column, table};
use super::thresholds::{Bound, CheckSpec, Rule, Thresholds};
use super::{joins, plain};
use crate::error::RecordsError;
use crate::omop::CdmType;
use crate::snapshot::Snapshot;

/// Keys held in memory at a time: some 200 megabytes of persons.
const KEYS_MAX: usize = 6 << 20;

/// Rows that break a rule, and rows looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    violated: u64,
    looked_at: u64,
}

impl Counts {
    pub(super) fn add(&mut self, (violated, looked_at): (u64, u64)) {
        self.violated += violated;
        self.looked_at += looked_at;
    }
}

/// A check to be made, and its place in the list.
#[derive(Clone, Copy)]
pub(super) struct Job<'t> {
    pub(super) at: usize,
    pub(super) spec: &'t CheckSpec,
}

/// Makes every check on a snapshot. Its files are held against their hashes
/// first.
///
/// # Errors
/// When a file of the snapshot is missing, damaged or cannot be read.
pub fn quality(
    snapshot: &Snapshot,
    thresholds: &Thresholds,
) -> Result<QualityReport, RecordsError> {
    quality_within(snapshot, thresholds, KEYS_MAX)
}

/// As [`quality`], with at most about `keys_max` keys of a table in memory at a
/// time. Fewer keys take less memory and more readings; the report is the same.
///
/// # Errors
/// As [`quality`].
pub fn quality_within(
    snapshot: &Snapshot,
    thresholds: &Thresholds,
    keys_max: usize,
) -> Result<QualityReport, RecordsError> {
    let reader = Reader::new(snapshot)?;
    let mut early: Vec<Option<Reason>> = Vec::new();
    let mut jobs = Vec::new();
    for (at, spec) in thresholds.checks.iter().enumerate() {
        let reason = not_applicable(&reader, spec);
        if reason.is_none() {
            jobs.push(Job { at, spec });
        }
        early.push(reason);
    }
    let mut counts = vec![Counts::default(); thresholds.checks.len()];
    make(&reader, &jobs, &mut counts, keys_max)?;
    let checks: Vec<CheckResult> = thresholds
        .checks
        .iter()
        .zip(early)
        .zip(&counts)
        .map(|((spec, reason), counts)| result(spec, reason, *counts))
        .collect();
    let manifest = &reader.snapshot().manifest;
    Ok(QualityReport {
        snapshot: snapshot.id.clone(),
        data_set: manifest.data_set.clone(),
        cdm_version: manifest.cdm_version.clone(),
        as_of: thresholds.as_of,
        thresholds_sha256: thresholds.sha256.clone(),
        totals: totals(&checks),
        checks,
    })
}

/// The jobs sorted by what they need, each group made in as few readings as
/// there can be.
fn make(
    reader: &Reader<'_>,
    jobs: &[Job<'_>],
    counts: &mut [Counts],
    keys_max: usize,
) -> Result<(), RecordsError> {
    let mut simple: BTreeMap<&str, Vec<Job<'_>>> = BTreeMap::new();
    let (mut persons, mut visits, mut concepts, mut keys) = (vec![], vec![], vec![], vec![]);
    for job in jobs {
        let counted = match (job.spec.check, &job.spec.rule) {
            (CheckName::CdmTable, _) => {
                Some((u64::from(reader.rows(&job.spec.table).is_none()), 1))
            }
            (CheckName::CdmField, _) => {
                Some((u64::from(column(&job.spec.table, &job.spec.field).is_none()), 1))
            }
            // Values of another type went to the quarantine of the import.
            (CheckName::CdmDatatype, _) => Some((0, reader.rows(&job.spec.table).unwrap_or(0))),
            (CheckName::IsPrimaryKey, _) => Some(plain::primary_key(reader, job, keys_max)?),
            (CheckName::SourceValueCompleteness, Rule::Field(standard)) => {
                Some(plain::source_values(reader, job, standard, keys_max)?)
            }
            (CheckName::MeasureConditionEraCompleteness, _) => {
                Some(joins::condition_eras(reader, keys_max)?)
            }
            (CheckName::MeasureObservationPeriodOverlap, _) => {
                Some(joins::period_overlaps(reader, keys_max)?)
            }
            _ => None,
        };
        if let Some((counted, counts)) = counted.zip(counts.get_mut(job.at)) {
            counts.add(counted);
        } else if plain::is_plain(job) {
            simple.entry(&job.spec.table).or_default().push(*job);
        } else {
            match job.spec.check {
                CheckName::WithinVisitDates => visits.push(*job),
                CheckName::FkDomain | CheckName::FkClass | CheckName::IsStandardValidConcept => {
                    concepts.push(*job);
                }
                CheckName::IsForeignKey if to_concept(job.spec) => concepts.push(*job),
                CheckName::IsForeignKey => keys.push(*job),
                _ => persons.push(*job),
            }
        }
    }
    for (table, jobs) in simple {
        plain::plain(reader, table, &jobs, counts)?;
    }
    joins::of_persons(reader, &persons, counts, keys_max)?;
    joins::of_visits(reader, &visits, counts, keys_max)?;
    joins::of_concepts(reader, &concepts, counts, keys_max)?;
    joins::of_keys(reader, &keys, counts, keys_max)
}

fn to_concept(spec: &CheckSpec) -> bool {
    matches!(&spec.rule, Rule::Other { table, field } if table == "concept" && field == "concept_id")
}

/// Why a check cannot be made, where that is known beforehand.
fn not_applicable(reader: &Reader<'_>, spec: &CheckSpec) -> Option<Reason> {
    use CheckName as C;
    if spec.check == C::CdmTable {
        return None;
    }
    let Some(rows) = reader.rows(&spec.table) else { return Some(Reason::NoTable) };
    let known = column(&spec.table, &spec.field);
    match spec.check {
        C::CdmField => return None,
        _ if rows == 0 && spec.check != C::MeasurePersonCompleteness => {
            return Some(Reason::EmptyTable);
        }
        _ if spec.level != Level::Table && known.is_none() => return Some(Reason::NoField),
        _ => {}
    }
    let left_out = reader.snapshot().manifest.key_fingerprint.is_some()
        && known.is_some_and(|column| column.identifying);
    if left_out {
        return Some(Reason::LeftOut);
    }
    if !right_type(spec) {
        return Some(Reason::OtherType);
    }
    partner(reader, spec)
}

/// Whether the fields have a type that the check can compare.
fn right_type(spec: &CheckSpec) -> bool {
    let type_of = |field: &str| column(&spec.table, field).map(|column| column.cdm_type);
    let dated = |field: &str| matches!(type_of(field), Some(CdmType::Date | CdmType::DateTime));
    let number = |field: &str| matches!(type_of(field), Some(CdmType::Integer | CdmType::Float));
    match (spec.check, &spec.rule) {
        (_, Rule::Bound(Bound::Day(_))) => dated(&spec.field),
        (_, Rule::Bound(Bound::Number(_))) => number(&spec.field),
        (CheckName::PlausibleStartBeforeEnd, Rule::Field(end)) => dated(&spec.field) && dated(end),
        (CheckName::PlausibleTemporalAfter, Rule::Other { table, field }) => {
            dated(&spec.field) && (*table != spec.table || dated(field))
        }
        (_, Rule::ConceptBound { bound, .. }) => matches!(bound, Bound::Number(_)),
        (CheckName::SourceValueCompleteness, Rule::Field(standard)) => {
            type_of(&spec.field) == Some(CdmType::Text)
                && type_of(standard) == Some(CdmType::Integer)
        }
        (
            CheckName::PlausibleAfterBirth
            | CheckName::PlausibleBeforeDeath
            | CheckName::PlausibleDuringLife
            | CheckName::WithinVisitDates,
            _,
        ) => dated(&spec.field),
        _ => true,
    }
}

/// Whether what a check looks up is there.
fn partner(reader: &Reader<'_>, spec: &CheckSpec) -> Option<Reason> {
    use CheckName as C;
    let empty = |table: &str| reader.rows(table).is_none_or(|rows| rows == 0);
    let persons =
        || (empty("person") || table(&spec.table)?.person().is_none()).then_some(Reason::NoPartner);
    match (spec.check, &spec.rule) {
        (C::FkDomain | C::FkClass | C::IsStandardValidConcept, _) => {
            empty("concept").then_some(Reason::NoVocabulary)
        }
        (C::IsForeignKey, Rule::Other { table, .. }) => match table.as_str() {
            "concept" | "domain" | "vocabulary" | "concept_class" | "relationship" => {
                empty(table).then_some(Reason::NoVocabulary)
            }
            // A table that is not there answers for none of its keys: rows that
            // name one are wrong, rows that name none are not.
            _ => None,
        },
        (C::PlausibleGenderUseDescendants, _) if empty("concept_ancestor") => {
            Some(Reason::NoVocabulary)
        }
        (C::PlausibleBeforeDeath | C::PlausibleDuringLife, _) if empty("death") => {
            Some(Reason::NoPartner)
        }
        (C::WithinVisitDates, _) => empty("visit_occurrence").then_some(Reason::NoPartner),
        (C::MeasureConditionEraCompleteness, _) => {
            empty("condition_occurrence").then_some(Reason::NoPartner)
        }
        (C::PlausibleTemporalAfter, Rule::Other { table, .. }) if *table == spec.table => None,
        (C::PlausibleTemporalAfter, Rule::Other { table, .. }) if table != "person" => {
            Some(Reason::NoPartner)
        }
        (
            C::PlausibleTemporalAfter
            | C::PlausibleAfterBirth
            | C::PlausibleBeforeDeath
            | C::PlausibleDuringLife
            | C::PlausibleGender
            | C::PlausibleGenderUseDescendants
            | C::MeasurePersonCompleteness,
            _,
        ) => persons(),
        _ => None,
    }
}

fn result(spec: &CheckSpec, reason: Option<Reason>, counts: Counts) -> CheckResult {
    let (violated, looked_at) = (Decimal::from(counts.violated), Decimal::from(counts.looked_at));
    let hundredfold = violated * Decimal::ONE_HUNDRED;
    let status = match reason {
        Some(reason) => Status::NotApplicable(reason),
        None if counts.looked_at == 0 => Status::NotApplicable(Reason::NothingToCheck),
        None if hundredfold > spec.threshold_percent * looked_at => Status::Failed,
        None => Status::Passed,
    };
    let percent = hundredfold.checked_div(looked_at).unwrap_or_default().round_dp(4);
    let join = |ids: &[i64]| ids.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
    let bound = |bound: &Bound| match bound {
        Bound::Number(number) => number.to_string(),
        Bound::Day(day) => day.to_string(),
    };
    let (concept, against) = match &spec.rule {
        Rule::Plain => (None, None),
        Rule::Other { table, field } => (None, Some(format!("{table}.{field}"))),
        Rule::Word(word) | Rule::Field(word) => (None, Some(word.clone())),
        Rule::Bound(limit) => (None, Some(bound(limit))),
        Rule::ConceptBound { concept, unit, bound: limit } => {
            (Some(format!("{concept} {unit}")), Some(bound(limit)))
        }
        Rule::Gender { concepts, gender } => (Some(join(concepts)), Some(gender.to_string())),
        Rule::Units { concept, units } => (Some(concept.to_string()), Some(join(units))),
    };
    CheckResult {
        name: spec.check,
        level: spec.level,
        table: spec.table.clone(),
        field: Some(spec.field.clone()).filter(|field| !field.is_empty()),
        concept,
        against,
        rows_violated: counts.violated,
        rows_looked_at: counts.looked_at,
        percent: percent.normalize(),
        threshold_percent: spec.threshold_percent.normalize(),
        status,
    }
}
