//! Checks that need nothing but the table itself.

use std::collections::HashMap;

use super::checks::{CheckName, Level};
use super::keys::{part_of, parts, repeated};
use super::run::{Counts, Job};
use super::scan::{Batch, Column, Reader, hashed};
use super::thresholds::{Bound, Rule};
use crate::error::RecordsError;

/// What is counted about rows. The numbers are places in the list of columns.
enum Test<'t> {
    Null(usize),
    Zero(usize),
    Below(usize, Bound),
    Above(usize, Bound),
    /// The first must not be after the second.
    Ordered(usize, usize),
    Range {
        concept: (usize, i64),
        unit: (usize, i64),
        value: usize,
        bound: Bound,
        high: bool,
    },
    Units {
        concept: (usize, i64),
        unit: usize,
        value: usize,
        source: usize,
        units: &'t [i64],
    },
}

/// Places of columns in a list that grows as they are named.
#[derive(Default)]
struct Places<'t>(Vec<&'t str>);

impl<'t> Places<'t> {
    fn of(&mut self, name: &'t str) -> usize {
        self.0.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.0.push(name);
            self.0.len() - 1
        })
    }
}

fn test<'t>(job: &'t Job<'t>, places: &mut Places<'t>) -> Option<Test<'t>> {
    use CheckName as C;
    let spec = job.spec;
    let high = spec.check == C::PlausibleValueHigh;
    let field = spec.field.as_str();
    Some(match (spec.check, &spec.rule) {
        (C::IsRequired | C::MeasureValueCompleteness, _) => Test::Null(places.of(field)),
        (C::StandardConceptRecordCompleteness | C::SourceConceptRecordCompleteness, _) => {
            Test::Zero(places.of(field))
        }
        (_, Rule::Bound(bound)) if high => Test::Above(places.of(field), *bound),
        (_, Rule::Bound(bound)) => Test::Below(places.of(field), *bound),
        (C::PlausibleStartBeforeEnd, Rule::Field(end)) => {
            Test::Ordered(places.of(field), places.of(end))
        }
        (C::PlausibleTemporalAfter, Rule::Other { table, field: first })
            if *table == spec.table =>
        {
            Test::Ordered(places.of(first), places.of(field))
        }
        (_, Rule::ConceptBound { concept, unit, bound }) => Test::Range {
            concept: (places.of(field), *concept),
            unit: (places.of("unit_concept_id"), *unit),
            value: places.of("value_as_number"),
            bound: *bound,
            high,
        },
        (_, Rule::Units { concept, units }) => Test::Units {
            concept: (places.of(field), *concept),
            unit: places.of("unit_concept_id"),
            value: places.of("value_as_number"),
            source: places.of("unit_source_value"),
            units,
        },
        _ => return None,
    })
}

