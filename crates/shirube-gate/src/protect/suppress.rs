//! From sensitive cells to safe tables.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use shirube_model::refusal::Refusal;

use super::circuits::{Boxes, Circuit};
use super::frame::{Fate, Frame};
use super::gauss::{Parametrised, eliminate};
use super::pattern::{Order, Pattern};
use super::repair::repair;
use super::{Approach, Protected, Task};
use crate::attack::{Attack, Knowledge, Move, Options, System, Verdict, attack};
use crate::table::{Cell, CellRef, TableSet};

/// Most rounds of attack and repair.
const ROUNDS_MAX: usize = 40;

/// Most numbers of a set of tables for which several patterns are laid.
const SEVERAL_MAX: usize = 20_000;

/// Most hidden numbers for which each complementary one is judged by an attack
/// of its own.
const PRUNE_MAX: usize = 60;

/// Runs a task.
pub(crate) fn run(task: &Task<'_>) -> Result<Protected, Refusal> {
    let frame = Frame::new(task);
    let primaries: BTreeSet<u32> = frame.primaries().into_iter().collect();
    for primary in task.primary {
        let table = task.set.tables.get(primary.cell.table as usize);
        if table.is_none_or(|t| t.cell(primary.cell.cell as usize).published().is_none()) {
            return Err(Refusal::new("gate.protect.not_published"));
        }
    }
    if primaries.is_empty() {
        return finish(task, &frame, &primaries, &[], Approach::Nothing)
            .ok_or_else(|| Refusal::new("gate.protect.impossible"));
    }
    let (pattern, approach) = first_pattern(task, &frame, &primaries);
    let (mut hidden, mut circuits) = (pattern.hidden(), pattern.circuits());
    if pattern.complete() && hidden.len() > PRUNE_MAX {
        // Every number rests on a circuit: one attack confirms it.
        if let Some(safe) = finish(task, &frame, &hidden, &circuits, approach) {
            return Ok(safe);
        }
    }
    drop(pattern);
    for _ in 0..ROUNDS_MAX {
        let weak = weak_variables(task, &frame, &hidden, &circuits);
        if weak.is_empty() {
            prune(task, &frame, &mut hidden, &circuits, &primaries);
            return finish(task, &frame, &hidden, &circuits, approach)
                .ok_or_else(|| Refusal::new("gate.protect.undecided"));
        }
        let before = hidden.len();
        let useless: Vec<u32> = weak.iter().copied().filter(|v| !primaries.contains(v)).collect();
        for variable in weak.iter().filter(|v| primaries.contains(v)) {
            if let Some(found) = repair(task, &frame, &hidden, *variable) {
                hidden.extend(found.iter().map(|(v, _)| *v));
                circuits.push(Circuit { moves: found });
            }
        }
        if hidden.len() == before {
            // A complementary cell that is told anyway protects nothing.
            for variable in &useless {
                hidden.remove(variable);
            }
            if hidden.len() == before {
                break;
            }
        }
    }
    Err(give_up(task, &frame, &primaries))
}

/// Why no pattern came out: none protects even with everything hidden that may
/// be, or the search ended at its limits.
fn give_up(task: &Task<'_>, frame: &Frame, primaries: &BTreeSet<u32>) -> Refusal {
    let mut all = primaries.clone();
    all.extend(frame.with_fate(Fate::Open));
    let (mut system, truth) = frame.system(&all);
    system.require(|_, own| own.max(task.policy.width));
    let found = attack(&system, &options(task), Some(Knowledge { truth: &truth, moves: &[] }));
    let told = all.iter().zip(&found.cells).any(|(v, cell)| {
        primaries.contains(v) && matches!(cell.verdict, Verdict::Recoverable | Verdict::Weak)
    });
    Refusal::new(if told { "gate.protect.impossible" } else { "gate.protect.undecided" })
}

