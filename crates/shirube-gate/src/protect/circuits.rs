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

/// Steps of cost: a printed number costs this many times its weight, and a
/// little for its size, so that among equally dear numbers small ones go.
const COST_UNIT: u64 = 1 << 10;

/// Sides that are followed up at one place of the search, cheapest first.
const SIDES_MAX: usize = 24;

/// Numbers that can move together by the given amounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Circuit {
    pub(crate) moves: Vec<(u32, i64)>,
}

/// One side of a box: codes of a dimension with signs.
type Side = Vec<(u32, i8)>;

/// What it costs to hide a printed number, in fine steps.
pub(crate) fn price_of(frame: &Frame, variable: u32) -> u64 {
    let size = 64 - frame.value(variable).unsigned_abs().leading_zeros();
    frame.cost(variable).saturating_mul(COST_UNIT).saturating_add(u64::from(size))
}

/// Where boxes are looked for: what the search needs of a task, worked out once.
#[derive(Debug)]
pub(crate) struct Boxes<'a> {
    task: &'a Task<'a>,
    frame: &'a Frame,
    /// Sides by table, dimension and code.
    sides: Vec<Vec<Vec<Vec<Side>>>>,
    /// Cells of the variables that stand for more than one.
    shared: BTreeMap<u32, Vec<CellRef>>,
}

impl<'a> Boxes<'a> {
    pub(crate) fn new(task: &'a Task<'a>, frame: &'a Frame) -> Self {
        let sides = task.set.tables.iter();
        let sides = sides.map(|t| t.dimensions().iter().map(sides_of).collect()).collect();
        let mut shared: BTreeMap<u32, Vec<CellRef>> = BTreeMap::new();
        for (at, of_cell) in frame.variables.of_cell.iter().enumerate() {
            for (number, v) in of_cell.iter().enumerate() {
                let cell = CellRef::new(at, number);
                let first = frame.variables.firsts.get(*v as usize).copied().unwrap_or(cell);
                if first != cell {
                    shared.entry(*v).or_insert_with(|| vec![first]).push(cell);
                }
            }
        }
        Self { task, frame, sides, shared }
    }

    /// The cheapest box found with `variable` as a corner, looking at up to
    /// `left` partial boxes, which are counted down: what hiding its printed
    /// corners costs, and its moves.
    pub(crate) fn find(
        &self,
        variable: u32,
        hidden: &[bool],
        banned: u32,
        left: &mut usize,
    ) -> Option<(u64, Vec<(u32, i64)>)> {
        let first = self.frame.variables.firsts.get(variable as usize).copied()?;
        let place = first.table as usize;
        let table = self.task.set.tables.get(place)?;
        let own_sides = self.sides.get(place)?;
        let of_cell = self.frame.variables.of_cell.get(place)?;
        let width = self.task.policy.width.max(self.frame.width(variable));
        let address = table.address(first.cell as usize);
        // The dimension with the fewest codes first: its lines are the surest.
        let mut axes: Vec<usize> = (0..address.len()).collect();
        axes.sort_by_key(|axis| table.dimensions().get(*axis).map_or(0, Dimension::len));
        let mut best = None;
        // Half of the effort for each direction.
        let mut rest = *left;
        for (by, share) in [(width, rest / 2), (-width, rest)] {
            let target = self.frame.value(variable).saturating_add(by);
            if !self.frame.mask(variable).contains(target) {
                continue;
            }
            let mut search = Search {
                boxes: self,
                table,
                place,
                of_cell,
                hidden,
                banned,
                by,
                left: share.min(rest),
                best,
            };
            let before = search.left;
            let start = [(first.cell as usize, 1_i8)];
            search.extend(&start, &address, &axes, own_sides, 0);
            rest = rest.saturating_sub(before - search.left);
            best = search.best;
        }
        *left = rest;
        best
    }

    /// Whether moves keep every relation and every number in its bounds.
    pub(crate) fn possible(&self, moves: &[(u32, i64)]) -> bool {
        moves.iter().all(|(v, by)| {
            self.frame.fate(*v) != Fate::Shown
                && self.frame.mask(*v).contains(self.frame.value(*v).saturating_add(*by))
        }) && self.keeps_relations(moves)
    }

    /// Whether all relations hold under moves, which are sorted by variable.
    fn keeps_relations(&self, moves: &[(u32, i64)]) -> bool {
        moves.iter().flat_map(|(v, _)| self.frame.uses(*v)).all(|row| {
            let sum: i64 = self
                .frame
                .terms(*row as usize)
                .iter()
                .filter_map(|(v, c)| {
                    let at = moves.binary_search_by_key(v, |(n, _)| *n).ok()?;
                    moves.get(at).map(|(_, by)| by * i64::from(*c))
                })
                .sum();
            sum == 0
        })
    }
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
    boxes: &'a Boxes<'a>,
    table: &'a Table,
    place: usize,
    of_cell: &'a [u32],
    hidden: &'a [bool],
    /// A number that must not be a corner.
    banned: u32,
    /// How far the first corner moves.
    by: i64,
    left: usize,
    best: Option<(u64, Vec<(u32, i64)>)>,
}

