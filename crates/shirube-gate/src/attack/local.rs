//! Ranges shown by moving a few numbers only.
//!
//! In a component too large to solve as a whole, a known solution can still be
//! varied: all numbers outside a neighbourhood stay, those inside move as the
//! equations allow. Whatever is reached so is truly possible.

use std::collections::{BTreeSet, VecDeque};

use super::component::{Component, Row};
use super::exact::{Question, Range, solve};
use crate::table::Interval;

/// Rows of each variable of a component.
#[derive(Debug)]
pub(crate) struct Neighbours {
    rows_of: Vec<Vec<u32>>,
}

impl Neighbours {
    pub(crate) fn new(component: &Component) -> Self {
        let mut rows_of = vec![Vec::new(); component.variables.len()];
        for (row, content) in component.rows.iter().enumerate() {
            for (variable, _) in &content.terms {
                if let Some(list) = rows_of.get_mut(*variable) {
                    list.push(u32::try_from(row).unwrap_or(u32::MAX));
                }
            }
        }
        Self { rows_of }
    }

    fn rows(&self, variable: usize) -> &[u32] {
        self.rows_of.get(variable).map_or(&[], Vec::as_slice)
    }

    /// Up to `limit` variables nearest to one variable, short rows first.
    fn region(&self, component: &Component, start: usize, limit: usize) -> BTreeSet<usize> {
        let mut region = BTreeSet::from([start]);
        let mut queue = VecDeque::from([start]);
        while let Some(variable) = queue.pop_front() {
            let mut rows: Vec<&Row> = self
                .rows(variable)
                .iter()
                .filter_map(|row| component.rows.get(*row as usize))
                .collect();
            rows.sort_by_key(|row| (row.terms.len(), row.equation));
            for (other, _) in rows.iter().flat_map(|row| &row.terms) {
                if region.len() >= limit {
                    return self.prune(component, region);
                }
                if region.insert(*other) {
                    queue.push_back(*other);
                }
            }
        }
        self.prune(component, region)
    }

    /// Leaves out variables that are alone in an exact row and cannot move.
    fn prune(&self, component: &Component, mut region: BTreeSet<usize>) -> BTreeSet<usize> {
        let mut open: Vec<usize> = region.iter().copied().collect();
        while let Some(variable) = open.pop() {
            if !region.contains(&variable) {
                continue;
            }
            let alone = self.rows(variable).iter().any(|row| {
                component.rows.get(*row as usize).is_some_and(|row| {
                    row.sum.is_point()
                        && row.terms.iter().filter(|t| region.contains(&t.0)).count() == 1
                })
            });
            if alone {
                region.remove(&variable);
                for row in self.rows(variable) {
                    let Some(row) = component.rows.get(*row as usize) else { continue };
                    open.extend(row.terms.iter().map(|t| t.0).filter(|v| region.contains(v)));
                }
            }
        }
        region
    }
}

/// Widens the inner range of `variable` around a known solution, with growing
/// neighbourhoods, until it is `width` wide. Returns whether it is.
pub(crate) fn widen(
    component: &Component,
    neighbours: &Neighbours,
    ranges: &mut [Range],
    point: &[i64],
    variable: usize,
    width: i64,
    integer: &[bool],
) -> bool {
    let mut last = 0;
    for limit in [24, 80, 240] {
        let region = neighbours.region(component, variable, limit);
        if region.len() > last && region.contains(&variable) {
            last = region.len();
            vary(component, neighbours, ranges, point, variable, width, integer, &region);
            if ranges.get(variable).is_some_and(|r| r.done(Some(width))) {
                return true;
            }
        }
    }
    false
}

#[expect(clippy::too_many_arguments, reason = "the state of one search step")]
fn vary(
    component: &Component,
    neighbours: &Neighbours,
    ranges: &mut [Range],
    point: &[i64],
    variable: usize,
    width: i64,
    integer: &[bool],
    region: &BTreeSet<usize>,
) {
    let members: Vec<usize> = region.iter().copied().collect();
    let place = |variable: usize| members.binary_search(&variable).ok();
    let rows: BTreeSet<u32> =
        members.iter().flat_map(|v| neighbours.rows(*v).iter().copied()).collect();
    let mut part = Component {
        variables: members.iter().filter_map(|v| component.variables.get(*v).copied()).collect(),
        rows: Vec::with_capacity(rows.len()),
    };
    for row in rows.iter().filter_map(|row| component.rows.get(*row as usize)) {
        let mut fixed = 0_i64;
        let mut terms = Vec::new();
        for (other, coefficient) in &row.terms {
            match place(*other) {
                Some(at) => terms.push((at, *coefficient)),
                None => {
                    let value = point.get(*other).copied().unwrap_or(0);
                    fixed = fixed.saturating_add(value.saturating_mul(*coefficient));
                }
            }
        }
        let sum = Interval {
            lo: if row.sum.has_lo() { row.sum.lo.saturating_sub(fixed) } else { row.sum.lo },
            hi: if row.sum.has_hi() { row.sum.hi.saturating_sub(fixed) } else { row.sum.hi },
        };
        part.rows.push(Row { terms, sum, equation: row.equation });
    }
    let mut inside: Vec<Range> = members
        .iter()
        .filter_map(|v| ranges.get(*v))
        .map(|r| Range { outer: r.outer, inner: None })
        .collect();
    let own = place(variable);
    let wanted: Vec<bool> = (0..members.len()).map(|at| Some(at) == own).collect();
    let integer: Vec<bool> =
        members.iter().map(|v| integer.get(*v).copied().unwrap_or(true)).collect();
    let widths = vec![width; members.len()];
    let question = Question {
        exact: false,
        widths: &widths,
        wanted: &wanted,
        integer: &integer,
        pivots_max: 2_000,
    };
    let _ = solve(&part, &mut inside, &question);
    for (member, found) in members.iter().zip(&inside) {
        if let (Some(range), Some(inner)) = (ranges.get_mut(*member), found.inner) {
            range.reached(inner.lo);
            range.reached(inner.hi);
        }
    }
}
