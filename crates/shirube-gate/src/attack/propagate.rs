//! Bounds by one equation at a time, to a fixed point, with the trail that
//! proves each bound.

use crate::attack::system::System;
use crate::table::Interval;

/// Which end of an interval was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    Lo,
    Hi,
}

/// One tightening: `equation` moved one end of a variable's interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) variable: u32,
    pub(crate) side: Side,
    pub(crate) equation: u32,
    pub(crate) value: i64,
    /// The mark of the same variable and side before this one.
    before: u32,
}

const NONE: u32 = u32::MAX;

/// The state of propagation over a system.
#[derive(Debug)]
pub(crate) struct Propagation<'a> {
    system: &'a System,
    pub(crate) bounds: Vec<Interval>,
    trail: Vec<Mark>,
    last_lo: Vec<u32>,
    last_hi: Vec<u32>,
    /// Equations of each variable, end to end.
    uses_from: Vec<u32>,
    uses: Vec<u32>,
    /// Equations left out because they contradict the others.
    pub(crate) dropped: Vec<bool>,
    pub(crate) contradicted: Vec<u32>,
}

/// Sum of the least (or greatest) values of the terms, with open ends counted.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    total: i128,
    open: u32,
}

impl End {
    fn add(&mut self, value: Option<i128>) {
        match value {
            Some(value) => self.total += value,
            None => self.open += 1,
        }
    }

    /// The sum without one term; `None` when an open end remains.
    fn without(self, value: Option<i128>) -> Option<i128> {
        match value {
            Some(value) if self.open == 0 => Some(self.total - value),
            None if self.open == 1 => Some(self.total),
            _ => None,
        }
    }
}

fn ends(bounds: Interval, coefficient: i64) -> (Option<i128>, Option<i128>) {
    let lo = bounds.has_lo().then(|| i128::from(bounds.lo) * i128::from(coefficient));
    let hi = bounds.has_hi().then(|| i128::from(bounds.hi) * i128::from(coefficient));
    if coefficient >= 0 { (lo, hi) } else { (hi, lo) }
}

impl<'a> Propagation<'a> {
    pub(crate) fn new(system: &'a System) -> Self {
        let count = system.unknowns().len();
        let mut uses_from = vec![0_u32; count + 1];
        for equation in 0..system.equations() {
            for (variable, _) in system.terms(equation) {
                if let Some(n) = uses_from.get_mut(*variable as usize + 1) {
                    *n += 1;
                }
            }
        }
        let mut total = 0;
        for n in &mut uses_from {
            total += *n;
            *n = total;
        }
        let mut next = uses_from.clone();
        let mut uses = vec![0_u32; total as usize];
        for equation in 0..system.equations() {
            for (variable, _) in system.terms(equation) {
                let Some(at) = next.get_mut(*variable as usize) else { continue };
                if let Some(place) = uses.get_mut(*at as usize) {
                    *place = u32::try_from(equation).unwrap_or(u32::MAX);
                }
                *at += 1;
            }
        }
        Self {
            system,
            bounds: system.unknowns().iter().map(|u| u.bounds).collect(),
            trail: Vec::new(),
            last_lo: vec![NONE; count],
            last_hi: vec![NONE; count],
            uses_from,
            uses,
            dropped: vec![false; system.equations()],
            contradicted: Vec::new(),
        }
    }

    /// Equations that speak of a variable.
    pub(crate) fn uses(&self, variable: u32) -> &[u32] {
        let from = self.uses_from.get(variable as usize).copied().unwrap_or(0) as usize;
        let to = self.uses_from.get(variable as usize + 1).copied().unwrap_or(0) as usize;
        self.uses.get(from..to).unwrap_or(&[])
    }

    /// Runs to the fixed point, or until an effort limit, whichever is first;
    /// bounds are valid in both cases. An equation that leaves no value for a
    /// variable contradicts the rest: it is set aside and reported.
    pub(crate) fn run(&mut self) {
        let count = self.system.equations();
        loop {
            let mut queue: std::collections::VecDeque<u32> =
                (0..count).filter_map(|e| u32::try_from(e).ok()).collect();
            let mut queued = vec![true; count];
            // Slow convergence (a cycle that gains one unit per round) is left
            // to linear programming.
            let mut visits = vec![0_u16; count];
            let mut conflict = None;
            while let Some(equation) = queue.pop_front() {
                let at = equation as usize;
                if let Some(flag) = queued.get_mut(at) {
                    *flag = false;
                }
                if self.dropped.get(at).copied().unwrap_or(true) {
                    continue;
                }
                let Some(visit) = visits.get_mut(at) else { continue };
                *visit += 1;
                if *visit > 64 {
                    continue;
                }
                let from = self.trail.len();
                if !self.tighten(equation) {
                    conflict = Some(equation);
                    break;
                }
                for mark in from..self.trail.len() {
                    let Some(variable) = self.trail.get(mark).map(|m| m.variable) else { continue };
                    for other in self.uses(variable).to_vec() {
                        if other == equation {
                            continue;
                        }
                        if let Some(flag) = queued.get_mut(other as usize)
                            && !*flag
                        {
                            *flag = true;
                            queue.push_back(other);
                        }
                    }
                }
            }
            let Some(equation) = conflict else { return };
            self.set_aside(equation);
        }
    }

