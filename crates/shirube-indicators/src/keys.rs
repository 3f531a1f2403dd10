//! Small tables an evaluation works with: years, spans, keys.

use std::collections::BTreeMap;

use shirube_model::indicator::{Kind, YearBasis};

use crate::columns::{Column, NO_TEXT, day_number, decimal};
use crate::error::EvalError;
use crate::frame::Frame;
use crate::stage::key_field;
use crate::tally::Run;

/// Years by first and last day number, so that a day finds its year without
/// calendar arithmetic.
pub(crate) struct Years {
    /// Year, first day, last day.
    pub(crate) bounds: Vec<(i32, i32, i32)>,
}

impl Years {
    pub(crate) fn of(frame: &Frame, basis: YearBasis) -> Self {
        let bounds = frame
            .known_years()
            .into_iter()
            .map(|y| (y, day_number(basis.first_day(y)), day_number(basis.last_day(y))))
            .collect();
        Self { bounds }
    }

    pub(crate) fn len(&self) -> usize {
        self.bounds.len()
    }

    pub(crate) fn index(&self, day: i32) -> Option<usize> {
        let after = self.bounds.partition_point(|(_, first, _)| *first <= day);
        let index = after.checked_sub(1)?;
        self.bounds.get(index).filter(|(_, _, last)| day <= *last).map(|_| index)
    }

    pub(crate) fn index_of_year(&self, year: i32) -> Option<usize> {
        self.bounds.iter().position(|(y, _, _)| *y == year)
    }

    /// Level by year from amounts by index.
    pub(crate) fn levels(&self, amounts: &[i128]) -> BTreeMap<i32, rust_decimal::Decimal> {
        self.bounds
            .iter()
            .zip(amounts)
            .map(|((year, _, _), amount)| (*year, decimal(*amount)))
            .collect()
    }
}

/// A record in force.
pub(crate) struct Span {
    pub(crate) from: i32,
    pub(crate) to: i32,
    pub(crate) done: i32,
    pub(crate) left_out: bool,
}

impl Span {
    pub(crate) fn holds(&self, at: i32) -> bool {
        self.from <= at && at <= self.to && !self.left_out
    }
}

/// Order in which records claim a key: by day, then by ordinal.
pub(crate) fn claim(day: i32, ordinal: usize) -> u64 {
    let day = u64::from(day.unsigned_abs());
    (day << 32) | u64::try_from(ordinal).unwrap_or(u64::from(u32::MAX))
}

/// Keys of a register numbered densely.
pub(crate) struct Keys<'a> {
    column: &'a Column,
    dense: Vec<u32>,
    pub(crate) count: usize,
}

impl<'a> Keys<'a> {
    pub(crate) fn of(run: &Run<'a>) -> Result<Self, EvalError> {
        let field = key_field(run.job.spec).ok_or(EvalError::Unsupported("no key field"))?;
        let column = run
            .table
            .column(field.name)
            .ok_or(EvalError::Unsupported("key field has no column"))?;
        let texts = &run.job.columns.texts;
        let milestone = matches!(run.job.spec.kind, Kind::Milestone | Kind::MilestoneCreates);
        let elements: Vec<u32> = if milestone {
            run.job.spec.elements.iter().filter_map(|element| texts.find(element)).collect()
        } else {
            Vec::new()
        };
        let limited = milestone && !run.job.spec.elements.is_empty();
        let mut dense = vec![NO_TEXT; texts.len()];
        let mut count = 0u32;
        for (ordinal, &base) in run.stage.base.iter().enumerate() {
            if base != 0 {
                continue;
            }
            for &text in column.texts(run.row(ordinal)) {
                if limited && !elements.contains(&text) {
                    continue;
                }
                if let Some(slot) = dense.get_mut(text as usize).filter(|slot| **slot == NO_TEXT) {
                    *slot = count;
                    count += 1;
                }
            }
        }
        Ok(Self { column, dense, count: count as usize })
    }

    /// Dense numbers of a row's keys; a key written twice comes once.
    pub(crate) fn of_row(&self, row: usize) -> impl Iterator<Item = usize> {
        let texts = self.column.texts(row);
        texts.iter().enumerate().filter_map(move |(i, text)| {
            let again = texts.get(..i).is_some_and(|before| before.contains(text));
            let number = self.dense.get(*text as usize).copied().unwrap_or(NO_TEXT);
            (!again && number != NO_TEXT).then_some(number as usize)
        })
    }
}
