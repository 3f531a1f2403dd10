//! One pass over the joined rows: the numbers asked for, and who stands behind
//! each of them.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch};
use datafusion::execution::context::SessionContext;
use datafusion::prelude::{DataFrame, SessionConfig};
use futures::StreamExt;
use roaring::RoaringTreemap;
use shirube_model::refusal::Refusal;

use crate::error::QueryError;
use crate::kind::{Key, key};
use crate::source::{PERSON, SITE};
use crate::sql::{Aggregate, Checked};
use crate::unreleased::Unreleased;

/// Sums are kept in millionths: whole numbers add up to the same in any order.
pub(crate) const UNITS: i128 = 1_000_000;

/// Numbers beyond this are left out of sums, as NULL is.
const NUMBER_MAX: f64 = 1e15;

/// What persons contributed to one argument.
#[derive(Default, Clone)]
pub(crate) struct Behind {
    /// Values that are not NULL, by person.
    pub(crate) values: BTreeMap<u64, i128>,
    /// Their sum in millionths, by person.
    pub(crate) sums: BTreeMap<u64, i128>,
}

/// One group.
#[derive(Default, Clone)]
pub(crate) struct Group {
    /// Rows by person.
    pub(crate) rows: BTreeMap<u64, i128>,
    /// By argument.
    pub(crate) arguments: Vec<Behind>,
    /// Institutions named by the rows.
    pub(crate) institutions: BTreeSet<i64>,
}

impl Group {
    /// Persons behind the group.
    pub(crate) fn persons(&self) -> RoaringTreemap {
        self.rows.keys().copied().collect()
    }
}

/// Every group of a query with rows.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) groups: BTreeMap<Vec<Key>, Group>,
}

/// Runs a checked query's plan and counts.
pub(crate) async fn run(
    checked: &Checked,
    cells_max: usize,
) -> Result<Unreleased<Tally>, QueryError> {
    let config = SessionConfig::new().with_target_partitions(2);
    let context = SessionContext::new_with_config(config);
    let frame = DataFrame::new(context.state(), checked.plan.clone());
    let mut stream = frame.execute_stream().await.map_err(|_| QueryError::engine("plan"))?;
    let mut tally = Tally::default();
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|_| QueryError::engine("rows"))?;
        tally.take(checked, &batch)?;
        if tally.groups.len() > cells_max {
            return Err(Refusal::new("query.cells.too_many").arg("max", cells_max).into());
        }
    }
    if checked.groups.is_empty() {
        let arguments = vec![Behind::default(); checked.arguments];
        tally.groups.entry(Vec::new()).or_insert_with(|| Group { arguments, ..Group::default() });
    }
    Ok(Unreleased::new(tally))
}

impl Tally {
    fn take(&mut self, checked: &Checked, batch: &RecordBatch) -> Result<(), QueryError> {
        let fault = || QueryError::engine("columns");
        let whole = |name: &str| {
            batch.column_by_name(name).and_then(|c| c.as_any().downcast_ref::<Int64Array>())
        };
        let person = whole(PERSON).ok_or_else(fault)?;
        let site = if checked.site { Some(whole(SITE).ok_or_else(fault)?) } else { None };
        let named = |prefix: char, count: usize| {
            (0..count)
                .map(|n| batch.column_by_name(&format!("{prefix}{n}")).ok_or_else(fault))
                .collect::<Result<Vec<&ArrayRef>, _>>()
        };
        let heads = named('g', checked.groups.len())?;
        let arguments = named('a', checked.arguments)?;
        for row in 0..batch.num_rows() {
            // A row without a person belongs to nobody whom the rules could
            // protect, so it counts nowhere.
            if person.is_null(row) {
                continue;
            }
            let of = person.value(row).cast_unsigned();
            let head: Option<Vec<Key>> = heads.iter().map(|c| key(c, row)).collect();
            let group = self.groups.entry(head.ok_or_else(fault)?).or_default();
            group.arguments.resize_with(arguments.len(), Behind::default);
            *group.rows.entry(of).or_insert(0) += 1;
            if let Some(site) = site.filter(|s| !s.is_null(row)) {
                group.institutions.insert(site.value(row));
            }
            for (behind, column) in group.arguments.iter_mut().zip(&arguments) {
                let Some(number) = number(column, row) else { continue };
                *behind.values.entry(of).or_insert(0) += 1;
                let sum = behind.sums.entry(of).or_insert(0);
                *sum = sum.saturating_add(number);
            }
        }
        Ok(())
    }
}

/// A value in millionths; one for what is no number; nothing for NULL.
fn number(column: &ArrayRef, row: usize) -> Option<i128> {
    if column.is_null(row) {
        return None;
    }
    if let Some(list) = column.as_any().downcast_ref::<Int64Array>() {
        return Some(i128::from(list.value(row)) * UNITS);
    }
    if let Some(list) = column.as_any().downcast_ref::<Float64Array>() {
        let value = list.value(row);
        if !value.is_finite() || value.abs() > NUMBER_MAX {
            return None;
        }
        // Below 10^21, so the conversion keeps the value.
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        return Some((value * 1e6).round() as i128);
    }
    Some(0)
}

/// What each person contributed to a measure, and who has a say in it.
pub(crate) fn contributions(group: &Group, measure: Aggregate) -> BTreeMap<u64, i128> {
    let behind = |at: usize| group.arguments.get(at);
    match measure {
        Aggregate::Rows => group.rows.clone(),
        Aggregate::Persons(at) => {
            behind(at).map(|b| b.values.keys().map(|p| (*p, 1)).collect()).unwrap_or_default()
        }
        Aggregate::Values(at) => behind(at).map(|b| b.values.clone()).unwrap_or_default(),
        Aggregate::Sum(at) | Aggregate::Average(at) => {
            behind(at).map(|b| b.sums.clone()).unwrap_or_default()
        }
    }
}

/// Values behind an average; `None` for other measures.
pub(crate) fn divisor(group: &Group, measure: Aggregate) -> Option<i128> {
    match measure {
        Aggregate::Average(at) => {
            Some(group.arguments.get(at).map_or(0, |b| b.values.values().sum()))
        }
        _ => None,
    }
}
