//! Whose rows follow each other.
//!
//! Files hold the rows of a person mostly one after the other. Who they belong
//! to is read once from a row group and kept in this short form: later queries
//! do not read, look up or, for the rows of `cost`, trace the persons again.

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, Int64Array};

/// Stands for a row without a person.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Rows of a row group for each run beneath which the runs are not kept: they
/// would be as long as the column itself.
const ROWS_PER_RUN: usize = 4;

/// Rows that follow each other and belong to one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// Short number, or [`NOBODY`].
    pub(crate) person: u32,
    pub(crate) rows: u32,
}

/// The runs of rows by the numbers of their persons; `None` for a person whom
/// nobody knows.
pub(crate) fn runs(persons: &Int64Array, short: impl Fn(i64) -> Option<u32>) -> Option<Vec<Run>> {
    let mut out: Vec<Run> = Vec::new();
    let mut last = None;
    for row in 0..persons.len() {
        let number = (!persons.is_null(row)).then(|| persons.value(row));
        match out.last_mut() {
            Some(run) if number == last => run.rows += 1,
            _ => {
                let person = match number {
                    Some(number) => short(number)?,
                    None => NOBODY,
                };
                out.push(Run { person, rows: 1 });
                last = number;
            }
        }
    }
    Some(out)
}

/// The runs of a row group, once they are known and short enough to keep.
#[derive(Default)]
pub(crate) struct Learnt(OnceLock<Arc<[Run]>>);

impl Learnt {
    pub(crate) fn known(&self) -> Option<Arc<[Run]>> {
        self.0.get().cloned()
    }

    /// Keeps what was learnt from a row group read to its end.
    pub(crate) fn keep(&self, learning: Learning) {
        if let Some(runs) = learning.runs.filter(|_| learning.left == 0) {
            // Another query may have been faster, with the same runs.
            self.0.get_or_init(|| runs.into());
        }
    }
}

/// The runs of a row group that is being read.
pub(crate) struct Learning {
    /// Absent when there are too many.
    runs: Option<Vec<Run>>,
    max: usize,
    /// Rows that were not read yet.
    left: usize,
}

impl Learning {
    /// For a row group of so many rows.
    pub(crate) fn new(rows: usize) -> Self {
        Self { runs: Some(Vec::new()), max: (rows / ROWS_PER_RUN).max(1), left: rows }
    }

    /// Adds the runs of the next batch.
    pub(crate) fn add(&mut self, batch: &[Run]) {
        let rows: usize = batch.iter().map(|run| run.rows as usize).sum();
        self.left = self.left.saturating_sub(rows);
        let Some(runs) = &mut self.runs else { return };
        let mut rest = batch;
        if let (Some(last), Some((first, others))) = (runs.last_mut(), batch.split_first())
            && last.person == first.person
            && let Some(rows) = last.rows.checked_add(first.rows)
        {
            last.rows = rows;
            rest = others;
        }
        runs.extend(rest);
        if runs.len() > self.max {
            self.runs = None;
        }
    }
}

/// Walks the runs of a row group batch by batch.
pub(crate) struct Cursor {
    runs: Arc<[Run]>,
    at: usize,
    /// Rows of the run at hand that were given out.
    taken: u32,
}

impl Cursor {
    pub(crate) fn new(runs: Arc<[Run]>) -> Self {
        Self { runs, at: 0, taken: 0 }
    }

    /// The runs of the next rows; `None` when there are not as many.
    pub(crate) fn take(&mut self, rows: usize) -> Option<Vec<Run>> {
        let mut left = u32::try_from(rows).ok()?;
        let mut out = Vec::new();
        while left > 0 {
            let run = self.runs.get(self.at)?;
            let rest = run.rows - self.taken;
            let rows = rest.min(left);
            out.push(Run { person: run.person, rows });
            left -= rows;
            if rows == rest {
                (self.at, self.taken) = (self.at + 1, 0);
            } else {
                self.taken += rows;
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(runs: &[Run]) -> Vec<u32> {
        runs.iter().flat_map(|run| std::iter::repeat_n(run.person, run.rows as usize)).collect()
    }

    proptest! {
        #[test]
        fn what_was_learnt_is_what_stands_in_the_rows(
            persons in prop::collection::vec((prop::option::of(0_i64..50), 1_usize..40), 1..60),
            read in 1_usize..70,
            given in 1_usize..70,
        ) {
            let column: Int64Array = persons
                .iter()
                .flat_map(|(person, rows)| std::iter::repeat_n(*person, *rows))
                .collect();
            let short = |n: i64| u32::try_from(n).ok().map(|n| n + 100);
            let wanted: Vec<u32> =
                column.iter().map(|n| n.and_then(short).unwrap_or(NOBODY)).collect();
            let mut learning = Learning::new(column.len());
            for from in (0..column.len()).step_by(read) {
                let batch = column.slice(from, read.min(column.len() - from));
                learning.add(&runs(&batch, short).unwrap());
            }
            let learnt = Learnt::default();
            learnt.keep(learning);
            let Some(known) = learnt.known() else {
                // Too many runs to be worth keeping.
                let changes = wanted.windows(2).filter(|pair| pair[0] != pair[1]).count() + 1;
                prop_assert!(changes > (wanted.len() / ROWS_PER_RUN).max(1));
                return Ok(());
            };
            let mut cursor = Cursor::new(known);
            for part in wanted.chunks(given) {
                prop_assert_eq!(rows(&cursor.take(part.len()).unwrap()), part);
            }
            prop_assert!(cursor.take(1).is_none());
        }
    }

    #[test]
    fn half_a_row_group_is_not_kept() {
        let mut learning = Learning::new(20);
        learning.add(&[Run { person: 1, rows: 19 }]);
        let learnt = Learnt::default();
        learnt.keep(learning);
        assert!(learnt.known().is_none());
    }

    #[test]
    fn a_person_nobody_knows_is_told() {
        assert!(runs(&Int64Array::from(vec![1, 2]), |n| (n == 1).then_some(0)).is_none());
    }
}