impl Search<'_> {
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
            if let Some(added) = self.price(self.of_cell, corners, own, side, stride, cost) {
                next.push((added, number));
            }
        }
        if next.len() > SIDES_MAX {
            next.select_nth_unstable(SIDES_MAX);
            next.truncate(SIDES_MAX);
        }
        next.sort_unstable();
        for (added, number) in next {
            if self.left == 0 || self.too_dear(added) {
                return;
            }
            self.left -= 1;
            let Some(side) = list.get(number) else { continue };
            let grown = grow(corners, own, side, stride);
            self.extend(&grown, address, rest, sides, added);
        }
    }

    fn too_dear(&self, cost: u64) -> bool {
        self.best.as_ref().is_some_and(|(least, _)| cost >= *least)
    }

    /// Cost of the box grown by a side; `None` when a corner must be printed or
    /// has no room, or the cost is not below the best so far.
    fn price(
        &self,
        of_cell: &[u32],
        corners: &[(usize, i8)],
        own: u32,
        side: &Side,
        stride: usize,
        cost: u64,
    ) -> Option<u64> {
        let frame = self.boxes.frame;
        let base = side.iter().find(|(code, _)| *code == own).map_or(1, |(_, s)| *s);
        let mut sum = cost;
        for (code, code_sign) in side.iter().filter(|(code, _)| *code != own) {
            for (corner, sign) in corners {
                let at = corner - own as usize * stride + *code as usize * stride;
                let v = *of_cell.get(at)?;
                if !self.hidden.get(v as usize).copied().unwrap_or(false) {
                    if frame.fate(v) == Fate::Shown || v == self.banned {
                        return None;
                    }
                    sum = sum.checked_add(price_of(frame, v))?;
                }
                let by = self.by * i64::from(sign * code_sign * base);
                if !frame.mask(v).contains(frame.value(v).saturating_add(by)) {
                    return None;
                }
            }
            if self.too_dear(sum) {
                return None;
            }
        }
        Some(sum)
    }

    /// Takes a full box, with what it needs in linked tables.
    fn finish(&mut self, corners: &[(usize, i8)], cost: u64) {
        let mut moves: Vec<(u32, i64)> = Vec::with_capacity(corners.len());
        for (cell, sign) in corners {
            let Some(v) = self.of_cell.get(*cell) else { return };
            moves.push((*v, self.by * i64::from(*sign)));
        }
        let mut cost = cost;
        let set = self.boxes.task.set;
        if set.tables.len() > 1 {
            for other in (0..set.tables.len()).filter(|other| *other != self.place) {
                let Some((added, more)) = self.link(other, &moves, cost) else { return };
                cost = added;
                moves.extend(more);
            }
        }
        moves.sort_unstable();
        let several = set.tables.len() > 1 || !set.relations.is_empty();
        if several && !self.boxes.keeps_relations(&moves) {
            return;
        }
        if !self.too_dear(cost) {
            self.best = Some((cost, moves));
        }
    }

    /// What a box needs in another table: its corners there stand at the grand
    /// total of the dimensions that only the other table has; along each of
    /// these a code moves with its total.
    fn link(
        &self,
        other: usize,
        moves: &[(u32, i64)],
        cost: u64,
    ) -> Option<(u64, Vec<(u32, i64)>)> {
        let mut corners: Vec<(usize, i8)> = Vec::new();
        for (v, by) in moves {
            for cell in self.boxes.shared.get(v).into_iter().flatten() {
                if cell.table as usize == other {
                    let sign = if (*by > 0) == (self.by > 0) { 1 } else { -1 };
                    corners.push((cell.cell as usize, sign));
                }
            }
        }
        let Some((first, _)) = corners.first().copied() else { return Some((cost, Vec::new())) };
        let table = self.boxes.task.set.tables.get(other)?;
        let of_cell = self.boxes.frame.variables.of_cell.get(other)?;
        let count = corners.len();
        let mut cost = cost;
        for (axis, dimension) in table.dimensions().iter().enumerate() {
            let stride = table.stride(axis);
            let code_of = |cell: usize| (cell / stride.max(1)) % dimension.len().max(1);
            let own = code_of(first);
            let constant = corners.iter().all(|(cell, _)| code_of(*cell) == own);
            let own = u32::try_from(own).ok()?;
            if !constant || dimension.grand_total() != Some(own) {
                continue;
            }
            let sides = self.boxes.sides.get(other)?.get(axis)?.get(own as usize)?;
            let priced = sides.iter().filter_map(|side| {
                Some((self.price(of_cell, &corners, own, side, stride, cost)?, side))
            });
            let (added, side) = priced.min_by_key(|(added, _)| *added)?;
            cost = added;
            corners = grow(&corners, own, side, stride);
        }
        let known: BTreeSet<u32> = moves.iter().map(|(v, _)| *v).collect();
        let mut more = Vec::with_capacity(corners.len() - count);
        for (cell, sign) in &corners {
            let v = *of_cell.get(*cell)?;
            if !known.contains(&v) {
                more.push((v, self.by * i64::from(*sign)));
            }
        }
        Some((cost, more))
    }
}

/// The corners of a box grown by a side.
fn grow(corners: &[(usize, i8)], own: u32, side: &Side, stride: usize) -> Vec<(usize, i8)> {
    let base = side.iter().find(|(code, _)| *code == own).map_or(1, |(_, s)| *s);
    let mut grown = Vec::with_capacity(corners.len() * side.len());
    for (corner, sign) in corners {
        for (code, code_sign) in side {
            let at = corner - own as usize * stride + *code as usize * stride;
            grown.push((at, sign * code_sign * base));
        }
    }
    grown
}
