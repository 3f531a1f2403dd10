//! The primary rules: which cells are sensitive in themselves.
//!
//! Hundepool et al. (2012), sections 4.2.1 to 4.2.2: minimum frequency, (n, k)
//! dominance and the p % rule.

use serde::Serialize;

use super::{Policy, Zeros};
use crate::table::{Cell, CellRef, Quantity, Table, TableSet};

/// Who stands behind a number, where the gate knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contributions {
    /// Persons (or other protected units).
    pub persons: Option<u64>,
    /// Institutions.
    pub institutions: Option<u64>,
    /// Largest single contributions, greatest first, in the smallest unit; at
    /// least as many as the dominance rule names, and two for the p % rule.
    pub largest: Vec<i64>,
}

/// Why a cell is sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Fewer units than the threshold.
    Threshold,
    /// Fewer institutions than the minimum.
    Institutions,
    /// The largest contributors make up too much of the sum.
    Dominance,
    /// The second largest contributor can estimate the largest too closely.
    PPercent,
}

impl Policy {
    /// Whether a number is sensitive in itself. `value` is in the smallest unit,
    /// `scale` such units make one printed unit.
    #[must_use]
    pub fn sensitive(
        &self,
        value: i64,
        quantity: Quantity,
        scale: i64,
        measure: Option<&str>,
        behind: Option<&Contributions>,
    ) -> Option<Reason> {
        let threshold = self.threshold_for(measure).saturating_mul(scale);
        let own = measure.is_some_and(|id| self.measures.contains_key(id));
        let units = match (quantity, own) {
            (Quantity::Count, _) | (_, true) => Some(value),
            (Quantity::Magnitude, false) => behind
                .and_then(|b| b.persons)
                .map(|n| i64::try_from(n).unwrap_or(i64::MAX).saturating_mul(scale)),
        };
        let low = if self.zeros == Zeros::Hidden { 0 } else { 1 };
        if units.is_some_and(|n| (low..threshold).contains(&n)) {
            return Some(Reason::Threshold);
        }
        let behind = behind?;
        if let (Some(least), Some(n)) = (self.institutions_min, behind.institutions)
            && (1..least).contains(&n)
        {
            return Some(Reason::Institutions);
        }
        if quantity == Quantity::Count {
            return None;
        }
        if let Some(rule) = self.dominance {
            let top: i128 =
                behind.largest.iter().take(rule.contributors).map(|v| i128::from(*v)).sum();
            if top > 0 && top * 100 > i128::from(value) * i128::from(rule.percent) {
                return Some(Reason::Dominance);
            }
        }
        if let (Some(p), Some(first)) = (self.p_percent, behind.largest.first()) {
            let second = behind.largest.get(1).copied().unwrap_or(0);
            let rest = i128::from(value) - i128::from(*first) - i128::from(second);
            if rest * 100 < i128::from(*first) * i128::from(p) {
                return Some(Reason::PPercent);
            }
        }
        None
    }
}

/// The sensitive cells of a table, by grid number. `behind` gives the
/// contributions by grid number, where known.
#[must_use]
pub fn sensitive(
    table: &Table,
    policy: &Policy,
    measure: Option<&str>,
    behind: impl Fn(usize) -> Option<Contributions>,
) -> Vec<Option<Reason>> {
    let scale = 10_i64.checked_pow(table.measure.decimals).unwrap_or(1);
    table
        .cells()
        .iter()
        .enumerate()
        .map(|(number, cell)| match cell {
            Cell::Published(value) => policy.sensitive(
                *value,
                table.measure.quantity,
                scale,
                measure,
                behind(number).as_ref(),
            ),
            _ => None,
        })
        .collect()
}

/// The cells of a set of counts that the threshold makes sensitive.
#[must_use]
pub fn sensitive_set(set: &TableSet, policy: &Policy, measure: Option<&str>) -> Vec<CellRef> {
    let mut out = Vec::new();
    for (at, table) in set.tables.iter().enumerate() {
        let reasons = sensitive(table, policy, measure, |_| None);
        out.extend(
            reasons
                .iter()
                .enumerate()
                .filter(|(_, reason)| reason.is_some())
                .map(|(number, _)| CellRef::new(at, number)),
        );
    }
    out
}
