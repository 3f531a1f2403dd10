//! One system of equations: everything published of one code, or of one class
//! of results in one region.

use std::collections::BTreeMap;

use crate::attack::{Origin, System, Unknown};
use crate::read::{Layouts, Printed, PublishedTable, Role, Sums};
use crate::table::{CellRef, Interval};

use super::family::{Facts, Family, total_column};
use super::mask;

/// Where an equation comes from, for the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EquationKind {
    /// A total and its parts in one row.
    Row,
    /// A column over rows that are parts of one whole.
    Column,
    /// A number of one table and its parts in a finer table.
    Nest,
    /// What could not be placed, over all regions.
    Residual,
    /// A number that is nowhere greater than another.
    AtMost,
}

/// An equation of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Equation {
    pub(super) kind: EquationKind,
    /// Whether parts may exceed the total.
    pub(super) exact: bool,
    pub(super) total: Option<CellRef>,
    pub(super) parts: Vec<CellRef>,
}

/// A row of a table that takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowAt {
    pub(super) table: usize,
    pub(super) row: usize,
}

/// Rows that are attacked together.
#[derive(Debug, Clone, Default)]
pub(super) struct Unit {
    pub(super) rows: Vec<RowAt>,
    pub(super) crosses: Vec<usize>,
}

/// A system with what its equations mean.
#[derive(Debug, Default)]
pub(super) struct Built {
    pub(super) system: System,
    pub(super) equations: Vec<Equation>,
    /// Hidden totals printed elsewhere under the same key.
    pub(super) disagreeing: Vec<(CellRef, CellRef)>,
}

/// All tables with what is known of them.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) tables: &'a [PublishedTable],
    pub(super) facts: &'a [Facts],
    pub(super) layouts: &'a Layouts,
    /// Relations between tables that the data bear out.
    pub(super) nests: bool,
    pub(super) width: i64,
    pub(super) threshold: i64,
}

/// The units of a family, in order of the keys.
pub(super) fn units(family: &Family, world: World<'_>) -> Vec<Unit> {
    let mut units: BTreeMap<Vec<&str>, Unit> = BTreeMap::new();
    for at in &family.tables {
        let Some(table) = world.tables.get(*at) else { continue };
        let layout = world.layouts.layout(&table.layout);
        let small = layout.and_then(|l| {
            let sub = l.sub_region.as_ref()?;
            l.keys.iter().position(|key| key == sub)
        });
        for (row, published) in table.rows.iter().enumerate() {
            let regional = layout.is_some_and(|l| l.region.is_some());
            let key = published
                .keys
                .iter()
                .enumerate()
                .filter(|(at, _)| Some(*at) != small)
                .map(
                    |(at, key)| {
                        if at == 0 && regional && published.residual { "" } else { key.as_str() }
                    },
                )
                .collect();
            units.entry(key).or_default().rows.push(RowAt { table: *at, row });
        }
    }
    for cross in &family.crosses {
        let Some(table) = world.tables.get(*cross) else { continue };
        let code = table.title_code.as_deref().unwrap_or_default();
        units.entry(vec![code]).or_default().crosses.push(*cross);
    }
    units.into_values().collect()
}

/// A number of the unit: printed, or an unknown of the system.
#[derive(Debug, Clone, Copy)]
enum Number {
    Known(i64),
    Unknown(u32),
}

struct Builder<'a> {
    world: World<'a>,
    built: Built,
    numbers: BTreeMap<(usize, usize), Vec<Number>>,
}

pub(super) fn cell_ref(world: World<'_>, table: usize, row: usize, column: usize) -> CellRef {
    let width = world.tables.get(table).map_or(0, |t| t.columns.len());
    CellRef::new(table, row * width + column)
}