/// The first pattern: circuits laid one by one. In all but large tables this is
/// done in several orders, and within the pattern that elimination finds, and
/// the cheapest is taken.
fn first_pattern<'a>(
    task: &'a Task<'a>,
    frame: &'a Frame,
    primaries: &BTreeSet<u32>,
) -> (Pattern<'a>, Approach) {
    let boxes = Boxes::new(task, frame);
    let effort = task.effort;
    let lay = |guide: &BTreeSet<u32>, order: Order| {
        let mut pattern = Pattern::new(task, frame);
        pattern.cover(&boxes, guide, order, effort.boxes_max);
        pattern.improve(&boxes, effort.boxes_max, effort.improve_max);
        pattern
    };
    let mut best = lay(&BTreeSet::new(), Order::Forward);
    let mut approach = Approach::Circuits;
    if frame.values.len() <= SEVERAL_MAX {
        let guide = by_elimination(task, frame, primaries);
        let none = BTreeSet::new();
        let others = guide.iter().map(|g| (g, Order::Forward)).chain(
            [Order::Backward, Order::LargeFirst, Order::SmallFirst].map(|order| (&none, order)),
        );
        for (from, order) in others {
            let pattern = lay(from, order);
            if (!pattern.complete(), pattern.cost()) < (!best.complete(), best.cost()) {
                approach = if from.is_empty() { Approach::Circuits } else { Approach::Elimination };
                best = pattern;
            }
        }
    }
    (best, approach)
}

/// The cheapest pattern that elimination finds within the effort.
fn by_elimination(
    task: &Task<'_>,
    frame: &Frame,
    primaries: &BTreeSet<u32>,
) -> Option<BTreeSet<u32>> {
    let protect: Vec<u32> = primaries.iter().copied().collect();
    let parametrised = Parametrised::new(frame, &|_| true, task.effort.entries_max)?;
    let mut best: Option<(u64, BTreeSet<u32>)> = None;
    for order in orders(frame).into_iter().take(task.effort.orders_max) {
        let outcome = eliminate(&parametrised, &protect, &order, task.effort.operations_max);
        if outcome.cut {
            break;
        }
        let cost = outcome.secondary.iter().map(|v| frame.cost(*v)).sum();
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, outcome.secondary));
        }
    }
    best.map(|(_, hidden)| hidden)
}

/// Complementary cells by elimination alone, which keeps any sensitive number
/// from being the exact sum and difference of printed ones, but knows nothing
/// of bounds: a reference to compare with, not a protection. `None` beyond the
/// effort.
#[must_use]
pub fn linear(task: &Task<'_>) -> Option<Vec<CellRef>> {
    let frame = Frame::new(task);
    let primaries: BTreeSet<u32> = frame.primaries().into_iter().collect();
    let hidden = by_elimination(task, &frame, &primaries)?;
    Some(hidden.iter().filter_map(|v| frame.variables.firsts.get(*v as usize).copied()).collect())
}

/// Orders of priority to be printed.
fn orders(frame: &Frame) -> Vec<Vec<u32>> {
    let open = frame.with_fate(Fate::Open);
    let mut out = Vec::new();
    let mut by_cost = open.clone();
    by_cost.sort_by_key(|v| (Reverse(frame.cost(*v)), Reverse(frame.value(*v)), *v));
    out.push(by_cost);
    // Numbers that stand next to many sensitive ones protect most when hidden.
    let near = |v: u32| {
        frame
            .uses(v)
            .iter()
            .flat_map(|row| frame.terms(*row as usize))
            .filter(|(o, _)| frame.fate(*o) == Fate::Primary)
            .count()
    };
    let mut by_use = open;
    by_use
        .sort_by_cached_key(|v| (near(*v), Reverse(frame.cost(*v)), Reverse(frame.value(*v)), *v));
    out.push(by_use);
    out
}

/// How hard to attack while searching. A cell that is not shown to be safe
/// within these limits is treated as weak and gets a circuit of its own, which
/// is cheaper than proving it over a large component.
fn options(task: &Task<'_>) -> Options {
    Options {
        tableau_max: 60_000,
        pivots_max: 4_000,
        integer_max: 40,
        programmes_max: 8,
        ..Options::deciding(task.policy.width)
    }
}

