//! The cheapest further cells that give one hidden number room.
//!
//! A small linear programme around the number (Kelly, Golden and Assad 1990):
//! let it move by the width, let its neighbours move with it, and pay for every
//! printed number that moves.

use std::collections::BTreeSet;

use microlp::{ComparisonOp, OptimizationDirection, Problem};

use super::Task;
use super::frame::{Fate, Frame};
use crate::table::CellRef;

/// Moves of variables, in whole units, with all relations kept.
pub(crate) type Moves = Vec<(u32, i64)>;

/// Moves that give `variable` its width, at low cost of printed numbers; `None`
/// when its surroundings allow none.
pub(crate) fn repair(
    task: &Task<'_>,
    frame: &Frame,
    hidden: &BTreeSet<u32>,
    variable: u32,
) -> Option<Moves> {
    let width = frame.width(variable).max(task.policy.width);
    for per_line in [3, 5, 9] {
        let region = region(task, frame, hidden, variable, per_line);
        let mut best: Option<(f64, Moves)> = None;
        for by in [width, -width] {
            let target = frame.value(variable).saturating_add(by);
            if !frame.mask(variable).contains(target) {
                continue;
            }
            if let Some((cost, moves)) = solve(frame, hidden, &region, variable, by)
                && best.as_ref().is_none_or(|(least, _)| cost < *least - 1e-9)
            {
                best = Some((cost, moves));
            }
        }
        if let Some((_, moves)) = best {
            return Some(moves);
        }
        if region.len() > 1_500 {
            return None;
        }
    }
    None
}

/// The block of cells spanned by a few codes per dimension around the number,
/// in each table that has it, and the blocks around numbers shared with other
/// tables.
fn region(
    task: &Task<'_>,
    frame: &Frame,
    hidden: &BTreeSet<u32>,
    variable: u32,
    per_line: usize,
) -> BTreeSet<u32> {
    let mut region = BTreeSet::from([variable]);
    let mut open = vec![variable];
    let mut done = BTreeSet::new();
    let several = task.set.tables.len() > 1;
    while let Some(next) = open.pop() {
        if !done.insert(next) || region.len() > 1_500 {
            continue;
        }
        for (table, of_cell) in frame.variables.of_cell.iter().enumerate() {
            let own: Vec<usize> =
                if several || table == 0 { cells_of(frame, of_cell, next) } else { Vec::new() };
            for cell in own {
                for member in block(task, frame, hidden, CellRef::new(table, cell), per_line) {
                    let fresh = region.insert(member);
                    if fresh && several && done.len() < 24 {
                        open.push(member);
                    }
                }
            }
        }
        if !several {
            break;
        }
    }
    // Extra relations reach cells that no block holds.
    let rows: BTreeSet<u32> = frame.uses(variable).iter().copied().collect();
    for row in rows {
        let terms = frame.terms(row as usize);
        if terms.len() <= 2 * per_line {
            region.extend(terms.iter().map(|(v, _)| *v));
        }
    }
    region
}

fn cells_of(frame: &Frame, of_cell: &[u32], variable: u32) -> Vec<usize> {
    // Without sharing a table's variables are consecutive.
    let first = frame.variables.firsts.get(variable as usize).map_or(0, |c| c.cell as usize);
    if of_cell.get(first) == Some(&variable) && of_cell.len() > 200_000 {
        return vec![first];
    }
    of_cell.iter().enumerate().filter(|(_, v)| **v == variable).map(|(c, _)| c).collect()
}

/// Cells whose codes are, in every dimension, among the few chosen on the line
/// through the cell: hidden and cheap ones first.
fn block(
    task: &Task<'_>,
    frame: &Frame,
    hidden: &BTreeSet<u32>,
    cell: CellRef,
    per_line: usize,
) -> Vec<u32> {
    let Some(table) = task.set.tables.get(cell.table as usize) else { return Vec::new() };
    let address = table.address(cell.cell as usize);
    let variable = |number: usize| frame.variables.of(CellRef::new(cell.table as usize, number));
    let mut numbers = vec![cell.cell as usize];
    for (axis, dimension) in table.dimensions().iter().enumerate() {
        let Some(own) = address.get(axis).copied() else { continue };
        let stride = table.stride(axis);
        let base = cell.cell as usize - own as usize * stride;
        let mut codes: BTreeSet<u32> = BTreeSet::new();
        for rollup in dimension.rollups() {
            if rollup.total == own || rollup.parts.contains(&own) {
                codes.insert(rollup.total);
                codes.extend(&rollup.parts);
            }
        }
        codes.remove(&own);
        let mut ranked: Vec<(bool, u64, u32)> = codes
            .iter()
            .filter_map(|code| {
                let v = variable(base + *code as usize * stride)?;
                let shown = frame.fate(v) == Fate::Shown;
                (!shown).then(|| (!hidden.contains(&v), frame.cost(v), *code))
            })
            .collect();
        ranked.sort_unstable();
        ranked.truncate(per_line);
        let mut next = numbers.clone();
        for (_, _, code) in &ranked {
            next.extend(
                numbers.iter().map(|n| n - own as usize * stride + *code as usize * stride),
            );
        }
        numbers = next;
        if numbers.len() > 4_000 {
            break;
        }
    }
    numbers.into_iter().filter_map(variable).filter(|v| frame.fate(*v) != Fate::Shown).collect()
}

