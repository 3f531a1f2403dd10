//! A pattern of hidden numbers, held up by circuits.
//!
//! Every sensitive number rests on one circuit: moves that are possible within
//! the hidden numbers and shift it by its width. A complementary number is
//! hidden exactly as long as some circuit passes through it, and moves there by
//! as much, so that it needs no proof of its own. Taking circuits away and
//! laying cheaper ones is how a pattern is improved.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Task;
use super::circuits::{Boxes, Circuit, price_of};
use super::frame::{Fate, Frame};
use super::repair::repair;

const NONE: u32 = u32::MAX;

/// Most circuits through a number for it to be tried without.
const LIFTED_MAX: usize = 12;

/// Order in which sensitive numbers get their circuits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// In the order of the tables.
    Forward,
    /// Last first.
    Backward,
    /// Large numbers, which are mostly margins, first.
    LargeFirst,
    /// Small numbers first.
    SmallFirst,
}

/// The pattern and its circuits.
#[derive(Debug, Clone)]
pub(crate) struct Pattern<'a> {
    task: &'a Task<'a>,
    frame: &'a Frame,
    hidden: Vec<bool>,
    /// Circuits by number; one that was taken away has no moves.
    circuits: Vec<Circuit>,
    /// Circuits through each number.
    through: Vec<Vec<u32>>,
    /// The circuit each sensitive number rests on.
    rests_on: Vec<u32>,
    /// Sensitive numbers without a circuit that were given up on.
    open: BTreeSet<u32>,
    /// What the complementary numbers cost, in fine steps.
    cost: u64,
}

impl<'a> Pattern<'a> {
    /// The sensitive numbers alone.
    pub(crate) fn new(task: &'a Task<'a>, frame: &'a Frame) -> Self {
        let count = frame.values.len();
        let hidden = frame.fates.iter().map(|fate| *fate == Fate::Primary).collect();
        Self {
            task,
            frame,
            hidden,
            circuits: Vec::new(),
            through: vec![Vec::new(); count],
            rests_on: vec![NONE; count],
            open: BTreeSet::new(),
            cost: 0,
        }
    }

    /// Lays circuits until every sensitive number rests on one, where possible.
    /// Numbers of `guide` count as hidden while looking.
    pub(crate) fn cover(
        &mut self,
        boxes: &Boxes<'_>,
        guide: &BTreeSet<u32>,
        order: Order,
        per_number: usize,
    ) {
        let guided = !guide.is_empty();
        let mut primaries = self.frame.primaries();
        match order {
            Order::Forward => {}
            Order::Backward => primaries.reverse(),
            Order::LargeFirst => primaries.sort_by_key(|v| (Reverse(self.frame.value(*v)), *v)),
            Order::SmallFirst => primaries.sort_by_key(|v| (self.frame.value(*v), *v)),
        }
        let mut view = self.hidden.clone();
        for v in guide {
            set(&mut view, *v, true);
        }
        for v in &primaries {
            if self.proven(*v) {
                continue;
            }
            let mut left = per_number;
            let found = boxes.find(*v, if guided { &view } else { &self.hidden }, NONE, &mut left);
            if let Some((_, moves)) = found {
                for (corner, _) in &moves {
                    set(&mut view, *corner, true);
                }
                self.lay(Circuit { moves });
            }
        }
        for v in primaries {
            if !self.proven(v) {
                self.mend(boxes, v);
            }
        }
    }

    /// Lays a circuit found by a programme around the number.
    fn mend(&mut self, boxes: &Boxes<'_>, variable: u32) {
        let hidden = self.hidden();
        let found = repair(self.task, self.frame, &hidden, variable);
        if let Some(mut moves) = found {
            moves.sort_unstable();
            if boxes.possible(&moves) {
                self.lay(Circuit { moves });
            }
        }
        if !self.proven(variable) {
            self.open.insert(variable);
        }
    }

    fn proven(&self, variable: u32) -> bool {
        self.rests_on.get(variable as usize).is_some_and(|c| *c != NONE)
    }

    fn wide_enough(&self, variable: u32, by: i64) -> bool {
        by.abs() >= self.frame.width(variable).max(self.task.policy.width)
    }

    /// Adds a circuit; sensitive numbers without one may rest on it.
    fn lay(&mut self, circuit: Circuit) -> u32 {
        let number = u32::try_from(self.circuits.len()).unwrap_or(NONE);
        for (v, by) in &circuit.moves {
            let at = *v as usize;
            if let Some(list) = self.through.get_mut(at) {
                list.push(number);
            }
            if self.hidden.get(at) == Some(&false) {
                set(&mut self.hidden, *v, true);
                self.cost = self.cost.saturating_add(price_of(self.frame, *v));
            }
            if self.frame.fate(*v) == Fate::Primary && !self.proven(*v) && self.wide_enough(*v, *by)
            {
                set(&mut self.rests_on, *v, number);
            }
        }
        self.circuits.push(circuit);
        number
    }

