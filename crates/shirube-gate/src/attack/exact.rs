//! Bounds of one component by exact linear programming, and by integer
//! programming where a bound is not reached by whole numbers.

use super::component::Component;
use super::simplex::{Simplex, Stop};
use crate::table::Interval;

/// What is known of a variable: `outer` certainly contains it; every end of
/// `inner` is taken by some values that satisfy all equations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) outer: Interval,
    pub(crate) inner: Option<Interval>,
}

impl Range {
    /// Whether nothing more is to be learnt: the exact ends, or a range wide
    /// enough for the question.
    pub(crate) fn done(&self, width: Option<i64>) -> bool {
        let Some(inner) = self.inner else { return false };
        inner == self.outer || width.is_some_and(|w| inner.at_least_wide(w))
    }

    pub(crate) fn reached(&mut self, value: i64) {
        self.inner = Some(match self.inner {
            None => Interval::point(value),
            Some(inner) => Interval::new(inner.lo.min(value), inner.hi.max(value)),
        });
    }
}

/// The combination of equations that proves one end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Combination {
    /// Position of the variable in the component.
    pub(crate) variable: usize,
    pub(crate) up: bool,
    pub(crate) denominator: i64,
    /// Equation numbers of the system with multipliers over the denominator.
    pub(crate) multipliers: Vec<(u32, i64)>,
}

/// What to find out about a component.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Whether the exact ends are asked for; otherwise ranges as wide as
    /// `widths` are enough.
    pub(crate) exact: bool,
    /// Width that protects each variable.
    pub(crate) widths: &'a [i64],
    /// Variables asked for, by position.
    pub(crate) wanted: &'a [bool],
    /// Variables that take whole numbers only.
    pub(crate) integer: &'a [bool],
    pub(crate) pivots_max: u64,
}

impl Question<'_> {
    /// The width that is enough for a variable; none when the ends are wanted.
    pub(crate) fn width(&self, variable: usize) -> Option<i64> {
        (!self.exact).then(|| self.widths.get(variable).copied().unwrap_or(1))
    }

    /// Whether nothing more is to be learnt of a variable.
    pub(crate) fn settled(&self, ranges: &[Range], variable: usize) -> bool {
        ranges.get(variable).is_some_and(|range| range.done(self.width(variable)))
    }
}

/// Narrows the ranges of a component's variables. Returns the combinations that
/// prove the ends found by linear programming.
pub(crate) fn solve(
    component: &Component,
    ranges: &mut [Range],
    question: &Question<'_>,
) -> Result<Vec<Combination>, Stop> {
    let bounds: Vec<Interval> = ranges.iter().map(|r| r.outer).collect();
    let equations: Vec<(&[(usize, i64)], Interval)> =
        component.rows.iter().map(|row| (row.terms.as_slice(), row.sum)).collect();
    let mut simplex = Simplex::new(&bounds, &equations, question.pivots_max)?;
    let mut proofs = Vec::new();
    collect(&simplex, ranges, question.integer);
    for variable in 0..ranges.len() {
        if !question.wanted.get(variable).copied().unwrap_or(false) {
            continue;
        }
        for up in [true, false] {
            let Some(range) = ranges.get(variable) else { continue };
            if range.done(question.width(variable)) || end_known(*range, up) {
                continue;
            }
            let optimum = simplex.optimise(variable, up, |point| {
                collect(point, ranges, question.integer);
                question.settled(ranges, variable)
            })?;
            let Some(optimum) = optimum else { continue };
            if optimum.unbounded {
                open_end(ranges, variable, up);
                continue;
            }
            let whole = question.integer.get(variable).copied().unwrap_or(true);
            if let Some(range) = ranges.get_mut(variable) {
                narrow(range, optimum.numerator, optimum.denominator, up, whole);
            }
            proofs.push(Combination {
                variable,
                up,
                denominator: i64::try_from(optimum.denominator).map_err(|_| Stop::TooHard)?,
                multipliers: optimum
                    .multipliers
                    .iter()
                    .filter_map(|(row, m)| Some((component.rows.get(*row)?.equation, *m)))
                    .collect(),
            });
        }
    }
    Ok(proofs)
}

pub(crate) fn end_known(range: Range, up: bool) -> bool {
    range.inner.is_some_and(|inner| {
        if up { inner.hi == range.outer.hi } else { inner.lo == range.outer.lo }
    })
}

/// An objective without limit: the inner range is open on that side.
fn open_end(ranges: &mut [Range], variable: usize, up: bool) {
    let Some(range) = ranges.get_mut(variable) else { return };
    if let Some(inner) = &mut range.inner {
        if up {
            inner.hi = i64::MAX;
        } else {
            inner.lo = i64::MIN;
        }
    }
}

/// Takes an exact optimum as the outer end, rounded inward for whole numbers
/// and outward otherwise; a real optimum is also reached.
fn narrow(range: &mut Range, numerator: i128, denominator: i128, up: bool, whole: bool) {
    let floor = numerator.div_euclid(denominator);
    let exact = numerator.rem_euclid(denominator) == 0;
    let value = match (up, whole || exact) {
        (true, true) => floor,
        (true, false) => floor + 1,
        (false, true) => floor + i128::from(!exact),
        (false, false) => floor,
    };
    let Ok(value) = i64::try_from(value) else { return };
    if up {
        range.outer.hi = range.outer.hi.min(value);
    } else {
        range.outer.lo = range.outer.lo.max(value);
    }
    if !whole {
        // The end is taken up to less than one unit.
        range.reached(value);
    }
}

/// Notes the values at the present point of the walk.
fn collect(simplex: &Simplex, ranges: &mut [Range], integer: &[bool]) {
    if integer.iter().any(|i| *i) {
        // Only a point of whole numbers is possible for counts.
        let Some(point) = simplex.whole_point() else { return };
        for (range, value) in ranges.iter_mut().zip(point) {
            range.reached(value);
        }
        return;
    }
    for (variable, range) in ranges.iter_mut().enumerate() {
        let (numerator, denominator) = simplex.value(variable);
        let floor = numerator.div_euclid(denominator);
        if let Ok(value) = i64::try_from(floor)
            && numerator.rem_euclid(denominator) == 0
        {
            range.reached(value);
        }
    }
}