/// The cheapest moves inside a region.
fn solve(
    frame: &Frame,
    hidden: &BTreeSet<u32>,
    region: &BTreeSet<u32>,
    variable: u32,
    by: i64,
) -> Option<(f64, Moves)> {
    let list: Vec<u32> = prune(frame, region, variable)?;
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut up = Vec::with_capacity(list.len());
    let mut down = Vec::with_capacity(list.len());
    let size = real(by.abs());
    for v in &list {
        let (mask, value) = (frame.mask(*v), frame.value(*v));
        let room_up = if mask.has_hi() { real(mask.hi.saturating_sub(value).max(0)) } else { 1e9 };
        let room_down =
            if mask.has_lo() { real(value.saturating_sub(mask.lo).max(0)) } else { 1e9 };
        let price = if hidden.contains(v) {
            1e-3
        } else {
            // A printed number pays for each unit it moves, per width.
            real(i64::try_from(frame.cost(*v)).unwrap_or(1 << 40)) / size
        };
        if *v == variable {
            let (a, b) =
                if by > 0 { ((size, size), (0.0, 0.0)) } else { ((0.0, 0.0), (size, size)) };
            up.push(problem.add_var(0.0, a));
            down.push(problem.add_var(0.0, b));
        } else {
            up.push(problem.add_var(price, (0.0, room_up.min(4.0 * size))));
            down.push(problem.add_var(price, (0.0, room_down.min(4.0 * size))));
        }
    }
    let rows: BTreeSet<u32> = list.iter().flat_map(|v| frame.uses(*v)).copied().collect();
    for row in rows {
        let mut terms = Vec::new();
        for (v, c) in frame.terms(row as usize) {
            if let Ok(at) = list.binary_search(v) {
                terms.push((*up.get(at)?, f64::from(*c)));
                terms.push((*down.get(at)?, -f64::from(*c)));
            }
        }
        problem.add_constraint(terms, ComparisonOp::Eq, 0.0);
    }
    let solution = problem.solve().ok()?.into_solution().ok()?;
    let mut moves = Vec::new();
    let mut cost = 0.0;
    for ((v, up), down) in list.iter().zip(&up).zip(&down) {
        let net = solution.var_value(*up) - solution.var_value(*down);
        if net.abs() > 1e-6 {
            if !hidden.contains(v) {
                cost += real(i64::try_from(frame.cost(*v)).unwrap_or(1 << 40));
            }
            // A fractional move is rounded away from zero; the attacker, not
            // this number, decides whether the result is safe.
            moves.push((*v, whole(net)));
        }
    }
    Some((cost, moves))
}

/// Leaves out variables that stand alone in a relation.
fn prune(frame: &Frame, region: &BTreeSet<u32>, variable: u32) -> Option<Vec<u32>> {
    let mut inside = region.clone();
    let mut open: Vec<u32> = inside.iter().copied().collect();
    while let Some(v) = open.pop() {
        if !inside.contains(&v) {
            continue;
        }
        let alone = frame.uses(v).iter().any(|row| {
            frame.terms(*row as usize).iter().filter(|(o, _)| inside.contains(o)).count() == 1
        });
        if alone {
            inside.remove(&v);
            for row in frame.uses(v) {
                open.extend(
                    frame.terms(*row as usize).iter().map(|t| t.0).filter(|o| inside.contains(o)),
                );
            }
        }
    }
    inside.contains(&variable).then(|| inside.into_iter().collect())
}

#[expect(clippy::cast_precision_loss, reason = "a cost or a room to move; approximate is enough")]
fn real(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "moves are small")]
fn whole(value: f64) -> i64 {
    if value > 0.0 { (value - 1e-6).ceil() as i64 } else { (value + 1e-6).floor() as i64 }
}
