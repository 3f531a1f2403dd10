//! Comparisons and trends: sums by group and year, over the columns.

use std::collections::BTreeMap;

use shirube_model::indicator::{Class, EvidenceProof, Kind, Measure, Spec};

use crate::columns::{NO_DATE, NO_TEXT, date_of, decimal};
use crate::error::EvalError;
use crate::finish::{Tally, compared_years};
use crate::reader::reaches_window;
use crate::stage::{Sight, Stage};

/// Comparisons and trends: sums by group and year.
pub(crate) fn series_tally(
    sight: Sight<'_>,
    spec: &Spec,
    stages: &[&Stage],
) -> Result<Tally, EvalError> {
    let mut series = Vec::new();
    let mut marked = Vec::new();
    for (stage, evidence) in stages.iter().zip(spec.evidences()) {
        let table = sight.table(stage.key.table)?;
        let rows = sight.rows(stage.key.table);
        let sum = match evidence.measure {
            Measure::Sum(field) => table.column(field.name),
            Measure::Count | Measure::Distinct(..) => None,
        };
        let group_by = spec.group_by.and_then(|field| table.column(field.name));
        let mut classes = stage.base.clone();
        let mut sums: BTreeMap<String, BTreeMap<i32, i128>> = BTreeMap::new();
        let mut years = vec![None; classes.len()];
        for (ordinal, class) in classes.iter_mut().enumerate() {
            if !reaches_window(*class) {
                continue;
            }
            let day = stage.days.get(ordinal).copied().unwrap_or(NO_DATE);
            let Some(date) = date_of(day) else { continue };
            if date < spec.window.from {
                *class = Class::BeforeWindow.number();
            } else if date > spec.window.to {
                *class = Class::AfterWindow.number();
            }
            if *class != 0 {
                continue;
            }
            let row = rows.get(ordinal).copied().unwrap_or(NO_TEXT) as usize;
            let group = match (spec.group_by, group_by.map(|column| column.texts(row))) {
                (None, _) => Some(""),
                (Some(_), Some([one])) => Some(sight.columns.texts.text(*one)),
                // None, more than one, or a register without the field.
                (Some(_), _) => None,
            };
            let known =
                |group: &&str| spec.elements.is_empty() || spec.elements.iter().any(|e| e == group);
            let Some(group) = group.filter(known) else {
                *class = Class::NoKey.number();
                continue;
            };
            let Some(amount) = sum.and_then(|column| column.micros(row)) else {
                *class = Class::NoValue.number();
                continue;
            };
            let year = spec.year_basis.year_of(date);
            if let Some(slot) = years.get_mut(ordinal) {
                *slot = Some(year);
            }
            *sums.entry(group.to_owned()).or_default().entry(year).or_default() += amount;
        }
        let sums = sums
            .into_iter()
            .map(|(group, years)| {
                (group, years.into_iter().map(|(y, amount)| (y, decimal(amount))).collect())
            })
            .collect();
        series.push(sums);
        marked.push((classes, years, *stage, table));
    }
    let compared = compared_years(spec, &series);
    let levels = yearly_levels(&series);
    let proofs = marked
        .into_iter()
        .map(|(mut classes, years, stage, table)| {
            if let (Kind::DeltaComparison, Some((base, latest))) = (spec.kind, compared) {
                for (class, year) in classes.iter_mut().zip(&years) {
                    if let Some(year) = year.filter(|year| *year != base && *year != latest) {
                        *class = if year < base {
                            Class::BeforeWindow.number()
                        } else {
                            Class::AfterWindow.number()
                        };
                    }
                }
            }
            let counts = |ordinal: u32| {
                let class = classes.get(ordinal as usize).copied();
                class.and_then(Class::from_number).is_some_and(Class::counts)
            };
            let mut shared: Vec<(u32, u32)> = stage.shared.iter().map(|(o, n)| (*o, *n)).collect();
            shared.retain(|(ordinal, _)| counts(*ordinal));
            shared.sort_unstable();
            let register = table.schema.kind.to_owned();
            EvidenceProof::new(register, String::new(), &classes, &[], &shared)
        })
        .collect();
    Ok(Tally { levels, series, proofs, ..Tally::default() })
}

/// Sum over the groups of the first evidence by year, for the chart.
pub(crate) fn yearly_levels(
    series: &[BTreeMap<String, BTreeMap<i32, rust_decimal::Decimal>>],
) -> BTreeMap<i32, rust_decimal::Decimal> {
    let mut levels = BTreeMap::new();
    for years in series.first().into_iter().flat_map(BTreeMap::values) {
        for (&year, &amount) in years {
            *levels.entry(year).or_insert(rust_decimal::Decimal::ZERO) += amount;
        }
    }
    levels
}
