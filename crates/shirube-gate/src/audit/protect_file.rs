//! A table before publication: read, protected, and written with masks.

use std::path::Path;

use shirube_model::refusal::Refusal;

use crate::policy::Policy;
use crate::protect::protect_counts;
use crate::read::{
    Layouts, Limits, NumberKind, Printed, PublishedTable, SheetOutcome, open, recognise,
};
use crate::table::{Cell, Dimension, Measure, Table, TableSet};

/// A protected table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeTable {
    /// The table in CSV, UTF-8, masks as `-`.
    pub csv: String,
    /// Cells hidden for themselves.
    pub primary: usize,
    /// Cells hidden to protect others.
    pub secondary: usize,
    /// Hidden cells that the attacker was shown not to get at.
    pub checked: usize,
}

/// Reads the first table of a file with its true numbers, hides what the policy
/// asks and what protects it, and writes it as CSV.
///
/// # Errors
/// `gate.read.*`, `gate.table.*`, `gate.protect.*`; `gate.audit.protect-table`
/// when the file holds no table of counts without masks.
pub fn protect_file(
    path: &Path,
    policy: &Policy,
    layouts: &Layouts,
    limits: &Limits,
) -> Result<SafeTable, Refusal> {
    let book = open(path, limits)?;
    let mut refusal = None;
    for sheet in &book.sheets {
        match recognise(&book.name, sheet, layouts) {
            SheetOutcome::Table(table) => return protect_table(&table, policy),
            SheetOutcome::NotUnderstood(why) => refusal = refusal.or(Some(why)),
            SheetOutcome::NotCounted { .. } | SheetOutcome::Empty => {}
        }
    }
    Err(refusal.unwrap_or_else(|| Refusal::new("gate.audit.protect-table").file(book.name)))
}

fn protect_table(table: &PublishedTable, policy: &Policy) -> Result<SafeTable, Refusal> {
    let whole = table.quantity == NumberKind::Count && table.masked() == 0;
    if !whole {
        return Err(Refusal::new("gate.audit.protect-table").file(&table.file));
    }
    let set = TableSet::single(as_table(table)?);
    let safe = protect_counts(&set, policy)?;
    let Some(masked) = safe.set.tables.first() else {
        return Err(Refusal::new("gate.audit.protect-table").file(&table.file));
    };
    Ok(SafeTable {
        csv: csv_of(table, masked),
        primary: safe.primary.len(),
        secondary: safe.secondary.len(),
        checked: safe.attack.cells.len(),
    })
}

/// Rows and columns as dimensions; the sums within a row are the roll-ups.
fn as_table(published: &PublishedTable) -> Result<Table, Refusal> {
    let rows = published.rows.iter().enumerate();
    let rows = Dimension::new("row", rows.map(|(at, r)| (at.to_string(), r.label.clone())))?;
    let heads = published.columns.iter().enumerate();
    let mut columns = Dimension::new("column", heads.map(|(at, c)| (at.to_string(), c.label())))?;
    for sum in &published.sums {
        let parts: Vec<String> = sum.parts.iter().map(u32::to_string).collect();
        columns.add_rollup(&sum.total.to_string(), parts)?;
    }
    let name = format!("{} {}", published.sheet, published.title);
    let mut table = Table::new(name, vec![rows, columns], Measure::count())?;
    let width = published.columns.len();
    for row in 0..published.rows.len() {
        for (column, cell) in published.row(row).iter().enumerate() {
            if let Some(value) = cell.number() {
                table.put(row * width + column, Cell::Published(value));
            }
        }
    }
    Ok(table)
}

fn csv_of(published: &PublishedTable, masked: &Table) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heads = published.columns.iter().map(|c| c.label());
    // Writing to memory does not fail.
    let _ = writer.write_record(std::iter::once(String::new()).chain(heads));
    let width = published.columns.len();
    for (at, row) in published.rows.iter().enumerate() {
        let cells = (0..width).map(|column| {
            let printed = published.row(at).get(column).copied().unwrap_or(Printed::ABSENT);
            match masked.cell(at * width + column) {
                Cell::Hidden(_) => "-".to_owned(),
                Cell::Published(value) => value.to_string(),
                Cell::Range(_) | Cell::Missing => {
                    printed.number().map_or_else(String::new, |v| v.to_string())
                }
            }
        });
        let _ = writer.write_record(std::iter::once(row.label.clone()).chain(cells));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}
