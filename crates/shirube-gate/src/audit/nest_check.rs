//! Whether the relations between tables hold on what is printed.

use std::collections::BTreeMap;

use crate::read::{PublishedTable, Role, Sums};

use super::family::{Family, SumCheck, holds, relation_name};
use super::unit::{RowAt, World, units};

/// Checks every relation between tables where both sides are printed in full.
pub(super) fn check(families: &[Family], world: World<'_>) -> Vec<SumCheck> {
    let mut checks: BTreeMap<(String, String), SumCheck> = BTreeMap::new();
    for family in families {
        for unit in units(family, world) {
            for whole in &unit.rows {
                for fine in &unit.rows {
                    pair(world, *whole, *fine, &mut checks);
                }
            }
            regions(world, &unit.rows, &mut checks);
        }
    }
    let mut checks: Vec<SumCheck> = checks.into_values().collect();
    checks.iter_mut().for_each(SumCheck::settle);
    checks
}

fn pair(
    world: World<'_>,
    whole: RowAt,
    fine: RowAt,
    checks: &mut BTreeMap<(String, String), SumCheck>,
) {
    let (Some(coarse), Some(finer)) = (world.tables.get(whole.table), world.tables.get(fine.table))
    else {
        return;
    };
    let nested =
        world.layouts.nests.iter().any(|n| n.whole == coarse.axis && n.parts == finer.axis);
    if !nested || coarse.measure_head != finer.measure_head {
        return;
    }
    let Some(facts) = world.facts.get(fine.table) else { return };
    let entry = checks.entry((finer.measure_head.clone(), finer.axis.clone()));
    let check = entry.or_insert_with(|| SumCheck {
        layout: finer.layout.clone(),
        measure: finer.measure_head.clone(),
        axis: format!("{} / {}", coarse.axis, finer.axis),
        kind: "nest",
        relation: relation_name(facts.sums),
        ..SumCheck::default()
    });
    let residual = finer.columns.iter().position(|c| c.role == Role::Residual);
    let unplaced = residual.and_then(|at| finer.row(fine.row).get(at)?.number());
    // What is without a place may be in any of the regions.
    let none_left = residual.is_none() || unplaced == Some(0);
    for (total, parts) in sums_between(coarse, finer, whole.row, fine.row) {
        match (total, parts) {
            (Some(total), Some(sum)) => {
                let relation = if none_left { facts.sums } else { Sums::None };
                let fits = holds(relation, sum, total)
                    && (none_left || facts.sums != Sums::Exact || sum <= total);
                if fits { check.holds += 1 } else { check.fails += 1 }
            }
            _ => check.masked += 1,
        }
    }
}

/// Printed total and sum of parts for every column of the coarser table.
fn sums_between(
    coarse: &PublishedTable,
    finer: &PublishedTable,
    row: usize,
    fine_row: usize,
) -> Vec<(Option<i64>, Option<i64>)> {
    let cells = coarse.row(row);
    let fine_cells = finer.row(fine_row);
    let mut sums: BTreeMap<&str, Option<i64>> = BTreeMap::new();
    for (column, cell) in finer.columns.iter().zip(fine_cells) {
        if column.role != Role::Part {
            continue;
        }
        let name = column.path.first().map_or("", String::as_str);
        let sum = sums.entry(name).or_insert(Some(0));
        *sum = sum.zip(cell.number()).map(|(a, b)| a + b);
    }
    coarse
        .columns
        .iter()
        .zip(cells)
        .filter(|(c, _)| c.role == Role::Part)
        .filter_map(|(c, cell)| Some((cell.number(), *sums.get(c.path.concat().as_str())?)))
        .collect()
}

/// Rows of smaller regions against the row of the larger one.
fn regions(world: World<'_>, rows: &[RowAt], checks: &mut BTreeMap<(String, String), SumCheck>) {
    let layout =
        |at: &RowAt| world.tables.get(at.table).and_then(|t| world.layouts.layout(&t.layout));
    let (small, large): (Vec<RowAt>, Vec<RowAt>) = rows
        .iter()
        .filter(|at| layout(at).is_some_and(|l| l.region.is_some()))
        .partition(|at| layout(at).is_some_and(|l| l.sub_region.is_some()));
    let Some(whole) = large.first().filter(|_| !small.is_empty()) else { return };
    let Some(table) = world.tables.get(whole.table) else { return };
    let entry = checks.entry((table.measure_head.clone(), table.layout.clone()));
    let check = entry.or_insert_with(|| SumCheck {
        layout: table.layout.clone(),
        measure: table.measure_head.clone(),
        axis: "region".to_owned(),
        kind: "nest",
        relation: relation_name(Sums::Exact),
        ..SumCheck::default()
    });
    for (column, cell) in table.columns.iter().zip(table.row(whole.row)) {
        let parts: Option<i64> = small
            .iter()
            .map(|at| {
                let other = world.tables.get(at.table)?;
                let same = other.columns.iter().position(|c| c.path == column.path)?;
                other.row(at.row).get(same)?.number()
            })
            .sum();
        match cell.number().zip(parts) {
            Some((total, sum)) if total == sum => check.holds += 1,
            Some(_) => check.fails += 1,
            None => check.masked += 1,
        }
    }
}
