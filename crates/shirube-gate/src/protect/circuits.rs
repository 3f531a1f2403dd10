//! Suppression by circuits: the hypercube method, with roll-ups.
//!
//! In a cross table, moving the corners of a box up and down in turn keeps every
//! margin. If all corners are hidden and have room to move, each of them is
//! protected. The method is that of Repsilber (1994) and Giessing (2004); here
//! a side of the box may also be a code and its total, the search is a branch
//! and bound over dimensions, hidden corners are free, and the room to move is
//! part of the search, so the boxes are themselves the proof.

use std::collections::{BTreeMap, BTreeSet};

use super::Task;
use super::frame::{Fate, Frame};
use crate::table::{CellRef, Dimension, Table};

/// Numbers that can move together by the given amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Circuit {
    pub(crate) moves: Vec<(u32, i64)>,
}

/// Boxes a quick search looks at.
const QUICK_BOXES: usize = 300;

/// One side of a box: codes of a dimension with signs.
type Side = Vec<(u32, i8)>;

/// Hides boxes until every primary number is a corner of one.
pub(crate) fn cover(
    task: &Task<'_>,
    frame: &Frame,
    primaries: &BTreeSet<u32>,
) -> (BTreeSet<u32>, Vec<Circuit>) {
    boxes(task, frame, primaries, false, task.effort.boxes_max)
}

/// Boxes among numbers that are hidden already, one for each where a quick
/// search finds it: a cheap proof that they are protected.
pub(crate) fn known(task: &Task<'_>, frame: &Frame, all: &BTreeSet<u32>) -> Vec<Circuit> {
    boxes(task, frame, all, true, QUICK_BOXES).1
}

/// Finds a box for every number of `wanted`, through hidden numbers only or
/// hiding its corners, looking at up to `left` boxes for each.
fn boxes(
    task: &Task<'_>,
    frame: &Frame,
    wanted: &BTreeSet<u32>,
    only_hidden: bool,
    left: usize,
) -> (BTreeSet<u32>, Vec<Circuit>) {
    let mut hidden: Vec<bool> = vec![false; frame.values.len()];
    for v in wanted {
        if let Some(flag) = hidden.get_mut(*v as usize) {
            *flag = true;
        }
    }
    let sides = all_sides(task);
    let mut settled: Vec<bool> = vec![false; frame.values.len()];
    let mut circuits = Vec::new();
    for v in wanted {
        if settled.get(*v as usize).copied().unwrap_or(true) {
            continue;
        }
        let Some(first) = frame.variables.firsts.get(*v as usize).copied() else { continue };
        let (Some(table), Some(sides)) =
            (task.set.tables.get(first.table as usize), sides.get(first.table as usize))
        else {
            continue;
        };
        let mut search = Search {
            task,
            frame,
            table,
            place: first.table as usize,
            hidden: &hidden,
            only_hidden,
            left,
            best: None,
        };
        search.run(first, sides);
        let Some((_, moves)) = search.best else { continue };
        for (corner, _) in &moves {
            if let Some(flag) = hidden.get_mut(*corner as usize) {
                *flag = true;
            }
            // Every corner moves by the same amount as this one.
            if frame.width(*corner) <= frame.width(*v)
                && let Some(flag) = settled.get_mut(*corner as usize)
            {
                *flag = true;
            }
        }
        circuits.push(Circuit { moves });
    }
    let all = hidden
        .iter()
        .enumerate()
        .filter(|(_, h)| **h)
        .filter_map(|(v, _)| u32::try_from(v).ok())
        .collect();
    (all, circuits)
}

/// Sides by table, dimension and code.
fn all_sides(task: &Task<'_>) -> Vec<Vec<Vec<Vec<Side>>>> {
    task.set.tables.iter().map(|table| table.dimensions().iter().map(sides_of).collect()).collect()
}

/// For every code of a dimension, the sides of a box that contain it: signed
/// codes whose roll-ups cancel. A leaf moves against another leaf, or together
/// with all its totals.
fn sides_of(dimension: &Dimension) -> Vec<Vec<Side>> {
    let count = u32::try_from(dimension.len()).unwrap_or(0);
    let mut above: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (code, leaves) in dimension.leaf_sets().iter().enumerate() {
        let code = u32::try_from(code).unwrap_or(u32::MAX);
        for leaf in leaves {
            above.entry(*leaf).or_default().insert(code);
        }
    }
    let leaves: Vec<u32> = dimension.leaves();
    let empty = BTreeSet::new();
    let path = |leaf: u32| above.get(&leaf).unwrap_or(&empty);
    let side = |plus: u32, minus: Option<u32>| -> Side {
        let other = minus.map_or(&empty, path);
        let mut side: Side = path(plus).difference(other).map(|c| (*c, 1)).collect();
        side.extend(other.difference(path(plus)).map(|c| (*c, -1)));
        side
    };
    if dimension.rollups().is_empty() {
        // No relation along this dimension: a code moves by itself.
        return (0..count).map(|code| vec![vec![(code, 1)]]).collect();
    }
    (0..count)
        .map(|code| {
            let mut out = Vec::new();
            let below: Vec<u32> = leaves
                .iter()
                .copied()
                .filter(|leaf| path(*leaf).contains(&code))
                .take(64)
                .collect();
            for plus in &below {
                if out.len() > 4_000 {
                    break;
                }
                out.push(side(*plus, None));
                for minus in leaves.iter().filter(|leaf| !path(**leaf).contains(&code)) {
                    out.push(side(*plus, Some(*minus)));
                }
            }
            out.sort_by_key(Vec::len);
            out
        })
        .collect()
}