/// Builds the system of a unit. `extra` are printed cells to be treated as
/// masked, when the remedy is being looked for.
pub(super) fn build(unit: &Unit, world: World<'_>, extra: &[CellRef]) -> Built {
    let mut builder = Builder { world, built: Built::default(), numbers: BTreeMap::new() };
    builder.built.system = System::new();
    let mut rows = unit.rows.clone();
    for cross in &unit.crosses {
        let count = world.tables.get(*cross).map_or(0, |t| t.rows.len());
        rows.extend((0..count).map(|row| RowAt { table: *cross, row }));
    }
    for at in &rows {
        builder.add_row(*at, extra);
    }
    builder.share_totals(unit);
    for at in &rows {
        builder.row_sums(*at);
    }
    builder.nests(unit);
    builder.regions(unit);
    builder.at_most(unit);
    for cross in &unit.crosses {
        builder.cross(unit, *cross);
    }
    builder.built
}

impl Builder<'_> {
    fn table(&self, at: usize) -> Option<&PublishedTable> {
        self.world.tables.get(at)
    }

    fn add_row(&mut self, at: RowAt, extra: &[CellRef]) {
        let world = self.world;
        let (Some(table), Some(facts)) = (world.tables.get(at.table), world.facts.get(at.table))
        else {
            return;
        };
        let cells = table.row(at.row);
        let hidden: Vec<bool> = (0..cells.len())
            .map(|column| extra.contains(&cell_ref(world, at.table, at.row, column)))
            .collect();
        let own = bounds_of_row(table, facts, cells, &hidden);
        let rule = table.rule.map_or(world.threshold, |r| r.threshold_min);
        let threshold = rule.saturating_mul(facts.scale);
        // The policy's width is for its own threshold; where the table has a
        // larger one, the width grows with it.
        let width = world.width.saturating_mul(threshold) / world.threshold.max(1);
        let numbers = cells
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let here = cell_ref(world, at.table, at.row, column);
                let also = hidden.get(column).copied().unwrap_or(false);
                match cell.number() {
                    Some(value) if !also => Number::Known(value),
                    _ => {
                        let bounds = own.get(column).copied().unwrap_or(Interval::NON_NEGATIVE);
                        let judged = cell.is_masked();
                        Number::Unknown(self.built.system.add_unknown(Unknown {
                            bounds,
                            integer: facts.scale == 1,
                            judged,
                            width: width.max(1),
                            cell: here,
                        }))
                    }
                }
            })
            .collect();
        self.numbers.insert((at.table, at.row), numbers);
    }

    fn number(&self, at: RowAt, column: usize) -> Option<Number> {
        self.numbers.get(&(at.table, at.row))?.get(column).copied()
    }

    /// Totals of one code are one number, whatever characteristic it is broken
    /// down by; of one measure.
    fn share_totals(&mut self, unit: &Unit) {
        let mut first: BTreeMap<&str, (RowAt, usize)> = BTreeMap::new();
        let tables = self.world.tables;
        for at in &unit.rows {
            let Some(table) = tables.get(at.table) else { continue };
            let Some(column) = total_column(table) else { continue };
            let Some((other, other_column)) = first.get(table.measure_head.as_str()).copied()
            else {
                first.insert(&table.measure_head, (*at, column));
                continue;
            };
            let here = cell_ref(self.world, at.table, at.row, column);
            let there = cell_ref(self.world, other.table, other.row, other_column);
            match (self.number(*at, column), self.number(other, other_column)) {
                (Some(Number::Known(a)), Some(Number::Known(b))) if a != b => {
                    self.built.disagreeing.push((there, here));
                }
                (Some(a), Some(b)) if !matches!((a, b), (Number::Known(_), Number::Known(_))) => {
                    self.equation(EquationKind::Nest, true, Some((there, b)), &[(here, a)]);
                }
                _ => {}
            }
        }
    }

    /// Adds "parts less total is zero", or is zero or more. Where everything is
    /// printed, nothing can be learnt.
    fn equation(
        &mut self,
        kind: EquationKind,
        exact: bool,
        total: Option<(CellRef, Number)>,
        parts: &[(CellRef, Number)],
    ) {
        let mut known = 0_i64;
        let mut terms = Vec::new();
        let signed = parts.iter().map(|p| (p.1, 1)).chain(total.map(|t| (t.1, -1)));
        for (number, sign) in signed {
            match number {
                Number::Known(value) => known = known.saturating_add(value * sign),
                Number::Unknown(unknown) => terms.push((unknown, sign)),
            }
        }
        if terms.is_empty() {
            return;
        }
        let rest = known.saturating_neg();
        let sum = if exact { Interval::point(rest) } else { Interval::at_least(rest) };
        let number = u32::try_from(self.built.equations.len()).unwrap_or(u32::MAX);
        self.built.system.add_equation(&terms, sum, Origin::Given { number });
        self.built.equations.push(Equation {
            kind,
            exact,
            total: total.map(|t| t.0),
            parts: parts.iter().map(|p| p.0).collect(),
        });
    }

    fn row_sums(&mut self, at: RowAt) {
        let tables = self.world.tables;
        let (Some(table), Some(facts)) = (tables.get(at.table), self.world.facts.get(at.table))
        else {
            return;
        };
        let exact = match facts.sums {
            Sums::Exact => true,
            Sums::AtLeast => false,
            Sums::None => return,
        };
        for sum in &table.sums {
            let Some(total) = self.term(at, sum.total as usize) else { continue };
            let parts: Vec<_> =
                sum.parts.iter().filter_map(|p| self.term(at, *p as usize)).collect();
            if holds_as_printed(exact, total.1, &parts) {
                self.equation(EquationKind::Row, exact, Some(total), &parts);
            }
        }
    }

    fn term(&self, at: RowAt, column: usize) -> Option<(CellRef, Number)> {
        Some((cell_ref(self.world, at.table, at.row, column), self.number(at, column)?))
    }

    /// Columns of one characteristic that are sums of columns of a finer one.
    fn nests(&mut self, unit: &Unit) {
        if !self.world.nests {
            return;
        }
        let world = self.world;
        for nest in &world.layouts.nests {
            for whole in &unit.rows {
                let Some(coarse) = world.tables.get(whole.table) else { continue };
                if coarse.axis != nest.whole {
                    continue;
                }
                let fine = unit.rows.iter().find(|at| {
                    world.tables.get(at.table).is_some_and(|t| {
                        t.axis == nest.parts && t.measure_head == coarse.measure_head
                    })
                });
                if let Some(fine) = fine {
                    self.nest(*whole, *fine);
                }
            }
        }
    }

    fn nest(&mut self, whole: RowAt, fine: RowAt) {
        let world = self.world;
        let (Some(coarse), Some(finer)) =
            (world.tables.get(whole.table), world.tables.get(fine.table))
        else {
            return;
        };
        let Some(facts) = world.facts.get(fine.table) else { return };
        if facts.sums == Sums::None {
            return;
        }
        let exact = facts.sums == Sums::Exact;
        let residual = finer.columns.iter().position(|c| c.role == Role::Residual);
        let unplaced = residual.and_then(|column| self.term(fine, column));
        let none_left =
            !matches!(unplaced, Some((_, number)) if !matches!(number, Number::Known(0)));
        let mut shares = Vec::new();
        for (at, column) in coarse.columns.iter().enumerate() {
            if column.role != Role::Part {
                continue;
            }
            let name = column.path.concat();
            let inside = finer.columns.iter().enumerate().filter(|(_, c)| {
                c.role == Role::Part && c.path.first().is_some_and(|head| *head == name)
            });
            let mut parts: Vec<_> = inside.filter_map(|(part, _)| self.term(fine, part)).collect();
            let Some(total) = self.term(whole, at).filter(|_| !parts.is_empty()) else { continue };
            if !none_left {
                if !exact {
                    continue;
                }
                // Some of the prefecture's number may be without a place.
                let share = Number::Unknown(self.built.system.add_unknown(Unknown {
                    bounds: Interval::NON_NEGATIVE,
                    integer: facts.scale == 1,
                    judged: false,
                    width: 1,
                    cell: total.0,
                }));
                shares.push((total.0, share));
                parts.push((total.0, share));
            }
            if holds_as_printed(exact, total.1, &parts) {
                self.equation(EquationKind::Nest, exact, Some(total), &parts);
            }
        }
        if let Some(unplaced) = unplaced.filter(|_| !shares.is_empty()) {
            self.equation(EquationKind::Residual, true, Some(unplaced), &shares);
        }
    }

    /// Rows of smaller regions add up to the row of the larger one.
    fn regions(&mut self, unit: &Unit) {
        if !self.world.nests {
            return;
        }
        let world = self.world;
        let layout =
            |at: &RowAt| world.tables.get(at.table).and_then(|t| world.layouts.layout(&t.layout));
        let small: Vec<RowAt> = unit
            .rows
            .iter()
            .filter(|at| layout(at).is_some_and(|l| l.sub_region.is_some()))
            .copied()
            .collect();
        let large = unit
            .rows
            .iter()
            .find(|at| layout(at).is_some_and(|l| l.region.is_some() && l.sub_region.is_none()));
        let Some(large) = large.copied().filter(|_| !small.is_empty()) else { return };
        let Some(table) = world.tables.get(large.table) else { return };
        for (at, column) in table.columns.iter().enumerate() {
            let parts: Vec<_> = small
                .iter()
                .filter_map(|row| {
                    let other = world.tables.get(row.table)?;
                    let same = other.columns.iter().position(|c| c.path == column.path)?;
                    self.term(*row, same)
                })
                .collect();
            let Some(total) = self.term(large, at).filter(|_| parts.len() == small.len()) else {
                continue;
            };
            if holds_as_printed(true, total.1, &parts) {
                self.equation(EquationKind::Nest, true, Some(total), &parts);
            }
        }
    }

    /// Cell by cell, one measure is nowhere greater than another.
    fn at_most(&mut self, unit: &Unit) {
        let world = self.world;
        for smaller in &unit.rows {
            let Some(table) = world.tables.get(smaller.table) else { continue };
            let bound = world.layouts.measure(&table.measure).and_then(|m| m.at_most.as_ref());
            let Some(bound) = bound.filter(|b| b.axes.contains(&table.axis)) else { continue };
            let larger = unit.rows.iter().find(|at| {
                world.tables.get(at.table).is_some_and(|t| {
                    t.axis == table.axis
                        && (t.measure_head == bound.measure || bound.also.contains(&t.measure_head))
                        && t.columns.len() == table.columns.len()
                })
            });
            let Some(larger) = larger.copied() else { continue };
            for column in 0..table.columns.len() {
                let (Some(less), Some(more)) =
                    (self.term(*smaller, column), self.term(larger, column))
                else {
                    continue;
                };
                if holds_as_printed(false, less.1, &[more]) {
                    self.equation(EquationKind::AtMost, false, Some(less), &[more]);
                }
            }
        }
    }

    /// A table whose rows are the prefectures of one code: its columns add up
    /// to the code's row, and its totals are the code's prefectures.
    fn cross(&mut self, unit: &Unit, cross: usize) {
        let world = self.world;
        let Some(table) = self.table(cross).cloned() else { return };
        let layout = world.layouts.layout(&table.layout);
        let rows_axis = layout.and_then(|l| l.rows_axis.clone()).unwrap_or_default();
        let same_measure = |at: &&RowAt, axis: &str| {
            world
                .tables
                .get(at.table)
                .is_some_and(|t| t.axis == axis && t.measure_head == table.measure_head)
        };
        let over_rows =
            world.layouts.measure(&table.measure).map_or(Sums::None, |m| m.sums_along(&rows_axis));
        if let Some(by_column) = unit.rows.iter().find(|at| same_measure(at, &table.axis)).copied()
            && over_rows != Sums::None
        {
            let exact = over_rows == Sums::Exact;
            let other = world.tables.get(by_column.table);
            for (column, head) in table.columns.iter().enumerate() {
                let same = other
                    .and_then(|t| t.columns.iter().position(|c| c.path == head.path))
                    .and_then(|at| self.term(by_column, at));
                let parts: Vec<_> = (0..table.rows.len())
                    .filter_map(|row| self.term(RowAt { table: cross, row }, column))
                    .collect();
                if let Some(total) = same.filter(|t| holds_as_printed(exact, t.1, &parts)) {
                    self.equation(EquationKind::Column, exact, Some(total), &parts);
                }
            }
        }
        let by_row = unit.rows.iter().find(|at| same_measure(at, &rows_axis)).copied();
        let Some((by_row, total)) = by_row.zip(total_column(&table)) else { return };
        let Some(other) = world.tables.get(by_row.table) else { return };
        for (row, published) in table.rows.iter().enumerate() {
            let name = published.keys.first().cloned().unwrap_or_default();
            let same = other.columns.iter().position(|c| c.path.last() == Some(&name));
            let there = same.and_then(|at| self.term(by_row, at));
            let here = self.term(RowAt { table: cross, row }, total);
            if let (Some(there), Some(here)) = (there, here)
                && holds_as_printed(true, there.1, &[here])
            {
                self.equation(EquationKind::Nest, true, Some(there), &[here]);
            }
        }
    }
}