    /// Leaves an equation out and forgets every bound, as any may rest on it.
    pub(crate) fn set_aside(&mut self, equation: u32) {
        if let Some(flag) = self.dropped.get_mut(equation as usize) {
            *flag = true;
        }
        self.contradicted.push(equation);
        self.bounds = self.system.unknowns().iter().map(|u| u.bounds).collect();
        self.trail.clear();
        self.last_lo.fill(NONE);
        self.last_hi.fill(NONE);
    }

    /// Tightens the variables of one equation; false on a contradiction.
    fn tighten(&mut self, equation: u32) -> bool {
        let system = self.system;
        let terms = system.terms(equation as usize);
        let sum = system.sum(equation as usize);
        let mut least = End::default();
        let mut most = End::default();
        for (variable, coefficient) in terms {
            let (lo, hi) = ends(self.bound(*variable), *coefficient);
            least.add(lo);
            most.add(hi);
        }
        let (target_lo, target_hi) =
            (sum.has_lo().then(|| i128::from(sum.lo)), sum.has_hi().then(|| i128::from(sum.hi)));
        for (variable, coefficient) in terms {
            let own = self.bound(*variable);
            let (lo, hi) = ends(own, *coefficient);
            // coefficient x variable <= target - least of the others, and
            // >= target - most of the others.
            let upper = target_hi.zip(least.without(lo)).map(|(t, rest)| t - rest);
            let lower = target_lo.zip(most.without(hi)).map(|(t, rest)| t - rest);
            let c = i128::from(*coefficient);
            let (lower, upper) =
                if c > 0 { (lower, upper) } else { (upper.map(|v| -v), lower.map(|v| -v)) };
            let (up, down): (Round, Round) = if self.whole(*variable) {
                (ceil_div, floor_div)
            } else {
                // A real number may lie between two units: round outward.
                (floor_div, ceil_div)
            };
            let new_lo = lower.map(|v| up(v, c.abs()));
            let new_hi = upper.map(|v| down(v, c.abs()));
            if let Some(value) = new_lo.and_then(clamp)
                && value > own.lo
            {
                self.mark(*variable, Side::Lo, equation, value);
            }
            if let Some(value) = new_hi.and_then(clamp)
                && value < own.hi
            {
                self.mark(*variable, Side::Hi, equation, value);
            }
            if self.bound(*variable).is_empty() {
                return false;
            }
        }
        let fits = |limit: Option<i128>, end: End, above: bool| {
            let Some(limit) = limit else { return true };
            end.open > 0 || if above { end.total <= limit } else { end.total >= limit }
        };
        fits(target_hi, least, true) && fits(target_lo, most, false)
    }

    fn whole(&self, variable: u32) -> bool {
        self.system.unknowns().get(variable as usize).is_none_or(|u| u.integer)
    }

    fn bound(&self, variable: u32) -> Interval {
        self.bounds.get(variable as usize).copied().unwrap_or(Interval::ALL)
    }

    fn mark(&mut self, variable: u32, side: Side, equation: u32, value: i64) {
        let at = variable as usize;
        let number = u32::try_from(self.trail.len()).unwrap_or(NONE);
        let last = match side {
            Side::Lo => &mut self.last_lo,
            Side::Hi => &mut self.last_hi,
        };
        let (Some(last), Some(bounds)) = (last.get_mut(at), self.bounds.get_mut(at)) else {
            return;
        };
        let before = std::mem::replace(last, number);
        match side {
            Side::Lo => bounds.lo = value,
            Side::Hi => bounds.hi = value,
        }
        self.trail.push(Mark { variable, side, equation, value, before });
    }

    /// The tightenings that the present bounds of a variable rest on, oldest
    /// first; `None` when there are more than `limit`.
    pub(crate) fn derivation(&self, variable: u32, limit: usize) -> Option<Vec<Mark>> {
        let mut wanted = std::collections::BTreeSet::new();
        let mut open = Vec::new();
        for last in [&self.last_lo, &self.last_hi] {
            if let Some(mark) = last.get(variable as usize).filter(|m| **m != NONE)
                && wanted.insert(*mark)
            {
                open.push(*mark);
            }
        }
        while let Some(number) = open.pop() {
            if wanted.len() > limit {
                return None;
            }
            let mark = self.trail.get(number as usize)?;
            let terms = self.system.terms(mark.equation as usize);
            let own = terms.iter().find(|t| t.0 == mark.variable).map_or(1, |t| t.1);
            for (other, coefficient) in terms.iter().filter(|t| t.0 != mark.variable) {
                // An upper end of ours rests on lower ends of terms of the same
                // sign and on upper ends of terms of the other sign.
                let same = (own > 0) == (*coefficient > 0);
                let lo = (mark.side == Side::Hi) == same;
                let mut at = if lo {
                    self.last_lo.get(*other as usize).copied()?
                } else {
                    self.last_hi.get(*other as usize).copied()?
                };
                while at != NONE && at >= number {
                    at = self.trail.get(at as usize)?.before;
                }
                if at != NONE && wanted.insert(at) {
                    open.push(at);
                }
            }
        }
        wanted.into_iter().map(|number| self.trail.get(number as usize).copied()).collect()
    }
}

type Round = fn(i128, i128) -> i128;

fn clamp(value: i128) -> Option<i64> {
    let value = i64::try_from(value).ok()?;
    (value != i64::MIN && value != i64::MAX).then_some(value)
}

fn floor_div(a: i128, b: i128) -> i128 {
    a.div_euclid(b)
}

fn ceil_div(a: i128, b: i128) -> i128 {
    -(-a).div_euclid(b)
}