/// Makes every such check of one table in one reading.
pub(super) fn plain(
    reader: &Reader<'_>,
    table: &str,
    jobs: &[Job<'_>],
    counts: &mut [Counts],
) -> Result<(), RecordsError> {
    let mut places = Places::default();
    let tests: Vec<(usize, Test<'_>)> =
        jobs.iter().filter_map(|job| Some((job.at, test(job, &mut places)?))).collect();
    if tests.is_empty() {
        return Ok(());
    }
    reader.scan(table, &places.0, &mut |batch| {
        for (at, test) in &tests {
            if let Some(counts) = counts.get_mut(*at) {
                counts.add(count(test, batch));
            }
        }
    })
}

/// Violated and looked at.
fn count(test: &Test<'_>, batch: &Batch<'_>) -> (u64, u64) {
    let rows = batch.rows as u64;
    let tally = |of: &dyn Fn(usize) -> Option<bool>| {
        let mut counts = (0, 0);
        for outcome in (0..batch.rows).filter_map(of) {
            counts.0 += u64::from(outcome);
            counts.1 += 1;
        }
        counts
    };
    match test {
        Test::Null(at) => (batch.column(*at).nulls(batch.rows), rows),
        Test::Zero(at) => {
            let column = batch.column(*at);
            (tally(&|row| Some(column.int(row) == Some(0))).0, rows)
        }
        Test::Below(at, bound) => tally(&|row| beyond(batch.column(*at), row, *bound, false)),
        Test::Above(at, bound) => tally(&|row| beyond(batch.column(*at), row, *bound, true)),
        Test::Ordered(first, second) => {
            let (first, second) = (batch.column(*first), batch.column(*second));
            let after = |row| match (first.micros(row), second.micros(row)) {
                (Some(first), Some(second)) => first > second,
                _ => false,
            };
            (tally(&|row| Some(after(row))).0, rows)
        }
        Test::Range { concept, unit, value, bound, high } => tally(&|row| {
            let is = |(at, id): &(usize, i64)| batch.column(*at).int(row) == Some(*id);
            if !is(concept) || !is(unit) {
                return None;
            }
            beyond(batch.column(*value), row, *bound, *high)
        }),
        Test::Units { concept, unit, value, source, units } => tally(&|row| {
            let (at, id) = concept;
            batch.column(*value).number(row)?;
            batch.column(*source).text(row)?;
            if batch.column(*at).int(row) != Some(*id) {
                return None;
            }
            Some(batch.column(*unit).int(row).is_some_and(|unit| !units.contains(&unit)))
        }),
    }
}

/// Whether a value lies beyond a bound; nothing where there is no value.
fn beyond(column: &Column<'_>, row: usize, bound: Bound, high: bool) -> Option<bool> {
    let order = match bound {
        Bound::Number(bound) => column.number(row)?.total_cmp(&bound),
        Bound::Day(day) => {
            // Through the end of the day that is allowed, the beginning counts.
            let days = (day - chrono::NaiveDate::default()).num_days();
            i64::from(column.day(row)?).cmp(&days)
        }
    };
    Some(if high { order.is_gt() } else { order.is_lt() })
}

/// Keys that are there more than once.
pub(super) fn primary_key(
    reader: &Reader<'_>,
    job: &Job<'_>,
    keys_max: usize,
) -> Result<(u64, u64), RecordsError> {
    let rows = reader.rows(&job.spec.table).unwrap_or(0);
    let parts = parts(rows, keys_max);
    let mut violated = 0;
    for part in 0..parts {
        let mut keys: Vec<i64> = Vec::new();
        reader.scan(&job.spec.table, &[&job.spec.field], &mut |batch| {
            let column = batch.column(0);
            let all = (0..batch.rows).filter_map(|row| column.key(row));
            keys.extend(all.filter(|key| part_of(*key, parts) == part));
        })?;
        keys.sort_unstable();
        violated += repeated(&keys);
    }
    Ok((violated, rows))
}

/// Source values, each counted once, and those of them that are mapped to 0. The
/// absence of a value counts as one.
pub(super) fn source_values(
    reader: &Reader<'_>,
    job: &Job<'_>,
    standard: &str,
    keys_max: usize,
) -> Result<(u64, u64), RecordsError> {
    let mut parts = 1;
    loop {
        let mut counts = (0, 0);
        let mut full = false;
        for part in 0..parts {
            let mut values: HashMap<i64, bool> = HashMap::new();
            reader.scan(&job.spec.table, &[&job.spec.field, standard], &mut |batch| {
                let (source, standard) = (batch.column(0), batch.column(1));
                for row in 0..batch.rows {
                    let key = source.text(row).map_or(i64::MIN, hashed);
                    if part_of(key, parts) != part || full {
                        continue;
                    }
                    *values.entry(key).or_default() |= standard.int(row) == Some(0);
                    full = values.len() > keys_max;
                }
            })?;
            if full {
                break;
            }
            counts.0 += values.values().filter(|zero| **zero).count() as u64;
            counts.1 += values.len() as u64;
        }
        if !full {
            return Ok(counts);
        }
        parts *= 4;
    }
}

/// Whether a check is one of those of [`plain`].
pub(super) fn is_plain(job: &Job<'_>) -> bool {
    job.spec.level != Level::Table && test(job, &mut Places::default()).is_some()
}
