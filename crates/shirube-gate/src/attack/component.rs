//! Independent parts of a system: unsettled variables connected by equations.

use super::propagate::Propagation;
use super::system::System;
use crate::table::Interval;

/// A connected part: variables that are not settled, and the equations between
/// them with settled variables moved to the other side.
#[derive(Debug, Clone, Default)]
pub(crate) struct Component {
    /// Variables of the system, ascending.
    pub(crate) variables: Vec<u32>,
    pub(crate) rows: Vec<Row>,
}

/// An equation of a component, over positions in [`Component::variables`].
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) terms: Vec<(usize, i64)>,
    pub(crate) sum: Interval,
    /// Number of the equation in the system.
    pub(crate) equation: u32,
}

impl Component {
    /// Whether no two variables are connected in two ways, and all
    /// coefficients are one: one equation at a time is then exact.
    pub(crate) fn is_tree(&self) -> bool {
        let ends: usize = self.rows.iter().map(|row| row.terms.len()).sum();
        let unit = self.rows.iter().flat_map(|r| &r.terms).all(|t| t.1.abs() == 1);
        // A connected graph is a tree when it has one edge less than nodes.
        unit && ends + 1 == self.variables.len() + self.rows.len()
    }
}

struct Forest(Vec<u32>);

impl Forest {
    fn root(&mut self, mut at: u32) -> u32 {
        loop {
            let Some(&parent) = self.0.get(at as usize) else { return at };
            if parent == at {
                return at;
            }
            let grand = self.0.get(parent as usize).copied().unwrap_or(parent);
            if let Some(place) = self.0.get_mut(at as usize) {
                *place = grand;
            }
            at = parent;
        }
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        if let Some(place) = self.0.get_mut(high as usize) {
            *place = low;
        }
    }
}

/// The components with at least one equation, in order of their first variable.
pub(crate) fn components(system: &System, state: &Propagation<'_>) -> Vec<Component> {
    let count = system.unknowns().len();
    let open = |variable: u32| state.bounds.get(variable as usize).is_some_and(|b| !b.is_point());
    let mut forest = Forest((0..count).filter_map(|n| u32::try_from(n).ok()).collect());
    let live = |equation: usize| !state.dropped.get(equation).copied().unwrap_or(true);
    for equation in (0..system.equations()).filter(|e| live(*e)) {
        let mut first = None;
        for (variable, _) in system.terms(equation).iter().filter(|t| open(t.0)) {
            match first {
                None => first = Some(*variable),
                Some(first) => forest.join(first, *variable),
            }
        }
    }
    let mut slot = vec![u32::MAX; count];
    let mut position = vec![0_usize; count];
    let mut parts: Vec<Component> = Vec::new();
    for variable in (0..count).filter_map(|n| u32::try_from(n).ok()).filter(|v| open(*v)) {
        let root = forest.root(variable);
        let Some(place) = slot.get_mut(root as usize) else { continue };
        if *place == u32::MAX {
            *place = u32::try_from(parts.len()).unwrap_or(u32::MAX);
            parts.push(Component::default());
        }
        if let (Some(part), Some(at)) =
            (parts.get_mut(*place as usize), position.get_mut(variable as usize))
        {
            *at = part.variables.len();
            part.variables.push(variable);
        }
    }
    for equation in (0..system.equations()).filter(|e| live(*e)) {
        let mut terms = Vec::new();
        let mut known = 0_i64;
        let mut root = None;
        for (variable, coefficient) in system.terms(equation) {
            if open(*variable) {
                root.get_or_insert(*variable);
                terms.push((position.get(*variable as usize).copied().unwrap_or(0), *coefficient));
            } else if let Some(bounds) = state.bounds.get(*variable as usize) {
                known = known.saturating_add(bounds.lo.saturating_mul(*coefficient));
            }
        }
        let Some(first) = root else { continue };
        let at = slot.get(forest.root(first) as usize).copied().unwrap_or(u32::MAX);
        let sum = system.sum(equation);
        let sum = Interval {
            lo: if sum.has_lo() { sum.lo.saturating_sub(known) } else { sum.lo },
            hi: if sum.has_hi() { sum.hi.saturating_sub(known) } else { sum.hi },
        };
        if let Some(part) = parts.get_mut(at as usize) {
            let equation = u32::try_from(equation).unwrap_or(u32::MAX);
            part.rows.push(Row { terms, sum, equation });
        }
    }
    parts.retain(|part| !part.rows.is_empty());
    parts
}
