//! The numbers to protect, as variables and relations.

use std::collections::BTreeSet;

use super::{Task, Weight};
use crate::attack::{Origin, System, Unknown};
use crate::table::{Cell, CellRef, Interval, Quantity, TableSet, Variables};

/// What may happen to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Printed in any case, or not part of the publication.
    Shown,
    /// Printed unless needed to protect another.
    Open,
    /// Hidden in any case.
    Primary,
}

/// Variables (cells that are one number are one variable) with their values,
/// and the relations between those that are not printed in any case.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) variables: Variables,
    pub(crate) values: Vec<i64>,
    pub(crate) fates: Vec<Fate>,
    pub(crate) costs: Vec<u64>,
    pub(crate) integer: Vec<bool>,
    /// What a mask tells of each number.
    pub(crate) masks: Vec<Interval>,
    /// Width that protects each number when it is hidden.
    pub(crate) widths: Vec<i64>,
    /// Relations: end of each in `terms`.
    ends: Vec<u32>,
    terms: Vec<(u32, i32)>,
    /// The total of each relation, when it is one and not printed.
    totals: Vec<u32>,
    /// Relations of each variable.
    use_ends: Vec<u32>,
    uses: Vec<u32>,
}

pub(crate) const NO_TOTAL: u32 = u32::MAX;

impl Frame {
    pub(crate) fn new(task: &Task<'_>) -> Self {
        let variables = task.set.variables();
        let count = variables.firsts.len();
        let mut frame = Self {
            values: vec![0; count],
            fates: vec![Fate::Shown; count],
            costs: vec![1; count],
            integer: vec![true; count],
            masks: vec![Interval::NON_NEGATIVE; count],
            widths: vec![1; count],
            ends: Vec::new(),
            terms: Vec::new(),
            totals: Vec::new(),
            use_ends: Vec::new(),
            uses: Vec::new(),
            variables,
        };
        frame.read_cells(task);
        frame.read_primary(task);
        frame.read_relations(task.set);
        frame.index();
        frame
    }

    fn read_cells(&mut self, task: &Task<'_>) {
        let zeros_fixed = task.policy.zeros == crate::policy::Zeros::Shown;
        for (at, table) in task.set.tables.iter().enumerate() {
            for (number, cell) in table.cells().iter().enumerate() {
                let Some(v) = self.variables.of(CellRef::new(at, number)) else { continue };
                let v = v as usize;
                let Cell::Published(value) = *cell else { continue };
                let quantity = table.measure.quantity;
                let open = value != 0 || !(zeros_fixed && quantity == Quantity::Count);
                let mask = if table.measure.signed {
                    Interval::ALL
                } else {
                    task.policy.mask(quantity, 0, false)
                };
                put(&mut self.values, v, value);
                put(&mut self.fates, v, if open { Fate::Open } else { Fate::Shown });
                put(&mut self.costs, v, task.weight.cost(CellRef::new(at, number), value));
                put(&mut self.integer, v, quantity == Quantity::Count);
                put(&mut self.masks, v, mask);
            }
        }
        for forced in task.forced {
            if let Some(v) = self.variables.of(*forced) {
                put(&mut self.fates, v as usize, Fate::Shown);
            }
        }
    }

    fn read_primary(&mut self, task: &Task<'_>) {
        for primary in task.primary {
            let Some(v) = self.variables.of(primary.cell) else { continue };
            let v = v as usize;
            put(&mut self.fates, v, Fate::Primary);
            let table = task.set.tables.get(primary.cell.table as usize);
            let signed = table.is_some_and(|t| t.measure.signed);
            if !signed {
                let quantity = table.map_or(Quantity::Count, |t| t.measure.quantity);
                let threshold = primary.threshold;
                put(&mut self.masks, v, task.policy.mask(quantity, threshold, true));
            }
            if let Some(width) = self.widths.get_mut(v) {
                *width = (*width).max(primary.width).max(1);
            }
        }
    }

    fn read_relations(&mut self, set: &TableSet) {
        for (at, table) in set.tables.iter().enumerate() {
            let of_cell = self.variables.of_cell.get(at).cloned().unwrap_or_default();
            let variable = |cell: usize| of_cell.get(cell).copied().unwrap_or(u32::MAX);
            table.each_relation(|_, _, total, parts| {
                // A missing number leaves nothing known of the others (or an
                // inequality, which the final attack takes into account).
                if table.cell(total) == Cell::Missing
                    || parts.iter().any(|p| table.cell(*p) == Cell::Missing)
                {
                    return;
                }
                self.terms.extend(parts.iter().map(|p| (variable(*p), 1)));
                self.terms.push((variable(total), -1));
                self.close(variable(total));
            });
        }
        for relation in &set.relations {
            for (cell, coefficient) in &relation.terms {
                if let (Some(v), Ok(c)) = (self.variables.of(*cell), i32::try_from(*coefficient)) {
                    self.terms.push((v, c));
                }
            }
            self.close(NO_TOTAL);
        }
    }

    /// Ends a relation: printed numbers leave it, an empty one goes.
    fn close(&mut self, total: u32) {
        let from = self.ends.last().copied().unwrap_or(0) as usize;
        let mut row = self.terms.split_off(from);
        let shown = |v: u32| self.fates.get(v as usize).is_none_or(|f| *f == Fate::Shown);
        row.retain(|(v, _)| !shown(*v));
        row.sort_unstable();
        row.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        row.retain(|(_, c)| *c != 0);
        if row.is_empty() {
            return;
        }
        self.totals.push(if total != NO_TOTAL && !shown(total) { total } else { NO_TOTAL });
        self.terms.append(&mut row);
        self.ends.push(u32::try_from(self.terms.len()).unwrap_or(u32::MAX));
    }

