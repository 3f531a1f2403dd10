//! A table as it was published: heads, rows and printed cells.

use std::collections::BTreeMap;

use shirube_model::refusal::Refusal;

use super::layout::NumberKind;
use super::number::Reading;
use super::rule::PrintedRule;

/// What is printed in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed(i64);

impl Printed {
    /// A mask mark.
    pub const MASKED: Self = Self(i64::MIN);
    /// No number.
    pub const ABSENT: Self = Self(i64::MIN + 1);

    /// A printed number.
    #[must_use]
    pub fn value(value: i64) -> Self {
        Self(value.max(i64::MIN + 2))
    }

    /// The number, when one is printed.
    #[must_use]
    pub fn number(self) -> Option<i64> {
        (self.0 > i64::MIN + 1).then_some(self.0)
    }

    /// Whether a mask mark is printed.
    #[must_use]
    pub fn is_masked(self) -> bool {
        self == Self::MASKED
    }
}

/// What a column of values is in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The grand total.
    Total,
    /// A total of some of the parts.
    Subtotal,
    /// A part.
    Part,
    /// A part that holds what could not be placed.
    Residual,
}

/// A column of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Column of the sheet, from 0.
    pub sheet_column: u32,
    /// Heads from the top, carried over columns that share them.
    pub path: Vec<String>,
    /// What the column is.
    pub role: Role,
}

impl Column {
    /// The heads in one line.
    #[must_use]
    pub fn label(&self) -> String {
        self.path.join(" ")
    }
}

/// What identifies a row of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRow {
    /// Row of the sheet, from 0.
    pub sheet_row: u32,
    /// Values of the key columns, in order of the layout.
    pub keys: Vec<String>,
    /// Text that helps a reader find the row.
    pub label: String,
    /// Whether the row holds what could not be placed.
    pub residual: bool,
}

/// A sum within a row: a total column and its parts, by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSum {
    /// Position of the total.
    pub total: u32,
    /// Positions of the parts, ascending.
    pub parts: Vec<u32>,
}

/// A table as published.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedTable {
    /// File without its folder.
    pub file: String,
    /// Sheet.
    pub sheet: String,
    /// Name of the layout.
    pub layout: String,
    /// Title without its notes.
    pub title: String,
    /// Head that names the measure.
    pub measure: String,
    /// Name of the measure's rule among the layouts.
    pub measure_head: String,
    /// Kind of number.
    pub quantity: NumberKind,
    /// Digits after the point that the values keep.
    pub decimals: u32,
    /// Characteristic of the columns.
    pub axis: String,
    /// Code that all rows share, from the title.
    pub title_code: Option<String>,
    /// Rule printed on the sheet.
    pub rule: Option<PrintedRule>,
    /// Columns of values.
    pub columns: Vec<Column>,
    /// Sums within a row.
    pub sums: Vec<ColumnSum>,
    /// Rows of values.
    pub rows: Vec<PublishedRow>,
    /// Cells, row by row.
    pub(super) cells: Vec<Printed>,
    /// What could not be read as a number, or was read with a doubt.
    pub notices: Vec<Refusal>,
}

/// The parts of a table that recognition finds.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    pub(super) printed: Vec<Printed>,
    doubts: BTreeMap<&'static str, (u64, u64)>,
}

impl Cells {
    /// Adds a cell; what is no plain number is counted under its code, with the
    /// row where it came first.
    pub(super) fn push(&mut self, reading: Reading, sheet_row: u64) {
        let (printed, doubt) = match reading {
            Reading::Value(value) => (Printed::value(value), None),
            Reading::Masked => (Printed::MASKED, None),
            Reading::Absent => (Printed::ABSENT, None),
            Reading::Negative(value) => (Printed::value(value), Some("gate.read.note.negative")),
            Reading::Inexact => (Printed::ABSENT, Some("gate.read.note.inexact")),
            Reading::Date => (Printed::ABSENT, Some("gate.read.note.date")),
            Reading::Unreadable => (Printed::ABSENT, Some("gate.read.note.unreadable")),
        };
        self.printed.push(printed);
        if let Some(code) = doubt {
            self.doubts.entry(code).or_insert((0, sheet_row)).0 += 1;
        }
    }

    pub(super) fn notices(&self, file: &str, sheet: &str) -> Vec<Refusal> {
        let notice = |(code, (count, row)): (&&'static str, &(u64, u64))| {
            Refusal::new(code).arg("count", count).arg("sheet", sheet).file(file).line(row + 1)
        };
        self.doubts.iter().map(notice).collect()
    }
}

impl PublishedTable {
    pub(super) fn with_cells(mut self, cells: Cells) -> Self {
        self.notices.extend(cells.notices(&self.file, &self.sheet));
        self.cells = cells.printed;
        self.cells.resize(self.rows.len() * self.columns.len(), Printed::ABSENT);
        self
    }

    pub(super) fn without_cells() -> Vec<Printed> {
        Vec::new()
    }

    /// The cells of a row; empty beyond the last.
    #[must_use]
    pub fn row(&self, row: usize) -> &[Printed] {
        let width = self.columns.len();
        self.cells.get(row * width..(row + 1) * width).unwrap_or(&[])
    }

    /// Number of cells that hold a number or a mask mark.
    #[must_use]
    pub fn filled(&self) -> u64 {
        self.cells.iter().filter(|c| **c != Printed::ABSENT).count() as u64
    }

    /// Number of mask marks.
    #[must_use]
    pub fn masked(&self) -> u64 {
        self.cells.iter().filter(|c| c.is_masked()).count() as u64
    }

    /// Address of a cell as a spreadsheet shows it, such as `AB12`.
    #[must_use]
    pub fn address(&self, row: usize, column: usize) -> String {
        let letters =
            self.columns.get(column).map_or_else(String::new, |c| letters(c.sheet_column));
        let number = self.rows.get(row).map_or(0, |r| r.sheet_row + 1);
        format!("{letters}{number}")
    }
}

/// Letters of a column counted from 0.
fn letters(column: u32) -> String {
    let mut rest = column + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        let digit = (rest - 1) % 26;
        letters.push(char::from(b'A' + u8::try_from(digit).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// What became of one sheet.
#[derive(Debug, Clone, PartialEq)]
pub enum SheetOutcome {
    /// A table with numbers to audit.
    Table(Box<PublishedTable>),
    /// Understood, but its numbers have no sums or threshold, such as means.
    NotCounted {
        /// The table as read.
        table: Box<PublishedTable>,
    },
    /// Nothing is printed on it.
    Empty,
    /// No layout fits, and why not.
    NotUnderstood(Refusal),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_letters_of_spreadsheets() {
        for (column, expected) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), expected);
        }
    }

    #[test]
    fn a_printed_cell_is_a_number_a_mask_or_nothing() {
        assert_eq!(Printed::value(-3).number(), Some(-3));
        assert_eq!(Printed::MASKED.number(), None);
        assert_eq!(Printed::ABSENT.number(), None);
        assert!(Printed::MASKED.is_masked() && !Printed::ABSENT.is_masked());
    }
}