struct Search<'a> {
    task: &'a Task<'a>,
    frame: &'a Frame,
    table: &'a Table,
    place: usize,
    hidden: &'a [bool],
    /// Whether boxes may only use what is hidden already.
    only_hidden: bool,
    left: usize,
    best: Option<(u64, Vec<(u32, i64)>)>,
}

impl Search<'_> {
    fn run(&mut self, cell: CellRef, sides: &[Vec<Vec<Side>>]) {
        let address = self.table.address(cell.cell as usize);
        // The dimension with the fewest codes first: its lines are the surest.
        let mut axes: Vec<usize> = (0..address.len()).collect();
        axes.sort_by_key(|axis| self.table.dimensions().get(*axis).map_or(0, Dimension::len));
        let start = [(cell.cell as usize, 1_i8)];
        self.extend(&start, &address, &axes, sides, 0);
    }

    /// Extends the box by the next dimension, cheapest sides first.
    fn extend(
        &mut self,
        corners: &[(usize, i8)],
        address: &[u32],
        axes: &[usize],
        sides: &[Vec<Vec<Side>>],
        cost: u64,
    ) {
        let Some((axis, rest)) = axes.split_first() else {
            self.finish(corners, cost);
            return;
        };
        let Some(own) = address.get(*axis).copied() else { return };
        let Some(list) = sides.get(*axis).and_then(|s| s.get(own as usize)) else { return };
        let stride = self.table.stride(*axis);
        let mut next: Vec<(u64, usize)> = Vec::with_capacity(list.len());
        for (number, side) in list.iter().enumerate() {
            if let Some(added) = self.price(corners, own, side, stride, cost) {
                next.push((added, number));
            }
        }
        next.sort_unstable();
        for (added, number) in next.into_iter().take(24) {
            if self.left == 0 || self.best.as_ref().is_some_and(|(least, _)| added >= *least) {
                return;
            }
            self.left -= 1;
            let Some(side) = list.get(number) else { continue };
            let sign = side.iter().find(|(code, _)| *code == own).map_or(1, |(_, s)| *s);
            let mut grown = Vec::with_capacity(corners.len() * side.len());
            for (corner, own_sign) in corners {
                for (code, code_sign) in side {
                    let at = corner - own as usize * stride + *code as usize * stride;
                    grown.push((at, own_sign * code_sign * sign));
                }
            }
            self.extend(&grown, address, rest, sides, added);
        }
    }

    /// Cost of the box grown by a side; `None` when a corner must be printed or
    /// the cost is not below the best so far.
    fn price(
        &self,
        corners: &[(usize, i8)],
        own: u32,
        side: &Side,
        stride: usize,
        cost: u64,
    ) -> Option<u64> {
        let mut sum = cost;
        for (code, _) in side.iter().filter(|(code, _)| *code != own) {
            for (corner, _) in corners {
                let at = corner - own as usize * stride + *code as usize * stride;
                let v = self.frame.variables.of(CellRef::new(self.place, at))?;
                if self.hidden.get(v as usize).copied().unwrap_or(false) {
                    continue;
                }
                if self.only_hidden || self.frame.fate(v) == Fate::Shown {
                    return None;
                }
                sum = sum.checked_add(self.frame.cost(v))?;
            }
            if self.best.as_ref().is_some_and(|(least, _)| sum >= *least) {
                return None;
            }
        }
        Some(sum)
    }

    /// Takes a full box, when its corners have room to move.
    fn finish(&mut self, corners: &[(usize, i8)], cost: u64) {
        let mut numbers = Vec::with_capacity(corners.len());
        let mut width = self.task.policy.width;
        for (cell, sign) in corners {
            let Some(v) = self.frame.variables.of(CellRef::new(self.place, *cell)) else { return };
            if numbers.is_empty() {
                width = width.max(self.frame.width(v));
            }
            numbers.push((v, i64::from(*sign)));
        }
        numbers.sort_unstable();
        for by in [width, -width] {
            let room = numbers.iter().all(|(v, sign)| {
                self.frame.mask(*v).contains(self.frame.value(*v).saturating_add(sign * by))
            });
            if room && self.keeps_relations(&numbers) {
                self.best = Some((cost, numbers.iter().map(|(v, s)| (*v, s * by)).collect()));
                return;
            }
        }
    }

    /// Whether relations outside the table (shared cells, extra relations)
    /// hold as well.
    fn keeps_relations(&self, numbers: &[(u32, i64)]) -> bool {
        if self.task.set.tables.len() == 1 && self.task.set.relations.is_empty() {
            return true;
        }
        numbers.iter().flat_map(|(v, _)| self.frame.uses(*v)).all(|row| {
            let sum: i64 = self
                .frame
                .terms(*row as usize)
                .iter()
                .filter_map(|(v, c)| {
                    let at = numbers.binary_search_by_key(v, |(n, _)| *n).ok()?;
                    numbers.get(at).map(|(_, by)| by * i64::from(*c))
                })
                .sum();
            sum == 0
        })
    }
}
