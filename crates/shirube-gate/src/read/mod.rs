//! Tables from workbooks and CSV files.
//!
//! Three steps, each with its own refusals: a file becomes sheets of cells
//! ([`open`]); a [`Layout`] finds the heads, the key columns, the totals and the
//! mask marks of a sheet and makes a [`PublishedTable`] of it ([`recognise`]);
//! the audit joins the tables of one family.
//!
//! Whatever the bytes are, a file is read or refused. Sizes are checked against
//! [`Limits`] before memory is spent.

mod container;
mod csv;
mod fuzz;
mod grid;
mod layout;
mod limits;
mod number;
mod published;
mod recognise;
mod rule;
mod xlsx;

pub use fuzz::{fuzz_csv, fuzz_layout, fuzz_xlsx};
pub use grid::{GridCell, Sheet, Visibility, Workbook};
pub use layout::{AtMost, Axis, Layout, Layouts, MeasureRule, Nest, NumberKind, Sums};
pub use limits::Limits;
pub use number::Reading;
pub use published::{Column, ColumnSum, Printed, PublishedRow, PublishedTable, Role, SheetOutcome};
pub use recognise::recognise;
pub use rule::PrintedRule;

use std::path::Path;

use shirube_model::refusal::Refusal;

/// Reads a workbook or CSV file. What it is, its first bytes say.
///
/// # Errors
/// `gate.read.*`: the file cannot be opened, is too large, is damaged, is
/// protected by a password, or is of a kind that is not read.
pub fn open(path: &Path, limits: &Limits) -> Result<Workbook, Refusal> {
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let size = std::fs::metadata(path).map_err(|_| unreadable(&name))?.len();
    if size > limits.file_bytes {
        return Err(Refusal::new("gate.read.file-too-large")
            .arg("size", size)
            .arg("max", limits.file_bytes)
            .file(name));
    }
    let bytes = std::fs::read(path).map_err(|_| unreadable(&name))?;
    open_bytes(&name, bytes, limits)
}

/// As [`open`], for a file that is in memory already.
///
/// # Errors
/// As for [`open`].
pub fn open_bytes(name: &str, bytes: Vec<u8>, limits: &Limits) -> Result<Workbook, Refusal> {
    if bytes.len() as u64 > limits.file_bytes {
        return Err(Refusal::new("gate.read.file-too-large")
            .arg("size", bytes.len())
            .arg("max", limits.file_bytes)
            .file(name));
    }
    let kind = container::sniff(&bytes);
    match kind {
        container::Kind::Zip => xlsx::read(name, bytes, limits),
        container::Kind::Encrypted => Err(Refusal::new("gate.read.password").file(name)),
        container::Kind::OldBinary => Err(Refusal::new("gate.read.old-binary").file(name)),
        container::Kind::Text => csv::read(name, &bytes, limits),
        container::Kind::Empty => Err(Refusal::new("gate.read.empty").file(name)),
    }
}

fn unreadable(name: &str) -> Refusal {
    Refusal::new("gate.read.cannot-open").file(name)
}
