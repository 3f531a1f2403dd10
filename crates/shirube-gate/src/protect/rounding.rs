//! Controlled rounding.
//!
//! Every number goes to one of the two multiples of the base next to it, exact
//! multiples stay (zero-restricted), and all relations hold (Cox 1987;
//! Hundepool et al. 2012, section 4.4). Where no such table exists, leaves are
//! rounded and totals are their sums; the result says so.

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use serde::Serialize;
use shirube_model::refusal::Refusal;

use super::frame::{Fate, Frame, NO_TOTAL};
use super::{Effort, Task, Weight};
use crate::policy::{Policy, Zeros};
use crate::table::{Cell, CellRef, TableSet};

/// A rounded set of tables.
#[derive(Debug, Clone, Serialize)]
pub struct Rounded {
    /// The tables; each measure says its rounding base.
    pub set: TableSet,
    /// Whether every number is next to its true one. Otherwise totals are sums
    /// of rounded leaves, and may be further off.
    pub zero_restricted: bool,
    /// Largest distance of a rounded number from the true one.
    pub distance_max: i64,
    /// Sum of the distances.
    pub distance_sum: i64,
}

/// Most numbers given to the solver.
const NUMBERS_MAX: usize = 4_000;

/// Rounds all numbers of a set to multiples of `base`, additively.
///
/// # Errors
/// `gate.protect.rounding_base` for a base below two.
pub fn round(set: &TableSet, base: i64) -> Result<Rounded, Refusal> {
    if base < 2 {
        return Err(Refusal::new("gate.protect.rounding_base").arg("base", base));
    }
    let policy = Policy { zeros: Zeros::Candidate, ..Policy::embedded("custom")? };
    let frame = Frame::new(&Task {
        set,
        policy: &policy,
        primary: &[],
        forced: &[],
        weight: Weight::One,
        effort: Effort::default(),
    });
    let restricted = restricted(&frame, base);
    let zero_restricted = restricted.is_some();
    let values = restricted.unwrap_or_else(|| summed(&frame, base));
    let mut out = set.clone();
    let (mut distance_max, mut distance_sum) = (0_i64, 0_i64);
    for (at, table) in out.tables.iter_mut().enumerate() {
        for number in 0..table.len() {
            let Cell::Published(value) = table.cell(number) else { continue };
            let Some(v) = frame.variables.of(CellRef::new(at, number)) else { continue };
            let rounded = values.get(v as usize).copied().unwrap_or(value);
            let distance = value.abs_diff(rounded).try_into().unwrap_or(i64::MAX);
            distance_max = distance_max.max(distance);
            distance_sum = distance_sum.saturating_add(distance);
            table.put(number, Cell::Published(rounded));
        }
        // Within one base to either side, whichever way it was rounded.
        table.measure = table.measure.clone().rounded(if zero_restricted {
            base.saturating_mul(2).saturating_sub(2)
        } else {
            distance_max.saturating_mul(2)
        });
    }
    Ok(Rounded { set: out, zero_restricted, distance_max, distance_sum })
}

/// The nearest zero-restricted table, by linear and then integer programming.
fn restricted(frame: &Frame, base: i64) -> Option<Vec<i64>> {
    let open: Vec<u32> = frame
        .with_fate(Fate::Open)
        .into_iter()
        .filter(|v| frame.value(*v).rem_euclid(base) != 0)
        .collect();
    if open.len() > NUMBERS_MAX {
        return None;
    }
    if open.is_empty() {
        return Some(frame.values.clone());
    }
    [false, true].into_iter().find_map(|whole| nearest(frame, base, &open, whole))
}

fn nearest(frame: &Frame, base: i64, open: &[u32], whole: bool) -> Option<Vec<i64>> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut handles = Vec::with_capacity(open.len());
    for v in open {
        // Rounding up costs what is missing to the base less what is above it.
        let above = frame.value(*v).rem_euclid(base);
        let price = f64::from(i32::try_from(base - 2 * above).ok()?);
        handles.push(if whole {
            problem.add_binary_var(price)
        } else {
            problem.add_var(price, (0.0, 1.0))
        });
    }
    for row in 0..frame.relations() {
        let mut terms = Vec::new();
        let mut below = 0_i64;
        for (v, c) in frame.terms(row) {
            let c = i64::from(*c);
            let value = frame.value(*v);
            below += c * value.div_euclid(base);
            if let Ok(at) = open.binary_search(v) {
                terms.push((*handles.get(at)?, f64::from(i32::try_from(c).ok()?)));
            }
        }
        let target = f64::from(i32::try_from(-below).ok()?);
        if terms.is_empty() {
            if below != 0 {
                return None;
            }
            continue;
        }
        problem.add_constraint(terms, ComparisonOp::Eq, target);
    }
    let mut options = microlp::SolveOptions::default();
    options.node_limit = Some(3_000);
    let solution = problem.solve_with(options).ok()?.into_solution().ok()?;
    let mut values = frame.values.clone();
    for (v, handle) in open.iter().zip(&handles) {
        let up = solution.var_value(*handle);
        let nearest = up.round();
        if (up - nearest).abs() > 1e-6 {
            return None;
        }
        if let Some(value) = values.get_mut(*v as usize) {
            *value = value.div_euclid(base) * base + if nearest > 0.5 { base } else { 0 };
        }
    }
    adds_up(frame, &values).then_some(values)
}

fn adds_up(frame: &Frame, values: &[i64]) -> bool {
    (0..frame.relations()).all(|row| {
        let sum: i64 = frame
            .terms(row)
            .iter()
            .map(|(v, c)| values.get(*v as usize).copied().unwrap_or(0) * i64::from(*c))
            .sum();
        sum == 0
    })
}

/// Leaves to the nearest multiple, totals from their first roll-up.
fn summed(frame: &Frame, base: i64) -> Vec<i64> {
    let mut definition = vec![u32::MAX; frame.values.len()];
    for row in 0..frame.relations() {
        let total = frame.total(row);
        if total != NO_TOTAL
            && let Some(place) = definition.get_mut(total as usize)
            && *place == u32::MAX
        {
            *place = u32::try_from(row).unwrap_or(u32::MAX);
        }
    }
    let mut values: Vec<Option<i64>> = frame
        .values
        .iter()
        .zip(&definition)
        .map(|(value, row)| (*row == u32::MAX).then(|| (value + base / 2).div_euclid(base) * base))
        .collect();
    for start in 0..values.len() {
        let mut open = vec![start];
        while let Some(next) = open.last().copied() {
            if values.get(next).is_none_or(Option::is_some) {
                open.pop();
                continue;
            }
            let row = definition.get(next).copied().unwrap_or(0) as usize;
            let before = open.len();
            let mut sum = 0;
            for (v, c) in frame.terms(row).iter().filter(|(v, _)| *v as usize != next) {
                match values.get(*v as usize).copied().flatten() {
                    Some(value) => sum += value * i64::from(*c),
                    None => open.push(*v as usize),
                }
            }
            if open.len() == before {
                if let Some(place) = values.get_mut(next) {
                    *place = Some(sum);
                }
                open.pop();
            }
        }
    }
    values.into_iter().map(|v| v.unwrap_or(0)).collect()
}
