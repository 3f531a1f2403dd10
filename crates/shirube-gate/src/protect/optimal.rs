//! The cheapest pattern there is, for small tables.
//!
//! Branch and bound over the cells that may be hidden, cheapest patterns first.
//! It rests on hiding more never telling more, so a branch that is unsafe with
//! everything left hidden is cut. The reference for the cost of [`super::protect`].

use std::collections::BTreeSet;

use super::Task;
use super::frame::{Fate, Frame};
use crate::attack::{Knowledge, Options, Verdict, attack};
use crate::table::CellRef;

/// Most cells that may be hidden.
const OPEN_MAX: usize = 26;

/// Least cost of complementary cells that protects every sensitive one, and the
/// cells of one such pattern. `None` when there are too many candidates or no
/// pattern protects.
#[must_use]
pub fn cheapest(task: &Task<'_>) -> Option<(u64, Vec<CellRef>)> {
    let frame = Frame::new(task);
    let mut open = frame.with_fate(Fate::Open);
    if open.len() > OPEN_MAX {
        return None;
    }
    // Dear cells are decided first, so that the bound bites early.
    open.sort_by_key(|v| (std::cmp::Reverse(frame.cost(*v)), *v));
    let primaries: BTreeSet<u32> = frame.primaries().into_iter().collect();
    let mut all = primaries.clone();
    all.extend(&open);
    let mut search = Search { task, frame: &frame, primaries: &primaries, best: None };
    search.branch(&open, &mut all, 0);
    let (cost, hidden) = search.best?;
    let cells = hidden
        .difference(&primaries)
        .filter_map(|v| frame.variables.firsts.get(*v as usize).copied())
        .collect();
    Some((cost, cells))
}

struct Search<'a> {
    task: &'a Task<'a>,
    frame: &'a Frame,
    primaries: &'a BTreeSet<u32>,
    best: Option<(u64, BTreeSet<u32>)>,
}

impl Search<'_> {
    /// `hidden` holds everything not yet decided to be printed; `cost` counts
    /// the cells decided to be hidden.
    fn branch(&mut self, open: &[u32], hidden: &mut BTreeSet<u32>, cost: u64) {
        if self.best.as_ref().is_some_and(|(least, _)| cost >= *least) || !self.safe(hidden) {
            return;
        }
        let Some((next, rest)) = open.split_first() else {
            self.best = Some((cost, hidden.clone()));
            return;
        };
        hidden.remove(next);
        self.branch(rest, hidden, cost);
        hidden.insert(*next);
        self.branch(rest, hidden, cost.saturating_add(self.frame.cost(*next)));
    }

    /// Whether the sensitive numbers are wide enough; complementary ones need
    /// no protection of their own here.
    fn safe(&self, hidden: &BTreeSet<u32>) -> bool {
        let (mut system, truth) = self.frame.system(hidden);
        let width = self.task.policy.width;
        let cells: BTreeSet<CellRef> = self
            .primaries
            .iter()
            .filter_map(|v| self.frame.variables.firsts.get(*v as usize).copied())
            .collect();
        system.require(|cell, own| if cells.contains(&cell) { own.max(width) } else { own });
        let knowledge = Knowledge { truth: &truth, moves: &[] };
        let found = attack(&system, &Options::deciding(width), Some(knowledge));
        found
            .cells
            .iter()
            .filter(|cell| cells.contains(&cell.cell))
            .all(|cell| cell.verdict == Verdict::Safe)
    }
}
