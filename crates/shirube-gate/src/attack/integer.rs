//! Bounds through the solver crate: whole-number optima of components where the
//! linear optimum is not whole, and components too large for the exact tableau.

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, TerminationReason};

use super::component::Component;
use super::exact::Range;
use crate::table::Interval;

/// Values larger than this lose their last digit in the solver's arithmetic.
const VALUE_MAX: i64 = 1 << 30;

/// An answer of the solver.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The optimum, proven within the solver's tolerance.
    pub(crate) value: f64,
    /// The point, when it is whole and satisfies every equation exactly.
    pub(crate) point: Option<Vec<i64>>,
}

/// The greatest (`up`) or least value of a variable, over whole numbers or over
/// reals. `None` when the solver does not reach a proven optimum.
pub(crate) fn optimise(
    component: &Component,
    ranges: &[Range],
    variable: usize,
    up: bool,
    whole: bool,
) -> Option<Answer> {
    let direction =
        if up { OptimizationDirection::Maximize } else { OptimizationDirection::Minimize };
    let mut problem = Problem::new(direction);
    // Lower ends become zero, which keeps numbers small.
    let base: Vec<i64> =
        ranges.iter().map(|r| if r.outer.has_lo() { r.outer.lo } else { 0 }).collect();
    let mut handles = Vec::with_capacity(ranges.len());
    for (at, (range, base)) in ranges.iter().zip(&base).enumerate() {
        let weight = if at == variable { 1.0 } else { 0.0 };
        let lo = if range.outer.has_lo() { 0.0 } else { f64::NEG_INFINITY };
        let hi = if range.outer.has_hi() {
            to_real(range.outer.hi.checked_sub(*base)?)?
        } else {
            f64::INFINITY
        };
        handles.push(if whole {
            if !range.outer.has_lo() {
                return None;
            }
            let hi = if range.outer.has_hi() {
                i32::try_from(range.outer.hi.checked_sub(*base)?).ok()?
            } else {
                i32::try_from(VALUE_MAX).ok()?
            };
            problem.add_integer_var(weight, (0, hi))
        } else {
            problem.add_var(weight, (lo, hi))
        });
    }
    for row in &component.rows {
        let mut known = 0_i64;
        let mut terms = Vec::with_capacity(row.terms.len());
        for (at, coefficient) in &row.terms {
            known = known.checked_add(base.get(*at)?.checked_mul(*coefficient)?)?;
            terms.push((*handles.get(*at)?, to_real(*coefficient)?));
        }
        let sum = row.sum;
        if sum.is_point() {
            let target = to_real(sum.lo.checked_sub(known)?)?;
            problem.add_constraint(terms.as_slice().iter().copied(), ComparisonOp::Eq, target);
            continue;
        }
        if sum.has_hi() {
            let target = to_real(sum.hi.checked_sub(known)?)?;
            problem.add_constraint(terms.as_slice().iter().copied(), ComparisonOp::Le, target);
        }
        if sum.has_lo() {
            let target = to_real(sum.lo.checked_sub(known)?)?;
            problem.add_constraint(terms.as_slice().iter().copied(), ComparisonOp::Ge, target);
        }
    }
    let mut options = SolveOptions::default();
    options.node_limit = Some(2_000);
    let outcome = problem.solve_with(options).ok()?;
    if outcome.termination_reason() != TerminationReason::ProvenOptimal {
        return None;
    }
    let solution = outcome.solution()?;
    let mut point = Vec::with_capacity(handles.len());
    for (handle, base) in handles.iter().zip(&base) {
        point.push(nearest(solution.var_value(*handle))?.checked_add(*base)?);
    }
    let value = solution.var_value(*handles.get(variable)?) + to_real(*base.get(variable)?)?;
    Some(Answer { value, point: satisfies(component, ranges, &point).then_some(point) })
}

/// Whether whole values satisfy every equation and bound.
pub(crate) fn satisfies(component: &Component, ranges: &[Range], point: &[i64]) -> bool {
    let inside = ranges.iter().zip(point).all(|(range, value)| range.outer.contains(*value));
    inside
        && component.rows.iter().all(|row| {
            let sum: i128 = row
                .terms
                .iter()
                .map(|(at, c)| i128::from(point.get(*at).copied().unwrap_or(0)) * i128::from(*c))
                .sum();
            i64::try_from(sum).is_ok_and(|sum| row.sum.contains(sum))
        })
}

/// Tries to settle one end of a count's range by whole numbers.
pub(crate) fn settle(component: &Component, ranges: &mut [Range], variable: usize, up: bool) {
    let Some(answer) = optimise(component, ranges, variable, up, true) else { return };
    let Some(point) = answer.point else { return };
    for (range, value) in ranges.iter_mut().zip(&point) {
        range.reached(*value);
    }
    if let (Some(range), Some(value)) = (ranges.get_mut(variable), point.get(variable)) {
        // Without an upper bound on some variable the search was cut off at
        // a large value; only then the end stays as it is.
        if *value < VALUE_MAX {
            if up {
                range.outer.hi = range.outer.hi.min(*value);
            } else {
                range.outer.lo = range.outer.lo.max(*value);
            }
        }
    }
}

/// Narrows one end by the solver's real optimum less a margin, rounded to whole
/// numbers for counts and outward otherwise.
pub(crate) fn relax(
    component: &Component,
    ranges: &mut [Range],
    variable: usize,
    up: bool,
    whole: bool,
) {
    let Some(answer) = optimise(component, ranges, variable, up, false) else { return };
    if let Some(point) = &answer.point {
        for (range, value) in ranges.iter_mut().zip(point) {
            range.reached(*value);
        }
    }
    let margin = 1e-5 * answer.value.abs().max(1.0);
    let Some(range) = ranges.get_mut(variable) else { return };
    let end = match (up, whole) {
        (true, true) => (answer.value + margin).floor(),
        (true, false) => (answer.value + margin).ceil(),
        (false, true) => (answer.value - margin).ceil(),
        (false, false) => (answer.value - margin).floor(),
    };
    let Some(end) = nearest(end) else { return };
    range.outer =
        range.outer.meet(if up { Interval::new(i64::MIN, end) } else { Interval::at_least(end) });
}

#[expect(clippy::cast_precision_loss, reason = "checked to be exact")]
fn to_real(value: i64) -> Option<f64> {
    (value.unsigned_abs() < (1 << 52)).then_some(value as f64)
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be in range")]
fn nearest(value: f64) -> Option<i64> {
    (value.is_finite() && value.abs() < 4.5e15).then(|| value.round() as i64)
}
