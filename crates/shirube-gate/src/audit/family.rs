//! Tables that belong together, and the sums that truly hold in them.

use std::collections::BTreeMap;

use crate::read::{Layouts, NumberKind, Printed, PublishedTable, Role, Sums};

use super::mask::{self, MaskModel};

/// Tables of one subject: every measure and characteristic published of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Family {
    /// Positions among all tables, ascending.
    pub(super) tables: Vec<usize>,
    /// Tables that cross the rows of one code with another characteristic.
    pub(super) crosses: Vec<usize>,
}

/// What is known of a table before its rows are attacked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) sums: Sums,
    pub(super) model: MaskModel,
    /// Smallest units in one printed unit.
    pub(super) scale: i64,
}

/// How often the sums of one class of tables hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct SumCheck {
    /// Layout.
    pub layout: String,
    /// Measure.
    pub measure: String,
    /// Characteristic of the columns.
    pub axis: String,
    /// Which sum: `row` within a row, `nest` between tables, `cross` over rows.
    pub kind: &'static str,
    /// Relation that was tried.
    pub relation: &'static str,
    /// Sums without masks where the relation holds.
    pub holds: u64,
    /// Sums without masks where it does not.
    pub fails: u64,
    /// Sums with masks, where it is used if `used`.
    pub masked: u64,
    /// Whether the attack rests on the relation.
    pub used: bool,
}

/// A class of sums fails when more than one in this many does.
const FAILS_MAX: u64 = 1_000;

impl SumCheck {
    pub(super) fn settle(&mut self) {
        self.used = self.relation != "none" && self.fails <= (self.holds + self.fails) / FAILS_MAX;
    }
}

pub(super) fn relation_name(sums: Sums) -> &'static str {
    match sums {
        Sums::Exact => "exact",
        Sums::AtLeast => "at_least",
        Sums::None => "none",
    }
}

pub(super) fn scale_of(table: &PublishedTable) -> i64 {
    10_i64.checked_pow(table.decimals).unwrap_or(1)
}

/// Checks the sums within rows, class by class, and learns what masks tell.
pub(super) fn facts(tables: &[PublishedTable], layouts: &Layouts) -> (Vec<Facts>, Vec<SumCheck>) {
    let mut checks: BTreeMap<(String, String, String), SumCheck> = BTreeMap::new();
    let class = |t: &PublishedTable| (t.layout.clone(), t.measure_head.clone(), t.axis.clone());
    let declared = |t: &PublishedTable| {
        layouts.measure(&t.measure).map_or(Sums::None, |m| {
            // Within a prefecture's row a person stands in one column.
            if t.title_code.is_some() { m.default } else { m.sums_along(&t.axis) }
        })
    };
    for table in tables {
        let sums = declared(table);
        let check = checks.entry(class(table)).or_insert_with(|| SumCheck {
            layout: table.layout.clone(),
            measure: table.measure_head.clone(),
            axis: table.axis.clone(),
            kind: "row",
            relation: relation_name(sums),
            ..SumCheck::default()
        });
        for row in 0..table.rows.len() {
            count_sums(table, row, sums, check);
        }
    }
    for check in checks.values_mut() {
        check.settle();
    }
    let facts = tables
        .iter()
        .map(|table| {
            let used = checks.get(&class(table)).is_some_and(|c| c.used);
            let sums = if used { declared(table) } else { Sums::None };
            let scale = scale_of(table);
            Facts { sums, model: mask::learn(table, sums, scale), scale }
        })
        .collect();
    (facts, checks.into_values().collect())
}

fn count_sums(table: &PublishedTable, row: usize, sums: Sums, check: &mut SumCheck) {
    let cells = table.row(row);
    for sum in &table.sums {
        let total = cells.get(sum.total as usize).copied().unwrap_or(Printed::ABSENT);
        let parts: Option<Vec<i64>> =
            sum.parts.iter().map(|p| cells.get(*p as usize)?.number()).collect();
        match (total.number(), parts) {
            (Some(total), Some(parts)) => {
                let sum: i64 = parts.iter().sum();
                if holds(sums, sum, total) { check.holds += 1 } else { check.fails += 1 }
            }
            _ => check.masked += 1,
        }
    }
}

pub(super) fn holds(sums: Sums, sum: i64, total: i64) -> bool {
    match sums {
        Sums::Exact => sum == total,
        Sums::AtLeast => sum >= total,
        Sums::None => true,
    }
}

/// Groups tables by title and sheet. Tables that are the same in both and in
/// layout, measure and characteristic are of different populations: the first
/// of each belong together, then the second ones.
pub(super) fn families(tables: &[PublishedTable], layouts: &Layouts) -> Vec<Family> {
    let mut seen: BTreeMap<(&str, &str, &str, &str, &str), usize> = BTreeMap::new();
    let mut families: BTreeMap<(usize, &str, &str), Family> = BTreeMap::new();
    let mut crosses = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        if table.quantity == NumberKind::Mean {
            continue;
        }
        if table.title_code.is_some() {
            crosses.push(at);
            continue;
        }
        let sheet = table.sheet.trim();
        let same = (
            table.title.as_str(),
            sheet,
            table.layout.as_str(),
            table.measure_head.as_str(),
            table.axis.as_str(),
        );
        let copy = seen.entry(same).or_default();
        families.entry((*copy, same.0, sheet)).or_default().tables.push(at);
        *copy += 1;
    }
    let mut families: Vec<Family> = families.into_values().collect();
    families.sort_by(|a, b| a.tables.cmp(&b.tables));
    for cross in crosses {
        attach(cross, tables, layouts, &mut families);
    }
    families
}

/// Puts a cross table to the family that has its code, by sheet and measure.
fn attach(cross: usize, tables: &[PublishedTable], layouts: &Layouts, families: &mut Vec<Family>) {
    let Some(table) = tables.get(cross) else { return };
    let code = table.title_code.as_deref().unwrap_or_default();
    let sheet = table.sheet.split('_').next().unwrap_or_default().trim();
    let has_code = |family: &&mut Family| {
        family.tables.iter().filter_map(|t| tables.get(*t)).any(|t| {
            t.sheet.trim() == sheet
                && t.measure_head == table.measure_head
                && layouts.layout(&t.layout).is_some_and(|l| l.region.is_none())
                && t.rows.iter().any(|row| row.keys.first().is_some_and(|key| key == code))
        })
    };
    match families.iter_mut().find(has_code) {
        Some(family) => family.crosses.push(cross),
        None => families.push(Family { tables: Vec::new(), crosses: vec![cross] }),
    }
}

/// Positions of columns with a role.
pub(super) fn total_column(table: &PublishedTable) -> Option<usize> {
    table.columns.iter().position(|c| c.role == Role::Total)
}
