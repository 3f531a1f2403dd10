//! Complementary suppression, controlled rounding and cell-key perturbation.
//!
//! [`protect`] hides the sensitive cells of a set of tables and as few others
//! as it can, so that the attacker finds no hidden number closer than the
//! policy's width. Its result carries the attacker's verdict on exactly the
//! tables it hands out; nothing is handed out that the attacker has not passed.

mod cellkey;
mod circuits;
mod field;
mod frame;
mod gauss;
mod optimal;
mod pattern;
mod repair;
mod rounding;
mod suppress;

use serde::Serialize;
use shirube_model::refusal::Refusal;

pub use cellkey::{NoiseTable, RecordKey, perturb};
pub use optimal::cheapest;
pub use rounding::{Rounded, round};
pub use suppress::linear;

use crate::attack::Attack;
use crate::policy::{Contributions, Policy, Reason, sensitive};
use crate::table::{CellRef, TableSet};

/// What hiding a cell costs.
#[derive(Clone, Copy, Default)]
pub enum Weight<'a> {
    /// Every cell the same: as few cells as possible.
    #[default]
    One,
    /// The cell's value: as little of the published total as possible.
    Value,
    /// The binary logarithm of the value: between the two.
    LogValue,
    /// The caller's own.
    Custom(&'a dyn Fn(CellRef, i64) -> u64),
}

impl std::fmt::Debug for Weight<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::One => "One",
            Self::Value => "Value",
            Self::LogValue => "LogValue",
            Self::Custom(_) => "Custom",
        })
    }
}

/// A cell that must be hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Primary {
    /// The cell.
    pub cell: CellRef,
    /// Width that protects it, in the smallest unit.
    pub width: i64,
    /// Threshold that a distinct primary mark gives away; zero for none.
    pub threshold: i64,
}

/// What is to be protected, and how.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The tables with their true numbers.
    pub set: &'a TableSet,
    /// The policy.
    pub policy: &'a Policy,
    /// The cells to hide in any case.
    pub primary: &'a [Primary],
    /// Cells that must be printed.
    pub forced: &'a [CellRef],
    /// What hiding costs.
    pub weight: Weight<'a>,
    /// Limits of the search.
    pub effort: Effort,
}

/// Limits of the search for a cheap pattern; each is deterministic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Most vector entries for elimination; beyond it circuits are used.
    pub entries_max: usize,
    /// Most elementary operations of one elimination.
    pub operations_max: u64,
    /// Most orders of priority that are tried.
    pub orders_max: usize,
    /// Most partial boxes looked at per number in the search for circuits.
    pub boxes_max: usize,
    /// Most partial boxes looked at in making the pattern cheaper.
    pub improve_max: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            entries_max: 50_000,
            operations_max: 3_000_000,
            orders_max: 2,
            boxes_max: 600,
            improve_max: 300_000,
        }
    }
}

/// How the pattern was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Approach {
    /// Nothing was sensitive.
    Nothing,
    /// Elimination.
    Elimination,
    /// Circuits (hypercubes), for large tables.
    Circuits,
}

/// Safe tables, and the proof that they are.
#[derive(Debug, Clone)]
pub struct Protected {
    /// The tables with masks.
    pub set: TableSet,
    /// Variables hidden for themselves, by their first cell.
    pub primary: Vec<CellRef>,
    /// Variables hidden to protect others, by their first cell.
    pub secondary: Vec<CellRef>,
    /// Sum of the true numbers hidden to protect others.
    pub secondary_value: i64,
    /// How the pattern was found.
    pub approach: Approach,
    /// The attacker's verdict on `set`: every hidden cell is safe.
    pub attack: Attack,
}

/// Applies the primary rules of a policy to a set of tables; `behind` gives the
/// contributions to a cell, where known.
#[must_use]
pub fn primaries(
    set: &TableSet,
    policy: &Policy,
    measure: Option<&str>,
    behind: impl Fn(CellRef) -> Option<Contributions>,
) -> Vec<Primary> {
    let mut out = Vec::new();
    for (at, table) in set.tables.iter().enumerate() {
        let scale = 10_i64.checked_pow(table.measure.decimals).unwrap_or(1);
        let reasons = sensitive(table, policy, measure, |n| behind(CellRef::new(at, n)));
        for (number, reason) in reasons.iter().enumerate() {
            let Some(reason) = reason else { continue };
            let cell = CellRef::new(at, number);
            let threshold = policy.threshold_for(measure).saturating_mul(scale);
            let own = behind(cell);
            out.push(Primary {
                cell,
                width: range_needed(policy, table.cell(number).published(), own.as_ref()),
                threshold: if *reason == Reason::Threshold { threshold } else { 0 },
            });
        }
    }
    out
}

/// Width that protects a sensitive number: the policy's, or for sums as much as
/// the p % rule says of the largest contribution on both sides together.
fn range_needed(policy: &Policy, value: Option<i64>, behind: Option<&Contributions>) -> i64 {
    let largest = behind.and_then(|b| b.largest.first().copied());
    let share = match (policy.p_percent, largest, value) {
        (Some(p), Some(first), Some(_)) => i128::from(first.max(0)) * i128::from(p) / 100 + 1,
        _ => 0,
    };
    policy.width.max(i64::try_from(share).unwrap_or(i64::MAX))
}

/// Hides what must be hidden, and what protects it.
///
/// # Errors
/// `gate.protect.not_published` for a sensitive cell without a number,
/// `gate.protect.impossible` when no choice of cells protects, given what must
/// be printed, and `gate.protect.undecided` when the search ended at its limits
/// without a pattern that is shown to be safe.
pub fn protect(task: &Task<'_>) -> Result<Protected, Refusal> {
    task.set.check()?;
    suppress::run(task)
}

/// Protects counts under a policy: primary rule, suppression, verdict.
///
/// # Errors
/// As for [`protect`].
pub fn protect_counts(set: &TableSet, policy: &Policy) -> Result<Protected, Refusal> {
    let primary = primaries(set, policy, None, |_| None);
    protect(&Task {
        set,
        policy,
        primary: &primary,
        forced: &[],
        weight: Weight::One,
        effort: Effort::default(),
    })
}