/// False only when everything is printed and does not agree: such a sum is
/// counted elsewhere and left out here.
fn holds_as_printed(exact: bool, total: Number, parts: &[(CellRef, Number)]) -> bool {
    let mut sum = 0_i64;
    for (_, part) in parts {
        match part {
            Number::Known(value) => sum = sum.saturating_add(*value),
            Number::Unknown(_) => return true,
        }
    }
    match total {
        Number::Unknown(_) => true,
        Number::Known(total) => {
            super::family::holds(if exact { Sums::Exact } else { Sums::AtLeast }, sum, total)
        }
    }
}

/// What the masks of a row tell by themselves and by the printed rule. Cells
/// that are `also` masked do not follow the rule, and say nothing.
fn bounds_of_row(
    table: &PublishedTable,
    facts: &Facts,
    cells: &[Printed],
    also: &[bool],
) -> Vec<Interval> {
    let mut bounds = vec![Interval::NON_NEGATIVE; cells.len()];
    let model = facts.model;
    let total_at = total_column(table);
    let total_also = total_at.and_then(|at| also.get(at).copied()).unwrap_or(false);
    let total = total_at.filter(|_| !total_also).and_then(|at| cells.get(at)?.number());
    for group in mask::groups(table) {
        let masked: Vec<usize> = group
            .iter()
            .copied()
            .filter(|at| cells.get(*at).is_some_and(|c| c.is_masked()))
            .collect();
        if masked.is_empty() || masked.len() == group.len() {
            continue;
        }
        let mut range = Interval::at_least(model.least);
        let as_printed = !group.iter().any(|at| also.get(*at).copied().unwrap_or(false));
        if let (Some(thresholds), Some(total), true) = (model.rule, total, as_printed) {
            let shown: i64 = group.iter().filter_map(|at| cells.get(*at)?.number()).sum();
            let smallest = mask::smallest_shown(cells, &group, thresholds.0);
            let integer = facts.scale == 1;
            let by_rule = mask::by_rule(masked.len(), total - shown, thresholds, smallest, integer);
            range = by_rule.unwrap_or(range);
        }
        for at in masked {
            if let Some(place) = bounds.get_mut(at) {
                *place = range;
            }
        }
    }
    // A part is no greater than its total, whatever else is known.
    if let (Some(total), Sums::Exact | Sums::AtLeast) = (total, facts.sums) {
        for place in &mut bounds {
            place.hi = place.hi.min(total);
        }
    }
    // A masked total is small itself: nobody masks a total to protect a part.
    if let (Some(at), Some(max)) = (total_at, model.total_max)
        && cells.get(at).is_some_and(|c| c.is_masked())
        && let Some(place) = bounds.get_mut(at)
    {
        let small_parts = cells.iter().filter_map(|c| c.number()).all(|v| v <= max);
        if small_parts {
            *place = Interval::new(model.least, max);
        }
    }
    bounds
}
