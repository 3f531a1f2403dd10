//! What to mask in addition, so that no number below the threshold can be
//! computed.

use crate::attack::attack;
use crate::table::CellRef;

use super::leak::{Leak, Nature, leaks, options};
use super::unit::{EquationKind, Unit, World, build};

/// Rounds of attack and repair per unit.
const ROUNDS: usize = 60;

/// What repairs a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Remedy {
    /// Printed cells to be masked, in the order chosen.
    pub(super) cells: Vec<CellRef>,
    /// Whether the attack then finds no number below the threshold.
    pub(super) complete: bool,
}

/// Masks the smallest printed part of the sum that gives a number away, attacks
/// again, and so on. Cheap rather than optimal; the attack decides when it is
/// enough.
pub(super) fn remedy(unit: &Unit, world: World<'_>, threshold: impl Fn(CellRef) -> i64) -> Remedy {
    let mut remedy = Remedy::default();
    for _ in 0..ROUNDS {
        let built = build(unit, world, &remedy.cells);
        let found = attack(&built.system, &options(1), None);
        let found = leaks(&found, &built, &threshold);
        let open: Vec<&Leak> = found.iter().filter(|l| l.nature == Nature::Small).collect();
        if open.is_empty() {
            remedy.complete = true;
            return remedy;
        }
        let next = open.iter().find_map(|leak| choice(leak, world, &remedy.cells));
        let Some(cell) = next else { return remedy };
        remedy.cells.push(cell);
    }
    remedy
}

/// The smallest printed part, above zero, of the sums of the proof; the total
/// only when no part is left.
fn choice(leak: &Leak, world: World<'_>, masked: &[CellRef]) -> Option<CellRef> {
    let value = |cell: &CellRef| -> Option<i64> {
        if masked.contains(cell) {
            return None;
        }
        let table = world.tables.get(cell.table as usize)?;
        let width = table.columns.len().max(1);
        let at = cell.cell as usize;
        table.row(at / width).get(at % width)?.number()
    };
    let sums = leak.equations.iter().rev().filter(|e| e.kind != EquationKind::AtMost);
    let smallest_part = sums
        .flat_map(|e| &e.parts)
        .filter_map(|cell| Some((value(cell).filter(|v| *v > 0)?, *cell)))
        .min();
    let totals = leak.equations.iter().filter_map(|e| e.total);
    let printed_total = totals.filter_map(|cell| Some((value(&cell)?, cell))).min();
    smallest_part.or(printed_total).map(|(_, cell)| cell)
}
