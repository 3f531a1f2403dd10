//! Why a bound holds: the equations it rests on.

use serde::Serialize;

use super::propagate::{Propagation, Side};
use super::system::{Origin, System};
use super::{Found, Method};
use crate::table::{CellRef, Interval};

/// One step: an equation, with what is known of its other numbers, bounds one
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The equation used.
    pub equation: Origin,
    /// The number it bounds.
    pub cell: CellRef,
    /// The new end of the number's range.
    pub end: i64,
    /// Whether it is the upper end.
    pub upper: bool,
}

/// A combination of equations that proves one end: multiply each by
/// `multiplier / denominator`, add them up, and put in the known bounds of the
/// numbers that remain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProofEnd {
    /// Whether it proves the upper end.
    pub upper: bool,
    /// Common denominator of the multipliers.
    pub denominator: i64,
    /// Equations with multipliers.
    pub terms: Vec<(Origin, i64)>,
}

/// Why a cell is recoverable or weak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Proof {
    /// The number is printed in another table.
    Printed {
        /// Where.
        cell: CellRef,
    },
    /// The mask mark itself says as much.
    Mark,
    /// Equations one after the other, oldest first.
    Chain {
        /// The steps; the last ones bound the cell itself.
        steps: Vec<Step>,
        /// Whether the chain was too long to keep.
        cut: bool,
    },
    /// A combination of equations.
    Combination {
        /// One or both ends.
        ends: Vec<ProofEnd>,
        /// Steps that had bounded the cell before.
        steps: Vec<Step>,
    },
    /// The solver's optimum over all equations of the component.
    Optimum {
        /// How many equations the component has is not recorded here; the
        /// steps that had bounded the cell before are.
        steps: Vec<Step>,
    },
}

/// Longest chain kept.
const STEPS_MAX: usize = 400;

pub(super) fn prove(
    system: &System,
    state: &Propagation<'_>,
    found: &Found,
    unknown: u32,
    bounds: Interval,
) -> Proof {
    let cell = system.unknowns().get(unknown as usize).map(|u| u.cell);
    if let Some((_, printed)) =
        system.printed_elsewhere().iter().find(|(hidden, _)| Some(*hidden) == cell)
        && bounds.is_point()
    {
        return Proof::Printed { cell: *printed };
    }
    let chain = state.derivation(unknown, STEPS_MAX);
    let cut = chain.is_none();
    let steps: Vec<Step> = chain
        .unwrap_or_default()
        .iter()
        .filter_map(|mark| {
            Some(Step {
                equation: system.origin(mark.equation as usize),
                cell: system.unknowns().get(mark.variable as usize)?.cell,
                end: mark.value,
                upper: mark.side == Side::Hi,
            })
        })
        .collect();
    let from = found.combinations.partition_point(|(variable, _)| *variable < unknown);
    let ends: Vec<ProofEnd> = found
        .combinations
        .iter()
        .skip(from)
        .take_while(|(variable, _)| *variable == unknown)
        .filter(|(_, c)| !c.multipliers.is_empty())
        .map(|(_, c)| ProofEnd {
            upper: c.up,
            denominator: c.denominator,
            terms: c.multipliers.iter().map(|(e, m)| (system.origin(*e as usize), *m)).collect(),
        })
        .collect();
    let method = found.methods.get(unknown as usize).copied().unwrap_or_default();
    if !ends.is_empty() && method == Method::LinearProgramme {
        return Proof::Combination { ends, steps };
    }
    if matches!(method, Method::IntegerProgramme | Method::Solver) {
        return Proof::Optimum { steps };
    }
    if steps.is_empty() && !cut {
        return Proof::Mark;
    }
    Proof::Chain { steps, cut }
}