    /// Takes a circuit away. Complementary numbers that no other passes through
    /// are printed again; sensitive numbers that rested on it are returned.
    fn lift(&mut self, number: u32) -> (Circuit, Vec<u32>) {
        let Some(place) = self.circuits.get_mut(number as usize) else {
            return (Circuit::default(), Vec::new());
        };
        let circuit = std::mem::take(place);
        let mut orphans = Vec::new();
        for (v, _) in &circuit.moves {
            let at = *v as usize;
            let Some(list) = self.through.get_mut(at) else { continue };
            list.retain(|c| *c != number);
            let empty = list.is_empty();
            if self.frame.fate(*v) != Fate::Primary {
                if empty {
                    set(&mut self.hidden, *v, false);
                    self.cost = self.cost.saturating_sub(price_of(self.frame, *v));
                }
            } else if self.rests_on.get(at) == Some(&number) {
                set(&mut self.rests_on, *v, NONE);
                orphans.push(*v);
            }
        }
        (circuit, orphans)
    }

    /// Lets a sensitive number rest on a circuit that passes through it anyway.
    fn adopt(&mut self, variable: u32) -> bool {
        let through = self.through.get(variable as usize).cloned().unwrap_or_default();
        let fit = through.into_iter().find(|number| {
            let moves = self.circuits.get(*number as usize).map_or(&[][..], |c| &c.moves);
            moves.iter().any(|(v, by)| *v == variable && self.wide_enough(variable, *by))
        });
        if let Some(number) = fit {
            set(&mut self.rests_on, variable, number);
        }
        fit.is_some()
    }

    /// Tries to print complementary numbers again, one at a time: the circuits
    /// through it are laid anew around it. Stays with what is cheaper. Ends
    /// after a round without gain or when `effort` partial boxes were looked at.
    pub(crate) fn improve(&mut self, boxes: &Boxes<'_>, per_number: usize, effort: usize) {
        let mut left = effort;
        loop {
            let before = self.cost;
            let mut secondary = self.complementary();
            let uses = |v: &u32| self.through.get(*v as usize).map_or(0, Vec::len);
            secondary.sort_by_cached_key(|v| (uses(v), Reverse(price_of(self.frame, *v)), *v));
            for v in secondary {
                if left == 0 {
                    return;
                }
                if self.is_complementary(v) {
                    self.go_round(boxes, v, per_number, &mut left);
                }
            }
            if self.cost >= before {
                return;
            }
        }
    }

    fn complementary(&self) -> Vec<u32> {
        let all = (0..self.hidden.len()).filter_map(|v| u32::try_from(v).ok());
        all.filter(|v| self.is_complementary(*v)).collect()
    }

    fn is_complementary(&self, variable: u32) -> bool {
        self.hidden.get(variable as usize) == Some(&true)
            && self.frame.fate(variable) != Fate::Primary
    }

    /// Lays the circuits through a number anew without it; undone when that is
    /// impossible or no cheaper.
    fn go_round(&mut self, boxes: &Boxes<'_>, variable: u32, per_number: usize, left: &mut usize) {
        let numbers = self.through.get(variable as usize).cloned().unwrap_or_default();
        if numbers.len() > LIFTED_MAX {
            return;
        }
        let before = self.cost;
        let first_new = self.circuits.len();
        let mut orphans = Vec::new();
        let mut lifted = Vec::with_capacity(numbers.len());
        for number in numbers {
            let (circuit, more) = self.lift(number);
            lifted.push(circuit);
            orphans.extend(more);
        }
        let done = orphans.iter().all(|orphan| {
            if self.proven(*orphan) || self.adopt(*orphan) {
                return true;
            }
            let share = per_number.min(*left);
            let mut rest = share;
            let found = boxes.find(*orphan, &self.hidden, variable, &mut rest);
            *left -= share - rest;
            let Some((added, moves)) = found else { return false };
            let cheaper = self.cost.saturating_add(added) < before;
            if cheaper {
                self.lay(Circuit { moves });
            }
            cheaper
        });
        if done && self.cost < before {
            return;
        }
        for number in (first_new..self.circuits.len()).rev() {
            self.lift(u32::try_from(number).unwrap_or(NONE));
        }
        self.circuits.truncate(first_new);
        for orphan in &orphans {
            set(&mut self.rests_on, *orphan, NONE);
        }
        for circuit in lifted {
            self.lay(circuit);
        }
    }

    /// What the complementary numbers cost.
    pub(crate) fn cost(&self) -> u64 {
        self.cost
    }

    /// The hidden numbers, ascending.
    pub(crate) fn hidden(&self) -> BTreeSet<u32> {
        let hidden = self.hidden.iter().enumerate().filter(|(_, h)| **h);
        hidden.filter_map(|(v, _)| u32::try_from(v).ok()).collect()
    }

    /// The circuits in place.
    pub(crate) fn circuits(&self) -> Vec<Circuit> {
        self.circuits.iter().filter(|c| !c.moves.is_empty()).cloned().collect()
    }

    /// Whether every sensitive number rests on a circuit.
    pub(crate) fn complete(&self) -> bool {
        self.open.is_empty()
    }
}

fn set<T>(list: &mut [T], at: u32, value: T) {
    if let Some(place) = list.get_mut(at as usize) {
        *place = value;
    }
}
