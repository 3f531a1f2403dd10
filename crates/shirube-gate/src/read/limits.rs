//! Limits on what an input file may hold.

/// Limits of one file. The defaults admit the largest statistical workbooks in
/// use and stop archives made to exhaust memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file as stored.
    pub file_bytes: u64,
    /// Bytes of all parts of a workbook together, unpacked.
    pub unpacked_bytes: u64,
    /// Unpacked over packed bytes of one part; spreadsheets stay below 60.
    pub ratio: u64,
    /// Parts of a workbook.
    pub parts: usize,
    /// Sheets of a workbook.
    pub sheets: usize,
    /// Rows of a sheet.
    pub rows: u32,
    /// Columns of a sheet.
    pub columns: u32,
    /// Filled cells of a workbook.
    pub cells: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 256 << 20,
            unpacked_bytes: 2 << 30,
            ratio: 200,
            parts: 10_000,
            sheets: 1_000,
            rows: 1_048_576,
            columns: 16_384,
            cells: 40_000_000,
        }
    }
}
