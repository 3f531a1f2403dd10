//! Sheets as cells, before anything is known of their layout.

/// One cell as stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum GridCell {
    /// Nothing.
    #[default]
    Blank,
    /// A number.
    Number(f64),
    /// Text, line breaks kept.
    Text(Box<str>),
    /// A number shown as a date, time or duration.
    Date,
    /// True or false.
    Truth(bool),
    /// An error value such as `#REF!`.
    Fault,
}

impl GridCell {
    /// Text with surrounding blanks and every line break removed; a number as
    /// text; empty for anything else.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Text(text) => {
                text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
            }
            Self::Number(number) => format!("{number}"),
            Self::Blank | Self::Date | Self::Truth(_) | Self::Fault => String::new(),
        }
    }

    /// Whether the cell holds nothing but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Blank => true,
            Self::Text(text) => text.chars().all(char::is_whitespace),
            _ => false,
        }
    }
}

/// Whether a sheet is shown when the workbook is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Shown.
    Shown,
    /// Hidden, by whatever means.
    Hidden,
}

/// A rectangle of merged cells; all numbers from 0, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merge {
    /// First row.
    pub top: u32,
    /// First column.
    pub left: u32,
    /// Last row.
    pub bottom: u32,
    /// Last column.
    pub right: u32,
}

/// One sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Name on the tab; the file name for CSV.
    pub name: String,
    /// Whether it is shown.
    pub visibility: Visibility,
    /// Rows from the first; a row ends at its last filled cell.
    pub rows: Vec<Vec<GridCell>>,
    /// Merged cells, sorted.
    pub merges: Vec<Merge>,
    /// Cells whose number was computed by a formula.
    pub formulas: u64,
}

impl Sheet {
    /// The cell at a row and column, from 0; blank beyond the filled part.
    #[must_use]
    pub fn at(&self, row: usize, column: usize) -> &GridCell {
        const BLANK: &GridCell = &GridCell::Blank;
        self.rows.get(row).and_then(|cells| cells.get(column)).unwrap_or(BLANK)
    }

    /// Number of columns of the widest row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Number of filled cells.
    #[must_use]
    pub fn filled(&self) -> u64 {
        let filled = |row: &Vec<GridCell>| row.iter().filter(|c| !c.is_blank()).count() as u64;
        self.rows.iter().map(filled).sum()
    }
}

/// A file's sheets.
#[derive(Debug, Clone, PartialEq)]
pub struct Workbook {
    /// Name of the file without its folder.
    pub name: String,
    /// The sheets, in order of their tabs.
    pub sheets: Vec<Sheet>,
}
