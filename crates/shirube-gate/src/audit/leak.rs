//! What a finding is, and by which way the number gets out.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::attack::{self, Attack, Finding, Origin, Proof, Verdict};
use crate::table::{CellRef, Interval};

use super::unit::{Built, Equation, EquationKind};

/// By which way a masked number gets out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakKind {
    /// The only masked cell of a sum: total less the rest.
    Lone,
    /// Nothing is left of the total for the masked cells: all are zero.
    NothingLeft,
    /// The masked cells can only be as small, or as large, as the printed rule
    /// allows for what is left of the total.
    ByRule,
    /// Several masked cells of a sum are forced together.
    Forced,
    /// Another table prints the same numbers differently broken down.
    Linked,
    /// A number that cannot be greater than another.
    Ordered,
    /// Only several sums together give it away.
    Combined,
}

impl LeakKind {
    /// All kinds, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Lone,
        Self::NothingLeft,
        Self::ByRule,
        Self::Forced,
        Self::Linked,
        Self::Ordered,
        Self::Combined,
    ];

    /// Name in files and message keys.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Lone => "lone",
            Self::NothingLeft => "nothing_left",
            Self::ByRule => "by_rule",
            Self::Forced => "forced",
            Self::Linked => "linked",
            Self::Ordered => "ordered",
            Self::Combined => "combined",
        }
    }
}

/// What the recovered number is under the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// From one to below the threshold: what the rule is there to hide.
    Small,
    /// Zero, which the rule allows to be printed.
    Zero,
    /// At or above the threshold: hidden to protect another cell.
    Companion,
    /// A range, not one number.
    Range,
}

/// A masked cell that is not protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// The cell: table among all tables, and number in it.
    pub cell: CellRef,
    /// What is possible.
    pub bounds: Interval,
    /// Recoverable or weak.
    pub verdict: Verdict,
    /// By which way.
    pub kind: LeakKind,
    /// What it is under the threshold.
    pub nature: Nature,
    /// The last equations of the proof, the deciding one last.
    pub(super) equations: Vec<Equation>,
    /// How many equations the proof rests on.
    pub equations_used: usize,
}

/// Equations kept of a proof.
const KEPT: usize = 4;

/// Names the ways by which an attack found its findings.
pub(super) fn leaks(
    found: &Attack,
    built: &Built,
    threshold: impl Fn(CellRef) -> i64,
) -> Vec<Leak> {
    let leak = |finding: &Finding| {
        let numbers = equation_numbers(&finding.proof);
        let used: Vec<&Equation> =
            numbers.iter().filter_map(|n| built.equations.get(*n as usize)).collect();
        let own = built
            .equations
            .iter()
            .find(|e| e.kind == EquationKind::Row && e.parts.contains(&finding.cell));
        let kind = kind(finding, &used, &numbers, built, own);
        let nature = nature(finding.bounds, threshold(finding.cell));
        let most = match nature {
            Nature::Small | Nature::Companion => KEPT,
            // There are many of these, and the deciding sum says enough.
            Nature::Zero | Nature::Range => 1,
        };
        let kept = match used.as_slice() {
            [] => own.into_iter().cloned().collect(),
            used => most_telling(used, finding.cell, most),
        };
        Leak {
            cell: finding.cell,
            bounds: finding.bounds,
            verdict: finding.verdict,
            kind,
            nature,
            equations_used: used.len().max(usize::from(own.is_some())),
            equations: kept,
        }
    };
    found.findings.iter().map(leak).collect()
}

/// The equations that say most about a cell, in the order of the proof: those
/// it stands in, then sums, then comparisons; later ones before earlier ones.
fn most_telling(used: &[&Equation], cell: CellRef, most: usize) -> Vec<Equation> {
    let rank = |e: &Equation| match e.kind {
        EquationKind::AtMost => 2,
        _ if e.total == Some(cell) || e.parts.contains(&cell) => 0,
        EquationKind::Row | EquationKind::Column | EquationKind::Nest | EquationKind::Residual => 1,
    };
    let mut order: Vec<usize> = (0..used.len()).rev().collect();
    order.sort_by_key(|at| used.get(*at).map(|e| rank(e)));
    order.truncate(most);
    order.sort_unstable();
    order.into_iter().filter_map(|at| used.get(at).map(|e| (*e).clone())).collect()
}

fn nature(bounds: Interval, threshold: i64) -> Nature {
    if !bounds.is_point() {
        Nature::Range
    } else if bounds.lo == 0 {
        Nature::Zero
    } else if bounds.lo < threshold {
        Nature::Small
    } else {
        Nature::Companion
    }
}

/// The caller's numbers of the equations of a proof, in order of use, each once.
fn equation_numbers(proof: &Proof) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |origin: &Origin| {
        if let Origin::Given { number } = origin
            && seen.insert(*number)
        {
            numbers.push(*number);
        }
    };
    match proof {
        Proof::Printed { .. } | Proof::Mark => {}
        Proof::Chain { steps, .. } | Proof::Optimum { steps } => {
            steps.iter().for_each(|step| add(&step.equation));
        }
        Proof::Combination { ends, steps } => {
            steps.iter().for_each(|step| add(&step.equation));
            ends.iter().flat_map(|end| &end.terms).for_each(|(origin, _)| add(origin));
        }
    }
    numbers
}

fn kind(
    finding: &Finding,
    used: &[&Equation],
    numbers: &[u32],
    built: &Built,
    own: Option<&Equation>,
) -> LeakKind {
    let between = |e: &&Equation| {
        matches!(e.kind, EquationKind::Nest | EquationKind::Column | EquationKind::Residual)
    };
    if used.iter().any(between) {
        return LeakKind::Linked;
    }
    if used.iter().any(|e| e.kind == EquationKind::AtMost) {
        return LeakKind::Ordered;
    }
    if finding.bounds == Interval::point(0) {
        return LeakKind::NothingLeft;
    }
    if matches!(finding.proof, Proof::Combination { .. } | Proof::Optimum { .. }) {
        return LeakKind::Combined;
    }
    let hidden_of = |number: &u32| built.system.terms(*number as usize).len();
    match numbers {
        [] if own.is_some() => LeakKind::ByRule,
        [one] if hidden_of(one) == 1 => LeakKind::Lone,
        _ => LeakKind::Forced,
    }
}

/// The attack as the audit runs it.
pub(super) fn options(width: i64) -> attack::Options {
    attack::Options {
        tableau_max: 400_000,
        pivots_max: 20_000,
        integer_max: 60,
        programmes_max: 40,
        ..attack::Options::deciding(width)
    }
}