/// Hidden variables that the attacker finds too narrow.
fn weak_variables(
    task: &Task<'_>,
    frame: &Frame,
    hidden: &BTreeSet<u32>,
    circuits: &[Circuit],
) -> Vec<u32> {
    let (mut system, truth) = frame.system(hidden);
    let list: Vec<u32> = hidden.iter().copied().collect();
    system.require(|_, own| own.max(task.policy.width));
    let moves = moves(circuits, &list);
    let found = attack(&system, &options(task), Some(Knowledge { truth: &truth, moves: &moves }));
    list.iter()
        .zip(&found.cells)
        .filter(|(_, cell)| cell.verdict != Verdict::Safe)
        .map(|(v, _)| *v)
        .collect()
}

fn moves(circuits: &[Circuit], hidden: &[u32]) -> Vec<Move> {
    circuits
        .iter()
        .filter_map(|circuit| {
            circuit
                .moves
                .iter()
                .map(|(v, by)| Some((u32::try_from(hidden.binary_search(v).ok()?).ok()?, *by)))
                .collect()
        })
        .collect()
}

/// Prints complementary cells again, dearest first, as long as the attacker
/// gains nothing. Only where one attack is cheap.
fn prune(
    task: &Task<'_>,
    frame: &Frame,
    hidden: &mut BTreeSet<u32>,
    circuits: &[Circuit],
    primaries: &BTreeSet<u32>,
) {
    if hidden.len() > PRUNE_MAX {
        return;
    }
    let mut secondary: Vec<u32> = hidden.difference(primaries).copied().collect();
    secondary.sort_by_key(|v| (Reverse(frame.cost(*v)), Reverse(frame.value(*v)), *v));
    for variable in secondary {
        hidden.remove(&variable);
        let weak = weak_variables(task, frame, hidden, circuits);
        if !weak.is_empty() {
            hidden.insert(variable);
        }
    }
}

/// Masks the tables and has the attacker judge them from what is printed; nothing
/// comes out unless every hidden number is shown to be safe.
fn finish(
    task: &Task<'_>,
    frame: &Frame,
    hidden: &BTreeSet<u32>,
    circuits: &[Circuit],
    approach: Approach,
) -> Option<Protected> {
    let mut set = task.set.clone();
    for (table, of_cell) in set.tables.iter_mut().zip(&frame.variables.of_cell) {
        for (number, variable) in of_cell.iter().enumerate() {
            if hidden.contains(variable) && table.cell(number) != Cell::Missing {
                table.put(number, Cell::Hidden(frame.mask(*variable)));
            }
        }
    }
    let attack = verdict(task, frame, &set, circuits);
    if !attack.safe() {
        return None;
    }
    let first = |v: &u32| {
        frame.variables.firsts.get(*v as usize).copied().unwrap_or(CellRef { table: 0, cell: 0 })
    };
    let (primary, secondary): (Vec<u32>, Vec<u32>) =
        hidden.iter().partition(|v| frame.fate(**v) == Fate::Primary);
    Some(Protected {
        set,
        primary: primary.iter().map(first).collect(),
        secondary_value: secondary.iter().map(|v| frame.value(*v)).sum(),
        secondary: secondary.iter().map(first).collect(),
        approach,
        attack,
    })
}

fn verdict(task: &Task<'_>, frame: &Frame, set: &TableSet, circuits: &[Circuit]) -> Attack {
    let mut system = System::of(set);
    let variable = |cell: CellRef| frame.variables.of(cell).unwrap_or(u32::MAX);
    system.require(|cell, own| own.max(frame.width(variable(cell))).max(task.policy.width));
    let mut of_unknown = Vec::with_capacity(system.unknowns().len());
    let mut truth = Vec::with_capacity(system.unknowns().len());
    let mut known = true;
    for unknown in system.unknowns() {
        let v = variable(unknown.cell);
        of_unknown.push(v);
        truth.push(frame.value(v));
        known &= unknown.judged;
    }
    // Unknowns are in the order of the variables when all are masked cells.
    let moves = if known { moves(circuits, &of_unknown) } else { Vec::new() };
    let knowledge = known.then_some(Knowledge { truth: &truth, moves: &moves });
    attack(&system, &options(task), knowledge)
}