    fn index(&mut self) {
        let count = self.values.len();
        let mut ends = vec![0_u32; count];
        for (v, _) in &self.terms {
            if let Some(n) = ends.get_mut(*v as usize) {
                *n += 1;
            }
        }
        let mut total = 0;
        for n in &mut ends {
            total += *n;
            *n = total;
        }
        let mut next: Vec<u32> =
            std::iter::once(0).chain(ends.iter().copied()).take(count).collect();
        let mut uses = vec![0_u32; self.terms.len()];
        for row in 0..self.relations() {
            for (v, _) in self.terms(row) {
                let Some(at) = next.get_mut(*v as usize) else { continue };
                if let Some(place) = uses.get_mut(*at as usize) {
                    *place = u32::try_from(row).unwrap_or(u32::MAX);
                }
                *at += 1;
            }
        }
        self.use_ends = ends;
        self.uses = uses;
    }

    pub(crate) fn relations(&self) -> usize {
        self.ends.len()
    }

    /// Terms of a relation, by ascending variable.
    pub(crate) fn terms(&self, row: usize) -> &[(u32, i32)] {
        let from = if row == 0 { 0 } else { self.ends.get(row - 1).copied().unwrap_or(0) };
        let to = self.ends.get(row).copied().unwrap_or(0);
        self.terms.get(from as usize..to as usize).unwrap_or(&[])
    }

    pub(crate) fn total(&self, row: usize) -> u32 {
        self.totals.get(row).copied().unwrap_or(NO_TOTAL)
    }

    /// Relations of a variable.
    pub(crate) fn uses(&self, variable: u32) -> &[u32] {
        let at = variable as usize;
        let from = if at == 0 { 0 } else { self.use_ends.get(at - 1).copied().unwrap_or(0) };
        let to = self.use_ends.get(at).copied().unwrap_or(0);
        self.uses.get(from as usize..to as usize).unwrap_or(&[])
    }

    pub(crate) fn fate(&self, variable: u32) -> Fate {
        self.fates.get(variable as usize).copied().unwrap_or(Fate::Shown)
    }

    pub(crate) fn value(&self, variable: u32) -> i64 {
        self.values.get(variable as usize).copied().unwrap_or(0)
    }

    pub(crate) fn cost(&self, variable: u32) -> u64 {
        self.costs.get(variable as usize).copied().unwrap_or(1)
    }

    pub(crate) fn mask(&self, variable: u32) -> Interval {
        self.masks.get(variable as usize).copied().unwrap_or(Interval::NON_NEGATIVE)
    }

    pub(crate) fn width(&self, variable: u32) -> i64 {
        self.widths.get(variable as usize).copied().unwrap_or(1)
    }

    /// Variables that are hidden in any case, ascending.
    pub(crate) fn primaries(&self) -> Vec<u32> {
        self.with_fate(Fate::Primary)
    }

    pub(crate) fn with_fate(&self, fate: Fate) -> Vec<u32> {
        self.fates
            .iter()
            .enumerate()
            .filter(|(_, f)| **f == fate)
            .filter_map(|(v, _)| u32::try_from(v).ok())
            .collect()
    }

    /// The attacker's system when exactly `hidden` is masked: its unknowns are
    /// the hidden variables, ascending, and the true values go with them.
    pub(crate) fn system(&self, hidden: &BTreeSet<u32>) -> (System, Vec<i64>) {
        let mut system = System::new();
        let mut number = vec![u32::MAX; self.values.len()];
        let mut truth = Vec::with_capacity(hidden.len());
        for v in hidden {
            let at = *v as usize;
            let n = system.add_unknown(Unknown {
                bounds: self.mask(*v),
                integer: self.integer.get(at).copied().unwrap_or(true),
                judged: true,
                width: self.width(*v),
                cell: self.variables.firsts.get(at).copied().unwrap_or(CellRef::new(0, at)),
            });
            put(&mut number, at, n);
            truth.push(self.value(*v));
        }
        let rows: BTreeSet<u32> = hidden.iter().flat_map(|v| self.uses(*v)).copied().collect();
        let mut terms = Vec::new();
        for row in rows {
            terms.clear();
            let mut sum = 0_i64;
            for (v, c) in self.terms(row as usize) {
                match number.get(*v as usize) {
                    Some(n) if *n != u32::MAX => {
                        terms.push((*n, i64::from(*c)));
                        sum = sum.saturating_add(self.value(*v).saturating_mul(i64::from(*c)));
                    }
                    _ => {}
                }
            }
            system.add_equation(&terms, Interval::point(sum), Origin::Given { number: row });
        }
        (system, truth)
    }
}

impl Weight<'_> {
    fn cost(&self, cell: CellRef, value: i64) -> u64 {
        match self {
            Self::One => 1,
            Self::Value => value.unsigned_abs().max(1),
            Self::LogValue => u64::from(64 - value.unsigned_abs().leading_zeros()).max(1),
            Self::Custom(cost) => cost(cell, value).max(1),
        }
    }
}

fn put<T>(list: &mut [T], at: usize, value: T) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}
