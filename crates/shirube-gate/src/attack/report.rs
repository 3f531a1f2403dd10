//! The attacker's verdict.

use serde::Serialize;

use super::proof::{Proof, prove};
use super::propagate::Propagation;
use super::system::{Broken, System};
use super::{Found, Options};
use crate::table::{CellRef, Interval};

/// How a cell's bounds were settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// One equation at a time.
    #[default]
    Propagation,
    /// Moves around a known solution showed that the range is wide enough.
    Local,
    /// Exact linear programming over the component.
    LinearProgramme,
    /// Integer programming over the component.
    IntegerProgramme,
    /// The solver crate's real optimum, with a margin.
    Solver,
}

/// What the bounds mean under the policy's width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The bounds meet: the number is known.
    Recoverable,
    /// The bounds are closer than the width.
    Weak,
    /// Not shown to be weak, and not shown to be wide enough.
    Undecided,
    /// Values at least the width apart are possible.
    Safe,
}

/// Bounds of one hidden cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CellBounds {
    /// The cell.
    pub cell: CellRef,
    /// Certainly contains the number.
    pub bounds: Interval,
    /// Both ends are taken by values that fit everything printed; `None` when
    /// no such values were looked for or found.
    pub reached: Option<Interval>,
    /// How the bounds were settled.
    pub method: Method,
    /// What they mean.
    pub verdict: Verdict,
}

impl CellBounds {
    /// Whether `bounds` are the true ends, in whole numbers for counts.
    #[must_use]
    pub fn exact(&self) -> bool {
        self.reached == Some(self.bounds)
    }
}

/// A cell that is not protected, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The cell.
    pub cell: CellRef,
    /// Its bounds.
    pub bounds: Interval,
    /// Recoverable or weak.
    pub verdict: Verdict,
    /// The equations that prove it.
    pub proof: Proof,
}

/// The attacker's verdict on a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Attack {
    /// Every hidden cell, in the order of the system.
    pub cells: Vec<CellBounds>,
    /// Recoverable and weak cells with proofs, in the same order.
    pub findings: Vec<Finding>,
    /// Printed numbers that do not add up; each equation was set aside.
    pub broken: Vec<Broken>,
    /// Groups of equations without a common solution, by equation; their cells
    /// keep the bounds found before.
    pub infeasible: Vec<Vec<super::Origin>>,
}

impl Attack {
    /// Number of hidden cells with a verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cells.iter().filter(|c| c.verdict == verdict).count()
    }

    /// Whether every hidden cell is shown to be wide enough.
    #[must_use]
    pub fn safe(&self) -> bool {
        self.cells.iter().all(|c| c.verdict == Verdict::Safe)
    }
}

pub(super) fn build(
    system: &System,
    state: &Propagation<'_>,
    found: Found,
    options: &Options,
) -> Attack {
    let mut attack = Attack { broken: system.broken().to_vec(), ..Attack::default() };
    attack.broken.extend(
        state.contradicted.iter().map(|e| Broken { origin: system.origin(*e as usize), gap: None }),
    );
    attack.infeasible = found
        .infeasible
        .iter()
        .map(|group| group.iter().map(|e| system.origin(*e as usize)).collect())
        .collect();
    for (number, unknown) in system.unknowns().iter().enumerate() {
        if !unknown.judged {
            continue;
        }
        let Some(range) = found.ranges.get(number) else { continue };
        let verdict = verdict(range.outer, range.inner, options.width_of(unknown));
        attack.cells.push(CellBounds {
            cell: unknown.cell,
            bounds: range.outer,
            reached: range.inner,
            method: found.methods.get(number).copied().unwrap_or_default(),
            verdict,
        });
        if matches!(verdict, Verdict::Recoverable | Verdict::Weak) {
            let variable = u32::try_from(number).unwrap_or(u32::MAX);
            let proof = prove(system, state, &found, variable, range.outer);
            attack.findings.push(Finding {
                cell: unknown.cell,
                bounds: range.outer,
                verdict,
                proof,
            });
        }
    }
    attack
}

fn verdict(outer: Interval, inner: Option<Interval>, width: i64) -> Verdict {
    if outer.is_point() {
        Verdict::Recoverable
    } else if !outer.at_least_wide(width) {
        Verdict::Weak
    } else if inner.is_some_and(|inner| inner.at_least_wide(width)) {
        Verdict::Safe
    } else {
        Verdict::Undecided
    }
}
